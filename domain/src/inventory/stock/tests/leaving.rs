//! Shipments, losses, transfers, revaluations.

use super::*;
use crate::inventory::movement::{PLACES_MAX, ReceiptSpread};

#[test]
fn a_shipment_takes_the_oldest_layers_with_their_value() {
    let then = stocked().when_json("ship", &json!({ "movement_id": "S-1", "quantity": 12, "customer_id": "C-1" }));
    assert_eq!(others(&then), [("stock-movement", "S-1".to_owned(), "movement_recorded")]);
    let shipped = StockShipped {
        movement_id: "S-1".into(),
        goods: Goods { product_id: "tea".into(), sku: text("TEA"), warehouse_id: "main".into() },
        quantity: 12,
        value: euro(-1400),
        takes: vec![
            Take { layer: "R-1".into(), quantity: 10, value_minor: 1000 },
            Take { layer: "R-2".into(), quantity: 2, value_minor: 400 },
        ],
        reservation_id: None,
        reference: None,
        customer_id: Some(text("C-1")),
        booked_on: day(9),
        after: Balance { on_hand: 8, value_minor: 1600 },
        kept: Kept::default(),
    };
    let given = then.then([shipped.into()]).and::<StockMovement>("S-1", [document(Kind::Shipment, 12, 1400)]);
    let given = given.when_json("ship", &json!({ "movement_id": "S-1", "quantity": 12 })).then_nothing();
    given.when_json("ship", &json!({ "movement_id": "S-1", "quantity": 1 })).then_rejected("inventory.movement_exists");
}

#[test]
fn the_last_shipment_empties_the_item_and_its_section() {
    let then = average().received("R-1", 1, 3, 100).when_json("ship", &json!({ "movement_id": "S-1", "quantity": 3 }));
    assert_eq!(others(&then)[0].2, "section_item_emptied");
    assert_eq!(balance(&then.then_accepted()), (0, 0));
}

#[test]
fn stock_is_never_negative() {
    let ship = |quantity: i64| json!({ "movement_id": "S-1", "quantity": quantity });
    stocked().when_json("ship", &ship(21)).then_rejected("inventory.insufficient_stock");
    stocked().when_json("ship", &json!({ "movement_id": "S-1" })).then_rejected("inventory.quantity_missing");
    let adjust = |quantity: i64| json!({ "movement_id": "A-1", "quantity": quantity, "reason": "lost" });
    stocked().when_json("adjust", &adjust(-21)).then_rejected("inventory.insufficient_stock");
    fifo().when_json("adjust", &adjust(-1)).then_rejected("inventory.insufficient_stock");
    stocked().when_json("adjust", &adjust(0)).then_rejected("inventory.adjustment_of_nothing");
    let given = stocked().when_json("adjust", &adjust(-20)).then_accepted();
    assert_eq!(balance(&given), (0, 0));
}

#[test]
fn safety_stock_is_kept_from_promises_and_not_from_shipments() {
    let facts = ProductFacts { safety_stock: Some(4.try_into().unwrap()), ..ProductFacts::default() };
    let given = new(Valuation::Fifo, facts).received("R-1", 1, 10, 1000);
    let given = given.when_json("reserve", &json!({ "reservation_id": "a", "quantity": 6 })).then_accepted();
    given.when_json("ship", &json!({ "movement_id": "S-1", "quantity": 4 })).then_accepted();
}

fn transfer(id: &str, to: &str, quantity: i64) -> Value {
    json!({ "movement_id": id, "to_warehouse_id": to, "quantity": quantity })
}

#[test]
fn a_transfer_moves_value_and_age_and_tells_the_receipts() {
    let given = stocked().and::<StockMovement>("R-1", [document(Kind::Receipt, 10, 1000)]);
    let given = given.and::<StockMovement>("R-2", [document(Kind::Receipt, 10, 2000)]);
    let then = given.when_json("transfer", &transfer("T-1", "annex", 15));
    let all = then.others();
    let named = |name: &str| all.iter().filter(|other| other.2 == name).map(|other| other.1.as_str()).collect::<Vec<_>>();
    assert_eq!(named("receipt_spread"), ["R-1", "R-2"]);
    assert_eq!((named("stock_item_opened"), named("stock_transferred_in")), (vec!["tea:annex"], vec!["tea:annex"]));
    assert_eq!((named("section_item_stocked").len(), named("movement_recorded")), (1, vec!["T-1"]));
    let inward = all.iter().find(|other| other.2 == "stock_transferred_in").unwrap();
    let inward: StockTransferredIn = serde_json::from_str(&inward.3).unwrap();
    assert_eq!((inward.value, inward.after), (euro(2000), Balance { on_hand: 15, value_minor: 2000 }));
    let brought = |layer: &str, on, quantity, value_minor| Brought { layer: layer.into(), received_on: day(on), quantity, value_minor };
    assert_eq!(inward.layers, [brought("R-1", 1, 10, 1000), brought("R-2", 5, 5, 1000)]);
    let given = then.then_accepted();
    assert_eq!((balance(&given), layers(&given)), ((5, 1000), vec![("R-2", 5, 1000)]));
    let given = given.and::<StockMovement>("T-1", [document(Kind::Transfer, 15, 2000)]);
    given.when_json("transfer", &transfer("T-1", "annex", 15)).then_nothing();
}

