//! Group commit: what queues while one batch commits becomes the next batch.
//!
//! There are several lanes, each with one batch under way; a log partition always uses the same lane, so lanes do not wait for one
//! another's row locks. There are no timers: an idle lane commits a lone command at once.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use platform::tenant_tx::TenantTx;
use sqlx::PgPool;
use tokio::sync::{Notify, mpsc, oneshot};

use crate::log::{self, Append, LogError, Outcome};

/// Commands in one batch at most.
const BATCH_COMMANDS_MAX: usize = 512;
/// Bytes of payload in one batch at most; a single larger command forms a batch of its own.
const BATCH_BYTES_MAX: usize = 4 << 20;
/// Commands that wait for one lane at most; more are refused as overload.
const QUEUE_MAX: usize = 8192;
/// Bytes of a notice at most; Postgres takes less than 8,000.
const NOTICE_BYTES_MAX: usize = 7_000;
/// How long an append whose outcome is unknown is pursued before the caller is told so.
const PURSUIT_MAX: Duration = Duration::from_secs(8);

/// Why a command was not stored.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AppendError {
    /// The lanes are full: try again later.
    #[error("too many commands are waiting")]
    Overloaded,
    /// Postgres cannot be reached. The command may or may not have been stored: repeat it with the same idempotency key.
    #[error("the event log cannot be reached; whether the command was stored is unknown")]
    Unknown,
    /// Postgres refused the whole batch, or answered nonsense. Nothing was stored.
    #[error("the event log failed")]
    Failed(#[source] Arc<LogError>),
}

type Waiting = (Append, oneshot::Sender<Result<Outcome, AppendError>>);

/// Hands appends to the lanes.
#[derive(Clone)]
pub struct Appender {
    lanes: Arc<[mpsc::Sender<Waiting>]>,
}

impl Appender {
    /// Starts the lanes. `pool` is connected as the application role and should allow one connection a lane beside other uses.
    pub fn start(pool: &PgPool, lanes: usize) -> Self {
        let committed = Arc::new(Committed::default());
        tokio::spawn(announce(pool.clone(), committed.clone()));
        let lanes = (0..lanes.max(1)).map(|_| {
            let (sender, receiver) = mpsc::channel(QUEUE_MAX);
            tokio::spawn(run_lane(pool.clone(), receiver, committed.clone()));
            sender
        });
        Self { lanes: lanes.collect() }
    }

    /// Stores one command's events; answers when they are durable or refused.
    pub async fn append(&self, append: Append) -> Result<Outcome, AppendError> {
        let lane = usize::try_from(append.partition).unwrap_or(0) % self.lanes.len();
        let (reply, answer) = oneshot::channel();
        self.lanes[lane].try_send((append, reply)).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => AppendError::Overloaded,
            mpsc::error::TrySendError::Closed(_) => AppendError::Unknown,
        })?;
        answer.await.unwrap_or(Err(AppendError::Unknown))
    }
}

fn size(append: &Append) -> usize {
    append.events.iter().map(|event| event.payload.len() + append.metadata.len() + 256).sum()
}

async fn run_lane(pool: PgPool, mut queue: mpsc::Receiver<Waiting>, committed: Arc<Committed>) {
    let mut carried: Option<Waiting> = None;
    loop {
        let first = match carried.take() {
            Some(waiting) => waiting,
            None => match queue.recv().await {
                Some(waiting) => waiting,
                None => return,
            },
        };
        let mut bytes = size(&first.0);
        let (mut batch, mut replies) = (vec![first.0], vec![first.1]);
        while batch.len() < BATCH_COMMANDS_MAX {
            let Ok((append, reply)) = queue.try_recv() else { break };
            bytes += size(&append);
            if bytes > BATCH_BYTES_MAX {
                carried = Some((append, reply));
                break;
            }
            batch.push(append);
            replies.push(reply);
        }
        let started = Instant::now();
        let result = commit(&pool, &mut batch).await;
        metrics::histogram!("neuroops_append_batch_commands").record(u32::try_from(batch.len()).unwrap_or(u32::MAX));
        metrics::histogram!("neuroops_append_seconds").record(started.elapsed().as_secs_f64());
        match result {
            Ok(outcomes) => {
                committed.add(&batch, &outcomes);
                outcomes.into_iter().zip(replies).for_each(|(outcome, reply)| drop(reply.send(outcome)));
            }
            Err(error) => replies.into_iter().for_each(|reply| drop(reply.send(Err(error.clone())))),
        }
    }
}

