//! What a projector keeps, by the contract of its statements: rows, checkpoints, parked events, and the steps of a process, in transactions.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};
use domain::kernel::RecordedEvent;
use projections::runtime::{ApplyError, Checkpoints, Key, Place, Position, ProjectionStore, key_of};
use tokio::sync::Notify;
use workers::processes::Recorder;

use super::executor::{Sim, lock};
use super::link::Link;
use super::log::{Poison, SimLog};
use super::steps::{NewStep, StepTable};

/// The name of the projection.
const NAME: &str = "sim.rows";

/// A row: which events of an aggregate were applied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    sequence: i64,
    positions: Vec<Position>,
}

#[derive(Clone, Debug, Default)]
struct Parked {
    retry: bool,
}

#[derive(Default)]
struct State {
    checkpoints: BTreeMap<Place, Position>,
    rows: BTreeMap<String, Row>,
    applied: BTreeSet<(Place, Position)>,
    parked: BTreeMap<(Key, Place, Position), Parked>,
    /// Rows of the checkpoints that transactions hold.
    locks: BTreeMap<Place, u64>,
    transactions: u64,
}

struct Shared {
    state: Mutex<State>,
    released: Notify,
}

/// The tables of one projection.
#[derive(Clone)]
pub struct SimStore {
    sim: Sim,
    link: Link,
    log: SimLog,
    shared: Arc<Shared>,
    process: Option<(Arc<Recorder>, StepTable)>,
}

/// A transaction.
pub struct Tx {
    id: u64,
    shared: Arc<Shared>,
    moves: Vec<(Place, Position)>,
    rows: BTreeMap<String, Row>,
    applied: Vec<(Place, Position)>,
    parked: Vec<(Key, Place, Position)>,
    unparked: Vec<Key>,
    steps: Vec<NewStep>,
}

impl Drop for Tx {
    fn drop(&mut self) {
        lock(&self.shared.state).locks.retain(|_, holder| *holder != self.id);
        self.shared.released.notify_waiters();
    }
}

/// A statement that fails because of what is in it.
#[derive(Debug, thiserror::Error)]
#[error("a value is out of range")]
struct OutOfRange;

impl sqlx::error::DatabaseError for OutOfRange {
    fn message(&self) -> &'static str {
        "a value is out of range"
    }

    fn code(&self) -> Option<std::borrow::Cow<'_, str>> {
        Some("22003".into())
    }

    fn as_error(&self) -> &(dyn std::error::Error + Send + Sync + 'static) {
        self
    }

    fn as_error_mut(&mut self) -> &mut (dyn std::error::Error + Send + Sync + 'static) {
        self
    }

    fn into_error(self: Box<Self>) -> Box<dyn std::error::Error + Send + Sync + 'static> {
        self
    }

    fn kind(&self) -> sqlx::error::ErrorKind {
        sqlx::error::ErrorKind::Other
    }
}

impl SimStore {
    /// Empty tables, with checkpoints at the beginning of the log.
    pub fn new(sim: &Sim, link: Link, log: &SimLog, places: &[Place], process: Option<(Arc<Recorder>, StepTable)>) -> Self {
        let checkpoints = places.iter().map(|place| (place.clone(), 0)).collect();
        let shared = Arc::new(Shared { state: Mutex::new(State { checkpoints, ..State::default() }), released: Notify::new() });
        Self { sim: sim.clone(), link, log: log.clone(), shared, process }
    }

    /// Asks for parked keys to be tried again.
    pub fn request_retry(&self) {
        lock(&self.shared.state).parked.values_mut().for_each(|parked| parked.retry = true);
    }

    /// What is not yet as the log says; nothing where all is.
    pub fn difference(&self) -> Option<String> {
        let state = lock(&self.shared.state);
        let behind = state.checkpoints.iter().find(|(place, position)| self.log.head(place) != **position);
        if let Some((place, position)) = behind {
            return Some(format!("the checkpoint of {place:?} is at {position} of {}", self.log.head(place)));
        }
        if let Some((key, place, position)) = state.parked.keys().next() {
            return Some(format!("{} is parked from {place:?}@{position} on", key.1));
        }
        let mut fold: BTreeMap<String, Row> = BTreeMap::new();
        for event in self.log.events() {
            let row = fold.entry(key_of(&event).1).or_default();
            row.sequence = event.sequence;
            row.positions.push(event.position);
        }
        (fold != state.rows).then(|| format!("the rows are {:?}, and a fold of the log gives {fold:?}", state.rows))
    }

