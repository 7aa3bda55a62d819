//! A log, guards, claims and a clock in memory.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use uuid::Uuid;

use super::choices::Choices;
use super::ledger::Ledger;
use crate::billing::CONTEXT;
use crate::kernel::testing::recorded;
use crate::kernel::{
    Actor, AggregateKey, AggregateType, ClaimAction, Context, DecideError, ErasedDecision, Loaded, LoadedState, RecordedEvent, Refusal,
    TenantId,
};

struct Stored {
    /// Name, version and payload of every event, as the log would hold them.
    events: Vec<(&'static str, String, String)>,
    loaded: LoadedState,
}

/// Everything there is.
pub struct World {
    aggregates: BTreeMap<AggregateKey, Stored>,
    claims: BTreeMap<(&'static str, String), String>,
    commands_sent: u128,
    now: DateTime<Utc>,
    /// What bills and payments must come to.
    pub ledger: Ledger,
    /// All events in order.
    pub log: Vec<RecordedEvent>,
}

impl Default for World {
    fn default() -> Self {
        let now = "2026-01-31T10:00:00Z".parse().expect("a time");
        Self { aggregates: BTreeMap::new(), claims: BTreeMap::new(), commands_sent: 0, now, ledger: Ledger::default(), log: Vec::new() }
    }
}

/// Whether the world changed.
#[derive(Debug, PartialEq)]
pub enum Outcome {
    Stored,
    Nothing,
    Refused(String),
    /// Another decision was stored in between.
    Overtaken,
}

impl World {
    pub fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// Lets the clock run: not at all, for moments, days or months.
    pub fn advance(&mut self, choices: &mut Choices) {
        let by = match choices.byte() % 16 {
            0..=5 => TimeDelta::zero(),
            6..=9 => TimeDelta::minutes(i64::from(choices.byte())),
            10..=12 => TimeDelta::hours(i64::from(choices.byte())),
            13 | 14 => TimeDelta::days(i64::from(choices.byte() % 20)),
            _ => TimeDelta::days(i64::from(choices.byte() % 100)),
        };
        self.now += by;
    }

    fn load(&self, key: &AggregateKey, aggregate: &dyn AggregateType) -> LoadedState {
        self.aggregates.get(key).map_or_else(|| LoadedState { version: 0, state: aggregate.empty() }, |stored| stored.loaded.clone())
    }

    fn decide(&mut self, aggregate: &dyn AggregateType, name: &str, id: &str, body: &Value) -> Result<ErasedDecision, String> {
        self.commands_sent += 1;
        let actor = Actor::default();
        let command_id = Uuid::from_u128(0x0197_0000_0000_7000_8000_0000_0000_0000 + self.commands_sent * 0x1_0000_0000);
        let own = AggregateKey { aggregate_type: aggregate.name(), id: id.to_owned() };
        let mut loaded = Loaded::new();
        loop {
            let context = Context::new(TenantId(Uuid::nil()), id, command_id, self.now, &actor, &loaded);
            match aggregate.decide(&self.load(&own, aggregate), name, body.to_string().as_bytes(), context) {
                Ok(decision) => return Ok(decision),
                Err(DecideError::Refused(Refusal::Needs(key))) => {
                    let needed = CONTEXT.aggregate(key.aggregate_type).expect("the needed aggregate is of this context");
                    let found = self.load(&key, needed);
                    assert!(loaded.insert(key, found).is_none(), "an aggregate is asked for once");
                    assert!(loaded.len() < 20, "a decision reads a bounded number of aggregates");
                }
                Err(DecideError::Refused(Refusal::Rejected(rejection))) => return Err(rejection.code),
                Err(DecideError::Decode(error)) => panic!("{name} {body}: {error}"),
            }
        }
    }

    /// Decides a command and stores the result.
    pub fn send(&mut self, aggregate: &dyn AggregateType, name: &str, id: &str, body: &Value) -> Outcome {
        match self.decide(aggregate, name, id, body) {
            Ok(decision) => self.store(&decision, true),
            Err(code) => Outcome::Refused(code),
        }
    }

