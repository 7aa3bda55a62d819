//! Roles that log in with SQL clients. Each belongs to one tenant.

use chrono::{DateTime, Utc};
use sqlx::{Connection as _, Executor as _, PgConnection};
use uuid::Uuid;

/// Beginning of the names of roles; what follows is chance, so that the list of roles, which everybody may read, names no tenant.
const PREFIX: &str = "neuroops_sql_";
/// Sessions that one role may have at a time.
const CONNECTIONS_MAX: u32 = 8;
/// What a session of such a role begins with. It may change these settings; what it may read and write does not depend on them.
const SETTINGS: [(&str, &str); 5] = [
    ("default_transaction_read_only", "on"),
    ("statement_timeout", "60s"),
    ("idle_in_transaction_session_timeout", "60s"),
    ("lock_timeout", "5s"),
    ("search_path", "analytics"),
];
/// The longest label.
const LABEL_CHARS_MAX: usize = 100;

/// Why a role was not granted or revoked.
#[derive(Debug, thiserror::Error)]
pub enum SqlAccessError {
    /// No such tenant.
    #[error("there is no tenant {0}; `neuroops tenants list` shows them")]
    UnknownTenant(Uuid),
    /// No such role.
    #[error("there is no SQL role `{0}`; `neuroops analytics list` shows them")]
    UnknownRole(String),
    /// Too long, or unprintable.
    #[error("a label has at most {LABEL_CHARS_MAX} characters, none of them control characters")]
    Label,
    /// A statement failed.
    #[error("a statement failed")]
    Database(#[from] sqlx::Error),
}

/// A role that was just made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Granted {
    /// Its name.
    pub role: String,
    /// The database that it logs in to.
    pub database: String,
}

/// A role that there is.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct SqlRole {
    /// Its name.
    pub role: String,
    /// The tenant whose rows it sees.
    pub tenant_id: Uuid,
    /// What it is for.
    pub label: String,
    /// Since when.
    pub granted_at: DateTime<Utc>,
    /// Its sessions right now.
    pub sessions: i64,
}

/// Makes a role that sees the rows of one tenant, with this password.
pub async fn grant(connection: &mut PgConnection, tenant: Uuid, label: &str, password: &str) -> Result<Granted, SqlAccessError> {
    if label.chars().count() > LABEL_CHARS_MAX || label.chars().any(char::is_control) {
        return Err(SqlAccessError::Label);
    }
    let known: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM tenancy.tenants WHERE tenant_id = $1)")
        .bind(tenant)
        .fetch_one(&mut *connection)
        .await?;
    if !known {
        return Err(SqlAccessError::UnknownTenant(tenant));
    }
    let digits = platform::clock::new_id().simple().to_string();
    // The last digits of a UUIDv7 are random.
    let role = format!("{PREFIX}{}", &digits[digits.len() - 12..]);
    let mut tx = connection.begin().await?;
    let database: String = sqlx::query_scalar("SELECT current_database()").fetch_one(&mut *tx).await?;
    let create =
        "CREATE ROLE %I LOGIN INHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS CONNECTION LIMIT %s PASSWORD %L";
    run(&mut tx, create, &[&role, &CONNECTIONS_MAX.to_string(), password]).await?;
    for (name, value) in SETTINGS {
        run(&mut tx, "ALTER ROLE %I SET %I = %L", &[&role, name, value]).await?;
    }
    // Temporary tables are everybody's by default, and could fill the disk.
    run(&mut tx, "REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC", &[&database]).await?;
    run(&mut tx, "GRANT CONNECT ON DATABASE %I TO %I", &[&database, &role]).await?;
    run(&mut tx, "GRANT neuroops_sql TO %I", &[&role]).await?;
    sqlx::query("INSERT INTO runtime.sql_roles (tenant_id, role, label) VALUES ($1, $2::name, $3)")
        .bind(tenant)
        .bind(&role)
        .bind(label)
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(Granted { role, database })
}

/// Takes a role away; its sessions end.
pub async fn revoke(connection: &mut PgConnection, role: &str) -> Result<(), SqlAccessError> {
    let mut tx = connection.begin().await?;
    sqlx::query("DELETE FROM runtime.sql_roles WHERE role = $1::name").bind(role).execute(&mut *tx).await?;
    // A role that an interrupted revocation has left behind has lost its tenant already.
    let known: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1::name AND starts_with(rolname, $2))")
        .bind(role)
        .bind(PREFIX)
        .fetch_one(&mut *tx)
        .await?;
    if !known {
        return Err(SqlAccessError::UnknownRole(role.to_owned()));
    }
    run(&mut tx, "ALTER ROLE %I NOLOGIN", &[role]).await?;
    tx.commit().await?;
    let database: String = sqlx::query_scalar("SELECT current_database()").fetch_one(&mut *connection).await?;
    sqlx::query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1::name")
        .bind(role)
        .execute(&mut *connection)
        .await?;
    run(connection, "REVOKE CONNECT ON DATABASE %I FROM %I", &[&database, role]).await?;
    run(connection, "DROP ROLE %I", &[role]).await?;
    Ok(())
}

/// The roles of a tenant, or of all.
pub async fn list(connection: &mut PgConnection, tenant: Option<Uuid>) -> Result<Vec<SqlRole>, SqlAccessError> {
    const READ: &str = "SELECT r.role::text AS role, r.tenant_id, r.label, r.granted_at, \
            (SELECT count(*) FROM pg_stat_activity a WHERE a.usename = r.role AND a.datname = current_database()) AS sessions \
        FROM runtime.sql_roles r WHERE $1::uuid IS NULL OR r.tenant_id = $1 ORDER BY r.granted_at, r.role";
    Ok(sqlx::query_as(READ).bind(tenant).fetch_all(connection).await?)
}

/// Runs a statement that takes no parameters; Postgres itself quotes the names and values.
async fn run(connection: &mut PgConnection, template: &str, values: &[&str]) -> Result<(), sqlx::Error> {
    let statement: String =
        sqlx::query_scalar("SELECT format($1, VARIADIC $2::text[])").bind(template).bind(values).fetch_one(&mut *connection).await?;
    connection.execute(statement.as_str()).await?;
    Ok(())
}
