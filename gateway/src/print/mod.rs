//! `GET /v1/{context}/{document}/{id}/pdf`: a row, or what a report finds, printed.
//!
//! A context says what stands on the document; `layout` says where, `pdf` writes the file, and `font` knows how wide texts are.

mod font;
mod layout;
mod pdf;

use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::kernel::AggregateId;
use projections::model::{DocumentDef, Printed, ReportDef};

use crate::access::Permission;
use crate::auth::Caller;
use crate::freshness;
use crate::problem::Problem;
use crate::queries::{self, Pairs};
use crate::state::GatewayState;

/// The media type of the answer.
pub const PDF: &str = "application/pdf";

/// Rows of a report that one document has at most; a few hundred pages.
const ROWS_MAX: usize = 5_000;

/// Prints what has this id.
pub async fn read(
    state: &GatewayState,
    caller: &Caller,
    def: &'static DocumentDef,
    id: &str,
    headers: &HeaderMap,
    pairs: Pairs,
) -> Result<Response, Problem> {
    caller.require(Permission::Read { context: def.context })?;
    state.features().require(caller.tenant_id, def.context).await?;
    let document = match def.source {
        Printed::Row { model, describe } => {
            queries::no_others(&pairs)?;
            describe(&queries::whole(state, caller, model, id, headers).await?)
        }
        Printed::Report { report, describe } => describe(&found(state, caller, report, id, headers, pairs).await?),
    };
    let document = document.map_err(|error| Problem::internal(&error))?;
    let name = format!("inline; filename=\"{}.pdf\"", file_name(&document.file_name));
    let rendered = tokio::task::spawn_blocking(move || pdf::render(&document)).await;
    let file: Vec<u8> = rendered.map_err(|error| Problem::internal(&error))?;
    let name = HeaderValue::from_str(&name).map_err(|error| Problem::internal(&error))?;
    Ok(([(CONTENT_TYPE, HeaderValue::from_static(PDF)), (CONTENT_DISPOSITION, name)], file).into_response())
}

/// The rows of a report about the thing with this id.
async fn found(
    state: &GatewayState,
    caller: &Caller,
    def: &'static ReportDef,
    id: &str,
    headers: &HeaderMap,
    mut pairs: Pairs,
) -> Result<Vec<String>, Problem> {
    let missing = || Problem::new(StatusCode::NOT_FOUND, "not_found", "There is no such thing to print.").field("id", "");
    let id: AggregateId = id.parse().map_err(|_| missing())?;
    if let Some(parameter) = def.parameters.first() {
        pairs.insert(0, (parameter.name.to_owned(), id.as_str().to_owned()));
    }
    let values = queries::report_values(def, pairs)?;
    let positions = freshness::wanted(state, caller.tenant_id, headers)?;
    let (mut tx, _) = freshness::begin(state, caller.tenant_id, def.projections, &positions).await?;
    let rows = queries::report_rows_up_to(&mut tx, def, &values, ROWS_MAX).await?;
    tx.commit().await?;
    let rows = rows.ok_or_else(|| {
        let detail = format!("The document has more than {ROWS_MAX} rows. Ask for a shorter period; the report has all rows.");
        Problem::bad_request("too_many_rows", detail)
    })?;
    if rows.is_empty() { Err(missing()) } else { Ok(rows) }
}

/// What a file may be called anywhere.
fn file_name(wanted: &str) -> String {
    let safe = |character: char| if character.is_ascii_alphanumeric() || "-_.".contains(character) { character } else { '_' };
    wanted.chars().take(100).map(safe).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_needs_no_quoting() {
        assert_eq!(file_name("INV-0001"), "INV-0001");
        assert_eq!(file_name("a/b\"c ü:d"), "a_b_c___d");
    }
}