#[test]
fn goods_that_come_home_join_their_layer() {
    let inward = StockTransferredIn {
        movement_id: "T-2".into(),
        goods: Goods { product_id: "tea".into(), sku: text("TEA"), warehouse_id: "main".into() },
        from_warehouse_id: "annex".into(),
        quantity: 10,
        value: euro(1000),
        layers: vec![Brought { layer: "R-1".into(), received_on: day(1), quantity: 10, value_minor: 1000 }],
        booked_on: day(9),
        after: Balance { on_hand: 15, value_minor: 2000 },
    };
    let mut item = stocked().when_json("transfer", &transfer("T-1", "annex", 15)).then_accepted().state().clone();
    item.apply(&inward.into());
    let found: Vec<_> = item.stock.layers.iter().map(|layer| (layer.id.as_str(), layer.quantity, layer.value_minor)).collect();
    assert_eq!((found, item.stock.spent.len()), (vec![("R-1", 10, 1000), ("R-2", 5, 1000)], 0));
}

#[test]
fn a_transfer_needs_free_goods_and_another_open_warehouse() {
    stocked().when_json("transfer", &transfer("T-1", "main", 1)).then_rejected("inventory.same_warehouse");
    stocked().when_json("transfer", &transfer("T-1", "hall", 1)).then_rejected("inventory.warehouse_unknown");
    let closed = stocked().and::<Warehouse>("annex", [warehouse(), WarehouseClosed {}.into()]);
    closed.when_json("transfer", &transfer("T-1", "annex", 1)).then_rejected("inventory.warehouse_closed");
    let given = stocked().when_json("reserve", &json!({ "reservation_id": "a", "quantity": 15 })).then_accepted();
    let given = given.when_json("transfer", &transfer("T-1", "annex", 5)).then_accepted();
    given.when_json("transfer", &transfer("T-2", "annex", 1)).then_rejected("inventory.insufficient_stock");
}

#[test]
fn a_transfer_reads_a_bounded_number_of_receipts() {
    let mut given = fifo();
    for number in 0..101 {
        given = given.received(&format!("R-{number}"), 1, 1, 1);
    }
    let given = given.when_json("transfer", &transfer("T-1", "annex", 1)).then_accepted().received("R-x", 1, 1, 1);
    given.when_json("transfer", &transfer("T-2", "annex", 101)).then_rejected("inventory.too_many_receipts");
    let spread = |number: usize| ReceiptSpread { item_id: format!("tea:w{number}") };
    let history = std::iter::once(document(Kind::Receipt, 10, 1000)).chain((0..PLACES_MAX).map(|number| spread(number).into()));
    let given = stocked().and::<StockMovement>("R-1", history);
    given.when_json("transfer", &transfer("T-1", "annex", 1)).then_rejected("inventory.too_many_places");
}

#[test]
fn a_revaluation_spreads_over_all_layers_and_happens_once() {
    let body = |value: Money| json!({ "movement_id": "V-1", "value": value, "note": "mouldy" });
    let given = stocked().when_json("revalue", &body(euro(1000))).then_accepted();
    assert_eq!((balance(&given), layers(&given)), ((20, 1000), vec![("R-1", 10, 333), ("R-2", 10, 667)]));
    let given = given.when_json("revalue", &json!({ "movement_id": "V-2", "value": euro(1000) })).then_nothing();
    let given = given.and::<StockMovement>("V-1", [document(Kind::Revaluation, 1000, 2000)]);
    given
        .when_json("revalue", &body(euro(1000)))
        .then_nothing()
        .when_json("revalue", &body(euro(1)))
        .then_rejected("inventory.movement_exists");
    stocked().when_json("revalue", &body(euro(-1))).then_rejected("inventory.amount_out_of_range");
    let dollar = Money::new(1, Currency::try_from("USD").unwrap());
    stocked().when_json("revalue", &body(dollar)).then_rejected("inventory.currency_mismatch");
    stocked().shipped("S-1", 20).when_json("revalue", &body(euro(1))).then_rejected("inventory.nothing_to_revalue");
    let given = average().received("R-1", 1, 4, 100).when_json("revalue", &body(euro(10))).then_accepted();
    assert_eq!(balance(&given), (4, 10));
}
