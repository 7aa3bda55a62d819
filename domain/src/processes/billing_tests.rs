//! What follows from billing's events, and from those of invoices for subscriptions.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use uuid::Uuid;

use super::PROCESSES;
use crate::billing::CONTEXT;
use crate::billing::payment::PaymentCommand;
use crate::kernel::{Action, CommandSet as _, RecordedEvent, Step, TenantId};

fn event(context: &str, aggregate: &str, id: &str, event_type: &str, payload: &Value) -> RecordedEvent {
    RecordedEvent {
        context: context.to_owned(),
        partition: 0,
        position: 1,
        event_id: Uuid::from_u128(0x0197),
        tenant_id: TenantId(Uuid::from_u128(7)),
        aggregate_type: aggregate.to_owned(),
        aggregate_id: id.to_owned(),
        sequence: 1,
        event_type: event_type.to_owned(),
        event_version: "1".to_owned(),
        payload: payload.to_string(),
        metadata: "{}".to_owned(),
        recorded_at: "2026-03-01T00:00:00Z".parse().unwrap(),
    }
}

/// The steps of one process; each is checked to name a command or an effect that exists.
fn steps(process: &str, event: &RecordedEvent) -> Vec<Step> {
    let def = PROCESSES.iter().find(|def| def.name == process).unwrap();
    let steps = (def.react)(event).unwrap();
    let wire = format!("{}.{}", event.context, event.event_type);
    assert!(steps.is_empty() || def.reacts_to.contains(&wire.as_str()), "{process} does not say that it reacts to {wire}");
    assert_eq!((def.react)(event).unwrap(), steps, "the same event leads to the same steps");
    let names: BTreeSet<_> = steps.iter().map(|step| step.name).collect();
    assert_eq!(names.len(), steps.len(), "steps are told apart");
    for step in &steps {
        if let Action::Command(command) = &step.action
            && command.context == "billing"
        {
            let aggregate = CONTEXT.aggregate(&command.aggregate).expect("the aggregate exists");
            assert!(aggregate.commands().iter().any(|known| known.name == command.command), "{command:?}");
        }
    }
    steps
}

/// Context, aggregate, id, command and body of the only step.
fn only(process: &str, event: &RecordedEvent) -> (String, Value) {
    let [step] = <[Step; 1]>::try_from(steps(process, event)).expect("one step");
    match step.action {
        Action::Command(c) => (format!("{}/{}/{}/{}", c.context, c.aggregate, c.id, c.command), c.body),
        Action::Effect { name, body } => (name.to_owned(), body),
    }
}

fn money(minor: i64) -> Value {
    json!({ "amount_minor": minor, "currency": "EUR" })
}

fn bill(total: i64) -> Value {
    let service = json!({ "start": "2026-03-01T00:00:00Z", "end": "2026-04-01T00:00:00Z" });
    json!({
        "bill_id": "s-1-2026-03-01", "kind": "recurring", "period": service, "anchor": "2026-03-01T00:00:00Z", "number": 0,
        "customer_id": "c-1", "customer_name": "Acme", "plan_id": "growth", "plan_version": 1, "plan_name": "Growth",
        "lines": [
            { "kind": "usage", "description": "Calls", "quantity": "120.50", "amount": money(241), "service": service, "tax_rate_percent": "19" },
            { "kind": "flat", "description": "Growth", "quantity": "1", "amount": money(total - 241), "service": service }
        ],
        "total": money(total), "credit_left_minor": 0, "net_days": 14, "recurring": { "before_minor": 0, "after_minor": 3_000 },
        "billed_at": "2026-03-01T00:00:01Z"
    })
}

#[test]
fn a_billed_period_is_invoiced_under_its_own_id() {
    let event = event("billing", "subscription", "s-1", "subscription_period_billed", &bill(3_241));
    let steps = steps("billing.invoice", &event);
    let commands: Vec<_> = steps
        .iter()
        .map(|step| match &step.action {
            Action::Command(c) => (c.context.as_str(), c.aggregate.as_str(), c.id.as_str(), c.command.as_str()),
            Action::Effect { .. } => panic!("a command"),
        })
        .collect();
    let invoice = |command| ("invoicing", "invoice", "s-1-2026-03-01", command);
    assert_eq!(commands, [invoice("draft"), invoice("finalize")]);
    assert!(steps.iter().all(|step| step.lane == "s-1"), "an invoice is finalised after it was drafted");
    let Action::Command(draft) = &steps[0].action else { panic!("a command") };
    assert_eq!(draft.body["source"], json!({ "context": "billing", "id": "s-1-2026-03-01", "reference": "s-1" }));
    assert_eq!(draft.body["due_date"], "2026-03-15");
    assert_eq!(
        draft.body["lines"],
        json!([
            {
                "description": "120.5 × Calls, 2026-03-01 to 2026-03-31", "quantity": "1", "unit_price": money(241),
                "revenue_role": "service_revenue", "tax_rate_percent": "19"
            },
            { "description": "Growth, 2026-03-01 to 2026-03-31", "quantity": "1", "unit_price": money(3_000), "revenue_role": "service_revenue" }
        ])
    );
}

