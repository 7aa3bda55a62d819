//! An invoice for a subscription asks for its payment; one that is credited, paid in part or owed again changes what is asked for; one
//! that is voided or given up calls it off, and one that was paid elsewhere settles it.

use serde::de::Error as _;
use serde_json::{Value, json};

use crate::kernel::{Action, DecodeEventError, ProcessDef, RecordedEvent, Step, StepCommand};

/// `billing.charge`
pub static PROCESS: ProcessDef = ProcessDef {
    name: "billing.charge",
    summary: "Asks for the payment of invoices for subscriptions, follows what is open of them, and calls it off when they are voided.",
    reacts_to: &[
        "invoicing.invoice_finalized",
        "invoicing.invoice_voided",
        "invoicing.invoice_written_off",
        "invoicing.payment_recorded",
        "invoicing.payment_reversed",
        "invoicing.credit_applied",
        "invoicing.invoice_credited",
    ],
    react,
};

fn react(event: &RecordedEvent) -> Result<Vec<Step>, DecodeEventError> {
    if event.context != "invoicing" {
        return Ok(Vec::new());
    }
    let invoice: Value = serde_json::from_str(&event.payload).map_err(|source| unreadable(event, source))?;
    let Some(subscription_id) = source_of(&invoice) else { return Ok(Vec::new()) };
    let command = match event.event_type.as_str() {
        "invoice_finalized" => request(event, &invoice, subscription_id)?,
        "invoice_voided" => nothing_owed(&invoice, "/totals/gross", "The invoice was voided."),
        "invoice_written_off" => nothing_owed(&invoice, "/amount", "The invoice was written off."),
        "payment_recorded" if is_settled(&invoice) => Some(("capture", json!({ "method": "invoice", "recorded": true }))),
        "payment_recorded" => owed(&invoice, "The invoice was paid in part."),
        "payment_reversed" => owed(&invoice, "A payment of the invoice went back."),
        "credit_applied" => owed(&invoice, "Credit of the customer settled the invoice, or a part of it."),
        // A credit note on what was paid is the customer's credit, and changes nothing of what is owed.
        "invoice_credited" if minor(&invoice, "/applied") != Some(0) => owed(&invoice, "The invoice was credited."),
        _ => None,
    };
    let step = |(command, body): (&'static str, Value)| Step {
        name: command,
        lane: event.aggregate_id.clone(),
        action: Action::Command(StepCommand {
            context: "billing".to_owned(),
            aggregate: "payment".to_owned(),
            // One payment for an invoice, whatever is repeated.
            id: event.aggregate_id.clone(),
            command: command.to_owned(),
            body,
        }),
    };
    Ok(command.map(step).into_iter().collect())
}

fn unreadable(event: &RecordedEvent, source: serde_json::Error) -> DecodeEventError {
    DecodeEventError::Payload { name: event.event_type.clone(), source }
}

/// The subscription that an invoice is for; nothing for invoices that have another source.
fn source_of(invoice: &Value) -> Option<&str> {
    let source = invoice.get("source")?;
    if source.get("context")?.as_str()? == "billing" { source.get("reference")?.as_str() } else { None }
}

fn request(event: &RecordedEvent, invoice: &Value, subscription_id: &str) -> Result<Option<(&'static str, Value)>, DecodeEventError> {
    let missing = |what: &str| unreadable(event, serde_json::Error::custom(format!("the invoice has no {what}")));
    let total = invoice.pointer("/totals/gross").or_else(|| invoice.get("total")).ok_or_else(|| missing("total"))?;
    if total.get("amount_minor").and_then(Value::as_i64).ok_or_else(|| missing("total"))? <= 0 {
        return Ok(None);
    }
    let customer_id = invoice.get("customer_id").and_then(Value::as_str).ok_or_else(|| missing("customer_id"))?;
    let mut body = json!({
        "customer_id": customer_id, "amount": total, "subscription_id": subscription_id, "invoice_id": event.aggregate_id
    });
    for (from, to) in [("number", "reference"), ("due_date", "due_on")] {
        if let Some(value) = invoice.get(from).filter(|value| value.is_string()) {
            body[to] = value.clone();
        }
    }
    if let Some(number) = body["reference"].as_str().map(|number| number.chars().take(REFERENCE_CHARS_MAX).collect::<String>()) {
        body["reference"] = json!(number);
    }
    Ok(Some(("request", body)))
}

/// The longest reference of a payment, in characters.
const REFERENCE_CHARS_MAX: usize = 100;

fn minor(invoice: &Value, pointer: &str) -> Option<i64> {
    invoice.pointer(pointer)?.get("amount_minor")?.as_i64()
}

/// What is open of the invoice is what is owed of the payment.
fn owed(invoice: &Value, reason: &str) -> Option<(&'static str, Value)> {
    let balance = invoice.get("balance").filter(|balance| balance["amount_minor"].as_i64().is_some_and(|open| open >= 0))?;
    Some(("adjust", json!({ "amount": balance, "reason": reason })))
}

/// Nothing is owed any more, in the currency of this amount.
fn nothing_owed(invoice: &Value, pointer: &str, reason: &str) -> Option<(&'static str, Value)> {
    let mut nothing = invoice.pointer(pointer)?.clone();
    nothing["amount_minor"] = json!(0);
    Some(("adjust", json!({ "amount": nothing, "reason": reason })))
}

/// Whether nothing of the invoice is open any more.
fn is_settled(payment: &Value) -> bool {
    minor(payment, "/balance") == Some(0)
}
