//! A gateway that listens, with workers, each on pools of its own, and ways to their servers that a test may break.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use commands::{BusOptions, CommandBus};
use futures::FutureExt as _;
use gateway::{GatewayOptions, GatewayParts, GatewayState, Health, Probe};
use platform::clock;
use platform::kafka::KafkaOptions;
use platform::postgres::watched_pool;
use platform::testing::{FaultProxy, TestDatabase};
use projections::contexts::{self, CONTEXTS};
use projections::runtime::Projection;
use sqlx::PgPool;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use workers::{Roles, WorkerHealth, WorkerOptions, Workers};

use super::http::{Caller, Reply};
use crate::harness::{SECRET, webhooks};

/// The longest that a request may take, where a test does not say.
pub const REQUEST_MAX: Duration = Duration::from_secs(2);
/// What an answer may take beyond that on a busy machine.
const MARGIN: Duration = Duration::from_millis(1500);
/// Within which all is to be well once a server is back.
pub const HEALED_MAX: Duration = Duration::from_secs(5);
/// Connections of a pool.
pub const CONNECTIONS: u32 = 10;

/// What a rig is made of.
#[derive(Default)]
pub struct Parts {
    pub kafka: Option<KafkaOptions>,
    /// The longest that a request may take.
    pub request_max: Option<Duration>,
    /// Changes the projections of crm.
    pub wrap: Option<fn(Box<dyn Projection>) -> Box<dyn Projection>>,
}

pub struct Rig {
    pub db: TestDatabase,
    /// Between both pools and Postgres.
    pub postgres: FaultProxy,
    pub tenant: Uuid,
    pub caller: Caller,
    pub pools: [PgPool; 2],
    workers: Workers,
    shutdown: CancellationToken,
}

fn address_in(url: &str) -> SocketAddr {
    let (_, rest) = url.rsplit_once('@').expect("a user");
    rest.split('/').next().and_then(|address| address.parse().ok()).expect("an address")
}

fn probe(health: &WorkerHealth, trouble: fn(&WorkerHealth) -> Option<String>) -> Probe {
    let health = health.clone();
    Arc::new(move || std::future::ready(trouble(&health).map_or_else(Health::ok, Health::degraded)).boxed())
}

