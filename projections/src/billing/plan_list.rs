//! The plans, each in its newest version.

use chrono::{DateTime, Utc};
use domain::billing::plan::{Plan, PlanEvent, PlanPublished};
use domain::billing::pricing::Charge;
use domain::billing::values::{Entitlements, Name, Note};
use domain::kernel::{RecordedEvent, is_of};
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::table::{Table, word};
use crate::model::ColumnKind::{Boolean, Integer, Json, Number, Text, Timestamp};
use crate::model::{Column, ReadModelDef};
use crate::runtime::{RowKey, RowModel, Rows, event_of};

/// A plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlanRow {
    /// The plan's id.
    pub id: String,
    /// What people call it.
    pub name: Name,
    /// Remarks.
    pub description: Option<Note>,
    /// The newest version.
    pub plan_version: u32,
    /// Whether it is sold no more.
    pub retired: bool,
    /// Unit of the period: `day`, `week`, `month`, `year`.
    pub interval_unit: String,
    /// How many units a period has.
    pub interval_count: u16,
    /// The flat price of a period and unit, in minor units.
    pub price_minor: i64,
    /// ISO 4217 code of the currency.
    pub currency: String,
    /// The flat price of a month.
    pub monthly_minor: i64,
    /// Days at the start that cost nothing.
    pub trial_days: u16,
    /// Tax on top, in percent.
    #[serde(with = "super::table::exact_option")]
    #[schemars(with = "Option<f64>")]
    pub tax_rate_percent: Option<Decimal>,
    /// What use costs on top.
    pub charges: Vec<Charge>,
    /// What a subscription entitles to.
    pub entitlements: Entitlements,
    /// The payment provider's id of its price.
    pub external_price_id: Option<String>,
    /// The aggregate's version, for `If-Match`.
    pub version: i64,
    /// When it was published first.
    pub created_at: DateTime<Utc>,
    /// When the row changed last.
    pub updated_at: DateTime<Utc>,
}

fn published(event: &RecordedEvent, e: PlanPublished, created_at: DateTime<Utc>) -> Result<PlanRow, String> {
    let terms = e.terms;
    Ok(PlanRow {
        id: event.aggregate_id.clone(),
        name: terms.name,
        description: terms.description,
        plan_version: e.version,
        retired: false,
        interval_unit: word(&terms.interval.unit)?,
        interval_count: terms.interval.count,
        price_minor: terms.price.amount_minor,
        currency: terms.price.currency.to_string(),
        monthly_minor: terms.interval.monthly(terms.price.amount_minor),
        trial_days: terms.trial_days,
        tax_rate_percent: terms.tax_rate_percent.map(|rate| rate.normalize()),
        charges: terms.charges,
        entitlements: terms.entitlements,
        external_price_id: None,
        version: event.sequence,
        created_at,
        updated_at: event.recorded_at,
    })
}

pub(super) fn fold(event: &RecordedEvent, table: &mut impl Table<PlanRow>) -> Result<(), String> {
    let id = &event.aggregate_id;
    let e = match event_of::<Plan>(event)? {
        None => return Ok(()),
        Some(PlanEvent::PlanPublished(e)) => {
            let created_at = table.get_mut(id).map_or(event.recorded_at, |row| row.created_at);
            table.put(id, published(event, e, created_at)?);
            return Ok(());
        }
        Some(e) => e,
    };
    let row = table.existing(id)?;
    match e {
        PlanEvent::PlanPublished(_) => {}
        PlanEvent::PlanRetired(_) => row.retired = true,
        PlanEvent::PlanLinked(e) => row.external_price_id = Some(e.link.price_id.into()),
    }
    row.version = event.sequence;
    row.updated_at = event.recorded_at;
    Ok(())
}

/// Fills the table.
pub struct PlanList;

impl RowModel for PlanList {
    type Row = PlanRow;
    const PROJECTION: &'static str = "billing.plan_list";
    const TABLES: &'static [&'static str] = &["billing_plan_list"];
    const CONTEXTS: &'static [&'static str] = &["billing"];

    fn keys(event: &RecordedEvent) -> Result<Vec<RowKey>, String> {
        Ok(if is_of::<Plan>(event) { RowKey::id(&event.aggregate_id) } else { Vec::new() })
    }

    fn apply(event: &RecordedEvent, rows: &mut Rows<'_, PlanRow>) -> Result<(), String> {
        fold(event, rows)
    }
}

/// `GET /v1/billing/plan-list`
pub const DEF: ReadModelDef = ReadModelDef {
    context: "billing",
    name: "plan-list",
    summary: "Plans in their newest version, with prices, charges and what they entitle to.",
    table: "billing_plan_list",
    projection: PlanList::PROJECTION,
    columns: &[
        Column::sorted("id", Text),
        Column::new("name", Text),
        Column::new("description", Text),
        Column::new("plan_version", Integer),
        Column::new("retired", Boolean),
        Column::new("interval_unit", Text),
        Column::new("interval_count", Integer),
        Column::sorted("price_minor", Integer),
        Column::new("currency", Text),
        Column::new("monthly_minor", Integer),
        Column::new("trial_days", Integer),
        Column::new("tax_rate_percent", Number),
        Column::new("charges", Json),
        Column::new("entitlements", Json),
        Column::new("external_price_id", Text),
        Column::new("version", Integer),
        Column::new("created_at", Timestamp),
        Column::new("updated_at", Timestamp),
    ],
    default_sort: ("id", false),
    search: None,
    redirects: None,
    schema: |generator| PlanRow::json_schema(generator),
};
