//! The process managers, each in a file of its own. Here alone contexts meet: a process reads the events of some and names commands of others.

mod invoicing_ledger;

use crate::kernel::ProcessDef;

/// All process managers.
pub static PROCESSES: &[&ProcessDef] = &[&invoicing_ledger::PROCESS];
