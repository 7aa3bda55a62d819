//! Given / when / then.

use serde_json::{Value, json};

use super::*;
use crate::accounting::account::{Account, AccountClosed, AccountEvent, AccountPosted};
use crate::accounting::chart::{ChartClosingChanged, ChartEvent, ChartListingChanged, Template};
use crate::accounting::tests::{chart, euros, opened};
use crate::accounting::values::Subtype;
use crate::kernel::Actor;
use crate::kernel::testing::{Given, Then, assert_examples_decode, given_nothing};

const DIGEST: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

fn day(text: &str) -> Day {
    Day(text.parse().unwrap())
}

fn line(account: &str, side: Side, amount: i64, control: Option<Control>) -> Line {
    Line { account: account.parse().unwrap(), side, amount: euros(amount), role: None, party: None, reference: None, memo: None, control }
}

fn money(amount: i64) -> Value {
    json!({ "amount_minor": amount, "currency": "EUR" })
}

fn debit(account: &str, amount: i64) -> Value {
    json!({ "account": account, "side": "debit", "amount": money(amount) })
}

fn credit(account: &str, amount: i64) -> Value {
    json!({ "account": account, "side": "credit", "amount": money(amount) })
}

fn entry(lines: &[Value]) -> Value {
    json!({ "date": "2026-02-28", "party": "c-7", "lines": lines })
}

fn books() -> Given<JournalEntry> {
    given_nothing::<JournalEntry>().and::<Chart>("default", [chart()])
}

fn post(lines: &[Value]) -> Then<JournalEntry> {
    books().when_json("post", &entry(lines))
}

/// An invoice of 100 that was posted.
fn posted() -> Given<JournalEntry> {
    post(&[debit("1200", 100), credit("4000", 100)]).then_accepted()
}

#[test]
fn an_entry_is_posted_to_accounts_and_roles() {
    let receivable = Line { role: Some(Role::AccountsReceivable), ..line("1200", Side::Debit, 119, Some(Control::Receivable)) };
    let lines = vec![receivable, line("4000", Side::Credit, 119, None)];
    let event = JournalEntryPosted {
        date: day("2026-02-28"),
        document_date: None,
        description: Some("Invoice".to_owned().try_into().unwrap()),
        reference: Some("R-1".to_owned().try_into().unwrap()),
        source: None,
        party: Some("c-7".to_owned().try_into().unwrap()),
        lines,
        reverses: None,
        hold_id: None,
    };
    let role = json!({ "role": "accounts_receivable", "side": "debit", "amount": money(119) });
    let body = json!({
        "date": "2026-02-28", "description": "Invoice", "reference": "R-1", "party": "c-7", "lines": [role, credit("4000", 119)]
    });
    books().when_json("post", &body).then([event.into()]);
}

#[test]
fn lines_must_be_two_of_sensible_amounts_that_balance() {
    post(&[]).then_rejected("accounting.too_few_lines");
    post(&[debit("1100", 1)]).then_rejected("accounting.too_few_lines");
    post(&vec![debit("1100", 1); 201]).then_rejected("accounting.too_many_lines");
    post(&[debit("1100", 0), credit("4000", 0)]).then_rejected("accounting.amount_out_of_range");
    post(&[debit("1100", -5), credit("4000", -5)]).then_rejected("accounting.amount_out_of_range");
    post(&[debit("1100", 9_000_000_000_000_001), credit("4000", 1)]).then_rejected("accounting.amount_out_of_range");
    post(&[debit("1100", 100), credit("4000", 99)]).then_rejected("accounting.unbalanced");
    let dollars = json!({ "account": "9000", "side": "credit", "amount": { "amount_minor": 100, "currency": "USD" } });
    post(&[debit("1100", 100), dollars]).then_rejected("accounting.unbalanced");
}

