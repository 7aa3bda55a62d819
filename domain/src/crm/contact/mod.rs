//! A contact: a person whom the tenant does business with.
//!
//! A contact's email address and phone number are unique within the tenant unless a command says `allow_duplicate`.
//! A merged contact stays as a redirect to its survivor forever; an erased one stays as a tombstone.

mod profile;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::company::Company;
use super::keys::{Key, exchange};
use super::merge::{self, Merge, Mergeable, taken_in};
use super::values::{Address, CustomValues, Label, Name, Note, Patch, changed_fields, patched};
use crate::kernel::{Aggregate, AggregateId, Context, Decision, Refusal};
use crate::{commands, cqrs_aggregate, events, rejections};

pub use super::merge::Status;
pub use profile::Profile;

/// Scope of the claims on email addresses.
pub const EMAIL_SCOPE: &str = "contact.email";
/// Scope of the claims on phone numbers.
pub const PHONE_SCOPE: &str = "contact.phone";
/// The fields for which a merge may choose a contact.
const MERGE_FIELDS: [&str; 11] =
    ["given_name", "family_name", "email", "phone", "job_title", "company_name", "address", "owner", "source", "note", "company_id"];

// ---------------------------------------------------------------------------------------------------------- events

/// A contact came into being.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ContactRegistered {
    /// What is known of the person.
    pub profile: Profile,
    /// The company that the person works for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company_id: Option<String>,
}

/// Facts about a contact changed; the event holds the whole profile after the change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ContactUpdated {
    /// The names of the fields that changed.
    pub changed: Vec<String>,
    /// The profile after the change.
    pub profile: Profile,
}

/// The contact now belongs to a company.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ContactLinked {
    /// The company.
    pub company_id: String,
}

/// The contact no longer belongs to a company.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ContactUnlinked {
    /// The company that it belonged to.
    pub company_id: String,
}

/// The survivor of a merge took others in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ContactsMerged {
    /// The contacts that were taken in; their ids redirect to the survivor from now on.
    pub losers: Vec<String>,
    /// Which contact each chosen field was taken from.
    pub choices: BTreeMap<String, String>,
    /// The survivor's profile after the merge.
    pub profile: Profile,
    /// The survivor's company after the merge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company_id: Option<String>,
}

/// The contact was taken in by another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ContactMergedAway {
    /// The survivor.
    pub into: String,
}

/// The person's data were erased on request. The event says so; read models drop what they hold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ContactErased {
    /// The legal ground or the ticket.
    pub reason: Name,
}

events! {
    /// What happens to a contact.
    pub enum ContactEvent {
        ContactRegistered = "contact_registered" 1,
        ContactUpdated = "contact_updated" 1,
        ContactLinked = "contact_linked" 1,
        ContactUnlinked = "contact_unlinked" 1,
        ContactsMerged = "contacts_merged" 1,
        ContactMergedAway = "contact_merged_away" 1,
        ContactErased = "contact_erased" 1,
    }
}

// ----------------------------------------------------------------------------------------------------------- state

/// A contact's state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Contact {
    /// Where it stands.
    pub status: Status,
    /// What is known of the person.
    pub profile: Profile,
    /// The company.
    pub company_id: Option<String>,
    /// All contacts ever taken in.
    pub merged: Vec<String>,
}

impl Contact {
    /// The profile of a contact in use.
    fn active(&self) -> Result<&Profile, ContactRejection> {
        match &self.status {
            Status::Active => Ok(&self.profile),
            Status::Merged { into } => Err(ContactRejection::Merged(into.clone())),
            Status::Erased => Err(ContactRejection::Erased),
        }
    }
}

// -------------------------------------------------------------------------------------------------------- commands

/// Registers a contact. A name, an email address or a phone number is required. Answers 409 with the candidates when
/// another contact has the same email address or phone number, unless `allow_duplicate` is set.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RegisterContact {
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
    /// Position in the company.
    pub job_title: Option<Name>,
    /// The company's name, for a company that is not on record.
    pub company_name: Option<Name>,
    /// Postal address.
    pub address: Option<Address>,
    /// The company; must exist.
    pub company_id: Option<AggregateId>,
    /// Who looks after the contact.
    pub owner: Option<Name>,
    /// Where the contact came from.
    pub source: Option<Label>,
    /// Free labels, at most 50.
    pub tags: Vec<Label>,
    /// Remarks.
    pub note: Option<Note>,
    /// Values of custom fields by key.
    pub custom: CustomValues,
    /// Register even if another contact has the same email address or phone number.
    pub allow_duplicate: bool,
}

