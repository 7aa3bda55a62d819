//! Few connections, many tenants, and requests that end in every way there is: nothing of one tenant reaches another.

use commands::log::{Outcome, append};
use platform::clock;
use platform::tenant_tx::TenantTx;
use sqlx::PgPool;
use uuid::Uuid;

use crate::support::{Dice, cancelled_after, database, draft};

const REQUESTS: u64 = 10_000;
const TENANTS: u64 = 40;
const AT_ONCE: u64 = 16;

/// How requests ended.
#[derive(Clone, Copy, Debug, Default)]
struct Ends {
    committed: u64,
    dropped: u64,
    failed: u64,
    panicked: u64,
    cancelled: u64,
}

/// Reads what the tenant sees, and all of it must be the tenant's own.
async fn look(tx: &mut TenantTx, tenant: Uuid) -> Result<(), sqlx::Error> {
    let seen: Vec<Uuid> = sqlx::query_scalar("SELECT tenant_id FROM log.events").fetch_all(&mut **tx).await?;
    assert_eq!(seen, [tenant, tenant], "a request of {tenant} sees other rows");
    Ok(())
}

async fn one_request(pool: &PgPool, tenant: Uuid, end: u64) -> Result<Ends, sqlx::Error> {
    let mut tx = TenantTx::begin(pool, tenant).await?;
    look(&mut tx, tenant).await?;
    match end {
        0 => {
            let failure = sqlx::query("SELECT 1 / 0").execute(&mut *tx).await;
            assert!(failure.is_err());
            Ok(Ends { failed: 1, ..Ends::default() })
        }
        1 => {
            // Without the message that a panic prints: there are many.
            std::panic::resume_unwind(Box::new("planned"));
        }
        2 => Ok(Ends { dropped: 1, ..Ends::default() }),
        _ => {
            tx.commit().await?;
            Ok(Ends { committed: 1, ..Ends::default() })
        }
    }
}

async fn worker(pool: PgPool, tenants: Vec<Uuid>, mut dice: Dice) -> Ends {
    let mut ends = Ends::default();
    for _ in 0..REQUESTS / AT_ONCE {
        let tenant = tenants[usize::try_from(dice.below(TENANTS)).expect("small")];
        let (end, polls, own) = (dice.below(8), dice.below(12), pool.clone());
        if end > 4 {
            match cancelled_after(polls, one_request(&own, tenant, end)).await {
                Some(done) => ends.committed += done.expect("answered").committed,
                None => ends.cancelled += 1,
            }
        } else {
            match tokio::spawn(async move { one_request(&own, tenant, end).await }).await {
                Ok(done) => {
                    let done = done.expect("answered");
                    ends.committed += done.committed;
                    ends.dropped += done.dropped;
                    ends.failed += done.failed;
                }
                Err(error) => {
                    let planned = error.into_panic();
                    assert!(planned.downcast_ref::<&str>() == Some(&"planned"), "{:?}", planned.downcast_ref::<String>());
                    ends.panicked += 1;
                }
            }
        }
        if dice.below(4) == 0 {
            // What runs outside a transaction of a tenant sees no tenant, and no transaction that somebody left open.
            let (setting, rows): (Option<String>, i64) =
                sqlx::query_as("SELECT current_setting('app.tenant_id', true), (SELECT count(*) FROM log.events)")
                    .fetch_one(&pool)
                    .await
                    .expect("answered");
            assert_eq!(setting.as_deref().unwrap_or_default(), "", "a tenant is set outside a transaction");
            let savepoint =
                sqlx::raw_sql("SAVEPOINT probe").execute(&pool).await.expect_err("the connection came back within a transaction");
            assert_eq!(savepoint.as_database_error().and_then(sqlx::error::DatabaseError::code).as_deref(), Some("25P01"));
            assert_eq!(rows, 0);
        }
    }
    ends
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_requests_on_two_connections_never_see_another_tenant() {
    let db = database().await;
    let tenants: Vec<Uuid> = (0..TENANTS).map(|_| clock::new_id()).collect();
    let batch: Vec<_> = tenants.iter().map(|tenant| draft(&db, *tenant, "a", 0, 2)).collect();
    append(&db.app, &batch).await.expect("stored");
    let pool = platform::postgres::pool(&db.app_url, 2).expect("a valid URL");
    let mut dice = Dice::seeded("pool leak");
    let workers = (0..AT_ONCE).map(|_| tokio::spawn(worker(pool.clone(), tenants.clone(), Dice(dice.roll()))));
    let mut all = Ends::default();
    for ends in futures::future::join_all(workers).await {
        let ends = ends.expect("no leak");
        all.committed += ends.committed;
        all.dropped += ends.dropped;
        all.failed += ends.failed;
        all.panicked += ends.panicked;
        all.cancelled += ends.cancelled;
    }
    println!("{all:?}");
    assert_eq!(all.committed + all.dropped + all.failed + all.panicked + all.cancelled, REQUESTS);
    assert!([all.committed, all.dropped, all.failed, all.panicked, all.cancelled].iter().all(|count| *count > 100), "{all:?}");

    // And writes for another tenant are refused.
    let mut tx = TenantTx::begin(&pool, tenants[0]).await.expect("begun");
    let foreign =
        sqlx::query("INSERT INTO log.snapshots VALUES ('shop', 0, $1, 'tally', 'a', 1, 1, '{}')").bind(tenants[1]).execute(&mut *tx).await;
    assert_eq!(foreign.expect_err("refused").as_database_error().and_then(sqlx::error::DatabaseError::code).as_deref(), Some("42501"));
    drop(tx);
    pool.close().await;
    db.drop().await;
}

/// A request that is cancelled while its transaction begins must not leave the connection within that transaction: whatever uses
/// the connection next would be acknowledged and then rolled back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_acknowledged_append_is_durable_whatever_was_cancelled_before_it() {
    let db = database().await;
    let tenant = clock::new_id();
    let pool = platform::postgres::pool(&db.app_url, 1).expect("a valid URL");
    for version in 0..60_i64 {
        let cancelled = cancelled_after(version.unsigned_abs() % 6, async {
            let mut tx = TenantTx::begin(&pool, tenant).await?;
            sqlx::query("SELECT 1").execute(&mut *tx).await?;
            tx.commit().await
        });
        drop(cancelled.await);
        let outcomes = append(&pool, &[draft(&db, tenant, "a", version, 1)]).await.expect("answered");
        assert!(matches!(outcomes[0], Outcome::Accepted { .. }), "{outcomes:?}");
        let visible: i64 = sqlx::query_scalar("SELECT count(*) FROM log.events").fetch_one(&db.worker).await.expect("a number");
        assert_eq!(visible, version + 1, "another connection sees what was acknowledged");
    }
    pool.close().await;
    db.drop().await;
}
