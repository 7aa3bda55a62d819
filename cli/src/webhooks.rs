//! Webhooks' part of the roles, and `neuroops webhooks …`.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use clap::{Args, Subcommand, ValueEnum};
use comfy_table::Table;
use commands::CommandRequest;
use domain::kernel::{Actor, TenantId};
use gateway::WebhookSupport;
use platform::config::{Config, Secret};
use platform::egress::{AddressPolicy, Egress, EgressOptions};
use platform::postgres;
use platform::vault::Vault;
use projections::contexts::WEBHOOKS;
use serde_json::{Value, json};
use uuid::Uuid;
use workers::webhooks::{DeliveryFilter, WebhookOptions, Webhooks, deliveries, reaches};

use crate::roles::WriteSide;

/// `neuroops webhooks …`
#[derive(Subcommand)]
pub enum WebhooksCommand {
    /// List the endpoints with what they have yet to be told.
    List {
        /// Only of this tenant.
        #[arg(long)]
        tenant: Option<Uuid>,
        /// At most so many.
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// Show deliveries, the latest first.
    Deliveries(DeliveriesArgs),
    /// Have events delivered again.
    Replay(ReplayArgs),
}

/// `neuroops webhooks deliveries`
#[derive(Args)]
pub struct DeliveriesArgs {
    /// Only of this endpoint.
    endpoint: Option<String>,
    /// Only of this tenant.
    #[arg(long)]
    tenant: Option<Uuid>,
    /// Only in this state.
    #[arg(long)]
    status: Option<DeliveryStatus>,
    /// At most so many.
    #[arg(long, default_value_t = 50)]
    limit: u32,
}

/// What a delivery may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DeliveryStatus {
    /// It failed and is tried again.
    Retrying,
    /// The receiver has it.
    Delivered,
    /// It failed for three days and was given up.
    Failed,
}

impl DeliveryStatus {
    fn name(self) -> &'static str {
        match self {
            Self::Retrying => "retrying",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }
}

/// `neuroops webhooks replay`
#[derive(Args)]
pub struct ReplayArgs {
    /// The endpoint.
    endpoint: String,
    /// Whose it is.
    #[arg(long)]
    tenant: Uuid,
    #[command(flatten)]
    what: ReplayWhat,
}

/// What is delivered again.
#[derive(Args)]
#[group(required = true, multiple = false)]
pub struct ReplayWhat {
    /// All events that were recorded at this time or later, such as 2026-03-01T12:00:00Z.
    #[arg(long, value_name = "TIME")]
    since: Option<DateTime<Utc>>,
    /// All events after these positions, such as crm/3@1024, separated by commas.
    #[arg(long, value_delimiter = ',', value_name = "POSITIONS")]
    after: Vec<String>,
    /// The events at these positions, each by itself, separated by commas.
    #[arg(long, value_delimiter = ',', value_name = "POSITIONS")]
    events: Vec<String>,
    /// All deliveries that were given up, up to 100 at a time.
    #[arg(long)]
    failed: bool,
}

/// Posts by these settings.
fn egress(config: &Config) -> Result<Egress> {
    let policy = AddressPolicy { allowed: config.webhook_allowed_ranges.clone() };
    Egress::new(EgressOptions::new(policy)).context("the client of webhooks cannot be set up")
}

/// What a gateway needs for webhooks; nothing where no key is set.
pub fn support(config: &Config, keys: &[Secret]) -> Result<Option<WebhookSupport>> {
    if keys.is_empty() {
        return Ok(None);
    }
    Ok(Some(WebhookSupport { egress: egress(config)?, vault: Arc::new(Vault::new(keys)?) }))
}

/// What workers need to deliver.
pub fn delivering(config: &Config, keys: &[Secret]) -> Result<Option<Webhooks>> {
    let Some(WebhookSupport { egress, vault }) = support(config, keys)? else { return Ok(None) };
    let kept = Duration::from_hours(24 * u64::from(config.webhook_log_days));
    let options = WebhookOptions { kept, ..WebhookOptions::default() };
    Ok(Some(Webhooks { def: WEBHOOKS, egress, vault, may_follow: gateway::may_follow, options }))
}

