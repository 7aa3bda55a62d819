//! The taking half of a process: claims lanes, has their steps taken side by side, notes the outcomes together.

use std::sync::Arc;
use std::time::Duration;

use commands::CommandBus;
use platform::clock::{Clock, Lost, SystemClock, Tasks};
use projections::runtime::ProjectorStatus;
use sqlx::PgPool;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::store::{LaneReport, Outcome, Steps, Store, StoreError};
use super::taking::Taker;
use super::{Backoff, Effects};
use crate::sending::Commands;

/// How often lanes are looked for that another runner left behind.
const RECOVER: Duration = Duration::from_secs(5);
/// How long a look waits at least, so that lanes which somebody has locked are not asked for without pause.
const LOOK_MIN: Duration = Duration::from_millis(10);
/// How long what is under way may take when the runner stops.
const STOP_MAX: Duration = Duration::from_secs(3);

/// How processes are run.
#[derive(Clone, Copy, Debug)]
pub struct ProcessOptions {
    /// Lanes of a process that are worked on at the same time.
    pub lanes_max: usize,
    /// Steps of a lane that are taken in one turn.
    pub steps_max: i64,
    /// Pauses after failures.
    pub backoff: Backoff,
    /// Failed attempts after which a step counts as stuck.
    pub stuck_after: u32,
    /// How long an effect may take.
    pub effect_max: Duration,
    /// How often a runner looks by itself, without having been told of new steps.
    pub look: Duration,
}

impl Default for ProcessOptions {
    fn default() -> Self {
        Self {
            lanes_max: 128,
            steps_max: 64,
            backoff: Backoff { first: Duration::from_millis(250), longest: Duration::from_mins(5) },
            stuck_after: 12,
            effect_max: Duration::from_mins(1),
            look: Duration::from_secs(1),
        }
    }
}

/// The name of the lease on a process.
pub fn lease_name(process: &str) -> String {
    format!("process/{process}")
}

/// Takes the steps of one process, while the lease on it is held.
pub struct Runner<B = CommandBus, C = SystemClock> {
    process: &'static str,
    bus: Arc<B>,
    effects: Effects,
    options: ProcessOptions,
    clock: C,
    trouble: watch::Sender<Option<String>>,
}

impl Runner {
    /// The steps of the process in Postgres, on a pool of the worker role, under a lease of this epoch.
    pub fn steps(&self, pool: &PgPool, epoch: i64) -> Store {
        Store { pool: pool.clone(), process: self.process, lease: lease_name(self.process), epoch }
    }
}

impl<B: Commands, C: Clock> Runner<B, C> {
    /// A runner of the process.
    pub fn new(process: &'static str, bus: Arc<B>, effects: Effects, options: ProcessOptions, clock: C) -> Self {
        Self { process, bus, effects, options, clock, trouble: watch::channel(None).0 }
    }

    /// The last failure of the runner itself, if it is in trouble.
    pub fn trouble(&self) -> watch::Receiver<Option<String>> {
        self.trouble.subscribe()
    }

    /// Takes steps until cancelled, under the lease of the steps. `wake` tells of what the recorder does.
    pub async fn run(&self, steps: impl Steps, mut wake: watch::Receiver<ProjectorStatus>, cancel: &CancellationToken) {
        let taker = Arc::new(Taker {
            store: steps,
            bus: self.bus.clone(),
            clock: self.clock.clone(),
            effects: self.effects.clone(),
            backoff: self.options.backoff,
            stuck_after: self.options.stuck_after,
            effect_max: self.options.effect_max,
        });
        // Whoever works on after this has troubles of his own.
        let _quiet = Quiet(&self.trouble);
        let mut pause = Duration::from_millis(50);
        while !cancel.is_cancelled() {
            let mut lanes = self.clock.tasks();
            let started = self.clock.instant();
            let result = self.follow(&taker, &mut lanes, &mut wake, cancel).await;
            // What was under way is cut off; its steps are answered from the log when they are sent again.
            lanes.shutdown().await;
            let Err(error) = result else { return };
            if cancel.is_cancelled() {
                return;
            }
            tracing::warn!(process = self.process, ?error, "a runner failed and starts again");
            self.trouble.send_replace(Some(error.to_string()));
            pause = if self.clock.instant().saturating_duration_since(started) > Duration::from_secs(10) {
                Duration::from_millis(50)
            } else {
                (pause * 2).min(Duration::from_secs(2))
            };
            cancel.run_until_cancelled(self.clock.sleep(pause)).await;
        }
    }

