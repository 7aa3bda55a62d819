//! Given / when / then.

use serde_json::{Value, json};

use super::*;
use crate::kernel::Actor;
use crate::kernel::testing::{Given, assert_examples_decode, given, given_nothing};

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn secret(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn registered() -> EndpointRegistered {
    EndpointRegistered {
        url: "https://hooks.example.com/x".to_owned(),
        description: None,
        filter: EventFilter { contexts: vec!["crm".to_owned()], ..EventFilter::default() },
        roles: vec!["owner".to_owned()],
        begin: Begin::Now,
        secret_id: secret(1),
        registered_by: "tester".to_owned(),
    }
}

fn endpoint() -> Given<Endpoint> {
    given([registered().into()])
}

fn body() -> Value {
    json!({ "url": "https://hooks.example.com/x", "filter": { "contexts": ["crm"] } })
}

#[test]
fn an_endpoint_is_registered_in_the_name_of_the_callers_roles() {
    let then = given_nothing::<Endpoint>().when_json("register", &body());
    let EndpointEvent::EndpointRegistered(event) = then.events().remove(0) else { panic!("another event") };
    assert_eq!(event, EndpointRegistered { secret_id: event.secret_id, ..registered() });
    then.then_accepted().when_json("disable", &json!({})).then([EndpointDisabled { cause: Cause::Requested, detail: None }.into()]);
}

#[test]
fn nobody_else_lets_events_leave() {
    let member = || Actor { subject: "m".to_owned(), roles: vec!["member".to_owned()] };
    given_nothing::<Endpoint>().by(member()).when_json("register", &body()).then_rejected("webhooks.not_allowed");
    endpoint().by(member()).when_json("replay", &json!({ "since": "2026-03-01T10:00:00Z" })).then_rejected("webhooks.not_allowed");
    let mut wanted = body();
    wanted["roles"] = json!(["auditor"]);
    given_nothing::<Endpoint>().when_json("register", &wanted).then_rejected("webhooks.role_not_held");
    wanted["roles"] = json!([]);
    given_nothing::<Endpoint>().when_json("register", &wanted).then_rejected("webhooks.roles_wrong");
}

#[test]
fn what_is_not_an_address_or_a_filter_is_refused() {
    for url in [
        "ftp://x/",
        "hooks.example.com",
        "https://",
        "https:///x",
        "https://:80/",
        "https://u:p@x/",
        "https://x/#y",
        "https://x\\@y/",
        "https://ü/",
    ] {
        given_nothing::<Endpoint>().when_json("register", &json!({ "url": url })).then_rejected("webhooks.url_invalid");
        endpoint().when_json("change", &json!({ "url": url })).then_rejected("webhooks.url_invalid");
    }
    for filter in
        [json!({ "types": ["a*b"] }), json!({ "subjects": ["x"] }), json!({ "contexts": [""] }), json!({ "types": vec!["x"; 51] })]
    {
        let wanted = json!({ "url": "https://x/", "filter": filter });
        given_nothing::<Endpoint>().when_json("register", &wanted).then_rejected("webhooks.filter_invalid");
    }
}

#[test]
fn a_change_changes_what_is_given_and_is_idempotent() {
    let change = json!({ "filter": { "types": ["crm.deal_won.v1"] } });
    let filter = EventFilter { types: vec!["crm.deal_won.v1".to_owned()], ..EventFilter::default() };
    let EndpointRegistered { url, description, roles, .. } = registered();
    let changed = endpoint().when_json("change", &change).then([EndpointChanged { url, description, filter, roles }.into()]);
    changed.when_json("change", &change).then_nothing().when_json("change", &json!({})).then_nothing();
}

#[test]
fn secrets_overlap_for_a_while_and_at_most_so_many_sign() {
    let rotated = endpoint().when_json("rotate-secret", &json!({ "overlap_seconds": 3600 })).then_accepted();
    let secrets = rotated.state().secrets.clone();
    assert_eq!((secrets[0].id, secrets[0].until, secrets[1].until), (secret(1), Some(at("2026-03-01T13:00:00Z")), None));
    assert_ne!(secrets[0].id, secrets[1].id);
    rotated.when_json("rotate-secret", &json!({ "overlap_seconds": 604_801 })).then_rejected("webhooks.overlap_too_long");

    let rotation = |number| EndpointSecretRotated { secret_id: secret(number), previous_until: at("2026-03-02T12:00:00Z") }.into();
    let full = || given::<Endpoint>([registered().into(), rotation(2), rotation(3), rotation(4), rotation(5)]);
    full().when_json("rotate-secret", &json!({})).then_rejected("webhooks.too_many_secrets");
    let later = full().at("2026-03-02T12:00:01Z").when_json("rotate-secret", &json!({})).then_accepted();
    assert_eq!(later.state().secrets.len(), SECRETS_MAX);
    let revoke = |number| json!({ "secret_id": secret(number) });
    let revoked = full().when_json("revoke-secret", &revoke(1)).then([EndpointSecretRevoked { secret_id: secret(1) }.into()]);
    revoked.when_json("revoke-secret", &revoke(1)).then_nothing();
    full().when_json("revoke-secret", &revoke(5)).then_rejected("webhooks.secret_in_use");
}

#[test]
fn disabling_and_enabling_twice_changes_nothing() {
    let disabled =
        endpoint().when_json("disable", &json!({ "cause": "gone" })).then([EndpointDisabled { cause: Cause::Gone, detail: None }.into()]);
    let enabled =
        disabled.when_json("disable", &json!({})).then_nothing().when_json("enable", &json!({})).then([EndpointEnabled {}.into()]);
    enabled.when_json("enable", &json!({})).then_nothing();
}

#[test]
fn replays_are_numbered_and_say_one_thing() {
    let replay = |body: Value| endpoint().when_json("replay", &body);
    let first = replay(json!({ "after": ["crm/3@17"] })).then_accepted();
    let EndpointEvent::EndpointReplayRequested(second) = first.when_json("replay", &json!({ "events": ["crm/3@20"] })).events().remove(0)
    else {
        panic!("another event")
    };
    assert_eq!((second.number, second.events, second.after.len()), (2, vec!["crm/3@20".to_owned()], 0));
    for (body, code) in [
        (json!({}), "replay_unclear"),
        (json!({ "since": "2026-03-01T10:00:00Z", "events": ["crm/3@20"] }), "replay_unclear"),
        (json!({ "since": "2026-03-01T12:00:01Z" }), "future_time"),
        (json!({ "after": ["crm"] }), "position_invalid"),
        (json!({ "after": ["crm/3@x"] }), "position_invalid"),
        (json!({ "events": vec!["crm/3@1"; 101] }), "too_many_places"),
    ] {
        replay(body).then_rejected(&format!("webhooks.{code}"));
    }
}

#[test]
fn a_removed_endpoint_stays_removed() {
    let removed = || endpoint().when_json("remove", &json!({})).then([EndpointRemoved {}.into()]);
    removed().when_json("remove", &json!({})).then_nothing();
    for (name, body) in [
        ("change", json!({})),
        ("rotate-secret", json!({})),
        ("enable", json!({})),
        ("disable", json!({})),
        ("replay", json!({ "events": ["crm/0@1"] })),
    ] {
        removed().when_json(name, &body).then_rejected("webhooks.removed");
    }
}

#[test]
fn examples_decode() {
    assert_examples_decode::<Endpoint>();
}
