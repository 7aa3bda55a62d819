//! What happens to a stock item. Events that change the stock's value carry the change, signed, and what stock and value are afterwards.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::events;
use crate::inventory::product::Valuation;
use crate::inventory::values::{Label, Name, Note, Reference, Sku};
use crate::kernel::{Currency, Day, Money};

/// What stock is of: a product in a warehouse.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Goods {
    /// The product.
    pub product_id: String,
    /// Its article number.
    pub sku: Sku,
    /// The warehouse.
    pub warehouse_id: String,
}

/// Stock and value after an event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Balance {
    /// The pieces in stock.
    pub on_hand: i64,
    /// What they are worth, in minor units of the currency in which the product is valued.
    pub value_minor: i64,
}

/// What an item keeps after an event. A reservation whose time is over counts until somebody tidies up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Kept {
    /// The pieces that are reserved.
    pub reserved: i64,
    /// The pieces that are allocated.
    pub allocated: i64,
}

/// What a movement took from a layer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Take {
    /// The layer: the movement that brought the pieces in.
    pub layer: String,
    /// The pieces.
    pub quantity: i64,
    /// What they were worth; 0 under a moving average, where layers have no value of their own.
    pub value_minor: i64,
}

/// Pieces that come in together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Brought {
    /// The layer: the movement that brought the pieces into the company.
    pub layer: String,
    /// The day on which they came.
    pub received_on: Day,
    /// The pieces.
    pub quantity: i64,
    /// What they are worth; 0 under a moving average.
    pub value_minor: i64,
}

/// What a revaluation does to a layer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LayerChange {
    /// The layer.
    pub layer: String,
    /// Its day, so that a layer that had been used up is known again.
    pub received_on: Day,
    /// The pieces that it has more, or fewer.
    pub quantity: i64,
    /// What it is worth more, or less.
    pub value_minor: i64,
}

/// A product is stocked in a warehouse for the first time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StockItemOpened {
    /// What is stocked where.
    #[serde(flatten)]
    pub goods: Goods,
    /// What people call the product.
    pub product_name: String,
    /// The base unit.
    pub unit: Label,
    /// The currency in which stock is valued.
    pub currency: Currency,
    /// How stock is valued.
    pub valuation: Valuation,
    /// What people call the warehouse.
    pub warehouse_name: String,
    /// How many pieces are kept from being promised.
    pub safety_stock: i64,
    /// The level below which the product is to be ordered again.
    pub reorder_point: Option<i64>,
    /// How many are ordered at a time.
    pub reorder_quantity: Option<i64>,
    /// Whether the product is no longer bought.
    pub discontinued: bool,
}

/// Where received goods come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// A supplier, whose bill comes with them or later.
    #[default]
    Purchase,
    /// Stock that was there before it was kept here.
    Opening,
}

/// Goods came in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StockReceived {
    /// The movement.
    pub movement_id: String,
    /// What came where.
    #[serde(flatten)]
    pub goods: Goods,
    /// Where they come from.
    pub origin: Origin,
    /// The pieces.
    pub quantity: i64,
    /// What they cost.
    pub value: Money,
    /// What of the value the layer has that the goods form: all of it under FIFO, nothing under a moving average.
    pub layer_value_minor: i64,
    /// The day on which they came.
    pub received_on: Day,
    /// The day on which this was recorded, on which it counts in the books.
    pub booked_on: Day,
    /// The delivery note, the purchase order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<Reference>,
    /// Who delivered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supplier: Option<Name>,
    /// Stock and value afterwards.
    pub after: Balance,
}

/// Goods left for a customer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StockShipped {
    /// The movement.
    pub movement_id: String,
    /// What left from where.
    #[serde(flatten)]
    pub goods: Goods,
    /// The pieces.
    pub quantity: i64,
    /// What the stock is worth less; not positive.
    pub value: Money,
    /// The layers that they came from.
    pub takes: Vec<Take>,
    /// The reservation that they had been kept for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reservation_id: Option<String>,
    /// The order, the invoice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<Reference>,
    /// The customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_id: Option<Reference>,
    /// The day on which this was recorded.
    pub booked_on: Day,
    /// Stock and value afterwards.
    pub after: Balance,
    /// What is kept afterwards.
    pub kept: Kept,
}

