//! A deal: a chance of revenue that moves through the stages of a pipeline until it is won or lost.
//!
//! Events carry the stage's id, name and probability as they were at the time, and every event that changes the stage says
//! when the stage that is left had been entered, so that conversion and ageing need no other source. A closed deal keeps
//! its last open stage, and reopening returns to it.

mod facts;
mod moves;
mod past;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::company::Company;
use super::contact::Contact;
use super::pipeline::{DEFAULT_PIPELINE, Pipeline, Stage};
use super::values::{CustomValues, Label, Name, Note, Patch, amount_of, changed_fields, patched};
use crate::kernel::{Aggregate, AggregateId, Context, Day, Decision, Money, Refusal};
use crate::{commands, cqrs_aggregate, events, rejections};

pub use facts::DealFacts;

// ---------------------------------------------------------------------------------------------------------- events

/// A deal was opened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DealOpened {
    /// What is known of it.
    pub facts: DealFacts,
    /// The pipeline that it moves through.
    pub pipeline_id: String,
    /// The stage in which it begins.
    pub stage: Stage,
    /// What it is worth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Money>,
    /// When it entered the stage.
    pub opened_at: DateTime<Utc>,
}

/// Facts about a deal changed; the event holds all of them after the change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DealUpdated {
    /// The names of the fields that changed.
    pub changed: Vec<String>,
    /// The facts after the change.
    pub facts: DealFacts,
}

/// The deal moved to another open stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DealStageMoved {
    /// The pipeline after the move.
    pub pipeline_id: String,
    /// The stage that it left.
    pub from: Stage,
    /// When it had entered the stage that it left.
    pub entered_at: DateTime<Utc>,
    /// The stage that it entered.
    pub to: Stage,
    /// When it moved.
    pub moved_at: DateTime<Utc>,
}

/// The deal is worth another amount.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DealAmountSet {
    /// The amount before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Money>,
    /// The amount after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Money>,
}

/// The deal was won.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DealWon {
    /// The last open stage.
    pub from: Stage,
    /// When it had entered that stage.
    pub entered_at: DateTime<Utc>,
    /// The stage of won deals.
    pub to: Stage,
    /// When it was recorded as won.
    pub moved_at: DateTime<Utc>,
    /// The day that counts as that of the sale.
    pub closed_on: Day,
    /// What it was worth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Money>,
}

/// The deal was lost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DealLost {
    /// The last open stage.
    pub from: Stage,
    /// When it had entered that stage.
    pub entered_at: DateTime<Utc>,
    /// The stage of lost deals.
    pub to: Stage,
    /// When it was recorded as lost.
    pub moved_at: DateTime<Utc>,
    /// The day of the loss.
    pub closed_on: Day,
    /// What it was worth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Money>,
    /// Why it was lost.
    #[serde(flatten)]
    pub loss: Loss,
}

/// Why a deal was lost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Loss {
    /// The reason as reports group by it: lower case, words joined by `_`.
    pub reason: String,
    /// Who won instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub competitor: Option<Name>,
    /// Remarks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Note>,
}

/// How a deal was closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was won.
    Won,
    /// It was lost.
    Lost,
}

/// A closed deal was opened again, in its last open stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DealReopened {
    /// How it had been closed.
    pub outcome: Outcome,
    /// The stage in which it was closed.
    pub from: Stage,
    /// When it had been closed.
    pub closed_at: DateTime<Utc>,
    /// The last open stage.
    pub to: Stage,
    /// When it was opened again.
    pub moved_at: DateTime<Utc>,
}

events! {
    /// What happens to a deal.
    pub enum DealEvent {
        DealOpened = "deal_opened" 1,
        DealUpdated = "deal_updated" 1,
        DealStageMoved = "deal_stage_moved" 1,
        DealAmountSet = "deal_amount_set" 1,
        DealWon = "deal_won" 1,
        DealLost = "deal_lost" 1,
        DealReopened = "deal_reopened" 2 [past::REOPENED_1],
    }
}

// ----------------------------------------------------------------------------------------------------------- state

/// Where a deal stands.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum DealStatus {
    /// In an open stage.
    #[default]
    Open,
    /// Won.
    Won {
        /// The day of the sale.
        closed_on: Day,
    },
    /// Lost.
    Lost {
        /// The day of the loss.
        closed_on: Day,
        /// Why it was lost.
        loss: Loss,
    },
}

/// The stage that a deal is in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Position {
    /// The stage.
    pub stage: Stage,
    /// Since when.
    pub entered_at: DateTime<Utc>,
    /// The open stage that the deal is in, or was in when it was closed.
    pub last_open: Stage,
}

/// A deal's state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Deal {
    /// Where it stands.
    pub status: DealStatus,
    /// What is known of it; nothing before it is opened.
    pub facts: Option<DealFacts>,
    /// The pipeline.
    pub pipeline_id: String,
    /// The stage; none before the deal is opened.
    pub position: Option<Position>,
    /// What it is worth.
    pub amount: Option<Money>,
}

