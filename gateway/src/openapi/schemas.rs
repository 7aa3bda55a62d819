//! JSON Schemas of events and commands, one document each.

use std::collections::BTreeMap;

use domain::kernel::wire_type;
use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Value, json};

use crate::catalogue::Catalogue;

/// All schemas, by name.
pub fn all(catalogue: &Catalogue) -> BTreeMap<String, Value> {
    let mut schemas = BTreeMap::new();
    for entry in catalogue.entries() {
        for aggregate in &entry.aggregates {
            for def in aggregate.events() {
                let name = wire_type(entry.name, def.name, &def.version.to_string());
                schemas.insert(name.clone(), document(&name, def.schema));
            }
            for def in aggregate.commands() {
                let name = format!("{}.{}.{}", entry.name, aggregate.name(), def.name);
                let mut schema = document(&name, def.schema);
                schema["examples"] = json!([(def.example)()]);
                schemas.insert(name, schema);
            }
        }
    }
    schemas
}

/// A schema that stands alone.
fn document(name: &str, schema: fn(&mut SchemaGenerator) -> Schema) -> Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let mut document = schema(&mut generator).to_value();
    let definitions = generator.take_definitions(true);
    document["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    document["$id"] = json!(format!("/schemas/{name}.json"));
    document["title"] = json!(name);
    if !definitions.is_empty() {
        document["$defs"] = Value::Object(definitions);
    }
    document
}

/// The list of all schemas with their addresses.
pub fn index(catalogue: &Catalogue) -> Value {
    let (mut events, mut commands) = (Vec::new(), Vec::new());
    for entry in catalogue.entries() {
        for aggregate in &entry.aggregates {
            for def in aggregate.events() {
                let name = wire_type(entry.name, def.name, &def.version.to_string());
                events.push(json!({ "type": name, "subject": aggregate.name(), "url": format!("/schemas/{name}.json") }));
            }
            for def in aggregate.commands() {
                let name = format!("{}.{}.{}", entry.name, aggregate.name(), def.name);
                commands.push(json!({ "name": name, "url": format!("/schemas/{name}.json") }));
            }
        }
    }
    json!({ "events": events, "commands": commands })
}
