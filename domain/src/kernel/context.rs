//! What a bounded context offers, as data.

use super::{AggregateType, DueDef, SetupDef};

/// One column of an import file and the command field that it fills.
pub struct ImportColumn {
    /// Path of the field in the command, such as `address.city`.
    pub field: &'static str,
    /// Column names of common products, lower case, without punctuation.
    pub headers: &'static [&'static str],
}

/// How rows of a file become commands of one aggregate.
pub struct ImportDef {
    /// Name in `neuroops import <context> <name>`.
    pub name: &'static str,
    /// The aggregate that the rows describe.
    pub aggregate: &'static str,
    /// The command for a row that is new.
    pub create: &'static str,
    /// The command for a row whose unique key is held already.
    pub update: &'static str,
    /// The columns.
    pub columns: &'static [ImportColumn],
    /// Fields whose cells hold several values, separated by `;` or `,`.
    pub lists: &'static [&'static str],
    /// Fields that name another record which a row changes: rows with the same value are taken one after the other, in the order of the
    /// file.
    pub in_order: &'static [&'static str],
}

/// A bounded context: its aggregates and what else the platform needs to know to serve it.
pub struct ContextDef {
    /// Its name: topic suffix, URL segment, prefix of tables and permissions.
    pub name: &'static str,
    /// One sentence for the documentation.
    pub summary: &'static str,
    /// Its aggregates.
    pub aggregates: fn() -> Vec<&'static dyn AggregateType>,
    /// Its imports.
    pub imports: &'static [ImportDef],
    /// Commands that become due by the clock.
    pub due: &'static [DueDef],
    /// Commands that every new tenant starts with, in order.
    pub setup: &'static [SetupDef],
}

impl ContextDef {
    /// The aggregate of that type.
    pub fn aggregate(&self, name: &str) -> Option<&'static dyn AggregateType> {
        (self.aggregates)().into_iter().find(|aggregate| aggregate.name() == name)
    }

    /// Its name with the types of its aggregates, as the log knows it.
    pub fn types(&self) -> (String, Vec<String>) {
        (self.name.to_owned(), (self.aggregates)().iter().map(|aggregate| aggregate.name().to_owned()).collect())
    }
}
