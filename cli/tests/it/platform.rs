//! A running `neuroops up` in a folder of its own, and what can be done to it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use domain::kernel::{TenantId, partition_of};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{Headers as _, Message as _};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use serde_json::Value;
use sqlx::{Connection as _, PgConnection};
use tempfile::TempDir;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

/// How long anything may take to come back.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Platform {
    folder: TempDir,
    process: Child,
    pub http: reqwest::Client,
}

/// Requests answered with 200: idempotency key and body of the answer.
pub type Acknowledged = Arc<Mutex<HashMap<String, String>>>;

impl Platform {
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let process = spawn(folder.path());
        drop(rustls::crypto::ring::default_provider().install_default());
        #[expect(clippy::disallowed_methods, reason = "a test talks to its own server")]
        let http = reqwest::Client::builder().timeout(Duration::from_secs(15)).build().expect("a client");
        let mut platform = Self { folder, process, http };
        platform.wait_until_ready().await;
        platform
    }

    /// Kills the platform's process, as the kernel does when memory runs out, and starts it again.
    pub async fn kill_and_restart(&mut self) {
        self.process.kill().expect("the process is killed");
        self.process.wait().expect("the process is gone");
        drop(std::fs::remove_file(self.env_file()));
        self.process = spawn(self.folder.path());
        self.wait_until_ready().await;
    }

    async fn wait_until_ready(&mut self) {
        let started = Instant::now();
        loop {
            if let Some(status) = self.process.try_wait().expect("the process can be asked") {
                panic!("the platform ended with {status}");
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

    /// Sends a command under a key until it is answered with 200; the outcome of earlier attempts may be unknown.
    pub async fn register(&self, key: &str) -> String {
        let started = Instant::now();
        loop {
            assert!(started.elapsed() < PATIENCE, "{key} is not answered");
            if let Some(answer) = self.try_register(key).await {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn try_register(&self, key: &str) -> Option<String> {
        let (url, token) = (self.setting("NEUROOPS_URL")?, self.setting("NEUROOPS_TOKEN")?);
        let request = self.http.post(format!("{url}/v1/crm/contact/register")).bearer_auth(token).header("Idempotency-Key", key);
        let request = request.header("Content-Type", "application/json").body(format!("{{\"given_name\":\"{key}\"}}"));
        let answer = request.send().await.ok()?;
        match answer.status().as_u16() {
            200 => answer.text().await.ok(),
            429 | 503 => None,
            other => panic!("{key} is answered {other}: {}", answer.text().await.unwrap_or_default()),
        }
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

    pub fn signal(&self, server: &str, signal: &str) {
        let pid = self.server(server).unwrap_or_else(|| panic!("{server} runs"));
        let status = Command::new("kill").args([signal, &pid.to_string()]).status().expect("kill runs");
        assert!(status.success(), "{server} takes {signal}");
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

    /// Positions and event ids in Kafka, read with a client of our own until `count` records or no more come.
    pub fn kafka(&self, count: usize) -> Vec<(i64, String)> {
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
            let headers = message.headers().expect("a record has headers");
            let text = |name: &str| {
                let header = headers.iter().find(|header| header.key == name).expect("the header is there");
                String::from_utf8(header.value.expect("a value").to_vec()).expect("text")
            };
            records.push((text("ce_sequence").parse().expect("a number"), text("ce_id")));
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

    /// Stops the platform as Ctrl-C does and tells whether it ended well.
    pub fn stop(mut self) -> bool {
        let status = Command::new("kill").args(["-TERM", &self.process.id().to_string()]).status().expect("kill runs");
        assert!(status.success());
        self.process.wait().expect("the process ends").success()
    }
}

impl Drop for Platform {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

fn spawn(folder: &Path) -> Child {
    Command::new(env!("CARGO_BIN_EXE_neuroops"))
        .arg("up")
        .env("NEUROOPS_DIR", folder)
        .env("HTTP_ADDR", "127.0.0.1:0")
        .env("NEUROOPS_POSTGRES_PORT", "0")
        .env("NEUROOPS_KAFKA_PORT", "0")
        .env_remove("DATABASE_URL")
        .env_remove("KAFKA_BOOTSTRAP_SERVERS")
        .stdout(Stdio::null())
        .spawn()
        .expect("the binary runs")
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
                        let attempt = platform.read().await.try_register(&key).await;
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
