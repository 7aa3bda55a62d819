//! Effects: what a step does outside the platform.

use std::time::Duration;

use async_trait::async_trait;
use domain::kernel::{StepCommand, TenantId};
use serde_json::Value;

/// What an effect is given.
#[derive(Clone, Debug, PartialEq)]
pub struct EffectStep {
    /// The tenant that the event belongs to.
    pub tenant_id: TenantId,
    /// The step's name for ever: hand it to the outside as idempotency key, for the call may be repeated if the platform is killed before
    /// it has stored the answer.
    pub key: String,
    /// What the process gave.
    pub body: Value,
}

/// Why an effect did not come to an answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EffectError {
    /// The outside is away or busy: the step is taken again later.
    #[error("{reason}")]
    Retry {
        /// For the operator.
        reason: String,
        /// Not before so long, where the outside says so.
        after: Option<Duration>,
    },
    /// The outside says no; that is final.
    #[error("{reason}")]
    Refused {
        /// For the operator.
        reason: String,
    },
}

/// Calls the outside.
#[async_trait]
pub trait EffectHandler: Send + Sync {
    /// The name that steps call it by.
    fn name(&self) -> &'static str;
    /// Does it. The commands that it answers are stored before the first is sent.
    async fn run(&self, step: &EffectStep) -> Result<Vec<StepCommand>, EffectError>;
}
