//! `GET /v1/{context}/{document}/{id}/pdf`: a row, printed.
//!
//! A context says what stands on the document; `layout` says where, `pdf` writes the file, and `font` knows how wide texts are.

mod font;
mod layout;
mod pdf;

use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use projections::model::DocumentDef;

use crate::access::Permission;
use crate::auth::Caller;
use crate::problem::Problem;
use crate::queries;
use crate::state::GatewayState;

/// The media type of the answer.
pub const PDF: &str = "application/pdf";

/// Prints the row with this id.
pub async fn read(
    state: &GatewayState,
    caller: &Caller,
    def: &'static DocumentDef,
    id: &str,
    headers: &HeaderMap,
    pairs: &[(String, String)],
) -> Result<Response, Problem> {
    caller.require(Permission::Read { context: def.context })?;
    if let Some((name, _)) = pairs.first() {
        return Err(Problem::bad_value("unknown_parameter", &crate::catalogue::shown(name), "there is no such parameter"));
    }
    state.features().require(caller.tenant_id, def.context).await?;
    let row = queries::whole(state, caller, def.model, id, headers).await?;
    let document = (def.describe)(&row).map_err(|error| Problem::internal(&error))?;
    let name = format!("inline; filename=\"{}.pdf\"", file_name(&document.file_name));
    let rendered = tokio::task::spawn_blocking(move || pdf::render(&document)).await;
    let file: Vec<u8> = rendered.map_err(|error| Problem::internal(&error))?;
    let name = HeaderValue::from_str(&name).map_err(|error| Problem::internal(&error))?;
    Ok(([(CONTENT_TYPE, HeaderValue::from_static(PDF)), (CONTENT_DISPOSITION, name)], file).into_response())
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
