//! A reservation of several items: all of an order, or nothing.
//!
//! The lines that fall on one item are summed before they are checked, and all items are written in one append, in the order of their ids.
//! Each item keeps its part under the reservation's id, and changes it only at the reservation's word: reserved, then allocated (posted),
//! shipped, released (voided) or expired.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::movement::StockMovement;
use super::product::Product;
use super::stock::{Booking, Departure, Goods, Keeping, StockItem, StockRejection, expiry, item_id};
use super::values::{Note, Quantity, Reference, Sku, Ttl};
use super::warehouse::Warehouse;
use crate::kernel::{Aggregate, AggregateId, Context, Decision, Refusal};
use crate::{commands, cqrs_aggregate, events, rejections};

/// How many lines a reservation has at most: a decision reads a bounded number of aggregates.
pub const LINES_MAX: usize = 50;
/// In how many shipments a reservation leaves at most.
pub const SHIPMENTS_MAX: usize = 100;

// ---------------------------------------------------------------------------------------------------------- events

/// What is kept of one item.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReservedLine {
    /// The stock item.
    pub item_id: String,
    /// What is kept where.
    #[serde(flatten)]
    pub goods: Goods,
    /// The pieces, of all lines of the command together.
    pub quantity: i64,
}

/// What left of one item.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ShippedLine {
    /// The stock item.
    pub item_id: String,
    /// The movement, to which returns refer.
    pub movement_id: String,
    /// The pieces.
    pub quantity: i64,
}

/// Stock is kept until a time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReservationPlaced {
    /// What is kept, one line an item.
    pub lines: Vec<ReservedLine>,
    /// From when on it is no longer kept.
    pub expires_at: DateTime<Utc>,
    /// The order, the cart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<Reference>,
    /// The customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_id: Option<Reference>,
}

/// What was kept is committed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReservationAllocated {}

/// Some or all of it left.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReservationShipped {
    /// The shipment.
    pub shipment_id: String,
    /// What left.
    pub lines: Vec<ShippedLine>,
    /// Whether nothing is left to ship.
    pub complete: bool,
}

/// What had not left is free again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReservationReleased {
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Note>,
}

/// The time is over, and what had not left is free again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReservationExpired {}

events! {
    /// What happens to a reservation.
    pub enum StockReservationEvent {
        ReservationPlaced = "reservation_placed" 1,
        ReservationAllocated = "reservation_allocated" 1,
        ReservationShipped = "reservation_shipped" 1,
        ReservationReleased = "reservation_released" 1,
        ReservationExpired = "reservation_expired" 1,
    }
}

// ----------------------------------------------------------------------------------------------------------- state

/// Where a reservation stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReservationStatus {
    /// Kept until a time.
    #[default]
    Reserved,
    /// Committed.
    Allocated,
    /// All of it has left.
    Shipped,
    /// Given up.
    Released,
    /// Over by the clock.
    Expired,
}

impl ReservationStatus {
    fn name(self) -> &'static str {
        match self {
            Self::Reserved => "reserved",
            Self::Allocated => "allocated",
            Self::Shipped => "shipped",
            Self::Released => "released",
            Self::Expired => "expired",
        }
    }
}

/// A line that is open.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OpenLine {
    /// What is kept.
    pub line: ReservedLine,
    /// The pieces that have left.
    pub shipped: i64,
}

impl OpenLine {
    fn rest(&self) -> i64 {
        self.line.quantity - self.shipped
    }
}

/// A reservation's state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StockReservation {
    /// Where it stands.
    pub status: ReservationStatus,
    /// What it covers, in the order of the items' ids.
    pub lines: Vec<OpenLine>,
    /// When it expires, unless it is allocated.
    pub expires_at: Option<DateTime<Utc>>,
    /// The order, the cart.
    pub reference: Option<Reference>,
    /// The customer.
    pub customer_id: Option<Reference>,
    /// The shipments in which some of it left.
    pub shipments: Vec<String>,
}

// -------------------------------------------------------------------------------------------------------- commands

