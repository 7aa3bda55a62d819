//! Where the endpoints of webhooks are registered: what the gateway must know to give out their secrets, and workers to deliver.
//!
//! Neither knows a context by name; they learn from here.

use crate::model::ReadModelDef;

/// Aggregates that are addresses of other systems.
#[derive(Debug)]
pub struct WebhooksDef {
    /// The context.
    pub context: &'static str,
    /// The aggregate's type: `GET /v1/{context}/{aggregate}/{id}/deliveries` tells what was delivered.
    pub aggregate: &'static str,
    /// The commands whose event names a secret by `secret_id`, which the answer shows.
    pub issuing: &'static [&'static str],
    /// The commands whose body may hold `url`, `filter` and `roles`.
    pub addressing: &'static [&'static str],
    /// The command whose body may hold positions in `after` and `events`.
    pub replay: &'static str,
    /// The command that ends deliveries, with a `cause` and a `detail`.
    pub disable: &'static str,
    /// The cause for an endpoint that says that it is gone.
    pub gone: &'static str,
    /// The endpoints; has the columns `url`, `status`, `contexts`, `types`, `subjects`, `roles`, `begin_at`, `secrets`, `replays`, `version`
    /// and `created_at`.
    pub endpoints: &'static ReadModelDef,
    /// The replays; has the columns `endpoint_id`, `number`, `since`, `after` and `events`.
    pub replays: &'static ReadModelDef,
}

/// A status of `endpoints`: it is delivered to.
pub const ENABLED: &str = "enabled";
/// A status of `endpoints`: it is gone for good.
pub const REMOVED: &str = "removed";
