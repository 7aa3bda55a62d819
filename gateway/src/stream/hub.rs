//! The newest events of the tenants that are followed, read once for all streams of a tenant.
//!
//! When the log's heads have moved, one statement asks which tenants there is something for; only they are read, each under row level
//! security and once, into a ring that all streams of the tenant share. An idle stream costs nothing; one that is behind the ring reads
//! the log by itself.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use domain::kernel::{RecordedEvent, TenantId};
use platform::tenant_tx::TenantTx;
use projections::runtime::{Place, read_event};
use sqlx::PgPool;
use tokio::sync::watch;

use crate::bounded::{by_bytes, is_cut};
use crate::state::Heads;

/// Bytes of payload and metadata that a ring holds at most.
const RING_BYTES_MAX: usize = 1 << 20;
/// What an event takes besides.
const EVENT_BYTES: usize = 512;
/// Events that are read at a time.
pub const PAGE: i64 = 500;
/// Bytes of payload that a page has before it is cut.
const PAGE_BYTES_MAX: usize = 1 << 20;
/// Positions that are looked through at a time: the events of many tenants share a log partition.
pub const SPAN: i64 = 50_000;
/// How often the log is tried again while Postgres is away.
pub const RETRY: Duration = Duration::from_millis(500);

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the ring holds of a context.
#[derive(Debug, Default)]
struct Ring {
    /// Every event of the tenant after this position, and up to `seen`, is held.
    complete_after: i64,
    seen: i64,
    events: VecDeque<Arc<RecordedEvent>>,
}

#[derive(Debug, Default)]
struct Rings {
    by_context: BTreeMap<&'static str, Ring>,
    /// How far there is something to be read.
    targets: BTreeMap<&'static str, i64>,
    bytes: usize,
    reading: bool,
}

/// What comes after a position.
#[derive(Debug)]
pub enum After {
    /// These events, and nothing else up to that position.
    Events(Vec<Arc<RecordedEvent>>, i64),
    /// The log holds what the ring does not: read it, up to that position.
    Log(i64),
}

/// The newest events of one tenant.
pub struct Hub {
    tenant: TenantId,
    partition: i32,
    /// How many streams follow it. Once there are none, it is never followed again: the next stream gets another.
    followers: AtomicUsize,
    rings: Mutex<Rings>,
    told: watch::Sender<u64>,
}

