//! The reservations of several items, one row each.

use chrono::{DateTime, Utc};
use domain::inventory::reservation::{ReservationPlaced, ReservationStatus, StockReservation, StockReservationEvent};
use domain::inventory::values::{Note, Reference, Sku};
use domain::kernel::{RecordedEvent, is_of};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::table::existing;
use crate::model::ColumnKind::{Integer, Json, Text, Timestamp};
use crate::model::{Column, ReadModelDef};
use crate::runtime::{RowKey, RowModel, Rows, event_of};

/// What is kept of one item.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LineRow {
    /// The stock item.
    pub item_id: String,
    /// The product.
    pub product_id: String,
    /// Its article number.
    pub sku: Sku,
    /// The warehouse.
    pub warehouse_id: String,
    /// The pieces.
    pub quantity: i64,
    /// Those that have left.
    pub shipped: i64,
}

/// A reservation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StockReservationRow {
    /// The reservation's id.
    pub id: String,
    /// Where it stands.
    pub status: ReservationStatus,
    /// What it covers.
    pub lines: Vec<LineRow>,
    /// The pieces of all lines.
    pub quantity: i64,
    /// Those that have left.
    pub shipped: i64,
    /// The order, the cart.
    pub reference: Option<Reference>,
    /// The customer.
    pub customer_id: Option<Reference>,
    /// When it expires; none once it is allocated or over.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it is to be ended; none where nothing is due.
    pub due_at: Option<DateTime<Utc>>,
    /// Why it was given up.
    pub reason: Option<Note>,
    /// The aggregate's version, for `If-Match`.
    pub version: i64,
    /// When it was placed.
    pub created_at: DateTime<Utc>,
    /// When it changed last.
    pub updated_at: DateTime<Utc>,
}

impl StockReservationRow {
    fn new(event: &RecordedEvent, e: ReservationPlaced) -> Self {
        let line = |line: domain::inventory::reservation::ReservedLine| LineRow {
            item_id: line.item_id,
            product_id: line.goods.product_id,
            sku: line.goods.sku,
            warehouse_id: line.goods.warehouse_id,
            quantity: line.quantity,
            shipped: 0,
        };
        Self {
            id: event.aggregate_id.clone(),
            status: ReservationStatus::Reserved,
            quantity: e.lines.iter().map(|line| line.quantity).sum(),
            lines: e.lines.into_iter().map(line).collect(),
            shipped: 0,
            reference: e.reference,
            customer_id: e.customer_id,
            expires_at: Some(e.expires_at),
            due_at: Some(e.expires_at),
            reason: None,
            version: event.sequence,
            created_at: event.recorded_at,
            updated_at: event.recorded_at,
        }
    }

    fn end(&mut self, status: ReservationStatus) {
        (self.status, self.expires_at, self.due_at) = (status, None, None);
    }

    fn follow(&mut self, e: StockReservationEvent) {
        match e {
            StockReservationEvent::ReservationPlaced(_) => {}
            StockReservationEvent::ReservationAllocated(_) => self.end(ReservationStatus::Allocated),
            StockReservationEvent::ReservationReleased(e) => {
                self.end(ReservationStatus::Released);
                self.reason = e.reason;
            }
            StockReservationEvent::ReservationExpired(_) => self.end(ReservationStatus::Expired),
            StockReservationEvent::ReservationShipped(e) => {
                for left in e.lines {
                    self.shipped += left.quantity;
                    if let Some(line) = self.lines.iter_mut().find(|line| line.item_id == left.item_id) {
                        line.shipped += left.quantity;
                    }
                }
                if e.complete {
                    self.end(ReservationStatus::Shipped);
                }
            }
        }
    }
}

/// Fills the table.
pub struct StockReservationList;

impl RowModel for StockReservationList {
    type Row = StockReservationRow;
    const PROJECTION: &'static str = "inventory.stock_reservation_list";
    const TABLES: &'static [&'static str] = &["inventory_stock_reservation_list"];
    const CONTEXTS: &'static [&'static str] = &["inventory"];

    fn keys(event: &RecordedEvent) -> Result<Vec<RowKey>, String> {
        Ok(if is_of::<StockReservation>(event) { RowKey::id(&event.aggregate_id) } else { Vec::new() })
    }

    fn apply(event: &RecordedEvent, rows: &mut Rows<'_, StockReservationRow>) -> Result<(), String> {
        let id = &event.aggregate_id;
        match event_of::<StockReservation>(event)? {
            None => {}
            Some(StockReservationEvent::ReservationPlaced(e)) => rows.put(id, StockReservationRow::new(event, e)),
            Some(e) => {
                let row = existing(rows, id)?;
                row.follow(e);
                (row.version, row.updated_at) = (event.sequence, event.recorded_at);
            }
        }
        Ok(())
    }
}

/// `GET /v1/inventory/stock-reservation-list`
pub const DEF: ReadModelDef = ReadModelDef {
    context: "inventory",
    name: "stock-reservation-list",
    summary: "Reservations of several items with their lines.",
    table: "inventory_stock_reservation_list",
    projection: StockReservationList::PROJECTION,
    columns: &[
        Column::sorted("id", Text),
        Column::new("status", Text),
        Column::new("lines", Json),
        Column::new("quantity", Integer),
        Column::new("shipped", Integer),
        Column::new("reference", Text),
        Column::new("customer_id", Text),
        Column::new("expires_at", Timestamp),
        Column::new("due_at", Timestamp),
        Column::new("reason", Text),
        Column::new("version", Integer),
        Column::sorted("created_at", Timestamp),
        Column::new("updated_at", Timestamp),
    ],
    default_sort: ("created_at", true),
    search: None,
    redirects: None,
    schema: |generator| StockReservationRow::json_schema(generator),
};
