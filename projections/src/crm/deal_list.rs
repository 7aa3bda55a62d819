//! The deals, open and closed. References to contacts and companies follow merges and end with erasure.

use chrono::{DateTime, Utc};
use domain::crm::deal::{Deal, DealEvent, DealFacts, DealOpened, Loss};
use domain::crm::pipeline::Stage;
use domain::crm::values::{CustomValues, Label, Name, Note};
use domain::kernel::{Day, Money, RecordedEvent};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::table::{COMPANY_ID, CONTACT_ID, LEAD_ID, Table, moved, point, tag_words, words};
use crate::model::ColumnKind::{Date, Integer, Json, List, Text, Timestamp};
use crate::model::{Column, ReadModelDef};
use crate::runtime::{RowKey, RowModel, Rows, event_of};
use domain::kernel::is_of;

/// Where a deal stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DealState {
    /// In an open stage.
    Open,
    /// Won.
    Won,
    /// Lost.
    Lost,
}

/// A deal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DealRow {
    /// The deal's id.
    pub id: String,
    /// What people call it.
    pub name: Name,
    /// Where it stands.
    pub status: DealState,
    /// The pipeline that it moves through.
    pub pipeline_id: String,
    /// The stage that it is in; `won` or `lost` for a closed deal.
    pub stage_id: String,
    /// What people called the stage when the deal entered it.
    pub stage_name: Name,
    /// How many of 100 deals in the stage are won, as it was when the deal entered it.
    pub probability_percent: u8,
    /// Since when it is in the stage.
    pub stage_entered_at: DateTime<Utc>,
    /// What it is worth, in minor units of its currency; nothing where that is not known.
    pub amount_minor: Option<i64>,
    /// ISO 4217 code of the amount's currency.
    pub currency: Option<String>,
    /// The amount times the probability, rounded half up to a minor unit.
    pub weighted_minor: Option<i64>,
    /// The person who decides; follows merges.
    pub contact_id: Option<String>,
    /// The company that buys; follows merges.
    pub company_id: Option<String>,
    /// Who looks after it.
    pub owner: Option<Name>,
    /// The day on which it is expected to be won.
    pub expected_close: Option<Day>,
    /// Where it came from.
    pub source: Option<Label>,
    /// Free labels.
    pub tags: Vec<Label>,
    /// Remarks.
    pub note: Option<Note>,
    /// Values of custom fields by key.
    pub custom: CustomValues,
    /// When it was opened.
    pub opened_at: DateTime<Utc>,
    /// When it was recorded as won or lost.
    pub closed_at: Option<DateTime<Utc>>,
    /// The day that counts as that of the sale or the loss.
    pub closed_on: Option<Day>,
    /// Why it was lost.
    pub lost_reason: Option<String>,
    /// Who won instead.
    pub competitor: Option<Name>,
    /// Remarks on the loss.
    pub loss_note: Option<Note>,
    /// The aggregate's version, for `If-Match`.
    pub version: i64,
    /// When the row changed last.
    pub updated_at: DateTime<Utc>,
    /// The words that it is found by.
    #[schemars(skip)]
    pub search: String,
}

/// An amount times a probability in percent, rounded half up. Amounts of deals are not negative and far from the limit.
fn weighted(amount_minor: i64, probability_percent: u8) -> i64 {
    let weighted = (i128::from(amount_minor) * i128::from(probability_percent) + 50).div_euclid(100);
    i64::try_from(weighted).unwrap_or(i64::MAX)
}

impl DealRow {
    fn new(event: &RecordedEvent, e: &DealOpened) -> Self {
        let mut row = Self {
            id: event.aggregate_id.clone(),
            name: e.facts.name.clone(),
            status: DealState::Open,
            pipeline_id: e.pipeline_id.clone(),
            stage_id: String::new(),
            stage_name: e.stage.name.clone(),
            probability_percent: 0,
            stage_entered_at: e.opened_at,
            amount_minor: None,
            currency: None,
            weighted_minor: None,
            contact_id: e.facts.contact_id.clone(),
            company_id: e.facts.company_id.clone(),
            owner: None,
            expected_close: None,
            source: None,
            tags: Vec::new(),
            note: None,
            custom: CustomValues::new(),
            opened_at: e.opened_at,
            closed_at: None,
            closed_on: None,
            lost_reason: None,
            competitor: None,
            loss_note: None,
            version: event.sequence,
            updated_at: event.recorded_at,
            search: String::new(),
        };
        row.describe(&e.facts);
        row.enter(DealState::Open, &e.stage, e.opened_at);
        row.value(e.amount);
        row
    }

    /// Takes over the facts, except for references, which follow merges here and not in the event.
    fn describe(&mut self, facts: &DealFacts) {
        let DealFacts { name, owner, expected_close, source, tags, note, custom, .. } = facts.clone();
        self.search = words([Some(&*name), owner.as_deref(), source.as_deref()].into_iter().chain(tag_words(&tags)));
        (self.name, self.owner, self.expected_close) = (name, owner, expected_close);
        (self.source, self.tags, self.note, self.custom) = (source, tags, note, custom);
    }

    fn enter(&mut self, status: DealState, stage: &Stage, at: DateTime<Utc>) {
        self.status = status;
        self.stage_id = stage.id.to_string();
        self.stage_name = stage.name.clone();
        self.probability_percent = stage.probability_percent;
        self.stage_entered_at = at;
        self.weigh();
    }

