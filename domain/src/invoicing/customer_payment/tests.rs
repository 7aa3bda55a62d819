//! Given / when / then.

use serde_json::{Value, json};

use super::*;
use crate::invoicing::customer_account::CustomerAccount;
use crate::invoicing::invoice::{Customer, Header, InvoiceDrafted, InvoiceEvent, InvoiceFinalized, PaymentRecorded};
use crate::invoicing::lines::{InvoiceLineInput, numbered, totals};
use crate::invoicing::settlement::Settlement;
use crate::invoicing::values::TaxMode;
use crate::kernel::testing::{Given, ID, Then, assert_examples_decode, given_nothing};

fn euro(amount_minor: i64) -> Money {
    Money::new(amount_minor, Currency::EUR)
}

fn day(text: &str) -> Day {
    Day(text.parse().unwrap())
}

/// An invoice of a customer, final, over this amount.
fn invoice(customer_id: &str, total: i64) -> Vec<InvoiceEvent> {
    let line = json!({ "description": "Engine", "unit_price": euro(total) });
    let line = serde_json::from_value::<InvoiceLineInput>(line).unwrap().line(numbered(1), Currency::EUR, TaxMode::Exclusive).unwrap();
    let customer = Customer {
        customer_id: customer_id.into(),
        customer_name: "Ada".to_owned().try_into().unwrap(),
        customer_address: None,
        customer_email: None,
        customer_tax_id: None,
    };
    let (lines, sums) = (vec![line.clone()], totals(&[line], Currency::EUR).unwrap());
    let header = Header {
        customer: customer.clone(),
        currency: Currency::EUR,
        tax_mode: TaxMode::Exclusive,
        series: "default".into(),
        number: None,
        date: None,
        due_date: None,
        payment_terms_days: None,
        purchase_order: None,
        reference: None,
        note: None,
        source: None,
    };
    let finalized = InvoiceFinalized {
        number: "INV-1".parse().unwrap(),
        series: Some("default".into()),
        date: day("2026-02-01"),
        due_date: day("2026-03-01"),
        customer,
        currency: Currency::EUR,
        tax_mode: TaxMode::Exclusive,
        lines: lines.clone(),
        totals: sums.clone(),
        issuer: None,
        purchase_order: None,
        reference: None,
        note: None,
        source: None,
        reminder_days: vec![],
        next_check_at: None,
    };
    vec![InvoiceDrafted { header, lines, totals: sums }.into(), finalized.into()]
}

fn world() -> Given<CustomerPayment> {
    given_nothing::<CustomerPayment>()
        .and::<Invoice>("i-1", invoice("c-1", 100))
        .and::<Invoice>("i-2", invoice("c-1", 50))
        .and::<Invoice>("other", invoice("c-2", 50))
}

fn receive(amount: i64, allocations: &Value) -> Value {
    json!({ "amount": euro(amount), "reference": "p-1", "date": "2026-02-20", "allocations": allocations })
}

fn others(then: &Then<CustomerPayment>) -> Vec<(String, i64)> {
    let amount = |payload: &str| serde_json::from_str::<Value>(payload).unwrap()["amount"]["amount_minor"].as_i64().unwrap();
    then.others().into_iter().map(|(kind, id, name, payload)| (format!("{kind}/{id} {name}"), amount(&payload))).collect()
}

fn credit(amount: i64) -> Vec<customer_account::CustomerAccountEvent> {
    let customer_name: Name = "Ada".to_owned().try_into().unwrap();
    vec![CustomerCreditAdded { customer_name, amount: euro(amount), reason: CreditReason::Unallocated, document_id: ID.into() }.into()]
}

#[test]
fn one_payment_settles_several_invoices_and_the_rest_is_credit() {
    let then = world().when_json("receive", &receive(170, &json!([{ "invoice_id": "i-1" }, { "invoice_id": "i-2", "amount": euro(40) }])));
    assert_eq!((then.claims()[0].scope, then.claims()[0].key.as_str()), (PAYMENT_SCOPE, "c-1/p-1"));
    let expected = [
        ("invoice/i-1 payment_recorded".to_owned(), 100),
        ("invoice/i-2 payment_recorded".to_owned(), 40),
        ("customer-account/c-1 customer_credit_added".to_owned(), 30),
    ];
    assert_eq!(others(&then), expected);
    let given = then.then_accepted();
    assert_eq!((given.state().allocations.len(), given.state().unallocated_minor), (2, 30));
}

