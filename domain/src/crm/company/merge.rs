//! Merging companies.

use std::collections::BTreeMap;

use super::{
    CompaniesMerged, Company, CompanyEvent, CompanyMergedAway, CompanyProfile, CompanyRejection, CompanyStatus, DOMAIN_SCOPE,
    MergeCompanies, hierarchy,
};
use crate::crm::values::{merge_custom, merge_tags};
use crate::kernel::{AggregateId, ClaimAction, Context, Decision, Refusal};

/// How many companies one merge takes in at most.
const LOSERS_MAX: usize = 20;
const MERGE_FIELDS: [&str; 11] =
    ["name", "domain", "website", "industry", "employees", "annual_revenue", "phone", "address", "owner", "note", "parent_id"];

/// A company that takes part in a merge.
struct Party<'a> {
    id: String,
    profile: &'a CompanyProfile,
    parent_id: Option<&'a str>,
}

impl Company {
    pub(super) fn merge(&self, command: MergeCompanies, context: &Context<'_>) -> Result<Decision<CompanyEvent>, Refusal> {
        let profile = self.active()?;
        if command.losers.is_empty() || command.losers.len() > LOSERS_MAX {
            return Err(CompanyRejection::LoserCount(LOSERS_MAX).into());
        }
        let losers = losers_of(command.losers, context)?;
        if losers.is_empty() {
            return Ok(Decision::nothing());
        }
        let own = Party { id: context.aggregate_id.to_owned(), profile, parent_id: self.parent_id.as_deref() };
        let parties: Vec<Party<'_>> = std::iter::once(own).chain(losers).collect();
        let choices: BTreeMap<String, String> = command.choices.into_iter().map(|(field, id)| (field, id.into())).collect();
        check_choices(&parties, &choices)?;
        let profile = merged_profile(&parties, &choices);
        let parent_id = merged_parent(&parties, choices.get("parent_id"), context)?;

        let mut decision = Decision::nothing();
        for party in &parties {
            if let Some(domain) = party.profile.domain.clone() {
                let holder = (party.id != context.aggregate_id).then(|| party.id.clone());
                decision = decision.with_claim(ClaimAction::Release, DOMAIN_SCOPE, domain, "domain", holder);
            }
        }
        if let Some(domain) = &profile.domain {
            decision = decision.claim_if_free(DOMAIN_SCOPE, domain, "domain");
        }
        let losers: Vec<String> = parties.into_iter().skip(1).map(|party| party.id).collect();
        for id in &losers {
            decision = decision.also::<Company>(id.clone(), CompanyMergedAway { into: context.aggregate_id.to_owned() });
        }
        Ok(decision.and(CompaniesMerged { losers, choices, profile, parent_id }))
    }
}

/// The companies that are still to be taken in, each once.
fn losers_of<'a>(ids: Vec<AggregateId>, context: &Context<'a>) -> Result<Vec<Party<'a>>, Refusal> {
    let mut losers: Vec<Party<'a>> = Vec::new();
    for id in ids {
        if id.as_str() == context.aggregate_id {
            return Err(CompanyRejection::MergeWithItself.into());
        }
        let loser = context.get::<Company>(id.as_str())?.ok_or_else(|| CompanyRejection::UnknownCompany(id.to_string()))?;
        match (&loser.status, &loser.profile) {
            (CompanyStatus::Active, Some(profile)) => {
                if losers.iter().all(|known| known.id != id.as_str()) {
                    losers.push(Party { id: id.into(), profile, parent_id: loser.parent_id.as_deref() });
                }
            }
            (CompanyStatus::Merged { into }, _) => {
                let survivor = hierarchy::survivor_of(into, context)?;
                if survivor != context.aggregate_id {
                    return Err(CompanyRejection::LoserMerged(id.to_string(), survivor).into());
                }
            }
            _ => return Err(CompanyRejection::LoserErased(id.to_string()).into()),
        }
    }
    Ok(losers)
}

fn check_choices(parties: &[Party<'_>], choices: &BTreeMap<String, String>) -> Result<(), CompanyRejection> {
    for (field, id) in choices {
        if !MERGE_FIELDS.contains(&field.as_str()) {
            return Err(CompanyRejection::UnknownField(field.clone()));
        }
        if parties.iter().all(|party| party.id != *id) {
            return Err(CompanyRejection::ChoiceNotMerged(field.clone(), id.clone()));
        }
    }
    Ok(())
}

/// A chosen company's value, else the survivor's, else the first loser's that has one.
fn merged_profile(parties: &[Party<'_>], choices: &BTreeMap<String, String>) -> CompanyProfile {
    let order = |field: &str| {
        let chosen = choices.get(field);
        parties.iter().filter(move |party| chosen.is_none_or(|id| *id == party.id)).map(|party| party.profile)
    };
    macro_rules! pick {
        ($field:ident) => {
            order(stringify!($field)).find_map(|profile| profile.$field.clone())
        };
    }
    let (own, losers) = (parties[0].profile, &parties[1..]);
    CompanyProfile {
        name: order("name").next().unwrap_or(own).name.clone(),
        domain: pick!(domain),
        website: pick!(website),
        industry: pick!(industry),
        employees: pick!(employees),
        annual_revenue: pick!(annual_revenue),
        phone: pick!(phone),
        address: pick!(address),
        owner: pick!(owner),
        note: pick!(note),
        tags: merge_tags(&own.tags, losers.iter().map(|loser| &loser.profile.tags)),
        custom: merge_custom(&own.custom, losers.iter().map(|loser| &loser.profile.custom)),
    }
}

/// The survivor's parent. The parties become one node of the hierarchy, so a parent that is one of them or stands below
/// one of them would close a cycle: such a parent is passed over, and refused where it was chosen.
fn merged_parent(parties: &[Party<'_>], chosen: Option<&String>, context: &Context<'_>) -> Result<Option<String>, Refusal> {
    let ids: Vec<&str> = parties.iter().map(|party| party.id.as_str()).collect();
    for party in parties.iter().filter(|party| chosen.is_none_or(|id| *id == party.id)) {
        let Some(parent_id) = party.parent_id else { continue };
        if !hierarchy::leads_to(parent_id, &ids, context)? {
            return Ok(Some(parent_id.to_owned()));
        }
        if chosen.is_some() {
            return Err(CompanyRejection::Cycle.into());
        }
    }
    Ok(None)
}
