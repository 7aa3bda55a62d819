//! A subscription: a customer, a version of a plan, and the periods that are served and billed.
//!
//! The flat price of a period is billed when it begins, usage when it ends; the bill of a new period holds both. Periods follow each
//! other one bill at a time: after an outage each is billed in turn, none twice and none left out. A change of plan within a period
//! gives back and charges the rest of it with the next bill; a bill that would come to less than nothing is carried forward as credit.
//!
//! A subscription that the payment provider bills (it came from a checkout) is never billed here: it follows what the provider says.

mod bill;
mod change;
mod commands;
mod events;
mod sync;
mod takeover;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::commands::*;
pub use self::events::*;
pub use self::sync::SyncSubscription;
pub use self::takeover::{PastTerms, TakeOverSubscription};
use super::calendar::Period;
use super::customer::{BillingProfile, Customer};
use super::dunning::FinalAction;
use super::plan::{Plan, PlanRejection, PlanVersion};
use super::pricing::Charge;
use super::values::{ENTITLEMENTS_MAX, Entitlements, FeatureValue, Key, Name, Note};
use crate::kernel::{Aggregate, Context, Currency, Decision, Money, Refusal};
use crate::{cqrs_aggregate, rejections};

/// Scope of the claims on periods: each is billed once, whatever any state says.
pub const PERIOD_SCOPE: &str = "subscription.period";
/// The longest id, so that the day of a period can be appended to make an id of a bill.
const ID_LENGTH_MAX: usize = 96;
/// How far back a subscription may begin, in days.
const BACKDATED_DAYS_MAX: i64 = 1_830;
/// How many of the latest bills can be credited at the end.
pub const CREDITED_BILLS_MAX: usize = 12;
/// The longest that a bill may stay unpaid, in days.
const NET_DAYS_MAX: u16 = 120;

// ----------------------------------------------------------------------------------------------------------- state

/// Where a subscription stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It never began.
    #[default]
    Absent,
    /// In its trial.
    Trialing,
    /// Under way.
    Active,
    /// Over.
    Ended,
}

/// A change that happens with the end of the period.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ScheduledChange {
    /// What will be sold.
    pub plan: PlanVersion,
    /// Seats or units.
    pub quantity: u32,
}

/// A feature that is granted differently from the plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Override {
    /// What is granted.
    pub value: FeatureValue,
    /// Until when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<DateTime<Utc>>,
}

/// A subscription's state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Subscription {
    /// Where it stands.
    pub standing: Standing,
    /// Who bills it.
    pub billed_by: Biller,
    /// The customer.
    pub customer_id: String,
    /// What the customer was called when the subscription was sold.
    pub customer_name: Option<Name>,
    /// What is sold.
    pub plan: Option<PlanVersion>,
    /// Seats or units.
    pub quantity: u32,
    /// Days in which a bill is to be paid.
    pub net_days: u16,
    /// When it began.
    pub began_at: Option<DateTime<Utc>>,
    /// The point from which periods are counted.
    pub anchor: Option<DateTime<Utc>>,
    /// The number of the period from the anchor.
    pub number: u32,
    /// The period, or the trial, that is under way.
    pub period: Option<Period>,
    /// Lines that the next bill takes up.
    pub pending: Vec<Line>,
    /// Credit that the next bill uses up, in minor units.
    pub credit_minor: i64,
    /// The latest bills that asked for something, and for how much without tax, in minor units.
    #[serde(default)]
    pub bills: Vec<(String, i64)>,
    /// A change that happens with the end of the period.
    pub scheduled: Option<ScheduledChange>,
    /// When it will end, and why.
    pub cancellation: Option<CancellationScheduled>,
    /// Payments that are overdue.
    pub overdue: BTreeSet<String>,
    /// Those of them that have taken the entitlement.
    pub suspended_by: BTreeSet<String>,
    /// Features that are granted differently from the plan.
    pub overrides: BTreeMap<Key, Override>,
    /// What it comes to in a month, in minor units.
    pub recurring_minor: i64,
    /// The day of the last bill, and how many bills there were for that day.
    pub last_bill: Option<(NaiveDate, u32)>,
    /// What the payment provider said last, and when it was asked.
    pub provider: Option<(ProviderState, DateTime<Utc>)>,
    /// What the payment provider was asked to change and has not answered yet.
    pub requested: Option<ProviderChange>,
}

