//! inventory: what this context is for, in one sentence.

pub mod product;

use crate::kernel::{AggregateType, ContextDef};

/// What the platform needs to know to serve this context.
pub static CONTEXT: ContextDef = ContextDef {
    name: "inventory",
    summary: "What this context is for, in one sentence.",
    aggregates: || vec![<dyn AggregateType>::of::<product::Product>()],
    imports: &[],
    due: &[],
    setup: &[],
};
