//! An export: the answer to a question, written to files that can be fetched until they expire.
//!
//! Whoever may read the source requests it. A worker of the platform writes the files and tells what became of it; only the platform's
//! own processes may tell. What an export holds is not in its events: they say how much it is and how to know it again.

use chrono::{DateTime, TimeDelta, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::question::{Question, SORT};
use crate::kernel::{Actor, Aggregate, AggregateId, Context, Decision, Refusal, Text};
use crate::{commands, cqrs_aggregate, events, rejections};

/// Positions that one export tells at most: one for each context that its source reads.
const POSITIONS_MAX: usize = 64;
/// The longest that files are kept, in days.
const KEPT_DAYS_MAX: u16 = 365;
/// The role of the platform's own processes.
const SERVICE: &str = "service";
/// The roles that may cancel what somebody else has requested.
const ADMINISTRATORS: [&str; 2] = ["owner", "admin"];

/// The format of files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FileFormat {
    /// Apache Parquet, compressed.
    #[default]
    Parquet,
    /// Comma-separated values (RFC 4180).
    Csv,
    /// A JSON object a line.
    Ndjson,
    /// Apache Arrow, as IPC streams.
    Arrow,
}

/// A SHA-256 digest in hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(extend("pattern" = "^[0-9a-f]{64}$", "examples" = ["e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"]))]
pub struct Sha256Hex(String);

impl TryFrom<String> for Sha256Hex {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if text.len() == 64 && text.bytes().all(digit) { Ok(Self(text)) } else { Err("a SHA-256 digest has 64 hexadecimal digits") }
    }
}

impl From<Sha256Hex> for String {
    fn from(digest: Sha256Hex) -> Self {
        digest.0
    }
}

// ---------------------------------------------------------------------------------------------------------- events

/// An export was requested.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ExportRequested {
    /// What is asked.
    pub question: Question,
    /// The format of the files.
    pub format: FileFormat,
    /// Who asked.
    pub requested_by: String,
    /// Whose schedule asked, where nobody did by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<QueryRun>,
}

/// The files are written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ExportCompleted {
    /// How much it is.
    pub summary: ExportSummary,
    /// Until when the files can be fetched.
    pub expires_at: DateTime<Utc>,
}

/// The export cannot be made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ExportFailed {
    /// A stable code.
    pub code: Text<100>,
    /// One sentence for people.
    pub reason: Text<1000>,
}

/// Nobody wants the export any more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ExportCancelled {}

/// The files are gone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ExportExpired {}

events! {
    /// What happens to an export.
    pub enum ExportEvent {
        ExportRequested = "export_requested" 1,
        ExportCompleted = "export_completed" 1,
        ExportFailed = "export_failed" 1,
        ExportCancelled = "export_cancelled" 1,
        ExportExpired = "export_expired" 1,
    }
}

// ----------------------------------------------------------------------------------------------------------- state

/// Where an export stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExportStatus {
    /// Waiting for a worker, or being written.
    #[default]
    Requested,
    /// The files can be fetched.
    Completed,
    /// It cannot be made.
    Failed,
    /// Nobody wants it any more.
    Cancelled,
    /// The files are gone.
    Expired,
}

/// An export's state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Export {
    /// Where it stands.
    pub status: ExportStatus,
    /// Who asked.
    pub requested_by: String,
    /// How much it is, once it is complete.
    pub summary: Option<ExportSummary>,
    /// Until when the files can be fetched.
    pub expires_at: Option<DateTime<Utc>>,
}

/// An occurrence of a saved query's schedule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QueryRun {
    /// The saved query.
    pub query_id: AggregateId,
    /// The number of its definition that is asked.
    pub revision: u32,
    /// Whose it is.
    pub owner: Text<256>,
    /// When it was to run.
    pub scheduled_for: DateTime<Utc>,
}

