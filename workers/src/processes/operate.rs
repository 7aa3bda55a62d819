//! What operators see of processes and may do to them.

use chrono::{DateTime, Utc};
use platform::postgres::begin_worker;
use sqlx::PgPool;
use uuid::Uuid;

use super::recorder::projection_name;

/// The steps of a process that are not done.
#[derive(Clone, Debug, PartialEq)]
pub struct Backlog {
    /// The process.
    pub process: String,
    /// Steps to be taken.
    pub open: i64,
    /// Those of them that have failed often.
    pub stuck: i64,
    /// Seconds since the oldest one's event.
    pub oldest_seconds: f64,
    /// Steps that were refused, which nobody takes again unless somebody asks for it.
    pub refused: i64,
}

/// The steps that are not done of all processes that have some.
pub async fn backlogs(pool: &PgPool) -> Result<Vec<Backlog>, sqlx::Error> {
    // Each half has an index of its own.
    const READ: &str = "SELECT coalesce(o.process, r.process), coalesce(o.open, 0), coalesce(o.stuck, 0), coalesce(o.oldest, 0), coalesce(r.refused, 0) \
        FROM (SELECT process, count(*) AS open, count(*) FILTER (WHERE state = 'stuck') AS stuck, \
            extract(epoch FROM now() - min(recorded_at))::float8 AS oldest FROM runtime.process_steps WHERE finished_at IS NULL GROUP BY process) o \
        FULL JOIN (SELECT process, count(*) AS refused FROM runtime.process_steps WHERE state = 'refused' GROUP BY process) r ON r.process = o.process \
        ORDER BY 1";
    let rows: Vec<(String, i64, i64, f64, i64)> = sqlx::query_as(READ).fetch_all(pool).await?;
    let backlog = |(process, open, stuck, oldest_seconds, refused)| Backlog { process, open, stuck, oldest_seconds, refused };
    Ok(rows.into_iter().map(backlog).collect())
}

/// How a process stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Overview {
    /// The process.
    pub process: String,
    /// Events that it has not read yet.
    pub events_behind: i64,
    /// Aggregates whose events it could not read.
    pub parked_keys: i64,
    /// Steps to be taken.
    pub open: i64,
    /// Those of them that have failed often.
    pub stuck: i64,
    /// Steps that were refused.
    pub refused: i64,
    /// Steps that are done.
    pub done: i64,
    /// Seconds since the oldest open step's event.
    pub oldest_seconds: Option<f64>,
}

/// How these processes stand.
pub async fn overview(pool: &PgPool, processes: &[&str]) -> Result<Vec<Overview>, sqlx::Error> {
    const READ: &str = "SELECT n.process, coalesce(c.behind, 0), coalesce(k.parked, 0), coalesce(s.open, 0), coalesce(s.stuck, 0), coalesce(s.refused, 0), \
            coalesce(s.done, 0), s.oldest \
        FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS n (process, projection, number) \
        LEFT JOIN (SELECT c.projection, sum(h.position - c.position)::bigint AS behind FROM runtime.checkpoints c \
            JOIN log.heads h ON h.context = c.context AND h.partition = c.partition GROUP BY c.projection) c ON c.projection = n.projection \
        LEFT JOIN (SELECT projection, count(DISTINCT (tenant_id, key)) AS parked FROM runtime.parked GROUP BY projection) k ON k.projection = n.projection \
        LEFT JOIN (SELECT process, count(*) FILTER (WHERE finished_at IS NULL) AS open, count(*) FILTER (WHERE state = 'stuck') AS stuck, \
            count(*) FILTER (WHERE state = 'refused') AS refused, count(*) FILTER (WHERE state = 'done') AS done, \
            extract(epoch FROM now() - min(recorded_at) FILTER (WHERE finished_at IS NULL))::float8 AS oldest \
            FROM runtime.process_steps GROUP BY process) s ON s.process = n.process \
        ORDER BY n.number";
    type Row = (String, i64, i64, i64, i64, i64, i64, Option<f64>);
    let projections: Vec<String> = processes.iter().map(|process| projection_name(process)).collect();
    let rows: Vec<Row> = sqlx::query_as(READ).bind(processes).bind(projections).fetch_all(pool).await?;
    let overview = |(process, events_behind, parked_keys, open, stuck, refused, done, oldest_seconds): Row| Overview {
        process,
        events_behind,
        parked_keys,
        open,
        stuck,
        refused,
        done,
        oldest_seconds,
    };
    Ok(rows.into_iter().map(overview).collect())
}

