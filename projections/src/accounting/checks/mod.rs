//! What other contexts say that was to be posted, beside what was posted.
//!
//! Each event that changes what the stock is worth, what a customer owes or has to his credit, or what a supplier is owed, is to lead to an
//! entry under the event's id (or the id, a hyphen and the name of a step) that changes the books by as much. The two arrive in any order,
//! because they are of different contexts: a row is settled when it knows both and they are equal. A row that stays unsettled for minutes is
//! an alarm: nothing was posted because the entry was refused or lost, something else was, or it was undone.
//!
//! Events of other contexts are read by their names and JSON, not as types of their context. So a check does not share what it might have
//! wrong with the process that posts.

pub mod stock;
pub mod subledger;

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::accounting::journal_entry::{JournalEntry, JournalEntryEvent, JournalEntryPosted, Line};
use domain::accounting::values::Side;
use domain::kernel::{Currency, Money, RecordedEvent};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::runtime::{ApplyError, Gauge, Projection, event_of};

const EXPECT: &str = "INSERT INTO $table_vN AS t (tenant_id, id, event_id, event_type, $column currency, expected_minor, expected_at, entries) \
    SELECT e.tenant_id, concat_ws('.', e.event_id, nullif(e.part, ''), e.currency), e.event_id, e.event_type, $part e.currency, e.minor, e.at, '{}' \
    FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::timestamptz[]) \
        AS e (tenant_id, event_id, part, currency, event_type, minor, at) \
    ON CONFLICT (tenant_id, id) DO UPDATE \
    SET event_type = excluded.event_type, expected_minor = excluded.expected_minor, expected_at = excluded.expected_at";
const POST: &str = "INSERT INTO $table_vN AS t (tenant_id, id, event_id, $column currency, posted_minor, posted_at, entries) \
    SELECT e.tenant_id, concat_ws('.', e.event_id, nullif(e.part, ''), e.currency), e.event_id, $part e.currency, e.minor, e.at, ARRAY[e.entry] \
    FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::timestamptz[]) \
        AS e (tenant_id, event_id, part, currency, entry, minor, at) \
    ON CONFLICT (tenant_id, id) DO UPDATE \
    SET posted_minor = coalesce(t.posted_minor, 0) + excluded.posted_minor, posted_at = excluded.posted_at, entries = t.entries || excluded.entries \
    WHERE NOT t.entries && excluded.entries";

/// A check: what is compared, and in which table.
pub struct Check {
    name: &'static str,
    tables: &'static [&'static str],
    contexts: &'static [&'static str],
    /// The column that tells the parts of an event apart; empty where events have one part only.
    part_column: &'static str,
    /// What an event of another context says that is to be posted, in debits less credits.
    expected: fn(&RecordedEvent) -> Result<Vec<Part>, String>,
    /// To which part a line of an entry belongs, if to any.
    part_of: fn(&JournalEntryPosted, &Line) -> Option<&'static str>,
    /// What an entry that this check looks at holds in its JSON, so that others need not be read.
    word: &'static str,
    gauges: &'static [Gauge],
}

/// An amount of one part of a check.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Part {
    /// The part; empty where there is only one.
    name: &'static str,
    /// Debits less credits.
    money: Money,
}

/// One amount on one side of the comparison.
struct Amount<'a> {
    tenant: Uuid,
    event_id: String,
    part: &'static str,
    /// Type of the event, or id of the entry.
    of: &'a str,
    money: Money,
    at: DateTime<Utc>,
}

#[async_trait]
impl Projection for Check {
    fn name(&self) -> &'static str {
        self.name
    }

    fn tables(&self) -> &'static [&'static str] {
        self.tables
    }

    fn contexts(&self) -> &'static [&'static str] {
        self.contexts
    }

    fn gauges(&self) -> &'static [Gauge] {
        self.gauges
    }

    async fn apply(&self, connection: &mut PgConnection, version: i32, events: &[Arc<RecordedEvent>]) -> Result<(), ApplyError> {
        let (mut expected, mut posted) = (Vec::new(), Vec::new());
        for (index, event) in events.iter().enumerate() {
            let of_event = |reason| ApplyError::Event { index, reason };
            expected.extend(self.expected_by(event).map_err(of_event)?);
            posted.extend(self.posted_by(event).map_err(of_event)?);
        }
        self.write(connection, EXPECT, version, &expected).await?;
        // A statement changes a row once: entries of the same event are added one after the other.
        while !posted.is_empty() {
            let (mut seen, mut rest, mut turn) = (BTreeMap::new(), Vec::new(), Vec::new());
            for amount in posted {
                let key = (amount.tenant, amount.event_id.clone(), amount.part, amount.money.currency);
                if seen.insert(key, ()).is_none() { turn.push(amount) } else { rest.push(amount) }
            }
            self.write(connection, POST, version, &turn).await?;
            posted = rest;
        }
        Ok(())
    }
}

