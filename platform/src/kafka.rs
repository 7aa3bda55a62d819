//! Kafka clients, set up as the platform needs them.

use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

/// How long a broker may leave a request unanswered, in milliseconds.
const LINK_MAX_MS: &str = "3000";

/// Where Kafka is and how our topics are named.
#[derive(Clone, Debug)]
pub struct KafkaOptions {
    /// `host:port`, several separated by commas.
    pub bootstrap: String,
    /// First part of every topic, consumer group and client id.
    pub prefix: String,
}

/// What can be wrong with Kafka.
#[derive(Debug, thiserror::Error)]
pub enum TopicError {
    /// No answer.
    #[error("Kafka cannot be reached; check that it runs and that KAFKA_BOOTSTRAP_SERVERS is right")]
    Unreachable(#[source] KafkaError),
    /// The topic was made by somebody else, or for another log.
    #[error(
        "the topic {topic} has {found} partitions, and the log has {wanted}; choose another KAFKA_TOPIC_PREFIX, or delete the topic and run `neuroops kafka refill`"
    )]
    Partitions {
        /// The topic.
        topic: String,
        /// In Kafka.
        found: usize,
        /// In the log.
        wanted: usize,
    },
    /// Kafka refuses to make or delete the topic.
    #[error("Kafka refuses the topic {0}: {1}")]
    Refused(String, RDKafkaErrorCode),
}

impl KafkaOptions {
    /// The topic of a context.
    pub fn topic(&self, context: &str) -> String {
        format!("{}.{context}", self.prefix)
    }

    fn client(&self, role: &str) -> ClientConfig {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", &self.bootstrap)
            .set("client.id", format!("{}.{role}", self.prefix))
            .set("reconnect.backoff.ms", "50")
            .set("reconnect.backoff.max.ms", "1000")
            .set("socket.keepalive.enable", "true")
            // A connection on which nothing is answered is given up after this time, not after a minute; so is one that is being made.
            .set("socket.timeout.ms", LINK_MAX_MS)
            .set("socket.connection.setup.timeout.ms", LINK_MAX_MS)
            .set("api.version.request.timeout.ms", LINK_MAX_MS)
            .set_log_level(RDKafkaLogLevel::Error);
        config
    }

    /// An idempotent producer that waits for all in-sync replicas. A record that is not delivered within `timeout` fails.
    pub fn producer(&self, timeout: Duration) -> ClientConfig {
        let mut config = self.client("relay");
        config
            .set("enable.idempotence", "true")
            .set("acks", "all")
            .set("message.timeout.ms", timeout.as_millis().to_string())
            .set("request.timeout.ms", timeout.as_millis().min(3000).to_string())
            .set("linger.ms", "0")
            .set("batch.size", "524288")
            .set("queue.buffering.max.messages", "100000")
            .set("queue.buffering.max.kbytes", "65536")
            .set("compression.type", "lz4")
            .set("topic.metadata.refresh.interval.ms", "30000");
        config
    }

    /// A consumer that is told which partitions to read and never commits by itself. `group` names it for Kafka's tools.
    pub fn consumer(&self, group: &str) -> ClientConfig {
        let mut config = self.client(group);
        config
            .set("group.id", format!("{}.{group}", self.prefix))
            .set("enable.auto.commit", "false")
            .set("auto.offset.reset", "earliest")
            .set("enable.partition.eof", "false")
            .set("fetch.wait.max.ms", "100")
            .set("fetch.error.backoff.ms", "50")
            .set("queued.max.messages.kbytes", "8192")
            .set("queued.min.messages", "2000")
            .set("topic.metadata.refresh.interval.ms", "30000");
        config
    }

    fn admin(&self) -> Result<AdminClient<DefaultClientContext>, TopicError> {
        self.client("admin").create().map_err(TopicError::Unreachable)
    }

    /// The number of partitions of a topic; 0 where there is no such topic. Blocks for up to `timeout`.
    pub fn partitions(&self, topic: &str, timeout: Duration) -> Result<usize, TopicError> {
        let consumer: BaseConsumer = self.client("admin").create().map_err(TopicError::Unreachable)?;
        let metadata = consumer.fetch_metadata(Some(topic), timeout).map_err(TopicError::Unreachable)?;
        Ok(metadata.topics().iter().find(|found| found.name() == topic).map_or(0, |found| found.partitions().len()))
    }

    /// Makes the topic if it is not there, and checks that it has as many partitions as the log.
    pub async fn ensure_topic(&self, topic: &str, partitions: i32, timeout: Duration) -> Result<(), TopicError> {
        let wanted = usize::try_from(partitions).unwrap_or(0);
        let (options, name) = (self.clone(), topic.to_owned());
        let found = tokio::task::spawn_blocking(move || options.partitions(&name, timeout)).await.unwrap_or(Ok(0))?;
        if found == wanted {
            return Ok(());
        }
        if found != 0 {
            return Err(TopicError::Partitions { topic: topic.to_owned(), found, wanted });
        }
        // -1 asks for the brokers' default, so that one broker and a cluster of three are both served.
        let new = NewTopic::new(topic, partitions, TopicReplication::Fixed(-1)).set("retention.ms", "-1").set("retention.bytes", "-1");
        let options = AdminOptions::new().operation_timeout(Some(timeout)).request_timeout(Some(timeout));
        let results = self.admin()?.create_topics([&new], &options).await.map_err(TopicError::Unreachable)?;
        match results.into_iter().next() {
            Some(Err((_, code))) if code != RDKafkaErrorCode::TopicAlreadyExists => Err(TopicError::Refused(topic.to_owned(), code)),
            _ => Ok(()),
        }
    }

    /// Deletes the records of a topic partition before an offset.
    pub async fn truncate(&self, topic: &str, partition: i32, before: i64, timeout: Duration) -> Result<(), TopicError> {
        let options = AdminOptions::new().operation_timeout(Some(timeout)).request_timeout(Some(timeout));
        let mut offsets = TopicPartitionList::new();
        offsets.add_partition_offset(topic, partition, Offset::Offset(before)).map_err(TopicError::Unreachable)?;
        self.admin()?.delete_records(&offsets, &options).await.map_err(TopicError::Unreachable)?;
        Ok(())
    }

    /// Deletes a topic with all its records.
    pub async fn delete_topic(&self, topic: &str, timeout: Duration) -> Result<(), TopicError> {
        let options = AdminOptions::new().operation_timeout(Some(timeout)).request_timeout(Some(timeout));
        let results = self.admin()?.delete_topics(&[topic], &options).await.map_err(TopicError::Unreachable)?;
        match results.into_iter().next() {
            Some(Err((_, code))) if code != RDKafkaErrorCode::UnknownTopicOrPartition => Err(TopicError::Refused(topic.to_owned(), code)),
            _ => Ok(()),
        }
    }
}
