//! Answers as CSV, Parquet and Arrow.

use std::collections::HashMap;

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray as _;
use arrow_array::types::{Date32Type, Decimal128Type, Float64Type, Int64Type, TimestampMicrosecondType};
use axum::body::Body;
use bytes::Bytes;
use futures::StreamExt as _;
use gateway::GatewayOptions;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::{Value, json};
use sqlx::Executor as _;
use tower::ServiceExt as _;

use crate::harness::{Answer, Client, Gateway};
use crate::lab;

pub const CSV: [(&str, &str); 1] = [("accept", "text/csv")];
pub const PARQUET: [(&str, &str); 1] = [("accept", "application/vnd.apache.parquet")];
pub const ARROW: [(&str, &str); 1] = [("accept", "application/vnd.apache.arrow.stream")];

/// Samples `s-0000`, `s-0001` …, every third one without a label; and some of another tenant.
async fn filled(count: i64, change: impl FnOnce(GatewayOptions) -> GatewayOptions) -> (Gateway, Client) {
    const INSERT: &str = "INSERT INTO lab_samples_v1 (tenant_id, id, label, amount, weight, fresh, taken_at, day, tags, more) \
        SELECT $1, $2 || repeat('0', 4 - length(n::text)) || n, CASE WHEN n % 3 = 0 THEN NULL ELSE 'label ' || n % 5 END, n, n / 4.0, n % 2 = 0, \
            timestamptz '2026-03-01T00:00:00.123456Z' + n * interval '1 minute', date '2026-03-01' + (n % 100)::integer, ARRAY['all', 'tag ' || n], '{\"x\": [1, 2]}' \
        FROM generate_series(0, $3 - 1) n";
    let gateway = Gateway::start(lab::CONTEXTS, change).await;
    let client = gateway.client("analyst").await;
    let other = gateway.client("analyst").await;
    for (tenant, prefix, count) in [(client.tenant, "s-", count), (other.tenant, "foreign-", 3)] {
        sqlx::query(INSERT).bind(tenant).bind(prefix).bind(count).execute(&gateway.db.worker).await.unwrap();
    }
    gateway.catch_up().await;
    (gateway, client)
}

pub fn parquet(answer: &Answer) -> Vec<RecordBatch> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(answer.bytes.clone())).unwrap();
    builder.build().unwrap().map(Result::unwrap).collect()
}

