//! Postings per second beside commands of the CRM, and statements over a million entries.
//!
//! The million entries are made set-wise by the projection's own code from events made in memory; the log does not hold them, because what
//! is measured reads no log. Three in ten are invoices, of which most are paid; the others move amounts between random accounts.

use std::sync::Arc;
use std::time::Instant;

use ::commands::{BusOptions, CommandBus, CommandRequest};
use anyhow::{Context as _, Result, anyhow};
use chrono::{DateTime, Days, NaiveDate, Utc};
use domain::accounting::journal_entry::{JournalEntryPosted, Line};
use domain::accounting::values::{Control, Side};
use domain::kernel::{AggregateId, Currency, Day, Money, RecordedEvent, TenantId, partition_of};
use hdrhistogram::Histogram;
use platform::postgres::begin_worker;
use platform::tenant_tx::TenantTx;
use projections::contexts;
use projections::model::ReportDef;
use projections::runtime::{LogReader, Place, Projection};
use sqlx::{Connection, Executor, PgConnection};
use uuid::Uuid;

use crate::commands::{drive, request};
use crate::report::Report;
use crate::setup::Bench;

const BODY: &str = r#"{"date":"2026-01-31","description":"Invoice 2026-0001","reference":"2026-0001","lines":[{"account":"1100","side":"debit","amount":{"amount_minor":11900,"currency":"EUR"}},{"account":"4000","side":"credit","amount":{"amount_minor":11900,"currency":"EUR"}}]}"#;
const TEMPLATE: &str = r#"{"template":"trading_company","currency":"EUR"}"#;
const IN_FLIGHT: usize = 512;
/// Rates are taken in turns, so that both suffer alike from whatever else the machine does.
const TURNS: usize = 3;
const ENTRIES: i64 = 1_000_000;
/// Entries that are applied in one transaction, as in a rebuild.
const CHUNK: i64 = 20_000;
/// Questions asked of each statement.
const SAMPLES: usize = 200;
/// The entries lie within so many days.
const DAYS: i64 = 1_095;
const FIRST_DAY: &str = "2023-01-01";

/// Measures.
pub async fn run(bench: &Bench, report: &mut Report) -> Result<()> {
    let options = BusOptions { partitions: bench.partitions, ..BusOptions::default() };
    let bus = CommandBus::start(&contexts::domains(), &bench.app, options);
    posting_rate(bench, &bus, report).await?;
    let books = Books::fill(bench, report).await?;
    books.statements(bench, report).await
}

fn command(tenant: Uuid, aggregate: &str, id: Option<&str>, name: &str, body: &'static str) -> Result<CommandRequest> {
    let id = id.map(str::parse::<AggregateId>).transpose()?;
    let (context, aggregate) = ("accounting".to_owned(), aggregate.to_owned());
    Ok(CommandRequest { context, aggregate, id, command: name.to_owned(), body: body.into(), ..request(tenant) })
}

async fn posting_rate(bench: &Bench, bus: &Arc<CommandBus>, report: &mut Report) -> Result<()> {
    for tenant in &bench.tenants {
        bus.execute(command(*tenant, "chart", Some("default"), "apply-template", TEMPLATE)?).await.map_err(|error| anyhow!("{error}"))?;
        bus.execute(request(*tenant)).await.map_err(|error| anyhow!("{error}"))?;
    }
    let (mut ours, mut reference) = (0.0_f64, 0.0_f64);
    for _ in 0..TURNS {
        reference += send(bench, bus, |tenant| Ok(request(tenant))).await?;
        ours += send(bench, bus, |tenant| command(tenant, "journal-entry", None, "post", BODY)).await?;
    }
    #[expect(clippy::cast_precision_loss, reason = "a handful")]
    let turns = TURNS as f64;
    report.add(format!("postings, {IN_FLIGHT} in flight"), "1/s", ours / turns, "crm.contact.register", reference / turns, "≥ 0.7");
    Ok(())
}

async fn send(bench: &Bench, bus: &Arc<CommandBus>, of: fn(Uuid) -> Result<CommandRequest>) -> Result<f64> {
    let (bus, tenants) = (bus.clone(), bench.tenants.clone());
    drive(IN_FLIGHT, move |number| {
        let (bus, request) = (bus.clone(), of(tenants[number % tenants.len()]));
        async move { bus.execute(request?).await.map(drop).map_err(|error| anyhow!("{error}")) }
    })
    .await
}

/// Numbers that look random and are the same in each run (Knuth's MMIX generator; the high bits are the good ones).
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: i64) -> i64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        i64::try_from((self.0 >> 33) % u64::try_from(bound.max(1)).unwrap_or(1)).unwrap_or(0)
    }
}

/// A tenant with a million entries.
struct Books {
    tenant: Uuid,
    /// The positions of the first and the last entry.
    positions: (i64, i64),
}

