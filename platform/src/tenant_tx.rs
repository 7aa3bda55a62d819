//! A transaction that sees one tenant.

use std::ops::{Deref, DerefMut};

use sqlx::{PgConnection, PgPool, Postgres, Transaction};
use uuid::Uuid;

use crate::postgres::{BY_KEY, begin_with};

/// A transaction bound to one tenant: row level security shows it that tenant's rows and nobody else's.
///
/// The binding is `SET LOCAL`, so it ends with the transaction whatever becomes of it: commit, error, panic or a request that
/// is cancelled. It is made in the same round trip that begins the transaction.
pub struct TenantTx {
    inner: Transaction<'static, Postgres>,
}

impl TenantTx {
    /// Begins a transaction for `tenant`.
    pub async fn begin(pool: &PgPool, tenant: Uuid) -> Result<Self, sqlx::Error> {
        // A Uuid prints as hexadecimal digits and hyphens only, so it can stand in the statement's text.
        let inner = begin_with(pool, format!("BEGIN; SET LOCAL app.tenant_id = '{tenant}'").into()).await?;
        Ok(Self { inner })
    }

    /// Begins a transaction for `tenant` that looks rows up by key, through indexes whatever statistics say.
    pub async fn begin_by_key(pool: &PgPool, tenant: Uuid) -> Result<Self, sqlx::Error> {
        let settings = BY_KEY.map(|setting| format!("; SET LOCAL {setting} = off")).concat();
        let inner = begin_with(pool, format!("BEGIN; SET LOCAL app.tenant_id = '{tenant}'{settings}").into()).await?;
        Ok(Self { inner })
    }

    /// Begins a transaction for `tenant` that reads one unchanging state of the database.
    pub async fn begin_snapshot(pool: &PgPool, tenant: Uuid) -> Result<Self, sqlx::Error> {
        let statement = format!("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL app.tenant_id = '{tenant}'");
        let inner = begin_with(pool, statement.into()).await?;
        Ok(Self { inner })
    }

    /// Commits.
    pub async fn commit(self) -> Result<(), sqlx::Error> {
        self.inner.commit().await
    }
}

impl Deref for TenantTx {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.inner
    }
}

impl DerefMut for TenantTx {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.inner
    }
}
