//! Subscriptions that were sold and billed elsewhere until now.

use chrono::{DateTime, TimeDelta, Utc};
use schemars::JsonSchema;
use serde::Deserialize;

use super::bill::{Draft, monthly};
use super::{
    EndReason, ID_LENGTH_MAX, NET_DAYS_MAX, Recurring, Subscription, SubscriptionEvent, SubscriptionRejection, SubscriptionStarted,
    SubscriptionTakenOver,
};
use crate::billing::calendar::Period;
use crate::billing::customer::Customer;
use crate::billing::plan::{Plan, PlanVersion};
use crate::billing::values::{Interval, Note, in_currency, quantity_of};
use crate::kernel::{AggregateId, Context, Decision, Refusal, When};

/// How many times the terms of a subscription that is taken over may have changed.
const TERMS_MAX: usize = 100;
/// How far back a subscription that is taken over may begin, in days.
const BACKDATED_DAYS_MAX: i64 = 18_300;

/// What was sold from a time on.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PastTerms {
    /// Since when.
    pub from: When,
    /// The plan; its newest version counts.
    pub plan_id: AggregateId,
    /// Seats or units, 1 to 1,000,000; 1 where nothing is said.
    #[serde(default = "super::one")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub quantity: u32,
}

/// Takes over a subscription that was sold and billed elsewhere, with its past. Nothing of that is billed again: the period that is under
/// way counts as billed, and the first bill comes with its end.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TakeOverSubscription {
    /// The customer, who must be registered for billing.
    pub customer_id: AggregateId,
    /// What was sold since when, in order, at most 100; the first says when the subscription began.
    pub terms: Vec<PastTerms>,
    /// Days in which each bill is to be paid, at most 120; 0 where nothing is said.
    #[serde(default)]
    #[schemars(range(max = 120))]
    pub net_days: u16,
    /// The last moment that was billed elsewhere; now where nothing is said. The period around it is billed to its end.
    #[serde(default)]
    pub billed_until: Option<When>,
    /// When it ended, if it did.
    #[serde(default)]
    pub ended_at: Option<When>,
    /// Why it ended.
    #[serde(default)]
    pub end_reason: Option<Note>,
}

/// Terms with their plan.
struct Sold {
    from: DateTime<Utc>,
    plan: PlanVersion,
    quantity: u32,
}

pub(super) fn take_over(command: TakeOverSubscription, context: &Context<'_>) -> Result<Decision<SubscriptionEvent>, Refusal> {
    if context.aggregate_id.len() > ID_LENGTH_MAX {
        return Err(SubscriptionRejection::IdTooLong(ID_LENGTH_MAX).into());
    }
    if command.net_days > NET_DAYS_MAX {
        return Err(SubscriptionRejection::NetDaysOutOfRange(NET_DAYS_MAX).into());
    }
    let until = check_times(&command, context.now)?;
    let (_, profile) = Customer::billable(command.customer_id.as_str(), context)?;
    let sold = sold(&command.terms, context)?;
    let Some((first, changes)) = sold.split_first() else { return Err(SubscriptionRejection::TermsOutOfOrder.into()) };
    let (period, anchor, number) = period_at(&sold, until);
    let mut draft = Draft::new(&Subscription::default(), context);
    draft.push(SubscriptionStarted {
        customer_id: command.customer_id.to_string(),
        customer_name: profile.name.clone(),
        plan: first.plan.clone(),
        quantity: first.quantity,
        net_days: command.net_days,
        started_at: first.from,
        trial: None,
    });
    draft.push(SubscriptionTakenOver {
        customer_id: command.customer_id.to_string(),
        plan_id: first.plan.id.clone(),
        period,
        anchor,
        number,
        currency: first.plan.terms.price.currency,
        recurring: Recurring { before_minor: 0, after_minor: monthly(&first.plan, first.quantity) },
        started_at: first.from,
    });
    for change in changes {
        let after_minor = monthly(&change.plan, change.quantity);
        let changed = draft.state.changed_to(change.plan.clone(), change.quantity, Vec::new(), after_minor, change.from);
        draft.push(changed);
    }
    if let Some(ended_at) = command.ended_at {
        draft.end(EndReason::Cancelled, command.end_reason, ended_at.0);
    }
    Ok(draft.decided())
}

/// Checks that the times are in order and in the past; answers until when the subscription was billed.
fn check_times(command: &TakeOverSubscription, now: DateTime<Utc>) -> Result<DateTime<Utc>, SubscriptionRejection> {
    let times: Vec<DateTime<Utc>> = command.terms.iter().map(|terms| terms.from.0).collect();
    let (Some(first), Some(last)) = (times.first(), times.last()) else { return Err(SubscriptionRejection::TermsOutOfOrder) };
    if times.len() > TERMS_MAX {
        return Err(SubscriptionRejection::TooManyTerms(TERMS_MAX));
    }
    if !times.is_sorted_by(|earlier, later| earlier < later) {
        return Err(SubscriptionRejection::TermsOutOfOrder);
    }
    let end = command.ended_at.or(command.billed_until).map_or(now, |at| at.0);
    let fits = |at: DateTime<Utc>| *last <= at && at <= now;
    if *first < now - TimeDelta::days(BACKDATED_DAYS_MAX) || !fits(end) || !command.billed_until.is_none_or(|at| fits(at.0)) {
        return Err(SubscriptionRejection::PastOutOfRange);
    }
    Ok(end)
}

/// The terms with their plans, all of one currency.
fn sold(terms: &[PastTerms], context: &Context<'_>) -> Result<Vec<Sold>, Refusal> {
    let mut sold: Vec<Sold> = Vec::with_capacity(terms.len());
    for past in terms {
        let plan = Plan::newest(past.plan_id.as_str(), context)?;
        if let Some(first) = sold.first() {
            in_currency(plan.terms.price, first.plan.terms.price.currency)?;
        }
        sold.push(Sold { from: past.from.0, plan, quantity: quantity_of(past.quantity)? });
    }
    Ok(sold)
}

/// The period around a time, with the point from which it is counted and its number from there. Periods are counted anew when another
/// interval begins.
fn period_at(sold: &[Sold], at: DateTime<Utc>) -> (Period, DateTime<Utc>, u32) {
    /// The shortest interval is a day, and no subscription is older than half a century.
    const PERIODS_MAX: u32 = 20_000;
    let interval = sold.last().map_or(Interval::MONTH, |last| last.plan.terms.interval);
    let same = sold.iter().rev().take_while(|terms| terms.plan.terms.interval == interval).count();
    let anchor = sold[sold.len() - same].from;
    let period = |number| Period::nth(anchor, interval, number);
    let number = (0..PERIODS_MAX).find(|number| at < period(*number).end).unwrap_or(PERIODS_MAX);
    (period(number), anchor, number)
}
