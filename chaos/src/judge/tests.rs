//! Fabricated histories, each of which breaks one promise.

use serde_json::json;

use super::*;
use crate::history::{Receipt, ReceiptEvent};

fn place() -> Place {
    ("crm".to_owned(), 0)
}

/// The registration of a contact under a marker.
fn registered(position: i64, id: &str, marker: &str) -> LogEvent {
    LogEvent {
        place: place(),
        position,
        event_id: format!("event-{position}"),
        tenant: "t".to_owned(),
        aggregate: "contact".to_owned(),
        id: id.to_owned(),
        sequence: 1,
        event_type: "contact_registered".to_owned(),
        correlation: marker.to_owned(),
        payload: json!({ "profile": { "given_name": marker } }),
        recorded_at: DateTime::UNIX_EPOCH,
    }
}

fn updated(position: i64, id: &str, sequence: i64, marker: &str) -> LogEvent {
    LogEvent { sequence, event_type: "contact_updated".to_owned(), ..registered(position, id, marker) }
}

fn record(event: &LogEvent) -> Record {
    Record { place: event.place.clone(), position: event.position, event_id: event.event_id.clone() }
}

fn sent(marker: &str, outcome: Outcome, receipt: Option<(&str, i64, i64)>) -> Sent {
    let receipt = receipt.map(|(id, version, position)| Receipt {
        id: id.to_owned(),
        version,
        events: vec![ReceiptEvent { position }],
        position: format!("crm/0@{position}"),
    });
    Sent { marker: marker.to_owned(), tenant: "t".to_owned(), aggregate: "contact", expected: None, outcome, receipt }
}

/// A world in which everything is right: the events, Kafka, and the rows that they lead to.
fn world(events: Vec<LogEvent>) -> Stored {
    let mut rows: HashMap<String, Value> = HashMap::new();
    for event in &events {
        let mut row = json!({ "id": event.id, "version": event.sequence });
        for column in ["given_name", "family_name", "email", "phone", "job_title", "owner", "note"] {
            row[column] = event.payload["profile"][column].clone();
        }
        rows.insert(event.id.clone(), row);
    }
    let contacts = rows.into_values().map(|row| ("t".to_owned(), row)).collect();
    Stored { records: events.iter().map(record).collect(), events, contacts, deals: Vec::new() }
}

fn said(sent: Vec<Sent>) -> History {
    History { sent, ..History::default() }
}

fn rules(history: &History, stored: &Stored) -> Vec<&'static str> {
    let mut rules: Vec<_> = Judge::default().round(history, stored).iter().map(|violation| violation.rule).collect();
    rules.dedup();
    rules
}

fn two() -> (History, Vec<LogEvent>) {
    let history = said(vec![sent("chaos.1", Outcome::Ok, Some(("a", 1, 1))), sent("chaos.2", Outcome::Ok, Some(("a", 2, 2)))]);
    (history, vec![registered(1, "a", "chaos.1"), updated(2, "a", 2, "chaos.2")])
}

#[test]
fn a_history_that_agrees_with_the_log_is_in_order() {
    let (mut history, events) = two();
    history.sent.push(sent("chaos.3", Outcome::Unknown, None));
    history.sent.push(sent("chaos.4", Outcome::Fail, None));
    history.reads.push(Read { row: "a".to_owned(), wanted: 2, seen: Some(2) });
    history.keys.push(KeyUse { key: "k".to_owned(), copies: 3, answers: BTreeSet::from(["{}".to_owned()]), other_body: Some(422) });
    assert_eq!(rules(&history, &world(events.clone())), [""; 0]);
    // An outcome that was not known may be either.
    let mut more = events;
    more.push(updated(3, "a", 3, "chaos.3"));
    assert_eq!(rules(&history, &world(more)), [""; 0]);
}

#[test]
fn an_acknowledged_event_that_is_not_there_is_lost() {
    let (history, mut events) = two();
    events.pop();
    assert_eq!(rules(&history, &world(events)), ["lost"]);
}

#[test]
fn an_event_that_stands_twice_is_repeated() {
    let (history, mut events) = two();
    events.push(updated(3, "a", 3, "chaos.2"));
    assert_eq!(rules(&history, &world(events.clone())), ["repeated"]);
    let mut unknown = said(vec![sent("chaos.1", Outcome::Ok, Some(("a", 1, 1))), sent("chaos.2", Outcome::Unknown, None)]);
    assert_eq!(rules(&unknown, &world(events.clone())), ["repeated"]);
    unknown.sent.pop();
    assert_eq!(rules(&unknown, &world(events)), ["unasked"]);
}

