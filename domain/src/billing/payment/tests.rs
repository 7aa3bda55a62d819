//! Given / when / then.

use serde_json::{Value, json};

use super::collect::LATE_REFUND;
use super::*;
use crate::billing::customer::CustomerLinked;
use crate::billing::customer::tests::registered;
use crate::billing::dunning::{DEFAULT_POLICY, DunningPolicy, DunningPolicyDefined, DunningRules, FinalAction};
use crate::billing::plan::PlanVersion;
use crate::billing::plan::tests::{key, monthly, terms};
use crate::billing::subscription::SubscriptionStarted;
use crate::kernel::testing::{Given, Then, assert_examples_decode, given_nothing};
use crate::kernel::{Currency, Text};

fn text<const N: usize>(text: &str) -> Text<N> {
    text.to_owned().try_into().unwrap()
}

fn euro(minor: i64) -> Money {
    Money::new(minor, Currency::EUR)
}

fn amount(minor: i64) -> Value {
    json!({ "amount_minor": minor, "currency": "EUR" })
}

fn around(payment: Given<Payment>) -> Given<Payment> {
    let started = SubscriptionStarted {
        customer_id: "c".into(),
        customer_name: text("Acme"),
        plan: PlanVersion { id: "monthly".into(), version: 1, terms: terms(&monthly()) },
        quantity: 1,
        net_days: 0,
        started_at: "2026-03-01T00:00:00Z".parse().unwrap(),
        trial: None,
    };
    let linked = CustomerLinked { provider: key("stripe"), external_id: text("cus_1") };
    payment
        .and::<Customer>("c", [registered("Acme").into(), linked.into()])
        .and::<Subscription>("s", [started.into()])
        .and::<DunningPolicy>(DEFAULT_POLICY, [DunningPolicyDefined { rules: DunningRules::default() }.into()])
}

fn body() -> Value {
    json!({ "customer_id": "c", "amount": amount(1_000), "subscription_id": "s", "invoice_id": "i-1", "due_on": "2026-03-05" })
}

fn open() -> Given<Payment> {
    around(given_nothing()).at("2026-03-01T12:00:00Z").when_json("request", &body()).then_accepted()
}

fn captured() -> Given<Payment> {
    open().when_json("capture", &json!({ "external_id": "pi_1", "method": "card" })).then_accepted()
}

/// The names of the events for this payment and for the subscription.
fn names(then: &Then<Payment>) -> Vec<&'static str> {
    let own = then.events().into_iter().map(|event| crate::kernel::EventSet::def(&event).name);
    own.chain(then.others().into_iter().map(|(_, _, name, _)| name)).collect()
}

#[test]
fn a_payment_is_asked_for_with_what_the_provider_needs() {
    let given = open();
    let request = given.state().request.as_ref().unwrap();
    assert_eq!((request.external_customer.as_deref(), request.amount), (Some("cus_1"), euro(1_000)));
    assert_eq!(request.due_at.to_rfc3339(), "2026-03-06T00:00:00+00:00", "the whole day is in time");
    let when = |field: &str, value: Value| {
        let mut body = body();
        body[field] = value;
        around(given_nothing()).when_json("request", &body)
    };
    when("customer_id", json!("x")).then_rejected("billing.customer_unknown");
    when("subscription_id", json!("x")).then_rejected("billing.subscription_unknown");
    when("amount", amount(0)).then_rejected("billing.amount_not_positive");
    when("amount", amount(-5)).then_rejected("billing.amount_out_of_range");
}

#[test]
fn an_amount_is_held_captured_once_and_the_rest_released() {
    let hold = json!({ "external_id": "pi_1" });
    let given = open().when_json("authorize", &hold).then_accepted().when_json("authorize", &hold).then_nothing();
    given.when_json("authorize", &json!({ "external_id": "pi_2" })).then_rejected("billing.payment_external_id_mismatch");
    let authorized = || open().when_json("authorize", &hold).then_accepted();
    authorized().when_json("request-capture", &json!({ "amount": amount(1_001) })).then_rejected("billing.payment_amount_out_of_range");
    let given = authorized().when_json("request-capture", &json!({ "amount": amount(600) })).then_accepted();
    let given = given.when_json("request-capture", &json!({ "amount": amount(600) })).then_nothing();
    let capture = json!({ "amount": amount(600), "external_id": "pi_1" });
    let given = given.when_json("capture", &capture).then_accepted().when_json("capture", &capture).then_nothing();
    assert_eq!((given.state().status, given.state().captured_minor), (PaymentStatus::Captured, 600));
    let given = given.when_json("authorize", &hold).then_nothing();
    given.when_json("capture", &json!({ "amount": amount(700) })).then_rejected("billing.payment_settled");
    open().when_json("request-capture", &json!({})).then_rejected("billing.payment_not_authorized");
}

