//! A section of a warehouse: how many of the items that fall into it hold stock.
//!
//! A decision can only look things up by id, so a warehouse that is about to close cannot ask for all items that ever were in it. Every item
//! belongs to one of a fixed number of sections by its product's id, and writes there when it becomes stocked or empty. That is rare
//! beside movements, and sections are many, so items do not wait for each other; closing reads all sections and is guarded by them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::inventory::values::ID_SEPARATOR;
use crate::kernel::{Aggregate, CommandDef, CommandSet, Context, Decision, DecodeError, Refusal, murmur2};
use crate::{cqrs_aggregate, events};

/// The sections of a warehouse. Fixed: which one an item falls into is written down by use.
pub const SECTIONS: u32 = 32;

// ---------------------------------------------------------------------------------------------------------- events

/// An item of the section holds stock.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SectionItemStocked {
    /// The product.
    pub product_id: String,
}

/// An item of the section holds no more stock.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SectionItemEmptied {
    /// The product.
    pub product_id: String,
}

events! {
    /// What happens to a section.
    pub enum WarehouseSectionEvent {
        SectionItemStocked = "section_item_stocked" 1,
        SectionItemEmptied = "section_item_emptied" 1,
    }
}

// ----------------------------------------------------------------------------------------------------------- state

/// A section's state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WarehouseSection {
    /// How many items hold stock.
    pub stocked: i64,
}

/// The id of a warehouse's section of that number.
pub fn section_id(warehouse_id: &str, number: u32) -> String {
    format!("{warehouse_id}{ID_SEPARATOR}{number}")
}

/// The id of the section that a product's item in the warehouse falls into.
pub fn section_of(warehouse_id: &str, product_id: &str) -> String {
    section_id(warehouse_id, murmur2(product_id.as_bytes()) % SECTIONS)
}

// -------------------------------------------------------------------------------------------------------- commands

/// Nothing can be asked of a section: items write it.
#[derive(Clone, Debug, PartialEq)]
pub enum WarehouseSectionCommand {}

impl CommandSet for WarehouseSectionCommand {
    const DEFS: &'static [CommandDef] = &[];

    fn decode(name: &str, _: &[u8]) -> Result<Self, DecodeError> {
        Err(DecodeError::UnknownCommand(name.to_owned()))
    }
}

// ---------------------------------------------------------------------------------------------------------- handle

impl Aggregate for WarehouseSection {
    const CONTEXT: &'static str = "inventory";
    const TYPE: &'static str = "warehouse-section";
    type Command = WarehouseSectionCommand;
    type Event = WarehouseSectionEvent;

    fn apply(&mut self, event: &WarehouseSectionEvent) {
        match event {
            WarehouseSectionEvent::SectionItemStocked(_) => self.stocked += 1,
            WarehouseSectionEvent::SectionItemEmptied(_) => self.stocked -= 1,
        }
    }

    fn handle(&self, command: WarehouseSectionCommand, _: &Context<'_>) -> Result<Decision<WarehouseSectionEvent>, Refusal> {
        match command {}
    }
}

cqrs_aggregate!(WarehouseSection);
