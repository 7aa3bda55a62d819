//! The columns of a table that is answered, and their types.

use projections::model::{ColumnKind, ReadModelDef, ReportDef};
use schemars::SchemaGenerator;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::PgConnection;

/// Digits behind the point of a `numeric` column that declares none; further ones are rounded. Twenty remain in front of it.
const SCALE_DEFAULT: i8 = 18;
/// The digits of a decimal number in all (Parquet and Arrow: 16 bytes).
pub const DECIMAL_DIGITS: u8 = 38;

/// The type of a column's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CellKind {
    /// Text.
    Text,
    /// 64 bits, signed. Amounts are in minor units; their currency is a column of its own.
    Integer,
    /// 64 bits, IEEE 754.
    Float,
    /// A decimal number with so many digits behind the point.
    Decimal(i8),
    /// True or false.
    Boolean,
    /// Microseconds in UTC.
    Timestamp,
    /// A day.
    Date,
    /// A list of texts.
    List,
    /// JSON as text.
    Json,
}

/// A column of a table that is answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableColumn {
    /// The name.
    pub name: String,
    /// The type.
    #[serde(rename = "type")]
    pub kind: CellKind,
    /// What it means.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
}

impl TableColumn {
    /// The expression that selects a column of a read model so that its values can be read.
    pub fn expression(&self) -> String {
        let name = &self.name;
        match self.kind {
            CellKind::Text | CellKind::Json => format!("t.{name}::text"),
            CellKind::Integer => format!("t.{name}::bigint"),
            CellKind::Float => format!("t.{name}::float8"),
            CellKind::Decimal(scale) => format!("round(t.{name}, {scale})::text"),
            CellKind::List => format!("t.{name}::text[]"),
            CellKind::Boolean | CellKind::Timestamp | CellKind::Date => format!("t.{name}"),
        }
    }

    /// The expressions of these columns, named `c0`, `c1` …
    pub fn selected(columns: &[Self]) -> Vec<(String, String)> {
        columns.iter().enumerate().map(|(index, column)| (column.expression(), format!("c{index}"))).collect()
    }

    /// The same as a list for a statement.
    pub fn select(columns: &[Self]) -> String {
        Self::selected(columns).into_iter().map(|(expression, name)| format!("{expression} AS {name}")).collect::<Vec<_>>().join(", ")
    }
}

/// The columns of these names of a read model. Numbers are decimal or floating, as the table has them.
pub async fn of_model(connection: &mut PgConnection, def: &ReadModelDef, fields: &[&str]) -> Result<Vec<TableColumn>, sqlx::Error> {
    const NUMBERS: &str = "SELECT attname::text, CASE WHEN atttypid <> 'numeric'::regtype THEN NULL WHEN atttypmod < 4 THEN -1 ELSE (atttypmod - 4) & 2047 END \
        FROM pg_attribute WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped";
    let chosen: Vec<_> = fields.iter().filter_map(|name| def.columns.iter().find(|column| column.name == *name)).collect();
    let numbers = chosen.iter().any(|column| column.kind == ColumnKind::Number);
    let scales: Vec<(String, Option<i32>)> =
        if numbers { sqlx::query_as(NUMBERS).bind(def.table).fetch_all(connection).await? } else { Vec::new() };
    let schema = (def.schema)(&mut SchemaGenerator::default()).to_value();
    let kind_of = |name: &str, kind: ColumnKind| match kind {
        ColumnKind::Text => CellKind::Text,
        ColumnKind::Integer => CellKind::Integer,
        ColumnKind::Number => match scales.iter().find(|(column, _)| column == name).and_then(|(_, scale)| *scale) {
            None => CellKind::Float,
            Some(scale) => CellKind::Decimal(i8::try_from(scale).ok().filter(|scale| (0..=30).contains(scale)).unwrap_or(SCALE_DEFAULT)),
        },
        ColumnKind::Boolean => CellKind::Boolean,
        ColumnKind::Timestamp => CellKind::Timestamp,
        ColumnKind::Date => CellKind::Date,
        ColumnKind::List => CellKind::List,
        ColumnKind::Json => CellKind::Json,
    };
    let column = |column: &&projections::model::Column| TableColumn {
        name: column.name.to_owned(),
        kind: kind_of(column.name, column.kind),
        description: description(&schema["properties"][column.name]),
    };
    Ok(chosen.iter().map(column).collect())
}

