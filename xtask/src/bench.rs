//! `cargo xtask bench`: the benchmarks, with the servers that they need.

use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::Result;
use clap::Args;

use crate::servers::Servers;

/// `cargo xtask bench`
#[derive(Args)]
pub struct BenchArgs {
    /// Run only these parts: commands, relay, latency, rebuild, growth, accounting, notary, streams.
    parts: Vec<String>,
}

/// Starts Postgres and Kafka and runs the benchmark program, which must have been built.
pub fn run(args: &BenchArgs) -> Result<ExitCode> {
    let target = platform::config::variable("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from);
    let servers = Servers::start("bench")?;
    let mut command = Command::new(target.join("release/bench"));
    command.args(&args.parts).env("BENCH_DATABASE_ADMIN_URL", servers.admin_url()).env("BENCH_KAFKA", servers.bootstrap());
    servers.run(&mut command)
}
