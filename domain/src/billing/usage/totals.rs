//! What the records of a period add up to, by every way in which a charge may look at them.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Recorded, Word};
use crate::billing::pricing::Aggregation;
use crate::billing::values::Key;

/// The records of one metric in one period.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MetricTotals {
    /// How many there are.
    pub count: u64,
    /// The sum of their values.
    pub sum: Decimal,
    /// The greatest value.
    pub max: Option<Decimal>,
    /// The latest time, and the value of that record.
    pub latest: Option<(DateTime<Utc>, Decimal)>,
    /// The different keys.
    pub keys: BTreeSet<Word>,
}

impl MetricTotals {
    fn add(&mut self, record: &Recorded) {
        self.count += 1;
        self.sum += record.value;
        self.max = Some(self.max.map_or(record.value, |max| max.max(record.value)));
        // Of two records of one time, the one that came in later counts.
        if self.latest.is_none_or(|(at, _)| at <= record.at) {
            self.latest = Some((record.at, record.value));
        }
        self.keys.extend(record.key.clone());
    }

    /// The one number that the aggregation makes of them, not less than nothing.
    pub fn units(&self, aggregation: Aggregation) -> Decimal {
        let units = match aggregation {
            Aggregation::Count => Decimal::from(self.count),
            Aggregation::Sum => self.sum,
            Aggregation::Max => self.max.unwrap_or_default(),
            Aggregation::UniqueCount => Decimal::from(self.keys.len()),
            Aggregation::Latest => self.latest.map(|(_, value)| value).unwrap_or_default(),
        };
        units.max(Decimal::ZERO)
    }

    /// The numbers without what they were made of.
    pub fn summary(&self, metric: &Key) -> MetricSummary {
        MetricSummary {
            metric: metric.clone(),
            count: self.count,
            sum: self.sum,
            max: self.max,
            latest: self.latest.map(|(_, value)| value),
            unique_count: self.keys.len() as u64,
        }
    }
}

/// The numbers of one metric in one period.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MetricSummary {
    /// The metric.
    pub metric: Key,
    /// The number of records.
    pub count: u64,
    /// The sum of their values.
    pub sum: Decimal,
    /// The greatest value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<Decimal>,
    /// The value of the record with the latest time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latest: Option<Decimal>,
    /// The number of different keys.
    pub unique_count: u64,
}

/// The records of one period, by metric.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PeriodTotals(pub BTreeMap<Key, MetricTotals>);

impl PeriodTotals {
    /// Adds records.
    pub fn add(&mut self, records: &[Recorded]) {
        for record in records {
            self.0.entry(record.metric.clone()).or_default().add(record);
        }
    }

    /// The one number of a metric.
    pub fn units(&self, metric: &Key, aggregation: Aggregation) -> Decimal {
        self.0.get(metric).map(|totals| totals.units(aggregation)).unwrap_or_default()
    }

    /// The numbers of these metrics.
    pub fn summaries<'a>(&self, metrics: impl IntoIterator<Item = &'a Key>) -> Vec<MetricSummary> {
        metrics.into_iter().filter_map(|metric| self.0.get(metric).map(|totals| totals.summary(metric))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(value: &str, key: Option<&str>, at: &str) -> Recorded {
        Recorded {
            transaction_id: "t".to_owned().try_into().unwrap(),
            metric: "m".to_owned().try_into().unwrap(),
            value: value.parse().unwrap(),
            key: key.map(|key| key.to_owned().try_into().unwrap()),
            at: at.parse().unwrap(),
        }
    }

    #[test]
    fn records_are_looked_at_in_five_ways() {
        let mut totals = PeriodTotals::default();
        totals.add(&[
            record("2.5", Some("a"), "2026-03-02T00:00:00Z"),
            record("7", Some("b"), "2026-03-01T00:00:00Z"),
            record("1", Some("a"), "2026-03-02T00:00:00Z"),
        ]);
        let metric: Key = "m".to_owned().try_into().unwrap();
        let units = |aggregation| totals.units(&metric, aggregation).to_string();
        let expected = [
            (Aggregation::Count, "3"),
            (Aggregation::Sum, "10.5"),
            (Aggregation::Max, "7"),
            (Aggregation::UniqueCount, "2"),
            (Aggregation::Latest, "1"),
        ];
        for (aggregation, number) in expected {
            assert_eq!(units(aggregation), number, "{aggregation:?}");
        }
        assert_eq!(totals.units(&"other".to_owned().try_into().unwrap(), Aggregation::Count), Decimal::ZERO);
    }

    #[test]
    fn less_than_nothing_counts_as_nothing() {
        let mut totals = PeriodTotals::default();
        totals.add(&[record("-5", None, "2026-03-02T00:00:00Z")]);
        let metric: Key = "m".to_owned().try_into().unwrap();
        assert_eq!(totals.units(&metric, Aggregation::Sum), Decimal::ZERO);
        assert_eq!(totals.units(&metric, Aggregation::Max), Decimal::ZERO);
        assert_eq!(totals.units(&metric, Aggregation::UniqueCount), Decimal::ZERO);
    }
}
