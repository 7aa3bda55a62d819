//! What a query string asks of a read model, and the statement that answers it.

use domain::kernel::fold;
use projections::model::{ColumnKind, ReadModelDef};
use sqlx::postgres::PgArguments;
use sqlx::query::Query;

use super::Pairs;
use super::cursor::Cursor;
use super::filter::{Bind, Filter, column, like_literal};
use super::value::sql_type;
use crate::auth::Caller;
use crate::problem::Problem;

/// The longest text to search for.
const SEARCH_CHARS_MAX: usize = 200;
/// The most words to search for; further ones narrow nothing any more.
const SEARCH_WORDS_MAX: usize = 5;

/// How many rows an answer has: where the caller does not say, and at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Where the caller does not say.
    pub default: usize,
    /// At most.
    pub max: usize,
}

/// What a query string asks for.
pub struct Wanted {
    filters: Vec<Filter>,
    words: Vec<String>,
    sort: (&'static str, ColumnKind, bool),
    /// The columns of the answer.
    pub fields: Vec<&'static str>,
    /// Rows of the answer.
    pub limit: usize,
    /// Where the page begins, as the client gave it.
    pub cursor: Option<String>,
}

/// The expressions of an answer, each with its name.
pub struct Select(pub Vec<(String, String)>);

impl Select {
    fn list(&self) -> String {
        self.0.iter().map(|(expression, name)| format!("{expression} AS {name}")).collect::<Vec<_>>().join(", ")
    }

    fn names(&self) -> String {
        self.0.iter().map(|(_, name)| format!("u.{name}")).collect::<Vec<_>>().join(", ")
    }
}

/// A statement and its values.
#[derive(Default)]
struct Statement {
    conditions: Vec<String>,
    binds: Vec<Bind>,
}

impl Wanted {
    /// Reads the pairs of a query string.
    pub fn parse(def: &'static ReadModelDef, pairs: Pairs, limits: Limits) -> Result<Self, Problem> {
        let ([sort, limit, cursor, named, q], rest) = controls(pairs, ["sort", "limit", "cursor", "fields", "q"])?;
        let filters = rest.iter().map(|(name, value)| Filter::parse(def, name, value)).collect::<Result<Vec<_>, _>>()?;
        Filter::check_count(&filters)?;
        Ok(Self {
            filters,
            words: q.map_or(Ok(Vec::new()), |text| words(def, &text))?,
            sort: sort_of(def, sort.as_deref())?,
            fields: fields(def, named.as_deref())?,
            limit: limit_of(limit.as_deref(), limits.default, limits.max)?,
            cursor,
        })
    }

    /// The same in the order of ids, which never change.
    #[must_use]
    pub fn by_id(mut self) -> Self {
        self.sort = ("id", ColumnKind::Text, false);
        self
    }

    /// Everything that decides which rows come in which order.
    pub fn identity(&self, def: &ReadModelDef, caller: &Caller) -> Vec<String> {
        let mut identity = vec![caller.tenant_id.to_string(), def.context.to_owned(), def.name.to_owned()];
        identity.extend([self.sort.0.to_owned(), self.sort.2.to_string(), self.filters.len().to_string()]);
        for filter in &self.filters {
            let parts = filter.fingerprint();
            identity.push(parts.len().to_string());
            identity.extend(parts);
        }
        identity.extend(self.words.iter().cloned());
        identity
    }

    fn conditions(&self, def: &ReadModelDef) -> Statement {
        let mut statement = Statement::default();
        for filter in &self.filters {
            let (condition, bind) = filter.condition(statement.binds.len() + 1);
            statement.conditions.push(condition);
            statement.binds.extend(bind);
        }
        for word in &self.words {
            let number = statement.bind(format!("%{}%", like_literal(word)));
            let search = def.search.unwrap_or("id");
            statement.conditions.push(format!("t.{search} LIKE ${number}::text"));
        }
        statement
    }

    fn order(&self) -> String {
        let (column, _, descending) = self.sort;
        let direction = if descending { "DESC" } else { "ASC" };
        if column == "id" { format!("t.id {direction}") } else { format!("t.{column} {direction}, t.id {direction}") }
    }

