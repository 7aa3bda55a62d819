//! The subscriptions: what is sold to whom, where they stand, what they entitle to, and when the clock has something to bill.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::billing::plan::PlanVersion;
use domain::billing::subscription::{
    BillKind, Biller, Override, ProviderStatus, Subscription, SubscriptionEvent, SubscriptionPeriodBilled, SubscriptionStarted,
    SubscriptionSynced,
};
use domain::billing::values::{Entitlements, Key};
use domain::kernel::{RecordedEvent, is_of};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::table::{Table, erases, of_erased, word};
use crate::model::ColumnKind::{Boolean, Integer, Json, List, Text, Timestamp};
use crate::model::{Column, ReadModelDef};
use crate::runtime::{RowKey, RowModel, Rows, event_of};

/// Where a subscription stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SubscriptionState {
    /// The first payment is not made yet.
    Incomplete,
    /// In its trial.
    Trialing,
    /// Under way.
    Active,
    /// A payment is overdue.
    PastDue,
    /// A payment is overdue for so long that the subscription entitles to nothing.
    Suspended,
    /// Resting at the payment provider.
    Paused,
    /// Over.
    Ended,
}

/// A subscription.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SubscriptionRow {
    /// The subscription's id.
    pub id: String,
    /// The customer.
    pub customer_id: String,
    /// What the customer was called when it was sold; none after erasure.
    pub customer_name: Option<String>,
    /// The plan.
    pub plan_id: String,
    /// What people call the plan.
    pub plan_name: String,
    /// The version that was sold.
    pub plan_version: u32,
    /// Where it stands.
    pub status: SubscriptionState,
    /// Who bills it: `platform` or `provider`.
    pub billed_by: Biller,
    /// Seats or units.
    pub quantity: u32,
    /// The flat price of a period and unit, in minor units.
    pub price_minor: i64,
    /// ISO 4217 code of the currency.
    pub currency: String,
    /// Unit of the period.
    pub interval_unit: String,
    /// How many units a period has.
    pub interval_count: u16,
    /// Days in which a bill is to be paid.
    pub net_days: u16,
    /// What it comes to in a month, without usage; nothing in the trial.
    pub recurring_minor: i64,
    /// Credit that the next bill uses up.
    pub credit_minor: i64,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When its trial ends or ended.
    pub trial_end: Option<DateTime<Utc>>,
    /// The start of the period, or the trial, that is under way.
    pub period_start: DateTime<Utc>,
    /// Its end.
    pub period_end: DateTime<Utc>,
    /// When it will end.
    pub cancel_at: Option<DateTime<Utc>>,
    /// Why.
    pub cancel_reason: Option<String>,
    /// The plan from the end of the period on.
    pub scheduled_plan_id: Option<String>,
    /// The quantity from the end of the period on.
    pub scheduled_quantity: Option<u32>,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// Why: `cancelled`, `unpaid` or `provider`.
    pub end_reason: Option<String>,
    /// Whether it entitles to anything.
    pub entitled: bool,
    /// What the plan entitles to.
    pub entitlements: Entitlements,
    /// What is granted differently, and until when.
    pub overrides: BTreeMap<Key, Override>,
    /// Payments that are overdue.
    pub overdue_payments: Vec<String>,
    /// Those of them that have taken the entitlement.
    pub suspended_by: Vec<String>,
    /// Where it stands at the payment provider, if that bills it.
    pub provider_status: Option<ProviderStatus>,
    /// The payment provider's id.
    pub external_id: Option<String>,
    /// When the clock has something to bill.
    pub due_at: Option<DateTime<Utc>>,
    /// The aggregate's version, for `If-Match`.
    pub version: i64,
    /// When the row changed last.
    pub updated_at: DateTime<Utc>,
}

/// What a row begins with.
struct Beginning<'a> {
    customer_id: &'a str,
    customer_name: &'a str,
    billed_by: Biller,
    net_days: u16,
    started_at: DateTime<Utc>,
}

impl SubscriptionRow {
    fn new(event: &RecordedEvent, beginning: &Beginning<'_>, plan: &PlanVersion, quantity: u32) -> Result<Self, String> {
        let mut row = Self {
            id: event.aggregate_id.clone(),
            customer_id: beginning.customer_id.to_owned(),
            customer_name: Some(beginning.customer_name.to_owned()),
            plan_id: String::new(),
            plan_name: String::new(),
            plan_version: 0,
            status: SubscriptionState::Active,
            billed_by: beginning.billed_by,
            quantity,
            price_minor: 0,
            currency: String::new(),
            interval_unit: String::new(),
            interval_count: 1,
            net_days: beginning.net_days,
            recurring_minor: 0,
            credit_minor: 0,
            started_at: beginning.started_at,
            trial_end: None,
            period_start: beginning.started_at,
            period_end: beginning.started_at,
            cancel_at: None,
            cancel_reason: None,
            scheduled_plan_id: None,
            scheduled_quantity: None,
            ended_at: None,
            end_reason: None,
            entitled: true,
            entitlements: Entitlements::new(),
            overrides: BTreeMap::new(),
            overdue_payments: Vec::new(),
            suspended_by: Vec::new(),
            provider_status: None,
            external_id: None,
            due_at: None,
            version: event.sequence,
            updated_at: event.recorded_at,
        };
        row.sell(plan, quantity)?;
        Ok(row)
    }

