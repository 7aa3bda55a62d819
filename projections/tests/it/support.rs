//! What the tests of this crate share.

use std::collections::HashMap;
use std::future::Future;
use std::time::Duration;

use domain::kernel::{TenantId, partition_of};
use platform::clock;
use platform::testing::TestDatabase;
use projections::runtime::{LogHeads, LogReader, Place, Position, Projection, Projector, ProjectorStatus, Tail, TailOptions};
use sqlx::Executor as _;
use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::Uuid;

use crate::shop;

/// A database of its own, with the read model of the tests.
pub async fn database() -> TestDatabase {
    let db = TestDatabase::create(&[("shop".to_owned(), vec!["item".to_owned()])]).await;
    db.admin().await.execute(shop::MIGRATION).await.expect("the read model is declared");
    db
}

/// The log partition of a tenant.
pub fn place(db: &TestDatabase, tenant: Uuid) -> Place {
    Place { context: "shop".to_owned(), partition: partition_of(&TenantId(tenant).partition_key(), db.partitions) }
}

/// Tenants of one log partition each.
pub fn tenants_in_all_partitions(db: &TestDatabase) -> Vec<Uuid> {
    let of = |partition| std::iter::repeat_with(clock::new_id).find(|tenant| place(db, *tenant).partition == partition);
    (0..db.partitions).filter_map(of).collect()
}

/// Appends events to items of one tenant; each is an id and the payload.
pub struct Writer {
    tenant: Uuid,
    place: Place,
    versions: HashMap<String, i64>,
}

impl Writer {
    /// The only writer of a tenant.
    pub fn new(db: &TestDatabase, tenant: Uuid) -> Self {
        Self { tenant, place: place(db, tenant), versions: HashMap::new() }
    }

    /// Appends a batch.
    pub async fn append(&mut self, db: &TestDatabase, events: &[(String, String)]) {
        const APPEND: &str = "SELECT status FROM log.append(1, ARRAY['shop'], ARRAY[$2], array_fill(1, ARRAY[cardinality($8)]), \
            array_fill($1, ARRAY[cardinality($8)]), array_fill('item'::text, ARRAY[cardinality($8)]), $8, $9, \
            array_fill(1, ARRAY[cardinality($8)]), ARRAY(SELECT generate_series(1, cardinality($8))), \
            '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', \
            array_fill(1, ARRAY[$3]), array_fill(1, ARRAY[$3]), array_fill($1, ARRAY[$3]), array_fill('item'::text, ARRAY[$3]), $4, $5, $6, \
            array_fill('added'::text, ARRAY[$3]), array_fill('1'::text, ARRAY[$3]), $7::json[], array_fill('{}'::json, ARRAY[$3]))";
        let mut before: HashMap<String, i64> = HashMap::new();
        let (mut ids, mut sequences, mut payloads) = (Vec::new(), Vec::new(), Vec::new());
        for (id, payload) in events {
            let version = self.versions.entry(id.clone()).or_insert(0);
            before.entry(id.clone()).or_insert(*version);
            *version += 1;
            ids.push(id.clone());
            sequences.push(*version);
            payloads.push(payload.clone());
        }
        let (streams, expected): (Vec<String>, Vec<i64>) = before.into_iter().unzip();
        let event_ids: Vec<Uuid> = ids.iter().map(|_| clock::new_id()).collect();
        let status: Vec<i32> = sqlx::query_scalar(APPEND)
            .bind(self.tenant)
            .bind(self.place.partition)
            .bind(i32::try_from(ids.len()).expect("a small batch"))
            .bind(ids)
            .bind(sequences)
            .bind(event_ids)
            .bind(payloads)
            .bind(streams)
            .bind(expected)
            .fetch_one(&db.app)
            .await
            .expect("appended");
        assert_eq!(status, [0]);
        sqlx::query("SELECT pg_notify('neuroops_log', '')").execute(&db.app).await.expect("told");
    }

