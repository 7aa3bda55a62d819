//! Documents of invoicing and the books: what the process posts, in closed days too, and what is noticed where it cannot.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::books::{Books, entry, euros};

fn line(amount_minor: i64) -> Value {
    json!({ "description": "Engine", "unit_price": euros(amount_minor), "tax_rate_percent": 19 })
}

impl Books {
    async fn invoice(&self, id: &str, date: &str, amount_minor: i64) {
        let draft = json!({ "customer_id": "c-1", "customer_name": "Ada", "currency": "EUR", "lines": [line(amount_minor)] });
        self.elsewhere(&format!("invoicing/invoice/{id}/draft"), &draft).await;
        self.elsewhere(&format!("invoicing/invoice/{id}/finalize"), &json!({ "date": date })).await;
    }

    async fn bill(&self, id: &str, date: &str, line: Value) {
        let body = json!({
            "supplier_id": "s-1", "supplier_name": "Cogs", "supplier_number": id, "date": date, "due_date": date, "currency": "EUR",
            "lines": [line]
        });
        self.elsewhere(&format!("invoicing/bill/{id}/enter"), &body).await;
        self.elsewhere(&format!("invoicing/bill/{id}/approve"), &json!({})).await;
    }

    /// Name, status and difference of the checks of documents.
    async fn document_checks(&self) -> Vec<(String, String, i64)> {
        self.wait_for("subledger-check-list", "invoicing").await;
        let checks = self.read("consistency?minutes=0").await;
        let text = |check: &Value, field: &str| check[field].as_str().unwrap().to_owned();
        let of_documents = checks.iter().filter(|check| text(check, "check").ends_with("_documents"));
        of_documents.map(|check| (text(check, "check"), text(check, "status"), check["difference_minor"].as_i64().unwrap())).collect()
    }
}

/// What workers would tell the monitoring, by the name of the check.
async fn measured(books: &Books) -> BTreeMap<String, f64> {
    let mut all = BTreeMap::new();
    for gauge in (projections::accounting::CONTEXT.projections)().iter().flat_map(|projection| projection.gauges()) {
        assert_eq!((gauge.name, gauge.label), ("neuroops_accounting_inconsistent", "check"));
        all.extend(gauge.known.iter().map(|known| ((*known).to_owned(), 0.0)));
        let rows: Vec<(String, f64)> = sqlx::query_as(gauge.statement).fetch_all(&books.gateway.db.worker).await.unwrap();
        assert!(rows.iter().all(|(value, _)| gauge.known.contains(&value.as_str())), "{rows:?}");
        all.extend(rows);
    }
    all
}

fn all_ok(checks: &[(String, String, i64)]) -> bool {
    checks.len() == 3 && checks.iter().all(|(_, status, difference)| status == "ok" && *difference == 0)
}