/// Stock turned out to be more or less than the books said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StockAdjusted {
    /// The movement.
    pub movement_id: String,
    /// What is more or less where.
    #[serde(flatten)]
    pub goods: Goods,
    /// The pieces more (positive) or fewer (negative).
    pub quantity: i64,
    /// What the stock is worth more or less.
    pub value: Money,
    /// What of the value the layer has that found pieces form: all of it under FIFO, nothing under a moving average.
    pub layer_value_minor: i64,
    /// The layers that missing pieces were taken from.
    pub takes: Vec<Take>,
    /// Why, in a word by which reports can group; `count` where a count found it.
    pub reason: Label,
    /// Remarks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Note>,
    /// The day on which this was recorded.
    pub booked_on: Day,
    /// Stock and value afterwards.
    pub after: Balance,
}

/// Somebody counted. A difference is adjusted by an event of its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StockCounted {
    /// The movement.
    pub movement_id: String,
    /// What was counted where.
    #[serde(flatten)]
    pub goods: Goods,
    /// The pieces that the books expected.
    pub expected: i64,
    /// The pieces that were there.
    pub counted: i64,
    /// The day of the count.
    pub booked_on: Day,
}

/// Goods came back from a customer, at what they were worth when they left.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StockReturned {
    /// The movement.
    pub movement_id: String,
    /// What came back where.
    #[serde(flatten)]
    pub goods: Goods,
    /// The shipment that they had left with.
    pub shipment_id: String,
    /// The pieces.
    pub quantity: i64,
    /// What the stock is worth more.
    pub value: Money,
    /// What of the value the layer has that the goods form: all of it under FIFO, nothing under a moving average.
    pub layer_value_minor: i64,
    /// Why they came back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Label>,
    /// The return's number elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<Reference>,
    /// The day on which this was recorded.
    pub booked_on: Day,
    /// Stock and value afterwards.
    pub after: Balance,
}

/// Goods left for another warehouse, with their value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StockTransferredOut {
    /// The movement, which both items share.
    pub movement_id: String,
    /// What left from where.
    #[serde(flatten)]
    pub goods: Goods,
    /// The warehouse that they went to.
    pub to_warehouse_id: String,
    /// The pieces.
    pub quantity: i64,
    /// What the stock is worth less here; not positive.
    pub value: Money,
    /// The layers that they came from.
    pub takes: Vec<Take>,
    /// The day on which this was recorded.
    pub booked_on: Day,
    /// Stock and value afterwards.
    pub after: Balance,
}

/// Goods came from another warehouse, with their value and their age.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StockTransferredIn {
    /// The movement, which both items share.
    pub movement_id: String,
    /// What came where.
    #[serde(flatten)]
    pub goods: Goods,
    /// The warehouse that they came from.
    pub from_warehouse_id: String,
    /// The pieces.
    pub quantity: i64,
    /// What the stock is worth more here.
    pub value: Money,
    /// The layers that they form here.
    pub layers: Vec<Brought>,
    /// The day on which this was recorded.
    pub booked_on: Day,
    /// Stock and value afterwards.
    pub after: Balance,
}

/// Why stock is worth more or less.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RevaluationCause {
    /// The cost of a receipt became known, or was corrected.
    LateCost,
    /// A receipt was recorded after pieces that came later had left.
    BackdatedReceipt,
    /// Somebody set the value, such as the lower net realisable value (IAS 2.9).
    Revaluation,
}

