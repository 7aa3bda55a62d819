//! The tables of deliveries, as one shard under one lease sees them.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::kernel::{EventFilter, RecordedEvent, TenantId, partition_of};
use platform::postgres::begin_worker;
use projections::runtime::read_event;
use projections::subscriptions::{ENABLED, REMOVED, WebhooksDef};
use serde::Deserialize;
use sqlx::postgres::PgRow;
use sqlx::types::Json;
use sqlx::{PgPool, Row as _};
use uuid::Uuid;

/// Details are for people, and some come from the outside.
const DETAIL_CHARS_MAX: usize = 500;
/// Rows that housekeeping deletes at a time.
const CHUNK: i64 = 5000;
/// Delivered events of one endpoint that are remembered.
const DELIVERED_MAX: i64 = 100_000;
/// Endpoints of one installation; more are not served, and that is said.
const ENDPOINTS_MAX: i64 = 20_000;

/// Names an endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EndpointKey {
    pub tenant: Uuid,
    pub id: String,
}

/// A secret that signs, until then.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct SecretRef {
    pub id: Uuid,
    pub until: Option<DateTime<Utc>>,
}

/// An endpoint as it was registered.
#[derive(Clone, Debug)]
pub struct Setting {
    pub key: EndpointKey,
    pub partition: i32,
    pub url: String,
    pub enabled: bool,
    pub filter: EventFilter,
    pub roles: Vec<String>,
    pub secrets: Vec<SecretRef>,
    pub from_start: bool,
    pub created_at: DateTime<Utc>,
}

/// Something to be told again.
#[derive(Clone, Debug)]
pub struct Replay {
    pub key: EndpointKey,
    pub number: i64,
    pub since: Option<DateTime<Utc>>,
    pub after: Vec<String>,
    pub events: Vec<String>,
}

/// Names a lane.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LaneKey {
    pub endpoint: EndpointKey,
    pub context: String,
    pub aggregate_type: String,
    pub aggregate_id: String,
    pub redelivery: String,
}

/// A lane that this shard works on.
#[derive(Clone, Debug)]
pub struct Lane {
    pub key: LaneKey,
    pub next: i64,
    pub until: i64,
    pub attempts: u32,
    pub first_attempt_at: Option<DateTime<Utc>>,
}

/// An attempt, for the log of deliveries.
#[derive(Clone, Debug)]
pub struct Attempted {
    pub event_id: Uuid,
    pub partition: i32,
    pub position: i64,
    pub event_type: String,
    pub status: &'static str,
    pub at: DateTime<Utc>,
    pub first_at: DateTime<Utc>,
    pub next_at: Option<DateTime<Utc>>,
    pub http_status: Option<u16>,
    pub reason: Option<&'static str>,
    pub detail: Option<String>,
    pub duration: Duration,
}

/// What became of a lane's turn.
#[derive(Clone, Debug)]
pub struct Report {
    pub lane: Lane,
    /// The sequence number that comes next.
    pub next: i64,
    pub attempts: u32,
    pub first_attempt_at: Option<DateTime<Utc>>,
    /// When it is due again.
    pub pause: Duration,
    pub attempted: Vec<Attempted>,
    /// The endpoint has said that it is gone.
    pub gone: bool,
    /// A failure of our own.
    pub trouble: Option<String>,
}

/// Events of one subject that an endpoint is to be told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch {
    pub key: LaneKey,
    pub first: i64,
    pub last: i64,
}

/// A cursor that moves.
#[derive(Clone, Debug)]
pub struct Move {
    pub endpoint: EndpointKey,
    pub context: String,
    pub from: i64,
    pub to: i64,
}

/// What the intake sees of an event.
#[derive(Clone, Debug)]
pub struct Header {
    /// Which of the wanted stretches of the log it belongs to.
    pub wanted: usize,
    pub position: i64,
    pub aggregate_type: String,
    pub aggregate_id: String,
    pub sequence: i64,
    pub event_type: String,
    pub event_version: String,
}

/// A stretch of a log partition that is looked through for an endpoint.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub endpoint: EndpointKey,
    pub context: String,
    pub partition: i32,
    pub after: i64,
    pub until: i64,
}

/// Why the tables could not be worked with.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Postgres failed.
    #[error("the database of deliveries failed")]
    Database(#[from] sqlx::Error),
    /// Another process has taken over.
    #[error("another process has taken the deliveries over")]
    Overtaken,
}

