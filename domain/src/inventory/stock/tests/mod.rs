//! Given / when / then.

mod coming;
mod holding;
mod leaving;
mod reordering;

use serde_json::{Value, json};

use super::*;
use crate::inventory::movement::{Kind, MovementRecorded, StockMovement, StockMovementEvent};
use crate::inventory::product::{Product, ProductCreated, ProductDiscontinued, ProductEvent, ProductFacts, Terms, Valuation};
use crate::inventory::warehouse::{Warehouse, WarehouseClosed, WarehouseEvent, WarehouseOpened};
use crate::kernel::testing::{Given, Then, assert_examples_decode, given, given_nothing};
use crate::kernel::{Day, Money, Text};

/// The item under test.
const ITEM: &str = "tea:main";

fn text<const N: usize>(text: &str) -> Text<N> {
    text.to_owned().try_into().unwrap()
}

fn euro(amount_minor: i64) -> Money {
    Money::new(amount_minor, Currency::EUR)
}

fn day(day: u32) -> Day {
    Day(chrono::NaiveDate::from_ymd_opt(2026, 3, day).unwrap())
}

fn product(valuation: Valuation, facts: ProductFacts) -> ProductEvent {
    let terms = Terms { sku: text("TEA"), unit: text("bag"), currency: Currency::EUR, valuation };
    ProductCreated { name: text("Tea"), terms, price: None, facts }.into()
}

fn warehouse() -> WarehouseEvent {
    WarehouseOpened { name: text("Main"), address: None }.into()
}

/// An item without history, of a product with these facts, on 9 March 2026.
fn new(valuation: Valuation, facts: ProductFacts) -> Given<StockItem> {
    given_nothing()
        .named(ITEM)
        .at("2026-03-09T12:00:00Z")
        .and::<Product>("tea", [product(valuation, facts)])
        .and::<Warehouse>("main", [warehouse()])
        .and::<Warehouse>("annex", [warehouse()])
}

fn fifo() -> Given<StockItem> {
    new(Valuation::Fifo, ProductFacts::default())
}

fn average() -> Given<StockItem> {
    new(Valuation::MovingAverage, ProductFacts::default())
}

/// The body of a receipt on a day in March.
fn receipt(id: &str, on: u32, quantity: i64, cost_minor: i64) -> Value {
    json!({ "movement_id": id, "quantity": quantity, "total_cost": euro(cost_minor), "received_on": day(on) })
}

trait Steps: Sized {
    /// Receives goods on a day in March.
    fn received(self, id: &str, on: u32, quantity: i64, cost_minor: i64) -> Self;
    /// Ships goods.
    fn shipped(self, id: &str, quantity: i64) -> Self;
}

impl Steps for Given<StockItem> {
    #[track_caller]
    fn received(self, id: &str, on: u32, quantity: i64, cost_minor: i64) -> Self {
        self.when_json("receive", &receipt(id, on, quantity, cost_minor)).then_accepted()
    }

    #[track_caller]
    fn shipped(self, id: &str, quantity: i64) -> Self {
        self.when_json("ship", &json!({ "movement_id": id, "quantity": quantity })).then_accepted()
    }
}

/// Ten pieces at 1.00 and ten at 2.00.
fn stocked() -> Given<StockItem> {
    fifo().received("R-1", 1, 10, 1000).received("R-2", 5, 10, 2000)
}

/// The document of a movement of the item.
fn document(kind: Kind, asked: i64, value_minor: i64) -> StockMovementEvent {
    MovementRecorded { kind, item_id: ITEM.into(), asked, value: euro(value_minor) }.into()
}

/// Pieces and value.
fn balance(given: &Given<StockItem>) -> (i64, i64) {
    let stock = &given.state().stock;
    (stock.on_hand, stock.value_minor)
}

/// Id, pieces and value of each layer.
fn layers(given: &Given<StockItem>) -> Vec<(&str, i64, i64)> {
    given.state().stock.layers.iter().map(|layer| (layer.id.as_str(), layer.quantity, layer.value_minor)).collect()
}

/// Type, id and name of every event of another aggregate.
fn others(then: &Then<StockItem>) -> Vec<(&'static str, String, &'static str)> {
    then.others().into_iter().map(|(aggregate, id, event, _)| (aggregate, id, event)).collect()
}

#[test]
fn examples_decode() {
    assert_examples_decode::<StockItem>();
}
