//! Tables as answers to requests: rows are sent while they are read.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, VARY};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use platform::tenant_tx::TenantTx;
use projections::model::{ReadModelDef, ReportDef};
use sqlx::Row as _;
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};
use tokio_stream::wrappers::ReceiverStream;

use super::cells::Rows;
use super::columns::of_report;
use super::encode::{self, Encoder, TableError, TableFormat, whole};
use super::plan::{PIECE_ROWS_MAX, Plan, Reading};
use crate::auth::Caller;
use crate::freshness::{self, Freshness};
use crate::limits::Turn;
use crate::problem::Problem;
use crate::queries::{Cursor, Limits, Pairs, Seal, Wanted, bind_all, report_rows, report_values};
use crate::state::GatewayState;

/// The header that carries the cursor of what was left out.
const NEXT_CURSOR: HeaderName = HeaderName::from_static("neuroops-next-cursor");
/// Pieces that wait for the client to take them.
const PIECES_WAITING_MAX: usize = 4;

/// Rows of a read model as a table: all of them, up to what one answer may hold. An answer that is cut carries the cursor of the rest, in
/// a header and in formats that have a place for it.
pub async fn stream_model(
    state: &GatewayState,
    caller: &Caller,
    def: &'static ReadModelDef,
    format: TableFormat,
    headers: &HeaderMap,
    pairs: Pairs,
) -> Result<Response, Problem> {
    let most = state.options().table_rows_max;
    let wanted = Wanted::parse(def, pairs, Limits { default: most, max: most })?;
    let positions = freshness::wanted(state, caller.tenant_id, headers)?;
    let query = wanted.identity(def, caller);
    let seal = Seal { secret: &state.options().jwt_secret, query: &query };
    let cursor = wanted.cursor.as_deref().map(|text| Cursor::decode(text, &seal)).transpose()?;
    let turns = Turns::enter(state, caller)?;
    let (mut tx, freshness) = freshness::begin(state, caller.tenant_id, &[def.projection], &positions).await?;
    let next = end_of(&mut tx, def, &wanted, cursor.as_ref()).await?.map(|last| last.encode(&seal));
    let limit = wanted.limit;
    let plan = Plan::Model(def, wanted);
    let columns: Arc<[_]> = plan.columns(&mut tx).await?.into();
    let reading = plan.open(&mut tx, &columns, cursor.as_ref(), Some(limit)).await?;
    let encoder = Encoder::start(format, columns, &facts(def, &freshness, next.as_deref()))?;
    let (sender, receiver) = mpsc::channel(PIECES_WAITING_MAX);
    let (begun, beginning) = oneshot::channel();
    let sending = Sending { tx, reading, sender, begun: Some(begun), stall_max: state.options().stream_stall_max, _turns: turns };
    tokio::spawn(sending.run(encoder));
    // What goes wrong at the start is still an answer of its own; later, all that is left is to break off.
    beginning.await.map_err(|error| Problem::internal(&error))??;
    let mut response = Body::from_stream(ReceiverStream::new(receiver)).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, format.content_type());
    headers.insert(VARY, HeaderValue::from_static("accept"));
    if let Ok(name) = HeaderValue::from_str(&format!("attachment; filename=\"{}.{}\"", def.name, format.extension())) {
        headers.insert(CONTENT_DISPOSITION, name);
    }
    if let Some(value) = next.and_then(|next| HeaderValue::from_str(&next).ok()) {
        headers.insert(NEXT_CURSOR, value);
    }
    freshness.write_headers(headers);
    Ok(response)
}

/// The place of the last row of the answer, if there are further rows behind it.
async fn end_of(tx: &mut TenantTx, def: &ReadModelDef, wanted: &Wanted, cursor: Option<&Cursor>) -> Result<Option<Cursor>, sqlx::Error> {
    let (sql, binds) = wanted.end(def, cursor);
    let rows = bind_all(sqlx::query(&sql), &binds).fetch_all(&mut **tx).await?;
    match rows.as_slice() {
        [last, _] => Ok(Some(Cursor { key: last.try_get("key")?, id: last.try_get("id")? })),
        _ => Ok(None),
    }
}

