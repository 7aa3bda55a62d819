//! The calls themselves.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::kernel::TenantId;
use serde::Serialize;
use stripe::{IdempotencyKey, RequestStrategy, StripeRequest as _};
use stripe_billing::billing_portal_session::CreateBillingPortalSession;
use stripe_core::customer::{CreateCustomer, DeleteCustomer, RetrieveCustomer, RetrieveCustomerReturned, UpdateCustomer};
use stripe_core::refund::{CreateRefund, ListRefund, RetrieveRefund};
use stripe_product::price::{CreatePrice, CreatePriceRecurring, CreatePriceRecurringInterval, UpdatePrice};
use stripe_product::product::{CreateProduct, UpdateProduct};
use stripe_types::List;

use super::forms::{
    CancelAtPeriodEnd, CancelNow, CaptureIntent, ChangeIntent, ChangeItem, ChangeItems, ConfirmIntent, ListQuery, NewCheckout, NewIntent,
    NewPrice, Since,
};
use super::objects::{
    CustomerState, DisputeState, Intent, InvoiceState, Metadata, PriceState, RefundState, SessionState, SubscriptionState, key,
};
use super::{Api, ApiError};

/// How many objects a page has.
const PAGE: u8 = 100;

/// A page of a list, and where the next one begins.
pub type Page<T> = (Vec<T>, Option<String>);

/// The strategy of a call that has an effect: once, under a key that belongs to the step, so that a repetition has no other.
fn once(key: &str) -> RequestStrategy {
    // A key is never empty and longer than 255 characters only by a defect; without it the call is made all the same, once.
    IdempotencyKey::new(key).map_or(RequestStrategy::Once, RequestStrategy::Idempotent)
}

/// Reads an object. Requests for payment intents and subscriptions alone are sixty thousand lines of generated code: any generated
/// request of the method lends its builder, and the answer is still of the generated type.
macro_rules! get {
    ($api:expr, $path:expr, $query:expr => $answer:ty) => {{
        let mut request = RetrieveRefund::new("").build();
        request.path = $path;
        let request = request.query($query).customize::<$answer>();
        $api.guarded(request.send(&$api.client)).await
    }};
}

/// Writes an object, under an idempotency key.
macro_rules! post {
    ($api:expr, $path:expr, $form:expr, $key:expr => $answer:ty) => {{
        let mut request = CreateRefund::new().build();
        request.path = $path;
        let request = request.form($form).customize::<$answer>().request_strategy(once($key));
        $api.guarded(request.send(&$api.client)).await
    }};
}

/// Nothing to say.
#[derive(Serialize)]
struct Nothing {}

/// Where a list goes on after a page.
fn next<T>(list: List<T>, id: impl Fn(&T) -> String) -> Page<T> {
    let after = list.data.last().map(id).filter(|_| list.has_more);
    (list.data, after)
}

/// A page of our own objects.
fn page<T, S: From<T>>((objects, after): Page<T>) -> Page<S> {
    (objects.into_iter().map(S::from).collect(), after)
}

