//! An invoice: what a customer owes, from its draft to the day on which nothing is open.
//!
//! Two things are told apart: the state of the document (draft, finalized, credited, voided, written off) and how far it is paid. A draft
//! can be changed freely. Finalising gives it a number of its series, freezes its lines and keeps what stands on it; from then on it is
//! settled by payments, by the customer's credit and by credit notes, voided while nothing of that has happened, or written off.
//! What is paid or credited beyond what is open becomes credit on the customer's account, in the same transaction.

mod commands;
mod credit;
mod draft;
mod events;
mod import;
mod reminders;
mod settle;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::commands::*;
pub use self::events::*;
pub(super) use self::settle::{PAYMENT_SCOPE, PaymentPart, payment_key};
use super::amounts::Totals;
use super::credits::{Credited, add_credited};
use super::issuer::IssuerFacts;
use super::lines::InvoiceLine;
use super::number_series::DocumentNumber;
use super::settlement::{PaymentState, Settlement};
use super::values::{PaymentMethod, Reference, erased_name};
use crate::kernel::{Aggregate, Context, Currency, Day, Decision, Money, Refusal};
use crate::{cqrs_aggregate, rejections};

/// How many payments, and how many credits, one invoice takes at most.
const ENTRIES_MAX: usize = 500;

// ----------------------------------------------------------------------------------------------------------- state

/// The state of the document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum InvoiceStatus {
    /// Can be changed; has no number.
    #[default]
    Draft,
    /// Thrown away before it was final.
    Discarded,
    /// Final, with a number.
    Finalized,
    /// Credited as a whole.
    Credited,
    /// Counts as never sent.
    Voided,
    /// What was open is not expected any more.
    WrittenOff,
}

/// What an invoice has got by becoming final.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Issued {
    /// Its number.
    pub number: DocumentNumber,
    /// Its date.
    pub date: Day,
    /// The day on which it is due.
    pub due_date: Day,
    /// Who sent it.
    pub issuer: Option<IssuerFacts>,
    /// The days after the due day on which the customer is reminded.
    pub reminder_days: Vec<u16>,
}

/// A payment of an invoice.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Payment {
    /// Names it.
    pub payment_id: String,
    /// The payment over several invoices that it is a part of.
    pub customer_payment_id: Option<String>,
    /// What it is known by.
    pub reference: Reference,
    /// How much.
    pub amount: Money,
    /// Where it went.
    pub settlement: Settlement,
    /// How it was paid.
    pub method: PaymentMethod,
    /// When.
    pub date: Day,
    /// Whether it went back.
    pub reversed: bool,
}

/// Money that had paid an invoice and went back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Refund {
    /// How much.
    pub amount: Money,
    /// Where it came from.
    pub settlement: Settlement,
}

/// An invoice's state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Invoice {
    /// The state of the document.
    pub status: InvoiceStatus,
    /// What it says; nothing before it is drafted.
    pub header: Option<Header>,
    /// Its lines.
    pub lines: Vec<InvoiceLine>,
    /// What they amount to.
    pub totals: Option<Totals>,
    /// What it has got by becoming final.
    pub issued: Option<Issued>,
    /// All payments, reversed ones too.
    pub payments: Vec<Payment>,
    /// What of them went back, by reference.
    #[serde(default)]
    pub refunds: BTreeMap<Reference, Refund>,
    /// Credit of the customer that settled it, by reference.
    pub credit_applied: BTreeMap<Reference, Money>,
    /// Credit notes by reference: what each was for.
    pub credit_notes: BTreeMap<Reference, Money>,
    /// What has been credited of each line.
    pub credited: Credited,
    /// What is open, in minor units.
    pub open_minor: i64,
    /// What was given up and has not come in after all.
    pub written_off_minor: i64,
    /// What was paid, by payments and by credit of the customer, without what was in excess.
    pub paid_minor: i64,
    /// What payments brought in excess.
    pub excess_minor: i64,
    /// Whether its due day was found to be over.
    pub overdue: bool,
    /// How many reminders were due.
    pub reminder_level: u16,
    /// Whether the customer's data were erased.
    pub erased: bool,
}

impl Invoice {
    /// How far it is paid.
    pub fn payment_state(&self) -> PaymentState {
        match self.status {
            InvoiceStatus::Draft | InvoiceStatus::Discarded => PaymentState::Unpaid,
            InvoiceStatus::Voided if self.open_minor == 0 && self.excess_minor == 0 => PaymentState::Unpaid,
            _ => PaymentState::of(self.open_minor + self.written_off_minor, self.paid_minor, self.excess_minor),
        }
    }

