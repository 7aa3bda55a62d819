//! Read models and reports after a small history of trade.

use serde_json::{Value, json};

use super::{Books, euro, fields, line, with};

/// Three invoices of `c-1`, one of `c-2`, payments, a credit note, a write-off, two bills.
pub async fn trade(books: &Books) {
    let issuer = json!({ "name": "Engines Ltd.", "reminder_days": [7, 14] });
    books.must("issuer/default", "define", &issuer).await;
    books.invoice("jan", "2026-01-10", &[line("Engine", 10_000)]).await;
    books.invoice("feb", "2026-02-10", &[line("Loom", 20_000), with(line("Book", 1_000), &json!({ "tax_rate_percent": 7 }))]).await;
    books.invoice("late", "2025-10-01", &[line("Wheel", 5_000)]).await;
    let other = json!({ "customer_id": "c-2", "customer_name": "Brass & Sons", "currency": "EUR", "lines": [line("Oil", 3_000)] });
    books.must("invoice/other", "draft", &other).await;
    books.must("invoice/other", "finalize", &json!({ "date": "2026-02-11" })).await;
    books.must("invoice/draft", "draft", &other).await;
    // 119.00 for January with 31.00 too much, which is for February then.
    let payment = json!({ "amount": euro(15_000), "reference": "bank 1", "date": "2026-02-01", "method": "bank_transfer" });
    books.must("invoice/jan", "record-payment", &payment).await;
    books.must("invoice/feb", "apply-credit", &json!({ "reference": "credit 1", "date": "2026-02-12" })).await;
    let credit = json!({ "reason": "worn", "reference": "case 1", "lines": [{ "line_id": "2" }], "date": "2026-02-15" });
    books.must("invoice/feb", "credit", &credit).await;
    books.must("invoice/late", "write-off", &json!({ "reason": "gone", "date": "2026-02-20" })).await;
    let several = json!({ "amount": euro(10_000), "reference": "bank 2", "date": "2026-02-21", "allocations": [{ "invoice_id": "feb", "amount": euro(9_000) }] });
    books.must("customer-payment/several", "receive", &several).await;
    for (id, number, amount) in [("b-1", "R-1", 5_000), ("b-2", "R-2", 7_000)] {
        let bill = json!({
            "supplier_id": "s-1", "supplier_name": "Cogs Inc.", "supplier_number": number, "date": "2026-01-15", "due_date": "2026-02-14",
            "currency": "EUR", "lines": [line("Cogs", amount)]
        });
        books.must(&format!("bill/{id}"), "enter", &bill).await;
        books.must(&format!("bill/{id}"), "approve", &json!({})).await;
    }
    books.must("bill/b-1", "record-payment", &json!({ "amount": euro(5_000), "reference": "out 1", "date": "2026-02-13" })).await;
    books.must("bill/b-2", "dispute", &json!({ "reason": "short" })).await;
}

#[tokio::test]
async fn the_lists_tell_what_became_of_each_document() {
    let books = Books::open().await;
    trade(&books).await;
    let names =
        ["id", "status", "payment_state", "total_minor", "open_minor", "paid_minor", "credited_minor", "written_off_minor", "excess_minor"];
    let rows = books.rows("invoice-list?sort=id").await;
    let seen: Vec<Vec<Value>> = rows.iter().map(|row| fields(row, &names)).collect();
    let expected = json!([
        ["draft", "draft", "unpaid", 3_570, 0, 0, 0, 0, 0],
        ["feb", "finalized", "partially_paid", 24_870, 11_700, 12_100, 1_070, 0, 0],
        ["jan", "finalized", "overpaid", 11_900, 0, 11_900, 0, 0, 3_100],
        ["late", "written_off", "unpaid", 5_950, 0, 0, 0, 5_950, 0],
        ["other", "finalized", "unpaid", 3_570, 3_570, 0, 0, 0, 0]
    ]);
    assert_eq!(json!(seen), expected);
    let feb = books.row("invoice-list/feb").await;
    assert_eq!(feb["issuer"]["name"], "Engines Ltd.");
    assert_eq!(feb["lines"].as_array().unwrap().len(), 2);
    assert_eq!(feb["taxes"][1], json!({ "tax_category": "standard", "tax_rate_percent": "19", "net": euro(20_000), "tax": euro(3_800) }));
    let settled: Vec<&Value> = feb["payments"].as_array().unwrap().iter().map(|entry| &entry["applied_minor"]).collect();
    assert_eq!(settled, [&json!(3_100), &json!(9_000)]);
    assert_eq!(feb["credit_notes"][0]["number"], "CN-0001");
    let found = books.rows("invoice-list?q=brass&status=finalized&open_minor.gt=0").await;
    assert_eq!(found.iter().map(|row| row["id"].as_str().unwrap()).collect::<Vec<_>>(), ["other"]);

    let note = books.row("credit-note-list/CN-0001").await;
    assert_eq!(
        fields(&note, &["invoice_id", "net_minor", "tax_minor", "total_minor"]),
        [json!("feb"), json!(1_000), json!(70), json!(1_070)]
    );
    let bill = books.row("bill-list/b-1").await;
    assert_eq!(
        fields(&bill, &["status", "payment_state", "open_minor", "approved_by"]),
        [json!("approved"), json!("partially_paid"), json!(950), json!("tester")]
    );
    assert_eq!(books.row("bill-list/b-2").await["disputed"], "short");
    let payments = books.rows("payment-list?sort=-amount_minor").await;
    let seen: Vec<Vec<Value>> =
        payments.iter().map(|row| fields(row, &["direction", "kind", "party_id", "amount_minor", "unallocated_minor"])).collect();
    let expected = json!([
        ["received", "payment", "c-1", 15_000, 0],
        ["received", "payment", "c-1", 10_000, 1_000],
        ["made", "payment", "s-1", 5_000, 0]
    ]);
    assert_eq!(json!(seen), expected);
    let credit = books.row("customer-credit/c-1:EUR").await;
    assert_eq!(fields(&credit, &["credit_minor", "added_minor", "used_minor"]), [json!(1_000), json!(4_100), json!(3_100)]);
    books.close().await;
}

