//! Every refusal of billing, through HTTP.

use std::collections::BTreeSet;
use std::path::Path;

use chrono::TimeDelta;
use platform::clock;
use serde_json::{Value, json};

use super::{BILLING, Teller, days_ago, furnish, monthly};
use crate::harness::Gateway;

/// Commands that are accepted, then one that is refused, and with which code.
struct Case {
    code: &'static str,
    before: Vec<(String, Value)>,
    refused: (String, Value),
}

fn case(code: &'static str, before: &[(&str, Value)], command: &str, body: Value) -> Case {
    let before = before.iter().map(|(command, body)| ((*command).to_owned(), body.clone())).collect();
    Case { code, before, refused: (command.to_owned(), body) }
}

/// Rejections that no request can reach, because the bus answers `not_found` before.
const BEHIND_NOT_FOUND: [&str; 1] = ["payment_absent"];

fn euro(minor: i64) -> Value {
    json!({ "amount_minor": minor, "currency": "EUR" })
}

fn with(mut body: Value, field: &str, value: Value) -> Value {
    body[field] = value;
    body
}

fn start() -> (&'static str, Value) {
    ("subscription/s/start", json!({ "customer_id": "c", "plan_id": "monthly", "start_at": days_ago(10) }))
}

fn payment() -> (&'static str, Value) {
    ("payment/y/request", json!({ "customer_id": "c", "amount": euro(1_000) }))
}

fn captured() -> (&'static str, Value) {
    ("payment/y/capture", json!({}))
}

fn plans_and_customers() -> Vec<Case> {
    let publish = |field: &str, value: Value| with(monthly(), field, value);
    let charge = monthly()["charges"][0].clone();
    let free = with(charge.clone(), "price", json!({ "model": "standard", "unit_amount": "-1" }));
    let features: serde_json::Map<String, Value> = (0..101).map(|n| (format!("f{n}"), json!(true))).collect();
    let links: Vec<(String, Value)> =
        (0..10).map(|n| ("customer/c/link".to_owned(), json!({ "provider": format!("p{n}"), "external_id": format!("x{n}") }))).collect();
    let policy = |retry: Value, step: u16| json!({ "retry_days": retry, "entitlement_ends_at_step": step, "final_days": 1 });
    vec![
        case("amount_out_of_range", &[], "plan/p/publish", publish("price", euro(-1))),
        case("interval_out_of_range", &[], "plan/p/publish", publish("interval", json!({ "unit": "month", "count": 0 }))),
        case("charge_invalid", &[], "plan/p/publish", publish("charges", json!([free]))),
        case("charge_twice", &[], "plan/p/publish", publish("charges", json!([charge, charge]))),
        case("too_many_charges", &[], "plan/p/publish", publish("charges", json!(vec![charge; 21]))),
        case("trial_too_long", &[], "plan/p/publish", publish("trial_days", json!(731))),
        case("too_many_entitlements", &[], "plan/p/publish", publish("entitlements", Value::Object(features))),
        case("tax_rate_out_of_range", &[], "plan/p/publish", publish("tax_rate_percent", json!("101"))),
        case("plan_retired", &[("plan/monthly/retire", json!({}))], "plan/monthly/publish", publish("trial_days", json!(3))),
        case("plan_currency_fixed", &[], "plan/monthly/publish", publish("price", json!({ "amount_minor": 1, "currency": "USD" }))),
        case("invalid_email", &[], "customer/d/register", json!({ "name": "x", "email": "x@y" })),
        case("invalid_country", &[], "customer/d/register", json!({ "name": "x", "country": "1" })),
        case("customer_erased", &[("customer/c/erase", json!({ "reason": "request" }))], "customer/c/update", json!({ "name": "x" })),
        Case {
            code: "too_many_links",
            before: links,
            refused: ("customer/c/link".to_owned(), json!({ "provider": "q", "external_id": "x" })),
        },
        case("dunning_policy_unknown", &[], "dunning-policy/mine/define", policy(json!([1]), 0)),
        case("dunning_days_out_of_range", &[], "dunning-policy/default/define", policy(json!([0]), 0)),
        case("dunning_step_unknown", &[], "dunning-policy/default/define", policy(json!([1]), 3)),
        case(
            "plan_not_sellable_there",
            &[],
            "checkout/k/open",
            json!({ "page": { "kind": "subscription", "plan_id": "monthly" }, "customer_id": "c" }),
        ),
        case("invalid_url", &[], "checkout/k/open", json!({ "page": { "kind": "portal" }, "customer_id": "c", "return_url": "ftp://x" })),
        case(
            "checkout_not_open",
            &[
                ("checkout/k/open", json!({ "page": { "kind": "portal" }, "customer_id": "c" })),
                ("checkout/k/ready", json!({ "external_id": "cs_1", "url": "https://x.io" })),
            ],
            "checkout/k/ready",
            json!({ "external_id": "cs_2", "url": "https://x.io" }),
        ),
        case(
            "reconciliation_too_large",
            &[],
            "reconciliation/r/record",
            json!({ "provider": "stripe", "started_at": clock::now(), "compared": vec![json!({ "object": "x", "ours": 1, "theirs": 1 }); 21] }),
        ),
    ]
}