#[tokio::test]
async fn every_document_is_posted_and_found_to_be() {
    let books = Books::open().await.projecting().await;
    let send = async |command: &str, body: Value| books.elsewhere(&format!("invoicing/{command}"), &body).await;
    for (id, amount) in [("jan", 10_000), ("feb", 20_000), ("gone", 5_000), ("void", 700)] {
        books.invoice(id, "2024-01-10", amount).await;
    }
    // Too much for January, and the rest is for February.
    send("invoice/jan/record-payment", json!({ "amount": euros(15_000), "reference": "in 1", "date": "2024-02-01" })).await;
    send("invoice/feb/apply-credit", json!({ "reference": "credit 1", "date": "2024-02-02" })).await;
    send("invoice/feb/credit", json!({ "reason": "worn", "reference": "case 1", "amount": euros(1_190), "date": "2024-02-03" })).await;
    send("invoice/gone/write-off", json!({ "reason": "gone", "date": "2024-02-04" })).await;
    send("invoice/void/void", json!({ "reason": "never sent" })).await;
    let several = json!({ "amount": euros(10_000), "reference": "in 2", "date": "2024-02-05",
        "allocations": [{ "invoice_id": "feb", "amount": euros(9_000) }], "customer_id": "c-1", "customer_name": "Ada" });
    send("customer-payment/several/receive", several).await;
    send("customer-payment/several/refund", json!({ "reference": "back 1", "date": "2024-02-06" })).await;
    let bounces = json!({ "amount": euros(1_000), "reference": "in 3", "date": "2024-02-07",
        "allocations": [{ "invoice_id": "feb", "amount": euros(600) }], "customer_id": "c-1", "customer_name": "Ada" });
    send("customer-payment/bounces/receive", bounces).await;
    send("customer-payment/bounces/reverse", json!({ "reason": "bounced", "date": "2024-02-08" })).await;
    for id in ["b-1", "b-2"] {
        books.bill(id, "2024-01-15", line(5_000)).await;
    }
    send("bill/b-1/record-payment", json!({ "amount": euros(4_000), "reference": "out 1", "date": "2024-02-01" })).await;
    send("bill/b-1/credit", json!({ "reference": "G-1", "amount": euros(1_950), "date": "2024-02-02" })).await;
    send("bill/b-2/void", json!({ "reason": "twice" })).await;

    let waiting = books.document_checks().await;
    assert!(waiting.iter().any(|(_, status, _)| status == "alarm"), "{waiting:?}");
    assert_eq!(books.follow().await, [""; 0]);
    let checks = books.document_checks().await;
    assert!(all_ok(&checks), "{checks:?}; {:?}", books.read("subledger-check-list?difference_minor.ne=0").await);
    let rows = books.read("subledger-check-list?limit=1000").await;
    assert!(rows.len() > 15 && rows.iter().all(|row| row["event_type"].is_string()), "{rows:?}");
    books.stop().await;
}

#[tokio::test]
async fn what_comes_after_the_months_end_counts_on_the_first_open_day() {
    let books = Books::open().await.projecting().await;
    books.invoice("early", "2024-01-10", 1_000).await;
    assert_eq!(books.follow().await, [""; 0]);
    books.done("period/default/close-through", &json!({ "date": "2024-01-31" })).await;
    // A bill that is approved late, a payment and an invoice that are dated back.
    books.bill("b-1", "2024-01-15", line(5_000)).await;
    let payment = json!({ "amount": euros(1_190), "reference": "in 1", "date": "2024-01-30" });
    books.elsewhere("invoicing/invoice/early/record-payment", &payment).await;
    books.invoice("late", "2024-01-20", 2_000).await;
    books.invoice("open", "2024-02-20", 3_000).await;
    assert_eq!(books.follow().await, [""; 0]);

    let entries = books.read("journal-entry-list?sort=position").await;
    let days: Vec<_> = entries.iter().map(|row| (row["date"].as_str().unwrap(), row["document_date"].as_str())).collect();
    let first_open = "2024-02-01";
    assert_eq!(
        days,
        [
            ("2024-01-10", None),
            (first_open, Some("2024-01-15")),
            (first_open, Some("2024-01-30")),
            (first_open, Some("2024-01-20")),
            ("2024-02-20", None)
        ]
    );
    let checks = books.document_checks().await;
    assert!(all_ok(&checks), "{checks:?}");
    let january = books.one("account-balance?account=2000&as_of=2024-01-31").await;
    assert_eq!(january["balance_minor"], 0, "what was reported stays as it was");
    // By hand, a closed day is refused unless the command says otherwise.
    let by_hand = entry("2024-01-31", "6100", "1100", 5);
    books.send("journal-entry/rent/post", &by_hand).await.is_problem(422, "accounting.period_closed");
    let mut later = by_hand;
    later["if_closed"] = json!("next_open_day");
    books.done("journal-entry/rent/post", &later).await;
    books.stop().await;
}