#[test]
fn a_payment_before_any_invoice_is_credit() {
    let body = json!({ "amount": euro(70), "reference": "p-1", "customer_id": "c-9", "customer_name": "Eve" });
    let then = given_nothing::<CustomerPayment>().when_json("receive", &body);
    assert_eq!(others(&then), [("customer-account/c-9 customer_credit_added".to_owned(), 70)]);
    let body = json!({ "amount": euro(70), "reference": "p-1", "customer_name": "Eve Ltd." });
    let given = given_nothing::<CustomerPayment>().when_json("receive", &body).then_accepted();
    assert!(given.state().received.as_ref().unwrap().customer_id.starts_with("eve-ltd-"));
}

#[test]
fn impossible_payments_are_refused() {
    let when = |amount, allocations: Value| world().when_json("receive", &receive(amount, &allocations));
    when(10, json!([])).then_rejected("invoicing.customer_missing");
    when(10, json!([{ "invoice_id": "none" }])).then_rejected("invoicing.invoice_unknown");
    when(100, json!([{ "invoice_id": "i-1", "amount": euro(20) }, { "invoice_id": "other" }]))
        .then_rejected("invoicing.invoice_of_another_customer");
    when(100, json!([{ "invoice_id": "i-1" }, { "invoice_id": "i-1" }])).then_rejected("invoicing.already_allocated");
    when(100, json!([{ "invoice_id": "i-1" }, { "invoice_id": "i-2" }])).then_rejected("invoicing.payment_exhausted");
    when(10, json!([{ "invoice_id": "i-1", "amount": euro(11) }])).then_rejected("invoicing.payment_exhausted");
    when(200, json!([{ "invoice_id": "i-2", "amount": euro(51) }])).then_rejected("invoicing.more_than_open");
    when(0, json!([{ "invoice_id": "i-1" }])).then_rejected("invoicing.amount_out_of_range");
    let many: Vec<Value> = (0..101).map(|n| json!({ "invoice_id": format!("i-{n}") })).collect();
    when(10, json!(many)).then_rejected("invoicing.too_many_allocations");
    let dollars = json!({ "amount": { "amount_minor": 5, "currency": "USD" }, "reference": "p", "invoice_id": "i-1" });
    world().when_json("receive", &dollars).then_rejected("invoicing.currency_mismatch");
    let later = json!({ "amount": euro(5), "reference": "p", "invoice_id": "i-1", "date": "2026-03-03" });
    world().when_json("receive", &later).then_rejected("invoicing.day_in_future");
}

#[test]
fn what_was_credit_is_allocated_later_once() {
    let given = world().when_json("receive", &receive(120, &json!([{ "invoice_id": "i-1" }]))).then_accepted();
    let then = given.and::<CustomerAccount>("c-1", credit(20)).when_json("allocate", &json!({ "invoice_id": "i-2" }));
    let expected = [("invoice/i-2 payment_recorded".to_owned(), 20), ("customer-account/c-1 customer_credit_used".to_owned(), 20)];
    assert_eq!(others(&then), expected);
    let given = then.then_accepted();
    assert_eq!(given.state().unallocated_minor, 0);
    let given = given.when_json("allocate", &json!({ "invoice_id": "i-2" })).then_nothing();
    given.when_json("allocate", &json!({ "invoice_id": "i-2", "amount": euro(5) })).then_rejected("invoicing.already_allocated");
}

#[test]
fn credit_that_was_spent_elsewhere_is_neither_allocated_nor_given_back() {
    let received = || world().when_json("receive", &receive(120, &json!([{ "invoice_id": "i-1" }]))).then_accepted();
    let spent = || received().and::<CustomerAccount>("c-1", credit(19));
    spent().when_json("allocate", &json!({ "invoice_id": "i-2" })).then_rejected("invoicing.credit_insufficient");
    spent().when_json("refund", &json!({ "reference": "r-1" })).then_rejected("invoicing.credit_insufficient");
    spent().when_json("reverse", &json!({ "reason": "bounced" })).then_rejected("invoicing.credit_insufficient");
}

