//! A lead: someone who may become a customer, before it is known whether they will.
//!
//! ```text
//! new ──assign──▶ working ──qualify──▶ qualified ──convert──▶ converted
//!  │                 │  ▲                  │
//!  └─────────────────┴──┼── recycle ───────┤     recycled leads wait and are assigned again
//!                       └──── assign ── recycled
//! any of new, working, qualified, recycled ──disqualify──▶ disqualified
//! ```
//! A lead's email address is unique among the tenant's open leads unless a command says `allow_duplicate`.
//! Converting makes (or finds) the contact, the company and the deal in one decision: all of them exist afterwards, or none.

mod convert;
mod moves;
mod profile;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::keys::exchange;
use super::values::{Address, CustomValues, Label, Name, Note, Patch, changed_fields, patched};
use crate::kernel::{Aggregate, AggregateId, Context, Day, Decision, Money, Refusal, Text};
use crate::{commands, cqrs_aggregate, events, rejections};

pub use profile::LeadProfile;

/// Scope of the claims on the email addresses of open leads.
pub const LEAD_EMAIL_SCOPE: &str = "lead.email";

// ---------------------------------------------------------------------------------------------------------- events

/// A lead came in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LeadCaptured {
    /// What is known of it.
    pub profile: LeadProfile,
    /// Who works on it, if that is known already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Name>,
}

/// Facts about a lead changed; the event holds the whole profile after the change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LeadUpdated {
    /// The names of the fields that changed.
    pub changed: Vec<String>,
    /// The profile after the change.
    pub profile: LeadProfile,
}

/// Someone works on the lead from now on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LeadAssigned {
    /// Who worked on it before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Name>,
    /// Who works on it: a user's id or email address.
    pub owner: Name,
}

/// The lead is worth a sales effort.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LeadQualified {
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Note>,
    /// What a sale may bring.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimated_value: Option<Money>,
}

/// The lead became a contact, and perhaps a company and a deal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LeadConverted {
    /// The contact.
    pub contact_id: String,
    /// Whether the contact was made by the conversion.
    pub contact_created: bool,
    /// The company.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company_id: Option<String>,
    /// Whether the company was made by the conversion.
    pub company_created: bool,
    /// The deal that was opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deal_id: Option<String>,
}

/// The lead is not ready; it waits to be assigned again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LeadRecycled {
    /// Why.
    pub reason: Name,
    /// The day until which it rests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Day>,
}

/// The lead will not become a customer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LeadDisqualified {
    /// Why.
    pub reason: Name,
}

/// The person's data were erased on request. The event says so; read models drop what they hold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LeadErased {
    /// The legal ground or the ticket.
    pub reason: Name,
}

events! {
    /// What happens to a lead.
    pub enum LeadEvent {
        LeadCaptured = "lead_captured" 1,
        LeadUpdated = "lead_updated" 1,
        LeadAssigned = "lead_assigned" 1,
        LeadQualified = "lead_qualified" 1,
        LeadConverted = "lead_converted" 1,
        LeadRecycled = "lead_recycled" 1,
        LeadDisqualified = "lead_disqualified" 1,
        LeadErased = "lead_erased" 1,
    }
}

// ----------------------------------------------------------------------------------------------------------- state

/// Where a lead stands.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum LeadStatus {
    /// Nobody works on it yet.
    #[default]
    New,
    /// Someone works on it.
    Working,
    /// Worth a sales effort.
    Qualified(LeadQualified),
    /// A contact by now.
    Converted(LeadConverted),
    /// Waiting to be assigned again.
    Recycled(LeadRecycled),
    /// Not a future customer.
    Disqualified(LeadDisqualified),
    /// Erased.
    Erased,
}

impl LeadStatus {
    fn name(&self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Working => "working",
            Self::Qualified(_) => "qualified",
            Self::Converted(_) => "converted",
            Self::Recycled(_) => "recycled",
            Self::Disqualified(_) => "disqualified",
            Self::Erased => "erased",
        }
    }
}

/// A lead's state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Lead {
    /// Where it stands.
    pub status: LeadStatus,
    /// What is known of it.
    pub profile: LeadProfile,
    /// Who works on it.
    pub owner: Option<Name>,
    /// What a sale may bring.
    pub estimated_value: Option<Money>,
}

