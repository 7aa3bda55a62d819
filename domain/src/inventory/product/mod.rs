//! A product: what is stocked, how it is counted and valued, and when it is to be ordered again.
//!
//! Its article number, unit, currency and method of valuation are settled when it is created: stock and ledger rest on them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::sku::{Sku as SkuIndex, SkuAssigned};
use super::values::{Label, Level, Name, Note, Patch, Quantity, Sku, changed_fields, check_part_id, is_amount, patched, set, sku_id};
use crate::kernel::{Aggregate, AggregateId, Context, Currency, Decision, Money, Refusal, fold};
use crate::{commands, cqrs_aggregate, events, rejections};

/// The name space of article numbers.
pub const SKU_SCOPE: &str = "product.sku";

/// How the stock of a product is valued.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Valuation {
    /// What came in first goes out first, at what it cost (IAS 2.25).
    #[default]
    Fifo,
    /// Every piece is worth the average of all, formed anew at each receipt (IAS 2.27).
    MovingAverage,
}

// ---------------------------------------------------------------------------------------------------------- events

/// What stays as it is for the life of a product.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Terms {
    /// The article number, unique however it is written.
    pub sku: Sku,
    /// The base unit, in which quantities are counted: `piece`, `g`, `ml`.
    pub unit: Label,
    /// The currency in which stock is valued.
    pub currency: Currency,
    /// How stock is valued.
    pub valuation: Valuation,
}

/// The facts known of a product, apart from its name and price.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ProductFacts {
    /// What it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Note>,
    /// The group that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<Label>,
    /// What scanners read from it (GTIN, EAN, UPC or a code of one's own).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub barcode: Option<Label>,
    /// Who it is bought from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supplier: Option<Name>,
    /// What a piece usually costs; the cost of receipts that name none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Money>,
    /// The level below which it is to be ordered again, in each warehouse.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reorder_point: Option<Quantity>,
    /// How many are ordered at a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reorder_quantity: Option<Quantity>,
    /// How many are kept from being promised, in each warehouse.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub safety_stock: Option<Level>,
}

/// A product was created.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ProductCreated {
    /// What people call it.
    pub name: Name,
    /// What stays as it is.
    pub terms: Terms,
    /// What a piece is sold for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Money>,
    /// What else is known of it.
    pub facts: ProductFacts,
}

/// The product has another name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ProductRenamed {
    /// The new name.
    pub name: Name,
}

/// The product is sold for another price.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ProductPriced {
    /// The price before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Money>,
    /// The price after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Money>,
}

/// Facts about a product changed; the event holds all of them after the change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ProductUpdated {
    /// The names of the fields that changed.
    pub changed: Vec<String>,
    /// The facts after the change.
    pub facts: ProductFacts,
}

/// The product is no longer bought; what is in stock is sold off.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ProductDiscontinued {
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Note>,
}

/// The product is bought again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ProductReinstated {}

events! {
    /// What happens to a product.
    pub enum ProductEvent {
        ProductCreated = "product_created" 1,
        ProductRenamed = "product_renamed" 1,
        ProductPriced = "product_priced" 1,
        ProductUpdated = "product_updated" 1,
        ProductDiscontinued = "product_discontinued" 1,
        ProductReinstated = "product_reinstated" 1,
    }
}

// ----------------------------------------------------------------------------------------------------------- state

/// A product's state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Product {
    /// What people call it; empty before it is created.
    pub name: String,
    /// What stays as it is; nothing before it is created.
    pub terms: Option<Terms>,
    /// What a piece is sold for.
    pub price: Option<Money>,
    /// What else is known of it.
    pub facts: ProductFacts,
    /// Whether it is no longer bought.
    pub discontinued: bool,
}

