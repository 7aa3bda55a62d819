//! Entries for single events, and over random histories: the accounts say what the documents say.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::invoicing::customer_account::CustomerAccount;
use crate::invoicing::simulation::{World, populated, run, step};

/// The steps of an event that only its type, aggregate and payload say.
fn steps(event_type: &str, aggregate: &str, payload: &Value) -> Vec<Step> {
    let event = RecordedEvent {
        context: "invoicing".into(),
        partition: 0,
        position: 1,
        event_id: uuid::Uuid::from_u128(42),
        tenant_id: crate::kernel::TenantId(uuid::Uuid::nil()),
        aggregate_type: aggregate.into(),
        aggregate_id: "a-1".into(),
        sequence: 1,
        event_type: event_type.into(),
        event_version: "1".into(),
        payload: payload.to_string(),
        metadata: "{}".into(),
        recorded_at: chrono::DateTime::UNIX_EPOCH,
    };
    (PROCESS.react)(&event).unwrap()
}

fn command(steps: &[Step]) -> &StepCommand {
    let [Step { name: "post", action: Action::Command(command), .. }] = steps else { panic!("one entry is posted: {steps:?}") };
    command
}

/// The lines of an entry as `side target amount`.
fn lines(steps: &[Step]) -> Vec<String> {
    let lines = command(steps).body["lines"].as_array().unwrap();
    let text = |line: &Value| {
        let target = line["role"].as_str().or(line["account"].as_str()).unwrap();
        format!("{} {target} {}", line["side"].as_str().unwrap(), line["amount"]["amount_minor"])
    };
    lines.iter().map(text).collect()
}

fn euro(amount_minor: i64) -> Value {
    json!({ "amount_minor": amount_minor, "currency": "EUR" })
}

fn payment(settlement: [i64; 3]) -> Value {
    let [applied, recovered, excess] = settlement;
    json!({
        "payment_id": "p", "number": "INV-1", "customer_id": "c", "customer_name": "Ada", "amount": euro(applied + recovered + excess),
        "applied": euro(applied), "recovered": euro(recovered), "excess": euro(excess), "method": "card", "date": "2026-03-01", "reference": "r", "balance": euro(0)
    })
}

#[test]
fn an_entry_has_the_id_of_its_event_and_says_where_it_comes_from() {
    let posted = steps("payment_recorded", "invoice", &payment([100, 0, 0]));
    let command = command(&posted);
    assert_eq!((command.context.as_str(), command.aggregate.as_str(), command.command.as_str()), ("accounting", "journal-entry", "post"));
    assert_eq!(command.id, "00000000-0000-0000-0000-00000000002a");
    assert_eq!(posted[0].lane, "invoice/a-1");
    let expected = json!({
        "date": "2026-03-01", "if_closed": "next_open_day", "description": "Payment of invoice INV-1, Ada (r)", "reference": "INV-1",
        "source": "invoicing", "party": "c",
        "lines": [
            { "role": "bank", "side": "debit", "amount": euro(100) },
            { "role": "accounts_receivable", "side": "credit", "amount": euro(100), "party": "c" }
        ]
    });
    assert_eq!(command.body, expected);
}

#[test]
fn a_payment_settles_what_is_open_then_what_was_written_off_and_the_rest_is_credit() {
    let expected = ["debit bank 100", "credit accounts_receivable 60", "credit bad_debt 30", "credit customer_credit 10"];
    assert_eq!(lines(&steps("payment_recorded", "invoice", &payment([60, 30, 10]))), expected);
    let mut cash = payment([60, 0, 0]);
    cash["method"] = json!("cash");
    assert_eq!(lines(&steps("payment_recorded", "invoice", &cash)), ["debit cash 60", "credit accounts_receivable 60"]);
    let mut reversed = payment([60, 30, 10]);
    (reversed["reason"], reversed["overdue"]) = (json!("bounced"), json!(false));
    let expected = ["debit accounts_receivable 60", "debit bad_debt 30", "debit customer_credit 10", "credit bank 100"];
    assert_eq!(lines(&steps("payment_reversed", "invoice", &reversed)), expected);
}

#[test]
fn a_part_of_a_payment_over_several_invoices_is_posted_with_the_whole() {
    let mut part = payment([100, 0, 0]);
    part["customer_payment_id"] = json!("cp-1");
    assert!(steps("payment_recorded", "invoice", &part).is_empty());
    let allocation = |number: &str, amount| json!({ "invoice_id": "i", "number": number, "amount": euro(amount), "applied": euro(amount), "recovered": euro(0), "excess": euro(0) });
    let received = json!({
        "customer_id": "c", "customer_name": "Ada", "amount": euro(100), "method": "bank_transfer", "date": "2026-03-01", "reference": "r",
        "allocations": [allocation("INV-1", 40), allocation("INV-2", 50)], "unallocated": euro(10)
    });
    let expected = ["debit bank 100", "credit accounts_receivable 40", "credit accounts_receivable 50", "credit customer_credit 10"];
    let posted = steps("customer_payment_received", "customer-payment", &received);
    assert_eq!(lines(&posted), expected);
    let settles: Vec<&Value> = command(&posted).body["lines"].as_array().unwrap().iter().map(|line| &line["reference"]).collect();
    assert_eq!(settles, [&Value::Null, &json!("INV-1"), &json!("INV-2"), &Value::Null]);
}

