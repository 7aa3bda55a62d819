//! Days, weeks and months.

use chrono::{Datelike as _, Days, Months, NaiveDate};
use serde::Serialize;

/// How days are put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Bucket {
    /// By themselves.
    Day,
    /// From Monday on (ISO 8601).
    Week,
    /// From the first on.
    Month,
}

impl Bucket {
    /// The bucket of that name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Day, Self::Week, Self::Month].into_iter().find(|bucket| bucket.name() == name)
    }

    /// Its name, here and in `date_trunc`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    /// After how many buckets things are alike, where the caller does not say: a week, nothing, a year.
    pub fn season(self) -> usize {
        match self {
            Self::Day => 7,
            Self::Week => 1,
            Self::Month => 12,
        }
    }

    /// How far a forecast goes, where the caller does not say.
    pub fn horizon(self) -> usize {
        match self {
            Self::Day => 14,
            Self::Week => 8,
            Self::Month => 6,
        }
    }

    /// The first day of the bucket that a day is in.
    pub fn of(self, day: NaiveDate) -> NaiveDate {
        match self {
            Self::Day => day,
            Self::Week => day - Days::new(u64::from(day.weekday().num_days_from_monday())),
            Self::Month => day.with_day(1).unwrap_or(day),
        }
    }

    /// The bucket after this one; the last one where there is none.
    pub fn after(self, first: NaiveDate) -> NaiveDate {
        let next = match self {
            Self::Day => first.checked_add_days(Days::new(1)),
            Self::Week => first.checked_add_days(Days::new(7)),
            Self::Month => first.checked_add_months(Months::new(1)),
        };
        next.unwrap_or(NaiveDate::MAX)
    }

    /// The bucket before this one.
    pub fn before(self, first: NaiveDate) -> NaiveDate {
        self.of(first.pred_opt().unwrap_or(NaiveDate::MIN))
    }

    /// The buckets from one to another, both included.
    pub fn range(self, from: NaiveDate, to: NaiveDate) -> impl Iterator<Item = NaiveDate> {
        let next = move |first: &NaiveDate| Some(self.after(*first)).filter(|next| next > first);
        std::iter::successors(Some(from), next).take_while(move |first| *first <= to)
    }
}

/// The day that a text of a report names: a day, a time, or a month.
pub fn day(text: &str) -> Option<NaiveDate> {
    if text.len() == 7 {
        return format!("{text}-01").parse().ok();
    }
    text.parse().ok().or_else(|| chrono::DateTime::parse_from_rfc3339(text).ok().map(|at| at.to_utc().date_naive()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn days_fall_into_their_buckets() {
        assert_eq!(Bucket::Week.of(date("2026-03-01")), date("2026-02-23"), "a Sunday belongs to the week before");
        assert_eq!(Bucket::Month.of(date("2026-03-31")), date("2026-03-01"));
        assert_eq!(Bucket::Month.before(date("2026-03-01")), date("2026-02-01"));
        assert_eq!(Bucket::Month.range(date("2025-12-01"), date("2026-03-01")).count(), 4);
        assert_eq!(Bucket::Week.range(date("2026-02-23"), date("2026-03-08")).last(), Some(date("2026-03-02")));
        assert_eq!(Bucket::Day.range(date("2026-03-02"), date("2026-03-01")).count(), 0);
    }

    #[test]
    fn texts_of_reports_are_days() {
        for (text, expected) in [
            ("2026-03", Some("2026-03-01")),
            ("2026-03-05", Some("2026-03-05")),
            ("2026-03-05T23:30:00-02:00", Some("2026-03-06")),
            ("soon", None),
        ] {
            assert_eq!(day(text), expected.map(date), "{text}");
        }
    }
}
