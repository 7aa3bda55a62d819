//! The short form of the chaos harness; `cargo xtask chaos` runs the long one.

use chaos::{Options, Scenario};
use platform::clock;

async fn short(scenario: Scenario) {
    let given = platform::config::variable("NEUROOPS_TEST_SEED").and_then(|seed| seed.parse().ok());
    let options = Options {
        binary: env!("CARGO_BIN_EXE_neuroops").into(),
        previous: None,
        seed: given.unwrap_or_else(|| clock::now().timestamp_micros().unsigned_abs()),
        rounds: 0,
        events: 0,
        short: true,
        scenarios: vec![scenario],
    };
    let report = chaos::run(&options).await.expect("the harness runs");
    assert!(report.violations().is_empty(), "NEUROOPS_TEST_SEED={}\n{report}", options.seed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_promise_is_broken_when_anything_is_killed_or_frozen() {
    short(Scenario::Kills).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_request_fails_while_every_process_is_replaced() {
    short(Scenario::Upgrades).await;
}
