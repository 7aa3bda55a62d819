//! What the read models of this context share: their view of a table, exact numbers in rows, and erased customers.

use domain::billing::customer::{Customer, CustomerEvent};
use domain::kernel::{RecordedEvent, is_of};

use crate::runtime::{RowKey, Rows, event_of};

/// What a read model needs of its table: in production [`Rows`], in tests a map.
pub(super) trait Table<R> {
    /// The row with this id, to be changed.
    fn get_mut(&mut self, id: &str) -> Option<&mut R>;
    /// Adds or replaces a row.
    fn put(&mut self, id: &str, row: R);
    /// The ids of the rows that the event's [`RowKey::Where`] matched.
    fn matched(&self) -> Vec<String>;

    /// The row with this id, which earlier events must have made.
    fn existing(&mut self, id: &str) -> Result<&mut R, String> {
        self.get_mut(id).ok_or_else(|| format!("there is no row `{id}`"))
    }
}

impl<R: Clone> Table<R> for Rows<'_, R> {
    fn get_mut(&mut self, id: &str) -> Option<&mut R> {
        Rows::get_mut(self, id)
    }

    fn put(&mut self, id: &str, row: R) {
        Rows::put(self, id, row);
    }

    fn matched(&self) -> Vec<String> {
        Rows::matched(self)
    }
}

/// The column of references to customers.
const CUSTOMER_ID: &str = "customer_id";

/// Whether the event erases a customer, whose name must then go from rows of all kinds.
pub(super) fn erases(event: &RecordedEvent) -> Result<bool, String> {
    // Events of other kinds are not decoded.
    if event.event_type != "customer_erased" || !is_of::<Customer>(event) {
        return Ok(false);
    }
    Ok(matches!(event_of::<Customer>(event)?, Some(CustomerEvent::CustomerErased(_))))
}

/// The rows that refer to an erased customer.
pub(super) fn of_erased(event: &RecordedEvent) -> Vec<RowKey> {
    vec![RowKey::Where(CUSTOMER_ID, vec![event.aggregate_id.clone()])]
}

/// The word that a value has in events.
pub(super) fn word<T: serde::Serialize>(value: &T) -> Result<String, String> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => Ok(word),
        Ok(other) => Err(format!("{other} is no word")),
        Err(error) => Err(error.to_string()),
    }
}

/// Decimals in rows, as JSON numbers with all their digits: for `#[serde(with = "exact")]`.
pub(super) mod exact {
    use rust_decimal::Decimal;
    use serde::de::Error as _;
    use serde::ser::Error as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use serde_json::value::RawValue;

    /// Writes the digits.
    pub fn serialize<S: Serializer>(value: &Decimal, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(value.normalize().to_string()).map_err(S::Error::custom)?.serialize(serializer)
    }

    /// Reads the digits, whether they stand as a number or as a text.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decimal, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        raw.get().trim_matches('"').parse().map(|value: Decimal| value.normalize()).map_err(D::Error::custom)
    }
}

/// The same for values that may be missing.
pub(super) mod exact_option {
    use rust_decimal::Decimal;
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use serde_json::value::RawValue;

    #[derive(Serialize)]
    struct Exact<'a>(#[serde(with = "super::exact")] &'a Decimal);

    /// Writes the digits.
    #[expect(clippy::ref_option, reason = "serde hands the field over like this")]
    pub fn serialize<S: Serializer>(value: &Option<Decimal>, serializer: S) -> Result<S::Ok, S::Error> {
        value.as_ref().map(Exact).serialize(serializer)
    }

    /// Reads the digits.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Decimal>, D::Error> {
        let raw = Option::<Box<RawValue>>::deserialize(deserializer)?;
        let read = |raw: Box<RawValue>| raw.get().trim_matches('"').parse().map(|value: Decimal| value.normalize());
        raw.map(read).transpose().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use rust_decimal::Decimal;
    use serde::{Deserialize, Serialize};

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Row {
        #[serde(with = "super::exact")]
        sum: Decimal,
        #[serde(with = "super::exact_option")]
        max: Option<Decimal>,
    }

    #[test]
    fn numbers_keep_all_their_digits() {
        let read = |text: &str| serde_json::from_str::<Row>(text).unwrap();
        let row = Row { sum: "1234567890123456789.123456789".parse().unwrap(), max: None };
        assert_eq!(serde_json::to_string(&row).unwrap(), r#"{"sum":1234567890123456789.123456789,"max":null}"#);
        assert_eq!(read(r#"{"sum":1234567890123456789.123456789,"max":null}"#), row);
        assert_eq!(read(r#"{"sum":"2.50","max":-3}"#), Row { sum: "2.5".parse().unwrap(), max: Some("-3".parse().unwrap()) });
    }
}
