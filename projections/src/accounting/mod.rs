//! The read side of the ledger.
//!
//! One projection fills almost everything ([`ledger`]), so that accounts, entries, lines and balances are always of one moment: whatever a
//! report adds up balances. What the stock says is compared with what was posted in a second one ([`stock_check`]), which also reads
//! the events of `inventory`.

pub mod account_list;
pub mod hold_list;
pub mod journal_entry_list;
pub mod ledger;
pub mod ledger_line_list;
pub mod period_list;
pub mod posting_role_list;
mod reports;
pub mod stock_check;

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
    &stock_check::DEF,
];

/// The context `accounting`.
pub const CONTEXT: ContextEntry = ContextEntry {
    documents: &[],
    domain: &domain::accounting::CONTEXT,
    projections: || vec![ledger::Ledger::boxed(), Box::new(stock_check::StockCheck)],
    read_models: READ_MODELS,
    reports: reports::REPORTS,
};

#[cfg(test)]
mod tests;
