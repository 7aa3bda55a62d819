//! A batch of leaves: hashed beside the database, written with one statement for each table.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::kernel::RecordedEvent;
use platform::postgres::begin_worker;
use platform::proofs::leaf::{Leaf, SALT_BYTES, Salt, payload_digest};
use platform::proofs::merkle::{Frontier, Hash};
use platform::proofs::note::fill_random;
use projections::runtime::{Checkpoints, Place, Position};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::NotaryError;

/// An event that becomes a leaf.
struct Entry {
    context: String,
    partition: i32,
    position: Position,
    event_id: Uuid,
    salt: Salt,
    digest: Hash,
    hash: Hash,
}

/// Events that become leaves together.
pub(super) struct Batch {
    /// By tenant; in the order of the lock on the trees.
    entries: BTreeMap<Uuid, Vec<Entry>>,
    /// The first position of each log partition.
    firsts: HashMap<Place, Position>,
    /// The last position of each log partition, and its time.
    moves: HashMap<Place, (Position, DateTime<Utc>)>,
    count: usize,
}

/// The rows of a batch, column by column.
#[derive(Default)]
struct Leaves {
    tenants: Vec<Uuid>,
    indexes: Vec<i64>,
    contexts: Vec<String>,
    partitions: Vec<i32>,
    positions: Vec<i64>,
    events: Vec<Uuid>,
    salts: Vec<Vec<u8>>,
    digests: Vec<Vec<u8>>,
    hashes: Vec<Vec<u8>>,
}

/// Nodes that have become complete, column by column.
#[derive(Default)]
struct Nodes {
    tenants: Vec<Uuid>,
    levels: Vec<i32>,
    indexes: Vec<i64>,
    hashes: Vec<Vec<u8>>,
}

fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

impl Batch {
    /// Hashes the events, which are in order.
    pub fn new(events: &[Arc<RecordedEvent>]) -> Self {
        let mut random = vec![0; events.len() * SALT_BYTES];
        fill_random(&mut random);
        let (salts, _) = random.as_chunks::<SALT_BYTES>();
        let (mut entries, mut firsts, mut moves) = (BTreeMap::<Uuid, Vec<Entry>>::new(), HashMap::new(), HashMap::new());
        for (event, salt) in events.iter().zip(salts) {
            let digest = payload_digest(salt, event.payload.as_bytes());
            let leaf = Leaf {
                tenant_id: event.tenant_id.0,
                context: &event.context,
                partition: event.partition,
                position: event.position,
                event_id: event.event_id,
                aggregate_type: &event.aggregate_type,
                aggregate_id: &event.aggregate_id,
                sequence: event.sequence,
                event_type: &event.event_type,
                event_version: &event.event_version,
                recorded_at: event.recorded_at,
                metadata: &event.metadata,
                payload_digest: digest,
            };
            entries.entry(event.tenant_id.0).or_default().push(Entry {
                context: event.context.clone(),
                partition: event.partition,
                position: event.position,
                event_id: event.event_id,
                salt: *salt,
                digest,
                hash: leaf.hash(),
            });
            firsts.entry(Place::of(event)).or_insert(event.position);
            moves.insert(Place::of(event), (event.position, event.recorded_at));
        }
        Self { entries, firsts, moves, count: events.len() }
    }

    /// Leaves.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Gives the leaves their indexes and writes them, with the nodes that they complete and the positions that they reach, in one
    /// transaction.
    pub async fn write(self, pool: &PgPool, checkpoints: &mut Checkpoints) -> Result<(), NotaryError> {
        // The move below compares where the positions stand; that the batch begins there is for us to see.
        if self.firsts.iter().any(|(place, first)| checkpoints.positions.get(place).copied().unwrap_or(0) + 1 != *first) {
            return Err(NotaryError::Overtaken);
        }
        let mut tx = begin_worker(pool).await?;
        if !checkpoints.advance(&mut tx, &self.moves).await? {
            return Err(NotaryError::Overtaken);
        }
        let mut trees = lock_trees(&mut tx, self.entries.keys().copied().collect()).await?;
        let (mut leaves, mut nodes) = (Leaves::default(), Nodes::default());
        for (tenant, entries) in self.entries {
            let tree = trees.get_mut(&tenant).ok_or(NotaryError::Damaged(tenant))?;
            for entry in entries {
                leaves.push(tenant, tree.size(), &entry);
                tree.push(entry.hash, |level, index, hash| nodes.push(tenant, level, index, hash));
                leaves.contexts.push(entry.context);
            }
        }
        leaves.write(&mut tx).await?;
        nodes.write(&mut tx).await?;
        write_trees(&mut tx, &trees).await?;
        tx.commit().await?;
        for (place, (position, _)) in self.moves {
            checkpoints.positions.insert(place, position);
        }
        Ok(())
    }
}

