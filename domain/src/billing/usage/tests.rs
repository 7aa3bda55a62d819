//! Given / when / then.

use serde_json::{Value, json};

use super::*;
use crate::billing::calendar::Period;
use crate::billing::plan::PlanVersion;
use crate::billing::plan::tests::{key, monthly, terms};
use crate::billing::subscription::{
    BillKind, CancellationScheduled, EndReason, Payer, Recurring, SubscriptionEnded, SubscriptionEvent, SubscriptionPeriodBilled,
    SubscriptionStarted,
};
use crate::kernel::testing::{Given, ID, assert_examples_decode, given, given_nothing};
use crate::kernel::{Currency, Money};

fn word<const N: usize>(text: &str) -> Text<N> {
    text.to_owned().try_into().unwrap()
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn day(text: &str) -> DateTime<Utc> {
    at(&format!("{text}T00:00:00Z"))
}

/// A subscription that charges calls, and different users, billed from 1 March.
fn subscription() -> Vec<SubscriptionEvent> {
    let mut body = monthly();
    let price = json!({ "model": "standard", "unit_amount": "1" });
    let users = json!({ "metric": "users", "aggregation": "unique_count", "name": "Users", "price": price });
    body["charges"] = json!([monthly()["charges"][0], users]);
    let plan = PlanVersion { id: "monthly".into(), version: 1, terms: terms(&body) };
    let started = SubscriptionStarted {
        customer_id: "c".into(),
        customer_name: word("Acme"),
        plan: plan.clone(),
        quantity: 1,
        net_days: 0,
        started_at: day("2026-03-01"),
        trial: None,
    };
    let billed = SubscriptionPeriodBilled {
        bill_id: "a-1-2026-03-01".into(),
        kind: BillKind::Recurring,
        period: Period { start: day("2026-03-01"), end: day("2026-04-01") },
        anchor: day("2026-03-01"),
        number: 0,
        customer_id: "c".into(),
        customer_name: word("Acme"),
        payer: Payer::default(),
        plan_id: plan.id,
        plan_version: 1,
        plan_name: word("Monthly"),
        lines: vec![],
        total: Money::new(0, Currency::EUR),
        credit_left_minor: 0,
        net_days: 0,
        recurring: Recurring::default(),
        billed_at: day("2026-03-01"),
    };
    vec![started.into(), billed.into()]
}

fn around(usage: Given<Usage>) -> Given<Usage> {
    usage.and::<Subscription>(ID, subscription()).at("2026-03-10T12:00:00Z")
}

fn record(id: &str, fields: &Value) -> Value {
    let mut record = json!({ "transaction_id": id, "metric": "calls", "value": "2" });
    for (name, value) in fields.as_object().unwrap() {
        record[name] = value.clone();
    }
    record
}

fn batch(records: &[Value]) -> Value {
    json!({ "records": records })
}

fn units(given: &Given<Usage>, start: &str) -> String {
    given.state().of_period(day(start)).map(|totals| totals.units(&key("calls"), Aggregation::Sum).to_string()).unwrap_or_default()
}

#[test]
fn a_record_counts_once_however_often_it_is_sent() {
    let one = batch(&[record("a", &json!({})), record("b", &json!({})), record("a", &json!({ "value": "900" }))]);
    let given = around(given_nothing()).when_json("record", &one).then_accepted();
    assert_eq!(units(&given, "2026-03-01"), "4");
    let given = given.when_json("record", &one).then_nothing();
    let given = given.when_json("record", &batch(&[record("b", &json!({})), record("c", &json!({}))])).then_accepted();
    assert_eq!(units(&given, "2026-03-01"), "6");
}

#[test]
fn the_event_tells_what_the_metrics_come_to() {
    let then = around(given_nothing()).when_json("record", &batch(&[record("a", &json!({})), record("b", &json!({ "value": "3.5" }))]));
    let [UsageEvent::UsageRecorded(event)] = &then.events()[..] else { panic!("one event") };
    assert_eq!((event.totals.len(), event.totals[0].sum.to_string().as_str(), event.totals[0].count), (1, "5.5", 2));
    assert_eq!((event.customer_id.as_str(), event.period_start), ("c", day("2026-03-01")));
}

#[test]
fn ids_are_known_until_the_period_after_theirs_is_billed_and_older_usage_is_refused() {
    let first = batch(&[record("a", &json!({ "at": "2026-03-05T00:00:00Z" }))]);
    let mut state = around(given_nothing()).when_json("record", &first).then_accepted().state().clone();
    state.apply(&UsagePeriodClosed { period_start: day("2026-03-01") }.into());
    assert!(state.open.is_empty() && state.is_known(&word("a")), "a repetition after the bill is still known");
    let mut events: Vec<UsageEvent> = vec![UsagePeriodClosed { period_start: day("2026-03-01") }.into()];
    let next = around(given(events.clone())).at("2026-03-20T00:00:00Z");
    next.when_json("record", &batch(&[record("late", &json!({ "at": "2026-03-05T00:00:00Z" }))])).then_accepted();
    events.push(UsagePeriodClosed { period_start: day("2026-04-01") }.into());
    let later = around(given(events)).at("2026-05-02T00:00:00Z");
    later.when_json("record", &first).then_rejected("billing.usage_too_old");
}

#[test]
fn usage_counts_in_the_period_of_its_time_even_while_the_clock_is_behind() {
    let records = [
        record("a", &json!({ "at": "2026-03-31T23:59:59Z" })),
        record("b", &json!({ "at": "2026-04-01T00:00:00Z" })),
        record("c", &json!({ "at": "2026-06-02T00:00:00Z" })),
    ];
    let given = around(given_nothing()).at("2026-06-02T00:00:00Z").when_json("record", &batch(&records)).then_accepted();
    let starts: Vec<_> = given.state().open.keys().copied().collect();
    assert_eq!(starts, [day("2026-03-01"), day("2026-04-01"), day("2026-06-01")]);
}

#[test]
fn records_that_cannot_be_are_refused() {
    let when = |fields: &Value| around(given_nothing()).when_json("record", &batch(&[record("a", fields)]));
    when(&json!({ "metric": "other" })).then_rejected("billing.usage_metric_unknown");
    when(&json!({ "metric": "users" })).then_rejected("billing.usage_key_missing");
    when(&json!({ "metric": "users", "key": "ada" })).then_accepted();
    when(&json!({ "value": "1000000000001" })).then_rejected("billing.usage_value_out_of_range");
    when(&json!({ "value": "0.0000000001" })).then_rejected("billing.usage_value_out_of_range");
    when(&json!({ "at": "2026-03-10T12:05:01Z" })).then_rejected("billing.usage_in_future");
    when(&json!({ "at": "2026-03-10T12:05:00Z" })).then_accepted();
    when(&json!({ "at": "2026-02-28T00:00:00Z" })).then_rejected("billing.usage_too_old");
    around(given_nothing()).when_json("record", &batch(&[])).then_rejected("billing.usage_batch_size");
    let many: Vec<Value> = (0..1_001).map(|n| record(&n.to_string(), &json!({}))).collect();
    around(given_nothing()).when_json("record", &batch(&many)).then_rejected("billing.usage_batch_size");
}

#[test]
fn a_period_is_full_at_its_limit() {
    let record_of = |n: usize| Recorded {
        transaction_id: word(&format!("t{n}")),
        metric: key("calls"),
        value: Decimal::ONE,
        key: None,
        at: day("2026-03-02"),
    };
    let records: Vec<_> = (0..PERIOD_RECORDS_MAX).map(record_of).collect();
    let full = UsageRecorded { customer_id: "c".into(), period_start: day("2026-03-01"), records, totals: vec![] };
    let given = around(given([full.into()]));
    let given = given.when_json("record", &batch(&[record("t7", &json!({}))])).then_nothing();
    given.when_json("record", &batch(&[record("new", &json!({}))])).then_rejected("billing.usage_period_full");
}

#[test]
fn only_a_subscription_that_goes_on_is_used() {
    given_nothing::<Usage>().when_json("record", &batch(&[record("a", &json!({}))])).then_rejected("billing.subscription_unknown");
    let ended = SubscriptionEnded {
        reason: EndReason::Cancelled,
        note: None,
        customer_id: "c".into(),
        plan_id: "monthly".into(),
        ended_at: day("2026-03-05"),
        credit_left: Money::new(0, Currency::EUR),
        credits: vec![],
        recurring: Recurring::default(),
    };
    let over = subscription().into_iter().chain([ended.into()]);
    let given = given_nothing::<Usage>().and::<Subscription>(ID, over);
    given.when_json("record", &batch(&[record("a", &json!({}))])).then_rejected("billing.subscription_ended");
    let ending = subscription().into_iter().chain([CancellationScheduled { at: day("2026-04-01"), reason: None }.into()]);
    let given = given_nothing::<Usage>().and::<Subscription>(ID, ending).at("2026-04-02T00:00:00Z");
    given.when_json("record", &batch(&[record("a", &json!({}))])).then_rejected("billing.usage_after_end");
}

#[test]
fn examples_decode() {
    assert_examples_decode::<Usage>();
}