/// A line of an order.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WantedLine {
    /// The product's article number.
    #[serde(default)]
    pub sku: Option<Sku>,
    /// The product, where its number is not given.
    #[serde(default)]
    pub product_id: Option<AggregateId>,
    /// The warehouse; `main` where none is named.
    #[serde(default)]
    pub warehouse_id: Option<Reference>,
    /// The pieces.
    pub quantity: Quantity,
}

/// Keeps all that is wanted until a time, or nothing where one item is short. Lines of the same item are added up first.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlaceReservation {
    /// What is wanted, 1 to 50 lines.
    pub lines: Vec<WantedLine>,
    /// How long it is kept, in seconds, up to 30 days; 900 where nothing is given.
    #[serde(default)]
    pub ttl_seconds: Option<Ttl>,
    /// The order, the cart.
    #[serde(default)]
    pub reference: Option<Reference>,
    /// The customer.
    #[serde(default)]
    pub customer_id: Option<Reference>,
}

/// Commits all that is kept, without an end. If the time is over but nobody has tidied up, it succeeds as long as everything is available.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AllocateReservation {}

/// Pieces of one item that leave.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LeavingLine {
    /// The stock item, `<product id>:<warehouse id>`.
    pub item_id: AggregateId,
    /// The pieces.
    pub quantity: Quantity,
}

/// Ships what is kept, all of it or some. Each item's movement has the id of the shipment with `-1`, `-2` … in the order of the items.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShipReservation {
    /// Names the shipment, so that it happens once.
    pub shipment_id: AggregateId,
    /// What leaves; all that is left where no lines are given.
    #[serde(default)]
    pub lines: Vec<LeavingLine>,
}

/// Gives up what has not left.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ReleaseReservation {
    /// Why.
    pub reason: Option<Note>,
}

/// Ends the reservation if its time is over.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExpireReservation {}

commands! {
    /// What can be asked of a reservation.
    pub enum StockReservationCommand {
        creates "place" => PlaceReservation {
            "lines": [{ "sku": "TEA-100", "quantity": 2 }, { "sku": "CUP-1", "warehouse_id": "hamburg", "quantity": 1 }],
            "ttl_seconds": 900, "reference": "ORD-17", "customer_id": "C-9"
        },
        "allocate" => AllocateReservation {},
        "ship" => ShipReservation { "shipment_id": "SHP-1001" },
        "release" => ReleaseReservation { "reason": "The payment failed" },
        "expire" => ExpireReservation {},
    }
}

// ---------------------------------------------------------------------------------------------------------- handle

impl Aggregate for StockReservation {
    const CONTEXT: &'static str = "inventory";
    const TYPE: &'static str = "stock-reservation";
    type Command = StockReservationCommand;
    type Event = StockReservationEvent;

    fn apply(&mut self, event: &StockReservationEvent) {
        match event {
            StockReservationEvent::ReservationPlaced(e) => {
                self.lines = e.lines.iter().map(|line| OpenLine { line: line.clone(), shipped: 0 }).collect();
                self.expires_at = Some(e.expires_at);
                self.reference.clone_from(&e.reference);
                self.customer_id.clone_from(&e.customer_id);
            }
            StockReservationEvent::ReservationAllocated(_) => {
                (self.status, self.expires_at) = (ReservationStatus::Allocated, None);
            }
            StockReservationEvent::ReservationShipped(e) => {
                for shipped in &e.lines {
                    if let Some(line) = self.lines.iter_mut().find(|line| line.line.item_id == shipped.item_id) {
                        line.shipped += shipped.quantity;
                    }
                }
                self.shipments.push(e.shipment_id.clone());
                if e.complete {
                    (self.status, self.expires_at) = (ReservationStatus::Shipped, None);
                }
            }
            StockReservationEvent::ReservationReleased(_) => (self.status, self.expires_at) = (ReservationStatus::Released, None),
            StockReservationEvent::ReservationExpired(_) => (self.status, self.expires_at) = (ReservationStatus::Expired, None),
        }
    }