fn metadata<const N: usize>(pairs: [(&str, &str); N]) -> Metadata {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

impl Api {
    /// Makes a customer.
    pub async fn create_customer(
        &self,
        tenant: TenantId,
        customer_id: &str,
        name: &str,
        email: Option<&str>,
        key: &str,
    ) -> Result<String, ApiError> {
        let own = metadata([(key::TENANT, &tenant.to_string()), (key::CUSTOMER, customer_id)]);
        let mut request = CreateCustomer::new().name(name).metadata(own);
        if let Some(email) = email {
            request = request.email(email);
        }
        let customer = self.guarded(request.customize().request_strategy(once(key)).send(&self.client)).await?;
        Ok(customer.id.to_string())
    }

    /// Changes a customer.
    pub async fn update_customer(&self, id: &str, name: &str, email: Option<&str>, key: &str) -> Result<(), ApiError> {
        let mut request = UpdateCustomer::new(id).name(name);
        if let Some(email) = email {
            request = request.email(email);
        }
        self.guarded(request.customize().request_strategy(once(key)).send(&self.client)).await.map(drop)
    }

    /// Deletes a customer, with their subscriptions and payment methods.
    pub async fn delete_customer(&self, id: &str) -> Result<(), ApiError> {
        self.guarded(DeleteCustomer::new(id).send(&self.client)).await.map(drop)
    }

    /// A customer; missing once deleted.
    pub async fn customer(&self, id: &str) -> Result<CustomerState, ApiError> {
        match self.guarded(RetrieveCustomer::new(id).send(&self.client)).await? {
            RetrieveCustomerReturned::Customer(customer) => Ok(customer.into()),
            RetrieveCustomerReturned::DeletedCustomer(deleted) => {
                Err(ApiError::Missing(format!("the customer {} was deleted", deleted.id)))
            }
        }
    }

    /// A page of the customers.
    pub async fn customers(&self, after: Option<&str>) -> Result<Page<CustomerState>, ApiError> {
        let query = ListQuery { limit: PAGE, starting_after: after, ..ListQuery::default() };
        let list = get!(self, "/customers".to_owned(), &query => List<stripe_shared::Customer>)?;
        Ok(page(next(list, |customer| customer.id.to_string())))
    }

    /// Asks for a payment and confirms it.
    pub async fn create_intent(&self, intent: &NewIntent, key: &str) -> Result<Intent, ApiError> {
        post!(self, "/payment_intents".to_owned(), intent, key => stripe_shared::PaymentIntent).map(Intent::from)
    }

    /// Confirms a payment again.
    pub async fn confirm_intent(&self, id: &str, method: &str, key: &str) -> Result<Intent, ApiError> {
        let form = ConfirmIntent { payment_method: method, off_session: true };
        post!(self, format!("/payment_intents/{id}/confirm"), &form, key => stripe_shared::PaymentIntent).map(Intent::from)
    }

    /// Asks for another amount, while nothing was paid.
    pub async fn change_intent(&self, id: &str, amount: i64, key: &str) -> Result<Intent, ApiError> {
        let form = ChangeIntent { amount };
        post!(self, format!("/payment_intents/{id}"), &form, key => stripe_shared::PaymentIntent).map(Intent::from)
    }

    /// Captures what is held.
    pub async fn capture_intent(&self, id: &str, amount: i64, key: &str) -> Result<Intent, ApiError> {
        let form = CaptureIntent { amount_to_capture: amount };
        post!(self, format!("/payment_intents/{id}/capture"), &form, key => stripe_shared::PaymentIntent).map(Intent::from)
    }

    /// Calls a payment off.
    pub async fn cancel_intent(&self, id: &str, key: &str) -> Result<Intent, ApiError> {
        post!(self, format!("/payment_intents/{id}/cancel"), &Nothing {}, key => stripe_shared::PaymentIntent).map(Intent::from)
    }

    /// A payment.
    pub async fn intent(&self, id: &str) -> Result<Intent, ApiError> {
        get!(self, format!("/payment_intents/{id}"), &Nothing {} => stripe_shared::PaymentIntent).map(Intent::from)
    }

    /// A page of the payments, of one customer or since a time.
    pub async fn intents(
        &self,
        customer: Option<&str>,
        since: Option<DateTime<Utc>>,
        after: Option<&str>,
    ) -> Result<Page<Intent>, ApiError> {
        let created = since.map(|since| Since { gte: since.timestamp() });
        let query = ListQuery { limit: PAGE, starting_after: after, customer, created, ..ListQuery::default() };
        let list = get!(self, "/payment_intents".to_owned(), &query => List<stripe_shared::PaymentIntent>)?;
        Ok(page(next(list, |intent| intent.id.to_string())))
    }

    /// Gives money back.
    pub async fn create_refund(&self, intent: &str, amount: i64, own: Metadata, key: &str) -> Result<RefundState, ApiError> {
        let request = CreateRefund::new().payment_intent(intent).amount(amount).metadata(own);
        self.guarded(request.customize().request_strategy(once(key)).send(&self.client)).await.map(RefundState::from)
    }

    /// A refund.
    pub async fn refund(&self, id: &str) -> Result<RefundState, ApiError> {
        self.guarded(RetrieveRefund::new(id).send(&self.client)).await.map(RefundState::from)
    }

    /// The refunds of a payment, at most a hundred.
    pub async fn refunds_of(&self, intent: &str) -> Result<Vec<RefundState>, ApiError> {
        let request = ListRefund::new().payment_intent(intent).limit(i64::from(PAGE));
        let list = self.guarded(request.send(&self.client)).await?;
        Ok(list.data.into_iter().map(RefundState::from).collect())
    }

    /// An invoice.
    pub async fn invoice(&self, id: &str) -> Result<InvoiceState, ApiError> {
        get!(self, format!("/invoices/{id}"), &Nothing {} => stripe_shared::Invoice).map(InvoiceState::from)
    }

    /// A dispute.
    pub async fn dispute(&self, id: &str) -> Result<DisputeState, ApiError> {
        get!(self, format!("/disputes/{id}"), &Nothing {} => stripe_shared::Dispute).map(DisputeState::from)
    }

    /// Makes the product of a plan, if it is not there, and a price of it.
    pub async fn create_price(&self, price: &NewPrice, key: &str) -> Result<PriceState, ApiError> {
        let product_id = price.product_id();
        let product = CreateProduct::new(&price.name).id(&product_id).metadata(price.metadata());
        match self.guarded(product.customize().request_strategy(once(&format!("{key}/product"))).send(&self.client)).await {
            Ok(_) => {}
            Err(ApiError::Refused { code, .. }) if code == "resource_already_exists" => {
                let renamed = UpdateProduct::new(product_id.as_str()).name(&price.name).active(true);
                self.guarded(renamed.send(&self.client)).await?;
            }
            Err(error) => return Err(error),
        }
        let interval = match price.interval.as_str() {
            "day" => CreatePriceRecurringInterval::Day,
            "week" => CreatePriceRecurringInterval::Week,
            "year" => CreatePriceRecurringInterval::Year,
            _ => CreatePriceRecurringInterval::Month,
        };
        let recurring = CreatePriceRecurring { interval_count: Some(price.interval_count.into()), ..CreatePriceRecurring::new(interval) };
        let request = CreatePrice::new(currency(&price.currency))
            .product(&product_id)
            .unit_amount(price.amount)
            .recurring(recurring)
            .nickname(format!("{} v{}", price.plan_id, price.version))
            .metadata(price.metadata());
        self.guarded(request.customize().request_strategy(once(key)).send(&self.client)).await.map(PriceState::from)
    }

    /// Takes a price from sale.
    pub async fn retire_price(&self, id: &str) -> Result<(), ApiError> {
        self.guarded(UpdatePrice::new(id).active(false).send(&self.client)).await.map(drop)
    }

    /// A price.
    pub async fn price(&self, id: &str) -> Result<PriceState, ApiError> {
        get!(self, format!("/prices/{id}"), &Nothing {} => stripe_shared::Price).map(PriceState::from)
    }

    /// Opens a page on which a customer buys.
    pub async fn create_checkout(&self, checkout: &NewCheckout, key: &str) -> Result<SessionState, ApiError> {
        post!(self, "/checkout/sessions".to_owned(), checkout, key => stripe_shared::CheckoutSession).map(SessionState::from)
    }

    /// A page on which a customer buys.
    pub async fn checkout(&self, id: &str) -> Result<SessionState, ApiError> {
        get!(self, format!("/checkout/sessions/{id}"), &Nothing {} => stripe_shared::CheckoutSession).map(SessionState::from)
    }

    /// Opens a page on which a customer looks after subscriptions and cards: its id and its address.
    pub async fn create_portal(&self, customer: &str, return_url: &str, key: &str) -> Result<(String, String), ApiError> {
        let request = CreateBillingPortalSession::new().customer(customer).return_url(return_url);
        let session = self.guarded(request.customize().request_strategy(once(key)).send(&self.client)).await?;
        Ok((session.id.to_string(), session.url))
    }

    /// A subscription.
    pub async fn subscription(&self, id: &str) -> Result<SubscriptionState, ApiError> {
        get!(self, format!("/subscriptions/{id}"), &Nothing {} => stripe_shared::Subscription).map(SubscriptionState::from)
    }

    /// A page of the subscriptions, ended ones too.
    pub async fn subscriptions(&self, after: Option<&str>) -> Result<Page<SubscriptionState>, ApiError> {
        let query = ListQuery { limit: PAGE, starting_after: after, status: Some("all"), ..ListQuery::default() };
        let list = get!(self, "/subscriptions".to_owned(), &query => List<stripe_shared::Subscription>)?;
        Ok(page(next(list, |subscription| subscription.id.to_string())))
    }

    /// Ends a subscription with its period, or does not after all.
    pub async fn cancel_at_period_end(&self, id: &str, cancel: bool, key: &str) -> Result<SubscriptionState, ApiError> {
        let form = CancelAtPeriodEnd { cancel_at_period_end: cancel };
        post!(self, format!("/subscriptions/{id}"), &form, key => stripe_shared::Subscription).map(SubscriptionState::from)
    }

    /// Ends a subscription at once.
    pub async fn cancel_now(&self, id: &str, prorate: bool, key: &str) -> Result<SubscriptionState, ApiError> {
        let mut request = DeleteCustomer::new("").build();
        request.path = format!("/subscriptions/{id}");
        let form = CancelNow { prorate, invoice_now: prorate };
        let request = request.form(&form).customize::<stripe_shared::Subscription>().request_strategy(once(key));
        self.guarded(request.send(&self.client)).await.map(SubscriptionState::from)
    }

    /// Sells another price or quantity of a subscription.
    pub async fn change_items(
        &self,
        id: &str,
        item: (&str, &str, u32),
        plan_id: &str,
        prorate: bool,
        key: &str,
    ) -> Result<SubscriptionState, ApiError> {
        let (item_id, price, quantity) = item;
        let form = ChangeItems {
            items: vec![ChangeItem { id: item_id, price, quantity }],
            proration_behavior: if prorate { "create_prorations" } else { "none" },
            metadata: HashMap::from([(key::PLAN.to_owned(), plan_id.to_owned())]),
        };
        post!(self, format!("/subscriptions/{id}"), &form, key => stripe_shared::Subscription).map(SubscriptionState::from)
    }
}

/// The library's word for a currency; it takes those that it does not know as they are.
fn currency(code: &str) -> stripe_types::Currency {
    let Ok(currency) = code.parse();
    currency
}
