//! A timer: sends a stored command at a point in time, or again and again by the clocks of a time zone, once for each occurrence.
//!
//! The command is sent by the platform in the role `service`, which may send any command. A timer is therefore scheduled by those who may
//! send any command themselves: owners, admins and services.

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use chrono_tz::Tz;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::kernel::occurrences::Occurrences;
use crate::kernel::{Actor, Aggregate, Context, Decision, Refusal, Text, When};
use crate::{commands, cqrs_aggregate, events, rejections};

mod values;

pub use values::{Body, LocalTime, Schedule, StoredCommand};

/// What people call a timer.
pub type Name = Text<200>;
/// Why something was done.
pub type Reason = Text<500>;

/// Roles that may send any command, and so have one sent for them.
const ROLES: [&str; 3] = ["owner", "admin", "service"];
/// Occurrences that one command fires at most; what is left is due at once.
const FIRINGS_MAX: usize = 50;
/// The longest lateness that counts as being in time, in seconds: a day.
const GRACE_SECONDS_MAX: u32 = 86_400;
const GRACE_SECONDS: u32 = 300;

/// What happens to occurrences that could not be fired in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CatchUp {
    /// All are fired, late, in order.
    FireAll,
    /// The last one is fired, late; those before it are skipped.
    #[default]
    LatestOnly,
    /// Those that are later than `grace_seconds` are skipped.
    Skip,
}

/// When a timer fires, in full.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Plan {
    /// The times.
    pub schedule: Schedule,
    /// The IANA time zone whose clocks count, such as `Europe/Berlin`.
    pub zone: String,
    /// No occurrence comes later than this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<When>,
}

// ---------------------------------------------------------------------------------------------------------- events

/// A timer was set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TimerScheduled {
    /// What people call it.
    pub name: Name,
    /// When it fires.
    pub plan: Plan,
    /// What it sends.
    pub command: StoredCommand,
    /// What happens to occurrences that could not be fired in time.
    pub catch_up: CatchUp,
    /// How late an occurrence may be and still be in time, in seconds.
    pub grace_seconds: u32,
    /// The first occurrence.
    pub next_at: DateTime<Utc>,
    /// Who set it.
    pub scheduled_by: String,
}

/// The timer has other times.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TimerRescheduled {
    /// When it fires.
    pub plan: Plan,
    /// The next occurrence.
    pub next_at: DateTime<Utc>,
}

/// The timer fires no more until it is resumed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TimerPaused {
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
}

/// The timer fires again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TimerResumed {
    /// The next occurrence; none where all of them came while it was paused.
    pub next_at: Option<DateTime<Utc>>,
}

/// The timer's time came: its command is sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TimerFired {
    /// The occurrence.
    pub scheduled_for: DateTime<Utc>,
    /// 1 for the timer's first firing, 2 for the second …
    pub number: u64,
    /// What is sent.
    pub command: StoredCommand,
    /// The next occurrence; none after the last.
    pub next_at: Option<DateTime<Utc>>,
}

/// Occurrences were let go, because they could not be fired in time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TimerSkipped {
    /// The first of them.
    pub from: DateTime<Utc>,
    /// The first occurrence that is not let go; none where there are no more.
    pub next_at: Option<DateTime<Utc>>,
}

/// The timer never fires again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TimerCancelled {
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
}

events! {
    /// What happens to a timer.
    pub enum TimerEvent {
        TimerScheduled = "timer_scheduled" 1,
        TimerRescheduled = "timer_rescheduled" 1,
        TimerPaused = "timer_paused" 1,
        TimerResumed = "timer_resumed" 1,
        TimerFired = "timer_fired" 1,
        TimerSkipped = "timer_skipped" 1,
        TimerCancelled = "timer_cancelled" 1,
    }
}

// ----------------------------------------------------------------------------------------------------------- state

/// Where a timer stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TimerStatus {
    /// It waits for its next occurrence.
    #[default]
    Active,
    /// It fires no more until it is resumed.
    Paused,
    /// There is no further occurrence.
    Finished,
    /// It never fires again.
    Cancelled,
}

/// A timer's state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Timer {
    /// Where it stands.
    pub status: TimerStatus,
    /// How it was set; nothing before that.
    pub setting: Option<TimerScheduled>,
    /// The next occurrence.
    pub next_at: Option<DateTime<Utc>>,
    /// How often it has fired.
    pub fired: u64,
}

