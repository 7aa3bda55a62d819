//! The bills, with their lines and what became of them.

use chrono::{DateTime, Utc};
use domain::invoicing::amounts::{TaxSum, Totals};
use domain::invoicing::bill::{Bill, BillEntered, BillEvent, BillHeader, BillStatus};
use domain::invoicing::lines::BillLine;
use domain::invoicing::settlement::PaymentState;
use domain::invoicing::values::{Address, Label, Name, Note, PaymentMethod, Reason, Reference, TaxMode, erased_name};
use domain::kernel::{Day, RecordedEvent, is_of};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::table::{existing, words};
use crate::model::ColumnKind::{Date, Integer, Json, Text, Timestamp};
use crate::model::{Column, ReadModelDef};
use crate::runtime::{RowKey, RowModel, Rows, event_of};

/// What a bill was settled by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// A payment of ours.
    Payment,
    /// A credit note of the supplier.
    CreditNote,
    /// A refund of the supplier.
    Refund,
}

/// A payment, credit note or refund of a bill.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BillEntry {
    /// What it is.
    pub kind: EntryKind,
    /// What it is known by.
    pub reference: Reference,
    /// When.
    pub date: Day,
    /// How it was paid; none for a credit note.
    pub method: Option<PaymentMethod>,
    /// How much, in minor units, with tax.
    pub amount_minor: i64,
    /// When it came back, if it did.
    pub reversed_on: Option<Day>,
    /// What a credit note takes back by tax category and rate.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub taxes: Vec<TaxSum>,
}

/// A bill.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BillRow {
    /// The bill's id.
    pub id: String,
    /// The number that the supplier gave it.
    pub supplier_number: Reference,
    /// The state of the document.
    pub status: BillStatus,
    /// How far it is paid.
    pub payment_state: PaymentState,
    /// What is wrong with it, while it is disputed.
    pub disputed: Option<Reason>,
    /// The supplier's id.
    pub supplier_id: String,
    /// The supplier's name.
    pub supplier_name: Name,
    /// The supplier's address.
    pub supplier_address: Option<Address>,
    /// The supplier's tax number.
    pub supplier_tax_id: Option<Label>,
    /// ISO 4217 code of all amounts.
    pub currency: String,
    /// Whether prices include taxes.
    pub tax_mode: TaxMode,
    /// Its date.
    pub date: Day,
    /// The day on which it is due.
    pub due_date: Day,
    /// Our order.
    pub purchase_order: Option<Reference>,
    /// Remarks.
    pub note: Option<Note>,
    /// The context that it comes from.
    pub source_context: Option<String>,
    /// The id of what it comes from.
    pub source_id: Option<String>,
    /// Without tax, in minor units.
    pub net_minor: i64,
    /// The tax.
    pub tax_minor: i64,
    /// With tax.
    pub total_minor: i64,
    /// What is open; below 0, the supplier owes us.
    pub open_minor: i64,
    /// What was paid, less what was paid back.
    pub paid_minor: i64,
    /// What the supplier credited.
    pub credited_minor: i64,
    /// What the lines amount to by tax category and rate, as the bill says; the entries tell what credit notes take back.
    pub taxes: Vec<TaxSum>,
    /// Its lines.
    pub lines: Vec<BillLine>,
    /// Its payments, credit notes and refunds.
    pub entries: Vec<BillEntry>,
    /// Who approved it.
    pub approved_by: Option<String>,
    /// When it was approved.
    pub approved_at: Option<DateTime<Utc>>,
    /// Why it was voided.
    pub reason: Option<Reason>,
    /// The aggregate's version, for `If-Match`.
    pub version: i64,
    /// When it was entered.
    pub created_at: DateTime<Utc>,
    /// When the row changed last.
    pub updated_at: DateTime<Utc>,
    /// The words that it is found by.
    #[schemars(skip)]
    pub search: String,
}

