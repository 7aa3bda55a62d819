//! What the relay does about topics that are not as they should be.

use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};

use crate::support::{RelayProcess, assert_same_as_log, consume, count, database, delete_topics, eventually, kafka};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_topic_that_was_deleted_is_filled_again() {
    let (db, kafka) = (database().await, kafka());
    count(&db, 100, 3).await;
    let relay = RelayProcess::start(&db, &kafka);
    assert_eq!(consume(&db, &kafka, "shop").await.len(), 300);
    let topic = kafka.topic("shop");
    kafka.delete_topic(&topic, Duration::from_secs(10)).await.expect("deleted");
    count(&db, 10, 3).await;
    eventually("the topic is there again", async || {
        let (kafka, topic) = (kafka.clone(), topic.clone());
        let found = tokio::task::spawn_blocking(move || kafka.partitions(&topic, Duration::from_secs(5))).await.expect("asked");
        (found.expect("answered") == 4).then_some(())
    })
    .await;
    let records = consume(&db, &kafka, "shop").await;
    assert_same_as_log(&db, "shop", &records).await;
    assert_eq!(records.len(), 330);
    relay.stop().await;
    delete_topics(&kafka).await;
    db.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_topic_with_another_number_of_partitions_is_reported_until_it_is_gone() {
    let (db, kafka) = (database().await, kafka());
    count(&db, 20, 1).await;
    kafka.ensure_topic(&kafka.topic("shop"), 3, Duration::from_secs(10)).await.expect("made");
    let relay = RelayProcess::start(&db, &kafka);
    let trouble = relay.trouble("3 partitions").await;
    assert!(trouble.contains(&kafka.topic("shop")) && trouble.contains("the log has 4") && trouble.contains("kafka refill"), "{trouble}");
    kafka.delete_topic(&kafka.topic("shop"), Duration::from_secs(10)).await.expect("deleted");
    let mut status = relay.status.clone();
    let well = status.wait_for(|status| status.trouble.is_none() && status.published == 20);
    tokio::time::timeout(Duration::from_secs(20), well).await.expect("in time").expect("alive");
    relay.stop().await;
    delete_topics(&kafka).await;
    db.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_topic_that_another_log_filled_is_reported_and_left_alone() {
    let (db, other, kafka) = (database().await, database().await, kafka());
    count(&other, 40, 3).await;
    let relay = RelayProcess::start(&other, &kafka);
    let before = consume(&other, &kafka, "shop").await;
    relay.stop().await;

    count(&db, 100, 3).await;
    let relay = RelayProcess::start(&db, &kafka);
    let trouble = relay.trouble("another database").await;
    assert!(trouble.contains(&kafka.topic("shop")) && trouble.contains("KAFKA_TOPIC_PREFIX"), "{trouble}");
    assert_eq!(relay.status.borrow().published, 0);
    relay.stop().await;
    let mut after = consume(&other, &kafka, "shop").await;
    let mut expected = before;
    let order = |a: &crate::support::Record, b: &crate::support::Record| (a.partition, a.offset).cmp(&(b.partition, b.offset));
    after.sort_by(order);
    expected.sort_by(order);
    assert_eq!(after, expected, "nothing was added to the other log's topic");
    delete_topics(&kafka).await;
    other.drop().await;
    db.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_topic_with_records_of_a_stranger_is_reported() {
    let (db, kafka) = (database().await, kafka());
    count(&db, 40, 1).await;
    let topic = kafka.topic("shop");
    kafka.ensure_topic(&topic, 4, Duration::from_secs(10)).await.expect("made");
    let (bootstrap, name) = (kafka.bootstrap.clone(), topic.clone());
    let produced = tokio::task::spawn_blocking(move || {
        let producer: BaseProducer = ClientConfig::new().set("bootstrap.servers", bootstrap).create().expect("a producer");
        for partition in 0..4 {
            producer.send(BaseRecord::to(&name).partition(partition).key("k").payload("not an event")).expect("sent");
        }
        producer.flush(Duration::from_secs(10))
    });
    produced.await.expect("no panic").expect("flushed");
    let relay = RelayProcess::start(&db, &kafka);
    let trouble = relay.trouble("another database").await;
    assert!(trouble.contains(&topic), "{trouble}");
    relay.stop().await;
    delete_topics(&kafka).await;
    db.drop().await;
}
