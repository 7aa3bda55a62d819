//! The contacts in use.
//!
//! A merge removes the losers' rows; the survivor's row keeps their ids, so that they lead to it. An erased contact has no row.

use chrono::{DateTime, Utc};
use domain::crm::contact::{Contact, ContactEvent, ContactsMerged, Profile};
use domain::crm::values::{Address, CustomValues, Label, Name, Note};
use domain::kernel::RecordedEvent;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::table::{COMPANY_ID, CONTACT_ID, Moved, Table, moved, person, person_sorted, point, tag_words, words};
use crate::model::ColumnKind::{Integer, Json, List, Text, Timestamp};
use crate::model::{Column, ReadModelDef};
use crate::runtime::{RowKey, RowModel, Rows, event_of};
use domain::kernel::is_of;

/// A contact.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ContactRow {
    /// The contact's id.
    pub id: String,
    /// The name, or whatever else is known of who it is.
    pub display_name: String,
    /// What the list is sorted by: the family name first, folded.
    pub sort_name: String,
    /// Given name.
    pub given_name: Option<Name>,
    /// Family name.
    pub family_name: Option<Name>,
    /// Email address in lower case.
    pub email: Option<String>,
    /// Phone number in E.164.
    pub phone: Option<String>,
    /// Position in the company.
    pub job_title: Option<Name>,
    /// The company; follows merges of companies.
    pub company_id: Option<String>,
    /// The company's name as the source wrote it.
    pub company_name: Option<Name>,
    /// Postal address.
    pub address: Option<Address>,
    /// City of the address.
    pub city: Option<Name>,
    /// Country of the address.
    pub country: Option<Name>,
    /// Who looks after the contact.
    pub owner: Option<Name>,
    /// Where the contact came from.
    pub source: Option<Label>,
    /// Free labels.
    pub tags: Vec<Label>,
    /// Remarks.
    pub note: Option<Note>,
    /// Values of custom fields by key.
    pub custom: CustomValues,
    /// The contacts that were merged into this one; their ids lead here.
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

impl ContactRow {
    fn new(event: &RecordedEvent, profile: &Profile, company_id: Option<String>) -> Self {
        let mut row = Self {
            id: event.aggregate_id.clone(),
            display_name: String::new(),
            sort_name: String::new(),
            given_name: None,
            family_name: None,
            email: None,
            phone: None,
            job_title: None,
            company_id,
            company_name: None,
            address: None,
            city: None,
            country: None,
            owner: None,
            source: None,
            tags: Vec::new(),
            note: None,
            custom: CustomValues::new(),
            merged_ids: Vec::new(),
            version: event.sequence,
            created_at: event.recorded_at,
            updated_at: event.recorded_at,
            search: String::new(),
        };
        row.describe(profile);
        row
    }

    fn describe(&mut self, profile: &Profile) {
        let Profile { given_name, family_name, email, phone, job_title, company_name, address, owner, source, tags, note, custom } =
            profile.clone();
        let others = [email.as_deref(), phone.as_deref(), company_name.as_deref()];
        self.display_name = person(given_name.as_deref(), family_name.as_deref(), others);
        self.sort_name = person_sorted(given_name.as_deref(), family_name.as_deref(), others);
        self.city = address.as_ref().and_then(|address| address.city.clone());
        self.country = address.as_ref().and_then(|address| address.country.clone());
        let known = [&given_name, &family_name, &job_title, &company_name, &self.city].map(Option::as_deref);
        self.search = words(known.into_iter().chain([email.as_deref(), phone.as_deref()]).chain(tag_words(&tags)));
        (self.given_name, self.family_name, self.email, self.phone) = (given_name, family_name, email, phone);
        (self.job_title, self.company_name, self.address) = (job_title, company_name, address);
        (self.owner, self.source, self.tags, self.note, self.custom) = (owner, source, tags, note, custom);
    }
}

/// Where the merged contact works. The event names the company as a party of the merge knew it, perhaps by an id that was merged
/// since; the rows follow merges.
fn company_after(e: &ContactsMerged, survivor: &ContactRow, losers: &[ContactRow]) -> Option<String> {
    e.company_id.as_ref()?;
    let mut parties = std::iter::once(survivor).chain(losers);
    match e.choices.get(COMPANY_ID) {
        Some(chosen) => parties.find(|party| party.id == *chosen)?.company_id.clone(),
        None => parties.find_map(|party| party.company_id.clone()),
    }
}

