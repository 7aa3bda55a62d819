//! Given / when / then.

use serde_json::{Value, json};

use super::*;
use crate::billing::customer::tests::registered;
use crate::billing::plan::tests::{key, monthly, terms};
use crate::billing::plan::{PlanPublished, PlanRetired};
use crate::billing::usage::{Recorded, Usage, UsageRecorded};
use crate::kernel::testing::{Given, ID, Then, assert_examples_decode, given, given_nothing};
use crate::kernel::{Currency, Money, Text};

/// Midnight of the day on which subscriptions of the tests begin.
const BEGIN: &str = "2026-03-01T00:00:00Z";

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn text<const N: usize>(text: &str) -> Text<N> {
    text.to_owned().try_into().unwrap()
}

fn euro(minor: i64) -> Money {
    Money::new(minor, Currency::EUR)
}

fn day(text: &str) -> DateTime<Utc> {
    at(&format!("{text}T00:00:00Z"))
}

/// The monthly plan with some fields changed.
fn plan_with(fields: &Value) -> Value {
    let mut body = monthly();
    for (name, value) in fields.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

fn published(body: &Value) -> crate::billing::plan::PlanEvent {
    PlanPublished { version: 1, terms: terms(body) }.into()
}

/// A world with a customer and some plans, around a subscription.
pub fn around(subscription: Given<Subscription>) -> Given<Subscription> {
    let plans = [
        ("monthly", monthly()),
        ("dear", plan_with(&json!({ "name": "Dear", "price": { "amount_minor": 9_000, "currency": "EUR" }, "charges": [] }))),
        (
            "yearly",
            plan_with(&json!({ "name": "Yearly", "price": { "amount_minor": 30_000, "currency": "EUR" }, "interval": { "unit": "year" } })),
        ),
        ("dollars", plan_with(&json!({ "price": { "amount_minor": 3_000, "currency": "USD" }, "charges": [] }))),
        ("trial", plan_with(&json!({ "trial_days": 14 }))),
    ];
    let given = subscription.and::<Customer>("c", [registered("Acme").into()]);
    plans.into_iter().fold(given, |given, (id, body)| given.and::<Plan>(id, [published(&body)]))
}

fn start_body(plan: &str) -> Value {
    json!({ "customer_id": "c", "plan_id": plan })
}

fn started(plan: &str) -> Given<Subscription> {
    around(given_nothing()).at(BEGIN).when_json("start", &start_body(plan)).then_accepted()
}

fn used(start: &str, records: &[(&str, &str)]) -> UsageRecorded {
    let record = |(id, value): &(&str, &str)| Recorded {
        transaction_id: text(id),
        metric: key("calls"),
        value: value.parse().unwrap(),
        key: None,
        at: at(start),
    };
    let records: Vec<_> = records.iter().map(record).collect();
    UsageRecorded { customer_id: "c".into(), period_start: at(start), records, totals: vec![] }
}

/// The only bill of a decision.
fn bill_of(then: Then<Subscription>) -> (SubscriptionPeriodBilled, Given<Subscription>) {
    let claims: Vec<_> = then.claims().to_vec();
    let events = then.events();
    let bills: Vec<_> = events
        .into_iter()
        .filter_map(|event| if let SubscriptionEvent::SubscriptionPeriodBilled(bill) = event { Some(bill) } else { None })
        .collect();
    let given = then.then_accepted();
    let [bill] = <[_; 1]>::try_from(bills).expect("one bill");
    let sum: i64 = bill.lines.iter().map(|line| line.amount.amount_minor).sum();
    assert_eq!((sum, bill.total.amount_minor >= 0), (bill.total.amount_minor, true), "the lines add up to what is owed");
    assert_eq!(claims.iter().filter(|claim| claim.scope == PERIOD_SCOPE).count(), 1, "the period is claimed");
    (bill, given)
}

fn lines(bill: &SubscriptionPeriodBilled) -> Vec<(LineKind, i64)> {
    bill.lines.iter().map(|line| (line.kind, line.amount.amount_minor)).collect()
}

#[test]
fn the_first_period_is_billed_at_once_and_in_advance() {
    let body = json!({ "customer_id": "c", "plan_id": "monthly", "quantity": 3, "net_days": 14 });
    let (bill, given) = bill_of(around(given_nothing()).at(BEGIN).when_json("start", &body));
    assert_eq!((bill.bill_id.as_str(), bill.total, bill.kind), ("a-1-2026-03-01", euro(9_000), BillKind::Recurring));
    assert_eq!(bill.period, Period { start: day("2026-03-01"), end: day("2026-04-01") });
    assert_eq!((bill.recurring, bill.net_days), (Recurring { before_minor: 0, after_minor: 9_000 }, 14));
    assert_eq!(given.state().standing, Standing::Active);
}

#[test]
fn a_subscription_needs_a_customer_and_a_plan_on_sale() {
    let when = |body: Value| around(given_nothing()).when_json("start", &body);
    when(json!({ "customer_id": "x", "plan_id": "monthly" })).then_rejected("billing.customer_unknown");
    when(json!({ "customer_id": "c", "plan_id": "x" })).then_rejected("billing.plan_unknown");
    when(json!({ "customer_id": "c", "plan_id": "monthly", "quantity": 0 })).then_rejected("billing.quantity_out_of_range");
    when(json!({ "customer_id": "c", "plan_id": "monthly", "trial_days": 731 })).then_rejected("billing.trial_too_long");
    when(json!({ "customer_id": "c", "plan_id": "monthly", "net_days": 121 })).then_rejected("billing.net_days_out_of_range");
    when(json!({ "customer_id": "c", "plan_id": "monthly", "start_at": "2026-03-02T00:00:00Z" }))
        .then_rejected("billing.start_out_of_range");
    when(json!({ "customer_id": "c", "plan_id": "monthly", "start_at": "2020-03-02T00:00:00Z" }))
        .then_rejected("billing.start_out_of_range");
    let retired = [published(&monthly()), PlanRetired { version: 1, link: None }.into()];
    let given = around(given_nothing()).and::<Plan>("monthly", retired);
    given.when_json("start", &start_body("monthly")).then_rejected("billing.plan_not_on_sale");
}

#[test]
fn nothing_is_billed_before_a_period_is_over_and_nothing_twice() {
    let given = started("monthly").at("2026-03-31T23:59:59Z").when_json("bill-period", &json!({})).then_nothing();
    let (bill, given) = bill_of(given.at("2026-04-01T00:00:00Z").when_json("bill-period", &json!({})));
    assert_eq!((bill.bill_id.as_str(), lines(&bill)), ("a-1-2026-04-01", vec![(LineKind::Flat, 3_000)]));
    given.when_json("bill-period", &json!({})).then_nothing();
}

#[test]
fn after_an_outage_each_period_is_billed_in_turn() {
    let mut given = started("monthly").at("2026-07-15T12:00:00Z");
    let mut ids = Vec::new();
    for _ in 0..4 {
        let (bill, next) = bill_of(given.when_json("bill-period", &json!({})));
        ids.push(bill.bill_id);
        given = next;
    }
    assert_eq!(ids, ["a-1-2026-04-01", "a-1-2026-05-01", "a-1-2026-06-01", "a-1-2026-07-01"]);
    given.when_json("bill-period", &json!({})).then_nothing();
}

#[test]
fn the_31st_is_billed_at_the_end_of_each_month() {
    let begun = around(given_nothing()).at("2026-08-31T10:00:00Z").when_json("start", &start_body("monthly"));
    let mut given = begun.then_accepted().at("2027-03-31T10:00:00Z");
    let mut days = Vec::new();
    for _ in 0..7 {
        let (bill, next) = bill_of(given.when_json("bill-period", &json!({})));
        days.push(bill.period.start.format("%m-%d").to_string());
        given = next;
    }
    assert_eq!(days, ["09-30", "10-31", "11-30", "12-31", "01-31", "02-28", "03-31"]);
}

#[test]
fn usage_is_billed_when_its_period_is_over_and_then_closed() {
    let given = started("monthly").and::<Usage>(ID, [used(BEGIN, &[("a", "100"), ("b", "20.5")]).into()]);
    let then = given.at("2026-04-01T00:00:00Z").when_json("bill-period", &json!({}));
    assert_eq!(then.others()[0].2, "usage_period_closed");
    let (bill, _) = bill_of(then);
    assert_eq!(lines(&bill), [(LineKind::Usage, 241), (LineKind::Flat, 3_000)]);
    let usage = &bill.lines[0];
    assert_eq!((usage.quantity.to_string().as_str(), usage.service.start), ("120.5", day("2026-03-01")));
    assert_eq!(bill.lines[1].service.start, day("2026-04-01"));
}

#[test]
fn a_trial_costs_nothing_and_then_the_first_period_begins() {
    let given = started("trial");
    assert_eq!((given.state().standing, given.state().recurring_minor), (Standing::Trialing, 0));
    let given = given.and::<Usage>(ID, [used(BEGIN, &[("a", "100")]).into()]);
    let given = given.at("2026-03-14T00:00:00Z").when_json("bill-period", &json!({})).then_nothing();
    let (bill, given) = bill_of(given.at("2026-03-15T00:00:00Z").when_json("bill-period", &json!({})));
    assert_eq!((bill.bill_id.as_str(), lines(&bill)), ("a-1-2026-03-15", vec![(LineKind::Flat, 3_000)]));
    assert_eq!(given.state().period, Some(Period { start: day("2026-03-15"), end: day("2026-04-15") }));
    assert_eq!(bill.recurring, Recurring { before_minor: 0, after_minor: 3_000 });
}

#[test]
fn a_change_at_once_gives_back_and_charges_the_rest_with_the_next_bill() {
    let given = started("monthly").and::<Usage>(ID, [used(BEGIN, &[("a", "50")]).into()]);
    let body = json!({ "plan_id": "dear", "when": "now" });
    // 16 of 31 days are left.
    let then = given.at("2026-03-16T00:00:00Z").when_json("change-plan", &body);
    assert_eq!(then.others()[0].2, "usage_period_closed", "what was used is billed as it was sold");
    let given = then.then_accepted();
    let pending: Vec<_> = given.state().pending.iter().map(|line| (line.kind, line.amount.amount_minor)).collect();
    assert_eq!(pending, [(LineKind::Usage, 100), (LineKind::Proration, -1_548), (LineKind::Proration, 4_645)]);
    assert_eq!(given.state().recurring_minor, 9_000);
    let given = given.when_json("change-plan", &body).then_nothing();
    let (bill, given) = bill_of(given.at("2026-04-01T00:00:00Z").when_json("bill-period", &json!({})));
    assert_eq!(bill.total, euro(100 - 1_548 + 4_645 + 9_000));
    assert!(given.state().pending.is_empty());
}

#[test]
fn a_change_to_less_becomes_credit_that_the_next_bills_use_up() {
    let given = started("dear").at("2026-03-01T00:00:01Z");
    let given = given.when_json("change-plan", &json!({ "plan_id": "monthly", "when": "now" })).then_accepted();
    let (bill, given) = bill_of(given.at("2026-04-01T00:00:00Z").when_json("bill-period", &json!({})));
    // 9,000 back, 3,000 for March, 3,000 for April: 3,000 are left over.
    assert_eq!((bill.total, bill.credit_left_minor), (euro(0), 3_000));
    let (bill, given) = bill_of(given.at("2026-05-01T00:00:00Z").when_json("bill-period", &json!({})));
    assert_eq!((bill.total, bill.credit_left_minor), (euro(0), 0));
    let (bill, _) = bill_of(given.at("2026-06-01T00:00:00Z").when_json("bill-period", &json!({})));
    assert_eq!(bill.total, euro(3_000));
}

#[test]
fn a_change_without_proration_only_changes_what_comes() {
    let given = started("monthly").at("2026-03-16T00:00:00Z");
    let body = json!({ "quantity": 2, "when": "now", "prorate": false });
    let given = given.when_json("change-plan", &body).then_accepted();
    assert_eq!((given.state().pending.len(), given.state().recurring_minor), (0, 6_000));
}

#[test]
fn a_change_to_another_interval_begins_a_new_period_at_once() {
    let given = started("monthly").at("2026-03-16T12:00:00Z");
    let (bill, given) = bill_of(given.when_json("change-plan", &json!({ "plan_id": "yearly", "when": "now" })));
    assert_eq!(lines(&bill), [(LineKind::Proration, -1_500), (LineKind::Flat, 30_000)]);
    assert_eq!((bill.bill_id.as_str(), bill.period.end), ("a-1-2026-03-16", at("2027-03-16T12:00:00Z")));
    assert_eq!(given.state().recurring_minor, 2_500);
    let (bill, _) = bill_of(given.when_json("change-plan", &json!({ "plan_id": "monthly", "when": "now" })));
    assert_eq!(bill.bill_id, "a-1-2026-03-16-2", "a day may have two bills");
}

#[test]
fn a_change_at_the_end_of_the_period_waits_and_can_be_taken_back() {
    let body = json!({ "plan_id": "dear" });
    let given = started("monthly").when_json("change-plan", &body).then_accepted();
    let given = given.when_json("change-plan", &body).then_nothing();
    let then = given.at("2026-04-01T00:00:00Z").when_json("bill-period", &json!({}));
    let kinds: Vec<_> = then.events().iter().map(|event| crate::kernel::EventSet::def(event).name).collect();
    assert_eq!(kinds, ["subscription_plan_changed", "subscription_period_billed"]);
    let (bill, given) = bill_of(then);
    assert_eq!((lines(&bill), bill.plan_id.as_str()), (vec![(LineKind::Flat, 9_000)], "dear"));
    let given = given.when_json("change-plan", &json!({ "plan_id": "monthly" })).then_accepted();
    let given = given.when_json("change-plan", &json!({ "plan_id": "dear" })).then([PlanChangeUnscheduled {}.into()]);
    given.when_json("change-plan", &json!({ "plan_id": "dear" })).then_nothing();
}

#[test]
fn a_scheduled_change_of_interval_counts_from_its_own_beginning() {
    let given = started("monthly").when_json("change-plan", &json!({ "plan_id": "yearly" })).then_accepted();
    let (bill, _) = bill_of(given.at("2026-04-02T00:00:00Z").when_json("bill-period", &json!({})));
    assert_eq!((bill.period.start, bill.period.end, bill.number), (day("2026-04-01"), day("2027-04-01"), 0));
}

#[test]
fn changes_that_cannot_be_are_refused() {
    let given = || started("monthly").at("2026-03-16T00:00:00Z");
    given().when_json("change-plan", &json!({ "plan_id": "dollars" })).then_rejected("billing.currency_mismatch");
    given().when_json("change-plan", &json!({ "plan_id": "x" })).then_rejected("billing.plan_unknown");
    given().when_json("change-plan", &json!({ "quantity": 0 })).then_rejected("billing.quantity_out_of_range");
    let behind = || started("monthly").at("2026-04-01T00:00:00Z");
    behind().when_json("change-plan", &json!({ "plan_id": "dear" })).then_rejected("billing.period_not_billed");
    behind().when_json("cancel", &json!({})).then_rejected("billing.period_not_billed");
    let cancelled = || given().when_json("cancel", &json!({})).then_accepted();
    cancelled().when_json("change-plan", &json!({ "plan_id": "dear" })).then_rejected("billing.cancellation_pending");
    cancelled().at("2026-04-01T00:00:00Z").when_json("resume", &json!({})).then_rejected("billing.period_not_billed");
    given().when_json("change-plan", &json!({})).then_nothing();
}

#[test]
fn a_cancelled_subscription_ends_with_its_period_and_a_bill_for_what_was_used() {
    let body = json!({ "reason": "too dear" });
    let given = started("monthly").when_json("cancel", &body).then_accepted().when_json("cancel", &body).then_nothing();
    let given = given.and::<Usage>(ID, [used(BEGIN, &[("a", "10")]).into()]);
    let then = given.at("2026-04-03T00:00:00Z").when_json("bill-period", &json!({}));
    let events = then.events();
    let SubscriptionEvent::SubscriptionEnded(ended) = events.last().unwrap() else { panic!("{events:?}") };
    assert_eq!(
        (ended.ended_at, ended.reason, ended.recurring),
        (day("2026-04-01"), EndReason::Cancelled, Recurring { before_minor: 3_000, after_minor: 0 })
    );
    let (bill, given) = bill_of(then);
    assert_eq!((bill.kind, bill.bill_id.as_str(), lines(&bill)), (BillKind::Final, "a-1-2026-04-01", vec![(LineKind::Usage, 20)]));
    assert_eq!(given.state().standing, Standing::Ended);
    let given = given.when_json("cancel", &json!({})).then_nothing().when_json("bill-period", &json!({})).then_nothing();
    given.when_json("change-plan", &json!({ "plan_id": "dear" })).then_rejected("billing.subscription_ended");
}

#[test]
fn without_use_the_end_has_no_bill() {
    let given = started("monthly").when_json("cancel", &json!({})).then_accepted().at("2026-04-01T00:00:00Z");
    let then = given.when_json("bill-period", &json!({}));
    assert_eq!(then.events().len(), 1);
}

#[test]
fn a_cancellation_can_be_taken_back_until_it_happens() {
    let given = started("monthly").when_json("resume", &json!({})).then_nothing();
    let given = given.when_json("cancel", &json!({})).then_accepted().when_json("resume", &json!({})).then([SubscriptionResumed {}.into()]);
    let ended = given.when_json("cancel", &json!({ "when": "now" })).then_accepted();
    ended.when_json("resume", &json!({})).then_rejected("billing.subscription_ended");
}

#[test]
fn a_cancellation_at_once_bills_use_and_keeps_what_is_given_back_as_credit() {
    let given = || started("monthly").and::<Usage>(ID, [used(BEGIN, &[("a", "100")]).into()]).at("2026-03-16T12:00:00Z");
    let (bill, _) = bill_of(given().when_json("cancel", &json!({ "when": "now" })));
    assert_eq!((bill.kind, lines(&bill)), (BillKind::Final, vec![(LineKind::Usage, 200)]));
    let then = given().when_json("cancel", &json!({ "when": "now", "prorate": true }));
    let events = then.events();
    let SubscriptionEvent::SubscriptionEnded(ended) = events.last().unwrap() else { panic!("{events:?}") };
    assert_eq!(ended.credit_left, euro(1_300), "1,500 are not used, 200 are owed");
    let (bill, _) = bill_of(then);
    assert_eq!(bill.total, euro(0));
    let trial = started("trial").when_json("cancel", &json!({ "when": "now", "prorate": true }));
    assert_eq!(trial.events().len(), 1, "a trial ends without a bill");
}

#[test]
fn an_overdue_payment_takes_the_entitlement_and_gives_it_back() {
    let given = started("monthly");
    let now = at("2026-03-10T00:00:00Z");
    let overdue = given.state().on_overdue("p", 0, false, now);
    assert_eq!(overdue, [SubscriptionPastDue { payment_id: "p".into(), since: now }.into()]);
    let mut state = given.state().clone();
    for event in &overdue {
        state.apply(event);
    }
    assert_eq!(state.on_overdue("p", 0, false, now), []);
    let suspended = state.on_overdue("p", 2, true, now);
    assert_eq!(suspended, [EntitlementSuspended { payment_id: "p".into(), step: 2 }.into()]);
    for event in &suspended {
        state.apply(event);
    }
    let recovered = state.on_settled("p");
    assert_eq!(recovered, [SubscriptionRecovered { payment_id: "p".into(), still_overdue: 0, entitled: true }.into()]);
    for event in &recovered {
        state.apply(event);
    }
    assert_eq!((state.overdue.len(), state.suspended_by.len(), state.on_settled("p")), (0, 0, vec![]));
    assert!(matches!(&state.on_given_up("p", 3, FinalAction::End, now)[..], [SubscriptionEvent::SubscriptionEnded(_)]));
    assert_eq!(state.on_given_up("p", 3, FinalAction::Suspend, now).len(), 2);
}

#[test]
fn only_an_overdue_subscription_expires() {
    started("monthly").when_json("expire", &json!({})).then_rejected("billing.not_past_due");
    let past_due = SubscriptionPastDue { payment_id: "p".into(), since: at(BEGIN) };
    let given = around(given([
        SubscriptionStarted {
            customer_id: "c".into(),
            customer_name: text("Acme"),
            plan: PlanVersion { id: "monthly".into(), version: 1, terms: terms(&monthly()) },
            quantity: 1,
            net_days: 0,
            started_at: at(BEGIN),
            trial: None,
        }
        .into(),
        past_due.into(),
    ]));
    let given = given.when_json("expire", &json!({})).then_accepted();
    assert_eq!(given.state().standing, Standing::Ended);
    given.when_json("expire", &json!({})).then_nothing();
}

#[test]
fn a_feature_is_granted_differently_until_it_is_not() {
    let body = json!({ "feature": "seats", "value": 50, "until": "2026-05-01T00:00:00Z" });
    let given = started("monthly").when_json("override-entitlement", &body).then_accepted();
    let given = given.when_json("override-entitlement", &body).then_nothing();
    let seats = |given: &Given<Subscription>, time: &str| given.state().entitlements(at(time))[&key("seats")].clone();
    assert_eq!(seats(&given, "2026-04-30T00:00:00Z"), FeatureValue::Number(50));
    assert_eq!(seats(&given, "2026-05-01T00:00:00Z"), FeatureValue::Number(5));
    let given = given.when_json("override-entitlement", &json!({ "feature": "seats", "value": null })).then_accepted();
    assert_eq!(seats(&given, BEGIN), FeatureValue::Number(5));
    let past = json!({ "feature": "seats", "value": 1, "until": "2026-02-01T00:00:00Z" });
    given.when_json("override-entitlement", &past).then_rejected("billing.override_in_past");
}

#[test]
fn overrides_are_bounded() {
    let overridden = |n: usize| EntitlementOverridden {
        feature: key(&format!("f{n}")),
        value: Some(FeatureValue::Number(1)),
        until: None,
        reason: None,
    };
    let mut state = started("monthly").state().clone();
    (0..100).for_each(|n| state.apply(&overridden(n).into()));
    let command = OverrideEntitlement { feature: key("one-more"), value: Some(FeatureValue::Number(1)), until: None, reason: None };
    let (actor, loaded) = (crate::kernel::Actor::default(), crate::kernel::Loaded::new());
    let context = Context::new(crate::kernel::TenantId(uuid::Uuid::nil()), ID, uuid::Uuid::nil(), at(BEGIN), &actor, &loaded);
    assert_eq!(state.override_entitlement(command, &context).map(|_| ()), Err(SubscriptionRejection::TooManyOverrides(100)));
}

fn sync_body(status: &str, observed_at: &str) -> Value {
    json!({
        "external_id": "sub_1", "customer_id": "c", "plan_id": "monthly", "quantity": 2, "status": status, "period_start": BEGIN,
        "period_end": "2026-04-01T00:00:00Z", "started_at": BEGIN, "observed_at": observed_at
    })
}

#[test]
fn a_subscription_of_the_provider_follows_it_and_is_never_billed_here() {
    let given = around(given_nothing()).at(BEGIN).when_json("sync", &sync_body("active", "2026-03-01T00:00:10Z")).then_accepted();
    assert_eq!((given.state().billed_by, given.state().recurring_minor), (Biller::Provider, 6_000));
    let given = given.when_json("sync", &sync_body("active", "2026-03-01T00:00:20Z")).then_nothing();
    let given = given.when_json("sync", &sync_body("unpaid", "2026-03-01T00:00:05Z")).then_nothing();
    let given = given.at("2026-09-01T00:00:00Z").when_json("bill-period", &json!({})).then_nothing();
    let given = given.when_json("sync", &sync_body("canceled", "2026-09-01T00:00:00Z")).then_accepted();
    assert_eq!(given.state().standing, Standing::Ended);
    given.when_json("sync", &sync_body("active", "2026-09-02T00:00:00Z")).then_nothing();
}

#[test]
fn what_the_provider_says_must_fit() {
    started("monthly").when_json("sync", &sync_body("active", BEGIN)).then_rejected("billing.billed_by_platform");
    let first = || around(given_nothing()).when_json("sync", &sync_body("active", BEGIN)).then_accepted();
    let mut other = sync_body("active", BEGIN);
    other["external_id"] = json!("sub_2");
    first().when_json("sync", &other).then_rejected("billing.external_id_mismatch");
    let mut backwards = sync_body("active", BEGIN);
    backwards["period_end"] = json!("2026-02-01T00:00:00Z");
    around(given_nothing()).when_json("sync", &backwards).then_rejected("billing.period_invalid");
    let mut stranger = sync_body("active", BEGIN);
    stranger["customer_id"] = json!("x");
    around(given_nothing()).when_json("sync", &stranger).then_rejected("billing.customer_unknown");
}

#[test]
fn the_provider_is_asked_once_for_a_change_of_its_subscription() {
    let given = around(given_nothing()).at(BEGIN).when_json("sync", &sync_body("active", BEGIN)).then_accepted();
    let asked = |change| ProviderChangeRequested { external_id: text("sub_1"), change };
    let given = given.when_json("cancel", &json!({})).then([asked(ProviderChange::CancelAtPeriodEnd).into()]);
    let given = given.when_json("cancel", &json!({})).then_nothing().when_json("resume", &json!({})).then_nothing();
    let mut ending = sync_body("active", "2026-03-02T00:00:00Z");
    ending["cancel_at"] = json!("2026-04-01T00:00:00Z");
    let given = given.when_json("sync", &ending).then_accepted().when_json("cancel", &json!({})).then_nothing();
    let given = given.when_json("resume", &json!({})).then([asked(ProviderChange::Resume).into()]);
    let plan = ProviderChange::ChangePlan { plan_id: "dear".into(), price_id: None, quantity: 2, prorate: true };
    let given = given.when_json("change-plan", &json!({ "plan_id": "dear", "when": "now" })).then([asked(plan).into()]);
    let given = given.when_json("cancel", &json!({ "when": "now" })).then([asked(ProviderChange::CancelNow { prorate: false }).into()]);
    given.when_json("expire", &json!({})).then_rejected("billing.not_past_due");
}

#[test]
fn an_id_leaves_room_for_a_day() {
    let (actor, loaded) = (crate::kernel::Actor::default(), crate::kernel::Loaded::new());
    let id = "x".repeat(97);
    let context = Context::new(crate::kernel::TenantId(uuid::Uuid::nil()), &id, uuid::Uuid::nil(), at(BEGIN), &actor, &loaded);
    let command: StartSubscription = serde_json::from_value(start_body("monthly")).unwrap();
    let Err(Refusal::Rejected(rejection)) = start(&command, &context) else { panic!("accepted") };
    assert_eq!(rejection.code, "billing.subscription_id_too_long");
}

#[test]
fn examples_decode() {
    assert_examples_decode::<Subscription>();
}
