//! `GET /v1/events`: server-sent events.

use std::convert::Infallible;
use std::sync::Arc;

use axum::Extension;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::stream;

use crate::auth::Caller;
use crate::headers::single;
use crate::problem::Problem;
use crate::state::GatewayState;

/// How soon a client that lost its stream is to come back.
const RETRY: std::time::Duration = std::time::Duration::from_secs(1);

/// Opens a stream.
pub async fn open(
    State(state): State<GatewayState>,
    Extension(caller): Extension<Arc<Caller>>,
    headers: HeaderMap,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let last = match single(&headers, "last-event-id")? {
        // A browser that has seen no event yet sends the header empty.
        Some(value) if value.is_empty() => None,
        Some(value) => Some(value.to_str().unwrap_or("?").to_owned()),
        None => None,
    };
    let opened = super::open(&state, &caller, pairs, last).await?;
    // The first message tells browsers when to come back, and lets proxies pass the answer's head on.
    let hello = stream::once(async { Ok(Event::default().retry(RETRY).comment("open")) });
    let events = stream::unfold(Some(opened), |opened| async move {
        let mut opened = opened?;
        let Some(message) = opened.messages.recv().await else {
            let reason = format!("{{\"code\":\"{}\"}}", opened.ending().code());
            return Some((Ok(Event::default().event("closed").data(reason)), None));
        };
        let event = Event::default().id(message.id).event(message.event_type).data(message.json);
        Some((Ok::<_, Infallible>(event), Some(opened)))
    });
    let keep_alive = KeepAlive::new().interval(state.options().stream_keep_alive).text("keep-alive");
    let mut response = Sse::new(futures::StreamExt::chain(hello, events)).keep_alive(keep_alive).into_response();
    // Proxies that collect answers would hold events back.
    response.headers_mut().insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    Ok(response)
}
