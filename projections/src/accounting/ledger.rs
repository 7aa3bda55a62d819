//! The ledger: entries, their lines, and the balances that reports read instead of the whole history.
//!
//! Balances are kept by day, as sums from the beginning through the end of each month, and as sums from the beginning through the end of
//! each block of 4,096 booking positions. A trial balance as of a day reads one row of the months and at most a month of days
//! for each account; one as of a booking position reads one row of the blocks and the lines within a block.
//!
//! What an entry adds is added only if the entry itself was not there, so that applying an event again changes nothing. An entry
//! that does not balance (which only a client that writes the log by itself could make) is parked and never counted.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};
use domain::accounting::journal_entry::{JournalEntry, JournalEntryEvent, JournalEntryPosted, Line};
use domain::accounting::values::{Control, Side};
use domain::kernel::{Currency, RecordedEvent, is_of};
use sqlx::PgConnection;
use uuid::Uuid;

use super::account_list::AccountList;
use super::hold_list::HoldList;
use super::period_list::PeriodList;
use super::posting_role_list::PostingRoleList;
use crate::runtime::{ApplyError, Gauge, Projection, RowProjection, event_of};

/// The projection's name.
pub const PROJECTION: &str = "accounting.ledger";

const ADD_ENTRIES: &str = include_str!("statements/add_entries.sql");
const CHANGE_ENTRIES: &str = include_str!("statements/change_entries.sql");
const ADD_LINES: &str = include_str!("statements/add_lines.sql");
const ADD_CHECKS: &str = "INSERT INTO accounting_account_check_vN AS t (tenant_id, account, debit_minor, credit_minor) \
    SELECT c.tenant_id, c.account, c.debit::numeric, c.credit::numeric \
    FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[]) AS c (tenant_id, account, debit, credit) \
    ON CONFLICT (tenant_id, account) DO UPDATE \
    SET debit_minor = t.debit_minor + excluded.debit_minor, credit_minor = t.credit_minor + excluded.credit_minor";

/// What the ledger is checked for all the time.
const GAUGES: &[Gauge] = &[Gauge {
    name: "neuroops_accounting_inconsistent",
    label: "check",
    statement: include_str!("checks/ledger_inconsistent.sql"),
    known: &["debits_equal_credits", "balances_equal_entries", "subledger_equals_control"],
}];

/// Fills the tables of the ledger, those of its row models included.
pub struct Ledger {
    models: [Box<dyn Projection>; 4],
}

impl Ledger {
    /// The projection, ready to be listed.
    pub fn boxed() -> Box<dyn Projection> {
        let models = [
            RowProjection::<AccountList>::boxed(),
            RowProjection::<HoldList>::boxed(),
            RowProjection::<PostingRoleList>::boxed(),
            RowProjection::<PeriodList>::boxed(),
        ];
        Box::new(Self { models })
    }
}

#[async_trait]
impl Projection for Ledger {
    fn name(&self) -> &'static str {
        PROJECTION
    }

    fn tables(&self) -> &'static [&'static str] {
        &[
            "accounting_account_list",
            "accounting_hold_list",
            "accounting_posting_role_list",
            "accounting_period_list",
            "accounting_journal_entry_list",
            "accounting_ledger_line",
            "accounting_daily_balance",
            "accounting_period_balance",
            "accounting_block_balance",
            "accounting_block_span",
            "accounting_open_item",
            "accounting_account_check",
        ]
    }

    fn contexts(&self) -> &'static [&'static str] {
        &["accounting"]
    }

    fn gauges(&self) -> &'static [Gauge] {
        GAUGES
    }

    async fn apply(&self, connection: &mut PgConnection, version: i32, events: &[Arc<RecordedEvent>]) -> Result<(), ApplyError> {
        for model in &self.models {
            model.apply(connection, version, events).await?;
        }
        let batch = Batch::read(events)?;
        if !batch.posted.is_empty() {
            let new = batch.add_entries(connection, version).await?;
            let posted: Vec<&Posted<'_>> =
                batch.posted.iter().filter(|posted| new.contains(&(posted.tenant(), posted.event.aggregate_id.clone()))).collect();
            add_lines(connection, version, &posted).await?;
            add_checks(connection, version, &posted).await?;
        }
        if !batch.changes.is_empty() {
            batch.change_entries(connection, version).await?;
        }
        Ok(())
    }
}

