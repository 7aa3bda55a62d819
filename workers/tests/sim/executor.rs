//! A deterministic executor with a time of its own: which of the tasks that could go on goes on is drawn from the seed, and time passes only
//! when none can.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use platform::clock::{Clock, Lost, Tasks};

/// The simulation's calendar begins here (2026-01-01).
const BEGINNING: i64 = 1_767_225_600;

/// Locks without regard to panics: one ends the simulation anyway.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Numbers from a seed (`SplitMix64`).
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    /// Numbers that this seed gives.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`.
    pub fn below(&mut self, n: u64) -> u64 {
        self.next() % n.max(1)
    }

    /// A number between both, both included.
    pub fn between(&mut self, least: u64, most: u64) -> u64 {
        least + self.below(most - least + 1)
    }
}

type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Tasks that live and die together: a process, or a part of the world.
pub type Group = u64;

/// The world outside of the processes, which does not die.
pub const WORLD: Group = 0;

#[derive(Default)]
struct Ready(Mutex<BTreeSet<u64>>);

struct TaskWaker {
    id: u64,
    ready: Arc<Ready>,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        lock(&self.ready.0).insert(self.id);
    }
}

struct Timer {
    at: Duration,
    number: u64,
    waker: Waker,
}

impl PartialEq for Timer {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.number) == (other.at, other.number)
    }
}

impl Eq for Timer {}

impl PartialOrd for Timer {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Timer {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}

struct Core {
    now: Duration,
    rng: Rng,
    timers: BinaryHeap<Reverse<Timer>>,
    incoming: Vec<(u64, Group, Task)>,
    next_id: u64,
    killed: Vec<Group>,
    cut_off: Vec<u64>,
    frozen: BTreeMap<Group, Duration>,
    faults: bool,
    failure: Option<String>,
    polls: u64,
    /// A digest of what was done when, to compare two runs of a seed.
    digest: u64,
}

/// A handle on the simulation.
#[derive(Clone)]
pub struct Sim {
    core: Arc<Mutex<Core>>,
    ready: Arc<Ready>,
    began: Instant,
}

impl Sim {
    /// A simulation of this seed, at time zero, with faults.
    pub fn new(seed: u64) -> Self {
        let core = Core {
            now: Duration::ZERO,
            rng: Rng::new(seed),
            timers: BinaryHeap::new(),
            incoming: Vec::new(),
            next_id: 0,
            killed: Vec::new(),
            cut_off: Vec::new(),
            frozen: BTreeMap::new(),
            faults: true,
            failure: None,
            polls: 0,
            digest: seed,
        };
        Self { core: Arc::new(Mutex::new(core)), ready: Arc::default(), began: Instant::now() }
    }

    /// Time since the beginning.
    pub fn now(&self) -> Duration {
        lock(&self.core).now
    }

    /// A number below `n`.
    pub fn below(&self, n: u64) -> u64 {
        lock(&self.core).rng.below(n)
    }

    /// A number between both, both included.
    pub fn between(&self, least: u64, most: u64) -> u64 {
        lock(&self.core).rng.between(least, most)
    }