/// What the file says of itself.
pub fn parquet_facts(answer: &Answer) -> HashMap<String, String> {
    ParquetRecordBatchReaderBuilder::try_new(Bytes::from(answer.bytes.clone()))
        .unwrap()
        .schema()
        .metadata()
        .iter()
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

pub fn arrow(answer: &Answer) -> Vec<RecordBatch> {
    arrow_ipc::reader::StreamReader::try_new(answer.bytes.as_slice(), None).unwrap().map(Result::unwrap).collect()
}

pub fn rows(batches: &[RecordBatch]) -> usize {
    batches.iter().map(RecordBatch::num_rows).sum()
}

/// The texts of a column.
pub fn texts(batches: &[RecordBatch], column: &str) -> Vec<Option<String>> {
    let all = batches.iter().flat_map(|batch| batch.column_by_name(column).unwrap().as_string::<i32>().iter());
    all.map(|text| text.map(str::to_owned)).collect()
}

/// A row of a batch as the JSON answer has it.
fn row(batch: &RecordBatch, index: usize) -> Value {
    let column = |name: &str| batch.column_by_name(name).unwrap();
    let text = |name: &str| column(name).as_string_opt::<i32>().map(|all| all.iter().nth(index).unwrap());
    let at = column("taken_at").as_primitive::<TimestampMicrosecondType>().value(index);
    let tags = column("tags").as_list::<i32>().value(index);
    json!({
        "id": text("id").unwrap(), "label": text("label").unwrap(),
        "amount": column("amount").as_primitive::<Int64Type>().value(index),
        "weight": column("weight").as_primitive::<Float64Type>().value(index),
        "fresh": column("fresh").as_boolean().value(index),
        "taken_at": chrono::DateTime::from_timestamp_micros(at).unwrap().format("%Y-%m-%dT%H:%M:%S%.6f+00:00").to_string(),
        "day": Date32Type::to_naive_date_opt(column("day").as_primitive::<Date32Type>().value(index)).unwrap().to_string(),
        "tags": tags.as_string::<i32>().iter().map(Option::unwrap).collect::<Vec<_>>(),
        "more": serde_json::from_str::<Value>(text("more").unwrap().unwrap()).unwrap()
    })
}

#[tokio::test]
async fn tables_hold_what_json_holds_with_types() {
    let (gateway, client) = filled(50, |options| options).await;
    let whole = client.get("/v1/lab/samples?sort=-amount&limit=50").await.json();
    let mut expected = whole["data"].as_array().unwrap().clone();
    // JSON has one kind of number.
    for row in &mut expected {
        row["weight"] = json!(row["weight"].as_f64().unwrap());
    }
    for (batches, format) in [
        (parquet(&client.get_with("/v1/lab/samples?sort=-amount", &PARQUET).await), "parquet"),
        (arrow(&client.get_with("/v1/lab/samples?sort=-amount", &ARROW).await), "arrow"),
    ] {
        let found: Vec<Value> = batches.iter().flat_map(|batch| (0..batch.num_rows()).map(|index| row(batch, index))).collect();
        assert_eq!(found, expected, "{format}");
        let types: Vec<String> = batches[0].schema().fields().iter().map(|field| field.data_type().to_string()).collect();
        let list = "List(Utf8)";
        assert_eq!(types, ["Utf8", "Utf8", "Int64", "Float64", "Boolean", "Timestamp(µs, \"UTC\")", "Date32", list, "Utf8"], "{format}");
    }
    let csv = client.get_with("/v1/lab/samples?sort=-amount&fields=id,label,amount", &CSV).await;
    assert_eq!(csv.header("content-disposition"), "attachment; filename=\"samples.csv\"");
    let lines: Vec<String> = expected
        .iter()
        .map(|row| format!("{},{},{}", row["id"].as_str().unwrap(), row["label"].as_str().unwrap_or_default(), row["amount"]))
        .collect();
    assert_eq!(csv.text(), format!("id,label,amount\r\n{}\r\n", lines.join("\r\n")));
    gateway.stop().await;
}

#[tokio::test]
async fn a_long_table_is_sent_whole_and_in_order() {
    let (gateway, client) = filled(5300, |options| options).await;
    let expected: Vec<Option<String>> = (0..5300).map(|n| Some(format!("s-{n:04}"))).collect();
    let answer = client.get_with("/v1/lab/samples?sort=id&fields=id", &PARQUET).await;
    assert_eq!(texts(&parquet(&answer), "id"), expected);
    assert_eq!(answer.header("neuroops-next-cursor"), "");
    let answer = client.get_with("/v1/lab/samples?sort=id&fields=id", &ARROW).await;
    assert_eq!(texts(&arrow(&answer), "id"), expected);
    let answer = client.get_with("/v1/lab/samples?sort=id&fields=id&id.gt=s-0999", &CSV).await;
    assert_eq!(answer.text().lines().count(), 1 + 4300);
    let nothing = client.get_with("/v1/lab/samples?label=nothing", &PARQUET).await;
    assert_eq!((rows(&parquet(&nothing)), nothing.status.as_u16()), (0, 200));
    gateway.stop().await;
}

#[tokio::test]
async fn a_table_that_is_cut_says_so_and_goes_on_at_its_cursor() {
    let (gateway, client) = filled(25, |options| GatewayOptions { table_rows_max: 10, ..options }).await;
    for sort in ["id", "-id", "label", "-label"] {
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let answer = client.get_with(&format!("/v1/lab/samples?sort={sort}{cursor}"), &PARQUET).await;
            let batches = parquet(&answer);
            seen.extend(texts(&batches, "id").into_iter().flatten());
            let next = answer.header("neuroops-next-cursor").to_owned();
            let said = parquet_facts(&answer).remove("neuroops.next_cursor").unwrap_or_default();
            assert_eq!(said, next, "the file says it, too");
            if next.is_empty() {
                break;
            }
            cursor = format!("&cursor={next}");
        }
        let json = client.get(&format!("/v1/lab/samples?sort={sort}&limit=100")).await.json();
        let expected: Vec<&str> = json["data"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap()).collect();
        assert_eq!(seen, expected, "{sort}");
    }
    let exact = client.get_with("/v1/lab/samples?id.lt=s-0010", &CSV).await;
    assert_eq!((exact.text().lines().count(), exact.header("neuroops-next-cursor")), (11, ""), "a table that just fits is whole");
    let asked = client.get_with("/v1/lab/samples?limit=4&sort=id", &CSV).await;
    assert_eq!((asked.text().lines().count(), asked.header("neuroops-next-cursor").is_empty()), (5, false));
    client.get_with("/v1/lab/samples?limit=11", &CSV).await.is_problem(400, "invalid_parameter");
    gateway.stop().await;
}