/// A statement on the tables of a version.
fn statement(text: &str, version: i32) -> String {
    text.replace("_vN", &format!("_v{version}"))
}

/// An entry that was posted.
struct Posted<'a> {
    event: &'a RecordedEvent,
    entry: JournalEntryPosted,
    /// Currency and sum of the debits, for an entry in one currency.
    total: Option<(Currency, i64)>,
    lines_json: String,
    actor: String,
}

impl Posted<'_> {
    fn tenant(&self) -> Uuid {
        self.event.tenant_id.0
    }
}

/// What happened to an entry after it was posted.
struct Change<'a> {
    event: &'a RecordedEvent,
    reversed: Option<(String, NaiveDate)>,
    evidence: Option<String>,
}

/// The events of a batch that change the journal.
#[derive(Default)]
struct Batch<'a> {
    posted: Vec<Posted<'a>>,
    changes: Vec<Change<'a>>,
}

impl<'a> Batch<'a> {
    fn read(events: &'a [Arc<RecordedEvent>]) -> Result<Self, ApplyError> {
        let mut batch = Self::default();
        for (index, event) in events.iter().enumerate().filter(|(_, event)| is_of::<JournalEntry>(event)) {
            batch.take(event).map_err(|reason| ApplyError::Event { index, reason })?;
        }
        Ok(batch)
    }

    fn take(&mut self, event: &'a RecordedEvent) -> Result<(), String> {
        let json = |error: serde_json::Error| error.to_string();
        let change = Change { event, reversed: None, evidence: None };
        match event_of::<JournalEntry>(event)? {
            None => {}
            Some(JournalEntryEvent::JournalEntryPosted(entry)) => {
                let total = total(&entry.lines)?;
                let lines_json = serde_json::to_string(&entry.lines).map_err(json)?;
                let actor = event.parsed_metadata().actor;
                self.posted.push(Posted { event, entry, total, lines_json, actor });
            }
            Some(JournalEntryEvent::JournalEntryReversed(e)) => {
                self.changes.push(Change { reversed: Some((e.reversed_by, e.date.0)), ..change });
            }
            Some(JournalEntryEvent::EvidenceAttached(e)) => {
                self.changes.push(Change { evidence: Some(serde_json::to_string(&e.evidence).map_err(json)?), ..change });
            }
        }
        Ok(())
    }

    /// Adds the entries; answers which were not there before.
    async fn add_entries(&self, connection: &mut PgConnection, version: i32) -> Result<HashSet<(Uuid, String)>, ApplyError> {
        fn column<'a, T>(posted: &'a [Posted<'_>], of: impl Fn(&'a Posted<'_>) -> T) -> Vec<T> {
            posted.iter().map(of).collect()
        }
        let all = &self.posted;
        let rows: Vec<(Uuid, String)> = sqlx::query_as(&statement(ADD_ENTRIES, version))
            .bind(column(all, |posted| posted.event.tenant_id.0))
            .bind(column(all, |posted| posted.event.aggregate_id.as_str()))
            .bind(column(all, |posted| posted.entry.date.0))
            .bind(column(all, |posted| posted.entry.document_date.map(|day| day.0)))
            .bind(column(all, |posted| posted.entry.description.as_deref()))
            .bind(column(all, |posted| posted.entry.reference.as_deref()))
            .bind(column(all, |posted| posted.entry.source.as_deref()))
            .bind(column(all, |posted| posted.entry.party.as_deref()))
            .bind(column(all, |posted| posted.total.as_ref().map(|(currency, _)| currency.code())))
            .bind(column(all, |posted| posted.total.map(|(_, total)| total)))
            .bind(column(all, |posted| posted.lines_json.as_str()))
            .bind(column(all, |posted| posted.entry.reverses.as_deref()))
            .bind(column(all, |posted| posted.entry.hold_id.as_deref()))
            .bind(column(all, |posted| posted.event.position))
            .bind(column(all, |posted| posted.actor.as_str()))
            .bind(column(all, |posted| posted.event.recorded_at))
            .fetch_all(connection)
            .await?;
        Ok(rows.into_iter().collect())
    }