/// Changes facts about a contact: an absent field stays, `null` clears it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct UpdateContact {
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
    /// Position in the company.
    #[serde(deserialize_with = "patched")]
    pub job_title: Patch<Name>,
    /// The company's name, for a company that is not on record.
    #[serde(deserialize_with = "patched")]
    pub company_name: Patch<Name>,
    /// Postal address, replaced as a whole.
    #[serde(deserialize_with = "patched")]
    pub address: Patch<Address>,
    /// Who looks after the contact.
    #[serde(deserialize_with = "patched")]
    pub owner: Patch<Name>,
    /// Where the contact came from.
    #[serde(deserialize_with = "patched")]
    pub source: Patch<Label>,
    /// Free labels, replaced as a whole.
    pub tags: Option<Vec<Label>>,
    /// Remarks.
    #[serde(deserialize_with = "patched")]
    pub note: Patch<Note>,
    /// Values of custom fields; `null` clears one.
    pub custom: CustomValues,
    /// Accept an email address or phone number that another contact has.
    pub allow_duplicate: bool,
}

/// Makes the contact belong to a company.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkContact {
    /// The company; must exist.
    pub company_id: AggregateId,
}

/// Takes the contact out of its company.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UnlinkContact {}

/// Merges other contacts into this one, the survivor. Their ids lead to the survivor forever, and their deals and
/// activities become its own. Merging a contact that was merged into this one already changes nothing.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MergeContacts {
    /// The contacts to take in, 1 to 20.
    pub losers: Vec<AggregateId>,
    /// For a field, the contact whose value is kept. Without a choice the survivor's value is kept, or the first
    /// loser's that has one. Fields: `given_name`, `family_name`, `email`, `phone`, `job_title`,
    /// `company_name`, `address`, `owner`, `source`, `note`, `company_id`.
    #[serde(default)]
    pub choices: BTreeMap<String, AggregateId>,
}

/// Erases the person's data, in this contact and in all that were ever merged into it.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EraseContact {
    /// The legal ground or the ticket.
    pub reason: Name,
}

commands! {
    /// What can be asked of a contact.
    pub enum ContactCommand {
        creates "register" => RegisterContact { "given_name": "Ada", "family_name": "Lovelace", "email": "ada@example.com", "phone": "+442071234567", "tags": ["vip"] },
        "update" => UpdateContact { "job_title": "Countess", "phone": null },
        "link" => LinkContact { "company_id": "0197f3c2-8a10-7cc3-98c4-dc0c0c07398f" },
        "unlink" => UnlinkContact {},
        "merge" => MergeContacts { "losers": ["0197f3c2-8a10-7cc3-98c4-dc0c0c07398f"], "choices": { "phone": "0197f3c2-8a10-7cc3-98c4-dc0c0c07398f" } },
        "erase" => EraseContact { "reason": "request of 2026-03-01, GDPR article 17" },
    }
}

// ---------------------------------------------------------------------------------------------------------- handle

impl Aggregate for Contact {
    const CONTEXT: &'static str = "crm";
    const TYPE: &'static str = "contact";
    type Command = ContactCommand;
    type Event = ContactEvent;

    fn apply(&mut self, event: &ContactEvent) {
        match event {
            ContactEvent::ContactRegistered(e) => {
                self.profile = e.profile.clone();
                self.company_id.clone_from(&e.company_id);
            }
            ContactEvent::ContactUpdated(e) => self.profile = e.profile.clone(),
            ContactEvent::ContactLinked(e) => self.company_id = Some(e.company_id.clone()),
            ContactEvent::ContactUnlinked(_) => self.company_id = None,
            ContactEvent::ContactsMerged(e) => {
                self.profile = e.profile.clone();
                self.company_id.clone_from(&e.company_id);
                self.merged.extend(e.losers.iter().cloned());
            }
            ContactEvent::ContactMergedAway(e) => self.status = Status::Merged { into: e.into.clone() },
            ContactEvent::ContactErased(_) => {
                let status = std::mem::take(&mut self.status).erased();
                *self = Self { status, merged: std::mem::take(&mut self.merged), ..Self::default() };
            }
        }
    }

    fn handle(&self, command: ContactCommand, context: &Context<'_>) -> Result<Decision<ContactEvent>, Refusal> {
        match command {
            ContactCommand::RegisterContact(command) => register(command, context),
            ContactCommand::UpdateContact(command) => self.update(command, context),
            ContactCommand::LinkContact(command) => self.link(&command, context),
            ContactCommand::UnlinkContact(_) => {
                self.active()?;
                Ok(self.company_id.clone().map_or_else(Decision::nothing, |company_id| Decision::event(ContactUnlinked { company_id })))
            }
            ContactCommand::MergeContacts(command) => self.merge(command, context),
            ContactCommand::EraseContact(command) => self.erase(&command, context),
        }
    }
}

