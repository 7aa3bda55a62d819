//! What customers owe and suppliers are owed: allocation, ageing, statements of account, against sums that the test makes by itself.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde_json::{Value, json};

use super::books::{Books, euros, line};

/// What happened with one party: day, document, and the amount, negative for a payment.
type Movement = (&'static str, Option<&'static str>, i64);

const CUSTOMER: &[Movement] = &[
    ("2024-01-10", Some("R-1"), 1_000),
    ("2024-02-10", Some("R-2"), 500),
    ("2024-03-01", Some("R-3"), 300),
    // Pays the second invoice by its number.
    ("2024-03-05", Some("R-2"), -500),
    // Pays without a document: the oldest first.
    ("2024-03-20", None, -1_200),
    ("2024-05-01", Some("R-4"), 70),
    // Pays too much of a document: the rest is unassigned.
    ("2024-05-20", Some("R-4"), -100),
];

/// What is open on a day, item by item, worked out one movement after the other.
fn open_on(movements: &[Movement], day: &str) -> (BTreeMap<String, (String, i64)>, i64) {
    let mut items: BTreeMap<String, (String, i64)> = BTreeMap::new();
    let mut pool = 0;
    for (date, document, amount) in movements.iter().filter(|(date, ..)| *date <= day) {
        match document {
            Some(document) => items.entry((*document).to_owned()).or_insert(((*date).to_owned(), 0)).1 += amount,
            None => pool -= amount,
        }
    }
    for (_, open) in items.values_mut().filter(|(_, open)| *open < 0) {
        pool -= *open;
        *open = 0;
    }
    let mut oldest: Vec<&mut (String, i64)> = items.values_mut().collect();
    oldest.sort();
    for (_, open) in oldest {
        let paid = pool.min(*open);
        *open -= paid;
        pool -= paid;
    }
    items.retain(|_, (_, open)| *open != 0);
    (items, pool)
}

async fn play(books: &Books, control: &str, contra: &str, party: &str, movements: &[Movement]) {
    let receivable = control == "1200";
    for (number, (date, document, amount)) in movements.iter().enumerate() {
        let opens = (*amount > 0) == receivable;
        let (side, other) = if opens { ("debit", "credit") } else { ("credit", "debit") };
        let mut body =
            json!({ "date": date, "party": party, "lines": [line(control, side, amount.abs()), line(contra, other, amount.abs())] });
        if let Some(document) = document {
            body["reference"] = json!(document);
        }
        books.done(&format!("journal-entry/{party}-{number}/post"), &body).await;
    }
}

fn days_between(from: &str, to: &str) -> i64 {
    let day = |text: &str| text.parse::<NaiveDate>().unwrap();
    (day(to) - day(from)).num_days()
}

fn expected_ages(items: &BTreeMap<String, (String, i64)>, day: &str) -> [i64; 4] {
    let mut ages = [0; 4];
    for (opened, open) in items.values() {
        let bucket = match days_between(opened, day) {
            ..=30 => 0,
            31..=60 => 1,
            61..=90 => 2,
            _ => 3,
        };
        ages[bucket] += open;
    }
    ages
}

fn ages(row: &Value) -> [i64; 4] {
    ["days_0_30_minor", "days_31_60_minor", "days_61_90_minor", "days_over_90_minor"].map(|field| row[field].as_i64().unwrap())
}

