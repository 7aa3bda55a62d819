//! The process managers, each in a file of its own. Here alone contexts meet: a process reads the events of some and names commands of others.

mod billing_charge;
mod billing_collect;
mod billing_invoice;
mod billing_ledger;
mod billing_provider;
mod billing_settle;

use crate::kernel::ProcessDef;

/// All process managers.
pub static PROCESSES: &[&ProcessDef] = &[
    &billing_invoice::PROCESS,
    &billing_charge::PROCESS,
    &billing_collect::PROCESS,
    &billing_settle::PROCESS,
    &billing_ledger::PROCESS,
    &billing_provider::PROCESS,
];

#[cfg(test)]
mod billing_tests;
