//! What goes into the command bus and what comes out of it.

use bytes::Bytes;
use domain::kernel::{Actor, AggregateId, DecodeError, Rejection, TenantId};
use serde::Serialize;

use crate::appender::AppendError;
use crate::log::HeldClaim;
use crate::states::LoadError;

/// A command as it comes from outside.
#[derive(Clone, Debug)]
pub struct CommandRequest {
    /// The tenant that the caller was resolved to.
    pub tenant_id: TenantId,
    /// The caller.
    pub actor: Actor,
    /// The context's name.
    pub context: String,
    /// The aggregate's type.
    pub aggregate: String,
    /// The aggregate's id; `None` has one made.
    pub id: Option<AggregateId>,
    /// The command's name.
    pub command: String,
    /// The command's fields as JSON.
    pub body: Bytes,
    /// The version that the caller requires.
    pub expected_version: Option<i64>,
    /// The caller's key under which the answer is remembered for 30 days.
    pub idempotency_key: Option<String>,
    /// The conversation; the command's own id where there is none.
    pub correlation_id: Option<String>,
    /// What caused the command.
    pub causation_id: Option<String>,
    /// W3C trace context.
    pub traceparent: Option<String>,
}

/// The answer to an accepted command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Receipt {
    /// The aggregate.
    pub id: String,
    /// Its version after the command.
    pub version: i64,
    /// What happened.
    pub events: Vec<ReceiptEvent>,
    /// Position token: a query that waits for it sees the effect.
    pub position: String,
}

/// One event of a receipt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReceiptEvent {
    /// The wire type, such as `crm.contact_registered.v1`.
    #[serde(rename = "type")]
    pub event_type: String,
    /// Its position in the log partition.
    pub position: i64,
}

/// Why a command was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// No such context, aggregate or command.
    #[error("there is no {0}")]
    Unknown(String),
    /// The body does not fit the command.
    #[error(transparent)]
    Decode(DecodeError),
    /// The domain refuses.
    #[error(transparent)]
    Rejected(Rejection),
    /// Unique keys are held by other aggregates. Each comes with the field that asked for it.
    #[error("another {aggregate} has this {}", .held.iter().map(|(field, _)| *field).collect::<Vec<_>>().join(" and "))]
    Claimed {
        /// The deciding aggregate's type.
        aggregate: &'static str,
        /// The fields and who holds their values.
        held: Vec<(&'static str, HeldClaim)>,
    },
    /// `If-Match` does not hold.
    #[error("the aggregate is at version {actual}, not {expected}")]
    Precondition {
        /// As the caller requires.
        expected: i64,
        /// As it is.
        actual: i64,
    },
    /// The idempotency key belongs to another command.
    #[error("the idempotency key was used for another command")]
    KeyReused,
    /// The command lost every race.
    #[error("the aggregate changes too often at the moment")]
    Contended,
    /// Too much work is waiting.
    #[error("too many commands are waiting")]
    Overloaded,
    /// Postgres is away; nothing was stored.
    #[error("the event log cannot be reached")]
    Unavailable,
    /// Postgres went away while storing.
    #[error("the event log cannot be reached; whether the command was stored is unknown")]
    Unresolved,
    /// A defect or a damaged history.
    #[error("the command failed: {0}")]
    Internal(String),
}

impl From<LoadError> for CommandError {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Overloaded => Self::Overloaded,
            LoadError::Unavailable(source) => {
                tracing::warn!(%source, "an aggregate could not be loaded");
                Self::Unavailable
            }
            LoadError::Unreadable { .. } => Self::Internal(error.to_string()),
        }
    }
}

impl From<AppendError> for CommandError {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::Overloaded => Self::Overloaded,
            AppendError::Unknown => Self::Unresolved,
            AppendError::Failed(source) => Self::Internal(source.to_string()),
        }
    }
}
