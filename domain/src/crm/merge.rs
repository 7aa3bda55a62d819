//! Records of which two may turn out to be one: contacts and companies.
//!
//! A merge keeps one record, the survivor. The others, the losers, redirect to it forever, and are erased with it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::keys::Key;
use super::values::{CUSTOM_VALUES_MAX, CustomValues, Label, TAGS_MAX};
use crate::kernel::{Aggregate, AggregateId, ClaimAction, Context, Decision, Refusal};
use crate::rejections;

/// How many records one merge takes in at most.
const LOSERS_MAX: usize = 20;

/// Where a contact or a company stands.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum Status {
    /// In use.
    #[default]
    Active,
    /// Taken in by another of its kind.
    Merged {
        /// The survivor.
        into: String,
    },
    /// Erased.
    Erased,
}

impl Status {
    /// The status after the data were erased: a redirect stays one.
    #[must_use]
    pub(super) fn erased(self) -> Self {
        if let Self::Merged { .. } = self { self } else { Self::Erased }
    }
}

/// An aggregate whose records can be merged.
pub(super) trait Mergeable: Aggregate {
    /// What is known of a record.
    type Profile: 'static;

    /// Where the record stands.
    fn status(&self) -> &Status;
    /// What is known of it; nothing where it was never registered.
    fn profile(&self) -> Option<&Self::Profile>;
    /// All records that it ever took in.
    fn merged(&self) -> &[String];
    /// The unique keys that a record with this profile holds.
    fn keys(profile: &Self::Profile) -> Vec<Key>;
    /// The refusal of an id that names no record.
    fn unknown(id: &str) -> Refusal;
}

/// Follows redirects to the record that `id` means today.
pub(super) fn resolve<A: Mergeable>(id: &str, context: &Context<'_>) -> Result<String, Refusal> {
    let mut id = id.to_owned();
    loop {
        let record = context.get::<A>(&id)?.ok_or_else(|| A::unknown(&id))?;
        match record.status() {
            Status::Active => return Ok(id),
            Status::Merged { into } => id.clone_from(into),
            Status::Erased => return Err(A::unknown(&id)),
        }
    }
}

/// The record at the end of the redirects that start at `id`, erased or not. Stops at the deciding record, whose state is not loaded.
pub(super) fn survivor_of<A: Mergeable>(id: &str, context: &Context<'_>) -> Result<String, Refusal> {
    let mut id = id.to_owned();
    while id != context.aggregate_id {
        match context.get::<A>(&id)?.map(Mergeable::status) {
            Some(Status::Merged { into }) => id.clone_from(into),
            _ => break,
        }
    }
    Ok(id)
}

/// The ids of all records that a record took in, itself or through another.
pub(super) fn taken_in<A: Mergeable>(record: &A, context: &Context<'_>) -> Result<Vec<String>, Refusal> {
    let (mut waiting, mut found) = (record.merged().to_vec(), Vec::new());
    while let Some(id) = waiting.pop() {
        if let Some(loser) = context.get::<A>(&id)? {
            waiting.extend(loser.merged().iter().cloned());
            found.push(id);
        }
    }
    Ok(found)
}

/// A record that takes part in a merge.
pub(super) struct Party<'a, A: Mergeable> {
    pub id: String,
    pub record: &'a A,
    pub profile: &'a A::Profile,
}

/// What a command asks to be merged, checked.
pub(super) struct Merge<'a, A: Mergeable> {
    /// The survivor, then the losers in turn.
    parties: Vec<Party<'a, A>>,
    choices: BTreeMap<String, String>,
}

impl<'a, A: Mergeable> Merge<'a, A> {
    /// The merge of `losers` into the deciding record; `None` where all of them were merged into it already. `fields` are those for
    /// which a party may be chosen.
    pub fn plan(
        survivor: (&'a A, &'a A::Profile),
        losers: Vec<AggregateId>,
        choices: BTreeMap<String, AggregateId>,
        fields: &[&str],
        context: &Context<'a>,
    ) -> Result<Option<Self>, Refusal> {
        if losers.is_empty() || losers.len() > LOSERS_MAX {
            return Err(MergeRejection::LoserCount(LOSERS_MAX).into());
        }
        let (record, profile) = survivor;
        let mut parties = vec![Party { id: context.aggregate_id.to_owned(), record, profile }];
        for id in losers {
            if id.as_str() == context.aggregate_id {
                return Err(MergeRejection::WithItself(A::TYPE).into());
            }
            if let Some(loser) = loser(id, context)?.filter(|loser: &Party<'_, A>| parties.iter().all(|party| party.id != loser.id)) {
                parties.push(loser);
            }
        }
        let choices: BTreeMap<String, String> = choices.into_iter().map(|(field, id)| (field, id.into())).collect();
        if parties.len() == 1 {
            return Ok(None);
        }
        for (field, id) in &choices {
            if !fields.contains(&field.as_str()) {
                return Err(MergeRejection::UnknownField(field.clone()).into());
            }
            if parties.iter().all(|party| party.id != *id) {
                return Err(MergeRejection::ChoiceNotMerged(field.clone(), id.clone()).into());
            }
        }
        Ok(Some(Self { parties, choices }))
    }

