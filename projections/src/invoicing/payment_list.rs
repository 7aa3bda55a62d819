//! All money that came in and went out: payments and refunds, of customers and to suppliers. A payment over several invoices is one row.

use chrono::{DateTime, Utc};
use domain::invoicing::bill::{Bill, BillEvent};
use domain::invoicing::customer_account::{CustomerAccount, CustomerAccountEvent};
use domain::invoicing::customer_payment::{Allocation, CustomerPayment, CustomerPaymentEvent};
use domain::invoicing::invoice::{Invoice, InvoiceEvent};
use domain::invoicing::values::{Name, PaymentMethod, Reason, Reference, erased_name};
use domain::kernel::{Day, Money, RecordedEvent};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::table::{existing, words};
use crate::model::ColumnKind::{Boolean, Date, Integer, Json, Text, Timestamp};
use crate::model::{Column, ReadModelDef};
use crate::runtime::{RowKey, RowModel, Rows, event_of};

/// Which way money went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// It came in.
    Received,
    /// It went out.
    Made,
}

/// Why money went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PaymentKind {
    /// To pay.
    Payment,
    /// To pay back.
    Refund,
}

/// The part of a payment that is for one invoice or bill.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Part {
    /// The invoice or bill.
    pub document_id: String,
    /// Its number.
    pub number: String,
    /// How much, in minor units.
    pub amount_minor: i64,
}

/// A payment or refund.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PaymentRow {
    /// The payment's id.
    pub id: String,
    /// Which way it went.
    pub direction: Direction,
    /// What it is.
    pub kind: PaymentKind,
    /// The customer or supplier.
    pub party_id: String,
    /// The name of the customer or supplier.
    pub party_name: Name,
    /// The invoice, bill or payment that it was recorded on.
    pub document_id: String,
    /// When.
    pub date: Day,
    /// How.
    pub method: PaymentMethod,
    /// What it is known by.
    pub reference: Reference,
    /// ISO 4217 code of all amounts.
    pub currency: String,
    /// How much, in minor units.
    pub amount_minor: i64,
    /// What of it is for no invoice and was not given back.
    pub unallocated_minor: i64,
    /// The invoices or bills that it is for.
    pub allocations: Vec<Part>,
    /// Whether it went back.
    pub reversed: bool,
    /// When it went back.
    pub reversed_on: Option<Day>,
    /// Why it went back.
    pub reason: Option<Reason>,
    /// When it was recorded.
    pub created_at: DateTime<Utc>,
    /// When the row changed last.
    pub updated_at: DateTime<Utc>,
    /// The words that it is found by.
    #[schemars(skip)]
    pub search: String,
}

/// What all payments tell.
struct Facts {
    id: String,
    direction: Direction,
    kind: PaymentKind,
    party: (String, Name),
    date: Day,
    method: PaymentMethod,
    reference: Reference,
    amount: Money,
}

impl PaymentRow {
    fn new(event: &RecordedEvent, facts: Facts, allocations: Vec<Part>, unallocated_minor: i64) -> Self {
        let mut row = Self {
            id: facts.id,
            direction: facts.direction,
            kind: facts.kind,
            party_id: facts.party.0,
            party_name: facts.party.1,
            document_id: event.aggregate_id.clone(),
            date: facts.date,
            method: facts.method,
            reference: facts.reference,
            currency: facts.amount.currency.to_string(),
            amount_minor: facts.amount.amount_minor,
            unallocated_minor,
            allocations,
            reversed: false,
            reversed_on: None,
            reason: None,
            created_at: event.recorded_at,
            updated_at: event.recorded_at,
            search: String::new(),
        };
        row.index();
        row
    }

    fn index(&mut self) {
        let numbers = self.allocations.iter().map(|part| Some(part.number.as_str()));
        self.search = words([Some(&*self.party_name), Some(&*self.reference)].into_iter().chain(numbers));
    }

    fn reverse(&mut self, on: Day, reason: Reason) {
        (self.reversed, self.reversed_on, self.reason) = (true, Some(on), Some(reason));
        self.unallocated_minor = 0;
    }
}

fn part(allocation: Allocation) -> Part {
    Part { document_id: allocation.invoice_id, number: allocation.number.into(), amount_minor: allocation.amount.amount_minor }
}

fn whole(event: &RecordedEvent, number: &str, amount: Money) -> Vec<Part> {
    vec![Part { document_id: event.aggregate_id.clone(), number: number.to_owned(), amount_minor: amount.amount_minor }]
}

