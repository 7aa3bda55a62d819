//! A gateway with a database of its own, and clients of it.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use commands::{BusOptions, CommandBus};
use gateway::{ConnectionLimits, GatewayOptions, GatewayParts, GatewayState, WebhookReceiver, WebhookSupport};
use platform::clock;
use platform::config::Secret;
use platform::egress::{AddressPolicy, Egress, EgressOptions};
use platform::testing::TestDatabase;
use platform::vault::Vault;
use projections::contexts::ContextEntry;
use projections::features::FeatureSource;
use serde_json::Value;
use sqlx::Executor as _;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;
use uuid::Uuid;

use crate::lab;

pub const SECRET: &str = "a secret of the tests that is long enough";

/// A running gateway.
pub struct Gateway {
    pub db: TestDatabase,
    pub router: Router,
    /// For what the platform sends itself.
    pub bus: Arc<CommandBus>,
    pub shutdown: CancellationToken,
    limits: ConnectionLimits,
}

/// What a gateway may be given besides.
#[derive(Default)]
pub struct Extras {
    pub features: Option<Arc<dyn FeatureSource>>,
    pub receivers: Vec<Arc<dyn WebhookReceiver>>,
}

/// An answer.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|_| panic!("not JSON: {}", self.text()))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Asserts a problem of this status and code.
    #[track_caller]
    pub fn is_problem(&self, status: u16, code: &str) {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        assert_eq!(self.header("content-type"), "application/problem+json", "{}", self.text());
        let body = self.json();
        assert_eq!((body["status"].as_u64(), body["code"].as_str()), (Some(status.into()), Some(code)), "{body}");
        assert_eq!(body["trace_id"].as_str().map(str::len), Some(32), "{body}");
        assert!(body["type"].is_string() && body["title"].is_string() && body["detail"].is_string(), "{body}");
    }
}

/// A client with a token.
#[derive(Clone)]
pub struct Client {
    pub router: Router,
    pub tenant: Uuid,
    pub token: String,
}

/// What webhooks need, with nowhere to go but the Internet.
pub fn webhooks() -> WebhookSupport {
    let egress = Egress::new(EgressOptions::new(AddressPolicy::default())).unwrap();
    WebhookSupport { egress, vault: Arc::new(Vault::new(&[Secret::new("5".repeat(64))]).unwrap()) }
}

impl Gateway {
    /// The laboratory.
    pub async fn lab() -> Self {
        Self::start(lab::CONTEXTS, |options| options).await
    }

    pub async fn start(contexts: &'static [ContextEntry], change: impl FnOnce(GatewayOptions) -> GatewayOptions) -> Self {
        Self::start_with(contexts, change, |_| Extras::default()).await
    }

    /// Starts with what is made of the database.
    pub async fn start_with(
        contexts: &'static [ContextEntry],
        change: impl FnOnce(GatewayOptions) -> GatewayOptions,
        extras: impl FnOnce(&TestDatabase) -> Extras,
    ) -> Self {
        let types: Vec<_> = contexts
            .iter()
            .map(|entry| (entry.domain.name.to_owned(), (entry.domain.aggregates)().iter().map(|found| found.name().to_owned()).collect()))
            .collect();
        let db = TestDatabase::create(&types).await;
        if contexts.iter().any(|entry| entry.domain.name == "lab") {
            db.admin().await.execute(lab::TABLE).await.unwrap();
        }
        let domains: Vec<_> = contexts.iter().map(|entry| entry.domain).collect();
        let bus = CommandBus::start(&domains, &db.app, BusOptions { partitions: db.partitions, ..BusOptions::default() });
        let shutdown = CancellationToken::new();
        // Tests change rows by hand, which no checkpoint tells: answers are kept only where a test asks for it.
        let cache_worth = Duration::MAX;
        let options = change(GatewayOptions {
            deny_refresh: Duration::from_millis(50),
            cache_worth,
            webhooks: Some(webhooks()),
            ..GatewayOptions::new(SECRET)
        });
        let limits = options.connection_limits();
        let Extras { features, receivers } = extras(&db);
        let state = GatewayState::start(GatewayParts {
            options,
            pool: db.app.clone(),
            bus: bus.clone(),
            contexts,
            metrics: platform::telemetry::init_metrics(),
            probes: Vec::new(),
            features,
            receivers,
            shutdown: shutdown.clone(),
        });
        Self { router: gateway::router(state), db, bus, shutdown, limits }
    }

    /// A tenant and a client of it in this role.
    pub async fn client(&self, role: &str) -> Client {
        let tenant = self.db.create_tenant("test").await;
        self.client_of(tenant, role)
    }

    pub fn client_of(&self, tenant: Uuid, role: &str) -> Client {
        let token = gateway::issue(SECRET, tenant, "tester", &[role.to_owned()], clock::new_id(), Duration::from_mins(10));
        Client { router: self.router.clone(), tenant, token }
    }

    /// Listens on a port, for what cannot be tried without a connection.
    pub async fn listen(&self) -> std::net::SocketAddr {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(gateway::serve(listener, self.router.clone(), self.limits, self.shutdown.clone()));
        address
    }

    /// Says that the read model includes everything that is in the log.
    pub async fn catch_up(&self) {
        sqlx::query(
            "INSERT INTO runtime.checkpoints (projection, version, context, partition, position) \
             SELECT 'lab.samples', 1, context, partition, position FROM log.heads WHERE context = 'lab' \
             ON CONFLICT (projection, version, context, partition) DO UPDATE SET position = excluded.position",
        )
        .execute(&self.db.worker)
        .await
        .unwrap();
    }

    pub async fn stop(self) {
        self.shutdown.cancel();
        drop(self.router);
        self.db.drop().await;
    }
}

/// Sends a request and reads the whole answer.
pub async fn send(router: &Router, request: Request<Body>) -> Answer {
    let response = router.clone().oneshot(request).await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    let bytes = to_bytes(response.into_body(), 64 << 20).await.unwrap().to_vec();
    Answer { status, headers, bytes }
}

impl Client {
    pub fn request(&self, method: &str, uri: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Request<Body> {
        let mut builder = Request::builder().method(method).uri(uri).header("authorization", format!("Bearer {}", self.token));
        for (name, value) in headers {
            builder = builder.header(*name, *value);
        }
        builder.body(body.into()).unwrap()
    }

    pub async fn get(&self, uri: &str) -> Answer {
        self.get_with(uri, &[]).await
    }

    pub async fn get_with(&self, uri: &str, headers: &[(&str, &str)]) -> Answer {
        send(&self.router, self.request("GET", uri, headers, Body::empty())).await
    }

    pub async fn post(&self, uri: &str, body: &str) -> Answer {
        self.post_with(uri, &[], body).await
    }

    pub async fn post_with(&self, uri: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        send(&self.router, self.request("POST", uri, headers, body.to_owned())).await
    }

    /// Takes a sample with this id and label.
    #[track_caller]
    pub fn take(&self, id: &str, label: &str) -> impl Future<Output = Answer> {
        let (client, uri, body) = (self.clone(), format!("/v1/lab/sample/{id}/take"), format!("{{\"label\":\"{label}\"}}"));
        async move {
            let answer = client.post(&uri, &body).await;
            assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
            answer
        }
    }
}
