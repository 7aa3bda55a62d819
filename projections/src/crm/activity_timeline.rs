//! Activities, as they stand in the timeline of a contact, a company, a deal or a lead.
//!
//! References follow merges. When a record is erased, activities about nothing else go with it; others lose the reference and what
//! people wrote down, which may be about the person.

use chrono::{DateTime, Utc};
use domain::crm::activity::{Activity, ActivityEvent, ActivityKind, ActivityScheduled};
use domain::crm::lead::{Lead, LeadConverted, LeadEvent};
use domain::crm::values::{Name, Note};
use domain::kernel::RecordedEvent;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::table::{COMPANY_ID, CONTACT_ID, LEAD_ID, Moved, Table, moved, point, words};
use crate::model::ColumnKind::{Integer, Text, Timestamp};
use crate::model::{Column, ReadModelDef};
use crate::runtime::{RowKey, RowModel, Rows, event_of};
use domain::kernel::is_of;

/// Where an activity stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ActivityState {
    /// To be done.
    Scheduled,
    /// Done.
    Completed,
    /// Called off.
    Cancelled,
}

/// An activity.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ActivityRow {
    /// The activity's id.
    pub id: String,
    /// What is done.
    pub kind: ActivityKind,
    /// What it is for.
    pub subject: Name,
    /// Where it stands.
    pub status: ActivityState,
    /// Its place in the timeline: when it was done, else when it is due.
    pub at: DateTime<Utc>,
    /// When it begins or has to be done.
    pub due_at: DateTime<Utc>,
    /// How long it takes.
    pub duration_minutes: Option<u32>,
    /// When it was done.
    pub completed_at: Option<DateTime<Utc>>,
    /// What came of it.
    pub outcome: Option<Note>,
    /// Why it was called off.
    pub cancel_reason: Option<Name>,
    /// Who does it.
    pub assignee: Option<Name>,
    /// The contact that it is about; follows merges.
    pub contact_id: Option<String>,
    /// The company that it is about; follows merges.
    pub company_id: Option<String>,
    /// The deal that it is about.
    pub deal_id: Option<String>,
    /// The lead that it is about.
    pub lead_id: Option<String>,
    /// Remarks.
    pub note: Option<Note>,
    /// The aggregate's version, for `If-Match`.
    pub version: i64,
    /// When it was planned.
    pub created_at: DateTime<Utc>,
    /// When the row changed last.
    pub updated_at: DateTime<Utc>,
    /// The words that it is found by.
    #[schemars(skip)]
    pub search: String,
}

impl ActivityRow {
    fn new(event: &RecordedEvent, e: ActivityScheduled) -> Self {
        Self {
            id: event.aggregate_id.clone(),
            kind: e.kind,
            search: words([Some(&*e.subject), e.assignee.as_deref()]),
            subject: e.subject,
            status: ActivityState::Scheduled,
            at: e.due_at.0,
            due_at: e.due_at.0,
            duration_minutes: e.duration_minutes,
            completed_at: None,
            outcome: None,
            cancel_reason: None,
            assignee: e.assignee,
            contact_id: e.about.contact_id,
            company_id: e.about.company_id,
            deal_id: e.about.deal_id,
            lead_id: e.about.lead_id,
            note: e.note,
            version: event.sequence,
            created_at: event.recorded_at,
            updated_at: event.recorded_at,
        }
    }

    fn follow(&mut self, e: ActivityEvent) {
        match e {
            ActivityEvent::ActivityScheduled(_) => {}
            ActivityEvent::ActivityRescheduled(e) => {
                (self.at, self.due_at) = (e.due_at.0, e.due_at.0);
                self.duration_minutes = e.duration_minutes;
            }
            ActivityEvent::ActivityReassigned(e) => {
                self.search = words([Some(&*self.subject), Some(&*e.assignee)]);
                self.assignee = Some(e.assignee);
            }
            ActivityEvent::ActivityCompleted(e) => {
                self.status = ActivityState::Completed;
                (self.at, self.completed_at, self.outcome) = (e.completed_at, Some(e.completed_at), e.outcome);
            }
            ActivityEvent::ActivityCancelled(e) => {
                self.status = ActivityState::Cancelled;
                self.cancel_reason = e.reason;
            }
        }
    }