impl Books {
    async fn fill(bench: &Bench, report: &mut Report) -> Result<Self> {
        let tenant = platform::clock::new_id();
        let bus = CommandBus::start(&contexts::domains(), &bench.app, BusOptions { partitions: bench.partitions, ..BusOptions::default() });
        let applied = bus.execute(command(tenant, "chart", Some("default"), "apply-template", TEMPLATE)?).await;
        applied.map_err(|error| anyhow!("{error}"))?;
        let place =
            Place { context: "accounting".to_owned(), partition: partition_of(&TenantId(tenant).partition_key(), bench.partitions) };
        let known = projections::accounting::CONTEXT.projections;
        let ledger = known().into_iter().find(|projection| projection.name() == "accounting.ledger").context("accounting.ledger")?;
        let mut chart = LogReader::new(bench.worker.clone()).after(&[(place.clone(), 0)], i64::MAX).await?;
        chart.retain(|event| event.tenant_id.0 == tenant);
        let last = chart.last().context("the template's events")?.position;
        apply(bench, ledger.as_ref(), &chart).await?;
        let mut maker = Maker::new(tenant, place.partition);
        let started = Instant::now();
        let mut position = last;
        while position < last + ENTRIES {
            let events = (0..CHUNK).map(|_| {
                position += 1;
                maker.event(position, position - last)
            });
            let events: Vec<Arc<RecordedEvent>> = events.collect::<Result<_>>()?;
            apply(bench, ledger.as_ref(), &events).await?;
        }
        let rate = f64::from(i32::try_from(ENTRIES)?) / started.elapsed().as_secs_f64();
        report.add("ledger projection, 1,000,000 entries", "entries/s", rate, "target", 5_000.0, "≥ 1");
        // As autovacuum does by itself soon after.
        let mut admin = PgConnection::connect(&bench.admin_url).await?;
        admin.execute("VACUUM ANALYZE").await?;
        Ok(Self { tenant, positions: (last + 1, position) })
    }

    async fn statements(&self, bench: &Bench, report: &mut Report) -> Result<()> {
        let mut chance = Chance(3);
        let (first, last) = self.positions;
        let day = |chance: &mut Chance| -> Result<Option<String>> { Ok(Some(day_of(chance.below(DAYS))?.to_string())) };
        let position = |chance: &mut Chance| Some((first + chance.below(last - first)).to_string());
        self.ask(bench, report, "trial balance", "trial-balance", 50.0, || Ok(vec![None, None, None])).await?;
        self.ask(bench, report, "trial balance as of a past day", "trial-balance", 500.0, || Ok(vec![day(&mut chance)?, None, None]))
            .await?;
        let mut chance = Chance(4);
        let label = "trial balance as of a booking position";
        self.ask(bench, report, label, "trial-balance", 500.0, || Ok(vec![None, position(&mut chance), None])).await?;
        let mut chance = Chance(6);
        let label = "trial balance as of a day, known at a booking position";
        let both = |chance: &mut Chance| -> Result<Vec<Option<String>>> { Ok(vec![day(chance)?, position(chance), None]) };
        self.ask(bench, report, label, "trial-balance", 500.0, || both(&mut chance)).await?;
        let mut chance = Chance(5);
        let label = "account balance as of a past day";
        self.ask(bench, report, label, "account-balance", 500.0, || Ok(vec![day(&mut chance)?, None, Some("1200".to_owned())])).await?;
        let label = "account balance as of a booking position";
        self.ask(bench, report, label, "account-balance", 500.0, || Ok(vec![None, position(&mut chance), Some("1200".to_owned())])).await?;
        self.ask(bench, report, "balance sheet as of a past day", "balance-sheet", 500.0, || Ok(vec![day(&mut chance)?, None])).await?;
        let label = "profit and loss up to a past day";
        self.ask(bench, report, label, "profit-and-loss", 500.0, || Ok(vec![None, day(&mut chance)?, None])).await?;
        let label = "aged receivables as of a past day";
        self.ask(bench, report, label, "aged-receivables", 500.0, || Ok(vec![day(&mut chance)?, None, None])).await?;
        self.ask(bench, report, "consistency", "consistency", 500.0, || Ok(vec![Some("5".to_owned())])).await
    }

    /// The 95th percentile of the time that a report takes, from `BEGIN` to the last row, as the gateway asks.
    async fn ask(
        &self,
        bench: &Bench,
        report: &mut Report,
        label: &str,
        name: &str,
        target_ms: f64,
        mut parameters: impl FnMut() -> Result<Vec<Option<String>>>,
    ) -> Result<()> {
        let def: &ReportDef = projections::accounting::CONTEXT.reports.iter().find(|def| def.name == name).context("the report")?;
        let statement = format!("SELECT r.x::text FROM ({}) AS r (x)", def.sql.trim());
        let mut histogram = Histogram::<u64>::new(3)?;
        for sample in 0..SAMPLES + 10 {
            let values = parameters()?;
            let started = Instant::now();
            let mut tx = TenantTx::begin_snapshot(&bench.app, self.tenant).await?;
            let query = values.iter().fold(sqlx::query_scalar(&statement), sqlx::query::QueryScalar::bind);
            let rows: Vec<String> = query.fetch_all(&mut *tx).await?;
            tx.commit().await?;
            anyhow::ensure!(!rows.is_empty(), "{label} answers nothing");
            // The first ones plan and warm up.
            if sample >= 10 {
                histogram.record(u64::try_from(started.elapsed().as_micros())?)?;
            }
        }
        #[expect(clippy::cast_precision_loss, reason = "microseconds of less than a minute")]
        let p95_ms = histogram.value_at_quantile(0.95) as f64 / 1000.0;
        report.add(format!("{label}, 1,000,000 entries, p95"), "ms", p95_ms, "target", target_ms, "≤ 1");
        Ok(())
    }
}

