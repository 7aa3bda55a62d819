//! Goods come in: receipts, and returns from customers.

use super::{
    Booked, Booking, Origin, ReceiveStock, ReturnStock, RevaluationCause, StockItem, StockItemEvent, StockReceived, StockRejection,
    StockReturned, StockRevalued, parts,
};
use crate::inventory::movement::{self, Kind, MovementRecorded, ShipmentReturned, StockMovement};
use crate::inventory::product::ProductRejection;
use crate::inventory::values::{Label, Name, Reference, is_amount, past_day, share};
use crate::kernel::{Context, Day, Decision, Money, Refusal};

/// Goods that arrive.
pub struct Arrival {
    /// Where they come from.
    pub origin: Origin,
    /// The pieces.
    pub quantity: i64,
    /// What a piece costs.
    pub unit_cost: Option<Money>,
    /// What all of them cost.
    pub total_cost: Option<Money>,
    /// The day on which they came.
    pub received_on: Option<Day>,
    /// The day on which they count in the books; today where none is given.
    pub booked_on: Option<Day>,
    /// The delivery note, the purchase order.
    pub reference: Option<Reference>,
    /// Who delivered.
    pub supplier: Option<Name>,
}

/// Books goods that arrive at an item, which may be new. Also answers the movement's document.
pub fn arrive(
    id: &str,
    item: Option<&StockItem>,
    movement_id: &str,
    arrival: Arrival,
    context: &Context<'_>,
) -> Result<(Booked, MovementRecorded), Refusal> {
    let mut booking = Booking::of(id, item, context)?.on(arrival.booked_on, context)?;
    if booking.product.discontinued {
        return Err(ProductRejection::Discontinued(booking.goods.product_id).into());
    }
    booking.accept(context)?;
    booking.check_room(1)?;
    let received_on = past_day(arrival.received_on, context.now)?;
    let stock = &booking.item.stock;
    if let Some(forgotten) = stock.forgotten.filter(|forgotten| received_on < *forgotten) {
        return Err(StockRejection::BackdatedTooFar(forgotten.0.to_string()).into());
    }
    let value = cost(arrival.quantity, arrival.unit_cost, arrival.total_cost, &booking)?;
    let after = booking.after(arrival.quantity, value.amount_minor)?;
    booking.book(StockReceived {
        movement_id: movement_id.to_owned(),
        goods: booking.goods.clone(),
        origin: arrival.origin,
        quantity: arrival.quantity,
        value,
        layer_value_minor: booking.item.stock.layer_value(value.amount_minor),
        received_on,
        booked_on: booking.booked_on,
        reference: arrival.reference,
        supplier: arrival.supplier.or_else(|| booking.product.facts.supplier.clone()),
        after,
    });
    look_back(&mut booking, movement_id)?;
    let kind = Kind::of_arrival(arrival.origin);
    let recorded = MovementRecorded { kind, item_id: id.to_owned(), asked: arrival.quantity, value };
    Ok((booking.finish(context)?, recorded))
}

/// What goods cost: as the command says, or as the product usually costs.
fn cost(quantity: i64, unit_cost: Option<Money>, total_cost: Option<Money>, booking: &Booking<'_>) -> Result<Money, StockRejection> {
    let unit_cost = match (unit_cost, total_cost) {
        (Some(_), Some(_)) => return Err(StockRejection::TwoCosts),
        (None, Some(total)) => return checked(total, 1, booking),
        (Some(unit), None) => unit,
        (None, None) => booking.product.facts.cost.ok_or(StockRejection::NoCost)?,
    };
    checked(unit_cost, quantity, booking)
}

/// What this many pieces cost at that price.
pub fn checked(cost: Money, quantity: i64, booking: &Booking<'_>) -> Result<Money, StockRejection> {
    if cost.currency != booking.currency() {
        return Err(StockRejection::CostCurrency(booking.currency(), cost.currency));
    }
    let amount_minor = cost.amount_minor.checked_mul(quantity).filter(|amount_minor| is_amount(*amount_minor));
    amount_minor.map(|amount_minor| booking.money(amount_minor)).ok_or(StockRejection::CostOutOfRange)
}

