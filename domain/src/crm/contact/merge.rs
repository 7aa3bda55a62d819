//! Merging contacts.

use std::collections::BTreeMap;

use super::{Contact, ContactEvent, ContactMergedAway, ContactRejection, ContactsMerged, MergeContacts, Profile, Status, keys};
use crate::crm::values::{merge_custom, merge_tags};
use crate::kernel::{AggregateId, ClaimAction, Context, Decision, Refusal};

/// How many contacts one merge takes in at most.
const LOSERS_MAX: usize = 20;
const MERGE_FIELDS: [&str; 11] =
    ["given_name", "family_name", "email", "phone", "job_title", "company_name", "address", "owner", "source", "note", "company_id"];

/// The contacts that are still to be taken in, each once.
fn losers_of<'a>(ids: Vec<AggregateId>, context: &Context<'a>) -> Result<Vec<(String, &'a Contact)>, Refusal> {
    let mut losers: Vec<(String, &Contact)> = Vec::new();
    for id in ids {
        if id.as_str() == context.aggregate_id {
            return Err(ContactRejection::MergeWithItself.into());
        }
        let loser = context.get::<Contact>(id.as_str())?.ok_or_else(|| ContactRejection::UnknownContact(id.to_string()))?;
        match &loser.status {
            Status::Active if losers.iter().all(|(known, _)| *known != id.as_str()) => losers.push((id.into(), loser)),
            Status::Active => {}
            Status::Merged { into } => {
                let survivor = survivor_of(into, context)?;
                if survivor != context.aggregate_id {
                    return Err(ContactRejection::LoserMerged(id.to_string(), survivor).into());
                }
            }
            Status::Erased => return Err(ContactRejection::LoserErased(id.to_string()).into()),
        }
    }
    Ok(losers)
}

/// The contact at the end of the redirects that start at `id`.
fn survivor_of(id: &str, context: &Context<'_>) -> Result<String, Refusal> {
    let mut id = id.to_owned();
    while id != context.aggregate_id {
        match context.get::<Contact>(&id)?.map(|contact| &contact.status) {
            Some(Status::Merged { into }) => id.clone_from(into),
            _ => break,
        }
    }
    Ok(id)
}

impl Contact {
    pub(super) fn merge(&self, command: MergeContacts, context: &Context<'_>) -> Result<Decision<ContactEvent>, Refusal> {
        self.require_active()?;
        if command.losers.is_empty() || command.losers.len() > LOSERS_MAX {
            return Err(ContactRejection::LoserCount(LOSERS_MAX).into());
        }
        let losers = losers_of(command.losers, context)?;
        if losers.is_empty() {
            return Ok(Decision::nothing());
        }
        let choices: BTreeMap<String, String> = command.choices.into_iter().map(|(field, id)| (field, id.into())).collect();
        let (profile, company_id) = self.merged_profile(&losers, &choices, context.aggregate_id)?;
        let mut decision = Decision::nothing();
        let parties = losers.iter().map(|(id, loser)| (Some(id.clone()), &loser.profile)).chain([(None, &self.profile)]);
        for (holder, old) in parties {
            for (scope, key, field) in keys(old) {
                decision = decision.with_claim(ClaimAction::Release, scope, key, field, holder.clone());
            }
        }
        for (scope, key, field) in keys(&profile) {
            decision = decision.claim_if_free(scope, key, field);
        }
        let into = context.aggregate_id.to_owned();
        for (id, _) in &losers {
            decision = decision.also::<Contact>(id.clone(), ContactMergedAway { into: into.clone() });
        }
        let losers = losers.into_iter().map(|(id, _)| id).collect();
        Ok(decision.and(ContactsMerged { losers, choices, profile, company_id }))
    }

    /// The survivor's profile: a chosen contact's value, else the survivor's, else the first loser's that has one.
    fn merged_profile(
        &self,
        losers: &[(String, &Contact)],
        choices: &BTreeMap<String, String>,
        own_id: &str,
    ) -> Result<(Profile, Option<String>), ContactRejection> {
        let party = |id: &str| -> Option<&Contact> {
            if id == own_id { Some(self) } else { losers.iter().find(|(known, _)| known == id).map(|(_, loser)| *loser) }
        };
        for (field, id) in choices {
            if !MERGE_FIELDS.contains(&field.as_str()) {
                return Err(ContactRejection::UnknownField(field.clone()));
            }
            if party(id).is_none() {
                return Err(ContactRejection::ChoiceNotMerged(field.clone(), id.clone()));
            }
        }
        let order = |field: &str| -> Vec<&Contact> {
            match choices.get(field).and_then(|id| party(id)) {
                Some(chosen) => vec![chosen],
                None => std::iter::once(self).chain(losers.iter().map(|(_, loser)| *loser)).collect(),
            }
        };
        macro_rules! pick {
            ($($path:ident).+, $field:literal) => { order($field).into_iter().find_map(|contact| contact.$($path).+.clone()) };
        }
        let profile = Profile {
            given_name: pick!(profile.given_name, "given_name"),
            family_name: pick!(profile.family_name, "family_name"),
            email: pick!(profile.email, "email"),
            phone: pick!(profile.phone, "phone"),
            job_title: pick!(profile.job_title, "job_title"),
            company_name: pick!(profile.company_name, "company_name"),
            address: pick!(profile.address, "address"),
            owner: pick!(profile.owner, "owner"),
            source: pick!(profile.source, "source"),
            note: pick!(profile.note, "note"),
            tags: merge_tags(&self.profile.tags, losers.iter().map(|(_, loser)| &loser.profile.tags)),
            custom: merge_custom(&self.profile.custom, losers.iter().map(|(_, loser)| &loser.profile.custom)),
        };
        Ok((profile, pick!(company_id, "company_id")))
    }
}
