//! Files are short enough to be read in one sitting.

use super::{Level, Violation};
use crate::repository::Repository;

const RULE: &str = "file-length";
const LINES_SOFT_MAX: usize = 500;
const LINES_MAX: usize = 1_000;

/// What is measured.
const EXTENSIONS: [&str; 5] = ["py", "rs", "sql", "ts", "tsx"];

/// Folders whose files are generated.
const GENERATED: [&str; 2] = ["clients", "schemas"];

/// Source files have at most 1,000 lines, and few more than 500.
pub fn files_are_short(repository: &Repository) -> Vec<Violation> {
    let mut found = Vec::new();
    for file in &repository.files {
        if !EXTENSIONS.contains(&file.extension()) || GENERATED.iter().any(|folder| file.is_under(folder)) {
            continue;
        }
        let lines = file.text.lines().count();
        if lines <= LINES_SOFT_MAX {
            continue;
        }
        let (level, limit) = if lines > LINES_MAX { (Level::Error, LINES_MAX) } else { (Level::Warning, LINES_SOFT_MAX) };
        let reason = format!("{lines} lines, more than {limit}; split it by subject");
        found.push(Violation { level, ..Violation::error(RULE, &file.path, limit + 1, reason) });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_files_warn_and_very_long_ones_fail() {
        let of = |path: &str, lines: usize| {
            let found = files_are_short(&Repository::of(&[(path, &"x\n".repeat(lines))]));
            found.first().map(|violation| violation.level)
        };
        assert_eq!(of("a/b.rs", 500), None);
        assert_eq!(of("a/b.rs", 501), Some(Level::Warning));
        assert_eq!(of("a/b.ts", 1_000), Some(Level::Warning));
        assert_eq!(of("a/b.sql", 1_001), Some(Level::Error));
        assert_eq!(of("schemas/b.py", 1_001), None);
        assert_eq!(of("a/b.csv", 1_001), None);
    }
}
