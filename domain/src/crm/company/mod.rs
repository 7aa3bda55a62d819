//! A company: an organisation that the tenant does business with.
//!
//! A company's web domain is unique within the tenant unless a command says `allow_duplicate`. Companies form a hierarchy
//! of parents without cycles. A merged company stays as a redirect to its survivor forever; an erased one stays as a tombstone.

mod hierarchy;
mod profile;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::keys::{Key, exchange};
use super::merge::{self, Merge, Mergeable, taken_in};
use super::values::{Address, CustomValues, Label, Name, Note, Patch, changed_fields, patched};
use crate::kernel::{Aggregate, AggregateId, Context, Decision, Money, Refusal, Text};
use crate::{commands, cqrs_aggregate, events, rejections};

pub use super::merge::Status;
pub use profile::CompanyProfile;

/// Scope of the claims on web domains.
pub const DOMAIN_SCOPE: &str = "company.domain";
/// The fields for which a merge may choose a company.
const MERGE_FIELDS: [&str; 11] =
    ["name", "domain", "website", "industry", "employees", "annual_revenue", "phone", "address", "owner", "note", "parent_id"];

/// The address of a website.
pub type Website = Text<2000>;

// ---------------------------------------------------------------------------------------------------------- events

/// A company came into being.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CompanyRegistered {
    /// What is known of the company.
    pub profile: CompanyProfile,
    /// The company that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<String>,
}

/// Facts about a company changed; the event holds the whole profile after the change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CompanyUpdated {
    /// The names of the fields that changed.
    pub changed: Vec<String>,
    /// The profile after the change.
    pub profile: CompanyProfile,
}

/// The company now belongs to a parent company.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CompanyLinked {
    /// The parent.
    pub parent_id: String,
}

/// The company no longer belongs to a parent company.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CompanyUnlinked {
    /// The parent that it belonged to.
    pub parent_id: String,
}

/// The survivor of a merge took others in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CompaniesMerged {
    /// The companies that were taken in; their ids redirect to the survivor from now on.
    pub losers: Vec<String>,
    /// Which company each chosen field was taken from.
    pub choices: BTreeMap<String, String>,
    /// The survivor's profile after the merge.
    pub profile: CompanyProfile,
    /// The survivor's parent after the merge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<String>,
}

/// The company was taken in by another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CompanyMergedAway {
    /// The survivor.
    pub into: String,
}

/// The company's data were erased on request. The event says so; read models drop what they hold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CompanyErased {
    /// The legal ground or the ticket.
    pub reason: Name,
}

events! {
    /// What happens to a company.
    pub enum CompanyEvent {
        CompanyRegistered = "company_registered" 1,
        CompanyUpdated = "company_updated" 1,
        CompanyLinked = "company_linked" 1,
        CompanyUnlinked = "company_unlinked" 1,
        CompaniesMerged = "companies_merged" 1,
        CompanyMergedAway = "company_merged_away" 1,
        CompanyErased = "company_erased" 1,
    }
}

// ----------------------------------------------------------------------------------------------------------- state

/// A company's state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Company {
    /// Where it stands.
    pub status: Status,
    /// What is known of the company; nothing before it is registered and after it is erased.
    pub profile: Option<CompanyProfile>,
    /// The company that it belongs to, as it was named when it was linked; it may have been merged since.
    pub parent_id: Option<String>,
    /// All companies ever taken in.
    pub merged: Vec<String>,
}

impl Company {
    /// The profile of a company in use.
    fn active(&self) -> Result<&CompanyProfile, CompanyRejection> {
        match (&self.status, &self.profile) {
            (Status::Active, Some(profile)) => Ok(profile),
            (Status::Merged { into }, _) => Err(CompanyRejection::Merged(into.clone())),
            _ => Err(CompanyRejection::Erased),
        }
    }
}

// -------------------------------------------------------------------------------------------------------- commands

