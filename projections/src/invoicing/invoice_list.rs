//! The invoices, drafts included, with their lines and what became of them.

use chrono::{DateTime, Utc};
use domain::invoicing::amounts::{TaxSum, Totals};
use domain::invoicing::invoice::{
    Header, Invoice, InvoiceCredited, InvoiceDrafted, InvoiceEvent, InvoiceFinalized, InvoiceStatus, PaymentRecorded, PaymentRefunded,
    PaymentReversed,
};
use domain::invoicing::issuer::IssuerFacts;
use domain::invoicing::lines::InvoiceLine;
use domain::invoicing::settlement::PaymentState;
use domain::invoicing::values::{Address, Email, Label, Name, Note, PaymentMethod, Reason, Reference, Subject, TaxMode, erased_name};
use domain::kernel::{AggregateId, Day, RecordedEvent, is_of};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::table::{existing, words};
use crate::model::ColumnKind::{Boolean, Date, Integer, Json, Text, Timestamp};
use crate::model::{Column, ReadModelDef};
use crate::runtime::{RowKey, RowModel, Rows, event_of};

/// A payment of an invoice, or credit of the customer that settled it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PaymentEntry {
    /// The payment; none for credit of the customer.
    pub payment_id: Option<String>,
    /// What it is known by.
    pub reference: Reference,
    /// When.
    pub date: Day,
    /// How it was paid; none for credit of the customer.
    pub method: Option<PaymentMethod>,
    /// How much, in minor units.
    pub amount_minor: i64,
    /// What of it settled the invoice.
    pub applied_minor: i64,
    /// When it went back, if it did.
    pub reversed_on: Option<Day>,
}

/// A credit note of an invoice.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CreditNoteEntry {
    /// Its number.
    pub number: AggregateId,
    /// When.
    pub date: Day,
    /// How much, in minor units, with tax.
    pub total_minor: i64,
    /// What of it settled the invoice.
    pub applied_minor: i64,
    /// Why.
    pub reason: Reason,
}

/// An invoice.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct InvoiceRow {
    /// The invoice's id.
    pub id: String,
    /// Its number; none before it is final.
    pub number: Option<AggregateId>,
    /// The state of the document.
    pub status: InvoiceStatus,
    /// How far it is paid.
    pub payment_state: PaymentState,
    /// The customer's id.
    pub customer_id: String,
    /// The customer's name.
    pub customer_name: Name,
    /// The customer's address.
    pub customer_address: Option<Address>,
    /// Where the invoice is sent to.
    pub customer_email: Option<Email>,
    /// The customer's tax number.
    pub customer_tax_id: Option<Label>,
    /// ISO 4217 code of all amounts.
    pub currency: String,
    /// Whether prices include taxes.
    pub tax_mode: TaxMode,
    /// The number series.
    pub series: String,
    /// Its date; for a draft, the one that it will have.
    pub date: Option<Day>,
    /// The day on which it is due.
    pub due_date: Option<Day>,
    /// The customer's order.
    pub purchase_order: Option<Reference>,
    /// What it is about.
    pub reference: Option<Subject>,
    /// What it says below its lines.
    pub note: Option<Note>,
    /// The context that it comes from.
    pub source_context: Option<String>,
    /// The id of what it comes from.
    pub source_id: Option<String>,
    /// What people call what it comes from.
    pub source_reference: Option<String>,
    /// Without tax, in minor units.
    pub net_minor: i64,
    /// The tax.
    pub tax_minor: i64,
    /// With tax.
    pub total_minor: i64,
    /// What is open.
    pub open_minor: i64,
    /// What was paid, by payments and by credit of the customer, without what was in excess.
    pub paid_minor: i64,
    /// What payments brought in excess.
    pub excess_minor: i64,
    /// What was credited.
    pub credited_minor: i64,
    /// What was given up and has not come in after all.
    pub written_off_minor: i64,
    /// What the lines amount to by tax category and rate.
    pub taxes: Vec<TaxSum>,
    /// Its lines.
    pub lines: Vec<InvoiceLine>,
    /// Its payments, reversed ones too, and credit of the customer.
    pub payments: Vec<PaymentEntry>,
    /// Its credit notes.
    pub credit_notes: Vec<CreditNoteEntry>,
    /// Who sent it, as it stands on it.
    pub issuer: Option<IssuerFacts>,
    /// Why it was discarded, voided or written off.
    pub reason: Option<Reason>,
    /// Whether its due day is over while something is open.
    pub overdue: bool,
    /// How many reminders were due.
    pub reminder_level: u16,
    /// When the last reminder was due.
    pub reminded_at: Option<DateTime<Utc>>,
    /// When it is to be looked at again by the clock.
    pub due_at: Option<DateTime<Utc>>,
    /// The aggregate's version, for `If-Match`.
    pub version: i64,
    /// When it was drafted.
    pub created_at: DateTime<Utc>,
    /// When the row changed last.
    pub updated_at: DateTime<Utc>,
    /// The words that it is found by; not in answers.
    #[serde(default)]
    #[schemars(skip)]
    pub search: String,
}

