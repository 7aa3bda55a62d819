//! What follows from how an object of Stripe stands now: commands, each of which changes nothing the second time.

use chrono::{DateTime, Utc};
use domain::kernel::{Money, StepCommand};
use serde_json::{Value, json};

use crate::PROVIDER;
use crate::api::objects::{DisputeState, Intent, InvoiceState, RefundState, SessionState, SubscriptionState, key};

/// A command of billing.
pub fn command(aggregate: &str, id: &str, command: &str, body: Value) -> StepCommand {
    StepCommand { context: "billing".to_owned(), aggregate: aggregate.to_owned(), id: id.to_owned(), command: command.to_owned(), body }
}

/// Cuts a text of Stripe's to what a field of ours holds; empty texts are none.
pub fn bounded(text: &str, chars_max: usize) -> Option<String> {
    let shown: String = text.chars().filter(|c| !c.is_control()).collect();
    let kept: String = shown.trim().chars().take(chars_max).collect();
    let kept = kept.trim_end();
    (!kept.is_empty()).then(|| kept.to_owned())
}

/// A failed attempt to collect an amount.
pub fn failure(payment_id: &str, code: &str, message: Option<&str>, intent: Option<&str>, attempt: Option<u64>) -> StepCommand {
    let body = json!({
        "code": bounded(code, 64).unwrap_or_else(|| "unknown".to_owned()),
        "message": message.and_then(|message| bounded(message, 2_000)),
        "external_id": intent,
        "attempt": attempt
    });
    command("payment", payment_id, "fail", body)
}

/// What a payment intent means for our payment. `attempt` is the attempt that led to it, where that is known.
pub fn of_intent(payment_id: &str, intent: &Intent, attempt: Option<u64>) -> Vec<StepCommand> {
    let payment = |name: &str, body: Value| vec![command("payment", payment_id, name, body)];
    match intent.status.as_str() {
        "succeeded" => {
            let method = intent.method.as_deref().and_then(|method| bounded(method, 64));
            payment("capture", json!({ "external_id": intent.id, "amount": intent.received, "method": method }))
        }
        "requires_capture" => payment("authorize", json!({ "external_id": intent.id, "amount": intent.capturable })),
        "requires_action" => payment("require-action", json!({ "external_id": intent.id, "url": intent.action_url })),
        "requires_payment_method" => match &intent.error_code {
            Some(code) => vec![failure(payment_id, code, intent.error_message.as_deref(), Some(&intent.id), attempt)],
            None => Vec::new(),
        },
        // Where we called it off ourselves, nobody waits for it, and a failure changes nothing. Otherwise the amount is still owed.
        "canceled" => vec![failure(payment_id, "canceled", Some("The payment was called off at Stripe."), Some(&intent.id), attempt)],
        // Under way: Stripe tells when it is done.
        _ => Vec::new(),
    }
}

/// Our id of a refund: the one that we gave, or Stripe's own for one that was made in Stripe's pages.
pub fn refund_id(refund: &RefundState) -> String {
    refund.metadata.get(key::REFUND).cloned().unwrap_or_else(|| refund.id.clone())
}

/// What a refund means for our payment.
pub fn of_refund(payment_id: &str, refund: &RefundState) -> Vec<StepCommand> {
    let refund_id = refund_id(refund);
    let payment = |name: &str, body: Value| vec![command("payment", payment_id, name, body)];
    match refund.status.as_str() {
        "succeeded" => payment("complete-refund", json!({ "refund_id": refund_id, "amount": refund.amount, "external_id": refund.id })),
        // It may have been done before; one that was made at Stripe and never done is passed over.
        "failed" | "canceled" => {
            let reason = refund.failure.as_deref().and_then(|reason| bounded(reason, 2_000)).unwrap_or_else(|| refund.status.clone());
            payment("fail-refund", json!({ "refund_id": refund_id, "reason": reason, "external_id": refund.id }))
        }
        _ => Vec::new(),
    }
}

