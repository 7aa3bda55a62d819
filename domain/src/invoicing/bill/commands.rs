//! What can be asked of a bill.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::commands;
use crate::invoicing::amounts::Discount;
use crate::invoicing::credits::LineCredit;
use crate::invoicing::decimals::{MajorAmount, Percent, Quantity, UnitPrice};
use crate::invoicing::lines::{BillLineInput, Description};
use crate::invoicing::values::{
    Address, ExpenseRole, Label, Name, Note, Patch, PaymentMethod, Reason, Reference, Source, TaxMode, patched,
};
use crate::kernel::{AggregateId, Currency, Day, Money, Text};

/// Enters a bill as the supplier sent it. It moves nothing in the ledger until it is approved. A supplier's number is taken once.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EnterBill {
    /// The supplier's id: that of a contact or company, mostly.
    pub supplier_id: AggregateId,
    /// The supplier's name.
    pub supplier_name: Name,
    /// The supplier's address.
    #[serde(default)]
    pub supplier_address: Option<Address>,
    /// The supplier's tax number.
    #[serde(default)]
    pub supplier_tax_id: Option<Label>,
    /// The number that the supplier gave it.
    pub supplier_number: Reference,
    /// Its date.
    pub date: Day,
    /// The day on which it is due; its date where it is left out.
    #[serde(default)]
    pub due_date: Option<Day>,
    /// The currency of all amounts.
    pub currency: Currency,
    /// Whether prices include taxes.
    #[serde(default)]
    pub tax_mode: TaxMode,
    /// Our order.
    #[serde(default)]
    pub purchase_order: Option<Reference>,
    /// Remarks.
    #[serde(default)]
    pub note: Option<Note>,
    /// What it comes from.
    #[serde(default)]
    pub source: Option<Source>,
    /// Its lines, at most 500; more can be added later.
    #[serde(default)]
    pub lines: Vec<BillLineInput>,
    /// What the bill says it amounts to, with tax: refused where the lines amount to something else.
    #[serde(default)]
    pub total: Option<Money>,
}

/// Changes what was entered, until it is approved: an absent field stays, `null` clears it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct UpdateBill {
    /// The supplier's name; cannot be cleared.
    pub supplier_name: Option<Name>,
    /// The supplier's address, replaced as a whole.
    #[serde(deserialize_with = "patched")]
    pub supplier_address: Patch<Address>,
    /// The supplier's tax number.
    #[serde(deserialize_with = "patched")]
    pub supplier_tax_id: Patch<Label>,
    /// The number that the supplier gave it; cannot be cleared.
    pub supplier_number: Option<Reference>,
    /// Its date; cannot be cleared.
    pub date: Option<Day>,
    /// The day on which it is due; cannot be cleared.
    pub due_date: Option<Day>,
    /// Whether prices include taxes.
    pub tax_mode: Option<TaxMode>,
    /// Our order.
    #[serde(deserialize_with = "patched")]
    pub purchase_order: Patch<Reference>,
    /// Remarks.
    #[serde(deserialize_with = "patched")]
    pub note: Patch<Note>,
}

/// Adds a line, until the bill is approved. Its `line_id` is required here: adding the same line again changes nothing.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct AddBillLine(pub BillLineInput);

/// Takes a line out, until the bill is approved.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RemoveBillLine {
    /// The line.
    pub line_id: AggregateId,
}

/// Adds a line of an imported bill, which the first line enters. A file has a row for each line; what is said of the bill is taken from
/// its first row.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportBillLine {
    /// The number that the supplier gave it; the bill's id where none is given.
    #[serde(default)]
    pub supplier_number: Option<Reference>,
    /// The supplier's id; made from the name where none is given, the same for the same name.
    #[serde(default)]
    pub supplier_id: Option<AggregateId>,
    /// The supplier's name.
    pub supplier_name: Name,
    /// The bill's date.
    pub date: Day,
    /// The day on which it is due; its date where it is left out.
    #[serde(default)]
    pub due_date: Option<Day>,
    /// Remarks.
    #[serde(default)]
    pub note: Option<Note>,
    /// Whether prices include taxes.
    #[serde(default)]
    pub tax_mode: TaxMode,
    /// Names the line; made from what it says where it is left out.
    #[serde(default)]
    pub line_id: Option<AggregateId>,
    /// What the line is for.
    pub description: Description,
    /// The product.
    #[serde(default)]
    pub product_id: Option<Text<128>>,
    /// The stock keeping unit.
    #[serde(default)]
    pub sku: Option<Label>,
    /// How many; 1 where it is left out.
    #[serde(default)]
    pub quantity: Option<Quantity>,
    /// The price of one; its currency is the bill's.
    pub unit_price: UnitPrice,
    /// What is taken off.
    #[serde(default)]
    pub discount: Option<Discount>,
    /// The tax rate; where it is left out, the one that `tax_amount` follows from, or else 0.
    #[serde(default)]
    pub tax_rate_percent: Option<Percent>,
    /// The tax as the file states it, in major units of the currency: `3.80`.
    #[serde(default)]
    pub tax_amount: Option<MajorAmount>,
    /// What the line is in the accounting.
    #[serde(default)]
    pub expense_role: ExpenseRole,
    /// The account that takes it instead of the role's.
    #[serde(default)]
    pub account: Option<AggregateId>,
}

