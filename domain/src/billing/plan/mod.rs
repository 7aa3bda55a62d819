//! A plan: what is sold on subscription, in versions.
//!
//! Publishing makes a new version; subscriptions keep the version that they were sold with until they change plan. A retired plan is
//! sold no more.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::pricing::{Charge, check_charges};
use super::values::{
    AMOUNT_MINOR_MAX, ENTITLEMENTS_MAX, Entitlements, ExternalId, Interval, Key, Name, Note, ValueRejection, amount_of, quantity_of,
};
use crate::kernel::{Aggregate, Context, Decision, Money, Refusal};
use crate::{commands, cqrs_aggregate, events, rejections};

/// The longest trial, in days.
const TRIAL_DAYS_MAX: u16 = 730;

// ---------------------------------------------------------------------------------------------------------- events

/// The terms of a version of a plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Terms {
    /// What people call the plan.
    pub name: Name,
    /// Remarks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Note>,
    /// How long a period is.
    pub interval: Interval,
    /// The flat price of a period and unit; also says the currency of all charges.
    pub price: Money,
    /// What use costs on top.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub charges: Vec<Charge>,
    /// Days at the start that cost nothing.
    #[serde(default)]
    pub trial_days: u16,
    /// What a subscription entitles to.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub entitlements: Entitlements,
    /// Tax on top of the prices, in percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_rate_percent: Option<Decimal>,
}

/// A version of a plan was published.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlanPublished {
    /// 1, 2, 3 …
    pub version: u32,
    /// Its terms.
    pub terms: Terms,
}

/// The plan is sold no more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlanRetired {
    /// The last version.
    pub version: u32,
    /// The price at the payment provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<PriceLink>,
}

/// A version of a plan has a price at the payment provider.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlanLinked {
    /// The version.
    pub version: u32,
    /// The price there.
    pub link: PriceLink,
}

/// Where a plan stands at the payment provider.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PriceLink {
    /// The provider, such as `stripe`.
    pub provider: Key,
    /// Its id of the product.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product_id: Option<ExternalId>,
    /// Its id of the price.
    pub price_id: ExternalId,
}

events! {
    /// What happens to a plan.
    pub enum PlanEvent {
        PlanPublished = "plan_published" 1,
        PlanRetired = "plan_retired" 1,
        PlanLinked = "plan_linked" 1,
    }
}

// ----------------------------------------------------------------------------------------------------------- state

/// A plan's state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Plan {
    /// The newest version; 0 before one is published.
    pub version: u32,
    /// Its terms.
    pub terms: Option<Terms>,
    /// Whether it is sold no more.
    pub retired: bool,
    /// The price of the newest version at the payment provider.
    pub link: Option<PriceLink>,
}

/// A version of a plan as a subscription keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlanVersion {
    /// The plan.
    pub id: String,
    /// The version.
    pub version: u32,
    /// Its terms.
    pub terms: Terms,
}

impl PlanVersion {
    /// A number of seats or units whose flat price one line of an invoice can carry.
    pub(super) fn quantity(&self, quantity: u32) -> Result<u32, ValueRejection> {
        let quantity = quantity_of(quantity)?;
        match self.terms.price.amount_minor.checked_mul(i64::from(quantity)) {
            Some(flat) if flat <= AMOUNT_MINOR_MAX => Ok(quantity),
            _ => Err(ValueRejection::AmountOutOfRange(Money::new(AMOUNT_MINOR_MAX, self.terms.price.currency))),
        }
    }

    /// Refuses a plan of which the payment provider would bill the flat price alone.
    pub(super) fn sellable_at_provider(&self) -> Result<(), PlanRejection> {
        let taxed = self.terms.tax_rate_percent.is_some_and(|rate| !rate.is_zero());
        if taxed || !self.terms.charges.is_empty() { Err(PlanRejection::NotSellableThere(self.id.clone())) } else { Ok(()) }
    }
}