/// How much an export is, and how to know it again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExportSummary {
    /// Rows in all files together.
    pub rows: u64,
    /// Bytes of all files together.
    pub bytes: u64,
    /// The number of files, the manifest not counted.
    pub files: u32,
    /// Digest of the manifest, which holds the digests of the files.
    pub manifest_sha256: Sha256Hex,
    /// Position tokens: everything up to them is included.
    pub positions: Vec<Text<128>>,
    /// Whether all rows are from one state of the database. A worker that was interrupted goes on with a later one.
    pub one_state: bool,
}

// -------------------------------------------------------------------------------------------------------- commands

/// Requests an export. A worker writes the files; `GET …/{id}/files` tells how far it is and where they are.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestExport {
    /// What is asked; all rows are written, in the order of their ids.
    pub question: Question,
    /// The format of the files.
    #[serde(default)]
    pub format: FileFormat,
    /// Whose schedule asks. Said by the platform alone: the export is then its owner's.
    #[serde(default)]
    pub run: Option<QueryRun>,
}

/// Says that the files are written. Sent by the platform.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CompleteExport {
    /// How much it is.
    pub summary: ExportSummary,
    /// For how many days the files are kept, 1 to 365.
    #[schemars(range(min = 1, max = 365))]
    pub kept_days: u16,
}

/// Says that the export cannot be made. Sent by the platform.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FailExport {
    /// A stable code.
    pub code: Text<100>,
    /// One sentence for people.
    pub reason: Text<1000>,
}

/// Gives up an export that is not complete yet.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CancelExport {}

/// Lets the files go once their time is over; earlier, nothing happens.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExpireExport {}

commands! {
    /// What can be asked of an export.
    pub enum ExportCommand {
        creates "request" => RequestExport {
            "question": { "context": "crm", "source": "contact-list", "terms": { "country": "DE" } },
            "format": "parquet"
        },
        "complete" => CompleteExport {
            "summary": {
                "rows": 3097, "bytes": 104_857, "files": 1,
                "manifest_sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                "positions": ["crm/3@3097"], "one_state": true
            },
            "kept_days": 7
        },
        "fail" => FailExport { "code": "unknown_read_model", "reason": "There is no read model of that name." },
        "cancel" => CancelExport {},
        "expire" => ExpireExport {},
    }
}

// ---------------------------------------------------------------------------------------------------------- handle

impl Aggregate for Export {
    const CONTEXT: &'static str = "analytics";
    const TYPE: &'static str = "export";
    type Command = ExportCommand;
    type Event = ExportEvent;

    fn apply(&mut self, event: &ExportEvent) {
        match event {
            ExportEvent::ExportRequested(e) => self.requested_by.clone_from(&e.requested_by),
            ExportEvent::ExportCompleted(e) => {
                self.status = ExportStatus::Completed;
                (self.summary, self.expires_at) = (Some(e.summary.clone()), Some(e.expires_at));
            }
            ExportEvent::ExportFailed(_) => self.status = ExportStatus::Failed,
            ExportEvent::ExportCancelled(_) => self.status = ExportStatus::Cancelled,
            ExportEvent::ExportExpired(_) => self.status = ExportStatus::Expired,
        }
    }

    fn handle(&self, command: ExportCommand, context: &Context<'_>) -> Result<Decision<ExportEvent>, Refusal> {
        match command {
            ExportCommand::RequestExport(command) => request(command, context),
            ExportCommand::CompleteExport(command) => self.complete(command, context),
            ExportCommand::FailExport(command) => self.fail(command, context),
            ExportCommand::CancelExport(_) => self.cancel(context),
            ExportCommand::ExpireExport(_) => Ok(self.expire(context.now)),
        }
    }
}

cqrs_aggregate!(Export);

fn request(command: RequestExport, context: &Context<'_>) -> Result<Decision<ExportEvent>, Refusal> {
    let RequestExport { question, format, run } = command;
    if run.is_some() && !is_platform(context.actor) {
        return Err(ExportRejection::ServiceOnly.into());
    }
    question.check()?;
    if question.terms.keys().any(|name| &**name == SORT) {
        return Err(ExportRejection::Sorted.into());
    }
    if let Some(name) = question.placeholders().next() {
        return Err(ExportRejection::Placeholder(name.to_owned()).into());
    }
    let requested_by = run.as_ref().map_or_else(|| context.actor.subject.clone(), |run| run.owner.to_string());
    Ok(Decision::event(ExportRequested { question, format, requested_by, run }))
}

