//! A payment of a customer that is for no invoice yet is allocated to the open invoice that its reference names.

use serde_json::json;

use crate::invoicing::customer_payment::{CustomerPayment, CustomerPaymentEvent};
use crate::kernel::{DecodeEventError, ProcessDef, RecordedEvent, Step, event_of};

/// `invoicing.allocate`
pub static PROCESS: ProcessDef = ProcessDef {
    name: "invoicing.allocate",
    summary: "Allocates customers' payments to the open invoice that their reference names, where it is exactly one.",
    reacts_to: &["invoicing.customer_payment_received"],
    react,
};

fn react(event: &RecordedEvent) -> Result<Vec<Step>, DecodeEventError> {
    let Some(CustomerPaymentEvent::CustomerPaymentReceived(e)) = event_of::<CustomerPayment>(event)? else { return Ok(Vec::new()) };
    // Whoever named invoices has said what the payment is for.
    if e.unallocated.amount_minor == 0 || !e.allocations.is_empty() {
        return Ok(Vec::new());
    }
    let body = json!({
        "payment_id": event.aggregate_id, "customer_id": e.customer_id, "reference": e.reference, "currency": e.unallocated.currency
    });
    // Which invoices are open is not in the event: it is looked up when the step is taken.
    Ok(vec![Step::effect("match", e.customer_id, "invoicing.match", body)])
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use uuid::Uuid;

    use super::*;
    use crate::kernel::{Action, TenantId};

    fn steps(allocations: &Value, unallocated: i64) -> Vec<Step> {
        let euro = |minor: i64| json!({ "amount_minor": minor, "currency": "EUR" });
        let payload = json!({
            "customer_id": "c", "customer_name": "Ada", "amount": euro(100), "method": "bank_transfer", "date": "2026-03-01",
            "reference": "INV-0001", "allocations": allocations, "unallocated": euro(unallocated)
        });
        let event = RecordedEvent {
            context: "invoicing".into(),
            partition: 0,
            position: 1,
            event_id: Uuid::nil(),
            tenant_id: TenantId(Uuid::nil()),
            aggregate_type: "customer-payment".into(),
            aggregate_id: "p".into(),
            sequence: 1,
            event_type: "customer_payment_received".into(),
            event_version: "1".into(),
            payload: payload.to_string(),
            metadata: "{}".into(),
            recorded_at: chrono::DateTime::UNIX_EPOCH,
        };
        react(&event).unwrap()
    }

    #[test]
    fn a_payment_that_names_no_invoice_is_looked_at() {
        let found = steps(&json!([]), 100);
        let [Step { name: "match", lane, action: Action::Effect { name: "invoicing.match", body } }] = &found[..] else {
            panic!("{found:?}")
        };
        let expected = json!({ "payment_id": "p", "customer_id": "c", "reference": "INV-0001", "currency": "EUR" });
        assert_eq!((lane.as_str(), body), ("c", &expected));
        let euro = |minor: i64| json!({ "amount_minor": minor, "currency": "EUR" });
        let part = json!([{
            "invoice_id": "i", "number": "INV-0002", "amount": euro(60), "applied": euro(60), "recovered": euro(0), "excess": euro(0)
        }]);
        assert!(steps(&part, 40).is_empty(), "somebody has said what it is for");
        assert!(steps(&json!([]), 0).is_empty());
    }
}
