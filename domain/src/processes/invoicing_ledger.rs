//! `invoicing.ledger`: whatever moves money or debts in invoicing is one entry in the journal.
//!
//! | event | debit | credit |
//! |---|---|---|
//! | invoice final | receivable | revenue by role or account, sales tax payable |
//! | payment | bank or cash | receivable, bad debt (what comes in after all), customer credit (what is in excess) |
//! | credit note | revenue, sales tax payable | receivable, bad debt, customer credit |
//! | void | revenue, sales tax payable | receivable |
//! | write-off | bad debt | receivable |
//! | credit applied | customer credit | receivable |
//! | bill approved | expense by role or account, input tax | payable |
//! | bill paid | payable | bank or cash |
//!
//! What goes back (a payment that is reversed, a bill that is voided) is the same with the sides swapped. An entry has the id of the event
//! that caused it, so it is posted once, and the number of its invoice or bill as reference, by which open items are settled. It counts for
//! the day of the document, or for the first open day where the books of that day are closed: a bill that is approved after the month's
//! end, a payment that is recorded late. Amounts of nothing are left out, and an event that moves nothing leads to no entry.

use serde_json::{Map, Value, json};

use crate::invoicing::bill::{Bill, BillEvent};
use crate::invoicing::customer_account::{CustomerAccount, CustomerAccountEvent};
use crate::invoicing::customer_payment::{Allocation, CustomerPayment, CustomerPaymentEvent};
use crate::invoicing::invoice::{Invoice, InvoiceEvent};
use crate::invoicing::lines::{DocumentLine, Share, shares};
use crate::invoicing::settlement::Settlement;
use crate::invoicing::values::PaymentMethod;
use crate::kernel::{Action, Day, DecodeEventError, Money, ProcessDef, RecordedEvent, Step, StepCommand, event_of};

/// The process.
pub static PROCESS: ProcessDef = ProcessDef {
    name: "invoicing.ledger",
    summary: "Posts invoices, credit notes, payments, write-offs and bills to the journal.",
    reacts_to: &[
        "invoicing.invoice_finalized",
        "invoicing.payment_recorded",
        "invoicing.payment_reversed",
        "invoicing.payment_refunded",
        "invoicing.credit_applied",
        "invoicing.invoice_credited",
        "invoicing.invoice_voided",
        "invoicing.invoice_written_off",
        "invoicing.customer_payment_received",
        "invoicing.customer_payment_allocated",
        "invoicing.customer_payment_refunded",
        "invoicing.customer_payment_reversed",
        "invoicing.customer_credit_refunded",
        "invoicing.bill_approved",
        "invoicing.bill_payment_recorded",
        "invoicing.bill_payment_reversed",
        "invoicing.bill_credited",
        "invoicing.bill_refund_recorded",
        "invoicing.bill_voided",
    ],
    react,
};

const RECEIVABLE: &str = "accounts_receivable";
const PAYABLE: &str = "accounts_payable";
const SALES_TAX: &str = "sales_tax_payable";
const INPUT_TAX: &str = "input_tax";
const CUSTOMER_CREDIT: &str = "customer_credit";
const BAD_DEBT: &str = "bad_debt";

fn react(event: &RecordedEvent) -> Result<Vec<Step>, DecodeEventError> {
    let entry = if let Some(event) = event_of::<Invoice>(event)? {
        of_invoice(event)
    } else if let Some(event) = event_of::<CustomerPayment>(event)? {
        of_customer_payment(event)
    } else if let Some(refund) = event_of::<CustomerAccount>(event)? {
        of_customer_account(refund, &event.aggregate_id)
    } else if let Some(event) = event_of::<Bill>(event)? {
        of_bill(event)
    } else {
        None
    };
    Ok(entry.and_then(|entry| entry.step(event)).into_iter().collect())
}

/// The longest description of an entry, in characters.
const DESCRIPTION_CHARS_MAX: usize = 500;
/// The longest reference of an entry, in characters.
const REFERENCE_CHARS_MAX: usize = 100;

/// An entry under construction. Amounts on the debit side are above 0, those on the credit side below.
struct Entry {
    date: Day,
    description: String,
    reference: String,
    party: String,
    lines: Vec<Line>,
}

