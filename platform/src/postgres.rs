//! Pools and migrations.

mod link;

use std::borrow::Cow;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, PgConnection, PgPool, Postgres, Transaction};

/// The schema that this program was built with.
static MIGRATOR: Migrator = sqlx::migrate!("../migrations");

/// A context and the types of its aggregates, for [`migrate`].
pub type ContextTypes = (String, Vec<String>);

/// What can go wrong between the program and Postgres before work begins.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// The connection string cannot be read.
    #[error("the database URL is not a Postgres connection string, which looks like postgres://user:password@host:5432/database")]
    Url(#[source] sqlx::Error),
    /// No answer, or a refusal.
    #[error("Postgres cannot be reached or refuses the connection; check that it runs and that the address, user and password are right")]
    Connect(#[source] sqlx::Error),
    /// The database is ahead of the program.
    #[error(
        "the database was migrated by a newer version of neuroops (it has migration {0}); run that version, or restore a backup from before"
    )]
    NewerSchema(i64),
    /// The database is behind the program.
    #[error("the database lacks migrations of this version of neuroops; run `neuroops migrate` with DATABASE_ADMIN_URL set")]
    OlderSchema,
    /// Somebody edited a migration.
    #[error("migration {0} was changed after it was applied; restore the migration's file")]
    ChangedMigration(i64),
    /// A migration failed; it was rolled back.
    #[error("a migration failed and was rolled back")]
    Migration(#[source] MigrateError),
    /// The number of log partitions is fixed.
    #[error(
        "the log was initialised with {stored} partitions, and NEUROOPS_PARTITIONS asks for {wanted}; the number cannot change, so set it to {stored} or leave it out"
    )]
    Partitions {
        /// As initialised.
        stored: i32,
        /// As configured.
        wanted: i32,
    },
    /// Any other failure of a statement.
    #[error("a statement failed")]
    Query(#[from] sqlx::Error),
}

/// Opens a pool of at most `connections_max` connections. Connections are made on demand; an unreachable server shows when one is needed.
pub fn pool(url: &str, connections_max: u32) -> Result<PgPool, DatabaseError> {
    Ok(pool_options(connections_max).connect_lazy_with(connect_options(url)?))
}

/// Opens a pool whose way to Postgres is watched, for what runs for long: statements that are never answered end with an error within
/// seconds, and connections from before an outage are not used after it. Takes one connection more than the pool, until that is closed.
pub fn watched_pool(url: &str, connections_max: u32) -> Result<PgPool, DatabaseError> {
    let link = Arc::new(link::Link::default());
    let known = link.clone();
    let options = pool_options(connections_max).before_acquire(move |_, found| {
        let trusted = known.trusts(found.age);
        Box::pin(async move { Ok(trusted) })
    });
    let pool = options.connect_lazy_with(connect_options(url)?);
    tokio::spawn(link::watch(pool.connect_options(), link, pool.close_event()));
    Ok(pool)
}

fn connect_options(url: &str) -> Result<PgConnectOptions, DatabaseError> {
    let options = PgConnectOptions::from_str(url).map_err(DatabaseError::Url)?;
    Ok(options.application_name("neuroops").statement_cache_capacity(512))
}

fn pool_options(connections_max: u32) -> PgPoolOptions {
    PgPoolOptions::new()
        .max_connections(connections_max)
        .acquire_timeout(Duration::from_secs(5))
        .idle_timeout(Duration::from_mins(5))
        .test_before_acquire(false)
}

/// Brings the schema up to date, fixes the number of log partitions at the first run, and makes sure that every context has its
/// log partitions. `partitions` is `None` where the configuration does not say; the first run then takes 16.
pub async fn migrate(admin_url: &str, contexts: &[ContextTypes], partitions: Option<i32>) -> Result<(), DatabaseError> {
    let mut connection = PgConnection::connect(admin_url).await.map_err(DatabaseError::Connect)?;
    MIGRATOR.run_direct(&mut connection).await.map_err(|error| match error {
        MigrateError::VersionMissing(version) => DatabaseError::NewerSchema(version),
        MigrateError::VersionMismatch(version) => DatabaseError::ChangedMigration(version),
        other => DatabaseError::Migration(other),
    })?;
    let wanted = partitions.unwrap_or(16);
    sqlx::query("INSERT INTO log.settings (name, value) VALUES ('partitions', $1) ON CONFLICT (name) DO NOTHING")
        .bind(wanted.to_string())
        .execute(&mut connection)
        .await?;
    let stored = stored_partitions(&mut connection).await?;
    if let Some(wanted) = partitions.filter(|wanted| *wanted != stored) {
        return Err(DatabaseError::Partitions { stored, wanted });
    }
    for (context, types) in contexts {
        sqlx::query("SELECT log.ensure_context($1, $2)").bind(context).bind(types).execute(&mut connection).await?;
    }
    connection.close().await?;
    Ok(())
}