    /// What the cursor of a row is made of.
    fn place(&self) -> String {
        format!("t.id, t.{}::text AS key", self.sort.0)
    }

    /// The statement for the rows after the cursor: the selected columns, `id` and `key`. All rows where there is no limit.
    pub fn statement(&self, def: &ReadModelDef, select: &Select, cursor: Option<&Cursor>, limit: Option<usize>) -> (String, Vec<Bind>) {
        let (column, kind, descending) = self.sort;
        let mut statement = self.conditions(def);
        let order = self.order();
        let head = format!("SELECT {}, {} FROM {} t", select.list(), self.place(), def.table);
        let limit = limit.map(|limit| format!(" LIMIT {limit}")).unwrap_or_default();
        let Some(cursor) = cursor else {
            return (format!("{head}{} ORDER BY {order}{limit}", statement.filter(None)), statement.binds);
        };
        let branches = statement.after(cursor, column, kind, descending);
        // Each branch is a range of the index; Postgres stops at the first that fills the page.
        let selects: Vec<String> =
            branches.iter().map(|branch| format!("({head}{} ORDER BY {order}{limit})", statement.filter(Some(branch)))).collect();
        let text = match selects.as_slice() {
            [only] => only.clone(),
            several => {
                let numbered: Vec<String> = several
                    .iter()
                    .enumerate()
                    .map(|(index, select)| format!("(SELECT b.*, {index} AS branch, row_number() OVER () AS place FROM {select} b)"))
                    .collect();
                let names = select.names();
                format!("SELECT {names}, u.id, u.key FROM ({}) u ORDER BY u.branch, u.place{limit}", numbered.join(" UNION ALL "))
            }
        };
        (text, statement.binds)
    }

    /// The statement for the last row of the answer and the one behind it, if there are so many.
    pub fn end(&self, def: &ReadModelDef, cursor: Option<&Cursor>) -> (String, Vec<Bind>) {
        let nothing = Select(vec![("0".to_owned(), "nothing".to_owned())]);
        let (text, binds) = self.statement(def, &nothing, cursor, Some(self.limit + 1));
        (format!("SELECT e.id, e.key FROM ({text}) e OFFSET {} LIMIT 2", self.limit - 1), binds)
    }

    /// A statement over the rows, with further conditions and what comes after them.
    pub fn grouped(&self, def: &ReadModelDef, select: &str, further: &[String], tail: &str) -> (String, Vec<Bind>) {
        let statement = self.conditions(def);
        let further = further.join(" AND ");
        (format!("SELECT {select} FROM {} t{} {tail}", def.table, statement.filter(Some(&further))), statement.binds)
    }

    /// The statement that counts the rows.
    pub fn count(&self, def: &ReadModelDef) -> (String, Vec<Bind>) {
        let statement = self.conditions(def);
        (format!("SELECT count(*) FROM {} t{}", def.table, statement.filter(None)), statement.binds)
    }
}

impl Statement {
    fn bind(&mut self, value: String) -> usize {
        self.binds.push(Bind::One(value));
        self.binds.len()
    }

    fn filter(&self, further: Option<&String>) -> String {
        let all: Vec<&str> = self.conditions.iter().chain(further).map(String::as_str).collect();
        if all.is_empty() { String::new() } else { format!(" WHERE {}", all.join(" AND ")) }
    }

