//! What operators see.

use chrono::{DateTime, Utc};
use projections::subscriptions::WebhooksDef;
use sqlx::PgPool;
use uuid::Uuid;

/// An endpoint with what it has yet to be told.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Reach {
    /// Whose it is.
    pub tenant_id: Uuid,
    /// The endpoint.
    pub id: String,
    /// Its address.
    pub url: String,
    /// Where it stands.
    pub status: String,
    /// Why it is disabled.
    pub cause: Option<String>,
    /// Subjects with events that it has not taken.
    pub waiting: i64,
    /// Those of them that have failed.
    pub failing: i64,
    /// Deliveries that were given up.
    pub failed: i64,
    /// The last attempt.
    pub last_attempt_at: Option<DateTime<Utc>>,
}

/// All endpoints that are not removed, the newest first.
pub async fn reaches(pool: &PgPool, def: &WebhooksDef, tenant: Option<Uuid>, limit: i64) -> Result<Vec<Reach>, sqlx::Error> {
    let statement = format!(
        "SELECT e.tenant_id, e.id, e.url, e.status, e.cause, coalesce(l.waiting, 0) AS waiting, coalesce(l.failing, 0) AS failing, \
            coalesce(d.failed, 0) AS failed, a.last_attempt_at \
         FROM (SELECT * FROM {} WHERE status <> 'removed' AND ($1::uuid IS NULL OR tenant_id = $1) ORDER BY created_at DESC LIMIT $2) e \
         LEFT JOIN LATERAL (SELECT count(*) AS waiting, count(*) FILTER (WHERE attempts > 0) AS failing FROM runtime.webhook_lanes l \
            WHERE l.tenant_id = e.tenant_id AND l.endpoint_id = e.id) l ON true \
         LEFT JOIN LATERAL (SELECT count(*) AS failed FROM runtime.webhook_deliveries d \
            WHERE d.tenant_id = e.tenant_id AND d.endpoint_id = e.id AND d.status = 'failed') d ON true \
         LEFT JOIN LATERAL (SELECT max(last_attempt_at) AS last_attempt_at FROM runtime.webhook_deliveries d \
            WHERE d.tenant_id = e.tenant_id AND d.endpoint_id = e.id) a ON true ORDER BY e.created_at DESC",
        def.endpoints.table
    );
    sqlx::query_as(&statement).bind(tenant).bind(limit).fetch_all(pool).await
}

/// An event that an endpoint was or is being told of.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct ShownDelivery {
    /// Whose endpoint it is.
    pub tenant_id: Uuid,
    /// The endpoint.
    pub endpoint_id: String,
    /// The event.
    pub event_id: Uuid,
    /// Its context.
    pub context: String,
    /// Its log partition.
    pub partition: i32,
    /// Its position.
    pub position: i64,
    /// Its wire type.
    pub event_type: String,
    /// What it is about.
    pub subject: String,
    /// `retrying`, `delivered` or `failed`.
    pub status: String,
    /// How often it was posted.
    pub attempts: i32,
    /// The last attempt.
    pub last_attempt_at: DateTime<Utc>,
    /// The next one.
    pub next_attempt_at: Option<DateTime<Utc>>,
    /// The receiver's last answer.
    pub http_status: Option<i32>,
    /// Why it was not delivered: a stable code.
    pub reason: Option<String>,
    /// The same in words.
    pub detail: Option<String>,
}

impl ShownDelivery {
    /// Where the event stands in the log, as a replay takes it.
    pub fn place(&self) -> String {
        format!("{}/{}@{}", self.context, self.partition, self.position)
    }
}

/// Which deliveries are shown.
#[derive(Clone, Copy, Debug, Default)]
pub struct DeliveryFilter<'a> {
    /// Only of this tenant.
    pub tenant: Option<Uuid>,
    /// Only of this endpoint.
    pub endpoint: Option<&'a str>,
    /// Only in this state.
    pub status: Option<&'a str>,
    /// At most so many.
    pub limit: i64,
}

/// Deliveries, the latest first.
pub async fn deliveries(pool: &PgPool, filter: &DeliveryFilter<'_>) -> Result<Vec<ShownDelivery>, sqlx::Error> {
    const READ: &str = "SELECT tenant_id, endpoint_id, event_id, context, partition, position, event_type, subject, status, attempts, last_attempt_at, \
            next_attempt_at, http_status, reason, detail \
        FROM runtime.webhook_deliveries WHERE ($1::uuid IS NULL OR tenant_id = $1) AND ($2::text IS NULL OR endpoint_id = $2) \
            AND ($3::text IS NULL OR status = $3) ORDER BY last_attempt_at DESC, event_id LIMIT $4";
    let query = sqlx::query_as(READ).bind(filter.tenant).bind(filter.endpoint).bind(filter.status).bind(filter.limit);
    query.fetch_all(pool).await
}
