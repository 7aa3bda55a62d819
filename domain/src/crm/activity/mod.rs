//! An activity: a call, meeting, email, task or note that someone plans and does for a contact, company, deal or lead.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::company::Company;
use super::contact::Contact;
use super::deal::{Deal, DealRejection};
use super::lead::Lead;
use super::values::{Name, Note};
use crate::kernel::{Aggregate, AggregateId, Context, Decision, Refusal, When};
use crate::{commands, cqrs_aggregate, events, rejections};

/// The longest activity, in minutes: four weeks.
const DURATION_MINUTES_MAX: u32 = 40_320;

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ActivityKind {
    /// A phone or video call.
    Call,
    /// A meeting.
    Meeting,
    /// An email to write.
    Email,
    /// Anything else that has to be done.
    Task,
    /// Something to be remembered.
    Note,
}

/// What an activity is about. At least one is named.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct About {
    /// The contact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact_id: Option<String>,
    /// The company.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company_id: Option<String>,
    /// The deal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deal_id: Option<String>,
    /// The lead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lead_id: Option<String>,
}

// ---------------------------------------------------------------------------------------------------------- events

/// An activity was planned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ActivityScheduled {
    /// What is done.
    pub kind: ActivityKind,
    /// What it is for.
    pub subject: Name,
    /// When it begins or has to be done.
    pub due_at: When,
    /// How long it takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_minutes: Option<u32>,
    /// Who does it: a user's id or email address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignee: Option<Name>,
    /// What it is about.
    pub about: About,
    /// Remarks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-personal" = true))]
    pub note: Option<Note>,
}

/// The activity was done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ActivityCompleted {
    /// What came of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-personal" = true))]
    pub outcome: Option<Note>,
    /// When it was done.
    pub completed_at: DateTime<Utc>,
}

/// The activity has another time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ActivityRescheduled {
    /// The time before.
    pub from: When,
    /// The time after.
    pub due_at: When,
    /// How long it takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_minutes: Option<u32>,
}

/// Someone else does the activity.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ActivityReassigned {
    /// Who was to do it before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Name>,
    /// Who does it.
    pub assignee: Name,
}

/// The activity will not be done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ActivityCancelled {
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Name>,
}

events! {
    /// What happens to an activity.
    pub enum ActivityEvent {
        ActivityScheduled = "activity_scheduled" 1,
        ActivityCompleted = "activity_completed" 1,
        ActivityRescheduled = "activity_rescheduled" 1,
        ActivityReassigned = "activity_reassigned" 1,
        ActivityCancelled = "activity_cancelled" 1,
    }
}

// ----------------------------------------------------------------------------------------------------------- state

/// Where an activity stands.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum ActivityStatus {
    /// To be done.
    #[default]
    Planned,
    /// Done.
    Completed(ActivityCompleted),
    /// Called off.
    Cancelled(ActivityCancelled),
}

/// An activity's state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Activity {
    /// Where it stands.
    pub status: ActivityStatus,
    /// The plan as it is now; nothing before the activity is scheduled.
    pub plan: Option<ActivityScheduled>,
}

impl Activity {
    fn planned(&self) -> Result<&ActivityScheduled, ActivityRejection> {
        match (&self.status, &self.plan) {
            (ActivityStatus::Completed(_), _) => Err(ActivityRejection::Completed),
            (ActivityStatus::Cancelled(_), _) => Err(ActivityRejection::Cancelled),
            (ActivityStatus::Planned, plan) => plan.as_ref().ok_or(ActivityRejection::NotScheduled),
        }
    }
}

// -------------------------------------------------------------------------------------------------------- commands

/// Plans an activity.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScheduleActivity {
    /// What is done.
    pub kind: ActivityKind,
    /// What it is for.
    pub subject: Name,
    /// When it begins or has to be done.
    pub due_at: When,
    /// How long it takes, 1 to 40320 minutes.
    #[serde(default)]
    #[schemars(range(min = 1, max = 40_320))]
    pub duration_minutes: Option<u32>,
    /// Who does it: a user's id or email address.
    #[serde(default)]
    pub assignee: Option<Name>,
    /// What it is about; at least one record, and all that are named exist.
    pub about: Subjects,
    /// Remarks.
    #[serde(default)]
    pub note: Option<Note>,
}

