//! Due commands: rows that are refused, that change nothing, and that are settled.

use std::time::Duration;

use domain::kernel::{ContextDef, DueDef};
use platform::clock;
use platform::testing::TestDatabase;
use serde_json::json;
use sqlx::Executor as _;
use uuid::Uuid;
use workers::due::{DueOptions, Trouble, troubles};
use workers::processes::Backoff;
use workers::{Roles, Workers};

use crate::process_support::{automation, options};
use crate::support::{bus, database, eventually, request};
use crate::tally;

/// A table in place of a read model: the tests write it themselves.
const TABLE: &str = "CREATE TABLE shop_alarm_v1 (tenant_id uuid NOT NULL, id text NOT NULL, aggregate_id text NOT NULL, due_at timestamptz, PRIMARY KEY (tenant_id, id)); \
    CREATE INDEX ON shop_alarm_v1 (due_at) WHERE due_at IS NOT NULL; SELECT runtime.declare_read_model('shop_alarm', 'shop.alarm')";

static REFUSED: ContextDef = ContextDef {
    // A command with fields, which comes without them.
    due: &[DueDef { table: "shop_alarm", aggregate: "tally", command: "expect" }],
    ..tally::CONTEXT
};

static IDLE: ContextDef = ContextDef { due: &[DueDef { table: "shop_alarm", aggregate: "tally", command: "rest" }], ..tally::CONTEXT };

fn quick() -> DueOptions {
    let backoff = |first_ms, longest_ms| Backoff { first: Duration::from_millis(first_ms), longest: Duration::from_millis(longest_ms) };
    DueOptions {
        effect: backoff(300, 1000),
        passing: backoff(20, 100),
        refused: backoff(200, 400),
        look: Duration::from_millis(100),
        ..DueOptions::default()
    }
}

async fn start(db: &TestDatabase, context: &'static ContextDef) -> Workers {
    let sources = context.due.iter().map(|def| workers::due::DueSource { context: context.name, def }).collect();
    let automation = workers::Automation { due: sources, due_options: quick(), ..automation(db, &[], Vec::new()) };
    Workers::start(options(db, automation, Vec::new(), Roles { due: true, ..Roles::NONE })).await.expect("Postgres is there")
}

async fn alarm(db: &TestDatabase, tenant: Uuid, id: &str) {
    sqlx::query("INSERT INTO shop_alarm_v1 (tenant_id, id, aggregate_id, due_at) VALUES ($1, $2, 'a', now())")
        .bind(tenant)
        .bind(id)
        .execute(&db.worker)
        .await
        .expect("a row");
}

async fn trouble(db: &TestDatabase, attempts: i32) -> Trouble {
    eventually("the row is in trouble", async || {
        troubles(&db.worker, 10).await.expect("troubles").into_iter().find(|trouble| trouble.attempts >= attempts)
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_row_whose_command_is_refused_backs_off_and_is_shown() {
    let db = database().await;
    db.admin().await.execute(TABLE).await.expect("a table");
    let tenant = clock::new_id();
    bus(&db).execute(request(tenant, "shop", "tally", "a", "count", &json!({ "token": "t" }))).await.expect("accepted");
    alarm(&db, tenant, "r").await;
    let workers = start(&db, &REFUSED).await;
    let found = trouble(&db, 2).await;
    assert_eq!((found.source.as_str(), found.id.as_str(), found.code.as_str()), ("shop.tally.expect", "a", "invalid_field"));
    assert!(found.retry_at > found.due_at);
    // Settled by others, it is forgotten when the runner starts again.
    sqlx::query("UPDATE shop_alarm_v1 SET due_at = NULL").execute(&db.worker).await.expect("settled");
    workers.stop().await;
    let workers = start(&db, &REFUSED).await;
    eventually("it is forgotten", async || troubles(&db.worker, 10).await.expect("troubles").is_empty().then_some(())).await;
    workers.stop().await;
    db.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_row_whose_command_changes_nothing_is_asked_again_under_another_key_and_shown() {
    let db = database().await;
    db.admin().await.execute(TABLE).await.expect("a table");
    let tenant = clock::new_id();
    bus(&db).execute(request(tenant, "shop", "tally", "a", "count", &json!({ "token": "t" }))).await.expect("accepted");
    alarm(&db, tenant, "r").await;
    let workers = start(&db, &IDLE).await;
    assert_eq!(trouble(&db, 4).await.code, "still_due");
    let keys: Vec<String> =
        sqlx::query_scalar("SELECT key FROM log.idempotency ORDER BY recorded_at").fetch_all(&db.worker).await.expect("keys");
    assert!(keys[0].starts_with("due/tally/a/") && keys[1] == format!("{}/1", keys[0]) && keys[3] == format!("{}/3", keys[0]), "{keys:?}");
    workers.stop().await;
    db.drop().await;
}
