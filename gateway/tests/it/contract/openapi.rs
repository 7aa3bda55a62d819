//! `schemas/openapi.json`, from which clients are generated, is the description that is served.

use projections::contexts::CONTEXTS;
use serde_json::{Value, json};

/// Down to operations and schemas.
const DEPTH: usize = 3;

/// The description as it is committed.
pub fn committed() -> String {
    by_lines(&gateway::openapi_document(CONTEXTS), DEPTH, 0) + "\n"
}

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
