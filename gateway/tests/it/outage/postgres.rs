//! Postgres away, slow, half-open: 503 with Retry-After in time, nothing lost, nothing twice; all well within seconds of its return.

use std::time::{Duration, Instant};

use platform::clock;
use platform::testing::{Direction, Fault, FaultProxy, outage};

use super::http::Reply;
use super::rig::{CONNECTIONS, HEALED_MAX, Load, Outcomes, Parts, REQUEST_MAX, Rig};
use crate::world::eventually;

/// Longer than a request may take, so that some are not served.
const SHORT: Duration = Duration::from_millis(2400);
const MS: Duration = Duration::from_millis(1);

/// Registers a contact. What was under way when Postgres came `back` may still end connections for a while, so who is told to come back does.
async fn register(rig: &Rig, key: &str, back: Instant) -> Reply {
    loop {
        let reply = rig.caller.register(key).await.expect("an answer");
        if reply.status != 503 || back.elapsed() > HEALED_MAX {
            return reply;
        }
        reply.assert_unavailable();
        tokio::time::sleep(100 * MS).await;
    }
}

/// Sends what was not acknowledged again, and some of what was: every contact is registered once, and its key answers the same for ever.
async fn assert_nothing_lost_or_doubled(rig: &Rig, outcomes: &Outcomes, back: Instant) {
    for (number, (key, known)) in outcomes.iter().enumerate() {
        if known.is_some() && number % 10 != 0 {
            continue;
        }
        let again = register(rig, key, back).await;
        assert_eq!(again.status, 200, "{key}: {}", again.body);
        if let Some(known) = known {
            assert_eq!(&again.body, known, "{key} answers as before");
        }
        assert_eq!(register(rig, key, back).await.body, again.body, "{key} answers the same again");
    }
    let log = rig.log().await;
    for key in outcomes.keys() {
        assert_eq!(log.get(key), Some(&1), "{key} is in the log once");
    }
    eventually("the read model holds what the log holds", async || (rig.rows().await == log.len()).then_some(())).await;
}

async fn endure(rig: &Rig, fault: Fault, serves: bool) {
    let idle = rig.in_use();
    let load = Load::start(&rig.caller);
    tokio::time::sleep(300 * MS).await;
    rig.postgres.set(fault);
    let lasts = outage(SHORT);
    if !serves {
        eventually("health says that Postgres is down", async || (rig.health_of("postgres").await.0 == "down").then_some(())).await;
        let ready = rig.caller.get("/health/ready", &[]).await.expect("an answer");
        assert_eq!(ready.status, 503);
    }
    tokio::time::sleep(lasts).await;
    let back = Instant::now();
    rig.postgres.set(Fault::Nothing);
    let took = rig.healed(&format!("Postgres, {fault:?}")).await;
    assert!(took <= HEALED_MAX, "{fault:?}: healed after {took:?}");
    let report = load.stop().await;
    println!("Postgres, {fault:?}: {} commands, {:?} commands and queries answered 503", report.outcomes.len(), report.unavailable);
    if !serves {
        assert!(report.unavailable.0 > 0 && report.unavailable.1 > 0, "{fault:?}: somebody noticed: {:?}", report.unavailable);
    }
    assert_nothing_lost_or_doubled(rig, &report.outcomes, back).await;
    eventually("connections are given back", async || {
        (rig.in_use().iter().zip(idle).all(|(now, before)| *now <= before + 1)).then_some(())
    })
    .await;
    // Both pools and the two that watch over them.
    let most = 2 * u64::from(CONNECTIONS + 1);
    eventually("no connection is left over", async || (rig.postgres.traffic().open <= most).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_postgres_is_away_everybody_is_told_to_come_back_and_nothing_is_lost() {
    let rig = Rig::start(Parts::default()).await;
    for fault in [Fault::Away, Fault::Reset, Fault::Stalled] {
        endure(&rig, fault, false).await;
    }
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_to_postgres_that_are_dead_and_do_not_say_so_are_noticed() {
    let rig = Rig::start(Parts::default()).await;
    endure(&rig, Fault::HalfOpen { there: true, back: true }, false).await;
    // What is sent arrives and is done; only the answers are lost.
    endure(&rig, Fault::HalfOpen { there: false, back: true }, false).await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_way_to_postgres_makes_answers_late_and_not_wrong() {
    let rig = Rig::start(Parts::default()).await;
    endure(&rig, Fault::Latency { there: 40 * MS, back: 40 * MS }, true).await;
    endure(&rig, Fault::Trickle(20_000), true).await;
    endure(&rig, Fault::Latency { there: 1600 * MS, back: 1600 * MS }, false).await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_is_cut_off_is_given_again_under_its_key() {
    let rig = Rig::start(Parts::default()).await;
    // Between the client and the gateway.
    let way = FaultProxy::start(rig.caller.address).await;
    let client = rig.caller.by(way.address());
    for bytes in [0, 1, 30, 400] {
        let key = clock::new_id().to_string();
        way.cut_after(Direction::Back, bytes);
        client.register(&key).await.expect_err("the connection is cut");
        eventually("the command was stored all the same", async || (rig.log().await.get(&key) == Some(&1)).then_some(())).await;
        let first = client.register(&key).await.expect("an answer");
        assert_eq!((first.status, first.header("etag")), (200, "\"1\""), "{}", first.body);
        assert_eq!(client.register(&key).await.expect("an answer").body, first.body);
        assert_eq!(rig.log().await[&key], 1);
    }
    // Between the gateway and Postgres, at every place of the answer to an append and to what comes around it.
    let mut outcomes = Outcomes::new();
    for bytes in (0..400).step_by(9) {
        let key = clock::new_id().to_string();
        rig.postgres.cut_after(if bytes % 2 == 0 { Direction::Back } else { Direction::There }, bytes);
        let reply = rig.caller.register(&key).await.expect("the gateway answers");
        assert!(reply.took < REQUEST_MAX + 1500 * MS, "{:?}", reply.took);
        if reply.status != 200 {
            reply.assert_unavailable();
        }
        outcomes.insert(key, (reply.status == 200).then_some(reply.body));
    }
    let back = Instant::now();
    rig.healed("Postgres, cut connections").await;
    assert_nothing_lost_or_doubled(&rig, &outcomes, back).await;
    rig.stop().await;
}
