//! Words that must not stand where they stand.

use super::Violation;
use crate::repository::{File, Repository};
use crate::source::{RustSource, is_word, line_of, sql_code};

/// The rules name what they ban, so they are not read by themselves.
const RULES_FOLDER: &str = "xtask/src/tidy";

/// Which part of a file counts.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    /// Rust code without comments and literals.
    Code,
    /// Code with literals, without comments, in Rust and SQL; letter case is ignored.
    Statements,
    /// Everything in every text file.
    Text,
}

struct Ban {
    rule: &'static str,
    needles: &'static [&'static str],
    within: Within,
    allowed: fn(&File) -> bool,
    reason: &'static str,
}

const BANS: [Ban; 7] = [
    Ban {
        rule: "tenant-binding",
        needles: &["set local", "set_config('app.tenant_id'", "set app.tenant_id", "set session app.tenant_id"],
        within: Within::Statements,
        allowed: |file| file.path == "platform/src/tenant_tx.rs" || file.is_under("migrations") || file.is_test(),
        reason: "a connection is bound to a tenant by TenantTx only; another way could leak one tenant's rows to the next",
    },
    Ban {
        rule: "clock",
        needles: &["Utc::now", "Local::now", "SystemTime::now", "Uuid::now_v7", "Uuid::new_v4"],
        within: Within::Code,
        allowed: |file| file.path == "platform/src/clock.rs",
        reason: "time and fresh ids come from platform/src/clock.rs, so that tests and simulations can set them",
    },
    Ban {
        rule: "environment",
        needles: &["env::var", "env::vars", "env::var_os", "env::vars_os"],
        within: Within::Code,
        allowed: |file| is_config(file) || file.is_under("xtask") || file.is_under("bench") || file.is_test(),
        reason: "settings are read and checked once, in platform::config",
    },
    Ban {
        rule: "unfinished",
        needles: &["TODO", "FIXME"],
        within: Within::Text,
        allowed: |_| false,
        reason: "finish it or leave it out; plans belong in the tracker",
    },
    Ban {
        rule: "unfinished",
        needles: &["todo!", "unimplemented!"],
        within: Within::Code,
        allowed: |_| false,
        reason: "code that is not there yet answers an error or is left out",
    },
    Ban {
        rule: "ignored-test",
        needles: &["#[ignore"],
        within: Within::Code,
        allowed: |_| false,
        reason: "a test that does not run proves nothing",
    },
    Ban {
        rule: "lint-allowed",
        needles: &["#[allow(", "#![allow("],
        within: Within::Code,
        allowed: |_| false,
        reason: "use #[expect(…, reason = \"…\")], which says why and warns when it is no longer needed",
    },
];

/// The one module that reads settings; it may have parts.
fn is_config(file: &File) -> bool {
    file.path == "platform/src/config.rs" || file.is_under("platform/src/config")
}

/// Nothing of the list above stands outside the places that are allowed it.
pub fn text_is_not_banned(repository: &Repository) -> Vec<Violation> {
    repository.files.iter().filter(|file| !file.is_under(RULES_FOLDER)).flat_map(check_file).collect()
}

fn check_file(file: &File) -> Vec<Violation> {
    let rust = (file.extension() == "rs").then(|| RustSource::new(&file.text));
    let statements = match file.extension() {
        "rs" => rust.as_ref().map(|source| source.code_and_strings.to_ascii_lowercase()),
        "sql" => Some(sql_code(&file.text)),
        _ => None,
    };
    let mut found = Vec::new();
    for ban in BANS.iter().filter(|ban| !(ban.allowed)(file)) {
        let text = match ban.within {
            Within::Code => rust.as_ref().map(|source| source.code.as_str()),
            Within::Statements => statements.as_deref(),
            Within::Text => Some(file.text.as_str()),
        };
        let Some(text) = text else { continue };
        for (needle, at) in ban.needles.iter().flat_map(|needle| occurrences(text, needle).map(move |at| (needle, at))) {
            let in_test = rust.as_ref().is_some_and(|source| source.is_test(at));
            if in_test && matches!(ban.rule, "tenant-binding" | "environment") {
                continue;
            }
            let reason = format!("`{needle}`: {}", ban.reason);
            found.push(Violation::error(ban.rule, &file.path, line_of(text, at), reason));
        }
    }
    found
}

