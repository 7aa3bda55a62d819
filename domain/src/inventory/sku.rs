//! An article number: which product it means.
//!
//! Commands name products by number, and a decision can only look things up by id, so the number itself is an aggregate whose id
//! [stands for](crate::kernel::AggregateId::standing_for) it. It has no commands: the product writes it, and the product's claim on the
//! number keeps two products from writing the same one.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::kernel::{Aggregate, CommandDef, CommandSet, Context, Decision, DecodeError, Refusal};
use crate::{cqrs_aggregate, events};

// ---------------------------------------------------------------------------------------------------------- events

/// The number means a product.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SkuAssigned {
    /// The number as the product has it.
    pub sku: super::values::Sku,
    /// The product.
    pub product_id: String,
}

events! {
    /// What happens to an article number.
    pub enum SkuEvent {
        SkuAssigned = "sku_assigned" 1,
    }
}

// ----------------------------------------------------------------------------------------------------------- state

/// An article number's state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Sku {
    /// The product that it means.
    pub product_id: String,
}

// -------------------------------------------------------------------------------------------------------- commands

/// Nothing can be asked of an article number.
#[derive(Clone, Debug, PartialEq)]
pub enum SkuCommand {}

impl CommandSet for SkuCommand {
    const DEFS: &'static [CommandDef] = &[];

    fn decode(name: &str, _: &[u8]) -> Result<Self, DecodeError> {
        Err(DecodeError::UnknownCommand(name.to_owned()))
    }
}

// ---------------------------------------------------------------------------------------------------------- handle

impl Aggregate for Sku {
    const CONTEXT: &'static str = "inventory";
    const TYPE: &'static str = "sku";
    type Command = SkuCommand;
    type Event = SkuEvent;

    fn apply(&mut self, event: &SkuEvent) {
        let SkuEvent::SkuAssigned(e) = event;
        self.product_id.clone_from(&e.product_id);
    }

    fn handle(&self, command: SkuCommand, _: &Context<'_>) -> Result<Decision<SkuEvent>, Refusal> {
        match command {}
    }
}

cqrs_aggregate!(Sku);