#[test]
fn a_capture_names_the_invoice_that_it_pays() {
    let then = open().when_json("capture", &json!({ "method": "bank_transfer" }));
    let [PaymentEvent::PaymentCaptured(event)] = &then.events()[..] else { panic!("one event") };
    assert_eq!((event.invoice_id.as_deref(), event.amount, event.late), (Some("i-1"), euro(1_000), false));
    open().when_json("capture", &json!({ "amount": amount(1_001) })).then_rejected("billing.payment_amount_out_of_range");
    let dollars = json!({ "amount": { "amount_minor": 1, "currency": "USD" } });
    open().when_json("capture", &dollars).then_rejected("billing.payment_currency_mismatch");
}

#[test]
fn a_failure_makes_the_subscription_past_due_and_a_success_mends_it() {
    let failure = json!({ "code": "card_declined", "external_id": "pi_1", "attempt": 1 });
    let then = open().when_json("fail", &failure);
    assert_eq!(names(&then), ["payment_failed", "payment_overdue", "subscription_past_due"]);
    let given = then.then_accepted().when_json("fail", &failure).then_nothing();
    assert_eq!(given.state().next_at.unwrap().to_rfc3339(), "2026-03-04T12:00:00+00:00");
    given.when_json("fail", &json!({ "code": "x", "attempt": 2 })).then_rejected("billing.payment_attempt_unknown");
}

#[test]
fn an_unpaid_amount_is_dunned_by_the_policy_until_it_is_given_up() {
    let given = open().at("2026-03-05T23:59:59Z").when_json("dun", &json!({})).then_nothing();
    let then = given.at("2026-03-06T00:00:00Z").when_json("dun", &json!({}));
    assert_eq!(names(&then), ["payment_overdue", "subscription_past_due"]);
    let mut given = then.then_accepted().when_json("dun", &json!({})).then_nothing();
    for (now, expected) in [
        ("2026-03-09T00:00:00Z", vec!["payment_dunned", "subscription_past_due"]),
        ("2026-03-14T00:00:00Z", vec!["payment_dunned", "subscription_past_due", "subscription_entitlement_suspended"]),
        ("2026-03-21T00:00:00Z", vec!["payment_dunned", "subscription_past_due", "subscription_entitlement_suspended"]),
        ("2026-03-28T00:00:00Z", vec!["payment_given_up", "subscription_ended"]),
    ] {
        // The subscription of the test does not follow its events, so it is told again at each step.
        let then = given.at(now).when_json("dun", &json!({}));
        assert_eq!(names(&then), expected, "{now}");
        given = then.then_accepted().when_json("dun", &json!({})).then_nothing();
    }
    assert_eq!((given.state().attempt, given.state().status), (4, PaymentStatus::GivenUp));
    let given = given.when_json("fail", &json!({ "code": "card_declined" })).then_nothing();
    let then = given.when_json("capture", &json!({ "external_id": "pi_1" }));
    let [PaymentEvent::PaymentCaptured(event)] = &then.events()[..] else { panic!("one event") };
    assert_eq!((event.late, event.invoice_id.as_deref()), (true, Some("i-1")), "what comes late is taken");
}

#[test]
fn a_policy_may_keep_the_subscription_without_what_it_entitles_to() {
    let rules = DunningRules { retry_days: vec![], entitlement_ends_at_step: 1, final_days: 2, final_action: FinalAction::Suspend };
    let given = open().and::<DunningPolicy>(DEFAULT_POLICY, [DunningPolicyDefined { rules }.into()]);
    let given = given.at("2026-03-06T00:00:00Z").when_json("dun", &json!({})).then_accepted();
    let then = given.at("2026-03-08T00:00:00Z").when_json("dun", &json!({}));
    assert_eq!(names(&then), ["payment_given_up", "subscription_past_due", "subscription_entitlement_suspended"]);
}

