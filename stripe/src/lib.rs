//! The Stripe side of billing.
//!
//! [`Stripe`] has all of it; the parts:
//!
//! - [`Api`] makes the calls, behind a circuit breaker, and speaks of Stripe's objects in [`api::objects`] only.
//! - [`Receiver`] verifies what Stripe sends and stores each event once; [`Inbox`] looks at what the events are about and sends commands.
//!   Events say only where to look: what counts is how the object stands now, so their order and number do not matter.
//! - [`effects`] are what the processes of billing ask for: charges, refunds, customers, prices, pages.
//! - [`reconcile`](mod@reconcile) compares what Stripe has with what we have, and mends it by commands.
//!
//! Without `STRIPE_SECRET_KEY` all of it is in local mode: effects do nothing, payments stay open until somebody records them.

mod amount;
pub mod api;
mod decide;
mod effects;
mod inbox;
mod lookup;
mod receiver;
pub mod reconcile;
mod sender;
mod signature;

use std::sync::Arc;

use commands::CommandBus;
use domain::kernel::TenantId;
use platform::config::{Config, Secret};
use sqlx::PgPool;
use workers::processes::EffectHandler;

pub use self::api::{Api, ApiError, Patience};
pub use self::inbox::{Inbox, InboxReport};
pub use self::lookup::Lookup;
pub use self::receiver::Receiver;
pub use self::sender::Sender;
pub use self::signature::{SignatureError, verify};

/// The name under which customers, prices and deliveries of Stripe are known.
pub const PROVIDER: &str = "stripe";

/// How Stripe is reached, and for whom.
#[derive(Clone, Debug, Default)]
pub struct StripeOptions {
    /// The key; without it, local mode.
    pub secret_key: Option<Secret>,
    /// What deliveries are verified with; any of them will do.
    pub webhook_secrets: Vec<Secret>,
    /// Where Stripe's interface is, if not at Stripe.
    pub api_base: Option<String>,
    /// Plans and the ids of their prices, where those are made by hand.
    pub prices: Vec<(String, String)>,
    /// The tenant that the account belongs to; all of them where none is named.
    pub tenant: Option<TenantId>,
    /// Where customers come back to from Stripe's pages.
    pub return_url: String,
    /// How patient the calls are.
    pub patience: Patience,
}

impl StripeOptions {
    /// From the configuration.
    pub fn of(config: &Config) -> Self {
        Self {
            secret_key: config.stripe.secret_key.clone(),
            webhook_secrets: config.stripe.webhook_secrets.clone(),
            api_base: config.stripe.api_base.clone(),
            prices: config.stripe.prices.clone(),
            tenant: config.billing_tenant_id.map(TenantId),
            return_url: config.frontend_url.clone().unwrap_or_else(|| format!("http://{}", config.http_addr)),
            patience: Patience::default(),
        }
    }

    /// Whether the account serves the tenant.
    pub fn serves(&self, tenant: TenantId) -> bool {
        self.tenant.is_none_or(|own| own == tenant)
    }

    /// What operators are told about it.
    pub fn describe(&self) -> String {
        match (&self.secret_key, self.webhook_secrets.is_empty(), self.tenant) {
            (None, ..) => "local mode: STRIPE_SECRET_KEY is not set, so payments stay open until somebody records them".to_owned(),
            (Some(_), true, _) => {
                "Stripe is called, but STRIPE_WEBHOOK_SECRET is not set: what happens there is seen by `neuroops billing reconcile` only"
                    .to_owned()
            }
            (Some(_), false, Some(tenant)) => format!("Stripe serves the tenant {tenant}"),
            (Some(_), false, None) => "Stripe serves all tenants".to_owned(),
        }
    }
}

/// Stripe as one process uses it: all of its parts share the calls, and with them the circuit breaker.
#[derive(Clone)]
pub struct Stripe {
    options: StripeOptions,
    api: Option<Arc<Api>>,
}

impl Stripe {
    /// Calls nobody yet.
    pub fn new(options: StripeOptions) -> Result<Self, ApiError> {
        let api = options
            .secret_key
            .as_ref()
            .map(|key| Api::new(key, options.api_base.as_deref(), options.patience).map(Arc::new))
            .transpose()?;
        Ok(Self { options, api })
    }

    /// How it is reached.
    pub fn options(&self) -> &StripeOptions {
        &self.options
    }

    /// The calls; none in local mode.
    pub fn api(&self) -> Option<&Arc<Api>> {
        self.api.as_ref()
    }

    /// Whether it is called and answers; nobody is missed in local mode.
    pub fn is_reachable(&self) -> bool {
        self.api.as_ref().is_none_or(|api| api.is_reachable())
    }

    /// Takes deliveries. The pool is of the application role.
    pub fn receiver(&self, pool: &PgPool) -> Receiver {
        Receiver::new(pool.clone(), self.options.webhook_secrets.clone())
    }

    /// Looks at what was delivered; nothing to look at in local mode. The pool is of the worker role.
    pub fn inbox(&self, pool: &PgPool, bus: &Arc<CommandBus>) -> Option<Inbox> {
        let sender = Sender::new(bus.clone(), PROVIDER);
        self.api.clone().map(|api| Inbox::new(api, self.options.clone(), Lookup::new(pool.clone()), sender))
    }

    /// The effects that the processes of billing name. The pool is of the worker role.
    pub fn handlers(&self, pool: &PgPool) -> Vec<Arc<dyn EffectHandler>> {
        effects::handlers(self.api.clone(), &self.options, Lookup::new(pool.clone()))
    }
}
