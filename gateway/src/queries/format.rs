//! Answers of queries in the format that the client asks for.

use axum::http::header::{ACCEPT, CONTENT_TYPE, VARY};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::exports::TableFormat;
use crate::freshness::Freshness;
use crate::problem::Problem;

/// A format of answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `application/json`
    Json,
    /// Rows and columns.
    Table(TableFormat),
}

/// All formats, the first one for clients that do not say.
pub const FORMATS: [Format; 5] = [
    Format::Json,
    Format::Table(TableFormat::Csv),
    Format::Table(TableFormat::Ndjson),
    Format::Table(TableFormat::Parquet),
    Format::Table(TableFormat::Arrow),
];

impl Format {
    /// The media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Table(format) => format.media_type(),
        }
    }

    /// The one of the offers that the client likes best (RFC 9110 §12.5.1), or 406.
    pub fn negotiate(headers: &HeaderMap, offers: &[Self]) -> Result<Self, Problem> {
        let accepts: Vec<&str> = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect();
        if accepts.is_empty() {
            return Ok(Self::Json);
        }
        let mut best = None;
        for offer in offers {
            let quality = quality(&accepts, offer.media_type());
            if quality > best.map_or(0, |(found, _)| found) {
                best = Some((quality, *offer));
            }
        }
        best.map(|(_, format)| format).ok_or_else(|| {
            let names: Vec<&str> = offers.iter().map(|offer| offer.media_type()).collect();
            Problem::new(StatusCode::NOT_ACCEPTABLE, "not_acceptable", format!("The answer is available as {}.", names.join(", ")))
        })
    }
}

/// How much a media type is wanted, in thousandths; the most specific range counts.
fn quality(accepts: &[&str], media_type: &str) -> u32 {
    let (kind, subtype) = media_type.split_once('/').unwrap_or((media_type, ""));
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
    /// What comes after the rows.
    pub next: Next,
}

/// An answer in JSON that lacks its end: what it includes is said last, because that may change while the rows stay the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenJson(pub String);

impl Answer<'_> {
    /// Writes the answer but for its end.
    pub fn open_json(&self) -> Result<OpenJson, Problem> {
        let mut body = String::with_capacity(128 + self.rows.iter().map(|row| row.len() + 1).sum::<usize>());
        body.push_str("{\"data\":[");
        body.push_str(&self.rows.join(","));
        body.push(']');
        match &self.next {
            Next::None => {}
            Next::End => body.push_str(",\"next_cursor\":null"),
            Next::Page(cursor) => {
                body.push_str(",\"next_cursor\":");
                body.push_str(&serde_json::to_string(cursor).map_err(|error| Problem::internal(&error))?);
            }
        }
        Ok(OpenJson(body))
    }
}

impl OpenJson {
    /// Says what the answer includes, and ends it.
    pub fn respond(self, freshness: &Freshness) -> Result<Response, Problem> {
        let mut body = self.0;
        body.push_str(",\"as_of\":");
        body.push_str(&serde_json::to_string(&freshness.as_of()).map_err(|error| Problem::internal(&error))?);
        body.push('}');
        let mut response = ([(CONTENT_TYPE, "application/json")], body).into_response();
        response.headers_mut().insert(VARY, HeaderValue::from_static("accept"));
        freshness.write_headers(response.headers_mut());
        Ok(response)
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
            Format::negotiate(&headers, &FORMATS).ok()
        };
        let table = |format| Some(Format::Table(format));
        let (csv, parquet, arrow) = (table(TableFormat::Csv), table(TableFormat::Parquet), table(TableFormat::Arrow));
        let ndjson = table(TableFormat::Ndjson);
        let cases = [
            ("*/*", Some(Format::Json)),
            ("text/csv", csv),
            ("text/*", csv),
            ("application/json;q=0.5, text/csv;q=0.9", csv),
            ("application/json, text/csv", Some(Format::Json)),
            ("*/*;q=0.1, text/csv", csv),
            ("text/csv;q=0, */*", Some(Format::Json)),
            ("application/json;q=0", None),
            ("image/png", None),
            ("application/x-ndjson", ndjson),
            ("application/vnd.apache.parquet", parquet),
            ("application/vnd.apache.arrow.stream, */*;q=0.1", arrow),
            ("", None),
            ("application/json;q=abc", None),
        ];
        for (accept, expected) in cases {
            assert_eq!(negotiate(accept), expected, "{accept}");
        }
        assert_eq!(Format::negotiate(&HeaderMap::new(), &FORMATS).ok(), Some(Format::Json));
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, "application/vnd.apache.parquet".parse().unwrap());
        let refused = Format::negotiate(&headers, &FORMATS[..2]).unwrap_err();
        assert_eq!(refused.detail(), "The answer is available as application/json, text/csv.");
    }
}
