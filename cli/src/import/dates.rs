//! Reads days as exports write them.
//!
//! Read are ISO 8601 (`2026-03-01`, with or without a time), `20260301`, `2026/03/01`, `01.03.2026` (always day first), names of months
//! (`Mar 1, 2026`, `1 March 2026`), the day numbers of spreadsheets (`46082`), and `03/01/2026` or `03-01-2026`. Which number of the last
//! form is the day is decided once for a column, from the first rows of the file: day first where some cell begins with a number above
//! 12 and no cell has one in second place; month first in all other cases. A cell that only makes sense the other way round is read so.

use chrono::{Days, NaiveDate};

/// Which number comes first where both orders are in use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// `12/31/2026`.
    #[default]
    MonthFirst,
    /// `31/12/2026`.
    DayFirst,
}

/// What the cells of one column say about the order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hints {
    day_first: bool,
    month_first: bool,
}

impl Hints {
    /// Takes a cell into account.
    pub fn add(&mut self, text: &str) {
        if let Some((first, second, _)) = numbers_of_day(day_part(text)) {
            self.day_first |= first > 12;
            self.month_first |= second > 12;
        }
    }

    /// The order of the column.
    pub fn order(self) -> Order {
        if self.day_first && !self.month_first { Order::DayFirst } else { Order::MonthFirst }
    }
}

const MONTHS: [&str; 12] =
    ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"];
/// Day numbers of spreadsheets that are taken for such: the years 1954 to 2119.
const SERIALS: std::ops::RangeInclusive<u64> = 20_000..=80_000;

/// The text without a time behind the day.
fn day_part(text: &str) -> &str {
    let text = text.trim();
    if let Some((day, time)) = text.split_once(['T', 't'])
        && day.ends_with(|c: char| c.is_ascii_digit())
        && time.starts_with(|c: char| c.is_ascii_digit())
    {
        return day;
    }
    match text.split_once(char::is_whitespace) {
        Some((day, rest)) if rest.trim_start().split(char::is_whitespace).next().is_some_and(|time| time.contains(':')) => day,
        _ => text,
    }
}

/// The numbers of `a/b/year` and `a-b-year`.
fn numbers_of_day(text: &str) -> Option<(u32, u32, i32)> {
    let separator = if text.contains('/') { '/' } else { '-' };
    let mut parts = text.split(separator);
    let (first, second, year) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || year.len() != 4 || first.len() > 2 || second.len() > 2 {
        return None;
    }
    Some((first.parse().ok()?, second.parse().ok()?, year.parse().ok()?))
}

/// Reads a day.
pub fn day(text: &str, order: Order) -> Option<NaiveDate> {
    let text = day_part(text);
    if let Some((first, second, year)) = numbers_of_day(text) {
        let (month_first, day_first) = (NaiveDate::from_ymd_opt(year, first, second), NaiveDate::from_ymd_opt(year, second, first));
        return if order == Order::DayFirst { day_first.or(month_first) } else { month_first.or(day_first) };
    }
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        let number: u64 = text.parse().ok()?;
        if SERIALS.contains(&number) {
            return NaiveDate::from_ymd_opt(1899, 12, 30)?.checked_add_days(Days::new(number));
        }
        return if text.len() == 8 { NaiveDate::parse_from_str(text, "%Y%m%d").ok() } else { None };
    }
    let formats = ["%Y-%m-%d", "%Y/%m/%d", "%d.%m.%Y", "%d. %m. %Y"];
    let plausible = |day: &NaiveDate| chrono::Datelike::year(day) >= 1000;
    formats.iter().find_map(|format| NaiveDate::parse_from_str(text, format).ok().filter(plausible)).or_else(|| named(text))
}

