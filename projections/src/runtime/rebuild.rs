//! Rebuilds: a projection's tables are filled anew from the log, beside the ones that are being read, and swapped in.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::kernel::RecordedEvent;
use futures::future::try_join_all;
use platform::postgres::begin_worker;
use sqlx::PgPool;

use super::checkpoints::{Place, Position, active_version};
use super::log_source::LogReader;
use super::projection::Projection;
use super::projector::{Applier, ProjectorError};
use super::store::PgStore;

/// Transactions at the same time. Each has log partitions of its own, and so tenants: no two change the same row.
const LANES: i32 = 2;
/// Events in one of them.
const CHUNK: i64 = 10_000;

/// How far a rebuild has come.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Events applied.
    pub done: i64,
    /// Events in the log when the rebuild began, or those applied where they are more.
    pub total: i64,
}

/// What a rebuild did.
#[derive(Clone, Copy, Debug)]
pub struct Report {
    /// The version that is read now.
    pub version: i32,
    /// Events that were applied.
    pub events: i64,
    /// Keys that could not be applied and are parked.
    pub parked_keys: usize,
}

/// Why a rebuild failed. The active version is untouched.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// Another rebuild of the projection is under way.
    #[error("a rebuild of {0} is under way already (or was interrupted less than ten seconds ago)")]
    UnderWay(String),
    /// Postgres failed.
    #[error("the rebuild's database failed")]
    Database(#[from] sqlx::Error),
    /// Applying failed.
    #[error(transparent)]
    Apply(#[from] ProjectorError),
}

/// Fills version N + 1 of the projection's tables from the log, catches up with the live version and swaps in one transaction.
pub async fn rebuild(pool: &PgPool, projection: &dyn Projection, progress: impl FnMut(Progress) + Send) -> Result<Report, RebuildError> {
    let name = projection.name();
    let lease = hold(pool, name).await?;
    let active = active_version(pool, name).await?;
    let target = prepare(pool, projection, active).await?;
    let log = LogReader::new(pool.clone());
    let store = PgStore { projection, pool: pool.clone() };
    let tally = Tally::new(progress, total(&log, projection).await?);
    try_join_all((0..LANES).map(|lane| fill(&store, &log, target, lane, &tally, &lease))).await?;
    let mut applier = Applier::load(&store, target).await?;
    loop {
        let more = next_page(&log, &applier.checkpoints.positions).await?;
        if !more.is_empty() {
            applier.apply(&more).await?;
            tally.add(&more);
        }
        if swap(pool, projection, active, target, &applier.checkpoints.positions).await? {
            break;
        }
        lease.renew().await?;
    }
    let events = tally.end();
    // Queries that were planned on the old table finish on it.
    tokio::time::sleep(Duration::from_secs(2)).await;
    for table in projection.tables() {
        sqlx::query("SELECT runtime.drop_version($1, $2)").bind(table).bind(active).execute(pool).await?;
    }
    lease.end().await?;
    Ok(Report { version: target, events, parked_keys: applier.parked.len() })
}

/// Applies what the log has of a lane's partitions.
async fn fill<F: FnMut(Progress) + Send>(
    store: &PgStore<&dyn Projection>,
    log: &LogReader,
    version: i32,
    lane: i32,
    tally: &Tally<F>,
    lease: &Hold<'_>,
) -> Result<(), RebuildError> {
    let mut applier = Applier::load(store, version).await?;
    applier.checkpoints.positions.retain(|place, _| place.partition % LANES == lane);
    let mut page = next_page(log, &applier.checkpoints.positions).await?;
    while !page.is_empty() {
        let mut positions = applier.checkpoints.positions.clone();
        positions.extend(page.iter().map(|event| (Place::of(event), event.position)));
        // The next page is read while this one is applied.
        let reader = log.clone();
        let next = tokio::spawn(async move { next_page(&reader, &positions).await });
        applier.apply(&page).await?;
        tally.add(&page);
        lease.renew().await?;
        page = next.await.map_err(|error| sqlx::Error::Protocol(error.to_string()))??;
    }
    Ok(())
}

/// Counts what the lanes have done, and tells it.
struct Tally<F>(Mutex<(F, Progress)>);

impl<F: FnMut(Progress)> Tally<F> {
    fn new(told: F, total: i64) -> Self {
        Self(Mutex::new((told, Progress { done: 0, total })))
    }

    fn add(&self, page: &[Arc<RecordedEvent>]) {
        let mut guard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (told, progress) = &mut *guard;
        progress.done += i64::try_from(page.len()).unwrap_or(0);
        progress.total = progress.total.max(progress.done);
        told(*progress);
    }

    /// Nothing is left to do; answers what was done.
    fn end(self) -> i64 {
        let (mut told, Progress { done, .. }) = self.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        told(Progress { done, total: done });
        done
    }
}

/// Makes the tables and forgets what an interrupted rebuild left behind.
async fn prepare(pool: &PgPool, projection: &dyn Projection, active: i32) -> Result<i32, sqlx::Error> {
    let target = active + 1;
    let mut tx = begin_worker(pool).await?;
    for table in projection.tables() {
        sqlx::query("SELECT runtime.create_version($1, $2, $3)").bind(table).bind(active).bind(target).execute(&mut *tx).await?;
    }
    for statement in [
        "DELETE FROM runtime.checkpoints WHERE projection = $1 AND version = $2",
        "DELETE FROM runtime.parked WHERE projection = $1 AND version = $2",
    ] {
        sqlx::query(statement).bind(projection.name()).bind(target).execute(&mut *tx).await?;
    }
    sqlx::query("UPDATE runtime.projections SET building_version = $2 WHERE projection = $1")
        .bind(projection.name())
        .bind(target)
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(target)
}

/// Points readers to the new version, unless the old one is ahead of it. The lock on the old version's checkpoints holds the live
/// projector for as long as this takes.
async fn swap(
    pool: &PgPool,
    projection: &dyn Projection,
    active: i32,
    target: i32,
    positions: &HashMap<Place, Position>,
) -> Result<bool, sqlx::Error> {
    const LIVE: &str = "SELECT context, partition, position FROM runtime.checkpoints WHERE projection = $1 AND version = $2 ORDER BY context, partition FOR UPDATE";
    let name = projection.name();
    let mut tx = begin_worker(pool).await?;
    let live: Vec<(String, i32, i64)> = sqlx::query_as(LIVE).bind(name).bind(active).fetch_all(&mut *tx).await?;
    let behind = live
        .into_iter()
        .any(|(context, partition, position)| position > positions.get(&Place { context, partition }).copied().unwrap_or(0));
    if behind {
        return Ok(false);
    }
    for table in projection.tables() {
        sqlx::query("SELECT runtime.activate_version($1, $2)").bind(table).bind(target).execute(&mut *tx).await?;
    }
    sqlx::query("UPDATE runtime.projections SET active_version = $2, building_version = NULL WHERE projection = $1")
        .bind(name)
        .bind(target)
        .execute(&mut *tx)
        .await?;
    for statement in [
        "DELETE FROM runtime.checkpoints WHERE projection = $1 AND version <> $2",
        "DELETE FROM runtime.parked WHERE projection = $1 AND version <> $2",
    ] {
        sqlx::query(statement).bind(name).bind(target).execute(&mut *tx).await?;
    }
    tx.commit().await?;
    Ok(true)
}

async fn next_page(log: &LogReader, positions: &HashMap<Place, Position>) -> Result<Vec<Arc<RecordedEvent>>, sqlx::Error> {
    let heads = log.heads().await?;
    let behind: Vec<(Place, Position)> = positions
        .iter()
        .filter(|(place, position)| heads.get(*place).is_some_and(|head| head > position))
        .map(|(place, position)| (place.clone(), *position))
        .collect();
    if behind.is_empty() {
        return Ok(Vec::new());
    }
    let limit = CHUNK / i64::try_from(behind.len()).unwrap_or(1).max(1);
    log.after(&behind, limit.max(1)).await
}

async fn total(log: &LogReader, projection: &dyn Projection) -> Result<i64, sqlx::Error> {
    let heads = log.heads().await?;
    Ok(heads.iter().filter(|(place, _)| projection.contexts().contains(&place.context.as_str())).map(|(_, head)| head).sum())
}

/// Keeps two rebuilds of one projection apart.
struct Hold<'a> {
    pool: &'a PgPool,
    name: String,
    holder: uuid::Uuid,
}

