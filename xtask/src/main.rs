//! Developer tooling, run as `cargo xtask <command>`.
//!
//! One module per subcommand; this file only dispatches. To add one: a module with an `Args` struct and a `run` function,
//! a variant of [`Command`] and a line in [`main`].

mod bench;
mod chaos;
mod new_context;
mod repository;
mod schemas;
mod servers;
mod source;
mod test;
mod tidy;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Developer tooling.
#[derive(Parser)]
#[command(name = "cargo xtask", version, max_term_width = 120)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Checks the rules of the repository that compilers do not know, and the formatting.
    Tidy(tidy::Args),
    /// Writes the skeleton of a new bounded context.
    NewContext(new_context::Args),
    /// Writes the schemas, golden events and topics under schemas/, or checks them.
    Schemas(schemas::Args),
    /// Runs the tests, with a Postgres and a Kafka of their own.
    Test(test::TestArgs),
    /// Runs the benchmarks, with a Postgres and a Kafka of their own.
    Bench(bench::BenchArgs),
    /// Kills, upgrades and breaks a whole platform under load, and judges what its clients saw.
    Chaos(chaos::ChaosArgs),
}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Tidy(args) => tidy::run(&args).map(|()| ExitCode::SUCCESS),
        Command::NewContext(args) => new_context::run(&args).map(|()| ExitCode::SUCCESS),
        Command::Schemas(args) => schemas::run(&args),
        Command::Test(args) => test::run(&args),
        Command::Bench(args) => bench::run(&args),
        Command::Chaos(args) => chaos::run(&args),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            // The chain of causes, without the backtrace that `{:?}` would add.
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