#[test]
fn what_is_for_no_invoice_is_given_back_once() {
    let given = world().when_json("receive", &receive(120, &json!([{ "invoice_id": "i-1" }]))).then_accepted();
    let given = given.and::<CustomerAccount>("c-1", credit(20));
    let then = given.when_json("refund", &json!({ "reference": "r-1", "amount": euro(15) }));
    assert_eq!(others(&then), [("customer-account/c-1 customer_credit_used".to_owned(), 15)]);
    let given = then.then_accepted();
    assert_eq!(given.state().unallocated_minor, 5);
    let given = given.when_json("refund", &json!({ "reference": "r-1" })).then_nothing();
    let given = given.when_json("refund", &json!({ "reference": "r-1", "amount": euro(15) })).then_nothing();
    let again = json!({ "reference": "r-1", "amount": euro(14) });
    world_after(given, "refund", &again, "invoicing.refund_reference_used");
    let given = world().when_json("receive", &receive(120, &json!([{ "invoice_id": "i-1" }]))).then_accepted();
    world_after(given, "refund", &json!({ "reference": "r-1", "amount": euro(21) }), "invoicing.payment_exhausted");
}

fn world_after(given: Given<CustomerPayment>, command: &str, body: &Value, code: &str) {
    given.when_json(command, body).then_rejected(code);
}

#[test]
fn a_payment_goes_back_as_a_whole_with_all_its_parts() {
    let given = world().when_json("receive", &receive(120, &json!([{ "invoice_id": "i-1" }]))).then_accepted();
    let part = PaymentRecorded {
        payment_id: ID.into(),
        customer_payment_id: Some(ID.into()),
        number: "INV-1".parse().unwrap(),
        customer_id: "c-1".into(),
        customer_name: "Ada".to_owned().try_into().unwrap(),
        amount: euro(100),
        settlement: Settlement::of(100, 100, 0, Currency::EUR),
        method: PaymentMethod::BankTransfer,
        date: day("2026-02-20"),
        reference: "p-1".to_owned().try_into().unwrap(),
        balance: euro(0),
        source: None,
    };
    let mut paid = invoice("c-1", 100);
    paid.push(part.into());
    let then =
        given.and::<Invoice>("i-1", paid).and::<CustomerAccount>("c-1", credit(20)).when_json("reverse", &json!({ "reason": "bounced" }));
    let expected = [("invoice/i-1 payment_reversed".to_owned(), 100), ("customer-account/c-1 customer_credit_used".to_owned(), 20)];
    assert_eq!(others(&then), expected);
    let given = then.then_accepted().when_json("reverse", &json!({ "reason": "bounced" })).then_nothing();
    given.when_json("allocate", &json!({ "invoice_id": "i-2" })).then_rejected("invoicing.payment_reversed");
}

#[test]
fn a_payment_of_which_a_part_was_given_back_is_not_reversed() {
    let given = world().when_json("receive", &receive(120, &json!([{ "invoice_id": "i-1" }]))).then_accepted();
    let given = given.and::<CustomerAccount>("c-1", credit(20)).when_json("refund", &json!({ "reference": "r-1" })).then_accepted();
    given.when_json("reverse", &json!({ "reason": "bounced" })).then_rejected("invoicing.payment_refunded");
}

#[test]
fn the_payers_name_is_erased_once() {
    let given = world().when_json("receive", &receive(100, &json!([{ "invoice_id": "i-1" }]))).then_accepted();
    let given = given.when_json("erase-customer", &json!({ "reason": "asked" })).then_accepted();
    assert_eq!(&*given.state().received.as_ref().unwrap().customer_name, "(erased)");
    given.when_json("erase-customer", &json!({ "reason": "asked" })).then_nothing();
}

#[test]
fn examples_decode() {
    assert_examples_decode::<CustomerPayment>();
}
