//! The payment intents of a payment, whichever attempt made them and whether or not we heard of them.

use domain::billing::payment::Payment;
use domain::kernel::TenantId;

use super::Shared;
use crate::ApiError;
use crate::api::objects::{Intent, key};
use crate::inbox::ours;

/// How many pages of a customer's payments are searched.
const PAGES_MAX: usize = 20;

/// What Stripe has for a payment.
#[derive(Default)]
pub struct Found {
    /// The intent that can bring money, or has.
    pub live: Option<Intent>,
    /// The newest one that was called off; it never brings money.
    pub canceled: Option<String>,
}

impl Found {
    fn note(&mut self, intent: Intent) {
        if intent.status != "canceled" {
            self.live = Some(intent);
        } else if self.canceled.is_none() {
            self.canceled = Some(intent.id);
        }
    }
}

/// Looks for the payment intents of a payment: under the id that we know, or else among those of the customer.
pub async fn find(
    stripe: &Shared,
    tenant: TenantId,
    payment_id: &str,
    customer: Option<&str>,
    external_id: Option<&str>,
) -> Result<Found, ApiError> {
    let mut found = Found::default();
    if let Some(id) = external_id {
        match stripe.api.intent(id).await {
            Ok(intent) => found.note(intent),
            Err(ApiError::Missing(_)) => {}
            Err(error) => return Err(error),
        }
    }
    let Some(customer) = customer.filter(|_| found.live.is_none()) else { return Ok(found) };
    let (mut after, wanted): (Option<String>, _) = (None, (tenant, payment_id.to_owned()));
    for _ in 0..PAGES_MAX {
        let (intents, next) = match stripe.api.intents(Some(customer), None, after.as_deref()).await {
            Ok(page) => page,
            // A customer that is gone has no payments.
            Err(ApiError::Missing(_)) => return Ok(found),
            Err(error) => return Err(error),
        };
        for intent in intents.into_iter().filter(|intent| ours(&intent.metadata, key::PAYMENT).as_ref() == Some(&wanted)) {
            found.note(intent);
            if found.live.is_some() {
                return Ok(found);
            }
        }
        match next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    Ok(found)
}

/// The same, for a payment as it stands; who pays is in its request, or else in the read model.
pub async fn find_of(stripe: &Shared, tenant: TenantId, payment_id: &str, state: &Payment) -> Result<Found, ApiError> {
    let Some(request) = &state.request else { return Ok(Found::default()) };
    let customer = match &request.external_customer {
        Some(id) => Some(id.to_string()),
        None => stripe.lookup.customer(tenant, &request.customer_id).await?.and_then(|customer| customer.external_id),
    };
    find(stripe, tenant, payment_id, customer.as_deref(), state.external_id.as_deref()).await
}
