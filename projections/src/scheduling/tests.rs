//! Rows folded in memory, and what the declarations promise about tables.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use domain::kernel::{RecordedEvent, TenantId};
use schemars::SchemaGenerator;
use serde_json::{Value, json};
use uuid::Uuid;

use super::firing_list::{FiringRow, Outcome};
use super::timer_list::{Status, TimerRow};
use super::{CONTEXT, READ_MODELS};
use crate::model::ColumnKind;

const MIGRATION: &str = include_str!("../../../migrations/0009_scheduling.sql");

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn event(sequence: i64, event_type: &str, payload: &Value) -> RecordedEvent {
    RecordedEvent {
        context: "scheduling".to_owned(),
        partition: 0,
        position: sequence,
        event_id: Uuid::from_u128(sequence.unsigned_abs().into()),
        tenant_id: TenantId(Uuid::from_u128(7)),
        aggregate_type: "timer".to_owned(),
        aggregate_id: "t-1".to_owned(),
        sequence,
        event_type: event_type.to_owned(),
        event_version: "1".to_owned(),
        payload: payload.to_string(),
        metadata: "{}".to_owned(),
        recorded_at: at("2026-03-01T12:00:00Z") + TimeDelta::minutes(sequence),
    }
}

fn command() -> Value {
    json!({ "context": "crm", "aggregate": "contact", "id": "c-1", "command": "erase", "body": { "reason": "asked" } })
}

fn scheduled() -> RecordedEvent {
    let plan = json!({ "schedule": { "cron": "0 12 * * *" }, "zone": "Europe/Berlin" });
    let payload = json!({
        "name": "Erase", "plan": plan, "command": command(), "catch_up": "skip", "grace_seconds": 60,
        "next_at": "2026-03-02T11:00:00Z", "scheduled_by": "ada"
    });
    event(1, "timer_scheduled", &payload)
}

fn fired(sequence: i64, number: u64, next_at: &Value) -> RecordedEvent {
    let payload = json!({ "scheduled_for": "2026-03-02T11:00:00Z", "number": number, "command": command(), "next_at": next_at });
    event(sequence, "timer_fired", &payload)
}

/// The row after these events; each time stored as JSON and read again, as the runtime does.
fn row(events: &[RecordedEvent]) -> TimerRow {
    let fold = |row: Option<TimerRow>, event: &RecordedEvent| {
        let row = TimerRow::after(row, event).unwrap().unwrap();
        let stored = serde_json::to_string(&row).unwrap();
        assert_eq!(serde_json::from_str::<TimerRow>(&stored).unwrap(), row);
        Some(row)
    };
    events.iter().fold(None, fold).unwrap()
}

#[test]
fn a_timer_is_due_while_it_is_active() {
    let new = row(&[scheduled()]);
    assert_eq!((new.status, new.due_at), (Status::Active, Some(at("2026-03-02T11:00:00Z"))));
    assert_eq!((new.kind.as_str(), new.expression.as_str(), new.zone.as_str()), ("cron", "0 12 * * *", "Europe/Berlin"));
    assert_eq!((new.target_id.as_deref(), new.body), (Some("c-1"), Some(json!({ "reason": "asked" }))));
    let paused = row(&[scheduled(), event(2, "timer_paused", &json!({ "reason": "holidays" }))]);
    assert_eq!((paused.status, paused.due_at, paused.next_at), (Status::Paused, None, Some(at("2026-03-02T11:00:00Z"))));
    assert_eq!(paused.reason.as_deref(), Some("holidays"));
    let plan = json!({ "schedule": { "at": "2026-04-01T00:00:00Z" }, "zone": "UTC" });
    let rescheduled = event(3, "timer_rescheduled", &json!({ "plan": plan, "next_at": "2026-04-01T00:00:00Z" }));
    let events = [scheduled(), event(2, "timer_paused", &json!({})), rescheduled];
    let still_paused = row(&events);
    assert_eq!((still_paused.due_at, still_paused.expression.as_str()), (None, "2026-04-01T00:00:00Z"));
    let resumed = row(&[&events[..], &[event(4, "timer_resumed", &json!({ "next_at": "2026-04-01T00:00:00Z" }))]].concat());
    assert_eq!((resumed.status, resumed.due_at, resumed.version), (Status::Active, Some(at("2026-04-01T00:00:00Z")), 4));
}