    fn started(event: &RecordedEvent, e: &SubscriptionStarted) -> Result<Self, String> {
        let beginning = Beginning {
            customer_id: &e.customer_id,
            customer_name: &e.customer_name,
            billed_by: Biller::Platform,
            net_days: e.net_days,
            started_at: e.started_at,
        };
        let mut row = Self::new(event, &beginning, &e.plan, e.quantity)?;
        if let Some(trial) = e.trial {
            row.status = SubscriptionState::Trialing;
            row.trial_end = Some(trial.end);
            row.period_end = trial.end;
        }
        row.due_at = Some(row.period_end);
        Ok(row)
    }

    fn sell(&mut self, plan: &PlanVersion, quantity: u32) -> Result<(), String> {
        let terms = &plan.terms;
        self.plan_id.clone_from(&plan.id);
        self.plan_name = terms.name.to_string();
        self.plan_version = plan.version;
        self.quantity = quantity;
        self.price_minor = terms.price.amount_minor;
        self.currency = terms.price.currency.to_string();
        self.interval_unit = word(&terms.interval.unit)?;
        self.interval_count = terms.interval.count;
        self.entitlements = terms.entitlements.clone();
        self.scheduled_plan_id = None;
        self.scheduled_quantity = None;
        Ok(())
    }

    fn bill(&mut self, e: &SubscriptionPeriodBilled) {
        self.credit_minor = e.credit_left_minor;
        if e.kind == BillKind::Recurring {
            self.period_start = e.period.start;
            self.period_end = e.period.end;
            self.recurring_minor = e.recurring.after_minor;
            self.due_at = Some(e.period.end);
            if self.status == SubscriptionState::Trialing {
                self.status = SubscriptionState::Active;
            }
        }
    }

    fn sync(&mut self, e: &SubscriptionSynced) -> Result<(), String> {
        self.sell(&e.plan, e.quantity)?;
        self.recurring_minor = e.recurring.after_minor;
        self.period_start = e.state.period.start;
        self.period_end = e.state.period.end;
        self.trial_end = e.state.trial_end;
        self.cancel_at = e.state.cancel_at;
        self.provider_status = Some(e.state.status);
        self.external_id = Some(e.state.external_id.to_string());
        Ok(())
    }

    /// Where it stands, from what is known of it.
    fn stand(&mut self) {
        if self.status == SubscriptionState::Ended {
            (self.entitled, self.due_at) = (false, None);
            return;
        }
        self.entitled = self.suspended_by.is_empty() && self.provider_status.is_none_or(ProviderStatus::entitles);
        let own = match self.provider_status {
            None if self.status == SubscriptionState::Trialing => SubscriptionState::Trialing,
            Some(ProviderStatus::Trialing) => SubscriptionState::Trialing,
            Some(ProviderStatus::Incomplete) => SubscriptionState::Incomplete,
            Some(ProviderStatus::PastDue) => SubscriptionState::PastDue,
            Some(ProviderStatus::Unpaid) => SubscriptionState::Suspended,
            Some(ProviderStatus::Paused) => SubscriptionState::Paused,
            None | Some(ProviderStatus::Active | ProviderStatus::Canceled | ProviderStatus::IncompleteExpired) => SubscriptionState::Active,
        };
        self.status = if !self.suspended_by.is_empty() {
            SubscriptionState::Suspended
        } else if !self.overdue_payments.is_empty() && own == SubscriptionState::Active {
            SubscriptionState::PastDue
        } else {
            own
        };
    }

    fn follow(&mut self, e: SubscriptionEvent) -> Result<(), String> {
        match e {
            SubscriptionEvent::SubscriptionStarted(_) | SubscriptionEvent::ProviderChangeRequested(_) => {}
            SubscriptionEvent::SubscriptionPeriodBilled(e) => self.bill(&e),
            SubscriptionEvent::SubscriptionTakenOver(e) => {
                (self.period_start, self.period_end, self.due_at) = (e.period.start, e.period.end, Some(e.period.end));
                self.recurring_minor = e.recurring.after_minor;
            }
            SubscriptionEvent::SubscriptionPlanChanged(e) => {
                self.sell(&e.plan, e.quantity)?;
                self.recurring_minor = e.recurring.after_minor;
            }
            SubscriptionEvent::PlanChangeScheduled(e) => {
                (self.scheduled_plan_id, self.scheduled_quantity) = (Some(e.plan.id), Some(e.quantity));
            }
            SubscriptionEvent::PlanChangeUnscheduled(_) => (self.scheduled_plan_id, self.scheduled_quantity) = (None, None),
            SubscriptionEvent::CancellationScheduled(e) => {
                (self.cancel_at, self.cancel_reason) = (Some(e.at), e.reason.map(String::from));
                (self.scheduled_plan_id, self.scheduled_quantity) = (None, None);
            }
            SubscriptionEvent::SubscriptionResumed(_) => (self.cancel_at, self.cancel_reason) = (None, None),
            SubscriptionEvent::SubscriptionEnded(e) => {
                self.status = SubscriptionState::Ended;
                self.ended_at = Some(e.ended_at);
                self.end_reason = Some(word(&e.reason)?);
                self.recurring_minor = 0;
            }
            SubscriptionEvent::SubscriptionPastDue(e) => self.overdue_payments.push(e.payment_id),
            SubscriptionEvent::EntitlementSuspended(e) => self.suspended_by.push(e.payment_id),
            SubscriptionEvent::SubscriptionRecovered(e) => {
                self.overdue_payments.retain(|id| *id != e.payment_id);
                self.suspended_by.retain(|id| *id != e.payment_id);
            }
            SubscriptionEvent::EntitlementOverridden(e) => {
                match e.value {
                    Some(value) => self.overrides.insert(e.feature, Override { value, until: e.until }),
                    None => self.overrides.remove(&e.feature),
                };
            }
            SubscriptionEvent::SubscriptionSynced(e) => self.sync(&e)?,
        }
        self.stand();
        Ok(())
    }
}

