//! The aggregate `product`: what it is, and the invariants that it keeps.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::kernel::{Aggregate, Context, Decision, Refusal, Text};
use crate::{commands, cqrs_aggregate, events, rejections};

/// What people call it.
pub type Name = Text<200>;

// ---------------------------------------------------------------------------------------------------------- events

/// It came into being.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ProductCreated {
    /// What people call it.
    pub name: Name,
}

/// It has another name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ProductRenamed {
    /// The new name.
    pub name: Name,
}

/// It is no longer in use.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ProductRetired {}

events! {
    /// What happens to the aggregate `product`.
    pub enum ProductEvent {
        ProductCreated = "product_created" 1,
        ProductRenamed = "product_renamed" 1,
        ProductRetired = "product_retired" 1,
    }
}

// ----------------------------------------------------------------------------------------------------------- state

/// The state of the aggregate `product`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Product {
    /// What people call it.
    pub name: Option<Name>,
    /// Whether it is out of use.
    pub retired: bool,
}

// -------------------------------------------------------------------------------------------------------- commands

/// Creates it.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateProduct {
    /// What people call it.
    pub name: Name,
}

/// Gives it another name.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RenameProduct {
    /// The new name.
    pub name: Name,
}

/// Takes it out of use.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RetireProduct {}

commands! {
    /// What can be asked of the aggregate `product`.
    pub enum ProductCommand {
        creates "create" => CreateProduct { "name": "First" },
        "rename" => RenameProduct { "name": "Second" },
        "retire" => RetireProduct {},
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
            ProductEvent::ProductCreated(ProductCreated { name }) | ProductEvent::ProductRenamed(ProductRenamed { name }) => {
                self.name = Some(name.clone());
            }
            ProductEvent::ProductRetired(_) => self.retired = true,
        }
    }

    fn handle(&self, command: ProductCommand, _: &Context<'_>) -> Result<Decision<ProductEvent>, Refusal> {
        match command {
            ProductCommand::CreateProduct(command) => Ok(Decision::event(ProductCreated { name: command.name })),
            ProductCommand::RenameProduct(_) if self.retired => Err(ProductRejection::Retired.into()),
            ProductCommand::RenameProduct(command) if self.name.as_ref() == Some(&command.name) => Ok(Decision::nothing()),
            ProductCommand::RenameProduct(command) => Ok(Decision::event(ProductRenamed { name: command.name })),
            ProductCommand::RetireProduct(_) if self.retired => Ok(Decision::nothing()),
            ProductCommand::RetireProduct(_) => Ok(Decision::event(ProductRetired {})),
        }
    }
}

cqrs_aggregate!(Product);

// ------------------------------------------------------------------------------------------------------ rejections

rejections! {
    /// Why the aggregate `product` refuses a command.
    pub enum ProductRejection in "inventory" {
        /// Out of use.
        #[error("It is out of use and cannot be changed.")]
        Retired => "product_retired" ["id"],
    }
}

// ----------------------------------------------------------------------------------------------------------- tests

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::kernel::testing::{assert_examples_decode, given, given_nothing};

    fn name(text: &str) -> Name {
        text.to_owned().try_into().unwrap()
    }

    fn created() -> ProductEvent {
        ProductCreated { name: name("First") }.into()
    }

    #[test]
    fn it_is_created_with_a_name() {
        given_nothing::<Product>().when_json("create", &json!({ "name": " First " })).then([created()]);
    }

    #[test]
    fn renaming_twice_happens_once() {
        given::<Product>([created()])
            .when_json("rename", &json!({ "name": "Second" }))
            .then([ProductRenamed { name: name("Second") }.into()])
            .when_json("rename", &json!({ "name": "Second" }))
            .then_nothing();
    }

    #[test]
    fn what_is_retired_stays_as_it_is() {
        let retired = given::<Product>([created()]).when_json("retire", &json!({})).then([ProductRetired {}.into()]);
        retired
            .when_json("retire", &json!({}))
            .then_nothing()
            .when_json("rename", &json!({ "name": "Second" }))
            .then_rejected("inventory.product_retired");
    }

    #[test]
    fn examples_decode() {
        assert_examples_decode::<Product>();
    }
}
