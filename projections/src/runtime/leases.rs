//! Leases: who does a piece of work at the moment.

use std::collections::{HashMap, HashSet};
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use platform::clock::{Clock, SystemClock};
use sqlx::PgPool;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How long a lease lasts without renewal.
const LASTS: Duration = Duration::from_secs(5);
/// How often leases are renewed and free ones are sought.
const RENEW: Duration = Duration::from_millis(1200);
/// The pause after an attempt that failed.
const RETRY: Duration = Duration::from_millis(300);

/// A piece of work that this process holds.
#[derive(Clone, Debug)]
pub struct Lease {
    /// Grows with each change of hands.
    pub epoch: i64,
    /// When the lease ends if it is not renewed, by this process's monotonic clock. The term is counted from before the renewal
    /// was sent, so it ends here before it ends in Postgres.
    pub until: Instant,
}

/// Who holds what, for how long and in which epoch. The terms are counted by the table's own clock.
pub trait LeaseTable: Send + Sync + 'static {
    /// Takes or renews the lease on the competitor itself, whoever is asking.
    fn renew_own(&self, own: &str, holder: Uuid, lasts: Duration) -> impl Future<Output = Result<(), sqlx::Error>> + Send;

    /// How many leases whose names start with `prefix` last.
    fn count(&self, prefix: &str) -> impl Future<Output = Result<usize, sqlx::Error>> + Send;

    /// Renews those of the leases that `holder` has and that last; tells them with their epochs.
    fn keep(&self, names: &[String], holder: Uuid, lasts: Duration)
    -> impl Future<Output = Result<Vec<(String, i64)>, sqlx::Error>> + Send;

    /// Takes up to `room` of the leases that nobody has had for so long, each in its next epoch; tells them with these.
    fn take(
        &self,
        names: &[String],
        holder: Uuid,
        lasts: Duration,
        room: usize,
        free_for: Duration,
    ) -> impl Future<Output = Result<Vec<(String, i64)>, sqlx::Error>> + Send;

    /// Ends those of the leases that `holder` has.
    fn release(&self, names: &[String], holder: Uuid) -> impl Future<Output = Result<(), sqlx::Error>> + Send;
}

type Held = Arc<HashMap<String, Lease>>;

/// Holds as many of the named pieces of work as is this process's fair share.
#[derive(Clone)]
pub struct Leases<C = SystemClock> {
    held: watch::Receiver<Held>,
    clock: C,
}

impl Leases {
    /// Starts to compete for `names`. `role` groups the competitors; each keeps a lease `worker/<role>/<id>` on itself, so that
    /// the others can count it. At the end of `cancel` everything is given back.
    pub fn start(pool: PgPool, role: &'static str, names: Vec<String>, cancel: CancellationToken) -> Self {
        let (leases, competing) = Self::compete(PgLeases(pool), SystemClock, platform::clock::new_id(), role, names, cancel);
        tokio::spawn(competing);
        leases
    }
}

impl<C: Clock> Leases<C> {
    /// The leases of a competitor, and what competes for as long as it is polled.
    pub fn compete<T: LeaseTable>(
        table: T,
        clock: C,
        id: Uuid,
        role: &'static str,
        names: Vec<String>,
        cancel: CancellationToken,
    ) -> (Self, impl Future<Output = ()> + Send + use<T, C>) {
        let (sender, held) = watch::channel(Arc::new(HashMap::new()));
        let leases = Self { held, clock: clock.clone() };
        let own = format!("worker/{role}/");
        let watch = clock.clone();
        let adopted = HashSet::new();
        let mut competitor = Competitor { table, clock, own, id, names, held: sender, competitors: 0, full_since: None, adopted };
        let competing = async move {
            loop {
                let mut pause = RETRY;
                match watch.timeout(LASTS / 2, competitor.round()).await {
                    Some(Ok(())) => pause = RENEW,
                    Some(Err(error)) => tracing::warn!(%error, role, "leases could not be renewed"),
                    None => tracing::warn!(role, "leases could not be renewed in time"),
                }
                if cancel.run_until_cancelled(watch.sleep(pause)).await.is_none() {
                    break;
                }
            }
            competitor.give_back().await;
        };
        (leases, competing)
    }

