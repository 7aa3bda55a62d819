//! Starts the workers of a process and tells how they are.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use platform::kafka::KafkaOptions;
use projections::runtime::{Leases, LogHeads, LogReader, Place, Position, Projection, Projector, ProjectorStatus, Tail, TailOptions};
use sqlx::PgPool;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::janitor;
use crate::relay::{Relay, RelayStatus};

/// Which workers a process runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Roles {
    /// The relay.
    pub relay: bool,
    /// The projectors.
    pub projectors: bool,
    /// Housekeeping.
    pub janitor: bool,
}

impl Roles {
    /// Everything.
    pub const ALL: Self = Self { relay: true, projectors: true, janitor: true };
}

/// What the workers need.
pub struct WorkerOptions {
    /// A pool of the worker role.
    pub pool: PgPool,
    /// Kafka; without it, readers follow the log and nothing is published.
    pub kafka: Option<KafkaOptions>,
    /// All contexts that have log partitions.
    pub contexts: Vec<String>,
    /// All projections.
    pub projections: Vec<Box<dyn Projection>>,
    /// The number of log partitions.
    pub partitions: i32,
    /// What to run.
    pub roles: Roles,
}

/// The running workers.
pub struct Workers {
    cancel: CancellationToken,
    tasks: JoinSet<()>,
    relay: Option<watch::Receiver<RelayStatus>>,
    projectors: BTreeMap<&'static str, watch::Receiver<ProjectorStatus>>,
    tail: Option<Tail>,
}

impl Workers {
    /// Starts them. Postgres must answer; Kafka need not.
    pub async fn start(options: WorkerOptions) -> Result<Self, sqlx::Error> {
        let WorkerOptions { pool, kafka, contexts, projections, partitions, roles } = options;
        let cancel = CancellationToken::new();
        let heads = LogHeads::watch(pool.clone());
        let mut workers = Self { cancel: cancel.clone(), tasks: JoinSet::new(), relay: None, projectors: BTreeMap::new(), tail: None };
        if let Some(kafka) = kafka.clone().filter(|_| roles.relay) {
            let relay = Relay::new(pool.clone(), kafka, contexts, partitions, heads.clone(), cancel.clone());
            workers.relay = Some(relay.status());
            let cancel = cancel.clone();
            workers.tasks.spawn(async move { relay.run(&cancel).await });
        }
        if roles.projectors {
            workers.start_projectors(pool.clone(), kafka, projections, heads.clone()).await?;
        }
        if roles.janitor {
            workers.tasks.spawn(janitor::run(pool, cancel));
        }
        Ok(workers)
    }

    async fn start_projectors(
        &mut self,
        pool: PgPool,
        kafka: Option<KafkaOptions>,
        projections: Vec<Box<dyn Projection>>,
        heads: watch::Receiver<Arc<HashMap<Place, Position>>>,
    ) -> Result<(), sqlx::Error> {
        let mut contexts: Vec<String> =
            projections.iter().flat_map(|projection| projection.contexts().iter().map(|&name| name.to_owned())).collect();
        contexts.sort();
        contexts.dedup();
        let options = TailOptions { contexts, kafka, group: "projector".to_owned() };
        let tail = Tail::start(LogReader::new(pool.clone()), heads.clone(), options, self.cancel.clone()).await?;
        let names = projections.iter().map(|projection| lease_name(projection.name())).collect();
        let leases = Arc::new(Leases::start(pool.clone(), "projector", names, self.cancel.clone()));
        for projection in projections {
            let projector = Projector::new(projection, pool.clone(), tail.clone());
            self.projectors.insert(projector.name(), projector.status());
            self.tasks.spawn(run_while_held(projector, leases.clone(), self.cancel.clone()));
        }
        self.tasks.spawn(measure(pool, heads, self.cancel.clone()));
        self.tail = Some(tail);
        Ok(())
    }

    /// A view of how the workers are, which outlives this value.
    pub fn health(&self) -> WorkerHealth {
        WorkerHealth { relay: self.relay.clone(), projectors: self.projectors.clone(), tail: self.tail.clone() }
    }

