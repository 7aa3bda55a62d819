//! `log.append`: each command of a batch is accepted or refused on its own.

use commands::appender::{AppendError, Appender};
use commands::log::{Check, LogError, Outcome, append};
use platform::clock;
use platform::testing::TestDatabase;
use sqlx::Executor as _;
use uuid::Uuid;

use crate::support::{assert_sound, database, draft, head, partition};

fn first(outcome: &Outcome) -> i64 {
    match outcome {
        Outcome::Accepted { first_position, .. } => *first_position,
        other => panic!("accepted, not {other:?}"),
    }
}

/// Tenants that share one log partition.
fn neighbours(database: &TestDatabase, count: usize) -> Vec<Uuid> {
    std::iter::repeat_with(clock::new_id).filter(|tenant| partition(database, *tenant) == 1).take(count).collect()
}

#[tokio::test]
async fn accepted_events_get_the_next_positions_in_the_order_of_the_batch() {
    let db = database().await;
    let tenants = neighbours(&db, 2);
    let batch = [draft(&db, tenants[0], "a", 0, 2), draft(&db, tenants[1], "a", 0, 3), draft(&db, tenants[0], "b", 0, 1)];
    let outcomes = append(&db.app, &batch).await.expect("stored");
    assert_eq!(outcomes.iter().map(first).collect::<Vec<_>>(), [1, 3, 6]);
    let next = append(&db.app, &[draft(&db, tenants[0], "a", 2, 1)]).await.expect("stored");
    assert_eq!(first(&next[0]), 7);
    let stored: Vec<(i64, Uuid, String, i64, Uuid)> =
        sqlx::query_as("SELECT position, tenant_id, aggregate_id, sequence, event_id FROM log.events ORDER BY position")
            .fetch_all(&db.worker)
            .await
            .expect("events");
    let expected: Vec<_> = batch
        .iter()
        .flat_map(|append| append.events.iter().map(|event| (append.tenant_id, event.aggregate_id.clone(), event.sequence, event.event_id)))
        .zip(1..)
        .map(|((tenant, id, sequence, event), position)| (position, tenant, id, sequence, event))
        .collect();
    assert_eq!(stored[..6], expected);
    assert_sound(&db).await;
    db.drop().await;
}

#[tokio::test]
async fn a_batch_over_several_log_partitions_counts_in_each_of_them() {
    let db = database().await;
    let tenants: Vec<Uuid> = std::iter::repeat_with(clock::new_id).take(40).collect();
    let batch: Vec<_> = tenants.iter().map(|tenant| draft(&db, *tenant, "a", 0, 2)).collect();
    let outcomes = append(&db.app, &batch).await.expect("stored");
    for number in 0..db.partitions {
        let own = tenants.iter().zip(&outcomes).filter(|(tenant, _)| partition(&db, **tenant) == number);
        let positions: Vec<i64> = own.map(|(_, outcome)| first(outcome)).collect();
        let expected: Vec<i64> = (0..).map(|index| index * 2 + 1).take(positions.len()).collect();
        assert_eq!(positions, expected);
        assert!(!positions.is_empty(), "forty tenants reach every partition");
    }
    assert_eq!(assert_sound(&db).await, 80);
    db.drop().await;
}

