//! Bounded values for the fields of commands: what is out of bounds is refused while the command is decoded.

use std::borrow::Cow;
use std::ops::Deref;

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;

/// No control characters other than tab and line ends, as a pattern of JSON Schema.
const TEXT_PATTERN: &str = r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]*$";

/// A text of 1 to `MAX` characters without control characters other than tab and line ends; surrounding white space is dropped.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Text<const MAX: usize>(String);

impl<const MAX: usize> TryFrom<String> for Text<MAX> {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let trimmed = text.trim();
        if trimmed.is_empty() {
            return Err("the text is empty".to_owned());
        }
        if trimmed.chars().count() > MAX {
            return Err(format!("the text has more than {MAX} characters"));
        }
        if trimmed.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
            return Err("the text holds control characters".to_owned());
        }
        Ok(Self(if trimmed.len() == text.len() { text } else { trimmed.to_owned() }))
    }
}

impl<const MAX: usize> From<Text<MAX>> for String {
    fn from(text: Text<MAX>) -> Self {
        text.0
    }
}

impl<const MAX: usize> Deref for Text<MAX> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> JsonSchema for Text<MAX> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Text{MAX}").into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "minLength": 1, "maxLength": MAX, "pattern": TEXT_PATTERN })
    }
}

/// A text as it is compared when something is searched for: compatibility form (NFKC), lower case, single spaces.
pub fn fold(text: &str) -> String {
    text.nfkc().collect::<String>().to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The years that a date in a command may name; others are typing errors.
const YEARS: std::ops::RangeInclusive<i32> = 1900..=2199;

/// A point in time (RFC 3339) between the years 1900 and 2199.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "DateTime<Utc>", into = "DateTime<Utc>")]
pub struct When(pub DateTime<Utc>);

impl TryFrom<DateTime<Utc>> for When {
    type Error = String;

    fn try_from(at: DateTime<Utc>) -> Result<Self, String> {
        if YEARS.contains(&at.year()) { Ok(Self(at)) } else { Err("the year is not within 1900 to 2199".to_owned()) }
    }
}

impl From<When> for DateTime<Utc> {
    fn from(when: When) -> Self {
        when.0
    }
}

impl JsonSchema for When {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "When".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "date-time", "description": "RFC 3339, years 1900 to 2199" })
    }
}

/// A calendar day (ISO 8601, `2026-03-01`) between the years 1900 and 2199.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "NaiveDate", into = "NaiveDate")]
pub struct Day(pub NaiveDate);

impl TryFrom<NaiveDate> for Day {
    type Error = String;

    fn try_from(day: NaiveDate) -> Result<Self, String> {
        if YEARS.contains(&day.year()) { Ok(Self(day)) } else { Err("the year is not within 1900 to 2199".to_owned()) }
    }
}

impl From<Day> for NaiveDate {
    fn from(day: Day) -> Self {
        day.0
    }
}

impl JsonSchema for Day {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Day".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "date", "description": "ISO 8601, years 1900 to 2199" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_trimmed_and_bounded() {
        let parse = |text: &str| Text::<3>::try_from(text.to_owned());
        assert_eq!(parse(" äöü ").map(String::from).as_deref(), Ok("äöü"));
        assert!(parse("").is_err() && parse("  ").is_err() && parse("abcd").is_err() && parse("a\0").is_err());
    }

    #[test]
    fn absurd_years_are_refused() {
        assert!(serde_json::from_str::<When>("\"2026-03-01T00:00:00Z\"").is_ok());
        assert!(serde_json::from_str::<When>("\"9999-03-01T00:00:00Z\"").is_err());
        assert!(serde_json::from_str::<Day>("\"0026-03-01\"").is_err());
    }
}
