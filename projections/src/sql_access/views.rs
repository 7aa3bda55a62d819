//! The views of the SQL clients, made from what the read models declare.

use std::time::Duration;

use schemars::SchemaGenerator;
use serde_json::Value;
use sqlx::{PgConnection, PgPool};

use crate::contexts::ContextEntry;
use crate::model::{ColumnKind, ReadModelDef};

/// Makes the view of every read model, or brings it up to date; after every migration.
pub async fn refresh(connection: &mut PgConnection, contexts: &[ContextEntry]) -> Result<(), sqlx::Error> {
    const DESCRIBE: &str = "UPDATE runtime.read_models SET sql_comment = $2, sql_columns = $3, sql_comments = $4 WHERE model = $1";
    for def in contexts.iter().flat_map(|context| context.read_models) {
        let comments = comments(def);
        let names: Vec<&str> = def.columns.iter().map(|column| column.name).collect();
        sqlx::query(DESCRIBE).bind(def.table).bind(def.summary).bind(names).bind(comments).execute(&mut *connection).await?;
        // A table that the migrations of another version of the program declare is not there yet.
        sqlx::query("SELECT runtime.refresh_sql_view(m.model) FROM runtime.read_models m WHERE m.model = $1")
            .bind(def.table)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// What each column means, from the row's documentation, and its unit where the name tells it.
fn comments(def: &ReadModelDef) -> Vec<String> {
    let schema = (def.schema)(&mut SchemaGenerator::default());
    let properties = schema.get("properties").and_then(Value::as_object);
    def.columns
        .iter()
        .map(|column| {
            let described = properties.and_then(|properties| properties.get(column.name)?.get("description")?.as_str());
            let described = described.unwrap_or_default().to_owned();
            match column.kind {
                ColumnKind::Integer if column.name.ends_with("_minor") => format!("{described} In minor units of the currency."),
                _ => described,
            }
        })
        .collect()
}

/// Ends statements and idle transactions of SQL roles that last longer than this; tells how many there were.
pub async fn keep_from_lingering(pool: &PgPool, longest: Duration) -> Result<i64, sqlx::Error> {
    let seconds = i32::try_from(longest.as_secs()).unwrap_or(i32::MAX);
    sqlx::query_scalar("SELECT runtime.end_long_sql($1)").bind(seconds).fetch_one(pool).await
}
