//! Writes the skeleton of a bounded context, which compiles and passes its tests, and enters it into the lists.
//!
//! `docs/adding-a-context.md` is the checklist of what then follows by hand.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::repository;

/// What the command line says.
#[derive(clap::Args)]
pub struct Args {
    /// Name of the context: one word in small letters, the field's own term. It becomes a module, a URL segment, a topic and a prefix of tables.
    name: String,
    /// The first aggregate: one word in small letters.
    #[arg(long, default_value = "item")]
    aggregate: String,
    /// Another checkout than this one.
    #[arg(long, hide = true)]
    root: Option<PathBuf>,
}

/// The longest name; tables add the aggregate and a version and stay within the 63 bytes that Postgres keeps.
const NAME_LENGTH_MAX: usize = 20;

/// Names that mean something else as a topic, a URL segment, a schema or a module.
const RESERVED: [&str; 22] = [
    "audit",
    "checkpoints",
    "commands",
    "context",
    "contexts",
    "docs",
    "events",
    "external",
    "health",
    "kernel",
    "log",
    "metrics",
    "model",
    "platform",
    "projections",
    "public",
    "queries",
    "rejections",
    "runtime",
    "schemas",
    "testing",
    "tests",
];

/// Keywords of Rust that the check of letters lets through.
const KEYWORDS: [&str; 49] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do", "dyn", "else", "enum", "extern",
    "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod", "move", "mut", "override", "priv",
    "pub", "ref", "return", "self", "static", "struct", "super", "trait", "true", "try", "type", "typeof", "unsafe", "use", "virtual",
    "where", "while",
];

type Enter = fn(&str, &str) -> Option<String>;

/// The files that name every context, and how a new one is entered into each.
const LISTINGS: [(&str, Enter); 3] =
    [("domain/src/lib.rs", enter_module), ("projections/src/lib.rs", enter_module), ("projections/src/contexts.rs", enter_list)];

const CONTEXT: &str = include_str!("../templates/context.rs.tmpl");
const AGGREGATE: &str = include_str!("../templates/aggregate.rs.tmpl");
const PROJECTIONS: &str = include_str!("../templates/projections.rs.tmpl");
const READ_MODEL: &str = include_str!("../templates/read_model.rs.tmpl");
const MIGRATION: &str = include_str!("../templates/migration.sql.tmpl");

/// Writes the skeleton and says what was done.
pub fn run(args: &Args) -> Result<()> {
    let root = args.root.clone().unwrap_or_else(repository::root);
    let report = create(&root, &args.name, &args.aggregate)?;
    let formatted = Command::new("cargo").arg("fmt").args(["-p", "domain", "-p", "projections"]).current_dir(&root).status();
    for line in report {
        println!("{line}");
    }
    if !formatted.is_ok_and(|status| status.success()) {
        println!("next    run `cargo fmt --all`");
    }
    println!("next    docs/adding-a-context.md");
    Ok(())
}

fn create(root: &Path, name: &str, aggregate: &str) -> Result<Vec<String>> {
    check_name("context", name)?;
    check_name("aggregate", aggregate)?;
    ensure!(name != aggregate, "the aggregate needs a name other than the context's");
    for folder in ["domain/src", "projections/src"] {
        for path in [format!("{folder}/{name}"), format!("{folder}/{name}.rs")] {
            ensure!(!root.join(&path).exists(), "there is a context `{name}` already: {path} exists");
        }
    }
    let listings = LISTINGS.map(|(path, enter)| {
        let text = fs::read_to_string(root.join(path)).with_context(|| format!("cannot read {path}"));
        (path, text.and_then(|text| enter(&text, name).with_context(|| format!("{path} has no list to add `{name}` to"))))
    });
    let migration = format!("migrations/{:04}_{name}.sql", next_migration(root)?);
    let files = [
        (format!("domain/src/{name}/mod.rs"), CONTEXT),
        (format!("domain/src/{name}/{aggregate}.rs"), AGGREGATE),
        (format!("projections/src/{name}/mod.rs"), PROJECTIONS),
        (format!("projections/src/{name}/{aggregate}_list.rs"), READ_MODEL),
        (migration, MIGRATION),
    ];
    let mut report = Vec::new();
    let listings = listings.into_iter().map(|(path, text)| Ok((path, text?))).collect::<Result<Vec<_>>>()?;
    for (path, text) in listings {
        fs::write(root.join(path), text).with_context(|| format!("cannot write {path}"))?;
        report.push(format!("changed {path}"));
    }
    for (path, template) in files {
        let full = root.join(&path);
        fs::create_dir_all(full.parent().unwrap_or(root))?;
        fs::write(&full, fill(template, name, aggregate)).with_context(|| format!("cannot write {path}"))?;
        report.push(format!("wrote   {path}"));
    }
    Ok(report)
}

fn check_name(what: &str, name: &str) -> Result<()> {
    let letters = name.bytes().all(|byte| byte.is_ascii_lowercase());
    if !letters || name.len() < 2 || name.len() > NAME_LENGTH_MAX {
        bail!("`{name}` is not a name for the {what}: use one word of 2 to {NAME_LENGTH_MAX} small letters, a to z");
    }
    ensure!(!KEYWORDS.contains(&name), "`{name}` is a keyword of Rust; find another word");
    ensure!(!RESERVED.contains(&name), "`{name}` means something else on this platform; find another word");
    Ok(())
}

