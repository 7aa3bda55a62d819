//! Filters: `column=value` and `column.operator=value`.

use projections::model::{Column, ColumnKind, ReadModelDef};

use super::value::{check, sql_type};
use crate::catalogue::nearest;
use crate::problem::Problem;

/// The most filters of one query.
const FILTERS_MAX: usize = 256;
/// The most values of one `in`.
const VALUES_MAX: usize = 100;

/// How a column is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// Equal.
    Eq,
    /// Not equal; a missing value is not equal to any.
    Ne,
    /// Greater.
    Gt,
    /// Greater or equal.
    Gte,
    /// Less.
    Lt,
    /// Less or equal.
    Lte,
    /// One of several values, separated by commas.
    In,
    /// The list holds the value.
    Contains,
    /// The text begins with the value.
    Prefix,
    /// Whether the value is missing.
    Null,
}

impl Operator {
    /// As it is written in a query string.
    pub fn name(self) -> &'static str {
        match self {
            Self::Eq => "eq",
            Self::Ne => "ne",
            Self::Gt => "gt",
            Self::Gte => "gte",
            Self::Lt => "lt",
            Self::Lte => "lte",
            Self::In => "in",
            Self::Contains => "contains",
            Self::Prefix => "prefix",
            Self::Null => "null",
        }
    }

    /// One sentence for the documentation.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Eq => "equal to the value",
            Self::Ne => "not equal to the value",
            Self::Gt => "greater than the value",
            Self::Gte => "greater than or equal to the value",
            Self::Lt => "less than the value",
            Self::Lte => "less than or equal to the value",
            Self::In => "one of the values, separated by commas",
            Self::Contains => "holds the value",
            Self::Prefix => "begins with the value",
            Self::Null => "`true`: has no value; `false`: has one",
        }
    }
}

/// The operators of a type; the first one is meant where none is written.
pub fn operators(kind: ColumnKind) -> &'static [Operator] {
    use Operator::{Contains, Eq, Gt, Gte, In, Lt, Lte, Ne, Null, Prefix};
    match kind {
        ColumnKind::Text => &[Eq, Ne, Gt, Gte, Lt, Lte, In, Prefix, Null],
        ColumnKind::Integer | ColumnKind::Number | ColumnKind::Timestamp | ColumnKind::Date => &[Eq, Ne, Gt, Gte, Lt, Lte, In, Null],
        ColumnKind::Boolean => &[Eq, Ne, Null],
        ColumnKind::List => &[Contains],
        ColumnKind::Json => &[],
    }
}

/// A value that is bound to a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bind {
    /// One.
    One(String),
    /// Several.
    Many(Vec<String>),
    /// One, or NULL.
    Maybe(Option<String>),
}

/// A condition on one column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    column: &'static str,
    kind: ColumnKind,
    operator: Operator,
    values: Vec<String>,
}

impl Filter {
    /// Reads one pair of a query string.
    pub fn parse(def: &ReadModelDef, name: &str, text: &str) -> Result<Self, Problem> {
        let (column_name, operator_name) = name.split_once('.').map_or((name, None), |(column, operator)| (column, Some(operator)));
        let column = column(def, column_name).ok_or_else(|| unknown(def, column_name))?;
        let known = operators(column.kind);
        let operator = match operator_name {
            None => known.first().copied(),
            Some(name) => known.iter().copied().find(|operator| operator.name() == name),
        };
        let Some(operator) = operator else {
            let list: Vec<&str> = known.iter().map(|operator| operator.name()).collect();
            let message = match list.as_slice() {
                [] => "the column cannot be filtered by".to_owned(),
                list => format!("the column's operators are {}", list.join(", ")),
            };
            return Err(Problem::bad_value("invalid_parameter", name, message));
        };
        let kind = if operator == Operator::Null { ColumnKind::Boolean } else { column.kind };
        let parts: Vec<&str> = if operator == Operator::In { text.split(',').collect() } else { vec![text] };
        if parts.len() > VALUES_MAX {
            return Err(Problem::bad_value("invalid_parameter", name, format!("there are more than {VALUES_MAX} values")));
        }
        let values: Result<Vec<String>, &str> = parts.into_iter().map(|part| check(kind, part)).collect();
        let values = values.map_err(|message| Problem::bad_value("invalid_parameter", name, message))?;
        Ok(Self { column: column.name, kind: column.kind, operator, values })
    }

    /// Refuses more filters than are sensible.
    pub fn check_count(filters: &[Self]) -> Result<(), Problem> {
        if filters.len() > FILTERS_MAX {
            return Err(Problem::bad_request("invalid_parameter", format!("There are more than {FILTERS_MAX} filters.")));
        }
        Ok(())
    }

    /// The condition, with its value as the parameter of this number.
    pub fn condition(&self, number: usize) -> (String, Option<Bind>) {
        let Self { column, kind, operator, values } = self;
        let value = format!("${number}::text::{}", sql_type(*kind));
        let one = || Some(Bind::One(values.first().cloned().unwrap_or_default()));
        let compare = |sign: &str| (format!("t.{column} {sign} {value}"), one());
        match operator {
            Operator::Eq => compare("="),
            Operator::Ne => compare("IS DISTINCT FROM"),
            Operator::Gt => compare(">"),
            Operator::Gte => compare(">="),
            Operator::Lt => compare("<"),
            Operator::Lte => compare("<="),
            Operator::In => (format!("t.{column} = ANY (${number}::text[]::{}[])", sql_type(*kind)), Some(Bind::Many(values.clone()))),
            Operator::Contains => (format!("${number}::text = ANY (t.{column})"), one()),
            Operator::Prefix => {
                let pattern = format!("{}%", like_literal(values.first().map_or("", String::as_str)));
                (format!("t.{column} LIKE ${number}::text"), Some(Bind::One(pattern)))
            }
            Operator::Null if values.first().is_some_and(|value| value == "true") => (format!("t.{column} IS NULL"), None),
            Operator::Null => (format!("t.{column} IS NOT NULL"), None),
        }
    }

    /// What distinguishes the filter from others, for the cursor.
    pub fn fingerprint(&self) -> Vec<String> {
        [self.column, self.operator.name()].into_iter().map(str::to_owned).chain(self.values.iter().cloned()).collect()
    }
}

/// The column of that name.
pub fn column(def: &ReadModelDef, name: &str) -> Option<&'static Column> {
    def.columns.iter().find(|column| column.name == name)
}

/// 400 for a parameter that is none.
fn unknown(def: &ReadModelDef, name: &str) -> Problem {
    let controls = ["sort", "limit", "cursor", "fields", "q"].into_iter();
    let near = nearest(name, controls.chain(def.columns.iter().map(|column| column.name)));
    let hint = if near.is_empty() { String::new() } else { format!("; did you mean {}?", near.join(" or ")) };
    Problem::bad_value("unknown_parameter", &crate::catalogue::shown(name), format!("there is no such parameter{hint}"))
}

/// The text for use in a LIKE pattern, where it stands for itself.
pub fn like_literal(text: &str) -> String {
    let mut literal = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '\\' | '%' | '_') {
            literal.push('\\');
        }
        literal.push(c);
    }
    literal
}
