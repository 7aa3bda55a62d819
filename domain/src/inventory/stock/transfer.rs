//! Goods go to another warehouse.

use super::{
    Booking, Brought, StockItem, StockItemEvent, StockRejection, StockTransferredIn, StockTransferredOut, TransferStock, item_id, parts,
};
use crate::inventory::movement::{self, Kind, MovementRecorded, MovementRejection, PLACES_MAX, ReceiptSpread, StockMovement};
use crate::inventory::values::today;
use crate::kernel::{Context, Decision, Refusal};

/// How many layers a transfer may take from: a decision reads a bounded number of receipts.
const TAKES_MAX: usize = 100;

impl StockItem {
    pub(super) fn transfer(&self, command: &TransferStock, context: &Context<'_>) -> Result<Decision<StockItemEvent>, Refusal> {
        let (id, quantity) = (context.aggregate_id, command.quantity.get());
        let movement_id = command.movement_id.to_string();
        let to_warehouse_id = command.to_warehouse_id.to_string();
        let (product_id, warehouse_id) = parts(id)?;
        if to_warehouse_id == warehouse_id {
            return Err(StockRejection::SameWarehouse(to_warehouse_id).into());
        }
        if movement::is_done(&command.movement_id, Kind::Transfer, id, quantity, context)? {
            return Ok(Decision::nothing());
        }
        let target_id = item_id(product_id, &to_warehouse_id);
        let mut source = Booking::of(id, Some(self), context)?;
        let mut target = Booking::of(&target_id, context.get::<Self>(&target_id)?, context)?;
        target.accept(context)?;
        // What is promised stays; a negative number is free where promised goods have gone missing.
        source.check_enough(quantity, source.item.free(context.now))?;
        let taken = self.stock.take(quantity);
        if taken.takes.len() > TAKES_MAX {
            return Err(StockRejection::TooManyTakes(TAKES_MAX).into());
        }
        target.check_room(taken.takes.len())?;
        let value = source.money(taken.value_minor);
        let layers: Vec<Brought> =
            taken.takes.iter().filter_map(|take| self.brought(&take.layer, take.quantity, take.value_minor)).collect();
        let booked_on = today(context.now);
        let after = source.after(-quantity, -taken.value_minor)?;
        source.book(StockTransferredOut {
            movement_id: movement_id.clone(),
            goods: source.goods.clone(),
            to_warehouse_id,
            quantity,
            value: source.money(-taken.value_minor),
            takes: taken.takes,
            booked_on,
            after,
        });
        let after = target.after(quantity, taken.value_minor)?;
        let decision = spread(&layers, &target_id, Decision::nothing(), context)?;
        target.book(StockTransferredIn {
            movement_id: movement_id.clone(),
            goods: target.goods.clone(),
            from_warehouse_id: warehouse_id.to_owned(),
            quantity,
            value,
            layers,
            booked_on,
            after,
        });
        let recorded = MovementRecorded { kind: Kind::Transfer, item_id: id.to_owned(), asked: quantity, value };
        let decision = target.finish(context)?.also(source.finish(context)?.own(decision));
        Ok(decision.also::<StockMovement>(movement_id, recorded))
    }

    /// Pieces of a layer as they come in elsewhere.
    fn brought(&self, layer: &str, quantity: i64, value_minor: i64) -> Option<Brought> {
        let layer = self.stock.layer(layer)?;
        Some(Brought { layer: layer.id.clone(), received_on: layer.received_on, quantity, value_minor })
    }
}

/// Lets the receipts know where their goods have got to, so that a late cost finds them there.
fn spread(
    layers: &[Brought],
    target_id: &str,
    mut decision: Decision<StockItemEvent>,
    context: &Context<'_>,
) -> Result<Decision<StockItemEvent>, Refusal> {
    for layer in layers {
        let receipt = context.get::<StockMovement>(&layer.layer)?.filter(|movement| movement.kind.and_then(Kind::origin).is_some());
        let Some(receipt) = receipt.filter(|receipt| receipt.item_id != target_id) else { continue };
        if receipt.places.iter().any(|place| place == target_id) {
            continue;
        }
        if receipt.places.len() >= PLACES_MAX {
            return Err(MovementRejection::TooManyPlaces(layer.layer.clone(), PLACES_MAX).into());
        }
        decision = decision.also::<StockMovement>(layer.layer.clone(), ReceiptSpread { item_id: target_id.to_owned() });
    }
    Ok(decision)
}
