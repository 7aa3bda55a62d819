//! A whole platform: Postgres, Kafka, Redis where a server is installed, two gateways and two workers, each a process.

use std::fs::Permissions;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use platform::clock;
use platform::config::Config;
use platform::embedded::{Embedded, EmbeddedOptions, KafkaKind, KafkaOptions, PostgresOptions};
use platform::postgres::{ensure_database, set_passwords, with_database};
use platform::testing::TestRedis;
use sqlx::{Connection as _, PgConnection};
use tempfile::TempDir;

use crate::client::{self, Client, Tenant};
use crate::process::{self, Process, Settings};

/// Log partitions: few, so that a platform starts quickly, and more than one.
const PARTITIONS: &str = "4";
/// The topics' prefix.
pub const TOPIC_PREFIX: &str = "neuroops";
/// How long Postgres may take to come back.
const POSTGRES_MAX: Duration = Duration::from_mins(1);
/// How long a process that is alive may take to say so.
const LOOK_MAX: Duration = Duration::from_secs(1);
/// Tenants, which lie in different log partitions as a rule.
const TENANTS: usize = 2;

/// The places of the processes.
pub const GATEWAYS: [usize; 2] = [0, 1];
/// Both relay and project, so that each takes over what the other leaves; the second also does all the rest.
pub const WORKERS: [usize; 2] = [2, 3];

/// The servers and the processes. Dropping it ends them and removes their data.
pub struct Cluster {
    /// Gateways and workers.
    pub processes: Vec<Process>,
    /// Tenants of the load.
    pub tenants: Vec<Tenant>,
    /// For requests of the harness itself.
    pub http: reqwest::Client,
    /// Kafka, in a folder of its own.
    pub kafka: Option<Embedded>,
    /// Redis, where a server is installed.
    pub redis: Option<TestRedis>,
    /// Postgres, in a folder of its own.
    pub postgres: Option<Embedded>,
    binary: PathBuf,
    settings: Settings,
    folder: TempDir,
}

