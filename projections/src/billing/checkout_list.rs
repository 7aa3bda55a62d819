//! The checkouts: pages of the payment provider that were asked for, their addresses, and what became of them.

use chrono::{DateTime, Utc};
use domain::billing::checkout::{Checkout, CheckoutEvent, CheckoutOpened, CheckoutStatus, Purpose};
use domain::kernel::{RecordedEvent, is_of};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::table::Table;
use crate::model::ColumnKind::{Integer, Text, Timestamp};
use crate::model::{Column, ReadModelDef};
use crate::runtime::{RowKey, RowModel, Rows, event_of};

/// A checkout.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CheckoutRow {
    /// The checkout's id; the subscription has it too.
    pub id: String,
    /// What the page is for: `subscription` or `portal`.
    pub kind: String,
    /// Who buys.
    pub customer_id: String,
    /// The plan.
    pub plan_id: Option<String>,
    /// Seats or units.
    pub quantity: Option<u32>,
    /// Where it stands.
    pub status: CheckoutStatus,
    /// The page's address, once it is there.
    pub url: Option<String>,
    /// The provider's id.
    pub external_id: Option<String>,
    /// The provider's id of the subscription that was bought.
    pub external_subscription: Option<String>,
    /// Until when the page is there.
    pub expires_at: Option<DateTime<Utc>>,
    /// Why it failed: `expired`, `not_configured`, or the provider's code.
    pub error_code: Option<String>,
    /// What the provider said.
    pub error_message: Option<String>,
    /// When it was asked for.
    pub opened_at: DateTime<Utc>,
    /// The aggregate's version, for `If-Match`.
    pub version: i64,
    /// When the row changed last.
    pub updated_at: DateTime<Utc>,
}

fn opened(event: &RecordedEvent, e: CheckoutOpened) -> CheckoutRow {
    let (kind, plan_id, quantity) = match e.purpose {
        Purpose::Subscription { plan_id, quantity, .. } => ("subscription", Some(plan_id), Some(quantity)),
        Purpose::Portal => ("portal", None, None),
    };
    CheckoutRow {
        id: event.aggregate_id.clone(),
        kind: kind.to_owned(),
        customer_id: e.customer_id,
        plan_id,
        quantity,
        status: CheckoutStatus::Opened,
        url: None,
        external_id: None,
        external_subscription: None,
        expires_at: None,
        error_code: None,
        error_message: None,
        opened_at: event.recorded_at,
        version: event.sequence,
        updated_at: event.recorded_at,
    }
}

pub(super) fn fold(event: &RecordedEvent, table: &mut impl Table<CheckoutRow>) -> Result<(), String> {
    let id = &event.aggregate_id;
    let e = match event_of::<Checkout>(event)? {
        None => return Ok(()),
        Some(CheckoutEvent::CheckoutOpened(e)) => {
            table.put(id, opened(event, e));
            return Ok(());
        }
        Some(e) => e,
    };
    let row = table.existing(id)?;
    match e {
        CheckoutEvent::CheckoutOpened(_) => {}
        CheckoutEvent::CheckoutReady(e) => {
            (row.status, row.url, row.expires_at) = (CheckoutStatus::Ready, Some(e.url.into()), e.expires_at);
            row.external_id = Some(e.external_id.into());
        }
        CheckoutEvent::CheckoutCompleted(e) => {
            (row.status, row.external_subscription) = (CheckoutStatus::Completed, e.external_subscription.map(String::from));
            (row.error_code, row.error_message) = (None, None);
        }
        CheckoutEvent::CheckoutFailed(e) => {
            row.status = CheckoutStatus::Failed;
            (row.error_code, row.error_message) = (Some(e.code.into()), e.message.map(String::from));
        }
    }
    row.version = event.sequence;
    row.updated_at = event.recorded_at;
    Ok(())
}

/// Fills the table.
pub struct CheckoutList;

impl RowModel for CheckoutList {
    type Row = CheckoutRow;
    const PROJECTION: &'static str = "billing.checkout_list";
    const TABLES: &'static [&'static str] = &["billing_checkout_list"];
    const CONTEXTS: &'static [&'static str] = &["billing"];

    fn keys(event: &RecordedEvent) -> Result<Vec<RowKey>, String> {
        Ok(if is_of::<Checkout>(event) { RowKey::id(&event.aggregate_id) } else { Vec::new() })
    }

    fn apply(event: &RecordedEvent, rows: &mut Rows<'_, CheckoutRow>) -> Result<(), String> {
        fold(event, rows)
    }
}

/// `GET /v1/billing/checkout-list`
pub const DEF: ReadModelDef = ReadModelDef {
    context: "billing",
    name: "checkout-list",
    summary: "Pages of the payment provider that were asked for, with their addresses.",
    table: "billing_checkout_list",
    projection: CheckoutList::PROJECTION,
    columns: &[
        Column::sorted("id", Text),
        Column::new("kind", Text),
        Column::new("customer_id", Text),
        Column::new("plan_id", Text),
        Column::new("quantity", Integer),
        Column::new("status", Text),
        Column::new("url", Text),
        Column::new("external_id", Text),
        Column::new("external_subscription", Text),
        Column::new("expires_at", Timestamp),
        Column::new("error_code", Text),
        Column::new("error_message", Text),
        Column::sorted("opened_at", Timestamp),
        Column::new("version", Integer),
        Column::new("updated_at", Timestamp),
    ],
    default_sort: ("opened_at", true),
    search: None,
    redirects: None,
    schema: |generator| CheckoutRow::json_schema(generator),
};
