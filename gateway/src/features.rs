//! What a tenant may use, asked before a context is served and remembered for a moment.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use domain::kernel::TenantId;
use projections::features::{FeatureSource, Features, of_context};

use crate::problem::Problem;

/// How many tenants are remembered before those that are out of date are forgotten.
const TENANTS_MAX: usize = 10_000;

/// Lets tenants use what they are entitled to. Without a source, everything.
pub struct FeatureGate {
    source: Option<Arc<dyn FeatureSource>>,
    remembered: Mutex<HashMap<TenantId, (Instant, Arc<Features>)>>,
    lasts: Duration,
}

impl FeatureGate {
    /// Asks the source, and believes its answer for so long.
    pub fn new(source: Option<Arc<dyn FeatureSource>>, lasts: Duration) -> Self {
        Self { source, remembered: Mutex::default(), lasts }
    }

    /// What the tenant may use; nothing is known where nothing is sold.
    pub async fn of(&self, tenant: TenantId) -> Result<Option<Arc<Features>>, Problem> {
        let Some(source) = &self.source else { return Ok(None) };
        let known = self.recall(tenant);
        let features = match known {
            Some((since, features)) if since.elapsed() < self.lasts => features,
            known => match source.of(tenant).await {
                Ok(features) => self.remember(tenant, features),
                Err(error) => match known {
                    // Who was let in a moment ago is not shut out because a question could not be asked.
                    Some((_, features)) => {
                        tracing::warn!(%error, %tenant, "what a tenant may use cannot be read; the last known answer stays");
                        features
                    }
                    None => return Err(error.into()),
                },
            },
        };
        Ok(Some(features))
    }

    /// 403 where the tenant is not entitled to the context.
    pub async fn require(&self, tenant: TenantId, context: &str) -> Result<(), Problem> {
        let Some(features) = self.of(tenant).await? else { return Ok(()) };
        let feature = of_context(context);
        if features.allow(&feature) {
            return Ok(());
        }
        let detail = format!(
            "The tenant's subscription does not include `{feature}` at the moment. Change the plan, or settle what is overdue; it works again \
             within seconds."
        );
        Err(Problem::forbidden("feature_not_entitled", detail))
    }

    fn recall(&self, tenant: TenantId) -> Option<(Instant, Arc<Features>)> {
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner).get(&tenant).cloned()
    }

    fn remember(&self, tenant: TenantId, features: Features) -> Arc<Features> {
        let features = Arc::new(features);
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        if remembered.len() >= TENANTS_MAX {
            remembered.retain(|_, (since, _)| since.elapsed() < self.lasts);
        }
        if remembered.len() < TENANTS_MAX {
            remembered.insert(tenant, (Instant::now(), features.clone()));
        }
        features
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use async_trait::async_trait;

    use super::*;

    /// Withholds the lab, and fails from the second question on.
    struct Once(AtomicUsize);

    #[async_trait]
    impl FeatureSource for Once {
        async fn of(&self, _: TenantId) -> Result<Features, sqlx::Error> {
            match self.0.fetch_add(1, Ordering::Relaxed) {
                0 => Ok(Features::without(["context.lab".to_owned()])),
                _ => Err(sqlx::Error::PoolTimedOut),
            }
        }
    }

    #[tokio::test]
    async fn an_answer_is_remembered_and_outlives_a_source_that_is_away() {
        let tenant = TenantId(platform::clock::new_id());
        let code = |result: Result<(), Problem>| result.err().map(|problem| problem.code().to_owned());
        let source = Arc::new(Once(AtomicUsize::new(0)));
        let gate = FeatureGate::new(Some(source.clone()), Duration::from_mins(1));
        for _ in 0..3 {
            assert_eq!(code(gate.require(tenant, "lab").await).as_deref(), Some("feature_not_entitled"));
            assert_eq!(code(gate.require(tenant, "crm").await), None);
        }
        assert_eq!(source.0.load(Ordering::Relaxed), 1);
        let forgetful = FeatureGate::new(Some(Arc::new(Once(AtomicUsize::new(0)))), Duration::ZERO);
        assert_eq!(code(forgetful.require(tenant, "lab").await).as_deref(), Some("feature_not_entitled"));
        assert_eq!(code(forgetful.require(tenant, "lab").await).as_deref(), Some("feature_not_entitled"), "the last answer stays");
        let stranger = TenantId(platform::clock::new_id());
        assert_eq!(code(forgetful.require(stranger, "lab").await).as_deref(), Some("unavailable"));
        let open = FeatureGate::new(None, Duration::ZERO);
        assert_eq!(code(open.require(tenant, "lab").await), None);
    }
}