struct Line {
    /// `role` or `account`, and which.
    target: (&'static str, String),
    amount: Money,
    party: bool,
    /// The document, where it is not the entry's.
    reference: Option<String>,
}

impl Entry {
    fn new(date: Day, description: String, reference: &str, party: &str) -> Self {
        Self { date, description, reference: reference.to_owned(), party: party.to_owned(), lines: Vec::new() }
    }

    /// A line for the account of a role.
    fn role(mut self, role: &str, amount: Money, sign: i64) -> Self {
        let amount = Money::new(sign * amount.amount_minor, amount.currency);
        // Sub-ledgers are kept by party.
        let party = [RECEIVABLE, PAYABLE, CUSTOMER_CREDIT].contains(&role);
        self.lines.push(Line { target: ("role", role.to_owned()), amount, party, reference: None });
        self
    }

    /// Lines for net amounts, each where it goes.
    fn shares(mut self, shares: &[Share], sign: i64) -> Self {
        for Share { target, net } in shares {
            let amount = Money::new(sign * net.amount_minor, net.currency);
            let target = match &target.account {
                Some(account) => ("account", account.to_string()),
                None => ("role", target.role.clone()),
            };
            self.lines.push(Line { target, amount, party: false, reference: None });
        }
        self
    }

    /// Lines for where an amount that settles a customer's debt goes.
    fn settled(self, settlement: &Settlement, sign: i64) -> Self {
        let Settlement { applied, recovered, excess } = settlement;
        self.role(RECEIVABLE, *applied, sign).role(BAD_DEBT, *recovered, sign).role(CUSTOMER_CREDIT, *excess, sign)
    }

    /// Lines for the parts of a payment.
    fn allocated(mut self, allocations: &[Allocation], sign: i64) -> Self {
        for Allocation { number, settlement, .. } in allocations {
            let amount = Money::new(sign * settlement.applied.amount_minor, settlement.applied.currency);
            let (target, reference) = (("role", RECEIVABLE.to_owned()), Some(number.to_string()));
            self.lines.push(Line { target, amount, party: true, reference });
        }
        let Some(currency) = allocations.first().map(|allocation| allocation.amount.currency) else { return self };
        let recovered = allocations.iter().map(|allocation| allocation.settlement.recovered.amount_minor).sum();
        self.role(BAD_DEBT, Money::new(recovered, currency), sign)
    }

    /// A line for where money came in or went out.
    fn money(self, method: PaymentMethod, amount: Money, sign: i64) -> Self {
        let role = if method == PaymentMethod::Cash { "cash" } else { "bank" };
        self.role(role, amount, sign)
    }

    fn step(self, event: &RecordedEvent) -> Option<Step> {
        let lines: Vec<Value> = self.lines.iter().filter(|line| line.amount.amount_minor != 0).map(|line| self.line(line)).collect();
        if lines.is_empty() {
            return None;
        }
        let body = json!({
            "date": self.date, "if_closed": "next_open_day", "description": short(&self.description, DESCRIPTION_CHARS_MAX),
            "reference": short(&self.reference, REFERENCE_CHARS_MAX), "source": event.context, "party": self.party, "lines": lines
        });
        let id = event.event_id.hyphenated().to_string();
        let (context, aggregate, command) = ("accounting".to_owned(), "journal-entry".to_owned(), "post".to_owned());
        let action = Action::Command(StepCommand { context, aggregate, id, command, body });
        Some(Step { name: "post", lane: format!("{}/{}", event.aggregate_type, event.aggregate_id), action })
    }

