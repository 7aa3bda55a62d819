//! Billing through HTTP, with its read models.

mod flow;
mod gate;
mod rejections;
mod whole;

use std::sync::{Arc, Mutex};

use axum::http::StatusCode;
use chrono::{DateTime, TimeDelta, Utc};
use platform::clock;
use projections::contexts::ContextEntry;
use projections::runtime::{LogHeads, LogReader, Projector, Tail, TailOptions};
use serde_json::{Value, json};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::harness::{Answer, Client, Gateway};

/// Billing alone.
static BILLING: &[ContextEntry] = &[projections::billing::CONTEXT];

/// Fills the read models of billing until dropped.
async fn project(gateway: &Gateway) -> DropGuard {
    project_all(gateway, BILLING).await
}

/// Fills the read models of these contexts until dropped.
async fn project_all(gateway: &Gateway, contexts: &[ContextEntry]) -> DropGuard {
    let (pool, cancel) = (gateway.db.worker.clone(), CancellationToken::new());
    let names = contexts.iter().map(|context| context.domain.name.to_owned()).collect();
    let options = TailOptions { contexts: names, kafka: None, group: "test".to_owned() };
    let tail = Tail::start(LogReader::new(pool.clone()), LogHeads::watch(pool.clone()), options, cancel.clone()).await.expect("a tail");
    for projection in contexts.iter().flat_map(|context| (context.projections)()) {
        let (projector, cancel) = (Projector::new(projection, pool.clone(), tail.clone()), cancel.clone());
        tokio::spawn(async move { projector.run(&cancel).await });
    }
    cancel.drop_guard()
}

/// A client that remembers what it has done, so that its queries see it.
#[derive(Clone)]
struct Teller {
    client: Client,
    position: Arc<Mutex<String>>,
}

impl Teller {
    fn new(client: Client) -> Self {
        Self { client, position: Arc::default() }
    }

    /// Sends a command, such as `plan/p/publish`.
    async fn send(&self, command: &str, body: &Value) -> Answer {
        let answer = self.client.post(&format!("/v1/billing/{command}"), &body.to_string()).await;
        if answer.status == StatusCode::OK {
            answer.header("neuroops-position").clone_into(&mut self.position.lock().unwrap());
        }
        answer
    }

    /// Sends a command that must be accepted, and tells the names of its events.
    async fn accepted(&self, command: &str, body: Value) -> Vec<String> {
        let answer = self.send(command, &body).await;
        assert_eq!(answer.status, StatusCode::OK, "{command} {body}: {}", answer.text());
        let events = answer.json()["events"].as_array().unwrap().clone();
        let name = |event: &Value| event["type"].as_str().unwrap().trim_start_matches("billing.").trim_end_matches(".v1").to_owned();
        events.iter().map(name).collect()
    }

    /// Asks, and waits for what was sent.
    async fn ask(&self, query: &str) -> Value {
        let position = self.position.lock().unwrap().clone();
        let answer = self.client.get_with(&format!("/v1/billing/{query}"), &[("neuroops-wait-for", &position)]).await;
        assert_eq!(answer.status, StatusCode::OK, "{query}: {}", answer.text());
        answer.json()
    }

    /// The rows of a list or report.
    async fn rows(&self, query: &str) -> Vec<Value> {
        self.ask(query).await["data"].as_array().unwrap().clone()
    }
}

/// So many days ago, at the same time of the day.
fn days_ago(days: i64) -> DateTime<Utc> {
    clock::now() - TimeDelta::days(days)
}

/// A plan of 30 euros a month with calls at two cents, and users by head.
fn monthly() -> Value {
    let price = |unit_amount: &str| json!({ "model": "standard", "unit_amount": unit_amount });
    json!({
        "name": "Monthly", "price": { "amount_minor": 3_000, "currency": "EUR" },
        "charges": [
            { "metric": "calls", "aggregation": "sum", "name": "Calls", "price": price("2") },
            { "metric": "users", "aggregation": "unique_count", "name": "Users", "price": price("100") }
        ],
        "entitlements": { "seats": 5, "export": false }
    })
}

/// A customer `c` and the plan `monthly`.
async fn furnish(teller: &Teller) {
    teller.accepted("customer/c/register", json!({ "name": "Acme" })).await;
    teller.accepted("plan/monthly/publish", monthly()).await;
}
