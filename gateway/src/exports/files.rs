//! `GET /v1/{context}/{aggregate}/{id}/files` and `…/files/{file}`: how far an export is, and its files.

use std::sync::Arc;

use axum::body::Body;
use axum::http::header::{ACCEPT_RANGES, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, RANGE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use domain::kernel::AggregateId;
use platform::clock;
use projections::question::{ExportsDef, Question};
use serde::Serialize;
use tokio_util::io::ReaderStream;

use super::encode::TableFormat;
use super::manifest::{FileEntry, MANIFEST, Manifest, PROGRESS};
use super::store::{ExportStore, Place};
use crate::access::Permission;
use crate::auth::Caller;
use crate::freshness::{self, Freshness};
use crate::problem::Problem;
use crate::queries::{Pairs, no_others};
use crate::state::GatewayState;

/// Bytes that are read from a file at a time.
const CHUNK_BYTES: usize = 64 << 10;

/// An export as its read model has it.
struct Known {
    place: Place,
    status: String,
    format: String,
    expires_at: Option<DateTime<Utc>>,
    failure: Option<Failure>,
}

/// What kept an export from being made.
#[derive(Serialize)]
struct Failure {
    code: String,
    reason: String,
}

/// How far an export is.
#[derive(Serialize)]
struct Overview {
    id: String,
    status: String,
    format: String,
    rows: u64,
    rows_expected: Option<u64>,
    bytes: u64,
    files: Vec<Link>,
    #[serde(skip_serializing_if = "Option::is_none")]
    manifest: Option<String>,
    positions: Vec<String>,
    one_state: bool,
    expires_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<Failure>,
}

/// A file that can be fetched.
#[derive(Serialize)]
struct Link {
    #[serde(flatten)]
    file: FileEntry,
    href: String,
}

/// Tells how far an export is and where its files are.
pub async fn overview(
    state: &GatewayState,
    caller: &Caller,
    def: &ExportsDef,
    id: &str,
    headers: &HeaderMap,
    pairs: &Pairs,
) -> Result<Response, Problem> {
    no_others(pairs)?;
    let (known, freshness) = find(state, caller, def, id, headers).await?;
    let store = store(state)?;
    let complete = known.status == "completed";
    if complete && is_over(&known) || known.status == "expired" {
        return Err(gone());
    }
    let content = if complete { store.get(&known.place, MANIFEST).await } else { store.get(&known.place, PROGRESS).await };
    let content = content.map_err(|error| unreadable(&error))?;
    let manifest = content.and_then(|content| serde_json::from_slice::<Manifest>(&content).ok());
    if complete && manifest.is_none() {
        return Err(missing_files());
    }
    let manifest = manifest.unwrap_or_else(|| Manifest::begin(&known.place.export_id, known.place.tenant_id, clock::now()));
    let base = format!("/v1/{}/{}/{}/files", def.context, def.aggregate, known.place.export_id);
    let link = |file: FileEntry| Link { href: format!("{base}/{}", file.name), file };
    let overview = Overview {
        id: known.place.export_id,
        status: known.status,
        format: known.format,
        rows: manifest.rows,
        rows_expected: manifest.rows_expected,
        bytes: manifest.bytes,
        // Files of an export that is being written may yet be written again.
        files: if complete { manifest.files.into_iter().map(link).collect() } else { Vec::new() },
        manifest: complete.then(|| format!("{base}/{MANIFEST}")),
        positions: manifest.positions,
        one_state: manifest.one_state,
        expires_at: known.expires_at,
        failure: known.failure,
    };
    let body = serde_json::to_vec(&overview).map_err(|error| Problem::internal(&error))?;
    let mut response = ([(CONTENT_TYPE, "application/json")], body).into_response();
    freshness.write_headers(response.headers_mut());
    Ok(response)
}

/// Sends a file, or the part of it that `Range` asks for (RFC 9110 §14).
pub async fn file(
    state: &GatewayState,
    caller: &Caller,
    def: &ExportsDef,
    id: &str,
    name: &str,
    headers: &HeaderMap,
    pairs: &Pairs,
) -> Result<Response, Problem> {
    no_others(pairs)?;
    let (known, _) = find(state, caller, def, id, headers).await?;
    let store = store(state)?;
    match known.status.as_str() {
        "completed" if !is_over(&known) => {}
        "completed" | "expired" => return Err(gone()),
        _ => return Err(Problem::new(StatusCode::CONFLICT, "export_not_ready", "The export is not complete; its files are not there.")),
    }
    let content = store.get(&known.place, MANIFEST).await.map_err(|error| unreadable(&error))?;
    let manifest = content.as_deref().and_then(|content| serde_json::from_slice::<Manifest>(content).ok()).ok_or_else(missing_files)?;
    if name == MANIFEST {
        return Ok(([(CONTENT_TYPE, "application/json")], content.unwrap_or_default()).into_response());
    }
    let entry = manifest.files.iter().find(|file| file.name == name);
    let entry =
        entry.ok_or_else(|| Problem::new(StatusCode::NOT_FOUND, "not_found", "The export has no such file; its manifest lists them."))?;
    send(&*store, &known, entry, headers).await
}

async fn send(store: &dyn ExportStore, known: &Known, entry: &FileEntry, headers: &HeaderMap) -> Result<Response, Problem> {
    let wanted = range(headers, entry)?;
    let (from, to) = wanted.unwrap_or((0, entry.bytes));
    let opened = store.open(&known.place, &entry.name, from).await.map_err(|error| unreadable(&error))?.ok_or_else(missing_files)?;
    if opened.bytes != entry.bytes {
        return Err(missing_files());
    }
    let content = tokio::io::AsyncReadExt::take(opened.content, to - from);
    let mut response = Body::from_stream(ReaderStream::with_capacity(content, CHUNK_BYTES)).into_response();
    if wanted.is_some() {
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
        let range = format!("bytes {from}-{}/{}", to.saturating_sub(1), entry.bytes);
        response.headers_mut().insert(CONTENT_RANGE, HeaderValue::from_str(&range).map_err(|error| Problem::internal(&error))?);
    }
    let headers = response.headers_mut();
    headers.insert(CONTENT_LENGTH, HeaderValue::from(to - from));
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    if let Some(format) = TableFormat::named(&known.format) {
        headers.insert(CONTENT_TYPE, format.content_type());
    }
    for (name, value) in
        [(ETAG, format!("\"{}\"", entry.sha256)), (CONTENT_DISPOSITION, format!("attachment; filename=\"{}\"", entry.name))]
    {
        headers.insert(name, HeaderValue::from_str(&value).map_err(|error| Problem::internal(&error))?);
    }
    Ok(response)
}

/// The first byte and the one behind the last that `Range` asks for; nothing where it asks for the whole, or in a way that is not
/// understood, which RFC 9110 §14.2 has us ignore.
fn range(headers: &HeaderMap, entry: &FileEntry) -> Result<Option<(u64, u64)>, Problem> {
    let Some(text) = headers.get(RANGE).and_then(|value| value.to_str().ok()?.strip_prefix("bytes=")) else { return Ok(None) };
    let Some((from, to)) = text.split_once('-') else { return Ok(None) };
    let number = |text: &str| if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse::<u64>().ok() } else { None };
    let bounds = match (number(from), number(to)) {
        (Some(from), Some(to)) if from <= to => Some((from, to.saturating_add(1).min(entry.bytes))),
        (Some(from), None) if to.is_empty() => Some((from, entry.bytes)),
        (None, Some(count)) if from.is_empty() => Some((entry.bytes.saturating_sub(count), entry.bytes)),
        _ => return Ok(None),
    };
    match bounds {
        Some((from, to)) if from < to => Ok(Some((from, to))),
        _ => {
            let problem = Problem::new(StatusCode::RANGE_NOT_SATISFIABLE, "range_not_satisfiable", "The file has no such bytes.");
            let size = HeaderValue::from_str(&format!("bytes */{}", entry.bytes)).map_err(|error| Problem::internal(&error))?;
            Err(problem.header(CONTENT_RANGE, size))
        }
    }
}

