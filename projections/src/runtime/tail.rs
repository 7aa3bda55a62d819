//! The newest events of the log, in memory, shared by all projectors of a process.

use std::collections::{HashMap, VecDeque};
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use domain::kernel::RecordedEvent;
use parking::Mutex;
use platform::clock::{Clock, SystemClock, Ticks};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::checkpoints::{Place, Position};
use super::kafka_source::Feed;
use super::log_source::{EventLog, Heads, LogReader, LogSource};
use super::planted::{Bug, planted};

mod parking {
    /// A mutex whose poisoning is of no interest: what it guards is only ever extended at the end.
    pub struct Mutex<T>(std::sync::Mutex<T>);

    impl<T> Mutex<T> {
        pub const fn new(value: T) -> Self {
            Self(std::sync::Mutex::new(value))
        }

        pub fn lock(&self) -> std::sync::MutexGuard<'_, T> {
            self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
        }
    }
}

/// Bytes of payload that the tail holds at most; older events are read from the log.
const BYTES_MAX: usize = 32 << 20;
/// How long Kafka may stay behind the log before the log is read instead.
const PATIENCE: Duration = Duration::from_millis(1500);
/// How long Kafka is given before its client is made anew, in case it lost its way (topics deleted and made again, say).
const RENEW_CLIENT: Duration = Duration::from_secs(15);

/// A source failed; another attempt may succeed.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct SourceError(pub String);

/// Where new events come from. Both sources speak of the same positions, so one can take over from the other at any point.
#[async_trait]
pub trait EventSource: Send {
    /// `kafka` or `log`.
    fn name(&self) -> &'static str;
    /// The next events, in order within each log partition; waits for them.
    async fn next(&mut self) -> Result<Vec<Arc<RecordedEvent>>, SourceError>;
}

/// What the tail is fed from.
pub struct TailOptions<F = platform::kafka::KafkaOptions> {
    /// The contexts to follow.
    pub contexts: Vec<String>,
    /// Kafka, if there is one.
    pub kafka: Option<F>,
    /// The name of the consumer group's last part.
    pub group: String,
}

#[derive(Default)]
struct Ring {
    /// Position before the first event held.
    before: Position,
    events: VecDeque<Arc<RecordedEvent>>,
}

impl Ring {
    fn last(&self) -> Position {
        self.before + i64::try_from(self.events.len()).unwrap_or(0)
    }
}

struct Shared {
    rings: Mutex<(HashMap<Place, Ring>, usize, VecDeque<Place>)>,
    changed: watch::Sender<u64>,
    source: watch::Sender<&'static str>,
}

/// A reader's view of the tail.
#[derive(Clone)]
pub struct Tail {
    shared: Arc<Shared>,
}

/// What the tail holds after a position.
pub enum TailRead {
    /// These events come next.
    Events(Vec<Arc<RecordedEvent>>),
    /// The tail starts later: read the log.
    Behind,
    /// Nothing new.
    UpToDate,
}

impl Tail {
    /// Starts to follow the contexts from the log's present heads on.
    pub async fn start(reader: LogReader, heads: Heads, options: TailOptions, cancel: CancellationToken) -> Result<Self, sqlx::Error> {
        let (tail, feeding) = Self::fed(reader, heads, options, SystemClock).await?;
        tokio::spawn(async move { cancel.run_until_cancelled(feeding).await });
        Ok(tail)
    }

    /// A tail from the log's present heads on, and what feeds it for as long as it is polled.
    pub async fn fed<L: EventLog, F: Feed, C: Clock>(
        reader: L,
        heads: Heads,
        options: TailOptions<F>,
        clock: C,
    ) -> Result<(Self, impl Future<Output = ()> + Send + use<L, F, C>), sqlx::Error> {
        let now = reader.heads().await?;
        let rings = now
            .into_iter()
            .filter(|(place, _)| options.contexts.contains(&place.context))
            .map(|(place, position)| (place, Ring { before: position, events: VecDeque::new() }))
            .collect();
        let shared = Arc::new(Shared {
            rings: Mutex::new((rings, 0, VecDeque::new())),
            changed: watch::channel(0).0,
            source: watch::channel(if options.kafka.is_some() { "kafka" } else { "log" }).0,
        });
        let feeder = Feeder { shared: shared.clone(), reader, heads, options, clock };
        Ok((Self { shared }, feeder.run()))
    }

