//! The command bus: decisions over one and several aggregates, stored as one append.

use std::collections::BTreeSet;
use std::sync::Arc;

use commands::{CommandError, Receipt};
use platform::clock;
use serde_json::json;

use crate::support::{assert_sound, bus, contact, database, partition, request};

fn types(receipt: &Receipt) -> Vec<&str> {
    receipt.events.iter().map(|event| event.event_type.as_str()).collect()
}

#[tokio::test]
async fn a_receipt_tells_the_version_the_events_and_the_position() {
    let db = database().await;
    let (bus, tenant) = (bus(&db), clock::new_id());
    let receipt = bus.execute(request(tenant, "a", "count", &json!({ "token": "t", "times": 3 }))).await.expect("accepted");
    assert_eq!((receipt.id.as_str(), receipt.version), ("a", 3));
    assert_eq!(types(&receipt), ["shop.counted.v1"; 3]);
    assert_eq!(receipt.events.iter().map(|event| event.position).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(receipt.position, format!("shop/{}@3", partition(&db, tenant)));
    // A command that changes nothing answers the last position, so that a query which waits for it is up to date.
    let nothing = bus.execute(request(tenant, "a", "expect", &json!({ "total": 3 }))).await.expect("accepted");
    assert_eq!((nothing.version, nothing.events.len(), &nothing.position), (3, 0, &receipt.position));
    assert_eq!(assert_sound(&db).await, 3);
    db.drop().await;
}

#[tokio::test]
async fn refusals_store_nothing() {
    let db = database().await;
    let (bus, tenant) = (bus(&db), clock::new_id());
    let refused = async |command: &str, body| bus.execute(request(tenant, "a", command, &body)).await.expect_err("refused");
    assert!(matches!(refused("expect", json!({ "total": 0 })).await, CommandError::Rejected(r) if r.code == "shop.not_found"));
    bus.execute(request(tenant, "a", "count", &json!({ "token": "t" }))).await.expect("accepted");
    assert!(matches!(refused("expect", json!({ "total": 7 })).await, CommandError::Rejected(r) if r.code == "shop.not_total"));
    assert!(matches!(refused("count", json!({ "token": 1 })).await, CommandError::Decode(_)));
    assert!(matches!(refused("vanish", json!({})).await, CommandError::Unknown(_)));
    let wrong = commands::CommandRequest { expected_version: Some(5), ..request(tenant, "a", "count", &json!({ "token": "t" })) };
    assert!(matches!(bus.execute(wrong).await, Err(CommandError::Precondition { expected: 5, actual: 1 })));
    assert_eq!(assert_sound(&db).await, 1);
    db.drop().await;
}

#[tokio::test]
async fn a_merge_writes_all_contacts_and_moves_their_keys_in_one_append() {
    let db = database().await;
    let (bus, tenant) = (bus(&db), clock::new_id());
    for (id, email, phone) in [("a", "a@example.com", "+442071234561"), ("b", "b@example.com", "+442071234562")] {
        let body = json!({ "given_name": id, "email": email, "phone": phone });
        bus.execute(contact(tenant, id, "register", &body)).await.expect("accepted");
    }
    // The other gateway knows none of the contacts yet.
    let other = crate::support::bus(&db);
    let merged =
        other.execute(contact(tenant, "a", "merge", &json!({ "losers": ["b"], "choices": { "email": "b" } }))).await.expect("accepted");
    assert_eq!(merged.version, 2);
    let names: BTreeSet<_> = types(&merged).into_iter().collect();
    assert_eq!(names, BTreeSet::from(["crm.contacts_merged.v1", "crm.contact_merged_away.v1"]));
    let keys: Vec<(String, String)> =
        sqlx::query_as("SELECT key, aggregate_id FROM log.claims ORDER BY key").fetch_all(&mut db.admin().await).await.expect("claims");
    let expected = [("+442071234561", "a"), ("b@example.com", "a")].map(|(key, id)| (key.to_owned(), id.to_owned()));
    assert_eq!(keys, expected, "the survivor holds what it kept, and what it dropped is free");

    // The first gateway decides on its stale states, is refused by the append, and decides again.
    let late = bus.execute(contact(tenant, "b", "update", &json!({ "job_title": "Clerk" }))).await.expect_err("refused");
    assert!(matches!(late, CommandError::Rejected(r) if r.code == "crm.contact_merged"));
    let taken = bus.execute(contact(tenant, "c", "register", &json!({ "email": "B@example.com" }))).await.expect_err("refused");
    let CommandError::Claimed { aggregate, held } = taken else { panic!("claimed, not {taken:?}") };
    assert_eq!((aggregate, held[0].0, held[0].1.holder.as_str()), ("contact", "email", "a"));
    bus.execute(contact(tenant, "c", "register", &json!({ "email": "a@example.com" }))).await.expect("the dropped address is free");
    assert_eq!(assert_sound(&db).await, 5);
    db.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn decisions_over_two_aggregates_never_interleave() {
    let db = database().await;
    let tenant = clock::new_id();
    let buses = [bus(&db), bus(&db), bus(&db)];
    // Every command counts on both; whoever loses a race decides again.
    let work = (0..90).map(|index| {
        let bus = buses[index % 3].clone();
        let (own, other) = if index % 2 == 0 { ("a", "b") } else { ("b", "a") };
        let command = request(tenant, own, "count-both", &json!({ "token": format!("t{index}"), "other": other }));
        tokio::spawn(async move { bus.execute(command).await })
    });
    let done = futures::future::join_all(work).await;
    let (mut accepted, mut contended) = (0, 0);
    for answer in done {
        match answer.expect("no panic") {
            Ok(_) => accepted += 1,
            Err(CommandError::Contended) => contended += 1,
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(assert_sound(&db).await, 2 * accepted);
    let half: Vec<String> = sqlx::query_scalar("SELECT payload->>'token' FROM log.events GROUP BY 1 HAVING count(*) <> 2")
        .fetch_all(&db.worker)
        .await
        .expect("tokens");
    assert_eq!(half, [""; 0], "no command is stored by half");
    assert!(contended <= 9, "{contended} of 90 commands lost all their races");
    db.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_decision_never_rests_on_a_version_that_was_gone_when_it_was_stored() {
    let db = database().await;
    let tenant = clock::new_id();
    let buses = [bus(&db), bus(&db)];
    // `count-if` on `b` holds for one total of `a` only, while `a` goes on counting.
    let counting = {
        let bus = buses[0].clone();
        tokio::spawn(async move {
            for _ in 0..60 {
                bus.execute(request(tenant, "a", "count", &json!({ "token": "a" }))).await.expect("accepted");
            }
        })
    };
    for total in 0..60_u64 {
        for bus in &buses {
            let command = request(tenant, "b", "count-if", &json!({ "token": total.to_string(), "other": "a", "total": total }));
            match bus.execute(command).await {
                Ok(_) | Err(CommandError::Rejected(_) | CommandError::Contended) => {}
                Err(other) => panic!("{other:?}"),
            }
        }
    }
    counting.await.expect("no panic");
    assert_sound(&db).await;
    let events: Vec<(String, String)> = sqlx::query_as("SELECT aggregate_id, payload->>'token' FROM log.events ORDER BY position")
        .fetch_all(&db.worker)
        .await
        .expect("events");
    let mut total = 0_u64;
    for (id, token) in events {
        if id == "a" {
            total += 1;
        } else {
            assert_eq!(token, total.to_string(), "when it was stored, `a` had counted exactly this");
        }
    }
    db.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rivals_in_one_batch_are_all_served() {
    let db = database().await;
    let tenant = clock::new_id();
    let buses = [bus(&db), bus(&db)];
    // One unique key for many takers that arrive together: one gets it, the others learn who.
    let work = (0..40).map(|index| {
        let bus: Arc<_> = buses[index % 2].clone();
        let command = request(tenant, &format!("t{index}"), "hold", &json!({ "key": "only" }));
        tokio::spawn(async move { bus.execute(command).await })
    });
    let answers: Vec<_> = futures::future::join_all(work).await.into_iter().map(|answer| answer.expect("no panic")).collect();
    let winner: Vec<&Receipt> = answers.iter().filter_map(|answer| answer.as_ref().ok()).collect();
    assert_eq!(winner.len(), 1);
    for answer in &answers {
        match answer {
            Ok(_) => {}
            Err(CommandError::Claimed { held, .. }) => assert_eq!(held[0].1.holder, winner[0].id),
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(assert_sound(&db).await, 1);
    db.drop().await;
}
