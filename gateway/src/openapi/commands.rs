//! Commands and histories in the OpenAPI document.

use domain::kernel::{AggregateType, CommandDef, Creation};
use serde_json::{Map, Value, json};

use super::components::{parameter, problems};
use super::{Builder, operation_id};
use crate::catalogue::{Entry, makes_id};
use crate::history;

/// Statuses that a command may answer besides 200.
const PROBLEMS: [&str; 13] = ["400", "401", "403", "404", "405", "408", "409", "412", "413", "415", "422", "429", "503"];

/// Describes the write side of a context.
pub fn describe(builder: &mut Builder, entry: &Entry) {
    for aggregate in &entry.aggregates {
        for def in aggregate.commands() {
            command(builder, entry, *aggregate, def);
        }
        past(builder, entry, *aggregate);
    }
}

/// Whether an empty object does not fit a schema. Nothing of it contains itself without a field between.
fn needs_fields(schema: &Value, definitions: &Map<String, Value>) -> bool {
    let of = |word: &str| schema.get(word).and_then(Value::as_array).into_iter().flatten();
    let target = schema.get("$ref").and_then(Value::as_str).and_then(|reference| definitions.get(reference.rsplit('/').next()?));
    let ways = || of("anyOf").chain(of("oneOf"));
    of("required").next().is_some()
        || target.is_some_and(|target| needs_fields(target, definitions))
        || of("allOf").any(|part| needs_fields(part, definitions))
        || (ways().next().is_some() && ways().all(|way| needs_fields(way, definitions)))
}

fn command(builder: &mut Builder, entry: &Entry, aggregate: &dyn AggregateType, def: &CommandDef) {
    let (context, name) = (entry.name, aggregate.name());
    let mut schema = (def.schema)(&mut builder.generator).to_value();
    let description = schema.get("description").and_then(Value::as_str).unwrap_or_default().to_owned();
    let required = needs_fields(&schema, builder.generator.definitions());
    schema["title"] = json!(format!("{context}.{name}.{}", def.name));
    let reference = builder.schema(&format!("{context}.{name}.{}", def.name), schema);
    let existence = match def.creation {
        Creation::Creates => format!("Makes the {name}; 409 where it exists."),
        Creation::Either => format!("Works on a new or an existing {name}."),
        Creation::Requires => format!("Works on an existing {name}."),
    };
    let operation = |with_id: bool| {
        let mut parameters: Vec<Value> = ["IdempotencyKey", "IfMatch", "CorrelationId", "CausationId"].map(parameter).to_vec();
        if with_id {
            parameters.insert(0, parameter("Id"));
        }
        let mut responses = problems(&PROBLEMS);
        responses.insert("200".to_owned(), receipt());
        let id = [context, name, def.name, "new"];
        json!({
            "operationId": operation_id(if with_id { &id[..3] } else { &id }),
            "tags": [context],
            "summary": first_sentence(&description, def.name),
            "description": format!("{description}\n\n{existence}").trim(),
            "x-permission": format!("{context}.{name}.{}", def.name),
            "parameters": parameters,
            "requestBody": {
                "required": required,
                "content": { "application/json": { "schema": reference, "example": (def.example)() } }
            },
            "responses": responses
        })
    };
    builder.operation(&format!("/v1/{context}/{name}/{{id}}/{}", def.name), "post", operation(true));
    if makes_id(def) {
        builder.operation(&format!("/v1/{context}/{name}/{}", def.name), "post", operation(false));
    }
}

fn receipt() -> Value {
    json!({
        "description": "The command is stored. The same Idempotency-Key answers the same bytes.",
        "headers": {
            "ETag": { "$ref": "#/components/headers/ETag" },
            "NeuroOps-Position": { "$ref": "#/components/headers/NeuroOps-Position" }
        },
        "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Receipt" } } }
    })
}

/// What an operation is about, in one sentence.
fn first_sentence(description: &str, name: &str) -> String {
    // Comments in the source are wrapped; a blank line ends a paragraph.
    let paragraph = description.split("\n\n").next().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
    let first = paragraph.split_once(". ").map_or(paragraph.as_str(), |(first, _)| first);
    if first.is_empty() { name.replace('-', " ") } else { first.trim_end_matches('.').to_owned() }
}

fn past(builder: &mut Builder, entry: &Entry, aggregate: &dyn AggregateType) {
    let (context, name) = (entry.name, aggregate.name());
    let state = aggregate.state_schema(&mut builder.generator).to_value();
    let state = builder.schema(&format!("{context}.{name}.state"), state);
    let mut responses = problems(&["400", "401", "403", "404", "405", "429", "503"]);
    responses.insert(
        "200".to_owned(),
        json!({
            "description": "Events in order; with `as_of` also the state at that moment.",
            "content": { "application/json": { "schema": {
                "type": "object", "required": ["data", "next_after", "version"],
                "properties": {
                    "data": { "type": "array", "items": { "$ref": "#/components/schemas/HistoryEvent" } },
                    "next_after": { "type": ["integer", "null"] }, "version": { "type": "integer" }, "state": state
                }
            } } }
        }),
    );
    let query =
        |name: &str, schema: Value, description: &str| json!({ "name": name, "in": "query", "schema": schema, "description": description });
    let operation = json!({
        "operationId": operation_id(&["history", context, name]),
        "tags": [context],
        "summary": format!("What happened to {} {name}", if name.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" }),
        "x-permission": format!("{context}.history"),
        "parameters": [
            parameter("Id"),
            query("after", json!({ "type": "integer", "minimum": 0 }), "Events after this version."),
            query("limit", json!({ "type": "integer", "minimum": 1, "maximum": history::LIMIT_MAX, "default": history::LIMIT_DEFAULT }), "Events of a page."),
            query("as_of", json!({ "anyOf": [{ "type": "string", "format": "date-time" }, { "type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}/[0-9]{1,9}@[0-9]{1,18}$" }] }), "A time (RFC 3339) or a position token: what was known then, and the state.")
        ],
        "responses": responses
    });
    builder.operation(&format!("/v1/{context}/{name}/{{id}}/history"), "get", operation);
}

#[cfg(test)]
mod tests {
    use super::first_sentence;

    #[test]
    fn a_summary_is_the_first_sentence_however_it_is_wrapped() {
        assert_eq!(
            first_sentence("Erases it, in this company and in all that were\never merged into it. For good.", "x"),
            "Erases it, in this company and in all that were ever merged into it"
        );
        assert_eq!(first_sentence("Takes it\n\nfor long.", "x"), "Takes it");
        assert_eq!(first_sentence("", "set-amount"), "set amount");
    }
}
