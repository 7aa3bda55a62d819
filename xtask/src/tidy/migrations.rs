//! Migrations: numbered, protective of tenants, and never silent about a conflict in the log.

use super::Violation;
use crate::repository::{File, Repository};
use crate::source::{group_end, line_of, sql_code, words};

const FOLDER: &str = "migrations";

/// Last parts of the names under which the event log's table may stand.
const EVENT_TABLES: [&str; 3] = ["events", "event_log", "log_events"];

fn migrations(repository: &Repository) -> impl Iterator<Item = &File> {
    repository.files.iter().filter(|file| file.is_under(FOLDER) && file.extension() == "sql")
}

/// Migrations are numbered 1, 2, 3 … in their file names.
pub fn numbers_have_no_gaps(repository: &Repository) -> Vec<Violation> {
    const RULE: &str = "migration-number";
    let mut found = Vec::new();
    let mut numbered: Vec<(u64, &File)> = Vec::new();
    for file in migrations(repository) {
        let name = &file.path[FOLDER.len() + 1..];
        let (number, rest) = name.split_once('_').unwrap_or_default();
        match number.parse() {
            // The way down of a migration shares the number of its way up.
            Ok(_) if rest.ends_with(".down.sql") => {}
            Ok(number) => numbered.push((number, file)),
            Err(_) => found.push(Violation::error(RULE, &file.path, 1, "a migration is named `<number>_<what it does>.sql`")),
        }
    }
    numbered.sort_by_key(|(number, _)| *number);
    for (expected, (number, file)) in (1..).zip(numbered) {
        if number != expected {
            let reason = format!("the number is {number} where {expected} comes next; numbers have no gaps and no doubles");
            found.push(Violation::error(RULE, &file.path, 1, reason));
            break;
        }
    }
    found
}

/// A migration that makes a table with tenants' data enables and forces row level security on it.
pub fn tenant_tables_are_protected(repository: &Repository) -> Vec<Violation> {
    let mut found = Vec::new();
    for file in migrations(repository) {
        let sql = sql_code(&file.text);
        for (at, table) in tenant_tables(&sql) {
            let missing: Vec<&str> = ["enable", "force"].into_iter().filter(|verb| !secures(&sql, verb, &table)).collect();
            if !missing.is_empty() {
                let reason = format!(
                    "`{table}` has a tenant_id and lacks {} ROW LEVEL SECURITY in this file (or `neuroops_protect('{table}')`)",
                    missing.join(" and ").to_ascii_uppercase()
                );
                found.push(Violation::error("row-security", &file.path, line_of(&sql, at), reason));
            }
        }
    }
    found
}

/// Name and place of each table that is made with a column `tenant_id`.
fn tenant_tables(sql: &str) -> Vec<(usize, String)> {
    let mut tables = Vec::new();
    for at in words(sql, "table") {
        if !sql[..at].trim_end().ends_with("create") && !sql[..at].trim_end().ends_with("unlogged") {
            continue;
        }
        let rest = sql[at + "table".len()..].trim_start();
        let rest = rest.strip_prefix("if not exists").unwrap_or(rest).trim_start();
        let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || "_.\"".contains(*c)).collect();
        let from = sql.len() - rest.len() + name.len();
        // A partition has no column list; a table made from a query has none either.
        if name.is_empty() || !sql[from..].trim_start().starts_with('(') {
            continue;
        }
        let open = from + sql[from..].find('(').unwrap_or_default();
        if words(&sql[open..group_end(sql, open)], "tenant_id").next().is_some() {
            tables.push((at, name.replace('"', "")));
        }
    }
    tables
}

/// Whether a statement of the file gives the table that kind of row level security.
fn secures(sql: &str, verb: &str, table: &str) -> bool {
    let security = format!("{verb} row level security");
    let bare = table.rsplit('.').next().unwrap_or(table);
    let calls = |helper: &str, name: &str| sql.contains(&format!("{helper}('{name}'"));
    let helper = calls("neuroops_protect", table) || calls("neuroops_protect", bare);
    let read_model = bare.strip_suffix("_v1").is_some_and(|model| calls("declare_read_model", model));
    let quoted = sql.contains(&format!("'{table}'")) || sql.contains(&format!("'{bare}'"));
    let stated = sql.split(';').filter(|statement| statement.contains(&security)).any(|statement| {
        let direct = statement.contains("alter table") && [table, bare].iter().any(|name| whole(statement, name));
        // A loop over quoted names that formats the statement.
        direct || (statement.contains("format(") && quoted)
    });
    helper || read_model || stated
}

fn whole(text: &str, name: &str) -> bool {
    words(text, name).next().is_some()
}

