//! Given / when / then. What a receipt does to items is tested beside them.

use serde_json::{Value, json};

use super::*;
use crate::inventory::product::{ProductCreated, ProductEvent, ProductFacts, Terms, Valuation};
use crate::inventory::sku::{Sku as SkuIndex, SkuAssigned};
use crate::inventory::stock::{Balance, Goods, Kept, StockItemEvent, StockItemOpened, StockReceived, StockRevalued, StockShipped, Take};
use crate::inventory::warehouse::{WarehouseEvent, WarehouseOpened};
use crate::kernel::testing::{Given, Then, assert_examples_decode, given, given_nothing};
use crate::kernel::{Currency, EventSet as _, Text};

fn text<const N: usize>(text: &str) -> Text<N> {
    text.to_owned().try_into().unwrap()
}

fn euro(amount_minor: i64) -> Money {
    Money::new(amount_minor, Currency::EUR)
}

fn day(day: u32) -> Day {
    Day(chrono::NaiveDate::from_ymd_opt(2026, 3, day).unwrap())
}

fn goods(warehouse_id: &str) -> Goods {
    Goods { product_id: "tea".into(), sku: text("TEA"), warehouse_id: warehouse_id.into() }
}

fn product() -> [ProductEvent; 1] {
    let terms = Terms { sku: text("TEA"), unit: text("bag"), currency: Currency::EUR, valuation: Valuation::Fifo };
    [ProductCreated { name: text("Tea"), terms, price: None, facts: ProductFacts::default() }.into()]
}

fn warehouse() -> [WarehouseEvent; 1] {
    [WarehouseOpened { name: text("Main"), address: None }.into()]
}

/// A company with one product and two warehouses.
fn company(given: Given<StockMovement>) -> Given<StockMovement> {
    given
        .named("R-1")
        .and::<SkuIndex>("tea", [SkuAssigned { sku: text("TEA"), product_id: "tea".into() }.into()])
        .and::<Product>("tea", product())
        .and::<Warehouse>("main", warehouse())
        .and::<Warehouse>("main-hall", warehouse())
}

fn opened(warehouse_id: &str) -> StockItemEvent {
    StockItemOpened {
        goods: goods(warehouse_id),
        product_name: "Tea".into(),
        unit: text("bag"),
        currency: Currency::EUR,
        valuation: Valuation::Fifo,
        warehouse_name: "Main".into(),
        safety_stock: 0,
        reorder_point: None,
        reorder_quantity: None,
        discontinued: false,
    }
    .into()
}

/// An item with ten pieces of the receipt, at 1.00 each, of which some have left.
fn item(left: i64) -> Vec<StockItemEvent> {
    let received = StockReceived {
        movement_id: "R-1".into(),
        goods: goods("main"),
        origin: Origin::Purchase,
        quantity: 10,
        value: euro(1000),
        layer_value_minor: 1000,
        received_on: day(1),
        booked_on: day(1),
        reference: None,
        supplier: None,
        after: Balance { on_hand: 10, value_minor: 1000 },
    };
    let shipped = StockShipped {
        movement_id: "S-1".into(),
        goods: goods("main"),
        quantity: left,
        value: euro(-100 * left),
        takes: vec![Take { layer: "R-1".into(), quantity: left, value_minor: 100 * left }],
        reservation_id: None,
        reference: None,
        customer_id: None,
        booked_on: day(1),
        after: Balance { on_hand: 10 - left, value_minor: 1000 - 100 * left },
        kept: Kept::default(),
    };
    vec![opened("main"), received.into(), shipped.into()]
}

fn recorded(kind: Kind) -> StockMovementEvent {
    MovementRecorded { kind, item_id: "tea:main".into(), asked: 10, value: euro(1000) }.into()
}

/// Type, id and name of every event of another aggregate.
fn others(then: &Then<StockMovement>) -> Vec<(&'static str, String, &'static str)> {
    then.others().into_iter().map(|(aggregate, id, event, _)| (aggregate, id, event)).collect()
}

#[test]
fn a_receipt_finds_its_product_by_number_and_its_warehouse_by_name() {
    let body = json!({ "sku": " Tea", "warehouse_id": "Main Hall", "quantity": 10, "unit_cost": euro(100) });
    let then = company(given_nothing()).when_json("receive", &body);
    let names: Vec<_> = others(&then).into_iter().map(|(_, id, event)| (id, event)).collect();
    let item = || "tea:main-hall".to_owned();
    assert_eq!(names[..2], [(item(), "stock_item_opened"), (item(), "stock_received")]);
    assert_eq!((names.len(), names[2].1), (3, "section_item_stocked"));
    then.then([MovementRecorded { kind: Kind::Receipt, item_id: item(), asked: 10, value: euro(1000) }.into()]);
}

