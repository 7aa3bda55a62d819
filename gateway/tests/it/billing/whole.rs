//! Reports have all their rows, or say that they do not; descriptions say what is read.

use gateway::GatewayOptions;
use serde_json::{Value, json};
use sqlx::Executor as _;

use super::{BILLING, Teller, days_ago, furnish, project};
use crate::harness::Gateway;

/// More than any report was ever cut at.
const MANY: usize = 10_500;

/// A subscription with usage, and as many more rows like those.
async fn many(gateway: &Gateway) -> Teller {
    let teller = Teller::new(gateway.client("member").await);
    furnish(&teller).await;
    teller.accepted("subscription/s/start", json!({ "customer_id": "c", "plan_id": "monthly", "start_at": days_ago(3) })).await;
    teller.accepted("usage/s/record", json!({ "records": [{ "transaction_id": "a", "metric": "calls", "value": "1" }] })).await;
    assert_eq!(teller.rows("current-usage").await.len(), 1);
    assert_eq!(teller.rows("entitlements").await.len(), 2);
    let mut admin = gateway.db.admin().await;
    for (table, count) in [("billing_usage_list_v1", MANY - 1), ("billing_subscription_list_v1", MANY / 2 - 1)] {
        let copies = format!(
            "INSERT INTO {table} SELECT (jsonb_populate_record(t, jsonb_build_object('id', t.id || '/' || n))).* \
             FROM {table} t CROSS JOIN generate_series(1, {count}) n"
        );
        admin.execute(copies.as_str()).await.unwrap();
    }
    teller
}

#[tokio::test]
async fn reports_of_many_rows_are_not_cut() {
    let gateway = Gateway::start(BILLING, |options| options).await;
    let _projectors = project(&gateway).await;
    let teller = many(&gateway).await;
    assert_eq!(teller.rows("current-usage").await.len(), MANY);
    assert_eq!(teller.rows("entitlements").await.len(), MANY);
    gateway.stop().await;
}

#[tokio::test]
async fn a_report_that_is_too_long_says_so() {
    let gateway = Gateway::start(BILLING, |options| GatewayOptions { report_rows_max: MANY - 1, ..options }).await;
    let _projectors = project(&gateway).await;
    let teller = many(&gateway).await;
    for report in ["current-usage", "entitlements"] {
        teller.client.get(&format!("/v1/billing/{report}")).await.is_problem(400, "too_many_rows");
    }
    gateway.stop().await;
}

/// The schemas of all properties with this name, wherever they stand.
fn properties<'a>(schema: &'a Value, name: &str, found: &mut Vec<&'a Value>) {
    match schema {
        Value::Object(map) => {
            found.extend(map.get("properties").and_then(|properties| properties.get(name)));
            map.values().for_each(|value| properties(value, name, found));
        }
        Value::Array(items) => items.iter().for_each(|value| properties(value, name, found)),
        _ => {}
    }
}

#[tokio::test]
async fn a_decimal_number_is_described_as_the_text_that_is_read() {
    let document = gateway::openapi_document(BILLING);
    let mut found = Vec::new();
    properties(&document, "unit_amount", &mut found);
    assert!(!found.is_empty());
    for schema in found {
        assert_eq!((&schema["type"], schema["pattern"].is_string()), (&json!("string"), true), "{schema}");
    }
    let gateway = Gateway::start(BILLING, |options| options).await;
    let client = gateway.client("member").await;
    let publish = async |id: &str, unit_amount: Value| {
        let charge = json!({ "metric": "calls", "aggregation": "sum", "name": "Calls", "price": { "model": "standard", "unit_amount": unit_amount } });
        let plan = json!({ "name": id, "price": { "amount_minor": 100, "currency": "EUR" }, "charges": [charge] });
        client.post(&format!("/v1/billing/plan/{id}/publish"), &plan.to_string()).await.status.as_u16()
    };
    assert_eq!([publish("text", json!("0.25")).await, publish("number", json!(0.25)).await], [200, 400]);
    gateway.stop().await;
}
