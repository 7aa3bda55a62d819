//! The log as a source of events.

use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use domain::kernel::{RecordedEvent, TenantId};
use sqlx::postgres::{PgListener, PgRow};
use sqlx::{PgPool, Row};
use tokio::sync::watch;

use super::checkpoints::{Place, Position};
use super::tail::{EventSource, SourceError};

/// The last positions of all log partitions, kept up to date.
pub type Heads = watch::Receiver<Arc<HashMap<Place, Position>>>;

/// The log as its readers see it, across tenants. Whoever has seen position *n* of a log partition has seen all that there ever is up to *n*.
pub trait EventLog: Clone + Send + Sync + 'static {
    /// The last position of every log partition.
    fn heads(&self) -> impl Future<Output = Result<HashMap<Place, Position>, sqlx::Error>> + Send;

    /// Up to `limit` events of each log partition after the given position, by log partition and position.
    fn after(&self, places: &[(Place, Position)], limit: i64) -> impl Future<Output = Result<Vec<Arc<RecordedEvent>>, sqlx::Error>> + Send;

    /// Whether the log holds each of these events at its position.
    fn holds(&self, events: &[&RecordedEvent]) -> impl Future<Output = Result<bool, sqlx::Error>> + Send;
}

/// How long readers wait at most before they look at the heads themselves.
const POLL: Duration = Duration::from_millis(250);

/// Reads an event from a row with the columns of `log.events`, payload and metadata as text.
pub fn read_event(row: &PgRow) -> Result<RecordedEvent, sqlx::Error> {
    Ok(RecordedEvent {
        context: row.try_get("context")?,
        partition: row.try_get("partition")?,
        position: row.try_get("position")?,
        event_id: row.try_get("event_id")?,
        tenant_id: TenantId(row.try_get("tenant_id")?),
        aggregate_type: row.try_get("aggregate_type")?,
        aggregate_id: row.try_get("aggregate_id")?,
        sequence: row.try_get("sequence")?,
        event_type: row.try_get("event_type")?,
        event_version: row.try_get("event_version")?,
        payload: row.try_get("payload")?,
        metadata: row.try_get("metadata")?,
        recorded_at: row.try_get("recorded_at")?,
    })
}

/// Reads the log across tenants, as the worker role.
#[derive(Clone)]
pub struct LogReader {
    pool: PgPool,
}

impl LogReader {
    /// A reader on a pool of the worker role.
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    /// The pool.
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// The last position of every log partition.
    pub async fn heads(&self) -> Result<HashMap<Place, Position>, sqlx::Error> {
        heads(&self.pool).await
    }

    /// Up to `limit` events of each log partition after the given position, by log partition and position.
    pub async fn after(&self, places: &[(Place, Position)], limit: i64) -> Result<Vec<Arc<RecordedEvent>>, sqlx::Error> {
        const QUERY: &str = "SELECT e.* FROM unnest($1::text[], $2::int[], $3::bigint[]) AS p (context, partition, after) \
            CROSS JOIN LATERAL (SELECT context, partition, position, event_id, tenant_id, aggregate_type, aggregate_id, sequence, event_type, \
                event_version, payload::text AS payload, metadata::text AS metadata, recorded_at \
                FROM log.events e WHERE e.context = p.context AND e.partition = p.partition AND e.position > p.after \
                ORDER BY e.position LIMIT $4) e";
        let contexts: Vec<&str> = places.iter().map(|(place, _)| place.context.as_str()).collect();
        let partitions: Vec<i32> = places.iter().map(|(place, _)| place.partition).collect();
        let positions: Vec<i64> = places.iter().map(|(_, position)| *position).collect();
        let rows = sqlx::query(QUERY).bind(contexts).bind(partitions).bind(positions).bind(limit).fetch_all(&self.pool).await?;
        rows.iter().map(|row| read_event(row).map(Arc::new)).collect()
    }

    /// Whether the log holds each of these events at its position.
    pub async fn holds(&self, events: &[&RecordedEvent]) -> Result<bool, sqlx::Error> {
        const QUERY: &str = "SELECT count(*) FROM unnest($1::text[], $2::int[], $3::bigint[], $4::uuid[]) AS k (context, partition, position, id) \
            JOIN log.events e ON e.context = k.context AND e.partition = k.partition AND e.position = k.position AND e.event_id = k.id";
        let contexts: Vec<&str> = events.iter().map(|event| event.context.as_str()).collect();
        let partitions: Vec<i32> = events.iter().map(|event| event.partition).collect();
        let positions: Vec<i64> = events.iter().map(|event| event.position).collect();
        let ids: Vec<uuid::Uuid> = events.iter().map(|event| event.event_id).collect();
        let query = sqlx::query_scalar(QUERY).bind(contexts).bind(partitions).bind(positions).bind(ids);
        let found: i64 = query.fetch_one(&self.pool).await?;
        Ok(usize::try_from(found).ok() == Some(events.len()))
    }
}

impl EventLog for LogReader {
    async fn heads(&self) -> Result<HashMap<Place, Position>, sqlx::Error> {
        Self::heads(self).await
    }

    async fn after(&self, places: &[(Place, Position)], limit: i64) -> Result<Vec<Arc<RecordedEvent>>, sqlx::Error> {
        Self::after(self, places, limit).await
    }

