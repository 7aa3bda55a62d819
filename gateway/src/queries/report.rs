//! Reports: questions with an answer of their own shape.

use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use projections::model::ReportDef;

use super::Pairs;
use super::format::{Answer, Format, Next};
use super::value::check;
use crate::auth::Caller;
use crate::catalogue::nearest;
use crate::freshness;
use crate::problem::Problem;
use crate::state::GatewayState;

/// Answers a report.
pub async fn run(
    state: &GatewayState,
    caller: &Caller,
    def: &'static ReportDef,
    headers: &HeaderMap,
    pairs: Pairs,
) -> Result<Response, Problem> {
    let format = Format::negotiate(headers)?;
    let values = values(def, pairs)?;
    let positions = freshness::wanted(state, caller.tenant_id, headers)?;
    let (mut tx, freshness) = freshness::begin(state, caller.tenant_id, def.projections, &positions).await?;
    let statement = format!("SELECT r.x::text FROM ({}) AS r (x)", def.sql.trim().trim_end_matches(';'));
    let query = values.iter().fold(sqlx::query_scalar(&statement), sqlx::query::QueryScalar::bind);
    let rows: Vec<String> = query.fetch_all(&mut *tx).await?;
    tx.commit().await?;
    if rows.is_empty() && def.not_found_if_empty {
        return Err(Problem::new(StatusCode::NOT_FOUND, "not_found", "There is no such thing to report on."));
    }
    let columns = if format == Format::Csv { columns(def) } else { Vec::new() };
    let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    Answer { rows: &rows, columns: &columns, next: Next::None, freshness: &freshness }.respond(format)
}

/// The parameters in order, checked by their types.
fn values(def: &ReportDef, pairs: Pairs) -> Result<Vec<Option<String>>, Problem> {
    let mut values: Vec<Option<String>> = vec![None; def.parameters.len()];
    for (name, value) in pairs {
        let Some(index) = def.parameters.iter().position(|parameter| parameter.name == name) else {
            let near = nearest(&name, def.parameters.iter().map(|parameter| parameter.name));
            let hint = if near.is_empty() { String::new() } else { format!("; did you mean {}?", near.join(" or ")) };
            return Err(Problem::bad_value(
                "unknown_parameter",
                &crate::catalogue::shown(&name),
                format!("there is no such parameter{hint}"),
            ));
        };
        if values[index].is_some() {
            return Err(Problem::bad_value("invalid_parameter", &name, "the parameter comes more than once"));
        }
        let checked =
            check(def.parameters[index].kind, &value).map_err(|message| Problem::bad_value("invalid_parameter", &name, message))?;
        values[index] = Some(checked);
    }
    for (parameter, value) in def.parameters.iter().zip(&mut values) {
        if value.is_none() {
            if parameter.required {
                return Err(Problem::bad_value("missing_parameter", parameter.name, "the parameter is required"));
            }
            *value = parameter.default.map(str::to_owned);
        }
    }
    Ok(values)
}

/// The columns of the answer, from its schema.
fn columns(def: &ReportDef) -> Vec<String> {
    let schema = (def.schema)(&mut schemars::SchemaGenerator::default());
    schema
        .get("properties")
        .and_then(serde_json::Value::as_object)
        .map(|properties| properties.keys().cloned().collect())
        .unwrap_or_default()
}
