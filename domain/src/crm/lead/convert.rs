//! Converting a lead.

use super::{ConvertLead, DealOfLead, Lead, LeadConverted, LeadEvent, LeadRejection, LeadStatus};
use crate::crm::company::{Company, CompanyProfile, CompanyRegistered};
use crate::crm::contact::{Contact, ContactLinked, ContactRegistered, Profile};
use crate::crm::deal::{self, Deal, OpenDeal};
use crate::crm::keys::Key;
use crate::crm::values::{CustomValues, Name, domain_of_website};
use crate::kernel::{Aggregate, AggregateId, ClaimAction, Context, Decision, Refusal};

/// What the fresh ids of a conversion are for.
const CONTACT: u8 = 0;
const COMPANY: u8 = 1;
const DEAL: u8 = 2;

/// A record that takes part in a conversion.
struct Part {
    id: String,
    created: bool,
}

impl Lead {
    pub(super) fn convert(&self, command: ConvertLead, context: &Context<'_>) -> Result<Decision<LeadEvent>, Refusal> {
        if !matches!(self.status, LeadStatus::Qualified(_)) {
            return Ok(self.refuse("converted")?);
        }
        let names_new_company = command.create_company || command.new_company_id.is_some();
        if command.contact_id.is_some() && command.new_contact_id.is_some() || command.company_id.is_some() && names_new_company {
            return Err(LeadRejection::Ambiguous.into());
        }
        let contact = match command.contact_id {
            Some(id) => Part { id: Contact::resolve(id.as_str(), context)?, created: false },
            None => new_part::<Contact>(command.new_contact_id, CONTACT, context)?,
        };
        let company = match command.company_id {
            Some(id) => Some(Part { id: Company::resolve(id.as_str(), context)?, created: false }),
            None if names_new_company => Some(new_part::<Company>(command.new_company_id, COMPANY, context)?),
            None => None,
        };
        let action = if command.allow_duplicate { ClaimAction::TakeIfFree } else { ClaimAction::Take };
        let mut decision = self.released(Decision::nothing());
        if let Some(company) = company.as_ref().filter(|company| company.created) {
            decision = self.make_company(decision, company, action)?;
        }
        let company_id = company.as_ref().map(|company| company.id.clone());
        decision = if contact.created {
            self.make_contact(decision, &contact, company_id.as_ref(), action)?
        } else {
            link_contact(decision, &contact, company_id.as_ref(), context)?
        };
        let deal_id = match command.deal {
            Some(deal) => {
                let part = new_part::<Deal>(deal.deal_id.clone(), DEAL, context)?;
                let opened = deal::opening(self.deal(deal), Some(contact.id.clone()), company_id.clone(), context)?;
                decision = decision.also::<Deal>(part.id.clone(), opened);
                Some(part.id)
            }
            None => None,
        };
        Ok(decision.and(LeadConverted {
            contact_id: contact.id,
            contact_created: contact.created,
            company_id,
            company_created: company.is_some_and(|company| company.created),
            deal_id,
        }))
    }

    fn make_company(&self, decision: Decision<LeadEvent>, part: &Part, action: ClaimAction) -> Result<Decision<LeadEvent>, Refusal> {
        let name = self.profile.company_name.clone().ok_or(LeadRejection::NoCompanyName)?;
        let profile = CompanyProfile {
            domain: self.profile.website.as_deref().map(domain_of_website).transpose()?.flatten(),
            website: self.profile.website.clone(),
            owner: self.owner.clone(),
            ..CompanyProfile::named(name)
        };
        let decision = claim(decision, profile.keys(), "company_id", part, action);
        Ok(decision.also::<Company>(part.id.clone(), CompanyRegistered { profile, parent_id: None }))
    }

    fn make_contact(
        &self,
        decision: Decision<LeadEvent>,
        part: &Part,
        company_id: Option<&String>,
        action: ClaimAction,
    ) -> Result<Decision<LeadEvent>, Refusal> {
        let lead = self.profile.clone();
        let profile = Profile {
            given_name: lead.given_name,
            family_name: lead.family_name,
            email: lead.email,
            phone: lead.phone,
            job_title: lead.job_title,
            company_name: lead.company_name,
            address: lead.address,
            owner: self.owner.clone(),
            source: lead.source,
            tags: lead.tags,
            note: lead.note,
            // Leads and contacts have custom fields of their own; the values stay with the lead.
            custom: CustomValues::new(),
        };
        profile.require_identity()?;
        let decision = claim(decision, profile.keys(), "contact_id", part, action);
        Ok(decision.also::<Contact>(part.id.clone(), ContactRegistered { profile, company_id: company_id.cloned() }))
    }

    fn deal(&self, deal: DealOfLead) -> OpenDeal {
        OpenDeal {
            name: deal.name.unwrap_or_else(|| self.display_name()),
            pipeline_id: deal.pipeline_id,
            stage: deal.stage,
            amount: deal.amount.or(self.estimated_value),
            contact_id: None,
            company_id: None,
            owner: self.owner.clone(),
            expected_close: deal.expected_close,
            source: self.profile.source.clone(),
            tags: Vec::new(),
            note: None,
            custom: CustomValues::new(),
        }
    }

    /// What people would call a deal with this lead.
    fn display_name(&self) -> Name {
        let profile = &self.profile;
        if let Some(name) = &profile.company_name {
            return name.clone();
        }
        let names: Vec<&str> = [&profile.given_name, &profile.family_name].into_iter().flatten().map(|name| &**name).collect();
        let candidates = [Some(names.join(" ")), profile.email.clone(), profile.phone.clone()];
        let shortened = candidates.into_iter().flatten().map(|name| name.chars().take(200).collect::<String>());
        let mut names = shortened.filter_map(|name| Name::try_from(name).ok());
        names.next().unwrap_or_else(|| Name::try_from("Deal".to_owned()).expect("the literal is a name"))
    }
}

/// Takes the keys of a record that is made; `field` is the one that would name an existing record instead.
fn claim(decision: Decision<LeadEvent>, keys: Vec<Key>, field: &'static str, part: &Part, action: ClaimAction) -> Decision<LeadEvent> {
    keys.into_iter().fold(decision, |decision, key| decision.with_claim(action, key.scope, key.value, field, Some(part.id.clone())))
}

/// A record to make, of an id that is free.
fn new_part<A: Aggregate>(id: Option<AggregateId>, index: u8, context: &Context<'_>) -> Result<Part, Refusal> {
    let id = String::from(id.unwrap_or_else(|| context.fresh_id(index).into()));
    match context.get::<A>(&id)? {
        None => Ok(Part { id, created: true }),
        Some(_) => Err(LeadRejection::IdTaken(A::TYPE, id).into()),
    }
}

/// Gives an existing contact without a company the company of the conversion.
fn link_contact(
    decision: Decision<LeadEvent>,
    part: &Part,
    company_id: Option<&String>,
    context: &Context<'_>,
) -> Result<Decision<LeadEvent>, Refusal> {
    let contact = context.get::<Contact>(&part.id)?;
    match company_id {
        Some(company_id) if contact.is_some_and(|contact| contact.company_id.is_none()) => {
            Ok(decision.also::<Contact>(part.id.clone(), ContactLinked { company_id: company_id.clone() }))
        }
        _ => Ok(decision),
    }
}
