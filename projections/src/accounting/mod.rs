//! The read side of the ledger.
//!
//! One projection fills almost everything ([`ledger`]), so that accounts, entries, lines and balances are always of one moment: whatever a
//! report adds up balances. What other contexts say is compared with what was posted because of it in two further ones ([`checks`]), which
//! also read the events of those contexts.

pub mod account_list;
pub mod checks;
pub mod hold_list;
pub mod journal_entry_list;
pub mod ledger;
pub mod ledger_line_list;
pub mod period_list;
pub mod posting_role_list;
mod reports;

use self::checks::{stock, subledger};
use crate::contexts::ContextEntry;
use crate::model::ReadModelDef;

/// The read models, in the order of the documentation.
const READ_MODELS: &[&ReadModelDef] = &[
    &account_list::DEF,
    &journal_entry_list::DEF,
    &ledger_line_list::DEF,
    &hold_list::DEF,
    &posting_role_list::DEF,
    &period_list::DEF,
    &stock::DEF,
    &subledger::DEF,
];

/// The context `accounting`.
pub const CONTEXT: ContextEntry = ContextEntry {
    documents: &[],
    domain: &domain::accounting::CONTEXT,
    projections: || vec![ledger::Ledger::boxed(), Box::new(stock::CHECK), Box::new(subledger::CHECK)],
    read_models: READ_MODELS,
    reports: reports::REPORTS,
};

#[cfg(test)]
mod tests;
