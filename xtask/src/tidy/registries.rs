//! Packages come from the public registries, whatever mirror one machine uses.

use super::Violation;
use crate::repository::{File, Repository};

const RULE: &str = "registry";
const REASON: &str = "names a package registry other than the public one; a mirror belongs in the machine's own settings";

/// Lock files name public registries only, and no tool's settings redirect them.
pub fn packages_come_from_public_registries(repository: &Repository) -> Vec<Violation> {
    repository.files.iter().flat_map(check_file).collect()
}

fn check_file(file: &File) -> Vec<Violation> {
    let name = file.path.rsplit('/').next().unwrap_or_default();
    let offends: fn(&str) -> bool = match name {
        "Cargo.lock" => |line| {
            let source = line.strip_prefix("source = \"registry+").or_else(|| line.strip_prefix("source = \"sparse+"));
            source.is_some_and(|address| {
                !address.starts_with("https://github.com/rust-lang/crates.io-index") && !address.starts_with("https://index.crates.io/")
            })
        },
        "package-lock.json" => |line| {
            let address = line.strip_prefix("\"resolved\": \"");
            address.is_some_and(|address| address.starts_with("http") && !address.starts_with("https://registry.npmjs.org/"))
        },
        "pnpm-lock.yaml" | "yarn.lock" => |line| line.contains("tarball: http") && !line.contains("https://registry.npmjs.org/"),
        ".npmrc" | ".yarnrc" | ".yarnrc.yml" => |line| line.to_ascii_lowercase().contains("registry"),
        "config.toml" if file.path.contains(".cargo/") => |line| line.contains("replace-with") || line.contains("[registries"),
        "pip.conf" | "requirements.txt" | "pyproject.toml" => |line| line.contains("index-url") || line.contains("index_url"),
        "settings.xml" | "pom.xml" => |line| line.contains("<mirror>") || line.contains("<repository>"),
        "Dockerfile" => |line| ["--index-url", "GOPROXY=", "npm_config_registry"].iter().any(|word| line.contains(word)),
        _ => return Vec::new(),
    };
    let lines = file.text.lines().enumerate().filter(|(_, line)| offends(line.trim()));
    lines.map(|(index, _)| Violation::error(RULE, &file.path, index + 1, REASON)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: &str, text: &str) -> Vec<usize> {
        packages_come_from_public_registries(&Repository::of(&[(path, text)])).into_iter().map(|found| found.line).collect()
    }

    #[test]
    fn mirrors_are_found() {
        let lock = "source = \"registry+https://github.com/rust-lang/crates.io-index\"\nsource = \"registry+https://mirror.example/index\"";
        assert_eq!(lines("Cargo.lock", lock), [2]);
        let lock = "  \"resolved\": \"https://registry.npmjs.org/a.tgz\"\n  \"resolved\": \"https://mirror.example/a.tgz\"";
        assert_eq!(lines("web/package-lock.json", lock), [2]);
        assert_eq!(lines("web/.npmrc", "registry=https://mirror.example/"), [1]);
        assert_eq!(lines(".cargo/config.toml", "[source.crates-io]\nreplace-with = \"mirror\""), [2]);
        assert_eq!(lines(".cargo/config.toml", "[alias]\nxtask = \"run\""), [0; 0]);
    }
}
