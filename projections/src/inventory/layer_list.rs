//! The layers of stock: what is left of each receipt, for the age of stock and its value under FIFO.

use domain::inventory::stock::{Goods, StockItem, StockItemEvent, Take};
use domain::inventory::values::Sku;
use domain::kernel::{Day, RecordedEvent};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::ColumnKind::{Date, Integer, Text};
use crate::model::{Column, ReadModelDef};
use crate::runtime::{RowKey, RowModel, Rows, event_of};

/// What is left of a receipt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LayerRow {
    /// `<item>:<layer>`.
    pub id: String,
    /// The movement that brought the goods into the company.
    pub layer: String,
    /// The stock item.
    pub item_id: String,
    /// The product.
    pub product_id: String,
    /// Its article number.
    pub sku: Sku,
    /// The warehouse.
    pub warehouse_id: String,
    /// The day on which the goods came.
    pub received_on: Day,
    /// The pieces that are left.
    pub quantity: i64,
    /// What they are worth, in minor units of the item's currency; 0 under a moving average, where only the item has a value.
    pub value_minor: i64,
}

/// A change of a layer.
struct Change {
    layer: String,
    /// The day of a layer that may be new; none where pieces only leave.
    received_on: Option<Day>,
    quantity: i64,
    value_minor: i64,
}

/// What an event does to layers, and of what they are.
fn changes(e: StockItemEvent) -> Option<(Goods, Vec<Change>)> {
    let change = |layer, received_on, quantity, value_minor| Change { layer, received_on, quantity, value_minor };
    let taken = |takes: Vec<Take>| takes.into_iter().map(|take| change(take.layer, None, -take.quantity, -take.value_minor)).collect();
    Some(match e {
        StockItemEvent::StockReceived(e) => (e.goods, vec![change(e.movement_id, Some(e.received_on), e.quantity, e.layer_value_minor)]),
        StockItemEvent::StockReturned(e) => (e.goods, vec![change(e.movement_id, Some(e.booked_on), e.quantity, e.layer_value_minor)]),
        StockItemEvent::StockAdjusted(e) if e.quantity > 0 => {
            (e.goods, vec![change(e.movement_id, Some(e.booked_on), e.quantity, e.layer_value_minor)])
        }
        StockItemEvent::StockAdjusted(e) => (e.goods, taken(e.takes)),
        StockItemEvent::StockShipped(e) => (e.goods, taken(e.takes)),
        StockItemEvent::StockTransferredOut(e) => (e.goods, taken(e.takes)),
        StockItemEvent::StockTransferredIn(e) => {
            let brought = e.layers.into_iter().map(|new| change(new.layer, Some(new.received_on), new.quantity, new.value_minor));
            (e.goods, brought.collect())
        }
        StockItemEvent::StockRevalued(e) => {
            let changed = e.changes.into_iter().map(|old| change(old.layer, Some(old.received_on), old.quantity, old.value_minor));
            (e.goods, changed.collect())
        }
        _ => return None,
    })
}

fn row_id(item_id: &str, layer: &str) -> String {
    format!("{item_id}:{layer}")
}

/// Fills the table.
pub struct LayerList;

impl RowModel for LayerList {
    type Row = LayerRow;
    const PROJECTION: &'static str = "inventory.layer_list";
    const TABLES: &'static [&'static str] = &["inventory_layer_list"];
    const CONTEXTS: &'static [&'static str] = &["inventory"];

    fn keys(event: &RecordedEvent) -> Result<Vec<RowKey>, String> {
        let changed = event_of::<StockItem>(event)?.and_then(changes).map(|(_, changes)| changes).unwrap_or_default();
        Ok(changed.iter().map(|change| RowKey::Id(row_id(&event.aggregate_id, &change.layer))).collect())
    }

    fn apply(event: &RecordedEvent, rows: &mut Rows<'_, LayerRow>) -> Result<(), String> {
        let Some((goods, changes)) = event_of::<StockItem>(event)?.and_then(changes) else { return Ok(()) };
        for change in changes {
            let id = row_id(&event.aggregate_id, &change.layer);
            let mut row = match (rows.get(&id), change.received_on) {
                (Some(row), _) => row.clone(),
                (None, Some(received_on)) => LayerRow {
                    id: id.clone(),
                    layer: change.layer,
                    item_id: event.aggregate_id.clone(),
                    product_id: goods.product_id.clone(),
                    sku: goods.sku.clone(),
                    warehouse_id: goods.warehouse_id.clone(),
                    received_on,
                    quantity: 0,
                    value_minor: 0,
                },
                (None, None) => return Err(format!("there is no row `{id}`")),
            };
            row.quantity += change.quantity;
            row.value_minor += change.value_minor;
            if row.quantity == 0 {
                rows.remove(&id);
            } else {
                rows.put(id, row);
            }
        }
        Ok(())
    }
}

/// `GET /v1/inventory/layer-list`
pub const DEF: ReadModelDef = ReadModelDef {
    context: "inventory",
    name: "layer-list",
    summary: "What is left of each receipt, the oldest first.",
    table: "inventory_layer_list",
    projection: LayerList::PROJECTION,
    columns: &[
        Column::sorted("id", Text),
        Column::new("layer", Text),
        Column::new("item_id", Text),
        Column::new("product_id", Text),
        Column::new("sku", Text),
        Column::new("warehouse_id", Text),
        Column::sorted("received_on", Date),
        Column::new("quantity", Integer),
        Column::new("value_minor", Integer),
    ],
    default_sort: ("received_on", false),
    search: None,
    redirects: None,
    schema: |generator| LayerRow::json_schema(generator),
};
