//! Collecting an amount.

use async_trait::async_trait;
use domain::kernel::{Money, StepCommand, TenantId};
use serde::Deserialize;

use super::customers::ensure;
use super::payments::find;
use super::{Effect, Shared};
use crate::ApiError;
use crate::amount::to_stripe;
use crate::api::NewIntent;
use crate::api::objects::{Intent, key};
use crate::decide::{failure, of_intent, unlink};

/// `stripe.charge`: collects an amount from the customer's own method. For one payment there is one payment intent that was not called
/// off, however many attempts: Stripe captures an intent once, so the customer is charged once. A payment that nobody waits for any more
/// is not charged, however long the step has waited.
pub struct Charge;

/// What it needs.
#[derive(Debug, Deserialize)]
pub struct ChargeBody {
    payment_id: String,
    attempt: u64,
    customer_id: String,
    external_customer: Option<String>,
    external_id: Option<String>,
    amount: Money,
    reference: Option<String>,
    #[serde(default)]
    capture: Option<String>,
}

#[async_trait]
impl Effect for Charge {
    type Body = ChargeBody;
    const NAME: &'static str = "stripe.charge";

    async fn run(stripe: &Shared, tenant: TenantId, key: &str, body: ChargeBody) -> Result<Vec<StepCommand>, ApiError> {
        let state = stripe.lookup.payment_state(tenant, &body.payment_id).await?;
        if !state.is_waited_for() {
            return Ok(Vec::new());
        }
        let body = ChargeBody { amount: state.owed().unwrap_or(body.amount), ..body };
        let fail = |code: &str, message: &str| vec![failure(&body.payment_id, code, Some(message), None, Some(body.attempt))];
        let Some(amount) = to_stripe(body.amount) else {
            return Ok(fail("amount_not_expressible", "Stripe cannot express the amount in this currency."));
        };
        let Some((customer, links)) = ensure(stripe, tenant, &body.customer_id, body.external_customer.clone()).await? else {
            return Ok(fail("customer_erased", "The customer was erased and cannot be charged."));
        };
        let mut commands = collect(stripe, tenant, &customer, key, &body, amount).await?;
        // Last: should it be refused, what became of the money is told all the same.
        commands.extend(links);
        Ok(commands)
    }
}

/// Finds the payment intent or makes it, and tells how it stands.
async fn collect(
    stripe: &Shared,
    tenant: TenantId,
    customer: &str,
    key: &str,
    body: &ChargeBody,
    amount: i64,
) -> Result<Vec<StepCommand>, ApiError> {
    let fail = |code: &str, message: &str| vec![failure(&body.payment_id, code, Some(message), None, Some(body.attempt))];
    let found = find(stripe, tenant, &body.payment_id, Some(customer), body.external_id.as_deref()).await?;
    if let Some(intent) = found.live {
        return again(stripe, customer, (key, amount), body, intent).await;
    }
    let method = match method(stripe, customer).await? {
        Method::Known(method) => method,
        Method::None => return Ok(fail("no_payment_method", "The customer has no payment method; send them to the portal to add one.")),
        Method::Deleted => {
            let mut commands = fail("customer_missing", "The customer was deleted at Stripe.");
            commands.push(unlink(&body.customer_id));
            return Ok(commands);
        }
    };
    let intent = NewIntent {
        amount,
        currency: body.amount.currency.code().to_ascii_lowercase(),
        customer: customer.to_owned(),
        payment_method: method,
        confirm: true,
        off_session: true,
        capture_method: if body.capture.as_deref() == Some("manual") { "manual" } else { "automatic" },
        description: body.reference.clone(),
        metadata: [(key::TENANT, tenant.to_string()), (key::PAYMENT, body.payment_id.clone()), (key::CUSTOMER, body.customer_id.clone())]
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
    };
    // The key is the payment's: whichever attempt comes first makes the intent, and the others find it. After one that was called off,
    // the next is another.
    let after = found.canceled.map(|id| format!("/{id}")).unwrap_or_default();
    answer(stripe.api.create_intent(&intent, &format!("charge/{tenant}/{}/{amount}{after}", body.payment_id)).await, body)
}

enum Method {
    Known(String),
    None,
    Deleted,
}

/// What is charged: the method that the customer has chosen for invoices.
async fn method(stripe: &Shared, customer: &str) -> Result<Method, ApiError> {
    match stripe.api.customer(customer).await {
        Ok(state) => Ok(state.default_method.map_or(Method::None, Method::Known)),
        Err(ApiError::Missing(_)) => Ok(Method::Deleted),
        Err(error) => Err(error),
    }
}

/// Tries an intent again that waits for a method; what stands otherwise is told as it stands.
async fn again(
    stripe: &Shared,
    customer: &str,
    (key, amount): (&str, i64),
    body: &ChargeBody,
    intent: Intent,
) -> Result<Vec<StepCommand>, ApiError> {
    if !matches!(intent.status.as_str(), "requires_payment_method" | "requires_confirmation") {
        return Ok(of_intent(&body.payment_id, &intent, Some(body.attempt)));
    }
    match method(stripe, customer).await? {
        Method::Known(method) => {
            if intent.amount != Some(body.amount) {
                stripe.api.change_intent(&intent.id, amount, &format!("{key}/{amount}")).await?;
            }
            answer(stripe.api.confirm_intent(&intent.id, &method, key).await, body)
        }
        Method::None | Method::Deleted => Ok(vec![failure(
            &body.payment_id,
            "no_payment_method",
            Some("The customer has no payment method."),
            Some(&intent.id),
            Some(body.attempt),
        )]),
    }
}

fn answer(answer: Result<Intent, ApiError>, body: &ChargeBody) -> Result<Vec<StepCommand>, ApiError> {
    match answer {
        Ok(intent) => Ok(of_intent(&body.payment_id, &intent, Some(body.attempt))),
        Err(ApiError::Declined { code, message, intent }) => {
            Ok(vec![failure(&body.payment_id, &code, message.as_deref(), intent.as_deref(), Some(body.attempt))])
        }
        // What Stripe does not accept will not be accepted by asking again; dunning goes on, and people see why.
        Err(ApiError::Refused { code, message }) => Ok(vec![failure(&body.payment_id, &code, Some(&message), None, Some(body.attempt))]),
        Err(ApiError::Missing(message)) => {
            Ok(vec![failure(&body.payment_id, "resource_missing", Some(&message), None, Some(body.attempt))])
        }
        Err(error) => Err(error),
    }
}
