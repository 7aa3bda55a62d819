//! Event streams.

use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use axum::http::StatusCode;
use futures::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tower::ServiceExt as _;

use crate::harness::{Client, Gateway};

/// The messages of a stream of server-sent events: id, event, data.
struct Messages {
    body: BodyDataStream,
    text: String,
}

impl Messages {
    async fn open(client: &Client, uri: &str, headers: &[(&str, &str)]) -> Self {
        let response = client.router.clone().oneshot(client.request("GET", uri, headers, Body::empty())).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { body: response.into_body().into_data_stream(), text: String::new() }
    }

    /// The next message that has data.
    async fn next(&mut self) -> Option<(String, String, Value)> {
        loop {
            while let Some((message, rest)) = self.text.split_once("\n\n") {
                let field = |name: &str| message.lines().find_map(|line| line.strip_prefix(name)).unwrap_or("").trim().to_owned();
                let found = (field("id:"), field("event:"), field("data:"));
                let rest = rest.len();
                self.text.drain(..self.text.len() - rest);
                if !found.2.is_empty() {
                    return Some((found.0, found.1, serde_json::from_str(&found.2).unwrap()));
                }
            }
            let chunk = tokio::time::timeout(Duration::from_secs(10), self.body.next()).await.expect("a message in time")?;
            self.text.push_str(std::str::from_utf8(&chunk.unwrap()).unwrap());
        }
    }
}

#[tokio::test]
async fn a_stream_shows_the_tenants_events_as_cloud_events_and_resumes() {
    let gateway = Gateway::lab().await;
    let client = gateway.client("auditor").await;
    let member = gateway.client_of(client.tenant, "member");
    let other = gateway.client("member").await;
    member.take("before", "x").await;
    let mut live = Messages::open(&client, "/v1/events", &[]).await;
    other.take("foreign", "x").await;
    member.take("s-1", "one").await;
    member.take("s-2", "two").await;
    let (first_id, event, body) = live.next().await.unwrap();
    assert_eq!(event, "lab.sample_taken.v1");
    assert_eq!(
        (&body["specversion"], &body["type"], &body["source"], &body["subject"], &body["data"]["label"]),
        (&json!("1.0"), &json!("lab.sample_taken.v1"), &json!("/neuroops/lab"), &json!("sample/s-1"), &json!("one"))
    );
    assert_eq!((&body["tenantid"], &body["cursor"]), (&json!(client.tenant), &json!(first_id)));
    assert!(body["correlationid"].is_string() && body["sequence"].is_string() && body["traceparent"].is_string());
    assert_eq!(live.next().await.unwrap().2["subject"], "sample/s-2");
    drop(live);

    let mut resumed = Messages::open(&client, "/v1/events", &[("last-event-id", &first_id)]).await;
    assert_eq!(resumed.next().await.unwrap().2["subject"], "sample/s-2");
    member.take("s-3", "three").await;
    assert_eq!(resumed.next().await.unwrap().2["subject"], "sample/s-3");

    let mut all = Messages::open(&client, "/v1/events?from=start&context=lab", &[]).await;
    for subject in ["sample/before", "sample/s-1", "sample/s-2", "sample/s-3"] {
        assert_eq!(all.next().await.unwrap().2["subject"], subject);
    }
    gateway.shutdown.cancel();
    let (_, event, reason) = all.next().await.unwrap();
    assert_eq!((event.as_str(), &reason["code"]), ("closed", &json!("shutting_down")));
    assert!(all.next().await.is_none());
    gateway.stop().await;
}