    fn value(&mut self, amount: Option<Money>) {
        self.amount_minor = amount.map(|amount| amount.amount_minor);
        self.currency = amount.map(|amount| amount.currency.to_string());
        self.weigh();
    }

    fn weigh(&mut self) {
        self.weighted_minor = self.amount_minor.map(|amount_minor| weighted(amount_minor, self.probability_percent));
    }

    fn close(&mut self, at: Option<DateTime<Utc>>, on: Option<Day>, loss: Option<Loss>) {
        (self.closed_at, self.closed_on) = (at, on);
        (self.lost_reason, self.competitor, self.loss_note) = match loss {
            Some(loss) => (Some(loss.reason), loss.competitor, loss.note),
            None => (None, None, None),
        };
    }

    fn follow(&mut self, e: DealEvent) {
        match e {
            DealEvent::DealOpened(_) => {}
            DealEvent::DealUpdated(e) => {
                self.describe(&e.facts);
                // What the event repeats without having changed it may name a record that was merged since.
                let changed = |field: &str| e.changed.iter().any(|changed| changed == field);
                if changed(CONTACT_ID) {
                    self.contact_id = e.facts.contact_id;
                }
                if changed(COMPANY_ID) {
                    self.company_id = e.facts.company_id;
                }
            }
            DealEvent::DealStageMoved(e) => {
                self.pipeline_id = e.pipeline_id;
                self.enter(DealState::Open, &e.to, e.moved_at);
            }
            DealEvent::DealAmountSet(e) => self.value(e.to),
            DealEvent::DealWon(e) => {
                self.enter(DealState::Won, &e.to, e.moved_at);
                self.close(Some(e.moved_at), Some(e.closed_on), None);
            }
            DealEvent::DealLost(e) => {
                self.enter(DealState::Lost, &e.to, e.moved_at);
                self.close(Some(e.moved_at), Some(e.closed_on), Some(e.loss));
            }
            DealEvent::DealReopened(e) => {
                self.enter(DealState::Open, &e.to, e.moved_at);
                self.close(None, None, None);
            }
        }
    }
}

pub(super) fn fold(event: &RecordedEvent, table: &mut impl Table<DealRow>) -> Result<(), String> {
    if let Some(moved) = moved(event)? {
        for id in table.matched() {
            let row = table.existing(&id)?;
            point(&mut row.contact_id, CONTACT_ID, &moved);
            point(&mut row.company_id, COMPANY_ID, &moved);
            row.updated_at = event.recorded_at;
        }
        return Ok(());
    }
    let id = &event.aggregate_id;
    match event_of::<Deal>(event)? {
        None => {}
        Some(DealEvent::DealOpened(e)) => table.put(id, DealRow::new(event, &e)),
        Some(e) => {
            let row = table.existing(id)?;
            row.follow(e);
            row.version = event.sequence;
            row.updated_at = event.recorded_at;
        }
    }
    Ok(())
}

/// Fills the table.
pub struct DealList;

impl RowModel for DealList {
    type Row = DealRow;
    const PROJECTION: &'static str = "crm.deal_list";
    const TABLES: &'static [&'static str] = &["crm_deal_list"];
    const CONTEXTS: &'static [&'static str] = &["crm"];

    fn keys(event: &RecordedEvent) -> Result<Vec<RowKey>, String> {
        if is_of::<Deal>(event) {
            return Ok(RowKey::id(&event.aggregate_id));
        }
        Ok(moved(event)?.filter(|moved| moved.column != LEAD_ID).map(|moved| vec![moved.key()]).unwrap_or_default())
    }

    fn apply(event: &RecordedEvent, rows: &mut Rows<'_, DealRow>) -> Result<(), String> {
        fold(event, rows)
    }
}

/// `GET /v1/crm/deal-list`
pub const DEF: ReadModelDef = ReadModelDef {
    context: "crm",
    name: "deal-list",
    summary: "Deals, open and closed, with their stage and what they are worth.",
    table: "crm_deal_list",
    projection: DealList::PROJECTION,
    columns: &[
        Column::sorted("id", Text),
        Column::new("name", Text),
        Column::new("status", Text),
        Column::new("pipeline_id", Text),
        Column::new("stage_id", Text),
        Column::new("stage_name", Text),
        Column::new("probability_percent", Integer),
        Column::new("stage_entered_at", Timestamp),
        Column::sorted("amount_minor", Integer),
        Column::new("currency", Text),
        Column::new("weighted_minor", Integer),
        Column::new("contact_id", Text),
        Column::new("company_id", Text),
        Column::new("owner", Text),
        Column::sorted("expected_close", Date),
        Column::new("source", Text),
        Column::new("tags", List),
        Column::new("note", Text),
        Column::new("custom", Json),
        Column::sorted("opened_at", Timestamp),
        Column::new("closed_at", Timestamp),
        Column::new("closed_on", Date),
        Column::new("lost_reason", Text),
        Column::new("competitor", Text),
        Column::new("loss_note", Text),
        Column::new("version", Integer),
        Column::new("updated_at", Timestamp),
    ],
    default_sort: ("opened_at", true),
    search: Some("search"),
    redirects: None,
    schema: |generator| DealRow::json_schema(generator),
};
