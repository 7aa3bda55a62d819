//! What the tests of this crate share.

use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use commands::{BusOptions, CommandBus, CommandRequest};
use domain::kernel::{Actor, ContextDef, TenantId};
use platform::clock;
use platform::kafka::KafkaOptions;
use platform::testing::{TestDatabase, kafka_bootstrap};
use projections::runtime::{LogHeads, LogReader, Place, Position};
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::message::{Headers as _, Message as _};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use serde_json::Value;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use workers::relay::{Relay, RelayStatus};

use crate::tally;

const CONTEXTS: &[&ContextDef] = &[&domain::crm::CONTEXT, &tally::CONTEXT];

/// The contexts that have log partitions.
pub fn context_names() -> Vec<String> {
    ["crm", "external", "shop"].map(str::to_owned).to_vec()
}

/// A database of its own for a test.
pub async fn database() -> TestDatabase {
    let mut contexts: Vec<_> = CONTEXTS.iter().map(|context| context.types()).collect();
    contexts.push(("external".to_owned(), Vec::new()));
    TestDatabase::create(&contexts).await
}

/// The Kafka of the tests, with topics of its own.
pub fn kafka() -> KafkaOptions {
    KafkaOptions { bootstrap: kafka_bootstrap(), prefix: format!("t{}", clock::new_id().simple()) }
}

/// Deletes the topics of a test.
pub async fn delete_topics(kafka: &KafkaOptions) {
    for context in context_names() {
        kafka.delete_topic(&kafka.topic(&context), Duration::from_secs(10)).await.expect("deleted");
    }
}

/// A database with these contexts only.
pub async fn database_of(contexts: &[&ContextDef]) -> TestDatabase {
    let types: Vec<_> = contexts.iter().map(|context| context.types()).collect();
    TestDatabase::create(&types).await
}

/// A bus with a pool of its own, as each gateway has one.
pub fn bus(db: &TestDatabase) -> Arc<CommandBus> {
    bus_of(db, CONTEXTS)
}

/// The same for these contexts.
pub fn bus_of(db: &TestDatabase, contexts: &[&'static ContextDef]) -> Arc<CommandBus> {
    let pool = platform::postgres::pool(&db.app_url, 8).expect("a valid URL");
    CommandBus::start(contexts, &pool, BusOptions { partitions: db.partitions, lanes: 2, ..BusOptions::default() })
}

/// A command.
pub fn request(tenant: Uuid, context: &str, aggregate: &str, id: &str, command: &str, body: &Value) -> CommandRequest {
    CommandRequest {
        tenant_id: TenantId(tenant),
        actor: Actor { subject: "tester".to_owned(), roles: vec!["owner".to_owned()] },
        context: context.to_owned(),
        aggregate: aggregate.to_owned(),
        id: Some(id.parse().expect("an id")),
        command: command.to_owned(),
        body: Bytes::from(body.to_string()),
        expected_version: None,
        idempotency_key: None,
        correlation_id: None,
        causation_id: None,
        traceparent: None,
    }
}

/// Counts on many tallies of many tenants: `commands` commands with `times` events each.
pub async fn count(db: &TestDatabase, commands: usize, times: u32) {
    let bus = bus(db);
    let tenants: Vec<Uuid> = (0..12).map(|_| clock::new_id()).collect();
    let work = (0..commands).map(|index| {
        let body = serde_json::json!({ "token": format!("t{index}"), "times": times });
        bus.execute(request(tenants[index % tenants.len()], "shop", "tally", &format!("a{}", index % 50), "count", &body))
    });
    for answer in futures::future::join_all(work).await {
        answer.expect("accepted");
    }
}

/// A relay on threads of its own, as in a process of its own.
pub struct RelayProcess {
    /// How it is.
    pub status: watch::Receiver<RelayStatus>,
    cancel: CancellationToken,
    runtime: tokio::runtime::Runtime,
}

impl RelayProcess {
    /// Starts it.
    pub fn start(db: &TestDatabase, kafka: &KafkaOptions) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let cancel = CancellationToken::new();
        let (url, kafka, partitions, token) = (db.worker_url.clone(), kafka.clone(), db.partitions, cancel.clone());
        let (sender, receiver) = std::sync::mpsc::channel();
        runtime.spawn(async move {
            let pool = platform::postgres::pool(&url, 8).expect("a valid URL");
            let heads = LogHeads::watch(pool.clone());
            let relay = Relay::new(pool, kafka, context_names(), partitions, heads, token.clone());
            sender.send(relay.status()).expect("heard");
            relay.run(&token).await;
        });
        let status = receiver.recv().expect("it starts");
        Self { status, cancel, runtime }
    }

    /// Ends it as `kill -9` does: nothing is given back.
    pub fn kill(self) {
        self.runtime.shutdown_background();
    }

    /// Ends it properly.
    pub async fn stop(self) {
        self.cancel.cancel();
        tokio::task::spawn_blocking(move || self.runtime.shutdown_timeout(Duration::from_secs(1))).await.expect("stopped");
    }

    /// Waits until its status says something.
    pub async fn trouble(&self, part: &str) -> String {
        let mut status = self.status.clone();
        let told = status.wait_for(|status| status.trouble.as_deref().is_some_and(|trouble| trouble.contains(part)));
        let found = tokio::time::timeout(Duration::from_secs(20), told).await.expect("in time").expect("alive").clone();
        found.trouble.expect("trouble")
    }
}