    /// Whether something happens that does so in `percent` of a hundred cases.
    pub fn chance(&self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// Whether things go wrong at the moment.
    pub fn faults(&self) -> bool {
        lock(&self.core).faults
    }

    /// Whether something goes wrong that does so in `permille` of a thousand cases while things go wrong.
    pub fn fault(&self, permille: u64) -> bool {
        let mut core = lock(&self.core);
        core.rng.below(1000) < permille && core.faults
    }

    /// From now on nothing goes wrong.
    pub fn heal(&self) {
        lock(&self.core).faults = false;
    }

    /// A promise was broken: the simulation ends.
    pub fn fail(&self, what: impl Into<String>) {
        let mut core = lock(&self.core);
        let at = core.now;
        core.failure.get_or_insert_with(|| format!("{}, at {at:?}", what.into()));
    }

    /// Which promise was broken, if one was.
    pub fn failure(&self) -> Option<String> {
        lock(&self.core).failure.clone()
    }

    /// Steps taken, and a digest of them.
    pub fn trace(&self) -> (u64, u64) {
        let core = lock(&self.core);
        (core.polls, core.digest)
    }

    /// Starts a task.
    pub fn spawn(&self, group: Group, task: impl Future<Output = ()> + Send + 'static) -> u64 {
        let mut core = lock(&self.core);
        core.next_id += 1;
        let id = core.next_id;
        core.incoming.push((id, group, Box::pin(task)));
        id
    }

    /// Ends all tasks of a group where they stand.
    pub fn kill(&self, group: Group) {
        lock(&self.core).killed.push(group);
    }

    /// Stops all tasks of a group for a while.
    pub fn freeze(&self, group: Group, pause: Duration) {
        let mut core = lock(&self.core);
        let until = core.now + pause;
        core.frozen.insert(group, until);
    }

    /// Waits.
    pub fn sleep(&self, pause: Duration) -> Sleep {
        Sleep { sim: self.clone(), until: self.now() + pause, waits: None }
    }

    /// The clock of a group of tasks.
    pub fn clock(&self, group: Group) -> SimClock {
        SimClock { sim: self.clone(), group }
    }

    /// The calendar.
    pub fn date(&self) -> DateTime<Utc> {
        let beginning = DateTime::from_timestamp(BEGINNING, 0).unwrap_or_default();
        beginning + TimeDelta::from_std(self.now()).unwrap_or_default()
    }

    /// Runs until `done`, a promise is broken, or `until`, whichever comes first.
    pub fn run(&self, tasks: &mut Running, until: Duration, mut done: impl FnMut() -> bool) {
        while !done() && lock(&self.core).failure.is_none() {
            self.settle(tasks);
            let Some(id) = self.pick(tasks) else {
                if self.pass_time(until) {
                    continue;
                }
                return;
            };
            let Some((_, task)) = tasks.0.get_mut(&id) else { continue };
            let waker = Waker::from(Arc::new(TaskWaker { id, ready: self.ready.clone() }));
            if task.as_mut().poll(&mut Context::from_waker(&waker)).is_ready() {
                tasks.0.remove(&id);
            }
        }
    }

    /// Takes in new tasks and lets go of those that were ended.
    fn settle(&self, tasks: &mut Running) {
        let (incoming, killed, cut_off) = {
            let mut core = lock(&self.core);
            (std::mem::take(&mut core.incoming), std::mem::take(&mut core.killed), std::mem::take(&mut core.cut_off))
        };
        for (id, group, task) in incoming {
            tasks.0.insert(id, (group, task));
            lock(&self.ready.0).insert(id);
        }
        for id in cut_off {
            tasks.0.remove(&id);
        }
        if !killed.is_empty() {
            tasks.0.retain(|_, (group, _)| !killed.contains(group));
        }
    }

    fn pick(&self, tasks: &Running) -> Option<u64> {
        let mut core = lock(&self.core);
        let mut ready = lock(&self.ready.0);
        while !ready.is_empty() {
            let chosen = core.rng.below(ready.len() as u64);
            let id = ready.iter().copied().nth(usize::try_from(chosen).ok()?)?;
            ready.remove(&id);
            let Some((group, _)) = tasks.0.get(&id) else { continue };
            let thaws = core.frozen.get(group).copied().filter(|until| *until > core.now);
            if let Some(at) = thaws {
                let waker = Waker::from(Arc::new(TaskWaker { id, ready: self.ready.clone() }));
                core.next_id += 1;
                let number = core.next_id;
                core.timers.push(Reverse(Timer { at, number, waker }));
                continue;
            }
            core.polls += 1;
            let now = u64::try_from(core.now.as_micros()).unwrap_or(u64::MAX);
            core.digest = (core.digest ^ id ^ (now << 20)).wrapping_mul(0x0100_0000_01b3).rotate_left(7);
            return Some(id);
        }
        None
    }

    /// Goes to the next time at which something is to happen; `false` where that is after `until`, or never.
    fn pass_time(&self, until: Duration) -> bool {
        let mut woken = Vec::new();
        {
            let mut core = lock(&self.core);
            let Some(at) = core.timers.peek().map(|Reverse(timer)| timer.at).filter(|at| *at <= until) else { return false };
            core.now = core.now.max(at);
            while core.timers.peek().is_some_and(|Reverse(timer)| timer.at <= at) {
                woken.extend(core.timers.pop().map(|Reverse(timer)| timer.waker));
            }
        }
        for waker in woken {
            waker.wake();
        }
        true
    }
}

/// The tasks of a simulation.
#[derive(Default)]
pub struct Running(BTreeMap<u64, (Group, Task)>);

/// Ends at a time.
pub struct Sleep {
    sim: Sim,
    until: Duration,
    waits: Option<Waker>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let sim = self.sim.clone();
        let mut core = lock(&sim.core);
        if core.now >= self.until {
            return Poll::Ready(());
        }
        if self.waits.as_ref().is_none_or(|waits| !waits.will_wake(context.waker())) {
            self.waits = Some(context.waker().clone());
            core.next_id += 1;
            let number = core.next_id;
            core.timers.push(Reverse(Timer { at: self.until, number, waker: context.waker().clone() }));
        }
        Poll::Pending
    }
}

/// The simulation's clock, as a group of tasks sees it.
#[derive(Clone)]
pub struct SimClock {
    sim: Sim,
    group: Group,
}

impl Clock for SimClock {
    type Tasks<T: Send + 'static> = SimTasks<T>;

