//! Leases: who does a piece of work at the moment.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use sqlx::PgPool;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How long a lease lasts without renewal.
const LASTS: Duration = Duration::from_secs(5);
/// How often leases are renewed and free ones are sought.
const RENEW: Duration = Duration::from_millis(1200);

/// A piece of work that this process holds.
#[derive(Clone, Debug)]
pub struct Lease {
    /// Grows with each change of hands.
    pub epoch: i64,
    /// When the lease ends if it is not renewed, by this process's monotonic clock. The term is counted from before the renewal
    /// was sent, so it ends here before it ends in Postgres.
    pub until: Instant,
}

impl Lease {
    /// How long the lease still lasts.
    pub fn remaining(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }
}

/// Holds as many of the named pieces of work as is this process's fair share.
pub struct Leases {
    held: watch::Receiver<Arc<HashMap<String, Lease>>>,
}

impl Leases {
    /// Starts to compete for `names`. `role` groups the competitors; each keeps a lease `worker/<role>/<id>` on itself, so that
    /// the others can count it. At the end of `cancel` everything is given back.
    pub fn start(pool: PgPool, role: &'static str, names: Vec<String>, cancel: CancellationToken) -> Self {
        let (sender, held) = watch::channel(Arc::new(HashMap::new()));
        let mut competitor = Competitor {
            pool,
            own: format!("worker/{role}/"),
            id: platform::clock::new_id(),
            names,
            competitors: 0,
            full_since: None,
            adopted: HashSet::new(),
        };
        tokio::spawn(async move {
            loop {
                let asked = Instant::now();
                match tokio::time::timeout(LASTS / 2, competitor.round()).await {
                    Ok(Ok(epochs)) => {
                        let until = asked + LASTS;
                        let leases = epochs.into_iter().map(|(name, epoch)| (name, Lease { epoch, until })).collect();
                        sender.send_replace(Arc::new(leases));
                    }
                    Ok(Err(error)) => tracing::warn!(%error, role, "leases could not be renewed"),
                    Err(_) => tracing::warn!(role, "leases could not be renewed in time"),
                }
                if cancel.run_until_cancelled(tokio::time::sleep(RENEW)).await.is_none() {
                    break;
                }
            }
            sender.send_replace(Arc::new(HashMap::new()));
            competitor.give_back().await;
        });
        Self { held }
    }

    /// What is held; changes are signalled.
    pub fn watch(&self) -> watch::Receiver<Arc<HashMap<String, Lease>>> {
        self.held.clone()
    }

    /// The lease on one piece of work, if it is held and still lasts.
    pub fn get(&self, name: &str) -> Option<Lease> {
        self.held.borrow().get(name).filter(|lease| lease.remaining() > Duration::ZERO).cloned()
    }
}

/// Takes all leases whose names start with `prefix` away from their holders, so that nobody does that work until they are given
/// back. Returns when the former holders have stopped by themselves.
pub async fn seize(pool: &PgPool, prefix: &str) -> Result<Seized, sqlx::Error> {
    const SEIZE: &str =
        "UPDATE runtime.leases SET holder = $2, epoch = epoch + 1, expires_at = now() + interval '1 minute' WHERE starts_with(name, $1)";
    let seized = Seized { pool: pool.clone(), prefix: prefix.to_owned(), holder: platform::clock::new_id() };
    sqlx::query(SEIZE).bind(prefix).bind(seized.holder).execute(pool).await?;
    // A holder works until the term that it counted itself, from before its last renewal, is over.
    tokio::time::sleep(LASTS).await;
    Ok(seized)
}

/// Leases that were taken away; they end by themselves after a minute if this process dies.
pub struct Seized {
    pool: PgPool,
    prefix: String,
    holder: Uuid,
}

