//! Gateways and workers, alone or together.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::{Args, ValueEnum};
use commands::{BusOptions, CommandBus};
use domain::processes::PROCESSES;
use futures::FutureExt as _;
use gateway::exports::{Exporter, ExporterOptions, FileStore};
use gateway::{ConnectionLimits, GatewayOptions, GatewayParts, GatewayState, Health, Probe, Vitals};
use neuroops_stripe::Stripe;
use platform::config::{Config, Secret};
use platform::kafka::KafkaOptions;
use platform::proofs::note::SigningKey;
use platform::redis::Redis;
use platform::{postgres, telemetry};
use projections::contexts;
use sqlx::PgPool;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use workers::notary::NotaryOptions;
use workers::processes::Effects;
use workers::{Automation, Roles, WorkerHealth, WorkerOptions, Workers};

use crate::billing::{self, InboxTask};
use crate::{matching, webhooks};

/// Connections of a gateway.
const GATEWAY_CONNECTIONS: u32 = 24;
/// Connections of a worker process.
const WORKER_CONNECTIONS: u32 = 24;
/// Connections by which a worker process sends commands.
const AUTOMATION_CONNECTIONS: u32 = 12;

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
    /// Sends what follows from events.
    Processes,
    /// Sends what becomes due by the clock.
    Due,
    /// Delivers webhooks; runs where `SECRETS_KEY` is set.
    Webhooks,
    /// Deletes what may be forgotten, such as expired idempotency keys.
    Janitor,
    /// Looks at what Stripe delivers.
    Inbox,
    /// Records the order of events and signs it; runs where `AUDIT_SIGNING_KEY` is set.
    Notary,
    /// Writes exports into `EXPORT_DIR`; runs where that is set.
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

/// The command bus and the pool of the application role that it works on.
#[derive(Clone)]
pub struct WriteSide {
    /// The pool.
    pub pool: PgPool,
    /// The bus.
    pub bus: Arc<CommandBus>,
}

impl WriteSide {
    /// Opens a pool and starts a bus for all contexts.
    pub async fn start(config: &Config, database_url: &str, connections_max: u32) -> Result<Self> {
        let pool = postgres::watched_pool(database_url, connections_max)?;
        let partitions = wait_for_postgres(&pool).await?;
        let lanes = usize::try_from(config.appender_lanes)?;
        let bus = CommandBus::start(&contexts::domains(), &pool, BusOptions { partitions, lanes, ..BusOptions::default() });
        Ok(Self { pool, bus })
    }

    /// With as many connections as a gateway needs: for its lanes, its loaders, and the queries of its users.
    pub async fn of_gateway(config: &Config, database_url: &str) -> Result<Self> {
        Self::start(config, database_url, GATEWAY_CONNECTIONS).await
    }

    /// With a few connections, for commands that the program sends itself.
    pub async fn of_program(config: &Config, database_url: &str) -> Result<Self> {
        Self::start(config, database_url, AUTOMATION_CONNECTIONS).await
    }
}

