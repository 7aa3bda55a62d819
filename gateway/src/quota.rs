//! How many of something a tenant may have by its plan, asked before a command makes one more; and `GET /v1/features`, what the plan says.
//!
//! What there is, is what the read model `<aggregate>-list` lists. A count is believed for a moment, and what this gateway has let pass
//! since is added: so a burst does not pass unseen, a command costs no query mostly, and several gateways exceed a limit by what each lets
//! pass within that moment at most.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::Extension;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use domain::kernel::{Creation, TenantId};
use platform::tenant_tx::TenantTx;
use projections::features::{Features, limit_of};
use projections::model::ReadModelDef;
use serde::Serialize;
use serde_json::Value;
use tokio::sync::Mutex as Turn;

use crate::access::Permission;
use crate::auth::Caller;
use crate::commands::Found;
use crate::problem::Problem;
use crate::queries::in_time;
use crate::state::GatewayState;

/// Counts that are remembered before those that are out of date are forgotten.
const COUNTS_MAX: usize = 10_000;
/// How long a count is believed that leaves no room: somebody may have made room.
const FULL_LASTS: Duration = Duration::from_secs(1);

/// What there was when it was counted.
#[derive(Default)]
struct Counted {
    /// When, and how many.
    rows: Option<(Instant, i64)>,
    /// Commands that were let pass since.
    passed: i64,
}

/// A count, held by whoever looks at it.
type Shared = Arc<Turn<Counted>>;

/// Remembers counts. One who counts makes the others wait for the result.
pub struct Quotas {
    counts: Mutex<HashMap<(TenantId, String), Shared>>,
    lasts: Duration,
}

impl Quotas {
    /// Believes counts for so long.
    pub fn new(lasts: Duration) -> Self {
        Self { counts: Mutex::default(), lasts }
    }

    fn turn(&self, tenant: TenantId, feature: &str) -> Shared {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.len() >= COUNTS_MAX {
            // One that is counted right now is held by whoever counts.
            counts.retain(|_, turn| Arc::strong_count(turn) > 1);
        }
        counts.entry((tenant, feature.to_owned())).or_default().clone()
    }
}

/// 403 where the command would make more than the tenant's plan includes.
pub async fn require(state: &GatewayState, caller: &Caller, found: &Found, with_id: bool, key: Option<&str>) -> Result<(), Problem> {
    let makes = match found.creation {
        Creation::Creates => true,
        // With an id, it mostly works on what there is.
        Creation::Either => !with_id,
        Creation::Requires => false,
    };
    if !makes {
        return Ok(());
    }
    let Some(features) = state.features().of(caller.tenant_id).await? else { return Ok(()) };
    let feature = limit_of(found.context, found.aggregate);
    let (Some(limit), Some(model)) = (features.limit(&feature), listed(state, found.context, found.aggregate)) else { return Ok(()) };
    let turn = state.quotas().turn(caller.tenant_id, &feature);
    let mut counted = turn.lock().await;
    let full = |counted: &Counted| counted.rows.is_none_or(|(_, rows)| rows + counted.passed >= limit);
    let lasts = if full(&counted) { FULL_LASTS.min(state.quotas().lasts) } else { state.quotas().lasts };
    if counted.rows.is_none_or(|(at, _)| at.elapsed() >= lasts) {
        let rows = count(state, caller.tenant_id, model, limit).await?;
        *counted = Counted { rows: Some((Instant::now(), rows)), passed: 0 };
    }
    if !full(&counted) {
        counted.passed += 1;
        return Ok(());
    }
    drop(counted);
    if let Some(key) = key
        && was_accepted(state, caller.tenant_id, found.context, key).await?
    {
        // It makes nothing any more: its first answer is given again.
        return Ok(());
    }
    let detail = format!(
        "The tenant's plan includes {limit} of `{}/{}` (`{feature}`), and there are as many. Remove some, or change the plan.",
        found.context, found.aggregate
    );
    Err(Problem::forbidden("limit_reached", detail).field(feature, format!("at most {limit}")))
}

/// The read model that lists the aggregates of a type.
fn listed(state: &GatewayState, context: &str, aggregate: &str) -> Option<&'static ReadModelDef> {
    let models = state.catalogue().context(context).ok()?.read_models;
    models.iter().copied().find(|model| model.name.strip_suffix("-list") == Some(aggregate))
}

/// How many rows there are, as far as that matters.
async fn count(state: &GatewayState, tenant: TenantId, model: &ReadModelDef, most: i64) -> Result<i64, Problem> {
    let mut tx = TenantTx::begin(state.pool(), tenant.0).await?;
    let statement = format!("SELECT count(*) FROM (SELECT FROM {} LIMIT $1) t", model.table);
    let rows = sqlx::query_scalar(&statement).bind(most).fetch_one(&mut *tx).await?;
    tx.commit().await?;
    Ok(rows)
}

/// Whether a command was accepted under this key.
async fn was_accepted(state: &GatewayState, tenant: TenantId, context: &str, key: &str) -> Result<bool, Problem> {
    const READ: &str = "SELECT EXISTS (SELECT FROM log.idempotency WHERE context = $1 AND partition = $2 AND tenant_id = $3 AND key = $4)";
    let mut tx = TenantTx::begin(state.pool(), tenant.0).await?;
    let query = sqlx::query_scalar(READ).bind(context).bind(state.partition(tenant)).bind(tenant.0).bind(key);
    let known = query.fetch_one(&mut *tx).await?;
    tx.commit().await?;
    Ok(known)
}

/// A feature of the tenant's plan.
#[derive(Serialize)]
struct FeatureRow<'a> {
    feature: &'a str,
    value: &'a Value,
    /// How many there are, where the platform counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    used: Option<i64>,
}

/// `GET /v1/features`: what the tenant's subscriptions say, for programs that show it or sell by it.
pub async fn features(State(state): State<GatewayState>, Extension(caller): Extension<Arc<Caller>>) -> Result<Response, Problem> {
    caller.require(Permission::Read { context: "platform" })?;
    let answer = async {
        let Some(features) = state.features().of(caller.tenant_id).await? else { return respond(&[]) };
        let mut rows = Vec::new();
        for (feature, value) in features.values() {
            rows.push(FeatureRow { feature, value, used: used(&state, &caller, &features, feature).await? });
        }
        respond(&rows)
    };
    in_time(&state, answer).await
}

/// How many there are of what a feature limits.
async fn used(state: &GatewayState, caller: &Caller, features: &Features, feature: &str) -> Result<Option<i64>, Problem> {
    let Some(limit) = features.limit(feature).filter(|_| Features::is_limit(feature)) else { return Ok(None) };
    let named = feature.splitn(3, '.').skip(1).collect::<Vec<_>>();
    let [context, aggregate] = named[..] else { return Ok(None) };
    match listed(state, context, aggregate) {
        Some(model) => Ok(Some(count(state, caller.tenant_id, model, limit.saturating_add(1)).await?)),
        None => Ok(None),
    }
}

fn respond(rows: &[FeatureRow<'_>]) -> Result<Response, Problem> {
    let body = serde_json::to_vec(&serde_json::json!({ "data": rows })).map_err(|error| Problem::internal(&error))?;
    Ok(([(CONTENT_TYPE, "application/json")], body).into_response())
}
