//! The published description of the HTTP interface against the running service: what it allows is served as described, and what
//! it does not allow is refused as described.

use std::process::Command;

use crate::platform::{Platform, folder};

/// Cases that are made up for one operation, besides those that the description itself leads to.
const EXAMPLES_MAX: &str = "3";
/// After which no further cases are made up, in seconds.
const SECONDS_MAX: &str = "75";
/// Tells Schemathesis what a description cannot say.
const HOOKS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../infra/schemathesis/hooks.py");

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_service_keeps_to_its_description() {
    let program = ::platform::config::variable("NEUROOPS_TEST_SCHEMATHESIS")
        .expect("this test needs Schemathesis: run it with `make test`, or `scripts/setup --tests` and then `cargo xtask test`");
    let platform = Platform::start_in(folder(), &[]).await;
    // Every run makes up other cases; what it prints names the seed.
    let mut command = Command::new(program);
    command.current_dir(platform.path()).env("SCHEMATHESIS_HOOKS", HOOKS);
    command.args(["run", &format!("{}/openapi.json", platform.expect("NEUROOPS_URL"))]);
    command.args(["--header", &format!("Authorization: Bearer {}", platform.expect("NEUROOPS_TOKEN"))]);
    command.args(["--generation-with-security-parameters", "false", "--generation-database", "none"]);
    command.args(["--checks", "all", "--max-examples", EXAMPLES_MAX, "--max-time", SECONDS_MAX, "--request-timeout", "10"]);
    command.args(["--workers", "2", "--no-color"]);
    let output = tokio::task::block_in_place(|| command.output()).expect("Schemathesis runs");
    let told = format!("{}\n{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{told}");
    println!("{told}");
    assert!(platform.stop(), "the platform stops well");
}