/// The columns of a report, from the schema of its rows.
pub fn of_report(def: &ReportDef) -> Vec<TableColumn> {
    let mut generator = SchemaGenerator::default();
    let schema = (def.schema)(&mut generator).to_value();
    let definitions = Value::Object(generator.take_definitions(true));
    let Some(properties) = schema["properties"].as_object() else { return Vec::new() };
    let column = |(name, schema): (&String, &Value)| TableColumn {
        name: name.clone(),
        kind: kind_of_schema(schema, &definitions),
        description: description(schema),
    };
    properties.iter().map(column).collect()
}

fn description(schema: &Value) -> String {
    schema["description"].as_str().unwrap_or_default().to_owned()
}

/// The type that a JSON Schema allows besides null.
fn kind_of_schema(schema: &Value, definitions: &Value) -> CellKind {
    if let Some(reference) = schema["$ref"].as_str() {
        let name = reference.rsplit('/').next().unwrap_or_default();
        return definitions.get(name).map_or(CellKind::Json, |found| kind_of_schema(found, &Value::Null));
    }
    if let Some(choices) = schema["anyOf"].as_array() {
        let mut kinds = choices.iter().filter(|choice| choice["type"] != "null").map(|choice| kind_of_schema(choice, definitions));
        return match (kinds.next(), kinds.next()) {
            (Some(kind), None) => kind,
            _ => CellKind::Json,
        };
    }
    let name = match &schema["type"] {
        Value::String(name) => name.as_str(),
        Value::Array(names) => {
            let mut names = names.iter().filter_map(Value::as_str).filter(|name| *name != "null");
            match (names.next(), names.next()) {
                (Some(name), None) => name,
                _ => "",
            }
        }
        _ if schema["enum"].is_array() || schema["const"].is_string() => "string",
        _ => "",
    };
    match (name, schema["format"].as_str().unwrap_or_default()) {
        ("string", "date-time") => CellKind::Timestamp,
        ("string", "date") => CellKind::Date,
        ("string", _) => CellKind::Text,
        ("integer", _) => CellKind::Integer,
        ("number", _) => CellKind::Float,
        ("boolean", _) => CellKind::Boolean,
        _ => CellKind::Json,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_type_of_a_reports_column_is_that_of_its_schema() {
        let definitions = json!({ "Colour": { "type": "string", "enum": ["red"] }, "Thing": { "type": "object" } });
        for (schema, expected) in [
            (json!({ "type": "string" }), CellKind::Text),
            (json!({ "type": ["string", "null"], "format": "date" }), CellKind::Date),
            (json!({ "type": "string", "format": "date-time" }), CellKind::Timestamp),
            (json!({ "type": ["integer", "null"], "format": "int64" }), CellKind::Integer),
            (json!({ "type": "number" }), CellKind::Float),
            (json!({ "type": "boolean" }), CellKind::Boolean),
            (json!({ "type": "array", "items": {} }), CellKind::Json),
            (json!({ "type": ["string", "integer"] }), CellKind::Json),
            (json!({ "$ref": "#/$defs/Colour" }), CellKind::Text),
            (json!({ "$ref": "#/$defs/Thing" }), CellKind::Json),
            (json!({ "anyOf": [{ "$ref": "#/$defs/Colour" }, { "type": "null" }] }), CellKind::Text),
            (json!({ "anyOf": [{ "type": "string" }, { "type": "integer" }] }), CellKind::Json),
            (json!(true), CellKind::Json),
        ] {
            assert_eq!(kind_of_schema(&schema, &definitions), expected, "{schema}");
        }
    }
}
