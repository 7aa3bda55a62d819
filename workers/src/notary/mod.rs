//! The notary records the order of each tenant's events and lets the tenant's Merkle tree grow with them; its checkpoints are signed and
//! published.
//!
//! It reads the log itself, not Kafka, because what it hashes is what is stored. Log partitions are shared among processes by leases on their numbers: the
//! events of a tenant have the same number in all contexts, so that one process sees all of them and can put them into one order. Should
//! two processes ever work on the same tenant, the lock on its tree puts one behind the other; and the positions that have been recorded move
//! by compare-and-set in the transaction of the leaves, so that no event becomes two.
//!
//! Appenders notice nothing of it: no index, trigger or statement is added to the append, and no row of the log is locked.

mod grow;
mod order;
mod sign;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use platform::kafka::KafkaOptions;
use platform::proofs::note::SigningKey;
use projections::runtime::{Checkpoints, Leases, LogReader, Place, Position};
use sqlx::PgPool;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use self::grow::Batch;
use self::order::Order;
pub use self::sign::TOPIC;
use crate::host::run_while_held;

/// Under which name the recorded positions are kept with the checkpoints of projections.
pub const NAME: &str = "audit.notary";
/// Leaves in one transaction at most.
const BATCH_MAX: usize = 20_000;
/// Events that are read at once at most.
const PAGE: i64 = 20_000;
/// After a batch smaller than this …
const SMALL_BATCH: usize = 1000;
/// … the notary waits a little, so that a trickle of events is not a trickle of transactions.
const PATIENCE: Duration = Duration::from_millis(100);
/// How long it waits for something to do before it looks again.
const LOOK: Duration = Duration::from_secs(1);
/// The lease on signing.
const SIGN: &str = "notary/sign";

/// How the notary is set up.
#[derive(Clone, Debug)]
pub struct NotaryOptions {
    /// The keys that sign, the one in use first.
    pub keys: Arc<[SigningKey]>,
    /// How often the state of a tree that has grown is signed.
    pub checkpoint_every: Duration,
}

impl NotaryOptions {
    /// How often checkpoints are signed where nobody says.
    pub const CHECKPOINT_EVERY: Duration = Duration::from_secs(5);
}

/// How the notary of a process is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NotaryStatus {
    /// What is wrong with recording, if something is.
    pub trouble: Option<String>,
    /// What is wrong with signing or publishing, if something is.
    pub signing_trouble: Option<String>,
    /// Events that this process has recorded.
    pub recorded: u64,
}

