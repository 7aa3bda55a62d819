//! A checkout: a page of the payment provider on which a customer buys a plan, or looks after subscriptions and cards.
//!
//! Opening one asks the provider for the page; its address is there a moment later. A plan that was bought on it becomes a subscription
//! under the checkout's id, which the provider bills.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::customer::Customer;
use super::plan::Plan;
use super::values::{ExternalId, Key, Label, Note};
use crate::kernel::{Aggregate, AggregateId, Context, Decision, Refusal, Text, When};
use crate::{commands, cqrs_aggregate, events, rejections};

/// An address of a page.
pub type Url = Text<2_000>;

// ---------------------------------------------------------------------------------------------------------- events

/// What the page is for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Purpose {
    /// To buy a plan.
    Subscription {
        /// The plan.
        plan_id: String,
        /// The provider's id of its price, where it is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        price_id: Option<ExternalId>,
        /// Seats or units.
        quantity: u32,
        /// Days that cost nothing.
        trial_days: u16,
    },
    /// To look after subscriptions and cards.
    Portal,
}

/// A page was asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CheckoutOpened {
    /// What it is for.
    pub purpose: Purpose,
    /// Who buys.
    pub customer_id: String,
    /// The provider's id of the customer, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_customer: Option<ExternalId>,
    /// Where the customer comes back to; the platform's own page where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub return_url: Option<Url>,
}

/// The page is there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CheckoutReady {
    /// The provider's id of it.
    pub external_id: ExternalId,
    /// Its address.
    pub url: Url,
    /// Until when it is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<DateTime<Utc>>,
}

/// The customer has bought.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CheckoutCompleted {
    /// The provider's id of the subscription.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_subscription: Option<ExternalId>,
}

/// The page is gone without a sale, or never came.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CheckoutFailed {
    /// `expired`, `not_configured`, or the provider's code.
    pub code: Label,
    /// What the provider says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<Note>,
}

events! {
    /// What happens to a checkout.
    pub enum CheckoutEvent {
        CheckoutOpened = "checkout_opened" 1,
        CheckoutReady = "checkout_ready" 1,
        CheckoutCompleted = "checkout_completed" 1,
        CheckoutFailed = "checkout_failed" 1,
    }
}

// ----------------------------------------------------------------------------------------------------------- state

/// Where a checkout stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CheckoutStatus {
    /// It never began.
    #[default]
    Absent,
    /// The page was asked for.
    Opened,
    /// The page is there.
    Ready,
    /// The customer has bought.
    Completed,
    /// The page is gone.
    Failed,
}

/// A checkout's state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Checkout {
    /// Where it stands.
    pub status: CheckoutStatus,
    /// The page.
    pub page: Option<CheckoutReady>,
}

// -------------------------------------------------------------------------------------------------------- commands

/// What a page is asked for.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "kind", deny_unknown_fields)]
pub enum WantedPage {
    /// To buy a plan, which must be on sale.
    Subscription {
        /// The plan.
        plan_id: AggregateId,
        /// Seats or units; 1 where nothing is said.
        #[serde(default = "one")]
        #[schemars(range(min = 1, max = 1_000_000))]
        quantity: u32,
    },
    /// To look after subscriptions and cards.
    Portal {},
}

fn one() -> u32 {
    1
}

/// Asks the payment provider for a page. Its address is in the read model `checkout-list` a moment later.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenCheckout {
    /// What the page is for.
    pub page: WantedPage,
    /// Who buys; must be registered for billing.
    pub customer_id: AggregateId,
    /// Where the customer comes back to, an address that begins with `https://` or `http://`.
    #[serde(default)]
    pub return_url: Option<Url>,
}

/// Says that the page is there.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadyCheckout {
    /// The provider's id of it.
    pub external_id: ExternalId,
    /// Its address.
    pub url: Url,
    /// Until when it is there.
    #[serde(default)]
    pub expires_at: Option<When>,
}

/// Says that the customer has bought.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CompleteCheckout {
    /// The provider's id of the subscription.
    pub external_subscription: Option<ExternalId>,
}

/// Says that the page is gone, or never came.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FailCheckout {
    /// `expired`, `not_configured`, or the provider's code.
    pub code: Label,
    /// What the provider says.
    #[serde(default)]
    pub message: Option<Note>,
}

