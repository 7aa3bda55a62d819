//! Rebuilds: a new version is filled beside the one that is read, and swapped in without a failed read.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use platform::tenant_tx::TenantTx;
use platform::testing::TestDatabase;
use projections::runtime::rebuild::{RebuildError, rebuild};
use sqlx::PgPool;
use uuid::Uuid;

use crate::shop;
use crate::support::{Writer, assert_folded, caught_up, database, eventually, start, tenants_in_all_partitions};

const HASH: &str = "SELECT coalesce(md5(string_agg(i::text, ',' ORDER BY tenant_id, id)), '') FROM";

async fn hash(db: &TestDatabase, table: &str) -> String {
    sqlx::query_scalar(&format!("{HASH} {table} i")).fetch_one(&db.worker).await.expect("a hash")
}

async fn version(db: &TestDatabase) -> i32 {
    sqlx::query_scalar("SELECT active_version FROM runtime.projections WHERE projection = 'shop.item'")
        .fetch_one(&db.worker)
        .await
        .expect("a version")
}

/// Reads the read model as a gateway does, without end; each read must answer, and time must not run backwards.
async fn read(pool: PgPool, tenant: Uuid, stop: Arc<AtomicBool>) -> u64 {
    let (mut reads, mut seen) = (0, 0_i64);
    while !stop.load(Ordering::Relaxed) {
        let mut tx = TenantTx::begin(&pool, tenant).await.expect("a transaction");
        let events: i64 =
            sqlx::query_scalar("SELECT coalesce(sum(events), 0)::bigint FROM shop_item").fetch_one(&mut *tx).await.expect("a read fails");
        tx.commit().await.expect("committed");
        assert!(events >= seen, "{events} events after {seen}: the swap went back in time");
        seen = events;
        reads += 1;
    }
    reads
}

