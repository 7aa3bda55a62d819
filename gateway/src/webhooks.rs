//! `POST /webhooks/{source}`: what outside services send, raw, to whoever of this program knows the service.

use async_trait::async_trait;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use bytes::Bytes;

use crate::limits;
use crate::problem::Problem;
use crate::state::GatewayState;

/// Why a delivery is not taken.
#[derive(Debug, thiserror::Error)]
pub enum DeliveryError {
    /// It is not what it should be: unsigned, forged, too old, unreadable. Sending it again will not help.
    #[error("{0}")]
    Refused(&'static str),
    /// It cannot be stored at the moment: it should be sent again.
    #[error("the delivery could not be stored")]
    Unavailable(#[source] sqlx::Error),
}

/// Takes deliveries of one service. It verifies, stores and answers; what follows is done elsewhere.
#[async_trait]
pub trait WebhookReceiver: Send + Sync {
    /// The service, as it stands in the address.
    fn source(&self) -> &'static str;
    /// Takes a delivery; the body is byte for byte as it was sent.
    async fn receive(&self, headers: &HeaderMap, body: &Bytes) -> Result<(), DeliveryError>;
}

/// A delivery.
pub async fn deliver(
    State(state): State<GatewayState>,
    Path(source): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, Problem> {
    let receiver = state.receiver(&source).ok_or_else(|| Problem::from_status(StatusCode::NOT_FOUND))?;
    let body = limits::read_body(&headers, body, state.options()).await?;
    match receiver.receive(&headers, &body).await {
        Ok(()) => Ok(StatusCode::NO_CONTENT),
        Err(DeliveryError::Refused(reason)) => {
            tracing::warn!(source = receiver.source(), reason, "a delivery was refused");
            Err(Problem::bad_request("delivery_refused", reason))
        }
        Err(DeliveryError::Unavailable(error)) => Err(error.into()),
    }
}
