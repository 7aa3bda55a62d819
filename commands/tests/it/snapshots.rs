//! Snapshots: a shortcut that changes nothing.

use commands::states::{SNAPSHOT_EVERY, States, StreamKey};
use domain::kernel::{AggregateType, LoadedState, TenantId};
use platform::clock;
use platform::testing::TestDatabase;
use serde_json::json;
use sqlx::Executor as _;
use uuid::Uuid;

use crate::support::{bus, database, eventually, gateway_pool, partition, request};
use crate::tally::Tally;

async fn load(db: &TestDatabase, tenant: Uuid) -> LoadedState {
    let states = States::start(&gateway_pool(db), 10);
    let key = StreamKey { tenant_id: TenantId(tenant), context: "shop", aggregate_type: "tally", id: "a".to_owned() };
    states.load(key, partition(db, tenant), <dyn AggregateType>::of::<Tally>()).await.expect("loaded")
}

fn tally(loaded: &LoadedState) -> &Tally {
    loaded.state.downcast_ref().expect("a tally")
}

#[tokio::test]
async fn a_snapshot_and_the_events_after_it_give_the_state_of_all_events() {
    let db = database().await;
    let (bus, tenant) = (bus(&db), clock::new_id());
    let events = SNAPSHOT_EVERY + 7;
    for index in 0..events {
        bus.execute(request(tenant, "a", "count", &json!({ "token": format!("t{index}") }))).await.expect("accepted");
    }
    let at: i64 = eventually("a snapshot", async || {
        sqlx::query_scalar("SELECT sequence FROM log.snapshots").fetch_optional(&mut db.admin().await).await.expect("an answer")
    })
    .await;
    assert_eq!(at, SNAPSHOT_EVERY);
    let with_snapshot = load(&db, tenant).await;

    let mut admin = db.admin().await;
    admin.execute("CREATE TABLE kept AS SELECT * FROM log.snapshots; DELETE FROM log.snapshots").await.expect("deleted");
    let from_events = load(&db, tenant).await;
    assert_eq!(with_snapshot.version, events);
    assert_eq!((with_snapshot.version, tally(&with_snapshot)), (from_events.version, tally(&from_events)));

    // The snapshot is really used: what it says counts.
    admin.execute("INSERT INTO log.snapshots SELECT * FROM kept").await.expect("restored");
    admin.execute(r#"UPDATE log.snapshots SET state = '{"total": 1000000, "digest": 0}'"#).await.expect("changed");
    assert_eq!(tally(&load(&db, tenant).await).total, 1_000_007);

    // But not one that another version of the program wrote.
    for version in [0, 2] {
        sqlx::query("UPDATE log.snapshots SET snapshot_version = $1").bind(version).execute(&mut admin).await.expect("changed");
        let ignored = load(&db, tenant).await;
        assert_eq!((ignored.version, tally(&ignored)), (events, tally(&from_events)));
    }
    // A command decides on the right state too.
    crate::support::bus(&db).execute(request(tenant, "a", "expect", &json!({ "total": events }))).await.expect("accepted");
    db.drop().await;
}

#[tokio::test]
async fn a_snapshot_is_another_tenants_secret() {
    let db = database().await;
    let (bus, tenant) = (bus(&db), clock::new_id());
    let body = json!({ "token": "t", "times": SNAPSHOT_EVERY });
    bus.execute(request(tenant, "a", "count", &body)).await.expect("accepted");
    eventually("a snapshot", async || {
        sqlx::query_scalar::<_, i64>("SELECT sequence FROM log.snapshots").fetch_optional(&mut db.admin().await).await.expect("an answer")
    })
    .await;
    assert_eq!(load(&db, clock::new_id()).await.version, 0);
    assert_eq!(load(&db, tenant).await.version, SNAPSHOT_EVERY);
    db.drop().await;
}
