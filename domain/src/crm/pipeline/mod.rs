//! A pipeline: the stages that a deal passes on its way to being won or lost.
//!
//! Stages are listed in order, each with the probability that a deal in it is won. `won` (100 %) and `lost` (0 %) end every
//! pipeline and are not listed. The pipeline `default` exists without being defined; defining it replaces its stages.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::values::{Name, fold};
use crate::kernel::{Aggregate, AggregateId, Context, Decision, Refusal};
use crate::{commands, cqrs_aggregate, events, rejections};

/// The pipeline of deals that name none.
pub const DEFAULT_PIPELINE: &str = "default";
/// The stage of won deals in every pipeline.
pub const WON: &str = "won";
/// The stage of lost deals in every pipeline.
pub const LOST: &str = "lost";
/// How many open stages a pipeline has at most.
const STAGES_MAX: usize = 30;

/// A stage of a pipeline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    /// What commands and reports call it, unique within the pipeline: `proposal`.
    pub id: AggregateId,
    /// What people call it.
    pub name: Name,
    /// How many of 100 deals in the stage are won, 0 to 100.
    #[schemars(range(max = 100))]
    pub probability_percent: u8,
}

/// A name from a literal that is known to be valid.
fn name_literal(name: &str) -> Name {
    Name::try_from(name.to_owned()).expect("the literal is a name")
}

impl Stage {
    /// A stage from literals that are known to be valid.
    fn literal(id: &str, name: &str, probability_percent: u8) -> Self {
        let id = AggregateId::try_from(id.to_owned()).expect("the literal is an id");
        Self { id, name: name_literal(name), probability_percent }
    }

    /// The stage of won deals.
    pub fn won() -> Self {
        Self::literal(WON, "Won", 100)
    }

    /// The stage of lost deals.
    pub fn lost() -> Self {
        Self::literal(LOST, "Lost", 0)
    }
}

// ---------------------------------------------------------------------------------------------------------- events

/// A pipeline was defined.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PipelineDefined {
    /// What people call it.
    pub name: Name,
    /// Its open stages in order.
    pub stages: Vec<Stage>,
}

/// The pipeline has another name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PipelineRenamed {
    /// The new name.
    pub name: Name,
}

/// The stages stand in another order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StagesReordered {
    /// The ids of all open stages in their new order.
    pub order: Vec<AggregateId>,
}

/// The pipeline has a further stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StageAdded {
    /// The stage.
    pub stage: Stage,
    /// Its place among the open stages, from 0.
    pub index: u32,
}

/// A stage has another name or probability. Deals in it keep what they were told until they move.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StageChanged {
    /// The stage after the change.
    pub stage: Stage,
}

/// Deals no longer enter a stage; those in it stay until they move.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StageRetired {
    /// The stage.
    pub stage_id: AggregateId,
}

events! {
    /// What happens to a pipeline.
    pub enum PipelineEvent {
        PipelineDefined = "pipeline_defined" 1,
        PipelineRenamed = "pipeline_renamed" 1,
        StagesReordered = "stages_reordered" 1,
        StageAdded = "stage_added" 1,
        StageChanged = "stage_changed" 1,
        StageRetired = "stage_retired" 1,
    }
}

// ----------------------------------------------------------------------------------------------------------- state

/// A pipeline's state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Pipeline {
    /// What people call it; nothing before it is defined.
    pub name: Option<Name>,
    /// Its open stages in order.
    pub stages: Vec<Stage>,
    /// The ids of stages that deals no longer enter.
    pub retired: Vec<AggregateId>,
}

impl Pipeline {
    /// The pipeline `default` of a tenant that has not defined its own.
    pub fn builtin() -> Self {
        let stages = vec![
            Stage::literal("prospecting", "Prospecting", 10),
            Stage::literal("qualification", "Qualification", 20),
            Stage::literal("proposal", "Proposal", 50),
            Stage::literal("negotiation", "Negotiation", 80),
        ];
        Self { name: Some(name_literal("Default")), stages, retired: Vec::new() }
    }

    /// The pipeline of that id as it is today.
    pub(super) fn find(id: &str, context: &Context<'_>) -> Result<Self, Refusal> {
        match context.get::<Self>(id)? {
            Some(pipeline) => Ok(pipeline.clone()),
            None if id == DEFAULT_PIPELINE => Ok(Self::builtin()),
            None => Err(PipelineRejection::UnknownPipeline(id.to_owned()).into()),
        }
    }

    /// The open stage of that id or, as in files of other products, of that name.
    pub(super) fn open_stage(&self, stage: &str) -> Result<&Stage, PipelineRejection> {
        let named = |known: &&Stage| fold(&known.name) == fold(stage);
        match self.stages.iter().find(|known| known.id.as_str() == stage).or_else(|| self.stages.iter().find(named)) {
            Some(found) => Ok(found),
            None if [WON, LOST].contains(&stage) => Err(PipelineRejection::ReservedStage(stage.to_owned())),
            None => Err(PipelineRejection::UnknownStage(stage.to_owned())),
        }
    }