/// The columns of a list of endpoints.
fn columns<'a>(keys: impl Iterator<Item = &'a EndpointKey>) -> (Vec<Uuid>, Vec<&'a str>) {
    keys.map(|key| (key.tenant, key.id.as_str())).unzip()
}

/// The tables under one lease.
#[derive(Clone)]
pub struct Store {
    pub pool: PgPool,
    pub def: &'static WebhooksDef,
    pub lease: String,
    pub epoch: i64,
}

impl Store {
    /// A number that changes when endpoints or replays may have.
    pub async fn revision(&self) -> Result<i64, StoreError> {
        const READ: &str = "SELECT coalesce(sum(c.position), 0)::bigint FROM runtime.checkpoints c \
            JOIN runtime.projections p ON p.projection = c.projection AND p.active_version = c.version WHERE c.projection = ANY ($1)";
        let projections = [self.def.endpoints.projection, self.def.replays.projection];
        Ok(sqlx::query_scalar(READ).bind(projections).fetch_one(&self.pool).await?)
    }

    /// All endpoints whose log partition is one of ours.
    pub async fn settings(&self, partitions: i32, ours: impl Fn(i32) -> bool) -> Result<Vec<Setting>, StoreError> {
        let statement = format!(
            "SELECT tenant_id, id, url, status, contexts, types, subjects, roles, secrets, begin_at, created_at FROM {} WHERE status <> $1 \
             ORDER BY created_at LIMIT $2",
            self.def.endpoints.table
        );
        let rows = sqlx::query(&statement).bind(REMOVED).bind(ENDPOINTS_MAX).fetch_all(&self.pool).await?;
        if i64::try_from(rows.len()).unwrap_or(i64::MAX) >= ENDPOINTS_MAX {
            tracing::warn!(served = ENDPOINTS_MAX, "there are more endpoints of webhooks than are served");
        }
        let mut settings = Vec::new();
        for row in &rows {
            let tenant: Uuid = row.try_get("tenant_id")?;
            let partition = partition_of(&TenantId(tenant).partition_key(), partitions);
            if ours(partition) {
                settings.push(read_setting(row, tenant, partition)?);
            }
        }
        Ok(settings)
    }

    /// Makes the cursors that are not there yet, and forgets what belongs to removed endpoints.
    pub async fn prepare(&self, settings: &[Setting], contexts: &[String]) -> Result<(), StoreError> {
        const MAKE: &str = "INSERT INTO runtime.webhook_endpoints (tenant_id, endpoint_id) SELECT * FROM unnest($1::uuid[], $2::text[]) ON CONFLICT DO NOTHING";
        const BEGIN: &str = "INSERT INTO runtime.webhook_cursors (tenant_id, endpoint_id, context, position) \
            SELECT k.tenant, k.id, c.context, CASE WHEN k.from_start THEN 0 ELSE runtime.position_before(c.context, k.partition, k.since) END \
            FROM unnest($1::uuid[], $2::text[], $3::int[], $4::bool[], $5::timestamptz[]) AS k (tenant, id, partition, from_start, since) \
            CROSS JOIN unnest($6::text[]) AS c (context) \
            WHERE NOT EXISTS (SELECT FROM runtime.webhook_cursors w WHERE w.tenant_id = k.tenant AND w.endpoint_id = k.id AND w.context = c.context) \
            ON CONFLICT DO NOTHING";
        let (tenants, ids) = columns(settings.iter().map(|setting| &setting.key));
        sqlx::query(MAKE).bind(&tenants).bind(&ids).execute(&self.pool).await?;
        let partitions: Vec<i32> = settings.iter().map(|setting| setting.partition).collect();
        let starts: Vec<bool> = settings.iter().map(|setting| setting.from_start).collect();
        let times: Vec<DateTime<Utc>> = settings.iter().map(|setting| setting.created_at).collect();
        let query = sqlx::query(BEGIN).bind(&tenants).bind(&ids).bind(partitions).bind(starts).bind(times).bind(contexts);
        query.execute(&self.pool).await?;
        for table in ["webhook_lanes", "webhook_cursors", "webhook_endpoints"] {
            let statement = format!(
                "DELETE FROM runtime.{table} t USING {} e WHERE e.status = $1 AND t.tenant_id = e.tenant_id AND t.endpoint_id = e.id",
                self.def.endpoints.table
            );
            sqlx::query(&statement).bind(REMOVED).execute(&self.pool).await?;
        }
        Ok(())
    }

