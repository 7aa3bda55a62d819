//! A billed period becomes an invoice: drafted with the bill's lines and finalised, under the bill's id. What is left of credit when the
//! subscription ends is credited on the invoices that had charged it.

use chrono::{Days, TimeDelta};
use serde_json::{Value, json};

use crate::billing::subscription::{BillCredit, Line, LineKind, Payer, Subscription, SubscriptionEvent, SubscriptionPeriodBilled};
use crate::kernel::{Action, DecodeEventError, ProcessDef, RecordedEvent, Step, StepCommand, event_of};

/// `billing.invoice`
pub static PROCESS: ProcessDef = ProcessDef {
    name: "billing.invoice",
    summary: "Drafts and finalises an invoice for each billed period of a subscription, and credits what is left at its end.",
    reacts_to: &["billing.subscription_period_billed", "billing.subscription_ended"],
    react,
};

/// The names of the steps that credit invoices.
const CREDITS: [&str; 12] = [
    "credit",
    "credit-2",
    "credit-3",
    "credit-4",
    "credit-5",
    "credit-6",
    "credit-7",
    "credit-8",
    "credit-9",
    "credit-10",
    "credit-11",
    "credit-12",
];

fn react(event: &RecordedEvent) -> Result<Vec<Step>, DecodeEventError> {
    match event_of::<Subscription>(event)? {
        // What costs nothing needs no invoice, and may hold credit that no invoice could show.
        Some(SubscriptionEvent::SubscriptionPeriodBilled(bill)) if bill.total.amount_minor > 0 => Ok(vec![
            step("draft", event, &bill.bill_id, "draft", draft(&event.aggregate_id, &bill)),
            step("finalize", event, &bill.bill_id, "finalize", json!({})),
        ]),
        Some(SubscriptionEvent::SubscriptionEnded(end)) => {
            Ok(end.credits.iter().zip(CREDITS).map(|(part, name)| credit(name, event, part)).collect())
        }
        _ => Ok(Vec::new()),
    }
}

/// A step for an invoice. All of a subscription are taken in turn, so an invoice is there before it is credited.
fn step(name: &'static str, event: &RecordedEvent, invoice_id: &str, command: &str, body: Value) -> Step {
    let action = Action::Command(StepCommand {
        context: "invoicing".to_owned(),
        aggregate: "invoice".to_owned(),
        id: invoice_id.to_owned(),
        command: command.to_owned(),
        body,
    });
    Step { name, lane: event.aggregate_id.clone(), action }
}

fn credit(name: &'static str, event: &RecordedEvent, part: &BillCredit) -> Step {
    let reference = format!("end of {}", event.aggregate_id);
    let body = json!({ "net": part.net, "reason": "The subscription ended before the period that was paid for.", "reference": reference });
    step(name, event, &part.bill_id, "credit", body)
}

fn draft(subscription_id: &str, bill: &SubscriptionPeriodBilled) -> Value {
    let date = bill.billed_at.date_naive();
    let due = date.checked_add_days(Days::new(bill.net_days.into())).unwrap_or(date);
    let lines: Vec<Value> = bill.lines.iter().map(|line| invoice_line(line, bill.payer.tax_exempt)).collect();
    json!({
        "customer_address": address(&bill.payer),
        "customer_email": bill.payer.customer_email,
        "customer_tax_id": bill.payer.customer_tax_id,
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

/// The address as invoices have it, with the country.
fn address(payer: &Payer) -> Value {
    if payer.customer_address.is_none() && payer.customer_country.is_none() {
        return Value::Null;
    }
    let mut address = json!(payer.customer_address.clone().unwrap_or_default());
    if let Some(country) = &payer.customer_country {
        address["country"] = json!(country);
    }
    address
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
