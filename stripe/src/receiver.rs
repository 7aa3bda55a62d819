//! Takes deliveries: verifies, stores each event once, answers. What it is about is looked at later.

use async_trait::async_trait;
use axum::http::HeaderMap;
use bytes::Bytes;
use chrono::DateTime;
use gateway::{DeliveryError, WebhookReceiver};
use platform::clock;
use platform::config::Secret;
use serde::Deserialize;
use sqlx::PgPool;

use crate::PROVIDER;
use crate::signature::verify;

/// The longest id or type that is stored.
const WORD_CHARS_MAX: usize = 255;

/// What is read of an event; everything else of it may be out of date by the time it is looked at.
#[derive(Debug, Deserialize)]
struct Event {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    created: Option<i64>,
    data: Data,
}

#[derive(Debug, Deserialize)]
struct Data {
    object: Object,
}

#[derive(Debug, Deserialize)]
struct Object {
    id: Option<String>,
    object: Option<String>,
}

/// Takes deliveries of Stripe.
pub struct Receiver {
    pool: PgPool,
    secrets: Vec<Secret>,
}

impl Receiver {
    /// Verifies with any of these secrets. The pool is of the application role.
    pub fn new(pool: PgPool, secrets: Vec<Secret>) -> Self {
        Self { pool, secrets }
    }
}

#[async_trait]
impl WebhookReceiver for Receiver {
    fn source(&self) -> &'static str {
        PROVIDER
    }

    async fn receive(&self, headers: &HeaderMap, body: &Bytes) -> Result<(), DeliveryError> {
        if self.secrets.is_empty() {
            return Err(DeliveryError::Refused("deliveries are not expected: STRIPE_WEBHOOK_SECRET is not set"));
        }
        let header = headers.get("stripe-signature").and_then(|value| value.to_str().ok()).unwrap_or_default();
        verify(header, body, &self.secrets, clock::now()).map_err(|error| {
            tracing::warn!(%error, "a delivery does not prove to be Stripe's");
            DeliveryError::Refused("the signature does not fit, or is too old")
        })?;
        let unreadable = || DeliveryError::Refused("the body is not an event");
        let event: Event = serde_json::from_slice(body).map_err(|_| unreadable())?;
        let payload = std::str::from_utf8(body).map_err(|_| unreadable())?;
        let fits = |word: &str| !word.is_empty() && word.chars().count() <= WORD_CHARS_MAX && !word.contains('\0');
        if !fits(&event.id) || !fits(&event.kind) || payload.contains("\\u0000") {
            return Err(unreadable());
        }
        // An event that comes again changes nothing: the gateway may add and neither read nor change.
        sqlx::query(
            "INSERT INTO runtime.webhook_events (source, event_id, event_type, object_type, object_id, payload, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6::json, $7) ON CONFLICT DO NOTHING",
        )
        .bind(PROVIDER)
        .bind(&event.id)
        .bind(&event.kind)
        .bind(event.data.object.object.filter(|word| fits(word)))
        .bind(event.data.object.id.filter(|word| fits(word)))
        .bind(payload)
        .bind(event.created.and_then(|seconds| DateTime::from_timestamp(seconds, 0)))
        .execute(&self.pool)
        .await
        .map_err(DeliveryError::Unavailable)?;
        Ok(())
    }
}
