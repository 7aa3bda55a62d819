//! Stripe's objects as far as we look at them. Everything that the generated types know and nobody here asks for stays behind.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::kernel::{Money, TenantId};

use crate::amount::from_stripe;

/// Metadata by which an object of Stripe says whose it is.
pub mod key {
    /// The tenant.
    pub const TENANT: &str = "neuroops_tenant";
    /// Our id of the customer.
    pub const CUSTOMER: &str = "neuroops_customer";
    /// Our id of the payment.
    pub const PAYMENT: &str = "neuroops_payment";
    /// Our id of the refund.
    pub const REFUND: &str = "neuroops_refund";
    /// Our id of the subscription.
    pub const SUBSCRIPTION: &str = "neuroops_subscription";
    /// Our id of the checkout.
    pub const CHECKOUT: &str = "neuroops_checkout";
    /// The plan.
    pub const PLAN: &str = "neuroops_plan";
}

/// Metadata of an object.
pub type Metadata = HashMap<String, String>;

/// The tenant that an object belongs to, where it says so.
pub fn tenant_of(metadata: &Metadata) -> Option<TenantId> {
    metadata.get(key::TENANT)?.parse().ok()
}

fn time(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap_or(DateTime::UNIX_EPOCH)
}

/// A payment intent.
#[derive(Clone, Debug, PartialEq)]
pub struct Intent {
    /// Stripe's id.
    pub id: String,
    /// `succeeded`, `requires_capture`, `requires_action` …
    pub status: String,
    /// How much is asked for; nothing where we cannot express it.
    pub amount: Option<Money>,
    /// How much came in.
    pub received: Option<Money>,
    /// How much is held.
    pub capturable: Option<Money>,
    /// Code of the last failure.
    pub error_code: Option<String>,
    /// What Stripe said then.
    pub error_message: Option<String>,
    /// Where the payer must do something.
    pub action_url: Option<String>,
    /// How it is paid: `card` …
    pub method: Option<String>,
    /// Whose it is.
    pub metadata: Metadata,
}

impl From<stripe_shared::PaymentIntent> for Intent {
    fn from(intent: stripe_shared::PaymentIntent) -> Self {
        let currency = intent.currency.to_string();
        let error = intent.last_payment_error.map(|error| *error);
        Self {
            id: intent.id.to_string(),
            status: intent.status.as_str().to_owned(),
            amount: from_stripe(intent.amount, &currency),
            received: from_stripe(intent.amount_received, &currency),
            capturable: from_stripe(intent.amount_capturable, &currency),
            error_code: error.as_ref().map(code_of),
            error_message: error.and_then(|error| error.message),
            action_url: intent.next_action.and_then(|action| action.redirect_to_url).and_then(|redirect| redirect.url),
            method: intent.payment_method_types.first().cloned(),
            metadata: intent.metadata,
        }
    }
}

/// The word by which a failure is known: the bank's reason where there is one.
pub fn code_of(error: &stripe_shared::ApiErrors) -> String {
    let code = error.decline_code.clone().or_else(|| error.code.as_ref().map(|code| code.as_str().to_owned()));
    code.unwrap_or_else(|| error.type_.as_str().to_owned())
}

/// A refund.
#[derive(Clone, Debug, PartialEq)]
pub struct RefundState {
    /// Stripe's id.
    pub id: String,
    /// `succeeded`, `pending`, `failed`, `canceled`, `requires_action`.
    pub status: String,
    /// How much.
    pub amount: Option<Money>,
    /// The payment intent that it belongs to.
    pub intent: Option<String>,
    /// Why it failed.
    pub failure: Option<String>,
    /// Whose it is; refunds that were made in Stripe's pages do not say.
    pub metadata: Metadata,
}

impl From<stripe_shared::Refund> for RefundState {
    fn from(refund: stripe_shared::Refund) -> Self {
        Self {
            id: refund.id.to_string(),
            status: refund.status.unwrap_or_default(),
            amount: from_stripe(refund.amount, &refund.currency.to_string()),
            intent: refund.payment_intent.map(|intent| intent.into_id().to_string()),
            failure: refund.failure_reason,
            metadata: refund.metadata.unwrap_or_default(),
        }
    }
}

/// A dispute.
#[derive(Clone, Debug, PartialEq)]
pub struct DisputeState {
    /// Stripe's id.
    pub id: String,
    /// `needs_response`, `won`, `lost`, `warning_…` …
    pub status: String,
    /// Why.
    pub reason: String,
    /// How much.
    pub amount: Option<Money>,
    /// The payment intent that it belongs to.
    pub intent: Option<String>,
}

impl From<stripe_shared::Dispute> for DisputeState {
    fn from(dispute: stripe_shared::Dispute) -> Self {
        Self {
            id: dispute.id.to_string(),
            status: dispute.status.as_str().to_owned(),
            reason: dispute.reason,
            amount: from_stripe(dispute.amount, &dispute.currency.to_string()),
            intent: dispute.payment_intent.map(|intent| intent.into_id().to_string()),
        }
    }
}

/// A customer that was not deleted.
#[derive(Clone, Debug, PartialEq)]
pub struct CustomerState {
    /// Stripe's id.
    pub id: String,
    /// What is charged where nothing else is said.
    pub default_method: Option<String>,
    /// Whose it is.
    pub metadata: Metadata,
}

