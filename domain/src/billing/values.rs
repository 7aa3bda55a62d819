//! Values that several billing aggregates share: keys, intervals, entitlements, references to the payment provider.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Deref;

use rust_decimal::{Decimal, RoundingStrategy};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use crate::kernel::{Currency, Money, Text};
use crate::rejections;

/// A name of a plan, customer or line.
pub type Name = Text<200>;
/// A longer remark.
pub type Note = Text<2_000>;
/// A short word: a reason, an error code.
pub type Label = Text<64>;
/// An id that the payment provider gave. Stripe's have at most 255 characters.
pub type ExternalId = Text<255>;

/// The largest amount of one line, in minor units: a price on an invoice has twelve digits.
pub const AMOUNT_MINOR_MAX: i64 = 999_999_999_999;
/// How many features a plan grants at most, and how many a subscription overrides at most.
pub const ENTITLEMENTS_MAX: usize = 100;
/// The most seats or units of a flat price.
pub const QUANTITY_MAX: u32 = 1_000_000;

/// The name of a metric or a feature, as programs write it: 1 to 64 characters of `a–z 0–9 . _ -`, the first a letter or digit.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Key(String);

impl Key {
    /// The longest key, in characters.
    pub const LENGTH_MAX: usize = 64;
}

impl TryFrom<String> for Key {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
        let starts = text.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
        if starts && text.len() <= Self::LENGTH_MAX && text.bytes().all(allowed) {
            Ok(Self(text))
        } else {
            Err("a key has 1 to 64 characters out of a-z, 0-9, `.`, `_` and `-`, the first a letter or digit".to_owned())
        }
    }
}

impl From<Key> for String {
    fn from(key: Key) -> Self {
        key.0
    }
}

impl Deref for Key {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl JsonSchema for Key {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "BillingKey".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "minLength": 1, "maxLength": Self::LENGTH_MAX, "pattern": "^[a-z0-9][a-z0-9._-]*$" })
    }
}

/// What a subscription entitles to in one feature: a switch, a number (a limit, a quota) or a word (a level).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum FeatureValue {
    /// On or off.
    Switch(bool),
    /// A limit or a quota.
    Number(i64),
    /// A level, such as `priority`.
    Word(Text<200>),
}

impl FeatureValue {
    /// Whether the feature may be used at all: `false` and `0` say no.
    pub fn grants(&self) -> bool {
        !matches!(self, Self::Switch(false) | Self::Number(0))
    }
}

/// Features and what a plan grants of them.
pub type Entitlements = BTreeMap<Key, FeatureValue>;

/// A postal address; its country is a field of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
}

/// A unit of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// A day of 24 hours.
    Day,
    /// Seven days.
    Week,
    /// A calendar month.
    Month,
    /// A calendar year.
    Year,
}

/// How long a service period is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Interval {
    /// The unit.
    pub unit: Unit,
    /// How many of them, 1 or more; a period lasts five years at most.
    #[serde(default = "one")]
    #[schemars(range(min = 1, max = 1826))]
    pub count: u16,
}

fn one() -> u16 {
    1
}

impl Interval {
    /// A calendar month.
    pub const MONTH: Self = Self { unit: Unit::Month, count: 1 };

    /// Refuses none, and more than five years.
    pub fn check(self) -> Result<Self, ValueRejection> {
        let most = match self.unit {
            Unit::Day => 1826,
            Unit::Week => 260,
            Unit::Month => 60,
            Unit::Year => 5,
        };
        if (1..=most).contains(&self.count) { Ok(self) } else { Err(ValueRejection::IntervalOutOfRange(most)) }
    }

    /// An amount of one period as an amount of a month, rounded half away from zero. A year counts as 365 days, 52 weeks, 12 months.
    pub fn monthly(self, amount_minor: i64) -> i64 {
        let (times, parts) = match self.unit {
            Unit::Day => (365, 12),
            Unit::Week => (52, 12),
            Unit::Month => (1, 1),
            Unit::Year => (1, 12),
        };
        rounded(Decimal::from(amount_minor) * Decimal::from(times) / (Decimal::from(parts) * Decimal::from(self.count.max(1))))
    }
}

/// A whole number of minor units: half away from zero. What does not fit becomes the limit of 64 bits, which every check refuses.
pub fn rounded(amount: Decimal) -> i64 {
    let whole = amount.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero);
    let limit = if whole.is_sign_negative() { i64::MIN } else { i64::MAX };
    i64::try_from(whole).unwrap_or(limit)
}

/// A price or other amount that a record can carry: not negative, and not absurd.
pub fn amount_of(amount: Money) -> Result<Money, ValueRejection> {
    if (0..=AMOUNT_MINOR_MAX).contains(&amount.amount_minor) {
        Ok(amount)
    } else {
        Err(ValueRejection::AmountOutOfRange(Money::new(AMOUNT_MINOR_MAX, amount.currency)))
    }
}