/// Registers a company. Answers 409 with the candidates when another company has the same web domain, unless
/// `allow_duplicate` is set. Without `domain`, the domain of the website counts.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterCompany {
    /// The name it goes by.
    pub name: Name,
    /// Web domain; scheme, `www.` and path are dropped.
    #[serde(default)]
    pub domain: Option<Website>,
    /// Website.
    #[serde(default)]
    pub website: Option<Website>,
    /// Line of business.
    #[serde(default)]
    pub industry: Option<Name>,
    /// Number of people employed.
    #[serde(default)]
    pub employees: Option<u32>,
    /// Revenue of a year.
    #[serde(default)]
    pub annual_revenue: Option<Money>,
    /// Phone number; stored in E.164.
    #[serde(default)]
    pub phone: Option<Label>,
    /// ISO 3166-1 alpha-2 code of the country in which a phone number without country code is read.
    #[serde(default)]
    pub phone_region: Option<Label>,
    /// Postal address.
    #[serde(default)]
    pub address: Option<Address>,
    /// Who looks after the company.
    #[serde(default)]
    pub owner: Option<Name>,
    /// Free labels, at most 50.
    #[serde(default)]
    pub tags: Vec<Label>,
    /// Remarks.
    #[serde(default)]
    pub note: Option<Note>,
    /// Values of custom fields by key.
    #[serde(default)]
    pub custom: CustomValues,
    /// The company that it belongs to; must exist.
    #[serde(default)]
    pub parent_id: Option<AggregateId>,
    /// Register even if another company has the same web domain.
    #[serde(default)]
    pub allow_duplicate: bool,
}

/// Changes facts about a company: an absent field stays, `null` clears it. A new website brings its domain along
/// where the company had none or that of its old website.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct UpdateCompany {
    /// The name it goes by; cannot be cleared.
    pub name: Option<Name>,
    /// Web domain.
    #[serde(deserialize_with = "patched")]
    pub domain: Patch<Website>,
    /// Website.
    #[serde(deserialize_with = "patched")]
    pub website: Patch<Website>,
    /// Line of business.
    #[serde(deserialize_with = "patched")]
    pub industry: Patch<Name>,
    /// Number of people employed.
    #[serde(deserialize_with = "patched")]
    pub employees: Patch<u32>,
    /// Revenue of a year.
    #[serde(deserialize_with = "patched")]
    pub annual_revenue: Patch<Money>,
    /// Phone number.
    #[serde(deserialize_with = "patched")]
    pub phone: Patch<Label>,
    /// Country in which a phone number without country code is read.
    pub phone_region: Option<Label>,
    /// Postal address, replaced as a whole.
    #[serde(deserialize_with = "patched")]
    pub address: Patch<Address>,
    /// Who looks after the company.
    #[serde(deserialize_with = "patched")]
    pub owner: Patch<Name>,
    /// Free labels, replaced as a whole.
    pub tags: Option<Vec<Label>>,
    /// Remarks.
    #[serde(deserialize_with = "patched")]
    pub note: Patch<Note>,
    /// Values of custom fields; `null` clears one.
    pub custom: CustomValues,
    /// Accept a web domain that another company has.
    pub allow_duplicate: bool,
}

/// Makes the company belong to a parent company. Cycles are refused.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkCompany {
    /// The parent; must exist.
    pub parent_id: AggregateId,
}

/// Takes the company out of its parent company.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UnlinkCompany {}

/// Merges other companies into this one, the survivor. Their ids lead to the survivor forever, and their contacts, deals
/// and activities become its own. Merging a company that was merged into this one already changes nothing.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MergeCompanies {
    /// The companies to take in, 1 to 20.
    pub losers: Vec<AggregateId>,
    /// For a field, the company whose value is kept. Without a choice the survivor's value is kept, or the first loser's
    /// that has one. Fields: `name`, `domain`, `website`, `industry`, `employees`, `annual_revenue`, `phone`, `address`,
    /// `owner`, `note`, `parent_id`.
    #[serde(default)]
    pub choices: BTreeMap<String, AggregateId>,
}