    fn handle(&self, command: StockReservationCommand, context: &Context<'_>) -> Result<Decision<StockReservationEvent>, Refusal> {
        match command {
            StockReservationCommand::PlaceReservation(command) => place(command, context),
            StockReservationCommand::AllocateReservation(_) => self.allocate(context),
            StockReservationCommand::ShipReservation(command) => self.ship(&command, context),
            StockReservationCommand::ReleaseReservation(command) => self.release(command, context),
            StockReservationCommand::ExpireReservation(_) => self.expire(context),
        }
    }
}

cqrs_aggregate!(StockReservation);

fn place(command: PlaceReservation, context: &Context<'_>) -> Result<Decision<StockReservationEvent>, Refusal> {
    if command.lines.is_empty() || command.lines.len() > LINES_MAX {
        return Err(ReservationRejection::LineCount(LINES_MAX).into());
    }
    let mut wanted: BTreeMap<String, i64> = BTreeMap::new();
    for line in &command.lines {
        let product_id = Product::named(line.product_id.as_ref(), line.sku.as_ref(), context)?;
        let warehouse_id = Warehouse::named(line.warehouse_id.as_ref(), context)?;
        *wanted.entry(item_id(&product_id, &warehouse_id)).or_default() += line.quantity.get();
    }
    let (mut decision, mut lines) = (Decision::nothing(), Vec::new());
    for (id, quantity) in wanted {
        let mut booking = Booking::of(&id, context.get::<StockItem>(&id)?, context)?;
        booking.keep(keeping(quantity, command.reference.clone(), context), command.ttl_seconds, context)?;
        lines.push(ReservedLine { item_id: id, goods: booking.goods.clone(), quantity });
        decision = booking.finish(context)?.also(decision);
    }
    let expires_at = expiry(command.ttl_seconds, context);
    Ok(decision.and(ReservationPlaced { lines, expires_at, reference: command.reference, customer_id: command.customer_id }))
}

/// What an item is to keep for this reservation.
fn keeping(quantity: i64, reference: Option<Reference>, context: &Context<'_>) -> Keeping {
    Keeping { reservation_id: context.aggregate_id.to_owned(), quantity, joint: true, reference }
}

impl StockReservation {
    fn is_open(&self) -> bool {
        matches!(self.status, ReservationStatus::Reserved | ReservationStatus::Allocated)
    }

    fn resolved(&self) -> Refusal {
        ReservationRejection::Resolved(self.status.name()).into()
    }

