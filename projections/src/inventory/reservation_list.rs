//! What each item keeps, or kept, for whom: reservations and allocations. A reservation of several items has a row for each.

use chrono::{DateTime, Utc};
use domain::inventory::stock::{Goods, StockItem, StockItemEvent};
use domain::inventory::values::{Reference, Sku};
use domain::kernel::{RecordedEvent, is_of};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::table::existing;
use crate::model::ColumnKind::{Boolean, Integer, Text, Timestamp};
use crate::model::{Column, ReadModelDef};
use crate::runtime::{RowKey, RowModel, Rows, event_of};

/// Where a reservation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HoldStatus {
    /// Kept until a time.
    Reserved,
    /// Committed.
    Allocated,
    /// All of it has left.
    Shipped,
    /// Given up.
    Released,
    /// Over by the clock.
    Expired,
}

/// A reservation or an allocation of one item.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReservationRow {
    /// `<item>:<reservation>`.
    pub id: String,
    /// The reservation.
    pub reservation_id: String,
    /// The stock item.
    pub aggregate_id: String,
    /// The product.
    pub product_id: String,
    /// Its article number.
    pub sku: Sku,
    /// The warehouse.
    pub warehouse_id: String,
    /// Where it stands.
    pub status: HoldStatus,
    /// The pieces that were reserved, or allocated, last.
    pub quantity: i64,
    /// The pieces that are kept still.
    pub open_quantity: i64,
    /// Whether it belongs to a `stock-reservation` of several items.
    pub joint: bool,
    /// The order, the cart.
    pub reference: Option<Reference>,
    /// When it expires, or did; none once it is allocated.
    pub expires_at: Option<DateTime<Utc>>,
    /// When the item is to end it; none where nothing is due.
    pub due_at: Option<DateTime<Utc>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it changed last.
    pub updated_at: DateTime<Utc>,
}

/// What an event does to a reservation.
enum Change {
    Keep { goods: Goods, quantity: i64, expires_at: Option<DateTime<Utc>>, joint: bool, reference: Option<Reference> },
    Less { quantity: i64, end: HoldStatus },
}

fn change(e: StockItemEvent) -> Option<(String, Change)> {
    Some(match e {
        StockItemEvent::StockReserved(e) => {
            let (expires_at, joint, reference) = (Some(e.expires_at), e.joint, e.reference);
            (e.reservation_id, Change::Keep { goods: e.goods, quantity: e.quantity, expires_at, joint, reference })
        }
        StockItemEvent::StockAllocated(e) => {
            let (joint, reference) = (e.joint, e.reference);
            (e.reservation_id, Change::Keep { goods: e.goods, quantity: e.quantity, expires_at: None, joint, reference })
        }
        StockItemEvent::StockShipped(e) => (e.reservation_id?, Change::Less { quantity: e.quantity, end: HoldStatus::Shipped }),
        StockItemEvent::StockReleased(e) => (e.reservation_id, Change::Less { quantity: e.quantity, end: HoldStatus::Released }),
        StockItemEvent::StockReservationExpired(e) => (e.reservation_id, Change::Less { quantity: e.quantity, end: HoldStatus::Expired }),
        _ => return None,
    })
}

fn row_id(item_id: &str, reservation_id: &str) -> String {
    format!("{item_id}:{reservation_id}")
}

/// Fills the table.
pub struct ReservationList;

impl RowModel for ReservationList {
    type Row = ReservationRow;
    const PROJECTION: &'static str = "inventory.reservation_list";
    const TABLES: &'static [&'static str] = &["inventory_reservation_list"];
    const CONTEXTS: &'static [&'static str] = &["inventory"];

    fn keys(event: &RecordedEvent) -> Result<Vec<RowKey>, String> {
        if !is_of::<StockItem>(event) {
            return Ok(Vec::new());
        }
        let changed = event_of::<StockItem>(event)?.and_then(change);
        Ok(changed.map(|(reservation_id, _)| RowKey::id(row_id(&event.aggregate_id, &reservation_id))).unwrap_or_default())
    }

    fn apply(event: &RecordedEvent, rows: &mut Rows<'_, ReservationRow>) -> Result<(), String> {
        let Some((reservation_id, change)) = event_of::<StockItem>(event)?.and_then(change) else { return Ok(()) };
        let id = row_id(&event.aggregate_id, &reservation_id);
        let at = event.recorded_at;
        match change {
            Change::Keep { goods, quantity, expires_at, joint, reference } => {
                // An id that is used again after its end is a reservation of its own.
                let open = rows.get(&id).filter(|row| row.open_quantity > 0);
                let created_at = open.map_or(at, |row| row.created_at);
                let row = ReservationRow {
                    reservation_id,
                    aggregate_id: event.aggregate_id.clone(),
                    product_id: goods.product_id,
                    sku: goods.sku,
                    warehouse_id: goods.warehouse_id,
                    status: if expires_at.is_some() { HoldStatus::Reserved } else { HoldStatus::Allocated },
                    quantity,
                    open_quantity: quantity,
                    joint,
                    reference,
                    expires_at,
                    due_at: expires_at.filter(|_| !joint),
                    created_at,
                    updated_at: at,
                    id: id.clone(),
                };
                rows.put(id, row);
            }
            Change::Less { quantity, end } => {
                let row = existing(rows, &id)?;
                row.open_quantity -= quantity;
                row.updated_at = at;
                if row.open_quantity == 0 {
                    (row.status, row.due_at) = (end, None);
                }
            }
        }
        Ok(())
    }
}

/// `GET /v1/inventory/reservation-list`
pub const DEF: ReadModelDef = ReadModelDef {
    context: "inventory",
    name: "reservation-list",
    summary: "What each stock item keeps, or kept, for whom.",
    table: "inventory_reservation_list",
    projection: ReservationList::PROJECTION,
    columns: &[
        Column::sorted("id", Text),
        Column::new("reservation_id", Text),
        Column::new("aggregate_id", Text),
        Column::new("product_id", Text),
        Column::new("sku", Text),
        Column::new("warehouse_id", Text),
        Column::new("status", Text),
        Column::new("quantity", Integer),
        Column::new("open_quantity", Integer),
        Column::new("joint", Boolean),
        Column::new("reference", Text),
        Column::new("expires_at", Timestamp),
        Column::new("due_at", Timestamp),
        Column::sorted("created_at", Timestamp),
        Column::new("updated_at", Timestamp),
    ],
    default_sort: ("created_at", true),
    search: None,
    redirects: None,
    schema: |generator| ReservationRow::json_schema(generator),
};
