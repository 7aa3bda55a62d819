//! What can be asked of an invoice.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::commands;
use crate::invoicing::amounts::Discount;
use crate::invoicing::credits::LineCredit;
use crate::invoicing::decimals::{MajorAmount, Percent, Quantity, UnitPrice};
use crate::invoicing::lines::{Description, InvoiceLineInput};
use crate::invoicing::number_series::DocumentNumber;
use crate::invoicing::values::{
    Address, Email, Label, Name, Note, Patch, PaymentMethod, Reason, Reference, RevenueRole, Source, Subject, TaxMode, patched,
};
use crate::kernel::{AggregateId, Currency, Day, Money, Text};

/// Drafts an invoice. A draft has no number and moves nothing in the ledger.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DraftInvoice {
    /// The customer's id: that of a contact or company, mostly.
    pub customer_id: AggregateId,
    /// The customer's name, as it will stand on the invoice.
    pub customer_name: Name,
    /// The customer's address.
    #[serde(default)]
    pub customer_address: Option<Address>,
    /// Where the invoice is sent to.
    #[serde(default)]
    pub customer_email: Option<Email>,
    /// The customer's tax number.
    #[serde(default)]
    pub customer_tax_id: Option<Label>,
    /// The currency of all amounts.
    pub currency: Currency,
    /// Whether prices include taxes.
    #[serde(default)]
    pub tax_mode: TaxMode,
    /// The number series; `default` where none is named.
    #[serde(default)]
    pub series: Option<AggregateId>,
    /// The number that another system has given the invoice; none is taken from the series then.
    #[serde(default)]
    pub number: Option<DocumentNumber>,
    /// The date that the invoice will have; that of finalising where none is given.
    #[serde(default)]
    pub date: Option<Day>,
    /// The day on which it will be due; `payment_terms_days` after its date where none is given.
    #[serde(default)]
    pub due_date: Option<Day>,
    /// The time to pay in days, at most 365; the issuer's where none is given.
    #[serde(default)]
    #[schemars(range(max = 365))]
    pub payment_terms_days: Option<u16>,
    /// The customer's order.
    #[serde(default)]
    pub purchase_order: Option<Reference>,
    /// What it is about: a project, a subscription.
    #[serde(default)]
    pub reference: Option<Subject>,
    /// What the invoice says below its lines.
    #[serde(default)]
    pub note: Option<Note>,
    /// What it comes from.
    #[serde(default)]
    pub source: Option<Source>,
    /// Its lines, at most 500; more can be added later.
    #[serde(default)]
    pub lines: Vec<InvoiceLineInput>,
}

/// Changes what a draft says: an absent field stays, `null` clears it. With another tax mode the lines keep their prices, which then mean
/// something else.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct UpdateInvoice {
    /// The customer's id; cannot be cleared.
    pub customer_id: Option<AggregateId>,
    /// The customer's name; cannot be cleared.
    pub customer_name: Option<Name>,
    /// The customer's address, replaced as a whole.
    #[serde(deserialize_with = "patched")]
    pub customer_address: Patch<Address>,
    /// Where the invoice is sent to.
    #[serde(deserialize_with = "patched")]
    pub customer_email: Patch<Email>,
    /// The customer's tax number.
    #[serde(deserialize_with = "patched")]
    pub customer_tax_id: Patch<Label>,
    /// The currency of all amounts; only while there are no lines.
    pub currency: Option<Currency>,
    /// Whether prices include taxes.
    pub tax_mode: Option<TaxMode>,
    /// The number series.
    pub series: Option<AggregateId>,
    /// The date that the invoice will have.
    #[serde(deserialize_with = "patched")]
    pub date: Patch<Day>,
    /// The day on which it will be due.
    #[serde(deserialize_with = "patched")]
    pub due_date: Patch<Day>,
    /// The time to pay in days.
    #[serde(deserialize_with = "patched")]
    pub payment_terms_days: Patch<u16>,
    /// The customer's order.
    #[serde(deserialize_with = "patched")]
    pub purchase_order: Patch<Reference>,
    /// What it is about.
    #[serde(deserialize_with = "patched")]
    pub reference: Patch<Subject>,
    /// What the invoice says below its lines.
    #[serde(deserialize_with = "patched")]
    pub note: Patch<Note>,
}

