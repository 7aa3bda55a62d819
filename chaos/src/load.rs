//! Clients that work until they are told to stop: creations, updates with and without `If-Match`, deals, bulk requests, idempotency
//! keys sent many times at once, and queries with position tokens, chosen by dice.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use futures::future::join_all;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::client::{Client, Reply, Request, Tenant};
use crate::dice::Dice;
use crate::history::{History, KeyUse, Outcome, Read, Receipt, Sent};
use crate::judge::{BULK, MARKER};

/// Aggregates that all clients of a tenant write.
const SHARED: usize = 8;
/// Copies of a command under one key.
const COPIES: (usize, usize) = (3, 50);
/// How long a client goes on with a command until it is answered.
const INSIST_MAX: Duration = Duration::from_mins(1);
/// Answers that a client comes back to.
const REMEMBERED_MAX: usize = 20;
/// How long the load may take to get on.
const PROGRESS_MAX: Duration = Duration::from_mins(1);

/// What clients do about failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// A command is sent once, and its outcome may stay unknown; only commands under keys are sent again.
    Plain,
    /// Every command has a key and is sent again, to the other gateway, as clients of several gateways should; not being answered within
    /// this time is a failure.
    Retrying(Duration),
}

/// Clients at work.
pub struct Load {
    stop: Arc<AtomicBool>,
    acknowledged: Arc<AtomicU64>,
    tasks: Vec<JoinHandle<History>>,
}