impl Subscription {
    /// The subscription of that id, which must not be over.
    pub(super) fn live<'a>(id: &str, context: &Context<'a>) -> Result<&'a Self, Refusal> {
        match context.get::<Self>(id)? {
            None => Err(SubscriptionRejection::Unknown(id.to_owned()).into()),
            Some(found) if found.standing == Standing::Ended => Err(SubscriptionRejection::Ended.into()),
            Some(found) => Ok(found),
        }
    }

    /// When it began.
    pub(super) fn started_at(&self) -> DateTime<Utc> {
        self.began_at.unwrap_or(DateTime::UNIX_EPOCH)
    }

    /// The charges of the plan, and of the plan that follows with the end of the period.
    pub(super) fn charges(&self) -> impl Iterator<Item = &Charge> {
        let next = self.scheduled.as_ref().map(|scheduled| &scheduled.plan);
        self.plan.iter().chain(next).flat_map(|plan| &plan.terms.charges)
    }

    /// The features of the plan with the overrides that hold at that time, whether or not they are suspended.
    pub fn entitlements(&self, at: DateTime<Utc>) -> Entitlements {
        let mut all = self.plan.as_ref().map(|plan| plan.terms.entitlements.clone()).unwrap_or_default();
        let holding = self.overrides.iter().filter(|(_, over)| over.until.is_none_or(|until| at < until));
        all.extend(holding.map(|(feature, over)| (feature.clone(), over.value.clone())));
        all
    }

    /// What a payment that is overdue does to the subscription.
    pub(super) fn on_overdue(&self, payment_id: &str, step: u16, suspend: bool, now: DateTime<Utc>) -> Vec<SubscriptionEvent> {
        let mut events = Vec::new();
        if matches!(self.standing, Standing::Absent | Standing::Ended) {
            return events;
        }
        if !self.overdue.contains(payment_id) {
            events.push(SubscriptionPastDue { payment_id: payment_id.to_owned(), since: now }.into());
        }
        if suspend && !self.suspended_by.contains(payment_id) {
            events.push(EntitlementSuspended { payment_id: payment_id.to_owned(), step }.into());
        }
        events
    }

    /// What it does to the subscription that a payment is settled, or not asked for any more.
    pub(super) fn on_settled(&self, payment_id: &str) -> Vec<SubscriptionEvent> {
        if !self.overdue.contains(payment_id) {
            return Vec::new();
        }
        let others = |payments: &BTreeSet<String>| payments.iter().filter(|id| *id != payment_id).count();
        vec![
            SubscriptionRecovered {
                payment_id: payment_id.to_owned(),
                still_overdue: u32::try_from(others(&self.overdue)).unwrap_or(u32::MAX),
                entitled: others(&self.suspended_by) == 0,
            }
            .into(),
        ]
    }

    /// What it does to the subscription that a payment is given up.
    pub(super) fn on_given_up(&self, payment_id: &str, step: u16, action: FinalAction, now: DateTime<Utc>) -> Vec<SubscriptionEvent> {
        if action == FinalAction::Suspend || self.billed_by == Biller::Provider {
            return self.on_overdue(payment_id, step, true, now);
        }
        self.ending(EndReason::Unpaid, None, now).into_iter().map(Into::into).collect()
    }

    /// What the latest bills are credited, so that the credit that is left goes back to the customer.
    fn credits(&self, currency: Currency) -> Vec<BillCredit> {
        let mut left = self.credit_minor;
        let credit = |(bill_id, billed): &(String, i64)| {
            let minor = left.min(*billed);
            left -= minor;
            (minor > 0).then(|| BillCredit { bill_id: bill_id.clone(), net: Money::new(minor, currency) })
        };
        self.bills.iter().rev().map_while(credit).collect()
    }

    /// The event that ends the subscription, without a bill.
    fn ending(&self, reason: EndReason, note: Option<Note>, ended_at: DateTime<Utc>) -> Option<SubscriptionEnded> {
        let plan = self.plan.as_ref().filter(|_| matches!(self.standing, Standing::Trialing | Standing::Active))?;
        let currency = plan.terms.price.currency;
        Some(SubscriptionEnded {
            reason,
            note,
            customer_id: self.customer_id.clone(),
            plan_id: plan.id.clone(),
            ended_at,
            credit_left: Money::new(self.credit_minor, currency),
            credits: self.credits(currency),
            recurring: Recurring { before_minor: self.recurring_minor, after_minor: 0 },
        })
    }
}

