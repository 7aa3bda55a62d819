//! The recording half of a process: a projection whose rows are steps.

use std::collections::HashSet;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::kernel::{Action, LANE_CHARS_MAX, ProcessDef, RecordedEvent, Step};
use platform::telemetry::TraceParent;
use projections::runtime::{ApplyError, Projection};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

/// The name under which a process has its checkpoints and parked events.
pub fn projection_name(process: &str) -> String {
    format!("process/{process}")
}

/// Records the steps of a process.
pub struct Recorder {
    process: &'static ProcessDef,
    name: &'static str,
    contexts: &'static [&'static str],
}

impl Recorder {
    /// The recorder of a process; made once for each process of a worker.
    pub fn new(process: &'static ProcessDef) -> Self {
        let mut contexts: Vec<&'static str> =
            process.reacts_to.iter().filter_map(|wire| wire.split_once('.')).map(|(context, _)| context).collect();
        contexts.sort_unstable();
        contexts.dedup();
        // Projections are known by static names; there are as many processes as the program has, and each is made once.
        Self { process, name: projection_name(process.name).leak(), contexts: contexts.leak() }
    }

    /// Makes the process known, so that it has checkpoints. A new process begins at the beginning of the log.
    pub async fn register(&self, pool: &PgPool) -> Result<(), sqlx::Error> {
        sqlx::query("INSERT INTO runtime.projections (projection, active_version) VALUES ($1, 1) ON CONFLICT DO NOTHING")
            .bind(self.name)
            .execute(pool)
            .await?;
        Ok(())
    }

    fn reacts_to(&self, event: &RecordedEvent) -> bool {
        let is = |wire: &&str| wire.split_once('.').is_some_and(|(context, name)| context == event.context && name == event.event_type);
        self.process.reacts_to.iter().any(is)
    }

    /// The steps that follow from an event; what is wrong with it, if something is.
    pub fn steps(&self, event: &RecordedEvent) -> Result<Vec<Step>, String> {
        if !self.reacts_to(event) {
            return Ok(Vec::new());
        }
        let steps = (self.process.react)(event).map_err(|error| match std::error::Error::source(&error) {
            Some(source) => format!("{error}: {source}"),
            None => error.to_string(),
        })?;
        let mut names = HashSet::new();
        for step in &steps {
            if !names.insert(step.name) {
                return Err(format!("two steps of the event are called `{}`", step.name));
            }
            if !(1..=LANE_CHARS_MAX).contains(&step.lane.chars().count()) {
                return Err(format!("the lane of the step `{}` has not 1 to {LANE_CHARS_MAX} characters", step.name));
            }
        }
        Ok(steps)
    }
}

/// The columns of new rows.
#[derive(Default)]
struct Columns {
    tenants: Vec<Uuid>,
    events: Vec<Uuid>,
    steps: Vec<&'static str>,
    lanes: Vec<String>,
    contexts: Vec<String>,
    partitions: Vec<i32>,
    positions: Vec<i64>,
    effects: Vec<Option<&'static str>>,
    actions: Vec<String>,
    correlations: Vec<String>,
    traces: Vec<Option<String>>,
    recorded: Vec<DateTime<Utc>>,
}

impl Columns {
    fn push(&mut self, event: &RecordedEvent, steps: Vec<Step>) -> Result<(), serde_json::Error> {
        let metadata = event.parsed_metadata();
        let trace = metadata.traceparent.as_deref().and_then(TraceParent::parse).map(|parent| parent.child().header());
        for step in steps {
            let (effect, action) = match step.action {
                Action::Command(command) => (None, serde_json::to_string(&command)?),
                Action::Effect { name, body } => (Some(name), serde_json::to_string(&body)?),
            };
            self.tenants.push(event.tenant_id.0);
            self.events.push(event.event_id);
            self.steps.push(step.name);
            self.lanes.push(step.lane);
            self.contexts.push(event.context.clone());
            self.partitions.push(event.partition);
            self.positions.push(event.position);
            self.effects.push(effect);
            self.actions.push(action);
            self.correlations.push(metadata.correlation_id.clone());
            self.traces.push(trace.clone());
            self.recorded.push(event.recorded_at);
        }
        Ok(())
    }

    /// Inserts what is not there yet. The lanes' rows are locked until the transaction ends, in one order for all.
    async fn insert(self, connection: &mut PgConnection, process: &str) -> Result<(), sqlx::Error> {
        const INSERT: &str = "WITH given AS (SELECT * FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::int[], $8::bigint[], \
                $9::text[], $10::text[], $11::text[], $12::text[], $13::timestamptz[]) WITH ORDINALITY \
                AS g (tenant_id, event_id, step, lane, context, partition, position, effect, action, correlation_id, traceparent, recorded_at, number)), \
            recorded AS (INSERT INTO runtime.process_steps (tenant_id, process, event_id, step, lane, context, partition, position, effect, action, \
                correlation_id, traceparent, recorded_at) \
                SELECT g.tenant_id, $1, g.event_id, g.step, g.lane, g.context, g.partition, g.position, g.effect, g.action::json, g.correlation_id, \
                    g.traceparent, g.recorded_at FROM given g ORDER BY g.number ON CONFLICT DO NOTHING RETURNING tenant_id, lane) \
            INSERT INTO runtime.process_lanes AS l (tenant_id, process, lane, due_at) \
            SELECT r.tenant_id, $1, r.lane, now() FROM recorded r GROUP BY r.tenant_id, r.lane ORDER BY r.tenant_id, r.lane COLLATE \"C\" \
            ON CONFLICT (tenant_id, process, lane) DO UPDATE SET due_at = l.due_at WHERE false";
        let query = sqlx::query(INSERT).bind(process).bind(self.tenants).bind(self.events).bind(self.steps).bind(self.lanes);
        let query = query.bind(self.contexts).bind(self.partitions).bind(self.positions).bind(self.effects).bind(self.actions);
        query.bind(self.correlations).bind(self.traces).bind(self.recorded).execute(connection).await?;
        Ok(())
    }
}

#[async_trait]
impl Projection for Recorder {
    fn name(&self) -> &'static str {
        self.name
    }

    /// None: steps are not a read model, and there is nothing to rebuild.
    fn tables(&self) -> &'static [&'static str] {
        &[]
    }

    fn contexts(&self) -> &'static [&'static str] {
        self.contexts
    }

    async fn apply(&self, connection: &mut PgConnection, _: i32, events: &[Arc<RecordedEvent>]) -> Result<(), ApplyError> {
        let mut columns = Columns::default();
        for (index, event) in events.iter().enumerate() {
            let steps = self.steps(event).map_err(|reason| ApplyError::Event { index, reason })?;
            if steps.is_empty() {
                continue;
            }
            columns.push(event, steps).map_err(|error| ApplyError::Event { index, reason: error.to_string() })?;
        }
        if !columns.steps.is_empty() {
            columns.insert(connection, self.process.name).await?;
        }
        Ok(())
    }
}
