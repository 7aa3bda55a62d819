//! `neuroops up`: everything in one process, with its own servers.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow};
use commands::CommandBus;
use domain::kernel::Currency;
use platform::config::{Config, Secret};
use platform::embedded::{Embedded, KafkaKind};
use platform::kafka::KafkaOptions;
use platform::postgres::{self, with_database};
use projections::contexts;
use uuid::Uuid;
use workers::{Roles, WorkerHealth};

use crate::admin;
use crate::billing;
use crate::roles::{self, Gateway, GatewaySettings, Started, WorkerSettings, WriteSide};
use crate::secrets::{Secrets, write_private};
use crate::settings;

/// A platform that runs in this process.
pub struct Up {
    /// Where the gateway listens.
    pub url: String,
    /// The demo tenant.
    pub tenant_id: Uuid,
    /// An owner's token of the demo tenant.
    pub token: String,
    /// Connection string of the application role.
    pub database_url: String,
    /// The command bus of the gateway and the workers.
    pub bus: Arc<CommandBus>,
    /// Kafka.
    pub kafka: KafkaOptions,
    /// The file with all that.
    pub env_file: PathBuf,
    gateway: Gateway,
    workers: Started,
    servers: Embedded,
}

/// Connection strings of the roles.
struct Databases {
    app: String,
    worker: String,
    admin: String,
}

impl Up {
    /// Starts the servers, the gateway and the workers.
    pub async fn start(config: &Config) -> Result<Self> {
        // Before anything is started: an occupied port should cost nothing.
        let listener = roles::bind(config.http_addr, "HTTP_ADDR").await?;
        let options = config.embedded_options();
        let servers = tokio::task::spawn_blocking(move || Embedded::start(&options)).await??;
        let secrets = Secrets::load(&config.dir)?;
        let databases = databases(config, &servers, &secrets).await?;
        let kafka = KafkaOptions { bootstrap: bootstrap(config, &servers)?, prefix: config.kafka_topic_prefix.clone() };
        if servers.kafka().is_some_and(|kafka| kafka.kind == KafkaKind::InProcess) {
            create_mock_topics(&servers, &kafka, &databases.worker).await?;
        }
        let jwt_secret = config.jwt_secret_key.as_ref().map_or(secrets.jwt_secret_key.as_str(), |secret| secret.expose()).to_owned();
        let write_side = WriteSide::of_gateway(config, &databases.app).await?;
        let bus = write_side.bus.clone();
        let stripe = billing::stripe(config)?;
        let export_dir = config.export_dir.clone().unwrap_or_else(|| config.dir.join("exports"));
        let secrets_keys = match config.secrets_keys.as_slice() {
            [] => vec![Secret::new(secrets.sealing_key.clone())],
            given => given.to_vec(),
        };
        let audit_keys = audit_keys(config, &secrets);
        let workers = Started::start(WorkerSettings {
            config,
            database_url: &databases.worker,
            kafka: Some(kafka.clone()),
            roles: Roles::ALL,
            audit_keys: &audit_keys,
            inbox: true,
            exports: Some(&export_dir),
            write_side: Some(write_side.clone()),
            stripe: &stripe,
            secrets_keys: &secrets_keys,
        })
        .await?;
        wait_for_relay(&workers.health()).await;
        let gateway_settings = GatewaySettings {
            write_side,
            jwt_secret: jwt_secret.clone(),
            export_dir: Some(export_dir),
            probes: workers.probes(),
            stripe,
            secrets_keys,
        };
        let gateway = Gateway::start(config, gateway_settings, listener)?;
        let url = format!("http://{}", gateway.address);
        let env_file = config.dir.join("demo.env");
        let (tenant_id, token) = demo_tenant(config, &databases.admin, &bus, &jwt_secret, secrets.demo_tenant_id).await?;
        let app = databases.app.clone();
        let up = Self { url, tenant_id, token, database_url: app, bus, kafka, env_file, gateway, workers, servers };
        up.write_env(&databases, &secrets)?;
        Ok(up)
    }

    fn write_env(&self, databases: &Databases, secrets: &Secrets) -> Result<()> {
        let mut text = String::from(
            "# Written by `neuroops up`; source it in a shell. The password is for the sign-in of people, the token for programs.\n",
        );
        let lines = [
            ("NEUROOPS_URL", self.url.as_str()),
            ("NEUROOPS_TENANT_ID", &self.tenant_id.to_string()),
            ("NEUROOPS_TOKEN", &self.token),
            ("NEUROOPS_EMAIL", "demo@example.com"),
            ("NEUROOPS_PASSWORD", &secrets.demo_password),
            ("DATABASE_URL", &databases.app),
            ("DATABASE_WORKER_URL", &databases.worker),
            ("DATABASE_ADMIN_URL", &databases.admin),
            ("KAFKA_BOOTSTRAP_SERVERS", &self.kafka.bootstrap),
            ("KAFKA_TOPIC_PREFIX", &self.kafka.prefix),
        ];
        for (name, value) in lines {
            let _ = writeln!(text, "export {name}={}", settings::quoted(value));
        }
        write_private(&self.env_file, &text)
    }

    /// Says what the user should know about the servers.
    pub fn tell_notices(&self) {
        for notice in self.servers.notices() {
            println!("Note: {notice}");
        }
    }

