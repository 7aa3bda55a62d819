//! What happens to a subscription from its sale to its end, and what the read models say of it.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use chrono::Days;
use platform::clock;
use projections::runtime::rebuild::rebuild;
use serde_json::{Value, json};

use super::{BILLING, Teller, days_ago, furnish, monthly, project};
use crate::harness::Gateway;

#[tokio::test]
async fn a_subscription_is_sold_used_billed_dunned_and_ended() {
    let gateway = Gateway::start(BILLING, |options| options).await;
    let _projectors = project(&gateway).await;
    let teller = Teller::new(gateway.client("member").await);
    furnish(&teller).await;
    let start = json!({ "customer_id": "c", "plan_id": "monthly", "quantity": 2, "start_at": days_ago(20), "net_days": 14 });
    assert_eq!(teller.accepted("subscription/s/start", start).await, ["subscription_started", "subscription_period_billed"]);
    let record = |id: &str, value: &str| json!({ "transaction_id": id, "metric": "calls", "value": value });
    let batch = json!({ "records": [record("a", "10"), record("b", "2.5"), { "transaction_id": "u", "metric": "users", "key": "ada" }] });
    assert_eq!(teller.accepted("usage/s/record", batch.clone()).await, ["usage_recorded"]);
    assert!(teller.accepted("usage/s/record", batch).await.is_empty(), "a batch that is sent again counts once");

    let usage = teller.rows("current-usage?subscription_id=s").await;
    let sums: Vec<_> = usage.iter().map(|row| (row["metric"].as_str().unwrap(), row["sum"].as_f64().unwrap())).collect();
    assert_eq!(sums, [("calls", 12.5), ("users", 1.0)]);
    let row = teller.ask("subscription-list/s").await;
    assert_eq!((&row["status"], &row["recurring_minor"], &row["entitled"]), (&json!("active"), &json!(6_000), &json!(true)));
    teller.accepted("subscription/s/override-entitlement", json!({ "feature": "export", "value": true })).await;
    let granted: Vec<Value> = teller.rows("entitlements?subscription_id=s").await;
    let of = |feature: &str| granted.iter().find(|row| row["feature"] == feature).unwrap().clone();
    assert_eq!((&of("export")["granted"], &of("export")["source"]), (&json!(true), &json!("override")));
    assert_eq!((&of("seats")["value"], &of("seats")["granted"]), (&json!(5), &json!(true)));

    let amount = json!({ "amount_minor": 7_140, "currency": "EUR" });
    let due_on = days_ago(6).date_naive();
    let payment = json!({ "customer_id": "c", "amount": amount, "subscription_id": "s", "invoice_id": "i-1", "due_on": due_on });
    teller.accepted("payment/y/request", payment).await;
    assert_eq!(teller.accepted("payment/y/dun", json!({})).await, ["payment_overdue", "subscription_past_due"]);
    assert!(teller.accepted("payment/y/dun", json!({})).await.is_empty());
    assert_eq!(teller.ask("subscription-list/s").await["status"], "past_due");
    let overdue = teller.rows("overdue").await;
    assert_eq!((&overdue[0]["days"], &overdue[0]["amount_minor"]), (&json!("0-7"), &json!(7_140)));
    assert_eq!(
        teller.accepted("payment/y/capture", json!({ "method": "bank_transfer" })).await,
        ["payment_captured", "subscription_recovered"]
    );
    assert_eq!(teller.ask("subscription-list/s").await["status"], "active");
    assert!(teller.rows("overdue").await.is_empty());

    let arr = teller.rows("arr").await;
    assert_eq!((&arr[0]["mrr_minor"], &arr[0]["arr_minor"], &arr[0]["customers"]), (&json!(6_000), &json!(72_000), &json!(1)));
    assert_eq!(
        teller.accepted("subscription/s/cancel", json!({ "when": "now" })).await,
        ["subscription_period_billed", "subscription_ended", "usage_period_closed"]
    );
    let last = teller.rows("bill-list?kind=final").await;
    assert_eq!(last[0]["total_minor"], json!(125), "12.5 calls at 2 and one user at 100");
    assert!(teller.rows("arr").await.is_empty() && teller.rows("current-usage").await.is_empty());
    let mrr = teller.rows("mrr").await;
    assert_eq!((mrr.len(), &mrr.last().unwrap()["closing_minor"]), (12, &json!(0)));
    let sum = |name: &str| -> i64 { mrr.iter().map(|row| row[name].as_i64().unwrap()).sum() };
    assert_eq!((sum("new_minor"), sum("churn_minor")), (6_000, -6_000));
    gateway.stop().await;
}

