//! The credit notes, as they were sent. Their ids are their numbers.

use chrono::{DateTime, Utc};
use domain::invoicing::amounts::TaxSum;
use domain::invoicing::credits::CreditLine;
use domain::invoicing::invoice::{Invoice, InvoiceCredited, InvoiceEvent};
use domain::invoicing::issuer::IssuerFacts;
use domain::invoicing::values::{Address, Email, Label, Name, Reason, Reference, erased_name};
use domain::kernel::{AggregateId, Day, RecordedEvent};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::table::words;
use crate::model::ColumnKind::{Date, Integer, Json, Text, Timestamp};
use crate::model::{Column, ReadModelDef};
use crate::runtime::{RowKey, RowModel, Rows, event_of};

/// A credit note.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CreditNoteRow {
    /// Its number.
    pub id: String,
    /// The invoice that it credits.
    pub invoice_id: String,
    /// The number of that invoice.
    pub invoice_number: AggregateId,
    /// The date of that invoice.
    pub invoice_date: Day,
    /// Its date.
    pub date: Day,
    /// The customer's id.
    pub customer_id: String,
    /// The customer's name.
    pub customer_name: Name,
    /// The customer's address.
    pub customer_address: Option<Address>,
    /// Where it is sent to.
    pub customer_email: Option<Email>,
    /// The customer's tax number.
    pub customer_tax_id: Option<Label>,
    /// ISO 4217 code of all amounts.
    pub currency: String,
    /// Without tax, in minor units.
    pub net_minor: i64,
    /// The tax.
    pub tax_minor: i64,
    /// With tax.
    pub total_minor: i64,
    /// What of it settled the invoice.
    pub applied_minor: i64,
    /// What of it became the customer's credit.
    pub excess_minor: i64,
    /// What the lines amount to by tax category and rate.
    pub taxes: Vec<TaxSum>,
    /// Its lines.
    pub lines: Vec<CreditLine>,
    /// Who sent it, as it stands on it.
    pub issuer: Option<IssuerFacts>,
    /// Why.
    pub reason: Reason,
    /// What the credit is known by.
    pub reference: Reference,
    /// When it was recorded.
    pub created_at: DateTime<Utc>,
    /// The words that it is found by; not in answers.
    #[serde(default)]
    #[schemars(skip)]
    pub search: String,
}

impl CreditNoteRow {
    fn new(event: &RecordedEvent, e: InvoiceCredited) -> Self {
        Self {
            search: words([Some(e.number.as_str()), Some(e.invoice_number.as_str()), Some(&*e.customer.customer_name)]),
            id: e.number.into(),
            invoice_id: event.aggregate_id.clone(),
            invoice_number: e.invoice_number,
            invoice_date: e.invoice_date,
            date: e.date,
            customer_id: e.customer.customer_id,
            customer_name: e.customer.customer_name,
            customer_address: e.customer.customer_address,
            customer_email: e.customer.customer_email,
            customer_tax_id: e.customer.customer_tax_id,
            currency: e.currency.to_string(),
            net_minor: e.totals.net.amount_minor,
            tax_minor: e.totals.tax.amount_minor,
            total_minor: e.totals.gross.amount_minor,
            applied_minor: e.settlement.applied.amount_minor,
            excess_minor: e.settlement.excess.amount_minor,
            taxes: e.totals.taxes,
            lines: e.lines,
            issuer: e.issuer,
            reason: e.reason,
            reference: e.reference,
            created_at: event.recorded_at,
        }
    }
}

/// Fills the table.
pub struct CreditNoteList;

impl RowModel for CreditNoteList {
    type Row = CreditNoteRow;
    const PROJECTION: &'static str = "invoicing.credit_note_list";
    const TABLES: &'static [&'static str] = &["invoicing_credit_note_list"];
    const CONTEXTS: &'static [&'static str] = &["invoicing"];

    fn keys(event: &RecordedEvent) -> Result<Vec<RowKey>, String> {
        Ok(match event_of::<Invoice>(event)? {
            Some(InvoiceEvent::InvoiceCredited(e)) => RowKey::id(e.number),
            Some(InvoiceEvent::InvoiceCustomerErased(_)) => vec![RowKey::Where("invoice_id", vec![event.aggregate_id.clone()])],
            _ => Vec::new(),
        })
    }

    fn apply(event: &RecordedEvent, rows: &mut Rows<'_, CreditNoteRow>) -> Result<(), String> {
        match event_of::<Invoice>(event)? {
            Some(InvoiceEvent::InvoiceCredited(e)) => {
                let row = CreditNoteRow::new(event, e);
                rows.put(row.id.clone(), row);
            }
            Some(InvoiceEvent::InvoiceCustomerErased(_)) => {
                for id in rows.matched() {
                    let Some(row) = rows.get_mut(&id) else { continue };
                    row.customer_name = erased_name();
                    (row.customer_address, row.customer_email, row.customer_tax_id) = (None, None, None);
                    row.search = words([Some(row.id.as_str()), Some(row.invoice_number.as_str())]);
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// `GET /v1/invoicing/credit-note-list`
pub const DEF: ReadModelDef = ReadModelDef {
    context: "invoicing",
    name: "credit-note-list",
    summary: "Credit notes with their lines.",
    table: "invoicing_credit_note_list",
    projection: CreditNoteList::PROJECTION,
    columns: &[
        Column::sorted("id", Text),
        Column::new("invoice_id", Text),
        Column::new("invoice_number", Text),
        Column::new("invoice_date", Date),
        Column::sorted("date", Date),
        Column::new("customer_id", Text),
        Column::new("customer_name", Text),
        Column::new("customer_address", Json),
        Column::new("customer_email", Text),
        Column::new("customer_tax_id", Text),
        Column::new("currency", Text),
        Column::new("net_minor", Integer),
        Column::new("tax_minor", Integer),
        Column::new("total_minor", Integer),
        Column::new("applied_minor", Integer),
        Column::new("excess_minor", Integer),
        Column::new("taxes", Json),
        Column::new("lines", Json),
        Column::new("issuer", Json),
        Column::new("reason", Text),
        Column::new("reference", Text),
        Column::new("created_at", Timestamp),
    ],
    default_sort: ("date", true),
    search: Some("search"),
    redirects: None,
    schema: |generator| CreditNoteRow::json_schema(generator),
};
