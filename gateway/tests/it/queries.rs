//! Read models and reports.

use std::time::Duration;

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::harness::{Client, Gateway};

/// Seven samples: labels a, a, b, b, c, and two without; and one of another tenant.
async fn filled() -> (Gateway, Client) {
    let gateway = Gateway::lab().await;
    let client = gateway.client("analyst").await;
    let labels = [Some("a"), Some("a"), Some("b"), Some("b"), Some("c"), None, None];
    for (index, label) in labels.iter().enumerate() {
        let number = i64::try_from(index).unwrap();
        insert(&gateway, &client, &format!("s-{index}"), *label, number).await;
    }
    let other = gateway.client("analyst").await;
    insert(&gateway, &other, "foreign", Some("a"), 1).await;
    gateway.catch_up().await;
    (gateway, client)
}

async fn insert(gateway: &Gateway, client: &Client, id: &str, label: Option<&str>, number: i64) {
    sqlx::query(
        "INSERT INTO lab_samples_v1 (tenant_id, id, label, amount, weight, fresh, taken_at, day, tags, more, merged_ids, search) \
         VALUES ($1, $2, $3, $4, $4 / 4.0, $4 % 2 = 0, timestamptz '2026-03-01T00:00:00Z' + $4 * interval '1 day', date '2026-03-01' + $4::integer, \
            ARRAY['all', 'tag ' || $4], '{\"x\": 1}', ARRAY['old-' || $2], 'straße word' || $4)",
    )
    .bind(client.tenant)
    .bind(id)
    .bind(label)
    .bind(number)
    .execute(&gateway.db.worker)
    .await
    .unwrap();
}

