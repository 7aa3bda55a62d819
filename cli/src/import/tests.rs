//! The sample files from end to end without a server, and sending to servers that misbehave.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::*;

const SAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/crm");

#[derive(clap::Parser)]
struct Parsed {
    #[command(flatten)]
    args: ImportArgs,
}

fn args(words: &[&str]) -> ImportArgs {
    use clap::Parser as _;
    Parsed::try_parse_from([&["import"], words].concat()).unwrap().args
}

async fn dry_run(name: &str, file: &str, more: &[&str]) -> (ImportSummary, BTreeMap<u64, Value>) {
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("report.ndjson");
    let words = [&["crm", name, file, "--dry-run", "--quiet", "--report", report.to_str().unwrap()], more].concat();
    let summary = run(&args(&words)).await.unwrap();
    let text = std::fs::read_to_string(&report).unwrap();
    let rows = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    (summary, rows.map(|row| (row["line"].as_u64().unwrap(), row)).collect())
}

/// What expected.json calls the code of a row that is not created.
fn called(row: &Value) -> &'static str {
    let (outcome, code) = (row["outcome"].as_str().unwrap(), row["code"].as_str().unwrap());
    let detail = row["detail"].as_str().unwrap();
    match code {
        "duplicate" if outcome == "skipped" => "duplicate_phone",
        "duplicate" if detail.contains("this email") => "duplicate_email",
        "duplicate" => "duplicate_domain",
        "already_exists" => "duplicate_id",
        "too_few_columns" => "too_few_columns",
        "too_many_columns" => "too_many_columns",
        "broken_json" => "broken_json",
        "crm.invalid_email" => "invalid_email",
        "crm.invalid_phone" => "invalid_phone",
        "crm.contact_without_identity" => "no_identity",
        "crm.stage_unknown" => "unknown_stage",
        "crm.amount_out_of_range" => "negative_value",
        "unreadable_amount" => "unreadable_value",
        "unknown_currency" => "unknown_currency",
        code if code.starts_with("invalid_field") && detail.contains("more than") => "too_long",
        code if code.starts_with("invalid_field") && detail.contains("control characters") => "control_character",
        _ => "something else",
    }
}

async fn sample(name: &str, missing: &'static str, more: &[&str]) -> (Value, BTreeMap<u64, Value>) {
    let expected: Value = serde_json::from_str(&std::fs::read_to_string(format!("{SAMPLES}/expected.json")).unwrap()).unwrap();
    let expected = expected[name].clone();
    let file = format!("{SAMPLES}/{}", expected["file"].as_str().unwrap());
    let (summary, rows) = dry_run(name, &file, more).await;
    let not_created: BTreeMap<u64, &str> = rows
        .iter()
        .filter(|(_, row)| row["outcome"] != "created")
        .map(|(line, row)| (*line, if row["code"] == "missing_name" { missing } else { called(row) }))
        .collect();
    let expected_rows: BTreeMap<u64, &str> =
        expected["rows"].as_array().unwrap().iter().map(|row| (row["line"].as_u64().unwrap(), row["is"].as_str().unwrap())).collect();
    assert_eq!(not_created, expected_rows);
    let counts = &summary;
    let known = json!({
        "records": counts.rows(), "created": counts.created, "refused": counts.refused,
        "duplicates": counts.updated + counts.unchanged + counts.skipped,
    });
    for (count, value) in known.as_object().unwrap() {
        assert_eq!(expected[count], *value, "{count}");
    }
    (expected, rows)
}

#[tokio::test]
async fn import_makes_of_the_sample_contacts_what_is_expected() {
    let (expected, rows) = sample("contacts", "", &[]).await;
    for duplicate in expected["rows"].as_array().unwrap().iter().filter(|row| !row["of"].is_null()) {
        let row = &rows[&duplicate["line"].as_u64().unwrap()];
        let record = rows.values().nth(usize::try_from(duplicate["of"].as_u64().unwrap()).unwrap() - 1).unwrap();
        assert_eq!(row["id"], record["id"], "the earlier row's id, not the row's own");
    }
}

