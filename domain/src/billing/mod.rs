//! billing: what this context is for, in one sentence.

pub mod plan;

use crate::kernel::{AggregateType, ContextDef};

/// What the platform needs to know to serve this context.
pub static CONTEXT: ContextDef = ContextDef {
    name: "billing",
    summary: "What this context is for, in one sentence.",
    aggregates: || vec![<dyn AggregateType>::of::<plan::Plan>()],
    imports: &[],
    due: &[],
    setup: &[],
};
