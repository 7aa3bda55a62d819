//! Verifies an export with nothing but a public key and, better, a checkpoint that was kept since earlier.
//!
//! What is checked, in this order, and the first thing that is wrong is told with its place:
//! 1. the manifest is one, and there are exactly the files that it names;
//! 2. the checkpoint belongs to the tenant and is signed by the key;
//! 3. the checkpoint that was kept is of the same tenant, signed, and not ahead of the export;
//! 4. each event is as it was recorded, and stands where it stood;
//! 5. the events lead to the root of the checkpoint;
//! 6. they lead to the root of the checkpoint that was kept.

use std::collections::HashMap;

use anyhow::{Context as _, Result, bail, ensure};
use platform::proofs::checkpoint::{Checkpoint, CheckpointError};
use platform::proofs::merkle::{Hash, Head, root_of, verify_consistency};
use platform::proofs::note::{NamedKey, NoteError};
use platform::proofs::record::Record;
use platform::proofs::spans::{beside, root_of_part};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::files;
use super::manifest::{CHECKPOINT, EventFile, FORMAT, Folder, MANIFEST, Manifest};

/// What verification rests on.
pub struct Trust<'a> {
    /// The public keys, of which one must have signed each checkpoint; several where a key was replaced.
    pub keys: &'a [NamedKey],
    /// A checkpoint that was kept since earlier, as a signed note.
    pub kept: Option<&'a str>,
}

/// What an export has been found to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The tenant.
    pub tenant_id: Uuid,
    /// The signed state of the history.
    pub head: Head,
    /// The index of the first event.
    pub from: u64,
    /// The index behind the last event.
    pub to: u64,
    /// Events whose payload is forgotten.
    pub forgotten: u64,
    /// The size of the checkpoint that was kept.
    pub kept: Option<u64>,
}

/// Verifies; `progress` is told how many events were read.
pub fn verify(folder: &impl Folder, trust: &Trust<'_>, mut progress: impl FnMut(u64)) -> Result<Verified> {
    let manifest = manifest(folder)?;
    let note = text(folder, CHECKPOINT)?;
    let checkpoint = open(&note, trust.keys).with_context(|| format!("{CHECKPOINT} does not hold"))?;
    ensure!(
        checkpoint.tenant_id == manifest.tenant_id,
        "{CHECKPOINT} is of tenant {}, and {MANIFEST} of tenant {}",
        checkpoint.tenant_id,
        manifest.tenant_id
    );
    let head = checkpoint.head;
    ensure!(head.size == manifest.tree_size, "{CHECKPOINT} has {} events, and {MANIFEST} says {}", head.size, manifest.tree_size);
    ensure!(
        manifest.from <= manifest.to && manifest.to <= head.size,
        "{MANIFEST}: events {} to {} are not within the history of {} events",
        manifest.from,
        manifest.to,
        head.size
    );
    let kept = trust.kept.map(|note| kept(note, trust.keys, &checkpoint)).transpose()?;
    let leaves = leaves(folder, &manifest, &mut progress)?;
    ensure!(
        beside(&(manifest.from..manifest.to), head.size).len() == manifest.beside.len(),
        "{MANIFEST}: `beside` does not have as many hashes as the events ask for"
    );
    if let Some(kept) = &kept {
        grown(&manifest, &leaves, kept, &head)?;
    }
    if let Some(since) = manifest.since.as_ref().filter(|since| manifest.from == 0 && since.size <= manifest.to) {
        let older = Head { size: since.size, root: root_of(&leaves[..usize::try_from(since.size)?]) };
        verify_consistency(&older, &head, &since.proof).with_context(|| format!("{MANIFEST}: `since` does not hold"))?;
    }
    let root = root_of_part(manifest.from, &leaves, &manifest.beside, head.size);
    if root != Some(head.root) {
        let place = kept.map_or_else(String::new, |kept| format!("; the first {} are those of the checkpoint that you hold", kept.size));
        bail!(
            "the events {} to {} do not lead to the root of {CHECKPOINT}: there are others, or they are in another order{place}",
            manifest.from,
            manifest.to
        );
    }
    let Manifest { tenant_id, from, to, forgotten, .. } = manifest;
    Ok(Verified { tenant_id, head, from, to, forgotten, kept: kept.map(|kept| kept.size) })
}

fn text(folder: &impl Folder, name: &str) -> Result<String> {
    let bytes = folder.read(name).with_context(|| format!("{name} cannot be read"))?;
    String::from_utf8(bytes).ok().with_context(|| format!("{name} is no text"))
}

fn manifest(folder: &impl Folder) -> Result<Manifest> {
    let names = folder.names().context("the folder cannot be read")?;
    ensure!(names.iter().any(|name| name == MANIFEST), "there is no {MANIFEST}: this is no export, or it was broken off");
    let bytes = folder.read(MANIFEST).with_context(|| format!("{MANIFEST} cannot be read"))?;
    let manifest: Manifest = serde_json::from_slice(&bytes).with_context(|| format!("{MANIFEST} is not one"))?;
    ensure!(manifest.format == FORMAT, "{MANIFEST}: the format `{}` is not known; this program knows `{FORMAT}`", manifest.format);
    ensure!(manifest.to_bytes() == bytes, "{MANIFEST} is not written as an export writes it");
    let listed: Vec<&str> = manifest.files.iter().map(|file| file.name.as_str()).chain([MANIFEST, CHECKPOINT]).collect();
    if let Some(other) = names.iter().find(|name| !listed.contains(&name.as_str())) {
        bail!("{other} is there, and {MANIFEST} does not name it");
    }
    if let Some(missing) = listed.iter().find(|name| !names.iter().any(|found| found == *name)) {
        bail!("{missing} is missing");
    }
    let mut seen: Vec<&str> = listed.clone();
    seen.sort_unstable();
    ensure!(seen.windows(2).all(|pair| pair[0] != pair[1]), "{MANIFEST} names a file twice");
    Ok(manifest)
}

