//! What the stock says that was to be posted, beside what was posted.
//!
//! Each event that changes the value of the stock is to lead to an entry under the event's id (or the id, a hyphen and the name of a step)
//! that changes the inventory account by as much. The two arrive in any order, because they are of different contexts: a row is
//! settled when it knows both and they are equal. A row that stays unsettled for minutes is an alarm: nothing was posted, something
//! else was, or somebody posted to the inventory account by hand.
//!
//! Events of `inventory` are read by their names and JSON, not as types of their context.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::accounting::journal_entry::{JournalEntry, JournalEntryEvent};
use domain::accounting::values::{Control, Side};
use domain::kernel::{Money, RecordedEvent};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::model::ColumnKind::{Integer, List, Text, Timestamp};
use crate::model::{Column, ReadModelDef};
use crate::runtime::{ApplyError, Projection, event_of};

/// The projection's name.
pub const PROJECTION: &str = "accounting.stock_check";
/// The events of `inventory` that change the value of the stock; each has a field `value`, the change in money with its sign.
const STOCK_EVENTS: [&str; 5] = ["stock_received", "stock_shipped", "stock_adjusted", "stock_returned", "stock_revalued"];

const EXPECT: &str = "INSERT INTO accounting_stock_check_vN AS t (tenant_id, id, event_id, event_type, currency, expected_minor, expected_at, entries) \
    SELECT e.tenant_id, e.event_id || '.' || e.currency, e.event_id, e.event_type, e.currency, e.minor, e.at, '{}' \
    FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::timestamptz[]) AS e (tenant_id, event_id, currency, event_type, minor, at) \
    ON CONFLICT (tenant_id, id) DO UPDATE \
    SET event_type = excluded.event_type, expected_minor = excluded.expected_minor, expected_at = excluded.expected_at";
const POST: &str = "INSERT INTO accounting_stock_check_vN AS t (tenant_id, id, event_id, currency, posted_minor, posted_at, entries) \
    SELECT e.tenant_id, e.event_id || '.' || e.currency, e.event_id, e.currency, e.minor, e.at, ARRAY[e.entry] \
    FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::timestamptz[]) AS e (tenant_id, event_id, currency, entry, minor, at) \
    ON CONFLICT (tenant_id, id) DO UPDATE \
    SET posted_minor = coalesce(t.posted_minor, 0) + excluded.posted_minor, posted_at = excluded.posted_at, entries = t.entries || excluded.entries \
    WHERE NOT t.entries && excluded.entries";
/// How many rows of the version that is read are unsettled, and since when the oldest is.
const UNSETTLED: &str = "SELECT (SELECT count(*) FROM accounting_stock_check_vN t WHERE t.difference_minor <> 0), \
        (SELECT extract(epoch FROM min(coalesce(t.expected_at, t.posted_at)))::float8 FROM accounting_stock_check_vN t WHERE t.difference_minor <> 0) \
    FROM runtime.projections p WHERE p.projection = $1 AND p.active_version = $2";

/// A change of the stock's value, beside what was posted because of it.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct StockCheckRow {
    /// The causing event's id, a full stop, and the currency.
    pub id: String,
    /// The causing event; the entry's id where no event is known.
    pub event_id: String,
    /// The causing event's type; nothing while only postings are known.
    pub event_type: Option<String>,
    /// The currency of the amounts.
    pub currency: String,
    /// By how much the value of the stock changed, in minor units.
    pub expected_minor: Option<i64>,
    /// By how much the inventory account changed.
    pub posted_minor: Option<i64>,
    /// Posted less expected; zero where all is well.
    pub difference_minor: i64,
    /// When the stock changed.
    pub expected_at: Option<DateTime<Utc>>,
    /// When the last entry was posted.
    pub posted_at: Option<DateTime<Utc>>,
    /// The entries.
    pub entries: Vec<String>,
}

/// One amount on one side of the comparison.
struct Amount<'a> {
    tenant: Uuid,
    event_id: String,
    /// Type of the event, or id of the entry.
    of: &'a str,
    money: Money,
    at: DateTime<Utc>,
}

/// Fills the table.
pub struct StockCheck;

#[async_trait]
impl Projection for StockCheck {
    fn name(&self) -> &'static str {
        PROJECTION
    }

    fn tables(&self) -> &'static [&'static str] {
        &["accounting_stock_check"]
    }

    fn contexts(&self) -> &'static [&'static str] {
        &["accounting", "inventory"]
    }

    async fn apply(&self, connection: &mut PgConnection, version: i32, events: &[Arc<RecordedEvent>]) -> Result<(), ApplyError> {
        let (mut expected, mut posted) = (Vec::new(), Vec::new());
        for (index, event) in events.iter().enumerate() {
            let of_event = |reason| ApplyError::Event { index, reason };
            expected.extend(expected_by(event).map_err(of_event)?);
            posted.extend(posted_by(event).map_err(of_event)?);
        }
        let touched = !expected.is_empty() || !posted.is_empty();
        write(connection, EXPECT, version, expected.iter().collect()).await?;
        // A statement changes a row once: entries of the same event are added one after the other.
        while !posted.is_empty() {
            let (mut seen, mut rest, mut turn) = (BTreeMap::new(), Vec::new(), Vec::new());
            for amount in posted {
                let key = (amount.tenant, amount.event_id.clone(), amount.money.currency);
                if seen.insert(key, ()).is_none() { turn.push(amount) } else { rest.push(amount) }
            }
            write(connection, POST, version, turn.iter().collect()).await?;
            posted = rest;
        }
        if touched {
            measure(connection, version).await?;
        }
        Ok(())
    }
}

