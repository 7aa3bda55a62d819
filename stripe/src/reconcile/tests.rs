//! What a comparison finds.

use std::collections::HashMap;

use chrono::DateTime;
use domain::billing::reconciliation::DriftKind;
use domain::kernel::{Currency, Money, TenantId};
use uuid::Uuid;

use super::compare::{Found, Ours, Theirs, compare};
use crate::api::objects::{CustomerState, Intent, Metadata, PriceState, RefundState, SubscriptionState, key};
use crate::lookup::{OurCustomer, OurPayment, OurPrice, OurSubscription};

const TENANT: Uuid = Uuid::from_u128(7);

fn metadata(name: &str, id: &str) -> Metadata {
    HashMap::from([(key::TENANT.to_owned(), TENANT.to_string()), (name.to_owned(), id.to_owned())])
}

fn euro(minor: i64) -> Money {
    Money::new(minor, Currency::EUR)
}

fn intent(id: &str, payment: &str, status: &str, minor: i64) -> Intent {
    Intent {
        id: id.into(),
        status: status.into(),
        amount: Some(euro(1_000)),
        received: Some(euro(minor)),
        capturable: Some(euro(0)),
        error_code: None,
        error_message: None,
        action_url: None,
        method: None,
        metadata: metadata(key::PAYMENT, payment),
    }
}

fn payment(id: &str, external_id: Option<&str>, status: &str, captured_minor: i64, refunded_minor: i64) -> OurPayment {
    OurPayment {
        tenant_id: TENANT,
        id: id.into(),
        external_id: external_id.map(str::to_owned),
        status: status.into(),
        amount_minor: 1_000,
        currency: "EUR".into(),
        captured_minor,
        refunded_minor,
    }
}

fn found(ours: &Ours, theirs: &Theirs) -> Found {
    compare(ours, theirs).remove(&TenantId(TENANT)).unwrap_or_default()
}

/// Kind, object and id of each difference, and the commands that would mend it.
fn summary(found: &Found) -> Vec<(DriftKind, &'static str, &str, Vec<&str>)> {
    found
        .differences
        .iter()
        .map(|difference| {
            let repair = difference.repair.iter().map(|command| command.command.as_str()).collect();
            (difference.kind, difference.object, difference.id.as_deref().unwrap_or_default(), repair)
        })
        .collect()
}

#[test]
fn what_agrees_is_counted_and_not_told() {
    let ours = Ours { payments: vec![payment("y", Some("pi_1"), "partially_refunded", 1_000, 100)], ..Ours::default() };
    let refund = RefundState {
        id: "re_1".into(),
        status: "succeeded".into(),
        amount: Some(euro(100)),
        intent: Some("pi_1".into()),
        failure: None,
        metadata: Metadata::new(),
    };
    let theirs = Theirs { intents: vec![intent("pi_1", "y", "succeeded", 1_000)], refunds: vec![refund], ..Theirs::default() };
    let found = found(&ours, &theirs);
    assert!(found.differences.is_empty(), "{:?}", found.differences);
    assert_eq!((found.compared["payment"], found.compared["refund"]), ((1, 1), (1, 1)));
}

#[test]
fn payments_that_stand_differently_are_mended_by_what_stripe_says() {
    let ours = Ours {
        payments: vec![
            payment("lost-answer", None, "open", 0, 0),
            payment("called-off", Some("pi_2"), "action_required", 0, 0),
            payment("gone", Some("pi_3"), "captured", 1_000, 0),
            payment("other-amount", Some("pi_4"), "captured", 900, 0),
        ],
        ..Ours::default()
    };
    let theirs = Theirs {
        intents: vec![
            intent("pi_1", "lost-answer", "succeeded", 1_000),
            intent("pi_2", "called-off", "canceled", 0),
            intent("pi_4", "other-amount", "succeeded", 1_000),
            intent("pi_5", "unknown", "succeeded", 1_000),
            intent("pi_6", "other-amount", "succeeded", 1_000),
            Intent { metadata: Metadata::new(), ..intent("pi_7", "", "succeeded", 1_000) },
        ],
        ..Theirs::default()
    };
    let found = found(&ours, &theirs);
    assert_eq!(
        summary(&found),
        [
            (DriftKind::State, "payment", "lost-answer", vec!["capture"]),
            (DriftKind::State, "payment", "called-off", vec!["fail"]),
            (DriftKind::Amount, "payment", "other-amount", vec![]),
            (DriftKind::MissingHere, "payment", "unknown", vec![]),
            (DriftKind::Amount, "payment", "other-amount", vec![]),
            (DriftKind::MissingThere, "payment", "gone", vec![]),
        ]
    );
    assert!(found.differences[4].note.as_deref().is_some_and(|note| note.contains("charged twice")));
    assert_eq!(found.compared["payment"], (4, 5), "what is not ours is not counted");
}

