//! What moved debts and credit, one row for each event: what statements, ageing and open amounts at any day are computed from.

use chrono::{DateTime, Utc};
use domain::invoicing::bill::{Bill, BillEvent};
use domain::invoicing::customer_account::{CustomerAccount, CustomerAccountEvent};
use domain::invoicing::customer_payment::{CustomerPayment, CustomerPaymentEvent};
use domain::invoicing::invoice::{Invoice, InvoiceEvent};
use domain::kernel::{Day, Money, RecordedEvent};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::ColumnKind::{Date, Integer, Text, Timestamp};
use crate::model::{Column, ReadModelDef};
use crate::runtime::{RowKey, RowModel, Rows, event_of};

/// Whose debt moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// A customer's to us.
    Receivable,
    /// Ours to a supplier.
    Payable,
}

/// What moved it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MovementKind {
    /// An invoice became final.
    Invoice,
    /// A bill was approved.
    Bill,
    /// A payment.
    Payment,
    /// A payment went back.
    PaymentReversed,
    /// Credit of the customer settled an invoice.
    CreditApplied,
    /// A credit note.
    CreditNote,
    /// An invoice or bill was voided.
    Void,
    /// What was open was given up.
    WriteOff,
    /// Money was paid back.
    Refund,
}

/// A movement of debt or credit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MovementRow {
    /// The event's id.
    pub id: String,
    /// Whose debt moved.
    pub side: Side,
    /// What moved it.
    pub kind: MovementKind,
    /// The customer or supplier.
    pub party_id: String,
    /// The invoice or bill whose open amount moved; none where only credit did.
    pub document_id: Option<String>,
    /// The number of the invoice, credit note or bill.
    pub number: Option<String>,
    /// What it is known by.
    pub reference: Option<String>,
    /// The day that counts.
    pub date: Day,
    /// ISO 4217 code of all amounts.
    pub currency: String,
    /// How the debt moved, in minor units: above 0, more is owed.
    pub amount_minor: i64,
    /// How the customer's credit moved: above 0, there is more of it.
    pub credit_minor: i64,
    /// The place of the event in the log, by which movements of one day are ordered.
    pub position: i64,
    /// When it was recorded.
    pub created_at: DateTime<Utc>,
}

/// What is said of a movement besides its event.
struct Moved {
    kind: MovementKind,
    party_id: String,
    number: Option<String>,
    reference: Option<String>,
    date: Day,
    amount: Money,
    credit_minor: i64,
}

impl Moved {
    fn new(kind: MovementKind, party_id: String, date: Day, amount: Money) -> Self {
        Self { kind, party_id, number: None, reference: None, date, amount, credit_minor: 0 }
    }

    fn number(self, number: impl Into<String>) -> Self {
        Self { number: Some(number.into()), ..self }
    }

    fn reference(self, reference: impl Into<String>) -> Self {
        Self { reference: Some(reference.into()), ..self }
    }

    fn credit(self, credit_minor: i64) -> Self {
        Self { credit_minor, ..self }
    }
}

fn minus(amount: Money) -> Money {
    Money::new(-amount.amount_minor, amount.currency)
}

fn of_invoice(e: InvoiceEvent) -> Option<Moved> {
    use MovementKind::{CreditApplied, CreditNote, Invoice, Payment, PaymentReversed, Refund, Void, WriteOff};
    Some(match e {
        InvoiceEvent::InvoiceFinalized(e) => Moved::new(Invoice, e.customer.customer_id, e.date, e.totals.gross).number(e.number),
        InvoiceEvent::PaymentRecorded(e) => {
            // The credit of a payment over several invoices is told by its own event.
            let moved = Moved::new(Payment, e.customer_id, e.date, minus(e.settlement.applied)).number(e.number).reference(e.reference);
            moved.credit(e.settlement.excess.amount_minor)
        }
        InvoiceEvent::PaymentReversed(e) => {
            let moved = Moved::new(PaymentReversed, e.customer_id, e.date, e.settlement.applied).number(e.number).reference(e.reference);
            moved.credit(-e.settlement.excess.amount_minor)
        }
        InvoiceEvent::PaymentRefunded(e) => {
            let moved = Moved::new(Refund, e.customer_id, e.date, e.settlement.applied).number(e.number).reference(e.reference);
            moved.credit(-e.settlement.excess.amount_minor)
        }
        InvoiceEvent::CreditApplied(e) => {
            let moved = Moved::new(CreditApplied, e.customer_id, e.date, minus(e.amount)).number(e.number).reference(e.reference);
            moved.credit(-e.amount.amount_minor)
        }
        InvoiceEvent::InvoiceCredited(e) => {
            let moved = Moved::new(CreditNote, e.customer.customer_id, e.date, minus(e.settlement.applied));
            moved.number(e.number).reference(e.reference).credit(e.settlement.excess.amount_minor)
        }
        InvoiceEvent::InvoiceVoided(e) => Moved::new(Void, e.customer_id, e.date, minus(e.totals.gross)).number(e.number),
        InvoiceEvent::InvoiceWrittenOff(e) => Moved::new(WriteOff, e.customer_id, e.date, minus(e.amount)).number(e.number),
        _ => return None,
    })
}

