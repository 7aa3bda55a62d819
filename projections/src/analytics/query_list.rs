//! The saved queries. A deleted query has no row.

use chrono::{DateTime, Utc};
use domain::analytics::export::FileFormat;
use domain::analytics::query::{Chart, Definition, Name, Query, QueryEvent, Role};
use domain::analytics::question::{QueryParameter, Question};
use domain::kernel::{RecordedEvent, Text, fold, is_of};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::ColumnKind::{Integer, Json, List, Text as Words, Timestamp};
use crate::model::{Column, ReadModelDef};
use crate::runtime::{RowKey, RowModel, Rows, event_of};

/// A saved query.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct QueryRow {
    /// The query's id.
    pub id: String,
    /// What people call it.
    pub name: Name,
    /// What the list is sorted by: the name, folded.
    pub sort_name: String,
    /// What it tells.
    pub description: Option<Text<2000>>,
    /// The context that it asks.
    pub context: String,
    /// The read model or report that it asks.
    pub source: String,
    /// What is asked.
    pub question: Question,
    /// What a run can or must set.
    pub parameters: Vec<QueryParameter>,
    /// How the answer is best drawn.
    pub chart: Option<Chart>,
    /// Whose it is.
    pub owner: String,
    /// The roles that may run it, too.
    pub shared_with: Vec<Role>,
    /// The number of the definition, from 1.
    pub revision: i64,
    /// When it runs by itself, as a cron expression.
    pub cron: Option<String>,
    /// The time zone of the cron expression.
    pub time_zone: Option<String>,
    /// The format of what it writes when it runs by itself.
    pub schedule_format: Option<FileFormat>,
    /// When it runs next by itself.
    pub due_at: Option<DateTime<Utc>>,
    /// The occurrence for which it ran last.
    pub last_run_at: Option<DateTime<Utc>>,
    /// The export that the last run has requested.
    pub last_export_id: Option<String>,
    /// The aggregate's version, for `If-Match`.
    pub version: i64,
    /// When it was saved.
    pub created_at: DateTime<Utc>,
    /// When it changed last.
    pub updated_at: DateTime<Utc>,
    /// The words that it is found by.
    #[schemars(skip)]
    pub search: String,
}

impl QueryRow {
    fn new(event: &RecordedEvent, definition: Definition, owner: String) -> Self {
        let mut row = Self {
            id: event.aggregate_id.clone(),
            name: definition.name.clone(),
            sort_name: String::new(),
            description: None,
            context: String::new(),
            source: String::new(),
            question: definition.question.clone(),
            parameters: Vec::new(),
            chart: None,
            owner,
            shared_with: Vec::new(),
            revision: 1,
            cron: None,
            time_zone: None,
            schedule_format: None,
            due_at: None,
            last_run_at: None,
            last_export_id: None,
            version: event.sequence,
            created_at: event.recorded_at,
            updated_at: event.recorded_at,
            search: String::new(),
        };
        row.define(definition);
        row
    }

    fn define(&mut self, definition: Definition) {
        let Definition { name, description, question, parameters, chart } = definition;
        self.sort_name = fold(&name);
        self.search = fold(&format!("{} {} {}", &*name, description.as_deref().unwrap_or_default(), question.source));
        (self.context, self.source) = (question.context.to_string(), question.source.to_string());
        (self.name, self.description, self.question, self.parameters, self.chart) = (name, description, question, parameters, chart);
    }
}

/// What an event makes of the row that was there.
pub(super) fn after(event: &RecordedEvent, row: Option<QueryRow>) -> Result<Option<QueryRow>, String> {
    let Some(happened) = event_of::<Query>(event)? else { return Ok(row) };
    if let QueryEvent::QuerySaved(e) = happened {
        return Ok(Some(QueryRow::new(event, e.definition, e.owner)));
    }
    let mut row = row.ok_or_else(|| format!("there is no row for `{}`", event.aggregate_id))?;
    match happened {
        QueryEvent::QueryDeleted(_) => return Ok(None),
        QueryEvent::QuerySaved(_) => {}
        QueryEvent::QueryRevised(e) => {
            row.define(e.definition);
            row.revision = i64::from(e.revision);
        }
        QueryEvent::QueryShared(e) => row.shared_with = e.roles,
        QueryEvent::QueryHandedOver(e) => row.owner = e.owner.into(),
        QueryEvent::QueryScheduled(e) => {
            row.cron = Some(e.recurrence.cron.into());
            (row.time_zone, row.schedule_format) = (Some(e.recurrence.time_zone.into()), Some(e.recurrence.format));
            row.due_at = e.next_at;
        }
        QueryEvent::QueryFellDue(e) => {
            row.due_at = e.next_at;
            // The process names the export after the event.
            (row.last_run_at, row.last_export_id) = (Some(e.scheduled_for), Some(event.event_id.to_string()));
        }
        QueryEvent::QueryUnscheduled(_) => (row.cron, row.time_zone, row.schedule_format, row.due_at) = (None, None, None, None),
    }
    (row.version, row.updated_at) = (event.sequence, event.recorded_at);
    Ok(Some(row))
}

/// Fills the table.
pub struct QueryList;

impl RowModel for QueryList {
    type Row = QueryRow;
    const PROJECTION: &'static str = "analytics.query_list";
    const TABLES: &'static [&'static str] = &["analytics_query_list"];
    const CONTEXTS: &'static [&'static str] = &["analytics"];

    fn keys(event: &RecordedEvent) -> Result<Vec<RowKey>, String> {
        Ok(if is_of::<Query>(event) { RowKey::id(&event.aggregate_id) } else { Vec::new() })
    }

    fn apply(event: &RecordedEvent, rows: &mut Rows<'_, QueryRow>) -> Result<(), String> {
        let id = &event.aggregate_id;
        match after(event, rows.get(id).cloned())? {
            Some(row) => rows.put(id, row),
            None => rows.remove(id),
        }
        Ok(())
    }
}

/// `GET /v1/analytics/query-list`
pub const DEF: ReadModelDef = ReadModelDef {
    context: "analytics",
    name: "query-list",
    summary: "Saved queries. Whoever may read them sees what they ask; who may run a query, its owner decides.",
    table: "analytics_query_list",
    projection: QueryList::PROJECTION,
    columns: &[
        Column::sorted("id", Words),
        Column::new("name", Words),
        Column::sorted("sort_name", Words),
        Column::new("description", Words),
        Column::new("context", Words),
        Column::new("source", Words),
        Column::new("question", Json),
        Column::new("parameters", Json),
        Column::new("chart", Json),
        Column::new("owner", Words),
        Column::new("shared_with", List),
        Column::new("revision", Integer),
        Column::new("cron", Words),
        Column::new("time_zone", Words),
        Column::new("schedule_format", Words),
        Column::new("due_at", Timestamp),
        Column::new("last_run_at", Timestamp),
        Column::new("last_export_id", Words),
        Column::new("version", Integer),
        Column::sorted("created_at", Timestamp),
        Column::new("updated_at", Timestamp),
    ],
    default_sort: ("sort_name", false),
    search: Some("search"),
    redirects: None,
    schema: |generator| QueryRow::json_schema(generator),
};
