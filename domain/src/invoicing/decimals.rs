//! Decimal numbers with bounds: quantities, rates, prices below a cent.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};

use super::values::ValueRejection;
use crate::kernel::{Currency, Money};

/// A decimal number from `MIN` to `MAX` with at most `PLACES` decimals. Commands may write it as a JSON number or, which keeps
/// every digit, as a string.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Number<const PLACES: u32, const MIN: i64, const MAX: i64>(Decimal);

/// Reads an amount of a file as money.
pub(super) fn money_of(amount: Option<MajorAmount>, currency: Currency) -> Result<Option<Money>, ValueRejection> {
    let read = |amount: MajorAmount| amount.money(currency).ok_or_else(|| ValueRejection::NotAnAmount(amount.to_string(), currency));
    amount.map(read).transpose()
}

/// How much of something.
pub type Quantity = Number<6, -999_999_999, 999_999_999>;
/// A share of a hundred.
pub type Percent = Number<4, 0, 100>;
/// The price of one, in minor units; fractions of a minor unit are for what costs less than a cent.
pub type PriceMinor = Number<6, -999_999_999_999, 999_999_999_999>;

impl<const PLACES: u32, const MIN: i64, const MAX: i64> Number<PLACES, MIN, MAX> {
    /// The number times ten to the `PLACES`, which is whole.
    pub fn scaled(self) -> i128 {
        self.0.mantissa() * 10_i128.pow(PLACES - self.0.scale())
    }

    /// What [`Number::scaled`] is multiplied by.
    pub const fn unit() -> i128 {
        10_i128.pow(PLACES)
    }

    /// Whether it is nothing.
    pub fn is_zero(self) -> bool {
        self.0.is_zero()
    }
}

impl<const PLACES: u32, const MIN: i64, const MAX: i64> TryFrom<Decimal> for Number<PLACES, MIN, MAX> {
    type Error = String;

    fn try_from(number: Decimal) -> Result<Self, String> {
        let number = number.normalize();
        if number.scale() > PLACES {
            return Err(format!("the number has more than {PLACES} decimals"));
        }
        if number < Decimal::from(MIN) || number > Decimal::from(MAX) {
            return Err(format!("the number is not within {MIN} to {MAX}"));
        }
        Ok(Self(number))
    }
}

impl<const PLACES: u32, const MIN: i64, const MAX: i64> TryFrom<i64> for Number<PLACES, MIN, MAX> {
    type Error = String;

    fn try_from(number: i64) -> Result<Self, String> {
        Decimal::from(number).try_into()
    }
}

impl<const PLACES: u32, const MIN: i64, const MAX: i64> FromStr for Number<PLACES, MIN, MAX> {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Decimal::from_str_exact(text).map_err(|_| format!("`{}` is not a number", text.chars().take(32).collect::<String>()))?.try_into()
    }
}

impl<const PLACES: u32, const MIN: i64, const MAX: i64> fmt::Display for Number<PLACES, MIN, MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<const PLACES: u32, const MIN: i64, const MAX: i64> fmt::Debug for Number<PLACES, MIN, MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<const PLACES: u32, const MIN: i64, const MAX: i64> Serialize for Number<PLACES, MIN, MAX> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de, const PLACES: u32, const MIN: i64, const MAX: i64> Deserialize<'de> for Number<PLACES, MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader<const PLACES: u32, const MIN: i64, const MAX: i64>;

        impl<const PLACES: u32, const MIN: i64, const MAX: i64> Visitor<'_> for Reader<PLACES, MIN, MAX> {
            type Value = Number<PLACES, MIN, MAX>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number, or a string that holds one")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                text.parse().map_err(E::custom)
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Self::Value, E> {
                number.try_into().map_err(E::custom)
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Self::Value, E> {
                Decimal::from(number).try_into().map_err(E::custom)
            }

            // The shortest text that means this float is what its writer wrote.
            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Self::Value, E> {
                number.to_string().parse().map_err(E::custom)
            }
        }

        deserializer.deserialize_any(Reader)
    }
}

impl<const PLACES: u32, const MIN: i64, const MAX: i64> JsonSchema for Number<PLACES, MIN, MAX> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Number{PLACES}").into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": ["string", "number"], "pattern": "^-?[0-9]+(\\.[0-9]+)?$", "minimum": MIN, "maximum": MAX,
            "description": format!("A number from {MIN} to {MAX} with at most {PLACES} decimals; a string keeps every digit.")
        })
    }
}

/// An amount in major units, as files of other products write it.
pub type MajorAmount = Number<3, -999_999_999_999, 999_999_999_999>;

impl MajorAmount {
    /// The amount as money; `None` where the currency has no such small unit.
    pub fn money(self, currency: Currency) -> Option<Money> {
        let per_minor = 10_i128.pow(3 - u32::from(currency.exponent()));
        let whole = self.scaled() % per_minor == 0;
        i64::try_from(self.scaled() / per_minor).ok().filter(|_| whole).map(|minor| Money::new(minor, currency))
    }
}

/// The price of one. `{"amount_minor": 1250, "currency": "EUR"}` is € 12.50, and `{"amount_minor": "0.25", …}` a quarter of a cent.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UnitPrice {
    /// The price in minor units of its currency.
    pub amount_minor: PriceMinor,
    /// The currency.
    pub currency: Currency,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_are_read_from_json_numbers_and_strings_and_written_as_strings() {
        for (given, kept) in [(json!(2), "2"), (json!("1.50"), "1.5"), (json!(0.1), "0.1"), (json!(-3.25), "-3.25"), (json!("0"), "0")] {
            let read: Quantity = serde_json::from_value(given).unwrap();
            assert_eq!(serde_json::to_value(read).unwrap(), json!(kept));
        }
        for bad in [json!("x"), json!("1e3"), json!(null), json!(1_000_000_000), json!("0.0000001"), json!("")] {
            assert!(serde_json::from_value::<Quantity>(bad.clone()).is_err(), "{bad}");
        }
        assert!(serde_json::from_value::<Percent>(json!(100.5)).is_err() && serde_json::from_value::<Percent>(json!(-1)).is_err());
        assert_eq!("1.5".parse::<Percent>().unwrap().scaled(), 15_000);
    }

    #[test]
    fn a_price_is_written_as_money_is() {
        let price: UnitPrice = serde_json::from_value(json!({ "amount_minor": 1250, "currency": "EUR" })).unwrap();
        assert_eq!(price.amount_minor.scaled(), 1_250 * PriceMinor::unit());
        assert!(serde_json::from_value::<UnitPrice>(json!({ "amount_minor": "0.25", "currency": "EUR" })).is_ok());
    }

    #[test]
    fn an_amount_of_a_file_has_no_more_decimals_than_its_currency() {
        let money = |text: &str, code: &str| {
            let amount: MajorAmount = text.parse().unwrap();
            amount.money(Currency::try_from(code).unwrap()).map(|money| money.amount_minor)
        };
        assert_eq!((money("3.8", "EUR"), money("-3.85", "EUR"), money("3.855", "EUR")), (Some(380), Some(-385), None));
        assert_eq!((money("380", "JPY"), money("0.5", "JPY"), money("1.234", "KWD")), (Some(380), None, Some(1_234)));
    }
}
