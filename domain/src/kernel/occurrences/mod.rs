//! When a schedule's time comes, in a time zone whose clocks are turned forward and back.
//!
//! A pattern is matched against what the clocks of the zone show, and each time shown is then placed on the time line:
//! - Where clocks are turned forward, a time that is never shown comes at the first instant after the gap. Several such times come as one.
//! - Where clocks are turned back, a time that is shown twice comes once, the first time. A pattern for every hour is meant as an
//!   interval and comes both times, or it would be silent for an hour.

use chrono::{DateTime, Datelike, MappedLocalTime, NaiveDateTime, TimeDelta, TimeZone, Timelike, Utc};
use chrono_tz::Tz;
use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};

/// Further away than clocks have been turned back at once since there are time zones with a law.
const TURNED_BACK_MAX: TimeDelta = TimeDelta::hours(6);
/// Clocks have been turned forward by a whole day at most (Samoa, 2011).
const GAP_MAX: TimeDelta = TimeDelta::hours(26);
/// What comes later than this never comes.
const YEAR_MAX: i32 = 2199;
/// Hour fields that mean every hour.
const EVERY_HOUR: [&str; 3] = ["*", "*/1", "0-23"];

/// The times at which something happens, of which there may be no end.
#[derive(Clone, Debug)]
pub struct Occurrences {
    times: Times,
    /// None comes later than this.
    until: Option<DateTime<Utc>>,
}

#[derive(Clone, Debug)]
enum Times {
    Once(DateTime<Utc>),
    Recurring { cron: Box<Cron>, zone: Tz, every_hour: bool },
}

impl Occurrences {
    /// A single point in time.
    pub fn once(at: DateTime<Utc>) -> Self {
        Self { times: Times::Once(at), until: None }
    }

    /// The first instant at which the clocks of the zone show this time, or at which they are past it.
    pub fn once_local(wall: NaiveDateTime, zone: Tz) -> Self {
        Self::once(instants(zone, wall).0)
    }

    /// Five cron fields (minute, hour, day of the month, month, day of the week), or `@hourly`, `@daily`, `@weekly`, `@monthly`, `@yearly`.
    /// The error says what is wrong with the pattern.
    pub fn recurring(pattern: &str, zone: Tz) -> Result<Self, String> {
        let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
        let cron = parser.parse(pattern).map_err(|error| error.to_string())?;
        let hours = pattern.split_whitespace().nth(1);
        let every_hour = hours.is_some_and(|field| EVERY_HOUR.contains(&field)) || pattern.trim().eq_ignore_ascii_case("@hourly");
        Ok(Self { times: Times::Recurring { cron: Box::new(cron), zone, every_hour }, until: None })
    }

    /// The same, with an end: the last one comes at that time at the latest.
    #[must_use]
    pub fn until(self, until: Option<DateTime<Utc>>) -> Self {
        Self { until, ..self }
    }

    /// The first one that is later than an instant.
    pub fn after(&self, instant: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let next = match &self.times {
            Times::Once(at) => Some(*at).filter(|at| *at > instant),
            Times::Recurring { cron, zone, every_hour } => recurring_after(cron, *zone, *every_hour, instant),
        };
        next.filter(|next| self.until.is_none_or(|until| *next <= until))
    }

    /// The last one up to `limit`, where `first` is one of them.
    pub fn last(&self, first: DateTime<Utc>, limit: DateTime<Utc>) -> DateTime<Utc> {
        // What follows on an instant is within the limit up to the last occurrence, and not from there on.
        let follows = |instant| self.after(instant).filter(|next| *next <= limit);
        let (mut low, mut high, mut found) = (first.timestamp() - 1, limit.timestamp(), first);
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            match DateTime::from_timestamp(middle, 0).and_then(follows) {
                Some(next) => (low, found) = (middle, next),
                None => high = middle,
            }
        }
        found.max(first)
    }
}

fn recurring_after(cron: &Cron, zone: Tz, every_hour: bool, instant: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let shown = wall(zone, instant);
    let again = every_hour && offset_s(zone, instant - TURNED_BACK_MAX) > offset_s(zone, instant + TURNED_BACK_MAX);
    // Times that were shown before may be shown again.
    let mut from = if again { shown - TURNED_BACK_MAX } else { shown };
    let mut best: Option<DateTime<Utc>> = None;
    while let Some(next) = next_wall(cron, from) {
        let (first, second) = instants(zone, next);
        if best.is_some_and(|best| first >= best) {
            break;
        }
        let candidates = [Some(first), second.filter(|_| every_hour)];
        best = candidates.into_iter().flatten().filter(|candidate| *candidate > instant).chain(best).min();
        if best.is_some() && !again {
            break;
        }
        from = next;
    }
    best
}

/// The next time that the pattern matches, in the calendar alone.
fn next_wall(cron: &Cron, from: NaiveDateTime) -> Option<NaiveDateTime> {
    let next = cron.find_next_occurrence(&from.and_utc(), false).ok()?;
    Some(next.naive_utc()).filter(|next| next.year() <= YEAR_MAX)
}

/// What the clocks of the zone show, to the second.
fn wall(zone: Tz, instant: DateTime<Utc>) -> NaiveDateTime {
    let shown = instant.with_timezone(&zone).naive_local();
    shown.with_nanosecond(0).unwrap_or(shown)
}

fn offset_s(zone: Tz, instant: DateTime<Utc>) -> i64 {
    (instant.with_timezone(&zone).naive_local() - instant.naive_utc()).num_seconds()
}

/// When the clocks show a time: first, and a second time where they are turned back.
fn instants(zone: Tz, shown: NaiveDateTime) -> (DateTime<Utc>, Option<DateTime<Utc>>) {
    match zone.from_local_datetime(&shown) {
        MappedLocalTime::Single(only) => (only.to_utc(), None),
        MappedLocalTime::Ambiguous(one, other) => (one.min(other).to_utc(), Some(one.max(other).to_utc())),
        MappedLocalTime::None => (end_of_gap(zone, shown), None),
    }
}

/// The first instant at which the clocks are past a time that they never show.
fn end_of_gap(zone: Tz, shown: NaiveDateTime) -> DateTime<Utc> {
    let middle = shown.and_utc().timestamp();
    let (mut before, mut after) = (middle - GAP_MAX.num_seconds(), middle + GAP_MAX.num_seconds());
    while after - before > 1 {
        let middle = before + (after - before) / 2;
        match DateTime::from_timestamp(middle, 0) {
            Some(instant) if wall(zone, instant) < shown => before = middle,
            _ => after = middle,
        }
    }
    DateTime::from_timestamp(after, 0).unwrap_or_else(|| shown.and_utc())
}

#[cfg(test)]
mod tests;
