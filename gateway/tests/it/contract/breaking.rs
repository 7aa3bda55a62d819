//! What in a schema's change would break a reader or a writer.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

/// Who must get along with a change.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// Events: the program reads what was stored under the old schema, and outside readers know the old schema.
    Stored,
    /// Commands: clients send what the old schema allows.
    Taken,
    /// Answers: clients read them by the old schema.
    Given,
}

impl Use {
    /// Whether values of the old schema must fit the new one.
    fn old_values(self) -> bool {
        self != Self::Given
    }

    /// Whether values of the new schema must be understood by those who know the old one.
    fn old_readers(self) -> bool {
        self != Self::Taken
    }
}

/// The breaking changes between two versions of one document. More fields, more values of an enumeration and more forms of a choice
/// are none: readers ignore fields and refuse values that they do not know.
pub fn breaking(old: &Value, new: &Value, purpose: Use) -> Vec<String> {
    let mut comparison = Comparison { old, new, purpose, seen: BTreeSet::new(), found: Vec::new() };
    comparison.node("", old, new);
    comparison.found
}

struct Comparison<'a> {
    old: &'a Value,
    new: &'a Value,
    purpose: Use,
    /// References that were followed together.
    seen: BTreeSet<(String, String)>,
    found: Vec<String>,
}

/// Bounds of which a higher value is narrower.
const LEAST: [&str; 5] = ["minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"];
/// Bounds of which a lower value is narrower.
const MOST: [&str; 5] = ["maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"];

impl<'a> Comparison<'a> {
    fn report(&mut self, path: &str, what: &str) {
        let at = if path.is_empty() { "the document" } else { path };
        self.found.push(format!("{at} {what}"));
    }

    fn node(&mut self, path: &str, old: &'a Value, new: &'a Value) {
        if let (Some(from), Some(to)) = (reference(old), reference(new))
            && !self.seen.insert((from.to_owned(), to.to_owned()))
        {
            return;
        }
        let (old_forms, new_forms) = (forms(self.old, old), forms(self.new, new));
        if old_forms.len() == 1 && new_forms.len() == 1 {
            let (old, new) = (old_forms.into_values().next(), new_forms.into_values().next());
            if let (Some(old), Some(new)) = (old, new) {
                self.form(path, &old, &new);
            }
            return;
        }
        for (key, old) in &old_forms {
            // A value of an enumeration may have become one of all texts.
            let text = || new_forms.get("string").filter(|_| old.value.is_some_and(Value::is_string));
            match new_forms.get(key).or_else(text) {
                Some(new) => self.form(path, old, new),
                None if self.purpose.old_values() => self.report(path, &format!("no longer takes {key}")),
                None => {}
            }
        }
        if self.purpose.old_readers() && new_forms.contains_key(NULL) && !old_forms.contains_key(NULL) {
            self.report(path, "may now be null");
        }
    }

    /// One form of a value: no choice, and null by itself.
    fn form(&mut self, path: &str, old: &Form<'a>, new: &Form<'a>) {
        let (old_types, new_types) = (&old.types, &new.types);
        if self.purpose.old_values() && !new_types.is_empty() {
            if old_types.is_empty() && old.value.is_none() {
                self.report(path, &format!("takes only {} now", list(new_types)));
            }
            for lost in old_types.iter().filter(|name| !takes(new_types, name)) {
                self.report(path, &format!("no longer takes {lost}"));
            }
        }
        if self.purpose.old_readers() && !old_types.is_empty() {
            if new_types.is_empty() && new.value.is_none() {
                self.report(path, "may now be anything");
            }
            for added in new_types.iter().filter(|name| !takes(old_types, name)) {
                self.report(path, &format!("may now be {added}"));
            }
        }
        if self.purpose.old_values() {
            self.narrowed(path, old, new);
        }
        self.members(path, old, new);
        if let (Some(old), Some(new)) = (old.get("items"), new.get("items")) {
            self.node(&format!("{path}[]"), old, new);
        }
        if let (Some(Value::Array(old)), Some(Value::Array(new))) = (old.get("prefixItems"), new.get("prefixItems")) {
            for (index, (old, new)) in old.iter().zip(new).enumerate() {
                self.node(&format!("{path}[{index}]"), old, new);
            }
        }
    }

