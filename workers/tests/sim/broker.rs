//! A broker that loses acknowledgements, answers late, goes away, repeats records and loses all that it has; and what it promises to those
//! who send: order within a connection and topic partition, and that nothing arrives later than the sender waits for it.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::kernel::RecordedEvent;
use platform::kafka::TopicError;
use projections::runtime::{Feed, Place, Position};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use tokio::sync::{Notify, mpsc};
use uuid::Uuid;
use workers::relay::{Broker, Ends, Outlet, Page};

use super::executor::{Group, Sim, WORLD, lock};
use super::leases::SimLeases;
use super::link::Link;

/// Records that a consumer is handed at once.
const FETCH_MAX: u64 = 20;

fn away() -> KafkaError {
    KafkaError::MessageProduction(RDKafkaErrorCode::BrokerTransportFailure)
}

#[derive(Default)]
struct Topic {
    low: i64,
    records: VecDeque<Arc<RecordedEvent>>,
    /// The highest position since the topic was last emptied.
    highest: Position,
    /// Grows each time that records are lost or deleted.
    generation: u64,
}

impl Topic {
    fn high(&self) -> i64 {
        self.low + i64::try_from(self.records.len()).unwrap_or(0)
    }

    fn at(&self, offset: i64) -> Option<&Arc<RecordedEvent>> {
        self.records.get(usize::try_from(offset - self.low).ok()?)
    }

    fn empty(&mut self, low: i64) {
        *self = Self { low, generation: self.generation + 1, ..Self::default() };
    }
}

/// When a process has last read a tail, and of which generation of the topic partition.
type LastRead = (Duration, u64);

#[derive(Default)]
struct State {
    topics: BTreeMap<Place, Topic>,
    reads: BTreeMap<(Uuid, Place), LastRead>,
}

/// The broker, as one process sees it.
#[derive(Clone)]
pub struct SimBroker {
    sim: Sim,
    link: Link,
    leases: SimLeases,
    /// Chunks of records of a thousand that are stored twice.
    repeats: u64,
    state: Arc<Mutex<State>>,
    grown: Arc<Notify>,
    holder: Uuid,
    group: Group,
}

impl SimBroker {
    /// A broker with these empty topic partitions.
    pub fn new(sim: &Sim, link: Link, leases: SimLeases, places: &[Place], repeats: u64) -> Self {
        let topics = places.iter().map(|place| (place.clone(), Topic::default())).collect();
        let state = Arc::new(Mutex::new(State { topics, ..State::default() }));
        Self { sim: sim.clone(), link, leases, repeats, state, grown: Arc::default(), holder: Uuid::nil(), group: WORLD }
    }

    /// The same, seen by a process that competes for leases under this id.
    pub fn seen_by(&self, holder: Uuid, group: Group) -> Self {
        Self { holder, group, ..self.clone() }
    }

    /// Everything is lost.
    pub fn lose_everything(&self) {
        lock(&self.state).topics.values_mut().for_each(|topic| topic.empty(0));
    }

    /// The positions in a topic partition without those that repeat earlier ones, as a reader sees them.
    pub fn positions(&self, place: &Place) -> Vec<Position> {
        let state = lock(&self.state);
        let mut seen = Vec::new();
        for record in state.topics.get(place).into_iter().flat_map(|topic| &topic.records) {
            if seen.last().is_none_or(|last| record.position > *last) {
                seen.push(record.position);
            }
        }
        seen
    }

    /// What is sent must be sent under a lease that outlasts it, by somebody who has read the tail under that lease. Tells of which
    /// generation of the topic partition that was.
    fn check_lease(&self, place: &Place, delivery: Duration) -> Option<u64> {
        let name = format!("relay/{}/{}", place.context, place.partition);
        let last_read = lock(&self.state).reads.get(&(self.holder, place.clone())).copied();
        let Some(row) = self.leases.row(&name).filter(|row| row.holder == self.holder) else {
            self.sim.fail(format!("fencing: a record is sent to {place:?} by somebody who has no lease on it"));
            return None;
        };
        if row.expires_at < self.sim.now() + delivery {
            self.sim.fail(format!("fencing: a record is sent to {place:?} that may arrive after the lease"));
        }
        if last_read.is_none_or(|(at, _)| at < row.since) {
            self.sim.fail(format!("fencing: a record is sent to {place:?} in epoch {} without having read the tail in it", row.epoch));
        }
        last_read.map(|(_, generation)| generation)
    }