    /// Changes every item that still keeps something.
    fn each_item(
        &self,
        mut decision: Decision<StockReservationEvent>,
        context: &Context<'_>,
        mut change: impl FnMut(&mut Booking<'_>, i64) -> Result<(), StockRejection>,
    ) -> Result<Decision<StockReservationEvent>, Refusal> {
        for line in self.lines.iter().filter(|line| line.rest() > 0) {
            let id = &line.line.item_id;
            let mut booking = Booking::of(id, context.get::<StockItem>(id)?, context)?;
            change(&mut booking, line.rest())?;
            decision = booking.finish(context)?.also(decision);
        }
        Ok(decision)
    }

    fn allocate(&self, context: &Context<'_>) -> Result<Decision<StockReservationEvent>, Refusal> {
        match self.status {
            ReservationStatus::Allocated => Ok(Decision::nothing()),
            ReservationStatus::Reserved => self.each_item(Decision::event(ReservationAllocated {}), context, |booking, rest| {
                booking.commit(keeping(rest, self.reference.clone(), context), context)
            }),
            _ => Err(self.resolved()),
        }
    }

    fn release(&self, command: ReleaseReservation, context: &Context<'_>) -> Result<Decision<StockReservationEvent>, Refusal> {
        if self.status == ReservationStatus::Released {
            return Ok(Decision::nothing());
        }
        if !self.is_open() {
            return Err(self.resolved());
        }
        let released = Decision::event(ReservationReleased { reason: command.reason });
        self.each_item(released, context, |booking, _| {
            booking.free(context.aggregate_id);
            Ok(())
        })
    }

    fn expire(&self, context: &Context<'_>) -> Result<Decision<StockReservationEvent>, Refusal> {
        if self.status != ReservationStatus::Reserved || self.expires_at.is_none_or(|at| at > context.now) {
            return Ok(Decision::nothing());
        }
        self.each_item(Decision::event(ReservationExpired {}), context, |booking, _| {
            booking.lapse(context.aggregate_id);
            Ok(())
        })
    }

    fn ship(&self, command: &ShipReservation, context: &Context<'_>) -> Result<Decision<StockReservationEvent>, Refusal> {
        let shipment_id = command.shipment_id.to_string();
        if self.shipments.contains(&shipment_id) {
            return Ok(Decision::nothing());
        }
        if !self.is_open() {
            return Err(self.resolved());
        }
        if self.shipments.len() >= SHIPMENTS_MAX {
            return Err(ReservationRejection::TooManyShipments(SHIPMENTS_MAX).into());
        }
        let leaving = self.leaving(&command.lines)?;
        let open: i64 = self.lines.iter().map(OpenLine::rest).sum();
        let complete = leaving.values().sum::<i64>() == open;
        let (mut decision, mut lines) = (Decision::nothing(), Vec::new());
        for (number, (id, quantity)) in (1..).zip(leaving) {
            let movement_id = format!("{shipment_id}-{number}");
            if movement_id.len() > AggregateId::LENGTH_MAX {
                return Err(ReservationRejection::ShipmentIdTooLong.into());
            }
            if context.get::<StockMovement>(&movement_id)?.is_some() {
                return Err(StockRejection::MovementExists(movement_id).into());
            }
            let mut booking = Booking::of(id, context.get::<StockItem>(id)?, context)?;
            let departure = Departure {
                movement_id: movement_id.clone(),
                reservation_id: Some(context.aggregate_id.to_owned()),
                quantity,
                reference: self.reference.clone(),
                customer_id: self.customer_id.clone(),
            };
            let recorded = booking.depart(departure, context)?;
            decision = booking.finish(context)?.also(decision).also::<StockMovement>(movement_id.clone(), recorded);
            lines.push(ShippedLine { item_id: id.to_owned(), movement_id, quantity });
        }
        Ok(decision.and(ReservationShipped { shipment_id, lines, complete }))
    }

    /// What is to leave of each item, in the order of their ids.
    fn leaving(&self, wanted: &[LeavingLine]) -> Result<BTreeMap<&str, i64>, Refusal> {
        let open = self.lines.iter().filter(|line| line.rest() > 0);
        if wanted.is_empty() {
            return Ok(open.map(|line| (line.line.item_id.as_str(), line.rest())).collect());
        }
        if wanted.len() > LINES_MAX {
            return Err(ReservationRejection::LineCount(LINES_MAX).into());
        }
        let mut leaving = BTreeMap::new();
        for line in wanted {
            let found = self.lines.iter().find(|known| known.line.item_id == line.item_id.as_str());
            let found = found.ok_or_else(|| ReservationRejection::NotCovered(line.item_id.to_string()))?;
            let sum = leaving.entry(found.line.item_id.as_str()).or_insert(0);
            *sum += line.quantity.get();
            if *sum > found.rest() {
                return Err(StockRejection::ExceedsReservation(found.rest()).into());
            }
        }
        Ok(leaving)
    }
}

// ------------------------------------------------------------------------------------------------------ rejections

rejections! {
    /// Why a reservation refuses a command.
    pub enum ReservationRejection in "inventory" {
        /// No lines, or too many.
        #[error("A reservation has 1 to {0} lines; split larger ones.")]
        LineCount(usize) => "line_count" ["lines"],
        /// An item that the reservation does not cover.
        #[error("The reservation does not cover the item `{0}`.")]
        NotCovered(String) => "not_in_reservation" ["lines"],
        /// The reservation is over.
        #[error("The reservation is {0}; place another.")]
        Resolved(&'static str) => "reservation_resolved" ["id"],
        /// Too many shipments.
        #[error("A reservation leaves in at most {0} shipments; release the rest and reserve it anew.")]
        TooManyShipments(usize) => "too_many_shipments" ["shipment_id"],
        /// A long id with a number would be too long.
        #[error("Shorten the id of the shipment: a number is added for each item.")]
        ShipmentIdTooLong => "shipment_id_too_long" ["shipment_id"],
    }
}

#[cfg(test)]
mod tests;
