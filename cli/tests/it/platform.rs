//! A running `neuroops up` in a folder of its own, and what can be done to it.

use std::collections::{HashMap, HashSet};
use std::fs::{File, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use domain::kernel::{TenantId, partition_of};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{Headers as _, Message as _};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection};
use tempfile::TempDir;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

/// How long anything may take to come back.
const PATIENCE: Duration = Duration::from_mins(1);

pub struct Platform {
    folder: TempDir,
    environment: Environment,
    process: Child,
    pub http: reqwest::Client,
    /// Requests answered with 429 or 503.
    refused: AtomicU64,
}

/// Requests answered with 200: idempotency key and body of the answer.
pub type Acknowledged = Arc<Mutex<HashMap<String, String>>>;

/// Settings beside those that every test has.
type Environment = &'static [(&'static str, &'static str)];

/// The headers of a record by name.
pub type Headers = HashMap<String, String>;

impl Platform {
    pub async fn start() -> Self {
        Self::start_in(folder(), &[]).await
    }

    /// Starts a platform that keeps its data in this folder. What it logs is in [`Platform::logged`].
    pub async fn start_in(folder: TempDir, environment: Environment) -> Self {
        let process = spawn(folder.path(), environment);
        drop(rustls::crypto::ring::default_provider().install_default());
        #[expect(clippy::disallowed_methods, reason = "a test talks to its own server")]
        let http = reqwest::Client::builder().timeout(Duration::from_secs(15)).build().expect("a client");
        let mut platform = Self { folder, environment, process, http, refused: AtomicU64::new(0) };
        platform.wait_until_ready().await;
        platform
    }

    /// Kills the platform's process, as the kernel does when memory runs out, and starts it again.
    pub async fn kill_and_restart(&mut self) {
        self.process.kill().expect("the process is killed");
        self.process.wait().expect("the process is gone");
        drop(std::fs::remove_file(self.env_file()));
        self.process = spawn(self.folder.path(), self.environment);
        self.wait_until_ready().await;
    }

