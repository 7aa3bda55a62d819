//! Stories of money: what billing collects and gives back, what invoices say of it, and what stands in the journal.

use serde_json::{Value, json};

use super::platform::Platform;
use crate::billing::payment::{Payment, PaymentStatus};
use crate::invoicing::customer_account::CustomerAccount;
use crate::invoicing::invoice::{Invoice, InvoiceStatus};
use crate::kernel::Currency;

/// The invoice, bill and payment of the first period.
const BILL: &str = "s-2026-03-01";

fn euro(minor: i64) -> Value {
    json!({ "amount_minor": minor, "currency": "EUR" })
}

/// A subscription of 100.00 euros a month with 19 % tax, billed: 119.00.
fn sold() -> Platform {
    let mut platform = Platform::new("2026-03-01T12:00:00Z");
    platform.send("billing/plan/p/publish", &json!({ "name": "Growth", "price": euro(10_000), "tax_rate_percent": "19" }));
    let customer = json!({
        "name": "Acme", "email": "bills@acme.io", "tax_id": "GB1", "country": "GB", "address": { "street": "1 High St", "city": "Leeds" }
    });
    platform.send("billing/customer/c/register", &customer);
    platform.send("billing/subscription/s/start", &json!({ "customer_id": "c", "plan_id": "p", "net_days": 14 }));
    platform
}

fn paid() -> Platform {
    let mut platform = sold();
    platform.send(&format!("billing/payment/{BILL}/capture"), &json!({ "external_id": "pi_1", "amount": euro(11_900), "method": "card" }));
    platform
}

fn payment(command: &str) -> String {
    format!("billing/payment/{BILL}/{command}")
}

fn invoice(command: &str) -> String {
    format!("invoicing/invoice/{BILL}/{command}")
}

fn credit(platform: &Platform) -> i64 {
    platform.state::<CustomerAccount>("c").credit.get(&Currency::EUR).copied().unwrap_or(0)
}

fn open(platform: &Platform) -> i64 {
    platform.state::<Invoice>(BILL).open_minor
}

/// Nothing was refused, and the books say what the documents say; the bank has so much.
#[track_caller]
fn settled(platform: Platform, bank: i64) -> Platform {
    assert_eq!(platform.refusals(), Vec::<String>::new());
    platform.check();
    assert_eq!(platform.balance("bank"), bank, "{:?}", platform.ledger);
    platform
}

/// All stories, for whoever wants to know what the processes sent.
pub fn stories() -> Vec<Platform> {
    vec![
        refunded_after_a_credit_note(),
        refunded_without_one(),
        charged_back(),
        bounced(),
        paid_for_nothing(),
        called_off_too_late(),
        paid_twice(),
        credited_in_parts(),
        cancelled_at_once(),
        paid_after_it_was_voided(),
    ]
}

fn refunded_after_a_credit_note() -> Platform {
    let mut platform = paid();
    platform.send(&invoice("credit"), &json!({ "reason": "goodwill", "reference": "case 1", "amount": euro(1_190) }));
    assert_eq!(credit(&platform), 1_190);
    platform.send(&payment("refund"), &json!({ "refund_id": "r-1", "amount": euro(1_190) }));
    platform.send(&payment("complete-refund"), &json!({ "refund_id": "r-1" }));
    assert_eq!((credit(&platform), open(&platform)), (0, 0), "the credit went back, and cannot be spent again");
    assert_eq!(platform.try_send(&invoice("apply-credit"), &json!({ "reference": "x" })), Err("invoicing.nothing_open".into()));
    settled(platform, 10_710)
}

fn refunded_without_one() -> Platform {
    let mut platform = paid();
    platform.send(&payment("complete-refund"), &json!({ "refund_id": "re_1", "amount": euro(1_900), "external_id": "re_1" }));
    assert_eq!((credit_or_none(&platform), open(&platform)), (0, 1_900), "what went back is owed again");
    assert_eq!(platform.state::<Payment>(BILL).status, PaymentStatus::Captured);
    settled(platform, 10_000)
}

fn credit_or_none(platform: &Platform) -> i64 {
    -platform.balance("customer_credit")
}

