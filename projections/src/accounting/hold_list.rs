//! The holds, pending and resolved. `due_at` tells the platform when one must expire.

use chrono::{DateTime, Utc};
use domain::accounting::hold::{Hold, HoldEvent, HoldReserved};
use domain::accounting::values::{Description, Party, Reference, Side};
use domain::kernel::{Currency, RecordedEvent, is_of};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ledger;
use crate::model::ColumnKind::{Integer, Text, Timestamp};
use crate::model::{Column, ReadModelDef};
use crate::runtime::{RowKey, RowModel, Rows, event_of};

/// Where a hold stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HoldStatus {
    /// Reserved.
    Pending,
    /// Posted, in whole or in part.
    Posted,
    /// Released by somebody.
    Voided,
    /// Released by the clock.
    Expired,
}

/// A hold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HoldRow {
    /// The hold's id.
    pub id: String,
    /// The account on which it reserves.
    pub account: String,
    /// The side on which it will be posted.
    pub side: Side,
    /// The currency of the amounts.
    pub currency: Currency,
    /// What it reserved, in minor units.
    pub amount_minor: i64,
    /// Where it stands.
    pub status: HoldStatus,
    /// What was posted.
    pub posted_minor: Option<i64>,
    /// The entry that posted it.
    pub entry_id: Option<String>,
    /// What it is about.
    pub description: Option<Description>,
    /// The document behind it.
    pub reference: Option<Reference>,
    /// Customer or supplier.
    pub party: Option<Party>,
    /// When it is released by itself.
    pub expires_at: DateTime<Utc>,
    /// The same while it is pending.
    pub due_at: Option<DateTime<Utc>>,
    /// The aggregate's version, for `If-Match`.
    pub version: i64,
    /// When it was reserved.
    pub created_at: DateTime<Utc>,
    /// When the row changed last.
    pub updated_at: DateTime<Utc>,
}

impl HoldRow {
    fn new(event: &RecordedEvent, e: HoldReserved) -> Self {
        Self {
            id: event.aggregate_id.clone(),
            account: e.account.into(),
            side: e.side,
            currency: e.amount.currency,
            amount_minor: e.amount.amount_minor,
            status: HoldStatus::Pending,
            posted_minor: None,
            entry_id: None,
            description: e.description,
            reference: e.reference,
            party: e.party,
            expires_at: e.expires_at,
            due_at: Some(e.expires_at),
            version: event.sequence,
            created_at: event.recorded_at,
            updated_at: event.recorded_at,
        }
    }

    fn resolve(&mut self, e: HoldEvent) {
        self.due_at = None;
        match e {
            HoldEvent::HoldReserved(_) => {}
            HoldEvent::HoldPosted(e) => {
                self.status = HoldStatus::Posted;
                (self.posted_minor, self.entry_id) = (Some(e.amount.amount_minor), Some(e.entry_id));
            }
            HoldEvent::HoldVoided(_) => self.status = HoldStatus::Voided,
            HoldEvent::HoldExpired(_) => self.status = HoldStatus::Expired,
        }
    }
}

/// Fills the table, as a part of the ledger.
pub struct HoldList;

impl RowModel for HoldList {
    type Row = HoldRow;
    const PROJECTION: &'static str = ledger::PROJECTION;
    const TABLES: &'static [&'static str] = &["accounting_hold_list"];
    const CONTEXTS: &'static [&'static str] = &["accounting"];

    fn keys(event: &RecordedEvent) -> Result<Vec<RowKey>, String> {
        Ok(if is_of::<Hold>(event) { RowKey::id(&event.aggregate_id) } else { Vec::new() })
    }

    fn apply(event: &RecordedEvent, rows: &mut Rows<'_, HoldRow>) -> Result<(), String> {
        let id = &event.aggregate_id;
        match event_of::<Hold>(event)? {
            None => {}
            Some(HoldEvent::HoldReserved(e)) => rows.put(id, HoldRow::new(event, e)),
            Some(e) => {
                let row = rows.get_mut(id).ok_or_else(|| format!("there is no hold `{id}`"))?;
                row.resolve(e);
                row.version = event.sequence;
                row.updated_at = event.recorded_at;
            }
        }
        Ok(())
    }
}

/// `GET /v1/accounting/hold-list`
pub const DEF: ReadModelDef = ReadModelDef {
    context: "accounting",
    name: "hold-list",
    summary: "What is and was reserved on accounts, and how it ended.",
    table: "accounting_hold_list",
    projection: ledger::PROJECTION,
    columns: &[
        Column::sorted("id", Text),
        Column::new("account", Text),
        Column::new("side", Text),
        Column::new("currency", Text),
        Column::new("amount_minor", Integer),
        Column::new("status", Text),
        Column::new("posted_minor", Integer),
        Column::new("entry_id", Text),
        Column::new("description", Text),
        Column::new("reference", Text),
        Column::new("party", Text),
        Column::new("expires_at", Timestamp),
        Column::new("due_at", Timestamp),
        Column::new("version", Integer),
        Column::sorted("created_at", Timestamp),
        Column::new("updated_at", Timestamp),
    ],
    default_sort: ("created_at", true),
    search: None,
    redirects: None,
    schema: |generator| HoldRow::json_schema(generator),
};
