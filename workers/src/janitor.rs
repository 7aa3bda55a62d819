//! Housekeeping: what may be forgotten is deleted, a little at a time.

use std::time::Duration;

use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

/// How long the answer to a command is remembered under its idempotency key.
const REMEMBERED: &str = "30 days";
/// Rows that one statement deletes at most, so that no lock is held for long.
const CHUNK: i64 = 5000;

/// Deletes expired idempotency keys until cancelled.
pub async fn run(pool: PgPool, cancel: CancellationToken) {
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
