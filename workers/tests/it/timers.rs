//! Timers from end to end: schedule, read model, due runner, process, command.

use std::time::Duration;

use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};
use commands::CommandBus;
use domain::kernel::ContextDef;
use domain::processes::PROCESSES;
use platform::clock;
use platform::testing::TestDatabase;
use projections::runtime::rebuild::rebuild;
use serde_json::{Value, json};
use uuid::Uuid;
use workers::Roles;
use workers::due::DueOptions;

use crate::process_support::{Running, WorkerProcess};
use crate::support::{bus_of, database_of, eventually, request};

static CONTEXTS: [&ContextDef; 2] = [&domain::crm::CONTEXT, &domain::scheduling::CONTEXT];

fn running() -> Running {
    Running {
        contexts: CONTEXTS.to_vec(),
        processes: PROCESSES.iter().copied().filter(|process| process.name == "scheduling.fire").collect(),
        handlers: Vec::new(),
        projections: projections::scheduling::CONTEXT.projections,
        roles: Roles { projectors: true, processes: true, due: true, ..Roles::NONE },
        due_options: DueOptions::default(),
    }
}

/// Has a contact registered at a time.
async fn register_at(bus: &CommandBus, tenant: Uuid, number: usize, at: DateTime<Utc>, more: &Value) {
    let mut body = json!({
        "name": "Later", "schedule": { "at": at },
        "command": { "context": "crm", "aggregate": "contact", "id": format!("c{number}"), "command": "register", "body": { "given_name": "Ada" } }
    });
    for (name, value) in more.as_object().expect("fields") {
        body[name] = value.clone();
    }
    bus.execute(request(tenant, "scheduling", "timer", &format!("t{number}"), "schedule", &body)).await.expect("accepted");
}

async fn contacts(db: &TestDatabase) -> i64 {
    let count = sqlx::query_scalar("SELECT count(*) FROM log.events WHERE event_type = 'contact_registered'");
    count.fetch_one(&db.worker).await.expect("a number")
}

async fn fired(db: &TestDatabase) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM log.events WHERE event_type = 'timer_fired'").fetch_one(&db.worker).await.expect("a number")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_timer_fires_on_time_and_its_command_takes_effect() {
    let db = database_of(&CONTEXTS).await;
    let (tenant, bus) = (clock::new_id(), bus_of(&db, &CONTEXTS));
    let workers = WorkerProcess::start(&db, running());
    let at = (clock::now() + TimeDelta::seconds(3)).trunc_subsecs(3);
    register_at(&bus, tenant, 1, at, &json!({})).await;
    eventually("the contact is there", async || (contacts(&db).await == 1).then_some(())).await;
    let times: Vec<DateTime<Utc>> = sqlx::query_scalar(
        "SELECT recorded_at FROM log.events WHERE event_type IN ('timer_fired', 'contact_registered') ORDER BY recorded_at",
    )
    .fetch_all(&db.worker)
    .await
    .expect("times");
    let late = times[0] - at;
    assert!(late >= TimeDelta::zero() && late < TimeDelta::seconds(2), "fired {late} late");
    eventually("the read models tell", async || {
        let (status, firings): (String, i64) =
            sqlx::query_as("SELECT status, (SELECT count(*) FROM scheduling_firing_list) FROM scheduling_timer_list")
                .fetch_one(&db.worker)
                .await
                .expect("a row");
        (status == "finished" && firings == 1).then_some(())
    })
    .await;
    println!(
        "fired {} ms after its time, the contact was there {} ms later",
        late.num_milliseconds(),
        (times[1] - times[0]).num_milliseconds()
    );
    workers.stop().await;
    db.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn timers_fire_once_each_whoever_is_killed() {
    let db = database_of(&CONTEXTS).await;
    let bus = bus_of(&db, &CONTEXTS);
    let tenants = [clock::new_id(), clock::new_id()];
    let mut survivor = WorkerProcess::start(&db, running());
    let soon = clock::now() + TimeDelta::seconds(2);
    for number in 0..120 {
        let at = soon + TimeDelta::milliseconds(i64::try_from(number).expect("small") * 30);
        register_at(&bus, tenants[number % 2], number, at, &json!({})).await;
    }
    for _ in 0..5 {
        let next = WorkerProcess::start(&db, running());
        tokio::time::sleep(Duration::from_millis(600 + clock::new_id().as_u64_pair().1 % 600)).await;
        std::mem::replace(&mut survivor, next).kill();
    }
    eventually("all contacts are there", async || (contacts(&db).await == 120).then_some(())).await;
    survivor.stop().await;
    assert_eq!((fired(&db).await, contacts(&db).await), (120, 120));
    let late: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM log.events WHERE event_type = 'timer_fired' AND (payload->>'scheduled_for')::timestamptz > recorded_at",
    )
    .fetch_one(&db.worker)
    .await
    .expect("a number");
    assert_eq!(late, 0, "no timer fires early");
    db.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn after_an_outage_timers_catch_up_as_they_are_told_to() {
    let db = database_of(&CONTEXTS).await;
    let (tenant, bus) = (clock::new_id(), bus_of(&db, &CONTEXTS));
    let soon = clock::now() + TimeDelta::milliseconds(300);
    register_at(&bus, tenant, 1, soon, &json!({ "catch_up": "latest_only" })).await;
    register_at(&bus, tenant, 2, soon, &json!({ "catch_up": "skip", "grace_seconds": 1 })).await;
    register_at(&bus, tenant, 3, soon, &json!({ "catch_up": "fire_all" })).await;
    // Nobody works meanwhile.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let workers = WorkerProcess::start(&db, running());
    eventually("all timers have come to their end", async || {
        let done: i64 = sqlx::query_scalar("SELECT count(*) FROM scheduling_timer_list WHERE status = 'finished'")
            .fetch_one(&db.worker)
            .await
            .expect("rows");
        (done == 3).then_some(())
    })
    .await;
    eventually("two contacts are there", async || (contacts(&db).await == 2).then_some(())).await;
    let outcomes: Vec<(String, String)> =
        sqlx::query_as("SELECT timer_id, outcome FROM scheduling_firing_list ORDER BY timer_id").fetch_all(&db.worker).await.expect("rows");
    let expected = [("t1", "fired"), ("t2", "skipped"), ("t3", "fired")].map(|(timer, outcome)| (timer.to_owned(), outcome.to_owned()));
    assert_eq!(outcomes, expected);
    workers.stop().await;
    db.drop().await;
}