    /// How far these endpoints have been told of each context.
    pub async fn cursors(&self, keys: &[EndpointKey]) -> Result<Vec<(EndpointKey, String, i64)>, StoreError> {
        const READ: &str = "SELECT w.tenant_id, w.endpoint_id, w.context, w.position FROM runtime.webhook_cursors w \
            JOIN unnest($1::uuid[], $2::text[]) AS k (tenant, id) ON w.tenant_id = k.tenant AND w.endpoint_id = k.id";
        let (tenants, ids) = columns(keys.iter());
        let rows: Vec<(Uuid, String, String, i64)> = sqlx::query_as(READ).bind(tenants).bind(ids).fetch_all(&self.pool).await?;
        Ok(rows.into_iter().map(|(tenant, id, context, position)| (EndpointKey { tenant, id }, context, position)).collect())
    }

    /// How many lanes these endpoints have open.
    pub async fn open_lanes(&self, keys: &[EndpointKey]) -> Result<Vec<(EndpointKey, usize)>, StoreError> {
        const COUNT: &str = "SELECT l.tenant_id, l.endpoint_id, count(*) FROM runtime.webhook_lanes l \
            JOIN unnest($1::uuid[], $2::text[]) AS k (tenant, id) ON l.tenant_id = k.tenant AND l.endpoint_id = k.id GROUP BY 1, 2";
        let (tenants, ids) = columns(keys.iter());
        let rows: Vec<(Uuid, String, i64)> = sqlx::query_as(COUNT).bind(tenants).bind(ids).fetch_all(&self.pool).await?;
        Ok(rows.into_iter().map(|(tenant, id, count)| (EndpointKey { tenant, id }, usize::try_from(count).unwrap_or(0))).collect())
    }

    /// Replays of these endpoints that were not begun, in order.
    pub async fn replays(&self, keys: &[EndpointKey]) -> Result<Vec<Replay>, StoreError> {
        let statement = format!(
            "SELECT r.tenant_id, r.endpoint_id, r.number, r.since, r.after, r.events FROM unnest($1::uuid[], $2::text[]) AS k (tenant, id) \
             JOIN runtime.webhook_endpoints s ON s.tenant_id = k.tenant AND s.endpoint_id = k.id \
             JOIN {} r ON r.tenant_id = k.tenant AND r.endpoint_id = k.id AND r.number > s.replays ORDER BY 1, 2, 3",
            self.def.replays.table
        );
        let (tenants, ids) = columns(keys.iter());
        let rows = sqlx::query(&statement).bind(tenants).bind(ids).fetch_all(&self.pool).await?;
        let read = |row: &PgRow| {
            let (Json(after), Json(events)) = (row.try_get("after")?, row.try_get("events")?);
            let key = EndpointKey { tenant: row.try_get("tenant_id")?, id: row.try_get("endpoint_id")? };
            Ok(Replay { key, number: row.try_get("number")?, since: row.try_get("since")?, after, events })
        };
        rows.iter().map(read).collect::<Result<_, sqlx::Error>>().map_err(StoreError::from)
    }

    /// Begins a replay, once. Cursors only go back: nothing is left out because of it.
    pub async fn begin_replay(&self, replay: &Replay, partition: i32) -> Result<(), StoreError> {
        const ONCE: &str = "UPDATE runtime.webhook_endpoints SET replays = $3 WHERE tenant_id = $1 AND endpoint_id = $2 AND replays < $3";
        const SINCE: &str = "UPDATE runtime.webhook_cursors SET position = least(position, runtime.position_before(context, $3, $4)) \
            WHERE tenant_id = $1 AND endpoint_id = $2";
        const AFTER: &str = "UPDATE runtime.webhook_cursors w SET position = least(w.position, k.position) \
            FROM unnest($3::text[], $4::bigint[]) AS k (context, position) WHERE w.tenant_id = $1 AND w.endpoint_id = $2 AND w.context = k.context";
        const EVENTS: &str = "INSERT INTO runtime.webhook_lanes (tenant_id, endpoint_id, context, aggregate_type, aggregate_id, redelivery, \
                next_sequence, until_sequence) \
            SELECT $1, $2, e.context, e.aggregate_type, e.aggregate_id, $6 || '/' || e.position, e.sequence, e.sequence \
            FROM unnest($3::text[], $4::bigint[]) AS k (context, position) \
            JOIN log.events e ON e.context = k.context AND e.partition = $5 AND e.position = k.position AND e.tenant_id = $1 ON CONFLICT DO NOTHING";
        let EndpointKey { tenant, id } = &replay.key;
        let mut tx = begin_worker(&self.pool).await?;
        let begun = sqlx::query(ONCE).bind(tenant).bind(id).bind(replay.number).execute(&mut *tx).await?.rows_affected();
        if begun == 0 {
            return Ok(());
        }
        if let Some(since) = replay.since {
            sqlx::query(SINCE).bind(tenant).bind(id).bind(partition).bind(since).execute(&mut *tx).await?;
        }
        let (contexts, positions) = places(&replay.after, partition);
        sqlx::query(AFTER).bind(tenant).bind(id).bind(contexts).bind(positions).execute(&mut *tx).await?;
        let (contexts, positions) = places(&replay.events, partition);
        let query = sqlx::query(EVENTS).bind(tenant).bind(id).bind(contexts).bind(positions).bind(partition);
        query.bind(replay.number.to_string()).execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(())
    }