fn ids(body: &Value) -> Vec<&str> {
    body["data"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn filters_compare_by_type() {
    let (gateway, client) = filled().await;
    let cases = [
        ("label=a", "s-0 s-1"),
        ("label.ne=a", "s-2 s-3 s-4 s-5 s-6"),
        ("label.in=a,c", "s-0 s-1 s-4"),
        ("label.prefix=b", "s-2 s-3"),
        ("label.prefix=%25", ""),
        ("label.null=true", "s-5 s-6"),
        ("label.null=false&amount.gt=2", "s-3 s-4"),
        ("amount.gte=5", "s-5 s-6"),
        ("amount.lt=2", "s-0 s-1"),
        ("amount.in=1,3", "s-1 s-3"),
        ("weight=0.25", "s-1"),
        ("weight.lte=0.5", "s-0 s-1 s-2"),
        ("fresh=true", "s-0 s-2 s-4 s-6"),
        ("taken_at.gt=2026-03-06T00:00:00Z", "s-6"),
        ("taken_at.gte=2026-03-06T01:00:00+01:00", "s-5 s-6"),
        ("day.in=2026-03-01,2026-03-02", "s-0 s-1"),
        ("tags=tag%203", "s-3"),
        ("tags.contains=all&id.in=s-1,s-2,foreign", "s-1 s-2"),
        ("q=STRASSE", ""),
        ("q=Stra%C3%9Fe%20WORD3", "s-3"),
        ("q=word%25", ""),
        ("label='%3B+DROP+TABLE+x--", ""),
    ];
    for (query, expected) in cases {
        let answer = client.get(&format!("/v1/lab/samples?sort=id&{query}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{query}: {}", answer.text());
        assert_eq!(ids(&answer.json()).join(" "), expected, "{query}");
    }
    gateway.stop().await;
}

#[tokio::test]
async fn wrong_parameters_are_named() {
    let (gateway, client) = filled().await;
    let cases = [
        ("labl=a", "unknown_parameter", "labl"),
        ("label.like=a", "invalid_parameter", "label.like"),
        ("amount=x", "invalid_parameter", "amount"),
        ("amount.in=1,x", "invalid_parameter", "amount.in"),
        ("weight=NaN", "invalid_parameter", "weight"),
        ("fresh=maybe", "invalid_parameter", "fresh"),
        ("taken_at=yesterday", "invalid_parameter", "taken_at"),
        ("day=2026-13-01", "invalid_parameter", "day"),
        ("label=%00", "invalid_parameter", "label"),
        ("q=%00", "invalid_parameter", "q"),
        ("more=1", "invalid_parameter", "more"),
        ("sort=fresh", "invalid_parameter", "sort"),
        ("sort=tenant_id", "invalid_parameter", "sort"),
        ("sort=id&sort=id", "invalid_parameter", "sort"),
        ("limit=0", "invalid_parameter", "limit"),
        ("limit=1001", "invalid_parameter", "limit"),
        ("limit=%2B5", "invalid_parameter", "limit"),
        ("fields=id,tenant_id", "invalid_parameter", "fields"),
        ("cursor=AAAA", "invalid_cursor", "cursor"),
    ];
    for (query, code, name) in cases {
        let answer = client.get(&format!("/v1/lab/samples?{query}")).await;
        answer.is_problem(400, code);
        assert_eq!(answer.json()["fields"][0]["name"], name, "{query}");
    }
    client.get("/v1/lab/sampels").await.is_problem(404, "unknown_read_model");
    client.get("/v1/lab/samples/s-1?x=1").await.is_problem(400, "unknown_parameter");
    client.get_with("/v1/lab/samples", &[("accept", "image/png")]).await.is_problem(406, "not_acceptable");
    gateway.stop().await;
}

#[tokio::test]
async fn pages_cover_every_row_once_in_every_order() {
    let (gateway, client) = filled().await;
    for sort in ["id", "-id", "label", "-label", "amount", "-amount", "weight", "-weight", "taken_at", "-taken_at"] {
        for limit in 1..=4 {
            let whole = client.get(&format!("/v1/lab/samples?sort={sort}")).await.json();
            let mut seen: Vec<String> = Vec::new();
            let mut next = String::new();
            for _ in 0..10 {
                let page = client.get(&format!("/v1/lab/samples?sort={sort}&limit={limit}{next}")).await.json();
                seen.extend(ids(&page).into_iter().map(str::to_owned));
                match page["next_cursor"].as_str() {
                    Some(cursor) => next = format!("&cursor={cursor}"),
                    None => break,
                }
            }
            assert_eq!(seen, ids(&whole), "{sort} by {limit}");
            assert_eq!(seen.len(), 7, "{sort} by {limit}");
        }
    }
    gateway.stop().await;
}

#[tokio::test]
async fn a_cursor_belongs_to_its_query_and_tenant() {
    let (gateway, client) = filled().await;
    let first = client.get("/v1/lab/samples?sort=label&limit=2").await.json();
    let cursor = first["next_cursor"].as_str().unwrap();
    assert_eq!(client.get(&format!("/v1/lab/samples?sort=label&limit=3&cursor={cursor}")).await.status, StatusCode::OK);
    for other in ["sort=-label", "sort=id", "sort=label&amount=1", "sort=label&q=word", ""] {
        client.get(&format!("/v1/lab/samples?{other}&cursor={cursor}")).await.is_problem(400, "invalid_cursor");
    }
    let other = gateway.client("analyst").await;
    other.get(&format!("/v1/lab/samples?sort=label&cursor={cursor}")).await.is_problem(400, "invalid_cursor");
    let altered = format!("{}A", &cursor[..cursor.len() - 1]);
    client.get(&format!("/v1/lab/samples?sort=label&cursor={altered}x")).await.is_problem(400, "invalid_cursor");
    gateway.stop().await;
}

#[tokio::test]
async fn answers_are_json_or_csv_with_the_wanted_fields() {
    let (gateway, client) = filled().await;
    let body = client.get("/v1/lab/samples?fields=id,tags&limit=1&sort=id").await.json();
    assert_eq!(body["data"], json!([{ "id": "s-0", "tags": ["all", "tag 0"] }]));
    let uri = "/v1/lab/samples?fields=id,label,tags,more&limit=2&sort=label";
    let csv = client.get_with(uri, &[("accept", "text/csv")]).await;
    assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8; header=present");
    assert_eq!(csv.text(), "id,label,tags,more\r\ns-0,a,all;tag 0,\"{\"\"x\"\":1}\"\r\ns-1,a,all;tag 1,\"{\"\"x\"\":1}\"\r\n");
    assert!(!csv.header("neuroops-next-cursor").is_empty());
    gateway.stop().await;
}

#[tokio::test]
async fn a_row_is_found_by_its_id_and_by_those_that_were_merged_into_it() {
    let (gateway, client) = filled().await;
    let row = client.get("/v1/lab/samples/s-3?fields=id,label").await;
    assert_eq!(row.json(), json!({ "id": "s-3", "label": "b" }));
    assert_eq!(row.header("content-location"), "");
    let merged = client.get("/v1/lab/samples/old-s-3?fields=id").await;
    assert_eq!(merged.json(), json!({ "id": "s-3" }));
    assert_eq!(merged.header("content-location"), "/v1/lab/samples/s-3");
    for missing in ["foreign", "old-foreign", "nothing", "%00", "a%2Fb"] {
        client.get(&format!("/v1/lab/samples/{missing}")).await.is_problem(404, "not_found");
    }
    gateway.stop().await;
}

#[tokio::test]
async fn a_report_takes_its_parameters() {
    let (gateway, client) = filled().await;
    let rows = async |query: &str| client.get(&format!("/v1/lab/label-counts?{query}")).await.json()["data"].clone();
    assert_eq!(rows("min=2").await.as_array().unwrap().len(), 3);
    assert_eq!(rows("label=a").await, json!([{ "label": "a", "samples": 2 }]));
    client.get("/v1/lab/label-counts?min=x").await.is_problem(400, "invalid_parameter");
    client.get("/v1/lab/label-counts?mni=1").await.is_problem(400, "unknown_parameter");
    let csv = client.get_with("/v1/lab/label-counts?label=a", &[("accept", "text/csv")]).await.text();
    assert_eq!(csv, "label,samples\r\na,2\r\n");
    gateway.stop().await;
}

#[tokio::test]
async fn a_query_waits_until_the_read_model_includes_a_position() {
    let gateway =
        Gateway::start(crate::lab::CONTEXTS, |options| gateway::GatewayOptions { wait_timeout: Duration::from_millis(300), ..options })
            .await;
    let client = gateway.client("member").await;
    gateway.catch_up().await;
    let position = client.take("s", "x").await.json()["position"].as_str().unwrap().to_owned();
    let behind = client.get("/v1/lab/samples").await.json();
    assert_eq!(behind["as_of"]["lag_events"], 1);
    let late = client.get_with("/v1/lab/samples", &[("neuroops-wait-for", &position)]).await;
    late.is_problem(503, "not_caught_up");
    assert_eq!(late.header("retry-after"), "1");
    let wanted = [("neuroops-wait-for", position.as_str())];
    let waiting = client.get_with("/v1/lab/samples", &wanted);
    let (answer, ()) = futures::future::join(waiting, async {
        tokio::task::yield_now().await;
        gateway.catch_up().await;
    })
    .await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert_eq!(answer.json()["as_of"], json!({ "positions": [position], "lag_events": 0 }));
    let place = position.split_once('@').unwrap().0;
    let ahead = format!("{place}@{}", 999);
    let partition: i32 = place.split_once('/').unwrap().1.parse().unwrap();
    let elsewhere = format!("lab/{}@1", (partition + 1) % gateway.db.partitions);
    for (token, code) in [
        (ahead.as_str(), "position_unknown"),
        (&elsewhere, "invalid_position"),
        ("lab", "invalid_position"),
        (&format!("law/{partition}@1"), "invalid_position"),
    ] {
        client.get_with("/v1/lab/samples", &[("neuroops-wait-for", token)]).await.is_problem(400, code);
    }
    gateway.stop().await;
}

#[tokio::test]
async fn a_database_that_is_away_is_a_503() {
    let (gateway, client) = filled().await;
    client.get("/v1/lab/samples").await;
    gateway.db.app.close().await;
    client.get("/v1/lab/samples").await.is_problem(503, "unavailable");
    client.post("/v1/lab/sample/take", r#"{"label":"x"}"#).await.is_problem(403, "forbidden");
    let member = gateway.client_of(client.tenant, "member");
    let refused = member.post("/v1/lab/sample/take", r#"{"label":"x"}"#).await;
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE, "{}", refused.text());
    assert!(!refused.header("retry-after").is_empty());
    let ready = client.get("/health/ready").await;
    assert_eq!(
        (ready.status, ready.json()["dependencies"]["postgres"]["status"].clone()),
        (StatusCode::SERVICE_UNAVAILABLE, json!("down"))
    );
    gateway.stop().await;
}
