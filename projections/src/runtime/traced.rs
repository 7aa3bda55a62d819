//! Events of recorded traces.

use domain::kernel::RecordedEvent;
use platform::telemetry::TraceParent;

/// The trace of the request that an event came from, if somebody records it.
pub fn sampled_trace(event: &RecordedEvent) -> Option<TraceParent> {
    // Most are not, and their metadata need not be read for that.
    if !event.metadata.contains("-01\"") {
        return None;
    }
    event.parsed_metadata().traceparent.as_deref().and_then(TraceParent::parse).filter(|parent| parent.sampled)
}

/// What a span tells of an event, by the semantic conventions of CloudEvents and of messaging.
pub fn event_attributes(
    event: &RecordedEvent,
    operation: (&'static str, &'static str),
    destination: String,
) -> Vec<(&'static str, String)> {
    let (name, kind) = operation;
    vec![
        ("cloudevents.event_id", event.event_id.to_string()),
        ("cloudevents.event_source", format!("/neuroops/{}", event.context)),
        ("cloudevents.event_spec_version", "1.0".to_owned()),
        ("cloudevents.event_subject", format!("{}/{}", event.aggregate_type, event.aggregate_id)),
        ("cloudevents.event_type", event.wire_type()),
        ("messaging.system", "kafka".to_owned()),
        ("messaging.operation.name", name.to_owned()),
        ("messaging.operation.type", kind.to_owned()),
        ("messaging.destination.name", destination),
        ("messaging.destination.partition.id", event.partition.to_string()),
        ("messaging.message.id", event.event_id.to_string()),
        ("neuroops.position", event.position.to_string()),
    ]
}
