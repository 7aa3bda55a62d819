//! The read side of customer relations.

pub mod activity_timeline;
pub mod company_list;
pub mod contact_list;
pub mod custom_field_list;
pub mod deal_list;
pub mod deal_stage_history;
pub mod lead_list;
pub mod lead_score;
pub mod pipeline_list;
mod reports;
mod table;

use crate::contexts::ContextEntry;
use crate::model::ReadModelDef;
use crate::runtime::RowProjection;

/// The read models, in the order of the documentation.
const READ_MODELS: &[&ReadModelDef] = &[
    &contact_list::DEF,
    &company_list::DEF,
    &lead_list::DEF,
    &deal_list::DEF,
    &deal_stage_history::DEF,
    &activity_timeline::DEF,
    &pipeline_list::DEF,
    &custom_field_list::DEF,
];

/// The context `crm`.
pub const CONTEXT: ContextEntry = ContextEntry {
    documents: &[],
    domain: &domain::crm::CONTEXT,
    projections: || {
        vec![
            RowProjection::<contact_list::ContactList>::boxed(),
            RowProjection::<company_list::CompanyList>::boxed(),
            RowProjection::<lead_list::LeadList>::boxed(),
            RowProjection::<deal_list::DealList>::boxed(),
            RowProjection::<deal_stage_history::DealStageHistory>::boxed(),
            RowProjection::<activity_timeline::ActivityTimeline>::boxed(),
            RowProjection::<pipeline_list::PipelineList>::boxed(),
            RowProjection::<custom_field_list::CustomFieldList>::boxed(),
        ]
    },
    read_models: READ_MODELS,
    reports: reports::REPORTS,
};

#[cfg(test)]
mod tests;
