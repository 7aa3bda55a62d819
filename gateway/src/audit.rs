//! `GET /v1/audit/…`: signed checkpoints of the tenant's history, and proofs that an event is in it and that it only grew.
//!
//! Whoever keeps a checkpoint needs to trust nobody here: the answers can be checked with it and the published key alone.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::header::{ACCEPT, CONTENT_TYPE, VARY};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use platform::proofs::checkpoint::{Checkpoint, origin};
use platform::proofs::merkle::{Hash, empty_root};
use platform::proofs::note::PublicKey;
use platform::proofs::record::Record;
use platform::proofs::{spans, store};
use platform::tenant_tx::TenantTx;
use serde::Serialize;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::access::Permission;
use crate::auth::Caller;
use crate::problem::Problem;
use crate::queries::{Pairs, controls, in_time, no_others};
use crate::state::GatewayState;

/// What the permission is called behind `.history`; no context has this name.
const AUDIT: &str = "audit";

#[derive(Serialize)]
struct CheckpointAnswer {
    tenant_id: Uuid,
    size: u64,
    root: String,
    note: String,
}

#[derive(Serialize)]
struct KeysAnswer {
    keys: Vec<KeyAnswer>,
}

#[derive(Serialize)]
struct KeyAnswer {
    /// As a verifier takes it.
    key: String,
    /// Whether it signs today.
    active: bool,
}

#[derive(Serialize)]
struct InclusionAnswer {
    tree_size: u64,
    root: String,
    record: Record,
    proof: Vec<String>,
    /// The signed checkpoint of exactly this size.
    checkpoint: String,
}

#[derive(Serialize)]
struct ConsistencyAnswer {
    from: u64,
    to: u64,
    from_root: String,
    to_root: String,
    proof: Vec<String>,
    /// The signed checkpoint of the newer size, where there is one of exactly this size.
    checkpoint: Option<String>,
}

/// A signed checkpoint and what it says.
struct Signed {
    checkpoint: Checkpoint,
    note: String,
}

fn hexadecimal(hashes: &[Hash]) -> Vec<String> {
    hashes.iter().map(hex::encode).collect()
}

fn not_found(code: &'static str, detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::NOT_FOUND, code, detail)
}

/// Reads the controls of a query; there are no other parameters.
fn only<const N: usize>(pairs: Pairs, names: [&'static str; N]) -> Result<[Option<u64>; N], Problem> {
    let (values, rest) = controls(pairs, names)?;
    no_others(&rest)?;
    let mut numbers = [None; N];
    for ((number, value), name) in numbers.iter_mut().zip(values).zip(names) {
        *number = value.map(|text| size_of(&text, name)).transpose()?;
    }
    Ok(numbers)
}

fn size_of(text: &str, name: &str) -> Result<u64, Problem> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse::<u64>().ok().filter(|number| digits && i64::try_from(*number).is_ok());
    number.ok_or_else(|| Problem::bad_value("invalid_parameter", name, "a number of events is expected, 0 or more"))
}

fn signed(note: String) -> Result<Signed, Problem> {
    let checkpoint = Checkpoint::unverified(&note).map_err(|error| Problem::internal(&error))?;
    Ok(Signed { checkpoint, note })
}

/// The last checkpoint.
async fn last(tx: &mut PgConnection, tenant: Uuid) -> Result<Signed, Problem> {
    let found = store::last_checkpoint(tx, tenant).await?;
    let (_, note) = found.ok_or_else(|| {
        not_found("audit.no_checkpoint", "Nothing is signed yet. The first checkpoint follows the first event within seconds.")
    })?;
    signed(note)
}

/// The checkpoint of a size, or the last one.
async fn chosen(tx: &mut PgConnection, tenant: Uuid, size: Option<u64>) -> Result<Signed, Problem> {
    let last = last(tx, tenant).await?;
    let Some(size) = size.filter(|size| *size != last.checkpoint.head.size) else { return Ok(last) };
    within(size, &last)?;
    match store::checkpoint_at(tx, tenant, i64::try_from(size).unwrap_or(i64::MAX)).await? {
        Some(note) => signed(note),
        None => Err(not_found("audit.no_checkpoint", format!("No checkpoint was signed when the history had {size} events."))),
    }
}

fn within(size: u64, last: &Signed) -> Result<(), Problem> {
    let known = last.checkpoint.head.size;
    if size <= known {
        return Ok(());
    }
    Err(not_found("audit.not_signed_yet", format!("The signed history has {known} events; {size} lie in the future.")))
}

/// `/v1/audit/checkpoint`
pub async fn checkpoint(
    State(state): State<GatewayState>,
    Extension(caller): Extension<Arc<Caller>>,
    headers: HeaderMap,
    Query(pairs): Query<Pairs>,
) -> Result<Response, Problem> {
    caller.require(Permission::History { context: AUDIT })?;
    let [size] = only(pairs, ["size"])?;
    let answer = async {
        let mut tx = TenantTx::begin_by_key(state.pool(), caller.tenant_id.0).await?;
        let Signed { checkpoint, note } = chosen(&mut tx, caller.tenant_id.0, size).await?;
        tx.commit().await?;
        let accepts = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if accepts.starts_with("text/plain") {
            return Ok(([(CONTENT_TYPE, "text/plain; charset=utf-8"), (VARY, "accept")], note).into_response());
        }
        let head = checkpoint.head;
        let answer = CheckpointAnswer { tenant_id: checkpoint.tenant_id, size: head.size, root: hex::encode(head.root), note };
        Ok(([(VARY, "accept")], Json(answer)).into_response())
    };
    in_time(&state, answer).await
}

