//! The published description of the HTTP interface against the running service: what it allows is served as described, and what
//! it does not allow is refused as described.

use std::fmt::Write as _;
use std::process::Command;

use crate::platform::{Platform, folder};

/// Cases that each phase makes for one operation; together the phases take about a minute on two cores.
const EXAMPLES_MAX: &str = "4";
/// A bound for slow machines, in seconds; later phases are cut short then.
const SECONDS_MAX: &str = "120";

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_service_keeps_to_its_description() {
    let program = ::platform::config::variable("NEUROOPS_TEST_SCHEMATHESIS")
        .expect("this test needs Schemathesis: run it with `make test`, or `scripts/setup --tests` and then `cargo xtask test`");
    let platform = Platform::start_in(folder(), &[]).await;
    // A seed of its own for every run finds more over time; the output names it.
    let mut command = Command::new(program);
    command.current_dir(platform.path());
    command.args(["run", &format!("{}/openapi.json", platform.expect("NEUROOPS_URL"))]);
    command.args(["--header", &format!("Authorization: Bearer {}", platform.expect("NEUROOPS_TOKEN"))]);
    command.args(["--checks", "all", "--max-examples", EXAMPLES_MAX, "--max-time", SECONDS_MAX, "--workers", "2", "--no-color"]);
    command.args(["--generation-database", "none", "--request-timeout", "30"]);
    let output = tokio::task::block_in_place(|| command.output()).expect("Schemathesis runs");
    let mut told = String::from_utf8_lossy(&output.stdout).into_owned();
    let _ = write!(told, "\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{told}");
    println!("{told}");
    assert!(platform.stop(), "the platform stops well");
}
