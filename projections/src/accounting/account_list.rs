//! The accounts, open and closed, with what holds have reserved.

use chrono::{DateTime, Utc};
use domain::accounting::account::{Account, AccountEvent, AccountOpened};
use domain::accounting::hold::{Hold, HoldEvent};
use domain::accounting::values::{AccountType, Control, Name, Side, Subtype};
use domain::kernel::{Currency, RecordedEvent, fold, is_of};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ledger;
use crate::model::ColumnKind::{Boolean, Integer, Text, Timestamp};
use crate::model::{Column, ReadModelDef};
use crate::runtime::{RowKey, RowModel, Rows, event_of};

/// An account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AccountRow {
    /// Its code.
    pub id: String,
    /// What people call it.
    pub name: Name,
    /// Where it stands in the statements.
    #[serde(rename = "type")]
    pub account_type: AccountType,
    /// The finer kind.
    pub subtype: Option<Subtype>,
    /// The currency of everything that is posted to it.
    pub currency: Currency,
    /// The side on which it increases.
    pub normal_side: Side,
    /// What it sums up, where it is a control account.
    pub control: Option<Control>,
    /// Whether postings are refused.
    pub closed: bool,
    /// How far below zero its balance may fall, in minor units; nothing where there is no limit.
    pub limit_minor: Option<i64>,
    /// What holds have reserved, in minor units.
    pub pending_minor: i64,
    /// The aggregate's version, for `If-Match`.
    pub version: i64,
    /// When it was opened.
    pub created_at: DateTime<Utc>,
    /// When the row changed last.
    pub updated_at: DateTime<Utc>,
    /// The words that it is found by.
    #[schemars(skip)]
    pub search: String,
}

impl AccountRow {
    fn new(event: &RecordedEvent, e: AccountOpened) -> Self {
        Self {
            id: event.aggregate_id.clone(),
            search: words(&event.aggregate_id, &e.name),
            name: e.name,
            account_type: e.account_type,
            subtype: e.subtype,
            currency: e.currency,
            normal_side: e.normal_side,
            control: e.subtype.and_then(Subtype::control),
            closed: false,
            limit_minor: e.limit_minor,
            pending_minor: 0,
            version: event.sequence,
            created_at: event.recorded_at,
            updated_at: event.recorded_at,
        }
    }

    fn follow(&mut self, e: AccountEvent) {
        match e {
            AccountEvent::AccountRenamed(e) => {
                self.search = words(&self.id, &e.name);
                self.name = e.name;
            }
            AccountEvent::AccountClosed(_) => self.closed = true,
            AccountEvent::AccountReopened(_) => self.closed = false,
            AccountEvent::AccountLimitSet(e) => self.limit_minor = Some(e.limit_minor),
            // What is posted and reserved is told by entries and holds, for accounts with and without a limit.
            AccountEvent::AccountOpened(_)
            | AccountEvent::AccountPosted(_)
            | AccountEvent::AccountReserved(_)
            | AccountEvent::AccountReleased(_) => {}
        }
    }
}

fn words(code: &str, name: &str) -> String {
    fold(&format!("{code} {name}"))
}

/// The account of a hold's event, and by how much more is reserved on it.
fn reserved(event: &RecordedEvent) -> Result<Option<(String, i64)>, String> {
    Ok(event_of::<Hold>(event)?.map(|event| match event {
        HoldEvent::HoldReserved(e) => (e.account.into(), e.amount.amount_minor),
        HoldEvent::HoldPosted(e) => (e.account.into(), -e.reserved.amount_minor),
        HoldEvent::HoldVoided(e) => (e.account.into(), -e.reserved.amount_minor),
        HoldEvent::HoldExpired(e) => (e.account.into(), -e.reserved.amount_minor),
    }))
}

/// Fills the table, as a part of the ledger.
pub struct AccountList;

impl RowModel for AccountList {
    type Row = AccountRow;
    const PROJECTION: &'static str = ledger::PROJECTION;
    const TABLES: &'static [&'static str] = &["accounting_account_list"];
    const CONTEXTS: &'static [&'static str] = &["accounting"];

    fn keys(event: &RecordedEvent) -> Result<Vec<RowKey>, String> {
        if is_of::<Account>(event) {
            return Ok(RowKey::id(&event.aggregate_id));
        }
        Ok(reserved(event)?.map(|(account, _)| RowKey::id(account)).unwrap_or_default())
    }

    fn apply(event: &RecordedEvent, rows: &mut Rows<'_, AccountRow>) -> Result<(), String> {
        let missing = |id: &str| format!("there is no account `{id}`");
        if let Some((account, change)) = reserved(event)? {
            let row = rows.get_mut(&account).ok_or_else(|| missing(&account))?;
            row.pending_minor += change;
            row.updated_at = event.recorded_at;
            return Ok(());
        }
        match event_of::<Account>(event)? {
            None => {}
            Some(AccountEvent::AccountOpened(e)) => rows.put(&event.aggregate_id, AccountRow::new(event, e)),
            Some(e) => {
                let row = rows.get_mut(&event.aggregate_id).ok_or_else(|| missing(&event.aggregate_id))?;
                row.follow(e);
                row.version = event.sequence;
                row.updated_at = event.recorded_at;
            }
        }
        Ok(())
    }
}

/// `GET /v1/accounting/account-list`
pub const DEF: ReadModelDef = ReadModelDef {
    context: "accounting",
    name: "account-list",
    summary: "The chart of accounts: accounts, open and closed, with what holds have reserved.",
    table: "accounting_account_list",
    projection: ledger::PROJECTION,
    columns: &[
        Column::sorted("id", Text),
        Column::new("name", Text),
        Column::new("type", Text),
        Column::new("subtype", Text),
        Column::new("currency", Text),
        Column::new("normal_side", Text),
        Column::new("control", Text),
        Column::new("closed", Boolean),
        Column::new("limit_minor", Integer),
        Column::new("pending_minor", Integer),
        Column::new("version", Integer),
        Column::new("created_at", Timestamp),
        Column::new("updated_at", Timestamp),
    ],
    default_sort: ("id", false),
    search: Some("search"),
    redirects: None,
    schema: |generator| AccountRow::json_schema(generator),
};
