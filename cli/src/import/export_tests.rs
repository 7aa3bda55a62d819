//! Files that this platform has exported, and the sample of the trading company.

use std::collections::BTreeMap;
use std::io::Write as _;

use clap::Parser as _;
use serde_json::{Value, json};

use super::judge::Judge;
use super::reader::Reader;
use super::sniff::sniff;
use super::{ImportArgs, converter, run, target};

#[derive(clap::Parser)]
struct Parsed {
    #[command(flatten)]
    args: ImportArgs,
}

fn args(words: &[&str]) -> ImportArgs {
    Parsed::try_parse_from([&["import"], words].concat()).unwrap().args
}

/// Id and command of each row, or its code; and the rows with which each shares a record.
fn rows(context: &str, import: &str, suffix: &str, text: &str) -> Vec<Result<Value, String>> {
    let mut file = tempfile::Builder::new().suffix(suffix).tempfile().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    let args = args(&[context, import, file.path().to_str().unwrap()]);
    let target = target(&args).unwrap();
    let sniffed = sniff(&args.file, None, args.encoding).unwrap();
    let judge = Judge::new(target.aggregate, target.import.create);
    let mut reader = Reader::open(&sniffed, args.encoding, converter(&args, &target).unwrap(), judge).unwrap();
    let mut rows = Vec::new();
    while let Some(row) = reader.next_row().unwrap() {
        rows.push(row.content.map(|mapped| json!({ "id": mapped.id, "body": mapped.body })).map_err(|remark| remark.code));
    }
    rows
}

#[test]
fn import_reads_amounts_in_minor_units_with_their_currencies() {
    let found = rows(
        "inventory",
        "products",
        ".csv",
        "id,sku,name,currency,price_minor,price_currency,cost_minor\np-1,A,Tea,EUR,1250,USD,310\np-2,B,Cup,EUR,,,\n",
    );
    let first = &found[0].as_ref().unwrap()["body"];
    assert_eq!(first["price"], json!({ "amount_minor": 1250, "currency": "USD" }));
    assert_eq!(first["cost"], json!({ "amount_minor": 310, "currency": "EUR" }));
    assert_eq!(found[1].as_ref().unwrap()["body"], json!({ "sku": "B", "name": "Cup" }));
    let broken = rows("inventory", "products", ".csv", "sku,name,currency,price_minor\nA,Tea,EUR,12.5\n");
    assert_eq!(broken, [Err("unreadable_price_minor".to_owned())]);
}

#[test]
fn import_reads_objects_in_cells_as_their_members() {
    let found = rows(
        "crm",
        "companies",
        ".csv",
        "id,name,address,city\nc-1,Acme,\"{\"\"street\"\":\"\"Hafenstraße 1\"\",\"\"country\"\":\"\"DE\"\"}\",Kiel\n",
    );
    let address = json!({ "street": "Hafenstraße 1", "city": "Kiel", "country": "DE" });
    assert_eq!(found[0].as_ref().unwrap()["body"]["address"], address);
}

#[test]
fn import_makes_a_row_of_each_line_of_an_exported_invoice() {
    let line = |id: &str, minor: i64| {
        json!({ "line_id": id, "description": "Tea", "quantity": "2", "unit_price": { "amount_minor": minor, "currency": "EUR" },
            "discount": { "percent": "5" }, "tax_rate_percent": "19", "net": { "amount_minor": 1, "currency": "EUR" } })
    };
    let invoice = json!({ "id": "0197f3c2-8a10-7cc3-98c4-dc0c0c07398f", "number": "RE-1", "customer_id": "c-1", "customer_name": "Acme",
        "customer_address": { "city": "Kiel" }, "date": "2026-01-31", "lines": [line("1", 100), line("2", 200)], "payments": [{ "date": "2026-02-02" }] });
    let other = json!({ "id": "RE-2", "customer_name": "Bolt", "lines": [line("1", 300)] });
    for (suffix, text) in [
        (".ndjson", format!("{invoice}\n{other}\n")),
        (".csv", {
            let cell = |value: &Value| format!("\"{}\"", value.to_string().replace('"', "\"\""));
            let csv = |invoice: &Value| {
                format!(
                    "{},{},{},{}\n",
                    invoice["number"].as_str().unwrap_or_default(),
                    invoice["id"].as_str().unwrap(),
                    invoice["customer_name"].as_str().unwrap(),
                    cell(&invoice["lines"])
                )
            };
            format!("number,id,customer_name,lines\n{}{}", csv(&invoice), csv(&other))
        }),
    ] {
        let found: Vec<Value> = rows("invoicing", "invoices", suffix, &text).into_iter().map(Result::unwrap).collect();
        let lines: Vec<_> =
            found.iter().map(|row| (row["id"].as_str().unwrap(), row["body"]["unit_price"]["amount_minor"].as_i64().unwrap())).collect();
        assert_eq!(lines, [("RE-1", 100), ("RE-1", 200), ("RE-2", 300)], "the number is the id where there are both");
        assert!(found.iter().all(|row| row["body"]["discount"]["percent"] == 5 || row["body"]["discount"]["percent"] == "5"));
    }
}

