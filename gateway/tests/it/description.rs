//! `clients/openapi.json`, from which clients are generated, is the description that is served. `make clients` has this test write it.

use platform::config;
use projections::contexts::CONTEXTS;
use serde_json::{Value, json};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../clients/openapi.json");
/// Down to operations and schemas.
const DEPTH: usize = 3;

/// JSON with a line for each member down to a depth: differences can be read, and the file stays small.
fn by_lines(value: &Value, depth: usize, indent: usize) -> String {
    let members = match value.as_object() {
        Some(members) if depth > 0 && !members.is_empty() => members,
        _ => return value.to_string(),
    };
    let line = |(name, member): (&String, &Value)| format!("{:indent$} {}: {}", "", json!(name), by_lines(member, depth - 1, indent + 1));
    let lines: Vec<String> = members.iter().map(line).collect();
    format!("{{\n{}\n{:indent$}}}", lines.join(",\n"), "")
}

#[test]
fn members_have_lines_of_their_own_down_to_a_depth() {
    let value = json!({ "a": { "b": { "c": { "d": 1 } } }, "e": [1, { "f": 2 }], "g": {} });
    let text = by_lines(&value, 2, 0);
    assert_eq!(text, "{\n \"a\": {\n  \"b\": {\"c\":{\"d\":1}}\n },\n \"e\": [1,{\"f\":2}],\n \"g\": {}\n}");
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
}

#[test]
fn the_committed_description_is_what_is_served() {
    let served = by_lines(&gateway::openapi_document(CONTEXTS), DEPTH, 0) + "\n";
    if config::variable("NEUROOPS_DESCRIPTION").as_deref() == Some("write") {
        std::fs::write(FILE, &served).unwrap();
        return;
    }
    let committed = std::fs::read_to_string(FILE).unwrap_or_default();
    let differs = committed.lines().zip(served.lines()).find(|(old, new)| old != new);
    let place: String = differs.map_or("its end", |(_, new)| new).chars().take(200).collect();
    assert!(committed == served, "clients/openapi.json is out of date; run `make clients`. It differs at {place}");
}
