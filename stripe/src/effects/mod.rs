//! What the processes of billing ask of Stripe.
//!
//! Each effect may be run again after a kill between Stripe's answer and our commands. It finds out what is there already: calls carry
//! idempotency keys that belong to the thing and not to the attempt, and a charge first looks for the payment that an earlier attempt
//! may have made.

mod catalogue;
mod charge;
mod customers;
mod money;
mod pages;
mod payments;

use std::sync::Arc;

use async_trait::async_trait;
use domain::kernel::{StepCommand, TenantId};
use serde::de::DeserializeOwned;
use workers::processes::{EffectError, EffectHandler, EffectStep};

use crate::lookup::Lookup;
use crate::{Api, ApiError, StripeOptions};

/// What the effects share.
struct Shared {
    api: Arc<Api>,
    options: StripeOptions,
    lookup: Lookup,
}

/// One effect.
#[async_trait]
trait Effect: Send + Sync {
    /// What it needs.
    type Body: DeserializeOwned + Send + Sync;
    /// The name that steps call it by.
    const NAME: &'static str;

    /// Does it.
    async fn run(stripe: &Shared, tenant: TenantId, key: &str, body: Self::Body) -> Result<Vec<StepCommand>, ApiError>;

    /// What follows where Stripe is not there for the tenant.
    fn local(_: &Self::Body) -> Vec<StepCommand> {
        Vec::new()
    }
}

/// The handler of an effect; without the calls, in local mode.
struct Handler<E> {
    stripe: Option<Arc<Shared>>,
    effect: std::marker::PhantomData<fn() -> E>,
}

#[async_trait]
impl<E: Effect> EffectHandler for Handler<E> {
    fn name(&self) -> &'static str {
        E::NAME
    }

    async fn run(&self, step: &EffectStep) -> Result<Vec<StepCommand>, EffectError> {
        let refused = |reason: String| EffectError::Refused { reason };
        let body: E::Body =
            serde_json::from_value(step.body.clone()).map_err(|error| refused(format!("the step cannot be read: {error}")))?;
        let Some(stripe) = self.stripe.as_ref().filter(|stripe| stripe.options.serves(step.tenant_id)) else { return Ok(E::local(&body)) };
        E::run(stripe, step.tenant_id, &step.key, body).await.map_err(|error| match error {
            ApiError::Passing { reason, after } => EffectError::Retry { reason, after },
            error => refused(error.to_string()),
        })
    }
}

/// All effects.
pub fn handlers(api: Option<Arc<Api>>, options: &StripeOptions, lookup: Lookup) -> Vec<Arc<dyn EffectHandler>> {
    fn handler<E: Effect + 'static>(stripe: Option<&Arc<Shared>>) -> Arc<dyn EffectHandler> {
        Arc::new(Handler::<E> { stripe: stripe.cloned(), effect: std::marker::PhantomData })
    }
    let stripe = api.map(|api| Arc::new(Shared { api, options: options.clone(), lookup }));
    let stripe = stripe.as_ref();
    vec![
        handler::<charge::Charge>(stripe),
        handler::<money::Capture>(stripe),
        handler::<money::Void>(stripe),
        handler::<money::Adjust>(stripe),
        handler::<money::Refund>(stripe),
        handler::<customers::Customer>(stripe),
        handler::<catalogue::Price>(stripe),
        handler::<catalogue::RetirePrice>(stripe),
        handler::<pages::Checkout>(stripe),
        handler::<pages::Subscription>(stripe),
    ]
}
