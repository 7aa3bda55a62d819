//! Parts of the OpenAPI document that many operations share.

use serde_json::{Map, Value, json};

use crate::headers::{CORRELATION_CHARS_MAX, IDEMPOTENCY_KEY_CHARS_MAX};
use crate::position::TOKENS_MAX;

/// The statuses that are described once, with what they mean.
const PROBLEMS: [(&str, &str); 18] = [
    ("400", "The request is malformed: a header, a parameter or a field. `fields` names it."),
    ("401", "The token is missing, not valid, expired or revoked."),
    (
        "403",
        "The token's roles do not include the permission, the tenant's subscription does not include the context, or the tenant is suspended or closed.",
    ),
    ("404", "There is no such thing in this tenant."),
    ("405", "The address does not answer to this method; `Allow` tells to which it does."),
    ("406", "The answer is not available in a format that is accepted."),
    ("408", "The body did not arrive in time."),
    ("409", "It exists already, or another aggregate holds a unique value; `candidates` names it."),
    ("410", "It was there, and its time is over."),
    ("412", "The version is not the one that `If-Match` asks for."),
    ("413", "The body is too large."),
    ("414", "The address is longer than 65,534 bytes."),
    ("415", "The media type of the body is not supported."),
    ("416", "The file has no such bytes; `Content-Range` tells its size."),
    ("422", "A rule of the domain refuses the command, or the Idempotency-Key was used for another command."),
    ("426", "The address speaks WebSocket only."),
    ("429", "Too much at a time; `Retry-After` tells when to try again."),
    ("503", "A part of the platform is away or behind; `Retry-After` tells when to try again."),
];

/// References to the problems of these statuses, as a part of `responses`.
pub fn problems(statuses: &[&str]) -> Map<String, Value> {
    statuses.iter().map(|status| ((*status).to_owned(), json!({ "$ref": format!("#/components/responses/Problem{status}") }))).collect()
}

/// `components.responses`
pub fn responses() -> Value {
    let mut all = Map::new();
    for (status, description) in PROBLEMS {
        if status == "414" {
            // Refused before it is read as a request, so there is no body.
            all.insert(format!("Problem{status}"), json!({ "description": description }));
            continue;
        }
        let mut response = json!({
            "description": description,
            "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } }
        });
        let header = match status {
            "401" => Some(("WWW-Authenticate", json!({ "required": true, "schema": { "type": "string" } }))),
            "405" => Some(("Allow", json!({ "required": true, "schema": { "type": "string" } }))),
            "429" | "503" => {
                Some(("Retry-After", json!({ "required": true, "schema": { "type": "integer", "minimum": 0 }, "description": "Seconds." })))
            }
            _ => None,
        };
        if let Some((name, header)) = header {
            response["headers"] = json!({ name: header });
        }
        all.insert(format!("Problem{status}"), response);
    }
    Value::Object(all)
}

/// `components.headers`
pub fn headers() -> Value {
    json!({
        "ETag": { "required": true, "schema": { "type": "string" }, "description": "The aggregate's version, for If-Match.", "example": "\"3\"" },
        "NeuroOps-Position": { "required": true, "schema": { "type": "string" }, "description": "Position token, for NeuroOps-Wait-For." },
        "NeuroOps-Positions": {
            "required": true, "schema": { "type": "string" },
            "description": "Position tokens, separated by commas: everything up to them is included. A later query with NeuroOps-Wait-For sees no less."
        },
        "NeuroOps-Lag-Events": {
            "required": true, "schema": { "type": "integer", "minimum": 0 },
            "description": "Events of the tenant's log partitions that are not included yet."
        },
        "NeuroOps-Next-Cursor": {
            "schema": { "type": "string" },
            "description": "Where an answer that is cut (CSV, NDJSON, Parquet, Arrow) goes on; not there where it is whole."
        },
        "NeuroOps-Query-Revision": { "required": true, "schema": { "type": "integer", "minimum": 1 }, "description": "The revision of the query that answered." }
    })
}

/// `components.parameters`
pub fn parameters() -> Value {
    let visible = |chars_max: usize| json!({ "type": "string", "minLength": 1, "maxLength": chars_max, "pattern": "^[!-~]+$" });
    json!({
        "Id": {
            "name": "id", "in": "path", "required": true,
            "schema": { "type": "string", "minLength": 1, "maxLength": 128, "pattern": "^[A-Za-z0-9._~:-]+$" }
        },
        "IdempotencyKey": {
            "name": "Idempotency-Key", "in": "header", "schema": visible(IDEMPOTENCY_KEY_CHARS_MAX),
            "description": "The same key and command answer the first receipt again, byte for byte, for 30 days."
        },
        "IfMatch": {
            "name": "If-Match", "in": "header", "schema": { "type": "string", "minLength": 3, "maxLength": 20, "pattern": "^\"(0|[1-9][0-9]{0,17})\"$" },
            "description": "The version that the command builds on, as one strong entity tag such as `\"3\"`."
        },
        "CorrelationId": {
            "name": "X-Correlation-ID", "in": "header", "schema": visible(CORRELATION_CHARS_MAX),
            "description": "The conversation that the command belongs to."
        },
        "CausationId": {
            "name": "X-Causation-ID", "in": "header", "schema": visible(CORRELATION_CHARS_MAX),
            "description": "What caused the command."
        },
        "WaitFor": {
            "name": "NeuroOps-Wait-For", "in": "header",
            "schema": positions(),
            "description": "Position tokens, separated by commas: the answer includes everything up to them."
        }
    })
}

