//! Movements of the past, as the journals of other products have them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{MovementRejection, StockMovementEvent};
use crate::inventory::product::Product;
use crate::inventory::stock::{Arrival, Booking, Comeback, Departure, Discrepancy, Origin, StockItem, Tally, arrive, item_id};
use crate::inventory::values::{Difference, Label, Name, Reference, Sku};
use crate::inventory::warehouse::Warehouse;
use crate::kernel::{AggregateId, Context, Day, Decision, Money, Refusal, fold};

/// What a movement of a journal was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", try_from = "String")]
#[schemars(!try_from)]
pub enum RecordKind {
    /// Stock that was there before the journal begins.
    Opening,
    /// Goods came in from a supplier.
    Receipt,
    /// Goods left for a customer.
    Shipment,
    /// Goods came back from a customer.
    Return,
    /// Somebody counted; the quantity is what was there.
    Count,
    /// Pieces were found (more than 0) or lost (fewer).
    Adjustment,
}

impl RecordKind {
    fn word(self) -> &'static str {
        match self {
            Self::Opening => "opening",
            Self::Receipt => "receipt",
            Self::Shipment => "shipment",
            Self::Return => "return",
            Self::Count => "count",
            Self::Adjustment => "adjustment",
        }
    }
}

impl TryFrom<String> for RecordKind {
    type Error = String;

    /// Reads the words of common products too: `Purchase receipt`, `Sale`, `Stocktake`.
    fn try_from(text: String) -> Result<Self, String> {
        match fold(&text).replace(['-', '_'], " ").as_str() {
            "opening" | "opening stock" | "opening balance" | "initial" => Ok(Self::Opening),
            "receipt" | "purchase" | "purchase receipt" | "goods receipt" | "receive" | "in" => Ok(Self::Receipt),
            "shipment" | "sale" | "sales" | "delivery" | "goods issue" | "ship" | "out" => Ok(Self::Shipment),
            "return" | "customer return" | "sales return" => Ok(Self::Return),
            "count" | "stocktake" | "stock count" | "cycle count" | "inventory count" | "physical inventory" => Ok(Self::Count),
            "adjustment" | "inventory adjustment" | "adjust" | "correction" => Ok(Self::Adjustment),
            _ => Err("the kind of a movement is opening, receipt, shipment, return, count or adjustment".to_owned()),
        }
    }
}

/// Records a movement of the past: it counts in the books on its own day (on the next open one where the books of the day are closed), and
/// takes or brings the value that the stock has when it is recorded. So movements are recorded in the order in which they happened.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordMovement {
    /// What it was.
    pub kind: RecordKind,
    /// The product's article number.
    #[serde(default)]
    pub sku: Option<Sku>,
    /// The product, where its number is not given.
    #[serde(default)]
    pub product_id: Option<AggregateId>,
    /// The warehouse: its id, or a name such as `Main Warehouse` for the id `main-warehouse`; `main` where none is named.
    #[serde(default)]
    pub warehouse_id: Option<Reference>,
    /// The pieces, more than 0; of a count, what was there; of an adjustment, fewer than 0 where pieces were lost.
    pub quantity: Difference,
    /// What a piece cost, or what a found piece is worth.
    #[serde(default)]
    pub unit_cost: Option<Money>,
    /// What all pieces of a receipt cost together.
    #[serde(default)]
    pub total_cost: Option<Money>,
    /// The day on which it happened, and on which it counts in the books; today where none is given.
    #[serde(default)]
    pub date: Option<Day>,
    /// The delivery note, the order, the invoice.
    #[serde(default)]
    pub reference: Option<Reference>,
    /// Who delivered a receipt; the product's supplier where nobody is named.
    #[serde(default)]
    pub supplier: Option<Name>,
    /// Who got a shipment.
    #[serde(default)]
    pub customer_id: Option<Reference>,
    /// The movement with which goods left that come back.
    #[serde(default)]
    pub shipment_id: Option<AggregateId>,
    /// Why: of a return or an adjustment, `correction` for the latter where nothing is said.
    #[serde(default)]
    pub reason: Option<Label>,
}

impl RecordMovement {
    fn check(&self) -> Result<i64, MovementRejection> {
        let quantity = self.quantity.get();
        let fits = match self.kind {
            RecordKind::Count => quantity >= 0,
            RecordKind::Adjustment => quantity != 0,
            _ => quantity > 0,
        };
        if fits { Ok(quantity) } else { Err(MovementRejection::QuantityOfKind(self.kind.word(), quantity)) }
    }
}

pub(super) fn record(command: RecordMovement, context: &Context<'_>) -> Result<Decision<StockMovementEvent>, Refusal> {
    let quantity = command.check()?;
    let product_id = Product::named(command.product_id.as_ref(), command.sku.as_ref(), context)?;
    let warehouse_id = Warehouse::named(command.warehouse_id.as_ref(), context)?;
    let id = item_id(&product_id, &warehouse_id);
    let item = context.get::<StockItem>(&id)?;
    let movement_id = context.aggregate_id.to_owned();
    let RecordMovement { kind, unit_cost, total_cost, date, reference, supplier, customer_id, shipment_id, reason, .. } = command;
    if let RecordKind::Opening | RecordKind::Receipt = kind {
        let origin = if kind == RecordKind::Opening { Origin::Opening } else { Origin::Purchase };
        let arrival = Arrival { origin, quantity, unit_cost, total_cost, received_on: date, booked_on: date, reference, supplier };
        let (booked, recorded) = arrive(&id, item, &movement_id, arrival, context)?;
        return Ok(booked.also(Decision::event(recorded)));
    }
    let mut booking = Booking::of(&id, item, context)?.on(date, context)?;
    let mut shipment = None;
    let recorded = match kind {
        RecordKind::Return => {
            // Goods do not come back from their own return.
            let shipment_id = shipment_id.filter(|id| id.as_str() != movement_id).ok_or(MovementRejection::NoShipment)?;
            let comeback = Comeback { movement_id, shipment_id: shipment_id.to_string(), quantity, reason, reference };
            let (recorded, returned) = booking.come_back(comeback, context)?;
            shipment = Some((shipment_id, returned));
            recorded
        }
        RecordKind::Count => booking.tally(Tally { movement_id, counted: quantity, unit_cost, note: None }, context)?,
        RecordKind::Adjustment => {
            let reason = reason.unwrap_or_else(correction);
            booking.correct(Discrepancy { movement_id, quantity, unit_cost, reason, note: None }, context)?
        }
        RecordKind::Opening | RecordKind::Receipt | RecordKind::Shipment => {
            booking.depart(Departure { movement_id, reservation_id: None, quantity, reference, customer_id }, context)?
        }
    };
    let decision = booking.finish(context)?.also(Decision::event(recorded));
    Ok(match shipment {
        Some((id, returned)) => decision.also::<super::StockMovement>(id, returned),
        None => decision,
    })
}

/// The reason of an adjustment for which a journal gives none.
fn correction() -> Label {
    Label::try_from("correction".to_owned()).expect("the literal is a label")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_other_products_are_read() {
        let read = |text: &str| RecordKind::try_from(text.to_owned()).ok();
        assert_eq!(read("Purchase Receipt"), Some(RecordKind::Receipt));
        assert_eq!(read("cycle_count"), Some(RecordKind::Count));
        assert_eq!(read("theft"), None);
        for kind in
            [RecordKind::Opening, RecordKind::Receipt, RecordKind::Shipment, RecordKind::Return, RecordKind::Count, RecordKind::Adjustment]
        {
            assert_eq!(read(kind.word()), Some(kind));
        }
    }
}
