//! What happens to an invoice.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::events;
use crate::invoicing::amounts::Totals;
use crate::invoicing::credits::CreditLine;
use crate::invoicing::issuer::IssuerFacts;
use crate::invoicing::lines::{InvoiceLine, Share};
use crate::invoicing::number_series::DocumentNumber;
use crate::invoicing::settlement::Settlement;
use crate::invoicing::values::{Address, Email, Label, Name, Note, PaymentMethod, Reason, Reference, Source, Subject, TaxMode};
use crate::kernel::{AggregateId, Currency, Day, Money};

/// The customer, as the invoice names it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Customer {
    /// The customer's id: that of a contact or company, mostly.
    pub customer_id: String,
    /// The name.
    #[schemars(extend("x-personal" = true))]
    pub customer_name: Name,
    /// The address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-personal" = true))]
    pub customer_address: Option<Address>,
    /// Where the invoice is sent to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-personal" = true))]
    pub customer_email: Option<Email>,
    /// The tax number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-personal" = true))]
    pub customer_tax_id: Option<Label>,
}

/// What a draft says, apart from its lines.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Header {
    /// The customer.
    #[serde(flatten)]
    pub customer: Customer,
    /// The currency of all amounts.
    pub currency: Currency,
    /// Whether prices include taxes.
    pub tax_mode: TaxMode,
    /// The series that the number will come from.
    pub series: String,
    /// The number that another system has given the invoice; none is taken from the series then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<DocumentNumber>,
    /// The date that the invoice will have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<Day>,
    /// The day on which it will be due; `payment_terms_days` after its date where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_date: Option<Day>,
    /// The time to pay in days; the issuer's where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_terms_days: Option<u16>,
    /// The customer's order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purchase_order: Option<Reference>,
    /// What it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<Subject>,
    /// What the invoice says below its lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Note>,
    /// What it comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
}

/// An invoice was drafted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct InvoiceDrafted {
    /// What it says.
    #[serde(flatten)]
    pub header: Header,
    /// Its first lines.
    pub lines: Vec<InvoiceLine>,
    /// What they amount to.
    pub totals: Totals,
}

/// What the draft says changed; the event holds all of it after the change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct InvoiceUpdated {
    /// The names of the fields that changed.
    pub changed: Vec<String>,
    /// What it says after the change.
    #[serde(flatten)]
    pub header: Header,
    /// The lines, where another tax mode gave them other amounts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lines: Option<Vec<InvoiceLine>>,
    /// What the lines amount to.
    pub totals: Totals,
}

/// The draft has a further line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct InvoiceLineAdded {
    /// The line.
    pub line: InvoiceLine,
    /// What all lines amount to.
    pub totals: Totals,
}

/// A line was taken out of the draft.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct InvoiceLineRemoved {
    /// The line.
    pub line_id: AggregateId,
    /// What the others amount to.
    pub totals: Totals,
}

/// The draft was thrown away. It never had a number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct InvoiceDiscarded {
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
}

/// The invoice is final: it has its number, and its lines cannot be changed any more. The event holds all that stands on it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct InvoiceFinalized {
    /// Its number.
    pub number: DocumentNumber,
    /// The series that the number came from; none for a number that another system had given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub series: Option<String>,
    /// Its date.
    pub date: Day,
    /// The day on which it is due.
    pub due_date: Day,
    /// The customer.
    #[serde(flatten)]
    pub customer: Customer,
    /// The currency of all amounts.
    pub currency: Currency,
    /// Whether prices include taxes.
    pub tax_mode: TaxMode,
    /// The lines.
    pub lines: Vec<InvoiceLine>,
    /// What they amount to.
    pub totals: Totals,
    /// Who sends it; nothing where the tenant has not said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<IssuerFacts>,
    /// The customer's order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purchase_order: Option<Reference>,
    /// What it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<Subject>,
    /// What it says below its lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Note>,
    /// What it comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// The days after the due day on which the customer is reminded.
    pub reminder_days: Vec<u16>,
    /// When it is to be looked at again, should something be open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_check_at: Option<DateTime<Utc>>,
}