/// What an event of the stock says that is to be posted.
fn expected_by(event: &RecordedEvent) -> Result<Option<Amount<'_>>, String> {
    #[derive(Deserialize)]
    struct Valued {
        value: Option<Money>,
    }
    if event.context != "inventory" || !STOCK_EVENTS.contains(&event.event_type.as_str()) {
        return Ok(None);
    }
    let Valued { value } = serde_json::from_str(&event.payload).map_err(|error| error.to_string())?;
    let amount = |money| Amount {
        tenant: event.tenant_id.0,
        event_id: event.event_id.to_string(),
        of: &event.event_type,
        money,
        at: event.recorded_at,
    };
    Ok(value.filter(|money| money.amount_minor != 0).map(amount))
}

/// By how much an entry changes inventory accounts, by currency.
fn posted_by(event: &RecordedEvent) -> Result<Vec<Amount<'_>>, String> {
    // Most entries do not touch the stock; those that do say so in their lines.
    if event.event_type != "journal_entry_posted" || !event.payload.contains("\"inventory\"") {
        return Ok(Vec::new());
    }
    let Some(JournalEntryEvent::JournalEntryPosted(entry)) = event_of::<JournalEntry>(event)? else { return Ok(Vec::new()) };
    let mut sums = BTreeMap::new();
    for line in entry.lines.iter().filter(|line| line.control == Some(Control::Inventory)) {
        let amount = line.amount.amount_minor;
        *sums.entry(line.amount.currency).or_insert(0_i64) += if line.side == Side::Debit { amount } else { -amount };
    }
    let amount = |(currency, minor)| Amount {
        tenant: event.tenant_id.0,
        event_id: causing_event(&event.aggregate_id).to_owned(),
        of: &event.aggregate_id,
        money: Money::new(minor, currency),
        at: event.recorded_at,
    };
    Ok(sums.into_iter().filter(|(_, minor)| *minor != 0).map(amount).collect())
}

/// The event that an entry's id names: the id itself, or what stands before the name of a step.
fn causing_event(entry_id: &str) -> &str {
    match entry_id.split_at_checked(36) {
        Some((event, step)) if Uuid::try_parse(event).is_ok() && (step.is_empty() || step.starts_with('-')) => event,
        _ => entry_id,
    }
}

async fn write(connection: &mut PgConnection, text: &str, version: i32, amounts: Vec<&Amount<'_>>) -> Result<(), sqlx::Error> {
    if amounts.is_empty() {
        return Ok(());
    }
    let tenants: Vec<Uuid> = amounts.iter().map(|amount| amount.tenant).collect();
    let events: Vec<&str> = amounts.iter().map(|amount| amount.event_id.as_str()).collect();
    let currencies: Vec<&str> = amounts.iter().map(|amount| amount.money.currency.code()).collect();
    let of: Vec<&str> = amounts.iter().map(|amount| amount.of).collect();
    let minor: Vec<i64> = amounts.iter().map(|amount| amount.money.amount_minor).collect();
    let at: Vec<DateTime<Utc>> = amounts.iter().map(|amount| amount.at).collect();
    let text = text.replace("_vN", &format!("_v{version}"));
    sqlx::query(&text).bind(tenants).bind(events).bind(currencies).bind(of).bind(minor).bind(at).execute(connection).await?;
    Ok(())
}

/// Tells the monitoring how many rows are unsettled and since when, so that it can raise an alarm after some minutes.
async fn measure(connection: &mut PgConnection, version: i32) -> Result<(), sqlx::Error> {
    let text = UNSETTLED.replace("_vN", &format!("_v{version}"));
    let row: Option<(i64, Option<f64>)> = sqlx::query_as(&text).bind(PROJECTION).bind(version).fetch_optional(connection).await?;
    if let Some((count, since)) = row {
        metrics::gauge!("neuroops_accounting_stock_unsettled").set(f64::from(u32::try_from(count).unwrap_or(u32::MAX)));
        metrics::gauge!("neuroops_accounting_stock_unsettled_since_timestamp_seconds").set(since.unwrap_or(0.0));
    }
    Ok(())
}

/// `GET /v1/accounting/stock-check-list`
pub const DEF: ReadModelDef = ReadModelDef {
    context: "accounting",
    name: "stock-check-list",
    summary: "Changes of the stock's value beside what was posted because of them; `difference_minor.ne=0` lists what does not agree.",
    table: "accounting_stock_check",
    projection: PROJECTION,
    columns: &[
        Column::sorted("id", Text),
        Column::new("event_id", Text),
        Column::new("event_type", Text),
        Column::new("currency", Text),
        Column::new("expected_minor", Integer),
        Column::new("posted_minor", Integer),
        Column::new("difference_minor", Integer),
        Column::new("expected_at", Timestamp),
        Column::new("posted_at", Timestamp),
        Column::new("entries", List),
    ],
    default_sort: ("id", true),
    search: None,
    redirects: None,
    schema: |generator| StockCheckRow::json_schema(generator),
};

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
}
