//! The payments: what is owed, what came in, what went back, and when the clock asks for it again.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::billing::payment::{
    ChargebackOutcome, Dispute, PAID_TWICE, Payment, PaymentEvent, PaymentRequested, PaymentStatus, Refund, RefundStatus,
};
use domain::kernel::{Day, Money, RecordedEvent, is_of};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::table::{Table, erases, of_erased};
use crate::model::ColumnKind::{Boolean, Date, Integer, Json, Text, Timestamp};
use crate::model::{Column, ReadModelDef};
use crate::runtime::{RowKey, RowModel, Rows, event_of};

/// Where a payment stands, with what has gone back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PaymentState {
    /// Waited for.
    Open,
    /// The payer must do something.
    ActionRequired,
    /// Held for us.
    Authorized,
    /// Ours.
    Captured,
    /// Some of it was given back.
    PartiallyRefunded,
    /// All of it was given back.
    Refunded,
    /// The payer's bank demands it back.
    Disputed,
    /// The payer's bank got it back.
    ChargedBack,
    /// Given up.
    GivenUp,
    /// Called off.
    Voided,
}

/// A payment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PaymentRow {
    /// The payment's id.
    pub id: String,
    /// Who pays.
    pub customer_id: String,
    /// What the payer is called; none after erasure.
    pub customer_name: Option<String>,
    /// The subscription that it is for.
    pub subscription_id: Option<String>,
    /// The invoice that it pays.
    pub invoice_id: Option<String>,
    /// What the payer reads.
    pub reference: Option<String>,
    /// Where it stands.
    pub status: PaymentState,
    /// How much is owed, in minor units.
    pub amount_minor: i64,
    /// ISO 4217 code of the currency.
    pub currency: String,
    /// What is held.
    pub authorized_minor: i64,
    /// What came in.
    pub captured_minor: i64,
    /// What went back.
    pub refunded_minor: i64,
    /// What is to go back.
    pub refund_requested_minor: i64,
    /// What banks demand back.
    pub disputed_minor: i64,
    /// What banks got back.
    pub charged_back_minor: i64,
    /// Refunds by id.
    pub refunds: BTreeMap<String, Refund>,
    /// Disputes by the provider's id.
    pub disputes: BTreeMap<String, Dispute>,
    /// The last day on which it is in time.
    pub due_on: Day,
    /// Whether it is overdue.
    pub overdue: bool,
    /// Since when.
    pub overdue_since: Option<DateTime<Utc>>,
    /// How often it was tried to be collected.
    pub attempt: u16,
    /// The step of dunning.
    pub step: u16,
    /// The provider's code of the last failure.
    pub error_code: Option<String>,
    /// What the provider said.
    pub error_message: Option<String>,
    /// Where the payer must do something.
    pub action_url: Option<String>,
    /// How it was paid.
    pub method: Option<String>,
    /// The provider's id.
    pub external_id: Option<String>,
    /// When it was asked for.
    pub requested_at: DateTime<Utc>,
    /// When it came in.
    pub captured_at: Option<DateTime<Utc>>,
    /// When the clock has a step of dunning to take, or what is held ends.
    pub due_at: Option<DateTime<Utc>>,
    /// The aggregate's version, for `If-Match`.
    pub version: i64,
    /// When the row changed last.
    pub updated_at: DateTime<Utc>,
}

impl PaymentRow {
    fn new(event: &RecordedEvent, e: PaymentRequested) -> Self {
        Self {
            id: event.aggregate_id.clone(),
            customer_id: e.customer_id,
            customer_name: Some(e.customer_name.into()),
            subscription_id: e.subscription_id,
            invoice_id: e.invoice_id,
            reference: e.reference.map(String::from),
            status: PaymentState::Open,
            amount_minor: e.amount.amount_minor,
            currency: e.amount.currency.to_string(),
            authorized_minor: 0,
            captured_minor: 0,
            refunded_minor: 0,
            refund_requested_minor: 0,
            disputed_minor: 0,
            charged_back_minor: 0,
            refunds: BTreeMap::new(),
            disputes: BTreeMap::new(),
            due_on: e.due_on,
            overdue: false,
            overdue_since: None,
            attempt: 1,
            step: 0,
            error_code: None,
            error_message: None,
            action_url: None,
            method: None,
            external_id: None,
            requested_at: event.recorded_at,
            captured_at: None,
            due_at: Some(e.due_at),
            version: event.sequence,
            updated_at: event.recorded_at,
        }
    }

