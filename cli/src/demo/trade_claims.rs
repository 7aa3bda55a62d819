//! What is claimed of the trading company: figures that the platform answers, beside those that the generator of the files computed.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use serde_json::{Map, Value};

use super::Demo;

/// An amount for people.
fn euros(minor: i64) -> String {
    let digits = (minor.abs() / 100).to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    format!("{}{text}.{:02} EUR", if minor < 0 { "-" } else { "" }, minor.abs() % 100)
}

fn number(value: &Value) -> i64 {
    value.as_i64().unwrap_or(i64::MIN)
}

/// The numbers of an object by their names.
fn numbers(value: &Value) -> BTreeMap<String, i64> {
    value.as_object().into_iter().flatten().map(|(name, value)| (name.clone(), number(value))).collect()
}

impl Demo {
    /// The rows of a report.
    async fn rows(&self, path: &str, tokens: &str) -> Result<Vec<Value>> {
        let mut answer: Value = self.client.get_after(path, tokens).await?;
        match answer["data"].take() {
            Value::Array(rows) => Ok(rows),
            other => anyhow::bail!("{path} answers no rows: {other}"),
        }
    }

    pub async fn trade_claims(&mut self, expected: &Value, tokens: &str) -> Result<()> {
        self.lists(expected, tokens).await?;
        self.revenue(expected, tokens).await?;
        self.receivables(&expected["receivables"], tokens).await?;
        self.stock(&expected["stock"], tokens).await?;
        self.books(expected, tokens).await?;
        self.subscriptions(&expected["subscriptions"], tokens).await
    }

    /// Whole lists as CSV, as spreadsheets get them.
    async fn lists(&mut self, expected: &Value, tokens: &str) -> Result<()> {
        let created = &expected["created"];
        for (path, wanted) in [
            ("crm/company-list", &created["companies.csv"]),
            ("crm/contact-list", &created["contacts.csv"]),
            ("inventory/product-list", &created["products.csv"]),
            ("invoicing/invoice-list", &expected["invoices"]),
            ("invoicing/bill-list", &expected["bills"]),
            ("billing/subscription-list", &created["subscriptions.csv"]),
        ] {
            let rows = self.client.table_after(&format!("/v1/{path}"), tokens).await?.lines().count().saturating_sub(1);
            self.claim(format!("{path} has {rows} rows"), Some(rows as u64) == wanted.as_u64());
        }
        Ok(())
    }

    async fn revenue(&mut self, expected: &Value, tokens: &str) -> Result<()> {
        let day = |name: &str| expected[name].as_str().context("expected.json says of no time");
        let (from, to) = (day("from")?, day("to")?);
        let rows = self.rows(&format!("/v1/invoicing/revenue-by-month?from={from}&to={to}&currency=EUR"), tokens).await?;
        let wanted = expected["revenue_by_month"].as_object().context("expected.json says nothing of revenue")?;
        let agree = |row: &Value| {
            let month = row["month"].as_str().and_then(|month| wanted.get(month)).and_then(Value::as_object);
            month.is_some_and(|month: &Map<String, Value>| month.iter().all(|(name, value)| number(&row[name]) == number(value)))
        };
        let right = rows.iter().filter(|row| agree(row)).count();
        for year in rows.chunk_by(|a, b| a["month"].as_str().map(|m| &m[..4]) == b["month"].as_str().map(|m| &m[..4])) {
            let months: Vec<String> = year.iter().map(|row| format!("{}", number(&row["revenue_minor"]) / 100_000)).collect();
            println!("     revenue of {} by month, in thousands: {}", &year[0]["month"].as_str().unwrap_or("????")[..4], months.join(" "));
        }
        let sum: i64 = rows.iter().map(|row| number(&row["revenue_minor"])).sum();
        self.claim(
            format!("revenue of {} months agrees to the cent, with invoices, taxes and credit notes: {}", rows.len(), euros(sum)),
            right == wanted.len() && rows.len() == wanted.len(),
        );
        Ok(())
    }

    async fn receivables(&mut self, expected: &Value, tokens: &str) -> Result<()> {
        let rows = self.rows("/v1/invoicing/receivables-summary?currency=EUR", tokens).await?;
        let found = rows.first().cloned().unwrap_or_default();
        let wanted = numbers(expected);
        self.claim(
            format!(
                "{} invoices are open with {}; {} written off, {} credit of customers, {} owed to suppliers",
                number(&found["open_count"]),
                euros(number(&found["open_minor"])),
                euros(number(&found["written_off_minor"])),
                euros(number(&found["credit_minor"])),
                euros(number(&found["payable_minor"]))
            ),
            wanted.iter().all(|(name, amount)| number(&found[name]) == *amount),
        );
        Ok(())
    }

