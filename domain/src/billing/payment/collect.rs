//! How an amount is collected: attempts, captures, dunning, and calling it off.

use chrono::TimeDelta;

use super::{
    AdjustPayment, AuthorizePayment, CapturePayment, FailPayment, Payment, PaymentActionRequired, PaymentAdjusted, PaymentAuthorized,
    PaymentCaptureRequested, PaymentCaptured, PaymentCapturedAgain, PaymentDunned, PaymentEvent, PaymentFailed, PaymentGivenUp,
    PaymentOverdue, PaymentRejection, PaymentRequested, PaymentStatus, PaymentVoided, RefundRequested, RequestCapture, RequireAction,
    VoidPayment,
};
use crate::billing::dunning::DunningRules;
use crate::billing::values::{ExternalId, Label, amount_of};
use crate::kernel::{Context, Decision, Money, Refusal};

/// The id of the refund of an amount that arrived after it had been called off.
pub const LATE_REFUND: &str = "arrived-late";
/// What the ids of refunds of amounts that came twice begin with.
pub const PAID_TWICE: &str = "paid-twice";

impl Payment {
    /// Whether the amount is still to come.
    pub fn is_waited_for(&self) -> bool {
        matches!(self.status, PaymentStatus::Open | PaymentStatus::ActionRequired | PaymentStatus::Authorized)
    }

    /// Refuses what comes too late.
    fn waited_for(&self) -> Result<&PaymentRequested, PaymentRejection> {
        let request = self.requested()?;
        match self.status {
            PaymentStatus::Captured => Err(PaymentRejection::Settled("captured")),
            PaymentStatus::GivenUp => Err(PaymentRejection::Settled("given up")),
            PaymentStatus::Voided => Err(PaymentRejection::Settled("voided")),
            _ => Ok(request),
        }
    }

    pub(super) fn require_action(&self, command: RequireAction) -> Result<Decision<PaymentEvent>, PaymentRejection> {
        let RequireAction { external_id, url } = command;
        self.waited_for()?;
        if self.status != PaymentStatus::Open {
            return Ok(Decision::nothing());
        }
        Ok(Decision::event(PaymentActionRequired { external_id, url }))
    }

    pub(super) fn authorize(&self, command: AuthorizePayment) -> Result<Decision<PaymentEvent>, PaymentRejection> {
        let AuthorizePayment { external_id, amount, expires_at } = command;
        let amount = Self::named(amount, self.most(self.requested()?))?;
        if self.status == PaymentStatus::Captured && self.external_id.as_ref() == Some(&external_id) {
            // The hold that led to the capture.
            return Ok(Decision::nothing());
        }
        self.waited_for()?;
        if self.status == PaymentStatus::Authorized {
            let same = self.external_id.as_ref() == Some(&external_id) && self.authorized_minor == amount.amount_minor;
            return if same { Ok(Decision::nothing()) } else { Err(self.other_external(&external_id)) };
        }
        Ok(Decision::event(PaymentAuthorized { external_id, amount, expires_at: expires_at.map(|at| at.0) }))
    }

    fn other_external(&self, given: &ExternalId) -> PaymentRejection {
        PaymentRejection::OtherExternal(self.external_id.as_ref().unwrap_or(given).to_string())
    }

    pub(super) fn request_capture(&self, command: &RequestCapture) -> Result<Decision<PaymentEvent>, PaymentRejection> {
        let request = self.waited_for()?;
        let Some(external_id) = self.external_id.clone().filter(|_| self.status == PaymentStatus::Authorized) else {
            return Err(PaymentRejection::NotAuthorized);
        };
        let owed = self.adjusted_minor.unwrap_or(request.amount.amount_minor);
        let amount = Self::named(command.amount, Money::new(self.authorized_minor.min(owed), request.amount.currency))?;
        if self.capture_requested {
            return Ok(Decision::nothing());
        }
        Ok(Decision::event(PaymentCaptureRequested { external_id, amount }))
    }