impl Timer {
    fn setting(&self) -> Result<&TimerScheduled, TimerRejection> {
        self.setting.as_ref().ok_or(TimerRejection::NotScheduled)
    }

    fn wait_for(&mut self, next_at: Option<DateTime<Utc>>) {
        self.next_at = next_at;
        if next_at.is_none() {
            self.status = TimerStatus::Finished;
        }
    }
}

// -------------------------------------------------------------------------------------------------------- commands

fn grace_seconds() -> u32 {
    GRACE_SECONDS
}

/// Sets a timer, which sends a command when its time comes. Only owners, admins and services may.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScheduleTimer {
    /// What people call it.
    pub name: Name,
    /// When it fires.
    pub schedule: Schedule,
    /// The IANA time zone whose clocks count, such as `Europe/Berlin`; UTC where none is given.
    #[serde(default)]
    pub zone: Option<Text<64>>,
    /// No occurrence comes later than this.
    #[serde(default)]
    pub until: Option<When>,
    /// What it sends.
    pub command: StoredCommand,
    /// What happens to occurrences that could not be fired in time.
    #[serde(default)]
    pub catch_up: CatchUp,
    /// How late an occurrence may be and still be in time, in seconds: up to a day. Counts where late ones are skipped.
    #[serde(default = "grace_seconds")]
    #[schemars(range(max = 86_400))]
    pub grace_seconds: u32,
}

/// Gives a timer other times. A timer that has finished starts again; one that is paused stays so. Only owners, admins and services may.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RescheduleTimer {
    /// When it fires.
    pub schedule: Schedule,
    /// The IANA time zone whose clocks count; as before where none is given.
    #[serde(default)]
    pub zone: Option<Text<64>>,
    /// No occurrence comes later than this.
    #[serde(default)]
    pub until: Option<When>,
}

/// Lets a timer fire no more until it is resumed. What comes meanwhile is not caught up with.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PauseTimer {
    /// Why.
    pub reason: Option<Reason>,
}

/// Lets a paused timer go on with the next occurrence. One that fires once and whose time has passed fires now, unless it skips what is late.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ResumeTimer {}

/// Fires what is due. The platform sends this when the time comes; before that it changes nothing.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FireTimer {}

/// Ends a timer for good.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CancelTimer {
    /// Why.
    pub reason: Option<Reason>,
}

commands! {
    /// What can be asked of a timer.
    pub enum TimerCommand {
        creates "schedule" => ScheduleTimer {
            "name": "Monday call", "schedule": { "cron": "0 9 * * MON" }, "zone": "Europe/Berlin",
            "command": {
                "context": "crm", "aggregate": "activity", "command": "schedule",
                "body": { "kind": "call", "subject": "Weekly call", "due_at": "2026-03-09T09:00:00Z", "about": { "contact_id": "ada" } }
            },
            "catch_up": "latest_only"
        },
        "reschedule" => RescheduleTimer { "schedule": { "cron": "30 9 * * MON" } },
        "pause" => PauseTimer { "reason": "holidays" },
        "resume" => ResumeTimer {},
        "fire" => FireTimer {},
        "cancel" => CancelTimer { "reason": "no longer needed" },
    }
}

// ---------------------------------------------------------------------------------------------------------- handle

impl Aggregate for Timer {
    const CONTEXT: &'static str = "scheduling";
    const TYPE: &'static str = "timer";
    type Command = TimerCommand;
    type Event = TimerEvent;

    fn apply(&mut self, event: &TimerEvent) {
        match event {
            TimerEvent::TimerScheduled(e) => {
                self.next_at = Some(e.next_at);
                self.setting = Some(e.clone());
            }
            TimerEvent::TimerRescheduled(e) => {
                self.next_at = Some(e.next_at);
                if let Some(setting) = &mut self.setting {
                    setting.plan = e.plan.clone();
                }
                if self.status == TimerStatus::Finished {
                    self.status = TimerStatus::Active;
                }
            }
            TimerEvent::TimerPaused(_) => self.status = TimerStatus::Paused,
            TimerEvent::TimerResumed(e) => {
                self.status = TimerStatus::Active;
                self.wait_for(e.next_at);
            }
            TimerEvent::TimerFired(e) => {
                self.fired = e.number;
                self.wait_for(e.next_at);
            }
            TimerEvent::TimerSkipped(e) => self.wait_for(e.next_at),
            TimerEvent::TimerCancelled(_) => {
                self.status = TimerStatus::Cancelled;
                self.next_at = None;
            }
        }
    }

