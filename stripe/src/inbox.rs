//! Looks at what stored events are about, and sends what follows.
//!
//! An event says only where to look. Its object is read as it stands now, so it does not matter in which order events came, how often,
//! or how late. An event stays in the inbox until its commands are accepted or refused for good.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::kernel::{StepCommand, TenantId};
use platform::clock;
use tokio_util::sync::CancellationToken;

use crate::api::objects::{Metadata, key, tenant_of};
use crate::decide::{of_dispute, of_intent, of_invoice, of_refund, of_session, of_subscription, unlink};
use crate::lookup::Lookup;
use crate::sender::{SendError, Sender};
use crate::{Api, ApiError, PROVIDER, StripeOptions};

/// How many events are claimed at a time.
const CLAIM_MAX: i64 = 32;
/// How long a claimed event is left to whoever claimed it, in seconds.
const CLAIM_SECONDS: i32 = 120;
/// How long to wait when nothing waits.
const IDLE: Duration = Duration::from_millis(500);
/// The longest pause between two attempts, in seconds.
const PAUSE_SECONDS_MAX: i64 = 300;
/// How long events are kept after they are done with.
const KEPT: &str = "90 days";

/// What became of an event.
#[derive(Debug)]
enum Outcome {
    /// Its commands were accepted, or nothing was to be done.
    Done,
    /// It is about nothing of ours.
    Ignored(String),
    /// A command was refused for good.
    Refused(String),
    /// To be looked at again.
    Again(String, Option<Duration>),
}

/// How many events were looked at, and what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InboxReport {
    /// Done.
    pub done: u64,
    /// About nothing of ours.
    pub ignored: u64,
    /// Refused for good.
    pub refused: u64,
    /// To be looked at again.
    pub again: u64,
}

/// An event that waits.
#[derive(Debug, sqlx::FromRow)]
struct Waiting {
    event_id: String,
    event_type: String,
    object_id: Option<String>,
    attempts: i32,
}

/// Commands for a tenant; none where the object is not ours.
type Decided = Result<Option<(TenantId, Vec<StepCommand>)>, ApiError>;

/// Looks at events of Stripe. Any number may run at the same time.
pub struct Inbox {
    api: Arc<Api>,
    options: StripeOptions,
    lookup: Lookup,
    sender: Sender,
}

impl Inbox {
    /// Reads events and read models by `lookup`, objects by `api`, and sends commands by `sender`.
    pub fn new(api: Arc<Api>, options: StripeOptions, lookup: Lookup, sender: Sender) -> Self {
        Self { api, options, lookup, sender }
    }

    /// Looks at events until cancelled.
    pub async fn run(&self, cancel: CancellationToken) {
        let mut turns = 0_u32;
        loop {
            let pause = match self.turn().await {
                Ok(report) if report == InboxReport::default() => IDLE,
                Ok(_) => Duration::ZERO,
                Err(error) => {
                    tracing::warn!(%error, "the inbox cannot be read");
                    Duration::from_secs(5)
                }
            };
            turns = turns.wrapping_add(1);
            if turns.is_multiple_of(7_200)
                && let Err(error) = self.forget().await
            {
                tracing::debug!(%error, "old events were not deleted; the next round tries again");
            }
            if cancel.run_until_cancelled(tokio::time::sleep(pause)).await.is_none() || cancel.is_cancelled() {
                return;
            }
        }
    }

    /// Looks once at the events that wait.
    pub async fn turn(&self) -> Result<InboxReport, sqlx::Error> {
        let mut report = InboxReport::default();
        for event in self.claim().await? {
            let outcome = self.look(&event).await;
            let (status, detail, pause) = match outcome {
                Outcome::Done => ("done", None, None),
                Outcome::Ignored(why) => ("ignored", Some(why), None),
                Outcome::Refused(why) => {
                    tracing::warn!(event = event.event_id, event_type = event.event_type, why, "what follows from an event was refused");
                    ("refused", Some(why), None)
                }
                Outcome::Again(why, after) => ("waiting", Some(why), Some(pause(event.attempts, after))),
            };
            match status {
                "done" => report.done += 1,
                "ignored" => report.ignored += 1,
                "refused" => report.refused += 1,
                _ => report.again += 1,
            }
            self.settle(&event, status, detail, pause).await?;
        }
        Ok(report)
    }