    async fn follow<S: Steps>(
        &self,
        taker: &Arc<Taker<S, B, C>>,
        lanes: &mut C::Tasks<LaneReport>,
        wake: &mut watch::Receiver<ProjectorStatus>,
        cancel: &CancellationToken,
    ) -> Result<(), StoreError> {
        taker.store.recover(true, self.options.steps_max).await?;
        self.trouble.send_replace(None);
        let now = || self.clock.instant();
        let mut recovered = now();
        // When the first of the lanes that wait out a failure comes back, as far as is known here; at once, to find out.
        let mut comes_back = Some(now());
        while !cancel.is_cancelled() {
            if now().saturating_duration_since(recovered) > RECOVER {
                taker.store.recover(false, self.options.steps_max).await?;
                recovered = now();
            }
            let seen = wake.borrow_and_update().applied;
            let all = self.start_lanes(taker, lanes, cancel).await?;
            if all && comes_back.is_some_and(|at| at <= now()) {
                comes_back = taker.store.next_due().await?.map(|pause| now() + pause.max(LOOK_MIN));
            }
            let known = comes_back.filter(|_| all).map(|at| at.saturating_duration_since(now()));
            tokio::select! {
                biased;
                () = cancel.cancelled() => {}
                Some(first) = lanes.join_next() => {
                    let pause = self.finish(taker, lanes, first).await?;
                    comes_back = comes_back.into_iter().chain(pause.map(|pause| now() + pause)).min();
                }
                () = told(wake, seen) => {}
                () = self.clock.sleep(known.map_or(self.options.look, |known| known.min(self.options.look))) => {}
            }
        }
        self.wind_down(taker, lanes).await
    }

    /// Claims what is due, as far as there is room. Whether that is all of it.
    async fn start_lanes<S: Steps>(
        &self,
        taker: &Arc<Taker<S, B, C>>,
        lanes: &mut C::Tasks<LaneReport>,
        cancel: &CancellationToken,
    ) -> Result<bool, StoreError> {
        let room = self.options.lanes_max.saturating_sub(lanes.len());
        if room == 0 {
            return Ok(false);
        }
        let claimed = taker.store.claim(i64::try_from(room).unwrap_or(i64::MAX), self.options.steps_max).await?;
        let all = claimed.len() < room;
        for lane in claimed {
            lanes.spawn(taker.clone().run_lane(lane, cancel.clone()));
        }
        Ok(all)
    }

    /// Notes the outcome of one lane's turn, and with it those of all others that have ended meanwhile. Tells the shortest pause that one
    /// of them makes.
    async fn finish<S: Steps>(
        &self,
        taker: &Taker<S, B, C>,
        lanes: &mut C::Tasks<LaneReport>,
        first: Result<LaneReport, Lost>,
    ) -> Result<Option<Duration>, StoreError> {
        let mut reports = Vec::new();
        let mut next = Some(first);
        while let Some(joined) = next {
            // A turn that was cut off is as good as one that was never noted.
            reports.push(joined.map_err(|_| StoreError::Overtaken)?);
            next = lanes.try_join_next();
        }
        taker.store.finish(&reports).await?;
        for taken in reports.iter().flat_map(|report| &report.taken) {
            match taken.outcome {
                Outcome::Done { .. } => {
                    metrics::counter!("neuroops_process_steps_total", "process" => self.process, "outcome" => "done").increment(1);
                }
                Outcome::Refused { .. } => {
                    metrics::counter!("neuroops_process_steps_total", "process" => self.process, "outcome" => "refused").increment(1);
                }
                Outcome::Again { .. } => metrics::counter!("neuroops_process_retries_total", "process" => self.process).increment(1),
            }
        }
        Ok(reports.iter().map(|report| report.pause).filter(|pause| !pause.is_zero()).min())
    }

    /// Lets what is under way come to its end and notes it.
    async fn wind_down<S: Steps>(&self, taker: &Taker<S, B, C>, lanes: &mut C::Tasks<LaneReport>) -> Result<(), StoreError> {
        let deadline = self.clock.instant() + STOP_MAX;
        let left = || deadline.saturating_duration_since(self.clock.instant());
        while let Some(Some(first)) = self.clock.timeout(left(), lanes.join_next()).await {
            self.finish(taker, lanes, first).await?;
        }
        Ok(())
    }
}

/// Ends the trouble of a runner that ends, in whatever way.
struct Quiet<'a>(&'a watch::Sender<Option<String>>);

impl Drop for Quiet<'_> {
    fn drop(&mut self) {
        self.0.send_replace(None);
    }
}

/// Waits until the recorder has read more events than were seen; for ever where there is none.
async fn told(wake: &mut watch::Receiver<ProjectorStatus>, seen: u64) {
    if wake.wait_for(|status| status.applied != seen).await.is_err() {
        std::future::pending::<()>().await;
    }
}
