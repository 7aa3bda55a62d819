//! Developer tooling, run as `cargo xtask <command>`.
//!
//! One module per subcommand; this file only dispatches. To add one: a module with an `Args` struct and a `run` function,
//! a variant of [`Command`] and a line in [`main`].

mod new_context;
mod repository;
mod source;
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
}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Tidy(args) => tidy::run(&args),
        Command::NewContext(args) => new_context::run(&args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The chain of causes, without the backtrace that `{:?}` would add.
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