/// Approves the bill: it is right and to be paid.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApproveBill {}

/// Says that the bill is not accepted as it is. It is neither approved nor paid until that is settled.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DisputeBill {
    /// What is wrong.
    pub reason: Reason,
}

/// Settles a dispute.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SettleDispute {
    /// How.
    pub note: Option<Reason>,
}

/// Records that the bill was paid, or a part of it; no more than is open. Recording a payment again under its reference changes nothing.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordBillPayment {
    /// How much.
    pub amount: Money,
    /// How.
    #[serde(default)]
    pub method: PaymentMethod,
    /// When; today (UTC) where it is left out.
    #[serde(default)]
    pub date: Option<Day>,
    /// What the payment is known by.
    pub reference: Reference,
}

/// Records that a payment came back.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReverseBillPayment {
    /// What the payment is known by.
    pub reference: Reference,
    /// When it came back; today (UTC) where it is left out.
    #[serde(default)]
    pub date: Option<Day>,
    /// Why.
    pub reason: Reason,
}

/// Records a credit note of the supplier: named lines, or an amount spread over all lines, or all that is left. Recording it again under
/// its number changes nothing.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreditBill {
    /// The number that the supplier gave the credit note.
    pub reference: Reference,
    /// The lines to credit.
    #[serde(default)]
    pub lines: Vec<LineCredit>,
    /// How much to credit, with tax, over all lines.
    #[serde(default)]
    pub amount: Option<Money>,
    /// The credit note's date; today (UTC) where it is left out.
    #[serde(default)]
    pub date: Option<Day>,
    /// Why.
    #[serde(default)]
    pub reason: Option<Reason>,
}

/// Records that the supplier paid back what credit notes gave beyond what was open.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordBillRefund {
    /// How much.
    pub amount: Money,
    /// How.
    #[serde(default)]
    pub method: PaymentMethod,
    /// When; today (UTC) where it is left out.
    #[serde(default)]
    pub date: Option<Day>,
    /// What the refund is known by.
    pub reference: Reference,
}

/// Makes the bill count as never come. Only while nothing was paid or credited.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VoidBill {
    /// Why.
    pub reason: Reason,
    /// When; today (UTC) where it is left out.
    #[serde(default)]
    pub date: Option<Day>,
}

/// Erases the supplier's data from the bill, once the time is over for which it must be kept. The amounts stay.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EraseSupplier {
    /// The legal ground or the ticket.
    pub reason: Reason,
}

commands! {
    /// What can be asked of a bill.
    pub enum BillCommand {
        creates "enter" => EnterBill {
            "supplier_id": "0197f3c2-8a10-7cc3-98c4-dc0c0c07398f", "supplier_name": "Brass & Sons", "supplier_number": "R-2026/17",
            "date": "2026-02-20", "due_date": "2026-03-20", "currency": "EUR",
            "lines": [
                { "description": "Cog wheels", "quantity": 400, "unit_price": { "amount_minor": 125, "currency": "EUR" }, "tax_rate_percent": 19,
                  "expense_role": "goods_received_not_invoiced" }
            ],
            "total": { "amount_minor": 59_500, "currency": "EUR" }
        },
        either "import-line" => ImportBillLine {
            "supplier_number": "R-1017", "supplier_name": "Brass & Sons", "date": "2026-02-20", "description": "Cog wheels", "quantity": 400,
            "unit_price": { "amount_minor": 125, "currency": "EUR" }, "tax_rate_percent": 19
        },
        "update" => UpdateBill { "due_date": "2026-03-31", "note": null },
        "add-line" => AddBillLine {
            "line_id": "freight", "description": "Freight", "unit_price": { "amount_minor": 4_900, "currency": "EUR" }, "tax_rate_percent": 19
        },
        "remove-line" => RemoveBillLine { "line_id": "freight" },
        "approve" => ApproveBill {},
        "dispute" => DisputeBill { "reason": "40 wheels are missing" },
        "settle-dispute" => SettleDispute { "note": "the rest came on 2026-03-02" },
        "record-payment" => RecordBillPayment {
            "amount": { "amount_minor": 59_500, "currency": "EUR" }, "method": "bank_transfer", "date": "2026-03-01", "reference": "2026-03-01/19"
        },
        "reverse-payment" => ReverseBillPayment { "reference": "2026-03-01/19", "reason": "account closed" },
        "credit" => CreditBill { "reference": "G-2026/3", "amount": { "amount_minor": 5_950, "currency": "EUR" }, "reason": "40 wheels were missing" },
        "record-refund" => RecordBillRefund { "amount": { "amount_minor": 5_950, "currency": "EUR" }, "reference": "2026-03-09/2" },
        "void" => VoidBill { "reason": "sent to us by mistake" },
        "erase-supplier" => EraseSupplier { "reason": "request of 2036-03-01, GDPR article 17" },
    }
}
