//! A question to a read model or report as a statement whose rows are read piece by piece.

use futures::TryStreamExt as _;
use futures::stream::BoxStream;
use projections::model::{ReadModelDef, ReportDef};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row as _, ValueRef as _};

use super::cells::Rows;
use super::columns::{TableColumn, of_model, of_report};
use crate::catalogue::Readable;
use crate::problem::Problem;
use crate::queries::{Bind, Cursor, Limits, Pairs, Select, Wanted, bind_all, report_statement, report_values};

/// Rows of one piece at most, and the bytes after which a piece ends. They bound what an answer of any length holds in memory.
pub const PIECE_ROWS_MAX: usize = 1000;
const PIECE_BYTES_MAX: usize = 4 << 20;

/// What is asked of what.
pub enum Plan {
    /// Rows of a read model.
    Model(&'static ReadModelDef, Wanted),
    /// A report with its parameters.
    Report(&'static ReportDef, Vec<Option<String>>),
}

impl Plan {
    /// Reads the pairs of a query string.
    pub fn parse(readable: Readable, pairs: Pairs, limits: Limits) -> Result<Self, Problem> {
        Ok(match readable {
            Readable::Model(def) => Self::Model(def, Wanted::parse(def, pairs, limits)?),
            Readable::Report(def) => Self::Report(def, report_values(def, pairs)?),
        })
    }

    /// The projections that the answer rests on.
    pub fn projections(&self) -> Vec<&'static str> {
        match self {
            Self::Model(def, _) => vec![def.projection],
            Self::Report(def, _) => def.projections.to_vec(),
        }
    }

    /// The columns of the answer.
    pub async fn columns(&self, connection: &mut PgConnection) -> Result<Vec<TableColumn>, sqlx::Error> {
        match self {
            Self::Model(def, wanted) => of_model(connection, def, &wanted.fields).await,
            Self::Report(def, _) => Ok(of_report(def)),
        }
    }

    /// How many rows there are; not known of a report before it is read.
    pub async fn count(&self, connection: &mut PgConnection) -> Result<Option<i64>, sqlx::Error> {
        let Self::Model(def, wanted) = self else { return Ok(None) };
        let (sql, binds) = wanted.count(def);
        bind_all(sqlx::query(&sql), &binds).fetch_one(connection).await?.try_get(0).map(Some)
    }

    /// Begins to read: the rows after a cursor, so many or all. A report has neither cursors nor limits.
    pub async fn open(
        &self,
        connection: &mut PgConnection,
        columns: &[TableColumn],
        after: Option<&Cursor>,
        limit: Option<usize>,
    ) -> Result<Reading, sqlx::Error> {
        let (sql, binds) = match self {
            Self::Model(def, wanted) => wanted.statement(def, &Select(TableColumn::selected(columns)), after, limit),
            Self::Report(def, values) => (report_statement(def), values.iter().cloned().map(Bind::Maybe).collect()),
        };
        let declare = format!("DECLARE answer NO SCROLL CURSOR FOR {sql}");
        bind_all(sqlx::query(&declare), &binds).persistent(false).execute(connection).await?;
        Ok(Reading { typed: matches!(self, Self::Model(..)) })
    }
}

/// Rows that are being read by a cursor of the transaction.
pub struct Reading {
    typed: bool,
}

/// Some rows, and where they end.
pub struct Piece {
    /// The rows.
    pub rows: Rows,
    /// The last row's id, where rows have one.
    pub last: Option<String>,
}

/// Rows that are on their way from Postgres, not more of them in memory than a piece has.
pub struct Coming<'a> {
    rows: BoxStream<'a, Result<PgRow, sqlx::Error>>,
    typed: bool,
    /// Rows that have come.
    pub count: usize,
}

impl Reading {
    /// The statement for the next rows.
    pub fn fetch(most: usize) -> String {
        format!("FETCH {most} FROM answer")
    }

    /// Begins to take the rows of such a statement.
    pub fn take<'a>(&self, connection: &'a mut PgConnection, fetch: &'a str) -> Coming<'a> {
        // A statement of its own each time: one that is kept would keep the columns of the first cursor of the connection.
        Coming { rows: sqlx::query(fetch).persistent(false).fetch(connection), typed: self.typed, count: 0 }
    }

    /// Ends reading, so that another can begin in the same transaction.
    pub async fn close(self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        sqlx::query("CLOSE answer").persistent(false).execute(connection).await?;
        Ok(())
    }
}

impl Coming<'_> {
    /// The next piece; nothing when all rows of the statement have come.
    pub async fn next(&mut self) -> Result<Option<Piece>, sqlx::Error> {
        let (mut rows, mut bytes) = (Vec::new(), 0);
        while rows.len() < PIECE_ROWS_MAX
            && bytes < PIECE_BYTES_MAX
            && let Some(row) = self.rows.try_next().await?
        {
            bytes += size(&row)?;
            rows.push(row);
        }
        self.count += rows.len();
        if rows.is_empty() {
            return Ok(None);
        }
        if self.typed {
            let last = rows.last().map(|row| row.try_get("id")).transpose()?;
            return Ok(Some(Piece { rows: Rows::Typed(rows), last }));
        }
        let texts = rows.iter().map(|row| row.try_get(0)).collect::<Result<Vec<String>, _>>()?;
        Ok(Some(Piece { rows: Rows::Json(texts), last: None }))
    }
}

/// The bytes of a row's values.
fn size(row: &PgRow) -> Result<usize, sqlx::Error> {
    let mut bytes = 0;
    for index in 0..row.len() {
        let value = row.try_get_raw(index)?;
        if !value.is_null() {
            bytes += value.as_bytes().map_err(sqlx::Error::Decode)?.len();
        }
    }
    Ok(bytes)
}