impl Lead {
    /// The refusal of a move that the status does not allow.
    fn refuse<T>(&self, command: &'static str) -> Result<T, LeadRejection> {
        match &self.status {
            LeadStatus::Converted(converted) => Err(LeadRejection::Converted(converted.contact_id.clone())),
            LeadStatus::Erased => Err(LeadRejection::Erased),
            status => Err(LeadRejection::IllegalMove(status.name(), command)),
        }
    }

    /// The decision, after which the lead holds no keys.
    fn released(&self, decision: Decision<LeadEvent>) -> Decision<LeadEvent> {
        exchange(decision, &self.profile.keys(), &[], false)
    }

    /// Checks that there is a lead of that id which is not erased.
    pub(super) fn require(id: &str, context: &Context<'_>) -> Result<(), Refusal> {
        match context.get::<Self>(id)? {
            Some(lead) if lead.status != LeadStatus::Erased => Ok(()),
            _ => Err(LeadRejection::UnknownLead(id.to_owned()).into()),
        }
    }
}

// -------------------------------------------------------------------------------------------------------- commands

/// Captures a lead. A name, an email address, a phone number or a company name is required. Answers 409 with the
/// candidates when another open lead has the same email address, unless `allow_duplicate` is set.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CaptureLead {
    /// Given name.
    pub given_name: Option<Name>,
    /// Family name.
    pub family_name: Option<Name>,
    /// Email address; stored in lower case.
    pub email: Option<Name>,
    /// Phone number; stored in E.164.
    pub phone: Option<Label>,
    /// ISO 3166-1 alpha-2 code of the country in which a phone number without country code is read.
    pub phone_region: Option<Label>,
    /// The company's name.
    pub company_name: Option<Name>,
    /// Position in the company.
    pub job_title: Option<Name>,
    /// The company's website.
    pub website: Option<Text<2000>>,
    /// Postal address.
    pub address: Option<Address>,
    /// Where the lead came from.
    pub source: Option<Label>,
    /// Who works on it: a user's id or email address. With an owner, the lead is in work at once.
    pub owner: Option<Name>,
    /// Free labels, at most 50.
    pub tags: Vec<Label>,
    /// Remarks.
    pub note: Option<Note>,
    /// Values of custom fields by key.
    pub custom: CustomValues,
    /// Capture even if another open lead has the same email address.
    pub allow_duplicate: bool,
}

/// Changes facts about a lead that is not converted: an absent field stays, `null` clears it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct UpdateLead {
    /// Given name.
    #[serde(deserialize_with = "patched")]
    pub given_name: Patch<Name>,
    /// Family name.
    #[serde(deserialize_with = "patched")]
    pub family_name: Patch<Name>,
    /// Email address.
    #[serde(deserialize_with = "patched")]
    pub email: Patch<Name>,
    /// Phone number.
    #[serde(deserialize_with = "patched")]
    pub phone: Patch<Label>,
    /// Country in which a phone number without country code is read.
    pub phone_region: Option<Label>,
    /// The company's name.
    #[serde(deserialize_with = "patched")]
    pub company_name: Patch<Name>,
    /// Position in the company.
    #[serde(deserialize_with = "patched")]
    pub job_title: Patch<Name>,
    /// The company's website.
    #[serde(deserialize_with = "patched")]
    pub website: Patch<Text<2000>>,
    /// Postal address, replaced as a whole.
    #[serde(deserialize_with = "patched")]
    pub address: Patch<Address>,
    /// Where the lead came from.
    #[serde(deserialize_with = "patched")]
    pub source: Patch<Label>,
    /// Free labels, replaced as a whole.
    pub tags: Option<Vec<Label>>,
    /// Remarks.
    #[serde(deserialize_with = "patched")]
    pub note: Patch<Note>,
    /// Values of custom fields; `null` clears one.
    pub custom: CustomValues,
    /// Accept an email address that another open lead has.
    pub allow_duplicate: bool,
}

/// Gives the lead to someone to work on. A recycled lead is in work again.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AssignLead {
    /// A user's id or email address.
    pub owner: Name,
}

