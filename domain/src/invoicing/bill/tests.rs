//! Given / when / then.

use serde_json::{Value, json};

use super::*;
use crate::kernel::ClaimAction;
use crate::kernel::testing::{Given, assert_examples_decode, given_nothing};

fn euro(amount_minor: i64) -> Value {
    json!({ "amount_minor": amount_minor, "currency": "EUR" })
}

fn line(amount_minor: i64) -> Value {
    json!({ "description": "Cog wheels", "unit_price": euro(amount_minor), "tax_rate_percent": 19 })
}

fn bill(change: &Value) -> Value {
    let mut body = json!({
        "supplier_id": "s-1", "supplier_name": "Brass", "supplier_number": "R 17", "date": "2026-02-20", "due_date": "2026-03-20",
        "currency": "EUR", "lines": [line(10_000)]
    });
    body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    body
}

/// A bill of 119.00 euros.
fn entered() -> Given<Bill> {
    given_nothing::<Bill>().when_json("enter", &bill(&json!({}))).then_accepted()
}

fn approved() -> Given<Bill> {
    entered().when_json("approve", &json!({})).then_accepted()
}

fn payment(amount_minor: i64, reference: &str) -> Value {
    json!({ "amount": euro(amount_minor), "reference": reference })
}

#[test]
fn a_suppliers_number_is_taken_once_and_given_back_with_a_void_bill() {
    let then = given_nothing::<Bill>().when_json("enter", &bill(&json!({})));
    let claims: Vec<_> = then.claims().iter().map(|claim| (claim.action, claim.key.as_str(), claim.field)).collect();
    assert_eq!(claims, [(ClaimAction::Take, "s-1/r 17", "supplier_number")]);
    let then = then.then_accepted().when_json("update", &json!({ "supplier_number": "R 18" }));
    let claims: Vec<_> = then.claims().iter().map(|claim| (claim.action, claim.key.as_str())).collect();
    assert_eq!(claims, [(ClaimAction::Release, "s-1/r 17"), (ClaimAction::Take, "s-1/r 18")]);
    let given = then.then_accepted().when_json("update", &json!({ "supplier_number": "R 18" })).then_nothing();
    let then = given.when_json("void", &json!({ "reason": "not ours" }));
    assert_eq!(then.claims()[0].action, ClaimAction::Release);
    then.then_accepted().when_json("void", &json!({ "reason": "not ours" })).then_nothing();
}

#[test]
fn what_the_bill_says_it_amounts_to_is_checked() {
    let enter = |change: Value| given_nothing::<Bill>().when_json("enter", &bill(&change));
    enter(json!({ "total": euro(11_900) })).then_accepted();
    enter(json!({ "total": euro(11_901) })).then_rejected("invoicing.bill_total_differs");
    let mut stated = line(10_000);
    stated["tax_amount"] = euro(1_901);
    enter(json!({ "lines": [stated], "total": euro(11_901) })).then_accepted();
}

#[test]
fn impossible_bills_are_refused() {
    let enter = |change: Value| given_nothing::<Bill>().when_json("enter", &bill(&change));
    enter(json!({ "due_date": "2026-02-19" })).then_rejected("invoicing.due_before_date");
    enter(json!({ "lines": vec![line(1); 501] })).then_rejected("invoicing.too_many_lines");
    let approve = |lines: Value| enter(json!({ "lines": lines })).then_accepted().when_json("approve", &json!({}));
    approve(json!([])).then_rejected("invoicing.bill_without_lines");
    approve(json!([line(-5)])).then_rejected("invoicing.bill_total_negative");
}

#[test]
fn lines_are_changed_until_the_bill_is_approved() {
    let mut freight = line(1_000);
    freight["line_id"] = json!("freight");
    let given = entered().when_json("add-line", &freight).then_accepted().when_json("add-line", &freight).then_nothing();
    let given = given.when_json("remove-line", &json!({ "line_id": "1" })).then_accepted();
    assert_eq!(given.state().totals.as_ref().unwrap().gross.amount_minor, 1_190);
    let given = given.when_json("update", &json!({ "tax_mode": "inclusive" })).then_accepted();
    assert_eq!(given.state().totals.as_ref().unwrap().gross.amount_minor, 1_000);
    given.when_json("remove-line", &json!({ "line_id": "1" })).then_rejected("invoicing.line_unknown");
    entered().when_json("add-line", &line(1)).then_rejected("invoicing.line_id_missing");
    for (command, body) in [("update", json!({ "note": "x" })), ("add-line", freight), ("remove-line", json!({ "line_id": "1" }))] {
        approved().when_json(command, &body).then_rejected("invoicing.bill_approved");
    }
}

#[test]
fn a_bill_is_approved_once_and_not_while_it_is_disputed() {
    let given = entered().when_json("dispute", &json!({ "reason": "short" })).then_accepted();
    let given = given.when_json("dispute", &json!({ "reason": "short" })).then_nothing();
    let given = given.when_json("settle-dispute", &json!({})).then_accepted().when_json("settle-dispute", &json!({})).then_nothing();
    let given = given.when_json("approve", &json!({})).then_accepted();
    assert_eq!((given.state().status, given.state().open_minor), (BillStatus::Approved, 11_900));
    given.when_json("approve", &json!({})).then_nothing();
    let disputed = || entered().when_json("dispute", &json!({ "reason": "short" })).then_accepted();
    disputed().when_json("approve", &json!({})).then_rejected("invoicing.bill_disputed");
    disputed().when_json("dispute", &json!({ "reason": "late" })).then_rejected("invoicing.bill_disputed_already");
}

