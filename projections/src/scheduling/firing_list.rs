//! What timers have fired and what they have let go.

use chrono::{DateTime, Utc};
use domain::kernel::{Aggregate as _, RecordedEvent, is_of};
use domain::scheduling::timer::{Timer, TimerEvent};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::ColumnKind::{Integer, Text, Timestamp};
use crate::model::{Column, ReadModelDef};
use crate::runtime::{RowKey, RowModel, Rows, event_of};

/// What became of an occurrence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The command was handed to be sent.
    Fired,
    /// It was let go, with those up to `next_at`, because it could not be fired in time.
    Skipped,
}

/// An occurrence of a timer, or several that were let go together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FiringRow {
    /// The id of the event, which the command that is sent names as its cause.
    pub id: String,
    /// The timer.
    pub timer_id: String,
    /// `fired` or `skipped`.
    pub outcome: Outcome,
    /// 1 for the timer's first firing, 2 for the second …
    pub number: Option<i64>,
    /// The occurrence; the first of those that were skipped.
    pub scheduled_for: DateTime<Utc>,
    /// When it was fired or skipped.
    pub decided_at: DateTime<Utc>,
    /// The occurrence that followed.
    pub next_at: Option<DateTime<Utc>>,
    /// Context of the command that was sent.
    pub target_context: Option<String>,
    /// Aggregate's type of the command that was sent.
    pub target_aggregate: Option<String>,
    /// Aggregate's id of the command that was sent.
    pub target_id: Option<String>,
    /// The command that was sent.
    pub target_command: Option<String>,
}

impl FiringRow {
    /// The row of an event, where it is one of a firing.
    pub(super) fn of(event: &RecordedEvent) -> Result<Option<Self>, String> {
        let row = |outcome, scheduled_for, next_at| Self {
            id: event.event_id.to_string(),
            timer_id: event.aggregate_id.clone(),
            outcome,
            number: None,
            scheduled_for,
            decided_at: event.recorded_at,
            next_at,
            target_context: None,
            target_aggregate: None,
            target_id: None,
            target_command: None,
        };
        Ok(match event_of::<Timer>(event)? {
            Some(TimerEvent::TimerFired(e)) => Some(Self {
                number: Some(i64::try_from(e.number).unwrap_or(i64::MAX)),
                target_context: Some(e.command.context.into()),
                target_aggregate: Some(e.command.aggregate.into()),
                target_id: Some(e.command.id.map_or_else(|| event.event_id.to_string(), String::from)),
                target_command: Some(e.command.command.into()),
                ..row(Outcome::Fired, e.scheduled_for, e.next_at)
            }),
            Some(TimerEvent::TimerSkipped(e)) => Some(row(Outcome::Skipped, e.from, e.next_at)),
            _ => None,
        })
    }
}

/// Fills the table.
pub struct FiringList;

impl RowModel for FiringList {
    type Row = FiringRow;
    const PROJECTION: &'static str = "scheduling.firing_list";
    const TABLES: &'static [&'static str] = &["scheduling_firing_list"];
    const CONTEXTS: &'static [&'static str] = &[Timer::CONTEXT];

    fn keys(event: &RecordedEvent) -> Result<Vec<RowKey>, String> {
        let firing = is_of::<Timer>(event) && matches!(event.event_type.as_str(), "timer_fired" | "timer_skipped");
        Ok(if firing { RowKey::id(event.event_id) } else { Vec::new() })
    }

    fn apply(event: &RecordedEvent, rows: &mut Rows<'_, FiringRow>) -> Result<(), String> {
        if let Some(row) = FiringRow::of(event)? {
            rows.put(row.id.clone(), row);
        }
        Ok(())
    }
}

/// `GET /v1/scheduling/firing-list`
pub const DEF: ReadModelDef = ReadModelDef {
    context: "scheduling",
    name: "firing-list",
    summary: "What timers have fired, and what they have let go.",
    table: "scheduling_firing_list",
    projection: FiringList::PROJECTION,
    columns: &[
        Column::sorted("id", Text),
        Column::new("timer_id", Text),
        Column::new("outcome", Text),
        Column::new("number", Integer),
        Column::sorted("scheduled_for", Timestamp),
        Column::sorted("decided_at", Timestamp),
        Column::new("next_at", Timestamp),
        Column::new("target_context", Text),
        Column::new("target_aggregate", Text),
        Column::new("target_id", Text),
        Column::new("target_command", Text),
    ],
    default_sort: ("decided_at", true),
    search: None,
    redirects: None,
    schema: |generator| FiringRow::json_schema(generator),
};
