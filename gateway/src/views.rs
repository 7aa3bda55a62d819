//! `GET /v1/{context}/{aggregate}/{id}/{last}`: what can be read of one aggregate.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;

use crate::auth::Caller;
use crate::catalogue::View;
use crate::problem::Problem;
use crate::queries::{Pairs, in_time};
use crate::state::GatewayState;
use crate::{endpoints, exports, history, print, saved};

/// A history, the answer of a saved query, the files of an export, the deliveries of an endpoint, or a printed row.
pub async fn read(
    State(state): State<GatewayState>,
    Extension(caller): Extension<Arc<Caller>>,
    Path((context, name, id, last)): Path<(String, String, String, String)>,
    headers: HeaderMap,
    Query(pairs): Query<Pairs>,
) -> Result<Response, Problem> {
    match state.catalogue().view(&context, &name, &last) {
        Some(View::Run(def)) => saved::run(&state, &caller, def, &id, &headers, pairs).await,
        Some(View::Files(def)) => in_time(&state, exports::overview(&state, &caller, def, &id, &headers, &pairs)).await,
        Some(View::Deliveries(def)) => in_time(&state, endpoints::deliveries(&state, &caller, def, &id, pairs)).await,
        Some(View::Print(def)) => in_time(&state, print::read(&state, &caller, def, &id, &headers, pairs)).await,
        None => history::read(&state, &caller, (&context, &name, id, &last), &headers, pairs).await,
    }
}

/// A file of an export.
pub async fn file(
    State(state): State<GatewayState>,
    Extension(caller): Extension<Arc<Caller>>,
    Path((context, name, id, last, file)): Path<(String, String, String, String, String)>,
    headers: HeaderMap,
    Query(pairs): Query<Pairs>,
) -> Result<Response, Problem> {
    match state.catalogue().view(&context, &name, &last) {
        Some(View::Files(def)) => in_time(&state, exports::file(&state, &caller, def, &id, &file, &headers, &pairs)).await,
        _ => Err(Problem::from_status(axum::http::StatusCode::NOT_FOUND)),
    }
}
