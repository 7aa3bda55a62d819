//! The aggregate `plan`: what it is, and the invariants that it keeps.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::kernel::{Aggregate, Context, Decision, Refusal, Text};
use crate::{commands, cqrs_aggregate, events, rejections};

/// What people call it.
pub type Name = Text<200>;

// ---------------------------------------------------------------------------------------------------------- events

/// It came into being.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlanCreated {
    /// What people call it.
    pub name: Name,
}

/// It has another name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlanRenamed {
    /// The new name.
    pub name: Name,
}

/// It is no longer in use.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlanRetired {}

events! {
    /// What happens to the aggregate `plan`.
    pub enum PlanEvent {
        PlanCreated = "plan_created" 1,
        PlanRenamed = "plan_renamed" 1,
        PlanRetired = "plan_retired" 1,
    }
}

// ----------------------------------------------------------------------------------------------------------- state

/// The state of the aggregate `plan`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Plan {
    /// What people call it.
    pub name: Option<Name>,
    /// Whether it is out of use.
    pub retired: bool,
}

// -------------------------------------------------------------------------------------------------------- commands

/// Creates it.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreatePlan {
    /// What people call it.
    pub name: Name,
}

/// Gives it another name.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RenamePlan {
    /// The new name.
    pub name: Name,
}

/// Takes it out of use.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RetirePlan {}

commands! {
    /// What can be asked of the aggregate `plan`.
    pub enum PlanCommand {
        creates "create" => CreatePlan { "name": "First" },
        "rename" => RenamePlan { "name": "Second" },
        "retire" => RetirePlan {},
    }
}

// ---------------------------------------------------------------------------------------------------------- handle

impl Aggregate for Plan {
    const CONTEXT: &'static str = "billing";
    const TYPE: &'static str = "plan";
    type Command = PlanCommand;
    type Event = PlanEvent;

    fn apply(&mut self, event: &PlanEvent) {
        match event {
            PlanEvent::PlanCreated(PlanCreated { name }) | PlanEvent::PlanRenamed(PlanRenamed { name }) => {
                self.name = Some(name.clone());
            }
            PlanEvent::PlanRetired(_) => self.retired = true,
        }
    }

    fn handle(&self, command: PlanCommand, _: &Context<'_>) -> Result<Decision<PlanEvent>, Refusal> {
        match command {
            PlanCommand::CreatePlan(command) => Ok(Decision::event(PlanCreated { name: command.name })),
            PlanCommand::RenamePlan(_) if self.retired => Err(PlanRejection::Retired.into()),
            PlanCommand::RenamePlan(command) if self.name.as_ref() == Some(&command.name) => Ok(Decision::nothing()),
            PlanCommand::RenamePlan(command) => Ok(Decision::event(PlanRenamed { name: command.name })),
            PlanCommand::RetirePlan(_) if self.retired => Ok(Decision::nothing()),
            PlanCommand::RetirePlan(_) => Ok(Decision::event(PlanRetired {})),
        }
    }
}

cqrs_aggregate!(Plan);

// ------------------------------------------------------------------------------------------------------ rejections

rejections! {
    /// Why the aggregate `plan` refuses a command.
    pub enum PlanRejection in "billing" {
        /// Out of use.
        #[error("It is out of use and cannot be changed.")]
        Retired => "plan_retired" ["id"],
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

    fn created() -> PlanEvent {
        PlanCreated { name: name("First") }.into()
    }

    #[test]
    fn it_is_created_with_a_name() {
        given_nothing::<Plan>().when_json("create", &json!({ "name": " First " })).then([created()]);
    }

    #[test]
    fn renaming_twice_happens_once() {
        given::<Plan>([created()])
            .when_json("rename", &json!({ "name": "Second" }))
            .then([PlanRenamed { name: name("Second") }.into()])
            .when_json("rename", &json!({ "name": "Second" }))
            .then_nothing();
    }

    #[test]
    fn what_is_retired_stays_as_it_is() {
        let retired = given::<Plan>([created()]).when_json("retire", &json!({})).then([PlanRetired {}.into()]);
        retired
            .when_json("retire", &json!({}))
            .then_nothing()
            .when_json("rename", &json!({ "name": "Second" }))
            .then_rejected("billing.plan_retired");
    }

    #[test]
    fn examples_decode() {
        assert_examples_decode::<Plan>();
    }
}