    /// The stage in which deals begin.
    pub(super) fn first_stage(&self) -> Result<&Stage, PipelineRejection> {
        self.stages.first().ok_or(PipelineRejection::StageCount(STAGES_MAX))
    }
}

// -------------------------------------------------------------------------------------------------------- commands

/// Defines a pipeline. Defining `default` replaces the stages of the built-in one.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DefinePipeline {
    /// What people call it.
    pub name: Name,
    /// Its open stages in order, 1 to 30, without `won` and `lost`.
    pub stages: Vec<Stage>,
}

/// Gives a pipeline another name.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RenamePipeline {
    /// The new name.
    pub name: Name,
}

/// Puts the stages in another order.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReorderStages {
    /// The ids of all open stages, each once, in their new order.
    pub order: Vec<AggregateId>,
}

/// Adds a stage. An id that was retired can be used again.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddStage {
    /// The stage.
    pub stage: Stage,
    /// The stage in front of which it goes; without one it becomes the last open stage.
    #[serde(default)]
    pub before: Option<AggregateId>,
}

/// Changes the name or the probability of a stage.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeStage {
    /// The stage.
    pub stage_id: AggregateId,
    /// What people call it.
    #[serde(default)]
    pub name: Option<Name>,
    /// How many of 100 deals in the stage are won, 0 to 100.
    #[serde(default)]
    #[schemars(range(max = 100))]
    pub probability_percent: Option<u8>,
}

/// Closes a stage to further deals. A pipeline keeps at least one open stage.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RetireStage {
    /// The stage.
    pub stage_id: AggregateId,
}

commands! {
    /// What can be asked of a pipeline.
    pub enum PipelineCommand {
        creates "define" => DefinePipeline {
            "name": "Partner sales",
            "stages": [
                { "id": "intro", "name": "Introduction", "probability_percent": 10 },
                { "id": "offer", "name": "Offer", "probability_percent": 60 }
            ]
        },
        "rename" => RenamePipeline { "name": "Resellers" },
        "reorder-stages" => ReorderStages { "order": ["offer", "intro"] },
        "add-stage" => AddStage { "stage": { "id": "pilot", "name": "Pilot", "probability_percent": 40 }, "before": "offer" },
        "change-stage" => ChangeStage { "stage_id": "offer", "probability_percent": 55 },
        "retire-stage" => RetireStage { "stage_id": "intro" },
    }
}

// ---------------------------------------------------------------------------------------------------------- handle

impl Aggregate for Pipeline {
    const CONTEXT: &'static str = "crm";
    const TYPE: &'static str = "pipeline";
    type Command = PipelineCommand;
    type Event = PipelineEvent;

    fn apply(&mut self, event: &PipelineEvent) {
        match event {
            PipelineEvent::PipelineDefined(e) => {
                self.name = Some(e.name.clone());
                self.stages.clone_from(&e.stages);
            }
            PipelineEvent::PipelineRenamed(e) => self.name = Some(e.name.clone()),
            PipelineEvent::StagesReordered(e) => {
                self.stages.sort_by_key(|stage| e.order.iter().position(|id| *id == stage.id));
            }
            PipelineEvent::StageAdded(e) => {
                self.retired.retain(|id| *id != e.stage.id);
                let index = usize::try_from(e.index).unwrap_or(usize::MAX).min(self.stages.len());
                self.stages.insert(index, e.stage.clone());
            }
            PipelineEvent::StageChanged(e) => {
                if let Some(stage) = self.stages.iter_mut().find(|stage| stage.id == e.stage.id) {
                    *stage = e.stage.clone();
                }
            }
            PipelineEvent::StageRetired(e) => {
                self.stages.retain(|stage| stage.id != e.stage_id);
                self.retired.push(e.stage_id.clone());
            }
        }
    }

    fn handle(&self, command: PipelineCommand, _: &Context<'_>) -> Result<Decision<PipelineEvent>, Refusal> {
        let decided = match command {
            PipelineCommand::DefinePipeline(command) => define(command),
            PipelineCommand::RenamePipeline(command) if self.name.as_ref() == Some(&command.name) => Ok(Decision::nothing()),
            PipelineCommand::RenamePipeline(command) => Ok(Decision::event(PipelineRenamed { name: command.name })),
            PipelineCommand::ReorderStages(command) => self.reorder(command),
            PipelineCommand::AddStage(command) => self.add(command),
            PipelineCommand::ChangeStage(command) => self.change(command),
            PipelineCommand::RetireStage(command) => self.retire(&command),
        };
        Ok(decided?)
    }
}

cqrs_aggregate!(Pipeline);