#[tokio::test]
async fn reports_add_up() {
    let books = Books::open().await;
    trade(&books).await;
    let months = books.rows("revenue-by-month?from=2026-01-01&to=2026-12-31&currency=EUR").await;
    let seen: Vec<Vec<Value>> =
        months.iter().map(|row| fields(row, &["month", "invoice_count", "net_minor", "credited_net_minor", "revenue_minor"])).collect();
    assert_eq!(json!(seen), json!([["2026-01", 1, 10_000, 0, 10_000], ["2026-02", 2, 24_000, 1_000, 23_000]]));

    let age = ["customer_id", "open_minor", "not_due_minor", "days_1_to_30_minor", "days_31_to_60_minor", "days_over_90_minor"];
    let today: Vec<_> = books.rows("receivables-ageing?as_of=2026-03-01").await.iter().map(|row| fields(row, &age)).collect();
    assert_eq!(json!(today), json!([["c-1", 11_700, 0, 11_700, 0, 0], ["c-2", 3_570, 3_570, 0, 0, 0]]));
    let then: Vec<_> = books.rows("receivables-ageing?as_of=2026-01-31&currency=EUR").await.iter().map(|row| fields(row, &age)).collect();
    assert_eq!(json!(then), json!([["c-1", 17_850, 0, 11_900, 0, 5_950]]), "what was open before payments came and debts were given up");
    let owed = books.rows("payables-ageing?as_of=2026-03-01&supplier_id=s-1").await;
    assert_eq!(
        fields(&owed[0], &["bill_count", "open_minor", "disputed_minor", "days_1_to_30_minor"]),
        [json!(2), json!(9_280), json!(8_330), json!(9_280)]
    );

    let summary = books.rows("receivables-summary?currency=EUR").await;
    let names = ["draft_count", "open_count", "open_minor", "written_off_minor", "credit_minor", "payable_count", "payable_minor"];
    assert_eq!(json!(fields(&summary[0], &names)), json!([1, 2, 15_270, 5_950, 1_000, 2, 9_280]));
    let taxes = books.rows("tax-summary?from=2026-01-01&to=2026-12-31").await;
    let seen: Vec<_> = taxes.iter().map(|row| fields(row, &["side", "tax_rate_percent", "net_minor", "tax_minor"])).collect();
    assert_eq!(json!(seen), json!([["sales", "7", 0, 0], ["sales", "19", 33_000, 6_270], ["purchases", "19", 12_000, 2_280]]));
    let csv = books.client.get_with("/v1/invoicing/revenue-by-month", &[("accept", "text/csv")]).await.text();
    assert!(csv.starts_with("credit_note_count,") || csv.starts_with("month,"), "{csv}");
    books.close().await;
}

#[tokio::test]
async fn what_suppliers_credit_is_no_input_tax_from_the_day_of_their_credit_note() {
    let books = Books::open().await;
    let bill = json!({
        "supplier_id": "s-1", "supplier_name": "Cogs Inc.", "supplier_number": "R-1", "date": "2026-01-15", "due_date": "2026-02-14",
        "currency": "EUR", "lines": [line("Cogs", 5_000), with(line("Book", 1_000), &json!({ "tax_rate_percent": 7 }))]
    });
    books.must("bill/b-1", "enter", &bill).await;
    books.must("bill/b-1", "approve", &json!({})).await;
    let credit = json!({ "reference": "G-1", "lines": [{ "line_id": "2" }], "date": "2026-02-03" });
    books.must("bill/b-1", "credit", &credit).await;
    let taxes = async |query: &str| -> Vec<Vec<Value>> {
        let rows = books.rows(&format!("tax-summary?{query}")).await;
        rows.iter().map(|row| fields(row, &["side", "tax_rate_percent", "net_minor", "tax_minor"])).collect()
    };
    assert_eq!(
        json!(taxes("from=2026-01-01&to=2026-01-31").await),
        json!([["purchases", "7", 1_000, 70], ["purchases", "19", 5_000, 950]])
    );
    assert_eq!(json!(taxes("from=2026-02-01&to=2026-02-28").await), json!([["purchases", "7", -1_000, -70]]));
    assert_eq!(json!(taxes("").await), json!([["purchases", "7", 0, 0], ["purchases", "19", 5_000, 950]]));
    let entries = books.row("bill-list/b-1").await["entries"].clone();
    assert_eq!(entries[0]["taxes"][0]["tax"], euro(70));
    books.close().await;
}

