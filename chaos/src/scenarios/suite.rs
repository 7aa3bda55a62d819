//! Rows that tests of the suite show at a small size, run at a large one: a test is told its size by a variable.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::judge::Violation;
use crate::report::{Report, Round};

/// Tests of the suite.
pub struct Suite {
    /// What the scenario is called.
    pub scenario: &'static str,
    /// What it is done to.
    pub victim: &'static str,
    /// What `cargo xtask test` is told.
    pub arguments: &'static [&'static str],
    /// The variable that tells the size.
    pub variable: &'static str,
    /// What lines that tell what was measured have in common.
    pub told: &'static str,
}

/// Row 2: 64 writers, and readers of every kind.
pub const SKIPS: Suite = Suite {
    scenario: "skips",
    victim: "readers of every kind",
    arguments: &["--package", "workers", "--test", "it", "no_reader_ever_skips_or_repeats_an_event"],
    variable: "NEUROOPS_TEST_EVENTS",
    told: "0 skipped, 0 repeated",
};

/// Row 12: relay, tail, projectors, leases and process managers in simulated weather, and ten planted bugs.
pub const PROTOCOLS: Suite = Suite {
    scenario: "protocols",
    victim: "relay, projectors, processes, leases",
    arguments: &["--package", "workers", "--test", "sim"],
    variable: "NEUROOPS_SIM_SEEDS",
    told: "kept all promises",
};

/// Row 14: each link slow, cut, silent; each dependency away.
pub const BROWNOUTS: Suite = Suite {
    scenario: "brownouts",
    victim: "Postgres, Kafka, Redis, Stripe, projectors",
    arguments: &["--package", "gateway", "--package", "stripe", "--test", "it", "outage"],
    variable: "NEUROOPS_OUTAGE_SECONDS",
    told: "healed after",
};

/// Runs the tests at a size, with servers of their own.
pub fn run(suite: &Suite, size: u64, report: &mut Report) -> Result<()> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("the crate lies in a workspace")?;
    let mut command = Command::new("cargo");
    command.args(["run", "--quiet", "--package", "xtask", "--", "test"]).args(suite.arguments).args(["--", "--nocapture"]);
    command.env(suite.variable, size.to_string()).current_dir(workspace);
    let output = tokio::task::block_in_place(|| command.output()).context("cargo runs")?;
    let printed = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let told: Vec<&str> = printed.lines().filter(|line| line.contains(suite.told)).map(str::trim).collect();
    let mut violations = Vec::new();
    match told.first() {
        Some(_) if output.status.success() => {}
        _ if printed.contains("panicked") => violations.push(Violation { rule: suite.scenario, what: printed.clone() }),
        _ => bail!("the tests did not run:\n{printed}"),
    }
    let way = format!("{}={size}: {}", suite.variable, told.join("; "));
    report.push(Round { scenario: suite.scenario, victim: suite.victim.to_owned(), way, violations, ..Round::default() });
    Ok(())
}