impl BillRow {
    fn new(event: &RecordedEvent, e: BillEntered) -> Self {
        let header = e.header.clone();
        let mut row = Self {
            id: event.aggregate_id.clone(),
            supplier_number: header.supplier_number,
            status: BillStatus::Entered,
            payment_state: PaymentState::Unpaid,
            disputed: None,
            supplier_id: header.supplier_id,
            supplier_name: header.supplier_name,
            supplier_address: None,
            supplier_tax_id: None,
            currency: String::new(),
            tax_mode: header.tax_mode,
            date: header.date,
            due_date: header.due_date,
            purchase_order: None,
            note: None,
            source_context: None,
            source_id: None,
            net_minor: 0,
            tax_minor: 0,
            total_minor: 0,
            open_minor: 0,
            paid_minor: 0,
            credited_minor: 0,
            taxes: Vec::new(),
            lines: e.lines,
            entries: Vec::new(),
            approved_by: None,
            approved_at: None,
            reason: None,
            version: event.sequence,
            created_at: event.recorded_at,
            updated_at: event.recorded_at,
            search: String::new(),
        };
        row.describe(e.header);
        row.amount(e.totals);
        row
    }

    fn describe(&mut self, header: BillHeader) {
        let BillHeader { supplier_id, supplier_name, supplier_address, supplier_tax_id, supplier_number, .. } = header;
        (self.supplier_id, self.supplier_name, self.supplier_number) = (supplier_id, supplier_name, supplier_number);
        (self.supplier_address, self.supplier_tax_id) = (supplier_address, supplier_tax_id);
        self.currency = header.currency.to_string();
        (self.tax_mode, self.date, self.due_date) = (header.tax_mode, header.date, header.due_date);
        (self.purchase_order, self.note) = (header.purchase_order, header.note);
        if let Some(source) = header.source {
            self.source_context = Some(source.context.into());
            self.source_id = Some(source.id.into());
        }
        self.index();
    }

    fn index(&mut self) {
        self.search = words([Some(&*self.supplier_number), Some(&*self.supplier_name), self.purchase_order.as_deref()]);
    }

    fn amount(&mut self, totals: Totals) {
        self.net_minor = totals.net.amount_minor;
        self.tax_minor = totals.tax.amount_minor;
        self.total_minor = totals.gross.amount_minor;
        self.taxes = totals.taxes;
    }

    fn enter(&mut self, kind: EntryKind, reference: Reference, date: Day, method: Option<PaymentMethod>, amount_minor: i64) {
        self.entries.push(BillEntry { kind, reference, date, method, amount_minor, reversed_on: None, taxes: Vec::new() });
    }

    fn follow(&mut self, event: BillEvent, at: DateTime<Utc>) {
        match event {
            // A row begins with it.
            BillEvent::BillEntered(_) => {}
            BillEvent::BillUpdated(e) => {
                self.describe(e.header);
                if let Some(lines) = e.lines {
                    self.lines = lines;
                }
                self.amount(e.totals);
            }
            BillEvent::BillLineAdded(e) => {
                self.lines.push(e.line);
                self.amount(e.totals);
            }
            BillEvent::BillLineRemoved(e) => {
                self.lines.retain(|line| line.line_id != e.line_id);
                self.amount(e.totals);
            }
            BillEvent::BillApproved(e) => {
                self.status = BillStatus::Approved;
                self.open_minor = e.totals.gross.amount_minor;
                (self.approved_by, self.approved_at) = (Some(e.approved_by), Some(at));
            }
            BillEvent::BillDisputed(e) => self.disputed = Some(e.reason),
            BillEvent::BillDisputeSettled(_) => self.disputed = None,
            BillEvent::BillPaymentRecorded(e) => {
                self.open_minor -= e.amount.amount_minor;
                self.paid_minor += e.amount.amount_minor;
                self.enter(EntryKind::Payment, e.reference, e.date, Some(e.method), e.amount.amount_minor);
            }
            BillEvent::BillPaymentReversed(e) => {
                self.open_minor += e.amount.amount_minor;
                self.paid_minor -= e.amount.amount_minor;
                let payment = |entry: &&mut BillEntry| entry.kind == EntryKind::Payment && entry.reference == e.reference;
                if let Some(entry) = self.entries.iter_mut().find(payment) {
                    entry.reversed_on = Some(e.date);
                }
            }
            BillEvent::BillCredited(e) => {
                self.open_minor -= e.totals.gross.amount_minor;
                self.credited_minor += e.totals.gross.amount_minor;
                let (kind, amount_minor, taxes) = (EntryKind::CreditNote, e.totals.gross.amount_minor, e.totals.taxes);
                self.entries.push(BillEntry {
                    kind,
                    reference: e.reference,
                    date: e.date,
                    method: None,
                    amount_minor,
                    reversed_on: None,
                    taxes,
                });
            }
            BillEvent::BillRefundRecorded(e) => {
                self.open_minor += e.amount.amount_minor;
                self.paid_minor -= e.amount.amount_minor;
                self.enter(EntryKind::Refund, e.reference, e.date, Some(e.method), e.amount.amount_minor);
            }
            BillEvent::BillVoided(e) => {
                (self.status, self.open_minor, self.reason) = (BillStatus::Voided, 0, Some(e.reason));
            }
            BillEvent::BillSupplierErased(_) => {
                self.supplier_name = erased_name();
                (self.supplier_address, self.supplier_tax_id) = (None, None);
                self.index();
            }
        }
        self.payment_state = match self.status {
            BillStatus::Approved => PaymentState::of(self.open_minor, self.paid_minor, -self.open_minor),
            BillStatus::Entered | BillStatus::Voided => PaymentState::Unpaid,
        };
    }
}

