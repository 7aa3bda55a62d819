//! What the tests of process managers share: a process from one kind of tally to another, and workers that can be killed.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use commands::{BusOptions, CommandBus};
use domain::kernel::{ContextDef, DecodeEventError, ProcessDef, RecordedEvent, Step, StepCommand, event_of};
use platform::testing::TestDatabase;
use projections::runtime::Projection;
use serde_json::json;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use workers::due::DueOptions;
use workers::processes::{Backoff, EffectError, EffectHandler, EffectStep, Effects, ProcessOptions};
use workers::{Automation, Roles, WorkerOptions, Workers};

use crate::support::{bus, request};
use crate::tally::{self, Tally, TallyEvent};

/// What is counted on a tally `from-…` is counted on `to-…` too, in order.
pub static COPY: ProcessDef = ProcessDef {
    name: "shop.copy",
    summary: "Counts on a second tally what was counted on a first one.",
    reacts_to: &["shop.counted"],
    react: |event| react(event, |lane, token| Step::command("copy", lane, count(&format!("to-{lane}"), token))),
};

/// The same by way of the outside.
pub static CALL: ProcessDef = ProcessDef {
    name: "shop.call",
    summary: "Asks the outside what to count.",
    reacts_to: &["shop.counted"],
    react: |event| react(event, |lane, token| Step::effect("call", lane, "outside", json!({ "lane": lane, "token": token }))),
};

/// Wants from `to-…` what it often does not have.
pub static EXPECT: ProcessDef = ProcessDef {
    name: "shop.expect",
    summary: "Is refused.",
    reacts_to: &["shop.counted"],
    react: |event| {
        react(event, |lane, token| {
            let command =
                if token.starts_with("wrong") { ("expect", json!({ "total": 77 })) } else { ("count", json!({ "token": token })) };
            Step::command(
                "try",
                lane,
                StepCommand { command: command.0.to_owned(), body: command.1, ..count(&format!("to-{lane}"), token) },
            )
        })
    },
};

fn react(event: &RecordedEvent, step: impl Fn(&str, &str) -> Step) -> Result<Vec<Step>, DecodeEventError> {
    let Some(TallyEvent::Counted(counted)) = event_of::<Tally>(event)? else { return Ok(Vec::new()) };
    Ok(event.aggregate_id.strip_prefix("from-").map(|lane| step(lane, &counted.token)).into_iter().collect())
}

/// A command that counts.
pub fn count(id: &str, token: &str) -> StepCommand {
    StepCommand {
        context: "shop".to_owned(),
        aggregate: "tally".to_owned(),
        id: id.to_owned(),
        command: "count".to_owned(),
        body: json!({ "token": token }),
    }
}

/// Counts on `from-<lane>` of a tenant.
pub async fn give(bus: &CommandBus, tenant: Uuid, lane: &str, token: &str) {
    let body = json!({ "token": token });
    bus.execute(request(tenant, "shop", "tally", &format!("from-{lane}"), "count", &body)).await.expect("accepted");
}

/// Pauses that tests can wait for.
pub fn quick() -> ProcessOptions {
    ProcessOptions {
        backoff: Backoff { first: Duration::from_millis(20), longest: Duration::from_millis(200) },
        stuck_after: 4,
        look: Duration::from_millis(200),
        effect_max: Duration::from_secs(2),
        ..ProcessOptions::default()
    }
}

