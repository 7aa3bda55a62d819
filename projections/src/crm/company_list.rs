//! The companies in use.
//!
//! A merge removes the losers' rows; the survivor's row keeps their ids, so that they lead to it. An erased company has no row.

use chrono::{DateTime, Utc};
use domain::crm::company::{CompaniesMerged, Company, CompanyEvent, CompanyProfile, Website};
use domain::crm::values::{Address, CustomValues, Label, Name, Note, fold as folded};
use domain::kernel::RecordedEvent;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::table::{COMPANY_ID, Moved, Table, moved, tag_words, words};
use crate::model::ColumnKind::{Integer, Json, List, Text, Timestamp};
use crate::model::{Column, ReadModelDef};
use crate::runtime::{RowKey, RowModel, Rows, event_of};
use domain::kernel::is_of;

/// A company.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CompanyRow {
    /// The company's id.
    pub id: String,
    /// The name it goes by.
    pub name: Name,
    /// What the list is sorted by: the name, folded.
    pub sort_name: String,
    /// Web domain in lower case.
    pub domain: Option<String>,
    /// Website as it was given.
    pub website: Option<Website>,
    /// Line of business.
    pub industry: Option<Name>,
    /// Number of people employed.
    pub employees: Option<u32>,
    /// Revenue of a year, in minor units of its currency.
    pub annual_revenue_minor: Option<i64>,
    /// ISO 4217 code of the revenue's currency.
    pub annual_revenue_currency: Option<String>,
    /// Phone number in E.164.
    pub phone: Option<String>,
    /// Postal address.
    pub address: Option<Address>,
    /// City of the address.
    pub city: Option<Name>,
    /// Country of the address.
    pub country: Option<Name>,
    /// Who looks after the company.
    pub owner: Option<Name>,
    /// Free labels.
    pub tags: Vec<Label>,
    /// Remarks.
    pub note: Option<Note>,
    /// Values of custom fields by key.
    pub custom: CustomValues,
    /// The company that it belongs to; follows merges.
    pub parent_id: Option<String>,
    /// The companies that were merged into this one; their ids lead here.
    pub merged_ids: Vec<String>,
    /// The aggregate's version, for `If-Match`.
    pub version: i64,
    /// When it was registered.
    pub created_at: DateTime<Utc>,
    /// When the row changed last.
    pub updated_at: DateTime<Utc>,
    /// The words that it is found by.
    #[schemars(skip)]
    pub search: String,
}

impl CompanyRow {
    fn new(event: &RecordedEvent, profile: &CompanyProfile, parent_id: Option<String>) -> Self {
        let mut row = Self {
            id: event.aggregate_id.clone(),
            name: profile.name.clone(),
            sort_name: String::new(),
            domain: None,
            website: None,
            industry: None,
            employees: None,
            annual_revenue_minor: None,
            annual_revenue_currency: None,
            phone: None,
            address: None,
            city: None,
            country: None,
            owner: None,
            tags: Vec::new(),
            note: None,
            custom: CustomValues::new(),
            parent_id,
            merged_ids: Vec::new(),
            version: event.sequence,
            created_at: event.recorded_at,
            updated_at: event.recorded_at,
            search: String::new(),
        };
        row.describe(profile);
        row
    }

    fn describe(&mut self, profile: &CompanyProfile) {
        let CompanyProfile { name, domain, website, industry, employees, annual_revenue, phone, address, owner, tags, note, custom } =
            profile.clone();
        self.sort_name = folded(&name);
        self.city = address.as_ref().and_then(|address| address.city.clone());
        self.country = address.as_ref().and_then(|address| address.country.clone());
        let known = [Some(&*name), domain.as_deref(), industry.as_deref(), phone.as_deref(), self.city.as_deref()];
        self.search = words(known.into_iter().chain(tag_words(&tags)));
        self.annual_revenue_minor = annual_revenue.map(|revenue| revenue.amount_minor);
        self.annual_revenue_currency = annual_revenue.map(|revenue| revenue.currency.to_string());
        (self.name, self.domain, self.website, self.industry, self.employees) = (name, domain, website, industry, employees);
        (self.phone, self.address, self.owner, self.tags, self.note, self.custom) = (phone, address, owner, tags, note, custom);
    }
}

/// What the merged company belongs to. The event names the parent as a party of the merge knew it, perhaps by an id that was
/// merged since; the rows follow merges. A parent that takes part in the merge was passed over.
fn parent_after(e: &CompaniesMerged, survivor: &CompanyRow, losers: &[CompanyRow]) -> Option<String> {
    let named = e.parent_id.as_ref()?;
    let parties = || std::iter::once(survivor).chain(losers).filter(|party| e.choices.get("parent_id").is_none_or(|id| *id == party.id));
    if parties().any(|party| party.parent_id.as_ref() == Some(named)) {
        return Some(named.clone());
    }
    let takes_part = |id: &String| *id == survivor.id || e.losers.contains(id);
    parties().filter_map(|party| party.parent_id.clone()).find(|id| !takes_part(id))
}