#[test]
fn opening_stock_goes_to_the_main_warehouse_where_none_is_named() {
    let then = company(given_nothing()).when_json("open-stock", &json!({ "product_id": "tea", "quantity": 3, "total_cost": euro(100) }));
    let received: StockReceived = serde_json::from_str(&then.others()[1].3).unwrap();
    assert_eq!((received.origin, received.value, received.goods), (Origin::Opening, euro(100), goods("main")));
}

#[test]
fn what_a_receipt_cannot_find_is_refused() {
    let when = |body: Value| company(given_nothing()).when_json("receive", &body);
    when(json!({ "quantity": 1 })).then_rejected("inventory.product_not_named");
    when(json!({ "sku": "TEA", "product_id": "tea", "quantity": 1 })).then_rejected("inventory.product_not_named");
    when(json!({ "sku": "CUP", "quantity": 1 })).then_rejected("inventory.sku_unknown");
    when(json!({ "product_id": "cup", "quantity": 1, "total_cost": euro(1) })).then_rejected("inventory.product_unknown");
    for name in ["Annex", "annex", "***"] {
        when(json!({ "sku": "TEA", "warehouse_id": name, "quantity": 1 })).then_rejected("inventory.warehouse_unknown");
    }
}

#[test]
fn a_late_cost_changes_what_is_in_stock_and_expenses_the_rest() {
    let given = company(given([recorded(Kind::Receipt)])).and::<StockItem>("tea:main", item(4));
    let body = json!({ "unit_cost": euro(105) });
    let then = given.when_json("adjust-cost", &body);
    assert_eq!(others(&then), [("stock-item", "tea:main".to_owned(), "stock_revalued")]);
    let revalued: StockRevalued = serde_json::from_str(&then.others()[0].3).unwrap();
    assert_eq!((revalued.value, revalued.expensed), (euro(30), euro(20)));
    assert_eq!((revalued.after, revalued.booked_on), (Balance { on_hand: 6, value_minor: 630 }, day(1)));
    let given = then.then([ReceiptCostAdjusted { from: euro(1000), to: euro(1050) }.into()]);
    given.when_json("adjust-cost", &body).then_nothing();
}

#[test]
fn a_late_cost_finds_goods_wherever_they_are() {
    let moved = vec![
        opened("annex"),
        StockReceived {
            movement_id: "R-1".into(),
            goods: goods("annex"),
            origin: Origin::Purchase,
            quantity: 4,
            value: euro(400),
            layer_value_minor: 400,
            received_on: day(1),
            booked_on: day(1),
            reference: None,
            supplier: None,
            after: Balance { on_hand: 4, value_minor: 400 },
        }
        .into(),
    ];
    let spread = ReceiptSpread { item_id: "tea:annex".into() };
    let given = company(given([recorded(Kind::Receipt), spread.into()])).and::<StockItem>("tea:main", item(4));
    let then = given.and::<StockItem>("tea:annex", moved).when_json("adjust-cost", &json!({ "total_cost": euro(900) }));
    let changes: Vec<(String, Money, Money)> = then
        .others()
        .into_iter()
        .map(|(_, id, _, payload)| {
            let revalued: StockRevalued = serde_json::from_str(&payload).unwrap();
            (id, revalued.value, revalued.expensed)
        })
        .collect();
    assert_eq!(changes, [("tea:annex".to_owned(), euro(-40), euro(0)), ("tea:main".to_owned(), euro(-60), euro(0))]);
}

#[test]
fn a_late_cost_of_goods_that_are_gone_is_an_expense() {
    let given = company(given([recorded(Kind::Receipt)])).and::<StockItem>("tea:main", item(10));
    let then = given.when_json("adjust-cost", &json!({ "total_cost": euro(1500) }));
    let revalued: StockRevalued = serde_json::from_str(&then.others()[0].3).unwrap();
    assert_eq!((revalued.value, revalued.expensed, revalued.changes), (euro(0), euro(500), vec![]));
}

#[test]
fn only_the_cost_of_a_receipt_is_adjusted_and_only_to_a_cost() {
    let when = |kind, body: Value| company(given([recorded(kind)])).and::<StockItem>("tea:main", item(0)).when_json("adjust-cost", &body);
    when(Kind::Shipment, json!({ "total_cost": euro(1) })).then_rejected("inventory.not_a_receipt");
    when(Kind::Receipt, json!({})).then_rejected("inventory.cost_missing");
    when(Kind::Receipt, json!({ "total_cost": euro(1), "unit_cost": euro(1) })).then_rejected("inventory.cost_ambiguous");
    when(Kind::Receipt, json!({ "unit_cost": euro(i64::MAX) })).then_rejected("inventory.amount_out_of_range");
    let dollar = json!({ "amount_minor": 1, "currency": "USD" });
    when(Kind::Receipt, json!({ "unit_cost": dollar })).then_rejected("inventory.currency_mismatch");
}