    /// Signals each time that events are added.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.shared.changed.subscribe()
    }

    /// Which source feeds the tail at the moment: `kafka` or `log`.
    pub fn source(&self) -> &'static str {
        *self.shared.source.borrow()
    }

    /// Up to `limit` events of a log partition after a position.
    pub fn read(&self, place: &Place, after: Position, limit: usize) -> TailRead {
        let guard = self.shared.rings.lock();
        let Some(ring) = guard.0.get(place) else { return TailRead::Behind };
        if after >= ring.last() {
            return TailRead::UpToDate;
        }
        match usize::try_from(after - ring.before) {
            Ok(skip) => TailRead::Events(ring.events.iter().skip(skip).take(limit).cloned().collect()),
            Err(_) => TailRead::Behind,
        }
    }
}

struct Feeder<L, F, C> {
    shared: Arc<Shared>,
    reader: L,
    heads: Heads,
    options: TailOptions<F>,
    clock: C,
}

impl<L: EventLog, F: Feed, C: Clock> Feeder<L, F, C> {
    async fn run(self) {
        match self.options.kafka.clone() {
            None => loop {
                self.follow_log().await;
                self.clock.sleep(Duration::from_millis(200)).await;
            },
            Some(kafka) => loop {
                let (sender, records) = mpsc::channel(64);
                let running = kafka.start(&self.options.group, self.positions(), sender);
                self.follow_kafka(records).await;
                drop(running);
                tracing::info!("the Kafka consumer is made anew");
            },
        }
    }

    fn positions(&self) -> HashMap<Place, Position> {
        self.shared.rings.lock().0.iter().map(|(place, ring)| (place.clone(), ring.last())).collect()
    }

    async fn follow_log(&self) {
        let mut source = LogSource::new(self.reader.clone(), self.heads.clone(), self.positions());
        self.shared.source.send_replace(source.name());
        loop {
            match source.next().await {
                Ok(events) => {
                    if self.push(events).await.is_err() {
                        return;
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "the log cannot be read");
                    return;
                }
            }
        }
    }

    /// Follows Kafka; while it stays behind the log, reads the log. Returns when the Kafka client should be made anew.
    async fn follow_kafka(&self, mut records: mpsc::Receiver<Vec<Arc<RecordedEvent>>>) {
        let mut heads = self.heads.clone();
        let mut behind_since: Option<Instant> = None;
        let mut kafka_silent_since = self.clock.instant();
        let mut on_log = false;
        let mut look = Ticks::new(self.clock.clone(), Duration::from_millis(100));
        self.shared.source.send_replace("kafka");
        loop {
            // What is seldom ready comes first, so that nothing starves.
            tokio::select! {
                biased;
                () = look.tick() => {
                    if !self.is_behind(&heads) {
                        behind_since = None;
                        continue;
                    }
                    let since = *behind_since.get_or_insert(self.clock.instant());
                    if self.elapsed(since) > PATIENCE {
                        if !on_log {
                            tracing::warn!("Kafka is behind or away; events are read from the log");
                            self.shared.source.send_replace("log");
                            // Count Kafka's silence from here: before, there may have been nothing to say.
                            kafka_silent_since = self.clock.instant();
                        }
                        on_log = true;
                        self.catch_up(&heads).await;
                    }
                }
                batch = records.recv() => {
                    let Some(batch) = batch else { return };
                    if !self.is_ours(&batch).await {
                        continue;
                    }
                    kafka_silent_since = self.clock.instant();
                    // Kafka has caught up when it is ahead of, or level with, what the log gave us.
                    let level = batch.iter().any(|event| event.position >= self.last(&Place::of(event)));
                    if on_log && level {
                        on_log = false;
                        behind_since = None;
                        self.shared.source.send_replace("kafka");
                        tracing::info!("events come from Kafka again");
                    }
                    if self.push(batch).await.is_err() {
                        self.clock.sleep(Duration::from_millis(200)).await;
                    }
                }
                changed = heads.changed(), if on_log => {
                    if changed.is_err() { return; }
                    self.catch_up(&heads).await;
                }
            }
            if on_log && self.elapsed(kafka_silent_since) > RENEW_CLIENT {
                return;
            }
        }
    }

