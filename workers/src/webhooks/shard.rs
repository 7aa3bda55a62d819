//! The deliveries of the endpoints of some log partitions, under one lease.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use commands::CommandBus;
use domain::kernel::EventFilter;
use projections::runtime::{Place, Position};
use sqlx::PgPool;
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use super::Webhooks;
use super::intake::{self, Cursor, PAGE, SPAN, STRETCHES_MAX};
use super::registry::Setting;
use super::store::{EndpointKey, Report, Store, StoreError, Wanted};
use super::turn::Courier;

/// Log partitions are dealt out to so many shards.
pub const SHARDS: i32 = 4;
/// Endpoints whose lanes are claimed with one statement.
const CLAIMED_MAX: usize = 256;
/// The longest that the loop sleeps.
const LOOK_MAX: Duration = Duration::from_secs(1);
/// How often long finished deliveries are forgotten.
const FORGET_EVERY: Duration = Duration::from_mins(10);
/// How long what is under way may take when the shard stops.
const STOP_MAX: Duration = Duration::from_secs(3);

type Heads = watch::Receiver<Arc<HashMap<Place, Position>>>;

/// The name of the lease on a shard.
pub fn lease_name(shard: i32) -> String {
    format!("webhooks/{shard}")
}

/// What a shard is made of.
pub struct ShardParts {
    pub shard: i32,
    pub pool: PgPool,
    pub bus: Arc<CommandBus>,
    pub webhooks: Webhooks,
    pub contexts: Vec<String>,
    pub partitions: i32,
    pub heads: Heads,
}

/// Delivers, while the lease on it is held.
pub struct Shard {
    parts: ShardParts,
    trouble: watch::Sender<Option<String>>,
}

/// An endpoint at work.
struct Served {
    setting: Arc<Setting>,
    cursors: BTreeMap<String, Cursor>,
    /// Lanes that are open, as far as is known here.
    open: usize,
    /// Turns under way.
    turns: usize,
    /// When its lanes are to be looked at.
    wake: Option<Instant>,
}

/// The state of one holding of the lease.
struct Work {
    store: Store,
    courier: Arc<Courier>,
    served: BTreeMap<EndpointKey, Served>,
    revision: Option<i64>,
    looked: Instant,
    forgot: Option<Instant>,
    turns: JoinSet<Report>,
}

impl Shard {
    /// A shard on a pool of the worker role.
    pub fn new(parts: ShardParts) -> Self {
        Self { parts, trouble: watch::channel(None).0 }
    }

    /// The last failure of the shard itself, if it is in trouble. Failed deliveries are none.
    pub fn trouble(&self) -> watch::Receiver<Option<String>> {
        self.trouble.subscribe()
    }

    /// Delivers until cancelled, under a lease of this epoch.
    pub async fn run(&self, epoch: i64, cancel: &CancellationToken) {
        let parts = &self.parts;
        let store = Store { pool: parts.pool.clone(), def: parts.webhooks.def, lease: lease_name(parts.shard), epoch };
        let mut pause = Duration::from_millis(50);
        while !cancel.is_cancelled() {
            let started = Instant::now();
            let courier =
                Courier { store: store.clone(), webhooks: parts.webhooks.clone(), bus: parts.bus.clone(), opened: Mutex::default() };
            let mut work = Work {
                store: store.clone(),
                courier: Arc::new(courier),
                served: BTreeMap::new(),
                revision: None,
                looked: Instant::now(),
                forgot: None,
                turns: JoinSet::new(),
            };
            let result = self.follow(&mut work, cancel).await;
            // What was under way is cut off; it is posted again by whoever works on.
            work.turns.shutdown().await;
            let Err(error) = result else { break };
            if cancel.is_cancelled() {
                break;
            }
            tracing::warn!(shard = parts.shard, ?error, "deliveries of webhooks failed and start again");
            self.trouble.send_replace(Some(error.to_string()));
            let lasted = started.elapsed() > Duration::from_secs(10);
            pause = if lasted { Duration::from_millis(50) } else { (pause * 2).min(Duration::from_secs(2)) };
            cancel.run_until_cancelled(tokio::time::sleep(pause)).await;
        }
        self.trouble.send_replace(None);
    }