impl Check {
    fn expected_by<'a>(&self, event: &'a RecordedEvent) -> Result<Vec<Amount<'a>>, String> {
        let sums = summed((self.expected)(event)?);
        let amount = |Part { name, money }| Amount {
            tenant: event.tenant_id.0,
            event_id: event.event_id.to_string(),
            part: name,
            of: &event.event_type,
            money,
            at: event.recorded_at,
        };
        Ok(sums.into_iter().map(amount).collect())
    }

    /// By how much an entry changes the books, by part and currency.
    fn posted_by<'a>(&self, event: &'a RecordedEvent) -> Result<Vec<Amount<'a>>, String> {
        if event.event_type != "journal_entry_posted" || !event.payload.contains(self.word) {
            return Ok(Vec::new());
        }
        let Some(JournalEntryEvent::JournalEntryPosted(entry)) = event_of::<JournalEntry>(event)? else { return Ok(Vec::new()) };
        let signed = |line: &Line| {
            let minor = line.amount.amount_minor;
            Money::new(if line.side == Side::Debit { minor } else { -minor }, line.amount.currency)
        };
        let part = |line: &Line| (self.part_of)(&entry, line).map(|name| Part { name, money: signed(line) });
        // What undoes an entry counts where that counted.
        let cause = causing_event(entry.reverses.as_deref().unwrap_or(&event.aggregate_id)).to_owned();
        let amount = |Part { name, money }| Amount {
            tenant: event.tenant_id.0,
            event_id: cause.clone(),
            part: name,
            of: &event.aggregate_id,
            money,
            at: event.recorded_at,
        };
        Ok(summed(entry.lines.iter().filter_map(part).collect()).into_iter().map(amount).collect())
    }

    async fn write(&self, connection: &mut PgConnection, text: &str, version: i32, amounts: &[Amount<'_>]) -> Result<(), sqlx::Error> {
        if amounts.is_empty() {
            return Ok(());
        }
        let tenants: Vec<Uuid> = amounts.iter().map(|amount| amount.tenant).collect();
        let events: Vec<&str> = amounts.iter().map(|amount| amount.event_id.as_str()).collect();
        let parts: Vec<&str> = amounts.iter().map(|amount| amount.part).collect();
        let currencies: Vec<&str> = amounts.iter().map(|amount| amount.money.currency.code()).collect();
        let of: Vec<&str> = amounts.iter().map(|amount| amount.of).collect();
        let minor: Vec<i64> = amounts.iter().map(|amount| amount.money.amount_minor).collect();
        let at: Vec<DateTime<Utc>> = amounts.iter().map(|amount| amount.at).collect();
        let (column, part) = if self.part_column.is_empty() { (String::new(), "") } else { (format!("{},", self.part_column), "e.part,") };
        let text = text.replace("$table_vN", &format!("{}_v{version}", self.tables[0])).replace("$column", &column).replace("$part", part);
        let query = sqlx::query(&text).bind(tenants).bind(events).bind(parts).bind(currencies).bind(of).bind(minor).bind(at);
        query.execute(connection).await?;
        Ok(())
    }
}

/// The sums by part and currency that are not zero.
fn summed(parts: Vec<Part>) -> Vec<Part> {
    let mut sums: BTreeMap<(&'static str, Currency), i64> = BTreeMap::new();
    for Part { name, money } in parts {
        *sums.entry((name, money.currency)).or_default() += money.amount_minor;
    }
    let part = |((name, currency), minor)| Part { name, money: Money::new(minor, currency) };
    sums.into_iter().filter(|(_, minor)| *minor != 0).map(part).collect()
}

/// The event that an entry's id names: the id itself, or what stands before the name of a step.
fn causing_event(entry_id: &str) -> &str {
    match entry_id.split_at_checked(36) {
        Some((event, step)) if Uuid::try_parse(event).is_ok() && (step.is_empty() || step.starts_with('-')) => event,
        _ => entry_id,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_names_the_event_that_caused_it() {
        let event = "0197f3c2-0000-7000-8000-000000000000";
        for entry in [event.to_owned(), format!("{event}-cost")] {
            assert_eq!(causing_event(&entry), event);
        }
        for other in ["e-1", "0197f3c2-0000-7000-8000-000000000000x", "zzzzzzzz-0000-7000-8000-000000000000-cost"] {
            assert_eq!(causing_event(other), other);
        }
    }

    #[test]
    fn parts_are_added_up_and_what_cancels_out_is_left_out() {
        let part = |name, minor| Part { name, money: Money::new(minor, Currency::EUR) };
        assert_eq!(summed(vec![part("a", 5), part("b", 2), part("a", -3), part("b", -2)]), [part("a", 2)]);
    }
}