#[test]
fn old_news_of_an_attempt_changes_nothing() {
    let given = open().at("2026-03-06T00:00:00Z").when_json("dun", &json!({})).then_accepted();
    let given = given.at("2026-03-09T00:00:00Z").when_json("dun", &json!({})).then_accepted();
    let given = given.when_json("fail", &json!({ "code": "card_declined", "attempt": 1 })).then_nothing();
    let given = given.when_json("fail", &json!({ "code": "card_declined", "attempt": 2 })).then_accepted();
    let given = given.when_json("capture", &json!({})).then_accepted();
    given.when_json("fail", &json!({ "code": "card_declined", "attempt": 2 })).then_nothing();
}

#[test]
fn what_the_payer_must_do_is_told_once() {
    let body = json!({ "external_id": "pi_1", "url": "https://x.io" });
    let given = open().when_json("require-action", &body).then_accepted().when_json("require-action", &body).then_nothing();
    let given = given.when_json("fail", &json!({ "code": "authentication_failed" })).then_accepted();
    given.when_json("require-action", &body).then_accepted();
}

#[test]
fn a_payment_that_was_called_off_and_comes_after_all_is_given_back() {
    let given = open().when_json("require-action", &json!({ "external_id": "pi_1" })).then_accepted();
    let given = given.when_json("void", &json!({ "reason": "The invoice was voided." })).then_accepted();
    let given = given.when_json("void", &json!({})).then_nothing();
    let then = given.when_json("capture", &json!({ "external_id": "pi_1" }));
    let events = then.events();
    let [PaymentEvent::PaymentCaptured(taken), PaymentEvent::RefundRequested(back)] = &events[..] else { panic!("{events:?}") };
    assert_eq!((taken.invoice_id.as_deref(), back.refund_id.as_str(), back.amount), (Some("i-1"), LATE_REFUND, euro(1_000)));
    then.then_accepted().when_json("void", &json!({})).then_rejected("billing.payment_settled");
    let voided = open().when_json("void", &json!({})).then_accepted();
    voided.when_json("authorize", &json!({ "external_id": "pi_1" })).then_rejected("billing.payment_settled");
}

#[test]
fn what_comes_twice_is_ours_until_it_is_given_back() {
    let recorded = || open().when_json("capture", &json!({ "recorded": true })).then_accepted();
    let took = json!({ "external_id": "pi_1", "amount": amount(1_000) });
    let then = recorded().when_json("capture", &took);
    let events = then.events();
    let [PaymentEvent::PaymentCapturedAgain(again), PaymentEvent::RefundRequested(back)] = &events[..] else { panic!("{events:?}") };
    assert_eq!((again.invoice_id.as_deref(), again.amount), (Some("i-1"), euro(1_000)));
    assert_eq!((back.refund_id.as_str(), back.external_id.as_deref(), back.amount), ("paid-twice-1", Some("pi_1"), euro(1_000)));
    let given = then.then_accepted().when_json("capture", &took).then_nothing();
    assert_eq!((given.state().received_minor(), given.state().left_minor()), (2_000, 1_000));
    let other = json!({ "external_id": "pi_2", "amount": amount(1_000) });
    assert_eq!(names(&captured().when_json("capture", &other)), ["payment_captured_again", "refund_requested"]);
    captured().when_json("capture", &json!({ "external_id": "pi_1", "amount": amount(1_000) })).then_nothing();
    // Whoever saw it on the account may not have known its id.
    let seen = open().when_json("capture", &json!({})).then_accepted();
    seen.when_json("capture", &took).then_rejected("billing.payment_settled");
    let by_hand = recorded().when_json("refund", &json!({ "refund_id": "r" }));
    let [PaymentEvent::RefundRequested(back)] = &by_hand.events()[..] else { panic!("one event") };
    assert_eq!(back.external_id, None, "what did not come by the provider does not go back by it");
}