/// A record as any Kafka client sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The topic partition.
    pub partition: i32,
    /// Its place there.
    pub offset: i64,
    /// The key.
    pub key: String,
    /// The value.
    pub payload: String,
    /// The headers.
    pub headers: HashMap<String, String>,
    /// Creation time, in milliseconds.
    pub timestamp: Option<i64>,
}

impl Record {
    /// The event's position.
    pub fn position(&self) -> Position {
        self.headers["ce_sequence"].parse().expect("a number")
    }
}

/// A plain consumer of a whole topic from its beginning, which shares no code with the platform.
pub fn plain_consumer(kafka: &KafkaOptions, context: &str, partitions: i32) -> BaseConsumer {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", &kafka.bootstrap)
        .set("group.id", format!("{}.test", kafka.prefix))
        .set("fetch.wait.max.ms", "50")
        .set("enable.auto.commit", "false")
        .create()
        .expect("a consumer");
    let mut assignment = TopicPartitionList::new();
    for partition in 0..partitions {
        assignment.add_partition_offset(&kafka.topic(context), partition, Offset::Beginning).expect("an offset");
    }
    consumer.assign(&assignment).expect("assigned");
    consumer
}

/// The next record, if there is one.
pub fn poll(consumer: &BaseConsumer) -> Option<Record> {
    let message = consumer.poll(Duration::from_millis(100))?.ok()?;
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("UTF-8");
    let headers = message.headers().expect("headers");
    Some(Record {
        partition: message.partition(),
        offset: message.offset(),
        key: text(message.key().expect("a key")),
        payload: text(message.payload().expect("a value")),
        headers: headers.iter().map(|header| (header.key.to_owned(), text(header.value.expect("a value")))).collect(),
        timestamp: message.timestamp().to_millis(),
    })
}

/// Reads a topic until it holds everything that the log holds, and then until nothing more comes.
pub async fn consume(db: &TestDatabase, kafka: &KafkaOptions, context: &str) -> Vec<Record> {
    let heads = heads(db, context).await;
    let (kafka, context, partitions) = (kafka.clone(), context.to_owned(), db.partitions);
    let read = move || {
        let consumer = plain_consumer(&kafka, &context, partitions);
        let (mut records, mut last) = (Vec::new(), HashMap::new());
        let (deadline, mut quiet) = (Instant::now() + Duration::from_secs(30), 0);
        loop {
            let complete = heads.iter().all(|(place, head)| *head == 0 || last.get(&place.partition) >= Some(head));
            match poll(&consumer) {
                Some(record) => {
                    last.insert(record.partition, record.position());
                    records.push(record);
                }
                None if complete && quiet > 3 => return records,
                None => quiet = if complete { quiet + 1 } else { 0 },
            }
            assert!(Instant::now() < deadline, "{context}: {} records, up to {last:?} of {heads:?}", records.len());
        }
    };
    tokio::task::spawn_blocking(read).await.expect("consumed")
}

/// The last positions of a context.
pub async fn heads(db: &TestDatabase, context: &str) -> HashMap<Place, Position> {
    let heads = LogReader::new(db.worker.clone()).heads().await.expect("heads");
    heads.into_iter().filter(|(place, _)| place.context == context).collect()
}

/// Each partition of the topic holds exactly the log partition's sequence: positions from 1, each once, in order, with these contents.
pub async fn assert_same_as_log(db: &TestDatabase, context: &str, records: &[Record]) {
    for (place, head) in heads(db, context).await {
        let own: Vec<&Record> = records.iter().filter(|record| record.partition == place.partition).collect();
        let positions: Vec<Position> = own.iter().map(|record| record.position()).collect();
        assert_eq!(positions, (1..=head).collect::<Vec<_>>(), "{place:?}");
        let events = LogReader::new(db.worker.clone()).after(&[(place, 0)], i64::MAX).await.expect("events");
        for (record, event) in own.into_iter().zip(events) {
            assert_eq!((&record.payload, &record.headers["ce_id"]), (&event.payload, &event.event_id.to_string()));
        }
    }
}

/// Looks until it is there.
pub async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, mut look: impl FnMut() -> F) -> T {
    let deadline = Instant::now() + Duration::from_mins(2);
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < deadline, "{what}: not in time");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
