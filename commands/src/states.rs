//! Aggregate states: an in-process cache over snapshots and the log.
//!
//! A cached state may be stale when other gateways write; it is harmless, because the append checks the version that a decision
//! was built on, and a refusal that rests on a cached state is decided once more on a fresh one (see the bus).

use std::collections::HashMap;
use std::sync::Arc;

use domain::kernel::{AggregateType, LoadedState, State, TenantId};
use platform::tenant_tx::TenantTx;
use quick_cache::sync::Cache;
use sqlx::PgPool;
use tokio::sync::{mpsc, oneshot};

/// A snapshot is written each time a stream's version passes a multiple of this number of events.
pub const SNAPSHOT_EVERY: i64 = 64;
/// Loads that wait at most.
const QUEUE_MAX: usize = 8192;
/// Streams that are read with one statement at most.
const LOADS_MAX: usize = 256;
/// Statements that read streams at the same time.
const LOADERS: usize = 4;
/// Snapshots that wait to be written; more are left for the next occasion.
const SNAPSHOTS_MAX: usize = 256;

/// Why a state could not be loaded.
#[derive(Clone, Debug, thiserror::Error)]
pub enum LoadError {
    /// Too many loads are waiting.
    #[error("too many aggregates are being loaded")]
    Overloaded,
    /// Postgres cannot be reached.
    #[error("the event log cannot be read")]
    Unavailable(#[source] Arc<sqlx::Error>),
    /// A stored event cannot be understood by this version of the program.
    #[error("the history of {stream} cannot be read: {reason}")]
    Unreadable {
        /// The aggregate.
        stream: String,
        /// What is wrong.
        reason: String,
    },
}

/// Names a stream: an aggregate within a tenant.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct StreamKey {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The context.
    pub context: &'static str,
    /// The aggregate's type.
    pub aggregate_type: &'static str,
    /// The aggregate's id.
    pub id: String,
}

struct Load {
    key: StreamKey,
    partition: i32,
    aggregate: &'static dyn AggregateType,
    reply: oneshot::Sender<Result<LoadedState, LoadError>>,
}

struct Snapshot {
    key: StreamKey,
    partition: i32,
    aggregate: &'static dyn AggregateType,
    state: LoadedState,
}

/// Loads and remembers states.
#[derive(Clone)]
pub struct States {
    cache: Arc<Cache<StreamKey, LoadedState>>,
    loads: mpsc::Sender<Load>,
    snapshots: mpsc::Sender<Snapshot>,
}

impl States {
    /// Starts the loaders and the snapshot writer. The cache holds up to `capacity` states.
    pub fn start(pool: &PgPool, capacity: usize) -> Self {
        let (loads, queue) = mpsc::channel(QUEUE_MAX);
        let queue = Arc::new(tokio::sync::Mutex::new(queue));
        for _ in 0..LOADERS {
            tokio::spawn(run_loader(pool.clone(), queue.clone()));
        }
        let (snapshots, written) = mpsc::channel(SNAPSHOTS_MAX);
        tokio::spawn(write_snapshots(pool.clone(), written));
        Self { cache: Arc::new(Cache::new(capacity)), loads, snapshots }
    }

    /// The state in the cache.
    pub fn cached(&self, key: &StreamKey) -> Option<LoadedState> {
        self.cache.get(key)
    }

    /// Forgets a state.
    pub fn forget(&self, key: &StreamKey) {
        self.cache.remove(key);
    }

    /// Remembers the state after an append, and has a snapshot written where one is due.
    pub fn remember(&self, key: StreamKey, partition: i32, aggregate: &'static dyn AggregateType, before: i64, state: LoadedState) {
        if state.version / SNAPSHOT_EVERY > before / SNAPSHOT_EVERY {
            let snapshot = Snapshot { key: key.clone(), partition, aggregate, state: state.clone() };
            // A full queue is no loss: the next multiple writes one.
            drop(self.snapshots.try_send(snapshot));
        }
        self.cache.insert(key, state);
    }

    /// Reads the state from Postgres and remembers it. Loads that queue up are read with one statement.
    pub async fn load(&self, key: StreamKey, partition: i32, aggregate: &'static dyn AggregateType) -> Result<LoadedState, LoadError> {
        let (reply, answer) = oneshot::channel();
        let load = Load { key: key.clone(), partition, aggregate, reply };
        self.loads.try_send(load).map_err(|_| LoadError::Overloaded)?;
        let state = answer.await.unwrap_or(Err(LoadError::Overloaded))?;
        self.cache.insert(key, state.clone());
        Ok(state)
    }
}

async fn run_loader(pool: PgPool, queue: Arc<tokio::sync::Mutex<mpsc::Receiver<Load>>>) {
    loop {
        let mut batch = Vec::new();
        if queue.lock().await.recv_many(&mut batch, LOADS_MAX).await == 0 {
            return;
        }
        let mut tenants: HashMap<TenantId, Vec<Load>> = HashMap::new();
        for load in batch {
            tenants.entry(load.key.tenant_id).or_default().push(load);
        }
        for (tenant, loads) in tenants {
            match read_streams(&pool, tenant, &loads).await {
                Ok(states) => {
                    for (load, state) in loads.into_iter().zip(states) {
                        drop(load.reply.send(state));
                    }
                }
                Err(error) => {
                    let error = LoadError::Unavailable(Arc::new(error));
                    for load in loads {
                        drop(load.reply.send(Err(error.clone())));
                    }
                }
            }
        }
    }
}