    fn line(&self, line: &Line) -> Value {
        let mut json = Map::new();
        let (kind, name) = &line.target;
        json.insert((*kind).to_owned(), json!(name));
        json.insert("side".to_owned(), json!(if line.amount.amount_minor > 0 { "debit" } else { "credit" }));
        json.insert("amount".to_owned(), json!(Money::new(line.amount.amount_minor.abs(), line.amount.currency)));
        if line.party {
            json.insert("party".to_owned(), json!(self.party));
        }
        if let Some(reference) = &line.reference {
            json.insert("reference".to_owned(), json!(short(reference, REFERENCE_CHARS_MAX)));
        }
        Value::Object(json)
    }
}

/// The beginning of a text.
fn short(text: &str, chars_max: usize) -> String {
    text.chars().take(chars_max).collect()
}

/// The sums of net amounts by where they go, in the currency of the lines.
fn shares_of<L: DocumentLine>(lines: &[L], total: Money) -> Vec<Share> {
    shares(lines, total.currency)
}

fn of_invoice(event: InvoiceEvent) -> Option<Entry> {
    match event {
        InvoiceEvent::InvoiceFinalized(e) => {
            let about = format!("Invoice {}, {}", e.number, &*e.customer.customer_name);
            let entry = Entry::new(e.date, about, e.number.as_str(), &e.customer.customer_id).role(RECEIVABLE, e.totals.gross, 1);
            Some(entry.shares(&shares_of(&e.lines, e.totals.gross), -1).role(SALES_TAX, e.totals.tax, -1))
        }
        // The event of the whole payment is posted, not those of its parts.
        InvoiceEvent::PaymentRecorded(e) if e.customer_payment_id.is_none() => {
            let about = format!("Payment of invoice {}, {} ({})", e.number, &*e.customer_name, &*e.reference);
            let entry = Entry::new(e.date, about, e.number.as_str(), &e.customer_id).money(e.method, e.amount, 1);
            Some(entry.settled(&e.settlement, -1))
        }
        InvoiceEvent::PaymentReversed(e) if e.customer_payment_id.is_none() => {
            let about = format!("Payment of invoice {} reversed, {} ({})", e.number, &*e.customer_name, &*e.reference);
            let entry = Entry::new(e.date, about, e.number.as_str(), &e.customer_id).settled(&e.settlement, 1);
            Some(entry.money(e.method, e.amount, -1))
        }
        InvoiceEvent::PaymentRefunded(e) => {
            let about = format!("Payment of invoice {} given back, {} ({})", e.number, &*e.customer_name, &*e.reference);
            let entry = Entry::new(e.date, about, e.number.as_str(), &e.customer_id).settled(&e.settlement, 1);
            Some(entry.money(e.method, e.amount, -1))
        }
        InvoiceEvent::CreditApplied(e) => {
            let about = format!("Credit applied to invoice {}, {} ({})", e.number, &*e.customer_name, &*e.reference);
            let entry = Entry::new(e.date, about, e.number.as_str(), &e.customer_id).role(CUSTOMER_CREDIT, e.amount, 1);
            Some(entry.role(RECEIVABLE, e.amount, -1))
        }
        InvoiceEvent::InvoiceCredited(e) => {
            let about = format!("Credit note {} on invoice {}, {}", e.number, e.invoice_number, &*e.customer.customer_name);
            let entry = Entry::new(e.date, about, e.invoice_number.as_str(), &e.customer.customer_id);
            let entry = entry.shares(&shares_of(&e.lines, e.totals.gross), 1).role(SALES_TAX, e.totals.tax, 1);
            Some(entry.settled(&e.settlement, -1))
        }
        InvoiceEvent::InvoiceVoided(e) => {
            let about = format!("Invoice {} voided, {}", e.number, &*e.customer_name);
            let entry = Entry::new(e.date, about, e.number.as_str(), &e.customer_id).shares(&e.shares, 1);
            Some(entry.role(SALES_TAX, e.totals.tax, 1).role(RECEIVABLE, e.totals.gross, -1))
        }
        InvoiceEvent::InvoiceWrittenOff(e) => {
            let about = format!("Invoice {} written off, {}", e.number, &*e.customer_name);
            let entry = Entry::new(e.date, about, e.number.as_str(), &e.customer_id).role(BAD_DEBT, e.amount, 1);
            Some(entry.role(RECEIVABLE, e.amount, -1))
        }
        _ => None,
    }
}

fn of_customer_payment(event: CustomerPaymentEvent) -> Option<Entry> {
    Some(match event {
        CustomerPaymentEvent::CustomerPaymentReceived(e) => {
            let about = format!("Payment of {}", &*e.customer_name);
            let entry = Entry::new(e.date, about, &e.reference, &e.customer_id).money(e.method, e.amount, 1);
            entry.allocated(&e.allocations, -1).role(CUSTOMER_CREDIT, e.unallocated, -1)
        }
        CustomerPaymentEvent::CustomerPaymentAllocated(e) => {
            let about = format!("Payment allocated to invoice {} ({})", e.allocation.number, &*e.reference);
            let entry =
                Entry::new(e.date, about, e.allocation.number.as_str(), &e.customer_id).role(CUSTOMER_CREDIT, e.allocation.amount, 1);
            entry.settled(&e.allocation.settlement, -1)
        }
        CustomerPaymentEvent::CustomerPaymentRefunded(e) => {
            let about = format!("Payment given back to {}", &*e.customer_name);
            let entry = Entry::new(e.date, about, &e.reference, &e.customer_id).role(CUSTOMER_CREDIT, e.amount, 1);
            entry.money(e.method, e.amount, -1)
        }
        CustomerPaymentEvent::CustomerPaymentReversed(e) => {
            let about = format!("Payment of {} reversed", &*e.customer_name);
            let entry = Entry::new(e.date, about, &e.reference, &e.customer_id).allocated(&e.allocations, 1);
            entry.role(CUSTOMER_CREDIT, e.unallocated, 1).money(e.method, e.amount, -1)
        }
        CustomerPaymentEvent::CustomerPaymentErased(_) => return None,
    })
}

fn of_customer_account(event: CustomerAccountEvent, customer_id: &str) -> Option<Entry> {
    // Credit that is added or used stands in the entry of what it comes from or goes to.
    let CustomerAccountEvent::CustomerCreditRefunded(e) = event else { return None };
    let about = format!("Credit paid back to {}", &*e.customer_name);
    let entry = Entry::new(e.date, about, &e.reference, customer_id).role(CUSTOMER_CREDIT, e.amount, 1);
    Some(entry.money(e.method, e.amount, -1))
}

fn of_bill(event: BillEvent) -> Option<Entry> {
    match event {
        BillEvent::BillApproved(e) => {
            let header = &e.header;
            let about = format!("Bill {}, {}", &*header.supplier_number, &*header.supplier_name);
            let entry = Entry::new(header.date, about, &header.supplier_number, &header.supplier_id);
            let entry = entry.shares(&shares_of(&e.lines, e.totals.gross), 1).role(INPUT_TAX, e.totals.tax, 1);
            Some(entry.role(PAYABLE, e.totals.gross, -1))
        }
        BillEvent::BillPaymentRecorded(e) => {
            let about = format!("Payment of bill {}, {} ({})", &*e.supplier_number, &*e.supplier_name, &*e.reference);
            let entry = Entry::new(e.date, about, &e.supplier_number, &e.supplier_id).role(PAYABLE, e.amount, 1);
            Some(entry.money(e.method, e.amount, -1))
        }
        BillEvent::BillPaymentReversed(e) => {
            let about = format!("Payment of bill {} reversed, {} ({})", &*e.supplier_number, &*e.supplier_name, &*e.reference);
            let entry = Entry::new(e.date, about, &e.supplier_number, &e.supplier_id).money(e.method, e.amount, 1);
            Some(entry.role(PAYABLE, e.amount, -1))
        }
        BillEvent::BillCredited(e) => {
            let about = format!("Credit note {} on bill {}, {}", &*e.reference, &*e.supplier_number, &*e.supplier_name);
            let entry = Entry::new(e.date, about, &e.supplier_number, &e.supplier_id).role(PAYABLE, e.totals.gross, 1);
            Some(entry.shares(&shares_of(&e.lines, e.totals.gross), -1).role(INPUT_TAX, e.totals.tax, -1))
        }
        BillEvent::BillRefundRecorded(e) => {
            let about = format!("Refund of bill {}, {} ({})", &*e.supplier_number, &*e.supplier_name, &*e.reference);
            let entry = Entry::new(e.date, about, &e.supplier_number, &e.supplier_id).money(e.method, e.amount, 1);
            Some(entry.role(PAYABLE, e.amount, -1))
        }
        BillEvent::BillVoided(e) if e.was_approved => {
            let about = format!("Bill {} voided, {}", &*e.supplier_number, &*e.supplier_name);
            let entry = Entry::new(e.date, about, &e.supplier_number, &e.supplier_id).role(PAYABLE, e.totals.gross, 1);
            Some(entry.shares(&e.shares, -1).role(INPUT_TAX, e.totals.tax, -1))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
