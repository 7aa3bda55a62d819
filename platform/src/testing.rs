//! Databases for tests: each test gets its own, made from a template, and connects as the application roles.
//!
//! The server is named by `NEUROOPS_TEST_DATABASE_ADMIN_URL`; `cargo xtask test` brings one. A Redis is so small that each test that
//! needs one starts its own ([`TestRedis`]). Ways to servers that break on purpose are [`FaultProxy`].

mod proxy;

use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use sqlx::{Connection, Executor, PgConnection, PgPool};
use uuid::Uuid;

use crate::clock;
use crate::config::Secret;
use crate::embedded::PROXIED;
use crate::postgres::{self, ContextTypes, with_database};

pub use self::proxy::{Direction, Fault, FaultProxy, Traffic};

/// The number of log partitions in tests, fewer than in production so that partitions are shared by tenants.
pub const PARTITIONS: i32 = 4;
const PASSWORD: &str = "test";

/// A migrated database of one test.
pub struct TestDatabase {
    /// As the gateways connect.
    pub app: PgPool,
    /// As the workers connect.
    pub worker: PgPool,
    /// As migrations connect.
    pub admin_url: String,
    /// The URL behind `app`.
    pub app_url: String,
    /// The URL behind `worker`.
    pub worker_url: String,
    /// The number of log partitions.
    pub partitions: i32,
}

/// The server for tests.
///
/// # Panics
/// When the variable is missing.
pub fn server_url() -> String {
    crate::config::variable("NEUROOPS_TEST_DATABASE_ADMIN_URL")
        .expect("tests need a Postgres server: run them with `make test` or `cargo xtask test`")
}

/// The Kafka server for tests.
///
/// # Panics
/// When the variable is missing.
pub fn kafka_bootstrap() -> String {
    crate::config::variable("NEUROOPS_TEST_KAFKA").expect("tests need Apache Kafka: run them with `make test` or `cargo xtask test`")
}

/// One proxy at a time: Kafka tells its clients one address.
static KAFKA_TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// The Kafka server for tests, as it is reached through a proxy.
pub struct ProxiedKafka {
    /// Breaks on purpose.
    pub proxy: FaultProxy,
    _turn: tokio::sync::MutexGuard<'static, ()>,
}

impl ProxiedKafka {
    /// Waits until nobody else of this process uses it. Clients that are told [`ProxiedKafka::bootstrap`] stay with the proxy, because that
    /// listener of the broker advertises the proxy's address.
    ///
    /// # Panics
    /// When the variable is missing.
    pub async fn start() -> Self {
        let turn = KAFKA_TURN.lock().await;
        let upstream: SocketAddr = crate::config::variable("NEUROOPS_TEST_KAFKA_PROXIED")
            .and_then(|text| text.parse().ok())
            .expect("tests of outages need Apache Kafka: run them with `make test` or `cargo xtask test`");
        let address = SocketAddr::new(IpAddr::V4(PROXIED), upstream.port());
        Self { proxy: FaultProxy::start_at(address, upstream).await, _turn: turn }
    }

    /// For `bootstrap.servers`.
    pub fn bootstrap(&self) -> String {
        self.proxy.address().to_string()
    }
}

/// How long outages last in tests: `NEUROOPS_OUTAGE_SECONDS`, else so long.
pub fn outage(short: Duration) -> Duration {
    let seconds = crate::config::variable("NEUROOPS_OUTAGE_SECONDS").and_then(|text| text.parse().ok());
    seconds.map_or(short, |seconds| Duration::from_secs(seconds).max(short))
}

impl TestDatabase {
    /// Makes a database with these contexts.
    ///
    /// # Panics
    /// When the server cannot be reached or refuses.
    pub async fn create(contexts: &[ContextTypes]) -> Self {
        let server = server_url();
        let template = template(&server, contexts).await;
        let name = format!("test_{}", clock::new_id().simple());
        // Copying a template fails while another test copies it or is connected to it.
        for attempt in 0.. {
            match postgres::ensure_database(&server, &name, Some(&template)).await {
                Ok(()) => break,
                Err(error) if attempt > 200 => panic!("no database for the test: {error:?}"),
                Err(_) => tokio::time::sleep(std::time::Duration::from_millis(50)).await,
            }
        }
        let admin_url = with_database(&server, &name);
        let as_role = |role: &str| {
            let (scheme, rest) = admin_url.split_once("://").expect("a URL has a scheme");
            let (_, host) = rest.split_once('@').expect("the URL names a user");
            format!("{scheme}://{role}:{PASSWORD}@{host}")
        };
        let (app_url, worker_url) = (as_role("neuroops_app"), as_role("neuroops_worker"));
        Self {
            app: postgres::pool(&app_url, 12).expect("a valid URL"),
            worker: postgres::pool(&worker_url, 12).expect("a valid URL"),
            admin_url,
            app_url,
            worker_url,
            partitions: PARTITIONS,
        }
    }

