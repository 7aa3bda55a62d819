//! What Kafka really holds: the last record of each topic partition.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use platform::kafka::KafkaOptions;
use projections::runtime::{Place, Position};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Headers, Message};
use rdkafka::{Offset, TopicPartitionList};
use uuid::Uuid;

use super::broker::{Ends, Found};

const TIMEOUT: Duration = Duration::from_secs(5);

/// The end of a topic partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tail {
    /// Nothing was ever written.
    Empty,
    /// There were records; all have expired.
    Expired,
    /// The last record.
    Last {
        /// Its `ce_sequence`.
        position: Position,
        /// Its `ce_id`.
        event_id: Uuid,
        /// The offset after it, which repeated records make run ahead of the position.
        end: i64,
    },
    /// Records are missing between the first and the last, or before the first of a topic of which nothing has expired: the topic was
    /// lost and written to before anybody noticed.
    Holed {
        /// The offset after the last record.
        end: i64,
    },
}

impl Tail {
    /// What both ends tell.
    pub fn of(ends: &Ends) -> Self {
        let Ends { low, high, first, last } = *ends;
        if high == 0 {
            return Self::Empty;
        }
        if low == high {
            return Self::Expired;
        }
        // A record that is not ours has position 0, which no event of the log has: the caller finds it foreign.
        let (position, event_id) = last.unwrap_or((0, Uuid::nil()));
        let first = first.map_or(0, |(position, _)| position);
        // Repeated records make the offsets run ahead of the positions; only the opposite means that something is missing.
        let holed = position - first > high - 1 - low || (low == 0 && first > 1);
        if holed { Self::Holed { end: high } } else { Self::Last { position, event_id, end: high } }
    }
}

/// Reads both ends of topic partitions. Blocks for up to ten seconds.
pub fn read(options: &KafkaOptions, places: &[Place]) -> Result<BTreeMap<Place, Ends>, KafkaError> {
    let consumer: BaseConsumer = options.consumer("relay-tail").create()?;
    let mut ends = BTreeMap::new();
    for place in places {
        let (low, high) = consumer.fetch_watermarks(&options.topic(&place.context), place.partition, TIMEOUT)?;
        ends.insert(place.clone(), Ends { low, high, first: None, last: None });
    }
    let filled = || ends.iter().filter(|(_, ends)| ends.low < ends.high);
    let lasts = records_at(options, &consumer, filled().map(|(place, ends)| (place.clone(), ends.high - 1)))?;
    let firsts = records_at(options, &consumer, filled().map(|(place, ends)| (place.clone(), ends.low)))?;
    for (place, ends) in &mut ends {
        ends.last = lasts.get(place).copied().flatten();
        ends.first = firsts.get(place).copied().flatten();
    }
    Ok(ends)
}

/// Reads one record of each topic partition.
fn records_at(
    options: &KafkaOptions,
    consumer: &BaseConsumer,
    places: impl Iterator<Item = (Place, i64)>,
) -> Result<HashMap<Place, Option<Found>>, KafkaError> {
    let mut assignment = TopicPartitionList::new();
    let mut wanted = HashMap::new();
    for (place, offset) in places {
        let topic = options.topic(&place.context);
        assignment.add_partition_offset(&topic, place.partition, Offset::Offset(offset))?;
        wanted.insert((topic, place.partition), place);
    }
    let mut found = HashMap::new();
    if wanted.is_empty() {
        return Ok(found);
    }
    consumer.assign(&assignment)?;
    let deadline = Instant::now() + TIMEOUT;
    while !wanted.is_empty() {
        if Instant::now() > deadline {
            return Err(KafkaError::MessageConsumption(RDKafkaErrorCode::OperationTimedOut));
        }
        let message = match consumer.poll(Duration::from_millis(200)) {
            Some(Ok(message)) => message,
            Some(Err(KafkaError::MessageConsumption(RDKafkaErrorCode::AllBrokersDown | RDKafkaErrorCode::BrokerTransportFailure)))
            | None => continue,
            Some(Err(error)) => return Err(error),
        };
        if let Some(place) = wanted.remove(&(message.topic().to_owned(), message.partition())) {
            found.insert(place, identity(&message));
        }
    }
    Ok(found)
}

fn identity(message: &BorrowedMessage<'_>) -> Option<Found> {
    let headers = message.headers()?;
    let text = |name: &str| headers.iter().find(|header| header.key == name).and_then(|header| std::str::from_utf8(header.value?).ok());
    Some((text("ce_sequence")?.parse().ok()?, text("ce_id")?.parse().ok()?))
}