fn subscriptions() -> Vec<Case> {
    let sub = |fields: Value| {
        let mut body = json!({ "customer_id": "c", "plan_id": "monthly" });
        for (name, value) in fields.as_object().unwrap() {
            body[name] = value.clone();
        }
        body
    };
    let soon = clock::now() + TimeDelta::days(1);
    let dollars = with(monthly(), "price", json!({ "amount_minor": 1, "currency": "USD" }));
    let behind = ("subscription/s/start", sub(json!({ "start_at": days_ago(40) })));
    let sync = |fields: Value| {
        let mut body = sub(json!({
            "external_id": "sub_1", "quantity": 1, "status": "active", "period_start": days_ago(1), "period_end": soon, "started_at": days_ago(1),
            "observed_at": clock::now()
        }));
        for (name, value) in fields.as_object().unwrap() {
            body[name] = value.clone();
        }
        body
    };
    let past = |days: &[i64]| {
        let terms: Vec<Value> = days.iter().map(|days| json!({ "from": days_ago(*days), "plan_id": "monthly" })).collect();
        json!({ "customer_id": "c", "terms": terms })
    };
    let overridden = |n: usize| json!({ "feature": format!("f{n}"), "value": 1 });
    let mut overrides: Vec<(String, Value)> = vec![(start().0.to_owned(), start().1)];
    overrides.extend((0..100).map(|n| ("subscription/s/override-entitlement".to_owned(), overridden(n))));
    vec![
        case("customer_unknown", &[], "subscription/s/start", sub(json!({ "customer_id": "x" }))),
        case("plan_unknown", &[], "subscription/s/start", sub(json!({ "plan_id": "x" }))),
        case("plan_not_on_sale", &[("plan/monthly/retire", json!({}))], "subscription/s/start", sub(json!({}))),
        case("quantity_out_of_range", &[], "subscription/s/start", sub(json!({ "quantity": 0 }))),
        case("start_out_of_range", &[], "subscription/s/start", sub(json!({ "start_at": soon }))),
        case("net_days_out_of_range", &[], "subscription/s/start", sub(json!({ "net_days": 121 }))),
        Case {
            code: "subscription_id_too_long",
            before: Vec::new(),
            refused: (format!("subscription/{}/start", "x".repeat(97)), sub(json!({}))),
        },
        case(
            "subscription_ended",
            &[start(), ("subscription/s/cancel", json!({ "when": "now" }))],
            "subscription/s/change-plan",
            json!({ "quantity": 2 }),
        ),
        case("period_not_billed", &[behind], "subscription/s/change-plan", json!({ "quantity": 2 })),
        case(
            "cancellation_pending",
            &[start(), ("subscription/s/cancel", json!({}))],
            "subscription/s/change-plan",
            json!({ "quantity": 2 }),
        ),
        case(
            "currency_mismatch",
            &[start(), ("plan/dollars/publish", dollars)],
            "subscription/s/change-plan",
            json!({ "plan_id": "dollars" }),
        ),
        case("not_past_due", &[start()], "subscription/s/expire", json!({})),
        case(
            "override_in_past",
            &[start()],
            "subscription/s/override-entitlement",
            json!({ "feature": "f", "value": 1, "until": days_ago(1) }),
        ),
        Case {
            code: "too_many_overrides",
            before: overrides,
            refused: ("subscription/s/override-entitlement".to_owned(), overridden(100)),
        },
        case("billed_by_platform", &[start()], "subscription/s/sync", sync(json!({}))),
        case(
            "external_id_mismatch",
            &[("subscription/t/sync", sync(json!({})))],
            "subscription/t/sync",
            sync(json!({ "external_id": "sub_2" })),
        ),
        case("period_invalid", &[], "subscription/t/sync", sync(json!({ "period_end": days_ago(2) }))),
        case("terms_out_of_order", &[], "subscription/o/take-over", past(&[5, 9])),
        case("too_many_terms", &[], "subscription/o/take-over", past(&(0..101).rev().collect::<Vec<_>>())),
        case("past_out_of_range", &[], "subscription/o/take-over", past(&[30_000])),
    ]
}

