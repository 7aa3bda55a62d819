//! Process managers: each step once, in order, whatever is killed; refusals, failures, the outside, and reading the log again.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use platform::clock;
use platform::testing::TestDatabase;
use serde_json::json;
use uuid::Uuid;
use workers::processes::{EffectError, StepFilter, backlogs, overview, retry, steps};

use crate::process_support::{CALL, COPY, EXPECT, Outside, Running, WorkerProcess, copies, give, lanes, start, steps_in, wait_for};
use crate::support::{bus, database, eventually, request};

fn tokens(range: std::ops::Range<u32>) -> Vec<String> {
    range.map(|number| format!("t{number}")).collect()
}

async fn log_size(db: &TestDatabase) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM log.events").fetch_one(&db.worker).await.expect("a number")
}

/// Counts `each` times on each of `lanes` lanes of each tenant, all lanes at once.
async fn fill(db: &TestDatabase, tenants: &[Uuid], lanes: u32, each: u32) {
    let bus = bus(db);
    let lane = |tenant: Uuid, lane: u32| {
        let bus = bus.clone();
        async move {
            for token in tokens(0..each) {
                give(&bus, tenant, &format!("l{lane}"), &token).await;
            }
        }
    };
    futures::future::join_all(tenants.iter().flat_map(|tenant| (0..lanes).map(|number| lane(*tenant, number)))).await;
}

