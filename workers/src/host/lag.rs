//! How far projections are behind the log.

use std::collections::BTreeMap;
use std::time::Duration;

use sqlx::PgPool;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// How often it is measured.
const EVERY: Duration = Duration::from_secs(2);
/// How old the oldest event that a read model lacks may be before that is a matter of health, in seconds.
const LATE_SECONDS: f64 = 10.0;

/// What a projection lacks.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Lag {
    /// Events that it has not applied.
    events: i64,
    /// The age of the oldest of them, in seconds.
    seconds: f64,
}

impl Lag {
    /// What is wrong, if it is too far behind.
    pub(super) fn trouble(&self) -> Option<String> {
        (self.seconds > LATE_SECONDS).then(|| format!("{} events behind, the oldest for {:.0} s", self.events, self.seconds))
    }
}

/// Measures until cancelled, for metrics and health.
pub(super) async fn measure(pool: PgPool, lags: watch::Sender<BTreeMap<String, Lag>>, cancel: CancellationToken) {
    while cancel.run_until_cancelled(tokio::time::sleep(EVERY)).await.is_some() {
        if let Err(error) = count_parked(&pool).await {
            tracing::debug!(%error, "parked keys cannot be counted");
        }
        let found = match read(&pool).await {
            Ok(found) => found,
            Err(error) => {
                tracing::debug!(%error, "it cannot be measured how far projections are behind");
                continue;
            }
        };
        for (projection, lag) in &found {
            metrics::gauge!("neuroops_projection_lag_events", "projection" => projection.clone())
                .set(f64::from(i32::try_from(lag.events).unwrap_or(i32::MAX)));
            metrics::gauge!("neuroops_projection_lag_seconds", "projection" => projection.clone()).set(lag.seconds);
        }
        lags.send_replace(found);
    }
}

/// Publishes how many keys projections have parked.
async fn count_parked(pool: &PgPool) -> Result<(), sqlx::Error> {
    const PARKED: &str = "SELECT p.projection, count(DISTINCT (k.tenant_id, k.key)) FROM runtime.projections p \
        LEFT JOIN runtime.parked k ON k.projection = p.projection AND k.version = p.active_version GROUP BY p.projection";
    let parked: Vec<(String, i64)> = sqlx::query_as(PARKED).fetch_all(pool).await?;
    for (projection, keys) in parked {
        metrics::gauge!("neuroops_projection_parked_keys", "projection" => projection)
            .set(f64::from(i32::try_from(keys).unwrap_or(i32::MAX)));
    }
    Ok(())
}

async fn read(pool: &PgPool) -> Result<BTreeMap<String, Lag>, sqlx::Error> {
    const READ: &str = "SELECT c.projection, greatest(h.position - c.position, 0), coalesce(extract(epoch FROM clock_timestamp() - e.recorded_at)::float8, 0) \
        FROM runtime.checkpoints c JOIN runtime.projections p ON p.projection = c.projection AND p.active_version = c.version \
        JOIN log.heads h ON h.context = c.context AND h.partition = c.partition \
        LEFT JOIN LATERAL (SELECT recorded_at FROM log.events e WHERE h.position > c.position AND e.context = c.context \
            AND e.partition = c.partition AND e.position = c.position + 1) e ON true";
    let rows: Vec<(String, i64, f64)> = sqlx::query_as(READ).fetch_all(pool).await?;
    let mut lags: BTreeMap<String, Lag> = BTreeMap::new();
    for (projection, events, seconds) in rows {
        let lag = lags.entry(projection).or_default();
        lag.events += events;
        lag.seconds = lag.seconds.max(seconds);
    }
    Ok(lags)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_read_model_that_lacks_old_events_is_in_trouble_and_one_that_is_busy_is_not() {
        assert_eq!(Lag { events: 5_000, seconds: 2.0 }.trouble(), None);
        assert_eq!(Lag { events: 3, seconds: 41.4 }.trouble().as_deref(), Some("3 events behind, the oldest for 41 s"));
    }
}