/// Revalues the stock today where goods that came before others are recorded after those have left.
fn look_back(booking: &mut Booking<'_>, movement_id: &str) -> Result<(), StockRejection> {
    let stock = &booking.item.stock;
    let changes = stock.layer(movement_id).map(|added| stock.hindsight(added)).unwrap_or_default();
    if changes.is_empty() {
        return Ok(());
    }
    let delta_minor = changes.iter().map(|change| change.value_minor).sum();
    let after = booking.after(0, delta_minor)?;
    booking.book(StockRevalued {
        movement_id: movement_id.to_owned(),
        goods: booking.goods.clone(),
        cause: RevaluationCause::BackdatedReceipt,
        origin: Origin::default(),
        value: booking.money(delta_minor),
        expensed: booking.money(0),
        changes,
        note: None,
        booked_on: booking.booked_on,
        after,
    });
    Ok(())
}

impl StockItem {
    pub(super) fn receive(&self, command: ReceiveStock, context: &Context<'_>) -> Result<Decision<StockItemEvent>, Refusal> {
        let (id, movement_id) = (context.aggregate_id, command.movement_id);
        parts(id)?;
        if movement::is_done(&movement_id, Kind::Receipt, id, command.quantity.get(), context)? {
            return Ok(Decision::nothing());
        }
        let arrival = Arrival {
            origin: Origin::Purchase,
            quantity: command.quantity.get(),
            unit_cost: command.unit_cost,
            total_cost: command.total_cost,
            received_on: command.received_on,
            booked_on: None,
            reference: command.reference,
            supplier: command.supplier,
        };
        let (booked, recorded) = arrive(id, Some(self), movement_id.as_str(), arrival, context)?;
        Ok(booked.own(Decision::nothing()).also::<StockMovement>(movement_id, recorded))
    }

    pub(super) fn take_back(&self, command: ReturnStock, context: &Context<'_>) -> Result<Decision<StockItemEvent>, Refusal> {
        let (id, movement_id, quantity) = (context.aggregate_id, command.movement_id, command.quantity.get());
        if movement::is_done(&movement_id, Kind::Return, id, quantity, context)? {
            return Ok(Decision::nothing());
        }
        let mut booking = Booking::of(id, Some(self), context)?;
        let ReturnStock { shipment_id, reason, reference, .. } = command;
        let comeback = Comeback { movement_id: movement_id.to_string(), shipment_id: shipment_id.to_string(), quantity, reason, reference };
        let (recorded, returned) = booking.come_back(comeback, context)?;
        let decision = booking.finish(context)?.own(Decision::nothing());
        Ok(decision.also::<StockMovement>(shipment_id, returned).also::<StockMovement>(movement_id, recorded))
    }
}

/// Goods that come back from a customer.
pub struct Comeback {
    /// The movement.
    pub movement_id: String,
    /// The movement with which they left.
    pub shipment_id: String,
    /// The pieces.
    pub quantity: i64,
    /// Why.
    pub reason: Option<Label>,
    /// The return's number elsewhere.
    pub reference: Option<Reference>,
}

impl<'a> Booking<'a> {
    /// Books goods that come back, at what they were worth when they left. Answers the documents of the movement and of the shipment.
    pub fn come_back(&mut self, comeback: Comeback, context: &Context<'a>) -> Result<(MovementRecorded, ShipmentReturned), Refusal> {
        let Comeback { movement_id, shipment_id, quantity, reason, reference } = comeback;
        let shipment = context.get::<StockMovement>(&shipment_id)?;
        let shipment = shipment.filter(|shipment| shipment.kind == Some(Kind::Shipment) && shipment.item_id == self.id);
        let shipment = shipment.ok_or_else(|| StockRejection::ShipmentUnknown(shipment_id.clone()))?;
        if quantity > shipment.asked - shipment.returned {
            return Err(StockRejection::ExceedsShipment(shipment.asked - shipment.returned).into());
        }
        self.accept(context)?;
        self.check_room(1)?;
        // What has come back of the whole is rounded, not each return, so that the last one brings the rest.
        let value_minor = share(shipment.value_minor, shipment.returned + quantity, shipment.asked) - shipment.returned_minor;
        let (value, after) = (self.money(value_minor), self.after(quantity, value_minor)?);
        self.book(StockReturned {
            movement_id: movement_id.clone(),
            goods: self.goods.clone(),
            shipment_id,
            quantity,
            value,
            layer_value_minor: self.item.stock.layer_value(value_minor),
            reason,
            reference,
            booked_on: self.booked_on,
            after,
        });
        let returned = ShipmentReturned { movement_id, quantity, value_minor };
        Ok((MovementRecorded { kind: Kind::Return, item_id: self.id.clone(), asked: quantity, value }, returned))
    }
}
