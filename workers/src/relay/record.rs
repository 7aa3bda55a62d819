//! An event as a Kafka record: CloudEvents 1.0, Kafka protocol binding, binary content mode.

use chrono::SecondsFormat;
use domain::kernel::RecordedEvent;
use platform::telemetry::TraceParent;
use rdkafka::message::{Header, OwnedHeaders};

/// The headers of an event's record. `ce_aggregateversion`, `ce_actor` and `ce_commandid` are extensions beside the common ones, so
/// that a reader of the topic knows as much as a reader of the log.
pub fn headers(event: &RecordedEvent) -> OwnedHeaders {
    let metadata = event.parsed_metadata();
    let wire_type = event.wire_type();
    let source = format!("/neuroops/{}", event.context);
    let subject = format!("{}/{}", event.aggregate_type, event.aggregate_id);
    let id = event.event_id.to_string();
    let time = event.recorded_at.to_rfc3339_opts(SecondsFormat::Micros, true);
    let schema = format!("/schemas/{wire_type}.json");
    let tenant = event.tenant_id.to_string();
    let position = event.position.to_string();
    let version = event.sequence.to_string();
    let command = metadata.command_id.to_string();
    let headers = OwnedHeaders::new_with_capacity(16);
    let put = |headers: OwnedHeaders, key, value: &str| headers.insert(Header { key, value: Some(value) });
    let mut headers = put(headers, "ce_specversion", "1.0");
    for (key, value) in [
        ("ce_id", &id),
        ("ce_type", &wire_type),
        ("ce_source", &source),
        ("ce_subject", &subject),
        ("ce_time", &time),
        ("ce_dataschema", &schema),
        ("ce_tenantid", &tenant),
        ("ce_sequence", &position),
        ("ce_aggregateversion", &version),
        ("ce_actor", &metadata.actor),
        ("ce_commandid", &command),
        ("ce_correlationid", &metadata.correlation_id),
    ] {
        headers = put(headers, key, value);
    }
    if let Some(causation) = &metadata.causation_id {
        headers = put(headers, "ce_causationid", causation);
    }
    if let Some(traceparent) = &metadata.traceparent {
        headers = put(headers, "ce_traceparent", traceparent);
    }
    put(headers, "content-type", "application/json")
}

/// Shows an event of a recorded trace in the logs, so that one request can be followed to its row.
pub fn trace(event: &RecordedEvent) {
    if !event.metadata.contains("-01\"") {
        return;
    }
    let parent = event.parsed_metadata().traceparent.as_deref().and_then(TraceParent::parse);
    if let Some(parent) = parent.filter(|parent| parent.sampled) {
        tracing::info!(trace_id = parent.trace_id_hex(), event_id = %event.event_id, position = event.position, "relayed");
    }
}
