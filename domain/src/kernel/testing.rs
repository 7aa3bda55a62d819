//! Given / when / then for aggregates.
#![expect(clippy::missing_panics_doc, reason = "a failed expectation of a test panics")]

use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{
    Actor, Aggregate, AggregateKey, AggregateType, Claim, CommandSet, Context, Decision, EventSet, Loaded, LoadedState, RecordedEvent,
    Refusal, Rejection, TenantId,
};

/// The id of the aggregate under test, unless it is [`named`](Given::named) otherwise.
pub const ID: &str = "a-1";

/// A test of one decision: events that have happened, a command, and what is expected of it.
pub struct Given<A: Aggregate> {
    id: String,
    state: A,
    version: i64,
    loaded: Loaded,
    now: DateTime<Utc>,
    actor: Actor,
}

/// Starts from an aggregate without history.
pub fn given_nothing<A: Aggregate>() -> Given<A> {
    Given {
        id: ID.to_owned(),
        state: A::default(),
        version: 0,
        loaded: Loaded::new(),
        now: "2026-03-01T12:00:00Z".parse().expect("a valid time"),
        actor: Actor { subject: "tester".to_owned(), roles: vec!["owner".to_owned()] },
    }
}

/// Starts from an aggregate with history.
pub fn given<A: Aggregate>(events: impl IntoIterator<Item = A::Event>) -> Given<A> {
    let mut given = given_nothing();
    given.push(events);
    given
}

impl<A: Aggregate> Given<A> {
    fn push(&mut self, events: impl IntoIterator<Item = A::Event>) {
        for event in events {
            let def = EventSet::def(&event);
            let stored = EventSet::payload(&event).expect("an event serialises");
            let read = A::Event::decode(def.name, &def.version.to_string(), &stored).expect("a stored event is read back");
            assert_eq!(read, event, "storing and reading an event changes nothing");
            self.state.apply(&read);
            self.version += 1;
        }
    }

    /// Adds another aggregate that the decision may ask for.
    #[must_use]
    pub fn and<B: Aggregate>(mut self, id: &str, events: impl IntoIterator<Item = B::Event>) -> Self {
        let mut state = B::default();
        let mut version = 0;
        for event in events {
            state.apply(&event);
            version += 1;
        }
        self.loaded.insert(AggregateKey { aggregate_type: B::TYPE, id: id.to_owned() }, LoadedState { version, state: Arc::new(state) });
        self
    }

    /// Sets the id of the aggregate under test, where it means something.
    #[must_use]
    pub fn named(mut self, id: &str) -> Self {
        id.clone_into(&mut self.id);
        self
    }

    /// Sets the time of the decision.
    #[must_use]
    pub fn at(mut self, now: &str) -> Self {
        self.now = now.parse().expect("a valid time");
        self
    }

    /// Sets who sends the command.
    #[must_use]
    pub fn by(mut self, actor: Actor) -> Self {
        self.actor = actor;
        self
    }

    /// The state so far.
    pub fn state(&self) -> &A {
        &self.state
    }

    /// Decides a command. Aggregates that were not given count as missing.
    pub fn when(mut self, command: impl Into<A::Command>) -> Then<A>
    where
        A::Command: Clone,
    {
        let command = command.into();
        loop {
            let context = Context {
                version: self.version,
                ..Context::new(
                    TenantId(Uuid::from_u128(7)),
                    &self.id,
                    Uuid::from_u128(0x0197_0000_0000_7000_8000_0000_0000_0001),
                    self.now,
                    &self.actor,
                    &self.loaded,
                )
            };
            let answer = match self.state.handle(command.clone(), &context) {
                Err(Refusal::Needs(key)) => {
                    let missing = LoadedState { version: 0, state: Arc::new(()) };
                    assert!(self.loaded.insert(key, missing).is_none(), "an aggregate is asked for once");
                    continue;
                }
                Err(Refusal::Rejected(rejection)) => Err(rejection),
                Ok(decision) => Ok(decision),
            };
            return Then { given: self, answer };
        }
    }

