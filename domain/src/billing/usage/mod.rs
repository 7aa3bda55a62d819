//! The usage of a subscription, under the subscription's id: what was used in the periods that are not billed yet.
//!
//! A record counts once, known by its transaction id. The ids of a period are kept until the next one is billed; what is older than
//! that is refused, so that a repetition can never count as something new. What arrives late, for a period that was billed, counts in
//! the period that is open.

mod totals;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::totals::{MetricSummary, MetricTotals, PeriodTotals};
use super::pricing::{Aggregation, SCALE_MAX, USAGE_MAX};
use super::subscription::Subscription;
use super::values::Key;
use crate::kernel::{Aggregate, Context, Decision, Refusal, Text, When};
use crate::{commands, cqrs_aggregate, events, rejections};

/// How many records one command carries at most.
pub const BATCH_MAX: usize = 1_000;
/// How many records a period holds at most; they and their ids are kept in memory until it is billed.
pub const PERIOD_RECORDS_MAX: usize = 10_000;
/// How far the clock of a sender may be ahead, in minutes.
const CLOCK_SKEW_MINUTES: i64 = 5;

/// A transaction id or a key.
pub type Word = Text<64>;

// ---------------------------------------------------------------------------------------------------------- events

/// One record of usage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Recorded {
    /// The sender's id of it.
    pub transaction_id: Word,
    /// The metric.
    pub metric: Key,
    /// How much.
    pub value: Decimal,
    /// Who or what used it, where different ones are counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Word>,
    /// When.
    pub at: DateTime<Utc>,
}

/// Usage was recorded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct UsageRecorded {
    /// The customer of the subscription.
    pub customer_id: String,
    /// The start of the period in which it counts.
    pub period_start: DateTime<Utc>,
    /// The records that were new.
    pub records: Vec<Recorded>,
    /// What the metrics that they touch come to in that period now.
    pub totals: Vec<MetricSummary>,
}

/// The usage of a period was billed, or is not to be billed any more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct UsagePeriodClosed {
    /// The start of the period.
    pub period_start: DateTime<Utc>,
}

events! {
    /// What happens to the usage of a subscription.
    pub enum UsageEvent {
        UsageRecorded = "usage_recorded" 1,
        UsagePeriodClosed = "usage_period_closed" 1,
    }
}

// ----------------------------------------------------------------------------------------------------------- state

/// The usage of a subscription.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Usage {
    /// What is not billed yet, by the start of the period.
    pub open: BTreeMap<DateTime<Utc>, PeriodTotals>,
    /// The transaction ids that are known, by the start of the period in which they count.
    pub seen: BTreeMap<DateTime<Utc>, BTreeSet<Word>>,
    /// The start of the last period that was billed: the ids of older ones are forgotten.
    pub remembers_from: Option<DateTime<Utc>>,
}

impl Usage {
    /// What was used in the period that starts then.
    pub fn of_period(&self, start: DateTime<Utc>) -> Option<&PeriodTotals> {
        self.open.get(&start)
    }

    fn is_known(&self, transaction_id: &Word) -> bool {
        self.seen.values().any(|ids| ids.contains(transaction_id))
    }
}

// -------------------------------------------------------------------------------------------------------- commands

/// One record of usage, as it is sent.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UsageRecord {
    /// Your id of it, unique within the subscription: a record that is sent again under the same id changes nothing.
    pub transaction_id: Word,
    /// The metric, which the plan must charge.
    pub metric: Key,
    /// How much; 1 where nothing is said. May be negative to correct a sum.
    #[serde(default)]
    pub value: Option<Decimal>,
    /// Who or what used it; required where the plan counts different ones.
    #[serde(default)]
    pub key: Option<Word>,
    /// When; now where nothing is said.
    #[serde(default)]
    pub at: Option<When>,
}

/// Records usage of the subscription with this id: 1 to 1,000 records, each of which counts once. A record for a period that was
/// billed counts in the period that is open.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordUsage {
    /// The records.
    pub records: Vec<UsageRecord>,
}

commands! {
    /// What can be asked of the usage of a subscription.
    pub enum UsageCommand {
        either "record" => RecordUsage { "records": [{ "transaction_id": "req-1", "metric": "api_calls", "value": "1200" }] },
    }
}

// ---------------------------------------------------------------------------------------------------------- handle

impl Aggregate for Usage {
    const CONTEXT: &'static str = "billing";
    const TYPE: &'static str = "usage";
    type Command = UsageCommand;
    type Event = UsageEvent;

    fn apply(&mut self, event: &UsageEvent) {
        match event {
            UsageEvent::UsageRecorded(e) => {
                self.open.entry(e.period_start).or_default().add(&e.records);
                self.seen.entry(e.period_start).or_default().extend(e.records.iter().map(|record| record.transaction_id.clone()));
            }
            UsageEvent::UsagePeriodClosed(e) => {
                self.open.remove(&e.period_start);
                self.seen.retain(|start, _| *start >= e.period_start);
                self.remembers_from = Some(e.period_start);
            }
        }
    }