    /// Stores records that were sent by somebody who had read the tail of this generation.
    fn store(&self, place: &Place, records: &[Arc<RecordedEvent>], known: Option<u64>) {
        let mut state = lock(&self.state);
        let Some(topic) = state.topics.get_mut(place) else { return };
        for record in records {
            // Who has read the tail of this very topic must not leave anything out; who has read it before it was lost cannot know.
            if record.position > topic.highest + 1 && known == Some(topic.generation) {
                self.sim.fail(format!("order: position {} follows on {} in {place:?} of the broker", record.position, topic.highest));
            }
            topic.highest = topic.highest.max(record.position);
            topic.records.push_back(record.clone());
        }
        drop(state);
        self.grown.notify_waiters();
    }
}

/// What was sent and is on its way.
struct Sent {
    events: Vec<Arc<RecordedEvent>>,
    page: Arc<Page>,
    at: Duration,
    known: BTreeMap<Place, Option<u64>>,
}

#[derive(Default)]
struct Pipe {
    sent: VecDeque<Sent>,
    is_busy: bool,
    is_broken: bool,
}

/// A connection.
pub struct SimOutlet {
    broker: SimBroker,
    delivery: Duration,
    pipe: Arc<Mutex<Pipe>>,
}

impl Outlet for SimOutlet {
    async fn send(&self, events: Vec<Arc<RecordedEvent>>, page: &Arc<Page>) -> Result<(), KafkaError> {
        let mut known = BTreeMap::new();
        for place in events.iter().map(|event| Place::of(event)) {
            known.entry(place.clone()).or_insert_with(|| self.broker.check_lease(&place, self.delivery));
        }
        let mut pipe = lock(&self.pipe);
        pipe.sent.push_back(Sent { events, page: page.clone(), at: self.broker.sim.now(), known });
        if !std::mem::replace(&mut pipe.is_busy, true) {
            // What is on its way arrives, whatever becomes of the sender.
            self.broker.sim.spawn(WORLD, carry(self.broker.clone(), self.pipe.clone(), self.delivery));
        }
        Ok(())
    }

    fn fatal(&self) -> Option<RDKafkaErrorCode> {
        None
    }
}

/// Carries what was sent to the broker, one page after another.
async fn carry(broker: SimBroker, pipe: Arc<Mutex<Pipe>>, delivery: Duration) {
    loop {
        let sent = {
            let mut pipe = lock(&pipe);
            let Some(sent) = pipe.sent.pop_front() else {
                pipe.is_busy = false;
                return;
            };
            sent
        };
        let (sim, late) = (&broker.sim, sent.at + delivery);
        broker.link.hop().await;
        let mut delivered = 0;
        for chunk in sent.events.chunk_by(|a, b| a.partition == b.partition && a.context == b.context) {
            let breaks = sim.now() > late || broker.link.is_away() || sim.fault(15);
            if lock(&pipe).is_broken {
                break;
            }
            let arrives = if !breaks {
                chunk.len()
            } else if sim.now() > late || broker.link.is_away() {
                0
            } else {
                usize::try_from(sim.below(chunk.len() as u64 + 1)).unwrap_or(0)
            };
            let place = Place::of(&chunk[0]);
            let known = sent.known.get(&place).copied().flatten();
            broker.store(&place, &chunk[..arrives], known);
            if sim.fault(broker.repeats) {
                broker.store(&place, &chunk[..arrives], known);
            }
            if breaks {
                lock(&pipe).is_broken = true;
                break;
            }
            delivered += chunk.len();
            broker.link.hop().await;
        }
        // Late answers and lost ones; what is not answered fails when its time is over.
        broker.link.hop().await;
        if sim.fault(10) {
            lock(&pipe).is_broken = true;
            delivered = 0;
        }
        if delivered < sent.events.len() {
            sim.sleep(late.saturating_sub(sim.now())).await;
        }
        for index in 0..sent.events.len() {
            sent.page.settle(index < delivered);
        }
    }
}

impl Broker for SimBroker {
    type Outlet = SimOutlet;

    fn topic(&self, context: &str) -> String {
        format!("sim.{context}")
    }

    async fn ensure_topic(&self, _: &str, _: i32) -> Result<(), TopicError> {
        self.link.call(|| ()).await.map_err(|_| TopicError::Unreachable(away()))
    }

    fn outlet(&self, delivery: Duration) -> Result<SimOutlet, KafkaError> {
        Ok(SimOutlet { broker: self.clone(), delivery, pipe: Arc::default() })
    }