commands! {
    /// What can be asked of a checkout.
    pub enum CheckoutCommand {
        creates "open" => OpenCheckout {
            "page": { "kind": "subscription", "plan_id": "growth" }, "customer_id": "c-1", "return_url": "https://app.example.com/billing"
        },
        "ready" => ReadyCheckout { "external_id": "cs_123", "url": "https://checkout.example.com/c/cs_123" },
        "complete" => CompleteCheckout { "external_subscription": "sub_123" },
        "fail" => FailCheckout { "code": "expired" },
    }
}

// ---------------------------------------------------------------------------------------------------------- handle

impl Aggregate for Checkout {
    const CONTEXT: &'static str = "billing";
    const TYPE: &'static str = "checkout";
    type Command = CheckoutCommand;
    type Event = CheckoutEvent;

    fn apply(&mut self, event: &CheckoutEvent) {
        match event {
            CheckoutEvent::CheckoutOpened(_) => self.status = CheckoutStatus::Opened,
            CheckoutEvent::CheckoutReady(e) => {
                self.status = CheckoutStatus::Ready;
                self.page = Some(e.clone());
            }
            CheckoutEvent::CheckoutCompleted(_) => self.status = CheckoutStatus::Completed,
            CheckoutEvent::CheckoutFailed(_) => self.status = CheckoutStatus::Failed,
        }
    }

    fn handle(&self, command: CheckoutCommand, context: &Context<'_>) -> Result<Decision<CheckoutEvent>, Refusal> {
        match command {
            CheckoutCommand::OpenCheckout(command) => open(command, context),
            CheckoutCommand::ReadyCheckout(command) => {
                let ReadyCheckout { external_id, url, expires_at } = command;
                let ready = CheckoutReady { external_id, url, expires_at: expires_at.map(|at| at.0) };
                match self.status {
                    CheckoutStatus::Opened => Ok(Decision::event(ready)),
                    _ if self.page.as_ref() == Some(&ready) => Ok(Decision::nothing()),
                    _ => Err(CheckoutRejection::NotOpen.into()),
                }
            }
            // The customer may have bought before we heard of the page, and after we gave it up.
            CheckoutCommand::CompleteCheckout(_) if self.status == CheckoutStatus::Completed => Ok(Decision::nothing()),
            CheckoutCommand::CompleteCheckout(command) => {
                Ok(Decision::event(CheckoutCompleted { external_subscription: command.external_subscription }))
            }
            CheckoutCommand::FailCheckout(command) => match self.status {
                CheckoutStatus::Opened | CheckoutStatus::Ready => {
                    Ok(Decision::event(CheckoutFailed { code: command.code, message: command.message }))
                }
                _ => Ok(Decision::nothing()),
            },
        }
    }
}

cqrs_aggregate!(Checkout);

fn open(command: OpenCheckout, context: &Context<'_>) -> Result<Decision<CheckoutEvent>, Refusal> {
    let OpenCheckout { page, customer_id, return_url } = command;
    if return_url.as_ref().is_some_and(|url| !url.starts_with("https://") && !url.starts_with("http://")) {
        return Err(CheckoutRejection::InvalidUrl.into());
    }
    let (customer, _) = Customer::billable(customer_id.as_str(), context)?;
    let provider = Key::try_from("stripe".to_owned()).ok();
    let purpose = match page {
        WantedPage::Portal {} => Purpose::Portal,
        WantedPage::Subscription { plan_id, quantity } => {
            let plan = Plan::on_sale(plan_id.as_str(), context)?;
            plan.sellable_at_provider()?;
            let link = context.get::<Plan>(plan_id.as_str())?.and_then(|plan| plan.link.clone());
            Purpose::Subscription {
                plan_id: plan_id.into(),
                price_id: link.map(|link| link.price_id),
                quantity: plan.quantity(quantity)?,
                trial_days: plan.terms.trial_days,
            }
        }
    };
    Ok(Decision::event(CheckoutOpened {
        purpose,
        customer_id: customer_id.into(),
        external_customer: provider.and_then(|provider| customer.external_ids.get(&provider).cloned()),
        return_url,
    }))
}

// ------------------------------------------------------------------------------------------------------ rejections

rejections! {
    /// Why a checkout refuses a command.
    pub enum CheckoutRejection in "billing" {
        /// Not an address.
        #[error("The address does not begin with `https://` or `http://`.")]
        InvalidUrl => "invalid_url" ["return_url"],
        /// Another page is there, or it is over.
        #[error("The checkout has another page already, or is over; open another.")]
        NotOpen => "checkout_not_open" ["id"],
    }
}

