//! The relay carries the log to Kafka: in order, without gaps, and from where Kafka's own tail says that it stopped.
//!
//! One relay at a time works on a log partition (a lease). It publishes only while the lease outlasts every record that it may still
//! have under way, so a relay that was stopped and comes back does not write behind its successor. The producer is idempotent and
//! gapless: where one record fails, all later ones fail too, the client is made anew and the tail is read again. Should Kafka hold a
//! record twice all the same, it carries the same position (`ce_sequence`) and readers skip it.

mod record;
mod tails;

pub use record::headers as record_headers;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use domain::kernel::RecordedEvent;
use platform::clock;
use platform::kafka::{KafkaOptions, TopicError};
use projections::runtime::{Leases, LogReader, Place, Position};
use rdkafka::ClientContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseRecord, DeliveryResult, Producer, ProducerContext, ThreadedProducer};
use sqlx::PgPool;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

/// A record that Kafka does not take within this time fails; also how long a lease must last for a record to be sent.
const DELIVERY: Duration = Duration::from_millis(2500);
/// Events that are read from the log at once.
const PAGE: i64 = 4000;
/// Pages under way to Kafka at most.
const PAGES_MAX: usize = 4;
/// How often Kafka's tails are compared with what was published, so that a topic that was deleted while idle is noticed.
const CHECK: Duration = Duration::from_secs(10);
/// The longest pause before the relay starts over.
const PAUSE_MAX: Duration = Duration::from_secs(1);
/// How often progress is written to Postgres.
const NOTE: Duration = Duration::from_millis(500);

/// How the relay is, for health and `neuroops status`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RelayStatus {
    /// What is wrong, if something is.
    pub trouble: Option<String>,
    /// Events that this process has published.
    pub published: u64,
    /// Log partitions that this process carries to Kafka.
    pub adopted: usize,
}

/// Why the relay starts over.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// Kafka's topics are not as they must be.
    #[error(transparent)]
    Topic(#[from] TopicError),
    /// Kafka does not answer, or did not take a record.
    #[error("Kafka cannot be reached or does not take records: {0}")]
    Kafka(#[from] KafkaError),
    /// The log cannot be read.
    #[error("the log cannot be read")]
    Log(#[from] sqlx::Error),
    /// The topic holds what the log does not.
    #[error(
        "the topic {topic} holds position {kafka} in partition {partition}, which is not what the log holds there; it was filled from another database: choose another KAFKA_TOPIC_PREFIX, or run `neuroops kafka refill` to replace the topic's records with those of this log"
    )]
    Foreign {
        /// The topic.
        topic: String,
        /// Its partition.
        partition: i32,
        /// The last position in Kafka.
        kafka: Position,
    },
    /// Kafka's tail is not where it was left.
    #[error("Kafka's topics were changed by somebody else")]
    Moved,
}

/// One page of events on its way.
struct Page {
    pending: AtomicUsize,
    failed: AtomicBool,
    done: Notify,
}

struct Deliveries;

impl ClientContext for Deliveries {}

impl ProducerContext for Deliveries {
    type DeliveryOpaque = Arc<Page>;

    fn delivery(&self, result: &DeliveryResult<'_>, page: Arc<Page>) {
        if result.is_err() {
            page.failed.store(true, Ordering::Release);
        }
        if page.pending.fetch_sub(1, Ordering::AcqRel) == 1 {
            page.done.notify_one();
        }
    }
}

/// The relay of one process.
pub struct Relay {
    pool: PgPool,
    kafka: KafkaOptions,
    contexts: Vec<String>,
    partitions: i32,
    leases: Leases,
    heads: watch::Receiver<Arc<HashMap<Place, Position>>>,
    status: watch::Sender<RelayStatus>,
}

/// The name of the lease on a log partition.
fn lease_name(place: &Place) -> String {
    format!("relay/{}/{}", place.context, place.partition)
}

