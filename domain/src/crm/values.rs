//! Values that several CRM aggregates share: email addresses, phone numbers, postal addresses, custom values.

use std::collections::BTreeMap;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use unicode_normalization::UnicodeNormalization;

use crate::kernel::{Money, Text};
use crate::rejections;

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
    let number = phonenumber::parse(region, &text).ok().filter(|_| phonenumber::is_viable(&text))?;
    let number = number.format().mode(phonenumber::Mode::E164).to_string();
    PHONE_DIGITS.contains(&number.bytes().filter(u8::is_ascii_digit).count()).then_some(number)
}

/// How many digits a phone number has with its country code: at most 15 (ITU-T E.164 §6.2.1), and no fewer than the shortest
/// subscriber numbers, so that extensions and typing errors are not taken for numbers.
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 7..=15;

/// Hosts on which many companies have a page; a website there says nothing about who the company is.
const SHARED_HOSTS: [&str; 10] = [
    "facebook.com",
    "github.com",
    "google.com",
    "instagram.com",
    "linkedin.com",
    "sites.google.com",
    "tiktok.com",
    "twitter.com",
    "x.com",
    "youtube.com",
];

/// Normalises a web domain, given as such or as a URL: lower case, without scheme, user, `www.`, port, path and final dot.
/// `None` where it is not a domain name with at least two labels (RFC 1035 §2.3.1; letters outside ASCII are kept as they are).
pub fn normalise_domain(text: &str) -> Option<String> {
    let text: String = text.trim().nfkc().collect::<String>().to_lowercase();
    let rest = text.split_once("://").map_or(text.as_str(), |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = host.split_once(':').map_or(host, |(host, _)| host);
    let host = host.strip_suffix('.').unwrap_or(host);
    let host = host.strip_prefix("www.").filter(|rest| rest.contains('.')).unwrap_or(host);
    let label_is_valid = |label: &str| {
        (1..=63).contains(&label.chars().count())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    let (_, last) = host.rsplit_once('.')?;
    let named = !last.chars().all(|c| c.is_ascii_digit());
    (host.len() <= 253 && named && host.split('.').all(label_is_valid)).then(|| host.to_owned())
}

/// The web domain that a website gives away about its company: `None` on hosts that many companies share.
pub fn domain_of_website(website: &str) -> Result<Option<String>, ValueRejection> {
    let host = normalise_domain(website).ok_or_else(|| ValueRejection::InvalidWebsite(website.to_owned()))?;
    let shared = SHARED_HOSTS.iter().any(|shared| host == *shared || host.strip_suffix(shared).is_some_and(|rest| rest.ends_with('.')));
    Ok((!shared).then_some(host))
}

pub use crate::kernel::fold;

/// Values of custom fields by key; `null` clears a value.
pub type CustomValues = BTreeMap<String, Value>;

/// How many custom values one record carries at most.
pub const CUSTOM_VALUES_MAX: usize = 100;
/// How many tags one record carries at most.
pub const TAGS_MAX: usize = 50;
/// The largest amount of money that a record carries, in minor units; thousands of them can be added up in 64 bits.
pub const AMOUNT_MINOR_MAX: i64 = 9_000_000_000_000_000;

/// Applies a patch of custom values: `null` removes, anything else sets.
pub fn patch_custom(values: &mut CustomValues, patch: &CustomValues) -> Result<(), ValueRejection> {
    for (key, value) in patch {
        if value.is_null() {
            values.remove(key);
        } else {
            values.insert(key.clone(), value.clone());
        }
    }
    if values.len() > CUSTOM_VALUES_MAX { Err(ValueRejection::TooManyCustomValues(CUSTOM_VALUES_MAX)) } else { Ok(()) }
}

/// The email address in its normal form.
pub fn email_of(text: &str) -> Result<String, ValueRejection> {
    normalise_email(text).ok_or_else(|| ValueRejection::InvalidEmail(text.to_owned()))
}

/// The phone number in E.164, read in `region` where it has no country code.
pub fn phone_of(text: &str, region: Option<&Label>) -> Result<String, ValueRejection> {
    normalise_phone(text, region.map(|region| &**region)).ok_or_else(|| ValueRejection::InvalidPhone(text.to_owned()))
}

/// Tags in order, each once.
pub fn tags_of(mut tags: Vec<Label>) -> Result<Vec<Label>, ValueRejection> {
    tags.sort();
    tags.dedup();
    if tags.len() > TAGS_MAX { Err(ValueRejection::TooManyTags(TAGS_MAX)) } else { Ok(tags) }
}

/// An amount that a record can carry: not negative, and not absurd.
pub fn amount_of(amount: Money) -> Result<Money, ValueRejection> {
    if (0..=AMOUNT_MINOR_MAX).contains(&amount.amount_minor) {
        Ok(amount)
    } else {
        Err(ValueRejection::AmountOutOfRange(Money::new(AMOUNT_MINOR_MAX, amount.currency)))
    }
}

/// The names of the fields in which two records differ, in order.
pub fn changed_fields<T: Serialize>(before: &T, after: &T) -> Vec<String> {
    let fields = |record: &T| match serde_json::to_value(record) {
        Ok(Value::Object(fields)) => fields,
        _ => serde_json::Map::new(),
    };
    let (before, after) = (fields(before), fields(after));
    let mut changed: Vec<String> =
        before.keys().chain(after.keys()).filter(|name| before.get(*name) != after.get(*name)).cloned().collect();
    changed.sort();
    changed.dedup();
    changed
}

/// A field of a patch: absent leaves the value as it is, `null` clears it, anything else sets it.
pub type Patch<T> = Option<Option<T>>;

/// Sets a field from a [`Patch`].
pub fn set<T>(field: &mut Option<T>, patch: Patch<T>) {
    if let Some(value) = patch {
        *field = value;
    }
}

/// Sets a field from a [`Patch`] whose value is brought into its normal form first, or refused.
pub fn set_as<T, U, E>(field: &mut Option<U>, patch: Patch<T>, normalise: impl FnOnce(T) -> Result<U, E>) -> Result<(), E> {
    if let Some(value) = patch {
        *field = value.map(normalise).transpose()?;
    }
    Ok(())
}

/// Reads a present field of a [`Patch`]; use with `#[serde(default, deserialize_with = "patched")]`.
pub fn patched<'de, D, T>(deserializer: D) -> Result<Patch<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::<T>::deserialize(deserializer).map(Some)
}

rejections! {
    /// Why a value is refused, whatever record it is for.
    pub enum ValueRejection in "crm" {
        /// Not an email address.
        #[error("`{0}` is not an email address.")]
        InvalidEmail(String) => "invalid_email" ["email"],
        /// Not a phone number.
        #[error("`{0}` is not a phone number; give the country code (+44 …) or `phone_region`.")]
        InvalidPhone(String) => "invalid_phone" ["phone"],
        /// Not a domain name.
        #[error("`{0}` is not a web domain such as example.com.")]
        InvalidDomain(String) => "invalid_domain" ["domain"],
        /// Not a website.
        #[error("`{0}` is not the address of a website.")]
        InvalidWebsite(String) => "invalid_website" ["website"],
        /// Too many labels.
        #[error("A record has at most {0} tags.")]
        TooManyTags(usize) => "too_many_tags" ["tags"],
        /// Too many custom values.
        #[error("A record has at most {0} custom values.")]
        TooManyCustomValues(usize) => "too_many_custom_values" ["custom"],
        /// A negative or absurd amount.
        #[error("An amount is between 0 and {0}.")]
        AmountOutOfRange(Money) => "amount_out_of_range" ["amount"],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Currency;

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
    fn domains_are_normalised_or_refused() {
        for (text, domain) in [
            ("Example.COM", "example.com"),
            ("https://www.Example.com:8443/a?b#c", "example.com"),
            ("http://me@shop.example.co.uk/", "shop.example.co.uk"),
            ("www.example.com.", "example.com"),
            ("www.com", "www.com"),
            ("MÜLLER.de", "müller.de"),
        ] {
            assert_eq!(normalise_domain(text).as_deref(), Some(domain), "{text}");
        }
        for bad in ["", "example", "a b.com", "-a.com", "a..com", "192.168.0.1", "http://", &format!("{}.com", "x".repeat(64))] {
            assert_eq!(normalise_domain(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_page_on_a_shared_host_names_no_domain() {
        assert_eq!(domain_of_website("https://www.facebook.com/acme"), Ok(None));
        assert_eq!(domain_of_website("https://de.linkedin.com/company/acme"), Ok(None));
        assert_eq!(domain_of_website("https://netfacebook.com"), Ok(Some("netfacebook.com".to_owned())));
        assert!(domain_of_website("call us").is_err());
    }

    #[test]
    fn lists_and_amounts_are_bounded() {
        let label = |n: usize| Label::try_from(n.to_string()).unwrap();
        assert_eq!(tags_of(vec![label(2), label(1), label(2)]), Ok(vec![label(1), label(2)]));
        assert_eq!(tags_of((0..=TAGS_MAX).map(label).collect()), Err(ValueRejection::TooManyTags(TAGS_MAX)));
        let patch = |range: std::ops::Range<usize>| range.map(|n| (format!("k{n}"), Value::from(n))).collect::<CustomValues>();
        let mut values = patch(0..CUSTOM_VALUES_MAX);
        assert_eq!(patch_custom(&mut values, &patch(0..1)), Ok(()));
        assert_eq!(patch_custom(&mut values, &patch(200..201)), Err(ValueRejection::TooManyCustomValues(CUSTOM_VALUES_MAX)));
        assert!(amount_of(Money::new(0, Currency::EUR)).is_ok());
        assert!(amount_of(Money::new(-1, Currency::EUR)).is_err() && amount_of(Money::new(i64::MAX, Currency::EUR)).is_err());
    }

    #[test]
    fn folding_finds_the_same_name() {
        assert_eq!(fold("  ANNA\u{a0} Müller "), fold("anna müller"));
    }
}
