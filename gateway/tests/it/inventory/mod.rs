//! The context `inventory` through HTTP, on a real Postgres: every rejection, stock under concurrency, read models and reports.

mod concurrency;
mod limits;
mod read_models;
mod rejections;
mod reports;

use std::collections::HashMap;

use axum::body::Body;
use axum::http::StatusCode;
use projections::contexts::ContextEntry;
use serde_json::{Value, json};

use crate::harness::{Answer, Client, Gateway, send};

/// This context alone.
pub static INVENTORY: &[ContextEntry] = &[projections::inventory::CONTEXT];

/// A gateway that serves it.
pub async fn start() -> Gateway {
    Gateway::start(INVENTORY, |options| options).await
}

/// An amount in euros.
pub fn euro(amount_minor: i64) -> Value {
    json!({ "amount_minor": amount_minor, "currency": "EUR" })
}

impl Client {
    /// Sends a command of the context: `aggregate/id/command`.
    pub async fn command(&self, path: &str, body: &Value) -> Answer {
        self.post(&format!("/v1/inventory/{path}"), &body.to_string()).await
    }

    /// Sends a command that is accepted; answers its position.
    pub async fn must(&self, path: &str, body: Value) -> String {
        let answer = self.command(path, &body).await;
        assert_eq!(answer.status, StatusCode::OK, "{path} {body}: {}", answer.text());
        answer.json()["position"].as_str().unwrap().to_owned()
    }

    /// A product of this id and number, valued in euros, and an open warehouse `main` where there is none yet.
    pub async fn product(&self, id: &str, facts: Value) {
        let mut body = json!({ "name": format!("The {id}"), "sku": id.to_uppercase(), "currency": "EUR" });
        body.as_object_mut().unwrap().extend(facts.as_object().unwrap().clone());
        self.must(&format!("product/{id}/create"), body).await;
    }

    /// An open warehouse.
    pub async fn warehouse(&self, id: &str) {
        self.must(&format!("warehouse/{id}/open"), json!({ "name": format!("Warehouse {id}") })).await;
    }

    /// Goods that come in, each piece at that cost.
    pub async fn receive(&self, item: &str, movement: &str, quantity: i64, cost_minor: i64) {
        let body = json!({ "movement_id": movement, "quantity": quantity, "unit_cost": euro(cost_minor) });
        self.must(&format!("stock-item/{item}/receive"), body).await;
    }

    /// Sends many commands in one request, each as path and body; all are accepted.
    pub async fn all(&self, commands: impl IntoIterator<Item = (String, Value)>) {
        let mut body = String::new();
        for (path, fields) in commands {
            let mut parts = path.split('/');
            let mut next = || parts.next().expect("aggregate, id and command");
            let line = json!({ "context": "inventory", "aggregate": next(), "id": next(), "command": next(), "body": fields });
            body.push_str(&line.to_string());
            body.push('\n');
        }
        let request = self.request("POST", "/v1/commands", &[("content-type", "application/x-ndjson")], Body::from(body));
        let answer = send(&self.router, request).await;
        for line in answer.text().lines() {
            let result: Value = serde_json::from_str(line).unwrap();
            assert_eq!(result["status"], 200, "{line}");
        }
    }

    /// The rows or results of a query that includes a position.
    pub async fn data(&self, uri: &str, position: &str) -> Vec<Value> {
        let answer = self.get_with(&format!("/v1/inventory/{uri}"), &[("neuroops-wait-for", position)]).await;
        assert_eq!(answer.status, StatusCode::OK, "{uri}: {}", answer.text());
        answer.json()["data"].as_array().unwrap().clone()
    }
}

/// Some fields of each row, by name.
pub fn fields(rows: &[Value], names: &[&str]) -> Vec<Value> {
    let row = |row: &Value| {
        let found: HashMap<&str, &Value> = names.iter().map(|name| (*name, &row[*name])).collect();
        Value::Array(names.iter().map(|name| found[name].clone()).collect())
    };
    rows.iter().map(row).collect()
}
