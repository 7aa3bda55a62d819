//! Saved queries and the files of exports in the OpenAPI document.

use serde_json::{Value, json};

use super::components::{parameter, problems};
use super::queries::responses;
use super::{Builder, operation_id};
use crate::catalogue::{Catalogue, DELIVERIES, FILES, RUN};
use crate::exports::TableFormat;
use crate::queries::FORMATS;

/// Describes what can be read of them besides their lists and histories.
pub fn describe(builder: &mut Builder, catalogue: &Catalogue) {
    if let Some(def) = catalogue.saved_queries() {
        let path = format!("/v1/{}/{}/{{id}}/{RUN}", def.context, def.aggregate);
        builder.operation(&path, "get", run(def.context, def.aggregate));
    }
    if let Some(def) = catalogue.exports() {
        let path = format!("/v1/{}/{}/{{id}}/{FILES}", def.context, def.aggregate);
        builder.operation(&format!("{path}/{{file}}"), "get", file(def.context, def.aggregate));
        builder.operation(&path, "get", files(def.context, def.aggregate));
    }
    if let Some(def) = catalogue.webhooks() {
        let path = format!("/v1/{}/{}/{{id}}/{DELIVERIES}", def.context, def.aggregate);
        builder.operation(&path, "get", deliveries(def.context, def.aggregate));
    }
}

fn deliveries(context: &str, aggregate: &str) -> Value {
    let (text, time) = (json!({ "type": ["string", "null"] }), json!({ "type": "string", "format": "date-time" }));
    let delivery = json!({
        "type": "object",
        "required": ["event_id", "type", "subject", "position", "status", "attempts", "first_attempt_at", "last_attempt_at", "duration_ms"],
        "properties": {
            "event_id": { "type": "string", "format": "uuid", "description": "Sent as `webhook-id`." }, "type": { "type": "string" },
            "subject": { "type": "string" }, "position": { "type": "string", "description": "What a replay takes." },
            "status": { "enum": ["retrying", "delivered", "failed"] }, "attempts": { "type": "integer" }, "first_attempt_at": time,
            "last_attempt_at": time, "next_attempt_at": { "type": ["string", "null"], "format": "date-time" },
            "http_status": { "type": ["integer", "null"] }, "reason": text, "detail": text, "duration_ms": { "type": "integer" }
        }
    });
    let page = json!({
        "type": "object", "required": ["data", "next_cursor"],
        "properties": { "data": { "type": "array", "items": delivery }, "next_cursor": text }
    });
    let mut responses = problems(&["400", "401", "403", "404", "405", "414", "429", "503"]);
    responses
        .insert("200".to_owned(), json!({ "description": "The latest first.", "content": { "application/json": { "schema": page } } }));
    let query =
        |name: &str, schema: Value, description: &str| json!({ "name": name, "in": "query", "schema": schema, "description": description });
    json!({
        "operationId": operation_id(&["deliveries", context, aggregate]),
        "tags": [context],
        "summary": "What an endpoint was told, and what it answered",
        "x-permission": format!("{context}.read"),
        "parameters": [
            parameter("Id"),
            query("status", json!({ "enum": ["retrying", "delivered", "failed"] }), "Only in this state."),
            query("limit", json!({ "type": "integer", "minimum": 1, "maximum": 500, "default": 50 }), "Rows of a page."),
            query("cursor", json!({ "type": "string", "maxLength": 64 }), "Where the page goes on: `next_cursor` of the one before it.")
        ],
        "responses": responses
    })
}

