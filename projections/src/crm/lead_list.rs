//! The leads, with how promising they are and why. An erased lead has no row.

use chrono::{DateTime, Utc};
use domain::crm::activity::{Activity, ActivityEvent};
use domain::crm::lead::{Lead, LeadConverted, LeadEvent, LeadProfile};
use domain::crm::values::{Address, CustomValues, Label, Name, Note};
use domain::kernel::{Day, RecordedEvent, Text as Bounded};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::lead_score::{self, Evidence, ScoreReason};
use super::table::{COMPANY_ID, CONTACT_ID, LEAD_ID, Table, moved, person, point, tag_words, words};
use crate::model::ColumnKind::{Date, Integer, Json, List, Text, Timestamp};
use crate::model::{Column, ReadModelDef};
use crate::runtime::{RowKey, RowModel, Rows, event_of};
use domain::kernel::is_of;

/// Where a lead stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LeadStage {
    /// Nobody works on it yet.
    New,
    /// Someone works on it.
    Working,
    /// Worth a sales effort.
    Qualified,
    /// A contact by now.
    Converted,
    /// Waiting to be assigned again.
    Recycled,
    /// Not a future customer.
    Disqualified,
}

/// A lead.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LeadRow {
    /// The lead's id.
    pub id: String,
    /// The name, or whatever else is known of who it is.
    pub display_name: String,
    /// Where it stands.
    pub status: LeadStage,
    /// Why it was qualified, recycled or disqualified.
    pub status_reason: Option<String>,
    /// Since when it stands there.
    pub status_changed_at: DateTime<Utc>,
    /// The day until which a recycled lead rests.
    pub rest_until: Option<Day>,
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
    /// The company's name.
    pub company_name: Option<Name>,
    /// The company's website.
    pub website: Option<Bounded<2000>>,
    /// Postal address.
    pub address: Option<Address>,
    /// City of the address.
    pub city: Option<Name>,
    /// Country of the address.
    pub country: Option<Name>,
    /// Who works on it.
    pub owner: Option<Name>,
    /// Where it came from.
    pub source: Option<Label>,
    /// Free labels.
    pub tags: Vec<Label>,
    /// Remarks.
    pub note: Option<Note>,
    /// Values of custom fields by key.
    pub custom: CustomValues,
    /// What a sale may bring, in minor units of its currency.
    pub estimated_value_minor: Option<i64>,
    /// ISO 4217 code of the currency of the estimate.
    pub estimated_value_currency: Option<String>,
    /// How promising it is, 0 to 100.
    pub score: i32,
    /// The version of the rules that gave the score.
    pub score_version: i32,
    /// Where the points come from.
    pub score_reasons: Vec<ScoreReason>,
    /// How many activities were planned for it.
    pub activities: i32,
    /// When the last of them was planned.
    pub last_activity_at: Option<DateTime<Utc>>,
    /// The contact that it became; follows merges.
    pub contact_id: Option<String>,
    /// The company of its conversion; follows merges.
    pub company_id: Option<String>,
    /// The deal that its conversion opened.
    pub deal_id: Option<String>,
    /// The aggregate's version, for `If-Match`.
    pub version: i64,
    /// When it came in.
    pub created_at: DateTime<Utc>,
    /// When the row changed last.
    pub updated_at: DateTime<Utc>,
    /// The words that it is found by.
    #[schemars(skip)]
    pub search: String,
}

impl LeadRow {
    fn new(event: &RecordedEvent, profile: &LeadProfile, owner: Option<Name>) -> Self {
        let status = if owner.is_some() { LeadStage::Working } else { LeadStage::New };
        let mut row = Self {
            id: event.aggregate_id.clone(),
            display_name: String::new(),
            status,
            status_reason: None,
            status_changed_at: event.recorded_at,
            rest_until: None,
            given_name: None,
            family_name: None,
            email: None,
            phone: None,
            job_title: None,
            company_name: None,
            website: None,
            address: None,
            city: None,
            country: None,
            owner,
            source: None,
            tags: Vec::new(),
            note: None,
            custom: CustomValues::new(),
            estimated_value_minor: None,
            estimated_value_currency: None,
            score: 0,
            score_version: lead_score::VERSION,
            score_reasons: Vec::new(),
            activities: 0,
            last_activity_at: None,
            contact_id: None,
            company_id: None,
            deal_id: None,
            version: event.sequence,
            created_at: event.recorded_at,
            updated_at: event.recorded_at,
            search: String::new(),
        };
        row.describe(profile);
        row
    }