/// The due day is over and something is open.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct InvoiceOverdue {
    /// The invoice's number.
    pub number: DocumentNumber,
    /// The customer's id.
    pub customer_id: String,
    /// The day on which it was due.
    pub due_date: Day,
    /// What is open.
    pub balance: Money,
    /// When it is to be looked at again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_check_at: Option<DateTime<Utc>>,
    /// What the invoice comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
}

/// It is time to remind the customer. Sending the reminder is for whoever listens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PaymentReminderDue {
    /// Which reminder it is, from 1.
    pub level: u16,
    /// How many days ago the invoice was due.
    pub days_overdue: i64,
    /// The invoice's number.
    pub number: DocumentNumber,
    /// The customer.
    #[serde(flatten)]
    pub customer: Customer,
    /// The day on which it was due.
    pub due_date: Day,
    /// What is open.
    pub balance: Money,
    /// When it is to be looked at again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_check_at: Option<DateTime<Utc>>,
    /// What the invoice comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
}

/// A payment came in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PaymentRecorded {
    /// Names the payment. A payment over several invoices has one id.
    pub payment_id: String,
    /// The payment over several invoices that this is a part of; its own event is the one that the ledger follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_payment_id: Option<String>,
    /// The invoice's number.
    pub number: DocumentNumber,
    /// The customer's id.
    pub customer_id: String,
    /// The customer's name.
    #[schemars(extend("x-personal" = true))]
    pub customer_name: Name,
    /// How much came in for this invoice.
    pub amount: Money,
    /// Where it went.
    #[serde(flatten)]
    pub settlement: Settlement,
    /// How it was paid.
    pub method: PaymentMethod,
    /// When.
    pub date: Day,
    /// What the payment is known by.
    pub reference: Reference,
    /// What is open now.
    pub balance: Money,
    /// What the invoice comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
}

/// A payment went back: a cheque bounced, a direct debit was returned, a card payment was refunded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PaymentReversed {
    /// The payment.
    pub payment_id: String,
    /// The payment over several invoices that it is a part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_payment_id: Option<String>,
    /// The invoice's number.
    pub number: DocumentNumber,
    /// The customer's id.
    pub customer_id: String,
    /// The customer's name.
    #[schemars(extend("x-personal" = true))]
    pub customer_name: Name,
    /// How much had come in for this invoice.
    pub amount: Money,
    /// Where it had gone.
    #[serde(flatten)]
    pub settlement: Settlement,
    /// How it had been paid.
    pub method: PaymentMethod,
    /// When it went back.
    pub date: Day,
    /// What the payment is known by.
    pub reference: Reference,
    /// Why it went back.
    pub reason: Reason,
    /// What is open now.
    pub balance: Money,
    /// Whether the invoice had been found to be overdue.
    pub overdue: bool,
    /// When the invoice is to be looked at again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_check_at: Option<DateTime<Utc>>,
    /// What the invoice comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
}

/// Money that had paid the invoice went back to the payer, or a part of it: a refund, or a chargeback that was lost. What it takes from
/// the customer's credit is `excess`, what is given up again `recovered`, and what is owed again `applied`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PaymentRefunded {
    /// The invoice's number.
    pub number: DocumentNumber,
    /// The customer's id.
    pub customer_id: String,
    /// The customer's name.
    #[schemars(extend("x-personal" = true))]
    pub customer_name: Name,
    /// How much went back.
    pub amount: Money,
    /// Where it came from.
    #[serde(flatten)]
    pub settlement: Settlement,
    /// How it went back.
    pub method: PaymentMethod,
    /// When it went back.
    pub date: Day,
    /// What the refund is known by.
    pub reference: Reference,
    /// Why it went back.
    pub reason: Reason,
    /// What is open now.
    pub balance: Money,
    /// Whether the invoice had been found to be overdue.
    pub overdue: bool,
    /// When the invoice is to be looked at again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_check_at: Option<DateTime<Utc>>,
    /// What the invoice comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
}

