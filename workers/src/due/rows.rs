//! The rows of a read model that say when something is due, and those of them that are in trouble.

use std::collections::HashSet;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use platform::clock;
use sqlx::PgPool;
use uuid::Uuid;

use super::DueSource;

/// The code of a row whose command changes nothing.
pub const STILL_DUE: &str = "still_due";

/// A row at the time that it is due; the same row with another time is another matter.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    pub tenant: Uuid,
    pub id: String,
    pub due_at: DateTime<Utc>,
}

/// A row that is due.
#[derive(Clone, Debug)]
pub struct DueRow {
    pub key: Key,
    /// How often its command was refused or changed nothing.
    pub attempts: u32,
    code: Option<String>,
}

impl DueRow {
    /// How often its command has changed nothing.
    pub fn idle(&self) -> u32 {
        if self.code.as_deref() == Some(STILL_DUE) { self.attempts } else { 0 }
    }
}

/// A row whose command is refused or changes nothing, for people.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Trouble {
    /// `<context>.<aggregate>.<command>`
    pub source: String,
    /// The tenant.
    pub tenant_id: Uuid,
    /// The aggregate's id.
    pub id: String,
    /// Since when it is due.
    pub due_at: DateTime<Utc>,
    /// How often it was tried.
    pub attempts: i32,
    /// When it is tried again.
    pub retry_at: DateTime<Utc>,
    /// Why it is in trouble.
    pub code: String,
    /// The same for people.
    pub detail: String,
}

/// The rows in trouble, the oldest first.
pub async fn troubles(pool: &PgPool, limit: i64) -> Result<Vec<Trouble>, sqlx::Error> {
    const READ: &str =
        "SELECT source, tenant_id, id, due_at, attempts, retry_at, code, detail FROM runtime.due_troubles ORDER BY since LIMIT $1";
    sqlx::query_as(READ).bind(limit).fetch_all(pool).await
}

/// Seconds since the oldest row that is not in trouble is due, and how many are in trouble.
pub async fn lateness(pool: &PgPool, source: &DueSource) -> Result<(f64, f64), sqlx::Error> {
    let (table, id) = (source.def.table, id_column(pool, source.def.table).await?);
    let statement = format!(
        "SELECT coalesce((SELECT extract(epoch FROM now() - v.due_at) FROM {table} v WHERE v.due_at <= now() AND NOT EXISTS ( \
            SELECT FROM runtime.due_troubles t WHERE t.tenant_id = v.tenant_id AND t.source = $1 AND t.id = v.{id}) ORDER BY v.due_at LIMIT 1), 0)::float8, \
         (SELECT count(*) FROM runtime.due_troubles WHERE source = $1)::float8"
    );
    sqlx::query_as(&statement).bind(source.name()).fetch_one(pool).await
}

/// The column that names the aggregate: `aggregate_id` where there is one, else `id`.
async fn id_column(pool: &PgPool, table: &str) -> Result<&'static str, sqlx::Error> {
    const LOOK: &str =
        "SELECT EXISTS (SELECT FROM pg_attribute WHERE attrelid = $1::regclass AND attname = 'aggregate_id' AND NOT attisdropped)";
    let named: bool = sqlx::query_scalar(LOOK).bind(table).fetch_one(pool).await?;
    Ok(if named { "aggregate_id" } else { "id" })
}

fn columns<'a>(keys: &[&'a Key]) -> (Vec<Uuid>, Vec<&'a str>, Vec<DateTime<Utc>>) {
    let ids = keys.iter().map(|key| key.id.as_str()).collect();
    (keys.iter().map(|key| key.tenant).collect(), ids, keys.iter().map(|key| key.due_at).collect())
}

/// The rows of one definition.
pub struct Rows {
    pool: PgPool,
    table: &'static str,
    id: &'static str,
    name: String,
}

impl Rows {
    /// Looks at the table's columns.
    pub async fn new(pool: PgPool, source: &DueSource, name: String) -> Result<Self, sqlx::Error> {
        let id = id_column(&pool, source.def.table).await?;
        Ok(Self { pool, table: source.def.table, id, name })
    }