    /// What the log holds of these stretches, without the payloads; up to `limit` events of each.
    pub async fn headers(&self, wanted: &[Wanted], limit: i64) -> Result<Vec<Header>, StoreError> {
        const READ: &str = "SELECT k.number, e.* FROM unnest($1::uuid[], $2::text[], $3::int[], $4::bigint[], $5::bigint[]) WITH ORDINALITY \
                AS k (tenant, context, partition, after, until, number) \
            CROSS JOIN LATERAL (SELECT position, aggregate_type, aggregate_id, sequence, event_type, event_version FROM log.events e \
                WHERE e.context = k.context AND e.partition = k.partition AND e.position > k.after AND e.position <= k.until AND e.tenant_id = k.tenant \
                ORDER BY e.position LIMIT $6) e ORDER BY k.number, e.position";
        let tenants: Vec<Uuid> = wanted.iter().map(|one| one.endpoint.tenant).collect();
        let contexts: Vec<&str> = wanted.iter().map(|one| one.context.as_str()).collect();
        let partitions: Vec<i32> = wanted.iter().map(|one| one.partition).collect();
        let (afters, untils): (Vec<i64>, Vec<i64>) = wanted.iter().map(|one| (one.after, one.until)).unzip();
        let mut tx = begin_worker(&self.pool).await?;
        let query = sqlx::query(READ).bind(tenants).bind(contexts).bind(partitions).bind(afters).bind(untils).bind(limit);
        let rows = query.fetch_all(&mut *tx).await?;
        tx.commit().await?;
        let read = |row: &PgRow| {
            let number: i64 = row.try_get("number")?;
            Ok(Header {
                wanted: usize::try_from(number - 1).unwrap_or(0),
                position: row.try_get("position")?,
                aggregate_type: row.try_get("aggregate_type")?,
                aggregate_id: row.try_get("aggregate_id")?,
                sequence: row.try_get("sequence")?,
                event_type: row.try_get("event_type")?,
                event_version: row.try_get("event_version")?,
            })
        };
        rows.iter().map(read).collect::<Result<_, sqlx::Error>>().map_err(StoreError::from)
    }