    pub(super) fn capture(&self, command: CapturePayment, context: &Context<'_>) -> Result<Decision<PaymentEvent>, Refusal> {
        let CapturePayment { amount, method, external_id, captured_at, recorded } = command;
        let request = self.requested()?;
        let whole = amount.is_none();
        let held = if self.status == PaymentStatus::Authorized { Some(self.authorized_minor) } else { self.adjusted_minor };
        let held = Money::new(held.unwrap_or(request.amount.amount_minor), request.amount.currency);
        let amount = match amount {
            None => held,
            // The provider may have been asked for more, before a part was paid otherwise.
            Some(_) if external_id.is_some() => Self::named(amount, self.most(request))?,
            Some(_) => Self::named(amount, held)?,
        };
        let captured_at = captured_at.map_or(context.now, |at| at.0);
        if self.status == PaymentStatus::Captured {
            if let Some(external_id) = external_id.clone().filter(|id| !recorded && self.is_taken_again(id)) {
                let customer_name = request.customer_name.clone();
                let (customer_id, invoice_id) = (request.customer_id.clone(), request.invoice_id.clone());
                let again = PaymentCapturedAgain { amount, method, external_id, captured_at, customer_id, customer_name, invoice_id };
                return Ok(self.taken_again(again));
            }
            let same = whole || amount.amount_minor == self.captured_minor;
            let known = external_id.as_ref().is_none_or(|id| self.external_id.as_ref() == Some(id) || self.again.contains_key(id));
            let settled = same && known || external_id.is_some_and(|id| self.again.contains_key(&id));
            return if settled { Ok(Decision::nothing()) } else { Err(PaymentRejection::Settled("captured").into()) };
        }
        if recorded && self.status == PaymentStatus::Voided {
            // The invoice took what came in after it had been given up.
            return Ok(Decision::nothing());
        }
        let late = !self.is_waited_for();
        let external_id = external_id.or_else(|| self.external_id.clone());
        let captured = PaymentCaptured {
            amount,
            method,
            external_id: external_id.clone(),
            captured_at,
            customer_id: request.customer_id.clone(),
            subscription_id: request.subscription_id.clone(),
            invoice_id: request.invoice_id.clone(),
            late,
            recorded,
            customer_name: Some(request.customer_name.clone()),
        };
        let decision = Decision::event(captured);
        if self.status == PaymentStatus::Voided {
            let reason = "The payment arrived after it had been called off.".to_owned().try_into().ok();
            return Ok(decision.and(RefundRequested { refund_id: LATE_REFUND.to_owned(), amount, reason, external_id }));
        }
        self.with_subscription(decision, context, |subscription| subscription.on_settled(context.aggregate_id))
    }

    /// The most that the provider may take or hold: it may have been asked for the whole amount before a part was paid otherwise.
    fn most(&self, request: &PaymentRequested) -> Money {
        let asked = request.amount;
        Money::new(asked.amount_minor.max(self.adjusted_minor.unwrap_or(0)).max(self.authorized_minor), asked.currency)
    }

    /// Whether the provider took what had come in otherwise, or by another of its payments.
    fn is_taken_again(&self, external_id: &ExternalId) -> bool {
        let by_the_provider = !self.recorded && self.external_id.as_ref() == Some(external_id);
        let nobody_knows = !self.recorded && self.external_id.is_none();
        !by_the_provider && !nobody_knows && !self.again.contains_key(external_id)
    }

    /// Money that came twice is ours until it is given back.
    fn taken_again(&self, again: PaymentCapturedAgain) -> Decision<PaymentEvent> {
        let back = RefundRequested {
            refund_id: format!("{PAID_TWICE}-{}", self.again.len() + 1),
            amount: again.amount,
            reason: "The amount had been paid already.".to_owned().try_into().ok(),
            external_id: Some(again.external_id.clone()),
        };
        Decision::event(again).and(back)
    }

    /// Says what is still owed.
    pub(super) fn adjust(&self, command: AdjustPayment, context: &Context<'_>) -> Result<Decision<PaymentEvent>, Refusal> {
        let request = self.requested()?;
        let amount = amount_of(command.amount)?;
        if amount.currency != request.amount.currency {
            let currencies = (amount.currency.to_string(), request.amount.currency.to_string());
            return Err(PaymentRejection::OtherCurrency(currencies.0, currencies.1).into());
        }
        let before = Money::new(self.adjusted_minor.unwrap_or(request.amount.amount_minor), request.amount.currency);
        if matches!(self.status, PaymentStatus::Captured | PaymentStatus::Voided) || amount == before {
            return Ok(Decision::nothing());
        }
        if amount.amount_minor == 0 {
            return self.void(VoidPayment { reason: command.reason }, context);
        }
        Ok(Decision::event(PaymentAdjusted { amount, before, reason: command.reason, external_id: self.external_id.clone() }))
    }

