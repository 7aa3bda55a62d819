//! What every context is built from: identifiers, money, events, commands, decisions, rejections.
//!
//! Nothing here (or anywhere in this crate) performs I/O or reads a clock or a source of randomness: a decision is a
//! function of the state, the command and the [`Context`] that came with it, so it can be tested, replayed and simulated.

mod aggregate;
mod cloud_event;
mod command;
mod context;
mod cqrs;
mod decision;
mod envelope;
mod event;
mod filter;
mod ids;
mod money;
pub mod occurrences;
mod partition;
mod process;
mod rejection;
mod text;

#[cfg(any(test, feature = "testing"))]
pub mod testing;

pub use aggregate::{Aggregate, AggregateType, DecideError, ErasedDecision, Loaded, LoadedState, PlannedWrite, State};
pub use cloud_event::{cloud_event, webhook_event};
pub use command::{CommandDef, CommandSet, Creation, DecodeError, decode_json};
pub use context::{ContextDef, ImportColumn, ImportDef};
pub use cqrs::{CqrsError, CqrsRest, CqrsServices};
pub use decision::{Actor, AggregateKey, Claim, ClaimAction, Context, Decision, OtherEvent};
pub use envelope::{Metadata, RecordedEvent, wire_type};
pub use event::{DecodeEventError, ErasedEvent, EventDef, EventSet, PastVersion, Upcaster, decode_payload, event_of, is_of};
pub use filter::{EventFilter, FilterFault, PATTERN_BYTES_MAX, PATTERNS_MAX};
pub use ids::{AggregateId, IdError, TenantId};
pub use money::{Currency, Money, MoneyError};
pub use partition::{murmur2, partition_of};
pub use process::{Action, DueDef, LANE_CHARS_MAX, ProcessDef, SetupDef, Step, StepCommand};
pub use rejection::{Reason, Refusal, Rejection, RejectionKind};
pub use text::{Day, Text, When, fold};
