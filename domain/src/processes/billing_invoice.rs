//! A billed period becomes an invoice: drafted with the bill's lines and finalised, under the bill's id.

use chrono::{Days, TimeDelta};
use serde_json::{Value, json};

use crate::billing::subscription::{Line, LineKind, Subscription, SubscriptionEvent, SubscriptionPeriodBilled};
use crate::kernel::{Action, DecodeEventError, ProcessDef, RecordedEvent, Step, StepCommand, event_of};

/// `billing.invoice`
pub static PROCESS: ProcessDef = ProcessDef {
    name: "billing.invoice",
    summary: "Drafts and finalises an invoice for each billed period of a subscription.",
    reacts_to: &["billing.subscription_period_billed"],
    react,
};

fn react(event: &RecordedEvent) -> Result<Vec<Step>, DecodeEventError> {
    let Some(SubscriptionEvent::SubscriptionPeriodBilled(bill)) = event_of::<Subscription>(event)? else { return Ok(Vec::new()) };
    // What costs nothing needs no invoice, and may hold credit that no invoice could show.
    if bill.total.amount_minor == 0 {
        return Ok(Vec::new());
    }
    let step = |name: &'static str, command: &str, body: Value| Step {
        name,
        lane: event.aggregate_id.clone(),
        action: Action::Command(StepCommand {
            context: "invoicing".to_owned(),
            aggregate: "invoice".to_owned(),
            id: bill.bill_id.clone(),
            command: command.to_owned(),
            body,
        }),
    };
    Ok(vec![step("draft", "draft", draft(&event.aggregate_id, &bill)), step("finalize", "finalize", json!({}))])
}

fn draft(subscription_id: &str, bill: &SubscriptionPeriodBilled) -> Value {
    let date = bill.billed_at.date_naive();
    let due = date.checked_add_days(Days::new(bill.net_days.into())).unwrap_or(date);
    let lines: Vec<Value> = bill.lines.iter().map(|line| invoice_line(line, bill.tax_exempt)).collect();
    json!({
        "customer_id": bill.customer_id,
        "customer_name": bill.customer_name,
        "currency": bill.total.currency,
        "date": date,
        "due_date": due,
        "reference": format!("{} {}", &*bill.plan_name, subscription_id),
        "source": { "context": "billing", "id": bill.bill_id, "reference": subscription_id },
        "lines": lines
    })
}

/// A line of the bill as one piece at its price: what a charge comes to is not always a whole number of minor units per piece.
fn invoice_line(line: &Line, tax_exempt: bool) -> Value {
    let mut written =
        json!({ "description": described(line), "quantity": "1", "unit_price": line.amount, "revenue_role": "service_revenue" });
    if let Some(rate) = line.tax_rate_percent.filter(|_| !tax_exempt) {
        written["tax_rate_percent"] = json!(rate);
    }
    written
}

/// What the customer reads: how much of what, and when it was or will be served.
fn described(line: &Line) -> String {
    let first = line.service.start.date_naive();
    let last = (line.service.end - TimeDelta::seconds(1)).max(line.service.start).date_naive();
    let period = if first < last { format!("{first} to {last}") } else { first.to_string() };
    let quantity = match line.kind {
        LineKind::Credit => String::new(),
        _ if line.quantity == rust_decimal::Decimal::ONE => String::new(),
        _ => format!("{} × ", line.quantity.normalize()),
    };
    if line.kind == LineKind::Credit { line.description.clone() } else { format!("{quantity}{}, {period}", line.description) }
}
