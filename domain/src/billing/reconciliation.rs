//! A reconciliation: what a comparison with the payment provider found, and what was done about it.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::values::{ExternalId, Key};
use crate::kernel::{Aggregate, Context, Decision, Refusal, Text, When};
use crate::{commands, cqrs_aggregate, events, rejections};

/// How many differences one reconciliation holds; the number of the others is told.
pub const DRIFTS_MAX: usize = 1_000;
/// How many kinds of things are compared at most.
const KINDS_MAX: usize = 20;

// ---------------------------------------------------------------------------------------------------------- events

/// What kind of difference it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DriftKind {
    /// The provider has it and we do not.
    MissingHere,
    /// We have it and the provider does not.
    MissingThere,
    /// It stands differently.
    State,
    /// The amounts differ.
    Amount,
    /// The provider has deleted it.
    Deleted,
}

/// A difference.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Drift {
    /// What kind of difference it is.
    pub kind: DriftKind,
    /// What it is about: `customer`, `subscription`, `payment`, `refund`, `price`.
    pub object: Key,
    /// Our id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Text<128>>,
    /// The provider's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<ExternalId>,
    /// How it is here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ours: Option<Text<200>>,
    /// How it is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub theirs: Option<Text<200>>,
    /// Whether a command has mended it.
    #[serde(default)]
    pub repaired: bool,
    /// Why it was not mended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Text<500>>,
}

/// How many things of a kind there are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Compared {
    /// `customer`, `subscription`, `payment`, `refund`, `price`.
    pub object: Key,
    /// How many we have.
    pub ours: u64,
    /// How many the provider has.
    pub theirs: u64,
}

/// A comparison was made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReconciliationRecorded {
    /// The provider.
    pub provider: Key,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub finished_at: DateTime<Utc>,
    /// What was compared.
    pub compared: Vec<Compared>,
    /// What differed, as far as it fits.
    pub drifts: Vec<Drift>,
    /// How many differences there were in all.
    pub drift_count: u64,
}

events! {
    /// What happens to a reconciliation.
    pub enum ReconciliationEvent {
        ReconciliationRecorded = "reconciliation_recorded" 1,
    }
}

// ----------------------------------------------------------------------------------------------------------- state

/// A reconciliation's state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Reconciliation {
    /// How many differences there were.
    pub drift_count: u64,
}

// -------------------------------------------------------------------------------------------------------- commands

/// Records a comparison with the payment provider. Sent by `neuroops billing reconcile`.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordReconciliation {
    /// The provider, such as `stripe`.
    pub provider: Key,
    /// When it began.
    pub started_at: When,
    /// What was compared, at most 20 kinds of things.
    pub compared: Vec<Compared>,
    /// What differed, at most 1,000.
    #[serde(default)]
    pub drifts: Vec<Drift>,
    /// How many differences there were in all.
    #[serde(default)]
    pub drift_count: u64,
}

commands! {
    /// What can be asked of a reconciliation.
    pub enum ReconciliationCommand {
        creates "record" => RecordReconciliation {
            "provider": "stripe", "started_at": "2026-03-01T02:00:00Z", "compared": [{ "object": "payment", "ours": 120, "theirs": 121 }],
            "drifts": [{ "kind": "missing_here", "object": "payment", "external_id": "pi_123", "theirs": "succeeded" }], "drift_count": 1
        },
    }
}

// ---------------------------------------------------------------------------------------------------------- handle

impl Aggregate for Reconciliation {
    const CONTEXT: &'static str = "billing";
    const TYPE: &'static str = "reconciliation";
    type Command = ReconciliationCommand;
    type Event = ReconciliationEvent;

    fn apply(&mut self, event: &ReconciliationEvent) {
        let ReconciliationEvent::ReconciliationRecorded(e) = event;
        self.drift_count = e.drift_count;
    }

    fn handle(&self, command: ReconciliationCommand, context: &Context<'_>) -> Result<Decision<ReconciliationEvent>, Refusal> {
        let ReconciliationCommand::RecordReconciliation(command) = command;
        let RecordReconciliation { provider, started_at, compared, drifts, drift_count } = command;
        if drifts.len() > DRIFTS_MAX || compared.len() > KINDS_MAX {
            return Err(ReconciliationRejection::TooMuch(DRIFTS_MAX, KINDS_MAX).into());
        }
        let drift_count = drift_count.max(drifts.len() as u64);
        let (started_at, finished_at) = (started_at.0, context.now);
        Ok(Decision::event(ReconciliationRecorded { provider, started_at, finished_at, compared, drifts, drift_count }))
    }
}

cqrs_aggregate!(Reconciliation);

// ------------------------------------------------------------------------------------------------------ rejections

rejections! {
    /// Why a reconciliation is not recorded.
    pub enum ReconciliationRejection in "billing" {
        /// More than fits.
        #[error("A reconciliation holds at most {0} differences and {1} kinds of things; leave the others out and give their number.")]
        TooMuch(usize, usize) => "reconciliation_too_large" ["drifts", "compared"],
    }
}

// ----------------------------------------------------------------------------------------------------------- tests

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::kernel::testing::{assert_examples_decode, given_nothing};

    #[test]
    fn the_number_of_differences_is_never_less_than_those_that_are_told() {
        let drift = json!({ "kind": "state", "object": "payment" });
        let body = json!({ "provider": "stripe", "started_at": "2026-03-01T02:00:00Z", "compared": [], "drifts": [drift, drift] });
        let given = given_nothing::<Reconciliation>().when_json("record", &body).then_accepted();
        assert_eq!(given.state().drift_count, 2);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let drift = json!({ "kind": "state", "object": "payment" });
        let body = json!({ "provider": "stripe", "started_at": "2026-03-01T02:00:00Z", "compared": [], "drifts": vec![drift; 1_001] });
        given_nothing::<Reconciliation>().when_json("record", &body).then_rejected("billing.reconciliation_too_large");
    }

    #[test]
    fn examples_decode() {
        assert_examples_decode::<Reconciliation>();
    }
}
