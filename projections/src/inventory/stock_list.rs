//! Stock by product and warehouse. Rows follow the product's name and levels and the warehouse's name.

use chrono::{DateTime, Utc};
use domain::inventory::product::{Product, ProductEvent, ProductFacts, Valuation};
use domain::inventory::stock::{Balance, Kept, StockItem, StockItemEvent, StockItemOpened};
use domain::inventory::values::{Label, Level, Quantity, Sku};
use domain::inventory::warehouse::{Warehouse, WarehouseEvent};
use domain::kernel::{Currency, Day, RecordedEvent, is_of};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::table::{existing, words};
use crate::model::ColumnKind::{Boolean, Date, Integer, Text, Timestamp};
use crate::model::{Column, ReadModelDef};
use crate::runtime::{RowKey, RowModel, Rows, event_of};

/// A product in a warehouse.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StockRow {
    /// The stock item's id, `<product>:<warehouse>`.
    pub id: String,
    /// The product.
    pub product_id: String,
    /// Its article number.
    pub sku: Sku,
    /// What people call it.
    pub product_name: String,
    /// The warehouse.
    pub warehouse_id: String,
    /// What people call it.
    pub warehouse_name: String,
    /// The base unit.
    pub unit: Label,
    /// The pieces in stock.
    pub on_hand: i64,
    /// Those that are reserved; for seconds, those too whose time is over.
    pub reserved: i64,
    /// Those that are committed.
    pub allocated: i64,
    /// Those that are kept from being promised.
    pub safety_stock: i64,
    /// Those that can be promised; negative where promised ones are missing.
    pub available: i64,
    /// How the stock is valued.
    pub valuation: Valuation,
    /// The currency in which it is valued.
    pub currency: Currency,
    /// What it is worth, in minor units.
    pub value_minor: i64,
    /// The level below which the product is to be ordered again.
    pub reorder_point: Option<i64>,
    /// How many are ordered at a time.
    pub reorder_quantity: Option<i64>,
    /// Whether what is in stock and not committed is below the reorder point of a product that is still bought.
    pub low: bool,
    /// Whether it was told to be low, so that ordering it was suggested, and has not been told to be so no longer.
    pub below: bool,
    /// Since when `low` and `below` differ because the product has changed, which the item has to look at; none where they agree.
    pub due_at: Option<DateTime<Utc>>,
    /// Whether the product is no longer bought.
    pub discontinued: bool,
    /// The day on which the last receipt was recorded.
    pub last_received_on: Option<Day>,
    /// The day on which goods left last.
    pub last_shipped_on: Option<Day>,
    /// The day on which it was counted last.
    pub last_counted_on: Option<Day>,
    /// The aggregate's version, for `If-Match`.
    pub version: i64,
    /// When it was stocked first.
    pub created_at: DateTime<Utc>,
    /// When it changed last.
    pub updated_at: DateTime<Utc>,
    /// The words that it is found by.
    #[schemars(skip)]
    pub search: String,
}

impl StockRow {
    fn new(event: &RecordedEvent, e: StockItemOpened) -> Self {
        let mut row = Self {
            id: event.aggregate_id.clone(),
            product_id: e.goods.product_id,
            sku: e.goods.sku,
            product_name: e.product_name,
            warehouse_id: e.goods.warehouse_id,
            warehouse_name: e.warehouse_name,
            unit: e.unit,
            on_hand: 0,
            reserved: 0,
            allocated: 0,
            safety_stock: e.safety_stock,
            available: 0,
            valuation: e.valuation,
            currency: e.currency,
            value_minor: 0,
            reorder_point: e.reorder_point,
            reorder_quantity: e.reorder_quantity,
            low: false,
            below: false,
            due_at: None,
            discontinued: e.discontinued,
            last_received_on: None,
            last_shipped_on: None,
            last_counted_on: None,
            version: event.sequence,
            created_at: event.recorded_at,
            updated_at: event.recorded_at,
            search: String::new(),
        };
        row.derive(event.recorded_at);
        row
    }

    /// Computes what follows from the other columns as they are since then.
    fn derive(&mut self, at: DateTime<Utc>) {
        self.available = self.on_hand - self.allocated - self.reserved - self.safety_stock;
        self.low = !self.discontinued && self.reorder_point.is_some_and(|point| self.on_hand - self.allocated < point);
        self.due_at = if self.low == self.below { None } else { self.due_at.or(Some(at)) };
        self.search = words([Some(&*self.sku), Some(self.product_name.as_str()), Some(self.warehouse_name.as_str())]);
    }

    fn hold(&mut self, kept: Kept) {
        (self.reserved, self.allocated) = (kept.reserved, kept.allocated);
    }

    fn balance(&mut self, after: Balance) {
        (self.on_hand, self.value_minor) = (after.on_hand, after.value_minor);
    }

