//! What an export consists of: `manifest.json`, and `progress.json` while it is being written.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::columns::TableColumn;
use crate::position::Token;

/// Tells of a complete export.
pub const MANIFEST: &str = "manifest.json";
/// Tells how far an export is.
pub const PROGRESS: &str = "progress.json";
/// The version of the manifest's own form.
const VERSION: u32 = 1;

/// What an export consists of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of the manifest's form.
    pub form: u32,
    /// The export.
    pub export_id: String,
    /// Whose it is.
    pub tenant_id: Uuid,
    /// The context that was asked.
    pub context: String,
    /// The read model or report that was asked.
    pub source: String,
    /// The filters or parameters.
    pub terms: BTreeMap<String, String>,
    /// `csv`, `parquet` or `arrow`.
    pub format: String,
    /// Who asked.
    pub requested_by: String,
    /// When.
    pub requested_at: DateTime<Utc>,
    /// When a worker began.
    pub started_at: DateTime<Utc>,
    /// When the last file was written.
    pub completed_at: Option<DateTime<Utc>>,
    /// Rows of all files.
    pub rows: u64,
    /// How many rows there were to write when the worker began, where that is known.
    pub rows_expected: Option<u64>,
    /// Bytes of all files.
    pub bytes: u64,
    /// Position tokens: everything up to them is included.
    pub positions: Vec<String>,
    /// Whether all rows are from one state of the database.
    pub one_state: bool,
    /// The columns.
    pub schema: Vec<TableColumn>,
    /// The files in order.
    pub files: Vec<FileEntry>,
}

/// A file of an export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    /// Its name.
    pub name: String,
    /// Its rows.
    pub rows: u64,
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of its content, in hexadecimal digits.
    pub sha256: String,
    /// Position tokens: everything up to them is included.
    pub positions: Vec<String>,
    /// Names the state of the tables that its rows are from.
    pub state: String,
    /// The id of its last row, where rows have one.
    pub last_id: Option<String>,
}

impl Manifest {
    /// The form of this program.
    pub fn is_known(&self) -> bool {
        self.form == VERSION
    }

    /// An export without files.
    pub fn begin(export_id: &str, tenant_id: Uuid, started_at: DateTime<Utc>) -> Self {
        Self {
            form: VERSION,
            export_id: export_id.to_owned(),
            tenant_id,
            context: String::new(),
            source: String::new(),
            terms: BTreeMap::new(),
            format: String::new(),
            requested_by: String::new(),
            requested_at: started_at,
            started_at,
            completed_at: None,
            rows: 0,
            rows_expected: None,
            bytes: 0,
            positions: Vec::new(),
            one_state: true,
            schema: Vec::new(),
            files: Vec::new(),
        }
    }

    /// Adds a file.
    pub fn add(&mut self, file: FileEntry) {
        self.rows += file.rows;
        self.bytes += file.bytes;
        self.files.push(file);
        self.one_state = self.files.windows(2).all(|pair| pair[0].state == pair[1].state);
        self.positions = self.least();
    }

    /// What all files include: the least position of each context.
    fn least(&self) -> Vec<String> {
        let mut least: BTreeMap<(String, i32), i64> = BTreeMap::new();
        for token in self.files.iter().flat_map(|file| &file.positions).filter_map(|text| text.parse::<Token>().ok()) {
            let known = least.entry((token.context, token.partition)).or_insert(token.position);
            *known = (*known).min(token.position);
        }
        least.into_iter().map(|((context, partition), position)| Token { context, partition, position }.to_string()).collect()
    }

    /// The id after which the next file begins.
    pub fn last_id(&self) -> Option<&str> {
        self.files.last().and_then(|file| file.last_id.as_deref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(rows: u64, positions: &[&str], state: &str) -> FileEntry {
        let positions = positions.iter().map(|token| (*token).to_owned()).collect();
        let (name, sha256, state) = (format!("{rows}"), String::new(), state.to_owned());
        FileEntry { name, rows, bytes: 10, sha256, positions, state, last_id: Some(format!("id-{rows}")) }
    }

    #[test]
    fn a_manifest_tells_what_all_files_include() {
        let mut manifest = Manifest::begin("x", Uuid::nil(), DateTime::default());
        manifest.add(file(3, &["a/1@7", "b/1@5"], "s"));
        assert!(manifest.one_state);
        manifest.add(file(4, &["a/1@9", "b/1@5"], "t"));
        assert_eq!((manifest.rows, manifest.bytes, manifest.one_state, manifest.last_id()), (7, 20, false, Some("id-4")));
        assert_eq!(manifest.positions, ["a/1@7", "b/1@5"]);
        let stored = serde_json::to_vec(&manifest).unwrap();
        assert_eq!(serde_json::from_slice::<Manifest>(&stored).unwrap(), manifest);
    }
}
