//! What was sold: the lines of invoices and credit notes that count, and their sums by day, for the dashboards.
//!
//! A line is added once and removed once, whatever is applied again, and only a line that was really added or removed changes the sums of
//! its day. So the sums are those of the lines at every position.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};
use domain::invoicing::invoice::{Invoice, InvoiceCredited, InvoiceEvent, InvoiceFinalized};
use domain::kernel::{RecordedEvent, is_of};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::model::ColumnKind::{Date, Integer, Number, Text, Timestamp};
use crate::model::{Column, ReadModelDef};
use crate::runtime::{ApplyError, Projection, event_of};

/// The projection's name.
pub const PROJECTION: &str = "analytics.sales";

const ADD: &str = include_str!("statements/add_sales.sql");
const REMOVE: &str = include_str!("statements/remove_sales.sql");

/// What a line belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SaleKind {
    /// An invoice, from the day of its date on, unless it was voided.
    Invoice,
    /// A credit note.
    CreditNote,
}

impl SaleKind {
    const fn name(self) -> &'static str {
        match self {
            Self::Invoice => "invoice",
            Self::CreditNote => "credit_note",
        }
    }
}

/// A line of an invoice or credit note.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SaleRow {
    /// The kind, the document and the line.
    pub id: String,
    /// What it belongs to.
    pub kind: SaleKind,
    /// The invoice's id, or the credit note's number.
    pub document_id: String,
    /// The invoice that was sent, or that is credited: `GET /v1/invoicing/invoice/{id}/history` has its events.
    pub invoice_id: String,
    /// The number of the invoice or credit note.
    pub number: String,
    /// The line of the invoice.
    pub line_id: String,
    /// The document's date.
    pub date: NaiveDate,
    /// ISO 4217 code of the amounts.
    pub currency: String,
    /// The customer.
    pub customer_id: String,
    /// The product, where the invoice names it.
    pub product_id: Option<String>,
    /// The article number, where the invoice names it.
    pub sku: Option<String>,
    /// By what sales are added up: the product, else the article number, else nothing.
    pub product: String,
    /// How many were sold; 0 for a credit note, which says nothing of goods.
    pub quantity: f64,
    /// Without tax, in minor units; below 0 for a credit note.
    pub net_minor: i64,
    /// The tax; below 0 for a credit note.
    pub tax_minor: i64,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
}

/// `GET /v1/analytics/sale-list`
pub const DEF: ReadModelDef = ReadModelDef {
    context: "analytics",
    name: "sale-list",
    summary: "What was sold, line by line: the lines of invoices that are not void, and of credit notes.",
    table: "analytics_sale_list",
    projection: PROJECTION,
    columns: &[
        Column::sorted("id", Text),
        Column::new("kind", Text),
        Column::new("document_id", Text),
        Column::new("invoice_id", Text),
        Column::new("number", Text),
        Column::new("line_id", Text),
        Column::sorted("date", Date),
        Column::new("currency", Text),
        Column::new("customer_id", Text),
        Column::new("product_id", Text),
        Column::new("sku", Text),
        Column::new("product", Text),
        Column::new("quantity", Number),
        Column::new("net_minor", Integer),
        Column::new("tax_minor", Integer),
        Column::new("recorded_at", Timestamp),
    ],
    default_sort: ("date", true),
    search: None,
    redirects: None,
    schema: |generator| SaleRow::json_schema(generator),
};

/// Fills the tables.
pub struct Sales;

#[async_trait]
impl Projection for Sales {
    fn name(&self) -> &'static str {
        PROJECTION
    }

    fn tables(&self) -> &'static [&'static str] {
        &["analytics_sale_list", "analytics_sale_day"]
    }

    fn contexts(&self) -> &'static [&'static str] {
        &["invoicing"]
    }

    fn concerns(&self, event: &RecordedEvent) -> bool {
        is_of::<Invoice>(event)
    }

    async fn apply(&self, connection: &mut PgConnection, version: i32, events: &[Arc<RecordedEvent>]) -> Result<(), ApplyError> {
        let mut batch = Batch::default();
        for (index, event) in events.iter().enumerate() {
            batch.take(event).map_err(|reason| ApplyError::Event { index, reason })?;
        }
        // In this order: a credit note looks for its invoice's lines, and what is voided was an invoice before. An invoice that is voided is
        // never an invoice again, and cannot be credited.
        batch.invoiced.add(connection, version).await?;
        batch.credited.add(connection, version).await?;
        if !batch.voided.is_empty() {
            let (tenants, ids): (Vec<Uuid>, Vec<&str>) = batch.voided.into_iter().unzip();
            sqlx::query(&statement(REMOVE, version)).bind(tenants).bind(ids).execute(connection).await?;
        }
        Ok(())
    }
}

