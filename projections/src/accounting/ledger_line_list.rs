//! The lines of all entries, in the order of booking. The ledger fills it; a line never changes.

use chrono::{DateTime, Utc};
use domain::accounting::values::Control;
use domain::kernel::Day;
use schemars::JsonSchema;
use serde::Serialize;

use super::ledger;
use crate::model::ColumnKind::{Date, Integer, Text, Timestamp};
use crate::model::{Column, ReadModelDef};

/// A line.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct LedgerLineRow {
    /// The booking position in twelve digits, a full stop, and the number of the line in three.
    pub id: String,
    /// The entry.
    pub entry_id: String,
    /// The account.
    pub account: String,
    /// The currency of the amounts.
    pub currency: String,
    /// The day for which it counts.
    pub date: Day,
    /// What the account is debited with, in minor units; zero for a credit.
    pub debit_minor: i64,
    /// What the account is credited with, in minor units; zero for a debit.
    pub credit_minor: i64,
    /// Customer or supplier: that of the line, else that of the entry.
    pub party: Option<String>,
    /// The document: that of the line, else that of the entry.
    pub reference: Option<String>,
    /// What the account sums up, where it is a control account.
    pub control: Option<Control>,
    /// On the control accounts of customers and suppliers, the open item that the line opens or settles; empty for a payment without
    /// a document, which settles the oldest items first.
    pub item: Option<String>,
    /// Remarks.
    pub memo: Option<String>,
    /// The booking position.
    pub position: i64,
    /// When it was booked.
    pub recorded_at: DateTime<Utc>,
}

/// `GET /v1/accounting/ledger-line-list`
pub const DEF: ReadModelDef = ReadModelDef {
    context: "accounting",
    name: "ledger-line-list",
    summary: "The lines of all entries, in the order of booking.",
    table: "accounting_ledger_line",
    projection: ledger::PROJECTION,
    columns: &[
        Column::sorted("id", Text),
        Column::new("entry_id", Text),
        Column::new("account", Text),
        Column::new("currency", Text),
        Column::new("date", Date),
        Column::new("debit_minor", Integer),
        Column::new("credit_minor", Integer),
        Column::new("party", Text),
        Column::new("reference", Text),
        Column::new("control", Text),
        Column::new("item", Text),
        Column::new("memo", Text),
        Column::new("position", Integer),
        Column::new("recorded_at", Timestamp),
    ],
    default_sort: ("id", true),
    search: None,
    redirects: None,
    schema: |generator| LedgerLineRow::json_schema(generator),
};