/// Why the notary starts over.
#[derive(Debug, thiserror::Error)]
enum NotaryError {
    /// A statement failed.
    #[error("the notary's database failed")]
    Database(#[from] sqlx::Error),
    /// Another process has recorded the same events.
    #[error("the recorded positions were moved by another process")]
    Overtaken,
    /// A tree's row does not hold together.
    #[error("the tree of tenant {0} is damaged: its peaks do not fit its size")]
    Damaged(uuid::Uuid),
    /// A task was lost.
    #[error("hashing was broken off")]
    Task(#[from] tokio::task::JoinError),
}

/// What the heads of the log are told by.
type Heads = watch::Receiver<Arc<HashMap<Place, Position>>>;

/// The notary of one process.
pub struct Notary {
    pool: PgPool,
    kafka: Option<KafkaOptions>,
    contexts: Vec<String>,
    partitions: i32,
    options: NotaryOptions,
    heads: Heads,
    leases: Leases,
    status: watch::Sender<NotaryStatus>,
}

fn lease_name(partition: i32) -> String {
    format!("notary/{partition}")
}

impl Notary {
    /// A notary on a pool of the worker role. It competes for log partitions until `cancel`.
    pub fn new(
        pool: PgPool,
        kafka: Option<KafkaOptions>,
        contexts: Vec<String>,
        partitions: i32,
        options: NotaryOptions,
        heads: Heads,
        cancel: CancellationToken,
    ) -> Self {
        let names = (0..partitions).map(lease_name).chain([SIGN.to_owned()]).collect();
        let leases = Leases::start(pool.clone(), "notary", names, cancel);
        Self { pool, kafka, contexts, partitions, options, heads, leases, status: watch::channel(NotaryStatus::default()).0 }
    }

    /// How it is.
    pub fn status(&self) -> watch::Receiver<NotaryStatus> {
        self.status.subscribe()
    }

    /// Records and signs until cancelled. Failures are retried; nothing is skipped.
    pub async fn run(&self, cancel: &CancellationToken) {
        let signing = run_while_held(SIGN, &self.leases, cancel, |_, lost| async move { self.sign(&lost).await });
        tokio::join!(self.record(cancel), signing);
    }

    async fn record(&self, cancel: &CancellationToken) {
        let mut pause = Duration::from_millis(100);
        while !cancel.is_cancelled() {
            let recorded = self.status.borrow().recorded;
            let Some(result) = cancel.run_until_cancelled(self.follow()).await else { return };
            let Err(error) = result;
            if self.status.borrow().recorded > recorded {
                pause = Duration::from_millis(100);
            }
            if !matches!(error, NotaryError::Overtaken) {
                tracing::warn!(?error, "the notary starts over");
            }
            self.status.send_modify(|status| status.trouble = Some(error.to_string()));
            cancel.run_until_cancelled(tokio::time::sleep(pause)).await;
            pause = (pause * 2).min(Duration::from_secs(2));
        }
    }

    async fn follow(&self) -> Result<std::convert::Infallible, NotaryError> {
        let names: Vec<&str> = self.contexts.iter().map(String::as_str).collect();
        let mut session = Session {
            notary: self,
            log: LogReader::new(self.pool.clone()),
            checkpoints: Checkpoints::load(&self.pool, NAME, 1, &names).await?,
            order: Order::default(),
            held: HashSet::new(),
        };
        session.run().await
    }

    async fn sign(&self, lost: &CancellationToken) {
        let mut signer = sign::Signer::new(&self.pool, self.kafka.as_ref(), self.partitions, &self.options);
        let mut ticks = tokio::time::interval(self.options.checkpoint_every);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        while lost.run_until_cancelled(ticks.tick()).await.is_some() {
            let trouble = signer.round().await.err().map(|error| error.to_string());
            if let Some(trouble) = trouble.as_ref().filter(|trouble| self.status.borrow().signing_trouble.as_ref() != Some(trouble)) {
                tracing::warn!(trouble, "checkpoints wait");
            }
            self.status.send_if_modified(|status| {
                let changed = status.signing_trouble != trouble;
                status.signing_trouble = trouble;
                changed
            });
        }
    }
}

/// The notary between two failures.
struct Session<'a> {
    notary: &'a Notary,
    log: LogReader,
    checkpoints: Checkpoints,
    order: Order,
    /// The numbers of the log partitions whose leases this process holds.
    held: HashSet<i32>,
}

impl Session<'_> {
    async fn run(&mut self) -> Result<std::convert::Infallible, NotaryError> {
        let (mut heads, mut leases) = (self.notary.heads.clone(), self.notary.leases.watch());
        let mut ready: Option<Batch> = None;
        loop {
            self.adopt().await?;
            let known = heads.borrow_and_update().clone();
            let small = ready.as_ref().is_some_and(|batch| batch.len() < SMALL_BATCH);
            // The next batch is read and hashed while this one is written.
            let next = next_batch(&self.log, &mut self.order, &known);
            let (written, next) = tokio::join!(write(&self.notary.pool, &mut self.checkpoints, ready.take()), next);
            let recorded = written?;
            ready = next?;
            self.notary.status.send_modify(|status| {
                status.recorded += recorded;
                status.trouble = None;
            });
            if small {
                tokio::time::sleep(PATIENCE).await;
            } else if ready.is_none() && !self.order.is_behind(&known) {
                tokio::select! {
                    changed = heads.changed() => drop(changed),
                    changed = leases.changed() => drop(changed),
                    () = tokio::time::sleep(LOOK) => {}
                }
            }
        }
    }

    /// Learns what was recorded in log partitions whose lease is new, and lets go of those whose lease is lost.
    async fn adopt(&mut self) -> Result<(), NotaryError> {
        let held: HashSet<i32> =
            (0..self.notary.partitions).filter(|partition| self.notary.leases.get(&lease_name(*partition)).is_some()).collect();
        self.order.retain(|partition| held.contains(&partition));
        let new: HashSet<i32> = held.difference(&self.held).copied().collect();
        if !new.is_empty() {
            // Whoever held the lease before may have gone on since this process looked.
            let names: Vec<&str> = self.notary.contexts.iter().map(String::as_str).collect();
            self.checkpoints = Checkpoints::load(&self.notary.pool, NAME, 1, &names).await?;
            let added = self.checkpoints.positions.iter().filter(|(place, _)| new.contains(&place.partition));
            self.order.follow(added.map(|(place, position)| (place.clone(), *position)));
        }
        self.held = held;
        Ok(())
    }
}

/// Reads what follows, puts it in order and hashes it.
async fn next_batch(log: &LogReader, order: &mut Order, heads: &HashMap<Place, Position>) -> Result<Option<Batch>, NotaryError> {
    let wanted = order.wanted(heads);
    if !wanted.is_empty() {
        let limit = PAGE / i64::try_from(wanted.len()).unwrap_or(1).max(1);
        order.add(log.after(&wanted, limit.max(1)).await?);
    }
    let events = order.next(heads, BATCH_MAX);
    if events.is_empty() {
        return Ok(None);
    }
    Ok(Some(tokio::task::spawn_blocking(move || Batch::new(&events)).await?))
}

/// Writes a batch; answers how many leaves it has.
async fn write(pool: &PgPool, checkpoints: &mut Checkpoints, batch: Option<Batch>) -> Result<u64, NotaryError> {
    let Some(batch) = batch else { return Ok(0) };
    let started = Instant::now();
    let count = batch.len() as u64;
    batch.write(pool, checkpoints).await?;
    metrics::histogram!("neuroops_notary_seconds").record(started.elapsed().as_secs_f64());
    metrics::counter!("neuroops_notary_events_total").increment(count);
    Ok(count)
}
