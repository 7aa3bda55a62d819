//! Read models folded in memory, and what their declarations promise about tables.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use domain::analytics::export::{Export, ExportEvent, ExportStatus};
use domain::analytics::query::{Query, QueryEvent};
use domain::kernel::{Aggregate, EventSet, RecordedEvent, TenantId};
use schemars::SchemaGenerator;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{CONTEXT, READ_MODELS, export_list, query_list};
use crate::model::ColumnKind;

const MIGRATION: &str =
    concat!(include_str!("../../../migrations/0010_analytics.sql"), include_str!("../../../migrations/0012_dashboards.sql"));

/// When the event at a position was recorded.
fn at(position: i64) -> DateTime<Utc> {
    "2026-03-01T12:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::minutes(position)
}

fn recorded<A: Aggregate>(position: i64, event: &A::Event) -> RecordedEvent {
    RecordedEvent {
        context: A::CONTEXT.to_owned(),
        partition: 0,
        position,
        event_id: Uuid::from_u128(1),
        tenant_id: TenantId(Uuid::from_u128(7)),
        aggregate_type: A::TYPE.to_owned(),
        aggregate_id: "a".to_owned(),
        sequence: position,
        event_type: event.def().name.to_owned(),
        event_version: event.def().version.to_string(),
        payload: event.payload().unwrap(),
        metadata: "{}".to_owned(),
        recorded_at: at(position),
    }
}

type After<R> = fn(&RecordedEvent, Option<R>) -> Result<Option<R>, String>;

/// The row after events, each stored and read back as the runtime does.
fn folded<A: Aggregate, R: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(
    after: After<R>,
    events: &[(&str, Value)],
) -> Option<R> {
    let mut row: Option<R> = None;
    for (position, (name, payload)) in (1..).zip(events) {
        let event = A::Event::decode(name, "1", &payload.to_string()).unwrap();
        row = after(&recorded::<A>(position, &event), row).unwrap();
        let stored = serde_json::to_value(&row).unwrap();
        assert_eq!(serde_json::from_value::<Option<R>>(stored).unwrap(), row, "storing and reading a row changes nothing");
    }
    row
}

fn query(events: &[(&str, Value)]) -> Option<query_list::QueryRow> {
    folded::<Query, _>(query_list::after, events)
}

fn export(events: &[(&str, Value)]) -> Option<export_list::ExportRow> {
    folded::<Export, _>(export_list::after, events)
}

fn definition(name: &str, source: &str) -> Value {
    json!({ "name": name, "question": { "context": "crm", "source": source, "terms": { "status": "open" } } })
}

fn saved() -> (&'static str, Value) {
    ("query_saved", json!({ "definition": definition("Straße", "deal-list"), "owner": "ada" }))
}

#[test]
fn a_query_is_listed_as_it_was_revised_last() {
    let recurrence = json!({ "cron": "0 7 * * *", "time_zone": "UTC", "format": "csv" });
    let row = query(&[
        saved(),
        ("query_revised", json!({ "definition": definition("Second", "lead-list"), "revision": 2 })),
        ("query_shared", json!({ "roles": ["analyst"] })),
        ("query_handed_over", json!({ "owner": "grace" })),
        ("query_scheduled", json!({ "recurrence": recurrence })),
    ])
    .unwrap();
    assert_eq!((&*row.name, row.source.as_str(), row.revision, row.version, row.owner.as_str()), ("Second", "lead-list", 2, 5, "grace"));
    assert_eq!((row.shared_with.len(), row.cron.as_deref(), row.time_zone.as_deref()), (1, Some("0 7 * * *"), Some("UTC")));
    assert_eq!((row.created_at, row.updated_at), (at(1), at(5)));
    assert_eq!((row.sort_name.as_str(), row.search.as_str()), ("second", "second lead-list"));
}

#[test]
fn a_query_that_fell_due_names_its_export_and_its_next_time() {
    let recurrence = json!({ "cron": "0 7 * * *", "time_zone": "UTC", "format": "csv" });
    let question = definition("x", "deal-list")["question"].clone();
    let due = json!({
        "scheduled_for": "2026-03-03T07:00:00Z", "since": "2026-03-02T07:00:00Z", "next_at": "2026-03-04T07:00:00Z", "question": question,
        "revision": 1, "format": "csv", "owner": "ada"
    });
    let scheduled = ("query_scheduled", json!({ "recurrence": recurrence, "next_at": "2026-03-02T07:00:00Z" }));
    let row = query(&[saved(), scheduled.clone(), ("query_fell_due", due.clone())]).unwrap();
    let time = |text: &str| Some(text.parse::<DateTime<Utc>>().unwrap());
    assert_eq!((row.due_at, row.last_run_at), (time("2026-03-04T07:00:00Z"), time("2026-03-03T07:00:00Z")));
    assert_eq!(row.last_export_id, Some(Uuid::from_u128(1).to_string()));
    let ended = query(&[saved(), scheduled, ("query_fell_due", due), ("query_unscheduled", json!({}))]).unwrap();
    assert_eq!((ended.due_at, ended.last_run_at.is_some()), (None, true));
}

#[test]
fn what_a_schedule_asked_for_names_its_query() {
    let run = json!({ "query_id": "q", "revision": 3, "owner": "ada", "scheduled_for": "2026-03-03T07:00:00Z" });
    let (name, mut payload) = requested();
    payload["run"] = run;
    let row = export(&[(name, payload)]).unwrap();
    assert_eq!((row.query_id.as_deref(), row.scheduled_for), (Some("q"), Some("2026-03-03T07:00:00Z".parse().unwrap())));
}

