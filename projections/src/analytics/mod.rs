//! The read side of analytics: dashboards over all contexts, which queries are saved, and what became of exports.

pub mod export_list;
pub mod query_list;
mod reports;
pub mod sales;

use crate::contexts::ContextEntry;
use crate::model::ReadModelDef;
use crate::question::{ExportsDef, SavedQueriesDef};
use crate::runtime::RowProjection;

/// The read models, in the order of the documentation.
const READ_MODELS: &[&ReadModelDef] = &[&query_list::DEF, &export_list::DEF, &sales::DEF];

/// The context, for the list of contexts.
pub const CONTEXT: ContextEntry = ContextEntry {
    documents: &[],
    domain: &domain::analytics::CONTEXT,
    projections: || {
        vec![RowProjection::<query_list::QueryList>::boxed(), RowProjection::<export_list::ExportList>::boxed(), Box::new(sales::Sales)]
    },
    read_models: READ_MODELS,
    reports: reports::REPORTS,
};

/// The saved queries, for the gateway.
pub const SAVED_QUERIES: SavedQueriesDef =
    SavedQueriesDef { context: "analytics", aggregate: "query", commands: &["save", "revise"], list: &query_list::DEF };

/// The exports, for the gateway and its worker.
pub const EXPORTS: ExportsDef = ExportsDef {
    context: "analytics",
    aggregate: "export",
    request: "request",
    complete: "complete",
    fail: "fail",
    list: &export_list::DEF,
};

#[cfg(test)]
mod tests;
