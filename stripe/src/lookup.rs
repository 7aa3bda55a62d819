//! What our read models say about things that Stripe names.

use chrono::{DateTime, Utc};
use domain::billing::payment::{Payment, PaymentEvent};
use domain::kernel::{Aggregate as _, EventSet as _, TenantId};
use sqlx::PgPool;

/// Reads the read models of billing, of all tenants.
#[derive(Clone)]
pub struct Lookup {
    pool: PgPool,
}

/// What we know of a customer.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Profile {
    /// Stripe's id.
    pub external_id: Option<String>,
    /// The name on bills.
    pub name: Option<String>,
    /// Where bills go.
    pub email: Option<String>,
    /// Whether the customer was erased.
    pub erased: bool,
}

/// A customer as we have it.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct OurCustomer {
    /// The tenant.
    pub tenant_id: uuid::Uuid,
    /// Our id.
    pub id: String,
    /// Stripe's id.
    pub external_id: Option<String>,
    /// Whether it was erased.
    pub erased: bool,
}

/// A payment as we have it.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct OurPayment {
    /// The tenant.
    pub tenant_id: uuid::Uuid,
    /// Our id.
    pub id: String,
    /// Stripe's id.
    pub external_id: Option<String>,
    /// Where it stands.
    pub status: String,
    /// How much is asked for.
    pub amount_minor: i64,
    /// ISO 4217 code.
    pub currency: String,
    /// What came in.
    pub captured_minor: i64,
    /// What went back.
    pub refunded_minor: i64,
}

/// A subscription that Stripe bills, as we have it.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct OurSubscription {
    /// The tenant.
    pub tenant_id: uuid::Uuid,
    /// Our id.
    pub id: String,
    /// Stripe's id.
    pub external_id: Option<String>,
    /// Where it stands there, as we know.
    pub provider_status: Option<String>,
    /// Seats or units.
    pub quantity: i64,
    /// The end of the period.
    pub period_end: DateTime<Utc>,
    /// Whether it is over.
    pub ended: bool,
}

/// A price of a plan as we have it.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct OurPrice {
    /// The tenant.
    pub tenant_id: uuid::Uuid,
    /// The plan.
    pub plan_id: String,
    /// Stripe's id of its price.
    pub external_price_id: Option<String>,
    /// The flat price of a period.
    pub price_minor: i64,
    /// ISO 4217 code.
    pub currency: String,
    /// Whether it is sold no more.
    pub retired: bool,
}

impl Lookup {
    /// Reads by this pool, of the worker role.
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    /// A customer, as far as the read model knows.
    pub async fn customer(&self, tenant: TenantId, customer_id: &str) -> Result<Option<Profile>, sqlx::Error> {
        const QUERY: &str = "SELECT external_id, name, email, erased FROM billing_customer_list WHERE tenant_id = $1 AND id = $2";
        sqlx::query_as(QUERY).bind(tenant.0).bind(customer_id).fetch_optional(&self.pool).await
    }

    /// Stripe's id of the price of a plan.
    pub async fn price_of(&self, tenant: TenantId, plan_id: &str) -> Result<Option<String>, sqlx::Error> {
        const QUERY: &str = "SELECT external_price_id FROM billing_plan_list WHERE tenant_id = $1 AND id = $2";
        let found: Option<Option<String>> = sqlx::query_scalar(QUERY).bind(tenant.0).bind(plan_id).fetch_optional(&self.pool).await?;
        Ok(found.flatten())
    }

    /// The plan that has this price.
    pub async fn plan_of(&self, tenant: TenantId, price_id: &str) -> Result<Option<String>, sqlx::Error> {
        const QUERY: &str = "SELECT id FROM billing_plan_list WHERE tenant_id = $1 AND external_price_id = $2";
        sqlx::query_scalar(QUERY).bind(tenant.0).bind(price_id).fetch_optional(&self.pool).await
    }

    /// Our customers with this id of Stripe.
    pub async fn customers_with(&self, external_id: &str) -> Result<Vec<OurCustomer>, sqlx::Error> {
        const QUERY: &str = "SELECT tenant_id, id, external_id, erased FROM billing_customer_list WHERE external_id = $1 LIMIT 10";
        sqlx::query_as(QUERY).bind(external_id).fetch_all(&self.pool).await
    }