    fn narrowed(&mut self, path: &str, old: &Form<'a>, new: &Form<'a>) {
        match (old.value, new.value) {
            (Some(old), Some(new)) if old != new => self.report(path, &format!("no longer takes {old}")),
            (None, Some(new)) => self.report(path, &format!("takes only {new} now")),
            _ => {}
        }
        for (bounds, sign) in [(LEAST, 1.0), (MOST, -1.0)] {
            for bound in bounds {
                let Some(after) = new.get(bound).and_then(Value::as_f64) else { continue };
                if old.get(bound).and_then(Value::as_f64).is_none_or(|before| after * sign > before * sign) {
                    self.report(path, &format!("is narrower: {bound} is {after} now"));
                }
            }
        }
        for keyword in ["pattern", "format"] {
            let texts = old.types.contains("string") && new.types.contains("string");
            if texts && new.get(keyword).is_some() && old.get(keyword) != new.get(keyword) {
                self.report(path, &format!("is narrower: it has another {keyword}"));
            }
        }
    }

    fn members(&mut self, path: &str, old: &Form<'a>, new: &Form<'a>) {
        let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        for (name, before) in &old.properties {
            match new.properties.get(name) {
                Some(after) => self.node(&below(name), before, after),
                None => self.report(&below(name), "was removed"),
            }
        }
        if self.purpose.old_values() {
            for name in new.required.difference(&old.required) {
                self.report(&below(name), "is required now");
            }
            let open = |form: &Form| form.get("additionalProperties") != Some(&Value::Bool(false));
            if open(old) && !open(new) && old.types.contains("object") {
                self.report(path, "takes no further fields now");
            }
        }
        if self.purpose.old_readers() {
            for name in old.required.difference(&new.required).filter(|name| new.properties.contains_key(**name)) {
                self.report(&below(name), "is no longer always there");
            }
        }
        if let (Some(old @ Value::Object(_)), Some(new @ Value::Object(_))) =
            (old.get("additionalProperties"), new.get("additionalProperties"))
        {
            self.node(&below("*"), old, new);
        }
    }
}

/// Whether these types have room for another: a number may be an integer.
fn takes(types: &BTreeSet<&str>, name: &str) -> bool {
    types.contains(name) || name == "integer" && types.contains("number")
}

const NULL: &str = "null";

/// A schema without choices, with what lies beside a choice taken in.
#[derive(Clone, Default)]
struct Form<'a> {
    parts: Vec<&'a Map<String, Value>>,
    types: BTreeSet<&'a str>,
    properties: BTreeMap<&'a str, &'a Value>,
    required: BTreeSet<&'a str>,
    /// The only value.
    value: Option<&'a Value>,
}

impl<'a> Form<'a> {
    fn with(mut self, schema: &'a Map<String, Value>) -> Self {
        match schema.get("type") {
            Some(Value::String(one)) => self.types = BTreeSet::from([one.as_str()]),
            Some(Value::Array(many)) => self.types = many.iter().filter_map(Value::as_str).filter(|name| *name != NULL).collect(),
            _ => {}
        }
        let properties = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
        self.properties.extend(properties.map(|(name, value)| (name.as_str(), value)));
        self.required.extend(schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str));
        self.value = schema.get("const").or(self.value);
        self.parts.push(schema);
        self
    }

    fn get(&self, keyword: &str) -> Option<&'a Value> {
        self.parts.iter().rev().find_map(|part| part.get(keyword))
    }

    /// By what the form is known among others: its tag, its only field, its value, its type.
    fn key(&self) -> String {
        let tag = self.properties.iter().find_map(|(name, schema)| Some(format!("{name} = {}", schema.get("const")?)));
        let value = || self.value.map(ToString::to_string);
        let field = || (self.required.len() == 1).then(|| format!("the form with {}", list(&self.required)));
        tag.or_else(value).or_else(field).unwrap_or_else(|| list(&self.types))
    }
}

