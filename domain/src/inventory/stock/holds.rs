//! Pieces are kept for somebody: reserved until a time, then allocated (posted), released (voided) or expired. Whichever comes first counts;
//! a reservation is resolved once.

use chrono::TimeDelta;

use super::{
    AllocateStock, Booking, HOLDS_MAX, Hold, ReleaseStock, ReserveStock, StockAllocated, StockItem, StockItemEvent, StockRejection,
    StockReleased, StockReservationExpired, StockReserved,
};
use crate::inventory::values::{Quantity, Reference, TTL_DEFAULT_SECONDS, Ttl};
use crate::kernel::{Context, Decision, Refusal};

/// When a reservation that is made now ends.
pub fn expiry(ttl: Option<Ttl>, context: &Context<'_>) -> chrono::DateTime<chrono::Utc> {
    context.now + TimeDelta::seconds(ttl.map_or(TTL_DEFAULT_SECONDS, Ttl::get))
}

/// What is to be kept.
pub struct Keeping {
    /// The reservation.
    pub reservation_id: String,
    /// The pieces.
    pub quantity: i64,
    /// Whether the reservation covers several items.
    pub joint: bool,
    /// The order, the cart.
    pub reference: Option<Reference>,
}

impl Booking<'_> {
    /// Books a reservation of available pieces.
    pub fn keep(&mut self, keeping: Keeping, ttl: Option<Ttl>, context: &Context<'_>) -> Result<(), StockRejection> {
        let Keeping { reservation_id, quantity, joint, reference } = keeping;
        if self.item.holds.contains_key(&reservation_id) {
            return Err(StockRejection::ReservationExists(reservation_id));
        }
        self.check_holds()?;
        self.check_enough(quantity, self.item.available(context.now, self.product.safety_stock()))?;
        let (goods, expires_at) = (self.goods.clone(), expiry(ttl, context));
        let kept = self.item.kept_with(&reservation_id, quantity, false);
        self.book(StockReserved { reservation_id, goods, quantity, expires_at, joint, reference, kept });
        Ok(())
    }

    /// Books an allocation: of what a reservation keeps, even if its time is over and the pieces are still available, or of available
    /// pieces. A reservation of more pieces frees the rest.
    pub fn commit(&mut self, keeping: Keeping, context: &Context<'_>) -> Result<(), StockRejection> {
        let Keeping { reservation_id, quantity, joint, reference } = keeping;
        let hold = self.item.holds.get(&reservation_id);
        let covered = hold.map_or(0, |hold| hold.kept(context.now));
        if hold.is_none() {
            self.check_holds()?;
        }
        if covered < quantity {
            self.check_enough(quantity, self.item.available(context.now, self.product.safety_stock()) + covered)?;
        } else if hold.is_some_and(|hold| hold.expires_at.is_some()) {
            // What was kept may have gone missing since.
            self.check_enough(quantity, self.item.level())?;
        }
        let reference = reference.or_else(|| hold.and_then(|hold| hold.reference.clone()));
        let kept = self.item.kept_with(&reservation_id, quantity, true);
        self.book(StockAllocated { reservation_id, goods: self.goods.clone(), quantity, joint, reference, kept });
        Ok(())
    }

    /// Books the end of a reservation or allocation, as far as there is one.
    pub fn free(&mut self, reservation_id: &str) {
        if let Some(quantity) = self.item.holds.get(reservation_id).map(|hold| hold.quantity) {
            let (goods, kept) = (self.goods.clone(), self.item.kept_with(reservation_id, 0, false));
            self.book(StockReleased { reservation_id: reservation_id.to_owned(), goods, quantity, kept });
        }
    }

    /// Books the end of a reservation by the clock, as far as there is one.
    pub fn lapse(&mut self, reservation_id: &str) {
        if let Some(quantity) = self.item.holds.get(reservation_id).map(|hold| hold.quantity) {
            let (goods, kept) = (self.goods.clone(), self.item.kept_with(reservation_id, 0, false));
            self.book(StockReservationExpired { reservation_id: reservation_id.to_owned(), goods, quantity, kept });
        }
    }

    fn check_holds(&self) -> Result<(), StockRejection> {
        if self.item.holds.len() < HOLDS_MAX { Ok(()) } else { Err(StockRejection::TooManyHolds(HOLDS_MAX)) }
    }
}