impl Rig {
    pub async fn start(parts: Parts) -> Self {
        let db = TestDatabase::create(&contexts::context_types()).await;
        let postgres = FaultProxy::start(address_in(&db.app_url)).await;
        let [app, worker] = [&db.app_url, &db.worker_url].map(|url| watched_pool(&postgres.instead_in(url), CONNECTIONS).expect("a pool"));
        let of_crm = |projection: &Box<dyn Projection>| projection.contexts() == ["crm"];
        let wrap = parts.wrap.unwrap_or(|projection| projection);
        let workers = Workers::start(WorkerOptions {
            pool: worker.clone(),
            kafka: parts.kafka,
            contexts: vec!["crm".to_owned()],
            projections: contexts::projections().into_iter().filter(of_crm).map(wrap).collect(),
            partitions: db.partitions,
            automation: None,
            notary: None,
            roles: Roles { relay: true, projectors: true, ..Roles::NONE },
        })
        .await
        .expect("Postgres is there");
        let bus = CommandBus::start(&contexts::domains(), &app, BusOptions { partitions: db.partitions, ..BusOptions::default() });
        let options = GatewayOptions {
            request_timeout: parts.request_max.unwrap_or(REQUEST_MAX),
            deny_refresh: Duration::from_millis(200),
            cache_worth: Duration::MAX,
            webhooks: Some(webhooks()),
            ..GatewayOptions::new(SECRET)
        };
        let (limits, shutdown, health) = (options.connection_limits(), CancellationToken::new(), workers.health());
        let state = GatewayState::start(GatewayParts {
            options,
            pool: app.clone(),
            bus,
            contexts: CONTEXTS,
            metrics: platform::telemetry::init_metrics(),
            probes: vec![
                ("kafka", probe(&health, WorkerHealth::kafka_trouble)),
                ("projections", probe(&health, WorkerHealth::projector_trouble)),
            ],
            features: None,
            receivers: Vec::new(),
            shutdown: shutdown.clone(),
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(gateway::serve(listener, gateway::router(state), limits, shutdown.clone()));
        let tenant = db.create_tenant("test").await;
        let token = gateway::issue(SECRET, tenant, "tester", &["member".to_owned()], clock::new_id(), Duration::from_hours(1));
        let rig = Self { db, postgres, tenant, caller: Caller { address, token }, pools: [app, worker], workers, shutdown };
        rig.healed("the start").await;
        rig
    }

    /// Does what users do until all of it works: how long that took.
    pub async fn healed(&self, what: &str) -> Duration {
        let began = Instant::now();
        loop {
            if self.works().await {
                let took = began.elapsed();
                println!("{what}: healed after {} ms", took.as_millis());
                return took;
            }
            assert!(began.elapsed() < Duration::from_secs(30), "{what}: does not heal: {:?}", self.caller.get("/health/ready", &[]).await);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn works(&self) -> bool {
        let key = clock::new_id().to_string();
        let Ok(registered) = self.caller.register(&key).await else { return false };
        if registered.status != 200 {
            return false;
        }
        let row = self.caller.row(&key, &registered).await.is_ok_and(|row| row.status == 200);
        row && self.health().await["status"] == "ok"
    }

    /// The answer of `/health/ready`.
    pub async fn health(&self) -> serde_json::Value {
        self.caller.get("/health/ready", &[]).await.expect("health is always told").json()
    }

    /// What health says of a dependency: status and message.
    pub async fn health_of(&self, dependency: &str) -> (String, String) {
        let health = self.health().await;
        let found = &health["dependencies"][dependency];
        let text = |name: &str| found[name].as_str().unwrap_or_default().to_owned();
        (text("status"), text("message"))
    }

    /// Connections that are in use, by pool.
    pub fn in_use(&self) -> [u32; 2] {
        self.pools.each_ref().map(|pool| pool.size() - u32::try_from(pool.num_idle()).unwrap_or(u32::MAX).min(pool.size()))
    }

    /// The contacts in the log and how often each was registered; the positions have no gaps.
    pub async fn log(&self) -> HashMap<String, i64> {
        const GAPS: &str = "SELECT count(*) FROM (SELECT partition FROM log.events WHERE context = 'crm' GROUP BY partition \
            HAVING count(*) <> max(position) OR min(position) <> 1) g";
        const REGISTERED: &str = "SELECT aggregate_id, count(*) FROM log.events WHERE context = 'crm' AND tenant_id = $1 GROUP BY 1";
        let gaps: i64 = sqlx::query_scalar(GAPS).fetch_one(&self.db.worker).await.expect("an answer");
        assert_eq!(gaps, 0, "positions are contiguous");
        let found: Vec<(String, i64)> =
            sqlx::query_as(REGISTERED).bind(self.tenant).fetch_all(&self.db.worker).await.expect("the log can be read");
        found.into_iter().collect()
    }

    /// The rows of the read model.
    pub async fn rows(&self) -> usize {
        let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM crm_contact_list WHERE tenant_id = $1")
            .bind(self.tenant)
            .fetch_one(&self.db.worker)
            .await
            .expect("the rows can be read");
        usize::try_from(rows).expect("a count")
    }

    pub async fn stop(self) {
        self.shutdown.cancel();
        self.workers.stop().await;
        for pool in &self.pools {
            // Some task may still hold a connection; the database is dropped all the same.
            drop(tokio::time::timeout(Duration::from_secs(2), pool.close()).await);
        }
        self.db.drop().await;
    }
}

/// What became of a command as its client saw it: the body of the answer, or nothing.
pub type Outcomes = HashMap<String, Option<String>>;

/// Clients that register contacts and read lists without pause, whatever happens.
pub struct Load {
    stop: Arc<AtomicBool>,
    writers: Vec<JoinHandle<Outcomes>>,
    readers: Vec<JoinHandle<u32>>,
}

/// What a load came to.
pub struct Report {
    pub outcomes: Outcomes,
    /// Commands and queries that were answered 503.
    pub unavailable: (usize, u32),
}

fn judged(reply: &Reply, what: &str) -> bool {
    assert!(reply.took <= REQUEST_MAX + MARGIN, "{what} is answered {} after {:?}", reply.status, reply.took);
    if reply.status != 200 {
        reply.assert_unavailable();
    }
    reply.status == 200
}

impl Load {
    pub fn start(caller: &Caller) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let writers = (0..4).map(|_| tokio::spawn(write(caller.clone(), stop.clone()))).collect();
        let readers = (0..2).map(|_| tokio::spawn(read(caller.clone(), stop.clone()))).collect();
        Self { stop, writers, readers }
    }

    pub async fn stop(self) -> Report {
        self.stop.store(true, Ordering::Relaxed);
        let (mut outcomes, mut unread) = (Outcomes::new(), 0);
        for writer in self.writers {
            outcomes.extend(writer.await.expect("no panic"));
        }
        for reader in self.readers {
            unread += reader.await.expect("no panic");
        }
        let unknown = outcomes.values().filter(|outcome| outcome.is_none()).count();
        Report { outcomes, unavailable: (unknown, unread) }
    }
}

async fn write(caller: Caller, stop: Arc<AtomicBool>) -> Outcomes {
    let mut outcomes = Outcomes::new();
    while !stop.load(Ordering::Relaxed) {
        let key = clock::new_id().to_string();
        let reply = caller.register(&key).await.expect("the gateway answers");
        let accepted = judged(&reply, "a command");
        outcomes.insert(key, accepted.then_some(reply.body));
        tokio::time::sleep(Duration::from_millis(40)).await;
    }
    outcomes
}

async fn read(caller: Caller, stop: Arc<AtomicBool>) -> u32 {
    let mut unavailable = 0;
    while !stop.load(Ordering::Relaxed) {
        let reply = caller.get("/v1/crm/contact-list?limit=5", &[]).await.expect("the gateway answers");
        unavailable += u32::from(!judged(&reply, "a query"));
        tokio::time::sleep(Duration::from_millis(40)).await;
    }
    unavailable
}
