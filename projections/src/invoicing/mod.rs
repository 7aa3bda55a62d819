//! Read models of invoicing.

pub mod invoice_list;

use crate::contexts::ContextEntry;
use crate::runtime::RowProjection;

/// The context, for the list of contexts.
pub const CONTEXT: ContextEntry = ContextEntry {
    domain: &domain::invoicing::CONTEXT,
    projections: || vec![RowProjection::<invoice_list::InvoiceList>::boxed()],
    read_models: &[&invoice_list::READ_MODEL],
    reports: &[],
};