impl Plan {
    /// The newest version of the plan of that id, whether it is still sold or not.
    pub(super) fn newest(id: &str, context: &Context<'_>) -> Result<PlanVersion, Refusal> {
        let unknown = || PlanRejection::Unknown(id.to_owned());
        let plan = context.get::<Self>(id)?.ok_or_else(unknown)?;
        let terms = plan.terms.clone().ok_or_else(unknown)?;
        Ok(PlanVersion { id: id.to_owned(), version: plan.version, terms })
    }

    /// The newest version of a plan that is still sold.
    pub(super) fn on_sale(id: &str, context: &Context<'_>) -> Result<PlanVersion, Refusal> {
        let newest = Self::newest(id, context)?;
        match context.get::<Self>(id)? {
            Some(plan) if plan.retired => Err(PlanRejection::NotOnSale(id.to_owned()).into()),
            _ => Ok(newest),
        }
    }
}

// -------------------------------------------------------------------------------------------------------- commands

/// Publishes a version of a plan. The same terms again change nothing.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PublishPlan {
    /// What people call the plan.
    pub name: Name,
    /// Remarks.
    #[serde(default)]
    pub description: Option<Note>,
    /// How long a period is; a month where nothing is said.
    #[serde(default = "month")]
    pub interval: Interval,
    /// The flat price of a period and unit; its currency is that of all charges.
    pub price: Money,
    /// What use costs on top, at most 20.
    #[serde(default)]
    pub charges: Vec<Charge>,
    /// Days at the start that cost nothing, at most 730.
    #[serde(default)]
    #[schemars(range(max = 730))]
    pub trial_days: u16,
    /// What a subscription entitles to, at most 100 features: a switch, a number or a word each. A feature `context.<name>` decides
    /// whether a subscriber may use that context of the platform.
    #[serde(default)]
    pub entitlements: Entitlements,
    /// Tax on top of the prices, in percent, 0 to 100.
    #[serde(default)]
    pub tax_rate_percent: Option<Decimal>,
}

fn month() -> Interval {
    Interval::MONTH
}

/// Takes a plan from sale. Subscriptions to it go on.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RetirePlan {}

/// Names the price of the newest version at the payment provider.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkPlan {
    /// The version that the price is for; an older one is left alone.
    pub version: u32,
    /// The provider, such as `stripe`.
    pub provider: Key,
    /// Its id of the product.
    #[serde(default)]
    pub product_id: Option<ExternalId>,
    /// Its id of the price.
    pub price_id: ExternalId,
}

commands! {
    /// What can be asked of a plan.
    pub enum PlanCommand {
        either "publish" => PublishPlan {
            "name": "Growth", "price": { "amount_minor": 9_900, "currency": "EUR" }, "interval": { "unit": "month" }, "trial_days": 14,
            "charges": [{
                "metric": "api_calls", "aggregation": "sum", "name": "API calls", "free_units": "10000",
                "price": { "model": "package", "package_size": "1000", "package_amount_minor": 50 }
            }],
            "entitlements": { "context.inventory": true, "seats": 25, "support": "priority" }, "tax_rate_percent": "19"
        },
        "retire" => RetirePlan {},
        "link" => LinkPlan { "version": 1, "provider": "stripe", "price_id": "price_123" },
    }
}

// ---------------------------------------------------------------------------------------------------------- handle

impl Aggregate for Plan {
    const CONTEXT: &'static str = "billing";
    const TYPE: &'static str = "plan";
    type Command = PlanCommand;
    type Event = PlanEvent;

    fn apply(&mut self, event: &PlanEvent) {
        match event {
            PlanEvent::PlanPublished(e) => {
                self.version = e.version;
                self.terms = Some(e.terms.clone());
                self.link = None;
            }
            PlanEvent::PlanRetired(_) => self.retired = true,
            PlanEvent::PlanLinked(e) => self.link = Some(e.link.clone()),
        }
    }

    fn handle(&self, command: PlanCommand, _: &Context<'_>) -> Result<Decision<PlanEvent>, Refusal> {
        match command {
            PlanCommand::PublishPlan(command) => self.publish(command),
            PlanCommand::RetirePlan(_) if self.retired => Ok(Decision::nothing()),
            PlanCommand::RetirePlan(_) => Ok(Decision::event(PlanRetired { version: self.version, link: self.link.clone() })),
            PlanCommand::LinkPlan(command) => Ok(self.link(command)),
        }
    }
}

