//! The read side of inventory.

pub mod layer_list;
pub mod movement_list;
pub mod product_list;
pub mod reorder_suggestion_list;
mod reports;
pub mod reservation_list;
pub mod stock_list;
pub mod stock_reservation_list;
mod table;
pub mod warehouse_list;

use crate::contexts::ContextEntry;
use crate::model::ReadModelDef;
use crate::runtime::RowProjection;

/// The read models, in the order of the documentation.
const READ_MODELS: &[&ReadModelDef] = &[
    &product_list::DEF,
    &warehouse_list::DEF,
    &stock_list::DEF,
    &movement_list::DEF,
    &layer_list::DEF,
    &reservation_list::DEF,
    &stock_reservation_list::DEF,
    &reorder_suggestion_list::DEF,
];

/// The context `inventory`.
pub const CONTEXT: ContextEntry = ContextEntry {
    documents: &[],
    domain: &domain::inventory::CONTEXT,
    projections: || {
        vec![
            RowProjection::<product_list::ProductList>::boxed(),
            RowProjection::<warehouse_list::WarehouseList>::boxed(),
            RowProjection::<stock_list::StockList>::boxed(),
            RowProjection::<movement_list::MovementList>::boxed(),
            RowProjection::<layer_list::LayerList>::boxed(),
            RowProjection::<reservation_list::ReservationList>::boxed(),
            RowProjection::<stock_reservation_list::StockReservationList>::boxed(),
            RowProjection::<reorder_suggestion_list::ReorderSuggestionList>::boxed(),
        ]
    },
    read_models: READ_MODELS,
    reports: reports::REPORTS,
};

#[cfg(test)]
mod tests;
