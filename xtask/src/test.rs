//! `cargo xtask test`: all tests, with the servers that they need.

use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::Result;
use clap::Args;
use platform::config::Config;

use crate::servers::Servers;

/// What Cargo tells a program that it runs of the program's own package, and what build scripts of libraries look at.
const OWN: [&str; 7] = [
    "CARGO_MANIFEST_DIR",
    "CARGO_MANIFEST_LINKS",
    "CARGO_PKG_NAME",
    "CARGO_PKG_VERSION_MAJOR",
    "CARGO_PKG_VERSION_MINOR",
    "CARGO_PKG_VERSION_PATCH",
    "CARGO_PKG_VERSION_PRE",
];

/// `cargo xtask test`
#[derive(Args)]
pub struct TestArgs {
    /// What to hand to `cargo test`, e.g. `--package commands row_two`; all of the workspace without it.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    cargo: Vec<String>,
}

/// Starts Postgres and Kafka and runs the tests against them.
pub fn run(args: &TestArgs) -> Result<ExitCode> {
    let servers = Servers::start("test")?;
    let mut command = Command::new("cargo");
    without_own_description(&mut command).arg("test");
    if args.cargo.is_empty() {
        command.args(["--workspace", "--no-fail-fast"]);
    } else {
        command.args(&args.cargo);
    }
    command.env("NEUROOPS_TEST_DATABASE_ADMIN_URL", servers.admin_url()).env("NEUROOPS_TEST_KAFKA", servers.bootstrap());
    command.env("NEUROOPS_TEST_KAFKA_PROXIED", servers.proxied());
    let config = Config::from_env()?;
    for (variable, package, requirements, program) in [
        ("NEUROOPS_TEST_SCHEMATHESIS", "schemathesis", include_str!("../../infra/schemathesis/requirements.txt"), "bin/schemathesis"),
        ("NEUROOPS_TEST_DATAFUSION", "datafusion", include_str!("../../infra/datafusion/requirements.txt"), "bin/python"),
    ] {
        if let Some(program) = fetched(&config, package, requirements, program) {
            command.env(variable, program);
        }
    }
    servers.run(&mut command)
}

/// `cargo run` describes this package to us; handed on, it would make Cargo build anew what looks at these names, and all that rests on it,
/// each time that something is run in the other way.
pub fn without_own_description(command: &mut Command) -> &mut Command {
    for name in OWN {
        command.env_remove(name);
    }
    command
}

/// A program that scripts/setup has fetched, if it has; the test that needs it says so otherwise.
fn fetched(config: &Config, package: &str, requirements: &str, program: &str) -> Option<PathBuf> {
    let version = requirements.lines().find_map(|line| line.strip_prefix(package)?.strip_prefix("=="))?;
    let folders = config.cached(&format!("{package}-{version}"));
    folders.into_iter().filter(|folder| folder.join("complete").exists()).map(|folder| folder.join(program)).next()
}