    async fn hold(&self, id: u64, place: &Place) {
        loop {
            let released = self.shared.released.notified();
            {
                let mut state = lock(&self.shared.state);
                let holder = *state.locks.entry(place.clone()).or_insert(id);
                if holder == id {
                    return;
                }
            }
            released.await;
        }
    }

    fn write(&self, tx: &mut Tx, events: &[Arc<RecordedEvent>]) -> Result<(), ApplyError> {
        for (index, event) in events.iter().enumerate() {
            match self.log.poison(event.event_id) {
                Some(Poison::Event) => return Err(ApplyError::Event { index, reason: "it is poison".to_owned() }),
                Some(Poison::Statement) => return Err(ApplyError::Database(sqlx::Error::Database(Box::new(OutOfRange)))),
                None => {}
            }
            if let Some((recorder, _)) = &self.process {
                let steps = recorder.steps(event).map_err(|reason| ApplyError::Event { index, reason })?;
                tx.steps.extend(steps.into_iter().map(|step| NewStep::of(event, step)));
            }
            let key = key_of(event).1;
            let row = tx.rows.entry(key.clone()).or_insert_with(|| lock(&self.shared.state).rows.get(&key).cloned().unwrap_or_default());
            if event.sequence != row.sequence + 1 {
                self.sim.fail(format!("read model: event {} of {key} is applied after event {}", event.sequence, row.sequence));
            }
            row.sequence = event.sequence;
            row.positions.push(event.position);
            tx.applied.push((Place::of(event), event.position));
        }
        Ok(())
    }

    /// Makes what a transaction did visible, and looks whether a reader may believe the checkpoints.
    fn publish(&self, tx: &mut Tx) {
        let mut state = lock(&self.shared.state);
        state.rows.append(&mut tx.rows);
        for (place, position) in tx.applied.drain(..) {
            if !state.applied.insert((place.clone(), position)) {
                self.sim.fail(format!("read model: {place:?}@{position} is applied again"));
            }
        }
        for key in tx.unparked.drain(..) {
            state.parked.retain(|(parked, _, _), _| *parked != key);
        }
        state.parked.extend(tx.parked.drain(..).map(|entry| (entry, Parked::default())));
        for (place, position) in tx.moves.drain(..) {
            let before = state.checkpoints.insert(place.clone(), position).unwrap_or(0);
            for passed in before + 1..=position {
                let is_parked = state.parked.keys().any(|(_, at, parked)| (at, *parked) == (&place, passed));
                let is_there = self.log.has(&place, passed);
                if !is_there || (!is_parked && !state.applied.contains(&(place.clone(), passed))) {
                    self.sim
                        .fail(format!("checkpoint: {place:?}@{position} is no proven prefix, as {passed} was neither applied nor parked"));
                }
            }
        }
        if let Some((_, steps)) = &self.process {
            steps.record(tx.steps.drain(..));
        }
    }
}

impl ProjectionStore for SimStore {
    type Tx = Tx;

