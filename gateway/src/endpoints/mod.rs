//! Endpoints of webhooks, as far as the gateway has a part in them: what is wrong with a command is said at once where it can be known, the
//! answer of a command that makes a secret shows it, and deliveries are shown.

mod deliveries;

use std::collections::HashMap;
use std::sync::Arc;

use axum::http::StatusCode;
use commands::Receipt;
use domain::kernel::{EventFilter, decode_json};
use platform::egress::Egress;
use platform::tenant_tx::TenantTx;
use platform::vault::Vault;
use projections::subscriptions::{REMOVED, WebhooksDef};
use serde::Deserialize;
use uuid::Uuid;

pub use deliveries::read as deliveries;

use crate::access::Permission;
use crate::auth::{Caller, require};
use crate::commands::Found;
use crate::position::Token;
use crate::problem::Problem;
use crate::state::GatewayState;

/// Endpoints that a tenant may have; each event may become as many posts.
const TENANT_ENDPOINTS_MAX: i64 = 100;

/// What webhooks need; without it, none can be registered.
#[derive(Clone)]
pub struct WebhookSupport {
    /// Tells which addresses may be posted to.
    pub egress: Egress,
    /// Keeps secrets.
    pub vault: Arc<Vault>,
}

/// What the commands of an endpoint may have in their body.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Said {
    url: Option<String>,
    filter: Option<EventFilter>,
    roles: Option<Vec<String>>,
    after: Vec<String>,
    events: Vec<String>,
}

fn refused(def: &WebhooksDef, code: &str, field: &str, message: String) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, format!("{}.{code}", def.context), message.clone()).field(field, message)
}

fn not_set_up() -> Problem {
    Problem::unavailable("webhooks_not_set_up", "Webhooks are not set up here: whoever runs the platform sets SECRETS_KEY.")
        .retry_after(600)
}

fn def_of(state: &GatewayState, found: &Found) -> Option<&'static WebhooksDef> {
    state.catalogue().webhooks().filter(|def| (def.context, def.aggregate) == (found.context, found.aggregate))
}

/// Refuses what is known to be wrong before the command is decided. A body that is not the command's is left to the command.
pub async fn check(state: &GatewayState, caller: &Caller, found: &Found, body: &[u8], in_bulk: bool) -> Result<(), Problem> {
    let Some(def) = def_of(state, found) else { return Ok(()) };
    let issuing = def.issuing.contains(&found.command);
    if issuing && in_bulk {
        let detail = format!("The answer to `{}` shows a secret, so it is sent by itself and not in bulk.", found.command);
        return Err(Problem::bad_request("not_in_bulk", detail));
    }
    if issuing && state.options().webhooks.is_none() {
        return Err(not_set_up());
    }
    let Ok(said) = decode_json::<Said>(body) else { return Ok(()) };
    if def.addressing.contains(&found.command) {
        addressed(state, caller, def, &said).await?;
        if issuing {
            within_limit(state, caller, def).await?;
        }
    } else if found.command == def.replay {
        known_places(state, caller, &said).await?;
    }
    Ok(())
}

/// The address may be posted to as far as can be told, and the contexts of the filter may be followed.
async fn addressed(state: &GatewayState, caller: &Caller, def: &WebhooksDef, said: &Said) -> Result<(), Problem> {
    let roles = said.roles.as_ref().unwrap_or(&caller.actor.roles);
    // Roles that the caller lacks are the command's to refuse.
    if roles.iter().all(|role| caller.actor.roles.contains(role)) {
        for context in said.filter.iter().flat_map(|filter| &filter.contexts) {
            require(roles, Permission::History { context: state.catalogue().context(context)?.name })?;
        }
    }
    let (Some(url), Some(support)) = (&said.url, &state.options().webhooks) else { return Ok(()) };
    support.egress.check(url).await.map_err(|error| refused(def, error.code(), "url", format!("The address cannot be used: {error}.")))
}

async fn within_limit(state: &GatewayState, caller: &Caller, def: &WebhooksDef) -> Result<(), Problem> {
    let mut tx = TenantTx::begin(state.pool(), caller.tenant_id.0).await?;
    let statement = format!("SELECT count(*) FROM {} WHERE status <> $1", def.endpoints.table);
    let count: i64 = sqlx::query_scalar(&statement).bind(REMOVED).fetch_one(&mut *tx).await?;
    tx.commit().await?;
    if count < TENANT_ENDPOINTS_MAX {
        return Ok(());
    }
    let message = format!("The tenant has {TENANT_ENDPOINTS_MAX} endpoints, which is the most; remove one that is no longer used.");
    Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, format!("{}.too_many_endpoints", def.context), message))
}

/// Positions are those of the tenant's log partition, and the log has them.
async fn known_places(state: &GatewayState, caller: &Caller, said: &Said) -> Result<(), Problem> {
    let partition = state.partition(caller.tenant_id);
    let mut tokens = Vec::new();
    for (field, texts) in [("after", &said.after), ("events", &said.events)] {
        // What is not a position is the command's to refuse.
        for token in texts.iter().filter_map(|text| text.parse::<Token>().ok()) {
            if token.partition != partition {
                return Err(Problem::bad_value("invalid_position", field, "the position is not one of this tenant's log partitions"));
            }
            state.catalogue().context(&token.context)?;
            tokens.push((field, token));
        }
    }
    if tokens.is_empty() {
        return Ok(());
    }
    let contexts: Vec<&str> = tokens.iter().map(|(_, token)| token.context.as_str()).collect();
    let heads: Vec<(String, i64)> = sqlx::query_as("SELECT context, position FROM log.heads WHERE partition = $1 AND context = ANY ($2)")
        .bind(partition)
        .bind(contexts)
        .fetch_all(state.pool())
        .await?;
    let heads: HashMap<String, i64> = heads.into_iter().collect();
    match tokens.iter().find(|(_, token)| heads.get(&token.context).is_none_or(|head| token.position > *head)) {
        Some((field, token)) => Err(Problem::bad_value("position_unknown", field, format!("the log has no position {token}"))),
        None => Ok(()),
    }
}

/// The secret that the command has made; nothing where it makes none. The same command, sent again under its idempotency key, shows the
/// same one.
pub async fn secret(state: &GatewayState, caller: &Caller, found: &Found, receipt: &Receipt) -> Result<Option<String>, Problem> {
    const READ: &str =
        "SELECT (payload->>'secret_id')::uuid FROM log.events WHERE context = $1 AND partition = $2 AND position = $3 AND tenant_id = $4";
    let issuing = def_of(state, found).is_some_and(|def| def.issuing.contains(&found.command));
    let (true, Some(support), Some(event)) = (issuing, &state.options().webhooks, receipt.events.first()) else { return Ok(None) };
    let tenant = caller.tenant_id.0;
    let mut tx = TenantTx::begin(state.pool(), tenant).await?;
    let query = sqlx::query_scalar(READ).bind(found.context).bind(state.partition(caller.tenant_id)).bind(event.position).bind(tenant);
    let id: Option<Uuid> = query.fetch_one(&mut *tx).await?;
    let Some(id) = id else { return Ok(None) };
    let secret = support.vault.secret(&mut tx, tenant, id).await.map_err(|error| Problem::internal(&error))?;
    tx.commit().await?;
    Ok(Some(secret.shown()))
}

/// Whether one of the roles may follow the events of the context.
pub fn may_follow(roles: &[String], context: &str) -> bool {
    crate::access::allows(roles, Permission::History { context })
}
