//! What the tests of this crate share: a platform of billing and invoicing, with a process runner that can be killed at any moment.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use commands::{BusOptions, CommandBus, CommandRequest, Receipt};
use domain::kernel::{Action, Actor, RecordedEvent, StepCommand, TenantId};
use domain::processes::PROCESSES;
use fake_stripe::{Delivery, FakeStripe, SECRET_KEY, WEBHOOK_SECRET};
use gateway::{GatewayOptions, GatewayParts, GatewayState};
use neuroops_stripe::{Api, Inbox, InboxReport, Lookup, PROVIDER, Patience, Sender, Stripe, StripeOptions};
use platform::config::Secret;
use platform::testing::TestDatabase;
use projections::contexts::ContextEntry;
use projections::runtime::{LogHeads, LogReader, Projector, Tail, TailOptions, read_event};
use serde_json::{Value, json};
use tokio_util::sync::{CancellationToken, DropGuard};
use tower::ServiceExt as _;
use uuid::Uuid;
use workers::processes::{EffectError, EffectHandler, EffectStep};

static CONTEXTS: &[ContextEntry] = &[projections::billing::CONTEXT, projections::invoicing::CONTEXT];

/// Billing with Stripe.
pub struct World {
    pub db: TestDatabase,
    pub fake: FakeStripe,
    pub bus: Arc<CommandBus>,
    pub tenant: TenantId,
    pub options: StripeOptions,
    pub lookup: Lookup,
    pub router: Router,
    effects: BTreeMap<&'static str, Arc<dyn EffectHandler>>,
    taken: HashSet<String>,
    shutdown: CancellationToken,
    _projectors: DropGuard,
}

/// A step that calls the outside.
#[derive(Clone, Debug)]
pub struct Effect {
    pub name: &'static str,
    pub step: EffectStep,
}

impl World {
    pub async fn start() -> Self {
        Self::start_with(|options| options).await
    }

    pub async fn start_with(change: impl FnOnce(StripeOptions) -> StripeOptions) -> Self {
        let types: Vec<_> = CONTEXTS.iter().map(|entry| entry.domain.types()).collect();
        let db = TestDatabase::create(&types).await;
        let tenant = TenantId(db.create_tenant("test").await);
        let fake = FakeStripe::start().await;
        let options = change(StripeOptions {
            secret_key: Some(Secret::new(SECRET_KEY)),
            webhook_secrets: vec![Secret::new(WEBHOOK_SECRET)],
            api_base: Some(fake.base()),
            prices: Vec::new(),
            tenant: None,
            return_url: "https://app.example.com".to_owned(),
            patience: Patience::default(),
        });
        let bus = CommandBus::start(
            &CONTEXTS.iter().map(|entry| entry.domain).collect::<Vec<_>>(),
            &db.app,
            BusOptions { partitions: db.partitions, ..BusOptions::default() },
        );
        let stripe = Stripe::new(options.clone()).expect("set up");
        let effects = stripe.handlers(&db.worker).into_iter().map(|handler| (handler.name(), handler)).collect();
        let projectors = project(&db).await;
        let shutdown = CancellationToken::new();
        let state = GatewayState::start(GatewayParts {
            options: GatewayOptions::new("a secret of the tests that is long enough"),
            pool: db.app.clone(),
            bus: bus.clone(),
            contexts: CONTEXTS,
            metrics: platform::telemetry::init_metrics(),
            probes: Vec::new(),
            features: None,
            receivers: vec![Arc::new(stripe.receiver(&db.app))],
            shutdown: shutdown.clone(),
        });
        Self {
            lookup: Lookup::new(db.worker.clone()),
            router: gateway::router(state),
            db,
            fake,
            bus,
            tenant,
            options,
            effects,
            taken: HashSet::new(),
            shutdown,
            _projectors: projectors,
        }
    }

    /// Sends a command, such as `plan/p/publish`, which must be accepted.
    pub async fn send(&self, command: &str, body: Value) -> Receipt {
        let [aggregate, id, command] = <[&str; 3]>::try_from(command.split('/').collect::<Vec<_>>()).expect("aggregate/id/command");
        let command = StepCommand {
            context: "billing".to_owned(),
            aggregate: aggregate.to_owned(),
            id: id.to_owned(),
            command: command.to_owned(),
            body,
        };
        self.execute(command, None).await.expect("the command is accepted")
    }

    async fn execute(&self, command: StepCommand, key: Option<String>) -> Result<Receipt, commands::CommandError> {
        let request = CommandRequest {
            tenant_id: self.tenant,
            actor: Actor { subject: "tester".to_owned(), roles: vec!["owner".to_owned()] },
            context: command.context,
            aggregate: command.aggregate,
            id: Some(command.id.parse().expect("an id")),
            command: command.command,
            body: command.body.to_string().into(),
            expected_version: None,
            idempotency_key: key,
            correlation_id: None,
            causation_id: None,
            traceparent: None,
        };
        self.bus.execute(request).await
    }