/// Question, status, format, end of its time, code and reason of a failure.
type FoundRow = (String, String, String, Option<DateTime<Utc>>, Option<String>, Option<String>);

/// The export, for those who may read what it holds.
async fn find(
    state: &GatewayState,
    caller: &Caller,
    def: &ExportsDef,
    id: &str,
    headers: &HeaderMap,
) -> Result<(Known, Freshness), Problem> {
    caller.require(Permission::Read { context: def.context })?;
    let missing = || Problem::new(StatusCode::NOT_FOUND, format!("{}.not_found", def.context), "There is no such export.").field("id", "");
    let id: AggregateId = id.parse().map_err(|_| missing())?;
    let positions = freshness::wanted(state, caller.tenant_id, headers)?;
    let (mut tx, freshness) = freshness::begin(state, caller.tenant_id, &[def.list.projection], &positions).await?;
    let statement =
        format!("SELECT question::text, status, format, expires_at, failure_code, failure_reason FROM {} WHERE id = $1", def.list.table);
    let found: Option<FoundRow> = sqlx::query_as(&statement).bind(id.as_str()).fetch_optional(&mut *tx).await?;
    tx.commit().await?;
    let (question, status, format, expires_at, code, reason) = found.ok_or_else(missing)?;
    let question: Question = serde_json::from_str(&question).map_err(|error| Problem::internal(&error))?;
    caller.require(Permission::Read { context: &question.context })?;
    state.features().require(caller.tenant_id, &question.context).await?;
    let place = Place { tenant_id: caller.tenant_id.0, export_id: id.into() };
    let failure = code.map(|code| Failure { code, reason: reason.unwrap_or_default() });
    Ok((Known { place, status, format, expires_at, failure }, freshness))
}

