//! The one place that reads the clock and draws ids.

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// The time now.
#[expect(clippy::disallowed_methods, reason = "this is the clock")]
pub fn now() -> DateTime<Utc> {
    Utc::now()
}

/// A new `UUIDv7` (RFC 9562 §5.7): unique, and in order of time.
#[expect(clippy::disallowed_methods, reason = "this is the source of ids")]
pub fn new_id() -> Uuid {
    Uuid::now_v7()
}
