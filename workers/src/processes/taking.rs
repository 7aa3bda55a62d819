//! Taking a step: its command goes through the command bus, its effect through a handler.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chrono::TimeDelta;
use commands::CommandRequest;
use domain::kernel::{Actor, AggregateId, StepCommand, TenantId};
use futures::FutureExt as _;
use platform::clock::Clock;
use projections::runtime::planted::{Bug, planted};
use tokio_util::sync::CancellationToken;

use super::Backoff;
use super::effects::{EffectError, EffectStep, Effects};
use super::store::{ClaimedLane, ClaimedStep, LaneReport, Outcome, PAUSE_MAX, Steps, StoreError, Taken};
use crate::sending::{Answer, Commands, answer_of};

/// Idempotency keys live for 30 days. A step that may have been sent longer ago than this is not sent again without looking.
const KEY_TRUSTED: TimeDelta = TimeDelta::days(29);
/// How long a lane's turn lasts before its outcomes are noted.
const TURN_MAX: Duration = Duration::from_secs(1);
/// How long a command may take before its outcome counts as unknown.
const COMMAND_MAX: Duration = Duration::from_secs(30);

/// Takes the steps of one process.
pub struct Taker<S, B, C> {
    pub store: S,
    pub bus: Arc<B>,
    pub clock: C,
    pub effects: Effects,
    pub backoff: Backoff,
    pub stuck_after: u32,
    pub effect_max: Duration,
}

/// What is known of an old step.
enum Trace {
    Found(String),
    Absent,
    Unclear,
}

impl<S: Steps, B: Commands, C: Clock> Taker<S, B, C> {
    /// Takes a lane's steps in order, until one has to be taken again, the turn is over, or the runner stops.
    pub async fn run_lane(self: Arc<Self>, lane: ClaimedLane, cancel: CancellationToken) -> LaneReport {
        let started = self.clock.instant();
        let (mut taken, mut pause) = (Vec::with_capacity(lane.steps.len()), Duration::ZERO);
        for step in &lane.steps {
            if cancel.is_cancelled() || self.clock.instant().saturating_duration_since(started) > TURN_MAX {
                break;
            }
            // A panic is a defect of one decision or handler; the other lanes have nothing to do with it.
            let outcome = match AssertUnwindSafe(self.take(&lane, step)).catch_unwind().await {
                Ok(Ok(outcome)) => outcome,
                Ok(Err(StoreError::Overtaken)) => break,
                Ok(Err(StoreError::Database(error))) => again("unavailable", format!("the steps' database failed: {error}"), true),
                Err(_) => again("panicked", "the step ended in a panic; the log has the details".to_owned(), true),
            };
            let attempts = step.attempts.saturating_add(1);
            let stuck = matches!(outcome, Outcome::Again { .. }) && attempts >= self.stuck_after;
            self.tell(&lane, step, &outcome, attempts);
            let next = match &outcome {
                Outcome::Again { after, .. } => {
                    let pause = after
                        .map_or_else(|| self.backoff.after(attempts, (step.event_id, &step.step)), |after| after.max(self.backoff.first));
                    Some(pause.min(PAUSE_MAX))
                }
                Outcome::Done { .. } | Outcome::Refused { .. } => None,
            };
            taken.push(Taken { event_id: step.event_id, step: step.step.clone(), outcome, stuck });
            if let Some(next) = next {
                pause = next;
                break;
            }
        }
        LaneReport { tenant: lane.tenant, lane: lane.lane, taken, pause }
    }

    fn tell(&self, lane: &ClaimedLane, step: &ClaimedStep, outcome: &Outcome, attempts: u32) {
        let (process, tenant, event_id, name) = (self.store.process(), lane.tenant, step.event_id, &step.step);
        match outcome {
            Outcome::Done { .. } => {}
            Outcome::Refused { code, detail } => {
                tracing::warn!(process, %tenant, %event_id, step = name, code, detail, "a step was refused");
            }
            Outcome::Again { code, detail, .. } if attempts == self.stuck_after => {
                tracing::error!(process, %tenant, %event_id, step = name, code, detail, attempts, "a step is stuck; it is tried again at the longest pause");
            }
            Outcome::Again { code, detail, .. } => {
                tracing::debug!(process, %tenant, %event_id, step = name, code, detail, attempts, "a step failed and is taken again");
            }
        }
    }