    fn describe(&mut self, profile: &LeadProfile) {
        let LeadProfile { given_name, family_name, email, phone, company_name, job_title, website, address, source, tags, note, custom } =
            profile.clone();
        let others = [company_name.as_deref(), email.as_deref(), phone.as_deref()];
        self.display_name = person(given_name.as_deref(), family_name.as_deref(), others);
        self.city = address.as_ref().and_then(|address| address.city.clone());
        self.country = address.as_ref().and_then(|address| address.country.clone());
        let known = [&given_name, &family_name, &job_title, &company_name, &self.city].map(Option::as_deref);
        self.search = words(known.into_iter().chain([email.as_deref(), phone.as_deref()]).chain(tag_words(&tags)));
        (self.given_name, self.family_name, self.email, self.phone) = (given_name, family_name, email, phone);
        (self.job_title, self.company_name, self.website, self.address) = (job_title, company_name, website, address);
        (self.source, self.tags, self.note, self.custom) = (source, tags, note, custom);
    }

    fn rate(&mut self) {
        let (score, reasons) = lead_score::score(&Evidence {
            email: self.email.as_deref(),
            phone: self.phone.as_deref(),
            company_name: self.company_name.as_deref(),
            website: self.website.as_deref(),
            job_title: self.job_title.as_deref(),
            source: self.source.as_deref(),
            value_estimated: self.estimated_value_minor.is_some(),
            activities: self.activities,
        });
        (self.score, self.score_version, self.score_reasons) = (score, lead_score::VERSION, reasons);
    }

    fn stand(&mut self, status: LeadStage, reason: Option<&str>, event: &RecordedEvent) {
        if self.status != status {
            self.status_changed_at = event.recorded_at;
        }
        self.status = status;
        self.status_reason = reason.map(str::to_owned);
        self.rest_until = None;
    }

    fn convert(&mut self, e: LeadConverted, event: &RecordedEvent) {
        self.stand(LeadStage::Converted, None, event);
        (self.contact_id, self.company_id, self.deal_id) = (Some(e.contact_id), e.company_id, e.deal_id);
    }

    fn follow(&mut self, e: LeadEvent, event: &RecordedEvent) {
        match e {
            LeadEvent::LeadUpdated(e) => self.describe(&e.profile),
            LeadEvent::LeadAssigned(e) => {
                self.owner = Some(e.owner);
                // A qualified lead stays qualified, whoever works on it.
                if self.status != LeadStage::Qualified {
                    self.stand(LeadStage::Working, None, event);
                }
            }
            LeadEvent::LeadQualified(e) => {
                self.stand(LeadStage::Qualified, e.note.as_deref(), event);
                self.estimated_value_minor = e.estimated_value.map(|value| value.amount_minor);
                self.estimated_value_currency = e.estimated_value.map(|value| value.currency.to_string());
            }
            LeadEvent::LeadConverted(e) => self.convert(e, event),
            LeadEvent::LeadRecycled(e) => {
                self.stand(LeadStage::Recycled, Some(&e.reason), event);
                self.rest_until = e.until;
            }
            LeadEvent::LeadDisqualified(e) => self.stand(LeadStage::Disqualified, Some(&e.reason), event),
            LeadEvent::LeadCaptured(_) | LeadEvent::LeadErased(_) => {}
        }
        self.version = event.sequence;
    }
}

/// The lead that a newly planned activity is about.
fn planned_for(event: &RecordedEvent) -> Result<Option<String>, String> {
    // Most activities' events are of no interest here; only those that name a lead are worth decoding.
    if !is_of::<Activity>(event) || event.event_type != "activity_scheduled" {
        return Ok(None);
    }
    match event_of::<Activity>(event)? {
        Some(ActivityEvent::ActivityScheduled(e)) => Ok(e.about.lead_id),
        _ => Ok(None),
    }
}

