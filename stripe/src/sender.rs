//! Sends commands that follow from what Stripe says.

use std::sync::Arc;

use bytes::Bytes;
use commands::{CommandBus, CommandError, CommandRequest};
use domain::kernel::{Actor, AggregateId, StepCommand, TenantId};

/// Why a command was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The domain refuses, or the command cannot be: sending it again will not help.
    #[error("{0}")]
    Refused(String),
    /// What it makes is there already.
    #[error("{0}")]
    Exists(String),
    /// It may be accepted later.
    #[error("{0}")]
    Passing(String),
}

/// Sends commands as the platform itself.
#[derive(Clone)]
pub struct Sender {
    bus: Arc<CommandBus>,
    actor: Actor,
}

impl Sender {
    /// Commands go through this bus and are known to come from `name`.
    pub fn new(bus: Arc<CommandBus>, name: &str) -> Self {
        Self { bus, actor: Actor { subject: format!("process:{name}"), roles: vec!["service".to_owned()] } }
    }

    /// Sends a command because of `cause`. It carries no idempotency key: what Stripe says now may differ from what it said a moment ago,
    /// and each command of billing changes nothing the second time.
    pub async fn send(&self, tenant_id: TenantId, command: StepCommand, cause: &str) -> Result<(), SendError> {
        let StepCommand { context, aggregate, id, command, body } = command;
        let described = format!("{context}/{aggregate}/{id}/{command}");
        let id = AggregateId::try_from(id).map_err(|error| SendError::Refused(format!("{described}: {error}")))?;
        let request = CommandRequest {
            tenant_id,
            actor: self.actor.clone(),
            context,
            aggregate,
            id: Some(id),
            command,
            body: Bytes::from(body.to_string()),
            expected_version: None,
            idempotency_key: None,
            correlation_id: None,
            causation_id: Some(cause.to_owned()),
            traceparent: None,
        };
        match self.bus.execute(request).await {
            Ok(_) => Ok(()),
            Err(CommandError::Rejected(rejection)) if rejection.code.ends_with(".already_exists") => {
                Err(SendError::Exists(format!("{described}: {}", rejection.message)))
            }
            Err(error) if is_passing(&error) => Err(SendError::Passing(format!("{described}: {error}"))),
            Err(error) => Err(SendError::Refused(format!("{described}: {error}"))),
        }
    }
}

fn is_passing(error: &CommandError) -> bool {
    matches!(
        error,
        CommandError::Contended
            | CommandError::Overloaded
            | CommandError::Unavailable
            | CommandError::Unresolved
            | CommandError::Internal(_)
    )
}
