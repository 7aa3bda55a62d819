//! The posting profile: which account plays which role. A tenant has one, with the id `default`.
//!
//! Other contexts post to roles (`accounts_receivable`) and need not know the tenant's accounts. A role is played by one account in each
//! currency, and the currency of a line decides which one takes it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::account::Account;
use super::chart::{Chart, ChartRejection, ChartRoleChanged};
use super::values::{DEFAULT, Role, accounts_by_role};
use crate::kernel::{Aggregate, AggregateId, Context, Currency, Decision, Refusal};
use crate::{commands, cqrs_aggregate, events, rejections};

// ---------------------------------------------------------------------------------------------------------- events

/// Accounts were given roles.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PostingRolesSet {
    /// The currency of the accounts.
    pub currency: Currency,
    /// The roles and the accounts that play them now.
    #[schemars(schema_with = "accounts_by_role")]
    pub roles: BTreeMap<Role, AggregateId>,
}

events! {
    /// What happens to the posting profile.
    pub enum PostingProfileEvent {
        PostingRolesSet = "posting_roles_set" 1,
    }
}

// ----------------------------------------------------------------------------------------------------------- state

/// The posting profile's state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PostingProfile {
    /// Which account plays which role, by currency.
    pub roles: BTreeMap<Role, BTreeMap<Currency, AggregateId>>,
}

// -------------------------------------------------------------------------------------------------------- commands

/// Gives a role to an account, for postings in the account's currency. What was posted before stays where it is.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetRole {
    /// The role.
    pub role: Role,
    /// The account that plays it from now on.
    pub account: AggregateId,
}

commands! {
    /// What can be asked of the posting profile.
    pub enum PostingProfileCommand {
        either "set-role" => SetRole { "role": "bank", "account": "1100" },
    }
}

// ---------------------------------------------------------------------------------------------------------- handle

impl Aggregate for PostingProfile {
    const CONTEXT: &'static str = "accounting";
    const TYPE: &'static str = "posting-profile";
    type Command = PostingProfileCommand;
    type Event = PostingProfileEvent;

    fn apply(&mut self, event: &PostingProfileEvent) {
        let PostingProfileEvent::PostingRolesSet(e) = event;
        for (role, account) in &e.roles {
            self.roles.entry(*role).or_default().insert(e.currency, account.clone());
        }
    }

    fn handle(&self, command: PostingProfileCommand, context: &Context<'_>) -> Result<Decision<PostingProfileEvent>, Refusal> {
        let PostingProfileCommand::SetRole(SetRole { role, account }) = command;
        if context.aggregate_id != DEFAULT {
            return Err(ChartRejection::OnlyDefault.into());
        }
        let known = context.get::<Account>(account.as_str())?.and_then(|known| known.terms);
        let terms = known.ok_or_else(|| ProfileRejection::UnknownAccount(account.to_string()))?;
        if terms.closed {
            return Err(ProfileRejection::ClosedAccount(account.to_string()).into());
        }
        if !terms.fit(role) {
            return Err(ProfileRejection::Misfit(account.to_string(), role).into());
        }
        let currency = terms.currency;
        if self.roles.get(&role).and_then(|accounts| accounts.get(&currency)) == Some(&account) {
            return Ok(Decision::nothing());
        }
        context.get::<Chart>(DEFAULT)?;
        let event = PostingRolesSet { currency, roles: BTreeMap::from([(role, account.clone())]) };
        Ok(Decision::event(event).also::<Chart>(DEFAULT, ChartRoleChanged { role, currency, account }))
    }
}

cqrs_aggregate!(PostingProfile);

// ------------------------------------------------------------------------------------------------------ rejections

rejections! {
    /// Why the posting profile refuses a command.
    pub enum ProfileRejection in "accounting" {
        /// No such account.
        #[error("There is no account `{0}`; open it first.")]
        UnknownAccount(String) => "account_unknown" ["account"],
        /// A closed account.
        #[error("The account `{0}` is closed; reopen it, or choose another one.")]
        ClosedAccount(String) => "account_closed" ["account"],
        /// An account of another kind than the role needs.
        #[error("The account `{0}` cannot play the role `{1}`: its type is another one, or it is a control account of something else; choose an account of the kind that the template has for the role.")]
        Misfit(String, Role) => "role_account_mismatch" ["account"],
    }
}