cqrs_aggregate!(Contact);

fn register(command: RegisterContact, context: &Context<'_>) -> Result<Decision<ContactEvent>, Refusal> {
    let (company_id, shared) = (command.company_id.clone(), command.allow_duplicate);
    let profile = Profile::registered(command, context)?;
    let company_id = company_id.map(|id| Company::resolve(id.as_str(), context)).transpose()?;
    let decision = exchange(Decision::nothing(), &[], &profile.keys(), shared);
    Ok(decision.and(ContactRegistered { profile, company_id }))
}

impl Contact {
    fn update(&self, command: UpdateContact, context: &Context<'_>) -> Result<Decision<ContactEvent>, Refusal> {
        let (before, shared) = (self.active()?, command.allow_duplicate);
        let profile = before.patched(command, context)?;
        let changed = changed_fields(before, &profile);
        if changed.is_empty() {
            return Ok(Decision::nothing());
        }
        let decision = exchange(Decision::nothing(), &before.keys(), &profile.keys(), shared);
        Ok(decision.and(ContactUpdated { changed, profile }))
    }

    fn link(&self, command: &LinkContact, context: &Context<'_>) -> Result<Decision<ContactEvent>, Refusal> {
        self.active()?;
        let company_id = Company::resolve(command.company_id.as_str(), context)?;
        if self.company_id.as_ref() == Some(&company_id) {
            return Ok(Decision::nothing());
        }
        Ok(Decision::event(ContactLinked { company_id }))
    }

    fn merge(&self, command: MergeContacts, context: &Context<'_>) -> Result<Decision<ContactEvent>, Refusal> {
        let own = self.active()?;
        let Some(merge) = Merge::plan((self, own), command.losers, command.choices, &MERGE_FIELDS, context)? else {
            return Ok(Decision::nothing());
        };
        let profile = Profile::merged(&merge);
        let company_id = merge.givers("company_id").find_map(|party| party.record.company_id.clone());
        let (decision, losers, choices) = merge.decide(&profile, |into| ContactMergedAway { into }.into());
        Ok(decision.and(ContactsMerged { losers, choices, profile, company_id }))
    }

    fn erase(&self, command: &EraseContact, context: &Context<'_>) -> Result<Decision<ContactEvent>, Refusal> {
        if self.status == Status::Erased {
            return Ok(Decision::nothing());
        }
        let erased = || ContactErased { reason: command.reason.clone() };
        let decision = exchange(Decision::event(erased()), &self.active()?.keys(), &[], false);
        let losers = taken_in(self, context)?;
        Ok(losers.into_iter().fold(decision, |decision, id| decision.also::<Self>(id, erased())))
    }

    /// Follows redirects to the contact that `id` means today.
    pub(super) fn resolve(id: &str, context: &Context<'_>) -> Result<String, Refusal> {
        merge::resolve::<Self>(id, context)
    }
}

impl Mergeable for Contact {
    type Profile = Profile;

    fn status(&self) -> &Status {
        &self.status
    }

    fn profile(&self) -> Option<&Profile> {
        Some(&self.profile)
    }

    fn merged(&self) -> &[String] {
        &self.merged
    }

    fn keys(profile: &Profile) -> Vec<Key> {
        profile.keys()
    }

    fn unknown(id: &str) -> Refusal {
        ContactRejection::UnknownContact(id.to_owned()).into()
    }
}

// ------------------------------------------------------------------------------------------------------ rejections

rejections! {
    /// Why a contact refuses a command.
    pub enum ContactRejection in "crm" {
        /// Nothing says who the person is.
        #[error("A contact needs a name, an email address or a phone number.")]
        NoIdentity => "contact_without_identity" ["given_name", "family_name", "email", "phone"],
        /// The contact was merged.
        #[error("The contact was merged into `{0}`; send the command there.")]
        Merged(String) => "contact_merged" ["id"],
        /// The contact was erased.
        #[error("The contact was erased.")]
        Erased => "contact_erased" ["id"],
        /// A contact that the command names does not exist.
        #[error("There is no contact `{0}`.")]
        UnknownContact(String) => "contact_unknown" ["contact_id", "losers"],
    }
}

#[cfg(test)]
mod tests;
