//! The dashboards: questions over all contexts.
//!
//! A dashboard reads the tables that the contexts keep, and names every projection behind them, so that its freshness is that of all of
//! them. Where a report of a context answers the same question, both are made of one piece of SQL. Every row carries `drill`, the question
//! that leads to what it is made of; the rows found there carry the ids whose histories are the source events.
//!
//! Amounts stay in minor units and are never added across currencies.

mod schemas;

use schemars::JsonSchema;

use self::schemas::{
    Age, CashFlow, KeyFigures, PipelineMonth, ProjectionLag, RecurringRevenue, Revenue, StockCover, TopCustomer, TopProduct,
};
use super::sales;
use crate::model::Allowed::{Between, OneOf, Through};
use crate::model::ColumnKind::{Date, Integer, Text};
use crate::model::{Parameter, ReportDef};

const SALES: &str = sales::PROJECTION;
const INVOICES: &str = "invoicing.invoice_list";
const BILLS: &str = "invoicing.bill_list";
const DEBTS: &str = "invoicing.movement_list";
const MRR: &str = "billing.mrr_movement";
const LEDGER: &str = "accounting.ledger";
const DEALS: &str = "crm.deal_list";
const PIPELINES: &str = "crm.pipeline_list";
const PRODUCTS: &str = "inventory.product_list";
const STOCK: &str = "inventory.stock_list";
const GOODS: &str = "inventory.movement_list";

/// Buckets of one answer at most: ten years of days, as a series has.
const BUCKETS_MAX: usize = 3660;

const CURRENCY: Parameter = Parameter::optional("currency", Text, "Only amounts in this currency, an ISO 4217 code.");
const BUCKET: Parameter = Parameter::optional("bucket", Text, "How days are put together; weeks begin on Monday.")
    .or("month")
    .among(OneOf(&["day", "week", "month"]));
const FROM: Parameter = Parameter::optional(
    "from",
    Date,
    "The first bucket, by any of its days; where none is given, the answer has thirty days, thirteen weeks or twelve months.",
);
const TO: Parameter =
    Parameter::optional("to", Date, "The last bucket, by any of its days, at most 3,660 buckets later; that of today where none is given.")
        .among(Through { from: "from", bucket: "bucket", most: BUCKETS_MAX });
const FIRST: Parameter = Parameter::optional("from", Date, "The first day; 29 days before the last where none is given.");
const LAST: Parameter = Parameter::optional("to", Date, "The last day, at most ten years later; today where none is given.")
    .among(Through { from: "from", bucket: "day", most: BUCKETS_MAX });
const AS_OF: Parameter = Parameter::optional("as_of", Date, "What was open at the end of this day; today where none is given.");
const RANKS: Parameter =
    Parameter::optional("limit", Integer, "How many of each currency at most, 1 to 1000.").or("10").among(Between(1, 1000));

