//! Writes an export, whatever the events come from.

use anyhow::{Context as _, Result};
use platform::proofs::checkpoint::Checkpoint;
use platform::proofs::merkle::Hash;
use platform::proofs::record::Record;
use sha2::{Digest as _, Sha256};

use super::files;
use super::manifest::{CHECKPOINT, Encoding, EventFile, FORMAT, Folder, MANIFEST, Manifest, Since};

/// Events of one file at most.
const FILE_ROWS_MAX: usize = 20_000;
/// Bytes of payload and metadata after which the next file begins.
const FILE_BYTES_MAX: usize = 32 << 20;

/// An export that is being written.
pub struct Writer<'a, F: Folder> {
    folder: &'a mut F,
    encoding: Encoding,
    rows_max: usize,
    waiting: Vec<Record>,
    waiting_bytes: usize,
    files: Vec<EventFile>,
    forgotten: u64,
}

/// What an export needs besides the events.
pub struct Frame {
    /// The signed checkpoint, and what it says.
    pub checkpoint: (Checkpoint, String),
    /// The index of the first event.
    pub from: u64,
    /// The index behind the last event.
    pub to: u64,
    /// The hashes of the subtrees beside the events.
    pub beside: Vec<Hash>,
    /// The proof that the tree has grown from an older one.
    pub since: Option<Since>,
}

impl<'a, F: Folder> Writer<'a, F> {
    /// An export into an empty folder.
    pub fn new(folder: &'a mut F, encoding: Encoding) -> Self {
        Self { folder, encoding, rows_max: FILE_ROWS_MAX, waiting: Vec::new(), waiting_bytes: 0, files: Vec::new(), forgotten: 0 }
    }

    /// With fewer events in each file.
    #[cfg(test)]
    pub fn with_rows_max(self, rows_max: usize) -> Self {
        Self { rows_max, ..self }
    }

    /// Adds the next event.
    pub fn push(&mut self, record: Record) -> Result<()> {
        self.forgotten += u64::from(record.is_forgotten());
        self.waiting_bytes += record.metadata.len() + record.payload.as_ref().map_or(0, String::len);
        self.waiting.push(record);
        if self.waiting.len() >= self.rows_max || self.waiting_bytes >= FILE_BYTES_MAX { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<()> {
        let name = format!("events-{:06}.{}", self.files.len() + 1, self.encoding.extension());
        let bytes = files::encode(&self.waiting, self.encoding)?;
        self.folder.write(&name, &bytes).with_context(|| format!("{name} cannot be written"))?;
        let rows = self.waiting.len() as u64;
        self.files.push(EventFile { name, rows, bytes: bytes.len() as u64, sha256: hex::encode(Sha256::digest(&bytes)) });
        self.waiting.clear();
        self.waiting_bytes = 0;
        Ok(())
    }

    /// Writes the rest; the manifest comes last, so that an export that was broken off has none.
    pub fn finish(mut self, frame: Frame) -> Result<Manifest> {
        if !self.waiting.is_empty() {
            self.flush()?;
        }
        let (checkpoint, note) = frame.checkpoint;
        let manifest = Manifest {
            format: FORMAT.to_owned(),
            tenant_id: checkpoint.tenant_id,
            tree_size: checkpoint.head.size,
            from: frame.from,
            to: frame.to,
            encoding: self.encoding,
            files: self.files,
            forgotten: self.forgotten,
            beside: frame.beside,
            since: frame.since,
        };
        self.folder.write(CHECKPOINT, note.as_bytes()).context("the checkpoint cannot be written")?;
        self.folder.write(MANIFEST, &manifest.to_bytes()).context("the manifest cannot be written")?;
        Ok(manifest)
    }
}
