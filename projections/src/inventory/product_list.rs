//! The products, those that are no longer bought too.

use chrono::{DateTime, Utc};
use domain::inventory::product::{Product, ProductCreated, ProductEvent, ProductFacts, Valuation};
use domain::inventory::values::{Label, Level, Name, Note, Quantity, Sku};
use domain::kernel::{Currency, Money, RecordedEvent, fold, is_of};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::table::{existing, words};
use crate::model::ColumnKind::{Boolean, Integer, Text, Timestamp};
use crate::model::{Column, ReadModelDef};
use crate::runtime::{RowKey, RowModel, Rows, event_of};

/// A product.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ProductRow {
    /// The product's id.
    pub id: String,
    /// The article number.
    pub sku: Sku,
    /// What people call it.
    pub name: Name,
    /// The name as it is sorted by: folded.
    pub sort_name: String,
    /// The base unit.
    pub unit: Label,
    /// The currency in which stock is valued.
    pub currency: Currency,
    /// How stock is valued.
    pub valuation: Valuation,
    /// What a piece is sold for, in minor units of `price_currency`.
    pub price_minor: Option<i64>,
    /// ISO 4217 code of the price's currency.
    pub price_currency: Option<Currency>,
    /// What a piece usually costs, in minor units of `currency`.
    pub cost_minor: Option<i64>,
    /// What it is.
    pub description: Option<Note>,
    /// The group that it belongs to.
    pub category: Option<Label>,
    /// What scanners read from it.
    pub barcode: Option<Label>,
    /// Who it is bought from.
    pub supplier: Option<Name>,
    /// The level below which it is to be ordered again, in each warehouse.
    pub reorder_point: Option<i64>,
    /// How many are ordered at a time.
    pub reorder_quantity: Option<i64>,
    /// How many are kept from being promised, in each warehouse.
    pub safety_stock: i64,
    /// Whether it is no longer bought.
    pub discontinued: bool,
    /// The aggregate's version, for `If-Match`.
    pub version: i64,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it changed last.
    pub updated_at: DateTime<Utc>,
    /// The words that it is found by.
    #[schemars(skip)]
    pub search: String,
}

impl ProductRow {
    fn new(event: &RecordedEvent, e: ProductCreated) -> Self {
        let mut row = Self {
            id: event.aggregate_id.clone(),
            sku: e.terms.sku,
            sort_name: fold(&e.name),
            name: e.name,
            unit: e.terms.unit,
            currency: e.terms.currency,
            valuation: e.terms.valuation,
            price_minor: None,
            price_currency: None,
            cost_minor: None,
            description: None,
            category: None,
            barcode: None,
            supplier: None,
            reorder_point: None,
            reorder_quantity: None,
            safety_stock: 0,
            discontinued: false,
            version: event.sequence,
            created_at: event.recorded_at,
            updated_at: event.recorded_at,
            search: String::new(),
        };
        row.price(e.price);
        row.describe(e.facts);
        row
    }

    fn price(&mut self, price: Option<Money>) {
        self.price_minor = price.map(|price| price.amount_minor);
        self.price_currency = price.map(|price| price.currency);
    }

    fn describe(&mut self, facts: ProductFacts) {
        self.cost_minor = facts.cost.map(|cost| cost.amount_minor);
        self.reorder_point = facts.reorder_point.map(Quantity::get);
        self.reorder_quantity = facts.reorder_quantity.map(Quantity::get);
        self.safety_stock = facts.safety_stock.map_or(0, Level::get);
        (self.description, self.category, self.barcode, self.supplier) = (facts.description, facts.category, facts.barcode, facts.supplier);
        self.index();
    }

    fn index(&mut self) {
        let texts = [Some(&*self.name), Some(&*self.sku), self.barcode.as_deref(), self.category.as_deref(), self.supplier.as_deref()];
        self.search = words(texts);
    }

    fn follow(&mut self, e: ProductEvent) {
        match e {
            ProductEvent::ProductCreated(_) => {}
            ProductEvent::ProductRenamed(e) => {
                self.sort_name = fold(&e.name);
                self.name = e.name;
                self.index();
            }
            ProductEvent::ProductPriced(e) => self.price(e.to),
            ProductEvent::ProductUpdated(e) => self.describe(e.facts),
            ProductEvent::ProductDiscontinued(_) => self.discontinued = true,
            ProductEvent::ProductReinstated(_) => self.discontinued = false,
        }
    }
}

/// Fills the table.
pub struct ProductList;

impl RowModel for ProductList {
    type Row = ProductRow;
    const PROJECTION: &'static str = "inventory.product_list";
    const TABLES: &'static [&'static str] = &["inventory_product_list"];
    const CONTEXTS: &'static [&'static str] = &["inventory"];

    fn keys(event: &RecordedEvent) -> Result<Vec<RowKey>, String> {
        Ok(if is_of::<Product>(event) { RowKey::id(&event.aggregate_id) } else { Vec::new() })
    }

    fn apply(event: &RecordedEvent, rows: &mut Rows<'_, ProductRow>) -> Result<(), String> {
        let id = &event.aggregate_id;
        match event_of::<Product>(event)? {
            None => {}
            Some(ProductEvent::ProductCreated(e)) => rows.put(id, ProductRow::new(event, e)),
            Some(e) => {
                let row = existing(rows, id)?;
                row.follow(e);
                (row.version, row.updated_at) = (event.sequence, event.recorded_at);
            }
        }
        Ok(())
    }
}

/// `GET /v1/inventory/product-list`
pub const DEF: ReadModelDef = ReadModelDef {
    context: "inventory",
    name: "product-list",
    summary: "Products with their article numbers, prices and reorder points.",
    table: "inventory_product_list",
    projection: ProductList::PROJECTION,
    columns: &[
        Column::sorted("id", Text),
        Column::sorted("sku", Text),
        Column::new("name", Text),
        Column::sorted("sort_name", Text),
        Column::new("unit", Text),
        Column::new("currency", Text),
        Column::new("valuation", Text),
        Column::new("price_minor", Integer),
        Column::new("price_currency", Text),
        Column::new("cost_minor", Integer),
        Column::new("description", Text),
        Column::new("category", Text),
        Column::new("barcode", Text),
        Column::new("supplier", Text),
        Column::new("reorder_point", Integer),
        Column::new("reorder_quantity", Integer),
        Column::new("safety_stock", Integer),
        Column::new("discontinued", Boolean),
        Column::new("version", Integer),
        Column::sorted("created_at", Timestamp),
        Column::new("updated_at", Timestamp),
    ],
    default_sort: ("sort_name", false),
    search: Some("search"),
    redirects: None,
    schema: |generator| ProductRow::json_schema(generator),
};
