//! Runs the scenarios, prints the table, and fails on any violation.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use chaos::{Options, Scenario};
use clap::{Parser, ValueEnum as _};
use platform::clock;

/// Kills, upgrades and disasters under load, and a judge of what clients saw.
#[derive(Parser)]
#[command(name = "cargo xtask chaos", max_term_width = 120)]
struct Arguments {
    /// Decides what is hit, how and when; taken from the clock without it.
    #[arg(long)]
    seed: Option<u64>,
    /// Rounds of `kills`.
    #[arg(long, default_value_t = 20)]
    rounds: usize,
    /// Events of `skips`.
    #[arg(long, default_value_t = 1_000_000)]
    events: u64,
    /// Run only this; may come several times.
    #[arg(long, value_enum)]
    scenario: Vec<Scenario>,
    /// A few short rounds of `kills` and `upgrades`, as `make test` runs them.
    #[arg(long)]
    short: bool,
    /// An earlier build of `neuroops`, which `upgrades` comes from and goes back to.
    #[arg(long)]
    previous: Option<PathBuf>,
    /// The build to look at; the one beside this program without it.
    #[arg(long)]
    binary: Option<PathBuf>,
    /// Write the table to docs/chaos.md.
    #[arg(long)]
    write: bool,
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<ExitCode> {
    let beside = || Ok::<_, std::io::Error>(std::env::current_exe()?.with_file_name("neuroops"));
    let scenarios = match arguments.scenario {
        chosen if !chosen.is_empty() => chosen,
        _ if arguments.short => vec![Scenario::Kills, Scenario::Upgrades],
        _ => Scenario::value_variants().to_vec(),
    };
    let options = Options {
        binary: arguments.binary.map_or_else(beside, Ok)?,
        previous: arguments.previous,
        seed: arguments.seed.unwrap_or_else(|| clock::now().timestamp_micros().unsigned_abs()),
        rounds: arguments.rounds,
        events: arguments.events,
        short: arguments.short,
        scenarios,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let report = runtime.block_on(chaos::run(&options))?;
    println!("{report}");
    if arguments.write {
        let file = Path::new("docs/chaos.md");
        let today = clock::now().format("%Y-%m-%d").to_string();
        std::fs::write(file, report.markdown(&today)).with_context(|| format!("{} cannot be written", file.display()))?;
    }
    let broken = report.violations().len();
    if broken > 0 {
        eprintln!("{broken} violations; run again with --seed {}", options.seed);
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}