    /// Conditions for the rows after the cursor, in the order in which they come. Rows without a value come last in ascending
    /// order and first in descending order, as Postgres's indexes have them.
    fn after(&mut self, cursor: &Cursor, column: &str, kind: ColumnKind, descending: bool) -> Vec<String> {
        let sign = if descending { "<" } else { ">" };
        let id = self.bind(cursor.id.clone());
        if column == "id" {
            return vec![format!("t.id {sign} ${id}::text")];
        }
        let Some(key) = &cursor.key else {
            let rest = format!("t.{column} IS NULL AND t.id {sign} ${id}::text");
            return if descending { vec![rest, format!("t.{column} IS NOT NULL")] } else { vec![rest] };
        };
        let key = self.bind(key.clone());
        let rest = format!("(t.{column}, t.id) {sign} (${key}::text::{}, ${id}::text)", sql_type(kind));
        if descending { vec![rest] } else { vec![rest, format!("t.{column} IS NULL")] }
    }
}

/// Binds the values in order.
pub fn bind_all<'q>(query: Query<'q, sqlx::Postgres, PgArguments>, binds: &'q [Bind]) -> Query<'q, sqlx::Postgres, PgArguments> {
    binds.iter().fold(query, |query, bind| match bind {
        Bind::One(value) => query.bind(value),
        Bind::Many(values) => query.bind(values),
        Bind::Maybe(value) => query.bind(value),
    })
}

/// The columns that `fields=` names, in the order of the answer.
pub fn fields(def: &'static ReadModelDef, text: Option<&str>) -> Result<Vec<&'static str>, Problem> {
    let Some(text) = text else { return Ok(def.columns.iter().map(|column| column.name).collect()) };
    let mut fields = Vec::new();
    for name in text.split(',').map(str::trim) {
        let message = || format!("there is no column `{}`", crate::catalogue::shown(name));
        let found = column(def, name).ok_or_else(|| Problem::bad_value("invalid_parameter", "fields", message()))?;
        if !fields.contains(&found.name) {
            fields.push(found.name);
        }
    }
    Ok(fields)
}

/// Takes the parameters of these names out of the pairs; each may come once.
pub fn controls<const N: usize>(pairs: Pairs, names: [&'static str; N]) -> Result<([Option<String>; N], Pairs), Problem> {
    let mut found = [const { None }; N];
    let mut rest = Vec::new();
    for (name, value) in pairs {
        match names.iter().position(|known| *known == name) {
            Some(index) if found[index].is_some() => {
                return Err(Problem::bad_value("invalid_parameter", names[index], "the parameter comes more than once"));
            }
            Some(index) => found[index] = Some(value),
            None => rest.push((name, value)),
        }
    }
    Ok((found, rest))
}

/// Refuses parameters that nobody has taken.
pub fn no_others(rest: &Pairs) -> Result<(), Problem> {
    match rest.first() {
        Some((name, _)) => Err(Problem::bad_value("unknown_parameter", &crate::catalogue::shown(name), "there is no such parameter")),
        None => Ok(()),
    }
}

fn sort_of(def: &'static ReadModelDef, text: Option<&str>) -> Result<(&'static str, ColumnKind, bool), Problem> {
    let (name, descending) = match text {
        None => def.default_sort,
        Some(text) => text.strip_prefix('-').map_or((text, false), |name| (name, true)),
    };
    match column(def, name) {
        Some(column) if column.sortable || text.is_none() => Ok((column.name, column.kind, descending)),
        _ => {
            let sortable: Vec<&str> = def.columns.iter().filter(|column| column.sortable).map(|column| column.name).collect();
            let message = format!("the columns to sort by are {}; a `-` before the name turns the order around", sortable.join(", "));
            Err(Problem::bad_value("invalid_parameter", "sort", message))
        }
    }
}

/// A number of rows between 1 and `max`.
pub fn limit_of(text: Option<&str>, default: usize, max: usize) -> Result<usize, Problem> {
    let Some(text) = text else { return Ok(default) };
    let number = text.parse::<usize>().ok().filter(|number| (1..=max).contains(number) && text.bytes().all(|byte| byte.is_ascii_digit()));
    number.ok_or_else(|| Problem::bad_value("invalid_parameter", "limit", format!("a number from 1 to {max} is expected")))
}

/// The words to search for, folded as the search column's are.
fn words(def: &ReadModelDef, text: &str) -> Result<Vec<String>, Problem> {
    let refuse = |message: &str| Err(Problem::bad_value("invalid_parameter", "q", message));
    if def.search.is_none() {
        return refuse("this read model cannot be searched");
    }
    if text.contains('\0') || text.chars().count() > SEARCH_CHARS_MAX {
        return refuse("the text to search for has at most 200 characters, none of them NUL");
    }
    Ok(fold(text).split_whitespace().take(SEARCH_WORDS_MAX).map(str::to_owned).collect())
}