impl Relay {
    /// A relay on a pool of the worker role. It competes for the log partitions of these contexts until `cancel`.
    pub fn new(
        pool: PgPool,
        kafka: KafkaOptions,
        contexts: Vec<String>,
        partitions: i32,
        heads: watch::Receiver<Arc<HashMap<Place, Position>>>,
        cancel: CancellationToken,
    ) -> Self {
        let names = contexts
            .iter()
            .flat_map(|context| (0..partitions).map(|partition| lease_name(&Place { context: context.clone(), partition })))
            .collect();
        let leases = Leases::start(pool.clone(), "relay", names, cancel);
        Self { pool, kafka, contexts, partitions, leases, heads, status: watch::channel(RelayStatus::default()).0 }
    }

    /// How it is.
    pub fn status(&self) -> watch::Receiver<RelayStatus> {
        self.status.subscribe()
    }

    /// Publishes until cancelled. Failures are retried; nothing is skipped.
    pub async fn run(&self, cancel: &CancellationToken) {
        let mut pause = Duration::from_millis(100);
        loop {
            let published = self.status.borrow().published;
            let Some(result) = cancel.run_until_cancelled(self.publish()).await else { return };
            let Err(error) = result;
            if self.status.borrow().published > published {
                pause = Duration::from_millis(100);
            }
            let again = self.status.borrow().trouble.as_deref() == Some(error.to_string().as_str());
            if !again {
                tracing::warn!(%error, "the relay starts over");
            }
            self.status.send_modify(|status| status.trouble = Some(error.to_string()));
            cancel.run_until_cancelled(tokio::time::sleep(pause)).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }

    async fn publish(&self) -> Result<std::convert::Infallible, RelayError> {
        for context in &self.contexts {
            self.kafka.ensure_topic(&self.kafka.topic(context), self.partitions, Duration::from_secs(5)).await?;
        }
        let mut config = self.kafka.producer(DELIVERY);
        config.set("enable.gapless.guarantee", "true");
        let mut session = Session {
            relay: self,
            log: LogReader::new(self.pool.clone()),
            producer: Arc::new(config.create_with_context(Deliveries)?),
            sent: HashMap::new(),
            published: HashMap::new(),
            under_way: VecDeque::new(),
            noted: HashMap::new(),
        };
        session.run().await
    }
}

/// The relay between two failures.
struct Session<'a> {
    relay: &'a Relay,
    log: LogReader,
    producer: Arc<ThreadedProducer<Deliveries>>,
    /// The last position handed to the producer.
    sent: HashMap<Place, Position>,
    /// The last position that Kafka has acknowledged.
    published: HashMap<Place, Position>,
    under_way: VecDeque<(Arc<Page>, HashMap<Place, Position>)>,
    noted: HashMap<Place, Position>,
}