/// Adds a line to a draft. Its `line_id` is required here: adding the same line again changes nothing.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct AddInvoiceLine(pub InvoiceLineInput);

/// Takes a line out of a draft.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RemoveInvoiceLine {
    /// The line.
    pub line_id: AggregateId,
}

/// Adds a line of an imported invoice to its draft, which the first line drafts. A file has a row for each line; what is said of the
/// invoice is taken from its first row. The draft keeps its number.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportInvoiceLine {
    /// The invoice's number; its id where none is given.
    #[serde(default)]
    pub number: Option<DocumentNumber>,
    /// The customer's id; made from the name where none is given, the same for the same name.
    #[serde(default)]
    pub customer_id: Option<AggregateId>,
    /// The customer's name.
    pub customer_name: Name,
    /// The customer's address.
    #[serde(default)]
    pub customer_address: Option<Address>,
    /// Where the invoice is sent to.
    #[serde(default)]
    pub customer_email: Option<Email>,
    /// The customer's tax number.
    #[serde(default)]
    pub customer_tax_id: Option<Label>,
    /// The invoice's date.
    #[serde(default)]
    pub date: Option<Day>,
    /// The day on which it is due.
    #[serde(default)]
    pub due_date: Option<Day>,
    /// The customer's order.
    #[serde(default)]
    pub purchase_order: Option<Reference>,
    /// What the invoice says below its lines.
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
    /// The price of one; its currency is the invoice's.
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
    pub revenue_role: RevenueRole,
    /// The account that takes it instead of the role's.
    #[serde(default)]
    pub account: Option<AggregateId>,
}

/// Throws a draft away.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DiscardInvoice {
    /// Why.
    pub reason: Option<Reason>,
}

/// Makes a draft final: it takes the next number of its series, and its lines cannot be changed any more.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FinalizeInvoice {
    /// Its date; the draft's, or else today (UTC), where it is left out.
    pub date: Option<Day>,
}

/// Looks whether the invoice is overdue, or a reminder due; sent by the clock, harmless at any time.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckDue {}

/// Records a payment of this invoice. What is more than was owed becomes the customer's credit, of a voided invoice all of it. Recording a payment again under its
/// reference changes nothing. For a payment over several invoices use `customer-payment`.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordPayment {
    /// How much.
    pub amount: Money,
    /// How.
    #[serde(default)]
    pub method: PaymentMethod,
    /// When; today (UTC) where it is left out.
    #[serde(default)]
    pub date: Option<Day>,
    /// What the payment is known by: the bank's or the payment service's id. No two payments of a customer have the same.
    pub reference: Reference,
}

/// Records that a payment went back: a cheque bounced, a direct debit was returned, a card payment was refunded.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReversePayment {
    /// What the payment is known by.
    pub reference: Reference,
    /// When it went back; today (UTC) where it is left out.
    #[serde(default)]
    pub date: Option<Day>,
    /// Why.
    pub reason: Reason,
}

/// Records that money which had paid the invoice went back to the payer: a refund, or a chargeback that was lost. It is taken from the
/// customer's credit first; the rest is owed again. Recording it again under its reference changes nothing.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RefundPayment {
    /// How much; at most what was paid and has not gone back.
    pub amount: Money,
    /// How.
    #[serde(default)]
    pub method: PaymentMethod,
    /// When; today (UTC) where it is left out.
    #[serde(default)]
    pub date: Option<Day>,
    /// What the refund is known by.
    pub reference: Reference,
    /// Why.
    pub reason: Reason,
}

/// Settles the invoice with credit of the customer. Doing so again under the same reference changes nothing.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApplyCredit {
    /// How much; as much as possible where it is left out.
    #[serde(default)]
    pub amount: Option<Money>,
    /// When; today (UTC) where it is left out.
    #[serde(default)]
    pub date: Option<Day>,
    /// What it is known by.
    pub reference: Reference,
}

