//! `GET /v1/{context}/{aggregate}/{id}/deliveries`: what an endpoint was told, the latest first.

use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Utc};
use domain::kernel::AggregateId;
use platform::tenant_tx::TenantTx;
use projections::subscriptions::WebhooksDef;
use serde::Serialize;
use uuid::Uuid;

use crate::access::Permission;
use crate::auth::Caller;
use crate::problem::Problem;
use crate::queries::{Pairs, controls, limit_of, no_others};
use crate::state::GatewayState;

/// Rows of a page where the request does not say.
const LIMIT: usize = 50;
/// The most rows of a page.
const LIMIT_MAX: usize = 500;
/// What a delivery may be.
const STATUSES: [&str; 3] = ["retrying", "delivered", "failed"];

/// An event that the endpoint was or is being told of.
#[derive(sqlx::FromRow, Serialize)]
struct Delivery {
    event_id: Uuid,
    #[serde(rename = "type")]
    event_type: String,
    subject: String,
    position: String,
    status: String,
    attempts: i32,
    first_attempt_at: DateTime<Utc>,
    last_attempt_at: DateTime<Utc>,
    next_attempt_at: Option<DateTime<Utc>>,
    http_status: Option<i32>,
    reason: Option<String>,
    detail: Option<String>,
    duration_ms: i32,
}

#[derive(Serialize)]
struct Page {
    data: Vec<Delivery>,
    next_cursor: Option<String>,
}

/// Where a page goes on: the last row before it.
fn cursor(text: &str) -> Result<(DateTime<Utc>, Uuid), Problem> {
    let read = || {
        let (micros, id) = text.split_once('.')?;
        Some((DateTime::from_timestamp_micros(micros.parse().ok()?)?, id.parse().ok()?))
    };
    read().ok_or_else(|| Problem::bad_value("invalid_cursor", "cursor", "the cursor is not one of this answer"))
}

/// Shows deliveries.
pub async fn read(state: &GatewayState, caller: &Caller, def: &WebhooksDef, id: &str, pairs: Pairs) -> Result<Response, Problem> {
    const READ: &str = "SELECT event_id, event_type, subject, context || '/' || partition || '@' || position AS position, status, attempts, \
            first_attempt_at, last_attempt_at, next_attempt_at, http_status, reason, detail, duration_ms \
        FROM runtime.webhook_deliveries WHERE tenant_id = $1 AND endpoint_id = $2 AND ($3::text IS NULL OR status = $3) \
            AND ($4::timestamptz IS NULL OR (last_attempt_at, event_id) < ($4, $5)) \
        ORDER BY last_attempt_at DESC, event_id DESC LIMIT $6";
    caller.require(Permission::Read { context: def.context })?;
    let ([status, after, limit], rest) = controls(pairs, ["status", "cursor", "limit"])?;
    no_others(&rest)?;
    if status.as_deref().is_some_and(|status| !STATUSES.contains(&status)) {
        return Err(Problem::bad_value("invalid_parameter", "status", format!("one of {} is expected", STATUSES.join(", "))));
    }
    let limit = limit_of(limit.as_deref(), LIMIT, LIMIT_MAX)?;
    let after = after.as_deref().map(cursor).transpose()?;
    let missing =
        || Problem::new(StatusCode::NOT_FOUND, format!("{}.not_found", def.context), "There is no such endpoint.").field("id", "");
    let id: AggregateId = id.parse().map_err(|_| missing())?;
    let tenant = caller.tenant_id.0;
    let mut tx = TenantTx::begin(state.pool(), tenant).await?;
    let statement = format!("SELECT EXISTS (SELECT FROM {} WHERE id = $1)", def.endpoints.table);
    let known: bool = sqlx::query_scalar(&statement).bind(id.as_str()).fetch_one(&mut *tx).await?;
    if !known {
        return Err(missing());
    }
    let query = sqlx::query_as(READ).bind(tenant).bind(id.as_str()).bind(status);
    let query = query.bind(after.map(|(at, _)| at)).bind(after.map(|(_, id)| id)).bind(i64::try_from(limit).unwrap_or(i64::MAX));
    let data: Vec<Delivery> = query.fetch_all(&mut *tx).await?;
    tx.commit().await?;
    let last = data.last().filter(|_| data.len() >= limit);
    let next_cursor = last.map(|last| format!("{}.{}", last.last_attempt_at.timestamp_micros(), last.event_id));
    let body = serde_json::to_vec(&Page { data, next_cursor }).map_err(|error| Problem::internal(&error))?;
    Ok(([(CONTENT_TYPE, "application/json")], body).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_is_written_and_nothing_else_is() {
        let id = Uuid::from_u128(7);
        let (at, found) = cursor(&format!("1772366400000001.{id}")).ok().unwrap();
        assert_eq!((at.timestamp_micros(), found), (1_772_366_400_000_001, id));
        for bad in ["", ".", "x", "1.", &format!(".{id}"), "99999999999999999999.x", &format!("9223372036854775807.{id}")] {
            assert!(cursor(bad).is_err(), "{bad}");
        }
    }
}
