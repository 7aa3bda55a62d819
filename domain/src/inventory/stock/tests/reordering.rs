//! Falls below the reorder point.

use super::*;

fn facts() -> ProductFacts {
    ProductFacts { reorder_point: Some(10.try_into().unwrap()), reorder_quantity: Some(25.try_into().unwrap()), ..ProductFacts::default() }
}

fn goods() -> Goods {
    Goods { product_id: "tea".into(), sku: text("TEA"), warehouse_id: "main".into() }
}

/// Names of the events that a command leads to.
fn names(given: Given<StockItem>, command: &str, body: &Value) -> (Vec<&'static str>, Given<StockItem>) {
    let before = given.state().clone();
    let after = given.when_json(command, body).then_accepted();
    let mut names = Vec::new();
    if after.state().falls > before.falls {
        names.push("reached");
    }
    if before.below.is_some() && after.state().below.is_none() {
        names.push("replenished");
    }
    (names, after)
}

#[test]
fn a_fall_is_told_once_until_the_stock_has_recovered() {
    let given = new(Valuation::Fifo, facts()).received("R-1", 1, 12, 0);
    let then = given.when_json("ship", &json!({ "movement_id": "S-1", "quantity": 3 }));
    let given = then.then_accepted();
    assert_eq!((given.state().falls, given.state().below), (1, Some(10)));
    let (told, given) = names(given, "ship", &json!({ "movement_id": "S-2", "quantity": 1 }));
    assert_eq!(told, [""; 0]);
    let (told, given) = names(given, "receive", &receipt("R-2", 1, 2, 0));
    assert_eq!((told, given.state().level()), (vec!["replenished"], 10));
    let (told, _) = names(given, "adjust", &json!({ "movement_id": "A-1", "quantity": -1, "reason": "lost" }));
    assert_eq!(told, ["reached"]);
}

#[test]
fn allocations_count_and_reservations_do_not() {
    let given = new(Valuation::Fifo, facts()).received("R-1", 1, 12, 0);
    let (told, given) = names(given, "reserve", &json!({ "reservation_id": "a", "quantity": 5 }));
    assert_eq!(told, [""; 0]);
    let (told, given) = names(given, "allocate", &json!({ "reservation_id": "a" }));
    assert_eq!(told, ["reached"]);
    let (told, _) = names(given, "release", &json!({ "reservation_id": "a" }));
    assert_eq!(told, ["replenished"]);
}

#[test]
fn a_fall_says_how_many_to_order() {
    let given = new(Valuation::Fifo, facts()).received("R-1", 1, 12, 0);
    let body = json!({ "movement_id": "A-1", "quantity": -9, "reason": "lost" });
    let adjusted = StockAdjusted {
        movement_id: "A-1".into(),
        goods: goods(),
        quantity: -9,
        value: euro(0),
        layer_value_minor: 0,
        takes: vec![Take { layer: "R-1".into(), quantity: 9, value_minor: 0 }],
        reason: text("lost"),
        note: None,
        booked_on: day(9),
        after: Balance { on_hand: 3, value_minor: 0 },
    };
    let reached = ReorderPointReached {
        number: 1,
        goods: goods(),
        product_name: "Tea".into(),
        supplier: None,
        level: 3,
        reorder_point: 10,
        quantity: 25,
    };
    given.when_json("adjust", &body).then([adjusted.into(), reached.into()]);
}

#[test]
fn discontinued_products_are_not_ordered_again() {
    let given = new(Valuation::Fifo, facts()).received("R-1", 1, 12, 0);
    let given = given.and::<Product>("tea", [product(Valuation::Fifo, facts()), ProductDiscontinued { reason: None }.into()]);
    let (told, _) = names(given, "ship", &json!({ "movement_id": "S-1", "quantity": 5 }));
    assert_eq!(told, [""; 0]);
}

/// The item after a change of its product, which it has not looked at yet.
fn with_product(given: Given<StockItem>, reorder_point: Option<i64>, events: Vec<ProductEvent>) -> Given<StockItem> {
    let facts = ProductFacts { reorder_point: reorder_point.map(|point| point.try_into().unwrap()), ..ProductFacts::default() };
    given.and::<Product>("tea", [vec![product(Valuation::Fifo, facts)], events].concat())
}

#[test]
fn a_point_that_is_raised_or_lowered_is_told_without_a_movement() {
    let given = new(Valuation::Fifo, facts()).received("R-1", 1, 12, 0);
    let given = given.when_json("review-reorder", &json!({})).then_nothing();
    let (told, given) = names(with_product(given, Some(20), vec![]), "review-reorder", &json!({}));
    assert_eq!((told, given.state().below), (vec!["reached"], Some(20)));
    let given = with_product(given, Some(30), vec![]).when_json("review-reorder", &json!({})).then_nothing();
    let (told, given) = names(with_product(given, Some(12), vec![]), "review-reorder", &json!({}));
    assert_eq!(told, ["replenished"]);
    let (_, given) = names(with_product(given, Some(13), vec![]), "review-reorder", &json!({}));
    let (told, _) = names(with_product(given, None, vec![]), "review-reorder", &json!({}));
    assert_eq!(told, ["replenished"]);
}

#[test]
fn a_product_that_is_no_longer_bought_is_no_longer_low_until_it_is_bought_again() {
    let given = new(Valuation::Fifo, facts()).received("R-1", 1, 5, 0);
    assert_eq!(given.state().below, Some(10));
    let discontinued = || ProductDiscontinued { reason: None }.into();
    let (told, given) = names(with_product(given, Some(10), vec![discontinued()]), "review-reorder", &json!({}));
    assert_eq!(told, ["replenished"]);
    let reinstated = vec![discontinued(), crate::inventory::product::ProductReinstated {}.into()];
    let (told, given) = names(with_product(given, Some(10), reinstated), "review-reorder", &json!({}));
    assert_eq!((told, given.state().falls), (vec!["reached"], 2));
}