    async fn wait_until_ready(&mut self) {
        let started = Instant::now();
        loop {
            if let Some(status) = self.process.try_wait().expect("the process can be asked") {
                panic!("the platform ended with {status}: {}", self.logged());
            }
            if self.env_file().is_file() && self.health().await.is_some() {
                return;
            }
            assert!(started.elapsed() < PATIENCE, "the platform is not ready after {PATIENCE:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The answer of `/health/ready`, where there is one.
    pub async fn health(&self) -> Option<Value> {
        let url = self.setting("NEUROOPS_URL")?;
        self.http.get(format!("{url}/health/ready")).send().await.ok()?.json().await.ok()
    }

    /// The folder of its data.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// What the platform has logged since it was started.
    pub fn logged(&self) -> String {
        std::fs::read_to_string(log_file(self.folder.path())).unwrap_or_default()
    }

    /// Runs a command of the binary against this platform; its output if it succeeds.
    pub fn neuroops(&self, arguments: &[&str]) -> Result<String, String> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_neuroops"));
        for name in ["DATABASE_URL", "DATABASE_ADMIN_URL", "DATABASE_WORKER_URL", "KAFKA_BOOTSTRAP_SERVERS", "JWT_SECRET_KEY"] {
            command.env_remove(name);
        }
        let output = command.env("NEUROOPS_DIR", self.folder.path()).args(arguments).output().expect("the binary runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
    }

    /// Sends a command with the demo tenant's token.
    pub async fn command(&self, path: &str, body: &Value) -> Value {
        let request = self.http.post(format!("{}/v1/{path}", self.expect("NEUROOPS_URL"))).bearer_auth(self.expect("NEUROOPS_TOKEN"));
        let answer = request.header("Content-Type", "application/json").body(body.to_string()).send().await.expect("an answer");
        let (status, text) = (answer.status(), answer.text().await.expect("a body"));
        assert!(status.is_success(), "{path}: {text}");
        serde_json::from_str(&text).expect("JSON")
    }

    fn env_file(&self) -> PathBuf {
        self.folder.path().join("demo.env")
    }

    pub fn setting(&self, name: &str) -> Option<String> {
        let text = std::fs::read_to_string(self.env_file()).ok()?;
        let line = text.lines().find_map(|line| line.strip_prefix("export ")?.strip_prefix(name)?.strip_prefix('='))?;
        Some(line.trim_matches('\'').to_owned())
    }

    pub fn expect(&self, name: &str) -> String {
        self.setting(name).unwrap_or_else(|| panic!("{name} is in demo.env"))
    }

    pub fn tenant(&self) -> TenantId {
        self.expect("NEUROOPS_TENANT_ID").parse().expect("a tenant id")
    }

    /// The tenant's log partition; `up` makes 16.
    pub fn partition(&self) -> i32 {
        partition_of(&self.tenant().partition_key(), 16)
    }

    /// Registers a contact of this name, under the name as key.
    pub async fn register(&self, key: &str) -> String {
        self.insist("crm/contact/register", key, &json!({ "given_name": key })).await
    }

    /// Sends a command under a key until it is answered with 200; the outcome of earlier attempts may be unknown.
    pub async fn insist(&self, path: &str, key: &str, body: &Value) -> String {
        let started = Instant::now();
        loop {
            assert!(started.elapsed() < PATIENCE, "{key} is not answered");
            if let Some(answer) = self.attempt(path, key, body).await {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn attempt(&self, path: &str, key: &str, body: &Value) -> Option<String> {
        let (url, token) = (self.setting("NEUROOPS_URL")?, self.setting("NEUROOPS_TOKEN")?);
        let request = self.http.post(format!("{url}/v1/{path}")).bearer_auth(token).header("Idempotency-Key", key);
        let answer = request.header("Content-Type", "application/json").body(body.to_string()).send().await.ok()?;
        match answer.status().as_u16() {
            200 => answer.text().await.ok(),
            429 | 503 => {
                assert!(answer.headers().contains_key("retry-after"), "{key} is told when to come back");
                self.refused.fetch_add(1, Ordering::Relaxed);
                None
            }
            other => panic!("{key} is answered {other}: {}", answer.text().await.unwrap_or_default()),
        }
    }

    /// How many requests were answered with 429 or 503 so far.
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// Process id of the embedded server whose command line holds `text`, below this platform's folder.
    pub fn server(&self, text: &str) -> Option<i32> {
        let folder = self.folder.path().to_string_lossy().into_owned();
        let entries = std::fs::read_dir("/proc").ok()?;
        entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).find(|pid: &i32| {
            let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            let line = String::from_utf8_lossy(&line).replace('\0', " ");
            line.contains(text) && line.contains(&folder) && !line.contains("setpriv")
        })
    }

    pub fn signal_server(&self, server: &str, signal: Signal) {
        let pid = self.server(server).unwrap_or_else(|| panic!("{server} runs"));
        kill(Pid::from_raw(pid), signal).unwrap_or_else(|error| panic!("{server} takes {signal}: {error}"));
    }

    pub async fn admin(&self) -> PgConnection {
        let started = Instant::now();
        loop {
            match PgConnection::connect(&self.expect("DATABASE_ADMIN_URL")).await {
                Ok(connection) => return connection,
                Err(error) => assert!(started.elapsed() < PATIENCE, "Postgres does not come back: {error}"),
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// The tenant's crm log: position, event id, aggregate id, in order of position over all tenants of the partition.
    pub async fn log(&self) -> Vec<(i64, String, String)> {
        sqlx::query_as(
            "SELECT position, event_id::text, aggregate_id FROM log.events WHERE context = 'crm' AND partition = $1 ORDER BY position",
        )
        .bind(self.partition())
        .fetch_all(&mut self.admin().await)
        .await
        .expect("the log is read")
    }

    /// Positions and event ids in Kafka.
    pub fn kafka(&self, count: usize) -> Vec<(i64, String)> {
        let identity = |headers: Headers| (headers["ce_sequence"].parse().expect("a number"), headers["ce_id"].clone());
        self.records(count).into_iter().map(identity).collect()
    }

    /// The headers of the records in Kafka, read with a client of our own until `count` records or no more come.
    pub fn records(&self, count: usize) -> Vec<Headers> {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", self.expect("KAFKA_BOOTSTRAP_SERVERS"))
            .set("group.id", "independent")
            .set("enable.auto.commit", "false");
        let consumer: BaseConsumer = config.create().expect("a consumer");
        let mut assignment = TopicPartitionList::new();
        assignment.add_partition_offset("neuroops.crm", self.partition(), Offset::Beginning).expect("an assignment");
        consumer.assign(&assignment).expect("an assignment");
        let (mut records, mut last) = (Vec::new(), Instant::now());
        // Read on for a moment after the last one expected: a repeated record would come there.
        while last.elapsed() < Duration::from_secs(if records.len() < count { 30 } else { 2 }) {
            let Some(Ok(message)) = consumer.poll(Duration::from_millis(100)) else { continue };
            let text = |value: Option<&[u8]>| String::from_utf8(value.expect("a value").to_vec()).expect("text");
            let headers = message.headers().expect("a record has headers");
            records.push(headers.iter().map(|header| (header.key.to_owned(), text(header.value))).collect());
            last = Instant::now();
        }
        records
    }

    /// Ids in the contact list, once all projections have caught up with the log.
    pub async fn contacts(&self) -> Vec<String> {
        let mut admin = self.admin().await;
        let started = Instant::now();
        loop {
            let behind: Option<i64> = sqlx::query_scalar(
                "SELECT sum(h.position - c.position)::bigint FROM runtime.checkpoints c JOIN log.heads h ON h.context = c.context AND h.partition = c.partition",
            )
            .fetch_one(&mut admin)
            .await
            .expect("the checkpoints are read");
            if behind == Some(0) {
                break;
            }
            assert!(started.elapsed() < PATIENCE, "the projections are {behind:?} events behind");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        sqlx::query_scalar("SELECT id FROM crm_contact_list ORDER BY id").fetch_all(&mut admin).await.expect("the read model is read")
    }

    /// Asserts that each acknowledged command stands in the log, in Kafka and in the read model: once, in order and without a gap.
    pub async fn assert_nothing_lost(&self, acknowledged: &HashMap<String, String>) {
        let log = self.log().await;
        let positions: Vec<i64> = log.iter().map(|(position, _, _)| *position).collect();
        assert_eq!(positions, (1..).take(positions.len()).collect::<Vec<_>>(), "the log has no gap");
        // Every client repeats a key until it is answered, so in the end all commands are acknowledged, and each stands in the log once.
        assert_eq!(log.len(), acknowledged.len(), "one event for each key, no more");
        for (key, answer) in acknowledged {
            let receipt: Value = serde_json::from_str(answer).expect("a receipt");
            let position = receipt["events"][0]["position"].as_i64().expect("a position");
            let (_, _, aggregate) = &log[usize::try_from(position - 1).expect("an index")];
            assert_eq!(receipt["id"], aggregate.as_str(), "{key} stands where its answer says");
        }
        let records = tokio::task::block_in_place(|| self.kafka(log.len()));
        let expected: Vec<(i64, String)> = log.iter().map(|(position, event, _)| (*position, event.clone())).collect();
        assert_eq!(records.len(), expected.len(), "Kafka holds every event once");
        assert_eq!(records, expected, "Kafka holds the log in order");
        let contacts = self.contacts().await;
        let aggregates: HashSet<&String> = log.iter().map(|(_, _, aggregate)| aggregate).collect();
        assert_eq!(contacts.iter().collect::<HashSet<_>>(), aggregates, "the read model is the fold of the log");
        assert_eq!(contacts.len(), aggregates.len());
    }

    pub fn signal_platform(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.process.id()).expect("a process id"));
        kill(pid, signal).expect("the process takes it");
    }

    /// Stops the platform as Ctrl-C does and tells whether it ended well.
    pub fn stop(mut self) -> bool {
        self.signal_platform(Signal::SIGTERM);
        self.process.wait().expect("the process ends").success()
    }
}

impl Drop for Platform {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// A folder that the user of the servers can reach, so that all data stay in it.
pub fn folder() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).expect("its mode is set");
    folder
}

fn log_file(folder: &Path) -> PathBuf {
    folder.join("platform.log")
}

fn spawn(folder: &Path, environment: Environment) -> Child {
    Command::new(env!("CARGO_BIN_EXE_neuroops"))
        .arg("up")
        .env("NEUROOPS_DIR", folder)
        .env("HTTP_ADDR", "127.0.0.1:0")
        .env("NEUROOPS_POSTGRES_PORT", "0")
        .env("NEUROOPS_KAFKA_PORT", "0")
        .env_remove("DATABASE_URL")
        .env_remove("KAFKA_BOOTSTRAP_SERVERS")
        .env_remove("RUST_LOG")
        .envs(environment.iter().copied())
        .stdout(Stdio::null())
        .stderr(File::create(log_file(folder)).expect("a log file"))
        .spawn()
        .expect("the binary runs")
}

/// Waits until the load gets on again, and tells how long that took.
pub async fn goes_on(load: &Load, what: &str) -> Duration {
    let (started, before) = (Instant::now(), load.acknowledged_so_far().await);
    while load.acknowledged_so_far().await < before + 50 {
        assert!(started.elapsed() < Duration::from_secs(45), "commands are accepted again after {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    started.elapsed()
}

/// Clients that register contacts until told to stop, each command under a key of its own.
pub struct Load {
    stop: Arc<AtomicBool>,
    clients: Vec<JoinHandle<()>>,
    pub acknowledged: Acknowledged,
}

impl Load {
    pub fn start(platform: &Arc<tokio::sync::RwLock<Platform>>, clients: usize) -> Self {
        let (stop, acknowledged) = (Arc::new(AtomicBool::new(false)), Acknowledged::default());
        let client = |client: usize| {
            let (platform, stop, acknowledged) = (platform.clone(), stop.clone(), acknowledged.clone());
            tokio::spawn(async move {
                for number in 0.. {
                    if stop.load(Ordering::Relaxed) {
                        return;
                    }
                    let key = format!("c{client}-{number}");
                    let started = Instant::now();
                    let answer = loop {
                        assert!(started.elapsed() < PATIENCE, "{key} is not answered");
                        // The lock is not held while waiting: the platform may have to be restarted meanwhile.
                        let attempt = platform.read().await.attempt("crm/contact/register", &key, &json!({ "given_name": key })).await;
                        match attempt {
                            Some(answer) => break answer,
                            None => tokio::time::sleep(Duration::from_millis(50)).await,
                        }
                    };
                    acknowledged.lock().await.insert(key, answer);
                }
            })
        };
        Self { clients: (0..clients).map(client).collect(), stop, acknowledged }
    }

    pub async fn acknowledged_so_far(&self) -> usize {
        self.acknowledged.lock().await.len()
    }

    pub async fn stop(self) -> HashMap<String, String> {
        self.stop.store(true, Ordering::Relaxed);
        for client in self.clients {
            client.await.expect("a client does not fail");
        }
        Arc::try_unwrap(self.acknowledged).expect("all clients have ended").into_inner()
    }
}
