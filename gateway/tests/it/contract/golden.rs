//! Example events made of their schemas.

use serde_json::{Map, Value, json};

/// Examples of one event at most.
const SAMPLES_MAX: usize = 8;
/// Fields that need not be there are left out below this depth, which ends schemas that contain themselves.
const DEPTH_MAX: usize = 6;

/// Payloads that fit the schema: each choice and enumeration is walked through, and the last one has only what is required.
pub fn samples(schema: &Value) -> Vec<Value> {
    let count = choices(schema).clamp(1, SAMPLES_MAX);
    let mut all: Vec<Value> = Vec::new();
    for sampler in (0..count).map(|turn| Sampler { root: schema, turn, full: true }).chain([Sampler { root: schema, turn: 0, full: false }])
    {
        let sample = sampler.value(schema, 0);
        if !all.contains(&sample) {
            all.push(sample);
        }
    }
    all
}

/// The most ways that one place of the schema offers.
fn choices(schema: &Value) -> usize {
    match schema {
        Value::Object(map) => {
            let own = ["oneOf", "anyOf", "enum"].iter().filter_map(|keyword| map.get(*keyword)?.as_array());
            let own = own.map(|ways| ways.iter().filter(|way| !is_null(way)).count()).max().unwrap_or(1);
            map.values().map(choices).max().unwrap_or(1).max(own)
        }
        Value::Array(items) => items.iter().map(choices).max().unwrap_or(1),
        _ => 1,
    }
}

fn is_null(schema: &Value) -> bool {
    schema.is_null() || schema["type"] == "null"
}

struct Sampler<'a> {
    root: &'a Value,
    turn: usize,
    full: bool,
}

impl<'a> Sampler<'a> {
    fn value(&self, schema: &'a Value, depth: usize) -> Value {
        let Value::Object(map) = schema else { return json!("anything") };
        if let Some(value) = map.get("const") {
            return value.clone();
        }
        for listed in ["examples", "enum"] {
            if let Some(value) = map.get(listed).and_then(|values| self.pick(values)) {
                return value.clone();
            }
        }
        let mut value = Value::Null;
        if let Some(reference) = map.get("$ref").and_then(Value::as_str) {
            let target = self.root.pointer(reference.trim_start_matches('#')).unwrap_or_else(|| panic!("{reference} leads nowhere"));
            value = merged(value, self.value(target, depth));
        }
        for part in map.get("allOf").and_then(Value::as_array).into_iter().flatten() {
            value = merged(value, self.value(part, depth));
        }
        for choice in ["oneOf", "anyOf"] {
            if let Some(branch) = map.get(choice).and_then(|branches| self.pick(branches)) {
                value = merged(value, self.value(branch, depth));
            }
        }
        merged(value, self.own(map, depth))
    }

