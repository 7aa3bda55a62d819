//! The contexts that ship, with projectors that run: for what needs read models that follow the log.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use commands::{BusOptions, CommandBus};
use gateway::GatewayOptions;
use gateway::exports::{ExportStore, Exporter, ExporterOptions};
use platform::testing::TestDatabase;
use projections::contexts::{self as listed, CONTEXTS};
use projections::runtime::{LogHeads, LogReader, Projection, Projector, Tail, TailOptions};
use serde_json::{Value, json};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::harness::{Answer, Client, Gateway};

/// The contexts whose read models follow the log, where a test does not say.
const FOLLOWED: &[&str] = &["crm", "analytics"];
/// How long anything may take.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// A gateway with projectors.
pub struct World {
    pub gateway: Gateway,
    projectors: DropGuard,
}

impl World {
    pub async fn start(change: impl FnOnce(GatewayOptions) -> GatewayOptions) -> Self {
        Self::following(FOLLOWED, change).await
    }

    /// A world in which the read models of these contexts follow the log.
    pub async fn following(contexts: &[&'static str], change: impl FnOnce(GatewayOptions) -> GatewayOptions) -> Self {
        let gateway = Gateway::start(CONTEXTS, change).await;
        let projectors = follow(&gateway.db, contexts).await;
        Self { gateway, projectors }
    }

    /// Lets the read models stay where they are.
    pub fn stand_still(self) -> Gateway {
        drop(self.projectors);
        self.gateway
    }

    /// A world with exports in this folder.
    pub async fn with_exports(folder: &Path) -> Self {
        let folder = folder.to_owned();
        Self::start(|options| GatewayOptions { export_dir: Some(folder), ..options }).await
    }

    pub fn db(&self) -> &TestDatabase {
        &self.gateway.db
    }

    pub async fn stop(self) {
        drop(self.projectors);
        self.gateway.stop().await;
    }
}

async fn follow(db: &TestDatabase, contexts: &[&'static str]) -> DropGuard {
    let cancel = CancellationToken::new();
    let heads = LogHeads::watch(db.worker.clone());
    let options =
        TailOptions { contexts: contexts.iter().map(|&context| context.to_owned()).collect(), kafka: None, group: "test".to_owned() };
    let tail = Tail::start(LogReader::new(db.worker.clone()), heads, options, cancel.clone()).await.unwrap();
    let followed = |projection: &dyn Projection| projection.contexts().iter().all(|context| contexts.contains(context));
    for projection in listed::projections().into_iter().filter(|projection| followed(projection.as_ref())) {
        let projector = Projector::new(projection, db.worker.clone(), tail.clone());
        let cancel = cancel.clone();
        tokio::spawn(async move { projector.run(&cancel).await });
    }
    cancel.drop_guard()
}

/// A worker that writes exports.
pub fn exporter(db: &TestDatabase, store: Arc<dyn ExportStore>, file_rows_max: usize) -> Exporter {
    let domains = listed::domains();
    let bus = CommandBus::start(&domains, &db.app, BusOptions { partitions: db.partitions, ..BusOptions::default() });
    let (app, worker) = (db.app.clone(), db.worker.clone());
    Exporter::start(ExporterOptions { app, worker, bus, contexts: CONTEXTS, store, kept_days: 7, file_rows_max, at_once: 2 })
}

impl Client {
    /// Sends a command that must be accepted; answers the position token.
    pub async fn does(&self, uri: &str, body: &Value) -> String {
        let answer = self.post(uri, &body.to_string()).await;
        assert_eq!(answer.status.as_u16(), 200, "{uri}: {}", answer.text());
        answer.json()["position"].as_str().unwrap().to_owned()
    }

    /// Registers contacts `<prefix>-000`, `<prefix>-001` …; answers the last position token.
    pub async fn registers(&self, prefix: &str, count: usize) -> String {
        let mut position = String::new();
        for number in 0..count {
            let body =
                json!({ "given_name": format!("{prefix} {number}"), "address": { "country": if number % 2 == 0 { "DE" } else { "FR" } } });
            position = self.does(&format!("/v1/crm/contact/{prefix}-{number:03}/register"), &body).await;
        }
        position
    }

    /// Asks for what includes this position.
    pub async fn get_after(&self, uri: &str, position: &str) -> Answer {
        self.get_with(uri, &[("neuroops-wait-for", position)]).await
    }
}

/// Looks until it is there.
pub async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let started = std::time::Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(started.elapsed() < PATIENCE, "{what}: not in time");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