    /// What is due by now, the longest due first, without those that are waited for and those in trouble whose time has not come.
    pub async fn due(&self, now: DateTime<Utc>, waiting: &[&Key], limit: i64) -> Result<Vec<DueRow>, sqlx::Error> {
        type Row = (Uuid, String, DateTime<Utc>, i32, Option<String>);
        let Self { table, id, .. } = self;
        let statement = format!(
            "SELECT v.tenant_id, v.{id}, v.due_at, coalesce(t.attempts, 0), t.code FROM {table} v \
             LEFT JOIN runtime.due_troubles t ON t.tenant_id = v.tenant_id AND t.source = $1 AND t.id = v.{id} AND t.due_at = v.due_at \
             WHERE v.due_at <= $2 AND (t.retry_at IS NULL OR t.retry_at <= $2) \
                AND (v.tenant_id, v.{id}, v.due_at) NOT IN (SELECT * FROM unnest($4::uuid[], $5::text[], $6::timestamptz[])) \
             ORDER BY v.due_at LIMIT $3"
        );
        let (tenants, ids, times) = columns(waiting);
        let query = sqlx::query_as(&statement).bind(&self.name).bind(now).bind(limit).bind(tenants).bind(ids).bind(times);
        let rows: Vec<Row> = query.fetch_all(&self.pool).await?;
        let row =
            |(tenant, id, due_at, attempts, code): Row| DueRow { key: Key { tenant, id, due_at }, attempts: attempts.unsigned_abs(), code };
        Ok(rows.into_iter().map(row).collect())
    }

    /// Those of some rows that are still due.
    pub async fn still_due(&self, keys: &[&Key]) -> Result<HashSet<Key>, sqlx::Error> {
        let Self { table, id, .. } = self;
        let statement = format!(
            "SELECT k.tenant_id, k.id, k.due_at FROM unnest($1::uuid[], $2::text[], $3::timestamptz[]) AS k (tenant_id, id, due_at) \
             JOIN {table} v ON v.tenant_id = k.tenant_id AND v.{id} = k.id AND v.due_at = k.due_at"
        );
        let (tenants, ids, times) = columns(keys);
        let query = sqlx::query_as(&statement).bind(tenants).bind(ids).bind(times);
        let rows: Vec<(Uuid, String, DateTime<Utc>)> = query.fetch_all(&self.pool).await?;
        Ok(rows.into_iter().map(|(tenant, id, due_at)| Key { tenant, id, due_at }).collect())
    }

    /// When the next row becomes due, or one in trouble is to be tried again.
    pub async fn next_after(&self, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, sqlx::Error> {
        let statement = format!(
            "SELECT least((SELECT due_at FROM {} WHERE due_at > $2 ORDER BY due_at LIMIT 1), \
                (SELECT retry_at FROM runtime.due_troubles WHERE source = $1 AND retry_at > $2 ORDER BY retry_at LIMIT 1))",
            self.table
        );
        sqlx::query_scalar(&statement).bind(&self.name).bind(now).fetch_one(&self.pool).await
    }

    /// Keeps a row away for a while, where people can see it.
    pub async fn trouble(&self, row: &DueRow, attempts: u32, pause: Duration, code: &str, detail: &str) -> Result<(), sqlx::Error> {
        const KEEP: &str = "INSERT INTO runtime.due_troubles AS t (tenant_id, source, id, due_at, attempts, retry_at, code, detail) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
            ON CONFLICT (tenant_id, source, id) DO UPDATE SET due_at = excluded.due_at, attempts = excluded.attempts, retry_at = excluded.retry_at, \
                code = excluded.code, detail = excluded.detail, since = CASE WHEN t.due_at = excluded.due_at THEN t.since ELSE excluded.since END";
        let retry_at = clock::now() + TimeDelta::from_std(pause).unwrap_or(TimeDelta::hours(1));
        sqlx::query(KEEP)
            .bind(row.key.tenant)
            .bind(&self.name)
            .bind(&row.key.id)
            .bind(row.key.due_at)
            .bind(i32::try_from(attempts).unwrap_or(i32::MAX))
            .bind(retry_at)
            .bind(code)
            .bind(detail)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Forgets that a row was in trouble.
    pub async fn settle(&self, row: &DueRow) -> Result<(), sqlx::Error> {
        sqlx::query("DELETE FROM runtime.due_troubles WHERE tenant_id = $1 AND source = $2 AND id = $3")
            .bind(row.key.tenant)
            .bind(&self.name)
            .bind(&row.key.id)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Forgets troubles of rows that are no longer due.
    pub async fn forget_settled(&self) -> Result<(), sqlx::Error> {
        let Self { table, id, .. } = self;
        let statement = format!(
            "DELETE FROM runtime.due_troubles t WHERE t.source = $1 AND NOT EXISTS (SELECT FROM {table} v \
                WHERE v.tenant_id = t.tenant_id AND v.{id} = t.id AND v.due_at = t.due_at)"
        );
        sqlx::query(&statement).bind(&self.name).execute(&self.pool).await?;
        Ok(())
    }
}
