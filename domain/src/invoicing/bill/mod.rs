//! A bill: what a supplier asks for, the mirror of an invoice.
//!
//! A bill is entered as the supplier sent it, its number taken once per supplier; approved, which freezes its lines and brings it into the
//! ledger; and paid. While it is disputed it is neither approved nor paid. Credit notes of the supplier may bring what is open below
//! nothing: the supplier owes us then, and what is paid back is recorded.

mod commands;
mod enter;
mod events;
mod settle;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::commands::*;
pub use self::events::*;
use super::amounts::Totals;
use super::credits::{Credited, add_credited};
use super::lines::BillLine;
use super::settlement::PaymentState;
use super::values::{PaymentMethod, Reason, Reference, erased_name};
use crate::kernel::{Aggregate, Context, Currency, Day, Decision, Money, Refusal};
use crate::{cqrs_aggregate, rejections};

/// How many payments, and how many credits, one bill takes at most.
const ENTRIES_MAX: usize = 500;

// ----------------------------------------------------------------------------------------------------------- state

/// The state of the document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BillStatus {
    /// Can be changed.
    #[default]
    Entered,
    /// Right, and to be paid.
    Approved,
    /// Counts as never come.
    Voided,
}

/// A payment of a bill.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BillPayment {
    /// Names it.
    pub payment_id: String,
    /// What it is known by.
    pub reference: Reference,
    /// How much.
    pub amount: Money,
    /// How it was paid.
    pub method: PaymentMethod,
    /// When.
    pub date: Day,
    /// Whether it came back.
    pub reversed: bool,
}

/// A bill's state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Bill {
    /// The state of the document.
    pub status: BillStatus,
    /// What is wrong with it, while it is disputed.
    pub disputed: Option<Reason>,
    /// What it says; nothing before it is entered.
    pub header: Option<BillHeader>,
    /// Its lines.
    pub lines: Vec<BillLine>,
    /// What they amount to.
    pub totals: Option<Totals>,
    /// All payments, reversed ones too.
    pub payments: Vec<BillPayment>,
    /// Refunds of the supplier by reference.
    pub refunds: BTreeMap<Reference, Money>,
    /// Credit notes of the supplier by number: what each was for.
    pub credit_notes: BTreeMap<Reference, Money>,
    /// What has been credited of each line.
    pub credited: Credited,
    /// What is open, in minor units; below 0, the supplier owes us.
    pub open_minor: i64,
    /// What was paid, in minor units.
    pub paid_minor: i64,
    /// Whether the supplier's data were erased.
    pub erased: bool,
}

impl Bill {
    /// How far it is paid.
    pub fn payment_state(&self) -> PaymentState {
        match self.status {
            BillStatus::Entered | BillStatus::Voided => PaymentState::Unpaid,
            BillStatus::Approved => PaymentState::of(self.open_minor, self.paid_minor, -self.open_minor),
        }
    }

    /// What it says, while it can be changed.
    fn entered(&self) -> Result<&BillHeader, BillRejection> {
        match (&self.header, self.status) {
            (Some(header), BillStatus::Entered) => Ok(header),
            (None, _) => Err(BillRejection::NotEntered),
            (_, BillStatus::Voided) => Err(BillRejection::Voided),
            (_, BillStatus::Approved) => Err(BillRejection::Approved),
        }
    }

    /// What it says, while it is owed.
    fn approved(&self) -> Result<&BillHeader, BillRejection> {
        match (&self.header, self.status) {
            (Some(header), BillStatus::Approved) => Ok(header),
            (_, BillStatus::Voided) => Err(BillRejection::Voided),
            _ => Err(BillRejection::NotApproved),
        }
    }

    fn currency(&self) -> Currency {
        self.header.as_ref().map_or(Currency::EUR, |header| header.currency)
    }

    fn open_after(&self, settled_minor: i64) -> Money {
        Money::new(self.open_minor - settled_minor, self.currency())
    }
}

// ---------------------------------------------------------------------------------------------------------- handle

