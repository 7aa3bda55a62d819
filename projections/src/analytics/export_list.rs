//! The exports and what became of them.

use chrono::{DateTime, Utc};
use domain::analytics::export::{Export, ExportEvent, ExportStatus, FileFormat};
use domain::analytics::question::Question;
use domain::kernel::{RecordedEvent, is_of};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::ColumnKind::{Boolean, Integer, Json, List, Text, Timestamp};
use crate::model::{Column, ReadModelDef};
use crate::runtime::{RowKey, RowModel, Rows, event_of};

/// An export.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ExportRow {
    /// The export's id.
    pub id: String,
    /// The context that it asks.
    pub context: String,
    /// The read model or report that it asks.
    pub source: String,
    /// What is asked.
    pub question: Question,
    /// The format of the files.
    pub format: FileFormat,
    /// Where it stands.
    pub status: ExportStatus,
    /// Who asked.
    pub requested_by: String,
    /// The saved query whose schedule asked, if nobody did by hand.
    pub query_id: Option<String>,
    /// The occurrence of that schedule.
    pub scheduled_for: Option<DateTime<Utc>>,
    /// When it was requested.
    pub requested_at: DateTime<Utc>,
    /// When it was completed, or failed, or was cancelled.
    pub ended_at: Option<DateTime<Utc>>,
    /// Rows in all files together.
    pub rows: Option<i64>,
    /// Bytes of all files together.
    pub bytes: Option<i64>,
    /// The number of files, the manifest not counted.
    pub files: Option<i64>,
    /// Digest of the manifest.
    pub manifest_sha256: Option<String>,
    /// Position tokens: everything up to them is included.
    pub positions: Vec<String>,
    /// Whether all rows are from one state of the database.
    pub one_state: Option<bool>,
    /// Until when the files can be fetched.
    pub expires_at: Option<DateTime<Utc>>,
    /// When the export is to expire, as long as it has not.
    pub due_at: Option<DateTime<Utc>>,
    /// Stable code of what kept it from being made.
    pub failure_code: Option<String>,
    /// One sentence on it.
    pub failure_reason: Option<String>,
    /// The aggregate's version, for `If-Match`.
    pub version: i64,
}

/// A count as tables hold it.
fn count(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// What an event makes of the row that was there.
pub(super) fn after(event: &RecordedEvent, row: Option<ExportRow>) -> Result<Option<ExportRow>, String> {
    let Some(happened) = event_of::<Export>(event)? else { return Ok(row) };
    if let ExportEvent::ExportRequested(e) = happened {
        return Ok(Some(ExportRow {
            id: event.aggregate_id.clone(),
            context: e.question.context.to_string(),
            source: e.question.source.to_string(),
            question: e.question,
            format: e.format,
            status: ExportStatus::Requested,
            requested_by: e.requested_by,
            query_id: e.run.as_ref().map(|run| run.query_id.to_string()),
            scheduled_for: e.run.map(|run| run.scheduled_for),
            requested_at: event.recorded_at,
            ended_at: None,
            rows: None,
            bytes: None,
            files: None,
            manifest_sha256: None,
            positions: Vec::new(),
            one_state: None,
            expires_at: None,
            due_at: None,
            failure_code: None,
            failure_reason: None,
            version: event.sequence,
        }));
    }
    let mut row = row.ok_or_else(|| format!("there is no row for `{}`", event.aggregate_id))?;
    row.version = event.sequence;
    match happened {
        ExportEvent::ExportRequested(_) => {}
        ExportEvent::ExportCompleted(e) => {
            (row.status, row.ended_at) = (ExportStatus::Completed, Some(event.recorded_at));
            (row.expires_at, row.due_at) = (Some(e.expires_at), Some(e.expires_at));
            (row.rows, row.bytes, row.files) =
                (Some(count(e.summary.rows)), Some(count(e.summary.bytes)), Some(i64::from(e.summary.files)));
            row.positions = e.summary.positions.into_iter().map(String::from).collect();
            (row.manifest_sha256, row.one_state) = (Some(e.summary.manifest_sha256.into()), Some(e.summary.one_state));
        }
        ExportEvent::ExportFailed(e) => {
            (row.status, row.ended_at) = (ExportStatus::Failed, Some(event.recorded_at));
            (row.failure_code, row.failure_reason) = (Some(e.code.into()), Some(e.reason.into()));
        }
        ExportEvent::ExportCancelled(_) => (row.status, row.ended_at) = (ExportStatus::Cancelled, Some(event.recorded_at)),
        ExportEvent::ExportExpired(_) => (row.status, row.due_at) = (ExportStatus::Expired, None),
    }
    Ok(Some(row))
}

/// Fills the table.
pub struct ExportList;

impl RowModel for ExportList {
    type Row = ExportRow;
    const PROJECTION: &'static str = "analytics.export_list";
    const TABLES: &'static [&'static str] = &["analytics_export_list"];
    const CONTEXTS: &'static [&'static str] = &["analytics"];

    fn keys(event: &RecordedEvent) -> Result<Vec<RowKey>, String> {
        Ok(if is_of::<Export>(event) { RowKey::id(&event.aggregate_id) } else { Vec::new() })
    }

    fn apply(event: &RecordedEvent, rows: &mut Rows<'_, ExportRow>) -> Result<(), String> {
        let id = &event.aggregate_id;
        if let Some(row) = after(event, rows.get(id).cloned())? {
            rows.put(id, row);
        }
        Ok(())
    }
}

/// `GET /v1/analytics/export-list`
pub const DEF: ReadModelDef = ReadModelDef {
    context: "analytics",
    name: "export-list",
    summary: "Exports: who asked for what, and what became of it.",
    table: "analytics_export_list",
    projection: ExportList::PROJECTION,
    columns: &[
        Column::sorted("id", Text),
        Column::new("context", Text),
        Column::new("source", Text),
        Column::new("question", Json),
        Column::new("format", Text),
        Column::new("status", Text),
        Column::new("requested_by", Text),
        Column::new("query_id", Text),
        Column::new("scheduled_for", Timestamp),
        Column::sorted("requested_at", Timestamp),
        Column::new("ended_at", Timestamp),
        Column::new("rows", Integer),
        Column::new("bytes", Integer),
        Column::new("files", Integer),
        Column::new("manifest_sha256", Text),
        Column::new("positions", List),
        Column::new("one_state", Boolean),
        Column::new("expires_at", Timestamp),
        Column::new("due_at", Timestamp),
        Column::new("failure_code", Text),
        Column::new("failure_reason", Text),
        Column::new("version", Integer),
    ],
    default_sort: ("requested_at", true),
    search: None,
    redirects: None,
    schema: |generator| ExportRow::json_schema(generator),
};
