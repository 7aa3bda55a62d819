//! Given / when / then.

use serde_json::{Value, json};

use super::*;
use crate::crm::contact::{ContactMergedAway, ContactRegistered, Profile};
use crate::crm::lead::{LeadCaptured, LeadErased, LeadProfile};
use crate::kernel::testing::{Given, assert_examples_decode, given, given_nothing};

fn text<const N: usize>(text: &str) -> crate::kernel::Text<N> {
    text.to_owned().try_into().unwrap()
}

fn when(time: &str) -> When {
    When(time.parse().unwrap())
}

fn plan() -> ActivityScheduled {
    ActivityScheduled {
        kind: ActivityKind::Call,
        subject: text("Demo"),
        due_at: when("2026-03-10T09:00:00Z"),
        duration_minutes: Some(30),
        assignee: None,
        about: About { contact_id: Some("p-1".into()), ..About::default() },
        note: None,
    }
}

fn planned() -> Given<Activity> {
    given([plan().into()])
}

fn schedule_body(about: &Value) -> Value {
    json!({ "kind": "call", "subject": "Demo", "due_at": "2026-03-10T09:00:00Z", "duration_minutes": 30, "about": about })
}

#[test]
fn an_activity_is_about_the_survivor_of_a_merge() {
    let registered = || ContactRegistered { profile: Profile::default(), company_id: None }.into();
    given_nothing::<Activity>()
        .and::<Contact>("p-0", [registered(), ContactMergedAway { into: "p-1".into() }.into()])
        .and::<Contact>("p-1", [registered()])
        .when_json("schedule", &schedule_body(&json!({ "contact_id": "p-0" })))
        .then([plan().into()]);
}

#[test]
fn an_activity_is_about_something_that_exists() {
    let captured = LeadCaptured { profile: LeadProfile::default(), owner: None };
    let when = |about: Value| {
        given_nothing::<Activity>()
            .and::<Lead>("gone", [captured.clone().into(), LeadErased { reason: text("asked") }.into()])
            .and::<Lead>("l-1", [captured.clone().into()])
            .when_json("schedule", &schedule_body(&about))
    };
    when(json!({})).then_rejected("crm.activity_about_nothing");
    when(json!({ "contact_id": "none" })).then_rejected("crm.contact_unknown");
    when(json!({ "company_id": "none" })).then_rejected("crm.company_unknown");
    when(json!({ "deal_id": "none" })).then_rejected("crm.deal_unknown");
    when(json!({ "lead_id": "none" })).then_rejected("crm.lead_unknown");
    when(json!({ "lead_id": "gone" })).then_rejected("crm.lead_unknown");
    let mut endless = schedule_body(&json!({ "lead_id": "l-1" }));
    when(json!({ "lead_id": "l-1" })).then_accepted();
    endless["duration_minutes"] = json!(40_321);
    let given = given_nothing::<Activity>().and::<Lead>("l-1", [captured.into()]);
    given.when_json("schedule", &endless).then_rejected("crm.duration_invalid");
}

#[test]
fn an_activity_is_completed_once_and_not_in_the_future() {
    let body = json!({ "outcome": "Wants an offer" });
    let done = ActivityCompleted { outcome: Some(text("Wants an offer")), completed_at: "2026-03-01T12:00:00Z".parse().unwrap() };
    let given = planned().when_json("complete", &body).then([done.into()]).at("2026-03-02T12:00:00Z");
    let given = given.when_json("complete", &body).then_nothing().when_json("complete", &json!({})).then_nothing();
    given.when_json("complete", &json!({ "outcome": "No" })).then_rejected("crm.activity_completed");
    let future = json!({ "completed_at": "2026-03-01T12:00:01Z" });
    planned().when_json("complete", &future).then_rejected("crm.completed_in_future");
}

#[test]
fn an_activity_is_rescheduled_and_reassigned_while_it_is_planned() {
    let later = json!({ "due_at": "2026-03-11T09:00:00Z" });
    let rescheduled = ActivityRescheduled { from: plan().due_at, due_at: when("2026-03-11T09:00:00Z"), duration_minutes: Some(30) };
    let given = planned().when_json("reschedule", &later).then([rescheduled.into()]).when_json("reschedule", &later).then_nothing();
    let grace = json!({ "assignee": "grace" });
    let reassigned = ActivityReassigned { from: None, assignee: text("grace") };
    let given = given.when_json("reassign", &grace).then([reassigned.into()]).when_json("reassign", &grace).then_nothing();
    given
        .when_json("reschedule", &json!({ "due_at": "2026-03-11T09:00:00Z", "duration_minutes": 0 }))
        .then_rejected("crm.duration_invalid");
    let done = || planned().when_json("complete", &json!({})).then_accepted();
    done().when_json("reschedule", &later).then_rejected("crm.activity_completed");
    done().when_json("reassign", &grace).then_rejected("crm.activity_completed");
    done().when_json("cancel", &json!({})).then_rejected("crm.activity_completed");
}

#[test]
fn a_cancelled_activity_stays_cancelled() {
    let body = json!({ "reason": "bankrupt" });
    let cancelled = ActivityCancelled { reason: Some(text("bankrupt")) };
    let given = planned().when_json("cancel", &body).then([cancelled.into()]).when_json("cancel", &body).then_nothing();
    given.when_json("complete", &json!({})).then_rejected("crm.activity_cancelled");
    given_nothing::<Activity>().when_json("cancel", &json!({})).then_rejected("crm.activity_not_scheduled");
}

#[test]
fn examples_decode() {
    assert_examples_decode::<Activity>();
}