    /// Points the references elsewhere, or ends them. `false` where the activity is about nothing any more.
    fn repoint(&mut self, moved: &Moved) -> bool {
        point(&mut self.contact_id, CONTACT_ID, moved);
        point(&mut self.company_id, COMPANY_ID, moved);
        point(&mut self.lead_id, LEAD_ID, moved);
        if moved.to.is_none() {
            (self.note, self.outcome) = (None, None);
        }
        [&self.contact_id, &self.company_id, &self.deal_id, &self.lead_id].into_iter().any(Option::is_some)
    }

    /// What was done for a lead belongs to the history of what it became.
    fn convert(&mut self, e: &LeadConverted) {
        self.contact_id.get_or_insert_with(|| e.contact_id.clone());
        self.company_id = self.company_id.take().or_else(|| e.company_id.clone());
        self.deal_id = self.deal_id.take().or_else(|| e.deal_id.clone());
    }
}

/// The conversion of a lead, where the event is one.
fn converted(event: &RecordedEvent) -> Result<Option<LeadConverted>, String> {
    if !is_of::<Lead>(event) || event.event_type != "lead_converted" {
        return Ok(None);
    }
    match event_of::<Lead>(event)? {
        Some(LeadEvent::LeadConverted(e)) => Ok(Some(e)),
        _ => Ok(None),
    }
}

pub(super) fn fold(event: &RecordedEvent, table: &mut impl Table<ActivityRow>) -> Result<(), String> {
    let (conversion, moved) = (converted(event)?, moved(event)?);
    for id in table.matched() {
        let row = table.existing(&id)?;
        row.updated_at = event.recorded_at;
        if let Some(e) = &conversion {
            row.convert(e);
        }
        if moved.as_ref().is_some_and(|moved| !row.repoint(moved)) {
            table.remove(&id);
        }
    }
    let id = &event.aggregate_id;
    match event_of::<Activity>(event)? {
        None => {}
        Some(ActivityEvent::ActivityScheduled(e)) => table.put(id, ActivityRow::new(event, e)),
        Some(e) => {
            // An activity that was about an erased record only has no row any more, and may still be completed.
            if let Some(row) = table.get_mut(id) {
                row.follow(e);
                row.version = event.sequence;
                row.updated_at = event.recorded_at;
            }
        }
    }
    Ok(())
}

/// Fills the table.
pub struct ActivityTimeline;

impl RowModel for ActivityTimeline {
    type Row = ActivityRow;
    const PROJECTION: &'static str = "crm.activity_timeline";
    const TABLES: &'static [&'static str] = &["crm_activity_timeline"];
    const CONTEXTS: &'static [&'static str] = &["crm"];

    fn keys(event: &RecordedEvent) -> Result<Vec<RowKey>, String> {
        if is_of::<Activity>(event) {
            return Ok(RowKey::id(&event.aggregate_id));
        }
        if converted(event)?.is_some() {
            return Ok(vec![RowKey::Where(LEAD_ID, vec![event.aggregate_id.clone()])]);
        }
        Ok(moved(event)?.map(|moved| vec![moved.key()]).unwrap_or_default())
    }

    fn apply(event: &RecordedEvent, rows: &mut Rows<'_, ActivityRow>) -> Result<(), String> {
        fold(event, rows)
    }
}

/// `GET /v1/crm/activity-timeline`
pub const DEF: ReadModelDef = ReadModelDef {
    context: "crm",
    name: "activity-timeline",
    summary: "Calls, meetings, emails, tasks and notes about contacts, companies, deals and leads.",
    table: "crm_activity_timeline",
    projection: ActivityTimeline::PROJECTION,
    columns: &[
        Column::sorted("id", Text),
        Column::new("kind", Text),
        Column::new("subject", Text),
        Column::new("status", Text),
        Column::sorted("at", Timestamp),
        Column::new("due_at", Timestamp),
        Column::new("duration_minutes", Integer),
        Column::new("completed_at", Timestamp),
        Column::new("outcome", Text),
        Column::new("cancel_reason", Text),
        Column::new("assignee", Text),
        Column::new("contact_id", Text),
        Column::new("company_id", Text),
        Column::new("deal_id", Text),
        Column::new("lead_id", Text),
        Column::new("note", Text),
        Column::new("version", Integer),
        Column::new("created_at", Timestamp),
        Column::new("updated_at", Timestamp),
    ],
    default_sort: ("at", true),
    search: Some("search"),
    redirects: None,
    schema: |generator| ActivityRow::json_schema(generator),
};
