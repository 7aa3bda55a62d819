//! Programs that use the postgres-es crate today: the views take its statements, and the events reach Kafka like all others.

use std::str::FromStr as _;

use cqrs_es::event_sink::EventSink;
use cqrs_es::persist::{PersistedEventRepository as _, PersistedEventStore};
use cqrs_es::{Aggregate, AggregateError, CqrsFramework, DomainEvent, EventStore as _};
use domain::crm::contact::{Contact, ContactCommand};
use domain::kernel::{Actor, CommandSet as _, CqrsServices, Loaded, TenantId};
use platform::clock;
use platform::testing::TestDatabase;
use postgres_es::PostgresEventRepository;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use uuid::Uuid;

use crate::support::{RelayProcess, assert_same_as_log, bus, consume, database, delete_topics, kafka, request};

/// An aggregate that knows nothing of the platform.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Customer {
    name: String,
    visits: u32,
}

#[derive(Debug)]
enum CustomerCommand {
    Name(String),
    Visit(u32),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum CustomerEvent {
    Named { name: String },
    Visited { shop: String },
}

impl DomainEvent for CustomerEvent {
    fn event_type(&self) -> String {
        match self {
            Self::Named { .. } => "Named".to_owned(),
            Self::Visited { .. } => "Visited".to_owned(),
        }
    }

    fn event_version(&self) -> String {
        "1.0".to_owned()
    }
}

#[derive(Debug, thiserror::Error)]
#[error("refused")]
struct Refused;

impl Aggregate for Customer {
    const TYPE: &'static str = "customer";
    type Command = CustomerCommand;
    type Event = CustomerEvent;
    type Error = Refused;
    type Services = ();

    async fn handle(&mut self, command: CustomerCommand, (): &(), sink: &EventSink<Self>) -> Result<(), Refused> {
        match command {
            CustomerCommand::Name(name) if name.is_empty() => return Err(Refused),
            CustomerCommand::Name(name) => sink.write(CustomerEvent::Named { name }, self).await,
            CustomerCommand::Visit(times) => {
                for shop in 0..times {
                    sink.write(CustomerEvent::Visited { shop: format!("s{shop}") }, self).await;
                }
            }
        }
        Ok(())
    }

