//! Reports: questions with an answer of their own shape.

use std::time::Instant;

use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use chrono::NaiveDate;
use futures::TryStreamExt as _;
use platform::clock;
use platform::tenant_tx::TenantTx;
use projections::model::{Allowed, Parameter, ReportDef};

use super::Pairs;
use super::format::{Answer, Next};
use super::value::check;
use crate::auth::Caller;
use crate::cache::{Asked, looks_at_the_clock};
use crate::catalogue::nearest;
use crate::freshness;
use crate::problem::Problem;
use crate::series::Bucket;
use crate::state::GatewayState;

/// Bytes that the rows of a report may have.
const REPORT_BYTES_MAX: usize = 32 << 20;

/// Answers a report as JSON.
pub async fn run(
    state: &GatewayState,
    caller: &Caller,
    def: &'static ReportDef,
    headers: &HeaderMap,
    pairs: Pairs,
) -> Result<Response, Problem> {
    let values = values(def, pairs)?;
    let positions = freshness::wanted(state, caller.tenant_id, headers)?;
    let parts = values.iter().flat_map(|value| [if value.is_some() { "=" } else { "-" }, value.as_deref().unwrap_or_default()]);
    let asked = Asked::new(state, caller.tenant_id, def.projections, def.sql, parts);
    // What the clock says is no part of what the answer is kept under.
    let kept = !looks_at_the_clock(def.sql);
    if kept && let Some(response) = state.cache().answer(&asked, &positions).await? {
        return Ok(response);
    }
    let started = Instant::now();
    let (mut tx, freshness) = freshness::begin(state, caller.tenant_id, def.projections, &positions).await?;
    let rows = rows(state, &mut tx, def, &values).await?;
    tx.commit().await?;
    let answer = Answer { rows: &rows, next: Next::None }.open_json()?;
    if kept {
        state.cache().keep(&asked, &freshness, &answer, started.elapsed());
    }
    answer.respond(&freshness)
}

/// The rows of a report, which a page has no part of: all of them, or an error that says how to get them.
pub async fn rows(state: &GatewayState, tx: &mut TenantTx, def: &ReportDef, values: &[Option<String>]) -> Result<Vec<String>, Problem> {
    let most = state.options().report_rows_max;
    let Some(rows) = rows_up_to(tx, def, values, most).await? else {
        let export = state.catalogue().export_place().map(|place| format!(" or request an export ({place}), which has no limit"));
        let detail = format!(
            "The report has more than {most} rows or {} MiB. To get all of it, narrow its parameters{}.",
            REPORT_BYTES_MAX >> 20,
            export.unwrap_or_default()
        );
        return Err(Problem::bad_request("too_many_rows", detail));
    };
    if rows.is_empty() && def.not_found_if_empty {
        return Err(Problem::new(StatusCode::NOT_FOUND, "not_found", "There is no such thing to report on."));
    }
    Ok(rows)
}

/// All rows of a report, or nothing where there are more than so many or they are too large.
pub async fn rows_up_to(
    tx: &mut TenantTx,
    def: &ReportDef,
    values: &[Option<String>],
    most: usize,
) -> Result<Option<Vec<String>>, sqlx::Error> {
    let statement = statement(def);
    let query = values.iter().fold(sqlx::query_scalar::<_, String>(&statement), sqlx::query::QueryScalar::bind);
    let mut found = query.fetch(&mut **tx);
    let (mut rows, mut bytes) = (Vec::new(), 0);
    while let Some(row) = found.try_next().await? {
        bytes += row.len();
        if rows.len() == most || bytes > REPORT_BYTES_MAX {
            return Ok(None);
        }
        rows.push(row);
    }
    Ok(Some(rows))
}

/// The statement: one text of JSON a row.
pub fn statement(def: &ReportDef) -> String {
    format!("SELECT r.x::text FROM ({}) AS r (x)", def.sql.trim().trim_end_matches(';'))
}

/// The parameters in order, checked by their types and by what the report allows.
pub fn values(def: &ReportDef, pairs: Pairs) -> Result<Vec<Option<String>>, Problem> {
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
    for (parameter, value) in def.parameters.iter().zip(&values) {
        check_allowed(def, parameter, value.as_deref(), &values)?;
    }
    Ok(values)
}

/// Refuses a value that the report does not allow for its parameter.
fn check_allowed(def: &ReportDef, parameter: &Parameter, value: Option<&str>, values: &[Option<String>]) -> Result<(), Problem> {
    let refuse = |message: String| Err(Problem::bad_value("invalid_parameter", parameter.name, message));
    match parameter.allowed {
        Allowed::Any => Ok(()),
        Allowed::OneOf(known) => match value {
            Some(text) if !known.contains(&text) => refuse(format!("one of {} is expected", known.join(", "))),
            _ => Ok(()),
        },
        Allowed::Between(least, most) => match value.and_then(|text| text.parse::<i64>().ok()) {
            Some(number) if !(least..=most).contains(&number) => refuse(format!("a number from {least} to {most} is expected")),
            _ => Ok(()),
        },
        Allowed::Through { from, bucket, most } => {
            let given = |name: &str| {
                let index = def.parameters.iter().position(|parameter| parameter.name == name)?;
                values[index].as_deref()
            };
            let Some(first) = given(from).and_then(|text| text.parse::<NaiveDate>().ok()) else { return Ok(()) };
            let last = value.and_then(|text| text.parse().ok()).unwrap_or_else(|| clock::now().date_naive());
            let Some(bucket) = Bucket::named(given(bucket).unwrap_or(bucket)) else { return Ok(()) };
            if last < first {
                return Err(Problem::bad_value("invalid_parameter", from, format!("the first day, {first}, is after the last, {last}")));
            }
            if bucket.range(bucket.of(first), last).take(most + 1).count() > most {
                let message =
                    format!("there are more than {most} {}s from then to {last}; begin later, or take longer buckets", bucket.name());
                return Err(Problem::bad_value("too_many_points", from, message));
            }
            Ok(())
        }
    }
}
