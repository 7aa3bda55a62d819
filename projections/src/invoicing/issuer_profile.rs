//! Who sends the tenant's invoices; one row.

use chrono::{DateTime, Utc};
use domain::invoicing::issuer::{Issuer, IssuerEvent, IssuerFacts};
use domain::kernel::{RecordedEvent, is_of};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::ColumnKind::{Integer, Json, Text, Timestamp};
use crate::model::{Column, ReadModelDef};
use crate::runtime::{RowKey, RowModel, Rows, event_of};

/// The issuer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct IssuerRow {
    /// `default`
    pub id: String,
    /// Its name.
    pub name: String,
    /// All that stands on invoices.
    pub facts: IssuerFacts,
    /// The time that customers have to pay, in days.
    pub payment_terms_days: u16,
    /// The days after the due day on which customers are reminded.
    pub reminder_days: Vec<u16>,
    /// The aggregate's version, for `If-Match`.
    pub version: i64,
    /// When the row changed last.
    pub updated_at: DateTime<Utc>,
}

/// Fills the table.
pub struct IssuerProfile;

impl RowModel for IssuerProfile {
    type Row = IssuerRow;
    const PROJECTION: &'static str = "invoicing.issuer_profile";
    const TABLES: &'static [&'static str] = &["invoicing_issuer_profile"];
    const CONTEXTS: &'static [&'static str] = &["invoicing"];

    fn keys(event: &RecordedEvent) -> Result<Vec<RowKey>, String> {
        Ok(if is_of::<Issuer>(event) { RowKey::id(&event.aggregate_id) } else { Vec::new() })
    }

    fn apply(event: &RecordedEvent, rows: &mut Rows<'_, IssuerRow>) -> Result<(), String> {
        let Some(IssuerEvent::IssuerDefined(e)) = event_of::<Issuer>(event)? else { return Ok(()) };
        let id = event.aggregate_id.clone();
        let row = IssuerRow {
            id: id.clone(),
            name: e.facts.name.to_string(),
            facts: e.facts,
            payment_terms_days: e.payment_terms_days,
            reminder_days: e.reminder_days,
            version: event.sequence,
            updated_at: event.recorded_at,
        };
        rows.put(id, row);
        Ok(())
    }
}

/// `GET /v1/invoicing/issuer-profile`
pub const DEF: ReadModelDef = ReadModelDef {
    context: "invoicing",
    name: "issuer-profile",
    summary: "Who sends the invoices, and how customers are reminded.",
    table: "invoicing_issuer_profile",
    projection: IssuerProfile::PROJECTION,
    columns: &[
        Column::sorted("id", Text),
        Column::new("name", Text),
        Column::new("facts", Json),
        Column::new("payment_terms_days", Integer),
        Column::new("reminder_days", Json),
        Column::new("version", Integer),
        Column::new("updated_at", Timestamp),
    ],
    default_sort: ("id", false),
    search: None,
    redirects: None,
    schema: |generator| IssuerRow::json_schema(generator),
};
