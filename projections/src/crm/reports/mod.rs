//! Questions about the CRM whose answers have a shape of their own. Amounts stay in minor units and are never added across currencies.

mod schemas;

use schemars::JsonSchema;

use self::schemas::{Ageing, Company360, CompanyDuplicates, Contact360, Conversion, Duplicates, ForecastMonth, LossReason, StageTotals};
use crate::model::Allowed::Between;
use crate::model::ColumnKind::{Date, Integer, Text, Timestamp};
use crate::model::{Parameter, ReportDef};

const CONTACTS: &str = "crm.contact_list";
const COMPANIES: &str = "crm.company_list";
const LEADS: &str = "crm.lead_list";
const DEALS: &str = "crm.deal_list";
const STAYS: &str = "crm.deal_stage_history";
const ACTIVITIES: &str = "crm.activity_timeline";
const PIPELINES: &str = "crm.pipeline_list";

const PIPELINE: Parameter = Parameter::optional("pipeline_id", Text, "Only this pipeline.");
const OWNER: Parameter = Parameter::optional("owner", Text, "Only deals that this person looks after.");
const CURRENCY: Parameter = Parameter::optional("currency", Text, "Only amounts in this currency, an ISO 4217 code.");
const LIMIT: Parameter =
    Parameter::optional("limit", Integer, "Only the first so many groups; all where none is given.").among(Between(1, 10_000));

const fn id(description: &'static str) -> Parameter {
    Parameter::required("id", Text, description)
}

/// The reports of the context.
pub const REPORTS: &[ReportDef] = &[
    ReportDef {
        context: "crm",
        name: "company-360",
        summary: "All about one company: people, open deals, totals, what was done and what comes next.",
        projections: &[COMPANIES, CONTACTS, DEALS, ACTIVITIES],
        parameters: &[id("The company; the id of a merged one leads to its survivor.")],
        sql: include_str!("company_360.sql"),
        schema: |generator| Company360::json_schema(generator),
        not_found_if_empty: true,
    },
    ReportDef {
        context: "crm",
        name: "contact-360",
        summary: "All about one contact: company, deals, totals, what was done and what comes next.",
        projections: &[CONTACTS, COMPANIES, LEADS, DEALS, ACTIVITIES],
        parameters: &[id("The contact; the id of a merged one leads to its survivor.")],
        sql: include_str!("contact_360.sql"),
        schema: |generator| Contact360::json_schema(generator),
        not_found_if_empty: true,
    },
    ReportDef {
        context: "crm",
        name: "pipeline-by-stage",
        summary: "Open deals by pipeline, stage and currency, stages without deals included.",
        projections: &[DEALS, PIPELINES],
        parameters: &[PIPELINE, OWNER, CURRENCY],
        sql: concat!("WITH split (by_month) AS (VALUES (false))", include_str!("open_deals.sql"), include_str!("pipeline_by_stage.sql")),
        schema: |generator| StageTotals::json_schema(generator),
        not_found_if_empty: false,
    },
    ReportDef {
        context: "crm",
        name: "forecast",
        summary: "What open deals may bring by the month in which they are expected, and what won deals brought.",
        projections: &[DEALS],
        parameters: &[
            PIPELINE,
            OWNER,
            CURRENCY,
            Parameter::optional("from", Date, "Only deals expected, or won, on this day or later."),
            Parameter::optional("to", Date, "Only deals expected, or won, on this day or earlier."),
        ],
        sql: include_str!("forecast.sql"),
        schema: |generator| ForecastMonth::json_schema(generator),
        not_found_if_empty: false,
    },
    ReportDef {
        context: "crm",
        name: "stage-conversion",
        summary: "How many deals went on from each stage, how many were won or lost, and how long they stayed.",
        projections: &[STAYS, DEALS],
        parameters: &[
            PIPELINE,
            OWNER,
            Parameter::optional("from", Timestamp, "Only stays that began at this time or later."),
            Parameter::optional("to", Timestamp, "Only stays that began before this time."),
        ],
        sql: include_str!("stage_conversion.sql"),
        schema: |generator| Conversion::json_schema(generator),
        not_found_if_empty: false,
    },
    ReportDef {
        context: "crm",
        name: "stage-ageing",
        summary: "Open deals by how many days they have been in their stage.",
        projections: &[DEALS],
        parameters: &[
            PIPELINE,
            OWNER,
            Parameter::optional("as_of", Timestamp, "The time at which days are counted; now where none is given."),
        ],
        sql: include_str!("stage_ageing.sql"),
        schema: |generator| Ageing::json_schema(generator),
        not_found_if_empty: false,
    },
    ReportDef {
        context: "crm",
        name: "loss-reasons",
        summary: "Why deals were lost, and to whom.",
        projections: &[DEALS],
        parameters: &[
            PIPELINE,
            OWNER,
            Parameter::optional("from", Date, "Only deals lost on this day or later."),
            Parameter::optional("to", Date, "Only deals lost on this day or earlier."),
        ],
        sql: include_str!("loss_reasons.sql"),
        schema: |generator| LossReason::json_schema(generator),
        not_found_if_empty: false,
    },
    ReportDef {
        context: "crm",
        name: "duplicates",
        summary: "Contacts that may be the same person: same email address, same phone number, or same full name at the same company.",
        projections: &[CONTACTS],
        parameters: &[LIMIT, Parameter::optional("reason", Text, "Only groups by `email`, `phone` or `name`.")],
        sql: include_str!("duplicates.sql"),
        schema: |generator| Duplicates::json_schema(generator),
        not_found_if_empty: false,
    },
    ReportDef {
        context: "crm",
        name: "company-duplicates",
        summary: "Companies that may be the same: same web domain or same name.",
        projections: &[COMPANIES],
        parameters: &[LIMIT, Parameter::optional("reason", Text, "Only groups by `domain` or `name`.")],
        sql: include_str!("company_duplicates.sql"),
        schema: |generator| CompanyDuplicates::json_schema(generator),
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
