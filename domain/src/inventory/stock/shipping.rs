//! Goods leave for customers.

use super::{Booking, ShipStock, StockItem, StockItemEvent, StockRejection, StockShipped};
use crate::inventory::movement::{self, Kind, MovementRecorded, StockMovement};
use crate::inventory::values::{Quantity, Reference};
use crate::kernel::{Context, Decision, Refusal};

/// Goods that leave.
pub struct Departure {
    /// The movement.
    pub movement_id: String,
    /// The reservation or allocation that keeps them.
    pub reservation_id: Option<String>,
    /// The pieces.
    pub quantity: i64,
    /// The order, the invoice.
    pub reference: Option<Reference>,
    /// The customer.
    pub customer_id: Option<Reference>,
}

impl Booking<'_> {
    /// Books goods that leave, as many as are free or kept for them. Answers the movement's document.
    pub fn depart(&mut self, departure: Departure, context: &Context<'_>) -> Result<MovementRecorded, StockRejection> {
        let Departure { movement_id, reservation_id, quantity, reference, customer_id } = departure;
        let hold = reservation_id.as_ref().and_then(|id| self.item.holds.get(id));
        let covered = hold.map_or(0, |hold| hold.kept(context.now));
        // What a reservation keeps is there for itself, unless it has gone missing.
        let given = if covered >= quantity { self.item.stock.on_hand } else { self.item.free(context.now) + covered };
        self.check_enough(quantity, given.min(self.item.stock.on_hand))?;
        let rest = hold.map_or((0, false), |hold| (hold.quantity - quantity, hold.expires_at.is_none()));
        let kept = self.item.kept_with(reservation_id.as_deref().unwrap_or_default(), rest.0, rest.1);
        let taken = self.item.stock.take(quantity);
        let after = self.after(-quantity, -taken.value_minor)?;
        self.book(StockShipped {
            movement_id,
            goods: self.goods.clone(),
            quantity,
            value: self.money(-taken.value_minor),
            takes: taken.takes,
            reservation_id,
            reference,
            customer_id,
            booked_on: self.booked_on,
            after,
            kept,
        });
        let value = self.money(taken.value_minor);
        Ok(MovementRecorded { kind: Kind::Shipment, item_id: self.id.clone(), asked: quantity, value })
    }
}

impl StockItem {
    pub(super) fn ship(&self, command: ShipStock, context: &Context<'_>) -> Result<Decision<StockItemEvent>, Refusal> {
        let (id, movement_id) = (context.aggregate_id, command.movement_id);
        let reservation_id = command.reservation_id.map(String::from);
        let wanted = command.quantity.map(Quantity::get);
        if let Some(found) = context.get::<StockMovement>(movement_id.as_str())?
            && (found.kind, found.item_id.as_str()) == (Some(Kind::Shipment), id)
            && wanted.is_none_or(|wanted| wanted == found.asked)
        {
            return Ok(Decision::nothing());
        }
        let hold = reservation_id.as_ref().map(|reservation_id| self.own_hold(reservation_id)).transpose()?;
        let quantity = match (wanted, hold) {
            (Some(wanted), Some(hold)) if wanted > hold.quantity => return Err(StockRejection::ExceedsReservation(hold.quantity).into()),
            (Some(wanted), _) => wanted,
            (None, Some(hold)) => hold.quantity,
            (None, None) => return Err(StockRejection::ShipsNothing.into()),
        };
        if movement::is_done(&movement_id, Kind::Shipment, id, quantity, context)? {
            return Ok(Decision::nothing());
        }
        let mut booking = Booking::of(id, Some(self), context)?;
        let departure = Departure {
            movement_id: movement_id.to_string(),
            reservation_id,
            quantity,
            reference: command.reference,
            customer_id: command.customer_id,
        };
        let recorded = booking.depart(departure, context)?;
        Ok(booking.finish(context)?.own(Decision::nothing()).also::<StockMovement>(movement_id, recorded))
    }
}
