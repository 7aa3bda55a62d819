//! `neuroops import`: a file of rows becomes commands.
//!
//! The way of a row: `sniff` finds out what kind of file it is, `source` cuts it into records, `columns` says which cell fills which
//! field (from the context's `ImportDef`), `convert` makes a command of the cells (`numbers`, `dates`, `countries`, `closing`), `reader` adds
//! the rows that go on with the same record, `judge` asks the domain which unique keys it takes, `flow` sends it and decides what to do
//! about its answer, `report` tells what became of it. A new context needs nothing here but its `ImportDef`.
//!
//! Where a column fills a field of the elements of a list (`lines.account`), rows that follow each other and name the same record, or
//! say the same about it, make one command.
//!
//! Invariants: memory does not grow with the file (except in a dry run, which is bounded); a row has one outcome; the same file sent
//! twice, in whole or in part, has the effect of sending it once.

mod closing;
mod columns;
mod convert;
mod countries;
mod dates;
mod dry;
#[cfg(test)]
mod export_tests;
mod flow;
mod judge;
#[cfg(test)]
mod list_tests;
mod numbers;
mod progress;
mod reader;
mod report;
mod schema;
mod send;
mod sniff;
mod source;
mod state;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::ValueEnum;
use domain::kernel::{AggregateType, ContextDef, ImportDef};
use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc::{self, Receiver};

use crate::client::Client;

use columns::Columns;
use convert::Converter;
use dry::DrySender;
use flow::Job;
use judge::Judge;
use numbers::Notation;
use progress::Display;
use reader::{Chunk, Reader};
pub use report::ImportSummary;
use report::Recorder;
use schema::Fields;
use send::{HttpSender, Sender};
pub use sniff::Encoding;
use sniff::{Format, Sniffed, sniff};
use source::Place;
use state::{Progress, StateFile};

/// Rows in one request.
const CHUNK_ROWS: usize = 500;
/// Chunks that are read ahead.
const CHUNKS_AHEAD: usize = 2;
/// How often progress is kept.
const SAVE_EVERY: Duration = Duration::from_secs(1);

/// How the rows of the file are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum FormatArg {
    /// By the name and the beginning of the file.
    #[default]
    Auto,
    /// CSV, with `,`, `;` or tabs.
    Csv,
    /// One JSON object a line.
    Ndjson,
}

/// Imports records from a CSV or NDJSON file.
#[derive(Clone, Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub struct ImportArgs {
    /// The context, such as `crm`.
    pub context: String,
    /// What the rows are, such as `contacts`.
    pub name: String,
    /// The file.
    pub file: PathBuf,
    /// Address of the server.
    #[arg(long, env = "NEUROOPS_URL", default_value = "http://127.0.0.1:8080")]
    pub url: String,
    /// Token of the tenant whose records they are.
    #[arg(long, env = "NEUROOPS_TOKEN", hide_env_values = true)]
    pub token: Option<String>,
    /// How rows are written.
    #[arg(long, value_enum, default_value_t)]
    pub format: FormatArg,
    /// How characters are written.
    #[arg(long, value_enum, default_value_t)]
    pub encoding: Encoding,
    /// Fills a field from a column: "E-Mail 2=email". Repeatable.
    #[arg(long = "map", value_name = "COLUMN=FIELD")]
    pub map: Vec<String>,
    /// Country of telephone numbers without country code, in rows that name no country.
    #[arg(long, value_name = "CODE")]
    pub region: Option<String>,
    /// Currency of amounts in rows that name none.
    #[arg(long, value_name = "CODE")]
    pub currency: Option<String>,
    /// Numbers are written 1.234,56.
    #[arg(long)]
    pub decimal_comma: bool,
    /// Writes a line of JSON for every row to this file.
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Sends nothing; reads the file and checks it against the rules.
    #[arg(long)]
    pub dry_run: bool,
    /// Updates records that exist (the default).
    #[arg(long, conflicts_with = "skip_existing")]
    pub update_existing: bool,
    /// Leaves records that exist as they are.
    #[arg(long)]
    pub skip_existing: bool,
    /// Starts at the first row, whatever an earlier run did.
    #[arg(long)]
    pub restart: bool,
    /// Shows no progress.
    #[arg(long)]
    pub quiet: bool,
}

/// What the caller asks for cannot be done with this file or these options; the process ends with 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct UsageError(String);

