//! `cargo xtask chaos`: builds the platform and the chaos harness, and runs it.

use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result, bail};
use clap::Args;

use crate::test::without_own_description;

/// `cargo xtask chaos`
#[derive(Args)]
#[command(disable_help_flag = true)]
pub struct ChaosArgs {
    /// What to hand to the harness; `--help` tells. `--release` is taken here: it builds as for production.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    harness: Vec<String>,
}

/// Builds and runs.
pub fn run(args: &ChaosArgs) -> Result<ExitCode> {
    let target = platform::config::variable("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from);
    let (release, handed): (Vec<&String>, Vec<&String>) = args.harness.iter().partition(|argument| *argument == "--release");
    let mut build = Command::new("cargo");
    without_own_description(&mut build).args(["build", "--quiet", "--package", "chaos", "--package", "cli"]);
    if !release.is_empty() {
        build.arg("--release");
    }
    if !build.status().context("cargo cannot be run")?.success() {
        bail!("the platform cannot be built");
    }
    let profile = if release.is_empty() { "debug" } else { "release" };
    let mut harness = Command::new(target.join(profile).join("chaos"));
    let status = without_own_description(&mut harness).args(handed).status().context("the harness cannot be run")?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
