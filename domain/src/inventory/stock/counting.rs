//! The books are made to agree with what is there, and with what it is worth.

use super::receiving::checked;
use super::{
    AdjustStock, Booking, CountStock, Origin, RevaluationCause, RevalueStock, StockAdjusted, StockCounted, StockItem, StockItemEvent,
    StockRejection, StockRevalued, parts,
};
use crate::inventory::movement::{self, Kind, MovementRecorded, StockMovement};
use crate::inventory::values::{Label, Note, is_amount};
use crate::kernel::{Context, Decision, Money, Refusal};

/// Pieces that turned up or went missing.
pub struct Discrepancy {
    /// The movement.
    pub movement_id: String,
    /// The pieces more or fewer; not 0.
    pub quantity: i64,
    /// What a found piece is worth.
    pub unit_cost: Option<Money>,
    /// Why.
    pub reason: Label,
    /// Remarks.
    pub note: Option<Note>,
}

/// What a count found.
pub struct Tally {
    /// The movement.
    pub movement_id: String,
    /// The pieces that are there.
    pub counted: i64,
    /// What a found piece is worth.
    pub unit_cost: Option<Money>,
    /// Remarks.
    pub note: Option<Note>,
}

impl<'a> Booking<'a> {
    /// Books pieces that turned up or went missing. Answers the movement's document.
    pub fn correct(&mut self, found: Discrepancy, context: &Context<'a>) -> Result<MovementRecorded, Refusal> {
        let asked = found.quantity;
        if asked > 0 {
            self.accept(context)?;
        }
        let value = self.adjust(found)?;
        Ok(MovementRecorded { kind: Kind::Adjustment, item_id: self.id.clone(), asked, value })
    }

    /// Books a count, with the difference where there is one. Answers the movement's document.
    pub fn tally(&mut self, tally: Tally, context: &Context<'a>) -> Result<MovementRecorded, Refusal> {
        let Tally { movement_id, counted, unit_cost, note } = tally;
        let expected = self.item.stock.on_hand;
        if counted > expected || self.item.goods.is_none() {
            self.accept(context)?;
        }
        let (goods, booked_on) = (self.goods.clone(), self.booked_on);
        self.book(StockCounted { movement_id: movement_id.clone(), goods, expected, counted, booked_on });
        let mut value = self.money(0);
        if counted != expected {
            value = self.adjust(Discrepancy { movement_id, quantity: counted - expected, unit_cost, reason: count_reason(), note })?;
        }
        Ok(MovementRecorded { kind: Kind::Count, item_id: self.id.clone(), asked: counted, value })
    }

    /// Books a difference, which is not 0. Missing pieces leave like shipped ones; found ones are worth what is said, what the others are
    /// worth on average, or what the product usually costs.
    fn adjust(&mut self, found: Discrepancy) -> Result<Money, StockRejection> {
        let Discrepancy { movement_id, quantity, unit_cost, reason, note } = found;
        let (value_minor, takes) = if quantity < 0 {
            self.check_enough(-quantity, self.item.stock.on_hand)?;
            let taken = self.item.stock.take(-quantity);
            (-taken.value_minor, taken.takes)
        } else {
            self.check_room(1)?;
            (self.worth(quantity, unit_cost)?, Vec::new())
        };
        let value = self.money(value_minor);
        let after = self.after(quantity, value_minor)?;
        self.book(StockAdjusted {
            movement_id,
            goods: self.goods.clone(),
            quantity,
            value,
            layer_value_minor: if quantity > 0 { self.item.stock.layer_value(value_minor) } else { 0 },
            takes,
            reason,
            note,
            booked_on: self.booked_on,
            after,
        });
        Ok(self.money(value_minor.abs()))
    }

