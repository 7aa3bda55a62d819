//! Given / when / then.

mod back;

use serde_json::{Value, json};

use super::*;
use crate::invoicing::customer_account::{CreditReason, CustomerAccount, CustomerCreditAdded};
use crate::invoicing::issuer::{Issuer, IssuerDefined};
use crate::invoicing::number_series::{NUMBER_SCOPE, NumberSeries, PREFIX_SCOPE};
use crate::invoicing::values::Name;
use crate::kernel::ClaimAction;
use crate::kernel::testing::{Given, ID, assert_examples_decode, given_nothing};

fn euro(amount_minor: i64) -> Value {
    json!({ "amount_minor": amount_minor, "currency": "EUR" })
}

fn line(amount_minor: i64) -> Value {
    json!({ "description": "Engine", "unit_price": euro(amount_minor), "tax_rate_percent": 19 })
}

fn draft(lines: &[Value]) -> Value {
    json!({ "customer_id": "c-1", "customer_name": "Ada", "currency": "EUR", "lines": lines })
}

/// A draft of 100.00 and 50.00 euros, and 19 % on top: 178.50.
fn drafted() -> Given<Invoice> {
    given_nothing::<Invoice>().when_json("draft", &draft(&[line(10_000), line(5_000)])).then_accepted()
}

/// The same, final on 2026-02-01 and due on 2026-02-15.
fn finalized() -> Given<Invoice> {
    let terms = drafted().when_json("update", &json!({ "payment_terms_days": 14 })).then_accepted();
    terms.when_json("finalize", &json!({ "date": "2026-02-01" })).then_accepted()
}

fn paid(amount_minor: i64) -> Value {
    json!({ "amount": euro(amount_minor), "reference": "p-1", "date": "2026-02-10" })
}

fn with_credit(given: Given<Invoice>, amount_minor: i64) -> Given<Invoice> {
    let customer_name = Name::try_from("Ada".to_owned()).unwrap();
    let amount = Money::new(amount_minor, Currency::EUR);
    let added = CustomerCreditAdded { customer_name, amount, reason: CreditReason::Overpayment, document_id: "i".into() };
    given.and::<CustomerAccount>("c-1", [added.into()])
}

/// The one event of the last decision.
fn only<T: Clone>(events: &[T]) -> T {
    let [event] = events else { panic!("one event is expected") };
    event.clone()
}

/// The events for other aggregates, as type, id, name and the payload's fields.
fn others(then: &crate::kernel::testing::Then<Invoice>) -> Vec<(String, Value)> {
    then.others()
        .into_iter()
        .map(|(kind, id, name, payload)| (format!("{kind}/{id} {name}"), serde_json::from_str(&payload).unwrap()))
        .collect()
}

fn amounts(totals: &Totals) -> [i64; 3] {
    [totals.net, totals.tax, totals.gross].map(|money| money.amount_minor)
}

fn parts(settlement: &Settlement) -> [i64; 3] {
    [settlement.applied, settlement.recovered, settlement.excess].map(|money| money.amount_minor)
}

// ---------------------------------------------------------------------------------------------------------- drafts

#[test]
fn a_draft_has_numbered_lines_with_their_amounts() {
    let given = drafted();
    let invoice = given.state();
    let lines: Vec<_> = invoice.lines.iter().map(|line| (line.line_id.as_str(), line.net.amount_minor, line.tax.amount_minor)).collect();
    assert_eq!(lines, [("1", 10_000, 1_900), ("2", 5_000, 950)]);
    assert_eq!(amounts(invoice.totals.as_ref().unwrap()), [15_000, 2_850, 17_850]);
    assert_eq!((invoice.status, invoice.open_minor), (InvoiceStatus::Draft, 0));
}