    /// Moves cursors and opens or extends lanes, in one transaction. Tells for how many lanes of each endpoint there is a new row.
    pub async fn take_in(&self, moves: &[Move], stretches: &[Stretch]) -> Result<Vec<EndpointKey>, StoreError> {
        const HELD: &str = "SELECT EXISTS (SELECT FROM runtime.leases WHERE name = $1 AND epoch = $2)";
        const MOVE: &str = "UPDATE runtime.webhook_cursors w SET position = k.upto \
            FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::bigint[]) AS k (tenant, id, context, since, upto) \
            WHERE w.tenant_id = k.tenant AND w.endpoint_id = k.id AND w.context = k.context AND w.position = k.since";
        const OPEN: &str = "INSERT INTO runtime.webhook_lanes AS l (tenant_id, endpoint_id, context, aggregate_type, aggregate_id, next_sequence, until_sequence) \
            SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[]) \
            ON CONFLICT (tenant_id, endpoint_id, context, aggregate_type, aggregate_id, redelivery) DO UPDATE SET \
                next_sequence = least(l.next_sequence, excluded.next_sequence), until_sequence = greatest(l.until_sequence, excluded.until_sequence) \
            RETURNING l.tenant_id, l.endpoint_id, xmax = 0";
        let mut tx = begin_worker(&self.pool).await?;
        let held: bool = sqlx::query_scalar(HELD).bind(&self.lease).bind(self.epoch).fetch_one(&mut *tx).await?;
        let (tenants, ids) = columns(moves.iter().map(|one| &one.endpoint));
        let contexts: Vec<&str> = moves.iter().map(|one| one.context.as_str()).collect();
        let (froms, tos): (Vec<i64>, Vec<i64>) = moves.iter().map(|one| (one.from, one.to)).unzip();
        let query = sqlx::query(MOVE).bind(tenants).bind(ids).bind(contexts).bind(froms).bind(tos);
        let moved = query.execute(&mut *tx).await?.rows_affected();
        if !held || usize::try_from(moved).ok() != Some(moves.len()) {
            return Err(StoreError::Overtaken);
        }
        let (tenants, ids) = columns(stretches.iter().map(|one| &one.key.endpoint));
        let text = |part: fn(&LaneKey) -> &str| -> Vec<&str> { stretches.iter().map(|one| part(&one.key)).collect() };
        let (firsts, lasts): (Vec<i64>, Vec<i64>) = stretches.iter().map(|one| (one.first, one.last)).unzip();
        let query = sqlx::query_as(OPEN).bind(tenants).bind(ids).bind(text(|key| &key.context)).bind(text(|key| &key.aggregate_type));
        let rows: Vec<(Uuid, String, bool)> =
            query.bind(text(|key| &key.aggregate_id)).bind(firsts).bind(lasts).fetch_all(&mut *tx).await?;
        tx.commit().await?;
        Ok(rows.into_iter().filter(|(.., new)| *new).map(|(tenant, id, _)| EndpointKey { tenant, id }).collect())
    }

    /// Frees lanes of these endpoints that somebody claimed and never finished.
    pub async fn recover(&self, keys: &[EndpointKey]) -> Result<(), StoreError> {
        const RECOVER: &str = "UPDATE runtime.webhook_lanes l SET claimed_epoch = NULL FROM unnest($1::uuid[], $2::text[]) AS k (tenant, id) \
            WHERE l.tenant_id = k.tenant AND l.endpoint_id = k.id AND l.claimed_epoch IS NOT NULL \
                AND EXISTS (SELECT FROM runtime.leases h WHERE h.name = $3 AND h.epoch = $4)";
        let (tenants, ids) = columns(keys.iter());
        sqlx::query(RECOVER).bind(tenants).bind(ids).bind(&self.lease).bind(self.epoch).execute(&self.pool).await?;
        Ok(())
    }

    /// Takes lanes that are due: of each endpoint so many at most.
    pub async fn claim(&self, slots: &[(EndpointKey, i32)]) -> Result<Vec<Lane>, StoreError> {
        const CLAIM: &str = "WITH free AS (SELECT l.* FROM unnest($1::uuid[], $2::text[], $3::int[]) AS k (tenant, id, slots) \
                CROSS JOIN LATERAL (SELECT l.tenant_id, l.endpoint_id, l.context, l.aggregate_type, l.aggregate_id, l.redelivery \
                    FROM runtime.webhook_lanes l WHERE l.tenant_id = k.tenant AND l.endpoint_id = k.id AND l.claimed_epoch IS NULL AND l.due_at <= now() \
                    ORDER BY l.due_at LIMIT k.slots FOR UPDATE SKIP LOCKED) l \
                WHERE EXISTS (SELECT FROM runtime.leases h WHERE h.name = $4 AND h.epoch = $5)) \
            UPDATE runtime.webhook_lanes l SET claimed_epoch = $5 FROM free f \
            WHERE l.tenant_id = f.tenant_id AND l.endpoint_id = f.endpoint_id AND l.context = f.context AND l.aggregate_type = f.aggregate_type \
                AND l.aggregate_id = f.aggregate_id AND l.redelivery = f.redelivery \
            RETURNING l.tenant_id, l.endpoint_id, l.context, l.aggregate_type, l.aggregate_id, l.redelivery, l.next_sequence, l.until_sequence, \
                l.attempts, l.first_attempt_at";
        let (tenants, ids) = columns(slots.iter().map(|(key, _)| key));
        let counts: Vec<i32> = slots.iter().map(|(_, count)| *count).collect();
        let mut tx = begin_worker(&self.pool).await?;
        let query = sqlx::query(CLAIM).bind(tenants).bind(ids).bind(counts).bind(&self.lease).bind(self.epoch);
        let rows = query.fetch_all(&mut *tx).await?;
        tx.commit().await?;
        rows.iter().map(read_lane).collect::<Result<_, sqlx::Error>>().map_err(StoreError::from)
    }