    async fn take(&self, lane: &ClaimedLane, step: &ClaimedStep) -> Result<Outcome, StoreError> {
        let tenant = TenantId(lane.tenant);
        let key = format!("process/{}/{}/{}", self.store.process(), step.event_id, step.step);
        if step.unresolved_since.is_some_and(|since| self.clock.now() - since > KEY_TRUSTED) {
            match self.look_up(tenant, step).await? {
                Trace::Found(receipt) => return Ok(Outcome::Done { receipt: Some(receipt) }),
                Trace::Absent => {}
                Trace::Unclear => {
                    let detail = "it may have been sent more than 29 days ago, and the log does not tell; look for its effect, and have it sent \
                        again by `neuroops processes retry` if there is none";
                    return Ok(again("key_expired", detail.to_owned(), false));
                }
            }
        }
        let Some(effect) = &step.effect else {
            return Ok(match serde_json::from_str(&step.action) {
                Ok(command) => self.send(tenant, step, command, key).await,
                Err(error) => unreadable(&error),
            });
        };
        let answer = match &step.answer {
            Some(answer) => answer.clone(),
            None => match self.call(tenant, step, effect, &key).await {
                Ok(answer) => {
                    self.store.keep_answer(lane, step, &answer).await?;
                    answer
                }
                Err(outcome) => return Ok(outcome),
            },
        };
        let commands: Vec<StepCommand> = match serde_json::from_str(&answer) {
            Ok(commands) => commands,
            Err(error) => return Ok(unreadable(&error)),
        };
        let mut last = None;
        for (number, command) in commands.into_iter().enumerate() {
            match self.send(tenant, step, command, format!("{key}/{number}")).await {
                Outcome::Done { receipt } => last = receipt,
                other => return Ok(other),
            }
        }
        Ok(Outcome::Done { receipt: last })
    }

    /// Calls the outside; the answer comes as JSON.
    async fn call(&self, tenant_id: TenantId, step: &ClaimedStep, effect: &str, key: &str) -> Result<String, Outcome> {
        let Some(handler) = self.effects.get(effect) else {
            return Err(again("effect_missing", format!("this worker has no effect `{effect}`; see its configuration"), false));
        };
        let body = serde_json::from_str(&step.action).map_err(|error| unreadable(&error))?;
        let step = EffectStep { tenant_id, key: key.to_owned(), body };
        match self.clock.timeout(self.effect_max, handler.run(&step)).await {
            Some(Ok(commands)) => serde_json::to_string(&commands).map_err(|error| unreadable(&error)),
            Some(Err(EffectError::Refused { reason })) => Err(Outcome::Refused { code: "effect_refused".to_owned(), detail: reason }),
            Some(Err(EffectError::Retry { reason, after })) => {
                Err(Outcome::Again { code: "effect_failed".to_owned(), detail: reason, after, unresolved: false })
            }
            None => Err(again("effect_timeout", format!("`{effect}` has not answered within {:?}", self.effect_max), true)),
        }
    }

    async fn send(&self, tenant_id: TenantId, step: &ClaimedStep, command: StepCommand, key: String) -> Outcome {
        let StepCommand { context, aggregate, id, command, body } = command;
        let Ok(id) = AggregateId::try_from(id) else {
            return refused("invalid_id", "the id has not 1 to 128 characters, each a letter, a digit or one of . _ ~ : -");
        };
        let request = CommandRequest {
            tenant_id,
            actor: Actor::of_process(self.store.process()),
            context,
            aggregate,
            id: Some(id),
            command,
            body: Bytes::from(body.to_string()),
            expected_version: None,
            idempotency_key: Some(key).filter(|_| !planted(Bug::EffectWithoutKey)),
            correlation_id: step.correlation_id.clone().filter(|id| !id.is_empty()),
            causation_id: Some(step.event_id.to_string()),
            traceparent: step.traceparent.clone(),
        };
        let context = request.context.clone();
        match self.clock.timeout(COMMAND_MAX, self.bus.execute(request)).await {
            Some(result) => answer_of(result, &context).into(),
            None => again("timeout", format!("the command was not answered within {COMMAND_MAX:?}"), true),
        }
    }

    /// Whether the log holds the effect of a step whose idempotency key may be forgotten.
    async fn look_up(&self, tenant: TenantId, step: &ClaimedStep) -> Result<Trace, StoreError> {
        let commands = match (&step.effect, &step.answer) {
            (None, _) => serde_json::from_str(&step.action).map(|command| vec![command]),
            (Some(_), Some(answer)) => serde_json::from_str(answer),
            (Some(_), None) => return Ok(Trace::Unclear),
        };
        let Ok([command]) = <[StepCommand; 1]>::try_from(commands.unwrap_or_default()) else { return Ok(Trace::Unclear) };
        if !self.store.is_only_step(tenant.0, step.event_id).await? {
            return Ok(Trace::Unclear);
        }
        let found = self.store.effect_in_log(tenant, step, &command, self.bus.partitions()).await?;
        Ok(found.map_or(Trace::Absent, Trace::Found))
    }
}

impl From<Answer> for Outcome {
    fn from(answer: Answer) -> Self {
        match answer {
            Answer::Done { position, .. } => Self::Done { receipt: Some(position) },
            Answer::Refused { code, detail } => Self::Refused { code, detail },
            Answer::Passing { code, detail, unresolved } => Self::Again { code, detail, after: None, unresolved },
        }
    }
}

fn again(code: &str, detail: String, unresolved: bool) -> Outcome {
    Outcome::Again { code: code.to_owned(), detail, after: None, unresolved }
}

fn refused(code: &str, detail: impl Into<String>) -> Outcome {
    Outcome::Refused { code: code.to_owned(), detail: detail.into() }
}

/// What was stored as JSON and is none any more, which more attempts do not mend.
fn unreadable(error: &serde_json::Error) -> Outcome {
    refused("unreadable", format!("what is stored with the step cannot be read: {error}"))
}