/// An amount of which there is some.
pub fn positive(amount: Money) -> Result<Money, ValueRejection> {
    let amount = amount_of(amount)?;
    if amount.amount_minor > 0 { Ok(amount) } else { Err(ValueRejection::AmountNotPositive) }
}

/// An amount in the currency that it must have.
pub fn in_currency(amount: Money, currency: Currency) -> Result<Money, ValueRejection> {
    if amount.currency == currency { Ok(amount) } else { Err(ValueRejection::CurrencyMismatch(amount.currency, currency)) }
}

/// A number of seats or units.
pub fn quantity_of(quantity: u32) -> Result<u32, ValueRejection> {
    if (1..=QUANTITY_MAX).contains(&quantity) { Ok(quantity) } else { Err(ValueRejection::QuantityOutOfRange(QUANTITY_MAX)) }
}

/// A field of a patch: absent leaves the value as it is, `null` clears it, anything else sets it.
pub type Patch<T> = Option<Option<T>>;

/// Sets a field from a [`Patch`].
pub fn set<T>(field: &mut Option<T>, patch: Patch<T>) {
    if let Some(value) = patch {
        *field = value;
    }
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
    pub enum ValueRejection in "billing" {
        /// A negative or absurd amount.
        #[error("An amount is between 0 and {0}.")]
        AmountOutOfRange(Money) => "amount_out_of_range" ["amount", "price"],
        /// Nothing.
        #[error("Give an amount greater than zero.")]
        AmountNotPositive => "amount_not_positive" ["amount"],
        /// Another currency.
        #[error("The amount is in {0}; give it in {1}.")]
        CurrencyMismatch(Currency, Currency) => "currency_mismatch" ["amount", "price", "plan_id"],
        /// No period, or one that never ends.
        #[error("A period lasts five years at most: give a count from 1 to {0} for this unit.")]
        IntervalOutOfRange(u16) => "interval_out_of_range" ["interval"],
        /// Seats.
        #[error("A quantity is between 1 and {0}.")]
        QuantityOutOfRange(u32) => "quantity_out_of_range" ["quantity"],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_what_programs_write() {
        let key = |text: &str| Key::try_from(text.to_owned()).is_ok();
        assert!(key("api_calls") && key("context.crm") && key("2fa"));
        assert!(!key("") && !key("API") && !key("a b") && !key(".a") && !key(&"a".repeat(65)));
    }

    #[test]
    fn a_feature_is_a_switch_a_number_or_a_word() {
        let read = |text: &str| serde_json::from_str::<FeatureValue>(text);
        assert_eq!(read("true").unwrap(), FeatureValue::Switch(true));
        assert_eq!(read("5").unwrap(), FeatureValue::Number(5));
        assert!(matches!(read("\"gold\"").unwrap(), FeatureValue::Word(_)));
        assert!(read("1.5").is_err() && read("null").is_err() && read("[]").is_err() && read("\"\"").is_err());
        assert!(!FeatureValue::Switch(false).grants() && !FeatureValue::Number(0).grants() && FeatureValue::Number(1).grants());
    }

    #[test]
    fn a_months_share_is_rounded_half_away_from_zero() {
        let of = |unit, count, amount| Interval { unit, count }.monthly(amount);
        assert_eq!(of(Unit::Month, 1, 4_900), 4_900);
        assert_eq!(of(Unit::Month, 3, 10_000), 3_333);
        assert_eq!(of(Unit::Year, 1, 118_806), 9_901);
        assert_eq!(of(Unit::Week, 1, 100), 433);
        assert_eq!(of(Unit::Day, 1, 100), 3_042);
        assert_eq!(of(Unit::Month, 2, 5), 3);
    }

    #[test]
    fn intervals_are_bounded() {
        assert!(Interval { unit: Unit::Year, count: 5 }.check().is_ok());
        assert_eq!(Interval { unit: Unit::Year, count: 6 }.check(), Err(ValueRejection::IntervalOutOfRange(5)));
        assert!(Interval { unit: Unit::Month, count: 0 }.check().is_err());
        assert_eq!(serde_json::from_str::<Interval>("{\"unit\":\"month\"}").unwrap(), Interval::MONTH);
    }

    #[test]
    fn amounts_are_bounded_and_of_one_currency() {
        let euro = |minor| Money::new(minor, Currency::EUR);
        assert!(amount_of(euro(0)).is_ok() && amount_of(euro(-1)).is_err() && amount_of(euro(i64::MAX)).is_err());
        assert!(positive(euro(1)).is_ok() && positive(euro(0)).is_err());
        assert!(in_currency(euro(1), Currency::try_from("USD").unwrap()).is_err());
        assert_eq!(rounded(Decimal::MAX), i64::MAX);
        assert_eq!(rounded(Decimal::new(-25, 1)), -3);
    }
}