    /// How long until the next lane of each endpoint is due; nothing for those without one that is free.
    pub async fn next_due(&self, keys: &[EndpointKey]) -> Result<BTreeMap<EndpointKey, Duration>, StoreError> {
        const NEXT: &str = "SELECT k.tenant, k.id, extract(epoch FROM (SELECT min(l.due_at) FROM runtime.webhook_lanes l \
                WHERE l.tenant_id = k.tenant AND l.endpoint_id = k.id AND l.claimed_epoch IS NULL) - now())::float8 \
            FROM unnest($1::uuid[], $2::text[]) AS k (tenant, id)";
        let (tenants, ids) = columns(keys.iter());
        let rows: Vec<(Uuid, String, Option<f64>)> = sqlx::query_as(NEXT).bind(tenants).bind(ids).fetch_all(&self.pool).await?;
        let pause = |seconds: f64| Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX);
        Ok(rows.into_iter().filter_map(|(tenant, id, seconds)| Some((EndpointKey { tenant, id }, pause(seconds?)))).collect())
    }

    /// The next events of a lane, with their payloads.
    pub async fn events(&self, lane: &Lane, partition: i32, limit: i64) -> Result<Vec<RecordedEvent>, StoreError> {
        const READ: &str = "SELECT context, partition, position, event_id, tenant_id, aggregate_type, aggregate_id, sequence, event_type, \
            event_version, payload::text AS payload, metadata::text AS metadata, recorded_at FROM log.events \
            WHERE context = $1 AND partition = $2 AND tenant_id = $3 AND aggregate_type = $4 AND aggregate_id = $5 AND sequence BETWEEN $6 AND $7 \
            ORDER BY sequence LIMIT $8";
        let LaneKey { endpoint, context, aggregate_type, aggregate_id, .. } = &lane.key;
        let query = sqlx::query(READ).bind(context).bind(partition).bind(endpoint.tenant).bind(aggregate_type).bind(aggregate_id);
        let rows = query.bind(lane.next).bind(lane.until).bind(limit).fetch_all(&self.pool).await?;
        rows.iter().map(read_event).collect::<Result<_, sqlx::Error>>().map_err(StoreError::from)
    }

    /// Notes the outcomes of turns, in one transaction: lanes go on, wait, or are done with. Tells whose lanes are done with. A lane that
    /// somebody else has taken over meanwhile is left to them.
    pub async fn finish(&self, reports: &[Report]) -> Result<Vec<EndpointKey>, StoreError> {
        const FREE: &str = "UPDATE runtime.webhook_lanes l SET claimed_epoch = NULL, due_at = now() + k.pause, \
                next_sequence = CASE WHEN l.next_sequence < k.claimed THEN l.next_sequence ELSE k.next END, \
                attempts = CASE WHEN l.next_sequence < k.claimed THEN 0 ELSE k.attempts END, \
                first_attempt_at = CASE WHEN l.next_sequence < k.claimed THEN NULL ELSE k.first_at END \
            FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::bigint[], $9::int[], $10::timestamptz[], \
                $11::interval[]) AS k (tenant, id, context, kind, subject, redelivery, claimed, next, attempts, first_at, pause) \
            WHERE l.tenant_id = k.tenant AND l.endpoint_id = k.id AND l.context = k.context AND l.aggregate_type = k.kind AND l.aggregate_id = k.subject \
                AND l.redelivery = k.redelivery AND l.claimed_epoch = $12";
        const DROP: &str = "DELETE FROM runtime.webhook_lanes l \
            USING unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[]) AS k (tenant, id, context, kind, subject, redelivery) \
            WHERE l.tenant_id = k.tenant AND l.endpoint_id = k.id AND l.context = k.context AND l.aggregate_type = k.kind AND l.aggregate_id = k.subject \
                AND l.redelivery = k.redelivery AND l.claimed_epoch IS NULL AND l.next_sequence > l.until_sequence RETURNING l.tenant_id, l.endpoint_id";
        let (tenants, ids) = columns(reports.iter().map(|report| &report.lane.key.endpoint));
        let text = |part: fn(&LaneKey) -> &str| -> Vec<&str> { reports.iter().map(|report| part(&report.lane.key)).collect() };
        let (contexts, kinds) = (text(|key| &key.context), text(|key| &key.aggregate_type));
        let (subjects, redeliveries) = (text(|key| &key.aggregate_id), text(|key| &key.redelivery));
        let (claimed, nexts): (Vec<i64>, Vec<i64>) = reports.iter().map(|report| (report.lane.next, report.next)).unzip();
        let attempts: Vec<i32> = reports.iter().map(|report| i32::try_from(report.attempts).unwrap_or(i32::MAX)).collect();
        let firsts: Vec<Option<DateTime<Utc>>> = reports.iter().map(|report| report.first_attempt_at).collect();
        let micros = |pause: Duration| Duration::from_micros(u64::try_from(pause.as_micros()).unwrap_or(0));
        let pauses: Vec<Duration> = reports.iter().map(|report| micros(report.pause)).collect();
        let mut tx = begin_worker(&self.pool).await?;
        let query = sqlx::query(FREE).bind(&tenants).bind(&ids).bind(&contexts).bind(&kinds).bind(&subjects).bind(&redeliveries);
        let query = query.bind(claimed).bind(nexts).bind(attempts).bind(firsts).bind(pauses).bind(self.epoch);
        query.execute(&mut *tx).await?;
        let query = sqlx::query_as(DROP).bind(&tenants).bind(&ids).bind(&contexts).bind(&kinds).bind(&subjects).bind(&redeliveries);
        let dropped: Vec<(Uuid, String)> = query.fetch_all(&mut *tx).await?;
        Attempts::of(reports).note(&mut tx).await?;
        tx.commit().await?;
        Ok(dropped.into_iter().map(|(tenant, id)| EndpointKey { tenant, id }).collect())
    }

    /// Forgets deliveries that are long done with.
    pub async fn forget(&self, kept: Duration) -> Result<u64, StoreError> {
        const OLD: &str = "DELETE FROM runtime.webhook_deliveries WHERE (tenant_id, endpoint_id, event_id) IN (SELECT tenant_id, endpoint_id, event_id \
            FROM runtime.webhook_deliveries WHERE last_attempt_at < now() - $1 AND status <> 'retrying' LIMIT $2)";
        const MANY: &str = "DELETE FROM runtime.webhook_deliveries d USING (SELECT s.tenant_id, s.endpoint_id, (SELECT x.last_attempt_at \
                FROM runtime.webhook_deliveries x WHERE x.tenant_id = s.tenant_id AND x.endpoint_id = s.endpoint_id AND x.status = 'delivered' \
                ORDER BY x.last_attempt_at DESC OFFSET $1 LIMIT 1) AS upto FROM runtime.webhook_endpoints s) k \
            WHERE d.tenant_id = k.tenant_id AND d.endpoint_id = k.endpoint_id AND d.status = 'delivered' AND d.last_attempt_at <= k.upto";
        let old = sqlx::query(OLD).bind(kept).bind(CHUNK).execute(&self.pool).await?.rows_affected();
        let many = sqlx::query(MANY).bind(DELIVERED_MAX).execute(&self.pool).await?.rows_affected();
        Ok(old + many)
    }
}

