//! The comparisons with the payment provider, and the differences that each found.

use chrono::{DateTime, Utc};
use domain::billing::reconciliation::{Compared, DriftKind, Reconciliation, ReconciliationEvent, ReconciliationRecorded};
use domain::kernel::{RecordedEvent, is_of};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::table::Table;
use crate::model::ColumnKind::{Boolean, Integer, Json, Text, Timestamp};
use crate::model::{Column, ReadModelDef};
use crate::runtime::{RowKey, RowModel, Rows, event_of};

/// A comparison.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReconciliationRow {
    /// The reconciliation's id.
    pub id: String,
    /// The provider.
    pub provider: String,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub finished_at: DateTime<Utc>,
    /// How many things of each kind there are here and there.
    pub compared: Vec<Compared>,
    /// How many differences there were.
    pub drift_count: u64,
    /// How many of those that are told were mended.
    pub repaired_count: u64,
}

/// A difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DriftRow {
    /// `<reconciliation>:<number>`
    pub id: String,
    /// The reconciliation.
    pub reconciliation_id: String,
    /// What kind of difference it is.
    pub kind: DriftKind,
    /// What it is about.
    pub object: String,
    /// Our id.
    pub object_id: Option<String>,
    /// The provider's id.
    pub external_id: Option<String>,
    /// How it is here.
    pub ours: Option<String>,
    /// How it is there.
    pub theirs: Option<String>,
    /// Whether a command has mended it.
    pub repaired: bool,
    /// Why it was not mended.
    pub note: Option<String>,
    /// When it was found.
    pub found_at: DateTime<Utc>,
}

fn recorded(event: &RecordedEvent) -> Result<Option<ReconciliationRecorded>, String> {
    Ok(event_of::<Reconciliation>(event)?.map(|ReconciliationEvent::ReconciliationRecorded(e)| e))
}

fn drift_id(event: &RecordedEvent, number: usize) -> String {
    format!("{}:{number:04}", event.aggregate_id)
}

pub(super) fn fold(event: &RecordedEvent, table: &mut impl Table<ReconciliationRow>) -> Result<(), String> {
    if let Some(e) = recorded(event)? {
        let row = ReconciliationRow {
            id: event.aggregate_id.clone(),
            provider: e.provider.into(),
            started_at: e.started_at,
            finished_at: e.finished_at,
            compared: e.compared,
            drift_count: e.drift_count,
            repaired_count: e.drifts.iter().filter(|drift| drift.repaired).count() as u64,
        };
        table.put(&event.aggregate_id, row);
    }
    Ok(())
}

pub(super) fn fold_drifts(event: &RecordedEvent, table: &mut impl Table<DriftRow>) -> Result<(), String> {
    let Some(e) = recorded(event)? else { return Ok(()) };
    for (number, drift) in e.drifts.into_iter().enumerate() {
        let id = drift_id(event, number);
        let row = DriftRow {
            id: id.clone(),
            reconciliation_id: event.aggregate_id.clone(),
            kind: drift.kind,
            object: drift.object.into(),
            object_id: drift.id.map(String::from),
            external_id: drift.external_id.map(String::from),
            ours: drift.ours.map(String::from),
            theirs: drift.theirs.map(String::from),
            repaired: drift.repaired,
            note: drift.note.map(String::from),
            found_at: e.finished_at,
        };
        table.put(&id, row);
    }
    Ok(())
}

/// Fills the table of comparisons.
pub struct ReconciliationList;

impl RowModel for ReconciliationList {
    type Row = ReconciliationRow;
    const PROJECTION: &'static str = "billing.reconciliation_list";
    const TABLES: &'static [&'static str] = &["billing_reconciliation_list"];
    const CONTEXTS: &'static [&'static str] = &["billing"];

    fn keys(event: &RecordedEvent) -> Result<Vec<RowKey>, String> {
        Ok(if is_of::<Reconciliation>(event) { RowKey::id(&event.aggregate_id) } else { Vec::new() })
    }

    fn apply(event: &RecordedEvent, rows: &mut Rows<'_, ReconciliationRow>) -> Result<(), String> {
        fold(event, rows)
    }
}

/// Fills the table of differences.
pub struct DriftList;

impl RowModel for DriftList {
    type Row = DriftRow;
    const PROJECTION: &'static str = "billing.drift_list";
    const TABLES: &'static [&'static str] = &["billing_drift_list"];
    const CONTEXTS: &'static [&'static str] = &["billing"];

    fn keys(event: &RecordedEvent) -> Result<Vec<RowKey>, String> {
        if !is_of::<Reconciliation>(event) {
            return Ok(Vec::new());
        }
        let drifts = recorded(event)?.map_or(0, |e| e.drifts.len());
        Ok((0..drifts).map(|number| RowKey::Id(drift_id(event, number))).collect())
    }

    fn apply(event: &RecordedEvent, rows: &mut Rows<'_, DriftRow>) -> Result<(), String> {
        fold_drifts(event, rows)
    }
}

/// `GET /v1/billing/reconciliation-list`
pub const DEF: ReadModelDef = ReadModelDef {
    context: "billing",
    name: "reconciliation-list",
    summary: "Comparisons with the payment provider.",
    table: "billing_reconciliation_list",
    projection: ReconciliationList::PROJECTION,
    columns: &[
        Column::sorted("id", Text),
        Column::new("provider", Text),
        Column::new("started_at", Timestamp),
        Column::sorted("finished_at", Timestamp),
        Column::new("compared", Json),
        Column::new("drift_count", Integer),
        Column::new("repaired_count", Integer),
    ],
    default_sort: ("finished_at", true),
    search: None,
    redirects: None,
    schema: |generator| ReconciliationRow::json_schema(generator),
};

/// `GET /v1/billing/drift-list`
pub const DRIFTS: ReadModelDef = ReadModelDef {
    context: "billing",
    name: "drift-list",
    summary: "Differences between what we have and what the payment provider has, by comparison.",
    table: "billing_drift_list",
    projection: DriftList::PROJECTION,
    columns: &[
        Column::sorted("id", Text),
        Column::new("reconciliation_id", Text),
        Column::new("kind", Text),
        Column::new("object", Text),
        Column::new("object_id", Text),
        Column::new("external_id", Text),
        Column::new("ours", Text),
        Column::new("theirs", Text),
        Column::new("repaired", Boolean),
        Column::new("note", Text),
        Column::sorted("found_at", Timestamp),
    ],
    default_sort: ("found_at", true),
    search: None,
    redirects: None,
    schema: |generator| DriftRow::json_schema(generator),
};
