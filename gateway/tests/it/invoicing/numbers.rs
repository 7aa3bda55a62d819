//! Numbers without gaps, whoever takes them at the same time.

use std::collections::BTreeSet;
use std::time::Duration;

use axum::http::StatusCode;
use futures::future::join_all;
use serde_json::json;

use super::{Books, line};

/// Finalises an invoice as a client does: a 503 asks to come back.
async fn finalize(books: &Books, id: &str) -> u32 {
    for attempt in 1..100 {
        let answer = books.send(&format!("invoice/{id}"), "finalize", &json!({ "date": "2026-03-01" })).await;
        if answer.status != StatusCode::SERVICE_UNAVAILABLE {
            assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
            return attempt;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{id} is never final");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thirty_two_invoices_that_become_final_at_once_have_the_numbers_1_to_32() {
    let books = Books::open().await;
    let ids: Vec<String> = (0..32).map(|number| format!("i-{number}")).collect();
    for id in &ids {
        let draft = json!({ "customer_id": "c-1", "customer_name": "Ada", "currency": "EUR", "lines": [line("Engine", 1_000)] });
        books.must(&format!("invoice/{id}"), "draft", &draft).await;
    }
    let attempts = join_all(ids.iter().map(|id| finalize(&books, id))).await;
    println!("{} of 32 clients had to come back", attempts.iter().filter(|attempts| **attempts > 1).count());
    let rows = books.rows("invoice-list?sort=number&limit=100&fields=id,number").await;
    let numbers: Vec<&str> = rows.iter().map(|row| row["number"].as_str().unwrap()).collect();
    let expected: Vec<String> = (1..=32).map(|number| format!("INV-{number:04}")).collect();
    assert_eq!(numbers, expected);
    assert_eq!(rows.iter().map(|row| row["id"].as_str().unwrap()).collect::<BTreeSet<_>>().len(), 32);
    let series = books.row("number-series-list/default").await;
    assert_eq!((&series["taken"], &series["last_number"]), (&json!(32), &json!("INV-0032")));
    books.close().await;
}

#[tokio::test]
async fn a_refused_invoice_takes_no_number() {
    let books = Books::open().await;
    books.must("number-series/shop", "define", &json!({ "prefix": "S-", "yearly": true })).await;
    let draft = json!({ "customer_id": "c-1", "customer_name": "Ada", "currency": "EUR", "series": "shop" });
    for id in ["a", "b"] {
        books.must(&format!("invoice/{id}"), "draft", &draft).await;
        books.send(&format!("invoice/{id}"), "finalize", &json!({})).await.is_problem(422, "invoicing.invoice_without_lines");
    }
    let lines = super::with(line("Engine", 1_000), &json!({ "line_id": "1" }));
    books.must("invoice/b", "add-line", &lines).await;
    books.must("invoice/b", "finalize", &json!({ "date": "2025-12-31" })).await;
    assert_eq!(books.row("invoice-list/b").await["number"], "S-2025-0001");
    books.close().await;
}
