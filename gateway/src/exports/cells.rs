//! Values of rows, from columns of Postgres and from the JSON of reports, by the type of their column.

use std::borrow::Cow;

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use serde_json::Value;
use sqlx::Row as _;
use sqlx::postgres::PgRow;

use super::columns::{CellKind, DECIMAL_DIGITS, TableColumn};

/// Rows of a table, as they were read.
pub enum Rows {
    /// With a column for each of the table, in order.
    Typed(Vec<PgRow>),
    /// Objects, with a member for each column.
    Json(Vec<String>),
}

impl Rows {
    /// How many there are.
    pub fn count(&self) -> usize {
        match self {
            Self::Typed(rows) => rows.len(),
            Self::Json(rows) => rows.len(),
        }
    }
}

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell<'a> {
    /// No value.
    Null,
    /// Text, or JSON as text.
    Text(Cow<'a, str>),
    /// A whole number.
    Integer(i64),
    /// A number.
    Float(f64),
    /// A decimal number without its point.
    Decimal(i128),
    /// True or false.
    Boolean(bool),
    /// A point in time.
    Timestamp(DateTime<Utc>),
    /// A day.
    Date(NaiveDate),
    /// Texts.
    List(Vec<Option<String>>),
}

/// Why a value cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum CellError {
    /// The value is not of the column's type.
    #[error("the column `{0}` holds a value that does not fit its type")]
    Misfit(String),
    /// Postgres sent something else.
    #[error("a row cannot be read")]
    Row(#[from] sqlx::Error),
    /// A report's row is not an object.
    #[error("a row of a report cannot be read")]
    Json(#[from] serde_json::Error),
}

/// The value of a column of a read model, which stands at this place.
pub fn typed<'a>(row: &'a PgRow, index: usize, column: &TableColumn) -> Result<Cell<'a>, CellError> {
    Ok(match column.kind {
        CellKind::Text | CellKind::Json => row.try_get::<Option<&str>, _>(index)?.map_or(Cell::Null, |text| Cell::Text(text.into())),
        CellKind::Integer => row.try_get::<Option<i64>, _>(index)?.map_or(Cell::Null, Cell::Integer),
        CellKind::Float => row.try_get::<Option<f64>, _>(index)?.map_or(Cell::Null, Cell::Float),
        CellKind::Decimal(scale) => match row.try_get::<Option<&str>, _>(index)? {
            Some(text) => Cell::Decimal(decimal(text, scale).ok_or_else(|| CellError::Misfit(column.name.clone()))?),
            None => Cell::Null,
        },
        CellKind::Boolean => row.try_get::<Option<bool>, _>(index)?.map_or(Cell::Null, Cell::Boolean),
        CellKind::Timestamp => row.try_get::<Option<DateTime<Utc>>, _>(index)?.map_or(Cell::Null, Cell::Timestamp),
        CellKind::Date => row.try_get::<Option<NaiveDate>, _>(index)?.map_or(Cell::Null, Cell::Date),
        CellKind::List => row.try_get::<Option<Vec<Option<String>>>, _>(index)?.map_or(Cell::Null, Cell::List),
    })
}

/// The value of a member of a report's row.
pub fn of_json<'a>(value: Option<&'a Value>, column: &TableColumn) -> Result<Cell<'a>, CellError> {
    let cell = match (value.unwrap_or(&Value::Null), column.kind) {
        (Value::Null, _) => Some(Cell::Null),
        (Value::String(text), CellKind::Text) => Some(Cell::Text(text.into())),
        (value, CellKind::Json) => Some(Cell::Text(value.to_string().into())),
        (value, CellKind::Integer) => value.as_i64().map(Cell::Integer),
        (value, CellKind::Float) => value.as_f64().map(Cell::Float),
        (Value::Bool(value), CellKind::Boolean) => Some(Cell::Boolean(*value)),
        (Value::String(text), CellKind::Timestamp) => DateTime::parse_from_rfc3339(text).ok().map(|at| Cell::Timestamp(at.to_utc())),
        (Value::String(text), CellKind::Date) => text.parse().ok().map(Cell::Date),
        _ => None,
    };
    cell.ok_or_else(|| CellError::Misfit(column.name.clone()))
}

/// A decimal number in Postgres's notation without its point, with exactly so many digits behind it; nothing where it does not fit.
fn decimal(text: &str, scale: i8) -> Option<i128> {
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |digits| (true, digits));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let places = usize::try_from(scale).ok()?;
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !plain(whole) || !plain(fraction) || fraction.len() > places {
        return None;
    }
    let all: i128 = format!("{whole}{fraction:0<places$}").parse().ok()?;
    let fits = all < 10_i128.pow(u32::from(DECIMAL_DIGITS));
    fits.then_some(if negative { -all } else { all })
}

impl Cell<'_> {
    /// As it stands in CSV; the parts of a list are separated by `;`, as imports read them.
    pub fn csv(&self, kind: CellKind) -> Cow<'_, str> {
        match self {
            Self::Null => "".into(),
            Self::Text(text) if kind == CellKind::Json => compact(text),
            Self::Text(text) => Cow::Borrowed(text),
            Self::Integer(number) => number.to_string().into(),
            Self::Float(number) => number.to_string().into(),
            Self::Decimal(number) => point(*number, kind).into(),
            Self::Boolean(value) => if *value { "true" } else { "false" }.into(),
            Self::Timestamp(at) => at.to_rfc3339_opts(SecondsFormat::AutoSi, false).into(),
            Self::Date(day) => day.to_string().into(),
            Self::List(items) => items.iter().map(|item| item.as_deref().unwrap_or_default()).collect::<Vec<_>>().join(";").into(),
        }
    }
}

