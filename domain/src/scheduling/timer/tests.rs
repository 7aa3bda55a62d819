//! Given / when / then.

use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::kernel::testing::{Given, assert_examples_decode, given, given_nothing};
use crate::kernel::{CommandSet, Loaded, TenantId};

fn text<const N: usize>(text: &str) -> Text<N> {
    text.to_owned().try_into().unwrap()
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn command() -> StoredCommand {
    let body = json!({ "reason": "asked" }).as_object().unwrap().clone();
    StoredCommand {
        context: text("crm"),
        aggregate: text("contact"),
        id: Some("c-1".parse().unwrap()),
        command: text("erase"),
        body: Body(body),
    }
}

fn cron(pattern: &str, zone: &str) -> Plan {
    Plan { schedule: Schedule::Cron(text(pattern)), zone: zone.to_owned(), until: None }
}

fn once(time: &str) -> Plan {
    Plan { schedule: Schedule::At(When(at(time))), zone: "UTC".to_owned(), until: None }
}

fn scheduled(plan: Plan, catch_up: CatchUp, next_at: &str) -> TimerScheduled {
    TimerScheduled {
        name: text("Erase"),
        plan,
        command: command(),
        catch_up,
        grace_seconds: 300,
        next_at: at(next_at),
        scheduled_by: "tester".to_owned(),
    }
}

/// Every day at noon, from 2 March 2026 on.
fn daily(catch_up: CatchUp) -> Given<Timer> {
    given([scheduled(cron("0 12 * * *", "UTC"), catch_up, "2026-03-02T12:00:00Z").into()])
}

fn fired(scheduled_for: &str, number: u64, next_at: Option<&str>) -> TimerEvent {
    TimerFired { scheduled_for: at(scheduled_for), number, command: command(), next_at: next_at.map(at) }.into()
}

fn skipped(from: &str, next_at: Option<&str>) -> TimerEvent {
    TimerSkipped { from: at(from), next_at: next_at.map(at) }.into()
}

/// A command to set a timer, with other fields in place of some.
fn setting(changes: &Value) -> Value {
    let mut body = json!({
        "name": "Erase", "schedule": { "cron": "0 12 * * *" },
        "command": { "context": "crm", "aggregate": "contact", "id": "c-1", "command": "erase", "body": { "reason": "asked" } }
    });
    for (name, value) in changes.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

#[test]
fn a_timer_knows_its_first_occurrence() {
    given_nothing::<Timer>().at("2026-03-01T12:00:00Z").when_json("schedule", &setting(&json!({}))).then([scheduled(
        cron("0 12 * * *", "UTC"),
        CatchUp::LatestOnly,
        "2026-03-02T12:00:00Z",
    )
    .into()]);
    let local = json!({ "schedule": { "local": "2026-03-29T02:30:00" }, "zone": "Europe/Berlin", "catch_up": "fire_all" });
    let plan = Plan {
        schedule: Schedule::Local(LocalTime("2026-03-29T02:30:00".parse().unwrap())),
        zone: "Europe/Berlin".to_owned(),
        until: None,
    };
    given_nothing::<Timer>()
        .when_json("schedule", &setting(&local))
        .then([scheduled(plan, CatchUp::FireAll, "2026-03-29T01:00:00Z").into()]);
}

#[test]
fn a_setting_that_cannot_work_is_refused() {
    let long = "x".repeat(16 << 10);
    let target = |context: &str, command: &str| json!({ "command": { "context": context, "aggregate": "contact", "command": command } });
    for (changes, code) in [
        (json!({ "schedule": { "cron": "0 25 * * *" } }), "cron_invalid"),
        (json!({ "schedule": { "cron": "* * * * * *" } }), "cron_invalid"),
        (json!({ "zone": "Europe/Atlantis" }), "zone_unknown"),
        (json!({ "schedule": { "at": "2026-03-01T12:00:00Z" } }), "time_passed"),
        (json!({ "schedule": { "local": "2026-03-01T11:00:00" } }), "time_passed"),
        (json!({ "schedule": { "cron": "0 0 30 2 *" } }), "never_fires"),
        (json!({ "until": "2026-03-02T11:59:59Z" }), "never_fires"),
        (json!({ "schedule": { "at": "2026-04-01T12:00:00Z" }, "until": "2026-03-31T00:00:00Z" }), "never_fires"),
        (json!({ "grace_seconds": 86_401 }), "grace_too_long"),
        (target("crm", "Erase"), "command_invalid"),
        (target("crm", "erase/now"), "command_invalid"),
        (target("../crm", "erase"), "command_invalid"),
        (target("scheduling", "cancel"), "commands_timer"),
        (
            json!({ "command": { "context": "crm", "aggregate": "contact", "command": "erase", "body": { "reason": long } } }),
            "command_too_large",
        ),
    ] {
        given_nothing::<Timer>().when_json("schedule", &setting(&changes)).then_rejected(&format!("scheduling.{code}"));
    }
}

#[test]
fn only_who_may_send_any_command_sets_timers() {
    let decide = |timer: &Timer, role: &str, name: &str, body: &Value| {
        let actor = Actor { subject: "tester".to_owned(), roles: vec![role.to_owned()] };
        let loaded = Loaded::new();
        let context = Context::new(TenantId(Uuid::from_u128(7)), "t-1", Uuid::from_u128(1), at("2026-03-01T12:00:00Z"), &actor, &loaded);
        let command = TimerCommand::decode(name, body.to_string().as_bytes()).unwrap();
        timer.handle(command, &context).map(|decision| decision.is_nothing()).map_err(|refusal| match refusal {
            Refusal::Rejected(rejection) => rejection.code,
            Refusal::Needs(key) => panic!("it asks for {key:?}"),
        })
    };
    let (new, old) = (Timer::default(), daily(CatchUp::Skip).state().clone());
    let other = json!({ "schedule": { "cron": "0 13 * * *" } });
    for role in ["owner", "admin", "service"] {
        assert_eq!(decide(&new, role, "schedule", &setting(&json!({}))), Ok(false), "{role}");
        assert_eq!(decide(&old, role, "reschedule", &other), Ok(false), "{role}");
    }
    for role in ["member", "analyst", "auditor", "clerk", ""] {
        let refused = Err("scheduling.timer_not_allowed".to_owned());
        assert_eq!(decide(&new, role, "schedule", &setting(&json!({}))), refused, "{role}");
        assert_eq!(decide(&old, role, "reschedule", &other), refused, "{role}");
        assert_eq!(decide(&old, role, "pause", &json!({})), Ok(false), "{role}");
    }
}

#[test]
fn a_timer_fires_once_for_each_occurrence_and_not_early() {
    daily(CatchUp::LatestOnly)
        .at("2026-03-02T11:59:59Z")
        .when(FireTimer {})
        .then_nothing()
        .at("2026-03-02T12:00:00Z")
        .when(FireTimer {})
        .then([fired("2026-03-02T12:00:00Z", 1, Some("2026-03-03T12:00:00Z"))])
        .when(FireTimer {})
        .then_nothing()
        .at("2026-03-03T12:00:07Z")
        .when(FireTimer {})
        .then([fired("2026-03-03T12:00:00Z", 2, Some("2026-03-04T12:00:00Z"))]);
}

#[test]
fn a_single_occurrence_finishes_the_timer() {
    let timer = given::<Timer>([scheduled(once("2026-03-02T12:00:00Z"), CatchUp::LatestOnly, "2026-03-02T12:00:00Z").into()]);
    let finished = timer.at("2026-03-09T00:00:00Z").when(FireTimer {}).then([fired("2026-03-02T12:00:00Z", 1, None)]);
    assert_eq!(finished.state().status, TimerStatus::Finished);
    let finished = finished.when(FireTimer {}).then_nothing();
    let again = json!({ "schedule": { "at": "2026-03-10T12:00:00Z" } });
    let plan = once("2026-03-10T12:00:00Z");
    let revived = finished.when_json("reschedule", &again).then([TimerRescheduled { plan, next_at: at("2026-03-10T12:00:00Z") }.into()]);
    assert_eq!(revived.state().status, TimerStatus::Active);
}

#[test]
fn after_an_outage_all_the_last_or_none_of_the_late_occurrences_fire() {
    daily(CatchUp::FireAll).at("2026-03-04T18:00:00Z").when(FireTimer {}).then([
        fired("2026-03-02T12:00:00Z", 1, Some("2026-03-03T12:00:00Z")),
        fired("2026-03-03T12:00:00Z", 2, Some("2026-03-04T12:00:00Z")),
        fired("2026-03-04T12:00:00Z", 3, Some("2026-03-05T12:00:00Z")),
    ]);
    daily(CatchUp::LatestOnly).at("2026-03-04T18:00:00Z").when(FireTimer {}).then([
        skipped("2026-03-02T12:00:00Z", Some("2026-03-04T12:00:00Z")),
        fired("2026-03-04T12:00:00Z", 1, Some("2026-03-05T12:00:00Z")),
    ]);
    daily(CatchUp::Skip)
        .at("2026-03-04T18:00:00Z")
        .when(FireTimer {})
        .then([skipped("2026-03-02T12:00:00Z", Some("2026-03-05T12:00:00Z"))]);
    daily(CatchUp::Skip).at("2026-03-04T12:05:00Z").when(FireTimer {}).then([
        skipped("2026-03-02T12:00:00Z", Some("2026-03-04T12:00:00Z")),
        fired("2026-03-04T12:00:00Z", 1, Some("2026-03-05T12:00:00Z")),
    ]);
    daily(CatchUp::Skip).at("2026-03-02T12:05:00Z").when(FireTimer {}).then([fired(
        "2026-03-02T12:00:00Z",
        1,
        Some("2026-03-03T12:00:00Z"),
    )]);
    let late = given::<Timer>([scheduled(once("2026-03-02T12:00:00Z"), CatchUp::Skip, "2026-03-02T12:00:00Z").into()]);
    let skipped = late.at("2026-03-02T12:05:01Z").when(FireTimer {}).then([skipped("2026-03-02T12:00:00Z", None)]);
    assert_eq!(skipped.state().status, TimerStatus::Finished);
}

#[test]
fn a_long_backlog_is_fired_in_parts_without_a_loss() {
    let every_minute = scheduled(cron("* * * * *", "UTC"), CatchUp::FireAll, "2026-03-02T12:00:00Z");
    let mut timer = given::<Timer>([every_minute.into()]).at("2026-03-02T14:09:30Z");
    for expected in [50, 100, 130] {
        timer = timer.when(FireTimer {}).then_accepted();
        assert_eq!(timer.state().fired, expected);
    }
    assert_eq!(timer.state().next_at, Some(at("2026-03-02T14:10:00Z")));
    timer.when(FireTimer {}).then_nothing();
}

#[test]
fn the_end_of_a_schedule_finishes_the_timer() {
    let plan = Plan { until: Some(When(at("2026-03-02T12:00:00Z"))), ..cron("0 12 * * *", "UTC") };
    let timer = given::<Timer>([scheduled(plan, CatchUp::LatestOnly, "2026-03-02T12:00:00Z").into()]);
    timer.at("2026-03-02T12:00:00Z").when(FireTimer {}).then([fired("2026-03-02T12:00:00Z", 1, None)]);
}

#[test]
fn a_paused_timer_does_not_fire_and_does_not_catch_up() {
    daily(CatchUp::FireAll)
        .when_json("pause", &json!({ "reason": "holidays" }))
        .then([TimerPaused { reason: Some(text("holidays")) }.into()])
        .when(PauseTimer::default())
        .then_nothing()
        .at("2026-03-09T18:00:00Z")
        .when(FireTimer {})
        .then_nothing()
        .when(ResumeTimer {})
        .then([TimerResumed { next_at: Some(at("2026-03-10T12:00:00Z")) }.into()])
        .when(ResumeTimer {})
        .then_nothing();
    let single = given::<Timer>([
        scheduled(once("2026-03-02T12:00:00Z"), CatchUp::LatestOnly, "2026-03-02T12:00:00Z").into(),
        TimerPaused { reason: None }.into(),
    ]);
    single
        .at("2026-03-09T18:00:00Z")
        .when(ResumeTimer {})
        .then([TimerResumed { next_at: Some(at("2026-03-02T12:00:00Z")) }.into()])
        .when(FireTimer {})
        .then([fired("2026-03-02T12:00:00Z", 1, None)]);
    let plan = Plan { until: Some(When(at("2026-03-05T00:00:00Z"))), ..cron("0 12 * * *", "UTC") };
    let ended = given::<Timer>([scheduled(plan, CatchUp::FireAll, "2026-03-02T12:00:00Z").into(), TimerPaused { reason: None }.into()]);
    let ended = ended.at("2026-03-09T18:00:00Z").when(ResumeTimer {}).then([TimerResumed { next_at: None }.into()]);
    assert_eq!(ended.state().status, TimerStatus::Finished);
}

#[test]
fn other_times_replace_the_old_ones_and_the_zone_stays() {
    let berlin = scheduled(cron("0 12 * * *", "Europe/Berlin"), CatchUp::LatestOnly, "2026-03-02T11:00:00Z");
    let change = json!({ "schedule": { "cron": "0 9 * * *" } });
    let after = TimerRescheduled { plan: cron("0 9 * * *", "Europe/Berlin"), next_at: at("2026-03-02T08:00:00Z") };
    let timer = given::<Timer>([berlin.into()]).at("2026-03-01T12:00:00Z").when_json("reschedule", &change).then([after.into()]);
    timer.when_json("reschedule", &change).then_nothing().when(PauseTimer::default()).then_accepted();
    let paused = daily(CatchUp::FireAll).when(PauseTimer::default()).then_accepted();
    let paused = paused.when_json("reschedule", &change).then_accepted();
    assert_eq!(paused.state().status, TimerStatus::Paused, "a paused timer stays paused");
    daily(CatchUp::FireAll).when_json("reschedule", &json!({ "schedule": { "cron": "x" } })).then_rejected("scheduling.cron_invalid");
}

#[test]
fn a_cancelled_timer_is_done_with() {
    let cancelled = || {
        let reason = Some(text("no longer needed"));
        daily(CatchUp::FireAll).when(CancelTimer { reason: reason.clone() }).then([TimerCancelled { reason }.into()])
    };
    cancelled().when(CancelTimer::default()).then_nothing().at("2026-04-01T00:00:00Z").when(FireTimer {}).then_nothing();
    cancelled().when(PauseTimer::default()).then_rejected("scheduling.timer_cancelled");
    cancelled().when(ResumeTimer {}).then_rejected("scheduling.timer_cancelled");
    cancelled().when_json("reschedule", &json!({ "schedule": { "cron": "0 9 * * *" } })).then_rejected("scheduling.timer_cancelled");
}

#[test]
fn a_finished_timer_is_neither_paused_nor_resumed_nor_cancelled() {
    let finished = || {
        let setting = scheduled(once("2026-03-02T12:00:00Z"), CatchUp::LatestOnly, "2026-03-02T12:00:00Z");
        given::<Timer>([setting.into(), fired("2026-03-02T12:00:00Z", 1, None)])
    };
    finished().when(PauseTimer::default()).then_rejected("scheduling.timer_finished");
    finished().when(ResumeTimer {}).then_rejected("scheduling.timer_finished");
    finished().when(CancelTimer::default()).then_rejected("scheduling.timer_finished");
}

#[test]
fn nothing_is_asked_of_a_timer_that_was_never_set() {
    given_nothing::<Timer>()
        .when_json("reschedule", &json!({ "schedule": { "cron": "0 9 * * *" } }))
        .then_rejected("scheduling.timer_not_scheduled");
}

#[test]
fn examples_decode() {
    assert_examples_decode::<Timer>();
}