    fn elapsed(&self, since: Instant) -> Duration {
        self.clock.instant().saturating_duration_since(since)
    }

    /// Whether Kafka's events are those of the log. A topic may have been filled from another database, or from this one before it
    /// was restored to an earlier state. A topic is filled in order from one log, so the last new event of each log partition answers
    /// for those before it. What is refused, or cannot be checked now, is read from the log.
    async fn is_ours(&self, batch: &[Arc<RecordedEvent>]) -> bool {
        let mut last: HashMap<Place, &RecordedEvent> = HashMap::new();
        for event in batch {
            let place = Place::of(event);
            if event.position > self.last(&place) {
                last.insert(place, event.as_ref());
            }
        }
        let last: Vec<&RecordedEvent> = last.into_values().collect();
        match self.reader.holds(&last).await {
            Ok(true) => true,
            Ok(false) => {
                tracing::warn!("Kafka holds events that the log does not hold; they are left out, and events are read from the log");
                metrics::counter!("neuroops_projection_foreign_batches_total").increment(1);
                false
            }
            Err(error) => {
                tracing::warn!(%error, "Kafka's events cannot be compared with the log");
                self.clock.sleep(Duration::from_millis(200)).await;
                false
            }
        }
    }

    fn last(&self, place: &Place) -> Position {
        self.shared.rings.lock().0.get(place).map_or(0, Ring::last)
    }

    fn behind(&self, heads: &Heads) -> Vec<(Place, Position)> {
        let heads = heads.borrow().clone();
        let guard = self.shared.rings.lock();
        let behind = guard.0.iter().filter(|(place, ring)| heads.get(*place).is_some_and(|head| *head > ring.last()));
        behind.map(|(place, ring)| (place.clone(), ring.last())).collect()
    }

    fn is_behind(&self, heads: &Heads) -> bool {
        !self.behind(heads).is_empty()
    }

    async fn catch_up(&self, heads: &Heads) {
        let behind = self.behind(heads);
        if behind.is_empty() {
            return;
        }
        match self.reader.after(&behind, 1000).await {
            Ok(events) => drop(self.push(events).await),
            Err(error) => tracing::warn!(%error, "the log cannot be read"),
        }
    }

    /// Adds events that follow on what is held, skips what is held already, and fetches from the log what is missing in between.
    async fn push(&self, events: Vec<Arc<RecordedEvent>>) -> Result<(), sqlx::Error> {
        let mut gaps = Vec::new();
        {
            let mut guard = self.shared.rings.lock();
            let (rings, bytes, order) = &mut *guard;
            for event in events {
                let place = Place::of(&event);
                let Some(ring) = rings.get_mut(&place) else { continue };
                match event.position - ring.last() {
                    ..=0 if !planted(Bug::NoDedupe) => {}
                    distance if distance <= 1 || planted(Bug::GapJumped) => {
                        *bytes += event.payload.len() + event.metadata.len() + 512;
                        ring.events.push_back(event);
                        order.push_back(place);
                    }
                    _ => {
                        if !gaps.iter().any(|(known, _)| *known == place) {
                            gaps.push((place.clone(), ring.last()));
                        }
                    }
                }
            }
            while *bytes > BYTES_MAX {
                let Some(ring) = order.pop_front().and_then(|place| rings.get_mut(&place)) else { break };
                if let Some(event) = ring.events.pop_front() {
                    ring.before += 1;
                    *bytes -= (event.payload.len() + event.metadata.len() + 512).min(*bytes);
                }
            }
        }
        self.shared.changed.send_modify(|count| *count += 1);
        if gaps.is_empty() {
            return Ok(());
        }
        tracing::info!(partitions = gaps.len(), "Kafka skips events; they are fetched from the log");
        metrics::counter!("neuroops_projection_gaps_total").increment(gaps.len() as u64);
        let missing = self.reader.after(&gaps, 5000).await?;
        Box::pin(self.push(missing)).await
    }
}
