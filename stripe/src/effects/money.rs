//! Capturing what is held, calling it off, and giving it back.

use async_trait::async_trait;
use domain::kernel::{Money, StepCommand, TenantId};
use serde::Deserialize;
use serde_json::json;

use super::payments::find_of;
use super::{Effect, Shared};
use crate::ApiError;
use crate::amount::to_stripe;
use crate::api::objects::key;
use crate::decide::{bounded, command, of_intent, of_refund};

/// `stripe.capture`: takes what is held, and no more of it than is owed by now.
pub struct Capture;

/// What it needs.
#[derive(Debug, Deserialize)]
pub struct CaptureBody {
    payment_id: String,
    external_id: String,
    amount: Money,
}

#[async_trait]
impl Effect for Capture {
    type Body = CaptureBody;
    const NAME: &'static str = "stripe.capture";

    async fn run(stripe: &Shared, tenant: TenantId, key: &str, body: CaptureBody) -> Result<Vec<StepCommand>, ApiError> {
        let state = stripe.lookup.payment_state(tenant, &body.payment_id).await?;
        let Some(owed) = state.owed().filter(|_| state.is_waited_for()) else { return Ok(Vec::new()) };
        let wanted = Money::new(body.amount.amount_minor.min(owed.amount_minor), owed.currency);
        let amount = to_stripe(wanted).ok_or_else(|| not_expressible(wanted))?;
        let intent = match stripe.api.capture_intent(&body.external_id, amount, key).await {
            Ok(intent) => intent,
            // It may have been captured, or the hold may be over: Stripe knows.
            Err(ApiError::Refused { .. }) => stripe.api.intent(&body.external_id).await?,
            Err(error) => return Err(error),
        };
        Ok(of_intent(&body.payment_id, &intent, None))
    }
}

fn not_expressible(amount: Money) -> ApiError {
    ApiError::Refused { code: "amount_not_expressible".to_owned(), message: format!("Stripe cannot express {amount}") }
}

/// `stripe.void`: calls a payment off, by whatever attempt it is under way. What has come in meanwhile is told, so that it is given back.
pub struct Void;

/// What it needs.
#[derive(Debug, Deserialize)]
pub struct VoidBody {
    payment_id: String,
}

#[async_trait]
impl Effect for Void {
    type Body = VoidBody;
    const NAME: &'static str = "stripe.void";

    async fn run(stripe: &Shared, tenant: TenantId, key: &str, body: VoidBody) -> Result<Vec<StepCommand>, ApiError> {
        let state = stripe.lookup.payment_state(tenant, &body.payment_id).await?;
        let Some(intent) = find_of(stripe, tenant, &body.payment_id, &state).await?.live else { return Ok(Vec::new()) };
        if intent.status == "succeeded" {
            return Ok(of_intent(&body.payment_id, &intent, None));
        }
        let intent = match stripe.api.cancel_intent(&intent.id, key).await {
            Ok(intent) => intent,
            Err(ApiError::Refused { .. }) => stripe.api.intent(&intent.id).await?,
            Err(ApiError::Missing(_)) => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        match intent.status.as_str() {
            "succeeded" => Ok(of_intent(&body.payment_id, &intent, None)),
            "canceled" => Ok(Vec::new()),
            // Between states in which it can be called off.
            status => Err(ApiError::Passing { reason: format!("the payment cannot be called off while it is {status}"), after: None }),
        }
    }
}

/// `stripe.adjust`: asks for another amount where an attempt is under way. What is held, or has come in meanwhile, is told instead.
pub struct Adjust;

/// What it needs.
#[derive(Debug, Deserialize)]
pub struct AdjustBody {
    payment_id: String,
}

#[async_trait]
impl Effect for Adjust {
    type Body = AdjustBody;
    const NAME: &'static str = "stripe.adjust";

    async fn run(stripe: &Shared, tenant: TenantId, key: &str, body: AdjustBody) -> Result<Vec<StepCommand>, ApiError> {
        let state = stripe.lookup.payment_state(tenant, &body.payment_id).await?;
        // What is owed by now; a later adjustment may have overtaken this one.
        let Some(owed) = state.owed().filter(|_| state.is_waited_for()) else { return Ok(Vec::new()) };
        let amount = to_stripe(owed).ok_or_else(|| not_expressible(owed))?;
        let Some(intent) = find_of(stripe, tenant, &body.payment_id, &state).await?.live else { return Ok(Vec::new()) };
        let open = matches!(intent.status.as_str(), "requires_payment_method" | "requires_confirmation" | "requires_action");
        let intent = if open && intent.amount != Some(owed) {
            match stripe.api.change_intent(&intent.id, amount, &format!("{key}/{amount}")).await {
                Ok(intent) => intent,
                Err(ApiError::Refused { .. }) => stripe.api.intent(&intent.id).await?,
                Err(error) => return Err(error),
            }
        } else {
            intent
        };
        Ok(if intent.status == "succeeded" { of_intent(&body.payment_id, &intent, None) } else { Vec::new() })
    }
}

/// `stripe.refund`: gives money back.
pub struct Refund;

/// What it needs.
#[derive(Debug, Deserialize)]
pub struct RefundBody {
    payment_id: String,
    external_id: String,
    refund_id: String,
    amount: Money,
}

#[async_trait]
impl Effect for Refund {
    type Body = RefundBody;
    const NAME: &'static str = "stripe.refund";

    async fn run(stripe: &Shared, tenant: TenantId, _: &str, body: RefundBody) -> Result<Vec<StepCommand>, ApiError> {
        let fail = |reason: &str| {
            let reason = bounded(reason, 2_000).unwrap_or_else(|| "refused".to_owned());
            vec![command("payment", &body.payment_id, "fail-refund", json!({ "refund_id": body.refund_id, "reason": reason }))]
        };
        let Some(amount) = to_stripe(body.amount) else { return Ok(fail("Stripe cannot express the amount in this currency.")) };
        // Keys are forgotten after a day; what an earlier attempt has made is there for good.
        let known = stripe.api.refunds_of(&body.external_id).await?;
        let found = known.into_iter().find(|refund| refund.metadata.get(key::REFUND) == Some(&body.refund_id));
        let refund = if let Some(refund) = found {
            refund
        } else {
            let own = [(key::TENANT, tenant.to_string()), (key::PAYMENT, body.payment_id.clone()), (key::REFUND, body.refund_id.clone())];
            let own = own.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
            let key = format!("refund/{tenant}/{}/{}", body.payment_id, body.refund_id);
            match stripe.api.create_refund(&body.external_id, amount, own, &key).await {
                Ok(refund) => refund,
                Err(ApiError::Refused { message, .. } | ApiError::Missing(message)) => return Ok(fail(&message)),
                Err(error) => return Err(error),
            }
        };
        Ok(of_refund(&body.payment_id, &refund))
    }
}
