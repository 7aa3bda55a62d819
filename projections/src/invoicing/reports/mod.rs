//! Questions about invoices and bills whose answers have a shape of their own. Amounts stay in minor units and are never added across
//! currencies.

mod schemas;

use schemars::JsonSchema;

use self::schemas::{PayablesAge, ReceivablesAge, ReceivablesTotal, ReminderDue, RevenueMonth, StatementLine, TaxTotal};
use crate::model::Allowed::Between;
use crate::model::ColumnKind::{Date, Integer, Text};
use crate::model::{Parameter, ReportDef};

const INVOICES: &str = "invoicing.invoice_list";
const CREDIT_NOTES: &str = "invoicing.credit_note_list";
const BILLS: &str = "invoicing.bill_list";
const MOVEMENTS: &str = "invoicing.movement_list";
const CREDIT: &str = "invoicing.customer_credit";

const CURRENCY: Parameter = Parameter::optional("currency", Text, "Only amounts in this currency, an ISO 4217 code.");
const AS_OF: Parameter = Parameter::optional("as_of", Date, "What was open at the end of this day; today (UTC) where none is given.");
const FROM: Parameter = Parameter::optional("from", Date, "Only documents of this day or later.");
const TO: Parameter = Parameter::optional("to", Date, "Only documents of this day or earlier.");

/// The reports of the context.
pub const REPORTS: &[ReportDef] = &[
    ReportDef {
        context: "invoicing",
        name: "revenue-by-month",
        summary: "What was invoiced and credited by month and currency.",
        projections: &[INVOICES, CREDIT_NOTES],
        parameters: &[FROM, TO, CURRENCY],
        sql: include_str!("revenue_by_month.sql"),
        schema: |generator| RevenueMonth::json_schema(generator),
        not_found_if_empty: false,
    },
    ReportDef {
        context: "invoicing",
        name: "receivables-ageing",
        summary: "What customers owe, by how long it has been due; of any day.",
        projections: &[MOVEMENTS, INVOICES],
        parameters: &[AS_OF, CURRENCY, Parameter::optional("customer_id", Text, "Only this customer.")],
        sql: concat!(
            "WITH days (label, day) AS MATERIALIZED (SELECT 'then', coalesce($1::date, current_date))",
            include_str!("open_receivables.sql"),
            include_str!("receivables_ageing.sql")
        ),
        schema: |generator| ReceivablesAge::json_schema(generator),
        not_found_if_empty: false,
    },
    ReportDef {
        context: "invoicing",
        name: "payables-ageing",
        summary: "What is owed to suppliers, by how long it has been due; of any day.",
        projections: &[MOVEMENTS, BILLS],
        parameters: &[AS_OF, CURRENCY, Parameter::optional("supplier_id", Text, "Only this supplier.")],
        sql: concat!(
            "WITH days (label, day) AS MATERIALIZED (SELECT 'then', coalesce($1::date, current_date))",
            include_str!("open_payables.sql"),
            include_str!("payables_ageing.sql")
        ),
        schema: |generator| PayablesAge::json_schema(generator),
        not_found_if_empty: false,
    },
    ReportDef {
        context: "invoicing",
        name: "customer-statement",
        summary: "A customer's invoices, payments and credit in order, with the balance after each.",
        projections: &[MOVEMENTS],
        parameters: &[
            Parameter::required("customer_id", Text, "The customer."),
            CURRENCY,
            Parameter::optional("from", Date, "Movements before this day are one line, the opening balance."),
            Parameter::optional("to", Date, "Only movements of this day or earlier."),
        ],
        sql: include_str!("customer_statement.sql"),
        schema: |generator| StatementLine::json_schema(generator),
        not_found_if_empty: false,
    },
    ReportDef {
        context: "invoicing",
        name: "reminders-due",
        summary: "Overdue invoices with what is open and how often the customer was reminded, the longest overdue first.",
        projections: &[INVOICES],
        parameters: &[
            Parameter::optional("level", Integer, "Only invoices with at least so many reminders."),
            Parameter::optional("customer_id", Text, "Only this customer."),
            Parameter::optional("as_of", Date, "The day at which days are counted; today (UTC) where none is given."),
            Parameter::optional("limit", Integer, "Only the so many that are overdue longest; all where none is given.")
                .among(Between(1, 100_000)),
        ],
        sql: include_str!("reminders_due.sql"),
        schema: |generator| ReminderDue::json_schema(generator),
        not_found_if_empty: false,
    },
    ReportDef {
        context: "invoicing",
        name: "receivables-summary",
        summary: "Drafts, open and overdue amounts, customers' credit and open bills by currency.",
        projections: &[INVOICES, CREDIT, BILLS],
        parameters: &[CURRENCY],
        sql: include_str!("receivables_summary.sql"),
        schema: |generator| ReceivablesTotal::json_schema(generator),
        not_found_if_empty: false,
    },
    ReportDef {
        context: "invoicing",
        name: "tax-summary",
        summary: "Taxes charged and paid by category and rate, for tax returns.",
        projections: &[INVOICES, CREDIT_NOTES, BILLS],
        parameters: &[FROM, TO, CURRENCY],
        sql: include_str!("tax_summary.sql"),
        schema: |generator| TaxTotal::json_schema(generator),
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
    fn every_view_that_a_report_reads_counts_for_its_freshness() {
        for report in REPORTS {
            for model in super::super::READ_MODELS {
                let reads = report.sql.contains(&format!("{} ", model.table));
                assert_eq!(reads, report.projections.contains(&model.projection), "{} and {}", report.name, model.projection);
            }
        }
    }
}
