//! Every operation of the OpenAPI document × {anonymous, another tenant, a wrong role}, so that no route can be forgotten.

use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::Request;
use projections::contexts::{CONTEXTS, ContextEntry};
use serde_json::Value;

use crate::harness::{Client, Gateway, send};
use crate::lab;

/// An operation of the document.
struct Operation {
    method: String,
    path: String,
    body: Value,
}

fn operations(document: &Value) -> Vec<(Operation, Value)> {
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let body = operation["requestBody"]["content"]["application/json"]["example"].clone();
            all.push((Operation { method: method.to_uppercase(), path: path.clone(), body }, operation.clone()));
        }
    }
    all
}

impl Operation {
    fn uri(&self, id: &str) -> String {
        self.path.replace("{id}", id)
    }

    fn text(&self) -> String {
        if self.body.is_null() { String::new() } else { self.body.to_string() }
    }

    async fn by(&self, client: &Client, id: &str) -> crate::harness::Answer {
        send(&client.router, client.request(&self.method, &self.uri(id), &[], self.text())).await
    }
}

/// Operations that act on no single thing: there is nothing of another tenant's to be reached, and what they answer is the
/// caller's own. Each is named, so that a new one is thought about.
fn is_collective(path: &str) -> bool {
    ["/v1/commands", "/v1/events", "/v1/events/ws"].contains(&path) || !path.contains("{id}")
}

async fn walk(contexts: &'static [ContextEntry]) {
    let gateway = Gateway::start(contexts, |options| options).await;
    let document = gateway::openapi_document(contexts);
    let owner = gateway.client("owner").await;
    let other = gateway.client("owner").await;
    let nobody = gateway.client_of(owner.tenant, "visitor");
    let analyst = gateway.client_of(owner.tenant, "analyst");
    let auditor = gateway.client_of(owner.tenant, "auditor");
    let (mut tried, mut ids) = (0, BTreeSet::new());
    for (operation, described) in operations(&document) {
        let name = format!("{} {}", operation.method, operation.path);
        if described["security"] == serde_json::json!([]) {
            assert!(!operation.path.starts_with("/v1/"), "{name} needs no token");
            continue;
        }
        tried += 1;
        assert!(ids.insert(described["operationId"].as_str().unwrap().to_owned()), "{name} shares its operationId");
        let request =
            Request::builder().method(operation.method.as_str()).uri(operation.uri("x")).body(Body::from(operation.text())).unwrap();
        send(&gateway.router, request).await.is_problem(401, "missing_token");
        if operation.path != "/v1/commands" {
            operation.by(&nobody, "x").await.is_problem(403, "forbidden");
        }
        if operation.method == "POST" && operation.path != "/v1/commands" {
            operation.by(&analyst, "x").await.is_problem(403, "forbidden");
            operation.by(&auditor, "x").await.is_problem(403, "forbidden");
        }
        if operation.path.ends_with("/history") {
            operation.by(&analyst, "x").await.is_problem(403, "forbidden");
        }
    }
    assert!(tried > 5);
    strangers(&document, &owner, &other).await;
    gateway.stop().await;
}

/// What one tenant made is not there for another, in no operation on a single thing.
async fn strangers(document: &Value, owner: &Client, other: &Client) {
    let all = operations(document);
    let mut made = BTreeSet::new();
    for (operation, _) in all.iter().filter(|(operation, _)| operation.method == "POST" && operation.path.contains("{id}")) {
        let aggregate = operation.path.split("/{id}/").next().unwrap().to_owned();
        if !made.contains(&aggregate) && operation.by(owner, "theirs").await.status.is_success() {
            made.insert(aggregate);
        }
    }
    assert!(!made.is_empty(), "no aggregate could be made by the examples");
    for aggregate in &made {
        let uri = format!("{aggregate}/theirs/history");
        assert_eq!(owner.get(&uri).await.status.as_u16(), 200, "{uri}");
        assert_eq!(other.get(&uri).await.status.as_u16(), 404, "{uri}");
    }
    for (operation, described) in all.iter().filter(|(operation, _)| !is_collective(&operation.path)) {
        let name = format!("{} {}", operation.method, operation.path);
        let text = described["description"].as_str().unwrap_or_default();
        if operation.method == "POST" && !text.contains("Works on an existing") {
            // It makes the other tenant's own thing, which knows nothing of the first's.
            continue;
        }
        let answer = operation.by(other, "theirs").await;
        assert!(answer.status.as_u16() == 404, "{name}: {} {}", answer.status, answer.text());
    }
}

/// A value that a parameter with this schema accepts.
fn value(parameter: &Value) -> String {
    let schema = &parameter["schema"];
    let schema = if schema["type"] == "array" { &schema["items"] } else { schema };
    if let Some(first) = schema["enum"].get(0) {
        return first.as_str().unwrap().to_owned();
    }
    let text = match (schema["type"].as_str().unwrap(), schema["format"].as_str().unwrap_or("")) {
        ("integer" | "number", _) => "3",
        ("boolean", _) => "true",
        (_, "date-time") => "2026-03-01T00:00:00Z",
        (_, "date") => "2026-03-01",
        _ => "EUR",
    };
    text.to_owned()
}

/// Every sort order, filter and parameter of the document is one that Postgres understands.
#[tokio::test]
async fn every_query_that_ships_answers() {
    let gateway = Gateway::start(CONTEXTS, |options| options).await;
    let analyst = gateway.client("analyst").await;
    let ask = async |uri: String| {
        let answer = analyst.get(&uri).await;
        let status = answer.status.as_u16();
        assert!(status == 200 || (status == 404 && answer.json()["code"] == "not_found"), "{uri}: {}", answer.text());
        answer
    };
    let mut asked = 0;
    for (operation, described) in operations(&gateway::openapi_document(CONTEXTS)) {
        let id = described["operationId"].as_str().unwrap();
        let parameters: Vec<&Value> = described["parameters"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|parameter| parameter["in"] == "query" && parameter["name"] != "cursor")
            .collect();
        let pairs = |chosen: &[&Value]| {
            let pairs: Vec<String> =
                chosen.iter().map(|parameter| format!("{}={}", parameter["name"].as_str().unwrap(), value(parameter))).collect();
            format!("{}?{}", operation.path, pairs.join("&"))
        };
        if id.starts_with("report_") {
            let required: Vec<&Value> = parameters.iter().copied().filter(|parameter| parameter["required"] == true).collect();
            ask(pairs(&required)).await;
            ask(pairs(&parameters)).await;
            asked += 1;
        }
        if id.starts_with("list_") {
            for chunk in parameters.chunks(10) {
                ask(pairs(chunk)).await;
            }
            let sorts = parameters.iter().find(|parameter| parameter["name"] == "sort").unwrap();
            for sort in sorts["schema"]["enum"].as_array().unwrap() {
                let csv = format!("{}?sort={}", operation.path, sort.as_str().unwrap());
                assert_eq!(ask(csv).await.json()["data"], serde_json::json!([]));
            }
            asked += 1;
        }
    }
    assert!(asked > 0);
    gateway.stop().await;
}

#[tokio::test]
async fn every_operation_of_the_laboratory_asks_who_is_calling() {
    walk(lab::CONTEXTS).await;
}

#[tokio::test]
async fn every_operation_that_ships_asks_who_is_calling() {
    walk(CONTEXTS).await;
}