/// Commits a batch. Where the connection is lost and the outcome unknown, the batch is sent again: the version checks refuse what
/// was stored the first time, and the event ids tell it apart from what another gateway stored.
async fn commit(pool: &PgPool, batch: &mut [Append]) -> Result<Vec<Result<Outcome, AppendError>>, AppendError> {
    let started = Instant::now();
    let mut repeated = false;
    loop {
        match log::append(pool, batch).await {
            Ok(mut outcomes) => {
                if repeated {
                    recognise(pool, batch, &mut outcomes).await?;
                }
                return Ok(outcomes.into_iter().map(Ok).collect());
            }
            Err(LogError::Unavailable(error)) if started.elapsed() < PURSUIT_MAX => {
                tracing::warn!(%error, "the event log cannot be reached; the batch is sent again");
                repeated = true;
                // What the first attempt may have stored is no longer new.
                batch.iter_mut().flat_map(|append| &mut append.checks).for_each(|check| check.drawn = false);
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            Err(LogError::Unavailable(error)) => {
                tracing::error!(%error, "the event log cannot be reached; commands are answered as unknown");
                return Err(AppendError::Unknown);
            }
            Err(error) if batch.len() > 1 => {
                tracing::error!(?error, "the event log refused a batch; its commands are sent one by one");
                return one_by_one(pool, batch, repeated).await;
            }
            // The first attempt may have stored what a later one is refused for.
            Err(error) if repeated => {
                tracing::error!(?error, "the event log refused a repeated append; its command is answered as unknown");
                return Err(AppendError::Unknown);
            }
            Err(error) => {
                tracing::error!(?error, "the event log refused an append");
                return Err(AppendError::Failed(Arc::new(error)));
            }
        }
    }
}

/// One command that Postgres cannot store must not take the others with it.
async fn one_by_one(pool: &PgPool, batch: &[Append], repeated: bool) -> Result<Vec<Result<Outcome, AppendError>>, AppendError> {
    let mut outcomes = Vec::with_capacity(batch.len());
    for append in batch {
        let append = std::slice::from_ref(append);
        let outcome = match log::append(pool, append).await {
            Ok(mut outcomes) => match if repeated { recognise(pool, append, &mut outcomes).await } else { Ok(()) } {
                Ok(()) => Ok(outcomes.pop().unwrap_or(Outcome::Retry)),
                Err(error) => Err(error),
            },
            Err(LogError::Unavailable(_)) => Err(AppendError::Unknown),
            Err(_) if repeated => Err(AppendError::Unknown),
            Err(error) => Err(AppendError::Failed(Arc::new(error))),
        };
        outcomes.push(outcome);
    }
    Ok(outcomes)
}

/// Turns conflicts of a repeated batch into acceptances where the event that stands there is our own.
async fn recognise(pool: &PgPool, batch: &[Append], outcomes: &mut [Outcome]) -> Result<(), AppendError> {
    const QUERY: &str = "SELECT position, recorded_at FROM log.events WHERE context = $1 AND partition = $2 AND tenant_id = $3 \
        AND aggregate_type = $4 AND aggregate_id = $5 AND sequence = $6 AND event_id = $7";
    for (append, outcome) in batch.iter().zip(outcomes) {
        if matches!(outcome, Outcome::Accepted { .. } | Outcome::Replayed(_)) {
            continue;
        }
        let event = &append.events[0];
        let found = async {
            let mut tx = TenantTx::begin(pool, append.tenant_id).await?;
            sqlx::query_as(QUERY)
                .bind(append.context)
                .bind(append.partition)
                .bind(append.tenant_id)
                .bind(event.aggregate_type)
                .bind(&event.aggregate_id)
                .bind(event.sequence)
                .bind(event.event_id)
                .fetch_optional(&mut *tx)
                .await
        };
        match found.await {
            Ok(Some((first_position, recorded_at))) => *outcome = Outcome::Accepted { first_position, recorded_at },
            Ok(None) => {}
            Err(_) => return Err(AppendError::Unknown),
        }
    }
    Ok(())
}

/// The last positions that were committed and not announced.
#[derive(Default)]
struct Committed {
    heads: Mutex<HashMap<(&'static str, i32), i64>>,
    changed: Notify,
}

impl Committed {
    fn add(&self, batch: &[Append], outcomes: &[Result<Outcome, AppendError>]) {
        let mut heads = self.heads.lock().unwrap_or_else(PoisonError::into_inner);
        for (append, outcome) in batch.iter().zip(outcomes) {
            if let Ok(Outcome::Accepted { first_position, .. }) = outcome {
                let last = first_position + i64::try_from(append.events.len()).unwrap_or(0) - 1;
                let head = heads.entry((append.context, append.partition)).or_insert(last);
                *head = last.max(*head);
            }
        }
        self.changed.notify_one();
    }

    /// Position tokens, separated by spaces; nothing where they are too many, so that readers look for themselves.
    fn notice(&self) -> String {
        let heads = std::mem::take(&mut *self.heads.lock().unwrap_or_else(PoisonError::into_inner));
        let mut notice = String::new();
        for ((context, partition), position) in heads {
            let _infallible = write!(notice, "{context}/{partition}@{position} ");
        }
        if notice.len() > NOTICE_BYTES_MAX { String::new() } else { notice }
    }
}

/// Tells relays and readers how far the log has grown. Many commits share one notice, no commit waits for it, and it waits for no disk:
/// readers look by themselves a few times a second, should it be lost.
async fn announce(pool: PgPool, committed: Arc<Committed>) {
    const NOTIFY: &str = "SELECT set_config('synchronous_commit', 'off', true), pg_notify('neuroops_log', $1)";
    loop {
        committed.changed.notified().await;
        if let Err(error) = sqlx::query(NOTIFY).bind(committed.notice()).execute(&pool).await {
            tracing::debug!(%error, "the notice of new events was not sent");
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}