#[test]
fn a_line_is_added_once_and_removed_once() {
    let mut freight = line(1_000);
    freight["line_id"] = json!("freight");
    let given = drafted().when_json("add-line", &freight).then_accepted();
    assert_eq!(amounts(given.state().totals.as_ref().unwrap()), [16_000, 3_040, 19_040]);
    let given = given.when_json("add-line", &freight).then_nothing();
    let mut dearer = freight.clone();
    dearer["unit_price"] = euro(2_000);
    given.when_json("add-line", &dearer).then_rejected("invoicing.line_exists");
    drafted().when_json("add-line", &line(1)).then_rejected("invoicing.line_id_missing");
    let removed = drafted().when_json("remove-line", &json!({ "line_id": "2" })).then_accepted();
    assert_eq!(amounts(removed.state().totals.as_ref().unwrap()), [10_000, 1_900, 11_900]);
    removed.when_json("remove-line", &json!({ "line_id": "2" })).then_rejected("invoicing.line_unknown");
}

#[test]
fn another_tax_mode_gives_the_same_prices_another_meaning() {
    let given = drafted().when_json("update", &json!({ "tax_mode": "inclusive" })).then_accepted();
    assert_eq!(amounts(given.state().totals.as_ref().unwrap()), [12_605, 2_395, 15_000]);
    let given = given.when_json("update", &json!({ "tax_mode": "inclusive" })).then_nothing();
    let given = given.when_json("update", &json!({ "tax_mode": "exclusive" })).then_accepted();
    assert_eq!(amounts(given.state().totals.as_ref().unwrap()), [15_000, 2_850, 17_850]);
}

#[test]
fn an_update_changes_only_what_it_names() {
    let given = drafted().when_json("update", &json!({ "purchase_order": "PO 1", "customer_email": "ada@x.io" })).then_accepted();
    let given = given.when_json("update", &json!({ "customer_email": null })).then_accepted();
    let header = given.state().header.clone().unwrap();
    assert_eq!((header.purchase_order.as_deref(), header.customer.customer_email), (Some("PO 1"), None));
    given.when_json("update", &json!({ "currency": "USD" })).then_rejected("invoicing.currency_of_lines");
    let empty = given_nothing::<Invoice>().when_json("draft", &draft(&[])).then_accepted();
    empty.when_json("update", &json!({ "currency": "USD" })).then_accepted();
}

#[test]
fn impossible_drafts_are_refused() {
    let when = |change: Value| {
        let mut body = draft(&[line(100)]);
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        given_nothing::<Invoice>().when_json("draft", &body)
    };
    let with = |change: Value| {
        let mut changed = line(100);
        changed.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        when(json!({ "lines": [changed] }))
    };
    when(json!({ "series": "none" })).then_rejected("invoicing.series_unknown");
    when(json!({ "payment_terms_days": 366 })).then_rejected("invoicing.payment_terms_invalid");
    when(json!({ "currency": "USD" })).then_rejected("invoicing.currency_mismatch");
    when(json!({ "lines": vec![line(1); 501] })).then_rejected("invoicing.too_many_lines");
    with(json!({ "quantity": 0 })).then_rejected("invoicing.quantity_missing");
    with(json!({ "tax_category": "exempt" })).then_rejected("invoicing.tax_rate_invalid");
    with(json!({ "tax_rate_percent": 0, "tax_category": "standard" })).then_rejected("invoicing.tax_rate_invalid");
    with(json!({ "tax_amount": euro(5) })).then_rejected("invoicing.tax_amount_not_allowed");
    with(json!({ "discount": { "amount": euro(101) } })).then_rejected("invoicing.discount_out_of_range");
    with(json!({ "quantity": 999_999_999, "unit_price": euro(999_999_999_999) })).then_rejected("invoicing.amount_too_large");
    let twice: Vec<Value> = ["a", "a"].map(|id| json!({ "line_id": id, "description": "x", "unit_price": euro(1) })).to_vec();
    when(json!({ "lines": twice })).then_rejected("invoicing.line_exists");
}