fn of_invoice(event: &RecordedEvent, rows: &mut Rows<'_, PaymentRow>, e: InvoiceEvent) -> Result<(), String> {
    match e {
        InvoiceEvent::PaymentRecorded(e) if e.customer_payment_id.is_none() => {
            let allocations = whole(event, e.number.as_str(), e.amount);
            let (direction, kind) = (Direction::Received, PaymentKind::Payment);
            let party = (e.customer_id, e.customer_name);
            let facts = Facts {
                id: e.payment_id,
                direction,
                kind,
                party,
                date: e.date,
                method: e.method,
                reference: e.reference,
                amount: e.amount,
            };
            rows.put(facts.id.clone(), PaymentRow::new(event, facts, allocations, 0));
        }
        InvoiceEvent::PaymentReversed(e) if e.customer_payment_id.is_none() => {
            let row = existing(rows, &e.payment_id)?;
            row.reverse(e.date, e.reason);
            row.updated_at = event.recorded_at;
        }
        InvoiceEvent::PaymentRefunded(e) => {
            refund(event, rows, (e.customer_id, e.customer_name), (e.date, e.method, e.reference, e.amount));
        }
        InvoiceEvent::InvoiceCustomerErased(_) => erase(event, rows),
        _ => {}
    }
    Ok(())
}

fn of_customer_payment(event: &RecordedEvent, rows: &mut Rows<'_, PaymentRow>, e: CustomerPaymentEvent) -> Result<(), String> {
    let id = &event.aggregate_id;
    match e {
        CustomerPaymentEvent::CustomerPaymentReceived(e) => {
            let facts = Facts {
                id: id.clone(),
                direction: Direction::Received,
                kind: PaymentKind::Payment,
                party: (e.customer_id, e.customer_name),
                date: e.date,
                method: e.method,
                reference: e.reference,
                amount: e.amount,
            };
            let allocations = e.allocations.into_iter().map(part).collect();
            rows.put(id, PaymentRow::new(event, facts, allocations, e.unallocated.amount_minor));
        }
        CustomerPaymentEvent::CustomerPaymentAllocated(e) => {
            let row = existing(rows, id)?;
            row.allocations.push(part(e.allocation));
            row.unallocated_minor = e.unallocated.amount_minor;
            row.updated_at = event.recorded_at;
            row.index();
        }
        CustomerPaymentEvent::CustomerPaymentRefunded(e) => {
            let row = existing(rows, id)?;
            row.unallocated_minor = e.unallocated.amount_minor;
            row.updated_at = event.recorded_at;
            let party = (e.customer_id, e.customer_name);
            refund(event, rows, party, (e.date, e.method, e.reference, e.amount));
        }
        CustomerPaymentEvent::CustomerPaymentReversed(e) => {
            let row = existing(rows, id)?;
            row.reverse(e.date, e.reason);
            row.updated_at = event.recorded_at;
        }
        CustomerPaymentEvent::CustomerPaymentErased(_) => erase(event, rows),
    }
    Ok(())
}

/// A refund to a customer has the id of its event.
fn refund(event: &RecordedEvent, rows: &mut Rows<'_, PaymentRow>, party: (String, Name), what: (Day, PaymentMethod, Reference, Money)) {
    let (date, method, reference, amount) = what;
    let id = event.event_id.to_string();
    let facts = Facts { id, direction: Direction::Made, kind: PaymentKind::Refund, party, date, method, reference, amount };
    rows.put(facts.id.clone(), PaymentRow::new(event, facts, Vec::new(), 0));
}

fn of_bill(event: &RecordedEvent, rows: &mut Rows<'_, PaymentRow>, e: BillEvent) -> Result<(), String> {
    match e {
        BillEvent::BillPaymentRecorded(e) => {
            let allocations = whole(event, &e.supplier_number, e.amount);
            let (direction, kind, party) = (Direction::Made, PaymentKind::Payment, (e.supplier_id, e.supplier_name));
            let facts = Facts {
                id: e.payment_id,
                direction,
                kind,
                party,
                date: e.date,
                method: e.method,
                reference: e.reference,
                amount: e.amount,
            };
            rows.put(facts.id.clone(), PaymentRow::new(event, facts, allocations, 0));
        }
        BillEvent::BillPaymentReversed(e) => {
            let row = existing(rows, &e.payment_id)?;
            row.reverse(e.date, e.reason);
            row.updated_at = event.recorded_at;
        }
        BillEvent::BillRefundRecorded(e) => {
            let allocations = whole(event, &e.supplier_number, e.amount);
            let (direction, kind, party) = (Direction::Received, PaymentKind::Refund, (e.supplier_id, e.supplier_name));
            let facts = Facts {
                id: e.payment_id,
                direction,
                kind,
                party,
                date: e.date,
                method: e.method,
                reference: e.reference,
                amount: e.amount,
            };
            rows.put(facts.id.clone(), PaymentRow::new(event, facts, allocations, 0));
        }
        BillEvent::BillSupplierErased(_) => erase(event, rows),
        _ => {}
    }
    Ok(())
}