// ---------------------------------------------------------------------------------------------------------- handle

impl Aggregate for Subscription {
    const CONTEXT: &'static str = "billing";
    const TYPE: &'static str = "subscription";
    type Command = SubscriptionCommand;
    type Event = SubscriptionEvent;

    fn apply(&mut self, event: &SubscriptionEvent) {
        match event {
            SubscriptionEvent::SubscriptionStarted(e) => self.began(e),
            SubscriptionEvent::SubscriptionPeriodBilled(e) => self.billed(e),
            SubscriptionEvent::SubscriptionTakenOver(e) => {
                (self.period, self.anchor, self.number) = (Some(e.period), Some(e.anchor), e.number);
                self.recurring_minor = e.recurring.after_minor;
            }
            SubscriptionEvent::SubscriptionPlanChanged(e) => {
                self.plan = Some(e.plan.clone());
                self.quantity = e.quantity;
                self.pending.extend(e.pending.iter().cloned());
                self.scheduled = None;
                self.recurring_minor = e.recurring.after_minor;
            }
            SubscriptionEvent::PlanChangeScheduled(e) => {
                self.scheduled = Some(ScheduledChange { plan: e.plan.clone(), quantity: e.quantity });
            }
            SubscriptionEvent::PlanChangeUnscheduled(_) => self.scheduled = None,
            SubscriptionEvent::CancellationScheduled(e) => {
                self.cancellation = Some(e.clone());
                self.scheduled = None;
            }
            SubscriptionEvent::SubscriptionResumed(_) => self.cancellation = None,
            SubscriptionEvent::SubscriptionEnded(_) => {
                self.standing = Standing::Ended;
                self.recurring_minor = 0;
                self.scheduled = None;
                self.cancellation = None;
                self.requested = None;
            }
            SubscriptionEvent::SubscriptionPastDue(e) => {
                self.overdue.insert(e.payment_id.clone());
            }
            SubscriptionEvent::EntitlementSuspended(e) => {
                self.suspended_by.insert(e.payment_id.clone());
            }
            SubscriptionEvent::SubscriptionRecovered(e) => {
                self.overdue.remove(&e.payment_id);
                self.suspended_by.remove(&e.payment_id);
            }
            SubscriptionEvent::EntitlementOverridden(e) => match &e.value {
                Some(value) => {
                    self.overrides.insert(e.feature.clone(), Override { value: value.clone(), until: e.until });
                }
                None => {
                    self.overrides.remove(&e.feature);
                }
            },
            SubscriptionEvent::SubscriptionSynced(e) => self.synced(e),
            SubscriptionEvent::ProviderChangeRequested(e) => self.requested = Some(e.change.clone()),
        }
    }

    fn handle(&self, command: SubscriptionCommand, context: &Context<'_>) -> Result<Decision<SubscriptionEvent>, Refusal> {
        match command {
            SubscriptionCommand::StartSubscription(command) => start(&command, context),
            SubscriptionCommand::TakeOverSubscription(command) => takeover::take_over(command, context),
            SubscriptionCommand::ChangePlan(command) => self.change_plan(&command, context),
            SubscriptionCommand::CancelSubscription(command) => self.cancel(command, context),
            SubscriptionCommand::ResumeSubscription(_) => self.resume(context),
            SubscriptionCommand::ExpireSubscription(command) => Ok(self.expire(command, context)?),
            SubscriptionCommand::OverrideEntitlement(command) => Ok(self.override_entitlement(command, context)?),
            SubscriptionCommand::BillPeriod(_) => self.bill_period(context),
            SubscriptionCommand::SyncSubscription(command) => self.sync(&command, context),
        }
    }
}

