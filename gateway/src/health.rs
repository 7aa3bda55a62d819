//! `/health/live`, `/health/ready` and `/metrics`.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use futures::future::{BoxFuture, FutureExt as _, join_all};
use metrics_exporter_prometheus::PrometheusHandle;
use serde::Serialize;
use serde_json::{Map, Value, json};
use sqlx::PgPool;

/// How long a dependency may take to say how it is.
const PROBE_TIMEOUT: Duration = Duration::from_secs(2);

/// How a dependency is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It works.
    Ok,
    /// It works in part, or something stands in for it.
    Degraded,
    /// It does not work.
    Down,
}

/// What a dependency says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Health {
    /// How it is.
    pub status: Status,
    /// One sentence for operators, without secrets and addresses.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub message: String,
}

impl Health {
    /// All is well.
    pub fn ok() -> Self {
        Self { status: Status::Ok, message: String::new() }
    }

    /// Works in part.
    pub fn degraded(message: impl Into<String>) -> Self {
        Self { status: Status::Degraded, message: message.into() }
    }

    /// Does not work.
    pub fn down(message: impl Into<String>) -> Self {
        Self { status: Status::Down, message: message.into() }
    }
}

/// Asks a dependency how it is.
pub type Probe = Arc<dyn Fn() -> BoxFuture<'static, Health> + Send + Sync>;

struct Inner {
    /// Without Postgres nothing works; without the others something does.
    postgres: Probe,
    others: Vec<(&'static str, Probe)>,
    metrics: PrometheusHandle,
}

/// What a process tells about itself: how its dependencies are, and its metrics. Cheap to clone.
#[derive(Clone)]
pub struct Vitals(Arc<Inner>);

impl Vitals {
    /// Asks Postgres through `pool`, and the other dependencies by their probes.
    pub fn new(pool: PgPool, others: Vec<(&'static str, Probe)>, metrics: PrometheusHandle) -> Self {
        let postgres: Probe = Arc::new(move || {
            let pool = pool.clone();
            async move {
                match sqlx::query("SELECT 1").execute(&pool).await {
                    Ok(_) => Health::ok(),
                    Err(_) => Health::down("Postgres does not answer"),
                }
            }
            .boxed()
        });
        Self(Arc::new(Inner { postgres, others, metrics }))
    }
}

async fn ask(probe: &Probe) -> Health {
    tokio::time::timeout(PROBE_TIMEOUT, probe()).await.unwrap_or_else(|_| Health::down("no answer within 2 s"))
}

/// The process runs.
pub async fn live() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

/// Whether there is work that can be done: 503 without Postgres; without another dependency the process is degraded and goes on.
pub async fn ready(State(Vitals(vitals)): State<Vitals>) -> Response {
    let others = join_all(vitals.others.iter().map(|(name, probe)| async move { (*name, ask(probe).await) }));
    let (postgres, others) = futures::future::join(ask(&vitals.postgres), others).await;
    let overall = if postgres.status == Status::Down {
        Status::Down
    } else if std::iter::once(&postgres).chain(others.iter().map(|(_, health)| health)).any(|health| health.status != Status::Ok) {
        Status::Degraded
    } else {
        Status::Ok
    };
    let mut dependencies = Map::new();
    for (name, health) in std::iter::once(("postgres", postgres)).chain(others) {
        dependencies.insert(name.to_owned(), json!(health));
    }
    let code = if overall == Status::Down { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    (code, Json(json!({ "status": overall, "dependencies": dependencies }))).into_response()
}

/// Prometheus' text format.
pub async fn metrics(State(Vitals(vitals)): State<Vitals>) -> Response {
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], vitals.metrics.render()).into_response()
}
