//! Every refusal of the context, as a client sees it.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::books::{Books, entry, euros, line};

/// A command, and the code that it must be refused with; none where it must be accepted.
type Step = (&'static str, Value, Option<&'static str>);

async fn play(books: &Books, steps: Vec<Step>) {
    for (command, body, refusal) in steps {
        let answer = books.send(command, &body).await;
        match refusal {
            None => assert_eq!(answer.status, StatusCode::OK, "{command} {body}: {}", answer.text()),
            Some(code) => {
                let status = match code {
                    "already_exists" => 409,
                    "not_found" => 404,
                    _ => 422,
                };
                answer.is_problem(status, &format!("accounting.{code}"));
                let faults = answer.json()["fields"].as_array().map_or(0, Vec::len);
                assert!(faults > 0, "{command} {body}: {}", answer.text());
            }
        }
    }
}

fn posting(lines: &Value) -> Value {
    json!({ "date": "2024-03-31", "lines": lines })
}

fn with(mut body: Value, field: &str, value: &str) -> Value {
    body[field] = json!(value);
    body
}

fn dollars(amount_minor: i64) -> Value {
    json!({ "amount_minor": amount_minor, "currency": "USD" })
}

#[tokio::test]
async fn postings_are_refused_with_the_reason() {
    let books = Books::open().await;
    let post = "journal-entry/e/post";
    let pair = |debit: Value, credit: Value| posting(&json!([debit, credit]));
    let too_many: Vec<Value> = (0..202).map(|number| line("1100", if number % 2 == 0 { "debit" } else { "credit" }, 1)).collect();
    let in_dollars = |side: &str| json!({ "account": "1100", "side": side, "amount": dollars(1) });
    let role = |role: &str| json!({ "role": role, "side": "credit", "amount": dollars(1) });
    play(
        &books,
        vec![
            (post, posting(&json!([])), Some("too_few_lines")),
            (post, posting(&json!([line("1100", "debit", 1)])), Some("too_few_lines")),
            (post, posting(&json!(too_many)), Some("too_many_lines")),
            (post, pair(line("1100", "debit", 0), line("4000", "credit", 0)), Some("amount_out_of_range")),
            (post, pair(line("1100", "debit", 2), line("4000", "credit", 1)), Some("unbalanced")),
            (post, entry("2199-01-01", "1100", "4000", 1), Some("future_date")),
            (post, pair(line("1100", "debit", 1), json!({ "side": "credit", "amount": euros(1) })), Some("line_without_account")),
            (post, pair(in_dollars("debit"), role("bank")), Some("currency_mismatch")),
            (post, pair(line("1200", "debit", 1), line("4000", "credit", 1)), Some("party_missing")),
            (post, entry("2024-03-31", "1300", "1100", 1), Some("inventory_posted_by_hand")),
            (post, with(entry("2024-03-31", "1100", "4000", 1), "source", "invoicing"), Some("source_reserved")),
            (post, entry("2024-03-31", "1100", "4711", 1), Some("account_unknown")),
            ("account/6100/close", json!({}), None),
            (post, entry("2024-03-31", "6100", "1100", 1), Some("account_closed")),
            ("period/default/close-through", json!({ "date": "2024-02-29" }), None),
            (post, entry("2024-02-29", "1000", "1100", 1), Some("period_closed")),
            (post, entry("2024-03-01", "1000", "1100", 1), None),
            (post, entry("2024-03-01", "1000", "1100", 1), Some("already_exists")),
            ("account/w-1/open", json!({ "name": "Wallet", "type": "liability", "limit": euros(0) }), None),
            ("journal-entry/f/post", entry("2024-03-31", "w-1", "1100", 1), Some("limit_exceeded")),
        ],
    )
    .await;
    books.stop().await;
}

#[tokio::test]
async fn what_is_wrong_with_an_entry_that_was_posted_is_said() {
    let books = Books::open().await;
    let evidence = |number: u32| json!({ "name": "receipt.pdf", "sha256": format!("{number:064x}") });
    let no_amount = json!([{ "account": "1100" }, { "account": "4000", "amount": euros(1) }]);
    play(
        &books,
        vec![
            ("journal-entry/e/reverse", json!({}), Some("not_found")),
            ("journal-entry/e/post", entry("2024-03-31", "1100", "4000", 1), None),
            ("journal-entry/e/reverse", json!({ "date": "2024-03-30" }), Some("reversal_before_entry")),
            ("journal-entry/e/reverse", json!({ "date": "2024-04-01" }), None),
            ("journal-entry/e/reverse", json!({ "date": "2024-04-01" }), Some("already_reversed")),
            ("journal-entry/e/attach-evidence", json!({ "name": "x", "sha256": "abc" }), Some("invalid_sha256")),
            ("journal-entry/f/post-opening-balance", json!({ "date": "2024-01-01", "account": "1100" }), Some("balance_missing")),
            ("journal-entry/f/post-journal", posting(&no_amount), Some("line_without_amount")),
        ],
    )
    .await;
    for number in 0..50 {
        books.done("journal-entry/e/attach-evidence", &evidence(number)).await;
    }
    play(&books, vec![("journal-entry/e/attach-evidence", evidence(50), Some("too_much_evidence"))]).await;
    books.stop().await;
}

#[tokio::test]
async fn a_role_that_no_template_of_the_chart_has_is_unassigned() {
    let books = Books::empty().await;
    books.done("chart/default/apply-template", &json!({ "template": "service_company", "currency": "EUR" })).await;
    let goods = json!({ "role": "cost_of_goods_sold", "side": "debit", "amount": euros(1) });
    play(&books, vec![("journal-entry/e/post", posting(&json!([goods, line("1100", "credit", 1)])), Some("role_unassigned"))]).await;
    books.stop().await;
}

