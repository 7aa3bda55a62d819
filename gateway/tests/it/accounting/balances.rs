//! Statements of random books, against sums that the test makes by itself.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::books::{Books, line};

/// More than a block of booking positions.
const ENTRIES: usize = 4_600;
const ACCOUNTS: [&str; 14] =
    ["1000", "1100", "1500", "1600", "1690", "2100", "2500", "3000", "4000", "4900", "5000", "6000", "6900", "7000"];

/// An entry of the test's own ledger.
struct Booked {
    position: i64,
    date: String,
    lines: Vec<(&'static str, i64, i64)>,
}

/// Numbers that look random and are the same in each run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        // Knuth's MMIX generator; the high bits are the good ones.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn account(&mut self) -> &'static str {
        ACCOUNTS[usize::try_from(self.below(ACCOUNTS.len() as u64)).unwrap()]
    }

    /// A day of 2023 or 2024.
    fn date(&mut self) -> String {
        let days = self.below(731);
        let first = "2023-01-01".parse::<chrono::NaiveDate>().unwrap();
        first.checked_add_days(chrono::Days::new(days)).unwrap().to_string()
    }

    fn entry(&mut self) -> Booked {
        let amount = |chance: &mut Self| i64::try_from(chance.below(100_000)).unwrap() + 1;
        let mut lines = Vec::new();
        let mut total = 0;
        for _ in 0..=self.below(2) {
            let part = amount(self);
            total += part;
            lines.push((self.account(), part, 0));
        }
        lines.push((self.account(), 0, total));
        Booked { position: 0, date: self.date(), lines }
    }
}

impl Booked {
    fn body(&self) -> Value {
        let of = |(account, debit, credit): &(&str, i64, i64)| {
            if *debit > 0 { line(account, "debit", *debit) } else { line(account, "credit", *credit) }
        };
        json!({ "date": self.date, "lines": self.lines.iter().map(of).collect::<Vec<_>>() })
    }
}

/// Debits and credits by account.
type Sums = BTreeMap<String, (i64, i64)>;

fn sums<'a>(booked: impl Iterator<Item = &'a Booked>) -> Sums {
    let mut sums = Sums::new();
    for (account, debit, credit) in booked.flat_map(|entry| &entry.lines) {
        let sum = sums.entry((*account).to_owned()).or_default();
        *sum = (sum.0 + debit, sum.1 + credit);
    }
    sums
}

fn reported(rows: &[Value]) -> Sums {
    let number = |row: &Value, field: &str| row[field].as_i64().unwrap();
    rows.iter()
        .map(|row| {
            let (debit, credit) = (number(row, "debit_minor"), number(row, "credit_minor"));
            assert_eq!(number(row, "debit_balance_minor") - number(row, "credit_balance_minor"), debit - credit);
            (row["account"].as_str().unwrap().to_owned(), (debit, credit))
        })
        .collect()
}

async fn booked(books: &Books) -> Vec<Booked> {
    let mut chance = Chance(42);
    let mut entries: Vec<Booked> = (0..ENTRIES).map(|_| chance.entry()).collect();
    let commands: Vec<_> =
        entries.iter().enumerate().map(|(number, entry)| (format!("journal-entry/e-{number}"), "post".to_owned(), entry.body())).collect();
    for (entry, position) in entries.iter_mut().zip(books.all_done(&commands).await) {
        entry.position = position;
    }
    entries.sort_by_key(|entry| entry.position);
    entries
}

#[tokio::test]
async fn statements_of_random_books_are_what_the_entries_add_up_to() {
    let books = Books::open().await.projecting().await;
    let entries = booked(&books).await;
    trial_balances(&books, &entries).await;
    general_ledger(&books, &entries).await;
    profit_and_loss(&books, &entries).await;
    balance_sheets(&books, &entries).await;
    let checks = books.read("consistency").await;
    assert!(checks.len() >= 5 && checks.iter().all(|check| check["status"] == "ok"), "{checks:?}");
    books.stop().await;
}