    /// What payments brought and has not gone back, in minor units.
    pub fn received_minor(&self) -> i64 {
        let kept = self.payments.iter().filter(|payment| !payment.reversed).map(|payment| payment.amount.amount_minor);
        kept.sum::<i64>() - self.refunds.values().map(|refund| refund.amount.amount_minor).sum::<i64>()
    }

    /// What of that had been written off, in minor units.
    fn recovered_minor(&self) -> i64 {
        let kept = self.payments.iter().filter(|payment| !payment.reversed).map(|payment| payment.settlement.recovered.amount_minor);
        let back = self.refunds.values().map(|refund| refund.settlement.recovered.amount_minor);
        (kept.sum::<i64>() - back.sum::<i64>()).max(0)
    }

    /// What it says, while it can be changed.
    fn draft(&self) -> Result<&Header, InvoiceRejection> {
        match (&self.header, self.status) {
            (_, InvoiceStatus::Discarded) => Err(InvoiceRejection::Discarded),
            (Some(header), InvoiceStatus::Draft) => Ok(header),
            (None, _) => Err(InvoiceRejection::NotDrafted),
            _ => Err(InvoiceRejection::Final),
        }
    }

    /// What it says and what it got by becoming final. Money comes in for voided invoices too.
    fn final_one(&self) -> Result<(&Header, &Issued), InvoiceRejection> {
        match (self.header.as_ref().zip(self.issued.as_ref()), self.status) {
            (_, InvoiceStatus::Discarded) => Err(InvoiceRejection::Discarded),
            (Some(issued), _) => Ok(issued),
            (None, _) => Err(InvoiceRejection::NotFinal),
        }
    }

    /// The same, while it is owed or was. Of a voided invoice something is owed only after money for it was given back.
    fn owed(&self) -> Result<(&Header, &Issued), InvoiceRejection> {
        if self.status == InvoiceStatus::Voided && self.open_minor <= 0 {
            return Err(InvoiceRejection::Voided);
        }
        self.final_one()
    }

    fn currency(&self) -> Currency {
        self.header.as_ref().map_or(Currency::EUR, |header| header.currency)
    }

    fn open_after(&self, settled_minor: i64) -> Money {
        Money::new(self.open_minor - settled_minor, self.currency())
    }

    fn settle(&mut self, settlement: &Settlement, sign: i64) {
        self.open_minor -= sign * settlement.applied.amount_minor;
        self.written_off_minor -= sign * settlement.recovered.amount_minor;
    }
}

// ---------------------------------------------------------------------------------------------------------- handle

impl Aggregate for Invoice {
    const CONTEXT: &'static str = "invoicing";
    const TYPE: &'static str = "invoice";
    type Command = InvoiceCommand;
    type Event = InvoiceEvent;

    fn apply(&mut self, event: &InvoiceEvent) {
        match event {
            InvoiceEvent::InvoiceDrafted(e) => {
                self.header = Some(e.header.clone());
                self.lines.clone_from(&e.lines);
                self.totals = Some(e.totals.clone());
            }
            InvoiceEvent::InvoiceUpdated(e) => {
                self.header = Some(e.header.clone());
                if let Some(lines) = &e.lines {
                    self.lines.clone_from(lines);
                }
                self.totals = Some(e.totals.clone());
            }
            InvoiceEvent::InvoiceLineAdded(e) => {
                self.lines.push(e.line.clone());
                self.totals = Some(e.totals.clone());
            }
            InvoiceEvent::InvoiceLineRemoved(e) => {
                self.lines.retain(|line| line.line_id != e.line_id);
                self.totals = Some(e.totals.clone());
            }
            InvoiceEvent::InvoiceDiscarded(_) => self.status = InvoiceStatus::Discarded,
            InvoiceEvent::InvoiceFinalized(e) => self.become_final(e),
            InvoiceEvent::InvoiceOverdue(_) => self.overdue = true,
            InvoiceEvent::PaymentReminderDue(e) => self.reminder_level = e.level,
            InvoiceEvent::PaymentRecorded(e) => self.take(e),
            InvoiceEvent::PaymentReversed(e) => self.give_back(e),
            InvoiceEvent::PaymentRefunded(e) => self.refund(e),
            InvoiceEvent::CreditApplied(e) => {
                self.credit_applied.insert(e.reference.clone(), e.amount);
                self.open_minor -= e.amount.amount_minor;
                self.paid_minor += e.amount.amount_minor;
            }
            InvoiceEvent::InvoiceCredited(e) => {
                self.credit_notes.insert(e.reference.clone(), e.totals.gross);
                add_credited(&mut self.credited, &e.lines);
                self.settle(&e.settlement, 1);
                if self.left_to_credit() == 0 && self.status == InvoiceStatus::Finalized {
                    self.status = InvoiceStatus::Credited;
                }
            }
            InvoiceEvent::InvoiceVoided(_) => {
                self.status = InvoiceStatus::Voided;
                self.open_minor = 0;
            }
            InvoiceEvent::InvoiceWrittenOff(e) => {
                if self.status != InvoiceStatus::Voided {
                    self.status = InvoiceStatus::WrittenOff;
                }
                self.open_minor -= e.amount.amount_minor;
                self.written_off_minor += e.amount.amount_minor;
            }
            InvoiceEvent::InvoiceCustomerErased(_) => self.erase(),
        }
    }

