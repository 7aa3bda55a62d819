//! Unique keys: taken, given back, handed over.

use commands::log::{Append, ClaimChange, HeldClaim, Outcome, append};
use platform::clock;
use platform::testing::TestDatabase;
use uuid::Uuid;

use crate::support::{assert_sound, database, draft};

const TAKE: i32 = 0;
const TAKE_IF_FREE: i32 = 1;
const RELEASE: i32 = 2;

fn claiming(db: &TestDatabase, tenant: Uuid, id: &str, claims: &[(i32, &str, &str)]) -> Append {
    let claim = |(action, key, holder): &(i32, &str, &str)| ClaimChange {
        action: *action,
        scope: "tally.key",
        key: (*key).to_owned(),
        holder: (*holder).to_owned(),
    };
    Append { claims: claims.iter().map(claim).collect(), ..draft(db, tenant, id, 0, 1) }
}

async fn holders(db: &TestDatabase) -> Vec<(String, String)> {
    let mut admin = db.admin().await;
    sqlx::query_as("SELECT key, aggregate_id FROM log.claims ORDER BY tenant_id, key").fetch_all(&mut admin).await.expect("claims")
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(key, holder)| ((*key).to_owned(), (*holder).to_owned())).collect()
}

#[tokio::test]
async fn a_held_key_refuses_others_and_tells_its_holder() {
    let db = database().await;
    let tenant = clock::new_id();
    append(&db.app, &[claiming(&db, tenant, "a", &[(TAKE, "x", "a"), (TAKE, "y", "a")])]).await.expect("stored");
    let rival = claiming(&db, tenant, "b", &[(TAKE, "free", "b"), (TAKE, "x", "b"), (TAKE, "y", "b")]);
    let outcomes = append(&db.app, &[rival]).await.expect("answered");
    let Outcome::Claimed(mut held) = outcomes[0].clone() else { panic!("claimed, not {outcomes:?}") };
    held.sort_by(|a, b| a.key.cmp(&b.key));
    let held_by_a = |key: &str| HeldClaim { scope: "tally.key".to_owned(), key: key.to_owned(), holder: "a".to_owned() };
    assert_eq!(held, [held_by_a("x"), held_by_a("y")]);
    assert_eq!(holders(&db).await, pairs(&[("x", "a"), ("y", "a")]), "the refused command took nothing");
    assert_eq!(assert_sound(&db).await, 1);

    // Another tenant's keys are its own.
    let other = append(&db.app, &[claiming(&db, clock::new_id(), "b", &[(TAKE, "x", "b")])]).await.expect("answered");
    assert!(matches!(other[0], Outcome::Accepted { .. }));
    db.drop().await;
}

#[tokio::test]
async fn a_key_that_is_taken_only_if_free_refuses_nobody() {
    let db = database().await;
    let tenant = clock::new_id();
    append(&db.app, &[claiming(&db, tenant, "a", &[(TAKE_IF_FREE, "x", "a")])]).await.expect("stored");
    let outcomes =
        append(&db.app, &[claiming(&db, tenant, "b", &[(TAKE_IF_FREE, "x", "b"), (TAKE_IF_FREE, "y", "b")])]).await.expect("answered");
    assert!(matches!(outcomes[0], Outcome::Accepted { .. }));
    assert_eq!(holders(&db).await, pairs(&[("x", "a"), ("y", "b")]));
    db.drop().await;
}

#[tokio::test]
async fn only_the_holder_gives_a_key_back_and_then_it_is_free() {
    let db = database().await;
    let tenant = clock::new_id();
    append(&db.app, &[claiming(&db, tenant, "a", &[(TAKE, "x", "a")])]).await.expect("stored");
    append(&db.app, &[claiming(&db, tenant, "b", &[(RELEASE, "x", "b")])]).await.expect("stored");
    assert_eq!(holders(&db).await, pairs(&[("x", "a")]), "b never held it");
    let mut release = draft(&db, tenant, "a", 1, 1);
    release.claims = claiming(&db, tenant, "a", &[(RELEASE, "x", "a")]).claims;
    append(&db.app, &[release]).await.expect("stored");
    assert_eq!(holders(&db).await, []);
    let outcomes = append(&db.app, &[claiming(&db, tenant, "c", &[(TAKE, "x", "c")])]).await.expect("answered");
    assert!(matches!(outcomes[0], Outcome::Accepted { .. }));
    db.drop().await;
}

#[tokio::test]
async fn one_command_can_hand_a_key_over() {
    let db = database().await;
    let tenant = clock::new_id();
    append(&db.app, &[claiming(&db, tenant, "a", &[(TAKE, "x", "a")])]).await.expect("stored");
    let outcomes = append(&db.app, &[claiming(&db, tenant, "b", &[(RELEASE, "x", "a"), (TAKE, "x", "b")])]).await.expect("answered");
    assert!(matches!(outcomes[0], Outcome::Accepted { .. }));
    assert_eq!(holders(&db).await, pairs(&[("x", "b")]));
    // Taking what one holds already is no conflict.
    let again = append(&db.app, &[Append { checks: Vec::new(), ..claiming(&db, tenant, "c", &[(TAKE, "x", "b")]) }]).await;
    assert!(again.is_err() || matches!(again.expect("answered")[0], Outcome::Accepted { .. }));
    db.drop().await;
}

#[tokio::test]
async fn rivals_for_a_key_within_a_batch_are_decided_again() {
    let db = database().await;
    let tenant = clock::new_id();
    let batch = [claiming(&db, tenant, "a", &[(TAKE, "x", "a")]), claiming(&db, tenant, "b", &[(TAKE, "x", "b")])];
    let outcomes = append(&db.app, &batch).await.expect("answered");
    assert!(matches!(outcomes[0], Outcome::Accepted { .. }));
    assert_eq!(outcomes[1], Outcome::Retry);
    let outcomes = append(&db.app, &batch[1..]).await.expect("answered");
    assert!(matches!(&outcomes[0], Outcome::Claimed(held) if held[0].holder == "a"));
    assert_eq!(holders(&db).await, pairs(&[("x", "a")]));
    assert_eq!(assert_sound(&db).await, 1);
    db.drop().await;
}
