//! Endpoints of webhooks: what is refused at once, the secret in the answer, and the deliveries that are shown.

use projections::contexts::CONTEXTS;
use serde_json::{Value, json};

use crate::harness::{Client, Gateway};

async fn gateway() -> (Gateway, Client) {
    let gateway = Gateway::start(CONTEXTS, |options| options).await;
    let owner = gateway.client("owner").await;
    (gateway, owner)
}

fn body(url: &str) -> String {
    json!({ "url": url, "filter": { "contexts": ["crm"] } }).to_string()
}

const REGISTER: &str = "/v1/webhooks/endpoint/e-1/register";

/// Puts the endpoint into the read model, as its projection does.
async fn listed(gateway: &Gateway, client: &Client, id: &str) {
    const PUT: &str = "INSERT INTO webhooks_endpoint_list_v1 (tenant_id, id, url, status, contexts, types, subjects, roles, begin_at, secrets, replays, \
            registered_by, version, created_at, updated_at) \
        VALUES ($1, $2, 'https://x/', 'enabled', '[]', '[]', '[]', '[]', 'now', '[]', 0, 'x', 1, now(), now())";
    sqlx::query(PUT).bind(client.tenant).bind(id).execute(&gateway.db.worker).await.unwrap();
}

#[tokio::test]
async fn the_answer_shows_the_secret_and_shows_the_same_one_to_a_repetition() {
    let (gateway, owner) = gateway().await;
    let key = [("idempotency-key", "k-1")];
    let first = owner.post_with(REGISTER, &key, &body("https://hooks.example.com/")).await;
    assert_eq!(first.status.as_u16(), 200, "{}", first.text());
    let secret = first.json()["secret"].as_str().unwrap().to_owned();
    assert!(secret.starts_with("whsec_") && secret.len() == 50, "{secret}");
    let again = owner.post_with(REGISTER, &key, &body("https://hooks.example.com/")).await;
    assert_eq!(again.bytes, first.bytes, "byte for byte");
    let rotated = owner.post("/v1/webhooks/endpoint/e-1/rotate-secret", "{}").await.json();
    assert!(rotated["secret"].as_str().is_some_and(|shown| shown.starts_with("whsec_") && shown != secret), "{rotated}");
    let disabled = owner.post("/v1/webhooks/endpoint/e-1/disable", "{}").await.json();
    assert_eq!(disabled["secret"], Value::Null, "{disabled}");
    let history = owner.get("/v1/webhooks/endpoint/e-1/history").await.text();
    assert!(history.contains("secret_id") && !history.contains("whsec_") && !history.contains(&secret[6..]), "{history}");
    gateway.stop().await;
}

#[tokio::test]
async fn what_cannot_work_is_refused_with_one_reason_each() {
    let (gateway, owner) = gateway().await;
    for (url, code) in [
        ("https://127.0.0.1/", "webhooks.address_forbidden"),
        ("https://2130706433/", "webhooks.address_forbidden"),
        ("https://localhost/", "webhooks.address_forbidden"),
        ("https://169.254.169.254/latest/meta-data", "webhooks.address_forbidden"),
        ("https://[::ffff:10.0.0.1]/", "webhooks.address_forbidden"),
        ("http://hooks.example.com/", "webhooks.address_insecure"),
        ("ftp://hooks.example.com/", "webhooks.address_invalid"),
        ("https://u:p@hooks.example.com/", "webhooks.address_invalid"),
        ("https://hooks.example.com/#x", "webhooks.url_invalid"),
    ] {
        owner.post(REGISTER, &body(url)).await.is_problem(422, code);
    }
    let with = |filter: Value| json!({ "url": "https://hooks.example.com/", "filter": filter }).to_string();
    owner.post(REGISTER, &with(json!({ "contexts": ["law"] }))).await.is_problem(404, "unknown_context");
    owner.post(REGISTER, &with(json!({ "types": ["a*b"] }))).await.is_problem(422, "webhooks.filter_invalid");
    gateway
        .client_of(owner.tenant, "member")
        .post(REGISTER, &body("https://hooks.example.com/"))
        .await
        .is_problem(422, "webhooks.not_allowed");
    gateway.client_of(owner.tenant, "auditor").post(REGISTER, &body("https://hooks.example.com/")).await.is_problem(403, "forbidden");
    let line = json!({ "context": "webhooks", "aggregate": "endpoint", "id": "e-2", "command": "register", "body": { "url": "https://hooks.example.com/" } });
    let bulk = owner.post("/v1/commands", &format!("{line}\n")).await.json();
    assert_eq!(bulk["problem"]["code"], "not_in_bulk", "{bulk}");

    owner.post(REGISTER, &body("https://hooks.example.com/")).await;
    owner
        .post("/v1/webhooks/endpoint/e-1/change", &json!({ "url": "https://10.0.0.1/" }).to_string())
        .await
        .is_problem(422, "webhooks.address_forbidden");
    let place = owner.post("/v1/webhooks/endpoint/e-1/disable", "{}").await.json()["position"].as_str().unwrap().to_owned();
    let (prefix, position) = place.split_once('@').unwrap();
    let replay = async |body: Value| owner.post("/v1/webhooks/endpoint/e-1/replay", &body.to_string()).await;
    let future = format!("{prefix}@{}", position.parse::<i64>().unwrap() + 1);
    replay(json!({ "after": [future] })).await.is_problem(400, "position_unknown");
    let (context, partition) = prefix.split_once('/').unwrap();
    let foreign = format!("{context}/{}@1", (partition.parse::<i32>().unwrap() + 1) % 4);
    replay(json!({ "events": [foreign] })).await.is_problem(400, "invalid_position");
    replay(json!({ "events": [place], "since": "2026-03-01T12:00:00Z" })).await.is_problem(422, "webhooks.replay_unclear");
    replay(json!({ "since": "2199-03-01T12:00:00Z" })).await.is_problem(422, "webhooks.future_time");
    assert_eq!(replay(json!({ "events": [place] })).await.status.as_u16(), 200);
    gateway.stop().await;
}

