//! The customers, as they are billed.

use chrono::{DateTime, Utc};
use domain::billing::customer::{BillingProfile, Customer, CustomerEvent};
use domain::kernel::{RecordedEvent, is_of};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::table::Table;
use crate::model::ColumnKind::{Boolean, Integer, Text, Timestamp};
use crate::model::{Column, ReadModelDef};
use crate::runtime::{RowKey, RowModel, Rows, event_of};

/// A customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CustomerRow {
    /// The customer's id, that of the contact or company in the CRM.
    pub id: String,
    /// The name on bills; none after erasure.
    pub name: Option<String>,
    /// Where bills and reminders go.
    pub email: Option<String>,
    /// ISO 3166-1 alpha-2 code of the country.
    pub country: Option<String>,
    /// Tax number.
    pub tax_id: Option<String>,
    /// Whether bills are without tax.
    pub tax_exempt: bool,
    /// Whether what was personal was erased.
    pub erased: bool,
    /// The payment provider's id.
    pub external_id: Option<String>,
    /// The aggregate's version, for `If-Match`.
    pub version: i64,
    /// When it was registered.
    pub created_at: DateTime<Utc>,
    /// When the row changed last.
    pub updated_at: DateTime<Utc>,
}

impl CustomerRow {
    fn new(event: &RecordedEvent) -> Self {
        Self {
            id: event.aggregate_id.clone(),
            name: None,
            email: None,
            country: None,
            tax_id: None,
            tax_exempt: false,
            erased: false,
            external_id: None,
            version: event.sequence,
            created_at: event.recorded_at,
            updated_at: event.recorded_at,
        }
    }

    fn describe(&mut self, profile: BillingProfile) {
        let BillingProfile { name, email, country, tax_id, tax_exempt, .. } = profile;
        (self.name, self.email, self.country) = (Some(name.into()), email, country);
        (self.tax_id, self.tax_exempt) = (tax_id.map(String::from), tax_exempt);
    }
}

pub(super) fn fold(event: &RecordedEvent, table: &mut impl Table<CustomerRow>) -> Result<(), String> {
    let id = &event.aggregate_id;
    let e = match event_of::<Customer>(event)? {
        None => return Ok(()),
        Some(CustomerEvent::CustomerRegistered(e)) => {
            let mut row = CustomerRow::new(event);
            row.describe(e.profile);
            table.put(id, row);
            return Ok(());
        }
        Some(e) => e,
    };
    let row = table.existing(id)?;
    match e {
        CustomerEvent::CustomerRegistered(_) => {}
        CustomerEvent::CustomerUpdated(e) => row.describe(e.profile),
        CustomerEvent::CustomerLinked(e) => row.external_id = Some(e.external_id.into()),
        CustomerEvent::CustomerUnlinked(_) => row.external_id = None,
        CustomerEvent::CustomerErased(_) => {
            (row.name, row.email, row.country, row.tax_id, row.erased) = (None, None, None, None, true);
        }
    }
    row.version = event.sequence;
    row.updated_at = event.recorded_at;
    Ok(())
}

/// Fills the table.
pub struct CustomerList;

impl RowModel for CustomerList {
    type Row = CustomerRow;
    const PROJECTION: &'static str = "billing.customer_list";
    const TABLES: &'static [&'static str] = &["billing_customer_list"];
    const CONTEXTS: &'static [&'static str] = &["billing"];

    fn keys(event: &RecordedEvent) -> Result<Vec<RowKey>, String> {
        Ok(if is_of::<Customer>(event) { RowKey::id(&event.aggregate_id) } else { Vec::new() })
    }

    fn apply(event: &RecordedEvent, rows: &mut Rows<'_, CustomerRow>) -> Result<(), String> {
        fold(event, rows)
    }
}

/// `GET /v1/billing/customer-list`
pub const DEF: ReadModelDef = ReadModelDef {
    context: "billing",
    name: "customer-list",
    summary: "Customers as they are billed, and their ids at the payment provider.",
    table: "billing_customer_list",
    projection: CustomerList::PROJECTION,
    columns: &[
        Column::sorted("id", Text),
        Column::new("name", Text),
        Column::new("email", Text),
        Column::new("country", Text),
        Column::new("tax_id", Text),
        Column::new("tax_exempt", Boolean),
        Column::new("erased", Boolean),
        Column::new("external_id", Text),
        Column::new("version", Integer),
        Column::sorted("created_at", Timestamp),
        Column::new("updated_at", Timestamp),
    ],
    default_sort: ("created_at", true),
    search: None,
    redirects: None,
    schema: |generator| CustomerRow::json_schema(generator),
};
