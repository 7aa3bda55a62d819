//! The movements: what came, left or changed, one row for each item that a movement touches. The receipt that is recorded late and the
//! revaluation that it causes are two rows with one movement.

use chrono::{DateTime, Utc};
use domain::inventory::stock::{Balance, Goods, RevaluationCause, StockItem, StockItemEvent};
use domain::inventory::values::{Label, Name, Note, Reference, Sku};
use domain::kernel::{Currency, Day, Money, RecordedEvent, is_of};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::ColumnKind::{Date, Integer, Text, Timestamp};
use crate::model::{Column, ReadModelDef};
use crate::runtime::{RowKey, RowModel, Rows, event_of};

/// What kind of movement it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MovementKind {
    /// Goods came from a supplier, or were taken over.
    Receipt,
    /// Goods left for a customer.
    Shipment,
    /// Goods came back from a customer.
    Return,
    /// The books were made to agree with what is there.
    Adjustment,
    /// Somebody counted; a difference is an adjustment of its own.
    Count,
    /// Goods left for another warehouse.
    TransferOut,
    /// Goods came from another warehouse.
    TransferIn,
    /// The stock is worth more or less.
    Revaluation,
}

/// A movement of an item.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MovementRow {
    /// `<item>:<number of the item's event>`; the number has eight digits at least, so that rows of one moment sort in order.
    pub id: String,
    /// The movement's id.
    pub movement_id: String,
    /// What kind of movement it is.
    pub kind: MovementKind,
    /// The stock item.
    pub item_id: String,
    /// The product.
    pub product_id: String,
    /// Its article number.
    pub sku: Sku,
    /// The warehouse.
    pub warehouse_id: String,
    /// The other warehouse of a transfer.
    pub other_warehouse_id: Option<String>,
    /// The pieces that came (positive) or left (negative).
    pub quantity: i64,
    /// What the stock is worth more or less, in minor units.
    pub value_minor: i64,
    /// What of a late cost belongs to pieces that are gone.
    pub expensed_minor: i64,
    /// The currency of the value; none where there is no value.
    pub currency: Option<Currency>,
    /// The pieces in stock afterwards.
    pub on_hand: i64,
    /// What they are worth afterwards; none where nothing changed it.
    pub stock_value_minor: Option<i64>,
    /// The pieces that a count found.
    pub counted: Option<i64>,
    /// Why: of an adjustment, a return, a revaluation; `opening` for stock that was taken over.
    pub reason: Option<Label>,
    /// The delivery note, the order.
    pub reference: Option<Reference>,
    /// The customer.
    pub customer_id: Option<Reference>,
    /// The supplier.
    pub supplier: Option<Name>,
    /// The shipment that came back.
    pub shipment_id: Option<String>,
    /// The reservation that had kept the goods.
    pub reservation_id: Option<String>,
    /// Remarks.
    pub note: Option<Note>,
    /// The day on which it happened.
    pub effective_on: Day,
    /// The day on which it counts in the books.
    pub booked_on: Day,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
}

/// A label from a literal that is known to be valid.
fn label(text: &str) -> Label {
    Label::try_from(text.to_owned()).expect("the literal is a label")
}

impl MovementRow {
    fn new(event: &RecordedEvent, kind: MovementKind, movement_id: String, goods: Goods, booked_on: Day) -> Self {
        Self {
            id: row_id(event),
            movement_id,
            kind,
            item_id: event.aggregate_id.clone(),
            product_id: goods.product_id,
            sku: goods.sku,
            warehouse_id: goods.warehouse_id,
            other_warehouse_id: None,
            quantity: 0,
            value_minor: 0,
            expensed_minor: 0,
            currency: None,
            on_hand: 0,
            stock_value_minor: None,
            counted: None,
            reason: None,
            reference: None,
            customer_id: None,
            supplier: None,
            shipment_id: None,
            reservation_id: None,
            note: None,
            effective_on: booked_on,
            booked_on,
            recorded_at: event.recorded_at,
        }
    }

    fn worth(self, quantity: i64, value: Money, after: Balance) -> Self {
        let (value_minor, currency) = (value.amount_minor, Some(value.currency));
        Self { quantity, value_minor, currency, on_hand: after.on_hand, stock_value_minor: Some(after.value_minor), ..self }
    }

