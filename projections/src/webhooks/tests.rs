//! Rows folded in memory, and what the declarations promise about tables.

use chrono::{DateTime, TimeDelta, Utc};
use domain::kernel::{CommandSet as _, RecordedEvent, TenantId};
use domain::webhooks::endpoint::EndpointCommand;
use schemars::SchemaGenerator;
use serde_json::{Value, json};
use uuid::Uuid;

use super::endpoint_list::EndpointRow;
use super::replay_list::ReplayRow;
use super::{CONTEXT, READ_MODELS, WEBHOOKS};

const MIGRATION: &str = include_str!("../../../migrations/0015_webhooks.sql");

fn event(sequence: i64, event_type: &str, payload: &Value) -> RecordedEvent {
    let noon: DateTime<Utc> = "2026-03-01T12:00:00Z".parse().unwrap();
    RecordedEvent {
        context: "webhooks".to_owned(),
        partition: 0,
        position: sequence,
        event_id: Uuid::from_u128(sequence.unsigned_abs().into()),
        tenant_id: TenantId(Uuid::from_u128(7)),
        aggregate_type: "endpoint".to_owned(),
        aggregate_id: "e-1".to_owned(),
        sequence,
        event_type: event_type.to_owned(),
        event_version: "1".to_owned(),
        payload: payload.to_string(),
        metadata: "{}".to_owned(),
        recorded_at: noon + TimeDelta::minutes(sequence),
    }
}

fn registered() -> RecordedEvent {
    let payload = json!({
        "url": "https://hooks.example.com/", "filter": { "contexts": ["crm"], "types": [], "subjects": [] }, "roles": ["owner"], "begin": "now",
        "secret_id": Uuid::from_u128(1), "registered_by": "ada"
    });
    event(1, "endpoint_registered", &payload)
}

/// The row after these events; each time stored as JSON and read again, as the runtime does.
fn row(events: &[RecordedEvent]) -> Value {
    let fold = |row: Value, event: &RecordedEvent| {
        let row = EndpointRow::after(serde_json::from_value(row).unwrap(), event).unwrap();
        serde_json::to_value(row).unwrap()
    };
    events.iter().fold(Value::Null, fold)
}

#[test]
fn an_endpoint_shows_where_it_stands() {
    let rotated = json!({ "secret_id": Uuid::from_u128(2), "previous_until": "2026-03-02T00:00:00Z" });
    let (rotated, gone) =
        (event(2, "endpoint_secret_rotated", &rotated), event(3, "endpoint_disabled", &json!({ "cause": "gone", "detail": "410" })));
    let disabled = row(&[registered(), rotated.clone(), gone.clone()]);
    assert_eq!((&disabled["status"], &disabled["cause"], &disabled["detail"]), (&json!("disabled"), &json!("gone"), &json!("410")));
    assert_eq!(disabled["secrets"][0]["until"], "2026-03-02T00:00:00Z");
    assert_eq!(disabled["secrets"][1], json!({ "id": Uuid::from_u128(2) }));
    let enabled = row(&[registered(), rotated, gone, event(4, "endpoint_enabled", &json!({}))]);
    assert_eq!((&enabled["status"], &enabled["cause"], &enabled["version"]), (&json!("enabled"), &Value::Null, &json!(4)));
    assert_eq!(row(&[registered(), event(2, "endpoint_removed", &json!({}))])["secrets"], json!([]));
}

#[test]
fn a_replay_is_a_row() {
    let replay = event(2, "endpoint_replay_requested", &json!({ "number": 1, "after": ["crm/3@7"], "requested_by": "ada" }));
    let row = ReplayRow::of(&replay).unwrap().unwrap();
    assert_eq!((row.endpoint_id.as_str(), row.number, row.after, row.events.len()), ("e-1", 1, vec!["crm/3@7".to_owned()], 0));
    assert_eq!(ReplayRow::of(&registered()).unwrap(), None);
}

#[test]
fn declared_columns_are_those_of_rows_and_tables() {
    for (model, projection) in READ_MODELS.iter().zip((CONTEXT.projections)()) {
        let schema = (model.schema)(&mut SchemaGenerator::default()).to_value();
        let mut named: Vec<&str> = schema["properties"].as_object().unwrap().keys().map(String::as_str).collect();
        let mut declared: Vec<&str> = model.columns.iter().map(|column| column.name).collect();
        named.sort_unstable();
        declared.sort_unstable();
        assert_eq!(declared, named, "{}", model.name);
        for column in model.columns.iter().filter(|column| column.sortable && column.name != "id") {
            let index = format!("CREATE INDEX ON {}_v1 (tenant_id, {}, id);", model.table, column.name);
            assert!(MIGRATION.contains(&index), "{index}");
        }
        assert_eq!((projection.name(), projection.tables()), (model.projection, &[model.table][..]));
        assert!(MIGRATION.contains(&format!("SELECT runtime.declare_read_model('{}', '{}');", model.table, model.projection)));
    }
}

#[test]
fn the_commands_that_are_named_are_there() {
    let aggregate = CONTEXT.domain.aggregate(WEBHOOKS.aggregate).unwrap();
    let named = WEBHOOKS.issuing.iter().chain(WEBHOOKS.addressing).chain([&WEBHOOKS.replay, &WEBHOOKS.disable]);
    for name in named {
        assert!(aggregate.commands().iter().any(|def| def.name == *name), "{name}");
    }
    let body = json!({ "cause": WEBHOOKS.gone, "detail": "x" }).to_string();
    assert!(EndpointCommand::decode(WEBHOOKS.disable, body.as_bytes()).is_ok());
}