fn run(context: &str, aggregate: &str) -> Value {
    let page = json!({
        "type": "object", "required": ["data", "as_of"],
        "description": "As the read model or report that the query asks answers.",
        "properties": {
            "data": { "type": "array", "items": { "type": "object" } },
            "next_cursor": { "type": ["string", "null"] },
            "as_of": { "$ref": "#/components/schemas/AsOf" }
        }
    });
    let mut responses = responses(&page, &FORMATS);
    responses["200"]["headers"]["NeuroOps-Query-Revision"] = json!({ "$ref": "#/components/headers/NeuroOps-Query-Revision" });
    responses["200"]["headers"]["Content-Location"] =
        json!({ "schema": { "type": "string" }, "description": "The address at which the same question is asked directly." });
    let parameters = json!({
        "name": "parameters", "in": "query", "style": "form", "explode": true,
        "schema": { "type": "object", "additionalProperties": { "type": "string", "maxLength": 1024 } },
        "description": "The query's own parameters, by name; `limit` and `cursor` page as they do for read models."
    });
    json!({
        "operationId": operation_id(&["run", context, aggregate]),
        "tags": [context],
        "summary": "Asks a saved query",
        "description": "The caller owns the query, administers the tenant, or has a role that the query is shared with, and may read what it asks.",
        "x-permission": format!("{context}.read"),
        "parameters": [parameter("Id"), parameter("WaitFor"), parameters],
        "responses": responses
    })
}

fn files(context: &str, aggregate: &str) -> Value {
    let file = json!({
        "type": "object", "required": ["name", "rows", "bytes", "sha256", "href"],
        "properties": {
            "name": { "type": "string" }, "rows": { "type": "integer" }, "bytes": { "type": "integer" },
            "sha256": { "type": "string" }, "href": { "type": "string" }
        }
    });
    let overview = json!({
        "type": "object", "required": ["id", "status", "format", "rows", "rows_expected", "bytes", "files", "positions", "one_state", "expires_at"],
        "properties": {
            "id": { "type": "string" }, "status": { "enum": ["requested", "completed", "failed", "cancelled"] }, "format": { "type": "string" },
            "rows": { "type": "integer", "description": "Rows written so far." },
            "rows_expected": { "type": ["integer", "null"], "description": "Rows that there were when a worker began, where that is known." },
            "bytes": { "type": "integer" }, "files": { "type": "array", "items": file }, "manifest": { "type": "string" },
            "positions": { "type": "array", "items": { "type": "string" } },
            "one_state": { "type": "boolean", "description": "Whether all rows are from one state of the database." },
            "expires_at": { "type": ["string", "null"], "format": "date-time" },
            "failure": { "type": "object", "properties": { "code": { "type": "string" }, "reason": { "type": "string" } } }
        }
    });
    let mut responses = problems(&["400", "401", "403", "404", "405", "410", "414", "429", "503"]);
    responses
        .insert("200".to_owned(), json!({ "description": "How far it is.", "content": { "application/json": { "schema": overview } } }));
    json!({
        "operationId": operation_id(&["files", context, aggregate]),
        "tags": [context],
        "summary": "How far an export is, and its files once it is complete",
        "x-permission": format!("{context}.read"),
        "parameters": [parameter("Id"), parameter("WaitFor")],
        "responses": responses
    })
}

fn file(context: &str, aggregate: &str) -> Value {
    let binary = json!({ "schema": { "type": "string", "format": "binary" } });
    let formats = [TableFormat::Csv, TableFormat::Ndjson, TableFormat::Parquet, TableFormat::Arrow]
        .map(|format| (format.media_type().to_owned(), binary.clone()));
    let mut media: serde_json::Map<String, Value> = formats.into_iter().collect();
    media.insert("application/json".to_owned(), json!({ "schema": { "type": "object", "description": "The manifest." } }));
    let mut responses = problems(&["400", "401", "403", "404", "405", "409", "410", "414", "416", "429", "503"]);
    responses.insert("200".to_owned(), json!({ "description": "The file. Its entity tag is its SHA-256.", "content": media }));
    responses.insert("206".to_owned(), json!({ "description": "The part that `Range` asks for.", "content": media }));
    let name = json!({
        "name": "file", "in": "path", "required": true, "schema": { "type": "string" },
        "description": "A name of the list of files, or `manifest.json`."
    });
    let range = json!({ "name": "Range", "in": "header", "schema": { "type": "string" }, "description": "One range of bytes." });
    json!({
        "operationId": operation_id(&["file", context, aggregate]),
        "tags": [context],
        "summary": "A file of an export",
        "x-permission": format!("{context}.read"),
        "parameters": [parameter("Id"), name, range, parameter("WaitFor")],
        "responses": responses
    })
}
