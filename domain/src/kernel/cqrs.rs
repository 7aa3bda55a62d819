//! Glue to the `cqrs-es` framework: every aggregate also implements `cqrs_es::Aggregate`.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Actor, AggregateKey, Claim, Context, Decision, Loaded, OtherEvent, Refusal, TenantId};

/// What `cqrs_es::Aggregate::handle` is given beside the command: the inputs of a decision, and where the part of the
/// decision goes that an event sink cannot carry.
pub struct CqrsServices {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The aggregate's id.
    pub aggregate_id: String,
    /// The number of the aggregate's events so far.
    pub version: i64,
    /// The command's id.
    pub command_id: Uuid,
    /// The time of the decision.
    pub now: DateTime<Utc>,
    /// Who asks.
    pub actor: Actor,
    /// Other aggregates that the decision may ask for.
    pub loaded: Loaded,
    /// Claims and writes to other aggregates; a store that keeps them takes them from here.
    pub rest: std::sync::Mutex<CqrsRest>,
}

/// The part of a decision that is not an event of the deciding aggregate.
#[derive(Default)]
pub struct CqrsRest {
    /// Unique keys taken and given back.
    pub claims: Vec<Claim>,
    /// Events of other aggregates.
    pub others: Vec<OtherEvent>,
}

impl CqrsServices {
    /// The context of the decision.
    pub fn context(&self) -> Context<'_> {
        Context {
            version: self.version,
            ..Context::new(self.tenant_id, &self.aggregate_id, self.command_id, self.now, &self.actor, &self.loaded)
        }
    }

    /// Splits a decision: the aggregate's own events are returned, the rest is kept.
    pub fn keep<E>(&self, decision: Decision<E>) -> Vec<E> {
        let mut rest = self.rest.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        rest.claims.extend(decision.claims);
        rest.others.extend(decision.others);
        decision.events
    }
}

/// A [`Refusal`] as an error, for `cqrs_es::Aggregate::Error`.
#[derive(Debug, thiserror::Error)]
pub enum CqrsError {
    /// The command is refused.
    #[error(transparent)]
    Rejected(super::Rejection),
    /// The decision needs an aggregate that the services did not hold.
    #[error("the decision needs the {} `{}`", .0.aggregate_type, .0.id)]
    Needs(AggregateKey),
}

impl From<Refusal> for CqrsError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Rejected(rejection) => Self::Rejected(rejection),
            Refusal::Needs(key) => Self::Needs(key),
        }
    }
}

/// Implements `cqrs_es::Aggregate` for a kernel [`Aggregate`](super::Aggregate).
#[macro_export]
macro_rules! cqrs_aggregate {
    ($aggregate:ty) => {
        impl ::cqrs_es::Aggregate for $aggregate {
            const TYPE: &'static str = <$aggregate as $crate::kernel::Aggregate>::TYPE;
            type Command = <$aggregate as $crate::kernel::Aggregate>::Command;
            type Event = <$aggregate as $crate::kernel::Aggregate>::Event;
            type Error = $crate::kernel::CqrsError;
            type Services = $crate::kernel::CqrsServices;

            async fn handle(
                &mut self,
                command: Self::Command,
                services: &Self::Services,
                sink: &::cqrs_es::event_sink::EventSink<Self>,
            ) -> Result<(), Self::Error> {
                let decision = $crate::kernel::Aggregate::handle(self, command, &services.context())?;
                for event in services.keep(decision) {
                    sink.write(event, self).await;
                }
                Ok(())
            }

            fn apply(&mut self, event: Self::Event) {
                $crate::kernel::Aggregate::apply(self, &event);
            }
        }
    };
}