    fn instant(&self) -> Instant {
        self.sim.began + self.sim.now()
    }

    fn now(&self) -> DateTime<Utc> {
        self.sim.date()
    }

    async fn sleep(&self, pause: Duration) {
        self.sim.sleep(pause).await;
    }

    async fn timeout<F: Future + Send>(&self, limit: Duration, future: F) -> Option<F::Output> {
        tokio::select! {
            biased;
            output = future => Some(output),
            () = self.sim.sleep(limit) => None,
        }
    }

    fn tasks<T: Send + 'static>(&self) -> SimTasks<T> {
        let shared = Shared { live: BTreeSet::new(), ended: VecDeque::new(), waits: None };
        SimTasks { sim: self.sim.clone(), group: self.group, shared: Arc::new(Mutex::new(shared)), number: 0 }
    }
}

struct Shared<T> {
    /// Numbers of those that are under way, with their tasks.
    live: BTreeSet<(u64, u64)>,
    ended: VecDeque<T>,
    waits: Option<Waker>,
}

/// Tasks of a process.
pub struct SimTasks<T: Send + 'static> {
    sim: Sim,
    group: Group,
    shared: Arc<Mutex<Shared<T>>>,
    number: u64,
}

impl<T: Send + 'static> SimTasks<T> {
    fn cut_off(&self) {
        let live = std::mem::take(&mut lock(&self.shared).live);
        lock(&self.sim.core).cut_off.extend(live.into_iter().map(|(_, task)| task));
    }
}

impl<T: Send + 'static> Tasks<T> for SimTasks<T> {
    fn spawn(&mut self, task: impl Future<Output = T> + Send + 'static) {
        self.number += 1;
        let (number, shared) = (self.number, self.shared.clone());
        let id = self.sim.spawn(self.group, async move {
            let output = task.await;
            let waits = {
                let mut shared = lock(&shared);
                shared.live.retain(|(live, _)| *live != number);
                shared.ended.push_back(output);
                shared.waits.take()
            };
            if let Some(waker) = waits {
                waker.wake();
            }
        });
        lock(&self.shared).live.insert((number, id));
    }

    fn len(&self) -> usize {
        let shared = lock(&self.shared);
        shared.live.len() + shared.ended.len()
    }

    async fn join_next(&mut self) -> Option<Result<T, Lost>> {
        std::future::poll_fn(|context| {
            let mut shared = lock(&self.shared);
            if let Some(output) = shared.ended.pop_front() {
                return Poll::Ready(Some(Ok(output)));
            }
            if shared.live.is_empty() {
                return Poll::Ready(None);
            }
            shared.waits = Some(context.waker().clone());
            Poll::Pending
        })
        .await
    }

    fn try_join_next(&mut self) -> Option<Result<T, Lost>> {
        lock(&self.shared).ended.pop_front().map(Ok)
    }

    async fn shutdown(&mut self) {
        self.cut_off();
        lock(&self.shared).ended.clear();
    }
}

impl<T: Send + 'static> Drop for SimTasks<T> {
    fn drop(&mut self) {
        self.cut_off();
    }
}