    /// Claims events: nobody else looks at them for a while, and they come back if we vanish.
    async fn claim(&self) -> Result<Vec<Waiting>, sqlx::Error> {
        const CLAIM: &str = "UPDATE runtime.webhook_events e SET attempts = e.attempts + 1, next_at = now() + make_interval(secs => $3) \
            FROM (SELECT w.source, w.event_id FROM runtime.webhook_events w WHERE w.status = 'waiting' AND w.next_at <= now() AND w.source = $1 \
                  ORDER BY w.next_at LIMIT $2 FOR UPDATE SKIP LOCKED) c \
            WHERE e.source = c.source AND e.event_id = c.event_id \
            RETURNING e.event_id, e.event_type, e.object_id, e.attempts";
        sqlx::query_as(CLAIM).bind(PROVIDER).bind(CLAIM_MAX).bind(f64::from(CLAIM_SECONDS)).fetch_all(self.lookup.pool()).await
    }

    async fn settle(&self, event: &Waiting, status: &str, detail: Option<String>, pause: Option<i64>) -> Result<(), sqlx::Error> {
        const SETTLE: &str = "UPDATE runtime.webhook_events SET status = $3, detail = $4, \
                next_at = CASE WHEN $5::bigint IS NULL THEN next_at ELSE now() + make_interval(secs => $5::bigint) END, \
                done_at = CASE WHEN $3 = 'waiting' THEN NULL ELSE now() END \
            WHERE source = $1 AND event_id = $2";
        sqlx::query(SETTLE).bind(PROVIDER).bind(&event.event_id).bind(status).bind(detail).bind(pause).execute(self.lookup.pool()).await?;
        Ok(())
    }

    async fn forget(&self) -> Result<(), sqlx::Error> {
        let statement = format!(
            "DELETE FROM runtime.webhook_events WHERE (source, event_id) IN (SELECT source, event_id FROM runtime.webhook_events \
             WHERE status <> 'waiting' AND done_at < now() - interval '{KEPT}' LIMIT 5000)"
        );
        sqlx::query(&statement).execute(self.lookup.pool()).await?;
        Ok(())
    }

    async fn look(&self, event: &Waiting) -> Outcome {
        let Some(object_id) = event.object_id.as_deref() else { return Outcome::Ignored("it names no object".to_owned()) };
        let decided = match event.event_type.split('.').collect::<Vec<_>>()[..] {
            ["payment_intent", ..] => self.intent(object_id).await,
            ["refund", ..] | ["charge", "refund", _] => self.refund(object_id).await,
            ["charge", "dispute", _] => self.dispute(object_id).await,
            ["customer", "subscription", _] => self.subscription(object_id).await,
            ["invoice", "paid" | "payment_succeeded"] => self.invoice(object_id).await,
            ["customer", "deleted" | "updated"] => self.customer(object_id).await,
            ["checkout", "session", ..] => self.session(object_id).await,
            _ => return Outcome::Ignored(format!("nothing follows from {}", event.event_type)),
        };
        let (tenant, commands) = match decided {
            Ok(Some(decided)) => decided,
            Ok(None) => return Outcome::Ignored("it is about nothing of ours".to_owned()),
            Err(ApiError::Passing { reason, after }) => return Outcome::Again(reason, after),
            Err(error @ (ApiError::Missing(_) | ApiError::Refused { .. } | ApiError::Declined { .. })) => {
                return Outcome::Ignored(error.to_string());
            }
        };
        if !self.options.serves(tenant) {
            return Outcome::Ignored(format!("the account does not serve the tenant {tenant}"));
        }
        for command in commands {
            match self.sender.send(tenant, command, &event.event_id).await {
                // What a command makes is there since an earlier look, which went no further.
                Ok(()) | Err(SendError::Exists(_)) => {}
                Err(SendError::Refused(reason)) => return Outcome::Refused(reason),
                Err(SendError::Passing(reason)) => return Outcome::Again(reason, None),
            }
        }
        Outcome::Done
    }

    async fn intent(&self, id: &str) -> Decided {
        let intent = self.api.intent(id).await?;
        Ok(ours(&intent.metadata, key::PAYMENT).map(|(tenant, payment)| (tenant, of_intent(&payment, &intent, None))))
    }

    /// The payment that a payment intent is for, and that it came in: what went back may be heard of first.
    async fn payment_of(&self, intent: Option<&str>) -> Result<Option<(TenantId, String, Vec<StepCommand>)>, ApiError> {
        let Some(intent) = intent else { return Ok(None) };
        let intent = self.api.intent(intent).await?;
        let came_in = |payment: &str| if intent.status == "succeeded" { of_intent(payment, &intent, None) } else { Vec::new() };
        Ok(ours(&intent.metadata, key::PAYMENT).map(|(tenant, payment)| {
            let commands = came_in(&payment);
            (tenant, payment, commands)
        }))
    }

    async fn refund(&self, id: &str) -> Decided {
        let refund = self.api.refund(id).await?;
        let payment = self.payment_of(refund.intent.as_deref()).await?;
        Ok(payment.map(|(tenant, payment, mut commands)| {
            commands.extend(of_refund(&payment, &refund));
            (tenant, commands)
        }))
    }

