//! Checkpoints and proofs.

use serde_json::{Value, json};

use super::Builder;
use super::components::problems;

/// Statuses that all of them may answer.
const STATUSES: [&str; 8] = ["400", "401", "403", "404", "405", "414", "429", "503"];

fn object(properties: &Value) -> Value {
    let required: Vec<&String> = properties.as_object().into_iter().flat_map(serde_json::Map::keys).collect();
    json!({ "type": "object", "required": required, "properties": properties })
}

fn size(name: &str, required: bool, description: &str) -> Value {
    json!({
        "name": name, "in": "query", "required": required, "description": description,
        "schema": { "type": "integer", "minimum": 0, "maximum": i64::MAX }
    })
}

/// The event of a leaf.
fn record() -> Value {
    let text = json!({ "type": "string" });
    let number = json!({ "type": "integer" });
    let gone = json!({ "type": ["string", "null"], "description": "null once the payload is forgotten." });
    object(&json!({
        "index": number, "context": text, "partition": number, "position": number, "event_id": text, "aggregate_type": text, "aggregate_id": text,
        "sequence": number, "event_type": text, "event_version": text, "recorded_at": { "type": "string", "format": "date-time" },
        "metadata": text, "payload": gone, "payload_salt": gone, "payload_digest": text, "leaf_hash": text
    }))
}

/// Describes them.
pub fn describe(builder: &mut Builder) {
    let number = json!({ "type": "integer", "minimum": 0 });
    let hash = json!({ "type": "string", "pattern": "^[0-9a-f]{64}$" });
    let hashes = json!({ "type": "array", "items": hash });
    let note = json!({ "type": "string", "description": "A signed note (C2SP tlog-checkpoint)." });
    let mut operation = |path: &str, id: &str, summary: &str, parameters: Value, content: Value| {
        let mut responses = problems(&STATUSES);
        responses.insert("200".to_owned(), json!({ "description": "The answer.", "content": content }));
        let described = json!({
            "operationId": id, "tags": ["audit"], "summary": summary, "x-permission": "audit.history",
            "parameters": parameters, "responses": responses
        });
        builder.operation(path, "get", described);
    };
    let as_json = |schema: Value| json!({ "application/json": { "schema": schema } });
    let at = size("size", false, "The size of an older checkpoint; the last one without it.");
    let state = object(&json!({ "tenant_id": { "type": "string", "format": "uuid" }, "size": number, "root": hash, "note": note }));
    let content = json!({ "application/json": { "schema": state }, "text/plain": { "schema": note } });
    operation("/v1/audit/checkpoint", "audit_checkpoint", "The signed state of the tenant's history", json!([at]), content);
    let key = json!({ "type": "string", "description": "A public key as verifiers of signed notes take it." });
    let one = object(&json!({ "key": key, "active": { "type": "boolean", "description": "Whether it signs today." } }));
    let keys = as_json(object(&json!({ "keys": { "type": "array", "items": one } })));
    operation("/v1/audit/keys", "audit_keys", "The public keys that sign checkpoints or have signed them", json!([]), keys);
    let id = json!({ "name": "id", "in": "path", "required": true, "schema": { "type": "string" }, "description": "The event's id." });
    let included = as_json(object(&json!({ "tree_size": number, "root": hash, "record": record(), "proof": hashes, "checkpoint": note })));
    operation("/v1/audit/events/{id}/proof", "audit_event_proof", "The proof that an event is in the history", json!([id, at]), included);
    let from = size("from", true, "The size of the checkpoint that the caller holds.");
    let to = size("to", false, "The newer size; that of the last checkpoint without it.");
    let maybe = json!({ "type": ["string", "null"], "description": "The signed checkpoint of the newer size, where there is one." });
    let grown = object(&json!({ "from": number, "to": number, "from_root": hash, "to_root": hash, "proof": hashes, "checkpoint": maybe }));
    operation("/v1/audit/consistency", "audit_consistency", "The proof that the history only grew", json!([from, to]), as_json(grown));
}