/// What a table says of itself.
fn facts(def: &ReadModelDef, freshness: &Freshness, next: Option<&str>) -> Vec<(String, String)> {
    let positions: Vec<String> = freshness.positions().iter().map(ToString::to_string).collect();
    let mut facts = vec![
        ("neuroops.source".to_owned(), format!("{}/{}", def.context, def.name)),
        ("neuroops.positions".to_owned(), positions.join(",")),
    ];
    facts.extend(next.map(|next| ("neuroops.next_cursor".to_owned(), next.to_owned())));
    facts
}

/// A report as a table. It is read as a whole before it is sent, which its bound allows.
pub async fn whole_report(
    state: &GatewayState,
    caller: &Caller,
    def: &'static ReportDef,
    format: TableFormat,
    headers: &HeaderMap,
    pairs: Pairs,
) -> Result<Response, Problem> {
    let values = report_values(def, pairs)?;
    let positions = freshness::wanted(state, caller.tenant_id, headers)?;
    let _turns = Turns::enter(state, caller)?;
    let (mut tx, freshness) = freshness::begin(state, caller.tenant_id, def.projections, &positions).await?;
    let rows = Rows::Json(report_rows(state, &mut tx, def, &values).await?);
    tx.commit().await?;
    let written = tokio::task::spawn_blocking(move || whole(format, of_report(def), &rows)).await;
    let mut response = written.map_err(|error| Problem::internal(&error))??;
    freshness.write_headers(response.headers_mut());
    Ok(response)
}

/// The right to send a table, of the tenant's and of all.
struct Turns {
    _tenant: Turn,
    _all: OwnedSemaphorePermit,
}

impl Turns {
    fn enter(state: &GatewayState, caller: &Caller) -> Result<Self, Problem> {
        let tenant = state.tables().enter(caller.tenant_id, "tables being sent")?;
        let busy = |_| Problem::unavailable("busy", "Too many tables are being sent at the moment. Try again.").retry_after(2);
        Ok(Self { _tenant: tenant, _all: state.table_turns().try_acquire_owned().map_err(busy)? })
    }
}

/// A table on its way to the client.
struct Sending {
    tx: TenantTx,
    reading: Reading,
    sender: mpsc::Sender<std::io::Result<Bytes>>,
    /// Waits to hear whether the first piece can be read and written.
    begun: Option<oneshot::Sender<Result<(), Problem>>>,
    /// How long the client may take nothing; the transaction holds a connection meanwhile.
    stall_max: Duration,
    _turns: Turns,
}

impl Sending {
    async fn run(mut self, encoder: Encoder) {
        let Err(error) = self.send_all(encoder).await else { return };
        if let Some(begun) = self.begun.take() {
            return drop(begun.send(Err(error.into())));
        }
        tracing::debug!(%error, "a table was not sent to its end");
        // The connection is broken off: the client sees that the answer is not complete.
        drop(self.sender.send(Err(std::io::Error::other("the table ends here because of an error"))).await);
    }

    async fn send_all(&mut self, mut encoder: Encoder) -> Result<(), TableError> {
        let fetch = Reading::fetch(PIECE_ROWS_MAX);
        loop {
            let mut coming = self.reading.take(&mut self.tx, &fetch);
            while let Some(piece) = coming.next().await? {
                let bytes;
                (encoder, bytes) = encode::push(encoder, piece.rows).await?;
                if let Some(begun) = self.begun.take() {
                    // Whoever asked may have gone, which sending finds out.
                    drop(begun.send(Ok(())));
                }
                send(&self.sender, self.stall_max, bytes).await?;
            }
            if coming.count < PIECE_ROWS_MAX {
                break;
            }
        }
        let bytes = encode::finish(encoder).await?;
        if let Some(begun) = self.begun.take() {
            drop(begun.send(Ok(())));
        }
        send(&self.sender, self.stall_max, bytes).await
    }
}

/// Hands bytes to the client, who takes them in time or has gone.
async fn send(sender: &mpsc::Sender<std::io::Result<Bytes>>, stall_max: Duration, bytes: Vec<u8>) -> Result<(), TableError> {
    if bytes.is_empty() {
        return Ok(());
    }
    match tokio::time::timeout(stall_max, sender.send(Ok(bytes.into()))).await {
        Ok(Ok(())) => Ok(()),
        _ => Err(TableError::Gone),
    }
}
