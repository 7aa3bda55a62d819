//! Customer relations: contacts, companies, leads, deals, activities, and the pipelines and custom fields that shape them.

pub mod activity;
pub mod company;
pub mod contact;
pub mod custom_field;
pub mod deal;
mod imports;
mod keys;
pub mod lead;
mod merge;
pub mod pipeline;
pub mod values;

#[cfg(test)]
mod simulation;

use crate::kernel::{AggregateType, ContextDef};

/// The context `crm`.
pub const CONTEXT: ContextDef = ContextDef {
    name: "crm",
    summary: "Contacts, companies, leads, deals and activities, from the first inquiry to the sale.",
    aggregates: || {
        vec![
            <dyn AggregateType>::of::<contact::Contact>(),
            <dyn AggregateType>::of::<company::Company>(),
            <dyn AggregateType>::of::<lead::Lead>(),
            <dyn AggregateType>::of::<deal::Deal>(),
            <dyn AggregateType>::of::<activity::Activity>(),
            <dyn AggregateType>::of::<pipeline::Pipeline>(),
            <dyn AggregateType>::of::<custom_field::CustomField>(),
        ]
    },
    imports: imports::IMPORTS,
    due: &[],
    setup: &[],
};