fn charged_back() -> Platform {
    let mut platform = paid();
    platform.send(&payment("open-chargeback"), &json!({ "dispute_id": "dp_1", "reason": "fraudulent" }));
    assert_eq!(open(&platform), 0);
    platform.send(&payment("close-chargeback"), &json!({ "dispute_id": "dp_1", "outcome": "lost" }));
    assert_eq!(open(&platform), 11_900);
    settled(platform, 0)
}

fn bounced() -> Platform {
    let mut platform = paid();
    let done = json!({ "refund_id": "re_1", "amount": euro(900), "external_id": "re_1" });
    platform.send(&payment("complete-refund"), &done);
    let bounced = json!({ "refund_id": "re_1", "reason": "account closed", "external_id": "re_1" });
    platform.send(&payment("fail-refund"), &bounced);
    platform.send(&payment("fail-refund"), &bounced);
    assert_eq!(open(&platform), 0, "the money is ours again");
    // Without an invoice it is the customer's credit, and can be given back another time.
    platform.send("billing/payment/y/request", &json!({ "customer_id": "c", "amount": euro(500) }));
    platform.send("billing/payment/y/capture", &json!({ "external_id": "pi_9" }));
    for id in ["a", "b"] {
        platform.send("billing/payment/y/complete-refund", &json!({ "refund_id": id, "amount": euro(500) }));
        platform.send("billing/payment/y/fail-refund", &json!({ "refund_id": id, "reason": "account closed" }));
    }
    assert_eq!(credit(&platform), 500);
    settled(platform, 12_400)
}

fn paid_for_nothing() -> Platform {
    let mut platform = sold();
    platform.send("billing/payment/y/request", &json!({ "customer_id": "c", "amount": euro(700), "reference": "deposit" }));
    platform.send("billing/payment/y/capture", &json!({ "external_id": "pi_9", "method": "card" }));
    assert_eq!(credit(&platform), 700);
    platform.send("billing/payment/y/complete-refund", &json!({ "refund_id": "r", "amount": euro(300) }));
    assert_eq!(credit(&platform), 400);
    settled(platform, 400)
}

fn called_off_too_late() -> Platform {
    let mut platform = sold();
    platform.send(&invoice("void"), &json!({ "reason": "sent to the wrong customer" }));
    assert_eq!(platform.state::<Payment>(BILL).status, PaymentStatus::Voided);
    let voided = platform.effects.iter().filter(|(name, _)| *name == "stripe.void").count();
    assert_eq!(voided, 1, "it is called off at Stripe, though nobody has heard of an attempt");
    platform.send(&payment("capture"), &json!({ "external_id": "pi_1", "amount": euro(11_900) }));
    assert_eq!((credit(&platform), platform.balance("bank")), (11_900, 11_900));
    platform.send(&payment("complete-refund"), &json!({ "refund_id": "arrived-late" }));
    assert_eq!((credit(&platform), open(&platform)), (0, 0));
    settled(platform, 0)
}

fn paid_twice() -> Platform {
    let mut platform = sold();
    platform.send(&payment("require-action"), &json!({ "external_id": "pi_1" }));
    platform.send(&invoice("record-payment"), &json!({ "amount": euro(11_900), "reference": "transfer 1" }));
    assert!(platform.state::<Payment>(BILL).recorded);
    assert!(platform.effects.iter().any(|(name, _)| *name == "stripe.void"), "nothing is collected any more");
    // The payer had confirmed already.
    let took = json!({ "external_id": "pi_1", "amount": euro(11_900), "method": "card" });
    platform.send(&payment("capture"), &took);
    platform.send(&payment("capture"), &took);
    assert_eq!((credit(&platform), platform.balance("bank")), (11_900, 23_800));
    let (name, body) = platform.effects.last().unwrap();
    assert_eq!((*name, &body["external_id"], &body["refund_id"]), ("stripe.refund", &json!("pi_1"), &json!("paid-twice-1")));
    platform.send(&payment("complete-refund"), &json!({ "refund_id": "paid-twice-1" }));
    assert_eq!((credit(&platform), open(&platform)), (0, 0));
    settled(platform, 11_900)
}