/// The number of log partitions of this database.
pub async fn stored_partitions(connection: &mut PgConnection) -> Result<i32, DatabaseError> {
    let value: String = sqlx::query_scalar("SELECT value FROM log.settings WHERE name = 'partitions'").fetch_one(connection).await?;
    value.parse().map_err(|_| DatabaseError::OlderSchema)
}

/// A text that changes with every change of the migrations.
pub fn schema_fingerprint() -> String {
    let checksums: Vec<String> = MIGRATOR.iter().map(|migration| format!("{}:{:02x?}", migration.version, migration.checksum)).collect();
    checksums.join(";")
}

/// Begins a transaction of the worker role, which sees all tenants and looks rows up by key: for the relay and the projectors, never for
/// a request.
pub async fn begin_worker(pool: &PgPool) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    begin_with(pool, format!("BEGIN; {}", crate::tenant_tx::BY_KEY).into()).await
}

/// Begins a transaction with this statement.
///
/// The statement is awaited in a task of its own, because sqlx (0.8) is not safe to cancel there: a `BEGIN` whose answer nobody awaits
/// leaves the pooled connection within a transaction that sqlx does not know of, and whatever uses the connection next is
/// acknowledged without being committed. The task of a caller that went away ends its transaction properly.
pub(crate) async fn begin_with(pool: &PgPool, statement: Cow<'static, str>) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    let connection = pool.acquire().await?;
    let begun = tokio::spawn(Transaction::begin(connection, Some(statement)));
    begun.await.unwrap_or(Err(sqlx::Error::WorkerCrashed))
}

/// Checks that a role of the program can connect and finds the schema that it was built for, and tells the number of log partitions.
pub async fn check(pool: &PgPool) -> Result<i32, DatabaseError> {
    let mut connection = pool.acquire().await.map_err(DatabaseError::Connect)?;
    let contexts: Result<i64, _> = sqlx::query_scalar("SELECT count(*) FROM log.contexts").fetch_one(&mut *connection).await;
    match contexts {
        Ok(0) | Err(sqlx::Error::Database(_)) => Err(DatabaseError::OlderSchema),
        Ok(_) => stored_partitions(&mut connection).await,
        Err(error) => Err(DatabaseError::Connect(error)),
    }
}

/// Lets the application roles log in with these passwords; for servers that the platform brings itself.
pub async fn set_passwords(admin_url: &str, passwords: &[(&str, &str)]) -> Result<(), DatabaseError> {
    let mut connection = PgConnection::connect(admin_url).await.map_err(DatabaseError::Connect)?;
    for (role, password) in passwords {
        // ALTER ROLE takes no parameters; format() quotes both.
        let statement: String = sqlx::query_scalar("SELECT format('ALTER ROLE %I PASSWORD %L', $1, $2)")
            .bind(role)
            .bind(password)
            .fetch_one(&mut connection)
            .await?;
        sqlx::raw_sql(&statement).execute(&mut connection).await?;
    }
    connection.close().await?;
    Ok(())
}

/// Makes a database if it is not there. `admin_url` names an existing one.
pub async fn ensure_database(admin_url: &str, name: &str, template: Option<&str>) -> Result<(), DatabaseError> {
    let mut connection = PgConnection::connect(admin_url).await.map_err(DatabaseError::Connect)?;
    let exists: bool =
        sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)").bind(name).fetch_one(&mut connection).await?;
    if !exists {
        let template = template.map(|template| format!(" TEMPLATE {}", quote(template))).unwrap_or_default();
        sqlx::raw_sql(&format!("CREATE DATABASE {}{template}", quote(name))).execute(&mut connection).await?;
    }
    connection.close().await?;
    Ok(())
}

fn quote(identifier: &str) -> String {
    format!("\"{}\"", identifier.replace('"', "\"\""))
}

/// The same server and user, another database.
pub fn with_database(url: &str, database: &str) -> String {
    let (base, query) = url.split_once('?').map_or((url, None), |(base, query)| (base, Some(query)));
    let authority_end = base.find("://").map_or(0, |start| start + 3);
    let path = base[authority_end..].find('/').map_or(base.len(), |slash| authority_end + slash);
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    format!("{}/{database}{query}", &base[..path])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_database_of_a_url_is_replaced() {
        assert_eq!(with_database("postgres://u:p@h:1/a?x=y", "b"), "postgres://u:p@h:1/b?x=y");
        assert_eq!(with_database("postgres://u:p@h:1", "b"), "postgres://u:p@h:1/b");
    }
}
