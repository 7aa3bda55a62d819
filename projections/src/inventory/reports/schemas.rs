//! The shapes of the reports' answers. The statements build them; these types only describe them.

use chrono::{DateTime, NaiveDate, Utc};
use domain::inventory::product::Valuation;
use schemars::JsonSchema;

use crate::shapes::shapes;

shapes! {
    /// What a warehouse can promise.
    AvailableIn {
        /// The stock item.
        item_id: String,
        /// The warehouse.
        warehouse_id: String,
        /// What people call it.
        warehouse_name: String,
        /// The pieces in stock.
        on_hand: i64,
        /// Those that are reserved now.
        reserved: i64,
        /// Those that are committed.
        allocated: i64,
        /// Those that are kept from being promised.
        safety_stock: i64,
        /// Those that can be promised; negative where promised ones are missing.
        available: i64,
    }

    /// What can be promised of a product.
    Availability {
        /// The product.
        product_id: String,
        /// Its article number.
        sku: String,
        /// What people call it.
        product_name: String,
        /// The base unit.
        unit: String,
        /// The pieces in stock.
        on_hand: i64,
        /// Those that are reserved now.
        reserved: i64,
        /// Those that are committed.
        allocated: i64,
        /// Those that are kept from being promised.
        safety_stock: i64,
        /// Those that can be promised, of all warehouses together.
        available: i64,
        /// The warehouses.
        warehouses: Vec<AvailableIn>,
    }

    /// An item below its reorder point.
    ReorderItem {
        /// The stock item.
        item_id: String,
        /// The product.
        product_id: String,
        /// Its article number.
        sku: String,
        /// What people call it.
        product_name: String,
        /// The warehouse.
        warehouse_id: String,
        /// What people call it.
        warehouse_name: String,
        /// Who it is bought from.
        supplier: Option<String>,
        /// The pieces in stock.
        on_hand: i64,
        /// Those that are committed.
        allocated: i64,
        /// What is in stock and not committed.
        level: i64,
        /// The reorder point.
        reorder_point: i64,
        /// What is missing to it.
        shortfall: i64,
        /// How many to order, in whole lots.
        order_quantity: i64,
        /// What a piece usually costs, in minor units.
        unit_cost_minor: Option<i64>,
        /// What the order would cost.
        order_value_minor: Option<i64>,
        /// ISO 4217 code.
        currency: String,
        /// The suggestion that waits for somebody to decide.
        suggestion_id: Option<String>,
        /// When it was made.
        suggested_at: Option<DateTime<Utc>>,
    }

    /// Stock of an item by its age.
    Ageing {
        /// The stock item.
        item_id: String,
        /// The product.
        product_id: String,
        /// Its article number.
        sku: String,
        /// What people call it.
        product_name: String,
        /// The warehouse.
        warehouse_id: String,
        /// What people call it.
        warehouse_name: String,
        /// This many days old, or more.
        from_days: i64,
        /// Fewer days old than this; none for the oldest.
        to_days: Option<i64>,
        /// The pieces.
        quantity: i64,
        /// What they are worth, in minor units.
        value_minor: i64,
        /// ISO 4217 code.
        currency: String,
        /// Of how many receipts.
        layer_count: i64,
        /// The day on which the oldest of them came.
        oldest_on: NaiveDate,
    }

    /// How long an item lasts.
    StockCover {
        /// The stock item.
        item_id: String,
        /// The product.
        product_id: String,
        /// Its article number.
        sku: String,
        /// What people call it.
        product_name: String,
        /// The warehouse.
        warehouse_id: String,
        /// What people call it.
        warehouse_name: String,
        /// The pieces in stock.
        on_hand: i64,
        /// Those that left for customers within the days, less those that came back.
        shipped: i64,
        /// How many that is a day.
        shipped_per_day: f64,
        /// For how many days the stock lasts; none where nothing is shipped.
        days_of_cover: Option<f64>,
        /// The day on which it runs out; none where that is far away.
        runs_out_on: Option<NaiveDate>,
    }

    /// What an item is worth.
    Valued {
        /// The stock item.
        item_id: String,
        /// The product.
        product_id: String,
        /// Its article number.
        sku: String,
        /// What people call it.
        product_name: String,
        /// The warehouse.
        warehouse_id: String,
        /// What people call it.
        warehouse_name: String,
        /// How it is valued.
        valuation: Valuation,
        /// The pieces.
        quantity: i64,
        /// The base unit.
        unit: String,
        /// What they are worth, in minor units.
        value_minor: i64,
        /// ISO 4217 code.
        currency: String,
        /// What one is worth on average, in minor units.
        average_minor: Option<f64>,
    }

    /// What the stock of a warehouse is worth.
    ValuationTotals {
        /// The warehouse.
        warehouse_id: String,
        /// What people call it.
        warehouse_name: String,
        /// The products' category; none for those without.
        category: Option<String>,
        /// ISO 4217 code.
        currency: String,
        /// How many products are in stock.
        product_count: i64,
        /// What they are worth, in minor units.
        value_minor: i64,
    }
}
