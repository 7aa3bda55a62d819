//! The endpoints that are served: as they were registered, how far each has been told, and what is to be told again.

use chrono::{DateTime, Utc};
use domain::kernel::{EventFilter, TenantId, partition_of};
use platform::postgres::begin_worker;
use projections::subscriptions::{ENABLED, REMOVED};
use serde::Deserialize;
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use sqlx::types::Json;
use uuid::Uuid;

use super::store::{EndpointKey, Store, StoreError, columns};

/// Endpoints of one installation; more are not served, and that is said.
const ENDPOINTS_MAX: i64 = 20_000;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_of_other_log_partitions_are_left_out() {
        let tokens = ["crm/3@7", "crm/4@9", "shop/3@1", "nonsense"].map(str::to_owned);
        assert_eq!(places(&tokens, 3), (vec!["crm", "shop"], vec![7, 1]));
    }
}
