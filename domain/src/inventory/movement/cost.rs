//! A cost that becomes known late.

use super::{AdjustCost, Kind, MovementRejection, ReceiptCostAdjusted, StockMovement, StockMovementEvent};
use crate::inventory::product::Valuation;
use crate::inventory::stock::{Booking, LayerChange, Origin, RevaluationCause, StockItem, StockRejection, StockRevalued, checked_cost};
use crate::kernel::{Context, Decision, Refusal};

impl StockMovement {
    /// Spreads what a receipt cost more, or less, over the items that still have goods of it; the rest is the expense of what is gone.
    pub(super) fn adjust_cost(&self, command: &AdjustCost, context: &Context<'_>) -> Result<Decision<StockMovementEvent>, Refusal> {
        let Some(origin) = self.kind.and_then(Kind::origin) else { return Err(MovementRejection::NotAReceipt.into()) };
        let own = Booking::of(&self.item_id, context.get::<StockItem>(&self.item_id)?, context)?;
        let to = match (command.unit_cost, command.total_cost) {
            (Some(_), Some(_)) => return Err(StockRejection::TwoCosts.into()),
            (None, None) => return Err(StockRejection::NoCost.into()),
            (Some(unit), None) => checked_cost(unit, self.asked, &own)?,
            (None, Some(total)) => checked_cost(total, 1, &own)?,
        };
        let delta_minor = to.amount_minor - self.value_minor;
        if delta_minor == 0 {
            return Ok(Decision::nothing());
        }
        let mut decision = Decision::event(ReceiptCostAdjusted { from: own.money(self.value_minor), to });
        let mut rest_minor = delta_minor;
        for place in &self.places {
            let booking = Booking::of(place, context.get::<StockItem>(place)?, context)?;
            let share_minor = booking.item.stock.late_cost(context.aggregate_id, delta_minor, self.asked);
            if share_minor != 0 {
                rest_minor -= share_minor;
                decision = revalue(booking, origin, share_minor, 0, decision, context)?;
            }
        }
        let share_minor = own.item.stock.late_cost(context.aggregate_id, delta_minor, self.asked);
        rest_minor -= share_minor;
        if share_minor != 0 || rest_minor != 0 {
            decision = revalue(own, origin, share_minor, rest_minor, decision, context)?;
        }
        Ok(decision)
    }
}

fn revalue(
    mut booking: Booking<'_>,
    origin: Origin,
    value_minor: i64,
    expensed_minor: i64,
    decision: Decision<StockMovementEvent>,
    context: &Context<'_>,
) -> Result<Decision<StockMovementEvent>, Refusal> {
    let movement_id = context.aggregate_id.to_owned();
    let layer = booking.item.stock.layer(&movement_id).filter(|_| value_minor != 0 && booking.terms.valuation == Valuation::Fifo);
    let changes = layer.map(|layer| LayerChange { layer: layer.id.clone(), received_on: layer.received_on, quantity: 0, value_minor });
    let after = booking.after(0, value_minor)?;
    booking.book(StockRevalued {
        movement_id,
        goods: booking.goods.clone(),
        cause: RevaluationCause::LateCost,
        origin,
        value: booking.money(value_minor),
        expensed: booking.money(expensed_minor),
        changes: changes.into_iter().collect(),
        note: None,
        booked_on: booking.booked_on,
        after,
    });
    Ok(booking.finish(context)?.also(decision))
}