    pub(super) fn fail(&self, command: FailPayment, context: &Context<'_>) -> Result<Decision<PaymentEvent>, Refusal> {
        let FailPayment { code, message, external_id, attempt } = command;
        self.requested()?;
        let attempt = attempt.unwrap_or(self.attempt);
        if attempt == 0 || attempt > self.attempt {
            return Err(PaymentRejection::UnknownAttempt(self.attempt).into());
        }
        // Old news: a later attempt is under way, or the payment is settled one way or another.
        if attempt <= self.failed_attempt || attempt < self.attempt || !self.is_waited_for() {
            return Ok(Decision::nothing());
        }
        self.failed(PaymentFailed { attempt, code, message, external_id, next_at: None }, context)
    }

    fn failed(&self, failed: PaymentFailed, context: &Context<'_>) -> Result<Decision<PaymentEvent>, Refusal> {
        if self.overdue {
            return Ok(Decision::event(PaymentFailed { next_at: self.next_at, ..failed }));
        }
        self.become_overdue(Decision::event(failed), context)
    }

    /// What is held is not ours for ever.
    fn end_hold(&self, context: &Context<'_>) -> Result<Decision<PaymentEvent>, Refusal> {
        if self.held_until.is_none_or(|until| context.now < until) {
            return Ok(Decision::nothing());
        }
        let Ok(code) = Label::try_from("hold_expired".to_owned()) else { return Ok(Decision::nothing()) };
        let failed = PaymentFailed { attempt: self.attempt, code, message: None, external_id: self.external_id.clone(), next_at: None };
        self.failed(failed, context)
    }

    fn become_overdue(&self, decision: Decision<PaymentEvent>, context: &Context<'_>) -> Result<Decision<PaymentEvent>, Refusal> {
        let rules = DunningRules::of(context)?;
        let next_at = context.now + TimeDelta::days(i64::from(rules.days_after(0)));
        let decision = decision.and(PaymentOverdue { next_at });
        self.with_subscription(decision, context, |subscription| {
            subscription.on_overdue(context.aggregate_id, 0, rules.suspends_at(0), context.now)
        })
    }

    pub(super) fn dun(&self, context: &Context<'_>) -> Result<Decision<PaymentEvent>, Refusal> {
        let request = self.requested()?;
        if self.status == PaymentStatus::Authorized {
            return self.end_hold(context);
        }
        let due = matches!(self.status, PaymentStatus::Open | PaymentStatus::ActionRequired)
            && self.next_at.is_some_and(|next_at| next_at <= context.now);
        if !due {
            return Ok(Decision::nothing());
        }
        if !self.overdue {
            return self.become_overdue(Decision::nothing(), context);
        }
        let rules = DunningRules::of(context)?;
        if rules.is_last(self.step) {
            let (amount, invoice_id) = (self.owed().unwrap_or(request.amount), request.invoice_id.clone());
            let given_up = PaymentGivenUp { attempts: self.attempt, action: rules.final_action, amount, invoice_id };
            return self.with_subscription(Decision::event(given_up), context, |subscription| {
                subscription.on_given_up(context.aggregate_id, self.step, rules.final_action, context.now)
            });
        }
        let step = self.step + 1;
        let dunned = PaymentDunned {
            step,
            attempt: self.attempt + 1,
            next_at: context.now + TimeDelta::days(i64::from(rules.days_after(step))),
            amount: self.owed().unwrap_or(request.amount),
            customer_id: request.customer_id.clone(),
            external_customer: request.external_customer.clone(),
            external_id: self.external_id.clone(),
            reference: request.reference.clone(),
            capture: request.capture,
        };
        self.with_subscription(Decision::event(dunned), context, |subscription| {
            subscription.on_overdue(context.aggregate_id, step, rules.suspends_at(step), context.now)
        })
    }

    pub(super) fn void(&self, command: VoidPayment, context: &Context<'_>) -> Result<Decision<PaymentEvent>, Refusal> {
        if self.status == PaymentStatus::Voided {
            return Ok(Decision::nothing());
        }
        if self.status == PaymentStatus::Captured {
            return Err(PaymentRejection::Settled("captured; refund it instead").into());
        }
        self.requested()?;
        let voided = PaymentVoided { reason: command.reason, external_id: self.external_id.clone() };
        self.with_subscription(Decision::event(voided), context, |subscription| subscription.on_settled(context.aggregate_id))
    }
}
