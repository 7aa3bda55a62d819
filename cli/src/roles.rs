//! Gateways and workers, alone or together.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::{Args, ValueEnum};
use commands::{BusOptions, CommandBus};
use futures::FutureExt as _;
use gateway::exports::{Exporter, ExporterOptions, FileStore};
use gateway::{ConnectionLimits, GatewayOptions, GatewayParts, GatewayState, Health, Probe, Vitals};
use platform::config::Config;
use platform::kafka::KafkaOptions;
use platform::redis::Redis;
use platform::{postgres, telemetry};
use projections::contexts;
use sqlx::PgPool;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use workers::{Roles, WorkerHealth, WorkerOptions, Workers};

/// Connections of a gateway: its lanes, its loaders, and the queries of its users.
const GATEWAY_CONNECTIONS: u32 = 24;
/// Connections of a worker process.
const WORKER_CONNECTIONS: u32 = 24;
/// Connections of the exporter in each of its two roles.
const EXPORTER_CONNECTIONS: u32 = 6;

/// Connections of those who look after a worker.
const VITALS_LIMITS: ConnectionLimits = ConnectionLimits {
    count_max: 100,
    idle_max: Duration::from_secs(90),
    request_max: Duration::from_secs(30),
    stall_max: Duration::from_secs(30),
};

/// A role of a worker process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum WorkRole {
    /// Carries the log to Kafka.
    Relay,
    /// Fills the read models.
    Projectors,
    /// Deletes what may be forgotten, such as expired idempotency keys.
    Janitor,
    /// Writes exports into EXPORT_DIR; runs where that is set.
    Exports,
}

/// `neuroops work`
#[derive(Args)]
pub struct WorkArgs {
    /// Run only these, separated by commas; all of them without it.
    #[arg(long, value_delimiter = ',', value_name = "ROLES")]
    only: Vec<WorkRole>,
    /// Answer /health/live, /health/ready and /metrics at this address, such as 127.0.0.1:9090 [env: `METRICS_ADDR`].
    #[arg(long, value_name = "ADDRESS")]
    metrics_addr: Option<SocketAddr>,
}

/// What a gateway is started with.
pub struct GatewaySettings {
    /// Connection string of the application role.
    pub database_url: String,
    /// Signs access tokens.
    pub jwt_secret: String,
    /// The folder of exports.
    pub export_dir: Option<PathBuf>,
    /// Dependencies besides Postgres.
    pub probes: Vec<(&'static str, Probe)>,
}

/// A gateway that listens.
pub struct Gateway {
    /// Where.
    pub address: SocketAddr,
    shutdown: CancellationToken,
    task: tokio::task::JoinHandle<std::io::Result<()>>,
}

impl Gateway {
    /// Binds the address and serves.
    pub async fn start(config: &Config, settings: GatewaySettings, listener: TcpListener) -> Result<Self> {
        let pool = postgres::pool(&settings.database_url, GATEWAY_CONNECTIONS)?;
        let partitions = wait_for_postgres(&pool).await?;
        let lanes = usize::try_from(config.appender_lanes)?;
        let bus = CommandBus::start(&contexts::domains(), &pool, BusOptions { partitions, lanes, ..BusOptions::default() });
        let shutdown = CancellationToken::new();
        let address = listener.local_addr()?;
        let mut options = GatewayOptions::new(settings.jwt_secret);
        options.addr = address;
        options.body_bytes_max = config.http_body_bytes_max;
        options.request_timeout = Duration::from_secs(config.http_timeout_seconds);
        options.cors_origins = config.frontend_url.iter().cloned().collect();
        options.export_dir = settings.export_dir;
        options.redis = config.redis_url.as_ref().map(Redis::start).transpose().context("REDIS_URL cannot be used")?;
        let limits = options.connection_limits();
        let state = GatewayState::start(GatewayParts {
            options,
            pool,
            bus,
            contexts: contexts::CONTEXTS,
            metrics: telemetry::init_metrics(),
            probes: settings.probes,
            shutdown: shutdown.clone(),
        });
        let served = gateway::serve(listener, gateway::router(state), limits, shutdown.clone());
        Ok(Self { address, shutdown, task: tokio::spawn(served) })
    }

    /// Lets requests finish and stops.
    pub async fn stop(self) -> Result<()> {
        self.shutdown.cancel();
        Ok(self.task.await??)
    }
}

/// Binds a listener with a message that helps; `variable` is the setting that holds the address.
pub async fn bind(address: SocketAddr, variable: &str) -> Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| {
        format!("{address} cannot be listened on; another program may use the port: stop it or set {variable} to another address")
    })
}

