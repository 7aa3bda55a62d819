//! Ten thousand forgeries, by forgers who know the form of exports, mend all checksums, and sometimes hold the signing key.

use std::sync::atomic::{AtomicUsize, Ordering};

use platform::clock;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::super::manifest::{CHECKPOINT, Encoding, MANIFEST, Manifest};
use super::history::{Export, History};
use super::{EVENTS, KEPT, refusal};

/// Forgeries that are tried.
const FORGERIES: usize = 10_000;

/// A generator of numbers (xorshift64*): a seed that is printed leads to the same forgeries again.
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }

    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end.max(1) as u64).expect("small")
    }
}

/// What is tampered with.
pub struct Forger {
    pub history: History,
    /// The checkpoint that the verifier holds.
    pub kept: String,
    whole: Export,
    part: Export,
    foreign: Export,
}

impl Forger {
    pub fn new() -> Self {
        let (history, other) = (History::made_up(77, EVENTS), History::made_up(78, EVENTS));
        let range = 4..20;
        Self {
            kept: history.checkpoint(KEPT),
            whole: history.export(Encoding::Ndjson, 0..EVENTS, EVENTS, None),
            part: history.export(Encoding::Ndjson, range, EVENTS, Some(KEPT)),
            foreign: other.export(Encoding::Ndjson, 0..EVENTS, EVENTS, None),
            history,
        }
    }

    /// What nobody has tampered with.
    pub fn genuine(&self) -> [&Export; 2] {
        [&self.whole, &self.part]
    }

    /// A forgery and what it is called.
    pub fn forge(&self, chance: &mut Chance) -> (&'static str, Export) {
        loop {
            let whole = chance.below(3) > 0;
            let original = if whole { &self.whole } else { &self.part };
            let (name, export) = match chance.below(10) {
                0 => ("a byte", altered_byte(original.clone(), chance, false)),
                1 => ("a byte, with checksums mended", altered_byte(original.clone(), chance, true)),
                2 => ("an edited event", self.edited(chance, whole)),
                3 => ("swapped events", self.swapped(chance)),
                4 => ("deleted events", self.deleted(chance)),
                5 => ("an event put in", self.inserted(chance)),
                6 => ("a cut end", self.cut(chance)),
                7 => ("a rewritten chain, signed with the stolen key", self.rewritten(chance)),
                8 => ("a rewritten chain, signed with another key", self.resigned(chance)),
                _ => ("parts of another export", self.mixed(original.clone(), chance)),
            };
            if self.genuine().iter().all(|original| **original != export) {
                return (name, export);
            }
        }
    }

    /// The true checkpoint over events that are not the true ones.
    fn under_true_checkpoint(&self, forged: &History) -> Export {
        let size = forged.records.len() as u64;
        let mut export = forged.export(Encoding::Ndjson, 0..size, size, None);
        export.insert(CHECKPOINT.to_owned(), self.whole[CHECKPOINT].clone());
        let mut manifest: Manifest = serde_json::from_slice(&export[MANIFEST]).expect("a manifest");
        manifest.tree_size = EVENTS;
        export.insert(MANIFEST.to_owned(), manifest.to_bytes());
        export
    }

    fn edited(&self, chance: &mut Chance, sealed: bool) -> Export {
        let mut forged = self.history.clone();
        let index = chance.below(forged.records.len());
        edit(&mut forged, index, chance);
        if sealed {
            forged.seal();
        }
        self.under_true_checkpoint(&forged)
    }

    fn swapped(&self, chance: &mut Chance) -> Export {
        let mut forged = self.history.clone();
        let (a, b) = (chance.below(forged.records.len()), chance.below(forged.records.len()));
        forged.records.swap(a, b);
        if chance.below(2) == 0 {
            // The positions stay, so that the order of each log partition seems to hold.
            let (first, second) = (forged.records[a].position, forged.records[b].position);
            (forged.records[a].position, forged.records[b].position) = (second, first);
        }
        forged.seal();
        if chance.below(2) == 0 { self.under_true_checkpoint(&forged) } else { self.stolen(&forged, a.min(b)) }
    }

    fn deleted(&self, chance: &mut Chance) -> Export {
        let mut forged = self.history.clone();
        let first = chance.below(forged.records.len());
        let count = 1 + chance.below(forged.records.len() - first);
        forged.records.drain(first..first + count);
        forged.seal();
        if chance.below(2) == 0 { self.under_true_checkpoint(&forged) } else { self.stolen(&forged, first) }
    }

    fn inserted(&self, chance: &mut Chance) -> Export {
        let mut forged = self.history.clone();
        let index = chance.below(forged.records.len() + 1);
        let mut record = forged.records[chance.below(forged.records.len())].clone();
        record.event_id = Uuid::from_u128(u128::from(chance.next())).to_string();
        forged.records.insert(index, record);
        forged.seal();
        if chance.below(2) == 0 { self.under_true_checkpoint(&forged) } else { self.stolen(&forged, index) }
    }

