//! Events that cannot be applied: their key is parked with what comes later, everything else goes on.

use std::time::Duration;

use platform::clock;
use platform::testing::TestDatabase;
use projections::runtime::{parked_keys, request_retry};
use sqlx::Executor as _;
use uuid::Uuid;

use crate::shop::{self, cure};
use crate::support::{Writer, assert_folded, caught_up, database, eventually, start};

async fn totals(db: &TestDatabase, tenant: Uuid) -> Vec<(String, i64)> {
    sqlx::query_as("SELECT id, total FROM shop_item WHERE tenant_id = $1 ORDER BY id")
        .bind(tenant)
        .fetch_all(&db.worker)
        .await
        .expect("rows")
}

fn rows(rows: &[(&str, i64)]) -> Vec<(String, i64)> {
    rows.iter().map(|(id, total)| ((*id).to_owned(), *total)).collect()
}

async fn empty(db: &TestDatabase) {
    eventually("the parking lot is empty", async || parked_keys(&db.worker, None, 10).await.expect("keys").is_empty().then_some(())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_poisoned_event_parks_its_key_and_nothing_else_and_is_redriven_in_order() {
    let db = database().await;
    let (tenant, other) = (clock::new_id(), clock::new_id());
    let (mut writer, mut neighbour) = (Writer::new(&db, tenant), Writer::new(&db, other));
    let projector = start(&db, shop::projection()).await;
    writer.add(&db, "sick", &[1]).await;
    let poison = r#"{"add":10,"poison":true}"#.to_owned();
    let fine = |add| format!(r#"{{"add":{add}}}"#);
    writer
        .append(
            &db,
            &[("well".to_owned(), fine(1)), ("sick".to_owned(), poison), ("well".to_owned(), fine(2)), ("sick".to_owned(), fine(100))],
        )
        .await;
    neighbour.add(&db, "sick", &[5]).await;
    writer.add(&db, "sick", &[1000]).await;
    writer.add(&db, "well", &[4]).await;
    caught_up(&db).await;
    assert_eq!(totals(&db, tenant).await, rows(&[("sick", 1), ("well", 7)]));
    assert_eq!(totals(&db, other).await, rows(&[("sick", 5)]));
    let parked = parked_keys(&db.worker, Some("shop.item"), 10).await.expect("keys");
    assert_eq!(parked.len(), 1);
    assert_eq!(
        (parked[0].tenant_id, parked[0].key.as_str(), parked[0].events, parked[0].error.as_str()),
        (tenant, "item/sick", 3, "poisoned")
    );
    eventually("the status tells it", async || (projector.status.borrow().parked_keys == 1).then_some(())).await;

    // Tried again before the cause is gone, it stays parked.
    assert_eq!(request_retry(&db.worker, "shop.item", Some("item/sick")).await.expect("asked"), 3);
    eventually("the try is over", async || {
        let asked: i64 =
            sqlx::query_scalar("SELECT count(*) FROM runtime.parked WHERE retry").fetch_one(&db.worker).await.expect("a number");
        (asked == 0).then_some(())
    })
    .await;
    assert_eq!(totals(&db, tenant).await, rows(&[("sick", 1), ("well", 7)]));

    cure(tenant);
    request_retry(&db.worker, "shop.item", None).await.expect("asked");
    empty(&db).await;
    writer.add(&db, "sick", &[10_000]).await;
    caught_up(&db).await;
    // The digest of the fold depends on the order.
    assert_eq!(assert_folded(&db).await, 3);
    assert_eq!(totals(&db, tenant).await, rows(&[("sick", 11_111), ("well", 7)]));
    drop(projector);
    db.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_the_table_refuses_is_parked_alone() {
    let db = database().await;
    db.admin().await.execute("ALTER TABLE shop_item_v1 ADD CONSTRAINT small CHECK (total < 1000)").await.expect("a constraint");
    let tenant = clock::new_id();
    let mut writer = Writer::new(&db, tenant);
    let big = |id: &str, add: i64| (id.to_owned(), format!(r#"{{"add":{add}}}"#));
    writer.append(&db, &[big("a", 1), big("b", 5000), big("c", 3), big("b", 1), big("a", 2)]).await;
    let projector = start(&db, shop::projection()).await;
    caught_up(&db).await;
    assert_eq!(totals(&db, tenant).await, rows(&[("a", 3), ("c", 3)]));
    let parked = parked_keys(&db.worker, None, 10).await.expect("keys");
    assert_eq!((parked.len(), parked[0].key.as_str(), parked[0].events), (1, "item/b", 2));
    assert!(parked[0].error.contains("small"), "{}", parked[0].error);

    // A projector that starts later knows what is parked.
    drop(projector);
    let projector = start(&db, shop::projection()).await;
    writer.add(&db, "b", &[1]).await;
    caught_up(&db).await;
    assert_eq!(parked_keys(&db.worker, None, 10).await.expect("keys")[0].events, 3);
    db.admin().await.execute("ALTER TABLE shop_item_v1 DROP CONSTRAINT small").await.expect("dropped");
    request_retry(&db.worker, "shop.item", Some("item/b")).await.expect("asked");
    empty(&db).await;
    assert_eq!(assert_folded(&db).await, 3);
    drop(projector);
    db.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn competing_projectors_redrive_parked_events_once() {
    let db = database().await;
    let tenants: Vec<Uuid> = (0..8).map(|_| clock::new_id()).collect();
    let mut writers: Vec<Writer> = tenants.iter().map(|tenant| Writer::new(&db, *tenant)).collect();
    let projectors = [start(&db, shop::projection()).await, start(&db, shop::projection()).await, start(&db, shop::projection()).await];
    let poison = r#"{"add":10,"poison":true}"#.to_owned();
    for writer in &mut writers {
        writer.append(&db, &[("a".to_owned(), poison.clone()), ("b".to_owned(), poison.clone())]).await;
    }
    caught_up(&db).await;
    // All projectors know of the parked keys once they have been overtaken or have applied a batch of their own.
    for projector in &projectors {
        let mut status = projector.status.clone();
        let knows = status.wait_for(|status| status.parked_keys > 0);
        drop(tokio::time::timeout(Duration::from_secs(3), knows).await);
    }
    for tenant in &tenants {
        cure(*tenant);
    }
    request_retry(&db.worker, "shop.item", None).await.expect("asked");
    for round in 0..20 {
        for writer in &mut writers {
            writer.add(&db, "a", &[round]).await;
        }
    }
    empty(&db).await;
    caught_up(&db).await;
    // Whoever wins the next batches knows that nothing is parked any more.
    for writer in &mut writers {
        writer.add(&db, "b", &[7]).await;
        writer.add(&db, "a", &[7]).await;
    }
    caught_up(&db).await;
    assert_eq!(parked_keys(&db.worker, None, 10).await.expect("keys"), []);
    assert_eq!(assert_folded(&db).await, 16);
    drop(projectors);
    db.drop().await;
}
