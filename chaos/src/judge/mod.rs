//! Compares what clients saw with what is stored: ok ⊆ log ⊆ ok ∪ unknown, fail ∩ log = ∅, no gaps, Kafka is the log, and the read
//! models are the fold of the log.
//!
//! The judge is told of rounds one after the other and keeps what it knows, so that a command that was refused in the first round
//! must not appear in the last one either. It does no I/O. To add a rule: a method that reports, a call of it in [`Judge::round`], and
//! a fabricated history in the tests that breaks the rule.

mod fold;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt;

use chrono::{DateTime, Utc};
use serde_json::Value;

use self::fold::Fold;
use crate::history::{History, KeyUse, Outcome, Read, Sent};

/// What all markers of the harness begin with; other events are the platform's own.
pub const MARKER: &str = "chaos.";
/// What the markers of bulk commands begin with: the aggregate's id names each, because a bulk request has one correlation id.
pub const BULK: &str = "chaos.bulk.";
/// Violations of a round that are told; further ones are counted.
const TOLD_MAX: usize = 20;

/// A log partition.
pub type Place = (String, i32);

/// A broken promise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which promise.
    pub rule: &'static str,
    /// What was found.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.rule, self.what)
    }
}

/// An event of the log.
#[derive(Clone, Debug)]
pub struct LogEvent {
    /// Context and partition.
    pub place: Place,
    /// Its position there.
    pub position: i64,
    /// Its id.
    pub event_id: String,
    /// The tenant's id.
    pub tenant: String,
    /// The aggregate's type.
    pub aggregate: String,
    /// The aggregate's id.
    pub id: String,
    /// The aggregate's version with it.
    pub sequence: i64,
    /// Its type.
    pub event_type: String,
    /// The correlation id, which the harness sends its marker as.
    pub correlation: String,
    /// The payload.
    pub payload: Value,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
}

impl LogEvent {
    /// The command of the harness behind it.
    fn marker(&self) -> Option<&str> {
        if self.place.0 != "crm" || !self.correlation.starts_with(MARKER) {
            return None;
        }
        Some(if self.correlation.starts_with(BULK) { &self.id } else { &self.correlation })
    }
}

/// A record in Kafka, in the order of its topic partition.
#[derive(Clone, Debug)]
pub struct Record {
    /// Topic's context and partition.
    pub place: Place,
    /// `ce_sequence`
    pub position: i64,
    /// `ce_id`
    pub event_id: String,
}

/// The rows of a read model: tenant, and the row as JSON.
pub type Rows = Vec<(String, Value)>;

/// What is stored, as far as it is new since the last round; the read models as they are.
#[derive(Clone, Debug, Default)]
pub struct Stored {
    /// Events, those of a log partition in order.
    pub events: Vec<LogEvent>,
    /// Records, those of a topic partition in order.
    pub records: Vec<Record>,
    /// `crm_contact_list`
    pub contacts: Rows,
    /// `crm_deal_list`
    pub deals: Rows,
}

/// Where an aggregate is: tenant, type, id.
type Aggregate = (String, String, String);

/// What is known from the rounds so far.
#[derive(Default)]
pub struct Judge {
    heads: HashMap<Place, (i64, DateTime<Utc>)>,
    versions: HashMap<Aggregate, i64>,
    /// Event ids by position, for comparison with Kafka.
    ids: HashMap<Place, Vec<String>>,
    kafka: HashMap<Place, i64>,
    sent: HashMap<String, Sent>,
    /// Positions and versions of each command's events.
    stored: HashMap<String, Vec<(i64, i64)>>,
    acknowledged: HashMap<(Aggregate, i64), String>,
    fold: Fold,
    /// Records that Kafka held twice; readers skip them by their position.
    pub repeats: u64,
    found: Vec<Violation>,
}

