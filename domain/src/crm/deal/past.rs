//! Versions of a deal's events that are not written any more.

use serde_json::{Value, json};

use crate::crm::pipeline::LOST;
use crate::kernel::PastVersion;

/// Version 1 of `deal_reopened` left it to the readers to tell by the stage's id how the deal had been closed, and called the time of
/// that `entered_at`, as if the deal were in a stage like others.
pub(super) const REOPENED_1: PastVersion =
    PastVersion { schema: include_str!("../../../../schemas/crm/deal_reopened.v1.json"), upcast: reopened_1_to_2 };

fn reopened_1_to_2(mut event: Value) -> Value {
    event["outcome"] = json!(if event["from"]["id"] == LOST { "lost" } else { "won" });
    if let Some(closed_at) = event.as_object_mut().and_then(|members| members.remove("entered_at")) {
        event["closed_at"] = closed_at;
    }
    event
}