impl InvoiceRow {
    fn new(event: &RecordedEvent, e: InvoiceDrafted) -> Self {
        let mut row = Self {
            id: event.aggregate_id.clone(),
            number: None,
            status: InvoiceStatus::Draft,
            payment_state: PaymentState::Unpaid,
            customer_id: String::new(),
            customer_name: e.header.customer.customer_name.clone(),
            customer_address: None,
            customer_email: None,
            customer_tax_id: None,
            currency: String::new(),
            tax_mode: e.header.tax_mode,
            series: String::new(),
            date: None,
            due_date: None,
            purchase_order: None,
            reference: None,
            note: None,
            source_context: None,
            source_id: None,
            source_reference: None,
            net_minor: 0,
            tax_minor: 0,
            total_minor: 0,
            open_minor: 0,
            paid_minor: 0,
            excess_minor: 0,
            credited_minor: 0,
            written_off_minor: 0,
            taxes: Vec::new(),
            lines: e.lines,
            payments: Vec::new(),
            credit_notes: Vec::new(),
            issuer: None,
            reason: None,
            overdue: false,
            reminder_level: 0,
            reminded_at: None,
            due_at: None,
            version: event.sequence,
            created_at: event.recorded_at,
            updated_at: event.recorded_at,
            search: String::new(),
        };
        row.describe(e.header);
        row.amount(e.totals);
        row
    }

    /// Takes over what a draft says.
    fn describe(&mut self, header: Header) {
        let Header { customer, currency, tax_mode, series, number, date, due_date, purchase_order, reference, note, source, .. } = header;
        self.customer_id = customer.customer_id;
        self.customer_name = customer.customer_name;
        self.customer_address = customer.customer_address;
        self.customer_email = customer.customer_email;
        self.customer_tax_id = customer.customer_tax_id;
        self.currency = currency.to_string();
        (self.tax_mode, self.series, self.number) = (tax_mode, series, number);
        (self.date, self.due_date, self.purchase_order) = (date, due_date, purchase_order);
        (self.reference, self.note) = (reference, note);
        if let Some(source) = source {
            self.source_context = Some(source.context.into());
            self.source_id = Some(source.id.into());
            self.source_reference = source.reference.map(String::from);
        }
        self.index();
    }

    fn index(&mut self) {
        let number = self.number.as_ref().map(AggregateId::as_str);
        let email = self.customer_email.clone().map(String::from);
        let found_by = [number, Some(&*self.customer_name), email.as_deref(), self.purchase_order.as_deref(), self.reference.as_deref()];
        self.search = words(found_by);
    }

    fn amount(&mut self, totals: Totals) {
        self.net_minor = totals.net.amount_minor;
        self.tax_minor = totals.tax.amount_minor;
        self.total_minor = totals.gross.amount_minor;
        self.taxes = totals.taxes;
    }

    fn become_final(&mut self, e: InvoiceFinalized) {
        self.status = InvoiceStatus::Finalized;
        self.open_minor = e.totals.gross.amount_minor;
        self.amount(e.totals);
        (self.number, self.date, self.due_date) = (Some(e.number), Some(e.date), Some(e.due_date));
        (self.lines, self.issuer, self.due_at) = (e.lines, e.issuer, e.next_check_at);
        self.index();
    }

    fn take(&mut self, e: PaymentRecorded) {
        let settled = e.settlement;
        self.open_minor -= settled.applied.amount_minor;
        self.written_off_minor -= settled.recovered.amount_minor;
        self.paid_minor += settled.applied.amount_minor + settled.recovered.amount_minor;
        self.excess_minor += settled.excess.amount_minor;
        self.payments.push(PaymentEntry {
            payment_id: Some(e.payment_id),
            reference: e.reference,
            date: e.date,
            method: Some(e.method),
            amount_minor: e.amount.amount_minor,
            applied_minor: settled.applied.amount_minor,
            reversed_on: None,
        });
    }

