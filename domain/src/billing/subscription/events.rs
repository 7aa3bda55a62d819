//! What happens to a subscription.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::billing::calendar::Period;
use crate::billing::plan::PlanVersion;
use crate::billing::values::{Address, ExternalId, FeatureValue, Key, Name, Note};
use crate::events;
use crate::kernel::{Currency, Money, Text};

/// Who bills the subscription.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Biller {
    /// This platform.
    #[default]
    Platform,
    /// The payment provider, which tells what became of it.
    Provider,
}

/// What the subscription comes to in a month, without usage, before and after an event; in minor units of the plan's currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Recurring {
    /// Before.
    pub before_minor: i64,
    /// After.
    pub after_minor: i64,
}

/// What a line of a bill is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LineKind {
    /// The flat price of a period, in advance.
    Flat,
    /// Use in a period that is over.
    Usage,
    /// The rest of a period after a change of plan, charged or given back.
    Proration,
    /// Credit that was used up, or carried forward.
    Credit,
}

/// A line of a bill.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Line {
    /// What it is for.
    pub kind: LineKind,
    /// What the customer reads.
    pub description: String,
    /// How much of it.
    pub quantity: Decimal,
    /// What it costs without tax; may be negative.
    pub amount: Money,
    /// When it was or will be served.
    pub service: Period,
    /// The metric, of usage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric: Option<Key>,
    /// Tax on top, in percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_rate_percent: Option<Decimal>,
}

/// A subscription began.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SubscriptionStarted {
    /// The customer.
    pub customer_id: String,
    /// What the customer was called then.
    #[schemars(extend("x-personal" = true))]
    pub customer_name: Name,
    /// What is sold.
    pub plan: PlanVersion,
    /// Seats or units.
    pub quantity: u32,
    /// Days in which a bill is to be paid.
    pub net_days: u16,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// The trial, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trial: Option<Period>,
}

/// The subscription was sold and billed elsewhere until now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SubscriptionTakenOver {
    /// The customer.
    pub customer_id: String,
    /// What was sold first.
    pub plan_id: String,
    /// The period that is under way; it is billed already.
    pub period: Period,
    /// The point from which periods are counted.
    pub anchor: DateTime<Utc>,
    /// The number of the period from the anchor, from 0.
    pub number: u32,
    /// The currency of what is sold.
    pub currency: Currency,
    /// What the subscription came to in a month when it began.
    pub recurring: Recurring,
    /// When it began.
    pub started_at: DateTime<Utc>,
}

/// What a bill says of its customer, apart from the name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Payer {
    /// Whether the customer pays no tax.
    #[serde(default)]
    pub tax_exempt: bool,
    /// Where bills go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-personal" = true))]
    pub customer_email: Option<String>,
    /// Tax number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-personal" = true))]
    pub customer_tax_id: Option<Text<64>>,
    /// The address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-personal" = true))]
    pub customer_address: Option<Address>,
    /// ISO 3166-1 alpha-2 code of the country.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_country: Option<String>,
}

/// A part of what is given back when a subscription ends, on the bill that had charged it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BillCredit {
    /// The bill.
    pub bill_id: String,
    /// How much of it, without tax.
    pub net: Money,
}

/// Whether a bill begins a period or closes the last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BillKind {
    /// It begins a period: the flat price of the period, and what was used in the one before.
    Recurring,
    /// It ends the subscription: what was used in the last period.
    Final,
}

/// A period was billed. For each period of a subscription there is one such event at most.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SubscriptionPeriodBilled {
    /// `<subscription>-<day of the period's start>`; invoice and payment have it too.
    pub bill_id: String,
    /// Whether it begins a period or closes the last one.
    pub kind: BillKind,
    /// The period that begins; of a final bill, the moment of the end.
    pub period: Period,
    /// The point from which periods are counted.
    pub anchor: DateTime<Utc>,
    /// The number of the period from the anchor, from 0.
    pub number: u32,
    /// The customer.
    pub customer_id: String,
    /// What the customer is called.
    #[schemars(extend("x-personal" = true))]
    pub customer_name: Name,
    /// What a bill says of the customer besides.
    #[serde(flatten)]
    pub payer: Payer,
    /// The plan.
    pub plan_id: String,
    /// The plan's version.
    pub plan_version: u32,
    /// What people call the plan.
    pub plan_name: Name,
    /// The lines; they add up to the total.
    pub lines: Vec<Line>,
    /// What is owed without tax; never negative.
    pub total: Money,
    /// What is left of the credit after the bill, in minor units.
    pub credit_left_minor: i64,
    /// Days in which it is to be paid.
    pub net_days: u16,
    /// What the subscription comes to in a month.
    pub recurring: Recurring,
    /// When it was decided.
    pub billed_at: DateTime<Utc>,
}

/// The subscription is to another plan, version or quantity from now on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SubscriptionPlanChanged {
    /// The customer.
    pub customer_id: String,
    /// The plan before.
    pub from_plan_id: String,
    /// Its version.
    pub from_version: u32,
    /// The quantity before.
    pub from_quantity: u32,
    /// What is sold now.
    pub plan: PlanVersion,
    /// Seats or units now.
    pub quantity: u32,
    /// When.
    pub changed_at: DateTime<Utc>,
    /// What the next bill says about the rest of the period, and about usage so far.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pending: Vec<Line>,
    /// What the subscription comes to in a month.
    pub recurring: Recurring,
}

/// The subscription will be to another plan, version or quantity at the end of the period.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlanChangeScheduled {
    /// What will be sold.
    pub plan: PlanVersion,
    /// Seats or units.
    pub quantity: u32,
    /// When.
    pub at: DateTime<Utc>,
}

/// A change that was scheduled will not happen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlanChangeUnscheduled {}

