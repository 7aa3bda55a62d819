//! Histories and past states.

use axum::http::StatusCode;
use serde_json::json;

use crate::harness::Gateway;

#[tokio::test]
async fn a_history_lists_events_and_folds_the_state_of_a_moment() {
    let gateway = Gateway::lab().await;
    let client = gateway.client("member").await;
    client.take("s", "one").await;
    let mut positions = Vec::new();
    for label in ["two", "three"] {
        let answer = client.post("/v1/lab/sample/s/relabel", &format!("{{\"label\":\"{label}\"}}")).await;
        positions.push(answer.json()["position"].as_str().unwrap().to_owned());
    }
    let uri = "/v1/lab/sample/s/history";
    let all = client.get(uri).await.json();
    let types: Vec<&str> = all["data"].as_array().unwrap().iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["lab.sample_taken.v1", "lab.sample_relabelled.v1", "lab.sample_relabelled.v1"]);
    assert_eq!((&all["version"], &all["next_after"], all.get("state")), (&json!(3), &json!(null), None));
    assert_eq!(all["data"][1]["payload"], json!({ "label": "two" }));
    assert_eq!((&all["data"][1]["actor"], &all["data"][1]["position"]), (&json!("tester"), &json!(positions[0])));

    let page = client.get(&format!("{uri}?limit=2")).await.json();
    assert_eq!(page["next_after"], 2);
    let rest = client.get(&format!("{uri}?after=2")).await.json();
    assert_eq!((rest["data"].as_array().unwrap().len(), &rest["next_after"]), (1, &json!(null)));

    let then = client.get(&format!("{uri}?as_of={}", positions[0])).await.json();
    assert_eq!((&then["version"], &then["state"]["label"]), (&json!(2), &json!("two")));
    let second = all["data"][1]["recorded_at"].as_str().unwrap();
    let then = client.get(&format!("{uri}?as_of={second}")).await.json();
    assert_eq!((&then["version"], &then["state"]["label"]), (&json!(2), &json!("two")));
    client.get(&format!("{uri}?as_of=2001-01-01T00:00:00Z")).await.is_problem(404, "lab.not_found");
    gateway.stop().await;
}

#[tokio::test]
async fn histories_of_others_and_wrong_questions_are_refused() {
    let gateway = Gateway::lab().await;
    let client = gateway.client("auditor").await;
    let member = gateway.client_of(client.tenant, "member");
    member.take("s", "one").await;
    let uri = "/v1/lab/sample/s/history";
    assert_eq!(client.get(uri).await.status, StatusCode::OK);
    gateway.client("owner").await.get(uri).await.is_problem(404, "lab.not_found");
    gateway.client_of(client.tenant, "analyst").get(uri).await.is_problem(403, "forbidden");
    for (query, code) in [
        ("after=-1", "invalid_parameter"),
        ("limit=0", "invalid_parameter"),
        ("as_of=noon", "invalid_parameter"),
        ("as_of=lab/99@1", "invalid_position"),
        ("more=1", "unknown_parameter"),
    ] {
        client.get(&format!("{uri}?{query}")).await.is_problem(400, code);
    }
    client.get("/v1/lab/sample/s/histroy").await.is_problem(404, "unknown_route");
    client.get("/v1/lab/thing/s/history").await.is_problem(404, "unknown_aggregate");
    gateway.stop().await;
}
