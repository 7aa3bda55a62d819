//! What a decision does to one item, as it builds up: each event is applied to a copy before the next one is made.

use super::valuation::LAYERS_MAX;
use super::{Balance, Goods, ReorderPointReached, StockItem, StockItemEvent, StockItemOpened, StockRejection, StockReplenished};
use crate::inventory::product::{Product, Terms};
use crate::inventory::values::{AMOUNT_MINOR_MAX, ID_SEPARATOR, Level, QUANTITY_MAX, Quantity, past_day, today};
use crate::inventory::warehouse::Warehouse;
use crate::inventory::warehouse::section::{SectionItemEmptied, SectionItemStocked, WarehouseSection, WarehouseSectionEvent, section_of};
use crate::kernel::{Context, Currency, Day, Decision, Money, Refusal};

/// The id of a product's item in a warehouse.
pub fn item_id(product_id: &str, warehouse_id: &str) -> String {
    format!("{product_id}{ID_SEPARATOR}{warehouse_id}")
}

/// The product and the warehouse that an item's id names.
pub fn parts(id: &str) -> Result<(&str, &str), StockRejection> {
    id.split_once(ID_SEPARATOR).ok_or_else(|| StockRejection::NotAnItem(id.to_owned()))
}

/// What a decision does to an item.
pub struct Booking<'a> {
    /// The item's id.
    pub id: String,
    /// The item as it will be.
    pub item: StockItem,
    /// What is stocked where.
    pub goods: Goods,
    /// The product.
    pub product: &'a Product,
    /// What stays as it is with the product.
    pub terms: &'a Terms,
    /// The day on which it counts in the books.
    pub booked_on: Day,
    was_stocked: bool,
    events: Vec<StockItemEvent>,
}

/// A finished [`Booking`].
pub struct Booked {
    id: String,
    events: Vec<StockItemEvent>,
    section: Option<(String, WarehouseSectionEvent)>,
}

impl<'a> Booking<'a> {
    /// Goes on with an item, which may be new.
    pub fn of(id: &str, item: Option<&StockItem>, context: &Context<'a>) -> Result<Self, Refusal> {
        let (product_id, warehouse_id) = parts(id)?;
        let (product, terms) = Product::find(product_id, context)?;
        let goods = Goods { product_id: product_id.to_owned(), sku: terms.sku.clone(), warehouse_id: warehouse_id.to_owned() };
        let item = item.cloned().unwrap_or_default();
        let (was_stocked, booked_on) = (item.stock.on_hand > 0, today(context.now));
        Ok(Self { id: id.to_owned(), was_stocked, item, goods, product, terms, booked_on, events: Vec::new() })
    }

    /// Lets it count in the books on an earlier day; today where none is given.
    pub fn on(mut self, day: Option<Day>, context: &Context<'a>) -> Result<Self, Refusal> {
        self.booked_on = past_day(day, context.now)?;
        Ok(self)
    }

    /// Sees to it that the item can take goods: its warehouse is open, and it is known what it is.
    pub fn accept(&mut self, context: &Context<'a>) -> Result<(), Refusal> {
        let warehouse = Warehouse::accepting(&self.goods.warehouse_id, context)?;
        if self.item.goods.is_none() {
            let facts = &self.product.facts;
            self.book(StockItemOpened {
                goods: self.goods.clone(),
                product_name: self.product.name.clone(),
                unit: self.terms.unit.clone(),
                currency: self.terms.currency,
                valuation: self.terms.valuation,
                warehouse_name: warehouse.name.clone(),
                safety_stock: facts.safety_stock.map_or(0, Level::get),
                reorder_point: facts.reorder_point.map(Quantity::get),
                reorder_quantity: facts.reorder_quantity.map(Quantity::get),
                discontinued: self.product.discontinued,
            });
        }
        Ok(())
    }

    /// A further event of the item.
    pub fn book(&mut self, event: impl Into<StockItemEvent>) {
        let event = event.into();
        crate::kernel::Aggregate::apply(&mut self.item, &event);
        self.events.push(event);
    }

    /// An amount in the currency in which the item is valued.
    pub fn money(&self, amount_minor: i64) -> Money {
        Money::new(amount_minor, self.currency())
    }

    /// The currency in which the item is valued.
    pub fn currency(&self) -> Currency {
        self.terms.currency
    }