/// Every lane of every tenant has exactly what was given to it, in order.
async fn assert_copied(db: &TestDatabase, tenants: &[Uuid], lanes: u32, each: u32) {
    let expected: BTreeMap<String, Vec<String>> = (0..lanes).map(|lane| (format!("l{lane}"), tokens(0..each))).collect();
    for tenant in tenants {
        assert_eq!(copies(db, *tenant).await, expected);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn each_step_is_taken_once_and_in_order_whoever_is_killed() {
    let db = database().await;
    let tenants = [clock::new_id(), clock::new_id(), clock::new_id()];
    let (lane_count, each) = (8, 60);
    let running = || Running::processes(&[&COPY], Vec::new());
    let done = AtomicBool::new(false);
    let writing = async {
        fill(&db, &tenants, lane_count, each).await;
        done.store(true, Ordering::SeqCst);
    };
    let killing = async {
        let mut survivor = WorkerProcess::start(&db, running());
        let mut kills = 0;
        // Two at a time; the older one is killed at a moment that nobody chose.
        while kills < 6 || !done.load(Ordering::SeqCst) {
            let next = WorkerProcess::start(&db, running());
            let pause_ms = 300 + clock::new_id().as_u64_pair().1 % 900;
            tokio::time::sleep(Duration::from_millis(pause_ms)).await;
            std::mem::replace(&mut survivor, next).kill();
            kills += 1;
        }
        survivor
    };
    let ((), survivor) = tokio::join!(writing, killing);
    let all = i64::from(lane_count * each) * 3;
    wait_for(&db, "done", all).await;
    survivor.stop().await;
    assert_copied(&db, &tenants, lane_count, each).await;
    assert_eq!((log_size(&db).await, lanes(&db).await), (2 * all, 0));
    db.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_runner_that_lost_its_lease_neither_claims_nor_notes() {
    let db = database().await;
    let tenant = clock::new_id();
    let workers = start(&db, &[&COPY], Vec::new()).await;
    fill(&db, &[tenant], 20, 20).await;
    eventually("the lease is held", async || {
        let held: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM runtime.leases WHERE name = 'process/shop.copy')")
            .fetch_one(&db.worker)
            .await
            .expect("a lease");
        held.then_some(())
    })
    .await;
    let steal = "UPDATE runtime.leases SET epoch = epoch + 1, holder = $1, expires_at = now() + interval '1 second' WHERE name = 'process/shop.copy'";
    for _ in 0..3 {
        // Somebody else gets the lease while the runner still thinks that it has it, and does nothing with it.
        sqlx::query(steal).bind(clock::new_id()).execute(&db.worker).await.expect("stolen");
        tokio::time::sleep(Duration::from_millis(300)).await;
        fill(&db, &[clock::new_id()], 3, 3).await;
    }
    wait_for(&db, "done", 400 + 27).await;
    let runs: i64 = sqlx::query_scalar("SELECT epoch FROM runtime.leases WHERE name = 'process/shop.copy'")
        .fetch_one(&db.worker)
        .await
        .expect("an epoch");
    assert!(runs > 4, "the lease has changed hands: {runs}");
    assert_copied(&db, &[tenant], 20, 20).await;
    assert_eq!(lanes(&db).await, 0);
    workers.stop().await;
    db.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_step_carries_its_cause_its_conversation_and_its_trace() {
    let db = database().await;
    let tenant = clock::new_id();
    let workers = start(&db, &[&COPY], Vec::new()).await;
    let command = commands::CommandRequest {
        correlation_id: Some("order-7".to_owned()),
        traceparent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned()),
        ..request(tenant, "shop", "tally", "from-a", "count", &json!({ "token": "t0" }))
    };
    bus(&db).execute(command).await.expect("accepted");
    wait_for(&db, "done", 1).await;
    let rows: Vec<(Uuid, String, i64)> =
        sqlx::query_as("SELECT event_id, metadata::text, position FROM log.events ORDER BY recorded_at, position")
            .fetch_all(&db.worker)
            .await
            .expect("events");
    let metadata: serde_json::Value = serde_json::from_str(&rows[1].1).expect("JSON");
    assert_eq!(metadata["actor"], "process:shop.copy");
    assert_eq!(metadata["correlation_id"], "order-7");
    assert_eq!(metadata["causation_id"], rows[0].0.to_string());
    let trace = metadata["traceparent"].as_str().expect("a trace");
    assert!(trace.starts_with("00-0af7651916cd43dd8448eb211c80319c-") && !trace.contains("b7ad6b7169203331"), "{trace}");
    let shown = steps(&db.worker, &StepFilter { limit: 10, ..StepFilter::default() }).await.expect("steps");
    let receipt = shown[0].receipt.as_deref().expect("a receipt");
    assert!(receipt.starts_with("shop/") && receipt.ends_with(&format!("@{}", rows[1].2)), "{receipt}");
    let key: String = sqlx::query_scalar("SELECT key FROM log.idempotency").fetch_one(&db.worker).await.expect("a key");
    assert_eq!(key, format!("process/shop.copy/{}/copy", rows[0].0));
    workers.stop().await;
    db.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_refused_step_is_kept_with_its_code_and_blocks_nothing() {
    let db = database().await;
    let tenant = clock::new_id();
    let bus = bus(&db);
    for token in ["t0", "wrong-1", "t2", "wrong-3", "t4"] {
        give(&bus, tenant, "a", token).await;
    }
    let workers = start(&db, &[&EXPECT], Vec::new()).await;
    wait_for(&db, "done", 3).await;
    wait_for(&db, "refused", 2).await;
    assert_eq!(copies(&db, tenant).await["a"], ["t0", "t2", "t4"]);
    let failed = StepFilter { process: Some("shop.expect"), states: &["refused", "stuck"], limit: 10, ..StepFilter::default() };
    let shown = steps(&db.worker, &failed).await.expect("steps");
    assert_eq!(shown.len(), 2);
    for step in &shown {
        assert_eq!((step.code.as_deref(), step.attempts, step.lane.as_str()), (Some("shop.not_total"), 1, "a"));
        assert!(step.detail.as_deref().is_some_and(|detail| detail.starts_with("It has counted")));
    }
    let stand = &overview(&db.worker, &["shop.expect"]).await.expect("an overview")[0];
    assert_eq!((stand.events_behind, stand.open, stand.stuck, stand.refused, stand.done), (0, 0, 0, 2, 3));
    let counted = backlogs(&db.worker).await.expect("counted");
    let refused: Vec<_> = counted.iter().map(|backlog| (backlog.process.as_str(), backlog.open, backlog.refused)).collect();
    assert_eq!(refused, [("shop.expect", 0, 2)]);

    // Somebody mends the cause of one of them and has it taken again.
    for number in 3..77 {
        bus.execute(request(tenant, "shop", "tally", "to-a", "count", &json!({ "token": format!("more{number}") })))
            .await
            .expect("accepted");
    }
    assert_eq!(retry(&db.worker, "shop.expect", Some(shown[0].event_id), None).await.expect("asked"), 1);
    wait_for(&db, "done", 4).await;
    assert_eq!(retry(&db.worker, "shop.expect", None, None).await.expect("asked"), 1);
    wait_for(&db, "done", 5).await;
    assert_eq!(retry(&db.worker, "shop.expect", None, None).await.expect("asked"), 0, "what is done is not taken again");
    assert_eq!(lanes(&db).await, 0);
    workers.stop().await;
    db.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_failing_step_is_tried_again_and_holds_up_its_lane_alone() {
    let db = database().await;
    let (tenant, bus) = (clock::new_id(), bus(&db));
    for lane in ["a", "b"] {
        for token in ["t0", "t1"] {
            give(&bus, tenant, lane, token).await;
        }
    }
    let outside = Outside::failing(3, || EffectError::Retry { reason: "busy".to_owned(), after: Some(Duration::from_millis(30)) });
    let workers = start(&db, &[&CALL], vec![outside.clone()]).await;
    wait_for(&db, "done", 4).await;
    for (lane, tokens) in copies(&db, tenant).await {
        assert_eq!(tokens, ["t0", "t0-again", "t1", "t1-again"], "{lane}");
    }
    assert_eq!(outside.calls.load(Ordering::SeqCst), 3 + 4);
    let attempts: i64 =
        sqlx::query_scalar("SELECT sum(attempts)::bigint FROM runtime.process_steps").fetch_one(&db.worker).await.expect("a sum");
    assert_eq!(attempts, 7);
    workers.stop().await;
    db.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_step_that_fails_often_counts_as_stuck_and_succeeds_in_the_end() {
    let db = database().await;
    let (tenant, bus) = (clock::new_id(), bus(&db));
    give(&bus, tenant, "a", "t0").await;
    give(&bus, tenant, "a", "t1").await;
    let workers = start(&db, &[&CALL], Vec::new()).await;
    // This worker has no such effect.
    wait_for(&db, "stuck", 1).await;
    eventually("it shows in the health", async || {
        workers.health().process_trouble().filter(|trouble| trouble.contains("shop.call: 1 stuck steps")).map(|_| ())
    })
    .await;
    let shown = steps(&db.worker, &StepFilter { states: &["stuck"], limit: 10, ..StepFilter::default() }).await.expect("steps");
    assert_eq!((shown[0].code.as_deref(), shown[0].attempts >= 4), (Some("effect_missing"), true));
    assert_eq!((steps_in(&db, "open").await, copies(&db, tenant).await.len()), (1, 0), "the step behind it waits");
    workers.stop().await;
    let workers = start(&db, &[&CALL], vec![Outside::failing(0, || unreachable!())]).await;
    wait_for(&db, "done", 2).await;
    assert_eq!(copies(&db, tenant).await["a"], ["t0", "t0-again", "t1", "t1-again"]);
    workers.stop().await;
    db.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_effect_that_says_no_is_refused() {
    let db = database().await;
    give(&bus(&db), clock::new_id(), "a", "t0").await;
    let outside = Outside::failing(1, || EffectError::Refused { reason: "card declined".to_owned() });
    let workers = start(&db, &[&CALL], vec![outside]).await;
    wait_for(&db, "refused", 1).await;
    let shown = steps(&db.worker, &StepFilter { limit: 10, ..StepFilter::default() }).await.expect("steps");
    assert_eq!((shown[0].code.as_deref(), shown[0].detail.as_deref()), (Some("effect_refused"), Some("card declined")));
    workers.stop().await;
    db.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_kill_between_call_and_command_repeats_neither() {
    let db = database().await;
    let tenant = clock::new_id();
    give(&bus(&db), tenant, "a", "t0").await;
    let outside = Outside::failing(0, || unreachable!());
    // Nothing can be appended: the commands of the answer get stuck on their way.
    let mut admin = db.admin().await;
    sqlx::raw_sql("BEGIN; SELECT FROM log.heads FOR UPDATE").execute(&mut admin).await.expect("locked");
    let first = WorkerProcess::start(&db, Running::processes(&[&CALL], vec![outside.clone()]));
    eventually("the answer is stored", async || {
        let stored: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM runtime.process_steps WHERE answer IS NOT NULL)")
            .fetch_one(&db.worker)
            .await
            .expect("an answer");
        stored.then_some(())
    })
    .await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    first.kill();
    sqlx::raw_sql("COMMIT").execute(&mut admin).await.expect("unlocked");
    let second = WorkerProcess::start(&db, Running::processes(&[&CALL], vec![outside.clone()]));
    wait_for(&db, "done", 1).await;
    second.stop().await;
    assert_eq!(outside.calls.load(Ordering::SeqCst), 1);
    assert_eq!(copies(&db, tenant).await["a"], ["t0", "t0-again"]);
    db.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn reading_the_log_again_sends_nothing_again() {
    let db = database().await;
    let tenants = [clock::new_id(), clock::new_id()];
    fill(&db, &tenants, 5, 10).await;
    let workers = start(&db, &[&COPY], Vec::new()).await;
    wait_for(&db, "done", 100).await;
    let size = log_size(&db).await;
    // While it runs, and while it does not.
    sqlx::query("UPDATE runtime.checkpoints SET position = 0").execute(&db.worker).await.expect("reset");
    fill(&db, &tenants[..1], 1, 0).await;
    give(&bus(&db), tenants[0], "l0", "t10").await;
    wait_for(&db, "done", 101).await;
    workers.stop().await;
    sqlx::query("DELETE FROM runtime.checkpoints").execute(&db.worker).await.expect("reset");
    let workers = start(&db, &[&COPY], Vec::new()).await;
    give(&bus(&db), tenants[1], "l0", "t10").await;
    wait_for(&db, "done", 102).await;
    eventually("everything is read", async || {
        let stand = &overview(&db.worker, &["shop.copy"]).await.expect("an overview")[0];
        (stand.events_behind == 0 && stand.open == 0).then_some(())
    })
    .await;
    assert_eq!((log_size(&db).await, lanes(&db).await), (size + 4, 0));
    workers.stop().await;
    db.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_event_that_cannot_be_read_parks_its_aggregate_and_no_other() {
    let db = database().await;
    let (tenant, bus) = (clock::new_id(), bus(&db));
    give(&bus, tenant, "a", "t0").await;
    give(&bus, tenant, "b", "t0").await;
    let spoil = "UPDATE log.events SET payload = $1::json WHERE aggregate_id = 'from-a' AND sequence = 1";
    sqlx::query(spoil).bind(r#"{"token":7}"#).execute(&mut db.admin().await).await.expect("spoiled");
    give(&bus, tenant, "a", "t1").await;
    let workers = start(&db, &[&COPY], Vec::new()).await;
    wait_for(&db, "done", 1).await;
    eventually("its aggregate is parked", async || {
        (overview(&db.worker, &["shop.copy"]).await.expect("an overview")[0].parked_keys == 1).then_some(())
    })
    .await;
    eventually("it shows in the health", async || {
        workers.health().process_trouble().filter(|trouble| trouble.contains("parked")).map(|_| ())
    })
    .await;
    sqlx::query(spoil).bind(r#"{"token":"t0","number":1}"#).execute(&mut db.admin().await).await.expect("mended");
    projections::runtime::request_retry(&db.worker, "process/shop.copy", None).await.expect("asked");
    wait_for(&db, "done", 3).await;
    let copied = copies(&db, tenant).await;
    assert_eq!((&copied["a"][..], &copied["b"][..]), (&tokens(0..2)[..], &tokens(0..1)[..]));
    workers.stop().await;
    db.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_step_that_may_have_been_sent_long_ago_is_looked_up_before_it_is_sent() {
    let db = database().await;
    let (tenant, bus) = (clock::new_id(), bus(&db));
    for lane in ["sent", "unsent", "unclear"] {
        give(&bus, tenant, lane, "t0").await;
    }
    let outside: Arc<Outside> = Outside::failing(u32::MAX, || EffectError::Retry { reason: "away".to_owned(), after: None });
    let workers = start(&db, &[&COPY, &CALL], vec![outside]).await;
    wait_for(&db, "done", 3).await;
    workers.stop().await;
    let size = log_size(&db).await;
    // As if nobody had noted the outcome, and the keys were forgotten.
    let mut admin = db.admin().await;
    let forget = "DELETE FROM log.idempotency; DELETE FROM log.events WHERE aggregate_id = 'to-unsent'; \
        UPDATE log.heads h SET position = (SELECT coalesce(max(position), 0) FROM log.events e WHERE e.context = h.context AND e.partition = h.partition); \
        UPDATE runtime.process_steps SET state = 'open', finished_at = NULL, unresolved_since = now() - interval '30 days', \
            action = json_build_object('context', 'shop', 'aggregate', 'tally', 'id', 'to-' || lane, 'command', 'count', 'body', json_build_object('token', 't0')) \
            WHERE process = 'shop.copy' AND lane <> 'unclear'; \
        UPDATE runtime.process_steps SET state = 'open', unresolved_since = now() - interval '30 days' WHERE process = 'shop.call' AND lane = 'unclear'; \
        DELETE FROM runtime.process_steps WHERE process = 'shop.call' AND lane <> 'unclear'; DELETE FROM runtime.process_lanes; \
        INSERT INTO runtime.process_lanes (tenant_id, process, lane, due_at) SELECT tenant_id, process, lane, now() FROM runtime.process_steps WHERE finished_at IS NULL";
    sqlx::raw_sql(forget).execute(&mut admin).await.expect("forgotten");
    let outside = Outside::failing(0, || unreachable!());
    let workers = start(&db, &[&COPY, &CALL], vec![outside.clone()]).await;
    wait_for(&db, "done", 3).await;
    wait_for(&db, "stuck", 1).await;
    assert_eq!(copies(&db, tenant).await.values().flatten().count(), 3, "one for each lane");
    let shown = steps(&db.worker, &StepFilter { states: &["stuck"], limit: 10, ..StepFilter::default() }).await.expect("steps");
    assert_eq!((shown[0].code.as_deref(), shown[0].process.as_str()), (Some("key_expired"), "shop.call"));
    assert_eq!((outside.calls.load(Ordering::SeqCst), log_size(&db).await), (0, size));
    retry(&db.worker, "shop.call", None, None).await.expect("asked");
    wait_for(&db, "done", 4).await;
    assert_eq!(outside.calls.load(Ordering::SeqCst), 1);
    workers.stop().await;
    db.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ten_thousand_steps_take_seconds() {
    let db = database().await;
    let tenants: Vec<Uuid> = (0..8).map(|_| clock::new_id()).collect();
    let bus = bus(&db);
    let given = tenants.iter().flat_map(|tenant| (0..25).map(move |lane| (*tenant, lane))).map(|(tenant, lane)| {
        let body = json!({ "token": "t", "times": 50 });
        bus.execute(request(tenant, "shop", "tally", &format!("from-l{lane}"), "count", &body))
    });
    for answer in futures::future::join_all(given).await {
        answer.expect("accepted");
    }
    let started = Instant::now();
    let workers = start(&db, &[&COPY], Vec::new()).await;
    wait_for(&db, "done", 10_000).await;
    let took = started.elapsed();
    println!("10,000 steps in 200 lanes: {took:?}, {:.0} steps/s", 10_000.0 / took.as_secs_f64());
    assert_eq!(log_size(&db).await, 20_000);
    workers.stop().await;
    db.drop().await;
}
