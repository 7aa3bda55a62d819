//! Billing: what is sold on subscription, to whom, what of it is used, what is owed for it, and how it is paid.
//!
//! A plan is published in versions; a subscription keeps the terms that it was sold with. Flat prices are billed when a period begins,
//! usage when it ends, both in one bill, and a period is billed once. Payments are collected by the payment provider where one is
//! configured, and by hand where none is. Subscriptions that the provider bills itself (a checkout) are mirrored and never billed here.

pub mod calendar;
pub mod checkout;
pub mod customer;
pub mod dunning;
mod imports;
pub mod payment;
pub mod plan;
pub mod pricing;
pub mod reconciliation;
pub mod subscription;
pub mod usage;
pub mod values;

#[cfg(test)]
pub(crate) mod simulation;

use crate::kernel::{AggregateType, ContextDef, DueDef};

/// The context `billing`.
pub static CONTEXT: ContextDef = ContextDef {
    name: "billing",
    summary: "Plans, subscriptions, usage, entitlements, payments and dunning.",
    aggregates: || {
        vec![
            <dyn AggregateType>::of::<plan::Plan>(),
            <dyn AggregateType>::of::<customer::Customer>(),
            <dyn AggregateType>::of::<subscription::Subscription>(),
            <dyn AggregateType>::of::<usage::Usage>(),
            <dyn AggregateType>::of::<payment::Payment>(),
            <dyn AggregateType>::of::<dunning::DunningPolicy>(),
            <dyn AggregateType>::of::<checkout::Checkout>(),
            <dyn AggregateType>::of::<reconciliation::Reconciliation>(),
        ]
    },
    imports: imports::IMPORTS,
    due: &[
        DueDef { table: "billing_subscription_list", aggregate: "subscription", command: "bill-period" },
        DueDef { table: "billing_payment_list", aggregate: "payment", command: "dun" },
    ],
    setup: &[],
};
