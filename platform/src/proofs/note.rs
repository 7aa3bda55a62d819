//! Signed notes: a text with Ed25519 signatures (C2SP `signed-note`, <https://c2sp.org/signed-note>; RFC 8032).
//!
//! A note may carry signatures of several keys, of which a reader knows some and ignores the others. This is how a key is replaced: for a
//! while both sign.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use sha2::{Digest as _, Sha256};

/// The longest note that is read, in bytes.
pub const NOTE_BYTES_MAX: usize = 16 << 10;
/// The most signatures of a note.
pub const SIGNATURES_MAX: usize = 16;
/// The number of Ed25519 among the kinds of signatures.
const ED25519_KIND: u8 = 1;
/// What a line with a signature begins with.
const DASH: &str = "\u{2014} ";

/// What is wrong with a note or a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Not a note.
    #[error("it is no signed note: {0}")]
    Malformed(&'static str),
    /// Nobody who is known has signed it.
    #[error("it is not signed by the key {wanted}; it bears signatures of {}", if .found.is_empty() { "nobody".to_owned() } else { .found.join(", ") })]
    Unsigned {
        /// The key that was asked for.
        wanted: String,
        /// Name and id of those who have signed.
        found: Vec<String>,
    },
    /// The signature is another text's.
    #[error("the signature of the key {0} is not one of this text")]
    Forged(String),
    /// Not a public key.
    #[error("a public key looks like <name>+<8 hexadecimal digits>+<base64>: {0}")]
    Key(&'static str),
    /// Not a private key.
    #[error("a signing key is 32 random bytes as 64 hexadecimal digits (openssl rand -hex 32)")]
    Seed,
}

/// A key that signs.
pub struct SigningKey(Ed25519KeyPair);

impl SigningKey {
    /// Reads a key: 32 bytes as 64 hexadecimal digits.
    pub fn from_hex(text: &str) -> Result<Self, NoteError> {
        let seed = hex::decode(text.trim()).map_err(|_| NoteError::Seed)?;
        if seed.len() != 32 {
            return Err(NoteError::Seed);
        }
        Ed25519KeyPair::from_seed_unchecked(&seed).map(Self).map_err(|_| NoteError::Seed)
    }

    /// Its public half.
    pub fn public(&self) -> PublicKey {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(self.0.public_key().as_ref());
        PublicKey(bytes)
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SigningKey(***)")
    }
}

/// Unpredictable bytes for salts and keys.
///
/// # Panics
/// When the kernel has none, which it always has.
pub fn fill_random(bytes: &mut [u8]) {
    use ring::rand::SecureRandom as _;
    SystemRandom::new().fill(bytes).expect("the kernel has random bytes");
}

/// A key that verifies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PublicKey(pub [u8; 32]);

impl PublicKey {
    /// What tells keys of one name apart.
    pub fn id(&self, name: &str) -> [u8; 4] {
        let digest: [u8; 32] = Sha256::new().chain_update(name).chain_update([b'\n', ED25519_KIND]).chain_update(self.0).finalize().into();
        [digest[0], digest[1], digest[2], digest[3]]
    }

    /// The key as it is published: `<name>+<id>+<base64>`.
    pub fn to_text(&self, name: &str) -> String {
        let bytes = [&[ED25519_KIND], self.0.as_slice()].concat();
        format!("{name}+{}+{}", hex::encode(self.id(name)), BASE64_STANDARD.encode(bytes))
    }
}

/// A key that verifies, and its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedKey {
    /// The name.
    pub name: String,
    /// The key.
    pub key: PublicKey,
}

impl NamedKey {
    /// Reads a published key.
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let mut parts = text.trim().splitn(3, '+');
        let (Some(name), Some(id), Some(base64)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(NoteError::Key("three parts are expected"));
        };
        let bytes = BASE64_STANDARD.decode(base64).map_err(|_| NoteError::Key("the last part is not base64"))?;
        let Some((&ED25519_KIND, key)) = bytes.split_first() else { return Err(NoteError::Key("it is not one of Ed25519")) };
        let key = PublicKey(key.try_into().map_err(|_| NoteError::Key("a key has 32 bytes"))?);
        if !is_name(name) || hex::encode(key.id(name)) != id {
            return Err(NoteError::Key("its id does not belong to its name and bytes; perhaps a character was lost"));
        }
        Ok(Self { name: name.to_owned(), key })
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c.is_control() || c == '+')
}

struct Signature {
    name: String,
    id: [u8; 4],
    bytes: Vec<u8>,
}

/// A note that was read and not verified yet.
pub struct Note {
    text: String,
    signatures: Vec<Signature>,
}

impl Note {
    /// Reads a note.
    pub fn parse(note: &str) -> Result<Self, NoteError> {
        if note.len() > NOTE_BYTES_MAX {
            return Err(NoteError::Malformed("it is too long"));
        }
        if note.contains(|c: char| c.is_ascii_control() && c != '\n') {
            return Err(NoteError::Malformed("it holds control characters"));
        }
        let (text, lines) = note.rsplit_once("\n\n").ok_or(NoteError::Malformed("no empty line stands before its signatures"))?;
        let lines = lines.strip_suffix('\n').ok_or(NoteError::Malformed("it does not end with its last line"))?;
        let signatures = lines.split('\n').map(signature).collect::<Option<Vec<_>>>();
        let signatures = signatures.ok_or(NoteError::Malformed("a line behind its text is no signature"))?;
        if signatures.len() > SIGNATURES_MAX {
            return Err(NoteError::Malformed("it bears too many signatures"));
        }
        Ok(Self { text: format!("{text}\n"), signatures })
    }