#[tokio::test]
async fn decimal_numbers_keep_their_digits() {
    let (gateway, client) = filled(3, |options| options).await;
    let alter = "DROP VIEW lab_samples CASCADE; ALTER TABLE lab_samples_v1 ALTER COLUMN weight TYPE numeric; \
        UPDATE lab_samples_v1 SET weight = CASE amount WHEN 0 THEN 12345678901234567890.123456789 WHEN 1 THEN -0.1 END; \
        SELECT runtime.activate_version('lab_samples', 1)";
    gateway.db.admin().await.execute(alter).await.unwrap();
    let answer = client.get_with("/v1/lab/samples?sort=id&fields=weight", &PARQUET).await;
    let batches = parquet(&answer);
    assert_eq!(batches[0].schema().field(0).data_type().to_string(), "Decimal128(38, 18)");
    let column = batches[0].column(0).as_primitive::<Decimal128Type>();
    let digits: Vec<Option<i128>> = column.iter().collect();
    assert_eq!(digits, [Some(12_345_678_901_234_567_890_123_456_789_000_000_000), Some(-100_000_000_000_000_000), None]);
    let csv = client.get_with("/v1/lab/samples?sort=id&fields=weight", &CSV).await;
    assert_eq!(csv.text(), "weight\r\n12345678901234567890.123456789\r\n-0.1\r\n\"\"\r\n");
    gateway.db.admin().await.execute("UPDATE lab_samples_v1 SET weight = 1e30 WHERE amount = 0").await.unwrap();
    client.get_with("/v1/lab/samples?fields=weight", &PARQUET).await.is_problem(406, "value_does_not_fit");
    gateway.stop().await;
}

#[tokio::test]
async fn reports_are_tables_too_and_too_long_ones_are_not_cut() {
    let (gateway, client) = filled(20, |options| GatewayOptions { report_rows_max: 6, ..options }).await;
    let json = client.get("/v1/lab/label-counts").await;
    let expected = json.json()["data"].clone();
    assert_eq!(json.header("neuroops-lag-events"), "0");
    let answer = client.get_with("/v1/lab/label-counts", &PARQUET).await;
    let batches = parquet(&answer);
    assert_eq!(batches[0].schema().field(1).data_type().to_string(), "Int64");
    let labels = texts(&batches, "label");
    assert_eq!(labels.len(), expected.as_array().unwrap().len());
    assert_eq!(
        labels.iter().map(|label| json!(label)).collect::<Vec<_>>(),
        expected.as_array().unwrap().iter().map(|row| row["label"].clone()).collect::<Vec<_>>()
    );
    assert_eq!(rows(&arrow(&client.get_with("/v1/lab/label-counts?min=2", &ARROW).await)), 6);
    sqlx::query("UPDATE lab_samples_v1 SET label = id").execute(&gateway.db.worker).await.unwrap();
    for accept in [&[][..], &CSV[..], &PARQUET[..]] {
        let answer = client.get_with("/v1/lab/label-counts", accept).await;
        answer.is_problem(400, "too_many_rows");
        assert!(answer.text().contains("more than 6 rows"), "{}", answer.text());
    }
    gateway.stop().await;
}