/// Credits the invoice with a credit note of its own number: named lines, or an amount spread over all lines, or all that is left.
/// What is more than was open becomes the customer's credit. Crediting again under the same reference changes nothing.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreditInvoice {
    /// Why; stands on the credit note.
    pub reason: Reason,
    /// What the credit is known by.
    pub reference: Reference,
    /// The lines to credit.
    #[serde(default)]
    pub lines: Vec<LineCredit>,
    /// How much to credit, with tax, over all lines.
    #[serde(default)]
    pub amount: Option<Money>,
    /// How much to credit, without tax, over all lines; instead of `amount`.
    #[serde(default)]
    pub net: Option<Money>,
    /// The credit note's date; today (UTC) where it is left out.
    #[serde(default)]
    pub date: Option<Day>,
    /// The number series; `credit-note` where none is named.
    #[serde(default)]
    pub series: Option<AggregateId>,
}

/// Makes the invoice count as never sent. Only while nothing was paid or credited; else credit it.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VoidInvoice {
    /// Why.
    pub reason: Reason,
    /// When; today (UTC) where it is left out.
    #[serde(default)]
    pub date: Option<Day>,
}

/// Gives up what is open. A later payment is taken all the same.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WriteOffInvoice {
    /// Why.
    pub reason: Reason,
    /// When; today (UTC) where it is left out.
    #[serde(default)]
    pub date: Option<Day>,
}

/// Erases the customer's data from the invoice, once the time is over for which it must be kept. The amounts stay.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EraseCustomer {
    /// The legal ground or the ticket.
    pub reason: Reason,
}

commands! {
    /// What can be asked of an invoice.
    pub enum InvoiceCommand {
        creates "draft" => DraftInvoice {
            "customer_id": "0197f3c2-8a10-7cc3-98c4-dc0c0c07398f", "customer_name": "Zoë Łukasiewicz",
            "customer_address": { "street": "ul. Żółta 3", "postal_code": "31-001", "city": "Kraków", "country": "PL" },
            "currency": "EUR", "payment_terms_days": 14,
            "lines": [
                { "description": "Difference engine", "quantity": 1, "unit_price": { "amount_minor": 1_250_000, "currency": "EUR" }, "tax_rate_percent": 19 },
                { "description": "Setting up, per hour", "quantity": "7.5", "unit": "h", "unit_price": { "amount_minor": 12_000, "currency": "EUR" },
                  "discount": { "percent": 10 }, "tax_rate_percent": 19, "revenue_role": "service_revenue" }
            ]
        },
        either "import-line" => ImportInvoiceLine {
            "number": "A-1001", "customer_name": "Zoë Łukasiewicz", "date": "2026-01-31", "due_date": "2026-02-28", "description": "Difference engine",
            "quantity": 2, "unit_price": { "amount_minor": 1_250_000, "currency": "EUR" }, "tax_rate_percent": 19
        },
        "update" => UpdateInvoice { "purchase_order": "PO 4711", "due_date": null },
        "add-line" => AddInvoiceLine {
            "line_id": "freight", "description": "Freight", "unit_price": { "amount_minor": 4_900, "currency": "EUR" }, "tax_rate_percent": 19
        },
        "remove-line" => RemoveInvoiceLine { "line_id": "freight" },
        "discard" => DiscardInvoice { "reason": "written twice" },
        "finalize" => FinalizeInvoice { "date": "2026-03-01" },
        "check-due" => CheckDue {},
        "record-payment" => RecordPayment {
            "amount": { "amount_minor": 100_000, "currency": "EUR" }, "method": "bank_transfer", "date": "2026-03-01", "reference": "2026-03-01/17"
        },
        "reverse-payment" => ReversePayment { "reference": "2026-03-01/17", "reason": "direct debit returned" },
        "refund-payment" => RefundPayment {
            "amount": { "amount_minor": 40_000, "currency": "EUR" }, "method": "card", "date": "2026-03-01", "reference": "re_17", "reason": "goodwill"
        },
        "apply-credit" => ApplyCredit { "reference": "credit of February" },
        "credit" => CreditInvoice { "reason": "damaged in transport", "reference": "case 12", "lines": [{ "line_id": "1" }] },
        "void" => VoidInvoice { "reason": "sent to the wrong customer" },
        "write-off" => WriteOffInvoice { "reason": "insolvent" },
        "erase-customer" => EraseCustomer { "reason": "request of 2036-03-01, GDPR article 17" },
    }
}