    async fn dispute(&self, id: &str) -> Decided {
        let dispute = self.api.dispute(id).await?;
        let payment = self.payment_of(dispute.intent.as_deref()).await?;
        Ok(payment.map(|(tenant, payment, mut commands)| {
            commands.extend(of_dispute(&payment, &dispute));
            (tenant, commands)
        }))
    }

    /// What Stripe bills is revenue like what is billed here, and stands in the books under Stripe's number.
    async fn invoice(&self, id: &str) -> Decided {
        let invoice = self.api.invoice(id).await?;
        let Some(subscription) = invoice.subscription.as_deref() else { return Ok(None) };
        let metadata = self.api.subscription(subscription).await?.metadata;
        let Some((tenant, _)) = ours(&metadata, key::SUBSCRIPTION) else { return Ok(None) };
        let Some(customer_id) = metadata.get(key::CUSTOMER) else { return Ok(None) };
        let name = self.lookup.customer(tenant, customer_id).await?.and_then(|customer| customer.name);
        Ok(Some((tenant, of_invoice(customer_id, name.as_deref().unwrap_or(customer_id), &invoice))))
    }

    async fn session(&self, id: &str) -> Decided {
        let session = self.api.checkout(id).await?;
        let Some((tenant, checkout)) = ours(&session.metadata, key::CHECKOUT) else { return Ok(None) };
        let mut commands = of_session(&checkout, &session);
        // The subscription's own event may come much later, and the customer wants to begin.
        if let Some(id) = session.subscription.as_deref().filter(|_| session.status == "complete")
            && let Some((_, more)) = self.subscription(id).await?
        {
            commands.extend(more);
        }
        Ok(Some((tenant, commands)))
    }

    async fn subscription(&self, id: &str) -> Decided {
        let observed_at = clock::now();
        let subscription = self.api.subscription(id).await?;
        Ok(Follow { lookup: &self.lookup, options: &self.options }.subscription(&subscription, observed_at).await?)
    }

    async fn customer(&self, id: &str) -> Decided {
        match self.api.customer(id).await {
            // What changes in Stripe's pages is Stripe's to know: the profile that we bill is ours.
            Ok(_) => Ok(None),
            Err(ApiError::Missing(_)) => {
                let known = self.lookup.customers_with(id).await?;
                Ok(known.first().map(|customer| (TenantId(customer.tenant_id), vec![unlink(&customer.id)])))
            }
            Err(error) => Err(error),
        }
    }
}

/// What a subscription at Stripe means here; for events and for reconciliation.
pub struct Follow<'a> {
    /// Our read models.
    pub lookup: &'a Lookup,
    /// Prices that were made by hand.
    pub options: &'a StripeOptions,
}

impl Follow<'_> {
    /// The command that makes ours stand like Stripe's; none where it is not ours.
    pub async fn subscription(
        &self,
        subscription: &crate::api::objects::SubscriptionState,
        observed_at: DateTime<Utc>,
    ) -> Result<Option<(TenantId, Vec<StepCommand>)>, sqlx::Error> {
        let Some((tenant, id)) = ours(&subscription.metadata, key::SUBSCRIPTION) else { return Ok(None) };
        let Some(customer_id) = subscription.metadata.get(key::CUSTOMER) else { return Ok(None) };
        let price = subscription.item.as_ref().map(|(_, price, _)| price.as_str()).unwrap_or_default();
        let configured = self.options.prices.iter().find(|(_, configured)| configured == price).map(|(plan, _)| plan.clone());
        let plan_id = match configured {
            Some(plan) => Some(plan),
            None => self.lookup.plan_of(tenant, price).await?.or_else(|| subscription.metadata.get(key::PLAN).cloned()),
        };
        Ok(plan_id.map(|plan_id| (tenant, of_subscription(&id, customer_id, &plan_id, subscription, observed_at))))
    }
}

/// The tenant and the id that an object of ours says.
pub fn ours(metadata: &Metadata, name: &str) -> Option<(TenantId, String)> {
    Some((tenant_of(metadata)?, metadata.get(name)?.clone()))
}

/// Seconds until an event is looked at again: longer each time, and as long as Stripe asks for.
fn pause(attempts: i32, after: Option<Duration>) -> i64 {
    let grown = 1_i64 << attempts.clamp(0, 9);
    let asked = after.map_or(0, |after| i64::try_from(after.as_secs()).unwrap_or(PAUSE_SECONDS_MAX));
    grown.max(asked).min(PAUSE_SECONDS_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_are_bounded() {
        assert_eq!((pause(1, None), pause(3, None), pause(100, None)), (2, 8, 300));
        assert_eq!(pause(1, Some(Duration::from_secs(30))), 30);
        assert_eq!(pause(1, Some(Duration::from_mins(50))), 300);
    }
}