/// `Mar 1, 2026`, `March 1st 2026`, `1 Mar 2026`, `1-Mar-2026`.
fn named(text: &str) -> Option<NaiveDate> {
    let words: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || matches!(c, ',' | '.' | '-')).filter(|word| !word.is_empty()).collect();
    let [a, b, year] = words[..] else { return None };
    let month = |word: &str| {
        let word = word.to_lowercase();
        MONTHS.iter().position(|month| word.len() >= 3 && (month.starts_with(&word) || word == "sept" && *month == "september"))
    };
    let (month, day) = month(a).map(|month| (month, b)).or_else(|| month(b).map(|month| (month, a)))?;
    let day = day.trim_end_matches(|c: char| c.is_ascii_alphabetic()).parse().ok()?;
    if year.len() != 4 {
        return None;
    }
    NaiveDate::from_ymd_opt(year.parse().ok()?, u32::try_from(month).ok()? + 1, day)
}

/// Reads a point in time as RFC 3339; a time without an offset is taken for UTC, a day for its beginning.
pub fn when(text: &str, order: Order) -> Option<String> {
    let text = text.trim();
    if chrono::DateTime::parse_from_rfc3339(text).is_ok() {
        return Some(text.to_owned());
    }
    let day_of = day_part(text);
    let day = day(day_of, order)?;
    let time = text[day_of.len()..].trim_start_matches(|c: char| c.is_whitespace() || matches!(c, 'T' | 't'));
    let time = match time {
        "" => chrono::NaiveTime::MIN,
        time => ["%H:%M", "%H:%M:%S%.f", "%I:%M %p", "%I:%M:%S %p"].iter().find_map(|f| chrono::NaiveTime::parse_from_str(time, f).ok())?,
    };
    Some(format!("{}Z", day.and_time(time).format("%Y-%m-%dT%H:%M:%S")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn import_reads_days_in_many_notations() {
        for (text, expected) in [
            ("2023-06-12", "2023-06-12"),
            ("2023-06-12 16:04", "2023-06-12"),
            ("2020-02-09T21:54:00Z", "2020-02-09"),
            ("2020/2/9", "2020-02-09"),
            ("20200209", "2020-02-09"),
            ("26.01.2023", "2023-01-26"),
            ("Jan 9, 2024", "2024-01-09"),
            ("9 January 2024", "2024-01-09"),
            ("9-Sept-2024", "2024-09-09"),
            ("March 1st 2024", "2024-03-01"),
            ("01/23/2019", "2019-01-23"),
            ("23/01/2019", "2019-01-23"),
            ("1/2/2019 9:15 AM", "2019-01-02"),
            ("43500", "2019-02-04"),
        ] {
            assert_eq!(day(text, Order::MonthFirst).map(|day| day.to_string()).as_deref(), Some(expected), "{text}");
        }
        for bad in ["", "soon", "2023-13-01", "30.02.2023", "13/13/2023", "12", "999999", "1/2/23", "Foo 1, 2024", "ä ö 2024", "-"] {
            assert_eq!(day(bad, Order::MonthFirst), None, "{bad}");
        }
    }

    #[test]
    fn import_detects_the_order_of_days_once_for_a_column() {
        let order = |cells: &[&str]| {
            let mut hints = Hints::default();
            for cell in cells {
                hints.add(cell);
            }
            hints.order()
        };
        assert_eq!(order(&["01/02/2023", "31/12/2023"]), Order::DayFirst);
        assert_eq!(order(&["01/02/2023", "12/31/2023"]), Order::MonthFirst);
        assert_eq!(order(&["31/12/2023", "12/31/2023"]), Order::MonthFirst, "a column with both");
        assert_eq!(order(&["01/02/2023", "2023-12-31", "31.12.2023", "x"]), Order::MonthFirst, "nothing to go by");
        assert_eq!(day("01/02/2023", Order::DayFirst).map(|day| day.to_string()).as_deref(), Some("2023-02-01"));
    }

    #[test]
    fn import_reads_points_in_time() {
        for (text, expected) in [
            ("2020-02-09T21:54:00+02:00", Some("2020-02-09T21:54:00+02:00")),
            ("2020-02-09 21:54", Some("2020-02-09T21:54:00Z")),
            ("02/09/2020 9:54 PM", Some("2020-02-09T21:54:00Z")),
            ("09.02.2020", Some("2020-02-09T00:00:00Z")),
            ("later", None),
        ] {
            assert_eq!(when(text, Order::MonthFirst).as_deref(), expected, "{text}");
        }
    }
}