fn read_setting(row: &PgRow, tenant: Uuid, partition: i32) -> Result<Setting, sqlx::Error> {
    let (Json(contexts), Json(types), Json(subjects)) = (row.try_get("contexts")?, row.try_get("types")?, row.try_get("subjects")?);
    let (Json(roles), Json(secrets)) = (row.try_get("roles")?, row.try_get("secrets")?);
    Ok(Setting {
        key: EndpointKey { tenant, id: row.try_get("id")? },
        partition,
        url: row.try_get("url")?,
        enabled: row.try_get::<&str, _>("status")? == ENABLED,
        filter: EventFilter { contexts, types, subjects },
        roles,
        secrets,
        from_start: row.try_get::<&str, _>("begin_at")? == "start",
        created_at: row.try_get("created_at")?,
    })
}

fn read_lane(row: &PgRow) -> Result<Lane, sqlx::Error> {
    let attempts: i32 = row.try_get("attempts")?;
    Ok(Lane {
        key: LaneKey {
            endpoint: EndpointKey { tenant: row.try_get("tenant_id")?, id: row.try_get("endpoint_id")? },
            context: row.try_get("context")?,
            aggregate_type: row.try_get("aggregate_type")?,
            aggregate_id: row.try_get("aggregate_id")?,
            redelivery: row.try_get("redelivery")?,
        },
        next: row.try_get("next_sequence")?,
        until: row.try_get("until_sequence")?,
        attempts: attempts.unsigned_abs(),
        first_attempt_at: row.try_get("first_attempt_at")?,
    })
}

