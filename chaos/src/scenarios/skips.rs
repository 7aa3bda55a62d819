//! Row 2: no reader of any kind ever skips or repeats an event. The test of the workers does it; here it gets a million events.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use platform::embedded::Embedded;

use crate::Options;
use crate::cluster::Cluster;
use crate::judge::Violation;
use crate::report::{Report, Round};

/// The test, in the integration tests of `workers`.
const TEST: &str = "no_reader_ever_skips_or_repeats_an_event";

/// Runs the test against the servers of the cluster.
pub fn run(cluster: &Cluster, options: &Options, report: &mut Report) -> Result<()> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("the crate lies in a workspace")?;
    let postgres = cluster.postgres.as_ref().and_then(Embedded::postgres).context("Postgres runs")?;
    let mut command = Command::new("cargo");
    command.args(["test", "--quiet", "--package", "workers", "--test", "it", TEST, "--", "--nocapture"]).current_dir(workspace);
    command.env("NEUROOPS_TEST_EVENTS", options.events.to_string());
    command.env("NEUROOPS_TEST_DATABASE_ADMIN_URL", &postgres.admin_url);
    command.env("NEUROOPS_TEST_KAFKA", cluster.setting("KAFKA_BOOTSTRAP_SERVERS"));
    let output = tokio::task::block_in_place(|| command.output()).context("cargo runs")?;
    let printed = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let told = printed.lines().find(|line| line.contains("0 skipped, 0 repeated"));
    let mut violations = Vec::new();
    match told {
        Some(_) if output.status.success() => {}
        _ if printed.contains("panicked") => violations.push(Violation { rule: "skipped or repeated", what: printed.clone() }),
        _ => bail!("the test did not run:\n{printed}"),
    }
    let (scenario, victim, way) = ("skips", "readers of every kind".to_owned(), told.unwrap_or(TEST).to_owned());
    report.push(Round { scenario, victim, way, violations, ..Round::default() });
    Ok(())
}
