//! What Kafka really holds: the last record of each topic partition.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use platform::kafka::KafkaOptions;
use projections::runtime::{Place, Position};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Headers, Message};
use rdkafka::{Offset, TopicPartitionList};
use uuid::Uuid;

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
    },
}

/// Reads the tails. Blocks for up to ten seconds.
pub fn read(options: &KafkaOptions, places: &[Place]) -> Result<HashMap<Place, Tail>, KafkaError> {
    let consumer: BaseConsumer = options.consumer("relay-tail").create()?;
    let mut tails = HashMap::new();
    let mut wanted = HashMap::new();
    let mut assignment = TopicPartitionList::new();
    for place in places {
        let topic = options.topic(&place.context);
        let (low, high) = consumer.fetch_watermarks(&topic, place.partition, TIMEOUT)?;
        match (low, high) {
            (_, 0) => drop(tails.insert(place.clone(), Tail::Empty)),
            _ if low == high => drop(tails.insert(place.clone(), Tail::Expired)),
            _ => {
                assignment.add_partition_offset(&topic, place.partition, Offset::Offset(high - 1))?;
                wanted.insert((topic, place.partition), place.clone());
            }
        }
    }
    if wanted.is_empty() {
        return Ok(tails);
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
            // A record that is not ours has position 0, which no event of the log has: the caller finds it foreign.
            let (position, event_id) = identity(&message).unwrap_or((0, Uuid::nil()));
            tails.insert(place, Tail::Last { position, event_id });
        }
    }
    Ok(tails)
}

fn identity(message: &BorrowedMessage<'_>) -> Option<(Position, Uuid)> {
    let headers = message.headers()?;
    let text = |name: &str| headers.iter().find(|header| header.key == name).and_then(|header| std::str::from_utf8(header.value?).ok());
    Some((text("ce_sequence")?.parse().ok()?, text("ce_id")?.parse().ok()?))
}
