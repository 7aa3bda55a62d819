//! What the notary can record, beside what can be appended; and how long a proof takes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ::commands::{BusOptions, CommandBus};
use anyhow::{Context as _, Result, anyhow, ensure};
use domain::kernel::{TenantId, partition_of};
use hdrhistogram::Histogram;
use platform::proofs::note::SigningKey;
use platform::proofs::{spans, store};
use platform::tenant_tx::TenantTx;
use projections::contexts;
use sqlx::{Connection as _, PgConnection};
use uuid::Uuid;
use workers::notary::NotaryOptions;
use workers::{Roles, WorkerOptions, Workers};

use crate::commands::{drive, request};
use crate::report::Report;
use crate::setup::Bench;

/// Events of the history that proofs are made of.
const EVENTS: i64 = 1_000_000;
/// Proofs that are made.
const PROOFS: usize = 5000;

/// Measures, in a database of its own.
pub async fn run(report: &mut Report) -> Result<()> {
    let bench = Bench::start().await?;
    let bus = CommandBus::start(&contexts::domains(), &bench.app, BusOptions { partitions: bench.partitions, ..BusOptions::default() });
    for tenant in &bench.tenants {
        bus.execute(request(*tenant)).await.map_err(|error| anyhow!("{error}"))?;
    }
    let alone = append(&bench, &bus).await?;
    let ours = drain(&bench).await?;
    report.add("notary, events recorded", "events/s", ours, "events appended, 512 in flight", alone, "≥ 1");
    let workers = notary(&bench).await?;
    let beside = append(&bench, &bus).await?;
    report.add("commands, 512 in flight, with a notary", "1/s", beside, "without", alone, "");
    workers.stop().await;
    drain(&bench).await?;
    let tenant = grow(&bench).await?;
    let times = proofs(&bench, tenant).await?;
    #[expect(clippy::cast_precision_loss, reason = "microseconds of a benchmark")]
    let p99 = times.value_at_quantile(0.99) as f64 / 1000.0;
    report.add("inclusion proof at 1,000,000 events, p99", "ms", p99, "what is allowed", 10.0, "≤ 1");
    Ok(())
}

async fn append(bench: &Bench, bus: &Arc<CommandBus>) -> Result<f64> {
    let (bus, tenants) = (bus.clone(), bench.tenants.clone());
    drive(512, move |number| {
        let (bus, tenant) = (bus.clone(), tenants[number % tenants.len()]);
        async move { bus.execute(request(tenant)).await.map(drop).map_err(|error| anyhow!("{error}")) }
    })
    .await
}

async fn notary(bench: &Bench) -> Result<Workers> {
    let keys = [SigningKey::from_hex(&"07".repeat(32))?];
    let options = WorkerOptions {
        pool: bench.worker.clone(),
        kafka: None,
        contexts: contexts::context_types().into_iter().map(|(name, _)| name).collect(),
        projections: Vec::new(),
        partitions: bench.partitions,
        automation: None,
        notary: Some(NotaryOptions { keys: keys.into(), checkpoint_every: Duration::from_secs(1) }),
        roles: Roles { notary: true, ..Roles::NONE },
    };
    Ok(Workers::start(options).await?)
}

/// Lets a notary record what is in the log, until everything is recorded and signed; answers events per second from the first one to the last.
async fn drain(bench: &Bench) -> Result<f64> {
    const LEFT: &str = "SELECT (SELECT sum(position)::bigint FROM log.heads), (SELECT coalesce(sum(size), 0)::bigint FROM audit.trees), \
        (SELECT count(*) FROM audit.trees WHERE size > signed_size)";
    let workers = notary(bench).await?;
    let (mut first, mut rate) = (None, 0.0);
    loop {
        let (events, recorded, unsigned): (i64, i64, i64) = sqlx::query_as(LEFT).fetch_one(&bench.worker).await?;
        let (started, before) = *first.get_or_insert((Instant::now(), recorded));
        // Taking the leases is not recording.
        if recorded == before {
            first = Some((Instant::now(), recorded));
        } else if events > recorded {
            rate = f64::from(i32::try_from(recorded - before)?) / started.elapsed().as_secs_f64();
        }
        if events == recorded && unsigned == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    workers.stop().await;
    Ok(rate)
}

/// Gives one tenant a long history, of copies of an event that was appended, and has it recorded.
async fn grow(bench: &Bench) -> Result<Uuid> {
    const COPY: &str = "WITH h AS (UPDATE log.heads SET position = position + $3 WHERE context = 'crm' AND partition = $2 RETURNING position), \
            e AS (SELECT * FROM log.events WHERE context = 'crm' ORDER BY partition, position LIMIT 1) \
        INSERT INTO log.events (context, partition, position, event_id, tenant_id, aggregate_type, aggregate_id, sequence, event_type, event_version, \
            payload, metadata, recorded_at) \
        SELECT e.context, $2, h.position - $3 + n, gen_random_uuid(), $1, e.aggregate_type, 'c' || n, 1, e.event_type, e.event_version, e.payload, \
            e.metadata, now() FROM h, e, generate_series(1, $3) n";
    let tenant = platform::clock::new_id();
    let partition = partition_of(&TenantId(tenant).partition_key(), bench.partitions);
    let mut admin = PgConnection::connect(&bench.admin_url).await?;
    sqlx::query(COPY).bind(tenant).bind(partition).bind(EVENTS).execute(&mut admin).await?;
    drain(bench).await?;
    Ok(tenant)
}

/// Makes proofs of events here and there, with the statements of `GET /v1/audit/events/{event_id}/proof`.
async fn proofs(bench: &Bench, tenant: Uuid) -> Result<Histogram<u64>> {
    let mut times = Histogram::new(3)?;
    let mut tx = TenantTx::begin_by_key(&bench.app, tenant).await?;
    let events: Vec<Uuid> = sqlx::query_scalar("SELECT event_id FROM audit.leaves WHERE tenant_id = $1 ORDER BY leaf_hash LIMIT $2")
        .bind(tenant)
        .bind(i64::try_from(PROOFS)?)
        .fetch_all(&mut *tx)
        .await?;
    tx.commit().await?;
    ensure!(events.len() == PROOFS, "the history is too short");
    for event in events {
        let started = Instant::now();
        let mut tx = TenantTx::begin_by_key(&bench.app, tenant).await?;
        let index = store::index_of(&mut tx, tenant, event).await?.context("a leaf")?;
        let (size, _) = store::last_checkpoint(&mut tx, tenant).await?.context("a checkpoint")?;
        let entry = store::entries(&mut tx, tenant, index, index + 1).await?.pop();
        ensure!(entry.is_some_and(|entry| entry.record.is_some()), "the event is there");
        let spans = spans::of_inclusion(index.unsigned_abs(), size.unsigned_abs());
        let hashes = store::hashes(&mut tx, tenant, &spans).await?;
        tx.commit().await?;
        ensure!(hashes.len() >= 19, "a proof of {} hashes", hashes.len());
        times.record(u64::try_from(started.elapsed().as_micros())?)?;
    }
    Ok(times)
}