    fn refund(&mut self, id: String, amount: Money, status: RefundStatus) {
        self.refunds.insert(id, Refund { amount_minor: amount.amount_minor, status });
        let sum = |wanted: RefundStatus| -> i64 {
            // What came twice never was part of the amount.
            let of_amount = self.refunds.iter().filter(|(id, refund)| refund.status == wanted && !id.starts_with(PAID_TWICE));
            of_amount.map(|(_, refund)| refund.amount_minor).sum()
        };
        (self.refunded_minor, self.refund_requested_minor) = (sum(RefundStatus::Completed), sum(RefundStatus::Requested));
    }

    fn dispute(&mut self, id: String, amount: Money, outcome: Option<ChargebackOutcome>) {
        self.disputes.insert(id, Dispute { amount_minor: amount.amount_minor, outcome });
        let sum = |wanted: Option<ChargebackOutcome>| -> i64 {
            self.disputes.values().filter(|dispute| dispute.outcome == wanted).map(|dispute| dispute.amount_minor).sum()
        };
        (self.disputed_minor, self.charged_back_minor) = (sum(None), sum(Some(ChargebackOutcome::Lost)));
    }

    fn stand(&mut self, status: PaymentStatus) {
        self.status = match status {
            PaymentStatus::Absent | PaymentStatus::Open => PaymentState::Open,
            PaymentStatus::ActionRequired => PaymentState::ActionRequired,
            PaymentStatus::Authorized => PaymentState::Authorized,
            PaymentStatus::GivenUp => PaymentState::GivenUp,
            PaymentStatus::Voided => PaymentState::Voided,
            PaymentStatus::Captured if self.disputed_minor > 0 => PaymentState::Disputed,
            PaymentStatus::Captured if self.charged_back_minor > 0 => PaymentState::ChargedBack,
            PaymentStatus::Captured if self.refunded_minor >= self.captured_minor => PaymentState::Refunded,
            PaymentStatus::Captured if self.refunded_minor > 0 => PaymentState::PartiallyRefunded,
            PaymentStatus::Captured => PaymentState::Captured,
        };
    }

    fn be_settled(&mut self) {
        (self.overdue, self.overdue_since, self.due_at, self.action_url) = (false, None, None, None);
    }

    fn follow(&mut self, e: PaymentEvent, at: DateTime<Utc>) {
        match e {
            // What is captured again goes back at once, under a refund of its own.
            PaymentEvent::PaymentRequested(_) | PaymentEvent::PaymentCaptureRequested(_) | PaymentEvent::PaymentCapturedAgain(_) => {}
            PaymentEvent::PaymentActionRequired(e) => {
                (self.external_id, self.action_url) = (Some(e.external_id.into()), e.url.map(String::from));
                self.stand(PaymentStatus::ActionRequired);
            }
            PaymentEvent::PaymentAuthorized(e) => {
                (self.external_id, self.authorized_minor) = (Some(e.external_id.into()), e.amount.amount_minor);
                self.due_at = e.expires_at;
                self.stand(PaymentStatus::Authorized);
            }
            PaymentEvent::PaymentCaptured(e) => {
                self.captured_minor = e.amount.amount_minor;
                self.captured_at = Some(e.captured_at);
                self.method = e.method.map(String::from);
                self.external_id = e.external_id.map(String::from).or_else(|| self.external_id.take());
                self.be_settled();
                self.stand(PaymentStatus::Captured);
            }
            PaymentEvent::PaymentAdjusted(e) => self.amount_minor = e.amount.amount_minor,
            PaymentEvent::PaymentFailed(e) => {
                self.due_at = e.next_at.or(self.due_at);
                (self.error_code, self.error_message) = (Some(e.code.into()), e.message.map(String::from));
                self.external_id = e.external_id.map(String::from).or_else(|| self.external_id.take());
                (self.authorized_minor, self.action_url) = (0, None);
                self.stand(PaymentStatus::Open);
            }
            PaymentEvent::PaymentOverdue(e) => (self.overdue, self.overdue_since, self.due_at) = (true, Some(at), Some(e.next_at)),
            PaymentEvent::PaymentDunned(e) => (self.step, self.attempt, self.due_at) = (e.step, e.attempt, Some(e.next_at)),
            PaymentEvent::PaymentGivenUp(_) => {
                self.due_at = None;
                self.stand(PaymentStatus::GivenUp);
            }
            PaymentEvent::PaymentVoided(_) => {
                self.be_settled();
                self.stand(PaymentStatus::Voided);
            }
            PaymentEvent::RefundRequested(e) => self.refund(e.refund_id, e.amount, RefundStatus::Requested),
            PaymentEvent::RefundCompleted(e) => {
                self.refund(e.refund_id, e.amount, RefundStatus::Completed);
                self.stand(PaymentStatus::Captured);
            }
            PaymentEvent::RefundFailed(e) => {
                self.refund(e.refund_id, e.amount, RefundStatus::Failed);
                self.stand(PaymentStatus::Captured);
            }
            PaymentEvent::ChargebackOpened(e) => {
                self.dispute(e.dispute_id.into(), e.amount, None);
                self.stand(PaymentStatus::Captured);
            }
            PaymentEvent::ChargebackClosed(e) => {
                self.dispute(e.dispute_id.into(), e.amount, Some(e.outcome));
                self.stand(PaymentStatus::Captured);
            }
        }
    }
}

