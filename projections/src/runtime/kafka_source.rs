//! Kafka as a source of events.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use domain::kernel::{Metadata, RecordedEvent, TenantId};
use platform::kafka::KafkaOptions;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{BorrowedMessage, Headers, Message};
use rdkafka::{Offset, TopicPartitionList};
use tokio::sync::mpsc;

use super::checkpoints::{Place, Position};

/// Events that are handed on together at most.
const BATCH_MAX: usize = 1000;

/// The broker as a source of events.
pub trait Feed: Clone + Send + Sync + 'static {
    /// Reads until it is dropped.
    type Running: Send;

    /// Starts to read after the given positions, as a consumer of this group, and sends batches to `sender`: of each log partition in
    /// the order in which the broker holds them, which may repeat and skip some.
    fn start(&self, group: &str, positions: HashMap<Place, Position>, sender: mpsc::Sender<Vec<Arc<RecordedEvent>>>) -> Self::Running;
}

impl Feed for KafkaOptions {
    type Running = KafkaSource;

    fn start(&self, group: &str, positions: HashMap<Place, Position>, sender: mpsc::Sender<Vec<Arc<RecordedEvent>>>) -> KafkaSource {
        KafkaSource::start(self, group, positions, sender)
    }
}

/// A consumer on a thread of its own: librdkafka's polling blocks.
pub struct KafkaSource {
    stop: Arc<AtomicBool>,
}

impl KafkaSource {
    /// Starts to read after the given positions and sends batches to `sender` until dropped.
    ///
    /// A topic partition holds exactly the log partition's sequence, so the event at position `n + 1` stands at offset `n`. Where that
    /// does not hold (records repeated or expired, a topic made anew), the reader's positions tell what to skip and what is missing.
    pub fn start(
        options: &KafkaOptions,
        group: &str,
        positions: HashMap<Place, Position>,
        sender: mpsc::Sender<Vec<Arc<RecordedEvent>>>,
    ) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (stopped, options, group) = (stop.clone(), options.clone(), group.to_owned());
        std::thread::Builder::new()
            .name("kafka-source".to_owned())
            .spawn(move || {
                if let Err(error) = consume(&options, &group, &positions, &sender, &stopped) {
                    tracing::warn!(%error, "the Kafka consumer failed; events are read from the log");
                    // Keep the channel open for a while, so that a broken configuration does not lead to a busy loop.
                    std::thread::sleep(Duration::from_secs(5));
                }
            })
            .map_or_else(|error| tracing::error!(%error, "no thread for the Kafka consumer"), drop);
        Self { stop }
    }
}

impl Drop for KafkaSource {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

fn consume(
    options: &KafkaOptions,
    group: &str,
    positions: &HashMap<Place, Position>,
    sender: &mpsc::Sender<Vec<Arc<RecordedEvent>>>,
    stop: &AtomicBool,
) -> Result<(), rdkafka::error::KafkaError> {
    let consumer: BaseConsumer = options.consumer(group).create()?;
    let mut assignment = TopicPartitionList::new();
    for (place, position) in positions {
        assignment.add_partition_offset(&options.topic(&place.context), place.partition, Offset::Offset(*position))?;
    }
    consumer.assign(&assignment)?;
    let mut batch = Vec::new();
    while !stop.load(Ordering::Relaxed) && !sender.is_closed() {
        // Wait for the first record of a batch, then take what is there.
        let wait = if batch.is_empty() { Duration::from_millis(200) } else { Duration::ZERO };
        let full = match consumer.poll(wait) {
            Some(Ok(message)) => {
                if let Some(event) = decode(&message) {
                    batch.push(Arc::new(event));
                } else {
                    tracing::warn!(topic = message.topic(), offset = message.offset(), "a record that is not an event of ours is skipped");
                }
                batch.len() >= BATCH_MAX
            }
            Some(Err(error)) => {
                tracing::debug!(%error, "Kafka");
                true
            }
            None => true,
        };
        if full && !batch.is_empty() && sender.blocking_send(std::mem::take(&mut batch)).is_err() {
            break;
        }
    }
    Ok(())
}

/// Reads an event from a CloudEvents record in binary mode; `None` where it is not one of ours.
fn decode(message: &BorrowedMessage<'_>) -> Option<RecordedEvent> {
    let mut headers: HashMap<&str, &str> = HashMap::with_capacity(16);
    for header in message.headers()?.iter() {
        headers.insert(header.key, std::str::from_utf8(header.value.unwrap_or_default()).ok()?);
    }
    let get = |name: &str| headers.get(name).copied();
    let context = get("ce_source")?.rsplit('/').next()?;
    let (event_type, event_version) = get("ce_type")?.strip_prefix(context)?.strip_prefix('.')?.rsplit_once(".v")?;
    let (aggregate_type, aggregate_id) = get("ce_subject")?.split_once('/')?;
    let metadata = Metadata {
        actor: get("ce_actor").unwrap_or_default().to_owned(),
        command_id: get("ce_commandid").and_then(|id| id.parse().ok()).unwrap_or_default(),
        correlation_id: get("ce_correlationid").unwrap_or_default().to_owned(),
        causation_id: get("ce_causationid").map(str::to_owned),
        traceparent: get("ce_traceparent").map(str::to_owned),
    };
    Some(RecordedEvent {
        context: context.to_owned(),
        partition: message.partition(),
        position: get("ce_sequence")?.parse().ok()?,
        event_id: get("ce_id")?.parse().ok()?,
        tenant_id: TenantId(get("ce_tenantid")?.parse().ok()?),
        aggregate_type: aggregate_type.to_owned(),
        aggregate_id: aggregate_id.to_owned(),
        sequence: get("ce_aggregateversion")?.parse().ok()?,
        event_type: event_type.to_owned(),
        event_version: event_version.to_owned(),
        payload: std::str::from_utf8(message.payload()?).ok()?.to_owned(),
        metadata: serde_json::to_string(&metadata).ok()?,
        recorded_at: get("ce_time")?.parse().ok()?,
    })
}