#[test]
fn refunds_that_were_made_at_stripe_are_taken_over() {
    let refund = |id: &str, status: &str, minor: i64| RefundState {
        id: id.into(),
        status: status.into(),
        amount: Some(euro(minor)),
        intent: Some("pi_1".into()),
        failure: None,
        metadata: Metadata::new(),
    };
    let payments = |refunded: i64| Ours { payments: vec![payment("y", Some("pi_1"), "captured", 1_000, refunded)], ..Ours::default() };
    let theirs = Theirs {
        intents: vec![intent("pi_1", "y", "succeeded", 1_000)],
        refunds: vec![refund("re_1", "succeeded", 100), refund("re_2", "succeeded", 50), refund("re_3", "failed", 500)],
        ..Theirs::default()
    };
    let there = found(&payments(100), &theirs);
    assert_eq!(summary(&there), [(DriftKind::Amount, "refund", "y", vec!["complete-refund", "complete-refund"])]);
    let here = found(&payments(300), &theirs);
    assert_eq!(summary(&here), [(DriftKind::Amount, "refund", "y", vec![])]);
}

#[test]
fn customers_that_were_deleted_or_never_linked_are_mended() {
    let customer = |id: &str, external_id: &str| OurCustomer {
        tenant_id: TENANT,
        id: id.into(),
        external_id: Some(external_id.into()),
        erased: false,
    };
    let their =
        |external_id: &str, id: &str| CustomerState { id: external_id.into(), default_method: None, metadata: metadata(key::CUSTOMER, id) };
    let ours = Ours { customers: vec![customer("a", "cus_1"), customer("b", "cus_2"), customer("d", "cus_5")], ..Ours::default() };
    let theirs =
        Theirs { customers: vec![their("cus_1", "a"), their("cus_3", "c"), their("cus_4", "d"), their("cus_5", "d")], ..Theirs::default() };
    let found = found(&ours, &theirs);
    assert_eq!(
        summary(&found),
        [
            (DriftKind::Deleted, "customer", "b", vec!["unlink"]),
            (DriftKind::MissingHere, "customer", "c", vec!["link"]),
            (DriftKind::State, "customer", "d", vec![]),
        ]
    );
}

#[test]
fn subscriptions_follow_stripe_and_never_begin_again() {
    let end = DateTime::from_timestamp(1_780_000_000, 0).unwrap();
    let their = |external_id: &str, id: &str, status: &str, quantity: u64| SubscriptionState {
        id: external_id.into(),
        customer: "cus_1".into(),
        status: status.into(),
        item: Some(("si_1".into(), "price_1".into(), quantity)),
        period: Some((DateTime::UNIX_EPOCH, end)),
        started_at: DateTime::UNIX_EPOCH,
        trial_end: None,
        cancel_at: None,
        ended_at: None,
        metadata: metadata(key::SUBSCRIPTION, id),
    };
    let our = |id: &str, external_id: &str, status: &str, ended: bool| OurSubscription {
        tenant_id: TENANT,
        id: id.into(),
        external_id: Some(external_id.into()),
        provider_status: Some(status.into()),
        quantity: 1,
        period_end: end,
        ended,
    };
    let ours = Ours {
        subscriptions: vec![
            our("same", "sub_1", "active", false),
            our("unpaid", "sub_2", "active", false),
            our("over", "sub_3", "canceled", true),
            our("gone", "sub_4", "active", false),
            our("more", "sub_5", "active", false),
        ],
        ..Ours::default()
    };
    let follow = vec![crate::decide::command("subscription", "x", "sync", serde_json::json!({}))];
    let theirs = Theirs {
        subscriptions: [
            their("sub_1", "same", "active", 1),
            their("sub_2", "unpaid", "unpaid", 1),
            their("sub_3", "over", "active", 1),
            their("sub_5", "more", "active", 2),
            their("sub_6", "new", "active", 1),
        ]
        .map(|subscription| (subscription, follow.clone()))
        .into(),
        ..Theirs::default()
    };
    let found = found(&ours, &theirs);
    assert_eq!(
        summary(&found),
        [
            (DriftKind::State, "subscription", "unpaid", vec!["sync"]),
            (DriftKind::State, "subscription", "over", vec![]),
            (DriftKind::State, "subscription", "more", vec!["sync"]),
            (DriftKind::MissingHere, "subscription", "new", vec!["sync"]),
            (DriftKind::MissingThere, "subscription", "gone", vec![]),
        ]
    );
    assert_eq!(found.compared["subscription"], (5, 5));
}

#[test]
fn prices_are_there_on_sale_and_cost_the_same() {
    let our = |plan: &str, price: &str, retired: bool| OurPrice {
        tenant_id: TENANT,
        plan_id: plan.into(),
        external_price_id: Some(price.into()),
        price_minor: 1_000,
        currency: "EUR".into(),
        retired,
    };
    let their = |id: &str, active: bool, minor: i64| {
        (id.to_owned(), PriceState { id: id.into(), active, amount: Some(euro(minor)), metadata: Metadata::new() })
    };
    let ours = Ours {
        prices: vec![
            our("same", "price_1", false),
            our("gone", "price_2", false),
            our("off", "price_3", false),
            our("old", "price_4", true),
            our("dear", "price_5", false),
        ],
        ..Ours::default()
    };
    let prices =
        [their("price_1", true, 1_000), their("price_3", false, 1_000), their("price_4", false, 1_000), their("price_5", true, 1_100)];
    let theirs = Theirs { prices: HashMap::from(prices), ..Theirs::default() };
    assert_eq!(
        summary(&found(&ours, &theirs)),
        [
            (DriftKind::Deleted, "price", "gone", vec![]),
            (DriftKind::State, "price", "off", vec![]),
            (DriftKind::Amount, "price", "dear", vec![]),
        ]
    );
}