/// What a dispute means for our payment. Inquiries (`warning_…`) take no money and are none.
pub fn of_dispute(payment_id: &str, dispute: &DisputeState) -> Vec<StepCommand> {
    if dispute.status.starts_with("warning_") || dispute.status == "prevented" {
        return Vec::new();
    }
    let reason = bounded(&dispute.reason, 64).unwrap_or_else(|| "general".to_owned());
    let body = json!({ "dispute_id": dispute.id, "amount": dispute.amount, "reason": reason });
    let mut commands = vec![command("payment", payment_id, "open-chargeback", body)];
    if matches!(dispute.status.as_str(), "won" | "lost") {
        let body = json!({ "dispute_id": dispute.id, "outcome": dispute.status });
        commands.push(command("payment", payment_id, "close-chargeback", body));
    }
    commands
}

/// What a subscription means for ours. Nothing without an item, which Stripe never leaves out.
pub fn of_subscription(
    id: &str,
    customer_id: &str,
    plan_id: &str,
    subscription: &SubscriptionState,
    observed_at: DateTime<Utc>,
) -> Vec<StepCommand> {
    let (Some((_, _, quantity)), Some((period_start, period_end))) = (&subscription.item, subscription.period) else { return Vec::new() };
    let body = json!({
        "external_id": subscription.id,
        "customer_id": customer_id,
        "plan_id": plan_id,
        "quantity": quantity,
        "status": subscription.status,
        "period_start": period_start,
        "period_end": period_end,
        "started_at": subscription.started_at,
        "trial_end": subscription.trial_end,
        "cancel_at": subscription.cancel_at,
        "ended_at": subscription.ended_at,
        "observed_at": observed_at
    });
    vec![command("subscription", id, "sync", body)]
}

/// What a paid invoice of Stripe's means for our books: an invoice under its number, and its payment. Nothing where nothing was asked for.
/// Its source is not billing, so that nobody asks for the payment again.
pub fn of_invoice(customer_id: &str, customer_name: &str, invoice: &InvoiceState) -> Vec<StepCommand> {
    let (Some(total), Some(tax), Some(paid)) = (invoice.total, invoice.tax, invoice.paid) else { return Vec::new() };
    if invoice.status != "paid" || total.amount_minor <= 0 {
        return Vec::new();
    }
    let step = |command: &str, body: Value| StepCommand {
        context: "invoicing".to_owned(),
        aggregate: "invoice".to_owned(),
        id: invoice.id.clone(),
        command: command.to_owned(),
        body,
    };
    let date = invoice.paid_at.date_naive();
    let description = invoice.description.as_deref().and_then(|text| bounded(text, 1_000)).unwrap_or_else(|| "Subscription".to_owned());
    let mut line = json!({
        "description": description, "unit_price": Money::new(total.amount_minor - tax.amount_minor, total.currency),
        "revenue_role": "service_revenue"
    });
    if tax.amount_minor != 0 {
        line["tax_amount"] = json!(tax);
    }
    let draft = json!({
        "customer_id": customer_id, "customer_name": bounded(customer_name, 200).unwrap_or_else(|| customer_id.to_owned()),
        "currency": total.currency, "number": invoice.number.as_deref().unwrap_or(&invoice.id), "date": date, "due_date": date,
        "source": { "context": PROVIDER, "id": invoice.id, "reference": invoice.subscription }, "lines": [line]
    });
    let mut commands = vec![step("draft", draft), step("finalize", json!({}))];
    if paid.amount_minor > 0 {
        let method = "card";
        commands.push(step("record-payment", json!({ "amount": paid, "method": method, "date": date, "reference": invoice.id })));
    }
    commands
}

/// What a page means for our checkout.
pub fn of_session(checkout_id: &str, session: &SessionState) -> Vec<StepCommand> {
    match session.status.as_str() {
        "complete" => {
            vec![command("checkout", checkout_id, "complete", json!({ "external_subscription": session.subscription }))]
        }
        "expired" => vec![command("checkout", checkout_id, "fail", json!({ "code": "expired" }))],
        _ => Vec::new(),
    }
}

