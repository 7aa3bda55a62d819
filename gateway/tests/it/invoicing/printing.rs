//! Printed invoices, credit notes and statements of account.

use std::process::Command;

use serde_json::json;

use super::{Books, euro, line, with};
use crate::harness::Answer;

/// Everything that an invoice may say, in letters of several scripts.
async fn full(books: &Books, lines: usize) {
    let issuer = json!({
        "name": "Zahnräder & Söhne GmbH", "tax_id": "DE123456789", "registration_number": "HRB 4711", "email": "buero@zahnrad.example",
        "address": { "street": "Königsallee 1", "postal_code": "40212", "city": "Düsseldorf", "country": "Germany" },
        "bank_account": { "number": "DE89370400440532013000", "bank_code": "COBADEFFXXX" }, "payment_note": "Thank you for your trust.",
        "footer": "Managing director: Αθηνά Ђорђевић"
    });
    books.must("issuer/default", "define", &issuer).await;
    let mut all = vec![
        with(line("Difference engine № 2, polished", 1_250_000), &json!({ "sku": "DE-2", "discount": { "percent": 10 } })),
        with(line("Setting up", 12_000), &json!({ "quantity": "7.5", "unit": "h", "tax_rate_percent": 7 })),
        with(
            line("Steam, per kilowatt hour", 0),
            &json!({ "quantity": 4_000, "unit_price": { "amount_minor": "0.25", "currency": "EUR" } }),
        ),
    ];
    all.extend((0..lines).map(|number| line(&format!("Cog wheel number {number:03}"), 100)));
    let draft = json!({
        "customer_id": "c-1", "customer_name": "Łukasz Żółć i Zoë Müller", "currency": "EUR", "payment_terms_days": 14, "lines": all,
        "customer_address": { "street": "ul. Święty Krzyż 3", "postal_code": "31-023", "city": "Kraków", "country": "Polska" },
        "customer_tax_id": "PL9999999999", "purchase_order": "PO 4711", "note": "Delivered on 2026-02-27."
    });
    books.must("invoice/i", "draft", &draft).await;
}

