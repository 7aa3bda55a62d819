//! The aggregate `query`: what it is, and the invariants that it keeps.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::kernel::{Aggregate, Context, Decision, Refusal, Text};
use crate::{commands, cqrs_aggregate, events, rejections};

/// What people call it.
pub type Name = Text<200>;

// ---------------------------------------------------------------------------------------------------------- events

/// It came into being.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct QueryCreated {
    /// What people call it.
    pub name: Name,
}

/// It has another name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct QueryRenamed {
    /// The new name.
    pub name: Name,
}

/// It is no longer in use.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct QueryRetired {}

events! {
    /// What happens to the aggregate `query`.
    pub enum QueryEvent {
        QueryCreated = "query_created" 1,
        QueryRenamed = "query_renamed" 1,
        QueryRetired = "query_retired" 1,
    }
}

// ----------------------------------------------------------------------------------------------------------- state

/// The state of the aggregate `query`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Query {
    /// What people call it.
    pub name: Option<Name>,
    /// Whether it is out of use.
    pub retired: bool,
}

// -------------------------------------------------------------------------------------------------------- commands

/// Creates it.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateQuery {
    /// What people call it.
    pub name: Name,
}

/// Gives it another name.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RenameQuery {
    /// The new name.
    pub name: Name,
}

/// Takes it out of use.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RetireQuery {}

commands! {
    /// What can be asked of the aggregate `query`.
    pub enum QueryCommand {
        creates "create" => CreateQuery { "name": "First" },
        "rename" => RenameQuery { "name": "Second" },
        "retire" => RetireQuery {},
    }
}

// ---------------------------------------------------------------------------------------------------------- handle

impl Aggregate for Query {
    const CONTEXT: &'static str = "analytics";
    const TYPE: &'static str = "query";
    type Command = QueryCommand;
    type Event = QueryEvent;

    fn apply(&mut self, event: &QueryEvent) {
        match event {
            QueryEvent::QueryCreated(QueryCreated { name }) | QueryEvent::QueryRenamed(QueryRenamed { name }) => {
                self.name = Some(name.clone());
            }
            QueryEvent::QueryRetired(_) => self.retired = true,
        }
    }

    fn handle(&self, command: QueryCommand, _: &Context<'_>) -> Result<Decision<QueryEvent>, Refusal> {
        match command {
            QueryCommand::CreateQuery(command) => Ok(Decision::event(QueryCreated { name: command.name })),
            QueryCommand::RenameQuery(_) if self.retired => Err(QueryRejection::Retired.into()),
            QueryCommand::RenameQuery(command) if self.name.as_ref() == Some(&command.name) => Ok(Decision::nothing()),
            QueryCommand::RenameQuery(command) => Ok(Decision::event(QueryRenamed { name: command.name })),
            QueryCommand::RetireQuery(_) if self.retired => Ok(Decision::nothing()),
            QueryCommand::RetireQuery(_) => Ok(Decision::event(QueryRetired {})),
        }
    }
}

cqrs_aggregate!(Query);

// ------------------------------------------------------------------------------------------------------ rejections

rejections! {
    /// Why the aggregate `query` refuses a command.
    pub enum QueryRejection in "analytics" {
        /// Out of use.
        #[error("It is out of use and cannot be changed.")]
        Retired => "query_retired" ["id"],
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

    fn created() -> QueryEvent {
        QueryCreated { name: name("First") }.into()
    }

    #[test]
    fn it_is_created_with_a_name() {
        given_nothing::<Query>().when_json("create", &json!({ "name": " First " })).then([created()]);
    }

    #[test]
    fn renaming_twice_happens_once() {
        given::<Query>([created()])
            .when_json("rename", &json!({ "name": "Second" }))
            .then([QueryRenamed { name: name("Second") }.into()])
            .when_json("rename", &json!({ "name": "Second" }))
            .then_nothing();
    }

    #[test]
    fn what_is_retired_stays_as_it_is() {
        let retired = given::<Query>([created()]).when_json("retire", &json!({})).then([QueryRetired {}.into()]);
        retired
            .when_json("retire", &json!({}))
            .then_nothing()
            .when_json("rename", &json!({ "name": "Second" }))
            .then_rejected("analytics.query_retired");
    }

    #[test]
    fn examples_decode() {
        assert_examples_decode::<Query>();
    }
}
