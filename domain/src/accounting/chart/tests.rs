//! Given / when / then.

use serde_json::{Value, json};

use super::*;
use crate::accounting::account::{AccountClosed, AccountEvent};
use crate::accounting::tests::{World, decide_default, opened};
use crate::accounting::values::Subtype;
use crate::kernel::testing::{assert_examples_decode, given_nothing};

fn apply(chart: &Chart, body: &Value, build: impl FnOnce(World) -> World) -> Result<Decision<ChartEvent>, String> {
    decide_default(chart, "apply-template", body, build)
}

fn template(currency: &str) -> Value {
    json!({ "template": "trading_company", "currency": currency })
}

fn after(decision: &Decision<ChartEvent>) -> Chart {
    let mut chart = Chart::default();
    decision.events.iter().for_each(|event| chart.apply(event));
    chart
}

fn written(decision: &Decision<ChartEvent>, aggregate: &str) -> Vec<String> {
    let of = decision.others.iter().filter(|other| other.key.aggregate_type == aggregate);
    of.map(|other| other.key.id.clone()).collect()
}

#[test]
fn a_template_opens_its_accounts_and_gives_them_their_roles_in_one_command() {
    let decision = apply(&Chart::default(), &template("EUR"), |world| world).unwrap();
    let chart = after(&decision);
    assert_eq!(chart.currency, Some(Currency::EUR));
    assert_eq!(written(&decision, "account").len(), chart.accounts.len());
    assert_eq!(
        (written(&decision, "posting-profile"), written(&decision, "period")),
        (vec!["default".to_owned()], vec!["default".to_owned()])
    );
    for role in Role::ALL {
        let account = chart.account_of(role, Currency::EUR).expect("every role is played");
        assert!(chart.accounts.contains_key(account.as_str()), "{role}");
        assert_eq!(chart.role_of(account.as_str()), Some(role));
    }
    assert!(apply(&chart, &template("EUR"), |world| world).unwrap().is_nothing());
}

#[test]
fn a_further_currency_brings_a_further_set_of_accounts() {
    let chart = after(&apply(&Chart::default(), &template("EUR"), |world| world).unwrap());
    let calendar = |world: World| world.with::<Period>("default", [CalendarOpened { first_day: None, fiscal_year_start_month: 1 }.into()]);
    let decision = apply(&chart, &template("USD"), calendar).unwrap();
    assert!(written(&decision, "period").is_empty(), "the calendar stays as it is");
    assert!(written(&decision, "account").iter().all(|code| code.ends_with("-USD")));
    let mut both = chart.clone();
    both.apply(&decision.events[0]);
    let dollars = Currency::try_from("USD").unwrap();
    assert_eq!(both.account_of(Role::AccountsReceivable, dollars).unwrap().as_str(), "1200-USD");
    assert_eq!(both.account_of(Role::AccountsReceivable, Currency::EUR).unwrap().as_str(), "1200");
    assert_eq!((both.accounts.len(), both.currency), (2 * chart.accounts.len(), Some(Currency::EUR)));
}

#[test]
fn an_account_that_fits_the_template_is_kept_and_not_listed() {
    let with = |events: Vec<AccountEvent>| apply(&Chart::default(), &template("EUR"), |world| world.with::<Account>("1100", events));
    let decision = with(vec![opened(Subtype::Bank, None)]).unwrap();
    assert!(!written(&decision, "account").contains(&"1100".to_owned()));
    let chart = after(&decision);
    assert!(!chart.accounts.contains_key("1100"));
    assert_eq!(chart.account_of(Role::Bank, Currency::EUR).unwrap().as_str(), "1100");
    for misfit in [
        vec![opened(Subtype::Payable, None)],
        vec![opened(Subtype::Receivable, None)],
        vec![opened(Subtype::Bank, None), AccountClosed {}.into()],
    ] {
        assert_eq!(with(misfit).unwrap_err(), "accounting.template_conflict");
    }
}

#[test]
fn there_is_one_chart_with_a_bounded_number_of_currencies() {
    given_nothing::<Chart>().when_json("apply-template", &template("EUR")).then_rejected("accounting.only_default");
    let codes = "EUR USD GBP CHF JPY SEK NOK DKK PLN CZK HUF RON BGN CAD AUD NZD INR CNY BRL MXN";
    let applied = |code: &str| Applied { template: Template::TradingCompany, currency: Currency::try_from(code).unwrap() };
    let full = Chart { applied: codes.split(' ').map(applied).collect(), ..Chart::default() };
    assert_eq!(apply(&full, &template("ZAR"), |world| world).unwrap_err(), "accounting.too_many_currencies");
}

#[test]
fn the_chart_follows_its_accounts() {
    let mut chart = after(&apply(&Chart::default(), &template("EUR"), |world| world).unwrap());
    chart.apply(&ChartListingChanged { account: "6100".into(), closed: true }.into());
    assert!(chart.accounts["6100"].closed);
    chart.apply(&ChartListingChanged { account: "6100".into(), closed: false }.into());
    assert!(!chart.accounts["6100"].closed);
}

#[test]
fn examples_decode() {
    assert_examples_decode::<Chart>();
}