fn usage() -> Vec<Case> {
    let record = |fields: Value| {
        let mut record = json!({ "transaction_id": "t", "metric": "calls" });
        for (name, value) in fields.as_object().unwrap() {
            record[name] = value.clone();
        }
        json!({ "records": [record] })
    };
    let batch = |n: usize| {
        let records: Vec<Value> = (0..1_000).map(|m| json!({ "transaction_id": format!("{n}-{m}"), "metric": "calls" })).collect();
        ("usage/s/record".to_owned(), json!({ "records": records }))
    };
    let mut full: Vec<(String, Value)> = vec![(start().0.to_owned(), start().1)];
    full.extend((0..10).map(batch));
    let over = [
        ("subscription/s/start", json!({ "customer_id": "c", "plan_id": "monthly", "start_at": days_ago(10) })),
        ("subscription/s/cancel", json!({})),
    ];
    vec![
        case("subscription_unknown", &[], "usage/x/record", record(json!({}))),
        case("usage_batch_size", &[start()], "usage/s/record", json!({ "records": [] })),
        case("usage_metric_unknown", &[start()], "usage/s/record", record(json!({ "metric": "x" }))),
        case("usage_value_out_of_range", &[start()], "usage/s/record", record(json!({ "value": "1000000000001" }))),
        case("usage_key_missing", &[start()], "usage/s/record", record(json!({ "metric": "users" }))),
        case("usage_in_future", &[start()], "usage/s/record", record(json!({ "at": clock::now() + TimeDelta::hours(1) }))),
        case("usage_too_old", &[start()], "usage/s/record", record(json!({ "at": days_ago(11) }))),
        // Five minutes ahead is within the clock's leeway, and after the end of a period that ends within them.
        case("usage_after_end", &over_in_minutes(&over), "usage/s/record", record(json!({ "at": clock::now() + TimeDelta::minutes(4) }))),
        Case {
            code: "usage_period_full",
            before: full,
            refused: ("usage/s/record".to_owned(), record(json!({ "transaction_id": "one-more" }))),
        },
    ]
}