impl Load {
    /// Starts so many clients. `name` is part of their markers, and must be used once.
    pub fn start(client: &Client, tenants: &[Tenant], style: Style, count: usize, name: &str, dice: &mut Dice) -> Self {
        let (stop, acknowledged) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let task = |number: usize| {
            let mut user = User {
                client: client.clone(),
                tenant: tenants[number % tenants.len()].clone(),
                style,
                dice: dice.fork(),
                name: format!("{name}.{number}"),
                count: 0,
                shared: HashMap::new(),
                deals: Vec::new(),
                rows: VecDeque::new(),
                keys: VecDeque::new(),
                acknowledged: acknowledged.clone(),
                seen: History::default(),
            };
            let stop = stop.clone();
            tokio::spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    user.step().await;
                    let pause = user.dice.between(0, 10);
                    tokio::time::sleep(pause).await;
                }
                user.seen
            })
        };
        let tasks = (0..count).map(task).collect();
        Self { stop, acknowledged, tasks }
    }

    /// Waits until so many more commands are acknowledged.
    pub async fn goes_on(&self, more: u64) -> Result<()> {
        let (started, wanted) = (Instant::now(), self.acknowledged.load(Ordering::Relaxed) + more);
        while self.acknowledged.load(Ordering::Relaxed) < wanted {
            if started.elapsed() > PROGRESS_MAX {
                bail!("fewer than {more} commands were accepted within {PROGRESS_MAX:?}");
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    /// Lets the clients end what they do, and tells what they saw.
    pub async fn stop(self) -> Result<History> {
        self.stop.store(true, Ordering::Relaxed);
        let mut history = History::default();
        for task in self.tasks {
            history.extend(task.await.context("a client does not fail")?);
        }
        Ok(history)
    }
}

/// Registers the aggregates that all clients write.
pub async fn share(client: &Client, tenants: &[Tenant]) -> Result<History> {
    let mut history = History::default();
    for tenant in tenants {
        for number in 0..SHARED {
            let marker = format!("{MARKER}shared.{}.{number}", tenant.id);
            let request = Request::command(format!("crm/contact/{}/register", shared(number)), &json!({ "given_name": marker }), &marker);
            let request = request.with("idempotency-key", marker.clone());
            let (reply, _) = insist(client, tenant, &request, &mut Dice::new(0), INSIST_MAX).await;
            let outcome = reply.outcome();
            if outcome != Outcome::Ok {
                bail!("{marker} is not accepted: {reply:?}");
            }
            history.sent.push(Sent {
                marker,
                tenant: tenant.id.clone(),
                aggregate: "contact",
                expected: None,
                outcome,
                receipt: reply.receipt(),
            });
        }
    }
    Ok(history)
}

fn shared(number: usize) -> String {
    format!("shared-{number}")
}

/// Sends a request to one gateway after the other until there is an answer that another attempt would not change, or time is over.
/// Tells how many attempts it took.
pub async fn insist(client: &Client, tenant: &Tenant, request: &Request, dice: &mut Dice, within: Duration) -> (Reply, u64) {
    let (started, first) = (Instant::now(), dice.below(client.gateways()));
    let mut attempt = 0;
    loop {
        let reply = client.send(first + attempt, tenant, request).await;
        attempt += 1;
        if !reply.passing() || started.elapsed() > within {
            return (reply, u64::try_from(attempt).unwrap_or(u64::MAX));
        }
        tokio::time::sleep(dice.between(10, 60)).await;
    }
}

/// A row that a client knows to be there: its path, its aggregate's version, and the position at which it is.
#[derive(Clone)]
struct Known {
    path: String,
    version: i64,
    position: String,
}

/// A command under a key that was answered.
struct Remembered {
    request: Request,
    key: String,
    answer: String,
}

/// One client.
struct User {
    client: Client,
    tenant: Tenant,
    style: Style,
    dice: Dice,
    name: String,
    count: u64,
    /// The versions of the shared aggregates as far as the client has seen them.
    shared: HashMap<usize, i64>,
    deals: Vec<String>,
    rows: VecDeque<Known>,
    keys: VecDeque<Remembered>,
    acknowledged: Arc<AtomicU64>,
    seen: History,
}

impl User {
    fn marker(&mut self, kind: &str) -> String {
        self.count += 1;
        format!("{kind}{}.{}", self.name, self.count)
    }

    async fn step(&mut self) {
        match self.dice.below(100) {
            0..15 => self.register().await,
            15..40 => self.update(true).await,
            40..50 => self.update(false).await,
            50..55 => self.bulk().await,
            55..62 => self.key().await,
            62..65 => self.replay().await,
            65..78 => self.deal().await,
            _ => self.read().await,
        }
    }

    async fn register(&mut self) {
        let marker = self.marker(MARKER);
        let mut body = json!({ "given_name": marker, "owner": self.name });
        if self.dice.percent(50) {
            body["email"] = format!("{marker}@example.com").into();
        }
        let path = if self.dice.percent(50) { format!("crm/contact/{marker}/register") } else { "crm/contact/register".to_owned() };
        self.command("contact", path, &body, marker, None).await;
    }

    /// One of the aggregates that everybody writes; with `If-Match` only one of those who saw a version gets through.
    async fn update(&mut self, conditional: bool) {
        let (marker, number) = (self.marker(MARKER), self.dice.below(SHARED));
        let expected = conditional.then(|| self.shared.get(&number).copied().unwrap_or(1));
        let path = format!("crm/contact/{}/update", shared(number));
        let reply = self.command("contact", path, &json!({ "note": marker }), marker, expected).await;
        if let Reply::Answer { status: 200 | 412, version: Some(version), .. } = reply {
            self.shared.insert(number, version);
        }
    }

    async fn deal(&mut self) {
        let marker = self.marker(MARKER);
        if self.deals.is_empty() || self.dice.percent(40) {
            let body = json!({ "name": marker, "amount": { "amount_minor": self.dice.below(1_000_000), "currency": "EUR" } });
            let reply = self.command("deal", format!("crm/deal/{marker}/open"), &body, marker.clone(), None).await;
            if reply.outcome() == Outcome::Ok {
                self.deals.push(marker);
            }
            return;
        }
        let id = self.deals[self.dice.below(self.deals.len())].clone();
        let stages = ["prospecting", "qualification", "proposal", "negotiation"];
        let (command, body) = match self.dice.below(4) {
            0 => ("set-amount", json!({ "amount": { "amount_minor": self.dice.below(1_000_000), "currency": "EUR" } })),
            1 => ("move-stage", json!({ "stage": stages[self.dice.below(stages.len())] })),
            2 => ("win", json!({})),
            _ => ("update", json!({ "note": marker })),
        };
        self.command("deal", format!("crm/deal/{id}/{command}"), &body, marker, None).await;
    }

    /// Sends a command as the client's style has it, and notes how it ends.
    async fn command(&mut self, aggregate: &'static str, path: String, body: &Value, marker: String, expected: Option<i64>) -> Reply {
        let mut request = Request::command(path, body, &marker);
        if let Some(version) = expected {
            request = request.with("if-match", format!("\"{version}\""));
        }
        let reply = self.send(request, &marker).await;
        let (outcome, receipt) = (reply.outcome(), reply.receipt());
        if let Some(receipt) = &receipt {
            self.remember_row(aggregate, receipt);
        }
        self.note(Sent { marker, tenant: self.tenant.id.clone(), aggregate, expected, outcome, receipt });
        reply
    }

    async fn send(&mut self, request: Request, key: &str) -> Reply {
        let reply = match self.style {
            Style::Plain => {
                let gateway = self.dice.below(self.client.gateways());
                self.client.send(gateway, &self.tenant, &request).await
            }
            Style::Retrying(within) => self.persist(request.with("idempotency-key", key), within).await,
        };
        self.seen.defects.extend(reply.defect());
        reply
    }

    /// Sends a request again, to the other gateway, until it is answered; that it is not is noted.
    async fn persist(&mut self, request: Request, within: Duration) -> Reply {
        let (reply, attempts) = insist(&self.client, &self.tenant, &request, &mut self.dice, within).await;
        self.seen.retried += attempts - 1;
        if reply.passing() {
            self.seen.failed.push(format!("{} after {attempts} attempts: {reply:?}", request.path));
        }
        reply
    }

    fn note(&mut self, sent: Sent) {
        if sent.outcome == Outcome::Ok {
            self.acknowledged.fetch_add(1, Ordering::Relaxed);
        }
        self.seen.sent.push(sent);
    }

    fn remember_row(&mut self, aggregate: &str, receipt: &Receipt) {
        self.rows.push_back(Known {
            path: format!("crm/{aggregate}-list/{}", receipt.id),
            version: receipt.version,
            position: receipt.position.clone(),
        });
        if self.rows.len() > REMEMBERED_MAX {
            self.rows.pop_front();
        }
    }

    /// Some registrations in one request; each line has a result of its own.
    async fn bulk(&mut self) {
        let (marker, count) = (self.marker(BULK), 5 + self.dice.below(16));
        let ids: Vec<String> = (0..count).map(|line| format!("{marker}-{line}")).collect();
        let line = |id: &String| {
            let mut line =
                json!({ "context": "crm", "aggregate": "contact", "id": id, "command": "register", "body": { "given_name": id } });
            if self.style != Style::Plain {
                line["idempotency_key"] = id.as_str().into();
            }
            format!("{line}\n")
        };
        let headers = vec![("content-type", "application/x-ndjson".to_owned()), ("x-correlation-id", marker)];
        let request = Request { path: "commands".to_owned(), body: Some(ids.iter().map(line).collect()), headers };
        let reply = match self.style {
            Style::Plain => {
                let gateway = self.dice.below(self.client.gateways());
                self.client.send(gateway, &self.tenant, &request).await
            }
            Style::Retrying(within) => self.persist(request, within).await,
        };
        self.seen.defects.extend(reply.defect());
        let whole = reply.outcome();
        let results: Vec<Value> = match &reply {
            Reply::Answer { status: 200, body, .. } => body.lines().filter_map(|line| serde_json::from_str(line).ok()).collect(),
            _ => Vec::new(),
        };
        for (index, id) in ids.into_iter().enumerate() {
            let (outcome, receipt) = match results.get(index) {
                Some(result) => line_outcome(result),
                // A line without result in an answer that came as a whole would be a defect; it is not known what became of it.
                None if whole == Outcome::Ok => (Outcome::Unknown, None),
                None => (whole, None),
            };
            if self.style != Style::Plain && outcome != Outcome::Ok && whole == Outcome::Ok {
                self.seen.failed.push(format!("{id} in a bulk request: {:?}", results.get(index)));
            }
            self.note(Sent { marker: id, tenant: self.tenant.id.clone(), aggregate: "contact", expected: None, outcome, receipt });
        }
    }

    /// One command many times at once under one key, and then another body under it.
    async fn key(&mut self) {
        let marker = self.marker(MARKER);
        let copies = COPIES.0 + self.dice.below(COPIES.1 - COPIES.0 + 1);
        let (path, field) = match self.dice.below(2) {
            0 => ("crm/contact/register".to_owned(), "given_name"),
            _ => (format!("crm/contact/{}/update", shared(self.dice.below(SHARED))), "note"),
        };
        let request =
            |value: &str| Request::command(path.clone(), &json!({ field: value }), &marker).with("idempotency-key", marker.clone());
        let (first, other) = (request(&marker), request("another"));
        let sends = (0..copies).map(|_| {
            let (client, tenant, request, mut dice) = (self.client.clone(), self.tenant.clone(), first.clone(), self.dice.fork());
            async move { insist(&client, &tenant, &request, &mut dice, INSIST_MAX).await.0 }
        });
        let replies = join_all(sends.collect::<Vec<_>>()).await;
        self.seen.defects.extend(replies.iter().filter_map(Reply::defect));
        let answers: BTreeSet<String> = replies.iter().filter_map(|reply| reply.accepted().map(str::to_owned)).collect();
        // Where no copy was answered well, the first that says more than nothing tells how the command ended.
        let told = replies.iter().find(|reply| reply.accepted().is_some()).or_else(|| replies.iter().find(|reply| !reply.passing()));
        let (outcome, receipt) = told.map_or((Outcome::Unknown, None), |reply| (reply.outcome(), reply.receipt()));
        let other_body = insist(&self.client, &self.tenant, &other, &mut self.dice, INSIST_MAX).await.0;
        let other_body = if other_body.passing() { None } else { other_body.status() };
        if let Some(answer) = answers.iter().next().cloned() {
            self.keys.push_back(Remembered { request: first, key: marker.clone(), answer });
        }
        if self.keys.len() > REMEMBERED_MAX {
            self.keys.pop_front();
        }
        self.seen.keys.push(KeyUse { key: marker.clone(), copies, answers, other_body });
        self.note(Sent { marker, tenant: self.tenant.id.clone(), aggregate: "contact", expected: None, outcome, receipt });
    }

    /// A key that was answered a while ago, perhaps before something was killed.
    async fn replay(&mut self) {
        let Some(Remembered { request, key, answer }) = self.keys.front() else { return };
        let reply = insist(&self.client, &self.tenant, request, &mut self.dice, INSIST_MAX).await.0;
        let now = reply.accepted().map_or_else(|| format!("{reply:?}"), str::to_owned);
        if !reply.passing() {
            let answers = BTreeSet::from([answer.clone(), now]);
            self.seen.keys.push(KeyUse { key: key.clone(), copies: 1, answers, other_body: None });
        }
    }

    /// A row with the position at which the client knows it to be there; only an answer counts.
    async fn read(&mut self) {
        if self.rows.is_empty() {
            return;
        }
        let Known { path, version, position } = self.rows[self.dice.below(self.rows.len())].clone();
        let request = Request::query(path.clone(), &position);
        let reply = match self.style {
            Style::Plain => {
                let gateway = self.dice.below(self.client.gateways());
                self.client.send(gateway, &self.tenant, &request).await
            }
            Style::Retrying(within) => self.persist(request, within).await,
        };
        self.seen.defects.extend(reply.defect());
        let seen = match &reply {
            Reply::Answer { status: 200, body, whole: true, .. } => {
                serde_json::from_str::<Value>(body).ok().and_then(|row| row["version"].as_i64())
            }
            Reply::Answer { status: 404, .. } => None,
            Reply::Answer { status: 400.., body, .. } if !reply.passing() => {
                self.seen.defects.push(format!("{path} at {position}: {body}"));
                return;
            }
            _ => return,
        };
        self.seen.reads.push(Read { row: path, wanted: version, seen });
    }
}

/// How a line of a bulk request ended.
fn line_outcome(result: &Value) -> (Outcome, Option<Receipt>) {
    let status = result["status"].as_u64().and_then(|status| u16::try_from(status).ok()).unwrap_or(500);
    let outcome = Outcome::of(status, result["problem"]["code"].as_str().unwrap_or_default());
    (outcome, serde_json::from_value(result["receipt"].clone()).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_a_bulk_answer_tell_their_outcome() {
        let receipt = json!({ "id": "a", "version": 1, "events": [{ "type": "x", "position": 2 }], "position": "crm/0@2" });
        let (outcome, told) = line_outcome(&json!({ "line": 1, "status": 200, "receipt": receipt }));
        assert_eq!((outcome, told.map(|receipt| receipt.version)), (Outcome::Ok, Some(1)));
        let (outcome, told) = line_outcome(&json!({ "line": 1, "status": 503, "problem": { "code": "outcome_unknown" } }));
        assert_eq!((outcome, told), (Outcome::Unknown, None));
        assert_eq!(line_outcome(&json!({ "line": 1, "status": 409, "problem": { "code": "crm.duplicate" } })).0, Outcome::Fail);
    }
}
