//! `neuroops audit replay`: an aggregate or a read model as it was, beside what it is now.
//!
//! Nothing is written: an aggregate is folded in memory, and a read model is filled in tables of its own within a transaction that is rolled
//! back. Events are taken in the order that the notary has recorded, so that the same moment always gives the same answer.

mod aggregate;
mod difference;
mod model;

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use chrono::{DateTime, Utc};
use clap::Args;
use domain::kernel::{TenantId, partition_of};
use platform::config::Config;
use platform::proofs::store;
use platform::tenant_tx::TenantTx;
use platform::{clock, postgres};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::TenantArgs;
use difference::Difference;

/// How long is waited for the notary.
const PATIENCE: Duration = Duration::from_secs(10);

/// `neuroops audit replay`
#[derive(Args)]
pub struct ReplayArgs {
    #[command(flatten)]
    tenant: TenantArgs,
    /// The moment: a time (2026-03-01T12:00:00Z), a position (crm/3@1024), or a number of events of the history.
    #[arg(long, value_name = "TIME|POSITION|NUMBER")]
    as_of: String,
    /// An aggregate, as context/aggregate/id.
    #[arg(long, required_unless_present = "model", conflicts_with = "model")]
    aggregate: Option<String>,
    /// A read model, as context/name, e.g. crm/contact-list.
    #[arg(long)]
    model: Option<String>,
    /// Show everything as JSON, with the state or the rows as they were.
    #[arg(long)]
    json: bool,
}

/// The part of a tenant's history up to a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Moment {
    /// The index behind the last event.
    to: i64,
    /// Nothing later than this, where a time was asked for.
    at: Option<DateTime<Utc>>,
}

/// Replays; tells what was and how it differs.
pub async fn run(config: &Config, pool: &PgPool, args: &ReplayArgs) -> Result<String> {
    let tenant = args.tenant.id()?;
    let recorded = wait_for_notary(pool, tenant).await?;
    let moment = moment(pool, tenant, &args.as_of, recorded).await?;
    let difference = match (&args.aggregate, &args.model) {
        (Some(aggregate), _) => aggregate::replay(pool, tenant, aggregate, moment).await?,
        (None, Some(model)) => {
            let worker = postgres::pool(config.require_database_worker()?.expose(), 2)?;
            model::replay(&worker, tenant, model, moment).await?
        }
        (None, None) => bail!("say what to replay: --aggregate or --model"),
    };
    Ok(said(&difference, args))
}

fn said(difference: &Difference, args: &ReplayArgs) -> String {
    if args.json { difference.to_json() } else { difference.to_text(&args.as_of) }
}

/// Waits until everything of the tenant that is in the log is in the history; tells how many events the history has.
async fn wait_for_notary(pool: &PgPool, tenant: Uuid) -> Result<i64> {
    const BEHIND: &str = "SELECT EXISTS (SELECT FROM log.heads h LEFT JOIN runtime.checkpoints c ON c.projection = 'audit.notary' AND c.version = 1 \
            AND c.context = h.context AND c.partition = h.partition \
        WHERE h.partition = $1 AND h.position > coalesce(c.position, 0))";
    const SIZE: &str = "SELECT coalesce((SELECT size FROM audit.trees WHERE tenant_id = $1), 0)";
    let partitions = postgres::check(pool).await?;
    let partition = partition_of(&TenantId(tenant).partition_key(), partitions);
    let started = Instant::now();
    loop {
        let mut tx = TenantTx::begin_by_key(pool, tenant).await?;
        let behind: bool = sqlx::query_scalar(BEHIND).bind(partition).fetch_one(&mut *tx).await?;
        let size: i64 = sqlx::query_scalar(SIZE).bind(tenant).fetch_one(&mut *tx).await?;
        tx.commit().await?;
        if !behind {
            return Ok(size);
        }
        ensure!(
            started.elapsed() < PATIENCE,
            "the notary is behind the log: is one running, with AUDIT_SIGNING_KEY? Try again when it has caught up"
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn moment(pool: &PgPool, tenant: Uuid, text: &str, recorded: i64) -> Result<Moment> {
    if let Ok(number) = text.parse::<i64>() {
        ensure!((0..=recorded).contains(&number), "--as-of {number} lies outside the history, which has {recorded} events");
        return Ok(Moment { to: number, at: None });
    }
    if text.contains('@') {
        let mut tx = TenantTx::begin_by_key(pool, tenant).await?;
        return Ok(Moment { to: of_position(&mut tx, tenant, text).await?, at: None });
    }
    let at = DateTime::parse_from_rfc3339(text)
        .map_err(|_| anyhow!("--as-of `{text}` is no time (2026-03-01T12:00:00Z), no position (crm/3@1024) and no number of events"))?
        .to_utc();
    ensure!(at <= clock::now(), "--as-of {text} lies in the future");
    Ok(Moment { to: recorded, at: Some(at) })
}

/// The index behind the tenant's last event up to a position.
async fn of_position(connection: &mut PgConnection, tenant: Uuid, text: &str) -> Result<i64> {
    const HEAD: &str = "SELECT position FROM log.heads WHERE context = $1 AND partition = $2";
    const EVENT: &str = "SELECT event_id FROM log.events WHERE context = $1 AND partition = $2 AND position <= $3 AND tenant_id = $4 \
        ORDER BY position DESC LIMIT 1";
    let parts = text.split_once('@').and_then(|(place, position)| Some((place.split_once('/')?, position.parse::<i64>().ok()?)));
    let parts = parts.and_then(|((context, partition), position)| Some((context, partition.parse::<i32>().ok()?, position)));
    let (context, partition, position) = parts.with_context(|| format!("--as-of `{text}` is no position, such as crm/3@1024"))?;
    let head: Option<i64> = sqlx::query_scalar(HEAD).bind(context).bind(partition).fetch_optional(&mut *connection).await?;
    let head = head.with_context(|| format!("the log has no partition {context}/{partition}"))?;
    ensure!((0..=head).contains(&position), "--as-of {text} lies in the future: the log partition has {head} events");
    let query = sqlx::query_scalar(EVENT).bind(context).bind(partition).bind(position).bind(tenant);
    let Some(event): Option<Uuid> = query.fetch_optional(&mut *connection).await? else { return Ok(0) };
    let index = store::index_of(connection, tenant, event).await?;
    index.map(|index| index + 1).context("the event at that position is not in the history; the notary has missed it")
}
