//! The dunning policy: how often an unpaid amount is asked for again, how many days lie in between, and what becomes of the
//! subscription meanwhile. There is one for a tenant, `default`; until it is defined, the built-in one holds.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::kernel::{Aggregate, Context, Decision, Refusal};
use crate::{commands, cqrs_aggregate, events, rejections};

/// The id of the policy that holds.
pub const DEFAULT_POLICY: &str = "default";
/// How many further attempts there are at most.
const RETRIES_MAX: usize = 12;
/// The longest wait, in days.
const DAYS_MAX: u16 = 90;

/// What happens to the subscription when the last attempt has failed too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FinalAction {
    /// It ends.
    #[default]
    End,
    /// It goes on, without what it entitles to.
    Suspend,
}

/// What a policy says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DunningRules {
    /// Days before each further attempt: `[3, 5, 7]` makes four attempts in all.
    pub retry_days: Vec<u16>,
    /// The step at which the entitlement falls away: 0 as soon as the amount is overdue, 1 with the first further attempt, and so on;
    /// one more than there are further attempts means not before the end.
    pub entitlement_ends_at_step: u16,
    /// Days after the last attempt until the amount counts as uncollectible.
    pub final_days: u16,
    /// What happens then.
    pub final_action: FinalAction,
}

impl Default for DunningRules {
    fn default() -> Self {
        Self { retry_days: vec![3, 5, 7], entitlement_ends_at_step: 2, final_days: 7, final_action: FinalAction::End }
    }
}

impl DunningRules {
    /// The rules of the tenant.
    pub(super) fn of(context: &Context<'_>) -> Result<Self, Refusal> {
        let policy = context.get::<DunningPolicy>(DEFAULT_POLICY)?;
        Ok(policy.and_then(|policy| policy.rules.clone()).unwrap_or_default())
    }

    /// Days from this step to the next, from step 0, at which the amount is overdue.
    pub fn days_after(&self, step: u16) -> u16 {
        self.retry_days.get(usize::from(step)).copied().unwrap_or(self.final_days)
    }

    /// Whether this step is the last one with an attempt.
    pub fn is_last(&self, step: u16) -> bool {
        usize::from(step) >= self.retry_days.len()
    }

    /// Whether the entitlement is gone at this step.
    pub fn suspends_at(&self, step: u16) -> bool {
        step >= self.entitlement_ends_at_step
    }
}

// ---------------------------------------------------------------------------------------------------------- events

/// The policy was defined.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DunningPolicyDefined {
    /// What it says.
    pub rules: DunningRules,
}

events! {
    /// What happens to a dunning policy.
    pub enum DunningPolicyEvent {
        DunningPolicyDefined = "dunning_policy_defined" 1,
    }
}

// ----------------------------------------------------------------------------------------------------------- state

/// A dunning policy's state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DunningPolicy {
    /// What it says; nothing before it is defined.
    pub rules: Option<DunningRules>,
}

// -------------------------------------------------------------------------------------------------------- commands

/// Defines how unpaid amounts are asked for again. Only the policy `default` counts.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DefineDunningPolicy {
    /// Days before each further attempt, at most 12, each 1 to 90.
    pub retry_days: Vec<u16>,
    /// The step at which the entitlement falls away: 0 as soon as the amount is overdue, 1 with the first further attempt, and so on;
    /// one more than there are further attempts means not before the end.
    pub entitlement_ends_at_step: u16,
    /// Days after the last attempt until the amount counts as uncollectible, 1 to 90.
    pub final_days: u16,
    /// What happens then: the subscription ends, or goes on without what it entitles to.
    #[serde(default)]
    pub final_action: FinalAction,
}

commands! {
    /// What can be asked of a dunning policy.
    pub enum DunningPolicyCommand {
        either "define" => DefineDunningPolicy { "retry_days": [3, 5, 7], "entitlement_ends_at_step": 2, "final_days": 7 },
    }
}

// ---------------------------------------------------------------------------------------------------------- handle

impl Aggregate for DunningPolicy {
    const CONTEXT: &'static str = "billing";
    const TYPE: &'static str = "dunning-policy";
    type Command = DunningPolicyCommand;
    type Event = DunningPolicyEvent;

    fn apply(&mut self, event: &DunningPolicyEvent) {
        let DunningPolicyEvent::DunningPolicyDefined(DunningPolicyDefined { rules }) = event;
        self.rules = Some(rules.clone());
    }