pub(super) fn fold(event: &RecordedEvent, table: &mut impl Table<LeadRow>) -> Result<(), String> {
    if let Some(lead_id) = planned_for(event)? {
        if let Some(row) = table.get_mut(&lead_id) {
            row.activities += 1;
            row.last_activity_at = Some(event.recorded_at);
            row.rate();
            row.updated_at = event.recorded_at;
        }
        return Ok(());
    }
    if let Some(moved) = moved(event)?.filter(|moved| moved.column != LEAD_ID) {
        for id in table.matched() {
            let row = table.existing(&id)?;
            point(&mut row.contact_id, CONTACT_ID, &moved);
            point(&mut row.company_id, COMPANY_ID, &moved);
            row.updated_at = event.recorded_at;
        }
        return Ok(());
    }
    let id = &event.aggregate_id;
    match event_of::<Lead>(event)? {
        None => return Ok(()),
        Some(LeadEvent::LeadCaptured(e)) => table.put(id, LeadRow::new(event, &e.profile, e.owner)),
        Some(LeadEvent::LeadErased(_)) => table.remove(id),
        Some(e) => table.existing(id)?.follow(e, event),
    }
    if let Some(row) = table.get_mut(id) {
        row.rate();
        row.updated_at = event.recorded_at;
    }
    Ok(())
}

/// Fills the table.
pub struct LeadList;

impl RowModel for LeadList {
    type Row = LeadRow;
    const PROJECTION: &'static str = "crm.lead_list";
    const TABLES: &'static [&'static str] = &["crm_lead_list"];
    const CONTEXTS: &'static [&'static str] = &["crm"];

    fn keys(event: &RecordedEvent) -> Result<Vec<RowKey>, String> {
        if is_of::<Lead>(event) {
            return Ok(RowKey::id(&event.aggregate_id));
        }
        if let Some(lead_id) = planned_for(event)? {
            return Ok(RowKey::id(lead_id));
        }
        Ok(moved(event)?.map(|moved| vec![moved.key()]).unwrap_or_default())
    }

    fn apply(event: &RecordedEvent, rows: &mut Rows<'_, LeadRow>) -> Result<(), String> {
        fold(event, rows)
    }
}

/// `GET /v1/crm/lead-list`
pub const DEF: ReadModelDef = ReadModelDef {
    context: "crm",
    name: "lead-list",
    summary: "Leads, with how promising they are and why.",
    table: "crm_lead_list",
    projection: LeadList::PROJECTION,
    columns: &[
        Column::sorted("id", Text),
        Column::new("display_name", Text),
        Column::new("status", Text),
        Column::new("status_reason", Text),
        Column::new("status_changed_at", Timestamp),
        Column::new("rest_until", Date),
        Column::new("given_name", Text),
        Column::new("family_name", Text),
        Column::new("email", Text),
        Column::new("phone", Text),
        Column::new("job_title", Text),
        Column::new("company_name", Text),
        Column::new("website", Text),
        Column::new("address", Json),
        Column::new("city", Text),
        Column::new("country", Text),
        Column::new("owner", Text),
        Column::new("source", Text),
        Column::new("tags", List),
        Column::new("note", Text),
        Column::new("custom", Json),
        Column::new("estimated_value_minor", Integer),
        Column::new("estimated_value_currency", Text),
        Column::sorted("score", Integer),
        Column::new("score_version", Integer),
        Column::new("score_reasons", Json),
        Column::new("activities", Integer),
        Column::new("last_activity_at", Timestamp),
        Column::new("contact_id", Text),
        Column::new("company_id", Text),
        Column::new("deal_id", Text),
        Column::new("version", Integer),
        Column::sorted("created_at", Timestamp),
        Column::new("updated_at", Timestamp),
    ],
    default_sort: ("created_at", true),
    search: Some("search"),
    redirects: None,
    schema: |generator| LeadRow::json_schema(generator),
};
