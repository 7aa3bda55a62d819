//! Which account plays which role, one row for each role and currency.

use chrono::{DateTime, Utc};
use domain::accounting::posting_profile::{PostingProfile, PostingProfileEvent};
use domain::accounting::values::Role;
use domain::kernel::{Currency, RecordedEvent};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ledger;
use crate::model::ColumnKind::{Text, Timestamp};
use crate::model::{Column, ReadModelDef};
use crate::runtime::{RowKey, RowModel, Rows, event_of};

/// A role and the account that plays it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PostingRoleRow {
    /// Role and currency, as in `bank.EUR`.
    pub id: String,
    /// The role.
    pub role: Role,
    /// The currency of the postings.
    pub currency: Currency,
    /// The account.
    pub account: String,
    /// Since when the account plays it.
    pub updated_at: DateTime<Utc>,
}

fn id_of(role: Role, currency: Currency) -> String {
    format!("{role}.{currency}")
}

/// Fills the table, as a part of the ledger.
pub struct PostingRoleList;

impl RowModel for PostingRoleList {
    type Row = PostingRoleRow;
    const PROJECTION: &'static str = ledger::PROJECTION;
    const TABLES: &'static [&'static str] = &["accounting_posting_role_list"];
    const CONTEXTS: &'static [&'static str] = &["accounting"];

    fn keys(event: &RecordedEvent) -> Result<Vec<RowKey>, String> {
        let Some(PostingProfileEvent::PostingRolesSet(e)) = event_of::<PostingProfile>(event)? else { return Ok(Vec::new()) };
        Ok(e.roles.keys().map(|role| RowKey::Id(id_of(*role, e.currency))).collect())
    }

    fn apply(event: &RecordedEvent, rows: &mut Rows<'_, PostingRoleRow>) -> Result<(), String> {
        let Some(PostingProfileEvent::PostingRolesSet(e)) = event_of::<PostingProfile>(event)? else { return Ok(()) };
        for (role, account) in e.roles {
            let id = id_of(role, e.currency);
            let row = PostingRoleRow { id: id.clone(), role, currency: e.currency, account: account.into(), updated_at: event.recorded_at };
            rows.put(id, row);
        }
        Ok(())
    }
}

/// `GET /v1/accounting/posting-role-list`
pub const DEF: ReadModelDef = ReadModelDef {
    context: "accounting",
    name: "posting-role-list",
    summary: "The posting profile: which account plays which role in which currency.",
    table: "accounting_posting_role_list",
    projection: ledger::PROJECTION,
    columns: &[
        Column::sorted("id", Text),
        Column::new("role", Text),
        Column::new("currency", Text),
        Column::new("account", Text),
        Column::new("updated_at", Timestamp),
    ],
    default_sort: ("id", false),
    search: None,
    redirects: None,
    schema: |generator| PostingRoleRow::json_schema(generator),
};
