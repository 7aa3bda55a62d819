//! What is known of a deal.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{OpenDeal, UpdateDeal};
use crate::crm::company::Company;
use crate::crm::contact::Contact;
use crate::crm::custom_field::{CustomEntity, set_custom};
use crate::crm::values::{CustomValues, Label, Name, Note, set, set_as, tags_of};
use crate::kernel::{Context, Day, Refusal};

/// The facts known of a deal, apart from its stage and amount.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DealFacts {
    /// What people call it.
    pub name: Name,
    /// The person who decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact_id: Option<String>,
    /// The company that buys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company_id: Option<String>,
    /// Who looks after the deal: a user's id or email address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Name>,
    /// The day on which it is expected to be won.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_close: Option<Day>,
    /// Where the deal came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Label>,
    /// Free labels, sorted, each once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Label>,
    /// Remarks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Note>,
    /// Values of custom fields.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub custom: CustomValues,
}

impl DealFacts {
    /// The facts of a new deal.
    pub(super) fn opened(
        command: OpenDeal,
        contact_id: Option<String>,
        company_id: Option<String>,
        context: &Context<'_>,
    ) -> Result<Self, Refusal> {
        let mut facts = Self {
            name: command.name,
            contact_id,
            company_id,
            owner: command.owner,
            expected_close: command.expected_close,
            source: command.source,
            tags: tags_of(command.tags)?,
            note: command.note,
            custom: CustomValues::new(),
        };
        set_custom(CustomEntity::Deal, &mut facts.custom, &command.custom, context)?;
        Ok(facts)
    }

    /// The facts after a change.
    pub(super) fn patched(&self, command: UpdateDeal, context: &Context<'_>) -> Result<Self, Refusal> {
        let mut facts = self.clone();
        if let Some(name) = command.name {
            facts.name = name;
        }
        set_as(&mut facts.contact_id, command.contact_id, |id| Contact::resolve(id.as_str(), context))?;
        set_as(&mut facts.company_id, command.company_id, |id| Company::resolve(id.as_str(), context))?;
        set(&mut facts.owner, command.owner);
        set(&mut facts.expected_close, command.expected_close);
        set(&mut facts.source, command.source);
        set(&mut facts.note, command.note);
        if let Some(tags) = command.tags {
            facts.tags = tags_of(tags)?;
        }
        set_custom(CustomEntity::Deal, &mut facts.custom, &command.custom, context)?;
        Ok(facts)
    }
}
