//! Payments, checkouts and reconciliations.

use domain::billing::checkout::{Checkout, CheckoutCompleted, CheckoutFailed, CheckoutOpened, CheckoutReady, CheckoutStatus, Purpose};
use domain::billing::customer::Customer;
use domain::billing::dunning::FinalAction;
use domain::billing::payment::{
    CaptureMode, ChargebackClosed, ChargebackOpened, ChargebackOutcome, Payment, PaymentActionRequired, PaymentAdjusted, PaymentAuthorized,
    PaymentCaptured, PaymentCapturedAgain, PaymentDunned, PaymentFailed, PaymentGivenUp, PaymentOverdue, PaymentRequested, PaymentVoided,
    RefundCompleted, RefundFailed, RefundRequested,
};
use domain::billing::reconciliation::{Drift, DriftKind, Reconciliation, ReconciliationRecorded};
use domain::kernel::Day;

use super::{Given, day, erased, euro, recorded, text};
use crate::billing::checkout_list::{self, CheckoutList};
use crate::billing::payment_list::{self, PaymentList, PaymentState};
use crate::billing::reconciliation_list::{self, DriftList, ReconciliationList};

fn open() -> Given<PaymentList> {
    let requested = PaymentRequested {
        customer_id: "c".into(),
        customer_name: text("Acme"),
        external_customer: None,
        amount: euro(1_000),
        subscription_id: Some("s".into()),
        invoice_id: Some("i".into()),
        reference: Some(text("R-1")),
        due_on: Day("2026-03-15".parse().unwrap()),
        due_at: day("2026-03-16"),
        capture: CaptureMode::Automatic,
    };
    Given::nothing(payment_list::fold).event::<Payment>("y", requested)
}

fn captured() -> Given<PaymentList> {
    let captured = PaymentCaptured {
        amount: euro(1_000),
        method: Some(text("card")),
        external_id: Some(text("pi_1")),
        captured_at: day("2026-03-02"),
        customer_id: "c".into(),
        subscription_id: Some("s".into()),
        invoice_id: Some("i".into()),
        late: false,
        recorded: false,
        customer_name: Some(text("Acme")),
    };
    open().event::<Payment>("y", captured)
}

#[test]
fn an_open_payment_is_due_for_dunning_until_it_is_settled() {
    let given = open();
    assert_eq!((given.row("y").status, given.row("y").due_at), (PaymentState::Open, Some(day("2026-03-16"))));
    let failed = PaymentFailed { attempt: 1, code: text("card_declined"), message: None, external_id: Some(text("pi_1")), next_at: None };
    let given = given.event::<Payment>("y", failed).event::<Payment>("y", PaymentOverdue { next_at: day("2026-03-05") });
    let row = given.row("y");
    assert_eq!(
        (row.overdue, row.overdue_since, row.due_at, row.error_code.as_deref()),
        (true, Some(recorded(3)), Some(day("2026-03-05")), Some("card_declined"))
    );
    let dunned = PaymentDunned {
        step: 1,
        attempt: 2,
        next_at: day("2026-03-10"),
        amount: euro(1_000),
        customer_id: "c".into(),
        external_customer: None,
        external_id: None,
        reference: None,
        capture: CaptureMode::Automatic,
    };
    let given = given.event::<Payment>("y", dunned);
    assert_eq!((given.row("y").step, given.row("y").attempt, given.row("y").due_at), (1, 2, Some(day("2026-03-10"))));
    let given_up = PaymentGivenUp { attempts: 2, action: FinalAction::End, amount: euro(1_000), invoice_id: None };
    let given = given.event::<Payment>("y", given_up);
    assert_eq!((given.row("y").status, given.row("y").due_at), (PaymentState::GivenUp, None));
    let voided = open().event::<Payment>("y", PaymentVoided { reason: None, external_id: None });
    assert_eq!((voided.row("y").status, voided.row("y").due_at), (PaymentState::Voided, None));
}

