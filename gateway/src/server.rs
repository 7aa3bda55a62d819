//! Listening.

use std::time::Duration;

use axum::Router;
use axum::serve::ListenerExt as _;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// How long requests may take to end once the gateway is told to stop.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(10);

/// Serves until `shutdown`; then takes no new connections and gives those that are open ten seconds to end.
pub async fn serve(listener: TcpListener, router: Router, shutdown: CancellationToken) -> std::io::Result<()> {
    let listener = listener.tap_io(|connection| {
        // An answer is written at once; waiting to fill a packet would only delay it.
        if let Err(error) = connection.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY was not set");
        }
    });
    let overdue = async {
        shutdown.cancelled().await;
        tokio::time::sleep(SHUTDOWN_GRACE).await;
    };
    let served = axum::serve(listener, router).with_graceful_shutdown(shutdown.clone().cancelled_owned());
    tokio::select! {
        result = served => result,
        () = overdue => {
            tracing::warn!("requests were still under way when the gateway stopped");
            Ok(())
        }
    }
}
