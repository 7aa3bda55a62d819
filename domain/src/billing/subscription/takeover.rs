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
    #[serde(default = "super::commands::one")]
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
        draft.push(draft.state.changed_to(change.plan.clone(), change.quantity, Vec::new(), after_minor, change.from));
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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::tests::around;
    use super::super::{BillKind, Standing, SubscriptionEvent};
    use super::*;
    use crate::kernel::testing::{Then, given_nothing};

    fn day(text: &str) -> DateTime<Utc> {
        format!("{text}T00:00:00Z").parse().unwrap()
    }

    fn terms(list: &[(&str, &str, u32)]) -> Value {
        list.iter().map(|(from, plan, quantity)| json!({ "from": day(from), "plan_id": plan, "quantity": quantity })).collect()
    }

    fn take_over(list: &[(&str, &str, u32)], more: &Value) -> Then<Subscription> {
        let mut body = json!({ "customer_id": "c", "terms": terms(list) });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        around(given_nothing()).at("2026-03-10T00:00:00Z").when_json("take-over", &body)
    }

    #[test]
    fn a_subscription_that_is_taken_over_is_billed_from_the_end_of_its_period_on() {
        let given = take_over(&[("2024-08-31", "monthly", 1), ("2025-02-28", "monthly", 3)], &json!({})).then_accepted();
        let state = given.state();
        assert_eq!((state.standing, state.quantity, state.started_at()), (Standing::Active, 3, day("2024-08-31")));
        assert_eq!(state.period, Some(Period { start: day("2026-02-28"), end: day("2026-03-31") }), "counted from the 31st");
        assert_eq!(state.recurring_minor, 9_000);
        let given = given.when_json("bill-period", &json!({})).then_nothing().at("2026-03-31T00:00:01Z");
        let then = given.when_json("bill-period", &json!({}));
        let bills: Vec<_> = then
            .events()
            .into_iter()
            .filter_map(|e| if let SubscriptionEvent::SubscriptionPeriodBilled(e) = e { Some(e) } else { None })
            .collect();
        assert_eq!(bills.len(), 1);
        assert_eq!((bills[0].kind, bills[0].period.end, bills[0].total.amount_minor), (BillKind::Recurring, day("2026-04-30"), 9_000));
    }

    #[test]
    fn what_it_came_to_in_a_month_is_told_from_its_beginning_on() {
        let then = take_over(
            &[("2024-03-01", "monthly", 1), ("2025-06-15", "yearly", 1)],
            &json!({ "ended_at": day("2025-12-01"), "end_reason": "closed" }),
        );
        let recurring: Vec<(String, i64, i64)> = then
            .events()
            .into_iter()
            .filter_map(|event| match event {
                SubscriptionEvent::SubscriptionTakenOver(e) => Some((e.started_at, e.recurring)),
                SubscriptionEvent::SubscriptionPlanChanged(e) => Some((e.changed_at, e.recurring)),
                SubscriptionEvent::SubscriptionEnded(e) => Some((e.ended_at, e.recurring)),
                _ => None,
            })
            .map(|(at, recurring)| (at.date_naive().to_string(), recurring.before_minor, recurring.after_minor))
            .collect();
        let expected = [("2024-03-01", 0, 3_000), ("2025-06-15", 3_000, 2_500), ("2025-12-01", 2_500, 0)];
        assert_eq!(recurring, expected.map(|(day, before, after)| (day.to_owned(), before, after)));
        let given = then.then_accepted();
        assert_eq!(given.state().standing, Standing::Ended);
    }

    #[test]
    fn a_past_that_cannot_have_been_is_not_taken_over() {
        take_over(&[], &json!({})).then_rejected("billing.terms_out_of_order");
        take_over(&[("2025-02-01", "monthly", 1), ("2025-01-01", "monthly", 2)], &json!({})).then_rejected("billing.terms_out_of_order");
        take_over(&[("2026-03-11", "monthly", 1)], &json!({})).then_rejected("billing.past_out_of_range");
        take_over(&[("1975-01-01", "monthly", 1)], &json!({})).then_rejected("billing.past_out_of_range");
        take_over(&[("2025-01-01", "monthly", 1)], &json!({ "ended_at": day("2024-12-31") })).then_rejected("billing.past_out_of_range");
        take_over(&[("2025-01-01", "monthly", 1)], &json!({ "billed_until": day("2026-04-01") }))
            .then_rejected("billing.past_out_of_range");
        take_over(&[("2025-01-01", "nothing", 1)], &json!({})).then_rejected("billing.plan_unknown");
        take_over(&[("2025-01-01", "monthly", 1)], &json!({ "net_days": 121 })).then_rejected("billing.net_days_out_of_range");
    }
}