// ----------------------------------------------------------------------------------------------------------- tests

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::billing::customer::CustomerLinked;
    use crate::billing::customer::tests::registered;
    use crate::billing::plan::tests::{key, monthly, terms};
    use crate::billing::plan::{PlanLinked, PlanPublished, PlanRetired, PriceLink};
    use crate::kernel::testing::{Given, assert_examples_decode, given_nothing};

    fn text<const N: usize>(text: &str) -> Text<N> {
        text.to_owned().try_into().unwrap()
    }

    fn shop() -> Given<Checkout> {
        let linked = CustomerLinked { provider: key("stripe"), external_id: text("cus_1") };
        let link = PriceLink { provider: key("stripe"), product_id: None, price_id: text("price_1") };
        given_nothing::<Checkout>()
            .and::<Customer>("c", [registered("Acme").into(), linked.into()])
            .and::<Plan>("monthly", [PlanPublished { version: 1, terms: terms(&flat()) }.into(), PlanLinked { version: 1, link }.into()])
    }

    /// A plan without charges on usage.
    fn flat() -> Value {
        let mut plan = monthly();
        plan["charges"] = json!([]);
        plan
    }

    fn buy() -> Value {
        json!({ "page": { "kind": "subscription", "plan_id": "monthly", "quantity": 2 }, "customer_id": "c" })
    }

    #[test]
    fn a_page_is_asked_for_with_what_the_provider_knows() {
        let purpose = Purpose::Subscription { plan_id: "monthly".into(), price_id: Some(text("price_1")), quantity: 2, trial_days: 0 };
        let opened = CheckoutOpened { purpose, customer_id: "c".into(), external_customer: Some(text("cus_1")), return_url: None };
        shop().when_json("open", &buy()).then([opened.into()]);
        let portal = json!({ "page": { "kind": "portal" }, "customer_id": "c", "return_url": "https://x.io" });
        shop().when_json("open", &portal).then_accepted();
    }

    #[test]
    fn what_is_not_there_cannot_be_bought() {
        let nobody = json!({ "page": { "kind": "portal" }, "customer_id": "x" });
        shop().when_json("open", &nobody).then_rejected("billing.customer_unknown");
        let nothing = json!({ "page": { "kind": "subscription", "plan_id": "x" }, "customer_id": "c" });
        shop().when_json("open", &nothing).then_rejected("billing.plan_unknown");
        let elsewhere = json!({ "page": { "kind": "portal" }, "customer_id": "c", "return_url": "javascript:alert(1)" });
        shop().when_json("open", &elsewhere).then_rejected("billing.invalid_url");
        let mut taxed = flat();
        taxed["tax_rate_percent"] = json!("19");
        for dearer in [taxed, monthly()] {
            let dearer = [PlanPublished { version: 1, terms: terms(&dearer) }.into()];
            shop().and::<Plan>("monthly", dearer).when_json("open", &buy()).then_rejected("billing.plan_not_sellable_there");
        }
        let retired = [PlanPublished { version: 1, terms: terms(&monthly()) }.into(), PlanRetired { version: 1, link: None }.into()];
        shop().and::<Plan>("monthly", retired).when_json("open", &buy()).then_rejected("billing.plan_not_on_sale");
    }

    #[test]
    fn a_page_comes_once_and_a_sale_counts_whenever_it_comes() {
        let ready = |id: &str| json!({ "external_id": id, "url": "https://x.io" });
        let opened = || shop().when_json("open", &buy()).then_accepted();
        let given = opened().when_json("ready", &ready("cs_1")).then_accepted().when_json("ready", &ready("cs_1")).then_nothing();
        let given = given.when_json("fail", &json!({ "code": "expired" })).then_accepted();
        let given = given.when_json("fail", &json!({ "code": "expired" })).then_nothing();
        let given = given.when_json("complete", &json!({ "external_subscription": "sub_1" })).then_accepted();
        let given = given.when_json("complete", &json!({})).then_nothing().when_json("fail", &json!({ "code": "x" })).then_nothing();
        given.when_json("ready", &ready("cs_2")).then_rejected("billing.checkout_not_open");
    }

    #[test]
    fn examples_decode() {
        assert_examples_decode::<Checkout>();
    }
}