impl Deal {
    fn known(&self) -> Result<(&DealFacts, &Position), DealRejection> {
        self.facts.as_ref().zip(self.position.as_ref()).ok_or(DealRejection::NotOpened)
    }

    fn open_position(&self) -> Result<&Position, DealRejection> {
        let (_, position) = self.known()?;
        if self.status == DealStatus::Open { Ok(position) } else { Err(DealRejection::Closed(position.stage.id.to_string())) }
    }

    fn enter(&mut self, stage: &Stage, at: DateTime<Utc>) {
        let last_open = match (&self.status, self.position.take()) {
            (DealStatus::Won { .. } | DealStatus::Lost { .. }, Some(position)) => position.last_open,
            _ => stage.clone(),
        };
        self.position = Some(Position { stage: stage.clone(), entered_at: at, last_open });
    }
}

// -------------------------------------------------------------------------------------------------------- commands

/// Opens a deal.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenDeal {
    /// What people call it.
    pub name: Name,
    /// The pipeline; `default` where none is named.
    #[serde(default)]
    pub pipeline_id: Option<AggregateId>,
    /// Id or name of the open stage in which it begins; the pipeline's first where none is named.
    #[serde(default)]
    pub stage: Option<Name>,
    /// What it is worth.
    #[serde(default)]
    pub amount: Option<Money>,
    /// The person who decides; must exist.
    #[serde(default)]
    pub contact_id: Option<AggregateId>,
    /// The company that buys; must exist.
    #[serde(default)]
    pub company_id: Option<AggregateId>,
    /// Who looks after the deal.
    #[serde(default)]
    pub owner: Option<Name>,
    /// The day on which it is expected to be won.
    #[serde(default)]
    pub expected_close: Option<Day>,
    /// Where the deal came from.
    #[serde(default)]
    pub source: Option<Label>,
    /// Free labels, at most 50.
    #[serde(default)]
    pub tags: Vec<Label>,
    /// Remarks.
    #[serde(default)]
    pub note: Option<Note>,
    /// Values of custom fields by key.
    #[serde(default)]
    pub custom: CustomValues,
}

/// Changes facts about a deal, open or closed: an absent field stays, `null` clears it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct UpdateDeal {
    /// What people call it; cannot be cleared.
    pub name: Option<Name>,
    /// The person who decides; must exist.
    #[serde(deserialize_with = "patched")]
    pub contact_id: Patch<AggregateId>,
    /// The company that buys; must exist.
    #[serde(deserialize_with = "patched")]
    pub company_id: Patch<AggregateId>,
    /// Who looks after the deal.
    #[serde(deserialize_with = "patched")]
    pub owner: Patch<Name>,
    /// The day on which it is expected to be won.
    #[serde(deserialize_with = "patched")]
    pub expected_close: Patch<Day>,
    /// Where the deal came from.
    #[serde(deserialize_with = "patched")]
    pub source: Patch<Label>,
    /// Free labels, replaced as a whole.
    pub tags: Option<Vec<Label>>,
    /// Remarks.
    #[serde(deserialize_with = "patched")]
    pub note: Patch<Note>,
    /// Values of custom fields; `null` clears one.
    pub custom: CustomValues,
}

/// Moves an open deal to another open stage, of another pipeline if one is named.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MoveStage {
    /// Id or name of the stage.
    pub stage: Name,
    /// The pipeline; the deal's own where none is named.
    #[serde(default)]
    pub pipeline_id: Option<AggregateId>,
}

/// Says what an open deal is worth.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetAmount {
    /// The amount; `null` where it is not known.
    pub amount: Option<Money>,
}

/// Wins an open deal.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct WinDeal {
    /// The day that counts as that of the sale; today (UTC) where none is given.
    pub closed_on: Option<Day>,
}

/// Loses an open deal.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LoseDeal {
    /// Why, in a word or two by which reports can group: `price`, `competitor`, `no_budget`, `no_decision`, `timing`,
    /// `missing_feature`, `unresponsive`, `other` or one of the tenant's own. Stored in lower case, words joined by `_`.
    pub reason: Label,
    /// Who won instead.
    #[serde(default)]
    pub competitor: Option<Name>,
    /// Remarks.
    #[serde(default)]
    pub note: Option<Note>,
    /// The day of the loss; today (UTC) where none is given.
    #[serde(default)]
    pub closed_on: Option<Day>,
}

/// Opens a closed deal again, in its last open stage.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReopenDeal {}

commands! {
    /// What can be asked of a deal.
    pub enum DealCommand {
        creates "open" => OpenDeal {
            "name": "Difference engine no. 2", "stage": "proposal", "amount": { "amount_minor": 1_250_000, "currency": "EUR" },
            "expected_close": "2026-06-30"
        },
        "update" => UpdateDeal { "owner": "grace@example.com", "expected_close": null },
        "move-stage" => MoveStage { "stage": "negotiation" },
        "set-amount" => SetAmount { "amount": { "amount_minor": 1_300_000, "currency": "EUR" } },
        "win" => WinDeal { "closed_on": "2026-06-28" },
        "lose" => LoseDeal { "reason": "competitor", "competitor": "Babbage & Sons" },
        "reopen" => ReopenDeal {},
    }
}

