//! Receipts, returns, counts, finds.

use super::*;
use crate::inventory::movement::ShipmentReturned;
use crate::inventory::values::{AMOUNT_MINOR_MAX, QUANTITY_MAX};

#[test]
fn the_first_receipt_opens_the_item_and_its_section_of_the_warehouse() {
    let then = fifo().when_json("receive", &json!({ "movement_id": "R-1", "quantity": 5, "unit_cost": euro(310), "reference": "DN-1" }));
    let [section, movement] = <[_; 2]>::try_from(others(&then)).unwrap();
    assert_eq!((section.0, section.2), ("warehouse-section", "section_item_stocked"));
    assert_eq!(movement, ("stock-movement", "R-1".to_owned(), "movement_recorded"));
    let goods = Goods { product_id: "tea".into(), sku: text("TEA"), warehouse_id: "main".into() };
    let opened = StockItemOpened {
        goods: goods.clone(),
        product_name: "Tea".into(),
        unit: text("bag"),
        currency: Currency::EUR,
        valuation: Valuation::Fifo,
        warehouse_name: "Main".into(),
        safety_stock: 0,
        reorder_point: None,
        reorder_quantity: None,
        discontinued: false,
    };
    let received = StockReceived {
        movement_id: "R-1".into(),
        goods,
        origin: Origin::Purchase,
        quantity: 5,
        value: euro(1550),
        layer_value_minor: 1550,
        received_on: day(9),
        booked_on: day(9),
        reference: Some(text("DN-1")),
        supplier: None,
        after: Balance { on_hand: 5, value_minor: 1550 },
    };
    let given = then.then([opened.into(), received.into()]);
    let again = given.when_json("receive", &receipt("R-2", 9, 1, 1));
    assert_eq!(others(&again), [("stock-movement", "R-2".to_owned(), "movement_recorded")], "the item is stocked already");
}

#[test]
fn a_receipt_happens_once() {
    let given = fifo().received("R-1", 1, 5, 500).and::<StockMovement>("R-1", [document(Kind::Receipt, 5, 500)]);
    let given = given.when_json("receive", &receipt("R-1", 1, 5, 500)).then_nothing();
    given.when_json("receive", &receipt("R-1", 1, 6, 600)).then_rejected("inventory.movement_exists");
}

#[test]
fn a_receipt_without_a_cost_has_the_usual_one() {
    let facts = || ProductFacts { cost: Some(euro(7)), supplier: Some(text("Yama")), ..ProductFacts::default() };
    let given = new(Valuation::Fifo, facts()).when_json("receive", &json!({ "movement_id": "R-1", "quantity": 3 })).then_accepted();
    assert_eq!(balance(&given), (3, 21));
    fifo().when_json("receive", &json!({ "movement_id": "R-1", "quantity": 3 })).then_rejected("inventory.cost_missing");
}

#[test]
fn what_cannot_be_received_is_refused() {
    let when = |patch: Value| {
        let mut body = receipt("R-1", 1, 5, 500);
        body.as_object_mut().unwrap().extend(patch.as_object().unwrap().clone());
        fifo().when_json("receive", &body)
    };
    when(json!({ "unit_cost": euro(1) })).then_rejected("inventory.cost_ambiguous");
    when(json!({ "total_cost": euro(-1) })).then_rejected("inventory.amount_out_of_range");
    when(json!({ "total_cost": { "amount_minor": 1, "currency": "USD" } })).then_rejected("inventory.currency_mismatch");
    when(json!({ "received_on": "2026-03-11" })).then_rejected("inventory.day_in_future");
    when(json!({ "received_on": "2026-03-10" })).then_accepted();
    fifo().named("tea").when_json("receive", &receipt("R-1", 1, 5, 500)).then_rejected("inventory.stock_item_unusable");
    fifo().named("cup:main").when_json("receive", &receipt("R-1", 1, 5, 500)).then_rejected("inventory.product_unknown");
    fifo().named("tea:hall").when_json("receive", &receipt("R-1", 1, 5, 500)).then_rejected("inventory.warehouse_unknown");
}

#[test]
fn closed_warehouses_and_discontinued_products_take_nothing() {
    let closed = fifo().and::<Warehouse>("main", [warehouse(), WarehouseClosed {}.into()]);
    closed.when_json("receive", &receipt("R-1", 1, 5, 500)).then_rejected("inventory.warehouse_closed");
    let discontinued = ProductDiscontinued { reason: None };
    let given = stocked().and::<Product>("tea", [product(Valuation::Fifo, ProductFacts::default()), discontinued.into()]);
    let given = given.shipped("S-1", 1);
    given.when_json("receive", &receipt("R-3", 1, 5, 500)).then_rejected("inventory.product_discontinued");
}