/// The records that an activity is about.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Subjects {
    /// The contact.
    pub contact_id: Option<AggregateId>,
    /// The company.
    pub company_id: Option<AggregateId>,
    /// The deal.
    pub deal_id: Option<AggregateId>,
    /// The lead.
    pub lead_id: Option<AggregateId>,
}

/// Says that an activity was done.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CompleteActivity {
    /// What came of it.
    pub outcome: Option<Note>,
    /// When it was done; now where no time is given.
    pub completed_at: Option<When>,
}

/// Gives a planned activity another time.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RescheduleActivity {
    /// When it begins or has to be done.
    pub due_at: When,
    /// How long it takes, 1 to 40320 minutes; as before where nothing is given.
    #[serde(default)]
    #[schemars(range(min = 1, max = 40_320))]
    pub duration_minutes: Option<u32>,
}

/// Gives a planned activity to someone else.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReassignActivity {
    /// A user's id or email address.
    pub assignee: Name,
}

/// Calls a planned activity off.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CancelActivity {
    /// Why.
    pub reason: Option<Name>,
}

commands! {
    /// What can be asked of an activity.
    pub enum ActivityCommand {
        creates "schedule" => ScheduleActivity {
            "kind": "meeting", "subject": "Demonstration", "due_at": "2026-03-10T09:00:00Z", "duration_minutes": 45,
            "about": { "contact_id": "0197f3c2-8a10-7cc3-98c4-dc0c0c07398f" }
        },
        "complete" => CompleteActivity { "outcome": "Wants an offer by Friday" },
        "reschedule" => RescheduleActivity { "due_at": "2026-03-11T09:00:00Z" },
        "reassign" => ReassignActivity { "assignee": "grace@example.com" },
        "cancel" => CancelActivity { "reason": "no longer interested" },
    }
}

// ---------------------------------------------------------------------------------------------------------- handle

impl Aggregate for Activity {
    const CONTEXT: &'static str = "crm";
    const TYPE: &'static str = "activity";
    type Command = ActivityCommand;
    type Event = ActivityEvent;

    fn apply(&mut self, event: &ActivityEvent) {
        match (event, &mut self.plan) {
            (ActivityEvent::ActivityScheduled(e), _) => self.plan = Some(e.clone()),
            (ActivityEvent::ActivityRescheduled(e), Some(plan)) => {
                plan.due_at = e.due_at;
                plan.duration_minutes = e.duration_minutes;
            }
            (ActivityEvent::ActivityReassigned(e), Some(plan)) => plan.assignee = Some(e.assignee.clone()),
            (ActivityEvent::ActivityRescheduled(_) | ActivityEvent::ActivityReassigned(_), None) => {}
            (ActivityEvent::ActivityCompleted(e), _) => self.status = ActivityStatus::Completed(e.clone()),
            (ActivityEvent::ActivityCancelled(e), _) => self.status = ActivityStatus::Cancelled(e.clone()),
        }
    }

    fn handle(&self, command: ActivityCommand, context: &Context<'_>) -> Result<Decision<ActivityEvent>, Refusal> {
        match command {
            ActivityCommand::ScheduleActivity(command) => schedule(command, context),
            ActivityCommand::CompleteActivity(command) => Ok(self.complete(command, context)?),
            ActivityCommand::RescheduleActivity(command) => Ok(self.reschedule(&command)?),
            ActivityCommand::ReassignActivity(command) => Ok(self.reassign(command)?),
            ActivityCommand::CancelActivity(command) => Ok(self.cancel(command)?),
        }
    }
}

cqrs_aggregate!(Activity);

fn schedule(command: ScheduleActivity, context: &Context<'_>) -> Result<Decision<ActivityEvent>, Refusal> {
    let about = about(&command.about, context)?;
    Ok(Decision::event(ActivityScheduled {
        kind: command.kind,
        subject: command.subject,
        due_at: command.due_at,
        duration_minutes: command.duration_minutes.map(duration).transpose()?,
        assignee: command.assignee,
        about,
        note: command.note,
    }))
}