#[test]
fn a_draft_is_discarded_and_then_over() {
    let given = drafted().when_json("discard", &json!({})).then([InvoiceDiscarded { reason: None }.into()]);
    let given = given.when_json("discard", &json!({ "reason": "again" })).then_nothing();
    given.when_json("finalize", &json!({})).then_rejected("invoicing.invoice_discarded");
    finalized().when_json("discard", &json!({})).then_rejected("invoicing.invoice_final");
}

#[test]
fn a_number_of_another_system_is_kept_and_given_back_with_the_draft() {
    let mut body = draft(&[line(100)]);
    body["number"] = json!("A-17");
    let then = given_nothing::<Invoice>().when_json("draft", &body);
    assert_eq!((then.claims()[0].scope, then.claims()[0].key.as_str()), (NUMBER_SCOPE, "a-17"));
    let given = then.then_accepted();
    let then = given.when_json("finalize", &json!({}));
    assert!(then.others().is_empty(), "no series is asked for a number");
    assert_eq!(then.then_accepted().state().issued.as_ref().unwrap().number.as_str(), "A-17");
    let discarded = given_nothing::<Invoice>().when_json("draft", &body).then_accepted().when_json("discard", &json!({}));
    assert_eq!(discarded.claims()[0].action, ClaimAction::Release);
}

// ---------------------------------------------------------------------------------------------------------- final

#[test]
fn finalising_takes_a_number_and_freezes_the_lines() {
    let then = drafted().when_json("finalize", &json!({ "date": "2026-02-01" }));
    let claims: Vec<_> =
        then.claims().iter().map(|claim| (claim.action, claim.scope, claim.key.as_str(), claim.holder.as_deref())).collect();
    let expected =
        [(ClaimAction::TakeIfFree, PREFIX_SCOPE, "inv-", Some("default")), (ClaimAction::Take, NUMBER_SCOPE, "inv-0001", Some(ID))];
    assert_eq!(claims, expected);
    let (name, taken) = only(&others(&then));
    assert_eq!(
        (name.as_str(), &taken["sequence"], &taken["number"]),
        ("number-series/default number_taken", &json!(1), &json!("INV-0001"))
    );
    let given = then.then_accepted();
    let issued = given.state().issued.clone().unwrap();
    assert_eq!(
        (issued.number.as_str(), issued.date.0.to_string(), issued.due_date.0.to_string()),
        ("INV-0001", "2026-02-01".into(), "2026-03-03".into())
    );
    assert_eq!((given.state().open_minor, given.state().payment_state()), (17_850, PaymentState::Unpaid));
    let given =
        given.when_json("finalize", &json!({})).then_nothing().when_json("finalize", &json!({ "date": "2026-02-01" })).then_nothing();
    given.when_json("finalize", &json!({ "date": "2026-02-02" })).then_rejected("invoicing.invoice_final");
    let final_only = [("update", json!({ "note": "x" })), ("add-line", line(1)), ("remove-line", json!({ "line_id": "1" }))];
    for (command, body) in final_only {
        finalized().when_json(command, &body).then_rejected("invoicing.invoice_final");
    }
}

#[test]
fn what_the_issuer_says_stands_on_the_invoice() {
    let facts: IssuerFacts = serde_json::from_value(json!({ "name": "Engines Ltd." })).unwrap();
    let defined = IssuerDefined { facts: facts.clone(), payment_terms_days: 10, reminder_days: vec![3] };
    let given =
        drafted().and::<Issuer>("default", [defined.into()]).when_json("finalize", &json!({ "date": "2026-02-01" })).then_accepted();
    let issued = given.state().issued.clone().unwrap();
    assert_eq!((issued.issuer, issued.due_date.0.to_string(), issued.reminder_days), (Some(facts), "2026-02-11".to_owned(), vec![3]));
}