    fn handle(&self, command: TimerCommand, context: &Context<'_>) -> Result<Decision<TimerEvent>, Refusal> {
        Ok(match command {
            TimerCommand::ScheduleTimer(command) => schedule(command, context)?,
            TimerCommand::RescheduleTimer(command) => self.reschedule(command, context)?,
            TimerCommand::PauseTimer(command) => self.pause(command)?,
            TimerCommand::ResumeTimer(_) => self.resume(context.now)?,
            TimerCommand::FireTimer(_) => self.fire(context.now)?,
            TimerCommand::CancelTimer(command) => self.cancel(command)?,
        })
    }
}

cqrs_aggregate!(Timer);

fn allowed(actor: &Actor) -> Result<(), TimerRejection> {
    if actor.roles.iter().any(|role| ROLES.contains(&role.as_str())) { Ok(()) } else { Err(TimerRejection::NotAllowed) }
}

impl Plan {
    fn occurrences(&self) -> Result<Occurrences, TimerRejection> {
        let zone: Tz = self.zone.parse().map_err(|_| TimerRejection::ZoneUnknown(self.zone.clone()))?;
        let occurrences = match &self.schedule {
            Schedule::At(at) => Occurrences::once(at.0.trunc_subsecs(6)),
            Schedule::Local(wall) => Occurrences::once_local(wall.0, zone),
            Schedule::Cron(pattern) => Occurrences::recurring(pattern, zone).map_err(TimerRejection::CronInvalid)?,
        };
        Ok(occurrences.until(self.until.map(|until| until.0)))
    }

    /// The first occurrence from now on.
    fn first(&self, now: DateTime<Utc>) -> Result<DateTime<Utc>, TimerRejection> {
        let occurrences = self.occurrences()?;
        if let Some(first) = occurrences.after(now) {
            return Ok(first);
        }
        let endless = occurrences.until(None).after(now);
        let passed = endless.is_none() && !matches!(self.schedule, Schedule::Cron(_));
        Err(if passed { TimerRejection::TimePassed } else { TimerRejection::NeverFires })
    }
}

fn schedule(command: ScheduleTimer, context: &Context<'_>) -> Result<Decision<TimerEvent>, TimerRejection> {
    allowed(context.actor)?;
    command.command.check()?;
    if command.grace_seconds > GRACE_SECONDS_MAX {
        return Err(TimerRejection::GraceTooLong(GRACE_SECONDS_MAX));
    }
    let zone = command.zone.map_or_else(|| "UTC".to_owned(), String::from);
    let plan = Plan { schedule: command.schedule, zone, until: command.until };
    Ok(Decision::event(TimerScheduled {
        name: command.name,
        next_at: plan.first(context.now)?,
        plan,
        command: command.command,
        catch_up: command.catch_up,
        grace_seconds: command.grace_seconds,
        scheduled_by: context.actor.subject.clone(),
    }))
}

impl Timer {
    fn reschedule(&self, command: RescheduleTimer, context: &Context<'_>) -> Result<Decision<TimerEvent>, TimerRejection> {
        allowed(context.actor)?;
        if self.status == TimerStatus::Cancelled {
            return Err(TimerRejection::Cancelled);
        }
        let before = &self.setting()?.plan;
        let zone = command.zone.map_or_else(|| before.zone.clone(), String::from);
        let plan = Plan { schedule: command.schedule, zone, until: command.until };
        if plan == *before && self.status != TimerStatus::Finished {
            return Ok(Decision::nothing());
        }
        Ok(Decision::event(TimerRescheduled { next_at: plan.first(context.now)?, plan }))
    }

    fn pause(&self, command: PauseTimer) -> Result<Decision<TimerEvent>, TimerRejection> {
        match self.status {
            TimerStatus::Active => Ok(Decision::event(TimerPaused { reason: command.reason })),
            TimerStatus::Paused => Ok(Decision::nothing()),
            TimerStatus::Finished => Err(TimerRejection::Finished),
            TimerStatus::Cancelled => Err(TimerRejection::Cancelled),
        }
    }

