//! What cannot be asked is refused in one clear word, and what can be is described.

use projections::contexts::CONTEXTS;
use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn values_that_are_not_allowed_are_refused() {
    let world = World::start(|options| options).await;
    let client = world.gateway.client("analyst").await;
    for (query, code, name) in [
        ("revenue?bucket=year", "invalid_parameter", "bucket"),
        ("revenue?from=2026-03-02&to=2026-03-01", "invalid_parameter", "from"),
        ("revenue?from=9999-01-01", "invalid_parameter", "from"),
        ("revenue?from=2000-01-01&to=2026-03-01&bucket=day", "too_many_points", "from"),
        ("cash?from=2000-01-01&to=2026-03-01", "too_many_points", "from"),
        ("recurring-revenue?from=0001-01-01&to=9999-12-31", "too_many_points", "from"),
        ("revenue?from=yesterday", "invalid_parameter", "from"),
        ("top-customers?limit=0", "invalid_parameter", "limit"),
        ("top-products?limit=1001", "invalid_parameter", "limit"),
        ("overview?from=2000-01-01", "too_many_points", "from"),
        ("stock-cover?days=0", "invalid_parameter", "days"),
        ("stock-cover?below=-1", "invalid_parameter", "below"),
        ("projection-lag?least=-1", "invalid_parameter", "least"),
        ("receivables?as_of=2026-02-30", "invalid_parameter", "as_of"),
        ("receivables?supplier_id=s", "unknown_parameter", "supplier_id"),
    ] {
        let answer = client.get(&format!("/v1/analytics/{query}")).await;
        answer.is_problem(400, code);
        assert_eq!(answer.json()["fields"][0]["name"], name, "{query}: {}", answer.text());
    }
    // As far as the calendar goes, and up to the bounds.
    for query in [
        "revenue?from=2000-01-01&to=2026-03-01&bucket=month",
        "revenue?from=9999-12-31&to=9999-12-31",
        "cash?to=0001-01-01&bucket=day",
        "overview?from=0001-01-02&to=0001-01-03",
        "receivables?as_of=0001-01-01",
        "payables?as_of=9999-12-31",
        "revenue?to=9999-12-31&bucket=month",
        "top-products?from=9999-12-31&to=9999-12-31&limit=1000",
        "recurring-revenue?from=9999-12-31&to=9999-12-31&bucket=week",
    ] {
        let answer = client.get(&format!("/v1/analytics/{query}")).await;
        assert_eq!(answer.status.as_u16(), 200, "{query}: {}", answer.text());
    }
    client.get("/v1/billing/mrr?from=2000-01-01&to=2026-03-01").await.is_problem(400, "too_many_points");
    world.stop().await;
}

#[tokio::test]
async fn what_is_allowed_is_described_and_a_saved_query_may_choose_the_bucket() {
    let document = gateway::openapi_document(CONTEXTS);
    let parameters = document["paths"]["/v1/analytics/revenue"]["get"]["parameters"].as_array().unwrap();
    let bucket = parameters.iter().find(|parameter| parameter["name"] == "bucket").unwrap();
    assert_eq!((&bucket["schema"]["enum"], &bucket["schema"]["default"]), (&json!(["day", "week", "month"]), &json!("month")));
    let parameters = document["paths"]["/v1/analytics/top-customers"]["get"]["parameters"].as_array().unwrap();
    let limit = parameters.iter().find(|parameter| parameter["name"] == "limit").unwrap();
    assert_eq!((&limit["schema"]["minimum"], &limit["schema"]["maximum"]), (&json!(1), &json!(1000)));

    let world = World::start(|options| options).await;
    let member = world.gateway.client("member").await;
    let save = |terms: serde_json::Value, parameters: serde_json::Value| json!({ "name": "Revenue", "question": { "context": "analytics", "source": "revenue", "terms": terms }, "parameters": parameters });
    let bucket = json!([{ "name": "by", "kind": "text", "required": true }]);
    let position = member.does("/v1/analytics/query/q/save", &save(json!({ "bucket": "{by}" }), bucket)).await;
    assert_eq!(member.get_after("/v1/analytics/query/q/run?by=week", &position).await.status.as_u16(), 200);
    member.get("/v1/analytics/query/q/run?by=year").await.is_problem(400, "invalid_parameter");
    let fixed = member.post("/v1/analytics/query/r/save", &save(json!({ "bucket": "year" }), json!([])).to_string()).await;
    fixed.is_problem(400, "invalid_question");
    world.stop().await;
}
