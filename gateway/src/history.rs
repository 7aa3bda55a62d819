//! `GET /v1/{context}/{aggregate}/{id}/history`: what happened to an aggregate, and its state at some moment.

use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use domain::kernel::{AggregateType, RecordedEvent, State};
use platform::tenant_tx::TenantTx;
use projections::runtime::read_event;
use serde::Serialize;
use serde_json::value::RawValue;
use sqlx::PgConnection;

use crate::access::Permission;
use crate::auth::Caller;
use crate::bounded::{by_bytes, is_cut};
use crate::freshness;
use crate::headers::aggregate_id;
use crate::position::Token;
use crate::problem::Problem;
use crate::queries::{Pairs, controls, limit_of, no_others, timestamp};
use crate::state::GatewayState;

/// Events of a page where the caller does not say.
pub const LIMIT_DEFAULT: usize = 100;
/// The most events of a page.
pub const LIMIT_MAX: usize = 1000;
/// Events that are folded into a state at a time.
const FOLD_PAGE: i64 = 1000;
/// Bytes of payload that a page has before it is cut.
const PAGE_BYTES_MAX: usize = 8 << 20;

/// An event as histories show it.
#[derive(Serialize)]
struct Entry<'a> {
    id: uuid::Uuid,
    #[serde(rename = "type")]
    event_type: String,
    version: i64,
    position: String,
    recorded_at: DateTime<Utc>,
    actor: String,
    command_id: uuid::Uuid,
    correlation_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    causation_id: Option<String>,
    payload: &'a RawValue,
}

#[derive(Serialize)]
struct Page<'a> {
    data: Vec<Entry<'a>>,
    /// What to give as `after` for the next page.
    next_after: Option<i64>,
    /// The aggregate's version at that moment.
    version: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<Box<RawValue>>,
}

/// A moment to look back to.
#[derive(Clone, Copy)]
enum Moment {
    Now,
    Time(DateTime<Utc>),
    Position(i64),
}

/// Names a stream and a moment.
struct Stream<'a> {
    context: &'static str,
    aggregate: &'static dyn AggregateType,
    id: &'a str,
    caller: &'a Caller,
    partition: i32,
    moment: Moment,
}

/// The events of an aggregate, and with `as_of` its state.
pub async fn read(
    state: &GatewayState,
    caller: &Caller,
    (context, name, id, last): (&str, &str, String, &str),
    headers: &HeaderMap,
    pairs: Pairs,
) -> Result<Response, Problem> {
    if last != "history" {
        return Err(match state.catalogue().methods(&[context, name, &id, last]) {
            methods if methods.is_empty() => Problem::from_status(StatusCode::NOT_FOUND),
            methods => Problem::method_not_allowed(&methods),
        });
    }
    let entry = state.catalogue().context(context)?;
    let aggregate = entry.aggregate(name)?;
    caller.require(Permission::History { context: entry.name })?;
    // Histories come from the log itself and are always up to date; a position to wait for is only checked.
    freshness::wanted(state, caller.tenant_id, headers)?;
    let id = aggregate_id(id)?;
    let ([after, limit, as_of], rest) = controls(pairs, ["after", "limit", "as_of"])?;
    no_others(&rest)?;
    let partition = state.partition(caller.tenant_id);
    let moment = moment(as_of.as_deref(), entry.name, partition)?;
    let after = after.map_or(Ok(0), |text| after_of(&text))?;
    let limit = limit_of(limit.as_deref(), LIMIT_DEFAULT, LIMIT_MAX)?;
    let stream = Stream { context: entry.name, aggregate, id: id.as_str(), caller, partition, moment };
    tokio::time::timeout(state.options().request_timeout, stream.answer(state, after, limit))
        .await
        .map_err(|_| Problem::unavailable("query_timeout", "The history took too long to read. Ask for a smaller page."))?
}

fn after_of(text: &str) -> Result<i64, Problem> {
    let number = text.parse::<i64>().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()));
    number.ok_or_else(|| Problem::bad_value("invalid_parameter", "after", "a version, 0 or more, is expected"))
}

fn moment(text: Option<&str>, context: &str, partition: i32) -> Result<Moment, Problem> {
    let Some(text) = text else { return Ok(Moment::Now) };
    if !text.contains('@') {
        let at = timestamp(text).map_err(|_| {
            let message = "a time such as 2026-03-01T12:00:00Z (RFC 3339) or a position token is expected";
            Problem::bad_value("invalid_parameter", "as_of", message)
        })?;
        return Ok(Moment::Time(at.to_utc()));
    }
    let tokens = Token::list(text, "as_of", partition)?;
    match tokens.iter().find(|token| token.context == context) {
        Some(token) => Ok(Moment::Position(token.position)),
        None => Err(Problem::bad_value("invalid_position", "as_of", "the position is one of another context")),
    }
}

