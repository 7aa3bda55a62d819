//! The shapes of the reports' answers. The statements build them; these types only describe them.

use chrono::{DateTime, NaiveDate, Utc};
use schemars::JsonSchema;

use crate::shapes::shapes;

shapes! {
    /// What was invoiced and credited in one month and currency.
    RevenueMonth {
        /// `2026-03`
        month: String,
        /// ISO 4217 code.
        currency: String,
        /// Invoices of the month, void ones left out.
        invoice_count: i64,
        /// What they amount to without tax, in minor units.
        net_minor: i64,
        /// Their tax.
        tax_minor: i64,
        /// What they amount to with tax.
        total_minor: i64,
        /// Credit notes of the month.
        credit_note_count: i64,
        /// What they amount to without tax.
        credited_net_minor: i64,
        /// What they amount to with tax.
        credited_minor: i64,
        /// Invoices less credit notes, without tax.
        revenue_minor: i64,
    }

    /// What one customer owes in one currency.
    ReceivablesAge {
        /// The customer.
        customer_id: String,
        /// The customer's name.
        customer_name: String,
        /// ISO 4217 code.
        currency: String,
        /// How many invoices are open.
        invoice_count: i64,
        /// What is open, in minor units.
        open_minor: i64,
        /// What of it is not due yet.
        not_due_minor: i64,
        /// What has been due for 1 to 30 days.
        days_1_to_30_minor: i64,
        /// What has been due for 31 to 60 days.
        days_31_to_60_minor: i64,
        /// What has been due for 61 to 90 days.
        days_61_to_90_minor: i64,
        /// What has been due for longer.
        days_over_90_minor: i64,
        /// For how many days the oldest has been due.
        oldest_days: i32,
    }

    /// What one supplier is owed in one currency.
    PayablesAge {
        /// The supplier.
        supplier_id: String,
        /// The supplier's name.
        supplier_name: String,
        /// ISO 4217 code.
        currency: String,
        /// How many bills are open.
        bill_count: i64,
        /// What is open, in minor units; below 0, the supplier owes us.
        open_minor: i64,
        /// What of it is disputed.
        disputed_minor: i64,
        /// What of it is not due yet.
        not_due_minor: i64,
        /// What has been due for 1 to 30 days.
        days_1_to_30_minor: i64,
        /// What has been due for 31 to 60 days.
        days_31_to_60_minor: i64,
        /// What has been due for 61 to 90 days.
        days_61_to_90_minor: i64,
        /// What has been due for longer.
        days_over_90_minor: i64,
        /// For how many days the oldest has been due.
        oldest_days: i32,
    }

    /// A line of a customer's statement.
    StatementLine {
        /// The day that counts.
        date: NaiveDate,
        /// What moved the balance: `opening`, `invoice`, `payment`, `payment_reversed`, `credit_applied`, `credit_note`, `void`,
        /// `write_off` or `refund`.
        kind: String,
        /// The invoice.
        document_id: Option<String>,
        /// The number of the invoice or credit note.
        number: Option<String>,
        /// What it is known by.
        reference: Option<String>,
        /// ISO 4217 code.
        currency: String,
        /// How the customer's debt moved, in minor units.
        amount_minor: i64,
        /// How the customer's credit moved.
        credit_minor: i64,
        /// What the customer owes less the credit, after this line.
        balance_minor: i64,
    }

    /// An overdue invoice.
    ReminderDue {
        /// The invoice.
        invoice_id: String,
        /// Its number.
        number: String,
        /// The customer.
        customer_id: String,
        /// The customer's name.
        customer_name: String,
        /// Where reminders are sent to.
        customer_email: Option<String>,
        /// ISO 4217 code.
        currency: String,
        /// What it amounts to, in minor units.
        total_minor: i64,
        /// What is open.
        open_minor: i64,
        /// Its date.
        date: NaiveDate,
        /// The day on which it was due.
        due_date: NaiveDate,
        /// How many days ago that was.
        days_overdue: i32,
        /// How many reminders were due.
        reminder_level: i32,
        /// When the last one was.
        reminded_at: Option<DateTime<Utc>>,
    }

    /// What is owed in one currency, both ways.
    ReceivablesTotal {
        /// ISO 4217 code.
        currency: String,
        /// Drafts.
        draft_count: i64,
        /// What they amount to, in minor units.
        draft_minor: i64,
        /// Invoices of which something is open.
        open_count: i64,
        /// What is open.
        open_minor: i64,
        /// Invoices whose due day is over while something is open.
        overdue_count: i64,
        /// What is open of them.
        overdue_minor: i64,
        /// What was given up and has not come in after all.
        written_off_minor: i64,
        /// The credit of all customers.
        credit_minor: i64,
        /// Bills of which something is open.
        payable_count: i64,
        /// What is open of them.
        payable_minor: i64,
    }

    /// Taxes of one category, rate and currency.
    TaxTotal {
        /// `sales` or `purchases`
        side: String,
        /// ISO 4217 code.
        currency: String,
        /// Why the rate applies.
        tax_category: String,
        /// The rate, a decimal number.
        tax_rate_percent: String,
        /// What is taxed, in minor units.
        net_minor: i64,
        /// The tax.
        tax_minor: i64,
    }
}
