//! The context `invoicing`, through HTTP and on a real Postgres: commands, read models, reports, printed documents.

mod numbers;
mod printing;
mod reading;
mod rebuilding;
mod refusals;

use std::sync::Mutex;

use projections::contexts::ContextEntry;
use projections::runtime::{LogHeads, LogReader, Projector, Tail, TailOptions};
use serde_json::{Value, json};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::harness::{Answer, Client, Gateway};

/// Only this context is served.
static CONTEXTS: &[ContextEntry] = &[projections::invoicing::CONTEXT];

/// The books of one tenant, with projectors that fill the read models.
pub struct Books {
    gateway: Gateway,
    client: Client,
    /// Where the last command left the log: queries wait for it.
    position: Mutex<String>,
    projectors: DropGuard,
}

/// An amount of euros.
pub fn euro(amount_minor: i64) -> Value {
    json!({ "amount_minor": amount_minor, "currency": "EUR" })
}

/// A line of one piece with 19 % tax.
pub fn line(description: &str, amount_minor: i64) -> Value {
    json!({ "description": description, "unit_price": euro(amount_minor), "tax_rate_percent": 19 })
}

/// A body with some fields changed.
pub fn with(mut body: Value, change: &Value) -> Value {
    for (name, value) in change.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

impl Books {
    pub async fn open() -> Self {
        let gateway = Gateway::start(CONTEXTS, |options| options).await;
        let client = gateway.client("owner").await;
        let cancel = CancellationToken::new();
        let pool = gateway.db.worker.clone();
        let options = TailOptions { contexts: vec!["invoicing".to_owned()], kafka: None, group: "test".to_owned() };
        let heads = LogHeads::watch(pool.clone());
        let tail = Tail::start(LogReader::new(pool.clone()), heads, options, cancel.clone()).await.unwrap();
        for projection in CONTEXTS.iter().flat_map(|context| (context.projections)()) {
            let (projector, cancel) = (Projector::new(projection, pool.clone(), tail.clone()), cancel.clone());
            tokio::spawn(async move { projector.run(&cancel).await });
        }
        Self { gateway, client, position: Mutex::new(String::new()), projectors: cancel.drop_guard() }
    }

    /// Sends a command; the aggregate is written `invoice/i-1`.
    pub async fn send(&self, aggregate: &str, command: &str, body: &Value) -> Answer {
        let answer = self.client.post(&format!("/v1/invoicing/{aggregate}/{command}"), &body.to_string()).await;
        if answer.status.is_success() {
            let token = answer.json()["position"].as_str().unwrap().to_owned();
            let number = |token: &str| token.rsplit('@').next().and_then(|number| number.parse::<u64>().ok()).unwrap_or(0);
            let mut last = self.position.lock().unwrap();
            if number(&token) > number(&last) {
                *last = token;
            }
        }
        answer
    }

    /// Sends a command that must be accepted.
    pub async fn must(&self, aggregate: &str, command: &str, body: &Value) {
        let answer = self.send(aggregate, command, body).await;
        assert_eq!(answer.status.as_u16(), 200, "{aggregate} {command} {body}: {}", answer.text());
    }

    /// Asks for something that includes all commands sent so far.
    pub async fn ask(&self, path: &str) -> Answer {
        let position = self.position.lock().unwrap().clone();
        let headers: Vec<(&str, &str)> = if position.is_empty() { vec![] } else { vec![("neuroops-wait-for", &position)] };
        let answer = self.client.get_with(&format!("/v1/invoicing/{path}"), &headers).await;
        assert_eq!(answer.status.as_u16(), 200, "{path}: {}", answer.text());
        answer
    }

    /// The rows of an answer.
    pub async fn rows(&self, path: &str) -> Vec<Value> {
        self.ask(path).await.json()["data"].as_array().unwrap().clone()
    }

    /// One row.
    pub async fn row(&self, path: &str) -> Value {
        self.ask(path).await.json()
    }

    /// Drafts an invoice of the customer `c-1` with these lines, and makes it final.
    pub async fn invoice(&self, id: &str, date: &str, lines: &[Value]) {
        let draft =
            json!({ "customer_id": "c-1", "customer_name": "Ada Ltd.", "currency": "EUR", "payment_terms_days": 14, "lines": lines });
        self.must(&format!("invoice/{id}"), "draft", &draft).await;
        self.must(&format!("invoice/{id}"), "finalize", &json!({ "date": date })).await;
    }

    pub async fn close(self) {
        drop(self.projectors);
        self.gateway.stop().await;
    }
}

/// The named fields of a row.
pub fn fields(row: &Value, names: &[&str]) -> Vec<Value> {
    names.iter().map(|name| row[*name].clone()).collect()
}
