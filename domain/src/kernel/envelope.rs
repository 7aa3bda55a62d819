//! An event as the log recorded it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::TenantId;

/// Who and what led to an event. Stored with it as JSON and carried to Kafka as headers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata {
    /// Subject of the token that sent the command.
    #[serde(default)]
    pub actor: String,
    /// The command; all events of one command share it.
    #[serde(default)]
    pub command_id: Uuid,
    /// The business conversation that the command belongs to.
    #[serde(default)]
    pub correlation_id: String,
    /// The event or command that caused the command, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causation_id: Option<String>,
    /// W3C trace context of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
}

/// One event of the log, upcast or not, with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedEvent {
    /// The context, which is also the topic's last part.
    pub context: String,
    /// The log partition within the context.
    pub partition: i32,
    /// 1, 2, 3 … without gaps within the log partition.
    pub position: i64,
    /// `UUIDv7`, unique.
    pub event_id: Uuid,
    /// The tenant that the event belongs to.
    pub tenant_id: TenantId,
    /// The aggregate's type.
    pub aggregate_type: String,
    /// The aggregate's id.
    pub aggregate_id: String,
    /// 1, 2, 3 … within the aggregate; the aggregate's version after the event.
    pub sequence: i64,
    /// What happened, in snake case; the storage contract.
    pub event_type: String,
    /// The schema version of the payload.
    pub event_version: String,
    /// JSON, byte for byte as it was stored.
    pub payload: String,
    /// [`Metadata`] as JSON.
    pub metadata: String,
    /// When the log accepted it; never decreases within a log partition.
    pub recorded_at: DateTime<Utc>,
}

impl RecordedEvent {
    /// The type as it stands on the wire: `crm.contact_registered.v1`.
    pub fn wire_type(&self) -> String {
        wire_type(&self.context, &self.event_type, &self.event_version)
    }

    /// The metadata; what cannot be read (events written by other clients) is empty.
    pub fn parsed_metadata(&self) -> Metadata {
        serde_json::from_str(&self.metadata).unwrap_or_default()
    }
}

/// Composes a wire type, e.g. `crm.contact_registered.v1`.
pub fn wire_type(context: &str, event_type: &str, version: &str) -> String {
    format!("{context}.{event_type}.v{version}")
}