#[tokio::test]
async fn a_refused_command_refuses_only_itself_and_burns_no_position() {
    let db = database().await;
    let tenant = clock::new_id();
    let keyed = |id: &str, key: &str, hash: &[u8]| {
        let mut append = draft(&db, tenant, id, 0, 1);
        append.idempotency = Some((key.to_owned(), hash.to_vec()));
        append
    };
    append(&db.app, &[draft(&db, tenant, "old", 0, 2), keyed("used", "key", b"one")]).await.expect("stored");
    let mut guarded = draft(&db, tenant, "guarded", 0, 1);
    guarded.checks.push(Check { aggregate_type: "tally", aggregate_id: "old".to_owned(), expected: 1, write: false, drawn: false });
    let batch = [
        draft(&db, tenant, "new-1", 0, 1),
        guarded,
        keyed("other", "key", b"two"),
        keyed("used", "key", b"one"),
        draft(&db, tenant, "old", 1, 1),
        draft(&db, tenant, "new-2", 0, 2),
        draft(&db, tenant, "new-1", 1, 1),
        draft(&db, tenant, "old", 2, 1),
    ];
    let outcomes = append(&db.app, &batch).await.expect("stored");
    assert_eq!(first(&outcomes[0]), 4);
    assert_eq!(outcomes[1], Outcome::Conflict);
    assert_eq!(outcomes[2], Outcome::KeyReused);
    let Outcome::Replayed(answer) = &outcomes[3] else { panic!("replayed, not {:?}", outcomes[3]) };
    assert_eq!((answer.aggregate_id.as_str(), answer.version, answer.first_position, answer.event_count), ("used", 1, 3, 1));
    assert_eq!(outcomes[4], Outcome::Conflict);
    assert_eq!(first(&outcomes[5]), 5);
    assert_eq!(outcomes[6], Outcome::Retry, "an earlier command of the batch wrote the same stream");
    assert_eq!(outcomes[7], Outcome::Retry, "the refused rival may have been right: decide again");
    assert_eq!(head(&db, partition(&db, tenant)).await, 6);
    assert_eq!(assert_sound(&db).await, 6);

    // Where all are refused, nothing moves.
    let outcomes = append(&db.app, &[draft(&db, tenant, "old", 7, 1)]).await.expect("answered");
    assert_eq!(outcomes, [Outcome::Conflict]);
    assert_eq!(head(&db, partition(&db, tenant)).await, 6);
    db.drop().await;
}

#[tokio::test]
async fn a_guard_requires_a_version_and_writes_nothing() {
    let db = database().await;
    let tenant = clock::new_id();
    append(&db.app, &[draft(&db, tenant, "guard", 0, 2)]).await.expect("stored");
    let guarded = |id: &str, expected| {
        let mut append = draft(&db, tenant, id, 0, 1);
        append.checks.push(Check { aggregate_type: "tally", aggregate_id: "guard".to_owned(), expected, write: false, drawn: false });
        append
    };
    // Two commands may rely on one aggregate in one batch: guards do not exclude each other.
    let outcomes = append(&db.app, &[guarded("a", 2), guarded("b", 2), guarded("c", 1), guarded("d", 3)]).await.expect("answered");
    assert_eq!([first(&outcomes[0]), first(&outcomes[1])], [3, 4]);
    assert_eq!(outcomes[2..], [Outcome::Conflict, Outcome::Conflict]);
    // A guard on what an earlier command of the batch writes does not hold.
    let outcomes = append(&db.app, &[draft(&db, tenant, "guard", 2, 1), guarded("e", 2)]).await.expect("answered");
    assert_eq!((first(&outcomes[0]), &outcomes[1]), (5, &Outcome::Retry));
    assert_eq!(assert_sound(&db).await, 5);
    db.drop().await;
}

#[tokio::test]
async fn a_drawn_id_that_somebody_has_is_refused_and_takes_nobody_with_it() {
    let db = database().await;
    let tenant = clock::new_id();
    let drawn = |id| {
        let mut append = draft(&db, tenant, id, 0, 1);
        append.checks[0].drawn = true;
        append
    };
    append(&db.app, &[drawn("a")]).await.expect("stored");
    let appender = Appender::start(&db.app, 1);
    let (taken, new) = tokio::join!(appender.append(drawn("a")), appender.append(drawn("b")));
    assert!(matches!(taken, Err(AppendError::Failed(_))), "{taken:?}");
    assert!(matches!(new, Ok(Outcome::Accepted { .. })), "{new:?}");
    assert_eq!(assert_sound(&db).await, 2);
    db.drop().await;
}

#[tokio::test]
async fn one_append_writes_several_aggregates_or_none() {
    let db = database().await;
    let tenant = clock::new_id();
    let both = |expected_b| {
        let mut append = draft(&db, tenant, "a", 0, 1);
        let other = draft(&db, tenant, "b", expected_b, 2);
        append.checks.extend(other.checks);
        append.events.extend(other.events);
        append
    };
    assert_eq!(append(&db.app, &[both(1)]).await.expect("answered"), [Outcome::Conflict]);
    assert_eq!(assert_sound(&db).await, 0);
    assert_eq!(first(&append(&db.app, &[both(0)]).await.expect("answered")[0]), 1);
    assert_eq!(assert_sound(&db).await, 3);
    db.drop().await;
}