#[tokio::test]
async fn import_makes_of_the_sample_companies_what_is_expected() {
    let (expected, rows) = sample("companies", "missing_name", &["--currency", "EUR"]).await;
    let unreadable: BTreeSet<u64> = expected["unreadable_number"].as_array().unwrap().iter().map(|n| n.as_u64().unwrap()).collect();
    let warned = |row: &Value| {
        row["warnings"].as_array().is_some_and(|all| all.iter().any(|w| w["code"].as_str().unwrap().starts_with("unreadable_")))
    };
    for (record, row) in (1..).zip(rows.values()) {
        if row["outcome"] == "created" {
            assert_eq!(warned(row), unreadable.contains(&record), "{row}");
        }
    }
}

#[tokio::test]
async fn import_makes_of_the_sample_deals_what_is_expected() {
    let (_, rows) = sample("deals", "missing_title", &[]).await;
    assert!(rows.values().all(|row| row["warnings"].is_null()), "every date is read");
}

#[tokio::test]
async fn import_without_a_currency_creates_companies_without_revenue() {
    let (summary, _) = dry_run("companies", &format!("{SAMPLES}/companies.csv"), &[]).await;
    assert_eq!(summary.created, 376);
    assert!(summary.warnings["no_currency"] > 0);
    let (summary, _) = dry_run("contacts", &format!("{SAMPLES}/contacts.csv"), &["--skip-existing"]).await;
    assert_eq!((summary.updated, summary.skipped), (0, 165));
    assert_eq!(summary.ignored, ["Create Date", "Lifecycle Stage"]);
}

#[tokio::test]
async fn import_of_the_wrong_kind_of_file_says_so_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.csv");
    std::fs::write(&path, "Shoe size,Colour\n42,red\n").unwrap();
    let file = path.to_str().unwrap();
    for (words, expected) in [
        (&["crm", "contacts", file][..], "no column of the file is understood"),
        (&["crm", "deals", file], "`name`"),
        (&["crm", "things", file], "it has contacts, companies, leads, deals"),
        (&["nothing", "contacts", file], "crm"),
        (&["crm", "contacts", "/nowhere/a.csv"], "cannot open"),
        (&["crm", "contacts", file, "--map", "Colour=note", "--region", "Atlantis"], "--region"),
        (&["crm", "contacts", file, "--map", "Colour=note", "--url", "nowhere"], "address of a server"),
        (&["crm", "contacts", file, "--map", "Colour=note", "--report", file], "is the file that is imported"),
    ] {
        let error = run(&args(&[words, &["--quiet"]].concat())).await.unwrap_err();
        assert!(error.is::<UsageError>() && error.to_string().contains(expected), "{error:#}");
    }
}

/// A server that answers each request by its number.
async fn server(answer: fn(usize, &[Value]) -> Reply) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let requests = Arc::new(AtomicUsize::new(0));
    let counter = requests.clone();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let lines = request(&mut stream).await;
            let reply = answer(counter.fetch_add(1, Ordering::SeqCst), &lines);
            let body = reply.lines.iter().map(|line| format!("{line}\n")).collect::<Vec<_>>().concat();
            let length = if reply.cut { body.len() + 100 } else { body.len() };
            let head = format!("HTTP/1.1 {}\r\nretry-after: 0\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n", reply.status);
            stream.write_all((head + &body).as_bytes()).await.unwrap();
            stream.shutdown().await.unwrap();
        }
    });
    (url, requests)
}

struct Reply {
    status: &'static str,
    lines: Vec<Value>,
    /// Whether the connection breaks before the body is complete.
    cut: bool,
}

async fn request(stream: &mut TcpStream) -> Vec<Value> {
    let mut text = Vec::new();
    loop {
        let mut chunk = [0; 4096];
        let read = stream.read(&mut chunk).await.unwrap();
        text.extend_from_slice(&chunk[..read]);
        let whole = String::from_utf8_lossy(&text).into_owned();
        let Some((head, body)) = whole.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse::<usize>().ok());
        if body.len() >= length.unwrap() {
            assert!(head.starts_with("POST /v1/commands ") && head.to_lowercase().contains("authorization: bearer secret"), "{head}");
            return body.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        }
    }
}

fn accepted(lines: &[Value]) -> Vec<Value> {
    let receipt =
        |line: &Value| json!({ "id": line["id"], "version": 1, "events": [{ "type": "x", "position": 1 }], "position": "crm/0@7" });
    (1..).zip(lines).map(|(number, line)| json!({ "line": number, "status": 200, "receipt": receipt(line) })).collect()
}

fn line(number: usize) -> send::Line {
    let (id, idempotency_key) = (Some(format!("c-{number}")), format!("k-{number}"));
    send::Line { context: "crm", aggregate: "contact", id, command: "register", body: json!({}), idempotency_key }
}

