//! The read models and reports of `crm` on a real Postgres, over a history that the domain itself has decided, compared with figures
//! that are computed from the log by other means.

mod model;
mod read_models;
mod reports;
mod world;

use platform::tenant_tx::TenantTx;
use platform::testing::TestDatabase;
use projections::contexts::{CONTEXTS, ContextEntry, context_types};
use projections::model::ReportDef;
use serde_json::Value;
use uuid::Uuid;

use self::model::Model;
use self::world::World;
use crate::support::{self, Running, eventually};

/// A tenant with a history, projected; another tenant's lies beside it.
struct Setting {
    db: TestDatabase,
    tenant: Uuid,
    projectors: Vec<Running>,
}

fn crm() -> &'static ContextEntry {
    CONTEXTS.iter().find(|entry| entry.domain.name == "crm").expect("the context is listed")
}

impl Setting {
    async fn new(seed: u64) -> Self {
        let db = TestDatabase::create(&context_types()).await;
        let (tenant, other) = (db.create_tenant("one").await, db.create_tenant("other").await);
        let mut projectors = Vec::new();
        for projection in (crm().projections)() {
            projectors.push(support::start(&db, projection).await);
        }
        World::new(&db, other, seed + 1).live(10).await;
        World::new(&db, tenant, seed).live(80).await;
        let setting = Self { db, tenant, projectors };
        setting.caught_up().await;
        setting
    }

    async fn caught_up(&self) {
        const LAG: &str = "SELECT coalesce(sum(h.position - coalesce(c.position, 0)), 0)::bigint FROM runtime.projections p \
            JOIN log.heads h ON h.context = 'crm' LEFT JOIN runtime.checkpoints c ON c.projection = p.projection AND c.version = p.active_version \
                AND c.context = h.context AND c.partition = h.partition WHERE starts_with(p.projection, 'crm.')";
        eventually("the projections catch up", async || {
            let lag: i64 = sqlx::query_scalar(LAG).fetch_one(&self.db.worker).await.expect("a lag");
            (lag == 0).then_some(())
        })
        .await;
        let parked: i64 = sqlx::query_scalar("SELECT count(*) FROM runtime.parked").fetch_one(&self.db.worker).await.expect("a number");
        assert_eq!(parked, 0, "every event that the domain decides can be applied");
    }

    async fn model(&self) -> Model {
        Model::read(&self.db, self.tenant).await
    }

    /// The rows of a statement that answers JSON, as the tenant sees them.
    async fn rows(&self, statement: &str, parameters: &[Option<&str>]) -> Vec<Value> {
        let mut tx = TenantTx::begin(&self.db.app, self.tenant).await.expect("a transaction");
        let statement = format!("SELECT r.x::text FROM ({statement}) AS r (x)");
        let query = parameters.iter().fold(sqlx::query_scalar(&statement), |query, value| query.bind(*value));
        let rows: Vec<String> = query.fetch_all(&mut *tx).await.expect("the statement runs");
        tx.commit().await.expect("committed");
        rows.iter().map(|row| serde_json::from_str(row).expect("JSON")).collect()
    }

    /// The rows of a report; parameters that are not given have their defaults.
    async fn report(&self, name: &str, given: &[(&str, &str)]) -> Vec<Value> {
        let def: &ReportDef = crm().reports.iter().find(|report| report.name == name).expect("the report is listed");
        assert!(given.iter().all(|(name, _)| def.parameters.iter().any(|parameter| parameter.name == *name)), "{name}: {given:?}");
        let value = |name: &str| given.iter().find(|(given, _)| *given == name).map(|(_, value)| *value);
        let values: Vec<_> = def.parameters.iter().map(|parameter| value(parameter.name).or(parameter.default)).collect();
        self.rows(def.sql.trim().trim_end_matches(';'), &values).await
    }

    async fn end(self) {
        drop(self.projectors);
        self.db.drop().await;
    }
}
