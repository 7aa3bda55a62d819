//! `analytics.scheduled`: the time of a saved query has come, and its answer is exported.

use serde_json::json;

use crate::analytics::query::{Query, QueryEvent};
use crate::kernel::{Aggregate as _, DecodeEventError, ProcessDef, RecordedEvent, Step, StepCommand, event_of};

/// The process.
pub static PROCESS: ProcessDef = ProcessDef {
    name: "analytics.scheduled",
    summary: "Requests the export of a saved query whose time has come.",
    reacts_to: &["analytics.query_fell_due"],
    react,
};

fn react(event: &RecordedEvent) -> Result<Vec<Step>, DecodeEventError> {
    let Some(QueryEvent::QueryFellDue(due)) = event_of::<Query>(event)? else { return Ok(Vec::new()) };
    let command = StepCommand {
        context: Query::CONTEXT.to_owned(),
        aggregate: "export".to_owned(),
        id: event.event_id.to_string(),
        command: "request".to_owned(),
        body: json!({
            "question": due.question, "format": due.format,
            "run": {
                "query_id": event.aggregate_id, "revision": due.revision, "owner": due.owner, "scheduled_for": due.scheduled_for
            }
        }),
    };
    Ok(vec![Step::command("export", &event.aggregate_id, command)])
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::super::platform::Platform;
    use super::*;
    use crate::analytics::export::{Export, ExportStatus};
    use crate::kernel::TenantId;

    #[test]
    fn a_due_query_becomes_one_export_of_its_owner() {
        let mut platform = Platform::new("2026-03-01T12:00:00Z");
        let query = json!({
            "name": "New deals", "question": { "context": "crm", "source": "deal-list", "terms": { "created_at.gte": "{since}", "sort": "-id" } },
            "parameters": [{ "name": "since", "kind": "date", "default": "today-1d" }]
        });
        platform.send("analytics/query/q/save", &query);
        platform.send("analytics/query/q/schedule", &json!({ "cron": "0 7 * * *", "format": "csv" }));
        platform.at("2026-03-05T09:00:00Z");
        platform.send("analytics/query/q/run-due", &json!({}));
        platform.send("analytics/query/q/run-due", &json!({}));
        let exports: Vec<&Export> = platform.all::<Export>().map(|(_, export)| export).collect();
        let [export] = exports[..] else { panic!("{} exports", exports.len()) };
        assert_eq!((export.status, export.requested_by.as_str()), (ExportStatus::Requested, "tester"));
        assert_eq!(platform.taken.values().map(|taken| taken.accepted).sum::<usize>(), 1);
    }

    fn event(event_type: &str, payload: &serde_json::Value) -> RecordedEvent {
        RecordedEvent {
            context: "analytics".to_owned(),
            partition: 0,
            position: 1,
            event_id: Uuid::from_u128(9),
            tenant_id: TenantId(Uuid::from_u128(7)),
            aggregate_type: "query".to_owned(),
            aggregate_id: "q".to_owned(),
            sequence: 2,
            event_type: event_type.to_owned(),
            event_version: "1".to_owned(),
            payload: payload.to_string(),
            metadata: "{}".to_owned(),
            recorded_at: "2026-03-02T12:00:00Z".parse().unwrap(),
        }
    }

    #[test]
    fn other_events_lead_to_nothing_and_unreadable_ones_are_errors() {
        assert!(react(&event("query_deleted", &json!({}))).unwrap().is_empty());
        assert!(react(&event("query_fell_due", &json!({ "revision": 1 }))).is_err());
    }
}
