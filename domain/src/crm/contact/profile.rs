//! What is known of a contact.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Contact, ContactRejection, EMAIL_SCOPE, PHONE_SCOPE, RegisterContact, UpdateContact};
use crate::crm::custom_field::{CustomEntity, set_custom};
use crate::crm::keys::Key;
use crate::crm::merge::Merge;
use crate::crm::values::{Address, CustomValues, Label, Name, Note, email_of, phone_of, set, set_as, tags_of};
use crate::kernel::{Context, Refusal};

/// The facts known of a person.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Profile {
    /// Given name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-personal" = true))]
    pub given_name: Option<Name>,
    /// Family name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-personal" = true))]
    pub family_name: Option<Name>,
    /// Normalised email address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-personal" = true))]
    pub email: Option<String>,
    /// Phone number in E.164.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-personal" = true))]
    pub phone: Option<String>,
    /// Position in the company.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_title: Option<Name>,
    /// The company's name as the source wrote it; `company_id` names the company where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company_name: Option<Name>,
    /// Postal address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-personal" = true))]
    pub address: Option<Address>,
    /// Who looks after the contact: a user's id or email address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Name>,
    /// Where the contact came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Label>,
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

impl Profile {
    /// The profile of a new contact.
    pub(super) fn registered(command: RegisterContact, context: &Context<'_>) -> Result<Self, Refusal> {
        let mut profile = Self {
            given_name: command.given_name,
            family_name: command.family_name,
            email: command.email.map(|email| email_of(&email)).transpose()?,
            phone: command.phone.map(|phone| phone_of(&phone, command.phone_region.as_ref())).transpose()?,
            job_title: command.job_title,
            company_name: command.company_name,
            address: command.address,
            owner: command.owner,
            source: command.source,
            tags: tags_of(command.tags)?,
            note: command.note,
            custom: CustomValues::new(),
        };
        set_custom(CustomEntity::Contact, &mut profile.custom, &command.custom, context)?;
        profile.require_identity()?;
        Ok(profile)
    }

    /// The profile after a change.
    pub(super) fn patched(&self, command: UpdateContact, context: &Context<'_>) -> Result<Self, Refusal> {
        let mut profile = self.clone();
        set(&mut profile.given_name, command.given_name);
        set(&mut profile.family_name, command.family_name);
        set_as(&mut profile.email, command.email, |email| email_of(&email))?;
        set_as(&mut profile.phone, command.phone, |phone| phone_of(&phone, command.phone_region.as_ref()))?;
        set(&mut profile.job_title, command.job_title);
        set(&mut profile.company_name, command.company_name);
        set(&mut profile.address, command.address);
        set(&mut profile.owner, command.owner);
        set(&mut profile.source, command.source);
        set(&mut profile.note, command.note);
        if let Some(tags) = command.tags {
            profile.tags = tags_of(tags)?;
        }
        set_custom(CustomEntity::Contact, &mut profile.custom, &command.custom, context)?;
        profile.require_identity()?;
        Ok(profile)
    }

    /// The survivor's profile after a merge.
    pub(super) fn merged(merge: &Merge<'_, Contact>) -> Self {
        macro_rules! pick {
            ($field:ident) => {
                merge.pick(stringify!($field), |profile| &profile.$field)
            };
        }
        Self {
            given_name: pick!(given_name),
            family_name: pick!(family_name),
            email: pick!(email),
            phone: pick!(phone),
            job_title: pick!(job_title),
            company_name: pick!(company_name),
            address: pick!(address),
            owner: pick!(owner),
            source: pick!(source),
            note: pick!(note),
            tags: merge.tags(|profile| &profile.tags),
            custom: merge.custom(|profile| &profile.custom),
        }
    }

    pub(in crate::crm) fn require_identity(&self) -> Result<(), ContactRejection> {
        let known = self.given_name.is_some() || self.family_name.is_some() || self.email.is_some() || self.phone.is_some();
        if known { Ok(()) } else { Err(ContactRejection::NoIdentity) }
    }

    /// What a contact with this profile claims.
    pub(in crate::crm) fn keys(&self) -> Vec<Key> {
        let email = self.email.clone().map(|value| Key { scope: EMAIL_SCOPE, value, field: "email" });
        let phone = self.phone.clone().map(|value| Key { scope: PHONE_SCOPE, value, field: "phone" });
        email.into_iter().chain(phone).collect()
    }
}