#[test]
fn what_moves_nothing_is_not_posted() {
    let added = json!({ "customer_name": "Ada", "amount": euro(10), "reason": "overpayment", "document_id": "i" });
    assert!(steps("customer_credit_added", "customer-account", &added).is_empty());
    assert!(steps("invoice_discarded", "invoice", &json!({})).is_empty());
    assert!(steps("number_series_retired", "number-series", &json!({})).is_empty());
}

#[test]
fn an_event_that_cannot_be_read_is_not_passed_over() {
    let event = |payload: Value| {
        let mut recorded = populated().log[0].clone();
        (recorded.aggregate_type, recorded.event_type, recorded.payload) = ("invoice".into(), "invoice_voided".into(), payload.to_string());
        recorded
    };
    assert!((PROCESS.react)(&event(json!({}))).is_err());
}

#[test]
fn it_reacts_to_exactly_the_events_that_it_posts() {
    let world = long_history();
    let mut posted: Vec<String> = world
        .log
        .iter()
        .filter(|event| !(PROCESS.react)(event).unwrap().is_empty())
        .map(|event| format!("invoicing.{}", event.event_type))
        .collect();
    posted.sort();
    posted.dedup();
    let mut declared: Vec<&str> = PROCESS.reacts_to.to_vec();
    declared.sort_unstable();
    assert_eq!(posted, declared);
}

/// A history in which everything happens.
fn long_history() -> World {
    use proptest::strategy::{Strategy as _, ValueTree as _};
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut all = World::default();
    for _ in 0..40 {
        let mut world = populated();
        let steps = prop::collection::vec(step(), 120).new_tree(&mut runner).expect("steps are made").current();
        run(&mut world, &steps, |_| {});
        all.log.extend(world.log);
    }
    all
}

/// The balances of the ledger by account and party, after all entries, each of which balances.
fn balances(log: &[RecordedEvent]) -> BTreeMap<(String, String), i64> {
    let mut balances: BTreeMap<(String, String), i64> = BTreeMap::new();
    for event in log {
        let steps = (PROCESS.react)(event).unwrap();
        assert_eq!(steps, (PROCESS.react)(event).unwrap(), "the same event leads to the same steps");
        if steps.is_empty() {
            continue;
        }
        let mut sum = 0;
        let lines = command(&steps).body["lines"].as_array().unwrap();
        assert!(lines.len() >= 2, "{event:?} leads to an entry with one line");
        for line in lines {
            let amount = line["amount"]["amount_minor"].as_i64().unwrap();
            assert!(amount > 0, "{event:?} leads to an amount of {amount}");
            let signed = if line["side"] == "debit" { amount } else { -amount };
            let account = line["role"].as_str().or(line["account"].as_str()).unwrap().to_owned();
            *balances.entry((account, line["party"].as_str().unwrap_or("").to_owned())).or_default() += signed;
            sum += signed;
        }
        assert_eq!(sum, 0, "{event:?} leads to an entry that does not balance");
    }
    balances
}

/// What the documents say that the ledger's accounts hold.
fn expected(world: &World) -> BTreeMap<(String, String), i64> {
    let mut expected: BTreeMap<(String, String), i64> = BTreeMap::new();
    let mut add = |role: &str, party: &str, amount| *expected.entry((role.to_owned(), party.to_owned())).or_default() += amount;
    for (_, invoice) in world.all::<Invoice>() {
        if let Some(header) = &invoice.header {
            add(RECEIVABLE, &header.customer.customer_id, invoice.open_minor);
            add(BAD_DEBT, "", invoice.written_off_minor);
        }
    }
    for (id, account) in world.all::<CustomerAccount>() {
        add(CUSTOMER_CREDIT, id, -account.credit.values().sum::<i64>());
    }
    for (_, bill) in world.all::<Bill>() {
        if let Some(header) = &bill.header {
            add(PAYABLE, &header.supplier_id, -bill.open_minor);
        }
    }
    expected
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_entry_balances_and_the_accounts_say_what_the_documents_say(steps in prop::collection::vec(step(), 1..120)) {
        let mut world = populated();
        run(&mut world, &steps, |_| {});
        let found = balances(&world.log);
        for (key, amount) in expected(&world) {
            prop_assert_eq!(found.get(&key).copied().unwrap_or(0), amount, "{:?}", key);
        }
    }
}
