//! Questions about billing whose answers have a shape of their own. Amounts stay in minor units and are never added across currencies.

mod schemas;

use schemars::JsonSchema;

use self::schemas::{AnnualRevenue, Churn, CurrentUsage, Entitlement, LatestDrift, MonthlyRevenue, Overdue};
use crate::model::ColumnKind::{Boolean, Date, Text};
use crate::model::{Allowed, Parameter, ReportDef};

const SUBSCRIPTIONS: &str = "billing.subscription_list";
const MOVEMENTS: &str = "billing.mrr_movement";
const PAYMENTS: &str = "billing.payment_list";
const USAGE: &str = "billing.usage_list";
const RECONCILIATIONS: &str = "billing.reconciliation_list";
const DRIFTS: &str = "billing.drift_list";

const CURRENCY: Parameter = Parameter::optional("currency", Text, "Only this currency, an ISO 4217 code.");
const SUBSCRIPTION: Parameter = Parameter::optional("subscription_id", Text, "Only this subscription.");
const CUSTOMER: Parameter = Parameter::optional("customer_id", Text, "Only this customer.");
const FROM: Parameter = Parameter::optional("from", Date, "The first month, by any of its days; eleven months ago where none is given.");
const TO: Parameter =
    Parameter::optional("to", Date, "The last month, by any of its days, at most ten years later; this month where none is given.")
        .among(Allowed::Through { from: "from", bucket: "month", most: 120 });

/// The reports of the context.
pub const REPORTS: &[ReportDef] = &[
    ReportDef {
        context: "billing",
        name: "mrr",
        summary: "Monthly recurring revenue by month: opening, new, expansion, contraction, churn, closing.",
        projections: &[MOVEMENTS],
        parameters: &[CURRENCY, FROM, TO],
        sql: concat!(
            "WITH asked (unit) AS (VALUES ('month'))",
            include_str!("../../span.sql"),
            include_str!("recurring.sql"),
            include_str!("mrr.sql")
        ),
        schema: |generator| MonthlyRevenue::json_schema(generator),
        not_found_if_empty: false,
    },
    ReportDef {
        context: "billing",
        name: "arr",
        summary: "Annual recurring revenue by plan, from the subscriptions that are under way.",
        projections: &[SUBSCRIPTIONS],
        parameters: &[CURRENCY],
        sql: include_str!("arr.sql"),
        schema: |generator| AnnualRevenue::json_schema(generator),
        not_found_if_empty: false,
    },
    ReportDef {
        context: "billing",
        name: "churn",
        summary: "Churn by month: subscriptions and revenue lost, of those that were there when the month began.",
        projections: &[MOVEMENTS],
        parameters: &[CURRENCY, FROM, TO],
        sql: include_str!("churn.sql"),
        schema: |generator| Churn::json_schema(generator),
        not_found_if_empty: false,
    },
    ReportDef {
        context: "billing",
        name: "overdue",
        summary: "What is overdue, by how many days.",
        projections: &[PAYMENTS],
        parameters: &[CURRENCY, CUSTOMER],
        sql: include_str!("overdue.sql"),
        schema: |generator| Overdue::json_schema(generator),
        not_found_if_empty: false,
    },
    ReportDef {
        context: "billing",
        name: "entitlements",
        summary: "What subscriptions entitle to now: the plan's features, overrides, and whether they are granted.",
        projections: &[SUBSCRIPTIONS],
        parameters: &[SUBSCRIPTION, CUSTOMER, Parameter::optional("feature", Text, "Only this feature.")],
        sql: include_str!("entitlements.sql"),
        schema: |generator| Entitlement::json_schema(generator),
        not_found_if_empty: false,
    },
    ReportDef {
        context: "billing",
        name: "current-usage",
        summary: "What was used and is not billed yet.",
        projections: &[USAGE, SUBSCRIPTIONS],
        parameters: &[SUBSCRIPTION, CUSTOMER, Parameter::optional("metric", Text, "Only this metric.")],
        sql: include_str!("current_usage.sql"),
        schema: |generator| CurrentUsage::json_schema(generator),
        not_found_if_empty: false,
    },
    ReportDef {
        context: "billing",
        name: "reconciliation-drift",
        summary: "Differences between what we have and what the payment provider has, as the last comparison found them.",
        projections: &[RECONCILIATIONS, DRIFTS],
        parameters: &[
            Parameter::optional("reconciliation_id", Text, "This comparison instead of the last."),
            Parameter::optional("open", Boolean, "Only differences that were not mended.").or("false"),
        ],
        sql: include_str!("reconciliation_drift.sql"),
        schema: |generator| LatestDrift::json_schema(generator),
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
