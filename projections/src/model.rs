//! What may be asked of the read side, as data; the gateway builds routes and documentation from it.

use schemars::{Schema, SchemaGenerator};

use crate::document::Document;

/// The type of a column, which decides how a filter's text is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// `text`
    Text,
    /// `bigint` or `integer`
    Integer,
    /// `numeric` or `double precision`
    Number,
    /// `boolean`
    Boolean,
    /// `timestamptz`
    Timestamp,
    /// `date`
    Date,
    /// `text[]`; a filter asks whether the list holds the value.
    List,
    /// `jsonb`; not filtered.
    Json,
}

/// A column of a read model.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Name in the table and in answers.
    pub name: &'static str,
    /// Type.
    pub kind: ColumnKind,
    /// Whether `?sort=` accepts it. Such a column is indexed with the tenant and the id, or the table is small.
    pub sortable: bool,
}

impl Column {
    /// A column that can be filtered by.
    pub const fn new(name: &'static str, kind: ColumnKind) -> Self {
        Self { name, kind, sortable: false }
    }

    /// A column that can also be sorted by.
    pub const fn sorted(name: &'static str, kind: ColumnKind) -> Self {
        Self { name, kind, sortable: true }
    }
}

/// A table that can be queried row by row: `GET /v1/{context}/{name}` and `GET /v1/{context}/{name}/{id}`.
/// Every such table has the columns `tenant_id uuid` and `id text`, which are its primary key.
#[derive(Debug)]
pub struct ReadModelDef {
    /// The context.
    pub context: &'static str,
    /// Kebab-case name in the URL, such as `contact-list`.
    pub name: &'static str,
    /// One sentence for the documentation.
    pub summary: &'static str,
    /// The view that points to the active version's table, such as `crm_contact_list`.
    pub table: &'static str,
    /// The projection that fills it.
    pub projection: &'static str,
    /// The columns of an answer, `id` first.
    pub columns: &'static [Column],
    /// The column that answers are sorted by without `?sort=`, and whether descending.
    pub default_sort: (&'static str, bool),
    /// A `text` column that `?q=` searches for words (it holds the searchable words of the row, folded), where there is one.
    pub search: Option<&'static str>,
    /// A `text[]` column that holds the ids that were merged into the row, where ids are redirected: asking for one of them answers the
    /// row. Look there only where no row has the id itself, by `<column> <> '{}' AND $1 = ANY (<column>)`, whose first part makes the
    /// partial index on such rows usable.
    pub redirects: Option<&'static str>,
    /// JSON Schema of a row.
    pub schema: fn(&mut SchemaGenerator) -> Schema,
}

/// Which values of its type a parameter takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allowed {
    /// All of them.
    Any,
    /// One of these texts.
    OneOf(&'static [&'static str]),
    /// A number from the first to the second.
    Between(i64, i64),
    /// A day that ends a span of time: not before the day of the parameter `from`, and with so many buckets between them at most. The
    /// parameter `bucket` says whether those are days, weeks or months.
    Through {
        /// The parameter with the first day.
        from: &'static str,
        /// The parameter with the bucket, or the bucket itself where it is always the same.
        bucket: &'static str,
        /// How many buckets at most.
        most: usize,
    },
}

/// A parameter of a report.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// Name in the query string.
    pub name: &'static str,
    /// Type.
    pub kind: ColumnKind,
    /// Value where the caller gives none; `None` binds NULL.
    pub default: Option<&'static str>,
    /// Whether the caller must give it.
    pub required: bool,
    /// Which values it takes.
    pub allowed: Allowed,
    /// For the documentation.
    pub description: &'static str,
}

impl Parameter {
    /// A parameter that may be left out.
    pub const fn optional(name: &'static str, kind: ColumnKind, description: &'static str) -> Self {
        Self { name, kind, default: None, required: false, allowed: Allowed::Any, description }
    }

    /// A parameter that must be given.
    pub const fn required(name: &'static str, kind: ColumnKind, description: &'static str) -> Self {
        Self { required: true, ..Self::optional(name, kind, description) }
    }

    /// The parameter with a value for those who give none.
    #[must_use]
    pub const fn or(self, default: &'static str) -> Self {
        Self { default: Some(default), ..self }
    }

    /// The parameter with only these values.
    #[must_use]
    pub const fn among(self, allowed: Allowed) -> Self {
        Self { allowed, ..self }
    }
}

/// A question with an answer of its own shape: `GET /v1/{context}/{name}`.
///
/// The statement runs under row level security, bound to the caller's tenant. `$1`, `$2` … are the parameters in order, bound as text
/// or NULL (cast them in the statement). It answers rows of one `jsonb` column, which become the array `data`.
#[derive(Debug)]
pub struct ReportDef {
    /// The context.
    pub context: &'static str,
    /// Kebab-case name in the URL, such as `pipeline-by-stage`.
    pub name: &'static str,
    /// One sentence for the documentation.
    pub summary: &'static str,
    /// The projections that it reads; the answer's freshness is that of the least advanced one.
    pub projections: &'static [&'static str],
    /// The parameters.
    pub parameters: &'static [Parameter],
    /// The statement.
    pub sql: &'static str,
    /// JSON Schema of one element of `data`.
    pub schema: fn(&mut SchemaGenerator) -> Schema,
    /// Whether an empty answer is a 404 (a question about one thing that does not exist).
    pub not_found_if_empty: bool,
}

/// What a document is printed from.
#[derive(Clone, Copy, Debug)]
pub enum Printed {
    /// The row with the id.
    Row {
        /// The read model.
        model: &'static ReadModelDef,
        /// What stands on the document, from the row as JSON. The same row always makes the same document.
        describe: fn(&str) -> Result<Document, serde_json::Error>,
    },
    /// What a report finds. Its first parameter is the id; the others may come in the query string.
    Report {
        /// The report, which need not be served by itself.
        report: &'static ReportDef,
        /// What stands on the document, from the report's rows as JSON. The same rows always make the same document.
        describe: fn(&[String]) -> Result<Document, serde_json::Error>,
    },
}

/// A document that can be printed: `GET /v1/{context}/{name}/{id}/pdf`.
#[derive(Debug)]
pub struct DocumentDef {
    /// The context.
    pub context: &'static str,
    /// Kebab-case name in the URL, such as `invoice`.
    pub name: &'static str,
    /// One sentence for the documentation.
    pub summary: &'static str,
    /// What it is printed from.
    pub source: Printed,
}