/// Stock is worth more or less today. What has left keeps the value that it left with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StockRevalued {
    /// The movement; that of the receipt where its cost or its day is the cause.
    pub movement_id: String,
    /// What is worth more or less where.
    #[serde(flatten)]
    pub goods: Goods,
    /// Why.
    pub cause: RevaluationCause,
    /// Where the goods of a receipt came from whose cost is the cause.
    #[serde(default)]
    pub origin: Origin,
    /// What the stock is worth more or less.
    pub value: Money,
    /// What of a late cost belongs to pieces that are gone; an expense, or less of one.
    pub expensed: Money,
    /// What that does to layers.
    pub changes: Vec<LayerChange>,
    /// Remarks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Note>,
    /// The day on which this was recorded, on which it counts in the books.
    pub booked_on: Day,
    /// Stock and value afterwards.
    pub after: Balance,
}

/// Pieces are kept for somebody until a time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StockReserved {
    /// The reservation.
    pub reservation_id: String,
    /// What is kept where.
    #[serde(flatten)]
    pub goods: Goods,
    /// The pieces.
    pub quantity: i64,
    /// From when on they are no longer kept.
    pub expires_at: DateTime<Utc>,
    /// Whether the reservation covers several items, and is a `stock-reservation` of its own.
    pub joint: bool,
    /// The order, the cart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<Reference>,
    /// What is kept afterwards.
    pub kept: Kept,
}

/// Pieces are committed to somebody, without an end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StockAllocated {
    /// The reservation that became an allocation, or the id of an allocation of its own.
    pub reservation_id: String,
    /// What is committed where.
    #[serde(flatten)]
    pub goods: Goods,
    /// The pieces.
    pub quantity: i64,
    /// Whether the reservation covers several items.
    pub joint: bool,
    /// The order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<Reference>,
    /// What is kept afterwards.
    pub kept: Kept,
}

/// Pieces are no longer kept or committed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StockReleased {
    /// The reservation.
    pub reservation_id: String,
    /// What is free where.
    #[serde(flatten)]
    pub goods: Goods,
    /// The pieces.
    pub quantity: i64,
    /// What is kept afterwards.
    pub kept: Kept,
}

/// A reservation ended by the clock.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StockReservationExpired {
    /// The reservation.
    pub reservation_id: String,
    /// What is free where.
    #[serde(flatten)]
    pub goods: Goods,
    /// The pieces.
    pub quantity: i64,
    /// What is kept afterwards.
    pub kept: Kept,
}

/// What is in stock and not committed fell below the reorder point.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReorderPointReached {
    /// 1, 2, 3 … in the life of the item.
    pub number: u32,
    /// What is low where.
    #[serde(flatten)]
    pub goods: Goods,
    /// What people call the product.
    pub product_name: String,
    /// Who it is bought from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supplier: Option<Name>,
    /// What is in stock and not committed.
    pub level: i64,
    /// The reorder point.
    pub reorder_point: i64,
    /// How many to order.
    pub quantity: i64,
}

/// What is in stock and not committed is at the reorder point again; or the point is another one now, or the product is no longer bought.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StockReplenished {
    /// The number of the fall that is over.
    pub number: u32,
    /// What is back where.
    #[serde(flatten)]
    pub goods: Goods,
    /// What is in stock and not committed.
    pub level: i64,
}

events! {
    /// What happens to a stock item.
    pub enum StockItemEvent {
        StockItemOpened = "stock_item_opened" 1,
        StockReceived = "stock_received" 1,
        StockShipped = "stock_shipped" 1,
        StockAdjusted = "stock_adjusted" 1,
        StockCounted = "stock_counted" 1,
        StockReturned = "stock_returned" 1,
        StockTransferredOut = "stock_transferred_out" 1,
        StockTransferredIn = "stock_transferred_in" 1,
        StockRevalued = "stock_revalued" 1,
        StockReserved = "stock_reserved" 1,
        StockAllocated = "stock_allocated" 1,
        StockReleased = "stock_released" 1,
        StockReservationExpired = "stock_reservation_expired" 1,
        ReorderPointReached = "reorder_point_reached" 1,
        StockReplenished = "stock_replenished" 1,
    }
}