#[test]
fn a_bill_of_nothing_and_a_customer_without_tax_are_invoiced_as_such() {
    let nothing = event("billing", "subscription", "s-1", "subscription_period_billed", &bill(0));
    assert_eq!(steps("billing.invoice", &nothing), []);
    let mut exempt = bill(3_241);
    exempt["tax_exempt"] = json!(true);
    let steps = steps("billing.invoice", &event("billing", "subscription", "s-1", "subscription_period_billed", &exempt));
    let Action::Command(draft) = &steps[0].action else { panic!("a command") };
    assert_eq!(draft.body["lines"][0].get("tax_rate_percent"), None);
}

fn invoice(fields: &Value) -> Value {
    let mut invoice = json!({
        "number": "R-7", "customer_id": "c-1", "due_date": "2026-03-15", "totals": { "gross": money(3_857) },
        "source": { "context": "billing", "id": "s-1-2026-03-01", "reference": "s-1" }
    });
    for (name, value) in fields.as_object().unwrap() {
        invoice[name] = value.clone();
    }
    invoice
}

fn of_invoice(event_type: &str, fields: &Value) -> RecordedEvent {
    event("invoicing", "invoice", "s-1-2026-03-01", event_type, &invoice(fields))
}

#[test]
fn an_invoice_for_a_subscription_asks_for_its_payment_once() {
    let (command, body) = only("billing.charge", &of_invoice("invoice_finalized", &json!({})));
    assert_eq!(command, "billing/payment/s-1-2026-03-01/request");
    let expected = json!({
        "customer_id": "c-1", "amount": money(3_857), "subscription_id": "s-1", "invoice_id": "s-1-2026-03-01", "reference": "R-7",
        "due_on": "2026-03-15"
    });
    assert_eq!(body, expected);
    assert!(PaymentCommand::decode("request", body.to_string().as_bytes()).is_ok());
}

#[test]
fn other_invoices_ask_for_nothing() {
    for source in [Value::Null, json!({ "context": "commerce", "id": "o-1", "reference": "o-1" })] {
        assert_eq!(steps("billing.charge", &of_invoice("invoice_finalized", &json!({ "source": source }))), []);
    }
    assert_eq!(steps("billing.charge", &of_invoice("invoice_finalized", &json!({ "totals": { "gross": money(0) } }))), []);
    let def = PROCESSES.iter().find(|def| def.name == "billing.charge").unwrap();
    assert!((def.react)(&of_invoice("invoice_finalized", &json!({ "totals": {} }))).is_err(), "what cannot be read is not passed over");
}

#[test]
fn an_invoice_that_is_voided_or_paid_elsewhere_ends_the_payment() {
    let owed = |event_type: &str, fields: Value| {
        let (command, body) = only("billing.charge", &of_invoice(event_type, &fields));
        assert_eq!(command, "billing/payment/s-1-2026-03-01/adjust");
        assert!(PaymentCommand::decode("adjust", body.to_string().as_bytes()).is_ok());
        body["amount"].clone()
    };
    assert_eq!(owed("invoice_voided", json!({})), money(0));
    assert_eq!(owed("invoice_written_off", json!({ "amount": money(12) })), money(0));
    assert_eq!(owed("payment_recorded", json!({ "balance": money(5) })), money(5));
    assert_eq!(owed("payment_reversed", json!({ "balance": money(7) })), money(7));
    assert_eq!(owed("credit_applied", json!({ "balance": money(0) })), money(0));
    assert_eq!(owed("invoice_credited", json!({ "balance": money(3), "applied": money(9) })), money(3));
    let after_payment = json!({ "balance": money(0), "applied": money(0) });
    assert_eq!(steps("billing.charge", &of_invoice("invoice_credited", &after_payment)), [], "it becomes credit");
    let (command, body) = only("billing.charge", &of_invoice("payment_recorded", &json!({ "balance": money(0) })));
    assert_eq!((command.as_str(), &body["recorded"]), ("billing/payment/s-1-2026-03-01/capture", &json!(true)));
}