cqrs_aggregate!(Plan);

impl Plan {
    fn publish(&self, command: PublishPlan) -> Result<Decision<PlanEvent>, Refusal> {
        let terms = terms_of(command)?;
        if self.retired {
            return Err(PlanRejection::Retired.into());
        }
        if self.terms.as_ref() == Some(&terms) {
            return Ok(Decision::nothing());
        }
        if let Some(before) = self.terms.as_ref().filter(|before| before.price.currency != terms.price.currency) {
            return Err(PlanRejection::CurrencyFixed(before.price.currency.to_string()).into());
        }
        Ok(Decision::event(PlanPublished { version: self.version + 1, terms }))
    }

    fn link(&self, command: LinkPlan) -> Decision<PlanEvent> {
        let LinkPlan { version, provider, product_id, price_id } = command;
        let link = PriceLink { provider, product_id, price_id };
        if version != self.version || self.link.as_ref() == Some(&link) {
            return Decision::nothing();
        }
        Decision::event(PlanLinked { version, link })
    }
}

fn terms_of(command: PublishPlan) -> Result<Terms, Refusal> {
    check_charges(&command.charges)?;
    if command.trial_days > TRIAL_DAYS_MAX {
        return Err(PlanRejection::TrialTooLong(TRIAL_DAYS_MAX).into());
    }
    if command.entitlements.len() > ENTITLEMENTS_MAX {
        return Err(PlanRejection::TooManyEntitlements(ENTITLEMENTS_MAX).into());
    }
    if let Some(rate) = command.tax_rate_percent
        && (!(Decimal::ZERO..=Decimal::ONE_HUNDRED).contains(&rate) || rate.scale() > 4)
    {
        return Err(PlanRejection::TaxRateOutOfRange.into());
    }
    Ok(Terms {
        name: command.name,
        description: command.description,
        interval: command.interval.check()?,
        price: amount_of(command.price)?,
        charges: command.charges,
        trial_days: command.trial_days,
        entitlements: command.entitlements,
        tax_rate_percent: command.tax_rate_percent.map(|rate| rate.normalize()),
    })
}

// ------------------------------------------------------------------------------------------------------ rejections

rejections! {
    /// Why a plan refuses a command, or cannot be sold.
    pub enum PlanRejection in "billing" {
        /// No such plan.
        #[error("There is no plan `{0}`; publish it first.")]
        Unknown(String) => "plan_unknown" ["plan_id"],
        /// Retired, and somebody wants to buy it.
        #[error("The plan `{0}` is no longer sold; choose another.")]
        NotOnSale(String) => "plan_not_on_sale" ["plan_id"],
        /// Usage or tax, which a page of the payment provider does not charge.
        #[error("The plan `{0}` charges usage or tax, and the payment provider would bill its flat price alone; start a subscription here.")]
        NotSellableThere(String) => "plan_not_sellable_there" ["plan_id"],
        /// Retired, and somebody wants to change it.
        #[error("The plan is retired; publish a plan under another id.")]
        Retired => "plan_retired" ["id"],
        /// Another currency than before.
        #[error("The plan is sold in {0}; publish a plan under another id for another currency.")]
        CurrencyFixed(String) => "plan_currency_fixed" ["price"],
        /// A trial without end.
        #[error("A trial lasts at most {0} days.")]
        TrialTooLong(u16) => "trial_too_long" ["trial_days"],
        /// Too many features.
        #[error("A plan or subscription names at most {0} features.")]
        TooManyEntitlements(usize) => "too_many_entitlements" ["entitlements", "feature"],
        /// A tax of nothing or more than all.
        #[error("A tax rate is between 0 and 100 percent, with at most 4 decimals.")]
        TaxRateOutOfRange => "tax_rate_out_of_range" ["tax_rate_percent"],
    }
}

#[cfg(test)]
pub(super) mod tests;
