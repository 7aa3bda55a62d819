//! The tables of steps and lanes, as one runner under one lease sees them.

use std::future::Future;
use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::kernel::{Actor, StepCommand, TenantId, partition_of};
use platform::postgres::begin_worker;
use sqlx::postgres::PgRow;
use sqlx::{PgPool, Row as _};
use uuid::Uuid;

/// Details are for people, and some come from the outside.
const DETAIL_CHARS_MAX: usize = 1000;
/// The longest pause of a lane, whatever the outside asks for.
pub const PAUSE_MAX: Duration = Duration::from_hours(24);

/// A step to be taken.
#[derive(Clone, Debug)]
pub struct ClaimedStep {
    /// The event that it follows from.
    pub event_id: Uuid,
    /// Its name among the steps of the event.
    pub step: String,
    /// The effect that is called; `None` where the action is a command.
    pub effect: Option<String>,
    /// The command, or the body of the effect, as JSON.
    pub action: String,
    /// The commands that the effect has answered.
    pub answer: Option<String>,
    /// The conversation that the event belongs to.
    pub correlation_id: Option<String>,
    /// W3C trace context.
    pub traceparent: Option<String>,
    /// How often it was taken.
    pub attempts: u32,
    /// Since when it may have been sent without anybody knowing what became of it.
    pub unresolved_since: Option<DateTime<Utc>>,
}

/// A lane that this runner holds, with its first steps in order.
#[derive(Clone, Debug)]
pub struct ClaimedLane {
    /// The tenant.
    pub tenant: Uuid,
    /// The lane's name.
    pub lane: String,
    /// Its first open steps.
    pub steps: Vec<ClaimedStep>,
}

/// What became of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is done; the position token of its last command.
    Done {
        /// The token.
        receipt: Option<String>,
    },
    /// The answer is no.
    Refused {
        /// A stable code.
        code: String,
        /// For people.
        detail: String,
    },
    /// It is to be taken again.
    Again {
        /// A stable code.
        code: String,
        /// For people.
        detail: String,
        /// Not before so long.
        after: Option<Duration>,
        /// It may have had its effect.
        unresolved: bool,
    },
}

/// A step with its outcome.
#[derive(Clone, Debug)]
pub struct Taken {
    /// The event that the step follows from.
    pub event_id: Uuid,
    /// The step's name.
    pub step: String,
    /// What became of it.
    pub outcome: Outcome,
    /// Whether so many attempts have failed that people should look.
    pub stuck: bool,
}

/// What became of a lane's turn.
#[derive(Clone, Debug)]
pub struct LaneReport {
    /// The tenant.
    pub tenant: Uuid,
    /// The lane's name.
    pub lane: String,
    /// Its steps that were taken, in order.
    pub taken: Vec<Taken>,
    /// When its next step may be taken.
    pub pause: Duration,
}

/// Why the tables could not be worked with.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Postgres failed.
    #[error("the steps' database failed")]
    Database(#[from] sqlx::Error),
    /// Another runner has taken over.
    #[error("another runner has taken the process over")]
    Overtaken,
}

/// The steps of one process, as a runner under one lease sees them.
pub trait Steps: Send + Sync + 'static {
    /// The process.
    fn process(&self) -> &'static str;

    /// Frees lanes that were claimed and never finished: by everybody at the start of a runner, later by other runners only. What was being
    /// taken there may have been sent.
    fn recover(&self, own: bool, steps_max: i64) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// Takes up to `lanes` lanes that are due, each with its first steps. What somebody is just adding to is left for the next time.
    fn claim(&self, lanes: i64, steps_max: i64) -> impl Future<Output = Result<Vec<ClaimedLane>, StoreError>> + Send;

    /// How long until the next lane that nobody holds is due; zero where one is due already.
    fn next_due(&self) -> impl Future<Output = Result<Option<Duration>, StoreError>> + Send;

    /// Keeps what an effect has answered, before any of it is sent.
    fn keep_answer(&self, lane: &ClaimedLane, step: &ClaimedStep, answer: &str) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Notes the outcomes of finished turns and frees their lanes, all in one transaction; lanes without open steps go.
    fn finish(&self, reports: &[LaneReport]) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Where the log holds the effect of a command that a step has sent: an event of its aggregate that names the step's event as its cause.
    fn effect_in_log(
        &self,
        tenant: TenantId,
        step: &ClaimedStep,
        command: &StepCommand,
        partitions: i32,
    ) -> impl Future<Output = Result<Option<String>, StoreError>> + Send;

    /// Whether an event has led to this one step of the process and no other, so that its effects are the step's.
    fn is_only_step(&self, tenant: Uuid, event: Uuid) -> impl Future<Output = Result<bool, StoreError>> + Send;
}