/// Fills the table.
pub struct BillList;

impl RowModel for BillList {
    type Row = BillRow;
    const PROJECTION: &'static str = "invoicing.bill_list";
    const TABLES: &'static [&'static str] = &["invoicing_bill_list"];
    const CONTEXTS: &'static [&'static str] = &["invoicing"];

    fn keys(event: &RecordedEvent) -> Result<Vec<RowKey>, String> {
        Ok(if is_of::<Bill>(event) { RowKey::id(&event.aggregate_id) } else { Vec::new() })
    }

    fn apply(event: &RecordedEvent, rows: &mut Rows<'_, BillRow>) -> Result<(), String> {
        let id = &event.aggregate_id;
        match event_of::<Bill>(event)? {
            None => {}
            Some(BillEvent::BillEntered(e)) => rows.put(id, BillRow::new(event, e)),
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

/// `GET /v1/invoicing/bill-list`
pub const DEF: ReadModelDef = ReadModelDef {
    context: "invoicing",
    name: "bill-list",
    summary: "Bills of suppliers with their lines, payments and credit notes.",
    table: "invoicing_bill_list",
    projection: BillList::PROJECTION,
    columns: &[
        Column::sorted("id", Text),
        Column::new("supplier_number", Text),
        Column::new("status", Text),
        Column::new("payment_state", Text),
        Column::new("disputed", Text),
        Column::new("supplier_id", Text),
        Column::new("supplier_name", Text),
        Column::new("supplier_address", Json),
        Column::new("supplier_tax_id", Text),
        Column::new("currency", Text),
        Column::new("tax_mode", Text),
        Column::sorted("date", Date),
        Column::sorted("due_date", Date),
        Column::new("purchase_order", Text),
        Column::new("note", Text),
        Column::new("source_context", Text),
        Column::new("source_id", Text),
        Column::new("net_minor", Integer),
        Column::new("tax_minor", Integer),
        Column::sorted("total_minor", Integer),
        Column::sorted("open_minor", Integer),
        Column::new("paid_minor", Integer),
        Column::new("credited_minor", Integer),
        Column::new("taxes", Json),
        Column::new("lines", Json),
        Column::new("entries", Json),
        Column::new("approved_by", Text),
        Column::new("approved_at", Timestamp),
        Column::new("reason", Text),
        Column::new("version", Integer),
        Column::sorted("created_at", Timestamp),
        Column::new("updated_at", Timestamp),
    ],
    default_sort: ("created_at", true),
    search: Some("search"),
    redirects: None,
    schema: |generator| BillRow::json_schema(generator),
};
