//! Writers, the log, two processes with recorder and runner of a process manager each, the command bus and the outside.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::kernel::{ProcessDef, Step, StepCommand};
use projections::runtime::{Leases, Place, Projector, Tail, TailOptions};
use serde_json::json;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use workers::processes::{Backoff, EffectHandler, Effects, ProcessOptions, Recorder, Runner, lease_name};
use workers::run_while_held;

use super::broker::SimBroker;
use super::carry::{Process, homes, settle};
use super::executor::{Group, Running, Sim, WORLD, lock};
use super::leases::SimLeases;
use super::link::{Link, Weather};
use super::log::SimLog;
use super::steps::{Outside, SimBus, SimSteps, StepTable, is_refused};
use super::store::SimStore;

/// Sends what was counted on.
static COPY: ProcessDef = ProcessDef {
    name: "sim.copy",
    summary: "Counts elsewhere what was counted.",
    reacts_to: &["sim.counted"],
    react: |event| {
        let command = StepCommand {
            context: "sim".to_owned(),
            aggregate: "tally".to_owned(),
            id: event.aggregate_id.clone(),
            command: "count".to_owned(),
            body: json!({ "number": event.sequence }),
        };
        Ok(vec![Step::command("copy", event.aggregate_id.clone(), command)])
    },
};

/// The same by way of the outside.
static CALL: ProcessDef = ProcessDef {
    name: "sim.call",
    summary: "Asks the outside what to count elsewhere.",
    reacts_to: &["sim.counted"],
    react: |event| {
        let body = json!({ "lane": event.aggregate_id, "number": event.sequence });
        Ok(vec![Step::effect("call", event.aggregate_id.clone(), "outside", body)])
    },
};

/// Longer than the bus remembers keys.
const LONG: Duration = Duration::from_hours(31 * 24);
/// How long everything may take to be as it should once nothing goes wrong any more.
const HEALED: Duration = Duration::from_mins(2);

#[derive(Clone)]
struct World {
    sim: Sim,
    def: &'static ProcessDef,
    postgres: Link,
    log: SimLog,
    leases: SimLeases,
    table: StepTable,
    store: SimStore,
    bus: Arc<SimBus>,
    effects: Effects,
}

fn places() -> Vec<Place> {
    (0..2).map(|partition| Place { context: "sim".to_owned(), partition }).collect()
}

impl World {
    fn new(sim: &Sim) -> Self {
        let def = if sim.chance(50) { &COPY } else { &CALL };
        let postgres = Link::new(sim, Weather::draw(sim));
        let log = SimLog::new(sim, postgres.clone(), &places());
        let table = StepTable::new(sim);
        let recorder = (Arc::new(Recorder::new(def)), table.clone());
        let outside: Arc<dyn EffectHandler> = Arc::new(Outside { link: Link::new(sim, Weather::draw(sim)), calls: Mutex::default() });
        Self {
            sim: sim.clone(),
            def,
            leases: SimLeases::new(sim, postgres.clone()),
            store: SimStore::new(sim, postgres.clone(), &log, &places(), Some(recorder)),
            bus: Arc::new(SimBus::new(sim, Link::new(sim, Weather::draw(sim)))),
            effects: Effects::new([outside]),
            postgres,
            log,
            table,
        }
    }

    fn options() -> ProcessOptions {
        let backoff = Backoff { first: Duration::from_millis(250), longest: Duration::from_secs(5) };
        ProcessOptions { lanes_max: 3, steps_max: 4, backoff, ..ProcessOptions::default() }
    }

    fn start(&self, group: Group) -> Process {
        let cancel = CancellationToken::new();
        let (clock, heads) = (self.sim.clock(group), self.log.watch(group));
        let names = vec![lease_name(self.def.name)];
        let id = Uuid::from_u128(u128::from(group));
        let (leases, competing) = Leases::compete(self.leases.clone(), clock.clone(), id, "process", names, cancel.clone());
        self.sim.spawn(group, competing);
        let (world, stopped) = (self.clone(), cancel.clone());
        let working = async move {
            let (tail, feeding) = loop {
                let options = TailOptions::<SimBroker> { contexts: vec!["sim".to_owned()], kafka: None, group: "projector".to_owned() };
                match Tail::fed(world.log.clone(), heads.clone(), options, clock.clone()).await {
                    Ok(fed) => break fed,
                    Err(_) => world.sim.sleep(Duration::from_millis(100)).await,
                }
            };
            world.sim.spawn(group, feeding);
            let projector = &Projector::with(world.store.clone(), world.log.clone(), tail, clock.clone());
            let runner = &Runner::new(world.def.name, world.bus.clone(), world.effects.clone(), Self::options(), clock);
            let world = &world;
            let work = |epoch, lost: CancellationToken| async move {
                tokio::join!(projector.run(&lost), runner.run(world.steps(epoch), projector.status(), &lost));
            };
            run_while_held(&lease_name(world.def.name), &leases, &stopped, work).await;
        };
        self.sim.spawn(group, working);
        Process { group, cancel }
    }