    /// Our subscription with this id of Stripe.
    pub async fn subscription_with(&self, external_id: &str) -> Result<Option<OurSubscription>, sqlx::Error> {
        const QUERY: &str = "SELECT tenant_id, id, external_id, provider_status, quantity, period_end, status = 'ended' AS ended \
            FROM billing_subscription_list WHERE external_id = $1";
        sqlx::query_as(QUERY).bind(external_id).fetch_optional(&self.pool).await
    }

    /// How a payment stands, by the log itself: read models may be behind, and money is taken once.
    pub async fn payment_state(&self, tenant: TenantId, id: &str) -> Result<Payment, sqlx::Error> {
        const QUERY: &str = "SELECT e.event_type, e.event_version, e.payload::text FROM log.heads h \
            JOIN log.events e ON e.context = h.context AND e.partition = h.partition \
            WHERE h.context = 'billing' AND e.tenant_id = $1 AND e.aggregate_type = 'payment' AND e.aggregate_id = $2 ORDER BY e.sequence";
        let events: Vec<(String, String, String)> = sqlx::query_as(QUERY).bind(tenant.0).bind(id).fetch_all(&self.pool).await?;
        let mut payment = Payment::default();
        for (name, version, payload) in events {
            let event = PaymentEvent::decode(&name, &version, &payload).map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
            payment.apply(&event);
        }
        Ok(payment)
    }

    /// Our payment with this id of Stripe.
    pub async fn payment_with(&self, external_id: &str) -> Result<Option<OurPayment>, sqlx::Error> {
        const QUERY: &str = "SELECT tenant_id, id, external_id, status, amount_minor, currency, captured_minor, refunded_minor \
            FROM billing_payment_list WHERE external_id = $1";
        sqlx::query_as(QUERY).bind(external_id).fetch_optional(&self.pool).await
    }

    /// Our customers that Stripe knows.
    pub async fn customers(&self) -> Result<Vec<OurCustomer>, sqlx::Error> {
        const QUERY: &str = "SELECT tenant_id, id, external_id, erased FROM billing_customer_list WHERE external_id IS NOT NULL";
        sqlx::query_as(QUERY).fetch_all(&self.pool).await
    }

    /// Our payments that Stripe knows, asked for since then.
    pub async fn payments_since(&self, since: DateTime<Utc>) -> Result<Vec<OurPayment>, sqlx::Error> {
        const QUERY: &str = "SELECT tenant_id, id, external_id, status, amount_minor, currency, captured_minor, refunded_minor \
            FROM billing_payment_list WHERE external_id IS NOT NULL AND requested_at >= $1";
        sqlx::query_as(QUERY).bind(since).fetch_all(&self.pool).await
    }

    /// Our payment of that id.
    pub async fn payment(&self, tenant: TenantId, id: &str) -> Result<Option<OurPayment>, sqlx::Error> {
        const QUERY: &str = "SELECT tenant_id, id, external_id, status, amount_minor, currency, captured_minor, refunded_minor \
            FROM billing_payment_list WHERE tenant_id = $1 AND id = $2";
        sqlx::query_as(QUERY).bind(tenant.0).bind(id).fetch_optional(&self.pool).await
    }

    /// Our subscriptions that Stripe bills.
    pub async fn subscriptions(&self) -> Result<Vec<OurSubscription>, sqlx::Error> {
        const QUERY: &str = "SELECT tenant_id, id, external_id, provider_status, quantity, period_end, status = 'ended' AS ended \
            FROM billing_subscription_list WHERE billed_by = 'provider'";
        sqlx::query_as(QUERY).fetch_all(&self.pool).await
    }

    /// The prices of our plans that Stripe has.
    pub async fn prices(&self) -> Result<Vec<OurPrice>, sqlx::Error> {
        const QUERY: &str = "SELECT tenant_id, id AS plan_id, external_price_id, price_minor, currency, retired FROM billing_plan_list \
            WHERE external_price_id IS NOT NULL";
        sqlx::query_as(QUERY).fetch_all(&self.pool).await
    }

    /// The database itself.
    pub(crate) fn pool(&self) -> &PgPool {
        &self.pool
    }
}
