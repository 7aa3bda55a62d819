//! Tokens that were revoked and tenants that may not do everything, kept up to date in the background.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use domain::kernel::TenantId;
use sqlx::PgPool;
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;
use uuid::Uuid;

use crate::problem::Problem;

/// How long a request waits for the list right after the start.
const FIRST_LOAD_WAIT: Duration = Duration::from_secs(2);
/// How often a list that could not be loaded at the start is asked for.
const FIRST_LOAD_RETRY: Duration = Duration::from_millis(100);

/// What is known against a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nothing.
    Good,
    /// The tenant may read and not command.
    Suspended,
    /// The tenant may do nothing.
    Closed,
    /// The token was revoked.
    Revoked,
}

#[derive(Default)]
struct Denied {
    tokens: HashSet<Uuid>,
    suspended: HashSet<Uuid>,
    closed: HashSet<Uuid>,
}

/// The list as it was last read. Where Postgres is away, the last known list stays.
pub struct DenyList {
    denied: watch::Receiver<Option<Arc<Denied>>>,
    _refresh: AbortOnDropHandle<()>,
}

impl DenyList {
    /// Reads the list now and then every `interval`.
    pub fn start(pool: PgPool, interval: Duration) -> Self {
        let (sender, denied) = watch::channel(None);
        let refresh = async move {
            loop {
                match read(&pool).await {
                    Ok(denied) => drop(sender.send_replace(Some(Arc::new(denied)))),
                    Err(error) => tracing::warn!(%error, "the list of revoked tokens cannot be read; the last known one stays"),
                }
                let known = sender.borrow().is_some();
                tokio::time::sleep(if known { interval } else { FIRST_LOAD_RETRY.min(interval) }).await;
            }
        };
        Self { denied, _refresh: AbortOnDropHandle::new(tokio::spawn(refresh)) }
    }

    /// What is known against the caller. Before the list was read for the first time nobody is let in.
    pub async fn standing(&self, token: Uuid, tenant: TenantId) -> Result<Standing, Problem> {
        let known = self.denied.borrow().clone();
        let denied = match known {
            Some(denied) => denied,
            None => self.first().await?,
        };
        Ok(if denied.tokens.contains(&token) {
            Standing::Revoked
        } else if denied.closed.contains(&tenant.0) {
            Standing::Closed
        } else if denied.suspended.contains(&tenant.0) {
            Standing::Suspended
        } else {
            Standing::Good
        })
    }

    async fn first(&self) -> Result<Arc<Denied>, Problem> {
        let mut receiver = self.denied.clone();
        let loaded = tokio::time::timeout(FIRST_LOAD_WAIT, receiver.wait_for(Option::is_some)).await;
        loaded
            .ok()
            .and_then(Result::ok)
            .and_then(|denied| denied.clone())
            .ok_or_else(|| Problem::unavailable("unavailable", "The list of revoked tokens cannot be read yet."))
    }
}

async fn read(pool: &PgPool) -> Result<Denied, sqlx::Error> {
    let rows: Vec<(String, Uuid)> = sqlx::query_as("SELECT kind, id FROM tenancy.denied()").fetch_all(pool).await?;
    let mut denied = Denied::default();
    for (kind, id) in rows {
        match kind.as_str() {
            "token" => denied.tokens.insert(id),
            "suspended" => denied.suspended.insert(id),
            // A status that this version does not know is treated as the strictest.
            _ => denied.closed.insert(id),
        };
    }
    Ok(denied)
}
