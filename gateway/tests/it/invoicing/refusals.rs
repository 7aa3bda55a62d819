//! Every refusal, as a client sees it: what was done before, the command, and the code of its answer.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Books, euro, line, with};

/// A command: aggregate and id, name, body.
type Command = (&'static str, &'static str, Value);

fn invoice(change: &Value) -> Value {
    with(json!({ "customer_id": "c-1", "customer_name": "Ada", "currency": "EUR", "lines": [line("Engine", 10_000)] }), change)
}

fn bill(change: &Value) -> Value {
    let body = json!({
        "supplier_id": "s-1", "supplier_name": "Brass", "supplier_number": "R-1", "date": "2026-02-01", "currency": "EUR",
        "lines": [line("Cogs", 10_000)]
    });
    with(body, change)
}

fn drafted() -> Command {
    ("invoice/i", "draft", invoice(&json!({})))
}

/// An invoice of 119.00 euros.
fn finalized() -> Vec<Command> {
    vec![drafted(), ("invoice/i", "finalize", json!({ "date": "2026-02-01" }))]
}

fn approved() -> Vec<Command> {
    vec![("bill/b", "enter", bill(&json!({}))), ("bill/b", "approve", json!({}))]
}

fn paid(amount_minor: i64) -> Value {
    json!({ "amount": euro(amount_minor), "reference": "p-1", "date": "2026-02-10" })
}

/// A payment of 120 for the invoice of 119.00, and 1.00 of credit.
fn received() -> Vec<Command> {
    let mut steps = finalized();
    steps.push(("customer-payment/p", "receive", json!({ "amount": euro(12_000), "reference": "p-9", "invoice_id": "i" })));
    steps
}

fn after(mut steps: Vec<Command>, more: Vec<Command>) -> Vec<Command> {
    steps.extend(more);
    steps
}

fn drafts() -> Vec<(Vec<Command>, Command, u16, &'static str)> {
    let draft = |change: Value| ("invoice/i", "draft", invoice(&change));
    let one = |change: Value| draft(json!({ "lines": [with(line("Engine", 100), &change)] }));
    let named = |id: &str| with(line("Engine", 100), &json!({ "line_id": id }));
    let row = || json!({ "number": "K-1", "customer_name": "Ada", "description": "x", "unit_price": euro(5) });
    let reason = json!({ "reason": "x" });
    let accounts: Vec<Value> = (0..151).map(|number| with(line("x", 1), &json!({ "account": format!("4{number:03}") }))).collect();
    vec![
        (vec![drafted()], draft(json!({})), 409, "invoicing.already_exists"),
        (vec![], ("invoice/i", "finalize", json!({})), 404, "invoicing.not_found"),
        (vec![], draft(json!({ "series": "none" })), 422, "invoicing.series_unknown"),
        (vec![], draft(json!({ "payment_terms_days": 366 })), 422, "invoicing.payment_terms_invalid"),
        (vec![], draft(json!({ "currency": "USD" })), 422, "invoicing.currency_mismatch"),
        (vec![], draft(json!({ "lines": vec![line("x", 1); 501] })), 422, "invoicing.too_many_lines"),
        (vec![], draft(json!({ "lines": [named("a"), named("a")] })), 422, "invoicing.line_exists"),
        (vec![], one(json!({ "quantity": 0 })), 422, "invoicing.quantity_missing"),
        (vec![], one(json!({ "tax_category": "exempt" })), 422, "invoicing.tax_rate_invalid"),
        (vec![], one(json!({ "tax_amount": euro(5) })), 422, "invoicing.tax_amount_not_allowed"),
        (vec![], one(json!({ "discount": { "amount": euro(101) } })), 422, "invoicing.discount_out_of_range"),
        (vec![], one(json!({ "quantity": 999_999_999, "unit_price": euro(999_999_999_999) })), 422, "invoicing.amount_too_large"),
        (vec![], draft(json!({ "customer_email": "nobody" })), 400, "invalid_field"),
        (vec![drafted()], ("invoice/i", "update", json!({ "currency": "USD" })), 422, "invoicing.currency_of_lines"),
        (vec![drafted()], ("invoice/i", "add-line", line("x", 1)), 422, "invoicing.line_id_missing"),
        (vec![drafted()], ("invoice/i", "remove-line", json!({ "line_id": "9" })), 422, "invoicing.line_unknown"),
        (vec![drafted(), ("invoice/i", "discard", json!({}))], ("invoice/i", "finalize", json!({})), 422, "invoicing.invoice_discarded"),
        (vec![draft(json!({ "lines": [] }))], ("invoice/i", "finalize", json!({})), 422, "invoicing.invoice_without_lines"),
        (vec![draft(json!({ "lines": accounts }))], ("invoice/i", "finalize", json!({})), 422, "invoicing.too_many_accounts"),
        (vec![draft(json!({ "lines": [line("x", -5)] }))], ("invoice/i", "finalize", json!({})), 422, "invoicing.total_negative"),
        (vec![draft(json!({ "due_date": "2020-01-01" }))], ("invoice/i", "finalize", json!({})), 422, "invoicing.due_before_date"),
        (vec![drafted()], ("invoice/i", "finalize", json!({ "date": "2199-01-01" })), 422, "invoicing.day_in_future"),
        (vec![draft(json!({ "number": "K-1" }))], ("invoice/j", "draft", invoice(&json!({ "number": "k-1" }))), 409, "invoicing.duplicate"),
        (
            vec![],
            ("invoice/0197f3c2-8a10-7cc3-98c4-dc0c0c07398f", "import-line", with(row(), &json!({ "number": null }))),
            422,
            "invoicing.number_missing",
        ),
        (vec![], ("invoice/i", "import-line", with(row(), &json!({ "tax_amount": "0.001" }))), 422, "invoicing.amount_not_of_currency"),
        (vec![("invoice/i", "import-line", row())], ("invoice/i", "import-line", row()), 422, "invoicing.line_repeated"),
        (vec![drafted()], ("invoice/i", "erase-customer", reason), 422, "invoicing.invoice_draft"),
        (finalized(), ("invoice/i", "update", json!({ "note": "x" })), 422, "invoicing.invoice_final"),
    ]
}