#[tokio::test]
async fn payments_settle_their_documents_or_the_oldest_first_on_every_day() {
    let books = Books::open().await.projecting().await;
    play(&books, "1200", "4000", "c-1", CUSTOMER).await;
    play(&books, "2000", "5000", "s-1", CUSTOMER).await;
    let days = [
        "2024-01-09",
        "2024-01-10",
        "2024-02-09",
        "2024-03-01",
        "2024-03-05",
        "2024-03-19",
        "2024-03-20",
        "2024-05-01",
        "2024-05-20",
        "2025-01-01",
    ];
    for day in days {
        let (items, unassigned) = open_on(CUSTOMER, day);
        for (report, control) in [("aged-receivables", "receivable"), ("aged-payables", "payable")] {
            let rows = books.read(&format!("{report}?as_of={day}")).await;
            let open: i64 = items.values().map(|(_, open)| open).sum();
            if open == 0 && unassigned == 0 {
                assert!(rows.is_empty(), "{report} {day}: {rows:?}");
                continue;
            }
            assert_eq!((rows.len(), ages(&rows[0])), (1, expected_ages(&items, day)), "{report} {day}: {rows:?}");
            assert_eq!(
                (&rows[0]["unassigned_minor"], &rows[0]["total_minor"]),
                (&json!(unassigned), &json!(open - unassigned)),
                "{report} {day}"
            );
            let listed = books.read(&format!("open-items?control={control}&as_of={day}")).await;
            let listed: BTreeMap<String, (String, i64)> = listed
                .iter()
                .map(|row| {
                    assert_eq!(row["days"], days_between(row["opened_on"].as_str().unwrap(), day));
                    (
                        row["item"].as_str().unwrap().to_owned(),
                        (row["opened_on"].as_str().unwrap().to_owned(), row["open_minor"].as_i64().unwrap()),
                    )
                })
                .collect();
            assert_eq!(listed, items, "{control} {day}");
        }
    }
    statements(&books).await;
    books.stop().await;
}

async fn statements(books: &Books) {
    let rows = books.read("statement-of-account?party=c-1&from=2024-03-01&to=2024-04-30").await;
    let shown: Vec<_> = rows.iter().map(|row| (row["kind"].as_str().unwrap(), row["balance_minor"].as_i64().unwrap())).collect();
    assert_eq!(shown, [("opening", 1_500), ("line", 1_800), ("line", 1_300), ("line", 100), ("closing", 100)]);
    let supplier = books.read("statement-of-account?party=s-1").await;
    assert_eq!(supplier.last().unwrap()["balance_minor"], 70);
    books.client.get("/v1/accounting/statement-of-account?party=nobody").await.is_problem(404, "not_found");
}

#[tokio::test]
async fn a_reversed_invoice_is_open_no_more() {
    let books = Books::open().await.projecting().await;
    let invoice =
        |party: &str| json!({ "date": "2024-01-10", "party": party, "lines": [line("1200", "debit", 40), line("4000", "credit", 40)] });
    books.done("journal-entry/a/post", &invoice("c-1")).await;
    books.done("journal-entry/b/post", &invoice("c-1")).await;
    books.done("journal-entry/b/reverse", &json!({ "date": "2024-02-01" })).await;
    let items = books.read("open-items?as_of=2024-03-01").await;
    assert_eq!((items.len(), &items[0]["item"]), (1, &json!("a")));
    assert_eq!(books.read("open-items?as_of=2024-01-31").await.len(), 2);
    books.stop().await;
}

#[tokio::test]
async fn a_payment_may_settle_several_documents() {
    let books = Books::open().await.projecting().await;
    play(&books, "1200", "4000", "c-1", &[("2024-01-10", Some("R-1"), 100), ("2024-01-11", Some("R-2"), 50)]).await;
    let part = |document: &str, amount: i64| json!({ "account": "1200", "side": "credit", "amount": euros(amount), "reference": document });
    let payment = json!({ "date": "2024-02-01", "party": "c-1", "lines": [line("1100", "debit", 130), part("R-1", 100), part("R-2", 30)] });
    books.done("journal-entry/pay/post", &payment).await;
    let items = books.read("open-items?as_of=2024-03-01&party=c-1").await;
    assert_eq!((items.len(), &items[0]["item"], &items[0]["open_minor"]), (1, &json!("R-2"), &json!(20)));
    books.stop().await;
}

#[tokio::test]
async fn a_debt_that_names_no_party_is_refused_so_that_parties_add_up_to_the_control_account() {
    let books = Books::open().await.projecting().await;
    play(&books, "1200", "4000", "c-1", &[("2024-01-10", Some("R-1"), 100)]).await;
    let status = async || {
        let checks = books.read("consistency").await;
        let check = checks.into_iter().find(|check| check["check"] == "subledger_equals_control" && check["account"] == "1200").unwrap();
        (check["status"].as_str().unwrap().to_owned(), check["difference_minor"].as_i64().unwrap())
    };
    assert_eq!(status().await, ("ok".to_owned(), 0));
    let nobody = books.send("journal-entry/nobody/post", &super::books::entry("2024-01-10", "1200", "4000", 7)).await;
    nobody.is_problem(422, "accounting.party_missing");
    assert_eq!(status().await, ("ok".to_owned(), 0));
    books.stop().await;
}
