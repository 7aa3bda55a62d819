//! The tables of a process, by the contract of their statements; the command bus; and the outside.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use commands::{CommandError, CommandRequest, Receipt};
use domain::kernel::{Action, RecordedEvent, Rejection, RejectionKind, Step, StepCommand, TenantId};
use serde_json::json;
use uuid::Uuid;
use workers::processes::{ClaimedLane, ClaimedStep, EffectError, EffectHandler, EffectStep, LaneReport, Outcome, Steps, StoreError};
use workers::sending::Commands;

use super::executor::{Sim, lock};
use super::leases::SimLeases;
use super::link::{Fault, Link};
use super::log::TENANT;

/// How long the bus remembers a key.
const KEPT: TimeDelta = TimeDelta::days(30);

/// A step as it follows from an event.
pub struct NewStep {
    event_id: Uuid,
    name: &'static str,
    lane: String,
    effect: Option<String>,
    action: String,
}

impl NewStep {
    /// The step of an event.
    pub fn of(event: &RecordedEvent, step: Step) -> Self {
        let (effect, action) = match step.action {
            Action::Command(command) => (None, json!(command).to_string()),
            Action::Effect { name, body } => (Some(name.to_owned()), body.to_string()),
        };
        Self { event_id: event.event_id, name: step.name, lane: step.lane, effect, action }
    }
}

struct Row {
    number: u64,
    lane: String,
    step: ClaimedStep,
    is_finished: bool,
}

struct Lane {
    due_at: Duration,
    claimed: Option<(i64, DateTime<Utc>)>,
}

#[derive(Default)]
struct Tables {
    steps: BTreeMap<(Uuid, String), Row>,
    lanes: BTreeMap<String, Lane>,
}

impl Tables {
    /// The open steps of a lane, in order.
    fn open(&mut self, lane: &str, most: i64) -> Vec<&mut Row> {
        let mut open: Vec<&mut Row> = self.steps.values_mut().filter(|row| row.lane == lane && !row.is_finished).collect();
        open.sort_by_key(|row| row.number);
        open.truncate(usize::try_from(most).unwrap_or(0));
        open
    }
}

/// The tables of a process.
#[derive(Clone)]
pub struct StepTable {
    sim: Sim,
    tables: Arc<Mutex<Tables>>,
}

impl StepTable {
    /// Empty ones.
    pub fn new(sim: &Sim) -> Self {
        Self { sim: sim.clone(), tables: Arc::default() }
    }

    /// Inserts what is not there yet, when the transaction commits.
    pub fn record(&self, new: impl Iterator<Item = NewStep>) {
        let now = self.sim.now();
        let mut tables = lock(&self.tables);
        for NewStep { event_id, name, lane, effect, action } in new {
            let key = (event_id, name.to_owned());
            if tables.steps.contains_key(&key) {
                continue;
            }
            let step = ClaimedStep {
                event_id,
                step: name.to_owned(),
                effect,
                action,
                answer: None,
                correlation_id: None,
                traceparent: None,
                attempts: 0,
                unresolved_since: None,
            };
            let number = tables.steps.len() as u64;
            tables.lanes.entry(lane.clone()).or_insert(Lane { due_at: now, claimed: None });
            tables.steps.insert(key, Row { number, lane, step, is_finished: false });
        }
    }

    /// A step that is open, if there is one.
    pub fn open(&self) -> Option<String> {
        let tables = lock(&self.tables);
        tables.steps.values().find(|row| !row.is_finished).map(|row| format!("a step of {} is open: {:?}", row.lane, row.step))
    }
}

/// The tables, as a runner under one lease sees them.
pub struct SimSteps {
    pub process: &'static str,
    pub table: StepTable,
    pub leases: SimLeases,
    pub link: Link,
    pub bus: Arc<SimBus>,
    pub lease: String,
    pub epoch: i64,
}

impl SimSteps {
    fn has_lease(&self) -> bool {
        self.leases.row(&self.lease).is_some_and(|row| row.epoch == self.epoch)
    }

    async fn query<T>(&self, what: impl FnOnce(&mut Tables) -> T) -> Result<T, StoreError> {
        Ok(self.link.query(|| what(&mut lock(&self.table.tables))).await?)
    }