async fn apply(bench: &Bench, projection: &dyn Projection, events: &[Arc<RecordedEvent>]) -> Result<()> {
    let mut tx = begin_worker(&bench.worker).await?;
    projection.apply(&mut tx, 1, events).await?;
    tx.commit().await?;
    Ok(())
}

fn day_of(offset: i64) -> Result<NaiveDate> {
    let first: NaiveDate = FIRST_DAY.parse()?;
    first.checked_add_days(Days::new(u64::try_from(offset.clamp(0, DAYS - 1))?)).context("a day")
}

/// Makes entries: booked in the order of their days, give or take ten.
struct Maker {
    tenant: TenantId,
    partition: i32,
    chance: Chance,
    /// Invoices that may be paid: number, customer, amount.
    open: Vec<(i64, i64, i64)>,
    recorded_at: DateTime<Utc>,
}

impl Maker {
    fn new(tenant: Uuid, partition: i32) -> Self {
        Self { tenant: TenantId(tenant), partition, chance: Chance(1), open: Vec::new(), recorded_at: platform::clock::now() }
    }

    fn event(&mut self, position: i64, number: i64) -> Result<Arc<RecordedEvent>> {
        let day = day_of(number * DAYS / ENTRIES - self.chance.below(10))?;
        let entry = match self.chance.below(20) {
            0..6 => self.invoice(number),
            6..11 if self.open.len() > 2_000 => self.payment(),
            _ => self.transfer(),
        };
        let entry = JournalEntryPosted { date: Day(day), ..entry? };
        Ok(Arc::new(RecordedEvent {
            context: "accounting".to_owned(),
            partition: self.partition,
            position,
            event_id: platform::clock::new_id(),
            tenant_id: self.tenant,
            aggregate_type: "journal-entry".to_owned(),
            aggregate_id: platform::clock::new_id().to_string(),
            sequence: 1,
            event_type: "journal_entry_posted".to_owned(),
            event_version: "1".to_owned(),
            payload: serde_json::to_string(&entry)?,
            metadata: r#"{"actor":"bench"}"#.to_owned(),
            recorded_at: self.recorded_at,
        }))
    }

    fn invoice(&mut self, number: i64) -> Result<JournalEntryPosted> {
        let (customer, net) = (self.chance.below(5_000), 1_000 + self.chance.below(100_000));
        let tax = net * 19 / 100;
        self.open.push((number, customer, net + tax));
        let lines = vec![
            line("1200", Side::Debit, net + tax, Some(Control::Receivable))?,
            line("4000", Side::Credit, net, None)?,
            line("2100", Side::Credit, tax, None)?,
        ];
        entry(lines, Some(number), Some(customer))
    }

    fn payment(&mut self) -> Result<JournalEntryPosted> {
        let oldest = usize::try_from(self.chance.below(2_000))?;
        let (number, customer, amount) = self.open.remove(oldest);
        let lines = vec![line("1100", Side::Debit, amount, None)?, line("1200", Side::Credit, amount, Some(Control::Receivable))?];
        entry(lines, Some(number), Some(customer))
    }

    fn transfer(&mut self) -> Result<JournalEntryPosted> {
        const ACCOUNTS: [&str; 12] = ["1000", "1100", "1400", "1500", "2300", "2400", "5300", "6000", "6100", "6300", "6500", "6990"];
        let mut account = || ACCOUNTS[usize::try_from(self.chance.below(12)).unwrap_or(0)];
        let (debit, credit) = (account(), account());
        let amount = 1 + self.chance.below(50_000);
        entry(vec![line(debit, Side::Debit, amount, None)?, line(credit, Side::Credit, amount, None)?], None, None)
    }
}

fn line(account: &str, side: Side, amount_minor: i64, control: Option<Control>) -> Result<Line> {
    let amount = Money::new(amount_minor, Currency::EUR);
    Ok(Line { account: account.parse()?, side, amount, role: None, party: None, reference: None, memo: None, control })
}

fn entry(lines: Vec<Line>, document: Option<i64>, customer: Option<i64>) -> Result<JournalEntryPosted> {
    let text = |text: String| text.try_into().map_err(|error: String| anyhow!(error));
    Ok(JournalEntryPosted {
        date: Day(FIRST_DAY.parse()?),
        document_date: None,
        description: Some("Bench".to_owned().try_into().map_err(|error: String| anyhow!(error))?),
        reference: document.map(|number| text(format!("R-{number}"))).transpose()?,
        source: None,
        party: customer.map(|number| format!("customer-{number}").try_into().map_err(|error: String| anyhow!(error))).transpose()?,
        lines,
        reverses: None,
        hold_id: None,
    })
}
