//! The books are made to agree with what is there, and with what it is worth.

use super::receiving::checked;
use super::{
    AdjustStock, Booking, CountStock, Origin, RevaluationCause, RevalueStock, StockAdjusted, StockCounted, StockItem, StockItemEvent,
    StockRejection, StockRevalued, parts,
};
use crate::inventory::movement::{self, Kind, MovementRecorded, StockMovement};
use crate::inventory::values::{Label, Note, is_amount, today};
use crate::kernel::{Context, Decision, Money, Refusal};

/// Pieces that turned up or went missing.
struct Difference {
    movement_id: String,
    quantity: i64,
    unit_cost: Option<Money>,
    reason: Label,
    note: Option<Note>,
}

impl Booking<'_> {
    /// Books a difference, which is not 0. Missing pieces leave like shipped ones; found ones are worth what is said, what the others are
    /// worth on average, or what the product usually costs.
    fn adjust(&mut self, difference: Difference, context: &Context<'_>) -> Result<Money, StockRejection> {
        let Difference { movement_id, quantity, unit_cost, reason, note } = difference;
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
            booked_on: today(context.now),
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
        if quantity > 0 {
            booking.accept(context)?;
        }
        let AdjustStock { unit_cost, reason, note, .. } = command;
        let value = booking.adjust(Difference { movement_id: movement_id.to_string(), quantity, unit_cost, reason, note }, context)?;
        let recorded = MovementRecorded { kind: Kind::Adjustment, item_id: id.to_owned(), asked: quantity, value };
        Ok(booking.finish(context)?.own(Decision::nothing()).also::<StockMovement>(movement_id, recorded))
    }

    pub(super) fn count(&self, command: CountStock, context: &Context<'_>) -> Result<Decision<StockItemEvent>, Refusal> {
        let (id, movement_id, counted) = (context.aggregate_id, command.movement_id, command.counted.get());
        parts(id)?;
        if movement::is_done(&movement_id, Kind::Count, id, counted, context)? {
            return Ok(Decision::nothing());
        }
        let mut booking = Booking::of(id, Some(self), context)?;
        let expected = self.stock.on_hand;
        if counted > expected || self.goods.is_none() {
            booking.accept(context)?;
        }
        booking.book(StockCounted {
            movement_id: movement_id.to_string(),
            goods: booking.goods.clone(),
            expected,
            counted,
            booked_on: today(context.now),
        });
        let mut value = booking.money(0);
        if counted != expected {
            let (unit_cost, reason, note) = (command.unit_cost, count_reason(), command.note);
            let movement_id = movement_id.to_string();
            value = booking.adjust(Difference { movement_id, quantity: counted - expected, unit_cost, reason, note }, context)?;
        }
        let recorded = MovementRecorded { kind: Kind::Count, item_id: id.to_owned(), asked: counted, value };
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
            booked_on: today(context.now),
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
