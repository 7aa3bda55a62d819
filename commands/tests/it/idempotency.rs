//! Idempotency keys: one append per key, and the same answer to everybody who asks again.

use commands::{CommandError, CommandRequest};
use platform::clock;
use serde_json::json;

use crate::support::{Dice, assert_sound, bus, contact, database, request};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_sent_many_times_at_once_is_appended_once_and_answered_alike() {
    let db = database().await;
    let mut dice = Dice::seeded("idempotency");
    let buses = [bus(&db), bus(&db), bus(&db)];
    let tenants = [clock::new_id(), clock::new_id()];
    let mut work = Vec::new();
    for key in 0..60_usize {
        let copies = 3 + dice.below(48);
        for _ in 0..copies {
            let tenant = tenants[key % 2];
            // A third names the aggregate, a third lets the bus make an id, a third meets an aggregate that changes all the time.
            let command = match key % 3 {
                0 => request(tenant, &format!("own-{key}"), "count", &json!({ "token": key.to_string(), "times": 2 })),
                1 => CommandRequest { id: None, ..contact(tenant, "x", "register", &json!({ "given_name": format!("n{key}") })) },
                _ => request(tenant, "shared", "count", &json!({ "token": key.to_string() })),
            };
            let command = CommandRequest { idempotency_key: Some(format!("key-{key}")), ..command };
            let bus = buses[usize::try_from(dice.below(3)).expect("small")].clone();
            work.push((key, tokio::spawn(async move { bus.execute(command).await })));
        }
    }
    let sent = work.len();
    let mut answers = vec![Vec::new(); 60];
    for (key, task) in work {
        let receipt = task.await.expect("no panic").unwrap_or_else(|error| panic!("key {key}: {error:?}"));
        answers[key].push(serde_json::to_vec(&receipt).expect("JSON"));
    }
    for (key, mut answers) in answers.into_iter().enumerate() {
        answers.dedup();
        let texts: Vec<_> = answers.iter().map(|bytes| String::from_utf8_lossy(bytes)).collect();
        assert_eq!(texts.len(), 1, "key {key} was answered in several ways: {texts:?}");
    }
    assert_eq!(assert_sound(&db).await, 20 * 2 + 20 + 20);
    let keys: i64 = sqlx::query_scalar("SELECT count(*) FROM log.idempotency").fetch_one(&db.worker).await.expect("keys");
    assert_eq!(keys, 60);
    println!("{sent} commands under 60 keys: 60 appends");
    db.drop().await;
}

#[tokio::test]
async fn a_key_that_belongs_to_another_command_is_refused() {
    let db = database().await;
    let (first, second) = (bus(&db), bus(&db));
    let tenant = clock::new_id();
    let keyed = |request| CommandRequest { idempotency_key: Some("key".to_owned()), ..request };
    let count = |id: &str, token: &str| keyed(request(tenant, id, "count", &json!({ "token": token })));
    let receipt = first.execute(count("a", "one")).await.expect("accepted");
    for bus in [&first, &second] {
        assert!(matches!(bus.execute(count("a", "two")).await, Err(CommandError::KeyReused)), "another body");
        assert!(matches!(bus.execute(count("b", "one")).await, Err(CommandError::KeyReused)), "another aggregate");
        let conditional = CommandRequest { expected_version: Some(1), ..count("a", "one") };
        assert!(matches!(bus.execute(conditional).await, Err(CommandError::KeyReused)), "another condition");
        assert_eq!(bus.execute(count("a", "one")).await.expect("replayed"), receipt);
    }
    let other_tenant = CommandRequest { tenant_id: domain::kernel::TenantId(clock::new_id()), ..count("a", "two") };
    first.execute(other_tenant).await.expect("another tenant's keys are its own");
    assert_eq!(assert_sound(&db).await, 2);
    db.drop().await;
}

#[tokio::test]
async fn a_key_is_answered_after_the_state_no_longer_allows_the_command() {
    let db = database().await;
    let (first, second) = (bus(&db), bus(&db));
    let tenant = clock::new_id();
    let register = || CommandRequest {
        idempotency_key: Some("once".to_owned()),
        ..contact(tenant, "a", "register", &json!({ "given_name": "Ada", "email": "ada@example.com" }))
    };
    let receipt = first.execute(register()).await.expect("accepted");
    first.execute(contact(tenant, "a", "erase", &json!({ "reason": "asked" }))).await.expect("accepted");
    // Neither `already_exists` nor `contact_erased`: the first answer.
    assert_eq!(first.execute(register()).await.expect("replayed"), receipt);
    assert_eq!(second.execute(register()).await.expect("replayed"), receipt);
    let conditional = || CommandRequest {
        expected_version: Some(0),
        idempotency_key: Some("if".to_owned()),
        ..request(tenant, "t", "count", &json!({ "token": "t" }))
    };
    let receipt = first.execute(conditional()).await.expect("accepted");
    assert_eq!(first.execute(conditional()).await.expect("replayed, though the version is no longer 0"), receipt);
    assert_eq!(assert_sound(&db).await, 3);
    db.drop().await;
}

#[tokio::test]
async fn a_command_that_changes_nothing_is_remembered_under_its_key_too() {
    let db = database().await;
    let (first, second) = (bus(&db), bus(&db));
    let tenant = clock::new_id();
    first.execute(contact(tenant, "a", "register", &json!({ "given_name": "Ada" }))).await.expect("accepted");
    let unlink = |body| CommandRequest { idempotency_key: Some("nothing".to_owned()), ..contact(tenant, "a", "unlink", &body) };
    let receipt = first.execute(unlink(json!({}))).await.expect("accepted");
    assert!(receipt.events.is_empty(), "there is nothing to unlink");
    first.execute(contact(tenant, "a", "update", &json!({ "job_title": "Analyst" }))).await.expect("accepted");
    for bus in [&first, &second] {
        assert_eq!(bus.execute(unlink(json!({}))).await.expect("replayed, though the log has grown"), receipt);
        let other = CommandRequest { command: "erase".to_owned(), ..unlink(json!({ "reason": "asked" })) };
        assert!(matches!(bus.execute(other).await, Err(CommandError::KeyReused)), "another command under the key");
    }
    let copies = (0..20).map(|_| {
        let (bus, command) = (second.clone(), CommandRequest { idempotency_key: Some("at once".to_owned()), ..unlink(json!({})) });
        tokio::spawn(async move { bus.execute(command).await.expect("accepted") })
    });
    let receipts = futures::future::join_all(copies.collect::<Vec<_>>()).await;
    let first_receipt = receipts[0].as_ref().expect("no panic").clone();
    assert!(receipts.into_iter().all(|receipt| receipt.expect("no panic") == first_receipt));
    assert_eq!(assert_sound(&db).await, 2);
    db.drop().await;
}
