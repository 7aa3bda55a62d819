//! What calls send. Forms that the generated crates have no small feature for are written here; their names are Stripe's.

use domain::kernel::TenantId;
use serde::Serialize;

use super::objects::{Metadata, key};

/// Asks for a payment, and confirms it at once with the customer's own method.
#[derive(Clone, Debug, Serialize)]
pub struct NewIntent {
    /// How much, as Stripe counts.
    pub amount: i64,
    /// In lower case.
    pub currency: String,
    /// Stripe's id of the customer.
    pub customer: String,
    /// What is charged.
    pub payment_method: String,
    /// At once.
    pub confirm: bool,
    /// The customer is not there.
    pub off_session: bool,
    /// `automatic` or `manual`.
    pub capture_method: &'static str,
    /// What the customer reads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whose it is.
    pub metadata: Metadata,
}

/// Confirms a payment again.
#[derive(Clone, Debug, Serialize)]
pub(super) struct ConfirmIntent<'a> {
    pub payment_method: &'a str,
    pub off_session: bool,
}

/// Asks for another amount.
#[derive(Clone, Debug, Serialize)]
pub(super) struct ChangeIntent {
    pub amount: i64,
}

/// Captures what is held.
#[derive(Clone, Debug, Serialize)]
pub(super) struct CaptureIntent {
    pub amount_to_capture: i64,
}

/// A list, page by page.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct ListQuery<'a> {
    pub limit: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub starting_after: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<Since>,
}

/// From a time on, in seconds since the epoch.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Since {
    pub gte: i64,
}

/// A page on which a customer buys a plan.
#[derive(Clone, Debug, Serialize)]
pub struct NewCheckout {
    /// `subscription`.
    pub mode: &'static str,
    /// Stripe's id of the customer.
    pub customer: String,
    /// What is bought.
    pub line_items: Vec<CheckoutItem>,
    /// Where the customer comes back to.
    pub success_url: String,
    /// Where the customer comes back to without having bought.
    pub cancel_url: String,
    /// Whose it is.
    pub metadata: Metadata,
    /// Whose the subscription is.
    pub subscription_data: SubscriptionData,
}

/// What is bought.
#[derive(Clone, Debug, Serialize)]
pub struct CheckoutItem {
    /// Stripe's id of the price.
    pub price: String,
    /// Seats or units.
    pub quantity: u32,
}

/// What the subscription begins with.
#[derive(Clone, Debug, Serialize)]
pub struct SubscriptionData {
    /// Whose it is.
    pub metadata: Metadata,
    /// Days that cost nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trial_period_days: Option<u16>,
}

impl NewCheckout {
    /// A page for a subscription that will have the checkout's id.
    pub fn new(tenant: TenantId, checkout_id: &str, customer: (&str, &str), plan_id: &str, item: CheckoutItem, return_url: &str) -> Self {
        let (customer_id, external_customer) = customer;
        let metadata: Metadata = [
            (key::TENANT, tenant.to_string()),
            (key::CHECKOUT, checkout_id.to_owned()),
            (key::SUBSCRIPTION, checkout_id.to_owned()),
            (key::CUSTOMER, customer_id.to_owned()),
            (key::PLAN, plan_id.to_owned()),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
        Self {
            mode: "subscription",
            customer: external_customer.to_owned(),
            line_items: vec![item],
            success_url: return_url.to_owned(),
            cancel_url: return_url.to_owned(),
            subscription_data: SubscriptionData { metadata: metadata.clone(), trial_period_days: None },
            metadata,
        }
    }
}

/// Ends, or does not end, with the period.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct CancelAtPeriodEnd {
    pub cancel_at_period_end: bool,
}

/// Ends at once.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct CancelNow {
    pub prorate: bool,
    pub invoice_now: bool,
}

/// Sells another price or quantity.
#[derive(Clone, Debug, Serialize)]
pub(super) struct ChangeItems<'a> {
    pub items: Vec<ChangeItem<'a>>,
    pub proration_behavior: &'static str,
    pub metadata: Metadata,
}

/// One item of a subscription.
#[derive(Clone, Debug, Serialize)]
pub(super) struct ChangeItem<'a> {
    pub id: &'a str,
    pub price: &'a str,
    pub quantity: u32,
}

/// A price of a version of a plan.
#[derive(Clone, Debug)]
pub struct NewPrice {
    /// The tenant.
    pub tenant: TenantId,
    /// The plan.
    pub plan_id: String,
    /// Its version.
    pub version: u32,
    /// What people call it.
    pub name: String,
    /// How much a unit costs, as Stripe counts.
    pub amount: i64,
    /// In lower case.
    pub currency: String,
    /// `day`, `week`, `month` or `year`.
    pub interval: String,
    /// How many of them.
    pub interval_count: u16,
}

impl NewPrice {
    /// The id of the product that stands for the plan: ours to choose, so that it is made once.
    pub fn product_id(&self) -> String {
        format!("neuroops-{}-{}", self.tenant.0.simple(), self.plan_id)
    }

    /// Whose it is.
    pub(super) fn metadata(&self) -> Metadata {
        let own = [(key::TENANT, self.tenant.to_string()), (key::PLAN, self.plan_id.clone())];
        own.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }
}
