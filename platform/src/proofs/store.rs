//! The notary's tables, read for proofs. Every statement names the tenant, whatever the role that runs it may see.

use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row as _};
use uuid::Uuid;

use super::merkle::Hash;
use super::record::{Record, time_text};
use super::spans::{Nodes, Span, hash_of, to_read};

/// The last signed checkpoint of a tenant, if there is one yet: size and note.
pub async fn last_checkpoint(connection: &mut PgConnection, tenant: Uuid) -> Result<Option<(i64, String)>, sqlx::Error> {
    const READ: &str = "SELECT size, note FROM audit.checkpoints WHERE tenant_id = $1 ORDER BY size DESC LIMIT 1";
    sqlx::query_as(READ).bind(tenant).fetch_optional(connection).await
}

/// The signed checkpoint of exactly this size.
pub async fn checkpoint_at(connection: &mut PgConnection, tenant: Uuid, size: i64) -> Result<Option<String>, sqlx::Error> {
    const READ: &str = "SELECT note FROM audit.checkpoints WHERE tenant_id = $1 AND size = $2";
    sqlx::query_scalar(READ).bind(tenant).bind(size).fetch_optional(connection).await
}

/// The public keys that sign or have signed, the newest first, and whether they still do.
pub async fn keys(connection: &mut PgConnection) -> Result<Vec<(Hash, bool)>, sqlx::Error> {
    const READ: &str = "SELECT public_key, retired_at IS NULL FROM audit.keys ORDER BY first_used_at DESC, public_key";
    let rows: Vec<(Vec<u8>, bool)> = sqlx::query_as(READ).fetch_all(connection).await?;
    rows.into_iter().map(|(key, active)| Ok((hash(&key)?, active))).collect()
}

/// The hashes of these spans of the tenant's tree, in this order.
pub async fn hashes(connection: &mut PgConnection, tenant: Uuid, spans: &[Span]) -> Result<Vec<Hash>, sqlx::Error> {
    let nodes = nodes(connection, tenant, spans).await?;
    let missing = || sqlx::Error::Decode("the notary's tree lacks a node".into());
    spans.iter().map(|span| hash_of(span, &nodes).ok_or_else(missing)).collect()
}

async fn nodes(connection: &mut PgConnection, tenant: Uuid, spans: &[Span]) -> Result<Nodes, sqlx::Error> {
    const READ: &str = "SELECT 0 AS level, l.leaf_index, l.leaf_hash FROM unnest($2::bigint[], $3::bigint[]) AS r (first, past) \
            CROSS JOIN LATERAL (SELECT leaf_index, leaf_hash FROM audit.leaves \
                WHERE tenant_id = $1 AND leaf_index >= r.first AND leaf_index < r.past ORDER BY leaf_index) l \
        UNION ALL SELECT n.level, n.node_index, n.hash FROM unnest($4::int[], $5::bigint[], $6::bigint[]) AS r (level, first, past) \
            CROSS JOIN LATERAL (SELECT level, node_index, hash FROM audit.nodes \
                WHERE tenant_id = $1 AND level = r.level AND node_index >= r.first AND node_index < r.past ORDER BY node_index) n";
    let number = |index: u64| i64::try_from(index).unwrap_or(i64::MAX);
    let (mut leaves, mut levels, mut inner) = ((Vec::new(), Vec::new()), Vec::new(), (Vec::new(), Vec::new()));
    for stored in to_read(spans) {
        let ranges = if stored.level == 0 { &mut leaves } else { &mut inner };
        ranges.0.push(number(stored.indexes.start));
        ranges.1.push(number(stored.indexes.end));
        levels.extend((stored.level > 0).then(|| i32::try_from(stored.level).unwrap_or(i32::MAX)));
    }
    let query = sqlx::query_as(READ).bind(tenant).bind(leaves.0).bind(leaves.1).bind(levels).bind(inner.0).bind(inner.1);
    let rows: Vec<(i32, i64, Vec<u8>)> = query.fetch_all(connection).await?;
    rows.into_iter().map(|(level, index, bytes)| Ok(((level.unsigned_abs(), index.unsigned_abs()), hash(&bytes)?))).collect()
}

/// A hash as it is stored.
pub fn hash(bytes: &[u8]) -> Result<Hash, sqlx::Error> {
    bytes.try_into().map_err(|_| sqlx::Error::Decode("a hash has 32 bytes".into()))
}

/// A leaf, and its event where the log still has it.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The leaf's index.
    pub index: i64,
    /// Where the log holds the event, as `context/partition@position`.
    pub place: String,
    /// The record; missing where the log lacks the event, which it never does unless somebody has deleted it.
    pub record: Option<Record>,
}

/// The leaves from `from` up to but without `to`, in order.
pub async fn entries(connection: &mut PgConnection, tenant: Uuid, from: i64, to: i64) -> Result<Vec<Entry>, sqlx::Error> {
    const READ: &str = "SELECT l.leaf_index, l.context, l.partition, l.position, l.event_id, l.payload_salt, l.payload_digest, l.leaf_hash, \
            e.event_id AS found, e.aggregate_type, e.aggregate_id, e.sequence, e.event_type, e.event_version, e.recorded_at, \
            e.metadata::text AS metadata, CASE WHEN l.payload_salt IS NOT NULL THEN e.payload::text END AS payload \
        FROM audit.leaves l LEFT JOIN log.events e ON e.context = l.context AND e.partition = l.partition AND e.position = l.position \
            AND e.tenant_id = l.tenant_id \
        WHERE l.tenant_id = $1 AND l.leaf_index >= $2 AND l.leaf_index < $3 ORDER BY l.leaf_index";
    sqlx::query(READ).bind(tenant).bind(from).bind(to).fetch_all(connection).await?.iter().map(entry).collect()
}

/// The index of the leaf of an event.
pub async fn index_of(connection: &mut PgConnection, tenant: Uuid, event: Uuid) -> Result<Option<i64>, sqlx::Error> {
    const READ: &str = "SELECT leaf_index FROM audit.leaves WHERE tenant_id = $1 AND event_id = $2 ORDER BY leaf_index LIMIT 1";
    sqlx::query_scalar(READ).bind(tenant).bind(event).fetch_optional(connection).await
}

fn entry(row: &PgRow) -> Result<Entry, sqlx::Error> {
    let index: i64 = row.try_get("leaf_index")?;
    let (context, partition, position): (String, i32, i64) = (row.try_get("context")?, row.try_get("partition")?, row.try_get("position")?);
    let place = format!("{context}/{partition}@{position}");
    let Some(event_id) = row.try_get::<Option<Uuid>, _>("found")? else { return Ok(Entry { index, place, record: None }) };
    let hexadecimal = |name: &str| row.try_get::<Vec<u8>, _>(name).map(hex::encode);
    let record = Record {
        index: index.unsigned_abs(),
        context,
        partition,
        position,
        event_id: event_id.to_string(),
        aggregate_type: row.try_get("aggregate_type")?,
        aggregate_id: row.try_get("aggregate_id")?,
        sequence: row.try_get("sequence")?,
        event_type: row.try_get("event_type")?,
        event_version: row.try_get("event_version")?,
        recorded_at: time_text(row.try_get("recorded_at")?),
        metadata: row.try_get("metadata")?,
        payload: row.try_get("payload")?,
        payload_salt: row.try_get::<Option<Vec<u8>>, _>("payload_salt")?.map(hex::encode),
        payload_digest: hexadecimal("payload_digest")?,
        leaf_hash: hexadecimal("leaf_hash")?,
    };
    Ok(Entry { index, place, record: Some(record) })
}