#[test]
fn a_bill_is_paid_up_to_what_is_open() {
    let then = approved().when_json("record-payment", &payment(10_000, "p-1"));
    assert_eq!(then.claims()[0].key, "s-1/p-1");
    let given = then.then_accepted();
    assert_eq!((given.state().open_minor, given.state().payment_state()), (1_900, PaymentState::PartiallyPaid));
    let given = given.when_json("record-payment", &payment(10_000, "p-1")).then_nothing();
    let given = given.when_json("record-payment", &payment(1_900, "p-2")).then_accepted();
    assert_eq!(given.state().payment_state(), PaymentState::Paid);
    given.when_json("record-payment", &payment(1, "p-3")).then_rejected("invoicing.more_than_open");
    let paid = approved().when_json("record-payment", &payment(1, "p-1")).then_accepted();
    paid.when_json("record-payment", &payment(2, "p-1")).then_rejected("invoicing.payment_reference_used");
    entered().when_json("record-payment", &payment(1, "p")).then_rejected("invoicing.bill_not_approved");
    let disputed = approved().when_json("dispute", &json!({ "reason": "short" })).then_accepted();
    disputed.when_json("record-payment", &payment(1, "p")).then_rejected("invoicing.bill_disputed");
}

#[test]
fn a_bill_takes_a_bounded_number_of_payments() {
    let cent = |number: usize| payment(1, &format!("p-{number}"));
    let full = (0..ENTRIES_MAX).fold(approved(), |given, number| given.when_json("record-payment", &cent(number)).then_accepted());
    full.when_json("record-payment", &cent(ENTRIES_MAX)).then_rejected("invoicing.too_many_payments");
}

#[test]
fn a_payment_that_comes_back_is_owed_again() {
    let back = json!({ "reference": "p-1", "reason": "account closed" });
    let given = approved().when_json("record-payment", &payment(10_000, "p-1")).then_accepted();
    let given = given.when_json("reverse-payment", &back).then_accepted().when_json("reverse-payment", &back).then_nothing();
    assert_eq!((given.state().open_minor, given.state().payment_state()), (11_900, PaymentState::Unpaid));
    given.when_json("record-payment", &payment(10_000, "p-1")).then_rejected("invoicing.payment_reversed");
    approved().when_json("reverse-payment", &back).then_rejected("invoicing.payment_unknown");
}

#[test]
fn a_credit_note_on_a_bill_that_is_paid_is_owed_to_us_until_it_is_paid_back() {
    let credit = json!({ "reference": "g-1", "amount": euro(1_190) });
    let given = approved().when_json("record-payment", &payment(11_900, "p-1")).then_accepted();
    let given = given.when_json("credit", &credit).then_accepted().when_json("credit", &credit).then_nothing();
    assert_eq!((given.state().open_minor, given.state().payment_state()), (-1_190, PaymentState::Overpaid));
    let given = given.when_json("record-refund", &payment(1_190, "f-1")).then_accepted();
    let given = given.when_json("record-refund", &payment(1_190, "f-1")).then_nothing();
    assert_eq!((given.state().open_minor, given.state().payment_state()), (0, PaymentState::Paid));
    given.when_json("record-refund", &payment(1, "f-1")).then_rejected("invoicing.refund_reference_used");
    approved().when_json("record-refund", &payment(1, "f")).then_rejected("invoicing.more_than_owed");
    let credited = approved().when_json("credit", &credit).then_accepted();
    credited.when_json("credit", &json!({ "reference": "g-1", "amount": euro(1) })).then_rejected("invoicing.credit_reference_used");
    approved().when_json("credit", &json!({ "reference": "g", "amount": euro(11_901) })).then_rejected("invoicing.credit_out_of_range");
}

#[test]
fn a_bill_is_voided_while_nothing_of_it_is_settled() {
    let reason = json!({ "reason": "not ours" });
    let given = approved().when_json("void", &reason).then_accepted();
    assert_eq!((given.state().status, given.state().open_minor), (BillStatus::Voided, 0));
    given.when_json("approve", &json!({})).then_rejected("invoicing.bill_voided");
    let paid = approved().when_json("record-payment", &payment(1, "p")).then_accepted();
    paid.when_json("void", &reason).then_rejected("invoicing.bill_settled");
    let voided = || approved().when_json("void", &reason).then_accepted();
    voided().when_json("dispute", &reason).then_rejected("invoicing.bill_voided");
    voided().when_json("settle-dispute", &json!({})).then_rejected("invoicing.bill_voided");
}

#[test]
fn the_suppliers_data_are_erased_and_the_amounts_stay() {
    let reason = json!({ "reason": "asked" });
    let given = approved().when_json("erase-supplier", &reason).then_accepted();
    assert_eq!(&*given.state().header.as_ref().unwrap().supplier_name, "(erased)");
    given.when_json("erase-supplier", &reason).then_nothing();
    entered().when_json("erase-supplier", &reason).then_rejected("invoicing.bill_not_approved");
}

#[test]
fn the_rows_of_one_bill_become_one_bill() {
    let row = |description: &str| json!({ "supplier_number": "R-9", "supplier_name": "Brass", "date": "2026-02-20", "description": description, "unit_price": euro(1_000) });
    let given =
        given_nothing::<Bill>().when_json("import-line", &row("a")).then_accepted().when_json("import-line", &row("b")).then_accepted();
    assert_eq!(given.state().totals.as_ref().unwrap().gross.amount_minor, 2_000);
    given.when_json("import-line", &row("a")).then_rejected("invoicing.line_repeated");
    let mut named = row("a");
    named["line_id"] = json!("1");
    let given = given_nothing::<Bill>().when_json("import-line", &named).then_accepted().when_json("import-line", &named).then_nothing();
    named["description"] = json!("b");
    given.when_json("import-line", &named).then_rejected("invoicing.line_exists");
}

#[test]
fn examples_decode() {
    assert_examples_decode::<Bill>();
}
