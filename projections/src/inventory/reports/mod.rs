//! Questions about stock whose answers have a shape of their own. Amounts stay in minor units and are never added across currencies.

mod schemas;

use schemars::JsonSchema;

use self::schemas::{Ageing, Availability, ReorderItem, StockCover, ValuationTotals, Valued};
use crate::model::ColumnKind::{Date, Integer, Text};
use crate::model::{Parameter, ReportDef};

const PRODUCTS: &str = "inventory.product_list";
const STOCK: &str = "inventory.stock_list";
const MOVEMENTS: &str = "inventory.movement_list";
const LAYERS: &str = "inventory.layer_list";
const RESERVATIONS: &str = "inventory.reservation_list";
const SUGGESTIONS: &str = "inventory.reorder_suggestion_list";

const PRODUCT: Parameter = Parameter::optional("product_id", Text, "Only this product.");
const WAREHOUSE: Parameter = Parameter::optional("warehouse_id", Text, "Only this warehouse.");
const DAY: Parameter = Parameter::optional("as_of", Date, "The stock at the end of this day, as it was booked; now where none is given.");
const DAYS: Parameter = Parameter::optional("days", Integer, "Over how many days shipments are averaged, 1 to 3650.").or("30");

/// The reports of the context.
pub const REPORTS: &[ReportDef] = &[
    ReportDef {
        context: "inventory",
        name: "availability",
        summary: "What can be promised now, by product with its warehouses; expired reservations are left out to the second.",
        projections: &[STOCK, RESERVATIONS],
        parameters: &[PRODUCT, Parameter::optional("sku", Text, "Only the product with this article number."), WAREHOUSE],
        sql: include_str!("availability.sql"),
        schema: |generator| Availability::json_schema(generator),
        not_found_if_empty: false,
    },
    ReportDef {
        context: "inventory",
        name: "reorder-list",
        summary: "What is below its reorder point, how many to order, and the open suggestion.",
        projections: &[STOCK, PRODUCTS, SUGGESTIONS],
        parameters: &[WAREHOUSE, Parameter::optional("supplier", Text, "Only products that are bought from this supplier.")],
        sql: include_str!("reorder_list.sql"),
        schema: |generator| ReorderItem::json_schema(generator),
        not_found_if_empty: false,
    },
    ReportDef {
        context: "inventory",
        name: "ageing",
        summary: "Stock and its value by how many days ago it came in.",
        projections: &[LAYERS, STOCK],
        parameters: &[
            PRODUCT,
            WAREHOUSE,
            Parameter::optional("as_of", Date, "The day at which days are counted; today where none is given."),
        ],
        sql: include_str!("ageing.sql"),
        schema: |generator| Ageing::json_schema(generator),
        not_found_if_empty: false,
    },
    ReportDef {
        context: "inventory",
        name: "days-of-cover",
        summary: "How long the stock lasts if as much is shipped each day as lately.",
        projections: &[STOCK, MOVEMENTS],
        parameters: &[DAYS, PRODUCT, WAREHOUSE],
        sql: concat!(include_str!("cover.sql"), include_str!("days_of_cover.sql")),
        schema: |generator| StockCover::json_schema(generator),
        not_found_if_empty: false,
    },
    ReportDef {
        context: "inventory",
        name: "valuation",
        summary: "What the stock is worth, by product and warehouse, now or at the end of a day.",
        projections: &[STOCK, MOVEMENTS],
        parameters: &[DAY, PRODUCT, WAREHOUSE],
        sql: include_str!("valuation.sql"),
        schema: |generator| Valued::json_schema(generator),
        not_found_if_empty: false,
    },
    ReportDef {
        context: "inventory",
        name: "valuation-summary",
        summary: "What the stock is worth, by warehouse, category and currency, now or at the end of a day.",
        projections: &[STOCK, PRODUCTS, MOVEMENTS],
        parameters: &[DAY],
        sql: include_str!("valuation_summary.sql"),
        schema: |generator| ValuationTotals::json_schema(generator),
        not_found_if_empty: false,
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_parameter_is_used_and_no_other() {
        for report in REPORTS {
            let used = |number: usize| {
                report
                    .sql
                    .match_indices(&format!("${number}"))
                    .any(|(at, found)| !report.sql[at + found.len()..].starts_with(|c: char| c.is_ascii_digit()))
            };
            let count = report.parameters.len();
            assert!((1..=count).all(used) && !used(count + 1), "{}", report.name);
        }
    }

    #[test]
    fn every_view_that_a_report_reads_counts_for_its_freshness() {
        for report in REPORTS {
            for model in super::super::READ_MODELS {
                let reads = report.sql.contains(&format!("{} ", model.table));
                assert_eq!(reads, report.projections.contains(&model.projection), "{} and {}", report.name, model.projection);
            }
        }
    }
}
