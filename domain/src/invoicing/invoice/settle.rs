//! Settling what is owed: payments, credit of the customer, giving up.

use super::{
    ApplyCredit, CreditApplied, ENTRIES_MAX, Invoice, InvoiceEvent, InvoiceRejection, InvoiceStatus, InvoiceVoided, InvoiceWrittenOff,
    Payment, PaymentRecorded, PaymentRefunded, PaymentReversed, RecordPayment, RefundPayment, ReversePayment, VoidInvoice, WriteOffInvoice,
};
use crate::invoicing::customer_account::{self, CreditReason, CustomerAccount, CustomerCreditAdded, CustomerCreditUsed};
use crate::invoicing::lines::{shares, totals};
use crate::invoicing::settlement::Settlement;
use crate::invoicing::values::{PaymentMethod, Reason, Reference, amount_of, past_day};
use crate::kernel::{Context, Day, Decision, Money, Refusal, fold};

/// Scope of the claims on the references of payments, by customer.
pub(in crate::invoicing) const PAYMENT_SCOPE: &str = "payment.reference";

/// The key under which a payment of a customer is claimed.
pub(in crate::invoicing) fn payment_key(customer_id: &str, reference: &str) -> String {
    format!("{customer_id}/{}", fold(reference))
}

/// A payment, or the part of one that is for this invoice.
pub(in crate::invoicing) struct PaymentPart {
    /// Names the payment.
    pub payment_id: String,
    /// The payment over several invoices.
    pub customer_payment_id: Option<String>,
    /// How much is for this invoice.
    pub amount: Money,
    /// How it was paid.
    pub method: PaymentMethod,
    /// When.
    pub date: Day,
    /// What it is known by.
    pub reference: Reference,
}

impl Invoice {
    /// The event that records a payment.
    pub(in crate::invoicing) fn payment(&self, part: PaymentPart) -> Result<PaymentRecorded, Refusal> {
        let (header, issued) = self.final_one()?;
        if self.payments.len() >= ENTRIES_MAX {
            return Err(InvoiceRejection::TooMany(ENTRIES_MAX).into());
        }
        let amount_minor = amount_of(part.amount, header.currency)?;
        let settlement = Settlement::of(amount_minor, self.open_minor, self.written_off_minor, header.currency);
        Ok(PaymentRecorded {
            source: header.source.clone(),
            payment_id: part.payment_id,
            customer_payment_id: part.customer_payment_id,
            number: issued.number.clone(),
            customer_id: header.customer.customer_id.clone(),
            customer_name: header.customer.customer_name.clone(),
            amount: part.amount,
            settlement,
            method: part.method,
            date: part.date,
            reference: part.reference,
            balance: self.open_after(settlement.applied.amount_minor),
        })
    }

    /// The event that reverses a payment.
    pub(in crate::invoicing) fn reversal(&self, payment: &Payment, date: Day, reason: Reason) -> Result<PaymentReversed, Refusal> {
        let (header, issued) = self.final_one()?;
        if payment.amount.amount_minor > self.received_minor() {
            return Err(InvoiceRejection::MoreThanPaid(Money::new(self.received_minor(), header.currency)).into());
        }
        Ok(PaymentReversed {
            source: header.source.clone(),
            payment_id: payment.payment_id.clone(),
            customer_payment_id: payment.customer_payment_id.clone(),
            number: issued.number.clone(),
            customer_id: header.customer.customer_id.clone(),
            customer_name: header.customer.customer_name.clone(),
            amount: payment.amount,
            settlement: payment.settlement,
            method: payment.method,
            date,
            reference: payment.reference.clone(),
            reason,
            balance: self.open_after(-payment.settlement.applied.amount_minor),
            overdue: self.overdue,
            next_check_at: self.next_check_at(),
        })
    }

    /// What payments of it can settle: what is open, and what was written off. More than nothing.
    pub(in crate::invoicing) fn payable(&self) -> Result<Money, InvoiceRejection> {
        self.owed()?;
        let payable_minor = self.open_minor + self.written_off_minor;
        if payable_minor > 0 { Ok(Money::new(payable_minor, self.currency())) } else { Err(InvoiceRejection::NothingOpen) }
    }

