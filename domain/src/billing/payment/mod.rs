//! A payment: an amount that a customer owes, how it is collected, and what of it goes back.
//!
//! An amount is authorised (held), captured once, and may be refunded in parts or demanded back by the payer's bank. While it is open
//! it is dunned by the tenant's policy, which also decides what becomes of the subscription. A success that arrives after nobody waited
//! for it any more is never lost: an amount that was given up is taken, one that was called off or paid otherwise is given back.

mod collect;
mod commands;
mod events;
mod refund;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::collect::PAID_TWICE;
pub use self::commands::*;
pub use self::events::*;
use super::customer::{Customer, CustomerRejection};
use super::subscription::{Subscription, SubscriptionEvent, SubscriptionRejection};
use super::values::{ExternalId, Key, Label, positive};
use crate::kernel::{Aggregate, Context, Day, Decision, Money, Refusal};
use crate::{cqrs_aggregate, rejections};

/// The payment provider whose ids of customers are passed on.
const PROVIDER: &str = "stripe";

// ----------------------------------------------------------------------------------------------------------- state

/// Where a payment stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PaymentStatus {
    /// It never began.
    #[default]
    Absent,
    /// Waited for.
    Open,
    /// The payer must do something.
    ActionRequired,
    /// Held for us.
    Authorized,
    /// Ours.
    Captured,
    /// Given up, and still taken if it comes.
    GivenUp,
    /// Called off.
    Voided,
}

/// Where a refund stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RefundStatus {
    /// Asked for.
    Requested,
    /// Done.
    Completed,
    /// Not possible.
    Failed,
}

/// A refund.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Refund {
    /// How much, in minor units.
    pub amount_minor: i64,
    /// Where it stands.
    pub status: RefundStatus,
}

/// A dispute.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Dispute {
    /// How much, in minor units.
    pub amount_minor: i64,
    /// How it ended; nothing while it is open.
    pub outcome: Option<ChargebackOutcome>,
}

/// A payment's state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Payment {
    /// Where it stands.
    pub status: PaymentStatus,
    /// What was asked for.
    pub request: Option<PaymentRequested>,
    /// What is still owed, in minor units, where it is not what was asked for.
    #[serde(default)]
    pub adjusted_minor: Option<i64>,
    /// The provider's id of the payment.
    pub external_id: Option<ExternalId>,
    /// What is held, in minor units.
    pub authorized_minor: i64,
    /// Until when it is held, where that is known.
    #[serde(default)]
    pub held_until: Option<DateTime<Utc>>,
    /// Whether the provider was asked to capture it.
    pub capture_requested: bool,
    /// What was captured, in minor units.
    pub captured_minor: i64,
    /// How it was paid.
    #[serde(default)]
    pub method: Option<Label>,
    /// Whether it was paid otherwise than by the provider, and the invoice had it first.
    #[serde(default)]
    pub recorded: bool,
    /// What the provider took although the amount had come in, by the provider's id.
    #[serde(default)]
    pub again: BTreeMap<ExternalId, i64>,
    /// How often the amount was tried to be collected.
    pub attempt: u16,
    /// The attempt that failed last.
    pub failed_attempt: u16,
    /// Whether it is overdue.
    pub overdue: bool,
    /// The step of dunning.
    pub step: u16,
    /// When the next step follows.
    pub next_at: Option<DateTime<Utc>>,
    /// Refunds by id.
    pub refunds: BTreeMap<String, Refund>,
    /// Disputes by the provider's id.
    pub disputes: BTreeMap<ExternalId, Dispute>,
}

// ---------------------------------------------------------------------------------------------------------- handle

impl Aggregate for Payment {
    const CONTEXT: &'static str = "billing";
    const TYPE: &'static str = "payment";
    type Command = PaymentCommand;
    type Event = PaymentEvent;