async fn hash(db: &TestDatabase, table: &str) -> String {
    let statement = format!("SELECT coalesce(md5(string_agg(r::text, ',' ORDER BY tenant_id, id)), '') FROM {table} r");
    sqlx::query_scalar(&statement).fetch_one(&db.worker).await.expect("a hash")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn rebuilt_read_models_equal_the_live_ones() {
    let db = database_of(&CONTEXTS).await;
    let (tenant, bus) = (clock::new_id(), bus_of(&db, &CONTEXTS));
    let workers = WorkerProcess::start(&db, running());
    let send = async |id: &str, command: &str, body: Value| {
        bus.execute(request(tenant, "scheduling", "timer", id, command, &body)).await.expect("accepted");
    };
    register_at(&bus, tenant, 1, clock::now() + TimeDelta::milliseconds(200), &json!({})).await;
    register_at(&bus, tenant, 2, clock::now() + TimeDelta::days(2), &json!({ "zone": "Europe/Berlin" })).await;
    register_at(&bus, tenant, 3, clock::now() + TimeDelta::days(3), &json!({})).await;
    send("t2", "pause", json!({ "reason": "holidays" })).await;
    send("t2", "reschedule", json!({ "schedule": { "cron": "0 9 * * MON" } })).await;
    send("t2", "resume", json!({})).await;
    send("t3", "cancel", json!({})).await;
    eventually("the first has fired and everything is shown", async || {
        let statuses: Vec<String> =
            sqlx::query_scalar("SELECT status FROM scheduling_timer_list ORDER BY id").fetch_all(&db.worker).await.expect("rows");
        let versions: i64 = sqlx::query_scalar("SELECT coalesce(sum(version), 0)::bigint FROM scheduling_timer_list")
            .fetch_one(&db.worker)
            .await
            .expect("rows");
        (statuses == ["finished", "active", "cancelled"] && versions == 8).then_some(())
    })
    .await;
    for projection in (projections::scheduling::CONTEXT.projections)() {
        let table = projection.tables()[0];
        let live = hash(&db, table).await;
        let report = rebuild(&db.worker, projection.as_ref(), |_| {}).await.expect("rebuilt");
        assert_eq!((report.version, hash(&db, table).await), (2, live), "{table}");
    }
    workers.stop().await;
    db.drop().await;
}
