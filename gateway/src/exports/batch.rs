//! Rows as Arrow record batches.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::builder::{
    BooleanBuilder, Date32Builder, Decimal128Builder, Float64Builder, Int64Builder, ListBuilder, StringBuilder, TimestampMicrosecondBuilder,
};
use arrow_array::types::Date32Type;
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use serde_json::Value;

use super::cells::{self, Cell, CellError, Rows};
use super::columns::{CellKind, DECIMAL_DIGITS, TableColumn};
use super::encode::EncodeError;

/// The time zone of all timestamps.
const ZONE: &str = "UTC";

/// The schema of a table; `facts` say what it is and how fresh.
pub fn schema(columns: &[TableColumn], facts: &[(String, String)]) -> SchemaRef {
    let fields: Vec<Field> = columns.iter().map(field).collect();
    let facts: HashMap<String, String> = facts.iter().cloned().collect();
    Arc::new(Schema::new_with_metadata(fields, facts))
}

fn field(column: &TableColumn) -> Field {
    let field = Field::new(&column.name, data_type(column.kind), true);
    let mut metadata = HashMap::new();
    if !column.description.is_empty() {
        metadata.insert("description".to_owned(), column.description.clone());
    }
    if column.kind == CellKind::Json {
        // The canonical extension type for JSON; who does not know it sees text.
        metadata.insert("ARROW:extension:name".to_owned(), "arrow.json".to_owned());
        metadata.insert("ARROW:extension:metadata".to_owned(), String::new());
    }
    field.with_metadata(metadata)
}

fn data_type(kind: CellKind) -> DataType {
    match kind {
        CellKind::Text | CellKind::Json => DataType::Utf8,
        CellKind::Integer => DataType::Int64,
        CellKind::Float => DataType::Float64,
        CellKind::Decimal(scale) => DataType::Decimal128(DECIMAL_DIGITS, scale),
        CellKind::Boolean => DataType::Boolean,
        CellKind::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, Some(ZONE.into())),
        CellKind::Date => DataType::Date32,
        CellKind::List => DataType::List(Arc::new(Field::new("item", DataType::Utf8, true))),
    }
}

/// Collects the values of one column.
enum Builder {
    Text(StringBuilder),
    Integer(Int64Builder),
    Float(Float64Builder),
    Decimal(Decimal128Builder),
    Boolean(BooleanBuilder),
    Timestamp(TimestampMicrosecondBuilder),
    Date(Date32Builder),
    List(ListBuilder<StringBuilder>),
}

impl Builder {
    fn new(kind: CellKind) -> Self {
        match kind {
            CellKind::Text | CellKind::Json => Self::Text(StringBuilder::new()),
            CellKind::Integer => Self::Integer(Int64Builder::new()),
            CellKind::Float => Self::Float(Float64Builder::new()),
            CellKind::Decimal(_) => Self::Decimal(Decimal128Builder::new().with_data_type(data_type(kind))),
            CellKind::Boolean => Self::Boolean(BooleanBuilder::new()),
            CellKind::Timestamp => Self::Timestamp(TimestampMicrosecondBuilder::new().with_timezone(ZONE)),
            CellKind::Date => Self::Date(Date32Builder::new()),
            CellKind::List => Self::List(ListBuilder::new(StringBuilder::new())),
        }
    }

    /// Adds a value; one of another type cannot come, because both follow from the column's.
    fn push(&mut self, cell: Cell<'_>, column: &TableColumn) -> Result<(), CellError> {
        match (self, cell) {
            (Self::Text(builder), Cell::Text(text)) => builder.append_value(text),
            (Self::Text(builder), Cell::Null) => builder.append_null(),
            (Self::Integer(builder), Cell::Integer(number)) => builder.append_value(number),
            (Self::Integer(builder), Cell::Null) => builder.append_null(),
            (Self::Float(builder), Cell::Float(number)) => builder.append_value(number),
            (Self::Float(builder), Cell::Null) => builder.append_null(),
            (Self::Decimal(builder), Cell::Decimal(number)) => builder.append_value(number),
            (Self::Decimal(builder), Cell::Null) => builder.append_null(),
            (Self::Boolean(builder), Cell::Boolean(value)) => builder.append_value(value),
            (Self::Boolean(builder), Cell::Null) => builder.append_null(),
            (Self::Timestamp(builder), Cell::Timestamp(at)) => builder.append_value(at.timestamp_micros()),
            (Self::Timestamp(builder), Cell::Null) => builder.append_null(),
            (Self::Date(builder), Cell::Date(day)) => builder.append_value(Date32Type::from_naive_date(day)),
            (Self::Date(builder), Cell::Null) => builder.append_null(),
            (Self::List(builder), Cell::List(items)) => builder.append_value(items),
            (Self::List(builder), Cell::Null) => builder.append_null(),
            _ => return Err(CellError::Misfit(column.name.clone())),
        }
        Ok(())
    }

    fn finish(mut self) -> ArrayRef {
        match &mut self {
            Self::Text(builder) => Arc::new(builder.finish()),
            Self::Integer(builder) => Arc::new(builder.finish()),
            Self::Float(builder) => Arc::new(builder.finish()),
            Self::Decimal(builder) => Arc::new(builder.finish()),
            Self::Boolean(builder) => Arc::new(builder.finish()),
            Self::Timestamp(builder) => Arc::new(builder.finish()),
            Self::Date(builder) => Arc::new(builder.finish()),
            Self::List(builder) => Arc::new(builder.finish()),
        }
    }
}

/// The rows as a batch of this schema.
pub fn batch(schema: &SchemaRef, columns: &[TableColumn], rows: &Rows) -> Result<RecordBatch, EncodeError> {
    let mut builders: Vec<Builder> = columns.iter().map(|column| Builder::new(column.kind)).collect();
    match rows {
        Rows::Typed(rows) => {
            for row in rows {
                for (index, (builder, column)) in builders.iter_mut().zip(columns).enumerate() {
                    builder.push(cells::typed(row, index, column)?, column)?;
                }
            }
        }
        Rows::Json(rows) => {
            for row in rows {
                let row: Value = serde_json::from_str(row).map_err(CellError::from)?;
                for (builder, column) in builders.iter_mut().zip(columns) {
                    builder.push(cells::of_json(row.get(&column.name), column)?, column)?;
                }
            }
        }
    }
    let arrays = builders.into_iter().map(Builder::finish).collect();
    let options = arrow_array::RecordBatchOptions::new().with_row_count(Some(rows.count()));
    RecordBatch::try_new_with_options(schema.clone(), arrays, &options).map_err(EncodeError::Arrow)
}