impl Product {
    /// The product of that id with what stays as it is.
    pub(super) fn find<'a>(id: &str, context: &Context<'a>) -> Result<(&'a Self, &'a Terms), Refusal> {
        let found = context.get::<Self>(id)?.and_then(|product| Some((product, product.terms.as_ref()?)));
        Ok(found.ok_or_else(|| ProductRejection::Unknown(id.to_owned()))?)
    }

    /// The id of the product that a command names by id or by number.
    pub(super) fn named(id: Option<&AggregateId>, sku: Option<&Sku>, context: &Context<'_>) -> Result<String, Refusal> {
        match (id, sku) {
            (Some(id), None) => Ok(id.to_string()),
            (None, Some(sku)) => match context.get::<SkuIndex>(&sku_id(sku)?)? {
                Some(found) => Ok(found.product_id.clone()),
                None => Err(ProductRejection::UnknownSku(sku.to_string()).into()),
            },
            _ => Err(ProductRejection::NotNamed.into()),
        }
    }

    /// How many pieces are kept from being promised, in each warehouse.
    pub fn safety_stock(&self) -> i64 {
        self.facts.safety_stock.map_or(0, Level::get)
    }
}

// -------------------------------------------------------------------------------------------------------- commands

/// Creates a product. Its id may hold no colon and at most 50 characters.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateProduct {
    /// What people call it.
    pub name: Name,
    /// The article number; unique, whatever its letter case. It stays.
    pub sku: Sku,
    /// The base unit, in which quantities are counted; `piece` where none is given. It stays.
    #[serde(default)]
    pub unit: Option<Label>,
    /// The currency in which stock is valued; that of `cost` or of `price` where none is given. It stays.
    #[serde(default)]
    pub currency: Option<Currency>,
    /// How stock is valued; `fifo` where nothing is given. It stays.
    #[serde(default)]
    pub valuation: Valuation,
    /// What a piece is sold for.
    #[serde(default)]
    pub price: Option<Money>,
    /// What it is.
    #[serde(default)]
    pub description: Option<Note>,
    /// The group that it belongs to.
    #[serde(default)]
    pub category: Option<Label>,
    /// What scanners read from it.
    #[serde(default)]
    pub barcode: Option<Label>,
    /// Who it is bought from.
    #[serde(default)]
    pub supplier: Option<Name>,
    /// What a piece usually costs, in the currency in which stock is valued.
    #[serde(default)]
    pub cost: Option<Money>,
    /// The level below which it is to be ordered again, in each warehouse.
    #[serde(default)]
    pub reorder_point: Option<Quantity>,
    /// How many are ordered at a time.
    #[serde(default)]
    pub reorder_quantity: Option<Quantity>,
    /// How many are kept from being promised, in each warehouse.
    #[serde(default)]
    pub safety_stock: Option<Level>,
}

/// Gives a product another name.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RenameProduct {
    /// The new name.
    pub name: Name,
}

/// Says what a piece is sold for.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PriceProduct {
    /// The price; `null` where it has none.
    pub price: Option<Money>,
}

/// Changes facts about a product: an absent field stays, `null` clears it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct UpdateProduct {
    /// What people call it; cannot be cleared.
    pub name: Option<Name>,
    /// What a piece is sold for.
    #[serde(deserialize_with = "patched")]
    pub price: Patch<Money>,
    /// What it is.
    #[serde(deserialize_with = "patched")]
    pub description: Patch<Note>,
    /// The group that it belongs to.
    #[serde(deserialize_with = "patched")]
    pub category: Patch<Label>,
    /// What scanners read from it.
    #[serde(deserialize_with = "patched")]
    pub barcode: Patch<Label>,
    /// Who it is bought from.
    #[serde(deserialize_with = "patched")]
    pub supplier: Patch<Name>,
    /// What a piece usually costs, in the currency in which stock is valued.
    #[serde(deserialize_with = "patched")]
    pub cost: Patch<Money>,
    /// The level below which it is to be ordered again; each warehouse is looked at within seconds.
    #[serde(deserialize_with = "patched")]
    pub reorder_point: Patch<Quantity>,
    /// How many are ordered at a time.
    #[serde(deserialize_with = "patched")]
    pub reorder_quantity: Patch<Quantity>,
    /// How many are kept from being promised, in each warehouse.
    #[serde(deserialize_with = "patched")]
    pub safety_stock: Patch<Level>,
}

/// Stops buying a product: nothing is received any more, what is in stock is sold off.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DiscontinueProduct {
    /// Why.
    pub reason: Option<Note>,
}

