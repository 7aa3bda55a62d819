//! The aggregate `timer`: what it is, and the invariants that it keeps.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::kernel::{Aggregate, Context, Decision, Refusal, Text};
use crate::{commands, cqrs_aggregate, events, rejections};

/// What people call it.
pub type Name = Text<200>;

// ---------------------------------------------------------------------------------------------------------- events

/// It came into being.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TimerCreated {
    /// What people call it.
    pub name: Name,
}

/// It has another name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TimerRenamed {
    /// The new name.
    pub name: Name,
}

/// It is no longer in use.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TimerRetired {}

events! {
    /// What happens to the aggregate `timer`.
    pub enum TimerEvent {
        TimerCreated = "timer_created" 1,
        TimerRenamed = "timer_renamed" 1,
        TimerRetired = "timer_retired" 1,
    }
}

// ----------------------------------------------------------------------------------------------------------- state

/// The state of the aggregate `timer`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Timer {
    /// What people call it.
    pub name: Option<Name>,
    /// Whether it is out of use.
    pub retired: bool,
}

// -------------------------------------------------------------------------------------------------------- commands

/// Creates it.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateTimer {
    /// What people call it.
    pub name: Name,
}

/// Gives it another name.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RenameTimer {
    /// The new name.
    pub name: Name,
}

/// Takes it out of use.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RetireTimer {}

commands! {
    /// What can be asked of the aggregate `timer`.
    pub enum TimerCommand {
        creates "create" => CreateTimer { "name": "First" },
        "rename" => RenameTimer { "name": "Second" },
        "retire" => RetireTimer {},
    }
}

// ---------------------------------------------------------------------------------------------------------- handle

impl Aggregate for Timer {
    const CONTEXT: &'static str = "scheduling";
    const TYPE: &'static str = "timer";
    type Command = TimerCommand;
    type Event = TimerEvent;

    fn apply(&mut self, event: &TimerEvent) {
        match event {
            TimerEvent::TimerCreated(TimerCreated { name }) | TimerEvent::TimerRenamed(TimerRenamed { name }) => {
                self.name = Some(name.clone());
            }
            TimerEvent::TimerRetired(_) => self.retired = true,
        }
    }

    fn handle(&self, command: TimerCommand, _: &Context<'_>) -> Result<Decision<TimerEvent>, Refusal> {
        match command {
            TimerCommand::CreateTimer(command) => Ok(Decision::event(TimerCreated { name: command.name })),
            TimerCommand::RenameTimer(_) if self.retired => Err(TimerRejection::Retired.into()),
            TimerCommand::RenameTimer(command) if self.name.as_ref() == Some(&command.name) => Ok(Decision::nothing()),
            TimerCommand::RenameTimer(command) => Ok(Decision::event(TimerRenamed { name: command.name })),
            TimerCommand::RetireTimer(_) if self.retired => Ok(Decision::nothing()),
            TimerCommand::RetireTimer(_) => Ok(Decision::event(TimerRetired {})),
        }
    }
}

cqrs_aggregate!(Timer);

// ------------------------------------------------------------------------------------------------------ rejections

rejections! {
    /// Why the aggregate `timer` refuses a command.
    pub enum TimerRejection in "scheduling" {
        /// Out of use.
        #[error("It is out of use and cannot be changed.")]
        Retired => "timer_retired" ["id"],
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

    fn created() -> TimerEvent {
        TimerCreated { name: name("First") }.into()
    }

    #[test]
    fn it_is_created_with_a_name() {
        given_nothing::<Timer>().when_json("create", &json!({ "name": " First " })).then([created()]);
    }

    #[test]
    fn renaming_twice_happens_once() {
        given::<Timer>([created()])
            .when_json("rename", &json!({ "name": "Second" }))
            .then([TimerRenamed { name: name("Second") }.into()])
            .when_json("rename", &json!({ "name": "Second" }))
            .then_nothing();
    }

    #[test]
    fn what_is_retired_stays_as_it_is() {
        let retired = given::<Timer>([created()]).when_json("retire", &json!({})).then([TimerRetired {}.into()]);
        retired
            .when_json("retire", &json!({}))
            .then_nothing()
            .when_json("rename", &json!({ "name": "Second" }))
            .then_rejected("scheduling.timer_retired");
    }

    #[test]
    fn examples_decode() {
        assert_examples_decode::<Timer>();
    }
}
