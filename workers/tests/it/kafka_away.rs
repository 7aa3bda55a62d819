//! Kafka is away: commands succeed, projectors follow the log; when it is there, they follow Kafka.

use std::time::{Duration, Instant};

use platform::clock;
use platform::kafka::KafkaOptions;
use platform::testing::TestDatabase;
use serde_json::json;
use uuid::Uuid;
use workers::{Roles, WorkerOptions, Workers};

use crate::support::{assert_same_as_log, bus, consume, context_names, count, database, delete_topics, eventually, kafka, request};

async fn start(db: &TestDatabase, kafka: &KafkaOptions) -> Workers {
    let options = WorkerOptions {
        pool: db.worker.clone(),
        kafka: Some(kafka.clone()),
        contexts: context_names(),
        projections: projections::contexts::projections(),
        partitions: db.partitions,
        automation: None,
        notary: None,
        roles: Roles { janitor: false, ..Roles::ALL },
    };
    Workers::start(options).await.expect("Postgres is there")
}

async fn register(db: &TestDatabase, tenant: Uuid, ids: std::ops::Range<u32>) {
    let bus = bus(db);
    for id in ids {
        let body = json!({ "given_name": format!("Contact {id}") });
        bus.execute(request(tenant, "crm", "contact", &format!("c{id}"), "register", &body)).await.expect("accepted");
    }
}

async fn rows(db: &TestDatabase, count: i64) -> Duration {
    let begun = Instant::now();
    eventually("the read model shows all contacts", async || {
        let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM crm_contact_list").fetch_one(&db.worker).await.expect("rows");
        (rows == count).then_some(())
    })
    .await;
    begun.elapsed()
}

/// A port where nothing listens.
fn closed_port() -> KafkaOptions {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    KafkaOptions { bootstrap: format!("127.0.0.1:{port}"), prefix: "away".to_owned() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_kafka_commands_succeed_and_projectors_follow_the_log_and_with_it_they_follow_kafka() {
    let (db, kafka) = (database().await, kafka());
    let tenant = clock::new_id();
    let workers = start(&db, &closed_port()).await;
    register(&db, tenant, 0..50).await;
    rows(&db, 50).await;
    let health = workers.health();
    eventually("health tells that Kafka is away", async || health.kafka_trouble().filter(|trouble| trouble.contains("Kafka"))).await;
    assert_eq!((health.source(), health.projector_trouble()), (Some("log"), None));
    // Once it is known that Kafka is away, what is written is seen at once.
    register(&db, tenant, 50..51).await;
    let lag = rows(&db, 51).await;
    assert!(lag < Duration::from_secs(1), "{lag:?}");
    workers.stop().await;

    let workers = start(&db, &kafka).await;
    let health = workers.health();
    eventually("the relay has carried everything", async || (health.published() == 51).then_some(())).await;
    register(&db, tenant, 51..151).await;
    rows(&db, 151).await;
    eventually("events come from Kafka", async || (health.source() == Some("kafka")).then_some(())).await;
    register(&db, tenant, 151..152).await;
    let lag = rows(&db, 152).await;
    assert!(lag < Duration::from_secs(1), "{lag:?}");
    assert_eq!((health.source(), health.kafka_trouble(), health.projector_trouble()), (Some("kafka"), None, None));
    let records = consume(&db, &kafka, "crm").await;
    assert_same_as_log(&db, "crm", &records).await;
    workers.stop().await;
    delete_topics(&kafka).await;
    db.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_never_take_another_logs_records_for_their_own() {
    let (db, other, kafka) = (database().await, database().await, kafka());
    let (tenant, stranger) = (clock::new_id(), clock::new_id());
    register(&other, stranger, 0..200).await;
    count(&other, 10, 1).await;
    let filling = start(&other, &kafka).await;
    let health = filling.health();
    eventually("the other log's relay has carried everything", async || (health.published() == 210).then_some(())).await;
    filling.stop().await;

    // A new database with the old prefix: the topic is ahead of the log.
    let workers = start(&db, &kafka).await;
    let health = workers.health();
    eventually("health tells it", async || health.kafka_trouble().filter(|trouble| trouble.contains("another database"))).await;
    register(&db, tenant, 0..150).await;
    rows(&db, 150).await;
    let foreign: i64 = sqlx::query_scalar("SELECT count(*) FROM crm_contact_list WHERE tenant_id <> $1")
        .bind(tenant)
        .fetch_one(&db.worker)
        .await
        .expect("rows");
    assert_eq!(foreign, 0, "contacts of another database");
    let ahead: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM runtime.checkpoints c JOIN log.heads h USING (context, partition) WHERE c.position > h.position",
    )
    .fetch_one(&db.worker)
    .await
    .expect("checkpoints");
    assert_eq!(ahead, 0, "projections that are ahead of the log");
    workers.stop().await;
    delete_topics(&kafka).await;
    other.drop().await;
    db.drop().await;
}