/// `neuroops webhooks …`
pub async fn run(config: &Config, command: WebhooksCommand) -> Result<()> {
    let pool = postgres::pool(config.require_database_worker()?.expose(), 2)?;
    postgres::check(&pool).await?;
    match command {
        WebhooksCommand::List { tenant, limit } => {
            let mut table = Table::new();
            table.set_header(["tenant", "endpoint", "address", "status", "waiting subjects", "failing", "given up", "last attempt"]);
            for reach in reaches(&pool, WEBHOOKS, tenant, limit.into()).await? {
                let status = reach.cause.map_or(reach.status.clone(), |cause| format!("{} ({cause})", reach.status));
                let (waiting, failing, failed) = (reach.waiting.to_string(), reach.failing.to_string(), reach.failed.to_string());
                let last = reach.last_attempt_at.map(time).unwrap_or_default();
                table.add_row([reach.tenant_id.to_string(), reach.id, reach.url, status, waiting, failing, failed, last]);
            }
            println!("{table}");
        }
        WebhooksCommand::Deliveries(args) => {
            let status = args.status.map(DeliveryStatus::name);
            let filter = DeliveryFilter { tenant: args.tenant, endpoint: args.endpoint.as_deref(), status, limit: args.limit.into() };
            show(&deliveries(&pool, &filter).await?);
        }
        WebhooksCommand::Replay(args) => {
            let body = wanted(&pool, &args).await?;
            let position = replay(config, &args, &body).await?;
            println!(
                "The events are delivered again within seconds (position {position}); `neuroops webhooks deliveries {}` shows them.",
                args.endpoint
            );
        }
    }
    Ok(())
}

fn time(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M:%S").to_string()
}

fn show(shown: &[workers::webhooks::ShownDelivery]) {
    if shown.is_empty() {
        println!("There are no such deliveries.");
        return;
    }
    let mut table = Table::new();
    table.set_header(["endpoint", "event", "position", "type", "subject", "status", "attempts", "last", "next", "answer", "reason"]);
    for delivery in shown {
        table.add_row([
            delivery.endpoint_id.clone(),
            delivery.event_id.to_string(),
            delivery.place(),
            delivery.event_type.clone(),
            delivery.subject.clone(),
            delivery.status.clone(),
            delivery.attempts.to_string(),
            time(delivery.last_attempt_at),
            delivery.next_attempt_at.map(time).unwrap_or_default(),
            delivery.http_status.map(|status| status.to_string()).unwrap_or_default(),
            delivery.detail.clone().unwrap_or_default(),
        ]);
    }
    println!("{table}");
}

/// The body of the command.
async fn wanted(pool: &sqlx::PgPool, args: &ReplayArgs) -> Result<Value> {
    let what = &args.what;
    if let Some(since) = what.since {
        return Ok(json!({ "since": since }));
    }
    if !what.failed {
        return Ok(if what.after.is_empty() { json!({ "events": what.events }) } else { json!({ "after": what.after }) });
    }
    let filter = DeliveryFilter { tenant: Some(args.tenant), endpoint: Some(&args.endpoint), status: Some("failed"), limit: 100 };
    let failed: Vec<String> = deliveries(pool, &filter).await?.iter().map(workers::webhooks::ShownDelivery::place).collect();
    if failed.is_empty() {
        bail!("no delivery to the endpoint was given up");
    }
    Ok(json!({ "events": failed }))
}

async fn replay(config: &Config, args: &ReplayArgs, body: &Value) -> Result<String> {
    let write_side = WriteSide::of_program(config, config.require_database()?.expose()).await?;
    let request = CommandRequest {
        tenant_id: TenantId(args.tenant),
        actor: Actor { subject: "operator".to_owned(), roles: vec!["service".to_owned()] },
        context: WEBHOOKS.context.to_owned(),
        aggregate: WEBHOOKS.aggregate.to_owned(),
        id: Some(args.endpoint.parse().context("this is not the id of an endpoint")?),
        command: WEBHOOKS.replay.to_owned(),
        body: Bytes::from(body.to_string()),
        expected_version: None,
        idempotency_key: None,
        correlation_id: None,
        causation_id: None,
        traceparent: None,
    };
    Ok(write_side.bus.execute(request).await?.position)
}
