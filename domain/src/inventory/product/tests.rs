//! Given / when / then.

use serde_json::{Value, json};

use super::*;
use crate::kernel::testing::{Given, assert_examples_decode, given, given_nothing};
use crate::kernel::{ClaimAction, Text};

fn text<const N: usize>(text: &str) -> Text<N> {
    text.to_owned().try_into().unwrap()
}

fn euro(amount_minor: i64) -> Money {
    Money::new(amount_minor, Currency::EUR)
}

fn terms() -> Terms {
    Terms { sku: text("TEA 100"), unit: text("bag"), currency: Currency::EUR, valuation: Valuation::MovingAverage }
}

fn created() -> ProductEvent {
    let facts = ProductFacts { cost: Some(euro(310)), ..ProductFacts::default() };
    ProductCreated { name: text("Tea"), terms: terms(), price: None, facts }.into()
}

fn body() -> Value {
    json!({ "name": "Tea", "sku": " TEA  100 ", "unit": "bag", "valuation": "moving_average", "cost": euro(310) })
}

fn tea() -> Given<Product> {
    given([created()])
}

#[test]
fn creating_claims_the_number_however_it_is_written() {
    let then = given_nothing::<Product>().when_json("create", &json!({ "name": "Tea", "sku": "TEA 100", "currency": "EUR" }));
    let claims: Vec<_> = then.claims().iter().map(|claim| (claim.action, claim.scope, claim.key.as_str(), claim.field)).collect();
    assert_eq!(claims, [(ClaimAction::Take, SKU_SCOPE, "tea 100", "sku")]);
    let others: Vec<_> = then.others().into_iter().map(|(aggregate, id, event, _)| (aggregate, id, event)).collect();
    assert_eq!(others, [("sku", "tea~20100".to_owned(), "sku_assigned")]);
    let given = then.then_accepted();
    let terms = given.state().terms.clone().unwrap();
    assert_eq!((&*terms.unit, terms.valuation), ("piece", Valuation::Fifo));
}

#[test]
fn the_number_of_another_product_is_left_to_the_claim() {
    let assigned = SkuAssigned { sku: text("TEA 100"), product_id: "other".into() };
    let then = given_nothing::<Product>().and::<SkuIndex>("tea~20100", [assigned.into()]).when_json("create", &body());
    assert_eq!((then.claims().len(), then.others().len()), (1, 0));
}

#[test]
fn the_currency_is_that_of_the_cost_or_the_price() {
    let created = ProductCreated {
        name: text("Tea"),
        terms: Terms { sku: text("TEA  100"), ..terms() },
        price: None,
        facts: ProductFacts { cost: Some(euro(310)), ..ProductFacts::default() },
    };
    given_nothing::<Product>().when_json("create", &body()).then([created.into()]);
    let price = given_nothing::<Product>().when_json("create", &json!({ "name": "Tea", "sku": "T", "price": euro(5) })).then_accepted();
    assert_eq!(price.state().terms.as_ref().map(|terms| terms.currency), Some(Currency::EUR));
}

#[test]
fn what_cannot_be_a_product_is_refused() {
    let when = |patch: Value| {
        let mut body = body();
        body.as_object_mut().unwrap().extend(patch.as_object().unwrap().clone());
        given_nothing::<Product>().when_json("create", &body)
    };
    when(json!({ "cost": null })).then_rejected("inventory.currency_missing");
    when(json!({ "currency": "USD" })).then_rejected("inventory.currency_mismatch");
    when(json!({ "cost": euro(-1) })).then_rejected("inventory.amount_out_of_range");
    when(json!({ "price": euro(i64::MAX) })).then_rejected("inventory.amount_out_of_range");
    when(json!({ "sku": "ü".repeat(60) })).then_rejected("inventory.sku_unusable");
    given_nothing::<Product>().named("a:b").when_json("create", &body()).then_rejected("inventory.id_unusable");
}

#[test]
fn renaming_and_pricing_happen_once() {
    let renamed = ProductRenamed { name: text("Green tea") };
    let given = tea().when_json("rename", &json!({ "name": "Green tea" })).then([renamed.into()]);
    let given = given.when_json("rename", &json!({ "name": "Green tea" })).then_nothing();
    let priced = ProductPriced { from: None, to: Some(euro(890)) };
    let given = given.when_json("price", &json!({ "price": euro(890) })).then([priced.into()]);
    let given = given.when_json("price", &json!({ "price": euro(890) })).then_nothing();
    given.when_json("price", &json!({ "price": euro(-1) })).then_rejected("inventory.amount_out_of_range");
}

#[test]
fn an_update_changes_only_what_it_names() {
    let body = json!({ "name": "Green tea", "price": euro(890), "cost": null, "reorder_point": 40, "safety_stock": 5 });
    let facts =
        ProductFacts { reorder_point: Some(40.try_into().unwrap()), safety_stock: Some(5.try_into().unwrap()), ..ProductFacts::default() };
    let updated = ProductUpdated { changed: vec!["cost".into(), "reorder_point".into(), "safety_stock".into()], facts };
    let given = tea().when_json("update", &body).then([
        ProductRenamed { name: text("Green tea") }.into(),
        ProductPriced { from: None, to: Some(euro(890)) }.into(),
        updated.into(),
    ]);
    let given = given.when_json("update", &body).then_nothing();
    assert_eq!(given.state().safety_stock(), 5);
    given.when_json("update", &json!({ "cost": { "amount_minor": 1, "currency": "USD" } })).then_rejected("inventory.currency_mismatch");
}

#[test]
fn a_discontinued_product_can_be_reinstated() {
    let given = tea().when_json("reinstate", &json!({})).then_nothing();
    let given = given.when_json("discontinue", &json!({})).then([ProductDiscontinued { reason: None }.into()]);
    let given = given.when_json("discontinue", &json!({ "reason": "again" })).then_nothing();
    given.when_json("reinstate", &json!({})).then([ProductReinstated {}.into()]);
}

#[test]
fn examples_decode() {
    assert_examples_decode::<Product>();
}
