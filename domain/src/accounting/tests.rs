//! What the tests of the context share: accounts and charts with a history, and decisions of the aggregates that have the id `default`.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use super::account::{AccountEvent, AccountOpened};
use super::chart::{ChartEvent, ChartTemplateApplied, Listed, Template};
use super::values::{AccountType, DEFAULT, Role, Side, Subtype};
use crate::accounting::account::Terms;
use crate::kernel::{
    Actor, Aggregate, AggregateKey, CommandSet, Context, Currency, Decision, Loaded, LoadedState, Money, Refusal, TenantId,
};

/// The time of decisions, as in the kit.
pub const NOW: &str = "2026-03-01T12:00:00Z";

/// What a decision finds.
pub struct World {
    loaded: Loaded,
    version: i64,
    now: DateTime<Utc>,
}

impl World {
    /// Adds another aggregate.
    pub fn with<B: Aggregate>(mut self, id: &str, events: impl IntoIterator<Item = B::Event>) -> Self {
        let (mut state, mut version) = (B::default(), 0);
        for event in events {
            state.apply(&event);
            version += 1;
        }
        self.loaded.insert(AggregateKey { aggregate_type: B::TYPE, id: id.to_owned() }, LoadedState { version, state: Arc::new(state) });
        self
    }

    /// Sets the number of events of the aggregate that decides.
    pub fn at_version(mut self, version: i64) -> Self {
        self.version = version;
        self
    }
}

/// Decides a command of an aggregate whose id is `default`; answers the code of a rejection.
pub fn decide_default<A: Aggregate>(
    state: &A,
    name: &str,
    body: &Value,
    build: impl FnOnce(World) -> World,
) -> Result<Decision<A::Event>, String> {
    let world = World { loaded: Loaded::new(), version: 0, now: NOW.parse().expect("a valid time") };
    let World { mut loaded, version, now } = build(world);
    let actor = Actor::default();
    loop {
        let command = A::Command::decode(name, body.to_string().as_bytes()).expect("the command decodes");
        let context = Context { version, ..Context::new(TenantId(Uuid::from_u128(7)), DEFAULT, Uuid::from_u128(1), now, &actor, &loaded) };
        match state.handle(command, &context) {
            Err(Refusal::Needs(key)) => {
                let missing = LoadedState { version: 0, state: Arc::new(()) };
                assert!(loaded.insert(key, missing).is_none(), "an aggregate is asked for once");
            }
            Err(Refusal::Rejected(rejection)) => return Err(rejection.code),
            Ok(decision) => return Ok(decision),
        }
    }
}

/// Euros.
pub fn euros(amount_minor: i64) -> Money {
    Money::new(amount_minor, Currency::EUR)
}

/// An account in euros that was opened by hand.
pub fn opened(subtype: Subtype, limit_minor: Option<i64>) -> AccountEvent {
    let account_type = subtype.account_type();
    AccountOpened {
        name: "Account".to_owned().try_into().expect("a name"),
        account_type,
        subtype: Some(subtype),
        currency: Currency::EUR,
        normal_side: account_type.normal_side(),
        limit_minor,
        listed: false,
    }
    .into()
}

/// What a posting must know of an account in euros.
pub fn terms(subtype: Subtype) -> Terms {
    let account_type = subtype.account_type();
    Terms { account_type, subtype: Some(subtype), currency: Currency::EUR, normal_side: account_type.normal_side(), closed: false }
}

/// A chart in euros: `1100` bank, `1200` receivable, `2000` payable, `3900` opening balances, `4000` sales, `6100` rent, `9000` in dollars.
pub fn chart() -> ChartEvent {
    let listed = |account: &str, subtype| Listed { account: account.to_owned(), terms: terms(subtype) };
    let mut dollars = listed("9000", Subtype::Bank);
    dollars.terms.currency = Currency::try_from("USD").expect("a currency");
    let role = |role, account: &str| (role, account.parse().expect("an id"));
    ChartTemplateApplied {
        template: Template::TradingCompany,
        currency: Currency::EUR,
        accounts: vec![
            listed("1100", Subtype::Bank),
            listed("1200", Subtype::Receivable),
            listed("2000", Subtype::Payable),
            listed("3900", Subtype::Capital),
            listed("4000", Subtype::OperatingRevenue),
            listed("6100", Subtype::OperatingExpense),
            dollars,
        ],
        roles: [role(Role::Bank, "1100"), role(Role::AccountsReceivable, "1200"), role(Role::OpeningBalance, "3900")].into(),
    }
    .into()
}

#[test]
fn sides_and_types_belong_together() {
    assert_eq!(AccountType::Asset.normal_side(), Side::Debit);
    assert_eq!(AccountType::Revenue.normal_side().opposite(), Side::Debit);
    assert!(Subtype::Payable.control().is_some_and(|control| control.increases_on() == Side::Credit));
}
