//! What can be asked of a subscription.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{SyncSubscription, TakeOverSubscription};
use crate::billing::values::{FeatureValue, Key, Note};
use crate::commands;
use crate::kernel::{AggregateId, When};

/// Starts a subscription. Its first period is billed at once, unless the plan has a trial.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StartSubscription {
    /// The customer, who must be registered for billing.
    pub customer_id: AggregateId,
    /// The plan, which must be on sale.
    pub plan_id: AggregateId,
    /// Seats or units, 1 to 1,000,000; 1 where nothing is said.
    #[serde(default = "one")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub quantity: u32,
    /// Days that cost nothing, instead of those of the plan; at most 730.
    #[serde(default)]
    #[schemars(range(max = 730))]
    pub trial_days: Option<u16>,
    /// Days in which each bill is to be paid, at most 120; 0 where nothing is said.
    #[serde(default)]
    #[schemars(range(max = 120))]
    pub net_days: u16,
    /// When it began, at most five years ago; now where nothing is said. The periods since then are billed in turn.
    #[serde(default)]
    pub start_at: Option<When>,
}

pub(super) fn one() -> u32 {
    1
}

fn yes() -> bool {
    true
}

/// When a change takes effect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Effective {
    /// At once.
    Now,
    /// With the end of the period.
    #[default]
    PeriodEnd,
}

/// Changes plan, version or quantity. With the end of the period unless it says `now`.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangePlan {
    /// The plan, in its newest version; without it only the quantity changes.
    #[serde(default)]
    pub plan_id: Option<AggregateId>,
    /// Seats or units; as they are where nothing is said.
    #[serde(default)]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub quantity: Option<u32>,
    /// When: `now` or `period_end`.
    #[serde(default)]
    pub when: Effective,
    /// Whether the rest of the period is given back and charged, for a change at once.
    #[serde(default = "yes")]
    pub prorate: bool,
}

/// Cancels. With the end of the period unless it says `now`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CancelSubscription {
    /// When: `now` or `period_end`.
    pub when: Effective,
    /// Whether the rest of the period is given back, when it ends at once.
    pub prorate: bool,
    /// Why.
    pub reason: Option<Note>,
}

/// Takes back a cancellation that has not happened yet.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResumeSubscription {}

/// Ends a subscription whose payment is overdue, without a further bill.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ExpireSubscription {
    /// Remarks.
    pub reason: Option<Note>,
}

/// Grants a feature differently from the plan.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OverrideEntitlement {
    /// The feature.
    pub feature: Key,
    /// What is granted: a switch, a number or a word; `null` lets the plan decide again.
    pub value: Option<FeatureValue>,
    /// Until when; for good where nothing is said.
    #[serde(default)]
    pub until: Option<When>,
    /// Why.
    #[serde(default)]
    pub reason: Option<Note>,
}

/// Bills the period that is over. Sent by the clock; does nothing while no period is over.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BillPeriod {}

commands! {
    /// What can be asked of a subscription.
    pub enum SubscriptionCommand {
        creates "start" => StartSubscription { "customer_id": "c-1", "plan_id": "growth", "quantity": 3, "net_days": 14 },
        creates "take-over" => TakeOverSubscription {
            "customer_id": "c-1", "terms": [
                { "from": "2025-02-03T00:00:00Z", "plan_id": "growth" }, { "from": "2025-09-03T00:00:00Z", "plan_id": "growth", "quantity": 3 }
            ],
            "net_days": 14
        },
        "change-plan" => ChangePlan { "plan_id": "enterprise", "when": "now" },
        "cancel" => CancelSubscription { "when": "period_end", "reason": "moving to another product" },
        "resume" => ResumeSubscription {},
        "expire" => ExpireSubscription { "reason": "three reminders without an answer" },
        "override-entitlement" => OverrideEntitlement { "feature": "seats", "value": 50, "reason": "goodwill" },
        "bill-period" => BillPeriod {},
        either "sync" => SyncSubscription {
            "external_id": "sub_123", "customer_id": "c-1", "plan_id": "growth", "quantity": 1, "status": "active",
            "period_start": "2026-03-01T00:00:00Z", "period_end": "2026-04-01T00:00:00Z", "started_at": "2026-03-01T00:00:00Z",
            "observed_at": "2026-03-01T00:00:05Z"
        },
    }
}