impl Aggregate for Bill {
    const CONTEXT: &'static str = "invoicing";
    const TYPE: &'static str = "bill";
    type Command = BillCommand;
    type Event = BillEvent;

    fn apply(&mut self, event: &BillEvent) {
        match event {
            BillEvent::BillEntered(e) => {
                self.header = Some(e.header.clone());
                self.lines.clone_from(&e.lines);
                self.totals = Some(e.totals.clone());
            }
            BillEvent::BillUpdated(e) => {
                self.header = Some(e.header.clone());
                if let Some(lines) = &e.lines {
                    self.lines.clone_from(lines);
                }
                self.totals = Some(e.totals.clone());
            }
            BillEvent::BillLineAdded(e) => {
                self.lines.push(e.line.clone());
                self.totals = Some(e.totals.clone());
            }
            BillEvent::BillLineRemoved(e) => {
                self.lines.retain(|line| line.line_id != e.line_id);
                self.totals = Some(e.totals.clone());
            }
            BillEvent::BillApproved(e) => {
                self.status = BillStatus::Approved;
                self.open_minor = e.totals.gross.amount_minor;
            }
            BillEvent::BillDisputed(e) => self.disputed = Some(e.reason.clone()),
            BillEvent::BillDisputeSettled(_) => self.disputed = None,
            BillEvent::BillPaymentRecorded(e) => {
                self.open_minor -= e.amount.amount_minor;
                self.paid_minor += e.amount.amount_minor;
                self.payments.push(BillPayment {
                    payment_id: e.payment_id.clone(),
                    reference: e.reference.clone(),
                    amount: e.amount,
                    method: e.method,
                    date: e.date,
                    reversed: false,
                });
            }
            BillEvent::BillPaymentReversed(e) => {
                self.open_minor += e.amount.amount_minor;
                self.paid_minor -= e.amount.amount_minor;
                if let Some(payment) = self.payments.iter_mut().find(|payment| payment.payment_id == e.payment_id) {
                    payment.reversed = true;
                }
            }
            BillEvent::BillCredited(e) => {
                self.credit_notes.insert(e.reference.clone(), e.totals.gross);
                add_credited(&mut self.credited, &e.lines);
                self.open_minor -= e.totals.gross.amount_minor;
            }
            BillEvent::BillRefundRecorded(e) => {
                self.refunds.insert(e.reference.clone(), e.amount);
                self.open_minor += e.amount.amount_minor;
                self.paid_minor -= e.amount.amount_minor;
            }
            BillEvent::BillVoided(_) => {
                self.status = BillStatus::Voided;
                self.open_minor = 0;
            }
            BillEvent::BillSupplierErased(_) => self.erase(),
        }
    }

    fn handle(&self, command: BillCommand, context: &Context<'_>) -> Result<Decision<BillEvent>, Refusal> {
        match command {
            BillCommand::EnterBill(command) => enter::enter(command),
            BillCommand::ImportBillLine(command) => self.import_line(command, context),
            BillCommand::UpdateBill(command) => self.update(command),
            BillCommand::AddBillLine(command) => self.add_line(command),
            BillCommand::RemoveBillLine(command) => self.remove_line(command),
            BillCommand::ApproveBill(_) => self.approve(context),
            BillCommand::DisputeBill(command) => Ok(self.dispute(command)?),
            BillCommand::SettleDispute(command) => Ok(self.settle_dispute(command)?),
            BillCommand::RecordBillPayment(command) => self.record_payment(command, context),
            BillCommand::ReverseBillPayment(command) => self.reverse_payment(command, context),
            BillCommand::CreditBill(command) => self.credit(command, context),
            BillCommand::RecordBillRefund(command) => self.record_refund(command, context),
            BillCommand::VoidBill(command) => self.void(command, context),
            BillCommand::EraseSupplier(command) => Ok(self.erase_supplier(command)?),
        }
    }
}

cqrs_aggregate!(Bill);

impl Bill {
    fn erase(&mut self) {
        self.erased = true;
        if let Some(header) = &mut self.header {
            header.supplier_name = erased_name();
            (header.supplier_address, header.supplier_tax_id) = (None, None);
        }
    }
}

