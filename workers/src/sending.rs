//! What the command bus answers to commands that the platform sends to itself.

use std::future::Future;

use commands::{CommandBus, CommandError, CommandRequest, Receipt};
use domain::kernel::DecodeError;

/// Takes commands. Under one idempotency key a command has its effect once, and the same answer each time.
pub trait Commands: Send + Sync + 'static {
    /// The number of log partitions of a context.
    fn partitions(&self) -> i32;

    /// Has a command decided and its events stored.
    fn execute(&self, request: CommandRequest) -> impl Future<Output = Result<Receipt, CommandError>> + Send;
}

impl Commands for CommandBus {
    fn partitions(&self) -> i32 {
        Self::partitions(self)
    }

    async fn execute(&self, request: CommandRequest) -> Result<Receipt, CommandError> {
        Self::execute(self, request).await
    }
}

/// The answer to a command, sorted by what follows from it. The codes are those of the HTTP interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Accepted.
    Done {
        /// How many events it led to.
        events: usize,
        /// The position token of its effect.
        position: String,
    },
    /// No, and more attempts do not change that.
    Refused {
        /// A stable code.
        code: String,
        /// For people.
        detail: String,
    },
    /// Not now; another attempt, under the same idempotency key, may succeed.
    Passing {
        /// A stable code.
        code: String,
        /// For people.
        detail: String,
        /// It may have been accepted all the same.
        unresolved: bool,
    },
}

impl Answer {
    /// A refusal.
    pub fn refused(code: &str, detail: impl Into<String>) -> Self {
        Self::Refused { code: code.to_owned(), detail: detail.into() }
    }

    /// A failure that passes.
    pub fn passing(code: &str, detail: impl Into<String>, unresolved: bool) -> Self {
        Self::Passing { code: code.to_owned(), detail: detail.into(), unresolved }
    }
}

/// Sorts what the bus has answered to a command of that context.
pub fn answer_of(result: Result<Receipt, CommandError>, context: &str) -> Answer {
    let error = match result {
        Ok(receipt) => return Answer::Done { events: receipt.events.len(), position: receipt.position },
        Err(error) => error,
    };
    let text = error.to_string();
    match error {
        CommandError::Unknown(_) | CommandError::Decode(DecodeError::UnknownCommand(_)) => Answer::refused("unknown_command", text),
        CommandError::Decode(DecodeError::Syntax(_)) => Answer::refused("malformed_json", text),
        CommandError::Decode(DecodeError::Field { path, message }) => Answer::refused("invalid_field", format!("`{path}`: {message}")),
        CommandError::Rejected(rejection) => Answer::Refused { code: rejection.code, detail: rejection.message },
        CommandError::Claimed { held, .. } => {
            let holders: Vec<&str> = held.iter().map(|(_, claim)| claim.holder.as_str()).collect();
            Answer::refused(&format!("{context}.duplicate"), format!("{text}: {}", holders.join(", ")))
        }
        CommandError::Precondition { .. } => Answer::refused("version_mismatch", text),
        CommandError::KeyReused => Answer::refused("idempotency_key_reused", text),
        CommandError::Contended => Answer::passing("contended", text, false),
        CommandError::Overloaded => Answer::passing("overloaded", text, false),
        CommandError::Unavailable => Answer::passing("unavailable", text, false),
        CommandError::Unresolved => Answer::passing("outcome_unknown", text, true),
        CommandError::Internal(_) => Answer::passing("internal", text, true),
    }
}
