//! From the acknowledgement of a command to the row that a user sees, beside the floor: one durable insert, one produce and consume,
//! and one more insert, measured alongside.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use ::commands::{BusOptions, CommandBus};
use anyhow::{Context as _, Result, anyhow};
use hdrhistogram::Histogram;
use platform::kafka::KafkaOptions;
use projections::contexts;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::producer::{BaseRecord, DefaultProducerContext, ThreadedProducer};
use rdkafka::{Message, Offset, TopicPartitionList};
use sqlx::{Connection, Executor, PgConnection};
use workers::{Roles, WorkerOptions, Workers};

use crate::commands::request;
use crate::report::Report;
use crate::setup::Bench;

const SAMPLES: usize = 300;

/// Measures, idle and at half of `rate_max` commands per second.
pub async fn run(bench: &Bench, report: &mut Report, rate_max: f64) -> Result<()> {
    let kafka = KafkaOptions { bootstrap: bench.bootstrap.clone(), prefix: format!("lat{}", platform::clock::new_id().simple()) };
    let contexts: Vec<String> = contexts::context_types().into_iter().map(|(name, _)| name).collect();
    let workers = Workers::start(WorkerOptions {
        pool: bench.worker.clone(),
        kafka: Some(kafka.clone()),
        contexts,
        projections: contexts::projections(),
        partitions: bench.partitions,
        automation: None,
        notary: None,
        roles: Roles::ALL,
    })
    .await?;
    let bus = CommandBus::start(&contexts::domains(), &bench.app, BusOptions { partitions: bench.partitions, ..BusOptions::default() });
    settle(bench, &bus).await?;
    let floor = floor(bench, &kafka).await?;
    let idle = visible(bench, &bus).await?;
    #[expect(clippy::cast_precision_loss, reason = "microseconds of a benchmark")]
    let milliseconds = |histogram: &Histogram<u64>, quantile: f64| histogram.value_at_quantile(quantile) as f64 / 1000.0;
    for (quantile, name, target) in [(0.5, "p50", "≤ 3"), (0.99, "p99", "≤ 6")] {
        report.add(
            format!("acknowledged → visible, idle, {name}"),
            "ms",
            milliseconds(&idle, quantile),
            format!("floor, {name}"),
            milliseconds(&floor, quantile),
            target,
        );
    }
    let stop = Arc::new(AtomicBool::new(false));
    let load = load(bench, &bus, rate_max / 2.0, &stop);
    tokio::time::sleep(Duration::from_secs(2)).await;
    let busy = visible(bench, &bus).await?;
    stop.store(true, Ordering::Relaxed);
    for task in load {
        task.await?;
    }
    for (quantile, name) in [(0.5, "p50"), (0.99, "p99")] {
        report.add(
            format!("acknowledged → visible, half load, {name}"),
            "ms",
            milliseconds(&busy, quantile),
            format!("floor, {name}"),
            milliseconds(&floor, quantile),
            "",
        );
    }
    workers.stop().await;
    Ok(())
}

/// Waits until the projections have caught up with what earlier parts of the run left.
async fn settle(bench: &Bench, bus: &Arc<CommandBus>) -> Result<()> {
    bus.execute(request(bench.tenants[0])).await.map_err(|error| anyhow!("{error}"))?;
    let started = Instant::now();
    loop {
        let behind: Option<i64> = sqlx::query_scalar(
            "SELECT sum(h.position - c.position)::bigint FROM runtime.checkpoints c JOIN log.heads h ON h.context = c.context AND h.partition = c.partition",
        )
        .fetch_one(&bench.worker)
        .await?;
        if behind == Some(0) {
            return Ok(());
        }
        if started.elapsed() > Duration::from_mins(5) {
            return Err(anyhow!("the projections do not catch up: {behind:?} events behind"));
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

async fn visible(bench: &Bench, bus: &Arc<CommandBus>) -> Result<Histogram<u64>> {
    let mut histogram = Histogram::new(3)?;
    let mut connection = PgConnection::connect(&bench.admin_url).await?;
    for sample in 0..SAMPLES {
        let tenant = bench.tenants[sample % bench.tenants.len()];
        let receipt = bus.execute(request(tenant)).await.map_err(|error| anyhow!("{error}"))?;
        let acknowledged = Instant::now();
        loop {
            let seen: Option<i32> = sqlx::query_scalar("SELECT 1 FROM crm_contact_list WHERE tenant_id = $1 AND id = $2")
                .bind(tenant)
                .bind(&receipt.id)
                .fetch_optional(&mut connection)
                .await?;
            if seen.is_some() {
                break;
            }
            if acknowledged.elapsed() > Duration::from_mins(1) {
                return Err(anyhow!("a row does not become visible"));
            }
            // tokio's timers are too coarse for this.
            tokio::task::block_in_place(|| std::thread::sleep(Duration::from_micros(150)));
        }
        histogram.record(u64::try_from(acknowledged.elapsed().as_micros())?)?;
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Ok(histogram)
}

fn load(bench: &Bench, bus: &Arc<CommandBus>, rate: f64, stop: &Arc<AtomicBool>) -> Vec<tokio::task::JoinHandle<()>> {
    const CLIENTS: u32 = 64;
    let pause = Duration::from_secs_f64(f64::from(CLIENTS) / rate);
    let client = |number: u32| {
        let (bus, stop, tenants) = (bus.clone(), stop.clone(), bench.tenants.clone());
        tokio::spawn(async move {
            let mut turn = tokio::time::interval(pause);
            let mut count = number as usize;
            while !stop.load(Ordering::Relaxed) {
                turn.tick().await;
                drop(bus.execute(request(tenants[count % tenants.len()])).await);
                count += 7;
            }
        })
    };
    (0..CLIENTS).map(client).collect()
}

/// What nobody can go below with these servers: each step alone, one after the other.
async fn floor(bench: &Bench, kafka: &KafkaOptions) -> Result<Histogram<u64>> {
    let mut histogram = Histogram::new(3)?;
    let mut connection = PgConnection::connect(&bench.admin_url).await?;
    connection.execute("CREATE TABLE IF NOT EXISTS public.floor (id bigserial PRIMARY KEY, payload json)").await?;
    let topic = format!("{}.floor", kafka.prefix);
    kafka.ensure_topic(&topic, 1, Duration::from_secs(10)).await?;
    let producer: ThreadedProducer<DefaultProducerContext> = kafka.producer(Duration::from_secs(10)).create()?;
    let consumer: BaseConsumer = kafka.consumer("floor").create()?;
    let mut assignment = TopicPartitionList::new();
    assignment.add_partition_offset(&topic, 0, Offset::Beginning)?;
    consumer.assign(&assignment)?;
    for sample in 0..SAMPLES + 20 {
        let started = Instant::now();
        insert(&mut connection).await?;
        producer.send(BaseRecord::<str, str>::to(&topic).payload(crate::commands::BODY)).map_err(|(error, _)| error)?;
        let message = tokio::task::block_in_place(|| consumer.poll(Duration::from_secs(10))).context("nothing was consumed")??;
        message.payload().context("an empty record")?;
        insert(&mut connection).await?;
        // The first rounds connect, plan and warm up.
        if sample >= 20 {
            histogram.record(u64::try_from(started.elapsed().as_micros())?)?;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Ok(histogram)
}

async fn insert(connection: &mut PgConnection) -> Result<()> {
    sqlx::query("INSERT INTO public.floor (payload) VALUES ($1::json)").bind(crate::commands::BODY).execute(connection).await?;
    Ok(())
}