    /// What is held; changes are signalled.
    pub fn watch(&self) -> watch::Receiver<Held> {
        self.held.clone()
    }

    /// The lease on one piece of work, if it is held and still lasts.
    pub fn get(&self, name: &str) -> Option<Lease> {
        self.held.borrow().get(name).filter(|lease| lease.until > self.clock.instant()).cloned()
    }

    /// How long the lease on one piece of work still lasts; nothing where it is not held in this epoch.
    pub fn remaining(&self, name: &str, epoch: i64) -> Duration {
        let held = self.held.borrow();
        let lease = held.get(name).filter(|lease| lease.epoch == epoch);
        lease.map_or(Duration::ZERO, |lease| lease.until.saturating_duration_since(self.clock.instant()))
    }

    /// The clock that leases end by.
    pub fn clock(&self) -> &C {
        &self.clock
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

struct Competitor<T, C> {
    table: T,
    clock: C,
    own: String,
    id: Uuid,
    names: Vec<String>,
    held: watch::Sender<Held>,
    /// How many there were in the last round, this one included.
    competitors: usize,
    /// Since when this one has had its share, among as many.
    full_since: Option<Instant>,
    /// What is held beyond the share, because nobody else took it.
    adopted: HashSet<String>,
}

impl<T: LeaseTable, C: Clock> Competitor<T, C> {
    async fn round(&mut self) -> Result<(), sqlx::Error> {
        let until = self.clock.instant() + LASTS;
        self.table.renew_own(&self.own_name(), self.id, LASTS).await?;
        let competitors = self.table.count(&self.own).await?;
        let share = self.names.len().div_ceil(competitors.max(1));
        let mut mine: HashMap<String, i64> = self.table.keep(&self.names, self.id, LASTS).await?.into_iter().collect();
        if competitors != self.competitors {
            (self.competitors, self.full_since) = (competitors, None);
            self.adopted.clear();
        }
        self.adopted.retain(|name| mine.contains_key(name));
        let excess = {
            let mut names: Vec<String> = mine.keys().filter(|name| !self.adopted.contains(*name)).cloned().collect();
            // By the ends of the names, so that each competitor keeps some log partitions of every context, busy or not.
            names.sort_by_cached_key(|name| name.chars().rev().collect::<String>());
            names.split_off(share.min(names.len()))
        };
        mine.retain(|name, _| !excess.contains(name));
        if excess.is_empty() {
            self.take(share, &mut mine).await?;
        }
        let leases = mine.iter().map(|(name, epoch)| (name.clone(), Lease { epoch: *epoch, until })).collect();
        self.held.send_replace(Arc::new(leases));
        if !excess.is_empty() {
            // Nobody here works on them any more by the time that somebody else may.
            self.table.release(&excess, self.id).await?;
        }
        Ok(())
    }

    /// Takes what is free, up to the share.
    async fn take(&mut self, share: usize, mine: &mut HashMap<String, i64>) -> Result<(), sqlx::Error> {
        let counted = mine.len() - self.adopted.len();
        let now = self.clock.instant();
        let full_for = now.saturating_duration_since(*self.full_since.get_or_insert(now));
        // While versions of the program are mixed, which know different work, the shares may not add up to all of it. What has been free
        // for a whole term is nobody's share, and is taken one at a time by whoever comes first.
        let (room, free_for) = match share - counted {
            0 if full_for > LASTS => (1, LASTS),
            0 => return Ok(()),
            room => (room, Duration::ZERO),
        };
        let wanted: Vec<String> = self.names.iter().filter(|name| !mine.contains_key(*name)).cloned().collect();
        if wanted.is_empty() {
            return Ok(());
        }
        let taken = self.table.take(&wanted, self.id, LASTS, room, free_for).await?;
        if counted == share {
            self.adopted.extend(taken.iter().map(|(name, _)| name.clone()));
        } else {
            self.full_since = None;
        }
        mine.extend(taken);
        Ok(())
    }

    fn own_name(&self) -> String {
        format!("{}{}", self.own, self.id)
    }

    async fn give_back(&self) {
        self.held.send_replace(Arc::new(HashMap::new()));
        let own = vec![self.own_name()];
        for names in [&self.names, &own] {
            if let Err(error) = self.table.release(names, self.id).await {
                tracing::debug!(%error, "leases were not given back; they end by themselves");
            }
        }
    }
}

/// The leases in Postgres.
struct PgLeases(PgPool);

impl LeaseTable for PgLeases {
    async fn renew_own(&self, own: &str, holder: Uuid, lasts: Duration) -> Result<(), sqlx::Error> {
        const RENEW_OWN: &str = "INSERT INTO runtime.leases (name, holder, epoch, expires_at) VALUES ($1, $2, 1, now() + $3) \
            ON CONFLICT (name) DO UPDATE SET expires_at = excluded.expires_at";
        const FORGET: &str = "DELETE FROM runtime.leases WHERE starts_with(name, 'worker/') AND expires_at < now() - interval '1 minute'";
        sqlx::query(RENEW_OWN).bind(own).bind(holder).bind(lasts).execute(&self.0).await?;
        sqlx::query(FORGET).execute(&self.0).await?;
        Ok(())
    }

    async fn count(&self, prefix: &str) -> Result<usize, sqlx::Error> {
        const COUNT: &str = "SELECT count(*) FROM runtime.leases WHERE starts_with(name, $1) AND expires_at > now()";
        let count: i64 = sqlx::query_scalar(COUNT).bind(prefix).fetch_one(&self.0).await?;
        Ok(usize::try_from(count).unwrap_or(0))
    }

    async fn keep(&self, names: &[String], holder: Uuid, lasts: Duration) -> Result<Vec<(String, i64)>, sqlx::Error> {
        const KEEP: &str = "UPDATE runtime.leases SET expires_at = now() + $3 WHERE name = ANY ($1) AND holder = $2 AND expires_at > now() RETURNING name, epoch";
        sqlx::query_as(KEEP).bind(names).bind(holder).bind(lasts).fetch_all(&self.0).await
    }

    async fn take(
        &self,
        names: &[String],
        holder: Uuid,
        lasts: Duration,
        room: usize,
        free_for: Duration,
    ) -> Result<Vec<(String, i64)>, sqlx::Error> {
        const TAKE: &str = "INSERT INTO runtime.leases (name, holder, epoch, expires_at) \
            SELECT n, $2, 1, now() + $3 FROM unnest($1::text[]) n WHERE NOT EXISTS (SELECT FROM runtime.leases l WHERE l.name = n AND l.expires_at > now() - $5) \
            ORDER BY reverse(n) LIMIT $4 \
            ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, epoch = leases.epoch + 1, expires_at = excluded.expires_at \
            WHERE leases.expires_at <= now() RETURNING name, epoch";
        let room = i64::try_from(room).unwrap_or(i64::MAX);
        sqlx::query_as(TAKE).bind(names).bind(holder).bind(lasts).bind(room).bind(free_for).fetch_all(&self.0).await
    }

    async fn release(&self, names: &[String], holder: Uuid) -> Result<(), sqlx::Error> {
        // The row stays, so that the epoch goes on growing.
        const RELEASE: &str = "UPDATE runtime.leases SET expires_at = now() WHERE name = ANY ($1) AND holder = $2";
        sqlx::query(RELEASE).bind(names).bind(holder).execute(&self.0).await?;
        Ok(())
    }
}
