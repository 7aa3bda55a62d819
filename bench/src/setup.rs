//! The servers and databases of a run.

use anyhow::{Context, Result};
use platform::postgres::{self, with_database};
use projections::contexts;
use sqlx::PgPool;
use uuid::Uuid;

/// What the benchmarks run against.
pub struct Bench {
    /// As gateways connect.
    pub app: PgPool,
    /// As workers connect.
    pub worker: PgPool,
    /// As the owner.
    pub admin_url: String,
    /// Tenants that exist.
    pub tenants: Vec<Uuid>,
}

impl Bench {
    /// Makes a fresh database on the server of `BENCH_DATABASE_ADMIN_URL`.
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
        Ok(Self { app, worker, admin_url, tenants })
    }
}