impl Seized {
    /// Lets anybody take them.
    pub async fn give_back(self) -> Result<(), sqlx::Error> {
        sqlx::query("UPDATE runtime.leases SET expires_at = now() WHERE starts_with(name, $1) AND holder = $2")
            .bind(&self.prefix)
            .bind(self.holder)
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}

struct Competitor {
    pool: PgPool,
    own: String,
    id: Uuid,
    names: Vec<String>,
    /// How many there were in the last round, this one included.
    competitors: i64,
    /// Since when this one has had its share, among as many.
    full_since: Option<Instant>,
    /// What is held beyond the share, because nobody else took it.
    adopted: HashSet<String>,
}

impl Competitor {
    async fn round(&mut self) -> Result<HashMap<String, i64>, sqlx::Error> {
        const RENEW_OWN: &str = "INSERT INTO runtime.leases (name, holder, epoch, expires_at) VALUES ($1, $2, 1, now() + $3) \
            ON CONFLICT (name) DO UPDATE SET expires_at = excluded.expires_at";
        const FORGET: &str = "DELETE FROM runtime.leases WHERE starts_with(name, 'worker/') AND expires_at < now() - interval '1 minute'";
        const COUNT: &str = "SELECT count(*) FROM runtime.leases WHERE starts_with(name, $1) AND expires_at > now()";
        const KEEP: &str = "UPDATE runtime.leases SET expires_at = now() + $3 WHERE name = ANY ($1) AND holder = $2 AND expires_at > now() RETURNING name, epoch";
        const TAKE: &str = "INSERT INTO runtime.leases (name, holder, epoch, expires_at) \
            SELECT n, $2, 1, now() + $3 FROM unnest($1::text[]) n WHERE NOT EXISTS (SELECT FROM runtime.leases l WHERE l.name = n AND l.expires_at > now() - $5) \
            ORDER BY reverse(n) LIMIT $4 \
            ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, epoch = leases.epoch + 1, expires_at = excluded.expires_at \
            WHERE leases.expires_at <= now() RETURNING name, epoch";
        let own = format!("{}{}", self.own, self.id);
        sqlx::query(RENEW_OWN).bind(&own).bind(self.id).bind(LASTS).execute(&self.pool).await?;
        sqlx::query(FORGET).execute(&self.pool).await?;
        let competitors: i64 = sqlx::query_scalar(COUNT).bind(&self.own).fetch_one(&self.pool).await?;
        let share = self.names.len().div_ceil(usize::try_from(competitors).unwrap_or(1).max(1));
        let kept: Vec<(String, i64)> = sqlx::query_as(KEEP).bind(&self.names).bind(self.id).bind(LASTS).fetch_all(&self.pool).await?;
        let mut held: HashMap<String, i64> = kept.into_iter().collect();
        if competitors != self.competitors {
            (self.competitors, self.full_since) = (competitors, None);
            self.adopted.clear();
        }
        self.adopted.retain(|name| held.contains_key(name));
        let counted = held.len() - self.adopted.len();
        if counted > share {
            let mut names: Vec<String> = held.keys().filter(|name| !self.adopted.contains(*name)).cloned().collect();
            // By the ends of the names, so that each competitor keeps some log partitions of every context, busy or not.
            names.sort_by_cached_key(|name| name.chars().rev().collect::<String>());
            let excess = names.split_off(share);
            self.release(&excess).await?;
            held.retain(|name, _| !excess.contains(name));
            return Ok(held);
        }
        let full_since = *self.full_since.get_or_insert_with(Instant::now);
        // While versions of the program are mixed, which know different work, the shares may not add up to all of it. What has been free
        // for a whole term is nobody's share, and is taken one at a time by whoever comes first.
        let (room, free_for) = match share - counted {
            0 if full_since.elapsed() > LASTS => (1, LASTS),
            0 => return Ok(held),
            room => (room, Duration::ZERO),
        };
        let wanted: Vec<&String> = self.names.iter().filter(|name| !held.contains_key(*name)).collect();
        if wanted.is_empty() {
            return Ok(held);
        }
        let query =
            sqlx::query_as(TAKE).bind(wanted).bind(self.id).bind(LASTS).bind(i64::try_from(room).unwrap_or(i64::MAX)).bind(free_for);
        let taken: Vec<(String, i64)> = query.fetch_all(&self.pool).await?;
        if counted == share {
            self.adopted.extend(taken.iter().map(|(name, _)| name.clone()));
        } else {
            self.full_since = None;
        }
        held.extend(taken);
        Ok(held)
    }

    async fn release(&self, names: &[String]) -> Result<(), sqlx::Error> {
        // The row stays, so that the epoch goes on growing.
        sqlx::query("UPDATE runtime.leases SET expires_at = now() WHERE name = ANY ($1) AND holder = $2")
            .bind(names)
            .bind(self.id)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    async fn give_back(&self) {
        let own = vec![format!("{}{}", self.own, self.id)];
        for names in [&self.names, &own] {
            if let Err(error) = self.release(names).await {
                tracing::debug!(%error, "leases were not given back; they end by themselves");
            }
        }
    }
}
