//! The results: a table for people, and the same as Markdown.

use std::fmt::{self, Write as _};
use std::time::Duration;

use comfy_table::Table;

use crate::Scenario;
use crate::history::{History, Outcome};
use crate::judge::Violation;

/// One round of a scenario.
#[derive(Clone, Debug, Default)]
pub struct Round {
    /// The scenario.
    pub scenario: &'static str,
    /// What was hit or done.
    pub victim: String,
    /// How.
    pub way: String,
    /// Commands: acknowledged, refused, unknown.
    pub commands: [usize; 3],
    /// Queries with position tokens that were answered.
    pub reads: usize,
    /// How long it took until everything worked again; whether it is one of our processes, for which a limit is promised.
    pub recovery: Option<(Duration, bool)>,
    /// What else was counted.
    pub notes: String,
    /// Broken promises.
    pub violations: Vec<Violation>,
}

impl Round {
    /// A scenario that did not come to its end.
    pub fn unfinished(scenario: Scenario, error: &anyhow::Error) -> Self {
        let violation = Violation { rule: "not finished", what: format!("{error:#}") };
        let way = format!("{scenario:?}").to_lowercase();
        Self { scenario: "unfinished", way, violations: vec![violation], ..Self::default() }
    }

    /// With what clients saw.
    #[must_use]
    pub fn seen(mut self, history: &History) -> Self {
        self.commands = [Outcome::Ok, Outcome::Fail, Outcome::Unknown].map(|outcome| history.count(outcome));
        self.reads = history.reads.len();
        self
    }
}

/// All rounds.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The seed, which plans the same run again.
    pub seed: u64,
    /// How long our processes may take to recover, as a 99th percentile.
    pub recovery_max: Duration,
    /// In the order in which they were run.
    pub rounds: Vec<Round>,
}

const HEADER: [&str; 10] = ["scenario", "round", "victim", "way", "ok", "fail", "unknown", "reads", "recovery", "violations"];

impl Report {
    /// Adds a round and says so.
    pub fn push(&mut self, round: Round) {
        let [ok, fail, unknown] = round.commands;
        let recovery = round.recovery.map_or_else(String::new, |(time, _)| format!(", recovered after {}", seconds(time)));
        let notes = if round.notes.is_empty() { String::new() } else { format!(", {}", round.notes) };
        println!("{}: {} {}: {ok} ok, {fail} fail, {unknown} unknown{recovery}{notes}", round.scenario, round.victim, round.way);
        for violation in &round.violations {
            println!("  VIOLATION {violation}");
        }
        self.rounds.push(round);
    }

    /// All broken promises, with those about all rounds together.
    pub fn violations(&self) -> Vec<Violation> {
        let mut found: Vec<Violation> = self.rounds.iter().flat_map(|round| round.violations.iter().cloned()).collect();
        if let Some(p99) = self.recovery_p99().filter(|p99| *p99 > self.recovery_max) {
            found.push(Violation { rule: "recovery", what: format!("p99 is {} and may be {}", seconds(p99), seconds(self.recovery_max)) });
        }
        found
    }

    /// The 99th percentile (nearest rank) of the recovery of our processes.
    pub fn recovery_p99(&self) -> Option<Duration> {
        let ours = |round: &Round| round.recovery.filter(|(_, ours)| *ours).map(|(time, _)| time);
        let mut times: Vec<Duration> = self.rounds.iter().filter_map(ours).collect();
        times.sort_unstable();
        let rank = (times.len() * 99).div_ceil(100);
        times.get(rank.checked_sub(1)?).copied()
    }

    fn cells(&self) -> Vec<[String; 10]> {
        let (mut number, mut scenario) = (0, "");
        let row = |round: &Round| {
            number = if round.scenario == scenario { number + 1 } else { 1 };
            scenario = round.scenario;
            let [ok, fail, unknown] = round.commands.map(|count| count.to_string());
            let recovery = round.recovery.map_or_else(String::new, |(time, _)| seconds(time));
            let way = if round.notes.is_empty() { round.way.clone() } else { format!("{}; {}", round.way, round.notes) };
            let (reads, violations) = (round.reads.to_string(), round.violations.len().to_string());
            [scenario.to_owned(), number.to_string(), round.victim.clone(), way, ok, fail, unknown, reads, recovery, violations]
        };
        self.rounds.iter().map(row).collect()
    }

    /// One sentence about all of it.
    pub fn summary(&self) -> String {
        let sum = |index: usize| self.rounds.iter().map(|round| round.commands[index]).sum::<usize>();
        let p99 = self.recovery_p99().map_or_else(String::new, |p99| format!(" Recovery of our processes: p99 {}.", seconds(p99)));
        let reads: usize = self.rounds.iter().map(|round| round.reads).sum();
        format!(
            "Seed {}: {} rounds, {} commands acknowledged, {} refused, {} unknown, {reads} reads with position tokens; {} violations.{p99}",
            self.seed,
            self.rounds.len(),
            sum(0),
            sum(1),
            sum(2),
            self.violations().len(),
        )
    }

    /// The table as Markdown, with what it means.
    pub fn markdown(&self, when: &str) -> String {
        let mut text = format!(
            "# Chaos\n\nWritten by `cargo xtask chaos --write` on {when}; `cargo xtask chaos --seed {}` plans the same run again. What is done and what is \
             checked is in [chaos/src/lib.rs](../chaos/src/lib.rs).\n\n{}\n\n",
            self.seed,
            self.summary()
        );
        let _ = writeln!(text, "| {} |\n|{}", HEADER.join(" | "), "---|".repeat(HEADER.len()));
        for cells in self.cells() {
            let _ = writeln!(text, "| {} |", cells.join(" | "));
        }
        for violation in self.violations() {
            let _ = writeln!(text, "\n- {violation}");
        }
        text
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new();
        table.set_header(HEADER);
        table.add_rows(self.cells());
        writeln!(f, "{table}")?;
        for violation in self.violations() {
            writeln!(f, "VIOLATION {violation}")?;
        }
        write!(f, "{}", self.summary())
    }
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(seconds: u64, ours: bool) -> Round {
        Round { scenario: "kills", recovery: Some((Duration::from_secs(seconds), ours)), ..Round::default() }
    }

    #[test]
    fn slow_recovery_of_our_own_processes_is_a_violation() {
        let report = |rounds: Vec<Round>| Report { seed: 1, recovery_max: Duration::from_secs(10), rounds };
        assert!(report(vec![round(9, true), round(30, false)]).violations().is_empty());
        let slow = report(vec![round(2, true), round(11, true)]);
        assert_eq!((slow.violations().len(), slow.violations()[0].rule), (1, "recovery"));
        let mut many: Vec<Round> = (0..199).map(|_| round(1, true)).collect();
        many.push(round(60, true));
        assert!(report(many).violations().is_empty(), "one of 200 is beyond the 99th percentile");
    }

    #[test]
    fn the_table_counts_rounds_and_names_violations() {
        let broken = Round { violations: vec![Violation { rule: "lost", what: "x".to_owned() }], ..round(1, true) };
        let report = Report { seed: 7, recovery_max: Duration::from_secs(10), rounds: vec![round(1, true), broken] };
        let text = report.markdown("today");
        assert!(text.contains("| kills | 2 |") && text.contains("- lost: x") && text.contains("--seed 7"), "{text}");
        assert!(report.to_string().contains("1 violations"));
    }
}
