//! Events as CloudEvents 1.0 in JSON.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::RecordedEvent;

/// The structured form (CloudEvents JSON format §3). The attribute `cursor` is where to resume after the event.
#[derive(Serialize)]
struct CloudEvent<'a> {
    specversion: &'static str,
    id: Uuid,
    #[serde(rename = "type")]
    event_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    timestamp: Option<DateTime<Utc>>,
    source: String,
    subject: String,
    time: DateTime<Utc>,
    datacontenttype: &'static str,
    dataschema: String,
    tenantid: String,
    sequence: String,
    correlationid: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    causationid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    traceparent: Option<&'a str>,
    cursor: &'a str,
    data: Box<RawValue>,
}

/// The event as a `CloudEvent` in JSON on one line.
pub fn cloud_event(event: &RecordedEvent, cursor: &str) -> Result<String, serde_json::Error> {
    write(event, cursor, None)
}

/// The same with the attribute `timestamp`, which Standard Webhooks 1.0 wants beside `type` and `data`.
pub fn webhook_event(event: &RecordedEvent, cursor: &str) -> Result<String, serde_json::Error> {
    write(event, cursor, Some(event.recorded_at))
}

fn write(event: &RecordedEvent, cursor: &str, timestamp: Option<DateTime<Utc>>) -> Result<String, serde_json::Error> {
    let metadata = event.parsed_metadata();
    let wire_type = event.wire_type();
    serde_json::to_string(&CloudEvent {
        specversion: "1.0",
        id: event.event_id,
        source: format!("/neuroops/{}", event.context),
        subject: format!("{}/{}", event.aggregate_type, event.aggregate_id),
        time: event.recorded_at,
        datacontenttype: "application/json",
        dataschema: format!("/schemas/{wire_type}.json"),
        event_type: &wire_type,
        timestamp,
        tenantid: event.tenant_id.to_string(),
        sequence: event.position.to_string(),
        correlationid: &metadata.correlation_id,
        causationid: metadata.causation_id.as_deref(),
        traceparent: metadata.traceparent.as_deref(),
        cursor,
        data: one_line(&event.payload)?,
    })
}

/// The payload byte for byte, unless it was written over several lines, which other writers of the log may do.
fn one_line(payload: &str) -> Result<Box<RawValue>, serde_json::Error> {
    if payload.contains(['\n', '\r']) {
        return serde_json::value::to_raw_value(&serde_json::from_str::<Value>(payload)?);
    }
    serde_json::from_str(payload)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payloads_stay_as_they_are_and_on_one_line() {
        assert_eq!(one_line(r#"{"a":  1.50}"#).unwrap().get(), r#"{"a":  1.50}"#);
        assert!(!one_line("{\r\n\"a\":\n1}").unwrap().get().contains(['\n', '\r']));
    }
}
