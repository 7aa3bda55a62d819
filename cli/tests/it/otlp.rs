//! What a collector of OpenTelemetry is told.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value::Value};
use opentelemetry_proto::tonic::trace::v1::{Span, span::SpanKind};
use projections::contexts;
use prost::Message as _;
use serde_json::json;

use crate::platform::{Platform, folder};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const CALLER: &str = "b7ad6b7169203331";
const KEY: &str = "a-key-of-the-collector";

/// What the collector was sent.
#[derive(Default)]
struct Received {
    spans: Vec<Span>,
    metrics: BTreeSet<String>,
    services: BTreeSet<String>,
    /// Requests without the collector's key.
    strangers: usize,
}

type Collector = Arc<Mutex<Received>>;

fn text(attributes: &[KeyValue], name: &str) -> String {
    let found = attributes.iter().find(|attribute| attribute.key == name).and_then(|attribute| attribute.value.as_ref());
    match found.and_then(|value| value.value.as_ref()) {
        Some(Value::StringValue(text)) => text.clone(),
        Some(Value::IntValue(number)) => number.to_string(),
        other => panic!("{name}: {other:?} in {attributes:?}"),
    }
}

async fn traces(State(collector): State<Collector>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let request = ExportTraceServiceRequest::decode(body).expect("spans");
    let mut received = collector.lock().expect("the collector");
    received.strangers += usize::from(headers.get("x-api-key").is_none_or(|key| key != KEY));
    for resource in request.resource_spans {
        received.services.insert(text(&resource.resource.expect("a resource").attributes, "service.name"));
        received.spans.extend(resource.scope_spans.into_iter().flat_map(|scope| scope.spans));
    }
    StatusCode::OK
}

async fn metrics(State(collector): State<Collector>, body: Bytes) -> StatusCode {
    let request = ExportMetricsServiceRequest::decode(body).expect("metrics");
    let scopes = request.resource_metrics.into_iter().flat_map(|resource| resource.scope_metrics);
    let names = scopes.flat_map(|scope| scope.metrics).map(|metric| metric.name);
    collector.lock().expect("the collector").metrics.extend(names);
    StatusCode::OK
}

/// A collector, and the settings that lead to it.
async fn collector() -> (Collector, &'static [(&'static str, &'static str)]) {
    let collector = Collector::default();
    let router = axum::Router::new().route("/v1/traces", post(traces)).route("/v1/metrics", post(metrics)).with_state(collector.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let endpoint: &'static str = Box::leak(format!("http://{}", listener.local_addr().expect("an address")).into_boxed_str());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let headers: &'static str = Box::leak(format!("x-api-key={KEY}").into_boxed_str());
    let settings = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint),
        ("OTEL_EXPORTER_OTLP_HEADERS", headers),
        ("OTEL_SERVICE_NAME", "neuroops-test"),
        ("OTEL_TRACES_SAMPLER_ARG", "0"),
    ];
    (collector, Box::leak(Box::new(settings)))
}

async fn register(platform: &Platform, flags: &str) {
    let request = platform.http.post(format!("{}/v1/crm/contact/register", platform.expect("NEUROOPS_URL")));
    let request = request.bearer_auth(platform.expect("NEUROOPS_TOKEN")).header("traceparent", format!("00-{TRACE}-{CALLER}-{flags}"));
    let answer = request.json(&json!({ "given_name": "Ada" })).send().await.expect("the gateway answers");
    assert_eq!(answer.status(), 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_collector_is_sent_the_spans_of_a_recorded_request_and_all_metrics() {
    let (collector, settings) = collector().await;
    let platform = Platform::start_in(folder(), settings).await;
    register(&platform, "01").await;
    register(&platform, "00").await;
    let projections: BTreeSet<String> =
        contexts::projections().iter().filter(|known| known.contexts().contains(&"crm")).map(|known| known.name().to_owned()).collect();
    let started = Instant::now();
    // The request, the append, the relay, and each projection.
    while collector.lock().expect("the collector").spans.len() < projections.len() + 3 {
        assert!(started.elapsed() < Duration::from_secs(30), "too few spans: {:#?}", collector.lock().expect("the collector").spans);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(platform.stop(), "the platform stops well");

    let received = collector.lock().expect("the collector");
    assert_eq!(received.services, BTreeSet::from(["neuroops-test".to_owned()]));
    assert_eq!(received.strangers, 0, "the collector's key is sent along");
    assert_eq!(received.spans.len(), projections.len() + 3, "nothing of the request that nobody records");
    assert!(received.spans.iter().all(|span| hex::encode(&span.trace_id) == TRACE && span.end_time_unix_nano >= span.start_time_unix_nano));
    let mut by_name: BTreeMap<&str, Vec<&Span>> = BTreeMap::new();
    for span in &received.spans {
        by_name.entry(&span.name).or_default().push(span);
    }
    let [request] = by_name["POST /v1/crm/contact/register"][..] else { panic!("{by_name:#?}") };
    assert_eq!((hex::encode(&request.parent_span_id).as_str(), request.kind()), (CALLER, SpanKind::Server));
    assert_eq!(text(&request.attributes, "http.response.status_code"), "200");
    let others = received.spans.iter().filter(|span| span.span_id != request.span_id);
    assert!(others.clone().all(|span| span.parent_span_id == request.span_id), "they come from the request");
    let (append, sent) = (by_name["append crm"][0], by_name["send neuroops.crm"][0]);
    assert_eq!((append.kind(), sent.kind()), (SpanKind::Client, SpanKind::Producer));
    assert_eq!(text(&append.attributes, "db.system.name"), "postgresql");
    assert_eq!(text(&sent.attributes, "messaging.destination.name"), "neuroops.crm");
    assert_eq!(text(&sent.attributes, "cloudevents.event_type"), "crm.contact_registered.v1");
    let processed = &by_name["process crm"];
    assert!(processed.iter().all(|span| span.kind() == SpanKind::Consumer));
    let groups: BTreeSet<String> = processed.iter().map(|span| text(&span.attributes, "messaging.consumer.group.name")).collect();
    assert_eq!(groups, projections);
    for name in ["neuroops_http_requests_total", "neuroops_append_seconds", "neuroops_relay_events_total", "neuroops_projection_lag_events"]
    {
        assert!(received.metrics.contains(name), "{name} is not among {:?}", received.metrics);
    }
}
