//! Projectors apply each event exactly once, in order, whatever the tail holds and however many of them there are.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use domain::kernel::RecordedEvent;
use platform::clock;
use projections::runtime::{ApplyError, Projection};
use sqlx::PgConnection;

use crate::shop;
use crate::support::{Writer, assert_folded, caught_up, checkpoint, database, eventually, place, start, tenants_in_all_partitions};

/// The projection of the tests, with something between it and the tables.
struct Wrapped {
    inner: Box<dyn Projection>,
    batches: Arc<AtomicU64>,
    pause: &'static str,
}

impl Wrapped {
    fn boxed(batches: &Arc<AtomicU64>, pause: &'static str) -> Box<dyn Projection> {
        Box::new(Self { inner: shop::projection(), batches: batches.clone(), pause })
    }
}

#[async_trait]
impl Projection for Wrapped {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn tables(&self) -> &'static [&'static str] {
        self.inner.tables()
    }

    fn contexts(&self) -> &'static [&'static str] {
        self.inner.contexts()
    }

    async fn apply(&self, connection: &mut PgConnection, version: i32, events: &[Arc<RecordedEvent>]) -> Result<(), ApplyError> {
        sqlx::query(self.pause).execute(&mut *connection).await?;
        self.batches.fetch_add(1, Ordering::Relaxed);
        self.inner.apply(connection, version, events).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_from_before_and_after_the_start_are_applied_in_batches() {
    let db = database().await;
    let mut writers: Vec<Writer> = tenants_in_all_partitions(&db).into_iter().map(|tenant| Writer::new(&db, tenant)).collect();
    let numbers: Vec<i64> = (0..500).collect();
    for writer in &mut writers {
        writer.add(&db, "a", &numbers).await;
    }
    let batches = Arc::new(AtomicU64::new(0));
    let projector = start(&db, Wrapped::boxed(&batches, "SELECT 1")).await;
    caught_up(&db).await;
    assert!(batches.load(Ordering::Relaxed) < 20, "2,000 events of the past take a few batches");
    for writer in &mut writers {
        writer.add(&db, "a", &[7, 8]).await;
        writer.add(&db, "b", &[9]).await;
    }
    caught_up(&db).await;
    assert_eq!(assert_folded(&db).await, 8);
    assert_eq!(projector.status.borrow().applied, 4 * 503);
    drop(projector);
    db.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn competing_projectors_apply_each_event_once() {
    let db = database().await;
    let tenant = clock::new_id();
    let batches = Arc::new(AtomicU64::new(0));
    let (first, second) = (
        start(&db, Wrapped::boxed(&batches, "SELECT pg_sleep(0.002)")).await,
        start(&db, Wrapped::boxed(&batches, "SELECT pg_sleep(0.002)")).await,
    );
    let mut writer = Writer::new(&db, tenant);
    for index in 0..300 {
        writer.add(&db, &format!("i{}", index % 5), &[index, 1]).await;
    }
    caught_up(&db).await;
    assert_eq!(assert_folded(&db).await, 5);
    let (first_applied, second_applied) = (first.status.borrow().applied, second.status.borrow().applied);
    // The status of a projector counts what it has committed; each event is counted by exactly one of them.
    eventually("both statuses are told", async || (first.status.borrow().applied + second.status.borrow().applied == 600).then_some(()))
        .await;
    println!("two projectors shared 600 events: {first_applied} + {second_applied}");
    drop((first, second));
    db.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_checkpoint_that_another_process_moved_is_believed() {
    let db = database().await;
    let tenant = clock::new_id();
    let mut writer = Writer::new(&db, tenant);
    let projector = start(&db, shop::projection()).await;
    writer.add(&db, "a", &[1, 2]).await;
    caught_up(&db).await;
    // Another process claims to have applied three events that are yet to come.
    sqlx::query("UPDATE runtime.checkpoints SET position = 5 WHERE partition = $1")
        .bind(place(&db, tenant).partition)
        .execute(&db.worker)
        .await
        .expect("moved");
    writer.add(&db, "a", &[10, 20, 30, 40]).await;
    eventually("the rest is applied", async || (checkpoint(&db, &place(&db, tenant)).await == 6).then_some(())).await;
    let row: (i64, i64) = sqlx::query_as("SELECT events, total FROM shop_item").fetch_one(&db.worker).await.expect("a row");
    assert_eq!(row, (3, 43), "events at or below the checkpoint are skipped");
    drop(projector);
    db.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_partition_that_is_behind_is_not_starved_by_busy_ones() {
    let db = database().await;
    let tenants = tenants_in_all_partitions(&db);
    let mut old = Writer::new(&db, tenants[0]);
    let numbers: Vec<i64> = (0..4000).collect();
    old.add(&db, "old", &numbers).await;
    let stop = Arc::new(AtomicBool::new(false));
    let batches = Arc::new(AtomicU64::new(0));
    // While a batch is applied, new events arrive in the other partitions: there is never an empty batch.
    let projector = start(&db, Wrapped::boxed(&batches, "SELECT pg_sleep(0.03)")).await;
    let busy = async {
        let mut writers: Vec<Writer> = tenants[1..].iter().map(|tenant| Writer::new(&db, *tenant)).collect();
        while !stop.load(Ordering::Relaxed) {
            for writer in &mut writers {
                writer.add(&db, "busy", &[1]).await;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    let waiting = async {
        let caught = async {
            eventually("the backlog is applied", async || (checkpoint(&db, &place(&db, tenants[0])).await == 4000).then_some(())).await;
        };
        let in_time = tokio::time::timeout(Duration::from_secs(10), caught).await;
        stop.store(true, Ordering::Relaxed);
        in_time.expect("the backlog waits for a pause that never comes");
    };
    tokio::join!(busy, waiting);
    caught_up(&db).await;
    assert_eq!(assert_folded(&db).await, 4);
    drop(projector);
    db.drop().await;
}