/// Such an error.
pub fn usage(message: impl Into<String>) -> anyhow::Error {
    UsageError(message.into()).into()
}

struct Target {
    context: &'static ContextDef,
    import: &'static ImportDef,
    aggregate: &'static dyn AggregateType,
}

fn target(args: &ImportArgs) -> anyhow::Result<Target> {
    let contexts = || projections::contexts::domains().into_iter().filter(|context| !context.imports.is_empty());
    let context = contexts().find(|context| context.name == args.context).ok_or_else(|| {
        let known: Vec<&str> = contexts().map(|context| context.name).collect();
        usage(format!("there are no imports of a context `{}`; contexts with imports are {}", args.context, known.join(", ")))
    })?;
    let import = context.imports.iter().find(|import| import.name == args.name).ok_or_else(|| {
        let known: Vec<&str> = context.imports.iter().map(|import| import.name).collect();
        usage(format!("`{}` has no import `{}`; it has {}", context.name, args.name, known.join(", ")))
    })?;
    let aggregate = context.aggregate(import.aggregate);
    let aggregate = aggregate.ok_or_else(|| anyhow::anyhow!("the import `{}` names no aggregate of `{}`", import.name, context.name))?;
    Ok(Target { context, import, aggregate })
}

fn converter(args: &ImportArgs, target: &Target) -> anyhow::Result<Converter> {
    let mut columns = Columns::new(target.import, target.aggregate, &args.map)?;
    let currency = args
        .currency
        .as_deref()
        .map(|code| numbers::currency(code).ok_or_else(|| usage(format!("--currency `{code}` is not an ISO 4217 code such as EUR"))));
    columns.currency = currency.transpose()?;
    let region = args
        .region
        .as_deref()
        .map(|text| countries::region(text).ok_or_else(|| usage(format!("--region `{text}` is not a country code such as DE"))));
    let notation = if args.decimal_comma { Notation::Comma } else { Notation::Point };
    let today = platform::clock::now().date_naive().to_string();
    Ok(Converter { columns, notation, region: region.transpose()?, hints: Vec::new(), today })
}

/// Names the file as it is now, and the options that decide what its rows become.
fn digest(args: &ImportArgs, sniffed: &Sniffed) -> String {
    let options = format!(
        "{} {} {} {:?} {:?} {:?} {:?} {:?} {} {}",
        args.url,
        args.context,
        args.name,
        sniffed.format,
        args.encoding,
        args.map,
        args.region,
        args.currency,
        args.decimal_comma,
        args.skip_existing
    );
    hex::encode(
        Sha256::new()
            .chain_update(&sniffed.digest)
            .chain_update(format!("{:?}", sniffed.modified))
            .chain_update(options)
            .chain_update(state::owner(args.token.as_deref().unwrap_or("")))
            .finalize(),
    )
}

fn is_same_file(a: &Path, b: &Path) -> bool {
    std::fs::canonicalize(a).ok().is_some_and(|a| std::fs::canonicalize(b).is_ok_and(|b| a == b))
}