/// The subscription will end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CancellationScheduled {
    /// When: at the end of the period.
    pub at: DateTime<Utc>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Note>,
}

/// The subscription will not end after all.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SubscriptionResumed {}

/// Why a subscription ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// Somebody cancelled it.
    Cancelled,
    /// It was not paid.
    Unpaid,
    /// The payment provider ended it.
    Provider,
}

/// The subscription is over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SubscriptionEnded {
    /// Why.
    pub reason: EndReason,
    /// Remarks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Note>,
    /// The customer.
    pub customer_id: String,
    /// The plan.
    pub plan_id: String,
    /// When it ended.
    pub ended_at: DateTime<Utc>,
    /// Credit that no bill used up.
    pub credit_left: Money,
    /// The bills on which it is given back, the latest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub credits: Vec<BillCredit>,
    /// What the subscription came to in a month.
    pub recurring: Recurring,
}

/// A payment for the subscription is overdue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SubscriptionPastDue {
    /// The payment.
    pub payment_id: String,
    /// Since when.
    pub since: DateTime<Utc>,
}

/// What the subscription entitles to has fallen away, because a payment is overdue for too long.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EntitlementSuspended {
    /// The payment.
    pub payment_id: String,
    /// The step of dunning at which it happened.
    pub step: u16,
}

/// A payment that was overdue is settled.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SubscriptionRecovered {
    /// The payment.
    pub payment_id: String,
    /// Payments that are still overdue.
    pub still_overdue: u32,
    /// Whether the subscription entitles to something.
    pub entitled: bool,
}

/// A feature is granted differently from the plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EntitlementOverridden {
    /// The feature.
    pub feature: Key,
    /// What is granted; nothing where the plan decides again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<FeatureValue>,
    /// Until when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<DateTime<Utc>>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Note>,
}

/// Where a subscription stands that the payment provider bills.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProviderStatus {
    /// The first payment is not made yet.
    Incomplete,
    /// The first payment was never made.
    IncompleteExpired,
    /// In its trial.
    Trialing,
    /// Paid.
    Active,
    /// A payment is overdue.
    PastDue,
    /// Given up on.
    Unpaid,
    /// Resting.
    Paused,
    /// Over.
    Canceled,
}

impl ProviderStatus {
    /// Whether the subscription is over.
    pub fn has_ended(self) -> bool {
        matches!(self, Self::Canceled | Self::IncompleteExpired)
    }

    /// Whether the subscription entitles to something.
    pub fn entitles(self) -> bool {
        matches!(self, Self::Trialing | Self::Active | Self::PastDue)
    }

    /// Whether it brings money in every period.
    pub fn recurs(self) -> bool {
        matches!(self, Self::Active | Self::PastDue | Self::Unpaid)
    }
}

/// What the payment provider says of a subscription.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ProviderState {
    /// The provider's id of it.
    pub external_id: ExternalId,
    /// Where it stands.
    pub status: ProviderStatus,
    /// The period that is under way.
    pub period: Period,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When the trial ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trial_end: Option<DateTime<Utc>>,
    /// When it will end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancel_at: Option<DateTime<Utc>>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<DateTime<Utc>>,
}

/// The payment provider told how a subscription stands that it bills; the first such event is the subscription's beginning.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SubscriptionSynced {
    /// The customer.
    pub customer_id: String,
    /// What the customer is called.
    #[schemars(extend("x-personal" = true))]
    pub customer_name: Name,
    /// What is sold.
    pub plan: PlanVersion,
    /// Seats or units.
    pub quantity: u32,
    /// What the provider says.
    pub state: ProviderState,
    /// When the provider was asked.
    pub observed_at: DateTime<Utc>,
    /// What the subscription comes to in a month.
    pub recurring: Recurring,
}

/// What the payment provider is asked to do with a subscription that it bills.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "change")]
pub enum ProviderChange {
    /// End it now.
    CancelNow {
        /// Give back what is not used.
        prorate: bool,
    },
    /// End it with the period.
    CancelAtPeriodEnd,
    /// Do not end it after all.
    Resume,
    /// Sell another plan or quantity.
    ChangePlan {
        /// The plan.
        plan_id: String,
        /// The provider's id of its price, where it is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        price_id: Option<ExternalId>,
        /// Seats or units.
        quantity: u32,
        /// Whether the rest of the period is charged and given back.
        prorate: bool,
    },
}

/// The payment provider is asked to change a subscription that it bills.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ProviderChangeRequested {
    /// The provider's id of it.
    pub external_id: ExternalId,
    /// What to do.
    #[serde(flatten)]
    pub change: ProviderChange,
}

events! {
    /// What happens to a subscription.
    pub enum SubscriptionEvent {
        SubscriptionStarted = "subscription_started" 1,
        SubscriptionPeriodBilled = "subscription_period_billed" 1,
        SubscriptionTakenOver = "subscription_taken_over" 1,
        SubscriptionPlanChanged = "subscription_plan_changed" 1,
        PlanChangeScheduled = "subscription_plan_change_scheduled" 1,
        PlanChangeUnscheduled = "subscription_plan_change_unscheduled" 1,
        CancellationScheduled = "subscription_cancellation_scheduled" 1,
        SubscriptionResumed = "subscription_resumed" 1,
        SubscriptionEnded = "subscription_ended" 1,
        SubscriptionPastDue = "subscription_past_due" 1,
        EntitlementSuspended = "subscription_entitlement_suspended" 1,
        SubscriptionRecovered = "subscription_recovered" 1,
        EntitlementOverridden = "subscription_entitlement_overridden" 1,
        SubscriptionSynced = "subscription_synced" 1,
        ProviderChangeRequested = "subscription_provider_change_requested" 1,
    }
}