fn erase(event: &RecordedEvent, rows: &mut Rows<'_, PaymentRow>) {
    for id in rows.matched() {
        if let Some(row) = rows.get_mut(&id) {
            row.party_name = erased_name();
            row.updated_at = event.recorded_at;
            row.index();
        }
    }
}

/// Fills the table.
pub struct PaymentList;

impl RowModel for PaymentList {
    type Row = PaymentRow;
    const PROJECTION: &'static str = "invoicing.payment_list";
    const TABLES: &'static [&'static str] = &["invoicing_payment_list"];
    const CONTEXTS: &'static [&'static str] = &["invoicing"];

    fn keys(event: &RecordedEvent) -> Result<Vec<RowKey>, String> {
        let recorded_on = || vec![RowKey::Where("document_id", vec![event.aggregate_id.clone()])];
        if let Some(e) = event_of::<Invoice>(event)? {
            return Ok(match e {
                InvoiceEvent::PaymentRecorded(e) if e.customer_payment_id.is_none() => RowKey::id(e.payment_id),
                InvoiceEvent::PaymentReversed(e) if e.customer_payment_id.is_none() => RowKey::id(e.payment_id),
                InvoiceEvent::PaymentRefunded(_) => RowKey::id(event.event_id.to_string()),
                InvoiceEvent::InvoiceCustomerErased(_) => recorded_on(),
                _ => Vec::new(),
            });
        }
        if let Some(e) = event_of::<Bill>(event)? {
            return Ok(match e {
                BillEvent::BillPaymentRecorded(e) => RowKey::id(e.payment_id),
                BillEvent::BillPaymentReversed(e) => RowKey::id(e.payment_id),
                BillEvent::BillRefundRecorded(e) => RowKey::id(e.payment_id),
                BillEvent::BillSupplierErased(_) => recorded_on(),
                _ => Vec::new(),
            });
        }
        if let Some(e) = event_of::<CustomerPayment>(event)? {
            return Ok(match e {
                CustomerPaymentEvent::CustomerPaymentErased(_) => recorded_on(),
                _ => RowKey::id(&event.aggregate_id),
            });
        }
        Ok(match event_of::<CustomerAccount>(event)? {
            Some(CustomerAccountEvent::CustomerCreditRefunded(_)) => RowKey::id(event.event_id.to_string()),
            Some(CustomerAccountEvent::CustomerAccountErased(_)) => recorded_on(),
            _ => Vec::new(),
        })
    }

    fn apply(event: &RecordedEvent, rows: &mut Rows<'_, PaymentRow>) -> Result<(), String> {
        if let Some(e) = event_of::<Invoice>(event)? {
            return of_invoice(event, rows, e);
        }
        if let Some(e) = event_of::<CustomerPayment>(event)? {
            return of_customer_payment(event, rows, e);
        }
        if let Some(e) = event_of::<Bill>(event)? {
            return of_bill(event, rows, e);
        }
        match event_of::<CustomerAccount>(event)? {
            Some(CustomerAccountEvent::CustomerCreditRefunded(e)) => {
                let party = (event.aggregate_id.clone(), e.customer_name);
                refund(event, rows, party, (e.date, e.method, e.reference, e.amount));
            }
            Some(CustomerAccountEvent::CustomerAccountErased(_)) => erase(event, rows),
            _ => {}
        }
        Ok(())
    }
}

/// `GET /v1/invoicing/payment-list`
pub const DEF: ReadModelDef = ReadModelDef {
    context: "invoicing",
    name: "payment-list",
    summary: "Payments and refunds, of customers and to suppliers.",
    table: "invoicing_payment_list",
    projection: PaymentList::PROJECTION,
    columns: &[
        Column::sorted("id", Text),
        Column::new("direction", Text),
        Column::new("kind", Text),
        Column::new("party_id", Text),
        Column::new("party_name", Text),
        Column::new("document_id", Text),
        Column::sorted("date", Date),
        Column::new("method", Text),
        Column::new("reference", Text),
        Column::new("currency", Text),
        Column::sorted("amount_minor", Integer),
        Column::new("unallocated_minor", Integer),
        Column::new("allocations", Json),
        Column::new("reversed", Boolean),
        Column::new("reversed_on", Date),
        Column::new("reason", Text),
        Column::new("created_at", Timestamp),
        Column::new("updated_at", Timestamp),
    ],
    default_sort: ("date", true),
    search: Some("search"),
    redirects: None,
    schema: |generator| PaymentRow::json_schema(generator),
};
