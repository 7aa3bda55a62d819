//! The rules of the repository that compilers and clippy do not know.
//!
//! A rule is a function from the [`Repository`] to [`Violation`]s, with tests that plant a violation and see it found.
//! To add one: a function in a module here, a line in [`RULES`].

mod banned;
mod context_names;
mod contexts;
mod dependencies;
mod folder_map;
mod length;
mod migrations;
mod planted_bugs;
mod references;
mod registries;

use std::fmt;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::repository::{self, Repository};

/// What the command line says.
#[derive(clap::Args)]
pub struct Args {
    /// Leave `cargo fmt --check` out.
    #[arg(long)]
    no_fmt: bool,
}

/// How bad a violation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Shown, and the check passes.
    Warning,
    /// The check fails.
    Error,
}

/// A place where the repository breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// How bad it is.
    pub level: Level,
    /// The file's path from the root.
    pub path: String,
    /// 1-based.
    pub line: usize,
    /// The rule's name.
    pub rule: &'static str,
    /// What is wrong, why, and what to do instead.
    pub reason: String,
}

impl Violation {
    /// A violation that fails the check.
    pub fn error(rule: &'static str, path: &str, line: usize, reason: impl Into<String>) -> Self {
        Self { level: Level::Error, path: path.to_owned(), line, rule, reason: reason.into() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = if self.level == Level::Warning { "warning: " } else { "" };
        write!(f, "{}:{}: {level}{}: {}", self.path, self.line, self.rule, self.reason)
    }
}

type Rule = fn(&Repository) -> Vec<Violation>;

const RULES: [Rule; 12] = [
    banned::text_is_not_banned,
    context_names::runtimes_name_no_context,
    contexts::contexts_do_not_import_each_other,
    dependencies::crates_depend_one_way,
    folder_map::folders_are_on_the_map,
    length::files_are_short,
    migrations::events_are_never_dropped_silently,
    migrations::numbers_have_no_gaps,
    migrations::tenant_tables_are_protected,
    planted_bugs::defects_are_planted_by_tests_alone,
    references::files_stand_alone,
    registries::packages_come_from_public_registries,
];

/// Every violation of every rule, by path and line.
pub fn violations(repository: &Repository) -> Vec<Violation> {
    let mut found: Vec<Violation> = RULES.iter().flat_map(|rule| rule(repository)).collect();
    found.sort_by(|a, b| (&a.path, a.line, a.rule).cmp(&(&b.path, b.line, b.rule)));
    found.dedup();
    found
}

/// Checks the checkout and its formatting.
pub fn run(args: &Args) -> Result<()> {
    let root = repository::root();
    let found = violations(&Repository::load(&root)?);
    for violation in &found {
        println!("{violation}");
    }
    let formatted = args.no_fmt || {
        let mut fmt = Command::new("cargo");
        fmt.args(["fmt", "--all", "--check"]).current_dir(&root);
        fmt.status().context("cannot run cargo fmt")?.success()
    };
    let errors = found.iter().filter(|violation| violation.level == Level::Error).count();
    match (errors, formatted) {
        (0, true) => Ok(()),
        (0, false) => bail!("the code is not formatted; run `cargo fmt --all`"),
        (errors, true) => bail!("{errors} violations"),
        (errors, false) => bail!("{errors} violations, and the code is not formatted; run `cargo fmt --all`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_repository_is_tidy() {
        let repository = Repository::load(&repository::root()).unwrap();
        let errors: Vec<String> =
            violations(&repository).iter().filter(|violation| violation.level == Level::Error).map(Violation::to_string).collect();
        assert!(errors.is_empty(), "{} violations\n{}", errors.len(), errors.join("\n"));
    }

    #[test]
    fn a_violation_prints_as_file_line_rule_reason() {
        let violation = Violation::error("rule", "a/b.rs", 7, "why");
        assert_eq!(violation.to_string(), "a/b.rs:7: rule: why");
    }
}