#[test]
fn impossible_invoices_do_not_become_final() {
    let empty = given_nothing::<Invoice>().when_json("draft", &draft(&[])).then_accepted();
    empty.when_json("finalize", &json!({})).then_rejected("invoicing.invoice_without_lines");
    let negative = given_nothing::<Invoice>().when_json("draft", &draft(&[line(-1)])).then_accepted();
    negative.when_json("finalize", &json!({})).then_rejected("invoicing.total_negative");
    drafted().when_json("finalize", &json!({ "date": "2026-03-03" })).then_rejected("invoicing.day_in_future");
    let due = drafted().when_json("update", &json!({ "due_date": "2026-01-31" })).then_accepted();
    due.when_json("finalize", &json!({ "date": "2026-02-01" })).then_rejected("invoicing.due_before_date");
    let retired = drafted().and::<NumberSeries>("default", [crate::invoicing::number_series::NumberSeriesRetired {}.into()]);
    retired.when_json("finalize", &json!({})).then_rejected("invoicing.series_retired");
}

#[test]
fn an_invoice_of_nothing_is_paid_as_it_is() {
    let given = given_nothing::<Invoice>().when_json("draft", &draft(&[line(0)])).then_accepted();
    let given = given.when_json("finalize", &json!({})).then_accepted();
    assert_eq!(given.state().payment_state(), PaymentState::Paid);
    given.at("2027-01-01T00:00:00Z").when_json("check-due", &json!({})).then_nothing();
}

// ------------------------------------------------------------------------------------------------------- payments

#[test]
fn a_payment_settles_what_is_open_once() {
    let then = finalized().when_json("record-payment", &paid(10_000));
    assert_eq!((then.claims()[0].scope, then.claims()[0].key.as_str()), (PAYMENT_SCOPE, "c-1/p-1"));
    assert!(then.others().is_empty());
    let given = then.then_accepted();
    assert_eq!((given.state().open_minor, given.state().payment_state()), (7_850, PaymentState::PartiallyPaid));
    let given = given.when_json("record-payment", &paid(10_000)).then_nothing();
    let mut second = paid(7_850);
    second["reference"] = json!("p-2");
    let given = given.when_json("record-payment", &second).then_accepted();
    assert_eq!((given.state().open_minor, given.state().payment_state()), (0, PaymentState::Paid));
    finalized()
        .when_json("record-payment", &paid(1))
        .then_accepted()
        .when_json("record-payment", &paid(2))
        .then_rejected("invoicing.payment_reference_used");
}

#[test]
fn what_is_paid_in_excess_becomes_the_customers_credit() {
    let then = finalized().when_json("record-payment", &paid(20_000));
    let (name, added) = only(&others(&then));
    assert_eq!(name, "customer-account/c-1 customer_credit_added");
    assert_eq!((&added["amount"], &added["reason"]), (&euro(2_150), &json!("overpayment")));
    let given = then.then_accepted();
    assert_eq!(parts(&given.state().payments[0].settlement), [17_850, 0, 2_150]);
    assert_eq!((given.state().open_minor, given.state().payment_state()), (0, PaymentState::Overpaid));
}

#[test]
fn an_invoice_takes_a_bounded_number_of_payments() {
    let cent = |number: usize| json!({ "amount": euro(1), "reference": format!("p-{number}") });
    let full = (0..ENTRIES_MAX).fold(finalized(), |given, number| given.when_json("record-payment", &cent(number)).then_accepted());
    full.when_json("record-payment", &cent(ENTRIES_MAX)).then_rejected("invoicing.too_many_payments");
}

#[test]
fn a_payment_is_refused_where_nothing_is_owed() {
    drafted().when_json("record-payment", &paid(1)).then_rejected("invoicing.invoice_draft");
    finalized().when_json("record-payment", &paid(0)).then_rejected("invoicing.amount_out_of_range");
    let dollars = json!({ "amount": { "amount_minor": 5, "currency": "USD" }, "reference": "p" });
    finalized().when_json("record-payment", &dollars).then_rejected("invoicing.currency_mismatch");
    let later = json!({ "amount": euro(5), "reference": "p", "date": "2026-03-03" });
    finalized().when_json("record-payment", &later).then_rejected("invoicing.day_in_future");
}