/// Locks the trees, in the order of their tenants, and tells how far they have grown.
async fn lock_trees(connection: &mut PgConnection, tenants: Vec<Uuid>) -> Result<HashMap<Uuid, Frontier>, NotaryError> {
    const MAKE: &str =
        "INSERT INTO audit.trees (tenant_id) SELECT t FROM unnest($1::uuid[]) t ORDER BY t ON CONFLICT (tenant_id) DO NOTHING";
    const LOCK: &str = "SELECT tenant_id, size, peaks FROM audit.trees WHERE tenant_id = ANY ($1) ORDER BY tenant_id FOR NO KEY UPDATE";
    let read = async |connection: &mut PgConnection| -> Result<Vec<(Uuid, i64, Vec<u8>)>, sqlx::Error> {
        sqlx::query_as(LOCK).bind(&tenants).fetch_all(connection).await
    };
    let mut rows = read(connection).await?;
    if rows.len() < tenants.len() {
        sqlx::query(MAKE).bind(&tenants).execute(&mut *connection).await?;
        rows = read(connection).await?;
    }
    let tree = |(tenant, size, peaks): (Uuid, i64, Vec<u8>)| {
        let tree = Frontier::from_bytes(size.unsigned_abs(), &peaks).ok_or(NotaryError::Damaged(tenant))?;
        Ok((tenant, tree))
    };
    rows.into_iter().map(tree).collect()
}

async fn write_trees(connection: &mut PgConnection, trees: &HashMap<Uuid, Frontier>) -> Result<(), sqlx::Error> {
    const WRITE: &str = "UPDATE audit.trees t SET size = k.size, peaks = k.peaks \
        FROM unnest($1::uuid[], $2::bigint[], $3::bytea[]) AS k (tenant, size, peaks) WHERE t.tenant_id = k.tenant";
    let (mut tenants, mut sizes, mut peaks) = (Vec::new(), Vec::new(), Vec::new());
    for (tenant, tree) in trees {
        tenants.push(*tenant);
        sizes.push(number(tree.size()));
        peaks.push(tree.to_bytes());
    }
    sqlx::query(WRITE).bind(tenants).bind(sizes).bind(peaks).execute(connection).await?;
    Ok(())
}

impl Leaves {
    fn push(&mut self, tenant: Uuid, index: u64, entry: &Entry) {
        self.tenants.push(tenant);
        self.indexes.push(number(index));
        self.partitions.push(entry.partition);
        self.positions.push(entry.position);
        self.events.push(entry.event_id);
        self.salts.push(entry.salt.to_vec());
        self.digests.push(entry.digest.to_vec());
        self.hashes.push(entry.hash.to_vec());
    }

    async fn write(self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        // In the select list, unnest hands over row by row; in FROM it would first write the whole batch to a work table.
        const WRITE: &str = "INSERT INTO audit.leaves \
                (tenant_id, leaf_index, context, partition, position, event_id, payload_salt, payload_digest, leaf_hash) \
            SELECT unnest($1::uuid[]), unnest($2::bigint[]), unnest($3::text[]), unnest($4::int[]), unnest($5::bigint[]), unnest($6::uuid[]), \
                unnest($7::bytea[]), unnest($8::bytea[]), unnest($9::bytea[])";
        let query = sqlx::query(WRITE).bind(self.tenants).bind(self.indexes).bind(self.contexts).bind(self.partitions).bind(self.positions);
        query.bind(self.events).bind(self.salts).bind(self.digests).bind(self.hashes).execute(connection).await?;
        Ok(())
    }
}

impl Nodes {
    fn push(&mut self, tenant: Uuid, level: u32, index: u64, hash: Hash) {
        self.tenants.push(tenant);
        self.levels.push(i32::try_from(level).unwrap_or(i32::MAX));
        self.indexes.push(number(index));
        self.hashes.push(hash.to_vec());
    }

    async fn write(self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        const WRITE: &str = "INSERT INTO audit.nodes (tenant_id, level, node_index, hash) \
            SELECT * FROM unnest($1::uuid[], $2::int[], $3::bigint[], $4::bytea[])";
        if self.tenants.is_empty() {
            return Ok(());
        }
        sqlx::query(WRITE).bind(self.tenants).bind(self.levels).bind(self.indexes).bind(self.hashes).execute(connection).await?;
        Ok(())
    }
}
