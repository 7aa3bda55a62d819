//! A trading day with kills: what follows from stock, invoices, payments and bills is posted once each, and the books agree with the
//! documents at the end.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::platform::Platform;

const ROUNDS: i64 = 24;
/// The rounds after which the platform is killed.
const KILLS: [i64; 3] = [6, 13, 20];

fn euro(amount_minor: i64) -> Value {
    json!({ "amount_minor": amount_minor, "currency": "EUR" })
}

/// The commands of a round: goods come and go, an invoice is made and sometimes paid, a supplier's bill is entered.
fn round(number: i64) -> Vec<(String, Value)> {
    let today = platform::clock::now().date_naive();
    let line = json!({ "description": "Tea", "quantity": 2, "unit_price": euro(500 + number), "tax_rate_percent": 19 });
    let draft = json!({ "customer_id": format!("c-{}", number % 5), "customer_name": "Ada Ltd.", "currency": "EUR", "lines": [line] });
    let mut commands = vec![
        ("inventory/stock-item/tea:main/ship".to_owned(), json!({ "movement_id": format!("S-{number}"), "quantity": 2 })),
        (format!("invoicing/invoice/i-{number}/draft"), draft),
        (format!("invoicing/invoice/i-{number}/finalize"), json!({ "date": today })),
    ];
    if number % 3 == 0 {
        let goods = json!({ "movement_id": format!("R-{number}"), "quantity": 10, "unit_cost": euro(100 + number) });
        commands.insert(0, ("inventory/stock-item/tea:main/receive".to_owned(), goods));
    }
    if number % 2 == 0 {
        let paid = json!({ "amount": euro(700), "date": today, "method": "bank_transfer", "reference": format!("T-{number}") });
        commands.push((format!("invoicing/invoice/i-{number}/record-payment"), paid));
    }
    if number % 4 == 0 {
        let line = json!({
            "description": "Tea", "quantity": 10, "unit_price": euro(100), "tax_rate_percent": 19, "expense_role": "goods_received_not_invoiced"
        });
        let bill = json!({
            "supplier_id": "s-1", "supplier_name": "Brass & Sons", "supplier_number": format!("B-{number}"), "date": today, "due_date": today,
            "currency": "EUR", "lines": [line], "total": euro(1190)
        });
        commands.push((format!("invoicing/bill/b-{number}/enter"), bill));
        commands.push((format!("invoicing/bill/b-{number}/approve"), json!({})));
    }
    commands
}

/// Waits until nothing is left to do: no step waits, and every projection and process has read the whole log.
async fn rest(platform: &Platform) {
    const LEFT: &str = "SELECT (SELECT count(*) FROM runtime.process_steps WHERE state IN ('open', 'stuck')) \
        + (SELECT coalesce(sum(h.position - c.position), 0)::bigint FROM runtime.checkpoints c \
           JOIN log.heads h ON h.context = c.context AND h.partition = c.partition)";
    let (started, mut quiet) = (Instant::now(), 0);
    while quiet < 3 {
        let left: i64 = sqlx::query_scalar(LEFT).fetch_one(&mut platform.admin().await).await.expect("progress is read");
        quiet = if left == 0 { quiet + 1 } else { 0 };
        assert!(started.elapsed() < Duration::from_mins(2), "{left} events and steps are left");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

async fn number(platform: &Platform, statement: &str) -> i64 {
    let statement = sqlx::query_scalar(statement).bind(platform.tenant().0);
    statement.fetch_one(&mut platform.admin().await).await.expect("the log is read")
}

/// What the journal says of an account: debits less credits, from the log itself.
async fn balance(platform: &Platform, role: &str) -> i64 {
    const SUM: &str = "SELECT coalesce(sum(CASE line ->> 'side' WHEN 'debit' THEN 1 ELSE -1 END * (line -> 'amount' ->> 'amount_minor')::bigint), 0)::bigint \
        FROM log.events, jsonb_array_elements(payload::jsonb -> 'lines') line, accounting_posting_role_list role \
        WHERE log.events.tenant_id = $1 AND context = 'accounting' AND event_type = 'journal_entry_posted' \
          AND role.tenant_id = $1 AND role.role = $2 AND line ->> 'account' = role.account";
    let sum = sqlx::query_scalar(SUM).bind(platform.tenant().0).bind(role);
    sum.fetch_one(&mut platform.admin().await).await.expect("the journal is read")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_movement_is_posted_once_though_the_platform_is_killed_and_the_books_agree_with_the_documents() {
    const POSTED: &str = "FROM log.events e WHERE e.tenant_id = $1 AND (e.context, e.event_type) IN (('inventory', 'stock_received'), \
        ('inventory', 'stock_shipped'), ('invoicing', 'invoice_finalized'), ('invoicing', 'payment_recorded'), ('invoicing', 'bill_approved'))";
    let mut platform = Platform::start().await;
    let product = json!({ "name": "Tea", "sku": "TEA", "currency": "EUR" });
    platform.insist("inventory/product/tea/create", "product", &product).await;
    for turn in 0..ROUNDS {
        for (path, body) in round(turn) {
            platform.insist(&path, &format!("{turn}/{path}"), &body).await;
        }
        if KILLS.contains(&turn) {
            platform.kill_and_restart().await;
        }
    }
    rest(&platform).await;

    let entries = "(SELECT count(*) FROM log.events j WHERE j.tenant_id = $1 AND j.context = 'accounting' \
        AND j.event_type = 'journal_entry_posted' AND j.aggregate_id = e.event_id::text)";
    let expected = ROUNDS * 2 + ROUNDS / 3 + ROUNDS / 2 + ROUNDS / 4;
    assert_eq!(number(&platform, &format!("SELECT count(*) {POSTED}")).await, expected);
    assert_eq!(number(&platform, &format!("SELECT count(*) {POSTED} AND {entries} <> 1")).await, 0, "one entry each");
    let all = "SELECT count(*) FROM log.events WHERE tenant_id = $1 AND context = 'accounting' AND event_type = 'journal_entry_posted'";
    assert_eq!(number(&platform, all).await, expected, "and no other");
    assert_eq!(number(&platform, "SELECT count(*) FROM runtime.process_steps WHERE tenant_id = $1 AND state = 'refused'").await, 0);

    let value = "SELECT sum((payload::jsonb -> 'value' ->> 'amount_minor')::bigint)::bigint FROM log.events WHERE tenant_id = $1 \
        AND context = 'inventory' AND event_type IN ('stock_received', 'stock_shipped')";
    assert_eq!(balance(&platform, "inventory").await, number(&platform, value).await, "the stock account is worth what the stock is worth");
    let owed: i64 = (0..ROUNDS).map(|n| 2 * (500 + n) + (2 * (500 + n) * 19 + 50) / 100 - if n % 2 == 0 { 700 } else { 0 }).sum();
    assert_eq!(balance(&platform, "accounts_receivable").await, owed, "customers owe what their invoices say");
    assert_eq!(balance(&platform, "accounts_payable").await, -1190 * (ROUNDS / 4), "and we owe what the bills say");

    let url = format!("{}/v1/accounting/consistency?minutes=0", platform.expect("NEUROOPS_URL"));
    let answer = platform.http.get(url).bearer_auth(platform.expect("NEUROOPS_TOKEN")).send().await.expect("an answer");
    let checks: Value = answer.json().await.expect("JSON");
    let alarms: Vec<&Value> = checks["data"].as_array().expect("checks").iter().filter(|check| check["status"] != "ok").collect();
    assert!(alarms.is_empty(), "{alarms:?}");
    assert!(platform.stop());
}
