//! Single commands.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};

use crate::harness::{Gateway, send};

#[tokio::test]
async fn a_command_answers_its_receipt() {
    let gateway = Gateway::lab().await;
    let client = gateway.client("member").await;
    let answer = client.take("s-1", "blood").await;
    let body = answer.json();
    assert_eq!((&body["id"], &body["version"]), (&json!("s-1"), &json!(1)));
    assert_eq!(body["events"][0]["type"], "lab.sample_taken.v1");
    assert_eq!(answer.header("etag"), "\"1\"");
    assert_eq!(answer.header("neuroops-position"), body["position"].as_str().unwrap());
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    let made = client.post("/v1/lab/sample/take", r#"{"label":"x"}"#).await.json();
    assert_eq!(made["id"].as_str().unwrap().len(), 36);
    gateway.stop().await;
}

#[tokio::test]
async fn what_is_wrong_with_a_command_is_said_with_its_status() {
    let gateway = Gateway::lab().await;
    let client = gateway.client("member").await;
    client.take("s-1", "blood").await;
    let deep = format!("{{\"label\":{}1{}}}", "[".repeat(70), "]".repeat(70));
    let large = format!("{{\"label\":\"{}\"}}", "x".repeat(2 << 20));
    let cases: Vec<(&str, &str, u16, &str)> = vec![
        ("/v1/lag/sample/s-1/relabel", "{}", 404, "unknown_context"),
        ("/v1/lab/simple/s-1/relabel", "{}", 404, "unknown_aggregate"),
        ("/v1/lab/sample/s-1/relable", "{}", 404, "unknown_command"),
        ("/v1/nothing", "{}", 404, "unknown_route"),
        ("/v1/lab/samples", "{}", 405, "method_not_allowed"),
        ("/v1/lab/samples/s-1", "{}", 405, "method_not_allowed"),
        ("/v1/lab/sample/s-1/history", "{}", 405, "method_not_allowed"),
        ("/v1/lab/sample/relabel", "{}", 400, "id_required"),
        ("/v1/lab/sample/a%20b/relabel", "{}", 400, "invalid_id"),
        ("/v1/lab/sample/s-1/relabel", "{", 400, "malformed_json"),
        ("/v1/lab/sample/s-1/relabel", "{\"label\":\"x\"} x", 400, "malformed_json"),
        ("/v1/lab/sample/s-1/relabel", &deep, 400, "too_deep"),
        ("/v1/lab/sample/s-1/relabel", &large, 413, "too_large"),
        ("/v1/lab/sample/s-1/relabel", "", 400, "invalid_field"),
        ("/v1/lab/sample/s-1/relabel", "[]", 400, "invalid_field"),
        ("/v1/lab/sample/s-1/relabel", r#"{"label":1}"#, 400, "invalid_field"),
        ("/v1/lab/sample/s-1/relabel", r#"{"label":"x","more":1}"#, 400, "invalid_field"),
        ("/v1/lab/sample/s-1/relabel", r#"{"label":"glass"}"#, 422, "lab.fragile"),
        ("/v1/lab/sample/s-2/relabel", r#"{"label":"x"}"#, 404, "lab.not_found"),
        ("/v1/lab/sample/s-1/take", r#"{"label":"x"}"#, 409, "lab.already_exists"),
    ];
    for (uri, body, status, code) in cases {
        client.post(uri, body).await.is_problem(status, code);
    }
    let hint = client.post("/v1/lab/sample/s-1/relable", "{}").await.json();
    assert!(hint["detail"].as_str().unwrap().contains("`relabel`"), "{hint}");
    let wrong = client.post("/v1/lab/sample/s-1/relabel", r#"{"label":1}"#).await.json();
    assert_eq!(wrong["fields"][0]["name"], "label");
    let invalid = client.request("POST", "/v1/lab/sample/s-1/relabel", &[], vec![b'"', 0xff, b'"']);
    send(&client.router, invalid).await.is_problem(400, "malformed_json");
    let uri = "/v1/lab/sample/s-1/relabel";
    for media_type in ["text/plain", "application/xml"] {
        client.post_with(uri, &[("content-type", media_type)], "{}").await.is_problem(415, "unsupported_media_type");
    }
    client.post_with(uri, &[("content-encoding", "gzip")], "{}").await.is_problem(415, "unsupported_media_type");
    assert_eq!(
        client.post_with(uri, &[("content-type", "application/json; charset=utf-8")], r#"{"label":"y"}"#).await.status,
        StatusCode::OK
    );
    gateway.stop().await;
}

#[tokio::test]
async fn other_methods_are_refused_with_those_that_are_allowed() {
    let gateway = Gateway::lab().await;
    let client = gateway.client("member").await;
    for (method, uri, allow) in [
        ("DELETE", "/v1/lab/sample/s-1/relabel", "POST"),
        ("GET", "/v1/lab/sample/s-1/relabel", "POST"),
        ("GET", "/v1/lab/sample/take", "POST"),
        ("PUT", "/v1/lab/samples", "GET, HEAD"),
        ("PATCH", "/v1/lab/samples/s-1", "GET, HEAD"),
        ("DELETE", "/v1/lab/sample/s-1/history", "GET, HEAD"),
        ("GET", "/v1/commands", "POST"),
        ("POST", "/v1/events", "GET, HEAD"),
        ("POST", "/openapi.json", "GET, HEAD"),
        ("DELETE", "/health/ready", "GET, HEAD"),
    ] {
        let answer = send(&client.router, client.request(method, uri, &[], "")).await;
        answer.is_problem(405, "method_not_allowed");
        assert_eq!(answer.header("allow"), allow, "{method} {uri}");
    }
    let stranger = Request::builder().method("OPTIONS").uri("/v1/lab/sample/s-1/history").body(Body::empty()).unwrap();
    let answer = send(&gateway.router, stranger).await;
    answer.is_problem(401, "missing_token");
    assert!(!answer.headers.contains_key("allow"), "what is allowed is told with 405 only");
    gateway.stop().await;
}

#[tokio::test]
async fn a_duplicate_names_who_holds_the_value() {
    let gateway = Gateway::lab().await;
    let client = gateway.client("member").await;
    let take = |id: &str| format!("/v1/lab/sample/{id}/take");
    assert_eq!(client.post(&take("a"), r#"{"label":"x","code":"C"}"#).await.status, StatusCode::OK);
    let answer = client.post(&take("b"), r#"{"label":"x","code":"C"}"#).await;
    answer.is_problem(409, "lab.duplicate");
    assert_eq!(answer.json()["candidates"], json!([{ "id": "a", "field": "code" }]));
    let other = gateway.client("member").await;
    assert_eq!(other.post(&take("b"), r#"{"label":"x","code":"C"}"#).await.status, StatusCode::OK, "codes are each tenant's own");
    gateway.stop().await;
}

#[tokio::test]
async fn if_match_holds_or_refuses() {
    let gateway = Gateway::lab().await;
    let client = gateway.client("member").await;
    client.take("s", "blood").await;
    let uri = "/v1/lab/sample/s/relabel";
    let refused = client.post_with(uri, &[("if-match", "\"7\"")], r#"{"label":"y"}"#).await;
    refused.is_problem(412, "version_mismatch");
    assert_eq!(refused.header("etag"), "\"1\"");
    for malformed in ["1", "W/\"1\"", "*", "\"1\",\"2\"", "\"x\""] {
        client.post_with(uri, &[("if-match", malformed)], r#"{"label":"y"}"#).await.is_problem(400, "invalid_if_match");
    }
    let accepted = client.post_with(uri, &[("if-match", "\"1\"")], r#"{"label":"y"}"#).await;
    assert_eq!(accepted.header("etag"), "\"2\"", "{}", accepted.text());
    gateway.stop().await;
}

#[tokio::test]
async fn the_same_key_answers_the_same_bytes() {
    let gateway = Gateway::lab().await;
    let client = gateway.client("member").await;
    let send = |key: &'static str, body: &'static str| {
        let client = client.clone();
        async move { client.post_with("/v1/lab/sample/take", &[("idempotency-key", key)], body).await }
    };
    let answers = futures::future::join_all((0..20).map(|_| tokio::spawn(send("k", r#"{"label":"x"}"#)))).await;
    let answers: Vec<_> = answers.into_iter().map(Result::unwrap).collect();
    for answer in &answers {
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        assert_eq!(answer.bytes, answers[0].bytes);
        assert_eq!(
            (answer.header("etag"), answer.header("neuroops-position")),
            (answers[0].header("etag"), answers[0].header("neuroops-position"))
        );
    }
    send("k", r#"{"label":"y"}"#).await.is_problem(422, "idempotency_key_reused");
    let events: i64 = sqlx::query_scalar("SELECT count(*) FROM log.events").fetch_one(&gateway.db.worker).await.unwrap();
    assert_eq!(events, 1);
    for bad in ["", "a b", "ü"] {
        client.post_with("/v1/lab/sample/take", &[("idempotency-key", bad)], "{}").await.is_problem(400, "invalid_idempotency_key");
    }
    gateway.stop().await;
}

#[tokio::test]
async fn a_panic_is_a_500_without_its_text() {
    let gateway = Gateway::lab().await;
    let client = gateway.client("member").await;
    client.take("s", "x").await;
    let answer = client.post("/v1/lab/sample/s/explode", "{}").await;
    answer.is_problem(500, "internal");
    assert!(!answer.text().contains("secret"));
    assert_eq!(client.post("/v1/lab/sample/s/relabel", r#"{"label":"y"}"#).await.status, StatusCode::OK, "the gateway goes on");
    gateway.stop().await;
}

#[tokio::test]
async fn a_command_carries_its_trace_and_conversation_into_the_event() {
    let gateway = Gateway::lab().await;
    let client = gateway.client("member").await;
    let headers = [("x-correlation-id", "order-7"), ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")];
    assert_eq!(client.post_with("/v1/lab/sample/take", &headers, r#"{"label":"x"}"#).await.status, StatusCode::OK);
    let metadata: String = sqlx::query_scalar("SELECT metadata::text FROM log.events").fetch_one(&gateway.db.worker).await.unwrap();
    let metadata: Value = serde_json::from_str(&metadata).unwrap();
    assert_eq!((&metadata["actor"], &metadata["correlation_id"]), (&json!("tester"), &json!("order-7")));
    assert!(metadata["traceparent"].as_str().unwrap().starts_with("00-0af7651916cd43dd8448eb211c80319c-"));
    let refused = client.post_with("/v1/lab/sample/nope", &headers[1..], "{}").await.json();
    assert_eq!(refused["trace_id"], "0af7651916cd43dd8448eb211c80319c");
    let long = "x".repeat(129);
    client.post_with("/v1/lab/sample/take", &[("x-correlation-id", &long)], "{}").await.is_problem(400, "invalid_correlation_id");
    gateway.stop().await;
}

#[tokio::test]
async fn a_tenant_at_its_limit_waits_and_others_do_not() {
    let gateway = Gateway::start(crate::lab::CONTEXTS, |options| gateway::GatewayOptions { tenant_requests_max: 0, ..options }).await;
    let client = gateway.client("member").await;
    let answer = client.get("/v1/lab/samples").await;
    answer.is_problem(429, "too_many_requests");
    assert_eq!(answer.header("retry-after"), "1");
    gateway.stop().await;
}
