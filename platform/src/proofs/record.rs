//! A leaf with the event that it stands for, as proofs and exports show it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::leaf::{Leaf, Salt, payload_digest};
use super::merkle::Hash;

/// What is wrong with a record.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// A field does not have its form.
    #[error("`{0}` does not have its form")]
    Form(&'static str),
    /// One of payload and salt without the other.
    #[error("a payload is there with its salt, or both are gone")]
    Half,
    /// The payload is another one.
    #[error("the payload is not the one that was recorded")]
    Payload,
    /// Anything else is not as it was.
    #[error("the event is not the one that was recorded: its leaf hash is another")]
    Leaf,
}

/// A leaf with its event. The names and their order are those of the lines of an export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// The leaf's index in the tenant's tree.
    pub index: u64,
    /// The context.
    pub context: String,
    /// The log partition.
    pub partition: i32,
    /// The position within it.
    pub position: i64,
    /// The event's id.
    pub event_id: String,
    /// The aggregate's type.
    pub aggregate_type: String,
    /// The aggregate's id.
    pub aggregate_id: String,
    /// The aggregate's version after the event.
    pub sequence: i64,
    /// The event's type.
    pub event_type: String,
    /// The version of its schema.
    pub event_version: String,
    /// When the log accepted it: `2026-03-01T12:00:00.123456Z`, always with six decimals.
    pub recorded_at: String,
    /// The metadata, byte for byte.
    pub metadata: String,
    /// The payload, byte for byte; missing once it is forgotten.
    pub payload: Option<String>,
    /// What was hashed before the payload, in hexadecimal digits; missing with the payload.
    pub payload_salt: Option<String>,
    /// What stands for the payload, in hexadecimal digits.
    pub payload_digest: String,
    /// The leaf's hash, in hexadecimal digits.
    pub leaf_hash: String,
}

/// A time as records show it.
pub fn time_text(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}

fn time(text: &str) -> Option<DateTime<Utc>> {
    let time = DateTime::parse_from_rfc3339(text).ok()?.to_utc();
    (time_text(time) == text).then_some(time)
}

fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    let bytes: [u8; N] = hex::decode(text).ok()?.try_into().ok()?;
    (hex::encode(bytes) == text).then_some(bytes)
}

impl Record {
    /// When the log accepted the event.
    pub fn recorded_at(&self) -> Result<DateTime<Utc>, RecordError> {
        time(&self.recorded_at).ok_or(RecordError::Form("recorded_at"))
    }

    /// Whether the payload has been forgotten.
    pub fn is_forgotten(&self) -> bool {
        self.payload.is_none()
    }

    /// The hash of the leaf, computed from the event; an error where the record contradicts itself.
    pub fn hash(&self, tenant_id: Uuid) -> Result<Hash, RecordError> {
        let event_id = Uuid::try_parse(&self.event_id).ok().filter(|id| id.to_string() == self.event_id);
        let event_id = event_id.ok_or(RecordError::Form("event_id"))?;
        let digest: Hash = bytes(&self.payload_digest).ok_or(RecordError::Form("payload_digest"))?;
        match (&self.payload, &self.payload_salt) {
            (None, None) => {}
            (Some(payload), Some(salt)) => {
                let salt: Salt = bytes(salt).ok_or(RecordError::Form("payload_salt"))?;
                if payload_digest(&salt, payload.as_bytes()) != digest {
                    return Err(RecordError::Payload);
                }
            }
            _ => return Err(RecordError::Half),
        }
        let leaf = Leaf {
            tenant_id,
            context: &self.context,
            partition: self.partition,
            position: self.position,
            event_id,
            aggregate_type: &self.aggregate_type,
            aggregate_id: &self.aggregate_id,
            sequence: self.sequence,
            event_type: &self.event_type,
            event_version: &self.event_version,
            recorded_at: self.recorded_at()?,
            metadata: &self.metadata,
            payload_digest: digest,
        };
        let hash = leaf.hash();
        if bytes(&self.leaf_hash) == Some(hash) { Ok(hash) } else { Err(RecordError::Leaf) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Record {
        let digest = payload_digest(&[1; 16], b"{\"a\":1}");
        let mut record = Record {
            index: 0,
            context: "crm".to_owned(),
            partition: 1,
            position: 2,
            event_id: Uuid::from_u128(3).to_string(),
            aggregate_type: "contact".to_owned(),
            aggregate_id: "ada".to_owned(),
            sequence: 1,
            event_type: "contact_registered".to_owned(),
            event_version: "1".to_owned(),
            recorded_at: "2026-03-01T12:00:00.000000Z".to_owned(),
            metadata: "{}".to_owned(),
            payload: Some("{\"a\":1}".to_owned()),
            payload_salt: Some("01".repeat(16)),
            payload_digest: hex::encode(digest),
            leaf_hash: String::new(),
        };
        assert_eq!(record.hash(Uuid::nil()), Err(RecordError::Leaf));
        let leaf = Leaf {
            tenant_id: Uuid::nil(),
            context: "crm",
            partition: 1,
            position: 2,
            event_id: Uuid::from_u128(3),
            aggregate_type: "contact",
            aggregate_id: "ada",
            sequence: 1,
            event_type: "contact_registered",
            event_version: "1",
            recorded_at: record.recorded_at().unwrap(),
            metadata: "{}",
            payload_digest: digest,
        };
        record.leaf_hash = hex::encode(leaf.hash());
        record
    }

    #[test]
    fn a_record_holds_together_and_an_altered_one_says_what_is_wrong() {
        let good = record();
        assert!(good.hash(Uuid::nil()).is_ok());
        assert_eq!(good.hash(Uuid::from_u128(9)), Err(RecordError::Leaf));
        let forgotten = Record { payload: None, payload_salt: None, ..good.clone() };
        assert_eq!(forgotten.hash(Uuid::nil()), good.hash(Uuid::nil()));
        let changed = |change: fn(&mut Record)| {
            let mut record = record();
            change(&mut record);
            record.hash(Uuid::nil()).unwrap_err()
        };
        assert_eq!(changed(|record| record.payload = Some("{\"a\":2}".to_owned())), RecordError::Payload);
        assert_eq!(changed(|record| record.payload = None), RecordError::Half);
        assert_eq!(changed(|record| record.payload_salt = None), RecordError::Half);
        assert_eq!(changed(|record| record.metadata.push(' ')), RecordError::Leaf);
        assert_eq!(changed(|record| record.leaf_hash.make_ascii_uppercase()), RecordError::Leaf);
        assert_eq!(changed(|record| record.event_id.push('0')), RecordError::Form("event_id"));
        for text in ["2026-03-01T12:00:00Z", "2026-03-01T12:00:00.000000+00:00", "2026-03-01 12:00:00.000000Z", "noon"] {
            assert!(time(text).is_none(), "{text}");
        }
    }
}
