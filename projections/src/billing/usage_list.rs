//! What was used: one row for each metric in a period of a subscription.

use chrono::{DateTime, Utc};
use domain::billing::usage::{MetricSummary, Usage, UsageEvent, UsageRecorded};
use domain::kernel::{RecordedEvent, is_of};
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::table::Table;
use crate::model::ColumnKind::{Boolean, Integer, Number, Text, Timestamp};
use crate::model::{Column, ReadModelDef};
use crate::runtime::{RowKey, RowModel, Rows, event_of};

/// A metric in a period.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct UsageRow {
    /// `<subscription>:<start of the period>:<metric>`
    pub id: String,
    /// The subscription.
    pub subscription_id: String,
    /// The customer.
    pub customer_id: String,
    /// The metric.
    pub metric: String,
    /// The start of the period.
    pub period_start: DateTime<Utc>,
    /// The subscription and the start of the period.
    #[schemars(skip)]
    pub period_key: String,
    /// The number of records.
    pub count: u64,
    /// The sum of their values.
    #[serde(with = "super::table::exact")]
    #[schemars(with = "f64")]
    pub sum: Decimal,
    /// The greatest value.
    #[serde(with = "super::table::exact_option")]
    #[schemars(with = "Option<f64>")]
    pub max: Option<Decimal>,
    /// The value of the record with the latest time.
    #[serde(with = "super::table::exact_option")]
    #[schemars(with = "Option<f64>")]
    pub latest: Option<Decimal>,
    /// The number of different keys.
    pub unique_count: u64,
    /// Whether the period was billed, or is not to be billed.
    pub closed: bool,
    /// When the row changed last.
    pub updated_at: DateTime<Utc>,
}

fn period_key(subscription_id: &str, start: DateTime<Utc>) -> String {
    format!("{subscription_id}:{}", start.format("%Y%m%dT%H%M%S%.fZ"))
}

fn id(period_key: &str, metric: &str) -> String {
    format!("{period_key}:{metric}")
}

fn row(event: &RecordedEvent, e: &UsageRecorded, totals: &MetricSummary) -> UsageRow {
    let period_key = period_key(&event.aggregate_id, e.period_start);
    UsageRow {
        id: id(&period_key, &totals.metric),
        subscription_id: event.aggregate_id.clone(),
        customer_id: e.customer_id.clone(),
        metric: totals.metric.to_string(),
        period_start: e.period_start,
        period_key,
        count: totals.count,
        sum: totals.sum.normalize(),
        max: totals.max.map(|max| max.normalize()),
        latest: totals.latest.map(|latest| latest.normalize()),
        unique_count: totals.unique_count,
        closed: false,
        updated_at: event.recorded_at,
    }
}

pub(super) fn fold(event: &RecordedEvent, table: &mut impl Table<UsageRow>) -> Result<(), String> {
    match event_of::<Usage>(event)? {
        None => {}
        // The event says what the metrics come to, so nothing is added up here.
        Some(UsageEvent::UsageRecorded(e)) => {
            for totals in &e.totals {
                let row = row(event, &e, totals);
                table.put(&row.id.clone(), row);
            }
        }
        Some(UsageEvent::UsagePeriodClosed(_)) => {
            for id in table.matched() {
                let row = table.existing(&id)?;
                (row.closed, row.updated_at) = (true, event.recorded_at);
            }
        }
    }
    Ok(())
}

/// Fills the table.
pub struct UsageList;

impl RowModel for UsageList {
    type Row = UsageRow;
    const PROJECTION: &'static str = "billing.usage_list";
    const TABLES: &'static [&'static str] = &["billing_usage_list"];
    const CONTEXTS: &'static [&'static str] = &["billing"];

    fn keys(event: &RecordedEvent) -> Result<Vec<RowKey>, String> {
        if !is_of::<Usage>(event) {
            return Ok(Vec::new());
        }
        Ok(match event_of::<Usage>(event)? {
            None => Vec::new(),
            Some(UsageEvent::UsageRecorded(e)) => {
                let period_key = period_key(&event.aggregate_id, e.period_start);
                e.totals.iter().map(|totals| RowKey::Id(id(&period_key, &totals.metric))).collect()
            }
            Some(UsageEvent::UsagePeriodClosed(e)) => {
                vec![RowKey::Where("period_key", vec![period_key(&event.aggregate_id, e.period_start)])]
            }
        })
    }

    fn apply(event: &RecordedEvent, rows: &mut Rows<'_, UsageRow>) -> Result<(), String> {
        fold(event, rows)
    }
}

/// `GET /v1/billing/usage-list`
pub const DEF: ReadModelDef = ReadModelDef {
    context: "billing",
    name: "usage-list",
    summary: "What was used: each metric in each period of a subscription.",
    table: "billing_usage_list",
    projection: UsageList::PROJECTION,
    columns: &[
        Column::sorted("id", Text),
        Column::new("subscription_id", Text),
        Column::new("customer_id", Text),
        Column::new("metric", Text),
        Column::sorted("period_start", Timestamp),
        Column::new("count", Integer),
        Column::new("sum", Number),
        Column::new("max", Number),
        Column::new("latest", Number),
        Column::new("unique_count", Integer),
        Column::new("closed", Boolean),
        Column::new("updated_at", Timestamp),
    ],
    default_sort: ("period_start", true),
    search: None,
    redirects: None,
    schema: |generator| UsageRow::json_schema(generator),
};
