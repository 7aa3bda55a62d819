//! What is known of a lead.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CaptureLead, LEAD_EMAIL_SCOPE, LeadRejection, UpdateLead};
use crate::crm::custom_field::{CustomEntity, set_custom};
use crate::crm::keys::Key;
use crate::crm::values::{Address, CustomValues, Label, Name, Note, domain_of_website, email_of, phone_of, set, set_as, tags_of};
use crate::kernel::{Context, Refusal, Text};

/// The facts known of a lead.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LeadProfile {
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
    /// The company's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company_name: Option<Name>,
    /// Position in the company.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_title: Option<Name>,
    /// The company's website.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub website: Option<Text<2000>>,
    /// Postal address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-personal" = true))]
    pub address: Option<Address>,
    /// Where the lead came from.
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

impl LeadProfile {
    /// The profile of a new lead.
    pub(super) fn captured(command: CaptureLead, context: &Context<'_>) -> Result<Self, Refusal> {
        let mut profile = Self {
            given_name: command.given_name,
            family_name: command.family_name,
            email: command.email.map(|email| email_of(&email)).transpose()?,
            phone: command.phone.map(|phone| phone_of(&phone, command.phone_region.as_ref())).transpose()?,
            company_name: command.company_name,
            job_title: command.job_title,
            website: command.website,
            address: command.address,
            source: command.source,
            tags: tags_of(command.tags)?,
            note: command.note,
            custom: CustomValues::new(),
        };
        set_custom(CustomEntity::Lead, &mut profile.custom, &command.custom, context)?;
        profile.check()?;
        Ok(profile)
    }

    /// The profile after a change.
    pub(super) fn patched(&self, command: UpdateLead, context: &Context<'_>) -> Result<Self, Refusal> {
        let mut profile = self.clone();
        set(&mut profile.given_name, command.given_name);
        set(&mut profile.family_name, command.family_name);
        set_as(&mut profile.email, command.email, |email| email_of(&email))?;
        set_as(&mut profile.phone, command.phone, |phone| phone_of(&phone, command.phone_region.as_ref()))?;
        set(&mut profile.company_name, command.company_name);
        set(&mut profile.job_title, command.job_title);
        set(&mut profile.website, command.website);
        set(&mut profile.address, command.address);
        set(&mut profile.source, command.source);
        set(&mut profile.note, command.note);
        if let Some(tags) = command.tags {
            profile.tags = tags_of(tags)?;
        }
        set_custom(CustomEntity::Lead, &mut profile.custom, &command.custom, context)?;
        profile.check()?;
        Ok(profile)
    }

    /// What must hold of every lead's facts.
    fn check(&self) -> Result<(), Refusal> {
        if let Some(website) = &self.website {
            domain_of_website(website)?;
        }
        let named = self.given_name.is_some() || self.family_name.is_some() || self.company_name.is_some();
        if named || self.email.is_some() || self.phone.is_some() { Ok(()) } else { Err(LeadRejection::NoIdentity.into()) }
    }

    /// What an open lead with this profile claims.
    pub(super) fn keys(&self) -> Vec<Key> {
        self.email.clone().map(|value| Key { scope: LEAD_EMAIL_SCOPE, value, field: "email" }).into_iter().collect()
    }
}
