//! The log as an event store of the `cqrs-es` framework.

use std::collections::HashMap;

use commands::appender::Appender;
use commands::cqrs_store::LogEventStore;
use cqrs_es::{AggregateError, CqrsFramework, EventStore as _};
use domain::crm::contact::{Contact, ContactCommand, ContactEvent};
use domain::kernel::{Actor, CommandSet as _, CqrsError, CqrsServices, Loaded, TenantId};
use platform::clock;
use serde_json::{Value, json};

use crate::support::{assert_sound, database};

fn services(tenant_id: TenantId) -> CqrsServices {
    CqrsServices {
        tenant_id,
        aggregate_id: "ada".to_owned(),
        version: 0,
        command_id: clock::new_id(),
        now: clock::now(),
        actor: Actor::default(),
        loaded: Loaded::new(),
        rest: std::sync::Mutex::default(),
    }
}

fn command(name: &str, body: &Value) -> ContactCommand {
    ContactCommand::decode(name, body.to_string().as_bytes()).expect("a command")
}

#[tokio::test]
async fn the_framework_executes_commands_on_the_log() {
    let db = database().await;
    let tenant = TenantId(clock::new_id());
    let store = LogEventStore::new(db.app.clone(), Appender::start(&db.app, 2), tenant, db.partitions);
    let framework: CqrsFramework<Contact, _> = CqrsFramework::new(store.clone(), Vec::new(), services(tenant));
    let metadata = HashMap::from([("actor".to_owned(), "ada".to_owned()), ("correlation_id".to_owned(), "c-1".to_owned())]);
    let register = command("register", &json!({ "given_name": "Ada", "email": "ada@example.com" }));
    framework.execute_with_metadata("ada", register, metadata).await.expect("accepted");
    framework.execute("ada", command("update", &json!({ "job_title": "Countess" }))).await.expect("accepted");
    let refused = framework.execute("ada", command("update", &json!({ "given_name": null, "email": null }))).await;
    assert!(matches!(refused, Err(AggregateError::UserError(CqrsError::Rejected(r))) if r.code == "crm.contact_without_identity"));

    let events = cqrs_es::EventStore::<Contact>::load_events(&store, "ada").await.expect("events");
    assert!(
        matches!(events[0].payload, ContactEvent::ContactRegistered(_)) && matches!(events[1].payload, ContactEvent::ContactUpdated(_))
    );
    assert_eq!(events.iter().map(|event| event.sequence).collect::<Vec<_>>(), [1, 2]);
    assert_eq!((events[0].metadata["actor"].as_str(), events[0].metadata["correlation_id"].as_str()), ("ada", "c-1"));
    assert_eq!(assert_sound(&db).await, 2);

    // Another tenant has no such contact.
    let other = LogEventStore::new(db.app.clone(), Appender::start(&db.app, 1), TenantId(clock::new_id()), db.partitions);
    assert!(cqrs_es::EventStore::<Contact>::load_events(&other, "ada").await.expect("events").is_empty());
    db.drop().await;
}

#[tokio::test]
async fn a_commit_on_a_stale_aggregate_is_a_conflict() {
    let db = database().await;
    let tenant = TenantId(clock::new_id());
    let store = LogEventStore::new(db.app.clone(), Appender::start(&db.app, 2), tenant, db.partitions);
    let framework: CqrsFramework<Contact, _> = CqrsFramework::new(store.clone(), Vec::new(), services(tenant));
    framework.execute("ada", command("register", &json!({ "given_name": "Ada" }))).await.expect("accepted");
    let stale = cqrs_es::EventStore::<Contact>::load_aggregate(&store, "ada").await.expect("loaded");
    let events: Vec<ContactEvent> =
        cqrs_es::EventStore::<Contact>::load_events(&store, "ada").await.expect("events").into_iter().map(|event| event.payload).collect();
    framework.execute("ada", command("update", &json!({ "job_title": "Countess" }))).await.expect("accepted");
    let conflict = store.commit(events, stale, HashMap::new()).await;
    assert!(matches!(conflict, Err(AggregateError::AggregateConflict)));
    assert_eq!(assert_sound(&db).await, 2);
    db.drop().await;
}
