//! Where questions are kept that the gateway asks on somebody's behalf: saved queries and exports.
//!
//! The gateway knows no context by name; it learns from here which aggregates hold questions and how to read them.

pub use domain::analytics::question::{ParameterKind, QueryParameter, Question, Terms};

use crate::model::ReadModelDef;

/// Aggregates that keep questions under a name.
#[derive(Debug)]
pub struct SavedQueriesDef {
    /// The context.
    pub context: &'static str,
    /// The aggregate's type: `GET /v1/{context}/{aggregate}/{id}/run` asks the question.
    pub aggregate: &'static str,
    /// The commands whose body holds `question` and `parameters`.
    pub commands: &'static [&'static str],
    /// Where they are found; has the columns `question`, `parameters`, `owner`, `shared_with` and `revision`.
    pub list: &'static ReadModelDef,
}

/// Aggregates whose answers are written to files.
#[derive(Debug)]
pub struct ExportsDef {
    /// The context.
    pub context: &'static str,
    /// The aggregate's type: `GET /v1/{context}/{aggregate}/{id}/files` tells of the files.
    pub aggregate: &'static str,
    /// The command whose body holds `question`.
    pub request: &'static str,
    /// The command that says that the files are written.
    pub complete: &'static str,
    /// The command that says that they cannot be.
    pub fail: &'static str,
    /// Where they are found; has the columns `question`, `format`, `status`, `requested_by`, `requested_at` and `expires_at`.
    pub list: &'static ReadModelDef,
}