fn of_customer_payment(e: CustomerPaymentEvent) -> Option<Moved> {
    let (kind, party_id, date, reference, currency, credit_minor) = match e {
        CustomerPaymentEvent::CustomerPaymentReceived(e) => {
            (MovementKind::Payment, e.customer_id, e.date, e.reference, e.amount.currency, e.unallocated.amount_minor)
        }
        CustomerPaymentEvent::CustomerPaymentAllocated(e) => {
            let amount = e.allocation.amount;
            (MovementKind::CreditApplied, e.customer_id, e.date, e.reference, amount.currency, -amount.amount_minor)
        }
        CustomerPaymentEvent::CustomerPaymentRefunded(e) => {
            (MovementKind::Refund, e.customer_id, e.date, e.reference, e.amount.currency, -e.amount.amount_minor)
        }
        CustomerPaymentEvent::CustomerPaymentReversed(e) => {
            (MovementKind::PaymentReversed, e.customer_id, e.date, e.reference, e.amount.currency, -e.unallocated.amount_minor)
        }
        CustomerPaymentEvent::CustomerPaymentErased(_) => return None,
    };
    Some(Moved::new(kind, party_id, date, Money::new(0, currency)).reference(reference).credit(credit_minor))
}

fn of_bill(e: BillEvent) -> Option<Moved> {
    use MovementKind::{Bill, CreditNote, Payment, PaymentReversed, Refund, Void};
    Some(match e {
        BillEvent::BillApproved(e) => {
            Moved::new(Bill, e.header.supplier_id, e.header.date, e.totals.gross).number(e.header.supplier_number)
        }
        BillEvent::BillPaymentRecorded(e) => {
            Moved::new(Payment, e.supplier_id, e.date, minus(e.amount)).number(e.supplier_number).reference(e.reference)
        }
        BillEvent::BillPaymentReversed(e) => {
            Moved::new(PaymentReversed, e.supplier_id, e.date, e.amount).number(e.supplier_number).reference(e.reference)
        }
        BillEvent::BillCredited(e) => {
            Moved::new(CreditNote, e.supplier_id, e.date, minus(e.totals.gross)).number(e.supplier_number).reference(e.reference)
        }
        BillEvent::BillRefundRecorded(e) => {
            Moved::new(Refund, e.supplier_id, e.date, e.amount).number(e.supplier_number).reference(e.reference)
        }
        BillEvent::BillVoided(e) if e.was_approved => {
            Moved::new(Void, e.supplier_id, e.date, minus(e.totals.gross)).number(e.supplier_number)
        }
        _ => return None,
    })
}

fn moved(event: &RecordedEvent) -> Result<Option<(Side, Option<String>, Moved)>, String> {
    let document = || Some(event.aggregate_id.clone());
    if let Some(e) = event_of::<Invoice>(event)? {
        return Ok(of_invoice(e).map(|moved| (Side::Receivable, document(), moved)));
    }
    if let Some(e) = event_of::<CustomerPayment>(event)? {
        return Ok(of_customer_payment(e).map(|moved| (Side::Receivable, None, moved)));
    }
    if let Some(e) = event_of::<Bill>(event)? {
        return Ok(of_bill(e).map(|moved| (Side::Payable, document(), moved)));
    }
    Ok(match event_of::<CustomerAccount>(event)? {
        Some(CustomerAccountEvent::CustomerCreditRefunded(e)) => {
            let moved = Moved::new(MovementKind::Refund, event.aggregate_id.clone(), e.date, Money::new(0, e.amount.currency));
            Some((Side::Receivable, None, moved.reference(e.reference).credit(-e.amount.amount_minor)))
        }
        _ => None,
    })
}

/// Fills the table.
pub struct MovementList;

impl RowModel for MovementList {
    type Row = MovementRow;
    const PROJECTION: &'static str = "invoicing.movement_list";
    const TABLES: &'static [&'static str] = &["invoicing_movement_list"];
    const CONTEXTS: &'static [&'static str] = &["invoicing"];

    fn keys(event: &RecordedEvent) -> Result<Vec<RowKey>, String> {
        Ok(moved(event)?.map(|_| RowKey::id(event.event_id.to_string())).unwrap_or_default())
    }

    fn apply(event: &RecordedEvent, rows: &mut Rows<'_, MovementRow>) -> Result<(), String> {
        let Some((side, document_id, moved)) = moved(event)? else { return Ok(()) };
        // What settles and brings no credit, such as a payment that is wholly for what was written off, moves nothing.
        if moved.amount.amount_minor == 0 && moved.credit_minor == 0 {
            return Ok(());
        }
        let id = event.event_id.to_string();
        let row = MovementRow {
            id: id.clone(),
            side,
            kind: moved.kind,
            party_id: moved.party_id,
            document_id,
            number: moved.number,
            reference: moved.reference,
            date: moved.date,
            currency: moved.amount.currency.to_string(),
            amount_minor: moved.amount.amount_minor,
            credit_minor: moved.credit_minor,
            position: event.position,
            created_at: event.recorded_at,
        };
        rows.put(id, row);
        Ok(())
    }
}

/// `GET /v1/invoicing/movement-list`
pub const DEF: ReadModelDef = ReadModelDef {
    context: "invoicing",
    name: "movement-list",
    summary: "What moved the debts of customers and to suppliers, and customers' credit.",
    table: "invoicing_movement_list",
    projection: MovementList::PROJECTION,
    columns: &[
        Column::sorted("id", Text),
        Column::new("side", Text),
        Column::new("kind", Text),
        Column::new("party_id", Text),
        Column::new("document_id", Text),
        Column::new("number", Text),
        Column::new("reference", Text),
        Column::sorted("date", Date),
        Column::new("currency", Text),
        Column::new("amount_minor", Integer),
        Column::new("credit_minor", Integer),
        Column::new("position", Integer),
        Column::new("created_at", Timestamp),
    ],
    default_sort: ("date", true),
    search: None,
    redirects: None,
    schema: |generator| MovementRow::json_schema(generator),
};