    fn apply(&mut self, event: &PaymentEvent) {
        match event {
            PaymentEvent::PaymentRequested(e) => {
                self.status = PaymentStatus::Open;
                self.attempt = 1;
                self.next_at = Some(e.due_at);
                self.request = Some(e.clone());
            }
            PaymentEvent::PaymentActionRequired(e) => {
                self.status = PaymentStatus::ActionRequired;
                self.external_id = Some(e.external_id.clone());
            }
            PaymentEvent::PaymentAuthorized(e) => {
                self.status = PaymentStatus::Authorized;
                self.external_id = Some(e.external_id.clone());
                self.authorized_minor = e.amount.amount_minor;
                self.held_until = e.expires_at;
            }
            PaymentEvent::PaymentCaptureRequested(_) => self.capture_requested = true,
            PaymentEvent::PaymentCaptured(e) => {
                self.status = PaymentStatus::Captured;
                self.captured_minor = e.amount.amount_minor;
                self.method.clone_from(&e.method);
                self.recorded = e.recorded;
                self.external_id = e.external_id.clone().or_else(|| self.external_id.take());
                self.next_at = None;
                self.overdue = false;
            }
            PaymentEvent::PaymentCapturedAgain(e) => {
                self.again.insert(e.external_id.clone(), e.amount.amount_minor);
            }
            PaymentEvent::PaymentAdjusted(e) => self.adjusted_minor = Some(e.amount.amount_minor),
            PaymentEvent::PaymentFailed(e) => {
                self.status = PaymentStatus::Open;
                self.held_until = None;
                self.failed_attempt = e.attempt;
                self.authorized_minor = 0;
                self.capture_requested = false;
                self.external_id = e.external_id.clone().or_else(|| self.external_id.take());
            }
            PaymentEvent::PaymentOverdue(e) => {
                self.overdue = true;
                self.next_at = Some(e.next_at);
            }
            PaymentEvent::PaymentDunned(e) => {
                self.step = e.step;
                self.attempt = e.attempt;
                self.next_at = Some(e.next_at);
            }
            PaymentEvent::PaymentGivenUp(_) => {
                self.status = PaymentStatus::GivenUp;
                self.next_at = None;
            }
            PaymentEvent::PaymentVoided(_) => {
                self.status = PaymentStatus::Voided;
                self.next_at = None;
                self.overdue = false;
            }
            PaymentEvent::RefundRequested(e) => self.refund_is(&e.refund_id, e.amount, RefundStatus::Requested),
            PaymentEvent::RefundCompleted(e) => self.refund_is(&e.refund_id, e.amount, RefundStatus::Completed),
            PaymentEvent::RefundFailed(e) => self.refund_is(&e.refund_id, e.amount, RefundStatus::Failed),
            PaymentEvent::ChargebackOpened(e) => {
                self.disputes.insert(e.dispute_id.clone(), Dispute { amount_minor: e.amount.amount_minor, outcome: None });
            }
            PaymentEvent::ChargebackClosed(e) => {
                let closed = Dispute { amount_minor: e.amount.amount_minor, outcome: Some(e.outcome) };
                self.disputes.insert(e.dispute_id.clone(), closed);
            }
        }
    }

    fn handle(&self, command: PaymentCommand, context: &Context<'_>) -> Result<Decision<PaymentEvent>, Refusal> {
        match command {
            PaymentCommand::RequestPayment(command) => request(command, context),
            PaymentCommand::RequireAction(command) => Ok(self.require_action(command)?),
            PaymentCommand::AuthorizePayment(command) => Ok(self.authorize(command)?),
            PaymentCommand::RequestCapture(command) => Ok(self.request_capture(&command)?),
            PaymentCommand::CapturePayment(command) => self.capture(command, context),
            PaymentCommand::FailPayment(command) => self.fail(command, context),
            PaymentCommand::VoidPayment(command) => self.void(command, context),
            PaymentCommand::AdjustPayment(command) => self.adjust(command, context),
            PaymentCommand::Dun(_) => self.dun(context),
            PaymentCommand::RequestRefund(command) => Ok(self.refund(command)?),
            PaymentCommand::CompleteRefund(command) => Ok(self.complete_refund(command, context)?),
            PaymentCommand::FailRefund(command) => Ok(self.fail_refund(command, context)?),
            PaymentCommand::OpenChargeback(command) => Ok(self.open_chargeback(command)?),
            PaymentCommand::CloseChargeback(command) => Ok(self.close_chargeback(command)?),
        }
    }
}

cqrs_aggregate!(Payment);

fn request(command: RequestPayment, context: &Context<'_>) -> Result<Decision<PaymentEvent>, Refusal> {
    let amount = positive(command.amount)?;
    let customer = context.get::<Customer>(command.customer_id.as_str())?;
    let customer = customer.ok_or_else(|| CustomerRejection::Unknown(command.customer_id.to_string()))?;
    if let Some(id) = &command.subscription_id
        && context.get::<Subscription>(id.as_str())?.is_none()
    {
        return Err(SubscriptionRejection::Unknown(id.to_string()).into());
    }
    let due_on = command.due_on.unwrap_or(Day(context.now.date_naive()));
    let day_after = due_on.0.succ_opt().unwrap_or(due_on.0);
    let erased = || "Erased".to_owned().try_into().unwrap_or_else(|_| unreachable!("the literal is a name"));
    Ok(Decision::event(PaymentRequested {
        customer_id: command.customer_id.to_string(),
        // What was sold before a customer was erased is still owed.
        customer_name: customer.profile.as_ref().map_or_else(erased, |profile| profile.name.clone()),
        external_customer: Key::try_from(PROVIDER.to_owned()).ok().and_then(|provider| customer.external_ids.get(&provider).cloned()),
        amount,
        subscription_id: command.subscription_id.map(String::from),
        invoice_id: command.invoice_id.map(String::from),
        reference: command.reference,
        due_on,
        due_at: day_after.and_time(chrono::NaiveTime::MIN).and_utc(),
        capture: command.capture,
    }))
}

