//! The warehouses, open and closed.

use chrono::{DateTime, Utc};
use domain::inventory::values::Name;
use domain::inventory::warehouse::section::{WarehouseSection, WarehouseSectionEvent};
use domain::inventory::warehouse::{Place, Warehouse, WarehouseEvent};
use domain::kernel::{RecordedEvent, is_of};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::table::existing;
use crate::model::ColumnKind::{Boolean, Integer, Text, Timestamp};
use crate::model::{Column, ReadModelDef};
use crate::runtime::{RowKey, RowModel, Rows, event_of};

/// A warehouse.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WarehouseRow {
    /// The warehouse's id.
    pub id: String,
    /// What people call it.
    pub name: Name,
    /// Where it is.
    pub address: Option<Place>,
    /// Whether it takes no stock.
    pub closed: bool,
    /// How many products it has stock of.
    pub stocked_products: i64,
    /// The aggregate's version, for `If-Match`.
    pub version: i64,
    /// When it was opened first.
    pub created_at: DateTime<Utc>,
    /// When it changed last.
    pub updated_at: DateTime<Utc>,
}

/// The warehouse that an event is about: sections have its id and a number.
fn warehouse_of(event: &RecordedEvent) -> Option<&str> {
    if is_of::<Warehouse>(event) {
        return Some(&event.aggregate_id);
    }
    is_of::<WarehouseSection>(event).then(|| event.aggregate_id.split(':').next()).flatten()
}

/// Fills the table.
pub struct WarehouseList;

impl RowModel for WarehouseList {
    type Row = WarehouseRow;
    const PROJECTION: &'static str = "inventory.warehouse_list";
    const TABLES: &'static [&'static str] = &["inventory_warehouse_list"];
    const CONTEXTS: &'static [&'static str] = &["inventory"];

    fn keys(event: &RecordedEvent) -> Result<Vec<RowKey>, String> {
        Ok(warehouse_of(event).map(RowKey::id).unwrap_or_default())
    }

    fn apply(event: &RecordedEvent, rows: &mut Rows<'_, WarehouseRow>) -> Result<(), String> {
        let Some(id) = warehouse_of(event) else { return Ok(()) };
        if let Some(change) = event_of::<WarehouseSection>(event)? {
            let row = existing(rows, id)?;
            row.stocked_products += match change {
                WarehouseSectionEvent::SectionItemStocked(_) => 1,
                WarehouseSectionEvent::SectionItemEmptied(_) => -1,
            };
            row.updated_at = event.recorded_at;
            return Ok(());
        }
        let (version, at) = (event.sequence, event.recorded_at);
        match event_of::<Warehouse>(event)? {
            None => return Ok(()),
            Some(WarehouseEvent::WarehouseOpened(e)) => {
                let (id, name, address) = (id.to_owned(), e.name, e.address);
                let row = WarehouseRow { id, name, address, closed: false, stocked_products: 0, version, created_at: at, updated_at: at };
                rows.put(row.id.clone(), row);
            }
            Some(WarehouseEvent::WarehouseRenamed(e)) => existing(rows, id)?.name = e.name,
            Some(WarehouseEvent::WarehouseClosed(_)) => existing(rows, id)?.closed = true,
            Some(WarehouseEvent::WarehouseReopened(_)) => existing(rows, id)?.closed = false,
        }
        let row = existing(rows, id)?;
        (row.version, row.updated_at) = (version, at);
        Ok(())
    }
}

/// `GET /v1/inventory/warehouse-list`
pub const DEF: ReadModelDef = ReadModelDef {
    context: "inventory",
    name: "warehouse-list",
    summary: "Warehouses, open and closed, and how many products they have stock of.",
    table: "inventory_warehouse_list",
    projection: WarehouseList::PROJECTION,
    columns: &[
        Column::sorted("id", Text),
        Column::sorted("name", Text),
        Column::new("address", Text),
        Column::new("closed", Boolean),
        Column::new("stocked_products", Integer),
        Column::new("version", Integer),
        Column::new("created_at", Timestamp),
        Column::new("updated_at", Timestamp),
    ],
    default_sort: ("name", false),
    search: None,
    redirects: None,
    schema: |generator| WarehouseRow::json_schema(generator),
};