#[test]
fn a_payment_that_goes_back_is_owed_again_and_takes_its_excess_along() {
    let back = json!({ "reference": "p-1", "reason": "bounced" });
    let given = with_credit(finalized().when_json("record-payment", &paid(20_000)).then_accepted(), 2_150);
    let then = given.when_json("reverse-payment", &back);
    let (name, used) = only(&others(&then));
    assert_eq!(
        (name.as_str(), &used["amount"], &used["reason"]),
        ("customer-account/c-1 customer_credit_used", &euro(2_150), &json!("reversal"))
    );
    let given = then.then_accepted();
    assert_eq!((given.state().open_minor, given.state().payment_state()), (17_850, PaymentState::Unpaid));
    let given = given.when_json("reverse-payment", &back).then_nothing();
    given.when_json("record-payment", &paid(20_000)).then_rejected("invoicing.payment_reversed");
    let spent = with_credit(finalized().when_json("record-payment", &paid(20_000)).then_accepted(), 2_149);
    spent.when_json("reverse-payment", &back).then_rejected("invoicing.credit_insufficient");
    finalized().when_json("reverse-payment", &back).then_rejected("invoicing.payment_unknown");
}

#[test]
fn credit_settles_an_invoice_as_far_as_it_goes() {
    let apply = json!({ "reference": "k-1" });
    let then = with_credit(finalized(), 5_000).when_json("apply-credit", &apply);
    let (name, used) = only(&others(&then));
    assert_eq!((name.as_str(), &used["amount"]), ("customer-account/c-1 customer_credit_used", &euro(5_000)));
    let given = then.then_accepted();
    assert_eq!((given.state().open_minor, given.state().payment_state()), (12_850, PaymentState::PartiallyPaid));
    let given = given.when_json("apply-credit", &apply).then_nothing();
    given.when_json("apply-credit", &json!({ "reference": "k-1", "amount": euro(1) })).then_rejected("invoicing.credit_reference_used");
    let more = json!({ "reference": "k", "amount": euro(20_000) });
    with_credit(finalized(), 50_000).when_json("apply-credit", &more).then_rejected("invoicing.more_than_open");
    with_credit(finalized(), 10_000)
        .when_json("apply-credit", &json!({ "reference": "k", "amount": euro(15_000) }))
        .then_rejected("invoicing.credit_insufficient");
    finalized().when_json("apply-credit", &apply).then_rejected("invoicing.credit_insufficient");
    let settled = finalized().when_json("record-payment", &paid(17_850)).then_accepted();
    settled.when_json("apply-credit", &apply).then_rejected("invoicing.nothing_open");
}

// -------------------------------------------------------------------------------------- credit, void, write-off

#[test]
fn a_credit_note_has_a_number_of_its_own() {
    let then = finalized().when_json("credit", &json!({ "reason": "damaged", "reference": "k-1", "lines": [{ "line_id": "2" }] }));
    let claim = &then.claims()[1];
    assert_eq!(
        (claim.key.as_str(), claim.holder.as_deref()),
        ("cn-0001", Some("a-1:credit-1")),
        "it cannot have the number of its invoice"
    );
    let (name, taken) = only(&others(&then));
    assert_eq!(
        (name.as_str(), &taken["number"], &taken["document"]),
        ("number-series/credit-note number_taken", &json!("CN-0001"), &json!("credit_note"))
    );
    let given = then.then_accepted();
    let invoice = given.state();
    assert_eq!((invoice.status, invoice.open_minor, invoice.payment_state()), (InvoiceStatus::Finalized, 11_900, PaymentState::Unpaid));
    let again = json!({ "reason": "damaged", "reference": "k-1" });
    let given = given.when_json("credit", &again).then_nothing();
    given
        .when_json("credit", &json!({ "reason": "x", "reference": "k-1", "amount": euro(1) }))
        .then_rejected("invoicing.credit_reference_used");
}