impl Judge {
    /// Judges a round; everything that is under way must have come to its end.
    pub fn round(&mut self, history: &History, stored: &Stored) -> Vec<Violation> {
        self.log(&stored.events);
        self.commands(history, &stored.events);
        self.versions(&history.sent);
        self.keys(&history.keys);
        self.reads(&history.reads);
        for defect in &history.defects {
            self.report("answer", defect.clone());
        }
        for failed in &history.failed {
            self.report("failed request", failed.clone());
        }
        self.kafka(&stored.records);
        let differences = self.fold.differences(&stored.contacts, &stored.deals);
        self.found.extend(differences.into_iter().map(|what| Violation { rule: "read model", what }));
        let mut found = std::mem::take(&mut self.found);
        if found.len() > TOLD_MAX {
            let more = found.len() - TOLD_MAX;
            found.truncate(TOLD_MAX);
            found.push(Violation { rule: "more", what: format!("{more} further violations") });
        }
        found
    }

    /// Kafka was emptied and is to be read from the beginning.
    pub fn forget_kafka(&mut self) {
        self.kafka.clear();
    }

    fn report(&mut self, rule: &'static str, what: String) {
        self.found.push(Violation { rule, what });
    }

    /// Positions are 1, 2, 3 … in each log partition, versions in each aggregate, and time does not run backwards.
    fn log(&mut self, events: &[LogEvent]) {
        for event in events {
            let head = self.heads.entry(event.place.clone()).or_default();
            let (last, recorded_at) = *head;
            *head = (event.position, event.recorded_at);
            let (context, partition) = &event.place;
            if event.position != last + 1 {
                self.report("gap", format!("{context}/{partition}: position {} follows {last}", event.position));
            }
            if event.recorded_at < recorded_at {
                self.report("order", format!("{context}/{partition}@{} was recorded before the event in front of it", event.position));
            }
            let aggregate = (event.tenant.clone(), event.aggregate.clone(), event.id.clone());
            let version = self.versions.insert(aggregate, event.sequence).unwrap_or(0);
            if event.sequence != version + 1 {
                self.report("version", format!("{} {}: version {} follows {version}", event.aggregate, event.id, event.sequence));
            }
            self.ids.entry(event.place.clone()).or_default().push(event.event_id.clone());
            if let Some(marker) = event.marker() {
                self.stored.entry(marker.to_owned()).or_default().push((event.position, event.sequence));
            }
            self.fold.apply(event);
        }
    }

    /// ok ⊆ log ⊆ ok ∪ unknown, fail ∩ log = ∅; also for events that come rounds after their command.
    fn commands(&mut self, history: &History, events: &[LogEvent]) {
        let late = events.iter().filter_map(LogEvent::marker);
        let touched: BTreeSet<&str> = history.sent.iter().map(|sent| sent.marker.as_str()).chain(late).collect();
        for sent in &history.sent {
            self.sent.insert(sent.marker.clone(), sent.clone());
        }
        let mut found = Vec::new();
        for marker in touched {
            let stored = self.stored.get(marker).map_or(&[][..], Vec::as_slice);
            found.extend(match self.sent.get(marker) {
                None => Some(("unasked", format!("{marker} stands in the log, and nobody has sent it"))),
                Some(sent) => ending(sent, stored),
            });
        }
        self.found.extend(found.into_iter().map(|(rule, what)| Violation { rule, what }));
    }

    /// Each version of an aggregate is acknowledged to one command.
    fn versions(&mut self, sent: &[Sent]) {
        let mut twice = Vec::new();
        for sent in sent {
            let Some(receipt) = sent.receipt.as_ref().filter(|receipt| !receipt.events.is_empty()) else { continue };
            let aggregate = (sent.tenant.clone(), sent.aggregate.to_owned(), receipt.id.clone());
            let before = self.acknowledged.insert((aggregate, receipt.version), sent.marker.clone());
            if let Some(before) = before.filter(|before| *before != sent.marker) {
                twice.push(format!("version {} of {} was acknowledged to {before} and to {}", receipt.version, receipt.id, sent.marker));
            }
        }
        for what in twice {
            self.report("version acknowledged twice", what);
        }
    }

