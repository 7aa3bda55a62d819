//! `scheduling.fire`: a timer's time has come, and what it stores is sent.

use crate::kernel::{DecodeEventError, ProcessDef, RecordedEvent, Step, StepCommand, event_of};
use crate::scheduling::timer::{Timer, TimerEvent};

/// The process.
pub static SCHEDULING_FIRE: ProcessDef = ProcessDef {
    name: "scheduling.fire",
    summary: "Sends the command of a timer that has fired.",
    reacts_to: &["scheduling.timer_fired"],
    react,
};

fn react(event: &RecordedEvent) -> Result<Vec<Step>, DecodeEventError> {
    let Some(TimerEvent::TimerFired(fired)) = event_of::<Timer>(event)? else { return Ok(Vec::new()) };
    let command = StepCommand {
        context: fired.command.context.into(),
        aggregate: fired.command.aggregate.into(),
        // A command without an id is meant for a thing of its own each time.
        id: fired.command.id.map_or_else(|| event.event_id.to_string(), String::from),
        command: fired.command.command.into(),
        body: fired.command.body.0.into(),
    };
    // The firings of one timer follow one another.
    Ok(vec![Step::command("send", &event.aggregate_id, command)])
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::kernel::{Action, TenantId};

    fn event(event_type: &str, payload: &serde_json::Value) -> RecordedEvent {
        RecordedEvent {
            context: "scheduling".to_owned(),
            partition: 0,
            position: 1,
            event_id: Uuid::from_u128(9),
            tenant_id: TenantId(Uuid::from_u128(7)),
            aggregate_type: "timer".to_owned(),
            aggregate_id: "t-1".to_owned(),
            sequence: 2,
            event_type: event_type.to_owned(),
            event_version: "1".to_owned(),
            payload: payload.to_string(),
            metadata: "{}".to_owned(),
            recorded_at: "2026-03-02T12:00:00Z".parse().unwrap(),
        }
    }

    fn fired(id: Option<&str>) -> RecordedEvent {
        let mut command = json!({ "context": "crm", "aggregate": "contact", "command": "erase", "body": { "reason": "asked" } });
        if let Some(id) = id {
            command["id"] = id.into();
        }
        event("timer_fired", &json!({ "scheduled_for": "2026-03-02T12:00:00Z", "number": 1, "command": command, "next_at": null }))
    }

    #[test]
    fn a_firing_sends_the_stored_command() {
        let steps = react(&fired(Some("c-1"))).unwrap();
        let command = StepCommand {
            context: "crm".to_owned(),
            aggregate: "contact".to_owned(),
            id: "c-1".to_owned(),
            command: "erase".to_owned(),
            body: json!({ "reason": "asked" }),
        };
        assert_eq!(steps, [Step::command("send", "t-1", command)]);
    }

    #[test]
    fn without_an_id_each_firing_is_for_a_thing_of_its_own() {
        let steps = react(&fired(None)).unwrap();
        let Action::Command(command) = &steps[0].action else { panic!("a command") };
        assert_eq!(command.id, Uuid::from_u128(9).to_string());
    }

    #[test]
    fn other_events_lead_to_nothing_and_unreadable_ones_are_errors() {
        assert!(react(&event("timer_paused", &json!({}))).unwrap().is_empty());
        assert!(react(&event("timer_fired", &json!({ "number": 1 }))).is_err());
    }
}