fn merge(event: &RecordedEvent, e: &ContactsMerged, table: &mut impl Table<ContactRow>) -> Result<(), String> {
    let losers: Vec<ContactRow> = e.losers.iter().filter_map(|id| table.get(id).cloned()).collect();
    let row = table.existing(&event.aggregate_id)?;
    row.company_id = company_after(e, row, &losers);
    row.merged_ids.extend(e.losers.iter().cloned().chain(losers.into_iter().flat_map(|loser| loser.merged_ids)));
    row.describe(&e.profile);
    for id in &e.losers {
        table.remove(id);
    }
    Ok(())
}

pub(super) fn fold(event: &RecordedEvent, table: &mut impl Table<ContactRow>) -> Result<(), String> {
    if let Some(moved) = moved(event)?.filter(|moved| moved.column == COMPANY_ID) {
        for id in table.matched() {
            let row = table.existing(&id)?;
            point(&mut row.company_id, COMPANY_ID, &moved);
            row.updated_at = event.recorded_at;
        }
        return Ok(());
    }
    let id = &event.aggregate_id;
    match event_of::<Contact>(event)? {
        Some(ContactEvent::ContactRegistered(e)) => table.put(id, ContactRow::new(event, &e.profile, e.company_id)),
        Some(ContactEvent::ContactUpdated(e)) => table.existing(id)?.describe(&e.profile),
        Some(ContactEvent::ContactLinked(e)) => table.existing(id)?.company_id = Some(e.company_id),
        Some(ContactEvent::ContactUnlinked(_)) => table.existing(id)?.company_id = None,
        Some(ContactEvent::ContactsMerged(e)) => merge(event, &e, table)?,
        Some(ContactEvent::ContactErased(_)) => table.remove(id),
        // The survivor's event removes the row, after it has read it.
        Some(ContactEvent::ContactMergedAway(_)) | None => return Ok(()),
    }
    if let Some(row) = table.get_mut(id) {
        row.version = event.sequence;
        row.updated_at = event.recorded_at;
    }
    Ok(())
}

/// Fills the table.
pub struct ContactList;

impl RowModel for ContactList {
    type Row = ContactRow;
    const PROJECTION: &'static str = "crm.contact_list";
    const TABLES: &'static [&'static str] = &["crm_contact_list"];
    const CONTEXTS: &'static [&'static str] = &["crm"];

    fn keys(event: &RecordedEvent) -> Result<Vec<RowKey>, String> {
        let own = if is_of::<Contact>(event) { RowKey::id(&event.aggregate_id) } else { Vec::new() };
        Ok(match moved(event)? {
            Some(moved) if moved.column == COMPANY_ID => vec![moved.key()],
            Some(Moved { column: CONTACT_ID, from, .. }) => own.into_iter().chain(from.into_iter().map(RowKey::Id)).collect(),
            _ => own,
        })
    }

    fn apply(event: &RecordedEvent, rows: &mut Rows<'_, ContactRow>) -> Result<(), String> {
        fold(event, rows)
    }
}

/// `GET /v1/crm/contact-list`
pub const DEF: ReadModelDef = ReadModelDef {
    context: "crm",
    name: "contact-list",
    summary: "Contacts in use; the id of a merged contact leads to its survivor.",
    table: "crm_contact_list",
    projection: ContactList::PROJECTION,
    columns: &[
        Column::sorted("id", Text),
        Column::new("display_name", Text),
        Column::sorted("sort_name", Text),
        Column::new("given_name", Text),
        Column::new("family_name", Text),
        Column::new("email", Text),
        Column::new("phone", Text),
        Column::new("job_title", Text),
        Column::new("company_id", Text),
        Column::new("company_name", Text),
        Column::new("address", Json),
        Column::new("city", Text),
        Column::new("country", Text),
        Column::new("owner", Text),
        Column::new("source", Text),
        Column::new("tags", List),
        Column::new("note", Text),
        Column::new("custom", Json),
        Column::new("merged_ids", List),
        Column::new("version", Integer),
        Column::sorted("created_at", Timestamp),
        Column::new("updated_at", Timestamp),
    ],
    default_sort: ("created_at", true),
    search: Some("search"),
    redirects: Some("merged_ids"),
    schema: |generator| ContactRow::json_schema(generator),
};