/// Says that a lead in work is worth a sales effort. Repeated with another value, it replaces the estimate.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct QualifyLead {
    /// Why.
    pub note: Option<Note>,
    /// What a sale may bring.
    pub estimated_value: Option<Money>,
}

/// Converts a qualified lead: links or makes the contact, if asked for the company, and if asked opens a deal.
/// Answers 409 with the candidates when a contact (or a company) that is to be made exists already; name it then.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ConvertLead {
    /// The existing contact that the lead is. Without it, a contact is made of the lead's facts.
    pub contact_id: Option<AggregateId>,
    /// The id of the contact that is made; a fresh one where none is given.
    pub new_contact_id: Option<AggregateId>,
    /// The existing company of the contact and the deal.
    pub company_id: Option<AggregateId>,
    /// Make a company of the lead's company name and website.
    pub create_company: bool,
    /// The id of the company that is made; a fresh one where none is given.
    pub new_company_id: Option<AggregateId>,
    /// The deal to open.
    pub deal: Option<DealOfLead>,
    /// Make the contact and the company even if others have the same email address, phone number or web domain.
    pub allow_duplicate: bool,
}

/// The deal that a conversion opens.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DealOfLead {
    /// Its id; a fresh one where none is given.
    pub deal_id: Option<AggregateId>,
    /// What people call it; the name of the company or the person where none is given.
    pub name: Option<Name>,
    /// The pipeline; `default` where none is named.
    pub pipeline_id: Option<AggregateId>,
    /// Id or name of the open stage in which it begins.
    pub stage: Option<Name>,
    /// What it is worth; the lead's estimated value where none is given.
    pub amount: Option<Money>,
    /// The day on which it is expected to be won.
    pub expected_close: Option<Day>,
}

/// Puts the lead back until the time is right.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecycleLead {
    /// Why.
    pub reason: Name,
    /// The day until which it rests.
    #[serde(default)]
    pub until: Option<Day>,
}

/// Gives the lead up.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DisqualifyLead {
    /// Why.
    pub reason: Name,
}

/// Erases the person's data.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EraseLead {
    /// The legal ground or the ticket.
    pub reason: Name,
}

commands! {
    /// What can be asked of a lead.
    pub enum LeadCommand {
        creates "capture" => CaptureLead { "given_name": "Ada", "family_name": "Lovelace", "email": "ada@example.com", "company_name": "Analytical Engines Ltd", "source": "webinar" },
        "update" => UpdateLead { "job_title": "Countess", "phone": null },
        "assign" => AssignLead { "owner": "grace@example.com" },
        "qualify" => QualifyLead { "note": "Has budget this year", "estimated_value": { "amount_minor": 1_250_000, "currency": "EUR" } },
        "convert" => ConvertLead { "create_company": true, "deal": { "name": "Difference engine no. 2", "stage": "qualification" } },
        "recycle" => RecycleLead { "reason": "budget next year", "until": "2027-01-15" },
        "disqualify" => DisqualifyLead { "reason": "student project" },
        "erase" => EraseLead { "reason": "request of 2026-03-01, GDPR article 17" },
    }
}

// ---------------------------------------------------------------------------------------------------------- handle

impl Aggregate for Lead {
    const CONTEXT: &'static str = "crm";
    const TYPE: &'static str = "lead";
    type Command = LeadCommand;
    type Event = LeadEvent;

    fn apply(&mut self, event: &LeadEvent) {
        match event {
            LeadEvent::LeadCaptured(e) => {
                self.profile = e.profile.clone();
                self.owner.clone_from(&e.owner);
                self.status = if e.owner.is_some() { LeadStatus::Working } else { LeadStatus::New };
            }
            LeadEvent::LeadUpdated(e) => self.profile = e.profile.clone(),
            LeadEvent::LeadAssigned(e) => {
                self.owner = Some(e.owner.clone());
                if !matches!(self.status, LeadStatus::Qualified(_)) {
                    self.status = LeadStatus::Working;
                }
            }
            LeadEvent::LeadQualified(e) => {
                self.estimated_value = e.estimated_value;
                self.status = LeadStatus::Qualified(e.clone());
            }
            LeadEvent::LeadConverted(e) => self.status = LeadStatus::Converted(e.clone()),
            LeadEvent::LeadRecycled(e) => self.status = LeadStatus::Recycled(e.clone()),
            LeadEvent::LeadDisqualified(e) => self.status = LeadStatus::Disqualified(e.clone()),
            LeadEvent::LeadErased(_) => *self = Self { status: LeadStatus::Erased, ..Self::default() },
        }
    }