    fn handle(&self, command: UsageCommand, context: &Context<'_>) -> Result<Decision<UsageEvent>, Refusal> {
        let UsageCommand::RecordUsage(RecordUsage { records }) = command;
        if !(1..=BATCH_MAX).contains(&records.len()) {
            return Err(UsageRejection::BatchSize(BATCH_MAX).into());
        }
        // Guarded: the period cannot be billed between here and the append.
        let subscription = Subscription::live(context.aggregate_id, context)?;
        let mut fresh: BTreeMap<DateTime<Utc>, Vec<Recorded>> = BTreeMap::new();
        let mut ids = BTreeSet::new();
        for record in records {
            if self.is_known(&record.transaction_id) || !ids.insert(record.transaction_id.clone()) {
                continue;
            }
            let record = checked(record, subscription, context)?;
            if self.remembers_from.is_some_and(|from| record.at < from) || record.at < subscription.started_at() {
                return Err(UsageRejection::TooOld(record.transaction_id.to_string()).into());
            }
            let period = subscription.period_at(record.at).ok_or_else(|| UsageRejection::AfterEnd(record.transaction_id.to_string()))?;
            fresh.entry(period.start).or_default().push(record);
        }
        let mut decision = Decision::nothing();
        for (period_start, records) in fresh {
            let known = self.seen.get(&period_start).map_or(0, BTreeSet::len);
            if known + records.len() > PERIOD_RECORDS_MAX {
                return Err(UsageRejection::PeriodFull(PERIOD_RECORDS_MAX).into());
            }
            decision = decision.and(self.recorded(subscription.customer_id.clone(), period_start, records));
        }
        Ok(decision)
    }
}

cqrs_aggregate!(Usage);

impl Usage {
    fn recorded(&self, customer_id: String, period_start: DateTime<Utc>, records: Vec<Recorded>) -> UsageRecorded {
        let mut after = self.open.get(&period_start).cloned().unwrap_or_default();
        after.add(&records);
        let touched: BTreeSet<&Key> = records.iter().map(|record| &record.metric).collect();
        let totals = after.summaries(touched);
        UsageRecorded { customer_id, period_start, records, totals }
    }
}

fn checked(record: UsageRecord, subscription: &Subscription, context: &Context<'_>) -> Result<Recorded, UsageRejection> {
    let UsageRecord { transaction_id, metric, value, key, at } = record;
    let value = value.unwrap_or(Decimal::ONE);
    if value.abs() > Decimal::from(USAGE_MAX) || value.scale() > SCALE_MAX {
        return Err(UsageRejection::ValueOutOfRange(transaction_id.to_string()));
    }
    let charges = subscription.charges().filter(|charge| charge.metric == metric);
    let mut aggregations = charges.map(|charge| charge.aggregation).peekable();
    if aggregations.peek().is_none() {
        return Err(UsageRejection::UnknownMetric(metric.to_string()));
    }
    if key.is_none() && aggregations.any(|aggregation| aggregation == Aggregation::UniqueCount) {
        return Err(UsageRejection::KeyMissing(metric.to_string()));
    }
    let at = at.map_or(context.now, |at| at.0);
    if at > context.now + TimeDelta::minutes(CLOCK_SKEW_MINUTES) {
        return Err(UsageRejection::InFuture(transaction_id.to_string()));
    }
    Ok(Recorded { transaction_id, metric, value, key, at })
}

// ------------------------------------------------------------------------------------------------------ rejections

rejections! {
    /// Why usage is not recorded.
    pub enum UsageRejection in "billing" {
        /// None, or too many.
        #[error("Send 1 to {0} records at a time.")]
        BatchSize(usize) => "usage_batch_size" ["records"],
        /// A metric that the plan does not charge.
        #[error("The plan charges no metric `{0}`; check its name.")]
        UnknownMetric(String) => "usage_metric_unknown" ["records"],
        /// Too much.
        #[error("The value of `{0}` is beyond 1,000,000,000,000 or has more than 9 decimals.")]
        ValueOutOfRange(String) => "usage_value_out_of_range" ["records"],
        /// Nothing to tell apart.
        #[error("The plan counts different keys of `{0}`; give each record a `key`.")]
        KeyMissing(String) => "usage_key_missing" ["records"],
        /// Tomorrow's usage.
        #[error("The time of `{0}` is in the future; send usage after it happened.")]
        InFuture(String) => "usage_in_future" ["records"],
        /// Usage of long ago.
        #[error("The time of `{0}` is too long ago for it to be told from a repetition; bill it by other means.")]
        TooOld(String) => "usage_too_old" ["records"],
        /// Usage of a time at which the subscription is over.
        #[error("The time of `{0}` is after the end of the subscription.")]
        AfterEnd(String) => "usage_after_end" ["records"],
        /// Too many in one period.
        #[error("A period holds at most {0} records; add up what belongs together before you send it.")]
        PeriodFull(usize) => "usage_period_full" ["records"],
    }
}

#[cfg(test)]
mod tests;