    fn give_back(&mut self, e: &PaymentReversed) {
        let settled = e.settlement;
        self.open_minor += settled.applied.amount_minor;
        self.written_off_minor += settled.recovered.amount_minor;
        self.paid_minor -= settled.applied.amount_minor + settled.recovered.amount_minor;
        self.excess_minor = (self.excess_minor - settled.excess.amount_minor).max(0);
        if let Some(payment) = self.payments.iter_mut().find(|payment| payment.payment_id.as_ref() == Some(&e.payment_id)) {
            payment.reversed_on = Some(e.date);
        }
        (self.overdue, self.due_at) = (e.overdue, e.next_check_at);
    }

    fn refund(&mut self, e: PaymentRefunded) {
        let settled = e.settlement;
        self.open_minor += settled.applied.amount_minor;
        self.written_off_minor += settled.recovered.amount_minor;
        self.paid_minor -= settled.applied.amount_minor + settled.recovered.amount_minor;
        self.excess_minor = (self.excess_minor - settled.excess.amount_minor).max(0);
        self.payments.push(PaymentEntry {
            payment_id: None,
            reference: e.reference,
            date: e.date,
            method: Some(e.method),
            amount_minor: -e.amount.amount_minor,
            applied_minor: -settled.applied.amount_minor,
            reversed_on: None,
        });
        (self.overdue, self.due_at) = (e.overdue, e.next_check_at);
    }

    fn credit(&mut self, e: InvoiceCredited) {
        self.open_minor -= e.settlement.applied.amount_minor;
        self.written_off_minor -= e.settlement.recovered.amount_minor;
        self.credited_minor += e.totals.gross.amount_minor;
        if self.credited_minor == self.total_minor && self.status == InvoiceStatus::Finalized {
            self.status = InvoiceStatus::Credited;
        }
        self.credit_notes.push(CreditNoteEntry {
            number: e.number,
            date: e.date,
            total_minor: e.totals.gross.amount_minor,
            applied_minor: e.settlement.applied.amount_minor,
            reason: e.reason,
        });
    }

    fn erase(&mut self) {
        self.customer_name = erased_name();
        (self.customer_address, self.customer_email, self.customer_tax_id) = (None, None, None);
        self.index();
    }

    fn follow(&mut self, event: InvoiceEvent, at: DateTime<Utc>) {
        match event {
            // A row begins with it.
            InvoiceEvent::InvoiceDrafted(_) => {}
            InvoiceEvent::InvoiceUpdated(e) => {
                self.describe(e.header);
                if let Some(lines) = e.lines {
                    self.lines = lines;
                }
                self.amount(e.totals);
            }
            InvoiceEvent::InvoiceLineAdded(e) => {
                self.lines.push(e.line);
                self.amount(e.totals);
            }
            InvoiceEvent::InvoiceLineRemoved(e) => {
                self.lines.retain(|line| line.line_id != e.line_id);
                self.amount(e.totals);
            }
            InvoiceEvent::InvoiceDiscarded(e) => (self.status, self.reason) = (InvoiceStatus::Discarded, e.reason),
            InvoiceEvent::InvoiceFinalized(e) => self.become_final(e),
            InvoiceEvent::InvoiceOverdue(e) => (self.overdue, self.due_at) = (true, e.next_check_at),
            InvoiceEvent::PaymentReminderDue(e) => {
                (self.reminder_level, self.reminded_at, self.due_at) = (e.level, Some(at), e.next_check_at);
            }
            InvoiceEvent::PaymentRecorded(e) => self.take(e),
            InvoiceEvent::PaymentReversed(e) => self.give_back(&e),
            InvoiceEvent::PaymentRefunded(e) => self.refund(e),
            InvoiceEvent::CreditApplied(e) => {
                self.open_minor -= e.amount.amount_minor;
                self.paid_minor += e.amount.amount_minor;
                let amount_minor = e.amount.amount_minor;
                let (payment_id, method, reversed_on) = (None, None, None);
                let (reference, date) = (e.reference, e.date);
                self.payments.push(PaymentEntry {
                    payment_id,
                    reference,
                    date,
                    method,
                    amount_minor,
                    applied_minor: amount_minor,
                    reversed_on,
                });
            }
            InvoiceEvent::InvoiceCredited(e) => self.credit(e),
            InvoiceEvent::InvoiceVoided(e) => {
                (self.status, self.reason) = (InvoiceStatus::Voided, Some(e.reason));
                self.open_minor = 0;
            }
            InvoiceEvent::InvoiceWrittenOff(e) => {
                if self.status != InvoiceStatus::Voided {
                    self.status = InvoiceStatus::WrittenOff;
                }
                self.reason = Some(e.reason);
                self.open_minor -= e.amount.amount_minor;
                self.written_off_minor += e.amount.amount_minor;
            }
            InvoiceEvent::InvoiceCustomerErased(_) => self.erase(),
        }
        self.payment_state = match self.status {
            InvoiceStatus::Draft | InvoiceStatus::Discarded => PaymentState::Unpaid,
            InvoiceStatus::Voided if self.open_minor == 0 && self.excess_minor == 0 => PaymentState::Unpaid,
            _ => PaymentState::of(self.open_minor + self.written_off_minor, self.paid_minor, self.excess_minor),
        };
        // Nobody is reminded of what is not open, or not expected.
        if self.open_minor <= 0 || self.status != InvoiceStatus::Finalized {
            (self.due_at, self.overdue) = (None, false);
        }
    }
}