fn settlements() -> Vec<(Vec<Command>, Command, u16, &'static str)> {
    let pay = |body: Value| ("invoice/i", "record-payment", body);
    let credit = |change: Value| ("invoice/i", "credit", with(json!({ "reason": "x", "reference": "k-1" }), &change));
    let reason = || json!({ "reason": "x" });
    let back = || ("invoice/i", "reverse-payment", json!({ "reference": "p-1", "reason": "bounced" }));
    let apply = |change: Value| ("invoice/i", "apply-credit", with(json!({ "reference": "a-1" }), &change));
    let other = vec![("invoice/j", "draft", invoice(&json!({}))), ("invoice/j", "finalize", json!({}))];
    vec![
        (vec![drafted()], pay(paid(1)), 422, "invoicing.invoice_draft"),
        (finalized(), pay(paid(0)), 422, "invoicing.amount_out_of_range"),
        (after(finalized(), vec![pay(paid(1))]), pay(paid(2)), 422, "invoicing.payment_reference_used"),
        (after(finalized(), vec![pay(paid(1)), back()]), pay(paid(1)), 422, "invoicing.payment_reversed"),
        (after(after(finalized(), other), vec![pay(paid(1))]), ("invoice/j", "record-payment", paid(5)), 409, "invoicing.duplicate"),
        (finalized(), back(), 422, "invoicing.payment_unknown"),
        (
            after(finalized(), vec![pay(paid(1))]),
            ("invoice/i", "refund-payment", json!({ "amount": euro(2), "reference": "r-1", "reason": "x" })),
            422,
            "invoicing.more_than_paid",
        ),
        (received(), ("invoice/i", "reverse-payment", json!({ "reference": "p-9", "reason": "x" })), 422, "invoicing.payment_of_several"),
        (finalized(), apply(json!({})), 422, "invoicing.credit_insufficient"),
        (finalized(), apply(json!({ "amount": euro(20_000) })), 422, "invoicing.more_than_open"),
        (after(finalized(), vec![pay(paid(11_900))]), apply(json!({})), 422, "invoicing.nothing_open"),
        (after(finalized(), vec![pay(paid(11_900))]), ("invoice/i", "void", reason()), 422, "invoicing.invoice_settled"),
        (after(finalized(), vec![("invoice/i", "void", reason())]), ("invoice/i", "write-off", reason()), 422, "invoicing.invoice_voided"),
        (after(finalized(), vec![credit(json!({}))]), credit(json!({ "amount": euro(5) })), 422, "invoicing.credit_reference_used"),
        (after(finalized(), vec![credit(json!({}))]), credit(json!({ "reference": "k-2" })), 422, "invoicing.nothing_to_credit"),
        (finalized(), credit(json!({ "amount": euro(11_901) })), 422, "invoicing.credit_out_of_range"),
        (finalized(), credit(json!({ "lines": [{ "line_id": "1", "amount": euro(11_901) }] })), 422, "invoicing.line_credit_out_of_range"),
        (finalized(), credit(json!({ "lines": [{ "line_id": "1" }], "amount": euro(5) })), 422, "invoicing.credit_ambiguous"),
    ]
}