/// The dashboards, in the order of the documentation.
pub const REPORTS: &[ReportDef] = &[
    ReportDef {
        context: "analytics",
        name: "overview",
        summary: "The key figures of a period, by currency, beside those of as many days before it.",
        projections: &[SALES, MRR, INVOICES, DEBTS, BILLS, LEDGER, STOCK, GOODS, DEALS],
        parameters: &[CURRENCY, FIRST, LAST],
        sql: concat!(
            include_str!("period.sql"),
            ", days (label, day) AS (SELECT 'until', p.last FROM period p UNION ALL SELECT 'before', p.before_last FROM period p)",
            include_str!("../../invoicing/reports/open_receivables.sql"),
            include_str!("../../invoicing/reports/open_payables.sql"),
            include_str!("../../accounting/reports/balances_by_day.sql"),
            include_str!("overview.sql")
        ),
        schema: |generator| KeyFigures::json_schema(generator),
        not_found_if_empty: false,
    },
    ReportDef {
        context: "analytics",
        name: "revenue",
        summary: "What was invoiced and credited by day, week or month; of everybody, of one customer, of one product.",
        projections: &[SALES],
        parameters: &[
            CURRENCY,
            FROM,
            TO,
            BUCKET,
            Parameter::optional("customer_id", Text, "Only sales to this customer."),
            Parameter::optional("product", Text, "Only sales of this product, by the id or article number that stands on the invoices."),
        ],
        sql: concat!("WITH asked (unit) AS (SELECT $4::text)", include_str!("../../span.sql"), include_str!("revenue.sql")),
        schema: |generator| Revenue::json_schema(generator),
        not_found_if_empty: false,
    },
    ReportDef {
        context: "analytics",
        name: "recurring-revenue",
        summary: "Monthly recurring revenue by day, week or month: opening, new, expansion, contraction, churn, closing.",
        projections: &[MRR],
        parameters: &[CURRENCY, FROM, TO, BUCKET],
        sql: concat!(
            "WITH asked (unit) AS (SELECT $4::text)",
            include_str!("../../span.sql"),
            include_str!("../../billing/reports/recurring.sql"),
            include_str!("recurring_revenue.sql")
        ),
        schema: |generator| RecurringRevenue::json_schema(generator),
        not_found_if_empty: false,
    },
    ReportDef {
        context: "analytics",
        name: "receivables",
        summary: "What customers owe, by how long it has been due; of any day.",
        projections: &[INVOICES, DEBTS],
        parameters: &[AS_OF, CURRENCY, Parameter::optional("customer_id", Text, "Only this customer.")],
        sql: concat!(
            "WITH days (label, day) AS MATERIALIZED (SELECT 'then', coalesce($1::date, current_date))",
            include_str!("../../invoicing/reports/open_receivables.sql"),
            ", opened AS (SELECT o.* FROM open_receivables o WHERE $3::text IS NULL OR o.party_id = $3)",
            ", place (list, report, party) AS (VALUES ('invoice-list', 'receivables-ageing', 'customer_id'))",
            include_str!("ageing.sql")
        ),
        schema: |generator| Age::json_schema(generator),
        not_found_if_empty: false,
    },
    ReportDef {
        context: "analytics",
        name: "payables",
        summary: "What is owed to suppliers, by how long it has been due; of any day.",
        projections: &[BILLS, DEBTS],
        parameters: &[AS_OF, CURRENCY, Parameter::optional("supplier_id", Text, "Only this supplier.")],
        sql: concat!(
            "WITH days (label, day) AS MATERIALIZED (SELECT 'then', coalesce($1::date, current_date))",
            include_str!("../../invoicing/reports/open_payables.sql"),
            ", opened AS (SELECT o.* FROM open_payables o WHERE $3::text IS NULL OR o.party_id = $3)",
            ", place (list, report, party) AS (VALUES ('bill-list', 'payables-ageing', 'supplier_id'))",
            include_str!("ageing.sql")
        ),
        schema: |generator| Age::json_schema(generator),
        not_found_if_empty: false,
    },
    ReportDef {
        context: "analytics",
        name: "cash",
        summary: "What is on each cash and bank account by day, week or month, and what came and went.",
        projections: &[LEDGER],
        parameters: &[CURRENCY, FROM, TO, BUCKET.or("day"), Parameter::optional("account", Text, "Only this account, by its code.")],
        sql: concat!(
            "WITH asked (unit) AS (SELECT $4::text)",
            include_str!("../../span.sql"),
            ", days (label, day) AS (SELECT 'before', s.first - 1 FROM span s)",
            include_str!("../../accounting/reports/balances_by_day.sql"),
            include_str!("cash.sql")
        ),
        schema: |generator| CashFlow::json_schema(generator),
        not_found_if_empty: false,
    },
    ReportDef {
        context: "analytics",
        name: "pipeline",
        summary: "Open deals by stage and by the month in which they are expected, stages without deals included.",
        projections: &[DEALS, PIPELINES],
        parameters: &[
            Parameter::optional("pipeline_id", Text, "Only this pipeline."),
            Parameter::optional("owner", Text, "Only deals that this person looks after."),
            CURRENCY,
        ],
        sql: concat!(
            "WITH split (by_month) AS (VALUES (true))",
            include_str!("../../crm/reports/open_deals.sql"),
            include_str!("pipeline.sql")
        ),
        schema: |generator| PipelineMonth::json_schema(generator),
        not_found_if_empty: false,
    },
    ReportDef {
        context: "analytics",
        name: "stock-cover",
        summary: "How long the stock lasts and what it is worth, the scarcest first.",
        projections: &[STOCK, GOODS],
        parameters: &[
            Parameter::optional("days", Integer, "Over how many days shipments are averaged, 1 to 3650.").or("30").among(Between(1, 3650)),
            Parameter::optional("product_id", Text, "Only this product."),
            Parameter::optional("warehouse_id", Text, "Only this warehouse."),
            Parameter::optional("below", Integer, "Only what lasts for fewer days than that, 1 to 36500.").among(Between(1, 36_500)),
            Parameter::optional("limit", Integer, "Only the so many scarcest; all where none is given.").among(Between(1, 10_000)),
        ],
        sql: concat!(include_str!("../../inventory/reports/cover.sql"), include_str!("stock_cover.sql")),
        schema: |generator| StockCover::json_schema(generator),
        not_found_if_empty: false,
    },
    ReportDef {
        context: "analytics",
        name: "top-customers",
        summary: "The customers who brought most in a period, by currency.",
        projections: &[SALES, INVOICES],
        parameters: &[CURRENCY, FIRST, LAST, RANKS],
        sql: concat!(include_str!("period.sql"), include_str!("top_customers.sql")),
        schema: |generator| TopCustomer::json_schema(generator),
        not_found_if_empty: false,
    },
    ReportDef {
        context: "analytics",
        name: "top-products",
        summary: "The products that brought most in a period, by currency, with what the shipped pieces had cost.",
        projections: &[SALES, PRODUCTS, GOODS],
        parameters: &[CURRENCY, FIRST, LAST, RANKS],
        sql: concat!(include_str!("period.sql"), include_str!("top_products.sql")),
        schema: |generator| TopProduct::json_schema(generator),
        not_found_if_empty: false,
    },
    ReportDef {
        context: "analytics",
        name: "projection-lag",
        summary: "How far each projection is behind the log, and what it could not apply.",
        // It reads no projection's tables: it is as fresh as the moment.
        projections: &[],
        parameters: &[
            Parameter::optional("context", Text, "Only what is read of this context."),
            Parameter::optional("least", Integer, "Only projections with at least so many events to go.")
                .or("0")
                .among(Between(0, i64::MAX)),
        ],
        sql: include_str!("projection_lag.sql"),
        schema: |generator| ProjectionLag::json_schema(generator),
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

    /// Whether a statement names a table, alone and not as a part of another name.
    fn names(sql: &str, table: &str) -> bool {
        let part = |c: char| c.is_ascii_alphanumeric() || c == '_';
        sql.match_indices(table).any(|(at, _)| !sql[..at].ends_with(part) && !sql[at + table.len()..].starts_with(part))
    }

    #[test]
    fn every_table_of_any_context_that_a_dashboard_reads_counts_for_its_freshness() {
        let projections = crate::contexts::projections();
        for report in REPORTS {
            for projection in &projections {
                let reads = projection.tables().iter().any(|table| names(report.sql, table));
                assert_eq!(reads, report.projections.contains(&projection.name()), "{} and {}", report.name, projection.name());
            }
            let known = |name: &&str| projections.iter().any(|projection| projection.name() == *name);
            assert!(report.projections.iter().all(known), "{}", report.name);
        }
    }

    #[test]
    fn every_question_that_a_dashboard_leads_to_is_one_that_there_is() {
        for report in REPORTS {
            let mut rest = report.sql;
            while let Some((_, after)) = rest.split_once("'context', '") {
                let (context, after) = after.split_once('\'').expect("a context");
                let (source, after) = after.split_once("'source', ").expect("a source").1.split_once(',').expect("a source ends");
                rest = after;
                let entry = crate::contexts::CONTEXTS.iter().find(|entry| entry.domain.name == context).expect("the context is there");
                let Some(source) = source.strip_prefix('\'').map(|source| source.trim_end_matches('\'')) else { continue };
                let there =
                    entry.read_models.iter().any(|model| model.name == source) || entry.reports.iter().any(|report| report.name == source);
                assert!(there, "{} leads to {context}/{source}", report.name);
            }
        }
    }
}
