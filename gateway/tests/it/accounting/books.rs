//! A tenant's books: commands by HTTP, projectors that follow, and reports that wait for what was sent.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use axum::http::StatusCode;
use bytes::Bytes;
use commands::{CommandError, CommandRequest, Receipt};
use domain::kernel::{Action, Actor, StepCommand, TenantId};
use domain::processes::PROCESSES;
use projections::contexts::CONTEXTS;
use projections::runtime::{LogHeads, LogReader, Place, Position, Projector, Tail, TailOptions};
use serde_json::{Value, json};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::harness::{Answer, Client, Gateway};

/// The books of one tenant.
pub struct Books {
    pub gateway: Gateway,
    pub client: Client,
    /// The position token of the last command.
    reached: Mutex<String>,
    /// How far the processes have followed.
    followed: Mutex<HashMap<Place, Position>>,
    projectors: Option<DropGuard>,
}

/// Euros.
pub fn euros(amount_minor: i64) -> Value {
    json!({ "amount_minor": amount_minor, "currency": "EUR" })
}

/// A line of an entry.
pub fn line(account: &str, side: &str, amount_minor: i64) -> Value {
    json!({ "account": account, "side": side, "amount": euros(amount_minor) })
}

/// An entry of one amount between two accounts.
pub fn entry(date: &str, debit: &str, credit: &str, amount_minor: i64) -> Value {
    json!({ "date": date, "lines": [line(debit, "debit", amount_minor), line(credit, "credit", amount_minor)] })
}

impl Books {
    /// A tenant without a chart.
    pub async fn empty() -> Self {
        let gateway = Gateway::start(CONTEXTS, |options| options).await;
        let client = gateway.client("member").await;
        Self { gateway, client, reached: Mutex::default(), followed: Mutex::default(), projectors: None }
    }

    /// A trading company in euros.
    pub async fn open() -> Self {
        let books = Self::empty().await;
        books.done("chart/default/apply-template", &json!({ "template": "trading_company", "currency": "EUR" })).await;
        books
    }

    /// Lets the projections follow.
    pub async fn projecting(mut self) -> Self {
        let pool = self.gateway.db.worker.clone();
        let cancel = CancellationToken::new();
        let contexts = ["accounting", "inventory", "invoicing"].map(str::to_owned).to_vec();
        let options = TailOptions { contexts, kafka: None, group: "test".to_owned() };
        let heads = LogHeads::watch(pool.clone());
        let tail = Tail::start(LogReader::new(pool.clone()), heads, options, cancel.clone()).await.unwrap();
        for projection in (projections::accounting::CONTEXT.projections)() {
            let projector = Projector::new(projection, pool.clone(), tail.clone());
            let cancel = cancel.clone();
            tokio::spawn(async move { projector.run(&cancel).await });
        }
        self.projectors = Some(cancel.drop_guard());
        self
    }

    /// Sends a command: `account/1200/close`.
    pub async fn send(&self, command: &str, body: &Value) -> Answer {
        let answer = self.client.post(&format!("/v1/accounting/{command}"), &body.to_string()).await;
        if answer.status == StatusCode::OK {
            self.reach(answer.header("neuroops-position"));
        }
        answer
    }

    /// Sends a command as a process of the platform does.
    async fn send_as(&self, process: &str, command: StepCommand) -> Result<Receipt, CommandError> {
        let StepCommand { context, aggregate, id, command, body } = command;
        let request = CommandRequest {
            tenant_id: TenantId(self.client.tenant),
            actor: Actor::of_process(process),
            context,
            aggregate,
            id: Some(id.try_into().unwrap()),
            command,
            body: Bytes::from(body.to_string()),
            expected_version: None,
            idempotency_key: None,
            correlation_id: None,
            causation_id: None,
            traceparent: None,
        };
        let receipt = self.gateway.bus.execute(request).await?;
        if receipt.position.starts_with("accounting/") {
            self.reach(&receipt.position);
        }
        Ok(receipt)
    }

    /// Posts an entry as a process of the platform does.
    pub async fn posted_by(&self, process: &str, id: &str, body: &Value) {
        let (context, aggregate, command) = ("accounting".to_owned(), "journal-entry".to_owned(), "post".to_owned());
        let command = StepCommand { context, aggregate, id: id.to_owned(), command, body: body.clone() };
        self.send_as(process, command).await.unwrap_or_else(|error| panic!("{id} {body}: {error}"));
    }

