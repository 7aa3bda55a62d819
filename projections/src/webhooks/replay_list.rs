//! What endpoints were to be told again.

use chrono::{DateTime, Utc};
use domain::kernel::{Aggregate as _, RecordedEvent, is_of};
use domain::webhooks::endpoint::{Endpoint, EndpointEvent};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::ColumnKind::{Integer, Json, Text, Timestamp};
use crate::model::{Column, ReadModelDef};
use crate::runtime::{RowKey, RowModel, Rows, event_of};

/// A replay.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReplayRow {
    /// The id of the event that requested it.
    pub id: String,
    /// The endpoint.
    pub endpoint_id: String,
    /// 1 for the endpoint's first replay, 2 for the second …
    pub number: i64,
    /// All events that were recorded at this time or later.
    pub since: Option<DateTime<Utc>>,
    /// All events after these positions.
    pub after: Vec<String>,
    /// The events at these positions, each by itself.
    pub events: Vec<String>,
    /// Who wanted it.
    pub requested_by: String,
    /// When.
    pub requested_at: DateTime<Utc>,
}

impl ReplayRow {
    /// The row of an event, where it is one of a replay.
    pub(super) fn of(event: &RecordedEvent) -> Result<Option<Self>, String> {
        let Some(EndpointEvent::EndpointReplayRequested(e)) = event_of::<Endpoint>(event)? else { return Ok(None) };
        Ok(Some(Self {
            id: event.event_id.to_string(),
            endpoint_id: event.aggregate_id.clone(),
            number: i64::try_from(e.number).unwrap_or(i64::MAX),
            since: e.since,
            after: e.after,
            events: e.events,
            requested_by: e.requested_by,
            requested_at: event.recorded_at,
        }))
    }
}

/// Fills the table.
pub struct ReplayList;

impl RowModel for ReplayList {
    type Row = ReplayRow;
    const PROJECTION: &'static str = "webhooks.replay_list";
    const TABLES: &'static [&'static str] = &["webhooks_replay_list"];
    const CONTEXTS: &'static [&'static str] = &[Endpoint::CONTEXT];

    fn keys(event: &RecordedEvent) -> Result<Vec<RowKey>, String> {
        let requested = is_of::<Endpoint>(event) && event.event_type == "endpoint_replay_requested";
        Ok(if requested { RowKey::id(event.event_id) } else { Vec::new() })
    }

    fn apply(event: &RecordedEvent, rows: &mut Rows<'_, ReplayRow>) -> Result<(), String> {
        if let Some(row) = ReplayRow::of(event)? {
            rows.put(row.id.clone(), row);
        }
        Ok(())
    }
}

/// `GET /v1/webhooks/replay-list`
pub const DEF: ReadModelDef = ReadModelDef {
    context: "webhooks",
    name: "replay-list",
    summary: "What endpoints were to be told again.",
    table: "webhooks_replay_list",
    projection: ReplayList::PROJECTION,
    columns: &[
        Column::sorted("id", Text),
        Column::new("endpoint_id", Text),
        Column::new("number", Integer),
        Column::new("since", Timestamp),
        Column::new("after", Json),
        Column::new("events", Json),
        Column::new("requested_by", Text),
        Column::sorted("requested_at", Timestamp),
    ],
    default_sort: ("requested_at", true),
    search: None,
    redirects: None,
    schema: |generator| ReplayRow::json_schema(generator),
};
