//! Events as CloudEvents 1.0 in JSON.

use domain::kernel::RecordedEvent;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// The structured form (CloudEvents JSON format §3). The attribute `cursor` is where to resume after the event.
#[derive(Serialize)]
struct CloudEvent<'a> {
    specversion: &'static str,
    id: uuid::Uuid,
    #[serde(rename = "type")]
    event_type: &'a str,
    source: String,
    subject: String,
    time: chrono::DateTime<chrono::Utc>,
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

/// The event as JSON on one line.
pub fn to_json(event: &RecordedEvent, cursor: &str) -> Result<String, serde_json::Error> {
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