fn payments() -> Vec<(Vec<Command>, Command, u16, &'static str)> {
    let receive = |change: Value| ("customer-payment/p", "receive", with(json!({ "amount": euro(100), "reference": "p-9" }), &change));
    let other = ("invoice/j", "draft", invoice(&json!({ "customer_id": "c-2" })));
    let many: Vec<Value> = (0..101).map(|number| json!({ "invoice_id": format!("i-{number}") })).collect();
    let part = || json!([{ "invoice_id": "i" }]);
    let refund = |change: Value| ("customer-payment/p", "refund", with(json!({ "reference": "r-1" }), &change));
    let reverse = || ("customer-payment/p", "reverse", json!({ "reason": "bounced" }));
    let spend = ("customer-account/c-1", "refund-credit", json!({ "amount": euro(60), "reference": "r-9" }));
    vec![
        (vec![], receive(json!({})), 422, "invoicing.customer_missing"),
        (vec![], receive(json!({ "invoice_id": "none" })), 422, "invoicing.invoice_unknown"),
        (
            after(finalized(), vec![other]),
            receive(json!({ "customer_id": "c-1", "invoice_id": "j" })),
            422,
            "invoicing.invoice_of_another_customer",
        ),
        (finalized(), receive(json!({ "allocations": [part()[0], part()[0]] })), 422, "invoicing.already_allocated"),
        (finalized(), receive(json!({ "allocations": many })), 422, "invoicing.too_many_allocations"),
        (finalized(), receive(json!({ "allocations": [{ "invoice_id": "i", "amount": euro(101) }] })), 422, "invoicing.payment_exhausted"),
        (received(), refund(json!({ "amount": euro(101) })), 422, "invoicing.payment_exhausted"),
        (
            after(received(), vec![refund(json!({ "amount": euro(60) }))]),
            refund(json!({ "amount": euro(61) })),
            422,
            "invoicing.refund_reference_used",
        ),
        (after(received(), vec![refund(json!({}))]), reverse(), 422, "invoicing.payment_refunded"),
        (after(received(), vec![reverse()]), refund(json!({})), 422, "invoicing.payment_reversed"),
        (after(received(), vec![spend.clone()]), reverse(), 422, "invoicing.credit_insufficient"),
        (received(), ("customer-account/c-1", "erase-customer", json!({ "reason": "x" })), 422, "invoicing.credit_left"),
        (
            after(received(), vec![spend.clone()]),
            ("customer-account/c-1", "refund-credit", json!({ "amount": euro(61), "reference": "r-9" })),
            422,
            "invoicing.refund_reference_used",
        ),
        (vec![], spend, 404, "invoicing.not_found"),
    ]
}