/// The forms that a value may have, by key.
fn forms<'a>(root: &'a Value, schema: &'a Value) -> BTreeMap<String, Form<'a>> {
    let mut all = BTreeMap::new();
    for form in expand(root, schema, 0) {
        let nullable = form.types.contains(NULL) || form.parts.iter().any(|part| allows_null(part));
        let only_null = form.value.is_some_and(Value::is_null) || form.types.len() == 1 && form.types.contains(NULL);
        if nullable || only_null {
            all.insert(NULL.to_owned(), Form::default());
        }
        if !only_null {
            all.insert(form.key(), form);
        }
    }
    all
}

fn allows_null(schema: &Map<String, Value>) -> bool {
    schema.get("type").and_then(Value::as_array).is_some_and(|types| types.iter().any(|name| name == NULL))
}

fn expand<'a>(root: &'a Value, schema: &'a Value, depth: usize) -> Vec<Form<'a>> {
    let Value::Object(map) = schema else { return vec![Form::default()] };
    assert!(depth < 32, "a schema refers to itself without a field between");
    let mut forms = vec![Form::default()];
    if let Some(reference) = reference(schema) {
        let target = root.pointer(reference.trim_start_matches('#')).unwrap_or_else(|| panic!("{reference} leads nowhere"));
        forms = expand(root, target, depth + 1);
    }
    for part in map.get("allOf").and_then(Value::as_array).into_iter().flatten() {
        forms = product(&forms, &expand(root, part, depth + 1));
    }
    for choice in ["oneOf", "anyOf"] {
        if let Some(branches) = map.get(choice).and_then(Value::as_array) {
            let branches: Vec<Form> = branches.iter().flat_map(|branch| expand(root, branch, depth + 1)).collect();
            forms = product(&forms, &branches);
        }
    }
    let forms = forms.into_iter().map(|form| form.with(map));
    let Some(values) = map.get("enum").and_then(Value::as_array) else { return forms.collect() };
    // A value each, as with a choice of constants, which is how enumerations with comments on their values are written.
    forms.flat_map(|form| values.iter().map(move |value| Form { value: Some(value), ..form.clone() })).collect()
}

