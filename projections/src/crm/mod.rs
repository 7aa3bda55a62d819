//! Read models of the crm context.

use crate::contexts::ContextEntry;

/// The crm context.
pub const CONTEXT: ContextEntry =
    ContextEntry { domain: &domain::crm::CONTEXT, projections: Vec::new, read_models: &[], reports: &[] };