fn bills() -> Vec<(Vec<Command>, Command, u16, &'static str)> {
    let enter = |change: Value| ("bill/b", "enter", bill(&change));
    let approve = || ("bill/b", "approve", json!({}));
    let pay = |amount: i64| ("bill/b", "record-payment", paid(amount));
    let back = || ("bill/b", "reverse-payment", json!({ "reference": "p-1", "reason": "closed" }));
    let dispute = |reason: &str| ("bill/b", "dispute", json!({ "reason": reason }));
    let refund = |amount: i64| ("bill/b", "record-refund", json!({ "amount": euro(amount), "reference": "f-1" }));
    let credit = |amount: i64| ("bill/b", "credit", json!({ "amount": euro(amount), "reference": "g-1" }));
    let reason = || json!({ "reason": "x" });
    let row =
        || json!({ "supplier_number": "K-1", "supplier_name": "Brass", "date": "2026-02-01", "description": "x", "unit_price": euro(5) });
    vec![
        (vec![enter(json!({}))], ("bill/c", "enter", bill(&json!({ "supplier_number": "r-1" }))), 409, "invoicing.duplicate"),
        (vec![], enter(json!({ "due_date": "2026-01-01" })), 422, "invoicing.due_before_date"),
        (vec![], enter(json!({ "total": euro(1) })), 422, "invoicing.bill_total_differs"),
        (vec![enter(json!({ "lines": [] }))], approve(), 422, "invoicing.bill_without_lines"),
        (vec![enter(json!({ "lines": [line("x", -5)] }))], approve(), 422, "invoicing.bill_total_negative"),
        (vec![enter(json!({})), dispute("short")], approve(), 422, "invoicing.bill_disputed"),
        (vec![enter(json!({})), dispute("short")], dispute("late"), 422, "invoicing.bill_disputed_already"),
        (vec![enter(json!({}))], pay(1), 422, "invoicing.bill_not_approved"),
        (vec![enter(json!({}))], ("bill/b", "add-line", line("x", 1)), 422, "invoicing.line_id_missing"),
        (vec![("bill/b", "import-line", row())], ("bill/b", "import-line", row()), 422, "invoicing.line_repeated"),
        (
            vec![],
            ("bill/0197f3c2-8a10-7cc3-98c4-dc0c0c07398f", "import-line", with(row(), &json!({ "supplier_number": null }))),
            422,
            "invoicing.number_missing",
        ),
        (approved(), ("bill/b", "update", json!({ "note": "x" })), 422, "invoicing.bill_approved"),
        (approved(), pay(11_901), 422, "invoicing.more_than_open"),
        (after(approved(), vec![pay(1)]), pay(2), 422, "invoicing.payment_reference_used"),
        (after(approved(), vec![pay(1), back()]), pay(1), 422, "invoicing.payment_reversed"),
        (approved(), back(), 422, "invoicing.payment_unknown"),
        (after(approved(), vec![pay(1)]), ("bill/b", "void", reason()), 422, "invoicing.bill_settled"),
        (after(approved(), vec![("bill/b", "void", reason())]), pay(1), 422, "invoicing.bill_voided"),
        (approved(), refund(1), 422, "invoicing.more_than_owed"),
        (after(approved(), vec![pay(11_900), credit(20), refund(10)]), refund(11), 422, "invoicing.refund_reference_used"),
        (after(approved(), vec![credit(20)]), credit(21), 422, "invoicing.credit_reference_used"),
    ]
}

fn definitions() -> Vec<(Vec<Command>, Command, u16, &'static str)> {
    let series = |body: Value| ("number-series/s", "define", body);
    let issuer = |change: Value| ("issuer/default", "define", with(json!({ "name": "Engines" }), &change));
    let used = || {
        let draft = ("invoice/i", "draft", invoice(&json!({ "series": "s" })));
        vec![series(json!({ "prefix": "S-" })), draft, ("invoice/i", "finalize", json!({}))]
    };
    vec![
        (vec![], series(json!({ "prefix": "a/b" })), 422, "invoicing.series_prefix_invalid"),
        (vec![], series(json!({ "prefix": "S-", "padding": 13 })), 422, "invoicing.series_padding_invalid"),
        (vec![], series(json!({ "prefix": "S-", "next_number": 0 })), 422, "invoicing.series_next_number_invalid"),
        (used(), series(json!({ "prefix": "S-", "next_number": 9 })), 422, "invoicing.series_in_use"),
        (vec![series(json!({ "prefix": "S-" }))], ("number-series/t", "define", json!({ "prefix": "s-" })), 409, "invoicing.duplicate"),
        (
            vec![drafted(), ("number-series/default", "define", json!({ "prefix": "X-" })), ("number-series/default", "retire", json!({}))],
            ("invoice/i", "finalize", json!({})),
            422,
            "invoicing.series_retired",
        ),
        (vec![], ("issuer/other", "define", json!({ "name": "x" })), 422, "invoicing.issuer_unknown"),
        (vec![], ("issuer/default", "define", json!({ "phone": "1" })), 422, "invoicing.issuer_without_name"),
        (vec![], issuer(json!({ "payment_terms_days": 400 })), 422, "invoicing.payment_terms_invalid"),
        (vec![], issuer(json!({ "reminder_days": [7, 7] })), 422, "invoicing.reminder_days_invalid"),
    ]
}