    /// Stock and value after this many pieces come (or leave) with this value, as far as an item can hold them.
    pub fn after(&self, quantity: i64, value_minor: i64) -> Result<Balance, StockRejection> {
        let stock = &self.item.stock;
        let after = Balance { on_hand: stock.on_hand + quantity, value_minor: stock.value_minor + value_minor };
        if after.on_hand > QUANTITY_MAX || after.value_minor > AMOUNT_MINOR_MAX { Err(StockRejection::TooMuch) } else { Ok(after) }
    }

    /// Fails where the item cannot have this many layers more.
    pub fn check_room(&self, layers: usize) -> Result<(), StockRejection> {
        let room = self.item.stock.layers.len() + layers <= LAYERS_MAX;
        if room { Ok(()) } else { Err(StockRejection::TooManyLayers(LAYERS_MAX)) }
    }

    /// Fails where fewer pieces can be given than are wanted.
    pub fn check_enough(&self, wanted: i64, given: i64) -> Result<(), StockRejection> {
        if wanted <= given {
            return Ok(());
        }
        Err(StockRejection::Insufficient(wanted, self.goods.sku.to_string(), given.max(0)))
    }

    /// Ends the booking: tells whether the item is low and was not before, or no longer is, and whether it became stocked or empty.
    pub fn finish(mut self, context: &Context<'_>) -> Result<Booked, Refusal> {
        self.watch_reorder_point();
        let stocked = self.item.stock.on_hand > 0;
        let product_id = self.goods.product_id.clone();
        let change: Option<WarehouseSectionEvent> = match (self.was_stocked, stocked) {
            (false, true) => Some(SectionItemStocked { product_id }.into()),
            (true, false) => Some(SectionItemEmptied { product_id }.into()),
            _ => None,
        };
        let section = match change {
            Some(event) => {
                let id = section_of(&self.goods.warehouse_id, &self.goods.product_id);
                // Whoever writes another aggregate has asked for it.
                context.get::<WarehouseSection>(&id)?;
                Some((id, event))
            }
            None => None,
        };
        Ok(Booked { id: self.id, events: self.events, section })
    }

    fn watch_reorder_point(&mut self) {
        let level = self.item.level();
        let point = self.product.facts.reorder_point.map(Quantity::get);
        match (self.item.below, point.filter(|point| level < *point && !self.product.discontinued)) {
            (Some(_), None) => {
                self.book(StockReplenished { number: self.item.falls, goods: self.goods.clone(), level });
            }
            (None, Some(point)) => {
                self.book(ReorderPointReached {
                    number: self.item.falls + 1,
                    goods: self.goods.clone(),
                    product_name: self.product.name.clone(),
                    supplier: self.product.facts.supplier.clone(),
                    level,
                    reorder_point: point,
                    quantity: order_quantity(point - level, self.product.facts.reorder_quantity.map(Quantity::get)),
                });
            }
            _ => {}
        }
    }
}

/// How many to order: what is missing to the reorder point, in whole lots where the product is ordered in lots.
fn order_quantity(missing: i64, lot: Option<i64>) -> i64 {
    let lot = lot.unwrap_or(missing).max(1);
    let lots = (missing + lot - 1) / lot;
    (lots * lot).min(QUANTITY_MAX)
}

impl StockItem {
    /// Looks whether the item is low where the product has changed, and not the stock.
    pub(super) fn review_reorder(&self, context: &Context<'_>) -> Result<Decision<StockItemEvent>, Refusal> {
        Ok(Booking::of(context.aggregate_id, Some(self), context)?.finish(context)?.own(Decision::nothing()))
    }
}

impl Booked {
    /// As a decision of the item itself.
    pub fn own(self, decision: Decision<StockItemEvent>) -> Decision<StockItemEvent> {
        let decision = self.events.into_iter().fold(decision, Decision::and);
        also_section(decision, self.section)
    }

    /// As part of another aggregate's decision, which has asked for the item.
    pub fn also<E>(self, decision: Decision<E>) -> Decision<E> {
        let Self { id, events, section } = self;
        let decision = events.into_iter().fold(decision, |decision, event| decision.also::<StockItem>(id.clone(), event));
        also_section(decision, section)
    }
}

fn also_section<E>(decision: Decision<E>, section: Option<(String, WarehouseSectionEvent)>) -> Decision<E> {
    match section {
        Some((id, event)) => decision.also::<WarehouseSection>(id, event),
        None => decision,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_fill_up_to_the_reorder_point_in_whole_lots() {
        assert_eq!(
            [(7, None), (7, Some(5)), (5, Some(5)), (1, Some(100))].map(|(missing, lot)| order_quantity(missing, lot)),
            [7, 10, 5, 100]
        );
    }
}
