//! Event streams.

use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use axum::http::StatusCode;
use futures::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::tungstenite;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tower::ServiceExt as _;

use crate::harness::{Client, Gateway};

/// The messages of a stream of server-sent events: id, event, data.
pub struct Messages {
    body: BodyDataStream,
    text: String,
}

impl Messages {
    pub async fn open(client: &Client, uri: &str, headers: &[(&str, &str)]) -> Self {
        let response = client.router.clone().oneshot(client.request("GET", uri, headers, Body::empty())).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { body: response.into_body().into_data_stream(), text: String::new() }
    }

    /// The next message that has data.
    pub async fn next(&mut self) -> Option<(String, String, Value)> {
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
async fn a_stream_goes_by_one_of_the_tokens_roles() {
    let gateway = Gateway::lab().await;
    let client = gateway.client("member").await;
    let roles = ["analyst", "auditor"].map(str::to_owned);
    let token = gateway::issue(crate::harness::SECRET, client.tenant, "x", &roles, platform::clock::new_id(), Duration::from_mins(1));
    let both = Client { token, ..client.clone() };
    client.take("a", "x").await;
    let mut messages = Messages::open(&both, "/v1/events?from=start&role=auditor", &[]).await;
    assert_eq!(messages.next().await.unwrap().2["subject"], "sample/a");
    both.get("/v1/events?role=analyst").await.is_problem(403, "forbidden");
    both.get("/v1/events?role=analyst&context=lab").await.is_problem(403, "forbidden");
    both.get("/v1/events?role=owner").await.is_problem(403, "role_not_held");
    gateway.stop().await;
}

/// Streams of many tenants and positions see all of their tenant's events, in order and once, while others write.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_of_a_tenant_share_a_reader_and_miss_nothing() {
    let gateway = Gateway::lab().await;
    let mut tenants = Vec::new();
    for _ in 0..6 {
        let client = gateway.client("member").await;
        client.take("before", "x").await;
        let live = Messages::open(&client, "/v1/events", &[]).await;
        tenants.push((client, live));
    }
    let writers = tenants.iter().map(|(client, _)| {
        let client = client.clone();
        async move {
            for number in 0..40 {
                client.take(&format!("s-{number}"), "x").await;
            }
        }
    });
    futures::future::join_all(writers).await;
    for (client, live) in &mut tenants {
        let mut late = Messages::open(client, "/v1/events?from=start", &[]).await;
        assert_eq!(late.next().await.unwrap().2["subject"], "sample/before");
        for number in 0..40 {
            let wanted = format!("sample/s-{number}");
            assert_eq!(live.next().await.unwrap().2["subject"], wanted);
            assert_eq!(late.next().await.unwrap().2["subject"], wanted);
        }
    }
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

/// How long a client may stand still in the tests below.
const STALL_MAX: Duration = Duration::from_secs(2);
/// Events that are made for them, and bytes of each: more than all buffers on the way hold.
const LARGE: (usize, usize) = (160, 250_000);

/// A gateway that is impatient with slow clients, and a client with many large events.
async fn impatient() -> (Gateway, Client) {
    let change = |options| gateway::GatewayOptions { tenant_streams_max: 1, stream_stall_max: STALL_MAX, ..options };
    let gateway = Gateway::start(crate::lab::CONTEXTS, change).await;
    let client = gateway.client("member").await;
    let note = "x".repeat(LARGE.1);
    let line = json!({ "context": "lab", "aggregate": "sample", "command": "take", "body": { "label": "large", "note": note } });
    let answer = client.post("/v1/commands", &format!("{line}\n").repeat(LARGE.0)).await.text();
    assert_eq!(answer.lines().filter(|line| line.contains("\"status\":200")).count(), LARGE.0);
    (gateway, client)
}

/// Asks for the stream over a connection with a small buffer, and waits until the answer begins.
async fn connect(gateway: &Gateway, client: &Client) -> TcpStream {
    let address = gateway.listen().await;
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(1 << 16).unwrap();
    let mut stream = socket.connect(address).await.unwrap();
    let head = format!("GET /v1/events?from=start HTTP/1.1\r\nhost: test\r\nauthorization: Bearer {}\r\n\r\n", client.token);
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.readable().await.unwrap();
    stream
}

/// Reads until the stream ends, or breaks.
async fn rest(mut stream: TcpStream) -> String {
    let mut bytes = Vec::new();
    let read = async {
        let mut buffer = vec![0; 1 << 16];
        while let Ok(count @ 1..) = stream.read(&mut buffer).await {
            bytes.extend_from_slice(&buffer[..count]);
            // The answer is in chunks; one of no bytes is the last.
            if bytes.ends_with(b"\r\n0\r\n\r\n") {
                break;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), read).await.expect("the stream ends");
    String::from_utf8_lossy(&bytes).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_stands_still_for_too_long_is_told_why_its_stream_ends() {
    let (gateway, client) = impatient().await;
    let stream = connect(&gateway, &client).await;
    // The client's own slowness.
    tokio::time::sleep(STALL_MAX * 3 / 2).await;
    let text = rest(stream).await;
    assert!(text.contains("event: closed\ndata: {\"code\":\"slow_client\"}"), "{}", &text[text.len().saturating_sub(300)..]);
    let received = text.matches("event: lab.sample_taken.v1").count();
    assert!((1..LARGE.0 / 2).contains(&received), "{received} events had been put on the way");
    gateway.stop().await;
}

/// Whether another stream may be opened; if so, it is closed again.
async fn opened(client: &Client) -> StatusCode {
    client.router.clone().oneshot(client.request("GET", "/v1/events", &[], Body::empty())).await.unwrap().status()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_never_reads_loses_its_connection_and_what_it_held() {
    let (gateway, client) = impatient().await;
    let stream = connect(&gateway, &client).await;
    let started = std::time::Instant::now();
    // A tenant has one stream here: another can be opened when this one is gone.
    let mut refused = 0;
    while opened(&client).await == StatusCode::TOO_MANY_REQUESTS {
        refused += 1;
        assert!(started.elapsed() < STALL_MAX * 10, "the connection is ended");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    println!("refused {refused} times, for {:?}", started.elapsed());
    assert!(refused > 0);
    let text = rest(stream).await;
    let received = text.matches("event: lab.sample_taken.v1").count();
    assert!(received < LARGE.0 / 2, "what is held for a client is bounded: {received} events had been put on the way");
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_websocket_that_stands_still_for_too_long_is_closed_with_a_reason() {
    let (gateway, client) = impatient().await;
    let address = gateway.listen().await;
    let mut request = format!("ws://{address}/v1/events/ws?from=start").into_client_request().unwrap();
    request.headers_mut().insert("authorization", format!("Bearer {}", client.token).parse().unwrap());
    let (mut socket, _) = tokio_tungstenite::connect_async(request).await.unwrap();
    tokio::time::sleep(STALL_MAX * 3 / 2).await;
    let mut received = 0;
    let frame = loop {
        match tokio::time::timeout(Duration::from_secs(20), socket.next()).await.expect("the stream ends").unwrap().unwrap() {
            tungstenite::Message::Text(_) => received += 1,
            tungstenite::Message::Close(frame) => break frame.unwrap(),
            _ => {}
        }
    };
    assert_eq!((u16::from(frame.code), frame.reason.as_str()), (1008, "slow_client"));
    assert!((1..LARGE.0 / 2).contains(&received), "{received} events had been put on the way");
    gateway.stop().await;
}
