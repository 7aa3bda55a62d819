//! Moving a deal through its pipeline, to its end and back.

use super::{
    Deal, DealAmountSet, DealEvent, DealLost, DealRejection, DealReopened, DealStageMoved, DealStatus, DealWon, LoseDeal, Loss, MoveStage,
    Outcome, SetAmount, WinDeal,
};
use crate::crm::pipeline::{Pipeline, Stage};
use crate::crm::values::{amount_of, fold};
use crate::kernel::{AggregateId, Context, Day, Decision, Refusal};

impl Deal {
    pub(super) fn move_stage(&self, command: &MoveStage, context: &Context<'_>) -> Result<Decision<DealEvent>, Refusal> {
        let position = self.open_position()?;
        let pipeline_id = command.pipeline_id.as_ref().map_or(self.pipeline_id.as_str(), AggregateId::as_str);
        let pipeline = Pipeline::find(pipeline_id, context)?;
        let to = pipeline.open_stage(&command.stage)?;
        if to.id == position.stage.id && pipeline_id == self.pipeline_id {
            return Ok(Decision::nothing());
        }
        Ok(Decision::event(DealStageMoved {
            pipeline_id: pipeline_id.to_owned(),
            from: position.stage.clone(),
            entered_at: position.entered_at,
            to: to.clone(),
            moved_at: context.now,
        }))
    }

    pub(super) fn set_amount(&self, command: &SetAmount) -> Result<Decision<DealEvent>, Refusal> {
        self.open_position()?;
        let to = command.amount.map(amount_of).transpose()?;
        Ok(if to == self.amount { Decision::nothing() } else { Decision::event(DealAmountSet { from: self.amount, to }) })
    }

    pub(super) fn win(&self, command: &WinDeal, context: &Context<'_>) -> Result<Decision<DealEvent>, DealRejection> {
        if let DealStatus::Won { closed_on } = &self.status
            && command.closed_on.is_none_or(|day| day == *closed_on)
        {
            return Ok(Decision::nothing());
        }
        let position = self.open_position()?;
        Ok(Decision::event(DealWon {
            from: position.stage.clone(),
            entered_at: position.entered_at,
            to: Stage::won(),
            moved_at: context.now,
            closed_on: closing_day(command.closed_on, context)?,
            amount: self.amount,
        }))
    }

    pub(super) fn lose(&self, command: LoseDeal, context: &Context<'_>) -> Result<Decision<DealEvent>, DealRejection> {
        let words = fold(&command.reason).replace(['_', '-'], " ");
        let reason = words.split_whitespace().collect::<Vec<_>>().join("_");
        if reason.is_empty() {
            return Err(DealRejection::NoReason);
        }
        let lost = Loss { reason, competitor: command.competitor, note: command.note };
        if let DealStatus::Lost { closed_on, loss } = &self.status
            && lost == *loss
            && command.closed_on.is_none_or(|day| day == *closed_on)
        {
            return Ok(Decision::nothing());
        }
        let position = self.open_position()?;
        Ok(Decision::event(DealLost {
            from: position.stage.clone(),
            entered_at: position.entered_at,
            to: Stage::lost(),
            moved_at: context.now,
            closed_on: closing_day(command.closed_on, context)?,
            amount: self.amount,
            loss: lost,
        }))
    }

    pub(super) fn reopen(&self, context: &Context<'_>) -> Result<Decision<DealEvent>, DealRejection> {
        let (_, position) = self.known()?;
        let outcome = match self.status {
            DealStatus::Open => return Ok(Decision::nothing()),
            DealStatus::Won { .. } => Outcome::Won,
            DealStatus::Lost { .. } => Outcome::Lost,
        };
        Ok(Decision::event(DealReopened {
            outcome,
            from: position.stage.clone(),
            closed_at: position.entered_at,
            to: position.last_open.clone(),
            moved_at: context.now,
        }))
    }
}

/// The day on which a deal is closed: not in the future, where the day of the easternmost time zone counts as today.
fn closing_day(day: Option<Day>, context: &Context<'_>) -> Result<Day, DealRejection> {
    let today = context.now.date_naive();
    let day = day.unwrap_or(Day(today));
    if today.succ_opt().is_some_and(|tomorrow| day.0 > tomorrow) { Err(DealRejection::ClosedInFuture(day.0.to_string())) } else { Ok(day) }
}