#[test]
fn a_payment_is_held_and_captured() {
    let action = PaymentActionRequired { external_id: text("pi_1"), url: Some(text("https://x.io")) };
    let given = open().event::<Payment>("y", action);
    assert_eq!((given.row("y").status, given.row("y").action_url.as_deref()), (PaymentState::ActionRequired, Some("https://x.io")));
    let given = given.event::<Payment>("y", PaymentAuthorized { external_id: text("pi_1"), amount: euro(1_000), expires_at: None });
    assert_eq!((given.row("y").status, given.row("y").authorized_minor), (PaymentState::Authorized, 1_000));
    let given = captured();
    let row = given.row("y");
    assert_eq!((row.status, row.captured_minor, row.due_at, row.method.as_deref()), (PaymentState::Captured, 1_000, None, Some("card")));
    let given = given.event::<Customer>("c", erased());
    assert_eq!(given.row("y").customer_name, None);
}

#[test]
fn a_hold_is_due_when_it_ends_and_dunning_goes_on_after_it() {
    let held = |until: Option<&str>| PaymentAuthorized { external_id: text("pi_1"), amount: euro(1_000), expires_at: until.map(day) };
    assert_eq!(open().event::<Payment>("y", held(None)).row("y").due_at, None, "nothing is due while it is held");
    let overdue = open().event::<Payment>("y", PaymentOverdue { next_at: day("2026-03-19") });
    let given = overdue.event::<Payment>("y", held(Some("2026-03-12")));
    assert_eq!((given.row("y").status, given.row("y").due_at), (PaymentState::Authorized, Some(day("2026-03-12"))));
    let next_at = Some(day("2026-03-19"));
    let failed = PaymentFailed { attempt: 1, code: text("hold_expired"), message: None, external_id: None, next_at };
    let given = given.event::<Payment>("y", failed);
    assert_eq!((given.row("y").status, given.row("y").due_at), (PaymentState::Open, next_at));
}

#[test]
fn what_is_owed_and_what_came_twice_are_told() {
    let adjusted = PaymentAdjusted { amount: euro(400), before: euro(1_000), reason: None, external_id: None };
    assert_eq!(open().event::<Payment>("y", adjusted).row("y").amount_minor, 400);
    let again = PaymentCapturedAgain {
        amount: euro(1_000),
        method: None,
        external_id: text("pi_2"),
        captured_at: day("2026-03-03"),
        customer_id: "c".into(),
        customer_name: text("Acme"),
        invoice_id: None,
    };
    let back = RefundRequested { refund_id: "paid-twice-1".into(), amount: euro(1_000), reason: None, external_id: Some(text("pi_2")) };
    let given = captured().event::<Payment>("y", again).event::<Payment>("y", back);
    let row = given.row("y");
    assert_eq!((row.captured_minor, row.refund_requested_minor, row.refunds.len()), (1_000, 0, 1), "it never was part of the amount");
}

#[test]
fn what_goes_back_is_told_apart() {
    let requested = |id: &str, minor: i64| RefundRequested { refund_id: id.into(), amount: euro(minor), reason: None, external_id: None };
    let completed = |id: &str, minor: i64| RefundCompleted {
        refund_id: id.into(),
        amount: euro(minor),
        external_id: None,
        customer_id: "c".into(),
        invoice_id: None,
        refunded_at: day("2026-03-03"),
        method: None,
    };
    let given = captured().event::<Payment>("y", requested("r-1", 400));
    assert_eq!((given.row("y").status, given.row("y").refund_requested_minor), (PaymentState::Captured, 400));
    let given = given.event::<Payment>("y", completed("r-1", 400));
    let row = given.row("y");
    assert_eq!((row.status, row.refunded_minor, row.refund_requested_minor), (PaymentState::PartiallyRefunded, 400, 0));
    let given = given.event::<Payment>("y", requested("r-2", 600)).event::<Payment>("y", completed("r-2", 600));
    assert_eq!((given.row("y").status, given.row("y").refunded_minor), (PaymentState::Refunded, 1_000));
    let failed = RefundFailed {
        refund_id: "r-2".into(),
        amount: euro(600),
        reason: text("closed"),
        came_back: true,
        customer_id: "c".into(),
        customer_name: text("Acme"),
        invoice_id: None,
        failed_at: day("2026-03-04"),
        method: None,
    };
    let given = given.event::<Payment>("y", failed);
    assert_eq!((given.row("y").status, given.row("y").refunded_minor), (PaymentState::PartiallyRefunded, 400));
}