fn fill(template: &str, context: &str, aggregate: &str) -> String {
    let (first, rest) = aggregate.split_at(1);
    let pascal = first.to_ascii_uppercase() + rest;
    template.replace("{{context}}", context).replace("{{aggregate}}", aggregate).replace("{{Aggregate}}", &pascal)
}

/// The number after the highest in the folder.
fn next_migration(root: &Path) -> Result<u32> {
    let mut last = 0;
    for entry in fs::read_dir(root.join("migrations")).context("cannot read migrations")? {
        let name = entry?.file_name();
        let number = name.to_string_lossy().split('_').next().and_then(|number| number.parse().ok());
        last = last.max(number.unwrap_or(0));
    }
    Ok(last + 1)
}

/// Adds the module after the last public one.
fn enter_module(text: &str, name: &str) -> Option<String> {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let last = lines.iter().rposition(|line| line.starts_with("pub mod ") && line.ends_with(';'))?;
    lines.insert(last + 1, format!("pub mod {name};"));
    Some(lines.join("\n") + "\n")
}

/// Adds the entry after the last one of the list of contexts.
fn enter_list(text: &str, name: &str) -> Option<String> {
    let entry = "::CONTEXT";
    let (before, after) = text.split_at(text.rfind(&format!("{entry}]")).or_else(|| text.rfind(&format!("{entry},")))? + entry.len());
    Some(format!("{before}, crate::{name}{entry}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repository::Repository;
    use crate::tidy::violations;

    /// A checkout with what the skeleton is added to.
    struct Checkout(PathBuf);

    impl Checkout {
        fn new(name: &str) -> Self {
            let root = std::env::temp_dir().join(format!("neuroops-new-context-{}-{name}", std::process::id()));
            for folder in ["domain/src/kernel", "projections/src", "migrations"] {
                fs::create_dir_all(root.join(folder)).unwrap();
            }
            for (path, text) in [
                ("domain/src/lib.rs", "pub mod kernel;\n\npub mod crm;\n"),
                ("projections/src/lib.rs", "pub mod contexts;\n\npub mod crm;\n"),
                ("projections/src/contexts.rs", "pub const CONTEXTS: &[ContextEntry] = &[crate::crm::CONTEXT];\n"),
            ] {
                fs::write(root.join(path), text).unwrap();
            }
            fs::write(root.join("migrations/0001_log.sql"), "").unwrap();
            Self(root)
        }

        fn read(&self, path: &str) -> String {
            fs::read_to_string(self.0.join(path)).unwrap()
        }
    }

    impl Drop for Checkout {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn the_skeleton_is_listed_complete_and_tidy() {
        let checkout = Checkout::new("complete");
        create(&checkout.0, "fleet", "truck").unwrap();
        assert_eq!(checkout.read("domain/src/lib.rs"), "pub mod kernel;\n\npub mod crm;\npub mod fleet;\n");
        assert_eq!(checkout.read("projections/src/lib.rs"), "pub mod contexts;\n\npub mod crm;\npub mod fleet;\n");
        assert!(checkout.read("projections/src/contexts.rs").contains("&[crate::crm::CONTEXT, crate::fleet::CONTEXT];"));
        assert!(checkout.read("migrations/0002_fleet.sql").contains("fleet_truck_list_v1"));
        let repository = Repository::load(&checkout.0).unwrap();
        assert!(repository.files.iter().all(|file| !file.text.contains("{{")), "every placeholder is filled");
        assert!(repository.contexts().contains(&"fleet"));
        assert!(violations(&repository).is_empty());
    }

    #[test]
    fn a_list_over_several_lines_is_extended_too() {
        let text = "const A: &[E] = &[\n    crate::a::CONTEXT,\n    crate::b::CONTEXT,\n];\n";
        assert_eq!(
            enter_list(text, "c").unwrap(),
            "const A: &[E] = &[\n    crate::a::CONTEXT,\n    crate::b::CONTEXT, crate::c::CONTEXT,\n];\n"
        );
        assert_eq!(enter_list("const A: u8 = 1;", "c"), None);
    }

    #[test]
    fn bad_and_existing_names_are_refused_before_anything_is_written() {
        let checkout = Checkout::new("refused");
        fs::create_dir(checkout.0.join("domain/src/crm")).unwrap();
        let refused = |name: &str| create(&checkout.0, name, "item").unwrap_err().to_string();
        for name in ["", "x", "Fleet", "my-fleet", "my_fleet", "fleet2", "../fleet", "averyveryverylongname"] {
            assert!(refused(name).contains("small letters"), "{name}");
        }
        assert!(refused("match").contains("keyword"));
        assert!(refused("kernel").contains("something else"));
        assert!(refused("item").contains("other than"));
        assert!(refused("crm").contains("already"));
        assert_eq!(fs::read_dir(checkout.0.join("migrations")).unwrap().count(), 1);
    }
}