impl StockItem {
    /// A reservation or allocation that is changed by the item's own commands.
    pub(super) fn own_hold(&self, reservation_id: &str) -> Result<&Hold, StockRejection> {
        match self.holds.get(reservation_id) {
            None => Err(StockRejection::ReservationUnknown(reservation_id.to_owned())),
            Some(hold) if hold.joint => Err(StockRejection::ReservationIsJoint(reservation_id.to_owned())),
            Some(hold) => Ok(hold),
        }
    }

    pub(super) fn reserve(&self, command: ReserveStock, context: &Context<'_>) -> Result<Decision<StockItemEvent>, Refusal> {
        let (reservation_id, quantity) = (command.reservation_id.to_string(), command.quantity.get());
        if self.holds.get(&reservation_id).is_some_and(|hold| !hold.joint && hold.kept(context.now) == quantity) {
            return Ok(Decision::nothing());
        }
        let mut booking = Booking::of(context.aggregate_id, Some(self), context)?;
        let own = self.holds.get(&reservation_id).filter(|hold| !hold.joint);
        if own.is_some_and(|hold| hold.kept(context.now) == 0) {
            // Its time is over, and nobody has tidied up yet.
            booking.lapse(&reservation_id);
        }
        booking.keep(Keeping { reservation_id, quantity, joint: false, reference: command.reference }, command.ttl_seconds, context)?;
        Ok(booking.finish(context)?.own(Decision::nothing()))
    }

    pub(super) fn allocate(&self, command: AllocateStock, context: &Context<'_>) -> Result<Decision<StockItemEvent>, Refusal> {
        let reservation_id = command.reservation_id.to_string();
        let wanted = command.quantity.map(Quantity::get);
        let hold = match self.own_hold(&reservation_id) {
            Ok(hold) => Some(hold),
            Err(StockRejection::ReservationUnknown(_)) => None,
            Err(rejection) => return Err(rejection.into()),
        };
        let quantity = match (wanted, hold) {
            (Some(wanted), Some(hold)) if wanted > hold.quantity => return Err(StockRejection::ExceedsReservation(hold.quantity).into()),
            (None, Some(hold)) => hold.quantity,
            (Some(wanted), _) => wanted,
            (None, None) => return Err(StockRejection::NoQuantity(reservation_id).into()),
        };
        if hold.is_some_and(|hold| hold.expires_at.is_none() && hold.quantity == quantity) {
            return Ok(Decision::nothing());
        }
        let mut booking = Booking::of(context.aggregate_id, Some(self), context)?;
        booking.commit(Keeping { reservation_id, quantity, joint: false, reference: command.reference }, context)?;
        Ok(booking.finish(context)?.own(Decision::nothing()))
    }

    pub(super) fn release(&self, command: &ReleaseStock, context: &Context<'_>) -> Result<Decision<StockItemEvent>, Refusal> {
        self.own_hold(command.reservation_id.as_str())?;
        let mut booking = Booking::of(context.aggregate_id, Some(self), context)?;
        booking.free(command.reservation_id.as_str());
        Ok(booking.finish(context)?.own(Decision::nothing()))
    }

    pub(super) fn expire(&self, context: &Context<'_>) -> Result<Decision<StockItemEvent>, Refusal> {
        let over = self.holds.iter().filter(|(_, hold)| !hold.joint && hold.kept(context.now) == 0);
        let over: Vec<String> = over.map(|(id, _)| id.clone()).collect();
        if over.is_empty() {
            return Ok(Decision::nothing());
        }
        let mut booking = Booking::of(context.aggregate_id, Some(self), context)?;
        for id in &over {
            booking.lapse(id);
        }
        Ok(booking.finish(context)?.own(Decision::nothing()))
    }
}
