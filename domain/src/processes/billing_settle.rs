//! A captured payment is recorded on the invoice that it pays.

use serde_json::json;

use crate::billing::payment::{Payment, PaymentEvent};
use crate::kernel::{Action, DecodeEventError, ProcessDef, RecordedEvent, Step, StepCommand, event_of};

/// `billing.settle`
pub static PROCESS: ProcessDef = ProcessDef {
    name: "billing.settle",
    summary: "Records captured payments on the invoices that they pay.",
    reacts_to: &["billing.payment_captured"],
    react,
};

fn react(event: &RecordedEvent) -> Result<Vec<Step>, DecodeEventError> {
    let Some(PaymentEvent::PaymentCaptured(captured)) = event_of::<Payment>(event)? else { return Ok(Vec::new()) };
    let Some(invoice_id) = captured.invoice_id.filter(|_| !captured.recorded) else { return Ok(Vec::new()) };
    let body = json!({
        "amount": captured.amount,
        "date": captured.captured_at.date_naive(),
        "method": captured.method.as_deref().unwrap_or("other"),
        "reference": event.aggregate_id
    });
    let command = StepCommand {
        context: "invoicing".to_owned(),
        aggregate: "invoice".to_owned(),
        id: invoice_id.clone(),
        command: "record-payment".to_owned(),
        body,
    };
    Ok(vec![Step { name: "record", lane: invoice_id, action: Action::Command(command) }])
}