/// Contexts and positions of tokens that belong to the log partition.
fn places(tokens: &[String], partition: i32) -> (Vec<&str>, Vec<i64>) {
    let read = |token: &'_ String| -> Option<(usize, i64)> {
        let (context, place) = token.split_once('/')?;
        let (of, position) = place.split_once('@')?;
        (of.parse() == Ok(partition)).then_some(())?;
        Some((context.len(), position.parse().ok()?))
    };
    tokens.iter().filter_map(|token| read(token).map(|(length, position)| (&token[..length], position))).unzip()
}

/// The columns of the log of deliveries.
#[derive(Default)]
struct Attempts<'a> {
    tenants: Vec<Uuid>,
    endpoints: Vec<&'a str>,
    events: Vec<Uuid>,
    contexts: Vec<&'a str>,
    partitions: Vec<i32>,
    positions: Vec<i64>,
    types: Vec<&'a str>,
    subjects: Vec<String>,
    statuses: Vec<&'static str>,
    firsts: Vec<DateTime<Utc>>,
    lasts: Vec<DateTime<Utc>>,
    nexts: Vec<Option<DateTime<Utc>>>,
    answers: Vec<Option<i32>>,
    reasons: Vec<Option<&'static str>>,
    details: Vec<Option<String>>,
    durations: Vec<i32>,
}

impl<'a> Attempts<'a> {
    fn of(reports: &'a [Report]) -> Self {
        let mut all = Self::default();
        // An event may be delivered in its turn and again by itself at the same time; one statement changes a row once.
        let mut seen = std::collections::HashSet::new();
        let shortened = |detail: &String| detail.chars().filter(|c| *c != '\0').take(DETAIL_CHARS_MAX).collect();
        for (key, one) in reports.iter().flat_map(|report| report.attempted.iter().map(|one| (&report.lane.key, one))) {
            if !seen.insert((&key.endpoint, one.event_id)) {
                continue;
            }
            all.tenants.push(key.endpoint.tenant);
            all.endpoints.push(&key.endpoint.id);
            all.events.push(one.event_id);
            all.contexts.push(&key.context);
            all.partitions.push(one.partition);
            all.positions.push(one.position);
            all.types.push(&one.event_type);
            all.subjects.push(format!("{}/{}", key.aggregate_type, key.aggregate_id));
            all.statuses.push(one.status);
            all.firsts.push(one.first_at);
            all.lasts.push(one.at);
            all.nexts.push(one.next_at);
            all.answers.push(one.http_status.map(i32::from));
            all.reasons.push(one.reason);
            all.details.push(one.detail.as_ref().map(shortened));
            all.durations.push(i32::try_from(one.duration.as_millis()).unwrap_or(i32::MAX));
        }
        all
    }

    async fn note(self, connection: &mut sqlx::PgConnection) -> Result<(), sqlx::Error> {
        const NOTE: &str = "INSERT INTO runtime.webhook_deliveries AS d (tenant_id, endpoint_id, event_id, context, partition, position, event_type, subject, \
                status, first_attempt_at, last_attempt_at, next_attempt_at, http_status, reason, detail, duration_ms, attempts) \
            SELECT k.*, 1 FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::int[], $6::bigint[], $7::text[], $8::text[], $9::text[], \
                $10::timestamptz[], $11::timestamptz[], $12::timestamptz[], $13::int[], $14::text[], $15::text[], $16::int[]) k \
            ON CONFLICT (tenant_id, endpoint_id, event_id) DO UPDATE SET status = excluded.status, last_attempt_at = excluded.last_attempt_at, \
                next_attempt_at = excluded.next_attempt_at, http_status = excluded.http_status, reason = excluded.reason, detail = excluded.detail, \
                duration_ms = excluded.duration_ms, attempts = d.attempts + 1";
        if self.events.is_empty() {
            return Ok(());
        }
        let query = sqlx::query(NOTE).bind(self.tenants).bind(self.endpoints).bind(self.events).bind(self.contexts).bind(self.partitions);
        let query = query.bind(self.positions).bind(self.types).bind(self.subjects).bind(self.statuses).bind(self.firsts).bind(self.lasts);
        let query = query.bind(self.nexts).bind(self.answers).bind(self.reasons).bind(self.details).bind(self.durations);
        query.execute(connection).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_of_other_log_partitions_are_left_out() {
        let tokens = ["crm/3@7", "crm/4@9", "shop/3@1", "nonsense"].map(str::to_owned);
        assert_eq!(places(&tokens, 3), (vec!["crm", "shop"], vec![7, 1]));
    }
}
