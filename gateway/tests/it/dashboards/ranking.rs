//! The best customers and products, and the overview.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde_json::Value;

use super::business::{Business, Sold, ago, today};
use super::figures::{number, real};

/// Net less credited, by some key.
fn by<K: Ord>(facts: &[Sold], from: NaiveDate, to: NaiveDate, key: impl Fn(&Sold) -> K) -> BTreeMap<K, i64> {
    let mut all = BTreeMap::new();
    for fact in facts.iter().filter(|fact| fact.day >= from && fact.day <= to) {
        *all.entry(key(fact)).or_insert(0) += fact.net;
    }
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_best_are_those_who_brought_most() {
    let business = Business::trading().await;
    let (from, to) = (ago(39), today());
    let customer = |fact: &Sold| (fact.currency, fact.customer.clone());
    let (now, before) = (by(&business.sold, from, to, customer), by(&business.sold, ago(79), ago(40), customer));
    let rows = business.rows(&format!("top-customers?from={from}&to={to}")).await;
    assert_eq!(rows.len(), now.values().filter(|sum| **sum != 0).count());
    for row in &rows {
        let (currency, id) = (row["currency"].as_str().unwrap(), row["customer_id"].as_str().unwrap());
        let key = now.keys().find(|(code, customer)| *code == currency && customer == id).unwrap();
        assert_eq!(
            (number(row, "revenue_minor"), number(row, "previous_revenue_minor")),
            (now[key], before.get(key).copied().unwrap_or(0)),
            "{row}"
        );
        let total: i64 = now.iter().filter(|((code, _), _)| *code == currency).map(|(_, sum)| sum).sum();
        let share = (real(now[key]) * 10_000.0 / real(total)).round() / 100.0;
        assert!((row["share_percent"].as_f64().unwrap() - share).abs() < 0.011, "{row} has {share} of a hundred");
        assert_eq!(row["customer_name"].as_str().unwrap(), format!("Customer {}", id.trim_start_matches("c-")));
        let lines = business.drilled(&row["drill"]).await;
        assert_eq!(lines.iter().map(|line| number(line, "net_minor")).sum::<i64>(), now[key], "{row}");
    }
    for pair in rows.windows(2).filter(|pair| pair[0]["currency"] == pair[1]["currency"]) {
        assert!(
            number(&pair[0], "revenue_minor") >= number(&pair[1], "revenue_minor")
                && number(&pair[0], "rank") + 1 == number(&pair[1], "rank")
        );
    }
    let first = business.rows(&format!("top-customers?from={from}&to={to}&limit=1&currency=EUR")).await;
    assert_eq!((first.len(), &first[0]), (1, rows.iter().find(|row| row["currency"] == "EUR").unwrap()));

    // What is sold as `TEA` is the product `tea`.
    let canonical = |fact: &Sold| (fact.currency, if fact.product == "TEA" { "tea" } else { fact.product });
    let now = by(&business.sold, from, to, canonical);
    let rows = business.rows(&format!("top-products?from={from}&to={to}")).await;
    assert_eq!(rows.len(), now.len());
    for row in &rows {
        let key = (row["currency"].as_str().unwrap(), row["product"].as_str().unwrap());
        assert_eq!(number(row, "revenue_minor"), now[&key], "{row}");
        let chosen = |fact: &&Sold| fact.day >= from && canonical(fact) == key;
        let quantity: i64 = business.sold.iter().filter(chosen).map(|fact| fact.quantity).sum();
        assert_eq!(number(row, "quantity"), quantity, "{row}");
        let lines = business.drilled(&row["drill"]).await;
        assert_eq!(lines.iter().map(|line| number(line, "net_minor")).sum::<i64>(), now[&key], "{row}");
        if key == ("EUR", "tea") {
            // 14.00 left, 3.50 came back.
            assert_eq!((number(row, "cost_minor"), number(row, "margin_minor")), (1_050, now[&key] - 1_050));
            let moved = business.drilled(&row["cost_drill"]).await;
            assert_eq!(moved.iter().map(|line| -number(line, "value_minor") + number(line, "expensed_minor")).sum::<i64>(), 1_050);
            assert_eq!((&row["product_name"], &row["sku"]), (&Value::from("Tea"), &Value::from("TEA")));
        } else if key.1 != "tea" {
            assert!(row["cost_minor"].is_null() && row["margin_minor"].is_null() && row["cost_drill"].is_null(), "{row}");
        }
    }
    business.world.stop().await;
}

/// What the facts say of a day: receivables, overdue, payables, cash, recurring revenue.
fn standing(business: &Business, at: NaiveDate) -> [i64; 5] {
    let owed = |payable: bool, overdue: bool| -> i64 {
        let chosen = business.owed.iter().filter(|fact| fact.payable == payable && fact.currency == "EUR" && fact.day <= at);
        chosen.filter(|fact| !overdue || fact.due < at).map(|fact| fact.amount).sum()
    };
    let cash = business.paid.iter().filter(|paid| paid.day <= at).map(|paid| paid.amount).sum();
    let recurring = business.recurring.iter().filter(|fact| fact.day <= at).map(|fact| fact.amount).sum();
    [owed(false, false), owed(false, true), owed(true, false), cash, recurring]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_overview_compares_a_period_with_the_one_before() {
    let business = Business::trading().await;
    for (from, to) in [(ago(29), today()), (ago(60), ago(31))] {
        let default = to == today();
        let uri = if default { "overview".to_owned() } else { format!("overview?from={from}&to={to}") };
        let rows = business.rows(&uri).await;
        let currencies: Vec<&str> = rows.iter().map(|row| row["currency"].as_str().unwrap()).collect();
        assert_eq!(currencies, ["EUR", "USD"]);
        let row = &rows[0];
        let days = (to - from).num_days() + 1;
        let (previous_from, previous_to) = (from - chrono::TimeDelta::days(days), from - chrono::TimeDelta::days(1));
        assert_eq!(
            (row["previous_from"].as_str(), row["previous_to"].as_str()),
            (Some(&*previous_from.to_string()), Some(&*previous_to.to_string()))
        );
        let revenue = |from, to| by(&business.sold, from, to, |fact| fact.currency).get("EUR").copied().unwrap_or(0);
        assert_eq!(number(row, "revenue_minor"), revenue(from, to), "{row}");
        assert_eq!(number(row, "previous_revenue_minor"), revenue(previous_from, previous_to), "{row}");
        let names = ["receivables", "overdue", "payables", "cash", "mrr"];
        assert_eq!(names.map(|name| number(row, &format!("{name}_minor"))), standing(&business, to), "{uri}: {row}");
        assert_eq!(names.map(|name| number(row, &format!("previous_{name}_minor"))), standing(&business, previous_to), "{uri}: {row}");
        // All stock was booked today, and the deal was won four days ago.
        let now = i64::from(default);
        let names = [
            "stock_value_minor",
            "previous_stock_value_minor",
            "won_minor",
            "previous_won_minor",
            "pipeline_minor",
            "weighted_pipeline_minor",
        ];
        assert_eq!(names.map(|name| number(row, name)), [1_950 * now, 0, 70_000 * now, 0, 80_000, 36_000], "{uri}: {row}");
        for (name, sum, amount) in [
            ("revenue", "revenue_minor", "revenue_minor"),
            ("receivables", "receivables_minor", "open_minor"),
            ("payables", "payables_minor", "open_minor"),
            ("mrr", "mrr_minor", "delta_minor"),
            ("stock", "stock_value_minor", "value_minor"),
            ("won", "won_minor", "amount_minor"),
            ("pipeline", "pipeline_minor", "amount_minor"),
        ] {
            let drilled: i64 = business.drilled(&row["drill"][name]).await.iter().map(|row| number(row, amount)).sum();
            assert_eq!(drilled, number(row, sum), "{uri}: {name}");
        }
    }
    business.world.stop().await;
}
