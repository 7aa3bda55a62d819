//! Compares what Stripe has with what we have: counts, states, amounts, deletions. What differs is mended by commands where somebody
//! asks for it, and kept either way. What is on its way while the two are read shows as a difference too, and mends itself.

mod compare;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::billing::reconciliation::DRIFTS_MAX;
use domain::kernel::TenantId;
use platform::clock;
use serde_json::json;

pub use self::compare::{ByTenant, Difference, Found};
use self::compare::{Ours, Theirs, compare};
use crate::api::objects::key;
use crate::decide::{bounded, command};
use crate::inbox::{Follow, ours};
use crate::lookup::Lookup;
use crate::sender::{SendError, Sender};
use crate::{Api, ApiError, PROVIDER, StripeOptions};

/// How many pages of one kind are read at most: a hundred thousand objects.
const PAGES_MAX: usize = 1_000;

/// Why a comparison failed.
#[derive(Debug, thiserror::Error)]
pub enum ReconcileError {
    /// Stripe did not answer.
    #[error("Stripe could not be read")]
    Stripe(#[from] ApiError),
    /// The read models did not.
    #[error("the read models could not be read")]
    Database(#[from] sqlx::Error),
    /// There is more than is compared at a time.
    #[error("there are more than {0} pages of {1}; choose a shorter time")]
    TooMuch(usize, &'static str),
    /// The comparison could not be stored.
    #[error("the comparison could not be recorded: {0}")]
    Record(#[from] SendError),
}

/// What a comparison is made of.
pub struct Reconciler<'a> {
    /// Stripe.
    pub api: &'a Api,
    /// For whom.
    pub options: &'a StripeOptions,
    /// Our read models.
    pub lookup: &'a Lookup,
    /// Where commands go.
    pub sender: &'a Sender,
}

impl Reconciler<'_> {
    /// Compares the payments since a time, and everything else; mends what differs if `repair`; records what was found for each tenant
    /// that the account serves.
    pub async fn run(&self, since: DateTime<Utc>, repair: bool) -> Result<ByTenant, ReconcileError> {
        let started_at = clock::now();
        let ours = self.ours(since).await?;
        let theirs = self.theirs(since, started_at, &ours).await?;
        let ours = self.with_named(ours, &theirs).await?;
        let mut found = compare(&ours, &theirs);
        found.retain(|tenant, _| self.options.serves(*tenant));
        if let Some(tenant) = self.options.tenant {
            // A comparison that finds nothing at all is worth knowing too.
            found.entry(tenant).or_default();
        }
        for (tenant, found) in &mut found {
            if repair {
                self.repair(*tenant, found).await;
            }
            self.record(*tenant, found, started_at).await?;
        }
        Ok(found)
    }

    async fn ours(&self, since: DateTime<Utc>) -> Result<Ours, sqlx::Error> {
        Ok(Ours {
            customers: self.lookup.customers().await?,
            payments: self.lookup.payments_since(since).await?,
            subscriptions: self.lookup.subscriptions().await?,
            prices: self.lookup.prices().await?,
        })
    }

    /// Payments that Stripe names and that we have not linked yet.
    async fn with_named(&self, mut ours_: Ours, theirs: &Theirs) -> Result<Ours, sqlx::Error> {
        for (tenant, id) in theirs.intents.iter().filter_map(|intent| ours(&intent.metadata, key::PAYMENT)) {
            let known = ours_.payments.iter().any(|payment| payment.tenant_id == tenant.0 && payment.id == id);
            if !known && let Some(payment) = self.lookup.payment(tenant, &id).await? {
                ours_.payments.push(payment);
            }
        }
        Ok(ours_)
    }

    async fn theirs(&self, since: DateTime<Utc>, now: DateTime<Utc>, ours_: &Ours) -> Result<Theirs, ReconcileError> {
        let mut theirs = Theirs::default();
        let mut after = None;
        for page in 0.. {
            let (customers, next) = self.api.customers(after.as_deref()).await?;
            theirs.customers.extend(customers);
            after = within(page, next, "customers")?;
            if after.is_none() {
                break;
            }
        }
        for page in 0.. {
            let (intents, next) = self.api.intents(None, Some(since), after.as_deref()).await?;
            theirs.intents.extend(intents);
            after = within(page, next, "payments")?;
            if after.is_none() {
                break;
            }
        }
        for page in 0.. {
            let (subscriptions, next) = self.api.subscriptions(after.as_deref()).await?;
            let follow = Follow { lookup: self.lookup, options: self.options };
            for subscription in subscriptions {
                let commands = follow.subscription(&subscription, now).await?.map(|(_, commands)| commands).unwrap_or_default();
                theirs.subscriptions.push((subscription, commands));
            }
            after = within(page, next, "subscriptions")?;
            if after.is_none() {
                break;
            }
        }
        for intent in theirs.intents.iter().filter(|intent| intent.status == "succeeded" && ours(&intent.metadata, key::PAYMENT).is_some())
        {
            theirs.refunds.extend(self.api.refunds_of(&intent.id).await?);
        }
        theirs.prices = self.prices(ours_).await?;
        Ok(theirs)
    }

    async fn prices(&self, ours_: &Ours) -> Result<HashMap<String, crate::api::objects::PriceState>, ReconcileError> {
        let mut prices = HashMap::new();
        for id in ours_.prices.iter().filter_map(|price| price.external_price_id.as_ref()) {
            match self.api.price(id).await {
                Ok(price) => drop(prices.insert(id.clone(), price)),
                Err(ApiError::Missing(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(prices)
    }

    async fn repair(&self, tenant: TenantId, found: &mut Found) {
        for difference in found.differences.iter_mut().filter(|difference| !difference.repair.is_empty()) {
            let mut result = Ok(());
            for command in &difference.repair {
                result = self.sender.send(tenant, command.clone(), "reconcile").await;
                if result.is_err() {
                    break;
                }
            }
            match result {
                Ok(()) => difference.repaired = true,
                Err(error) => difference.note = Some(error.to_string()),
            }
        }
    }

    async fn record(&self, tenant: TenantId, found: &Found, started_at: DateTime<Utc>) -> Result<(), SendError> {
        let cut = |text: &Option<String>, chars_max: usize| text.as_deref().and_then(|text| bounded(text, chars_max));
        let drifts: Vec<_> = found
            .differences
            .iter()
            .take(DRIFTS_MAX)
            .map(|difference| {
                json!({
                    "kind": difference.kind, "object": difference.object, "id": cut(&difference.id, 128),
                    "external_id": cut(&difference.external_id, 255), "ours": cut(&difference.ours, 200),
                    "theirs": cut(&difference.theirs, 200), "repaired": difference.repaired, "note": cut(&difference.note, 500)
                })
            })
            .collect();
        let compared: Vec<_> =
            found.compared.iter().map(|(object, (ours, theirs))| json!({ "object": object, "ours": ours, "theirs": theirs })).collect();
        let body = json!({
            "provider": PROVIDER, "started_at": started_at, "compared": compared, "drifts": drifts, "drift_count": found.differences.len()
        });
        self.sender.send(tenant, command("reconciliation", &clock::new_id().to_string(), "record", body), "reconcile").await
    }
}

fn within(page: usize, next: Option<String>, what: &'static str) -> Result<Option<String>, ReconcileError> {
    if page + 1 >= PAGES_MAX && next.is_some() { Err(ReconcileError::TooMuch(PAGES_MAX, what)) } else { Ok(next) }
}