/// Stripe knows a customer.
pub fn link(customer_id: &str, external_id: &str) -> StepCommand {
    command("customer", customer_id, "link", json!({ "provider": PROVIDER, "external_id": external_id }))
}

/// Stripe knows a customer no more.
pub fn unlink(customer_id: &str) -> StepCommand {
    command("customer", customer_id, "unlink", json!({ "provider": PROVIDER }))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use domain::kernel::Currency;

    use super::*;

    fn intent(status: &str) -> Intent {
        Intent {
            id: "pi_1".into(),
            status: status.into(),
            amount: Some(Money::new(1_000, Currency::EUR)),
            received: Some(Money::new(1_000, Currency::EUR)),
            capturable: Some(Money::new(1_000, Currency::EUR)),
            error_code: None,
            error_message: None,
            action_url: Some("https://x.io".into()),
            method: Some("card".into()),
            metadata: HashMap::new(),
        }
    }

    fn names(commands: &[StepCommand]) -> Vec<&str> {
        commands.iter().map(|command| command.command.as_str()).collect()
    }

    /// Every command that is decided decodes.
    fn check(commands: &[StepCommand]) {
        for command in commands {
            let context = if command.context == "billing" { &domain::billing::CONTEXT } else { &domain::invoicing::CONTEXT };
            let aggregate = context.aggregate(&command.aggregate).expect("the aggregate exists");
            let known = aggregate.commands().iter().find(|def| def.name == command.command).expect("the command exists");
            let schema = (known.schema)(&mut schemars::SchemaGenerator::default());
            let properties = schema.get("properties").and_then(Value::as_object).expect("fields");
            for field in command.body.as_object().expect("a body").keys() {
                assert!(properties.contains_key(field), "{} has no field {field}", command.command);
            }
        }
    }

    #[test]
    fn an_intent_means_what_it_is_now() {
        for (status, expected) in [
            ("succeeded", vec!["capture"]),
            ("requires_capture", vec!["authorize"]),
            ("requires_action", vec!["require-action"]),
            ("requires_payment_method", vec![]),
            ("canceled", vec!["fail"]),
            ("processing", vec![]),
            ("requires_confirmation", vec![]),
            ("something_new", vec![]),
        ] {
            let commands = of_intent("y", &intent(status), None);
            assert_eq!(names(&commands), expected, "{status}");
            check(&commands);
        }
        let declined =
            Intent { error_code: Some("card_declined".into()), error_message: Some("No.\n".into()), ..intent("requires_payment_method") };
        let commands = of_intent("y", &declined, Some(2));
        let expected = json!({ "code": "card_declined", "message": "No.", "external_id": "pi_1", "attempt": 2 });
        assert_eq!((names(&commands), &commands[0].body), (vec!["fail"], &expected));
        check(&commands);
    }

    #[test]
    fn a_refund_keeps_our_id_or_takes_stripes() {
        let refund = |status: &str, ours: Option<&str>| RefundState {
            id: "re_1".into(),
            status: status.into(),
            amount: Some(Money::new(100, Currency::EUR)),
            intent: Some("pi_1".into()),
            failure: None,
            metadata: ours.map(|id| (key::REFUND.to_owned(), id.to_owned())).into_iter().collect(),
        };
        for (status, ours, expected, id) in [
            ("succeeded", Some("r-1"), vec!["complete-refund"], "r-1"),
            ("succeeded", None, vec!["complete-refund"], "re_1"),
            ("failed", Some("r-1"), vec!["fail-refund"], "r-1"),
            ("failed", None, vec!["fail-refund"], "re_1"),
            ("pending", Some("r-1"), vec![], ""),
        ] {
            let commands = of_refund("y", &refund(status, ours));
            assert_eq!(names(&commands), expected, "{status}");
            assert!(commands.iter().all(|command| command.body["refund_id"] == id));
            check(&commands);
        }
    }

    #[test]
    fn an_inquiry_is_no_chargeback() {
        let dispute = |status: &str| DisputeState {
            id: "dp_1".into(),
            status: status.into(),
            reason: "fraudulent".into(),
            amount: Some(Money::new(100, Currency::EUR)),
            intent: Some("pi_1".into()),
        };
        for (status, expected) in [
            ("warning_needs_response", vec![]),
            ("prevented", vec![]),
            ("needs_response", vec!["open-chargeback"]),
            ("under_review", vec!["open-chargeback"]),
            ("won", vec!["open-chargeback", "close-chargeback"]),
            ("lost", vec!["open-chargeback", "close-chargeback"]),
        ] {
            let commands = of_dispute("y", &dispute(status));
            assert_eq!(names(&commands), expected, "{status}");
            check(&commands);
        }
    }

    #[test]
    fn a_subscription_and_a_page_are_told_as_they_stand() {
        let at = DateTime::UNIX_EPOCH;
        let subscription = SubscriptionState {
            id: "sub_1".into(),
            customer: "cus_1".into(),
            status: "active".into(),
            item: Some(("si_1".into(), "price_1".into(), 3)),
            period: Some((at, at)),
            started_at: at,
            trial_end: None,
            cancel_at: None,
            ended_at: None,
            metadata: HashMap::new(),
        };
        let commands = of_subscription("s", "c", "growth", &subscription, at);
        assert_eq!((names(&commands), &commands[0].body["quantity"]), (vec!["sync"], &json!(3)));
        check(&commands);
        assert!(of_subscription("s", "c", "growth", &SubscriptionState { item: None, ..subscription }, at).is_empty());
        let session = |status: &str| SessionState {
            id: "cs_1".into(),
            url: None,
            status: status.into(),
            expires_at: at,
            subscription: Some("sub_1".into()),
            metadata: HashMap::new(),
        };
        for (status, expected) in [("complete", vec!["complete"]), ("expired", vec!["fail"]), ("open", vec![])] {
            let commands = of_session("k", &session(status));
            assert_eq!(names(&commands), expected, "{status}");
            check(&commands);
        }
        check(&[link("c", "cus_1"), unlink("c")]);
    }

    #[test]
    fn a_paid_invoice_is_booked_under_its_number_and_asks_for_nothing() {
        let euro = |minor| Some(Money::new(minor, Currency::EUR));
        let invoice = InvoiceState {
            id: "in_1".into(),
            number: Some("A-0001".into()),
            status: "paid".into(),
            total: euro(5_831),
            tax: euro(931),
            paid: euro(5_831),
            description: Some("1 × Growth".into()),
            subscription: Some("sub_1".into()),
            paid_at: DateTime::UNIX_EPOCH,
        };
        let commands = of_invoice("c", "Acme", &invoice);
        assert_eq!(names(&commands), ["draft", "finalize", "record-payment"]);
        check(&commands);
        let (draft, line) = (&commands[0].body, &commands[0].body["lines"][0]);
        assert_eq!((&draft["number"], &draft["source"]["context"]), (&json!("A-0001"), &json!("stripe")));
        assert_eq!((&line["unit_price"]["amount_minor"], &line["tax_amount"]["amount_minor"]), (&json!(4_900), &json!(931)));
        assert_eq!(commands[2].body["amount"]["amount_minor"], 5_831);
        assert!(of_invoice("c", "Acme", &InvoiceState { total: euro(0), tax: euro(0), paid: euro(0), ..invoice.clone() }).is_empty());
        assert!(of_invoice("c", "Acme", &InvoiceState { status: "open".into(), ..invoice }).is_empty());
    }

    #[test]
    fn texts_of_stripe_fit_our_fields() {
        assert_eq!(bounded("  a\u{0}b\n ", 3).as_deref(), Some("ab"));
        assert_eq!(bounded("äöüß", 2).as_deref(), Some("äö"));
        assert_eq!(bounded(" \n", 10), None);
    }
}
