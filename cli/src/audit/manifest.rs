//! What an export of a history consists of.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use platform::proofs::merkle::Hash;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The name of the list of all other files.
pub const MANIFEST: &str = "manifest.json";
/// The name of the signed checkpoint.
pub const CHECKPOINT: &str = "checkpoint.txt";
/// Names this form of exports.
pub const FORMAT: &str = "neuroops-audit/1";
/// The largest file that is read, in bytes; what is written is much smaller.
const FILE_BYTES_MAX: u64 = 1 << 30;

/// How events are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// A JSON object on each line.
    Ndjson,
    /// Apache Parquet.
    Parquet,
}

impl Encoding {
    /// The end of file names.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Ndjson => "ndjson",
            Self::Parquet => "parquet",
        }
    }
}

/// A file with events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventFile {
    /// Its name.
    pub name: String,
    /// Events in it.
    pub rows: u64,
    /// Its length.
    pub bytes: u64,
    /// Its SHA-256, in hexadecimal digits.
    pub sha256: String,
}

/// The proof that the tree of the export begins with the one of an older checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Since {
    /// The size of the older tree.
    pub size: u64,
    /// The hashes.
    #[serde(with = "hashes")]
    pub proof: Vec<Hash>,
}

/// The manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// [`FORMAT`]
    pub format: String,
    /// The tenant.
    pub tenant_id: Uuid,
    /// The size of the tree of the checkpoint.
    pub tree_size: u64,
    /// The index of the first event.
    pub from: u64,
    /// The index behind the last event.
    pub to: u64,
    /// How the events are written.
    pub encoding: Encoding,
    /// The files, in the order of their events.
    pub files: Vec<EventFile>,
    /// Events whose payload is forgotten.
    pub forgotten: u64,
    /// The hashes of the subtrees beside the events, from the left.
    #[serde(with = "hashes")]
    pub beside: Vec<Hash>,
    /// The proof that the tree has grown from an older one, where it was asked for.
    pub since: Option<Since>,
}

impl Manifest {
    /// As it is written.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(self).unwrap_or_default();
        bytes.push(b'\n');
        bytes
    }
}

mod hashes {
    use platform::proofs::merkle::Hash;
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(hashes: &[Hash], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(hashes.iter().map(hex::encode))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Hash>, D::Error> {
        let texts = Vec::<String>::deserialize(deserializer)?;
        let hash = |text: &String| hex::decode(text).ok().and_then(|bytes| Hash::try_from(bytes).ok());
        texts.iter().map(|text| hash(text).ok_or_else(|| D::Error::custom("a hash has 64 hexadecimal digits"))).collect()
    }
}

/// Where an export is.
pub trait Folder {
    /// The names of all files.
    fn names(&self) -> io::Result<Vec<String>>;
    /// A whole file.
    fn read(&self, name: &str) -> io::Result<Vec<u8>>;
    /// Adds a file.
    fn write(&mut self, name: &str, bytes: &[u8]) -> io::Result<()>;
}

/// A folder of the disk.
pub struct DiskFolder(PathBuf);

impl DiskFolder {
    /// A folder that is there.
    pub fn open(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// A new folder, or one without files.
    pub fn create(path: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(path)?;
        if std::fs::read_dir(path)?.next().is_some() {
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, "the folder is not empty"));
        }
        Ok(Self(path.to_owned()))
    }
}

impl Folder for DiskFolder {
    fn names(&self) -> io::Result<Vec<String>> {
        let names = std::fs::read_dir(&self.0)?.map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned()));
        let mut names: Vec<String> = names.collect::<io::Result<_>>()?;
        names.sort();
        Ok(names)
    }

    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        let path = self.0.join(name);
        if std::fs::symlink_metadata(&path).is_ok_and(|data| data.len() > FILE_BYTES_MAX) {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "the file is larger than 1 GiB"));
        }
        std::fs::read(path)
    }

    fn write(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        std::fs::write(self.0.join(name), bytes)
    }
}

/// A folder in memory.
impl Folder for BTreeMap<String, Vec<u8>> {
    fn names(&self) -> io::Result<Vec<String>> {
        Ok(self.keys().cloned().collect())
    }

    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        self.get(name).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn write(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.insert(name.to_owned(), bytes.to_vec());
        Ok(())
    }
}
