//! The committed tree `schemas/` says what the code does, and what was shipped stays readable. `cargo xtask schemas` runs these tests
//! so that they write what is new.

mod breaking;
mod evolution;
mod golden;
mod openapi;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use domain::kernel::wire_type;
use platform::config;
use projections::contexts::{CONTEXTS, domains};
use serde_json::Value;

use breaking::{Use, breaking};

/// What is done about a difference.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// It fails the test.
    Check,
    /// New and changed files are written, unless the change breaks somebody.
    Write,
    /// Also those of commands and answers that break somebody. Events never: what is stored stays.
    WriteBreaking,
}

/// The description of the HTTP interface. What of it breaks clients is told by the schemas of commands and answers.
const OPENAPI: &str = "openapi.json";

fn mode() -> Mode {
    match config::variable("NEUROOPS_SCHEMAS").as_deref() {
        Some("write") => Mode::Write,
        Some("write-breaking") => Mode::WriteBreaking,
        _ => Mode::Check,
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas")
}

/// The files below a folder, by path.
fn files(folder: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            found.extend(files(&path).into_iter().map(|(below, text)| (format!("{name}/{below}"), text)));
        } else {
            found.insert(name, std::fs::read_to_string(&path).unwrap());
        }
    }
    found
}

fn write(path: &str, text: &str) {
    let path = root().join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}

fn json(path: &str, text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("schemas/{path} is not JSON: {error}"))
}

/// What would break those who rely on the committed tree; of events, and of commands and answers.
fn breaks(committed: &BTreeMap<String, String>, generated: &BTreeMap<String, String>) -> (Vec<String>, Vec<String>) {
    let (mut events, mut others) = (Vec::new(), Vec::new());
    for (path, text) in committed.iter().filter(|(path, _)| Path::new(path).extension().is_some_and(|extension| extension == "json")) {
        let old = json(path, text);
        let new = generated.get(path).map_or(Value::Null, |text| json(path, text));
        let purpose = match path.rsplit('/').next() {
            Some("commands.json") => Use::Taken,
            Some("answers.json") => Use::Given,
            _ => Use::Stored,
        };
        if purpose == Use::Stored {
            if new.is_null() {
                events.push(format!("schemas/{path}: the program does not know this version of the event, and events of it are stored"));
            } else {
                events.extend(breaking(&old, &new, purpose).into_iter().map(|change| format!("schemas/{path}: {change}")));
            }
            continue;
        }
        for (name, old) in old["$defs"].as_object().unwrap() {
            match new["$defs"].get(name) {
                None => others.push(format!("schemas/{path}: {name} was removed")),
                Some(new) => {
                    others.extend(breaking(old, new, purpose).into_iter().map(|change| format!("schemas/{path}: {name}: {change}")));
                }
            }
        }
    }
    (events, others)
}

#[test]
fn committed_schemas_are_those_of_the_code_and_break_nobody() {
    let mode = mode();
    let mut generated = gateway::schema_files(CONTEXTS);
    let mut committed = files(&root());
    committed.retain(|path, _| !path.starts_with("golden/") && path != "README.md");
    let described = committed.remove(OPENAPI);
    let (events, others) = breaks(&committed, &generated);
    generated.insert(OPENAPI.to_owned(), openapi::committed());
    committed.extend(described.map(|text| (OPENAPI.to_owned(), text)));
    assert!(
        events.is_empty(),
        "these changes break events that are stored, or their readers; give the event a new version, with the committed schema as its past \
         one (docs/schemas.md):\n{}",
        events.join("\n")
    );
    assert!(
        others.is_empty() || mode == Mode::WriteBreaking,
        "these changes break clients; add instead of changing, or, if all clients follow, say so in CHANGELOG.md and run `cargo xtask schemas \
         --breaking`:\n{}",
        others.join("\n")
    );
    let differs: Vec<&str> =
        generated.iter().filter(|(path, text)| committed.get(*path) != Some(text)).map(|(path, _)| path.as_str()).collect();
    let stale: Vec<&str> = committed.keys().filter(|path| !generated.contains_key(*path)).map(String::as_str).collect();
    if mode == Mode::Check {
        assert!(
            differs.is_empty() && stale.is_empty(),
            "run `cargo xtask schemas` and commit what it writes: the code says something else than these files of schemas/\n{}",
            [differs, stale].concat().join("\n")
        );
        return;
    }
    for path in differs {
        write(path, &generated[path]);
    }
    for path in stale {
        std::fs::remove_file(root().join(path)).unwrap();
    }
}

/// Whether all of `part` is in `whole`; what a program adds by default may be there besides, and what is empty may be left out.
fn holds(whole: &Value, part: &Value) -> bool {
    let is_empty = |value: &Value| match value {
        Value::Null => true,
        Value::Object(members) => members.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    };
    match (whole, part) {
        (Value::Object(whole), Value::Object(part)) => {
            part.iter().all(|(name, value)| whole.get(name).map_or_else(|| is_empty(value), |found| holds(found, value)))
        }
        (Value::Array(whole), Value::Array(part)) => {
            whole.len() == part.len() && whole.iter().zip(part).all(|(whole, part)| holds(whole, part))
        }
        _ => whole == part,
    }
}

