//! What a decision is given and what it answers.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Aggregate, AggregateType, ErasedEvent, Loaded, Refusal, TenantId};

/// Who sends a command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Actor {
    /// The token's subject.
    pub subject: String,
    /// The roles within the tenant.
    pub roles: Vec<String>,
}

/// What subjects begin with that only the platform itself has; no token carries one.
const RESERVED_SUBJECTS: [&str; 2] = ["process:", "due:"];

impl Actor {
    /// As whom a process sends its commands.
    pub fn of_process(process: &str) -> Self {
        Self { subject: format!("process:{process}"), roles: vec!["service".to_owned()] }
    }

    /// Whether the platform's own process of that name asks.
    pub fn is_process(&self, process: &str) -> bool {
        self.subject.strip_prefix("process:") == Some(process)
    }

    /// Whether a subject is one of the platform's own, which nobody else may have.
    pub fn is_reserved(subject: &str) -> bool {
        RESERVED_SUBJECTS.iter().any(|prefix| subject.starts_with(prefix))
    }
}

/// Names an aggregate within the tenant and context of the decision.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AggregateKey {
    /// The aggregate's type, such as `contact`.
    pub aggregate_type: &'static str,
    /// The aggregate's id.
    pub id: String,
}

/// Everything outside the state and the command that a decision may use.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The id of the aggregate that decides.
    pub aggregate_id: &'a str,
    /// The aggregate's version: the number of its events so far, 0 for a new one.
    pub version: i64,
    /// The time of the decision.
    pub now: DateTime<Utc>,
    /// Who asks.
    pub actor: &'a Actor,
    /// The command's id (`UUIDv7`).
    pub command_id: Uuid,
    pub(crate) loaded: &'a Loaded,
}

impl<'a> Context<'a> {
    /// A context for a decision; `loaded` holds the other aggregates that earlier attempts asked for.
    pub fn new(
        tenant_id: TenantId,
        aggregate_id: &'a str,
        command_id: Uuid,
        now: DateTime<Utc>,
        actor: &'a Actor,
        loaded: &'a Loaded,
    ) -> Self {
        Self { tenant_id, aggregate_id, version: 0, now, actor, command_id, loaded }
    }

    /// The state of another aggregate of the tenant, or `None` where there is no such aggregate.
    ///
    /// The append is guarded: should the other aggregate change before this decision is stored, the command is decided
    /// again. The first call for an aggregate answers [`Refusal::Needs`]; pass it on with `?` and the bus comes back with it loaded.
    pub fn get<B: Aggregate>(&self, id: &str) -> Result<Option<&'a B>, Refusal> {
        let key = AggregateKey { aggregate_type: B::TYPE, id: id.to_owned() };
        let Some(found) = self.loaded.get(&key) else { return Err(Refusal::Needs(key)) };
        if found.version == 0 {
            return Ok(None);
        }
        Ok(found.state.downcast_ref::<B>())
    }

    /// The `index`-th fresh id of this command: the same at every attempt, different for every command and index.
    pub fn fresh_id(&self, index: u8) -> Uuid {
        let mut bytes = *self.command_id.as_bytes();
        // The last 62 bits of a UUIDv7 are random: altering them keeps the version, the variant and the order by time.
        bytes[15] = bytes[15].wrapping_add(index).wrapping_add(1);
        bytes[14] = !bytes[14];
        Uuid::from_bytes(bytes)
    }
}

/// What is done with a unique key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimAction {
    /// Take the key; the command is refused if another aggregate holds it.
    Take,
    /// Take the key if it is free; the command goes on if it is not.
    TakeIfFree,
    /// Give the key back if this aggregate holds it.
    Release,
}

/// A unique key within the tenant, held by an aggregate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// What is done.
    pub action: ClaimAction,
    /// The name space of the key, such as `contact.email`.
    pub scope: &'static str,
    /// The normalised value.
    pub key: String,
    /// The field of the command that gave the value, for the error.
    pub field: &'static str,
    /// The aggregate that takes or gives it; `None` is the one that decides.
    pub holder: Option<String>,
}

/// An event of an aggregate other than the one that decides.
pub struct OtherEvent {
    /// The aggregate.
    pub key: AggregateKey,
    /// Its type.
    pub aggregate: &'static dyn AggregateType,
    /// What happens to it.
    pub event: Box<dyn ErasedEvent>,
}

impl std::fmt::Debug for OtherEvent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OtherEvent").field("key", &self.key).field("event", &self.event).finish_non_exhaustive()
    }
}

/// What an accepted command does. All of it is stored in one transaction, or none.
#[derive(Debug)]
pub struct Decision<E> {
    pub(crate) events: Vec<E>,
    pub(crate) others: Vec<OtherEvent>,
    pub(crate) claims: Vec<Claim>,
}

impl<E> Default for Decision<E> {
    fn default() -> Self {
        Self { events: Vec::new(), others: Vec::new(), claims: Vec::new() }
    }
}

impl<E> Decision<E> {
    /// Nothing happens: the state is already what the command asks for.
    pub fn nothing() -> Self {
        Self::default()
    }

    /// One event.
    pub fn event(event: impl Into<E>) -> Self {
        Self::default().and(event)
    }

    /// A further event of the deciding aggregate.
    #[must_use]
    pub fn and(mut self, event: impl Into<E>) -> Self {
        self.events.push(event.into());
        self
    }

    /// An event of another aggregate of the same tenant and context, in the same transaction.
    /// Its state must have been asked for with [`Context::get`].
    #[must_use]
    pub fn also<B: Aggregate>(mut self, id: impl Into<String>, event: impl Into<B::Event>) -> Self {
        let key = AggregateKey { aggregate_type: B::TYPE, id: id.into() };
        self.others.push(OtherEvent { key, aggregate: <dyn AggregateType>::of::<B>(), event: Box::new(event.into()) });
        self
    }

    /// Takes a unique key.
    #[must_use]
    pub fn claim(self, scope: &'static str, key: impl Into<String>, field: &'static str) -> Self {
        self.with_claim(ClaimAction::Take, scope, key.into(), field, None)
    }

    /// Takes a unique key if nobody holds it.
    #[must_use]
    pub fn claim_if_free(self, scope: &'static str, key: impl Into<String>, field: &'static str) -> Self {
        self.with_claim(ClaimAction::TakeIfFree, scope, key.into(), field, None)
    }

    /// Gives a unique key back.
    #[must_use]
    pub fn release(self, scope: &'static str, key: impl Into<String>) -> Self {
        self.with_claim(ClaimAction::Release, scope, key.into(), "", None)
    }

    /// Takes or releases a key on behalf of another aggregate that this decision writes.
    #[must_use]
    pub fn with_claim(
        mut self,
        action: ClaimAction,
        scope: &'static str,
        key: String,
        field: &'static str,
        holder: Option<String>,
    ) -> Self {
        self.claims.push(Claim { action, scope, key, field, holder });
        self
    }

    /// Whether nothing would be stored.
    pub fn is_nothing(&self) -> bool {
        self.events.is_empty() && self.others.is_empty()
    }
}
