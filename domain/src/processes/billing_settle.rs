//! What payments bring in, and what of it goes back, is told to invoicing, which the ledger follows: on the invoice that is paid, or,
//! where there is none, on the customer's account. So credit, what is open, and the books say the same.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::billing::payment::{ChargebackOutcome, Payment, PaymentEvent};
use crate::kernel::{Action, DecodeEventError, Money, ProcessDef, RecordedEvent, Step, StepCommand, event_of};

/// `billing.settle`
pub static PROCESS: ProcessDef = ProcessDef {
    name: "billing.settle",
    summary: "Records captured payments, refunds and lost disputes on the invoices that they are for, or on the customer's account.",
    reacts_to: &[
        "billing.payment_captured",
        "billing.payment_captured_again",
        "billing.refund_completed",
        "billing.refund_failed",
        "billing.chargeback_closed",
    ],
    react,
};

/// The longest text in front of an event's id in a reference of invoicing, which has 140 characters.
const REFERENCE_CHARS_MAX: usize = 100;

/// Money that moved.
struct Moved {
    customer_id: String,
    invoice_id: Option<String>,
    amount: Money,
    at: DateTime<Utc>,
    method: Option<String>,
    reference: String,
}

fn react(event: &RecordedEvent) -> Result<Vec<Step>, DecodeEventError> {
    let told = |name: &str| format!("{} {}", name.chars().take(REFERENCE_CHARS_MAX).collect::<String>(), event.event_id);
    let command = match event_of::<Payment>(event)? {
        Some(PaymentEvent::PaymentCaptured(e)) if !e.recorded => {
            let name = e.customer_name.map_or_else(|| e.customer_id.clone(), String::from);
            let (method, reference) = (e.method.map(String::from), event.aggregate_id.clone());
            let (customer_id, invoice_id) = (e.customer_id, e.invoice_id);
            Moved { customer_id, invoice_id, amount: e.amount, at: e.captured_at, method, reference }.in_from(&name, event)
        }
        Some(PaymentEvent::PaymentCapturedAgain(e)) => {
            let (method, reference) = (e.method.map(String::from), told(&event.aggregate_id));
            let (customer_id, invoice_id) = (e.customer_id, e.invoice_id);
            Moved { customer_id, invoice_id, amount: e.amount, at: e.captured_at, method, reference }.in_from(&e.customer_name, event)
        }
        Some(PaymentEvent::RefundFailed(e)) if e.came_back => {
            let (method, reference) = (e.method.map(String::from), told(&e.refund_id));
            let (customer_id, invoice_id) = (e.customer_id, e.invoice_id);
            Moved { customer_id, invoice_id, amount: e.amount, at: e.failed_at, method, reference }.in_from(&e.customer_name, event)
        }
        Some(PaymentEvent::RefundCompleted(e)) => {
            let (method, reference) = (e.method.map(String::from), told(&e.refund_id));
            let (customer_id, invoice_id) = (e.customer_id, e.invoice_id);
            Moved { customer_id, invoice_id, amount: e.amount, at: e.refunded_at, method, reference }.back("Refund")
        }
        Some(PaymentEvent::ChargebackClosed(e)) if e.outcome == ChargebackOutcome::Lost => {
            let reference = told(&e.dispute_id);
            let (customer_id, invoice_id) = (e.customer_id, e.invoice_id);
            Moved { customer_id, invoice_id, amount: e.amount, at: event.recorded_at, method: None, reference }.back("Chargeback")
        }
        _ => return Ok(Vec::new()),
    };
    // What came in is there before any of it goes back.
    Ok(vec![Step { name: "record", lane: event.aggregate_id.clone(), action: Action::Command(command) }])
}

impl Moved {
    fn body(&self) -> Value {
        json!({
            "amount": self.amount, "date": self.at.date_naive(), "method": self.method.as_deref().unwrap_or("other"),
            "reference": self.reference
        })
    }

    fn command(aggregate: &str, id: String, command: &str, body: Value) -> StepCommand {
        let (context, aggregate, command) = ("invoicing".to_owned(), aggregate.to_owned(), command.to_owned());
        StepCommand { context, aggregate, id, command, body }
    }

    /// Money that came in.
    fn in_from(self, customer_name: &str, event: &RecordedEvent) -> StepCommand {
        let mut body = self.body();
        if let Some(invoice_id) = self.invoice_id {
            return Self::command("invoice", invoice_id, "record-payment", body);
        }
        body["customer_id"] = json!(self.customer_id);
        body["customer_name"] = json!(customer_name);
        Self::command("customer-payment", event.event_id.to_string(), "receive", body)
    }

    /// Money that went back.
    fn back(self, reason: &str) -> StepCommand {
        let mut body = self.body();
        let Some(invoice_id) = self.invoice_id else {
            return Self::command("customer-account", self.customer_id, "refund-credit", body);
        };
        body["reason"] = json!(reason);
        Self::command("invoice", invoice_id, "refund-payment", body)
    }
}