#[test]
fn an_item_holds_only_so_much() {
    let given = fifo().received("R-1", 1, QUANTITY_MAX, 0);
    given.when_json("receive", &receipt("R-2", 1, 1, 0)).then_rejected("inventory.quantity_out_of_range");
    let given = fifo().received("R-1", 1, 1, AMOUNT_MINOR_MAX);
    given.when_json("receive", &receipt("R-2", 1, 1, 1)).then_rejected("inventory.quantity_out_of_range");
}

#[test]
fn an_item_has_only_so_many_layers() {
    let mut given = fifo();
    for number in 0..valuation::LAYERS_MAX {
        given = given.received(&format!("R-{number}"), 1, 1, 1);
    }
    given.when_json("receive", &receipt("R-x", 1, 1, 1)).then_rejected("inventory.too_many_layers");
}

#[test]
fn a_backdated_receipt_revalues_the_stock_today_and_rewrites_nothing() {
    // The first ten left at 1.00, then two at 2.00. Had the five at 1.50 been known, those two would have left at 1.50.
    let then = stocked().shipped("S-1", 12).when_json("receive", &receipt("R-3", 3, 5, 750));
    let given = then.then_accepted();
    assert_eq!(layers(&given), [("R-3", 3, 450), ("R-2", 10, 2000)]);
    assert_eq!(balance(&given), (13, 2450), "1600 + 750 + 100");
    let then = average().received("R-1", 5, 10, 1000).shipped("S-1", 5).when_json("receive", &receipt("R-2", 1, 5, 1000));
    let given = then.then_accepted();
    assert_eq!(balance(&given), (10, 1500), "an average knows no order");
}

#[test]
fn the_event_of_a_backdated_receipt_says_what_changed() {
    let then = stocked().shipped("S-1", 12).when_json("receive", &receipt("R-3", 3, 5, 750));
    let goods = Goods { product_id: "tea".into(), sku: text("TEA"), warehouse_id: "main".into() };
    let received = StockReceived {
        movement_id: "R-3".into(),
        goods: goods.clone(),
        origin: Origin::Purchase,
        quantity: 5,
        value: euro(750),
        layer_value_minor: 750,
        received_on: day(3),
        booked_on: day(9),
        reference: None,
        supplier: None,
        after: Balance { on_hand: 13, value_minor: 2350 },
    };
    let revalued = StockRevalued {
        movement_id: "R-3".into(),
        goods,
        cause: RevaluationCause::BackdatedReceipt,
        origin: Origin::Purchase,
        value: euro(100),
        expensed: euro(0),
        changes: vec![
            LayerChange { layer: "R-2".into(), received_on: day(5), quantity: 2, value_minor: 400 },
            LayerChange { layer: "R-3".into(), received_on: day(3), quantity: -2, value_minor: -300 },
        ],
        note: None,
        booked_on: day(9),
        after: Balance { on_hand: 13, value_minor: 2450 },
    };
    then.then([received.into(), revalued.into()]);
}

#[test]
fn a_receipt_is_not_dated_before_what_is_forgotten() {
    let mut given = fifo();
    for number in 0..51 {
        given = given.received(&format!("R-{number}"), 2, 1, 1).shipped(&format!("S-{number}"), 1);
    }
    let given = given.when_json("receive", &receipt("R-x", 2, 1, 1)).then_accepted();
    given.when_json("receive", &receipt("R-y", 1, 1, 1)).then_rejected("inventory.backdated_too_far");
}

