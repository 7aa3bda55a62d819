//! invoicing: what this context is for, in one sentence.

pub mod invoice;

use crate::kernel::{AggregateType, ContextDef};

/// What the platform needs to know to serve this context.
pub static CONTEXT: ContextDef = ContextDef {
    name: "invoicing",
    summary: "What this context is for, in one sentence.",
    aggregates: || vec![<dyn AggregateType>::of::<invoice::Invoice>()],
    imports: &[],
    due: &[],
    setup: &[],
};
