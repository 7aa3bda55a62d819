//! What the relay stands on: a broker that takes records, and a log that also remembers how far it was published.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use domain::kernel::RecordedEvent;
use platform::clock;
use platform::kafka::{KafkaOptions, TopicError};
use projections::runtime::{EventLog, LogReader, Place, Position};
use rdkafka::ClientContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseRecord, DeliveryResult, Producer, ProducerContext, ThreadedProducer};
use tokio::sync::Notify;
use uuid::Uuid;

use super::{record, tails};

/// How long Kafka is given for a change of topics.
const ADMIN: Duration = Duration::from_secs(5);

/// Takes events, one record each, and tells what it has.
pub trait Broker: Send + Sync + 'static {
    /// A connection that records are sent on.
    type Outlet: Outlet;

    /// The topic of a context.
    fn topic(&self, context: &str) -> String;

    /// Makes the topic of a context if it is not there.
    fn ensure_topic(&self, context: &str, partitions: i32) -> impl Future<Output = Result<(), TopicError>> + Send;

    /// A new connection. What it has not delivered within `delivery` fails.
    fn outlet(&self, delivery: Duration) -> Result<Self::Outlet, KafkaError>;

    /// Both ends of the topic partitions.
    fn ends(&self, places: Vec<Place>) -> impl Future<Output = Result<BTreeMap<Place, Ends>, KafkaError>> + Send;

    /// Deletes the records of a topic partition before an offset.
    fn truncate(&self, place: &Place, before: i64) -> impl Future<Output = Result<(), TopicError>> + Send;
}

/// A connection to the broker. Of each topic partition, records arrive in the order in which they were sent and none twice; where one
/// fails, all that were sent after it fail too.
pub trait Outlet: Send + Sync {
    /// Sends the events. The page is told what becomes of each.
    fn send(&self, events: Vec<Arc<RecordedEvent>>, page: &Arc<Page>) -> impl Future<Output = Result<(), KafkaError>> + Send;

    /// Why the connection is of no use any more, if it is not.
    fn fatal(&self) -> Option<RDKafkaErrorCode>;
}

/// A log that remembers how far it was published.
pub trait RelayLog: EventLog {
    /// What was noted of a log partition; 0 where nothing was.
    fn remembered(&self, place: &Place) -> impl Future<Output = Result<Position, sqlx::Error>> + Send;

    /// Notes how far log partitions are published.
    fn note(&self, published: &[(&Place, Position)]) -> impl Future<Output = Result<(), sqlx::Error>> + Send;
}

/// The position and the id that a record carries.
pub type Found = (Position, Uuid);

/// Both ends of a topic partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ends {
    /// The first offset.
    pub low: i64,
    /// The offset after the last record.
    pub high: i64,
    /// The first record; `None` where there is none, or none of ours.
    pub first: Option<Found>,
    /// The last record; `None` where there is none, or none of ours.
    pub last: Option<Found>,
}

/// One page of events on its way.
pub struct Page {
    pending: AtomicUsize,
    failed: AtomicBool,
    done: Notify,
}

impl Page {
    /// A page of so many events.
    pub fn of(events: usize) -> Arc<Self> {
        Arc::new(Self { pending: AtomicUsize::new(events), failed: AtomicBool::new(false), done: Notify::new() })
    }

    /// Takes note of what became of one of them.
    pub fn settle(&self, delivered: bool) {
        if !delivered {
            self.failed.store(true, Ordering::Release);
        }
        if self.pending.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.done.notify_one();
        }
    }

    pub(super) fn is_answered(&self) -> bool {
        self.pending.load(Ordering::Acquire) == 0
    }

    pub(super) fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Acquire)
    }

    pub(super) async fn answered(&self) {
        while !self.is_answered() {
            self.done.notified().await;
        }
    }
}

/// Tells pages what became of their records.
pub struct Deliveries;

impl ClientContext for Deliveries {}

impl ProducerContext for Deliveries {
    type DeliveryOpaque = Arc<Page>;

    fn delivery(&self, result: &DeliveryResult<'_>, page: Arc<Page>) {
        page.settle(result.is_ok());
    }
}

/// An idempotent and gapless producer.
pub struct KafkaOutlet {
    options: KafkaOptions,
    producer: ThreadedProducer<Deliveries>,
}

impl Outlet for KafkaOutlet {
    async fn send(&self, events: Vec<Arc<RecordedEvent>>, page: &Arc<Page>) -> Result<(), KafkaError> {
        let started = clock::now();
        for event in events {
            let topic = self.options.topic(&event.context);
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
                    Err((error, _)) => return Err(error),
                }
            }
            record::trace(&event, &topic, started);
        }
        Ok(())
    }

    fn fatal(&self) -> Option<RDKafkaErrorCode> {
        self.producer.client().fatal_error().map(|(code, _)| code)
    }
}

impl Broker for KafkaOptions {
    type Outlet = KafkaOutlet;

    fn topic(&self, context: &str) -> String {
        Self::topic(self, context)
    }

    async fn ensure_topic(&self, context: &str, partitions: i32) -> Result<(), TopicError> {
        Self::ensure_topic(self, &self.topic(context), partitions, ADMIN).await
    }

    fn outlet(&self, delivery: Duration) -> Result<KafkaOutlet, KafkaError> {
        let mut config = self.producer(delivery);
        config.set("enable.gapless.guarantee", "true");
        Ok(KafkaOutlet { options: self.clone(), producer: config.create_with_context(Deliveries)? })
    }

    async fn ends(&self, places: Vec<Place>) -> Result<BTreeMap<Place, Ends>, KafkaError> {
        let options = self.clone();
        tokio::task::spawn_blocking(move || tails::read(&options, &places)).await.map_err(|_| KafkaError::Canceled)?
    }

    async fn truncate(&self, place: &Place, before: i64) -> Result<(), TopicError> {
        Self::truncate(self, &self.topic(&place.context), place.partition, before, ADMIN).await
    }
}

impl RelayLog for LogReader {
    async fn remembered(&self, place: &Place) -> Result<Position, sqlx::Error> {
        const READ: &str = "SELECT position FROM runtime.relay WHERE context = $1 AND partition = $2";
        let query = sqlx::query_scalar(READ).bind(&place.context).bind(place.partition);
        let found: Option<Position> = query.fetch_optional(self.pool()).await?;
        Ok(found.unwrap_or(0))
    }

    async fn note(&self, published: &[(&Place, Position)]) -> Result<(), sqlx::Error> {
        const UPSERT: &str = "INSERT INTO runtime.relay (context, partition, position) SELECT * FROM unnest($1::text[], $2::int[], $3::bigint[]) \
            ON CONFLICT (context, partition) DO UPDATE SET position = excluded.position, updated_at = now()";
        let contexts: Vec<&str> = published.iter().map(|(place, _)| place.context.as_str()).collect();
        let partitions: Vec<i32> = published.iter().map(|(place, _)| place.partition).collect();
        let positions: Vec<Position> = published.iter().map(|(_, position)| *position).collect();
        sqlx::query(UPSERT).bind(contexts).bind(partitions).bind(positions).execute(self.pool()).await?;
        Ok(())
    }
}