    async fn change_entries(&self, connection: &mut PgConnection, version: i32) -> Result<(), ApplyError> {
        let all = &self.changes;
        let tenants: Vec<Uuid> = all.iter().map(|change| change.event.tenant_id.0).collect();
        let ids: Vec<&str> = all.iter().map(|change| change.event.aggregate_id.as_str()).collect();
        let sequences: Vec<i64> = all.iter().map(|change| change.event.sequence).collect();
        let by: Vec<Option<&str>> = all.iter().map(|change| change.reversed.as_ref().map(|(by, _)| by.as_str())).collect();
        let on: Vec<Option<NaiveDate>> = all.iter().map(|change| change.reversed.as_ref().map(|(_, on)| *on)).collect();
        let evidence: Vec<Option<&str>> = all.iter().map(|change| change.evidence.as_deref()).collect();
        let text = statement(CHANGE_ENTRIES, version);
        sqlx::query(&text).bind(tenants).bind(ids).bind(sequences).bind(by).bind(on).bind(evidence).execute(connection).await?;
        Ok(())
    }
}

/// Currency and sum of the debits of an entry in one currency; an error for one that does not balance.
fn total(lines: &[Line]) -> Result<Option<(Currency, i64)>, String> {
    let mut sums: BTreeMap<Currency, (i128, i128)> = BTreeMap::new();
    for line in lines {
        let sum = sums.entry(line.amount.currency).or_default();
        let amount = i128::from(line.amount.amount_minor);
        if amount <= 0 {
            return Err("a line's amount is not above zero".to_owned());
        }
        *(if line.side == Side::Debit { &mut sum.0 } else { &mut sum.1 }) += amount;
    }
    if let Some((currency, (debit, credit))) = sums.iter().find(|(_, (debit, credit))| debit != credit) {
        return Err(format!("the entry does not balance: debits of {debit} and credits of {credit} in minor units of {currency}"));
    }
    let mut sums = sums.into_iter();
    Ok(match (sums.next(), sums.next()) {
        (Some((currency, (debit, _))), None) => i64::try_from(debit).ok().map(|debit| (currency, debit)),
        _ => None,
    })
}

/// The lines of a batch, column by column.
#[derive(Default)]
struct LineColumns<'a> {
    tenants: Vec<Uuid>,
    ids: Vec<String>,
    entries: Vec<&'a str>,
    accounts: Vec<&'a str>,
    currencies: Vec<&'a str>,
    dates: Vec<NaiveDate>,
    debits: Vec<i64>,
    credits: Vec<i64>,
    parties: Vec<Option<&'a str>>,
    references: Vec<Option<&'a str>>,
    controls: Vec<Option<&'static str>>,
    items: Vec<Option<&'a str>>,
    memos: Vec<Option<&'a str>>,
    positions: Vec<i64>,
    recorded: Vec<DateTime<Utc>>,
}

impl<'a> LineColumns<'a> {
    fn push(&mut self, posted: &'a Posted<'_>, number: usize, line: &'a Line) {
        let (event, entry) = (posted.event, &posted.entry);
        let reference = line.reference.as_deref().or(entry.reference.as_deref());
        let amount = line.amount.amount_minor;
        let (debit, credit) = if line.side == Side::Debit { (amount, 0) } else { (0, amount) };
        self.tenants.push(event.tenant_id.0);
        self.ids.push(format!("{:012}.{number:03}", event.position));
        self.entries.push(&event.aggregate_id);
        self.accounts.push(line.account.as_str());
        self.currencies.push(line.amount.currency.code());
        self.dates.push(entry.date.0);
        self.debits.push(debit);
        self.credits.push(credit);
        self.parties.push(line.party.as_deref().or(entry.party.as_deref()));
        self.references.push(reference);
        self.controls.push(line.control.map(control_name));
        self.items.push(item_of(line, reference, &event.aggregate_id));
        self.memos.push(line.memo.as_deref());
        self.positions.push(event.position);
        self.recorded.push(event.recorded_at);
    }
}

const fn control_name(control: Control) -> &'static str {
    match control {
        Control::Receivable => "receivable",
        Control::Payable => "payable",
        Control::Inventory => "inventory",
    }
}

