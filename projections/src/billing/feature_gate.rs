//! What a tenant may use by its own subscription to the platform: the tenants are customers of one tenant, the operator, and the features
//! of their plans decide.

use std::collections::BTreeSet;

use async_trait::async_trait;
use domain::kernel::TenantId;
use platform::tenant_tx::TenantTx;
use sqlx::PgPool;
use uuid::Uuid;

use crate::features::{FeatureSource, Features};

/// The features that some plan names, those that the tenant's subscriptions grant, and whether it ever had one. An override that is over
/// does not count; one that holds wins over the plan.
const FEATURES: &str = "WITH own AS (
        SELECT s.* FROM billing_subscription_list s WHERE s.customer_id = $1
    ), granted AS (
        SELECT f.key AS feature, coalesce(
            CASE WHEN (o.value ->> 'until') IS NULL OR (o.value ->> 'until')::timestamptz > now() THEN o.value -> 'value' END, f.value) AS value
        FROM own s CROSS JOIN LATERAL (
            SELECT e.key, e.value FROM jsonb_each(s.entitlements) e
            UNION ALL
            SELECT n.key, 'null'::jsonb FROM jsonb_each(s.overrides) n WHERE NOT s.entitlements ? n.key
        ) f LEFT JOIN jsonb_each(s.overrides) o ON o.key = f.key
        WHERE s.entitled
    )
    SELECT EXISTS (SELECT FROM own),
        (SELECT coalesce(array_agg(DISTINCT k), '{}') FROM billing_plan_list p CROSS JOIN LATERAL jsonb_object_keys(p.entitlements) k),
        (SELECT coalesce(array_agg(DISTINCT g.feature), '{}') FROM granted g WHERE g.value NOT IN ('null', 'false', '0'))";

/// Reads them from the operator's read models.
pub struct SubscribedFeatures {
    pool: PgPool,
    operator: Uuid,
}

impl SubscribedFeatures {
    /// From the subscriptions that this tenant sells. The pool is of the application role.
    pub fn new(pool: PgPool, operator: TenantId) -> Self {
        Self { pool, operator: operator.0 }
    }
}

#[async_trait]
impl FeatureSource for SubscribedFeatures {
    async fn of(&self, tenant: TenantId) -> Result<Features, sqlx::Error> {
        // Whoever sells the platform does not buy it.
        if tenant.0 == self.operator {
            return Ok(Features::unlimited());
        }
        let mut tx = TenantTx::begin(&self.pool, self.operator).await?;
        let (subscribed, gated, granted): (bool, Vec<String>, Vec<String>) =
            sqlx::query_as(FEATURES).bind(tenant.to_string()).fetch_one(&mut *tx).await?;
        tx.commit().await?;
        if !subscribed {
            return Ok(Features::unlimited());
        }
        let granted: BTreeSet<String> = granted.into_iter().collect();
        Ok(Features::without(gated.into_iter().filter(|feature| !granted.contains(feature))))
    }
}