/// The steps of one process in Postgres.
pub struct Store {
    /// A pool of the worker role.
    pub pool: PgPool,
    /// The process.
    pub process: &'static str,
    /// The lease's name.
    pub lease: String,
    /// The epoch under which the lease is held.
    pub epoch: i64,
}

impl Steps for Store {
    fn process(&self) -> &'static str {
        self.process
    }

    async fn recover(&self, own: bool, steps_max: i64) -> Result<u64, StoreError> {
        const RECOVER: &str = "WITH lost AS (SELECT l.tenant_id, l.lane, l.claimed_at FROM runtime.process_lanes l \
                WHERE l.process = $1 AND l.claimed_epoch IS NOT NULL AND ($3 OR l.claimed_epoch <> $2) \
                    AND EXISTS (SELECT FROM runtime.leases h WHERE h.name = $5 AND h.epoch = $2) \
                ORDER BY l.tenant_id, l.lane FOR UPDATE OF l), \
            sent AS (UPDATE runtime.process_steps s SET unresolved_since = coalesce(s.unresolved_since, o.claimed_at) \
                FROM (SELECT l.tenant_id, l.claimed_at, t.event_id, t.step FROM lost l CROSS JOIN LATERAL ( \
                    SELECT p.event_id, p.step FROM runtime.process_steps p WHERE p.process = $1 AND p.tenant_id = l.tenant_id AND p.lane = l.lane \
                        AND p.finished_at IS NULL ORDER BY p.number LIMIT $4) t) o \
                WHERE s.tenant_id = o.tenant_id AND s.process = $1 AND s.event_id = o.event_id AND s.step = o.step) \
            UPDATE runtime.process_lanes l SET claimed_epoch = NULL, claimed_at = NULL FROM lost \
            WHERE l.tenant_id = lost.tenant_id AND l.process = $1 AND l.lane = lost.lane";
        let query = sqlx::query(RECOVER).bind(self.process).bind(self.epoch).bind(own).bind(steps_max).bind(&self.lease);
        Ok(query.execute(&self.pool).await?.rows_affected())
    }

    async fn claim(&self, lanes: i64, steps_max: i64) -> Result<Vec<ClaimedLane>, StoreError> {
        const CLAIM: &str = "WITH free AS (SELECT l.tenant_id, l.lane FROM runtime.process_lanes l \
                WHERE l.process = $1 AND l.claimed_epoch IS NULL AND l.due_at <= now() \
                    AND EXISTS (SELECT FROM runtime.leases h WHERE h.name = $5 AND h.epoch = $2) \
                ORDER BY l.due_at LIMIT $3 FOR UPDATE OF l SKIP LOCKED), \
            claimed AS (UPDATE runtime.process_lanes l SET claimed_epoch = $2, claimed_at = now() FROM free f \
                WHERE l.tenant_id = f.tenant_id AND l.process = $1 AND l.lane = f.lane RETURNING l.tenant_id, l.lane) \
            SELECT c.tenant_id, c.lane, s.* FROM claimed c LEFT JOIN LATERAL ( \
                SELECT p.event_id, p.step, p.effect, p.action::text AS action, p.answer::text AS answer, p.correlation_id, p.traceparent, p.attempts, \
                    p.unresolved_since, p.number \
                FROM runtime.process_steps p WHERE p.process = $1 AND p.tenant_id = c.tenant_id AND p.lane = c.lane AND p.finished_at IS NULL \
                ORDER BY p.number LIMIT $4) s ON true \
            ORDER BY c.tenant_id, c.lane, s.number";
        let query = sqlx::query(CLAIM).bind(self.process).bind(self.epoch).bind(lanes).bind(steps_max).bind(&self.lease);
        let mut claimed: Vec<ClaimedLane> = Vec::new();
        for row in query.fetch_all(&self.pool).await? {
            let (tenant, lane): (Uuid, String) = (row.try_get("tenant_id")?, row.try_get("lane")?);
            if claimed.last().is_none_or(|last| (last.tenant, &last.lane) != (tenant, &lane)) {
                claimed.push(ClaimedLane { tenant, lane, steps: Vec::new() });
            }
            if let (Some(last), Some(step)) = (claimed.last_mut(), read_step(&row)?) {
                last.steps.push(step);
            }
        }
        Ok(claimed)
    }

    async fn next_due(&self) -> Result<Option<Duration>, StoreError> {
        const NEXT: &str = "SELECT extract(epoch FROM min(due_at) - now())::float8 FROM runtime.process_lanes WHERE process = $1 AND claimed_epoch IS NULL";
        let seconds: Option<f64> = sqlx::query_scalar(NEXT).bind(self.process).fetch_one(&self.pool).await?;
        Ok(seconds.map(|seconds| Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX)))
    }

    async fn keep_answer(&self, lane: &ClaimedLane, step: &ClaimedStep, answer: &str) -> Result<(), StoreError> {
        const KEEP: &str = "UPDATE runtime.process_steps s SET answer = $5::json \
            WHERE s.tenant_id = $1 AND s.process = $2 AND s.event_id = $3 AND s.step = $4 AND s.finished_at IS NULL \
            AND EXISTS (SELECT FROM runtime.process_lanes l WHERE l.tenant_id = $1 AND l.process = $2 AND l.lane = $6 AND l.claimed_epoch = $7)";
        let query = sqlx::query(KEEP).bind(lane.tenant).bind(self.process).bind(step.event_id).bind(&step.step);
        let kept = query.bind(answer).bind(&lane.lane).bind(self.epoch).execute(&self.pool).await?.rows_affected();
        if kept == 1 { Ok(()) } else { Err(StoreError::Overtaken) }
    }

    async fn finish(&self, reports: &[LaneReport]) -> Result<(), StoreError> {
        const LOCK: &str = "SELECT count(*) FROM (SELECT FROM runtime.process_lanes l JOIN unnest($2::uuid[], $3::text[]) AS k (tenant_id, lane) \
            ON l.tenant_id = k.tenant_id AND l.lane = k.lane WHERE l.process = $1 AND l.claimed_epoch = $4 \
            ORDER BY l.tenant_id, l.lane FOR UPDATE OF l) held";
        const DROP: &str = "DELETE FROM runtime.process_lanes l USING unnest($2::uuid[], $3::text[]) AS k (tenant_id, lane) \
            WHERE l.process = $1 AND l.tenant_id = k.tenant_id AND l.lane = k.lane AND NOT EXISTS (SELECT FROM runtime.process_steps s \
                WHERE s.process = $1 AND s.tenant_id = k.tenant_id AND s.lane = k.lane AND s.finished_at IS NULL)";
        const FREE: &str = "UPDATE runtime.process_lanes l SET claimed_epoch = NULL, claimed_at = NULL, due_at = now() + k.pause \
            FROM unnest($2::uuid[], $3::text[], $4::interval[]) AS k (tenant_id, lane, pause) \
            WHERE l.process = $1 AND l.tenant_id = k.tenant_id AND l.lane = k.lane";
        let tenants: Vec<Uuid> = reports.iter().map(|report| report.tenant).collect();
        let lanes: Vec<&str> = reports.iter().map(|report| report.lane.as_str()).collect();
        let pauses: Vec<Duration> = reports.iter().map(|report| to_micros(report.pause)).collect();
        let mut tx = begin_worker(&self.pool).await?;
        let query = sqlx::query_scalar(LOCK).bind(self.process).bind(&tenants).bind(&lanes).bind(self.epoch);
        let held: i64 = query.fetch_one(&mut *tx).await?;
        if usize::try_from(held).ok() != Some(reports.len()) {
            return Err(StoreError::Overtaken);
        }
        Outcomes::of(reports).note(&mut tx, self.process).await?;
        sqlx::query(DROP).bind(self.process).bind(&tenants).bind(&lanes).execute(&mut *tx).await?;
        sqlx::query(FREE).bind(self.process).bind(&tenants).bind(&lanes).bind(pauses).execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn effect_in_log(
        &self,
        tenant: TenantId,
        step: &ClaimedStep,
        command: &StepCommand,
        partitions: i32,
    ) -> Result<Option<String>, StoreError> {
        const FIND: &str = "SELECT position FROM log.events WHERE context = $1 AND partition = $2 AND tenant_id = $3 AND aggregate_type = $4 AND aggregate_id = $5 \
            AND metadata->>'causation_id' = $6 AND metadata->>'actor' = $7 ORDER BY sequence DESC LIMIT 1";
        let partition = partition_of(&tenant.partition_key(), partitions);
        let query = sqlx::query_scalar(FIND).bind(&command.context).bind(partition).bind(tenant.0).bind(&command.aggregate);
        let query = query.bind(&command.id).bind(step.event_id.to_string()).bind(Actor::of_process(self.process).subject);
        let position: Option<i64> = query.fetch_optional(&self.pool).await?;
        Ok(position.map(|position| format!("{}/{partition}@{position}", command.context)))
    }

    async fn is_only_step(&self, tenant: Uuid, event: Uuid) -> Result<bool, StoreError> {
        const COUNT: &str = "SELECT count(*) FROM runtime.process_steps WHERE tenant_id = $1 AND process = $2 AND event_id = $3";
        let steps: i64 = sqlx::query_scalar(COUNT).bind(tenant).bind(self.process).bind(event).fetch_one(&self.pool).await?;
        Ok(steps == 1)
    }
}

