//! The contexts that are served, looked up by the names in URLs.

use domain::kernel::{AggregateType, CommandDef, Creation};
use projections::contexts::{self, ContextEntry};
use projections::model::{DocumentDef, ReadModelDef, ReportDef};
use projections::question::{ExportsDef, SavedQueriesDef};
use projections::subscriptions::WebhooksDef;

use crate::freshness::Pair;
use crate::problem::Problem;

/// A context with its aggregates at hand.
pub struct Entry {
    /// The context's name.
    pub name: &'static str,
    /// One sentence about it.
    pub summary: &'static str,
    /// The write side.
    pub aggregates: Vec<&'static dyn AggregateType>,
    /// Tables that can be queried.
    pub read_models: &'static [&'static ReadModelDef],
    /// Reports.
    pub reports: &'static [ReportDef],
    /// What rows can be printed as.
    pub documents: &'static [&'static DocumentDef],
}

/// What `GET /v1/{context}/{name}` answers.
#[derive(Clone, Copy, Debug)]
pub enum Readable {
    /// Rows.
    Model(&'static ReadModelDef),
    /// A report.
    Report(&'static ReportDef),
}

/// Everything that is served.
pub struct Catalogue {
    entries: Vec<Entry>,
    /// The contexts that each projection reads.
    projections: Vec<(&'static str, &'static [&'static str])>,
    /// Where questions are kept, if that context is served.
    saved_queries: Option<&'static SavedQueriesDef>,
    /// Where exports are requested, if that context is served.
    exports: Option<&'static ExportsDef>,
    /// Where endpoints are registered, if that context is served.
    webhooks: Option<&'static WebhooksDef>,
}

/// What is read of one aggregate, besides its history: the last part of the address.
#[derive(Clone, Copy, Debug)]
pub enum View {
    /// `…/{id}/run` of a saved query.
    Run(&'static SavedQueriesDef),
    /// `…/{id}/files` of an export.
    Files(&'static ExportsDef),
    /// `…/{id}/deliveries` of an endpoint.
    Deliveries(&'static WebhooksDef),
    /// `…/{id}/pdf` of a row.
    Print(&'static DocumentDef),
}

/// The last part of addresses that ask a saved query.
pub const RUN: &str = "run";
/// The last part of addresses that tell of an export's files.
pub const FILES: &str = "files";
/// The last part of addresses that tell of an endpoint's deliveries.
pub const DELIVERIES: &str = "deliveries";
/// The last part of addresses of printed rows.
pub const PDF: &str = "pdf";

impl Catalogue {
    /// The catalogue of these contexts.
    pub fn new(contexts: &'static [ContextEntry]) -> Self {
        let entry = |context: &'static ContextEntry| Entry {
            name: context.domain.name,
            summary: context.domain.summary,
            aggregates: (context.domain.aggregates)(),
            read_models: context.read_models,
            reports: context.reports,
            documents: context.documents,
        };
        let projections = contexts.iter().flat_map(|context| (context.projections)());
        let served = |name: &str| contexts.iter().any(|context| context.domain.name == name);
        Self {
            entries: contexts.iter().map(entry).collect(),
            projections: projections.map(|projection| (projection.name(), projection.contexts())).collect(),
            saved_queries: Some(contexts::SAVED_QUERIES).filter(|def| served(def.context)),
            exports: Some(contexts::EXPORTS).filter(|def| served(def.context)),
            webhooks: Some(contexts::WEBHOOKS).filter(|def| served(def.context)),
        }
    }

    /// Where questions are kept, if that context is served.
    pub fn saved_queries(&self) -> Option<&'static SavedQueriesDef> {
        self.saved_queries
    }

    /// Where exports are requested, if that context is served.
    pub fn exports(&self) -> Option<&'static ExportsDef> {
        self.exports
    }

    /// Where endpoints are registered, if that context is served.
    pub fn webhooks(&self) -> Option<&'static WebhooksDef> {
        self.webhooks
    }

    /// How an export is requested, for messages.
    pub fn export_place(&self) -> Option<String> {
        self.exports.map(|def| format!("POST /v1/{}/{}/{}", def.context, def.aggregate, def.request))
    }

    /// What is read at `/v1/{context}/{aggregate}/{id}/{last}`, besides histories.
    pub fn view(&self, context: &str, aggregate: &str, last: &str) -> Option<View> {
        let place = (context, aggregate);
        match last {
            RUN => self.saved_queries.filter(|def| (def.context, def.aggregate) == place).map(View::Run),
            FILES => self.exports.filter(|def| (def.context, def.aggregate) == place).map(View::Files),
            DELIVERIES => self.webhooks.filter(|def| (def.context, def.aggregate) == place).map(View::Deliveries),
            PDF => self.context(context).ok()?.document(aggregate).map(View::Print),
            _ => None,
        }
    }

    /// The projections with the contexts that each reads.
    pub fn pairs(&self, projections: &[&'static str]) -> Vec<Pair> {
        projections.iter().flat_map(|name| self.contexts_of(name).iter().map(move |context| (*name, *context))).collect()
    }

    /// All contexts.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The contexts that a projection reads.
    pub fn contexts_of(&self, projection: &str) -> &'static [&'static str] {
        self.projections.iter().find(|(name, _)| *name == projection).map_or(&[], |(_, contexts)| *contexts)
    }

    /// The context of that name.
    pub fn context(&self, name: &str) -> Result<&Entry, Problem> {
        self.entries.iter().find(|entry| entry.name == name).ok_or_else(|| {
            let near = nearest(name, self.entries.iter().map(|entry| entry.name));
            Problem::unknown("unknown_context", &format!("context `{}`", shown(name)), &near)
        })
    }

    /// The methods that an address under `/v1/{context}/` answers to; none where there is nothing.
    pub fn methods(&self, segments: &[&str]) -> Vec<&'static str> {
        let Some((context, rest)) = segments.split_first() else { return Vec::new() };
        let Some(entry) = self.entries.iter().find(|entry| entry.name == *context) else { return Vec::new() };
        let aggregate = |name: &str| entry.aggregates.iter().find(|aggregate| aggregate.name() == name);
        let commands =
            |name: &str, command: &str| aggregate(name).is_some_and(|found| found.commands().iter().any(|def| def.name == command));
        let model = |name: &str| entry.read_models.iter().any(|model| model.name == name);
        let (get, post) = match rest {
            [name] => (entry.readable(name).is_ok(), false),
            [name, second] => (model(name), commands(name, second)),
            [name, _, third] => {
                let viewed = *third == "history" && aggregate(name).is_some() || self.view(context, name, third).is_some();
                (viewed, commands(name, third))
            }
            [name, _, third, _] => (matches!(self.view(context, name, third), Some(View::Files(_))), false),
            _ => (false, false),
        };
        let all: [(bool, &[&str]); 2] = [(get, &["GET", "HEAD"]), (post, &["POST"])];
        all.iter().filter(|(answers, _)| *answers).flat_map(|(_, methods)| methods.iter().copied()).collect()
    }

    /// The name under which an address is counted and logged: ids are left out, and names that are not served are too, so there
    /// are only so many.
    pub fn label(&self, post: bool, segments: &[&str]) -> Option<String> {
        let (context, rest) = segments.split_first()?;
        let methods = self.methods(segments);
        if !methods.contains(if post { &"POST" } else { &"GET" }) {
            return None;
        }
        Some(match rest {
            [name, _] if !post => format!("/v1/{context}/{name}/{{id}}"),
            [name, _, last] => format!("/v1/{context}/{name}/{{id}}/{last}"),
            [name, _, last, _] => format!("/v1/{context}/{name}/{{id}}/{last}/{{file}}"),
            _ => format!("/v1/{context}/{}", rest.join("/")),
        })
    }
}

impl Entry {
    /// The aggregate type of that name.
    pub fn aggregate(&self, name: &str) -> Result<&'static dyn AggregateType, Problem> {
        self.aggregates.iter().copied().find(|aggregate| aggregate.name() == name).ok_or_else(|| {
            let near = nearest(name, self.aggregates.iter().map(|aggregate| aggregate.name()));
            Problem::unknown("unknown_aggregate", &format!("aggregate `{}` in `{}`", shown(name), self.name), &near)
        })
    }

    /// The read model of that name.
    pub fn read_model(&self, name: &str) -> Result<&'static ReadModelDef, Problem> {
        let found = self.read_models.iter().copied().find(|model| model.name == name);
        found.ok_or_else(|| self.unknown_readable(name))
    }

    /// The read model or report of that name.
    pub fn readable(&self, name: &str) -> Result<Readable, Problem> {
        if let Some(model) = self.read_models.iter().find(|model| model.name == name) {
            return Ok(Readable::Model(model));
        }
        match self.reports.iter().find(|report| report.name == name) {
            Some(report) => Ok(Readable::Report(report)),
            None => Err(self.unknown_readable(name)),
        }
    }

    /// The document of that name.
    pub fn document(&self, name: &str) -> Option<&'static DocumentDef> {
        self.documents.iter().copied().find(|document| document.name == name)
    }

