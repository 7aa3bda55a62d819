//! Starts the workers of a process and tells how they are.

mod automation;

use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use platform::kafka::KafkaOptions;
use projections::runtime::{
    Gauge, Leases, LogHeads, LogReader, Place, Position, Projection, Projector, ProjectorStatus, Tail, TailOptions,
};
use sqlx::PgPool;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

pub use automation::Automation;

use crate::janitor;
use crate::notary::{Notary, NotaryOptions, NotaryStatus};
use crate::processes::{Backlog, Recorder};
use crate::relay::{Relay, RelayStatus};

/// How often the gauges of projections are measured.
const MEASURE_ROWS: Duration = Duration::from_mins(1);

/// Which workers a process runs.
#[expect(clippy::struct_excessive_bools, reason = "any combination of roles is meant")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Roles {
    /// The relay.
    pub relay: bool,
    /// The projectors.
    pub projectors: bool,
    /// The process managers.
    pub processes: bool,
    /// The commands that become due by the clock.
    pub due: bool,
    /// Webhooks.
    pub webhooks: bool,
    /// Housekeeping.
    pub janitor: bool,
    /// The notary.
    pub notary: bool,
}

impl Roles {
    /// Everything.
    pub const ALL: Self = Self { relay: true, projectors: true, processes: true, due: true, webhooks: true, janitor: true, notary: true };
    /// Nothing.
    pub const NONE: Self =
        Self { relay: false, projectors: false, processes: false, due: false, webhooks: false, janitor: false, notary: false };

    /// Whether one of them sends commands.
    pub fn automate(self) -> bool {
        self.processes || self.due || self.webhooks
    }
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
    /// What sends commands by itself; without it, the roles that do are not run.
    pub automation: Option<Automation>,
    /// How the notary signs; without it, the notary is not run.
    pub notary: Option<NotaryOptions>,
    /// What to run.
    pub roles: Roles,
}

/// The last positions of all log partitions, kept up to date.
type Heads = watch::Receiver<Arc<HashMap<Place, Position>>>;

/// The log, for those who follow it by themselves.
struct Followed {
    contexts: Vec<String>,
    partitions: i32,
    heads: Heads,
}

/// The running workers.
pub struct Workers {
    cancel: CancellationToken,
    tasks: JoinSet<()>,
    health: WorkerHealth,
}

impl Workers {
    /// Starts them. Postgres must answer; Kafka need not.
    pub async fn start(options: WorkerOptions) -> Result<Self, sqlx::Error> {
        let WorkerOptions { pool, kafka, contexts, projections, partitions, automation, notary, roles } = options;
        let cancel = CancellationToken::new();
        let heads = LogHeads::watch(pool.clone());
        let known = contexts.clone();
        let mut workers = Self { cancel: cancel.clone(), tasks: JoinSet::new(), health: WorkerHealth::default() };
        if let Some(options) = notary.filter(|_| roles.notary) {
            let notary = Notary::new(pool.clone(), kafka.clone(), contexts.clone(), partitions, options, heads.clone(), cancel.clone());
            workers.health.notary = Some(notary.status());
            let cancel = cancel.clone();
            workers.tasks.spawn(async move { notary.run(&cancel).await });
        }
        if let Some(kafka) = kafka.clone().filter(|_| roles.relay) {
            let relay = Relay::new(pool.clone(), kafka, contexts, partitions, heads.clone(), cancel.clone());
            workers.health.relay = Some(relay.status());
            let cancel = cancel.clone();
            workers.tasks.spawn(async move { relay.run(&cancel).await });
        }
        let projections = if roles.projectors { projections } else { Vec::new() };
        let processes = automation.iter().filter(|_| roles.processes).flat_map(|automation| automation.processes.iter().copied());
        let recorders: Vec<Recorder> = processes.map(Recorder::new).collect();
        if !projections.is_empty() || !recorders.is_empty() {
            let followed = projections.iter().map(AsRef::as_ref).chain(recorders.iter().map(|recorder| recorder as &dyn Projection));
            let tail = workers.start_tail(&pool, kafka, heads.clone(), followed).await?;
            if !projections.is_empty() {
                let gauges = projections.iter().flat_map(|projection| projection.gauges()).collect();
                workers.tasks.spawn(measure_rows(pool.clone(), gauges, cancel.clone()));
                workers.start_projectors(&pool, &tail, projections);
                workers.tasks.spawn(measure(pool.clone(), heads.clone(), cancel.clone()));
            }
            if let Some(automation) = automation.as_ref().filter(|_| !recorders.is_empty()) {
                automation::start_processes(&mut workers, &pool, &tail, automation, recorders).await?;
            }
        }
        if let Some(automation) = &automation {
            if roles.due {
                automation::start_due(&mut workers, &pool, automation);
            }
            if roles.webhooks {
                automation::start_webhooks(&mut workers, &pool, automation, &Followed { contexts: known, partitions, heads });
            }
        }
        if roles.janitor {
            workers.tasks.spawn(janitor::run(pool, cancel));
        }
        Ok(workers)
    }

