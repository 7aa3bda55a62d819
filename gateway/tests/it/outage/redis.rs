//! Redis away, slow, half-open: answers stay right and quick, health says so.

use std::time::{Duration, Instant};

use gateway::GatewayOptions;
use platform::config::Secret;
use platform::redis::Redis;
use platform::testing::{Fault, FaultProxy, TestRedis, outage};

use super::rig::HEALED_MAX;
use crate::world::{World, eventually};

const LIST: &str = "/v1/crm/contact-list?sort=id";
const MS: Duration = Duration::from_millis(1);
/// What an answer may take on a busy machine; Redis itself is given 50 ms.
const ANSWER_MAX: Duration = Duration::from_secs(2);
const SHORT: Duration = Duration::from_millis(500);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_is_of_no_use_costs_nobody_an_answer_nor_patience() {
    let server = TestRedis::start();
    let way = FaultProxy::start(server.address()).await;
    let redis = Redis::start(&Secret::new(format!("redis://{}/0", way.address()))).unwrap();
    eventually("Redis is connected", async || redis.is_up().then_some(())).await;
    let kept = redis.clone();
    // Every answer is looked up in Redis, and kept nowhere else.
    let world =
        World::start(|options| GatewayOptions { redis: Some(kept), cache_bytes_max: 0, cache_worth: Duration::ZERO, ..options }).await;
    let client = world.gateway.client("member").await;
    let position = client.registers("c", 3).await;
    let expected = client.get_after(LIST, &position).await.json()["data"].clone();
    let status = async || {
        let ready = client.get("/health/ready").await;
        assert_eq!(ready.status.as_u16(), 200);
        let (all, own) = (ready.json()["status"].clone(), ready.json()["dependencies"]["redis"]["status"].clone());
        assert_eq!(all, own, "{}", ready.text());
        all.as_str().unwrap().to_owned()
    };
    let half = |there| Fault::HalfOpen { there, back: true };
    let slow = Fault::Latency { there: 100 * MS, back: 100 * MS };
    for fault in [Fault::Away, Fault::Reset, half(true), half(false), Fault::Stalled, slow, Fault::Trickle(40)] {
        way.set(fault);
        let (mut longest, began) = (Duration::ZERO, Instant::now());
        for number in 0.. {
            if number >= 20 && began.elapsed() >= outage(SHORT) {
                break;
            }
            let started = Instant::now();
            assert_eq!(client.get(LIST).await.json()["data"], expected, "{fault:?}: the answer is right");
            longest = longest.max(started.elapsed());
            tokio::time::sleep(10 * MS).await;
        }
        assert!(longest < ANSWER_MAX, "{fault:?}: an answer took {longest:?}");
        // Commands do not know Redis at all.
        client.does(&format!("/v1/crm/company/{}/register", platform::clock::new_id()), &serde_json::json!({ "name": "Acme" })).await;
        eventually("health says so", async || (status().await == "degraded").then_some(())).await;
        way.set(Fault::Nothing);
        let back = Instant::now();
        eventually("health is well", async || (status().await == "ok").then_some(())).await;
        println!("Redis, {fault:?}: healed after {} ms; the slowest answer took {} ms", back.elapsed().as_millis(), longest.as_millis());
        assert!(back.elapsed() <= HEALED_MAX, "{fault:?}: healed after {:?}", back.elapsed());
        eventually("answers are shared again", async || {
            let answer = client.get(LIST).await;
            assert_eq!(answer.json()["data"], expected);
            (answer.header("neuroops-cache") == "hit").then_some(())
        })
        .await;
    }
    world.stop().await;
}
