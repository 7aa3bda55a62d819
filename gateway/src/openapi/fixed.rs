//! Operations that do not depend on the contexts.

use serde_json::{Value, json};

use super::Builder;
use super::components::{parameter, positions, problems};
use crate::catalogue::Catalogue;
use crate::stream::{PATTERN_BYTES_MAX, PATTERNS_MAX};

/// Describes them.
pub fn describe(builder: &mut Builder, catalogue: &Catalogue) {
    bulk(builder);
    streams(builder, catalogue);
    for (path, id, summary, content_type, schema) in [
        ("/health/live", "health_live", "Whether the process runs", "application/json", json!({ "type": "object" })),
        ("/metrics", "metrics", "Metrics in Prometheus' text format", "text/plain", json!({ "type": "string" })),
        ("/openapi.json", "openapi", "This document", "application/json", json!({ "type": "object" })),
        ("/schemas", "schemas", "The list of JSON Schemas", "application/json", json!({ "type": "object" })),
    ] {
        builder.operation(path, "get", open(id, summary, &[], content_type, &schema, &["405"]));
    }
    let file = json!({ "name": "file", "in": "path", "required": true, "schema": { "type": "string" }, "description": "`<wire type>.json` or `<context>.<aggregate>.<command>.json`." });
    builder.operation(
        "/schemas/{file}",
        "get",
        open("schema", "The JSON Schema of an event or a command", &[file], "application/schema+json", &json!({}), &["404", "405"]),
    );
    let health = json!({ "$ref": "#/components/schemas/Health" });
    let mut ready =
        open("health_ready", "Whether requests can be served, and how each dependency is", &[], "application/json", &health, &["405"]);
    ready["responses"]["503"] =
        json!({ "description": "Postgres does not answer.", "content": { "application/json": { "schema": health } } });
    builder.operation("/health/ready", "get", ready);
    webhooks(builder);
}

fn webhooks(builder: &mut Builder) {
    let source =
        json!({ "name": "source", "in": "path", "required": true, "schema": { "type": "string" }, "description": "The outside service." });
    let mut responses = problems(&["400", "404", "405", "408", "413", "503"]);
    responses.insert("204".to_owned(), json!({ "description": "The delivery is verified and stored, once." }));
    builder.operation(
        "/webhooks/{source}",
        "post",
        json!({
            "operationId": "webhook", "tags": ["platform"], "summary": "A delivery of an outside service, such as `stripe`", "security": [],
            "description": "The body is verified as it was sent, by the service's own signature.",
            "parameters": [source], "requestBody": { "required": true, "content": { "application/json": { "schema": {} } } }, "responses": responses
        }),
    );
}

/// An operation that needs no token.
fn open(id: &str, summary: &str, parameters: &[Value], content_type: &str, schema: &Value, statuses: &[&str]) -> Value {
    let mut responses = problems(statuses);
    responses.insert("200".to_owned(), json!({ "description": "The answer.", "content": { content_type: { "schema": schema } } }));
    json!({ "operationId": id, "tags": ["platform"], "summary": summary, "security": [], "parameters": parameters, "responses": responses })
}

fn bulk(builder: &mut Builder) {
    let mut responses = problems(&["401", "403", "405", "415", "429", "503", "400"]);
    responses.insert(
        "200".to_owned(),
        json!({
            "description": "One result line for each command, in order, as they complete.",
            "content": { "application/x-ndjson": { "schema": { "$ref": "#/components/schemas/BulkResult" } } }
        }),
    );
    builder.operation(
        "/v1/commands",
        "post",
        json!({
            "operationId": "bulk_commands",
            "tags": ["platform"],
            "summary": "Many commands as NDJSON, one a line",
            "description": "Commands on one aggregate run in the order of the lines, others side by side. Read the answer while sending: \
                at most 256 commands are under way, and a client that reads no results is not read from. Permissions are checked for each line.",
            "x-permission": "each line's own",
            "parameters": [parameter("CorrelationId")],
            "requestBody": {
                "required": true,
                "content": { "application/x-ndjson": { "schema": { "$ref": "#/components/schemas/BulkCommand" } } }
            },
            "responses": responses
        }),
    );
}

fn streams(builder: &mut Builder, catalogue: &Catalogue) {
    let contexts: Vec<&str> = catalogue.entries().iter().map(|entry| entry.name).collect();
    let list = |name: &str, items: Value, description: &str| json!({ "name": name, "in": "query", "style": "form", "explode": false, "schema": { "type": "array", "minItems": 1, "maxItems": PATTERNS_MAX, "items": items }, "description": description });
    // Visible characters; a comma ends an item.
    let visible = |pattern: &str| json!({ "type": "string", "minLength": 1, "maxLength": PATTERN_BYTES_MAX, "pattern": pattern });
    let parameters = [
        list("context", json!({ "enum": contexts }), "The contexts to follow; all where left out."),
        list("type", visible(r"^[!-)+\--~]*\*?$"), "Wire types, or their beginnings followed by `*`."),
        list("subject", visible(r"^[!-+\--~]*/[!-+\--~]*$"), "`aggregate/id`."),
        json!({ "name": "after", "in": "query", "schema": positions(), "description": "Position tokens after which to resume, such as an event's `cursor`." }),
        json!({ "name": "from", "in": "query", "schema": { "enum": ["head", "start"] }, "description": "Where to begin: with what happens from now on, or with the first event." }),
    ];
    let operation = |id: &str, summary: &str, responses: Value, parameters: Vec<Value>| json!({ "operationId": id, "tags": ["platform"], "summary": summary, "x-permission": "<context>.history", "parameters": parameters, "responses": responses });
    let mut sse = problems(&["400", "401", "403", "404", "405", "429", "503"]);
    sse.insert(
        "200".to_owned(),
        json!({
            "description": "One CloudEvent a message. The message's id is what Last-Event-ID takes. The event `closed` tells why the stream ends: \
                slow_client, token_ended, shutting_down or unavailable.",
            "content": { "text/event-stream": { "schema": { "type": "string" } } }
        }),
    );
    let resume = json!({ "name": "Last-Event-ID", "in": "header", "schema": positions(), "description": "Resumes after this message." });
    let with_last: Vec<Value> = parameters.iter().cloned().chain([resume]).collect();
    builder.operation(
        "/v1/events",
        "get",
        operation("events", "Events as they are recorded, by server-sent events", Value::Object(sse), with_last),
    );
    let mut ws = problems(&["400", "401", "403", "404", "405", "426", "429", "503"]);
    ws.insert("101".to_owned(), json!({ "description": "One CloudEvent a text message; its `cursor` is what `after` takes." }));
    builder.operation(
        "/v1/events/ws",
        "get",
        operation("events_ws", "Events as they are recorded, by WebSocket", Value::Object(ws), parameters.to_vec()),
    );
}
