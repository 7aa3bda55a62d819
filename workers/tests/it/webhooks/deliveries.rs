//! What is delivered, in which order, and what is not.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use axum::http::StatusCode;
use serde_json::{Value, json};
use workers::webhooks::{DeliveryFilter, RetrySchedule, WebhookOptions, deliveries, reaches};

use super::receiver::Receiver;
use super::{World, numbered, quick};
use crate::support::eventually;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_are_posted_as_cloud_events_and_logged() {
    let world = World::start().await;
    let receiver = Receiver::start();
    world.count("before", numbered("x", 2)).await;
    world.register("e-1", &receiver.url(), json!({ "filter": { "contexts": ["shop"] } })).await;
    let stranger = world.db.create_tenant("other").await;
    world.count_of(stranger, "a", "foreign").await;
    world.count("a", numbered("a", 3)).await;
    let arrived = receiver.wait_for(3).await;
    assert_eq!(receiver.tokens(), ["a1", "a2", "a3"], "what was before the endpoint, and other tenants' events, are not for it");
    let (first, body) = (&arrived[0], arrived[0].json());
    assert_eq!(first.header("content-type"), "application/json");
    assert_eq!(first.header("webhook-id"), body["id"].as_str().expect("an id"));
    assert_eq!((&body["type"], &body["subject"], &body["timestamp"]), (&json!("shop.counted.v1"), &json!("tally/a"), &body["time"]));
    assert!(body["cursor"].as_str().is_some_and(|cursor| cursor.starts_with("shop/")), "{body}");
    world.wait_until_quiet().await;
    let log = world.log("e-1").await;
    assert_eq!(log.len(), 3);
    assert_eq!((&log[0]["status"], &log[0]["attempts"], &log[0]["http_status"]), (&json!("delivered"), &json!(1), &json!(204)));
    assert_eq!((&log[0]["subject"], &log[0]["event_id"]), (&json!("tally/a"), &body["id"]));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endpoint_is_told_of_what_it_asks_for_and_may_follow() {
    let world = World::start().await;
    let receiver = Receiver::start();
    world.count("old", numbered("o", 2)).await;
    world.register("all", &receiver.url(), json!({ "filter": { "contexts": ["shop"] }, "begin": "start" })).await;
    assert_eq!(receiver.wait_for(2).await.len(), 2, "from the start means from the first event");
    world.ask("all", "remove", &json!({})).await;
    let served = async || {
        let count: i64 =
            sqlx::query_scalar("SELECT count(*) FROM runtime.webhook_cursors").fetch_one(&world.db.worker).await.expect("a number");
        (count == 0).then_some(())
    };
    eventually("a removed endpoint is forgotten", served).await;
    let one = Receiver::start();
    world.register("one", &one.url(), json!({ "filter": { "subjects": ["tally/b"], "types": ["shop.count*"] } })).await;
    let none = Receiver::start();
    world.register("none", &none.url(), json!({ "filter": { "types": ["shop.other.v1"] } })).await;
    world.count("a", numbered("a", 2)).await;
    world.count("b", numbered("b", 2)).await;
    one.wait_for(2).await;
    world.wait_until_quiet().await;
    assert_eq!((one.tokens(), none.received().len(), receiver.received().len()), (vec!["b1".to_owned(), "b2".to_owned()], 0, 2));
    // An endpoint whose roles may not follow anything is told nothing.
    let mut analyst = crate::support::request(
        world.tenant,
        "webhooks",
        "endpoint",
        "two",
        "register",
        &json!({ "url": none.url(), "roles": ["analyst"] }),
    );
    analyst.actor.roles = vec!["owner".to_owned(), "analyst".to_owned()];
    world.bus.execute(analyst).await.expect("accepted");
    world.count("b", numbered("c", 1)).await;
    one.wait_for(3).await;
    world.wait_until_quiet().await;
    assert_eq!(none.received().len(), 0);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failing_subject_holds_back_its_own_later_events_and_no_others() {
    let world = World::start().await;
    let receiver = Receiver::start();
    let broken = Arc::new(AtomicBool::new(true));
    let is_broken = broken.clone();
    receiver.answers(move |received| {
        let fails = received.subject() == "tally/a" && is_broken.load(Ordering::SeqCst);
        if fails { StatusCode::INTERNAL_SERVER_ERROR } else { StatusCode::OK }
    });
    world.register("e-1", &receiver.url(), json!({ "filter": { "contexts": ["shop"] } })).await;
    world.count("a", numbered("a", 3)).await;
    world.count("b", numbered("b", 3)).await;
    receiver.wait_for(3).await;
    let log = world
        .wait_for_log("e-1", "a1 is retried", |log| log.iter().any(|row| row["status"] == "retrying" && row["attempts"].as_i64() > Some(1)))
        .await;
    assert_eq!(receiver.tokens(), ["b1", "b2", "b3"]);
    let of_a: Vec<&Value> = log.iter().filter(|row| row["subject"] == "tally/a").collect();
    assert_eq!(of_a.len(), 1, "the events after the one that fails are not attempted");
    assert_eq!((&of_a[0]["reason"], &of_a[0]["http_status"]), (&json!("http_status"), &json!(500)));
    assert_eq!(world.lanes().await, 1, "however many events wait, a subject is one row");
    broken.store(false, Ordering::SeqCst);
    receiver.wait_for(6).await;
    assert_eq!(receiver.tokens()[3..], ["a1", "a2", "a3"]);
    world.wait_until_quiet().await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gone_disables_the_endpoint_and_enabling_it_loses_nothing() {
    let world = World::start().await;
    let receiver = Receiver::start();
    receiver.answers(|_| StatusCode::GONE);
    world.register("e-1", &receiver.url(), json!({ "filter": { "contexts": ["shop"] } })).await;
    world.count("a", numbered("a", 2)).await;
    let row = eventually("the endpoint is disabled", async || world.endpoint("e-1").await.filter(|row| row["status"] == "disabled")).await;
    assert_eq!(row["cause"], "gone");
    eventually("the turn has ended", async || (world.claimed().await == 0).then_some(())).await;
    let events: Vec<String> = sqlx::query_scalar("SELECT event_type FROM log.events WHERE context = 'webhooks' ORDER BY sequence")
        .fetch_all(&world.db.worker)
        .await
        .expect("events");
    assert_eq!(events, ["endpoint_registered", "endpoint_disabled"]);
    let answered = Arc::new(AtomicUsize::new(0));
    let counter = answered.clone();
    receiver.answers(move |_| {
        counter.fetch_add(1, Ordering::SeqCst);
        StatusCode::OK
    });
    world.count("b", numbered("b", 2)).await;
    // Longer than the pauses after failures are here.
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert_eq!(answered.load(Ordering::SeqCst), 0, "a disabled endpoint is left alone");
    world.ask("e-1", "enable", &json!({})).await;
    receiver.wait_for(4).await;
    world.wait_until_quiet().await;
    let mut tokens = receiver.tokens();
    tokens.sort_unstable();
    assert_eq!(tokens, ["a1", "a2", "b1", "b2"]);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_given_up_is_shown_and_can_be_asked_for_again() {
    let schedule = RetrySchedule { pauses: vec![Duration::from_millis(50); 2], within: Duration::from_mins(1) };
    let world = World::start_with(WebhookOptions { schedule, ..quick() }).await;
    let receiver = Receiver::start();
    let broken = Arc::new(AtomicBool::new(true));
    let is_broken = broken.clone();
    receiver.answers(
        move |received| {
            if received.token() == "a2" && is_broken.load(Ordering::SeqCst) { StatusCode::BAD_REQUEST } else { StatusCode::OK }
        },
    );
    world.register("e-1", &receiver.url(), json!({ "filter": { "contexts": ["shop"] } })).await;
    world.count("a", numbered("a", 3)).await;
    receiver.wait_for(2).await;
    world.wait_until_quiet().await;
    assert_eq!(receiver.tokens(), ["a1", "a3"], "after the last attempt, the subject goes on");
    let filter = DeliveryFilter { tenant: Some(world.tenant), endpoint: Some("e-1"), status: Some("failed"), limit: 10 };
    let failed = deliveries(&world.db.worker, &filter).await.expect("rows");
    assert_eq!(
        (failed.len(), failed[0].attempts, failed[0].http_status, failed[0].reason.as_deref()),
        (1, 3, Some(400), Some("http_status"))
    );
    let reach = reaches(&world.db.worker, projections::contexts::WEBHOOKS, Some(world.tenant), 10).await.expect("rows");
    assert_eq!((reach.len(), reach[0].failed, reach[0].waiting), (1, 1, 0));
    broken.store(false, Ordering::SeqCst);
    world.ask("e-1", "replay", &json!({ "events": [failed[0].place()] })).await;
    receiver.wait_for(3).await;
    world.wait_until_quiet().await;
    assert_eq!(receiver.tokens(), ["a1", "a3", "a2"], "this event and no other");
    assert!(world.log("e-1").await.iter().all(|row| row["status"] == "delivered"));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replay_delivers_again_from_a_position_or_a_time_on() {
    let world = World::start().await;
    let receiver = Receiver::start();
    world.register("e-1", &receiver.url(), json!({ "filter": { "contexts": ["shop"] } })).await;
    world.count("a", numbered("a", 2)).await;
    let second = world.log_position("a2").await;
    let since = platform::clock::now();
    world.count("a", ["a3".to_owned()]).await;
    receiver.wait_for(3).await;
    world.wait_until_quiet().await;
    world.ask("e-1", "replay", &json!({ "after": [second] })).await;
    receiver.wait_for(4).await;
    world.wait_until_quiet().await;
    world.ask("e-1", "replay", &json!({ "since": since })).await;
    receiver.wait_for(5).await;
    world.wait_until_quiet().await;
    assert_eq!(receiver.tokens(), ["a1", "a2", "a3", "a3", "a3"]);
    let ids: std::collections::BTreeSet<String> = receiver.received()[2..].iter().map(|one| one.header("webhook-id").to_owned()).collect();
    assert_eq!(ids.len(), 1, "a repetition has the id of the original");
    let last = world.log("e-1").await.pop().expect("a row");
    assert_eq!((&last["attempts"], &last["status"]), (&json!(3), &json!("delivered")));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_for_a_dead_receiver_is_bounded_and_nothing_is_lost() {
    let world = World::start_with(WebhookOptions { lanes_max: 5, ..quick() }).await;
    let mut receiver = Receiver::start();
    receiver.kill();
    world.register("e-1", &receiver.url(), json!({ "filter": { "contexts": ["shop"] } })).await;
    for number in 0..60 {
        world.count(&format!("t{number}"), [format!("x{number}")]).await;
    }
    world.wait_for_log("e-1", "some were tried", |log| !log.is_empty() && log[0]["reason"] == "unreachable").await;
    // The page that passes the bound is taken in whole, and nothing after it.
    let before = eventually("the bound is reached", async || Some(world.lanes().await).filter(|open| *open >= 5)).await;
    assert!(before <= 60, "{before}");
    world.count("later", numbered("y", 40)).await;
    for number in 0..20 {
        world.count(&format!("u{number}"), [format!("z{number}")]).await;
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(world.lanes().await, before, "the rest waits in the log");
    receiver.restart();
    receiver.wait_for(120).await;
    world.wait_until_quiet().await;
    let tokens: std::collections::BTreeSet<String> = receiver.tokens().into_iter().collect();
    assert_eq!(tokens.len(), 120);
    world.stop().await;
}

impl World {
    /// Lanes that somebody works on.
    async fn claimed(&self) -> i64 {
        let query = sqlx::query_scalar("SELECT count(*) FROM runtime.webhook_lanes WHERE claimed_epoch IS NOT NULL");
        query.fetch_one(&self.db.worker).await.expect("a number")
    }

    /// Where the event that counted a token stands.
    async fn log_position(&self, token: &str) -> String {
        sqlx::query_scalar(
            "SELECT context || '/' || partition || '@' || position FROM log.events WHERE tenant_id = $1 AND payload->>'token' = $2",
        )
        .bind(self.tenant)
        .bind(token)
        .fetch_one(&self.db.worker)
        .await
        .expect("an event")
    }
}
