//! Pages of a read model's rows, as JSON.

use std::time::Instant;

use axum::http::HeaderMap;
use axum::response::Response;
use projections::model::ReadModelDef;
use sqlx::Row as _;

use super::Pairs;
use super::cursor::{Cursor, Seal};
use super::format::{Answer, Next};
use super::wanted::{Limits, Select, Wanted, bind_all};
use crate::auth::Caller;
use crate::bounded::{by_bytes, is_cut};
use crate::cache::Asked;
use crate::freshness;
use crate::problem::Problem;
use crate::state::GatewayState;

/// Rows of a page where the caller does not say.
pub const LIMIT_DEFAULT: usize = 50;
/// The most rows of a page.
pub const LIMIT_MAX: usize = 1000;
/// Both.
pub const PAGE: Limits = Limits { default: LIMIT_DEFAULT, max: LIMIT_MAX };
/// Bytes that the rows of a page have before it is cut.
const PAGE_BYTES_MAX: usize = 16 << 20;

/// Answers a page.
pub async fn list(
    state: &GatewayState,
    caller: &Caller,
    def: &'static ReadModelDef,
    headers: &HeaderMap,
    pairs: Pairs,
) -> Result<Response, Problem> {
    let wanted = Wanted::parse(def, pairs, PAGE)?;
    let positions = freshness::wanted(state, caller.tenant_id, headers)?;
    let query = wanted.identity(def, caller);
    let seal = Seal { secret: &state.options().jwt_secret, query: &query };
    let cursor = wanted.cursor.as_deref().map(|text| Cursor::decode(text, &seal)).transpose()?;
    let select = Select(vec![(row_json(&wanted.fields), "row".to_owned())]);
    let (sql, binds) = wanted.statement(def, &select, cursor.as_ref(), Some(wanted.limit + 1));
    let sql = by_bytes(&sql, "row", PAGE_BYTES_MAX);
    let asked =
        Asked::new(state, caller.tenant_id, &[def.projection], &sql, query.iter().chain(wanted.cursor.as_ref()).map(String::as_str));
    if let Some(response) = state.cache().answer(&asked, &positions).await? {
        return Ok(response);
    }
    let started = Instant::now();
    let (mut tx, freshness) = freshness::begin(state, caller.tenant_id, &[def.projection], &positions).await?;
    let mut found = bind_all(sqlx::query(&sql), &binds).fetch_all(&mut *tx).await?;
    tx.commit().await?;
    let full = found.len() > wanted.limit;
    found.truncate(wanted.limit);
    let rows = found.iter().map(|row| row.try_get("row")).collect::<Result<Vec<String>, sqlx::Error>>()?;
    let more = full || is_cut(rows.iter().map(String::len), PAGE_BYTES_MAX);
    let next = match found.last() {
        Some(last) if more => Next::Page(Cursor { key: last.try_get("key")?, id: last.try_get("id")? }.encode(&seal)),
        _ => Next::End,
    };
    let answer = Answer { rows: &rows, next }.open_json()?;
    state.cache().keep(&asked, &freshness, &answer, started.elapsed());
    answer.respond(&freshness)
}

/// The expression that makes a row's JSON.
pub fn row_json(fields: &[&str]) -> String {
    let list: Vec<String> = fields.iter().map(|field| format!("t.{field}")).collect();
    format!("(SELECT row_to_json(x)::text FROM (SELECT {}) x)", list.join(", "))
}
