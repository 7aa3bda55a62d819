//! The log of deliveries: one row for each event and endpoint, with its last attempt.

use std::collections::HashSet;
use std::time::Duration;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::store::{Report, Store, StoreError};

/// Details are for people, and some come from the outside.
const DETAIL_CHARS_MAX: usize = 500;
/// Rows that housekeeping deletes at a time.
const CHUNK: i64 = 5000;
/// Delivered events of one endpoint that are remembered.
const DELIVERED_MAX: i64 = 100_000;

impl Store {
    /// Forgets deliveries that are long done with, and secrets that no endpoint has any more.
    pub async fn forget(&self, kept: Duration) -> Result<u64, StoreError> {
        const OLD: &str = "DELETE FROM runtime.webhook_deliveries WHERE (tenant_id, endpoint_id, event_id) IN (SELECT tenant_id, endpoint_id, event_id \
            FROM runtime.webhook_deliveries WHERE last_attempt_at < now() - $1 LIMIT $2)";
        const MANY: &str = "DELETE FROM runtime.webhook_deliveries d USING (SELECT s.tenant_id, s.endpoint_id, (SELECT x.last_attempt_at \
                FROM runtime.webhook_deliveries x WHERE x.tenant_id = s.tenant_id AND x.endpoint_id = s.endpoint_id AND x.status = 'delivered' \
                ORDER BY x.last_attempt_at DESC OFFSET $1 LIMIT 1) AS upto FROM runtime.webhook_endpoints s) k \
            WHERE d.tenant_id = k.tenant_id AND d.endpoint_id = k.endpoint_id AND d.status = 'delivered' AND d.last_attempt_at <= k.upto";
        // Ids are unique, so a secret that no endpoint names is nobody's. It is kept for as long as a command may be answered again.
        let unused = format!(
            "DELETE FROM runtime.sealed_secrets s WHERE s.made_at < now() - interval '31 days' AND NOT EXISTS (SELECT FROM {} e \
             WHERE e.tenant_id = s.tenant_id AND e.secrets @> jsonb_build_array(jsonb_build_object('id', s.secret_id)))",
            self.def.endpoints.table
        );
        sqlx::query(&unused).execute(&self.pool).await?;
        let old = sqlx::query(OLD).bind(kept).bind(CHUNK).execute(&self.pool).await?.rows_affected();
        let many = sqlx::query(MANY).bind(DELIVERED_MAX).execute(&self.pool).await?.rows_affected();
        Ok(old + many)
    }
}

/// The columns of the log of deliveries.
#[derive(Default)]
pub struct Attempts<'a> {
    tenants: Vec<Uuid>,
    endpoints: Vec<&'a str>,
    events: Vec<Uuid>,
    contexts: Vec<&'a str>,
    partitions: Vec<i32>,
    positions: Vec<i64>,
    types: Vec<&'a str>,
    subjects: Vec<String>,
    statuses: Vec<&'static str>,
    firsts: Vec<DateTime<Utc>>,
    lasts: Vec<DateTime<Utc>>,
    nexts: Vec<Option<DateTime<Utc>>>,
    answers: Vec<Option<i32>>,
    reasons: Vec<Option<&'static str>>,
    details: Vec<Option<String>>,
    durations: Vec<i32>,
}

impl<'a> Attempts<'a> {
    /// Of these reports.
    pub fn of(reports: &'a [Report]) -> Self {
        let mut all = Self::default();
        // An event may be delivered in its turn and again by itself at the same time; one statement changes a row once.
        let mut seen = HashSet::new();
        let shortened = |detail: &String| detail.chars().filter(|c| *c != '\0').take(DETAIL_CHARS_MAX).collect();
        for (key, one) in reports.iter().flat_map(|report| report.attempted.iter().map(|one| (&report.lane.key, one))) {
            if !seen.insert((&key.endpoint, one.event_id)) {
                continue;
            }
            all.tenants.push(key.endpoint.tenant);
            all.endpoints.push(&key.endpoint.id);
            all.events.push(one.event_id);
            all.contexts.push(&key.context);
            all.partitions.push(one.partition);
            all.positions.push(one.position);
            all.types.push(&one.event_type);
            all.subjects.push(format!("{}/{}", key.aggregate_type, key.aggregate_id));
            all.statuses.push(one.status);
            all.firsts.push(one.first_at);
            all.lasts.push(one.at);
            all.nexts.push(one.next_at);
            all.answers.push(one.http_status.map(i32::from));
            all.reasons.push(one.reason);
            all.details.push(one.detail.as_ref().map(shortened));
            all.durations.push(i32::try_from(one.duration.as_millis()).unwrap_or(i32::MAX));
        }
        all
    }

    /// Writes them down.
    pub async fn note(self, connection: &mut sqlx::PgConnection) -> Result<(), sqlx::Error> {
        const NOTE: &str = "INSERT INTO runtime.webhook_deliveries AS d (tenant_id, endpoint_id, event_id, context, partition, position, event_type, subject, \
                status, first_attempt_at, last_attempt_at, next_attempt_at, http_status, reason, detail, duration_ms, attempts) \
            SELECT k.*, 1 FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::int[], $6::bigint[], $7::text[], $8::text[], $9::text[], \
                $10::timestamptz[], $11::timestamptz[], $12::timestamptz[], $13::int[], $14::text[], $15::text[], $16::int[]) k \
            ON CONFLICT (tenant_id, endpoint_id, event_id) DO UPDATE SET status = excluded.status, last_attempt_at = excluded.last_attempt_at, \
                next_attempt_at = excluded.next_attempt_at, http_status = excluded.http_status, reason = excluded.reason, detail = excluded.detail, \
                duration_ms = excluded.duration_ms, attempts = d.attempts + 1";
        if self.events.is_empty() {
            return Ok(());
        }
        let query = sqlx::query(NOTE).bind(self.tenants).bind(self.endpoints).bind(self.events).bind(self.contexts).bind(self.partitions);
        let query = query.bind(self.positions).bind(self.types).bind(self.subjects).bind(self.statuses).bind(self.firsts).bind(self.lasts);
        let query = query.bind(self.nexts).bind(self.answers).bind(self.reasons).bind(self.details).bind(self.durations);
        query.execute(connection).await?;
        Ok(())
    }
}