    pub(super) fn record_payment(&self, command: RecordPayment, context: &Context<'_>) -> Result<Decision<InvoiceEvent>, Refusal> {
        let (header, _) = self.final_one()?;
        let date = past_day(command.date, context)?;
        if let Some(known) = self.payments.iter().find(|payment| fold(&payment.reference) == fold(&command.reference)) {
            let same_day = command.date.is_none() || known.date == date;
            return match known {
                Payment { reversed: true, .. } => Err(InvoiceRejection::Reversed(command.reference.to_string()).into()),
                Payment { amount, method, .. } if *amount == command.amount && *method == command.method && same_day => {
                    Ok(Decision::nothing())
                }
                _ => Err(InvoiceRejection::ReferenceUsed(command.reference.to_string()).into()),
            };
        }
        let recorded = self.payment(PaymentPart {
            payment_id: context.fresh_id(0).to_string(),
            customer_payment_id: None,
            amount: command.amount,
            method: command.method,
            date,
            reference: command.reference,
        })?;
        let customer = &header.customer;
        let added = CustomerCreditAdded {
            customer_name: customer.customer_name.clone(),
            amount: recorded.settlement.excess,
            reason: CreditReason::Overpayment,
            document_id: context.aggregate_id.to_owned(),
        };
        let decision = Decision::nothing().claim(PAYMENT_SCOPE, payment_key(&customer.customer_id, &recorded.reference), "reference");
        customer_account::add(decision.and(recorded), &customer.customer_id, added, context)
    }

    pub(super) fn reverse_payment(&self, command: ReversePayment, context: &Context<'_>) -> Result<Decision<InvoiceEvent>, Refusal> {
        let (header, _) = self.final_one()?;
        let payment = self.payments.iter().find(|payment| fold(&payment.reference) == fold(&command.reference));
        let payment = payment.ok_or_else(|| InvoiceRejection::UnknownPayment(command.reference.to_string()))?;
        if let Some(id) = &payment.customer_payment_id {
            return Err(InvoiceRejection::PartOfPayment(id.clone()).into());
        }
        if payment.reversed {
            return Ok(Decision::nothing());
        }
        let reversed = self.reversal(payment, past_day(command.date, context)?, command.reason)?;
        let used = CustomerCreditUsed {
            amount: payment.settlement.excess,
            reason: CreditReason::Reversal,
            document_id: context.aggregate_id.to_owned(),
        };
        customer_account::take(Decision::event(reversed), &header.customer.customer_id, used, context)
    }

    pub(super) fn refund_payment(&self, command: RefundPayment, context: &Context<'_>) -> Result<Decision<InvoiceEvent>, Refusal> {
        let (header, issued) = self.final_one()?;
        if let Some(known) = self.refunds.get(&command.reference) {
            return if known.amount == command.amount {
                Ok(Decision::nothing())
            } else {
                Err(InvoiceRejection::RefundReferenceUsed(command.reference.to_string()).into())
            };
        }
        if self.refunds.len() >= ENTRIES_MAX {
            return Err(InvoiceRejection::TooMany(ENTRIES_MAX).into());
        }
        let money = |amount_minor| Money::new(amount_minor, header.currency);
        let amount_minor = amount_of(command.amount, header.currency)?;
        if amount_minor > self.received_minor() {
            return Err(InvoiceRejection::MoreThanPaid(money(self.received_minor())).into());
        }
        let customer = &header.customer;
        let credit = CustomerAccount::credit_of(&customer.customer_id, header.currency, context)?;
        let excess = amount_minor.min(credit.max(0));
        let recovered = (amount_minor - excess).min(self.recovered_minor());
        let applied = amount_minor - excess - recovered;
        let refunded = PaymentRefunded {
            source: header.source.clone(),
            number: issued.number.clone(),
            customer_id: customer.customer_id.clone(),
            customer_name: customer.customer_name.clone(),
            amount: command.amount,
            settlement: Settlement { applied: money(applied), recovered: money(recovered), excess: money(excess) },
            method: command.method,
            date: past_day(command.date, context)?,
            reference: command.reference,
            reason: command.reason,
            balance: self.open_after(-applied),
            overdue: self.overdue,
            next_check_at: self.next_check_at(),
        };
        let used = CustomerCreditUsed { amount: money(excess), reason: CreditReason::Refund, document_id: context.aggregate_id.to_owned() };
        customer_account::take(Decision::event(refunded), &customer.customer_id, used, context)
    }

