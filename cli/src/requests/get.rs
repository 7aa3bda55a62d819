//! `neuroops get`: prints what a read model, report, history or document answers.

use std::fmt;
use std::io::Write as _;

use anyhow::Result;
use clap::{Args, ValueEnum};
use comfy_table::Table;
use serde::Deserialize;
use serde::de::{MapAccess, Visitor};
use serde_json::Value;

use super::{Server, ended, explained};
use crate::client::Client;
use crate::import::usage;

/// How an answer is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// As the gateway writes it: JSON, or the bytes of a document.
    Json,
    /// All rows, up to 100,000, as CSV.
    Csv,
    /// A page of rows for people.
    Table,
}

/// `neuroops get`
#[derive(Args)]
pub struct GetArgs {
    /// What to read, below `/v1/`: `crm/contact-list?q=ada`, `crm/contact/c-1/history`, `invoicing/invoice/i-1/pdf`; a `/` in front leaves `/v1/` out.
    path: String,
    /// Position tokens of commands whose effect the answer has to include.
    #[arg(long, value_name = "TOKENS")]
    wait_for: Option<String>,
    /// How to print it.
    #[arg(long, value_enum, default_value = "json")]
    format: Format,
    #[command(flatten)]
    server: Server,
}

/// Reads and prints.
pub async fn run(args: &GetArgs) -> Result<()> {
    let path = path(&args.path)?;
    let client = args.server.client()?;
    if args.format == Format::Table {
        let response = client.read(&path, "application/json", args.wait_for.as_deref()).await.map_err(explained)?;
        let body = response.bytes().await.map_err(|error| client.broken(&error))?;
        let (table, cursor) = shown(&body).map_err(|error| client.unreadable(format!("no rows ({error}); try --format json")))?;
        if table.is_empty() {
            eprintln!("No rows.");
        } else {
            println!("{table}");
        }
        tell_of_more(cursor.as_deref());
        return Ok(());
    }
    let media_type = if args.format == Format::Csv { "text/csv" } else { "application/json" };
    let response = client.read(&path, media_type, args.wait_for.as_deref()).await.map_err(explained)?;
    let cursor = header(&response, "neuroops-next-cursor").map(str::to_owned);
    copy(&client, response).await?;
    tell_of_more(cursor.as_deref());
    Ok(())
}

fn header<'a>(response: &'a reqwest::Response, name: &str) -> Option<&'a str> {
    response.headers().get(name)?.to_str().ok()
}

fn tell_of_more(cursor: Option<&str>) {
    if let Some(cursor) = cursor {
        eprintln!("There are more rows: add cursor={cursor}");
    }
}

/// The address of what is read.
fn path(named: &str) -> Result<String> {
    if named.trim_matches('/').is_empty() || named.contains("://") {
        return Err(usage(format!("`{named}` is not a path; write what follows /v1/, such as `crm/contact-list?q=ada`")));
    }
    Ok(if named.starts_with('/') { named.to_owned() } else { format!("/v1/{}", named.strip_prefix("v1/").unwrap_or(named)) })
}

/// Passes the answer on as it arrives. JSON ends its line, so that shells can read it by lines.
async fn copy(client: &Client, mut response: reqwest::Response) -> Result<()> {
    let is_json = header(&response, "content-type").is_some_and(|kind| kind.starts_with("application/json"));
    let mut out = std::io::stdout();
    while let Some(chunk) = response.chunk().await.map_err(|error| client.broken(&error))? {
        if ended(out.write_all(&chunk))? {
            return Ok(());
        }
    }
    let end: &[u8] = if is_json { b"\n" } else { b"" };
    ended(out.write_all(end).and_then(|()| out.flush()))?;
    Ok(())
}

/// A row with its columns in the order in which they were written.
#[derive(Debug, Default)]
struct Row(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Row {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Columns;
        impl<'de> Visitor<'de> for Columns {
            type Value = Row;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Row, A::Error> {
                let mut row = Row::default();
                while let Some(column) = map.next_entry()? {
                    row.0.push(column);
                }
                Ok(row)
            }
        }
        deserializer.deserialize_map(Columns)
    }
}

/// A page of rows.
#[derive(Deserialize)]
struct Page {
    data: Vec<Row>,
    next_cursor: Option<String>,
}

/// The table of a page or of one row, and where the next page begins.
fn shown(body: &[u8]) -> serde_json::Result<(Table, Option<String>)> {
    if let Ok(page) = serde_json::from_slice::<Page>(body) {
        return Ok((table(&page.data), page.next_cursor));
    }
    let row: Row = serde_json::from_slice(body)?;
    let mut table = Table::new();
    table.set_header(["column", "value"]);
    for (name, value) in &row.0 {
        table.add_row([name.clone(), cell(value)]);
    }
    Ok((table, None))
}

/// Rows as a table; columns in the order in which rows name them.
fn table(rows: &[Row]) -> Table {
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in rows.iter().flat_map(|row| &row.0) {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    let mut table = Table::new();
    table.set_header(names.iter().copied());
    for row in rows {
        let value = |name: &&str| row.0.iter().find(|(column, _)| column == name).map_or_else(String::new, |(_, value)| cell(value));
        table.add_row(names.iter().map(value));
    }
    table
}

/// A value for people.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_stands_below_the_version_unless_it_is_absolute() {
        assert_eq!(path("crm/contact-list?q=ada").unwrap(), "/v1/crm/contact-list?q=ada");
        assert_eq!(path("v1/crm/contact-list").unwrap(), "/v1/crm/contact-list");
        assert_eq!(path("/health/ready").unwrap(), "/health/ready");
        for bad in ["", "/", "https://example.com/v1"] {
            assert!(path(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_table_keeps_the_order_of_the_columns() {
        let page = br#"{"data":[{"name":"Ada","age":null},{"name":"Bob","cost":{"amount_minor":1,"currency":"EUR"}}],"next_cursor":"x","as_of":{}}"#;
        let (table, cursor) = shown(page).unwrap();
        let text = table.to_string();
        let place = |word: &str| text.find(word).unwrap_or_else(|| panic!("{word} in {text}"));
        assert!(place("name") < place("age") && place("age") < place("cost") && place("Ada") < place("Bob"));
        assert!(text.contains(r#"{"amount_minor":1,"currency":"EUR"}"#) && !text.contains("null"), "{text}");
        assert_eq!(cursor.as_deref(), Some("x"));
    }

    #[test]
    fn one_row_is_shown_by_columns_and_what_is_no_row_is_refused() {
        let (table, cursor) = shown(br#"{"id":"c-1","data":{"a":1}}"#).unwrap();
        assert!(table.to_string().contains("c-1") && cursor.is_none());
        assert!(shown(b"[1]").is_err() && shown(b"%PDF").is_err());
    }
}
