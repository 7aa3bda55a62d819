//! The taking half of a process: claims lanes, has their steps taken side by side, notes the outcomes together.

use std::sync::Arc;
use std::time::{Duration, Instant};

use commands::CommandBus;
use projections::runtime::ProjectorStatus;
use sqlx::PgPool;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::store::{LaneReport, Outcome, Store, StoreError};
use super::taking::Taker;
use super::{Backoff, Effects};

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
pub struct Runner {
    process: &'static str,
    pool: PgPool,
    bus: Arc<CommandBus>,
    effects: Effects,
    options: ProcessOptions,
    trouble: watch::Sender<Option<String>>,
}

impl Runner {
    /// A runner on a pool of the worker role.
    pub fn new(process: &'static str, pool: PgPool, bus: Arc<CommandBus>, effects: Effects, options: ProcessOptions) -> Self {
        Self { process, pool, bus, effects, options, trouble: watch::channel(None).0 }
    }

    /// The last failure of the runner itself, if it is in trouble.
    pub fn trouble(&self) -> watch::Receiver<Option<String>> {
        self.trouble.subscribe()
    }

    /// Takes steps until cancelled, under a lease of this epoch. `wake` tells of what the recorder does.
    pub async fn run(&self, epoch: i64, mut wake: watch::Receiver<ProjectorStatus>, cancel: &CancellationToken) {
        let store = Store { pool: self.pool.clone(), process: self.process, lease: lease_name(self.process), epoch };
        let taker = Arc::new(Taker {
            store,
            bus: self.bus.clone(),
            effects: self.effects.clone(),
            backoff: self.options.backoff,
            stuck_after: self.options.stuck_after,
            effect_max: self.options.effect_max,
        });
        // Whoever works on after this has troubles of his own.
        let _quiet = Quiet(&self.trouble);
        let mut pause = Duration::from_millis(50);
        while !cancel.is_cancelled() {
            let mut lanes = JoinSet::new();
            let started = Instant::now();
            let result = self.follow(&taker, &mut lanes, &mut wake, cancel).await;
            // What was under way is cut off; its steps are answered from the log when they are sent again.
            lanes.shutdown().await;
            let Err(error) = result else { return };
            if cancel.is_cancelled() {
                return;
            }
            tracing::warn!(process = self.process, ?error, "a runner failed and starts again");
            self.trouble.send_replace(Some(error.to_string()));
            pause = if started.elapsed() > Duration::from_secs(10) {
                Duration::from_millis(50)
            } else {
                (pause * 2).min(Duration::from_secs(2))
            };
            cancel.run_until_cancelled(tokio::time::sleep(pause)).await;
        }
    }

    async fn follow(
        &self,
        taker: &Arc<Taker>,
        lanes: &mut JoinSet<LaneReport>,
        wake: &mut watch::Receiver<ProjectorStatus>,
        cancel: &CancellationToken,
    ) -> Result<(), StoreError> {
        taker.store.recover(true, self.options.steps_max).await?;
        self.trouble.send_replace(None);
        let mut recovered = Instant::now();
        // When the first of the lanes that wait out a failure comes back, as far as is known here; at once, to find out.
        let mut comes_back = Some(Instant::now());
        while !cancel.is_cancelled() {
            if recovered.elapsed() > RECOVER {
                taker.store.recover(false, self.options.steps_max).await?;
                recovered = Instant::now();
            }
            let seen = wake.borrow_and_update().applied;
            let all = self.start_lanes(taker, lanes, cancel).await?;
            if all && comes_back.is_some_and(|at| at <= Instant::now()) {
                comes_back = taker.store.next_due().await?.map(|pause| Instant::now() + pause.max(LOOK_MIN));
            }
            let known = comes_back.filter(|_| all).map(|at| at.saturating_duration_since(Instant::now()));
            tokio::select! {
                Some(first) = lanes.join_next() => {
                    let pause = self.finish(taker, lanes, first).await?;
                    comes_back = comes_back.into_iter().chain(pause.map(|pause| Instant::now() + pause)).min();
                }
                () = told(wake, seen) => {}
                () = tokio::time::sleep(known.map_or(self.options.look, |known| known.min(self.options.look))) => {}
                () = cancel.cancelled() => {}
            }
        }
        self.wind_down(taker, lanes).await
    }

    /// Claims what is due, as far as there is room. Whether that is all of it.
    async fn start_lanes(
        &self,
        taker: &Arc<Taker>,
        lanes: &mut JoinSet<LaneReport>,
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
    async fn finish(
        &self,
        taker: &Taker,
        lanes: &mut JoinSet<LaneReport>,
        first: Result<LaneReport, tokio::task::JoinError>,
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
    async fn wind_down(&self, taker: &Taker, lanes: &mut JoinSet<LaneReport>) -> Result<(), StoreError> {
        let deadline = tokio::time::Instant::now() + STOP_MAX;
        while let Ok(Some(first)) = tokio::time::timeout_at(deadline, lanes.join_next()).await {
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
