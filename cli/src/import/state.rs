//! Remembers how far an import has come, so that a second run goes on there.
//!
//! The file is a convenience: without it a second run sends everything again, and idempotency keys make the server answer as it did.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use super::report::Counts;
use super::source::Place;

/// What an earlier run left behind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Names the file's content and everything that decides how rows are read and where they go.
    pub digest: String,
    /// Where the next row starts.
    pub next: Place,
    /// The rows so far.
    pub counts: Counts,
    /// The position tokens so far.
    pub positions: Vec<String>,
    /// Length of the report, in bytes.
    pub report_bytes: u64,
}

/// Where progress is kept.
pub struct StateFile {
    path: PathBuf,
    digest: String,
}

impl StateFile {
    /// The state file beside an import file.
    pub fn beside(file: &Path, digest: String) -> Self {
        let mut name = file.as_os_str().to_owned();
        name.push(".neuroops-import");
        Self { path: PathBuf::from(name), digest }
    }

    /// The progress of an earlier run with the same file and options.
    pub fn load(&self) -> Option<Progress> {
        let text = std::fs::read(&self.path).ok()?;
        serde_json::from_slice(&text).ok().filter(|progress: &Progress| progress.digest == self.digest)
    }

    /// Keeps progress: the file is always whole.
    pub fn save(&self, mut progress: Progress) -> anyhow::Result<()> {
        progress.digest.clone_from(&self.digest);
        let mut fresh = self.path.as_os_str().to_owned();
        fresh.push(".new");
        let write = || -> std::io::Result<()> {
            std::fs::write(&fresh, serde_json::to_vec(&progress)?)?;
            std::fs::rename(&fresh, &self.path)
        };
        write().with_context(|| format!("cannot write {}", self.path.display()))
    }

    /// Forgets everything.
    pub fn remove(&self) {
        // Nothing depends on it: another file or other options would not match.
        drop(std::fs::remove_file(&self.path));
    }
}

/// Whose records a token is for: the tenant that it names, so that a run goes on with a fresh token where an expired one stopped it.
/// Nothing depends on the token being genuine; what cannot be read counts as it is.
pub fn owner(token: &str) -> String {
    let tenant = || -> Option<String> {
        let payload = base64_url(token.split('.').nth(1)?)?;
        let claims: serde_json::Value = serde_json::from_slice(&payload).ok()?;
        claims["tid"].as_str().map(str::to_owned)
    };
    tenant().unwrap_or_else(|| token.to_owned())
}

/// Decodes base64url without padding (RFC 4648 §5), as JSON Web Tokens are written.
fn base64_url(text: &str) -> Option<Vec<u8>> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (mut bits, mut held, mut bytes) = (0_u32, 0, Vec::new());
    for byte in text.bytes() {
        let value = ALPHABET.iter().position(|known| *known == byte)?;
        bits = bits << 6 | u32::try_from(value).ok()?;
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from(bits >> held & 0xff).ok()?);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn import_goes_on_with_a_fresh_token_of_the_same_tenant() {
        // {"tid":"t-1","exp":1} and {"tid":"t-1","exp":2}
        assert_eq!(owner("e30.eyJ0aWQiOiJ0LTEiLCJleHAiOjF9.x"), "t-1");
        assert_eq!(owner("e30.eyJ0aWQiOiJ0LTEiLCJleHAiOjJ9.y"), "t-1");
        for other in ["", "secret", "a.b.c", "a.!.c"] {
            assert_eq!(owner(other), other);
        }
    }

    #[test]
    fn import_goes_on_only_with_the_same_file_and_options() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.csv");
        let state = StateFile::beside(&file, "one".to_owned());
        assert_eq!(state.load(), None);
        let place = Place { offset: 7, line: 2 };
        let progress = Progress { digest: String::new(), next: place, counts: Counts::default(), positions: Vec::new(), report_bytes: 3 };
        state.save(progress).unwrap();
        assert_eq!(state.load().unwrap().next, place);
        assert_eq!(StateFile::beside(&file, "two".to_owned()).load(), None);
        std::fs::write(&state.path, "{").unwrap();
        assert_eq!(state.load(), None);
        state.remove();
        assert!(!state.path.exists());
    }
}