pub(super) fn fold(event: &RecordedEvent, table: &mut impl Table<SubscriptionRow>) -> Result<(), String> {
    if erases(event)? {
        for id in table.matched() {
            table.existing(&id)?.customer_name = None;
        }
        return Ok(());
    }
    let id = &event.aggregate_id;
    let Some(e) = event_of::<Subscription>(event)? else { return Ok(()) };
    match &e {
        SubscriptionEvent::SubscriptionStarted(e) => {
            table.put(id, SubscriptionRow::started(event, e)?);
            return Ok(());
        }
        SubscriptionEvent::SubscriptionSynced(e) if table.get_mut(id).is_none() => {
            let beginning = Beginning {
                customer_id: &e.customer_id,
                customer_name: &e.customer_name,
                billed_by: Biller::Provider,
                net_days: 0,
                started_at: e.state.started_at,
            };
            table.put(id, SubscriptionRow::new(event, &beginning, &e.plan, e.quantity)?);
        }
        _ => {}
    }
    let row = table.existing(id)?;
    row.follow(e)?;
    row.version = event.sequence;
    row.updated_at = event.recorded_at;
    Ok(())
}

/// Fills the table.
pub struct SubscriptionList;

impl RowModel for SubscriptionList {
    type Row = SubscriptionRow;
    const PROJECTION: &'static str = "billing.subscription_list";
    const TABLES: &'static [&'static str] = &["billing_subscription_list"];
    const CONTEXTS: &'static [&'static str] = &["billing"];

    fn keys(event: &RecordedEvent) -> Result<Vec<RowKey>, String> {
        if is_of::<Subscription>(event) {
            return Ok(RowKey::id(&event.aggregate_id));
        }
        Ok(if erases(event)? { of_erased(event) } else { Vec::new() })
    }

    fn apply(event: &RecordedEvent, rows: &mut Rows<'_, SubscriptionRow>) -> Result<(), String> {
        fold(event, rows)
    }
}

/// `GET /v1/billing/subscription-list`
pub const DEF: ReadModelDef = ReadModelDef {
    context: "billing",
    name: "subscription-list",
    summary: "Subscriptions: what is sold to whom, where they stand, and what they come to in a month.",
    table: "billing_subscription_list",
    projection: SubscriptionList::PROJECTION,
    columns: &[
        Column::sorted("id", Text),
        Column::new("customer_id", Text),
        Column::new("customer_name", Text),
        Column::new("plan_id", Text),
        Column::new("plan_name", Text),
        Column::new("plan_version", Integer),
        Column::new("status", Text),
        Column::new("billed_by", Text),
        Column::new("quantity", Integer),
        Column::new("price_minor", Integer),
        Column::new("currency", Text),
        Column::new("interval_unit", Text),
        Column::new("interval_count", Integer),
        Column::new("net_days", Integer),
        Column::new("recurring_minor", Integer),
        Column::new("credit_minor", Integer),
        Column::sorted("started_at", Timestamp),
        Column::new("trial_end", Timestamp),
        Column::new("period_start", Timestamp),
        Column::sorted("period_end", Timestamp),
        Column::new("cancel_at", Timestamp),
        Column::new("cancel_reason", Text),
        Column::new("scheduled_plan_id", Text),
        Column::new("scheduled_quantity", Integer),
        Column::new("ended_at", Timestamp),
        Column::new("end_reason", Text),
        Column::new("entitled", Boolean),
        Column::new("entitlements", Json),
        Column::new("overrides", Json),
        Column::new("overdue_payments", List),
        Column::new("suspended_by", List),
        Column::new("provider_status", Text),
        Column::new("external_id", Text),
        Column::new("due_at", Timestamp),
        Column::new("version", Integer),
        Column::new("updated_at", Timestamp),
    ],
    default_sort: ("started_at", true),
    search: None,
    redirects: None,
    schema: |generator| SubscriptionRow::json_schema(generator),
};
