//! Answers of queries in the format that the client asks for.

use axum::http::header::{ACCEPT, CONTENT_TYPE, VARY};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use crate::freshness::Freshness;
use crate::problem::Problem;

/// The header that carries the next cursor of an answer without a place for it.
const NEXT_CURSOR: HeaderName = HeaderName::from_static("neuroops-next-cursor");

/// A format of answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `application/json`
    Json,
    /// `text/csv` (RFC 4180)
    Csv,
}

impl Format {
    /// The format that the client likes best (RFC 9110 §12.5.1), or 406.
    pub fn negotiate(headers: &HeaderMap) -> Result<Self, Problem> {
        let accepts: Vec<&str> = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect();
        if accepts.is_empty() {
            return Ok(Self::Json);
        }
        let offers = [(Self::Json, "application", "json"), (Self::Csv, "text", "csv")];
        let best = offers.iter().map(|(format, kind, subtype)| (quality(&accepts, kind, subtype), *format)).fold(
            None,
            |best, (quality, format)| match best {
                Some((found, _)) if found >= quality => best,
                _ if quality > 0 => Some((quality, format)),
                _ => best,
            },
        );
        best.map(|(_, format)| format).ok_or_else(|| {
            Problem::new(StatusCode::NOT_ACCEPTABLE, "not_acceptable", "The answer is available as application/json and text/csv.")
        })
    }
}

/// How much a media type is wanted, in thousandths; the most specific range counts.
fn quality(accepts: &[&str], kind: &str, subtype: &str) -> u32 {
    let mut best = (0, 0);
    for range in accepts.iter().flat_map(|value| value.split(',')) {
        let mut parts = range.split(';').map(str::trim);
        let essence = parts.next().unwrap_or_default().to_ascii_lowercase();
        let specific = match essence.split_once('/') {
            Some((a, b)) if a == kind && b == subtype => 3,
            Some((a, "*")) if a == kind => 2,
            Some(("*", "*")) => 1,
            _ => continue,
        };
        let q = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
        let thousandths = q.map_or(1000, thousandths);
        if specific > best.0 {
            best = (specific, thousandths);
        }
    }
    best.1
}

/// A quality value: up to three digits after the point, at most 1. What is none counts as nothing wanted.
fn thousandths(text: &str) -> u32 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !matches!(whole, "0" | "1") || fraction.len() > 3 || !digits(fraction) {
        return 0;
    }
    let fraction: u32 = format!("{fraction:0<3}").parse().unwrap_or(0);
    (whole.parse::<u32>().unwrap_or(0) * 1000 + fraction).min(1000)
}

/// What comes after the rows of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// The answer has no pages.
    None,
    /// This page is the last.
    End,
    /// The cursor of the next page.
    Page(String),
}

/// Rows, each a JSON object as Postgres wrote it.
pub struct Answer<'a> {
    /// The rows.
    pub rows: &'a [String],
    /// The columns, for formats that need them.
    pub columns: &'a [&'a str],
    /// What comes after the rows.
    pub next: Next,
    /// What the answer includes.
    pub freshness: &'a Freshness,
}

impl Answer<'_> {
    /// Writes the answer.
    pub fn respond(self, format: Format) -> Result<Response, Problem> {
        let mut response = match format {
            Format::Json => ([(CONTENT_TYPE, "application/json")], self.json()?).into_response(),
            Format::Csv => ([(CONTENT_TYPE, "text/csv; charset=utf-8; header=present")], self.csv()?).into_response(),
        };
        response.headers_mut().insert(VARY, HeaderValue::from_static("accept"));
        if let (Format::Csv, Next::Page(cursor)) = (format, &self.next)
            && let Ok(value) = HeaderValue::from_str(cursor)
        {
            response.headers_mut().insert(NEXT_CURSOR, value);
        }
        Ok(response)
    }

    fn json(&self) -> Result<String, Problem> {
        let internal = |error: serde_json::Error| Problem::internal(&error);
        let mut body = String::with_capacity(128 + self.rows.iter().map(|row| row.len() + 1).sum::<usize>());
        body.push_str("{\"data\":[");
        body.push_str(&self.rows.join(","));
        body.push(']');
        match &self.next {
            Next::None => {}
            Next::End => body.push_str(",\"next_cursor\":null"),
            Next::Page(cursor) => {
                body.push_str(",\"next_cursor\":");
                body.push_str(&serde_json::to_string(cursor).map_err(internal)?);
            }
        }
        body.push_str(",\"as_of\":");
        body.push_str(&serde_json::to_string(&self.freshness.as_of()).map_err(internal)?);
        body.push('}');
        Ok(body)
    }

    fn csv(&self) -> Result<Vec<u8>, Problem> {
        let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
        let internal = |error: csv::Error| Problem::internal(&error);
        writer.write_record(self.columns).map_err(internal)?;
        for row in self.rows {
            let row: Value = serde_json::from_str(row).map_err(|error| Problem::internal(&error))?;
            writer.write_record(self.columns.iter().map(|column| cell(&row[*column]))).map_err(internal)?;
        }
        writer.into_inner().map_err(|error| Problem::internal(&error))
    }
}

/// A value as a cell. The parts of a list of simple values are separated by `;`, as imports read them.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) if items.iter().all(|item| !item.is_array() && !item.is_object()) => {
            items.iter().map(cell).collect::<Vec<_>>().join(";")
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_client_gets_the_format_that_it_likes_best() {
        let negotiate = |accept: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT, accept.parse().unwrap());
            Format::negotiate(&headers).ok()
        };
        let cases = [
            ("*/*", Some(Format::Json)),
            ("text/csv", Some(Format::Csv)),
            ("text/*", Some(Format::Csv)),
            ("application/json;q=0.5, text/csv;q=0.9", Some(Format::Csv)),
            ("application/json, text/csv", Some(Format::Json)),
            ("*/*;q=0.1, text/csv", Some(Format::Csv)),
            ("text/csv;q=0, */*", Some(Format::Json)),
            ("application/json;q=0", None),
            ("image/png", None),
            ("", None),
            ("application/json;q=abc", None),
        ];
        for (accept, expected) in cases {
            assert_eq!(negotiate(accept), expected, "{accept}");
        }
        assert_eq!(Format::negotiate(&HeaderMap::new()).ok(), Some(Format::Json));
    }

    #[test]
    fn cells_are_texts() {
        let row = serde_json::json!({ "a": null, "b": ["x", "y"], "c": { "d": 1 }, "e": true, "f": "z" });
        assert_eq!(["a", "b", "c", "e", "f"].map(|name| cell(&row[name])), ["", "x;y", "{\"d\":1}", "true", "z"]);
    }
}
