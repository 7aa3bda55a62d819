//! The relay carries the log to Kafka: in order, without gaps, and from where Kafka's own tail says that it stopped.
//!
//! One relay at a time works on a log partition (a lease). It publishes only while the lease outlasts every record that it may still
//! have under way, so a relay that was stopped and comes back does not write behind its successor. The producer is idempotent and
//! gapless: where one record fails, all later ones fail too, the client is made anew and the tail is read again. Should Kafka hold a
//! record twice all the same, it carries the same position (`ce_sequence`) and readers skip it.

mod broker;
mod record;
mod tails;

pub use broker::{Broker, Ends, Found, Outlet, Page, RelayLog};
pub use record::headers as record_headers;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use domain::kernel::RecordedEvent;
use platform::clock::{Clock, SystemClock, Ticks};
use platform::kafka::{KafkaOptions, TopicError};
use projections::runtime::planted::{Bug, planted};
use projections::runtime::{Heads, Lease, Leases, LogReader, Place, Position};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use sqlx::PgPool;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use tails::Tail;

/// A record that Kafka does not take within this time fails; also how long a lease must last for a record to be sent.
const DELIVERY: Duration = Duration::from_millis(2500);
/// Events that are read from the log at once.
const PAGE: i64 = 4000;
/// Pages under way to Kafka at most.
const PAGES_MAX: usize = 4;
/// How often Kafka's tails are compared with what was published, so that a topic that was deleted while idle is noticed.
const CHECK: Duration = Duration::from_secs(10);
/// The longest pause before the relay starts over.
const PAUSE_MAX: Duration = Duration::from_secs(1);
/// How often progress is written to Postgres.
const NOTE: Duration = Duration::from_millis(500);

/// How the relay is, for health and `neuroops status`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RelayStatus {
    /// What is wrong, if something is.
    pub trouble: Option<String>,
    /// Events that this process has published.
    pub published: u64,
    /// Log partitions that this process carries to Kafka.
    pub adopted: usize,
}

/// Why the relay starts over.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// Kafka's topics are not as they must be.
    #[error(transparent)]
    Topic(#[from] TopicError),
    /// Kafka does not answer, or did not take a record.
    #[error("Kafka cannot be reached or does not take records: {0}")]
    Kafka(#[from] KafkaError),
    /// The log cannot be read.
    #[error("the log cannot be read")]
    Log(#[from] sqlx::Error),
    /// The topic holds what the log does not.
    #[error(
        "the topic {topic} holds position {kafka} in partition {partition}, which is not what the log holds there; it was filled from another database: choose another KAFKA_TOPIC_PREFIX, or run `neuroops kafka refill` to replace the topic's records with those of this log"
    )]
    Foreign {
        /// The topic.
        topic: String,
        /// Its partition.
        partition: i32,
        /// The last position in Kafka.
        kafka: Position,
    },
    /// Kafka's tail is not where it was left.
    #[error("Kafka's topics were changed by somebody else")]
    Moved,
}

/// The relay of one process.
pub struct Relay<B = KafkaOptions, L = LogReader, C = SystemClock> {
    broker: B,
    log: L,
    contexts: Vec<String>,
    partitions: i32,
    leases: Leases<C>,
    heads: Heads,
    status: watch::Sender<RelayStatus>,
}

/// The name of the lease on a log partition.
fn lease_name(place: &Place) -> String {
    format!("relay/{}/{}", place.context, place.partition)
}

/// The names of the leases on all log partitions.
pub fn lease_names(contexts: &[String], partitions: i32) -> Vec<String> {
    places(contexts, partitions).map(|place| lease_name(&place)).collect()
}

fn places(contexts: &[String], partitions: i32) -> impl Iterator<Item = Place> {
    contexts.iter().flat_map(move |context| (0..partitions).map(|partition| Place { context: context.clone(), partition }))
}

impl Relay {
    /// A relay on a pool of the worker role. It competes for the log partitions of these contexts until `cancel`.
    pub fn new(pool: PgPool, kafka: KafkaOptions, contexts: Vec<String>, partitions: i32, heads: Heads, cancel: CancellationToken) -> Self {
        let leases = Leases::start(pool.clone(), "relay", lease_names(&contexts, partitions), cancel);
        Self::with(kafka, LogReader::new(pool), contexts, partitions, leases, heads)
    }
}

