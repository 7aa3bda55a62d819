//! Given / when / then.

use serde_json::{Value, json};

use super::*;
use crate::inventory::movement::{Kind, MovementRecorded};
use crate::inventory::product::{ProductCreated, ProductEvent, ProductFacts, Terms, Valuation};
use crate::inventory::sku::{Sku as SkuIndex, SkuAssigned};
use crate::inventory::stock::{
    Balance, Kept, Origin, StockAllocated, StockItemEvent, StockItemOpened, StockReceived, StockReserved, StockShipped,
};
use crate::inventory::warehouse::WarehouseOpened;
use crate::kernel::testing::{Given, ID, Then, assert_examples_decode, given, given_nothing};
use crate::kernel::{Currency, Day, Money, Text};

const EXPIRY: &str = "2026-03-01T12:01:00Z";

fn text<const N: usize>(text: &str) -> Text<N> {
    text.to_owned().try_into().unwrap()
}

fn goods(product_id: &str) -> Goods {
    Goods { product_id: product_id.into(), sku: text(product_id), warehouse_id: "main".into() }
}

fn product(sku: &str) -> ProductEvent {
    let terms = Terms { sku: text(sku), unit: text("bag"), currency: Currency::EUR, valuation: Valuation::Fifo };
    ProductCreated { name: text("Thing"), terms, price: None, facts: ProductFacts::default() }.into()
}

/// An item with ten pieces.
fn item(product_id: &str) -> Vec<StockItemEvent> {
    let day = Day(chrono::NaiveDate::from_ymd_opt(2026, 3, 1).unwrap());
    let opened = StockItemOpened {
        goods: goods(product_id),
        product_name: "Thing".into(),
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
        movement_id: format!("R-{product_id}"),
        goods: goods(product_id),
        origin: Origin::Purchase,
        quantity: 10,
        value: Money::new(1000, Currency::EUR),
        layer_value_minor: 1000,
        received_on: day,
        booked_on: day,
        reference: None,
        supplier: None,
        after: Balance { on_hand: 10, value_minor: 1000 },
    };
    vec![opened.into(), received.into()]
}

/// What an item keeps for the reservation under test.
fn kept(product_id: &str, quantity: i64) -> StockItemEvent {
    let expires_at = EXPIRY.parse().unwrap();
    let kept = Kept { reserved: quantity, allocated: 0 };
    StockReserved { reservation_id: ID.into(), goods: goods(product_id), quantity, expires_at, joint: true, reference: None, kept }.into()
}

/// Ten teas and ten cups, with further events.
fn shop(given: Given<StockReservation>, tea: &[StockItemEvent], cup: &[StockItemEvent]) -> Given<StockReservation> {
    let opened = || WarehouseOpened { name: text("Main"), address: None };
    let sku = |id: &str| SkuAssigned { sku: text(id), product_id: id.into() };
    given
        .and::<SkuIndex>("tea", [sku("tea").into()])
        .and::<SkuIndex>("cup", [sku("cup").into()])
        .and::<Product>("tea", [product("tea")])
        .and::<Product>("cup", [product("cup")])
        .and::<Warehouse>("main", [opened().into()])
        .and::<StockItem>("tea:main", item("tea").into_iter().chain(tea.iter().cloned()))
        .and::<StockItem>("cup:main", item("cup").into_iter().chain(cup.iter().cloned()))
}

fn line(product_id: &str, quantity: i64) -> ReservedLine {
    ReservedLine { item_id: format!("{product_id}:main"), goods: goods(product_id), quantity }
}

fn placed() -> StockReservationEvent {
    let lines = vec![line("cup", 4), line("tea", 5)];
    ReservationPlaced { lines, expires_at: EXPIRY.parse().unwrap(), reference: Some(text("ORD-1")), customer_id: Some(text("C-1")) }.into()
}

fn reserved() -> Given<StockReservation> {
    shop(given([placed()]), &[kept("tea", 5)], &[kept("cup", 4)])
}

fn order(lines: &Value) -> Value {
    json!({ "lines": lines, "ttl_seconds": 60, "reference": "ORD-1", "customer_id": "C-1" })
}

