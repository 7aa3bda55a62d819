//! The bills: each period of a subscription that was billed, with its lines.

use chrono::{DateTime, Days, NaiveDate, Utc};
use domain::billing::subscription::{BillKind, Line, Subscription, SubscriptionEvent, SubscriptionPeriodBilled};
use domain::kernel::{RecordedEvent, is_of};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::table::{Table, erases, of_erased};
use crate::model::ColumnKind::{Date, Integer, Json, Text, Timestamp};
use crate::model::{Column, ReadModelDef};
use crate::runtime::{RowKey, RowModel, Rows, event_of};

/// A bill.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BillRow {
    /// The bill's id; invoice and payment have it too.
    pub id: String,
    /// The subscription.
    pub subscription_id: String,
    /// Whether it begins a period (`recurring`) or closes the last one (`final`).
    pub kind: BillKind,
    /// The customer.
    pub customer_id: String,
    /// What the customer is called; none after erasure.
    pub customer_name: Option<String>,
    /// The plan.
    pub plan_id: String,
    /// The plan's version.
    pub plan_version: u32,
    /// What people call the plan.
    pub plan_name: String,
    /// The start of the period.
    pub period_start: DateTime<Utc>,
    /// Its end.
    pub period_end: DateTime<Utc>,
    /// What is owed without tax, in minor units.
    pub total_minor: i64,
    /// ISO 4217 code of the currency.
    pub currency: String,
    /// The lines.
    pub lines: Vec<Line>,
    /// Credit that is left after the bill.
    pub credit_left_minor: i64,
    /// The last day on which it is paid in time.
    pub due_on: NaiveDate,
    /// When it was made.
    pub billed_at: DateTime<Utc>,
}

fn row_of(event: &RecordedEvent, e: SubscriptionPeriodBilled) -> BillRow {
    let day = e.billed_at.date_naive();
    BillRow {
        id: e.bill_id,
        subscription_id: event.aggregate_id.clone(),
        kind: e.kind,
        customer_id: e.customer_id,
        customer_name: Some(e.customer_name.into()),
        plan_id: e.plan_id,
        plan_version: e.plan_version,
        plan_name: e.plan_name.into(),
        period_start: e.period.start,
        period_end: e.period.end,
        total_minor: e.total.amount_minor,
        currency: e.total.currency.to_string(),
        lines: e.lines,
        credit_left_minor: e.credit_left_minor,
        due_on: day.checked_add_days(Days::new(e.net_days.into())).unwrap_or(day),
        billed_at: e.billed_at,
    }
}

fn bill_of(event: &RecordedEvent) -> Result<Option<SubscriptionPeriodBilled>, String> {
    // Events of other kinds are not decoded.
    if event.event_type != "subscription_period_billed" || !is_of::<Subscription>(event) {
        return Ok(None);
    }
    Ok(match event_of::<Subscription>(event)? {
        Some(SubscriptionEvent::SubscriptionPeriodBilled(e)) => Some(e),
        _ => None,
    })
}

pub(super) fn fold(event: &RecordedEvent, table: &mut impl Table<BillRow>) -> Result<(), String> {
    if erases(event)? {
        for id in table.matched() {
            table.existing(&id)?.customer_name = None;
        }
    }
    if let Some(e) = bill_of(event)? {
        let row = row_of(event, e);
        table.put(&row.id.clone(), row);
    }
    Ok(())
}

/// Fills the table.
pub struct BillList;

impl RowModel for BillList {
    type Row = BillRow;
    const PROJECTION: &'static str = "billing.bill_list";
    const TABLES: &'static [&'static str] = &["billing_bill_list"];
    const CONTEXTS: &'static [&'static str] = &["billing"];

    fn keys(event: &RecordedEvent) -> Result<Vec<RowKey>, String> {
        if let Some(e) = bill_of(event)? {
            return Ok(RowKey::id(e.bill_id));
        }
        Ok(if erases(event)? { of_erased(event) } else { Vec::new() })
    }

    fn apply(event: &RecordedEvent, rows: &mut Rows<'_, BillRow>) -> Result<(), String> {
        fold(event, rows)
    }
}

/// `GET /v1/billing/bill-list`
pub const DEF: ReadModelDef = ReadModelDef {
    context: "billing",
    name: "bill-list",
    summary: "Periods of subscriptions that were billed, with their lines.",
    table: "billing_bill_list",
    projection: BillList::PROJECTION,
    columns: &[
        Column::sorted("id", Text),
        Column::new("subscription_id", Text),
        Column::new("kind", Text),
        Column::new("customer_id", Text),
        Column::new("customer_name", Text),
        Column::new("plan_id", Text),
        Column::new("plan_version", Integer),
        Column::new("plan_name", Text),
        Column::new("period_start", Timestamp),
        Column::new("period_end", Timestamp),
        Column::new("total_minor", Integer),
        Column::new("currency", Text),
        Column::new("lines", Json),
        Column::new("credit_left_minor", Integer),
        Column::new("due_on", Date),
        Column::sorted("billed_at", Timestamp),
    ],
    default_sort: ("billed_at", true),
    search: None,
    redirects: None,
    schema: |generator| BillRow::json_schema(generator),
};
