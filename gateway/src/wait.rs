//! Watches the checkpoints of projections while somebody waits for them.
//!
//! One task asks Postgres for all who wait, so a thousand waiting queries cost as much as one; while nobody waits it sleeps.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use sqlx::PgPool;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;

use crate::position::Token;

/// How often checkpoints are read while somebody waits.
const POLL: Duration = Duration::from_millis(3);
/// How often Postgres is asked while it does not answer.
const POLL_AFTER_ERROR: Duration = Duration::from_millis(100);

/// A position that a projection is to reach.
pub struct Goal {
    /// The projection.
    pub projection: String,
    /// The position.
    pub token: Token,
}

/// The checkpoints of the active versions: projection, context, partition.
type Checkpoints = HashMap<(String, String, i32), i64>;

/// The shared watch.
pub struct Watcher {
    waiting: Arc<AtomicUsize>,
    wake: Arc<Notify>,
    checkpoints: watch::Receiver<Arc<Checkpoints>>,
    _task: AbortOnDropHandle<()>,
}

/// Counts one who waits.
struct Waiting<'a>(&'a AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Watcher {
    /// Starts the task.
    pub fn start(pool: PgPool) -> Self {
        let waiting = Arc::new(AtomicUsize::new(0));
        let wake = Arc::new(Notify::new());
        let (sender, checkpoints) = watch::channel(Arc::new(Checkpoints::new()));
        let task = tokio::spawn(poll(pool, waiting.clone(), wake.clone(), sender));
        Self { waiting, wake, checkpoints, _task: AbortOnDropHandle::new(task) }
    }

    /// Waits until all goals are reached, or until the deadline; tells which.
    pub async fn reached(&self, goals: &[Goal], deadline: Instant) -> bool {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let _waiting = Waiting(&self.waiting);
        self.wake.notify_one();
        let mut checkpoints = self.checkpoints.clone();
        let all = |known: &Arc<Checkpoints>| {
            goals.iter().all(|goal| {
                let place = (goal.projection.clone(), goal.token.context.clone(), goal.token.partition);
                known.get(&place).is_some_and(|position| *position >= goal.token.position)
            })
        };
        matches!(tokio::time::timeout_at(deadline, checkpoints.wait_for(all)).await, Ok(Ok(_)))
    }
}

async fn poll(pool: PgPool, waiting: Arc<AtomicUsize>, wake: Arc<Notify>, sender: watch::Sender<Arc<Checkpoints>>) {
    loop {
        if waiting.load(Ordering::Relaxed) == 0 {
            wake.notified().await;
        }
        match read(&pool).await {
            Ok(read) => {
                sender.send_if_modified(|known| {
                    let changed = **known != read;
                    if changed {
                        *known = Arc::new(read);
                    }
                    changed
                });
                tokio::time::sleep(POLL).await;
            }
            Err(error) => {
                tracing::debug!(%error, "checkpoints cannot be read");
                tokio::time::sleep(POLL_AFTER_ERROR).await;
            }
        }
    }
}

async fn read(pool: &PgPool) -> Result<Checkpoints, sqlx::Error> {
    const READ: &str = "SELECT c.projection, c.context, c.partition, c.position FROM runtime.checkpoints c \
        JOIN runtime.projections p ON p.projection = c.projection AND p.active_version = c.version";
    let rows: Vec<(String, String, i32, i64)> = sqlx::query_as(READ).fetch_all(pool).await?;
    Ok(rows.into_iter().map(|(projection, context, partition, position)| ((projection, context, partition), position)).collect())
}