/// Erases the company's data, for instance those of a sole trader who asks for it, in this company and in all that were
/// ever merged into it.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EraseCompany {
    /// The legal ground or the ticket.
    pub reason: Name,
}

commands! {
    /// What can be asked of a company.
    pub enum CompanyCommand {
        creates "register" => RegisterCompany {
            "name": "Analytical Engines Ltd", "website": "https://www.engines.example/about", "industry": "Machinery",
            "employees": 12, "annual_revenue": { "amount_minor": 125_000_000, "currency": "GBP" }
        },
        "update" => UpdateCompany { "employees": 13, "phone": null },
        "link" => LinkCompany { "parent_id": "0197f3c2-8a10-7cc3-98c4-dc0c0c07398f" },
        "unlink" => UnlinkCompany {},
        "merge" => MergeCompanies {
            "losers": ["0197f3c2-8a10-7cc3-98c4-dc0c0c07398f"], "choices": { "phone": "0197f3c2-8a10-7cc3-98c4-dc0c0c07398f" }
        },
        "erase" => EraseCompany { "reason": "request of 2026-03-01, GDPR article 17" },
    }
}

// ---------------------------------------------------------------------------------------------------------- handle

impl Aggregate for Company {
    const CONTEXT: &'static str = "crm";
    const TYPE: &'static str = "company";
    type Command = CompanyCommand;
    type Event = CompanyEvent;

    fn apply(&mut self, event: &CompanyEvent) {
        match event {
            CompanyEvent::CompanyRegistered(e) => {
                self.profile = Some(e.profile.clone());
                self.parent_id.clone_from(&e.parent_id);
            }
            CompanyEvent::CompanyUpdated(e) => self.profile = Some(e.profile.clone()),
            CompanyEvent::CompanyLinked(e) => self.parent_id = Some(e.parent_id.clone()),
            CompanyEvent::CompanyUnlinked(_) => self.parent_id = None,
            CompanyEvent::CompaniesMerged(e) => {
                self.profile = Some(e.profile.clone());
                self.parent_id.clone_from(&e.parent_id);
                self.merged.extend(e.losers.iter().cloned());
            }
            CompanyEvent::CompanyMergedAway(e) => self.status = Status::Merged { into: e.into.clone() },
            CompanyEvent::CompanyErased(_) => {
                let status = std::mem::take(&mut self.status).erased();
                *self = Self { status, merged: std::mem::take(&mut self.merged), ..Self::default() };
            }
        }
    }

    fn handle(&self, command: CompanyCommand, context: &Context<'_>) -> Result<Decision<CompanyEvent>, Refusal> {
        match command {
            CompanyCommand::RegisterCompany(command) => register(command, context),
            CompanyCommand::UpdateCompany(command) => self.update(command, context),
            CompanyCommand::LinkCompany(command) => self.link(&command, context),
            CompanyCommand::UnlinkCompany(_) => {
                self.active()?;
                Ok(self.parent_id.clone().map_or_else(Decision::nothing, |parent_id| Decision::event(CompanyUnlinked { parent_id })))
            }
            CompanyCommand::MergeCompanies(command) => self.merge(command, context),
            CompanyCommand::EraseCompany(command) => self.erase(&command, context),
        }
    }
}

cqrs_aggregate!(Company);

fn register(command: RegisterCompany, context: &Context<'_>) -> Result<Decision<CompanyEvent>, Refusal> {
    let (parent_id, shared) = (command.parent_id.clone(), command.allow_duplicate);
    let profile = CompanyProfile::registered(command, context)?;
    let parent_id = parent_id.map(|id| hierarchy::parent_of(&id, context)).transpose()?;
    let decision = exchange(Decision::nothing(), &[], &profile.keys(), shared);
    Ok(decision.and(CompanyRegistered { profile, parent_id }))
}