    async fn follow(&self, work: &mut Work, cancel: &CancellationToken) -> Result<(), StoreError> {
        let mut heads = self.parts.heads.clone();
        while !cancel.is_cancelled() {
            self.look(work).await?;
            let known = heads.borrow_and_update().clone();
            let more = self.take_in(work, &known).await?;
            self.start_turns(work, cancel).await?;
            let next = work.served.values().filter_map(|served| served.wake).min();
            let full = work.turns.len() >= self.parts.webhooks.options.turns_max;
            let until_next = next.filter(|_| !full).map_or(LOOK_MAX, |at| at.saturating_duration_since(Instant::now()));
            let pause = if more { Duration::ZERO } else { until_next.min(LOOK_MAX).min(self.parts.webhooks.options.look) };
            tokio::select! {
                Some(first) = work.turns.join_next() => self.finish(work, first).await?,
                changed = heads.changed() => if changed.is_err() { return Ok(()) },
                () = tokio::time::sleep(pause.max(Duration::from_millis(1))) => {}
                () = cancel.cancelled() => {}
            }
        }
        let deadline = tokio::time::Instant::now() + STOP_MAX;
        while let Ok(Some(first)) = tokio::time::timeout_at(deadline, work.turns.join_next()).await {
            self.finish(work, first).await?;
        }
        Ok(())
    }

    /// Reads the endpoints anew where they may have changed, and begins the replays that were requested.
    async fn look(&self, work: &mut Work) -> Result<(), StoreError> {
        if work.revision.is_some() && work.looked.elapsed() < self.parts.webhooks.options.look {
            return Ok(());
        }
        work.looked = Instant::now();
        if self.parts.shard == 0 && work.forgot.is_none_or(|at| at.elapsed() > FORGET_EVERY) {
            work.forgot = Some(Instant::now());
            work.store.forget(self.parts.webhooks.options.kept).await?;
        }
        let revision = work.store.revision().await?;
        if work.revision == Some(revision) {
            return Ok(());
        }
        let settings = work.store.settings(self.parts.partitions, |partition| partition % SHARDS == self.parts.shard).await?;
        work.store.prepare(&settings, &self.parts.contexts).await?;
        let keys: Vec<EndpointKey> = settings.iter().map(|setting| setting.key.clone()).collect();
        if work.revision.is_none() {
            work.store.recover(&keys).await?;
        }
        for replay in work.store.replays(&keys).await? {
            if let Some(setting) = settings.iter().find(|setting| setting.key == replay.key) {
                work.store.begin_replay(&replay, setting.partition).await?;
            }
        }
        work.serve(settings).await?;
        work.revision = Some(revision);
        self.trouble.send_replace(None);
        Ok(())
    }

