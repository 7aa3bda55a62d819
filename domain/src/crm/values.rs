//! Values that several CRM aggregates share: email addresses, phone numbers, postal addresses, custom values.

use std::collections::BTreeMap;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use unicode_normalization::UnicodeNormalization;

use crate::kernel::Text;

/// A name of a person, company or thing.
pub type Name = Text<200>;
/// A longer remark.
pub type Note = Text<10_000>;
/// A short word: a tag, a source, a key.
pub type Label = Text<64>;

/// A postal address.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Address {
    /// Street and number, further lines separated by line ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub street: Option<Text<500>>,
    /// Postal code as written in the country.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<Text<32>>,
    /// City or town.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub city: Option<Name>,
    /// State, province or region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<Name>,
    /// Country, as a name or an ISO 3166-1 code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<Name>,
}

/// Normalises an email address: NFC, surrounding white space dropped, lower case. `None` where it is not an address
/// (RFC 5321 §4.1.2, with a domain that has a dot; quoted local parts and address literals are not accepted).
///
/// The local part is lowered too: mailboxes that differ by case only do not occur in practice, duplicates by case do.
pub fn normalise_email(text: &str) -> Option<String> {
    let email: String = text.trim().nfc().collect::<String>().to_lowercase();
    let domain = email.rsplit_once('@')?.1;
    let plausible = domain.contains('.') && !domain.starts_with('[') && !email.starts_with('"');
    (plausible && email_address::EmailAddress::from_str(&email).is_ok()).then_some(email)
}

/// Normalises a phone number to E.164 (`+493012345`). Numbers without a country code are read in `region` (ISO 3166-1
/// alpha-2) where one is given. `None` where it is not a possible number.
pub fn normalise_phone(text: &str, region: Option<&str>) -> Option<String> {
    let text = text.trim();
    let text = text.strip_prefix("00").filter(|rest| !rest.starts_with('0')).map_or_else(|| text.to_owned(), |rest| format!("+{rest}"));
    let region = region.and_then(|region| region.to_uppercase().parse().ok());
    let number = phonenumber::parse(region, &text).ok()?;
    phonenumber::is_viable(&text).then(|| number.format().mode(phonenumber::Mode::E164).to_string())
}

/// A text as it is compared when duplicates are sought: compatibility form (NFKC), lower case, single spaces.
pub fn fold(text: &str) -> String {
    text.nfkc().collect::<String>().to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Values of custom fields by key; `null` clears a value.
pub type CustomValues = BTreeMap<String, Value>;

/// How many custom values one record carries at most.
pub const CUSTOM_VALUES_MAX: usize = 100;

/// Applies a patch of custom values: `null` removes, anything else sets.
pub fn patch_custom(values: &mut CustomValues, patch: &CustomValues) {
    for (key, value) in patch {
        if value.is_null() {
            values.remove(key);
        } else {
            values.insert(key.clone(), value.clone());
        }
    }
}

/// A field of a patch: absent leaves the value as it is, `null` clears it, anything else sets it.
#[expect(clippy::option_option, reason = "the outer option is the presence of the field, the inner one its value")]
pub type Patch<T> = Option<Option<T>>;

/// Reads a present field of a [`Patch`]; use with `#[serde(default, deserialize_with = "patched")]`.
#[expect(clippy::option_option, reason = "see Patch")]
pub fn patched<'de, D, T>(deserializer: D) -> Result<Patch<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::<T>::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn emails_are_normalised_or_refused() {
        assert_eq!(normalise_email("  Zoë.Ümit@Example.COM ").as_deref(), Some("zoë.ümit@example.com"));
        for bad in ["", "a", "a@b", "@b.com", "a@", "a b@c.com", "a@@b.com", "\"x\"@b.com", "a@[1.2.3.4]"] {
            assert_eq!(normalise_email(bad), None, "{bad}");
        }
    }

    #[test]
    fn phones_become_e164() {
        assert_eq!(normalise_phone("030 1234567", Some("DE")).as_deref(), Some("+49301234567"));
        assert_eq!(normalise_phone("+1 (415) 555-2671", None).as_deref(), Some("+14155552671"));
        assert_eq!(normalise_phone("0049 30 1234567", None).as_deref(), Some("+49301234567"));
        for bad in ["", "n/a", "12", "call me"] {
            assert_eq!(normalise_phone(bad, Some("DE")), None, "{bad}");
        }
        assert_eq!(normalise_phone("030 1234567", None), None, "without a region the country is unknown");
    }

    #[test]
    fn folding_finds_the_same_name() {
        assert_eq!(fold("  ANNA\u{a0} Müller "), fold("anna müller"));
    }
}
