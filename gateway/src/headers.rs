//! Request headers with a meaning of their own.

use axum::http::{HeaderMap, HeaderValue};
use domain::kernel::AggregateId;

use crate::problem::Problem;

/// The longest idempotency key.
pub const IDEMPOTENCY_KEY_CHARS_MAX: usize = 255;
/// The longest correlation or causation id.
pub const CORRELATION_CHARS_MAX: usize = 128;

/// A header that may come once at most.
pub fn single<'a>(headers: &'a HeaderMap, name: &'static str) -> Result<Option<&'a HeaderValue>, Problem> {
    let mut values = headers.get_all(name).iter();
    let first = values.next();
    match values.next() {
        Some(_) => Err(Problem::bad_value("invalid_header", name, "the header comes more than once")),
        None => Ok(first),
    }
}

/// A header of 1 to `chars_max` visible ASCII characters.
fn visible(headers: &HeaderMap, name: &'static str, code: &'static str, chars_max: usize) -> Result<Option<String>, Problem> {
    let Some(value) = single(headers, name)? else { return Ok(None) };
    match check_visible(value.as_bytes(), chars_max) {
        Some(text) => Ok(Some(text)),
        None => Err(Problem::bad_value(code, name, format!("the header has 1 to {chars_max} visible ASCII characters"))),
    }
}

fn check_visible(bytes: &[u8], chars_max: usize) -> Option<String> {
    let fits = (1..=chars_max).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_graphic);
    fits.then(|| String::from_utf8_lossy(bytes).into_owned())
}

/// `Idempotency-Key`.
pub fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    visible(headers, "idempotency-key", "invalid_idempotency_key", IDEMPOTENCY_KEY_CHARS_MAX)
}

/// The same rules for a key that stands in a body.
pub fn check_idempotency_key(key: &str) -> Result<String, Problem> {
    check_visible(key.as_bytes(), IDEMPOTENCY_KEY_CHARS_MAX).ok_or_else(|| {
        let rule = format!("the key has 1 to {IDEMPOTENCY_KEY_CHARS_MAX} visible ASCII characters");
        Problem::bad_value("invalid_idempotency_key", "idempotency_key", rule)
    })
}

/// `X-Correlation-ID` and `X-Causation-ID`.
pub fn correlation(headers: &HeaderMap) -> Result<(Option<String>, Option<String>), Problem> {
    let read = |name| visible(headers, name, "invalid_correlation_id", CORRELATION_CHARS_MAX);
    Ok((read("x-correlation-id")?, read("x-causation-id")?))
}

/// The version in `If-Match: "<version>"` (a strong entity tag, RFC 9110 §13.1.1). Lists, weak tags and `*` are not versions.
pub fn if_match(headers: &HeaderMap) -> Result<Option<i64>, Problem> {
    let Some(value) = single(headers, "if-match")? else { return Ok(None) };
    let version = value.to_str().ok().and_then(|text| {
        let digits = text.trim().strip_prefix('"')?.strip_suffix('"')?;
        let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) && (digits == "0" || !digits.starts_with('0'));
        if plain { digits.parse::<i64>().ok() } else { None }
    });
    version
        .map(Some)
        .ok_or_else(|| Problem::bad_value("invalid_if_match", "If-Match", "write the version as one strong entity tag, such as \"3\""))
}

/// An aggregate's id from a URL or a body.
pub fn aggregate_id(text: String) -> Result<AggregateId, Problem> {
    text.try_into().map_err(|error: domain::kernel::IdError| Problem::bad_value("invalid_id", "id", error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &'static str, value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        headers
    }

    #[test]
    fn if_match_takes_one_strong_version() {
        for (text, version) in [("\"0\"", 0), ("\"17\"", 17), ("\"9223372036854775807\"", i64::MAX)] {
            assert_eq!(if_match(&headers("if-match", text)).unwrap(), Some(version), "{text}");
        }
        for text in
            ["", "3", "W/\"3\"", "*", "\"3\", \"4\"", "\"\"", "\"-1\"", "\"+1\"", "\"01\"", "\"9223372036854775808\"", "\"a\"", "\""]
        {
            assert!(if_match(&headers("if-match", text)).is_err(), "{text}");
        }
    }

    #[test]
    fn keys_are_visible_ascii_and_bounded() {
        let read = |text: &str| idempotency_key(&headers("idempotency-key", text));
        assert_eq!(read("k-1").unwrap().as_deref(), Some("k-1"));
        assert!(read(&"k".repeat(255)).is_ok());
        for text in ["", " ", "a b", "ü", "a\tb", &"k".repeat(256)] {
            assert!(read(text).is_err(), "{text}");
        }
        let mut twice = headers("idempotency-key", "a");
        twice.append("idempotency-key", HeaderValue::from_static("b"));
        assert!(idempotency_key(&twice).is_err());
    }
}
