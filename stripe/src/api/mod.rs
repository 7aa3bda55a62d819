//! The calls of Stripe: one place that knows the library, its errors and the circuit breaker.

mod calls;
mod forms;
pub mod objects;

use std::time::Duration;

use platform::breaker::{Breaker, BreakerOptions};
use platform::config::Secret;
use stripe::{ApiErrorsType, Client, ClientBuilder, StripeError};

pub use self::calls::Page;
pub use self::forms::{CheckoutItem, NewCheckout, NewIntent, NewPrice};
use self::objects::code_of;

/// When to try again after an error that only an operator can mend.
const CONFIGURATION_RETRY: Duration = Duration::from_mins(5);

/// Why a call did not answer what was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    /// Stripe is away, busy, or not asked at the moment. Nobody knows whether the call had an effect.
    #[error("{reason}")]
    Passing {
        /// What happened.
        reason: String,
        /// When it is worth trying again.
        after: Option<Duration>,
    },
    /// The payer's bank says no.
    #[error("declined: {code}")]
    Declined {
        /// The bank's reason, such as `insufficient_funds`.
        code: String,
        /// What Stripe says.
        message: Option<String>,
        /// The payment intent.
        intent: Option<String>,
    },
    /// There is no such object.
    #[error("Stripe has no such object: {0}")]
    Missing(String),
    /// Stripe does not accept the call as it is.
    #[error("Stripe refuses: {code}: {message}")]
    Refused {
        /// Stripe's code.
        code: String,
        /// What it says.
        message: String,
    },
}

/// Whatever is wrong with a read model passes.
impl From<sqlx::Error> for ApiError {
    fn from(error: sqlx::Error) -> Self {
        Self::Passing { reason: format!("the read models cannot be read: {error}"), after: None }
    }
}

/// How long a call may take, and when Stripe is left alone.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// The longest that one call may take.
    pub call_max: Duration,
    /// When Stripe is left alone.
    pub breaker: BreakerOptions,
}

impl Default for Patience {
    fn default() -> Self {
        Self { call_max: Duration::from_secs(20), breaker: BreakerOptions::default() }
    }
}

/// Calls Stripe.
pub struct Api {
    client: Client,
    breaker: Breaker,
}

impl Api {
    /// Calls with this key, at this address if not at Stripe's own.
    pub fn new(key: &Secret, base: Option<&str>, patience: Patience) -> Result<Self, ApiError> {
        // Another part of the process may have chosen a provider already, which serves as well.
        drop(rustls::crypto::ring::default_provider().install_default());
        let builder =
            ClientBuilder::new(key.expose()).timeout(patience.call_max).app_info("NeuroOps", Some(env!("CARGO_PKG_VERSION").into()), None);
        let builder = match base {
            // The library appends the path as it is.
            Some(base) => builder.url(format!("{}/", base.trim_end_matches('/'))),
            None => builder,
        };
        let client = builder.build().map_err(|error| ApiError::Refused { code: "configuration".to_owned(), message: error.to_string() })?;
        Ok(Self { client, breaker: Breaker::new(patience.breaker) })
    }

    /// Whether calls are let through freely.
    pub fn is_reachable(&self) -> bool {
        self.breaker.is_closed()
    }

    /// Makes a call, if the breaker lets it through, and tells the breaker what became of it.
    async fn guarded<T>(&self, call: impl Future<Output = Result<T, StripeError>>) -> Result<T, ApiError> {
        let pass = self.breaker.enter().map_err(|open| ApiError::Passing { reason: open.to_string(), after: Some(open.retry_after) })?;
        match call.await {
            Ok(answer) => {
                pass.succeeded();
                Ok(answer)
            }
            Err(error) => {
                let (error, served) = read(error);
                if served {
                    pass.succeeded();
                } else {
                    pass.failed();
                }
                Err(error)
            }
        }
    }
}

/// What an error means, and whether Stripe served the call at all.
fn read(error: StripeError) -> (ApiError, bool) {
    let passing = |reason: String, after| ApiError::Passing { reason, after };
    match error {
        StripeError::Stripe(error, status) => {
            let code = code_of(&error);
            let message = error.message.clone().unwrap_or_default();
            if error.type_ == ApiErrorsType::IdempotencyError {
                // The key belongs to a call with other fields, which a change of ours has overtaken.
                return (passing(format!("{code}: {message}"), Some(Duration::from_mins(1))), true);
            }
            match status {
                402 => {
                    let intent = error.payment_intent.map(|intent| intent.id.to_string());
                    (ApiError::Declined { code, message: error.message, intent }, true)
                }
                404 => (ApiError::Missing(message), true),
                // Stripe is busy with the same object or key; it serves others meanwhile.
                409 | 424 => (passing(format!("{code}: {message}"), None), true),
                401 | 403 => (passing(format!("Stripe does not accept the key: {message}"), Some(CONFIGURATION_RETRY)), true),
                429 | 500.. => (passing(format!("Stripe answers {status}: {message}"), None), false),
                _ if code == "resource_missing" => (ApiError::Missing(message), true),
                _ => (ApiError::Refused { code, message }, true),
            }
        }
        StripeError::Timeout => (passing("Stripe did not answer in time".to_owned(), None), false),
        StripeError::ClientError(reason) => (passing(format!("Stripe cannot be reached: {reason}"), None), false),
        // An error without a body that Stripe would write comes from something in between; an answer that cannot be read comes from
        // Stripe, and may have had its effect.
        StripeError::JSONDeserialize(reason) => {
            let served = !reason.contains("Stripe error");
            (passing(format!("Stripe's answer cannot be read: {reason}"), None), served)
        }
        StripeError::ConfigError(reason) => (passing(format!("Stripe's client is not set up: {reason}"), Some(CONFIGURATION_RETRY)), true),
    }
}
