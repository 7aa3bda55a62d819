//! Declarations, row types and tables agree. What events do to rows is tested on a real Postgres, with the commands that lead to them.

use std::collections::BTreeSet;

use schemars::SchemaGenerator;

use super::{CONTEXT, READ_MODELS};
use crate::model::ColumnKind;

const MIGRATION: &str = include_str!("../../../migrations/0007_invoicing.sql");

/// Name and type of the columns of a table, as the migration declares them.
fn columns_of(table: &str) -> Vec<(&'static str, &'static str)> {
    let start = MIGRATION.split_once(&format!("CREATE TABLE {table}_v1 (\n")).expect("the table is made").1;
    let body = start.split_once("\n);").expect("the table ends").0;
    let lines = body.lines().map(str::trim).filter(|line| !line.starts_with("--") && !line.starts_with("PRIMARY KEY"));
    lines.map(|line| line.trim_end_matches(',').split_once(' ').expect("a column has a type")).collect()
}

fn kind_of(sql: &str) -> ColumnKind {
    match sql.trim_end_matches(" NOT NULL") {
        "text" => ColumnKind::Text,
        "bigint" | "integer" | "smallint" => ColumnKind::Integer,
        "boolean" => ColumnKind::Boolean,
        "timestamptz" => ColumnKind::Timestamp,
        "date" => ColumnKind::Date,
        "jsonb" => ColumnKind::Json,
        other => panic!("no kind of column is {other}"),
    }
}

#[test]
fn declared_columns_are_those_of_the_table_and_of_the_row() {
    for model in READ_MODELS {
        let table: Vec<_> =
            columns_of(model.table).into_iter().filter(|(name, _)| *name != "tenant_id" && Some(*name) != model.search).collect();
        let declared: Vec<_> = model.columns.iter().map(|column| (column.name, column.kind)).collect();
        assert_eq!(declared, table.iter().map(|(name, sql)| (*name, kind_of(sql))).collect::<Vec<_>>(), "{}", model.name);

        let schema = (model.schema)(&mut SchemaGenerator::default());
        let properties: BTreeSet<_> = schema.get("properties").unwrap().as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(properties, declared.iter().map(|(name, _)| *name).collect(), "{}", model.name);
    }
}

#[test]
fn what_is_sorted_by_is_indexed() {
    for model in READ_MODELS {
        for column in model.columns.iter().filter(|column| column.sortable && column.name != "id") {
            let index = format!("CREATE INDEX ON {}_v1 (tenant_id, {}, id);", model.table, column.name);
            assert!(MIGRATION.contains(&index), "{index}");
        }
        assert!(model.columns.iter().any(|column| column.sortable && column.name == model.default_sort.0), "{}", model.name);
    }
}

#[test]
fn what_is_due_is_found_by_the_clock() {
    for due in domain::invoicing::CONTEXT.due {
        assert!(columns_of(due.table).contains(&("due_at", "timestamptz")));
        assert!(MIGRATION.contains(&format!("CREATE INDEX ON {}_v1 (due_at) WHERE due_at IS NOT NULL;", due.table)));
        let aggregate = domain::invoicing::CONTEXT.aggregate(due.aggregate).expect("the aggregate exists");
        assert!(aggregate.commands().iter().any(|command| command.name == due.command));
    }
}

#[test]
fn every_projection_has_its_read_model_and_its_table() {
    let projections = (CONTEXT.projections)();
    assert_eq!(projections.len(), READ_MODELS.len());
    for (projection, model) in projections.iter().zip(READ_MODELS) {
        assert_eq!((projection.name(), projection.tables()), (model.projection, &[model.table][..]));
        assert!(MIGRATION.contains(&format!("SELECT runtime.declare_read_model('{}', '{}');", model.table, model.projection)));
    }
}