cqrs_aggregate!(Subscription);

/// What bills say of a customer.
fn payer_of(profile: &BillingProfile) -> Payer {
    Payer {
        tax_exempt: profile.tax_exempt,
        customer_email: profile.email.clone(),
        customer_tax_id: profile.tax_id.clone(),
        customer_address: profile.address.clone(),
        customer_country: profile.country.clone(),
    }
}

fn start(command: &StartSubscription, context: &Context<'_>) -> Result<Decision<SubscriptionEvent>, Refusal> {
    if context.aggregate_id.len() > ID_LENGTH_MAX {
        return Err(SubscriptionRejection::IdTooLong(ID_LENGTH_MAX).into());
    }
    let (_, profile) = Customer::billable(command.customer_id.as_str(), context)?;
    let plan = Plan::on_sale(command.plan_id.as_str(), context)?;
    let started_at = command.start_at.map_or(context.now, |at| at.0);
    if started_at > context.now || started_at < context.now - TimeDelta::days(BACKDATED_DAYS_MAX) {
        return Err(SubscriptionRejection::StartOutOfRange.into());
    }
    let trial_days = command.trial_days.unwrap_or(plan.terms.trial_days);
    if trial_days > 730 {
        return Err(PlanRejection::TrialTooLong(730).into());
    }
    if command.net_days > NET_DAYS_MAX {
        return Err(SubscriptionRejection::NetDaysOutOfRange(NET_DAYS_MAX).into());
    }
    let trial = Period { start: started_at, end: started_at + TimeDelta::days(i64::from(trial_days)) };
    let quantity = plan.quantity(command.quantity)?;
    let started = SubscriptionStarted {
        customer_id: command.customer_id.to_string(),
        customer_name: profile.name.clone(),
        plan,
        quantity,
        net_days: command.net_days,
        started_at,
        trial: (trial_days > 0).then_some(trial),
    };
    Ok(bill::first(started, payer_of(profile), context))
}

impl Subscription {
    fn began(&mut self, e: &SubscriptionStarted) {
        self.standing = if e.trial.is_some() { Standing::Trialing } else { Standing::Active };
        self.customer_id.clone_from(&e.customer_id);
        self.customer_name = Some(e.customer_name.clone());
        self.plan = Some(e.plan.clone());
        self.quantity = e.quantity;
        self.net_days = e.net_days;
        self.began_at = Some(e.started_at);
        self.anchor = Some(e.trial.map_or(e.started_at, |trial| trial.end));
        self.period = e.trial;
    }

    /// The plan and the period of a subscription that is under way.
    fn under_way(&self) -> Result<(&PlanVersion, Period), SubscriptionRejection> {
        match (self.standing, &self.plan, self.period) {
            (Standing::Trialing | Standing::Active, Some(plan), Some(period)) => Ok((plan, period)),
            _ => Err(SubscriptionRejection::Ended),
        }
    }

    /// The same, where the period is not over. Changes wait until the clock has billed what is over.
    fn current(&self, context: &Context<'_>) -> Result<(&PlanVersion, Period), SubscriptionRejection> {
        let (plan, period) = self.under_way()?;
        if context.now < period.end { Ok((plan, period)) } else { Err(SubscriptionRejection::PeriodNotBilled) }
    }

    fn expire(&self, command: ExpireSubscription, context: &Context<'_>) -> Result<Decision<SubscriptionEvent>, SubscriptionRejection> {
        if self.standing == Standing::Ended {
            return Ok(Decision::nothing());
        }
        if self.overdue.is_empty() || self.billed_by == Biller::Provider {
            return Err(SubscriptionRejection::NotPastDue);
        }
        let ended = self.ending(EndReason::Unpaid, command.reason, context.now);
        Ok(ended.map(Decision::event).unwrap_or_default())
    }