#[test]
fn a_credit_beyond_what_is_open_becomes_the_customers_credit_and_all_of_it_ends_the_invoice() {
    let given = finalized().when_json("record-payment", &paid(10_000)).then_accepted();
    let then = given.when_json("credit", &json!({ "reason": "damaged", "reference": "k-1" }));
    let others = others(&then);
    assert_eq!(others[1].0, "customer-account/c-1 customer_credit_added");
    assert_eq!((&others[1].1["amount"], &others[1].1["reason"]), (&euro(10_000), &json!("credit_note")));
    let given = then.then_accepted();
    assert_eq!((given.state().status, given.state().open_minor), (InvoiceStatus::Credited, 0));
    given.when_json("credit", &json!({ "reason": "x", "reference": "k-2" })).then_rejected("invoicing.nothing_to_credit");
}

#[test]
fn impossible_credits_are_refused() {
    let when = |change: Value| {
        let mut body = json!({ "reason": "x", "reference": "k" });
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        finalized().when_json("credit", &body)
    };
    when(json!({ "amount": euro(17_851) })).then_rejected("invoicing.credit_out_of_range");
    when(json!({ "lines": [{ "line_id": "9" }] })).then_rejected("invoicing.line_unknown");
    when(json!({ "lines": [{ "line_id": "1", "amount": euro(11_901) }] })).then_rejected("invoicing.line_credit_out_of_range");
    when(json!({ "lines": [{ "line_id": "1" }], "amount": euro(5) })).then_rejected("invoicing.credit_ambiguous");
    when(json!({ "series": "none" })).then_rejected("invoicing.series_unknown");
    drafted().when_json("credit", &json!({ "reason": "x", "reference": "k" })).then_rejected("invoicing.invoice_draft");
}

#[test]
fn an_invoice_is_voided_while_nothing_of_it_is_settled() {
    let reason = json!({ "reason": "wrong customer" });
    let given = finalized().when_json("void", &reason).then_accepted();
    assert_eq!(
        (given.state().status, given.state().open_minor, given.state().payment_state()),
        (InvoiceStatus::Voided, 0, PaymentState::Unpaid)
    );
    given.when_json("void", &reason).then_nothing();
    drafted().when_json("void", &reason).then_rejected("invoicing.invoice_draft");
    let part = finalized().when_json("record-payment", &paid(1)).then_accepted();
    part.when_json("void", &reason).then_rejected("invoicing.invoice_settled");
    let back = finalized().when_json("record-payment", &paid(1)).then_accepted();
    let back = back.when_json("reverse-payment", &json!({ "reference": "p-1", "reason": "bounced" })).then_accepted();
    back.when_json("void", &reason).then_accepted();
}

#[test]
fn what_is_written_off_may_come_in_after_all() {
    let reason = json!({ "reason": "insolvent" });
    let given = finalized().when_json("record-payment", &paid(7_850)).then_accepted().when_json("write-off", &reason).then_accepted();
    let invoice = given.state();
    assert_eq!((invoice.status, invoice.open_minor, invoice.written_off_minor), (InvoiceStatus::WrittenOff, 0, 10_000));
    assert_eq!(invoice.payment_state(), PaymentState::PartiallyPaid);
    let given = given.when_json("write-off", &reason).then_nothing();
    let given = given.when_json("record-payment", &json!({ "amount": euro(12_000), "reference": "p-2" })).then_accepted();
    assert_eq!(parts(&given.state().payments[1].settlement), [0, 10_000, 2_000]);
    assert_eq!(given.state().payment_state(), PaymentState::Overpaid);
    let settled = finalized().when_json("record-payment", &paid(17_850)).then_accepted();
    settled.when_json("write-off", &reason).then_rejected("invoicing.nothing_open");
}

