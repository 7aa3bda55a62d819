//! Money that goes back is posted: a refund against the customer's credit, a lost dispute as owed again. What comes in is posted with
//! the invoice that it pays.

use serde_json::json;

use crate::billing::payment::{ChargebackOutcome, Payment, PaymentEvent};
use crate::kernel::{Action, DecodeEventError, Money, ProcessDef, RecordedEvent, Step, StepCommand, event_of};

/// `billing.ledger`
pub static PROCESS: ProcessDef = ProcessDef {
    name: "billing.ledger",
    summary: "Posts refunds and lost disputes.",
    reacts_to: &["billing.refund_completed", "billing.chargeback_closed"],
    react,
};

/// An entry of two lines.
struct Entry {
    description: String,
    debit_role: &'static str,
    customer_id: String,
    amount: Money,
}

fn react(event: &RecordedEvent) -> Result<Vec<Step>, DecodeEventError> {
    let entry = match event_of::<Payment>(event)? {
        Some(PaymentEvent::RefundCompleted(e)) => Entry {
            description: format!("Refund {} of payment {}", e.refund_id, event.aggregate_id),
            debit_role: "customer_credit",
            customer_id: e.customer_id,
            amount: e.amount,
        },
        Some(PaymentEvent::ChargebackClosed(e)) if e.outcome == ChargebackOutcome::Lost => Entry {
            description: format!("Chargeback of payment {}", event.aggregate_id),
            debit_role: "accounts_receivable",
            customer_id: e.customer_id,
            amount: e.amount,
        },
        _ => return Ok(Vec::new()),
    };
    let body = json!({
        "date": event.recorded_at.date_naive(),
        "if_closed": "next_open_day",
        "description": entry.description,
        "reference": event.aggregate_id,
        "source": "billing",
        "party": entry.customer_id,
        "lines": [
            { "role": entry.debit_role, "side": "debit", "amount": entry.amount, "party": entry.customer_id },
            { "role": "bank", "side": "credit", "amount": entry.amount }
        ]
    });
    let command = StepCommand {
        context: "accounting".to_owned(),
        aggregate: "journal-entry".to_owned(),
        id: event.event_id.to_string(),
        command: "post".to_owned(),
        body,
    };
    Ok(vec![Step { name: "post", lane: event.aggregate_id.clone(), action: Action::Command(command) }])
}
