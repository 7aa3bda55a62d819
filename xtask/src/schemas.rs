//! `cargo xtask schemas`: the committed tree `schemas/`.

use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result};

use crate::repository;

/// `cargo xtask schemas`
#[derive(clap::Args)]
pub struct Args {
    /// Write nothing; fail on a difference, as `make test` does.
    #[arg(long, conflicts_with = "breaking")]
    check: bool,
    /// Also write changes of commands and answers that break clients. Those of events are never written.
    #[arg(long)]
    breaking: bool,
}

/// The tests that compare the tree with the code, and write it where they are told to. They have the list of contexts at hand, and are
/// built for `make test` anyway; this program is not to wait for the whole platform whenever it is built.
const TESTS: [&str; 7] = ["test", "--quiet", "--package", "gateway", "--test", "it", "contract::"];

/// The tests among them that need a database.
const NO_DATABASE: [&str; 3] = ["--", "--skip", "contract::evolution"];

/// Writes or checks the tree.
pub fn run(args: &Args) -> Result<ExitCode> {
    let mode = match args {
        Args { check: true, .. } => "check",
        Args { breaking: true, .. } => "write-breaking",
        Args { .. } => "write",
    };
    let mut command = Command::new("cargo");
    command.args(TESTS).args(NO_DATABASE).env("NEUROOPS_SCHEMAS", mode).current_dir(repository::root());
    let status = command.status().context("cargo test cannot be run")?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
