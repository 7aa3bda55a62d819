//! The files of the checkout, read once so that rules are functions of text.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

/// Folders of the domain that are no contexts: what all have in common, and the processes, where alone contexts meet.
const NO_CONTEXTS: [&str; 2] = ["kernel", "processes"];

/// Files above this size are not text that people wrote; rules do not read them.
const TEXT_BYTES_MAX: u64 = 4 << 20;

/// Folders that hold no source, where git cannot say so itself.
const SKIPPED_FOLDERS: [&str; 5] = [".git", ".neuroops", "dist", "node_modules", "target"];

/// One text file.
#[derive(Clone, Debug)]
pub struct File {
    /// Path from the root, with `/`.
    pub path: String,
    /// The content.
    pub text: String,
}

impl File {
    /// A file for the rules' own tests.
    #[cfg(test)]
    pub fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    /// What follows the last dot of the name; the whole name where it has none.
    pub fn extension(&self) -> &str {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        name.rsplit('.').next().unwrap_or_default()
    }

    /// Whether the path lies under that folder.
    pub fn is_under(&self, folder: &str) -> bool {
        self.path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
    }

    /// Whether the whole file is test code by its place: a `tests` folder or a module file named `tests.rs` or `…_tests.rs`.
    pub fn is_test(&self) -> bool {
        self.path.split('/').any(|part| part == "tests") || self.path.ends_with("/tests.rs") || self.path.ends_with("_tests.rs")
    }
}

/// All text files of the checkout that git tracks or would track.
#[derive(Clone, Debug, Default)]
pub struct Repository {
    /// The files, sorted by path.
    pub files: Vec<File>,
}

impl Repository {
    /// Planted files for the rules' own tests.
    #[cfg(test)]
    pub fn of(files: &[(&str, &str)]) -> Self {
        Self { files: files.iter().map(|(path, text)| File::new(path, text)).collect() }
    }

    /// Reads the checkout at `root`.
    pub fn load(root: &Path) -> Result<Self> {
        let mut paths = match git_files(root) {
            Some(paths) => paths,
            None => walk(root).with_context(|| format!("cannot list the files of {}", root.display()))?,
        };
        paths.sort();
        let mut files = Vec::new();
        for path in paths {
            let full = root.join(&path);
            // Deleted but not yet staged, or a link to nowhere.
            let Ok(meta) = std::fs::metadata(&full) else { continue };
            if !meta.is_file() || meta.len() > TEXT_BYTES_MAX {
                continue;
            }
            let bytes = std::fs::read(&full).with_context(|| format!("cannot read {path}"))?;
            if let Ok(text) = String::from_utf8(bytes) {
                files.push(File { path, text });
            }
        }
        Ok(Self { files })
    }

    /// The file at that path.
    pub fn file(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }

    /// Names of the bounded contexts: the folders of `domain/src` other than the kernel.
    pub fn contexts(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self
            .files
            .iter()
            .filter_map(|file| file.path.strip_prefix("domain/src/")?.strip_suffix("/mod.rs"))
            .filter(|name| !name.contains('/') && !NO_CONTEXTS.contains(name))
            .collect();
        names.sort_unstable();
        names
    }
}

/// The root of the checkout that this program was built from.
pub fn root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest).to_owned()
}

/// What git tracks or would track; `None` outside a git checkout (such as an unpacked archive).
fn git_files(root: &Path) -> Option<Vec<String>> {
    let list = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    let output = Command::new("git").arg("-C").arg(root).args(list).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let paths: Vec<String> = text.split('\0').filter(|path| !path.is_empty()).map(str::to_owned).collect();
    (output.status.success() && !paths.is_empty()).then_some(paths)
}

fn walk(root: &Path) -> Result<Vec<String>> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder)? {
            let entry = entry?;
            let (path, kind) = (entry.path(), entry.file_type()?);
            if kind.is_dir() {
                let skipped = SKIPPED_FOLDERS.iter().any(|name| path.ends_with(name));
                folders.extend((!skipped).then_some(path));
            } else if kind.is_file()
                && let Ok(relative) = path.strip_prefix(root)
            {
                found.push(relative.to_string_lossy().replace('\\', "/"));
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contexts_are_the_folders_beside_the_kernel_and_the_processes() {
        let repository = Repository::of(&[
            ("domain/src/kernel/mod.rs", ""),
            ("domain/src/processes/mod.rs", ""),
            ("domain/src/crm/mod.rs", ""),
            ("domain/src/crm/parts/mod.rs", ""),
            ("domain/src/billing/mod.rs", ""),
        ]);
        assert_eq!(repository.contexts(), ["billing", "crm"]);
    }

    #[test]
    fn the_walk_finds_what_git_finds_and_skips_build_output() {
        let walked = walk(&root()).unwrap();
        assert!(walked.iter().any(|path| path == "xtask/src/main.rs"));
        assert!(!walked.iter().any(|path| path.starts_with("target/") || path.starts_with(".git/")));
    }

    #[test]
    fn test_files_are_known_by_their_place() {
        for (path, test) in [("cli/tests/it/main.rs", true), ("a/src/x/tests.rs", true), ("a/src/contests.rs", false)] {
            assert_eq!(File::new(path, "").is_test(), test, "{path}");
        }
    }
}