impl From<stripe_shared::Customer> for CustomerState {
    fn from(customer: stripe_shared::Customer) -> Self {
        let invoices = customer.invoice_settings.and_then(|settings| settings.default_payment_method);
        Self {
            id: customer.id.to_string(),
            default_method: invoices.map(|method| method.into_id().to_string()),
            metadata: customer.metadata.unwrap_or_default(),
        }
    }
}

/// A subscription that Stripe bills.
#[derive(Clone, Debug, PartialEq)]
pub struct SubscriptionState {
    /// Stripe's id.
    pub id: String,
    /// Stripe's id of the customer.
    pub customer: String,
    /// `active`, `past_due` …
    pub status: String,
    /// The first item: its id, its price, how many.
    pub item: Option<(String, String, u64)>,
    /// The period of the first item.
    pub period: Option<(DateTime<Utc>, DateTime<Utc>)>,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When its trial ends.
    pub trial_end: Option<DateTime<Utc>>,
    /// When it will end.
    pub cancel_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// Whose it is.
    pub metadata: Metadata,
}

impl From<stripe_shared::Subscription> for SubscriptionState {
    fn from(subscription: stripe_shared::Subscription) -> Self {
        let item = subscription.items.data.into_iter().next();
        let period = item.as_ref().map(|item| (time(item.current_period_start), time(item.current_period_end)));
        let at_end = period.map(|(_, end)| end).filter(|_| subscription.cancel_at_period_end);
        Self {
            id: subscription.id.to_string(),
            customer: subscription.customer.into_id().to_string(),
            status: subscription.status.as_str().to_owned(),
            item: item.map(|item| (item.id.to_string(), item.price.id.to_string(), item.quantity.unwrap_or(1))),
            period,
            started_at: time(subscription.start_date),
            trial_end: subscription.trial_end.map(time),
            cancel_at: subscription.cancel_at.map(time).or(at_end),
            ended_at: subscription.ended_at.map(time),
            metadata: subscription.metadata,
        }
    }
}

/// An invoice of a subscription that Stripe bills.
#[derive(Clone, Debug, PartialEq)]
pub struct InvoiceState {
    /// Stripe's id.
    pub id: String,
    /// The number that stands on it.
    pub number: Option<String>,
    /// `paid`, `open` …
    pub status: String,
    /// What it asks for, with tax; nothing where we cannot express it.
    pub total: Option<Money>,
    /// The tax of it.
    pub tax: Option<Money>,
    /// What was paid.
    pub paid: Option<Money>,
    /// What its first line is for.
    pub description: Option<String>,
    /// Stripe's id of the subscription.
    pub subscription: Option<String>,
    /// When it was paid.
    pub paid_at: DateTime<Utc>,
}

impl From<stripe_shared::Invoice> for InvoiceState {
    fn from(invoice: stripe_shared::Invoice) -> Self {
        let currency = invoice.currency.to_string();
        let details = invoice.parent.and_then(|parent| parent.subscription_details);
        let subscription = details.map(|details| details.subscription).or(invoice.subscription);
        let net = invoice.total_excluding_tax.unwrap_or(invoice.total);
        Self {
            id: invoice.id.map(|id| id.to_string()).unwrap_or_default(),
            number: invoice.number,
            status: invoice.status.map(|status| status.as_str().to_owned()).unwrap_or_default(),
            total: from_stripe(invoice.total, &currency),
            tax: from_stripe(invoice.total - net, &currency),
            paid: from_stripe(invoice.amount_paid, &currency),
            description: invoice.lines.data.into_iter().next().and_then(|line| line.description),
            subscription: subscription.map(|subscription| subscription.into_id().to_string()),
            paid_at: time(invoice.status_transitions.paid_at.unwrap_or(invoice.created)),
        }
    }
}

/// A page on which a customer buys.
#[derive(Clone, Debug, PartialEq)]
pub struct SessionState {
    /// Stripe's id.
    pub id: String,
    /// Its address, while it is open.
    pub url: Option<String>,
    /// `open`, `complete`, `expired`.
    pub status: String,
    /// Until when it is there.
    pub expires_at: DateTime<Utc>,
    /// Stripe's id of the subscription that was bought.
    pub subscription: Option<String>,
    /// Whose it is.
    pub metadata: Metadata,
}

impl From<stripe_shared::CheckoutSession> for SessionState {
    fn from(session: stripe_shared::CheckoutSession) -> Self {
        Self {
            id: session.id.to_string(),
            url: session.url,
            status: session.status.map(|status| status.as_str().to_owned()).unwrap_or_default(),
            expires_at: time(session.expires_at),
            subscription: session.subscription.map(|subscription| subscription.into_id().to_string()),
            metadata: session.metadata.unwrap_or_default(),
        }
    }
}

/// A price.
#[derive(Clone, Debug, PartialEq)]
pub struct PriceState {
    /// Stripe's id.
    pub id: String,
    /// Whether it is sold.
    pub active: bool,
    /// How much a unit costs.
    pub amount: Option<Money>,
    /// Whose it is; prices that were made by hand do not say.
    pub metadata: Metadata,
}

impl From<stripe_shared::Price> for PriceState {
    fn from(price: stripe_shared::Price) -> Self {
        Self {
            id: price.id.to_string(),
            active: price.active,
            amount: price.unit_amount.and_then(|amount| from_stripe(amount, &price.currency.to_string())),
            metadata: price.metadata,
        }
    }
}