    /// Stops all workers and gives their leases back. What is under way finishes or is rolled back.
    pub async fn stop(mut self) {
        self.cancel.cancel();
        let all = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(Duration::from_secs(5), all).await.is_err() {
            tracing::warn!("workers did not stop in time and are cut off; their transactions roll back");
        }
        // The lease tasks give back in the background; leave them a moment.
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// How the workers of a process are.
#[derive(Clone)]
pub struct WorkerHealth {
    relay: Option<watch::Receiver<RelayStatus>>,
    projectors: BTreeMap<&'static str, watch::Receiver<ProjectorStatus>>,
    tail: Option<Tail>,
}

impl WorkerHealth {
    /// What is wrong with Kafka as seen from here, if something is.
    pub fn kafka_trouble(&self) -> Option<String> {
        if let Some(trouble) = self.relay.as_ref().and_then(|status| status.borrow().trouble.clone()) {
            return Some(trouble);
        }
        let on_log = self.relay.is_some() && self.source() == Some("log");
        on_log.then(|| "Kafka is behind or away; readers follow the log".to_owned())
    }

    /// What is wrong with the projectors, if something is.
    pub fn projector_trouble(&self) -> Option<String> {
        let troubles = self.projectors.iter().filter_map(|(name, status)| {
            let status = status.borrow();
            let parked = (status.parked_keys > 0).then(|| format!("{name}: {} parked keys", status.parked_keys));
            status.trouble.as_ref().map(|trouble| format!("{name}: {trouble}")).or(parked)
        });
        let troubles: Vec<String> = troubles.collect();
        (!troubles.is_empty()).then(|| troubles.join("; "))
    }

    /// Log partitions that the relay of this process carries to Kafka.
    pub fn adopted(&self) -> usize {
        self.relay.as_ref().map_or(0, |status| status.borrow().adopted)
    }

    /// Events that the relay of this process has published.
    pub fn published(&self) -> u64 {
        self.relay.as_ref().map_or(0, |status| status.borrow().published)
    }

    /// Where readers get their events from: `kafka` or `log`.
    pub fn source(&self) -> Option<&'static str> {
        self.tail.as_ref().map(Tail::source)
    }
}

fn lease_name(projection: &str) -> String {
    format!("projector/{projection}")
}

/// Runs a projector as long as this process holds the lease on it.
async fn run_while_held(projector: Projector, leases: Arc<Leases>, cancel: CancellationToken) {
    let name = lease_name(projector.name());
    let mut held = leases.watch();
    while !cancel.is_cancelled() {
        if leases.get(&name).is_some() {
            let lost = cancel.child_token();
            let watchdog = async {
                while leases.get(&name).is_some() {
                    tokio::time::sleep(Duration::from_millis(500)).await;
                }
                lost.cancel();
            };
            tokio::select! {
                () = projector.run(&lost) => {}
                () = watchdog => {}
            }
        }
        cancel.run_until_cancelled(tokio::time::timeout(Duration::from_secs(1), held.changed())).await;
    }
}

/// Publishes how far projections are behind, in events and in seconds.
async fn measure(pool: PgPool, heads: watch::Receiver<Arc<HashMap<Place, Position>>>, cancel: CancellationToken) {
    const READ: &str = "SELECT c.projection, c.context, c.partition, c.position, \
            CASE WHEN h.position > c.position THEN extract(epoch FROM now() - coalesce(c.recorded_at, h.recorded_at))::float8 ELSE 0 END \
        FROM runtime.checkpoints c JOIN runtime.projections p ON p.projection = c.projection AND p.active_version = c.version \
        JOIN log.heads h ON h.context = c.context AND h.partition = c.partition";
    while cancel.run_until_cancelled(tokio::time::sleep(Duration::from_secs(2))).await.is_some() {
        let Ok(rows) = sqlx::query_as::<_, (String, String, i32, i64, f64)>(READ).fetch_all(&pool).await else { continue };
        let heads = heads.borrow().clone();
        let mut lags: BTreeMap<String, (i64, f64)> = BTreeMap::new();
        for (projection, context, partition, position, seconds) in rows {
            let head = heads.get(&Place { context, partition }).copied().unwrap_or(position);
            let lag = lags.entry(projection).or_default();
            lag.0 += (head - position).max(0);
            lag.1 = lag.1.max(seconds);
        }
        for (projection, (events, seconds)) in lags {
            metrics::gauge!("neuroops_projection_lag_events", "projection" => projection.clone())
                .set(f64::from(i32::try_from(events).unwrap_or(i32::MAX)));
            metrics::gauge!("neuroops_projection_lag_seconds", "projection" => projection).set(seconds);
        }
    }
}