/// A statement on the tables of a version.
fn statement(text: &str, version: i32) -> String {
    text.replace("_vN", &format!("_v{version}"))
}

/// What the events of a batch say of sales.
#[derive(Default)]
struct Batch<'a> {
    invoiced: Lines<'a>,
    credited: Lines<'a>,
    voided: Vec<(Uuid, &'a str)>,
}

impl<'a> Batch<'a> {
    fn take(&mut self, event: &'a RecordedEvent) -> Result<(), String> {
        match event_of::<Invoice>(event)? {
            Some(InvoiceEvent::InvoiceFinalized(e)) => self.invoiced.invoice(event, &e),
            Some(InvoiceEvent::InvoiceCredited(e)) => self.credited.credit_note(event, &e),
            Some(InvoiceEvent::InvoiceVoided(_)) => self.voided.push((event.tenant_id.0, &event.aggregate_id)),
            _ => {}
        }
        Ok(())
    }
}

/// Lines of documents, column by column.
#[derive(Default)]
struct Lines<'a> {
    tenants: Vec<Uuid>,
    ids: Vec<String>,
    kinds: Vec<&'static str>,
    documents: Vec<String>,
    invoices: Vec<&'a str>,
    numbers: Vec<String>,
    line_ids: Vec<String>,
    dates: Vec<NaiveDate>,
    currencies: Vec<String>,
    customers: Vec<String>,
    products: Vec<Option<String>>,
    skus: Vec<Option<String>>,
    quantities: Vec<String>,
    nets: Vec<i64>,
    taxes: Vec<i64>,
    recorded: Vec<DateTime<Utc>>,
}

impl<'a> Lines<'a> {
    fn invoice(&mut self, event: &'a RecordedEvent, e: &InvoiceFinalized) {
        for line in &e.lines {
            self.document(event, SaleKind::Invoice, &event.aggregate_id, line.line_id.as_str());
            self.numbers.push(e.number.as_str().to_owned());
            self.dates.push(e.date.0);
            self.currencies.push(e.currency.to_string());
            self.customers.push(e.customer.customer_id.clone());
            self.products.push(line.product_id.as_ref().map(|id| id.to_string()));
            self.skus.push(line.sku.as_ref().map(|sku| sku.to_string()));
            self.quantities.push(line.quantity.to_string());
            self.nets.push(line.net.amount_minor);
            self.taxes.push(line.tax.amount_minor);
        }
    }

    fn credit_note(&mut self, event: &'a RecordedEvent, e: &InvoiceCredited) {
        for line in &e.lines {
            self.document(event, SaleKind::CreditNote, e.number.as_str(), line.line_id.as_str());
            self.numbers.push(e.number.as_str().to_owned());
            self.dates.push(e.date.0);
            self.currencies.push(e.currency.to_string());
            self.customers.push(e.customer.customer_id.clone());
            self.products.push(None);
            self.skus.push(None);
            self.quantities.push("0".to_owned());
            self.nets.push(-line.net.amount_minor);
            self.taxes.push(-line.tax.amount_minor);
        }
    }

    /// What lines of both kinds of documents have in common.
    fn document(&mut self, event: &'a RecordedEvent, kind: SaleKind, document: &str, line: &str) {
        self.tenants.push(event.tenant_id.0);
        self.ids.push(format!("{}:{document}:{line}", kind.name()));
        self.kinds.push(kind.name());
        self.documents.push(document.to_owned());
        self.invoices.push(&event.aggregate_id);
        self.line_ids.push(line.to_owned());
        self.recorded.push(event.recorded_at);
    }

    async fn add(self, connection: &mut PgConnection, version: i32) -> Result<(), sqlx::Error> {
        if self.ids.is_empty() {
            return Ok(());
        }
        let text = statement(ADD, version);
        let query = sqlx::query(&text).bind(self.tenants).bind(self.ids).bind(self.kinds).bind(self.documents).bind(self.invoices);
        let query = query.bind(self.numbers).bind(self.line_ids).bind(self.dates).bind(self.currencies).bind(self.customers);
        let query = query.bind(self.products).bind(self.skus).bind(self.quantities).bind(self.nets).bind(self.taxes).bind(self.recorded);
        query.execute(connection).await.map(drop)
    }
}
