//! What is known of a company.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Company, DOMAIN_SCOPE, RegisterCompany, UpdateCompany, Website};
use crate::crm::custom_field::{CustomEntity, set_custom};
use crate::crm::keys::Key;
use crate::crm::merge::Merge;
use crate::crm::values::{
    Address, CustomValues, Label, Name, Note, Patch, ValueRejection, amount_of, domain_of_website, normalise_domain, phone_of, set, set_as,
    tags_of,
};
use crate::kernel::{Context, Money, Refusal};

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

    /// The profile of a new company.
    pub(super) fn registered(command: RegisterCompany, context: &Context<'_>) -> Result<Self, Refusal> {
        let of_website = command.website.as_deref().map(domain_of_website).transpose()?.flatten();
        let mut profile = Self {
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
            ..Self::named(command.name)
        };
        set_custom(CustomEntity::Company, &mut profile.custom, &command.custom, context)?;
        Ok(profile)
    }

    /// The profile after a change.
    pub(super) fn patched(&self, command: UpdateCompany, context: &Context<'_>) -> Result<Self, Refusal> {
        let mut profile = self.clone();
        if let Some(name) = command.name {
            profile.name = name;
        }
        profile.set_domain(command.domain, command.website)?;
        set(&mut profile.industry, command.industry);
        set(&mut profile.employees, command.employees);
        set_as(&mut profile.annual_revenue, command.annual_revenue, amount_of)?;
        set_as(&mut profile.phone, command.phone, |phone| phone_of(&phone, command.phone_region.as_ref()))?;
        set(&mut profile.address, command.address);
        set(&mut profile.owner, command.owner);
        set(&mut profile.note, command.note);
        if let Some(tags) = command.tags {
            profile.tags = tags_of(tags)?;
        }
        set_custom(CustomEntity::Company, &mut profile.custom, &command.custom, context)?;
        Ok(profile)
    }

    /// Sets domain and website; a domain that came from the old website follows the new one.
    fn set_domain(&mut self, domain: Patch<Website>, website: Patch<Website>) -> Result<(), ValueRejection> {
        let of_old = self.website.as_deref().and_then(|website| domain_of_website(website).ok().flatten());
        if let Some(website) = website {
            let of_new = website.as_deref().map(domain_of_website).transpose()?.flatten();
            if of_new.is_some() && (self.domain.is_none() || self.domain == of_old) {
                self.domain = of_new;
            }
            self.website = website;
        }
        set_as(&mut self.domain, domain, |domain| domain_of(&domain))
    }

    /// The survivor's profile after a merge.
    pub(super) fn merged(merge: &Merge<'_, Company>, own: &Self) -> Self {
        macro_rules! pick {
            ($field:ident) => {
                merge.pick(stringify!($field), |profile| &profile.$field)
            };
        }
        Self {
            name: merge.givers("name").next().map_or(own, |party| party.profile).name.clone(),
            domain: pick!(domain),
            website: pick!(website),
            industry: pick!(industry),
            employees: pick!(employees),
            annual_revenue: pick!(annual_revenue),
            phone: pick!(phone),
            address: pick!(address),
            owner: pick!(owner),
            note: pick!(note),
            tags: merge.tags(|profile| &profile.tags),
            custom: merge.custom(|profile| &profile.custom),
        }
    }

    /// What a company with this profile claims.
    pub(in crate::crm) fn keys(&self) -> Vec<Key> {
        self.domain.clone().map(|value| Key { scope: DOMAIN_SCOPE, value, field: "domain" }).into_iter().collect()
    }
}

fn domain_of(text: &str) -> Result<String, ValueRejection> {
    normalise_domain(text).ok_or_else(|| ValueRejection::InvalidDomain(text.to_owned()))
}