/// The events of an item that a recorded movement has led to.
fn of_item(then: &Then<StockMovement>) -> Vec<StockItemEvent> {
    let events = then.others().into_iter().filter(|(aggregate, ..)| *aggregate == StockItem::TYPE);
    events.map(|(_, _, name, payload)| StockItemEvent::decode(name, "1", &payload).unwrap()).collect()
}

fn record(on_hand: i64, body: &Value) -> Then<StockMovement> {
    let shipped = MovementRecorded { kind: Kind::Shipment, item_id: "tea:main".into(), asked: 4, value: euro(400) };
    let given = company(given_nothing()).named("M-2").and::<StockItem>("tea:main", item(10 - on_hand));
    given.and::<StockMovement>("S-1", [shipped.into()]).when_json("record", body)
}

#[test]
fn a_movement_of_the_past_counts_in_the_books_on_its_own_day() {
    let body = |kind: &str, quantity: i64| json!({ "kind": kind, "sku": "tea", "quantity": quantity, "date": day(1) });
    let [StockItemEvent::StockShipped(shipped)] = &of_item(&record(10, &body("Sale", 3)))[..] else { panic!("a shipment") };
    assert_eq!((shipped.booked_on, shipped.value, shipped.movement_id.as_str()), (day(1), euro(-300), "M-2"));
    let [StockItemEvent::StockReceived(received)] = &of_item(&record(
        10,
        &json!({
            "kind": "receipt", "sku": "tea", "quantity": 5, "total_cost": euro(600), "date": "2026-02-28", "reference": "PO-1", "supplier": "Yama"
        }),
    ))[..] else {
        panic!("a receipt")
    };
    assert_eq!((received.booked_on, received.received_on, received.origin), (received.received_on, received.booked_on, Origin::Purchase));
    assert_eq!(received.booked_on.0.to_string(), "2026-02-28");
    let [StockItemEvent::StockCounted(counted), StockItemEvent::StockAdjusted(adjusted)] = &of_item(&record(10, &body("count", 8)))[..]
    else {
        panic!("a count and its difference")
    };
    assert_eq!((counted.expected, counted.booked_on, adjusted.quantity, adjusted.booked_on), (10, day(1), -2, day(1)));
    let [StockItemEvent::StockAdjusted(adjusted)] = &of_item(&record(10, &body("adjustment", -1)))[..] else { panic!("an adjustment") };
    assert_eq!((&*adjusted.reason, adjusted.booked_on), ("correction", day(1)));
}

#[test]
fn what_is_recorded_as_a_return_names_its_shipment() {
    let back = |fields: Value| {
        let mut body = json!({ "kind": "return", "sku": "tea", "quantity": 4, "date": day(1) });
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        record(6, &body)
    };
    let then = back(json!({ "shipment_id": "S-1" }));
    let [StockItemEvent::StockReturned(returned)] = &of_item(&then)[..] else { panic!("a return") };
    assert_eq!((returned.value, returned.booked_on), (euro(400), day(1)));
    assert!(others(&then).contains(&("stock-movement", "S-1".to_owned(), "shipment_returned")));
    back(json!({})).then_rejected("inventory.shipment_missing");
    back(json!({ "shipment_id": "S-9" })).then_rejected("inventory.shipment_unknown");
    back(json!({ "shipment_id": "S-1", "quantity": 5 })).then_rejected("inventory.exceeds_shipment");
}

#[test]
fn what_cannot_have_happened_is_not_recorded() {
    let when = |fields: Value| {
        let mut body = json!({ "kind": "shipment", "sku": "tea", "quantity": 1 });
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        record(10, &body)
    };
    when(json!({ "quantity": 11 })).then_rejected("inventory.insufficient_stock");
    when(json!({ "date": "2026-03-09" })).then_rejected("inventory.day_in_future");
    for (kind, quantity) in [("shipment", 0), ("receipt", -1), ("count", -1), ("adjustment", 0), ("return", 0)] {
        when(json!({ "kind": kind, "quantity": quantity })).then_rejected("inventory.quantity_of_kind");
    }
    when(json!({ "kind": "count", "quantity": 0 })).then_accepted();
}

#[test]
fn examples_decode() {
    assert_examples_decode::<StockMovement>();
}
