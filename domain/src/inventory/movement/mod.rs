//! A stock movement: the document of what came, left or changed, under the number that people have for it.
//!
//! Its id makes sure that the movement happens once, and what it remembers is what later commands need: a return the value with which goods
//! left, a late cost the pieces and the cost of the receipt and where its goods have gone. Receipts can be sent here with the product's
//! number and the warehouse's name, as files have them.

mod cost;
mod record;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::record::{RecordKind, RecordMovement};
use super::product::Product;
use super::stock::{Arrival, Origin, StockItem, StockRejection, arrive, item_id};
use super::values::{Name, Quantity, Reference, Sku};
use super::warehouse::Warehouse;
use crate::kernel::{Aggregate, AggregateId, Context, Day, Decision, Money, Refusal};
use crate::{commands, cqrs_aggregate, events, rejections};

/// How many warehouses the goods of one receipt may get to.
pub const PLACES_MAX: usize = 100;

/// What kind of movement it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Goods came in from a supplier.
    Receipt,
    /// Stock was taken over that was there before it was kept here.
    Opening,
    /// Goods left for a customer.
    Shipment,
    /// Goods came back from a customer.
    Return,
    /// The books were made to agree with what is there.
    Adjustment,
    /// Somebody counted.
    Count,
    /// Goods went from one warehouse to another.
    Transfer,
    /// Somebody set the value.
    Revaluation,
}

impl Kind {
    /// The kind of movement with which goods come in from there.
    pub const fn of_arrival(origin: Origin) -> Self {
        match origin {
            Origin::Purchase => Self::Receipt,
            Origin::Opening => Self::Opening,
        }
    }

    /// Where the goods of a receipt, with or without a supplier, come from; nothing for movements of another kind.
    pub const fn origin(self) -> Option<Origin> {
        match self {
            Self::Receipt => Some(Origin::Purchase),
            Self::Opening => Some(Origin::Opening),
            _ => None,
        }
    }
}

// ---------------------------------------------------------------------------------------------------------- events

/// A movement was recorded; the stock items tell what it did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MovementRecorded {
    /// What kind of movement it is.
    pub kind: Kind,
    /// The item; the one that goods left where there are two.
    pub item_id: String,
    /// What was asked for: pieces, or minor units where a value was set.
    pub asked: i64,
    /// What the goods were worth, without sign.
    pub value: Money,
}

/// The cost of a receipt became known, or was corrected.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReceiptCostAdjusted {
    /// What the goods had cost.
    pub from: Money,
    /// What they cost.
    pub to: Money,
}

/// Goods of the receipt got to another item, where a late cost must find them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReceiptSpread {
    /// The item.
    pub item_id: String,
}

/// Goods of the shipment came back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ShipmentReturned {
    /// The movement with which they came back.
    pub movement_id: String,
    /// The pieces.
    pub quantity: i64,
    /// What they were worth.
    pub value_minor: i64,
}

events! {
    /// What happens to a movement.
    pub enum StockMovementEvent {
        MovementRecorded = "movement_recorded" 1,
        ReceiptCostAdjusted = "receipt_cost_adjusted" 1,
        ReceiptSpread = "receipt_spread" 1,
        ShipmentReturned = "shipment_returned" 1,
    }
}

// ----------------------------------------------------------------------------------------------------------- state

/// A movement's state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StockMovement {
    /// What kind of movement it is; nothing before it is recorded.
    pub kind: Option<Kind>,
    /// The item; the one that goods left where there are two.
    pub item_id: String,
    /// What was asked for: pieces, or minor units where a value was set.
    pub asked: i64,
    /// What the goods were worth, in minor units: of a receipt, what they cost as far as is known.
    pub value_minor: i64,
    /// The pieces of a shipment that came back.
    pub returned: i64,
    /// What those were worth.
    pub returned_minor: i64,
    /// Further items that goods of a receipt got to.
    pub places: Vec<String>,
}

/// Whether a command has had its effect: the movement is the same. A rejection where the id names another movement.
pub(super) fn is_done(id: &AggregateId, kind: Kind, item_id: &str, asked: i64, context: &Context<'_>) -> Result<bool, Refusal> {
    match context.get::<StockMovement>(id.as_str())? {
        None => Ok(false),
        Some(found) if found.kind == Some(kind) && found.item_id == item_id && found.asked == asked => Ok(true),
        Some(_) => Err(StockRejection::MovementExists(id.to_string()).into()),
    }
}

// -------------------------------------------------------------------------------------------------------- commands

/// Receives goods from a supplier, named as files and scanners name them. The id of the movement is the number of the receipt.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReceiveGoods {
    /// The product's article number.
    #[serde(default)]
    pub sku: Option<Sku>,
    /// The product, where its number is not given.
    #[serde(default)]
    pub product_id: Option<AggregateId>,
    /// The warehouse: its id, or a name such as `Main Warehouse` for the id `main-warehouse`; `main` where none is named.
    #[serde(default)]
    pub warehouse_id: Option<Reference>,
    /// The pieces.
    pub quantity: Quantity,
    /// What a piece costs. The product's usual cost counts where neither this nor `total_cost` is given.
    #[serde(default)]
    pub unit_cost: Option<Money>,
    /// What all pieces cost together.
    #[serde(default)]
    pub total_cost: Option<Money>,
    /// The day on which they came; today where none is given. The books count them from today on.
    #[serde(default)]
    pub received_on: Option<Day>,
    /// The delivery note, the purchase order.
    #[serde(default)]
    pub reference: Option<Reference>,
    /// Who delivered; the product's supplier where nobody is named.
    #[serde(default)]
    pub supplier: Option<Name>,
}

