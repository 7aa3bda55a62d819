//! The endpoints.

use chrono::{DateTime, Utc};
use domain::kernel::{Aggregate as _, EventFilter, RecordedEvent, is_of};
use domain::webhooks::endpoint::{Begin, Cause, Endpoint, EndpointEvent, EndpointRegistered, EndpointStatus, SECRETS_MAX, SigningSecret};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::ColumnKind::{Integer, Json, Text, Timestamp};
use crate::model::{Column, ReadModelDef};
use crate::runtime::{RowKey, RowModel, Rows, event_of};

/// An endpoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EndpointRow {
    /// The endpoint's id.
    pub id: String,
    /// Where deliveries are posted.
    pub url: String,
    /// What it is for.
    pub description: Option<String>,
    /// `enabled`, `disabled` or `removed`.
    pub status: EndpointStatus,
    /// Contexts that it is told of; all where empty.
    pub contexts: Vec<String>,
    /// Wire types, or their beginnings where a `*` follows; all where empty.
    pub types: Vec<String>,
    /// Subjects; all where empty.
    pub subjects: Vec<String>,
    /// The roles in whose name it is told.
    pub roles: Vec<String>,
    /// With which events it began: `now` or `start`.
    pub begin_at: Begin,
    /// The ids of the secrets that sign, the newest last, and until when.
    pub secrets: Vec<SigningSecret>,
    /// Why it is disabled: `requested` or `gone`.
    pub cause: Option<Cause>,
    /// The same in words.
    pub detail: Option<String>,
    /// How many replays were requested.
    pub replays: i64,
    /// Who registered it.
    pub registered_by: String,
    /// The aggregate's version, for `If-Match`.
    pub version: i64,
    /// When it was registered.
    pub created_at: DateTime<Utc>,
    /// When it changed last.
    pub updated_at: DateTime<Utc>,
}

impl EndpointRow {
    fn new(event: &RecordedEvent, e: EndpointRegistered) -> Self {
        let EventFilter { contexts, types, subjects } = e.filter;
        Self {
            id: event.aggregate_id.clone(),
            url: e.url,
            description: e.description.map(String::from),
            status: EndpointStatus::Enabled,
            contexts,
            types,
            subjects,
            roles: e.roles,
            begin_at: e.begin,
            secrets: vec![SigningSecret { id: e.secret_id, until: None }],
            cause: None,
            detail: None,
            replays: 0,
            registered_by: e.registered_by,
            version: event.sequence,
            created_at: event.recorded_at,
            updated_at: event.recorded_at,
        }
    }

    fn change(&mut self, event: &RecordedEvent, e: EndpointEvent) {
        match e {
            EndpointEvent::EndpointRegistered(e) => *self = Self::new(event, e),
            EndpointEvent::EndpointChanged(e) => {
                (self.url, self.description, self.roles) = (e.url, e.description.map(String::from), e.roles);
                let EventFilter { contexts, types, subjects } = e.filter;
                (self.contexts, self.types, self.subjects) = (contexts, types, subjects);
            }
            EndpointEvent::EndpointSecretRotated(e) => {
                for secret in &mut self.secrets {
                    secret.until = Some(secret.until.map_or(e.previous_until, |until| until.min(e.previous_until)));
                }
                self.secrets.push(SigningSecret { id: e.secret_id, until: None });
                let excess = self.secrets.len().saturating_sub(SECRETS_MAX);
                self.secrets.drain(..excess);
            }
            EndpointEvent::EndpointSecretRevoked(e) => self.secrets.retain(|secret| secret.id != e.secret_id),
            EndpointEvent::EndpointDisabled(e) => {
                (self.status, self.cause, self.detail) = (EndpointStatus::Disabled, Some(e.cause), e.detail.map(String::from));
            }
            EndpointEvent::EndpointEnabled(_) => (self.status, self.cause, self.detail) = (EndpointStatus::Enabled, None, None),
            EndpointEvent::EndpointReplayRequested(e) => self.replays = i64::try_from(e.number).unwrap_or(i64::MAX),
            EndpointEvent::EndpointRemoved(_) => {
                self.status = EndpointStatus::Removed;
                self.secrets.clear();
            }
        }
        self.version = event.sequence;
        self.updated_at = event.recorded_at;
    }

    /// The row after an event; nothing where the event is not about endpoints.
    pub(super) fn after(before: Option<Self>, event: &RecordedEvent) -> Result<Option<Self>, String> {
        let Some(e) = event_of::<Endpoint>(event)? else { return Ok(before) };
        let mut row = match (before, &e) {
            (Some(row), _) => row,
            (None, EndpointEvent::EndpointRegistered(registered)) => Self::new(event, registered.clone()),
            (None, _) => return Err(format!("there is no row `{}`", event.aggregate_id)),
        };
        row.change(event, e);
        Ok(Some(row))
    }
}

/// Fills the table.
pub struct EndpointList;

impl RowModel for EndpointList {
    type Row = EndpointRow;
    const PROJECTION: &'static str = "webhooks.endpoint_list";
    const TABLES: &'static [&'static str] = &["webhooks_endpoint_list"];
    const CONTEXTS: &'static [&'static str] = &[Endpoint::CONTEXT];

    fn keys(event: &RecordedEvent) -> Result<Vec<RowKey>, String> {
        Ok(if is_of::<Endpoint>(event) { RowKey::id(&event.aggregate_id) } else { Vec::new() })
    }

    fn apply(event: &RecordedEvent, rows: &mut Rows<'_, EndpointRow>) -> Result<(), String> {
        let before = rows.get(&event.aggregate_id).cloned();
        if let Some(row) = EndpointRow::after(before, event)? {
            rows.put(&event.aggregate_id, row);
        }
        Ok(())
    }
}

/// `GET /v1/webhooks/endpoint-list`
pub const DEF: ReadModelDef = ReadModelDef {
    context: "webhooks",
    name: "endpoint-list",
    summary: "Addresses of other systems, and the events that they are told of.",
    table: "webhooks_endpoint_list",
    projection: EndpointList::PROJECTION,
    columns: &[
        Column::sorted("id", Text),
        Column::new("url", Text),
        Column::new("description", Text),
        Column::new("status", Text),
        Column::new("contexts", Json),
        Column::new("types", Json),
        Column::new("subjects", Json),
        Column::new("roles", Json),
        Column::new("begin_at", Text),
        Column::new("secrets", Json),
        Column::new("cause", Text),
        Column::new("detail", Text),
        Column::new("replays", Integer),
        Column::new("registered_by", Text),
        Column::new("version", Integer),
        Column::sorted("created_at", Timestamp),
        Column::new("updated_at", Timestamp),
    ],
    default_sort: ("created_at", true),
    search: None,
    redirects: None,
    schema: |generator| EndpointRow::json_schema(generator),
};
