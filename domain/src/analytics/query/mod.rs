//! A saved query: a question with a name, an owner, and parameters that each run may set.
//!
//! Every revision counts up, so that whoever runs the query can tell which one answered. The owner, and whoever administers the
//! tenant, may change it; it is run by the owner and by the roles that it is shared with. Its name is unique within the tenant.

mod commands;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::commands::*;
use super::cron::Cron;
use super::export::FileFormat;
use super::question::{QueryParameter, Question, check_parameters};
use crate::kernel::occurrences::Occurrences;
use crate::kernel::{Actor, Aggregate, Context, Decision, Refusal, Text, fold};
use crate::{cqrs_aggregate, events, rejections};

/// Roles that one query is shared with at most.
const ROLES_MAX: usize = 32;
/// Columns that one chart draws at most.
const CHART_COLUMNS_MAX: usize = 8;
/// The roles that may do what only the owner may.
const ADMINISTRATORS: [&str; 2] = ["owner", "admin"];
/// Where names are unique.
const NAME_SCOPE: &str = "query.name";

/// What people call it.
pub type Name = Text<200>;
/// A role of the tenant.
pub type Role = Text<64>;

/// How an answer is best drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChartKind {
    /// Rows and columns.
    Table,
    /// One number.
    Number,
    /// Lines over `x`.
    Line,
    /// Areas over `x`.
    Area,
    /// Bars by `x`.
    Bar,
    /// Slices by `x`.
    Pie,
    /// Steps in the order of the rows.
    Funnel,
}

/// A hint to whoever draws the answer; columns are named as in the answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Chart {
    /// The kind.
    pub kind: ChartKind,
    /// The column along the axis.
    #[serde(default)]
    pub x: Option<Text<100>>,
    /// The columns that are drawn, at most 8.
    #[serde(default)]
    pub y: Vec<Text<100>>,
    /// The column whose values tell several lines or stacks apart.
    #[serde(default)]
    pub series: Option<Text<100>>,
    /// Whether values are put on top of each other.
    #[serde(default)]
    pub stacked: bool,
}

/// What a query is, all of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Definition {
    /// What people call it; unique within the tenant, whatever the letter case.
    pub name: Name,
    /// What it tells.
    #[serde(default)]
    pub description: Option<Text<2000>>,
    /// What is asked.
    pub question: Question,
    /// What a run can or must set, at most 20.
    #[serde(default)]
    pub parameters: Vec<QueryParameter>,
    /// How the answer is best drawn.
    #[serde(default)]
    pub chart: Option<Chart>,
}

/// When a query runs by itself, and what becomes of the answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Recurrence {
    /// When.
    pub cron: Cron,
    /// The time zone of the fields, by its name in the IANA database, such as `Europe/Berlin`.
    #[serde(default)]
    pub time_zone: TimeZone,
    /// The format of the answers.
    #[serde(default)]
    pub format: FileFormat,
}

impl Recurrence {
    fn occurrences(&self) -> Result<Occurrences, QueryRejection> {
        let zone: Tz = self.time_zone.0.parse().map_err(|_| QueryRejection::ZoneUnknown(self.time_zone.0.clone()))?;
        Occurrences::recurring(&self.cron, zone).map_err(QueryRejection::CronInvalid)
    }
}

/// The name of a time zone in the IANA database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct TimeZone(#[schemars(length(min = 1, max = 64), regex(pattern = "^[A-Za-z][A-Za-z0-9_+/-]*$"))] String);

impl Default for TimeZone {
    fn default() -> Self {
        Self("UTC".to_owned())
    }
}

impl TryFrom<String> for TimeZone {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let begins = text.starts_with(|first: char| first.is_ascii_alphabetic());
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_+/-".contains(&byte);
        if begins && text.len() <= 64 && text.bytes().all(allowed) {
            return Ok(Self(text));
        }
        Err("name a time zone as the IANA database does, such as `Europe/Berlin`".to_owned())
    }
}

impl From<TimeZone> for String {
    fn from(zone: TimeZone) -> Self {
        zone.0
    }
}

// ---------------------------------------------------------------------------------------------------------- events

/// A query was saved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct QuerySaved {
    /// What it is.
    pub definition: Definition,
    /// Whose it is.
    pub owner: String,
}

/// The query has another definition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct QueryRevised {
    /// What it is now.
    pub definition: Definition,
    /// The number of the definition; the first one was 1.
    pub revision: u32,
}

/// Other roles may run the query.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct QueryShared {
    /// All roles that may run it.
    pub roles: Vec<Role>,
}

/// The query belongs to somebody else.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct QueryHandedOver {
    /// Whose it is now.
    pub owner: Text<256>,
}

/// The query runs by itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct QueryScheduled {
    /// When and how.
    pub recurrence: Recurrence,
    /// When it runs first. What was scheduled without it does not run until it is scheduled again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_at: Option<DateTime<Utc>>,
}

