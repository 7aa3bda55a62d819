//! Read models of billing.

pub mod plan_list;

use crate::contexts::ContextEntry;
use crate::runtime::RowProjection;

/// The context, for the list of contexts.
pub const CONTEXT: ContextEntry = ContextEntry {
    documents: &[],
    domain: &domain::billing::CONTEXT,
    projections: || vec![RowProjection::<plan_list::PlanList>::boxed()],
    read_models: &[&plan_list::READ_MODEL],
    reports: &[],
};
