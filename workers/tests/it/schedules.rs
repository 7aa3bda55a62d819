//! Schedules of saved queries from end to end: schedule, read model, due runner, process, export.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Timelike as _, Utc};
use commands::CommandBus;
use domain::kernel::ContextDef;
use domain::processes::PROCESSES;
use platform::clock;
use platform::testing::TestDatabase;
use serde_json::{Value, json};
use uuid::Uuid;
use workers::Roles;
use workers::due::DueOptions;

use crate::process_support::{Running, WorkerProcess};
use crate::support::{bus_of, database_of, eventually, request};

static CONTEXTS: [&ContextDef; 1] = [&domain::analytics::CONTEXT];

fn running() -> Running {
    Running {
        contexts: CONTEXTS.to_vec(),
        processes: PROCESSES.iter().copied().filter(|process| process.name == "analytics.scheduled").collect(),
        handlers: Vec::new(),
        projections: || {
            let all = (projections::analytics::CONTEXT.projections)();
            all.into_iter().filter(|projection| projection.contexts() == ["analytics"]).collect()
        },
        roles: Roles { projectors: true, processes: true, due: true, ..Roles::NONE },
        due_options: DueOptions::default(),
    }
}

async fn send(bus: &CommandBus, tenant: Uuid, id: &str, command: &str, body: &Value) {
    bus.execute(request(tenant, "analytics", "query", id, command, body)).await.expect("accepted");
}

/// The last full hour that was two hours ago: for the next day, nothing falls due again while a test runs.
fn last_time() -> DateTime<Utc> {
    DateTime::from_timestamp((clock::now().timestamp() / 3600 - 2) * 3600, 0).expect("a time")
}

/// A query that runs every day at that time, and has not since three days before: the platform was down.
async fn missed(db: &TestDatabase, bus: &CommandBus, tenant: Uuid, id: &str, last: DateTime<Utc>) {
    let question = json!({ "context": "crm", "source": "deal-list", "terms": { "status": "open" } });
    send(bus, tenant, id, "save", &json!({ "name": id, "question": question })).await;
    let cron = format!("0 {} * * *", last.hour());
    send(bus, tenant, id, "schedule", &json!({ "cron": cron, "format": "csv" })).await;
    // Nobody can schedule in the past, so the clock is turned back in the log.
    let turned = sqlx::query(
        "UPDATE log.events SET payload = jsonb_set(payload::jsonb, '{next_at}', to_jsonb($3::text))::json \
         WHERE tenant_id = $1 AND aggregate_id = $2 AND event_type = 'query_scheduled'",
    )
    .bind(tenant)
    .bind(id)
    .bind((last - TimeDelta::days(3)).to_rfc3339())
    .execute(&mut db.admin().await)
    .await
    .expect("turned back");
    assert_eq!(turned.rows_affected(), 1);
}

/// When a query runs next, when it ran last, and the export that it made.
type Listed = (Option<DateTime<Utc>>, Option<DateTime<Utc>>, Option<String>);

async fn count(db: &TestDatabase, event_type: &str) -> i64 {
    let statement = sqlx::query_scalar("SELECT count(*) FROM log.events WHERE event_type = $1").bind(event_type);
    statement.fetch_one(&db.worker).await.expect("a number")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_was_missed_is_exported_once_and_the_next_time_is_set() {
    let db = database_of(&CONTEXTS).await;
    let (tenant, first, last) = (clock::new_id(), bus_of(&db, &CONTEXTS), last_time());
    for (id, command) in [("kept", None), ("unscheduled", Some("unschedule")), ("deleted", Some("delete"))] {
        missed(&db, &first, tenant, id, last).await;
        if let Some(command) = command {
            send(&bus_of(&db, &CONTEXTS), tenant, id, command, &json!({})).await;
        }
    }
    let workers = WorkerProcess::start(&db, running());
    let (due_at, last_run_at, export_id): Listed = eventually("the query has run", async || {
        let row: Option<Listed> = sqlx::query_as(
            "SELECT due_at, last_run_at, last_export_id FROM analytics_query_list WHERE id = 'kept' AND last_run_at IS NOT NULL",
        )
        .fetch_optional(&db.worker)
        .await
        .expect("rows");
        row
    })
    .await;
    assert_eq!((last_run_at, due_at), (Some(last), Some(last + TimeDelta::days(1))));
    let (owner, query, scheduled_for): (String, String, DateTime<Utc>) = eventually("the export is listed", async || {
        sqlx::query_as("SELECT requested_by, query_id, scheduled_for FROM analytics_export_list WHERE id = $1")
            .bind(&export_id)
            .fetch_optional(&db.worker)
            .await
            .expect("rows")
    })
    .await;
    assert_eq!((owner.as_str(), query.as_str(), scheduled_for), ("tester", "kept", last));
    assert_eq!((count(&db, "query_fell_due").await, count(&db, "export_requested").await), (1, 1));
    let waiting: i64 = sqlx::query_scalar("SELECT count(*) FROM analytics_query_list WHERE due_at IS NOT NULL")
        .fetch_one(&db.worker)
        .await
        .expect("a number");
    assert_eq!(waiting, 1, "what is unscheduled or deleted is not due");
    workers.stop().await;
    db.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn each_occurrence_is_exported_once_whoever_is_killed() {
    const QUERIES: usize = 40;
    let db = database_of(&CONTEXTS).await;
    let (tenants, first, last) = ([clock::new_id(), clock::new_id()], bus_of(&db, &CONTEXTS), last_time());
    for number in 0..QUERIES {
        missed(&db, &first, tenants[number % 2], &format!("q{number}"), last).await;
    }
    let mut survivor = WorkerProcess::start(&db, running());
    for _ in 0..4 {
        let next = WorkerProcess::start(&db, running());
        tokio::time::sleep(Duration::from_millis(200 + clock::new_id().as_u64_pair().1 % 500)).await;
        std::mem::replace(&mut survivor, next).kill();
    }
    let exported = i64::try_from(QUERIES).expect("small");
    eventually("all queries have run", async || (count(&db, "export_requested").await >= exported).then_some(())).await;
    survivor.stop().await;
    let once: i64 = sqlx::query_scalar(
        "SELECT count(DISTINCT (tenant_id, payload->'run'->>'query_id', payload->'run'->>'scheduled_for')) FROM log.events \
         WHERE event_type = 'export_requested'",
    )
    .fetch_one(&db.worker)
    .await
    .expect("a number");
    assert_eq!((once, count(&db, "query_fell_due").await, count(&db, "export_requested").await), (exported, exported, exported));
    db.drop().await;
}