/// A snapshot (without event type) or an event of the stream with this number, by sequence.
type StreamRow = (i64, i64, Option<String>, Option<String>, String);

const READ: &str = "WITH k AS (SELECT * FROM unnest($2::text[], $3::int[], $4::text[], $5::text[], $6::int[]) WITH ORDINALITY \
        AS k (context, partition, type, id, snapshot_version, number)), \
    s AS (SELECT k.number, s.sequence, s.state FROM k JOIN log.snapshots s ON s.context = k.context AND s.partition = k.partition \
        AND s.tenant_id = $1 AND s.aggregate_type = k.type AND s.aggregate_id = k.id AND s.snapshot_version = k.snapshot_version) \
    SELECT s.number, s.sequence, NULL AS event_type, NULL AS event_version, s.state::text AS body FROM s \
    UNION ALL \
    SELECT k.number, e.sequence, e.event_type, e.event_version, e.payload::text FROM k LEFT JOIN s ON s.number = k.number \
    JOIN LATERAL (SELECT * FROM log.events e WHERE e.context = k.context AND e.partition = k.partition AND e.tenant_id = $1 \
        AND e.aggregate_type = k.type AND e.aggregate_id = k.id AND e.sequence > coalesce(s.sequence, 0)) e ON true \
    ORDER BY 1, 2";

async fn read_streams(pool: &PgPool, tenant: TenantId, loads: &[Load]) -> Result<Vec<Result<LoadedState, LoadError>>, sqlx::Error> {
    let contexts: Vec<&str> = loads.iter().map(|load| load.key.context).collect();
    let partitions: Vec<i32> = loads.iter().map(|load| load.partition).collect();
    let types: Vec<&str> = loads.iter().map(|load| load.key.aggregate_type).collect();
    let ids: Vec<&str> = loads.iter().map(|load| load.key.id.as_str()).collect();
    let versions: Vec<i32> = loads.iter().map(|load| load.aggregate.snapshot_version()).collect();
    let mut tx = TenantTx::begin_by_key(pool, tenant.0).await?;
    let query = sqlx::query_as(READ).bind(tenant.0).bind(contexts).bind(partitions).bind(types).bind(ids).bind(versions);
    let rows: Vec<StreamRow> = query.fetch_all(&mut *tx).await?;
    tx.commit().await?;
    let mut rows = rows.into_iter().peekable();
    let mut states = Vec::with_capacity(loads.len());
    for (index, load) in loads.iter().enumerate() {
        let number = i64::try_from(index + 1).unwrap_or(i64::MAX);
        let own = std::iter::from_fn(|| rows.next_if(|row| row.0 == number));
        states.push(fold(load.aggregate, own.collect()).map_err(|reason| LoadError::Unreadable {
            stream: format!("{}/{}/{}", load.key.context, load.key.aggregate_type, load.key.id),
            reason,
        }));
    }
    Ok(states)
}

fn fold(aggregate: &'static dyn AggregateType, rows: Vec<StreamRow>) -> Result<LoadedState, String> {
    let mut state: State = aggregate.empty();
    let mut version = 0;
    for (_, sequence, event_type, event_version, body) in rows {
        match (event_type, event_version) {
            (Some(name), Some(event_version)) => {
                aggregate.apply(&mut state, &name, &event_version, &body).map_err(|error| error.to_string())?;
            }
            _ => state = aggregate.restore(&body).map_err(|error| error.to_string())?,
        }
        version = sequence;
    }
    Ok(LoadedState { version, state })
}

async fn write_snapshots(pool: PgPool, mut queue: mpsc::Receiver<Snapshot>) {
    while let Some(snapshot) = queue.recv().await {
        if let Err(error) = write_snapshot(&pool, &snapshot).await {
            tracing::warn!(%error, "a snapshot was not written; loading will read more events");
        }
    }
}

async fn write_snapshot(pool: &PgPool, snapshot: &Snapshot) -> Result<(), sqlx::Error> {
    const UPSERT: &str = "INSERT INTO log.snapshots (context, partition, tenant_id, aggregate_type, aggregate_id, sequence, snapshot_version, state) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8::json) ON CONFLICT (context, partition, tenant_id, aggregate_type, aggregate_id) \
        DO UPDATE SET sequence = excluded.sequence, snapshot_version = excluded.snapshot_version, state = excluded.state \
        WHERE (snapshots.snapshot_version, snapshots.sequence) < (excluded.snapshot_version, excluded.sequence)";
    let Snapshot { key, partition, aggregate, state } = snapshot;
    let json = aggregate.snapshot(&state.state).map_err(|error| sqlx::Error::Encode(Box::new(error)))?;
    let mut tx = TenantTx::begin(pool, key.tenant_id.0).await?;
    sqlx::query(UPSERT)
        .bind(key.context)
        .bind(partition)
        .bind(key.tenant_id.0)
        .bind(key.aggregate_type)
        .bind(&key.id)
        .bind(state.version)
        .bind(aggregate.snapshot_version())
        .bind(json)
        .execute(&mut *tx)
        .await?;
    tx.commit().await
}
