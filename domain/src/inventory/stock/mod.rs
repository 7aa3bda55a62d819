//! A stock item: a product in a warehouse. Its id is `<product>:<warehouse>`.
//!
//! What is on hand, what it is worth, and for whom it is kept. Available is what is on hand and neither allocated, nor kept by a
//! reservation that has not expired, nor safety stock; nothing more than that is promised, and stock is never negative. Each movement has
//! an id and a [document](super::movement::StockMovement), so that it happens once. How stock is valued, [`valuation`] says.

mod booking;
mod commands;
mod counting;
pub mod events;
mod holds;
mod receiving;
mod shipping;
mod transfer;
pub mod valuation;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(super) use self::booking::{Booked, Booking, item_id, parts};
pub use self::commands::*;
pub(super) use self::counting::{Discrepancy, Tally};
pub use self::events::*;
pub(super) use self::holds::{Keeping, expiry};
pub(super) use self::receiving::{Arrival, Comeback, arrive, checked as checked_cost};
pub(super) use self::shipping::Departure;
use self::valuation::Stock;
use super::values::Reference;
use crate::kernel::{Aggregate, Context, Currency, Day, Decision, Refusal};
use crate::{cqrs_aggregate, rejections};

/// How many reservations and allocations an item may have at a time.
pub const HOLDS_MAX: usize = 2_000;

// ----------------------------------------------------------------------------------------------------------- state

/// What pieces are kept for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Hold {
    /// The pieces.
    pub quantity: i64,
    /// When a reservation ends; none for an allocation, which has no end.
    pub expires_at: Option<DateTime<Utc>>,
    /// Whether it covers several items and is changed by its `stock-reservation` only.
    pub joint: bool,
    /// The order, the cart.
    pub reference: Option<Reference>,
}

impl Hold {
    /// The pieces that are kept now: none once it has expired.
    pub fn kept(&self, now: DateTime<Utc>) -> i64 {
        if self.expires_at.is_some_and(|at| at <= now) { 0 } else { self.quantity }
    }
}

/// A stock item's state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StockItem {
    /// What is stocked where; nothing before the first movement.
    pub goods: Option<Goods>,
    /// The currency in which it is valued.
    pub currency: Option<Currency>,
    /// Pieces, layers and value.
    pub stock: Stock,
    /// Reservations and allocations by id.
    pub holds: BTreeMap<String, Hold>,
    /// How often it fell below the reorder point.
    pub falls: u32,
    /// The reorder point that it fell below and has not reached again.
    pub below: Option<i64>,
}

impl StockItem {
    /// The pieces that are committed.
    pub fn allocated(&self) -> i64 {
        self.holds.values().filter(|hold| hold.expires_at.is_none()).map(|hold| hold.quantity).sum()
    }

    /// What is kept, where a reservation or allocation keeps something else from now on; `true` is an allocation.
    pub(super) fn kept_with(&self, id: &str, quantity: i64, allocated: bool) -> Kept {
        let others = self.holds.iter().filter(|(other, _)| other.as_str() != id);
        let mut kept = Kept::default();
        for (quantity, allocated) in others.map(|(_, hold)| (hold.quantity, hold.expires_at.is_none())).chain([(quantity, allocated)]) {
            *(if allocated { &mut kept.allocated } else { &mut kept.reserved }) += quantity;
        }
        kept
    }

    /// The pieces that nobody has a right to now. Negative where pieces that were promised have gone missing.
    pub fn free(&self, now: DateTime<Utc>) -> i64 {
        self.stock.on_hand - self.holds.values().map(|hold| hold.kept(now)).sum::<i64>()
    }

    /// The pieces that can be promised now.
    pub fn available(&self, now: DateTime<Utc>, safety_stock: i64) -> i64 {
        self.free(now) - safety_stock
    }

    /// What is in stock and not committed: what is compared with the reorder point. Reservations do not count, most of them expire.
    pub fn level(&self) -> i64 {
        self.stock.on_hand - self.allocated()
    }

    fn hold_less(&mut self, id: &str, quantity: i64) {
        if let Some(hold) = self.holds.get_mut(id) {
            hold.quantity -= quantity;
            if hold.quantity <= 0 {
                self.holds.remove(id);
            }
        }
    }
}

// ---------------------------------------------------------------------------------------------------------- handle

impl Aggregate for StockItem {
    const CONTEXT: &'static str = "inventory";
    const TYPE: &'static str = "stock-item";
    type Command = StockItemCommand;
    type Event = StockItemEvent;