/// An insert into the event log never swallows a conflict.
pub fn events_are_never_dropped_silently(repository: &Repository) -> Vec<Violation> {
    let mut found = Vec::new();
    for file in migrations(repository) {
        let sql = sql_code(&file.text);
        for at in words(&sql, "insert") {
            let statement = &sql[at..sql[at..].find(';').map_or(sql.len(), |end| at + end)];
            let Some(target) = statement["insert".len()..].trim_start().strip_prefix("into") else { continue };
            let name = target.trim_start().split(|c: char| !(c.is_alphanumeric() || "_.\"".contains(c))).next().unwrap_or_default();
            let table = name.rsplit('.').next().unwrap_or_default().trim_matches('"');
            let squeezed = statement.split_whitespace().collect::<Vec<_>>().join(" ");
            if EVENT_TABLES.contains(&table) && squeezed.contains("on conflict") && squeezed.contains("do nothing") {
                let reason = "an event that conflicts would vanish without a word; let the insert fail";
                found.push(Violation::error("event-conflict", &file.path, line_of(&sql, at), reason));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(rule: fn(&Repository) -> Vec<Violation>, sql: &str) -> Vec<usize> {
        rule(&Repository::of(&[("migrations/0001_a.sql", sql)])).into_iter().map(|found| found.line).collect()
    }

    #[test]
    fn gaps_doubles_and_missing_numbers_are_found() {
        let of = |names: &[&str]| {
            let files: Vec<_> = names.iter().map(|name| (*name, "")).collect();
            numbers_have_no_gaps(&Repository::of(&files)).len()
        };
        assert_eq!(of(&["migrations/0001_a.sql", "migrations/0002_b.up.sql", "migrations/0002_b.down.sql", "migrations/README.md"]), 0);
        assert_eq!(of(&["migrations/0001_a.sql", "migrations/0003_b.sql"]), 1);
        assert_eq!(of(&["migrations/0001_a.sql", "migrations/0001_b.sql"]), 1);
        assert_eq!(of(&["migrations/a.sql"]), 1);
    }

    #[test]
    fn unprotected_tenant_tables_are_found() {
        let rule = tenant_tables_are_protected;
        let table = "-- a\nCREATE TABLE IF NOT EXISTS t_v1 (\n  tenant_id uuid NOT NULL,\n  PRIMARY KEY (tenant_id)\n);\n";
        assert_eq!(check(rule, table), [2]);
        assert_eq!(check(rule, &format!("{table}ALTER TABLE t_v1 ENABLE ROW LEVEL SECURITY;")), [2]);
        assert_eq!(
            check(rule, &format!("{table}ALTER TABLE t_v1 ENABLE ROW LEVEL SECURITY; -- ALTER TABLE t_v1 FORCE ROW LEVEL SECURITY;")),
            [2]
        );
        let other = format!("{table}ALTER TABLE t_v10 ENABLE ROW LEVEL SECURITY; ALTER TABLE t_v10 FORCE ROW LEVEL SECURITY;");
        assert_eq!(check(rule, &other), [2]);
    }

    #[test]
    fn protected_tables_and_tables_without_tenants_are_fine() {
        let rule = tenant_tables_are_protected;
        let table = "CREATE TABLE app.t_v1 (tenant_id uuid);";
        for protection in [
            "ALTER TABLE app.t_v1 ENABLE ROW LEVEL SECURITY; ALTER TABLE app.t_v1 FORCE ROW LEVEL SECURITY;",
            "SELECT public.neuroops_protect('app.t_v1', 'SELECT', '');",
            "SELECT runtime.declare_read_model('t', 'crm');",
            "DO $$ BEGIN FOREACH t IN ARRAY ARRAY['t_v1'] LOOP EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', t); END LOOP; END $$;",
        ] {
            assert_eq!(check(rule, &format!("{table}{protection}")), [0; 0], "{protection}");
        }
        assert_eq!(check(rule, "CREATE TABLE heads (partition int); CREATE TABLE p PARTITION OF t FOR VALUES IN (1);"), [0; 0]);
    }

    #[test]
    fn events_that_would_vanish_are_found() {
        let rule = events_are_never_dropped_silently;
        assert_eq!(check(rule, "INSERT INTO app.events (a)\nVALUES (1) ON CONFLICT (a)\n DO NOTHING;"), [1]);
        assert_eq!(check(rule, "INSERT INTO log_heads (a) VALUES (1) ON CONFLICT DO NOTHING;"), [0; 0]);
        assert_eq!(check(rule, "INSERT INTO events (a) VALUES (1);\nINSERT INTO x VALUES (1) ON CONFLICT DO NOTHING;"), [0; 0]);
    }
}
