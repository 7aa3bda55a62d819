//! Cursors: where the next page begins. A cursor is bound to its query and tenant by a keyed hash, so one that was altered or that
//! belongs to another query is noticed.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::problem::Problem;

/// Bytes of the hash that a cursor carries.
const SEAL_BYTES: usize = 16;
/// The longest cursor that is looked at.
const CURSOR_CHARS_MAX: usize = 8192;

/// The last row of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The value of the column that is sorted by, as Postgres writes it.
    pub key: Option<String>,
    /// The row's id.
    pub id: String,
}

/// What a cursor belongs to.
pub struct Seal<'a> {
    /// The gateway's secret.
    pub secret: &'a str,
    /// Tenant, read model, sort order and filters.
    pub query: &'a [String],
}

impl Seal<'_> {
    fn over(&self, content: &[u8]) -> [u8; SEAL_BYTES] {
        let mut hasher = Sha256::new();
        let parts = ["cursor", self.secret].into_iter().map(str::as_bytes).chain(self.query.iter().map(String::as_bytes));
        for part in parts.chain([content]) {
            // Lengths first: no two different lists of parts hash the same text.
            hasher.update((part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        let mut seal = [0; SEAL_BYTES];
        seal.copy_from_slice(&hasher.finalize()[..SEAL_BYTES]);
        seal
    }
}

impl Cursor {
    /// As the client gets it.
    pub fn encode(&self, seal: &Seal<'_>) -> String {
        let content = serde_json::to_vec(&(&self.key, &self.id)).unwrap_or_default();
        let mut bytes = seal.over(&content).to_vec();
        bytes.extend_from_slice(&content);
        BASE64_URL_SAFE_NO_PAD.encode(bytes)
    }

    /// As the client gives it back.
    pub fn decode(text: &str, seal: &Seal<'_>) -> Result<Self, Problem> {
        let refuse = || Problem::bad_value("invalid_cursor", "cursor", "the cursor does not belong to this query; begin without one");
        if text.len() > CURSOR_CHARS_MAX {
            return Err(refuse());
        }
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| refuse())?;
        let (found, content) = bytes.split_at_checked(SEAL_BYTES).ok_or_else(refuse)?;
        let expected = seal.over(content);
        // All bytes are looked at whatever the first difference is.
        if found.iter().zip(expected).fold(0, |difference, (a, b)| difference | (a ^ b)) != 0 {
            return Err(refuse());
        }
        let (key, id) = serde_json::from_slice(content).map_err(|_| refuse())?;
        Ok(Self { key, id })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_opens_with_its_own_query_only() {
        let query = ["t".to_owned(), "sort=-created_at".to_owned()];
        let seal = Seal { secret: "s", query: &query };
        let cursor = Cursor { key: Some("2026-03-01 00:00:00+00".into()), id: "a".into() };
        let text = cursor.encode(&seal);
        assert_eq!(Cursor::decode(&text, &seal).unwrap(), cursor);
        let other = ["t".to_owned(), "sort=created_at".to_owned()];
        assert!(Cursor::decode(&text, &Seal { secret: "s", query: &other }).is_err());
        assert!(Cursor::decode(&text, &Seal { secret: "x", query: &query }).is_err());
        for index in 0..text.len() {
            let mut altered = text.clone().into_bytes();
            altered[index] = if altered[index] == b'A' { b'B' } else { b'A' };
            let altered = String::from_utf8(altered).unwrap();
            assert!(altered == text || Cursor::decode(&altered, &seal).is_err(), "{index}");
        }
        for text in ["", "AA", "!!", &"A".repeat(9000)] {
            assert!(Cursor::decode(text, &seal).is_err());
        }
    }
}
