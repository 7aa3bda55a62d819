//! A company: an organisation that the tenant does business with.
//!
//! A company's web domain is unique within the tenant unless a command says `allow_duplicate`. Companies form a hierarchy
//! of parents without cycles. A merged company stays as a redirect to its survivor forever; an erased one stays as a tombstone.

mod hierarchy;
mod merge;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::custom_field::{CustomEntity, check_custom};
use super::values::{
    Address, CustomValues, Label, Name, Note, Patch, ValueRejection, amount_of, changed_fields, domain_of_website, normalise_domain,
    patch_custom, patched, phone_of, set, tags_of,
};
use crate::kernel::{Aggregate, AggregateId, Context, Decision, Money, Refusal, Text};
use crate::{commands, cqrs_aggregate, events, rejections};

/// Scope of the claims on web domains.
pub const DOMAIN_SCOPE: &str = "company.domain";

/// The address of a website.
pub type Website = Text<2000>;

// ---------------------------------------------------------------------------------------------------------- events

/// The facts known of a company.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CompanyProfile {
    /// The name it goes by.
    pub name: Name,
    /// Normalised web domain: lower case, without `www.`, scheme and path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// Website as it was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub website: Option<Website>,
    /// Line of business.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub industry: Option<Name>,
    /// Number of people employed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub employees: Option<u32>,
    /// Revenue of a year.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub annual_revenue: Option<Money>,
    /// Phone number in E.164.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-personal" = true))]
    pub phone: Option<String>,
    /// Postal address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-personal" = true))]
    pub address: Option<Address>,
    /// Who looks after the company: a user's id or email address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Name>,
    /// Free labels, sorted, each once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Label>,
    /// Remarks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-personal" = true))]
    pub note: Option<Note>,
    /// Values of custom fields.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub custom: CustomValues,
}

impl CompanyProfile {
    /// A company of which only the name is known.
    pub fn named(name: Name) -> Self {
        Self {
            name,
            domain: None,
            website: None,
            industry: None,
            employees: None,
            annual_revenue: None,
            phone: None,
            address: None,
            owner: None,
            tags: Vec::new(),
            note: None,
            custom: CustomValues::new(),
        }
    }
}

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

/// Where a company stands.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum CompanyStatus {
    /// In use.
    #[default]
    Active,
    /// Taken in by another company.
    Merged {
        /// The survivor.
        into: String,
    },
    /// Erased.
    Erased,
}

/// A company's state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Company {
    /// Where it stands.
    pub status: CompanyStatus,
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
            (CompanyStatus::Active, Some(profile)) => Ok(profile),
            (CompanyStatus::Merged { into }, _) => Err(CompanyRejection::Merged(into.clone())),
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
            CompanyEvent::CompanyMergedAway(e) => self.status = CompanyStatus::Merged { into: e.into.clone() },
            CompanyEvent::CompanyErased(_) => {
                let status = match std::mem::take(&mut self.status) {
                    redirect @ CompanyStatus::Merged { .. } => redirect,
                    _ => CompanyStatus::Erased,
                };
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
    let of_website = command.website.as_deref().map(domain_of_website).transpose()?.flatten();
    let mut profile = CompanyProfile {
        domain: command.domain.map(|domain| domain_of(&domain)).transpose()?.or(of_website),
        website: command.website,
        industry: command.industry,
        employees: command.employees,
        annual_revenue: command.annual_revenue.map(amount_of).transpose()?,
        phone: command.phone.map(|phone| phone_of(&phone, command.phone_region.as_ref())).transpose()?,
        address: command.address,
        owner: command.owner,
        tags: tags_of(command.tags)?,
        note: command.note,
        ..CompanyProfile::named(command.name)
    };
    check_custom(CustomEntity::Company, &command.custom, context)?;
    patch_custom(&mut profile.custom, &command.custom)?;
    let parent_id = command.parent_id.map(|id| parent_of(&id, context)).transpose()?;
    let decision = match profile.domain.clone() {
        Some(domain) => take(Decision::nothing(), domain, command.allow_duplicate),
        None => Decision::nothing(),
    };
    Ok(decision.and(CompanyRegistered { profile, parent_id }))
}

impl Company {
    fn update(&self, command: UpdateCompany, context: &Context<'_>) -> Result<Decision<CompanyEvent>, Refusal> {
        let before = self.active()?;
        let mut profile = before.clone();
        if let Some(name) = command.name {
            profile.name = name;
        }
        set_domain(&mut profile, command.domain, command.website)?;
        set(&mut profile.industry, command.industry);
        set(&mut profile.employees, command.employees);
        if let Some(revenue) = command.annual_revenue {
            profile.annual_revenue = revenue.map(amount_of).transpose()?;
        }
        if let Some(phone) = command.phone {
            profile.phone = phone.map(|phone| phone_of(&phone, command.phone_region.as_ref())).transpose()?;
        }
        set(&mut profile.address, command.address);
        set(&mut profile.owner, command.owner);
        set(&mut profile.note, command.note);
        if let Some(tags) = command.tags {
            profile.tags = tags_of(tags)?;
        }
        check_custom(CustomEntity::Company, &command.custom, context)?;
        patch_custom(&mut profile.custom, &command.custom)?;
        let changed = changed_fields(before, &profile);
        if changed.is_empty() {
            return Ok(Decision::nothing());
        }
        let mut decision = Decision::nothing();
        if before.domain != profile.domain {
            if let Some(domain) = &before.domain {
                decision = decision.release(DOMAIN_SCOPE, domain);
            }
            if let Some(domain) = &profile.domain {
                decision = take(decision, domain.clone(), command.allow_duplicate);
            }
        }
        Ok(decision.and(CompanyUpdated { changed, profile }))
    }

