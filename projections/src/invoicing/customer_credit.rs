//! The credit of customers, one row for each customer and currency.

use chrono::{DateTime, Utc};
use domain::invoicing::customer_account::{CustomerAccount, CustomerAccountEvent};
use domain::invoicing::values::{Name, erased_name};
use domain::kernel::{Money, RecordedEvent};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::table::existing;
use crate::model::ColumnKind::{Integer, Text, Timestamp};
use crate::model::{Column, ReadModelDef};
use crate::runtime::{RowKey, RowModel, Rows, event_of};

/// The credit of a customer in one currency.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CustomerCreditRow {
    /// `<customer>:<currency>`
    pub id: String,
    /// The customer.
    pub customer_id: String,
    /// The customer's name, as the last document had it.
    pub customer_name: Name,
    /// ISO 4217 code.
    pub currency: String,
    /// The credit, in minor units.
    pub credit_minor: i64,
    /// All credit that there ever was.
    pub added_minor: i64,
    /// What settled invoices or went back with a payment.
    pub used_minor: i64,
    /// What was paid back.
    pub refunded_minor: i64,
    /// When the row changed last.
    pub updated_at: DateTime<Utc>,
}

fn row_id(event: &RecordedEvent, amount: Money) -> String {
    format!("{}:{}", event.aggregate_id, amount.currency)
}

/// Fills the table.
pub struct CustomerCredit;

impl RowModel for CustomerCredit {
    type Row = CustomerCreditRow;
    const PROJECTION: &'static str = "invoicing.customer_credit";
    const TABLES: &'static [&'static str] = &["invoicing_customer_credit"];
    const CONTEXTS: &'static [&'static str] = &["invoicing"];

    fn keys(event: &RecordedEvent) -> Result<Vec<RowKey>, String> {
        Ok(match event_of::<CustomerAccount>(event)? {
            Some(CustomerAccountEvent::CustomerCreditAdded(e)) => RowKey::id(row_id(event, e.amount)),
            Some(CustomerAccountEvent::CustomerCreditUsed(e)) => RowKey::id(row_id(event, e.amount)),
            Some(CustomerAccountEvent::CustomerCreditRefunded(e)) => RowKey::id(row_id(event, e.amount)),
            Some(CustomerAccountEvent::CustomerAccountErased(_)) => vec![RowKey::Where("customer_id", vec![event.aggregate_id.clone()])],
            None => Vec::new(),
        })
    }

    fn apply(event: &RecordedEvent, rows: &mut Rows<'_, CustomerCreditRow>) -> Result<(), String> {
        match event_of::<CustomerAccount>(event)? {
            Some(CustomerAccountEvent::CustomerCreditAdded(e)) => {
                let id = row_id(event, e.amount);
                let before = rows.get(&id).cloned();
                let mut row = before.unwrap_or_else(|| CustomerCreditRow {
                    id: id.clone(),
                    customer_id: event.aggregate_id.clone(),
                    customer_name: e.customer_name.clone(),
                    currency: e.amount.currency.to_string(),
                    credit_minor: 0,
                    added_minor: 0,
                    used_minor: 0,
                    refunded_minor: 0,
                    updated_at: event.recorded_at,
                });
                row.customer_name = e.customer_name;
                row.credit_minor += e.amount.amount_minor;
                row.added_minor += e.amount.amount_minor;
                row.updated_at = event.recorded_at;
                rows.put(id, row);
            }
            Some(CustomerAccountEvent::CustomerCreditUsed(e)) => {
                let row = existing(rows, &row_id(event, e.amount))?;
                row.credit_minor -= e.amount.amount_minor;
                row.used_minor += e.amount.amount_minor;
                row.updated_at = event.recorded_at;
            }
            Some(CustomerAccountEvent::CustomerCreditRefunded(e)) => {
                let row = existing(rows, &row_id(event, e.amount))?;
                row.credit_minor -= e.amount.amount_minor;
                row.refunded_minor += e.amount.amount_minor;
                row.updated_at = event.recorded_at;
            }
            Some(CustomerAccountEvent::CustomerAccountErased(_)) => {
                for id in rows.matched() {
                    if let Some(row) = rows.get_mut(&id) {
                        row.customer_name = erased_name();
                        row.updated_at = event.recorded_at;
                    }
                }
            }
            None => {}
        }
        Ok(())
    }
}

/// `GET /v1/invoicing/customer-credit`
pub const DEF: ReadModelDef = ReadModelDef {
    context: "invoicing",
    name: "customer-credit",
    summary: "The credit of customers, by currency.",
    table: "invoicing_customer_credit",
    projection: CustomerCredit::PROJECTION,
    columns: &[
        Column::sorted("id", Text),
        Column::new("customer_id", Text),
        Column::new("customer_name", Text),
        Column::new("currency", Text),
        Column::sorted("credit_minor", Integer),
        Column::new("added_minor", Integer),
        Column::new("used_minor", Integer),
        Column::new("refunded_minor", Integer),
        Column::new("updated_at", Timestamp),
    ],
    default_sort: ("credit_minor", true),
    search: None,
    redirects: None,
    schema: |generator| CustomerCreditRow::json_schema(generator),
};
