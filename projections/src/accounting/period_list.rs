//! The calendar: when business years begin, and through which day the books are closed.

use chrono::{DateTime, Datelike as _, Utc};
use domain::accounting::period::{Period, PeriodEvent};
use domain::accounting::values::Description;
use domain::kernel::{Day, RecordedEvent, is_of};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ledger;
use crate::model::ColumnKind::{Date, Integer, Text, Timestamp};
use crate::model::{Column, ReadModelDef};
use crate::runtime::{RowKey, RowModel, Rows, event_of};

/// The calendar.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PeriodRow {
    /// `default`.
    pub id: String,
    /// The first day on which something may be posted.
    pub first_day: Option<Day>,
    /// The month in which business years begin, 1 to 12.
    pub fiscal_year_start_month: u32,
    /// The last closed day.
    pub closed_through: Option<Day>,
    /// Why days were opened again the last time.
    pub reopened_reason: Option<Description>,
    /// The aggregate's version, for `If-Match`.
    pub version: i64,
    /// When the row changed last.
    pub updated_at: DateTime<Utc>,
}

fn day_before(day: Day) -> Option<Day> {
    day.0.pred_opt().filter(|before| before.year() >= 1900).map(Day)
}

/// Fills the table, as a part of the ledger.
pub struct PeriodList;

impl RowModel for PeriodList {
    type Row = PeriodRow;
    const PROJECTION: &'static str = ledger::PROJECTION;
    const TABLES: &'static [&'static str] = &["accounting_period_list"];
    const CONTEXTS: &'static [&'static str] = &["accounting"];

    fn keys(event: &RecordedEvent) -> Result<Vec<RowKey>, String> {
        Ok(if is_of::<Period>(event) { RowKey::id(&event.aggregate_id) } else { Vec::new() })
    }

    fn apply(event: &RecordedEvent, rows: &mut Rows<'_, PeriodRow>) -> Result<(), String> {
        let Some(change) = event_of::<Period>(event)? else { return Ok(()) };
        let id = &event.aggregate_id;
        let before = rows.get(id);
        let mut row = before.cloned().unwrap_or_else(|| PeriodRow {
            id: id.clone(),
            first_day: None,
            fiscal_year_start_month: 1,
            closed_through: None,
            reopened_reason: None,
            version: 0,
            updated_at: event.recorded_at,
        });
        match change {
            PeriodEvent::CalendarOpened(e) => {
                (row.first_day, row.fiscal_year_start_month) = (e.first_day, e.fiscal_year_start_month.into());
                row.closed_through = row.closed_through.max(e.first_day.and_then(day_before));
            }
            PeriodEvent::BooksClosed(e) => row.closed_through = Some(e.through),
            PeriodEvent::BooksReopened(e) => {
                (row.closed_through, row.reopened_reason) = (day_before(e.from), Some(e.reason));
            }
        }
        (row.version, row.updated_at) = (event.sequence, event.recorded_at);
        rows.put(id, row);
        Ok(())
    }
}

/// `GET /v1/accounting/period-list`
pub const DEF: ReadModelDef = ReadModelDef {
    context: "accounting",
    name: "period-list",
    summary: "The calendar: when business years begin, and through which day the books are closed.",
    table: "accounting_period_list",
    projection: ledger::PROJECTION,
    columns: &[
        Column::sorted("id", Text),
        Column::new("first_day", Date),
        Column::new("fiscal_year_start_month", Integer),
        Column::new("closed_through", Date),
        Column::new("reopened_reason", Text),
        Column::new("version", Integer),
        Column::new("updated_at", Timestamp),
    ],
    default_sort: ("id", false),
    search: None,
    redirects: None,
    schema: |generator| PeriodRow::json_schema(generator),
};