#[test]
fn import_reads_timers_with_what_they_send() {
    let csv = "Timer ID,Name,Cron,Time zone,Target context,Target aggregate,Target command,Body\n\
        t-1,Weekly call,0 9 * * MON,Europe/Berlin,crm,activity,schedule,\"{\"\"subject\"\":\"\"Call\"\",\"\"tags\"\":[\"\"a\"\"]}\"\n";
    let ndjson = json!({ "id": "t-1", "name": "Weekly call", "schedule": { "cron": "0 9 * * MON" }, "zone": "Europe/Berlin",
        "command": { "context": "crm", "aggregate": "activity", "command": "schedule", "body": { "subject": "Call", "tags": ["a"] } } });
    let expected = json!({ "id": "t-1", "body": { "name": "Weekly call", "schedule": { "cron": "0 9 * * MON" }, "zone": "Europe/Berlin",
        "command": { "context": "crm", "aggregate": "activity", "command": "schedule", "body": { "subject": "Call", "tags": ["a"] } } } });
    assert_eq!(rows("scheduling", "timers", ".csv", csv), [Ok(expected.clone())]);
    assert_eq!(rows("scheduling", "timers", ".ndjson", &format!("{ndjson}\n")), [Ok(expected)]);
}

#[test]
fn import_keeps_rows_in_order_that_change_the_same_stock() {
    let mut file = tempfile::Builder::new().suffix(".csv").tempfile().unwrap();
    file.write_all(b"Movement ID,Type,SKU,Quantity\n1,receipt,A,5\n2,sale,B,1\n3,sale, a ,1\n").unwrap();
    let args = args(&["inventory", "movements", file.path().to_str().unwrap()]);
    let target = target(&args).unwrap();
    let sniffed = sniff(&args.file, None, args.encoding).unwrap();
    let judge = Judge::new(target.aggregate, target.import.create);
    let mut reader = Reader::open(&sniffed, args.encoding, converter(&args, &target).unwrap(), judge).unwrap();
    let keys: Vec<Vec<u64>> = std::iter::from_fn(|| reader.next_row().unwrap()).map(|row| row.keys).collect();
    let share = |a: usize, b: usize| keys[a].iter().any(|key| keys[b].contains(key));
    assert!(share(0, 2) && !share(0, 1) && !share(1, 2));
}

#[tokio::test]
async fn import_can_read_every_file_of_the_trading_company() {
    const TRADE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/trade");
    let expected: Value = serde_json::from_str(&std::fs::read_to_string(format!("{TRADE}/expected.json")).unwrap()).unwrap();
    let mut refused = BTreeMap::new();
    for (context, import, file) in [
        ("crm", "companies", "companies.csv"),
        ("crm", "contacts", "contacts.csv"),
        ("accounting", "opening-balances", "opening-balances.csv"),
        ("accounting", "entries", "journal.csv"),
        ("inventory", "products", "products.csv"),
        ("inventory", "movements", "movements.csv"),
        ("invoicing", "payments", "payments.csv"),
        ("invoicing", "bill-payments", "bill-payments.csv"),
        ("billing", "plans", "plans.csv"),
        ("billing", "customers", "billing-customers.csv"),
        ("billing", "subscriptions", "subscriptions.csv"),
        ("billing", "usage", "usage.csv"),
    ] {
        let summary = run(&args(&[context, import, &format!("{TRADE}/{file}"), "--dry-run", "--quiet"])).await.unwrap();
        assert_eq!((summary.created, summary.warnings.len()), (expected["created"][file].as_u64().unwrap(), 0), "{file}: {summary}");
        assert!(summary.ignored.is_empty(), "{file}: {:?}", summary.ignored);
        refused.extend(summary.by_reason);
    }
    assert_eq!(refused, BTreeMap::new());
}