fn is_over(known: &Known) -> bool {
    known.expires_at.is_some_and(|at| at <= clock::now())
}

fn store(state: &GatewayState) -> Result<Arc<dyn ExportStore>, Problem> {
    state.exports().cloned().ok_or_else(not_set_up)
}

/// 503 where no folder for exports is set.
pub fn not_set_up() -> Problem {
    Problem::unavailable("exports_not_set_up", "Exports are not set up here: whoever runs the platform sets EXPORT_DIR.").retry_after(600)
}

fn gone() -> Problem {
    Problem::new(StatusCode::GONE, "export_expired", "The files of the export are gone. Request a new one.")
}

fn missing_files() -> Problem {
    tracing::error!("files of an export that is complete are not in this gateway's folder");
    Problem::unavailable(
        "export_unreadable",
        "The files of the export are not to be found at the moment. Try again, or request a new export.",
    )
    .retry_after(30)
}

fn unreadable(error: &std::io::Error) -> Problem {
    tracing::error!(%error, "the files of an export cannot be read");
    missing_files()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_understood_and_others_ignored() {
        let (name, sha256, state) = (String::new(), String::new(), String::new());
        let entry = FileEntry { name, rows: 1, bytes: 100, sha256, positions: Vec::new(), state, last_id: None };
        let asked = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(RANGE, text.parse().unwrap());
            range(&headers, &entry)
        };
        for (text, expected) in [
            ("bytes=0-", Some((0, 100))),
            ("bytes=10-19", Some((10, 20))),
            ("bytes=90-500", Some((90, 100))),
            ("bytes=-10", Some((90, 100))),
            ("bytes=-500", Some((0, 100))),
            ("bytes=5-4", None),
            ("bytes=0-1,5-6", None),
            ("lines=0-1", None),
            ("bytes=a-b", None),
            ("bytes=-", None),
            ("bytes=+1-2", None),
        ] {
            assert_eq!(asked(text).unwrap(), expected, "{text}");
        }
        for text in ["bytes=100-", "bytes=200-300", "bytes=-0"] {
            assert_eq!(asked(text).unwrap_err().status(), StatusCode::RANGE_NOT_SATISFIABLE, "{text}");
        }
        assert_eq!(range(&HeaderMap::new(), &entry).unwrap(), None);
    }
}