#[tokio::test]
async fn every_answer_says_how_fresh_it_is() {
    let (gateway, client) = filled(3, |options| options).await;
    let member = gateway.client_of(client.tenant, "member");
    let position = member.take("x", "y").await.json()["position"].as_str().unwrap().to_owned();
    let behind = position.replace("@1", "@0");
    for (uri, headers) in [
        ("/v1/lab/samples", &[][..]),
        ("/v1/lab/samples", &CSV[..]),
        ("/v1/lab/samples", &PARQUET[..]),
        ("/v1/lab/samples", &ARROW[..]),
        ("/v1/lab/samples/s-0001", &[][..]),
        ("/v1/lab/samples/s-0001", &CSV[..]),
        ("/v1/lab/label-counts", &[][..]),
        ("/v1/lab/label-counts", &CSV[..]),
    ] {
        let answer = client.get_with(uri, headers).await;
        assert_eq!((answer.header("neuroops-position"), answer.header("neuroops-lag-events")), (behind.as_str(), "1"), "{uri} {headers:?}");
    }
    gateway.catch_up().await;
    let seen = client.get("/v1/lab/samples").await.header("neuroops-position").to_owned();
    assert_eq!(seen, position);
    let wanted = [("neuroops-wait-for", seen.as_str()), PARQUET[0]];
    let answer = client.get_with("/v1/lab/samples", &wanted).await;
    assert_eq!(parquet_facts(&answer)["neuroops.positions"], position);
    gateway.stop().await;
}

#[tokio::test]
async fn a_table_that_cannot_be_sent_to_its_end_is_broken_off() {
    let (gateway, client) = filled(60_000, |options| options).await;
    let request = client.request("GET", "/v1/lab/samples?sort=id", &ARROW, Body::empty());
    let response = client.router.clone().oneshot(request).await.unwrap();
    assert_eq!(response.status().as_u16(), 200);
    let mut body = response.into_body().into_data_stream();
    body.next().await.unwrap().unwrap();
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'FETCH%'";
    gateway.db.admin().await.execute(end).await.unwrap();
    let mut failed = false;
    while let Some(chunk) = body.next().await {
        failed |= chunk.is_err();
    }
    assert!(failed, "the client sees that the table is not whole");
    gateway.stop().await;
}

#[tokio::test]
async fn tables_under_way_are_bounded() {
    let (gateway, client) = filled(60_000, |options| GatewayOptions { tenant_tables_max: 1, tables_max: 2, ..options }).await;
    let request = || client.request("GET", "/v1/lab/samples", &CSV, Body::empty());
    let first = client.router.clone().oneshot(request()).await.unwrap();
    assert_eq!(first.status().as_u16(), 200);
    client.get_with("/v1/lab/samples", &CSV).await.is_problem(429, "too_many_requests");
    let other = gateway.client("analyst").await;
    assert_eq!(other.get_with("/v1/lab/samples", &CSV).await.status.as_u16(), 200, "another tenant has its own turns");
    drop(first);
    crate::world::eventually("the turn is given back", async || {
        (client.get_with("/v1/lab/samples?limit=1", &CSV).await.status.as_u16() == 200).then_some(())
    })
    .await;
    gateway.stop().await;
}

#[tokio::test]
async fn tables_are_for_those_who_may_read() {
    let (gateway, client) = filled(3, |options| options).await;
    let visitor = gateway.client_of(client.tenant, "visitor");
    let other = gateway.client("analyst").await;
    for accept in [&CSV, &PARQUET, &ARROW] {
        visitor.get_with("/v1/lab/samples", accept).await.is_problem(403, "forbidden");
        assert_eq!(other.get_with("/v1/lab/samples", accept).await.status.as_u16(), 200);
    }
    assert_eq!(rows(&parquet(&other.get_with("/v1/lab/samples", &PARQUET).await)), 0, "another tenant has rows of its own");
    client.get_with("/v1/lab/samples/s-0001", &PARQUET).await.is_problem(406, "not_acceptable");
    gateway.stop().await;
}