fn captured(fields: &Value) -> RecordedEvent {
    let mut payload = json!({
        "amount": money(3_857), "method": "card", "external_id": "pi_1", "captured_at": "2026-03-02T10:00:00Z", "customer_id": "c-1",
        "subscription_id": "s-1", "invoice_id": "s-1-2026-03-01"
    });
    for (name, value) in fields.as_object().unwrap() {
        payload[name] = value.clone();
    }
    event("billing", "payment", "s-1-2026-03-01", "payment_captured", &payload)
}

#[test]
fn a_captured_payment_is_recorded_on_its_invoice_unless_it_is_there_already() {
    let (command, body) = only("billing.settle", &captured(&json!({})));
    assert_eq!(command, "invoicing/invoice/s-1-2026-03-01/record-payment");
    assert_eq!(body, json!({ "amount": money(3_857), "date": "2026-03-02", "method": "card", "reference": "s-1-2026-03-01" }));
    assert_eq!(steps("billing.settle", &captured(&json!({ "recorded": true }))), []);
    let (command, body) = only("billing.settle", &captured(&json!({ "invoice_id": null, "customer_name": "Acme" })));
    assert_eq!(command, format!("invoicing/customer-payment/{}/receive", Uuid::from_u128(0x0197)), "it is the customer's credit");
    assert_eq!((&body["customer_id"], &body["customer_name"]), (&json!("c-1"), &json!("Acme")));
}

#[test]
fn money_that_goes_back_is_told_to_invoicing() {
    let id = Uuid::from_u128(0x0197);
    let refunded = |invoice: Value| {
        json!({
            "refund_id": "r-1", "amount": money(500), "customer_id": "c-1", "invoice_id": invoice, "refunded_at": "2026-03-02T10:00:00Z",
            "method": "card"
        })
    };
    let of = |payload: Value| only("billing.settle", &event("billing", "payment", "p-1", "refund_completed", &payload));
    let (command, body) = of(refunded(json!("i-1")));
    assert_eq!(command, "invoicing/invoice/i-1/refund-payment");
    let reference = format!("r-1 {id}");
    let expected = json!({ "amount": money(500), "date": "2026-03-02", "method": "card", "reference": reference, "reason": "Refund" });
    assert_eq!(body, expected);
    let (command, body) = of(refunded(Value::Null));
    assert_eq!(command, "invoicing/customer-account/c-1/refund-credit");
    assert_eq!(body, json!({ "amount": money(500), "date": "2026-03-02", "method": "card", "reference": reference }));
    let closed = |outcome: &str| {
        let payload = json!({ "dispute_id": "dp_1", "outcome": outcome, "amount": money(500), "customer_id": "c-1", "invoice_id": "i-1" });
        steps("billing.settle", &event("billing", "payment", "p-1", "chargeback_closed", &payload)).len()
    };
    assert_eq!((closed("lost"), closed("won")), (1, 0));
    let long = "r".repeat(128);
    let mut named = refunded(json!("i-1"));
    named["refund_id"] = json!(long);
    assert!(of(named).1["reference"].as_str().unwrap().chars().count() <= 140, "it fits a reference of invoicing");
}

#[test]
fn a_refund_that_comes_back_is_recorded_and_one_that_never_went_is_not() {
    let failed = |came_back: bool, invoice: Value| {
        let payload = json!({
            "refund_id": "r-1", "amount": money(500), "reason": "closed", "came_back": came_back, "customer_id": "c-1",
            "customer_name": "Acme", "invoice_id": invoice, "failed_at": "2026-03-05T10:00:00Z"
        });
        event("billing", "payment", "p-1", "refund_failed", &payload)
    };
    assert_eq!(only("billing.settle", &failed(true, json!("i-1"))).0, "invoicing/invoice/i-1/record-payment");
    let (command, body) = only("billing.settle", &failed(true, Value::Null));
    assert_eq!(command, format!("invoicing/customer-payment/{}/receive", Uuid::from_u128(0x0197)));
    assert_eq!((&body["customer_id"], &body["customer_name"], &body["method"]), (&json!("c-1"), &json!("Acme"), &json!("other")));
    assert_eq!(steps("billing.settle", &failed(false, json!("i-1"))), []);
}