#[tokio::test]
async fn a_document_whose_entry_is_refused_is_an_alarm() {
    let books = Books::open().await.projecting().await;
    books.invoice("i-1", "2024-01-10", 1_000).await;
    let mut strange = line(5_000);
    strange["account"] = json!("1300");
    books.bill("b-1", "2024-01-15", strange).await;
    assert_eq!(books.follow().await, ["accounting.inventory_posted_by_hand"]);
    let checks = books.document_checks().await;
    let status = |name: &str| checks.iter().find(|(check, ..)| check == name).map(|(_, status, difference)| (status.as_str(), *difference));
    assert_eq!(status("receivables_equal_documents"), Some(("ok", 0)));
    assert_eq!(status("payables_equal_documents"), Some(("alarm", 5_950)));
    let missing = books.read("subledger-check-list?difference_minor.ne=0").await;
    assert_eq!((missing.len(), &missing[0]["event_type"], &missing[0]["posted_minor"]), (1, &json!("bill_approved"), &Value::Null));
    // The monitoring is told of all tenants at once, after some minutes.
    let healthy = measured(&books).await;
    assert!(healthy.len() == 7 && healthy.values().all(|count| *count == 0.0), "{healthy:?}");
    for table in ["accounting_subledger_check_v1", "accounting_stock_check_v1"] {
        let age = format!("UPDATE {table} SET expected_at = expected_at - interval '1 hour'");
        sqlx::query(&age).execute(&books.gateway.db.worker).await.unwrap();
    }
    sqlx::query("UPDATE accounting_account_check_v1 SET debit_minor = debit_minor + 1 WHERE account = '1200'")
        .execute(&books.gateway.db.worker)
        .await
        .unwrap();
    let counts: Vec<(String, f64)> = measured(&books).await.into_iter().filter(|(_, count)| *count > 0.0).collect();
    let told = ["balances_equal_entries", "payables_equal_documents", "subledger_equals_control"];
    assert_eq!(counts, told.map(|name| (name.to_owned(), 1.0)));
    sqlx::query("UPDATE accounting_subledger_check_v1 SET expected_at = now()").execute(&books.gateway.db.worker).await.unwrap();
    // A grace for what is under way.
    let pending = books.read("consistency?minutes=60").await;
    assert!(pending.iter().any(|check| check["check"] == "payables_equal_documents" && check["status"] == "pending"), "{pending:?}");
    books.stop().await;
}

#[tokio::test]
async fn a_bill_of_goods_meets_their_receipt_and_leaves_the_stock_alone() {
    let books = Books::open().await.projecting().await;
    books.elsewhere("inventory/warehouse/main/open", &json!({ "name": "Main" })).await;
    books.elsewhere("inventory/product/tea/create", &json!({ "name": "Tea", "sku": "TEA", "currency": "EUR" })).await;
    let received = json!({ "movement_id": "R-1", "quantity": 10, "total_cost": euros(5_000) });
    books.elsewhere("inventory/stock-item/tea:main/receive", &received).await;
    books.elsewhere("inventory/stock-item/tea:main/ship", &json!({ "movement_id": "S-1", "quantity": 4 })).await;
    // The bill says 56.00: 3.60 more for what is in stock, and 2.40 more for what was sold.
    books.elsewhere("inventory/stock-movement/R-1/adjust-cost", &json!({ "total_cost": euros(5_600) })).await;
    let mut goods = line(5_600);
    goods["expense_role"] = json!("inventory");
    books.bill("b-1", "2024-01-15", goods).await;
    assert_eq!(books.follow().await, [""; 0]);
    let mut found = Vec::new();
    for account in ["1300", "2050", "5000", "5100"] {
        found.push(books.one(&format!("account-balance?account={account}")).await["balance_minor"].as_i64().unwrap());
    }
    assert_eq!(found, [3_360, 0, 2_240, 0], "stock, goods not invoiced, cost of sales, adjustments");
    books.wait_for("stock-check-list", "inventory").await;
    let checks = books.read("consistency?minutes=0").await;
    assert!(checks.iter().any(|check| check["check"] == "stock_equals_ledger" && check["status"] == "ok"), "{checks:?}");
    books.stop().await;
}
