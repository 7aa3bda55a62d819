//! Inventory: products, warehouses, what is in stock, for whom it is kept, how it moved and what it is worth.
//!
//! Stock events carry the change of value, so that the process `inventory.ledger` keeps the ledger's stock account equal to the stock's value.

mod imports;
pub mod movement;
pub mod product;
pub mod reorder_suggestion;
pub mod reservation;
pub mod sku;
pub mod stock;
pub mod values;
pub mod warehouse;

#[cfg(test)]
pub(crate) mod simulation;

use crate::kernel::{AggregateType, ContextDef, DueDef, SetupDef};

/// The context `inventory`.
pub const CONTEXT: ContextDef = ContextDef {
    name: "inventory",
    summary: "Products, warehouses, stock and its value, reservations and reordering.",
    aggregates: || {
        vec![
            <dyn AggregateType>::of::<product::Product>(),
            <dyn AggregateType>::of::<warehouse::Warehouse>(),
            <dyn AggregateType>::of::<stock::StockItem>(),
            <dyn AggregateType>::of::<movement::StockMovement>(),
            <dyn AggregateType>::of::<reservation::StockReservation>(),
            <dyn AggregateType>::of::<reorder_suggestion::ReorderSuggestion>(),
            <dyn AggregateType>::of::<sku::Sku>(),
            <dyn AggregateType>::of::<warehouse::section::WarehouseSection>(),
        ]
    },
    imports: imports::IMPORTS,
    due: &[
        DueDef { table: "inventory_reservation_list", aggregate: "stock-item", command: "expire-reservations" },
        DueDef { table: "inventory_stock_reservation_list", aggregate: "stock-reservation", command: "expire" },
        DueDef { table: "inventory_stock_list", aggregate: "stock-item", command: "review-reorder" },
    ],
    setup: &[SetupDef {
        aggregate: "warehouse",
        id: warehouse::DEFAULT_WAREHOUSE,
        command: "open",
        body: r#"{ "name": "Main warehouse" }"#,
    }],
};
