//! Given / when / then.

use serde_json::{Value, json};

use super::*;
use crate::accounting::chart::{ChartEvent, ChartRoleChanged};
use crate::accounting::tests::{chart, opened};
use crate::kernel::testing::{Given, assert_examples_decode, given, given_nothing};

fn name(text: &str) -> Name {
    text.to_owned().try_into().unwrap()
}

fn listed() -> AccountEvent {
    let AccountEvent::AccountOpened(event) = opened(Subtype::Bank, None) else { unreachable!("it is opened") };
    AccountOpened { listed: true, ..event }.into()
}

/// A wallet with this limit, to which 100 were credited.
fn wallet(limit_minor: i64) -> Given<Account> {
    let credited = AccountPosted { entry_id: "e".into(), debit_minor: 0, credit_minor: 100 };
    given([opened(Subtype::CurrentLiability, Some(limit_minor)), credited.into()])
}

#[test]
fn an_account_is_opened_under_its_code() {
    let event = AccountOpened {
        name: name("Bank"),
        account_type: AccountType::Asset,
        subtype: Some(Subtype::Bank),
        currency: Currency::EUR,
        normal_side: Side::Debit,
        limit_minor: None,
        listed: false,
    };
    let body = json!({ "name": " Bank ", "type": "asset", "subtype": "bank", "currency": "EUR" });
    given_nothing::<Account>().when_json("open", &body).then([event.clone().into()]);
    let kind = json!({ "name": "Bank", "type": "Bank", "currency": "EUR" });
    given_nothing::<Account>().when_json("open", &kind).then([event.into()]);
}

#[test]
fn an_account_without_a_currency_takes_that_of_the_chart() {
    let body = json!({ "name": "Rent", "type": "expense" });
    let given = given_nothing::<Account>().and::<Chart>("default", [chart()]).when_json("open", &body).then_accepted();
    assert_eq!(given.state().terms.unwrap().currency, Currency::EUR);
    given_nothing::<Account>().when_json("open", &body).then_rejected("accounting.currency_missing");
}

#[test]
fn a_contra_account_increases_on_the_other_side() {
    let body = json!({ "name": "Depreciation", "type": "asset", "currency": "EUR", "normal_side": "credit" });
    let given = given_nothing::<Account>().when_json("open", &body).then_accepted();
    assert_eq!(given.state().terms.unwrap().normal_side, Side::Credit);
}

#[test]
fn what_does_not_fit_an_account_is_refused() {
    let open = |more: Value| {
        let mut body = json!({ "name": "x", "type": "asset", "currency": "EUR" });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        given_nothing::<Account>().when_json("open", &body)
    };
    let limit = |amount: i64, currency: &str| json!({ "limit": { "amount_minor": amount, "currency": currency } });
    open(json!({ "subtype": "payable" })).then_rejected("accounting.subtype_mismatch");
    open(limit(0, "USD")).then_rejected("accounting.limit_currency_mismatch");
    open(limit(-1, "EUR")).then_rejected("accounting.limit_out_of_range");
    open(limit(AMOUNT_MINOR_MAX + 1, "EUR")).then_rejected("accounting.limit_out_of_range");
}

#[test]
fn renaming_twice_happens_once() {
    given::<Account>([opened(Subtype::Bank, None)])
        .when_json("rename", &json!({ "name": "Second" }))
        .then([AccountRenamed { name: name("Second") }.into()])
        .when_json("rename", &json!({ "name": "Second" }))
        .then_nothing();
}

#[test]
fn closing_and_reopening_twice_happen_once() {
    given::<Account>([opened(Subtype::Bank, None)])
        .when_json("close", &json!({}))
        .then([AccountClosed {}.into()])
        .when_json("close", &json!({}))
        .then_nothing()
        .when_json("reopen", &json!({}))
        .then([AccountReopened {}.into()])
        .when_json("reopen", &json!({}))
        .then_nothing();
}

