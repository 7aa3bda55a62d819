//! `POST /v1/{context}/{aggregate}/{id}/{command}`: one command.

use std::sync::Arc;

use ::commands::{CommandRequest, Receipt};
use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_TYPE, ETAG};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use domain::kernel::{AggregateId, Creation};
use serde::Serialize;

use crate::access::Permission;
use crate::auth::Caller;
use crate::catalogue;
use crate::endpoints;
use crate::headers;
use crate::limits;
use crate::observe::Trace;
use crate::problem::{self, Problem};
use crate::quota;
use crate::saved;
use crate::state::GatewayState;

/// The header that carries the position token of an answer.
pub const POSITION: HeaderName = HeaderName::from_static("neuroops-position");

/// A command on the aggregate with this id.
pub async fn with_id(
    State(state): State<GatewayState>,
    Extension(caller): Extension<Arc<Caller>>,
    Extension(trace): Extension<Trace>,
    Path((context, aggregate, id, command)): Path<(String, String, String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let named = Named { context: &context, aggregate: &aggregate, command: &command };
    let found = named.find(&state).map_err(|problem| instead(&state, &[&context, &aggregate, &id, &command], problem))?;
    let id = headers::aggregate_id(id)?;
    submit(&state, &caller, trace, found, Some(id), &headers, body).await
}

/// A command whose aggregate gets a fresh id.
pub async fn without_id(
    State(state): State<GatewayState>,
    Extension(caller): Extension<Arc<Caller>>,
    Extension(trace): Extension<Trace>,
    Path((context, aggregate, command)): Path<(String, String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let named = Named { context: &context, aggregate: &aggregate, command: &command };
    let found = named.find(&state).map_err(|problem| instead(&state, &[&context, &aggregate, &command], problem))?;
    if !found.makes_id {
        return Err(id_required(&found));
    }
    submit(&state, &caller, trace, found, None, &headers, body).await
}

/// 400 for a command that works on what exists and does not say on what.
pub fn id_required(found: &Found) -> Problem {
    let Found { context, aggregate, command, .. } = found;
    let place = format!("/v1/{context}/{aggregate}/{{id}}/{command}");
    Problem::bad_request("id_required", format!("The command works on an existing {aggregate}: send it to {place}.")).field("id", "missing")
}

/// A command as a request names it.
pub struct Named<'a> {
    /// The context.
    pub context: &'a str,
    /// The aggregate's type.
    pub aggregate: &'a str,
    /// The command.
    pub command: &'a str,
}

/// A command that exists.
#[derive(Clone, Copy)]
pub struct Found {
    /// The context.
    pub context: &'static str,
    /// The aggregate's type.
    pub aggregate: &'static str,
    /// The command.
    pub command: &'static str,
    /// Whether it may come without an id.
    pub makes_id: bool,
    /// Whether it makes the aggregate.
    pub creation: Creation,
}

impl Named<'_> {
    /// Looks the command up, or answers 404 with the names that look alike.
    pub fn find(&self, state: &GatewayState) -> Result<Found, Problem> {
        let entry = state.catalogue().context(self.context)?;
        let aggregate = entry.aggregate(self.aggregate)?;
        let def = catalogue::command(aggregate, self.command)?;
        Ok(Found {
            context: entry.name,
            aggregate: aggregate.name(),
            command: def.name,
            makes_id: catalogue::makes_id(def),
            creation: def.creation,
        })
    }
}

impl Found {
    /// The permission that the command needs.
    pub fn permission(&self) -> Permission<'static> {
        Permission::Command { context: self.context, aggregate: self.aggregate, command: self.command }
    }
}

/// 405 where the address can be read, else the problem.
fn instead(state: &GatewayState, segments: &[&str], problem: Problem) -> Problem {
    match state.catalogue().methods(segments) {
        methods if methods.is_empty() => problem,
        methods => Problem::method_not_allowed(&methods),
    }
}

async fn submit(
    state: &GatewayState,
    caller: &Caller,
    trace: Trace,
    found: Found,
    id: Option<AggregateId>,
    headers: &HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    caller.require(found.permission())?;
    state.auth().may_command(caller).await?;
    state.features().require(caller.tenant_id, found.context).await?;
    limits::check_media_type(headers, &["application/json"])?;
    let (correlation_id, causation_id) = headers::correlation(headers)?;
    let (expected_version, idempotency_key) = (headers::if_match(headers)?, headers::idempotency_key(headers)?);
    let body = limits::read_json(headers, body, state.options()).await?;
    let request = CommandRequest {
        tenant_id: caller.tenant_id,
        actor: caller.actor.clone(),
        context: found.context.to_owned(),
        aggregate: found.aggregate.to_owned(),
        id,
        command: found.command.to_owned(),
        expected_version,
        idempotency_key,
        correlation_id,
        causation_id,
        traceparent: Some(trace.0.header()),
        body,
    };
    let receipt = execute(state, caller, &found, request, false).await?;
    let secret = endpoints::secret(state, caller, &found, &receipt).await?;
    answer(&receipt, secret.as_deref())
}

/// Refuses what is known to be wrong before the command is decided, and runs it within the time that a request may take.
pub async fn execute(
    state: &GatewayState,
    caller: &Caller,
    found: &Found,
    request: CommandRequest,
    in_bulk: bool,
) -> Result<Receipt, Problem> {
    saved::check(state, caller, found, &request.body).await?;
    endpoints::check(state, caller, found, &request.body, in_bulk).await?;
    quota::require(state, caller, found, request.id.is_some(), request.idempotency_key.as_deref()).await?;
    match tokio::time::timeout(state.options().request_timeout, state.bus().execute(request)).await {
        Ok(result) => result.map_err(|error| problem::of_command(error, found.context)),
        // The append may be under way: nobody knows what becomes of it.
        Err(_) => Err(Problem::outcome_unknown()),
    }
}

/// What is answered to a command.
#[derive(Serialize)]
struct Answer<'a> {
    #[serde(flatten)]
    receipt: &'a Receipt,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<&'a str>,
}

fn answer(receipt: &Receipt, secret: Option<&str>) -> Result<Response, Problem> {
    let body = serde_json::to_vec(&Answer { receipt, secret }).map_err(|error| Problem::internal(&error))?;
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let etag = HeaderValue::from_str(&format!("\"{}\"", receipt.version)).map_err(|error| Problem::internal(&error))?;
    headers.insert(ETAG, etag);
    headers.insert(POSITION, HeaderValue::from_str(&receipt.position).map_err(|error| Problem::internal(&error))?);
    Ok(response)
}
