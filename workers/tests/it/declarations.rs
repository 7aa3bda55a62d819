//! What the contexts that ship declare for the workers is there: events, tables, aggregates and commands of these names.

use std::collections::HashSet;
use std::path::Path;

use domain::kernel::{AggregateId, AggregateType, CommandDef, Creation};
use domain::processes::PROCESSES;
use platform::testing::TestDatabase;
use projections::contexts::{context_types, domains, projections};

fn command(context: &str, aggregate: &str, command: &str) -> Option<&'static CommandDef> {
    let context = domains().into_iter().find(|def| def.name == context)?;
    context.aggregate(aggregate)?.commands().iter().find(|def| def.name == command)
}

#[test]
fn processes_react_to_events_that_there_are() {
    let mut names = HashSet::new();
    for process in PROCESSES {
        assert!(names.insert(process.name), "{} is listed once", process.name);
        assert!(process.name.split_once('.').is_some() && !process.summary.is_empty() && !process.reacts_to.is_empty(), "{}", process.name);
        for wire in process.reacts_to {
            let (context, name) = wire.split_once('.').expect("a context and a name");
            let known = domains().into_iter().filter(|def| def.name == context).flat_map(|def| (def.aggregates)());
            let known = known.flat_map(AggregateType::events).any(|event| event.name == name);
            assert!(known, "{} reacts to {wire}, which no aggregate has", process.name);
        }
    }
}

/// The sources of what measures.
fn sources(folder: &Path) -> String {
    let mut text = String::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            text += &sources(&path);
        } else {
            text += &std::fs::read_to_string(&path).expect("a source");
        }
    }
    text
}

#[test]
fn alert_rules_and_dashboard_ask_for_what_is_measured() {
    const RULES: &str = include_str!("../../../infra/prometheus/alerts.yml");
    const DASHBOARD: &str = include_str!("../../../infra/grafana/neuroops.json");
    let crates = ["commands", "gateway", "platform", "projections", "workers"];
    let measured: String =
        crates.iter().map(|name| sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name).join("src"))).collect();
    let gauges: HashSet<&str> = projections().iter().flat_map(|projection| projection.gauges()).map(|gauge| gauge.name).collect();
    let mut expressions: Vec<String> = RULES.lines().filter_map(|line| line.trim().strip_prefix("expr: ").map(str::to_owned)).collect();
    assert_eq!(expressions.len(), RULES.matches("- alert:").count());
    let dashboard: serde_json::Value = serde_json::from_str(DASHBOARD).expect("JSON");
    let panels = dashboard["panels"].as_array().expect("panels").iter();
    let targets = panels.flat_map(|panel| panel["targets"].as_array().into_iter().flatten());
    expressions.extend(targets.map(|target| target["expr"].as_str().expect("an expression").to_owned()));
    assert!(expressions.len() > 40);
    for expression in expressions {
        let mut names = expression.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|word| word.starts_with("neuroops_"));
        let known = |name: &str| {
            let histogram = ["_bucket", "_count", "_sum"].iter().find_map(|part| name.strip_suffix(part)).unwrap_or(name);
            gauges.contains(name) || measured.contains(&format!("!(\"{histogram}\""))
        };
        assert!(names.clone().count() > 0 && names.all(known), "{expression}");
    }
}

#[test]
fn setup_commands_decode() {
    for context in domains() {
        for def in context.setup {
            let name = format!("{}/{}/{}", context.name, def.aggregate, def.command);
            assert!(command(context.name, def.aggregate, def.command).is_some(), "{name} is a command");
            assert!(def.id.parse::<AggregateId>().is_ok(), "{name}: {}", def.id);
            assert!(serde_json::from_str::<serde_json::Value>(def.body).is_ok_and(|body| body.is_object()), "{name}: {}", def.body);
        }
    }
}

#[tokio::test]
async fn due_commands_have_their_table_their_index_and_no_fields() {
    const DUE_AT: &str = "SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = $1::regclass AND attname = 'due_at'";
    const INDEX: &str = "SELECT EXISTS (SELECT FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0] \
        WHERE i.indrelid = ($1 || '_v1')::regclass AND a.attname = 'due_at')";
    let db = TestDatabase::create(&context_types()).await;
    for (context, def) in domains().into_iter().flat_map(|context| context.due.iter().map(move |def| (context.name, def))) {
        let name = format!("{context}.{}.{}", def.aggregate, def.command);
        let found = command(context, def.aggregate, def.command).unwrap_or_else(|| panic!("{name} is no command"));
        assert_eq!(found.creation, Creation::Requires, "{name} works on what exists");
        let kind: Option<String> = sqlx::query_scalar(DUE_AT).bind(def.table).fetch_optional(&db.worker).await.expect("a catalogue");
        assert_eq!(kind.as_deref(), Some("timestamp with time zone"), "{name}: due_at of {}", def.table);
        let indexed: bool = sqlx::query_scalar(INDEX).bind(def.table).fetch_one(&db.worker).await.expect("a catalogue");
        assert!(indexed, "{name}: no index on {} begins with due_at", def.table);
    }
    db.drop().await;
}