#[test]
fn the_chart_is_told_of_the_accounts_that_it_lists() {
    let told = |then: &crate::kernel::testing::Then<Account>| then.others().first().map(|other| (other.2, other.3.clone()));
    let then = given([listed()]).when_json("close", &json!({}));
    assert_eq!(told(&then), Some(("chart_listing_changed", r#"{"account":"a-1","closed":true}"#.to_owned())));
    let then = given([listed(), AccountClosed {}.into()]).when_json("reopen", &json!({}));
    assert_eq!(told(&then), Some(("chart_listing_changed", r#"{"account":"a-1","closed":false}"#.to_owned())));
    assert_eq!(told(&given([opened(Subtype::Bank, None)]).when_json("close", &json!({}))), None);
}

#[test]
fn an_account_that_plays_a_role_or_has_holds_stays_open() {
    let role: ChartEvent = ChartRoleChanged { role: Role::Bank, currency: Currency::EUR, account: "a-1".parse().unwrap() }.into();
    given::<Account>([listed()])
        .and::<Chart>("default", [chart(), role])
        .when_json("close", &json!({}))
        .then_rejected("accounting.account_plays_role");
    let reserved = AccountReserved { hold_id: "h".into(), amount_minor: 60 };
    let held = given::<Account>([opened(Subtype::CurrentLiability, Some(100)), reserved.into()]);
    held.when_json("close", &json!({})).then_rejected("accounting.account_has_holds");
}

#[test]
fn a_limit_is_changed_and_not_added() {
    let limit = |amount: i64| json!({ "limit": { "amount_minor": amount, "currency": "EUR" } });
    wallet(0)
        .when_json("set-limit", &limit(50))
        .then([AccountLimitSet { limit_minor: 50 }.into()])
        .when_json("set-limit", &limit(50))
        .then_nothing()
        .when_json("set-limit", &limit(-1))
        .then_rejected("accounting.limit_out_of_range");
    given::<Account>([opened(Subtype::Bank, None)]).when_json("set-limit", &limit(50)).then_rejected("accounting.account_not_limited");
}

#[test]
fn a_limited_account_has_room_down_to_its_limit_and_for_what_is_reserved() {
    let full = wallet(20);
    let room = |account: &Account, debit, credit| account.has_room(debit, credit, false);
    assert!(room(full.state(), 120, 0) && !room(full.state(), 121, 0));
    assert!(room(full.state(), 0, 1_000) && room(full.state(), 130, 10), "an entry counts with what it takes on balance");
    let mut held = full.state().clone();
    held.apply(&AccountReserved { hold_id: "h".into(), amount_minor: 100 }.into());
    assert!(room(&held, 20, 0) && !room(&held, 21, 0) && held.has_room(21, 0, true));
    assert!(!held.has_room(0, i64::MAX, true), "sums stay within 64 bits");
    held.apply(&AccountReleased { hold_id: "h".into(), amount_minor: 100 }.into());
    assert_eq!(held.available_minor(), Some(120));

    let mut cash_box = Account::default();
    cash_box.apply(&opened(Subtype::Cash, Some(0)));
    cash_box.apply(&AccountPosted { entry_id: "e".into(), debit_minor: 70, credit_minor: 0 }.into());
    assert!(room(&cash_box, 0, 70) && !room(&cash_box, 0, 71) && room(&cash_box, 5, 0));
}

#[test]
fn a_code_is_short() {
    let command = AccountCommand::OpenAccount(serde_json::from_value(json!({ "name": "x", "type": "asset", "currency": "EUR" })).unwrap());
    let actor = crate::kernel::Actor::default();
    let loaded = crate::kernel::Loaded::new();
    let now = crate::accounting::tests::NOW.parse().unwrap();
    let id = uuid::Uuid::from_u128(1).to_string();
    let context = Context::new(crate::kernel::TenantId(uuid::Uuid::nil()), &id, uuid::Uuid::nil(), now, &actor, &loaded);
    let refused = Account::default().handle(command, &context).unwrap_err();
    assert!(matches!(refused, Refusal::Rejected(rejection) if rejection.code == "accounting.invalid_code"));
}

#[test]
fn examples_decode() {
    assert_examples_decode::<Account>();
}
