//! Writers, the log, two processes with relay, tail and projector each, and the broker between them.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use projections::runtime::{Leases, Place, Position, Projector, Tail, TailOptions};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use workers::relay::{Relay, lease_names};

use super::broker::SimBroker;
use super::executor::{Group, Running, Sim, WORLD, lock};
use super::leases::SimLeases;
use super::link::{Link, Weather};
use super::log::{Home, SimLog};
use super::store::SimStore;

const CONTEXTS: [&str; 2] = ["post", "shop"];
const PARTITIONS: i32 = 2;
/// How long everything may take to be as it should once nothing goes wrong any more.
const HEALED: Duration = Duration::from_secs(90);

/// The log partitions.
fn places() -> Vec<Place> {
    CONTEXTS.iter().flat_map(|context| (0..PARTITIONS).map(|partition| Place { context: (*context).to_owned(), partition })).collect()
}

/// Aggregates, each in its log partition.
pub fn homes(places: &[Place], most: u64) -> Vec<Home> {
    let home = |index: u64| {
        let place = &places[usize::try_from(index).unwrap_or(0) % places.len()];
        (place.clone(), format!("{}-{}-{index}", place.context, place.partition))
    };
    (0..most).map(home).collect()
}

/// A running process.
pub struct Process {
    pub group: Group,
    pub cancel: CancellationToken,
}

#[derive(Clone)]
struct World {
    sim: Sim,
    postgres: Link,
    kafka: Link,
    log: SimLog,
    leases: SimLeases,
    broker: SimBroker,
    store: SimStore,
}

impl World {
    fn new(sim: &Sim) -> Self {
        let postgres = Link::new(sim, Weather::draw(sim));
        let kafka = Link::new(sim, Weather::draw(sim));
        let places = places();
        let log = SimLog::new(sim, postgres.clone(), &places);
        let leases = SimLeases::new(sim, postgres.clone());
        let repeats = if sim.chance(50) { sim.below(80) } else { 0 };
        let broker = SimBroker::new(sim, kafka.clone(), leases.clone(), &places, repeats);
        let store = SimStore::new(sim, postgres.clone(), &log, &places, None);
        Self { sim: sim.clone(), postgres, kafka, log, leases, broker, store }
    }

    /// Starts a process, which is not the same as any before it.
    fn start(&self, group: Group) -> Process {
        let cancel = CancellationToken::new();
        let id = Uuid::from_u128(u128::from(group));
        let (clock, heads) = (self.sim.clock(group), self.log.watch(group));
        let contexts: Vec<String> = CONTEXTS.iter().map(|context| (*context).to_owned()).collect();
        let names = lease_names(&contexts, PARTITIONS);
        let (leases, competing) = Leases::compete(self.leases.clone(), clock.clone(), id, "relay", names, cancel.clone());
        self.sim.spawn(group, competing);
        let broker = self.broker.seen_by(id, group);
        let relay = Relay::with(broker.clone(), self.log.clone(), contexts.clone(), PARTITIONS, leases, heads.clone());
        let stopped = cancel.clone();
        self.sim.spawn(group, async move { relay.run(&stopped).await });
        let (world, stopped) = (self.clone(), cancel.clone());
        let following = async move {
            let (tail, feeding) = loop {
                let options = TailOptions { contexts: contexts.clone(), kafka: Some(broker.clone()), group: "projector".to_owned() };
                match Tail::fed(world.log.clone(), heads.clone(), options, clock.clone()).await {
                    Ok(fed) => break fed,
                    Err(_) => world.sim.sleep(Duration::from_millis(100)).await,
                }
            };
            world.sim.spawn(group, feeding);
            Projector::with(world.store.clone(), world.log.clone(), tail, clock).run(&stopped).await;
        };
        self.sim.spawn(group, following);
        Process { group, cancel }
    }

