//! Parked keys: aggregates whose events a projection could not apply. Their later events wait behind the one that failed, in order.

use std::collections::HashSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::kernel::RecordedEvent;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

/// A tenant's aggregate, `<aggregate_type>/<aggregate_id>`.
pub type Key = (Uuid, String);

/// The key of an event.
pub fn key_of(event: &RecordedEvent) -> Key {
    (event.tenant_id.0, format!("{}/{}", event.aggregate_type, event.aggregate_id))
}

/// A parked key, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParkedKey {
    /// The projection.
    pub projection: String,
    /// The version of its tables.
    pub version: i32,
    /// The tenant.
    pub tenant_id: Uuid,
    /// `<aggregate_type>/<aggregate_id>`.
    pub key: String,
    /// How many events wait.
    pub events: i64,
    /// The log partition and position of the first of them.
    pub first: String,
    /// Why it could not be applied.
    pub error: String,
    /// Since when.
    pub parked_at: DateTime<Utc>,
}

/// The parked keys of a projection, or of all: those that were parked first, at most so many.
pub async fn parked_keys(pool: &PgPool, projection: Option<&str>, most: i64) -> Result<Vec<ParkedKey>, sqlx::Error> {
    const READ: &str = "SELECT projection, version, tenant_id, key, count(*), \
            (array_agg(context || '/' || partition || '@' || position ORDER BY context, partition, position))[1], \
            (array_agg(error ORDER BY context, partition, position))[1], min(parked_at) \
        FROM runtime.parked WHERE $1::text IS NULL OR projection = $1 GROUP BY projection, version, tenant_id, key ORDER BY min(parked_at) LIMIT $2";
    type Row = (String, i32, Uuid, String, i64, String, String, DateTime<Utc>);
    let rows: Vec<Row> = sqlx::query_as(READ).bind(projection).bind(most).fetch_all(pool).await?;
    let parked = |(projection, version, tenant_id, key, events, first, error, parked_at): Row| ParkedKey {
        projection,
        version,
        tenant_id,
        key,
        events,
        first,
        error,
        parked_at,
    };
    Ok(rows.into_iter().map(parked).collect())
}

/// Asks the running projector to apply parked events again: of one key, or of all keys of the projection. Tells how many events
/// that concerns.
pub async fn request_retry(pool: &PgPool, projection: &str, key: Option<&str>) -> Result<u64, sqlx::Error> {
    let done = sqlx::query("UPDATE runtime.parked SET retry = true WHERE projection = $1 AND ($2::text IS NULL OR key = $2)")
        .bind(projection)
        .bind(key)
        .execute(pool)
        .await?;
    Ok(done.rows_affected())
}

pub(super) async fn load_keys(connection: &mut PgConnection, projection: &str, version: i32) -> Result<HashSet<Key>, sqlx::Error> {
    let rows: Vec<Key> = sqlx::query_as("SELECT DISTINCT tenant_id, key FROM runtime.parked WHERE projection = $1 AND version = $2")
        .bind(projection)
        .bind(version)
        .fetch_all(connection)
        .await?;
    Ok(rows.into_iter().collect())
}

pub(super) async fn park(
    connection: &mut PgConnection,
    projection: &str,
    version: i32,
    events: &[(Arc<RecordedEvent>, String)],
) -> Result<(), sqlx::Error> {
    for (event, error) in events {
        let (tenant, key) = key_of(event);
        sqlx::query("INSERT INTO runtime.parked (tenant_id, projection, version, key, context, partition, position, error) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)")
            .bind(tenant)
            .bind(projection)
            .bind(version)
            .bind(key)
            .bind(&event.context)
            .bind(event.partition)
            .bind(event.position)
            .bind(error)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// Keys that are tried again in one go; what is left is found by the next look.
const RETRIED_MAX: i64 = 1_000;

/// The keys that somebody wants to be tried again, as many as are taken at once.
pub(super) async fn requested(pool: &PgPool, projection: &str, version: i32) -> Result<Vec<Key>, sqlx::Error> {
    sqlx::query_as("SELECT DISTINCT tenant_id, key FROM runtime.parked WHERE projection = $1 AND version = $2 AND retry LIMIT $3")
        .bind(projection)
        .bind(version)
        .bind(RETRIED_MAX)
        .fetch_all(pool)
        .await
}

/// The log partition and positions of a key's parked events, in order.
pub(super) async fn positions(
    connection: &mut PgConnection,
    projection: &str,
    version: i32,
    key: &Key,
) -> Result<Vec<(String, i32, i64)>, sqlx::Error> {
    sqlx::query_as("SELECT context, partition, position FROM runtime.parked WHERE projection = $1 AND version = $2 AND tenant_id = $3 AND key = $4 ORDER BY context, partition, position")
        .bind(projection)
        .bind(version)
        .bind(key.0)
        .bind(&key.1)
        .fetch_all(connection)
        .await
}

/// Takes a key's events out of the parking lot. Their rows have changed without a checkpoint moving, which is counted for those who keep
/// answers.
pub(super) async fn unpark(connection: &mut PgConnection, projection: &str, version: i32, key: &Key) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE runtime.projections SET repaired = repaired + 1 WHERE projection = $1")
        .bind(projection)
        .execute(&mut *connection)
        .await?;
    sqlx::query("DELETE FROM runtime.parked WHERE projection = $1 AND version = $2 AND tenant_id = $3 AND key = $4")
        .bind(projection)
        .bind(version)
        .bind(key.0)
        .bind(&key.1)
        .execute(connection)
        .await?;
    Ok(())
}

/// Notes that another try failed.
pub(super) async fn failed_again(pool: &PgPool, projection: &str, version: i32, key: &Key, error: &str) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE runtime.parked SET retry = false, error = $5 WHERE projection = $1 AND version = $2 AND tenant_id = $3 AND key = $4",
    )
    .bind(projection)
    .bind(version)
    .bind(key.0)
    .bind(&key.1)
    .bind(error)
    .execute(pool)
    .await?;
    Ok(())
}