#[test]
fn an_unscheduled_query_has_no_time_and_a_deleted_one_no_row() {
    let recurrence = json!({ "cron": "0 7 * * *", "time_zone": "UTC", "format": "csv" });
    let events =
        [saved(), ("query_scheduled", json!({ "recurrence": recurrence })), ("query_unscheduled", json!({})), ("query_deleted", json!({}))];
    let row = query(&events[..3]).unwrap();
    assert_eq!((row.cron, row.time_zone, row.schedule_format), (None, None, None));
    assert_eq!(query(&events), None);
}

fn requested() -> (&'static str, Value) {
    let question = json!({ "context": "crm", "source": "contact-list", "terms": {} });
    ("export_requested", json!({ "question": question, "format": "arrow", "requested_by": "ada" }))
}

fn completed() -> (&'static str, Value) {
    let summary = json!({
        "rows": 7, "bytes": 100, "files": 1, "manifest_sha256": "0".repeat(64), "positions": ["crm/0@7"], "one_state": true
    });
    ("export_completed", json!({ "summary": summary, "expires_at": "2026-03-08T12:00:00Z" }))
}

#[test]
fn an_export_is_due_to_expire_until_it_has() {
    let row = export(&[requested(), completed()]).unwrap();
    let expires = Some("2026-03-08T12:00:00Z".parse().unwrap());
    assert_eq!(
        (row.status, row.rows, row.ended_at, row.expires_at, row.due_at),
        (ExportStatus::Completed, Some(7), Some(at(2)), expires, expires)
    );
    let row = export(&[requested(), completed(), ("export_expired", json!({}))]).unwrap();
    assert_eq!((row.status, row.expires_at, row.due_at, row.version), (ExportStatus::Expired, expires, None, 3));
}

#[test]
fn an_export_that_failed_or_was_cancelled_says_so() {
    let row = export(&[requested(), ("export_failed", json!({ "code": "x", "reason": "y" }))]).unwrap();
    assert_eq!((row.status, row.failure_code.as_deref(), row.failure_reason.as_deref()), (ExportStatus::Failed, Some("x"), Some("y")));
    let row = export(&[requested(), ("export_cancelled", json!({}))]).unwrap();
    assert_eq!((row.status, row.ended_at, row.due_at), (ExportStatus::Cancelled, Some(at(2)), None));
}

#[test]
fn an_event_without_its_row_is_an_error() {
    let event = QueryEvent::decode("query_unscheduled", "1", "{}").unwrap();
    assert!(query_list::after(&recorded::<Query>(2, &event), None).is_err());
    let event = ExportEvent::decode("export_cancelled", "1", "{}").unwrap();
    assert!(export_list::after(&recorded::<Export>(2, &event), None).is_err());
}

/// Name and type of the columns of a table, as the migration declares them.
fn columns_of(table: &str) -> Vec<(&'static str, ColumnKind)> {
    let start = MIGRATION.split_once(&format!("CREATE TABLE {table}_v1 (\n")).expect("the table is made").1;
    let body = start.split_once("\n);").expect("the table ends").0;
    let lines = body.lines().map(str::trim).filter(|line| !line.starts_with("--") && !line.starts_with("PRIMARY KEY"));
    let kind = |sql: &str| match sql.trim_end_matches(" NOT NULL").trim_end_matches(" COLLATE \"C\"") {
        "text" => ColumnKind::Text,
        "bigint" => ColumnKind::Integer,
        "numeric" => ColumnKind::Number,
        "boolean" => ColumnKind::Boolean,
        "date" => ColumnKind::Date,
        "timestamptz" => ColumnKind::Timestamp,
        "text[]" => ColumnKind::List,
        "jsonb" => ColumnKind::Json,
        other => panic!("no kind of column is {other}"),
    };
    let column = |line: &'static str| line.trim_end_matches(',').split_once(' ').expect("a column has a type");
    let columns = lines.map(column).filter(|(name, _)| *name != "tenant_id" && *name != "search");
    columns.map(|(name, sql)| (name, if name == "id" { ColumnKind::Text } else { kind(sql) })).collect()
}

#[test]
fn declared_columns_are_those_of_the_table_and_of_the_row_and_what_is_sorted_by_is_indexed() {
    for model in READ_MODELS {
        let declared: Vec<_> = model.columns.iter().map(|column| (column.name, column.kind)).collect();
        assert_eq!(declared, columns_of(model.table), "{}", model.name);
        let schema = (model.schema)(&mut SchemaGenerator::default());
        let properties: BTreeSet<_> = schema.get("properties").unwrap().as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(properties, declared.iter().map(|(name, _)| *name).collect(), "{}", model.name);
        for column in model.columns.iter().filter(|column| column.sortable && column.name != "id") {
            let index = format!("CREATE INDEX ON {}_v1 (tenant_id, {}, id);", model.table, column.name);
            assert!(MIGRATION.contains(&index), "{index}");
        }
    }
    let projections = (CONTEXT.projections)();
    for (projection, model) in projections.iter().zip(READ_MODELS) {
        assert_eq!((projection.name(), projection.tables()[0]), (model.projection, model.table));
        for table in projection.tables() {
            assert!(MIGRATION.contains(&format!("SELECT runtime.declare_read_model('{table}', '{}');", model.projection)));
        }
    }
}