/// Where the needle stands as whole words.
fn occurrences<'a>(text: &'a str, needle: &'a str) -> impl Iterator<Item = usize> + 'a {
    let bytes = text.as_bytes();
    let word_ends = needle.as_bytes().last().is_some_and(|byte| is_word(*byte));
    let word_starts = needle.as_bytes().first().is_some_and(|byte| is_word(*byte));
    text.match_indices(needle).map(|(at, _)| at).filter(move |at| {
        let before = !word_starts || *at == 0 || !is_word(bytes[at - 1]);
        before && (!word_ends || bytes.get(at + needle.len()).is_none_or(|byte| !is_word(*byte)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(path: &str, text: &str) -> Vec<&'static str> {
        text_is_not_banned(&Repository::of(&[(path, text)])).into_iter().map(|found| found.rule).collect()
    }

    #[test]
    fn tenants_are_bound_in_one_place() {
        let text = "sqlx::query(\"SET LOCAL app.tenant_id = 'x'\")";
        assert_eq!(rules("gateway/src/a.rs", text), ["tenant-binding"]);
        assert_eq!(rules("gateway/src/a.rs", "q(\"select set_config('app.tenant_id', $1, true)\")"), ["tenant-binding"]);
        assert_eq!(rules("infra/a.sql", "set app.tenant_id = 'x';"), ["tenant-binding"]);
        for fine in ["platform/src/tenant_tx.rs", "platform/tests/it/main.rs", "migrations/0001_log.sql"] {
            assert_eq!(rules(fine, text), [""; 0], "{fine}");
        }
        assert_eq!(rules("gateway/src/a.rs", "// SET LOCAL is done elsewhere"), [""; 0]);
    }

    #[test]
    fn the_clock_and_the_environment_are_read_in_one_place() {
        assert_eq!(rules("gateway/src/a.rs", "let now = chrono::Utc::now();\nlet id = Uuid::now_v7();"), ["clock", "clock"]);
        assert_eq!(rules("platform/src/clock.rs", "Utc::now()"), [""; 0]);
        assert_eq!(rules("gateway/src/a.rs", "std::env::var(\"X\")"), ["environment"]);
        assert_eq!(rules("gateway/src/a.rs", "env::var_os(\"X\")"), ["environment"]);
        assert_eq!(rules("gateway/src/a.rs", "#[cfg(test)]\nmod tests { fn f() { env::var(\"X\") } }"), [""; 0]);
        assert_eq!(rules("platform/src/config.rs", "std::env::var(\"X\")"), [""; 0]);
        assert_eq!(rules("gateway/src/a.rs", "my_env::variable()"), [""; 0]);
    }

    #[test]
    fn nothing_is_left_for_later() {
        assert_eq!(rules("docs/a.md", "TODO: more"), ["unfinished"]);
        assert_eq!(rules("web/a.ts", "// FIXME"), ["unfinished"]);
        assert_eq!(rules("cli/src/a.rs", "fn f() { todo!() }"), ["unfinished"]);
        assert_eq!(rules("cli/src/a.rs", "fn f() { unimplemented!(\"x\") }"), ["unfinished"]);
        assert_eq!(rules("web/a.ts", "const todo = MYTODOS"), [""; 0]);
    }

    #[test]
    fn tests_run_and_lints_are_expected_not_allowed() {
        assert_eq!(rules("cli/src/a.rs", "#[ignore]\nfn f() {}"), ["ignored-test"]);
        assert_eq!(rules("cli/src/a.rs", "#[ignore = \"slow\"]\nfn f() {}"), ["ignored-test"]);
        assert_eq!(rules("cli/src/a.rs", "#![allow(dead_code)]"), ["lint-allowed"]);
        assert_eq!(rules("cli/src/a.rs", "#[allow(dead_code)]\nfn f() {}"), ["lint-allowed"]);
        assert_eq!(rules("cli/src/a.rs", "#[expect(dead_code, reason = \"#[allow(\")]\nfn f() {}"), [""; 0]);
    }
}
