//! Bulk commands.

use axum::body::Body;
use axum::http::StatusCode;
use futures::StreamExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::harness::{Answer, Client, Gateway, send};

fn lines(answer: &Answer) -> Vec<Value> {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert_eq!(answer.header("content-type"), "application/x-ndjson");
    answer.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

async fn bulk(client: &Client, input: &[String]) -> Vec<Value> {
    lines(&client.post_with("/v1/commands", &[("content-type", "application/x-ndjson")], &input.join("\n")).await)
}

fn command(id: &str, command: &str, label: &str) -> String {
    json!({ "context": "lab", "aggregate": "sample", "id": id, "command": command, "body": { "label": label } }).to_string()
}

#[tokio::test]
async fn results_come_in_order_and_one_aggregates_commands_run_in_order() {
    let gateway = Gateway::lab().await;
    let client = gateway.client("member").await;
    let mut input: Vec<String> = (0..10).map(|id| command(&format!("s-{id}"), "take", "0")).collect();
    input.extend((1..=50).flat_map(|round| (0..10).map(move |id| command(&format!("s-{id}"), "relabel", &round.to_string()))));
    let results = bulk(&client, &input).await;
    assert_eq!(results.len(), 510);
    for (index, result) in results.iter().enumerate() {
        assert_eq!((&result["line"], &result["status"]), (&json!(index + 1), &json!(200)), "{result}");
        assert_eq!(result["receipt"]["version"], json!(index / 10 + 1));
    }
    gateway.stop().await;
}

#[tokio::test]
async fn a_bad_line_is_its_own_problem_only() {
    let gateway = Gateway::lab().await;
    let client = gateway.client("member").await;
    let key = |value: Value| {
        json!({ "context": "lab", "aggregate": "sample", "command": "take", "body": { "label": "k" }, "idempotency_key": value })
            .to_string()
    };
    let input = [
        command("a", "take", "x"),
        "not json".to_owned(),
        String::new(),
        command("a", "take", "x"),
        command("a", "relabel", "glass"),
        command("a", "nothing", "x"),
        json!({ "context": "lab", "aggregate": "sample", "command": "relabel", "body": { "label": "x" } }).to_string(),
        json!({ "context": "lab", "aggregate": "sample", "id": "a", "command": "relabel", "body": { "label": "x" }, "expected_version": 9 }).to_string(),
        json!({ "context": "lab", "surprise": 1 }).to_string(),
        "[".repeat(100),
        key(json!("one")),
        key(json!("one")),
        key(json!("a b")),
        command("a", "explode", "x"),
        json!({ "context": "lab", "aggregate": "sample", "id": "a", "command": "explode" }).to_string(),
        format!("\"{}\"", "x".repeat(2 << 20)),
        command("a", "relabel", "last"),
    ];
    let results = bulk(&client, &input).await;
    let seen: Vec<(u64, u64, &str)> = results
        .iter()
        .map(|result| {
            (result["line"].as_u64().unwrap(), result["status"].as_u64().unwrap(), result["problem"]["code"].as_str().unwrap_or(""))
        })
        .collect();
    assert_eq!(
        seen,
        [
            (1, 200, ""),
            (2, 400, "malformed_json"),
            (4, 409, "lab.already_exists"),
            (5, 422, "lab.fragile"),
            (6, 404, "unknown_command"),
            (7, 400, "id_required"),
            (8, 412, "version_mismatch"),
            (9, 400, "invalid_field"),
            (10, 400, "too_deep"),
            (11, 200, ""),
            (12, 200, ""),
            (13, 400, "invalid_idempotency_key"),
            (14, 400, "invalid_field"),
            (15, 500, "internal"),
            (16, 413, "too_large"),
            (17, 200, ""),
        ]
    );
    assert_eq!(results[9]["receipt"], results[10]["receipt"], "the same key answers the same receipt");
    gateway.stop().await;
}

#[tokio::test]
async fn results_stream_back_while_commands_are_still_being_sent() {
    let gateway = Gateway::lab().await;
    let client = gateway.client("member").await;
    let (sender, receiver) = tokio::sync::mpsc::channel::<Result<String, std::io::Error>>(4);
    let body = Body::from_stream(tokio_stream::wrappers::ReceiverStream::new(receiver));
    let response = client.router.clone().oneshot(client.request("POST", "/v1/commands", &[], body)).await.unwrap();
    let mut results = response.into_body().into_data_stream();
    for id in ["a", "b", "c"] {
        sender.send(Ok(format!("{}\n", command(id, "take", "x")))).await.unwrap();
        let chunk = results.next().await.unwrap().unwrap();
        let result: Value = serde_json::from_slice(&chunk).unwrap();
        assert_eq!(result["receipt"]["id"], id);
    }
    drop(sender);
    assert!(results.next().await.is_none());
    gateway.stop().await;
}

#[tokio::test]
async fn permissions_are_checked_for_each_line() {
    let gateway = Gateway::lab().await;
    let analyst = gateway.client("analyst").await;
    let results = bulk(&analyst, &[command("a", "take", "x"), command("b", "take", "x")]).await;
    assert!(results.len() == 2 && results.iter().all(|result| result["status"] == 403), "{results:?}");
    let answer = send(&analyst.router, analyst.request("POST", "/v1/commands", &[("content-type", "text/plain")], "")).await;
    answer.is_problem(415, "unsupported_media_type");
    gateway.stop().await;
}
