//! What can be asked of a stock item.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::commands;
use crate::inventory::values::{Difference, Label, Level, Name, Note, Quantity, Reference, Ttl};
use crate::kernel::{AggregateId, Day, Money};

/// Receives goods. The product and the warehouse must exist; the item need not.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReceiveStock {
    /// Names the movement, so that it happens once: the number of the delivery note and the line, for example.
    pub movement_id: AggregateId,
    /// The pieces.
    pub quantity: Quantity,
    /// What a piece costs. The product's usual cost counts where neither this nor `total_cost` is given.
    #[serde(default)]
    pub unit_cost: Option<Money>,
    /// What all pieces cost together, where a piece costs no whole number of minor units.
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

/// Takes goods back from a customer, at what they were worth when they left.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReturnStock {
    /// Names the movement, so that it happens once.
    pub movement_id: AggregateId,
    /// The movement with which they left this item.
    pub shipment_id: AggregateId,
    /// The pieces.
    pub quantity: Quantity,
    /// Why they came back, in a word or two.
    #[serde(default)]
    pub reason: Option<Label>,
    /// The return's number elsewhere.
    #[serde(default)]
    pub reference: Option<Reference>,
}

/// Ships goods to a customer: those that a reservation or allocation keeps, or free ones, safety stock included.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShipStock {
    /// Names the movement, so that it happens once. Returns refer to it.
    pub movement_id: AggregateId,
    /// The reservation or allocation that keeps the goods.
    #[serde(default)]
    pub reservation_id: Option<AggregateId>,
    /// The pieces; all that the reservation keeps where none are given.
    #[serde(default)]
    pub quantity: Option<Quantity>,
    /// The order, the invoice.
    #[serde(default)]
    pub reference: Option<Reference>,
    /// The customer.
    #[serde(default)]
    pub customer_id: Option<Reference>,
}

/// Makes the books agree with what is there: damage, loss, theft, a find.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AdjustStock {
    /// Names the movement, so that it happens once.
    pub movement_id: AggregateId,
    /// The pieces more (positive) or fewer (negative); stock does not become negative.
    pub quantity: Difference,
    /// Why, in a word by which reports can group: `damaged`, `lost`, `stolen`, `expired`, `found`, `sample` or one of the tenant's own.
    pub reason: Label,
    /// What a found piece is worth; the average of the stock, or the product's usual cost, where none is given.
    #[serde(default)]
    pub unit_cost: Option<Money>,
    /// Remarks.
    #[serde(default)]
    pub note: Option<Note>,
}

/// Records a count. A difference is adjusted in the same step.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CountStock {
    /// Names the movement, so that it happens once.
    pub movement_id: AggregateId,
    /// The pieces that are there.
    pub counted: Level,
    /// What a found piece is worth; the average of the stock, or the product's usual cost, where none is given.
    #[serde(default)]
    pub unit_cost: Option<Money>,
    /// Remarks.
    #[serde(default)]
    pub note: Option<Note>,
}

/// Sets what the stock is worth, such as to its lower net realisable value.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RevalueStock {
    /// Names the movement, so that it happens once.
    pub movement_id: AggregateId,
    /// What all pieces are worth from now on.
    pub value: Money,
    /// Why.
    #[serde(default)]
    pub note: Option<Note>,
}

/// Moves free goods to another warehouse; their value and their age move with them. Both items change, or neither.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TransferStock {
    /// Names the movement, so that it happens once.
    pub movement_id: AggregateId,
    /// The warehouse that they go to.
    pub to_warehouse_id: AggregateId,
    /// The pieces.
    pub quantity: Quantity,
}

/// Keeps available pieces for somebody until a time.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReserveStock {
    /// Names the reservation within the item: a cart and its line, for example.
    pub reservation_id: AggregateId,
    /// The pieces.
    pub quantity: Quantity,
    /// How long they are kept, in seconds, up to 30 days; 900 where nothing is given.
    #[serde(default)]
    pub ttl_seconds: Option<Ttl>,
    /// The order, the cart.
    #[serde(default)]
    pub reference: Option<Reference>,
}

/// Commits pieces without an end: those of a reservation, or available ones. An expired reservation is good as long as nobody else has
/// taken the pieces.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AllocateStock {
    /// The reservation, or the id that the allocation gets.
    pub reservation_id: AggregateId,
    /// The pieces where there is no reservation; else those of the reservation, and a smaller number frees the rest.
    #[serde(default)]
    pub quantity: Option<Quantity>,
    /// The order.
    #[serde(default)]
    pub reference: Option<Reference>,
}

/// Frees what a reservation or an allocation keeps.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReleaseStock {
    /// The reservation or allocation.
    pub reservation_id: AggregateId,
}

/// Ends the reservations whose time is over. They keep nothing from then on anyway; this tidies up.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExpireReservations {}

/// Looks whether the item is to be ordered again, and says so where that has changed: with the product's reorder point, or because the
/// product is no longer bought, or is again. The platform sends this by itself; what moves stock looks by itself.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReviewReorder {}

commands! {
    /// What can be asked of a stock item.
    pub enum StockItemCommand {
        either "receive" => ReceiveStock {
            "movement_id": "DN-2041", "quantity": 100, "unit_cost": { "amount_minor": 310, "currency": "EUR" }, "received_on": "2026-03-01"
        },
        "return" => ReturnStock { "movement_id": "RMA-7", "shipment_id": "SHP-1001", "quantity": 1, "reason": "wrong_size" },
        "ship" => ShipStock { "movement_id": "SHP-1001", "reservation_id": "ORD-17", "customer_id": "C-9" },
        either "adjust" => AdjustStock { "movement_id": "ADJ-3", "quantity": -2, "reason": "damaged" },
        either "count" => CountStock { "movement_id": "CNT-2026-03", "counted": 96 },
        "revalue" => RevalueStock { "movement_id": "NRV-2026", "value": { "amount_minor": 25_000, "currency": "EUR" } },
        "transfer" => TransferStock { "movement_id": "TRF-12", "to_warehouse_id": "hamburg", "quantity": 20 },
        "reserve" => ReserveStock { "reservation_id": "CART-5", "quantity": 2, "ttl_seconds": 900, "reference": "cart 5" },
        "allocate" => AllocateStock { "reservation_id": "CART-5", "reference": "ORD-18" },
        "release" => ReleaseStock { "reservation_id": "CART-5" },
        "expire-reservations" => ExpireReservations {},
        "review-reorder" => ReviewReorder {},
    }
}
