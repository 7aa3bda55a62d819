//! What of a captured amount goes back: refunds and chargebacks.

use super::{
    ChargebackClosed, ChargebackOpened, ChargebackOutcome, CloseChargeback, CompleteRefund, FailRefund, OpenChargeback, Payment,
    PaymentEvent, PaymentRejection, PaymentRequested, RefundCompleted, RefundFailed, RefundRequested, RefundStatus, RequestRefund,
};
use crate::kernel::{Context, Decision, Money};

/// How many refunds and disputes a payment has at most.
const BACK_MAX: usize = 50;

impl Payment {
    fn captured(&self) -> Result<&PaymentRequested, PaymentRejection> {
        let request = self.requested()?;
        if self.captured_minor > 0 { Ok(request) } else { Err(PaymentRejection::NotCaptured) }
    }

    /// All that came in, in minor units.
    pub fn received_minor(&self) -> i64 {
        self.captured_minor + self.again.values().sum::<i64>()
    }

    /// What came in and neither goes back nor is lost.
    pub fn left_minor(&self) -> i64 {
        let refunds = self.refunds.values().filter(|refund| refund.status != RefundStatus::Failed).map(|refund| refund.amount_minor);
        let lost = self.disputes.values().filter(|dispute| dispute.outcome == Some(ChargebackOutcome::Lost));
        self.received_minor() - refunds.sum::<i64>() - lost.map(|dispute| dispute.amount_minor).sum::<i64>()
    }

    pub(super) fn refund(&self, command: RequestRefund) -> Result<Decision<PaymentEvent>, PaymentRejection> {
        let RequestRefund { refund_id, amount, reason } = command;
        let request = self.captured()?;
        if let Some(known) = self.refunds.get(refund_id.as_str()) {
            let same = amount.is_none_or(|amount| amount.amount_minor == known.amount_minor);
            let again = same && known.status != RefundStatus::Failed;
            return if again { Ok(Decision::nothing()) } else { Err(PaymentRejection::RefundExists(refund_id.to_string())) };
        }
        if self.refunds.len() >= BACK_MAX {
            return Err(PaymentRejection::TooMany(BACK_MAX));
        }
        let left = Money::new(self.left_minor(), request.amount.currency);
        let amount = Self::named(amount, left)?;
        if amount.amount_minor <= 0 {
            return Err(PaymentRejection::TooMuch(left));
        }
        // What did not come by the provider does not go back by it.
        let external_id = self.external_id.clone().filter(|_| !self.recorded);
        Ok(Decision::event(RefundRequested { refund_id: refund_id.into(), amount, reason, external_id }))
    }

    pub(super) fn complete_refund(
        &self,
        command: CompleteRefund,
        context: &Context<'_>,
    ) -> Result<Decision<PaymentEvent>, PaymentRejection> {
        let CompleteRefund { refund_id, amount, external_id } = command;
        let request = self.captured()?;
        let currency = request.amount.currency;
        let known = self.refunds.get(refund_id.as_str());
        let amount = match (known, amount) {
            (Some(refund), _) if refund.status == RefundStatus::Completed => return Ok(Decision::nothing()),
            (Some(refund), None) => Money::new(refund.amount_minor, currency),
            // The provider decides what really went back, and what it says it may not exceed what is there.
            (Some(refund), Some(amount)) => {
                let own = if refund.status == RefundStatus::Failed { 0 } else { refund.amount_minor };
                Self::named(Some(amount), Money::new(self.left_minor() + own, currency))?
            }
            (None, Some(_)) if self.refunds.len() >= BACK_MAX => return Err(PaymentRejection::TooMany(BACK_MAX)),
            (None, Some(amount)) => Self::named(Some(amount), Money::new(self.left_minor(), currency))?,
            (None, None) => return Err(PaymentRejection::RefundUnknown(refund_id.to_string())),
        };
        if known.is_some_and(|refund| refund.status == RefundStatus::Failed) && amount.amount_minor > self.left_minor() {
            return Err(PaymentRejection::TooMuch(Money::new(self.left_minor(), currency)));
        }
        Ok(Decision::event(RefundCompleted {
            refund_id: refund_id.into(),
            amount,
            external_id,
            customer_id: request.customer_id.clone(),
            invoice_id: request.invoice_id.clone(),
            refunded_at: context.now,
            method: self.method.clone(),
        }))
    }

    pub(super) fn fail_refund(&self, command: FailRefund, context: &Context<'_>) -> Result<Decision<PaymentEvent>, PaymentRejection> {
        let FailRefund { refund_id, reason, external_id } = command;
        let request = self.captured()?;
        let refund = match self.refunds.get(refund_id.as_str()) {
            Some(refund) => refund,
            None if external_id.is_some() => return Ok(Decision::nothing()),
            None => return Err(PaymentRejection::RefundUnknown(refund_id.to_string())),
        };
        if refund.status == RefundStatus::Failed {
            return Ok(Decision::nothing());
        }
        Ok(Decision::event(RefundFailed {
            refund_id: refund_id.into(),
            amount: Money::new(refund.amount_minor, request.amount.currency),
            reason,
            // A refund that was done may still bounce, which the provider tells later.
            came_back: refund.status == RefundStatus::Completed,
            customer_id: request.customer_id.clone(),
            customer_name: request.customer_name.clone(),
            invoice_id: request.invoice_id.clone(),
            failed_at: context.now,
            method: self.method.clone(),
        }))
    }

    pub(super) fn open_chargeback(&self, command: OpenChargeback) -> Result<Decision<PaymentEvent>, PaymentRejection> {
        let OpenChargeback { dispute_id, amount, reason } = command;
        let request = self.captured()?;
        if self.disputes.contains_key(&dispute_id) {
            return Ok(Decision::nothing());
        }
        if self.disputes.len() >= BACK_MAX {
            return Err(PaymentRejection::TooMany(BACK_MAX));
        }
        let amount = Self::named(amount, Money::new(self.received_minor(), request.amount.currency))?;
        let (customer_id, invoice_id) = (request.customer_id.clone(), request.invoice_id.clone());
        Ok(Decision::event(ChargebackOpened { dispute_id, amount, reason, customer_id, invoice_id }))
    }

    pub(super) fn close_chargeback(&self, command: CloseChargeback) -> Result<Decision<PaymentEvent>, PaymentRejection> {
        let CloseChargeback { dispute_id, outcome } = command;
        let request = self.requested()?;
        let Some(dispute) = self.disputes.get(&dispute_id) else {
            return Err(PaymentRejection::DisputeUnknown(dispute_id.to_string()));
        };
        match dispute.outcome {
            Some(before) if before == outcome => return Ok(Decision::nothing()),
            Some(_) => return Err(PaymentRejection::DisputeClosed(dispute_id.to_string())),
            None => {}
        }
        let amount = Money::new(dispute.amount_minor, request.amount.currency);
        let (customer_id, invoice_id) = (request.customer_id.clone(), request.invoice_id.clone());
        Ok(Decision::event(ChargebackClosed { dispute_id, outcome, amount, customer_id, invoice_id }))
    }
}
