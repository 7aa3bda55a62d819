//! Events per second through the relay, beside a bare producer that sends the same bytes to the same broker.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use platform::kafka::KafkaOptions;
use projections::contexts;
use projections::runtime::{LogReader, Place};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer as _, ThreadedProducer};
use workers::{Roles, WorkerOptions, Workers};

use crate::report::Report;
use crate::setup::Bench;

const TIMEOUT: Duration = Duration::from_secs(30);

/// Measures.
pub async fn run(bench: &Bench, report: &mut Report) -> Result<()> {
    let events = bench.fill(200_000).await?;
    let ours = through_relay(bench, events).await?;
    let bare = bare_producer(bench, events).await?;
    report.add("relay", "events/s", ours, "bare rdkafka producer, same bytes", bare, "≥ 0.6");
    Ok(())
}

async fn through_relay(bench: &Bench, events: i64) -> Result<f64> {
    let kafka = KafkaOptions { bootstrap: bench.bootstrap.clone(), prefix: format!("bench{}", platform::clock::new_id().simple()) };
    let contexts: Vec<String> = contexts::context_types().into_iter().map(|(name, _)| name).collect();
    for context in &contexts {
        kafka.ensure_topic(&kafka.topic(context), bench.partitions, TIMEOUT).await?;
    }
    let workers = Workers::start(WorkerOptions {
        pool: bench.worker.clone(),
        kafka: Some(kafka.clone()),
        contexts,
        projections: Vec::new(),
        partitions: bench.partitions,
        automation: None,
        notary: None,
        roles: Roles { relay: true, ..Roles::NONE },
    })
    .await?;
    let health = workers.health();
    // From the first record to the last: taking the leases and reading the empty tails is not relaying.
    while health.published() == 0 {
        tokio::time::sleep(Duration::from_micros(200)).await;
    }
    let (started, before) = (Instant::now(), health.published());
    while i64::try_from(health.published())? < events {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let rate = f64::from(u32::try_from(events - i64::try_from(before)?)?) / started.elapsed().as_secs_f64();
    workers.stop().await;
    Ok(rate)
}

async fn bare_producer(bench: &Bench, events: i64) -> Result<f64> {
    let kafka = KafkaOptions { bootstrap: bench.bootstrap.clone(), prefix: format!("bare{}", platform::clock::new_id().simple()) };
    let topic = kafka.topic("crm");
    kafka.ensure_topic(&topic, bench.partitions, TIMEOUT).await?;
    let log = LogReader::new(bench.worker.clone());
    let mut records = Vec::new();
    for partition in 0..bench.partitions {
        let place = Place { context: "crm".to_owned(), partition };
        for event in log.after(&[(place, 0)], events).await? {
            let headers = workers::relay::record_headers(&event);
            records.push((partition, event.tenant_id.partition_key(), event.payload.clone(), headers));
        }
    }
    let producer: ThreadedProducer<DefaultProducerContext> = kafka.producer(TIMEOUT).create()?;
    let started = Instant::now();
    for (partition, key, payload, headers) in &records {
        let mut own = OwnedHeaders::new_with_capacity(headers.len());
        for (key, value) in headers {
            own = own.insert(Header { key, value: Some(value) });
        }
        let mut record = BaseRecord::to(&topic).partition(*partition).key(key.as_str()).payload(payload.as_str()).headers(own);
        while let Err((_, returned)) = producer.send(record) {
            record = returned;
            std::thread::sleep(Duration::from_micros(500));
        }
    }
    producer.flush(TIMEOUT).context("the bare producer did not deliver")?;
    Ok(f64::from(u32::try_from(records.len())?) / started.elapsed().as_secs_f64())
}