#[tokio::test]
async fn what_a_process_has_posted_is_not_undone_by_hand() {
    let books = Books::open().await;
    let body = with(entry("2024-03-31", "1100", "4000", 1), "source", "invoicing");
    books.posted_by("invoicing.ledger", "e", &body).await;
    play(&books, vec![("journal-entry/e/reverse", json!({}), Some("entry_of_another_context"))]).await;
    books.stop().await;
}

#[tokio::test]
async fn accounts_are_refused_with_the_reason() {
    let books = Books::empty().await;
    let open = |more: Value| {
        let mut body = json!({ "name": "Wallet", "type": "liability", "currency": "EUR" });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    play(
        &books,
        vec![
            ("account/open", open(json!({})), Some("invalid_code")),
            ("account/w-1/open", json!({ "name": "Wallet", "type": "liability" }), Some("currency_missing")),
            ("account/w-1/open", open(json!({ "subtype": "bank" })), Some("subtype_mismatch")),
            ("account/w-1/open", open(json!({ "limit": dollars(0) })), Some("limit_currency_mismatch")),
            ("account/w-1/open", open(json!({ "limit": euros(-1) })), Some("limit_out_of_range")),
            ("account/w-1/open", open(json!({ "limit": euros(100) })), None),
            ("account/w-1/open", open(json!({})), Some("already_exists")),
            ("account/w-2/open", open(json!({})), None),
            ("account/w-2/set-limit", json!({ "limit": euros(1) }), Some("account_not_limited")),
            ("account/none/rename", json!({ "name": "x" }), Some("not_found")),
            ("hold/h/reserve", json!({ "account": "w-1", "amount": euros(60), "timeout_seconds": 3600 }), None),
            ("account/w-1/close", json!({}), Some("account_has_holds")),
            ("posting-profile/default/set-role", json!({ "role": "customer_credit", "account": "w-2" }), None),
            ("account/w-2/close", json!({}), Some("account_plays_role")),
        ],
    )
    .await;
    books.stop().await;
}

#[tokio::test]
async fn chart_profile_and_calendar_are_refused_with_the_reason() {
    let books = Books::empty().await;
    let template = |currency: &str| json!({ "template": "service_company", "currency": currency });
    play(
        &books,
        vec![
            ("chart/second/apply-template", template("EUR"), Some("only_default")),
            ("posting-profile/second/set-role", json!({ "role": "bank", "account": "1100" }), Some("only_default")),
            ("period/second/open", json!({}), Some("only_default")),
            ("posting-profile/default/set-role", json!({ "role": "bank", "account": "1100" }), Some("account_unknown")),
            ("account/1100/open", json!({ "name": "Owed", "type": "liability", "currency": "EUR" }), None),
            ("chart/default/apply-template", template("EUR"), Some("template_conflict")),
            ("posting-profile/default/set-role", json!({ "role": "bank", "account": "1100" }), Some("role_account_mismatch")),
            ("account/1100/close", json!({}), None),
            ("posting-profile/default/set-role", json!({ "role": "bank", "account": "1100" }), Some("account_closed")),
            ("period/default/close-through", json!({ "date": "2024-01-31" }), Some("not_found")),
            ("period/default/open", json!({ "fiscal_year_start_month": 13 }), Some("invalid_month")),
            ("period/default/open", json!({ "first_day": "2024-01-01" }), None),
            ("period/default/open", json!({ "first_day": "2024-02-01" }), Some("calendar_in_use")),
            ("period/default/close-through", json!({ "date": platform::clock::now().date_naive() }), Some("day_not_over")),
            ("period/default/reopen", json!({ "from": "2023-12-31", "reason": "x" }), Some("before_first_day")),
        ],
    )
    .await;
    books.stop().await;
}

#[tokio::test]
async fn a_chart_takes_no_more_than_twenty_currencies() {
    let books = Books::open().await;
    let template = |currency: &str| json!({ "template": "service_company", "currency": currency });
    let codes = "USD GBP CHF JPY SEK NOK DKK PLN CZK HUF RON BGN CAD AUD NZD INR CNY BRL MXN";
    for code in codes.split(' ') {
        books.done("chart/default/apply-template", &template(code)).await;
    }
    play(&books, vec![("chart/default/apply-template", template("ZAR"), Some("too_many_currencies"))]).await;
    books.stop().await;
}

#[tokio::test]
async fn holds_are_refused_with_the_reason() {
    let books = Books::open().await;
    let reserve = |seconds: u32| json!({ "account": "1100", "amount": euros(60), "timeout_seconds": seconds });
    play(
        &books,
        vec![
            ("hold/h/reserve", reserve(0), Some("timeout_out_of_range")),
            ("hold/h/reserve", reserve(3600), None),
            ("hold/h/post", json!({ "account": "6500", "amount": euros(61) }), Some("hold_exceeded")),
            ("hold/h/post", json!({ "account": "6500", "amount": euros(60) }), None),
            ("hold/h/void", json!({}), Some("hold_resolved")),
            ("hold/h/post", json!({ "account": "6500" }), Some("hold_resolved")),
            ("hold/none/void", json!({}), Some("not_found")),
            ("hold/short/reserve", reserve(1), None),
        ],
    )
    .await;
    // A hold of one second: until then the post is refused for want of an account, and afterwards for want of time.
    let expired = loop {
        let answer = books.send("hold/short/post", &json!({})).await;
        match answer.json()["code"].as_str() {
            Some("accounting.line_without_account") => tokio::task::yield_now().await,
            _ => break answer,
        }
    };
    expired.is_problem(422, "accounting.hold_expired");
    assert_eq!(books.done("hold/short/expire", &json!({})).await["events"][0]["type"], "accounting.hold_expired.v1");
    books.stop().await;
}