    async fn ends(&self, places: Vec<Place>) -> Result<BTreeMap<Place, Ends>, KafkaError> {
        let mut found = BTreeMap::new();
        for place in places {
            let look = || {
                let mut state = lock(&self.state);
                let (low, high, generation) =
                    state.topics.get(&place).map_or((0, 0, 0), |topic| (topic.low, topic.high(), topic.generation));
                state.reads.insert((self.holder, place.clone()), (self.sim.now(), generation));
                (low, high, generation)
            };
            let (low, high, generation) = self.link.call(look).await.map_err(|_| away())?;
            let mut ends = Ends { low, high, first: None, last: None };
            if low < high {
                let read = || {
                    let state = lock(&self.state);
                    let topic = state.topics.get(&place).filter(|topic| topic.generation == generation)?;
                    let record = |offset: i64| topic.at(offset).map(|event| (event.position, event.event_id));
                    Some((record(low)?, record(high - 1)?))
                };
                let read = self.link.call(read).await.map_err(|_| away())?;
                // A consumer whose records are gone waits for nothing.
                let (first, last) = read.ok_or(KafkaError::MessageConsumption(RDKafkaErrorCode::OperationTimedOut))?;
                (ends.first, ends.last) = (Some(first), Some(last));
            }
            found.insert(place, ends);
        }
        Ok(found)
    }

    async fn truncate(&self, place: &Place, before: i64) -> Result<(), TopicError> {
        let empty = || {
            let mut state = lock(&self.state);
            let Some(topic) = state.topics.get_mut(place).filter(|topic| topic.high() >= before) else { return };
            while topic.low < before && topic.records.pop_front().is_some() {
                topic.low += 1;
            }
            topic.highest = topic.records.iter().map(|record| record.position).max().unwrap_or(0);
            topic.generation += 1;
            let generation = topic.generation;
            state.reads.insert((self.holder, place.clone()), (self.sim.now(), generation));
        };
        self.link.call(empty).await.map_err(|_| TopicError::Unreachable(away()))
    }
}

/// A consumer that runs until this is dropped.
pub struct SimConsumer(Arc<AtomicBool>);

impl Drop for SimConsumer {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Feed for SimBroker {
    type Running = SimConsumer;

    fn start(&self, _: &str, positions: HashMap<Place, Position>, sender: mpsc::Sender<Vec<Arc<RecordedEvent>>>) -> SimConsumer {
        let stop = Arc::new(AtomicBool::new(false));
        let offsets: BTreeMap<Place, i64> = positions.into_iter().collect();
        self.sim.spawn(self.group, consume(self.clone(), offsets, sender, stop.clone()));
        SimConsumer(stop)
    }
}

async fn consume(
    broker: SimBroker,
    mut offsets: BTreeMap<Place, i64>,
    sender: mpsc::Sender<Vec<Arc<RecordedEvent>>>,
    stop: Arc<AtomicBool>,
) {
    let sim = broker.sim.clone();
    let names: Vec<Place> = offsets.keys().cloned().collect();
    while !stop.load(Ordering::Relaxed) && !sender.is_closed() {
        let mut batch = Vec::new();
        let first = sim.below(names.len() as u64);
        if !broker.link.is_away() {
            let state = lock(&broker.state);
            for index in 0..names.len() {
                let place = &names[(index + usize::try_from(first).unwrap_or(0)) % names.len()];
                let (Some(offset), Some(topic)) = (offsets.get_mut(place), state.topics.get(place)) else { continue };
                // Out of range, a consumer begins at the first record that there is.
                if *offset > topic.high() || *offset < topic.low {
                    *offset = topic.low;
                }
                // Now and then the same records come again, as after a connection was lost.
                if sim.fault(10) {
                    let back = i64::try_from(sim.below(4)).unwrap_or(0);
                    *offset = (*offset - back).max(topic.low);
                }
                let most = sim.between(1, FETCH_MAX);
                for _ in 0..most {
                    let Some(record) = topic.at(*offset) else { break };
                    batch.push(record.clone());
                    *offset += 1;
                }
            }
        }
        if batch.is_empty() {
            tokio::select! {
                biased;
                () = broker.grown.notified() => {}
                () = sim.sleep(Duration::from_millis(200)) => {}
            }
            continue;
        }
        broker.link.hop().await;
        if sender.send(batch).await.is_err() {
            return;
        }
    }
}
