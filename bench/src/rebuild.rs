//! Events per second of a rebuild, beside COPY out and COPY in of the rows that it makes.

use std::time::Instant;

use anyhow::{Context as _, Result};
use futures::TryStreamExt as _;
use projections::contexts;
use projections::runtime::rebuild::rebuild;
use sqlx::{Connection, Executor, PgConnection};

use crate::report::Report;
use crate::setup::Bench;

/// Measures with the projection that most events matter to.
pub async fn run(bench: &Bench, report: &mut Report) -> Result<()> {
    let events = bench.fill(200_000).await?;
    let projection =
        contexts::projections().into_iter().find(|projection| projection.name() == "crm.contact_list").context("crm.contact_list")?;
    let mut finished = Instant::now();
    let started = Instant::now();
    let done = rebuild(&bench.worker, projection.as_ref(), |_| finished = Instant::now()).await?;
    let ours = f64::from(u32::try_from(done.events.min(events))?) / (finished - started).as_secs_f64();
    let mut admin = PgConnection::connect(&bench.admin_url).await?;
    let limit = copy_events_and_rows(&mut admin, done.version).await?;
    report.add("rebuild of crm.contact_list", "events/s", ours, "COPY events out, COPY rows in", limit, "≥ 0.4");
    Ok(())
}

/// Reads all events and writes all rows, with nothing in between.
async fn copy_events_and_rows(admin: &mut PgConnection, version: i32) -> Result<f64> {
    let mut rows = Vec::new();
    {
        let mut out = admin.copy_out_raw(&format!("COPY crm_contact_list_v{version} TO STDOUT")).await?;
        while let Some(chunk) = out.try_next().await? {
            rows.extend_from_slice(&chunk);
        }
    }
    admin
        .execute(
            format!("DROP TABLE IF EXISTS public.rebuilt; CREATE TABLE public.rebuilt (LIKE crm_contact_list_v{version} INCLUDING ALL)")
                .as_str(),
        )
        .await?;
    let events: i64 = sqlx::query_scalar("SELECT count(*) FROM log.events WHERE context = 'crm'").fetch_one(&mut *admin).await?;
    let started = Instant::now();
    let mut bytes = 0;
    {
        let mut out = admin.copy_out_raw("COPY (SELECT * FROM log.events WHERE context = 'crm') TO STDOUT").await?;
        while let Some(chunk) = out.try_next().await? {
            bytes += chunk.len();
        }
    }
    anyhow::ensure!(bytes > 0, "there are events");
    let mut copy = admin.copy_in_raw("COPY public.rebuilt FROM STDIN").await?;
    copy.send(rows.as_slice()).await?;
    copy.finish().await?;
    Ok(f64::from(u32::try_from(events)?) / started.elapsed().as_secs_f64())
}
