//! What a tenant may use, as far as something decides that: the gateway asks before it serves a context.

use std::collections::BTreeSet;

use async_trait::async_trait;
use domain::kernel::TenantId;

/// The feature that a whole context is.
pub fn of_context(context: &str) -> String {
    format!("context.{context}")
}

/// What a tenant may use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Features {
    withheld: BTreeSet<String>,
}

impl Features {
    /// Everything.
    pub fn unlimited() -> Self {
        Self::default()
    }

    /// Everything but these.
    pub fn without(withheld: impl IntoIterator<Item = String>) -> Self {
        Self { withheld: withheld.into_iter().collect() }
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
    use super::*;

    #[test]
    fn what_is_not_withheld_is_allowed() {
        let features = Features::without(["context.crm".to_owned()]);
        assert!(!features.allow(&of_context("crm")) && features.allow(&of_context("billing")));
        assert!(Features::unlimited().allow("context.crm"));
    }
}
