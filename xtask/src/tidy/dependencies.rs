//! Crates depend one way.

use toml::{Table, Value};

use super::Violation;
use crate::repository::{File, Repository};

const RULE: &str = "dependency-direction";

/// What each crate of the workspace may depend on within it. `None`: on anything.
///
/// Dev-dependencies are free: a test may stand anything up.
const MAY_USE: [(&str, Option<&[&str]>); 12] = [
    ("domain", Some(&[])),
    ("platform", Some(&[])),
    ("commands", Some(&["domain", "platform"])),
    ("projections", Some(&["domain", "platform"])),
    ("gateway", Some(&["commands", "projections", "platform", "domain"])),
    ("workers", Some(&["commands", "projections", "platform", "domain"])),
    ("stripe", Some(&["commands", "projections", "platform", "domain", "workers", "gateway"])),
    ("fake-stripe", Some(&["platform"])),
    ("cli", None),
    ("bench", None),
    ("chaos", Some(&["platform"])),
    ("xtask", None),
];

/// What would bring I/O, a runtime or chance into the pure crate.
const IMPURE: [&str; 11] = ["async-std", "axum", "fastrand", "getrandom", "hyper", "rand", "rdkafka", "redis", "reqwest", "sqlx", "tokio"];

/// Features of pure libraries that read the clock or draw random numbers.
const IMPURE_FEATURES: [(&str, &str); 3] = [("chrono", "clock"), ("uuid", "v4"), ("uuid", "v7")];

/// Crates depend on each other in the direction of the table above, and the domain on nothing that does I/O.
pub fn crates_depend_one_way(repository: &Repository) -> Vec<Violation> {
    let manifests: Vec<(&File, Table)> = repository
        .files
        .iter()
        .filter(|file| file.path.ends_with("/Cargo.toml"))
        .filter_map(|file| Some((file, file.text.parse().ok()?)))
        .collect();
    let names: Vec<&str> = manifests.iter().filter_map(|(_, manifest)| package_name(manifest)).collect();
    manifests.iter().flat_map(|(file, manifest)| check_crate(file, manifest, &names)).collect()
}

fn check_crate(file: &File, manifest: &Table, crates: &[&str]) -> Vec<Violation> {
    let Some(name) = package_name(manifest) else { return Vec::new() };
    let Some((_, allowed)) = MAY_USE.iter().find(|(known, _)| *known == name) else {
        let reason = format!("`{name}` has no place in the direction of dependencies; give it one in xtask/src/tidy/dependencies.rs");
        return vec![Violation::error(RULE, &file.path, 1, reason)];
    };
    let mut found = Vec::new();
    for (dependency, value) in dependencies(manifest) {
        let mut report = |reason: String| found.push(Violation::error(RULE, &file.path, line_of_key(file, dependency), reason));
        let package = value.get("package").and_then(Value::as_str).unwrap_or(dependency);
        if crates.contains(&package) && allowed.is_some_and(|allowed| !allowed.contains(&package)) {
            report(format!("`{name}` may not depend on `{package}`"));
        }
        if name != "domain" {
            continue;
        }
        if IMPURE.contains(&package) {
            report(format!("`domain` is pure and may not depend on `{package}`"));
        }
        for (_, feature) in IMPURE_FEATURES.iter().filter(|(library, feature)| *library == package && has_feature(value, feature)) {
            report(format!("`domain` is pure; time and ids come with the command, so not the feature `{feature}` of `{package}`"));
        }
    }
    found
}

fn package_name(manifest: &Table) -> Option<&str> {
    manifest.get("package")?.get("name")?.as_str()
}

/// Normal and build dependencies, also those of single targets.
fn dependencies(manifest: &Table) -> Vec<(&str, &Value)> {
    let targets = manifest.get("target").and_then(Value::as_table).into_iter().flat_map(Table::values).filter_map(Value::as_table);
    std::iter::once(manifest)
        .chain(targets)
        .flat_map(|table| ["dependencies", "build-dependencies"].into_iter().filter_map(|kind| table.get(kind)?.as_table()))
        .flat_map(|table| table.iter().map(|(name, value)| (name.as_str(), value)))
        .collect()
}

fn has_feature(dependency: &Value, feature: &str) -> bool {
    let features = dependency.get("features").and_then(Value::as_array);
    features.is_some_and(|features| features.iter().any(|found| found.as_str() == Some(feature)))
}

fn line_of_key(file: &File, key: &str) -> usize {
    let starts = |line: &str| line.trim_start().strip_prefix(key).is_some_and(|rest| rest.starts_with(['.', ' ', '=']));
    file.text.lines().position(starts).map_or(1, |index| index + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, rest: &str) -> Vec<(usize, String)> {
        let manifest = format!("[package]\nname = \"{name}\"\n{rest}");
        let path = format!("{name}/Cargo.toml");
        let repository = Repository::of(&[
            (&path, &manifest),
            ("x/Cargo.toml", "[package]\nname = \"workers\""),
            ("y/Cargo.toml", "[package]\nname = \"domain\""),
        ]);
        crates_depend_one_way(&repository).into_iter().map(|found| (found.line, found.reason)).collect()
    }

    #[test]
    fn dependencies_against_the_direction_are_found() {
        assert!(check("commands", "[dependencies]\ndomain.workspace = true\n").is_empty());
        let found = check("commands", "[dependencies]\nserde.workspace = true\nworkers.workspace = true\n");
        assert_eq!(found, [(5, "`commands` may not depend on `workers`".to_owned())]);
        assert_eq!(check("platform", "[build-dependencies]\ndomain = { path = \"../domain\" }\n").len(), 1);
        assert_eq!(check("platform", "[target.'cfg(unix)'.dependencies]\nd = { package = \"domain\" }\n").len(), 1);
        assert!(check("platform", "[dev-dependencies]\nworkers.workspace = true\n").is_empty());
        assert!(check("cli", "[dependencies]\nworkers.workspace = true\n").is_empty());
    }

    #[test]
    fn the_domain_stays_pure() {
        assert_eq!(check("domain", "[dependencies]\ntokio.workspace = true\n").len(), 1);
        assert_eq!(check("domain", "[dependencies]\nuuid = { workspace = true, features = [\"v7\"] }\n").len(), 1);
        assert!(check("domain", "[dependencies]\nuuid.workspace = true\n").is_empty());
    }

    #[test]
    fn a_new_crate_needs_a_place() {
        assert_eq!(check("helpers", "").len(), 1);
    }
}
