//! Read models of accounting.

pub mod account_list;

use crate::contexts::ContextEntry;
use crate::runtime::RowProjection;

/// The context, for the list of contexts.
pub const CONTEXT: ContextEntry = ContextEntry {
    documents: &[],
    domain: &domain::accounting::CONTEXT,
    projections: || vec![RowProjection::<account_list::AccountList>::boxed()],
    read_models: &[&account_list::READ_MODEL],
    reports: &[],
};
