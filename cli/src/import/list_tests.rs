//! Files of which several rows make one record, and the sample files of the ledger.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;

use clap::Parser as _;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::flow::{self, Job};
use super::judge::Judge;
use super::reader::Reader;
use super::report::Outcome;
use super::schema::Fields;
use super::send::{Answer, Line, Receipt, Sender};
use super::sniff::sniff;
use super::{ImportArgs, Target, converter, run, target};
use crate::client::Problem;

const SAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/accounting");

#[derive(clap::Parser)]
struct Parsed {
    #[command(flatten)]
    args: ImportArgs,
}

fn args(words: &[&str]) -> ImportArgs {
    Parsed::try_parse_from([&["import"], words].concat()).unwrap().args
}

fn open(args: &ImportArgs, target: &Target) -> Reader {
    let sniffed = sniff(&args.file, None, args.encoding).unwrap();
    let judge = Judge::new(target.aggregate, target.import.create);
    Reader::open(&sniffed, args.encoding, converter(args, target).unwrap(), judge).unwrap()
}

/// Line and command, or line and code, of each row.
fn rows(import: &str, file: &Path, more: &[&str]) -> Vec<(u64, Result<Value, String>)> {
    let args = args(&[&["accounting", import, file.to_str().unwrap()], more].concat());
    let target = target(&args).unwrap();
    let mut reader = open(&args, &target);
    let mut rows = Vec::new();
    while let Some(row) = reader.next_row().unwrap() {
        let content = row.content.map(|mapped| json!({ "id": mapped.id, "body": mapped.body })).map_err(|remark| remark.code);
        rows.push((row.line, content));
    }
    rows
}

fn rows_of(csv: &str) -> Vec<(u64, Result<Value, String>)> {
    let mut file = tempfile::Builder::new().suffix(".csv").tempfile().unwrap();
    file.write_all(csv.as_bytes()).unwrap();
    rows("entries", file.path(), &["--currency", "EUR"])
}

fn lines(row: &(u64, Result<Value, String>)) -> (u64, usize) {
    (row.0, row.1.as_ref().unwrap()["body"]["lines"].as_array().unwrap().len())
}

#[test]
fn import_makes_one_entry_of_the_rows_with_one_number() {
    let found = rows("entries", Path::new(&format!("{SAMPLES}/entries.csv")), &[]);
    assert_eq!(found.iter().map(lines).collect::<Vec<_>>(), [(2, 4), (6, 2), (8, 2)]);
    let first = found[0].1.as_ref().unwrap();
    assert_eq!(
        (&first["id"], &first["body"]["date"], &first["body"]["description"]),
        (&json!("JE-1"), &json!("2026-01-31"), &json!("Wages for January"))
    );
    let euros = |minor: i64| json!({ "amount_minor": minor, "currency": "EUR" });
    let expected = json!([
        { "account": "6000 Wages and salaries", "debit": euros(300_000), "memo": "Gross wages" },
        { "account": "6050 Social security", "debit": euros(60_000), "memo": "Employer's share" },
        { "account": "2300 Wages payable", "credit": euros(240_000), "memo": "Net wages" },
        { "account": "2400 Accrued expenses", "credit": euros(120_000), "memo": "Social security" }
    ]);
    assert_eq!(first["body"]["lines"], expected);
}

#[test]
fn import_tells_entries_without_a_number_apart_by_what_their_rows_say() {
    let found = rows_of(
        "*Narration,*Date,Description,*AccountCode,*Amount\n\
         Rent,2026-01-31,,6100,1200\nRent,2026-01-31,,1100,-1200\n,,,,\nRent,2026-02-28,,6100,1200\nRent,2026-02-28,,1100,-1200\n",
    );
    assert_eq!(found.iter().map(lines).collect::<Vec<_>>(), [(2, 2), (5, 2)]);
}

#[test]
fn import_refuses_an_entry_of_which_one_row_is_broken_as_a_whole() {
    let found =
        rows_of("Journal No,Date,Account,Debit,Credit\nA,2026-01-31,6100,5,\nA,2026-01-31,1100\nA,2026-01-31,1000,,5\nB,2026-01-31,1,2,\n");
    assert_eq!((found.len(), found[0].0, found[0].1.as_ref().unwrap_err().as_str()), (2, 2, "too_few_columns"));
    assert_eq!(lines(&found[1]), (5, 1));
    let found = rows_of("Journal No,Date,Account,Debit,Credit\nA,2026-01-31,6100,5,\nA,2026-01-31,1100\n");
    assert_eq!(found.iter().map(|(line, row)| (*line, row.is_ok())).collect::<Vec<_>>(), [(2, true), (3, false)]);
    let found = rows_of("Journal No,Date,Account,Debit,Credit\nA,,6100,5,\nA,,1000,,5\nA,,6100,5,\n");
    assert_eq!(found, [(2, Err("missing_date".to_owned()))], "the rest of an entry that is refused makes no entry of its own");
}