    /// All that take part, the survivor first.
    pub fn parties(&self) -> &[Party<'a, A>] {
        &self.parties
    }

    /// Whether the command says which party gives the field.
    pub fn is_chosen(&self, field: &str) -> bool {
        self.choices.contains_key(field)
    }

    /// Those that may give a field its value: the party that was chosen, else all in turn.
    pub fn givers(&self, field: &str) -> impl Iterator<Item = &Party<'a, A>> {
        let chosen = self.choices.get(field);
        self.parties.iter().filter(move |party| chosen.is_none_or(|id| *id == party.id))
    }

    /// The value of a field: that of the first giver that has one.
    pub fn pick<T: Clone>(&self, field: &str, value: impl Fn(&A::Profile) -> &Option<T>) -> Option<T> {
        self.givers(field).find_map(|party| value(party.profile).clone())
    }

    /// The tags of all parties, as far as the limit allows; in order.
    pub fn tags(&self, of: impl Fn(&A::Profile) -> &Vec<Label>) -> Vec<Label> {
        let mut merged: Vec<Label> = Vec::new();
        for tag in self.parties.iter().flat_map(|party| of(party.profile)) {
            if merged.len() < TAGS_MAX && !merged.contains(tag) {
                merged.push(tag.clone());
            }
        }
        merged.sort();
        merged
    }

    /// The custom values of all parties, the survivor's first, as far as the limit allows.
    pub fn custom(&self, of: impl Fn(&A::Profile) -> &CustomValues) -> CustomValues {
        let mut merged = CustomValues::new();
        for (key, value) in self.parties.iter().flat_map(|party| of(party.profile)) {
            if merged.len() < CUSTOM_VALUES_MAX && !merged.contains_key(key) {
                merged.insert(key.clone(), value.clone());
            }
        }
        merged
    }

    /// Redirects the losers by this event each, and leaves the survivor with the keys of its new profile. The losers' ids and the
    /// choices are for the survivor's own event.
    pub fn decide(
        self,
        profile: &A::Profile,
        away: impl Fn(String) -> A::Event,
    ) -> (Decision<A::Event>, Vec<String>, BTreeMap<String, String>) {
        let mut decision = Decision::nothing();
        for (index, party) in self.parties.iter().enumerate() {
            let holder = (index > 0).then_some(&party.id);
            for key in A::keys(party.profile) {
                decision = decision.with_claim(ClaimAction::Release, key.scope, key.value, key.field, holder.cloned());
            }
        }
        for key in A::keys(profile) {
            decision = decision.claim_if_free(key.scope, key.value, key.field);
        }
        let mut ids = self.parties.into_iter().map(|party| party.id);
        let survivor = ids.next().unwrap_or_default();
        let losers: Vec<String> = ids.collect();
        let decision = losers.iter().fold(decision, |decision, id| decision.also::<A>(id.clone(), away(survivor.clone())));
        (decision, losers, self.choices)
    }
}

/// The record to be taken in; `None` where it was merged into the deciding one already.
fn loser<'a, A: Mergeable>(id: AggregateId, context: &Context<'a>) -> Result<Option<Party<'a, A>>, Refusal> {
    let id = String::from(id);
    let record = context.get::<A>(&id)?.ok_or_else(|| A::unknown(&id))?;
    match (record.status(), record.profile()) {
        (Status::Active, Some(profile)) => Ok(Some(Party { id, record, profile })),
        (Status::Merged { into }, _) => {
            let survivor = survivor_of::<A>(into, context)?;
            if survivor == context.aggregate_id { Ok(None) } else { Err(MergeRejection::LoserMerged(A::TYPE, id, survivor).into()) }
        }
        _ => Err(MergeRejection::LoserErased(A::TYPE, id).into()),
    }
}

rejections! {
    /// Why records are not merged.
    pub enum MergeRejection in "crm" {
        /// A merge with itself.
        #[error("A {0} cannot be merged with itself.")]
        WithItself(&'static str) => "merge_with_itself" ["losers"],
        /// Number of records to merge.
        #[error("A merge takes in 1 to {0} records.")]
        LoserCount(usize) => "merge_count" ["losers"],
        /// The loser is merged elsewhere.
        #[error("The {0} `{1}` was merged into `{2}` already; merge that one.")]
        LoserMerged(&'static str, String, String) => "loser_merged_elsewhere" ["losers"],
        /// The loser is gone.
        #[error("The {0} `{1}` was erased and cannot be merged.")]
        LoserErased(&'static str, String) => "loser_erased" ["losers"],
        /// A choice for no field.
        #[error("`{0}` is not a field that a merge chooses.")]
        UnknownField(String) => "merge_field_unknown" ["choices"],
        /// A choice for no party.
        #[error("The value of `{0}` cannot come from `{1}`, which takes no part in the merge.")]
        ChoiceNotMerged(String, String) => "merge_choice_not_merged" ["choices"],
    }
}