    fn keys(&mut self, keys: &[KeyUse]) {
        for used in keys {
            if used.answers.len() > 1 {
                let answers: Vec<&str> = used.answers.iter().map(String::as_str).collect();
                self.report("key", format!("{} was answered in {} ways: {}", used.key, answers.len(), answers.join(" | ")));
            }
            if let Some(status) = used.other_body.filter(|status| *status != 422 && !used.answers.is_empty()) {
                self.report("key", format!("another body under {} was answered with {status}", used.key));
            }
        }
    }

    fn reads(&mut self, reads: &[Read]) {
        for read in reads {
            if read.seen.is_none_or(|seen| seen < read.wanted) {
                let seen = read.seen.map_or_else(|| "no row".to_owned(), |seen| format!("version {seen}"));
                self.report("stale read", format!("{}: {seen} where version {} was asked for", read.row, read.wanted));
            }
        }
    }

    /// Kafka holds the log in order; what it holds twice carries the same position and is the same event.
    fn kafka(&mut self, records: &[Record]) {
        let mut found = Vec::new();
        for record in records {
            let (context, partition) = &record.place;
            let last = self.kafka.entry(record.place.clone()).or_default();
            let index = usize::try_from(record.position - 1).unwrap_or(usize::MAX);
            let known = self.ids.get(&record.place).and_then(|ids| ids.get(index));
            if known != Some(&record.event_id) {
                let what = format!("{context}/{partition}@{} is {} in Kafka and {known:?} in the log", record.position, record.event_id);
                found.push(Violation { rule: "kafka", what });
            }
            match record.position - *last {
                1 => *last = record.position,
                ..=0 => self.repeats += 1,
                _ => {
                    let what = format!("{context}/{partition}: position {} follows {last} in Kafka", record.position);
                    found.push(Violation { rule: "kafka", what });
                    *last = record.position;
                }
            }
        }
        for (place, (head, _)) in &self.heads {
            let last = self.kafka.get(place).copied().unwrap_or(0);
            if last < *head {
                let what = format!("{}/{}: Kafka ends at {last}, the log at {head}", place.0, place.1);
                found.push(Violation { rule: "kafka", what });
            }
        }
        self.found.extend(found);
    }
}

/// Whether what is stored of a command agrees with how it ended.
fn ending(sent: &Sent, stored: &[(i64, i64)]) -> Option<(&'static str, String)> {
    let marker = &sent.marker;
    let positions: Vec<i64> = stored.iter().map(|(position, _)| *position).collect();
    match (sent.outcome, &sent.receipt) {
        (Outcome::Fail, _) if stored.is_empty() => None,
        (Outcome::Fail, _) => Some(("refused but stored", format!("{marker} stands at {positions:?}"))),
        // No command of the load leads to more than one event.
        (Outcome::Unknown, _) if stored.len() <= 1 => None,
        (Outcome::Unknown, _) => Some(("repeated", format!("{marker} stands at {positions:?}"))),
        (Outcome::Ok, None) => Some(("answer", format!("{marker} was accepted without a receipt"))),
        (Outcome::Ok, Some(receipt)) => {
            let told: Vec<i64> = receipt.events.iter().map(|event| event.position).collect();
            let missing = told.iter().any(|position| !positions.contains(position));
            let distinct: HashSet<&i64> = positions.iter().collect();
            if missing {
                return Some(("lost", format!("{marker} was acknowledged at {told:?} and stands at {positions:?}")));
            }
            if told.len() != positions.len() || distinct.len() != positions.len() {
                return Some(("repeated", format!("{marker} was acknowledged at {told:?} and stands at {positions:?}")));
            }
            let last = stored.last().map_or(receipt.version, |(_, version)| *version);
            if last != receipt.version {
                return Some(("version", format!("{marker} was acknowledged as version {} and is version {last}", receipt.version)));
            }
            let first = stored.first().map_or(receipt.version + 1, |(_, version)| *version);
            let expected = sent.expected?;
            (first != expected + 1).then(|| ("version", format!("{marker} expected version {expected} and became version {first}")))
        }
    }
}