impl<B: Broker, L: RelayLog, C: Clock> Relay<B, L, C> {
    /// A relay from that log to that broker, under leases of the names of [`lease_names`].
    pub fn with(broker: B, log: L, contexts: Vec<String>, partitions: i32, leases: Leases<C>, heads: Heads) -> Self {
        Self { broker, log, contexts, partitions, leases, heads, status: watch::channel(RelayStatus::default()).0 }
    }

    /// How it is.
    pub fn status(&self) -> watch::Receiver<RelayStatus> {
        self.status.subscribe()
    }

    /// Publishes until cancelled. Failures are retried; nothing is skipped.
    pub async fn run(&self, cancel: &CancellationToken) {
        let mut pause = Duration::from_millis(100);
        loop {
            let published = self.status.borrow().published;
            let Some(result) = cancel.run_until_cancelled(self.publish()).await else { return };
            let Err(error) = result;
            if self.status.borrow().published > published {
                pause = Duration::from_millis(100);
            }
            let again = self.status.borrow().trouble.as_deref() == Some(error.to_string().as_str());
            if !again {
                tracing::warn!(%error, "the relay starts over");
            }
            self.status.send_modify(|status| status.trouble = Some(error.to_string()));
            cancel.run_until_cancelled(self.leases.clock().sleep(pause)).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }

    async fn publish(&self) -> Result<std::convert::Infallible, RelayError> {
        for context in &self.contexts {
            self.broker.ensure_topic(context, self.partitions).await?;
        }
        let outlet = self.broker.outlet(DELIVERY)?;
        let mut session = Session { relay: self, outlet, seen: None, carried: BTreeMap::new(), under_way: VecDeque::new() };
        session.run().await
    }
}

/// What is known of a log partition that is carried under a lease.
struct Carried {
    /// The epoch of the lease. Under another one, somebody else may have published meanwhile.
    epoch: i64,
    /// The last position handed to the producer.
    sent: Position,
    /// The last position that Kafka has acknowledged.
    published: Position,
    /// What of it was written to Postgres. Nothing at first: what was noted before may have been changed by somebody else.
    noted: Option<Position>,
}

/// How far a page reaches in a log partition, and the epoch under which it was sent.
struct Reach {
    place: Place,
    epoch: i64,
    position: Position,
}

/// The relay between two failures.
struct Session<'a, B: Broker, L, C> {
    relay: &'a Relay<B, L, C>,
    outlet: B::Outlet,
    /// The leases as they were when `carried` was last compared with them.
    seen: Option<Arc<HashMap<String, Lease>>>,
    carried: BTreeMap<Place, Carried>,
    under_way: VecDeque<(Arc<Page>, Vec<Reach>)>,
}

