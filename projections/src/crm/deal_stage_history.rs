//! Each stay of a deal in a stage, for conversion and ageing.
//!
//! The stay under way has the id `<deal>:current`; when the deal moves on, it is kept as `<deal>:<sequence>`, where the sequence is
//! that of the event that ended it. So every event names the rows that it changes, whatever happened before.

use chrono::{DateTime, Utc};
use domain::crm::deal::{Deal, DealEvent};
use domain::crm::pipeline::Stage;
use domain::crm::values::Name;
use domain::kernel::RecordedEvent;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::table::Table;
use crate::model::ColumnKind::{Integer, Text, Timestamp};
use crate::model::{Column, ReadModelDef};
use crate::runtime::{RowKey, RowModel, Rows, event_of};
use domain::kernel::is_of;

/// How a stay ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// In a stage of higher probability.
    Advanced,
    /// In a stage of lower probability.
    Returned,
    /// In a stage of the same probability, or of another pipeline.
    Moved,
    /// The deal was won.
    Won,
    /// The deal was lost.
    Lost,
    /// The closed deal was opened again.
    Reopened,
}

/// A stay of a deal in a stage. Closed deals stay in `won` or `lost`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StageStayRow {
    /// `<deal>:current` for the stay under way, else `<deal>:<sequence of the event that ended it>`.
    pub id: String,
    /// The deal.
    pub deal_id: String,
    /// 1, 2, 3 … in the life of the deal.
    pub number: i32,
    /// The pipeline of the stage.
    pub pipeline_id: String,
    /// The stage.
    pub stage_id: String,
    /// What people called the stage when the deal entered it.
    pub stage_name: Name,
    /// The probability of the stage when the deal entered it.
    pub probability_percent: u8,
    /// The stage that the deal came from.
    pub from_stage_id: Option<String>,
    /// The stage that the deal went to.
    pub to_stage_id: Option<String>,
    /// When the stay began.
    pub entered_at: DateTime<Utc>,
    /// When it ended.
    pub left_at: Option<DateTime<Utc>>,
    /// How long it took.
    pub seconds: Option<i64>,
    /// How it ended.
    pub outcome: Option<Outcome>,
}

impl StageStayRow {
    fn first(deal_id: &str, pipeline_id: String, stage: &Stage, at: DateTime<Utc>) -> Self {
        Self {
            id: current(deal_id),
            deal_id: deal_id.to_owned(),
            number: 1,
            pipeline_id,
            stage_id: stage.id.to_string(),
            stage_name: stage.name.clone(),
            probability_percent: stage.probability_percent,
            from_stage_id: None,
            to_stage_id: None,
            entered_at: at,
            left_at: None,
            seconds: None,
            outcome: None,
        }
    }

    /// The stay after this one.
    fn next(&self, pipeline_id: Option<String>, stage: &Stage, at: DateTime<Utc>) -> Self {
        Self {
            number: self.number + 1,
            from_stage_id: Some(self.stage_id.clone()),
            ..Self::first(&self.deal_id, pipeline_id.unwrap_or_else(|| self.pipeline_id.clone()), stage, at)
        }
    }

    /// This stay, ended. The length is taken from the event and not from the row, which the table has rounded to microseconds: a
    /// rebuild in larger batches must not find another one.
    fn ended(mut self, id: String, entered_at: DateTime<Utc>, next: &Self, outcome: Outcome) -> Self {
        self.id = id;
        self.to_stage_id = Some(next.stage_id.clone());
        self.left_at = Some(next.entered_at);
        // The clocks of two machines may disagree.
        self.seconds = Some((next.entered_at - entered_at).num_seconds().max(0));
        self.outcome = Some(outcome);
        self
    }
}

fn current(deal_id: &str) -> String {
    format!("{deal_id}:current")
}

fn moved(from: &StageStayRow, next: &StageStayRow) -> Outcome {
    if from.pipeline_id != next.pipeline_id {
        return Outcome::Moved;
    }
    match next.probability_percent.cmp(&from.probability_percent) {
        std::cmp::Ordering::Greater => Outcome::Advanced,
        std::cmp::Ordering::Less => Outcome::Returned,
        std::cmp::Ordering::Equal => Outcome::Moved,
    }
}

pub(super) fn fold(event: &RecordedEvent, table: &mut impl Table<StageStayRow>) -> Result<(), String> {
    let deal_id = &event.aggregate_id;
    let key = current(deal_id);
    let (pipeline_id, to, entered_at, left_at, outcome) = match event_of::<Deal>(event)? {
        Some(DealEvent::DealOpened(e)) => {
            table.put(&key, StageStayRow::first(deal_id, e.pipeline_id, &e.stage, e.opened_at));
            return Ok(());
        }
        Some(DealEvent::DealStageMoved(e)) => (Some(e.pipeline_id), e.to, e.entered_at, e.moved_at, None),
        Some(DealEvent::DealWon(e)) => (None, e.to, e.entered_at, e.moved_at, Some(Outcome::Won)),
        Some(DealEvent::DealLost(e)) => (None, e.to, e.entered_at, e.moved_at, Some(Outcome::Lost)),
        Some(DealEvent::DealReopened(e)) => (None, e.to, e.closed_at, e.moved_at, Some(Outcome::Reopened)),
        Some(DealEvent::DealUpdated(_) | DealEvent::DealAmountSet(_)) | None => return Ok(()),
    };
    let before = table.existing(&key)?.clone();
    let next = before.next(pipeline_id, &to, left_at);
    let outcome = outcome.unwrap_or_else(|| moved(&before, &next));
    let id = format!("{deal_id}:{}", event.sequence);
    table.put(&id, before.ended(id.clone(), entered_at, &next, outcome));
    table.put(&key, next);
    Ok(())
}

/// Fills the table.
pub struct DealStageHistory;

impl RowModel for DealStageHistory {
    type Row = StageStayRow;
    const PROJECTION: &'static str = "crm.deal_stage_history";
    const TABLES: &'static [&'static str] = &["crm_deal_stage_history"];
    const CONTEXTS: &'static [&'static str] = &["crm"];

    fn keys(event: &RecordedEvent) -> Result<Vec<RowKey>, String> {
        if !is_of::<Deal>(event) {
            return Ok(Vec::new());
        }
        // The row of the ended stay is written and never read.
        Ok(RowKey::id(current(&event.aggregate_id)))
    }

    fn apply(event: &RecordedEvent, rows: &mut Rows<'_, StageStayRow>) -> Result<(), String> {
        fold(event, rows)
    }
}

/// `GET /v1/crm/deal-stage-history`
pub const DEF: ReadModelDef = ReadModelDef {
    context: "crm",
    name: "deal-stage-history",
    summary: "Each stay of a deal in a stage: when, how long, and how it ended.",
    table: "crm_deal_stage_history",
    projection: DealStageHistory::PROJECTION,
    columns: &[
        Column::sorted("id", Text),
        Column::new("deal_id", Text),
        Column::new("number", Integer),
        Column::new("pipeline_id", Text),
        Column::new("stage_id", Text),
        Column::new("stage_name", Text),
        Column::new("probability_percent", Integer),
        Column::new("from_stage_id", Text),
        Column::new("to_stage_id", Text),
        Column::sorted("entered_at", Timestamp),
        Column::new("left_at", Timestamp),
        Column::new("seconds", Integer),
        Column::new("outcome", Text),
    ],
    default_sort: ("entered_at", true),
    search: None,
    redirects: None,
    schema: |generator| StageStayRow::json_schema(generator),
};
