//! Read models of scheduling.

pub mod timer_list;

use crate::contexts::ContextEntry;
use crate::runtime::RowProjection;

/// The context, for the list of contexts.
pub const CONTEXT: ContextEntry = ContextEntry {
    documents: &[],
    domain: &domain::scheduling::CONTEXT,
    projections: || vec![RowProjection::<timer_list::TimerList>::boxed()],
    read_models: &[&timer_list::READ_MODEL],
    reports: &[],
};
