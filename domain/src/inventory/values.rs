//! Values that several inventory aggregates share: quantities, names, days, shares of a value.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::kernel::{AggregateId, Day, Text, fold};
use crate::rejections;

/// A name of a product, a warehouse, a supplier.
pub type Name = Text<200>;
/// A longer remark.
pub type Note = Text<2_000>;
/// A short word: a unit, a category, a reason.
pub type Label = Text<64>;
/// What another system calls something: the number of an order or of a delivery note.
pub type Reference = Text<100>;
/// An article number (stock keeping unit).
pub type Sku = Text<60>;

/// The largest quantity, in base units.
pub const QUANTITY_MAX: i64 = 1_000_000_000_000;
/// The largest amount of money, in minor units; thousands of them can be added up in 64 bits.
pub const AMOUNT_MINOR_MAX: i64 = 9_000_000_000_000_000;
/// The longest id of a product or a warehouse: two of them and a number are still an id.
pub const PART_ID_MAX: usize = 50;
/// What stands between the product and the warehouse in the id of a stock item.
pub const ID_SEPARATOR: char = ':';

/// A whole number between two bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct Bounded<const MIN: i64, const MAX: i64>(i64);

impl<const MIN: i64, const MAX: i64> Bounded<MIN, MAX> {
    /// The number.
    pub const fn get(self) -> i64 {
        self.0
    }
}

impl<const MIN: i64, const MAX: i64> TryFrom<i64> for Bounded<MIN, MAX> {
    type Error = String;

    fn try_from(number: i64) -> Result<Self, String> {
        if (MIN..=MAX).contains(&number) { Ok(Self(number)) } else { Err(format!("the number is not within {MIN} to {MAX}")) }
    }
}

impl<const MIN: i64, const MAX: i64> From<Bounded<MIN, MAX>> for i64 {
    fn from(bounded: Bounded<MIN, MAX>) -> Self {
        bounded.0
    }
}

impl<const MIN: i64, const MAX: i64> JsonSchema for Bounded<MIN, MAX> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Bounded{MIN}To{MAX}").into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": MIN, "maximum": MAX })
    }
}

/// A number of pieces, in the product's base unit.
pub type Quantity = Bounded<1, QUANTITY_MAX>;
/// A number of pieces that may be none.
pub type Level = Bounded<0, QUANTITY_MAX>;
/// A number of pieces more (positive) or fewer (negative).
pub type Difference = Bounded<{ -QUANTITY_MAX }, QUANTITY_MAX>;
/// How long a reservation holds, in seconds: up to 30 days.
pub type Ttl = Bounded<1, 2_592_000>;

/// How long a reservation holds where nobody says, in seconds.
pub const TTL_DEFAULT_SECONDS: i64 = 900;

/// The part of `value` that belongs to `part` of `whole` pieces: rounded to a minor unit, half away from zero. Whoever takes the part
/// leaves the rest where it was, so that nothing is lost; a part that is the whole takes everything.
///
/// # Panics
/// When `whole` is not positive: nothing has no share.
pub fn share(value: i64, part: i64, whole: i64) -> i64 {
    assert!(whole > 0 && (0..=whole).contains(&part), "{part} of {whole} is no share");
    let (product, whole) = (i128::from(value) * i128::from(part), i128::from(whole));
    let rounded = (2 * product.abs() + whole) / (2 * whole) * product.signum();
    // A share is no larger than the value.
    i64::try_from(rounded).unwrap_or(value)
}

/// Whether an amount is one that goods can be worth: not negative, and not absurd.
pub fn is_amount(amount_minor: i64) -> bool {
    (0..=AMOUNT_MINOR_MAX).contains(&amount_minor)
}

/// Today (UTC).
pub fn today(now: DateTime<Utc>) -> Day {
    Day(now.date_naive())
}

/// A day that is not in the future, where the day of the easternmost time zone counts as today; today where none is given.
pub fn past_day(day: Option<Day>, now: DateTime<Utc>) -> Result<Day, ValueRejection> {
    let today = now.date_naive();
    let day = day.unwrap_or(Day(today));
    if today.succ_opt().is_some_and(|tomorrow| day.0 > tomorrow) { Err(ValueRejection::DayInFuture(day.0.to_string())) } else { Ok(day) }
}

/// Checks an id that becomes a part of other ids.
pub fn check_part_id(id: &str) -> Result<(), ValueRejection> {
    let fits = id.len() <= PART_ID_MAX && !id.contains(ID_SEPARATOR);
    if fits { Ok(()) } else { Err(ValueRejection::IdUnusable(id.to_owned())) }
}

/// The id of the aggregate that knows which product an article number means.
pub fn sku_id(sku: &str) -> Result<String, ValueRejection> {
    AggregateId::standing_for(sku).map(String::from).map_err(|_| ValueRejection::SkuUnusable(sku.to_owned()))
}

/// A name as an id: `Main Warehouse` is `main-warehouse`.
pub fn slug(name: &str) -> String {
    let plain: String = fold(name).chars().map(|c| if c.is_ascii_alphanumeric() { c } else { ' ' }).collect();
    plain.split_whitespace().collect::<Vec<_>>().join("-")
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

/// Reads a present field of a [`Patch`]; use with `#[serde(default, deserialize_with = "patched")]`.
pub fn patched<'de, D, T>(deserializer: D) -> Result<Patch<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::<T>::deserialize(deserializer).map(Some)
}

rejections! {
    /// Why a value is refused, whatever it is for.
    pub enum ValueRejection in "inventory" {
        /// An id that cannot be a part of another.
        #[error("`{0}` cannot be the id: give one of at most 50 characters without a colon.")]
        IdUnusable(String) => "id_unusable" ["id"],
        /// An article number that leads to no id.
        #[error("`{0}` cannot be an article number: shorten it, or use fewer signs and accents.")]
        SkuUnusable(String) => "sku_unusable" ["sku"],
        /// Goods that came in tomorrow.
        #[error("Goods cannot have come in on {0}, which is in the future; give the day on which they came.")]
        DayInFuture(String) => "day_in_future" ["received_on"],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_rounded_half_away_from_zero_and_the_whole_takes_all() {
        for (value, part, whole, expected) in [
            (100, 1, 3, 33),
            (100, 2, 3, 67),
            (5, 1, 2, 3),
            (-5, 1, 2, -3),
            (7, 3, 3, 7),
            (7, 0, 3, 0),
            (AMOUNT_MINOR_MAX, QUANTITY_MAX - 1, QUANTITY_MAX, AMOUNT_MINOR_MAX - 9000),
        ] {
            assert_eq!(share(value, part, whole), expected, "{part} of {whole} of {value}");
        }
    }

    #[test]
    fn numbers_keep_their_bounds() {
        let read = serde_json::from_str::<Quantity>;
        assert_eq!(read("1").map(Quantity::get).ok(), Some(1));
        assert!(read("0").is_err() && read("1000000000001").is_err() && read("1.5").is_err());
        assert!(serde_json::from_str::<Difference>("-1000000000000").is_ok());
    }

    #[test]
    fn names_become_ids() {
        assert_eq!(slug("  Main Warehouse (East)"), "main-warehouse-east");
        assert_eq!(slug("---"), "");
        assert_eq!(sku_id("Tea 12/4").as_deref(), Ok("tea~2012~2f4"));
        assert!(sku_id(&"ü".repeat(60)).is_err());
        assert!(check_part_id("a:b").is_err() && check_part_id(&"x".repeat(51)).is_err() && check_part_id(&"x".repeat(50)).is_ok());
    }
}
