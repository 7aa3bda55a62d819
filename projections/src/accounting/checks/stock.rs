//! What the stock says that was to be posted, beside what was posted to inventory accounts, by whomever.

use chrono::{DateTime, Utc};
use domain::accounting::values::Control;
use domain::kernel::{Money, RecordedEvent};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Check, Part};
use crate::model::ColumnKind::{Integer, List, Text, Timestamp};
use crate::model::{Column, ReadModelDef};
use crate::runtime::Gauge;

/// The projection's name.
pub const PROJECTION: &str = "accounting.stock_check";
/// The events of `inventory` that change the value of the stock; each has a field `value`, the change in money with its sign.
const STOCK_EVENTS: [&str; 5] = ["stock_received", "stock_shipped", "stock_adjusted", "stock_returned", "stock_revalued"];

/// Fills the table.
pub const CHECK: Check = Check {
    name: PROJECTION,
    tables: &["accounting_stock_check"],
    contexts: &["accounting", "inventory"],
    part_column: "",
    expected,
    part_of: |_, line| (line.control == Some(Control::Inventory)).then_some(""),
    word: "\"inventory\"",
    gauges: &[Gauge {
        name: "neuroops_accounting_inconsistent",
        label: "check",
        statement: include_str!("stock_inconsistent.sql"),
        known: &["stock_equals_ledger"],
    }],
};

/// A change of the stock's value, beside what was posted because of it.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct StockCheckRow {
    /// The causing event's id, a full stop, and the currency.
    pub id: String,
    /// The causing event; the entry's id where no event is known.
    pub event_id: String,
    /// The causing event's type; nothing while only postings are known.
    pub event_type: Option<String>,
    /// The currency of the amounts.
    pub currency: String,
    /// By how much the value of the stock changed, in minor units.
    pub expected_minor: Option<i64>,
    /// By how much the inventory account changed.
    pub posted_minor: Option<i64>,
    /// Posted less expected; zero where all is well.
    pub difference_minor: i64,
    /// When the stock changed.
    pub expected_at: Option<DateTime<Utc>>,
    /// When the last entry was posted.
    pub posted_at: Option<DateTime<Utc>>,
    /// The entries.
    pub entries: Vec<String>,
}

fn expected(event: &RecordedEvent) -> Result<Vec<Part>, String> {
    #[derive(Deserialize)]
    struct Valued {
        value: Option<Money>,
    }
    if event.context != "inventory" || !STOCK_EVENTS.contains(&event.event_type.as_str()) {
        return Ok(Vec::new());
    }
    let Valued { value } = serde_json::from_str(&event.payload).map_err(|error| error.to_string())?;
    Ok(value.map(|money| Part { name: "", money }).into_iter().collect())
}

/// `GET /v1/accounting/stock-check-list`
pub const DEF: ReadModelDef = ReadModelDef {
    context: "accounting",
    name: "stock-check-list",
    summary: "Changes of the stock's value beside what was posted because of them; `difference_minor.ne=0` lists what does not agree.",
    table: "accounting_stock_check",
    projection: PROJECTION,
    columns: &[
        Column::sorted("id", Text),
        Column::new("event_id", Text),
        Column::new("event_type", Text),
        Column::new("currency", Text),
        Column::new("expected_minor", Integer),
        Column::new("posted_minor", Integer),
        Column::new("difference_minor", Integer),
        Column::new("expected_at", Timestamp),
        Column::new("posted_at", Timestamp),
        Column::new("entries", List),
    ],
    default_sort: ("id", true),
    search: None,
    redirects: None,
    schema: |generator| StockCheckRow::json_schema(generator),
};