/// Credit of the customer settled the invoice, or a part of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CreditApplied {
    /// The invoice's number.
    pub number: DocumentNumber,
    /// The customer's id.
    pub customer_id: String,
    /// The customer's name.
    #[schemars(extend("x-personal" = true))]
    pub customer_name: Name,
    /// How much.
    pub amount: Money,
    /// When.
    pub date: Day,
    /// What it is known by.
    pub reference: Reference,
    /// What is open now.
    pub balance: Money,
    /// What the invoice comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
}

/// The invoice was credited, in whole or in part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct InvoiceCredited {
    /// The credit note's number.
    pub number: DocumentNumber,
    /// The series that the number came from.
    pub series: String,
    /// The number of the invoice that is credited.
    pub invoice_number: DocumentNumber,
    /// The date of the invoice that is credited.
    pub invoice_date: Day,
    /// The credit note's date.
    pub date: Day,
    /// The customer.
    #[serde(flatten)]
    pub customer: Customer,
    /// The currency of all amounts.
    pub currency: Currency,
    /// The lines of the credit note.
    pub lines: Vec<CreditLine>,
    /// What they amount to.
    pub totals: Totals,
    /// Where the amount went.
    #[serde(flatten)]
    pub settlement: Settlement,
    /// Who sends it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<IssuerFacts>,
    /// Why.
    pub reason: Reason,
    /// What the credit is known by.
    pub reference: Reference,
    /// What is open now.
    pub balance: Money,
    /// What the invoice comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
}

/// The invoice counts as never sent. Its number stays its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct InvoiceVoided {
    /// The invoice's number.
    pub number: DocumentNumber,
    /// The invoice's date.
    pub invoice_date: Day,
    /// The customer's id.
    pub customer_id: String,
    /// The customer's name.
    #[schemars(extend("x-personal" = true))]
    pub customer_name: Name,
    /// When it was voided.
    pub date: Day,
    /// Why.
    pub reason: Reason,
    /// The net amounts by where they were posted.
    pub shares: Vec<Share>,
    /// What it amounted to.
    pub totals: Totals,
    /// What the invoice comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
}

/// What is open is not expected any more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct InvoiceWrittenOff {
    /// The invoice's number.
    pub number: DocumentNumber,
    /// The customer's id.
    pub customer_id: String,
    /// The customer's name.
    #[schemars(extend("x-personal" = true))]
    pub customer_name: Name,
    /// How much was given up, with tax.
    pub amount: Money,
    /// When.
    pub date: Day,
    /// Why.
    pub reason: Reason,
    /// What the invoice comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
}

/// The customer's data were erased on request, after the time for which invoices must be kept. Read models drop what they hold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct InvoiceCustomerErased {
    /// The legal ground or the ticket.
    pub reason: Reason,
}

events! {
    /// What happens to an invoice.
    pub enum InvoiceEvent {
        InvoiceDrafted = "invoice_drafted" 1,
        InvoiceUpdated = "invoice_updated" 1,
        InvoiceLineAdded = "invoice_line_added" 1,
        InvoiceLineRemoved = "invoice_line_removed" 1,
        InvoiceDiscarded = "invoice_discarded" 1,
        InvoiceFinalized = "invoice_finalized" 1,
        InvoiceOverdue = "invoice_overdue" 1,
        PaymentReminderDue = "payment_reminder_due" 1,
        PaymentRecorded = "payment_recorded" 1,
        PaymentReversed = "payment_reversed" 1,
        PaymentRefunded = "payment_refunded" 1,
        CreditApplied = "credit_applied" 1,
        InvoiceCredited = "invoice_credited" 1,
        InvoiceVoided = "invoice_voided" 1,
        InvoiceWrittenOff = "invoice_written_off" 1,
        InvoiceCustomerErased = "invoice_customer_erased" 1,
    }
}