    fn handle(&self, command: InvoiceCommand, context: &Context<'_>) -> Result<Decision<InvoiceEvent>, Refusal> {
        match command {
            InvoiceCommand::DraftInvoice(command) => draft::draft(command, context),
            InvoiceCommand::ImportInvoiceLine(command) => self.import_line(command, context),
            InvoiceCommand::UpdateInvoice(command) => self.update(command, context),
            InvoiceCommand::AddInvoiceLine(command) => self.add_line(command),
            InvoiceCommand::RemoveInvoiceLine(command) => self.remove_line(command),
            InvoiceCommand::DiscardInvoice(command) => Ok(self.discard(command)?),
            InvoiceCommand::FinalizeInvoice(command) => self.finalize(&command, context),
            InvoiceCommand::CheckDue(_) => Ok(self.check_due(context.now)),
            InvoiceCommand::RecordPayment(command) => self.record_payment(command, context),
            InvoiceCommand::ReversePayment(command) => self.reverse_payment(command, context),
            InvoiceCommand::RefundPayment(command) => self.refund_payment(command, context),
            InvoiceCommand::ApplyCredit(command) => self.apply_credit(command, context),
            InvoiceCommand::CreditInvoice(command) => self.credit(command, context),
            InvoiceCommand::VoidInvoice(command) => self.void(command, context),
            InvoiceCommand::WriteOffInvoice(command) => self.write_off(command, context),
            InvoiceCommand::EraseCustomer(command) => Ok(self.erase_customer(command)?),
        }
    }
}

cqrs_aggregate!(Invoice);

impl Invoice {
    fn become_final(&mut self, e: &InvoiceFinalized) {
        self.status = InvoiceStatus::Finalized;
        self.lines.clone_from(&e.lines);
        self.open_minor = e.totals.gross.amount_minor;
        self.totals = Some(e.totals.clone());
        self.issued = Some(Issued {
            number: e.number.clone(),
            date: e.date,
            due_date: e.due_date,
            issuer: e.issuer.clone(),
            reminder_days: e.reminder_days.clone(),
        });
    }

    fn take(&mut self, e: &PaymentRecorded) {
        self.settle(&e.settlement, 1);
        self.paid_minor += e.settlement.applied.amount_minor + e.settlement.recovered.amount_minor;
        self.excess_minor += e.settlement.excess.amount_minor;
        self.payments.push(Payment {
            payment_id: e.payment_id.clone(),
            customer_payment_id: e.customer_payment_id.clone(),
            reference: e.reference.clone(),
            amount: e.amount,
            settlement: e.settlement,
            method: e.method,
            date: e.date,
            reversed: false,
        });
    }

    fn give_back(&mut self, e: &PaymentReversed) {
        self.settle(&e.settlement, -1);
        self.paid_minor -= e.settlement.applied.amount_minor + e.settlement.recovered.amount_minor;
        self.excess_minor = (self.excess_minor - e.settlement.excess.amount_minor).max(0);
        if let Some(payment) = self.payments.iter_mut().find(|payment| payment.payment_id == e.payment_id) {
            payment.reversed = true;
        }
    }

    fn refund(&mut self, e: &PaymentRefunded) {
        self.settle(&e.settlement, -1);
        self.paid_minor -= e.settlement.applied.amount_minor + e.settlement.recovered.amount_minor;
        // The credit may have come from elsewhere, such as a credit note.
        self.excess_minor = (self.excess_minor - e.settlement.excess.amount_minor).max(0);
        self.refunds.insert(e.reference.clone(), Refund { amount: e.amount, settlement: e.settlement });
    }