#[test]
fn returns_bring_back_what_left_to_the_last_cent() {
    let back = |id: &str, quantity: i64| json!({ "movement_id": id, "shipment_id": "S-1", "quantity": quantity, "reason": "wrong" });
    let returned = |id: &str, quantity, value_minor| ShipmentReturned { movement_id: id.into(), quantity, value_minor };
    let given = fifo().received("R-1", 1, 3, 100).shipped("S-1", 3).and::<StockMovement>("S-1", [document(Kind::Shipment, 3, 100)]);
    let then = given.when_json("return", &back("B-1", 1));
    assert_eq!(
        others(&then)[1..],
        [("stock-movement", "S-1".to_owned(), "shipment_returned"), ("stock-movement", "B-1".to_owned(), "movement_recorded")]
    );
    let given = then.then_accepted();
    assert_eq!(balance(&given), (1, 33));
    let given = given.and::<StockMovement>("S-1", [document(Kind::Shipment, 3, 100), returned("B-1", 1, 33).into()]);
    let given = given.and::<StockMovement>("B-1", [document(Kind::Return, 1, 33)]).when_json("return", &back("B-1", 1)).then_nothing();
    let given = given.when_json("return", &back("B-2", 2)).then_accepted();
    assert_eq!((balance(&given), layers(&given)), ((3, 100), vec![("B-1", 1, 33), ("B-2", 2, 67)]));
}

#[test]
fn only_what_left_comes_back() {
    let given = || stocked().shipped("S-1", 3).and::<StockMovement>("S-1", [document(Kind::Shipment, 3, 300)]);
    let when = |shipment: &str, quantity: i64| {
        given().when_json("return", &json!({ "movement_id": "B-1", "shipment_id": shipment, "quantity": quantity }))
    };
    when("S-1", 4).then_rejected("inventory.exceeds_shipment");
    when("S-2", 1).then_rejected("inventory.shipment_unknown");
    let receipt = given().and::<StockMovement>("R-1", [document(Kind::Receipt, 10, 1000)]);
    let body = json!({ "movement_id": "B-1", "shipment_id": "R-1", "quantity": 1 });
    receipt.when_json("return", &body).then_rejected("inventory.shipment_unknown");
    let closed = given().and::<Warehouse>("main", [warehouse(), WarehouseClosed {}.into()]);
    let body = json!({ "movement_id": "B-1", "shipment_id": "S-1", "quantity": 1 });
    closed.when_json("return", &body).then_rejected("inventory.warehouse_closed");
}

#[test]
fn a_find_is_worth_the_average_the_usual_cost_or_what_is_said() {
    let find = |cost: Value| json!({ "movement_id": "A-1", "quantity": 2, "reason": "found", "unit_cost": cost });
    let given = stocked().when_json("adjust", &find(Value::Null)).then_accepted();
    assert_eq!((balance(&given), layers(&given)[2]), ((22, 3300), ("A-1", 2, 300)));
    let given = stocked().when_json("adjust", &find(json!(euro(9)))).then_accepted();
    assert_eq!(balance(&given), (22, 3018));
    fifo().when_json("adjust", &find(Value::Null)).then_rejected("inventory.cost_missing");
    let facts = ProductFacts { cost: Some(euro(7)), ..ProductFacts::default() };
    let given = new(Valuation::MovingAverage, facts).when_json("adjust", &find(Value::Null)).then_accepted();
    assert_eq!(balance(&given), (2, 14));
    let given = given.and::<StockMovement>("A-1", [document(Kind::Adjustment, 2, 14)]);
    given.when_json("adjust", &find(Value::Null)).then_nothing();
}

#[test]
fn a_count_adjusts_the_difference_and_happens_once() {
    let count = |counted: i64| json!({ "movement_id": "C-1", "counted": counted });
    let goods = Goods { product_id: "tea".into(), sku: text("TEA"), warehouse_id: "main".into() };
    let counted = StockCounted { movement_id: "C-1".into(), goods: goods.clone(), expected: 20, counted: 19, booked_on: day(9) };
    let adjusted = StockAdjusted {
        movement_id: "C-1".into(),
        goods,
        quantity: -1,
        value: euro(-100),
        layer_value_minor: 0,
        takes: vec![Take { layer: "R-1".into(), quantity: 1, value_minor: 100 }],
        reason: text("count"),
        note: None,
        booked_on: day(9),
        after: Balance { on_hand: 19, value_minor: 2900 },
    };
    let given = stocked().when_json("count", &count(19)).then([counted.clone().into(), adjusted.into()]);
    let given = given.and::<StockMovement>("C-1", [document(Kind::Count, 19, 100)]).when_json("count", &count(19)).then_nothing();
    given.when_json("count", &count(18)).then_rejected("inventory.movement_exists");
    stocked().when_json("count", &count(20)).then([StockCounted { counted: 20, ..counted }.into()]);
    let given = stocked().when_json("count", &count(22)).then_accepted();
    assert_eq!(balance(&given), (22, 3300));
    let given = fifo().when_json("count", &count(0)).then_accepted();
    assert!(given.state().goods.is_some(), "an item that was counted is known");
}
