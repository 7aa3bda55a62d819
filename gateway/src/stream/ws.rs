//! `GET /v1/events/ws`: the same stream by WebSocket (RFC 6455), one `CloudEvent` a text message
//! (CloudEvents WebSocket binding, subprotocol `cloudevents.json`). The attribute `cursor` of an event is what `?after=` takes.

use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::{Ending, Open};
use crate::auth::Caller;
use crate::problem::Problem;
use crate::state::GatewayState;

/// The largest message that a client may send; there is nothing for it to say.
const MESSAGE_BYTES_MAX: usize = 1024;

/// Opens a stream.
pub async fn open(
    State(state): State<GatewayState>,
    Extension(caller): Extension<Arc<Caller>>,
    Query(pairs): Query<Vec<(String, String)>>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    let opened = super::open(&state, &caller, pairs, None).await?;
    let upgrade = upgrade.map_err(|rejection| {
        Problem::new(StatusCode::UPGRADE_REQUIRED, "upgrade_required", format!("This address speaks WebSocket only: {rejection}."))
            .header(axum::http::header::UPGRADE, axum::http::HeaderValue::from_static("websocket"))
    })?;
    let upgrade = upgrade.protocols(["cloudevents.json"]).max_message_size(MESSAGE_BYTES_MAX).max_frame_size(MESSAGE_BYTES_MAX);
    let (keep_alive, stall_max) = (state.options().stream_keep_alive, state.options().stream_stall_max);
    Ok(upgrade.on_upgrade(move |socket| run(socket, opened, keep_alive, stall_max)))
}

async fn run(mut socket: WebSocket, mut opened: Open, keep_alive: Duration, stall_max: Duration) {
    let mut ticks = tokio::time::interval(keep_alive);
    ticks.tick().await;
    let ending = loop {
        let outgoing = tokio::select! {
            message = opened.messages.recv() => match message {
                Some(message) => Message::Text(message.json.into()),
                None => break opened.ending(),
            },
            _ = ticks.tick() => Message::Ping(axum::body::Bytes::new()),
            incoming = socket.recv() => match incoming {
                // Pings are answered by the library; whatever else a client says is not for us.
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                Some(Ok(_)) => continue,
            },
        };
        match tokio::time::timeout(stall_max, socket.send(outgoing)).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return,
            // Should the client go on reading after all, it learns why nothing more comes.
            Err(_) => break Ending::SlowClient,
        }
    };
    // What waits is no longer needed while the client is told.
    drop(opened);
    let code = match ending {
        Ending::ShuttingDown => close_code::AWAY,
        Ending::SlowClient | Ending::TokenEnded => close_code::POLICY,
        Ending::Unavailable | Ending::ClientLeft => close_code::ERROR,
    };
    let frame = CloseFrame { code, reason: ending.code().into() };
    // The client may be gone already, and then nobody needs to be told.
    drop(tokio::time::timeout(stall_max, socket.send(Message::Close(Some(frame)))).await);
}