    fn unknown_readable(&self, name: &str) -> Problem {
        let names = self.read_models.iter().map(|model| model.name).chain(self.reports.iter().map(|report| report.name));
        Problem::unknown("unknown_read_model", &format!("read model or report `{}` in `{}`", shown(name), self.name), &nearest(name, names))
    }
}

/// The command of that name.
pub fn command(aggregate: &dyn AggregateType, name: &str) -> Result<&'static CommandDef, Problem> {
    aggregate.commands().iter().find(|def| def.name == name).ok_or_else(|| {
        let near = nearest(name, aggregate.commands().iter().map(|def| def.name));
        Problem::unknown("unknown_command", &format!("command `{}` of `{}`", shown(name), aggregate.name()), &near)
    })
}

/// Whether a command may come without an id.
pub fn makes_id(def: &CommandDef) -> bool {
    def.creation != Creation::Requires
}

/// A name from a URL, short enough for a message.
pub fn shown(name: &str) -> String {
    name.chars().take(64).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// Up to three of the names that look like `wanted`.
pub fn nearest<'a>(wanted: &str, names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    if wanted.len() > 64 {
        return Vec::new();
    }
    let budget = 1 + wanted.chars().count() / 4;
    let mut near: Vec<(usize, &str)> = names
        .map(|name| (if wanted.len() > 2 && name.starts_with(wanted) { 1 } else { distance(wanted, name) }, name))
        .filter(|(distance, _)| *distance <= budget)
        .collect();
    near.sort_unstable();
    near.dedup();
    near.into_iter().take(3).map(|(_, name)| name).collect()
}

/// Levenshtein's distance.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typing_error_finds_its_name() {
        let names = ["register", "update", "link", "unlink"];
        assert_eq!(nearest("registre", names.into_iter()), ["register"]);
        assert_eq!(nearest("reg", names.into_iter()), ["register"]);
        assert_eq!(nearest("lin", names.into_iter()), ["link"]);
        assert!(nearest("completely-different", names.into_iter()).is_empty());
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
