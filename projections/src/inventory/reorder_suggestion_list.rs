//! The suggestions to order, open and decided.

use chrono::{DateTime, Utc};
use domain::inventory::reorder_suggestion::{ReorderSuggested, ReorderSuggestion, ReorderSuggestionEvent};
use domain::inventory::values::{Label, Name, Reference, Sku};
use domain::kernel::{RecordedEvent, is_of};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::table::existing;
use crate::model::ColumnKind::{Integer, Text, Timestamp};
use crate::model::{Column, ReadModelDef};
use crate::runtime::{RowKey, RowModel, Rows, event_of};

/// Where a suggestion stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SuggestionState {
    /// It waits for somebody to decide.
    Open,
    /// It was ordered.
    Accepted,
    /// Somebody decided against it.
    Dismissed,
    /// The stock recovered without it.
    Withdrawn,
}

/// A suggestion.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReorderSuggestionRow {
    /// The suggestion's id.
    pub id: String,
    /// The stock item.
    pub item_id: String,
    /// The product.
    pub product_id: String,
    /// Its article number.
    pub sku: Sku,
    /// What people call it.
    pub product_name: Name,
    /// The warehouse that runs low.
    pub warehouse_id: String,
    /// Who it is bought from.
    pub supplier: Option<Name>,
    /// Where it stands.
    pub status: SuggestionState,
    /// What was in stock and not committed.
    pub level: i64,
    /// The reorder point.
    pub reorder_point: i64,
    /// How many to order.
    pub quantity: i64,
    /// How many were ordered.
    pub ordered_quantity: Option<i64>,
    /// The purchase order.
    pub reference: Option<Reference>,
    /// Why it was dismissed.
    pub reason: Option<Label>,
    /// The aggregate's version, for `If-Match`.
    pub version: i64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was decided.
    pub decided_at: Option<DateTime<Utc>>,
}

impl ReorderSuggestionRow {
    fn new(event: &RecordedEvent, e: ReorderSuggested) -> Self {
        Self {
            id: event.aggregate_id.clone(),
            item_id: e.item_id,
            product_id: e.goods.product_id,
            sku: e.goods.sku,
            product_name: e.product_name,
            warehouse_id: e.goods.warehouse_id,
            supplier: e.supplier,
            status: SuggestionState::Open,
            level: e.level,
            reorder_point: e.reorder_point,
            quantity: e.quantity,
            ordered_quantity: None,
            reference: None,
            reason: None,
            version: event.sequence,
            created_at: event.recorded_at,
            decided_at: None,
        }
    }

    fn decide(&mut self, e: ReorderSuggestionEvent) {
        match e {
            ReorderSuggestionEvent::ReorderSuggested(_) => {}
            ReorderSuggestionEvent::ReorderAccepted(e) => {
                (self.status, self.ordered_quantity, self.reference) = (SuggestionState::Accepted, Some(e.quantity), e.reference);
            }
            ReorderSuggestionEvent::ReorderDismissed(e) => (self.status, self.reason) = (SuggestionState::Dismissed, Some(e.reason)),
            ReorderSuggestionEvent::ReorderWithdrawn(_) => self.status = SuggestionState::Withdrawn,
        }
    }
}

/// Fills the table.
pub struct ReorderSuggestionList;

impl RowModel for ReorderSuggestionList {
    type Row = ReorderSuggestionRow;
    const PROJECTION: &'static str = "inventory.reorder_suggestion_list";
    const TABLES: &'static [&'static str] = &["inventory_reorder_suggestion_list"];
    const CONTEXTS: &'static [&'static str] = &["inventory"];

    fn keys(event: &RecordedEvent) -> Result<Vec<RowKey>, String> {
        Ok(if is_of::<ReorderSuggestion>(event) { RowKey::id(&event.aggregate_id) } else { Vec::new() })
    }

    fn apply(event: &RecordedEvent, rows: &mut Rows<'_, ReorderSuggestionRow>) -> Result<(), String> {
        let id = &event.aggregate_id;
        match event_of::<ReorderSuggestion>(event)? {
            None => {}
            Some(ReorderSuggestionEvent::ReorderSuggested(e)) => rows.put(id, ReorderSuggestionRow::new(event, e)),
            Some(e) => {
                let row = existing(rows, id)?;
                row.decide(e);
                (row.version, row.decided_at) = (event.sequence, Some(event.recorded_at));
            }
        }
        Ok(())
    }
}

/// `GET /v1/inventory/reorder-suggestion-list`
pub const DEF: ReadModelDef = ReadModelDef {
    context: "inventory",
    name: "reorder-suggestion-list",
    summary: "Suggestions to order, open and decided, the latest first.",
    table: "inventory_reorder_suggestion_list",
    projection: ReorderSuggestionList::PROJECTION,
    columns: &[
        Column::sorted("id", Text),
        Column::new("item_id", Text),
        Column::new("product_id", Text),
        Column::new("sku", Text),
        Column::new("product_name", Text),
        Column::new("warehouse_id", Text),
        Column::new("supplier", Text),
        Column::new("status", Text),
        Column::new("level", Integer),
        Column::new("reorder_point", Integer),
        Column::new("quantity", Integer),
        Column::new("ordered_quantity", Integer),
        Column::new("reference", Text),
        Column::new("reason", Text),
        Column::new("version", Integer),
        Column::sorted("created_at", Timestamp),
        Column::new("decided_at", Timestamp),
    ],
    default_sort: ("created_at", true),
    search: None,
    redirects: None,
    schema: |generator| ReorderSuggestionRow::json_schema(generator),
};