/// Item and name of every event of another aggregate.
fn others(then: &Then<StockReservation>) -> Vec<(String, &'static str)> {
    then.others().into_iter().map(|(_, id, event, _)| (id, event)).collect()
}

#[test]
fn the_lines_of_an_item_are_summed_and_items_are_written_in_order() {
    let lines = json!([
        { "sku": "TEA", "quantity": 2 }, { "sku": "CUP", "warehouse_id": "main", "quantity": 4 }, { "product_id": "tea", "quantity": 3 }
    ]);
    let then = shop(given_nothing(), &[], &[]).when_json("place", &order(&lines));
    assert_eq!(others(&then), [("cup:main".to_owned(), "stock_reserved"), ("tea:main".to_owned(), "stock_reserved")]);
    let tea: StockReserved = serde_json::from_str(&then.others()[1].3).unwrap();
    assert_eq!((tea.quantity, tea.joint, tea.expires_at), (5, true, EXPIRY.parse().unwrap()));
    then.then([placed()]);
}

#[test]
fn a_reservation_is_all_or_nothing() {
    let when = |lines: Value| shop(given_nothing(), &[], &[]).when_json("place", &order(&lines));
    when(json!([{ "sku": "cup", "quantity": 1 }, { "sku": "tea", "quantity": 6 }, { "sku": "tea", "quantity": 5 }]))
        .then_rejected("inventory.insufficient_stock");
    when(json!([{ "sku": "cup", "quantity": 10 }, { "sku": "tea", "quantity": 10 }])).then_accepted();
    when(json!([])).then_rejected("inventory.line_count");
    when(json!(vec![json!({ "sku": "tea", "quantity": 1 }); LINES_MAX + 1])).then_rejected("inventory.line_count");
    when(json!([{ "sku": "tea", "warehouse_id": "annex", "quantity": 1 }])).then_rejected("inventory.warehouse_unknown");
    when(json!([{ "quantity": 1 }])).then_rejected("inventory.product_not_named");
    let never_stocked = shop(given_nothing(), &[], &[]).and::<StockItem>("tea:main", []);
    never_stocked.when_json("place", &order(&json!([{ "sku": "tea", "quantity": 1 }]))).then_rejected("inventory.insufficient_stock");
}

#[test]
fn a_reservation_is_allocated_once() {
    let then = reserved().when_json("allocate", &json!({}));
    assert_eq!(others(&then), [("cup:main".to_owned(), "stock_allocated"), ("tea:main".to_owned(), "stock_allocated")]);
    let tea: StockAllocated = serde_json::from_str(&then.others()[1].3).unwrap();
    assert_eq!((tea.quantity, tea.joint), (5, true));
    let given = then.then([ReservationAllocated {}.into()]).when_json("allocate", &json!({})).then_nothing();
    given.at("2027-01-01T00:00:00Z").when_json("expire", &json!({})).then_nothing();
}

#[test]
fn a_reservation_whose_time_is_over_is_good_while_everything_is_there() {
    let late = || reserved().at(EXPIRY);
    late().when_json("allocate", &json!({})).then_accepted();
    let taken = shop(given([placed()]).at(EXPIRY), &[kept("tea", 5)], &[kept("cup", 4), allocated("other", "cup", 7)]);
    taken.when_json("allocate", &json!({})).then_rejected("inventory.insufficient_stock");
}

fn allocated(reservation_id: &str, product_id: &str, quantity: i64) -> StockItemEvent {
    let kept = Kept { reserved: 0, allocated: quantity };
    StockAllocated { reservation_id: reservation_id.into(), goods: goods(product_id), quantity, joint: false, reference: None, kept }.into()
}

