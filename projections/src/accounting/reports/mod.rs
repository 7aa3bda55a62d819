//! The statements of the ledger. Amounts stay in minor units and are never added across currencies.

mod schemas;

use schemars::JsonSchema;

use self::schemas::{
    AccountBalance, AgedParty, BalanceSheet, ConsistencyCheck, GeneralLedgerRow, OpenItem, ProfitAndLoss, StatementRow, TrialBalanceRow,
};
use super::checks::{stock, subledger};
use super::ledger;
use crate::model::Allowed::Between;
use crate::model::ColumnKind::{Date, Integer, Text};
use crate::model::{Parameter, ReportDef};

const LEDGER: &[&str] = &[ledger::PROJECTION];

const fn required(name: &'static str, description: &'static str) -> Parameter {
    Parameter::required(name, Text, description)
}

const AS_OF: Parameter = Parameter::optional("as_of", Date, "The day for which it counts; everything that was posted where none is given.");
const POSITION: Parameter = Parameter::optional(
    "position",
    Integer,
    "Only what was booked up to this position: the number after the @ of a position token. Together with `as_of` it tells what was known then.",
);
const CURRENCY: Parameter = Parameter::optional("currency", Text, "Only amounts in this currency, an ISO 4217 code.");
const ON: Parameter = Parameter::optional("as_of", Date, "The day for which it counts; today where none is given.");
const PARTY: Parameter = Parameter::optional("party", Text, "Only this customer or supplier.");