/// Takes over stock that was there before it was kept here. In the ledger it comes from the opening balance, not from a supplier.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct OpenStock(pub ReceiveGoods);

/// Corrects what the goods of a receipt cost. Goods in stock are worth more or less from today on, wherever they are; the part of those that
/// are gone is an expense. Nothing in the past is changed.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AdjustCost {
    /// What a piece cost.
    #[serde(default)]
    pub unit_cost: Option<Money>,
    /// What all pieces cost together.
    #[serde(default)]
    pub total_cost: Option<Money>,
}

commands! {
    /// What can be asked of a movement.
    pub enum StockMovementCommand {
        creates "receive" => ReceiveGoods {
            "sku": "TEA-100", "warehouse_id": "main", "quantity": 100, "unit_cost": { "amount_minor": 310, "currency": "EUR" },
            "received_on": "2026-03-01", "reference": "DN-2041", "supplier": "Yama Tea Ltd"
        },
        creates "open-stock" => OpenStock {
            "sku": "TEA-100", "quantity": 40, "total_cost": { "amount_minor": 11_999, "currency": "EUR" }
        },
        creates "record" => RecordMovement {
            "kind": "shipment", "sku": "TEA-100", "quantity": 12, "date": "2026-03-02", "reference": "INV-1044", "customer_id": "C-9"
        },
        "adjust-cost" => AdjustCost { "unit_cost": { "amount_minor": 325, "currency": "EUR" } },
    }
}

// ---------------------------------------------------------------------------------------------------------- handle

impl Aggregate for StockMovement {
    const CONTEXT: &'static str = "inventory";
    const TYPE: &'static str = "stock-movement";
    type Command = StockMovementCommand;
    type Event = StockMovementEvent;

    fn apply(&mut self, event: &StockMovementEvent) {
        match event {
            StockMovementEvent::MovementRecorded(e) => {
                self.kind = Some(e.kind);
                self.item_id.clone_from(&e.item_id);
                self.asked = e.asked;
                self.value_minor = e.value.amount_minor;
            }
            StockMovementEvent::ReceiptCostAdjusted(e) => self.value_minor = e.to.amount_minor,
            StockMovementEvent::ReceiptSpread(e) => self.places.push(e.item_id.clone()),
            StockMovementEvent::ShipmentReturned(e) => {
                self.returned += e.quantity;
                self.returned_minor += e.value_minor;
            }
        }
    }

    fn handle(&self, command: StockMovementCommand, context: &Context<'_>) -> Result<Decision<StockMovementEvent>, Refusal> {
        match command {
            StockMovementCommand::ReceiveGoods(command) => receive(command, Origin::Purchase, context),
            StockMovementCommand::OpenStock(command) => receive(command.0, Origin::Opening, context),
            StockMovementCommand::RecordMovement(command) => record::record(command, context),
            StockMovementCommand::AdjustCost(command) => self.adjust_cost(&command, context),
        }
    }
}

cqrs_aggregate!(StockMovement);

fn receive(command: ReceiveGoods, origin: Origin, context: &Context<'_>) -> Result<Decision<StockMovementEvent>, Refusal> {
    let product_id = Product::named(command.product_id.as_ref(), command.sku.as_ref(), context)?;
    let warehouse_id = Warehouse::named(command.warehouse_id.as_ref(), context)?;
    let item_id = item_id(&product_id, &warehouse_id);
    let arrival = Arrival {
        origin,
        quantity: command.quantity.get(),
        unit_cost: command.unit_cost,
        total_cost: command.total_cost,
        received_on: command.received_on,
        booked_on: None,
        reference: command.reference,
        supplier: command.supplier,
    };
    let item = context.get::<StockItem>(&item_id)?;
    let (booked, recorded) = arrive(&item_id, item, context.aggregate_id, arrival, context)?;
    Ok(booked.also(Decision::event(recorded)))
}

// ------------------------------------------------------------------------------------------------------ rejections

rejections! {
    /// Why a movement refuses a command.
    pub enum MovementRejection in "inventory" {
        /// Only receipts have a cost.
        #[error("Only the cost of a receipt can be adjusted; set another movement right by an adjustment or a revaluation.")]
        NotAReceipt => "not_a_receipt" ["id"],
        /// The goods of a receipt are in too many places.
        #[error("Goods of the receipt `{0}` are in {1} warehouses already; transfer goods of another receipt.")]
        TooManyPlaces(String, usize) => "too_many_places" ["to_warehouse_id"],
        /// A quantity that the kind of movement cannot have.
        #[error("A movement of the kind `{0}` cannot have the quantity {1}: counts have 0 or more, adjustments anything but 0, all others 1 or more.")]
        QuantityOfKind(&'static str, i64) => "quantity_of_kind" ["quantity"],
        /// Goods that come back from nowhere.
        #[error("Name the shipment that the goods come back from.")]
        NoShipment => "shipment_missing" ["shipment_id"],
    }
}

#[cfg(test)]
mod tests;