/// Waits a little for Postgres, so that processes may be started in any order.
async fn wait_for_postgres(pool: &PgPool) -> Result<i32> {
    let mut tries = 0;
    loop {
        match postgres::check(pool).await {
            Err(postgres::DatabaseError::Connect(error)) if tries < 20 => {
                if tries == 0 {
                    tracing::warn!(%error, "waiting for Postgres");
                }
                tries += 1;
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
            result => return Ok(result?),
        }
    }
}

/// Starts workers.
pub async fn start_workers(database_url: &str, kafka: Option<KafkaOptions>, roles: Roles) -> Result<Workers> {
    let pool = postgres::worker_pool(database_url, WORKER_CONNECTIONS)?;
    let partitions = wait_for_postgres(&pool).await?;
    let contexts = contexts::context_types().into_iter().map(|(name, _)| name).collect();
    let projections = contexts::projections();
    Ok(Workers::start(WorkerOptions { pool, kafka, contexts, projections, partitions, roles }).await?)
}

/// Starts the worker that writes exports.
pub async fn start_exporter(config: &Config, database_url: &str, worker_url: &str, folder: &Path) -> Result<Exporter> {
    let (app, worker) = (postgres::pool(database_url, EXPORTER_CONNECTIONS)?, postgres::worker_pool(worker_url, EXPORTER_CONNECTIONS)?);
    let partitions = wait_for_postgres(&app).await?;
    let bus = CommandBus::start(&contexts::domains(), &app, BusOptions { partitions, lanes: 1, cached_states_max: 100 });
    let store = FileStore::open(folder).with_context(|| format!("{} cannot be used for exports; check EXPORT_DIR", folder.display()))?;
    Ok(Exporter::start(ExporterOptions {
        app,
        worker,
        bus,
        contexts: contexts::CONTEXTS,
        store: Arc::new(store),
        kept_days: config.export_keep_days,
        file_rows_max: ExporterOptions::FILE_ROWS_MAX,
        at_once: ExporterOptions::AT_ONCE,
    }))
}

/// How the exporter of this process is, for health.
pub fn exporter_probe(exporter: &Exporter) -> Probe {
    let trouble = exporter.trouble();
    Arc::new(move || std::future::ready(trouble().map_or_else(Health::ok, Health::degraded)).boxed())
}

/// The probes of workers that run in the same process as a gateway.
pub fn probes(health: &WorkerHealth) -> Vec<(&'static str, Probe)> {
    let probe = |trouble: fn(&WorkerHealth) -> Option<String>| -> Probe {
        let health = health.clone();
        Arc::new(move || std::future::ready(trouble(&health).map_or_else(Health::ok, Health::degraded)).boxed())
    };
    vec![("kafka", probe(WorkerHealth::kafka_trouble)), ("projections", probe(WorkerHealth::projector_trouble))]
}

/// `neuroops serve`
pub async fn serve(config: &Config) -> Result<()> {
    let settings = GatewaySettings {
        database_url: config.require_database()?.expose().to_owned(),
        jwt_secret: config.require_jwt_secret()?.expose().to_owned(),
        export_dir: config.export_dir.clone(),
        probes: Vec::new(),
    };
    let gateway = Gateway::start(config, settings, bind(config.http_addr, "HTTP_ADDR").await?).await?;
    println!("listening on http://{}", gateway.address);
    stop_signal().await?;
    gateway.stop().await
}

/// `neuroops work`
pub async fn work(config: &Config, args: &WorkArgs) -> Result<()> {
    let runs = |role| args.only.is_empty() || args.only.contains(&role);
    let roles = Roles { relay: runs(WorkRole::Relay), projectors: runs(WorkRole::Projectors), janitor: runs(WorkRole::Janitor) };
    let bootstrap = if roles.relay { Some(config.require_kafka()?) } else { config.kafka_bootstrap_servers.as_deref() };
    let kafka = bootstrap.map(|bootstrap| KafkaOptions { bootstrap: bootstrap.to_owned(), prefix: config.kafka_topic_prefix.clone() });
    let database = config.require_database_worker()?.expose();
    let exports = if args.only.contains(&WorkRole::Exports) {
        Some((config.require_export_dir()?, config.require_database()?))
    } else {
        config.export_dir.as_ref().zip(config.database_url.as_ref()).filter(|_| args.only.is_empty())
    };
    // Before anything is started: an occupied port should cost nothing, and what is measured early should be counted.
    let watched = match args.metrics_addr.or(config.metrics_addr) {
        Some(address) => Some((bind(address, "METRICS_ADDR").await?, telemetry::init_metrics())),
        None => None,
    };
    let workers = start_workers(database, kafka, roles).await?;
    let exporter = match exports {
        Some((folder, app)) => Some(start_exporter(config, app.expose(), database, folder).await?),
        None => None,
    };
    let shutdown = CancellationToken::new();
    if let Some((listener, metrics)) = watched {
        println!("health and metrics on http://{}", listener.local_addr()?);
        let mut probes = probes(&workers.health());
        probes.extend(exporter.as_ref().map(|exporter| ("exports", exporter_probe(exporter))));
        let router = gateway::vitals_router(Vitals::new(postgres::pool(database, 1)?, probes, metrics));
        tokio::spawn(gateway::serve(listener, router, VITALS_LIMITS, shutdown.clone()));
    }
    println!("working");
    stop_signal().await?;
    shutdown.cancel();
    if let Some(exporter) = exporter {
        exporter.stop().await;
    }
    workers.stop().await;
    Ok(())
}

/// Waits for Ctrl-C or SIGTERM.
pub async fn stop_signal() -> Result<()> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        result = tokio::signal::ctrl_c() => result?,
        _ = terminate.recv() => {}
    }
    Ok(())
}