    fn steps(&self, epoch: i64) -> SimSteps {
        SimSteps {
            process: self.def.name,
            table: self.table.clone(),
            leases: self.leases.clone(),
            link: self.postgres.clone(),
            bus: self.bus.clone(),
            lease: lease_name(self.def.name),
            epoch,
        }
    }

    /// What goes wrong with processes and servers, for a while.
    async fn disturb(self, lasts: Duration, ended: Arc<Mutex<bool>>) {
        let calm = self.sim.between(300, 4000);
        // What the outside was asked more than 29 days ago is for people to find out.
        let long = self.def.name == COPY.name && self.sim.chance(20);
        let mut processes = [self.start(1), self.start(2)];
        let mut next = 3;
        while self.sim.now() < lasts {
            self.sim.sleep(Duration::from_millis(self.sim.between(50, calm))).await;
            let pause = Duration::from_millis(self.sim.between(10, if self.sim.chance(30) { 12_000 } else { 1500 }));
            let chosen = usize::try_from(self.sim.below(2)).unwrap_or(0);
            match self.sim.below(8) {
                0..=2 => {
                    self.sim.kill(processes[chosen].group);
                    self.sim.sleep(pause).await;
                    processes[chosen] = self.start(next);
                    next += 1;
                }
                3 => {
                    processes[chosen].cancel.cancel();
                    self.sim.sleep(pause).await;
                    self.sim.kill(processes[chosen].group);
                    processes[chosen] = self.start(next);
                    next += 1;
                }
                4 | 5 => self.sim.freeze(processes[chosen].group, pause),
                6 => self.postgres.go_away(pause),
                _ => self.store.request_retry(),
            }
        }
        if long {
            for process in &processes {
                self.sim.kill(process.group);
            }
            self.sim.sleep(LONG).await;
            self.start(next);
            self.start(next + 1);
        }
        *lock(&ended) = true;
    }

    /// What is not yet as it should be; nothing where all is.
    fn difference(&self) -> Option<String> {
        if let Some(difference) = self.store.difference().or_else(|| self.table.open()) {
            return Some(difference);
        }
        let parts: &[i64] = if self.def.name == COPY.name { &[0] } else { &[0, 1] };
        let mut wanted: BTreeMap<String, Vec<(i64, i64)>> = BTreeMap::new();
        for event in self.log.events() {
            if self.def.name == CALL.name || !is_refused(event.sequence) {
                wanted.entry(event.aggregate_id.clone()).or_default().extend(parts.iter().map(|part| (event.sequence, *part)));
            }
        }
        let mut found: BTreeMap<String, Vec<(i64, i64)>> = BTreeMap::new();
        for effect in self.bus.effects() {
            found.entry(effect.lane).or_default().push(effect.order);
        }
        (found != wanted).then(|| format!("the effects are {found:?}, and should be {wanted:?}"))
    }
}

/// Runs a seed; tells what was done, or which promise was broken.
pub fn run(seed: u64) -> Result<(u64, u64), String> {
    let sim = Sim::new(seed);
    let mut tasks = Running::default();
    let world = World::new(&sim);
    let lasts = Duration::from_millis(sim.between(2000, 15_000));
    let poison = if sim.chance(30) { sim.between(1, 8) } else { 0 };
    let aggregates = sim.between(1, 5);
    let writing = world.log.write(&homes(&places(), aggregates), sim.between(1, 3), sim.between(3, 15), poison);
    let ended = Arc::new(Mutex::new(false));
    sim.spawn(WORLD, world.clone().disturb(lasts, ended.clone()));
    sim.run(&mut tasks, LONG * 2, || *lock(&ended) && *lock(&writing) == 0);
    settle(&sim, &mut tasks, &world.log, &world.store, HEALED, || world.difference())
}