/// What workers of these processes need, with a bus of their own.
pub fn automation(db: &TestDatabase, processes: &[&'static ProcessDef], handlers: Vec<Arc<dyn EffectHandler>>) -> Automation {
    let contexts: [&'static ContextDef; 0] = [];
    Automation { process_options: quick(), ..Automation::new(bus(db), &contexts, processes, Effects::new(handlers)) }
}

/// Options of workers with these roles and no Kafka.
pub fn options(db: &TestDatabase, automation: Automation, projections: Vec<Box<dyn Projection>>, roles: Roles) -> WorkerOptions {
    WorkerOptions {
        pool: db.worker.clone(),
        kafka: None,
        contexts: Vec::new(),
        projections,
        partitions: db.partitions,
        automation: Some(automation),
        notary: None,
        roles,
    }
}

/// Workers that run these processes.
pub async fn start(db: &TestDatabase, processes: &[&'static ProcessDef], handlers: Vec<Arc<dyn EffectHandler>>) -> Workers {
    let roles = Roles { processes: true, ..Roles::NONE };
    Workers::start(options(db, automation(db, processes, handlers), Vec::new(), roles)).await.expect("Postgres is there")
}

/// Workers on threads and connections of their own, as in a process of their own.
pub struct WorkerProcess {
    runtime: tokio::runtime::Runtime,
    cancel: CancellationToken,
}

/// What a worker process is given.
#[derive(Clone)]
pub struct Running {
    pub contexts: Vec<&'static ContextDef>,
    pub processes: Vec<&'static ProcessDef>,
    pub handlers: Vec<Arc<dyn EffectHandler>>,
    pub projections: fn() -> Vec<Box<dyn Projection>>,
    pub roles: Roles,
    pub due_options: DueOptions,
}

impl Running {
    /// Only these processes.
    pub fn processes(processes: &[&'static ProcessDef], handlers: Vec<Arc<dyn EffectHandler>>) -> Self {
        Self {
            contexts: vec![&tally::CONTEXT],
            processes: processes.to_vec(),
            handlers,
            projections: Vec::new,
            roles: Roles { processes: true, ..Roles::NONE },
            due_options: DueOptions::default(),
        }
    }
}

impl WorkerProcess {
    /// Starts it.
    pub fn start(db: &TestDatabase, running: Running) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
        let (worker_url, app_url, partitions) = (db.worker_url.clone(), db.app_url.clone(), db.partitions);
        let cancel = CancellationToken::new();
        let token = cancel.clone();
        runtime.spawn(async move {
            let app = platform::postgres::pool(&app_url, 8).expect("a valid URL");
            let bus = CommandBus::start(&running.contexts, &app, BusOptions { partitions, lanes: 2, ..BusOptions::default() });
            let automation = Automation {
                process_options: quick(),
                due_options: running.due_options,
                ..Automation::new(bus, &running.contexts, &running.processes, Effects::new(running.handlers))
            };
            let options = WorkerOptions {
                pool: platform::postgres::pool(&worker_url, 10).expect("a valid URL"),
                kafka: None,
                contexts: Vec::new(),
                projections: (running.projections)(),
                partitions,
                automation: Some(automation),
                notary: None,
                roles: running.roles,
            };
            let workers = Workers::start(options).await.expect("Postgres is there");
            token.cancelled().await;
            workers.stop().await;
        });
        Self { runtime, cancel }
    }

    /// Ends it as `kill -9` does: nothing is given back.
    pub fn kill(self) {
        self.runtime.shutdown_background();
    }

    /// Ends it properly.
    pub async fn stop(self) {
        self.cancel.cancel();
        tokio::task::spawn_blocking(move || self.runtime.shutdown_timeout(Duration::from_secs(1))).await.expect("stopped");
    }
}

/// An outside that fails a number of times and then answers what to count, twice.
pub struct Outside {
    pub calls: AtomicU32,
    pub failures: u32,
    pub failure: fn() -> EffectError,
}

impl Outside {
    pub fn failing(failures: u32, failure: fn() -> EffectError) -> Arc<Self> {
        Arc::new(Self { calls: AtomicU32::new(0), failures, failure })
    }
}

#[async_trait]
impl EffectHandler for Outside {
    fn name(&self) -> &'static str {
        "outside"
    }

    async fn run(&self, step: &EffectStep) -> Result<Vec<StepCommand>, EffectError> {
        if self.calls.fetch_add(1, Ordering::SeqCst) < self.failures {
            return Err((self.failure)());
        }
        let text = |name: &str| step.body[name].as_str().expect("a text").to_owned();
        let (lane, token) = (text("lane"), text("token"));
        Ok(vec![count(&format!("to-{lane}"), &token), count(&format!("to-{lane}"), &format!("{token}-again"))])
    }
}

/// The tokens that were counted on each tally `to-…` of a tenant, in order, by lane.
pub async fn copies(db: &TestDatabase, tenant: Uuid) -> BTreeMap<String, Vec<String>> {
    let rows: Vec<(String, String)> = sqlx::query_as(
        "SELECT substr(aggregate_id, 4), payload->>'token' FROM log.events WHERE tenant_id = $1 AND aggregate_id LIKE 'to-%' ORDER BY aggregate_id, sequence",
    )
    .bind(tenant)
    .fetch_all(&db.worker)
    .await
    .expect("events");
    let mut copies: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (lane, token) in rows {
        copies.entry(lane).or_default().push(token);
    }
    copies
}

/// How many steps are in a state.
pub async fn steps_in(db: &TestDatabase, state: &str) -> i64 {
    let count = sqlx::query_scalar("SELECT count(*) FROM runtime.process_steps WHERE state = $1").bind(state);
    count.fetch_one(&db.worker).await.expect("a number")
}

/// Waits until so many steps are in a state.
pub async fn wait_for(db: &TestDatabase, state: &str, count: i64) {
    crate::support::eventually(&format!("{count} steps are {state}"), async || (steps_in(db, state).await == count).then_some(())).await;
}

/// Lanes that have a row.
pub async fn lanes(db: &TestDatabase) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM runtime.process_lanes").fetch_one(&db.worker).await.expect("a number")
}
