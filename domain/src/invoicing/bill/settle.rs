//! Paying a bill, and what the supplier credits and pays back.

use super::enter::{NUMBER_SCOPE, number_key};
use super::{
    Bill, BillCredited, BillEvent, BillPayment, BillPaymentRecorded, BillPaymentReversed, BillRefundRecorded, BillRejection, BillStatus,
    BillVoided, CreditBill, ENTRIES_MAX, RecordBillPayment, RecordBillRefund, ReverseBillPayment, VoidBill,
};
use crate::invoicing::credits::{CreditRejection, credit_lines};
use crate::invoicing::lines::{shares, totals};
use crate::invoicing::values::{amount_of, past_day};
use crate::kernel::{Context, Decision, Money, Refusal, fold};

/// Scope of the claims on the references of payments, by supplier.
const PAYMENT_SCOPE: &str = "bill_payment.reference";

impl Bill {
    pub(super) fn record_payment(&self, command: RecordBillPayment, context: &Context<'_>) -> Result<Decision<BillEvent>, Refusal> {
        let header = self.approved()?;
        let date = past_day(command.date, context)?;
        if let Some(known) = self.payments.iter().find(|payment| fold(&payment.reference) == fold(&command.reference)) {
            let same_day = command.date.is_none() || known.date == date;
            return match known {
                BillPayment { reversed: true, .. } => Err(BillRejection::Reversed(command.reference.to_string()).into()),
                BillPayment { amount, method, .. } if *amount == command.amount && *method == command.method && same_day => {
                    Ok(Decision::nothing())
                }
                _ => Err(BillRejection::ReferenceUsed(command.reference.to_string()).into()),
            };
        }
        if let Some(reason) = &self.disputed {
            return Err(BillRejection::Disputed(reason.to_string()).into());
        }
        if self.payments.len() >= ENTRIES_MAX {
            return Err(BillRejection::TooMany(ENTRIES_MAX).into());
        }
        let amount_minor = amount_of(command.amount, header.currency)?;
        if amount_minor > self.open_minor {
            return Err(BillRejection::MoreThanOpen(Money::new(self.open_minor.max(0), header.currency)).into());
        }
        let key = format!("{}/{}", header.supplier_id, fold(&command.reference));
        Ok(Decision::nothing().claim(PAYMENT_SCOPE, key, "reference").and(BillPaymentRecorded {
            payment_id: context.fresh_id(0).to_string(),
            supplier_number: header.supplier_number.clone(),
            supplier_id: header.supplier_id.clone(),
            supplier_name: header.supplier_name.clone(),
            amount: command.amount,
            method: command.method,
            date,
            reference: command.reference,
            balance: self.open_after(amount_minor),
        }))
    }

    pub(super) fn reverse_payment(&self, command: ReverseBillPayment, context: &Context<'_>) -> Result<Decision<BillEvent>, Refusal> {
        let header = self.approved()?;
        let payment = self.payments.iter().find(|payment| fold(&payment.reference) == fold(&command.reference));
        let payment = payment.ok_or_else(|| BillRejection::UnknownPayment(command.reference.to_string()))?;
        if payment.reversed {
            return Ok(Decision::nothing());
        }
        Ok(Decision::event(BillPaymentReversed {
            payment_id: payment.payment_id.clone(),
            supplier_number: header.supplier_number.clone(),
            supplier_id: header.supplier_id.clone(),
            supplier_name: header.supplier_name.clone(),
            amount: payment.amount,
            method: payment.method,
            date: past_day(command.date, context)?,
            reference: command.reference,
            reason: command.reason,
            balance: self.open_after(-payment.amount.amount_minor),
        }))
    }

    pub(super) fn credit(&self, command: CreditBill, context: &Context<'_>) -> Result<Decision<BillEvent>, Refusal> {
        let header = self.approved()?;
        if let Some(total) = self.credit_notes.get(&command.reference) {
            let same = command.amount.is_none_or(|amount| amount == *total);
            return if same {
                Ok(Decision::nothing())
            } else {
                Err(BillRejection::CreditReferenceUsed(command.reference.to_string()).into())
            };
        }
        if self.credit_notes.len() >= ENTRIES_MAX {
            return Err(BillRejection::TooMany(ENTRIES_MAX).into());
        }
        if command.lines.len() > self.lines.len() {
            return Err(CreditRejection::Ambiguous.into());
        }
        let lines = credit_lines(&self.lines, &self.credited, &command.lines, command.amount, header.currency)?;
        let totals = totals(&lines, header.currency)?;
        Ok(Decision::event(BillCredited {
            reference: command.reference,
            supplier_number: header.supplier_number.clone(),
            supplier_id: header.supplier_id.clone(),
            supplier_name: header.supplier_name.clone(),
            date: past_day(command.date, context)?,
            lines,
            balance: self.open_after(totals.gross.amount_minor),
            totals,
            reason: command.reason,
        }))
    }

    pub(super) fn record_refund(&self, command: RecordBillRefund, context: &Context<'_>) -> Result<Decision<BillEvent>, Refusal> {
        let header = self.approved()?;
        match self.refunds.get(&command.reference) {
            Some(amount) if *amount == command.amount => return Ok(Decision::nothing()),
            Some(_) => return Err(BillRejection::RefundReferenceUsed(command.reference.to_string()).into()),
            None if self.refunds.len() >= ENTRIES_MAX => return Err(BillRejection::TooMany(ENTRIES_MAX).into()),
            None => {}
        }
        let amount_minor = amount_of(command.amount, header.currency)?;
        let owed_minor = (-self.open_minor).max(0);
        if amount_minor > owed_minor {
            return Err(BillRejection::MoreThanOwed(Money::new(owed_minor, header.currency)).into());
        }
        Ok(Decision::event(BillRefundRecorded {
            payment_id: context.fresh_id(0).to_string(),
            supplier_number: header.supplier_number.clone(),
            supplier_id: header.supplier_id.clone(),
            supplier_name: header.supplier_name.clone(),
            amount: command.amount,
            method: command.method,
            date: past_day(command.date, context)?,
            reference: command.reference,
            balance: self.open_after(-amount_minor),
        }))
    }

    pub(super) fn void(&self, command: VoidBill, context: &Context<'_>) -> Result<Decision<BillEvent>, Refusal> {
        if self.status == BillStatus::Voided {
            return Ok(Decision::nothing());
        }
        let header = self.header.as_ref().ok_or(BillRejection::NotEntered)?;
        if self.payments.iter().any(|payment| !payment.reversed) || !self.credit_notes.is_empty() {
            return Err(BillRejection::Settled.into());
        }
        Ok(Decision::nothing().release(NUMBER_SCOPE, number_key(header)).and(BillVoided {
            supplier_number: header.supplier_number.clone(),
            supplier_id: header.supplier_id.clone(),
            supplier_name: header.supplier_name.clone(),
            date: past_day(command.date, context)?,
            reason: command.reason,
            was_approved: self.status == BillStatus::Approved,
            shares: shares(&self.lines, header.currency),
            totals: totals(&self.lines, header.currency)?,
        }))
    }
}
