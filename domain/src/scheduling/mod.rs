//! scheduling: what this context is for, in one sentence.

pub mod timer;

use crate::kernel::{AggregateType, ContextDef};

/// What the platform needs to know to serve this context.
pub static CONTEXT: ContextDef = ContextDef {
    name: "scheduling",
    summary: "What this context is for, in one sentence.",
    aggregates: || vec![<dyn AggregateType>::of::<timer::Timer>()],
    imports: &[],
    due: &[],
    setup: &[],
};