    /// What goes wrong with processes and servers, for a while.
    async fn disturb(self, lasts: Duration, ended: Arc<Mutex<bool>>) {
        let (calm, wipes) = (self.sim.between(300, 4000), self.sim.chance(30));
        let mut processes = [self.start(1), self.start(2)];
        let mut next = 3;
        while self.sim.now() < lasts {
            self.sim.sleep(Duration::from_millis(self.sim.between(50, calm))).await;
            let pause = Duration::from_millis(self.sim.between(10, if self.sim.chance(30) { 12_000 } else { 1500 }));
            let chosen = usize::try_from(self.sim.below(2)).unwrap_or(0);
            match self.sim.below(10) {
                0..=2 => {
                    self.sim.kill(processes[chosen].group);
                    self.sim.sleep(pause).await;
                    processes[chosen] = self.start(next);
                    next += 1;
                }
                3 => {
                    // Told to stop, a process gives back its leases first.
                    processes[chosen].cancel.cancel();
                    self.sim.sleep(pause).await;
                    self.sim.kill(processes[chosen].group);
                    processes[chosen] = self.start(next);
                    next += 1;
                }
                4 | 5 => self.sim.freeze(processes[chosen].group, pause),
                6 => self.kafka.go_away(pause),
                7 => self.postgres.go_away(pause),
                8 if wipes => self.broker.lose_everything(),
                _ => self.store.request_retry(),
            }
        }
        *lock(&ended) = true;
    }

    /// What is not yet as it should be; nothing where all is.
    fn difference(&self) -> Option<String> {
        let in_broker = places().into_iter().find_map(|place| {
            let (stored, head) = (self.broker.positions(&place), self.log.head(&place));
            let wanted: Vec<Position> = (1..=head).collect();
            (stored != wanted).then(|| format!("the broker holds {stored:?} of {place:?}, and the log {head} events"))
        });
        in_broker.or_else(|| self.store.difference())
    }
}

/// Runs a seed; tells what was done, or which promise was broken.
pub fn run(seed: u64) -> Result<(u64, u64), String> {
    let sim = Sim::new(seed);
    let mut tasks = Running::default();
    let world = World::new(&sim);
    let lasts = Duration::from_millis(sim.between(2000, 15_000));
    let poison = if sim.chance(40) { sim.between(1, 12) } else { 0 };
    let aggregates = sim.between(2, 8);
    let writing = world.log.write(&homes(&places(), aggregates), sim.between(1, 4), sim.between(4, 20), poison);
    let ended = Arc::new(Mutex::new(false));
    sim.spawn(WORLD, world.clone().disturb(lasts, ended.clone()));
    sim.run(&mut tasks, Duration::from_mins(10), || *lock(&ended) && *lock(&writing) == 0);
    settle(&sim, &mut tasks, &world.log, &world.store, HEALED, || world.difference())
}

/// Ends what goes wrong and waits until everything is as it should be.
pub fn settle(
    sim: &Sim,
    tasks: &mut Running,
    log: &SimLog,
    store: &SimStore,
    within: Duration,
    difference: impl Fn() -> Option<String>,
) -> Result<(u64, u64), String> {
    sim.heal();
    log.mend();
    let (asking, store) = (sim.clone(), store.clone());
    sim.spawn(WORLD, async move {
        loop {
            store.request_retry();
            asking.sleep(Duration::from_secs(2)).await;
        }
    });
    let deadline = sim.now() + within;
    while sim.failure().is_none() && sim.now() < deadline && difference().is_some() {
        let next = sim.now() + Duration::from_millis(500);
        sim.run(tasks, next, || false);
        // Where nothing is left to happen before then.
        let pause = sim.sleep(next.saturating_sub(sim.now()));
        sim.spawn(WORLD, pause);
        sim.run(tasks, next, || false);
    }
    match sim.failure().or_else(|| difference().map(|difference| format!("progress: {difference}, {within:?} after the last fault"))) {
        Some(failure) => Err(failure),
        None => Ok(sim.trace()),
    }
}
