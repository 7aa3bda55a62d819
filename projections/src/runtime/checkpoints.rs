//! Checkpoints: how far a projection has come in each log partition.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::kernel::RecordedEvent;
use sqlx::{PgConnection, PgPool};

/// A log partition.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// The context.
    pub context: String,
    /// The partition within it.
    pub partition: i32,
}

impl Place {
    /// The log partition of an event.
    pub fn of(event: &RecordedEvent) -> Self {
        Self { context: event.context.clone(), partition: event.partition }
    }

    /// Whether the event is of this log partition.
    pub fn has(&self, event: &RecordedEvent) -> bool {
        self.partition == event.partition && self.context == event.context
    }
}

/// A position within a log partition: 1 for its first event, 0 before it.
pub type Position = i64;

/// The checkpoints of one version of a projection.
#[derive(Clone, Debug)]
pub struct Checkpoints {
    /// The projection.
    pub projection: &'static str,
    /// The version of its tables.
    pub version: i32,
    /// The last applied position by log partition.
    pub positions: HashMap<Place, Position>,
}

impl Checkpoints {
    /// Reads the checkpoints of a version, making those that are missing at position 0.
    pub async fn load(pool: &PgPool, projection: &'static str, version: i32, contexts: &[&str]) -> Result<Self, sqlx::Error> {
        const MAKE: &str = "INSERT INTO runtime.checkpoints (projection, version, context, partition) \
            SELECT $1, $2, h.context, h.partition FROM log.heads h WHERE h.context = ANY ($3) ON CONFLICT DO NOTHING";
        const READ: &str = "SELECT context, partition, position FROM runtime.checkpoints WHERE projection = $1 AND version = $2";
        sqlx::query(MAKE).bind(projection).bind(version).bind(contexts).execute(pool).await?;
        let rows: Vec<(String, i32, i64)> = sqlx::query_as(READ).bind(projection).bind(version).fetch_all(pool).await?;
        let positions = rows.into_iter().map(|(context, partition, position)| (Place { context, partition }, position)).collect();
        Ok(Self { projection, version, positions })
    }

    /// Keeps the checkpoints, and with them the tables and the parked events, from being moved by anybody else until the transaction
    /// ends.
    pub async fn lock(&self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        const LOCK: &str =
            "SELECT FROM runtime.checkpoints WHERE projection = $1 AND version = $2 ORDER BY context, partition FOR NO KEY UPDATE";
        sqlx::query(LOCK).bind(self.projection).bind(self.version).execute(connection).await?;
        Ok(())
    }

    /// Moves the checkpoints over these events, if they still stand where this process thinks that they do. `false` means that
    /// another process has moved them, or that the version is no longer in use.
    pub async fn advance(
        &self,
        connection: &mut PgConnection,
        moves: &HashMap<Place, (Position, DateTime<Utc>)>,
    ) -> Result<bool, sqlx::Error> {
        const MOVE: &str = "UPDATE runtime.checkpoints c SET position = k.new, recorded_at = k.at \
            FROM unnest($3::text[], $4::int[], $5::bigint[], $6::bigint[], $7::timestamptz[]) AS k (context, partition, old, new, at) \
            WHERE c.projection = $1 AND c.version = $2 AND c.context = k.context AND c.partition = k.partition AND c.position = k.old";
        let (mut contexts, mut partitions, mut old, mut new, mut at) = (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (place, (position, recorded_at)) in moves {
            contexts.push(place.context.as_str());
            partitions.push(place.partition);
            old.push(self.positions.get(place).copied().unwrap_or(0));
            new.push(*position);
            at.push(*recorded_at);
        }
        let query = sqlx::query(MOVE).bind(self.projection).bind(self.version).bind(contexts).bind(partitions);
        let done = query.bind(old).bind(new).bind(at).execute(connection).await?;
        Ok(usize::try_from(done.rows_affected()).ok() == Some(moves.len()))
    }
}

/// The version of a projection that is being read.
pub async fn active_version(pool: &PgPool, projection: &str) -> Result<i32, sqlx::Error> {
    sqlx::query_scalar("SELECT active_version FROM runtime.projections WHERE projection = $1").bind(projection).fetch_one(pool).await
}

/// How far the active versions of these projections have come in one partition: projection, context, position.
pub async fn active_checkpoints(
    connection: &mut PgConnection,
    projections: &[&str],
    partition: i32,
) -> Result<Vec<(String, String, Position)>, sqlx::Error> {
    const READ: &str = "SELECT c.projection, c.context, c.position FROM runtime.checkpoints c \
        JOIN runtime.projections p ON p.projection = c.projection AND p.active_version = c.version \
        WHERE c.projection = ANY ($1) AND c.partition = $2";
    sqlx::query_as(READ).bind(projections).bind(partition).fetch_all(connection).await
}
