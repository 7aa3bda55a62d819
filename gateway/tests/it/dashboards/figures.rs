//! What each dashboard says, against the facts.

use std::collections::BTreeMap;

use chrono::{Datelike as _, NaiveDate, TimeDelta};
use serde_json::{Value, json};

use super::business::{Business, Owed, Sold, ago, today};

/// A number of a row.
pub fn number(row: &Value, name: &str) -> i64 {
    row[name].as_i64().unwrap_or_else(|| panic!("{name} of {row} is no whole number"))
}

/// A small whole number as the answers of series have it.
pub fn real(number: i64) -> f64 {
    f64::from(i32::try_from(number).unwrap())
}

/// A day of a row.
pub fn day(row: &Value, name: &str) -> NaiveDate {
    row[name].as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("{name} of {row} is no day"))
}

/// The first day of the week or month.
fn bucket(unit: &str, day: NaiveDate) -> NaiveDate {
    match unit {
        "month" => day.with_day(1).unwrap(),
        "week" => day - TimeDelta::days(day.weekday().num_days_from_monday().into()),
        _ => day,
    }
}

/// Invoiced, credited, and tax of both, of some facts.
fn sums<'a>(facts: impl Iterator<Item = &'a Sold>) -> [i64; 4] {
    facts.fold([0; 4], |[net, tax, credited, credited_tax], fact| {
        if fact.credit {
            [net, tax, credited - fact.net, credited_tax - fact.tax]
        } else {
            [net + fact.net, tax + fact.tax, credited, credited_tax]
        }
    })
}