impl Session<'_> {
    async fn run(&mut self) -> Result<std::convert::Infallible, RelayError> {
        let mut heads = self.relay.heads.clone();
        let mut leases = self.relay.leases.watch();
        let mut note = tokio::time::interval(NOTE);
        note.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut checked = Instant::now();
        loop {
            self.adopt().await?;
            while self.under_way.len() < PAGES_MAX && self.send_page(&heads).await? {}
            let oldest = self.under_way.front().map(|(page, _)| page.clone());
            tokio::select! {
                () = finished(oldest) => self.settle()?,
                changed = heads.changed(), if self.under_way.len() < PAGES_MAX => {
                    changed.map_err(|_| RelayError::Moved)?;
                }
                _ = leases.changed() => {}
                _ = note.tick() => {
                    self.note().await?;
                    if checked.elapsed() > CHECK && self.under_way.is_empty() {
                        checked = Instant::now();
                        self.check_tails().await?;
                    }
                }
            }
        }
    }

    /// Learns where Kafka stands in partitions whose lease is new, and lets go of those whose lease is lost.
    async fn adopt(&mut self) -> Result<(), RelayError> {
        let held = self.relay.leases.watch().borrow().clone();
        let is_held = |place: &Place| held.contains_key(&lease_name(place));
        self.sent.retain(|place, _| is_held(place));
        self.published.retain(|place, _| is_held(place));
        let places = self
            .relay
            .contexts
            .iter()
            .flat_map(|context| (0..self.relay.partitions).map(|partition| Place { context: context.clone(), partition }));
        let new: Vec<Place> = places.filter(|place| is_held(place) && !self.sent.contains_key(place)).collect();
        if new.is_empty() {
            return Ok(());
        }
        for (place, position) in self.tails(new).await? {
            self.sent.insert(place.clone(), position);
            // What was noted before may have been changed by somebody who held the lease meanwhile.
            self.noted.remove(&place);
            self.published.insert(place, position);
        }
        self.relay.status.send_modify(|status| {
            status.trouble = None;
            status.adopted = self.sent.len();
        });
        Ok(())
    }

    /// The last position in Kafka of each log partition, checked against the log.
    async fn tails(&self, places: Vec<Place>) -> Result<HashMap<Place, Position>, RelayError> {
        let kafka = self.relay.kafka.clone();
        let tails = tokio::task::spawn_blocking(move || tails::read(&kafka, &places)).await.map_err(|_| RelayError::Moved)??;
        let mut positions = HashMap::new();
        for (place, tail) in tails {
            let position = match tail {
                tails::Tail::Empty => 0,
                tails::Tail::Expired => self.remembered(&place).await?,
                tails::Tail::Holed { end } => {
                    let topic = self.relay.kafka.topic(&place.context);
                    tracing::warn!(
                        topic,
                        partition = place.partition,
                        "the topic lacks events; its records are deleted and the log is published again"
                    );
                    self.relay.kafka.truncate(&topic, place.partition, end, Duration::from_secs(5)).await?;
                    0
                }
                tails::Tail::Last { position, event_id } => {
                    let stored = self.log.after(&[(place.clone(), position - 1)], 1).await?;
                    if stored.first().is_none_or(|event| event.event_id != event_id) {
                        let topic = self.relay.kafka.topic(&place.context);
                        return Err(RelayError::Foreign { topic, partition: place.partition, kafka: position });
                    }
                    position
                }
            };
            positions.insert(place, position);
        }
        Ok(positions)
    }

    /// What was published before all records of a topic partition expired.
    async fn remembered(&self, place: &Place) -> Result<Position, sqlx::Error> {
        let found: Option<i64> = sqlx::query_scalar("SELECT position FROM runtime.relay WHERE context = $1 AND partition = $2")
            .bind(&place.context)
            .bind(place.partition)
            .fetch_optional(&self.relay.pool)
            .await?;
        Ok(found.unwrap_or(0))
    }

    /// Reads the next events and hands them to the producer; `false` where there are none.
    async fn send_page(&mut self, heads: &watch::Receiver<Arc<HashMap<Place, Position>>>) -> Result<bool, RelayError> {
        let heads = heads.borrow().clone();
        let lasting = |place: &Place| self.relay.leases.get(&lease_name(place)).is_some_and(|lease| lease.remaining() > DELIVERY);
        let behind: Vec<(Place, Position)> = self
            .sent
            .iter()
            .filter(|(place, position)| heads.get(*place).is_some_and(|head| head > position) && lasting(place))
            .map(|(place, position)| (place.clone(), *position))
            .collect();
        if behind.is_empty() {
            return Ok(false);
        }
        let limit = PAGE / i64::try_from(behind.len()).unwrap_or(1).max(1);
        let events = self.log.after(&behind, limit.max(1)).await?;
        if events.is_empty() {
            return Ok(false);
        }
        let page = Arc::new(Page { pending: AtomicUsize::new(events.len()), failed: AtomicBool::new(false), done: Notify::new() });
        let mut reached = HashMap::new();
        for event in &events {
            let place = Place::of(event);
            self.sent.insert(place.clone(), event.position);
            reached.insert(place, event.position);
        }
        let count = events.len();
        self.produce(events, &page).await?;
        self.under_way.push_back((page, reached));
        metrics::histogram!("neuroops_relay_batch_events").record(u32::try_from(count).unwrap_or(u32::MAX));
        Ok(true)
    }

    async fn produce(&self, events: Vec<Arc<RecordedEvent>>, page: &Arc<Page>) -> Result<(), RelayError> {
        let started = clock::now();
        for event in events {
            let topic = self.relay.kafka.topic(&event.context);
            let key = event.tenant_id.partition_key();
            let mut record: BaseRecord<'_, str, str, Arc<Page>> = BaseRecord::with_opaque_to(&topic, page.clone())
                .partition(event.partition)
                .key(key.as_str())
                .payload(event.payload.as_str())
                .headers(record::kafka_headers(&event))
                .timestamp(event.recorded_at.timestamp_millis());
            loop {
                match self.producer.send(record) {
                    Ok(()) => break,
                    Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), returned)) => {
                        record = returned;
                        tokio::time::sleep(Duration::from_millis(2)).await;
                    }
                    Err((error, _)) => return Err(error.into()),
                }
            }
            record::trace(&event, &topic, started);
        }
        Ok(())
    }

    /// Takes note of pages that Kafka has acknowledged.
    fn settle(&mut self) -> Result<(), RelayError> {
        while let Some((page, _)) = self.under_way.front() {
            if page.pending.load(Ordering::Acquire) > 0 {
                break;
            }
            let Some((page, reached)) = self.under_way.pop_front() else { break };
            if page.failed.load(Ordering::Acquire) {
                let reason = self.producer.client().fatal_error().map_or(RDKafkaErrorCode::MessageTimedOut, |(code, _)| code);
                return Err(RelayError::Kafka(KafkaError::MessageProduction(reason)));
            }
            let mut count = 0;
            for (place, position) in reached {
                let before = self.published.insert(place, position).unwrap_or(position);
                count += u64::try_from(position - before).unwrap_or(0);
            }
            metrics::counter!("neuroops_relay_events_total").increment(count);
            self.relay.status.send_modify(|status| {
                status.published += count;
                status.trouble = None;
            });
        }
        Ok(())
    }

    /// Writes progress to Postgres, for people and for `neuroops status`.
    async fn note(&mut self) -> Result<(), RelayError> {
        const UPSERT: &str = "INSERT INTO runtime.relay (context, partition, position) SELECT * FROM unnest($1::text[], $2::int[], $3::bigint[]) \
            ON CONFLICT (context, partition) DO UPDATE SET position = excluded.position, updated_at = now()";
        let heads = self.relay.heads.borrow().clone();
        let lag: i64 = self.published.iter().map(|(place, position)| heads.get(place).map_or(0, |head| (head - position).max(0))).sum();
        metrics::gauge!("neuroops_relay_lag_events").set(f64::from(i32::try_from(lag).unwrap_or(i32::MAX)));
        let changed: Vec<(&Place, &Position)> =
            self.published.iter().filter(|(place, position)| self.noted.get(*place) != Some(position)).collect();
        if changed.is_empty() {
            return Ok(());
        }
        let contexts: Vec<&str> = changed.iter().map(|(place, _)| place.context.as_str()).collect();
        let partitions: Vec<i32> = changed.iter().map(|(place, _)| place.partition).collect();
        let positions: Vec<i64> = changed.iter().map(|(_, position)| **position).collect();
        sqlx::query(UPSERT).bind(contexts).bind(partitions).bind(positions).execute(&self.relay.pool).await?;
        self.noted.clone_from(&self.published);
        Ok(())
    }

    /// Compares Kafka's tails with what was published.
    async fn check_tails(&mut self) -> Result<(), RelayError> {
        let places: Vec<Place> = self.published.keys().cloned().collect();
        let published = self.published.clone();
        let tails = match self.tails(places).await {
            // Under load the answer may be late. Should Kafka be away, the next records will say so.
            Err(RelayError::Kafka(error)) => {
                tracing::debug!(%error, "Kafka's tails could not be compared");
                return Ok(());
            }
            tails => tails?,
        };
        if tails.iter().any(|(place, position)| published.get(place).is_some_and(|known| known > position)) {
            tracing::warn!("Kafka holds less than was published; the missing events are published again");
            return Err(RelayError::Moved);
        }
        Ok(())
    }
}

async fn finished(page: Option<Arc<Page>>) {
    match page {
        Some(page) => {
            while page.pending.load(Ordering::Acquire) > 0 {
                page.done.notified().await;
            }
        }
        None => std::future::pending().await,
    }
}
