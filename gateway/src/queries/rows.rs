//! Pages of a read model's rows.

use axum::http::HeaderMap;
use axum::response::Response;
use domain::kernel::fold;
use projections::model::{ColumnKind, ReadModelDef};
use sqlx::Row as _;
use sqlx::postgres::PgArguments;
use sqlx::query::Query;

use super::Pairs;
use super::cursor::{Cursor, Seal};
use super::filter::{Bind, Filter, column, like_literal};
use super::format::{Answer, Format, Next};
use super::value::sql_type;
use crate::auth::Caller;
use crate::bounded::{by_bytes, is_cut};
use crate::freshness;
use crate::problem::Problem;
use crate::state::GatewayState;

/// Rows of a page where the caller does not say.
pub const LIMIT_DEFAULT: usize = 50;
/// The most rows of a page.
pub const LIMIT_MAX: usize = 1000;
/// Bytes that the rows of a page have before it is cut.
const PAGE_BYTES_MAX: usize = 16 << 20;
/// The longest text to search for.
const SEARCH_CHARS_MAX: usize = 200;
/// The most words to search for; further ones narrow nothing any more.
const SEARCH_WORDS_MAX: usize = 5;

/// What a query string asks for.
struct Wanted {
    filters: Vec<Filter>,
    words: Vec<String>,
    sort: (&'static str, ColumnKind, bool),
    fields: Vec<&'static str>,
    limit: usize,
    cursor: Option<String>,
}

/// A statement and its values.
#[derive(Default)]
struct Statement {
    conditions: Vec<String>,
    binds: Vec<Bind>,
}

/// Answers a page.
pub async fn list(
    state: &GatewayState,
    caller: &Caller,
    def: &'static ReadModelDef,
    headers: &HeaderMap,
    pairs: Pairs,
) -> Result<Response, Problem> {
    let format = Format::negotiate(headers)?;
    let wanted = Wanted::parse(def, pairs)?;
    let positions = freshness::wanted(state, caller.tenant_id, headers)?;
    let query = wanted.identity(def, caller);
    let seal = Seal { secret: &state.options().jwt_secret, query: &query };
    let cursor = wanted.cursor.as_deref().map(|text| Cursor::decode(text, &seal)).transpose()?;
    let (sql, binds) = wanted.statement(def, cursor.as_ref());
    let sql = by_bytes(&sql, "row", PAGE_BYTES_MAX);
    let (mut tx, freshness) = freshness::begin(state, caller.tenant_id, &[def.projection], &positions).await?;
    let mut found = bind_all(sqlx::query(&sql), &binds).fetch_all(&mut *tx).await?;
    tx.commit().await?;
    let full = found.len() > wanted.limit;
    found.truncate(wanted.limit);
    let rows = found.iter().map(|row| row.try_get("row")).collect::<Result<Vec<String>, sqlx::Error>>()?;
    let more = full || is_cut(rows.iter().map(String::len), PAGE_BYTES_MAX);
    let next = match found.last() {
        Some(last) if more => Next::Page(Cursor { key: last.try_get("key")?, id: last.try_get("id")? }.encode(&seal)),
        _ => Next::End,
    };
    Answer { rows: &rows, columns: &wanted.fields, next, freshness: &freshness }.respond(format)
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

/// The expression that makes a row's JSON.
pub fn row_json(fields: &[&str]) -> String {
    let list: Vec<String> = fields.iter().map(|field| format!("t.{field}")).collect();
    format!("(SELECT row_to_json(x)::text FROM (SELECT {}) x)", list.join(", "))
}

impl Wanted {
    fn parse(def: &'static ReadModelDef, pairs: Pairs) -> Result<Self, Problem> {
        let ([sort, limit, cursor, named, q], rest) = controls(pairs, ["sort", "limit", "cursor", "fields", "q"])?;
        let filters = rest.iter().map(|(name, value)| Filter::parse(def, name, value)).collect::<Result<Vec<_>, _>>()?;
        Filter::check_count(&filters)?;
        Ok(Self {
            filters,
            words: q.map_or(Ok(Vec::new()), |text| words(def, &text))?,
            sort: sort_of(def, sort.as_deref())?,
            fields: fields(def, named.as_deref())?,
            limit: limit_of(limit.as_deref(), LIMIT_DEFAULT, LIMIT_MAX)?,
            cursor,
        })
    }

    /// Everything that decides which rows come in which order.
    fn identity(&self, def: &ReadModelDef, caller: &Caller) -> Vec<String> {
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

    fn statement(&self, def: &ReadModelDef, cursor: Option<&Cursor>) -> (String, Vec<Bind>) {
        let (column, kind, descending) = self.sort;
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
        let direction = if descending { "DESC" } else { "ASC" };
        let order = if column == "id" { format!("t.id {direction}") } else { format!("t.{column} {direction}, t.id {direction}") };
        let head = format!("SELECT {} AS row, t.id, t.{column}::text AS key FROM {} t", row_json(&self.fields), def.table);
        let limit = self.limit + 1;
        let Some(cursor) = cursor else {
            return (format!("{head}{} ORDER BY {order} LIMIT {limit}", statement.filter(None)), statement.binds);
        };
        let branches = statement.after(cursor, column, kind, descending);
        // Each branch is a range of the index; Postgres stops at the first that fills the page.
        let selects: Vec<String> =
            branches.iter().map(|branch| format!("({head}{} ORDER BY {order} LIMIT {limit})", statement.filter(Some(branch)))).collect();
        let text = match selects.as_slice() {
            [only] => only.clone(),
            several => {
                let numbered: Vec<String> = several
                    .iter()
                    .enumerate()
                    .map(|(index, select)| format!("(SELECT b.*, {index} AS branch, row_number() OVER () AS place FROM {select} b)"))
                    .collect();
                format!("SELECT u.row, u.id, u.key FROM ({}) u ORDER BY u.branch, u.place LIMIT {limit}", numbered.join(" UNION ALL "))
            }
        };
        (text, statement.binds)
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
fn bind_all<'q>(query: Query<'q, sqlx::Postgres, PgArguments>, binds: &'q [Bind]) -> Query<'q, sqlx::Postgres, PgArguments> {
    binds.iter().fold(query, |query, bind| match bind {
        Bind::One(value) => query.bind(value),
        Bind::Many(values) => query.bind(values),
    })
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
