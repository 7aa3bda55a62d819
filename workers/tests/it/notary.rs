//! The notary gives every event of every tenant one leaf, in an order that never changes, whoever dies in between.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use platform::clock;
use platform::kafka::KafkaOptions;
use platform::proofs::checkpoint::{Checkpoint, origin};
use platform::proofs::leaf::{Leaf, payload_digest};
use platform::proofs::merkle::{Hash, Head, root_of, verify_consistency, verify_inclusion};
use platform::proofs::note::{NamedKey, SigningKey};
use platform::proofs::{spans, store};
use platform::tenant_tx::TenantTx;
use platform::testing::TestDatabase;
use projections::runtime::{LogHeads, LogReader, Place};
use serde_json::json;
use sqlx::Executor as _;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use workers::notary::{Notary, NotaryOptions, NotaryStatus, TOPIC};

use crate::support::{bus, context_names, count, database, eventually, kafka, plain_consumer, poll, request};

/// A notary on threads of its own, as in a process of its own.
struct NotaryProcess {
    status: watch::Receiver<NotaryStatus>,
    cancel: CancellationToken,
    runtime: tokio::runtime::Runtime,
}

fn signing_key(number: u8) -> SigningKey {
    SigningKey::from_hex(&format!("{number:02x}").repeat(32)).expect("a key")
}

fn named(number: u8, tenant: Uuid) -> NamedKey {
    NamedKey::parse(&signing_key(number).public().to_text(&origin(tenant))).expect("a key")
}

impl NotaryProcess {
    fn start(db: &TestDatabase, kafka: Option<KafkaOptions>, keys: &[u8]) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let cancel = CancellationToken::new();
        let keys: Vec<SigningKey> = keys.iter().map(|number| signing_key(*number)).collect();
        let options = NotaryOptions { keys: keys.into(), checkpoint_every: Duration::from_millis(50) };
        let (url, partitions, token) = (db.worker_url.clone(), db.partitions, cancel.clone());
        let (sender, receiver) = std::sync::mpsc::channel();
        runtime.spawn(async move {
            let pool = platform::postgres::pool(&url, 8).expect("a valid URL");
            let heads = LogHeads::watch(pool.clone());
            let notary = Notary::new(pool, kafka, context_names(), partitions, options, heads, token.clone());
            sender.send(notary.status()).expect("heard");
            notary.run(&token).await;
        });
        let status = receiver.recv().expect("it starts");
        Self { status, cancel, runtime }
    }

    /// Ends it as `kill -9` does: nothing is given back.
    fn kill(self) {
        self.runtime.shutdown_background();
    }

    async fn stop(self) {
        self.cancel.cancel();
        tokio::task::spawn_blocking(move || self.runtime.shutdown_timeout(Duration::from_secs(1))).await.expect("stopped");
    }
}

/// Waits until every event has its leaf and every tree is signed.
async fn caught_up(db: &TestDatabase) {
    const BEHIND: &str = "SELECT (SELECT sum(position)::bigint FROM log.heads) - (SELECT coalesce(sum(size), 0)::bigint FROM audit.trees) \
        + (SELECT count(*) FROM audit.trees WHERE size > signed_size)";
    eventually("the notary has caught up", || async {
        let behind: i64 = sqlx::query_scalar(BEHIND).fetch_one(&db.worker).await.expect("a number");
        (behind == 0).then_some(())
    })
    .await;
}

/// Leaf index, place, salt and hash by tenant.
type Leaves = BTreeMap<Uuid, Vec<(i64, String, i32, i64, Vec<u8>, Vec<u8>)>>;

/// The same as it is read: the tenant comes first.
type LeafRow = (Uuid, i64, String, i32, i64, Vec<u8>, Vec<u8>);

