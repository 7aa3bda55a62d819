//! `neuroops demo`: the main job once, on the sample data, with proof at each step.

mod crm;
mod trade;
mod trade_claims;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use clap::{Args, Parser, ValueEnum};
use domain::kernel::{Currency, TenantId, partition_of};
use platform::config::Config;
use platform::kafka::KafkaOptions;
use platform::postgres;
use serde_json::Value;
use sqlx::PgPool;

use crate::client::Client;
use crate::import::{self, ImportArgs, ImportSummary};
use crate::up::Up;
use crate::{admin, settings};

/// `neuroops demo`
#[derive(Args)]
pub struct DemoArgs {
    /// The folder with the sample data.
    #[arg(long, default_value = "examples")]
    examples: PathBuf,
    /// Only this part.
    #[arg(long, value_enum)]
    only: Option<Part>,
}

/// A part of the demo.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    /// One command all the way, and exports of CRM products.
    Crm,
    /// Two years of a trading company.
    Trade,
}

/// `neuroops import …`, as the demo calls it.
fn import_args(words: &[&OsStr]) -> ImportArgs {
    #[derive(Parser)]
    struct Import {
        #[command(flatten)]
        args: ImportArgs,
    }
    Import::parse_from(words).args
}

/// A tenant of the demo, the claims that are made about it, and whether they are true.
struct Demo {
    client: Client,
    token: String,
    tenant: TenantId,
    pool: PgPool,
    /// Sees what processes have to do.
    worker_pool: PgPool,
    partition: i32,
    kafka: KafkaOptions,
    failures: usize,
}

/// Starts the platform, runs the main job in tenants of its own, and stops. Success only if every claim is true.
pub async fn run(config: Config, args: &DemoArgs) -> Result<ExitCode> {
    if !args.examples.join("crm/contacts.csv").is_file() {
        bail!(
            "the sample data are not in {}; run the demo from the repository's folder or name them with --examples",
            args.examples.display()
        );
    }
    let started = Instant::now();
    println!("Starting Postgres, Kafka, the gateway and the workers …");
    let up = Up::start(&config).await?;
    up.tell_notices();
    println!("Ready after {:.1} s at {}.", started.elapsed().as_secs_f64(), up.url);
    let result = tell(&up, &config, args).await;
    println!("\nStopping …");
    up.stop().await?;
    let failures = result?;
    if failures > 0 {
        println!("{failures} of the claims above are not true.");
        return Ok(ExitCode::FAILURE);
    }
    println!("All of the above is true ({:.0} s).", started.elapsed().as_secs_f64());
    Ok(ExitCode::SUCCESS)
}

async fn tell(up: &Up, config: &Config, args: &DemoArgs) -> Result<usize> {
    let mut failures = 0;
    if args.only.is_none_or(|part| part == Part::Crm) {
        let mut demo = Demo::of_tenant(up, config, "Demo run").await?;
        println!("\n1. One command, all the way. Tenant {}, log partition crm/{}.", demo.tenant, demo.partition);
        demo.one_command().await?;
        println!("\n2. The sample data: exports of CRM products, with their dirt.");
        demo.imports(&args.examples.join("crm")).await?;
        println!("\n3. What came of it.");
        demo.totals().await?;
        failures += demo.failures;
    }
    if args.only.is_none_or(|part| part == Part::Trade) {
        let mut demo = Demo::of_tenant(up, config, "Demo of a trading company").await?;
        println!("\n4. Two years of a small trading company, from files. Tenant {}.", demo.tenant);
        demo.trade(&args.examples.join("trade")).await?;
        failures += demo.failures;
    }
    Ok(failures)
}

impl Demo {
    /// A new tenant with what every tenant starts with.
    async fn of_tenant(up: &Up, config: &Config, name: &str) -> Result<Self> {
        let known = settings::read(&up.env_file);
        let url = |name: &str| known.get(name).with_context(|| format!("the environment file has no {name}"));
        let admin_url = url("DATABASE_ADMIN_URL")?;
        let secret = settings::read(&config.dir.join("secrets.env")).remove("JWT_SECRET_KEY");
        let secret = config.jwt_secret_key.as_ref().map(|secret| secret.expose().to_owned()).or(secret).context("no JWT_SECRET_KEY")?;
        let tenant = admin::ensure_tenant(admin_url, None, name, Currency::EUR).await?;
        admin::set_up(&up.bus, admin_url, tenant).await?;
        let token = admin::issue(admin_url, &secret, tenant, "demo", &["owner".to_owned()], Duration::from_hours(1)).await?;
        let pool = postgres::pool(&up.database_url, 4)?;
        let partitions = postgres::check(&pool).await?;
        let tenant = TenantId(tenant);
        Ok(Self {
            client: Client::new(&up.url, Some(&token))?,
            token,
            tenant,
            pool,
            worker_pool: postgres::pool(url("DATABASE_WORKER_URL")?, 2)?,
            partition: partition_of(&tenant.partition_key(), partitions),
            kafka: up.kafka.clone(),
            failures: 0,
        })
    }

    fn claim(&mut self, what: impl std::fmt::Display, holds: bool) {
        println!("   {} {what}", if holds { "✓" } else { "✗ NOT TRUE:" });
        self.failures += usize::from(!holds);
    }

    async fn send(&self, line: &Value) -> Result<String> {
        let body = format!("{line}\n").into_bytes();
        Ok(self.client.post_lines("/v1/commands", body).await?.text().await?)
    }

    /// `neuroops import`, with these words more.
    async fn import(&self, context: &str, name: &str, file: &Path, more: &[&str]) -> Result<ImportSummary> {
        let mut words: Vec<&OsStr> = ["import", context, name].map(OsStr::new).to_vec();
        words.extend([
            file.as_os_str(),
            OsStr::new("--url"),
            OsStr::new(self.client.base()),
            OsStr::new("--token"),
            OsStr::new(&self.token),
        ]);
        words.extend(more.iter().map(OsStr::new));
        import::run(&import_args(&words)).await
    }
}