impl Stream<'_> {
    async fn answer(&self, state: &GatewayState, after: i64, limit: usize) -> Result<Response, Problem> {
        let mut tx = TenantTx::begin_snapshot(state.pool(), self.caller.tenant_id.0).await?;
        let version = self.version(&mut tx, state.options().statement_timeout.as_millis()).await?;
        if version == 0 {
            let what = format!(
                "There is no {} `{}`{}.",
                self.aggregate.name(),
                self.id,
                if matches!(self.moment, Moment::Now) { "" } else { " at that moment" }
            );
            return Err(Problem::new(StatusCode::NOT_FOUND, format!("{}.not_found", self.context), what).field("id", ""));
        }
        let wanted = i64::try_from(limit).unwrap_or(i64::MAX);
        let (events, _) = self.page(&mut tx, after, wanted).await?;
        let folded = if matches!(self.moment, Moment::Now) { None } else { Some(self.fold(&mut tx).await?) };
        tx.commit().await?;
        let data = events.iter().map(entry).collect::<Result<Vec<_>, _>>()?;
        let next_after = data.last().map(|entry| entry.version).filter(|last| *last < version);
        let page = Page { data, next_after, version, state: folded };
        let body = serde_json::to_vec(&page).map_err(|error| Problem::internal(&error))?;
        Ok(([(CONTENT_TYPE, "application/json")], body).into_response())
    }

    /// The condition on the moment: a time, a position, or neither.
    fn bounds(&self) -> (Option<DateTime<Utc>>, Option<i64>) {
        match self.moment {
            Moment::Now => (None, None),
            Moment::Time(at) => (Some(at), None),
            Moment::Position(position) => (None, Some(position)),
        }
    }

    /// The aggregate's version at the moment; also bounds the statements that follow.
    async fn version(&self, connection: &mut PgConnection, timeout_ms: u128) -> Result<i64, sqlx::Error> {
        const READ: &str = "SELECT set_config('statement_timeout', $8, true), coalesce((SELECT sequence FROM log.events \
            WHERE context = $1 AND partition = $2 AND tenant_id = $3 AND aggregate_type = $4 AND aggregate_id = $5 \
                AND ($6::timestamptz IS NULL OR recorded_at <= $6) AND ($7::bigint IS NULL OR position <= $7) \
            ORDER BY sequence DESC LIMIT 1), 0)";
        let (time, position) = self.bounds();
        let query = sqlx::query_as(READ).bind(self.context).bind(self.partition).bind(self.caller.tenant_id.0);
        let query = query.bind(self.aggregate.name()).bind(self.id).bind(time).bind(position).bind(timeout_ms.to_string());
        let (_, version): (String, i64) = query.fetch_one(connection).await?;
        Ok(version)
    }

    /// The next events, and whether there may be more.
    async fn page(&self, connection: &mut PgConnection, after: i64, limit: i64) -> Result<(Vec<RecordedEvent>, bool), sqlx::Error> {
        const READ: &str = "SELECT context, partition, position, event_id, tenant_id, aggregate_type, aggregate_id, sequence, event_type, \
            event_version, payload::text AS payload, metadata::text AS metadata, recorded_at FROM log.events \
            WHERE context = $1 AND partition = $2 AND tenant_id = $3 AND aggregate_type = $4 AND aggregate_id = $5 AND sequence > $8 \
                AND ($6::timestamptz IS NULL OR recorded_at <= $6) AND ($7::bigint IS NULL OR position <= $7) \
            ORDER BY sequence LIMIT $9";
        let (time, position) = self.bounds();
        let statement = by_bytes(READ, "payload", PAGE_BYTES_MAX);
        let query = sqlx::query(&statement).bind(self.context).bind(self.partition).bind(self.caller.tenant_id.0);
        let query = query.bind(self.aggregate.name()).bind(self.id).bind(time).bind(position).bind(after).bind(limit);
        let events: Vec<RecordedEvent> = query.fetch_all(connection).await?.iter().map(read_event).collect::<Result<_, _>>()?;
        let full = i64::try_from(events.len()).unwrap_or(limit) >= limit;
        let more = full || is_cut(events.iter().map(|event| event.payload.len()), PAGE_BYTES_MAX);
        Ok((events, more))
    }

    /// The fold of all events up to the moment.
    async fn fold(&self, connection: &mut PgConnection) -> Result<Box<RawValue>, Problem> {
        let mut state: State = self.aggregate.empty();
        let mut after = 0;
        loop {
            let (events, more) = self.page(connection, after, FOLD_PAGE).await?;
            for event in &events {
                let applied = self.aggregate.apply(&mut state, &event.event_type, &event.event_version, &event.payload);
                applied.map_err(|error| Problem::internal(&error))?;
                after = event.sequence;
            }
            if !more {
                break;
            }
        }
        let json = self.aggregate.snapshot(&state).and_then(RawValue::from_string);
        json.map_err(|error| Problem::internal(&error))
    }
}

fn entry(event: &RecordedEvent) -> Result<Entry<'_>, Problem> {
    let metadata = event.parsed_metadata();
    let token = Token { context: event.context.clone(), partition: event.partition, position: event.position };
    Ok(Entry {
        id: event.event_id,
        event_type: event.wire_type(),
        version: event.sequence,
        position: token.to_string(),
        recorded_at: event.recorded_at,
        actor: metadata.actor,
        command_id: metadata.command_id,
        correlation_id: metadata.correlation_id,
        causation_id: metadata.causation_id,
        payload: serde_json::from_str(&event.payload).map_err(|error| Problem::internal(&error))?,
    })
}