    async fn holds(&self, events: &[&RecordedEvent]) -> Result<bool, sqlx::Error> {
        Self::holds(self, events).await
    }
}

async fn heads(pool: &PgPool) -> Result<HashMap<Place, Position>, sqlx::Error> {
    let rows: Vec<(String, i32, i64)> = sqlx::query_as("SELECT context, partition, position FROM log.heads").fetch_all(pool).await?;
    Ok(rows.into_iter().map(|(context, partition, position)| (Place { context, partition }, position)).collect())
}

/// Keeps the last positions of all log partitions up to date.
pub struct LogHeads;

impl LogHeads {
    /// Watches the heads: told by the appenders' notices, and by a look a few times a second where a notice was lost. Ends when
    /// nobody listens any more.
    pub fn watch(pool: PgPool) -> Heads {
        let (sender, receiver) = watch::channel(Arc::new(HashMap::new()));
        tokio::spawn(async move {
            let mut listener: Option<PgListener> = None;
            let mut looked = Instant::now();
            let mut told = String::new();
            while !sender.is_closed() {
                if told.is_empty() || looked.elapsed() > POLL {
                    looked = Instant::now();
                    match heads(&pool).await {
                        Ok(heads) => drop(sender.send_if_modified(|known| {
                            let changed = **known != heads;
                            if changed {
                                *known = Arc::new(heads);
                            }
                            changed
                        })),
                        Err(error) => {
                            tracing::debug!(%error, "the heads of the log cannot be read");
                            listener = None;
                            tokio::time::sleep(POLL).await;
                        }
                    }
                } else {
                    sender.send_if_modified(|known| advance(known, &told));
                }
                told.clear();
                if listener.is_none() {
                    listener = listen(&pool).await;
                }
                let Some(active) = &mut listener else {
                    tokio::time::sleep(POLL).await;
                    continue;
                };
                match tokio::time::timeout(POLL, active.recv()).await {
                    Ok(Ok(notice)) => notice.payload().clone_into(&mut told),
                    Ok(Err(_)) => listener = None,
                    Err(_) => {}
                }
            }
        });
        receiver
    }
}

/// Moves the heads that a notice names (`crm/3@1024 crm/5@77`) forward; tells whether one moved. What it does not understand, and
/// log partitions that are not known, are left to the next look.
fn advance(heads: &mut Arc<HashMap<Place, Position>>, notice: &str) -> bool {
    let mut changed = false;
    for token in notice.split_ascii_whitespace() {
        let parsed = token.split_once('@').and_then(|(place, position)| Some((place.split_once('/')?, position.parse().ok()?)));
        let Some(((context, partition), position)): Option<(_, Position)> = parsed else { continue };
        let Ok(partition) = partition.parse() else { continue };
        let place = Place { context: context.to_owned(), partition };
        if heads.get(&place).is_some_and(|head| *head < position) {
            Arc::make_mut(heads).insert(place, position);
            changed = true;
        }
    }
    changed
}

async fn listen(pool: &PgPool) -> Option<PgListener> {
    let mut listener = PgListener::connect_with(pool).await.ok()?;
    listener.listen("neuroops_log").await.ok()?;
    Some(listener)
}

/// Follows the log itself: the source while Kafka is away.
pub struct LogSource<L = LogReader> {
    reader: L,
    heads: Heads,
    positions: HashMap<Place, Position>,
}

impl<L: EventLog> LogSource<L> {
    /// Follows the log from these positions on.
    pub fn new(reader: L, heads: Heads, positions: HashMap<Place, Position>) -> Self {
        Self { reader, heads, positions }
    }
}

#[async_trait]
impl<L: EventLog> EventSource for LogSource<L> {
    fn name(&self) -> &'static str {
        "log"
    }

    async fn next(&mut self) -> Result<Vec<Arc<RecordedEvent>>, SourceError> {
        loop {
            let heads = self.heads.borrow_and_update().clone();
            let behind: Vec<(Place, Position)> = self
                .positions
                .iter()
                .filter(|(place, position)| heads.get(*place).is_some_and(|head| head > position))
                .map(|(place, position)| (place.clone(), *position))
                .collect();
            if !behind.is_empty() {
                let events = self.reader.after(&behind, 1000).await.map_err(|error| SourceError(error.to_string()))?;
                for event in &events {
                    self.positions.insert(Place::of(event), event.position);
                }
                return Ok(events);
            }
            self.heads.changed().await.map_err(|_| SourceError("the watch on the log has ended".to_owned()))?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_moves_known_heads_forward_and_nothing_else() {
        let place = |partition| Place { context: "crm".to_owned(), partition };
        let mut heads = Arc::new(HashMap::from([(place(1), 10), (place(2), 20)]));
        assert!(advance(&mut heads, "crm/1@12 crm/2@19 crm/3@7 sales/1@5 "));
        assert_eq!(*heads, HashMap::from([(place(1), 12), (place(2), 20)]), "never back, never a log partition that is not known");
        for notice in ["", "crm/1@12", "crm/1@11", "nonsense", "crm/x@99", "crm@99", "crm/1@", "@/"] {
            assert!(!advance(&mut heads, notice), "{notice}");
        }
    }
}
