//! An event as a Kafka record: CloudEvents 1.0, Kafka protocol binding, binary content mode.

use chrono::{DateTime, SecondsFormat, Utc};
use domain::kernel::RecordedEvent;
use platform::telemetry::spans::{self, Step, StepKind};
use projections::runtime::{event_attributes, sampled_trace};
use rdkafka::message::{Header, OwnedHeaders};

/// The headers of an event's record. `ce_aggregateversion`, `ce_actor` and `ce_commandid` are extensions beside the common ones, so
/// that a reader of the topic knows as much as a reader of the log.
pub fn headers(event: &RecordedEvent) -> Vec<(&'static str, String)> {
    let metadata = event.parsed_metadata();
    let wire_type = event.wire_type();
    let schema = format!("/schemas/{wire_type}.json");
    let mut headers = vec![
        ("ce_specversion", "1.0".to_owned()),
        ("ce_id", event.event_id.to_string()),
        ("ce_type", wire_type),
        ("ce_source", format!("/neuroops/{}", event.context)),
        ("ce_subject", format!("{}/{}", event.aggregate_type, event.aggregate_id)),
        ("ce_time", event.recorded_at.to_rfc3339_opts(SecondsFormat::Micros, true)),
        ("ce_dataschema", schema),
        ("ce_tenantid", event.tenant_id.to_string()),
        ("ce_sequence", event.position.to_string()),
        ("ce_aggregateversion", event.sequence.to_string()),
        ("ce_actor", metadata.actor),
        ("ce_commandid", metadata.command_id.to_string()),
        ("ce_correlationid", metadata.correlation_id),
    ];
    headers.extend(metadata.causation_id.map(|id| ("ce_causationid", id)));
    headers.extend(metadata.traceparent.map(|traceparent| ("ce_traceparent", traceparent)));
    headers.push(("content-type", "application/json".to_owned()));
    headers
}

/// The headers as the client library takes them.
pub fn kafka_headers(event: &RecordedEvent) -> OwnedHeaders {
    let headers = headers(event);
    let empty = OwnedHeaders::new_with_capacity(headers.len());
    headers.iter().fold(empty, |all, (key, value)| all.insert(Header { key, value: Some(value) }))
}

/// Shows an event of a recorded trace, so that one request can be followed to its row.
pub fn trace(event: &RecordedEvent, topic: &str, started: DateTime<Utc>) {
    let Some(parent) = sampled_trace(event) else { return };
    let step = || Step {
        name: format!("send {topic}").into(),
        kind: StepKind::Producer,
        started,
        attributes: event_attributes(event, ("send", "send"), topic.to_owned()),
    };
    if !spans::export(parent, step) {
        tracing::info!(trace_id = parent.trace_id_hex(), event_id = %event.event_id, position = event.position, "relayed");
    }
}