    fn apply(&mut self, event: &StockItemEvent) {
        match event {
            StockItemEvent::StockItemOpened(e) => {
                self.goods = Some(e.goods.clone());
                self.currency = Some(e.currency);
                self.stock.valuation = e.valuation;
            }
            StockItemEvent::StockReceived(e) => {
                self.stock.add(&brought(&e.movement_id, e.received_on, e.quantity, e.layer_value_minor), e.value.amount_minor);
            }
            StockItemEvent::StockReturned(e) => {
                self.stock.add(&brought(&e.movement_id, e.booked_on, e.quantity, e.layer_value_minor), e.value.amount_minor);
            }
            StockItemEvent::StockAdjusted(e) if e.quantity > 0 => {
                self.stock.add(&brought(&e.movement_id, e.booked_on, e.quantity, e.layer_value_minor), e.value.amount_minor);
            }
            StockItemEvent::StockAdjusted(e) => self.stock.remove(-e.quantity, -e.value.amount_minor, &e.takes),
            StockItemEvent::StockShipped(e) => {
                self.stock.remove(e.quantity, -e.value.amount_minor, &e.takes);
                if let Some(id) = &e.reservation_id {
                    self.hold_less(id, e.quantity);
                }
            }
            StockItemEvent::StockTransferredOut(e) => self.stock.hand_over(e.quantity, -e.value.amount_minor, &e.takes),
            StockItemEvent::StockTransferredIn(e) => {
                let mut value_minor = e.value.amount_minor;
                for layer in &e.layers {
                    // The first layer brings the whole value; a layer's own is what the layer says.
                    self.stock.add(layer, std::mem::take(&mut value_minor));
                }
            }
            StockItemEvent::StockRevalued(e) => self.stock.revalue(e.value.amount_minor, &e.changes),
            StockItemEvent::StockCounted(_) => {}
            StockItemEvent::StockReserved(e) => {
                let (expires_at, reference) = (Some(e.expires_at), e.reference.clone());
                self.holds.insert(e.reservation_id.clone(), Hold { quantity: e.quantity, expires_at, joint: e.joint, reference });
            }
            StockItemEvent::StockAllocated(e) => {
                let (expires_at, reference) = (None, e.reference.clone());
                self.holds.insert(e.reservation_id.clone(), Hold { quantity: e.quantity, expires_at, joint: e.joint, reference });
            }
            StockItemEvent::StockReleased(e) => self.hold_less(&e.reservation_id, e.quantity),
            StockItemEvent::StockReservationExpired(e) => self.hold_less(&e.reservation_id, e.quantity),
            StockItemEvent::ReorderPointReached(e) => (self.falls, self.below) = (e.number, Some(e.reorder_point)),
            StockItemEvent::StockReplenished(_) => self.below = None,
        }
    }

    fn handle(&self, command: StockItemCommand, context: &Context<'_>) -> Result<Decision<StockItemEvent>, Refusal> {
        match command {
            StockItemCommand::ReceiveStock(command) => self.receive(command, context),
            StockItemCommand::ReturnStock(command) => self.take_back(command, context),
            StockItemCommand::ShipStock(command) => self.ship(command, context),
            StockItemCommand::AdjustStock(command) => self.adjust(command, context),
            StockItemCommand::CountStock(command) => self.count(command, context),
            StockItemCommand::RevalueStock(command) => self.revalue(command, context),
            StockItemCommand::TransferStock(command) => self.transfer(&command, context),
            StockItemCommand::ReserveStock(command) => self.reserve(command, context),
            StockItemCommand::AllocateStock(command) => self.allocate(command, context),
            StockItemCommand::ReleaseStock(command) => self.release(&command, context),
            StockItemCommand::ExpireReservations(_) => self.expire(context),
            StockItemCommand::ReviewReorder(_) => self.review_reorder(context),
        }
    }
}

cqrs_aggregate!(StockItem);

/// A layer of one movement.
fn brought(movement_id: &str, received_on: Day, quantity: i64, value_minor: i64) -> Brought {
    Brought { layer: movement_id.to_owned(), received_on, quantity, value_minor }
}

// ------------------------------------------------------------------------------------------------------ rejections