/// Writes without end.
async fn write(db: Arc<TestDatabase>, tenants: Vec<Uuid>, stop: Arc<AtomicBool>) -> Vec<Writer> {
    let mut writers: Vec<Writer> = tenants.iter().map(|tenant| Writer::new(&db, *tenant)).collect();
    let mut round = 0_i64;
    while !stop.load(Ordering::Relaxed) {
        for writer in &mut writers {
            let events: Vec<_> =
                (0..20).map(|item| (format!("i{}", (item + round) % 50), format!(r#"{{"add":{}}}"#, item + round))).collect();
            writer.append(&db, &events).await;
        }
        round += 1;
    }
    writers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rebuild_under_load_equals_the_live_model_and_fails_no_read() {
    let db = Arc::new(database().await);
    let tenants = tenants_in_all_partitions(&db);
    let projector = start(&db, shop::projection()).await;
    let (stop_writing, stop_reading) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let writing = tokio::spawn(write(db.clone(), tenants.clone(), stop_writing.clone()));
    let readers: Vec<_> = tenants.iter().map(|tenant| tokio::spawn(read(db.app.clone(), *tenant, stop_reading.clone()))).collect();
    eventually("some thousands of events", async || {
        let events: i64 = sqlx::query_scalar("SELECT sum(position)::bigint FROM log.heads").fetch_one(&db.worker).await.expect("a number");
        (events > 5000).then_some(())
    })
    .await;
    let mut told = Vec::new();
    let report = rebuild(&db.worker, shop::projection().as_ref(), |progress| told.push(progress)).await.expect("rebuilt");
    assert_eq!((report.version, version(&db).await, report.parked_keys), (2, 2, 0));
    assert!(told.iter().all(|progress| progress.done <= progress.total) && told.last().is_some_and(|last| last.done == last.total));

    // The projector goes on with the new version.
    stop_writing.store(true, Ordering::Relaxed);
    writing.await.expect("no panic");
    caught_up(&db).await;
    assert_folded(&db).await;
    // And again, so that the live tables of one version can be compared with the rebuilt ones of the next.
    let live = hash(&db, "shop_item_v2").await;
    let second = rebuild(&db.worker, shop::projection().as_ref(), |_| {}).await.expect("rebuilt");
    assert_eq!((second.version, hash(&db, "shop_item").await), (3, live));
    stop_reading.store(true, Ordering::Relaxed);
    let mut reads = 0;
    for reader in readers {
        reads += reader.await.expect("no read fails");
    }
    let gone: Option<String> = sqlx::query_scalar("SELECT to_regclass('shop_item_v1')::text || to_regclass('shop_item_v2')::text")
        .fetch_one(&db.worker)
        .await
        .expect("answered");
    assert_eq!(gone, None, "the old tables are dropped");
    println!("{} events rebuilt under load, {reads} reads, 0 failed", report.events);
    drop(projector);
    Arc::into_inner(db).expect("all tasks are over").drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_interrupted_rebuild_leaves_the_live_model_alone_and_can_be_started_again() {
    let db = database().await;
    let tenants = tenants_in_all_partitions(&db);
    let projector = start(&db, shop::projection()).await;
    let numbers: Vec<i64> = (0..8000).collect();
    for tenant in &tenants {
        Writer::new(&db, *tenant).add(&db, "a", &numbers).await;
    }
    caught_up(&db).await;
    // The first page is applied, then the process dies.
    let (sender, applied) = tokio::sync::oneshot::channel();
    let pool = db.worker.clone();
    let task = tokio::spawn(async move {
        let mut sender = Some(sender);
        let told = move |_| {
            if let Some(sender) = sender.take() {
                sender.send(()).expect("heard");
            }
        };
        rebuild(&pool, shop::projection().as_ref(), told).await
    });
    applied.await.expect("a page was applied");
    task.abort();
    assert!(task.await.expect_err("aborted").is_cancelled());
    assert_eq!(version(&db).await, 1);
    assert_folded(&db).await;

    let soon = rebuild(&db.worker, shop::projection().as_ref(), |_| {}).await;
    assert!(matches!(soon, Err(RebuildError::UnderWay(_))), "the dead process may still be alive");
    sqlx::query("UPDATE runtime.leases SET expires_at = now() WHERE name = 'rebuild/shop.item'")
        .execute(&db.worker)
        .await
        .expect("expired");
    let report = rebuild(&db.worker, shop::projection().as_ref(), |_| {}).await.expect("rebuilt");
    assert_eq!((report.version, report.events), (2, 32_000));
    Writer::new(&db, platform::clock::new_id()).add(&db, "b", &[1]).await;
    caught_up(&db).await;
    assert_eq!(assert_folded(&db).await, 5);
    drop(projector);
    db.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rebuild_parks_again_what_cannot_be_applied() {
    let db = database().await;
    let tenant = platform::clock::new_id();
    let mut writer = Writer::new(&db, tenant);
    writer.append(&db, &[("a".to_owned(), r#"{"add":1,"poison":true}"#.to_owned()), ("b".to_owned(), r#"{"add":1}"#.to_owned())]).await;
    let report = rebuild(&db.worker, shop::projection().as_ref(), |_| {}).await.expect("rebuilt");
    assert_eq!((report.parked_keys, report.events), (1, 2));
    let projector = start(&db, shop::projection()).await;
    writer.add(&db, "a", &[2]).await;
    caught_up(&db).await;
    let waiting: Vec<(i32, i64)> =
        sqlx::query_as("SELECT version, position FROM runtime.parked ORDER BY position").fetch_all(&db.worker).await.expect("parked");
    assert_eq!(waiting, [(2, 1), (2, 3)]);
    shop::cure(tenant);
    projections::runtime::request_retry(&db.worker, "shop.item", None).await.expect("asked");
    eventually("it is applied", async || {
        let left: i64 = sqlx::query_scalar("SELECT count(*) FROM runtime.parked").fetch_one(&db.worker).await.expect("a number");
        (left == 0).then_some(())
    })
    .await;
    assert_eq!(assert_folded(&db).await, 2);
    drop(projector);
    db.drop().await;
}
