//! Bounds on what a client may send and on how much one tenant may do at a time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Body;
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use bytes::{Bytes, BytesMut};
use domain::kernel::TenantId;
use futures::StreamExt as _;

use crate::options::GatewayOptions;
use crate::problem::Problem;

/// Counts what each tenant has under way, and refuses more than the limit.
#[derive(Clone)]
pub struct TenantLimit {
    counts: Arc<Mutex<HashMap<TenantId, usize>>>,
    max: usize,
}

/// One of the things that a tenant has under way; ends when dropped.
pub struct Turn {
    limit: TenantLimit,
    tenant: TenantId,
}

impl TenantLimit {
    /// At most `max` at a time for each tenant.
    pub fn new(max: usize) -> Self {
        Self { counts: Arc::default(), max }
    }

    /// Begins one more, or answers 429.
    pub fn enter(&self, tenant: TenantId, what: &str) -> Result<Turn, Problem> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(tenant).or_default();
        if *count >= self.max {
            return Err(Problem::too_many(format!("The tenant has {} {what}, which is the most.", self.max)));
        }
        *count += 1;
        Ok(Turn { limit: self.clone(), tenant })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut counts = self.limit.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.tenant) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.tenant);
            }
        }
    }
}

/// 415 unless the body is of one of these media types, or of none.
pub fn check_media_type(headers: &HeaderMap, accepted: &[&str]) -> Result<(), Problem> {
    let refuse = |what: &str| Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", what.to_owned());
    if headers.get(CONTENT_ENCODING).is_some_and(|coding| coding != "identity") {
        return Err(refuse("Send the body without a content coding."));
    }
    let Some(value) = headers.get(CONTENT_TYPE) else { return Ok(()) };
    let essence = value.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim();
    if accepted.iter().any(|accepted| essence.eq_ignore_ascii_case(accepted)) {
        return Ok(());
    }
    Err(refuse(&format!("Send the body as {}.", accepted.join(" or "))))
}

fn too_large(bytes_max: usize) -> Problem {
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", format!("The body is larger than {bytes_max} bytes."))
}

/// 408 for a body that does not arrive.
pub fn body_timed_out(limit: Duration) -> Problem {
    Problem::new(StatusCode::REQUEST_TIMEOUT, "request_timeout", format!("The body did not arrive within {} s.", limit.as_secs()))
}

/// Reads a JSON body: bounded in size, time and depth, and UTF-8.
pub async fn read_json(headers: &HeaderMap, body: Body, options: &GatewayOptions) -> Result<Bytes, Problem> {
    let bytes = read_body(headers, body, options).await?;
    check_json(&bytes, options.json_depth_max)?;
    Ok(bytes)
}

/// Reads a body as it is: bounded in size and time.
pub async fn read_body(headers: &HeaderMap, body: Body, options: &GatewayOptions) -> Result<Bytes, Problem> {
    let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()).and_then(|text| text.parse::<usize>().ok());
    if announced.is_some_and(|length| length > options.body_bytes_max) {
        return Err(too_large(options.body_bytes_max));
    }
    let read = collect(body, options.body_bytes_max);
    tokio::time::timeout(options.request_timeout, read).await.map_err(|_| body_timed_out(options.request_timeout))?
}

async fn collect(body: Body, bytes_max: usize) -> Result<Bytes, Problem> {
    let mut stream = body.into_data_stream();
    let mut first = Bytes::new();
    let mut rest = BytesMut::new();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|_| Problem::bad_request("incomplete_body", "The body ended before it was complete."))?;
        if first.len() + rest.len() + chunk.len() > bytes_max {
            return Err(too_large(bytes_max));
        }
        // Most bodies come in one piece, which need not be copied.
        if first.is_empty() {
            first = chunk;
        } else {
            rest.extend_from_slice(&chunk);
        }
    }
    if rest.is_empty() {
        return Ok(first);
    }
    let mut whole = BytesMut::with_capacity(first.len() + rest.len());
    whole.extend_from_slice(&first);
    whole.extend_from_slice(&rest);
    Ok(whole.freeze())
}

/// 400 for text that is not UTF-8 or nests deeper than the limit.
pub fn check_json(bytes: &[u8], depth_max: usize) -> Result<(), Problem> {
    if std::str::from_utf8(bytes).is_err() {
        return Err(Problem::bad_request("malformed_json", "The body is not UTF-8."));
    }
    if depth(bytes) > depth_max {
        return Err(Problem::bad_request("too_deep", format!("The body nests deeper than {depth_max} levels.")));
    }
    Ok(())
}

/// How deep arrays and objects nest. Looks at brackets outside strings only, so it is cheap and also right for text that
/// turns out not to be JSON.
fn depth(bytes: &[u8]) -> usize {
    let (mut depth, mut deepest, mut in_string, mut escaped) = (0_usize, 0, false, false);
    for byte in bytes {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'{' | b'[' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_counts_brackets_outside_strings() {
        for (text, expected) in [("1", 0), ("{}", 1), (r#"{"a":[1,{"b":[]}]}"#, 4), (r#"["[[[","\"[["]"#, 1), ("[][]", 1), ("]]]][", 1)] {
            assert_eq!(depth(text.as_bytes()), expected, "{text}");
        }
        assert!(check_json("[".repeat(65).as_bytes(), 64).is_err());
        assert!(check_json(&[b'"', 0xff, b'"'], 64).is_err());
    }

    #[test]
    fn one_tenant_cannot_take_the_turns_of_another() {
        let (a, b) = (TenantId(platform::clock::new_id()), TenantId(platform::clock::new_id()));
        let limit = TenantLimit::new(2);
        let turns: Vec<Turn> = (0..2).map(|_| limit.enter(a, "x").map_err(|_| ()).unwrap()).collect();
        assert_eq!(limit.enter(a, "x").err().map(|problem| problem.status()), Some(StatusCode::TOO_MANY_REQUESTS));
        assert!(limit.enter(b, "x").is_ok());
        drop(turns);
        assert!(limit.enter(a, "x").is_ok());
        assert!(limit.counts.lock().unwrap().is_empty());
    }

    #[test]
    fn media_types_are_compared_without_parameters() {
        let check = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, value.parse().unwrap());
            check_media_type(&headers, &["application/json"]).is_ok()
        };
        assert!(check("application/json") && check("Application/JSON; charset=utf-8"));
        assert!(!check("text/plain") && !check("application/jsonx") && !check(""));
        assert!(check_media_type(&HeaderMap::new(), &["application/json"]).is_ok());
    }
}
