//! The event log, by the contract of `log.append`: positions are given under the lock of the log partition's head, which is held until the
//! commit; what is rolled back burns none.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::kernel::{RecordedEvent, TenantId};
use projections::runtime::planted::{Bug, planted};
use projections::runtime::{EventLog, Heads, Place, Position};
use tokio::sync::{Notify, watch};
use uuid::Uuid;
use workers::relay::RelayLog;

use super::executor::{Group, Sim, WORLD, lock};
use super::link::Link;

/// The tenant of all events.
pub const TENANT: Uuid = Uuid::from_u128(0x7e4a);

/// How readers take an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Poison {
    /// They find it at fault.
    Event,
    /// The statement that writes it fails.
    Statement,
}

#[derive(Default)]
struct Partition {
    events: BTreeMap<Position, Arc<RecordedEvent>>,
    /// What a sequence would give next; for the planted bug alone.
    sequence: Position,
    locked: bool,
}

#[derive(Default)]
struct State {
    partitions: BTreeMap<Place, Partition>,
    versions: BTreeMap<String, i64>,
    poison: BTreeMap<Uuid, Poison>,
    ids: u128,
    noted: BTreeMap<Place, Position>,
}

/// The log.
#[derive(Clone)]
pub struct SimLog {
    sim: Sim,
    link: Link,
    state: Arc<Mutex<State>>,
    committed: Arc<Notify>,
    unlocked: Arc<Notify>,
}

/// Where an aggregate is.
pub type Home = (Place, String);

impl SimLog {
    /// A log with these empty partitions.
    pub fn new(sim: &Sim, link: Link, places: &[Place]) -> Self {
        let partitions = places.iter().map(|place| (place.clone(), Partition::default())).collect();
        let state = State { partitions, ..State::default() };
        Self { sim: sim.clone(), link, state: Arc::new(Mutex::new(state)), committed: Arc::default(), unlocked: Arc::default() }
    }

    /// All events, by log partition and position.
    pub fn events(&self) -> Vec<Arc<RecordedEvent>> {
        lock(&self.state).partitions.values().flat_map(|partition| partition.events.values().cloned()).collect()
    }

    /// The last position of a log partition.
    pub fn head(&self, place: &Place) -> Position {
        let state = lock(&self.state);
        state.partitions.get(place).and_then(|partition| partition.events.keys().next_back().copied()).unwrap_or(0)
    }

    /// Whether the log holds this position.
    pub fn has(&self, place: &Place, position: Position) -> bool {
        lock(&self.state).partitions.get(place).is_some_and(|partition| partition.events.contains_key(&position))
    }

    /// How readers take an event.
    pub fn poison(&self, event: Uuid) -> Option<Poison> {
        lock(&self.state).poison.get(&event).copied()
    }

    /// Readers take all events from now on.
    pub fn mend(&self) {
        lock(&self.state).poison.clear();
    }

    /// Appends one event to each of these aggregates in one transaction, which stays open for a while and may be rolled back. Some of the
    /// events are poison, in so many cases of a hundred.
    pub async fn append(&self, mut homes: Vec<Home>, open: Duration, rolled_back: bool, poison: u64) {
        homes.sort();
        let places: BTreeSet<Place> = homes.iter().map(|(place, _)| place.clone()).collect();
        let mut drawn = Vec::new();
        if planted(Bug::PositionsFromASequence) {
            let mut state = lock(&self.state);
            for (place, _) in &homes {
                let Some(partition) = state.partitions.get_mut(place) else { continue };
                partition.sequence += 1;
                drawn.push(partition.sequence);
            }
        } else {
            for place in &places {
                self.lock_head(place).await;
            }
        }
        self.sim.sleep(open).await;
        if planted(Bug::PositionsFromASequence) || !rolled_back {
            self.insert(&homes, &drawn, poison);
        }
        if !planted(Bug::PositionsFromASequence) {
            self.unlock(&places);
        }
        self.committed.notify_waiters();
    }

    async fn lock_head(&self, place: &Place) {
        loop {
            let unlocked = self.unlocked.notified();
            if let Some(partition) = lock(&self.state).partitions.get_mut(place).filter(|partition| !partition.locked) {
                partition.locked = true;
                return;
            }
            unlocked.await;
        }
    }

    fn unlock(&self, places: &BTreeSet<Place>) {
        for (_, partition) in lock(&self.state).partitions.iter_mut().filter(|(place, _)| places.contains(place)) {
            partition.locked = false;
        }
        self.unlocked.notify_waiters();
    }