/// Refusals that need hundreds of accepted commands first; the limits are tested beside the aggregates.
const LIMITS: [&str; 2] = ["too_many_payments", "too_many_refunds"];
/// Refusals for states that no sequence of commands reaches: the command is refused as `not_found` before.
const NEVER: [&str; 2] = ["invoice_not_drafted", "bill_not_entered"];

/// The codes that the sources declare.
fn declared() -> BTreeSet<&'static str> {
    let sources = [
        include_str!("../../../../domain/src/invoicing/amounts.rs"),
        include_str!("../../../../domain/src/invoicing/bill/mod.rs"),
        include_str!("../../../../domain/src/invoicing/credits.rs"),
        include_str!("../../../../domain/src/invoicing/customer_account.rs"),
        include_str!("../../../../domain/src/invoicing/customer_payment/mod.rs"),
        include_str!("../../../../domain/src/invoicing/invoice/mod.rs"),
        include_str!("../../../../domain/src/invoicing/issuer.rs"),
        include_str!("../../../../domain/src/invoicing/lines.rs"),
        include_str!("../../../../domain/src/invoicing/number_series.rs"),
        include_str!("../../../../domain/src/invoicing/values.rs"),
    ];
    let rejections = sources.iter().flat_map(|source| source.split("rejections! {").skip(1));
    let lines = rejections.flat_map(|block| block.lines().take_while(|line| *line != "}"));
    let codes = lines.filter_map(|line| line.split_once(" => \"")?.1.split_once("\" [").map(|(code, _)| code));
    codes.collect()
}

#[tokio::test]
async fn every_refusal_reaches_the_client_with_its_code() {
    let books = Books::open().await;
    let cases = [drafts(), settlements(), payments(), bills(), definitions()].concat();
    let mut seen = BTreeSet::new();
    for (steps, (aggregate, command, body), status, code) in cases {
        // Each case has a tenant of its own.
        let client = books.gateway.client("member").await;
        for (aggregate, command, body) in steps {
            let answer = client.post(&format!("/v1/invoicing/{aggregate}/{command}"), &body.to_string()).await;
            assert_eq!(answer.status.as_u16(), 200, "before {code}: {aggregate} {command} {body}: {}", answer.text());
        }
        let uri = format!("/v1/invoicing/{aggregate}/{command}");
        let answer = client.post(&uri, &body.to_string()).await;
        assert_eq!((answer.status.as_u16(), answer.json()["code"].as_str()), (status, Some(code)), "{uri} {body}: {}", answer.text());
        answer.is_problem(status, code);
        if code.starts_with("invoicing.") && status == 422 {
            assert!(!answer.json()["fields"].as_array().unwrap().is_empty(), "{code} names the fields at fault");
        }
        seen.insert(code.trim_start_matches("invoicing."));
    }
    let missed: Vec<_> =
        declared().into_iter().filter(|code| !seen.contains(code) && !LIMITS.contains(code) && !NEVER.contains(code)).collect();
    assert!(missed.is_empty(), "never refused with: {missed:?}");
    books.close().await;
}

#[tokio::test]
async fn sending_a_command_twice_has_its_effect_once() {
    let books = Books::open().await;
    books.invoice("i", "2026-02-01", &[line("Engine", 10_000)]).await;
    for (command, body) in [
        ("record-payment", paid(20_000)),
        ("apply-credit", json!({ "reference": "a-1", "amount": euro(1) })),
        ("finalize", json!({ "date": "2026-02-01" })),
        ("check-due", json!({})),
    ] {
        let first = books.send("invoice/i", command, &body).await;
        let second = books.send("invoice/i", command, &body).await;
        if first.status.is_success() {
            assert_eq!(second.json()["events"], json!([]), "{command}: {}", second.text());
        } else {
            assert_eq!(first.json()["code"], second.json()["code"], "{command}");
        }
    }
    let row = books.row("invoice-list/i").await;
    assert_eq!(super::fields(&row, &["open_minor", "paid_minor", "excess_minor"]), [json!(0), json!(11_900), json!(8_100)]);
    books.close().await;
}