// ---------------------------------------------------------------------------------------------------------- handle

impl Aggregate for Deal {
    const CONTEXT: &'static str = "crm";
    const TYPE: &'static str = "deal";
    type Command = DealCommand;
    type Event = DealEvent;

    fn apply(&mut self, event: &DealEvent) {
        match event {
            DealEvent::DealOpened(e) => {
                self.facts = Some(e.facts.clone());
                self.pipeline_id.clone_from(&e.pipeline_id);
                self.amount = e.amount;
                self.enter(&e.stage, e.opened_at);
            }
            DealEvent::DealUpdated(e) => self.facts = Some(e.facts.clone()),
            DealEvent::DealStageMoved(e) => {
                self.pipeline_id.clone_from(&e.pipeline_id);
                self.enter(&e.to, e.moved_at);
            }
            DealEvent::DealAmountSet(e) => self.amount = e.to,
            DealEvent::DealWon(e) => {
                self.status = DealStatus::Won { closed_on: e.closed_on };
                self.enter(&e.to, e.moved_at);
            }
            DealEvent::DealLost(e) => {
                self.status = DealStatus::Lost { closed_on: e.closed_on, loss: e.loss.clone() };
                self.enter(&e.to, e.moved_at);
            }
            DealEvent::DealReopened(e) => {
                self.status = DealStatus::Open;
                self.enter(&e.to, e.moved_at);
            }
        }
    }

    fn handle(&self, command: DealCommand, context: &Context<'_>) -> Result<Decision<DealEvent>, Refusal> {
        match command {
            DealCommand::OpenDeal(command) => {
                let contact_id = command.contact_id.as_ref().map(|id| Contact::resolve(id.as_str(), context)).transpose()?;
                let company_id = command.company_id.as_ref().map(|id| Company::resolve(id.as_str(), context)).transpose()?;
                Ok(Decision::event(opening(command, contact_id, company_id, context)?))
            }
            DealCommand::UpdateDeal(command) => self.update(command, context),
            DealCommand::MoveStage(command) => self.move_stage(&command, context),
            DealCommand::SetAmount(command) => self.set_amount(&command),
            DealCommand::WinDeal(command) => Ok(self.win(&command, context)?),
            DealCommand::LoseDeal(command) => Ok(self.lose(command, context)?),
            DealCommand::ReopenDeal(_) => Ok(self.reopen(context)?),
        }
    }
}

cqrs_aggregate!(Deal);

/// The event that opens a deal with these parties, which the caller has resolved (or creates in the same decision).
pub(super) fn opening(
    command: OpenDeal,
    contact_id: Option<String>,
    company_id: Option<String>,
    context: &Context<'_>,
) -> Result<DealOpened, Refusal> {
    let amount = command.amount.map(amount_of).transpose()?;
    let (pipeline_id, stage) = (command.pipeline_id.clone(), command.stage.clone());
    let facts = DealFacts::opened(command, contact_id, company_id, context)?;
    let pipeline_id = pipeline_id.map_or_else(|| DEFAULT_PIPELINE.to_owned(), String::from);
    let pipeline = Pipeline::find(&pipeline_id, context)?;
    let stage = match &stage {
        Some(stage) => pipeline.open_stage(stage)?,
        None => pipeline.first_stage()?,
    };
    Ok(DealOpened { facts, pipeline_id, stage: stage.clone(), amount, opened_at: context.now })
}

impl Deal {
    fn update(&self, command: UpdateDeal, context: &Context<'_>) -> Result<Decision<DealEvent>, Refusal> {
        let (before, _) = self.known()?;
        let facts = before.patched(command, context)?;
        let changed = changed_fields(before, &facts);
        Ok(if changed.is_empty() { Decision::nothing() } else { Decision::event(DealUpdated { changed, facts }) })
    }
}

// ------------------------------------------------------------------------------------------------------ rejections

rejections! {
    /// Why a deal refuses a command.
    pub enum DealRejection in "crm" {
        /// The deal does not exist.
        #[error("The deal was never opened.")]
        NotOpened => "deal_not_opened" ["id"],
        /// A deal that another command names does not exist.
        #[error("There is no deal `{0}`.")]
        UnknownDeal(String) => "deal_unknown" ["deal_id"],
        /// The deal is won or lost.
        #[error("The deal is {0}; reopen it first.")]
        Closed(String) => "deal_closed" ["id"],
        /// A deal that is closed tomorrow.
        #[error("A deal cannot be closed on {0}, which is in the future.")]
        ClosedInFuture(String) => "closing_day_in_future" ["closed_on"],
        /// A reason without a word.
        #[error("Say why the deal was lost.")]
        NoReason => "loss_reason_missing" ["reason"],
    }
}

#[cfg(test)]
mod tests;
