//! Moving a lead from one status to the next.

use super::{
    AssignLead, DisqualifyLead, Lead, LeadAssigned, LeadDisqualified, LeadEvent, LeadQualified, LeadRecycled, LeadRejection, LeadStatus,
    QualifyLead, RecycleLead,
};
use crate::crm::values::amount_of;
use crate::kernel::{Decision, Refusal};

impl Lead {
    pub(super) fn assign(&self, command: AssignLead) -> Result<Decision<LeadEvent>, LeadRejection> {
        let owner = command.owner;
        match self.status {
            LeadStatus::Working | LeadStatus::Qualified(_) if self.owner.as_ref() == Some(&owner) => Ok(Decision::nothing()),
            LeadStatus::New | LeadStatus::Working | LeadStatus::Qualified(_) | LeadStatus::Recycled(_) => {
                Ok(Decision::event(LeadAssigned { from: self.owner.clone(), owner }))
            }
            _ => self.refuse("assigned"),
        }
    }

    pub(super) fn qualify(&self, command: QualifyLead) -> Result<Decision<LeadEvent>, Refusal> {
        let QualifyLead { note, estimated_value } = command;
        let qualified = LeadQualified { note, estimated_value: estimated_value.map(amount_of).transpose()? };
        match &self.status {
            LeadStatus::Qualified(before) if *before == qualified => Ok(Decision::nothing()),
            LeadStatus::Working | LeadStatus::Qualified(_) => Ok(Decision::event(qualified)),
            _ => Ok(self.refuse("qualified")?),
        }
    }

    pub(super) fn recycle(&self, command: RecycleLead) -> Result<Decision<LeadEvent>, LeadRejection> {
        let recycled = LeadRecycled { reason: command.reason, until: command.until };
        match &self.status {
            LeadStatus::Recycled(before) if *before == recycled => Ok(Decision::nothing()),
            LeadStatus::New | LeadStatus::Working | LeadStatus::Qualified(_) => Ok(Decision::event(recycled)),
            _ => self.refuse("recycled"),
        }
    }

    pub(super) fn disqualify(&self, command: DisqualifyLead) -> Result<Decision<LeadEvent>, LeadRejection> {
        let disqualified = LeadDisqualified { reason: command.reason };
        match &self.status {
            LeadStatus::Disqualified(before) if *before == disqualified => Ok(Decision::nothing()),
            LeadStatus::Disqualified(_) | LeadStatus::Converted(_) | LeadStatus::Erased => self.refuse("disqualified"),
            _ => Ok(self.released(Decision::event(disqualified))),
        }
    }
}
