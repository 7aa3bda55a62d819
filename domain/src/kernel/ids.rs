//! Identifiers.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::fold;

/// An organisation that uses the platform; everything it owns carries this id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct TenantId(pub Uuid);

impl TenantId {
    /// The partition key of the tenant's events: the hyphenated lower-case form of the id, as it also stands in Kafka keys.
    pub fn partition_key(self) -> String {
        self.0.hyphenated().to_string()
    }
}

impl fmt::Display for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for TenantId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Uuid::parse_str(text).map(Self)
    }
}

/// The identity of an aggregate within its tenant and type: 1 to 128 characters of `A–Z a–z 0–9 . _ ~ : -`,
/// so that it can stand unescaped in a URL path and in a CloudEvents subject.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AggregateId(String);

/// Why a text is not an aggregate id.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("an id has 1 to 128 characters, each a letter, a digit or one of . _ ~ : -")]
pub struct IdError;

impl AggregateId {
    /// The longest id, in characters.
    pub const LENGTH_MAX: usize = 128;

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id that stands for a text, however it is written: the [`fold`]ed text, and `~` with two hexadecimal digits for each byte
    /// that an id cannot hold. Different texts have different ids; an error where the id would be too long.
    pub fn standing_for(text: &str) -> Result<Self, IdError> {
        let mut id = String::with_capacity(text.len());
        for byte in fold(text).bytes() {
            if byte.is_ascii_alphanumeric() || b"._-".contains(&byte) {
                id.push(char::from(byte));
            } else {
                id.push('~');
                id.extend([byte >> 4, byte & 15].map(|digit| char::from(b"0123456789abcdef"[usize::from(digit)])));
            }
        }
        id.try_into()
    }
}

impl TryFrom<String> for AggregateId {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._~:-".contains(&byte);
        let dots_only = text.bytes().all(|byte| byte == b'.');
        if text.is_empty() || text.len() > Self::LENGTH_MAX || dots_only || !text.bytes().all(allowed) {
            return Err(IdError);
        }
        Ok(Self(text))
    }
}

impl FromStr for AggregateId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        text.to_owned().try_into()
    }
}

impl From<Uuid> for AggregateId {
    fn from(id: Uuid) -> Self {
        Self(id.hyphenated().to_string())
    }
}

impl From<AggregateId> for String {
    fn from(id: AggregateId) -> Self {
        id.0
    }
}

impl fmt::Display for AggregateId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl JsonSchema for AggregateId {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "AggregateId".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string", "minLength": 1, "maxLength": Self::LENGTH_MAX, "pattern": "^[A-Za-z0-9._~:-]+$"
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_fits_a_url_path_segment() {
        for good in ["a", "0197f3c2-0000-7000-8000-000000000000", "SKU:1~x", "contact.tier"] {
            assert_eq!(good.parse::<AggregateId>().map(String::from).as_deref(), Ok(good));
        }
        for bad in ["", "a b", "a/b", "ü", "..", &"x".repeat(129)] {
            assert_eq!(bad.parse::<AggregateId>(), Err(IdError), "{bad}");
        }
    }

    #[test]
    fn a_text_has_one_id_however_it_is_written() {
        let id = |text: &str| AggregateId::standing_for(text).map(String::from);
        assert_eq!(id(" TEA  12/4 ").as_deref(), Ok("tea~2012~2f4"));
        assert_eq!(id("tea 12/4"), id("TEA 12/4"));
        assert_ne!(id("tea~2012"), id("tea 12"), "the escape is escaped");
        assert_eq!((id(""), id(".."), id(&"ü".repeat(30))), (Err(IdError), Err(IdError), Err(IdError)));
    }
}