    /// Decides a command given as JSON, as a client would send it.
    pub fn when_json(self, name: &str, body: &serde_json::Value) -> Then<A>
    where
        A::Command: Clone,
    {
        let command = A::Command::decode(name, body.to_string().as_bytes()).expect("the command decodes");
        self.when(command)
    }
}

/// The answer to a command.
pub struct Then<A: Aggregate> {
    given: Given<A>,
    answer: Result<Decision<A::Event>, Rejection>,
}

impl<A: Aggregate> Then<A> {
    /// Expects these events of the deciding aggregate, and goes on from the state after them.
    #[track_caller]
    pub fn then(mut self, expected: impl IntoIterator<Item = A::Event>) -> Given<A> {
        let decision = self.answer.expect("the command is accepted");
        let expected: Vec<_> = expected.into_iter().collect();
        assert_eq!(decision.events, expected);
        self.given.push(decision.events);
        self.given
    }

    /// Expects acceptance, whatever the events are.
    #[track_caller]
    pub fn then_accepted(mut self) -> Given<A> {
        let decision = self.answer.expect("the command is accepted");
        self.given.push(decision.events);
        self.given
    }

    /// Expects that nothing would be stored.
    #[track_caller]
    pub fn then_nothing(self) -> Given<A> {
        let decision = self.answer.expect("the command is accepted");
        assert!(decision.is_nothing(), "nothing happens: {decision:?}");
        self.given
    }

    /// Expects a rejection with this code (with the context).
    #[track_caller]
    pub fn then_rejected(self, code: &str) {
        match self.answer {
            Ok(decision) => panic!("expected the rejection {code}, and the command was accepted: {decision:?}"),
            Err(rejection) => assert_eq!(rejection.code, code, "{rejection}"),
        }
    }

    /// The events of the accepted decision.
    #[track_caller]
    pub fn events(&self) -> Vec<A::Event> {
        self.answer.as_ref().expect("the command is accepted").events.clone()
    }

    /// The claims of the accepted decision.
    #[track_caller]
    pub fn claims(&self) -> &[Claim] {
        &self.answer.as_ref().expect("the command is accepted").claims
    }

    /// The events for other aggregates: type, id, event name, payload.
    #[track_caller]
    pub fn others(&self) -> Vec<(&'static str, String, &'static str, String)> {
        let decision = self.answer.as_ref().expect("the command is accepted");
        decision
            .others
            .iter()
            .map(|other| {
                (
                    other.key.aggregate_type,
                    other.key.id.clone(),
                    other.event.def().name,
                    other.event.payload().expect("an event serialises"),
                )
            })
            .collect()
    }
}

/// An event as the log would hold it, at this position.
pub fn recorded(
    context: &str,
    key: &AggregateKey,
    sequence: i64,
    position: i64,
    event: &dyn super::ErasedEvent,
    recorded_at: DateTime<Utc>,
) -> RecordedEvent {
    RecordedEvent {
        context: context.to_owned(),
        partition: 0,
        position,
        event_id: Uuid::from_u128(0x0197_0000_0000_7000_8000_0000_0000_0000 | u128::from(position.unsigned_abs())),
        tenant_id: TenantId(Uuid::nil()),
        aggregate_type: key.aggregate_type.to_owned(),
        aggregate_id: key.id.clone(),
        sequence,
        event_type: event.def().name.to_owned(),
        event_version: event.def().version.to_string(),
        payload: event.payload().expect("an event serialises"),
        metadata: "{}".to_owned(),
        recorded_at,
    }
}

/// Every command's example decodes.
pub fn assert_examples_decode<A: Aggregate>() {
    for def in <dyn AggregateType>::of::<A>().commands() {
        let example = (def.example)().to_string();
        if let Err(error) = A::Command::decode(def.name, example.as_bytes()) {
            panic!("the example of {}.{} does not decode: {error}\n{example}", A::TYPE, def.name);
        }
    }
}