#[test]
fn the_day_must_be_open_and_not_in_the_future() {
    let on = |day: &str, events: Vec<ChartEvent>| {
        let body = json!({ "date": day, "lines": [debit("1100", 1), credit("4000", 1)] });
        given_nothing::<JournalEntry>().and::<Chart>("default", [vec![chart()], events].concat()).when_json("post", &body)
    };
    let closed = || vec![ChartClosingChanged { closed_through: Some(day("2026-01-31")) }.into()];
    on("2026-03-03", vec![]).then_rejected("accounting.future_date");
    on("2026-03-02", vec![]).then_accepted();
    on("2026-01-31", closed()).then_rejected("accounting.period_closed");
    on("2026-02-01", closed()).then_accepted();
}

#[test]
fn lines_name_open_accounts_in_their_currency() {
    post(&[debit("1100", 1), credit("4711", 1)]).then_rejected("accounting.account_unknown");
    post(&[debit("1100", 1), credit("9000", 1)]).then_rejected("accounting.currency_mismatch");
    let both = json!({ "account": "4000", "role": "bank", "side": "credit", "amount": money(1) });
    post(&[debit("1100", 1), both]).then_rejected("accounting.line_without_account");
    let neither = json!({ "side": "credit", "amount": money(1) });
    post(&[debit("1100", 1), neither]).then_rejected("accounting.line_without_account");
    let unassigned = json!({ "role": "cost_of_goods_sold", "side": "credit", "amount": money(1) });
    let mut service = chart();
    if let ChartEvent::ChartTemplateApplied(applied) = &mut service {
        applied.template = Template::ServiceCompany;
    }
    given_nothing::<JournalEntry>()
        .and::<Chart>("default", [service])
        .when_json("post", &entry(&[debit("1100", 1), unassigned]))
        .then_rejected("accounting.role_unassigned");
    let closed = ChartListingChanged { account: "4000".into(), closed: true };
    given_nothing::<JournalEntry>()
        .and::<Chart>("default", [chart(), closed.into()])
        .when_json("post", &entry(&[debit("1100", 1), credit("4000", 1)]))
        .then_rejected("accounting.account_closed");
}

#[test]
fn accounts_that_the_chart_does_not_list_are_looked_at() {
    let with = |events: Vec<AccountEvent>| {
        books().and::<Account>("4711", events).when_json("post", &entry(&[debit("1100", 1), credit("4711", 1)]))
    };
    let then = with(vec![opened(Subtype::OperatingRevenue, None)]);
    assert!(then.others().is_empty(), "an account without a limit is not written");
    then.then_accepted();
    with(vec![opened(Subtype::OperatingRevenue, None), AccountClosed {}.into()]).then_rejected("accounting.account_closed");
}

#[test]
fn an_entry_in_two_currencies_balances_in_each() {
    let dollars = |side: &str| json!({ "account": "9000", "side": side, "amount": { "amount_minor": 7, "currency": "USD" } });
    post(&[debit("1100", 5), credit("4000", 5), dollars("debit"), dollars("credit")]).then_accepted();
}