/// `/v1/audit/keys`
pub async fn keys(
    State(state): State<GatewayState>,
    Extension(caller): Extension<Arc<Caller>>,
    Query(pairs): Query<Pairs>,
) -> Result<Response, Problem> {
    caller.require(Permission::History { context: AUDIT })?;
    let [] = only(pairs, [])?;
    let answer = async {
        let mut tx = TenantTx::begin_by_key(state.pool(), caller.tenant_id.0).await?;
        let known = store::keys(&mut tx).await?;
        tx.commit().await?;
        let name = origin(caller.tenant_id.0);
        let keys = known.into_iter().map(|(key, active)| KeyAnswer { key: PublicKey(key).to_text(&name), active }).collect();
        Ok(Json(KeysAnswer { keys }).into_response())
    };
    in_time(&state, answer).await
}

/// `/v1/audit/events/{event_id}/proof`
pub async fn inclusion(
    State(state): State<GatewayState>,
    Extension(caller): Extension<Arc<Caller>>,
    Path(event): Path<String>,
    Query(pairs): Query<Pairs>,
) -> Result<Response, Problem> {
    caller.require(Permission::History { context: AUDIT })?;
    let [size] = only(pairs, ["size"])?;
    let unknown = || not_found("audit.unknown_event", "The history holds no event with this id; a new one is there within a second.");
    let event = Uuid::try_parse(&event).map_err(|_| unknown())?;
    let (pool, tenant) = (state.pool(), caller.tenant_id.0);
    let answer = async {
        let mut tx = TenantTx::begin_by_key(pool, tenant).await?;
        let index = store::index_of(&mut tx, tenant, event).await?.ok_or_else(unknown)?;
        let Signed { checkpoint, note } = chosen(&mut tx, tenant, size).await?;
        let head = checkpoint.head;
        if index.unsigned_abs() >= head.size {
            let detail = format!("The event is the history's number {}, and the checkpoint covers {}.", index + 1, head.size);
            return Err(not_found("audit.not_signed_yet", detail));
        }
        let entry = store::entries(&mut tx, tenant, index, index + 1).await?.pop();
        let record = entry.and_then(|entry| entry.record).ok_or_else(|| {
            not_found("audit.event_lost", "The history has this event, and the log has it no longer: somebody has deleted it.")
        })?;
        let hashes = store::hashes(&mut tx, tenant, &spans::of_inclusion(index.unsigned_abs(), head.size)).await?;
        tx.commit().await?;
        let (tree_size, root) = (head.size, hex::encode(head.root));
        Ok(Json(InclusionAnswer { tree_size, root, record, proof: hexadecimal(&hashes), checkpoint: note }).into_response())
    };
    in_time(&state, answer).await
}

/// `/v1/audit/consistency`
pub async fn consistency(
    State(state): State<GatewayState>,
    Extension(caller): Extension<Arc<Caller>>,
    Query(pairs): Query<Pairs>,
) -> Result<Response, Problem> {
    caller.require(Permission::History { context: AUDIT })?;
    let [from, to] = only(pairs, ["from", "to"])?;
    let from = from.ok_or_else(|| Problem::bad_value("missing_parameter", "from", "give the size of the checkpoint that you hold"))?;
    let (pool, tenant) = (state.pool(), caller.tenant_id.0);
    let answer = async {
        let mut tx = TenantTx::begin_by_key(pool, tenant).await?;
        let last = last(&mut tx, tenant).await?;
        let to = to.unwrap_or(last.checkpoint.head.size);
        within(to.max(from), &last)?;
        if from > to {
            return Err(not_found("audit.backwards", format!("A history only grows: there is no proof from {from} to {to} events.")));
        }
        let heads = [from, to].map(|size| 0..size);
        let spans: Vec<_> =
            spans::of_consistency(from, to).into_iter().chain(heads.iter().filter(|head| !head.is_empty()).cloned()).collect();
        let mut hashes = store::hashes(&mut tx, tenant, &spans).await?;
        let to_root = if to == 0 { empty_root() } else { hashes.pop().unwrap_or_default() };
        let from_root = if from == 0 { empty_root() } else { hashes.pop().unwrap_or_default() };
        let checkpoint = store::checkpoint_at(&mut tx, tenant, i64::try_from(to).unwrap_or(i64::MAX)).await?;
        tx.commit().await?;
        let (from_root, to_root) = (hex::encode(from_root), hex::encode(to_root));
        Ok(Json(ConsistencyAnswer { from, to, from_root, to_root, proof: hexadecimal(&hashes), checkpoint }).into_response())
    };
    in_time(&state, answer).await
}
