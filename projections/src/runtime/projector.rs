//! A projector: one projection, followed from its checkpoints on.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::kernel::RecordedEvent;
use platform::clock::{self, Clock, SystemClock};
use platform::telemetry::spans::{self, Step, StepKind};
use sqlx::PgPool;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::checkpoints::{Checkpoints, Place, Position};
use super::log_source::{EventLog, LogReader};
use super::parked::{Key, key_of};
use super::planted::{Bug, planted};
use super::projection::{ApplyError, Projection};
use super::store::{PgStore, ProjectionStore};
use super::tail::{Tail, TailRead};
use super::traced::{event_attributes, sampled_trace};

/// Events in one transaction at most.
const BATCH_MAX: usize = 2000;
/// How often one event is tried before its key is parked.
const TRIES: u32 = 3;
/// How long a small batch that changes no rows waits for more, so that the projections that do have something to write go first.
const PATIENCE: Duration = Duration::from_millis(10);
/// The longest pause after a failure: an outage that is over should be over for the read models too.
const PAUSE_MAX: Duration = Duration::from_secs(1);
/// A batch up to this size is small.
const SMALL_BATCH: usize = 16;
/// How often a projector looks whether parked keys are to be tried again.
const RETRY_LOOK: Duration = Duration::from_secs(1);

/// What a projector is doing, for people and metrics.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProjectorStatus {
    /// The version that it fills.
    pub version: i32,
    /// Events that it has applied since it started.
    pub applied: u64,
    /// Parked keys.
    pub parked_keys: usize,
    /// The last failure that it retries, if it is in trouble.
    pub trouble: Option<String>,
}

/// Why a projector stopped; it is started again after a while.
#[derive(Debug, thiserror::Error)]
pub enum ProjectorError {
    /// Postgres failed.
    #[error("the projection's database failed")]
    Database(#[from] sqlx::Error),
    /// Another process applies the same projection, or its version was swapped.
    #[error("the checkpoints were moved by somebody else")]
    Overtaken,
}

/// Applies batches of events to one version of a projection, whoever reads them.
pub(super) struct Applier<'a, S> {
    pub store: &'a S,
    pub checkpoints: Checkpoints,
    pub parked: HashSet<Key>,
}

/// Events of a batch that cannot be applied, with the reasons.
type Faults = HashMap<(Place, Position), String>;

impl<'a, S: ProjectionStore> Applier<'a, S> {
    pub async fn load(store: &'a S, version: i32) -> Result<Self, sqlx::Error> {
        let (checkpoints, parked) = store.load(version).await?;
        Ok(Self { store, checkpoints, parked })
    }

    /// Applies events that follow on the checkpoints, parking what cannot be applied.
    pub async fn apply(&mut self, events: &[Arc<RecordedEvent>]) -> Result<(), ProjectorError> {
        let mut faults = Faults::new();
        let mut tries = 0;
        loop {
            match self.attempt(events, &faults).await {
                Ok(()) => return Ok(()),
                Err(Failure::Event(place, position, reason)) => {
                    tries += 1;
                    if tries >= TRIES {
                        tracing::error!(
                            projection = self.store.name(),
                            context = place.context,
                            partition = place.partition,
                            position,
                            reason,
                            "an event cannot be applied; its key is parked"
                        );
                        metrics::counter!("neuroops_projection_parked_total", "projection" => self.store.name()).increment(1);
                        faults.insert((place, position), reason);
                        tries = 0;
                    }
                }
                Err(Failure::Statement(error)) if events.len() > 1 => {
                    tracing::warn!(projection = self.store.name(), %error, "a batch failed; its events are applied one by one");
                    for event in events {
                        Box::pin(self.apply(std::slice::from_ref(event))).await?;
                    }
                    return Ok(());
                }
                Err(Failure::Statement(error)) => {
                    let Some(event) = events.first() else { return Err(error.into()) };
                    tries += 1;
                    if tries >= TRIES {
                        faults.insert((Place::of(event), event.position), error.to_string());
                    }
                }
                Err(Failure::Stop(error)) => return Err(error),
            }
        }
    }

