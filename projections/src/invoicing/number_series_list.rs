//! The number series that are defined or in use.

use chrono::{DateTime, Utc};
use domain::invoicing::number_series::{NumberSeries, NumberSeriesEvent};
use domain::kernel::{RecordedEvent, is_of};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::ColumnKind::{Boolean, Integer, Text, Timestamp};
use crate::model::{Column, ReadModelDef};
use crate::runtime::{RowKey, RowModel, Rows, event_of};

/// A number series.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NumberSeriesRow {
    /// The series' id.
    pub id: String,
    /// What stands in front of its numbers.
    pub prefix: Option<String>,
    /// The number of digits.
    pub padding: Option<u8>,
    /// Whether counting starts anew each year.
    pub yearly: bool,
    /// How many numbers have been taken.
    pub taken: i64,
    /// The last number, as it stands on its document.
    pub last_number: Option<String>,
    /// Whether it is out of use.
    pub retired: bool,
    /// The aggregate's version, for `If-Match`.
    pub version: i64,
    /// When the row changed last.
    pub updated_at: DateTime<Utc>,
}

/// Fills the table.
pub struct NumberSeriesList;

impl RowModel for NumberSeriesList {
    type Row = NumberSeriesRow;
    const PROJECTION: &'static str = "invoicing.number_series_list";
    const TABLES: &'static [&'static str] = &["invoicing_number_series_list"];
    const CONTEXTS: &'static [&'static str] = &["invoicing"];

    fn keys(event: &RecordedEvent) -> Result<Vec<RowKey>, String> {
        Ok(if is_of::<NumberSeries>(event) { RowKey::id(&event.aggregate_id) } else { Vec::new() })
    }

    fn apply(event: &RecordedEvent, rows: &mut Rows<'_, NumberSeriesRow>) -> Result<(), String> {
        let Some(e) = event_of::<NumberSeries>(event)? else { return Ok(()) };
        let id = &event.aggregate_id;
        // A series that exists without being defined begins with its first number.
        let format = NumberSeries::default().format_of(id);
        let mut row = rows.get(id).cloned().unwrap_or_else(|| NumberSeriesRow {
            id: id.clone(),
            prefix: format.as_ref().map(|format| format.prefix.clone()),
            padding: format.as_ref().map(|format| format.padding),
            yearly: false,
            taken: 0,
            last_number: None,
            retired: false,
            version: 0,
            updated_at: event.recorded_at,
        });
        match e {
            NumberSeriesEvent::NumberSeriesDefined(e) => {
                (row.prefix, row.padding, row.yearly) = (Some(e.format.prefix), Some(e.format.padding), e.format.yearly);
                row.retired = false;
            }
            NumberSeriesEvent::NumberTaken(e) => {
                row.taken += 1;
                row.last_number = Some(e.number.into());
            }
            NumberSeriesEvent::NumberSeriesRetired(_) => row.retired = true,
        }
        (row.version, row.updated_at) = (event.sequence, event.recorded_at);
        rows.put(id, row);
        Ok(())
    }
}

/// `GET /v1/invoicing/number-series-list`
pub const DEF: ReadModelDef = ReadModelDef {
    context: "invoicing",
    name: "number-series-list",
    summary: "Number series with their last numbers.",
    table: "invoicing_number_series_list",
    projection: NumberSeriesList::PROJECTION,
    columns: &[
        Column::sorted("id", Text),
        Column::new("prefix", Text),
        Column::new("padding", Integer),
        Column::new("yearly", Boolean),
        Column::new("taken", Integer),
        Column::new("last_number", Text),
        Column::new("retired", Boolean),
        Column::new("version", Integer),
        Column::new("updated_at", Timestamp),
    ],
    default_sort: ("id", false),
    search: None,
    redirects: None,
    schema: |generator| NumberSeriesRow::json_schema(generator),
};