    fn erase(&mut self) {
        self.erased = true;
        if let Some(header) = &mut self.header {
            let customer = &mut header.customer;
            customer.customer_name = erased_name();
            (customer.customer_address, customer.customer_email, customer.customer_tax_id) = (None, None, None);
        }
    }
}

// ------------------------------------------------------------------------------------------------------ rejections

rejections! {
    /// Why an invoice refuses a command.
    pub enum InvoiceRejection in "invoicing" {
        /// The invoice does not exist.
        #[error("The invoice was never drafted.")]
        NotDrafted => "invoice_not_drafted" ["id"],
        /// The invoice is final.
        #[error("The invoice is final and cannot be changed; credit it, or void it while nothing is paid.")]
        Final => "invoice_final" ["id"],
        /// The invoice is not final.
        #[error("The invoice is a draft; finalise it first, or discard it.")]
        NotFinal => "invoice_draft" ["id"],
        /// The draft was thrown away.
        #[error("The draft was discarded.")]
        Discarded => "invoice_discarded" ["id"],
        /// The invoice counts as never sent.
        #[error("The invoice is void; draft another.")]
        Voided => "invoice_voided" ["id"],
        /// Nothing on it.
        #[error("An invoice without lines cannot be final; add one.")]
        NoLines => "invoice_without_lines" ["lines"],
        /// The customer would get money.
        #[error("The total of {0} is below 0; an invoice asks for money. Credit another invoice instead.")]
        NegativeTotal(Money) => "total_negative" ["lines"],
        /// Due before it is sent.
        #[error("The invoice would be due on {0}, before its date {1}; change its due date.")]
        DueBeforeDate(String, String) => "due_before_date" ["due_date", "date"],
        /// Time to pay.
        #[error("Customers have at most {0} days to pay.")]
        Terms(u16) => "payment_terms_invalid" ["payment_terms_days"],
        /// The currency is that of the lines.
        #[error("The currency cannot be changed while there are lines; remove them first.")]
        CurrencyOfLines => "currency_of_lines" ["currency"],
        /// A line without a name.
        #[error("Give the line a `line_id`, so that it is added once.")]
        LineWithoutId => "line_id_missing" ["line_id"],
        /// A tax that does not follow from the rate.
        #[error("The tax of an own invoice follows from its rate; `tax_amount` is for invoices whose number another system has given.")]
        StatedTax => "tax_amount_not_allowed" ["tax_amount", "lines"],
        /// An import without a number.
        #[error("Give the invoice's number, as `number` or as its id; rows of one invoice have the same.")]
        NoNumber => "number_missing" ["number"],
        /// The same row again.
        #[error("The invoice has such a line already; give each a `line_id`, to tell equal lines from one line that is read twice.")]
        LineRepeated => "line_repeated" ["line_id"],
        /// Another payment has the reference.
        #[error("A payment of another amount, day or method has the reference `{0}`; give this one another.")]
        ReferenceUsed(String) => "payment_reference_used" ["reference"],
        /// The payment went back.
        #[error("The payment `{0}` was reversed; a new payment has a reference of its own.")]
        Reversed(String) => "payment_reversed" ["reference"],
        /// No such payment.
        #[error("The invoice has no payment `{0}`.")]
        UnknownPayment(String) => "payment_unknown" ["reference"],
        /// A part of a payment over several invoices.
        #[error("The payment is a part of the customer payment `{0}`; send the command there.")]
        PartOfPayment(String) => "payment_of_several" ["reference"],
        /// Another refund has the reference.
        #[error("Another refund of the invoice has the reference `{0}`; give this one another.")]
        RefundReferenceUsed(String) => "refund_reference_used" ["reference"],
        /// More than came in.
        #[error("{0} was paid and has not gone back; no more can go back.")]
        MoreThanPaid(Money) => "more_than_paid" ["amount", "reference"],
        /// Another credit has the reference.
        #[error("Another credit of the invoice has the reference `{0}`; give this one another.")]
        CreditReferenceUsed(String) => "credit_reference_used" ["reference"],
        /// More than is open.
        #[error("{0} is open; no more can be settled.")]
        MoreThanOpen(Money) => "more_than_open" ["amount", "allocations"],
        /// Nothing is open.
        #[error("Nothing is open.")]
        NothingOpen => "nothing_open" ["id"],
        /// Something was paid or credited.
        #[error("The invoice was paid or credited, at least in part, and cannot be voided; credit it instead.")]
        Settled => "invoice_settled" ["id"],
        /// Too many entries.
        #[error("An invoice takes at most {0} payments, and as many credits.")]
        TooMany(usize) => "too_many_payments" ["reference"],
    }
}

#[cfg(test)]
mod tests;