#[test]
fn the_customers_data_are_erased_and_the_amounts_stay() {
    let reason = json!({ "reason": "asked" });
    let given = finalized().when_json("erase-customer", &reason).then_accepted();
    assert_eq!(&*given.state().header.as_ref().unwrap().customer.customer_name, "(erased)");
    assert_eq!(given.state().open_minor, 17_850);
    given.when_json("erase-customer", &reason).then_nothing();
    drafted().when_json("erase-customer", &reason).then_rejected("invoicing.invoice_draft");
}

// ------------------------------------------------------------------------------------------------------ reminders

#[test]
fn an_invoice_is_overdue_once_its_due_day_is_over_everywhere() {
    let check = json!({});
    let given = finalized().at("2026-02-16T11:59:59Z").when_json("check-due", &check).then_nothing();
    let then = given.at("2026-02-16T12:00:00Z").when_json("check-due", &check);
    let given = then.then_accepted();
    assert!(given.state().overdue && given.state().reminder_level == 0);
    let given = given.when_json("check-due", &check).then_nothing();
    let given = given.at("2026-02-22T12:00:00Z").when_json("check-due", &check).then_accepted();
    assert_eq!(given.state().reminder_level, 1);
    given.at("2026-02-23T12:00:00Z").when_json("check-due", &check).then_nothing();
}

#[test]
fn after_an_outage_only_the_last_reminder_is_due() {
    let given = finalized().at("2026-06-01T00:00:00Z").when_json("check-due", &json!({})).then_accepted();
    assert!(given.state().overdue);
    assert_eq!(given.state().reminder_level, 3);
    assert_eq!(given.state().next_check_at(), None);
}

#[test]
fn nobody_is_reminded_of_what_is_not_open() {
    let late = "2026-06-01T00:00:00Z";
    let check = json!({});
    finalized().when_json("record-payment", &paid(17_850)).then_accepted().at(late).when_json("check-due", &check).then_nothing();
    finalized().when_json("void", &json!({ "reason": "x" })).then_accepted().at(late).when_json("check-due", &check).then_nothing();
    finalized().when_json("write-off", &json!({ "reason": "x" })).then_accepted().at(late).when_json("check-due", &check).then_nothing();
    drafted().at(late).when_json("check-due", &check).then_nothing();
}

// --------------------------------------------------------------------------------------------------------- import

fn row(description: &str) -> Value {
    json!({ "number": "A-1", "customer_name": "Ada Ltd.", "description": description, "unit_price": euro(1_000), "tax_amount": "1.99", "tax_rate_percent": 20 })
}

#[test]
fn the_rows_of_one_number_become_one_draft() {
    let given = given_nothing::<Invoice>().when_json("import-line", &row("a")).then_accepted();
    let given = given.when_json("import-line", &row("b")).then_accepted();
    let invoice = given.state();
    assert_eq!(amounts(invoice.totals.as_ref().unwrap()), [2_000, 398, 2_398]);
    let header = invoice.header.as_ref().unwrap();
    assert_eq!(header.number.as_ref().unwrap().as_str(), "A-1");
    assert!(header.customer.customer_id.starts_with("ada-ltd-"));
    given.when_json("import-line", &row("a")).then_rejected("invoicing.line_repeated");
    let mut odd = row("a");
    odd["tax_amount"] = json!(1.995);
    given_nothing::<Invoice>().when_json("import-line", &odd).then_rejected("invoicing.amount_not_of_currency");
}

#[test]
fn a_named_row_is_read_once() {
    let mut named = row("a");
    named["line_id"] = json!("1");
    let given = given_nothing::<Invoice>().when_json("import-line", &named).then_accepted().when_json("import-line", &named).then_nothing();
    named["description"] = json!("b");
    given.when_json("import-line", &named).then_rejected("invoicing.line_exists");
    finalized().when_json("import-line", &named).then_rejected("invoicing.invoice_final");
}

#[test]
fn examples_decode() {
    assert_examples_decode::<Invoice>();
}