/// The query's time has come: what it asks is to be exported. Occurrences that were missed are one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct QueryFellDue {
    /// The occurrence: the latest whose time has come.
    pub scheduled_for: DateTime<Utc>,
    /// The first one that it stands for; the same where none was missed.
    pub since: DateTime<Utc>,
    /// When it runs next.
    pub next_at: Option<DateTime<Utc>>,
    /// What is asked, without parameters.
    pub question: Question,
    /// The number of the definition.
    pub revision: u32,
    /// The format of the answer.
    pub format: FileFormat,
    /// Whose query it is.
    pub owner: String,
}

/// The query no longer runs by itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct QueryUnscheduled {}

/// The query is gone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct QueryDeleted {}

events! {
    /// What happens to a saved query.
    pub enum QueryEvent {
        QuerySaved = "query_saved" 1,
        QueryRevised = "query_revised" 1,
        QueryShared = "query_shared" 1,
        QueryHandedOver = "query_handed_over" 1,
        QueryScheduled = "query_scheduled" 1,
        QueryFellDue = "query_fell_due" 1,
        QueryUnscheduled = "query_unscheduled" 1,
        QueryDeleted = "query_deleted" 1,
    }
}

// ----------------------------------------------------------------------------------------------------------- state

/// A saved query's state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Query {
    /// What it is; nothing before it is saved.
    pub definition: Option<Definition>,
    /// The number of the definition, from 1.
    pub revision: u32,
    /// Whose it is.
    pub owner: String,
    /// The roles that may run it, too.
    pub roles: Vec<Role>,
    /// When it runs by itself.
    pub recurrence: Option<Recurrence>,
    /// When that is next.
    #[serde(default)]
    pub next_at: Option<DateTime<Utc>>,
    /// Whether it is gone.
    pub deleted: bool,
}

impl Query {
    fn is_changed_by(&self, actor: &Actor) -> bool {
        self.owner == actor.subject || actor.roles.iter().any(|role| ADMINISTRATORS.contains(&role.as_str()))
    }
}

// ---------------------------------------------------------------------------------------------------------- handle

impl Aggregate for Query {
    const CONTEXT: &'static str = "analytics";
    const TYPE: &'static str = "query";
    type Command = QueryCommand;
    type Event = QueryEvent;

    fn apply(&mut self, event: &QueryEvent) {
        match event {
            QueryEvent::QuerySaved(e) => {
                (self.definition, self.revision) = (Some(e.definition.clone()), 1);
                self.owner.clone_from(&e.owner);
            }
            QueryEvent::QueryRevised(e) => (self.definition, self.revision) = (Some(e.definition.clone()), e.revision),
            QueryEvent::QueryShared(e) => self.roles.clone_from(&e.roles),
            QueryEvent::QueryHandedOver(e) => self.owner = e.owner.to_string(),
            QueryEvent::QueryScheduled(e) => (self.recurrence, self.next_at) = (Some(e.recurrence.clone()), e.next_at),
            QueryEvent::QueryFellDue(e) => self.next_at = e.next_at,
            QueryEvent::QueryUnscheduled(_) => (self.recurrence, self.next_at) = (None, None),
            QueryEvent::QueryDeleted(_) => (self.deleted, self.next_at) = (true, None),
        }
    }

    fn handle(&self, command: QueryCommand, context: &Context<'_>) -> Result<Decision<QueryEvent>, Refusal> {
        let anybody = matches!(command, QueryCommand::SaveQuery(_) | QueryCommand::RunDueQuery(_));
        if !anybody && !self.is_changed_by(context.actor) {
            return Err(QueryRejection::NotOwner.into());
        }
        match command {
            QueryCommand::SaveQuery(command) => save(command.into(), context),
            QueryCommand::RunDueQuery(_) => self.run_due(context.now),
            QueryCommand::DeleteQuery(_) if self.deleted => Ok(Decision::nothing()),
            _ if self.deleted => Err(QueryRejection::Deleted.into()),
            QueryCommand::ReviseQuery(command) => self.revise(command.into()),
            QueryCommand::ShareQuery(command) => self.share(command.roles),
            QueryCommand::HandOverQuery(command) if *self.owner == *command.owner => Ok(Decision::nothing()),
            QueryCommand::HandOverQuery(command) => Ok(Decision::event(QueryHandedOver { owner: command.owner })),
            QueryCommand::ScheduleQuery(ScheduleQuery { cron, time_zone, format }) => {
                self.schedule(Recurrence { cron, time_zone, format }, context.now)
            }
            QueryCommand::UnscheduleQuery(_) if self.recurrence.is_none() => Ok(Decision::nothing()),
            QueryCommand::UnscheduleQuery(_) => Ok(Decision::event(QueryUnscheduled {})),
            QueryCommand::DeleteQuery(_) => Ok(Decision::event(QueryDeleted {}).release(NAME_SCOPE, self.name_key())),
        }
    }
}

cqrs_aggregate!(Query);

/// Refuses a definition that cannot be run.
fn check(definition: &Definition) -> Result<(), Refusal> {
    definition.question.check()?;
    check_parameters(&definition.question, &definition.parameters)?;
    match &definition.chart {
        Some(chart) if chart.y.len() > CHART_COLUMNS_MAX => Err(QueryRejection::TooManyChartColumns(CHART_COLUMNS_MAX).into()),
        _ => Ok(()),
    }
}

