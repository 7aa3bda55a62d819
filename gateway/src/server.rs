//! Listening.

use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::connection::{BoundedListener, ConnectionLimits};

/// How long requests may take to end once the gateway is told to stop.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(10);

/// Serves until `shutdown`; then takes no new connections and gives those that are open ten seconds to end.
pub async fn serve(listener: TcpListener, router: Router, limits: ConnectionLimits, shutdown: CancellationToken) -> std::io::Result<()> {
    let overdue = async {
        shutdown.cancelled().await;
        tokio::time::sleep(SHUTDOWN_GRACE).await;
    };
    let served = axum::serve(BoundedListener::new(listener, limits), router).with_graceful_shutdown(shutdown.clone().cancelled_owned());
    tokio::select! {
        result = served => result,
        () = overdue => {
            tracing::warn!("requests were still under way when the gateway stopped");
            Ok(())
        }
    }
}