/// Each of the one with each of the other.
fn product<'a>(left: &[Form<'a>], right: &[Form<'a>]) -> Vec<Form<'a>> {
    let both = |left: &Form<'a>, right: &Form<'a>| {
        let form = right.parts.iter().fold(left.clone(), |form, part| form.with(part));
        Form { value: right.value.or(form.value), ..form }
    };
    left.iter().flat_map(|left| right.iter().map(|right| both(left, right)).collect::<Vec<_>>()).collect()
}

fn reference(schema: &Value) -> Option<&str> {
    schema.get("$ref")?.as_str()
}

fn list<T: ToString>(items: impl IntoIterator<Item = T>) -> String {
    items.into_iter().map(|item| item.to_string()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// What is found for events, commands and answers.
    fn found(old: &Value, new: &Value) -> [String; 3] {
        [Use::Stored, Use::Taken, Use::Given].map(|purpose| breaking(old, new, purpose).join("; "))
    }

    fn object(properties: &Value, required: &[&str]) -> Value {
        json!({ "type": "object", "properties": properties, "required": required })
    }

    #[test]
    fn what_only_adds_breaks_nobody() {
        let before = object(&json!({ "a": { "type": "string", "maxLength": 5 }, "e": { "enum": ["x"] } }), &["a"]);
        let after =
            object(&json!({ "a": { "type": "string", "maxLength": 9 }, "b": { "type": "integer" }, "e": { "enum": ["x", "y"] } }), &["a"]);
        assert_eq!(found(&before, &after), [""; 3]);
        let reworded = json!({ "type": "object", "description": "Other words.", "properties": before["properties"], "required": ["a"] });
        assert_eq!(found(&before, &reworded), [""; 3]);
    }

    #[test]
    fn a_removed_field_breaks_all() {
        let before = object(&json!({ "in": { "$ref": "#/$defs/In" } }), &[]);
        let with = |defs: Value| {
            let mut document = before.clone();
            document["$defs"] = json!({ "In": defs });
            document
        };
        let (old, new) = (with(object(&json!({ "a": {}, "b": {} }), &[])), with(object(&json!({ "a": {} }), &[])));
        assert_eq!(found(&old, &new), ["in.b was removed"; 3]);
    }

    #[test]
    fn a_newly_required_field_breaks_what_was_stored_or_is_sent() {
        let (before, after) = (object(&json!({ "a": { "type": "string" } }), &[]), object(&json!({ "a": { "type": "string" } }), &["a"]));
        assert_eq!(found(&before, &after), ["a is required now", "a is required now", ""]);
        assert_eq!(found(&after, &before), ["a is no longer always there", "", "a is no longer always there"]);
    }

    #[test]
    fn types_bounds_and_values_are_not_narrowed() {
        let of = |a: Value| object(&json!({ "a": a }), &[]);
        let narrower = |before: Value, after: Value| found(&of(before), &of(after));
        let [stored, taken, given] = narrower(json!({ "type": "string" }), json!({ "type": "integer" }));
        assert_eq!((stored.as_str(), taken.as_str()), ("a no longer takes string; a may now be integer", "a no longer takes string"));
        assert_eq!(given, "a may now be integer");
        assert_eq!(
            narrower(json!({ "enum": ["x", "y"] }), json!({ "enum": ["x"] })),
            ["a no longer takes \"y\"", "a no longer takes \"y\"", ""]
        );
        let [stored, ..] = narrower(json!({ "type": "string", "maxLength": 9 }), json!({ "type": "string", "maxLength": 5 }));
        assert_eq!(stored, "a is narrower: maxLength is 5 now");
        let [stored, taken, _] = narrower(json!({ "type": "integer" }), json!({ "type": "number" }));
        assert_eq!((stored.as_str(), taken.as_str()), ("a may now be number", ""));
        let [_, taken, _] = narrower(json!({ "type": "string" }), json!({ "type": "string", "pattern": "^a$" }));
        assert_eq!(taken, "a is narrower: it has another pattern");
    }

    #[test]
    fn enumerations_are_the_same_however_they_are_written() {
        let plain = json!({ "type": "string", "enum": ["x", "y"] });
        let commented = json!({ "oneOf": [{ "type": "string", "const": "x", "description": "It." }, { "type": "string", "enum": ["y"] }] });
        assert_eq!(found(&plain, &commented), [""; 3]);
        assert_eq!(found(&commented, &plain), [""; 3]);
        assert_eq!(found(&plain, &json!({ "type": "string" }))[1], "");
        assert_eq!(found(&json!({ "type": "string" }), &plain)[1], "the document no longer takes string");
    }

    #[test]
    fn null_is_a_form_of_its_own_however_it_is_written() {
        let of = |a: Value| json!({ "type": "object", "properties": { "a": a }, "$defs": { "T": { "type": "string" } } });
        let plain = of(json!({ "$ref": "#/$defs/T" }));
        for optional in [json!({ "anyOf": [{ "$ref": "#/$defs/T" }, { "type": "null" }] }), json!({ "type": ["string", "null"] })] {
            assert_eq!(found(&plain, &of(optional.clone())), ["a may now be null", "", "a may now be null"]);
            assert_eq!(found(&of(optional), &plain), ["a no longer takes null", "a no longer takes null", ""]);
        }
    }

    #[test]
    fn forms_of_a_choice_are_compared_by_their_tag() {
        let form = |tag: &str, field: &str| object(&json!({ "kind": { "const": tag }, field: { "type": "string" } }), &["kind", field]);
        let before = json!({ "oneOf": [form("a", "x"), form("b", "y")] });
        assert_eq!(found(&before, &json!({ "oneOf": [form("c", "z"), form("b", "y"), form("a", "x")] })), [""; 3]);
        let [stored, _, given] = found(&before, &json!({ "oneOf": [form("a", "x")] }));
        assert_eq!((stored.as_str(), given.as_str()), ("the document no longer takes kind = \"b\"", ""));
        assert!(found(&before, &json!({ "oneOf": [form("a", "x"), form("b", "other")] }))[0].contains("y was removed"));
    }
}