fn save(definition: Definition, context: &Context<'_>) -> Result<Decision<QueryEvent>, Refusal> {
    check(&definition)?;
    let key = fold(&definition.name);
    Ok(Decision::event(QuerySaved { definition, owner: context.actor.subject.clone() }).claim(NAME_SCOPE, key, "name"))
}

impl Query {
    fn name_key(&self) -> String {
        self.definition.as_ref().map(|definition| fold(&definition.name)).unwrap_or_default()
    }

    fn revise(&self, definition: Definition) -> Result<Decision<QueryEvent>, Refusal> {
        if self.definition.as_ref() == Some(&definition) {
            return Ok(Decision::nothing());
        }
        check(&definition)?;
        if self.recurrence.is_some()
            && let Some(name) = unset(&definition)
        {
            return Err(QueryRejection::NeedsDefault(name).into());
        }
        let (before, after) = (self.name_key(), fold(&definition.name));
        let decision = Decision::event(QueryRevised { definition, revision: self.revision + 1 });
        Ok(if before == after { decision } else { decision.claim(NAME_SCOPE, after, "name").release(NAME_SCOPE, before) })
    }

    fn share(&self, mut roles: Vec<Role>) -> Result<Decision<QueryEvent>, Refusal> {
        roles.sort_unstable();
        roles.dedup();
        if roles.len() > ROLES_MAX {
            return Err(QueryRejection::TooManyRoles(ROLES_MAX).into());
        }
        Ok(if roles == self.roles { Decision::nothing() } else { Decision::event(QueryShared { roles }) })
    }

    fn schedule(&self, recurrence: Recurrence, now: DateTime<Utc>) -> Result<Decision<QueryEvent>, Refusal> {
        if let Some(name) = self.definition.as_ref().and_then(unset) {
            return Err(QueryRejection::NeedsDefault(name).into());
        }
        if self.recurrence.as_ref() == Some(&recurrence) && self.next_at.is_some() {
            return Ok(Decision::nothing());
        }
        let next_at = recurrence.occurrences()?.after(now).ok_or(QueryRejection::NeverRuns)?;
        Ok(Decision::event(QueryScheduled { recurrence, next_at: Some(next_at) }))
    }

    /// The latest occurrence whose time has come, for all of them. Early, or late after somebody else, nothing happens.
    fn run_due(&self, now: DateTime<Utc>) -> Result<Decision<QueryEvent>, Refusal> {
        let (Some(definition), Some(recurrence)) = (&self.definition, &self.recurrence) else { return Ok(Decision::nothing()) };
        let Some(since) = self.next_at.filter(|at| *at <= now) else { return Ok(Decision::nothing()) };
        let occurrences = recurrence.occurrences()?;
        let scheduled_for = occurrences.last(since, now);
        Ok(Decision::event(QueryFellDue {
            scheduled_for,
            since,
            next_at: occurrences.after(now),
            question: definition.question.by_default(&definition.parameters, scheduled_for),
            revision: self.revision,
            format: recurrence.format,
            owner: self.owner.clone(),
        }))
    }
}

/// A parameter that nobody would set when the query runs by itself.
fn unset(definition: &Definition) -> Option<String> {
    definition.parameters.iter().find(|parameter| parameter.required).map(|parameter| parameter.name.to_string())
}

// ------------------------------------------------------------------------------------------------------ rejections

rejections! {
    /// Why a saved query refuses a command.
    pub enum QueryRejection in "analytics" {
        /// Somebody else's.
        #[error("The query belongs to somebody else; its owner, or an administrator of the tenant, may change it.")]
        NotOwner => "not_query_owner" ["id"],
        /// Gone.
        #[error("The query was deleted; save a new one.")]
        Deleted => "query_deleted" ["id"],
        /// Too many.
        #[error("A query is shared with at most {0} roles; name fewer.")]
        TooManyRoles(usize) => "too_many_roles" ["roles"],
        /// Too many.
        #[error("A chart draws at most {0} columns; name fewer.")]
        TooManyChartColumns(usize) => "too_many_chart_columns" ["chart"],
        /// Nobody is there to set it.
        #[error("A query that runs by itself cannot ask for `{0}`; give the parameter a default, or unschedule the query.")]
        NeedsDefault(String) => "parameter_needs_default" ["parameters"],
        /// Not in the IANA database.
        #[error("There is no time zone `{0}`; name one as the IANA database does, such as `Europe/Berlin`.")]
        ZoneUnknown(String) => "zone_unknown" ["time_zone"],
        /// No pattern.
        #[error("The pattern says nothing: {0}.")]
        CronInvalid(String) => "cron_invalid" ["cron"],
        /// The thirtieth of February.
        #[error("No day has such a time; name one that comes.")]
        NeverRuns => "schedule_never_runs" ["cron"],
    }
}

#[cfg(test)]
mod tests;
