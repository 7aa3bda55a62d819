//! Payments are collected, adjusted, captured, called off and refunded at the payment provider. Where none is configured, the effects do nothing
//! and a payment stays open until somebody records it.

use serde_json::{Value, json};

use crate::billing::payment::{CaptureMode, Payment, PaymentEvent};
use crate::billing::values::ExternalId;
use crate::kernel::{Action, DecodeEventError, Money, ProcessDef, RecordedEvent, Step, event_of};

/// `billing.collect`
pub static PROCESS: ProcessDef = ProcessDef {
    name: "billing.collect",
    summary: "Collects, adjusts, captures, calls off and refunds payments at the payment provider.",
    reacts_to: &[
        "billing.payment_requested",
        "billing.payment_dunned",
        "billing.payment_capture_requested",
        "billing.payment_captured",
        "billing.payment_adjusted",
        "billing.payment_voided",
        "billing.refund_requested",
    ],
    react,
};

/// What an attempt to collect an amount is told.
struct Attempt<'a> {
    number: u16,
    customer_id: &'a str,
    external_customer: Option<&'a ExternalId>,
    external_id: Option<&'a ExternalId>,
    amount: Money,
    reference: Option<&'a str>,
    capture: CaptureMode,
}

fn react(event: &RecordedEvent) -> Result<Vec<Step>, DecodeEventError> {
    let effect = |name: &'static str, mut body: Value| {
        body["payment_id"] = json!(event.aggregate_id);
        vec![Step { name, lane: event.aggregate_id.clone(), action: Action::Effect { name, body } }]
    };
    Ok(match event_of::<Payment>(event)? {
        Some(PaymentEvent::PaymentRequested(e)) => {
            let attempt = Attempt {
                number: 1,
                customer_id: &e.customer_id,
                external_customer: e.external_customer.as_ref(),
                external_id: None,
                amount: e.amount,
                reference: e.reference.as_deref(),
                capture: e.capture,
            };
            effect("stripe.charge", attempt.body())
        }
        Some(PaymentEvent::PaymentDunned(e)) => {
            let attempt = Attempt {
                number: e.attempt,
                customer_id: &e.customer_id,
                external_customer: e.external_customer.as_ref(),
                external_id: e.external_id.as_ref(),
                amount: e.amount,
                reference: e.reference.as_deref(),
                capture: e.capture,
            };
            effect("stripe.charge", attempt.body())
        }
        Some(PaymentEvent::PaymentCaptureRequested(e)) => {
            effect("stripe.capture", json!({ "external_id": e.external_id, "amount": e.amount }))
        }
        // An attempt may be under way that nobody has heard of yet, so the provider is asked even without its id.
        Some(PaymentEvent::PaymentVoided(e)) => effect("stripe.void", json!({ "external_id": e.external_id })),
        // Paid otherwise: it must not be collected as well.
        Some(PaymentEvent::PaymentCaptured(e)) if e.recorded => effect("stripe.void", json!({ "external_id": e.external_id })),
        Some(PaymentEvent::PaymentAdjusted(e)) => effect("stripe.adjust", json!({ "external_id": e.external_id, "amount": e.amount })),
        Some(PaymentEvent::RefundRequested(e)) if e.external_id.is_some() => {
            effect("stripe.refund", json!({ "external_id": e.external_id, "refund_id": e.refund_id, "amount": e.amount }))
        }
        _ => Vec::new(),
    })
}

impl Attempt<'_> {
    fn body(&self) -> Value {
        json!({
            "attempt": self.number,
            "customer_id": self.customer_id,
            "external_customer": self.external_customer,
            "external_id": self.external_id,
            "amount": self.amount,
            "reference": self.reference,
            "capture": self.capture
        })
    }
}
