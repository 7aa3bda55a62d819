//! Row 3: every projection is rebuilt under load and under readers; the rebuilt read models equal the live ones, and no read fails.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result};

use super::{CLIENTS, Court};
use crate::Options;
use crate::client::{Client, Reply, Request, Tenant};
use crate::cluster::Cluster;
use crate::dice::Dice;
use crate::facts::{differing, digests, settled};
use crate::judge::Violation;
use crate::load::{self, Load, Style};
use crate::report::{Report, Round};

/// What readers read all the time.
const READ: [&str; 4] = ["crm/contact-list?limit=20", "crm/deal-list?limit=20", "crm/pipeline-list?limit=20", "crm/company-list?limit=20"];

/// Rebuilds under load, then again at rest.
pub async fn run(cluster: &mut Cluster, options: &Options, dice: &mut Dice, report: &mut Report) -> Result<()> {
    let binary = cluster.binary().to_owned();
    cluster.start_processes(&binary).await?;
    let client = cluster.client()?;
    let mut court = Court { history: load::share(&client, &cluster.tenants).await?, ..Court::default() };
    let rebuilt: &[&str] = if options.short { &["crm.contact_list", "crm.deal_list"] } else { &["--all"] };
    let arguments = [&["projections", "rebuild"], rebuilt].concat();
    let load = Load::start(&client, &cluster.tenants, Style::Plain, CLIENTS, "rebuild", dice);
    load.goes_on(if options.short { 100 } else { 2000 }).await?;
    let stop = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> =
        READ.iter().map(|path| tokio::spawn(read(client.clone(), cluster.tenants[0].clone(), path, stop.clone()))).collect();
    let printed = cluster.run(&arguments)?;
    load.goes_on(60).await?;
    stop.store(true, Ordering::Relaxed);
    let (mut reads, mut failed) = (0, Vec::new());
    for reader in readers {
        let (done, found) = reader.await.context("a reader does not fail")?;
        reads += done;
        failed.extend(found);
    }
    court.history.extend(load.stop().await?);
    let notes = format!("{} projections, {reads} reads during the swaps, {} failed", printed.lines().count(), failed.len());
    let round = Round { scenario: "rebuilds", victim: rebuilt.join(", "), way: "under load".to_owned(), notes, ..Round::default() };
    let mut round = court.judge(cluster, round).await?;
    round.violations.extend(failed.into_iter().map(|what| Violation { rule: "failed read", what }));
    report.push(round);

    let live = digests(&mut cluster.admin().await?).await?;
    cluster.run(&arguments)?;
    settled(cluster).await?;
    let again = digests(&mut cluster.admin().await?).await?;
    let violations = differing(&live, &again).into_iter().map(|what| Violation { rule: "rebuild", what }).collect();
    let notes = format!("{} read models compared", live.len());
    let (scenario, victim, way) = ("rebuilds", rebuilt.join(", "), "at rest".to_owned());
    report.push(Round { scenario, victim, way, notes, violations, ..Round::default() });
    Ok(())
}

/// Reads a page from one gateway after the other. Each read must be answered, and what one includes, a later one includes.
async fn read(client: Client, tenant: Tenant, path: &'static str, stop: Arc<AtomicBool>) -> (u64, Vec<String>) {
    let (mut reads, mut failed, mut seen) = (0, Vec::new(), 0);
    for gateway in 0.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let request = Request { path: path.to_owned(), ..Request::default() };
        reads += 1;
        match client.send(gateway, &tenant, &request).await {
            Reply::Answer { status: 200, whole: true, position, .. } => {
                let position: i64 = position.rsplit_once('@').and_then(|(_, position)| position.parse().ok()).unwrap_or(0);
                if position < seen {
                    failed.push(format!("{path}: position {position} after {seen}"));
                }
                seen = seen.max(position);
            }
            other => failed.push(format!("{path}: {other:?}")),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    (reads, failed)
}
