//! Given / when / then.

use serde_json::{Value, json};

use super::*;
use crate::accounting::account::{AccountEvent, AccountPosted};
use crate::accounting::journal_entry::JournalEntryPosted;
use crate::accounting::tests::{chart, euros, opened};
use crate::accounting::values::Subtype;
use crate::kernel::testing::{Given, Then, assert_examples_decode, given, given_nothing};

fn money(amount: i64) -> Value {
    json!({ "amount_minor": amount, "currency": "EUR" })
}

fn wallet(credited: i64) -> Vec<AccountEvent> {
    let credited = AccountPosted { entry_id: "e".into(), debit_minor: 0, credit_minor: credited };
    vec![opened(Subtype::CurrentLiability, Some(0)), credited.into()]
}

fn reserve_on(account: &str, amount: i64) -> Value {
    json!({ "account": account, "amount": money(amount), "timeout_seconds": 3600 })
}

fn reserve(body: &Value) -> Then<Hold> {
    given_nothing::<Hold>().and::<Chart>("default", [chart()]).and::<Account>("w-1", wallet(100)).when_json("reserve", body)
}

fn reserved(limited: bool) -> HoldReserved {
    HoldReserved {
        account: if limited { "w-1" } else { "1100" }.parse().unwrap(),
        side: if limited { Side::Debit } else { Side::Credit },
        amount: euros(60),
        expires_at: "2026-03-01T13:00:00Z".parse().unwrap(),
        limited,
        description: None,
        reference: None,
        party: None,
    }
}

/// A hold of 60 on a wallet of 100.
fn held() -> Given<Hold> {
    let reservation = crate::accounting::account::AccountReserved { hold_id: "a-1".into(), amount_minor: 60 };
    let wallet = [wallet(100), vec![reservation.into()]].concat();
    given([reserved(true).into()]).and::<Chart>("default", [chart()]).and::<Account>("w-1", wallet)
}

#[test]
fn a_hold_reserves_on_the_side_on_which_the_account_decreases() {
    let then = reserve(&reserve_on("w-1", 60));
    assert_eq!(then.others()[0].3, r#"{"hold_id":"a-1","amount_minor":60}"#);
    then.then([reserved(true).into()]);
    let then = reserve(&json!({ "role": "bank", "amount": money(60), "timeout_seconds": 3600 }));
    assert!(then.others().is_empty(), "an account without a limit is not written");
    then.then([reserved(false).into()]);
}

#[test]
fn nothing_is_reserved_beyond_the_limit_or_for_no_time() {
    reserve(&reserve_on("w-1", 101)).then_rejected("accounting.limit_exceeded");
    reserve(&reserve_on("w-1", 0)).then_rejected("accounting.amount_out_of_range");
    reserve(&reserve_on("none", 1)).then_rejected("accounting.account_unknown");
    for seconds in [0, 31_622_401] {
        let body = json!({ "account": "w-1", "amount": money(1), "timeout_seconds": seconds });
        reserve(&body).then_rejected("accounting.timeout_out_of_range");
    }
}

#[test]
fn a_hold_is_posted_in_part_and_the_rest_released() {
    let then = held().when_json("post", &json!({ "account": "1100", "amount": money(45) }));
    let others = then.others();
    let names: Vec<_> = others.iter().map(|other| (other.0, other.2)).collect();
    assert_eq!(names, [("account", "account_released"), ("journal-entry", "journal_entry_posted"), ("account", "account_posted")]);
    let entry: JournalEntryPosted = serde_json::from_str(&others[1].3).unwrap();
    assert_eq!((entry.hold_id.as_deref(), entry.lines.len(), entry.lines[0].amount), (Some("a-1"), 2, euros(45)));
    assert_eq!((entry.lines[0].side, entry.lines[1].account.as_str()), (Side::Debit, "1100"));
    let posted = HoldPosted { entry_id: others[1].1.clone(), amount: euros(45), account: "w-1".parse().unwrap(), reserved: euros(60) };
    then.then([posted.into()]).when_json("post", &json!({ "account": "1100" })).then_rejected("accounting.hold_resolved");
}

#[test]
fn a_hold_posts_no_more_than_it_reserved_and_not_too_late() {
    let more = json!({ "account": "1100", "amount": money(61) });
    held().when_json("post", &more).then_rejected("accounting.hold_exceeded");
    let dollars = json!({ "account": "1100", "amount": { "amount_minor": 1, "currency": "USD" } });
    held().when_json("post", &dollars).then_rejected("accounting.hold_exceeded");
    held().at("2026-03-01T13:00:00Z").when_json("post", &json!({ "account": "1100" })).then_rejected("accounting.hold_expired");
    held().when_json("post", &json!({})).then_rejected("accounting.line_without_account");
}

#[test]
fn a_voided_hold_gives_back_what_it_reserved() {
    let then = held().when_json("void", &json!({ "reason": "cancelled" }));
    assert_eq!((then.others()[0].2, then.others()[0].3.as_str()), ("account_released", r#"{"hold_id":"a-1","amount_minor":60}"#));
    let reason = Some("cancelled".to_owned().try_into().unwrap());
    let voided = HoldVoided { reason, account: "w-1".parse().unwrap(), reserved: euros(60) };
    let given = then.then([voided.into()]).when_json("void", &json!({})).then_nothing();
    given.when_json("post", &json!({ "account": "1100" })).then_rejected("accounting.hold_resolved");
}

#[test]
fn a_hold_expires_when_its_time_is_up_and_not_before() {
    let early = held().when_json("expire", &json!({})).then_nothing();
    let expired = HoldExpired { account: "w-1".parse().unwrap(), reserved: euros(60) };
    let late = early.at("2026-03-01T13:00:00Z").when_json("expire", &json!({})).then([expired.into()]);
    late.when_json("expire", &json!({})).then_nothing().when_json("void", &json!({})).then_rejected("accounting.hold_resolved");
}

#[test]
fn nothing_can_be_done_to_a_hold_that_reserved_nothing() {
    given_nothing::<Hold>().when_json("void", &json!({})).then_rejected("accounting.hold_not_reserved");
}

#[test]
fn examples_decode() {
    assert_examples_decode::<Hold>();
}
