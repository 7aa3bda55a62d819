//! Each change of what subscriptions come to in a month, for recurring revenue and churn.

use chrono::{DateTime, Utc};
use domain::billing::subscription::{Recurring, Subscription, SubscriptionEvent};
use domain::kernel::{Currency, RecordedEvent, is_of};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::table::Table;
use crate::model::ColumnKind::{Integer, Text, Timestamp};
use crate::model::{Column, ReadModelDef};
use crate::runtime::{RowKey, RowModel, Rows, event_of};

/// What kind of change it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MovementKind {
    /// A subscription begins to bring something.
    New,
    /// It brings more.
    Expansion,
    /// It brings less.
    Contraction,
    /// It brings nothing any more.
    Churn,
}

/// A change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MovementRow {
    /// `<subscription>:<sequence of the event>`
    pub id: String,
    /// The subscription.
    pub subscription_id: String,
    /// The customer.
    pub customer_id: String,
    /// The plan after the change.
    pub plan_id: String,
    /// What kind of change it is.
    pub kind: MovementKind,
    /// ISO 4217 code of the currency.
    pub currency: String,
    /// What the subscription came to in a month before, in minor units.
    pub before_minor: i64,
    /// And after.
    pub after_minor: i64,
    /// The difference.
    pub delta_minor: i64,
    /// When it took effect.
    pub at: DateTime<Utc>,
}

/// What an event says about recurring revenue.
struct Change {
    customer_id: String,
    plan_id: String,
    currency: Currency,
    recurring: Recurring,
    at: DateTime<Utc>,
}

fn change_of(event: &RecordedEvent) -> Result<Option<Change>, String> {
    let change = match event_of::<Subscription>(event)? {
        Some(SubscriptionEvent::SubscriptionPeriodBilled(e)) => Change {
            customer_id: e.customer_id,
            plan_id: e.plan_id,
            currency: e.total.currency,
            recurring: e.recurring,
            at: e.period.start,
        },
        Some(SubscriptionEvent::SubscriptionTakenOver(e)) => {
            Change { customer_id: e.customer_id, plan_id: e.plan_id, currency: e.currency, recurring: e.recurring, at: e.started_at }
        }
        Some(SubscriptionEvent::SubscriptionPlanChanged(e)) => Change {
            customer_id: e.customer_id,
            plan_id: e.plan.id,
            currency: e.plan.terms.price.currency,
            recurring: e.recurring,
            at: e.changed_at,
        },
        Some(SubscriptionEvent::SubscriptionSynced(e)) => Change {
            customer_id: e.customer_id,
            plan_id: e.plan.id,
            currency: e.plan.terms.price.currency,
            recurring: e.recurring,
            at: e.observed_at,
        },
        Some(SubscriptionEvent::SubscriptionEnded(e)) => Change {
            customer_id: e.customer_id,
            plan_id: e.plan_id,
            currency: e.credit_left.currency,
            recurring: e.recurring,
            at: e.ended_at,
        },
        _ => return Ok(None),
    };
    Ok((change.recurring.before_minor != change.recurring.after_minor).then_some(change))
}

fn id(event: &RecordedEvent) -> String {
    format!("{}:{}", event.aggregate_id, event.sequence)
}

pub(super) fn fold(event: &RecordedEvent, table: &mut impl Table<MovementRow>) -> Result<(), String> {
    let Some(change) = change_of(event)? else { return Ok(()) };
    let Recurring { before_minor, after_minor } = change.recurring;
    let kind = match (before_minor, after_minor) {
        (0, _) => MovementKind::New,
        (_, 0) => MovementKind::Churn,
        (before, after) if after > before => MovementKind::Expansion,
        _ => MovementKind::Contraction,
    };
    let row = MovementRow {
        id: id(event),
        subscription_id: event.aggregate_id.clone(),
        customer_id: change.customer_id,
        plan_id: change.plan_id,
        kind,
        currency: change.currency.to_string(),
        before_minor,
        after_minor,
        delta_minor: after_minor - before_minor,
        at: change.at,
    };
    table.put(&id(event), row);
    Ok(())
}

/// Fills the table.
pub struct MrrMovement;

impl RowModel for MrrMovement {
    type Row = MovementRow;
    const PROJECTION: &'static str = "billing.mrr_movement";
    const TABLES: &'static [&'static str] = &["billing_mrr_movement"];
    const CONTEXTS: &'static [&'static str] = &["billing"];

    fn keys(event: &RecordedEvent) -> Result<Vec<RowKey>, String> {
        if !is_of::<Subscription>(event) {
            return Ok(Vec::new());
        }
        Ok(if change_of(event)?.is_some() { RowKey::id(id(event)) } else { Vec::new() })
    }

    fn apply(event: &RecordedEvent, rows: &mut Rows<'_, MovementRow>) -> Result<(), String> {
        fold(event, rows)
    }
}

/// `GET /v1/billing/mrr-movement`
pub const DEF: ReadModelDef = ReadModelDef {
    context: "billing",
    name: "mrr-movement",
    summary: "Each change of what subscriptions come to in a month: new, expansion, contraction, churn.",
    table: "billing_mrr_movement",
    projection: MrrMovement::PROJECTION,
    columns: &[
        Column::sorted("id", Text),
        Column::new("subscription_id", Text),
        Column::new("customer_id", Text),
        Column::new("plan_id", Text),
        Column::new("kind", Text),
        Column::new("currency", Text),
        Column::new("before_minor", Integer),
        Column::new("after_minor", Integer),
        Column::new("delta_minor", Integer),
        Column::sorted("at", Timestamp),
    ],
    default_sort: ("at", true),
    search: None,
    redirects: None,
    schema: |generator| MovementRow::json_schema(generator),
};
