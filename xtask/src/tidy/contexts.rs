//! A context never imports another context.

use super::Violation;
use crate::repository::Repository;
use crate::source::{RustSource, group_end, is_word, line_of};

const RULE: &str = "context-imports";

/// The context whose read models are fed by the events of all.
const READS_ALL: &str = "analytics";

/// No file of a context, in the domain or in the projections, names another context's module.
pub fn contexts_do_not_import_each_other(repository: &Repository) -> Vec<Violation> {
    let contexts = repository.contexts();
    let mut found = Vec::new();
    for file in repository.files.iter().filter(|file| file.extension() == "rs") {
        let Some((own, prefixes)) = place(&file.path, &contexts) else { continue };
        let source = RustSource::new(&file.text);
        for (offset, name) in imports(&source.code, prefixes) {
            if name != own && contexts.contains(&name) {
                let reason = format!("`{own}` imports `{name}`; contexts share data by events, and code only through the kernel");
                found.push(Violation::error(RULE, &file.path, line_of(&source.code, offset), reason));
            }
        }
    }
    found
}

/// The context of a file, and the paths that lead to contexts from there.
fn place<'a>(path: &str, contexts: &[&'a str]) -> Option<(&'a str, &'static [&'static str])> {
    let (rest, prefixes): (_, &[&str]) = match path.strip_prefix("domain/src/") {
        Some(rest) => (rest, &["crate::", "super::super::"]),
        None => (path.strip_prefix("projections/src/")?, &["crate::", "super::super::", "domain::"]),
    };
    let own = rest.split(['/', '.']).next()?;
    let reads_all = own == READS_ALL && path.starts_with("projections/");
    let prefixes = if reads_all { &prefixes[..2] } else { prefixes };
    contexts.iter().find(|name| **name == own).map(|own| (*own, prefixes))
}

/// The first name after each prefix, also of each member of a group `crate::{a, b::c}`.
fn imports<'a>(code: &'a str, prefixes: &[&str]) -> Vec<(usize, &'a str)> {
    let mut found = Vec::new();
    for prefix in prefixes {
        for (at, _) in code.match_indices(prefix).filter(|(at, _)| *at == 0 || !is_word(code.as_bytes()[at - 1])) {
            let from = at + prefix.len();
            if code[from..].starts_with('{') {
                found.extend(members(code, from).into_iter().map(|member| (member, ident(code, member))));
            } else {
                found.push((from, ident(code, from)));
            }
        }
    }
    found
}

fn ident(code: &str, from: usize) -> &str {
    let end = code[from..].bytes().position(|byte| !is_word(byte)).map_or(code.len(), |length| from + length);
    &code[from..end]
}

/// Where the members of a brace group start.
fn members(code: &str, open: usize) -> Vec<usize> {
    let (bytes, mut depth, mut starts, mut fresh) = (code.as_bytes(), 0, Vec::new(), false);
    for (at, byte) in bytes.iter().enumerate().take(group_end(code, open)).skip(open) {
        match byte {
            b'{' => (depth, fresh) = (depth + 1, depth == 0),
            b'}' => depth -= 1,
            b',' => fresh = depth == 1,
            _ if fresh && is_word(*byte) => {
                starts.push(at);
                fresh = false;
            }
            _ => {}
        }
    }
    starts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, text: &str) -> Vec<usize> {
        let repository = Repository::of(&[
            ("domain/src/crm/mod.rs", ""),
            ("domain/src/billing/mod.rs", ""),
            ("domain/src/kernel/mod.rs", ""),
            (path, text),
        ]);
        contexts_do_not_import_each_other(&repository).into_iter().map(|found| found.line).collect()
    }

    #[test]
    fn imports_of_other_contexts_are_found() {
        let own = "domain/src/crm/contact.rs";
        assert_eq!(check(own, "use crate::billing::Plan;\nfn f() { crate::billing::x() }"), [1, 2]);
        assert_eq!(check(own, "use crate::{\n  kernel::{Day, Text},\n  billing::{Plan},\n};"), [3]);
        assert_eq!(check(own, "use super::super::billing;"), [1]);
        assert_eq!(check("projections/src/crm/list.rs", "use domain::billing::Plan;"), [1]);
        assert_eq!(check("projections/src/crm.rs", "use crate::billing;"), [1]);
    }

    #[test]
    fn own_code_the_kernel_comments_and_texts_are_fine() {
        let own = "domain/src/crm/contact.rs";
        let fine = "use crate::crm::company::Company;\nuse crate::kernel::Text;\n// crate::billing\nconst A: &str = \"crate::billing\";";
        assert!(check(own, fine).is_empty());
        assert!(check("domain/src/lib.rs", "use crate::billing;").is_empty());
        assert!(check("projections/src/crm/list.rs", "use domain::crm::contact::Contact;").is_empty());
    }

    #[test]
    fn the_read_models_of_analytics_read_the_events_of_all_contexts() {
        let repository =
            |path: &str, text: &str| Repository::of(&[("domain/src/crm/mod.rs", ""), ("domain/src/analytics/mod.rs", ""), (path, text)]);
        let found = |path: &str, text: &str| contexts_do_not_import_each_other(&repository(path, text)).len();
        assert_eq!(found("projections/src/analytics/sales.rs", "use domain::crm::Contact;"), 0);
        assert_eq!(found("projections/src/analytics/sales.rs", "use crate::crm::list;"), 1);
        assert_eq!(found("domain/src/analytics/sales.rs", "use crate::crm::Contact;"), 1);
    }
}