    /// Stops everything, gateways first.
    pub async fn stop(self) -> Result<()> {
        let Self { gateway, workers, mut servers, .. } = self;
        let stopped = gateway.stop().await;
        workers.stop().await;
        tokio::task::spawn_blocking(move || servers.stop()).await?;
        stopped
    }
}

/// Gives the relay a moment to learn where Kafka stands, so that the first command is relayed at once. Without Kafka the platform
/// starts all the same.
async fn wait_for_relay(health: &WorkerHealth) {
    let adopted = async {
        while health.adopted() == 0 && health.kafka_trouble().is_none() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    drop(tokio::time::timeout(Duration::from_secs(5), adopted).await);
}

async fn databases(config: &Config, servers: &Embedded, secrets: &Secrets) -> Result<Databases> {
    if let Some(own) = servers.postgres() {
        let server = own.admin_url.clone();
        postgres::ensure_database(&server, "neuroops", None).await?;
        let admin = with_database(&server, "neuroops");
        admin::bring_up_to_date(&admin, config.log_partitions).await?;
        let passwords = [("neuroops_app", secrets.app_password.as_str()), ("neuroops_worker", secrets.worker_password.as_str())];
        postgres::set_passwords(&admin, &passwords).await?;
        let url = |role: &str, password: &str| format!("postgres://{role}:{password}@127.0.0.1:{}/neuroops", own.port);
        return Ok(Databases {
            app: url("neuroops_app", &secrets.app_password),
            worker: url("neuroops_worker", &secrets.worker_password),
            admin,
        });
    }
    let outside = Databases {
        app: config.require_database()?.expose().to_owned(),
        worker: config.require_database_worker()?.expose().to_owned(),
        admin: config.require_database_admin()?.expose().to_owned(),
    };
    admin::bring_up_to_date(&outside.admin, config.log_partitions).await?;
    Ok(outside)
}

/// The keys that sign checkpoints: those of the environment, else those of the folder.
fn audit_keys(config: &Config, secrets: &Secrets) -> Vec<Secret> {
    if config.audit_signing_keys.is_empty() {
        return secrets.audit_signing_key.split(',').map(|key| Secret::new(key.trim())).collect();
    }
    config.audit_signing_keys.clone()
}

fn bootstrap(config: &Config, servers: &Embedded) -> Result<String> {
    match (servers.kafka(), &config.kafka_bootstrap_servers) {
        (Some(own), _) => Ok(own.bootstrap.clone()),
        (None, Some(outside)) => Ok(outside.clone()),
        (None, None) => Err(anyhow!("no Kafka: set KAFKA_BOOTSTRAP_SERVERS")),
    }
}

/// The in-process broker answers no administrative requests; its topics are made through its own door.
async fn create_mock_topics(servers: &Embedded, kafka: &KafkaOptions, worker_url: &str) -> Result<()> {
    let partitions = postgres::check(&postgres::pool(worker_url, 1)?).await?;
    for (context, _) in contexts::context_types() {
        servers.create_mock_topic(&kafka.topic(&context), partitions)?;
    }
    servers.create_mock_topic(&kafka.topic(workers::notary::TOPIC), partitions)?;
    Ok(())
}

/// The tenant that `up` makes at its first start, with a fresh token for its owner.
async fn demo_tenant(config: &Config, admin_url: &str, bus: &CommandBus, jwt_secret: &str, id: Uuid) -> Result<(Uuid, String)> {
    let tenant_id = admin::ensure_tenant(admin_url, Some(id), "Demo", Currency::EUR).await?;
    admin::set_up(bus, admin_url, tenant_id).await?;
    let lasts = Duration::from_hours(24 * u64::from(config.jwt_access_expiry_days));
    let token = admin::issue(admin_url, jwt_secret, tenant_id, "demo@example.com", &["owner".to_owned()], lasts).await?;
    Ok((tenant_id, token))
}

/// `neuroops up`
pub async fn run(config: Config) -> Result<()> {
    println!("Starting Postgres, Kafka, the gateway and the workers …");
    let up = Up::start(&config).await?;
    up.tell_notices();
    let env_file = up.env_file.display();
    println!(
        "\nNeuroOps is ready.\n\n  HTTP      {url}   (documentation: {url}/docs)\n  Postgres  {database}\n  Kafka     {kafka}   (topics {prefix}.*)\n  Tenant    {tenant}   (settings and an owner's token: {env_file})\n\n\
         Try a first command and a first query in another terminal:\n\n  \
         source {env_file}\n  \
         curl -sS -X POST \"$NEUROOPS_URL/v1/crm/contact/register\" -H \"Authorization: Bearer $NEUROOPS_TOKEN\" \\\n       \
         -H 'Content-Type: application/json' -d '{{\"given_name\":\"Ada\",\"family_name\":\"Lovelace\",\"email\":\"ada@example.com\"}}'\n  \
         curl -sS \"$NEUROOPS_URL/v1/crm/contact-list?q=lovelace\" -H \"Authorization: Bearer $NEUROOPS_TOKEN\"\n\n\
         Ctrl-C stops all of it; the data stay in {dir}.",
        url = up.url,
        database = up.database_url.split_once('@').map_or("", |(_, host)| host),
        kafka = up.kafka.bootstrap,
        prefix = up.kafka.prefix,
        tenant = up.tenant_id,
        dir = config.dir.display(),
    );
    roles::stop_signal().await?;
    println!("\nStopping …");
    up.stop().await.context("not everything stopped cleanly; the next start recovers what is needed")?;
    println!("Stopped.");
    Ok(())
}
