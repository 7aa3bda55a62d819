//! One row of a read model.

use axum::http::header::{CONTENT_LOCATION, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::kernel::AggregateId;
use projections::model::ReadModelDef;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row as _};

use super::Pairs;
use super::format::Format;
use super::rows::row_json;
use super::wanted::{controls, fields};
use crate::auth::Caller;
use crate::exports::{self, Rows, TableColumn, TableFormat};
use crate::freshness;
use crate::problem::Problem;
use crate::state::GatewayState;

/// Answers a row, or the row that its id was merged into.
pub async fn read(
    state: &GatewayState,
    caller: &Caller,
    def: &'static ReadModelDef,
    id: &str,
    headers: &HeaderMap,
    pairs: Pairs,
) -> Result<Response, Problem> {
    let format = Format::negotiate(headers, &[Format::Json, Format::Table(TableFormat::Csv)])?;
    let ([named], rest) = controls(pairs, ["fields"])?;
    if let Some((name, _)) = rest.first() {
        return Err(Problem::bad_value("unknown_parameter", &crate::catalogue::shown(name), "there is no such parameter"));
    }
    let fields = fields(def, named.as_deref())?;
    let positions = freshness::wanted(state, caller.tenant_id, headers)?;
    // What cannot be an id of anything is not looked for.
    let id: AggregateId = id.parse().map_err(|_| missing(def))?;
    let (mut tx, freshness) = freshness::begin(state, caller.tenant_id, &[def.projection], &positions).await?;
    let columns = match format {
        Format::Json => Vec::new(),
        Format::Table(_) => exports::columns_of_model(&mut tx, def, &fields).await?,
    };
    let select = if columns.is_empty() { format!("{} AS c0", row_json(&fields)) } else { TableColumn::select(&columns) };
    let found = find(&mut tx, def, &select, id.as_str()).await?;
    tx.commit().await?;
    let row = found.ok_or_else(|| missing(def))?;
    let found_id: String = row.try_get("id")?;
    let mut response = match format {
        Format::Json => ([(CONTENT_TYPE, "application/json")], row.try_get::<String, _>("c0")?).into_response(),
        Format::Table(format) => exports::whole(format, columns, &Rows::Typed(vec![row]))?,
    };
    freshness.write_headers(response.headers_mut());
    if found_id != id.as_str() {
        let place =
            HeaderValue::from_str(&format!("/v1/{}/{}/{found_id}", def.context, def.name)).map_err(|error| Problem::internal(&error))?;
        response.headers_mut().insert(CONTENT_LOCATION, place);
    }
    Ok(response)
}

/// The row with this id as JSON, with all its columns, or 404.
pub async fn whole(
    state: &GatewayState,
    caller: &Caller,
    def: &'static ReadModelDef,
    id: &str,
    headers: &HeaderMap,
) -> Result<String, Problem> {
    let fields: Vec<&str> = def.columns.iter().map(|column| column.name).collect();
    let positions = freshness::wanted(state, caller.tenant_id, headers)?;
    let id: AggregateId = id.parse().map_err(|_| missing(def))?;
    let (mut tx, _) = freshness::begin(state, caller.tenant_id, &[def.projection], &positions).await?;
    let found = find(&mut tx, def, &format!("{} AS c0", row_json(&fields)), id.as_str()).await?;
    tx.commit().await?;
    Ok(found.ok_or_else(|| missing(def))?.try_get("c0")?)
}

fn missing(def: &ReadModelDef) -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "not_found", format!("There is no such row in `{}`.", def.name)).field("id", "")
}

async fn find(connection: &mut PgConnection, def: &ReadModelDef, select: &str, id: &str) -> Result<Option<PgRow>, sqlx::Error> {
    let head = format!("SELECT {select}, t.id FROM {} t", def.table);
    let own = format!("{head} WHERE t.id = $1");
    let found = sqlx::query(&own).bind(id).fetch_optional(&mut *connection).await?;
    let (None, Some(column)) = (&found, def.redirects) else { return Ok(found) };
    let merged = format!("{head} WHERE t.{column} <> '{{}}' AND $1 = ANY (t.{column}) LIMIT 1");
    sqlx::query(&merged).bind(id).fetch_optional(connection).await
}
