//! What analysts ask: questions that are kept under a name, and answers that are taken away as files.
//!
//! Both speak of read models and reports of other contexts by name, as text. Whether there is such a read model and such a column is
//! known to the gateway, which checks a question before it is kept.

pub mod cron;
pub mod export;
pub mod query;
pub mod question;

use crate::kernel::{AggregateType, ContextDef, DueDef};

/// What the platform needs to know to serve this context.
pub static CONTEXT: ContextDef = ContextDef {
    name: "analytics",
    summary: "Saved queries over the read models and reports of all contexts, and exports of them as files.",
    aggregates: || vec![<dyn AggregateType>::of::<query::Query>(), <dyn AggregateType>::of::<export::Export>()],
    imports: &[],
    due: &[
        DueDef { table: "analytics_export_list", aggregate: "export", command: "expire" },
        DueDef { table: "analytics_query_list", aggregate: "query", command: "run-due" },
    ],
    setup: &[],
};