    fn name(&self) -> &'static str {
        NAME
    }

    fn concerns(&self, event: &RecordedEvent) -> bool {
        event.position % 3 != 0
    }

    async fn active_version(&self) -> Result<i32, sqlx::Error> {
        self.link.query(|| 1).await
    }

    async fn load(&self, version: i32) -> Result<(Checkpoints, HashSet<Key>), sqlx::Error> {
        let read = || lock(&self.shared.state).checkpoints.iter().map(|(place, position)| (place.clone(), *position)).collect();
        let positions = self.link.query(read).await?;
        let parked = self.link.query(|| lock(&self.shared.state).parked.keys().map(|(key, _, _)| key.clone()).collect()).await?;
        Ok((Checkpoints { projection: NAME, version, positions }, parked))
    }

    async fn begin(&self) -> Result<Tx, sqlx::Error> {
        let begin = || {
            let mut state = lock(&self.shared.state);
            state.transactions += 1;
            state.transactions
        };
        let id = self.link.query(begin).await?;
        Ok(Tx {
            id,
            shared: self.shared.clone(),
            moves: Vec::new(),
            rows: BTreeMap::new(),
            applied: Vec::new(),
            parked: Vec::new(),
            unparked: Vec::new(),
            steps: Vec::new(),
        })
    }

    async fn commit(&self, mut tx: Tx) -> Result<(), sqlx::Error> {
        self.link.query(|| self.publish(&mut tx)).await
    }

    async fn advance(
        &self,
        tx: &mut Tx,
        checkpoints: &Checkpoints,
        moves: &HashMap<Place, (Position, DateTime<Utc>)>,
    ) -> Result<bool, sqlx::Error> {
        let moves: BTreeMap<&Place, Position> = moves.iter().map(|(place, (position, _))| (place, *position)).collect();
        self.link.query(|| ()).await?;
        for place in moves.keys() {
            self.hold(tx.id, place).await;
        }
        let mut matching = 0;
        for (place, position) in &moves {
            let thought = checkpoints.positions.get(*place).copied().unwrap_or(0);
            if lock(&self.shared.state).checkpoints.get(*place) == Some(&thought) {
                tx.moves.push(((*place).clone(), *position));
                matching += 1;
            }
        }
        Ok(matching == moves.len())
    }

    async fn lock(&self, tx: &mut Tx, _: &Checkpoints) -> Result<(), sqlx::Error> {
        self.link.query(|| ()).await?;
        let places: Vec<Place> = lock(&self.shared.state).checkpoints.keys().cloned().collect();
        for place in &places {
            self.hold(tx.id, place).await;
        }
        Ok(())
    }

    async fn apply(&self, tx: &mut Tx, _: i32, events: &[Arc<RecordedEvent>]) -> Result<(), ApplyError> {
        self.link.query(|| self.write(tx, events)).await?
    }

    async fn parked_keys(&self, _: &mut Tx, _: i32) -> Result<HashSet<Key>, sqlx::Error> {
        self.link.query(|| lock(&self.shared.state).parked.keys().map(|(key, _, _)| key.clone()).collect()).await
    }

    async fn park(&self, tx: &mut Tx, _: i32, events: &[(Arc<RecordedEvent>, String)]) -> Result<(), sqlx::Error> {
        if events.is_empty() {
            return Ok(());
        }
        self.link.query(|| tx.parked.extend(events.iter().map(|(event, _)| (key_of(event), Place::of(event), event.position)))).await
    }

    async fn parked_positions(&self, _: &mut Tx, _: i32, key: &Key) -> Result<Vec<(Place, Position)>, sqlx::Error> {
        let read = || {
            let state = lock(&self.shared.state);
            let of_key = state.parked.keys().filter(|(parked, _, _)| parked == key);
            of_key.map(|(_, place, position)| (place.clone(), *position)).collect()
        };
        self.link.query(read).await
    }

    async fn unpark(&self, tx: &mut Tx, _: i32, key: &Key) -> Result<(), sqlx::Error> {
        self.link.query(|| tx.unparked.push(key.clone())).await
    }

    async fn requested(&self, _: i32) -> Result<Vec<Key>, sqlx::Error> {
        let read = || {
            let state = lock(&self.shared.state);
            let keys: BTreeSet<Key> = state.parked.iter().filter(|(_, parked)| parked.retry).map(|((key, _, _), _)| key.clone()).collect();
            keys.into_iter().collect()
        };
        self.link.query(read).await
    }

    async fn failed_again(&self, _: i32, key: &Key, _: &str) -> Result<(), sqlx::Error> {
        let note = || {
            let mut state = lock(&self.shared.state);
            state.parked.iter_mut().filter(|((parked, _, _), _)| parked == key).for_each(|(_, parked)| parked.retry = false);
        };
        self.link.query(note).await
    }
}