/// Postgres counts microseconds.
fn to_micros(pause: Duration) -> Duration {
    Duration::from_micros(u64::try_from(pause.min(PAUSE_MAX).as_micros()).unwrap_or(0))
}

fn read_step(row: &PgRow) -> Result<Option<ClaimedStep>, sqlx::Error> {
    let Some(event_id) = row.try_get("event_id")? else { return Ok(None) };
    let attempts: i32 = row.try_get("attempts")?;
    Ok(Some(ClaimedStep {
        event_id,
        step: row.try_get("step")?,
        effect: row.try_get("effect")?,
        action: row.try_get("action")?,
        answer: row.try_get("answer")?,
        correlation_id: row.try_get("correlation_id")?,
        traceparent: row.try_get("traceparent")?,
        attempts: attempts.unsigned_abs(),
        unresolved_since: row.try_get("unresolved_since")?,
    }))
}

/// The columns that outcomes change.
#[derive(Default)]
struct Outcomes<'a> {
    tenants: Vec<Uuid>,
    events: Vec<Uuid>,
    steps: Vec<&'a str>,
    states: Vec<&'static str>,
    codes: Vec<Option<&'a str>>,
    details: Vec<Option<String>>,
    receipts: Vec<Option<&'a str>>,
    unresolved: Vec<bool>,
}

