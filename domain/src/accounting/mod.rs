//! The ledger: accounts, the journal, closed periods, holds.
//!
//! - [`account`]: an account; its id is its code.
//! - [`chart`]: the chart of accounts, and what else every posting must know, in one place.
//! - [`posting_profile`]: which account plays which role for other contexts.
//! - [`period`]: through which day the books are closed.
//! - [`journal_entry`]: what was posted; never edited, reversed at most once.
//! - [`hold`]: what is reserved until it is posted, voided or expired.
//! - [`posting`]: the rules that every posting obeys.
//!
//! For each entry and currency debits equal credits exactly, and so they do over all entries at every position of the log.

pub mod account;
pub mod chart;
pub mod hold;
mod imports;
pub mod journal_entry;
pub mod period;
pub mod posting;
pub mod posting_profile;
pub mod values;

#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;

use crate::kernel::{AggregateType, ContextDef, DueDef, SetupDef};

/// The context `accounting`.
pub static CONTEXT: ContextDef = ContextDef {
    name: "accounting",
    summary: "The ledger: chart of accounts, journal, periods, holds and statements.",
    aggregates: || {
        vec![
            <dyn AggregateType>::of::<journal_entry::JournalEntry>(),
            <dyn AggregateType>::of::<account::Account>(),
            <dyn AggregateType>::of::<chart::Chart>(),
            <dyn AggregateType>::of::<posting_profile::PostingProfile>(),
            <dyn AggregateType>::of::<period::Period>(),
            <dyn AggregateType>::of::<hold::Hold>(),
        ]
    },
    imports: imports::IMPORTS,
    due: &[DueDef { table: "accounting_hold_list", aggregate: "hold", command: "expire" }],
    setup: &[SetupDef {
        aggregate: "chart",
        id: values::DEFAULT,
        command: "apply-template",
        body: r#"{"template":"trading_company","currency":"$currency"}"#,
    }],
};
