//! Timers over HTTP: every rejection with its code, and what a timer's life looks like from outside.

use axum::http::StatusCode;
use platform::clock;
use projections::contexts::CONTEXTS;
use serde_json::{Value, json};

use crate::harness::{Answer, Client, Gateway};

/// A command to set a timer, with other fields in place of some.
fn setting(changes: &Value) -> Value {
    let mut body = json!({
        "name": "Erase", "schedule": { "cron": "0 12 * * *" },
        "command": { "context": "crm", "aggregate": "contact", "id": "c-1", "command": "erase", "body": { "reason": "asked" } }
    });
    for (name, value) in changes.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

async fn send(client: &Client, id: &str, command: &str, body: &Value) -> Answer {
    client.post(&format!("/v1/scheduling/timer/{id}/{command}"), &body.to_string()).await
}

/// Sends the commands, of which all but the last are accepted.
async fn last_of(client: &Client, id: &str, commands: &[(&str, Value)]) -> Answer {
    let (last, before) = commands.split_last().unwrap();
    for (command, body) in before {
        let answer = send(client, id, command, body).await;
        assert_eq!(answer.status, StatusCode::OK, "{command}: {}", answer.text());
    }
    send(client, id, last.0, &last.1).await
}

#[tokio::test]
async fn every_rejection_has_its_code() {
    /// Commands, of which the last is refused with this status and code.
    type Case = (Vec<(&'static str, Value)>, u16, &'static str);
    let gateway = Gateway::start(CONTEXTS, |options| options).await;
    let client = gateway.client("owner").await;
    let schedule = |changes: Value| ("schedule", setting(&changes));
    let target = |context: &str, aggregate: &str| json!({ "command": { "context": context, "aggregate": aggregate, "command": "erase" } });
    let long =
        json!({ "command": { "context": "crm", "aggregate": "contact", "command": "erase", "body": { "reason": "x".repeat(17_000) } } });
    let plain = || schedule(json!({}));
    let other = || ("reschedule", json!({ "schedule": { "cron": "0 13 * * *" } }));
    let cases: Vec<Case> = vec![
        (vec![plain(), plain()], 409, "scheduling.already_exists"),
        (vec![other()], 404, "scheduling.not_found"),
        (vec![schedule(json!({ "schedule": { "cron": "0 25 * * *" } }))], 422, "scheduling.cron_invalid"),
        (vec![plain(), ("reschedule", json!({ "schedule": { "cron": "every day" } }))], 422, "scheduling.cron_invalid"),
        (vec![schedule(json!({ "zone": "Europe/Atlantis" }))], 422, "scheduling.zone_unknown"),
        (vec![schedule(json!({ "schedule": { "at": "2020-01-01T00:00:00Z" } }))], 422, "scheduling.time_passed"),
        (vec![schedule(json!({ "schedule": { "local": "2020-01-01T00:00:00" }, "zone": "Asia/Tokyo" }))], 422, "scheduling.time_passed"),
        (vec![schedule(json!({ "schedule": { "cron": "0 0 30 2 *" } }))], 422, "scheduling.never_fires"),
        (vec![schedule(json!({ "until": "2020-01-01T00:00:00Z" }))], 422, "scheduling.never_fires"),
        (vec![schedule(json!({ "grace_seconds": 86_401 }))], 422, "scheduling.grace_too_long"),
        (vec![schedule(target("crm", "Contact"))], 422, "scheduling.command_invalid"),
        (vec![schedule(target("scheduling", "timer"))], 422, "scheduling.commands_timer"),
        (vec![schedule(long)], 422, "scheduling.command_too_large"),
        (vec![plain(), ("cancel", json!({})), ("pause", json!({}))], 422, "scheduling.timer_cancelled"),
        (vec![plain(), ("cancel", json!({})), ("resume", json!({}))], 422, "scheduling.timer_cancelled"),
        (vec![plain(), ("cancel", json!({})), other()], 422, "scheduling.timer_cancelled"),
        (vec![schedule(json!({ "schedule": { "at": "tomorrow" } }))], 400, "invalid_field"),
        (vec![schedule(json!({ "schedule": { "at": "2030-01-01T00:00:00Z", "cron": "0 12 * * *" } }))], 400, "invalid_field"),
        (vec![schedule(json!({ "catch_up": "sometimes" }))], 400, "invalid_field"),
        (vec![("fire", json!({ "now": true }))], 400, "invalid_field"),
    ];
    for (number, (commands, status, code)) in cases.into_iter().enumerate() {
        last_of(&client, &format!("t-{number}"), &commands).await.is_problem(status, code);
    }
    let member = gateway.client_of(client.tenant, "member");
    send(&member, "mine", "schedule", &setting(&json!({}))).await.is_problem(422, "scheduling.timer_not_allowed");
    assert_eq!(send(&client, "theirs", "schedule", &setting(&json!({}))).await.status, StatusCode::OK);
    send(&member, "theirs", "reschedule", &other().1).await.is_problem(422, "scheduling.timer_not_allowed");
    assert_eq!(send(&member, "theirs", "pause", &json!({})).await.status, StatusCode::OK, "a member may hold a timer up");
    gateway.stop().await;
}

#[tokio::test]
async fn a_timer_that_has_finished_is_rescheduled_and_nothing_else() {
    let gateway = Gateway::start(CONTEXTS, |options| options).await;
    let client = gateway.client("admin").await;
    let soon = clock::now() + chrono::TimeDelta::milliseconds(200);
    let answer = send(&client, "t", "schedule", &setting(&json!({ "schedule": { "at": soon } }))).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let mut early = 0;
    let fired = loop {
        let answer = send(&client, "t", "fire", &json!({})).await.json();
        if answer["events"] != json!([]) {
            break answer;
        }
        assert!(clock::now() < soon + chrono::TimeDelta::seconds(5), "it never fires");
        early += 1;
    };
    assert!(early > 0, "before its time nothing happens");
    assert_eq!(fired["events"][0]["type"], "scheduling.timer_fired.v1");
    assert_eq!(send(&client, "t", "fire", &json!({})).await.json()["events"], json!([]), "and after it nothing more");
    for command in ["pause", "resume", "cancel"] {
        send(&client, "t", command, &json!({})).await.is_problem(422, "scheduling.timer_finished");
    }
    let again = json!({ "schedule": { "local": "2100-03-28T02:30:00" }, "zone": "Europe/Berlin" });
    assert_eq!(send(&client, "t", "reschedule", &again).await.status, StatusCode::OK);
    let history = client.get("/v1/scheduling/timer/t/history").await.json();
    let types: Vec<&str> = history["data"].as_array().unwrap().iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["scheduling.timer_scheduled.v1", "scheduling.timer_fired.v1", "scheduling.timer_rescheduled.v1"]);
    gateway.stop().await;
}

#[tokio::test]
async fn sending_a_command_twice_stores_nothing_the_second_time() {
    let gateway = Gateway::start(CONTEXTS, |options| options).await;
    let client = gateway.client("owner").await;
    assert_eq!(send(&client, "t", "schedule", &setting(&json!({}))).await.status, StatusCode::OK);
    for (command, body) in [
        ("reschedule", json!({ "schedule": { "cron": "0 13 * * *" }, "zone": "America/New_York" })),
        ("pause", json!({ "reason": "holidays" })),
        ("resume", json!({})),
        ("cancel", json!({ "reason": "over" })),
    ] {
        assert_eq!(send(&client, "t", command, &body).await.json()["events"].as_array().map(Vec::len), Some(1), "{command}");
        assert_eq!(send(&client, "t", command, &body).await.json()["events"], json!([]), "{command} again");
    }
    gateway.stop().await;
}
