//! Migrations, tenants and tokens: the commands that need the owner's connection.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use chrono::{DateTime, Utc};
use clap::Subcommand;
use comfy_table::Table;
use commands::CommandBus;
use domain::kernel::{Actor, Currency};
use platform::clock;
use platform::config::Config;
use platform::postgres::{self, DatabaseError};
use projections::{contexts, sql_access};
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use crate::roles::WriteSide;
use crate::setup;

/// The roles that a token may carry.
const ROLES: [&str; 6] = ["owner", "admin", "member", "analyst", "auditor", "service"];

/// `neuroops tenants …`
#[derive(Subcommand)]
pub enum TenantsCommand {
    /// Create a tenant and set it up; prints its id and a token for its owner.
    Create {
        /// The organisation's name.
        name: String,
        /// Subject of the owner's token.
        #[arg(long, default_value = "owner")]
        owner: String,
        /// The currency of its books, an ISO 4217 code. It stays.
        #[arg(long, default_value = "EUR", value_parser = currency)]
        currency: Currency,
        /// Days until the token expires.
        #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=365))]
        days: u32,
    },
    /// Send a tenant the commands that every tenant starts with, as far as it has not had them: after an upgrade, or an interrupted `create`.
    Setup {
        /// The tenant's id.
        tenant: Uuid,
    },
    /// List the tenants.
    List,
    /// Let a tenant read and export, but not command.
    Suspend {
        /// The tenant's id.
        tenant: Uuid,
    },
    /// Lift a suspension.
    Reinstate {
        /// The tenant's id.
        tenant: Uuid,
    },
}

/// `neuroops tokens …`
#[derive(Subcommand)]
pub enum TokensCommand {
    /// Issue a token; prints it once.
    Issue {
        /// The tenant's id; the demo tenant without it.
        #[arg(long, env = "NEUROOPS_TENANT_ID")]
        tenant: Option<Uuid>,
        /// Whom the token is for: a user's id or email address, or the name of a program.
        #[arg(long)]
        subject: String,
        /// owner, admin, member, analyst, auditor or service; several with commas.
        #[arg(long, value_delimiter = ',', default_value = "member")]
        role: Vec<String>,
        /// Days until it expires.
        #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=365))]
        days: u32,
    },
    /// List the tokens of a tenant.
    List {
        /// The tenant's id.
        #[arg(long, env = "NEUROOPS_TENANT_ID")]
        tenant: Option<Uuid>,
    },
    /// Revoke a token; gateways refuse it within five seconds.
    Revoke {
        /// The token's id, as `list` shows it.
        token_id: Uuid,
    },
}

/// A connection of the role that owns all objects.
pub async fn connect(admin_url: &str) -> Result<PgConnection> {
    Ok(PgConnection::connect(admin_url).await.map_err(DatabaseError::Connect)?)
}

/// Brings the schema up to date, and with it the views of the SQL clients.
pub async fn bring_up_to_date(admin_url: &str, partitions: Option<i32>) -> Result<()> {
    postgres::migrate(admin_url, &contexts::context_types(), partitions).await?;
    let mut connection = connect(admin_url).await?;
    sql_access::refresh(&mut connection, contexts::CONTEXTS).await.context("the views of the SQL clients were not brought up to date")?;
    connection.close().await?;
    Ok(())
}

/// `neuroops migrate`
pub async fn migrate(config: &Config) -> Result<()> {
    let admin = config.require_database_admin()?;
    bring_up_to_date(admin.expose(), config.log_partitions).await?;
    println!("The database is up to date.");
    Ok(())
}

fn currency(text: &str) -> Result<Currency, String> {
    Currency::try_from(text).map_err(|error| error.to_string())
}