fn about(subjects: &Subjects, context: &Context<'_>) -> Result<About, Refusal> {
    if *subjects == Subjects::default() {
        return Err(ActivityRejection::AboutNothing.into());
    }
    if let Some(id) = &subjects.deal_id
        && context.get::<Deal>(id.as_str())?.is_none()
    {
        return Err(DealRejection::UnknownDeal(id.to_string()).into());
    }
    if let Some(id) = &subjects.lead_id {
        Lead::require(id.as_str(), context)?;
    }
    Ok(About {
        contact_id: subjects.contact_id.as_ref().map(|id| Contact::resolve(id.as_str(), context)).transpose()?,
        company_id: subjects.company_id.as_ref().map(|id| Company::resolve(id.as_str(), context)).transpose()?,
        deal_id: subjects.deal_id.as_ref().map(ToString::to_string),
        lead_id: subjects.lead_id.as_ref().map(ToString::to_string),
    })
}

fn duration(minutes: u32) -> Result<u32, ActivityRejection> {
    if (1..=DURATION_MINUTES_MAX).contains(&minutes) { Ok(minutes) } else { Err(ActivityRejection::InvalidDuration(DURATION_MINUTES_MAX)) }
}

impl Activity {
    fn complete(&self, command: CompleteActivity, context: &Context<'_>) -> Result<Decision<ActivityEvent>, ActivityRejection> {
        if let ActivityStatus::Completed(done) = &self.status
            && command.outcome.as_ref().is_none_or(|outcome| done.outcome.as_ref() == Some(outcome))
            && command.completed_at.is_none_or(|at| at.0 == done.completed_at)
        {
            return Ok(Decision::nothing());
        }
        self.planned()?;
        let completed_at = command.completed_at.map_or(context.now, DateTime::from);
        if completed_at > context.now {
            return Err(ActivityRejection::CompletedInFuture);
        }
        Ok(Decision::event(ActivityCompleted { outcome: command.outcome, completed_at }))
    }

    fn reschedule(&self, command: &RescheduleActivity) -> Result<Decision<ActivityEvent>, ActivityRejection> {
        let plan = self.planned()?;
        let duration_minutes = command.duration_minutes.map(duration).transpose()?.or(plan.duration_minutes);
        if command.due_at == plan.due_at && duration_minutes == plan.duration_minutes {
            return Ok(Decision::nothing());
        }
        Ok(Decision::event(ActivityRescheduled { from: plan.due_at, due_at: command.due_at, duration_minutes }))
    }

    fn reassign(&self, command: ReassignActivity) -> Result<Decision<ActivityEvent>, ActivityRejection> {
        let plan = self.planned()?;
        if plan.assignee.as_ref() == Some(&command.assignee) {
            return Ok(Decision::nothing());
        }
        Ok(Decision::event(ActivityReassigned { from: plan.assignee.clone(), assignee: command.assignee }))
    }

    fn cancel(&self, command: CancelActivity) -> Result<Decision<ActivityEvent>, ActivityRejection> {
        if let ActivityStatus::Cancelled(cancelled) = &self.status
            && command.reason.as_ref().is_none_or(|reason| cancelled.reason.as_ref() == Some(reason))
        {
            return Ok(Decision::nothing());
        }
        self.planned()?;
        Ok(Decision::event(ActivityCancelled { reason: command.reason }))
    }
}

// ------------------------------------------------------------------------------------------------------ rejections

rejections! {
    /// Why an activity refuses a command.
    pub enum ActivityRejection in "crm" {
        /// The activity does not exist.
        #[error("The activity was never scheduled.")]
        NotScheduled => "activity_not_scheduled" ["id"],
        /// No record is named.
        #[error("An activity is about a contact, a company, a deal or a lead.")]
        AboutNothing => "activity_about_nothing" ["about"],
        /// Too short or too long.
        #[error("An activity takes 1 to {0} minutes.")]
        InvalidDuration(u32) => "duration_invalid" ["duration_minutes"],
        /// The activity was done.
        #[error("The activity was completed already.")]
        Completed => "activity_completed" ["id"],
        /// The activity was called off.
        #[error("The activity was cancelled; schedule another one.")]
        Cancelled => "activity_cancelled" ["id"],
        /// Done tomorrow.
        #[error("An activity cannot have been completed in the future.")]
        CompletedInFuture => "completed_in_future" ["completed_at"],
    }
}

#[cfg(test)]
mod tests;
