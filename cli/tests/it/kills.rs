//! Kill -9 of the platform, of Postgres and of Kafka while it works.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::sync::RwLock;

use crate::platform::{Load, Platform};

/// Waits until the load gets on again, and tells how long that took.
async fn goes_on(load: &Load, what: &str) -> Duration {
    let (started, before) = (Instant::now(), load.acknowledged_so_far().await);
    while load.acknowledged_so_far().await < before + 50 {
        assert!(started.elapsed() < Duration::from_secs(45), "commands are accepted again after {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    started.elapsed()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_acknowledged_is_lost_repeated_or_out_of_order_when_anything_is_killed() {
    let platform = Arc::new(RwLock::new(Platform::start().await));
    let load = Load::start(&platform, 12);
    goes_on(&load, "the start").await;

    platform.write().await.kill_and_restart().await;
    println!("platform killed: commands are accepted again after {:?}", goes_on(&load, "the platform was killed").await);
    platform.read().await.signal("postgres", "-KILL");
    println!("Postgres killed: commands are accepted again after {:?}", goes_on(&load, "Postgres was killed").await);
    platform.read().await.signal("kafka.Kafka", "-KILL");
    println!("Kafka killed: commands are accepted again after {:?}", goes_on(&load, "Kafka was killed").await);
    goes_on(&load, "all of it").await;
    let acknowledged = load.stop().await;

    let platform = platform.read().await;
    let log = platform.log().await;
    let positions: Vec<i64> = log.iter().map(|(position, _, _)| *position).collect();
    assert_eq!(positions, (1..=positions.len() as i64).collect::<Vec<_>>(), "the log has no gap");
    // Every client repeats a key until it is answered, so in the end all commands are acknowledged, and each stands in the log once.
    assert_eq!(log.len(), acknowledged.len(), "one event for each key, no more");
    for (key, answer) in &acknowledged {
        let receipt: Value = serde_json::from_str(answer).expect("a receipt");
        let position = receipt["events"][0]["position"].as_i64().expect("a position");
        let (_, _, aggregate) = &log[usize::try_from(position - 1).expect("an index")];
        assert_eq!(receipt["id"], aggregate.as_str(), "{key} stands where its answer says");
    }
    let records = tokio::task::block_in_place(|| platform.kafka(log.len()));
    let expected: Vec<(i64, String)> = log.iter().map(|(position, event, _)| (*position, event.clone())).collect();
    assert_eq!(records.len(), expected.len(), "Kafka holds every event once");
    assert_eq!(records, expected, "Kafka holds the log in order");
    let contacts = platform.contacts().await;
    let aggregates: HashSet<&String> = log.iter().map(|(_, _, aggregate)| aggregate).collect();
    assert_eq!(contacts.iter().collect::<HashSet<_>>(), aggregates, "the read model is the fold of the log");
    assert_eq!(contacts.len(), aggregates.len());
    println!("{} commands", acknowledged.len());
}
