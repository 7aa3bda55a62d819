//! The topics and their records as an AsyncAPI 3.0 document, with the Kafka bindings 0.5.0.

use serde_json::{Map, Value, json};

use super::schemas::{ContextSchemas, EventSchema};

const BINDING: &str = "0.5.0";
/// Partitions of a topic, unless the log was made with another number.
const PARTITIONS: u32 = 16;

/// The headers of an event's record: name, whether each record has it, what it holds.
const HEADERS: [(&str, bool, &str); 16] = [
    ("ce_specversion", true, "`1.0`"),
    ("ce_id", true, "The event's id (UUIDv7). The same after a refill: what is known already can be dropped by it."),
    ("ce_type", true, "The wire type: context, event and version, such as the name of this message."),
    ("ce_source", true, "`/neuroops/<context>`"),
    ("ce_subject", true, "`<aggregate>/<id>`"),
    ("ce_time", true, "When the log accepted the event (RFC 3339); never decreases within a partition."),
    ("ce_dataschema", true, "The address of the schema of the value, on any gateway."),
    ("ce_tenantid", true, "The tenant."),
    ("ce_sequence", true, "The position: 1, 2, 3 … without gaps within the partition."),
    ("ce_aggregateversion", true, "1, 2, 3 … within the aggregate."),
    ("ce_actor", true, "Who sent the command."),
    ("ce_commandid", true, "The command; all events of one command share it."),
    ("ce_correlationid", true, "The conversation that the command belongs to."),
    ("ce_causationid", false, "What caused the command."),
    ("ce_traceparent", false, "W3C trace context of the request."),
    ("content-type", true, "`application/json`"),
];

/// The document of these contexts.
pub fn document(contexts: &[ContextSchemas]) -> Value {
    let (mut channels, mut operations, mut messages) = (Map::new(), Map::new(), Map::new());
    for ContextSchemas { name, summary, events, .. } in contexts {
        let names: Vec<String> = events.iter().map(EventSchema::wire_type).collect();
        add(&mut channels, &mut operations, name, summary, &names);
        messages.extend(events.iter().map(|event| (event.wire_type(), message(event))));
    }
    let external = "Events of aggregate types that are not the platform's own, written by programs through the `postgres_es` views.";
    add(&mut channels, &mut operations, "external", external, &["external".to_owned()]);
    messages.insert("external".to_owned(), json!({
        "title": "An event of another program", "traits": [{ "$ref": "#/components/messageTraits/event" }], "payload": { "type": "object" }
    }));
    let checkpoints = "Signed states of the tenants' histories: the newest record of a tenant proves all its events so far.";
    add(&mut channels, &mut operations, "checkpoints", checkpoints, &["checkpoint".to_owned()]);
    messages.insert("checkpoint".to_owned(), checkpoint());
    json!({
        "asyncapi": "3.0.0",
        "id": "urn:neuroops:topics",
        "info": {
            "title": "NeuroOps topics",
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "Apache-2.0" },
            "description": "One topic a context. A record is a CloudEvent 1.0 in binary mode; its key is the tenant's id, so the events of a tenant \
                are in one partition, in commit order. Delivery is at least once: drop what has a position that was seen. A record keeps the \
                version that it was written in; readers of a topic read all versions of what they follow."
        },
        "defaultContentType": "application/json",
        "servers": { "kafka": {
            "host": "{bootstrap}", "protocol": "kafka",
            "variables": { "bootstrap": { "default": "127.0.0.1:19092", "description": "KAFKA_BOOTSTRAP_SERVERS" } },
            "x-acl-examples": acls()
        } },
        "channels": channels,
        "operations": operations,
        "components": { "messages": messages, "messageTraits": { "event": event_trait() } }
    })
}

/// A topic and that it is written to.
fn add(channels: &mut Map<String, Value>, operations: &mut Map<String, Value>, name: &str, description: &str, messages: &[String]) {
    let references: Map<String, Value> =
        messages.iter().map(|message| (message.clone(), json!({ "$ref": format!("#/components/messages/{message}") }))).collect();
    channels.insert(
        name.to_owned(),
        json!({
            "address": format!("{{prefix}}.{name}"),
            "description": description,
            "parameters": { "prefix": { "default": "neuroops", "description": "KAFKA_TOPIC_PREFIX" } },
            "messages": references,
            "bindings": { "kafka": {
                "partitions": PARTITIONS,
                // The topics are filled from the log and hold all of it.
                "topicConfiguration": { "cleanup.policy": ["delete"], "retention.ms": -1, "retention.bytes": -1 },
                "bindingVersion": BINDING
            } }
        }),
    );
    operations.insert(
        format!("publish_{name}"),
        json!({ "action": "send", "summary": description, "channel": { "$ref": format!("#/channels/{name}") } }),
    );
}