#[test]
fn a_reservation_is_resolved_once() {
    let released = ReservationReleased { reason: Some(text("no money")) };
    let then = reserved().when_json("release", &json!({ "reason": "no money" }));
    assert_eq!(others(&then), [("cup:main".to_owned(), "stock_released"), ("tea:main".to_owned(), "stock_released")]);
    let given = then.then([released.into()]).when_json("release", &json!({})).then_nothing();
    let given = given.at(EXPIRY).when_json("expire", &json!({})).then_nothing();
    given.when_json("allocate", &json!({})).then_rejected("inventory.reservation_resolved");
    reserved().when_json("expire", &json!({})).then_nothing();
    let then = reserved().at(EXPIRY).when_json("expire", &json!({}));
    assert_eq!(then.others()[0].2, "stock_reservation_expired");
    let given = then.then([ReservationExpired {}.into()]).when_json("expire", &json!({})).then_nothing();
    given.when_json("release", &json!({})).then_rejected("inventory.reservation_resolved");
    let expired = || given_expired();
    expired().when_json("ship", &json!({ "shipment_id": "S-1" })).then_rejected("inventory.reservation_resolved");
}

fn given_expired() -> Given<StockReservation> {
    shop(given([placed(), ReservationExpired {}.into()]), &[], &[])
}

#[test]
fn a_reservation_leaves_in_parts_and_each_shipment_once() {
    let part =
        json!({ "shipment_id": "S-1", "lines": [{ "item_id": "tea:main", "quantity": 1 }, { "item_id": "tea:main", "quantity": 2 }] });
    let then = reserved().when_json("ship", &part);
    assert_eq!(others(&then), [("tea:main".to_owned(), "stock_shipped"), ("S-1-1".to_owned(), "movement_recorded")]);
    let tea: StockShipped = serde_json::from_str(&then.others()[0].3).unwrap();
    assert_eq!((tea.quantity, tea.reservation_id.as_deref(), tea.customer_id), (3, Some(ID), Some(text("C-1"))));
    let left = |item: &str, movement: &str, quantity| ShippedLine { item_id: item.into(), movement_id: movement.into(), quantity };
    let first = ReservationShipped { shipment_id: "S-1".into(), lines: vec![left("tea:main", "S-1-1", 3)], complete: false };
    let given = then.then([first.into()]).when_json("ship", &part).then_nothing();
    let too_many = json!({ "shipment_id": "S-2", "lines": [{ "item_id": "tea:main", "quantity": 3 }] });
    given.when_json("ship", &too_many).then_rejected("inventory.exceeds_reservation");
    let whole = json!({ "shipment_id": "S-2" });
    let all = vec![left("cup:main", "S-2-1", 4), left("tea:main", "S-2-2", 5)];
    let complete = ReservationShipped { shipment_id: "S-2".into(), lines: all, complete: true };
    let given = reserved().when_json("ship", &whole).then([complete.into()]);
    let given = given.when_json("ship", &whole).then_nothing();
    given.when_json("release", &json!({})).then_rejected("inventory.reservation_resolved");
}

#[test]
fn what_cannot_leave_is_refused() {
    let when = |body: Value| reserved().when_json("ship", &body);
    when(json!({ "shipment_id": "S-1", "lines": [{ "item_id": "pot:main", "quantity": 1 }] }))
        .then_rejected("inventory.not_in_reservation");
    when(json!({ "shipment_id": "S".repeat(127) })).then_rejected("inventory.shipment_id_too_long");
    let lines = vec![json!({ "item_id": "tea:main", "quantity": 1 }); LINES_MAX + 1];
    when(json!({ "shipment_id": "S-1", "lines": lines })).then_rejected("inventory.line_count");
    let document = MovementRecorded { kind: Kind::Shipment, item_id: "pot:main".into(), asked: 1, value: Money::new(1, Currency::EUR) };
    let taken = reserved().and::<StockMovement>("S-1-1", [document.into()]);
    taken.when_json("ship", &json!({ "shipment_id": "S-1" })).then_rejected("inventory.movement_exists");
    let none = |number: usize| ReservationShipped { shipment_id: number.to_string(), lines: Vec::new(), complete: false };
    let history = std::iter::once(placed()).chain((0..SHIPMENTS_MAX).map(|number| none(number).into()));
    let many = shop(given(history), &[], &[]);
    many.when_json("ship", &json!({ "shipment_id": "S-1" })).then_rejected("inventory.too_many_shipments");
}

#[test]
fn examples_decode() {
    assert_examples_decode::<StockReservation>();
}