/// The text of the file as `pdftotext` reads it, where it is installed.
fn text_of(file: &Answer) -> Option<String> {
    let folder = std::env::temp_dir().join(format!("neuroops-print-{}", platform::clock::new_id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("document.pdf");
    std::fs::write(&path, &file.bytes).unwrap();
    let output = Command::new("pdftotext").args(["-layout", "-enc", "UTF-8"]).arg(&path).arg("-").output().ok();
    std::fs::remove_dir_all(&folder).unwrap();
    let output = output?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap())
}

#[tokio::test]
async fn a_printed_invoice_says_all_that_it_must_in_the_letters_that_it_was_given() {
    let books = Books::open().await;
    full(&books, 60).await;
    books.must("invoice/i", "finalize", &json!({ "date": "2026-03-01" })).await;
    let file = books.ask("invoice/i/pdf").await;
    assert_eq!(file.header("content-type"), "application/pdf");
    assert_eq!(file.header("content-disposition"), "inline; filename=\"INV-0001.pdf\"");
    assert!(file.bytes.starts_with(b"%PDF-1.7") && file.bytes.len() < 200_000, "{} bytes", file.bytes.len());
    assert_eq!(books.ask("invoice/i/pdf").await.bytes, file.bytes, "the same invoice is the same file");
    books.must("invoice/i", "record-payment", &json!({ "amount": euro(100), "reference": "p-1" })).await;
    assert_eq!(books.ask("invoice/i/pdf").await.bytes, file.bytes, "a payment changes nothing that was printed");
    if let Some(text) = text_of(&file) {
        let wanted = [
            "Łukasz Żółć i Zoë Müller",
            "ul. Święty Krzyż 3",
            "31-023 Kraków",
            "Zahnräder & Söhne GmbH",
            "Αθηνά Ђорђевић",
            "Invoice INV-0001",
            "2026-03-01",
            "2026-03-15",
            "PO 4711",
            "PL9999999999",
            "Difference engine № 2, polished",
            "less 10 %",
            "7.5 h",
            "0.0025",
            "11,250.00",
            "EUR 12,220.00",
            "Tax 7 %",
            "Tax 19 %",
            "EUR 14,433.80",
            "Please pay EUR 14,433.80 by 2026-03-15, quoting INV-0001.",
            "DE89370400440532013000",
            "Delivered on 2026-02-27.",
            "Cog wheel number 059",
            "Page 1 of 3",
            "Page 3 of 3",
        ];
        for text_wanted in wanted {
            assert!(text.contains(text_wanted), "`{text_wanted}` is missing:\n{text}");
        }
        assert!(!text.contains("DRAFT"));
    }
    books.close().await;
}

#[tokio::test]
async fn drafts_and_void_invoices_are_marked_and_credit_notes_name_their_invoice() {
    let books = Books::open().await;
    full(&books, 0).await;
    let draft = books.ask("invoice/i/pdf").await;
    assert_eq!(draft.header("content-disposition"), "inline; filename=\"i.pdf\"");
    books.must("invoice/i", "finalize", &json!({ "date": "2026-03-01" })).await;
    books
        .must("invoice/i", "credit", &json!({ "reason": "bent", "reference": "k", "lines": [{ "line_id": "2" }], "date": "2026-03-02" }))
        .await;
    let credit = books.ask("credit-note/CN-0001/pdf").await;
    books.invoice("void", "2026-03-01", &[line("Engine", 100)]).await;
    books.must("invoice/void", "void", &json!({ "reason": "wrong" })).await;
    let void = books.ask("invoice/void/pdf").await;
    for (file, wanted) in [
        (draft, &["DRAFT", "not given yet"][..]),
        (credit, &["Credit note CN-0001", "INV-0001 of 2026-03-01", "bent", "EUR 963.00", "set off against invoice INV-0001"]),
        (void, &["VOID", "INV-0002"]),
    ] {
        let Some(text) = text_of(&file) else { continue };
        for text_wanted in wanted {
            assert!(text.contains(text_wanted), "`{text_wanted}` is missing:\n{text}");
        }
    }
    books.client.get("/v1/invoicing/invoice/none/pdf").await.is_problem(404, "not_found");
    books.client.get("/v1/invoicing/bill/b/pdf").await.is_problem(404, "unknown_route");
    books.client.get("/v1/invoicing/invoice/i/pdf?x=1").await.is_problem(400, "unknown_parameter");
    let stranger = books.gateway.client("owner").await;
    stranger.get("/v1/invoicing/invoice/i/pdf").await.is_problem(404, "not_found");
    let nobody = books.gateway.client_of(books.client.tenant, "visitor");
    nobody.get("/v1/invoicing/invoice/i/pdf").await.is_problem(403, "forbidden");
    books.close().await;
}

/// The amounts at the end of a line that begins, or begins after a day, with this text.
fn amounts_of<'a>(text: &'a str, label: &str) -> Vec<&'a str> {
    let line = text.lines().find(|line| line.contains(label)).unwrap_or_else(|| panic!("`{label}` is missing:\n{text}"));
    line[line.find(label).unwrap() + label.len()..].split_whitespace().collect()
}