impl Cell<'_> {
    /// As it stands in JSON. Decimal numbers keep every digit.
    pub fn json(&self, kind: CellKind) -> Result<String, serde_json::Error> {
        Ok(match self {
            Self::Null => "null".to_owned(),
            Self::Text(text) if kind == CellKind::Json => serde_json::from_str::<Value>(text)?.to_string(),
            Self::Text(text) => serde_json::to_string(text)?,
            Self::Float(number) => serde_json::to_string(number)?,
            Self::Integer(_) | Self::Boolean(_) | Self::Decimal(_) => self.csv(kind).into_owned(),
            Self::Timestamp(_) | Self::Date(_) => serde_json::to_string(&self.csv(kind))?,
            Self::List(items) => serde_json::to_string(items)?,
        })
    }
}

/// JSON without the spaces that Postgres puts in; a list of simple values as lists of texts are written.
fn compact(text: &str) -> Cow<'_, str> {
    let simple = |value: &Value| match value {
        Value::Array(_) | Value::Object(_) => None,
        Value::String(text) => Some(text.clone()),
        Value::Null => Some(String::new()),
        other => Some(other.to_string()),
    };
    match serde_json::from_str::<Value>(text) {
        Ok(Value::String(text)) => text.into(),
        Ok(Value::Array(items)) => match items.iter().map(simple).collect::<Option<Vec<_>>>() {
            Some(parts) => parts.join(";").into(),
            None => Value::Array(items).to_string().into(),
        },
        Ok(value) => value.to_string().into(),
        Err(_) => text.into(),
    }
}

/// A decimal number with its point, without zeros that say nothing.
fn point(number: i128, kind: CellKind) -> String {
    let CellKind::Decimal(scale) = kind else { return number.to_string() };
    let places = usize::try_from(scale).unwrap_or(0);
    let digits = format!("{:0>width$}", number.unsigned_abs(), width = places + 1);
    let (whole, fraction) = digits.split_at(digits.len() - places);
    let fraction = fraction.trim_end_matches('0');
    let sign = if number < 0 { "-" } else { "" };
    if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn column(kind: CellKind) -> TableColumn {
        TableColumn { name: "x".to_owned(), kind, description: String::new() }
    }

    #[test]
    fn decimals_keep_every_digit() {
        for (text, scale, expected) in [
            ("0", 2, Some(0)),
            ("1.5", 2, Some(150)),
            ("-0.05", 2, Some(-5)),
            ("12345678901234567890.123456789012345678", 18, Some(12_345_678_901_234_567_890_123_456_789_012_345_678)),
            ("100000000000000000000.0", 18, None),
            ("1.234", 2, None),
            ("NaN", 2, None),
            ("1e5", 2, None),
            ("", 2, None),
        ] {
            assert_eq!(decimal(text, scale), expected, "{text}");
        }
        for (number, expected) in [(0, "0"), (5, "0.05"), (-150, "-1.5"), (12_300, "123")] {
            assert_eq!(point(number, CellKind::Decimal(2)), expected);
        }
    }

    #[test]
    fn members_of_reports_are_read_by_type_and_misfits_are_errors() {
        let read = |value: &Value, kind| of_json(Some(value), &column(kind)).map(|cell| cell.csv(kind).into_owned());
        for (value, kind, expected) in [
            (json!("a"), CellKind::Text, "a"),
            (json!(7), CellKind::Integer, "7"),
            (json!(0.25), CellKind::Float, "0.25"),
            (json!(7), CellKind::Float, "7"),
            (json!(true), CellKind::Boolean, "true"),
            (json!("2026-03-01T12:00:00.5+02:00"), CellKind::Timestamp, "2026-03-01T10:00:00.500+00:00"),
            (json!("2026-03-01"), CellKind::Date, "2026-03-01"),
            (json!(["a", 1, null]), CellKind::Json, "a;1;"),
            (json!([{ "a": [1] }]), CellKind::Json, "[{\"a\":[1]}]"),
            (json!({ "a": 1 }), CellKind::Json, "{\"a\":1}"),
            (json!(null), CellKind::Date, ""),
        ] {
            assert_eq!(read(&value, kind).unwrap(), expected, "{value}");
        }
        for (value, kind) in [
            (json!(1), CellKind::Text),
            (json!("1"), CellKind::Integer),
            (json!(1.5), CellKind::Integer),
            (json!(u64::MAX), CellKind::Integer),
            (json!("yesterday"), CellKind::Timestamp),
            (json!("2026-02-30"), CellKind::Date),
            (json!("true"), CellKind::Boolean),
        ] {
            assert!(matches!(read(&value, kind), Err(CellError::Misfit(_))), "{value}");
        }
        assert_eq!(of_json(None, &column(CellKind::Text)).unwrap(), Cell::Null);
    }
}