    /// Makes a tenant.
    ///
    /// # Panics
    /// When the database refuses.
    pub async fn create_tenant(&self, name: &str) -> Uuid {
        let tenant = clock::new_id();
        let mut admin = self.admin().await;
        sqlx::query("INSERT INTO tenancy.tenants (tenant_id, name) VALUES ($1, $2)")
            .bind(tenant)
            .bind(name)
            .execute(&mut admin)
            .await
            .expect("a tenant");
        tenant
    }

    /// A connection as the owner of all objects, to look behind the scenes. It is a superuser's: row level security does not bind it.
    ///
    /// # Panics
    /// When the server cannot be reached.
    pub async fn admin(&self) -> PgConnection {
        PgConnection::connect(&self.admin_url).await.expect("the server answers")
    }

    /// Drops the database.
    ///
    /// # Panics
    /// When the server refuses.
    pub async fn drop(self) {
        self.app.close().await;
        self.worker.close().await;
        let (_, name) = self.admin_url.rsplit_once('/').expect("the URL names a database");
        let mut server = PgConnection::connect(&server_url()).await.expect("the server answers");
        server.execute(format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)").as_str()).await.expect("the database is dropped");
    }
}

/// Makes the template at the first test of a run.
async fn template(server: &str, contexts: &[ContextTypes]) -> String {
    let identity = format!("{contexts:?}{}", postgres::schema_fingerprint());
    let name = format!(
        "template_{:08x}",
        identity.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
    );
    let mut lock = PgConnection::connect(server).await.expect("the server answers");
    lock.execute("SELECT pg_advisory_lock(7203111)").await.expect("a lock");
    let ready: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1 AND datistemplate)")
        .bind(&name)
        .fetch_one(&mut lock)
        .await
        .expect("the catalogue answers");
    if !ready {
        lock.execute(format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)").as_str()).await.expect("leftovers are dropped");
        postgres::ensure_database(server, &name, None).await.expect("a template");
        let url = with_database(server, &name);
        postgres::migrate(&url, contexts, Some(PARTITIONS)).await.expect("the template is migrated");
        postgres::set_passwords(&url, &[("neuroops_app", PASSWORD), ("neuroops_worker", PASSWORD)]).await.expect("passwords are set");
        lock.execute(format!("ALTER DATABASE {name} IS_TEMPLATE true").as_str()).await.expect("the template is marked");
    }
    lock.close().await.expect("the lock is released");
    name
}

/// A Redis of one test, which may be stopped, killed and started again. It keeps nothing on disk.
pub struct TestRedis {
    port: u16,
    server: Child,
}

impl TestRedis {
    /// Starts one on a free port.
    ///
    /// # Panics
    /// When redis-server is not installed, or does not start.
    pub fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        drop(listener);
        let mut redis = Self { port, server: spawn_redis(port) };
        redis.wait();
        redis
    }

    /// Its address.
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.port))
    }

    /// Where it is.
    pub fn url(&self) -> Secret {
        Secret::new(format!("redis://127.0.0.1:{}/0", self.port))
    }

    /// Kills it.
    pub fn kill(&mut self) {
        drop(self.server.kill());
        drop(self.server.wait());
    }

    /// Starts it again, empty.
    pub fn restart(&mut self) {
        self.kill();
        self.server = spawn_redis(self.port);
        self.wait();
    }

    /// Lets it hang: connections stay open, and nothing is answered.
    pub fn freeze(&self) {
        self.signal(Signal::SIGSTOP);
    }

    /// Ends its hanging.
    pub fn thaw(&self) {
        self.signal(Signal::SIGCONT);
    }

    /// Runs a command on it, as an operator would.
    ///
    /// # Panics
    /// When it does not answer.
    pub async fn run(&self, command: &str, arguments: &[&[u8]]) -> redis::Value {
        let client = redis::Client::open(self.url().expose()).expect("an address");
        let mut connection = client.get_multiplexed_async_connection().await.expect("Redis answers");
        let mut wanted = redis::cmd(command);
        for argument in arguments {
            wanted.arg(*argument);
        }
        wanted.query_async(&mut connection).await.expect("Redis understands")
    }

    fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.server.id()).expect("a process id");
        kill(Pid::from_raw(pid), signal).expect("the server takes signals");
    }

    fn wait(&mut self) {
        let started = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_err() {
            assert!(started.elapsed() < Duration::from_secs(20), "redis-server does not answer on port {}", self.port);
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for TestRedis {
    fn drop(&mut self) {
        self.kill();
    }
}

fn spawn_redis(port: u16) -> Child {
    // A test that is killed takes its server along.
    Command::new("setpriv")
        .args([
            "--pdeathsig",
            "KILL",
            "redis-server",
            "--port",
            &port.to_string(),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
            "--dir",
            "/tmp",
        ])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("these tests need redis-server: scripts/setup installs it")
}
