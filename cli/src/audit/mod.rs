//! `neuroops audit …`: the history of a tenant taken along, verified anywhere, and looked at as it was.

mod export;
mod files;
mod manifest;
mod replay;
#[cfg(test)]
mod tests;
mod verify;
mod writer;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use platform::config::Config;
use platform::postgres;
use platform::proofs::checkpoint::{Checkpoint, origin};
use platform::proofs::note::{NamedKey, PublicKey};
use platform::proofs::store;
use platform::tenant_tx::TenantTx;
use sqlx::PgPool;
use uuid::Uuid;

use self::manifest::{DiskFolder, Encoding};
use self::verify::{Trust, Verified, verify};
use crate::{secrets, settings};

/// `neuroops audit …`
#[derive(Subcommand)]
pub enum AuditCommand {
    /// Print the signed checkpoint of a tenant's history. Whoever keeps it can show later that nothing before it was changed.
    Checkpoint(TenantArgs),
    /// Print the public keys that sign a tenant's checkpoints or have signed them, the newest first.
    Keys(TenantArgs),
    /// Write a tenant's history to files that can be verified anywhere.
    Export(ExportArgs),
    /// Verify an export offline, with a public key and, better, a checkpoint that was kept since earlier.
    Verify(VerifyArgs),
    /// Build an aggregate or a read model as it was, and show how it differs from now.
    Replay(replay::ReplayArgs),
    /// Put a new signing key before the one of `neuroops up`, in its folder. Both sign from the next start on.
    RotateKey,
}

/// Names a tenant.
#[derive(Args)]
pub struct TenantArgs {
    /// The tenant; that of `neuroops up` without it.
    #[arg(long, env = "NEUROOPS_TENANT_ID")]
    tenant: Option<Uuid>,
}

impl TenantArgs {
    fn id(&self) -> Result<Uuid> {
        let known = || settings::client_setting("NEUROOPS_TENANT_ID")?.parse().ok();
        self.tenant.or_else(known).context("which tenant? Say --tenant <id>; `neuroops tenants list` shows them")
    }
}

/// `neuroops audit export`
#[derive(Args)]
pub struct ExportArgs {
    #[command(flatten)]
    tenant: TenantArgs,
    /// The folder for the files; made if it is not there, and without files.
    #[arg(long)]
    out: PathBuf,
    /// How the events are written.
    #[arg(long, value_enum, default_value = "ndjson")]
    format: Encoding,
    /// The number of the first event, from 0.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// The number behind the last event; the end of the signed history without it.
    #[arg(long)]
    to: Option<u64>,
    /// Also show that the history has grown from a checkpoint of this size; whole exports show it by themselves.
    #[arg(long, value_name = "SIZE")]
    since: Option<u64>,
}

/// `neuroops audit verify`
#[derive(Args)]
pub struct VerifyArgs {
    /// The folder of the export.
    export: PathBuf,
    /// A public key, as `neuroops audit keys` prints it, or a file with some, one a line. Get it from a place that you trust.
    #[arg(long = "key", required = true, value_name = "KEY|FILE")]
    keys: Vec<String>,
    /// A checkpoint that you hold since earlier: the file that `neuroops audit checkpoint` has printed.
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
}

/// `neuroops audit …`
pub async fn run(config: &Config, command: AuditCommand) -> Result<()> {
    match command {
        AuditCommand::Checkpoint(args) => {
            let (_, note) = last(&pool(config).await?, args.id()?).await?;
            print!("{note}");
        }
        AuditCommand::Keys(args) => {
            let tenant = args.id()?;
            let mut tx = TenantTx::begin_by_key(&pool(config).await?, tenant).await?;
            let keys = store::keys(&mut tx).await?;
            ensure!(!keys.is_empty(), "no key has signed anything yet; is a notary running with AUDIT_SIGNING_KEY?");
            for (key, _) in keys {
                println!("{}", PublicKey(key).to_text(&origin(tenant)));
            }
        }
        AuditCommand::Export(args) => println!("{}", export::run(&pool(config).await?, &args).await?),
        AuditCommand::Verify(args) => println!("{}", verify_folder(&args)?),
        AuditCommand::Replay(args) => println!("{}", replay::run(config, &pool(config).await?, &args).await?),
        AuditCommand::RotateKey => {
            ensure!(
                config.database_url.is_none() || config.dir.join("secrets.env").exists(),
                "there is no key of `neuroops up` in {}; elsewhere, put a new key (openssl rand -hex 32) and a comma before the one in AUDIT_SIGNING_KEY",
                config.dir.display()
            );
            secrets::rotate_audit_key(&config.dir)?;
            println!("A new key signs from the next start on, beside the one before; `neuroops audit keys` will show it.");
        }
    }
    Ok(())
}

