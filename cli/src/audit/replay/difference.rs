//! What was, what is, and how they differ.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Map, Value, json};

/// Differences that are shown to people at most.
const SHOWN_MAX: usize = 50;

/// Something with a name.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    key: String,
    value: Value,
}

impl Row {
    /// A row of this name.
    pub fn new(key: impl Into<String>, value: Value) -> Self {
        Self { key: key.into(), value }
    }
}

/// What happened to a row since.
#[derive(Debug, PartialEq)]
enum Change {
    Added,
    Removed,
    /// Column or path, then and now.
    Changed(Vec<(String, Value, Value)>),
}

/// Rows as they were, and what has happened to them since.
#[derive(Debug)]
pub struct Difference {
    what: String,
    then: BTreeMap<String, Value>,
    changes: BTreeMap<String, Change>,
}

impl Difference {
    /// Compares.
    pub fn of(what: String, then: impl IntoIterator<Item = Row>, now: impl IntoIterator<Item = Row>) -> Self {
        let named = |row: Row| (row.key, row.value);
        let then: BTreeMap<String, Value> = then.into_iter().map(named).collect();
        let mut changes = BTreeMap::new();
        let mut gone: BTreeMap<&String, &Value> = then.iter().collect();
        for (key, value) in now.into_iter().map(named) {
            match gone.remove(&key) {
                None => drop(changes.insert(key, Change::Added)),
                Some(before) => {
                    let mut found = Vec::new();
                    compare("", before, &value, &mut found);
                    if !found.is_empty() {
                        changes.insert(key, Change::Changed(found));
                    }
                }
            }
        }
        changes.extend(gone.into_keys().map(|key| (key.clone(), Change::Removed)).collect::<Vec<_>>());
        Self { what, then, changes }
    }

    /// For people.
    pub fn to_text(&self, as_of: &str) -> String {
        let mut text = format!("As of {as_of}: {}.\n", self.what);
        if self.changes.is_empty() {
            text.push_str("Nothing differs from now.");
            return text;
        }
        for (key, change) in self.changes.iter().take(SHOWN_MAX) {
            match change {
                Change::Added => drop(writeln!(text, "+ {key}   is there now, was not then")),
                Change::Removed => drop(writeln!(text, "- {key}   was there then, is gone now")),
                Change::Changed(found) => {
                    let _ = writeln!(text, "~ {key}");
                    for (path, then, now) in found {
                        let _ = writeln!(text, "    {path}: {then} then, {now} now");
                    }
                }
            }
        }
        let _ = write!(text, "{} differ.", self.changes.len());
        if self.changes.len() > SHOWN_MAX {
            let _ = write!(text, " {SHOWN_MAX} are shown; --json shows all.");
        }
        text
    }

    /// For programs.
    pub fn to_json(&self) -> String {
        let changes: Map<String, Value> = self.changes.iter().map(|(key, change)| (key.clone(), shown(change))).collect();
        json!({ "summary": self.what, "then": self.then, "differences": changes }).to_string()
    }
}

fn shown(change: &Change) -> Value {
    match change {
        Change::Added => json!("added"),
        Change::Removed => json!("removed"),
        Change::Changed(found) => {
            found.iter().map(|(path, then, now)| (path.clone(), json!({ "then": then, "now": now }))).collect::<Map<_, _>>().into()
        }
    }
}

fn compare(path: &str, then: &Value, now: &Value, found: &mut Vec<(String, Value, Value)>) {
    let (Value::Object(before), Value::Object(after)) = (then, now) else {
        if then != now {
            found.push((path.to_owned(), then.clone(), now.clone()));
        }
        return;
    };
    let names = before.keys().chain(after.keys().filter(|name| !before.contains_key(*name)));
    for name in names {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        compare(&path, before.get(name).unwrap_or(&Value::Null), after.get(name).unwrap_or(&Value::Null), found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_went_and_changed_is_told() {
        let row = |key: &str, value: Value| Row::new(key, value);
        let then = [row("a", json!({ "n": 1, "deep": { "x": 1, "y": [1] } })), row("b", json!({})), row("same", json!({ "n": 1 }))];
        let now =
            [row("a", json!({ "n": 1, "deep": { "x": 2, "y": [1] }, "new": true })), row("c", json!({})), row("same", json!({ "n": 1 }))];
        let difference = Difference::of("rows".to_owned(), then.clone(), now);
        let told: Value = serde_json::from_str(&difference.to_json()).unwrap();
        let expected = json!({
            "a": { "deep.x": { "then": 1, "now": 2 }, "new": { "then": null, "now": true } }, "b": "removed", "c": "added"
        });
        assert_eq!(told["differences"], expected);
        assert_eq!(told["then"]["b"], json!({}));
        let text = difference.to_text("noon");
        assert!(
            text.contains("deep.x: 1 then, 2 now") && text.contains("- b") && text.contains("+ c") && text.ends_with("3 differ."),
            "{text}"
        );
        assert!(Difference::of("rows".to_owned(), then.clone(), then).to_text("noon").ends_with("Nothing differs from now."));
    }
}
