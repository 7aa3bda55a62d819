//! Invoicing: what customers owe and suppliers ask for, and how it is paid.

pub mod amounts;
pub mod bill;
pub mod credits;
pub mod customer_account;
pub mod customer_payment;
pub mod decimals;
mod imports;
pub mod invoice;
pub mod issuer;
pub mod lines;
pub mod matching;
pub mod number_series;
pub mod settlement;
pub mod values;

#[cfg(test)]
pub(crate) mod simulation;

use crate::kernel::{AggregateType, ContextDef, DueDef};

/// The context `invoicing`.
pub static CONTEXT: ContextDef = ContextDef {
    name: "invoicing",
    summary: "Invoices and credit notes with gapless numbers, bills, payments, customer credit, reminders.",
    aggregates: || {
        vec![
            <dyn AggregateType>::of::<invoice::Invoice>(),
            <dyn AggregateType>::of::<customer_payment::CustomerPayment>(),
            <dyn AggregateType>::of::<customer_account::CustomerAccount>(),
            <dyn AggregateType>::of::<bill::Bill>(),
            <dyn AggregateType>::of::<number_series::NumberSeries>(),
            <dyn AggregateType>::of::<issuer::Issuer>(),
        ]
    },
    imports: imports::IMPORTS,
    due: &[DueDef { table: "invoicing_invoice_list", aggregate: "invoice", command: "check-due" }],
    setup: &[],
};
