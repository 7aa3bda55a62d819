//! Webhooks, from the command that registers an endpoint to a receiver on a port.

mod deliveries;
mod kills;
mod receiver;
mod secrets;

use std::sync::Arc;
use std::time::Duration;

use commands::{BusOptions, CommandBus, Receipt};
use domain::kernel::ContextDef;
use platform::config::Secret;
use platform::egress::{AddressPolicy, Egress, EgressOptions};
use platform::testing::TestDatabase;
use platform::vault::Vault;
use projections::contexts::WEBHOOKS;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use workers::processes::Effects;
use workers::webhooks::{RetrySchedule, WebhookOptions, Webhooks};
use workers::{Automation, Roles, WorkerOptions, Workers};

use crate::support::{database_of, eventually, request};
use crate::tally;

const CONTEXTS: &[&ContextDef] = &[&tally::CONTEXT, &domain::webhooks::CONTEXT];
const KEY: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// A database with tallies and endpoints, a bus, and workers that deliver.
struct World {
    db: TestDatabase,
    bus: Arc<CommandBus>,
    tenant: Uuid,
    workers: Option<Workers>,
}

fn bus(app: &sqlx::PgPool, partitions: i32) -> Arc<CommandBus> {
    CommandBus::start(CONTEXTS, app, BusOptions { partitions, lanes: 2, ..BusOptions::default() })
}

/// Pauses that tests can wait for.
fn quick() -> WebhookOptions {
    let pauses = vec![Duration::from_millis(100); 600];
    let schedule = RetrySchedule { pauses, within: Duration::from_mins(10) };
    WebhookOptions { schedule, look: Duration::from_millis(50), ..WebhookOptions::default() }
}

fn webhooks(options: WebhookOptions) -> Webhooks {
    let policy = AddressPolicy { allowed: vec!["127.0.0.1/32".parse().expect("a range")] };
    let egress = EgressOptions { request_max: Duration::from_secs(2), ..EgressOptions::new(policy) };
    Webhooks {
        def: WEBHOOKS,
        egress: Egress::new(egress).expect("a client"),
        vault: Arc::new(Vault::new(&[Secret::new(KEY)]).expect("a key")),
        may_follow: |roles, context| context != "secret" && roles.iter().any(|role| role != "analyst"),
        options,
    }
}

async fn start(worker: sqlx::PgPool, app: &sqlx::PgPool, partitions: i32, options: WebhookOptions) -> Workers {
    let none: [&'static ContextDef; 0] = [];
    let automation =
        Automation { webhooks: Some(webhooks(options)), ..Automation::new(bus(app, partitions), &none, &[], Effects::new(Vec::new())) };
    let options = WorkerOptions {
        pool: worker,
        kafka: None,
        contexts: ["shop", "webhooks"].map(str::to_owned).to_vec(),
        projections: (projections::webhooks::CONTEXT.projections)(),
        partitions,
        automation: Some(automation),
        notary: None,
        roles: Roles { projectors: true, webhooks: true, ..Roles::NONE },
    };
    Workers::start(options).await.expect("Postgres is there")
}

/// Workers on threads and connections of their own, as in a process of their own.
struct WorkerProcess {
    runtime: tokio::runtime::Runtime,
}

impl WorkerProcess {
    fn start(db: &TestDatabase) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
        let (worker_url, app_url, partitions) = (db.worker_url.clone(), db.app_url.clone(), db.partitions);
        runtime.spawn(async move {
            let pool = |url: &str| platform::postgres::pool(url, 10).expect("a valid URL");
            let workers = start(pool(&worker_url), &pool(&app_url), partitions, quick()).await;
            CancellationToken::new().cancelled().await;
            drop(workers);
        });
        Self { runtime }
    }

    /// Ends it as `kill -9` does: nothing is given back.
    fn kill(self) {
        self.runtime.shutdown_background();
    }
}

impl World {
    /// With workers.
    async fn start() -> Self {
        Self::start_with(quick()).await
    }

    async fn start_with(options: WebhookOptions) -> Self {
        let mut world = Self::idle().await;
        world.workers = Some(start(world.db.worker.clone(), &world.db.app, world.db.partitions, options).await);
        world
    }

    /// Without workers.
    async fn idle() -> Self {
        let db = database_of(CONTEXTS).await;
        let (tenant, bus) = (db.create_tenant("test").await, bus(&db.app, db.partitions));
        Self { db, bus, tenant, workers: None }
    }

    /// Sends a command about an endpoint.
    async fn ask(&self, id: &str, command: &str, body: &Value) -> Receipt {
        self.bus.execute(request(self.tenant, "webhooks", "endpoint", id, command, body)).await.expect("accepted")
    }

    async fn register(&self, id: &str, url: &str, more: Value) {
        let mut body = more;
        body["url"] = json!(url);
        self.ask(id, "register", &body).await;
    }

    /// Counts tokens, one event each, on one tally.
    async fn count(&self, tally: &str, tokens: impl IntoIterator<Item = String>) {
        for token in tokens {
            self.count_of(self.tenant, tally, &token).await;
        }
    }

    async fn count_of(&self, tenant: Uuid, tally: &str, token: &str) -> Receipt {
        let request = request(tenant, "shop", "tally", tally, "count", &json!({ "token": token }));
        self.bus.execute(request).await.expect("accepted")
    }

    /// What the list of endpoints says of one.
    async fn endpoint(&self, id: &str) -> Option<Value> {
        let query = sqlx::query_scalar("SELECT to_jsonb(e) FROM webhooks_endpoint_list e WHERE tenant_id = $1 AND id = $2");
        query.bind(self.tenant).bind(id).fetch_optional(&self.db.worker).await.expect("rows")
    }

    /// The log of deliveries of an endpoint: token-free, by position.
    async fn log(&self, endpoint: &str) -> Vec<Value> {
        let query = sqlx::query_scalar(
            "SELECT to_jsonb(d) FROM runtime.webhook_deliveries d WHERE tenant_id = $1 AND endpoint_id = $2 ORDER BY context, position",
        );
        query.bind(self.tenant).bind(endpoint).fetch_all(&self.db.worker).await.expect("rows")
    }

    async fn wait_for_log(&self, endpoint: &str, what: &str, is: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        eventually(what, async || Some(self.log(endpoint).await).filter(|log| is(log))).await
    }

    async fn lanes(&self) -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM runtime.webhook_lanes").fetch_one(&self.db.worker).await.expect("a number")
    }

    /// Waits until nothing is left to be delivered.
    async fn wait_until_quiet(&self) {
        eventually("all lanes are done with", async || (self.lanes().await == 0).then_some(())).await;
    }

    async fn stop(self) {
        if let Some(workers) = self.workers {
            workers.stop().await;
        }
        self.db.drop().await;
    }
}

fn numbered(prefix: &str, count: usize) -> impl Iterator<Item = String> {
    (1..=count).map(move |number| format!("{prefix}{number}"))
}