    /// One of these values other than null; another one each turn.
    fn pick(&self, values: &'a Value) -> Option<&'a Value> {
        let values: Vec<&Value> = values.as_array()?.iter().filter(|value| !is_null(value)).collect();
        (!values.is_empty()).then(|| values[self.turn % values.len()])
    }

    /// What the schema itself says, without what it refers to.
    fn own(&self, map: &'a Map<String, Value>, depth: usize) -> Value {
        let kind = match map.get("type") {
            Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null"),
            kind => kind.and_then(Value::as_str),
        };
        match kind {
            Some("object") => self.object(map, depth),
            Some("array") => self.array(map, depth),
            Some("string") => json!(text(map)),
            Some("integer" | "number") => number(map),
            Some("boolean") => json!(self.turn.is_multiple_of(2)),
            None if map.contains_key("properties") => self.object(map, depth),
            _ => Value::Null,
        }
    }

    fn object(&self, map: &'a Map<String, Value>, depth: usize) -> Value {
        let required: Vec<&str> = map.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
        let wanted = |name: &str| required.contains(&name) || (self.full && depth < DEPTH_MAX);
        let properties = map.get("properties").and_then(Value::as_object).into_iter().flatten();
        let mut object: Map<String, Value> =
            properties.filter(|(name, _)| wanted(name)).map(|(name, schema)| (name.clone(), self.value(schema, depth + 1))).collect();
        if let Some(schema @ Value::Object(_)) = map.get("additionalProperties").filter(|_| wanted("")) {
            let name = map.get("propertyNames").map(|names| self.value(names, depth + 1));
            object.insert(name.as_ref().and_then(Value::as_str).unwrap_or("key").to_owned(), self.value(schema, depth + 1));
        }
        let patterns = map.get("patternProperties").filter(|_| wanted("")).and_then(Value::as_object).into_iter().flatten();
        for (pattern, schema) in patterns {
            let name = Map::from_iter([("pattern".to_owned(), json!(pattern))]);
            object.insert(text(&name), self.value(schema, depth + 1));
        }
        Value::Object(object)
    }

    fn array(&self, map: &'a Map<String, Value>, depth: usize) -> Value {
        if let Some(items) = map.get("prefixItems").and_then(Value::as_array) {
            return items.iter().map(|item| self.value(item, depth + 1)).collect();
        }
        let least = map.get("minItems").and_then(Value::as_u64).unwrap_or(0);
        let count = least.max(u64::from(self.full && depth < DEPTH_MAX));
        map.get("items").map_or_else(|| json!([]), |items| (0..count).map(|_| self.value(items, depth + 1)).collect())
    }
}

/// Both objects in one; otherwise the one that says something.
fn merged(left: Value, right: Value) -> Value {
    match (left, right) {
        (Value::Object(mut left), Value::Object(right)) => {
            for (name, value) in right {
                let before = left.remove(&name).unwrap_or_default();
                left.insert(name, merged(before, value));
            }
            Value::Object(left)
        }
        (left, Value::Null) => left,
        (_, right) => right,
    }
}

fn text(map: &Map<String, Value>) -> String {
    let known = match map.get("format").and_then(Value::as_str) {
        Some("date-time") => "2026-03-01T12:00:00Z",
        Some("date") => "2026-03-01",
        Some("uuid") => "0197f3c2-8a10-7cc3-98c4-dc0c0c07398f",
        Some("email") => "ada@example.com",
        Some("uri") => "https://example.com/",
        _ => match map.get("pattern").and_then(Value::as_str) {
            Some(pattern) if pattern.starts_with("^-?") => "12.5",
            Some(pattern) if pattern.starts_with(r"^\d{4}-") => "2026-03-01T09:00:00",
            Some(pattern) if pattern.starts_with("^[A-Za-z") || pattern.starts_with("^[a-z") => "a1",
            _ => "text",
        },
    };
    let bound = |name: &str| map.get(name).and_then(Value::as_u64).and_then(|bound| usize::try_from(bound).ok());
    let least = bound("minLength").unwrap_or(0);
    let padded = format!("{known}{}", "x".repeat(least.saturating_sub(known.len())));
    padded.chars().take(bound("maxLength").unwrap_or(usize::MAX)).collect()
}

fn number(map: &Map<String, Value>) -> Value {
    let bound = |name: &str| map.get(name).and_then(Value::as_f64);
    let least = bound("minimum").or_else(|| bound("exclusiveMinimum").map(|bound| bound + 1.0)).unwrap_or(f64::MIN);
    let most = bound("maximum").unwrap_or(f64::MAX);
    // A small number that is in bounds, whole: it fits integers too.
    let number = 7.0_f64.max(least).min(most);
    #[expect(clippy::cast_possible_truncation, reason = "samples are small")]
    let whole = number as i64;
    json!(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_and_value_is_walked_through_and_the_last_has_only_what_is_required() {
        let schema = json!({
            "type": "object", "required": ["state"],
            "properties": {
                "note": { "type": ["string", "null"], "maxLength": 3 },
                "day": { "anyOf": [{ "$ref": "#/$defs/Day" }, { "type": "null" }] },
                "state": { "oneOf": [
                    { "type": "object", "properties": { "kind": { "const": "open" } }, "required": ["kind"] },
                    { "type": "object", "properties": { "kind": { "const": "shut" }, "by": { "enum": ["a", "b"] } }, "required": ["kind"] }
                ] }
            },
            "$defs": { "Day": { "type": "string", "format": "date" } }
        });
        let open = json!({ "note": "tex", "day": "2026-03-01", "state": { "kind": "open" } });
        let shut = json!({ "note": "tex", "day": "2026-03-01", "state": { "kind": "shut", "by": "b" } });
        assert_eq!(samples(&schema), [open, shut, json!({ "state": { "kind": "open" } })]);
    }
}
