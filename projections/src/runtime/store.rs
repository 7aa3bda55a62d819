//! Where a projector keeps what it has made of the events: the projection's tables, its checkpoints and its parked events, which change in
//! one transaction.

use std::collections::{HashMap, HashSet};
use std::future::Future;
use std::ops::Deref;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::kernel::RecordedEvent;
use platform::postgres::begin_worker;
use sqlx::{PgPool, Postgres, Transaction};

use super::checkpoints::{Checkpoints, Place, Position, active_version};
use super::parked::{self, Key};
use super::projection::{ApplyError, Projection};

/// A projection with its tables. What is done in a transaction is there for others when it is committed, and is not when it is dropped.
pub trait ProjectionStore: Send + Sync {
    /// A transaction.
    type Tx: Send;

    /// The projection's name.
    fn name(&self) -> &'static str;

    /// Whether the event may change rows.
    fn concerns(&self, event: &RecordedEvent) -> bool;

    /// The version that is being read.
    fn active_version(&self) -> impl Future<Output = Result<i32, sqlx::Error>> + Send;

    /// The checkpoints of a version, those that are missing at position 0, and its parked keys.
    fn load(&self, version: i32) -> impl Future<Output = Result<(Checkpoints, HashSet<Key>), sqlx::Error>> + Send;

    /// Begins a transaction.
    fn begin(&self) -> impl Future<Output = Result<Self::Tx, sqlx::Error>> + Send;

    /// Commits it. After an error it may be committed or not.
    fn commit(&self, tx: Self::Tx) -> impl Future<Output = Result<(), sqlx::Error>> + Send;

    /// Moves the checkpoints and keeps others from moving them until the transaction ends; `false`, and no checkpoint is to be relied on,
    /// where one of them does not stand where it is thought to stand.
    fn advance(
        &self,
        tx: &mut Self::Tx,
        checkpoints: &Checkpoints,
        moves: &HashMap<Place, (Position, DateTime<Utc>)>,
    ) -> impl Future<Output = Result<bool, sqlx::Error>> + Send;

    /// Keeps others from moving the checkpoints, and with them tables and parked events, until the transaction ends.
    fn lock(&self, tx: &mut Self::Tx, checkpoints: &Checkpoints) -> impl Future<Output = Result<(), sqlx::Error>> + Send;

    /// Applies the events to the tables.
    fn apply(&self, tx: &mut Self::Tx, version: i32, events: &[Arc<RecordedEvent>]) -> impl Future<Output = Result<(), ApplyError>> + Send;

    /// The keys that have parked events.
    fn parked_keys(&self, tx: &mut Self::Tx, version: i32) -> impl Future<Output = Result<HashSet<Key>, sqlx::Error>> + Send;

    /// Parks events, each with the reason.
    fn park(
        &self,
        tx: &mut Self::Tx,
        version: i32,
        events: &[(Arc<RecordedEvent>, String)],
    ) -> impl Future<Output = Result<(), sqlx::Error>> + Send;

    /// Where the parked events of a key are, in order.
    fn parked_positions(
        &self,
        tx: &mut Self::Tx,
        version: i32,
        key: &Key,
    ) -> impl Future<Output = Result<Vec<(Place, Position)>, sqlx::Error>> + Send;

    /// Forgets that a key's events were parked.
    fn unpark(&self, tx: &mut Self::Tx, version: i32, key: &Key) -> impl Future<Output = Result<(), sqlx::Error>> + Send;

    /// The keys that somebody wants to be tried again.
    fn requested(&self, version: i32) -> impl Future<Output = Result<Vec<Key>, sqlx::Error>> + Send;

    /// Notes that another try failed.
    fn failed_again(&self, version: i32, key: &Key, error: &str) -> impl Future<Output = Result<(), sqlx::Error>> + Send;
}

/// A projection in Postgres.
pub struct PgStore<P> {
    /// The projection.
    pub projection: P,
    /// A pool of the worker role.
    pub pool: PgPool,
}

impl<P> ProjectionStore for PgStore<P>
where
    P: Deref<Target: Projection> + Send + Sync,
{
    type Tx = Transaction<'static, Postgres>;

    fn name(&self) -> &'static str {
        self.projection.name()
    }

    fn concerns(&self, event: &RecordedEvent) -> bool {
        self.projection.concerns(event)
    }

    async fn active_version(&self) -> Result<i32, sqlx::Error> {
        active_version(&self.pool, self.name()).await
    }

    async fn load(&self, version: i32) -> Result<(Checkpoints, HashSet<Key>), sqlx::Error> {
        let checkpoints = Checkpoints::load(&self.pool, self.name(), version, self.projection.contexts()).await?;
        let parked = parked::load_keys(&mut *self.pool.acquire().await?, self.name(), version).await?;
        Ok((checkpoints, parked))
    }

    async fn begin(&self) -> Result<Self::Tx, sqlx::Error> {
        begin_worker(&self.pool).await
    }

    async fn commit(&self, tx: Self::Tx) -> Result<(), sqlx::Error> {
        tx.commit().await
    }

    async fn advance(
        &self,
        tx: &mut Self::Tx,
        checkpoints: &Checkpoints,
        moves: &HashMap<Place, (Position, DateTime<Utc>)>,
    ) -> Result<bool, sqlx::Error> {
        checkpoints.advance(tx, moves).await
    }

    async fn lock(&self, tx: &mut Self::Tx, checkpoints: &Checkpoints) -> Result<(), sqlx::Error> {
        checkpoints.lock(tx).await
    }

    async fn apply(&self, tx: &mut Self::Tx, version: i32, events: &[Arc<RecordedEvent>]) -> Result<(), ApplyError> {
        self.projection.apply(tx, version, events).await
    }

    async fn parked_keys(&self, tx: &mut Self::Tx, version: i32) -> Result<HashSet<Key>, sqlx::Error> {
        parked::load_keys(tx, self.name(), version).await
    }

    async fn park(&self, tx: &mut Self::Tx, version: i32, events: &[(Arc<RecordedEvent>, String)]) -> Result<(), sqlx::Error> {
        parked::park(tx, self.name(), version, events).await
    }

    async fn parked_positions(&self, tx: &mut Self::Tx, version: i32, key: &Key) -> Result<Vec<(Place, Position)>, sqlx::Error> {
        let found = parked::positions(tx, self.name(), version, key).await?;
        Ok(found.into_iter().map(|(context, partition, position)| (Place { context, partition }, position)).collect())
    }

    async fn unpark(&self, tx: &mut Self::Tx, version: i32, key: &Key) -> Result<(), sqlx::Error> {
        parked::unpark(tx, self.name(), version, key).await
    }

    async fn requested(&self, version: i32) -> Result<Vec<Key>, sqlx::Error> {
        parked::requested(&self.pool, self.name(), version).await
    }

    async fn failed_again(&self, version: i32, key: &Key, error: &str) -> Result<(), sqlx::Error> {
        parked::failed_again(&self.pool, self.name(), version, key, error).await
    }
}
