//! Aggregates, as their authors write them ([`Aggregate`]) and as the command bus handles them ([`AggregateType`]).

use std::any::Any;
use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{
    AggregateKey, Claim, CommandDef, CommandSet, Context, Creation, Decision, DecodeError, DecodeEventError, ErasedEvent, EventDef,
    EventSet, OtherEvent, Refusal, Rejection, RejectionKind,
};

/// A consistency boundary: state that is the fold of its events, and decisions that are pure functions of it.
pub trait Aggregate: Clone + Default + Serialize + DeserializeOwned + JsonSchema + Send + Sync + 'static {
    /// The context it belongs to.
    const CONTEXT: &'static str;
    /// Its type, in kebab case, as in URLs: `contact`.
    const TYPE: &'static str;
    /// Raised when the meaning of the serialised state changes; snapshots of other versions are ignored.
    const SNAPSHOT_VERSION: i32 = 1;
    /// What can be asked of it.
    type Command: CommandSet;
    /// What can happen to it.
    type Event: EventSet;

    /// Folds one event into the state.
    fn apply(&mut self, event: &Self::Event);

    /// Decides a command. `self` is the state at `context.version`.
    fn handle(&self, command: Self::Command, context: &Context<'_>) -> Result<Decision<Self::Event>, Refusal>;
}

/// The state of an aggregate whose type is known only at run time.
pub type State = Arc<dyn Any + Send + Sync>;

/// A state together with the number of events that led to it.
#[derive(Clone)]
pub struct LoadedState {
    /// 0 where the aggregate does not exist.
    pub version: i64,
    /// The fold of its events.
    pub state: State,
}

/// The other aggregates that a decision has asked for.
pub type Loaded = BTreeMap<AggregateKey, LoadedState>;

/// What a decision writes to one aggregate.
pub struct PlannedWrite {
    /// The aggregate.
    pub key: AggregateKey,
    /// The version that the write builds on.
    pub expected: i64,
    /// The events, at least one.
    pub events: Vec<Box<dyn ErasedEvent>>,
    /// The state after them.
    pub state: State,
}

/// A decision ready to be stored.
pub struct ErasedDecision {
    /// The writes; the deciding aggregate's comes first if it has one.
    pub writes: Vec<PlannedWrite>,
    /// Versions that must still hold when the writes are stored.
    pub guards: Vec<(AggregateKey, i64)>,
    /// Unique keys taken and given back.
    pub claims: Vec<Claim>,
}

/// Why [`AggregateType::decide`] did not decide.
#[derive(Debug, thiserror::Error)]
pub enum DecideError {
    /// The body is not the command.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// Refused, or in need of another state.
    #[error("refused")]
    Refused(Refusal),
}

/// The run-time face of an [`Aggregate`] type.
pub trait AggregateType: Send + Sync {
    /// The context's name.
    fn context(&self) -> &'static str;
    /// The aggregate's type name.
    fn name(&self) -> &'static str;
    /// Its commands.
    fn commands(&self) -> &'static [CommandDef];
    /// Its events.
    fn events(&self) -> &'static [EventDef];
    /// JSON Schema of its state, as `history?as_of=` shows it.
    fn state_schema(&self, generator: &mut schemars::SchemaGenerator) -> schemars::Schema;
    /// The state before any event.
    fn empty(&self) -> State;
    /// Reads a stored event of any version ever shipped.
    fn read(&self, name: &str, version: &str, payload: &str) -> Result<Box<dyn ErasedEvent>, DecodeEventError>;
    /// Folds a stored event into a state.
    fn apply(&self, state: &mut State, name: &str, version: &str, payload: &str) -> Result<(), DecodeEventError>;
    /// Folds an event that was just decided into a state.
    fn apply_erased(&self, state: &mut State, event: &dyn ErasedEvent);
    /// The version of the snapshot format.
    fn snapshot_version(&self) -> i32;
    /// Serialises a state.
    fn snapshot(&self, state: &State) -> Result<String, serde_json::Error>;
    /// Reads a state from a snapshot.
    fn restore(&self, json: &str) -> Result<State, serde_json::Error>;
    /// Decides a command given as JSON.
    fn decide(&self, current: &LoadedState, name: &str, body: &[u8], context: Context<'_>) -> Result<ErasedDecision, DecideError>;
}

impl dyn AggregateType {
    /// The run-time face of `A`.
    pub fn of<A: Aggregate>() -> &'static dyn AggregateType {
        &Typed::<A>(PhantomData)
    }
}

struct Typed<A>(PhantomData<fn() -> A>);

impl<A: Aggregate> Typed<A> {
    fn state_mut(state: &mut State) -> &mut A {
        if !state.is::<A>() || Arc::get_mut(state).is_none() {
            let copy = state.downcast_ref::<A>().cloned().unwrap_or_default();
            *state = Arc::new(copy);
        }
        Arc::get_mut(state).and_then(|state| state.downcast_mut::<A>()).expect("the state was just made unique and of this type")
    }