#[tokio::test]
async fn churn_counts_what_was_there_when_the_month_began() {
    let gateway = Gateway::start(BILLING, |options| options).await;
    let _projectors = project(&gateway).await;
    let teller = Teller::new(gateway.client("member").await);
    furnish(&teller).await;
    for id in ["s-1", "s-2", "s-3", "s-4"] {
        let start = json!({ "customer_id": "c", "plan_id": "monthly", "start_at": days_ago(95) });
        teller.accepted(&format!("subscription/{id}/start"), start).await;
        while !teller.accepted(&format!("subscription/{id}/bill-period"), json!({})).await.is_empty() {}
    }
    teller.accepted("subscription/s-1/cancel", json!({ "when": "now" })).await;
    teller.accepted("subscription/s-2/change-plan", json!({ "quantity": 3, "when": "now" })).await;
    let month = clock::now().format("%Y-%m").to_string();
    let rows = teller.rows("churn").await;
    let row = rows.iter().find(|row| row["month"] == month).expect("this month");
    assert_eq!((&row["opening_count"], &row["opening_minor"]), (&json!(4), &json!(12_000)));
    assert_eq!((&row["churned_count"], &row["subscription_churn_rate"]), (&json!(1), &json!(0.25)));
    assert_eq!((&row["gross_revenue_churn_rate"], &row["net_revenue_churn_rate"]), (&json!(0.25), &json!(-0.25)));
    gateway.stop().await;
}

#[tokio::test]
async fn a_period_is_charged_once_however_many_ask_at_the_same_time() {
    let gateway = Gateway::start(BILLING, |options| options).await;
    let _projectors = project(&gateway).await;
    let teller = Teller::new(gateway.client("service").await);
    furnish(&teller).await;
    // Four months ago to the day: three or four periods are over, depending on the calendar.
    let begun = clock::now().checked_sub_days(Days::new(100)).unwrap();
    teller.accepted("subscription/s/start", json!({ "customer_id": "c", "plan_id": "monthly", "start_at": begun })).await;
    let ask = |n: usize| {
        let client = teller.client.clone();
        // Some come with a key and are repeated, as the clock does; others come as they are.
        let key = format!("bill-{}", n % 5);
        async move {
            let headers: &[(&str, &str)] = if n.is_multiple_of(2) { &[("idempotency-key", &key)] } else { &[] };
            client.post_with("/v1/billing/subscription/s/bill-period", headers, "{}").await
        }
    };
    for _ in 0..3 {
        let answers = futures::future::join_all((0..40).map(|n| tokio::spawn(ask(n)))).await;
        for answer in answers {
            let answer = answer.unwrap();
            assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        }
    }
    let events = gateway.db.worker.clone();
    let starts: Vec<String> = sqlx::query_scalar(
        "SELECT payload -> 'period' ->> 'start' FROM log.events WHERE event_type = 'subscription_period_billed' ORDER BY position",
    )
    .fetch_all(&events)
    .await
    .unwrap();
    let distinct: BTreeSet<&String> = starts.iter().collect();
    assert_eq!((starts.len(), distinct.len()), (4, 4), "{starts:?}");
    let claims: i64 = sqlx::query_scalar("SELECT count(*) FROM log.claims WHERE scope = 'subscription.period'")
        .fetch_one(&mut gateway.db.admin().await)
        .await
        .unwrap();
    assert_eq!(claims, 4);
    teller.accepted("subscription/s/override-entitlement", json!({ "feature": "seats", "value": 9 })).await;
    assert_eq!(teller.rows("bill-list?subscription_id=s").await.len(), 4);
    gateway.stop().await;
}