/// Makes a tenant, or finds the one with this id.
pub async fn ensure_tenant(admin_url: &str, id: Option<Uuid>, name: &str, currency: Currency) -> Result<Uuid> {
    let id = id.unwrap_or_else(clock::new_id);
    let mut connection = connect(admin_url).await?;
    sqlx::query("INSERT INTO tenancy.tenants (tenant_id, name, currency) VALUES ($1, $2, $3) ON CONFLICT (tenant_id) DO NOTHING")
        .bind(id)
        .bind(name)
        .bind(currency.code())
        .execute(&mut connection)
        .await?;
    connection.close().await?;
    Ok(id)
}

/// The currency of a tenant's books.
async fn currency_of(admin_url: &str, tenant: Uuid) -> Result<Currency> {
    let mut connection = connect(admin_url).await?;
    let found: Option<String> = sqlx::query_scalar("SELECT currency FROM tenancy.tenants WHERE tenant_id = $1")
        .bind(tenant)
        .fetch_optional(&mut connection)
        .await?;
    connection.close().await?;
    let Some(code) = found else { bail!("there is no tenant {tenant}; `neuroops tenants list` shows them") };
    Currency::try_from(code.as_str()).with_context(|| format!("`{code}`, which is noted for the tenant {tenant}, is no currency"))
}

/// Sends a tenant the commands that every tenant starts with, each once however often this is done.
pub async fn set_up(bus: &CommandBus, admin_url: &str, tenant: Uuid) -> Result<setup::Report> {
    let currency = currency_of(admin_url, tenant).await?;
    let report = setup::run(bus, &contexts::domains(), tenant, currency).await?;
    if !report.refused.is_empty() {
        bail!("the tenant {tenant} is not set up completely:\n  {}", report.refused.join("\n  "));
    }
    Ok(report)
}

/// Issues a token and records it, so that it can be listed and revoked.
pub async fn issue(admin_url: &str, jwt_secret: &str, tenant: Uuid, subject: &str, roles: &[String], lasts: Duration) -> Result<String> {
    if let Some(unknown) = roles.iter().find(|role| !ROLES.contains(&role.as_str())) {
        bail!("`{unknown}` is not a role; the roles are {}", ROLES.join(", "));
    }
    if Actor::is_reserved(subject) {
        bail!("`{subject}` is a name that the platform keeps for itself; choose another subject");
    }
    let token_id = clock::new_id();
    let expires_at: DateTime<Utc> = clock::now() + lasts;
    let mut connection = connect(admin_url).await?;
    let done = sqlx::query(
        "INSERT INTO tenancy.tokens (tenant_id, token_id, subject, roles, expires_at) SELECT tenant_id, $2, $3, $4, $5 FROM tenancy.tenants WHERE tenant_id = $1",
    )
    .bind(tenant)
    .bind(token_id)
    .bind(subject)
    .bind(roles)
    .bind(expires_at)
    .execute(&mut connection)
    .await?;
    connection.close().await?;
    if done.rows_affected() == 0 {
        bail!("there is no tenant {tenant}; `neuroops tenants list` shows them");
    }
    Ok(gateway::auth::issue(jwt_secret, tenant, subject, roles, token_id, lasts))
}

fn days(count: u32) -> Duration {
    Duration::from_hours(24 * u64::from(count))
}