/// The schema of a list of position tokens.
pub fn positions() -> Value {
    let token = "[A-Za-z0-9_-]{1,64}/[0-9]{1,9}@[0-9]{1,18}";
    json!({ "type": "string", "minLength": 5, "pattern": format!("^{token}(,{token}){{0,{}}}$", TOKENS_MAX - 1) })
}

/// A reference to a shared parameter.
pub fn parameter(name: &str) -> Value {
    json!({ "$ref": format!("#/components/parameters/{name}") })
}

/// Schemas of the gateway's own answers.
pub fn schemas() -> Map<String, Value> {
    let token = json!({ "type": "string", "description": "Position token: `context/partition@position`." });
    let all = json!({
        "Problem": {
            "type": "object", "description": "RFC 9457 problem details.",
            "required": ["type", "title", "status", "detail", "code", "trace_id"],
            "properties": {
                "type": { "type": "string", "format": "uri" },
                "title": { "type": "string" },
                "status": { "type": "integer" },
                "detail": { "type": "string" },
                "code": { "type": "string", "description": "Stable; programs decide by it." },
                "fields": { "type": "array", "items": {
                    "type": "object", "required": ["name"],
                    "properties": { "name": { "type": "string" }, "message": { "type": "string" } }
                } },
                "candidates": { "type": "array", "items": {
                    "type": "object", "required": ["id", "field"],
                    "properties": { "id": { "type": "string" }, "field": { "type": "string" } }
                } },
                "trace_id": { "type": "string" }
            }
        },
        "Receipt": {
            "type": "object", "description": "What an accepted command led to.",
            "required": ["id", "version", "events", "position"],
            "properties": {
                "id": { "type": "string" },
                "version": { "type": "integer" },
                "events": { "type": "array", "items": {
                    "type": "object", "required": ["type", "position"],
                    "properties": { "type": { "type": "string" }, "position": { "type": "integer" } }
                } },
                "position": token,
                "secret": { "type": "string", "description": "The secret that the command has made. It is shown in this answer only." }
            }
        },
        "AsOf": {
            "type": "object", "description": "What the answer includes.", "required": ["positions", "lag_events"],
            "properties": {
                "positions": { "type": "array", "items": token },
                "lag_events": { "type": "integer", "minimum": 0, "description": "Events of the tenant's log partitions that are not included yet." }
            }
        }
    });
    object(all).chain(object(of_lines_and_health(&token))).collect()
}

/// Lines of bulk requests and histories, and health.
fn of_lines_and_health(token: &Value) -> Value {
    json!({
        "BulkCommand": {
            "type": "object", "description": "One line of a bulk request.", "required": ["context", "aggregate", "command"],
            "additionalProperties": false,
            "properties": {
                "context": { "type": "string" }, "aggregate": { "type": "string" }, "id": { "type": ["string", "null"] },
                "command": { "type": "string" }, "body": { "type": ["object", "null"] },
                "idempotency_key": { "type": ["string", "null"], "maxLength": IDEMPOTENCY_KEY_CHARS_MAX },
                "expected_version": { "type": ["integer", "null"], "minimum": 0 }
            }
        },
        "BulkResult": {
            "type": "object", "description": "One line of a bulk answer.", "required": ["line", "status"],
            "properties": {
                "line": { "type": "integer", "minimum": 1 }, "status": { "type": "integer" },
                "receipt": { "$ref": "#/components/schemas/Receipt" }, "problem": { "$ref": "#/components/schemas/Problem" }
            }
        },
        "HistoryEvent": {
            "type": "object",
            "required": ["id", "type", "version", "position", "recorded_at", "actor", "command_id", "correlation_id", "payload"],
            "properties": {
                "id": { "type": "string", "format": "uuid" }, "type": { "type": "string" }, "version": { "type": "integer", "minimum": 1 },
                "position": token, "recorded_at": { "type": "string", "format": "date-time" }, "actor": { "type": "string" },
                "command_id": { "type": "string", "format": "uuid" }, "correlation_id": { "type": "string" },
                "causation_id": { "type": "string" }, "payload": {}
            }
        },
        "Health": {
            "type": "object", "required": ["status", "dependencies"],
            "properties": {
                "status": { "enum": ["ok", "degraded", "down"] },
                "dependencies": { "type": "object", "additionalProperties": {
                    "type": "object", "required": ["status"],
                    "properties": { "status": { "enum": ["ok", "degraded", "down"] }, "message": { "type": "string" } }
                } }
            }
        }
    })
}

/// The members of an object.
fn object(value: Value) -> impl Iterator<Item = (String, Value)> {
    let map = if let Value::Object(map) = value { map } else { Map::new() };
    map.into_iter()
}
