//! Values in query strings, by the type of the column or parameter that they are for.

use chrono::{DateTime, NaiveDate};
use projections::model::ColumnKind;

/// The longest value.
const VALUE_CHARS_MAX: usize = 1024;

/// The SQL type that a bound text is cast to.
pub fn sql_type(kind: ColumnKind) -> &'static str {
    match kind {
        ColumnKind::Text | ColumnKind::List => "text",
        ColumnKind::Integer => "bigint",
        ColumnKind::Number => "numeric",
        ColumnKind::Boolean => "boolean",
        ColumnKind::Timestamp => "timestamptz",
        ColumnKind::Date => "date",
        ColumnKind::Json => "jsonb",
    }
}

/// The text as Postgres can cast it for sure, or what is wrong with it.
pub fn check(kind: ColumnKind, text: &str) -> Result<String, &'static str> {
    if text.chars().count() > VALUE_CHARS_MAX {
        return Err("the value is too long");
    }
    match kind {
        ColumnKind::Text | ColumnKind::List => {
            if text.contains('\0') {
                Err("the value holds a NUL character")
            } else {
                Ok(text.to_owned())
            }
        }
        ColumnKind::Integer => text.parse::<i64>().map(|number| number.to_string()).map_err(|_| "a whole number is expected"),
        ColumnKind::Number => number(text),
        ColumnKind::Boolean => match text {
            "true" | "false" => Ok(text.to_owned()),
            _ => Err("`true` or `false` is expected"),
        },
        ColumnKind::Timestamp => timestamp(text).map(|at| at.to_utc().to_rfc3339()),
        ColumnKind::Date => {
            let error = "a day such as 2026-03-01 is expected";
            let plain = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
            let day = if plain { NaiveDate::parse_from_str(text, "%Y-%m-%d").map_err(|_| error)? } else { return Err(error) };
            if day < NaiveDate::from_ymd_opt(1, 1, 1).unwrap_or(NaiveDate::MIN) { Err(error) } else { Ok(day.to_string()) }
        }
        ColumnKind::Json => Err("the column cannot be compared"),
    }
}

/// A point in time. A plus sign that was not escaped arrives as a space.
pub fn timestamp(text: &str) -> Result<DateTime<chrono::FixedOffset>, &'static str> {
    let error = "a time such as 2026-03-01T12:00:00Z (RFC 3339) is expected";
    let at = DateTime::parse_from_rfc3339(text).or_else(|_| DateTime::parse_from_rfc3339(&text.replace(' ', "+"))).map_err(|_| error)?;
    let year = chrono::Datelike::year(&at.to_utc());
    if (1..=9999).contains(&year) { Ok(at) } else { Err(error) }
}

fn number(text: &str) -> Result<String, &'static str> {
    let error = "a number is expected";
    let plain = text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    let value: f64 = if plain { text.parse().map_err(|_| error)? } else { return Err(error) };
    if value.is_finite() && text.bytes().any(|byte| byte.is_ascii_digit()) && exponent(text) <= 308 {
        Ok(text.to_owned())
    } else {
        Err(error)
    }
}

/// The size of the exponent: `1e-9999` is zero to a float and an error to Postgres.
fn exponent(text: &str) -> u32 {
    let Some((_, exponent)) = text.split_once(['e', 'E']) else { return 0 };
    exponent.trim_start_matches(['+', '-']).parse().unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_fit_their_types() {
        let good = [
            (ColumnKind::Integer, "-7"),
            (ColumnKind::Number, "1.5e3"),
            (ColumnKind::Boolean, "true"),
            (ColumnKind::Timestamp, "2026-03-01T12:00:00Z"),
            (ColumnKind::Timestamp, "2026-03-01T12:00:00 02:00"),
            (ColumnKind::Date, "2026-03-01"),
            (ColumnKind::Text, "a%b_c\\"),
        ];
        for (kind, text) in good {
            assert!(check(kind, text).is_ok(), "{kind:?} {text}");
        }
        let bad = [
            (ColumnKind::Integer, "1.5"),
            (ColumnKind::Integer, "9223372036854775808"),
            (ColumnKind::Integer, ""),
            (ColumnKind::Number, "NaN"),
            (ColumnKind::Number, "inf"),
            (ColumnKind::Number, "1e999"),
            (ColumnKind::Number, "1e-999"),
            (ColumnKind::Number, "."),
            (ColumnKind::Boolean, "yes"),
            (ColumnKind::Timestamp, "2026-03-01"),
            (ColumnKind::Timestamp, "0000-01-01T00:00:00Z"),
            (ColumnKind::Date, "2026-02-30"),
            (ColumnKind::Date, "+12026-02-01"),
            (ColumnKind::Date, "0000-02-01"),
            (ColumnKind::Text, "a\0b"),
            (ColumnKind::Json, "{}"),
        ];
        for (kind, text) in bad {
            assert!(check(kind, text).is_err(), "{kind:?} {text}");
        }
    }
}