    fn insert(&self, homes: &[Home], drawn: &[Position], poison: u64) {
        let recorded_at = self.sim.date();
        let mut state = lock(&self.state);
        for (index, (place, aggregate)) in homes.iter().enumerate() {
            state.ids += 1;
            let event_id = Uuid::from_u128(state.ids);
            let version = state.versions.entry(aggregate.clone()).or_insert(0);
            *version += 1;
            let sequence = *version;
            if self.sim.chance(poison) {
                let kind = if self.sim.chance(50) { Poison::Event } else { Poison::Statement };
                state.poison.insert(event_id, kind);
            }
            let Some(partition) = state.partitions.get_mut(place) else { continue };
            let next = partition.events.keys().next_back().copied().unwrap_or(0) + 1;
            let position = drawn.get(index).copied().unwrap_or(next);
            let event = RecordedEvent {
                context: place.context.clone(),
                partition: place.partition,
                position,
                event_id,
                tenant_id: TenantId(TENANT),
                aggregate_type: "tally".to_owned(),
                aggregate_id: aggregate.clone(),
                sequence,
                event_type: "counted".to_owned(),
                event_version: "1".to_owned(),
                payload: "{}".to_owned(),
                metadata: "{}".to_owned(),
                recorded_at,
            };
            partition.events.insert(position, Arc::new(event));
        }
    }

    /// Keeps a process informed of the heads: by notices, some of which are lost, and by a look now and then.
    pub fn watch(&self, group: Group) -> Heads {
        let (sender, receiver) = watch::channel(Arc::new(HashMap::new()));
        let log = self.clone();
        let watching = async move {
            loop {
                let told = log.committed.notified();
                tokio::select! {
                    biased;
                    () = told => {
                        if log.sim.fault(200) {
                            continue;
                        }
                    }
                    () = log.sim.sleep(Duration::from_millis(250)) => {}
                }
                let Ok(heads) = log.heads().await else { continue };
                let heads = Arc::new(heads);
                let changed = |known: &mut Arc<HashMap<Place, Position>>| {
                    let changed = *known != heads;
                    *known = heads;
                    changed
                };
                sender.send_if_modified(changed);
            }
        };
        self.sim.spawn(group, watching);
        receiver
    }

    /// Has one writer after another append to these aggregates, each its share of `events`, until all are written.
    pub fn write(&self, homes: &[Home], writers: u64, events: u64, poison: u64) -> Arc<Mutex<u64>> {
        let open = Arc::new(Mutex::new(writers));
        for _ in 0..writers {
            let (log, homes, sim, open) = (self.clone(), homes.to_vec(), self.sim.clone(), open.clone());
            let writing = async move {
                let mut left = events;
                while left > 0 {
                    sim.sleep(Duration::from_micros(sim.between(500, if sim.chance(10) { 2_000_000 } else { 200_000 }))).await;
                    let size = sim.between(1, 5.min(left));
                    let count = homes.len() as u64;
                    let chosen = (0..size).filter_map(|_| homes.get(usize::try_from(sim.below(count)).ok()?).cloned()).collect();
                    let held = Duration::from_micros(if sim.chance(10) { sim.between(0, 400_000) } else { sim.between(0, 3_000) });
                    let rolled_back = sim.chance(15);
                    log.append(chosen, held, rolled_back, poison).await;
                    left -= size;
                }
                *lock(&open) -= 1;
            };
            self.sim.spawn(WORLD, writing);
        }
        open
    }
}

impl EventLog for SimLog {
    async fn heads(&self) -> Result<HashMap<Place, Position>, sqlx::Error> {
        let read = || {
            let state = lock(&self.state);
            let head = |partition: &Partition| partition.events.keys().next_back().copied().unwrap_or(0);
            state.partitions.iter().map(|(place, partition)| (place.clone(), head(partition))).collect()
        };
        self.link.query(read).await
    }

    async fn after(&self, places: &[(Place, Position)], limit: i64) -> Result<Vec<Arc<RecordedEvent>>, sqlx::Error> {
        let mut places = places.to_vec();
        places.sort();
        let read = || {
            let state = lock(&self.state);
            let mut found = Vec::new();
            for (place, position) in &places {
                let Some(partition) = state.partitions.get(place) else { continue };
                let limit = usize::try_from(limit).unwrap_or(0);
                found.extend(partition.events.range(position + 1..).take(limit).map(|(_, event)| event.clone()));
            }
            found
        };
        self.link.query(read).await
    }

    async fn holds(&self, events: &[&RecordedEvent]) -> Result<bool, sqlx::Error> {
        let read = || {
            let state = lock(&self.state);
            let is_there = |event: &RecordedEvent| {
                let partition = state.partitions.get(&Place::of(event));
                partition.and_then(|partition| partition.events.get(&event.position)).is_some_and(|held| held.event_id == event.event_id)
            };
            events.iter().all(|event| is_there(event))
        };
        self.link.query(read).await
    }
}

impl RelayLog for SimLog {
    async fn remembered(&self, place: &Place) -> Result<Position, sqlx::Error> {
        self.link.query(|| lock(&self.state).noted.get(place).copied().unwrap_or(0)).await
    }

    async fn note(&self, published: &[(&Place, Position)]) -> Result<(), sqlx::Error> {
        let note = || lock(&self.state).noted.extend(published.iter().map(|(place, position)| ((*place).clone(), *position)));
        self.link.query(note).await
    }
}
