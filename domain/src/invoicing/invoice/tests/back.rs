//! Money that goes back, and what is credited by its net amount.

use super::*;

fn back(amount_minor: i64) -> Value {
    json!({ "amount": euro(amount_minor), "reference": "re-1", "reason": "goodwill", "method": "card" })
}

#[test]
fn money_that_goes_back_is_taken_from_the_credit_first_and_the_rest_is_owed_again() {
    let given = finalized().when_json("record-payment", &paid(17_850)).then_accepted();
    let then = with_credit(given, 1_000).when_json("refund-payment", &back(1_500));
    let InvoiceEvent::PaymentRefunded(event) = only(&then.events()) else { panic!("it is given back") };
    assert_eq!((parts(&event.settlement), event.balance.amount_minor), ([500, 0, 1_000], 500));
    let [(used, payload)] = &others(&then)[..] else { panic!("the credit is used") };
    assert_eq!((used.as_str(), &payload["amount"]), ("customer-account/c-1 customer_credit_used", &euro(1_000)));
    let given = then.then_accepted().when_json("refund-payment", &back(1_500)).then_nothing();
    assert_eq!((given.state().open_minor, given.state().received_minor()), (500, 16_350));
    assert_eq!(given.state().payment_state(), PaymentState::PartiallyPaid);
    given.when_json("refund-payment", &back(1)).then_rejected("invoicing.refund_reference_used");
}

#[test]
fn no_more_goes_back_than_came_in() {
    let given = finalized().when_json("record-payment", &paid(1_000)).then_accepted();
    given.when_json("refund-payment", &back(1_001)).then_rejected("invoicing.more_than_paid");
    let given = finalized().when_json("record-payment", &paid(1_000)).then_accepted();
    let given = given.when_json("refund-payment", &back(400)).then_accepted();
    let reversed = json!({ "reference": "p-1", "reason": "bounced" });
    given.when_json("reverse-payment", &reversed).then_rejected("invoicing.more_than_paid");
    drafted().when_json("refund-payment", &back(1)).then_rejected("invoicing.invoice_draft");
}

#[test]
fn what_was_recovered_is_given_up_again() {
    let given = finalized().when_json("write-off", &json!({ "reason": "insolvent" })).then_accepted();
    let given = given.when_json("record-payment", &paid(5_000)).then_accepted();
    let then = given.when_json("refund-payment", &back(5_000));
    let InvoiceEvent::PaymentRefunded(event) = only(&then.events()) else { panic!("it is given back") };
    assert_eq!(parts(&event.settlement), [0, 5_000, 0]);
    assert_eq!(then.then_accepted().state().written_off_minor, 17_850);
}

#[test]
fn a_payment_of_a_voided_invoice_is_credit_and_goes_back_as_such() {
    let voided = || finalized().when_json("void", &json!({ "reason": "wrong" })).then_accepted();
    let then = voided().when_json("record-payment", &paid(17_850));
    let InvoiceEvent::PaymentRecorded(event) = only(&then.events()) else { panic!("it is recorded") };
    assert_eq!(parts(&event.settlement), [0, 0, 17_850]);
    let given = with_credit(then.then_accepted(), 10_000);
    assert_eq!(given.state().payment_state(), PaymentState::Overpaid);
    // Some of the credit was spent meanwhile.
    let given = given.when_json("refund-payment", &back(17_850)).then_accepted();
    assert_eq!((given.state().status, given.state().open_minor), (InvoiceStatus::Voided, 7_850));
    let given = given.when_json("write-off", &json!({ "reason": "insolvent" })).then_accepted();
    assert_eq!((given.state().status, given.state().open_minor), (InvoiceStatus::Voided, 0));
    voided().when_json("write-off", &json!({ "reason": "x" })).then_rejected("invoicing.invoice_voided");
}

#[test]
fn a_net_amount_is_credited_with_its_tax() {
    let body = json!({ "reason": "unused", "reference": "end", "net": euro(7_500) });
    let then = finalized().when_json("credit", &body);
    let InvoiceEvent::InvoiceCredited(event) = only(&then.events()) else { panic!("it is credited") };
    assert_eq!(amounts(&event.totals), [7_500, 1_425, 8_925]);
    then.then_accepted().when_json("credit", &body).then_nothing();
    let both = json!({ "reason": "unused", "reference": "end", "net": euro(1), "amount": euro(1) });
    finalized().when_json("credit", &both).then_rejected("invoicing.credit_ambiguous");
}
