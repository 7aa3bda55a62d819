//! The timers, and when each is due.

use chrono::{DateTime, SecondsFormat, Utc};
use domain::kernel::{Aggregate as _, RecordedEvent, is_of};
use domain::scheduling::timer::{CatchUp, Plan, Schedule, StoredCommand, Timer, TimerEvent, TimerScheduled};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::model::ColumnKind::{Integer, Json, Text, Timestamp};
use crate::model::{Column, ReadModelDef};
use crate::runtime::{RowKey, RowModel, Rows, event_of};

/// Where a timer stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It waits for its next occurrence.
    Active,
    /// It fires no more until it is resumed.
    Paused,
    /// There is no further occurrence.
    Finished,
    /// It never fires again.
    Cancelled,
}

/// A timer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TimerRow {
    /// The timer's id.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// `active`, `paused`, `finished` or `cancelled`.
    pub status: Status,
    /// When it fires; nothing unless it is active.
    pub due_at: Option<DateTime<Utc>>,
    /// The next occurrence, even while it is paused.
    pub next_at: Option<DateTime<Utc>>,
    /// `at`, `local` or `cron`.
    pub kind: String,
    /// The point in time, the local time or the pattern.
    pub expression: String,
    /// The IANA time zone whose clocks count.
    pub zone: String,
    /// No occurrence comes later than this.
    pub until: Option<DateTime<Utc>>,
    /// `fire_all`, `latest_only` or `skip`.
    pub catch_up: CatchUp,
    /// How late an occurrence may be and still be in time, in seconds.
    pub grace_seconds: i64,
    /// Context of the command that it sends.
    pub target_context: String,
    /// Aggregate's type of the command that it sends.
    pub target_aggregate: String,
    /// Aggregate's id of the command that it sends; nothing where each firing has one of its own.
    pub target_id: Option<String>,
    /// The command that it sends.
    pub target_command: String,
    /// The command's fields; forgotten when the timer has ended.
    pub body: Option<Value>,
    /// Who set it.
    pub scheduled_by: String,
    /// How often it has fired.
    pub fired: i64,
    /// The occurrence that was fired last.
    pub last_scheduled_for: Option<DateTime<Utc>>,
    /// Why it was paused or cancelled.
    pub reason: Option<String>,
    /// The aggregate's version, for `If-Match`.
    pub version: i64,
    /// When it was set.
    pub created_at: DateTime<Utc>,
    /// When it changed last.
    pub updated_at: DateTime<Utc>,
}

/// The kind of a schedule, and how it was written.
fn written(schedule: &Schedule) -> (&'static str, String) {
    match schedule {
        Schedule::At(at) => ("at", at.0.to_rfc3339_opts(SecondsFormat::AutoSi, true)),
        Schedule::Local(wall) => ("local", wall.0.format("%Y-%m-%dT%H:%M:%S%.f").to_string()),
        Schedule::Cron(pattern) => ("cron", pattern.to_string()),
    }
}

impl TimerRow {
    fn new(event: &RecordedEvent, e: TimerScheduled) -> Self {
        let StoredCommand { context, aggregate, id, command, body } = e.command;
        let mut row = Self {
            id: event.aggregate_id.clone(),
            name: e.name.into(),
            status: Status::Active,
            due_at: None,
            next_at: None,
            kind: String::new(),
            expression: String::new(),
            zone: String::new(),
            until: None,
            catch_up: e.catch_up,
            grace_seconds: e.grace_seconds.into(),
            target_context: context.into(),
            target_aggregate: aggregate.into(),
            target_id: id.map(String::from),
            target_command: command.into(),
            body: Some(body.0.into()),
            scheduled_by: e.scheduled_by,
            fired: 0,
            last_scheduled_for: None,
            reason: None,
            version: event.sequence,
            created_at: event.recorded_at,
            updated_at: event.recorded_at,
        };
        row.plan(e.plan);
        row.wait_for(Some(e.next_at));
        row
    }

    fn plan(&mut self, plan: Plan) {
        let (kind, expression) = written(&plan.schedule);
        (self.kind, self.expression, self.zone) = (kind.to_owned(), expression, plan.zone);
        self.until = plan.until.map(|until| until.0);
    }

