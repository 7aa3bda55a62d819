//! The defects that the simulation of the protocols plants are in no program that anybody runs.

use toml::{Table, Value};

use super::Violation;
use crate::repository::{File, Repository};

const RULE: &str = "planted-bugs";
const FEATURE: &str = "planted-bugs";

/// The feature `planted-bugs` is switched on by dev-dependencies and by the feature of the same name, and by nothing else.
pub fn defects_are_planted_by_tests_alone(repository: &Repository) -> Vec<Violation> {
    let manifests = repository.files.iter().filter(|file| file.path == "Cargo.toml" || file.path.ends_with("/Cargo.toml"));
    manifests.flat_map(check).collect()
}

fn check(file: &File) -> Vec<Violation> {
    let Ok(manifest) = file.text.parse::<Table>() else { return Vec::new() };
    let names_it = |value: &Value| value.as_str().is_some_and(|name| name.rsplit('/').next() == Some(FEATURE));
    let lists_it = |list: &Value| list.as_array().is_some_and(|list| list.iter().any(names_it));
    let mut found = Vec::new();
    let mut report = |by: &str| {
        let line = file.text.lines().position(|line| line.contains(FEATURE)).map_or(1, |index| index + 1);
        let reason = format!("{by} switches on `{FEATURE}`, which is for dev-dependencies: a program must not misbehave on purpose");
        found.push(Violation::error(RULE, &file.path, line, reason));
    };
    for (name, enabled) in manifest.get("features").and_then(Value::as_table).into_iter().flatten() {
        if name != FEATURE && lists_it(enabled) {
            report(&format!("the feature `{name}`"));
        }
    }
    for (name, dependency) in dependencies(&manifest) {
        if dependency.get("features").is_some_and(lists_it) {
            report(&format!("the dependency on `{name}`"));
        }
    }
    found
}

/// Dependencies of programs: those for all targets and for single ones, for building, and what the workspace gives to all.
fn dependencies(manifest: &Table) -> impl Iterator<Item = (&String, &Value)> {
    let targets = manifest.get("target").and_then(Value::as_table).into_iter().flat_map(Table::values);
    let workspace = manifest.get("workspace");
    let tables = [manifest.get("dependencies"), manifest.get("build-dependencies"), workspace.and_then(|all| all.get("dependencies"))];
    let tables = tables.into_iter().flatten();
    let of_targets = targets.flat_map(|target| [target.get("dependencies"), target.get("build-dependencies")]).flatten();
    tables.chain(of_targets).filter_map(Value::as_table).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(manifest: &str) -> usize {
        defects_are_planted_by_tests_alone(&Repository::of(&[("cli/Cargo.toml", manifest)])).len()
    }

    #[test]
    fn only_dev_dependencies_may_plant() {
        assert_eq!(found("[features]\nplanted-bugs = [\"projections/planted-bugs\"]\n"), 0);
        assert_eq!(found("[dev-dependencies]\nworkers = { path = \".\", features = [\"planted-bugs\"] }\n"), 0);
        assert_eq!(found("[features]\ndefault = [\"planted-bugs\"]\n"), 1);
        assert_eq!(found("[features]\nextra = [\"workers/planted-bugs\"]\n"), 1);
        assert_eq!(found("[dependencies]\nworkers = { workspace = true, features = [\"planted-bugs\"] }\n"), 1);
        assert_eq!(found("[target.'cfg(unix)'.dependencies]\nworkers = { workspace = true, features = [\"planted-bugs\"] }\n"), 1);
        assert_eq!(found("[workspace.dependencies]\nworkers = { path = \"workers\", features = [\"planted-bugs\"] }\n"), 1);
    }
}
