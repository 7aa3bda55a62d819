//! The one place that reads the clock and draws ids, and the clock as protocols see it.
//!
//! Protocols (leases, relay, projectors, process managers) take a [`Clock`], so that a simulation can run them in a time of its own.

use std::future::Future;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use tokio::task::JoinSet;
use uuid::Uuid;

/// The time now.
#[expect(clippy::disallowed_methods, reason = "this is the clock")]
pub fn now() -> DateTime<Utc> {
    Utc::now()
}

/// A new `UUIDv7` (RFC 9562 §5.7): unique, and in order of time.
#[expect(clippy::disallowed_methods, reason = "this is the source of ids")]
pub fn new_id() -> Uuid {
    Uuid::now_v7()
}

/// Time and tasks. [`SystemClock`] is the machine's; a simulation has its own.
pub trait Clock: Clone + Send + Sync + 'static {
    /// Tasks that run side by side.
    type Tasks<T: Send + 'static>: Tasks<T>;

    /// The monotonic clock.
    fn instant(&self) -> Instant;

    /// The calendar.
    fn now(&self) -> DateTime<Utc>;

    /// Waits.
    fn sleep(&self, pause: Duration) -> impl Future<Output = ()> + Send;

    /// The result of `future`, or `None` where it has none within `limit`.
    fn timeout<F: Future + Send>(&self, limit: Duration, future: F) -> impl Future<Output = Option<F::Output>> + Send;

    /// No tasks yet.
    fn tasks<T: Send + 'static>(&self) -> Self::Tasks<T>;
}

/// A task came to no result: it panicked or was cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lost;

/// Tasks that run side by side and are cut off when this is dropped.
pub trait Tasks<T>: Send {
    /// Starts one.
    fn spawn(&mut self, task: impl Future<Output = T> + Send + 'static);

    /// How many have not been joined.
    fn len(&self) -> usize;

    /// Whether all have been joined.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The result of the next one that ends; `None` where there is none. May be dropped at any time without losing a result.
    fn join_next(&mut self) -> impl Future<Output = Option<Result<T, Lost>>> + Send;

    /// The result of one that has ended.
    fn try_join_next(&mut self) -> Option<Result<T, Lost>>;

    /// Cuts all off and waits until they are gone.
    fn shutdown(&mut self) -> impl Future<Output = ()> + Send;
}

/// The machine's clock, and tasks of the runtime.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    type Tasks<T: Send + 'static> = JoinSet<T>;

    fn instant(&self) -> Instant {
        Instant::now()
    }

    fn now(&self) -> DateTime<Utc> {
        now()
    }

    async fn sleep(&self, pause: Duration) {
        tokio::time::sleep(pause).await;
    }

    async fn timeout<F: Future + Send>(&self, limit: Duration, future: F) -> Option<F::Output> {
        tokio::time::timeout(limit, future).await.ok()
    }

    fn tasks<T: Send + 'static>(&self) -> JoinSet<T> {
        JoinSet::new()
    }
}

impl<T: Send + 'static> Tasks<T> for JoinSet<T> {
    fn spawn(&mut self, task: impl Future<Output = T> + Send + 'static) {
        JoinSet::spawn(self, task);
    }

    fn len(&self) -> usize {
        JoinSet::len(self)
    }

    async fn join_next(&mut self) -> Option<Result<T, Lost>> {
        Some(JoinSet::join_next(self).await?.map_err(|_| Lost))
    }

    fn try_join_next(&mut self) -> Option<Result<T, Lost>> {
        Some(JoinSet::try_join_next(self)?.map_err(|_| Lost))
    }

    async fn shutdown(&mut self) {
        JoinSet::shutdown(self).await;
    }
}

/// Ticks at least `period` apart, the first at once.
#[derive(Clone, Debug)]
pub struct Ticks<C> {
    clock: C,
    period: Duration,
    next: Instant,
}

impl<C: Clock> Ticks<C> {
    /// Ticks of this clock.
    pub fn new(clock: C, period: Duration) -> Self {
        let next = clock.instant();
        Self { clock, period, next }
    }

    /// Waits for the next tick. May be dropped at any time without losing it.
    pub async fn tick(&mut self) {
        let wait = self.next.saturating_duration_since(self.clock.instant());
        if !wait.is_zero() {
            self.clock.sleep(wait).await;
        }
        self.next = self.clock.instant() + self.period;
    }
}