async fn trial_balances(books: &Books, entries: &[Booked]) {
    let positions = [0, 1, entries[0].position, entries[700].position, 4_095, 4_096, 4_097, entries[ENTRIES - 1].position, i64::MAX];
    let dates =
        ["2022-12-31", "2023-01-01", "2023-01-31", "2023-02-01", "2023-08-17", "2023-12-31", "2024-02-29", "2024-12-31", "2026-01-01"];
    assert_eq!(reported(&books.read("trial-balance").await), sums(entries.iter()));
    for date in dates {
        let expected = sums(entries.iter().filter(|entry| *entry.date <= *date));
        assert_eq!(reported(&books.read(&format!("trial-balance?as_of={date}")).await), expected, "{date}");
        for position in positions {
            let known = sums(entries.iter().filter(|entry| *entry.date <= *date && entry.position <= position));
            let rows = reported(&books.read(&format!("trial-balance?as_of={date}&position={position}")).await);
            let rows: Sums = rows.into_iter().filter(|(_, sum)| *sum != (0, 0)).collect();
            assert_eq!(rows, known, "{date} at {position}");
        }
    }
    for position in positions {
        let expected = sums(entries.iter().filter(|entry| entry.position <= position));
        let rows = reported(&books.read(&format!("trial-balance?position={position}")).await);
        assert_eq!(rows, expected, "{position}");
        let (debit, credit) = rows.values().fold((0, 0), |sum, row| (sum.0 + row.0, sum.1 + row.1));
        assert_eq!(debit, credit, "debits equal credits at {position}");
    }
    let one = books.one("account-balance?account=4000&as_of=2023-08-17").await;
    let (debit, credit) = sums(entries.iter().filter(|entry| *entry.date <= *"2023-08-17"))["4000"];
    assert_eq!(one["balance_minor"], credit - debit);
    assert!(books.read("trial-balance?currency=USD").await.is_empty());
    books.client.get("/v1/accounting/account-balance?account=none").await.is_problem(404, "not_found");
}