    pub(super) fn apply_credit(&self, command: ApplyCredit, context: &Context<'_>) -> Result<Decision<InvoiceEvent>, Refusal> {
        let (header, issued) = self.owed()?;
        let customer = &header.customer;
        if let Some(applied) = self.credit_applied.get(&command.reference) {
            let same = command.amount.is_none_or(|amount| amount == *applied);
            return if same {
                Ok(Decision::nothing())
            } else {
                Err(InvoiceRejection::CreditReferenceUsed(command.reference.to_string()).into())
            };
        }
        if self.credit_applied.len() >= ENTRIES_MAX {
            return Err(InvoiceRejection::TooMany(ENTRIES_MAX).into());
        }
        if self.open_minor <= 0 {
            return Err(InvoiceRejection::NothingOpen.into());
        }
        let credit = CustomerAccount::credit_of(&customer.customer_id, header.currency, context)?;
        let wanted = match command.amount {
            Some(amount) => amount_of(amount, header.currency)?,
            // With no credit at all, asking for the smallest amount says so.
            None => self.open_minor.min(credit).max(1),
        };
        if wanted > self.open_minor {
            return Err(InvoiceRejection::MoreThanOpen(self.open_after(0)).into());
        }
        let amount = Money::new(wanted, header.currency);
        let applied = CreditApplied {
            source: header.source.clone(),
            number: issued.number.clone(),
            customer_id: customer.customer_id.clone(),
            customer_name: customer.customer_name.clone(),
            amount,
            date: past_day(command.date, context)?,
            reference: command.reference,
            balance: self.open_after(wanted),
        };
        let used = CustomerCreditUsed { amount, reason: CreditReason::Applied, document_id: context.aggregate_id.to_owned() };
        customer_account::take(Decision::event(applied), &customer.customer_id, used, context)
    }

    pub(super) fn void(&self, command: VoidInvoice, context: &Context<'_>) -> Result<Decision<InvoiceEvent>, Refusal> {
        if self.status == InvoiceStatus::Voided {
            return Ok(Decision::nothing());
        }
        let (header, issued) = self.owed()?;
        let total = totals(&self.lines, header.currency)?;
        let paid = self.payments.iter().any(|payment| !payment.reversed);
        if paid || !self.credit_applied.is_empty() || !self.credit_notes.is_empty() || self.status != InvoiceStatus::Finalized {
            return Err(InvoiceRejection::Settled.into());
        }
        Ok(Decision::event(InvoiceVoided {
            source: header.source.clone(),
            number: issued.number.clone(),
            invoice_date: issued.date,
            customer_id: header.customer.customer_id.clone(),
            customer_name: header.customer.customer_name.clone(),
            date: past_day(command.date, context)?,
            reason: command.reason,
            shares: shares(&self.lines, header.currency),
            totals: total,
        }))
    }

    pub(super) fn write_off(&self, command: WriteOffInvoice, context: &Context<'_>) -> Result<Decision<InvoiceEvent>, Refusal> {
        let (header, issued) = self.owed()?;
        if self.status == InvoiceStatus::WrittenOff && self.open_minor <= 0 {
            return Ok(Decision::nothing());
        }
        if self.open_minor <= 0 {
            return Err(InvoiceRejection::NothingOpen.into());
        }
        Ok(Decision::event(InvoiceWrittenOff {
            source: header.source.clone(),
            number: issued.number.clone(),
            customer_id: header.customer.customer_id.clone(),
            customer_name: header.customer.customer_name.clone(),
            amount: self.open_after(0),
            date: past_day(command.date, context)?,
            reason: command.reason,
        }))
    }
}
