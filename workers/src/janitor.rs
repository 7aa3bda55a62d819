//! Housekeeping: what may be forgotten is deleted, a little at a time.

use std::time::Duration;

use projections::sql_access;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

/// How long the answer to a command is remembered under its idempotency key.
const REMEMBERED: &str = "30 days";
/// Rows that one statement deletes at most, so that no lock is held for long.
const CHUNK: i64 = 5000;
/// The longest that a statement of an SQL role may take, whatever its session has set.
const SQL_LONGEST: Duration = Duration::from_mins(5);
/// How often such statements are looked for.
const SQL_LOOK: Duration = Duration::from_secs(15);

/// Keeps house until cancelled.
pub async fn run(pool: PgPool, cancel: CancellationToken) {
    tokio::join!(forget(pool.clone(), cancel.clone()), end_long_sql(pool, cancel));
}

/// Ends what SQL roles do for too long.
async fn end_long_sql(pool: PgPool, cancel: CancellationToken) {
    while cancel.run_until_cancelled(tokio::time::sleep(SQL_LOOK)).await.is_some() {
        match sql_access::keep_from_lingering(&pool, SQL_LONGEST).await {
            Ok(0) => {}
            Ok(ended) => tracing::info!(ended, "statements of SQL roles took too long and were ended"),
            Err(error) => tracing::debug!(%error, "statements of SQL roles were not looked at"),
        }
    }
}

/// Deletes expired idempotency keys.
async fn forget(pool: PgPool, cancel: CancellationToken) {
    loop {
        match forget_keys(&pool).await {
            Ok(rows) if rows == CHUNK.unsigned_abs() => continue,
            Ok(_) => {}
            Err(error) => tracing::debug!(%error, "expired idempotency keys were not deleted; the next round tries again"),
        }
        if cancel.run_until_cancelled(tokio::time::sleep(Duration::from_mins(10))).await.is_none() {
            return;
        }
    }
}

async fn forget_keys(pool: &PgPool) -> Result<u64, sqlx::Error> {
    let statement = format!(
        "DELETE FROM log.idempotency WHERE (context, partition, tenant_id, key) IN (SELECT context, partition, tenant_id, key FROM log.idempotency \
         WHERE recorded_at < now() - interval '{REMEMBERED}' LIMIT {CHUNK})"
    );
    Ok(sqlx::query(&statement).execute(pool).await?.rows_affected())
}
