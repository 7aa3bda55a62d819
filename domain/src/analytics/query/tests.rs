use serde_json::{Value, json};

use super::*;
use crate::kernel::ClaimAction;
use crate::kernel::testing::{Given, assert_examples_decode, given, given_nothing};

fn body(name: &str) -> Value {
    json!({ "name": name, "question": { "context": "crm", "source": "deal-list", "terms": { "status": "open" } } })
}

fn definition(name: &str) -> Definition {
    serde_json::from_value(body(name)).unwrap()
}

fn saved_by(owner: &str) -> QueryEvent {
    QuerySaved { definition: definition("First"), owner: owner.to_owned() }.into()
}

fn mine() -> Given<Query> {
    given([saved_by("tester")])
}

/// A definition whose one term is a parameter, with what `parameter` says of it.
fn asking(parameter: &Value) -> Value {
    let mut body = body("First");
    body["question"]["terms"] = json!({ "owner": "{who}" });
    body["parameters"] = json!([parameter]);
    body
}

#[test]
fn whoever_saves_a_query_owns_it_and_its_name() {
    let then = given_nothing::<Query>().when_json("save", &body(" First "));
    assert_eq!(then.claims().iter().map(|claim| (claim.scope, claim.key.as_str())).collect::<Vec<_>>(), [(NAME_SCOPE, "first")]);
    let given = then.then([saved_by("tester")]);
    assert_eq!((given.state().revision, given.state().owner.as_str()), (1, "tester"));
}

#[test]
fn a_revision_counts_up_and_takes_the_new_name() {
    let then = mine().when_json("revise", &body("Second"));
    let claims: Vec<_> = then.claims().iter().map(|claim| (claim.action, claim.key.as_str())).collect();
    assert_eq!(claims, [(ClaimAction::Take, "second"), (ClaimAction::Release, "first")]);
    let revised = then.then([QueryRevised { definition: definition("Second"), revision: 2 }.into()]);
    let then = revised.when_json("revise", &body("SECOND"));
    assert_eq!(then.claims(), [], "another letter case is the same name");
    then.then([QueryRevised { definition: definition("SECOND"), revision: 3 }.into()]).when_json("revise", &body("SECOND")).then_nothing();
}

#[test]
fn sharing_replaces_the_roles() {
    let roles = |names: &[&str]| -> Vec<Role> { names.iter().map(|name| (*name).to_owned().try_into().unwrap()).collect() };
    let shared = mine()
        .when_json("share", &json!({ "roles": ["member", "analyst", "member"] }))
        .then([QueryShared { roles: roles(&["analyst", "member"]) }.into()]);
    shared
        .when_json("share", &json!({ "roles": ["analyst", "member"] }))
        .then_nothing()
        .when_json("share", &json!({ "roles": [] }))
        .then([QueryShared { roles: Vec::new() }.into()])
        .when_json("share", &json!({ "roles": [] }))
        .then_nothing();
    let many: Vec<String> = (0..=ROLES_MAX).map(|n| format!("role {n}")).collect();
    mine().when_json("share", &json!({ "roles": many })).then_rejected("analytics.too_many_roles");
}

#[test]
fn a_query_is_handed_over_once() {
    let owner = Text::try_from("grace".to_owned()).unwrap();
    let administered: Given<Query> = mine().when_json("hand-over", &json!({ "owner": "grace" })).then([QueryHandedOver { owner }.into()]);
    assert_eq!(administered.state().owner, "grace");
    administered.when_json("hand-over", &json!({ "owner": "grace" })).then_nothing();
}

#[test]
fn a_schedule_is_kept_until_it_is_taken_back() {
    let body = json!({ "cron": "0 7 * * MON-FRI", "time_zone": "Europe/Berlin" });
    let recurrence: Recurrence = serde_json::from_value(body.clone()).unwrap();
    assert_eq!((&*recurrence.cron, recurrence.format), ("0 7 * * mon-fri", FileFormat::Parquet));
    mine()
        .when_json("schedule", &body)
        // A Sunday, at noon.
        .then([QueryScheduled { recurrence, next_at: Some("2026-03-02T06:00:00Z".parse().unwrap()) }.into()])
        .when_json("schedule", &body)
        .then_nothing()
        .when_json("unschedule", &json!({}))
        .then([QueryUnscheduled {}.into()])
        .when_json("unschedule", &json!({}))
        .then_nothing();
}

#[test]
fn what_runs_by_itself_asks_nobody() {
    let required = asking(&json!({ "name": "who", "kind": "text", "required": true }));
    let cron = json!({ "cron": "* * * * *" });
    let asked = || mine().when_json("revise", &required).then_accepted();
    asked().when_json("schedule", &cron).then_rejected("analytics.parameter_needs_default");
    let scheduled = mine().when_json("schedule", &cron).then_accepted();
    scheduled.when_json("revise", &required).then_rejected("analytics.parameter_needs_default");
}

#[test]
fn a_deleted_query_gives_its_name_back_and_stays_as_it_is() {
    let then = mine().when_json("delete", &json!({}));
    assert_eq!(then.claims().iter().map(|claim| (claim.action, claim.key.as_str())).collect::<Vec<_>>(), [(ClaimAction::Release, "first")]);
    let deleted = || given::<Query>([saved_by("tester"), QueryDeleted {}.into()]);
    then.then([QueryDeleted {}.into()]).when_json("delete", &json!({})).then_nothing();
    for (command, body) in [("revise", body("x")), ("share", json!({ "roles": [] })), ("unschedule", json!({}))] {
        deleted().when_json(command, &body).then_rejected("analytics.query_deleted");
    }
}