#[test]
fn a_dispute_is_open_and_then_won_or_lost() {
    let opened = ChargebackOpened {
        dispute_id: text("dp_1"),
        amount: euro(1_000),
        reason: text("fraudulent"),
        customer_id: "c".into(),
        invoice_id: None,
    };
    let closed =
        |outcome| ChargebackClosed { dispute_id: text("dp_1"), outcome, amount: euro(1_000), customer_id: "c".into(), invoice_id: None };
    let disputed = || captured().event::<Payment>("y", opened.clone());
    assert_eq!((disputed().row("y").status, disputed().row("y").disputed_minor), (PaymentState::Disputed, 1_000));
    let lost = disputed().event::<Payment>("y", closed(ChargebackOutcome::Lost));
    assert_eq!((lost.row("y").status, lost.row("y").charged_back_minor), (PaymentState::ChargedBack, 1_000));
    let won = disputed().event::<Payment>("y", closed(ChargebackOutcome::Won));
    assert_eq!((won.row("y").status, won.row("y").disputed_minor, won.row("y").charged_back_minor), (PaymentState::Captured, 0, 0));
}

#[test]
fn a_checkout_shows_its_page_and_what_became_of_it() {
    let purpose = Purpose::Subscription { plan_id: "p".into(), price_id: None, quantity: 2, trial_days: 0 };
    let opened = CheckoutOpened { purpose, customer_id: "c".into(), external_customer: None, return_url: None };
    let ready = CheckoutReady { external_id: text("cs_1"), url: text("https://x.io"), expires_at: None };
    let given: Given<CheckoutList> = Given::nothing(checkout_list::fold).event::<Checkout>("k", opened).event::<Checkout>("k", ready);
    let row = given.row("k");
    assert_eq!((row.kind.as_str(), row.status, row.url.as_deref()), ("subscription", CheckoutStatus::Ready, Some("https://x.io")));
    let given = given.event::<Checkout>("k", CheckoutFailed { code: text("expired"), message: None });
    assert_eq!((given.row("k").status, given.row("k").error_code.as_deref()), (CheckoutStatus::Failed, Some("expired")));
    let given = given.event::<Checkout>("k", CheckoutCompleted { external_subscription: Some(text("sub_1")) });
    let row = given.row("k");
    assert_eq!((row.status, row.external_subscription.as_deref(), &row.error_code), (CheckoutStatus::Completed, Some("sub_1"), &None));
}

#[test]
fn a_comparison_and_its_differences_are_kept() {
    let drift = |kind, repaired| Drift {
        kind,
        object: "payment".to_owned().try_into().unwrap(),
        id: Some(text("y")),
        external_id: None,
        ours: Some(text("open")),
        theirs: Some(text("succeeded")),
        repaired,
        note: None,
    };
    let event = ReconciliationRecorded {
        provider: "stripe".to_owned().try_into().unwrap(),
        started_at: day("2026-03-01"),
        finished_at: day("2026-03-02"),
        compared: vec![],
        drifts: vec![drift(DriftKind::State, true), drift(DriftKind::Deleted, false)],
        drift_count: 7,
    };
    let list: Given<ReconciliationList> = Given::nothing(reconciliation_list::fold).event::<Reconciliation>("r", event.clone());
    assert_eq!((list.row("r").drift_count, list.row("r").repaired_count), (7, 1));
    let drifts: Given<DriftList> = Given::nothing(reconciliation_list::fold_drifts).event::<Reconciliation>("r", event);
    assert_eq!(drifts.ids(), ["r:0000", "r:0001"]);
    let row = drifts.row("r:0001");
    assert_eq!((row.kind, row.repaired, row.reconciliation_id.as_str(), row.found_at), (DriftKind::Deleted, false, "r", day("2026-03-02")));
}
