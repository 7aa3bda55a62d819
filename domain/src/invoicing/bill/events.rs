//! What happens to a bill.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::events;
use crate::invoicing::amounts::Totals;
use crate::invoicing::credits::CreditLine;
use crate::invoicing::lines::{BillLine, Share};
use crate::invoicing::values::{Address, Label, Name, Note, PaymentMethod, Reason, Reference, Source, TaxMode};
use crate::kernel::{AggregateId, Currency, Day, Money};

/// What a bill says, apart from its lines.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BillHeader {
    /// The supplier's id: that of a contact or company, mostly.
    pub supplier_id: String,
    /// The supplier's name.
    #[schemars(extend("x-personal" = true))]
    pub supplier_name: Name,
    /// The supplier's address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-personal" = true))]
    pub supplier_address: Option<Address>,
    /// The supplier's tax number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-personal" = true))]
    pub supplier_tax_id: Option<Label>,
    /// The number that the supplier gave it.
    pub supplier_number: Reference,
    /// Its date.
    pub date: Day,
    /// The day on which it is due.
    pub due_date: Day,
    /// The currency of all amounts.
    pub currency: Currency,
    /// Whether prices include taxes.
    pub tax_mode: TaxMode,
    /// Our order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purchase_order: Option<Reference>,
    /// Remarks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Note>,
    /// What it comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
}

/// A bill was entered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BillEntered {
    /// What it says.
    #[serde(flatten)]
    pub header: BillHeader,
    /// Its first lines.
    pub lines: Vec<BillLine>,
    /// What they amount to.
    pub totals: Totals,
}

/// What was entered changed; the event holds all of it after the change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BillUpdated {
    /// The names of the fields that changed.
    pub changed: Vec<String>,
    /// What it says after the change.
    #[serde(flatten)]
    pub header: BillHeader,
    /// The lines, where another tax mode gave them other amounts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lines: Option<Vec<BillLine>>,
    /// What the lines amount to.
    pub totals: Totals,
}

/// A further line was entered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BillLineAdded {
    /// The line.
    pub line: BillLine,
    /// What all lines amount to.
    pub totals: Totals,
}

/// A line was taken out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BillLineRemoved {
    /// The line.
    pub line_id: AggregateId,
    /// What the others amount to.
    pub totals: Totals,
}

/// The bill is to be paid: it is right, and its lines cannot be changed any more. The event holds all that stands on it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BillApproved {
    /// What it says.
    #[serde(flatten)]
    pub header: BillHeader,
    /// The lines.
    pub lines: Vec<BillLine>,
    /// What they amount to.
    pub totals: Totals,
    /// Who approved it: the subject of the token.
    pub approved_by: String,
}

/// The bill is not accepted as it is, and is not paid until that is settled.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BillDisputed {
    /// What is wrong.
    pub reason: Reason,
}

/// The dispute is settled.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BillDisputeSettled {
    /// How.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Reason>,
}

/// The bill was paid, or a part of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BillPaymentRecorded {
    /// Names the payment.
    pub payment_id: String,
    /// The number that the supplier gave the bill.
    pub supplier_number: Reference,
    /// The supplier's id.
    pub supplier_id: String,
    /// The supplier's name.
    #[schemars(extend("x-personal" = true))]
    pub supplier_name: Name,
    /// How much.
    pub amount: Money,
    /// How it was paid.
    pub method: PaymentMethod,
    /// When.
    pub date: Day,
    /// What the payment is known by.
    pub reference: Reference,
    /// What is open now.
    pub balance: Money,
}

/// A payment came back: the account was wrong, a cheque was not cashed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BillPaymentReversed {
    /// The payment.
    pub payment_id: String,
    /// The number that the supplier gave the bill.
    pub supplier_number: Reference,
    /// The supplier's id.
    pub supplier_id: String,
    /// The supplier's name.
    #[schemars(extend("x-personal" = true))]
    pub supplier_name: Name,
    /// How much had been paid.
    pub amount: Money,
    /// How it had been paid.
    pub method: PaymentMethod,
    /// When it came back.
    pub date: Day,
    /// What the payment is known by.
    pub reference: Reference,
    /// Why it came back.
    pub reason: Reason,
    /// What is open now.
    pub balance: Money,
}

/// The supplier credited the bill, in whole or in part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BillCredited {
    /// The number that the supplier gave the credit note.
    pub reference: Reference,
    /// The number that the supplier gave the bill.
    pub supplier_number: Reference,
    /// The supplier's id.
    pub supplier_id: String,
    /// The supplier's name.
    #[schemars(extend("x-personal" = true))]
    pub supplier_name: Name,
    /// The credit note's date.
    pub date: Day,
    /// The lines of the credit note.
    pub lines: Vec<CreditLine>,
    /// What they amount to.
    pub totals: Totals,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// What is open now; below 0, the supplier owes us.
    pub balance: Money,
}

/// The supplier paid back what credit notes gave beyond what was open.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BillRefundRecorded {
    /// Names the refund.
    pub payment_id: String,
    /// The number that the supplier gave the bill.
    pub supplier_number: Reference,
    /// The supplier's id.
    pub supplier_id: String,
    /// The supplier's name.
    #[schemars(extend("x-personal" = true))]
    pub supplier_name: Name,
    /// How much.
    pub amount: Money,
    /// How it was paid.
    pub method: PaymentMethod,
    /// When.
    pub date: Day,
    /// What the refund is known by.
    pub reference: Reference,
    /// What is open now; below 0, the supplier owes us.
    pub balance: Money,
}

/// The bill counts as never come.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BillVoided {
    /// The number that the supplier gave it.
    pub supplier_number: Reference,
    /// The supplier's id.
    pub supplier_id: String,
    /// The supplier's name.
    #[schemars(extend("x-personal" = true))]
    pub supplier_name: Name,
    /// When it was voided.
    pub date: Day,
    /// Why.
    pub reason: Reason,
    /// Whether it had been approved; only then it stands in the ledger.
    pub was_approved: bool,
    /// The net amounts by where they were posted.
    pub shares: Vec<Share>,
    /// What it amounted to.
    pub totals: Totals,
}

/// The supplier's data were erased on request, after the time for which bills must be kept. Read models drop what they hold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BillSupplierErased {
    /// The legal ground or the ticket.
    pub reason: Reason,
}

events! {
    /// What happens to a bill.
    pub enum BillEvent {
        BillEntered = "bill_entered" 1,
        BillUpdated = "bill_updated" 1,
        BillLineAdded = "bill_line_added" 1,
        BillLineRemoved = "bill_line_removed" 1,
        BillApproved = "bill_approved" 1,
        BillDisputed = "bill_disputed" 1,
        BillDisputeSettled = "bill_dispute_settled" 1,
        BillPaymentRecorded = "bill_payment_recorded" 1,
        BillPaymentReversed = "bill_payment_reversed" 1,
        BillCredited = "bill_credited" 1,
        BillRefundRecorded = "bill_refund_recorded" 1,
        BillVoided = "bill_voided" 1,
        BillSupplierErased = "bill_supplier_erased" 1,
    }
}