    fn wait_for(&mut self, next_at: Option<DateTime<Utc>>) {
        self.next_at = next_at;
        if next_at.is_none() {
            self.status = Status::Finished;
        }
    }

    fn change(&mut self, event: &RecordedEvent, e: TimerEvent) {
        match e {
            TimerEvent::TimerScheduled(e) => *self = Self::new(event, e),
            TimerEvent::TimerRescheduled(e) => {
                self.plan(e.plan);
                self.wait_for(Some(e.next_at));
                if self.status == Status::Finished {
                    self.status = Status::Active;
                }
            }
            TimerEvent::TimerPaused(e) => (self.status, self.reason) = (Status::Paused, e.reason.map(String::from)),
            TimerEvent::TimerResumed(e) => {
                (self.status, self.reason) = (Status::Active, None);
                self.wait_for(e.next_at);
            }
            TimerEvent::TimerFired(e) => {
                self.fired = i64::try_from(e.number).unwrap_or(i64::MAX);
                self.last_scheduled_for = Some(e.scheduled_for);
                self.wait_for(e.next_at);
            }
            TimerEvent::TimerSkipped(e) => self.wait_for(e.next_at),
            TimerEvent::TimerCancelled(e) => {
                (self.status, self.reason) = (Status::Cancelled, e.reason.map(String::from));
                (self.next_at, self.body) = (None, None);
            }
        }
        self.due_at = self.next_at.filter(|_| self.status == Status::Active);
        self.version = event.sequence;
        self.updated_at = event.recorded_at;
    }

    /// The row after an event; nothing where the event is not about timers.
    pub(super) fn after(before: Option<Self>, event: &RecordedEvent) -> Result<Option<Self>, String> {
        let Some(e) = event_of::<Timer>(event)? else { return Ok(before) };
        let mut row = match (before, &e) {
            (Some(row), _) => row,
            (None, TimerEvent::TimerScheduled(scheduled)) => Self::new(event, scheduled.clone()),
            (None, _) => return Err(format!("there is no row `{}`", event.aggregate_id)),
        };
        row.change(event, e);
        Ok(Some(row))
    }
}

/// Fills the table.
pub struct TimerList;

impl RowModel for TimerList {
    type Row = TimerRow;
    const PROJECTION: &'static str = "scheduling.timer_list";
    const TABLES: &'static [&'static str] = &["scheduling_timer_list"];
    const CONTEXTS: &'static [&'static str] = &[Timer::CONTEXT];

    fn keys(event: &RecordedEvent) -> Result<Vec<RowKey>, String> {
        Ok(if is_of::<Timer>(event) { RowKey::id(&event.aggregate_id) } else { Vec::new() })
    }

    fn apply(event: &RecordedEvent, rows: &mut Rows<'_, TimerRow>) -> Result<(), String> {
        let before = rows.get(&event.aggregate_id).cloned();
        if let Some(row) = TimerRow::after(before, event)? {
            rows.put(&event.aggregate_id, row);
        }
        Ok(())
    }
}

/// `GET /v1/scheduling/timer-list`
pub const DEF: ReadModelDef = ReadModelDef {
    context: "scheduling",
    name: "timer-list",
    summary: "Timers: what they send, and when.",
    table: "scheduling_timer_list",
    projection: TimerList::PROJECTION,
    columns: &[
        Column::sorted("id", Text),
        Column::new("name", Text),
        Column::new("status", Text),
        Column::new("due_at", Timestamp),
        Column::sorted("next_at", Timestamp),
        Column::new("kind", Text),
        Column::new("expression", Text),
        Column::new("zone", Text),
        Column::new("until", Timestamp),
        Column::new("catch_up", Text),
        Column::new("grace_seconds", Integer),
        Column::new("target_context", Text),
        Column::new("target_aggregate", Text),
        Column::new("target_id", Text),
        Column::new("target_command", Text),
        Column::new("body", Json),
        Column::new("scheduled_by", Text),
        Column::new("fired", Integer),
        Column::new("last_scheduled_for", Timestamp),
        Column::new("reason", Text),
        Column::new("version", Integer),
        Column::sorted("created_at", Timestamp),
        Column::new("updated_at", Timestamp),
    ],
    default_sort: ("created_at", true),
    search: None,
    redirects: None,
    schema: |generator| TimerRow::json_schema(generator),
};
