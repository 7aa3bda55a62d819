//! The pipelines with their stages in order.
//!
//! The built-in pipeline `default` has no events of its own until it is redefined; its row is there from the tenant's first event on.

use chrono::{DateTime, Utc};
use domain::crm::pipeline::{DEFAULT_PIPELINE, Pipeline, PipelineEvent, Stage};
use domain::crm::values::Name;
use domain::kernel::{Aggregate, AggregateId, RecordedEvent};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::table::Table;
use crate::model::ColumnKind::{Integer, Json, List, Text, Timestamp};
use crate::model::{Column, ReadModelDef};
use crate::runtime::{RowKey, RowModel, Rows, event_of};
use domain::kernel::is_of;

/// A pipeline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PipelineRow {
    /// The pipeline's id.
    pub id: String,
    /// What people call it.
    pub name: Name,
    /// Its open stages in order; `won` and `lost` end every pipeline and are not listed.
    pub stages: Vec<Stage>,
    /// The stages that deals no longer enter.
    pub retired_stages: Vec<AggregateId>,
    /// The aggregate's version, for `If-Match`; 0 while the pipeline is the built-in one.
    pub version: i64,
    /// When it was defined.
    pub created_at: DateTime<Utc>,
    /// When it changed last.
    pub updated_at: DateTime<Utc>,
}

impl PipelineRow {
    fn new(id: &str, event: &RecordedEvent, pipeline: Pipeline) -> Option<Self> {
        Some(Self {
            id: id.to_owned(),
            name: pipeline.name?,
            stages: pipeline.stages,
            retired_stages: pipeline.retired,
            version: 0,
            created_at: event.recorded_at,
            updated_at: event.recorded_at,
        })
    }
}

pub(super) fn fold(event: &RecordedEvent, table: &mut impl Table<PipelineRow>) -> Result<(), String> {
    if table.get(DEFAULT_PIPELINE).is_none()
        && let Some(row) = PipelineRow::new(DEFAULT_PIPELINE, event, Pipeline::builtin())
    {
        table.put(DEFAULT_PIPELINE, row);
    }
    let id = &event.aggregate_id;
    let Some(e) = event_of::<Pipeline>(event)? else { return Ok(()) };
    // The domain knows best what its events mean; a definition begins anew.
    let (mut pipeline, created_at) = if let PipelineEvent::PipelineDefined(_) = &e {
        (Pipeline::default(), event.recorded_at)
    } else {
        let row = table.existing(id)?.clone();
        (Pipeline { name: Some(row.name), stages: row.stages, retired: row.retired_stages }, row.created_at)
    };
    pipeline.apply(&e);
    let row = PipelineRow::new(id, event, pipeline).ok_or("a pipeline has a name")?;
    table.put(id, PipelineRow { version: event.sequence, created_at, ..row });
    Ok(())
}

/// Fills the table.
pub struct PipelineList;

impl RowModel for PipelineList {
    type Row = PipelineRow;
    const PROJECTION: &'static str = "crm.pipeline_list";
    const TABLES: &'static [&'static str] = &["crm_pipeline_list"];
    const CONTEXTS: &'static [&'static str] = &["crm"];

    fn keys(event: &RecordedEvent) -> Result<Vec<RowKey>, String> {
        let mut keys = RowKey::id(DEFAULT_PIPELINE);
        if is_of::<Pipeline>(event) {
            keys.extend(RowKey::id(&event.aggregate_id));
        }
        Ok(keys)
    }

    fn apply(event: &RecordedEvent, rows: &mut Rows<'_, PipelineRow>) -> Result<(), String> {
        fold(event, rows)
    }
}

/// `GET /v1/crm/pipeline-list`
pub const DEF: ReadModelDef = ReadModelDef {
    context: "crm",
    name: "pipeline-list",
    summary: "Pipelines with their stages in order.",
    table: "crm_pipeline_list",
    projection: PipelineList::PROJECTION,
    columns: &[
        Column::sorted("id", Text),
        Column::sorted("name", Text),
        Column::new("stages", Json),
        Column::new("retired_stages", List),
        Column::new("version", Integer),
        Column::sorted("created_at", Timestamp),
        Column::new("updated_at", Timestamp),
    ],
    default_sort: ("name", false),
    search: None,
    redirects: None,
    schema: |generator| PipelineRow::json_schema(generator),
};
