//! Operations that do not depend on the contexts.

use domain::kernel::{PATTERN_BYTES_MAX, PATTERNS_MAX};
use serde_json::{Value, json};

use super::Builder;
use super::components::{parameter, positions, problems};
use crate::catalogue::Catalogue;

/// Describes them.
pub fn describe(builder: &mut Builder, catalogue: &Catalogue) {
    bulk(builder);
    streams(builder, catalogue);
    series(builder);
    features(builder);
    for (path, id, summary, content_type, schema) in [
        ("/health/live", "health_live", "Whether the process runs", "application/json", json!({ "type": "object" })),
        ("/metrics", "metrics", "Metrics in Prometheus' text format", "text/plain", json!({ "type": "string" })),
        ("/openapi.json", "openapi", "This document", "application/json", json!({ "type": "object" })),
        ("/schemas", "schemas", "The list of JSON Schemas", "application/json", json!({ "type": "object" })),
    ] {
        builder.operation(path, "get", open(id, summary, &[], content_type, &schema, &["405"]));
    }
    let part = |name: &str, description: &str| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" }, "description": description });
    let file = part(
        "file",
        "`<wire type>.json`, `<context>.<aggregate>.<command>.json`, `<context>.<read model or report>.json`, `<context>.<aggregate>.state.json` or `asyncapi.yaml`.",
    );
    builder.operation(
        "/schemas/{file}",
        "get",
        open(
            "schema",
            "The JSON Schema of an event, a command or an answer",
            &[file],
            "application/schema+json",
            &json!({}),
            &["404", "405"],
        ),
    );
    let of_context = [part("context", "The context."), part("file", "`<event>.v<version>.json`, `commands.json` or `answers.json`.")];
    builder.operation(
        "/schemas/{context}/{file}",
        "get",
        open("schema_of_context", "A file of the tree of schemas", &of_context, "application/schema+json", &json!({}), &["404", "405"]),
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

fn series(builder: &mut Builder) {
    let query =
        |name: &str, schema: Value, description: &str| json!({ "name": name, "in": "query", "schema": schema, "description": description });
    let required = |mut parameter: Value| {
        parameter["required"] = json!(true);
        parameter
    };
    let text = json!({ "type": "string", "maxLength": 200 });
    let day = json!({ "type": "string", "format": "date" });
    let number = |max: usize| json!({ "type": "integer", "minimum": 1, "maximum": max });
    let filters = json!({
        "name": "filters", "in": "query", "style": "form", "explode": true,
        "schema": { "type": "object", "propertyNames": { "pattern": "^filter\\." }, "additionalProperties": { "type": "string", "maxLength": 1024 } },
        "description": "Filters of the read model or parameters of the report, their names behind `filter.`: `filter.status=won`."
    });
    let point = json!({
        "type": "object", "required": ["date", "value", "usual", "score", "unusual"],
        "properties": {
            "date": day, "value": { "type": "number" }, "usual": { "type": "number", "description": "The median of the same place in the seasons around." },
            "score": { "type": ["number", "null"], "description": "Robust z-score; null where nothing varies." }, "unusual": { "type": "boolean" }
        }
    });
    let next = json!({
        "type": "object", "required": ["date", "value", "low", "high"],
        "properties": { "date": day, "value": { "type": "number" }, "low": { "type": "number" }, "high": { "type": "number" } }
    });
    let one = json!({
        "type": "object", "required": ["group", "points", "forecast"],
        "properties": {
            "group": { "type": ["string", "null"] }, "points": { "type": "array", "items": point }, "forecast": { "type": "array", "items": next },
            "method": { "enum": ["seasonal_naive", "exponential_smoothing"] }
        }
    });
    let schema = json!({
        "type": "object", "required": ["source", "bucket", "season", "series", "as_of"],
        "properties": {
            "source": { "type": "string" }, "bucket": { "enum": ["day", "week", "month"] }, "season": { "type": "integer" },
            "series": { "type": "array", "items": one }, "as_of": { "$ref": "#/components/schemas/AsOf" }
        }
    });
    let mut responses = problems(&["400", "401", "403", "404", "405", "414", "429", "503"]);
    responses.insert("200".to_owned(), json!({ "description": "The series.", "content": { "application/json": { "schema": schema } } }));
    let parameters = [
        required(query("source", text.clone(), "`context/read-model` or `context/report`.")),
        required(query("date", text.clone(), "The column of the day.")),
        query("value", text.clone(), "The column that is added up; without one, rows are counted."),
        query("group", text, "The column whose values are series of their own; for amounts, their currency where none is named."),
        query("bucket", json!({ "enum": ["day", "week", "month"], "default": "day" }), "How days are put together."),
        query("from", day.clone(), "The first day; that of the first row where it is left out."),
        query("to", day, "The last day; the last complete bucket where it is left out."),
        query(
            "season",
            number(crate::series::SEASON_MAX),
            "After how many buckets things are alike: 7 days, 1 week, 12 months where it is left out.",
        ),
        query("horizon", json!({ "type": "integer", "minimum": 0, "maximum": crate::series::HORIZON_MAX }), "Buckets to forecast."),
        query("level", json!({ "type": "number", "minimum": 0.5, "maximum": 0.999, "default": 0.95 }), "Probability of the intervals."),
        query(
            "method",
            json!({ "enum": ["auto", "seasonal_naive", "exponential_smoothing"], "default": "auto" }),
            "How the series is continued.",
        ),
        filters,
        parameter("WaitFor"),
    ];
    builder.operation(
        "/v1/series",
        "get",
        json!({
            "operationId": "series",
            "tags": ["platform"],
            "summary": "What a read model or report adds up to over time, what of it is unusual, and how it may go on",
            "x-permission": "<context>.read",
            "parameters": parameters,
            "responses": responses
        }),
    );
}

fn features(builder: &mut Builder) {
    let row = json!({
        "type": "object", "required": ["feature", "value"],
        "properties": {
            "feature": { "type": "string" }, "value": { "type": ["boolean", "integer", "string"] },
            "used": { "type": "integer", "description": "How many there are of what `limit.<context>.<aggregate>` limits; counted up to one more than the limit." }
        }
    });
    let schema = json!({ "type": "object", "required": ["data"], "properties": { "data": { "type": "array", "items": row } } });
    let mut responses = problems(&["401", "403", "405", "429", "503"]);
    responses.insert("200".to_owned(), json!({ "description": "The features.", "content": { "application/json": { "schema": schema } } }));
    builder.operation(
        "/v1/features",
        "get",
        json!({
            "operationId": "features",
            "tags": ["platform"],
            "summary": "What the tenant's subscription to the platform says: flags, limits and words",
            "description": "Empty where the platform is not sold, and for tenants that never subscribed: they may use everything.",
            "x-permission": "platform.read",
            "parameters": [],
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
        json!({ "name": "role", "in": "query", "schema": { "type": "string", "maxLength": 64 }, "description": "Show what this one of the token's roles may follow." }),
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