fn define(command: DefinePipeline) -> Result<Decision<PipelineEvent>, PipelineRejection> {
    let DefinePipeline { name, stages } = command;
    if stages.is_empty() || stages.len() > STAGES_MAX {
        return Err(PipelineRejection::StageCount(STAGES_MAX));
    }
    for (index, stage) in stages.iter().enumerate() {
        check_stage(stage, &stages[..index])?;
    }
    Ok(Decision::event(PipelineDefined { name, stages }))
}

fn check_stage(stage: &Stage, others: &[Stage]) -> Result<(), PipelineRejection> {
    if [WON, LOST].contains(&stage.id.as_str()) {
        return Err(PipelineRejection::ReservedStage(stage.id.to_string()));
    }
    if stage.probability_percent > 100 {
        return Err(PipelineRejection::InvalidProbability(stage.probability_percent));
    }
    if others.iter().any(|other| other.id == stage.id) {
        return Err(PipelineRejection::StageExists(stage.id.to_string()));
    }
    Ok(())
}

impl Pipeline {
    fn reorder(&self, command: ReorderStages) -> Result<Decision<PipelineEvent>, PipelineRejection> {
        let order = command.order;
        if self.stages.iter().map(|stage| &stage.id).eq(&order) {
            return Ok(Decision::nothing());
        }
        if order.len() != self.stages.len() || self.stages.iter().any(|stage| !order.contains(&stage.id)) {
            return Err(PipelineRejection::NotAPermutation);
        }
        Ok(Decision::event(StagesReordered { order }))
    }

    fn add(&self, command: AddStage) -> Result<Decision<PipelineEvent>, PipelineRejection> {
        let AddStage { stage, before } = command;
        if self.stages.contains(&stage) {
            return Ok(Decision::nothing());
        }
        check_stage(&stage, &self.stages)?;
        if self.stages.len() >= STAGES_MAX {
            return Err(PipelineRejection::StageCount(STAGES_MAX));
        }
        let index = match before {
            None => self.stages.len(),
            Some(before) => {
                let place = self.stages.iter().position(|stage| stage.id == before);
                place.ok_or_else(|| PipelineRejection::UnknownStage(before.to_string()))?
            }
        };
        let index = u32::try_from(index).unwrap_or(u32::MAX);
        Ok(Decision::event(StageAdded { stage, index }))
    }

    fn change(&self, command: ChangeStage) -> Result<Decision<PipelineEvent>, PipelineRejection> {
        let before = self.open_stage(command.stage_id.as_str())?;
        let stage = Stage {
            id: before.id.clone(),
            name: command.name.unwrap_or_else(|| before.name.clone()),
            probability_percent: command.probability_percent.unwrap_or(before.probability_percent),
        };
        check_stage(&stage, &[])?;
        Ok(if stage == *before { Decision::nothing() } else { Decision::event(StageChanged { stage }) })
    }

    fn retire(&self, command: &RetireStage) -> Result<Decision<PipelineEvent>, PipelineRejection> {
        if self.retired.contains(&command.stage_id) {
            return Ok(Decision::nothing());
        }
        let stage_id = self.open_stage(command.stage_id.as_str())?.id.clone();
        if self.stages.len() == 1 {
            return Err(PipelineRejection::StageCount(STAGES_MAX));
        }
        Ok(Decision::event(StageRetired { stage_id }))
    }
}

// ------------------------------------------------------------------------------------------------------ rejections

rejections! {
    /// Why a pipeline refuses a command, or cannot take a deal.
    pub enum PipelineRejection in "crm" {
        /// No such pipeline.
        #[error("There is no pipeline `{0}`.")]
        UnknownPipeline(String) => "pipeline_unknown" ["pipeline_id"],
        /// No such stage.
        #[error("The pipeline has no open stage `{0}`.")]
        UnknownStage(String) => "stage_unknown" ["stage", "stage_id", "before"],
        /// A stage that every pipeline has.
        #[error("Every pipeline ends in `{0}`; deals get there by being won or lost.")]
        ReservedStage(String) => "stage_reserved" ["stages", "stage", "stage_id"],
        /// Two stages of one id.
        #[error("The pipeline has a stage `{0}` already.")]
        StageExists(String) => "stage_exists" ["stages", "stage"],
        /// Number of stages.
        #[error("A pipeline has 1 to {0} open stages.")]
        StageCount(usize) => "stage_count" ["stages", "stage_id"],
        /// More than certain.
        #[error("A probability is between 0 and 100, not {0}.")]
        InvalidProbability(u8) => "probability_invalid" ["stages", "stage", "probability_percent"],
        /// The new order leaves stages out or repeats them.
        #[error("The order must name every open stage of the pipeline once.")]
        NotAPermutation => "stage_order_invalid" ["order"],
    }
}

#[cfg(test)]
mod tests;