    /// Looks through what the log holds beyond the cursors. Whether there is more at once.
    async fn take_in(&self, work: &mut Work, heads: &HashMap<Place, Position>) -> Result<bool, StoreError> {
        let options = &self.parts.webhooks.options;
        let mut wanted = Vec::new();
        'all: for served in work.served.values().filter(|served| served.setting.enabled && served.open < options.lanes_max) {
            let setting = &served.setting;
            for (context, cursor) in served.cursors.iter().filter(|(context, _)| setting.filter.follows(context)) {
                if !(self.parts.webhooks.may_follow)(&setting.roles, context) {
                    continue;
                }
                let place = Place { context: context.clone(), partition: setting.partition };
                let head = heads.get(&place).copied().unwrap_or(0);
                if head > cursor.seen {
                    let (endpoint, until) = (setting.key.clone(), head.min(cursor.seen + SPAN));
                    wanted.push(Wanted { endpoint, context: context.clone(), partition: setting.partition, after: cursor.seen, until });
                }
                if wanted.len() >= STRETCHES_MAX {
                    break 'all;
                }
            }
        }
        if wanted.is_empty() {
            return Ok(false);
        }
        let headers = work.store.headers(&wanted, PAGE).await?;
        let found = intake::sort(&wanted, &headers, |key| work.served.get(key).map(|served| -> &EventFilter { &served.setting.filter }));
        let stored =
            |one: &Wanted| work.served.get(&one.endpoint).and_then(|served| served.cursors.get(&one.context)).map_or(0, |c| c.stored);
        let moves = intake::moves(&wanted, &found, stored);
        if !moves.is_empty() {
            for key in work.store.take_in(&moves, &found.stretches).await? {
                work.change(&key, |served| served.open += 1);
            }
        }
        for (one, seen) in wanted.iter().zip(&found.seen) {
            let advanced = moves.iter().any(|made| made.endpoint == one.endpoint && made.context == one.context);
            work.change(&one.endpoint, |served| {
                let cursor = served.cursors.entry(one.context.clone()).or_insert(Cursor { stored: 0, seen: 0 });
                *cursor = Cursor { seen: *seen, stored: if advanced { *seen } else { cursor.stored } };
            });
        }
        for stretch in &found.stretches {
            work.change(&stretch.key.endpoint, |served| served.wake = Some(Instant::now()));
        }
        Ok(wanted.len() >= STRETCHES_MAX || wanted.iter().zip(&found.seen).any(|(one, seen)| heads_beyond(heads, one, *seen)))
    }

    /// Claims lanes that are due, as far as there is room, the same for all endpoints.
    async fn start_turns(&self, work: &mut Work, cancel: &CancellationToken) -> Result<(), StoreError> {
        let options = &self.parts.webhooks.options;
        let now = Instant::now();
        let mut room = options.turns_max.saturating_sub(work.turns.len());
        let mut waiting: Vec<(Instant, &EndpointKey, usize)> = work
            .served
            .iter()
            .filter(|(_, served)| served.setting.enabled && served.turns < options.endpoint_turns_max)
            .filter_map(|(key, served)| Some((served.wake.filter(|at| *at <= now)?, key, options.endpoint_turns_max - served.turns)))
            .collect();
        waiting.sort_unstable();
        let mut slots = Vec::new();
        for (_, key, free) in waiting.into_iter().take(CLAIMED_MAX) {
            let count = free.min(room);
            if count == 0 {
                break;
            }
            room -= count;
            slots.push((key.clone(), i32::try_from(count).unwrap_or(1)));
        }
        if slots.is_empty() {
            return Ok(());
        }
        let lanes = work.store.claim(&slots).await?;
        let mut claimed: HashMap<EndpointKey, i32> = HashMap::new();
        for lane in lanes {
            *claimed.entry(lane.key.endpoint.clone()).or_default() += 1;
            let Some(served) = work.served.get_mut(&lane.key.endpoint) else { continue };
            served.turns += 1;
            let turn = work.courier.clone().turn(served.setting.clone(), lane, cancel.clone());
            work.turns.spawn(turn);
        }
        // An endpoint that gave all that was asked for may have more; the others are asked when the next of their lanes is due.
        let short = |(key, count): &(EndpointKey, i32)| claimed.get(key).copied().unwrap_or(0) < *count;
        let keys: Vec<EndpointKey> = slots.iter().filter(|slot| short(slot)).map(|(key, _)| key.clone()).collect();
        let due = work.store.next_due(&keys).await?;
        for key in &keys {
            // A lane that is due and yet was not given is locked for a moment.
            let wake = due.get(key).map(|pause| Instant::now() + (*pause).max(Duration::from_millis(20)));
            work.change(key, |served| served.wake = wake);
        }
        Ok(())
    }

    /// Notes the outcome of one turn, and with it those of all others that have ended meanwhile.
    async fn finish(&self, work: &mut Work, first: Result<Report, JoinError>) -> Result<(), StoreError> {
        let mut reports = Vec::new();
        let mut next = Some(first);
        while let Some(joined) = next {
            // A turn that was cut off is as good as one that was never noted.
            reports.push(joined.map_err(|_| StoreError::Overtaken)?);
            next = work.turns.try_join_next();
        }
        let dropped = work.store.finish(&reports).await?;
        for key in &dropped {
            work.change(key, |served| served.open = served.open.saturating_sub(1));
        }
        for report in &reports {
            work.change(&report.lane.key.endpoint, |served| {
                served.turns = served.turns.saturating_sub(1);
                let again = Instant::now() + report.pause;
                served.wake = Some(served.wake.map_or(again, |at| at.min(again)));
                if report.gone {
                    // Until the list of endpoints says so too.
                    served.setting = Arc::new(Setting { enabled: false, ..(*served.setting).clone() });
                }
            });
            if let Some(trouble) = &report.trouble {
                tracing::warn!(trouble, endpoint = report.lane.key.endpoint.id, "a webhook could not be delivered for a reason of our own");
                self.trouble.send_replace(Some(trouble.clone()));
            }
        }
        Ok(())
    }
}

fn heads_beyond(heads: &HashMap<Place, Position>, one: &Wanted, seen: i64) -> bool {
    heads.get(&Place { context: one.context.clone(), partition: one.partition }).is_some_and(|head| *head > seen)
}

impl Work {
    fn change(&mut self, key: &EndpointKey, change: impl FnOnce(&mut Served)) {
        if let Some(served) = self.served.get_mut(key) {
            change(served);
        }
    }

    /// Serves these endpoints, from where Postgres says that they are.
    async fn serve(&mut self, settings: Vec<Setting>) -> Result<(), StoreError> {
        let keys: Vec<EndpointKey> = settings.iter().map(|setting| setting.key.clone()).collect();
        let mut before = std::mem::take(&mut self.served);
        for setting in settings {
            let turns = before.remove(&setting.key).map_or(0, |served| served.turns);
            let wake = Some(Instant::now());
            let served = Served { setting: Arc::new(setting), cursors: BTreeMap::new(), open: 0, turns, wake };
            self.served.insert(served.setting.key.clone(), served);
        }
        for (key, context, position) in self.store.cursors(&keys).await? {
            self.change(&key, |served| {
                served.cursors.insert(context, Cursor { stored: position, seen: position });
            });
        }
        for (key, open) in self.store.open_lanes(&keys).await? {
            self.change(&key, |served| served.open = open);
        }
        Ok(())
    }
}