    /// Without the last events: under the true checkpoint, or under a true or stolen one from before the verifier's.
    fn cut(&self, chance: &mut Chance) -> Export {
        let mut forged = self.history.clone();
        let below = if chance.below(2) == 0 { EVENTS } else { KEPT };
        let size = chance.below(usize::try_from(below).expect("small"));
        forged.records.truncate(size);
        if below == EVENTS {
            self.under_true_checkpoint(&forged)
        } else {
            forged.export(Encoding::Ndjson, 0..size as u64, size as u64, None)
        }
    }

    /// Signed with the true key where something from before the verifier's checkpoint was changed; only then can anybody know.
    fn stolen(&self, forged: &History, first: usize) -> Export {
        if first as u64 >= KEPT {
            return self.under_true_checkpoint(forged);
        }
        let size = forged.records.len() as u64;
        forged.export(Encoding::Ndjson, 0..size, size, None)
    }

    fn rewritten(&self, chance: &mut Chance) -> Export {
        let mut forged = self.history.clone();
        let index = chance.below(usize::try_from(KEPT).expect("small"));
        edit(&mut forged, index, chance);
        for _ in 0..chance.below(4) {
            let index = chance.below(forged.records.len());
            edit(&mut forged, index, chance);
        }
        forged.seal();
        if chance.below(3) == 0 {
            return forged.export(Encoding::Ndjson, 4..20, EVENTS, Some(KEPT));
        }
        forged.export(Encoding::Ndjson, 0..EVENTS, EVENTS, None)
    }

    fn resigned(&self, chance: &mut Chance) -> Export {
        let mut forged = self.history.clone();
        let index = chance.below(forged.records.len());
        edit(&mut forged, index, chance);
        forged.keys = vec![2 + u8::try_from(chance.below(200)).expect("small")];
        forged.seal();
        forged.export(Encoding::Ndjson, 0..EVENTS, EVENTS, None)
    }

    /// Some files are another tenant's.
    fn mixed(&self, mut export: Export, chance: &mut Chance) -> Export {
        for (name, bytes) in &self.foreign {
            if chance.below(2) == 0 {
                export.insert(name.clone(), bytes.clone());
            }
        }
        export
    }
}

/// Changes something that an event says.
fn edit(history: &mut History, index: usize, chance: &mut Chance) {
    let record = &mut history.records[index];
    let number = i64::try_from(chance.below(1000)).expect("small") + 1;
    match chance.below(10) {
        0 => record.payload = Some(format!("{{\"n\":\"{number}\"}}")),
        1 => record.metadata = format!("{{\"actor\":\"mallory{number}\"}}"),
        2 => record.recorded_at = format!("2025-01-01T00:00:00.{number:06}Z"),
        3 => record.aggregate_id = format!("b{number}"),
        4 => record.event_type = format!("contact_erased_{number}"),
        5 => record.sequence += number,
        6 => record.event_version = format!("1{number}"),
        7 => record.event_id = Uuid::from_u128(u128::from(number.unsigned_abs()) << 64).to_string(),
        8 => record.aggregate_type = format!("company{number}"),
        _ => record.position += number,
    }
    if record.payload.is_some() && (record.payload_salt.is_none() || chance.below(4) == 0) {
        record.payload_salt = Some(format!("{number:032x}"));
    }
}

/// One byte is changed, put in or taken out, anywhere.
fn altered_byte(mut export: Export, chance: &mut Chance, mend: bool) -> Export {
    let names: Vec<String> = export.keys().cloned().collect();
    let name = &names[chance.below(names.len())];
    let bytes = export.get_mut(name).expect("there");
    let (at, byte) = (chance.below(bytes.len()), u8::try_from(chance.below(256)).expect("small"));
    match chance.below(4) {
        0 => bytes[at] = byte,
        1 => bytes[at] ^= 1 << (byte % 8),
        2 => bytes.insert(at, byte),
        _ => drop(bytes.remove(at)),
    }
    if mend {
        mend_checksums(&mut export);
    }
    export
}

fn mend_checksums(export: &mut Export) {
    let Ok(mut manifest) = serde_json::from_slice::<Manifest>(&export[MANIFEST]) else { return };
    for file in &mut manifest.files {
        let Some(bytes) = export.get(&file.name) else { continue };
        (file.bytes, file.sha256) = (bytes.len() as u64, hex::encode(Sha256::digest(bytes)));
    }
    export.insert(MANIFEST.to_owned(), manifest.to_bytes());
}

/// Whoever holds a checkpoint of 15 events and the public key finds out each of 10,000 forgeries of the history's 24.
#[test]
fn ten_thousand_forgeries_are_all_found_out() {
    let seed = u64::from(clock::now().timestamp_subsec_nanos());
    println!("seed {seed}");
    let forger = Forger::new();
    for export in forger.genuine() {
        assert_eq!(refusal(export, &forger.history, Some(&forger.kept)), None);
    }
    let found = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for thread in 0..2 {
            let (forger, found) = (&forger, &found);
            scope.spawn(move || {
                let mut chance = Chance::new(seed * 2 + thread);
                for number in 0..FORGERIES / 2 {
                    let (name, export) = forger.forge(&mut chance);
                    let told = refusal(&export, &forger.history, Some(&forger.kept));
                    assert!(
                        told.is_some_and(|told| !told.is_empty()),
                        "seed {seed}, thread {thread}, number {number}: {name} is not found out"
                    );
                    found.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    assert_eq!(found.into_inner(), FORGERIES);
}
