//! Series: sums over time, what is unusual in them, how they go on.

use serde_json::{Value, json};

use crate::harness::{Client, Gateway};
use crate::world::World;

/// Ten weeks of samples, three a day and one on Sundays, with a burst of forty on one Wednesday.
async fn filled() -> (Gateway, Client) {
    const INSERT: &str = "INSERT INTO lab_samples_v1 (tenant_id, id, label, amount, taken_at, day) \
        SELECT $1, 's-' || d || '-' || k, CASE WHEN k % 2 = 0 THEN 'even' ELSE 'odd' END, 10, timestamptz '2026-01-05T22:00:00Z' + d * interval '1 day', date '2026-01-05' + d \
        FROM generate_series(0, 69) d CROSS JOIN LATERAL generate_series(1, CASE WHEN d = 37 THEN 40 WHEN d % 7 = 6 THEN 1 ELSE 3 END) k";
    let gateway = Gateway::lab().await;
    let client = gateway.client("analyst").await;
    sqlx::query(INSERT).bind(client.tenant).execute(&gateway.db.worker).await.unwrap();
    gateway.catch_up().await;
    (gateway, client)
}

fn values(series: &Value) -> Vec<f64> {
    series["points"].as_array().unwrap().iter().map(|point| point["value"].as_f64().unwrap()).collect()
}

#[tokio::test]
async fn a_series_counts_finds_the_burst_and_goes_on() {
    let (gateway, client) = filled().await;
    let answer = client.get("/v1/series?source=lab/samples&date=day&to=2026-03-15&horizon=7").await;
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.text());
    assert_eq!(answer.header("neuroops-lag-events"), "0");
    let body = answer.json();
    let series = &body["series"][0];
    let counted = values(series);
    assert_eq!((counted.len(), counted[0], counted[6], counted[37]), (70, 3.0, 1.0, 40.0));
    let unusual: Vec<&str> = series["points"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|point| point["unusual"] == true)
        .map(|point| point["date"].as_str().unwrap())
        .collect();
    assert_eq!(unusual, ["2026-02-11"]);
    assert_eq!(series["method"], "seasonal_naive");
    let next: Vec<(&str, f64)> = series["forecast"]
        .as_array()
        .unwrap()
        .iter()
        .map(|point| (point["date"].as_str().unwrap(), point["value"].as_f64().unwrap()))
        .collect();
    assert_eq!((next.len(), next[0], next[6]), (7, ("2026-03-16", 3.0), ("2026-03-22", 1.0)));
    assert!(
        series["forecast"]
            .as_array()
            .unwrap()
            .iter()
            .all(|point| point["low"].as_f64() <= point["value"].as_f64() && point["value"].as_f64() <= point["high"].as_f64())
    );
    gateway.stop().await;
}

#[tokio::test]
async fn series_are_summed_grouped_filtered_and_put_into_buckets() {
    let (gateway, client) = filled().await;
    let ask = async |query: &str| {
        let answer = client.get(&format!("/v1/series?source=lab/samples&{query}")).await;
        assert_eq!(answer.status.as_u16(), 200, "{query}: {}", answer.text());
        answer.json()["series"].clone()
    };
    let weeks = ask("date=taken_at&value=amount&bucket=week&to=2026-03-15").await;
    let sums = values(&weeks[0]);
    assert_eq!((sums.len(), sums[0], sums[5]), (10, 190.0, 190.0 + 370.0));
    let groups = ask("date=day&group=label&to=2026-03-15").await;
    assert_eq!((groups[0]["group"].as_str(), groups[1]["group"].as_str()), (Some("even"), Some("odd")));
    assert_eq!((values(&groups[0])[0], values(&groups[1])[0]), (1.0, 2.0));
    let odd = ask("date=day&filter.label=odd&from=2026-01-05&to=2026-01-11&horizon=0").await;
    assert_eq!((values(&odd[0]), odd[0]["forecast"].clone()), (vec![2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 1.0], json!([])));
    let months = ask("date=day&bucket=month&from=2025-12-01&to=2026-03-31").await;
    assert_eq!((values(&months[0]).len(), values(&months[0])[0]), (4, 0.0), "a month without samples is 0");
    let report = client.get("/v1/series?source=lab/label-counts&date=label").await;
    report.is_problem(400, "invalid_parameter");
    for (query, code) in [
        ("date=nothing", "invalid_parameter"),
        ("date=label", "invalid_parameter"),
        ("date=day&value=label", "invalid_parameter"),
        ("date=day&group=amount", "invalid_parameter"),
        ("date=day&group=id&to=2026-03-15", "too_many_groups"),
        ("date=day&from=1900-01-01", "too_many_points"),
        ("date=day&bucket=year", "invalid_parameter"),
        ("date=day&horizon=91", "invalid_parameter"),
        ("date=day&level=1", "invalid_parameter"),
        ("date=day&method=guess", "invalid_parameter"),
        ("date=day&label=odd", "unknown_parameter"),
        ("date=day&filter.lable=odd", "unknown_parameter"),
        ("value=amount", "missing_parameter"),
    ] {
        client.get(&format!("/v1/series?source=lab/samples&{query}")).await.is_problem(400, code);
    }
    client.get("/v1/series").await.is_problem(400, "missing_parameter");
    client.get("/v1/series?source=lab/nothing&date=day").await.is_problem(404, "unknown_read_model");
    let other = gateway.client("analyst").await;
    let theirs = other.get("/v1/series?source=lab/samples&date=day").await.json();
    assert_eq!(theirs["series"], json!([]), "another tenant has none");
    gateway.stop().await;
}

#[tokio::test]
async fn amounts_of_several_currencies_are_series_of_their_own() {
    let world = World::start(|options| options).await;
    let client = world.gateway.client("member").await;
    let mut position = String::new();
    for (number, currency) in ["EUR", "USD", "EUR"].into_iter().enumerate() {
        let body = json!({ "name": format!("Deal {number}"), "amount": { "amount_minor": 1000, "currency": currency }, "expected_close": "2026-03-01" });
        position = client.does(&format!("/v1/crm/deal/d-{number}/open"), &body).await;
    }
    let uri = "/v1/series?source=crm/deal-list&date=expected_close&value=amount_minor&to=2026-03-01&horizon=0";
    let series = client.get_after(uri, &position).await.json()["series"].clone();
    let sums: Vec<(&str, f64)> = series
        .as_array()
        .unwrap()
        .iter()
        .map(|series| (series["group"].as_str().unwrap(), series["points"][0]["value"].as_f64().unwrap()))
        .collect();
    assert_eq!(sums, [("EUR", 2000.0), ("USD", 1000.0)]);
    let uri = "/v1/series?source=crm/forecast&date=month&value=amount_minor&bucket=month&to=2026-03-31&horizon=0";
    let report = client.get(uri).await.json()["series"].clone();
    let groups: Vec<&str> = report.as_array().unwrap().iter().map(|series| series["group"].as_str().unwrap()).collect();
    assert_eq!(groups, ["EUR", "USD"], "a report's amounts, too");
    world.stop().await;
}
