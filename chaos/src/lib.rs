//! The chaos harness: a whole platform of separate processes under a seeded load, what is done to it, and a judge who compares what
//! clients saw with what is stored (the rows 1, 3, 4, 5 and 15 of the reliability scorecard); and tests of the suite at a larger size (the rows
//! 2, 12 and 14).
//!
//! | scenario | what is done | what must hold |
//! |---|---|---|
//! | `kills` | each round kills or freezes a gateway, a worker (relay and projectors), Postgres, Kafka or Redis | nothing acknowledged is lost, repeated or reordered, nothing refused is stored; each key is appended once and answered alike; each version is acknowledged once; no stale read under a position token; Kafka is the log; read models are the fold of the log, and equal rebuilt ones; our processes recover within 10 s |
//! | `skips` | 64 writers, open and rolled back transactions | readers of every kind see every event once |
//! | `rebuilds` | every projection is rebuilt under load | no failed read, no read that goes back, rebuilt and live rows are equal |
//! | `upgrades` | every process is replaced under load, by another version where one is given; migrations twice | no failed request |
//! | `protocols` | 20,000 seeds of simulated weather | the protocols keep their promises, and ten planted bugs are found |
//! | `brownouts` | each link slow, cut or silent, each dependency away for 60 s | what users see, as docs/outages.md says; healed within 5 s |
//! | `disasters` | Kafka's data is deleted; Postgres is restored to a point in time into an empty cluster | everything is refilled; read models are as at that point; the auditor verifies a checkpoint from before |
//!
//! Outcomes are ok, fail or unknown, and ok ⊆ log ⊆ ok ∪ unknown, fail ∩ log = ∅. The seed decides what is hit, how and when, and what
//! clients send; what the machine makes of that is its own.
//!
//! To add a scenario, see [`scenarios`]; to add a promise, see [`judge`].

pub mod client;
pub mod cluster;
pub mod dice;
pub mod facts;
pub mod history;
pub mod judge;
pub mod load;
pub mod process;
pub mod report;
pub mod scenarios;
pub mod victims;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use clap::ValueEnum;

use crate::cluster::Cluster;
use crate::dice::Dice;
use crate::report::{Report, Round};
use crate::scenarios::suite::{self, BROWNOUTS, PROTOCOLS, SKIPS};
use crate::scenarios::{disasters, kills, rebuilds, upgrades};

/// Seeds of `protocols`.
const SEEDS: u64 = 20_000;
/// How long outages of `brownouts` last, in seconds.
const OUTAGE_SECONDS: u64 = 60;

/// What is done to a platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Scenario {
    /// Kills and freezes (rows 1, 4, 5).
    Kills,
    /// Readers beside writers (row 2).
    Skips,
    /// Rebuilds under load (row 3).
    Rebuilds,
    /// Rolling restarts (row 15).
    Upgrades,
    /// Lost data (row 15).
    Disasters,
    /// Simulated weather (row 12).
    Protocols,
    /// Slow, cut and silent links (row 14).
    Brownouts,
}

/// What to run.
#[derive(Clone, Debug)]
pub struct Options {
    /// The program `neuroops`.
    pub binary: PathBuf,
    /// The one that it replaces; the same without it.
    pub previous: Option<PathBuf>,
    /// Decides what is hit, how and when.
    pub seed: u64,
    /// Rounds of `kills`.
    pub rounds: usize,
    /// Events of `skips`.
    pub events: u64,
    /// Fewer and shorter rounds.
    pub short: bool,
    /// In this order.
    pub scenarios: Vec<Scenario>,
}

impl Options {
    /// Within what time our processes recover and, all attempts together, clients are answered. The short form runs beside other tests.
    pub fn limit(&self) -> Duration {
        Duration::from_secs(if self.short { 30 } else { 10 })
    }
}

/// Runs the scenarios. What does not come to its end is a violation of its own; errors are about the harness.
pub async fn run(options: &Options) -> Result<Report> {
    let mut report = Report { seed: options.seed, recovery_max: options.limit(), rounds: Vec::new() };
    println!("chaos: seed {}", options.seed);
    for scenario in &options.scenarios {
        // Each scenario has dice of its own, so that one can be run again alone.
        let (mut dice, before) = (Dice::new(options.seed), report.violations().len());
        let from_the_suite = match scenario {
            Scenario::Skips => Some((&SKIPS, options.events)),
            Scenario::Protocols => Some((&PROTOCOLS, SEEDS)),
            Scenario::Brownouts => Some((&BROWNOUTS, OUTAGE_SECONDS)),
            _ => None,
        };
        if let Some((tests, size)) = from_the_suite {
            if let Err(error) = suite::run(tests, size, &mut report) {
                report.push(Round::unfinished(*scenario, &error));
            }
            continue;
        }
        let first = options.previous.as_ref().filter(|_| *scenario == Scenario::Upgrades).unwrap_or(&options.binary);
        let mut cluster = Cluster::start(first).await?;
        let done = match scenario {
            Scenario::Kills => kills::run(&mut cluster, options, &mut dice, &mut report).await,
            Scenario::Rebuilds => rebuilds::run(&mut cluster, options, &mut dice, &mut report).await,
            Scenario::Upgrades => upgrades::run(&mut cluster, options, &mut dice, &mut report).await,
            _ => disasters::run(&mut cluster, &mut dice, &mut report).await,
        };
        if let Err(error) = done {
            report.push(Round::unfinished(*scenario, &error));
        }
        if report.violations().len() > before {
            println!("logs and data: {}", cluster.keep_logs().display());
        }
    }
    Ok(report)
}