fn is_platform(actor: &Actor) -> bool {
    actor.roles.iter().any(|role| role == SERVICE)
}

impl Export {
    fn complete(&self, command: CompleteExport, context: &Context<'_>) -> Result<Decision<ExportEvent>, Refusal> {
        let CompleteExport { summary, kept_days } = command;
        if !is_platform(context.actor) {
            return Err(ExportRejection::ServiceOnly.into());
        }
        if self.status == ExportStatus::Completed && self.summary.as_ref() == Some(&summary) {
            return Ok(Decision::nothing());
        }
        self.check_open()?;
        if !(1..=KEPT_DAYS_MAX).contains(&kept_days) {
            return Err(ExportRejection::KeptDays(KEPT_DAYS_MAX).into());
        }
        if summary.positions.len() > POSITIONS_MAX {
            return Err(ExportRejection::TooManyPositions(POSITIONS_MAX).into());
        }
        Ok(Decision::event(ExportCompleted { summary, expires_at: context.now + TimeDelta::days(i64::from(kept_days)) }))
    }

    fn fail(&self, command: FailExport, context: &Context<'_>) -> Result<Decision<ExportEvent>, Refusal> {
        if !is_platform(context.actor) {
            return Err(ExportRejection::ServiceOnly.into());
        }
        if self.status == ExportStatus::Failed {
            return Ok(Decision::nothing());
        }
        self.check_open()?;
        Ok(Decision::event(ExportFailed { code: command.code, reason: command.reason }))
    }

    fn cancel(&self, context: &Context<'_>) -> Result<Decision<ExportEvent>, Refusal> {
        let may =
            context.actor.subject == self.requested_by || context.actor.roles.iter().any(|role| ADMINISTRATORS.contains(&role.as_str()));
        if !may {
            return Err(ExportRejection::NotRequester.into());
        }
        if self.status == ExportStatus::Cancelled {
            return Ok(Decision::nothing());
        }
        self.check_open()?;
        Ok(Decision::event(ExportCancelled {}))
    }

    fn expire(&self, now: DateTime<Utc>) -> Decision<ExportEvent> {
        let due = self.status == ExportStatus::Completed && self.expires_at.is_some_and(|at| at <= now);
        if due { Decision::event(ExportExpired {}) } else { Decision::nothing() }
    }

    fn check_open(&self) -> Result<(), ExportRejection> {
        if self.status == ExportStatus::Requested { Ok(()) } else { Err(ExportRejection::Ended) }
    }
}

// ------------------------------------------------------------------------------------------------------ rejections

rejections! {
    /// Why an export refuses a command.
    pub enum ExportRejection in "analytics" {
        /// Completed, failed, cancelled or expired.
        #[error("The export has ended already; request a new one.")]
        Ended => "export_ended" ["id"],
        /// Only the platform knows what it has written.
        #[error("Only the platform itself tells what became of an export and whose schedule asked for it; leave that out, wait, or cancel.")]
        ServiceOnly => "service_only" ["id"],
        /// Somebody else's.
        #[error("Somebody else has requested the export; they, or an administrator of the tenant, may cancel it.")]
        NotRequester => "not_export_requester" ["id"],
        /// An interrupted worker goes on from the last id.
        #[error("Rows are exported in the order of their ids; leave `sort` out.")]
        Sorted => "export_sorted" ["question"],
        /// There is nobody to set it.
        #[error("A term says {{{0}}}, and an export has no parameters; write the value itself.")]
        Placeholder(String) => "export_placeholder" ["question"],
        /// Out of range.
        #[error("Files are kept for 1 to {0} days; give a number of days within that.")]
        KeptDays(u16) => "kept_days_invalid" ["kept_days"],
        /// Too many.
        #[error("An export tells at most {0} positions; give one for each context.")]
        TooManyPositions(usize) => "too_many_positions" ["summary"],
    }
}

#[cfg(test)]
mod tests;