    /// Lets the processes that keep the ledger do what follows from all that has happened since the last time. Answers the codes of what is
    /// refused.
    pub async fn follow(&self) -> Vec<String> {
        let log = LogReader::new(self.gateway.db.worker.clone());
        let known = self.followed.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let places: Vec<(Place, Position)> =
            log.heads().await.unwrap().into_keys().map(|place| (place.clone(), known.get(&place).copied().unwrap_or(0))).collect();
        let mut refused = Vec::new();
        for event in log.after(&places, 10_000).await.unwrap() {
            let wire = format!("{}.{}", event.context, event.event_type);
            for process in
                PROCESSES.iter().filter(|process| process.name.ends_with(".ledger") && process.reacts_to.contains(&wire.as_str()))
            {
                for step in (process.react)(&event).unwrap() {
                    let Action::Command(command) = step.action else { panic!("{} calls nobody outside", process.name) };
                    match self.send_as(process.name, command).await {
                        Ok(_) => {}
                        Err(CommandError::Rejected(rejection)) => refused.push(rejection.code),
                        Err(error) => panic!("{wire}: {error}"),
                    }
                }
            }
            let place = Place { context: event.context.clone(), partition: event.partition };
            self.followed.lock().unwrap_or_else(PoisonError::into_inner).insert(place, event.position);
        }
        refused
    }

    /// Sends a command to another context, which must be accepted: `invoicing/invoice/i-1/draft`.
    pub async fn elsewhere(&self, command: &str, body: &Value) -> Value {
        let answer = self.client.post(&format!("/v1/{command}"), &body.to_string()).await;
        assert_eq!(answer.status, StatusCode::OK, "{command} {body}: {}", answer.text());
        answer.json()
    }

    /// Waits until a read model of the ledger includes what has happened in another context.
    pub async fn wait_for(&self, read_model: &str, context: &str) {
        let head: i64 = {
            let mut admin = self.gateway.db.admin().await;
            let query = sqlx::query_scalar("SELECT max(position) FROM log.heads WHERE context = $1").bind(context);
            query.fetch_one(&mut admin).await.unwrap()
        };
        let partition = domain::kernel::partition_of(&TenantId(self.client.tenant).partition_key(), self.gateway.db.partitions);
        let token = format!("{context}/{partition}@{head}");
        let caught_up = self.client.get_with(&format!("/v1/accounting/{read_model}"), &[("neuroops-wait-for", &token)]).await;
        assert_eq!(caught_up.status.as_u16(), 200, "{}", caught_up.text());
    }

    fn reach(&self, position: &str) {
        let number = |token: &str| token.rsplit('@').next().and_then(|number| number.parse::<i64>().ok()).unwrap_or(-1);
        let mut reached = self.reached.lock().unwrap_or_else(PoisonError::into_inner);
        if number(position) > number(&reached) {
            position.clone_into(&mut reached);
        }
    }

    /// Sends a command that must be accepted.
    pub async fn done(&self, command: &str, body: &Value) -> Value {
        let answer = self.send(command, body).await;
        assert_eq!(answer.status, StatusCode::OK, "{command} {body}: {}", answer.text());
        answer.json()
    }

    /// Sends many commands at once, each of which must be accepted; answers the position of each one's first event.
    pub async fn all_done(&self, commands: &[(String, String, Value)]) -> Vec<i64> {
        let line = |(aggregate, command, body): &(String, String, Value)| {
            let (aggregate, id) = aggregate.split_once('/').unwrap();
            json!({ "context": "accounting", "aggregate": aggregate, "id": id, "command": command, "body": body }).to_string()
        };
        let lines: Vec<String> = commands.iter().map(line).collect();
        let headers = [("content-type", "application/x-ndjson")];
        let answer = self.client.post_with("/v1/commands", &headers, &lines.join("\n")).await;
        let results: Vec<Value> = answer.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(results.len(), commands.len());
        let mut positions = Vec::with_capacity(results.len());
        for result in results {
            assert_eq!(result["status"], 200, "{result}");
            self.reach(result["receipt"]["position"].as_str().unwrap());
            positions.push(result["receipt"]["events"][0]["position"].as_i64().unwrap());
        }
        positions
    }

    /// Rows or a report, once they include everything that was sent.
    pub async fn read(&self, uri: &str) -> Vec<Value> {
        let reached = self.reached.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let answer = self.client.get_with(&format!("/v1/accounting/{uri}"), &[("neuroops-wait-for", &reached)]).await;
        assert_eq!(answer.status, StatusCode::OK, "{uri}: {}", answer.text());
        answer.json()["data"].as_array().unwrap().clone()
    }

    /// The only row of a report.
    pub async fn one(&self, uri: &str) -> Value {
        let mut rows = self.read(uri).await;
        assert_eq!(rows.len(), 1, "{uri}: {rows:?}");
        rows.remove(0)
    }

    pub async fn stop(mut self) {
        drop(self.projectors.take());
        self.gateway.stop().await;
    }
}