async fn check_revenue(business: &Business, query: &str, unit: &str, chosen: impl Fn(&Sold) -> bool) {
    let rows = business.rows(&format!("revenue?from={}&bucket={unit}{query}", ago(100))).await;
    let mut seen = [0; 4];
    for row in &rows {
        let (first, currency) = (day(row, "date"), row["currency"].as_str().unwrap());
        let within = |fact: &&Sold| chosen(fact) && fact.currency == currency && bucket(unit, fact.day) == first;
        let expected = sums(business.sold.iter().filter(within));
        let [net, tax, credited, credited_tax] = expected;
        let found = ["net_minor", "tax_minor", "credited_net_minor", "credited_minor", "total_minor", "revenue_minor"]
            .map(|name| number(row, name));
        assert_eq!(found, [net, tax, credited, credited + credited_tax, net + tax, net - credited], "{query} {row}");
        let documents = |credit: bool| {
            let mut names: Vec<&str> =
                business.sold.iter().filter(within).filter(|fact| fact.credit == credit).map(|fact| fact.document.as_str()).collect();
            names.sort_unstable();
            names.dedup();
            i64::try_from(names.len()).unwrap()
        };
        assert_eq!([number(row, "invoice_count"), number(row, "credit_note_count")], [documents(false), documents(true)], "{query} {row}");
        for (sum, value) in seen.iter_mut().zip(expected) {
            *sum += value;
        }
    }
    assert_eq!(seen, sums(business.sold.iter().filter(|fact| chosen(fact))), "{query}: every fact is in a row");
    assert!(seen[0] > 0, "{query}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn revenue_is_that_of_the_invoices_and_credit_notes() {
    let business = Business::trading().await;
    for unit in ["day", "week", "month"] {
        check_revenue(&business, "", unit, |_| true).await;
    }
    check_revenue(&business, "&currency=USD", "week", |fact| fact.currency == "USD").await;
    check_revenue(&business, "&customer_id=c-1", "month", |fact| fact.customer == "c-1").await;
    check_revenue(&business, "&product=tea", "week", |fact| fact.product == "tea").await;
    check_revenue(&business, "&customer_id=c-2&product=advice", "month", |fact| fact.customer == "c-2" && fact.product == "advice").await;

    // The rows that a figure leads to add up to it, and each leads to the events of its invoice.
    for row in business.rows(&format!("revenue?from={}&bucket=month&customer_id=c-0", ago(100))).await {
        let lines = business.drilled(&row["drill"]).await;
        assert_eq!(lines.iter().map(|line| number(line, "net_minor")).sum::<i64>(), number(&row, "revenue_minor"), "{row}");
        if let Some(line) = lines.first() {
            let history =
                business.client.get(&format!("/v1/invoicing/invoice/{}/history", line["invoice_id"].as_str().unwrap())).await.text();
            assert!(history.contains("invoice_finalized"), "{history}");
        }
    }
    // The report of the context says the same from its own rows.
    let months = business.ask("invoicing/revenue-by-month").await;
    let ours = business.rows(&format!("revenue?from={}", ago(100))).await;
    for month in months["data"].as_array().unwrap() {
        let same = |row: &&Value| {
            row["date"].as_str().unwrap().starts_with(month["month"].as_str().unwrap()) && row["currency"] == month["currency"]
        };
        let row = ours.iter().find(same).unwrap_or_else(|| panic!("no row for {month}"));
        for name in [
            "invoice_count",
            "net_minor",
            "tax_minor",
            "total_minor",
            "credit_note_count",
            "credited_net_minor",
            "credited_minor",
            "revenue_minor",
        ] {
            assert_eq!(number(row, name), number(month, name), "{name} of {month}");
        }
    }
    // A series is made of it, without gaps.
    let from = ago(30);
    let uri = format!(
        "series?source=analytics/revenue&date=date&value=revenue_minor&filter.bucket=day&filter.currency=EUR&from={from}&to={}&filter.from={from}",
        today()
    );
    let series = business.ask(&uri).await;
    let points = series["series"][0]["points"].as_array().unwrap();
    assert_eq!(points.len(), 31);
    for point in points {
        let [net, _, credited, _] = sums(business.sold.iter().filter(|fact| fact.currency == "EUR" && fact.day == day(point, "date")));
        assert_eq!(point["value"].as_f64(), Some(real(net - credited)), "{point}");
    }
    business.world.stop().await;
}

/// What is open of each document at the end of a day.
fn open(facts: &[Owed], payable: bool, at: NaiveDate) -> BTreeMap<&str, (&Owed, i64)> {
    let mut all: BTreeMap<&str, (&Owed, i64)> = BTreeMap::new();
    for fact in facts.iter().filter(|fact| fact.payable == payable && fact.day <= at) {
        all.entry(&fact.document).or_insert((fact, 0)).1 += fact.amount;
    }
    all.retain(|_, (_, amount)| *amount != 0);
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_owed_is_told_by_age_for_any_day() {
    let business = Business::trading().await;
    for (source, payable, party) in [("receivables", false, "customer_id"), ("payables", true, "supplier_id")] {
        for (at, given) in [(today(), false), (today(), true), (ago(17), true), (ago(45), true), (ago(71), true), (ago(400), true)] {
            let facts = open(&business.owed, payable, at);
            let uri = if given { format!("{source}?as_of={at}") } else { source.to_owned() };
            let rows = business.rows(&uri).await;
            let currencies: std::collections::BTreeSet<&str> = facts.values().map(|(fact, _)| fact.currency).collect();
            assert_eq!(rows.len(), 5 * currencies.len(), "{uri}: {rows:?}");
            for row in &rows {
                let (least, most) = (row["from_days"].as_i64().unwrap_or(i64::MIN), row["to_days"].as_i64().unwrap_or(i64::MAX));
                let within =
                    |fact: &&(&Owed, i64)| row["currency"] == fact.0.currency && (least..=most).contains(&(at - fact.0.due).num_days());
                let expected: i64 = facts.values().filter(within).map(|(_, amount)| amount).sum();
                assert_eq!(number(row, "open_minor"), expected, "{uri} {row}");
                assert_eq!(number(row, "document_count"), i64::try_from(facts.values().filter(within).count()).unwrap(), "{uri} {row}");
                let found: i64 = business.drilled(&row["drill"]).await.iter().map(|row| number(row, "open_minor")).sum();
                let whole: i64 = facts.values().filter(|(fact, _)| row["currency"] == fact.currency).map(|(_, amount)| amount).sum();
                assert_eq!(found, if given { whole } else { expected }, "{uri} leads to {}", row["drill"]);
            }
            let chosen: i64 = facts.values().filter(|(fact, _)| fact.party.ends_with("-1")).map(|(_, amount)| amount).sum();
            let one = if payable { "s-1" } else { "c-1" };
            let rows = business.rows(&format!("{source}?as_of={at}&{party}={one}")).await;
            assert_eq!(rows.iter().map(|row| number(row, "open_minor")).sum::<i64>(), chosen, "{uri} of {one}");
        }
    }
    business.world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cash_and_recurring_revenue_go_on_from_where_they_were() {
    let business = Business::trading().await;
    for (unit, from) in [("day", ago(60)), ("week", ago(100)), ("month", ago(100))] {
        let rows = business.rows(&format!("cash?from={from}&bucket={unit}")).await;
        let days = rows.iter().filter(|row| row["account"] == "1100").count();
        assert!(days > 3 && rows.len() == 2 * days, "both accounts in every bucket: {}", rows.len());
        for row in &rows {
            let first = day(row, "date");
            let of = |wanted: &dyn Fn(NaiveDate) -> bool, sign: i64| -> i64 {
                let moved = business.paid.iter().filter(|paid| row["account"] == paid.account && wanted(paid.day));
                moved
                    .map(|paid| paid.amount)
                    .filter(|amount| sign == 0 || amount.signum() == sign)
                    .map(|amount| if sign < 0 { -amount } else { amount })
                    .sum()
            };
            let (before, within) = (|day| bucket(unit, day) < first, |day| bucket(unit, day) == first);
            let expected = [of(&before, 0), of(&within, 1), of(&within, -1), of(&before, 0) + of(&within, 0)];
            assert_eq!(["opening_minor", "in_minor", "out_minor", "closing_minor"].map(|name| number(row, name)), expected, "{unit} {row}");
        }
        let last = rows.iter().rev().find(|row| number(row, "out_minor") > 0).unwrap();
        let lines = business.drilled(&last["drill"]).await;
        assert_eq!(lines.iter().filter_map(|line| line["credit_minor"].as_i64()).sum::<i64>(), number(last, "out_minor"));

        let rows = business.rows(&format!("recurring-revenue?from={from}&bucket={unit}&currency=EUR")).await;
        assert_eq!(rows.len(), days);
        for row in &rows {
            let first = day(row, "date");
            let sum = |kind: &str| -> i64 {
                business.recurring.iter().filter(|fact| bucket(unit, fact.day) == first && fact.kind == kind).map(|fact| fact.amount).sum()
            };
            let before: i64 = business.recurring.iter().filter(|fact| bucket(unit, fact.day) < first).map(|fact| fact.amount).sum();
            let (new, churn) = (sum("new"), sum("churn"));
            let names = ["opening_minor", "new_minor", "churn_minor", "expansion_minor", "closing_minor", "annual_minor"];
            let expected = [before, new, churn, 0, before + new + churn, 12 * (before + new + churn)];
            assert_eq!(names.map(|name| number(row, name)), expected, "{unit} {row}");
            let drilled: i64 = business.drilled(&row["drill"]).await.iter().map(|row| number(row, "delta_minor")).sum();
            assert_eq!(drilled, new + churn, "{row}");
        }
    }
    let months = business.ask("billing/mrr").await["data"].as_array().unwrap().clone();
    let ours = business.rows("recurring-revenue").await;
    assert_eq!((months.len(), ours.len()), (12, 12));
    for (theirs, ours) in months.iter().zip(&ours) {
        assert_eq!((&theirs["opening_minor"], &theirs["closing_minor"]), (&ours["opening_minor"], &ours["closing_minor"]));
    }
    business.world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_pipeline_is_told_by_stage_and_month_and_the_stock_by_how_long_it_lasts() {
    let business = Business::trading().await;
    let rows = business.rows("pipeline").await;
    let rows: Vec<&Value> = rows.iter().filter(|row| row["pipeline_id"] == "p").collect();
    let seen: Vec<Value> = rows
        .iter()
        .map(|row| {
            json!([
                row["stage_id"],
                row["date"],
                row["currency"],
                row["deal_count"],
                row["overdue_count"],
                row["amount_minor"],
                row["weighted_minor"]
            ])
        })
        .collect();
    let month = |day: NaiveDate| day.with_day(1).unwrap();
    let later = today() + TimeDelta::days(70);
    let expected = [
        json!(["talk", month(ago(3)), "EUR", 1, 1, 10_000, 2_000]),
        json!(["talk", month(later), "EUR", 1, 0, 20_000, 4_000]),
        json!(["offer", null, "EUR", 1, 0, 50_000, 30_000]),
        json!(["offer", null, null, 1, 0, 0, 0]),
        json!(["idle", null, null, 0, 0, 0, 0]),
    ];
    assert_eq!(seen, expected);
    for row in rows {
        let deals = business.drilled(&row["drill"]).await;
        assert_eq!(i64::try_from(deals.len()).unwrap(), number(row, "deal_count"), "{row}");
    }
    let stages = business.ask("crm/pipeline-by-stage?pipeline_id=p").await;
    let sums: Vec<Value> =
        stages["data"].as_array().unwrap().iter().map(|row| json!([row["stage_id"], row["currency"], row["amount_minor"]])).collect();
    assert_eq!(
        sums,
        [json!(["talk", "EUR", 30_000]), json!(["offer", "EUR", 50_000]), json!(["offer", null, 0]), json!(["idle", null, 0])]
    );

    let rows = business.rows("stock-cover?days=30").await;
    // 20 came, 12 left, 3 came back: 11 are left, and 9 went in thirty days. 30.00 less 14.00 and 3.50 more.
    let row = &rows[0];
    assert_eq!(["on_hand", "available", "shipped", "value_minor"].map(|name| number(row, name)), [11, 11, 9, 1_950], "{row}");
    assert_eq!((row["days_of_cover"].as_f64(), row["low"].as_bool(), rows.len()), (Some(36.7), Some(false), 1));
    assert_eq!(day(row, "date"), today() + TimeDelta::days(36));
    let moved: i64 = business.drilled(&row["drill"]).await.iter().map(|row| number(row, "quantity")).sum();
    assert_eq!(-moved, 9);
    assert_eq!((business.rows("stock-cover?below=36").await.len(), business.rows("stock-cover?below=37").await.len()), (0, 1));
    business.world.stop().await;
}