rejections! {
    /// Why a stock item refuses a command.
    pub enum StockRejection in "inventory" {
        /// An id that is not that of a product in a warehouse.
        #[error("`{0}` is not a stock item: write `<product id>:<warehouse id>`.")]
        NotAnItem(String) => "stock_item_unusable" ["id"],
        /// Something else has happened under this id.
        #[error("The movement `{0}` has been recorded already, with other goods or another quantity; give this one an id of its own.")]
        MovementExists(String) => "movement_exists" ["movement_id"],
        /// Nothing says what the goods cost.
        #[error("Say what the goods cost: `unit_cost` or `total_cost`, or set the product's usual cost.")]
        NoCost => "cost_missing" ["unit_cost", "total_cost"],
        /// Two costs.
        #[error("Give `unit_cost` or `total_cost`, not both.")]
        TwoCosts => "cost_ambiguous" ["unit_cost", "total_cost"],
        /// A negative or absurd cost.
        #[error("What goods cost is not negative and at most 9,000,000,000,000,000 minor units.")]
        CostOutOfRange => "amount_out_of_range" ["unit_cost", "total_cost"],
        /// A cost in another currency than the product's.
        #[error("The product is valued in {0}; convert the cost, which is in {1}.")]
        CostCurrency(Currency, Currency) => "currency_mismatch" ["unit_cost", "total_cost"],
        /// More than an item may hold.
        #[error("The item would hold more than 1,000,000,000,000 pieces, or be worth more than 9,000,000,000,000,000 minor units.")]
        TooMuch => "quantity_out_of_range" ["quantity"],
        /// Too many layers.
        #[error("The item has stock of {0} receipts; ship or transfer some of it first, or value the product by moving average.")]
        TooManyLayers(usize) => "too_many_layers" ["id"],
        /// A receipt that is dated before what is remembered.
        #[error("A receipt of this item can be dated back to {0} at most; use that day.")]
        BackdatedTooFar(String) => "backdated_too_far" ["received_on"],
        /// Less is there than is wanted.
        #[error("{0} pieces of `{1}` are wanted, and {2} can be given; wait for more, or ask for less.")]
        Insufficient(i64, String, i64) => "insufficient_stock" ["quantity", "lines"],
        /// A reservation with that id keeps something else.
        #[error("The reservation `{0}` exists already, with another quantity; release it first, or use another id.")]
        ReservationExists(String) => "reservation_exists" ["reservation_id"],
        /// No such reservation.
        #[error("The item has no reservation `{0}`: it was shipped, released or has expired, or never was; reserve again.")]
        ReservationUnknown(String) => "reservation_unknown" ["reservation_id"],
        /// The reservation covers several items.
        #[error("The reservation `{0}` covers several items; use the commands of `stock-reservation`.")]
        ReservationIsJoint(String) => "reservation_is_joint" ["reservation_id"],
        /// More than the reservation keeps.
        #[error("The reservation keeps {0} pieces; ask for no more.")]
        ExceedsReservation(i64) => "exceeds_reservation" ["quantity"],
        /// An allocation out of nothing needs a quantity.
        #[error("There is no reservation `{0}`; say how many pieces to allocate without one.")]
        NoQuantity(String) => "quantity_missing" ["quantity"],
        /// A shipment of nothing in particular.
        #[error("Say how many pieces to ship, or which reservation.")]
        ShipsNothing => "quantity_missing" ["quantity"],
        /// Too many reservations.
        #[error("The item has {0} reservations and allocations; release some first.")]
        TooManyHolds(usize) => "too_many_reservations" ["reservation_id"],
        /// No such shipment of this item.
        #[error("The item has no shipment `{0}`; give the movement with which the goods left.")]
        ShipmentUnknown(String) => "shipment_unknown" ["shipment_id"],
        /// More comes back than left.
        #[error("{0} pieces of the shipment can still come back, not more.")]
        ExceedsShipment(i64) => "exceeds_shipment" ["quantity"],
        /// An adjustment of nothing.
        #[error("An adjustment makes the stock more or less; 0 does neither.")]
        NoDifference => "adjustment_of_nothing" ["quantity"],
        /// Nothing in stock to be valued.
        #[error("There is nothing in stock that could be worth something.")]
        NothingToRevalue => "nothing_to_revalue" ["value"],
        /// A negative or absurd value.
        #[error("A value is not negative and at most 9,000,000,000,000,000 minor units.")]
        ValueOutOfRange => "amount_out_of_range" ["value"],
        /// A value in another currency than the product's.
        #[error("The product is valued in {0}; convert the value, which is in {1}.")]
        ValueCurrency(Currency, Currency) => "currency_mismatch" ["value"],
        /// A transfer to where the goods are.
        #[error("The goods are in `{0}` already; name another warehouse.")]
        SameWarehouse(String) => "same_warehouse" ["to_warehouse_id"],
        /// A transfer out of too many layers.
        #[error("The goods come from more than {0} receipts; transfer them in smaller parts.")]
        TooManyTakes(usize) => "too_many_receipts" ["quantity"],
    }
}

#[cfg(test)]
mod tests;