    /// Notes the outcomes; `false` where a lane is not held.
    fn note(&self, tables: &mut Tables, reports: &[LaneReport]) -> bool {
        let is_held = |report: &LaneReport| {
            tables.lanes.get(&report.lane).and_then(|lane| lane.claimed).is_some_and(|(epoch, _)| epoch == self.epoch)
        };
        if !reports.iter().all(is_held) {
            return false;
        }
        let (now, date) = (self.table.sim.now(), self.table.sim.date());
        for report in reports {
            for taken in &report.taken {
                let row = tables.steps.get_mut(&(taken.event_id, taken.step.clone()));
                let Some(row) = row.filter(|row| !row.is_finished) else { continue };
                row.step.attempts += 1;
                match &taken.outcome {
                    Outcome::Done { .. } | Outcome::Refused { .. } => row.is_finished = true,
                    Outcome::Again { unresolved: true, .. } => {
                        row.step.unresolved_since.get_or_insert(date);
                    }
                    Outcome::Again { .. } => {}
                }
            }
            if tables.open(&report.lane, 1).is_empty() {
                tables.lanes.remove(&report.lane);
            } else if let Some(lane) = tables.lanes.get_mut(&report.lane) {
                *lane = Lane { due_at: now + report.pause, claimed: None };
            }
        }
        true
    }
}

impl Steps for SimSteps {
    fn process(&self) -> &'static str {
        self.process
    }

    async fn recover(&self, own: bool, steps_max: i64) -> Result<u64, StoreError> {
        let recover = |tables: &mut Tables| {
            let is_lost = |lane: &Lane| lane.claimed.filter(|(epoch, _)| own || *epoch != self.epoch);
            let lost: Vec<(String, DateTime<Utc>)> = tables
                .lanes
                .iter()
                .filter_map(|(name, lane)| is_lost(lane).filter(|_| self.has_lease()).map(|(_, at)| (name.clone(), at)))
                .collect();
            for (name, at) in &lost {
                for row in tables.open(name, steps_max) {
                    row.step.unresolved_since.get_or_insert(*at);
                }
                if let Some(lane) = tables.lanes.get_mut(name) {
                    lane.claimed = None;
                }
            }
            lost.len() as u64
        };
        self.query(recover).await
    }

    async fn claim(&self, lanes: i64, steps_max: i64) -> Result<Vec<ClaimedLane>, StoreError> {
        let claim = |tables: &mut Tables| {
            if !self.has_lease() {
                return Vec::new();
            }
            let (now, date) = (self.table.sim.now(), self.table.sim.date());
            let mut free: Vec<(Duration, String)> = tables
                .lanes
                .iter()
                .filter(|(_, lane)| lane.claimed.is_none() && lane.due_at <= now)
                .map(|(name, lane)| (lane.due_at, name.clone()))
                .collect();
            free.sort();
            free.truncate(usize::try_from(lanes).unwrap_or(0));
            let mut claimed = Vec::new();
            for (due_at, lane) in free {
                tables.lanes.insert(lane.clone(), Lane { due_at, claimed: Some((self.epoch, date)) });
                let steps = tables.open(&lane, steps_max).into_iter().map(|row| row.step.clone()).collect();
                claimed.push(ClaimedLane { tenant: TENANT, lane, steps });
            }
            claimed
        };
        self.query(claim).await
    }

    async fn next_due(&self) -> Result<Option<Duration>, StoreError> {
        let next = |tables: &mut Tables| {
            let now = self.table.sim.now();
            tables.lanes.values().filter(|lane| lane.claimed.is_none()).map(|lane| lane.due_at.saturating_sub(now)).min()
        };
        self.query(next).await
    }

    async fn keep_answer(&self, lane: &ClaimedLane, step: &ClaimedStep, answer: &str) -> Result<(), StoreError> {
        let keep = |tables: &mut Tables| {
            let claimed = tables.lanes.get(&lane.lane).and_then(|lane| lane.claimed);
            if claimed.is_none_or(|(epoch, _)| epoch != self.epoch) {
                return false;
            }
            let row = tables.steps.get_mut(&(step.event_id, step.step.clone())).filter(|row| !row.is_finished);
            row.map(|row| row.step.answer = Some(answer.to_owned())).is_some()
        };
        if self.query(keep).await? { Ok(()) } else { Err(StoreError::Overtaken) }
    }

    async fn finish(&self, reports: &[LaneReport]) -> Result<(), StoreError> {
        if self.query(|tables| self.note(tables, reports)).await? { Ok(()) } else { Err(StoreError::Overtaken) }
    }

    async fn effect_in_log(&self, _: TenantId, step: &ClaimedStep, _: &StepCommand, _: i32) -> Result<Option<String>, StoreError> {
        let cause = step.event_id.to_string();
        Ok(self.link.query(|| self.bus.effects().iter().any(|effect| effect.cause == cause).then(|| "sim/0@1".to_owned())).await?)
    }

    async fn is_only_step(&self, _: Uuid, event: Uuid) -> Result<bool, StoreError> {
        self.query(|tables| tables.steps.keys().filter(|(id, _)| *id == event).count() == 1).await
    }
}

