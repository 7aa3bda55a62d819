//! Benchmarks: the platform beside its peers and its limits, all measured in one run on the same server with `fsync` and
//! `synchronous_commit` on for everybody. Prints one table and writes it as JSON.

mod accounting;
mod commands;
mod latency;
mod notary;
mod rebuild;
mod relay;
mod report;
mod setup;
mod streams;

use anyhow::Result;

/// The program's own.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(run())
}

async fn run() -> Result<()> {
    let only: Vec<String> = std::env::args().skip(1).collect();
    let wanted = |name: &str| only.is_empty() || only.iter().any(|known| known == name);
    let bench = setup::Bench::start().await?;
    let mut report = report::Report::default();
    let mut rate_max = 20_000.0;
    if wanted("commands") {
        rate_max = commands::run(&bench, &mut report).await?;
    }
    if wanted("relay") {
        relay::run(&bench, &mut report).await?;
    }
    if wanted("rebuild") {
        rebuild::run(&bench, &mut report).await?;
    }
    if wanted("latency") {
        latency::run(&bench, &mut report, rate_max).await?;
    }
    if wanted("growth") {
        commands::growth(&bench, &mut report).await?;
    }
    if wanted("notary") {
        notary::run(&mut report).await?;
    }
    if wanted("accounting") {
        accounting::run(&bench, &mut report).await?;
    }
    if wanted("streams") {
        streams::run(&bench, &mut report).await?;
    }
    report.write(std::path::Path::new(".neuroops/bench.json"))?;
    report.print();
    Ok(())
}