impl Payment {
    /// What is owed: what was asked for, unless the invoice was paid or credited in part since; nothing for what never began.
    pub fn owed(&self) -> Option<Money> {
        let asked = self.request.as_ref()?.amount;
        Some(Money::new(self.adjusted_minor.unwrap_or(asked.amount_minor), asked.currency))
    }

    /// What was asked for.
    fn requested(&self) -> Result<&PaymentRequested, PaymentRejection> {
        self.request.as_ref().ok_or(PaymentRejection::Absent)
    }

    /// What the subscription of the payment has to say to it.
    fn with_subscription(
        &self,
        decision: Decision<PaymentEvent>,
        context: &Context<'_>,
        events: impl FnOnce(&Subscription) -> Vec<SubscriptionEvent>,
    ) -> Result<Decision<PaymentEvent>, Refusal> {
        let Some(id) = self.request.as_ref().and_then(|request| request.subscription_id.as_deref()) else { return Ok(decision) };
        let Some(subscription) = context.get::<Subscription>(id)? else { return Ok(decision) };
        Ok(events(subscription).into_iter().fold(decision, |decision, event| decision.also::<Subscription>(id, event)))
    }

    fn refund_is(&mut self, refund_id: &str, amount: Money, status: RefundStatus) {
        self.refunds.insert(refund_id.to_owned(), Refund { amount_minor: amount.amount_minor, status });
    }

    /// The amount that a command names, checked, or this one where it names none.
    fn named(amount: Option<Money>, most: Money) -> Result<Money, PaymentRejection> {
        match amount {
            None => Ok(most),
            Some(amount) if amount.currency != most.currency => {
                Err(PaymentRejection::OtherCurrency(amount.currency.to_string(), most.currency.to_string()))
            }
            Some(amount) if amount.amount_minor <= 0 || amount.amount_minor > most.amount_minor => Err(PaymentRejection::TooMuch(most)),
            Some(amount) => Ok(amount),
        }
    }
}

// ------------------------------------------------------------------------------------------------------ rejections

rejections! {
    /// Why a payment refuses a command.
    pub enum PaymentRejection in "billing" {
        /// Never asked for.
        #[error("The payment was never asked for.")]
        Absent => "payment_absent" ["id"],
        /// Captured, voided or given up already.
        #[error("The payment is {0}, so this cannot happen to it any more.")]
        Settled(&'static str) => "payment_settled" ["id"],
        /// Nothing is held.
        #[error("Nothing is held that could be captured.")]
        NotAuthorized => "payment_not_authorized" ["id"],
        /// Nothing was captured.
        #[error("Nothing was captured yet; void the payment instead.")]
        NotCaptured => "payment_not_captured" ["id"],
        /// More than there is.
        #[error("Give an amount from the smallest unit up to {0}.")]
        TooMuch(Money) => "payment_amount_out_of_range" ["amount"],
        /// Another currency.
        #[error("The amount is in {0}; the payment is in {1}.")]
        OtherCurrency(String, String) => "payment_currency_mismatch" ["amount"],
        /// Another payment there.
        #[error("The payment is `{0}` at the payment provider.")]
        OtherExternal(String) => "payment_external_id_mismatch" ["external_id"],
        /// An attempt that never was.
        #[error("There were {0} attempts so far.")]
        UnknownAttempt(u16) => "payment_attempt_unknown" ["attempt"],
        /// Another refund has the id.
        #[error("The refund `{0}` exists with another amount, or is done; use a fresh id.")]
        RefundExists(String) => "refund_exists" ["refund_id"],
        /// No such refund.
        #[error("There is no refund `{0}`; say how much it was.")]
        RefundUnknown(String) => "refund_unknown" ["refund_id"],
        /// Too many refunds or disputes.
        #[error("A payment has at most {0} refunds and {0} disputes.")]
        TooMany(usize) => "too_many_refunds" ["refund_id", "dispute_id"],
        /// No such dispute.
        #[error("There is no dispute `{0}`.")]
        DisputeUnknown(String) => "chargeback_unknown" ["dispute_id"],
        /// A dispute ended otherwise.
        #[error("The dispute `{0}` ended already.")]
        DisputeClosed(String) => "chargeback_closed" ["dispute_id"],
    }
}

#[cfg(test)]
mod tests;