    fn handle(&self, command: LeadCommand, context: &Context<'_>) -> Result<Decision<LeadEvent>, Refusal> {
        match command {
            LeadCommand::CaptureLead(command) => capture(command, context),
            LeadCommand::UpdateLead(command) => self.update(command, context),
            LeadCommand::AssignLead(command) => Ok(self.assign(command)?),
            LeadCommand::QualifyLead(command) => self.qualify(command),
            LeadCommand::ConvertLead(command) => self.convert(command, context),
            LeadCommand::RecycleLead(command) => Ok(self.recycle(command)?),
            LeadCommand::DisqualifyLead(command) => Ok(self.disqualify(command)?),
            LeadCommand::EraseLead(_) if self.status == LeadStatus::Erased => Ok(Decision::nothing()),
            LeadCommand::EraseLead(command) => Ok(self.released(Decision::event(LeadErased { reason: command.reason }))),
        }
    }
}

cqrs_aggregate!(Lead);

fn capture(command: CaptureLead, context: &Context<'_>) -> Result<Decision<LeadEvent>, Refusal> {
    let (owner, shared) = (command.owner.clone(), command.allow_duplicate);
    let profile = LeadProfile::captured(command, context)?;
    let decision = exchange(Decision::nothing(), &[], &profile.keys(), shared);
    Ok(decision.and(LeadCaptured { profile, owner }))
}

impl Lead {
    fn update(&self, command: UpdateLead, context: &Context<'_>) -> Result<Decision<LeadEvent>, Refusal> {
        if matches!(self.status, LeadStatus::Converted(_) | LeadStatus::Erased) {
            return Ok(self.refuse("updated")?);
        }
        let shared = command.allow_duplicate;
        let profile = self.profile.patched(command, context)?;
        let changed = changed_fields(&self.profile, &profile);
        if changed.is_empty() {
            return Ok(Decision::nothing());
        }
        let decision = match self.status {
            // A disqualified lead holds no keys.
            LeadStatus::Disqualified(_) => Decision::nothing(),
            _ => exchange(Decision::nothing(), &self.profile.keys(), &profile.keys(), shared),
        };
        Ok(decision.and(LeadUpdated { changed, profile }))
    }
}

// ------------------------------------------------------------------------------------------------------ rejections

rejections! {
    /// Why a lead refuses a command.
    pub enum LeadRejection in "crm" {
        /// Nothing says who the lead is.
        #[error("A lead needs a name, an email address, a phone number or a company name.")]
        NoIdentity => "lead_without_identity" ["given_name", "family_name", "email", "phone", "company_name"],
        /// A lead that another command names does not exist.
        #[error("There is no lead `{0}`.")]
        UnknownLead(String) => "lead_unknown" ["lead_id"],
        /// The status does not allow the move.
        #[error("The lead is {0} and cannot be {1}.")]
        IllegalMove(&'static str, &'static str) => "lead_move_refused" ["id"],
        /// The lead was converted.
        #[error("The lead was converted into the contact `{0}`.")]
        Converted(String) => "lead_converted" ["id"],
        /// The lead was erased.
        #[error("The lead was erased.")]
        Erased => "lead_erased" ["id"],
        /// Two contradicting answers to one question.
        #[error("Name either an existing record or the id of the one to make, not both.")]
        Ambiguous => "conversion_ambiguous" ["contact_id", "new_contact_id", "company_id", "new_company_id", "create_company"],
        /// A company without a name.
        #[error("The lead has no company name of which a company could be made.")]
        NoCompanyName => "company_name_missing" ["create_company"],
        /// The id is in use.
        #[error("There is a {0} `{1}` already.")]
        IdTaken(&'static str, String) => "conversion_id_taken" ["new_contact_id", "new_company_id", "deal.deal_id"],
    }
}

#[cfg(test)]
mod tests;