    async fn stock(&mut self, expected: &Value, tokens: &str) -> Result<()> {
        let rows = self.rows("/v1/inventory/valuation", tokens).await?;
        let wanted = expected["products"].as_object().context("expected.json says nothing of products")?;
        let agree = |row: &Value| {
            let product = row["sku"].as_str().and_then(|sku| wanted.get(sku));
            product.is_some_and(|product| row["quantity"] == product[0] && row["value_minor"] == product[1])
        };
        let right = rows.iter().filter(|row| agree(row)).count();
        let sum = |name: &str| rows.iter().map(|row| number(&row[name])).sum::<i64>();
        self.claim(
            format!(
                "stock of {} products agrees by piece and cent: {} pieces worth {}",
                rows.len(),
                sum("quantity"),
                euros(sum("value_minor"))
            ),
            right == wanted.len() && rows.len() == wanted.len() && sum("value_minor") == number(&expected["value_minor"]),
        );
        Ok(())
    }

    async fn books(&mut self, expected: &Value, tokens: &str) -> Result<()> {
        let rows = self.rows("/v1/accounting/trial-balance?currency=EUR", tokens).await?;
        let sum = |name: &str| rows.iter().map(|row| number(&row[name])).sum::<i64>();
        let (debits, credits) = (sum("debit_minor"), sum("credit_minor"));
        self.claim(format!("the trial balance is balanced: {} on either side", euros(debits)), debits == credits && debits > 0);
        let balance = |row: &Value| number(&row["debit_balance_minor"]) - number(&row["credit_balance_minor"]);
        let found: BTreeMap<String, i64> = rows
            .iter()
            .map(|row| (row["account"].as_str().unwrap_or_default().to_owned(), balance(row)))
            .filter(|(_, balance)| *balance != 0)
            .collect();
        let wanted = numbers(&expected["trial_balance"]);
        for (account, balance) in wanted.iter().filter(|(account, balance)| found.get(*account) != Some(balance)) {
            println!("       account {account}: expected {}, is {}", euros(*balance), euros(found.get(account).copied().unwrap_or(0)));
        }
        self.claim(format!("its {} accounts hold what was computed, each to the cent", found.len()), found == wanted);
        let of = |account: &str| found.get(account).copied().unwrap_or(0);
        self.claim(
            format!("the stock account holds the value of the stock: {}", euros(of("1300"))),
            of("1300") == number(&expected["stock"]["value_minor"]),
        );
        let open = number(&expected["receivables"]["open_minor"]);
        self.claim(format!("the receivables account holds what customers owe: {}", euros(of("1200"))), of("1200") == open);
        let sales = -of("4000") - of("4200");
        println!("     gross margin {} % of goods", (sales - of("5000") - of("5100")) * 100 / sales.max(1));
        let checks = self.rows("/v1/accounting/consistency", tokens).await?;
        let wrong: Vec<&Value> = checks.iter().filter(|check| check["status"] != "ok").collect();
        self.claim(
            format!("{} checks of the books against themselves and the stock are good", checks.len()),
            wrong.is_empty() && !checks.is_empty(),
        );
        Ok(())
    }

    async fn subscriptions(&mut self, expected: &Value, tokens: &str) -> Result<()> {
        let wanted = numbers(&expected["mrr_by_month"]);
        let (Some((first, _)), Some((last, mrr))) = (wanted.first_key_value(), wanted.last_key_value()) else {
            anyhow::bail!("expected.json says nothing of recurring revenue")
        };
        let rows = self.rows(&format!("/v1/billing/mrr?currency=EUR&from={first}-01&to={last}-01"), tokens).await?;
        let found: BTreeMap<String, i64> =
            rows.iter().map(|row| (row["month"].as_str().unwrap_or_default().to_owned(), number(&row["closing_minor"]))).collect();
        self.claim(
            format!("monthly recurring revenue of {} months agrees; at the end {}, {} a year", found.len(), euros(*mrr), euros(mrr * 12)),
            found == wanted,
        );
        let usage = self.rows("/v1/billing/current-usage?metric=cups", tokens).await?;
        let cups: f64 = usage.iter().filter_map(|row| row["sum"].as_f64()).sum();
        #[expect(clippy::cast_precision_loss, reason = "a number of cups is far below 2^52")]
        let agrees = (cups - number(&expected["cups"]) as f64).abs() < 0.5;
        self.claim(format!("{cups} cups of {} machine contracts wait to be billed", usage.len()), agrees);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_written_for_people() {
        for (minor, text) in [(0, "0.00 EUR"), (123_456_789, "1,234,567.89 EUR"), (-100_005, "-1,000.05 EUR"), (99_999, "999.99 EUR")] {
            assert_eq!(euros(minor), text);
        }
    }
}
