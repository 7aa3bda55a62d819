//! Pages on which customers buy and look after what they have, and the subscriptions that come of it.

use async_trait::async_trait;
use domain::kernel::{StepCommand, TenantId};
use platform::clock;
use serde::Deserialize;
use serde_json::json;

use super::customers::ensure;
use super::{Effect, Shared};
use crate::ApiError;
use crate::api::NewCheckout;
use crate::api::objects::SubscriptionState;
use crate::decide::{bounded, command};
use crate::inbox::Follow;

/// `stripe.checkout`: opens a page.
pub struct Checkout;

/// What it needs.
#[derive(Debug, Deserialize)]
pub struct CheckoutBody {
    checkout_id: String,
    purpose: Purpose,
    customer_id: String,
    external_customer: Option<String>,
    return_url: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
enum Purpose {
    Subscription { plan_id: String, price_id: Option<String>, quantity: u32, trial_days: u16 },
    Portal,
}

fn failed(checkout_id: &str, code: &str, message: &str) -> Vec<StepCommand> {
    let code = bounded(code, 64).unwrap_or_else(|| "refused".to_owned());
    vec![command("checkout", checkout_id, "fail", json!({ "code": code, "message": bounded(message, 2_000) }))]
}

#[async_trait]
impl Effect for Checkout {
    type Body = CheckoutBody;
    const NAME: &'static str = "stripe.checkout";

    async fn run(stripe: &Shared, tenant: TenantId, key: &str, body: CheckoutBody) -> Result<Vec<StepCommand>, ApiError> {
        let id = &body.checkout_id;
        let Some((customer, mut commands)) = ensure(stripe, tenant, &body.customer_id, body.external_customer.clone()).await? else {
            return Ok(failed(id, "customer_erased", "The customer was erased and cannot buy."));
        };
        let return_url = body.return_url.as_deref().unwrap_or(&stripe.options.return_url);
        let (external_id, url, expires_at) = match &body.purpose {
            Purpose::Portal => match stripe.api.create_portal(&customer, return_url, key).await {
                Ok((external_id, url)) => (external_id, url, None),
                Err(error) => return refused(id, error),
            },
            Purpose::Subscription { plan_id, price_id, quantity, trial_days } => {
                let Some(price) = price(stripe, tenant, plan_id, price_id.clone()).await? else {
                    return Ok(failed(id, "no_price", "The plan has no price at Stripe yet; try again in a moment."));
                };
                let item = crate::api::CheckoutItem { price, quantity: *quantity };
                let mut checkout = NewCheckout::new(tenant, id, (&body.customer_id, &customer), plan_id, item, return_url);
                checkout.subscription_data.trial_period_days = (*trial_days > 0).then_some(*trial_days);
                match stripe.api.create_checkout(&checkout, key).await {
                    Ok(session) => (session.id, session.url.unwrap_or_default(), Some(session.expires_at)),
                    Err(error) => return refused(id, error),
                }
            }
        };
        commands.push(command("checkout", id, "ready", json!({ "external_id": external_id, "url": url, "expires_at": expires_at })));
        Ok(commands)
    }

    fn local(body: &CheckoutBody) -> Vec<StepCommand> {
        failed(&body.checkout_id, "not_configured", "Stripe is not configured for this tenant; record payments by hand.")
    }
}

fn refused(id: &str, error: ApiError) -> Result<Vec<StepCommand>, ApiError> {
    match error {
        ApiError::Refused { code, message } => Ok(failed(id, &code, &message)),
        ApiError::Missing(message) => Ok(failed(id, "resource_missing", &message)),
        error => Err(error),
    }
}

/// The price of a plan: configured by hand, told by the step, or in the read model.
async fn price(stripe: &Shared, tenant: TenantId, plan_id: &str, told: Option<String>) -> Result<Option<String>, ApiError> {
    if let Some((_, price)) = stripe.options.prices.iter().find(|(plan, _)| plan == plan_id) {
        return Ok(Some(price.clone()));
    }
    match told {
        Some(price) => Ok(Some(price)),
        None => stripe.lookup.price_of(tenant, plan_id).await.map_err(ApiError::from),
    }
}

/// `stripe.subscription`: changes a subscription that Stripe bills, and tells how it stands then.
pub struct Subscription;

/// What it needs.
#[derive(Debug, Deserialize)]
pub struct SubscriptionBody {
    external_id: String,
    #[serde(flatten)]
    change: Change,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case", tag = "change")]
enum Change {
    CancelNow {
        prorate: bool,
    },
    CancelAtPeriodEnd,
    Resume,
    #[serde(rename = "change_plan")]
    Plan {
        plan_id: String,
        price_id: Option<String>,
        quantity: u32,
        prorate: bool,
    },
}

#[async_trait]
impl Effect for Subscription {
    type Body = SubscriptionBody;
    const NAME: &'static str = "stripe.subscription";

    async fn run(stripe: &Shared, tenant: TenantId, key: &str, body: SubscriptionBody) -> Result<Vec<StepCommand>, ApiError> {
        let observed_at = clock::now();
        let subscription = change(stripe, tenant, key, &body).await?;
        let follow = Follow { lookup: &stripe.lookup, options: &stripe.options };
        let followed = follow.subscription(&subscription, observed_at).await?;
        Ok(followed.map(|(_, commands)| commands).unwrap_or_default())
    }
}

async fn change(stripe: &Shared, tenant: TenantId, key: &str, body: &SubscriptionBody) -> Result<SubscriptionState, ApiError> {
    let id = &body.external_id;
    match &body.change {
        Change::CancelNow { prorate } => match stripe.api.cancel_now(id, *prorate, key).await {
            // It is over already, which is what was asked for.
            Err(ApiError::Refused { .. } | ApiError::Missing(_)) => stripe.api.subscription(id).await,
            answer => answer,
        },
        Change::CancelAtPeriodEnd => stripe.api.cancel_at_period_end(id, true, key).await,
        Change::Resume => stripe.api.cancel_at_period_end(id, false, key).await,
        Change::Plan { plan_id, price_id, quantity, prorate } => {
            let current = stripe.api.subscription(id).await?;
            let wanted = price(stripe, tenant, plan_id, price_id.clone()).await?;
            match (&current.item, wanted) {
                (Some((item, _, _)), Some(wanted)) => stripe.api.change_items(id, (item, &wanted, *quantity), plan_id, *prorate, key).await,
                _ => Err(ApiError::Refused { code: "no_price".to_owned(), message: format!("the plan {plan_id} has no price at Stripe") }),
            }
        }
    }
}