pub(super) fn fold(event: &RecordedEvent, table: &mut impl Table<PaymentRow>) -> Result<(), String> {
    if erases(event)? {
        for id in table.matched() {
            table.existing(&id)?.customer_name = None;
        }
        return Ok(());
    }
    let id = &event.aggregate_id;
    match event_of::<Payment>(event)? {
        None => {}
        Some(PaymentEvent::PaymentRequested(e)) => table.put(id, PaymentRow::new(event, e)),
        Some(e) => {
            let row = table.existing(id)?;
            row.follow(e, event.recorded_at);
            row.version = event.sequence;
            row.updated_at = event.recorded_at;
        }
    }
    Ok(())
}

/// Fills the table.
pub struct PaymentList;

impl RowModel for PaymentList {
    type Row = PaymentRow;
    const PROJECTION: &'static str = "billing.payment_list";
    const TABLES: &'static [&'static str] = &["billing_payment_list"];
    const CONTEXTS: &'static [&'static str] = &["billing"];

    fn keys(event: &RecordedEvent) -> Result<Vec<RowKey>, String> {
        if is_of::<Payment>(event) {
            return Ok(RowKey::id(&event.aggregate_id));
        }
        Ok(if erases(event)? { of_erased(event) } else { Vec::new() })
    }

    fn apply(event: &RecordedEvent, rows: &mut Rows<'_, PaymentRow>) -> Result<(), String> {
        fold(event, rows)
    }
}

/// `GET /v1/billing/payment-list`
pub const DEF: ReadModelDef = ReadModelDef {
    context: "billing",
    name: "payment-list",
    summary: "Payments: what is owed, what came in, what went back, and what is overdue.",
    table: "billing_payment_list",
    projection: PaymentList::PROJECTION,
    columns: &[
        Column::sorted("id", Text),
        Column::new("customer_id", Text),
        Column::new("customer_name", Text),
        Column::new("subscription_id", Text),
        Column::new("invoice_id", Text),
        Column::new("reference", Text),
        Column::new("status", Text),
        Column::new("amount_minor", Integer),
        Column::new("currency", Text),
        Column::new("authorized_minor", Integer),
        Column::new("captured_minor", Integer),
        Column::new("refunded_minor", Integer),
        Column::new("refund_requested_minor", Integer),
        Column::new("disputed_minor", Integer),
        Column::new("charged_back_minor", Integer),
        Column::new("refunds", Json),
        Column::new("disputes", Json),
        Column::sorted("due_on", Date),
        Column::new("overdue", Boolean),
        Column::new("overdue_since", Timestamp),
        Column::new("attempt", Integer),
        Column::new("step", Integer),
        Column::new("error_code", Text),
        Column::new("error_message", Text),
        Column::new("action_url", Text),
        Column::new("method", Text),
        Column::new("external_id", Text),
        Column::sorted("requested_at", Timestamp),
        Column::new("captured_at", Timestamp),
        Column::new("due_at", Timestamp),
        Column::new("version", Integer),
        Column::new("updated_at", Timestamp),
    ],
    default_sort: ("requested_at", true),
    search: None,
    redirects: None,
    schema: |generator| PaymentRow::json_schema(generator),
};