    /// All events, in order.
    pub async fn events(&self) -> Vec<RecordedEvent> {
        let rows = sqlx::query(
            "SELECT context, partition, position, event_id, tenant_id, aggregate_type, aggregate_id, sequence, event_type, event_version, \
                payload::text, metadata::text, recorded_at FROM log.events WHERE tenant_id = $1 ORDER BY recorded_at, context, position",
        )
        .bind(self.tenant.0)
        .fetch_all(&self.db.worker)
        .await
        .expect("events");
        rows.iter().map(|row| read_event(row).expect("an event")).collect()
    }

    /// The names of an aggregate's events, in order.
    pub async fn history(&self, aggregate: &str, id: &str) -> Vec<String> {
        let events = self.events().await.into_iter();
        events.filter(|event| event.aggregate_type == aggregate && event.aggregate_id == id).map(|event| event.event_type).collect()
    }

    /// The effects that follow from events and were not taken yet.
    pub async fn waiting(&self) -> Vec<Effect> {
        let mut waiting = Vec::new();
        for event in self.events().await {
            for process in PROCESSES {
                if !process.reacts_to.contains(&format!("{}.{}", event.context, event.event_type).as_str()) {
                    continue;
                }
                for step in (process.react)(&event).expect("a reaction") {
                    let key = format!("process/{}/{}/{}", process.name, event.event_id, step.name);
                    if let Action::Effect { name, body } = step.action
                        && !self.taken.contains(&key)
                    {
                        waiting.push(Effect { name, step: EffectStep { tenant_id: self.tenant, key, body } });
                    }
                }
            }
        }
        waiting
    }

    /// Sends the commands that follow from events, of billing and invoicing, until none waits; each must be accepted.
    pub async fn process(&mut self) {
        for _ in 0..20 {
            let mut sent = 0;
            for event in self.events().await {
                for process in PROCESSES {
                    if !process.reacts_to.contains(&format!("{}.{}", event.context, event.event_type).as_str()) {
                        continue;
                    }
                    for step in (process.react)(&event).expect("a reaction") {
                        let key = format!("process/{}/{}/{}", process.name, event.event_id, step.name);
                        let Action::Command(command) = step.action else { continue };
                        let known = CONTEXTS.iter().any(|entry| entry.domain.name == command.context);
                        if !known || !self.taken.insert(key.clone()) {
                            continue;
                        }
                        let shown = format!("{command:?}");
                        if let Err(error) = self.execute(command, Some(key)).await {
                            panic!("{shown}: {error}");
                        }
                        sent += 1;
                    }
                }
            }
            if sent == 0 {
                return;
            }
        }
        panic!("processes never come to an end");
    }

    /// Calls the outside for an effect, and does nothing with the answer: as if killed right after.
    pub async fn call(&self, effect: &Effect) -> Result<Vec<StepCommand>, EffectError> {
        self.effects[effect.name].run(&effect.step).await
    }

    /// Sends the commands of an answer, as the runtime does.
    pub async fn follow(&mut self, effect: &Effect, commands: Vec<StepCommand>) {
        for (number, command) in commands.into_iter().enumerate() {
            let shown = format!("{command:?}");
            if let Err(error) = self.execute(command, Some(format!("{}/{number}", effect.step.key))).await {
                panic!("{shown}: {error}");
            }
        }
        self.taken.insert(effect.step.key.clone());
    }

    /// Takes effects until none waits.
    pub async fn settle(&mut self) {
        for _ in 0..20 {
            let waiting = self.waiting().await;
            if waiting.is_empty() {
                return;
            }
            self.projected().await;
            for effect in waiting {
                let commands = self.call(&effect).await.unwrap_or_else(|error| panic!("{}: {error}", effect.name));
                self.follow(&effect, commands).await;
            }
        }
        panic!("effects never come to an end");
    }