#[tokio::test]
async fn import_sends_again_what_got_no_answer() {
    let (url, requests) = server(|number, lines| match number {
        0 => Reply { status: "503 Service Unavailable", lines: vec![json!({ "detail": "Starting." })], cut: false },
        1 => Reply { status: "200 OK", lines: accepted(&lines[..1]), cut: true },
        2 => {
            let mut answers = accepted(lines);
            answers[1] = json!({ "line": 2, "status": 429, "problem": { "code": "too_many_requests", "detail": "Later." } });
            Reply { status: "200 OK", lines: answers, cut: false }
        }
        _ => Reply { status: "200 OK", lines: accepted(lines), cut: false },
    })
    .await;
    let notices = Arc::new(AtomicUsize::new(0));
    let counter = notices.clone();
    let notice = Box::new(move |_: &str| {
        counter.fetch_add(1, Ordering::SeqCst);
    });
    let sender = HttpSender::new(Client::new(&url, Some("secret")).unwrap(), notice);
    let lines: Vec<send::Line> = (0..4).map(line).collect();
    let answers = sender.send(&lines).await.unwrap();
    let ids: Vec<String> = answers.into_iter().map(|answer| answer.unwrap().id).collect();
    assert_eq!(ids, ["c-0", "c-1", "c-2", "c-3"]);
    assert_eq!((requests.load(Ordering::SeqCst), notices.load(Ordering::SeqCst)), (4, 2));
}

#[tokio::test]
async fn import_stops_when_the_token_is_refused_or_nobody_answers() {
    let (url, requests) = server(|_, _| Reply {
        status: "401 Unauthorized",
        lines: vec![json!({ "code": "token_expired", "detail": "The token has expired." })],
        cut: false,
    })
    .await;
    let sender = |url: &str| HttpSender::new(Client::new(url, Some("secret")).unwrap(), Box::new(|_| ()));
    let error = sender(&url).send(&[line(0)]).await.unwrap_err();
    assert!(error.to_string().contains("token has expired") && error.to_string().contains("NEUROOPS_TOKEN"), "{error:#}");
    assert_eq!(requests.load(Ordering::SeqCst), 1);
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let error = sender(&format!("http://{closed}")).with_patience(Duration::ZERO).send(&[line(0)]).await.unwrap_err();
    assert!(error.to_string().contains("cannot be reached"), "{error:#}");
}

#[tokio::test]
async fn import_goes_on_where_it_stopped_and_reports_each_row_once() {
    let folder = tempfile::tempdir().unwrap();
    let (file, report) = (folder.path().join("contacts.csv"), folder.path().join("report.ndjson"));
    let rows = (0..1_200).map(|n| format!("{n},Ada,ada{n}@example.com\n")).collect::<Vec<_>>().concat();
    std::fs::write(&file, format!("Record ID,First Name,Email\n{rows}")).unwrap();
    let words = |url: &str| {
        args(&[
            "crm",
            "contacts",
            file.to_str().unwrap(),
            "--url",
            url,
            "--token",
            "secret",
            "--quiet",
            "--report",
            report.to_str().unwrap(),
        ])
    };
    let (url, requests) = server(|number, lines| {
        if number < 3 && lines.iter().any(|line| line["id"] == "1100") {
            Reply { status: "403 Forbidden", lines: vec![json!({ "code": "forbidden", "detail": "No." })], cut: false }
        } else {
            Reply { status: "200 OK", lines: accepted(lines), cut: false }
        }
    })
    .await;
    let reported = || std::fs::read_to_string(&report).unwrap().lines().count();
    let error = run(&words(&url)).await.unwrap_err();
    assert!(format!("{error:#}").contains("run the same command again"), "{error:#}");
    let mut state = file.clone().into_os_string();
    state.push(".neuroops-import");
    let kept: Progress = serde_json::from_slice(&std::fs::read(&state).unwrap()).unwrap();
    assert_eq!((kept.counts.created, kept.next.line, reported()), (1_000, 1_002, 1_000));
    let summary = run(&words(&url)).await.unwrap();
    assert_eq!((summary.created, summary.resumed, reported(), requests.load(Ordering::SeqCst)), (1_200, 1_000, 1_200, 4));
    assert_eq!(summary.positions["crm"], "crm/0@7");
    assert!(!std::path::Path::new(&state).exists());
}