#[test]
fn only_the_owner_and_administrators_change_a_query() {
    // The tester of these tests has the role `owner` of the tenant, so that it may change what is somebody else's.
    given::<Query>([saved_by("ada")]).when_json("delete", &json!({})).then_accepted();
    let query = given::<Query>([saved_by("ada")]);
    let query = query.state();
    let actor = |subject: &str, role: &str| Actor { subject: subject.to_owned(), roles: vec![role.to_owned()] };
    assert!(query.is_changed_by(&actor("ada", "member")) && query.is_changed_by(&actor("eve", "admin")));
    assert!(!query.is_changed_by(&actor("eve", "member")) && !query.is_changed_by(&actor("", "service")));
}

#[test]
fn parameters_belong_to_the_question() {
    let save = |body: &Value| given_nothing::<Query>().when_json("save", body);
    save(&asking(&json!({ "name": "who", "kind": "text" }))).then_accepted();
    save(&asking(&json!({ "name": "whom", "kind": "text" }))).then_rejected("analytics.parameter_unused");
    save(&asking(&json!({ "name": "limit", "kind": "text" }))).then_rejected("analytics.name_reserved");
    save(&asking(&json!({ "name": "who", "kind": "text", "required": true, "default": "ada" })))
        .then_rejected("analytics.parameter_required_with_default");
    let mut body = asking(&json!({ "name": "who", "kind": "text" }));
    body["parameters"] = json!([]);
    save(&body).then_rejected("analytics.parameter_undeclared");
    body["parameters"] = json!([{ "name": "who", "kind": "text" }, { "name": "who", "kind": "date" }]);
    save(&body).then_rejected("analytics.parameter_repeated");
    body["parameters"] = (0..=20).map(|n| json!({ "name": format!("p{n}"), "kind": "text" })).collect();
    save(&body).then_rejected("analytics.too_many_parameters");
    body["question"]["terms"] = json!({ "cursor": "x" });
    save(&body).then_rejected("analytics.name_reserved");
}

#[test]
fn a_chart_draws_a_few_columns() {
    let mut body = body("First");
    body["chart"] = json!({ "kind": "line", "x": "day", "y": (0..8).map(|n| format!("c{n}")).collect::<Vec<_>>() });
    given_nothing::<Query>().when_json("save", &body).then_accepted();
    body["chart"]["y"] = (0..9).map(|n| Value::from(format!("c{n}"))).collect();
    given_nothing::<Query>().when_json("save", &body).then_rejected("analytics.too_many_chart_columns");
}

#[test]
fn time_zones_have_the_form_of_names() {
    let parse = |text: &str| TimeZone::try_from(text.to_owned());
    assert!(["UTC", "Europe/Berlin", "Etc/GMT+5", "America/Argentina/Buenos_Aires"].into_iter().all(|name| parse(name).is_ok()));
    assert!(["", "Europe Berlin", "+01:00", &"a".repeat(65)].into_iter().all(|name| parse(name).is_err()));
}

#[test]
fn examples_decode() {
    assert_examples_decode::<Query>();
}

fn time(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// Scheduled for every morning, and due since a time.
fn due_since(since: &str) -> [QueryEvent; 2] {
    let recurrence = serde_json::from_value(json!({ "cron": "0 7 * * *", "format": "csv" })).unwrap();
    [saved_by("ada"), QueryScheduled { recurrence, next_at: Some(time(since)) }.into()]
}

fn fell_due(since: &str, scheduled_for: &str, next_at: &str) -> QueryEvent {
    let question = definition("First").question;
    let (since, scheduled_for, next_at) = (time(since), time(scheduled_for), Some(time(next_at)));
    QueryFellDue { scheduled_for, since, next_at, question, revision: 1, format: FileFormat::Csv, owner: "ada".to_owned() }.into()
}

#[test]
fn a_query_falls_due_once_for_all_that_was_missed() {
    let clock = |subject: &str| Actor { subject: subject.to_owned(), roles: vec!["service".to_owned()] };
    let ran = given::<Query>(due_since("2026-02-20T07:00:00Z"))
        .by(clock("due:analytics.query.run-due"))
        .when_json("run-due", &json!({}))
        .then([fell_due("2026-02-20T07:00:00Z", "2026-03-01T07:00:00Z", "2026-03-02T07:00:00Z")]);
    ran.when_json("run-due", &json!({})).then_nothing();
    let early = given::<Query>(due_since("2026-03-01T12:00:01Z"));
    early.when_json("run-due", &json!({})).then_nothing();
}

#[test]
fn what_is_unscheduled_or_deleted_falls_due_no_more() {
    for end in [QueryUnscheduled {}.into(), QueryDeleted {}.into()] {
        let events = due_since("2026-02-20T07:00:00Z").into_iter().chain([end]);
        given::<Query>(events).when_json("run-due", &json!({})).then_nothing();
    }
    let again = given::<Query>([saved_by("tester"), QueryScheduled { recurrence: recurrence("0 7 * * *"), next_at: None }.into()]);
    again.when_json("run-due", &json!({})).then_nothing().when_json("schedule", &json!({ "cron": "0 7 * * *" })).then_accepted();
}

fn recurrence(cron: &str) -> Recurrence {
    serde_json::from_value(json!({ "cron": cron })).unwrap()
}

#[test]
fn a_schedule_that_never_comes_or_is_nowhere_is_refused() {
    mine().when_json("schedule", &json!({ "cron": "0 0 30 2 *" })).then_rejected("analytics.schedule_never_runs");
    let nowhere = json!({ "cron": "0 0 * * *", "time_zone": "Europe/Atlantis" });
    mine().when_json("schedule", &nowhere).then_rejected("analytics.zone_unknown");
}