/// Fills the table.
pub struct InvoiceList;

impl RowModel for InvoiceList {
    type Row = InvoiceRow;
    const PROJECTION: &'static str = "invoicing.invoice_list";
    const TABLES: &'static [&'static str] = &["invoicing_invoice_list"];
    const CONTEXTS: &'static [&'static str] = &["invoicing"];

    fn keys(event: &RecordedEvent) -> Result<Vec<RowKey>, String> {
        Ok(if is_of::<Invoice>(event) { RowKey::id(&event.aggregate_id) } else { Vec::new() })
    }

    fn apply(event: &RecordedEvent, rows: &mut Rows<'_, InvoiceRow>) -> Result<(), String> {
        let id = &event.aggregate_id;
        match event_of::<Invoice>(event)? {
            None => {}
            Some(InvoiceEvent::InvoiceDrafted(e)) => rows.put(id, InvoiceRow::new(event, e)),
            Some(e) => {
                let row = existing(rows, id)?;
                row.follow(e, event.recorded_at);
                row.version = event.sequence;
                row.updated_at = event.recorded_at;
            }
        }
        Ok(())
    }
}

/// `GET /v1/invoicing/invoice-list`
pub const DEF: ReadModelDef = ReadModelDef {
    context: "invoicing",
    name: "invoice-list",
    summary: "Invoices with their lines, payments and credit notes, drafts included.",
    table: "invoicing_invoice_list",
    projection: InvoiceList::PROJECTION,
    columns: &[
        Column::sorted("id", Text),
        Column::sorted("number", Text),
        Column::new("status", Text),
        Column::new("payment_state", Text),
        Column::new("customer_id", Text),
        Column::new("customer_name", Text),
        Column::new("customer_address", Json),
        Column::new("customer_email", Text),
        Column::new("customer_tax_id", Text),
        Column::new("currency", Text),
        Column::new("tax_mode", Text),
        Column::new("series", Text),
        Column::sorted("date", Date),
        Column::sorted("due_date", Date),
        Column::new("purchase_order", Text),
        Column::new("reference", Text),
        Column::new("note", Text),
        Column::new("source_context", Text),
        Column::new("source_id", Text),
        Column::new("source_reference", Text),
        Column::new("net_minor", Integer),
        Column::new("tax_minor", Integer),
        Column::sorted("total_minor", Integer),
        Column::sorted("open_minor", Integer),
        Column::new("paid_minor", Integer),
        Column::new("excess_minor", Integer),
        Column::new("credited_minor", Integer),
        Column::new("written_off_minor", Integer),
        Column::new("taxes", Json),
        Column::new("lines", Json),
        Column::new("payments", Json),
        Column::new("credit_notes", Json),
        Column::new("issuer", Json),
        Column::new("reason", Text),
        Column::new("overdue", Boolean),
        Column::new("reminder_level", Integer),
        Column::new("reminded_at", Timestamp),
        Column::new("due_at", Timestamp),
        Column::new("version", Integer),
        Column::sorted("created_at", Timestamp),
        Column::new("updated_at", Timestamp),
    ],
    default_sort: ("created_at", true),
    search: Some("search"),
    redirects: None,
    schema: |generator| InvoiceRow::json_schema(generator),
};
