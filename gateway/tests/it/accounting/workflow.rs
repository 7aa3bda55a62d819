//! Commands and the read models that follow them.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::books::{Books, entry, euros, line};

#[tokio::test]
async fn a_template_brings_accounts_roles_and_a_calendar() {
    let books = Books::open().await.projecting().await;
    let again = books.done("chart/default/apply-template", &json!({ "template": "trading_company", "currency": "EUR" })).await;
    assert_eq!(again["events"], json!([]));
    let accounts = books.read("account-list?limit=1000").await;
    let bank = accounts.iter().find(|row| row["id"] == "1100").unwrap();
    assert_eq!((&bank["type"], &bank["subtype"], &bank["normal_side"]), (&json!("asset"), &json!("bank"), &json!("debit")));
    let roles = books.read("posting-role-list?limit=1000").await;
    assert_eq!(roles.len(), 20);
    assert!(roles.iter().all(|role| accounts.iter().any(|account| account["id"] == role["account"])));
    assert_eq!(books.one("period-list").await["fiscal_year_start_month"], 1);
    let found = books.read("account-list?q=receivable").await;
    assert!(found.iter().any(|row| row["control"] == "receivable"), "{found:?}");
    books.stop().await;
}

#[tokio::test]
async fn an_entry_is_listed_reversed_and_documented() {
    let books = Books::open().await.projecting().await;
    let body = json!({
        "date": "2024-03-31", "description": "Invoice", "reference": "R-1", "source": "shop", "party": "c-7",
        "lines": [
            { "role": "accounts_receivable", "side": "debit", "amount": euros(119) },
            line("4000", "credit", 100),
            { "account": "2100", "side": "credit", "amount": euros(19), "memo": "19 %" }
        ]
    });
    let posted = books.done("journal-entry/e-1/post", &body).await;
    books.done("journal-entry/e-1/attach-evidence", &json!({ "name": "r-1.pdf", "sha256": "ab".repeat(32) })).await;
    let reversed = books.done("journal-entry/e-1/reverse", &json!({ "date": "2024-04-01" })).await;
    assert_eq!(reversed["events"].as_array().unwrap().len(), 2);
    let entries = books.read("journal-entry-list?sort=position").await;
    let (first, second) = (&entries[0], &entries[1]);
    assert_eq!((&first["total_minor"], &first["currency"], &first["version"]), (&json!(119), &json!("EUR"), &json!(3)));
    assert_eq!((&first["posted_by"], &first["position"]), (&json!("tester"), &posted["events"][0]["position"]));
    assert_eq!((&first["reversed_by"], &first["reversed_on"]), (&second["id"], &json!("2024-04-01")));
    assert_eq!((&second["reverses"], first["evidence"][0]["name"].as_str()), (&json!("e-1"), Some("r-1.pdf")));
    let lines = books.read("ledger-line-list?sort=id").await;
    let shown: Vec<_> = lines.iter().map(|row| (row["account"].as_str().unwrap(), row["debit_minor"].as_i64().unwrap())).collect();
    assert_eq!(shown, [("1200", 119), ("4000", 0), ("2100", 0), ("1200", 0), ("4000", 100), ("2100", 19)]);
    assert_eq!((&lines[0]["party"], &lines[0]["item"], &lines[2]["memo"]), (&json!("c-7"), &json!("R-1"), &json!("19 %")));
    assert!(books.read("trial-balance").await.iter().all(|row| row["debit_minor"] == row["credit_minor"]));
    books.stop().await;
}

#[tokio::test]
async fn holds_are_listed_and_count_as_pending() {
    let books = Books::open().await.projecting().await;
    books.done("account/w-1/open", &json!({ "name": "Wallet", "type": "liability", "limit": euros(0) })).await;
    books.done("journal-entry/in/post", &entry("2024-03-31", "1100", "w-1", 100)).await;
    let reserve = |account: &str, amount: i64| json!({ "account": account, "amount": euros(amount), "timeout_seconds": 3600 });
    for (id, account, amount) in [("a", "w-1", 60), ("b", "w-1", 40), ("c", "1100", 10)] {
        books.done(&format!("hold/{id}/reserve"), &reserve(account, amount)).await;
    }
    assert_eq!(books.one("account-balance?account=w-1").await["pending_minor"], 100);
    books.done("hold/a/post", &json!({ "account": "4000", "amount": euros(45) })).await;
    books.done("hold/b/void", &json!({})).await;
    let wallet = books.one("account-balance?account=w-1").await;
    assert_eq!((&wallet["pending_minor"], &wallet["balance_minor"]), (&json!(0), &json!(55)));
    let status =
        |row: &Value| (row["id"].as_str().unwrap().to_owned(), row["status"].as_str().unwrap().to_owned(), row["due_at"].is_null());
    let holds: Vec<_> = books.read("hold-list?sort=id").await.iter().map(status).collect();
    let expected = [("a", "posted", true), ("b", "voided", true), ("c", "pending", false)];
    assert_eq!(holds, expected.map(|(id, status, resolved)| (id.to_owned(), status.to_owned(), resolved)));
    assert_eq!(books.one("account-balance?account=1100").await["pending_minor"], 10);
    // A hold whose time is not up does not expire.
    assert_eq!(books.done("hold/c/expire", &json!({})).await["events"], json!([]));
    books.stop().await;
}

#[tokio::test]
async fn what_other_contexts_and_imports_post_needs_no_knowledge_of_the_chart() {
    let books = Books::open().await.projecting().await;
    books
        .done("journal-entry/o-1/post-opening-balance", &json!({ "date": "2024-01-01", "account": "1100 Bank", "balance": euros(500) }))
        .await;
    let rent = json!({ "date": "2024-01-31", "account": "6100", "contra_account": "1100", "side": "S", "amount": euros(120) });
    books.done("journal-entry/p-1/post-pair", &rent).await;
    let wages = json!({ "date": "2024-01-31", "lines": [
        { "account": "6000 Wages", "debit": euros(300) }, { "account": "1100", "credit": euros(300) }
    ] });
    books.done("journal-entry/j-1/post-journal", &wages).await;
    let sheet = books.one("balance-sheet?as_of=2024-01-31").await;
    assert_eq!(
        (&sheet["assets_minor"], &sheet["equity_minor"], &sheet["current_year_result_minor"]),
        (&json!(80), &json!(500), &json!(-420))
    );
    let zero = books
        .done("journal-entry/o-2/post-opening-balance", &json!({ "date": "2024-01-01", "account": "1200", "balance": euros(0) }))
        .await;
    assert_eq!(zero["events"], json!([]));
    books.stop().await;
}

#[tokio::test]
async fn closed_accounts_and_days_open_again() {
    let books = Books::open().await;
    for (command, body) in [
        ("account/6100/close", json!({})),
        ("account/6100/reopen", json!({})),
        ("journal-entry/e-1/post", entry("2024-01-31", "6100", "1100", 1)),
        ("period/default/close-through", json!({ "date": "2024-01-31" })),
        ("period/default/reopen", json!({ "from": "2024-01-31", "reason": "late invoice" })),
        ("journal-entry/e-2/post", entry("2024-01-31", "6100", "1100", 1)),
    ] {
        books.done(command, &body).await;
    }
    assert_eq!(
        books.send("journal-entry/e-3/post", &entry("2024-01-30", "6100", "1100", 1)).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    books.stop().await;
}