/// What a gateway is started with.
pub struct GatewaySettings {
    /// The write side.
    pub write_side: WriteSide,
    /// Signs access tokens.
    pub jwt_secret: String,
    /// The folder of exports.
    pub export_dir: Option<PathBuf>,
    /// Dependencies besides Postgres.
    pub probes: Vec<(&'static str, Probe)>,
    /// The payment provider.
    pub stripe: Stripe,
    /// Seal secrets; without them, there are no webhooks.
    pub secrets_keys: Vec<Secret>,
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
    pub fn start(config: &Config, settings: GatewaySettings, listener: TcpListener) -> Result<Self> {
        let WriteSide { pool, bus } = settings.write_side;
        let shutdown = CancellationToken::new();
        let address = listener.local_addr()?;
        let mut options = GatewayOptions::new(settings.jwt_secret);
        options.addr = address;
        options.body_bytes_max = config.http_body_bytes_max;
        options.request_timeout = Duration::from_secs(config.http_timeout_seconds);
        options.cors_origins = config.frontend_url.iter().cloned().collect();
        options.export_dir = settings.export_dir;
        options.webhooks = webhooks::support(config, &settings.secrets_keys)?;
        options.redis = config.redis_url.as_ref().map(Redis::start).transpose().context("REDIS_URL cannot be used")?;
        let limits = options.connection_limits();
        let mut probes = settings.probes;
        probes.push(billing::probe(&settings.stripe));
        let state = GatewayState::start(GatewayParts {
            options,
            features: billing::features(config, &pool),
            receivers: billing::receivers(&settings.stripe, &pool),
            pool,
            bus,
            contexts: contexts::CONTEXTS,
            metrics: telemetry::init_metrics(),
            probes,
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

/// The workers of a process.
pub struct Started {
    workers: Workers,
    inbox: Option<InboxTask>,
    exporter: Option<Exporter>,
}

/// What workers are started with.
pub struct WorkerSettings<'a> {
    /// Settings.
    pub config: &'a Config,
    /// Connection string of the worker role.
    pub database_url: &'a str,
    /// Kafka.
    pub kafka: Option<KafkaOptions>,
    /// What they do.
    pub roles: Roles,
    /// The keys of the notary, if it is run.
    pub audit_keys: &'a [Secret],
    /// Whether deliveries of the payment provider are looked at.
    pub inbox: bool,
    /// The folder that exports are written into, if they are.
    pub exports: Option<&'a Path>,
    /// For those that send commands.
    pub write_side: Option<WriteSide>,
    /// The payment provider.
    pub stripe: &'a Stripe,
    /// Open secrets; without them, no webhooks are delivered.
    pub secrets_keys: &'a [Secret],
}

impl Started {
    /// Starts them.
    pub async fn start(settings: WorkerSettings<'_>) -> Result<Self> {
        let WorkerSettings { config, database_url, kafka, roles, audit_keys, inbox, exports, write_side, stripe, secrets_keys } = settings;
        let pool = postgres::watched_pool(database_url, WORKER_CONNECTIONS)?;
        let partitions = wait_for_postgres(&pool).await?;
        let bus = write_side.as_ref().map(|write_side| write_side.bus.clone());
        let inbox = bus.as_ref().filter(|_| inbox).and_then(|bus| InboxTask::start(stripe, &pool, bus));
        let exporter = match exports.zip(write_side) {
            Some((folder, write_side)) => Some(exporter(config, write_side, pool.clone(), folder)?),
            None => None,
        };
        let effects = Effects::new(stripe.handlers(&pool).into_iter().chain([matching::handler(&pool)]));
        let webhooks = webhooks::delivering(config, secrets_keys)?;
        let automation = bus.map(|bus| Automation { webhooks, ..Automation::new(bus, &contexts::domains(), PROCESSES, effects) });
        let notary = notary(config, audit_keys)?;
        let workers = start_workers(pool, partitions, kafka, roles, automation, notary).await?;
        Ok(Self { workers, inbox, exporter })
    }

    /// How they are.
    pub fn health(&self) -> WorkerHealth {
        self.workers.health()
    }

    /// How they are, for those who ask over HTTP.
    pub fn probes(&self) -> Vec<(&'static str, Probe)> {
        let health = self.workers.health();
        let probe = |trouble: fn(&WorkerHealth) -> Option<String>| -> Probe {
            let health = health.clone();
            Arc::new(move || std::future::ready(trouble(&health).map_or_else(Health::ok, Health::degraded)).boxed())
        };
        let mut probes = vec![
            ("kafka", probe(WorkerHealth::kafka_trouble)),
            ("projections", probe(WorkerHealth::projector_trouble)),
            ("processes", probe(WorkerHealth::process_trouble)),
            ("webhooks", probe(WorkerHealth::webhook_trouble)),
            ("notary", probe(WorkerHealth::notary_trouble)),
        ];
        if let Some(exporter) = &self.exporter {
            let trouble = exporter.trouble();
            let probe: Probe = Arc::new(move || std::future::ready(trouble().map_or_else(Health::ok, Health::degraded)).boxed());
            probes.push(("exports", probe));
        }
        probes
    }

    /// Lets them finish what they do, and stops.
    pub async fn stop(self) {
        if let Some(exporter) = self.exporter {
            exporter.stop().await;
        }
        if let Some(inbox) = self.inbox {
            inbox.stop().await;
        }
        self.workers.stop().await;
    }
}

/// How the notary signs, if there is a key to sign with.
fn notary(config: &Config, keys: &[Secret]) -> Result<Option<NotaryOptions>> {
    let keys: Vec<SigningKey> = keys.iter().map(|key| SigningKey::from_hex(key.expose())).collect::<Result<_, _>>()?;
    let checkpoint_every = Duration::from_secs(config.audit_checkpoint_seconds);
    Ok((!keys.is_empty()).then(|| NotaryOptions { keys: keys.into(), checkpoint_every }))
}

async fn start_workers(
    pool: PgPool,
    partitions: i32,
    kafka: Option<KafkaOptions>,
    roles: Roles,
    automation: Option<Automation>,
    notary: Option<NotaryOptions>,
) -> Result<Workers> {
    let contexts = contexts::context_types().into_iter().map(|(name, _)| name).collect();
    let projections = contexts::projections();
    Ok(Workers::start(WorkerOptions { pool, kafka, contexts, projections, partitions, automation, notary, roles }).await?)
}

/// Starts a relay and nothing else.
pub async fn start_relay(database_url: &str, kafka: KafkaOptions) -> Result<Workers> {
    let pool = postgres::watched_pool(database_url, WORKER_CONNECTIONS)?;
    let partitions = wait_for_postgres(&pool).await?;
    start_workers(pool, partitions, Some(kafka), Roles { relay: true, ..Roles::NONE }, None, None).await
}

/// Starts the worker that writes exports.
fn exporter(config: &Config, write_side: WriteSide, worker: PgPool, folder: &Path) -> Result<Exporter> {
    let store = FileStore::open(folder).with_context(|| format!("{} cannot be used for exports; check EXPORT_DIR", folder.display()))?;
    Ok(Exporter::start(ExporterOptions {
        app: write_side.pool,
        worker,
        bus: write_side.bus,
        contexts: contexts::CONTEXTS,
        store: Arc::new(store),
        kept_days: config.export_keep_days,
        file_rows_max: ExporterOptions::FILE_ROWS_MAX,
        at_once: ExporterOptions::AT_ONCE,
    }))
}

/// `neuroops serve`
pub async fn serve(config: &Config) -> Result<()> {
    let (database, jwt_secret) = (config.require_database()?.expose(), config.require_jwt_secret()?.expose().to_owned());
    let (stripe, export_dir) = (billing::stripe(config)?, config.export_dir.clone());
    let listener = bind(config.http_addr, "HTTP_ADDR").await?;
    let write_side = WriteSide::of_gateway(config, database).await?;
    let secrets_keys = config.secrets_keys.clone();
    let settings = GatewaySettings { write_side, jwt_secret, export_dir, probes: Vec::new(), stripe, secrets_keys };
    let gateway = Gateway::start(config, settings, listener)?;
    println!("listening on http://{}", gateway.address);
    stop_signal().await?;
    gateway.stop().await
}

/// `neuroops work`
pub async fn work(config: &Config, args: &WorkArgs) -> Result<()> {
    let runs = |role| args.only.is_empty() || args.only.contains(&role);
    let roles = Roles {
        relay: runs(WorkRole::Relay),
        projectors: runs(WorkRole::Projectors),
        processes: runs(WorkRole::Processes),
        due: runs(WorkRole::Due),
        webhooks: runs(WorkRole::Webhooks) && !config.secrets_keys.is_empty(),
        janitor: runs(WorkRole::Janitor),
        notary: runs(WorkRole::Notary),
    };
    if args.only.contains(&WorkRole::Webhooks) {
        config.require_secrets_keys()?;
    }
    let bootstrap = if roles.relay { Some(config.require_kafka()?) } else { config.kafka_bootstrap_servers.as_deref() };
    let kafka = bootstrap.map(|bootstrap| KafkaOptions { bootstrap: bootstrap.to_owned(), prefix: config.kafka_topic_prefix.clone() });
    let worker = config.require_database_worker()?.expose();
    let audit_keys =
        if args.only.contains(&WorkRole::Notary) { config.require_audit_signing_keys()? } else { config.audit_signing_keys.as_slice() };
    if roles.notary && audit_keys.is_empty() {
        tracing::warn!("AUDIT_SIGNING_KEY is not set: no history is signed by this process");
    }
    let exports = if args.only.contains(&WorkRole::Exports) {
        Some(config.require_export_dir()?.as_path())
    } else {
        config.export_dir.as_deref().filter(|_| args.only.is_empty())
    };
    // Before anything is started: an occupied port should cost nothing, and what is measured early should be counted.
    let watched = match args.metrics_addr.or(config.metrics_addr) {
        Some(address) => Some((bind(address, "METRICS_ADDR").await?, telemetry::init_metrics())),
        None => None,
    };
    let stripe = billing::stripe(config)?;
    let inbox = runs(WorkRole::Inbox) && stripe.api().is_some();
    let commands = roles.automate() || inbox || exports.is_some();
    let write_side = if commands { Some(WriteSide::of_program(config, config.require_database()?.expose()).await?) } else { None };
    let settings = WorkerSettings {
        config,
        database_url: worker,
        kafka,
        roles,
        audit_keys,
        inbox,
        exports,
        write_side,
        stripe: &stripe,
        secrets_keys: &config.secrets_keys,
    };
    let workers = Started::start(settings).await?;
    let shutdown = CancellationToken::new();
    if let Some((listener, metrics)) = watched {
        println!("health and metrics on http://{}", listener.local_addr()?);
        let router = gateway::vitals_router(Vitals::new(postgres::watched_pool(worker, 1)?, workers.probes(), metrics));
        tokio::spawn(gateway::serve(listener, router, VITALS_LIMITS, shutdown.clone()));
    }
    println!("working");
    stop_signal().await?;
    shutdown.cancel();
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