impl Cluster {
    /// Starts the servers, and makes a migrated database with tenants, by this binary. No process of the platform runs yet.
    pub async fn start(binary: &Path) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("neuroops-chaos-").tempdir()?;
        // The user of the servers passes through.
        std::fs::set_permissions(folder.path(), Permissions::from_mode(0o755))?;
        let (postgres, kafka) = tokio::task::block_in_place(|| -> Result<_> {
            Ok((start_postgres(&folder.path().join("postgres"), 0)?, start_kafka(&folder.path().join("kafka"), 0)?))
        })?;
        let redis = redis_is_installed().then(TestRedis::start);
        let http = client::http(LOOK_MAX)?;
        let binary = binary.to_owned();
        let mut cluster = Self {
            processes: Vec::new(),
            tenants: Vec::new(),
            http,
            kafka: Some(kafka),
            redis,
            postgres: Some(postgres),
            binary,
            settings: Vec::new(),
            folder,
        };
        let passwords = cluster.configure()?;
        cluster.prepare(&passwords).await?;
        cluster.processes = cluster.plan()?;
        Ok(cluster)
    }

    /// Starts the gateways and workers, all of this binary.
    pub async fn start_processes(&mut self, binary: &Path) -> Result<()> {
        for process in &mut self.processes {
            process.spawn(binary)?;
        }
        for process in &mut self.processes {
            process.ready(&self.http).await?;
        }
        Ok(())
    }

    /// Chooses the settings; tells the passwords of the roles.
    fn configure(&mut self) -> Result<[(&'static str, String); 2]> {
        let secret = || format!("{}{}", clock::new_id().simple(), clock::new_id().simple());
        let kafka = self.kafka.as_ref().and_then(Embedded::kafka).context("Kafka runs")?.bootstrap.clone();
        let port = self.postgres.as_ref().and_then(Embedded::postgres).context("Postgres runs")?.port;
        let (app, worker) = (secret(), secret());
        self.settings = vec![
            ("DATABASE_URL", format!("postgres://neuroops_app:{app}@127.0.0.1:{port}/neuroops")),
            ("DATABASE_WORKER_URL", format!("postgres://neuroops_worker:{worker}@127.0.0.1:{port}/neuroops")),
            ("DATABASE_ADMIN_URL", with_database(&self.server_url()?, "neuroops")),
            ("KAFKA_BOOTSTRAP_SERVERS", kafka),
            ("KAFKA_TOPIC_PREFIX", TOPIC_PREFIX.to_owned()),
            ("NEUROOPS_PARTITIONS", PARTITIONS.to_owned()),
            ("NEUROOPS_DIR", self.folder.path().join("settings").display().to_string()),
            ("JWT_SECRET_KEY", secret()),
            ("SECRETS_KEY", secret()),
            ("AUDIT_SIGNING_KEY", secret()),
            ("AUDIT_CHECKPOINT_SECONDS", "1".to_owned()),
        ];
        if let Some(redis) = &self.redis {
            self.settings.push(("REDIS_URL", redis.url().expose().to_owned()));
        }
        Ok([("neuroops_app", app), ("neuroops_worker", worker)])
    }

    /// Migrates and makes the tenants.
    async fn prepare(&mut self, passwords: &[(&'static str, String); 2]) -> Result<()> {
        ensure_database(&self.server_url()?, "neuroops", None).await?;
        self.run(&["migrate"])?;
        let passwords = passwords.each_ref().map(|(role, password)| (*role, password.as_str()));
        set_passwords(self.setting("DATABASE_ADMIN_URL"), &passwords).await?;
        for number in 0..TENANTS {
            let printed = self.run(&["tenants", "create", &format!("Chaos {number}")])?;
            let value = |name: &str| printed.lines().find_map(|line| Some(line.strip_prefix(name)?.to_owned())).context("it is printed");
            self.tenants.push(Tenant { id: value("NEUROOPS_TENANT_ID=")?, token: value("NEUROOPS_TOKEN=")? });
        }
        Ok(())
    }

    /// Each process keeps its address when it is started again.
    fn plan(&self) -> Result<Vec<Process>> {
        let roles: [(&'static str, &[&str]); 4] = [
            ("gateway 1", &["serve"]),
            ("gateway 2", &["serve"]),
            ("worker 1", &["work", "--only", "relay,projectors"]),
            // Without a list of roles, so that an earlier version may run it, which has fewer.
            ("worker 2", &["work"]),
        ];
        let process = |(name, arguments): (&'static str, &[&str])| {
            let address = format!("127.0.0.1:{}", free_port()?);
            let mut settings = self.settings.clone();
            settings.push((if arguments == ["serve"] { "HTTP_ADDR" } else { "METRICS_ADDR" }, address.clone()));
            let log = self.folder.path().join(format!("{}.log", name.replace(' ', "-")));
            let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
            Ok(Process::new(name, &address, arguments, settings, log))
        };
        roles.into_iter().map(process).collect()
    }

    /// The connection string of the superuser, for the server.
    fn server_url(&self) -> Result<String> {
        Ok(self.postgres.as_ref().and_then(Embedded::postgres).context("Postgres runs")?.admin_url.clone())
    }

    /// A setting of the platform.
    pub fn setting(&self, name: &str) -> &str {
        self.settings.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
    }

    /// The folder of everything.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Keeps the folder with the logs after the end, and tells where it is.
    pub fn keep_logs(self) -> PathBuf {
        let Self { folder, processes, kafka, postgres, redis, .. } = self;
        drop((processes, kafka, postgres, redis));
        folder.keep()
    }

    /// Another binary takes the place of the one so far.
    pub fn upgrade(&mut self, binary: &Path) {
        binary.clone_into(&mut self.binary);
    }

    /// The binary that processes are started again with.
    pub fn binary(&self) -> &Path {
        &self.binary
    }

    /// Runs a command of the binary against this platform.
    pub fn run(&self, arguments: &[&str]) -> Result<String> {
        tokio::task::block_in_place(|| process::run(&self.binary, &self.settings, arguments))
    }

    /// A client of the gateways.
    pub fn client(&self) -> Result<Client> {
        Client::new(GATEWAYS.iter().map(|gateway| self.processes[*gateway].url.clone()).collect())
    }

    /// A connection as the superuser, once Postgres answers.
    pub async fn admin(&self) -> Result<PgConnection> {
        let started = Instant::now();
        loop {
            match PgConnection::connect(self.setting("DATABASE_ADMIN_URL")).await {
                Ok(connection) => return Ok(connection),
                Err(error) if started.elapsed() > POSTGRES_MAX => bail!("Postgres does not come back: {error}"),
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
    }
}

/// Starts a Postgres in a folder; port 0 takes any.
pub fn start_postgres(dir: &Path, port: u16) -> Result<Embedded> {
    let options = EmbeddedOptions { dir: dir.to_owned(), postgres: Some(PostgresOptions { port }), kafka: None };
    Ok(Embedded::start(&options)?)
}

/// Starts an Apache Kafka in a folder; port 0 takes any.
pub fn start_kafka(dir: &Path, port: u16) -> Result<Embedded> {
    let kafka = KafkaOptions { port, heap_mb: 384, jar_dirs: Config::from_env()?.kafka_jar_dirs(), proxied: false };
    let kafka = Embedded::start(&EmbeddedOptions { dir: dir.to_owned(), postgres: None, kafka: Some(kafka) })?;
    if kafka.kafka().is_none_or(|kafka| kafka.kind != KafkaKind::Apache) {
        bail!("chaos needs Apache Kafka: scripts/setup fetches it ({})", kafka.notices().join("; "));
    }
    Ok(kafka)
}

/// A port that is free now. Who is told to listen there does so at once, and keeps it over restarts.
fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

fn redis_is_installed() -> bool {
    let path = platform::config::variable("PATH").unwrap_or_default();
    path.split(':').any(|folder| Path::new(folder).join("redis-server").is_file())
}
