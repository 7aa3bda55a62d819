//! Rebuilt tables equal the live ones, and applying events again changes nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use platform::postgres::begin_worker;
use projections::runtime::rebuild::rebuild;
use projections::runtime::{LogReader, Place, Projection};
use serde_json::json;

use super::books::{Books, entry, euros, line};

/// The rows of every table of the projections, as text.
async fn rows(books: &Books) -> BTreeMap<String, Vec<String>> {
    let mut all = BTreeMap::new();
    for projection in (projections::accounting::CONTEXT.projections)() {
        for table in projection.tables() {
            let statement = format!("SELECT to_jsonb(t)::text FROM {table} t ORDER BY 1");
            all.insert((*table).to_owned(), sqlx::query_scalar(&statement).fetch_all(&books.gateway.db.worker).await.unwrap());
        }
    }
    all
}

/// Everything that happens in the life of a ledger, days out of order.
async fn eventful() -> Books {
    let books = Books::open().await.projecting().await;
    books.done("account/w-1/open", &json!({ "name": "Wallet", "type": "liability", "limit": euros(0) })).await;
    let dates = ["2024-03-31", "2023-01-15", "2024-02-29", "2023-01-15", "2023-12-31"];
    for (number, date) in dates.iter().enumerate() {
        let body = json!({ "date": date, "party": "c-1", "reference": format!("R-{}", number % 2),
            "lines": [line("1200", "debit", 100), line("4000", "credit", 60), line("w-1", "credit", 40)] });
        books.done(&format!("journal-entry/e-{number}/post"), &body).await;
    }
    let mut payment = entry("2024-03-31", "1100", "1200", 30);
    payment["party"] = json!("c-1");
    books.done("journal-entry/p/post", &payment).await;
    books.posted_by("inventory.ledger", "s", &entry("2024-03-31", "1300", "2050", 30)).await;
    payment["source"] = json!("invoicing");
    books.posted_by("invoicing.ledger", "i", &payment).await;
    books.done("journal-entry/e-1/attach-evidence", &json!({ "name": "a", "sha256": "ab".repeat(32) })).await;
    books.done("journal-entry/e-1/reverse", &json!({ "date": "2024-01-01" })).await;
    books.done("journal-entry/e-1/attach-evidence", &json!({ "name": "b", "sha256": "cd".repeat(32) })).await;
    for (id, command) in [("a", "post"), ("b", "void"), ("c", "expire")] {
        let reserve = json!({ "account": "w-1", "amount": euros(20), "timeout_seconds": 3600 });
        books.done(&format!("hold/{id}/reserve"), &reserve).await;
        let body = if command == "post" { json!({ "role": "bank", "date": "2024-03-31" }) } else { json!({}) };
        books.done(&format!("hold/{id}/{command}"), &body).await;
    }
    books.done("account/6100/close", &json!({})).await;
    books.done("posting-profile/default/set-role", &json!({ "role": "cash", "account": "1100" })).await;
    books.done("period/default/close-through", &json!({ "date": "2023-01-31" })).await;
    // The projections have followed.
    assert_eq!(books.read("hold-list").await.len(), 3);
    books.read("stock-check-list").await;
    books.read("subledger-check-list").await;
    books
}

#[tokio::test]
async fn rebuilt_tables_equal_the_live_ones() {
    let books = eventful().await;
    let live = rows(&books).await;
    assert!(live.values().all(|rows| !rows.is_empty()), "every table has rows");
    for projection in (projections::accounting::CONTEXT.projections)() {
        let report = rebuild(&books.gateway.db.worker, projection.as_ref(), |_| {}).await.unwrap();
        assert_eq!((report.version, report.parked_keys), (2, 0));
    }
    assert_eq!(rows(&books).await, live);
    books.stop().await;
}

#[tokio::test]
async fn applying_all_events_again_changes_nothing() {
    let books = eventful().await;
    let live = rows(&books).await;
    let log = LogReader::new(books.gateway.db.worker.clone());
    let places: Vec<(Place, i64)> =
        log.heads().await.unwrap().into_keys().filter(|place| place.context == "accounting").map(|place| (place, 0)).collect();
    let events = log.after(&places, 10_000).await.unwrap();
    for projection in (projections::accounting::CONTEXT.projections)() {
        let projection: Arc<dyn Projection> = Arc::from(projection);
        let mut tx = begin_worker(&books.gateway.db.worker).await.unwrap();
        projection.apply(&mut tx, 1, &events).await.unwrap();
        tx.commit().await.unwrap();
    }
    assert_eq!(rows(&books).await, live);
    books.stop().await;
}