    async fn attempt(&mut self, events: &[Arc<RecordedEvent>], faults: &Faults) -> Result<(), Failure> {
        let stop = |error: sqlx::Error| Failure::of(error);
        let (store, version) = (self.store, self.checkpoints.version);
        let started = clock::now();
        let mut moves: HashMap<Place, (Position, DateTime<Utc>)> = HashMap::new();
        for event in events {
            moves.insert(Place::of(event), (event.position, event.recorded_at));
        }
        let mut tx = store.begin().await.map_err(stop)?;
        if !store.advance(&mut tx, &self.checkpoints, &moves).await.map_err(stop)? && !planted(Bug::CheckpointNotCompared) {
            return Err(Failure::Stop(ProjectorError::Overtaken));
        }
        if planted(Bug::EarlyCheckpoint) {
            store.commit(tx).await.map_err(stop)?;
            tx = store.begin().await.map_err(stop)?;
        }
        let (mut live, mut parked, mut keys) = (Vec::with_capacity(events.len()), Vec::new(), HashSet::new());
        if !self.parked.is_empty() {
            // Another instance may have applied parked keys meanwhile, which moves no checkpoint.
            keys = store.parked_keys(&mut tx, version).await.map_err(stop)?;
        }
        for event in events {
            match faults.get(&(Place::of(event), event.position)) {
                Some(reason) => {
                    keys.insert(key_of(event));
                    parked.push((event.clone(), reason.clone()));
                }
                None if !keys.is_empty() && keys.contains(&key_of(event)) && !planted(Bug::ParkedOvertaken) => {
                    parked.push((event.clone(), "an earlier event of the same aggregate is parked".to_owned()));
                }
                None => live.push(event.clone()),
            }
        }
        match store.apply(&mut tx, version, &live).await {
            Ok(()) => {}
            Err(ApplyError::Event { index, reason }) => {
                let event = &live[index];
                return Err(Failure::Event(Place::of(event), event.position, reason));
            }
            Err(ApplyError::Database(error)) => return Err(stop(error)),
        }
        store.park(&mut tx, version, &parked).await.map_err(stop)?;
        store.commit(tx).await.map_err(stop)?;
        self.parked = keys;
        for (place, (position, _)) in moves {
            self.checkpoints.positions.insert(place, position);
        }
        for event in &live {
            trace(store.name(), event, started);
        }
        Ok(())
    }

    /// Tries parked keys again, where somebody has asked for it.
    async fn retry_parked(&mut self, log: &impl EventLog) -> Result<(), ProjectorError> {
        let (store, name, version) = (self.store, self.store.name(), self.checkpoints.version);
        for key in store.requested(version).await? {
            let mut tx = store.begin().await?;
            // Another instance may park more of the key's events, or try them again at the same time.
            store.lock(&mut tx, &self.checkpoints).await?;
            let places = store.parked_positions(&mut tx, version, &key).await?;
            let mut events = Vec::with_capacity(places.len());
            for (place, position) in places {
                events.extend(log.after(&[(place, position - 1)], 1).await?);
            }
            match store.apply(&mut tx, version, &events).await {
                Ok(()) => {
                    store.unpark(&mut tx, version, &key).await?;
                    store.commit(tx).await?;
                    self.parked.remove(&key);
                    tracing::info!(projection = name, key = key.1, events = events.len(), "a parked key was applied");
                }
                Err(error) => {
                    drop(tx);
                    store.failed_again(version, &key, &error.to_string()).await?;
                }
            }
        }
        Ok(())
    }
}

/// Shows an event of a recorded trace, so that one request can be followed to its row.
fn trace(projection: &'static str, event: &RecordedEvent, started: DateTime<Utc>) {
    let Some(parent) = sampled_trace(event) else { return };
    let step = || {
        let mut attributes = event_attributes(event, ("process", "process"), event.context.clone());
        attributes.push(("messaging.consumer.group.name", projection.to_owned()));
        Step { name: format!("process {}", event.context).into(), kind: StepKind::Consumer, started, attributes }
    };
    if !spans::export(parent, step) {
        tracing::info!(trace_id = parent.trace_id_hex(), projection, event_id = %event.event_id, position = event.position, "projected");
    }
}

enum Failure {
    Event(Place, Position, String),
    /// A statement that may fail again because of what is in the events.
    Statement(sqlx::Error),
    Stop(ProjectorError),
}

impl Failure {
    fn of(error: sqlx::Error) -> Self {
        let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code).unwrap_or_default().into_owned();
        // Class 22 (data) and 23 (integrity): the events are to blame. Everything else is the database's state.
        if code.starts_with("22") || code.starts_with("23") { Self::Statement(error) } else { Self::Stop(error.into()) }
    }
}

/// Follows one projection.
pub struct Projector<S = PgStore<Box<dyn Projection>>, L = LogReader, C = SystemClock> {
    store: S,
    log: L,
    tail: Tail,
    clock: C,
    status: watch::Sender<ProjectorStatus>,
}

