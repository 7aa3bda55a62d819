//! Addresses of other systems that are told of the tenant's events.

pub mod endpoint;

use crate::kernel::{AggregateType, ContextDef};

/// The context `webhooks`.
pub static CONTEXT: ContextDef = ContextDef {
    name: "webhooks",
    summary: "Addresses of other systems that are told of the tenant's events.",
    aggregates: || vec![<dyn AggregateType>::of::<endpoint::Endpoint>()],
    imports: &[],
    due: &[],
    setup: &[],
};
