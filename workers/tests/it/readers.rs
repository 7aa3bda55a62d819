//! No reader ever skips or repeats an event, whatever writers do: many gateways, open transactions, roll-backs, sleeps.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use commands::CommandBus;
use domain::kernel::RecordedEvent;
use platform::clock;
use platform::kafka::KafkaOptions;
use platform::testing::TestDatabase;
use projections::runtime::{EventSource as _, LogHeads, LogReader, LogSource, Place, Position, Tail, TailOptions, TailRead};
use serde_json::json;
use sqlx::{Connection as _, PgConnection};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::support::{RelayProcess, bus, database, delete_topics, heads, kafka, plain_consumer, poll, request};

const WRITERS: usize = 64;
const TENANTS: usize = 8;
const EVENTS_PER_COMMAND: i64 = 10;

/// The log partitions' last positions, once nobody writes any more.
type Finish = Arc<OnceLock<HashMap<Place, Position>>>;

#[expect(clippy::disallowed_methods, reason = "tests are configured by their runner alone")]
fn events_wanted() -> i64 {
    std::env::var("NEUROOPS_TEST_EVENTS").ok().and_then(|number| number.parse().ok()).unwrap_or(100_000)
}

/// What a reader has seen: the last position of each log partition, and a digest of the events in their order.
struct Seen {
    reader: &'static str,
    places: HashMap<Place, (Position, u64)>,
    events: u64,
}

impl Seen {
    fn nothing(reader: &'static str, partitions: i32) -> Self {
        let places = (0..partitions).map(|partition| (Place { context: "shop".to_owned(), partition }, (0, 0)));
        Self { reader, places: places.collect(), events: 0 }
    }

    fn see(&mut self, place: &Place, position: Position, event_id: Uuid) {
        let (last, digest) = self.places.get_mut(place).expect("a known log partition");
        assert_eq!(position, *last + 1, "{}: {place:?}", self.reader);
        *last = position;
        *digest = digest.rotate_left(5) ^ event_id.as_u64_pair().1;
        self.events += 1;
    }

    fn see_all(&mut self, events: &[Arc<RecordedEvent>]) {
        for event in events {
            self.see(&Place::of(event), event.position, event.event_id);
        }
    }

    fn positions(&self) -> HashMap<Place, Position> {
        self.places.iter().map(|(place, (position, _))| (place.clone(), *position)).collect()
    }

    fn finished(&self, finish: &Finish) -> bool {
        finish.get().is_some_and(|heads| self.positions() == *heads)
    }
}