// ----------------------------------------------------------------------------------------------------------- tests

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::accounting::account::{AccountClosed, AccountEvent, AccountOpened};
    use crate::accounting::values::{AccountType, Side, Subtype};
    use crate::kernel::testing::{Given, assert_examples_decode, given_nothing};

    fn bank(currency: &str) -> AccountEvent {
        AccountOpened {
            name: "Bank".to_owned().try_into().unwrap(),
            account_type: AccountType::Asset,
            subtype: Some(Subtype::Bank),
            currency: currency.try_into().unwrap(),
            normal_side: Side::Debit,
            limit_minor: None,
            listed: false,
        }
        .into()
    }

    /// The profile has the id `default`, which the kit's aggregates do not have: decide beside it.
    fn set(profile: &Given<PostingProfile>, account: &str, events: Vec<AccountEvent>) -> Result<Decision<PostingProfileEvent>, String> {
        crate::accounting::tests::decide_default(profile.state(), "set-role", &json!({ "role": "bank", "account": account }), |world| {
            world.with::<Account>(account, events)
        })
    }

    #[test]
    fn a_role_is_played_by_one_account_in_each_currency() {
        let none = given_nothing::<PostingProfile>();
        let decision = set(&none, "1100", vec![bank("EUR")]).unwrap();
        let expected = PostingRolesSet { currency: Currency::EUR, roles: [(Role::Bank, "1100".parse().unwrap())].into() };
        assert_eq!(decision.events, [expected.clone().into()]);
        assert_eq!(decision.others[0].key.aggregate_type, "chart");

        let profile = crate::kernel::testing::given::<PostingProfile>([expected.into()]);
        assert!(set(&profile, "1100", vec![bank("EUR")]).unwrap().is_nothing());
        let dollars = set(&profile, "1101", vec![bank("USD")]).unwrap();
        let mut state = profile.state().clone();
        state.apply(&dollars.events[0]);
        assert_eq!(state.roles[&Role::Bank].len(), 2);
    }

    #[test]
    fn a_role_needs_an_open_account() {
        let none = given_nothing::<PostingProfile>();
        assert_eq!(set(&none, "1100", vec![]).unwrap_err(), "accounting.account_unknown");
        assert_eq!(set(&none, "1100", vec![bank("EUR"), AccountClosed {}.into()]).unwrap_err(), "accounting.account_closed");
        given_nothing::<PostingProfile>()
            .when_json("set-role", &json!({ "role": "bank", "account": "1100" }))
            .then_rejected("accounting.only_default");
    }

    #[test]
    fn a_role_needs_an_account_of_its_kind() {
        let none = given_nothing::<PostingProfile>();
        let set = |role: &str, subtype: Subtype| {
            let body = json!({ "role": role, "account": "1100" });
            let decided = crate::accounting::tests::decide_default(none.state(), "set-role", &body, |world| {
                world.with::<Account>("1100", [crate::accounting::tests::opened(subtype, None)])
            });
            decided.map(|_| ())
        };
        for (role, subtype) in [
            ("accounts_receivable", Subtype::Receivable),
            ("inventory", Subtype::Inventory),
            ("sales_tax_payable", Subtype::TaxReceivable),
            ("rounding", Subtype::OtherIncome),
        ] {
            assert_eq!(set(role, subtype), Ok(()), "{role}");
        }
        for (role, subtype) in [
            ("accounts_receivable", Subtype::CurrentAsset),
            ("accounts_receivable", Subtype::Payable),
            ("accounts_payable", Subtype::CurrentLiability),
            ("inventory", Subtype::Receivable),
            ("bank", Subtype::Receivable),
            ("customer_credit", Subtype::Payable),
            ("sales_revenue", Subtype::OperatingExpense),
        ] {
            assert_eq!(set(role, subtype), Err("accounting.role_account_mismatch".to_owned()), "{role} {subtype:?}");
        }
    }

    #[test]
    fn examples_decode() {
        assert_examples_decode::<PostingProfile>();
    }
}