#[test]
fn a_refused_command_is_never_stored_not_even_later() {
    let (mut history, mut events) = two();
    history.sent.push(sent("chaos.3", Outcome::Fail, None));
    let mut judge = Judge::default();
    assert_eq!(judge.round(&history, &world(events.clone())), []);
    events.push(updated(3, "a", 3, "chaos.3"));
    let mut later = world(events);
    (later.events, later.records) = (later.events.split_off(2), later.records.split_off(2));
    let found = judge.round(&History::default(), &later);
    assert_eq!(found.iter().map(|violation| violation.rule).collect::<Vec<_>>(), ["refused but stored"]);
}

#[test]
fn gaps_and_time_that_runs_backwards_are_found() {
    let (mut history, mut events) = two();
    events[1].position = 3;
    history.sent[1] = sent("chaos.2", Outcome::Ok, Some(("a", 2, 3)));
    let found = rules(&history, &world(events));
    assert!(found.contains(&"gap") && found.contains(&"kafka"), "{found:?}");
    let (history, mut events) = two();
    events[0].recorded_at += chrono::TimeDelta::seconds(1);
    assert_eq!(rules(&history, &world(events)), ["order"]);
}

#[test]
fn a_version_belongs_to_one_command() {
    let (mut history, events) = two();
    history.sent[0] = sent("chaos.1", Outcome::Ok, Some(("a", 2, 1)));
    let found = rules(&history, &world(events));
    assert_eq!(found, ["version", "version acknowledged twice"]);
    let (history, mut events) = two();
    events[1].sequence = 3;
    assert!(rules(&history, &world(events)).contains(&"version"), "a version is left out");
    let (mut history, events) = two();
    history.sent[1].expected = Some(0);
    assert_eq!(rules(&history, &world(events)), ["version"], "If-Match named another version");
}

#[test]
fn keys_stale_reads_and_forbidden_answers_are_found() {
    let (history, events) = two();
    let stored = world(events);
    let used = |answers: &[&str], other_body| KeyUse {
        key: "k".to_owned(),
        copies: 3,
        answers: answers.iter().map(|answer| (*answer).to_owned()).collect(),
        other_body,
    };
    let with_key = |used| History { keys: vec![used], ..history.clone() };
    assert_eq!(rules(&with_key(used(&["1", "2"], Some(422))), &stored), ["key"]);
    assert_eq!(rules(&with_key(used(&["1"], Some(200))), &stored), ["key"]);
    for seen in [None, Some(1)] {
        let read = Read { row: "a".to_owned(), wanted: 2, seen };
        assert_eq!(rules(&History { reads: vec![read], ..history.clone() }, &stored), ["stale read"]);
    }
    assert_eq!(rules(&History { defects: vec!["500".to_owned()], ..history.clone() }, &stored), ["answer"]);
    assert_eq!(rules(&History { failed: vec!["x".to_owned()], ..history.clone() }, &stored), ["failed request"]);
}

#[test]
fn kafka_holds_the_log_in_order_and_may_repeat_only_what_it_had() {
    let (history, events) = two();
    let right = world(events);
    let judged = |records: Vec<Record>| {
        let mut judge = Judge::default();
        let found = judge.round(&history, &Stored { records, ..right.clone() });
        (found.iter().map(|violation| violation.rule).collect::<Vec<_>>(), judge.repeats)
    };
    let [first, second] = [right.records[0].clone(), right.records[1].clone()];
    assert_eq!(judged(vec![first.clone(), second.clone(), first.clone(), second.clone()]), (vec![], 2));
    assert_eq!(judged(vec![first.clone()]), (vec!["kafka"], 0), "the last record is missing");
    assert_eq!(judged(vec![second.clone(), first.clone()]), (vec!["kafka"], 1), "out of order");
    let foreign = Record { event_id: "another".to_owned(), ..second };
    assert_eq!(judged(vec![first, foreign]), (vec!["kafka"], 0), "another event at the position");
}

#[test]
fn rows_are_the_fold_of_the_log() {
    let (history, events) = two();
    let right = world(events);
    let judged = |change: fn(&mut Stored)| {
        let mut stored = right.clone();
        change(&mut stored);
        rules(&history, &stored)
    };
    assert_eq!(judged(|_| {}), [""; 0]);
    assert_eq!(judged(|stored| stored.contacts.clear()), ["read model"], "a row is missing");
    assert_eq!(judged(|stored| stored.contacts[0].1["version"] = json!(1)), ["read model"], "a row is old");
    assert_eq!(judged(|stored| stored.contacts[0].1["given_name"] = json!("?")), ["read model"], "a row is wrong");
    assert_eq!(judged(|stored| stored.contacts.push(("t".to_owned(), json!({ "id": "b" })))), ["read model"], "a row too many");
    assert_eq!(judged(|stored| stored.deals.push(("t".to_owned(), json!({ "id": "d" })))), ["read model"], "a deal of no event");
}
