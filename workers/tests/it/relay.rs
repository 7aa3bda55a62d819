//! The relay publishes each event once, in order, as a `CloudEvents` record.

use std::collections::BTreeSet;

use commands::CommandRequest;
use platform::clock;
use serde_json::json;

use crate::support::{RelayProcess, assert_same_as_log, bus, consume, count, database, delete_topics, kafka, request};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_event_is_published_once_in_order_before_and_after_the_relay_starts() {
    let (db, kafka) = (database().await, kafka());
    count(&db, 300, 3).await;
    let relay = RelayProcess::start(&db, &kafka);
    count(&db, 300, 3).await;
    let records = consume(&db, &kafka, "shop").await;
    assert_same_as_log(&db, "shop", &records).await;
    assert_eq!(records.len(), 1800);
    let mut status = relay.status.clone();
    let told = status.wait_for(|status| status.published == 1800);
    tokio::time::timeout(std::time::Duration::from_secs(5), told).await.expect("in time").expect("alive");
    relay.stop().await;
    delete_topics(&kafka).await;
    db.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_is_a_cloudevent_in_binary_mode_keyed_by_the_tenant() {
    let (db, kafka) = (database().await, kafka());
    let relay = RelayProcess::start(&db, &kafka);
    let tenant = clock::new_id();
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let command = CommandRequest {
        correlation_id: Some("order-7".to_owned()),
        causation_id: Some("cause-1".to_owned()),
        traceparent: Some(trace.to_owned()),
        ..request(tenant, "crm", "contact", "ada", "register", &json!({ "given_name": "Ada\u{1F980}" }))
    };
    let receipt = bus(&db).execute(command).await.expect("accepted");
    bus(&db).execute(request(tenant, "crm", "contact", "bob", "register", &json!({ "given_name": "Bob" }))).await.expect("accepted");
    let records = consume(&db, &kafka, "crm").await;
    assert_same_as_log(&db, "crm", &records).await;
    let (full, plain) = (&records[0], &records[1]);
    let partition: i32 = receipt.position.split(['/', '@']).nth(1).and_then(|number| number.parse().ok()).expect("a partition");
    assert_eq!((full.key.as_str(), full.partition), (tenant.to_string().as_str(), partition));
    assert_eq!(full.payload, r#"{"profile":{"given_name":"Ada🦀"}}"#);
    let header = |name: &str| full.headers[name].as_str();
    assert_eq!(header("ce_specversion"), "1.0");
    assert_eq!(header("ce_type"), "crm.contact_registered.v1");
    assert_eq!(header("ce_source"), "/neuroops/crm");
    assert_eq!(header("ce_subject"), "contact/ada");
    assert_eq!(header("ce_tenantid"), tenant.to_string());
    assert_eq!(header("ce_sequence"), receipt.events[0].position.to_string());
    assert_eq!(header("ce_correlationid"), "order-7");
    assert_eq!(header("ce_causationid"), "cause-1");
    assert_eq!(header("ce_traceparent"), trace);
    assert_eq!(header("content-type"), "application/json");
    assert!(header("ce_dataschema").ends_with("/crm.contact_registered.v1.json"));
    let time: chrono::DateTime<chrono::Utc> = header("ce_time").parse().expect("RFC 3339");
    assert_eq!(Some(time.timestamp_millis()), full.timestamp);
    // Without a cause and a trace, their headers are left out; all others are always there.
    let names: BTreeSet<&str> = plain.headers.keys().map(String::as_str).collect();
    for name in [
        "ce_specversion",
        "ce_id",
        "ce_type",
        "ce_source",
        "ce_subject",
        "ce_time",
        "ce_dataschema",
        "ce_tenantid",
        "ce_sequence",
        "ce_correlationid",
        "content-type",
    ] {
        assert!(names.contains(name), "{name}");
    }
    assert!(!names.contains("ce_causationid") && !names.contains("ce_traceparent"));
    relay.stop().await;
    delete_topics(&kafka).await;
    db.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn relays_that_start_together_share_the_partitions_and_publish_one_copy() {
    let (db, kafka) = (database().await, kafka());
    count(&db, 200, 5).await;
    let relays = [RelayProcess::start(&db, &kafka), RelayProcess::start(&db, &kafka), RelayProcess::start(&db, &kafka)];
    for _ in 0..8 {
        count(&db, 100, 5).await;
        // Long enough for leases to change hands while events flow.
        tokio::time::sleep(std::time::Duration::from_millis(400)).await;
    }
    let records = consume(&db, &kafka, "shop").await;
    assert_same_as_log(&db, "shop", &records).await;
    assert_eq!(records.len(), 5000);
    let published: Vec<u64> = relays.iter().map(|relay| relay.status.borrow().published).collect();
    println!("three relays published {published:?} of 5,000 events");
    assert!(published.iter().filter(|count| **count > 0).count() >= 2, "the work is shared: {published:?}");
    for relay in relays {
        relay.stop().await;
    }
    delete_topics(&kafka).await;
    db.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_relay_is_followed_without_a_gap_or_a_repetition() {
    let (db, kafka) = (database().await, kafka());
    count(&db, 1200, 10).await;
    let first = RelayProcess::start(&db, &kafka);
    let mut status = first.status.clone();
    let some = status.wait_for(|status| status.published > 0);
    tokio::time::timeout(std::time::Duration::from_secs(20), some).await.expect("in time").expect("alive");
    first.kill();
    let second = RelayProcess::start(&db, &kafka);
    count(&db, 100, 10).await;
    let records = consume(&db, &kafka, "shop").await;
    assert_same_as_log(&db, "shop", &records).await;
    let by_second = second.status.borrow().published;
    println!("the second relay published {by_second} of 13,000 events");
    assert!(by_second > 0);
    second.stop().await;
    delete_topics(&kafka).await;
    db.drop().await;
}