impl<'a> Outcomes<'a> {
    fn of(reports: &'a [LaneReport]) -> Self {
        let mut all = Self::default();
        let shortened = |detail: &str| Some(detail.chars().filter(|c| *c != '\0').take(DETAIL_CHARS_MAX).collect());
        for (report, taken) in reports.iter().flat_map(|report| report.taken.iter().map(move |taken| (report, taken))) {
            let (state, code, detail, receipt, unresolved) = match &taken.outcome {
                Outcome::Done { receipt } => ("done", None, None, receipt.as_deref(), false),
                Outcome::Refused { code, detail } => ("refused", Some(code.as_str()), shortened(detail), None, false),
                Outcome::Again { code, detail, unresolved, .. } => {
                    (if taken.stuck { "stuck" } else { "open" }, Some(code.as_str()), shortened(detail), None, *unresolved)
                }
            };
            all.tenants.push(report.tenant);
            all.events.push(taken.event_id);
            all.steps.push(&taken.step);
            all.states.push(state);
            all.codes.push(code);
            all.details.push(detail);
            all.receipts.push(receipt);
            all.unresolved.push(unresolved);
        }
        all
    }

    async fn note(self, connection: &mut sqlx::PgConnection, process: &str) -> Result<(), sqlx::Error> {
        const NOTE: &str = "UPDATE runtime.process_steps s SET state = k.state, attempts = s.attempts + 1, code = k.code, detail = k.detail, receipt = k.receipt, \
                unresolved_since = CASE WHEN k.state IN ('done', 'refused') THEN NULL WHEN k.unresolved THEN coalesce(s.unresolved_since, now()) \
                    ELSE s.unresolved_since END, \
                finished_at = CASE WHEN k.state IN ('done', 'refused') THEN now() END, \
                action = CASE WHEN k.state = 'done' THEN NULL ELSE s.action END, answer = CASE WHEN k.state = 'done' THEN NULL ELSE s.answer END \
            FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::bool[]) \
                AS k (tenant_id, event_id, step, state, code, detail, receipt, unresolved) \
            WHERE s.tenant_id = k.tenant_id AND s.process = $1 AND s.event_id = k.event_id AND s.step = k.step AND s.finished_at IS NULL";
        let query = sqlx::query(NOTE).bind(process).bind(self.tenants).bind(self.events).bind(self.steps).bind(self.states);
        query.bind(self.codes).bind(self.details).bind(self.receipts).bind(self.unresolved).execute(connection).await?;
        Ok(())
    }
}
