//! Read models of analytics.

pub mod query_list;

use crate::contexts::ContextEntry;
use crate::runtime::RowProjection;

/// The context, for the list of contexts.
pub const CONTEXT: ContextEntry = ContextEntry {
    documents: &[],
    domain: &domain::analytics::CONTEXT,
    projections: || vec![RowProjection::<query_list::QueryList>::boxed()],
    read_models: &[&query_list::READ_MODEL],
    reports: &[],
};