fn message(event: &EventSchema) -> Value {
    let description = event.schema.get("description").and_then(Value::as_str).unwrap_or_default();
    let mut message = json!({
        "name": event.wire_type(),
        "title": event.name.replace('_', " "),
        "summary": description.split_whitespace().collect::<Vec<_>>().join(" "),
        "traits": [{ "$ref": "#/components/messageTraits/event" }],
        "payload": {
            "schemaFormat": "application/schema+json;version=draft-2020-12",
            "schema": { "$ref": format!("./{}", event.file()) }
        }
    });
    if !event.written {
        message["description"] = json!("Not written any more; records of it stay in the topic.");
    }
    message
}

/// What all records of events have in common.
fn event_trait() -> Value {
    let properties: Map<String, Value> = HEADERS
        .iter()
        .map(|(name, _, description)| ((*name).to_owned(), json!({ "type": "string", "description": description })))
        .collect();
    let required: Vec<&str> = HEADERS.iter().filter(|(_, required, _)| *required).map(|(name, ..)| *name).collect();
    json!({
        "contentType": "application/json",
        "headers": { "type": "object", "properties": properties, "required": required },
        "bindings": { "kafka": {
            "key": { "type": "string", "description": "The tenant's id; contexts with very many sources append the aggregate's." },
            "bindingVersion": BINDING
        } }
    })
}

fn checkpoint() -> Value {
    let names = ["ce_specversion", "ce_id", "ce_type", "ce_source", "ce_subject", "ce_tenantid", "content-type"];
    let properties: Map<String, Value> = names.iter().map(|name| ((*name).to_owned(), json!({ "type": "string" }))).collect();
    json!({
        "title": "A signed state of a tenant's history",
        "contentType": "text/plain; charset=utf-8",
        "headers": { "type": "object", "properties": properties, "required": names },
        "payload": { "type": "string", "description": "A signed note (C2SP tlog-checkpoint)." },
        "bindings": { "kafka": { "key": { "type": "string", "description": "The tenant's id." }, "bindingVersion": BINDING } }
    })
}

/// What a broker with authorisation must allow, for `kafka-acls.sh --bootstrap-server … --add`. Nobody else may write: a record that is
/// not in the log would be read as if it were.
fn acls() -> Value {
    let acl = |who: &str, why: &str, arguments: &str| json!({ "principal": who, "why": why, "arguments": arguments });
    json!([
        acl(
            "User:neuroops-worker",
            "The relay makes the topics, writes them, reads their ends and cuts off what another wrote; the notary writes checkpoints.",
            "--allow-principal User:neuroops-worker --operation Create --operation Delete --operation Describe --operation Read --operation Write \
             --topic neuroops. --resource-pattern-type prefixed"
        ),
        acl(
            "User:neuroops-worker",
            "The relay's producer is idempotent.",
            "--allow-principal User:neuroops-worker --operation IdempotentWrite --cluster"
        ),
        acl(
            "User:warehouse",
            "A reader of one context. A topic holds all tenants: a reader that may see one tenant only uses /v1/events or webhooks.",
            "--allow-principal User:warehouse --operation Describe --operation Read --topic neuroops.<context> --group warehouse"
        )
    ])
}

#[cfg(test)]
mod tests {
    use super::super::schemas;
    use super::*;
    use crate::catalogue::Catalogue;

    #[test]
    fn every_reference_leads_somewhere() {
        let contexts = schemas::of(&Catalogue::new(projections::contexts::CONTEXTS));
        let document = document(&contexts);
        let files = schemas::files(&contexts);
        let mut found = Vec::new();
        references(&document, &mut found);
        assert!(found.len() > 100, "{}", found.len());
        for reference in found {
            match reference.strip_prefix('#') {
                Some(pointer) => assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere"),
                None => assert!(files.contains_key(reference.trim_start_matches("./")), "{reference} is no file"),
            }
        }
    }

    fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        match value {
            Value::Object(map) => {
                found.extend(map.get("$ref").and_then(Value::as_str));
                map.values().for_each(|value| references(value, found));
            }
            Value::Array(items) => items.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }
}
