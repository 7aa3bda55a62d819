//! Receivers and workers that are killed while deliveries are under way: nothing is lost, and each subject's order holds.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::http::StatusCode;
use serde_json::json;

use super::receiver::Receiver;
use super::{WorkerProcess, World};

const SUBJECTS: usize = 12;
const EVENTS: usize = 360;
const ROUNDS: usize = 6;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_of_receivers_and_workers_lose_no_delivery() {
    let world = World::idle().await;
    let mut receiver = Receiver::start();
    // A receiver that is not the fastest, and now and then refuses.
    receiver.answers(|received| {
        std::thread::sleep(Duration::from_millis(1));
        if received.body.len().is_multiple_of(7) && received.header("webhook-timestamp").ends_with('3') {
            StatusCode::SERVICE_UNAVAILABLE
        } else {
            StatusCode::OK
        }
    });
    let mut workers = WorkerProcess::start(&world.db);
    world.register("e-1", &receiver.url(), json!({ "filter": { "contexts": ["shop"] } })).await;
    for round in 0..ROUNDS {
        for number in (0..EVENTS).skip(round * EVENTS / ROUNDS).take(EVENTS / ROUNDS) {
            world.count(&format!("t{}", number % SUBJECTS), [format!("{:04}", number / SUBJECTS)]).await;
            if number % (EVENTS / ROUNDS) == EVENTS / ROUNDS / 2 {
                if round.is_multiple_of(2) {
                    workers.kill();
                    workers = WorkerProcess::start(&world.db);
                } else {
                    receiver.kill();
                }
            }
        }
        if round.is_multiple_of(2) {
            // Let the workers get the leases of those that were killed, so that there is something to be interrupted.
            let before = receiver.received().len();
            crate::support::eventually("deliveries go on", async || (receiver.received().len() > before + 10).then_some(())).await;
        } else {
            receiver.restart();
        }
    }
    let all = async || {
        let distinct: std::collections::BTreeSet<(String, String)> =
            receiver.received().iter().map(|one| (one.subject(), one.token())).collect();
        (distinct.len() == EVENTS).then_some(())
    };
    crate::support::eventually("every event has arrived", all).await;
    world.wait_until_quiet().await;

    let mut first_seen: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for one in receiver.received() {
        let tokens = first_seen.entry(one.subject()).or_default();
        if !tokens.contains(&one.token()) {
            tokens.push(one.token());
        }
    }
    for (subject, tokens) in &first_seen {
        assert!(tokens.is_sorted(), "{subject}: {tokens:?}");
        assert_eq!(tokens.len(), EVENTS / SUBJECTS, "{subject}");
    }
    let repeated = receiver.received().len() - EVENTS;
    println!("{EVENTS} events, {ROUNDS} kills, 0 lost, {repeated} repeated");
    let log = world.log("e-1").await;
    assert_eq!((log.len(), log.iter().filter(|row| row["status"] == "delivered").count()), (EVENTS, EVENTS));
    workers.kill();
    world.stop().await;
}