    fn check_creation(name: &str, context: &Context<'_>) -> Result<(), Rejection> {
        let Some(def) = A::Command::DEFS.iter().find(|def| def.name == name) else { return Ok(()) };
        let rejection =
            |kind, code: &str, message: String| Rejection { kind, code: format!("{}.{}", A::CONTEXT, code), message, fields: vec!["id"] };
        match def.creation {
            Creation::Creates if context.version > 0 => Err(rejection(
                RejectionKind::Conflict,
                "already_exists",
                format!("The {} `{}` exists already.", A::TYPE, context.aggregate_id),
            )),
            Creation::Requires if context.version == 0 => {
                Err(rejection(RejectionKind::NotFound, "not_found", format!("There is no {} `{}`.", A::TYPE, context.aggregate_id)))
            }
            _ => Ok(()),
        }
    }
}

impl<A: Aggregate> AggregateType for Typed<A> {
    fn context(&self) -> &'static str {
        A::CONTEXT
    }

    fn name(&self) -> &'static str {
        A::TYPE
    }

    fn commands(&self) -> &'static [CommandDef] {
        A::Command::DEFS
    }

    fn events(&self) -> &'static [EventDef] {
        A::Event::DEFS
    }

    fn state_schema(&self, generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        A::json_schema(generator)
    }

    fn empty(&self) -> State {
        Arc::new(A::default())
    }

    fn read(&self, name: &str, version: &str, payload: &str) -> Result<Box<dyn ErasedEvent>, DecodeEventError> {
        Ok(Box::new(A::Event::decode(name, version, payload)?))
    }

    fn apply(&self, state: &mut State, name: &str, version: &str, payload: &str) -> Result<(), DecodeEventError> {
        let event = A::Event::decode(name, version, payload)?;
        Self::state_mut(state).apply(&event);
        Ok(())
    }

    fn apply_erased(&self, state: &mut State, event: &dyn ErasedEvent) {
        if let Some(event) = event.as_any().downcast_ref::<A::Event>() {
            Self::state_mut(state).apply(event);
        }
    }

    fn snapshot_version(&self) -> i32 {
        A::SNAPSHOT_VERSION
    }

    fn snapshot(&self, state: &State) -> Result<String, serde_json::Error> {
        match state.downcast_ref::<A>() {
            Some(state) => serde_json::to_string(state),
            None => serde_json::to_string(&A::default()),
        }
    }

    fn restore(&self, json: &str) -> Result<State, serde_json::Error> {
        Ok(Arc::new(serde_json::from_str::<A>(json)?))
    }

    fn decide(&self, current: &LoadedState, name: &str, body: &[u8], context: Context<'_>) -> Result<ErasedDecision, DecideError> {
        let command = A::Command::decode(name, body)?;
        let context = Context { version: current.version, ..context };
        let refused = |refusal: Refusal| DecideError::Refused(refusal);
        Self::check_creation(name, &context).map_err(|rejection| refused(rejection.into()))?;
        let empty = A::default();
        let state = current.state.downcast_ref::<A>().unwrap_or(&empty);
        let decision = state.handle(command, &context).map_err(refused)?;
        plan::<A>(state, decision, &context).map_err(refused)
    }
}

/// Groups the events of a decision by aggregate and folds them into the states that will follow.
fn plan<A: Aggregate>(state: &A, decision: Decision<A::Event>, context: &Context<'_>) -> Result<ErasedDecision, Refusal> {
    let own = AggregateKey { aggregate_type: A::TYPE, id: context.aggregate_id.to_owned() };
    let mut writes: Vec<PlannedWrite> = Vec::new();
    if !decision.events.is_empty() {
        let mut next = state.clone();
        for event in &decision.events {
            next.apply(event);
        }
        let events = decision.events.into_iter().map(|event| Box::new(event) as Box<dyn ErasedEvent>).collect();
        writes.push(PlannedWrite { key: own.clone(), expected: context.version, events, state: Arc::new(next) });
    }
    for OtherEvent { key, aggregate, event } in decision.others {
        let index = if let Some(index) = writes.iter().position(|write| write.key == key) {
            index
        } else {
            let Some(found) = context.loaded.get(&key) else { return Err(Refusal::Needs(key)) };
            writes.push(PlannedWrite { expected: found.version, state: found.state.clone(), key, events: Vec::new() });
            writes.len() - 1
        };
        aggregate.apply_erased(&mut writes[index].state, event.as_ref());
        writes[index].events.push(event);
    }
    let mut guards: Vec<(AggregateKey, i64)> = context
        .loaded
        .iter()
        .filter(|(key, _)| !writes.iter().any(|write| write.key == **key))
        .map(|(key, found)| (key.clone(), found.version))
        .collect();
    if !writes.is_empty() && !writes.iter().any(|write| write.key == own) {
        guards.push((own, context.version));
    }
    Ok(ErasedDecision { writes, guards, claims: decision.claims })
}
