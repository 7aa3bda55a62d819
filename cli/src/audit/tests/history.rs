//! Histories that are made up, with the keys of their notary at hand.

use std::collections::BTreeMap;
use std::ops::Range;

use platform::proofs::checkpoint::{Checkpoint, origin};
use platform::proofs::leaf::{Leaf, payload_digest};
use platform::proofs::merkle::{Frontier, Hash, Head};
use platform::proofs::note::{NamedKey, SigningKey};
use platform::proofs::record::{Record, time_text};
use platform::proofs::spans::{Nodes, Span, beside, hash_of, of_consistency};
use uuid::Uuid;

use super::super::manifest::{Encoding, Since};
use super::super::writer::{Frame, Writer};

/// An export in memory.
pub type Export = BTreeMap<String, Vec<u8>>;

/// Events of a file.
const FILE_ROWS: usize = 10;

pub fn signing_key(number: u8) -> SigningKey {
    SigningKey::from_hex(&hex::encode([number; 32])).expect("a key")
}

pub fn named(key: &SigningKey, tenant: Uuid) -> NamedKey {
    NamedKey::parse(&key.public().to_text(&origin(tenant))).expect("a key")
}

/// A history and who signs it.
#[derive(Clone)]
pub struct History {
    pub tenant: Uuid,
    pub records: Vec<Record>,
    /// Numbers of the keys that sign.
    pub keys: Vec<u8>,
}

impl History {
    /// Events in two contexts; each seventh payload is forgotten.
    pub fn made_up(tenant: u128, events: u64) -> Self {
        let tenant = Uuid::from_u128(tenant);
        let mut history = Self { tenant, records: Vec::new(), keys: vec![1] };
        for number in 0..events {
            let context = if number % 3 == 0 { "crm" } else { "billing" };
            let start = chrono::DateTime::from_timestamp(1_772_000_000, 123_456_000).expect("a time");
            let payload = format!("{{\"n\":{number},\"name\":\"Zoë \\\"x\\\" 🦀\"}}");
            let salt = [u8::try_from(number % 251).expect("small"); 16];
            let mut record = Record {
                index: number,
                context: context.to_owned(),
                partition: 5,
                position: i64::try_from(number).expect("small") * 2 + 1,
                event_id: Uuid::from_u128(u128::from(number) + 1000).to_string(),
                aggregate_type: "contact".to_owned(),
                aggregate_id: format!("a{}", number % 4),
                sequence: i64::try_from(number / 4).expect("small") + 1,
                event_type: "contact_changed".to_owned(),
                event_version: "1".to_owned(),
                recorded_at: time_text(start + chrono::TimeDelta::milliseconds(number.cast_signed() * 17)),
                metadata: "{\"actor\":\"tester\"}".to_owned(),
                payload_digest: hex::encode(payload_digest(&salt, payload.as_bytes())),
                payload: Some(payload),
                payload_salt: Some(hex::encode(salt)),
                leaf_hash: String::new(),
            };
            if number % 7 == 6 {
                (record.payload, record.payload_salt) = (None, None);
            }
            history.records.push(record);
        }
        history.seal();
        history
    }

    /// Numbers the events and hashes all leaves anew, as somebody does who rewrites history.
    pub fn seal(&mut self) {
        for (index, record) in (0..).zip(&mut self.records) {
            record.index = index;
            let hash = |text: &str| -> Hash { hex::decode(text).ok().and_then(|bytes| bytes.try_into().ok()).unwrap_or_default() };
            if let (Some(payload), Some(salt)) = (&record.payload, &record.payload_salt) {
                let salt = hex::decode(salt).ok().and_then(|bytes| bytes.try_into().ok()).unwrap_or_default();
                record.payload_digest = hex::encode(payload_digest(&salt, payload.as_bytes()));
            }
            let leaf = Leaf {
                tenant_id: self.tenant,
                context: &record.context,
                partition: record.partition,
                position: record.position,
                event_id: record.event_id.parse().unwrap_or_default(),
                aggregate_type: &record.aggregate_type,
                aggregate_id: &record.aggregate_id,
                sequence: record.sequence,
                event_type: &record.event_type,
                event_version: &record.event_version,
                recorded_at: record.recorded_at().expect("a time"),
                metadata: &record.metadata,
                payload_digest: hash(&record.payload_digest),
            };
            record.leaf_hash = hex::encode(leaf.hash());
        }
    }

    /// Gives an event another payload, and makes everything fit.
    pub fn rewrite(&mut self, index: usize, payload: &str) {
        self.records[index].payload = Some(payload.to_owned());
        self.records[index].payload_salt = Some("00".repeat(16));
        self.seal();
    }

    pub fn forgotten(&self, range: Range<u64>) -> u64 {
        self.records.iter().filter(|record| range.contains(&record.index) && record.is_forgotten()).count() as u64
    }

    fn tree(&self, size: u64) -> (Frontier, Nodes) {
        let (mut tree, mut nodes) = (Frontier::default(), Nodes::new());
        for record in self.records.iter().take(usize::try_from(size).expect("small")) {
            let leaf: Hash = hex::decode(&record.leaf_hash).expect("hexadecimal").try_into().expect("32 bytes");
            nodes.insert((0, record.index), leaf);
            tree.push(leaf, |level, index, hash| {
                nodes.insert((level, index), hash);
            });
        }
        (tree, nodes)
    }

    pub fn head(&self, size: u64) -> Head {
        Head { size, root: self.tree(size).0.root() }
    }

    /// The signed checkpoint of a size.
    pub fn checkpoint(&self, size: u64) -> String {
        let keys: Vec<SigningKey> = self.keys.iter().map(|number| signing_key(*number)).collect();
        Checkpoint { tenant_id: self.tenant, head: self.head(size) }.sign(&keys)
    }

    /// The export of a range under the checkpoint of a size.
    pub fn export(&self, encoding: Encoding, range: Range<u64>, size: u64, since: Option<u64>) -> Export {
        let (_, nodes) = self.tree(size);
        let hashes = |spans: &[Span]| -> Vec<Hash> { spans.iter().map(|span| hash_of(span, &nodes).expect("known")).collect() };
        let mut export = Export::new();
        let mut writer = Writer::new(&mut export, encoding).with_rows_max(FILE_ROWS);
        for record in self.records.iter().filter(|record| range.contains(&record.index)) {
            writer.push(record.clone()).expect("written");
        }
        let checkpoint = Checkpoint { tenant_id: self.tenant, head: self.head(size) };
        let frame = Frame {
            checkpoint: (checkpoint, self.checkpoint(size)),
            from: range.start,
            to: range.end,
            beside: hashes(&beside(&range, size)),
            since: since.map(|older| Since { size: older, proof: hashes(&of_consistency(older, size)) }),
        };
        writer.finish(frame).expect("written");
        export
    }
}