impl Hub {
    fn new(tenant: TenantId, partition: i32, heads: &BTreeMap<&'static str, i64>) -> Self {
        let ring =
            |(context, head): (&&'static str, &i64)| (*context, Ring { complete_after: *head, seen: *head, events: VecDeque::new() });
        let rings = Rings { by_context: heads.iter().map(ring).collect(), ..Rings::default() };
        Self { tenant, partition, followers: AtomicUsize::new(0), rings: Mutex::new(rings), told: watch::channel(0).0 }
    }

    fn is_followed(&self) -> bool {
        self.followers.load(Ordering::Acquire) > 0
    }

    /// Tells of new events.
    pub fn told(&self) -> watch::Receiver<u64> {
        self.told.subscribe()
    }

    /// What comes after a position of a context; `None` where nothing does.
    pub fn after(&self, context: &str, position: i64) -> Option<After> {
        let rings = lock(&self.rings);
        let ring = rings.by_context.get(context)?;
        if ring.seen <= position {
            return None;
        }
        if position < ring.complete_after {
            return Some(After::Log(ring.seen));
        }
        let from = ring.events.partition_point(|event| event.position <= position);
        Some(After::Events(ring.events.range(from..).cloned().collect(), ring.seen))
    }

    /// There is nothing for the tenant up to these positions.
    fn pass(&self, untils: &[(&'static str, i64)]) {
        let mut rings = lock(&self.rings);
        for (context, until) in untils {
            // What is still to be read comes first.
            if rings.targets.contains_key(context) {
                rings.targets.insert(context, *until);
            } else if let Some(ring) = rings.by_context.get_mut(context) {
                ring.seen = ring.seen.max(*until);
            }
        }
    }

    /// There is something for the tenant up to these positions. Whether somebody must begin to read it.
    fn aim(&self, untils: &[(&'static str, i64)]) -> bool {
        let mut rings = lock(&self.rings);
        rings.targets.extend(untils.iter().copied());
        !std::mem::replace(&mut rings.reading, true)
    }

    /// A context with something to be read, and between which positions.
    fn next(&self) -> Option<(&'static str, i64, i64)> {
        let mut guard = lock(&self.rings);
        let Rings { by_context, targets, reading, .. } = &mut *guard;
        targets.retain(|context, until| by_context.get(context).is_some_and(|ring| ring.seen < *until));
        let found = targets.iter().next().map(|(context, until)| (*context, by_context[context].seen, *until));
        *reading = found.is_some();
        found
    }

    fn push(&self, context: &'static str, events: Vec<RecordedEvent>, seen: i64) {
        let mut guard = lock(&self.rings);
        let Rings { by_context, bytes, .. } = &mut *guard;
        let size = |event: &RecordedEvent| event.payload.len() + event.metadata.len() + EVENT_BYTES;
        if let Some(ring) = by_context.get_mut(context) {
            for event in events {
                *bytes += size(&event);
                ring.events.push_back(Arc::new(event));
            }
            ring.seen = seen;
        }
        while *bytes > RING_BYTES_MAX {
            // The oldest of any context goes first.
            let oldest = by_context
                .values_mut()
                .filter(|ring| !ring.events.is_empty())
                .min_by_key(|ring| ring.events.front().map(|e| e.recorded_at));
            let Some((ring, event)) = oldest.and_then(|ring| ring.events.pop_front().map(|event| (ring, event))) else { break };
            ring.complete_after = event.position;
            *bytes = bytes.saturating_sub(size(&event));
        }
    }

    /// Reads what there is, until all of it is in the ring.
    async fn read_on(self: Arc<Self>, pool: PgPool) {
        while let Some((context, after, until)) = self.next() {
            match read(&pool, self.tenant, context, self.partition, (after, until)).await {
                Ok((events, seen)) => {
                    let any = !events.is_empty();
                    self.push(context, events, seen);
                    if any {
                        self.told.send_modify(|count| *count += 1);
                    }
                }
                Err(error) => {
                    tracing::debug!(%error, "event streams wait for Postgres");
                    tokio::time::sleep(RETRY).await;
                }
            }
            if !self.is_followed() {
                return;
            }
        }
    }
}

/// A stream's hold on a hub.
pub struct Follower(Arc<Hub>);

impl Follower {
    /// Called under the lock of all hubs.
    fn of(hub: Arc<Hub>) -> Self {
        hub.followers.fetch_add(1, Ordering::AcqRel);
        Self(hub)
    }
}

impl std::ops::Deref for Follower {
    type Target = Hub;

    fn deref(&self) -> &Hub {
        &self.0
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.0.followers.fetch_sub(1, Ordering::AcqRel);
    }
}

/// The next events of a context between these positions, and the position up to which there are no others.
pub async fn read(
    pool: &PgPool,
    tenant: TenantId,
    context: &str,
    partition: i32,
    (after, until): (i64, i64),
) -> Result<(Vec<RecordedEvent>, i64), sqlx::Error> {
    const READ: &str = "SELECT context, partition, position, event_id, tenant_id, aggregate_type, aggregate_id, sequence, event_type, \
        event_version, payload::text AS payload, metadata::text AS metadata, recorded_at FROM log.events \
        WHERE context = $1 AND partition = $2 AND position > $3 AND position <= $4 AND tenant_id = $5 ORDER BY position LIMIT $6";
    let until = until.min(after.saturating_add(SPAN));
    let mut tx = TenantTx::begin(pool, tenant.0).await?;
    let statement = by_bytes(READ, "payload", PAGE_BYTES_MAX);
    let query = sqlx::query(&statement).bind(context).bind(partition).bind(after).bind(until).bind(tenant.0).bind(PAGE);
    let rows = query.fetch_all(&mut *tx).await?;
    tx.commit().await?;
    let events = rows.iter().map(read_event).collect::<Result<Vec<_>, _>>()?;
    let full = i64::try_from(events.len()).unwrap_or(PAGE) >= PAGE;
    let more = full || is_cut(events.iter().map(|event| event.payload.len()), PAGE_BYTES_MAX);
    let looked_through = if more { events.last().map_or(until, |event| event.position) } else { until };
    Ok((events, looked_through))
}

#[derive(Default)]
struct Known {
    hubs: HashMap<TenantId, Arc<Hub>>,
    /// How far it was asked whom there is something for; of log partitions with hubs only.
    passed: HashMap<i32, BTreeMap<&'static str, i64>>,
}

impl Known {
    /// Log partitions and contexts with hubs whose heads have moved.
    fn moved(&mut self, heads: &HashMap<Place, i64>) -> Vec<(&'static str, i32, i64, i64)> {
        self.hubs.retain(|_, hub| hub.is_followed());
        let followed: BTreeSet<i32> = self.hubs.values().map(|hub| hub.partition).collect();
        self.passed.retain(|partition, _| followed.contains(partition));
        let mut moved = Vec::new();
        for (partition, contexts) in &self.passed {
            for (context, after) in contexts {
                let head = heads.get(&Place { context: (*context).to_owned(), partition: *partition }).copied().unwrap_or(0);
                if head > *after {
                    moved.push((*context, *partition, *after, head.min(after.saturating_add(SPAN))));
                }
            }
        }
        moved
    }

    /// Notes what was asked, and tells the hubs. Those that must be read from are answered.
    fn tell(&mut self, moved: &[(&'static str, i32, i64, i64)], tenants: &BTreeSet<uuid::Uuid>) -> Vec<Arc<Hub>> {
        let mut by_partition: BTreeMap<i32, Vec<(&'static str, i64)>> = BTreeMap::new();
        for (context, partition, _, until) in moved {
            by_partition.entry(*partition).or_default().push((*context, *until));
            if let Some(passed) = self.passed.get_mut(partition) {
                passed.insert(*context, *until);
            }
        }
        let mut to_read = Vec::new();
        for hub in self.hubs.values() {
            let Some(untils) = by_partition.get(&hub.partition) else { continue };
            if !tenants.contains(&hub.tenant.0) {
                hub.pass(untils);
            } else if hub.aim(untils) {
                to_read.push(hub.clone());
            }
        }
        to_read
    }
}

/// The hubs of all tenants that are followed.
#[derive(Clone)]
pub struct Hubs {
    known: Arc<Mutex<Known>>,
    heads: Heads,
    contexts: Arc<[&'static str]>,
}

impl Hubs {
    /// Starts to watch. Ends with the last clone.
    pub fn start(pool: PgPool, heads: Heads, contexts: Vec<&'static str>) -> Self {
        let known: Arc<Mutex<Known>> = Arc::default();
        tokio::spawn(watch_heads(Arc::downgrade(&known), pool, heads.clone()));
        Self { known, heads, contexts: contexts.into() }
    }

    /// The hub of a tenant; it lasts as long as somebody follows it.
    pub async fn of(&self, tenant: TenantId, partition: i32) -> Follower {
        // Before the heads are known for the first time, everything would look new. Should the watch end, the gateway ends too.
        drop(self.heads.clone().wait_for(|heads| !heads.is_empty()).await);
        let mut known = lock(&self.known);
        if let Some(hub) = known.hubs.get(&tenant).filter(|hub| hub.is_followed()) {
            return Follower::of(hub.clone());
        }
        let heads = self.heads.borrow().clone();
        let head =
            |context: &&'static str| (*context, heads.get(&Place { context: (*context).to_owned(), partition }).copied().unwrap_or(0));
        let passed = known.passed.entry(partition).or_insert_with(|| self.contexts.iter().map(head).collect());
        let hub = Arc::new(Hub::new(tenant, partition, passed));
        known.hubs.insert(tenant, hub.clone());
        Follower::of(hub)
    }
}

async fn watch_heads(known: Weak<Mutex<Known>>, pool: PgPool, mut heads: Heads) {
    const ASK: &str = "SELECT log.tenants_between($1, $2, $3, $4)";
    while heads.changed().await.is_ok() {
        loop {
            let Some(known) = known.upgrade() else { return };
            let now = heads.borrow_and_update().clone();
            let moved = lock(&known).moved(&now);
            if moved.is_empty() {
                break;
            }
            let contexts: Vec<&str> = moved.iter().map(|(context, ..)| *context).collect();
            let partitions: Vec<i32> = moved.iter().map(|(_, partition, ..)| *partition).collect();
            let (afters, untils): (Vec<i64>, Vec<i64>) = moved.iter().map(|(.., after, until)| (*after, *until)).unzip();
            let query = sqlx::query_scalar(ASK).bind(contexts).bind(partitions).bind(afters).bind(untils);
            match query.fetch_all(&pool).await {
                Ok(tenants) => {
                    for hub in lock(&known).tell(&moved, &tenants.into_iter().collect()) {
                        tokio::spawn(hub.read_on(pool.clone()));
                    }
                }
                Err(error) => {
                    tracing::debug!(%error, "event streams wait for Postgres");
                    tokio::time::sleep(RETRY).await;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(position: i64, bytes: usize) -> RecordedEvent {
        RecordedEvent {
            context: "abc".into(),
            partition: 1,
            position,
            event_id: platform::clock::new_id(),
            tenant_id: TenantId(platform::clock::new_id()),
            aggregate_type: "thing".into(),
            aggregate_id: "t-1".into(),
            sequence: position,
            event_type: "thing_made".into(),
            event_version: "1".into(),
            payload: "x".repeat(bytes),
            metadata: "{}".into(),
            recorded_at: platform::clock::now(),
        }
    }

    fn hub() -> Hub {
        Hub::new(TenantId(platform::clock::new_id()), 1, &BTreeMap::from([("abc", 10), ("def", 0)]))
    }

    fn positions(after: Option<After>) -> (Vec<i64>, i64) {
        let Some(After::Events(events, seen)) = after else { panic!("events are expected: {after:?}") };
        (events.iter().map(|event| event.position).collect(), seen)
    }

    #[test]
    fn a_ring_gives_what_comes_after_a_position() {
        let hub = hub();
        assert!(hub.after("abc", 10).is_none() && hub.after("xyz", 0).is_none());
        assert!(matches!(hub.after("abc", 9), Some(After::Log(10))), "what was before the hub is in the log");
        assert!(hub.aim(&[("abc", 15)]) && !hub.aim(&[("abc", 20)]), "one reads for all");
        assert_eq!(hub.next(), Some(("abc", 10, 20)));
        hub.push("abc", vec![event(12, 1), event(17, 1)], 20);
        assert_eq!(hub.next(), None);
        assert_eq!(positions(hub.after("abc", 10)), (vec![12, 17], 20));
        assert_eq!(positions(hub.after("abc", 12)), (vec![17], 20));
        assert_eq!(positions(hub.after("abc", 17)), (vec![], 20));
        hub.pass(&[("abc", 30)]);
        assert_eq!(positions(hub.after("abc", 20)), (vec![], 30));
        assert!(hub.aim(&[("abc", 31)]), "the reading had ended");
    }

    #[test]
    fn what_is_still_to_be_read_is_not_passed_over() {
        let hub = hub();
        assert!(hub.aim(&[("abc", 15)]));
        hub.pass(&[("abc", 18)]);
        assert!(hub.after("abc", 10).is_none());
        assert_eq!(hub.next(), Some(("abc", 10, 18)));
    }

    #[test]
    fn a_ring_is_bounded_and_says_where_it_begins() {
        let hub = hub();
        hub.aim(&[("abc", 100)]);
        for position in 11..=20 {
            hub.push("abc", vec![event(position, RING_BYTES_MAX / 4)], position);
        }
        assert!(matches!(hub.after("abc", 10), Some(After::Log(20))));
        let (held, _) = positions(hub.after("abc", 17));
        assert_eq!(held, [18, 19, 20]);
        assert!(lock(&hub.rings).bytes <= RING_BYTES_MAX);
    }
}