#[test]
fn what_is_owed_follows_the_invoice() {
    let adjust = |minor: i64| json!({ "amount": amount(minor), "reason": "credited" });
    let given = open().when_json("adjust", &adjust(400)).then_accepted().when_json("adjust", &adjust(400)).then_nothing();
    assert_eq!(given.state().owed(), Some(euro(400)));
    let given = given.when_json("adjust", &adjust(1_000)).then_accepted();
    assert_eq!(given.state().owed(), Some(euro(1_000)));
    let given = given.when_json("adjust", &adjust(300)).then_accepted();
    let dunned = given.at("2026-03-06T00:00:00Z").when_json("dun", &json!({})).then_accepted();
    let then = dunned.at("2026-03-09T00:00:00Z").when_json("dun", &json!({}));
    let PaymentEvent::PaymentDunned(event) = &then.events()[0] else { panic!("it is dunned") };
    assert_eq!(event.amount, euro(300));
    // The provider may have been asked for all of it before; whoever captures by hand may not.
    let given = then.then_accepted();
    let whole = json!({ "amount": amount(1_000), "external_id": "pi_1" });
    given.when_json("capture", &json!({ "amount": amount(301) })).then_rejected("billing.payment_amount_out_of_range");
    let reduced = || open().when_json("adjust", &adjust(300)).then_accepted();
    assert_eq!(reduced().when_json("capture", &whole).then_accepted().state().captured_minor, 1_000);
    assert_eq!(reduced().when_json("capture", &json!({})).then_accepted().state().captured_minor, 300);
    assert_eq!(names(&open().when_json("adjust", &adjust(0))), ["payment_voided"]);
    captured().when_json("adjust", &adjust(0)).then_nothing();
    let dollars = json!({ "amount": { "amount_minor": 1, "currency": "USD" } });
    open().when_json("adjust", &dollars).then_rejected("billing.payment_currency_mismatch");
}

#[test]
fn a_hold_that_ends_is_dunned() {
    let terms = json!({ "external_id": "pi_1", "expires_at": "2026-03-08T12:00:00Z" });
    let held = open().when_json("authorize", &terms).then_accepted();
    let held = held.at("2026-03-08T11:59:59Z").when_json("dun", &json!({})).then_nothing();
    let then = held.at("2026-03-08T12:00:00Z").when_json("dun", &json!({}));
    assert_eq!(names(&then), ["payment_failed", "payment_overdue", "subscription_past_due"]);
    let given = then.then_accepted().when_json("dun", &json!({})).then_nothing();
    assert_eq!((given.state().status, given.state().authorized_minor), (PaymentStatus::Open, 0));
    let given = given.when_json("fail", &json!({ "code": "canceled", "external_id": "pi_1" })).then_nothing();
    let given = given.at("2026-03-11T12:00:00Z").when_json("dun", &json!({})).then_accepted();
    assert_eq!(given.state().attempt, 2);
    // Dunning goes on where it was.
    let overdue = open().at("2026-03-06T00:00:00Z").when_json("dun", &json!({})).then_accepted();
    let next_at = overdue.state().next_at;
    let held = overdue.when_json("authorize", &terms).then_accepted();
    let then = held.at("2026-03-08T12:00:00Z").when_json("dun", &json!({}));
    let [PaymentEvent::PaymentFailed(event)] = &then.events()[..] else { panic!("one event") };
    assert_eq!(event.next_at, next_at);
}

#[test]
fn what_was_recorded_after_the_payment_was_called_off_is_the_invoices_affair() {
    let voided = open().when_json("void", &json!({})).then_accepted();
    voided.when_json("capture", &json!({ "method": "invoice", "recorded": true })).then_nothing();
}

#[test]
fn a_refund_that_bounces_is_told_from_one_that_never_went() {
    let failed = |given: Given<Payment>| {
        let then = given.when_json("fail-refund", &json!({ "refund_id": "r", "reason": "closed" }));
        let [PaymentEvent::RefundFailed(event)] = &then.events()[..] else { panic!("one event") };
        (event.came_back, event.invoice_id.clone())
    };
    let asked = || captured().when_json("refund", &json!({ "refund_id": "r" })).then_accepted();
    assert_eq!(failed(asked()), (false, Some("i-1".into())));
    assert_eq!(failed(asked().when_json("complete-refund", &json!({ "refund_id": "r" })).then_accepted()), (true, Some("i-1".into())));
    let theirs = json!({ "refund_id": "re_1", "reason": "x", "external_id": "re_1" });
    captured().when_json("fail-refund", &theirs).then_nothing();
}

