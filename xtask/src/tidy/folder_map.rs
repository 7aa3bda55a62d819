//! Every folder is on the map.

use std::collections::BTreeSet;

use super::Violation;
use crate::repository::Repository;
use crate::source::is_word;

const RULE: &str = "folder-map";
const MAP: &str = "ARCHITECTURE.md";

/// ARCHITECTURE.md, where there is one, mentions each top-level folder as `name/`.
pub fn folders_are_on_the_map(repository: &Repository) -> Vec<Violation> {
    let Some(map) = repository.file(MAP) else { return Vec::new() };
    let folders: BTreeSet<&str> = repository.files.iter().filter_map(|file| Some(file.path.split_once('/')?.0)).collect();
    folders
        .into_iter()
        .filter(|folder| !mentions(&map.text, folder))
        .map(|folder| Violation::error(RULE, MAP, 1, format!("the map does not say what `{folder}/` is for")))
        .collect()
}

fn mentions(map: &str, folder: &str) -> bool {
    let name = format!("{folder}/");
    let bytes = map.as_bytes();
    map.match_indices(&name).any(|(at, _)| at == 0 || !(is_word(bytes[at - 1]) || matches!(bytes[at - 1], b'/' | b'-' | b'.')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_the_map_forgets_is_found() {
        let files = [("ARCHITECTURE.md", "- `domain/` rules\n- subdocs/ and a/docs/"), ("domain/src/lib.rs", ""), ("docs/a.md", "")];
        let found = folders_are_on_the_map(&Repository::of(&files));
        assert_eq!(found.len(), 1);
        assert!(found[0].reason.contains("`docs/`"));
        assert!(folders_are_on_the_map(&Repository::of(&files[1..])).is_empty());
    }
}
