//! accounting: what this context is for, in one sentence.

pub mod account;

use crate::kernel::{AggregateType, ContextDef};

/// What the platform needs to know to serve this context.
pub static CONTEXT: ContextDef = ContextDef {
    name: "accounting",
    summary: "What this context is for, in one sentence.",
    aggregates: || vec![<dyn AggregateType>::of::<account::Account>()],
    imports: &[],
    due: &[],
    setup: &[],
};