    fn worth(&self, quantity: i64, unit_cost: Option<Money>) -> Result<i64, StockRejection> {
        let cost = |cost: Money| checked(cost, quantity, self).map(|value| value.amount_minor);
        match (unit_cost, self.item.stock.average(quantity), self.product.facts.cost) {
            (Some(unit), _, _) => cost(unit),
            (None, Some(average), _) => Ok(average),
            (None, None, Some(usual)) => cost(usual),
            (None, None, None) => Err(StockRejection::NoCost),
        }
    }
}

impl StockItem {
    pub(super) fn adjust(&self, command: AdjustStock, context: &Context<'_>) -> Result<Decision<StockItemEvent>, Refusal> {
        let (id, movement_id, quantity) = (context.aggregate_id, command.movement_id, command.quantity.get());
        parts(id)?;
        if quantity == 0 {
            return Err(StockRejection::NoDifference.into());
        }
        if movement::is_done(&movement_id, Kind::Adjustment, id, quantity, context)? {
            return Ok(Decision::nothing());
        }
        let mut booking = Booking::of(id, Some(self), context)?;
        let AdjustStock { unit_cost, reason, note, .. } = command;
        let recorded = booking.correct(Discrepancy { movement_id: movement_id.to_string(), quantity, unit_cost, reason, note }, context)?;
        Ok(booking.finish(context)?.own(Decision::nothing()).also::<StockMovement>(movement_id, recorded))
    }

    pub(super) fn count(&self, command: CountStock, context: &Context<'_>) -> Result<Decision<StockItemEvent>, Refusal> {
        let (id, movement_id, counted) = (context.aggregate_id, command.movement_id, command.counted.get());
        parts(id)?;
        if movement::is_done(&movement_id, Kind::Count, id, counted, context)? {
            return Ok(Decision::nothing());
        }
        let mut booking = Booking::of(id, Some(self), context)?;
        let CountStock { unit_cost, note, .. } = command;
        let recorded = booking.tally(Tally { movement_id: movement_id.to_string(), counted, unit_cost, note }, context)?;
        Ok(booking.finish(context)?.own(Decision::nothing()).also::<StockMovement>(movement_id, recorded))
    }

    pub(super) fn revalue(&self, command: RevalueStock, context: &Context<'_>) -> Result<Decision<StockItemEvent>, Refusal> {
        let (id, movement_id, value) = (context.aggregate_id, command.movement_id, command.value);
        if movement::is_done(&movement_id, Kind::Revaluation, id, value.amount_minor, context)? {
            return Ok(Decision::nothing());
        }
        let mut booking = Booking::of(id, Some(self), context)?;
        if value.currency != booking.currency() {
            return Err(StockRejection::ValueCurrency(booking.currency(), value.currency).into());
        }
        if !is_amount(value.amount_minor) {
            return Err(StockRejection::ValueOutOfRange.into());
        }
        if self.stock.on_hand == 0 {
            return Err(StockRejection::NothingToRevalue.into());
        }
        let delta_minor = value.amount_minor - self.stock.value_minor;
        if delta_minor == 0 {
            return Ok(Decision::nothing());
        }
        let after = booking.after(0, delta_minor)?;
        booking.book(StockRevalued {
            movement_id: movement_id.to_string(),
            goods: booking.goods.clone(),
            cause: RevaluationCause::Revaluation,
            origin: Origin::default(),
            value: booking.money(delta_minor),
            expensed: booking.money(0),
            changes: self.stock.spread(value.amount_minor),
            note: command.note,
            booked_on: booking.booked_on,
            after,
        });
        let recorded = MovementRecorded {
            kind: Kind::Revaluation,
            item_id: id.to_owned(),
            asked: value.amount_minor,
            value: booking.money(delta_minor.abs()),
        };
        Ok(booking.finish(context)?.own(Decision::nothing()).also::<StockMovement>(movement_id, recorded))
    }
}

/// The reason of what a count finds.
fn count_reason() -> Label {
    Label::try_from("count".to_owned()).expect("the literal is a label")
}