#[test]
fn import_takes_entries_with_their_lines_from_ndjson() {
    let mut file = tempfile::Builder::new().suffix(".ndjson").tempfile().unwrap();
    let line = |account: &str, minor: i64| json!({ "account": account, "amount": { "amount_minor": minor, "currency": "EUR" } });
    for number in 0..2 {
        let entry = json!({ "id": format!("e-{number}"), "date": "2026-01-31", "lines": [line("6100", 5), line("1100", -5)] });
        writeln!(file, "{entry}").unwrap();
    }
    let found = rows("entries", file.path(), &[]);
    assert_eq!(found.iter().map(lines).collect::<Vec<_>>(), [(1, 2), (2, 2)]);
}

/// A server whose chart lacks one account.
struct Incomplete;

impl Sender for Incomplete {
    async fn send(&self, lines: &[Line]) -> anyhow::Result<Vec<Answer>> {
        let answer = |line: &Line| {
            if !line.body.to_string().contains("4711") {
                return Ok(Receipt { id: "e".to_owned(), ..Receipt::default() });
            }
            let (code, detail) = ("accounting.account_unknown".to_owned(), "Line 1: there is no account `4711`.".to_owned());
            Err(Box::new(Problem { status: 422, code, detail, ..Problem::default() }))
        };
        Ok(lines.iter().map(answer).collect())
    }
}

#[tokio::test]
async fn import_reports_unknown_accounts_by_line() {
    for (import, file, line, created) in [("opening-balances", "opening-balances.csv", 8, 6), ("journal", "journal.csv", 4, 2)] {
        let args =
            args(&["accounting", import, &format!("{SAMPLES}/{file}"), "--decimal-comma"][..if import == "journal" { 4 } else { 3 }]);
        let target = target(&args).unwrap();
        let mut reader = open(&args, &target);
        let (sender, chunks) = mpsc::channel(1);
        sender.send(Ok(reader.next_chunk(500).unwrap().unwrap())).await.unwrap();
        drop(sender);
        let job = Job {
            context: target.context.name,
            aggregate: target.aggregate.name(),
            create: target.import.create,
            update: target.import.update,
            update_fields: Fields::of(target.aggregate, target.import.update).unwrap().names(),
            updates: true,
            digest: String::new(),
        };
        let mut reports = Vec::new();
        flow::run(&job, &Incomplete, chunks, |done| {
            reports.extend(done.reports);
            Ok(())
        })
        .await
        .unwrap();
        let refused: Vec<_> = reports.iter().filter(|report| report.outcome == Outcome::Refused).collect();
        assert_eq!((refused.len(), refused[0].line, refused[0].code.as_deref()), (1, line, Some("accounting.account_unknown")));
        assert_eq!(reports.iter().filter(|report| report.outcome == Outcome::Created).count(), created);
    }
}

async fn dry_run(import: &str, file: &str, more: &[&str]) -> BTreeMap<u64, String> {
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("report.ndjson");
    let file = format!("{SAMPLES}/{file}");
    let words = ["accounting", import, &file, "--dry-run", "--quiet", "--report", report.to_str().unwrap()];
    run(&args(&[&words, more].concat())).await.unwrap();
    let text = std::fs::read_to_string(&report).unwrap();
    let rows = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let said = |row: &Value| row["code"].as_str().or(row["outcome"].as_str()).unwrap().to_owned();
    rows.map(|row| (row["line"].as_u64().unwrap(), said(&row))).collect()
}

#[tokio::test]
async fn import_understands_the_sample_files_of_the_ledger() {
    let created = |lines: std::ops::RangeInclusive<u64>| lines.map(|line| (line, "created".to_owned())).collect::<BTreeMap<_, _>>();
    assert_eq!(dry_run("accounts", "accounts.csv", &[]).await, created(2..=6));
    // Whether an account exists only the server knows.
    assert_eq!(dry_run("opening-balances", "opening-balances.csv", &[]).await, created(2..=8));
    assert_eq!(dry_run("journal", "journal.csv", &["--decimal-comma"]).await, created(2..=4));
    let mut entries = created(2..=2);
    entries.extend(created(6..=6));
    entries.insert(8, "accounting.unbalanced".to_owned());
    assert_eq!(dry_run("entries", "entries.csv", &[]).await, entries);
}
