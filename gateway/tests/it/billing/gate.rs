//! What a tenant may use by its subscription to the platform.

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use domain::kernel::TenantId;
use gateway::GatewayOptions;
use platform::clock;
use projections::billing::SubscribedFeatures;
use projections::contexts::ContextEntry;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Teller, days_ago, project, project_all};
use crate::harness::{Client, Extras, Gateway};

static CONTEXTS: &[ContextEntry] = &[projections::crm::CONTEXT, projections::billing::CONTEXT];

async fn gated(operator: Uuid) -> Gateway {
    remembering(operator, Duration::ZERO).await
}

/// A gateway that believes what it was told for so long.
async fn remembering(operator: Uuid, features_last: Duration) -> Gateway {
    let change = |options| GatewayOptions { features_last, ..options };
    let extras = |db: &platform::testing::TestDatabase| Extras {
        features: Some(Arc::new(SubscribedFeatures::new(db.app.clone(), TenantId(operator)))),
        ..Extras::default()
    };
    Gateway::start_with(CONTEXTS, change, extras).await
}

fn plan(entitlements: &Value) -> Value {
    json!({ "name": "Tier", "price": { "amount_minor": 4_900, "currency": "EUR" }, "entitlements": entitlements })
}

/// What a query, a series, a command and a bulk command of the CRM are answered.
async fn answers(client: &Client) -> [u16; 4] {
    let query = client.get("/v1/crm/contact-list").await;
    let series = client.get("/v1/series?source=crm/contact-list&date=created_at").await;
    let command = client.post("/v1/crm/contact/register", r#"{"given_name":"Ada"}"#).await;
    let line = r#"{"context":"crm","aggregate":"contact","command":"register","body":{"given_name":"Ada"}}"#;
    let bulk = client.post_with("/v1/commands", &[("content-type", "application/x-ndjson")], line).await;
    let bulk: Value = serde_json::from_str(bulk.text().trim()).unwrap();
    for answer in [&query, &series, &command] {
        if answer.status == StatusCode::FORBIDDEN {
            answer.is_problem(403, "feature_not_entitled");
        }
    }
    if bulk["status"] == 403 {
        assert_eq!(bulk["problem"]["code"], "feature_not_entitled");
    }
    [query.status.as_u16(), series.status.as_u16(), command.status.as_u16(), u16::try_from(bulk["status"].as_u64().unwrap()).unwrap()]
}

#[tokio::test]
async fn a_tenants_plan_decides_what_it_may_use() {
    let operator = clock::new_id();
    let gateway = gated(operator).await;
    let _projectors = project(&gateway).await;
    let teller = Teller::new(gateway.client_of(operator, "owner"));
    let client = gateway.client("member").await;
    assert_eq!(answers(&client).await, [200; 4], "who never subscribed may use everything");

    teller.accepted("plan/starter/publish", plan(&json!({ "context.billing": true }))).await;
    teller.accepted("plan/growth/publish", plan(&json!({ "context.billing": true, "context.crm": true }))).await;
    let tenant = client.tenant.to_string();
    teller.accepted(&format!("customer/{tenant}/register"), json!({ "name": "A tenant" })).await;
    teller.accepted("subscription/t/start", json!({ "customer_id": tenant, "plan_id": "starter", "start_at": days_ago(10) })).await;
    teller.rows("subscription-list").await;
    teller.rows("plan-list").await;
    assert_eq!(answers(&client).await, [403; 4], "another plan has it, this one does not");
    assert_eq!(client.get("/v1/billing/plan-list").await.status, StatusCode::OK);
    assert_eq!(answers(&teller.client).await, [200; 4], "the operator buys nothing of itself");
    let history = client.get("/v1/crm/contact/nobody/history").await;
    history.is_problem(404, "crm.not_found");

    teller.accepted("subscription/t/override-entitlement", json!({ "feature": "context.crm", "value": true })).await;
    teller.rows("subscription-list").await;
    assert_eq!(answers(&client).await, [200; 4], "an override grants it");
    teller.accepted("subscription/t/override-entitlement", json!({ "feature": "context.crm", "value": null })).await;
    teller.accepted("subscription/t/change-plan", json!({ "plan_id": "growth", "when": "now" })).await;
    teller.rows("subscription-list").await;
    assert_eq!(answers(&client).await, [200; 4], "the larger plan has it");

    let policy = json!({ "retry_days": [1], "entitlement_ends_at_step": 0, "final_days": 1 });
    teller.accepted("dunning-policy/default/define", policy).await;
    let amount = json!({ "amount_minor": 4_900, "currency": "EUR" });
    teller.accepted("payment/y/request", json!({ "customer_id": tenant, "amount": amount, "subscription_id": "t" })).await;
    teller.accepted("payment/y/fail", json!({ "code": "card_declined" })).await;
    teller.rows("subscription-list").await;
    assert_eq!(answers(&client).await, [403; 4], "what is overdue takes it away");
    teller.accepted("payment/y/capture", json!({})).await;
    teller.rows("subscription-list").await;
    assert_eq!(answers(&client).await, [200; 4], "what is paid gives it back");

    teller.accepted("subscription/t/cancel", json!({ "when": "now" })).await;
    teller.rows("subscription-list").await;
    assert_eq!(answers(&client).await, [403; 4], "who has left may not use what is sold");
    gateway.stop().await;
}

/// A subscription of the tenant to a plan with these entitlements.
async fn subscribe(teller: &Teller, tenant: Uuid, entitlements: &Value) {
    teller.accepted("plan/tier/publish", plan(entitlements)).await;
    teller.accepted(&format!("customer/{tenant}/register"), json!({ "name": "A tenant" })).await;
    teller.accepted("subscription/t/start", json!({ "customer_id": tenant.to_string(), "plan_id": "tier", "start_at": days_ago(3) })).await;
    teller.rows("subscription-list").await;
}

/// Registers a contact; the answer and the position that it has left.
async fn register(client: &Client, id: &str, key: Option<&str>) -> crate::harness::Answer {
    let headers: Vec<(&str, &str)> = key.map(|key| ("idempotency-key", key)).into_iter().collect();
    let answer = client.post_with(&format!("/v1/crm/contact/{id}/register"), &headers, r#"{"given_name":"Ada"}"#).await;
    if answer.status == StatusCode::OK {
        let listed = client.get_with("/v1/crm/contact-list?limit=1", &[("neuroops-wait-for", answer.header("neuroops-position"))]).await;
        assert_eq!(listed.status, StatusCode::OK, "{}", listed.text());
    }
    answer
}

#[tokio::test]
async fn a_number_limits_how_many_there_may_be() {
    let operator = clock::new_id();
    let gateway = gated(operator).await;
    let _projectors = project_all(&gateway, CONTEXTS).await;
    let (teller, client) = (Teller::new(gateway.client_of(operator, "owner")), gateway.client("member").await);
    subscribe(&teller, client.tenant, &json!({ "limit.crm.contact": 2, "support": "priority", "seats": 25 })).await;
    for id in ["a", "b"] {
        assert_eq!(register(&client, id, Some(id)).await.status, StatusCode::OK);
    }
    let refused = register(&client, "c", None).await;
    refused.is_problem(403, "limit_reached");
    assert!(refused.json()["detail"].as_str().unwrap().contains("includes 2 of `crm/contact` (`limit.crm.contact`)"), "{}", refused.text());
    let line = r#"{"context":"crm","aggregate":"contact","command":"register","body":{"given_name":"Ada"}}"#;
    let bulk = client.post_with("/v1/commands", &[("content-type", "application/x-ndjson")], line).await;
    let bulk: Value = serde_json::from_str(bulk.text().trim()).unwrap();
    assert_eq!((&bulk["status"], &bulk["problem"]["code"]), (&json!(403), &json!("limit_reached")));
    assert_eq!(register(&client, "a", Some("a")).await.status, StatusCode::OK, "what was accepted is answered again");
    let update = client.post("/v1/crm/contact/a/update", r#"{"given_name":"Grace"}"#).await;
    assert_eq!(update.status, StatusCode::OK, "what there is may change: {}", update.text());
    let company = client.post("/v1/crm/company/register", r#"{"name":"Engines"}"#).await;
    assert_eq!(company.status, StatusCode::OK, "companies are not limited");

    let features = client.get("/v1/features").await.json();
    let expected = json!([
        { "feature": "limit.crm.contact", "value": 2, "used": 2 }, { "feature": "seats", "value": 25 }, { "feature": "support", "value": "priority" }
    ]);
    assert_eq!(features["data"], expected);
    assert_eq!(teller.client.get("/v1/features").await.json()["data"], json!([]), "the operator buys nothing of itself");
    gateway.client_of(client.tenant, "visitor").get("/v1/features").await.is_problem(403, "forbidden");
    let stranger = gateway.client("member").await;
    assert_eq!(register(&stranger, "c", None).await.status, StatusCode::OK, "who never subscribed has no limit");

    teller.accepted("subscription/t/override-entitlement", json!({ "feature": "limit.crm.contact", "value": 3 })).await;
    teller.rows("subscription-list").await;
    assert_eq!(register(&client, "c", None).await.status, StatusCode::OK, "an override raises it");
    teller.accepted("subscription/t/cancel", json!({ "when": "now" })).await;
    teller.rows("subscription-list").await;
    register(&client, "d", None).await.is_problem(403, "limit_reached");
    gateway.stop().await;
}

#[tokio::test]
async fn a_burst_does_not_pass_a_limit() {
    let operator = clock::new_id();
    let gateway = remembering(operator, Duration::from_mins(1)).await;
    let _projectors = project_all(&gateway, CONTEXTS).await;
    let (teller, client) = (Teller::new(gateway.client_of(operator, "owner")), gateway.client("member").await);
    subscribe(&teller, client.tenant, &json!({ "limit.crm.contact": 5 })).await;
    let all = (0..30).map(|number| {
        let client = client.clone();
        async move { client.post(&format!("/v1/crm/contact/n{number}/register"), r#"{"given_name":"Ada"}"#).await.status.as_u16() }
    });
    let statuses = futures::future::join_all(all).await;
    let accepted = statuses.iter().filter(|status| **status == 200).count();
    assert_eq!((accepted, statuses.iter().filter(|status| **status == 403).count()), (5, 25), "{statuses:?}");
    gateway.stop().await;
}