async fn pool(config: &Config) -> Result<PgPool> {
    let pool = postgres::pool(config.require_database()?.expose(), 4)?;
    postgres::check(&pool).await?;
    Ok(pool)
}

/// The last checkpoint of a tenant.
async fn last(pool: &PgPool, tenant: Uuid) -> Result<(Checkpoint, String)> {
    let mut tx = TenantTx::begin_by_key(pool, tenant).await?;
    let found = store::last_checkpoint(&mut tx, tenant).await?;
    tx.commit().await?;
    let (_, note) = found.with_context(|| {
        format!("nothing is signed for tenant {tenant}: it has no events, or no notary is running with AUDIT_SIGNING_KEY")
    })?;
    let checkpoint = Checkpoint::unverified(&note)?;
    Ok((checkpoint, note))
}

/// Keys as they are given: each a key, or a file with some.
fn keys(given: &[String]) -> Result<Vec<NamedKey>> {
    let mut keys = Vec::new();
    for text in given {
        if text.contains('+') && !Path::new(text).exists() {
            keys.push(NamedKey::parse(text).with_context(|| format!("`{text}` is no public key"))?);
            continue;
        }
        let lines = std::fs::read_to_string(text).with_context(|| format!("{text} is neither a public key nor a file that can be read"))?;
        for line in lines.lines().filter(|line| !line.trim().is_empty()) {
            keys.push(NamedKey::parse(line).with_context(|| format!("{text}: `{line}` is no public key"))?);
        }
    }
    if keys.is_empty() { Err(anyhow!("no public key was given")) } else { Ok(keys) }
}

fn verify_folder(args: &VerifyArgs) -> Result<String> {
    if !args.export.is_dir() {
        bail!("{} is no folder", args.export.display());
    }
    let keys = keys(&args.keys)?;
    let kept = args.checkpoint.as_ref();
    let kept = kept.map(|path| std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))).transpose()?;
    let bar = bar("verify");
    let started = std::time::Instant::now();
    let verified =
        verify(&DiskFolder::open(&args.export), &Trust { keys: &keys, kept: kept.as_deref() }, |events| bar.set_position(events));
    bar.finish_and_clear();
    Ok(said(&verified?, started.elapsed()))
}

fn said(verified: &Verified, took: std::time::Duration) -> String {
    let Verified { tenant_id, head, from, to, forgotten, kept } = verified;
    let mut text = format!(
        "Verified in {:.1} s: the {} events {from} to {to} of tenant {tenant_id} are those of the signed history of {} events.",
        took.as_secs_f64(),
        to - from,
        head.size
    );
    match kept {
        Some(size) => drop(write!(text, "\nThe history continues the checkpoint that you hold, of {size} events.")),
        None => text += "\nWithout a checkpoint from earlier (--checkpoint), whoever holds the signing key could have rewritten all of it.",
    }
    if *forgotten > 0 {
        let _ = write!(text, "\n{forgotten} payloads are forgotten; that these events happened is proven, what they said is not.");
    }
    text
}

/// A bar that counts events.
fn bar(name: &str) -> ProgressBar {
    let bar = ProgressBar::new(0);
    if let Ok(style) = ProgressStyle::with_template("{msg:12} {bar:32} {human_pos}/{human_len} events, {per_sec}, {eta} left") {
        bar.set_style(style);
    }
    bar.set_message(name.to_owned());
    bar
}
