//! Kafka away, slow, half-open: commands succeed, read models follow the log, health says so; afterwards Kafka holds what the log holds.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use platform::clock;
use platform::kafka::KafkaOptions;
use platform::testing::{Fault, ProxiedKafka, kafka_bootstrap, outage};
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::message::{Headers as _, Message as _};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

use super::rig::{HEALED_MAX, Parts, Rig};
use crate::world::eventually;

const MS: Duration = Duration::from_millis(1);
const SHORT: Duration = Duration::from_secs(1);
/// What a command and its row may take while Kafka is of no use; the switch to the log is made once Kafka is behind for 1.5 s.
const ROW_MAX: Duration = Duration::from_secs(5);

/// Event ids of a topic in order, by partition, as a consumer sees them that shares nothing with the platform.
fn consume(bootstrap: &str, topic: &str, wanted: &HashMap<i32, Vec<String>>) -> HashMap<i32, Vec<String>> {
    let consumer: BaseConsumer =
        ClientConfig::new().set("bootstrap.servers", bootstrap).set("group.id", "outside").create().expect("a consumer");
    let mut assignment = TopicPartitionList::new();
    for partition in wanted.keys() {
        assignment.add_partition_offset(topic, *partition, Offset::Beginning).expect("an offset");
    }
    consumer.assign(&assignment).expect("assigned");
    let (mut found, mut quiet, began) = (HashMap::<i32, Vec<String>>::new(), 0, Instant::now());
    let count = |all: &HashMap<i32, Vec<String>>| all.values().map(Vec::len).sum::<usize>();
    while quiet < 5 {
        match consumer.poll(Duration::from_millis(100)) {
            Some(Ok(message)) => {
                let id = message.headers().and_then(|headers| {
                    let value = headers.iter().find(|header| header.key == "ce_id")?.value?;
                    Some(String::from_utf8_lossy(value).into_owned())
                });
                found.entry(message.partition()).or_default().push(id.expect("an event's id"));
            }
            _ if count(&found) >= count(wanted) => quiet += 1,
            _ => assert!(began.elapsed() < Duration::from_secs(20), "{} of {} records", count(&found), count(wanted)),
        }
    }
    found
}

async fn assert_kafka_is_complete(rig: &Rig, prefix: &str) {
    const LOG: &str = "SELECT partition, event_id::text FROM log.events WHERE context = 'crm' ORDER BY partition, position";
    let rows: Vec<(i32, String)> = sqlx::query_as(LOG).fetch_all(&rig.db.worker).await.expect("the log can be read");
    let mut log: HashMap<i32, Vec<String>> = HashMap::new();
    for (partition, id) in rows {
        log.entry(partition).or_default().push(id);
    }
    let topic = format!("{prefix}.crm");
    let found = tokio::task::block_in_place(|| consume(&kafka_bootstrap(), &topic, &log));
    assert_eq!(found, log, "Kafka holds what the log holds, in order, once");
}

/// Registers contacts as long as the outage lasts; each is visible at once, or nearly.
async fn work(rig: &Rig, lasts: Duration) -> Duration {
    let (began, mut longest) = (Instant::now(), Duration::ZERO);
    while began.elapsed() < lasts {
        let (key, started) = (clock::new_id().to_string(), Instant::now());
        let registered = rig.caller.register(&key).await.expect("the gateway answers");
        assert_eq!(registered.status, 200, "{}", registered.body);
        let row = rig.caller.row(&key, &registered).await.expect("the gateway answers");
        assert_eq!(row.status, 200, "{}", row.body);
        longest = longest.max(started.elapsed());
        tokio::time::sleep(50 * MS).await;
    }
    longest
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_kafka_everything_goes_on_and_kafka_is_completed_afterwards() {
    let kafka = ProxiedKafka::start().await;
    let prefix = format!("outage{}", clock::new_id().simple());
    let options = KafkaOptions { bootstrap: kafka.bootstrap(), prefix: prefix.clone() };
    let rig = Rig::start(Parts { kafka: Some(options), request_max: Some(4 * ROW_MAX), ..Parts::default() }).await;
    let half = |there| Fault::HalfOpen { there, back: true };
    let faults = [Fault::Away, Fault::Reset, half(true), half(false), Fault::Stalled, Fault::Latency { there: 300 * MS, back: 300 * MS }];
    for fault in faults {
        kafka.proxy.set(fault);
        let mut longest = Duration::ZERO;
        if !matches!(fault, Fault::Latency { .. }) {
            let said = async {
                eventually("health says so", async || Some(rig.health_of("kafka").await).filter(|(status, _)| status == "degraded")).await
            };
            let (said, worked) = tokio::join!(said, work(&rig, outage(SHORT)));
            assert!(said.1.contains("Kafka"), "{said:?}");
            assert_eq!(rig.health().await["status"], "degraded");
            longest = longest.max(worked);
        }
        longest = longest.max(work(&rig, outage(SHORT) / 2).await);
        assert!(longest < ROW_MAX, "{fault:?}: a row took {longest:?}");
        kafka.proxy.set(Fault::Nothing);
        let took = rig.healed(&format!("Kafka, {fault:?}, slowest row {} ms", longest.as_millis())).await;
        assert!(took <= HEALED_MAX, "{fault:?}: healed after {took:?}");
    }
    assert_kafka_is_complete(&rig, &prefix).await;
    rig.stop().await;
    KafkaOptions { bootstrap: kafka_bootstrap(), prefix: prefix.clone() }
        .delete_topic(&format!("{prefix}.crm"), Duration::from_secs(10))
        .await
        .expect("deleted");
}
