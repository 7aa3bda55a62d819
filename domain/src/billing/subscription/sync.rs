//! Following the payment provider, for subscriptions that it bills.

use schemars::JsonSchema;
use serde::Deserialize;

use super::bill::{Draft, monthly};
use super::{
    Biller, EndReason, ProviderState, ProviderStatus, Recurring, Standing, Subscription, SubscriptionEvent, SubscriptionRejection,
    SubscriptionSynced,
};
use crate::billing::calendar::Period;
use crate::billing::customer::Customer;
use crate::billing::plan::{Plan, PlanVersion};
use crate::billing::usage::Usage;
use crate::billing::values::{ExternalId, quantity_of};
use crate::kernel::{AggregateId, Context, Decision, Refusal, When};

/// Tells how a subscription stands that the payment provider bills. What was observed before what is known already is left alone.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SyncSubscription {
    /// The provider's id of the subscription.
    pub external_id: ExternalId,
    /// The customer.
    pub customer_id: AggregateId,
    /// The plan.
    pub plan_id: AggregateId,
    /// Seats or units.
    pub quantity: u32,
    /// Where it stands.
    pub status: ProviderStatus,
    /// The start of the period that is under way.
    pub period_start: When,
    /// Its end.
    pub period_end: When,
    /// When it began.
    pub started_at: When,
    /// When the trial ends.
    #[serde(default)]
    pub trial_end: Option<When>,
    /// When it will end.
    #[serde(default)]
    pub cancel_at: Option<When>,
    /// When it ended.
    #[serde(default)]
    pub ended_at: Option<When>,
    /// When the provider was asked.
    pub observed_at: When,
}

impl Subscription {
    pub(super) fn sync(&self, command: &SyncSubscription, context: &Context<'_>) -> Result<Decision<SubscriptionEvent>, Refusal> {
        let known = self.provider.as_ref();
        if self.standing != Standing::Absent && self.billed_by == Biller::Platform {
            return Err(SubscriptionRejection::BilledHere.into());
        }
        if let Some((state, _)) = known.filter(|(state, _)| state.external_id != command.external_id) {
            let (ours, theirs) = (state.external_id.to_string(), command.external_id.to_string());
            return Err(SubscriptionRejection::OtherExternal(ours, theirs).into());
        }
        if self.standing == Standing::Ended || known.is_some_and(|(_, observed_at)| command.observed_at.0 < *observed_at) {
            return Ok(Decision::nothing());
        }
        let state = state_of(command)?;
        let quantity = quantity_of(command.quantity)?;
        let plan = self.plan_of(command.plan_id.as_str(), context)?;
        let same = known.is_some_and(|(known, _)| *known == state) && self.plan.as_ref() == Some(&plan) && self.quantity == quantity;
        if same {
            return Ok(Decision::nothing());
        }
        let customer_name = match &self.customer_name {
            Some(name) => name.clone(),
            None => Customer::billable(command.customer_id.as_str(), context)?.1.name.clone(),
        };
        let usage = context.get::<Usage>(context.aggregate_id)?;
        let after_minor = if state.status.recurs() { monthly(&plan, quantity) } else { 0 };
        let (status, ended_at) = (state.status, state.ended_at.unwrap_or(context.now));
        let over = self.period.filter(|period| period.start != state.period.start);
        let mut draft = Draft::new(self, context);
        draft.push(SubscriptionSynced {
            customer_id: if known.is_some() { self.customer_id.clone() } else { command.customer_id.to_string() },
            customer_name,
            plan,
            quantity,
            state,
            observed_at: command.observed_at.0,
            recurring: Recurring { before_minor: self.recurring_minor, after_minor },
        });
        if let Some(over) = over {
            draft.close_usage(usage, over);
        }
        if status.has_ended() {
            draft.end(EndReason::Provider, None, ended_at);
        }
        Ok(draft.decided())
    }

    /// The version that is sold already, while the plan is the same; else the newest.
    fn plan_of(&self, id: &str, context: &Context<'_>) -> Result<PlanVersion, Refusal> {
        match &self.plan {
            Some(plan) if plan.id == id => Ok(plan.clone()),
            _ => Plan::newest(id, context),
        }
    }

    pub(super) fn synced(&mut self, e: &SubscriptionSynced) {
        self.standing = if e.state.status == ProviderStatus::Trialing { Standing::Trialing } else { Standing::Active };
        self.billed_by = Biller::Provider;
        self.customer_id.clone_from(&e.customer_id);
        self.customer_name = Some(e.customer_name.clone());
        self.plan = Some(e.plan.clone());
        self.quantity = e.quantity;
        self.began_at = Some(e.state.started_at);
        self.anchor = Some(e.state.period.start);
        self.period = Some(e.state.period);
        self.recurring_minor = e.recurring.after_minor;
        self.provider = Some((e.state.clone(), e.observed_at));
        self.requested = None;
    }
}

fn state_of(command: &SyncSubscription) -> Result<ProviderState, SubscriptionRejection> {
    let period = Period { start: command.period_start.0, end: command.period_end.0 };
    if period.end <= period.start {
        return Err(SubscriptionRejection::PeriodInvalid);
    }
    Ok(ProviderState {
        external_id: command.external_id.clone(),
        status: command.status,
        period,
        started_at: command.started_at.0,
        trial_end: command.trial_end.map(|at| at.0),
        cancel_at: command.cancel_at.map(|at| at.0),
        ended_at: command.ended_at.map(|at| at.0),
    })
}