/// Pages of changing length, as fast as they come.
async fn pages(db: &TestDatabase, finish: &Finish) -> Seen {
    let (reader, mut seen) = (LogReader::new(db.worker.clone()), Seen::nothing("pages", db.partitions));
    for limit in (1..700).step_by(37).cycle() {
        let places: Vec<_> = seen.positions().into_iter().collect();
        let events = reader.after(&places, limit).await.expect("a page");
        seen.see_all(&events);
        if seen.finished(finish) {
            break;
        }
        if events.is_empty() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    seen
}

async fn source(db: &TestDatabase, finish: &Finish) -> Seen {
    let mut seen = Seen::nothing("log source", db.partitions);
    let heads = LogHeads::watch(db.worker.clone());
    let mut source = LogSource::new(LogReader::new(db.worker.clone()), heads, seen.positions());
    while !seen.finished(finish) {
        if let Ok(events) = tokio::time::timeout(Duration::from_millis(500), source.next()).await {
            seen.see_all(&events.expect("events"));
        }
    }
    seen
}

/// A reader of the shared tail, which reads the log where the tail does not reach back.
async fn tail(db: &TestDatabase, kafka: Option<KafkaOptions>, finish: &Finish) -> Seen {
    let name = if kafka.is_some() { "tail on Kafka" } else { "tail on the log" };
    let (mut seen, cancel) = (Seen::nothing(name, db.partitions), CancellationToken::new());
    let heads = LogHeads::watch(db.worker.clone());
    let options = TailOptions { contexts: vec!["shop".to_owned()], kafka, group: "readers".to_owned() };
    let reader = LogReader::new(db.worker.clone());
    let tail = Tail::start(reader.clone(), heads, options, cancel.clone()).await.expect("a tail");
    let mut changes = tail.changes();
    while !seen.finished(finish) {
        let before = seen.events;
        for (place, position) in seen.positions() {
            match tail.read(&place, position, 500) {
                TailRead::Events(events) => seen.see_all(&events),
                TailRead::Behind => seen.see_all(&reader.after(&[(place, position)], 500).await.expect("a page")),
                TailRead::UpToDate => {}
            }
        }
        if seen.events == before {
            drop(tokio::time::timeout(Duration::from_millis(200), changes.changed()).await);
        }
    }
    cancel.cancel();
    seen
}

/// Another program's consumer of the topic.
fn consumer(kafka: &KafkaOptions, partitions: i32, finish: &Finish) -> Seen {
    let (consumer, mut seen) = (plain_consumer(kafka, "shop", partitions), Seen::nothing("Kafka consumer", partitions));
    while !seen.finished(finish) {
        if let Some(record) = poll(&consumer) {
            let place = Place { context: "shop".to_owned(), partition: record.partition };
            seen.see(&place, record.position(), record.headers["ce_id"].parse().expect("an id"));
        }
    }
    seen
}

async fn write(bus: Arc<CommandBus>, tenant: Uuid, number: usize, budget: Arc<AtomicI64>) -> i64 {
    let mut written = 0;
    while budget.fetch_sub(EVENTS_PER_COMMAND, Ordering::Relaxed) > 0 {
        let body = json!({ "token": number.to_string(), "times": EVENTS_PER_COMMAND });
        bus.execute(request(tenant, "shop", "tally", &format!("w{number}"), "count", &body)).await.expect("accepted");
        written += EVENTS_PER_COMMAND;
    }
    written
}

/// Appends in a transaction of its own, which then stays open for a while and is committed or rolled back.
async fn transaction(connection: &mut PgConnection, tenant: Uuid, open_ms: u32, commit: bool) -> i64 {
    const APPEND: &str = "INSERT INTO postgres_es.events VALUES ('tally', $1, $2, 'counted', '1', '{\"counted\": {\"token\": \"raw\", \"number\": 1}}', '{}')";
    let id = clock::new_id().to_string();
    sqlx::query("BEGIN").execute(&mut *connection).await.expect("begun");
    sqlx::query("SELECT set_config('app.tenant_id', $1, true)").bind(tenant.to_string()).execute(&mut *connection).await.expect("bound");
    for sequence in [1_i64, 2] {
        sqlx::query(APPEND).bind(&id).bind(sequence).execute(&mut *connection).await.expect("appended");
        sqlx::query("SELECT pg_sleep($1 / 2000.0)").bind(f64::from(open_ms)).execute(&mut *connection).await.expect("slept");
    }
    sqlx::query(if commit { "COMMIT" } else { "ROLLBACK" }).execute(&mut *connection).await.expect("ended");
    if commit { 2 } else { 0 }
}

async fn transactions(url: String, tenant: Uuid, number: u32, budget: Arc<AtomicI64>) -> i64 {
    let mut connection = PgConnection::connect(&url).await.expect("connected");
    let mut written = 0;
    // One is held open long, and then rolled back.
    if number == 0 {
        written += transaction(&mut connection, tenant, 3000, false).await;
    }
    if number == 1 {
        written += transaction(&mut connection, tenant, 2000, true).await;
    }
    for round in 0_u32.. {
        if budget.load(Ordering::Relaxed) <= 0 {
            break;
        }
        written += transaction(&mut connection, tenant, (round * 7 + number * 3) % 23, !(round + number).is_multiple_of(3)).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    written
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_reader_ever_skips_or_repeats_an_event() {
    let (db, kafka, finish) = (Arc::new(database().await), kafka(), Finish::default());
    let relay = RelayProcess::start(&db, &kafka);
    let tenants: Vec<Uuid> = (0..TENANTS).map(|_| clock::new_id()).collect();
    let budget = Arc::new(AtomicI64::new(events_wanted()));
    kafka.ensure_topic(&kafka.topic("shop"), db.partitions, Duration::from_secs(10)).await.expect("a topic");
    let reading = {
        let (db, kafka, finish) = (db.clone(), kafka.clone(), finish.clone());
        let plain = {
            let (kafka, finish, partitions) = (kafka.clone(), finish.clone(), db.partitions);
            tokio::task::spawn_blocking(move || consumer(&kafka, partitions, &finish))
        };
        tokio::spawn(async move {
            let (a, b, c, d) =
                tokio::join!(pages(&db, &finish), source(&db, &finish), tail(&db, None, &finish), tail(&db, Some(kafka), &finish));
            [a, b, c, d, plain.await.expect("the plain consumer")]
        })
    };
    let buses = [bus(&db), bus(&db), bus(&db)];
    let begun = Instant::now();
    let mut writing = Vec::new();
    for number in 0..WRITERS {
        writing.push(tokio::spawn(write(buses[number % 3].clone(), tenants[number % TENANTS], number, budget.clone())));
    }
    for number in 0..4 {
        writing.push(tokio::spawn(transactions(
            db.app_url.clone(),
            tenants[usize::try_from(number).expect("small")],
            number,
            budget.clone(),
        )));
    }
    let mut written = 0;
    for task in writing {
        written += task.await.expect("no writer fails");
    }
    let wrote = begun.elapsed();
    let last = heads(&db, "shop").await;
    assert_eq!(last.values().sum::<i64>(), written, "what was acknowledged is what is there");
    finish.set(last).expect("set once");
    let seen =
        tokio::time::timeout(wrote + Duration::from_mins(1), reading).await.expect("readers come to the end").expect("no reader fails");
    for reader in &seen {
        assert_eq!(reader.places, seen[0].places, "{} saw other events", reader.reader);
        assert_eq!(i64::try_from(reader.events).expect("small"), written);
    }
    println!("{written} events by {WRITERS} writers in {wrote:?}; 5 readers done after {:?}: 0 skipped, 0 repeated", begun.elapsed());
    relay.stop().await;
    delete_topics(&kafka).await;
    drop(buses);
    Arc::into_inner(db).expect("all tasks are over").drop().await;
}