/// What a command did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    /// The aggregate that it was sent to.
    pub lane: String,
    /// The sequence of the event that it follows from, and its number among the commands of the step.
    pub order: (i64, i64),
    /// The id of that event.
    pub cause: String,
}

#[derive(Default)]
struct Done {
    keys: BTreeMap<String, (Bytes, DateTime<Utc>)>,
    effects: Vec<Effect>,
}

/// The command bus: under one key a command has its effect once.
pub struct SimBus {
    sim: Sim,
    link: Link,
    done: Mutex<Done>,
}

/// Whether the domain refuses the command that follows from an event.
pub fn is_refused(sequence: i64) -> bool {
    sequence % 11 == 7
}

impl SimBus {
    /// A bus that has done nothing.
    pub fn new(sim: &Sim, link: Link) -> Self {
        Self { sim: sim.clone(), link, done: Mutex::default() }
    }

    /// What it has done, in order.
    pub fn effects(&self) -> Vec<Effect> {
        lock(&self.done).effects.clone()
    }

    fn decide(&self, request: &CommandRequest) -> Result<Receipt, CommandError> {
        let id = request.id.as_ref().map(ToString::to_string).unwrap_or_default();
        let receipt = Receipt { id: id.clone(), version: 1, events: Vec::new(), position: "sim/0@1".to_owned() };
        let now = self.sim.date();
        let mut done = lock(&self.done);
        let key = request.idempotency_key.as_ref();
        match key.and_then(|key| done.keys.get(key)).filter(|(_, at)| now - *at < KEPT) {
            Some((body, _)) if *body == request.body => return Ok(receipt),
            Some(_) => return Err(CommandError::KeyReused),
            None => {}
        }
        let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let number = |field: &str| body[field].as_i64().unwrap_or(0);
        let order = (number("number"), number("part"));
        if is_refused(order.0) && body.get("part").is_none() {
            let rejection =
                Rejection { kind: RejectionKind::Rule, code: "sim.refused".to_owned(), message: "no".to_owned(), fields: Vec::new() };
            return Err(CommandError::Rejected(rejection));
        }
        let effect = Effect { lane: id, order, cause: request.causation_id.clone().unwrap_or_default() };
        if let Some(last) = done.effects.iter().rev().find(|last| last.lane == effect.lane).filter(|last| last.order >= order) {
            self.sim.fail(format!("effects: {effect:?} comes after {last:?}"));
        }
        done.effects.push(effect);
        if let Some(key) = key {
            done.keys.insert(key.clone(), (request.body.clone(), now));
        }
        Ok(receipt)
    }
}

impl Commands for SimBus {
    fn partitions(&self) -> i32 {
        1
    }

    async fn execute(&self, request: CommandRequest) -> Result<Receipt, CommandError> {
        match self.link.call(|| self.decide(&request)).await {
            Ok(answer) => answer,
            Err(Fault::Refused) => Err(CommandError::Unavailable),
            Err(Fault::Unanswered) => Err(CommandError::Unresolved),
        }
    }
}

/// The outside, which gives another answer each time that it is called.
pub struct Outside {
    pub link: Link,
    pub calls: Mutex<u64>,
}

#[async_trait]
impl EffectHandler for Outside {
    fn name(&self) -> &'static str {
        "outside"
    }

    async fn run(&self, step: &EffectStep) -> Result<Vec<StepCommand>, EffectError> {
        let call = || {
            let mut calls = lock(&self.calls);
            *calls += 1;
            *calls
        };
        let retry = |_| EffectError::Retry { reason: "away".to_owned(), after: None };
        let call = self.link.call(call).await.map_err(retry)?;
        let (lane, number) = (step.body["lane"].as_str().unwrap_or_default(), step.body["number"].as_i64().unwrap_or(0));
        let command = |part: i64| StepCommand {
            context: "sim".to_owned(),
            aggregate: "tally".to_owned(),
            id: lane.to_owned(),
            command: "count".to_owned(),
            body: json!({ "number": number, "part": part, "call": call }),
        };
        Ok(vec![command(0), command(1)])
    }
}