#[tokio::test]
async fn a_tenant_has_so_many_endpoints_and_an_installation_without_a_key_none() {
    let (gateway, owner) = gateway().await;
    for number in 0..100 {
        listed(&gateway, &owner, &format!("x-{number}")).await;
    }
    owner.post(REGISTER, &body("https://hooks.example.com/")).await.is_problem(422, "webhooks.too_many_endpoints");
    gateway.stop().await;
    let gateway = Gateway::start(CONTEXTS, |options| gateway::GatewayOptions { webhooks: None, ..options }).await;
    let owner = gateway.client("owner").await;
    owner.post(REGISTER, &body("https://hooks.example.com/")).await.is_problem(503, "webhooks_not_set_up");
    gateway.stop().await;
}

#[tokio::test]
async fn deliveries_are_shown_page_by_page_to_their_tenant() {
    const PUT: &str = "INSERT INTO runtime.webhook_deliveries (tenant_id, endpoint_id, event_id, context, partition, position, event_type, subject, status, \
            attempts, first_attempt_at, last_attempt_at, duration_ms) \
        SELECT $1, 'e-1', gen_random_uuid(), 'crm', 0, n, 'crm.contact_registered.v1', 'contact/' || n, CASE n WHEN 3 THEN 'failed' ELSE 'delivered' END, 1, \
            now(), now() - n * interval '1 s', 7 FROM generate_series(1, 5) n";
    let (gateway, owner) = gateway().await;
    let uri = "/v1/webhooks/endpoint/e-1/deliveries";
    owner.get(uri).await.is_problem(404, "webhooks.not_found");
    listed(&gateway, &owner, "e-1").await;
    sqlx::query(PUT).bind(owner.tenant).execute(&gateway.db.worker).await.unwrap();
    let first = owner.get(&format!("{uri}?limit=3")).await.json();
    let positions =
        |page: &Value| page["data"].as_array().unwrap().iter().map(|row| row["position"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(positions(&first), ["crm/0@1", "crm/0@2", "crm/0@3"]);
    let rest = owner.get(&format!("{uri}?limit=3&cursor={}", first["next_cursor"].as_str().unwrap())).await.json();
    assert_eq!((positions(&rest), &rest["next_cursor"]), (vec!["crm/0@4".to_owned(), "crm/0@5".to_owned()], &Value::Null));
    assert_eq!(positions(&owner.get(&format!("{uri}?status=failed")).await.json()), ["crm/0@3"]);
    for (query, code) in [
        ("status=lost", "invalid_parameter"),
        ("limit=0", "invalid_parameter"),
        ("cursor=x", "invalid_cursor"),
        ("more=1", "unknown_parameter"),
    ] {
        owner.get(&format!("{uri}?{query}")).await.is_problem(400, code);
    }
    gateway.client("owner").await.get(uri).await.is_problem(404, "webhooks.not_found");
    gateway.stop().await;
}
