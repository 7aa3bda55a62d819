//! Service periods. Each boundary is counted from the anchor, so that a subscription of the 31st is renewed on the last day of short
//! months and on the 31st of long ones.

use chrono::{DateTime, Months, TimeDelta, Utc};
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::values::{Interval, Unit, rounded};

/// A span of time, from its start up to and without its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Period {
    /// When it begins.
    pub start: DateTime<Utc>,
    /// When it ends.
    pub end: DateTime<Utc>,
}

impl Period {
    /// The `index`-th period from the anchor, from 0.
    pub fn nth(anchor: DateTime<Utc>, interval: Interval, index: u32) -> Self {
        Self { start: boundary(anchor, interval, index), end: boundary(anchor, interval, index.saturating_add(1)) }
    }

    /// Whether the time is within it.
    pub fn contains(&self, at: DateTime<Utc>) -> bool {
        self.start <= at && at < self.end
    }

    /// The share of an amount that falls on the time from `at` to the end, rounded half away from zero.
    pub fn remainder_of(&self, amount_minor: i64, at: DateTime<Utc>) -> i64 {
        let whole = (self.end - self.start).num_seconds().max(1);
        let left = (self.end - at).num_seconds().clamp(0, whole);
        rounded(Decimal::from(amount_minor) * Decimal::from(left) / Decimal::from(whole))
    }
}

/// The `index`-th boundary: the anchor and so many intervals. What lies beyond the calendar is the anchor's distant future.
pub fn boundary(anchor: DateTime<Utc>, interval: Interval, index: u32) -> DateTime<Utc> {
    let count = u32::from(interval.count).saturating_mul(index);
    let moved = match interval.unit {
        Unit::Day => anchor.checked_add_signed(TimeDelta::days(i64::from(count))),
        Unit::Week => anchor.checked_add_signed(TimeDelta::weeks(i64::from(count))),
        Unit::Month => anchor.checked_add_months(Months::new(count)),
        Unit::Year => anchor.checked_add_months(Months::new(count.saturating_mul(12))),
    };
    moved.unwrap_or(DateTime::<Utc>::MAX_UTC)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn the_31st_is_renewed_at_the_end_of_short_months_and_comes_back() {
        let anchor = at("2027-01-31T10:00:00Z");
        let ends: Vec<String> = (1..=13).map(|n| boundary(anchor, Interval::MONTH, n).format("%m-%d").to_string()).collect();
        let expected =
            ["02-28", "03-31", "04-30", "05-31", "06-30", "07-31", "08-31", "09-30", "10-31", "11-30", "12-31", "01-31", "02-29"];
        assert_eq!(ends, expected);
    }

    #[test]
    fn a_leap_day_is_renewed_on_the_28th_and_comes_back() {
        let year = Interval { unit: Unit::Year, count: 1 };
        let anchor = at("2024-02-29T00:00:00Z");
        assert_eq!(boundary(anchor, year, 1), at("2025-02-28T00:00:00Z"));
        assert_eq!(boundary(anchor, year, 4), at("2028-02-29T00:00:00Z"));
    }

    #[test]
    fn periods_follow_each_other_without_gaps() {
        for unit in [Unit::Day, Unit::Week, Unit::Month, Unit::Year] {
            let interval = Interval { unit, count: 2 };
            let anchor = at("2026-08-31T23:59:59Z");
            for index in 0..40 {
                let (this, next) = (Period::nth(anchor, interval, index), Period::nth(anchor, interval, index + 1));
                assert!(this.start < this.end && this.end == next.start, "{unit:?} {index}");
                assert!(this.contains(this.start) && !this.contains(this.end));
            }
        }
    }

    #[test]
    fn an_unused_share_is_counted_in_seconds() {
        let june = Period { start: at("2026-06-01T00:00:00Z"), end: at("2026-07-01T00:00:00Z") };
        assert_eq!(june.remainder_of(3_000, at("2026-06-16T00:00:00Z")), 1_500);
        assert_eq!(june.remainder_of(3_000, june.end), 0);
        assert_eq!(june.remainder_of(3_000, at("2026-05-01T00:00:00Z")), 3_000);
        assert_eq!(june.remainder_of(1, at("2026-06-16T00:00:00Z")), 1);
    }

    #[test]
    fn the_end_of_the_calendar_is_no_panic() {
        assert_eq!(boundary(DateTime::<Utc>::MAX_UTC, Interval::MONTH, 1), DateTime::<Utc>::MAX_UTC);
    }
}