/// Why an example of an event cannot be relied on, if it cannot.
fn unread(event: &gateway::EventSchema, payload: &Value) -> Result<(), String> {
    let context = domains().into_iter().find(|context| context.name == event.context).expect("the context is listed");
    let aggregate = context.aggregate(event.aggregate).expect("the aggregate is there");
    let version = event.version.to_string();
    let read = aggregate.read(event.name, &version, &payload.to_string());
    let read = read.map_err(|error| match std::error::Error::source(&error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    })?;
    let again: Value = serde_json::from_str(&read.payload().unwrap()).unwrap();
    if event.written && !holds(&again, payload) {
        return Err(format!("something is lost when it is read: {again}"));
    }
    aggregate.apply(&mut aggregate.empty(), event.name, &version, &payload.to_string()).map_err(|error| error.to_string())
}

#[test]
fn golden_events_of_every_version_are_read() {
    let mode = mode();
    let mut committed = files(&root().join("golden"));
    let mut faults = Vec::new();
    for event in gateway::event_schemas(CONTEXTS) {
        let path = event.file();
        let golden = match committed.remove(&path) {
            Some(text) => json(&path, &text),
            None if mode == Mode::Check => {
                faults.push(format!("{path}: there is none; run `cargo xtask schemas` and commit what it writes"));
                continue;
            }
            None => {
                let samples = Value::Array(golden::samples(&event.schema));
                write(&format!("golden/{path}"), &format!("{samples:#}\n"));
                samples
            }
        };
        let golden = golden.as_array().filter(|golden| !golden.is_empty()).unwrap_or_else(|| panic!("{path} has no events"));
        for payload in golden {
            if let Err(fault) = unread(&event, payload) {
                faults.push(format!("{path}: {fault}\n  {payload}"));
            }
        }
    }
    faults.extend(committed.keys().map(|path| format!("{path}: the program does not know this version of the event any more")));
    assert!(faults.is_empty(), "golden events are never changed, and are read forever; {} are not\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn every_past_version_has_an_upcaster_and_its_own_schema() {
    for context in domains() {
        for aggregate in (context.aggregates)() {
            for def in aggregate.events() {
                assert_eq!(def.past.len() + 1, def.version as usize, "{}: a past version for each version before today's", def.name);
                for (version, past) in (1..).zip(def.past) {
                    let schema = json(def.name, past.schema);
                    assert_eq!(
                        schema["title"],
                        wire_type(context.name, def.name, &u32::to_string(&version)),
                        "the schema of another version"
                    );
                }
            }
        }
    }
}

#[test]
fn an_event_cannot_be_changed_or_taken_away_without_a_new_version() {
    let generated = gateway::schema_files(CONTEXTS);
    let mut committed = generated.clone();
    let (path, text) = committed.iter_mut().find(|(path, _)| path.ends_with("/deal_won.v1.json")).unwrap();
    let (path, mut schema) = (path.clone(), json(path, text));
    schema["properties"]["regretted"] = Value::Bool(true);
    *text = schema.to_string();
    committed.insert("crm/deal_vanished.v1.json".to_owned(), schema.to_string());
    let (events, others) = breaks(&committed, &generated);
    assert_eq!(events.len(), 2, "{events:?}");
    assert!(events[0].contains("deal_vanished.v1.json: the program does not know"), "{events:?}");
    assert_eq!(events[1], format!("schemas/{path}: regretted was removed"));
    assert!(others.is_empty());
}

#[test]
fn commands_and_answers_cannot_be_taken_away_unnoticed() {
    let committed = gateway::schema_files(CONTEXTS);
    let mut generated = committed.clone();
    for (path, name) in [("crm/commands.json", "crm.deal.win"), ("crm/answers.json", "crm.deal-list")] {
        let mut bundle = json(path, &generated[path]);
        bundle["$defs"].as_object_mut().unwrap().remove(name).unwrap();
        generated.insert(path.to_owned(), bundle.to_string());
    }
    let (events, others) = breaks(&committed, &generated);
    assert_eq!(others, ["schemas/crm/answers.json: crm.deal-list was removed", "schemas/crm/commands.json: crm.deal.win was removed"]);
    assert!(events.is_empty());
}

#[test]
fn the_topics_are_described_as_the_relay_writes_them() {
    let document = &gateway::schema_files(CONTEXTS)["asyncapi.yaml"];
    let event = domain::kernel::RecordedEvent {
        context: "crm".to_owned(),
        partition: 0,
        position: 1,
        event_id: uuid::Uuid::nil(),
        tenant_id: domain::kernel::TenantId(uuid::Uuid::nil()),
        aggregate_type: "deal".to_owned(),
        aggregate_id: "d".to_owned(),
        sequence: 1,
        event_type: "deal_won".to_owned(),
        event_version: "1".to_owned(),
        payload: "{}".to_owned(),
        metadata: r#"{"causation_id":"c","traceparent":"t"}"#.to_owned(),
        recorded_at: chrono::DateTime::UNIX_EPOCH,
    };
    let described = document.split("messageTraits:").nth(1).unwrap();
    let headers = workers::relay::record_headers(&event);
    assert_eq!(headers.len(), 16);
    for (name, _) in headers {
        assert!(described.contains(&format!("{name}:\n")), "{name} is not described");
    }
    let (_, dataschema) = workers::relay::record_headers(&event).into_iter().find(|(name, _)| *name == "ce_dataschema").unwrap();
    assert_eq!(dataschema, "/schemas/crm.deal_won.v1.json");
    for context in domains() {
        assert!(document.contains(&format!("address: \"{{prefix}}.{}\"", context.name)), "{}", context.name);
    }
}