/// Buys a discontinued product again.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReinstateProduct {}

commands! {
    /// What can be asked of a product.
    pub enum ProductCommand {
        creates "create" => CreateProduct {
            "name": "Green tea, 100 g", "sku": "TEA-100", "unit": "bag", "currency": "EUR", "valuation": "fifo",
            "price": { "amount_minor": 890, "currency": "EUR" }, "cost": { "amount_minor": 310, "currency": "EUR" },
            "barcode": "4006381333931", "reorder_point": 40, "reorder_quantity": 100, "safety_stock": 10
        },
        "rename" => RenameProduct { "name": "Green tea, organic, 100 g" },
        "price" => PriceProduct { "price": { "amount_minor": 950, "currency": "EUR" } },
        "update" => UpdateProduct { "reorder_point": 60, "supplier": "Yama Tea Ltd", "category": null },
        "discontinue" => DiscontinueProduct { "reason": "Replaced by TEA-125" },
        "reinstate" => ReinstateProduct {},
    }
}

// ---------------------------------------------------------------------------------------------------------- handle

impl Aggregate for Product {
    const CONTEXT: &'static str = "inventory";
    const TYPE: &'static str = "product";
    type Command = ProductCommand;
    type Event = ProductEvent;

    fn apply(&mut self, event: &ProductEvent) {
        match event {
            ProductEvent::ProductCreated(e) => {
                self.name = e.name.to_string();
                self.terms = Some(e.terms.clone());
                self.price = e.price;
                self.facts = e.facts.clone();
            }
            ProductEvent::ProductRenamed(e) => self.name = e.name.to_string(),
            ProductEvent::ProductPriced(e) => self.price = e.to,
            ProductEvent::ProductUpdated(e) => self.facts = e.facts.clone(),
            ProductEvent::ProductDiscontinued(_) => self.discontinued = true,
            ProductEvent::ProductReinstated(_) => self.discontinued = false,
        }
    }

    fn handle(&self, command: ProductCommand, context: &Context<'_>) -> Result<Decision<ProductEvent>, Refusal> {
        match command {
            ProductCommand::CreateProduct(command) => create(command, context),
            ProductCommand::RenameProduct(command) => {
                Ok(self.patch(UpdateProduct { name: Some(command.name), ..UpdateProduct::default() })?)
            }
            ProductCommand::PriceProduct(command) => {
                Ok(self.patch(UpdateProduct { price: Some(command.price), ..UpdateProduct::default() })?)
            }
            ProductCommand::UpdateProduct(command) => Ok(self.patch(command)?),
            ProductCommand::DiscontinueProduct(_) if self.discontinued => Ok(Decision::nothing()),
            ProductCommand::DiscontinueProduct(command) => Ok(Decision::event(ProductDiscontinued { reason: command.reason })),
            ProductCommand::ReinstateProduct(_) if !self.discontinued => Ok(Decision::nothing()),
            ProductCommand::ReinstateProduct(_) => Ok(Decision::event(ProductReinstated {})),
        }
    }
}

cqrs_aggregate!(Product);

fn create(command: CreateProduct, context: &Context<'_>) -> Result<Decision<ProductEvent>, Refusal> {
    check_part_id(context.aggregate_id)?;
    let sku_id = sku_id(&command.sku)?;
    let currency = command.currency.or(command.cost.map(|cost| cost.currency)).or(command.price.map(|price| price.currency));
    let terms = Terms {
        sku: command.sku,
        unit: command.unit.unwrap_or_else(piece),
        currency: currency.ok_or(ProductRejection::NoCurrency)?,
        valuation: command.valuation,
    };
    let facts = ProductFacts {
        description: command.description,
        category: command.category,
        barcode: command.barcode,
        supplier: command.supplier,
        cost: command.cost.map(|cost| cost_of(cost, terms.currency)).transpose()?,
        reorder_point: command.reorder_point,
        reorder_quantity: command.reorder_quantity,
        safety_stock: command.safety_stock,
    };
    let price = command.price.map(price_of).transpose()?;
    let key = fold(&terms.sku);
    // Another product's number is left alone: the claim on it refuses the command and names that product.
    let index = context.get::<SkuIndex>(&sku_id)?.is_none();
    let assigned = SkuAssigned { sku: terms.sku.clone(), product_id: context.aggregate_id.to_owned() };
    let mut decision = Decision::event(ProductCreated { name: command.name, terms, price, facts });
    if index {
        decision = decision.also::<SkuIndex>(sku_id, assigned);
    }
    Ok(decision.claim(SKU_SCOPE, key, "sku"))
}