    /// The row of an event, if it is a movement.
    fn of(event: &RecordedEvent, e: StockItemEvent) -> Option<Self> {
        use domain::inventory::stock::Origin;
        let new = |kind, movement_id, goods, booked_on| Self::new(event, kind, movement_id, goods, booked_on);
        Some(match e {
            StockItemEvent::StockReceived(e) => {
                let row = new(MovementKind::Receipt, e.movement_id, e.goods, e.booked_on).worth(e.quantity, e.value, e.after);
                let reason = (e.origin == Origin::Opening).then(|| label("opening"));
                Self { effective_on: e.received_on, reference: e.reference, supplier: e.supplier, reason, ..row }
            }
            StockItemEvent::StockShipped(e) => {
                let row = new(MovementKind::Shipment, e.movement_id, e.goods, e.booked_on).worth(-e.quantity, e.value, e.after);
                Self { reference: e.reference, customer_id: e.customer_id, reservation_id: e.reservation_id, ..row }
            }
            StockItemEvent::StockReturned(e) => {
                let row = new(MovementKind::Return, e.movement_id, e.goods, e.booked_on).worth(e.quantity, e.value, e.after);
                Self { reference: e.reference, reason: e.reason, shipment_id: Some(e.shipment_id), ..row }
            }
            StockItemEvent::StockAdjusted(e) => {
                let row = new(MovementKind::Adjustment, e.movement_id, e.goods, e.booked_on).worth(e.quantity, e.value, e.after);
                Self { reason: Some(e.reason), note: e.note, ..row }
            }
            StockItemEvent::StockCounted(e) => {
                let row = new(MovementKind::Count, e.movement_id, e.goods, e.booked_on);
                Self { on_hand: e.expected, counted: Some(e.counted), ..row }
            }
            StockItemEvent::StockTransferredOut(e) => {
                let row = new(MovementKind::TransferOut, e.movement_id, e.goods, e.booked_on).worth(-e.quantity, e.value, e.after);
                Self { other_warehouse_id: Some(e.to_warehouse_id), ..row }
            }
            StockItemEvent::StockTransferredIn(e) => {
                let row = new(MovementKind::TransferIn, e.movement_id, e.goods, e.booked_on).worth(e.quantity, e.value, e.after);
                Self { other_warehouse_id: Some(e.from_warehouse_id), ..row }
            }
            StockItemEvent::StockRevalued(e) => {
                let row = new(MovementKind::Revaluation, e.movement_id, e.goods, e.booked_on).worth(0, e.value, e.after);
                let cause = match e.cause {
                    RevaluationCause::LateCost => "late_cost",
                    RevaluationCause::BackdatedReceipt => "backdated_receipt",
                    RevaluationCause::Revaluation => "revaluation",
                };
                Self { expensed_minor: e.expensed.amount_minor, reason: Some(label(cause)), note: e.note, ..row }
            }
            _ => return None,
        })
    }
}

fn row_id(event: &RecordedEvent) -> String {
    format!("{}:{:08}", event.aggregate_id, event.sequence)
}

/// Fills the table.
pub struct MovementList;

impl RowModel for MovementList {
    type Row = MovementRow;
    const PROJECTION: &'static str = "inventory.movement_list";
    const TABLES: &'static [&'static str] = &["inventory_movement_list"];
    const CONTEXTS: &'static [&'static str] = &["inventory"];

    fn keys(event: &RecordedEvent) -> Result<Vec<RowKey>, String> {
        Ok(if is_of::<StockItem>(event) { RowKey::id(row_id(event)) } else { Vec::new() })
    }

    fn apply(event: &RecordedEvent, rows: &mut Rows<'_, MovementRow>) -> Result<(), String> {
        if let Some(row) = event_of::<StockItem>(event)?.and_then(|e| MovementRow::of(event, e)) {
            rows.put(row.id.clone(), row);
        }
        Ok(())
    }
}

/// `GET /v1/inventory/movement-list`
pub const DEF: ReadModelDef = ReadModelDef {
    context: "inventory",
    name: "movement-list",
    summary: "Every movement of stock with its value, the latest first.",
    table: "inventory_movement_list",
    projection: MovementList::PROJECTION,
    columns: &[
        Column::sorted("id", Text),
        Column::new("movement_id", Text),
        Column::new("kind", Text),
        Column::new("item_id", Text),
        Column::new("product_id", Text),
        Column::new("sku", Text),
        Column::new("warehouse_id", Text),
        Column::new("other_warehouse_id", Text),
        Column::new("quantity", Integer),
        Column::new("value_minor", Integer),
        Column::new("expensed_minor", Integer),
        Column::new("currency", Text),
        Column::new("on_hand", Integer),
        Column::new("stock_value_minor", Integer),
        Column::new("counted", Integer),
        Column::new("reason", Text),
        Column::new("reference", Text),
        Column::new("customer_id", Text),
        Column::new("supplier", Text),
        Column::new("shipment_id", Text),
        Column::new("reservation_id", Text),
        Column::new("note", Text),
        Column::new("effective_on", Date),
        Column::new("booked_on", Date),
        Column::sorted("recorded_at", Timestamp),
    ],
    default_sort: ("recorded_at", true),
    search: None,
    redirects: None,
    schema: |generator| MovementRow::json_schema(generator),
};
