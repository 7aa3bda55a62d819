//! The workers that send commands by themselves: process managers, and what becomes due by the clock.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use commands::CommandBus;
use domain::kernel::{ContextDef, ProcessDef};
use platform::clock::SystemClock;
use projections::runtime::{Leases, Projector, Tail};
use sqlx::PgPool;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{Followed, Workers, run_while_held};
use crate::due::{self, DueOptions, DueRunner, DueSource};
use crate::processes::{self, Backlog, Effects, ProcessOptions, Recorder, Runner, backlogs};
use crate::webhooks::{self, SHARDS, Shard, ShardParts, Webhooks};

/// How often backlogs are counted.
const MEASURE: Duration = Duration::from_secs(5);

/// What sends commands by itself.
pub struct Automation {
    /// The command bus, on a pool of the application role.
    pub bus: Arc<CommandBus>,
    /// The process managers.
    pub processes: Vec<&'static ProcessDef>,
    /// What they may do outside.
    pub effects: Effects,
    /// How they are run.
    pub process_options: ProcessOptions,
    /// The commands that become due.
    pub due: Vec<DueSource>,
    /// How they are sent.
    pub due_options: DueOptions,
    /// What deliveries of webhooks need; without it, there are none.
    pub webhooks: Option<Webhooks>,
}

impl Automation {
    /// These processes, and what becomes due in these contexts.
    pub fn new(bus: Arc<CommandBus>, contexts: &[&'static ContextDef], processes: &[&'static ProcessDef], effects: Effects) -> Self {
        let due = contexts.iter().flat_map(|context| context.due.iter().map(|def| DueSource { context: context.name, def })).collect();
        Self {
            bus,
            processes: processes.to_vec(),
            effects,
            process_options: ProcessOptions::default(),
            due,
            due_options: DueOptions::default(),
            webhooks: None,
        }
    }
}

/// Starts recorder and runner of each process, both under one lease.
pub(super) async fn start_processes(
    workers: &mut Workers,
    pool: &PgPool,
    tail: &Tail,
    automation: &Automation,
    recorders: Vec<Recorder>,
) -> Result<(), sqlx::Error> {
    let names = automation.processes.iter().map(|def| processes::lease_name(def.name)).collect();
    let leases = Arc::new(Leases::start(pool.clone(), "process", names, workers.cancel.clone()));
    for (def, recorder) in automation.processes.iter().zip(recorders) {
        recorder.register(pool).await?;
        let projector = Projector::new(Box::new(recorder), pool.clone(), tail.clone());
        let runner = Runner::new(def.name, automation.bus.clone(), automation.effects.clone(), automation.process_options, SystemClock);
        workers.health.processes.insert(def.name, (projector.status(), runner.trouble()));
        let (name, leases, cancel) = (processes::lease_name(def.name), leases.clone(), workers.cancel.clone());
        let pool = pool.clone();
        workers.tasks.spawn(async move {
            let (pool, projector, runner) = (&pool, &projector, &runner);
            let work = |epoch, lost: CancellationToken| async move {
                tokio::join!(projector.run(&lost), runner.run(runner.steps(pool, epoch), projector.status(), &lost));
            };
            run_while_held(&name, &leases, &cancel, work).await;
        });
    }
    let (sender, counted) = watch::channel(Vec::new());
    workers.health.backlogs = Some(counted);
    let known = automation.processes.iter().map(|def| def.name.to_owned()).collect();
    workers.tasks.spawn(measure_processes(pool.clone(), known, sender, workers.cancel.clone()));
    Ok(())
}

/// Starts a runner for each definition of what becomes due.
pub(super) fn start_due(workers: &mut Workers, pool: &PgPool, automation: &Automation) {
    let names = automation.due.iter().map(DueSource::lease_name).collect();
    let leases = Arc::new(Leases::start(pool.clone(), "due", names, workers.cancel.clone()));
    for source in &automation.due {
        let runner = DueRunner::new(*source, pool.clone(), automation.bus.clone(), automation.due_options);
        let (name, leases, cancel) = (source.lease_name(), leases.clone(), workers.cancel.clone());
        workers.tasks.spawn(async move {
            let runner = &runner;
            run_while_held(&name, &leases, &cancel, |_, lost| async move { runner.run(&lost).await }).await;
        });
    }
    workers.tasks.spawn(measure_due(pool.clone(), automation.due.clone(), workers.cancel.clone()));
}

/// Starts the shards of webhooks, each under a lease of its own.
pub(super) fn start_webhooks(workers: &mut Workers, pool: &PgPool, automation: &Automation, followed: &Followed) {
    let Some(webhooks) = &automation.webhooks else { return };
    let names = (0..SHARDS).map(webhooks::lease_name).collect();
    let leases = Arc::new(Leases::start(pool.clone(), "webhooks", names, workers.cancel.clone()));
    for number in 0..SHARDS {
        let shard = Shard::new(ShardParts {
            shard: number,
            pool: pool.clone(),
            bus: automation.bus.clone(),
            webhooks: webhooks.clone(),
            contexts: followed.contexts.clone(),
            partitions: followed.partitions,
            heads: followed.heads.clone(),
        });
        workers.health.webhooks.push(shard.trouble());
        let (name, leases, cancel) = (webhooks::lease_name(number), leases.clone(), workers.cancel.clone());
        workers.tasks.spawn(async move {
            let shard = &shard;
            run_while_held(&name, &leases, &cancel, |epoch, lost| async move { shard.run(epoch, &lost).await }).await;
        });
    }
}

async fn measure_processes(pool: PgPool, mut known: HashSet<String>, sender: watch::Sender<Vec<Backlog>>, cancel: CancellationToken) {
    while cancel.run_until_cancelled(tokio::time::sleep(MEASURE)).await.is_some() {
        let Ok(counted) = backlogs(&pool).await else { continue };
        known.extend(counted.iter().map(|backlog| backlog.process.clone()));
        for process in &known {
            // A process without such steps is not counted; its gauges are zero.
            let found = counted.iter().find(|backlog| backlog.process == *process);
            let count = |number: i64| f64::from(i32::try_from(number).unwrap_or(i32::MAX));
            metrics::gauge!("neuroops_process_pending_steps", "process" => process.clone())
                .set(found.map_or(0.0, |found| count(found.open)));
            metrics::gauge!("neuroops_process_stuck_steps", "process" => process.clone())
                .set(found.map_or(0.0, |found| count(found.stuck)));
            metrics::gauge!("neuroops_process_refused_steps", "process" => process.clone())
                .set(found.map_or(0.0, |found| count(found.refused)));
            metrics::gauge!("neuroops_process_oldest_seconds", "process" => process.clone())
                .set(found.map_or(0.0, |found| found.oldest_seconds));
        }
        sender.send_replace(counted);
    }
}

async fn measure_due(pool: PgPool, sources: Vec<DueSource>, cancel: CancellationToken) {
    while cancel.run_until_cancelled(tokio::time::sleep(MEASURE)).await.is_some() {
        if let Err(error) = due::measure(&pool, &sources).await {
            tracing::debug!(%error, "how late due commands are cannot be told");
        }
    }
}
