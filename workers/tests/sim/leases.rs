//! The table of leases, by the contract of its statements.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use projections::runtime::LeaseTable;
use uuid::Uuid;

use super::executor::{Sim, lock};
use super::link::Link;

/// A row.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    pub holder: Uuid,
    pub epoch: i64,
    pub expires_at: Duration,
    /// Since when the lease is in this epoch.
    pub since: Duration,
}

/// The table.
#[derive(Clone)]
pub struct SimLeases {
    sim: Sim,
    link: Link,
    rows: Arc<Mutex<BTreeMap<String, Row>>>,
}

impl SimLeases {
    /// An empty table.
    pub fn new(sim: &Sim, link: Link) -> Self {
        Self { sim: sim.clone(), link, rows: Arc::default() }
    }

    /// A row, as it is.
    pub fn row(&self, name: &str) -> Option<Row> {
        lock(&self.rows).get(name).copied()
    }
}

impl LeaseTable for SimLeases {
    async fn renew_own(&self, own: &str, holder: Uuid, lasts: Duration) -> Result<(), sqlx::Error> {
        let renew = || {
            let now = self.sim.now();
            let mut rows = lock(&self.rows);
            let row = rows.entry(own.to_owned()).or_insert(Row { holder, epoch: 1, expires_at: now, since: now });
            row.expires_at = now + lasts;
        };
        self.link.query(renew).await
    }

    async fn count(&self, prefix: &str) -> Result<usize, sqlx::Error> {
        let count = || {
            let now = self.sim.now();
            lock(&self.rows).iter().filter(|(name, row)| name.starts_with(prefix) && row.expires_at > now).count()
        };
        self.link.query(count).await
    }

    async fn keep(&self, names: &[String], holder: Uuid, lasts: Duration) -> Result<Vec<(String, i64)>, sqlx::Error> {
        let keep = || {
            let now = self.sim.now();
            let mut kept = Vec::new();
            for (name, row) in lock(&self.rows).iter_mut() {
                if names.contains(name) && row.holder == holder && row.expires_at > now {
                    row.expires_at = now + lasts;
                    kept.push((name.clone(), row.epoch));
                }
            }
            kept
        };
        self.link.query(keep).await
    }

    async fn take(
        &self,
        names: &[String],
        holder: Uuid,
        lasts: Duration,
        room: usize,
        free_for: Duration,
    ) -> Result<Vec<(String, i64)>, sqlx::Error> {
        let take = || {
            let now = self.sim.now();
            let mut rows = lock(&self.rows);
            let free: Vec<String> =
                names.iter().filter(|name| rows.get(*name).is_none_or(|row| row.expires_at + free_for <= now)).cloned().collect();
            let mut taken = Vec::new();
            for name in free.into_iter().take(room) {
                let epoch = rows.get(&name).map_or(1, |row| row.epoch + 1);
                rows.insert(name.clone(), Row { holder, epoch, expires_at: now + lasts, since: now });
                taken.push((name, epoch));
            }
            taken
        };
        self.link.query(take).await
    }

    async fn release(&self, names: &[String], holder: Uuid) -> Result<(), sqlx::Error> {
        let release = || {
            let now = self.sim.now();
            for (_, row) in lock(&self.rows).iter_mut().filter(|(name, row)| names.contains(name) && row.holder == holder) {
                row.expires_at = now;
            }
        };
        self.link.query(release).await
    }
}
