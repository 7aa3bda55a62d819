//! analytics: what this context is for, in one sentence.

pub mod query;

use crate::kernel::{AggregateType, ContextDef};

/// What the platform needs to know to serve this context.
pub static CONTEXT: ContextDef = ContextDef {
    name: "analytics",
    summary: "What this context is for, in one sentence.",
    aggregates: || vec![<dyn AggregateType>::of::<query::Query>()],
    imports: &[],
    due: &[],
    setup: &[],
};