fn credited_in_parts() -> Platform {
    let mut platform = sold();
    let owed = |platform: &Platform| platform.state::<Payment>(BILL).owed().unwrap().amount_minor;
    platform.send(&invoice("credit"), &json!({ "reason": "goodwill", "reference": "case 1", "amount": euro(1_900) }));
    assert_eq!(owed(&platform), 10_000);
    assert_eq!(platform.effects.last().unwrap().0, "stripe.adjust");
    platform.send(&invoice("record-payment"), &json!({ "amount": euro(4_000), "reference": "transfer 1" }));
    assert_eq!(owed(&platform), 6_000);
    platform.send(&invoice("reverse-payment"), &json!({ "reference": "transfer 1", "reason": "returned" }));
    assert_eq!(owed(&platform), 10_000, "what went back is owed again");
    platform.send(&invoice("credit"), &json!({ "reason": "goodwill", "reference": "case 2" }));
    assert_eq!(platform.state::<Payment>(BILL).status, PaymentStatus::Voided, "what is credited as a whole is not collected");
    settled(platform, 0)
}

fn cancelled_at_once() -> Platform {
    let mut platform = paid();
    platform.at("2026-03-17T00:00:00Z");
    platform.send("billing/subscription/s/cancel", &json!({ "when": "now", "prorate": true }));
    let given_back = credit(&platform);
    assert!((5_500..6_200).contains(&given_back), "half a month, with its tax: {given_back}");
    assert_eq!(platform.state::<Invoice>(BILL).credit_notes.len(), 1);
    platform.send("invoicing/customer-account/c/refund-credit", &json!({ "amount": euro(given_back), "reference": "end" }));
    settled(platform, 11_900 - given_back)
}

fn paid_after_it_was_voided() -> Platform {
    let mut platform = sold();
    platform.send(&invoice("void"), &json!({ "reason": "wrong" }));
    platform.send(&invoice("record-payment"), &json!({ "amount": euro(11_900), "reference": "transfer 1" }));
    assert_eq!(credit(&platform), 11_900);
    let state = platform.state::<Invoice>(BILL);
    assert_eq!((state.status, state.open_minor), (InvoiceStatus::Voided, 0));
    settled(platform, 11_900)
}

#[test]
fn a_refund_takes_the_credit_of_a_credit_note() {
    refunded_after_a_credit_note();
}

#[test]
fn a_refund_without_a_credit_note_is_owed_again() {
    refunded_without_one();
}

#[test]
fn a_lost_chargeback_opens_the_invoice() {
    charged_back();
}

#[test]
fn a_refund_that_bounces_is_ours_again() {
    bounced();
}

#[test]
fn money_without_an_invoice_is_the_customers_credit() {
    paid_for_nothing();
}

#[test]
fn money_that_arrives_after_the_invoice_was_voided_comes_and_goes_in_the_books() {
    called_off_too_late();
}

#[test]
fn what_is_paid_twice_is_noticed_and_given_back() {
    paid_twice();
}

#[test]
fn the_payment_follows_what_is_open_of_the_invoice() {
    credited_in_parts();
}

#[test]
fn what_is_left_at_the_end_becomes_a_credit_note() {
    cancelled_at_once();
}

#[test]
fn a_payment_of_a_voided_invoice_is_the_customers_credit() {
    paid_after_it_was_voided();
}

#[test]
fn an_invoice_says_who_is_billed() {
    let platform = sold();
    let header = platform.state::<Invoice>(BILL).header.clone().unwrap();
    let customer = serde_json::to_value(&header.customer).unwrap();
    assert_eq!((&customer["customer_email"], &customer["customer_tax_id"]), (&json!("bills@acme.io"), &json!("GB1")));
    assert_eq!(customer["customer_address"], json!({ "street": "1 High St", "city": "Leeds", "country": "GB" }));
}

#[test]
fn a_price_that_no_invoice_can_show_is_not_sold() {
    let mut platform = sold();
    platform.send("billing/plan/dear/publish", &json!({ "name": "Dear", "price": euro(999_999_999_999) }));
    let start = |quantity: u32| json!({ "customer_id": "c", "plan_id": "dear", "quantity": quantity });
    assert_eq!(platform.try_send("billing/subscription/d/start", &start(2)), Err("billing.amount_out_of_range".into()));
    platform.send("billing/subscription/d/start", &start(1));
    settled(platform, 0);
}