#[test]
fn a_firing_moves_the_timer_on_and_the_last_one_finishes_it() {
    let once = row(&[scheduled(), fired(2, 1, &json!("2026-03-03T11:00:00Z"))]);
    assert_eq!((once.fired, once.due_at, once.last_scheduled_for), (1, Some(at("2026-03-03T11:00:00Z")), Some(at("2026-03-02T11:00:00Z"))));
    let last = row(&[scheduled(), fired(2, 1, &Value::Null)]);
    assert_eq!((last.status, last.due_at, last.next_at), (Status::Finished, None, None));
    let skipped =
        row(&[scheduled(), event(2, "timer_skipped", &json!({ "from": "2026-03-02T11:00:00Z", "next_at": "2026-03-05T11:00:00Z" }))]);
    assert_eq!((skipped.fired, skipped.due_at), (0, Some(at("2026-03-05T11:00:00Z"))));
    let plan = json!({ "schedule": { "local": "2026-04-01T00:00:00" }, "zone": "UTC" });
    let again = event(3, "timer_rescheduled", &json!({ "plan": plan, "next_at": "2026-04-01T00:00:00Z" }));
    let again = row(&[scheduled(), fired(2, 1, &Value::Null), again]);
    assert_eq!((again.status, again.kind.as_str()), (Status::Active, "local"));
}

#[test]
fn a_cancelled_timer_is_never_due_and_its_body_is_forgotten() {
    let cancelled = row(&[scheduled(), event(2, "timer_cancelled", &json!({ "reason": "no longer needed" }))]);
    assert_eq!((cancelled.status, cancelled.due_at, cancelled.next_at, cancelled.body), (Status::Cancelled, None, None, None));
}

#[test]
fn an_event_of_a_timer_that_has_no_row_is_an_error() {
    assert!(TimerRow::after(None, &fired(2, 1, &Value::Null)).is_err());
    let elsewhere = RecordedEvent { aggregate_type: "other".to_owned(), ..scheduled() };
    assert_eq!(TimerRow::after(None, &elsewhere), Ok(None));
}

#[test]
fn firings_and_what_was_skipped_are_listed() {
    let firing = FiringRow::of(&fired(2, 1, &Value::Null)).unwrap().unwrap();
    assert_eq!((firing.outcome, firing.number, firing.timer_id.as_str()), (Outcome::Fired, Some(1), "t-1"));
    assert_eq!(firing.target_command.as_deref(), Some("erase"));
    let skipped = event(2, "timer_skipped", &json!({ "from": "2026-03-02T11:00:00Z", "next_at": null }));
    let skipped = FiringRow::of(&skipped).unwrap().unwrap();
    assert_eq!((skipped.outcome, skipped.scheduled_for, skipped.target_id), (Outcome::Skipped, at("2026-03-02T11:00:00Z"), None));
    assert_eq!(FiringRow::of(&scheduled()), Ok(None));
}

/// Name and type of the columns of a table, as the migration declares them.
fn columns_of(table: &str) -> Vec<(&'static str, &'static str)> {
    let start = MIGRATION.split_once(&format!("CREATE TABLE {table}_v1 (\n")).expect("the table is made").1;
    let body = start.split_once("\n);").expect("the table ends").0;
    let lines = body.lines().map(str::trim).filter(|line| !line.starts_with("--") && !line.starts_with("PRIMARY KEY"));
    lines.map(|line| line.trim_end_matches(',').split_once(' ').expect("a column has a type")).collect()
}

fn kind_of(sql: &str) -> ColumnKind {
    match sql.trim_end_matches(" NOT NULL").trim_end_matches(" COLLATE \"C\"") {
        "text" => ColumnKind::Text,
        "bigint" => ColumnKind::Integer,
        "timestamptz" => ColumnKind::Timestamp,
        "jsonb" => ColumnKind::Json,
        other => panic!("no kind of column is {other}"),
    }
}

#[test]
fn declarations_tables_rows_and_indexes_agree() {
    for (projection, model) in (CONTEXT.projections)().iter().zip(READ_MODELS) {
        let table: Vec<_> = columns_of(model.table).into_iter().filter(|(name, _)| *name != "tenant_id").collect();
        let declared: Vec<_> = model.columns.iter().map(|column| (column.name, column.kind)).collect();
        assert_eq!(declared, table.iter().map(|(name, sql)| (*name, kind_of(sql))).collect::<Vec<_>>(), "{}", model.name);
        let schema = (model.schema)(&mut SchemaGenerator::default());
        let properties: BTreeSet<_> = schema.get("properties").unwrap().as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(properties, declared.iter().map(|(name, _)| *name).collect(), "{}", model.name);
        for column in model.columns.iter().filter(|column| column.sortable && column.name != "id") {
            let index = format!("CREATE INDEX ON {}_v1 (tenant_id, {}, id);", model.table, column.name);
            assert!(MIGRATION.contains(&index), "{index}");
        }
        assert!(model.columns.iter().any(|column| column.sortable && column.name == model.default_sort.0), "{}", model.name);
        assert_eq!((projection.name(), projection.tables()), (model.projection, &[model.table][..]));
        assert!(MIGRATION.contains(&format!("SELECT runtime.declare_read_model('{}', '{}');", model.table, model.projection)));
    }
}
