//! Files can be understood without the tracker and on any machine.

use super::Violation;
use crate::repository::{File, Repository};
use crate::source::{is_word, line_of};

const RULES_FOLDER: &str = "xtask/src/tidy";

/// Home and work folders of single machines.
const MACHINE_FOLDERS: [&str; 3] = ["/root/", "/work/", "/Users/"];

/// Words before a number sign that make it a ticket.
const TICKET_WORDS: [&str; 14] =
    ["issue", "issues", "bug", "ticket", "pr", "request", "fix", "fixes", "fixed", "close", "closes", "closed", "resolves", "gh"];

/// No file names a ticket by number or a path of one machine.
pub fn files_stand_alone(repository: &Repository) -> Vec<Violation> {
    let mut found = Vec::new();
    for file in repository.files.iter().filter(|file| !file.is_under(RULES_FOLDER)) {
        found.extend(machine_paths(file));
        found.extend(tickets(file));
    }
    found
}

fn machine_paths(file: &File) -> Vec<Violation> {
    let bytes = file.text.as_bytes();
    // A folder in the middle of a path or an address is another folder of that name.
    let starts = |at: &usize| *at == 0 || !(is_word(bytes[at - 1]) || b"./-}*~)]>$".contains(&bytes[at - 1]));
    MACHINE_FOLDERS
        .iter()
        .flat_map(|folder| file.text.match_indices(folder))
        .filter(|(at, _)| starts(at))
        .map(|(at, folder)| {
            let reason = format!("`{folder}…` exists on one machine only; use a relative path or a setting");
            Violation::error("machine-path", &file.path, line_of(&file.text, at), reason)
        })
        .collect()
}

fn tickets(file: &File) -> Vec<Violation> {
    let text = &file.text;
    text.match_indices('#')
        .filter(|(at, _)| text[at + 1..].starts_with(|c: char| c.is_ascii_digit()))
        .filter(|(at, _)| {
            let before = text[..*at].trim_end_matches([' ', '-']);
            let word = before.rsplit(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default().to_ascii_lowercase();
            TICKET_WORDS.contains(&word.as_str())
        })
        .map(|(at, _)| Violation::error("ticket", &file.path, line_of(text, at), "say the reason itself, not the number of a ticket"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(text: &str) -> Vec<&'static str> {
        files_stand_alone(&Repository::of(&[("docs/a.md", text)])).into_iter().map(|found| found.rule).collect()
    }

    #[test]
    fn tickets_are_found() {
        assert_eq!(rules("see issue #12\nFixes #3 and PR #4, pull request #5"), ["ticket"; 4]);
        assert_eq!(rules("colour #123456, title issue # 12, item #3"), [""; 0]);
    }

    #[test]
    fn paths_of_one_machine_are_found() {
        assert_eq!(rules("run `/work/main/x`\n/root/.cargo"), ["machine-path"; 2]);
        assert_eq!(rules("src/work/a.rs https://example.com/work/x ../root/x ${HOME}/work/"), [""; 0]);
    }
}