    /// Appends events that add these numbers to one item.
    pub async fn add(&mut self, db: &TestDatabase, id: &str, numbers: &[i64]) {
        let events: Vec<_> = numbers.iter().map(|add| (id.to_owned(), format!(r#"{{"add":{add}}}"#))).collect();
        self.append(db, &events).await;
    }
}

/// A projector that runs until dropped, with a tail of its own on the log.
pub struct Running {
    /// What it does.
    pub status: watch::Receiver<ProjectorStatus>,
    _stop: DropGuard,
}

/// Starts a projector, as one process would.
pub async fn start(db: &TestDatabase, projection: Box<dyn Projection>) -> Running {
    let (tail, guard) = tail(db, projection.contexts()).await;
    let projector = Projector::new(projection, db.worker.clone(), tail);
    let status = projector.status();
    let cancel = CancellationToken::new();
    let stop = cancel.clone();
    tokio::spawn(async move {
        projector.run(&cancel).await;
        drop(guard);
    });
    Running { status, _stop: stop.drop_guard() }
}

/// A tail on the log.
async fn tail(db: &TestDatabase, contexts: &[&str]) -> (Tail, DropGuard) {
    let heads = LogHeads::watch(db.worker.clone());
    let options = TailOptions { contexts: contexts.iter().map(ToString::to_string).collect(), kafka: None, group: "test".to_owned() };
    let cancel = CancellationToken::new();
    let tail = Tail::start(LogReader::new(db.worker.clone()), heads, options, cancel.clone()).await.expect("a tail");
    (tail, cancel.drop_guard())
}

/// Waits until the active version of the projection has applied the whole log.
pub async fn caught_up(db: &TestDatabase) {
    const LAG: &str = "SELECT sum(h.position - coalesce(c.position, 0))::bigint FROM log.heads h \
        JOIN runtime.projections p ON p.projection = 'shop.item' \
        LEFT JOIN runtime.checkpoints c ON c.projection = p.projection AND c.version = p.active_version AND c.context = h.context AND c.partition = h.partition";
    eventually("the projection catches up", async || {
        let lag: i64 = sqlx::query_scalar(LAG).fetch_one(&db.worker).await.expect("a lag");
        (lag == 0).then_some(())
    })
    .await;
}

/// The rows of the read model, and the same rows computed from the log by Postgres; parked aggregates left out.
pub async fn assert_folded(db: &TestDatabase) -> usize {
    type Row = (Uuid, String, i64, i64, i64, i64);
    let rows: Vec<Row> = sqlx::query_as("SELECT tenant_id, id, events, total, digest, position FROM shop_item ORDER BY tenant_id, id")
        .fetch_all(&db.worker)
        .await
        .expect("rows");
    let events: Vec<(Uuid, String, i64, i64)> = sqlx::query_as(
        "SELECT tenant_id, aggregate_id, position, (payload->>'add')::bigint FROM log.events ORDER BY tenant_id, aggregate_id, position",
    )
    .fetch_all(&db.worker)
    .await
    .expect("events");
    let mut expected: Vec<Row> = Vec::new();
    for (tenant, id, position, add) in events {
        match expected.last_mut().filter(|row| (row.0, &row.1) == (tenant, &id)) {
            Some(row) => *row = (tenant, id, row.2 + 1, row.3 + add, shop::digest(row.4, add), position),
            None => expected.push((tenant, id, 1, add, shop::digest(0, add), position)),
        }
    }
    assert_eq!(rows, expected);
    rows.len()
}

/// The positions of the checkpoints of a version.
pub async fn checkpoint(db: &TestDatabase, place: &Place) -> Position {
    sqlx::query_scalar(
        "SELECT position FROM runtime.checkpoints WHERE projection = 'shop.item' AND partition = $1 ORDER BY version DESC LIMIT 1",
    )
    .bind(place.partition)
    .fetch_optional(&db.worker)
    .await
    .expect("a checkpoint")
    .unwrap_or(0)
}

/// Looks until it is there.
pub async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, mut look: impl FnMut() -> F) -> T {
    let deadline = std::time::Instant::now() + Duration::from_secs(30);
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(std::time::Instant::now() < deadline, "{what}: not in time");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