/// The reports of the context.
pub const REPORTS: &[ReportDef] = &[
    ReportDef {
        context: "accounting",
        name: "trial-balance",
        summary: "What every account holds, as of a day, a booking position, both, or now.",
        projections: LEDGER,
        parameters: &[AS_OF, POSITION, CURRENCY],
        sql: concat!(include_str!("balances.sql"), include_str!("trial_balance.sql")),
        schema: |generator| TrialBalanceRow::json_schema(generator),
        not_found_if_empty: false,
    },
    ReportDef {
        context: "accounting",
        name: "account-balance",
        summary: "What one account holds, as of a day, a booking position, both, or now.",
        projections: LEDGER,
        parameters: &[AS_OF, POSITION, required("account", "The account's code.")],
        sql: concat!(include_str!("balances.sql"), include_str!("account_balance.sql")),
        schema: |generator| AccountBalance::json_schema(generator),
        not_found_if_empty: true,
    },
    ReportDef {
        context: "accounting",
        name: "general-ledger",
        summary: "The lines of one account in the order of their days, each with the balance after it.",
        projections: LEDGER,
        parameters: &[
            required("account", "The account's code."),
            Parameter::optional("from", Date, "Only lines of this day or later."),
            Parameter::optional("to", Date, "Only lines of this day or earlier."),
            Parameter::optional("after", Text, "Only lines after this one: the `next` of the answer before."),
            Parameter::optional("limit", Integer, "How many lines at most, 1 to 10000.").or("1000").among(Between(1, 10_000)),
        ],
        sql: include_str!("general_ledger.sql"),
        schema: |generator| GeneralLedgerRow::json_schema(generator),
        not_found_if_empty: true,
    },
    ReportDef {
        context: "accounting",
        name: "profit-and-loss",
        summary: "What was earned and spent from one day to another.",
        projections: LEDGER,
        parameters: &[
            Parameter::optional("from", Date, "The first day; the beginning of the business year where none is given."),
            Parameter::optional("to", Date, "The last day; today where none is given."),
            CURRENCY,
        ],
        sql: concat!(
            "WITH today AS (SELECT coalesce($2::date, current_date) AS day)",
            include_str!("business_year.sql"),
            ", days (label, day) AS (SELECT 'before', coalesce($1::date, y.start) - 1 FROM year y UNION ALL SELECT 'until', y.until FROM year y)",
            include_str!("balances_by_day.sql"),
            include_str!("profit_and_loss.sql")
        ),
        schema: |generator| ProfitAndLoss::json_schema(generator),
        not_found_if_empty: false,
    },
    ReportDef {
        context: "accounting",
        name: "balance-sheet",
        summary: "What the company owns and owes on a day, with the result of the business year so far and of earlier years.",
        projections: LEDGER,
        parameters: &[ON, CURRENCY],
        sql: concat!(
            "WITH today AS (SELECT coalesce($1::date, current_date) AS day)",
            include_str!("business_year.sql"),
            ", days (label, day) AS (SELECT 'before', y.start - 1 FROM year y UNION ALL SELECT 'until', y.until FROM year y)",
            include_str!("balances_by_day.sql"),
            include_str!("balance_sheet.sql")
        ),
        schema: |generator| BalanceSheet::json_schema(generator),
        not_found_if_empty: false,
    },
    ReportDef {
        context: "accounting",
        name: "statement-of-account",
        summary: "What happened between the tenant and one customer or supplier.",
        projections: LEDGER,
        parameters: &[
            required("party", "The customer or supplier."),
            Parameter::optional("from", Date, "Only lines of this day or later; what was before is the opening balance."),
            Parameter::optional("to", Date, "Only lines of this day or earlier."),
            Parameter::optional("account", Text, "Only this control account."),
        ],
        sql: include_str!("statement_of_account.sql"),
        schema: |generator| StatementRow::json_schema(generator),
        not_found_if_empty: true,
    },
    ReportDef {
        context: "accounting",
        name: "aged-receivables",
        summary: "What each customer owes, by how many days the invoices are old.",
        projections: LEDGER,
        parameters: &[ON, CURRENCY, PARTY],
        sql: concat!("WITH side (control) AS (VALUES ('receivable'))", include_str!("open_items.sql"), include_str!("aged.sql")),
        schema: |generator| AgedParty::json_schema(generator),
        not_found_if_empty: false,
    },
    ReportDef {
        context: "accounting",
        name: "aged-payables",
        summary: "What each supplier is owed, by how many days the bills are old.",
        projections: LEDGER,
        parameters: &[ON, CURRENCY, PARTY],
        sql: concat!("WITH side (control) AS (VALUES ('payable'))", include_str!("open_items.sql"), include_str!("aged.sql")),
        schema: |generator| AgedParty::json_schema(generator),
        not_found_if_empty: false,
    },
    ReportDef {
        context: "accounting",
        name: "open-items",
        summary: "Invoices or bills that are not paid, with what is left of each.",
        projections: LEDGER,
        parameters: &[
            ON,
            CURRENCY,
            PARTY,
            Parameter::optional("control", Text, "`receivable` for what customers owe, `payable` for what suppliers are owed.")
                .or("receivable"),
        ],
        sql: concat!("WITH side (control) AS (VALUES ($4::text))", include_str!("open_items.sql"), include_str!("open_item_list.sql")),
        schema: |generator| OpenItem::json_schema(generator),
        not_found_if_empty: false,
    },
    ReportDef {
        context: "accounting",
        name: "consistency",
        summary: "What must agree and whether it does: debits and credits, balances and entries, parties and control accounts, stock and ledger, documents and ledger.",
        projections: &[ledger::PROJECTION, stock::PROJECTION, subledger::PROJECTION],
        parameters: &[Parameter::optional(
            "minutes",
            Integer,
            "For how many minutes a document or a change of the stock may wait for its entry before it is an alarm.",
        )
        .or("5")],
        sql: include_str!("consistency.sql"),
        schema: |generator| ConsistencyCheck::json_schema(generator),
        not_found_if_empty: false,
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_parameter_is_used_and_no_other() {
        for report in REPORTS {
            let used = |number: usize| {
                report
                    .sql
                    .match_indices(&format!("${number}"))
                    .any(|(at, found)| !report.sql[at + found.len()..].starts_with(|c: char| c.is_ascii_digit()))
            };
            let count = report.parameters.len();
            assert!((1..=count).all(used) && !used(count + 1), "{}", report.name);
        }
    }

    #[test]
    fn every_table_that_a_report_reads_counts_for_its_freshness() {
        for report in REPORTS {
            for projection in (super::super::CONTEXT.projections)() {
                let reads = projection.tables().iter().any(|table| report.sql.contains(&format!("{table} ")));
                assert_eq!(reads, report.projections.contains(&projection.name()), "{} and {}", report.name, projection.name());
            }
        }
    }
}
