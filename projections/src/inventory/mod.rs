//! Read models of inventory.

pub mod product_list;

use crate::contexts::ContextEntry;
use crate::runtime::RowProjection;

/// The context, for the list of contexts.
pub const CONTEXT: ContextEntry = ContextEntry {
    documents: &[],
    domain: &domain::inventory::CONTEXT,
    projections: || vec![RowProjection::<product_list::ProductList>::boxed()],
    read_models: &[&product_list::READ_MODEL],
    reports: &[],
};