    fn follow(&mut self, e: StockItemEvent) {
        match e {
            StockItemEvent::StockReceived(e) => {
                self.balance(e.after);
                self.last_received_on = Some(e.booked_on);
            }
            StockItemEvent::StockShipped(e) => {
                self.balance(e.after);
                self.hold(e.kept);
                self.last_shipped_on = Some(e.booked_on);
            }
            StockItemEvent::StockAdjusted(e) => self.balance(e.after),
            StockItemEvent::StockCounted(e) => self.last_counted_on = Some(e.booked_on),
            StockItemEvent::StockReturned(e) => self.balance(e.after),
            StockItemEvent::StockTransferredOut(e) => self.balance(e.after),
            StockItemEvent::StockTransferredIn(e) => self.balance(e.after),
            StockItemEvent::StockRevalued(e) => self.balance(e.after),
            StockItemEvent::StockReserved(e) => self.hold(e.kept),
            StockItemEvent::StockAllocated(e) => self.hold(e.kept),
            StockItemEvent::StockReleased(e) => self.hold(e.kept),
            StockItemEvent::StockReservationExpired(e) => self.hold(e.kept),
            StockItemEvent::ReorderPointReached(_) => self.below = true,
            StockItemEvent::StockReplenished(_) => self.below = false,
            StockItemEvent::StockItemOpened(_) => {}
        }
    }

    fn levels(&mut self, facts: &ProductFacts) {
        self.safety_stock = facts.safety_stock.map_or(0, Level::get);
        self.reorder_point = facts.reorder_point.map(Quantity::get);
        self.reorder_quantity = facts.reorder_quantity.map(Quantity::get);
    }

    fn follow_product(&mut self, e: &ProductEvent) {
        match e {
            ProductEvent::ProductRenamed(e) => self.product_name = e.name.to_string(),
            ProductEvent::ProductUpdated(e) => self.levels(&e.facts),
            ProductEvent::ProductDiscontinued(_) => self.discontinued = true,
            ProductEvent::ProductReinstated(_) => self.discontinued = false,
            ProductEvent::ProductCreated(_) | ProductEvent::ProductPriced(_) => {}
        }
    }
}

/// Fills the table.
pub struct StockList;

impl RowModel for StockList {
    type Row = StockRow;
    const PROJECTION: &'static str = "inventory.stock_list";
    const TABLES: &'static [&'static str] = &["inventory_stock_list"];
    const CONTEXTS: &'static [&'static str] = &["inventory"];

    fn keys(event: &RecordedEvent) -> Result<Vec<RowKey>, String> {
        let followed = |column| Ok(vec![RowKey::Where(column, vec![event.aggregate_id.clone()])]);
        match event.event_type.as_str() {
            _ if is_of::<StockItem>(event) => Ok(RowKey::id(&event.aggregate_id)),
            "product_renamed" | "product_updated" | "product_discontinued" | "product_reinstated" if is_of::<Product>(event) => {
                followed("product_id")
            }
            "warehouse_renamed" if is_of::<Warehouse>(event) => followed("warehouse_id"),
            _ => Ok(Vec::new()),
        }
    }

    fn apply(event: &RecordedEvent, rows: &mut Rows<'_, StockRow>) -> Result<(), String> {
        if let Some(e) = event_of::<StockItem>(event)? {
            if let StockItemEvent::StockItemOpened(e) = e {
                rows.put(&event.aggregate_id, StockRow::new(event, e));
                return Ok(());
            }
            let row = existing(rows, &event.aggregate_id)?;
            row.follow(e);
            row.derive(event.recorded_at);
            (row.version, row.updated_at) = (event.sequence, event.recorded_at);
            return Ok(());
        }
        let (product, warehouse) = (event_of::<Product>(event)?, event_of::<Warehouse>(event)?);
        for id in rows.matched() {
            let row = existing(rows, &id)?;
            if let Some(e) = &product {
                row.follow_product(e);
            }
            if let Some(WarehouseEvent::WarehouseRenamed(e)) = &warehouse {
                row.warehouse_name = e.name.to_string();
            }
            row.derive(event.recorded_at);
            row.updated_at = event.recorded_at;
        }
        Ok(())
    }
}

/// `GET /v1/inventory/stock-list`
pub const DEF: ReadModelDef = ReadModelDef {
    context: "inventory",
    name: "stock-list",
    summary: "Stock by product and warehouse: on hand, reserved, allocated, available, and what it is worth.",
    table: "inventory_stock_list",
    projection: StockList::PROJECTION,
    columns: &[
        Column::sorted("id", Text),
        Column::new("product_id", Text),
        Column::sorted("sku", Text),
        Column::new("product_name", Text),
        Column::new("warehouse_id", Text),
        Column::new("warehouse_name", Text),
        Column::new("unit", Text),
        Column::new("on_hand", Integer),
        Column::new("reserved", Integer),
        Column::new("allocated", Integer),
        Column::new("safety_stock", Integer),
        Column::sorted("available", Integer),
        Column::new("valuation", Text),
        Column::new("currency", Text),
        Column::sorted("value_minor", Integer),
        Column::new("reorder_point", Integer),
        Column::new("reorder_quantity", Integer),
        Column::new("low", Boolean),
        Column::new("below", Boolean),
        Column::new("due_at", Timestamp),
        Column::new("discontinued", Boolean),
        Column::new("last_received_on", Date),
        Column::new("last_shipped_on", Date),
        Column::new("last_counted_on", Date),
        Column::new("version", Integer),
        Column::new("created_at", Timestamp),
        Column::new("updated_at", Timestamp),
    ],
    default_sort: ("sku", false),
    search: Some("search"),
    redirects: None,
    schema: |generator| StockRow::json_schema(generator),
};
