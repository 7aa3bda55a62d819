//! What a tenant may use, as far as something decides that: the gateway asks before it serves a context.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use domain::kernel::TenantId;
use serde_json::Value;

/// The feature that a whole context is.
pub fn of_context(context: &str) -> String {
    format!("context.{context}")
}

/// How the features begin that say how many of something a tenant may have.
const LIMIT: &str = "limit.";

/// The feature that says how many aggregates of a type a tenant may have.
pub fn limit_of(context: &str, aggregate: &str) -> String {
    format!("{LIMIT}{context}.{aggregate}")
}

/// What a tenant may use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Features {
    withheld: BTreeSet<String>,
    values: BTreeMap<String, Value>,
}

impl Features {
    /// Everything.
    pub fn unlimited() -> Self {
        Self::default()
    }

    /// Everything but these.
    pub fn without(withheld: impl IntoIterator<Item = String>) -> Self {
        Self { withheld: withheld.into_iter().collect(), values: BTreeMap::new() }
    }

    /// With these values of features: flags, numbers and words.
    #[must_use]
    pub fn with(self, values: impl IntoIterator<Item = (String, Value)>) -> Self {
        Self { values: values.into_iter().collect(), ..self }
    }

    /// The values by feature: what the tenant's plan says, whether the platform enforces it or not.
    pub fn values(&self) -> &BTreeMap<String, Value> {
        &self.values
    }

    /// How many the tenant may have by a feature of [`limit_of`]; nothing where its plan sets no limit. `false` is none at all.
    pub fn limit(&self, feature: &str) -> Option<i64> {
        match self.values.get(feature)? {
            Value::Bool(false) => Some(0),
            value => value.as_i64().map(|limit| limit.max(0)),
        }
    }

    /// Whether a feature says how many of something there may be.
    pub fn is_limit(feature: &str) -> bool {
        feature.starts_with(LIMIT)
    }

    /// Whether the feature may be used.
    pub fn allow(&self, feature: &str) -> bool {
        !self.withheld.contains(feature)
    }
}

/// Tells what tenants may use.
#[async_trait]
pub trait FeatureSource: Send + Sync {
    /// What this tenant may use now.
    async fn of(&self, tenant: TenantId) -> Result<Features, sqlx::Error>;
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_not_withheld_is_allowed() {
        let features = Features::without(["context.crm".to_owned()]);
        assert!(!features.allow(&of_context("crm")) && features.allow(&of_context("billing")));
        assert!(Features::unlimited().allow("context.crm"));
    }

    #[test]
    fn numbers_limit_and_words_do_not() {
        let values =
            [("limit.crm.contact", json!(5)), ("limit.crm.deal", json!(false)), ("limit.crm.lead", json!(true)), ("seats", json!(3))];
        let features = Features::unlimited().with(values.map(|(feature, value)| (feature.to_owned(), value)));
        let limits = ["contact", "deal", "lead", "company"].map(|aggregate| features.limit(&limit_of("crm", aggregate)));
        assert_eq!(limits, [Some(5), Some(0), None, None]);
        assert!(Features::is_limit("limit.crm.contact") && !Features::is_limit("seats"));
    }
}
