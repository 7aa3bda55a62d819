//! What a tenant may use by its own subscription to the platform: the tenants are customers of one tenant, the operator, and the features
//! of their plans decide.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use domain::kernel::TenantId;
use platform::tenant_tx::TenantTx;
use serde_json::Value;
use sqlx::PgPool;
use uuid::Uuid;

use crate::features::{FeatureSource, Features};

/// The features that some plan names, and those of the tenant's subscriptions with their values; nothing of the latter where it never had
/// one. An override that is over does not count; one that holds wins over the plan.
const FEATURES: &str = "WITH own AS (
        SELECT s.* FROM billing_subscription_list s WHERE s.customer_id = $1
    ), named AS (
        SELECT s.entitled, f.key AS feature, coalesce(
            CASE WHEN (o.value ->> 'until') IS NULL OR (o.value ->> 'until')::timestamptz > now() THEN o.value -> 'value' END, f.value) AS value
        FROM own s CROSS JOIN LATERAL (
            SELECT e.key, e.value FROM jsonb_each(s.entitlements) e
            UNION ALL
            SELECT n.key, 'null'::jsonb FROM jsonb_each(s.overrides) n WHERE NOT s.entitlements ? n.key
        ) f LEFT JOIN jsonb_each(s.overrides) o ON o.key = f.key
    )
    SELECT EXISTS (SELECT FROM own),
        (SELECT coalesce(array_agg(DISTINCT k), '{}') FROM billing_plan_list p CROSS JOIN LATERAL jsonb_object_keys(p.entitlements) k),
        (SELECT coalesce(jsonb_agg(jsonb_build_array(n.entitled, n.feature, n.value)), '[]') FROM named n)";

/// A feature of one subscription: whether the subscription grants anything at the moment, the name, and the value.
type Named = (bool, String, Value);

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
        let (subscribed, gated, named): (bool, Vec<String>, sqlx::types::Json<Vec<Named>>) =
            sqlx::query_as(FEATURES).bind(tenant.to_string()).fetch_one(&mut *tx).await?;
        tx.commit().await?;
        Ok(if subscribed { features(gated, &named) } else { Features::unlimited() })
    }
}

/// Whether a value grants its feature.
fn grants(value: &Value) -> bool {
    !matches!(value, Value::Null | Value::Bool(false)) && value.as_i64() != Some(0)
}

/// What the subscriptions of a tenant come to together.
fn features(gated: Vec<String>, named: &[Named]) -> Features {
    let granted: BTreeSet<&str> =
        named.iter().filter(|(entitled, _, value)| *entitled && grants(value)).map(|(_, feature, _)| feature.as_str()).collect();
    // A limit outlives the subscription that set it: who has not paid may not have more than who has.
    let entitled = named.iter().any(|(entitled, ..)| *entitled);
    let mut values: BTreeMap<String, Value> = BTreeMap::new();
    for (counts, feature, value) in named {
        if value.is_null() || !(*counts || !entitled && Features::is_limit(feature)) {
            continue;
        }
        let better = values.get(feature).is_none_or(|before| rank(value) > rank(before));
        if better {
            values.insert(feature.clone(), value.clone());
        }
    }
    let withheld = gated.into_iter().filter(|feature| !granted.contains(feature.as_str()));
    Features::without(withheld).with(values)
}

/// Which of two values for one feature gives more: `false`, then numbers by their size, then words, then `true`, which has no bound.
fn rank(value: &Value) -> (u8, i64) {
    match value {
        Value::Bool(true) => (3, 0),
        Value::String(_) => (2, 0),
        Value::Number(_) => (1, value.as_i64().unwrap_or(0)),
        _ => (0, 0),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn named(rows: &[(bool, &str, Value)]) -> Vec<Named> {
        rows.iter().map(|(entitled, feature, value)| (*entitled, (*feature).to_owned(), value.clone())).collect()
    }

    #[test]
    fn subscriptions_together_give_the_most_that_one_of_them_gives() {
        let rows =
            [(true, "limit.crm.contact", json!(5)), (true, "limit.crm.contact", json!(50)), (false, "limit.crm.contact", json!(500))];
        assert_eq!(features(vec![], &named(&rows)).limit("limit.crm.contact"), Some(50));
        let free = [(true, "limit.crm.contact", json!(5)), (true, "limit.crm.contact", json!(true)), (true, "support", json!("priority"))];
        let free = features(vec!["support".to_owned(), "export".to_owned()], &named(&free));
        assert_eq!((free.limit("limit.crm.contact"), free.values()["support"].as_str()), (None, Some("priority")));
        assert!(free.allow("support") && !free.allow("export"));
    }

    #[test]
    fn a_limit_outlives_the_subscription_and_a_grant_does_not() {
        let ended = named(&[(false, "limit.crm.contact", json!(5)), (false, "context.crm", json!(true)), (false, "seats", json!(3))]);
        let left = features(vec!["context.crm".to_owned()], &ended);
        assert_eq!((left.limit("limit.crm.contact"), left.allow("context.crm"), left.values().len()), (Some(5), false, 1));
    }
}