impl Projector {
    /// A projector on a pool of the worker role.
    pub fn new(projection: Box<dyn Projection>, pool: PgPool, tail: Tail) -> Self {
        let log = LogReader::new(pool.clone());
        Self::with(PgStore { projection, pool }, log, tail, SystemClock)
    }
}

impl<S: ProjectionStore, L: EventLog, C: Clock> Projector<S, L, C> {
    /// A projector that keeps its rows there, and reads what the tail does not hold from that log.
    pub fn with(store: S, log: L, tail: Tail, clock: C) -> Self {
        Self { store, log, tail, clock, status: watch::channel(ProjectorStatus::default()).0 }
    }

    /// The projection's name.
    pub fn name(&self) -> &'static str {
        self.store.name()
    }

    /// What it is doing.
    pub fn status(&self) -> watch::Receiver<ProjectorStatus> {
        self.status.subscribe()
    }

    /// Applies events until cancelled. Failures are retried with growing pauses; nothing is skipped.
    pub async fn run(&self, cancel: &CancellationToken) {
        let mut pause = Duration::from_millis(50);
        while !cancel.is_cancelled() {
            let applied = self.status.borrow().applied;
            let Some(result) = cancel.run_until_cancelled(self.follow()).await else { return };
            let Err(error) = result;
            if self.status.borrow().applied > applied {
                pause = Duration::from_millis(50);
            }
            if !matches!(error, ProjectorError::Overtaken) {
                tracing::warn!(projection = self.name(), ?error, "a projector failed and starts again");
            }
            self.status.send_modify(|status| status.trouble = Some(error.to_string()));
            cancel.run_until_cancelled(self.clock.sleep(pause)).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }

    async fn follow(&self) -> Result<std::convert::Infallible, ProjectorError> {
        let version = self.store.active_version().await?;
        let mut applier = Applier::load(&self.store, version).await?;
        let mut changes = self.tail.changes();
        let mut looked = self.clock.instant();
        let mut turn = 0_usize;
        loop {
            turn = turn.wrapping_add(1);
            let mut batch = self.gather(&applier.checkpoints, turn).await?;
            if !batch.is_empty() {
                if batch.len() <= SMALL_BATCH && !batch.iter().any(|event| self.store.concerns(event)) {
                    self.clock.sleep(PATIENCE).await;
                    batch = self.gather(&applier.checkpoints, turn).await?;
                }
                let started = self.clock.instant();
                applier.apply(&batch).await?;
                let took = self.clock.instant().saturating_duration_since(started);
                metrics::histogram!("neuroops_projection_seconds", "projection" => self.name()).record(took.as_secs_f64());
                metrics::counter!("neuroops_projection_events_total", "projection" => self.name()).increment(batch.len() as u64);
            }
            self.status.send_modify(|status| {
                status.version = version;
                status.applied += batch.len() as u64;
                status.parked_keys = applier.parked.len();
                status.trouble = None;
            });
            if self.clock.instant().saturating_duration_since(looked) > RETRY_LOOK {
                looked = self.clock.instant();
                if !applier.parked.is_empty() {
                    applier.retry_parked(&self.log).await?;
                }
                if self.store.active_version().await? != version {
                    return Err(ProjectorError::Overtaken);
                }
            }
            if batch.is_empty() {
                // The tail's sender lives as long as the tail that this projector holds.
                let _ = self.clock.timeout(RETRY_LOOK, changes.changed()).await;
            }
        }
    }

    /// The next events after the checkpoints: from the tail where it reaches back far enough, else from the log. Each turn begins
    /// with another log partition, so that busy ones do not keep others waiting.
    async fn gather(&self, checkpoints: &Checkpoints, turn: usize) -> Result<Vec<Arc<RecordedEvent>>, sqlx::Error> {
        let (mut batch, mut behind) = (Vec::new(), Vec::new());
        let mut positions: Vec<(&Place, &Position)> = checkpoints.positions.iter().collect();
        positions.sort();
        let first = turn % positions.len().max(1);
        positions.rotate_left(first);
        for (place, position) in positions {
            let room = BATCH_MAX.saturating_sub(batch.len());
            match self.tail.read(place, *position, room) {
                TailRead::Events(events) => batch.extend(events),
                TailRead::Behind => behind.push((place.clone(), *position)),
                TailRead::UpToDate => {}
            }
        }
        if !behind.is_empty() {
            let limit = i64::try_from(BATCH_MAX / behind.len()).unwrap_or(1).max(1);
            batch.extend(self.log.after(&behind, limit).await?);
        }
        Ok(batch)
    }
}
