//! The servers and databases of a run.

use ::commands::{BusOptions, CommandBus};
use anyhow::{Context, Result};
use futures::StreamExt as _;
use platform::postgres::{self, with_database};
use projections::contexts;
use sqlx::PgPool;
use uuid::Uuid;

use crate::commands::request;

/// What the benchmarks run against.
pub struct Bench {
    /// As gateways connect.
    pub app: PgPool,
    /// As workers connect.
    pub worker: PgPool,
    /// As the owner.
    pub admin_url: String,
    /// Kafka's address.
    pub bootstrap: String,
    /// The number of log partitions.
    pub partitions: i32,
    /// Tenants.
    pub tenants: Vec<Uuid>,
}

impl Bench {
    /// Makes a fresh database on the server of `BENCH_DATABASE_ADMIN_URL`.
    #[expect(clippy::disallowed_methods, reason = "the servers are those of the caller, and are no settings of the platform")]
    pub async fn start() -> Result<Self> {
        let server = std::env::var("BENCH_DATABASE_ADMIN_URL").context("BENCH_DATABASE_ADMIN_URL is not set; run `make bench`")?;
        let name = format!("bench_{}", platform::clock::new_id().simple());
        postgres::ensure_database(&server, &name, None).await?;
        let admin_url = with_database(&server, &name);
        postgres::migrate(&admin_url, &contexts::context_types(), None).await?;
        postgres::set_passwords(&admin_url, &[("neuroops_app", "bench"), ("neuroops_worker", "bench")]).await?;
        let (_, host) = admin_url.split_once('@').context("the URL names a user")?;
        let app = postgres::pool(&format!("postgres://neuroops_app:bench@{host}"), 16)?;
        let worker = postgres::pool(&format!("postgres://neuroops_worker:bench@{host}"), 16)?;
        let tenants = (0..64).map(|_| platform::clock::new_id()).collect();
        let bootstrap = std::env::var("BENCH_KAFKA").context("BENCH_KAFKA is not set; run `make bench`")?;
        let partitions = postgres::check(&app).await?;
        Ok(Self { app, worker, admin_url, bootstrap, partitions, tenants })
    }

    /// Makes sure that the log holds at least this many events; tells how many it holds.
    pub async fn fill(&self, events: i64) -> Result<i64> {
        let bus = CommandBus::start(&contexts::domains(), &self.app, BusOptions { partitions: self.partitions, ..BusOptions::default() });
        let stored = || async { sqlx::query_scalar::<_, i64>("SELECT sum(position)::bigint FROM log.heads").fetch_one(&self.worker).await };
        let missing = usize::try_from((events - stored().await?).max(0))?;
        let requests = (0..missing).map(|number| bus.execute(request(self.tenants[number % self.tenants.len()])));
        let mut under_way = futures::stream::iter(requests).buffer_unordered(512);
        while let Some(result) = under_way.next().await {
            result.map_err(|error| anyhow::anyhow!("{error}"))?;
        }
        Ok(stored().await?)
    }
}