/// A subscription that was cancelled and whose period ends in two minutes.
fn over_in_minutes(commands: &[(&'static str, Value); 2]) -> Vec<(&'static str, Value)> {
    let begun = clock::now() + TimeDelta::minutes(2) - TimeDelta::days(7);
    let weekly = ("plan/weekly/publish", with(monthly(), "interval", json!({ "unit": "week" })));
    let start = with(with(commands[0].1.clone(), "plan_id", json!("weekly")), "start_at", json!(begun));
    vec![weekly, (commands[0].0, start), commands[1].clone()]
}

fn payments() -> Vec<Case> {
    let refund = |id: &str, minor: i64| json!({ "refund_id": id, "amount": euro(minor) });
    let mut refunds: Vec<(String, Value)> = [payment(), captured()].into_iter().map(|(command, body)| (command.to_owned(), body)).collect();
    refunds.extend((0..50).map(|n| ("payment/y/refund".to_owned(), refund(&format!("r-{n}"), 1))));
    let disputed = ("payment/y/open-chargeback", json!({ "dispute_id": "dp_1", "reason": "fraudulent" }));
    let lost = ("payment/y/close-chargeback", json!({ "dispute_id": "dp_1", "outcome": "lost" }));
    vec![
        case("amount_not_positive", &[], "payment/y/request", json!({ "customer_id": "c", "amount": euro(0) })),
        case("payment_settled", &[payment(), captured()], "payment/y/void", json!({})),
        case("payment_not_authorized", &[payment()], "payment/y/request-capture", json!({})),
        case("payment_not_captured", &[payment()], "payment/y/refund", refund("r", 1)),
        case("payment_amount_out_of_range", &[payment()], "payment/y/capture", json!({ "amount": euro(1_001) })),
        case("payment_currency_mismatch", &[payment()], "payment/y/capture", json!({ "amount": { "amount_minor": 1, "currency": "USD" } })),
        case(
            "payment_external_id_mismatch",
            &[payment(), ("payment/y/authorize", json!({ "external_id": "pi_1" }))],
            "payment/y/authorize",
            json!({ "external_id": "pi_2" }),
        ),
        case("payment_attempt_unknown", &[payment()], "payment/y/fail", json!({ "code": "x", "attempt": 2 })),
        case("refund_exists", &[payment(), captured(), ("payment/y/refund", refund("r", 1))], "payment/y/refund", refund("r", 2)),
        case("refund_unknown", &[payment(), captured()], "payment/y/fail-refund", json!({ "refund_id": "r", "reason": "x" })),
        Case { code: "too_many_refunds", before: refunds, refused: ("payment/y/refund".to_owned(), refund("one-more", 1)) },
        case(
            "chargeback_unknown",
            &[payment(), captured()],
            "payment/y/close-chargeback",
            json!({ "dispute_id": "dp_1", "outcome": "won" }),
        ),
        case(
            "chargeback_closed",
            &[payment(), captured(), disputed, lost],
            "payment/y/close-chargeback",
            json!({ "dispute_id": "dp_1", "outcome": "won" }),
        ),
    ]
}

/// The codes that the sources of the context declare.
fn declared(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            declared(&path, found);
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        for rejections in text.split("rejections! {").skip(1) {
            let codes = rejections.split("=> \"").skip(1).filter_map(|rest| rest.split_once("\" ["));
            found.extend(
                codes.map(|(code, _)| code.to_owned()).filter(|code| code.bytes().all(|byte| byte == b'_' || byte.is_ascii_lowercase())),
            );
        }
    }
}

#[tokio::test]
async fn every_refusal_is_told_with_its_code() {
    let gateway = Gateway::start(BILLING, |options| options).await;
    let mut tried = BTreeSet::new();
    for case in [plans_and_customers(), subscriptions(), usage(), payments()].into_iter().flatten() {
        let teller = Teller::new(gateway.client("member").await);
        furnish(&teller).await;
        for (command, body) in case.before {
            teller.accepted(&command, body).await;
        }
        let (command, body) = case.refused;
        teller.send(&command, &body).await.is_problem(422, &format!("billing.{}", case.code));
        tried.insert(case.code.to_owned());
    }
    let mut all = BTreeSet::new();
    declared(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../domain/src/billing"), &mut all);
    let untried: Vec<&String> = all.difference(&tried).filter(|code| !BEHIND_NOT_FOUND.contains(&code.as_str())).collect();
    assert!(untried.is_empty() && all.len() >= 60, "{} codes, never tried: {untried:?}", all.len());
    gateway.stop().await;
}

#[tokio::test]
async fn what_is_there_already_and_what_is_not_there_is_said_as_such() {
    let gateway = Gateway::start(BILLING, |options| options).await;
    let teller = Teller::new(gateway.client("member").await);
    furnish(&teller).await;
    teller.send("customer/c/register", &json!({ "name": "x" })).await.is_problem(409, "billing.already_exists");
    for command in BEHIND_NOT_FOUND.map(|_| "payment/none/void") {
        teller.send(command, &json!({})).await.is_problem(404, "billing.not_found");
    }
    teller.accepted("customer/d/register", json!({ "name": "Bolt" })).await;
    let link = json!({ "provider": "stripe", "external_id": "cus_1" });
    teller.accepted("customer/c/link", link.clone()).await;
    let refused = teller.send("customer/d/link", &link).await;
    refused.is_problem(409, "billing.duplicate");
    assert_eq!(refused.json()["candidates"], json!([{ "id": "c", "field": "external_id" }]));
    gateway.stop().await;
}