// ------------------------------------------------------------------------------------------------------ rejections

rejections! {
    /// Why a bill refuses a command.
    pub enum BillRejection in "invoicing" {
        /// The bill does not exist.
        #[error("The bill was never entered.")]
        NotEntered => "bill_not_entered" ["id"],
        /// The bill is approved.
        #[error("The bill is approved and cannot be changed; void it while nothing is paid, or record a credit note.")]
        Approved => "bill_approved" ["id"],
        /// The bill is not approved.
        #[error("The bill is not approved; approve it first.")]
        NotApproved => "bill_not_approved" ["id"],
        /// The bill counts as never come.
        #[error("The bill is void; enter another.")]
        Voided => "bill_voided" ["id"],
        /// The bill is disputed.
        #[error("The bill is disputed (\"{0}\"); settle the dispute first.")]
        Disputed(String) => "bill_disputed" ["id"],
        /// The dispute is about something else.
        #[error("The bill is disputed already (\"{0}\"); settle that first.")]
        DisputedOtherwise(String) => "bill_disputed_already" ["reason"],
        /// Nothing on it.
        #[error("A bill without lines cannot be approved; add one.")]
        NoLines => "bill_without_lines" ["lines"],
        /// The supplier would get nothing.
        #[error("The total of {0} is below 0; a bill asks for money. Record a credit note on another bill instead.")]
        NegativeTotal(Money) => "bill_total_negative" ["lines"],
        /// The lines say something else.
        #[error("The lines amount to {0}, and the bill says {1}; correct the lines, or give the tax of a line as the bill states it.")]
        TotalDiffers(Money, Money) => "bill_total_differs" ["total", "lines"],
        /// Due before it was sent.
        #[error("The bill would be due on {0}, before its date {1}; correct one of them.")]
        DueBeforeDate(String, String) => "due_before_date" ["due_date", "date"],
        /// A line without a name.
        #[error("Give the line a `line_id`, so that it is added once.")]
        LineWithoutId => "line_id_missing" ["line_id"],
        /// The same row again.
        #[error("The bill has such a line already; give each a `line_id`, to tell equal lines from one line that is read twice.")]
        LineRepeated => "line_repeated" ["line_id"],
        /// An import without a number.
        #[error("Give the number that the supplier gave the bill; rows of one bill have the same id.")]
        NoNumber => "number_missing" ["supplier_number"],
        /// Another payment has the reference.
        #[error("A payment of another amount, day or method has the reference `{0}`; give this one another.")]
        ReferenceUsed(String) => "payment_reference_used" ["reference"],
        /// The payment came back.
        #[error("The payment `{0}` was reversed; a new payment has a reference of its own.")]
        Reversed(String) => "payment_reversed" ["reference"],
        /// No such payment.
        #[error("The bill has no payment `{0}`.")]
        UnknownPayment(String) => "payment_unknown" ["reference"],
        /// Another credit note has the number.
        #[error("Another credit note of the bill has the number `{0}`; check it.")]
        CreditReferenceUsed(String) => "credit_reference_used" ["reference"],
        /// Another refund has the reference.
        #[error("Another refund of the bill has the reference `{0}`; give this one another.")]
        RefundReferenceUsed(String) => "refund_reference_used" ["reference"],
        /// More than is open.
        #[error("{0} is open; no more can be paid.")]
        MoreThanOpen(Money) => "more_than_open" ["amount"],
        /// More than the supplier owes.
        #[error("The supplier owes {0}; no more can be paid back.")]
        MoreThanOwed(Money) => "more_than_owed" ["amount"],
        /// Something was paid or credited.
        #[error("The bill was paid or credited, at least in part, and cannot be voided; record a credit note instead.")]
        Settled => "bill_settled" ["id"],
        /// Too many entries.
        #[error("A bill takes at most {0} payments, and as many credit notes and refunds.")]
        TooMany(usize) => "too_many_payments" ["reference"],
    }
}

#[cfg(test)]
mod tests;
