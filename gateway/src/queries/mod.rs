//! `GET /v1/{context}/{name}`: rows of a read model, or a report.
//!
//! Filters are written `column=value` or `column.operator=value`: `eq ne gt gte lt lte in contains prefix null`. Identifiers come
//! from the read models' definitions only; values are always bound.

mod cursor;
mod filter;
mod format;
mod report;
mod row;
mod rows;
mod value;
mod wanted;

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;

pub use cursor::{Cursor, Seal};
pub use filter::{Bind, Operator, operators};
pub use format::{FORMATS, Format, OpenJson};
pub use report::{rows as report_rows, rows_up_to as report_rows_up_to, statement as report_statement, values as report_values};
pub use row::whole;
pub use rows::{LIMIT_DEFAULT, LIMIT_MAX};
pub use value::{check as check_value, timestamp};
pub use wanted::{Limits, Select, Wanted, bind_all, controls, limit_of, no_others};

use crate::access::Permission;
use crate::auth::Caller;
use crate::catalogue::Readable;
use crate::exports;
use crate::problem::Problem;
use crate::state::GatewayState;

/// The pairs of a query string.
pub type Pairs = Vec<(String, String)>;

/// Rows or a report.
pub async fn list(
    State(state): State<GatewayState>,
    Extension(caller): Extension<Arc<Caller>>,
    Path((context, name)): Path<(String, String)>,
    headers: HeaderMap,
    Query(pairs): Query<Pairs>,
) -> Result<Response, Problem> {
    let entry = state.catalogue().context(&context)?;
    let readable = entry.readable(&name)?;
    caller.require(Permission::Read { context: entry.name })?;
    state.features().require(caller.tenant_id, entry.name).await?;
    ask(&state, &caller, readable, &headers, pairs).await
}

/// The answer of a read model or report, in the format that the client likes best.
pub async fn ask(
    state: &GatewayState,
    caller: &Caller,
    readable: Readable,
    headers: &HeaderMap,
    pairs: Pairs,
) -> Result<Response, Problem> {
    let answer = async {
        match (Format::negotiate(headers, &FORMATS)?, readable) {
            (Format::Json, Readable::Model(def)) => rows::list(state, caller, def, headers, pairs).await,
            (Format::Json, Readable::Report(def)) => report::run(state, caller, def, headers, pairs).await,
            (Format::Table(format), Readable::Model(def)) => exports::stream_model(state, caller, def, format, headers, pairs).await,
            (Format::Table(format), Readable::Report(def)) => exports::whole_report(state, caller, def, format, headers, pairs).await,
        }
    };
    in_time(state, answer).await
}

/// One row.
pub async fn one(
    State(state): State<GatewayState>,
    Extension(caller): Extension<Arc<Caller>>,
    Path((context, name, id)): Path<(String, String, String)>,
    headers: HeaderMap,
    Query(pairs): Query<Pairs>,
) -> Result<Response, Problem> {
    let entry = state.catalogue().context(&context)?;
    let def = entry.read_model(&name).map_err(|problem| {
        // A command's address that is read by mistake.
        match state.catalogue().methods(&[&context, &name, &id]) {
            methods if methods.is_empty() => problem,
            methods => Problem::method_not_allowed(&methods),
        }
    })?;
    caller.require(Permission::Read { context: entry.name })?;
    state.features().require(caller.tenant_id, entry.name).await?;
    in_time(&state, row::read(&state, &caller, def, &id, &headers, pairs)).await
}

/// The answer, if it comes within the time that a request may take.
pub async fn in_time(state: &GatewayState, answer: impl Future<Output = Result<Response, Problem>>) -> Result<Response, Problem> {
    tokio::time::timeout(state.options().request_timeout, answer).await.map_err(|_| Problem::query_timeout())?
}