#[test]
fn payments_go_to_the_provider_with_all_that_it_needs() {
    let requested = json!({
        "customer_id": "c-1", "customer_name": "Acme", "external_customer": "cus_1", "amount": money(3_857), "reference": "R-7",
        "due_on": "2026-03-15", "due_at": "2026-03-16T00:00:00Z", "capture": "automatic"
    });
    let (effect, body) = only("billing.collect", &event("billing", "payment", "p-1", "payment_requested", &requested));
    assert_eq!(effect, "stripe.charge");
    let expected = json!({
        "payment_id": "p-1", "attempt": 1, "customer_id": "c-1", "external_customer": "cus_1", "external_id": null, "amount": money(3_857),
        "reference": "R-7", "capture": "automatic"
    });
    assert_eq!(body, expected);
    let dunned = json!({
        "step": 1, "attempt": 2, "next_at": "2026-03-20T00:00:00Z", "amount": money(3_857), "customer_id": "c-1", "external_id": "pi_1",
        "capture": "automatic"
    });
    let (effect, body) = only("billing.collect", &event("billing", "payment", "p-1", "payment_dunned", &dunned));
    assert_eq!((effect.as_str(), &body["attempt"], &body["external_id"]), ("stripe.charge", &json!(2), &json!("pi_1")));
    let capture = json!({ "external_id": "pi_1", "amount": money(100) });
    assert_eq!(only("billing.collect", &event("billing", "payment", "p-1", "payment_capture_requested", &capture)).0, "stripe.capture");
    let refund = json!({ "refund_id": "r-1", "amount": money(100), "external_id": "pi_1" });
    assert_eq!(only("billing.collect", &event("billing", "payment", "p-1", "refund_requested", &refund)).0, "stripe.refund");
    assert_eq!(
        only("billing.collect", &event("billing", "payment", "p-1", "payment_voided", &json!({ "external_id": "pi_1" }))).0,
        "stripe.void"
    );
    assert_eq!(only("billing.collect", &event("billing", "payment", "p-1", "payment_voided", &json!({}))).0, "stripe.void");
    assert_eq!(only("billing.collect", &captured(&json!({ "recorded": true }))).0, "stripe.void", "paid otherwise");
    assert_eq!(steps("billing.collect", &captured(&json!({}))), []);
    let adjusted = json!({ "amount": money(100), "before": money(200) });
    assert_eq!(only("billing.collect", &event("billing", "payment", "p-1", "payment_adjusted", &adjusted)).0, "stripe.adjust");
}

#[test]
fn the_provider_is_told_of_customers_plans_and_changes() {
    let of = |aggregate: &str, event_type: &str, payload: &Value| {
        only("billing.provider", &event("billing", aggregate, "x", event_type, payload))
    };
    let (effect, body) = of("customer", "customer_registered", &json!({ "profile": { "name": "Acme", "tax_exempt": false } }));
    assert_eq!((effect.as_str(), &body["profile"]["name"]), ("stripe.customer", &json!("Acme")));
    let (_, body) = of("customer", "customer_erased", &json!({ "reason": "request", "external_ids": { "stripe": "cus_1" } }));
    assert_eq!((&body["profile"], &body["external_ids"]["stripe"]), (&Value::Null, &json!("cus_1")));
    let terms = json!({ "name": "Growth", "interval": { "unit": "month", "count": 1 }, "price": money(9_900), "trial_days": 0 });
    let (effect, body) = of("plan", "plan_published", &json!({ "version": 2, "terms": terms }));
    assert_eq!((effect.as_str(), &body["version"], &body["price"]), ("stripe.price", &json!(2), &money(9_900)));
    assert_eq!(of("plan", "plan_retired", &json!({ "version": 2 })).0, "stripe.retire_price");
    let opened = json!({ "purpose": { "kind": "portal" }, "customer_id": "c-1" });
    assert_eq!(of("checkout", "checkout_opened", &opened).1["checkout_id"], "x");
    let asked = json!({ "external_id": "sub_1", "change": "cancel_at_period_end" });
    let (effect, body) = of("subscription", "subscription_provider_change_requested", &asked);
    assert_eq!(
        (effect.as_str(), &body["change"], &body["subscription_id"]),
        ("stripe.subscription", &json!("cancel_at_period_end"), &json!("x"))
    );
}
