//! `neuroops analytics …`: roles that log in with SQL clients and see one tenant.

use anyhow::{Context as _, Result};
use clap::Subcommand;
use comfy_table::Table;
use platform::config::Config;
use projections::sql_access;
use sqlx::Connection as _;
use uuid::Uuid;

use crate::{admin, secrets};

/// `neuroops analytics …`
#[derive(Subcommand)]
pub enum AnalyticsCommand {
    /// Make a role that logs in to Postgres and reads one tenant's read models; prints its connection string once.
    Grant {
        /// The tenant's id; the demo tenant without it.
        #[arg(long, env = "NEUROOPS_TENANT_ID")]
        tenant: Option<Uuid>,
        /// What the role is for, e.g. `grafana`.
        #[arg(long, default_value = "")]
        label: String,
    },
    /// Take a role away; its sessions end.
    Revoke {
        /// The role's name, as `list` shows it.
        role: String,
    },
    /// List the roles.
    List {
        /// Only this tenant's.
        #[arg(long)]
        tenant: Option<Uuid>,
    },
}

/// `neuroops analytics …`
pub async fn run(config: &Config, command: AnalyticsCommand) -> Result<()> {
    let admin_url = config.require_database_admin()?.expose();
    let mut connection = admin::connect(admin_url).await?;
    match command {
        AnalyticsCommand::Grant { tenant, label } => {
            let demo = || crate::settings::client_setting("NEUROOPS_TENANT_ID").and_then(|id| id.parse().ok());
            let tenant = tenant.or_else(demo).context("which tenant? Give --tenant; `neuroops tenants list` shows them")?;
            let password = secrets::random()?;
            let granted = sql_access::grant(&mut connection, tenant, &label, &password).await?;
            println!("{}", connection_string(admin_url, &granted.role, &password, &granted.database));
            eprintln!(
                "This is shown once. The views are in the schema `analytics`; try: SELECT * FROM analytics.crm_contact_list LIMIT 10"
            );
        }
        AnalyticsCommand::Revoke { role } => {
            sql_access::revoke(&mut connection, &role).await?;
            println!("{role} is gone.");
        }
        AnalyticsCommand::List { tenant } => {
            let mut table = Table::new();
            table.set_header(["role", "tenant", "label", "granted", "sessions"]);
            for role in sql_access::list(&mut connection, tenant).await? {
                let granted = role.granted_at.format("%Y-%m-%d %H:%M").to_string();
                table.add_row([role.role, role.tenant_id.to_string(), role.label, granted, role.sessions.to_string()]);
            }
            println!("{table}");
        }
    }
    connection.close().await?;
    Ok(())
}

/// Where the role logs in: where the owner of all objects does.
fn connection_string(admin_url: &str, role: &str, password: &str, database: &str) -> String {
    let rest = admin_url.split_once("://").map_or(admin_url, |(_, rest)| rest);
    let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest);
    let (host, query) = rest.split_once('?').map_or((rest, String::new()), |(host, query)| (host, format!("?{query}")));
    let host = host.split('/').next().unwrap_or_default();
    format!("postgres://{role}:{password}@{host}/{database}{query}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_connection_string_names_the_owners_server_and_nothing_of_the_owner() {
        let of = |admin: &str| connection_string(admin, "r", "p", "d");
        assert_eq!(of("postgres://owner:se@cret@db.example.com:5433/neuroops"), "postgres://r:p@db.example.com:5433/d");
        assert_eq!(of("postgres://owner@h/x?sslmode=require"), "postgres://r:p@h/d?sslmode=require");
        assert_eq!(of("postgres://h"), "postgres://r:p@h/d");
    }
}