#[tokio::test]
async fn a_statement_of_account_carries_the_balance_over_its_pages() {
    let books = Books::open().await;
    full(&books, 0).await;
    books.must("invoice/i", "finalize", &json!({ "date": "2026-01-31" })).await;
    for number in 1..=80 {
        books.invoice(&format!("n{number}"), &format!("2026-02-{:02}", 1 + number % 28), &[line("Cog", 10_000)]).await;
    }
    books.must("invoice/i", "record-payment", &json!({ "amount": euro(1_500_000), "reference": "bank 1", "date": "2026-03-02" })).await;
    books.must("invoice/n28", "apply-credit", &json!({ "reference": "credit 1", "date": "2026-03-03" })).await;
    let dollars = json!({ "amount_minor": 100, "currency": "USD" });
    let prepaid = json!({ "customer_id": "c-1", "customer_name": "Ada", "amount": dollars, "reference": "usd", "date": "2026-01-02" });
    books.must("customer-payment/usd", "receive", &prepaid).await;
    let path = "customer-statement/c-1/pdf?from=2026-02-01&to=2026-03-20";
    let file = books.ask(path).await;
    assert_eq!(file.header("content-type"), "application/pdf");
    assert_eq!(file.header("content-disposition"), "inline; filename=\"statement-c-1-2026-03-20.pdf\"");
    assert_eq!(books.ask(path).await.bytes, file.bytes, "the same statement is the same file");
    let rows = books.rows("customer-statement?customer_id=c-1&currency=EUR&from=2026-02-01&to=2026-03-20").await;
    // 14,362.40 of January, 80 invoices of 119.00, less 15,000.00.
    assert_eq!(rows.last().unwrap()["balance_minor"], 1_436_240 + 80 * 11_900 - 1_500_000);
    if let Some(text) = text_of(&file) {
        assert_eq!(amounts_of(&text, "Opening balance")[..1], ["14,362.40"]);
        assert_eq!(text.matches("Invoice INV-").count(), 80, "every movement of the period, and none before");
        assert_eq!(amounts_of(&text, "Payment for INV-0001"), ["15,000.00", "8,882.40"]);
        assert!(text.contains("Credit set off against INV-") && text.contains("bank 1"), "{text}");
        assert!(text.contains("Page 1 of ") && !text.contains("Page 1 of 1\n") && text.matches("Balance").count() > 2, "{text}");
        assert_eq!(amounts_of(&text, "Charges"), ["EUR", "9,520.00"]);
        assert_eq!(amounts_of(&text, "Payments and credits"), ["EUR", "-15,000.00"]);
        // Due 14 days after their dates: those of the first days of February for more than 30 days.
        let buckets = ["Not yet", "For 1 to 30 days", "For 31 to 60 days", "Credit that is not used"];
        let minor = |text: &str| text.replace([',', '.'], "").parse::<i64>().unwrap();
        let aged: i64 = buckets.iter().filter(|label| text.contains(**label)).map(|label| minor(amounts_of(&text, label)[0])).sum();
        assert_eq!(aged, 888_240);
        assert!(text.contains("is overdue on 2026-03-20") && text.contains("Amounts in USD are on statements of their own."), "{text}");
    }
    let dollars = books.ask("customer-statement/c-1/pdf?currency=USD&to=2026-03-20").await;
    if let Some(text) = text_of(&dollars) {
        assert_eq!(amounts_of(&text, "Closing balance"), ["USD", "-1.00"]);
        assert!(text.contains("Amounts in EUR are on statements of their own."));
    }
    books.close().await;
}

#[tokio::test]
async fn a_statement_is_of_a_customer_of_the_tenant_and_of_a_period() {
    let books = Books::open().await;
    full(&books, 0).await;
    let ask = async |query: &str| books.client.get(&format!("/v1/invoicing/customer-statement/{query}")).await;
    ask("c-1/pdf").await.is_problem(404, "not_found");
    books.must("invoice/i", "finalize", &json!({ "date": "2026-03-01" })).await;
    let file = books.ask("customer-statement/c-1/pdf?to=2026-03-31").await;
    if let Some(text) = text_of(&file) {
        let wanted = ["Łukasz Żółć i Zoë Müller", "31-023 Kraków", "Zahnräder & Söhne GmbH", "until 2026-03-31", "DE89370400440532013000"];
        for text_wanted in wanted {
            assert!(text.contains(text_wanted), "`{text_wanted}` is missing:\n{text}");
        }
    }
    let before = books.ask("customer-statement/c-1/pdf?to=2026-02-28").await;
    if let Some(text) = text_of(&before) {
        assert_eq!(amounts_of(&text, "Closing balance"), ["EUR", "0.00"]);
    }
    ask("c-1/pdf?from=2026-03-02&to=2026-03-01").await.is_problem(400, "invalid_parameter");
    ask("c-1/pdf?from=March").await.is_problem(400, "invalid_parameter");
    ask("c-1/pdf?page=2").await.is_problem(400, "unknown_parameter");
    ask("c-1/pdf?customer_id=c-2").await.is_problem(400, "invalid_parameter");
    ask("c-2/pdf").await.is_problem(404, "not_found");
    let stranger = books.gateway.client("owner").await;
    stranger.get("/v1/invoicing/customer-statement/c-1/pdf").await.is_problem(404, "not_found");
    let nobody = books.gateway.client_of(books.client.tenant, "visitor");
    nobody.get("/v1/invoicing/customer-statement/c-1/pdf").await.is_problem(403, "forbidden");
    books.close().await;
}
