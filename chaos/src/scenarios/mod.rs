//! What is done to a platform. Each scenario gets one of its own, with its servers running and none of its processes.
//!
//! To add one: a file here with a `run` function, a variant of [`crate::Scenario`], and a line in [`crate::run`].

pub mod disasters;
pub mod kills;
pub mod rebuilds;
pub mod suite;
pub mod upgrades;

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use futures::future::try_join_all;
use serde_json::json;

use crate::client::{Client, Request, Tenant};
use crate::cluster::Cluster;
use crate::facts::{Facts, settled};
use crate::history::{History, Outcome, Sent};
use crate::judge::{Judge, MARKER};
use crate::report::Round;

/// Clients of the load.
const CLIENTS: usize = 10;
/// How long recovery may take before it counts as none.
const RECOVERY_PATIENCE: Duration = Duration::from_mins(1);

/// A judge and what it is told.
#[derive(Default)]
pub struct Court {
    judge: Judge,
    facts: Facts,
    /// What clients have seen since the last round.
    pub history: History,
}

impl Court {
    /// Waits until nothing is under way, and judges the round.
    pub async fn judge(&mut self, cluster: &Cluster, round: Round) -> Result<Round> {
        settled(cluster).await?;
        let stored = self.facts.read(cluster).await?;
        let history = std::mem::take(&mut self.history);
        let repeats = self.judge.repeats;
        let violations = self.judge.round(&history, &stored);
        let mut notes: Vec<String> = Some(round.notes.clone()).filter(|notes| !notes.is_empty()).into_iter().collect();
        for (count, what) in [(self.judge.repeats - repeats, "records repeated in Kafka"), (history.retried, "requests sent again")] {
            if count > 0 {
                notes.push(format!("{count} {what}"));
            }
        }
        Ok(Round { violations, notes: notes.join(", "), ..round }.seen(&history))
    }

    /// Kafka was emptied.
    pub fn forget_kafka(&mut self) {
        self.judge.forget_kafka();
        self.facts.forget_kafka();
    }
}

/// Waits until the whole platform works: every gateway accepts a command and shows its row, and the relay has carried it to Kafka.
pub async fn recovered(cluster: &Cluster, client: &Client, name: &str) -> Result<History> {
    let probes = (0..client.gateways()).map(|gateway| probe(cluster, client, gateway, name));
    let mut history = History::default();
    history.sent.extend(try_join_all(probes).await?);
    Ok(history)
}

async fn probe(cluster: &Cluster, client: &Client, gateway: usize, name: &str) -> Result<Sent> {
    let (started, tenant) = (Instant::now(), &cluster.tenants[gateway % cluster.tenants.len()]);
    let marker = format!("{MARKER}probe.{name}.{gateway}");
    let path = format!("crm/contact/{marker}/register");
    let command = Request::command(path, &json!({ "given_name": marker }), &marker).with("idempotency-key", marker.clone());
    let receipt = repeat(client, gateway, tenant, &command, started).await?;
    let receipt: crate::history::Receipt = serde_json::from_str(&receipt)?;
    let query = Request::query(format!("crm/contact-list/{marker}"), &receipt.position);
    repeat(client, gateway, tenant, &query, started).await?;
    carried(cluster, &receipt.position, started).await?;
    let (outcome, tenant) = (Outcome::Ok, tenant.id.clone());
    Ok(Sent { marker, tenant, aggregate: "contact", expected: None, outcome, receipt: Some(receipt) })
}

/// Sends a request to this gateway until it is answered well.
async fn repeat(client: &Client, gateway: usize, tenant: &Tenant, request: &Request, started: Instant) -> Result<String> {
    loop {
        let reply = client.send(gateway, tenant, request).await;
        if let Some(body) = reply.accepted() {
            return Ok(body.to_owned());
        }
        if started.elapsed() > RECOVERY_PATIENCE {
            bail!("gateway {} does not recover: {} is answered {reply:?}", gateway + 1, request.path);
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
}

/// Waits until the relay notes that Kafka has a position such as `crm/3@1024`.
async fn carried(cluster: &Cluster, position: &str, started: Instant) -> Result<()> {
    let (place, position) = position.split_once('@').context("a position token")?;
    let (context, partition) = place.split_once('/').context("a position token")?;
    let (partition, position): (i32, i64) = (partition.parse()?, position.parse()?);
    let mut admin = cluster.admin().await?;
    loop {
        let query = sqlx::query_scalar("SELECT position FROM runtime.relay WHERE context = $1 AND partition = $2");
        let noted: Option<i64> = query.bind(context).bind(partition).fetch_optional(&mut admin).await?;
        if noted.is_some_and(|noted| noted >= position) {
            return Ok(());
        }
        if started.elapsed() > RECOVERY_PATIENCE {
            bail!("the relay does not recover: it has carried {place}@{noted:?} and not {position}");
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