async fn general_ledger(books: &Books, entries: &[Booked]) {
    let (from, to) = ("2023-03-15", "2023-06-20");
    let mut expected: Vec<(String, i64, i64)> = Vec::new();
    for entry in entries.iter().filter(|entry| *entry.date >= *from && *entry.date <= *to) {
        let own = entry.lines.iter().filter(|(account, ..)| *account == "1100");
        expected.extend(own.map(|(_, debit, credit)| (entry.date.clone(), entry.position, debit - credit)));
    }
    expected.sort_by(|a, b| (&a.0, a.1).cmp(&(&b.0, b.1)));
    let opening: i64 = sums(entries.iter().filter(|entry| *entry.date < *from)).get("1100").map_or(0, |sum| sum.0 - sum.1);
    let mut balance = opening;
    let mut lines = Vec::new();
    let mut after = String::new();
    loop {
        let rows = books.read(&format!("general-ledger?account=1100&from={from}&to={to}&limit=17{after}")).await;
        let (closing, rows) = rows.split_last().unwrap();
        if after.is_empty() {
            assert_eq!((&rows[0]["kind"], &rows[0]["balance_minor"]), (&json!("opening"), &json!(opening)));
        }
        lines.extend(rows.iter().filter(|row| row["kind"] == "line").cloned());
        let all: i64 = expected.iter().map(|(_, _, amount)| amount).sum();
        assert_eq!((&closing["kind"], &closing["balance_minor"]), (&json!("closing"), &json!(opening + all)));
        assert_eq!(closing["line_count"], expected.len());
        match closing["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    assert_eq!(lines.len(), expected.len());
    for (row, (date, _, amount)) in lines.iter().zip(&expected) {
        balance += amount;
        assert_eq!((row["date"].as_str().unwrap(), row["balance_minor"].as_i64().unwrap()), (date.as_str(), balance));
    }
    books.client.get("/v1/accounting/general-ledger?account=none").await.is_problem(404, "not_found");
}

/// The result of what was booked between two days, or of one account's share in it, positive for a profit.
fn result(entries: &[Booked], from: &str, to: &str, accounts: &[&str]) -> i64 {
    let within = entries.iter().filter(|entry| *entry.date >= *from && *entry.date <= *to);
    sums(within).iter().filter(|(account, _)| accounts.contains(&account.as_str())).map(|(_, (debit, credit))| credit - debit).sum()
}

async fn profit_and_loss(books: &Books, entries: &[Booked]) {
    for (from, to) in [("2023-04-01", "2023-06-30"), ("2023-12-15", "2024-01-15"), ("2024-01-01", "2024-12-31")] {
        let report = books.one(&format!("profit-and-loss?from={from}&to={to}")).await;
        let of = |accounts: &[&str]| result(entries, from, to, accounts);
        assert_eq!(report["revenue_minor"], of(&["4000"]));
        assert_eq!(report["cost_of_sales_minor"], -of(&["5000"]));
        assert_eq!(report["gross_profit_minor"], of(&["4000", "5000"]));
        assert_eq!(report["operating_expenses_minor"], -of(&["6000", "6900"]));
        assert_eq!((&report["other_income_minor"], &report["other_expenses_minor"]), (&json!(of(&["4900"])), &json!(-of(&["7000"]))));
        assert_eq!(report["net_income_minor"], of(&["4000", "4900", "5000", "6000", "6900", "7000"]));
    }
    let year = books.one("profit-and-loss?to=2024-05-05").await;
    assert_eq!((&year["from"], &year["to"]), (&json!("2024-01-01"), &json!("2024-05-05")));
}

async fn balance_sheets(books: &Books, entries: &[Booked]) {
    let results = ["4000", "4900", "5000", "6000", "6900", "7000"];
    for day in ["2023-01-31", "2023-11-11", "2024-01-01", "2024-12-31"] {
        let sheet = books.one(&format!("balance-sheet?as_of={day}")).await;
        let all = sums(entries.iter().filter(|entry| *entry.date <= *day));
        let net = |accounts: &[&str]| accounts.iter().filter_map(|account| all.get(*account)).map(|sum| sum.0 - sum.1).sum::<i64>();
        let year = &day[..4];
        assert_eq!(sheet["assets_minor"], net(&["1000", "1100", "1500", "1600", "1690"]), "{day}");
        assert_eq!(sheet["liabilities_minor"], -net(&["2100", "2500"]));
        assert_eq!(sheet["equity_minor"], -net(&["3000"]));
        assert_eq!(sheet["current_year_result_minor"], result(entries, &format!("{year}-01-01"), day, &results));
        assert_eq!(
            sheet["earlier_results_minor"],
            result(entries, "2023-01-01", &format!("{}-12-31", year.parse::<i32>().unwrap() - 1), &results)
        );
        assert_eq!(sheet["assets_minor"], sheet["liabilities_and_equity_minor"], "{day} balances");
    }
}

#[tokio::test]
async fn a_business_year_begins_when_the_calendar_says() {
    let books = Books::empty().await.projecting().await;
    books.done("period/default/open", &json!({ "fiscal_year_start_month": 4 })).await;
    books.done("chart/default/apply-template", &json!({ "template": "service_company", "currency": "EUR" })).await;
    for (id, date, amount) in [("a", "2024-03-31", 100), ("b", "2024-04-01", 20)] {
        books.done(&format!("journal-entry/{id}/post"), &super::books::entry(date, "1100", "4100", amount)).await;
    }
    let sheet = books.one("balance-sheet?as_of=2024-04-30").await;
    assert_eq!(
        (&sheet["year_start"], &sheet["earlier_results_minor"], &sheet["current_year_result_minor"]),
        (&json!("2024-04-01"), &json!(100), &json!(20))
    );
    let sheet = books.one("balance-sheet?as_of=2024-03-31").await;
    assert_eq!((&sheet["year_start"], &sheet["current_year_result_minor"]), (&json!("2023-04-01"), &json!(100)));
    books.stop().await;
}

#[tokio::test]
async fn currencies_are_never_added_up() {
    let books = Books::open().await.projecting().await;
    books.done("chart/default/apply-template", &json!({ "template": "trading_company", "currency": "USD" })).await;
    let dollars =
        |account: &str, side: &str| json!({ "account": account, "side": side, "amount": { "amount_minor": 700, "currency": "USD" } });
    let both = json!({ "date": "2024-03-31", "lines": [
        line("1100", "debit", 500), line("4000", "credit", 500), dollars("1100-USD", "debit"), dollars("4000-USD", "credit")
    ] });
    books.done("journal-entry/e/post", &both).await;
    let row = books.one("journal-entry-list").await;
    assert_eq!((&row["currency"], &row["total_minor"]), (&Value::Null, &Value::Null));
    let reports = books.read("profit-and-loss?to=2024-12-31").await;
    let revenue: Vec<_> =
        reports.iter().map(|report| (report["currency"].as_str().unwrap(), report["revenue_minor"].as_i64().unwrap())).collect();
    assert_eq!(revenue, [("EUR", 500), ("USD", 700)]);
    books.stop().await;
}