    fn apply(&mut self, event: CustomerEvent) {
        match event {
            CustomerEvent::Named { name } => self.name = name,
            CustomerEvent::Visited { .. } => self.visits += 1,
        }
    }
}

/// The repository of postgres-es on a pool whose connections are bound to a tenant.
fn repository(db: &TestDatabase, tenant: Uuid) -> PostgresEventRepository {
    let options = PgConnectOptions::from_str(&db.app_url).expect("a valid URL").options([("app.tenant_id", tenant.to_string())]);
    let pool = PgPoolOptions::new().max_connections(4).connect_lazy_with(options);
    PostgresEventRepository::new(pool).with_tables("postgres_es.events", "postgres_es.snapshots")
}

type Store<A> = PersistedEventStore<PostgresEventRepository, A>;

fn customers(db: &TestDatabase, tenant: Uuid) -> CqrsFramework<Customer, Store<Customer>> {
    CqrsFramework::new(PersistedEventStore::new_event_store(repository(db, tenant)), Vec::new(), ())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_aggregate_of_postgres_es_works_unchanged_and_its_events_reach_kafka() {
    let (db, kafka) = (database().await, kafka());
    let relay = RelayProcess::start(&db, &kafka);
    let (tenant, other) = (clock::new_id(), clock::new_id());
    let framework = customers(&db, tenant);
    framework.execute("c-1", CustomerCommand::Name("Ada".to_owned())).await.expect("accepted");
    framework.execute("c-1", CustomerCommand::Visit(3)).await.expect("accepted");
    assert!(matches!(framework.execute("c-1", CustomerCommand::Name(String::new())).await, Err(AggregateError::UserError(Refused))));
    framework.execute("c-2", CustomerCommand::Name("Bob".to_owned())).await.expect("accepted");
    customers(&db, other).execute("c-1", CustomerCommand::Name("Eve".to_owned())).await.expect("another tenant's c-1 is another customer");

    let store: Store<Customer> = PersistedEventStore::new_event_store(repository(&db, tenant));
    let loaded = store.load_aggregate("c-1").await.expect("loaded");
    assert_eq!(loaded.aggregate, Customer { name: "Ada".to_owned(), visits: 3 });
    let theirs = repository(&db, other).get_events::<Customer>("c-1").await.expect("events");
    assert_eq!(theirs.iter().map(|event| &event.payload).collect::<Vec<_>>(), [&json!({ "Named": { "name": "Eve" } })]);
    assert!(repository(&db, other).get_events::<Customer>("c-2").await.expect("events").is_empty(), "another tenant sees nothing");

    let records = consume(&db, &kafka, "external").await;
    assert_same_as_log(&db, "external", &records).await;
    let of_c1: Vec<_> =
        records.iter().filter(|record| record.key == tenant.to_string() && record.headers["ce_subject"] == "customer/c-1").collect();
    let types: Vec<&str> = of_c1.iter().map(|record| record.headers["ce_type"].as_str()).collect();
    assert_eq!(types, ["external.Named.v1.0", "external.Visited.v1.0", "external.Visited.v1.0", "external.Visited.v1.0"]);
    let payload: serde_json::Value = serde_json::from_str(&of_c1[0].payload).expect("JSON");
    assert_eq!(payload, json!({ "Named": { "name": "Ada" } }));
    relay.stop().await;
    delete_topics(&kafka).await;
    db.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_on_a_stale_aggregate_of_postgres_es_is_a_conflict_and_stores_nothing() {
    let db = database().await;
    let tenant = clock::new_id();
    customers(&db, tenant).execute("c-1", CustomerCommand::Name("Ada".to_owned())).await.expect("accepted");
    let store: Store<Customer> = PersistedEventStore::new_event_store(repository(&db, tenant));
    let (first, second) = (store.load_aggregate("c-1").await.expect("loaded"), store.load_aggregate("c-1").await.expect("loaded"));
    let visits = || (0..3).map(|shop| CustomerEvent::Visited { shop: format!("s{shop}") }).collect::<Vec<_>>();
    store.commit(visits(), first, std::collections::HashMap::new()).await.expect("committed");
    let late = store.commit(visits(), second, std::collections::HashMap::new()).await;
    assert!(matches!(late, Err(AggregateError::AggregateConflict)), "{late:?}");
    let sequences: Vec<i64> =
        sqlx::query_scalar("SELECT sequence FROM log.events ORDER BY position").fetch_all(&db.worker).await.expect("events");
    assert_eq!(sequences, [1, 2, 3, 4]);
    // All clients at once: each of the versions has one winner.
    let rivals: Vec<_> = (0..12).map(|_| customers(&db, tenant)).collect();
    let answers = futures::future::join_all(rivals.iter().map(|rival| rival.execute("c-1", CustomerCommand::Visit(1)))).await;
    let won = answers.iter().filter(|answer| answer.is_ok()).count();
    assert!(answers.iter().all(|answer| matches!(answer, Ok(()) | Err(AggregateError::AggregateConflict))), "{answers:?}");
    let stored: i64 = sqlx::query_scalar("SELECT count(*) FROM log.events").fetch_one(&db.worker).await.expect("a number");
    assert_eq!(usize::try_from(stored).expect("positive"), 4 + won);
    db.drop().await;
}

/// Through the store alone: `CqrsFramework` 0.5 folds the events of a command into the aggregate before `commit` folds them into the
/// snapshot once more, and a commit that is longer than the snapshots' distance is noted as if all of it were in the snapshot.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_snapshot_store_of_postgres_es_keeps_and_uses_snapshots_of_its_tenant() {
    let db = database().await;
    let (tenant, other) = (clock::new_id(), clock::new_id());
    let snapshots = |tenant| PersistedEventStore::<_, Customer>::new_snapshot_store(repository(&db, tenant), 3);
    let visit = || CustomerEvent::Visited { shop: "x".to_owned() };
    let commit = async |context, events| snapshots(tenant).commit(events, context, std::collections::HashMap::new()).await;
    for _ in 0..3 {
        commit(snapshots(tenant).load_aggregate("c-1").await.expect("loaded"), vec![visit(), visit(), visit()]).await.expect("committed");
    }
    commit(snapshots(tenant).load_aggregate("c-1").await.expect("loaded"), vec![visit()]).await.expect("committed");
    let kept = repository(&db, tenant).get_snapshot::<Customer>("c-1").await.expect("answered").expect("a snapshot");
    assert_eq!((kept.current_sequence, kept.current_snapshot, kept.aggregate["visits"].as_u64()), (9, 3, Some(9)));
    let loaded = snapshots(tenant).load_aggregate("c-1").await.expect("loaded");
    assert_eq!((loaded.current_sequence, loaded.aggregate.visits), (10, 10));
    assert!(repository(&db, other).get_snapshot::<Customer>("c-1").await.expect("answered").is_none());

    // Of two writers of one snapshot the slower is told, and the snapshot is the faster one's.
    let late = snapshots(tenant).load_aggregate("c-1").await.expect("loaded");
    commit(loaded, vec![visit(), visit()]).await.expect("committed");
    let late = commit(late, vec![CustomerEvent::Named { name: "late".to_owned() }, visit()]).await;
    assert!(matches!(late, Err(AggregateError::AggregateConflict)));
    let loaded = snapshots(tenant).load_aggregate("c-1").await.expect("loaded");
    assert_eq!(loaded.aggregate, Customer { name: String::new(), visits: 12 });
    db.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_aggregate_of_the_platform_through_postgres_es_is_the_same_aggregate() {
    let (db, kafka) = (database().await, kafka());
    let relay = RelayProcess::start(&db, &kafka);
    let tenant = clock::new_id();
    let services = CqrsServices {
        tenant_id: TenantId(tenant),
        aggregate_id: "ada".to_owned(),
        version: 0,
        command_id: clock::new_id(),
        now: clock::now(),
        actor: Actor::default(),
        loaded: Loaded::new(),
        rest: std::sync::Mutex::default(),
    };
    let framework: CqrsFramework<Contact, Store<Contact>> =
        CqrsFramework::new(PersistedEventStore::new_event_store(repository(&db, tenant)), Vec::new(), services);
    let register = ContactCommand::decode("register", br#"{"given_name":"Ada"}"#).expect("a command");
    framework.execute("ada", register).await.expect("accepted");
    let (context, payload): (String, serde_json::Value) =
        sqlx::query_as("SELECT context, payload FROM log.events").fetch_one(&db.worker).await.expect("an event");
    assert_eq!(
        (context.as_str(), payload),
        ("crm", json!({ "profile": { "given_name": "Ada" } })),
        "the fields alone, as the platform stores them"
    );

    // The command bus goes on from there, and postgres-es from the bus.
    let receipt =
        bus(&db).execute(request(tenant, "crm", "contact", "ada", "update", &json!({ "job_title": "Countess" }))).await.expect("accepted");
    assert_eq!(receipt.version, 2);
    let update = ContactCommand::decode("update", br#"{"family_name":"Lovelace"}"#).expect("a command");
    framework.execute("ada", update).await.expect("accepted");
    let loaded = PersistedEventStore::<_, Contact>::new_event_store(repository(&db, tenant)).load_aggregate("ada").await.expect("loaded");
    let profile = &loaded.aggregate.profile;
    assert_eq!((profile.job_title.as_deref(), profile.family_name.as_deref()), (Some("Countess"), Some("Lovelace")));
    let records = consume(&db, &kafka, "crm").await;
    assert_same_as_log(&db, "crm", &records).await;
    let types: Vec<&str> = records.iter().map(|record| record.headers["ce_type"].as_str()).collect();
    assert_eq!(types, ["crm.contact_registered.v1", "crm.contact_updated.v1", "crm.contact_updated.v1"]);
    relay.stop().await;
    delete_topics(&kafka).await;
    db.drop().await;
}

#[tokio::test]
async fn a_connection_that_is_bound_to_no_tenant_sees_and_writes_nothing() {
    let db = database().await;
    customers(&db, clock::new_id()).execute("c-1", CustomerCommand::Name("Ada".to_owned())).await.expect("accepted");
    let unbound = PostgresEventRepository::new(db.app.clone()).with_tables("postgres_es.events", "postgres_es.snapshots");
    assert!(unbound.get_events::<Customer>("c-1").await.expect("answered").is_empty());
    let framework: CqrsFramework<Customer, Store<Customer>> =
        CqrsFramework::new(PersistedEventStore::new_event_store(unbound), Vec::new(), ());
    assert!(framework.execute("c-1", CustomerCommand::Name("Eve".to_owned())).await.is_err());
    let stored: i64 = sqlx::query_scalar("SELECT count(*) FROM log.events").fetch_one(&db.worker).await.expect("a number");
    assert_eq!(stored, 1);
    db.drop().await;
}
