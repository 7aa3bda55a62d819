//! Books in one currency, and what comes in another one.

use serde_json::{Value, json};

use super::books::Books;

fn money(amount_minor: i64, currency: &str) -> Value {
    json!({ "amount_minor": amount_minor, "currency": currency })
}

#[tokio::test]
async fn an_invoice_in_a_currency_that_is_new_to_the_books_is_posted() {
    let books = Books::empty().await.projecting().await;
    books.done("chart/default/apply-template", &json!({ "template": "trading_company", "currency": "GBP" })).await;
    for (id, currency) in [("home", "GBP"), ("abroad", "USD")] {
        let line = json!({ "description": "Engine", "unit_price": money(100, currency), "tax_rate_percent": 20 });
        let draft = json!({ "customer_id": "c-1", "customer_name": "Ada", "currency": currency, "lines": [line] });
        books.elsewhere(&format!("invoicing/invoice/{id}/draft"), &draft).await;
        books.elsewhere(&format!("invoicing/invoice/{id}/finalize"), &json!({ "date": "2024-03-31" })).await;
    }
    assert_eq!(books.follow().await, [""; 0]);
    let balances: Vec<_> = books
        .read("trial-balance?as_of=2024-12-31")
        .await
        .iter()
        .filter(|row| row["debit_minor"] != row["credit_minor"])
        .map(|row| (row["account"].as_str().unwrap().to_owned(), row["debit_balance_minor"].clone(), row["credit_balance_minor"].clone()))
        .collect();
    let of = |account: &str, debit: i64, credit: i64| (account.to_owned(), json!(debit), json!(credit));
    let mut expected = vec![of("1200", 120, 0), of("2100", 0, 20), of("4000", 0, 100)];
    expected.extend([of("1200-USD", 120, 0), of("2100-USD", 0, 20), of("4000-USD", 0, 100)]);
    expected.sort_by(|a, b| a.0.cmp(&b.0));
    let mut found = balances;
    found.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(found, expected);

    let roles = books.read("posting-role-list?currency=USD&limit=100").await;
    assert_eq!(roles.len(), 3, "{roles:?}");
    // The rest of the set is opened where somebody asks for it, and what is there stays.
    books.done("chart/default/apply-template", &json!({ "template": "trading_company", "currency": "USD" })).await;
    assert_eq!(books.read("posting-role-list?currency=USD&limit=100").await.len(), 20);
    let debts = books.read("aged-receivables?as_of=2024-04-01").await;
    assert_eq!(
        debts.iter().map(|row| (row["currency"].clone(), row["total_minor"].clone())).collect::<Vec<_>>(),
        [(json!("GBP"), json!(120)), (json!("USD"), json!(120))]
    );
    books.stop().await;
}