    fn override_entitlement(
        &self,
        command: OverrideEntitlement,
        context: &Context<'_>,
    ) -> Result<Decision<SubscriptionEvent>, SubscriptionRejection> {
        let OverrideEntitlement { feature, value, until, reason } = command;
        self.under_way()?;
        let until = until.map(|until| until.0);
        if until.is_some_and(|until| until <= context.now) {
            return Err(SubscriptionRejection::OverrideIsPast);
        }
        let before = self.overrides.get(&feature);
        let after = value.clone().map(|value| Override { value, until });
        if before == after.as_ref() {
            return Ok(Decision::nothing());
        }
        if before.is_none() && self.overrides.len() >= ENTITLEMENTS_MAX {
            return Err(SubscriptionRejection::TooManyOverrides(ENTITLEMENTS_MAX));
        }
        Ok(Decision::event(EntitlementOverridden { feature, value, until, reason }))
    }
}

// ------------------------------------------------------------------------------------------------------ rejections

rejections! {
    /// Why a subscription refuses a command.
    pub enum SubscriptionRejection in "billing" {
        /// No such subscription.
        #[error("There is no subscription `{0}`.")]
        Unknown(String) => "subscription_unknown" ["subscription_id", "id"],
        /// Over.
        #[error("The subscription is over; start another.")]
        Ended => "subscription_ended" ["id"],
        /// An id to which no day can be appended.
        #[error("The id of a subscription has at most {0} characters.")]
        IdTooLong(usize) => "subscription_id_too_long" ["id"],
        /// In the future, or long ago.
        #[error("A subscription begins now or at most five years ago.")]
        StartOutOfRange => "start_out_of_range" ["start_at"],
        /// A past that never was.
        #[error("Give the terms in the order of their beginnings, each later than the one before, and at least one.")]
        TermsOutOfOrder => "terms_out_of_order" ["terms"],
        /// Too long a past.
        #[error("At most {0} terms of the past are taken over.")]
        TooManyTerms(usize) => "too_many_terms" ["terms"],
        /// A past that is not over, or before the company was.
        #[error("A subscription that is taken over began at most fifty years ago; its last terms, its end and what was billed come after that and not after now.")]
        PastOutOfRange => "past_out_of_range" ["terms", "billed_until", "ended_at"],
        /// Paid in a year.
        #[error("A bill is to be paid within {0} days at most.")]
        NetDaysOutOfRange(u16) => "net_days_out_of_range" ["net_days"],
        /// The clock is behind.
        #[error("The period that is over is not billed yet; try again in a moment.")]
        PeriodNotBilled => "period_not_billed" ["id"],
        /// It will end.
        #[error("The subscription is cancelled; resume it first.")]
        CancellationPending => "cancellation_pending" ["id"],
        /// Nobody owes anything.
        #[error("No payment of the subscription is overdue; cancel it instead.")]
        NotPastDue => "not_past_due" ["id"],
        /// An override that never held.
        #[error("The override would have ended already; give a time to come, or `null` as its value to remove it.")]
        OverrideIsPast => "override_in_past" ["until"],
        /// Too many overrides.
        #[error("A subscription overrides at most {0} features.")]
        TooManyOverrides(usize) => "too_many_overrides" ["feature"],
        /// Here, not there.
        #[error("The subscription is billed by this platform and follows no payment provider.")]
        BilledHere => "billed_by_platform" ["id"],
        /// Another subscription there.
        #[error("The subscription follows `{0}` at the payment provider, not `{1}`.")]
        OtherExternal(String, String) => "external_id_mismatch" ["external_id"],
        /// A period that ends before it begins.
        #[error("The period ends after it begins.")]
        PeriodInvalid => "period_invalid" ["period_start", "period_end"],
    }
}

#[cfg(test)]
pub(super) mod tests;
