//! The aggregate `invoice`: what it is, and the invariants that it keeps.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::kernel::{Aggregate, Context, Decision, Refusal, Text};
use crate::{commands, cqrs_aggregate, events, rejections};

/// What people call it.
pub type Name = Text<200>;

// ---------------------------------------------------------------------------------------------------------- events

/// It came into being.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct InvoiceCreated {
    /// What people call it.
    pub name: Name,
}

/// It has another name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct InvoiceRenamed {
    /// The new name.
    pub name: Name,
}

/// It is no longer in use.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct InvoiceRetired {}

events! {
    /// What happens to the aggregate `invoice`.
    pub enum InvoiceEvent {
        InvoiceCreated = "invoice_created" 1,
        InvoiceRenamed = "invoice_renamed" 1,
        InvoiceRetired = "invoice_retired" 1,
    }
}

// ----------------------------------------------------------------------------------------------------------- state

/// The state of the aggregate `invoice`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Invoice {
    /// What people call it.
    pub name: Option<Name>,
    /// Whether it is out of use.
    pub retired: bool,
}

// -------------------------------------------------------------------------------------------------------- commands

/// Creates it.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateInvoice {
    /// What people call it.
    pub name: Name,
}

/// Gives it another name.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RenameInvoice {
    /// The new name.
    pub name: Name,
}

/// Takes it out of use.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RetireInvoice {}

commands! {
    /// What can be asked of the aggregate `invoice`.
    pub enum InvoiceCommand {
        creates "create" => CreateInvoice { "name": "First" },
        "rename" => RenameInvoice { "name": "Second" },
        "retire" => RetireInvoice {},
    }
}

// ---------------------------------------------------------------------------------------------------------- handle

impl Aggregate for Invoice {
    const CONTEXT: &'static str = "invoicing";
    const TYPE: &'static str = "invoice";
    type Command = InvoiceCommand;
    type Event = InvoiceEvent;

    fn apply(&mut self, event: &InvoiceEvent) {
        match event {
            InvoiceEvent::InvoiceCreated(InvoiceCreated { name }) | InvoiceEvent::InvoiceRenamed(InvoiceRenamed { name }) => {
                self.name = Some(name.clone());
            }
            InvoiceEvent::InvoiceRetired(_) => self.retired = true,
        }
    }

    fn handle(&self, command: InvoiceCommand, _: &Context<'_>) -> Result<Decision<InvoiceEvent>, Refusal> {
        match command {
            InvoiceCommand::CreateInvoice(command) => Ok(Decision::event(InvoiceCreated { name: command.name })),
            InvoiceCommand::RenameInvoice(_) if self.retired => Err(InvoiceRejection::Retired.into()),
            InvoiceCommand::RenameInvoice(command) if self.name.as_ref() == Some(&command.name) => Ok(Decision::nothing()),
            InvoiceCommand::RenameInvoice(command) => Ok(Decision::event(InvoiceRenamed { name: command.name })),
            InvoiceCommand::RetireInvoice(_) if self.retired => Ok(Decision::nothing()),
            InvoiceCommand::RetireInvoice(_) => Ok(Decision::event(InvoiceRetired {})),
        }
    }
}

cqrs_aggregate!(Invoice);

// ------------------------------------------------------------------------------------------------------ rejections

rejections! {
    /// Why the aggregate `invoice` refuses a command.
    pub enum InvoiceRejection in "invoicing" {
        /// Out of use.
        #[error("It is out of use and cannot be changed.")]
        Retired => "invoice_retired" ["id"],
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

    fn created() -> InvoiceEvent {
        InvoiceCreated { name: name("First") }.into()
    }

    #[test]
    fn it_is_created_with_a_name() {
        given_nothing::<Invoice>().when_json("create", &json!({ "name": " First " })).then([created()]);
    }

    #[test]
    fn renaming_twice_happens_once() {
        given::<Invoice>([created()])
            .when_json("rename", &json!({ "name": "Second" }))
            .then([InvoiceRenamed { name: name("Second") }.into()])
            .when_json("rename", &json!({ "name": "Second" }))
            .then_nothing();
    }

    #[test]
    fn what_is_retired_stays_as_it_is() {
        let retired = given::<Invoice>([created()]).when_json("retire", &json!({})).then([InvoiceRetired {}.into()]);
        retired
            .when_json("retire", &json!({}))
            .then_nothing()
            .when_json("rename", &json!({ "name": "Second" }))
            .then_rejected("invoicing.invoice_retired");
    }

    #[test]
    fn examples_decode() {
        assert_examples_decode::<Invoice>();
    }
}