/// `neuroops tenants …`
pub async fn tenants(config: &Config, command: TenantsCommand) -> Result<()> {
    let admin = config.require_database_admin()?.expose();
    match command {
        TenantsCommand::Create { name, owner, currency, days: count } => {
            let secret = config.require_jwt_secret()?.expose();
            // Before the tenant is made: what is missing should cost nothing.
            let write_side = WriteSide::of_program(config, config.require_database()?.expose()).await?;
            let tenant = ensure_tenant(admin, None, &name, currency).await?;
            let token = issue(admin, secret, tenant, &owner, &["owner".to_owned()], days(count)).await?;
            println!("NEUROOPS_TENANT_ID={tenant}\nNEUROOPS_TOKEN={token}");
            set_up(&write_side.bus, admin, tenant).await?;
        }
        TenantsCommand::Setup { tenant } => {
            currency_of(admin, tenant).await?;
            let write_side = WriteSide::of_program(config, config.require_database()?.expose()).await?;
            let report = set_up(&write_side.bus, admin, tenant).await?;
            println!("{tenant} is set up: {} commands done, {} were not needed.", report.done, report.already);
        }
        TenantsCommand::List => {
            let mut connection = connect(admin).await?;
            let rows: Vec<(Uuid, String, String, String, DateTime<Utc>)> =
                sqlx::query_as("SELECT tenant_id, name, currency, status, created_at FROM tenancy.tenants ORDER BY created_at")
                    .fetch_all(&mut connection)
                    .await?;
            let mut table = Table::new();
            table.set_header(["tenant", "name", "currency", "status", "created"]);
            for (tenant, name, currency, status, created) in rows {
                table.add_row([tenant.to_string(), name, currency, status, created.format("%Y-%m-%d %H:%M").to_string()]);
            }
            println!("{table}");
        }
        TenantsCommand::Suspend { tenant } => set_status(admin, tenant, "suspended").await?,
        TenantsCommand::Reinstate { tenant } => set_status(admin, tenant, "active").await?,
    }
    Ok(())
}

async fn set_status(admin: &str, tenant: Uuid, status: &str) -> Result<()> {
    let mut connection = connect(admin).await?;
    let done = sqlx::query("UPDATE tenancy.tenants SET status = $2 WHERE tenant_id = $1")
        .bind(tenant)
        .bind(status)
        .execute(&mut connection)
        .await?;
    if done.rows_affected() == 0 {
        bail!("there is no tenant {tenant}; `neuroops tenants list` shows them");
    }
    println!("{tenant} is {status}.");
    Ok(())
}

/// `neuroops tokens …`
pub async fn tokens(config: &Config, command: TokensCommand) -> Result<()> {
    let admin = config.require_database_admin()?.expose();
    let demo = || crate::settings::client_setting("NEUROOPS_TENANT_ID").and_then(|id| id.parse().ok());
    let tenant_of = |tenant: Option<Uuid>| tenant.or_else(demo).context("which tenant? Give --tenant; `neuroops tenants list` shows them");
    match command {
        TokensCommand::Issue { tenant, subject, role, days: count } => {
            let secret = config.require_jwt_secret()?.expose();
            println!("{}", issue(admin, secret, tenant_of(tenant)?, &subject, &role, days(count)).await?);
        }
        TokensCommand::List { tenant } => {
            const QUERY: &str = "SELECT token_id, subject, array_to_string(roles, ', '), expires_at, revoked_at IS NOT NULL FROM tenancy.tokens \
                WHERE tenant_id = $1 ORDER BY issued_at DESC";
            let mut connection = connect(admin).await?;
            let rows: Vec<(Uuid, String, String, DateTime<Utc>, bool)> =
                sqlx::query_as(QUERY).bind(tenant_of(tenant)?).fetch_all(&mut connection).await?;
            let mut table = Table::new();
            table.set_header(["token", "subject", "roles", "expires", "revoked"]);
            for (token, subject, roles, expires, revoked) in rows {
                table.add_row([
                    token.to_string(),
                    subject,
                    roles,
                    expires.format("%Y-%m-%d %H:%M").to_string(),
                    if revoked { "yes" } else { "" }.to_owned(),
                ]);
            }
            println!("{table}");
        }
        TokensCommand::Revoke { token_id } => {
            let mut connection = connect(admin).await?;
            let done = sqlx::query("UPDATE tenancy.tokens SET revoked_at = now() WHERE token_id = $1 AND revoked_at IS NULL")
                .bind(token_id)
                .execute(&mut connection)
                .await?;
            if done.rows_affected() == 0 {
                bail!("there is no such token, or it is revoked already; `neuroops tokens list` shows them");
            }
            println!("Revoked.");
        }
    }
    Ok(())
}
