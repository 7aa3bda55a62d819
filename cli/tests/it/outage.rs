//! Kafka is away for a while.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::platform::Platform;

async fn row_of(platform: &Platform, answer: &str) -> reqwest::StatusCode {
    let receipt: Value = serde_json::from_str(answer).expect("a receipt");
    let (id, position) = (receipt["id"].as_str().expect("an id"), receipt["position"].as_str().expect("a position"));
    let url = format!("{}/v1/crm/contact-list/{id}", platform.expect("NEUROOPS_URL"));
    let request = platform.http.get(url).bearer_auth(platform.expect("NEUROOPS_TOKEN")).header("NeuroOps-Wait-For", position);
    request.send().await.expect("the gateway answers").status()
}

async fn wait_for_kafka_status(platform: &Platform, wanted: &str) {
    let started = Instant::now();
    loop {
        let health = platform.health().await.unwrap_or_default();
        if health.to_string().contains(&format!("\"{wanted}\"")) && status_of(&health, "kafka") == Some(wanted) {
            return;
        }
        assert!(started.elapsed() < Duration::from_secs(40), "Kafka is to be {wanted}: {health}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// The status of one dependency in the answer of `/health/ready`.
fn status_of<'a>(health: &'a Value, name: &str) -> Option<&'a str> {
    health.get("dependencies").and_then(|all| all.get(name)).or_else(|| health.get(name))?.get("status")?.as_str()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn while_kafka_is_away_commands_succeed_and_read_models_follow_the_log() {
    let platform = Platform::start().await;
    let first = platform.register("before").await;
    assert_eq!(row_of(&platform, &first).await, 200);

    platform.signal_server("kafka.Kafka", Signal::SIGSTOP);
    for number in 0..20 {
        let answer = platform.register(&format!("during-{number}")).await;
        assert_eq!(row_of(&platform, &answer).await, 200, "the row of command {number} is visible although Kafka is away");
    }
    wait_for_kafka_status(&platform, "degraded").await;

    platform.signal_server("kafka.Kafka", Signal::SIGCONT);
    let last = platform.register("after").await;
    assert_eq!(row_of(&platform, &last).await, 200);
    wait_for_kafka_status(&platform, "ok").await;
    let log = platform.log().await;
    let records = tokio::task::block_in_place(|| platform.kafka(log.len()));
    let expected: Vec<(i64, String)> = log.into_iter().map(|(position, event, _)| (position, event)).collect();
    assert_eq!(records, expected, "Kafka is complete after its return");
    assert!(platform.stop(), "the platform stops well");
}