fn merge(event: &RecordedEvent, e: &CompaniesMerged, table: &mut impl Table<CompanyRow>) -> Result<(), String> {
    let losers: Vec<CompanyRow> = e.losers.iter().filter_map(|id| table.get(id).cloned()).collect();
    let row = table.existing(&event.aggregate_id)?;
    row.parent_id = parent_after(e, row, &losers);
    row.merged_ids.extend(e.losers.iter().cloned().chain(losers.into_iter().flat_map(|loser| loser.merged_ids)));
    row.describe(&e.profile);
    for id in &e.losers {
        table.remove(id);
    }
    Ok(())
}

/// Gives the daughters of merged companies their new parent, and those of an erased company none.
fn repoint_daughters(event: &RecordedEvent, parent_id: Option<&String>, table: &mut impl Table<CompanyRow>) {
    for id in table.matched().into_iter().filter(|id| *id != event.aggregate_id) {
        // A daughter that took part in the merge has no row any more.
        if let Some(row) = table.get_mut(&id) {
            row.parent_id = parent_id.cloned();
            row.updated_at = event.recorded_at;
        }
    }
}

pub(super) fn fold(event: &RecordedEvent, table: &mut impl Table<CompanyRow>) -> Result<(), String> {
    let id = &event.aggregate_id;
    match event_of::<Company>(event)? {
        Some(CompanyEvent::CompanyRegistered(e)) => table.put(id, CompanyRow::new(event, &e.profile, e.parent_id)),
        Some(CompanyEvent::CompanyUpdated(e)) => table.existing(id)?.describe(&e.profile),
        Some(CompanyEvent::CompanyLinked(e)) => table.existing(id)?.parent_id = Some(e.parent_id),
        Some(CompanyEvent::CompanyUnlinked(_)) => table.existing(id)?.parent_id = None,
        Some(CompanyEvent::CompaniesMerged(e)) => {
            merge(event, &e, table)?;
            repoint_daughters(event, Some(id), table);
        }
        Some(CompanyEvent::CompanyErased(_)) => {
            table.remove(id);
            repoint_daughters(event, None, table);
        }
        // The survivor's event removes the row, after it has read it.
        Some(CompanyEvent::CompanyMergedAway(_)) | None => return Ok(()),
    }
    if let Some(row) = table.get_mut(id) {
        row.version = event.sequence;
        row.updated_at = event.recorded_at;
    }
    Ok(())
}

/// Fills the table.
pub struct CompanyList;

impl RowModel for CompanyList {
    type Row = CompanyRow;
    const PROJECTION: &'static str = "crm.company_list";
    const TABLES: &'static [&'static str] = &["crm_company_list"];
    const CONTEXTS: &'static [&'static str] = &["crm"];

    fn keys(event: &RecordedEvent) -> Result<Vec<RowKey>, String> {
        if !is_of::<Company>(event) {
            return Ok(Vec::new());
        }
        let mut keys = RowKey::id(&event.aggregate_id);
        if let Some(Moved { column: COMPANY_ID, from, .. }) = moved(event)? {
            keys.extend(from.iter().cloned().map(RowKey::Id));
            keys.push(RowKey::Where("parent_id", from));
        }
        Ok(keys)
    }

    fn apply(event: &RecordedEvent, rows: &mut Rows<'_, CompanyRow>) -> Result<(), String> {
        fold(event, rows)
    }
}

/// `GET /v1/crm/company-list`
pub const DEF: ReadModelDef = ReadModelDef {
    context: "crm",
    name: "company-list",
    summary: "Companies in use; the id of a merged company leads to its survivor.",
    table: "crm_company_list",
    projection: CompanyList::PROJECTION,
    columns: &[
        Column::sorted("id", Text),
        Column::new("name", Text),
        Column::sorted("sort_name", Text),
        Column::new("domain", Text),
        Column::new("website", Text),
        Column::new("industry", Text),
        Column::new("employees", Integer),
        Column::new("annual_revenue_minor", Integer),
        Column::new("annual_revenue_currency", Text),
        Column::new("phone", Text),
        Column::new("address", Json),
        Column::new("city", Text),
        Column::new("country", Text),
        Column::new("owner", Text),
        Column::new("tags", List),
        Column::new("note", Text),
        Column::new("custom", Json),
        Column::new("parent_id", Text),
        Column::new("merged_ids", List),
        Column::new("version", Integer),
        Column::sorted("created_at", Timestamp),
        Column::new("updated_at", Timestamp),
    ],
    default_sort: ("created_at", true),
    search: Some("search"),
    redirects: Some("merged_ids"),
    schema: |generator| CompanyRow::json_schema(generator),
};
