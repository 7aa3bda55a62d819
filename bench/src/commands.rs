//! Commands per second, beside `postgres-es` and beside COPY.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use ::commands::{BusOptions, CommandBus, CommandRequest};
use anyhow::{Result, anyhow};
use cqrs_es::CqrsFramework;
use cqrs_es::persist::PersistedEventStore;
use domain::crm::contact::{Contact, ContactCommand};
use domain::kernel::{Actor, CommandSet, CqrsRest, CqrsServices, Loaded, TenantId};
use futures::future::join_all;
use postgres_es::PostgresEventRepository;
use projections::contexts;
use sqlx::postgres::PgPoolOptions;
use sqlx::{Connection, Executor, PgConnection};

use crate::report::Report;
use crate::setup::Bench;

/// Body of the command that is measured.
pub const BODY: &str = r#"{"given_name":"Ada","family_name":"Lovelace","job_title":"Analyst","owner":"sales@example.com","source":"web","tags":["vip","newsletter"]}"#;
const TIME: Duration = Duration::from_secs(6);

/// Measures; answers the highest rate.
pub async fn run(bench: &Bench, report: &mut Report) -> Result<f64> {
    let options = BusOptions { partitions: bench.partitions, ..BusOptions::default() };
    let bus = CommandBus::start(&contexts::domains(), &bench.app, options);
    warm_up(bench, &bus).await?;
    let mut rates = Vec::new();
    for in_flight in [1, 64, 512] {
        let ours = through_bus(bench, &bus, in_flight).await?;
        let theirs = through_postgres_es(bench, in_flight).await?;
        let target = match in_flight {
            1 => "≥ 1",
            512 => "≥ 8",
            _ => "",
        };
        report.add(format!("commands, {in_flight} in flight"), "1/s", ours, "postgres-es", theirs, target);
        rates.push(ours);
    }
    let limit = copy_limit(bench).await?;
    report.add("commands, 512 in flight", "1/s", rates[2], "COPY of the same rows", limit, "≥ 0.5");
    Ok(rates[2])
}

/// The rate with a million events in the log beside the rate with few.
pub async fn growth(bench: &Bench, report: &mut Report) -> Result<()> {
    let fresh = Bench::start().await?;
    let options = BusOptions { partitions: bench.partitions, ..BusOptions::default() };
    let bus = CommandBus::start(&contexts::domains(), &fresh.app, options.clone());
    warm_up(&fresh, &bus).await?;
    fresh.fill(10_000).await?;
    let few = through_bus(&fresh, &bus, 64).await?;
    fresh.fill(1_000_000).await?;
    let many = through_bus(&fresh, &bus, 64).await?;
    report.add("commands, 64 in flight, at 1,000,000 events", "1/s", many, "at 10,000 events", few, "≥ 0.8");
    Ok(())
}

async fn warm_up(bench: &Bench, bus: &Arc<CommandBus>) -> Result<()> {
    for tenant in &bench.tenants {
        bus.execute(request(*tenant)).await.map_err(|error| anyhow!("{error}"))?;
    }
    Ok(())
}

/// The command that is measured.
pub fn request(tenant: uuid::Uuid) -> CommandRequest {
    CommandRequest {
        tenant_id: TenantId(tenant),
        actor: Actor { subject: "bench".to_owned(), roles: Vec::new() },
        context: "crm".to_owned(),
        aggregate: "contact".to_owned(),
        id: None,
        command: "register".to_owned(),
        body: BODY.into(),
        expected_version: None,
        idempotency_key: None,
        correlation_id: None,
        causation_id: None,
        traceparent: None,
    }
}

