//! The process managers, each in a file of its own. Here alone contexts meet: a process reads the events of some and names commands of others.

mod analytics_scheduled;
mod billing_charge;
mod billing_collect;
mod billing_invoice;
mod billing_provider;
mod billing_settle;
pub mod inventory_ledger;
pub mod inventory_reorder;
mod invoicing_allocate;
mod invoicing_ledger;
mod scheduling_fire;

use crate::kernel::ProcessDef;

/// All process managers.
pub static PROCESSES: &[&ProcessDef] = &[
    &scheduling_fire::SCHEDULING_FIRE,
    &inventory_ledger::PROCESS,
    &inventory_reorder::PROCESS,
    &invoicing_ledger::PROCESS,
    &invoicing_allocate::PROCESS,
    &billing_invoice::PROCESS,
    &billing_charge::PROCESS,
    &billing_collect::PROCESS,
    &billing_settle::PROCESS,
    &billing_provider::PROCESS,
    &analytics_scheduled::PROCESS,
];

#[cfg(test)]
mod billing_tests;
#[cfg(test)]
mod contract;
#[cfg(test)]
mod money_tests;
#[cfg(test)]
mod platform;
