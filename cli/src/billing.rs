//! Billing's part of the roles, and `neuroops billing …`.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use chrono::TimeDelta;
use clap::{Args, Subcommand};
use comfy_table::Table;
use commands::CommandBus;
use domain::kernel::TenantId;
use futures::FutureExt as _;
use gateway::{Health, Probe, Status, WebhookReceiver};
use neuroops_stripe::reconcile::{ByTenant, Reconciler};
use neuroops_stripe::{Lookup, PROVIDER, Sender, Stripe, StripeOptions};
use platform::config::Config;
use platform::{clock, postgres};
use projections::billing::SubscribedFeatures;
use projections::features::FeatureSource;
use sqlx::PgPool;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::roles::WriteSide;

/// Connections for a comparison.
const CONNECTIONS: u32 = 4;

/// `neuroops billing …`
#[derive(Subcommand)]
pub enum BillingCommand {
    /// Compare Stripe with the read models: counts, states, amounts, deletions. Fails if differences are left.
    Reconcile(ReconcileArgs),
}

/// `neuroops billing reconcile`
#[derive(Args)]
pub struct ReconcileArgs {
    /// Compare payments of the last so many days.
    #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(u32).range(1..=3_650))]
    days: u32,
    /// Mend what differs, by commands.
    #[arg(long)]
    repair: bool,
}

/// Stripe, as the configuration says.
pub fn stripe(config: &Config) -> Result<Stripe> {
    Stripe::new(StripeOptions::of(config)).context("STRIPE_SECRET_KEY or STRIPE_API_BASE cannot be used")
}

/// What tells what tenants may use; nothing where nobody sells the platform.
pub fn features(config: &Config, pool: &PgPool) -> Option<Arc<dyn FeatureSource>> {
    let operator = TenantId(config.billing_tenant_id?);
    Some(Arc::new(SubscribedFeatures::new(pool.clone(), operator)))
}

/// What takes deliveries.
pub fn receivers(stripe: &Stripe, pool: &PgPool) -> Vec<Arc<dyn WebhookReceiver>> {
    vec![Arc::new(stripe.receiver(pool))]
}

/// How Stripe is. In local mode it says so, and nothing is wrong.
pub fn probe(stripe: &Stripe) -> (&'static str, Probe) {
    let stripe = stripe.clone();
    let probe = move || {
        let health = if stripe.is_reachable() {
            Health { status: Status::Ok, message: stripe.options().describe() }
        } else {
            Health::degraded("Stripe fails repeatedly; calls wait and are made later")
        };
        std::future::ready(health).boxed()
    };
    (PROVIDER, Arc::new(probe))
}

/// Looks at deliveries, in the background.
pub struct InboxTask {
    cancel: CancellationToken,
    task: JoinHandle<()>,
}

impl InboxTask {
    /// Starts, if there is anything to look at: in local mode there is not.
    pub fn start(stripe: &Stripe, pool: &PgPool, bus: &Arc<CommandBus>) -> Option<Self> {
        tracing::info!("{}", stripe.options().describe());
        let inbox = stripe.inbox(pool, bus)?;
        let cancel = CancellationToken::new();
        let until = cancel.clone();
        Some(Self { cancel, task: tokio::spawn(async move { inbox.run(until).await }) })
    }

    /// Finishes what is looked at, and stops.
    pub async fn stop(self) {
        self.cancel.cancel();
        if let Err(error) = self.task.await {
            tracing::warn!(%error, "looking at deliveries of Stripe ended early");
        }
    }
}

/// `neuroops billing …`
pub async fn run(config: &Config, command: BillingCommand) -> Result<ExitCode> {
    let BillingCommand::Reconcile(args) = command;
    let stripe = stripe(config)?;
    let Some(api) = stripe.api() else { bail!("there is nothing to compare with in {}", stripe.options().describe()) };
    let bus = WriteSide::of_program(config, config.require_database()?.expose()).await?.bus;
    let pool = postgres::pool(config.require_database_worker()?.expose(), CONNECTIONS)?;
    let (lookup, sender) = (Lookup::new(pool), Sender::new(bus, "reconcile"));
    let reconciler = Reconciler { api, options: stripe.options(), lookup: &lookup, sender: &sender };
    let found = reconciler.run(clock::now() - TimeDelta::days(i64::from(args.days)), args.repair).await?;
    Ok(if shown(&found, args.repair) == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Prints what was found: how many differences are left.
fn shown(found: &ByTenant, repair: bool) -> usize {
    let mut counts = Table::new();
    counts.set_header(["tenant", "what", "here", "at Stripe"]);
    let mut drifts = Table::new();
    drifts.set_header(["tenant", "difference", "what", "id", "Stripe's id", "here", "at Stripe", "mended", "remarks"]);
    let (mut left, mut all) = (0, 0);
    for (tenant, found) in found {
        for (what, (ours, theirs)) in &found.compared {
            counts.add_row([tenant.to_string(), (*what).to_owned(), ours.to_string(), theirs.to_string()]);
        }
        for difference in &found.differences {
            let kind = serde_json::to_value(difference.kind).ok().and_then(|kind| kind.as_str().map(str::to_owned)).unwrap_or_default();
            let text = |text: &Option<String>| text.clone().unwrap_or_default();
            let mended = if difference.repaired { "yes" } else { "no" };
            drifts.add_row([
                tenant.to_string(),
                kind.replace('_', " "),
                difference.object.to_owned(),
                text(&difference.id),
                text(&difference.external_id),
                text(&difference.ours),
                text(&difference.theirs),
                mended.to_owned(),
                text(&difference.note),
            ]);
            all += 1;
            left += usize::from(!difference.repaired);
        }
    }
    println!("{counts}");
    match (all, left) {
        (0, _) => println!("Nothing differs."),
        (all, 0) => println!("{drifts}\n{all} differences, all mended."),
        (_, left) => {
            let hint = if repair { "the remarks say what to do" } else { "`--repair` mends what commands can" };
            println!("{drifts}\n{left} differences are left; {hint}.");
        }
    }
    left
}