    fn link(&self, command: &LinkCompany, context: &Context<'_>) -> Result<Decision<CompanyEvent>, Refusal> {
        self.active()?;
        let parent_id = parent_of(&command.parent_id, context)?;
        if self.parent_id.as_ref() == Some(&parent_id) {
            return Ok(Decision::nothing());
        }
        Ok(Decision::event(CompanyLinked { parent_id }))
    }

    fn erase(&self, command: &EraseCompany, context: &Context<'_>) -> Result<Decision<CompanyEvent>, Refusal> {
        if self.status == CompanyStatus::Erased {
            return Ok(Decision::nothing());
        }
        let profile = self.active()?;
        let erased = || CompanyErased { reason: command.reason.clone() };
        let mut decision = Decision::event(erased());
        if let Some(domain) = &profile.domain {
            decision = decision.release(DOMAIN_SCOPE, domain);
        }
        let mut taken_in = self.merged.clone();
        while let Some(id) = taken_in.pop() {
            if let Some(loser) = context.get::<Company>(&id)? {
                taken_in.extend(loser.merged.iter().cloned());
                decision = decision.also::<Company>(id, erased());
            }
        }
        Ok(decision)
    }

    /// Follows redirects to the company that `id` means today.
    pub(super) fn resolve(id: &str, context: &Context<'_>) -> Result<String, Refusal> {
        let mut id = id.to_owned();
        loop {
            let company = context.get::<Company>(&id)?.ok_or_else(|| CompanyRejection::UnknownCompany(id.clone()))?;
            match &company.status {
                CompanyStatus::Active => return Ok(id),
                CompanyStatus::Merged { into } => id.clone_from(into),
                CompanyStatus::Erased => return Err(CompanyRejection::UnknownCompany(id).into()),
            }
        }
    }
}

/// The company that `id` means today, which does not stand below the deciding one.
fn parent_of(id: &AggregateId, context: &Context<'_>) -> Result<String, Refusal> {
    if id.as_str() == context.aggregate_id {
        return Err(CompanyRejection::Cycle.into());
    }
    if hierarchy::leads_to(id.as_str(), &[context.aggregate_id], context)? {
        return Err(CompanyRejection::Cycle.into());
    }
    Company::resolve(id.as_str(), context)
}

fn domain_of(text: &str) -> Result<String, ValueRejection> {
    normalise_domain(text).ok_or_else(|| ValueRejection::InvalidDomain(text.to_owned()))
}

/// Sets domain and website; a domain that came from the old website follows the new one.
fn set_domain(profile: &mut CompanyProfile, domain: Patch<Website>, website: Patch<Website>) -> Result<(), ValueRejection> {
    let of_old = profile.website.as_deref().and_then(|website| domain_of_website(website).ok().flatten());
    if let Some(website) = website {
        let of_new = website.as_deref().map(domain_of_website).transpose()?.flatten();
        if of_new.is_some() && (profile.domain.is_none() || profile.domain == of_old) {
            profile.domain = of_new;
        }
        profile.website = website;
    }
    if let Some(domain) = domain {
        profile.domain = domain.map(|domain| domain_of(&domain)).transpose()?;
    }
    Ok(())
}

fn take(decision: Decision<CompanyEvent>, domain: String, shared: bool) -> Decision<CompanyEvent> {
    if shared { decision.claim_if_free(DOMAIN_SCOPE, domain, "domain") } else { decision.claim(DOMAIN_SCOPE, domain, "domain") }
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
        /// A merge with itself.
        #[error("A company cannot be merged with itself.")]
        MergeWithItself => "merge_with_itself" ["losers"],
        /// Number of companies to merge.
        #[error("A merge takes in 1 to {0} companies.")]
        LoserCount(usize) => "merge_count" ["losers"],
        /// The loser is merged elsewhere.
        #[error("The company `{0}` was merged into `{1}` already; merge that one.")]
        LoserMerged(String, String) => "loser_merged_elsewhere" ["losers"],
        /// The loser is gone.
        #[error("The company `{0}` was erased and cannot be merged.")]
        LoserErased(String) => "loser_erased" ["losers"],
        /// A choice for no field.
        #[error("`{0}` is not a field that a merge chooses.")]
        UnknownField(String) => "merge_field_unknown" ["choices"],
        /// A choice for no party.
        #[error("The value of `{0}` cannot come from `{1}`, which takes no part in the merge.")]
        ChoiceNotMerged(String, String) => "merge_choice_not_merged" ["choices"],
    }
}

#[cfg(test)]
mod tests;