    /// Two writers decide on the same state. One decision is stored; the other is overtaken, and even if it were written by a program
    /// that does not look at versions, the claims would keep it from billing the period again.
    pub fn race(&mut self, aggregate: &dyn AggregateType, name: &str, id: &str, body: &Value) -> Outcome {
        let (first, second) = (self.decide(aggregate, name, id, body), self.decide(aggregate, name, id, body));
        let (Ok(first), Ok(mut second)) = (first, second) else { return Outcome::Refused("both".to_owned()) };
        let outcome = self.store(&first, true);
        if outcome != Outcome::Stored {
            return outcome;
        }
        assert_eq!(self.store(&second, true), Outcome::Overtaken, "{name} {id}: both of two decisions on one state were stored");
        if second.claims.iter().any(|claim| claim.scope == crate::billing::subscription::PERIOD_SCOPE) {
            for claim in &mut second.claims {
                // A writer at another version: its claim is another one.
                claim.holder = claim.holder.take().map(|holder| format!("{holder}+1"));
            }
            assert_eq!(self.store(&second, false), Outcome::Refused("claim".to_owned()), "{name} {id}: the period was billed again");
        }
        outcome
    }

    fn store(&mut self, decision: &ErasedDecision, versions_count: bool) -> Outcome {
        if decision.writes.is_empty() {
            return Outcome::Nothing;
        }
        let version = |key: &AggregateKey| self.aggregates.get(key).map_or(0, |stored| stored.loaded.version);
        let expected = decision.writes.iter().map(|write| (&write.key, write.expected));
        let expected = expected.chain(decision.guards.iter().map(|(key, version)| (key, *version)));
        if versions_count && expected.into_iter().any(|(key, expected)| version(key) != expected) {
            return Outcome::Overtaken;
        }
        let mut claims = self.claims.clone();
        for claim in &decision.claims {
            let holder = claim.holder.clone().unwrap_or_else(|| decision.writes[0].key.id.clone());
            let key = (claim.scope, claim.key.clone());
            match (claim.action, claims.get(&key)) {
                (ClaimAction::Take, Some(other)) if *other != holder => return Outcome::Refused("claim".to_owned()),
                (ClaimAction::Release, Some(other)) if *other == holder => {
                    claims.remove(&key);
                }
                (ClaimAction::Take | ClaimAction::TakeIfFree, None) => {
                    claims.insert(key, holder);
                }
                _ => {}
            }
        }
        self.claims = claims;
        self.ledger.note(decision);
        for write in &decision.writes {
            let aggregate = CONTEXT.aggregate(write.key.aggregate_type).expect("the written aggregate is of this context");
            let empty = Stored { events: Vec::new(), loaded: LoadedState { version: 0, state: aggregate.empty() } };
            let stored = self.aggregates.entry(write.key.clone()).or_insert(empty);
            for event in &write.events {
                let def = event.def();
                let (version, payload) = (def.version.to_string(), event.payload().expect("an event serialises"));
                aggregate.apply_erased(&mut stored.loaded.state, &**event);
                stored.loaded.version += 1;
                let position = i64::try_from(self.log.len()).unwrap_or(i64::MAX) + 1;
                self.log.push(recorded(CONTEXT.name, &write.key, stored.loaded.version, position, &**event, self.now));
                stored.events.push((def.name, version, payload));
            }
        }
        Outcome::Stored
    }

    /// Every state is the fold of its events as they are stored, and survives a snapshot.
    pub fn check(&self) {
        for (key, stored) in &self.aggregates {
            let aggregate = CONTEXT.aggregate(key.aggregate_type).expect("the aggregate is of this context");
            let mut refolded = aggregate.empty();
            for (name, version, payload) in &stored.events {
                aggregate.apply(&mut refolded, name, version, payload).expect("a stored event is read back");
            }
            let snapshot = aggregate.snapshot(&stored.loaded.state).expect("a state serialises");
            assert_eq!(aggregate.snapshot(&refolded).expect("a state serialises"), snapshot, "{key:?}");
            let restored = aggregate.restore(&snapshot).expect("a snapshot is read back");
            assert_eq!(aggregate.snapshot(&restored).expect("a state serialises"), snapshot, "{key:?}");
        }
    }
}