#[test]
fn refunds_never_exceed_what_was_captured() {
    let refund = |id: &str, minor: i64| json!({ "refund_id": id, "amount": amount(minor) });
    open().when_json("refund", &refund("r", 1)).then_rejected("billing.payment_not_captured");
    let given = captured().when_json("refund", &refund("r-1", 600)).then_accepted();
    let given = given.when_json("refund", &refund("r-1", 600)).then_nothing();
    let given = given.when_json("complete-refund", &json!({ "refund_id": "r-1", "external_id": "re_1" })).then_accepted();
    let given = given.when_json("complete-refund", &json!({ "refund_id": "r-1" })).then_nothing();
    let given = given.when_json("refund", &json!({ "refund_id": "r-2" })).then_accepted();
    assert_eq!(given.state().left_minor(), 0);
    let given = given.when_json("fail-refund", &json!({ "refund_id": "r-2", "reason": "closed" })).then_accepted();
    let given = given.when_json("fail-refund", &json!({ "refund_id": "r-2", "reason": "closed" })).then_nothing();
    assert_eq!(given.state().left_minor(), 400);
    let again = captured().when_json("refund", &refund("r-1", 600)).then_accepted();
    again.when_json("refund", &refund("r-1", 500)).then_rejected("billing.refund_exists");
    captured().when_json("refund", &refund("r", 1_001)).then_rejected("billing.payment_amount_out_of_range");
    let all = captured().when_json("refund", &refund("r-1", 1_000)).then_accepted();
    all.when_json("refund", &json!({ "refund_id": "r-2" })).then_rejected("billing.payment_amount_out_of_range");
}

#[test]
fn a_refund_that_was_made_at_the_provider_is_taken_over() {
    let done = json!({ "refund_id": "re_9", "amount": amount(300), "external_id": "re_9" });
    let given = captured().when_json("complete-refund", &done).then_accepted();
    assert_eq!(given.state().left_minor(), 700);
    given.when_json("complete-refund", &json!({ "refund_id": "re_8" })).then_rejected("billing.refund_unknown");
    captured().when_json("fail-refund", &json!({ "refund_id": "x", "reason": "y" })).then_rejected("billing.refund_unknown");
}

#[test]
fn a_refund_that_failed_and_was_done_after_all_counts() {
    let given = captured().when_json("refund", &json!({ "refund_id": "r", "amount": amount(1_000) })).then_accepted();
    let given = given.when_json("fail-refund", &json!({ "refund_id": "r", "reason": "y" })).then_accepted();
    let given = given.when_json("complete-refund", &json!({ "refund_id": "other", "amount": amount(1_000) })).then_accepted();
    given.when_json("complete-refund", &json!({ "refund_id": "r" })).then_rejected("billing.payment_amount_out_of_range");
}

#[test]
fn refunds_are_bounded() {
    let mut given = captured();
    for n in 0..50 {
        given = given.when_json("refund", &json!({ "refund_id": format!("r-{n}"), "amount": amount(1) })).then_accepted();
    }
    given.when_json("refund", &json!({ "refund_id": "r-50", "amount": amount(1) })).then_rejected("billing.too_many_refunds");
}

#[test]
fn a_dispute_is_opened_and_closed_once() {
    let opened = json!({ "dispute_id": "dp_1", "reason": "fraudulent" });
    open().when_json("open-chargeback", &opened).then_rejected("billing.payment_not_captured");
    let given = captured().when_json("open-chargeback", &opened).then_accepted().when_json("open-chargeback", &opened).then_nothing();
    let lost = json!({ "dispute_id": "dp_1", "outcome": "lost" });
    let given = given.when_json("close-chargeback", &lost).then_accepted().when_json("close-chargeback", &lost).then_nothing();
    assert_eq!(given.state().left_minor(), 0);
    let refused = json!({ "dispute_id": "dp_1", "outcome": "won" });
    given.when_json("close-chargeback", &refused).then_rejected("billing.chargeback_closed");
    let unknown = json!({ "dispute_id": "dp_2", "outcome": "won" });
    captured().when_json("close-chargeback", &unknown).then_rejected("billing.chargeback_unknown");
}

#[test]
fn nothing_happens_to_a_payment_that_was_never_asked_for() {
    for command in ["capture", "void", "dun"] {
        given_nothing::<Payment>().when_json(command, &json!({})).then_rejected("billing.payment_absent");
    }
}

#[test]
fn examples_decode() {
    assert_examples_decode::<Payment>();
}