/// Commands per second with so many in flight.
pub async fn drive<F, Fut>(in_flight: usize, command: F) -> Result<f64>
where
    F: Fn(usize) -> Fut + Clone + Send + 'static,
    Fut: Future<Output = Result<()>> + Send,
{
    let done = Arc::new(AtomicUsize::new(0));
    let started = Instant::now();
    let clients = (0..in_flight).map(|_| {
        let (command, done) = (command.clone(), done.clone());
        tokio::spawn(async move {
            while started.elapsed() < TIME {
                command(done.fetch_add(1, Ordering::Relaxed)).await?;
            }
            Ok::<_, anyhow::Error>(())
        })
    });
    for client in join_all(clients.collect::<Vec<_>>()).await {
        client??;
    }
    Ok(f64::from(u32::try_from(done.load(Ordering::Relaxed))?) / started.elapsed().as_secs_f64())
}

async fn through_bus(bench: &Bench, bus: &Arc<CommandBus>, in_flight: usize) -> Result<f64> {
    let (bus, tenants) = (bus.clone(), bench.tenants.clone());
    drive(in_flight, move |number| {
        let (bus, tenant) = (bus.clone(), tenants[number % tenants.len()]);
        async move { bus.execute(request(tenant)).await.map(drop).map_err(|error| anyhow!("{error}")) }
    })
    .await
}

async fn through_postgres_es(bench: &Bench, in_flight: usize) -> Result<f64> {
    let mut admin = PgConnection::connect(&bench.admin_url).await?;
    admin
        .execute(
            "DROP TABLE IF EXISTS public.events; CREATE TABLE public.events (aggregate_type text NOT NULL, aggregate_id text NOT NULL, \
             sequence bigint CHECK (sequence >= 0) NOT NULL, event_type text NOT NULL, event_version text NOT NULL, payload json NOT NULL, \
             metadata json NOT NULL, PRIMARY KEY (aggregate_type, aggregate_id, sequence))",
        )
        .await?;
    let connections = u32::try_from(in_flight)?.min(32);
    let pool = PgPoolOptions::new().max_connections(connections).acquire_timeout(Duration::from_mins(1)).connect(&bench.admin_url).await?;
    let store = PersistedEventStore::<PostgresEventRepository, Contact>::new_event_store(PostgresEventRepository::new(pool));
    let services = CqrsServices {
        tenant_id: TenantId(bench.tenants[0]),
        aggregate_id: "bench".to_owned(),
        version: 0,
        command_id: platform::clock::new_id(),
        now: platform::clock::now(),
        actor: Actor::default(),
        loaded: Loaded::new(),
        rest: std::sync::Mutex::new(CqrsRest::default()),
    };
    let framework = Arc::new(CqrsFramework::new(store, vec![], services));
    drive(in_flight, move |_| {
        let framework = framework.clone();
        async move {
            let command = ContactCommand::decode("register", BODY.as_bytes())?;
            let metadata = [("actor".to_owned(), "bench".to_owned())].into();
            let id = platform::clock::new_id().to_string();
            framework.execute_with_metadata(&id, command, metadata).await.map_err(|error| anyhow!("{error}"))
        }
    })
    .await
}

/// COPY of rows that the bus has written into an empty table with the same columns, keys and indexes.
async fn copy_limit(bench: &Bench) -> Result<f64> {
    let mut admin = PgConnection::connect(&bench.admin_url).await?;
    admin.execute("CREATE TABLE public.copied (LIKE log.events INCLUDING ALL)").await?;
    let mut text = Vec::new();
    {
        use futures::TryStreamExt;
        let mut out =
            admin.copy_out_raw("COPY (SELECT * FROM log.events ORDER BY context, partition, position LIMIT 100000) TO STDOUT").await?;
        while let Some(chunk) = out.try_next().await? {
            text.extend_from_slice(&chunk);
        }
    }
    let mut best = 0.0_f64;
    for _ in 0..2 {
        admin.execute("TRUNCATE public.copied").await?;
        let started = Instant::now();
        let mut copy = admin.copy_in_raw("COPY public.copied FROM STDIN").await?;
        copy.send(text.as_slice()).await?;
        let rows = copy.finish().await?;
        best = best.max(f64::from(u32::try_from(rows)?) / started.elapsed().as_secs_f64());
    }
    Ok(best)
}
