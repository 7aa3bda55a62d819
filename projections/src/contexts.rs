//! The one explicit list of contexts. Everything that serves contexts works from it.

use domain::kernel::ContextDef;

use crate::model::{DocumentDef, ReadModelDef, ReportDef};
use crate::question::{ExportsDef, SavedQueriesDef};
use crate::runtime::Projection;
use crate::subscriptions::WebhooksDef;

/// A context: its domain and its read side.
pub struct ContextEntry {
    /// What its rows can be printed as.
    pub documents: &'static [&'static DocumentDef],
    /// The write side.
    pub domain: &'static ContextDef,
    /// What fills the read models.
    pub projections: fn() -> Vec<Box<dyn Projection>>,
    /// Tables that can be queried row by row.
    pub read_models: &'static [&'static ReadModelDef],
    /// Questions with an answer of their own shape.
    pub reports: &'static [ReportDef],
}

/// All contexts.
pub const CONTEXTS: &[ContextEntry] = &[
    crate::crm::CONTEXT,
    crate::inventory::CONTEXT,
    crate::accounting::CONTEXT,
    crate::invoicing::CONTEXT,
    crate::billing::CONTEXT,
    crate::scheduling::CONTEXT,
    crate::analytics::CONTEXT,
    crate::webhooks::CONTEXT,
];

/// Where questions are kept under a name.
pub const SAVED_QUERIES: &SavedQueriesDef = &crate::analytics::SAVED_QUERIES;

/// Where exports are requested.
pub const EXPORTS: &ExportsDef = &crate::analytics::EXPORTS;

/// Where addresses of other systems are registered.
pub const WEBHOOKS: &WebhooksDef = &crate::webhooks::WEBHOOKS;

/// The write sides of all contexts.
pub fn domains() -> Vec<&'static ContextDef> {
    CONTEXTS.iter().map(|context| context.domain).collect()
}

/// Name and aggregate types of each context, and of `external`, which takes the events of clients that write through the
/// `postgres_es` views with aggregate types of their own.
pub fn context_types() -> Vec<(String, Vec<String>)> {
    let mut all: Vec<_> = domains().into_iter().map(ContextDef::types).collect();
    all.push(("external".to_owned(), Vec::new()));
    all
}

/// The projections of all contexts.
pub fn projections() -> Vec<Box<dyn Projection>> {
    CONTEXTS.iter().flat_map(|context| (context.projections)()).collect()
}
