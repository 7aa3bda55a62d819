//! Given / when / then.

use serde_json::{Value, json};

use super::*;
use crate::kernel::testing::{Given, assert_examples_decode, given, given_nothing};

pub fn key(text: &str) -> Key {
    text.to_owned().try_into().unwrap()
}

/// The terms that a body says.
pub fn terms(body: &Value) -> Terms {
    terms_of(serde_json::from_value(body.clone()).unwrap()).unwrap()
}

/// A plan of 30 euros a month, with API calls at two cents each.
pub fn monthly() -> Value {
    json!({
        "name": "Monthly", "price": { "amount_minor": 3_000, "currency": "EUR" },
        "charges": [{
            "metric": "calls", "aggregation": "sum", "name": "Calls", "price": { "model": "standard", "unit_amount": "2" }
        }],
        "entitlements": { "context.crm": true, "seats": 5 }
    })
}

fn published() -> Given<Plan> {
    given([PlanPublished { version: 1, terms: terms(&monthly()) }.into()])
}

#[test]
fn a_plan_is_published_in_versions_and_the_same_terms_change_nothing() {
    let mut dearer = monthly();
    dearer["price"]["amount_minor"] = json!(3_500);
    given_nothing::<Plan>()
        .when_json("publish", &monthly())
        .then([PlanPublished { version: 1, terms: terms(&monthly()) }.into()])
        .when_json("publish", &monthly())
        .then_nothing()
        .when_json("publish", &dearer)
        .then([PlanPublished { version: 2, terms: terms(&dearer) }.into()]);
}

#[test]
fn a_retired_plan_is_not_published_again() {
    published()
        .when_json("retire", &json!({}))
        .then([PlanRetired { version: 1, link: None }.into()])
        .when_json("retire", &json!({}))
        .then_nothing()
        .when_json("publish", &monthly())
        .then_rejected("billing.plan_retired");
}

#[test]
fn terms_that_mean_nothing_are_refused() {
    let with = |field: &str, value: Value| {
        let mut body = monthly();
        body[field] = value;
        given_nothing::<Plan>().when_json("publish", &body)
    };
    with("price", json!({ "amount_minor": -1, "currency": "EUR" })).then_rejected("billing.amount_out_of_range");
    with("interval", json!({ "unit": "month", "count": 0 })).then_rejected("billing.interval_out_of_range");
    with("trial_days", json!(731)).then_rejected("billing.trial_too_long");
    with("tax_rate_percent", json!("100.1")).then_rejected("billing.tax_rate_out_of_range");
    let features: BTreeMap<String, bool> = (0..101).map(|n| (format!("f{n}"), true)).collect();
    with("entitlements", json!(features)).then_rejected("billing.too_many_entitlements");
    let charge = monthly()["charges"][0].clone();
    with("charges", json!([charge, charge])).then_rejected("billing.charge_twice");
    with("charges", json!(vec![charge.clone(); 21])).then_rejected("billing.too_many_charges");
    let mut free = charge;
    free["price"] = json!({ "model": "standard", "unit_amount": "-1" });
    with("charges", json!([free])).then_rejected("billing.charge_invalid");
}

#[test]
fn a_plan_keeps_its_currency() {
    let mut dollars = monthly();
    dollars["price"]["currency"] = json!("USD");
    published().when_json("publish", &dollars).then_rejected("billing.plan_currency_fixed");
}

#[test]
fn a_price_is_linked_to_the_newest_version_only() {
    let link = PriceLink { provider: key("stripe"), product_id: None, price_id: "price_1".to_owned().try_into().unwrap() };
    let body = json!({ "version": 1, "provider": "stripe", "price_id": "price_1" });
    let linked = published().when_json("link", &body).then([PlanLinked { version: 1, link: link.clone() }.into()]);
    let linked = linked.when_json("link", &body).then_nothing();
    let linked = linked.when_json("link", &json!({ "version": 2, "provider": "stripe", "price_id": "price_2" })).then_nothing();
    let mut dearer = monthly();
    dearer["price"]["amount_minor"] = json!(3_500);
    let republished = linked.when_json("publish", &dearer).then_accepted();
    assert_eq!(republished.state().link, None, "the price of the version before is not that of the new one");
    republished.when_json("link", &body).then_nothing();
}

#[test]
fn examples_decode() {
    assert_examples_decode::<Plan>();
}