#[tokio::test]
async fn a_statement_ends_with_what_is_open_less_the_credit() {
    let books = Books::open().await;
    trade(&books).await;
    let lines = books.rows("customer-statement?customer_id=c-1").await;
    let seen: Vec<_> = lines.iter().map(|row| fields(row, &["date", "kind", "amount_minor", "credit_minor", "balance_minor"])).collect();
    let expected = json!([
        ["2025-10-01", "invoice", 5_950, 0, 5_950],
        ["2026-01-10", "invoice", 11_900, 0, 17_850],
        ["2026-02-01", "payment", -11_900, 3_100, 2_850],
        ["2026-02-10", "invoice", 24_870, 0, 27_720],
        ["2026-02-12", "credit_applied", -3_100, -3_100, 27_720],
        ["2026-02-15", "credit_note", -1_070, 0, 26_650],
        ["2026-02-20", "write_off", -5_950, 0, 20_700],
        ["2026-02-21", "payment", 0, 1_000, 19_700],
        ["2026-02-21", "payment", -9_000, 0, 10_700]
    ]);
    assert_eq!(json!(seen), expected);
    let short = books.rows("customer-statement?customer_id=c-1&currency=EUR&from=2026-02-20&to=2026-02-20").await;
    let seen: Vec<_> = short.iter().map(|row| fields(row, &["date", "kind", "balance_minor"])).collect();
    assert_eq!(json!(seen), json!([["2026-02-20", "opening", 26_650], ["2026-02-20", "write_off", 20_700]]));
    books.close().await;
}

#[tokio::test]
async fn what_is_overdue_is_due_to_be_looked_at_until_nothing_is_open() {
    let books = Books::open().await;
    trade(&books).await;
    // February was due on the 24th, and the reminders a week and two weeks later: all long ago.
    let row = books.row("invoice-list/feb").await;
    assert_eq!(fields(&row, &["due_at", "overdue", "reminder_level"]), [json!("2026-02-25T12:00:00+00:00"), json!(false), json!(0)]);
    books.must("invoice/feb", "check-due", &json!({})).await;
    let row = books.row("invoice-list/feb").await;
    assert_eq!(fields(&row, &["due_at", "overdue", "reminder_level"]), [json!(null), json!(true), json!(2)]);
    let due = books.rows("reminders-due?level=1&as_of=2026-03-26").await;
    assert_eq!(
        fields(&due[0], &["invoice_id", "days_overdue", "open_minor", "reminder_level"]),
        [json!("feb"), json!(30), json!(11_700), json!(2)]
    );
    let payment = json!({ "amount": euro(11_700), "reference": "bank 3" });
    books.must("invoice/feb", "record-payment", &payment).await;
    assert_eq!(books.row("invoice-list/feb").await["overdue"], json!(false));
    assert_eq!(books.rows("reminders-due?customer_id=c-1&as_of=2026-03-26").await, [json!(null); 0]);
    books.must("invoice/feb", "reverse-payment", &json!({ "reference": "bank 3", "reason": "returned" })).await;
    let row = books.row("invoice-list/feb").await;
    assert_eq!(fields(&row, &["open_minor", "overdue"]), [json!(11_700), json!(true)]);
    books.close().await;
}

#[tokio::test]
async fn what_is_erased_is_gone_from_all_rows() {
    let books = Books::open().await;
    trade(&books).await;
    let asked = json!({ "reason": "asked" });
    books.must("invoice/feb", "erase-customer", &asked).await;
    books.must("invoice/jan", "erase-customer", &asked).await;
    books.must("customer-payment/several", "erase-customer", &asked).await;
    books.must("bill/b-1", "erase-supplier", &asked).await;
    books.must("customer-payment/several", "refund", &json!({ "reference": "back 1" })).await;
    books.must("customer-account/c-1", "erase-customer", &asked).await;
    books.must("invoice/late", "erase-customer", &asked).await;
    for list in ["invoice-list", "credit-note-list", "payment-list", "customer-credit", "bill-list", "movement-list"] {
        let text = books.ask(list).await.text();
        assert!(!text.contains("Ada Ltd."), "{list}: {text}");
        assert!(list == "bill-list" || list == "payment-list" || !text.contains("Cogs Inc."), "{list}: {text}");
    }
    assert_eq!(books.rows("invoice-list?q=ada").await, [json!(null); 0]);
    books.close().await;
}
