//! The aggregate `account`: what it is, and the invariants that it keeps.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::kernel::{Aggregate, Context, Decision, Refusal, Text};
use crate::{commands, cqrs_aggregate, events, rejections};

/// What people call it.
pub type Name = Text<200>;

// ---------------------------------------------------------------------------------------------------------- events

/// It came into being.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AccountCreated {
    /// What people call it.
    pub name: Name,
}

/// It has another name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AccountRenamed {
    /// The new name.
    pub name: Name,
}

/// It is no longer in use.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AccountRetired {}

events! {
    /// What happens to the aggregate `account`.
    pub enum AccountEvent {
        AccountCreated = "account_created" 1,
        AccountRenamed = "account_renamed" 1,
        AccountRetired = "account_retired" 1,
    }
}

// ----------------------------------------------------------------------------------------------------------- state

/// The state of the aggregate `account`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Account {
    /// What people call it.
    pub name: Option<Name>,
    /// Whether it is out of use.
    pub retired: bool,
}

// -------------------------------------------------------------------------------------------------------- commands

/// Creates it.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateAccount {
    /// What people call it.
    pub name: Name,
}

/// Gives it another name.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RenameAccount {
    /// The new name.
    pub name: Name,
}

/// Takes it out of use.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RetireAccount {}

commands! {
    /// What can be asked of the aggregate `account`.
    pub enum AccountCommand {
        creates "create" => CreateAccount { "name": "First" },
        "rename" => RenameAccount { "name": "Second" },
        "retire" => RetireAccount {},
    }
}

// ---------------------------------------------------------------------------------------------------------- handle

impl Aggregate for Account {
    const CONTEXT: &'static str = "accounting";
    const TYPE: &'static str = "account";
    type Command = AccountCommand;
    type Event = AccountEvent;

    fn apply(&mut self, event: &AccountEvent) {
        match event {
            AccountEvent::AccountCreated(AccountCreated { name }) | AccountEvent::AccountRenamed(AccountRenamed { name }) => {
                self.name = Some(name.clone());
            }
            AccountEvent::AccountRetired(_) => self.retired = true,
        }
    }

    fn handle(&self, command: AccountCommand, _: &Context<'_>) -> Result<Decision<AccountEvent>, Refusal> {
        match command {
            AccountCommand::CreateAccount(command) => Ok(Decision::event(AccountCreated { name: command.name })),
            AccountCommand::RenameAccount(_) if self.retired => Err(AccountRejection::Retired.into()),
            AccountCommand::RenameAccount(command) if self.name.as_ref() == Some(&command.name) => Ok(Decision::nothing()),
            AccountCommand::RenameAccount(command) => Ok(Decision::event(AccountRenamed { name: command.name })),
            AccountCommand::RetireAccount(_) if self.retired => Ok(Decision::nothing()),
            AccountCommand::RetireAccount(_) => Ok(Decision::event(AccountRetired {})),
        }
    }
}

cqrs_aggregate!(Account);

// ------------------------------------------------------------------------------------------------------ rejections

rejections! {
    /// Why the aggregate `account` refuses a command.
    pub enum AccountRejection in "accounting" {
        /// Out of use.
        #[error("It is out of use and cannot be changed.")]
        Retired => "account_retired" ["id"],
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

    fn created() -> AccountEvent {
        AccountCreated { name: name("First") }.into()
    }

    #[test]
    fn it_is_created_with_a_name() {
        given_nothing::<Account>().when_json("create", &json!({ "name": " First " })).then([created()]);
    }

    #[test]
    fn renaming_twice_happens_once() {
        given::<Account>([created()])
            .when_json("rename", &json!({ "name": "Second" }))
            .then([AccountRenamed { name: name("Second") }.into()])
            .when_json("rename", &json!({ "name": "Second" }))
            .then_nothing();
    }

    #[test]
    fn what_is_retired_stays_as_it_is() {
        let retired = given::<Account>([created()]).when_json("retire", &json!({})).then([AccountRetired {}.into()]);
        retired
            .when_json("retire", &json!({}))
            .then_nothing()
            .when_json("rename", &json!({ "name": "Second" }))
            .then_rejected("accounting.account_retired");
    }

    #[test]
    fn examples_decode() {
        assert_examples_decode::<Account>();
    }
}