async fn hold<'a>(pool: &'a PgPool, projection: &str) -> Result<Hold<'a>, RebuildError> {
    const TAKE: &str = "INSERT INTO runtime.leases (name, holder, epoch, expires_at) VALUES ($1, $2, 1, now() + interval '10 seconds') \
        ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, epoch = leases.epoch + 1, expires_at = excluded.expires_at WHERE leases.expires_at <= now()";
    let hold = Hold { pool, name: format!("rebuild/{projection}"), holder: platform::clock::new_id() };
    let taken = sqlx::query(TAKE).bind(&hold.name).bind(hold.holder).execute(pool).await?.rows_affected();
    if taken == 1 { Ok(hold) } else { Err(RebuildError::UnderWay(projection.to_owned())) }
}

impl Hold<'_> {
    async fn renew(&self) -> Result<(), RebuildError> {
        const RENEW: &str = "UPDATE runtime.leases SET expires_at = now() + interval '10 seconds' WHERE name = $1 AND holder = $2";
        let kept = sqlx::query(RENEW).bind(&self.name).bind(self.holder).execute(self.pool).await?.rows_affected();
        if kept == 1 { Ok(()) } else { Err(RebuildError::UnderWay(self.name.clone())) }
    }

    async fn end(&self) -> Result<(), sqlx::Error> {
        sqlx::query("UPDATE runtime.leases SET expires_at = now() WHERE name = $1 AND holder = $2")
            .bind(&self.name)
            .bind(self.holder)
            .execute(self.pool)
            .await?;
        Ok(())
    }
}
