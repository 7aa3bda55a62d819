//! The tables of deliveries, as one shard under one lease sees them.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::kernel::RecordedEvent;
use platform::postgres::begin_worker;
use projections::runtime::read_event;
use projections::subscriptions::WebhooksDef;
use sqlx::postgres::PgRow;
use sqlx::{PgPool, Row as _};
use uuid::Uuid;

use super::log::Attempts;

/// Names an endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EndpointKey {
    pub tenant: Uuid,
    pub id: String,
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
pub fn columns<'a>(keys: impl Iterator<Item = &'a EndpointKey>) -> (Vec<Uuid>, Vec<&'a str>) {
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
        let updated = query.execute(&mut *tx).await?.rows_affected();
        if !held || usize::try_from(updated).ok() != Some(moves.len()) {
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