#[tokio::test]
async fn a_stream_is_filtered_by_type_and_subject() {
    let gateway = Gateway::lab().await;
    let client = gateway.client("member").await;
    for id in ["a", "b"] {
        client.take(id, "x").await;
        client.post(&format!("/v1/lab/sample/{id}/relabel"), r#"{"label":"y"}"#).await;
    }
    let mut relabelled = Messages::open(&client, "/v1/events?from=start&type=lab.sample_rel*", &[]).await;
    for subject in ["sample/a", "sample/b"] {
        let (_, event, body) = relabelled.next().await.unwrap();
        assert_eq!((event.as_str(), &body["subject"]), ("lab.sample_relabelled.v1", &json!(subject)));
    }
    let mut one =
        Messages::open(&client, "/v1/events?from=start&subject=sample/b&type=lab.sample_taken.v1,lab.sample_relabelled.v1", &[]).await;
    for event in ["lab.sample_taken.v1", "lab.sample_relabelled.v1"] {
        let message = one.next().await.unwrap();
        assert_eq!((message.1.as_str(), &message.2["subject"]), (event, &json!("sample/b")));
    }
    for (query, status, code) in [
        ("context=law", 404, "unknown_context"),
        ("type=a*b", 400, "invalid_parameter"),
        ("subject=x", 400, "invalid_parameter"),
        ("from=middle", 400, "invalid_parameter"),
        ("after=x", 400, "invalid_position"),
        ("more=x", 400, "unknown_parameter"),
    ] {
        client.get(&format!("/v1/events?{query}")).await.is_problem(status, code);
    }
    let place = client.take("c", "x").await.json()["position"].as_str().unwrap().split_once('@').unwrap().0.to_owned();
    client.get(&format!("/v1/events?after={place}@999")).await.is_problem(400, "position_unknown");
    gateway.client_of(client.tenant, "analyst").get("/v1/events").await.is_problem(403, "forbidden");
    gateway.stop().await;
}

#[tokio::test]
async fn a_stream_ends_with_its_token_and_a_tenant_has_so_many() {
    let gateway = Gateway::start(crate::lab::CONTEXTS, |options| gateway::GatewayOptions { tenant_streams_max: 1, ..options }).await;
    let client = gateway.client("member").await;
    let token_id = platform::clock::new_id();
    let token = gateway::issue(crate::harness::SECRET, client.tenant, "x", &["member".to_owned()], token_id, Duration::from_mins(1));
    let short = Client { token, ..client.clone() };
    let mut messages = Messages::open(&short, "/v1/events", &[]).await;
    client.get("/v1/events").await.is_problem(429, "too_many_requests");
    sqlx::query("INSERT INTO tenancy.tokens (tenant_id, token_id, subject, roles, expires_at, revoked_at) VALUES ($1, $2, 'x', '{}', now() + interval '1 h', now())")
        .bind(client.tenant)
        .bind(token_id)
        .execute(&mut gateway.db.admin().await)
        .await
        .unwrap();
    let (_, event, reason) = messages.next().await.unwrap();
    assert_eq!((event.as_str(), &reason["code"]), ("closed", &json!("token_ended")));
    drop(messages);
    drop(Messages::open(&client, "/v1/events", &[]).await);
    gateway.stop().await;
}

#[tokio::test]
async fn a_websocket_shows_the_same_events() {
    let gateway = Gateway::lab().await;
    let client = gateway.client("member").await;
    let address = gateway.listen().await;
    client.get("/v1/events/ws").await.is_problem(426, "upgrade_required");
    client.take("before", "x").await;
    let mut request = format!("ws://{address}/v1/events/ws?from=start").into_client_request().unwrap();
    let refused = tokio_tungstenite::connect_async(request.clone()).await;
    assert!(matches!(refused, Err(tungstenite::Error::Http(answer)) if answer.status() == 401));
    request.headers_mut().insert("authorization", format!("Bearer {}", client.token).parse().unwrap());
    request.headers_mut().insert("sec-websocket-protocol", "cloudevents.json".parse().unwrap());
    let (mut socket, answer) = tokio_tungstenite::connect_async(request).await.unwrap();
    assert_eq!(answer.headers()["sec-websocket-protocol"], "cloudevents.json");
    client.take("after", "x").await;
    for subject in ["sample/before", "sample/after"] {
        let body: Value = loop {
            if let tungstenite::Message::Text(text) = socket.next().await.unwrap().unwrap() {
                break serde_json::from_str(&text).unwrap();
            }
        };
        assert_eq!(body["subject"], subject);
        assert!(body["cursor"].as_str().unwrap().starts_with("lab/"));
    }
    socket.send(tungstenite::Message::Ping(vec![1].into())).await.unwrap();
    gateway.shutdown.cancel();
    let frame = loop {
        if let tungstenite::Message::Close(frame) = socket.next().await.unwrap().unwrap() {
            break frame.unwrap();
        }
    };
    assert_eq!((u16::from(frame.code), frame.reason.as_str()), (1001, "shutting_down"));
    gateway.stop().await;
}