/// The rows of a read model as one text.
async fn digest(gateway: &Gateway, table: &str) -> String {
    let statement = format!("SELECT coalesce(string_agg(t::text, E'\\n' ORDER BY tenant_id, id), '') FROM {table} t");
    sqlx::query_scalar(&statement).fetch_one(&gateway.db.worker).await.unwrap()
}

#[tokio::test]
async fn a_rebuilt_read_model_is_the_live_one() {
    let gateway = Gateway::start(BILLING, |options| options).await;
    let _projectors = project(&gateway).await;
    let teller = Teller::new(gateway.client("member").await);
    furnish(&teller).await;
    teller
        .accepted("plan/yearly/publish", {
            let mut plan = monthly();
            plan["interval"] = json!({ "unit": "year" });
            plan
        })
        .await;
    teller.accepted("subscription/s/start", json!({ "customer_id": "c", "plan_id": "monthly", "start_at": days_ago(40) })).await;
    teller.accepted("usage/s/record", json!({ "records": [{ "transaction_id": "a", "metric": "calls", "value": "1.25" }] })).await;
    teller.accepted("subscription/s/bill-period", json!({})).await;
    teller.accepted("subscription/s/change-plan", json!({ "plan_id": "yearly", "when": "now" })).await;
    teller.accepted("subscription/s/override-entitlement", json!({ "feature": "seats", "value": "many" })).await;
    let amount = |minor: i64| json!({ "amount_minor": minor, "currency": "EUR" });
    teller.accepted("payment/y/request", json!({ "customer_id": "c", "amount": amount(900), "subscription_id": "s" })).await;
    teller.accepted("payment/y/fail", json!({ "code": "card_declined" })).await;
    teller.accepted("payment/y/capture", json!({ "external_id": "pi_1" })).await;
    teller.accepted("payment/y/refund", json!({ "refund_id": "r", "amount": amount(100) })).await;
    teller.accepted("payment/y/open-chargeback", json!({ "dispute_id": "dp_1", "amount": amount(50), "reason": "fraudulent" })).await;
    teller.accepted("checkout/k/open", json!({ "page": { "kind": "portal" }, "customer_id": "c" })).await;
    let drift = json!({ "kind": "state", "object": "payment", "id": "y", "ours": "open", "theirs": "succeeded" });
    let compared = json!([{ "object": "payment", "ours": 1, "theirs": 2 }]);
    teller
        .accepted(
            "reconciliation/r/record",
            json!({ "provider": "stripe", "started_at": clock::now(), "compared": compared, "drifts": [drift] }),
        )
        .await;
    teller.accepted("customer/c/erase", json!({ "reason": "request" })).await;
    for model in projections::billing::CONTEXT.read_models {
        teller.rows(model.name).await;
    }
    assert_eq!(teller.rows("reconciliation-drift?open=true").await.len(), 1);
    for projection in (projections::billing::CONTEXT.projections)() {
        let table = projection.tables()[0];
        let live = digest(&gateway, table).await;
        assert!(!live.is_empty(), "{table} has rows");
        assert!(!live.contains("Acme") && !live.contains("example.com"), "{table}: {live}");
        let report = rebuild(&gateway.db.worker, projection.as_ref(), |_| {}).await.unwrap();
        assert_eq!((report.version, report.parked_keys), (2, 0), "{table}");
        assert_eq!(digest(&gateway, table).await, live, "{table}");
    }
    gateway.stop().await;
}