#[test]
fn a_limited_account_is_written_and_never_overdrawn() {
    let wallet = |credited: i64| {
        let credited = AccountPosted { entry_id: "e".into(), debit_minor: 0, credit_minor: credited };
        books().and::<Account>("w-1", [opened(Subtype::CurrentLiability, Some(0)), credited.into()])
    };
    let then = wallet(100).when_json("post", &entry(&[debit("w-1", 60), debit("w-1", 40), credit("1100", 100)]));
    assert_eq!(
        then.others(),
        [("account", "w-1".to_owned(), "account_posted", r#"{"entry_id":"a-1","debit_minor":100,"credit_minor":0}"#.to_owned())]
    );
    wallet(99)
        .when_json("post", &entry(&[debit("w-1", 60), debit("w-1", 40), credit("1100", 100)]))
        .then_rejected("accounting.limit_exceeded");
    let paid_in = wallet(0).when_json("post", &entry(&[debit("1100", 5), credit("w-1", 5)]));
    paid_in.then_accepted();
}

#[test]
fn an_entry_is_reversed_once_by_a_new_one() {
    let then = posted().and::<Chart>("default", [chart()]).when_json("reverse", &json!({ "date": "2026-03-01" }));
    let others = then.others();
    let (aggregate, reversal, name, payload) = &others[0];
    assert_eq!((*aggregate, *name, others.len()), ("journal-entry", "journal_entry_posted", 1));
    let payload: JournalEntryPosted = serde_json::from_str(payload).unwrap();
    let settled =
        Line { reference: Some("a-1".to_owned().try_into().unwrap()), ..line("1200", Side::Credit, 100, Some(Control::Receivable)) };
    assert_eq!(payload.lines, [settled, line("4000", Side::Debit, 100, None)]);
    assert_eq!((payload.reverses.as_deref(), payload.date), (Some("a-1"), day("2026-03-01")));
    let event = JournalEntryReversed { reversed_by: reversal.clone(), date: day("2026-03-01") };
    then.then([event.into()]).when_json("reverse", &json!({ "date": "2026-03-01" })).then_rejected("accounting.already_reversed");
}

#[test]
fn a_reversal_obeys_the_rules_of_postings_and_does_not_come_before_its_entry() {
    posted().when_json("reverse", &json!({ "date": "2026-02-27" })).then_rejected("accounting.reversal_before_entry");
    posted().when_json("reverse", &json!({ "date": "2026-04-01" })).then_rejected("accounting.future_date");
    let closed: ChartEvent = ChartClosingChanged { closed_through: Some(day("2026-02-28")) }.into();
    let given = posted().and::<Chart>("default", [chart(), closed.clone()]);
    given.when_json("reverse", &json!({ "date": "2026-02-28" })).then_rejected("accounting.period_closed");
    let today = posted().and::<Chart>("default", [chart(), closed]).when_json("reverse", &json!({}));
    assert!(today.others()[0].3.contains(r#""date":"2026-03-01""#));
}

#[test]
fn a_pair_is_an_entry_of_two_lines() {
    let pair = |side: Value, amount: i64| {
        let body = json!({ "date": "2026-02-28", "account": "6100 Rent", "contra_account": "1100", "side": side, "amount": money(amount) });
        let given = books().when_json("post-pair", &body).then_accepted();
        given.state().posted.as_ref().unwrap().lines.clone()
    };
    let rent = [line("6100", Side::Debit, 12, None), line("1100", Side::Credit, 12, None)];
    assert_eq!((pair(Value::Null, 12), pair(json!("H"), -12)), (rent.to_vec(), rent.to_vec()));
    assert_eq!(pair(json!("H"), 12)[0].side, Side::Credit);
}

#[test]
fn a_journal_of_another_product_is_read_with_its_columns() {
    let post = |lines: &[Value]| books().when_json("post-journal", &json!({ "date": "2026-02-28", "lines": lines }));
    let given = post(&[
        json!({ "account": "6100", "debit": money(12), "credit": money(0) }),
        json!({ "account": "1200", "debit": money(0) }),
        json!({ "account": "1100", "amount": money(-12) }),
    ])
    .then_accepted();
    let lines = &given.state().posted.as_ref().unwrap().lines;
    assert_eq!(lines[..], [line("6100", Side::Debit, 12, None), line("1100", Side::Credit, 12, None)]);
    post(&[json!({ "account": "6100", "debit": money(1), "credit": money(1) }), json!({ "account": "1100", "amount": money(1) })])
        .then_rejected("accounting.line_without_amount");
    post(&[json!({ "account": "6100" }), json!({ "account": "1100", "amount": money(1) })]).then_rejected("accounting.line_without_amount");
}

#[test]
fn an_opening_balance_stands_on_the_side_of_its_account() {
    let open = |body: Value| {
        let mut all = json!({ "date": "2026-01-01", "party": "p-1" });
        all.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
        books().when_json("post-opening-balance", &all)
    };
    let sides = |body: Value| {
        let given = open(body).then_accepted();
        let lines = given.state().posted.as_ref().unwrap().lines.clone();
        assert_eq!(lines[1].account.as_str(), "3900");
        (lines[0].side, lines[0].amount.amount_minor)
    };
    assert_eq!(sides(json!({ "account": "1100", "balance": money(5) })), (Side::Debit, 5));
    assert_eq!(sides(json!({ "account": "2000", "balance": money(5) })), (Side::Credit, 5));
    assert_eq!(sides(json!({ "account": "2000", "balance": money(-5) })), (Side::Debit, 5));
    assert_eq!(sides(json!({ "account": "1100", "debit": money(7), "credit": money(9) })), (Side::Credit, 2));
    open(json!({ "account": "1100", "debit": money(7), "credit": money(7) })).then_nothing();
    open(json!({ "account": "1100" })).then_rejected("accounting.balance_missing");
    open(json!({ "account": "1100", "debit": money(7), "balance": money(7) })).then_rejected("accounting.balance_missing");
    open(json!({ "account": "4711", "balance": money(7) })).then_rejected("accounting.account_unknown");
    open(json!({ "account": "2000", "balance": money(5), "party": null })).then_rejected("accounting.party_missing");
}

#[test]
fn an_entry_whose_day_is_closed_counts_for_the_next_open_one_if_it_may() {
    let closed: ChartEvent = ChartClosingChanged { closed_through: Some(day("2026-01-31")) }.into();
    let post = |date: &str, if_closed: &str| {
        let body = json!({ "date": date, "if_closed": if_closed, "lines": [debit("1100", 1), credit("4000", 1)] });
        given_nothing::<JournalEntry>().and::<Chart>("default", [chart(), closed.clone()]).when_json("post", &body)
    };
    let days = |date: &str| {
        let given = post(date, "next_open_day").then_accepted();
        let posted = given.state().posted.clone().unwrap();
        (posted.date, posted.document_date)
    };
    assert_eq!(days("2025-12-24"), (day("2026-02-01"), Some(day("2025-12-24"))));
    assert_eq!(days("2026-02-01"), (day("2026-02-01"), None));
    post("2026-01-31", "refuse").then_rejected("accounting.period_closed");
    post("2026-03-03", "next_open_day").then_rejected("accounting.future_date");
}

#[test]
fn debts_have_a_party() {
    let post = |lines: &[Value]| books().when_json("post", &json!({ "date": "2026-02-28", "lines": lines }));
    let of = |line: Value, party: &str| {
        let mut line = line;
        line["party"] = json!(party);
        line
    };
    for account in ["1200", "2000"] {
        post(&[debit(account, 5), credit("1100", 5)]).then_rejected("accounting.party_missing");
        post(&[of(debit(account, 5), "p-1"), credit("1100", 5)]).then_accepted();
    }
    post(&[of(debit("1200", 5), "p-1"), debit("1200", 5), credit("1100", 10)]).then_rejected("accounting.party_missing");
}

/// Books with the account `1300` of the stock, opened by hand.
fn books_with_stock() -> Given<JournalEntry> {
    books().and::<Account>("1300", [opened(Subtype::Inventory, None)])
}

#[test]
fn the_account_of_the_stock_is_posted_to_by_its_process_alone() {
    let body = entry(&[debit("1300", 5), credit("1100", 5)]);
    books_with_stock().when_json("post", &body).then_rejected("accounting.inventory_posted_by_hand");
    let invoicing = Actor::of_process("invoicing.ledger");
    books_with_stock().by(invoicing).when_json("post", &body).then_rejected("accounting.inventory_posted_by_hand");
    let opening = json!({ "date": "2026-01-01", "account": "1300", "balance": money(5) });
    books_with_stock().when_json("post-opening-balance", &opening).then_rejected("accounting.inventory_posted_by_hand");
    books_with_stock().by(Actor::of_process("inventory.ledger")).when_json("post", &body).then_accepted();
}

#[test]
fn the_sources_of_the_platform_are_its_own() {
    let body = |source: &str| {
        let mut body = entry(&[debit("1200", 5), credit("4000", 5)]);
        body["source"] = json!(source);
        body
    };
    books().when_json("post", &body("payroll")).then_accepted();
    for source in ["inventory", "invoicing"] {
        let process = |name: &str| Actor::of_process(&format!("{name}.ledger"));
        books().when_json("post", &body(source)).then_rejected("accounting.source_reserved");
        books().by(Actor::of_process("scheduling.fire")).when_json("post", &body(source)).then_rejected("accounting.source_reserved");
        let given = books().by(process(source)).when_json("post", &body(source)).then_accepted();
        let given = given.by(Actor::default()).and::<Chart>("default", [chart()]);
        given.when_json("reverse", &json!({ "date": "2026-03-01" })).then_rejected("accounting.entry_of_another_context");
    }
}

#[test]
fn a_role_in_a_new_currency_gets_its_account_of_the_template() {
    let pounds = |role: &str, side: &str, amount: i64| json!({ "role": role, "side": side, "amount": { "amount_minor": amount, "currency": "GBP" } });
    let body = entry(&[pounds("bank", "debit", 7), pounds("bank", "credit", 2), pounds("service_revenue", "credit", 5)]);
    let then = books().when_json("post", &body);
    let written: Vec<_> = then.others().into_iter().map(|(aggregate, id, event, _)| (aggregate, id, event)).collect();
    let of = |aggregate, id: &str, event| (aggregate, id.to_owned(), event);
    let once = |code: &str| {
        [
            of("chart", "default", "chart_role_filled"),
            of("posting-profile", "default", "posting_roles_set"),
            of("account", code, "account_opened"),
        ]
    };
    assert_eq!(written, [once("1100-GBP"), once("4100-GBP")].concat());
    let accounts: Vec<String> =
        then.then_accepted().state().posted.as_ref().unwrap().lines.iter().map(|line| line.account.to_string()).collect();
    assert_eq!(accounts, ["1100-GBP", "1100-GBP", "4100-GBP"]);

    let there = |subtype| {
        let mut event = opened(subtype, None);
        if let AccountEvent::AccountOpened(opened) = &mut event {
            opened.currency = "GBP".try_into().unwrap();
        }
        books().and::<Account>("1100-GBP", [event]).when_json("post", &entry(&[pounds("bank", "debit", 7), pounds("bank", "credit", 7)]))
    };
    let then = there(Subtype::Bank);
    assert_eq!(then.others().len(), 2, "an account that is there takes the role");
    then.then_accepted();
    there(Subtype::Payable).then_rejected("accounting.role_unassigned");
}

#[test]
fn evidence_is_attached_once() {
    let attach = |digest: &str| json!({ "name": "receipt.pdf", "sha256": digest });
    let evidence = Evidence {
        name: "receipt.pdf".to_owned().try_into().unwrap(),
        sha256: DIGEST.to_owned().try_into().unwrap(),
        url: None,
        size_bytes: None,
    };
    posted()
        .when_json("attach-evidence", &attach(&DIGEST.to_uppercase()))
        .then([EvidenceAttached { evidence }.into()])
        .when_json("attach-evidence", &attach(DIGEST))
        .then_nothing()
        .when_json("attach-evidence", &attach("abc"))
        .then_rejected("accounting.invalid_sha256");
    let full = (0..EVIDENCE_MAX)
        .fold(posted(), |given, number| given.when_json("attach-evidence", &attach(&format!("{number:064x}"))).then_accepted());
    full.when_json("attach-evidence", &attach(DIGEST)).then_rejected("accounting.too_much_evidence");
}

#[test]
fn nothing_can_be_done_to_an_entry_that_was_never_posted() {
    given_nothing::<JournalEntry>().when_json("reverse", &json!({})).then_rejected("accounting.entry_not_posted");
}

#[test]
fn examples_decode() {
    assert_examples_decode::<JournalEntry>();
}