async fn leaves(db: &TestDatabase) -> Leaves {
    const READ: &str = "SELECT tenant_id, leaf_index, context, partition, position, payload_salt, leaf_hash FROM audit.leaves ORDER BY tenant_id, leaf_index";
    let rows: Vec<LeafRow> = sqlx::query_as(READ).fetch_all(&db.worker).await.expect("leaves");
    let mut leaves = Leaves::new();
    for (tenant, index, context, partition, position, salt, hash) in rows {
        leaves.entry(tenant).or_default().push((index, context, partition, position, salt, hash));
    }
    leaves
}

/// Each event of the log is exactly one leaf, with the hash that follows from what the log holds; indexes have no gap; the order of each log
/// partition is kept; trees and checkpoints have the roots that follow.
async fn assert_whole(db: &TestDatabase, key: u8) {
    let places: Vec<_> = LogReader::new(db.worker.clone()).heads().await.expect("heads").into_keys().map(|place| (place, 0)).collect();
    let events = LogReader::new(db.worker.clone()).after(&places, i64::MAX).await.expect("events");
    let mut expected: BTreeMap<(String, i32, i64), _> =
        events.iter().map(|event| ((event.context.clone(), event.partition, event.position), event.clone())).collect();
    for (tenant, leaves) in leaves(db).await {
        let (mut reached, mut hashes) = (BTreeMap::new(), Vec::new());
        for (number, (index, context, partition, position, salt, hash)) in (0..).zip(leaves) {
            assert_eq!(index, number, "the indexes of {tenant} have no gap");
            let event = expected.remove(&(context.clone(), partition, position)).expect("each event once");
            let place = Place { context, partition };
            assert!(reached.insert(place, position) < Some(position), "the order of the log partition is kept");
            let leaf = Leaf {
                tenant_id: tenant,
                context: &event.context,
                partition,
                position,
                event_id: event.event_id,
                aggregate_type: &event.aggregate_type,
                aggregate_id: &event.aggregate_id,
                sequence: event.sequence,
                event_type: &event.event_type,
                event_version: &event.event_version,
                recorded_at: event.recorded_at,
                metadata: &event.metadata,
                payload_digest: payload_digest(&salt.try_into().expect("16 bytes"), event.payload.as_bytes()),
            };
            assert_eq!(leaf.hash().to_vec(), hash);
            hashes.push(leaf.hash());
        }
        let mut tx = TenantTx::begin(&db.app, tenant).await.expect("a transaction");
        let (size, note) = store::last_checkpoint(&mut tx, tenant).await.expect("read").expect("signed");
        let checkpoint = Checkpoint::open(&note, &named(key, tenant)).expect("the checkpoint holds");
        assert_eq!(
            (size.unsigned_abs(), checkpoint.head),
            (hashes.len() as u64, Head { size: hashes.len() as u64, root: root_of(&hashes) })
        );
        tx.commit().await.expect("read");
    }
    assert!(expected.is_empty(), "{} events have no leaf", expected.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_event_becomes_one_leaf_while_notaries_come_go_and_die() {
    let db = database().await;
    count(&db, 300, 3).await;
    let mut notaries = vec![NotaryProcess::start(&db, None, &[1])];
    let mut before = Leaves::new();
    for round in 0..5_usize {
        count(&db, 150, 4).await;
        notaries.push(NotaryProcess::start(&db, None, &[1]));
        let recorded = round * 100;
        eventually("something more is recorded", || async {
            (leaves(&db).await.values().map(Vec::len).sum::<usize>() > recorded).then_some(())
        })
        .await;
        let gone = notaries.remove(0);
        if round % 2 == 0 {
            gone.kill();
        } else {
            gone.stop().await;
        }
        let now = leaves(&db).await;
        for (tenant, leaves) in before {
            assert_eq!(now[&tenant][..leaves.len()], leaves, "what is recorded never changes");
        }
        before = now;
    }
    caught_up(&db).await;
    assert_whole(&db, 1).await;
    let recorded: u64 = notaries.iter().map(|notary| notary.status.borrow().recorded).sum();
    assert!(recorded > 0, "the last one did some of it");
    for notary in notaries {
        notary.stop().await;
    }
    db.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn checkpoints_are_published_once_kafka_is_there_and_each_continues_the_one_before() {
    let (db, kafka) = (database().await, kafka());
    let tenant = clock::new_id();
    let bus = bus(&db);
    let notary = NotaryProcess::start(&db, Some(kafka.clone()), &[1]);
    for number in 0..6 {
        let body = json!({ "token": format!("t{number}"), "times": 7 });
        bus.execute(request(tenant, "shop", "tally", "a", "count", &body)).await.expect("accepted");
        caught_up(&db).await;
    }
    let unpublished = || async {
        let count: i64 = sqlx::query_scalar("SELECT count(*) FROM audit.checkpoints WHERE published_at IS NULL")
            .fetch_one(&db.worker)
            .await
            .expect("a number");
        (count == 0).then_some(())
    };
    eventually("all checkpoints are published", unpublished).await;
    let kept: Vec<(i64, String)> =
        sqlx::query_as("SELECT size, note FROM audit.checkpoints ORDER BY size").fetch_all(&db.worker).await.expect("rows");
    let (options, partitions) = (kafka.clone(), db.partitions);
    let wanted = kept.len();
    let records = tokio::task::spawn_blocking(move || {
        let consumer = plain_consumer(&options, TOPIC, partitions);
        let (mut records, deadline) = (Vec::new(), Instant::now() + Duration::from_secs(20));
        while records.len() < wanted && Instant::now() < deadline {
            records.extend(poll(&consumer));
        }
        records
    })
    .await
    .expect("read");
    assert_eq!(
        records.iter().map(|record| record.payload.clone()).collect::<Vec<_>>(),
        kept.iter().map(|(_, note)| note.clone()).collect::<Vec<_>>()
    );
    for record in &records {
        let partition: i32 = domain::kernel::partition_of(&tenant.to_string(), db.partitions);
        assert_eq!((record.key.clone(), record.partition), (tenant.to_string(), partition));
        assert_eq!(record.headers["ce_type"], "audit.checkpoint_signed.v1");
        assert_eq!(record.headers["ce_tenantid"], tenant.to_string());
    }
    let mut tx = TenantTx::begin(&db.app, tenant).await.expect("a transaction");
    let heads: Vec<Head> = kept.iter().map(|(_, note)| Checkpoint::open(note, &named(1, tenant)).expect("it holds").head).collect();
    for pair in heads.windows(2) {
        let proof = store::hashes(&mut tx, tenant, &spans::of_consistency(pair[0].size, pair[1].size)).await.expect("hashes");
        assert_eq!(verify_consistency(&pair[0], &pair[1], &proof), Ok(()));
    }
    tx.commit().await.expect("read");
    assert!(heads.len() > 2, "{heads:?}");
    notary.stop().await;
    kafka.delete_topic(&kafka.topic(TOPIC), Duration::from_secs(10)).await.expect("deleted");
    db.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_replaced_and_the_old_one_stays_on_record() {
    let db = database().await;
    let keys = async || -> Vec<(Vec<u8>, bool)> {
        sqlx::query_as("SELECT public_key, retired_at IS NULL FROM audit.keys ORDER BY first_used_at")
            .fetch_all(&db.worker)
            .await
            .expect("keys")
    };
    let public = |number: u8| signing_key(number).public().0.to_vec();
    for (signing, holds, expected) in [
        (&[1_u8][..], &[1_u8][..], vec![(public(1), true)]),
        (&[2, 1], &[1, 2], vec![(public(1), true), (public(2), true)]),
        (&[2], &[2], vec![(public(1), false), (public(2), true)]),
    ] {
        let notary = NotaryProcess::start(&db, None, signing);
        count(&db, 24, 1).await;
        caught_up(&db).await;
        assert_eq!(keys().await, expected);
        for key in holds {
            let (tenant, note): (Uuid, String) =
                sqlx::query_as("SELECT tenant_id, note FROM audit.checkpoints ORDER BY signed_at DESC LIMIT 1")
                    .fetch_one(&db.worker)
                    .await
                    .expect("a row");
            assert!(Checkpoint::open(&note, &named(*key, tenant)).is_ok());
        }
        notary.stop().await;
    }
    db.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_forgotten_is_still_proven_and_nothing_else_can_be_changed() {
    let db = database().await;
    let (tenant, other) = (clock::new_id(), clock::new_id());
    let bus = bus(&db);
    for (tenant, name) in [(tenant, "a"), (tenant, "b"), (other, "a")] {
        bus.execute(request(tenant, "shop", "tally", name, "count", &json!({ "token": "t", "times": 3 }))).await.expect("accepted");
    }
    let notary = NotaryProcess::start(&db, None, &[1]);
    caught_up(&db).await;
    let events: Vec<Uuid> = sqlx::query_scalar("SELECT event_id FROM log.events ORDER BY context, partition, position")
        .fetch_all(&db.worker)
        .await
        .expect("ids");
    let forget = async |tenant: Uuid| -> i64 {
        let mut tx = TenantTx::begin(&db.app, tenant).await.expect("a transaction");
        let forgotten = sqlx::query_scalar("SELECT audit.forget($1)").bind(&events).fetch_one(&mut *tx).await.expect("a number");
        tx.commit().await.expect("committed");
        forgotten
    };
    assert_eq!((forget(other).await, forget(tenant).await, forget(tenant).await), (3, 6, 0));
    let mut tx = TenantTx::begin(&db.app, tenant).await.expect("a transaction");
    let (size, note) = store::last_checkpoint(&mut tx, tenant).await.expect("read").expect("signed");
    let head = Checkpoint::open(&note, &named(1, tenant)).expect("it holds").head;
    for entry in store::entries(&mut tx, tenant, 0, size).await.expect("entries") {
        let record = entry.record.expect("the event");
        assert!(record.is_forgotten() && record.payload_salt.is_none());
        let leaf: Hash = record.hash(tenant).expect("it holds together");
        let proof = store::hashes(&mut tx, tenant, &spans::of_inclusion(record.index, head.size)).await.expect("hashes");
        assert_eq!(verify_inclusion(&leaf, record.index, head.size, &proof, &head.root), Ok(()));
    }
    tx.commit().await.expect("read");
    for statement in [
        "UPDATE audit.leaves SET leaf_index = leaf_index + 1",
        "UPDATE audit.leaves SET payload_salt = NULL",
        "DELETE FROM audit.leaves",
        "UPDATE audit.nodes SET hash = ''",
        "DELETE FROM audit.checkpoints",
        "DELETE FROM audit.keys",
    ] {
        let refused = db.worker.execute(statement).await.expect_err(statement);
        assert_eq!(refused.as_database_error().and_then(sqlx::error::DatabaseError::code).as_deref(), Some("42501"), "{statement}");
    }
    notary.stop().await;
    db.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn contexts_are_put_in_the_order_of_time() {
    let db = database().await;
    let tenant = clock::new_id();
    let bus = bus(&db);
    for number in 0..20 {
        let body = json!({ "token": format!("t{number}") });
        bus.execute(request(tenant, "shop", "tally", "a", "count", &body)).await.expect("accepted");
        let body = json!({ "given_name": "Ada" });
        bus.execute(request(tenant, "crm", "contact", &format!("c{number}"), "register", &body)).await.expect("accepted");
    }
    let notary = NotaryProcess::start(&db, None, &[1]);
    caught_up(&db).await;
    let contexts: Vec<String> = leaves(&db).await.remove(&tenant).expect("leaves").into_iter().map(|(_, context, ..)| context).collect();
    let expected: Vec<&str> = ["shop", "crm"].into_iter().cycle().take(40).collect();
    assert_eq!(contexts, expected);
    let status: Arc<NotaryStatus> = Arc::new(notary.status.borrow().clone());
    assert_eq!((status.trouble.as_ref(), status.signing_trouble.as_ref(), status.recorded), (None, None, 40));
    notary.stop().await;
    db.drop().await;
}
