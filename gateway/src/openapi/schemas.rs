//! JSON Schemas (draft 2020-12) of events, commands and answers, one document each, and the files that they are committed as.

use std::collections::BTreeMap;

use domain::kernel::wire_type;
use projections::model::ReportDef;
use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::queries::page;
use super::{asyncapi, components, decimals, yaml};
use crate::catalogue::{Catalogue, Entry};

const DRAFT: &str = "https://json-schema.org/draft/2020-12/schema";

/// The schemas of a context.
pub struct ContextSchemas {
    /// The context.
    pub name: &'static str,
    /// One sentence about it.
    pub summary: &'static str,
    /// All versions of all events.
    pub events: Vec<EventSchema>,
    /// The commands, by `<context>.<aggregate>.<command>`.
    pub commands: BTreeMap<String, Value>,
    /// What queries answer: `<context>.<read model or report>` (a page; `$defs/row` is one row) and `<context>.<aggregate>.state`.
    pub answers: BTreeMap<String, Value>,
}

/// The schemas of all contexts.
pub fn of(catalogue: &Catalogue) -> Vec<ContextSchemas> {
    let schemas = |entry: &Entry| ContextSchemas {
        name: entry.name,
        summary: entry.summary,
        events: events(entry),
        commands: commands(entry),
        answers: answers(entry),
    };
    catalogue.entries().iter().map(schemas).collect()
}

/// The schema of one version of an event.
pub struct EventSchema {
    /// The context, which is also the topic's last part.
    pub context: &'static str,
    /// The type of the aggregate.
    pub aggregate: &'static str,
    /// What happened, in snake case.
    pub name: &'static str,
    /// 1 or more.
    pub version: u32,
    /// Whether events of this version are still written.
    pub written: bool,
    /// The schema.
    pub schema: Value,
}

impl EventSchema {
    /// The type on the wire: `crm.contact_registered.v1`.
    pub fn wire_type(&self) -> String {
        wire_type(self.context, self.name, &self.version.to_string())
    }

    /// The path in the tree of schemas.
    pub fn file(&self) -> String {
        format!("{}/{}.v{}.json", self.context, self.name, self.version)
    }
}

fn events(entry: &Entry) -> Vec<EventSchema> {
    let mut all = Vec::new();
    for aggregate in &entry.aggregates {
        for def in aggregate.events() {
            let of = |version: u32, written: bool, schema: Value| EventSchema {
                context: entry.name,
                aggregate: aggregate.name(),
                name: def.name,
                version,
                written,
                schema,
            };
            for (version, past) in (1..).zip(def.past) {
                all.push(of(version, false, serde_json::from_str(past.schema).expect("a committed schema is JSON")));
            }
            let name = wire_type(entry.name, def.name, &def.version.to_string());
            all.push(of(def.version, true, document(&name, def.schema)));
        }
    }
    all
}

fn commands(entry: &Entry) -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    for aggregate in &entry.aggregates {
        for def in aggregate.commands() {
            let name = format!("{}.{}.{}", entry.name, aggregate.name(), def.name);
            let mut schema = document(&name, def.schema);
            schema["examples"] = json!([(def.example)()]);
            all.insert(name, schema);
        }
    }
    all
}

fn answers(entry: &Entry) -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    for def in entry.read_models {
        let name = format!("{}.{}", entry.name, def.name);
        all.insert(name.clone(), rows(&name, def.summary, def.schema, true));
    }
    for ReportDef { name, summary, schema, .. } in entry.reports {
        let name = format!("{}.{name}", entry.name);
        all.insert(name.clone(), rows(&name, summary, *schema, false));
    }
    for aggregate in &entry.aggregates {
        let name = format!("{}.{}.state", entry.name, aggregate.name());
        all.insert(name.clone(), document(&name, |generator| aggregate.state_schema(generator)));
    }
    all
}

fn rows(name: &str, summary: &str, row: fn(&mut SchemaGenerator) -> Schema, paged: bool) -> Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let row = row(&mut generator).to_value();
    let mut definitions = generator.take_definitions(true);
    definitions.insert("row".to_owned(), row);
    definitions.extend(components::schemas().into_iter().filter(|(name, _)| name == "AsOf"));
    let mut answer = page(&json!({ "$ref": "#/$defs/row" }), paged, "#/$defs/AsOf");
    answer["description"] = json!(summary);
    titled(name, answer, definitions)
}

/// A schema that stands alone.
fn document(name: &str, schema: impl FnOnce(&mut SchemaGenerator) -> Schema) -> Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let document = schema(&mut generator).to_value();
    titled(name, document, generator.take_definitions(true))
}

fn titled(name: &str, mut document: Value, definitions: Map<String, Value>) -> Value {
    decimals::describe_as_texts(&mut document);
    document["$schema"] = json!(DRAFT);
    document["$id"] = json!(format!("/schemas/{name}.json"));
    document["title"] = json!(name);
    if !definitions.is_empty() {
        let mut definitions = Value::Object(definitions);
        decimals::describe_as_texts(&mut definitions);
        document["$defs"] = definitions;
    }
    document
}

/// All schemas, by name.
pub fn all(contexts: &[ContextSchemas]) -> BTreeMap<String, &Value> {
    let mut all = BTreeMap::new();
    for context in contexts {
        all.extend(context.events.iter().map(|event| (event.wire_type(), &event.schema)));
        all.extend(context.commands.iter().chain(&context.answers).map(|(name, schema)| (name.clone(), schema)));
    }
    all
}

/// The tree of schemas as it is committed: an event's version a file, the commands and the answers of a context a file each, and
/// the topics.
pub fn files(contexts: &[ContextSchemas]) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    for context in contexts {
        files.extend(context.events.iter().map(|event| (event.file(), text(&event.schema))));
        for (kind, schemas) in [("commands", &context.commands), ("answers", &context.answers)] {
            let file = format!("{}/{kind}.json", context.name);
            let bundle = json!({
                "$schema": DRAFT, "$id": format!("/schemas/{file}"), "title": format!("The {kind} of {}", context.name), "$defs": schemas
            });
            files.insert(file, text(&bundle));
        }
    }
    files.insert("asyncapi.yaml".to_owned(), yaml::text(&asyncapi::document(contexts)));
    files
}

/// A document in its committed form: members by name, two spaces, one line each.
fn text(value: &Value) -> String {
    format!("{:#}\n", sorted(value))
}

/// With members by name, whichever order the library keeps.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let members: BTreeMap<&String, Value> = map.iter().map(|(name, value)| (name, sorted(value))).collect();
            Value::Object(members.into_iter().map(|(name, value)| (name.clone(), value)).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(sorted).collect()),
        other => other.clone(),
    }
}

/// The list of all schemas with their addresses.
pub fn index(contexts: &[ContextSchemas]) -> Value {
    let url = |name: &str| format!("/schemas/{name}.json");
    let named = |schemas: &BTreeMap<String, Value>| -> Vec<Value> {
        schemas.keys().map(|name| json!({ "name": name, "url": url(name) })).collect()
    };
    let event = |event: &EventSchema| {
        let name = event.wire_type();
        json!({ "type": name, "subject": event.aggregate, "written": event.written, "url": url(&name) })
    };
    json!({
        "events": contexts.iter().flat_map(|context| context.events.iter().map(event)).collect::<Vec<_>>(),
        "commands": contexts.iter().flat_map(|context| named(&context.commands)).collect::<Vec<_>>(),
        "answers": contexts.iter().flat_map(|context| named(&context.answers)).collect::<Vec<_>>(),
        "topics": "/schemas/asyncapi.yaml"
    })
}