/// The open item that a line opens or settles: its document's; without a document, one of its own for what opens an item, and the pool
/// of unassigned payments for what settles.
fn item_of<'a>(line: &Line, reference: Option<&'a str>, entry_id: &'a str) -> Option<&'a str> {
    let control = line.control.filter(|control| *control != Control::Inventory)?;
    Some(reference.unwrap_or(if line.side == control.increases_on() { entry_id } else { "" }))
}

async fn add_lines(connection: &mut PgConnection, version: i32, posted: &[&Posted<'_>]) -> Result<(), ApplyError> {
    let mut columns = LineColumns::default();
    for posted in posted {
        for (index, line) in posted.entry.lines.iter().enumerate() {
            columns.push(posted, index + 1, line);
        }
    }
    if columns.ids.is_empty() {
        return Ok(());
    }
    let text = statement(ADD_LINES, version);
    let query = sqlx::query(&text).bind(columns.tenants).bind(columns.ids).bind(columns.entries).bind(columns.accounts);
    let query = query.bind(columns.currencies).bind(columns.dates).bind(columns.debits).bind(columns.credits).bind(columns.parties);
    let query = query.bind(columns.references).bind(columns.controls).bind(columns.items).bind(columns.memos);
    query.bind(columns.positions).bind(columns.recorded).execute(connection).await?;
    Ok(())
}

/// Adds the lines up by themselves: Rust's sums against those that Postgres makes of the rows.
async fn add_checks(connection: &mut PgConnection, version: i32, posted: &[&Posted<'_>]) -> Result<(), ApplyError> {
    let mut sums: BTreeMap<(Uuid, &str), (i128, i128)> = BTreeMap::new();
    for posted in posted {
        for line in &posted.entry.lines {
            let sum = sums.entry((posted.tenant(), line.account.as_str())).or_default();
            *(if line.side == Side::Debit { &mut sum.0 } else { &mut sum.1 }) += i128::from(line.amount.amount_minor);
        }
    }
    let (tenants, accounts): (Vec<Uuid>, Vec<&str>) = sums.keys().copied().unzip();
    let (debits, credits): (Vec<String>, Vec<String>) =
        sums.values().map(|(debit, credit)| (debit.to_string(), credit.to_string())).unzip();
    let text = statement(ADD_CHECKS, version);
    sqlx::query(&text).bind(tenants).bind(accounts).bind(debits).bind(credits).execute(connection).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use domain::kernel::Money;

    use super::*;

    fn line(side: Side, amount: i64, currency: &str, control: Option<Control>) -> Line {
        let amount = Money::new(amount, currency.try_into().unwrap());
        Line { account: "1".parse().unwrap(), side, amount, role: None, party: None, reference: None, memo: None, control }
    }

    #[test]
    fn an_entry_that_does_not_balance_is_never_counted() {
        let euro = |side, amount| line(side, amount, "EUR", None);
        assert_eq!(total(&[euro(Side::Debit, 5), euro(Side::Credit, 5)]), Ok(Some((Currency::EUR, 5))));
        assert!(total(&[euro(Side::Debit, 5), euro(Side::Credit, 4)]).is_err());
        assert!(total(&[euro(Side::Debit, 5), line(Side::Credit, 5, "USD", None)]).is_err());
        assert!(total(&[euro(Side::Debit, -5), euro(Side::Credit, -5)]).is_err());
        let dollars = [line(Side::Debit, 7, "USD", None), line(Side::Credit, 7, "USD", None)];
        let both: Vec<Line> = [euro(Side::Debit, 5), euro(Side::Credit, 5)].into_iter().chain(dollars).collect();
        assert_eq!(total(&both), Ok(None));
    }

    #[test]
    fn a_line_finds_its_open_item() {
        let item = |side, control, reference| item_of(&line(side, 1, "EUR", control), reference, "entry");
        assert_eq!(item(Side::Debit, Some(Control::Receivable), Some("R-1")), Some("R-1"));
        assert_eq!(item(Side::Debit, Some(Control::Receivable), None), Some("entry"));
        assert_eq!(item(Side::Credit, Some(Control::Receivable), None), Some(""));
        assert_eq!(item(Side::Credit, Some(Control::Payable), None), Some("entry"));
        assert_eq!(item(Side::Debit, Some(Control::Inventory), Some("R-1")), None);
        assert_eq!(item(Side::Debit, None, Some("R-1")), None);
    }
}
