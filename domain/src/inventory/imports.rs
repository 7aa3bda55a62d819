//! How the files that common shop and inventory products export become commands: the columns of Shopify, Zoho Inventory, Odoo and `QuickBooks`.
//!
//! Headers are compared in lower case with every run of punctuation and spaces as one space. Products are found again by their article
//! number. Receipts and opening stock are movements: a row with the number of a movement that is there corrects what it cost. A journal of movements
//! of all kinds is read in its order, so that each finds the stock that the ones before it have left.

use crate::kernel::{ImportColumn, ImportDef};

const fn column(field: &'static str, headers: &'static [&'static str]) -> ImportColumn {
    ImportColumn { field, headers }
}

const CURRENCY: &[&str] = &["currency", "currency code", "cost currency", "purchase currency"];

const SKU: ImportColumn = column(
    "sku",
    &[
        "sku",
        "variant sku",
        "internal reference",
        "product internal reference",
        "item code",
        "product code",
        "item number",
        "item no",
        "article number",
        "part number",
        "stock keeping unit",
        "artikelnummer",
    ],
);

const PRODUCTS: ImportDef = ImportDef {
    name: "products",
    aggregate: "product",
    create: "create",
    update: "update",
    columns: &[
        column("id", &["product id", "item id", "id", "external id", "record id"]),
        SKU,
        column(
            "name",
            // Shopify writes the title in the first row of a product only, and the handle in all.
            &["product service name", "item name", "product name", "name", "title", "product service", "item", "product", "handle"],
        ),
        column("unit", &["unit", "usage unit", "unit of measure", "uom", "unit name", "einheit"]),
        column(
            "price",
            &["sales price", "selling price", "variant price", "price", "list price", "sales price rate", "rate", "unit price", "preis"],
        ),
        column("price.currency", &["currency", "currency code", "sales currency", "price currency"]),
        column(
            "cost",
            &["cost per item", "purchase price", "purchase cost", "cost price", "cost", "purchase rate", "standard price", "average cost"],
        ),
        column("cost.currency", &["cost currency", "purchase currency"]),
        column(
            "description",
            &["description", "sales description", "sales information", "body html", "product description", "note", "notes"],
        ),
        column("category", &["category", "product category", "category name", "type", "product type", "group"]),
        column("valuation", &["valuation", "costing method", "inventory valuation method", "valuation method"]),
        column("barcode", &["barcode", "variant barcode", "ean", "upc", "gtin", "isbn"]),
        column("supplier", &["supplier", "preferred vendor", "vendor", "preferred supplier", "vendor name", "manufacturer"]),
        column("reorder_point", &["reorder point", "reorder level", "minimum quantity", "min quantity", "low stock threshold"]),
        column("reorder_quantity", &["reorder quantity", "order quantity", "quantity to order", "lot size"]),
        column("safety_stock", &["safety stock", "safety stock level", "buffer stock"]),
    ],
    lists: &[],
    in_order: &[],
};

const WAREHOUSE: ImportColumn = column(
    "warehouse_id",
    &["warehouse", "warehouse name", "location", "location name", "warehouse id", "stock location", "branch", "branch name", "lager"],
);
const UNIT_COST: ImportColumn = column(
    "unit_cost",
    &[
        "unit cost",
        "cost per unit",
        "opening stock value per unit",
        "opening stock rate",
        "cost per item",
        "purchase price",
        "purchase cost",
        "cost price",
        "purchase rate",
        "unit price",
        "cost",
        "average cost",
    ],
);
const TOTAL_COST: ImportColumn =
    column("total_cost", &["total cost", "opening stock value", "inventory value", "asset value", "stock value", "total value"]);
const RECEIVED_ON: ImportColumn = column(
    "received_on",
    &[
        "received on",
        "receipt date",
        "date received",
        "quantity as of date",
        "inventory start date",
        "as of date",
        "effective date",
        "scheduled date",
        "date",
    ],
);
const SUPPLIER: ImportColumn = column("supplier", &["supplier", "vendor", "vendor name", "supplier name", "preferred vendor"]);

const RECEIPTS: ImportDef = ImportDef {
    name: "receipts",
    aggregate: "stock-movement",
    create: "receive",
    update: "adjust-cost",
    columns: &[
        column("id", &["receipt id", "receipt number", "movement id", "grn number", "id", "external id"]),
        SKU,
        column("product_id", &["product id", "item id"]),
        WAREHOUSE,
        column("quantity", &["quantity received", "received quantity", "quantity", "qty", "qty received", "received", "demand", "menge"]),
        UNIT_COST,
        column("unit_cost.currency", CURRENCY),
        TOTAL_COST,
        RECEIVED_ON,
        column("reference", &["reference", "purchase order", "po number", "purchase order number", "delivery note", "source document"]),
        SUPPLIER,
    ],
    lists: &[],
    in_order: &[],
};

const OPENING_STOCK: ImportDef = ImportDef {
    name: "opening-stock",
    aggregate: "stock-movement",
    create: "open-stock",
    update: "adjust-cost",
    columns: &[
        column("id", &["movement id", "id", "external id"]),
        SKU,
        column("product_id", &["product id", "item id"]),
        WAREHOUSE,
        column(
            "quantity",
            &[
                "opening stock",
                "initial stock",
                "quantity on hand",
                "initial quantity on hand",
                "stock on hand",
                "variant inventory qty",
                "on hand",
                "on hand quantity",
                "on hand current",
                "inventory quantity",
                "counted quantity",
                "quantity",
                "qty",
                "available",
                "bestand",
            ],
        ),
        UNIT_COST,
        column("unit_cost.currency", CURRENCY),
        TOTAL_COST,
        RECEIVED_ON,
        column("reference", &["reference", "lot serial number"]),
        SUPPLIER,
    ],
    lists: &[],
    in_order: &[],
};

const MOVEMENTS: ImportDef = ImportDef {
    name: "movements",
    aggregate: "stock-movement",
    create: "record",
    update: "adjust-cost",
    columns: &[
        column("id", &["movement id", "movement number", "movement no", "document number", "id", "external id"]),
        column("kind", &["kind", "movement type", "transaction type", "type", "operation type"]),
        SKU,
        column("product_id", &["product id", "item id"]),
        WAREHOUSE,
        column("quantity", &["quantity", "qty", "quantity done", "menge", "pieces"]),
        UNIT_COST,
        column("unit_cost.currency", CURRENCY),
        TOTAL_COST,
        column("date", &["date", "movement date", "transaction date", "effective date", "effective on", "posting date", "datum"]),
        column("reference", &["reference", "source document", "order number", "purchase order", "po number", "delivery note"]),
        SUPPLIER,
        column("customer_id", &["customer id", "customer"]),
        column("shipment_id", &["shipment id", "shipment", "returned shipment", "return of", "shipment number"]),
        column("reason", &["reason", "reason code", "adjustment reason"]),
    ],
    lists: &[],
    in_order: &["sku", "product_id"],
};

/// The imports of the context.
pub(super) const IMPORTS: &[ImportDef] = &[PRODUCTS, RECEIPTS, OPENING_STOCK, MOVEMENTS];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::inventory::CONTEXT;

    /// Whether a schema, or one that it refers to, has the field at that path.
    fn has_field(schema: &serde_json::Value, root: &serde_json::Value, path: &[&str]) -> bool {
        let Some((first, rest)) = path.split_first() else { return true };
        let resolve = |schema: &serde_json::Value| {
            let name = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next());
            name.and_then(|name| root.get(name).cloned()).unwrap_or_else(|| schema.clone())
        };
        let schema = resolve(schema);
        let alternatives = schema["anyOf"].as_array().cloned().unwrap_or_default();
        std::iter::once(schema).chain(alternatives).any(|schema| {
            let property = &resolve(&schema)["properties"][*first];
            !property.is_null() && has_field(property, root, rest)
        })
    }

    #[test]
    fn every_column_fills_a_field_of_the_command_that_creates() {
        for import in IMPORTS {
            let aggregate = CONTEXT.aggregate(import.aggregate).expect("the aggregate exists");
            let command = |name: &str| aggregate.commands().iter().find(|def| def.name == name).expect("the command exists");
            command(import.update);
            let mut generator = schemars::SchemaGenerator::default();
            let schema = (command(import.create).schema)(&mut generator).to_value();
            let definitions = serde_json::Value::Object(generator.definitions().clone());
            for column in import.columns.iter().filter(|column| column.field != "id") {
                let path: Vec<&str> = column.field.split('.').collect();
                assert!(has_field(&schema, &definitions, &path), "{}: {}", import.name, column.field);
            }
        }
    }

    #[test]
    fn a_header_is_normalised_and_fills_one_field() {
        for import in IMPORTS {
            let mut seen = BTreeSet::new();
            for header in import.columns.iter().flat_map(|column| column.headers) {
                let normal: String = header.to_lowercase().chars().map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
                assert_eq!(normal.split_whitespace().collect::<Vec<_>>().join(" "), **header);
                assert!(seen.insert(*header), "{}: `{header}` is listed twice", import.name);
            }
        }
    }
}