/// Runs an import to its end. Refused rows are no error.
pub async fn run(args: &ImportArgs) -> anyhow::Result<ImportSummary> {
    let target = target(args)?;
    let format = match args.format {
        FormatArg::Auto => None,
        FormatArg::Csv => Some(Format::Csv),
        FormatArg::Ndjson => Some(Format::Ndjson),
    };
    let sniffed = sniff(&args.file, format, args.encoding)?;
    if let Some(report) = args.report.as_deref().filter(|report| is_same_file(report, &args.file)) {
        return Err(usage(format!("--report {} is the file that is imported; name another one", report.display())));
    }
    let judge = Judge::new(target.aggregate, target.import.create);
    let mut reader = Reader::open(&sniffed, args.encoding, converter(args, &target)?, judge)?;
    let state = StateFile::beside(&args.file, digest(args, &sniffed));
    let earlier = if args.dry_run || args.restart { None } else { state.load() };
    if let Some(earlier) = &earlier {
        reader.seek(earlier.next)?;
    }
    let mut recorder = Recorder::start(args.report.as_deref(), earlier.as_ref().map_or(0, |earlier| earlier.report_bytes))?;
    let before = (earlier.as_ref().map_or(0, |earlier| earlier.next.offset), earlier.as_ref().map_or(0, |earlier| earlier.counts.rows()));
    let display = Arc::new(Display::start(sniffed.size, before, args.quiet));
    let ignored = reader.ignored();
    if !ignored.is_empty() {
        display.note(&format!("Ignored columns: {}", ignored.join(", ")));
    }
    if let Some(earlier) = earlier {
        display.note(&format!("Going on at line {}, where an earlier run ended; --restart starts again.", earlier.next.line));
        recorder.summary.resumed = earlier.counts.rows();
        recorder.counts = earlier.counts;
        earlier.positions.iter().for_each(|token| recorder.summary.reach(token));
    }
    recorder.summary.ignored = ignored;
    recorder.summary.dry_run = args.dry_run;
    let job = Job {
        context: target.context.name,
        aggregate: target.aggregate.name(),
        create: target.import.create,
        update: target.import.update,
        update_fields: Fields::of(target.aggregate, target.import.update)?.names(),
        updates: !args.skip_existing,
        digest: sniffed.digest.clone(),
    };
    let mut run = Run { job, display: display.clone(), recorder, state: Some(state).filter(|_| !args.dry_run), reached: None };
    if args.dry_run {
        let sender = DrySender::new(Judge::new(target.aggregate, target.import.create), target.import.create);
        return run.finish(&sender, reader).await;
    }
    let client = Client::new(&args.url, args.token.as_deref()).map_err(|error| usage(format!("{error:#}")))?;
    let sender = HttpSender::new(client, Box::new(move |text| display.note(text)));
    run.finish(&sender, reader).await
}

/// An import under way.
struct Run {
    job: Job,
    display: Arc<Display>,
    recorder: Recorder,
    state: Option<StateFile>,
    /// Where the next row starts.
    reached: Option<Place>,
}

impl Run {
    async fn finish<S: Sender>(&mut self, sender: &S, reader: Reader) -> anyhow::Result<ImportSummary> {
        let started = Instant::now();
        let refused_before = self.recorder.counts.refused;
        let chunks = read_ahead(reader);
        let Self { job, display, recorder, state, reached } = self;
        let mut saved = Instant::now();
        let result = flow::run(job, sender, chunks, |done| {
            for report in &done.reports {
                if let Some(text) = recorder.add(report)? {
                    display.note(&text);
                }
            }
            *reached = Some(done.next);
            display.update(done.next.offset, recorder.counts.rows());
            if saved.elapsed() >= SAVE_EVERY {
                save(state, recorder, done.next, display)?;
                saved = Instant::now();
            }
            Ok(())
        })
        .await;
        if let Some(text) = recorder.not_shown(refused_before) {
            display.note(&text);
        }
        recorder.summary.elapsed = started.elapsed();
        if let Err(error) = result {
            if let Some(next) = *reached {
                save(state, recorder, next, display)?;
            }
            display.finish();
            let rows = recorder.counts.rows();
            return Err(error.context(format!("the import stopped after {rows} rows; run the same command again to go on there")));
        }
        recorder.flush()?;
        display.finish();
        if let Some(state) = state {
            state.remove();
        }
        recorder.summary.set_counts(recorder.counts.clone());
        Ok(recorder.summary.clone())
    }
}

fn save(state: &mut Option<StateFile>, recorder: &mut Recorder, next: Place, display: &Display) -> anyhow::Result<()> {
    let report_bytes = recorder.flush()?;
    let Some(file) = state else { return Ok(()) };
    let summary = &recorder.summary;
    let positions = summary.positions.values().cloned().collect();
    let progress = Progress { digest: String::new(), next, counts: recorder.counts.clone(), positions, report_bytes };
    if let Err(error) = file.save(progress) {
        display
            .note(&format!("Progress is not kept: {error:#}. A second run sends every row again, which changes nothing but takes longer."));
        *state = None;
    }
    Ok(())
}

/// Reads on a thread of its own: files block.
fn read_ahead(mut reader: Reader) -> Receiver<std::io::Result<Chunk>> {
    let (sender, receiver) = mpsc::channel(CHUNKS_AHEAD);
    tokio::task::spawn_blocking(move || {
        while let Some(chunk) = reader.next_chunk(CHUNK_ROWS).transpose() {
            let failed = chunk.is_err();
            if sender.blocking_send(chunk).is_err() || failed {
                return;
            }
        }
    });
    receiver
}