    /// The text, if the key has signed it.
    pub fn verify(&self, known: &NamedKey) -> Result<&str, NoteError> {
        let id = known.key.id(&known.name);
        let Some(signature) = self.signatures.iter().find(|signature| signature.name == known.name && signature.id == id) else {
            let found = self.signatures.iter().map(|signature| format!("{}+{}", signature.name, hex::encode(signature.id))).collect();
            return Err(NoteError::Unsigned { wanted: format!("{}+{}", known.name, hex::encode(id)), found });
        };
        let key = UnparsedPublicKey::new(&ED25519, known.key.0);
        match key.verify(self.text.as_bytes(), &signature.bytes) {
            Ok(()) => Ok(&self.text),
            Err(_) => Err(NoteError::Forged(format!("{}+{}", known.name, hex::encode(id)))),
        }
    }

    /// The text, whoever wrote it.
    pub fn unverified(&self) -> &str {
        &self.text
    }
}

fn signature(line: &str) -> Option<Signature> {
    let (name, base64) = line.strip_prefix(DASH)?.split_once(' ')?;
    let bytes = BASE64_STANDARD.decode(base64).ok()?;
    let (id, bytes) = bytes.split_first_chunk::<4>()?;
    is_name(name).then(|| Signature { name: name.to_owned(), id: *id, bytes: bytes.to_vec() })
}

/// Signs a text, which ends with a line break, under this name with each of the keys.
pub fn sign(text: &str, name: &str, keys: &[SigningKey]) -> String {
    let mut note = format!("{text}\n");
    for key in keys {
        let signed = [key.public().id(name).as_slice(), key.0.sign(text.as_bytes()).as_ref()].concat();
        let _ = writeln!(note, "{DASH}{name} {}", BASE64_STANDARD.encode(signed));
    }
    note
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of golang.org/x/mod/sumdb/note, from which the format comes.
    const KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    const NOTE: &str = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n\
        \u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

    #[test]
    fn a_published_note_is_verified() {
        let key = NamedKey::parse(KEY).unwrap();
        assert_eq!(key.key.to_text(&key.name), KEY);
        let text = Note::parse(NOTE).unwrap().verify(&key).unwrap().to_owned();
        assert!(text.ends_with("what your problem is.\n"));
        let altered = Note::parse(&NOTE.replace("answer", "Answer")).unwrap();
        assert!(matches!(altered.verify(&key), Err(NoteError::Forged(_))));
    }

    #[test]
    fn what_is_signed_with_two_keys_is_verified_with_either_and_with_no_other() {
        let keys = [1, 2, 3].map(|byte| SigningKey::from_hex(&hex::encode([byte; 32])).unwrap());
        let named = |key: &SigningKey, name: &str| NamedKey::parse(&key.public().to_text(name)).unwrap();
        let signed = sign("a\n\nb\n", "n/x", &keys[..2]);
        let note = Note::parse(&signed).unwrap();
        assert_eq!(note.verify(&named(&keys[0], "n/x")), Ok("a\n\nb\n"));
        assert_eq!(note.verify(&named(&keys[1], "n/x")), Ok("a\n\nb\n"));
        assert!(matches!(note.verify(&named(&keys[2], "n/x")), Err(NoteError::Unsigned { found, .. }) if found.len() == 2));
        assert!(matches!(note.verify(&named(&keys[0], "n/y")), Err(NoteError::Unsigned { .. })));
    }

    #[test]
    fn what_is_no_note_or_key_is_refused() {
        for text in [
            "",
            "a",
            "a\n",
            "a\n\n",
            "a\n\nb\n",
            "a\n\n\u{2014} n\n",
            "a\n\n\u{2014} n !\n",
            "a\n\n\u{2014} n AAAA",
            "a\r\n\n\u{2014} n AAAAAA==\n",
        ] {
            assert!(matches!(Note::parse(text), Err(NoteError::Malformed(_))), "{text:?}");
        }
        assert!(Note::parse(&format!("{}\n\n\u{2014} n AAAAAA==\n", "a".repeat(NOTE_BYTES_MAX))).is_err());
        assert!(Note::parse(&format!("a\n\n{}", "\u{2014} n AAAAAA==\n".repeat(17))).is_err());
        for text in ["", "n", "n+00+AA==", &KEY.replace("c74f", "c74e"), &KEY.replace("Peter", "peter"), &KEY.replace("+ARpc", "+AhpC")] {
            assert!(matches!(NamedKey::parse(text), Err(NoteError::Key(_))), "{text}");
        }
        for text in ["", "00", &"0".repeat(63), &"g".repeat(64)] {
            assert_eq!(SigningKey::from_hex(text).err(), Some(NoteError::Seed));
        }
    }
}