/// Which steps are shown.
#[derive(Clone, Debug, Default)]
pub struct StepFilter<'a> {
    /// Only of this process.
    pub process: Option<&'a str>,
    /// Only of this tenant.
    pub tenant: Option<Uuid>,
    /// Only of this event.
    pub event: Option<Uuid>,
    /// Only in one of these states: `open`, `stuck`, `done`, `refused`; all of them where none is named.
    pub states: &'a [&'a str],
    /// At most so many, the latest first.
    pub limit: i64,
}

/// A step, for people.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct ShownStep {
    /// The process.
    pub process: String,
    /// The tenant.
    pub tenant_id: Uuid,
    /// The event that it follows from.
    pub event_id: Uuid,
    /// Its name.
    pub step: String,
    /// Its lane.
    pub lane: String,
    /// `open`, `stuck`, `done` or `refused`.
    pub state: String,
    /// How often it was taken.
    pub attempts: i32,
    /// Why the last attempt failed or was refused.
    pub code: Option<String>,
    /// The same for people.
    pub detail: Option<String>,
    /// The position token of its effect.
    pub receipt: Option<String>,
    /// When the event was recorded.
    pub recorded_at: DateTime<Utc>,
    /// When it was done or refused.
    pub finished_at: Option<DateTime<Utc>>,
}

/// Steps, the latest first.
pub async fn steps(pool: &PgPool, filter: &StepFilter<'_>) -> Result<Vec<ShownStep>, sqlx::Error> {
    const READ: &str = "SELECT process, tenant_id, event_id, step, lane, state, attempts, code, detail, receipt, recorded_at, finished_at FROM runtime.process_steps \
        WHERE ($1::text IS NULL OR process = $1) AND ($2::uuid IS NULL OR tenant_id = $2) AND ($3::uuid IS NULL OR event_id = $3) \
            AND (cardinality($4::text[]) = 0 OR state = ANY ($4)) ORDER BY number DESC LIMIT $5";
    let query = sqlx::query_as(READ).bind(filter.process).bind(filter.tenant).bind(filter.event);
    query.bind(filter.states).bind(filter.limit).fetch_all(pool).await
}

/// Has refused and stuck steps of a process taken again: all, those of an event, or one. A step whose idempotency key is too old to be
/// trusted is sent as if it never was. Tells how many steps that concerns.
///
/// A refused step comes after steps of its lane that were taken meanwhile.
pub async fn retry(pool: &PgPool, process: &str, event: Option<Uuid>, step: Option<&str>) -> Result<u64, sqlx::Error> {
    // Lanes before steps, as everybody locks them.
    const LOCK: &str = "SELECT FROM runtime.process_lanes WHERE process = $1 ORDER BY tenant_id, lane FOR UPDATE";
    const OPEN: &str = "WITH opened AS (UPDATE runtime.process_steps SET state = 'open', finished_at = NULL, attempts = 0, \
                unresolved_since = CASE WHEN unresolved_since < now() - interval '29 days' THEN NULL ELSE unresolved_since END \
            WHERE process = $1 AND state IN ('refused', 'stuck') AND ($2::uuid IS NULL OR event_id = $2) AND ($3::text IS NULL OR step = $3) \
            RETURNING tenant_id, lane), \
        lanes AS (INSERT INTO runtime.process_lanes AS l (tenant_id, process, lane, due_at) SELECT DISTINCT tenant_id, $1, lane, now() FROM opened \
            ON CONFLICT (tenant_id, process, lane) DO UPDATE SET due_at = least(l.due_at, excluded.due_at)) \
        SELECT count(*) FROM opened";
    let mut tx = begin_worker(pool).await?;
    sqlx::query(LOCK).bind(process).execute(&mut *tx).await?;
    let opened: i64 = sqlx::query_scalar(OPEN).bind(process).bind(event).bind(step).fetch_one(&mut *tx).await?;
    tx.commit().await?;
    Ok(opened.unsigned_abs())
}
