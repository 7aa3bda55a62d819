//! `neuroops audit export`: from the database to files.

use anyhow::{Context as _, Result, ensure};
use platform::proofs::{spans, store};
use platform::tenant_tx::TenantTx;
use sqlx::PgPool;

use super::manifest::{DiskFolder, Since};
use super::writer::{Frame, Writer};
use super::{ExportArgs, bar, last};

/// Events that are read at once; payloads may be large.
const PAGE: i64 = 500;

/// Exports; tells what there is.
pub async fn run(pool: &PgPool, args: &ExportArgs) -> Result<String> {
    let tenant = args.tenant.id()?;
    let started = std::time::Instant::now();
    let (checkpoint, note) = last(pool, tenant).await?;
    let size = checkpoint.head.size;
    let to = args.to.unwrap_or(size);
    ensure!(to <= size, "--to {to} lies in the future: the signed history has {size} events");
    ensure!(args.from <= to, "--from {} is behind --to {to}", args.from);
    ensure!(args.since.is_none_or(|since| since <= size), "--since lies in the future: the signed history has {size} events");
    let mut folder = DiskFolder::create(&args.out).with_context(|| format!("{} cannot take an export", args.out.display()))?;
    let mut tx = TenantTx::begin_by_key(pool, tenant).await?;
    let mut writer = Writer::new(&mut folder, args.format);
    let bar = bar("export");
    bar.set_length(to - args.from);
    let (mut next, end) = (i64::try_from(args.from)?, i64::try_from(to)?);
    while next < end {
        let page = store::entries(&mut tx, tenant, next, end.min(next + PAGE)).await?;
        ensure!(!page.is_empty(), "event {next} of the history is missing in audit.leaves: somebody has deleted it");
        for entry in page {
            ensure!(entry.index == next, "event {next} of the history is missing in audit.leaves: somebody has deleted it");
            let lost = || format!("event {next} of the history ({}) is missing in the log: somebody has deleted it", entry.place);
            writer.push(entry.record.with_context(lost)?)?;
            next += 1;
        }
        bar.set_position((next - i64::try_from(args.from)?).unsigned_abs());
    }
    let beside = store::hashes(&mut tx, tenant, &spans::beside(&(args.from..to), size)).await?;
    let since = match args.since {
        Some(older) => Some(Since { size: older, proof: store::hashes(&mut tx, tenant, &spans::of_consistency(older, size)).await? }),
        None => None,
    };
    tx.commit().await?;
    let manifest = writer.finish(Frame { checkpoint: (checkpoint, note), from: args.from, to, beside, since })?;
    bar.finish_and_clear();
    Ok(format!(
        "{} events of tenant {tenant} in {} file{} in {}, with the signed checkpoint of {size} events, in {:.1} s.",
        to - args.from,
        manifest.files.len(),
        if manifest.files.len() == 1 { "" } else { "s" },
        args.out.display(),
        started.elapsed().as_secs_f64()
    ))
}