    fn handle(&self, command: DunningPolicyCommand, context: &Context<'_>) -> Result<Decision<DunningPolicyEvent>, Refusal> {
        let DunningPolicyCommand::DefineDunningPolicy(command) = command;
        let DefineDunningPolicy { retry_days, entitlement_ends_at_step, final_days, final_action } = command;
        if context.aggregate_id != DEFAULT_POLICY {
            return Err(DunningRejection::OnlyDefault.into());
        }
        let within = |days: &u16| (1..=DAYS_MAX).contains(days);
        if retry_days.len() > RETRIES_MAX || !retry_days.iter().all(within) || !within(&final_days) {
            return Err(DunningRejection::DaysOutOfRange(RETRIES_MAX, DAYS_MAX).into());
        }
        if usize::from(entitlement_ends_at_step) > retry_days.len() + 1 {
            return Err(DunningRejection::NoSuchStep(retry_days.len() + 1).into());
        }
        let rules = DunningRules { retry_days, entitlement_ends_at_step, final_days, final_action };
        Ok(if self.rules.as_ref() == Some(&rules) { Decision::nothing() } else { Decision::event(DunningPolicyDefined { rules }) })
    }
}

cqrs_aggregate!(DunningPolicy);

// ------------------------------------------------------------------------------------------------------ rejections

rejections! {
    /// Why a dunning policy is refused.
    pub enum DunningRejection in "billing" {
        /// Another policy.
        #[error("A tenant has one dunning policy; define `default`.")]
        OnlyDefault => "dunning_policy_unknown" ["id"],
        /// No days, or too many.
        #[error("Give at most {0} further attempts, and 1 to {1} days before each and after the last.")]
        DaysOutOfRange(usize, u16) => "dunning_days_out_of_range" ["retry_days", "final_days"],
        /// A step that never comes.
        #[error("The last step is {0}; let the entitlement fall away there or earlier.")]
        NoSuchStep(usize) => "dunning_step_unknown" ["entitlement_ends_at_step"],
    }
}

// ----------------------------------------------------------------------------------------------------------- tests

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::kernel::testing::{assert_examples_decode, given_nothing};
    use crate::kernel::{Actor, CommandSet as _, Loaded, TenantId};

    #[test]
    fn the_steps_follow_the_days() {
        let rules = DunningRules::default();
        assert_eq!((0..5).map(|step| rules.days_after(step)).collect::<Vec<_>>(), [3, 5, 7, 7, 7]);
        assert_eq!((0..4).map(|step| rules.is_last(step)).collect::<Vec<_>>(), [false, false, false, true]);
        assert_eq!((0..4).map(|step| rules.suspends_at(step)).collect::<Vec<_>>(), [false, false, true, true]);
    }

    #[test]
    fn only_the_default_policy_counts() {
        let example = json!({ "retry_days": [], "entitlement_ends_at_step": 0, "final_days": 1 });
        given_nothing::<DunningPolicy>().when_json("define", &example).then_rejected("billing.dunning_policy_unknown");
    }

    /// Whether the policy `default` changes, or the code of the refusal.
    fn define(before: &DunningPolicy, body: &serde_json::Value) -> Result<Option<DunningPolicy>, String> {
        let (actor, loaded) = (Actor::default(), Loaded::new());
        let context = Context::new(TenantId(Uuid::nil()), DEFAULT_POLICY, Uuid::nil(), DateTime::UNIX_EPOCH, &actor, &loaded);
        let command = DunningPolicyCommand::decode("define", body.to_string().as_bytes()).unwrap();
        match before.handle(command, &context) {
            Err(Refusal::Rejected(rejection)) => Err(rejection.code),
            Err(Refusal::Needs(key)) => panic!("{key:?} is not needed"),
            Ok(decision) => Ok(decision.events.first().map(|event| {
                let mut after = before.clone();
                after.apply(event);
                after
            })),
        }
    }

    #[test]
    fn a_policy_is_defined_once_and_again_when_it_differs() {
        let body = |days: u16| json!({ "retry_days": [days], "entitlement_ends_at_step": 1, "final_days": 1, "final_action": "suspend" });
        let first = define(&DunningPolicy::default(), &body(2)).unwrap().unwrap();
        assert_eq!(first.rules.as_ref().map(|rules| rules.final_action), Some(FinalAction::Suspend));
        assert_eq!(define(&first, &body(2)), Ok(None));
        assert_ne!(define(&first, &body(3)), Ok(None));
    }

    #[test]
    fn days_and_steps_are_bounded() {
        let define = |retry_days: &[u16], step: u16, last: u16| {
            let body = json!({ "retry_days": retry_days, "entitlement_ends_at_step": step, "final_days": last });
            define(&DunningPolicy::default(), &body).unwrap_err()
        };
        assert_eq!(define(&[1; 13], 0, 1), "billing.dunning_days_out_of_range");
        assert_eq!(define(&[0], 0, 1), "billing.dunning_days_out_of_range");
        assert_eq!(define(&[1], 0, 91), "billing.dunning_days_out_of_range");
        assert_eq!(define(&[1], 3, 1), "billing.dunning_step_unknown");
    }

    #[test]
    fn examples_decode() {
        assert_examples_decode::<DunningPolicy>();
    }
}