#[tokio::test]
async fn an_append_without_events_or_to_no_partition_is_an_error() {
    let db = database().await;
    let tenant = clock::new_id();
    let nothing = draft(&db, tenant, "a", 0, 0);
    assert!(matches!(append(&db.app, &[nothing]).await, Err(LogError::Refused(_))));
    assert!(matches!(append(&db.app, &[]).await, Err(LogError::Refused(_))));
    let mut nowhere = draft(&db, tenant, "a", 0, 1);
    nowhere.partition = db.partitions;
    assert!(matches!(append(&db.app, &[nowhere]).await, Err(LogError::Refused(_))));
    assert_eq!(assert_sound(&db).await, 0);
    db.drop().await;
}

#[tokio::test]
async fn recorded_at_never_decreases_even_if_the_clock_does() {
    let db = database().await;
    let tenant = clock::new_id();
    append(&db.app, &[draft(&db, tenant, "a", 0, 1)]).await.expect("stored");
    // As if the clock had run an hour ahead when the last event was recorded.
    let mut admin = db.admin().await;
    admin.execute("UPDATE log.events SET recorded_at = recorded_at + interval '1 hour'").await.expect("shifted");
    admin.execute("UPDATE log.heads SET recorded_at = recorded_at + interval '1 hour' WHERE position > 0").await.expect("shifted");
    append(&db.app, &[draft(&db, tenant, "a", 1, 1)]).await.expect("stored");
    append(&db.app, &[draft(&db, tenant, "b", 0, 1)]).await.expect("stored");
    assert_eq!(assert_sound(&db).await, 3);
    db.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_writers_to_one_version_exactly_one_is_accepted() {
    let db = database().await;
    let tenant = clock::new_id();
    for version in 0..20 {
        let batches: Vec<_> = (0..8).map(|_| [draft(&db, tenant, "a", version, 1)]).collect();
        let outcomes = futures::future::join_all(batches.iter().map(|batch| append(&db.app, batch))).await;
        let outcomes: Vec<Outcome> = outcomes.into_iter().flat_map(|outcome| outcome.expect("answered")).collect();
        let accepted = outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Accepted { .. })).count();
        let conflicts = outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Conflict)).count();
        assert_eq!((accepted, conflicts), (1, 7));
    }
    assert_eq!(assert_sound(&db).await, 20);
    db.drop().await;
}

#[tokio::test]
async fn only_the_append_writes_the_log() {
    let db = database().await;
    let tenant = clock::new_id();
    append(&db.app, &[draft(&db, tenant, "a", 0, 1)]).await.expect("stored");
    for (role, pool, open) in [
        ("neuroops_app", &db.app, ["INSERT log.snapshots", "UPDATE log.snapshots"].as_slice()),
        ("neuroops_worker", &db.worker, ["DELETE log.idempotency"].as_slice()),
    ] {
        for table in [
            "log.events",
            "log.heads",
            "log.claims",
            "log.idempotency",
            "log.snapshots",
            "log.settings",
            "log.contexts",
            "log.aggregate_types",
        ] {
            let some_column: String =
                sqlx::query_scalar("SELECT attname::text FROM pg_attribute WHERE attrelid = $1::regclass AND attnum = 1")
                    .bind(table)
                    .fetch_one(&db.worker)
                    .await
                    .expect("a column");
            for (privilege, statement) in [
                ("INSERT", format!("INSERT INTO {table} SELECT * FROM {table}")),
                ("UPDATE", format!("UPDATE {table} SET {some_column} = {some_column}")),
                ("DELETE", format!("DELETE FROM {table}")),
                ("TRUNCATE", format!("TRUNCATE {table}")),
            ] {
                if open.contains(&format!("{privilege} {table}").as_str()) {
                    continue;
                }
                let error = sqlx::query(&statement).execute(pool).await.expect_err(&format!("{role}: {statement}"));
                let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code).unwrap_or_default().into_owned();
                assert_eq!(code, "42501", "{role}: {statement}: {error}");
            }
        }
        let owner = sqlx::query("SET ROLE neuroops_log").execute(pool).await;
        assert!(owner.is_err(), "{role} must not become the log's role");
    }
    let worker = append(&db.worker, &[draft(&db, tenant, "a", 1, 1)]).await;
    assert!(matches!(worker, Err(LogError::Refused(_))), "workers read the log and do not write it");
    db.drop().await;
}