impl<B: Broker, L: RelayLog, C: Clock> Session<'_, B, L, C> {
    async fn run(&mut self) -> Result<std::convert::Infallible, RelayError> {
        let clock = self.relay.leases.clock().clone();
        let mut heads = self.relay.heads.clone();
        let mut leases = self.relay.leases.watch();
        let mut note = Ticks::new(clock.clone(), NOTE);
        let mut checked = clock.instant();
        loop {
            self.adopt().await?;
            while self.under_way.len() < PAGES_MAX && self.send_page(&heads).await? {}
            let oldest = self.under_way.front().map(|(page, _)| page.clone());
            // What is seldom ready comes first, so that nothing starves.
            tokio::select! {
                biased;
                () = note.tick() => {
                    self.note().await?;
                    if clock.instant().saturating_duration_since(checked) > CHECK && self.under_way.is_empty() {
                        checked = clock.instant();
                        self.check_tails().await?;
                    }
                }
                _ = leases.changed() => {}
                () = finished(oldest) => self.settle()?,
                changed = heads.changed(), if self.under_way.len() < PAGES_MAX => {
                    changed.map_err(|_| RelayError::Moved)?;
                }
            }
        }
    }

    /// Learns where Kafka stands in partitions whose lease is new, and lets go of those whose lease is lost. A lease that was lost and won
    /// back is a new one.
    async fn adopt(&mut self) -> Result<(), RelayError> {
        let held = self.relay.leases.watch().borrow().clone();
        if self.seen.as_ref().is_some_and(|seen| Arc::ptr_eq(seen, &held)) {
            return Ok(());
        }
        let epochs: BTreeMap<Place, i64> = places(&self.relay.contexts, self.relay.partitions)
            .filter_map(|place| held.get(&lease_name(&place)).map(|lease| (place, lease.epoch)))
            .collect();
        self.carried
            .retain(|place, carried| epochs.get(place).is_some_and(|epoch| *epoch == carried.epoch || planted(Bug::LeaseNotFenced)));
        let new: Vec<Place> = epochs.keys().filter(|place| !self.carried.contains_key(*place)).cloned().collect();
        if new.is_empty() {
            self.seen = Some(held);
            return Ok(());
        }
        for (place, position) in self.tails(new).await? {
            let Some(epoch) = epochs.get(&place).copied() else { continue };
            self.carried.insert(place, Carried { epoch, sent: position, published: position, noted: None });
        }
        self.relay.status.send_modify(|status| {
            status.trouble = None;
            status.adopted = self.carried.len();
        });
        self.seen = Some(held);
        Ok(())
    }

    /// The last position in Kafka of each log partition, checked against the log.
    async fn tails(&self, places: Vec<Place>) -> Result<BTreeMap<Place, Position>, RelayError> {
        let Relay { broker, log, .. } = self.relay;
        let mut positions = BTreeMap::new();
        for (place, ends) in broker.ends(places).await? {
            let position = match Tail::of(&ends) {
                _ if planted(Bug::TrustOwnMemory) => log.remembered(&place).await?,
                Tail::Empty => 0,
                Tail::Expired => log.remembered(&place).await?,
                Tail::Holed { end } => {
                    let topic = broker.topic(&place.context);
                    tracing::warn!(
                        topic,
                        partition = place.partition,
                        "the topic lacks events; its records are deleted and the log is published again"
                    );
                    // Noted first: whoever finds the partition emptied must not take the records for expired and go on behind them.
                    log.note(&[(&place, 0)]).await?;
                    broker.truncate(&place, end).await?;
                    0
                }
                Tail::Last { end, .. } if planted(Bug::ResumeFromOffset) => end,
                Tail::Last { position, event_id, .. } => {
                    let stored = log.after(&[(place.clone(), position - 1)], 1).await?;
                    if stored.first().is_none_or(|event| event.event_id != event_id) {
                        let topic = broker.topic(&place.context);
                        return Err(RelayError::Foreign { topic, partition: place.partition, kafka: position });
                    }
                    position
                }
            };
            positions.insert(place, position);
        }
        Ok(positions)
    }

    /// Whether the lease under which a log partition was adopted outlasts a record that is sent now. It may have been lost and won back
    /// since, while the tail was read for one.
    fn lasts(&self, place: &Place) -> bool {
        let remaining = self.carried.get(place).map(|carried| self.relay.leases.remaining(&lease_name(place), carried.epoch));
        remaining.is_some_and(|remaining| remaining > DELIVERY) || planted(Bug::LeaseNotFenced)
    }

    /// Reads the next events and hands them to the producer; `false` where there are none.
    async fn send_page(&mut self, heads: &Heads) -> Result<bool, RelayError> {
        let heads = heads.borrow().clone();
        let behind: Vec<(Place, Position)> = self
            .carried
            .iter()
            .filter(|(place, carried)| heads.get(*place).is_some_and(|head| *head > carried.sent) && self.lasts(place))
            .map(|(place, carried)| (place.clone(), carried.sent))
            .collect();
        if behind.is_empty() {
            return Ok(false);
        }
        let limit = PAGE / i64::try_from(behind.len()).unwrap_or(1).max(1);
        let mut events = self.relay.log.after(&behind, limit.max(1)).await?;
        // Leases may have come close to their end while the log was read.
        let ending: Vec<&Place> = behind.iter().map(|(place, _)| place).filter(|place| !self.lasts(place)).collect();
        if !ending.is_empty() {
            events.retain(|event| !ending.iter().any(|place| place.has(event)));
        }
        if events.is_empty() {
            return Ok(false);
        }
        let page = Page::of(events.len());
        let reached = self.reach(&events);
        let count = events.len();
        self.outlet.send(events, &page).await?;
        self.under_way.push_back((page, reached));
        metrics::histogram!("neuroops_relay_batch_events").record(u32::try_from(count).unwrap_or(u32::MAX));
        Ok(true)
    }

    /// Takes note of what is about to be sent.
    fn reach(&mut self, events: &[Arc<RecordedEvent>]) -> Vec<Reach> {
        let mut reached: Vec<Reach> = Vec::new();
        for event in events {
            match reached.last_mut() {
                Some(reach) if reach.place.has(event) => reach.position = event.position,
                _ => reached.push(Reach { place: Place::of(event), epoch: 0, position: event.position }),
            }
        }
        for reach in &mut reached {
            if let Some(carried) = self.carried.get_mut(&reach.place) {
                reach.epoch = carried.epoch;
                carried.sent = reach.position;
            }
        }
        reached
    }

    /// Takes note of pages that Kafka has acknowledged.
    fn settle(&mut self) -> Result<(), RelayError> {
        while self.under_way.front().is_some_and(|(page, _)| page.is_answered()) {
            let Some((page, reached)) = self.under_way.pop_front() else { break };
            if page.has_failed() {
                let reason = self.outlet.fatal().unwrap_or(RDKafkaErrorCode::MessageTimedOut);
                return Err(RelayError::Kafka(KafkaError::MessageProduction(reason)));
            }
            let mut count = 0;
            for Reach { place, epoch, position } in reached {
                let Some(carried) = self.carried.get_mut(&place).filter(|carried| carried.epoch == epoch) else { continue };
                count += u64::try_from(position - carried.published).unwrap_or(0);
                carried.published = position;
            }
            metrics::counter!("neuroops_relay_events_total").increment(count);
            self.relay.status.send_modify(|status| {
                status.published += count;
                status.trouble = None;
            });
        }
        Ok(())
    }

    /// Writes progress to Postgres, for people and for `neuroops status`.
    async fn note(&mut self) -> Result<(), RelayError> {
        let heads = self.relay.heads.borrow().clone();
        let lag = |(place, carried): (&Place, &Carried)| heads.get(place).map_or(0, |head| (head - carried.published).max(0));
        let lag: i64 = self.carried.iter().map(lag).sum();
        metrics::gauge!("neuroops_relay_lag_events").set(f64::from(i32::try_from(lag).unwrap_or(i32::MAX)));
        let changed: Vec<(&Place, Position)> = self
            .carried
            .iter()
            .filter(|(_, carried)| carried.noted != Some(carried.published))
            .map(|(place, carried)| (place, carried.published))
            .collect();
        if changed.is_empty() {
            return Ok(());
        }
        self.relay.log.note(&changed).await?;
        self.carried.values_mut().for_each(|carried| carried.noted = Some(carried.published));
        Ok(())
    }

    /// Compares Kafka's tails with what was published.
    async fn check_tails(&mut self) -> Result<(), RelayError> {
        let tails = match self.tails(self.carried.keys().cloned().collect()).await {
            // Under load the answer may be late. Should Kafka be away, the next records will say so.
            Err(RelayError::Kafka(error)) => {
                tracing::debug!(%error, "Kafka's tails could not be compared");
                return Ok(());
            }
            tails => tails?,
        };
        if tails.iter().any(|(place, position)| self.carried.get(place).is_some_and(|carried| carried.published > *position)) {
            tracing::warn!("Kafka holds less than was published; the missing events are published again");
            return Err(RelayError::Moved);
        }
        Ok(())
    }
}

async fn finished(page: Option<Arc<Page>>) {
    match page {
        Some(page) => page.answered().await,
        None => std::future::pending().await,
    }
}
