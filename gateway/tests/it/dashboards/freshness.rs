//! Dashboards say what they include, wait for what is asked of them, and a rebuild changes nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use platform::postgres::begin_worker;
use projections::contexts;
use projections::runtime::rebuild::rebuild;
use projections::runtime::{LogReader, Place, Projection};
use serde_json::{Value, json};

use super::business::{Business, money, today};

fn sales() -> Arc<dyn Projection> {
    Arc::from(contexts::projections().into_iter().find(|projection| projection.name() == "analytics.sales").unwrap())
}

/// The rows of the projection's tables.
async fn rows(pool: &sqlx::PgPool) -> BTreeMap<&'static str, Vec<String>> {
    let mut all = BTreeMap::new();
    for table in sales().tables() {
        all.insert(
            *table,
            sqlx::query_scalar(&format!("SELECT to_jsonb(t)::text FROM {table} t ORDER BY 1")).fetch_all(pool).await.unwrap(),
        );
    }
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rebuild_makes_the_same_sales_and_applying_again_changes_nothing() {
    let business = Business::trading().await;
    business.rows("revenue").await;
    let pool = business.world.db().worker.clone();
    let gateway = business.world.stand_still();
    let live = rows(&pool).await;
    assert_eq!(live["analytics_sale_list"].len(), 2 * 22 + 3, "a void invoice has no lines");
    let log = LogReader::new(pool.clone());
    let places: Vec<(Place, i64)> =
        log.heads().await.unwrap().into_keys().filter(|place| place.context == "invoicing").map(|place| (place, 0)).collect();
    let events = log.after(&places, 10_000).await.unwrap();
    // In one batch, and one by one.
    for size in [events.len(), 1] {
        let mut tx = begin_worker(&pool).await.unwrap();
        for batch in events.chunks(size) {
            sales().apply(&mut tx, 1, batch).await.unwrap();
        }
        tx.commit().await.unwrap();
        assert_eq!(rows(&pool).await, live, "in batches of {size}");
    }
    let report = rebuild(&pool, sales().as_ref(), |_| {}).await.unwrap();
    assert_eq!((report.version, report.parked_keys), (2, 0));
    assert_eq!(rows(&pool).await, live);
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_names_all_contexts_behind_it_and_includes_what_is_waited_for() {
    let mut business = Business::trading().await;
    let overview = business.ask("analytics/overview").await;
    let positions: Vec<&str> = overview["as_of"]["positions"].as_array().unwrap().iter().map(|token| token.as_str().unwrap()).collect();
    let named: BTreeSet<&str> = positions.iter().map(|token| token.split('/').next().unwrap()).collect();
    assert_eq!(named, BTreeSet::from(["accounting", "billing", "crm", "inventory", "invoicing"]));
    let reached = business.position();
    for token in reached.split(',').filter(|token| !token.starts_with("analytics")) {
        assert!(positions.contains(&token), "{token} is included: {positions:?}");
    }
    assert_eq!(overview["as_of"]["lag_events"], 0);

    // What is acknowledged is in the next answer that is asked to include it.
    let revenue = async |business: &Business| {
        let rows = business.rows(&format!("revenue?from={0}&to={0}&bucket=day&customer_id=new", today())).await;
        rows.iter().map(|row| row["revenue_minor"].as_i64().unwrap()).sum::<i64>()
    };
    for n in 1..=5 {
        let lines = json!([{ "description": "Goods", "unit_price": money(100, "EUR") }]);
        let body = json!({ "customer_id": "new", "customer_name": "New", "currency": "EUR", "lines": lines });
        business.must(&format!("invoicing/invoice/n-{n}/draft"), body).await;
        business.must(&format!("invoicing/invoice/n-{n}/finalize"), json!({ "date": today() })).await;
        assert_eq!(revenue(&business).await, 100 * n);
    }
    business.must("invoicing/invoice/n-1/void", json!({ "reason": "by mistake" })).await;
    assert_eq!(revenue(&business).await, 400);
    let beyond = business
        .client
        .get_after("/v1/analytics/revenue", &format!("{}9", reached.split(',').find(|token| token.starts_with("invoicing")).unwrap()))
        .await;
    beyond.is_problem(400, "position_unknown");

    // Another tenant has none of it.
    let stranger = business.world.gateway.client("owner").await;
    for dashboard in
        ["overview", "revenue", "receivables", "payables", "cash", "recurring-revenue", "stock-cover", "top-customers", "top-products"]
    {
        let answer = stranger.get(&format!("/v1/analytics/{dashboard}")).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["data"]), (200, &json!([])), "{dashboard}");
    }
    business.world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_lags_says_so() {
    let mut business = Business::founded().await;
    let body = json!({ "customer_id": "c", "customer_name": "C", "currency": "EUR", "lines": [{ "description": "Goods", "unit_price": money(100, "EUR") }] });
    business.must("invoicing/invoice/i/draft", body).await;
    business.must("invoicing/invoice/i/finalize", json!({ "date": today() })).await;
    business.rows("revenue").await;
    let caught = business.rows("projection-lag?context=invoicing").await;
    let sales = |rows: &[Value]| rows.iter().find(|row| row["projection"] == "analytics.sales").unwrap().clone();
    assert_eq!(
        (&sales(&caught)["lag_events"], &sales(&caught)["lag_seconds"], &sales(&caught)["parked_events"]),
        (&json!(0), &json!(0), &json!(0))
    );
    let client = business.client.clone();
    let gateway = business.world.stand_still();
    // The projectors end when they see that they shall; what they still take is not behind.
    let lagging = crate::world::eventually("a projection is behind", async || {
        client
            .does("/v1/invoicing/invoice/i/record-payment", &json!({ "amount": money(1, "EUR"), "reference": platform::clock::new_id() }))
            .await;
        let rows = client.get("/v1/analytics/projection-lag?context=invoicing&least=1").await.json()["data"].as_array().unwrap().clone();
        rows.iter().any(|row| row["projection"] == "analytics.sales").then(|| sales(&rows))
    })
    .await;
    assert!(lagging["lag_events"].as_i64() >= Some(1) && lagging["lag_seconds"].as_f64() >= Some(0.0), "{lagging}");
    assert_eq!(lagging["head"].as_i64().unwrap() - lagging["position"].as_i64().unwrap(), lagging["lag_events"].as_i64().unwrap());
    let revenue = client.get("/v1/analytics/revenue").await.json();
    assert!(revenue["as_of"]["lag_events"].as_i64() >= Some(1), "{revenue}");
    gateway.stop().await;
}
