//! How an event becomes the entry of a leaf, byte by byte.
//!
//! An entry is [`MAGIC`], then these fields in this order. Numbers are big-endian; a text is its length in bytes (4 bytes) and its UTF-8.
//!
//! | field | bytes |
//! |---|---|
//! | tenant id | 16 |
//! | context | text |
//! | partition | 4 |
//! | position | 8 |
//! | event id | 16 |
//! | aggregate type, aggregate id | text each |
//! | sequence | 8 |
//! | event type, event version | text each |
//! | recorded at, in microseconds since 1970-01-01T00:00:00Z, two's complement | 8 |
//! | SHA-256 of the metadata as stored | 32 |
//! | [`payload_digest`] | 32 |
//!
//! The payload itself is not part of it: once the payload and its salt are destroyed, the digest proves that there was an event and tells
//! nothing of what it said.

use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::merkle::{Hash, leaf_hash};

/// What an entry begins with; another encoding would have another number.
pub const MAGIC: &[u8] = b"neuroops/audit/leaf/v1\n";
/// What is hashed before salt and payload, so that a digest of a payload cannot be taken for anything else.
pub const PAYLOAD_MAGIC: &[u8] = b"neuroops/audit/payload/v1\n";
/// Bytes of a salt.
pub const SALT_BYTES: usize = 16;

/// Random bytes that keep a payload from being guessed by its digest.
pub type Salt = [u8; SALT_BYTES];

/// The digest of a payload, which outlives it.
pub fn payload_digest(salt: &Salt, payload: &[u8]) -> Hash {
    Sha256::new().chain_update(PAYLOAD_MAGIC).chain_update(salt).chain_update(payload).finalize().into()
}

/// What a leaf says of an event.
#[derive(Clone, Debug)]
pub struct Leaf<'a> {
    /// The tenant.
    pub tenant_id: Uuid,
    /// The context.
    pub context: &'a str,
    /// The log partition.
    pub partition: i32,
    /// The position within it.
    pub position: i64,
    /// The event's id.
    pub event_id: Uuid,
    /// The aggregate's type.
    pub aggregate_type: &'a str,
    /// The aggregate's id.
    pub aggregate_id: &'a str,
    /// The aggregate's version after the event.
    pub sequence: i64,
    /// The event's type.
    pub event_type: &'a str,
    /// The version of its schema.
    pub event_version: &'a str,
    /// When the log accepted it, to the microsecond.
    pub recorded_at: DateTime<Utc>,
    /// The metadata, byte for byte as stored.
    pub metadata: &'a str,
    /// What stands for the payload.
    pub payload_digest: Hash,
}

impl Leaf<'_> {
    /// The entry.
    pub fn entry(&self) -> Vec<u8> {
        let mut entry = Vec::with_capacity(320);
        entry.extend_from_slice(MAGIC);
        entry.extend_from_slice(self.tenant_id.as_bytes());
        text(&mut entry, self.context);
        entry.extend_from_slice(&self.partition.to_be_bytes());
        entry.extend_from_slice(&self.position.to_be_bytes());
        entry.extend_from_slice(self.event_id.as_bytes());
        text(&mut entry, self.aggregate_type);
        text(&mut entry, self.aggregate_id);
        entry.extend_from_slice(&self.sequence.to_be_bytes());
        text(&mut entry, self.event_type);
        text(&mut entry, self.event_version);
        entry.extend_from_slice(&self.recorded_at.timestamp_micros().to_be_bytes());
        entry.extend_from_slice(&Sha256::digest(self.metadata.as_bytes()));
        entry.extend_from_slice(&self.payload_digest);
        entry
    }

    /// The leaf's hash.
    pub fn hash(&self) -> Hash {
        leaf_hash(&self.entry())
    }
}

fn text(entry: &mut Vec<u8>, value: &str) {
    // Postgres keeps no text of 4 GiB.
    entry.extend_from_slice(&u32::try_from(value.len()).unwrap_or(u32::MAX).to_be_bytes());
    entry.extend_from_slice(value.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaf() -> Leaf<'static> {
        Leaf {
            tenant_id: Uuid::from_u128(1),
            context: "crm",
            partition: 3,
            position: 1024,
            event_id: Uuid::from_u128(2),
            aggregate_type: "contact",
            aggregate_id: "ada",
            sequence: 7,
            event_type: "contact_registered",
            event_version: "1",
            recorded_at: "2026-03-01T12:00:00.123456Z".parse().unwrap(),
            metadata: "{\"actor\":\"x\"}",
            payload_digest: payload_digest(&[9; SALT_BYTES], b"{}"),
        }
    }

    /// The encoding is a contract with everybody who holds a checkpoint: this hash never changes.
    #[test]
    fn the_encoding_is_fixed() {
        let entry = leaf().entry();
        assert!(entry.starts_with(b"neuroops/audit/leaf/v1\n\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0\x03crm\0\0\0\x03"));
        assert_eq!(entry.len(), 23 + 16 + 7 + 4 + 8 + 16 + 11 + 7 + 8 + 22 + 5 + 8 + 32 + 32);
        assert_eq!(hex::encode(leaf().hash()), "9af189bcbeb90d2e81f88acd3100faf2983bc476a07526b4393908c2e7dce483");
    }

    #[test]
    fn every_field_counts() {
        let (mut seen, base) = (vec![leaf().hash()], leaf());
        for changed in [
            Leaf { tenant_id: Uuid::from_u128(3), ..base.clone() },
            Leaf { context: "crn", ..base.clone() },
            Leaf { partition: 4, ..base.clone() },
            Leaf { position: 1025, ..base.clone() },
            Leaf { event_id: Uuid::from_u128(4), ..base.clone() },
            Leaf { aggregate_type: "contac", aggregate_id: "tada", ..base.clone() },
            Leaf { aggregate_id: "ade", ..base.clone() },
            Leaf { sequence: 8, ..base.clone() },
            Leaf { event_type: "contact_renamed", ..base.clone() },
            Leaf { event_version: "2", ..base.clone() },
            Leaf { recorded_at: base.recorded_at + chrono::TimeDelta::microseconds(1), ..base.clone() },
            Leaf { metadata: "{\"actor\":\"y\"}", ..base.clone() },
            Leaf { payload_digest: payload_digest(&[9; SALT_BYTES], b"{ }"), ..base.clone() },
            Leaf { payload_digest: payload_digest(&[8; SALT_BYTES], b"{}"), ..base },
        ] {
            let hash = changed.hash();
            assert!(!seen.contains(&hash), "{changed:?}");
            seen.push(hash);
        }
    }
}
