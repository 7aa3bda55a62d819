//! A limited account under concurrency.

use axum::http::StatusCode;
use serde_json::json;

use super::books::{Books, entry, euros};

#[tokio::test]
async fn concurrent_postings_and_holds_never_overdraw_a_limited_account() {
    let books = Books::open().await.projecting().await;
    books.done("account/w-1/open", &json!({ "name": "Wallet", "type": "liability", "limit": euros(0) })).await;
    books.done("journal-entry/in/post", &entry("2024-03-31", "1100", "w-1", 1_000)).await;
    let spend = |number: usize| {
        let books = &books;
        async move {
            loop {
                let answer = if number.is_multiple_of(2) {
                    books.send(&format!("journal-entry/out-{number}/post"), &entry("2024-03-31", "w-1", "1100", 100)).await
                } else {
                    let body = json!({ "account": "w-1", "amount": euros(100), "timeout_seconds": 3600 });
                    books.send(&format!("hold/out-{number}/reserve"), &body).await
                };
                // Whoever loses every race is asked to come again.
                if answer.status != StatusCode::SERVICE_UNAVAILABLE && answer.status != StatusCode::TOO_MANY_REQUESTS {
                    break answer;
                }
            }
        }
    };
    let answers = futures::future::join_all((0..48).map(spend)).await;
    let (accepted, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == StatusCode::OK);
    for answer in &refused {
        answer.is_problem(422, "accounting.limit_exceeded");
    }
    assert_eq!((accepted.len(), refused.len()), (10, 38));
    let wallet = books.one("account-balance?account=w-1").await;
    assert_eq!(wallet["balance_minor"].as_i64().unwrap(), wallet["pending_minor"].as_i64().unwrap(), "{wallet}");
    books.stop().await;
}

#[tokio::test]
async fn postings_to_ordinary_accounts_do_not_wait_for_each_other() {
    let books = Books::open().await.projecting().await;
    let commands: Vec<_> = (0..500)
        .map(|number| (format!("journal-entry/e-{number}"), "post".to_owned(), entry("2024-03-31", "1500", "4000", number + 1)))
        .collect();
    books.all_done(&commands).await;
    let sales = books.one("account-balance?account=4000").await;
    assert_eq!(sales["balance_minor"], 500 * 501 / 2);
    books.stop().await;
}