    fn resume(&self, now: DateTime<Utc>) -> Result<Decision<TimerEvent>, TimerRejection> {
        match self.status {
            TimerStatus::Active => Ok(Decision::nothing()),
            TimerStatus::Paused => {
                let plan = &self.setting()?.plan;
                let next_at = match plan.schedule {
                    Schedule::Cron(_) => plan.occurrences()?.after(now),
                    Schedule::At(_) | Schedule::Local(_) => self.next_at,
                };
                Ok(Decision::event(TimerResumed { next_at }))
            }
            TimerStatus::Finished => Err(TimerRejection::Finished),
            TimerStatus::Cancelled => Err(TimerRejection::Cancelled),
        }
    }

    /// What is due, by the timer's way of catching up. Early, or late after somebody else, nothing happens.
    fn fire(&self, now: DateTime<Utc>) -> Result<Decision<TimerEvent>, TimerRejection> {
        let Some(due) = self.next_at.filter(|due| *due <= now && self.status == TimerStatus::Active) else {
            return Ok(Decision::nothing());
        };
        let setting = self.setting()?;
        let occurrences = setting.plan.occurrences()?;
        let in_time = now - TimeDelta::seconds(setting.grace_seconds.into());
        let first = match setting.catch_up {
            CatchUp::FireAll => Some(due),
            CatchUp::LatestOnly => Some(occurrences.last(due, now)),
            CatchUp::Skip if due >= in_time => Some(due),
            CatchUp::Skip => occurrences.after(in_time - TimeDelta::microseconds(1)),
        };
        let mut decision = Decision::nothing();
        if first != Some(due) {
            decision = decision.and(TimerSkipped { from: due, next_at: first });
        }
        let mut next = first;
        for number in (self.fired + 1..).take(FIRINGS_MAX) {
            let Some(scheduled_for) = next.filter(|next| *next <= now) else { break };
            next = occurrences.after(scheduled_for);
            decision = decision.and(TimerFired { scheduled_for, number, command: setting.command.clone(), next_at: next });
        }
        Ok(decision)
    }

    fn cancel(&self, command: CancelTimer) -> Result<Decision<TimerEvent>, TimerRejection> {
        match self.status {
            TimerStatus::Active | TimerStatus::Paused => Ok(Decision::event(TimerCancelled { reason: command.reason })),
            TimerStatus::Finished => Err(TimerRejection::Finished),
            TimerStatus::Cancelled => Ok(Decision::nothing()),
        }
    }
}

// ------------------------------------------------------------------------------------------------------ rejections

rejections! {
    /// Why a timer refuses a command.
    pub enum TimerRejection in "scheduling" {
        /// The timer does not exist.
        #[error("The timer was never scheduled.")]
        NotScheduled => "timer_not_scheduled" ["id"],
        /// The caller could not send the command either.
        #[error("A timer may send any command, so an owner, an admin or a service has to set it.")]
        NotAllowed => "timer_not_allowed" [],
        /// Not a pattern.
        #[error("The pattern cannot be read: {0}. Write minute, hour, day of the month, month and day of the week, such as `0 9 * * MON-FRI`.")]
        CronInvalid(String) => "cron_invalid" ["schedule.cron"],
        /// No such zone.
        #[error("`{0}` is not an IANA time zone; write it as in `Europe/Berlin`.")]
        ZoneUnknown(String) => "zone_unknown" ["zone"],
        /// Yesterday.
        #[error("That time has passed; give one that is to come.")]
        TimePassed => "time_passed" ["schedule"],
        /// The 30th of February, or an end before the first occurrence.
        #[error("The timer would never fire: nothing matches the schedule from now until its end.")]
        NeverFires => "never_fires" ["schedule", "until"],
        /// Too much patience.
        #[error("An occurrence counts as in time for {0} seconds at most.")]
        GraceTooLong(u32) => "grace_too_long" ["grace_seconds"],
        /// Not a name.
        #[error("`{0}` is not the name of a context, an aggregate or a command; write it as in the address of the command.")]
        CommandInvalid(String) => "command_invalid" ["command"],
        /// A long body.
        #[error("The command's body has {0} bytes, more than {1}.")]
        CommandTooLarge(usize, usize) => "command_too_large" ["command.body"],
        /// Timers that set timers have no end.
        #[error("A timer does not command timers; schedule what is to happen itself.")]
        CommandsTimer => "commands_timer" ["command.context"],
        /// There is nothing left to do.
        #[error("The timer has fired for the last time; reschedule it to start again.")]
        Finished => "timer_finished" ["id"],
        /// Ended for good.
        #[error("The timer was cancelled; schedule another one.")]
        Cancelled => "timer_cancelled" ["id"],
    }
}

#[cfg(test)]
mod tests;
