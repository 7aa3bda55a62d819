//! What a projection is to the runtime.

use std::sync::Arc;

use async_trait::async_trait;
use domain::kernel::RecordedEvent;
use sqlx::PgConnection;

/// Why a batch could not be applied.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// One event is at fault; the others may well be fine. The index is that of the event in the batch.
    #[error("event {index} of the batch cannot be applied: {reason}")]
    Event {
        /// Which event.
        index: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// A statement failed.
    #[error("a statement failed")]
    Database(#[from] sqlx::Error),
}

/// A number that is told to the monitoring every half minute by every worker that fills read models, whatever happens meanwhile. So it is
/// there from the first half minute on, and true wherever it is asked for.
#[derive(Debug)]
pub struct Gauge {
    /// Its name, with the unit last.
    pub name: &'static str,
    /// The label that tells its values apart.
    pub label: &'static str,
    /// Answers a value of the label and a number (`float8`) in each row, over all tenants.
    pub statement: &'static str,
    /// The values of the label that are told as 0 where the statement has no row for them.
    pub known: &'static [&'static str],
}

/// Turns events into rows of its own tables.
#[async_trait]
pub trait Projection: Send + Sync {
    /// Its name, `<context>.<read_model>`; also the consumer group's last part.
    fn name(&self) -> &'static str;
    /// The read models (tables without version suffix) that it writes.
    fn tables(&self) -> &'static [&'static str];
    /// The contexts that it reads.
    fn contexts(&self) -> &'static [&'static str];
    /// Whether the event may change rows. Where no event of a batch does, the checkpoint may move a little later.
    fn concerns(&self, _event: &RecordedEvent) -> bool {
        true
    }
    /// What is to be measured of the rows, all tenants together.
    fn gauges(&self) -> &'static [Gauge] {
        &[]
    }
    /// Applies events to the tables of `version` within the transaction of `connection`. The events of one log partition come in
    /// order and each exactly once. Must have no effect outside the transaction.
    async fn apply(&self, connection: &mut PgConnection, version: i32, events: &[Arc<RecordedEvent>]) -> Result<(), ApplyError>;
}