impl Product {
    fn patch(&self, command: UpdateProduct) -> Result<Decision<ProductEvent>, ProductRejection> {
        let mut decision = Decision::nothing();
        if let Some(name) = command.name.filter(|name| **name != *self.name) {
            decision = decision.and(ProductRenamed { name });
        }
        if let Some(price) = command.price {
            let to = price.map(price_of).transpose()?;
            if to != self.price {
                decision = decision.and(ProductPriced { from: self.price, to });
            }
        }
        let mut facts = self.facts.clone();
        set(&mut facts.description, command.description);
        set(&mut facts.category, command.category);
        set(&mut facts.barcode, command.barcode);
        set(&mut facts.supplier, command.supplier);
        set(&mut facts.reorder_point, command.reorder_point);
        set(&mut facts.reorder_quantity, command.reorder_quantity);
        set(&mut facts.safety_stock, command.safety_stock);
        if let (Some(cost), Some(terms)) = (command.cost, &self.terms) {
            facts.cost = cost.map(|cost| cost_of(cost, terms.currency)).transpose()?;
        }
        let changed = changed_fields(&self.facts, &facts);
        Ok(if changed.is_empty() { decision } else { decision.and(ProductUpdated { changed, facts }) })
    }
}

/// The unit of a product that names none.
fn piece() -> Label {
    Label::try_from("piece".to_owned()).expect("the literal is a label")
}

fn price_of(price: Money) -> Result<Money, ProductRejection> {
    if is_amount(price.amount_minor) { Ok(price) } else { Err(ProductRejection::PriceOutOfRange) }
}

fn cost_of(cost: Money, currency: Currency) -> Result<Money, ProductRejection> {
    if cost.currency != currency {
        return Err(ProductRejection::CostCurrency(currency, cost.currency));
    }
    if is_amount(cost.amount_minor) { Ok(cost) } else { Err(ProductRejection::CostOutOfRange) }
}

// ------------------------------------------------------------------------------------------------------ rejections

rejections! {
    /// Why a product refuses a command, or cannot be stocked.
    pub enum ProductRejection in "inventory" {
        /// No such product.
        #[error("There is no product `{0}`.")]
        Unknown(String) => "product_unknown" ["product_id"],
        /// No product with that number.
        #[error("There is no product with the number `{0}`; create it first.")]
        UnknownSku(String) => "sku_unknown" ["sku"],
        /// A command names no product, or two.
        #[error("Name the product by `product_id` or by `sku`, not by both.")]
        NotNamed => "product_not_named" ["product_id", "sku"],
        /// The product is no longer bought.
        #[error("The product `{0}` is discontinued; reinstate it to receive it again.")]
        Discontinued(String) => "product_discontinued" ["product_id"],
        /// Nothing says in which currency stock is valued.
        #[error("Say in which currency the stock is valued, or give a cost or a price.")]
        NoCurrency => "currency_missing" ["currency"],
        /// A negative or absurd price.
        #[error("A price is not negative and at most 9,000,000,000,000,000 minor units.")]
        PriceOutOfRange => "amount_out_of_range" ["price"],
        /// A negative or absurd cost.
        #[error("A cost is not negative and at most 9,000,000,000,000,000 minor units.")]
        CostOutOfRange => "amount_out_of_range" ["cost"],
        /// A cost in another currency than the stock's.
        #[error("The product is valued in {0}; convert the cost, which is in {1}.")]
        CostCurrency(Currency, Currency) => "currency_mismatch" ["cost"],
    }
}

#[cfg(test)]
mod tests;