    /// Starts one tail for all that follow the log.
    async fn start_tail<'a>(
        &mut self,
        pool: &PgPool,
        kafka: Option<KafkaOptions>,
        heads: Heads,
        followed: impl Iterator<Item = &'a dyn Projection>,
    ) -> Result<Tail, sqlx::Error> {
        let mut contexts: Vec<String> = followed.flat_map(|projection| projection.contexts().iter().map(|&name| name.to_owned())).collect();
        contexts.sort();
        contexts.dedup();
        let options = TailOptions { contexts, kafka, group: "projector".to_owned() };
        let tail = Tail::start(LogReader::new(pool.clone()), heads, options, self.cancel.clone()).await?;
        self.health.tail = Some(tail.clone());
        Ok(tail)
    }

    fn start_projectors(&mut self, pool: &PgPool, tail: &Tail, projections: Vec<Box<dyn Projection>>) {
        let names = projections.iter().map(|projection| lease_name(projection.name())).collect();
        let leases = Arc::new(Leases::start(pool.clone(), "projector", names, self.cancel.clone()));
        for projection in projections {
            let projector = Projector::new(projection, pool.clone(), tail.clone());
            self.health.projectors.insert(projector.name(), projector.status());
            let (leases, cancel) = (leases.clone(), self.cancel.clone());
            self.tasks.spawn(async move {
                let (name, projector) = (lease_name(projector.name()), &projector);
                run_while_held(&name, &leases, &cancel, |_, lost| async move { projector.run(&lost).await }).await;
            });
        }
    }

    /// A view of how the workers are, which outlives this value.
    pub fn health(&self) -> WorkerHealth {
        self.health.clone()
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
#[derive(Clone, Default)]
pub struct WorkerHealth {
    relay: Option<watch::Receiver<RelayStatus>>,
    projectors: BTreeMap<&'static str, watch::Receiver<ProjectorStatus>>,
    /// Recorder and runner of each process.
    processes: BTreeMap<&'static str, (watch::Receiver<ProjectorStatus>, watch::Receiver<Option<String>>)>,
    backlogs: Option<watch::Receiver<Vec<Backlog>>>,
    webhooks: Vec<watch::Receiver<Option<String>>>,
    notary: Option<watch::Receiver<NotaryStatus>>,
    tail: Option<Tail>,
}

fn trouble_of(name: &str, status: &watch::Receiver<ProjectorStatus>) -> Option<String> {
    let status = status.borrow();
    let parked = (status.parked_keys > 0).then(|| format!("{name}: {} parked keys", status.parked_keys));
    status.trouble.as_ref().map(|trouble| format!("{name}: {trouble}")).or(parked)
}

fn listed(troubles: &[String]) -> Option<String> {
    (!troubles.is_empty()).then(|| troubles.join("; "))
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
        let troubles: Vec<String> = self.projectors.iter().filter_map(|(name, status)| trouble_of(name, status)).collect();
        listed(&troubles)
    }

    /// What is wrong with the process managers, if something is. Refusals are answers, not troubles.
    pub fn process_trouble(&self) -> Option<String> {
        let running = self.processes.iter().filter_map(|(name, (recorder, runner))| {
            trouble_of(name, recorder).or_else(|| runner.borrow().as_ref().map(|trouble| format!("{name}: {trouble}")))
        });
        let backlogs = self.backlogs.as_ref().map(|backlogs| backlogs.borrow().clone()).unwrap_or_default();
        let stuck = backlogs
            .iter()
            .filter(|backlog| backlog.stuck > 0)
            .map(|backlog| format!("{}: {} stuck steps", backlog.process, backlog.stuck));
        let troubles: Vec<String> = running.chain(stuck).collect();
        listed(&troubles)
    }

    /// What is wrong with the deliveries of webhooks, if something is. What receivers answer is not.
    pub fn webhook_trouble(&self) -> Option<String> {
        let troubles: Vec<String> = self.webhooks.iter().filter_map(|shard| shard.borrow().clone()).collect();
        listed(&troubles)
    }

    /// What is wrong with the notary, if something is.
    pub fn notary_trouble(&self) -> Option<String> {
        let status = self.notary.as_ref()?.borrow();
        status.trouble.clone().or_else(|| status.signing_trouble.clone())
    }

    /// Events that the notary of this process has recorded.
    pub fn recorded(&self) -> u64 {
        self.notary.as_ref().map_or(0, |status| status.borrow().recorded)
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

/// Does a piece of work as long as this process holds the lease on it. The work is given the lease's epoch and told when it ends.
pub(crate) async fn run_while_held<F: Future<Output = ()>>(
    name: &str,
    leases: &Leases,
    cancel: &CancellationToken,
    work: impl Fn(i64, CancellationToken) -> F,
) {
    let mut held = leases.watch();
    while !cancel.is_cancelled() {
        if let Some(lease) = leases.get(name) {
            let lost = cancel.child_token();
            let watchdog = async {
                while leases.get(name).is_some_and(|now| now.epoch == lease.epoch) {
                    tokio::time::sleep(Duration::from_millis(500)).await;
                }
                lost.cancel();
            };
            tokio::select! {
                () = work(lease.epoch, lost.clone()) => {}
                () = watchdog => {}
            }
        }
        cancel.run_until_cancelled(tokio::time::timeout(Duration::from_secs(1), held.changed())).await;
    }
}

/// Publishes what projections have measured of their rows.
async fn measure_rows(pool: PgPool, gauges: Vec<&'static Gauge>, cancel: CancellationToken) {
    loop {
        for gauge in &gauges {
            let rows = match sqlx::query_as::<_, (String, f64)>(gauge.statement).fetch_all(&pool).await {
                Ok(rows) => rows,
                Err(error) => {
                    tracing::warn!(gauge = gauge.name, %error, "a gauge cannot be measured; it keeps its last value");
                    continue;
                }
            };
            for known in gauge.known.iter().filter(|known| rows.iter().all(|(value, _)| value != *known)) {
                metrics::gauge!(gauge.name, gauge.label => *known).set(0.0);
            }
            for (value, number) in rows {
                metrics::gauge!(gauge.name, gauge.label => value).set(number);
            }
        }
        if cancel.run_until_cancelled(tokio::time::sleep(MEASURE_ROWS)).await.is_none() {
            return;
        }
    }
}

/// Publishes how far projections are behind, in events and in seconds.
async fn measure(pool: PgPool, heads: Heads, cancel: CancellationToken) {
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
