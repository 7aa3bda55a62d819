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
        while !cancel.is_cancelled() {
            if recovered.elapsed() > RECOVER {
                taker.store.recover(false, self.options.steps_max).await?;
                recovered = Instant::now();
            }
            let wait = self.start_lanes(taker, lanes, cancel).await?;
            tokio::select! {
                Some(first) = lanes.join_next() => self.finish(taker, lanes, first).await?,
                () = told(wake) => {}
                () = tokio::time::sleep(wait) => {}
                () = cancel.cancelled() => {}
            }
        }
        self.wind_down(taker, lanes).await
    }

    /// Claims what is due, as far as there is room, and tells how long there will be nothing more to claim.
    async fn start_lanes(
        &self,
        taker: &Arc<Taker>,
        lanes: &mut JoinSet<LaneReport>,
        cancel: &CancellationToken,
    ) -> Result<Duration, StoreError> {
        let room = self.options.lanes_max.saturating_sub(lanes.len());
        if room == 0 {
            return Ok(self.options.look);
        }
        let claimed = taker.store.claim(i64::try_from(room).unwrap_or(i64::MAX), self.options.steps_max).await?;
        let full = claimed.len() == room;
        for lane in claimed {
            lanes.spawn(taker.clone().run_lane(lane, cancel.clone()));
        }
        if full {
            return Ok(self.options.look);
        }
        let next = taker.store.next_due().await?.unwrap_or(self.options.look);
        Ok(next.clamp(LOOK_MIN, self.options.look.max(LOOK_MIN)))
    }

    /// Notes the outcome of one lane's turn, and with it those of all others that have ended meanwhile.
    async fn finish(
        &self,
        taker: &Taker,
        lanes: &mut JoinSet<LaneReport>,
        first: Result<LaneReport, tokio::task::JoinError>,
    ) -> Result<(), StoreError> {
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
        Ok(())
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

/// Waits for news of the recorder; for ever where there is none.
async fn told(wake: &mut watch::Receiver<ProjectorStatus>) {
    if wake.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
}