impl Company {
    fn update(&self, command: UpdateCompany, context: &Context<'_>) -> Result<Decision<CompanyEvent>, Refusal> {
        let (before, shared) = (self.active()?, command.allow_duplicate);
        let profile = before.patched(command, context)?;
        let changed = changed_fields(before, &profile);
        if changed.is_empty() {
            return Ok(Decision::nothing());
        }
        let decision = exchange(Decision::nothing(), &before.keys(), &profile.keys(), shared);
        Ok(decision.and(CompanyUpdated { changed, profile }))
    }

    fn link(&self, command: &LinkCompany, context: &Context<'_>) -> Result<Decision<CompanyEvent>, Refusal> {
        self.active()?;
        let parent_id = hierarchy::parent_of(&command.parent_id, context)?;
        if self.parent_id.as_ref() == Some(&parent_id) {
            return Ok(Decision::nothing());
        }
        Ok(Decision::event(CompanyLinked { parent_id }))
    }

    fn merge(&self, command: MergeCompanies, context: &Context<'_>) -> Result<Decision<CompanyEvent>, Refusal> {
        let own = self.active()?;
        let Some(merge) = Merge::plan((self, own), command.losers, command.choices, &MERGE_FIELDS, context)? else {
            return Ok(Decision::nothing());
        };
        let profile = CompanyProfile::merged(&merge, own);
        let parent_id = hierarchy::merged_parent(&merge, context)?;
        let (decision, losers, choices) = merge.decide(&profile, |into| CompanyMergedAway { into }.into());
        Ok(decision.and(CompaniesMerged { losers, choices, profile, parent_id }))
    }

    fn erase(&self, command: &EraseCompany, context: &Context<'_>) -> Result<Decision<CompanyEvent>, Refusal> {
        if self.status == Status::Erased {
            return Ok(Decision::nothing());
        }
        let erased = || CompanyErased { reason: command.reason.clone() };
        let decision = exchange(Decision::event(erased()), &self.active()?.keys(), &[], false);
        let losers = taken_in(self, context)?;
        Ok(losers.into_iter().fold(decision, |decision, id| decision.also::<Self>(id, erased())))
    }

    /// Follows redirects to the company that `id` means today.
    pub(super) fn resolve(id: &str, context: &Context<'_>) -> Result<String, Refusal> {
        merge::resolve::<Self>(id, context)
    }
}

impl Mergeable for Company {
    type Profile = CompanyProfile;

    fn status(&self) -> &Status {
        &self.status
    }

    fn profile(&self) -> Option<&CompanyProfile> {
        self.profile.as_ref()
    }

    fn merged(&self) -> &[String] {
        &self.merged
    }

    fn keys(profile: &CompanyProfile) -> Vec<Key> {
        profile.keys()
    }

    fn unknown(id: &str) -> Refusal {
        CompanyRejection::UnknownCompany(id.to_owned()).into()
    }
}

// ------------------------------------------------------------------------------------------------------ rejections

rejections! {
    /// Why a company refuses a command.
    pub enum CompanyRejection in "crm" {
        /// The company was merged.
        #[error("The company was merged into `{0}`; send the command there.")]
        Merged(String) => "company_merged" ["id"],
        /// The company was erased.
        #[error("The company was erased.")]
        Erased => "company_erased" ["id"],
        /// A company that the command names does not exist.
        #[error("There is no company `{0}`.")]
        UnknownCompany(String) => "company_unknown" ["company_id", "parent_id", "losers"],
        /// A company above itself.
        #[error("The company would become its own parent.")]
        Cycle => "company_cycle" ["parent_id"],
        /// A hierarchy without end.
        #[error("A company has at most {0} companies above it.")]
        TooDeep(usize) => "company_hierarchy_too_deep" ["parent_id"],
    }
}

#[cfg(test)]
mod tests;
