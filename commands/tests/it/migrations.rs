//! Migrations: harmless to repeat, and clear about databases that do not fit.

use platform::postgres::{self, DatabaseError};
use sqlx::Connection as _;

use crate::support::{context_types, database};

#[tokio::test]
async fn migrating_again_changes_nothing() {
    let db = database().await;
    let contexts = context_types();
    for _ in 0..2 {
        postgres::migrate(&db.admin_url, &contexts, Some(db.partitions)).await.expect("migrated");
    }
    assert_eq!(postgres::check(&db.app).await.expect("it fits"), db.partitions);
    db.drop().await;
}

#[tokio::test]
async fn a_database_of_a_newer_schema_is_refused_by_name() {
    let db = database().await;
    let mut admin = db.admin().await;
    sqlx::query("INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (9999, 'from the future', true, '', 0)")
        .execute(&mut admin)
        .await
        .expect("inserted");
    admin.close().await.expect("closed");
    let error = postgres::migrate(&db.admin_url, &context_types(), None).await.expect_err("refused");
    assert!(matches!(error, DatabaseError::NewerSchema(9999)), "{error:?}");
    assert!(error.to_string().contains("newer version of neuroops"));
    db.drop().await;
}

#[tokio::test]
async fn the_number_of_log_partitions_cannot_change() {
    let db = database().await;
    let error = postgres::migrate(&db.admin_url, &context_types(), Some(db.partitions + 1)).await.expect_err("refused");
    assert!(
        matches!(error, DatabaseError::Partitions { stored, wanted } if stored == db.partitions && wanted == db.partitions + 1),
        "{error:?}"
    );
    postgres::migrate(&db.admin_url, &context_types(), None).await.expect("without a wish, what is stored holds");
    db.drop().await;
}
