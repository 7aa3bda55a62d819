//! The state of a tenant's tree as a signed note (C2SP `tlog-checkpoint`, <https://c2sp.org/tlog-checkpoint>).
//!
//! ```text
//! neuroops/audit/0197…                            the origin, which is also the name of the key
//! 1024                                            leaves
//! CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=    the root
//!
//! — neuroops/audit/0197… Az3grl…                  signatures
//! ```

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use uuid::Uuid;

use super::merkle::Head;
use super::note::{self, NamedKey, Note, NoteError, SigningKey};

/// What origins begin with.
const ORIGIN: &str = "neuroops/audit/";

/// The name of a tenant's tree and of the keys that sign its checkpoints.
pub fn origin(tenant: Uuid) -> String {
    format!("{ORIGIN}{tenant}")
}

/// What is wrong with a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// The note.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The text of the note.
    #[error("it is no checkpoint: {0}")]
    Text(&'static str),
}

/// The state of a tenant's tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The tenant.
    pub tenant_id: Uuid,
    /// Size and root of the tree.
    pub head: Head,
}

impl Checkpoint {
    /// The text that is signed.
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", origin(self.tenant_id), self.head.size, BASE64_STANDARD.encode(self.head.root))
    }

    /// The note.
    pub fn sign(&self, keys: &[SigningKey]) -> String {
        note::sign(&self.text(), &origin(self.tenant_id), keys)
    }

    /// Reads the text of a checkpoint. Further lines, of which nobody knows what they mean, are refused.
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        let mut lines = text.strip_suffix('\n').ok_or(CheckpointError::Text("it has no end"))?.split('\n');
        let (Some(origin), Some(size), Some(root), None) = (lines.next(), lines.next(), lines.next(), lines.next()) else {
            return Err(CheckpointError::Text("it has three lines: origin, size and root"));
        };
        let id = origin.strip_prefix(ORIGIN).ok_or(CheckpointError::Text("it is of another kind of log"))?;
        let tenant_id = id.parse::<Uuid>().ok().filter(|tenant| tenant.to_string() == id);
        let tenant_id = tenant_id.ok_or(CheckpointError::Text("its origin names no tenant"))?;
        let number = size.parse::<u64>().ok().filter(|number| number.to_string() == size && i64::try_from(*number).is_ok());
        let size = number.ok_or(CheckpointError::Text("its size is no number"))?;
        let bytes = BASE64_STANDARD.decode(root).ok().and_then(|bytes| bytes.try_into().ok());
        let root = bytes.ok_or(CheckpointError::Text("its root is not 32 bytes of base64"))?;
        Ok(Self { tenant_id, head: Head { size, root } })
    }

    /// Reads a note that the key has signed.
    pub fn open(note: &str, key: &NamedKey) -> Result<Self, CheckpointError> {
        Self::parse(Note::parse(note)?.verify(key)?)
    }

    /// Reads a note, whoever wrote it.
    pub fn unverified(note: &str) -> Result<Self, CheckpointError> {
        Self::parse(Note::parse(note)?.unverified())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_is_opened_with_its_key_only() {
        let keys = [SigningKey::from_hex(&"07".repeat(32)).unwrap()];
        let checkpoint = Checkpoint { tenant_id: Uuid::from_u128(5), head: Head { size: 12, root: [3; 32] } };
        let note = checkpoint.sign(&keys);
        let key = |tenant: u128| NamedKey::parse(&keys[0].public().to_text(&origin(Uuid::from_u128(tenant)))).unwrap();
        assert_eq!(Checkpoint::open(&note, &key(5)), Ok(checkpoint));
        assert!(matches!(Checkpoint::open(&note, &key(6)), Err(CheckpointError::Note(NoteError::Unsigned { .. }))));
        assert!(Checkpoint::open(&note.replace("\n12\n", "\n13\n"), &key(5)).is_err());
    }

    #[test]
    fn other_texts_are_no_checkpoints() {
        let good = Checkpoint { tenant_id: Uuid::from_u128(5), head: Head { size: 12, root: [3; 32] } }.text();
        assert!(Checkpoint::parse(&good).is_ok());
        for text in [
            "",
            &good.replace("neuroops", "other"),
            &good.replace("\n12\n", "\n012\n"),
            &good.replace("\n12\n", "\n-1\n"),
            &good.replace("\n12\n", "\n18446744073709551615\n"),
            &good.replace("AwMD", "AwM"),
            &format!("{good}more\n"),
            good.trim_end(),
            &good.replace("0005", "0005x"),
        ] {
            assert!(Checkpoint::parse(text).is_err(), "{text:?}");
        }
    }
}
