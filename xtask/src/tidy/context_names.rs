//! The runtimes work from the list of contexts and know none of them by name.

use super::Violation;
use crate::repository::Repository;
use crate::source::{RustSource, line_of, words};

const RULE: &str = "context-names";

const RUNTIMES: [&str; 3] = ["commands/src", "gateway/src", "workers/src"];

/// Contexts that are named by an everyday word. Their names count only where they can mean nothing else: as the module of
/// a crate and as the first part of a wire type, table or URL.
const EVERYDAY_WORDS: [&str; 13] = [
    "analytics",
    "assets",
    "billing",
    "energy",
    "identity",
    "keys",
    "knowledge",
    "logistics",
    "media",
    "risk",
    "scheduling",
    "tenancy",
    "webhooks",
];

/// No code of a runtime outside its tests names a context.
pub fn runtimes_name_no_context(repository: &Repository) -> Vec<Violation> {
    let contexts = repository.contexts();
    let mut found = Vec::new();
    for file in &repository.files {
        let runtime = RUNTIMES.iter().any(|folder| file.is_under(folder));
        if !runtime || file.extension() != "rs" || file.is_test() {
            continue;
        }
        let source = RustSource::new(&file.text);
        for context in &contexts {
            let mut offsets = mentions(&source, context);
            offsets.retain(|offset| !source.is_test(*offset));
            let mut lines: Vec<usize> = offsets.into_iter().map(|offset| line_of(&source.code, offset)).collect();
            lines.sort_unstable();
            lines.dedup();
            let reason = format!("names the context `{context}`; work from the list of contexts, so that adding one changes nothing here");
            found.extend(lines.into_iter().map(|line| Violation::error(RULE, &file.path, line, reason.clone())));
        }
    }
    found
}

fn mentions(source: &RustSource, context: &str) -> Vec<usize> {
    let text = &source.code_and_strings;
    if !EVERYDAY_WORDS.contains(&context) {
        return parts(text, context);
    }
    let mut found: Vec<usize> = ["domain::", "projections::"]
        .iter()
        .flat_map(|krate| words(&source.code, context).filter(move |at| source.code[..*at].ends_with(krate)))
        .collect();
    let in_string = |at: &usize| source.code.as_bytes().get(*at) == Some(&b' ');
    let names_a_thing = |at: &usize| {
        let (before, after) = (&text[..*at], &text[at + context.len()..]);
        let starts = before.ends_with(['"', '/', ' ']);
        let dotted = after.strip_prefix('.').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_lowercase()));
        (starts && dotted) || (before.ends_with("/v1/") && after.starts_with('/'))
    };
    found.extend(words(text, context).filter(in_string).filter(names_a_thing));
    found
}

/// Offsets of the name as a whole word or as a part of a snake-case name.
fn parts(text: &str, name: &str) -> Vec<usize> {
    let bytes = text.as_bytes();
    let letter = |byte: &u8| byte.is_ascii_alphanumeric() || *byte >= 0x80;
    let alone = |at: &usize| {
        let before = *at == 0 || !letter(&bytes[at - 1]);
        before && bytes.get(at + name.len()).is_none_or(|byte| !letter(byte))
    };
    text.match_indices(name).map(|(at, _)| at).filter(alone).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, text: &str) -> Vec<usize> {
        let repository = Repository::of(&[("domain/src/crm/mod.rs", ""), ("domain/src/keys/mod.rs", ""), (path, text)]);
        runtimes_name_no_context(&repository).into_iter().map(|found| found.line).collect()
    }

    #[test]
    fn names_in_code_and_texts_are_found() {
        assert_eq!(check("gateway/src/a.rs", "use domain::crm::Contact;\nlet t = \"crm_list_v1\";\nlet u = \"/v1/crm/x\";"), [1, 2, 3]);
    }

    #[test]
    fn everyday_words_count_only_where_they_name_the_context() {
        let fine = "for k in map.keys() { let s = \"the keys. of\"; keys.push(k) }";
        assert!(check("commands/src/a.rs", fine).is_empty());
        assert_eq!(check("commands/src/a.rs", "domain::keys::DataKey;\n\"keys.key_issued.v1\";\n\"/v1/keys/data-key\""), [1, 2, 3]);
    }

    #[test]
    fn tests_comments_and_other_crates_are_free() {
        assert!(check("workers/src/a.rs", "// crm\n/// crm\n#[cfg(test)]\nmod tests { use domain::crm; }").is_empty());
        assert!(check("workers/tests/it/main.rs", "use domain::crm;").is_empty());
        assert!(check("cli/src/main.rs", "use domain::crm;").is_empty());
        assert!(check("workers/src/a.rs", "scrm; crms;").is_empty());
    }
}