/// Opens a checkpoint with whichever key has signed it.
fn open(note: &str, keys: &[NamedKey]) -> Result<Checkpoint> {
    let mut refusal = None;
    for key in keys {
        match Checkpoint::open(note, key) {
            Ok(checkpoint) => return Ok(checkpoint),
            // What is signed by none of several keys is told of the first.
            Err(error @ CheckpointError::Note(NoteError::Unsigned { .. })) => refusal = refusal.or(Some(error)),
            Err(error) => return Err(error.into()),
        }
    }
    Err(refusal.map_or_else(|| anyhow::anyhow!("no public key was given"), Into::into))
}

fn kept(note: &str, keys: &[NamedKey], current: &Checkpoint) -> Result<Head> {
    // First whose it is: the other tenant's key would only be called unknown.
    let named = Checkpoint::unverified(note).context("the checkpoint that you hold does not hold")?;
    ensure!(
        named.tenant_id == current.tenant_id,
        "the checkpoint that you hold is of tenant {}, and the export of tenant {}",
        named.tenant_id,
        current.tenant_id
    );
    let kept = open(note, keys).context("the checkpoint that you hold does not hold")?.head;
    ensure!(
        kept.size <= current.head.size,
        "the checkpoint that you hold has {} events, and the export's {CHECKPOINT} only {}: the history was cut off, or the export is older than \
         your checkpoint",
        kept.size,
        current.head.size
    );
    Ok(kept)
}

/// Reads all events and checks each by itself; answers the hashes of their leaves.
fn leaves(folder: &impl Folder, manifest: &Manifest, progress: &mut impl FnMut(u64)) -> Result<Vec<Hash>> {
    let mut reader = Reader { manifest, leaves: Vec::new(), reached: HashMap::new(), forgotten: 0 };
    for file in &manifest.files {
        let bytes = folder.read(&file.name).with_context(|| format!("{} cannot be read", file.name))?;
        reader.read(file, bytes).with_context(|| file.name.clone())?;
        progress(reader.leaves.len() as u64);
    }
    let next = manifest.from + reader.leaves.len() as u64;
    ensure!(next == manifest.to, "the files end with event {next}, and {MANIFEST} says {}", manifest.to);
    ensure!(
        reader.forgotten == manifest.forgotten,
        "{} payloads are missing, and {MANIFEST} says {}",
        reader.forgotten,
        manifest.forgotten
    );
    Ok(reader.leaves)
}

struct Reader<'a> {
    manifest: &'a Manifest,
    leaves: Vec<Hash>,
    /// The last position of each log partition.
    reached: HashMap<(String, i32), i64>,
    forgotten: u64,
}

impl Reader<'_> {
    fn read(&mut self, file: &EventFile, bytes: Vec<u8>) -> Result<()> {
        let (length, digest) = (bytes.len() as u64, hex::encode(Sha256::digest(&bytes)));
        let before = self.leaves.len();
        // A file that was altered without care still tells which event it was; its checksum would tell only that it was.
        files::decode(bytes, self.manifest.encoding, |number, record| {
            self.take(&record).with_context(|| format!("event {number} of the file"))
        })?;
        let rows = (self.leaves.len() - before) as u64;
        ensure!(rows == file.rows, "it has {rows} events, and {MANIFEST} says {}", file.rows);
        ensure!(length == file.bytes, "it has {length} bytes, and {MANIFEST} says {}", file.bytes);
        ensure!(digest == file.sha256, "its SHA-256 is not the one that {MANIFEST} says");
        Ok(())
    }

    fn take(&mut self, record: &Record) -> Result<()> {
        let index = self.manifest.from + self.leaves.len() as u64;
        ensure!(record.index == index, "it says that it is event {} of the history, where event {index} is expected", record.index);
        let hash = record.hash(self.manifest.tenant_id).with_context(|| format!("event {index} ({})", place(record)))?;
        let reached = self.reached.entry((record.context.clone(), record.partition)).or_default();
        ensure!(record.position > *reached, "event {index} ({}) comes behind position {reached} of the same log partition", place(record));
        *reached = record.position;
        self.forgotten += u64::from(record.is_forgotten());
        self.leaves.push(hash);
        Ok(())
    }
}

fn place(record: &Record) -> String {
    format!("{}/{}@{}", record.context, record.partition, record.position)
}

/// Checks that the history has grown from the checkpoint that was kept.
fn grown(manifest: &Manifest, leaves: &[Hash], kept: &Head, head: &Head) -> Result<()> {
    if manifest.from == 0 && manifest.to >= kept.size {
        let first = &leaves[..usize::try_from(kept.size)?];
        ensure!(
            root_of(first) == kept.root,
            "the first {} events are not those of the checkpoint that you hold: history was rewritten",
            kept.size
        );
        return Ok(());
    }
    let since = manifest.since.as_ref().filter(|since| since.size == kept.size);
    let since = since.with_context(|| {
        format!(
            "the export does not show how the history grew from the checkpoint that you hold; export again with `--since {}`",
            kept.size
        )
    })?;
    verify_consistency(kept, head, &since.proof).with_context(|| {
        format!("the history does not continue the {} events of the checkpoint that you hold: it was rewritten", kept.size)
    })
}