    /// Waits until the read models have all events.
    pub async fn projected(&self) {
        const LAG: &str = "SELECT coalesce(sum(h.position - coalesce(c.position, 0)), 0)::bigint FROM log.heads h \
            CROSS JOIN runtime.projections p LEFT JOIN runtime.checkpoints c ON c.projection = p.projection AND c.version = p.active_version \
                AND c.context = h.context AND c.partition = h.partition \
            WHERE h.context = 'billing' AND p.projection LIKE 'billing.%'";
        let deadline = std::time::Instant::now() + Duration::from_secs(30);
        loop {
            let lag: i64 = sqlx::query_scalar(LAG).fetch_one(&self.db.worker).await.expect("a lag");
            if lag == 0 {
                return;
            }
            assert!(std::time::Instant::now() < deadline, "the read models do not catch up");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// A row of a read model.
    pub async fn row(&self, table: &str, id: &str) -> Value {
        self.projected().await;
        let statement = format!("SELECT to_jsonb(t) FROM {table} t WHERE tenant_id = $1 AND id = $2");
        sqlx::query_scalar(&statement).bind(self.tenant.0).bind(id).fetch_one(&self.db.worker).await.expect("a row")
    }

    /// Posts a body to the webhook endpoint: status and code.
    pub async fn post(&self, uri: &str, signature: Option<&str>, body: impl Into<Body>) -> (u16, String) {
        let mut request = Request::post(uri);
        if let Some(signature) = signature {
            request = request.header("stripe-signature", signature);
        }
        let response = self.router.clone().oneshot(request.body(body.into()).expect("a request")).await.expect("an answer");
        let status = response.status().as_u16();
        let bytes = to_bytes(response.into_body(), 1 << 20).await.expect("a body");
        let code = serde_json::from_slice::<Value>(&bytes).ok().and_then(|body| body["code"].as_str().map(str::to_owned));
        (status, code.unwrap_or_default())
    }

    /// Delivers an event, which must be taken.
    pub async fn deliver(&self, delivery: &Delivery) {
        let (status, code) = self.post("/webhooks/stripe", Some(&delivery.signature), delivery.body.clone()).await;
        assert_eq!((status, code.as_str()), (204, ""), "{}", delivery.event_type);
    }

    /// Delivers all events that are there.
    pub async fn deliver_all(&self) {
        for delivery in self.fake.deliveries() {
            self.deliver(&delivery).await;
        }
    }

    /// Stripe with the options as they are now.
    pub fn stripe(&self) -> Stripe {
        Stripe::new(self.options.clone()).expect("set up")
    }

    pub fn api(&self) -> Arc<Api> {
        self.stripe().api().expect("a key").clone()
    }

    pub fn sender(&self) -> Sender {
        Sender::new(self.bus.clone(), PROVIDER)
    }

    pub fn inbox(&self) -> Inbox {
        self.stripe().inbox(&self.db.worker, &self.bus).expect("a key")
    }

    /// Looks at the events that wait.
    pub async fn look(&self) -> InboxReport {
        self.projected().await;
        self.inbox().turn().await.expect("the inbox")
    }

    /// Type, status and detail of the events in the inbox.
    pub async fn inbox_rows(&self) -> Vec<(String, String, Option<String>)> {
        sqlx::query_as("SELECT event_type, status, detail FROM runtime.webhook_events ORDER BY received_at, event_id")
            .fetch_all(&self.db.worker)
            .await
            .expect("rows")
    }

    /// A customer `c` whom Stripe knows, and who has this card: Stripe's id.
    pub async fn customer(&mut self, card: Option<fake_stripe::Card>) -> String {
        self.send("customer/c/register", json!({ "name": "Acme", "email": "a@example.com" })).await;
        self.settle().await;
        let id = self.row("billing_customer_list", "c").await["external_id"].as_str().expect("linked").to_owned();
        if let Some(card) = card {
            self.fake.give_card(&id, card);
        }
        id
    }

    /// A payment of 10 euros.
    pub async fn payment(&self, id: &str) {
        self.send(&format!("payment/{id}/request"), json!({ "customer_id": "c", "amount": euro(1_000), "reference": "R-1" })).await;
    }

    /// What came in at Stripe, by payment.
    pub fn received(&self) -> Vec<i64> {
        let intents = self.fake.objects("payment_intent");
        intents.iter().filter(|intent| intent["status"] == "succeeded").map(|intent| intent["amount_received"].as_i64().unwrap()).collect()
    }

    pub async fn stop(self) {
        self.shutdown.cancel();
        drop(self.router);
        self.db.drop().await;
    }
}

/// Fills the read models until dropped.
async fn project(db: &TestDatabase) -> DropGuard {
    let (pool, cancel) = (db.worker.clone(), CancellationToken::new());
    let options = TailOptions { contexts: vec!["billing".to_owned()], kafka: None, group: "test".to_owned() };
    let tail = Tail::start(LogReader::new(pool.clone()), LogHeads::watch(pool.clone()), options, cancel.clone()).await.expect("a tail");
    for projection in (projections::billing::CONTEXT.projections)() {
        let (projector, cancel) = (Projector::new(projection, pool.clone(), tail.clone()), cancel.clone());
        tokio::spawn(async move { projector.run(&cancel).await });
    }
    cancel.drop_guard()
}

pub fn euro(minor: i64) -> Value {
    json!({ "amount_minor": minor, "currency": "EUR" })
}

/// A plan of 49 euros a month.
pub fn plan() -> Value {
    json!({ "name": "Growth", "price": euro(4_900), "entitlements": { "context.crm": true } })
}

/// A fresh id.
pub fn fresh() -> Uuid {
    platform::clock::new_id()
}
