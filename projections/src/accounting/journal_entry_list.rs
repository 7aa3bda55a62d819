//! The journal: one row for each entry, with its lines. The ledger fills it.

use chrono::{DateTime, Utc};
use domain::accounting::journal_entry::{Evidence, Line};
use domain::accounting::values::{Description, Party, Reference};
use domain::kernel::Day;
use schemars::JsonSchema;
use serde::Serialize;

use super::ledger;
use crate::model::ColumnKind::{Date, Integer, Json, Text, Timestamp};
use crate::model::{Column, ReadModelDef};

/// An entry.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct JournalEntryRow {
    /// The entry's id.
    pub id: String,
    /// The day for which it counts.
    pub date: Day,
    /// The day of what it is about, where the books of that day were closed.
    pub document_date: Option<Day>,
    /// What it is about.
    pub description: Option<Description>,
    /// The document behind it.
    pub reference: Option<Reference>,
    /// Where it comes from.
    pub source: Option<Reference>,
    /// Customer or supplier.
    pub party: Option<Party>,
    /// The currency of its amounts; nothing for an entry in several.
    pub currency: Option<String>,
    /// The sum of its debits, in minor units; nothing for an entry in several currencies.
    pub total_minor: Option<i64>,
    /// The lines.
    pub lines: Vec<Line>,
    /// The entry that it undoes.
    pub reverses: Option<String>,
    /// The hold that led to it.
    pub hold_id: Option<String>,
    /// The entry that undoes it.
    pub reversed_by: Option<String>,
    /// The day for which that one counts.
    pub reversed_on: Option<Day>,
    /// The documents that are attached.
    pub evidence: Vec<Evidence>,
    /// Its place in the order of booking, as in `as of position`.
    pub position: i64,
    /// Who posted it.
    pub posted_by: String,
    /// The aggregate's version, for `If-Match`.
    pub version: i64,
    /// When it was booked.
    pub recorded_at: DateTime<Utc>,
}

/// `GET /v1/accounting/journal-entry-list`
pub const DEF: ReadModelDef = ReadModelDef {
    context: "accounting",
    name: "journal-entry-list",
    summary: "The journal: entries with their lines, in the order of booking.",
    table: "accounting_journal_entry_list",
    projection: ledger::PROJECTION,
    columns: &[
        Column::sorted("id", Text),
        Column::sorted("date", Date),
        Column::new("document_date", Date),
        Column::new("description", Text),
        Column::new("reference", Text),
        Column::new("source", Text),
        Column::new("party", Text),
        Column::new("currency", Text),
        Column::new("total_minor", Integer),
        Column::new("lines", Json),
        Column::new("reverses", Text),
        Column::new("hold_id", Text),
        Column::new("reversed_by", Text),
        Column::new("reversed_on", Date),
        Column::new("evidence", Json),
        Column::sorted("position", Integer),
        Column::new("posted_by", Text),
        Column::new("version", Integer),
        Column::new("recorded_at", Timestamp),
    ],
    default_sort: ("position", true),
    search: None,
    redirects: None,
    schema: |generator| JournalEntryRow::json_schema(generator),
};
