//! Tables as bytes: CSV (RFC 4180), JSON objects line by line, Apache Parquet, Apache Arrow's IPC stream.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use arrow_ipc::writer::StreamWriter;
use arrow_schema::{ArrowError, SchemaRef};
use axum::http::header::{CONTENT_TYPE, VARY};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use serde_json::Value;

use super::batch::{batch, schema};
use super::cells::{self, CellError, Rows};
use super::columns::TableColumn;
use crate::problem::Problem;

/// Rows of one row group of Parquet at most.
const GROUP_ROWS_MAX: usize = 50_000;
/// Bytes of one row group of Parquet, encoded, after which the next begins. What is held in memory is bounded by this.
const GROUP_BYTES_MAX: usize = 8 << 20;

/// A format of tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableFormat {
    /// `text/csv` (RFC 4180)
    Csv,
    /// `application/x-ndjson`: a JSON object a line
    Ndjson,
    /// `application/vnd.apache.parquet`
    Parquet,
    /// `application/vnd.apache.arrow.stream`
    Arrow,
}

impl TableFormat {
    /// The media type, without parameters.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv",
            Self::Ndjson => "application/x-ndjson",
            Self::Parquet => "application/vnd.apache.parquet",
            Self::Arrow => "application/vnd.apache.arrow.stream",
        }
    }

    /// The value of `Content-Type`.
    pub fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(if self == Self::Csv { "text/csv; charset=utf-8; header=present" } else { self.media_type() })
    }

    /// The end of file names.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
            Self::Parquet => "parquet",
            Self::Arrow => "arrows",
        }
    }

    /// The format of that name.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "csv" => Some(Self::Csv),
            "ndjson" => Some(Self::Ndjson),
            "parquet" => Some(Self::Parquet),
            "arrow" => Some(Self::Arrow),
            _ => None,
        }
    }
}

/// Why a table cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum EncodeError {
    /// A value does not fit.
    #[error(transparent)]
    Cell(#[from] CellError),
    /// Arrow refuses.
    #[error("Arrow refuses the table")]
    Arrow(#[source] ArrowError),
    /// Parquet refuses.
    #[error("Parquet refuses the table")]
    Parquet(#[from] ParquetError),
    /// CSV refuses.
    #[error("CSV refuses the table")]
    Csv(#[from] csv::Error),
    /// JSON refuses.
    #[error("JSON refuses the table")]
    Json(#[from] serde_json::Error),
}

/// Why a table was not written to its end.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// A piece cannot be written.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// Rows cannot be read.
    #[error("rows cannot be read")]
    Database(#[from] sqlx::Error),
    /// A task was lost.
    #[error("encoding was broken off")]
    Task(#[from] tokio::task::JoinError),
    /// A file cannot be written.
    #[error("a file cannot be written")]
    Store(#[from] io::Error),
    /// Nobody takes what is there.
    #[error("the client takes nothing any more")]
    Gone,
}

impl From<EncodeError> for Problem {
    fn from(error: EncodeError) -> Self {
        match error {
            EncodeError::Cell(CellError::Misfit(column)) => {
                let detail = format!(
                    "A value of the column `{column}` does not fit the column's type in this format. Leave the column out, or ask for JSON."
                );
                Self::new(StatusCode::NOT_ACCEPTABLE, "value_does_not_fit", detail).field(column, "")
            }
            EncodeError::Cell(CellError::Row(error)) => error.into(),
            other => Self::internal(&std::error::Error::source(&other).map_or_else(|| other.to_string(), ToString::to_string)),
        }
    }
}

impl From<TableError> for Problem {
    fn from(error: TableError) -> Self {
        match error {
            TableError::Encode(error) => error.into(),
            TableError::Database(error) => error.into(),
            other => Self::internal(&other),
        }
    }
}

/// Where writers put their bytes and others take them from.
#[derive(Clone, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl Buffer {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

enum Writer {
    Csv,
    Ndjson,
    Parquet(Box<ArrowWriter<Buffer>>, SchemaRef),
    Arrow(Box<StreamWriter<Buffer>>, SchemaRef),
}

/// Writes a table piece by piece. What it holds in memory is bounded, however long the table is.
pub struct Encoder {
    columns: Arc<[TableColumn]>,
    buffer: Buffer,
    writer: Writer,
}

impl Encoder {
    /// Begins a table; `facts` are written into formats that have a place for them.
    pub fn start(format: TableFormat, columns: Arc<[TableColumn]>, facts: &[(String, String)]) -> Result<Self, EncodeError> {
        let mut buffer = Buffer::default();
        let writer = match format {
            TableFormat::Csv => {
                let mut writer = csv_writer(&mut buffer);
                writer.write_record(columns.iter().map(|column| column.name.as_str()))?;
                writer.flush().map_err(csv::Error::from)?;
                drop(writer);
                Writer::Csv
            }
            TableFormat::Ndjson => Writer::Ndjson,
            TableFormat::Parquet => {
                let schema = schema(&columns, facts);
                let facts = facts.iter().map(|(name, value)| KeyValue::new(name.clone(), value.clone())).collect();
                let properties = WriterProperties::builder()
                    .set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?))
                    .set_max_row_group_row_count(Some(GROUP_ROWS_MAX))
                    .set_created_by(concat!("neuroops ", env!("CARGO_PKG_VERSION")).to_owned())
                    .set_key_value_metadata(Some(facts))
                    .build();
                let writer = ArrowWriter::try_new(buffer.clone(), schema.clone(), Some(properties))?;
                Writer::Parquet(Box::new(writer), schema)
            }
            TableFormat::Arrow => {
                let schema = schema(&columns, facts);
                let writer = StreamWriter::try_new(buffer.clone(), &schema).map_err(EncodeError::Arrow)?;
                Writer::Arrow(Box::new(writer), schema)
            }
        };
        Ok(Self { columns, buffer, writer })
    }

    /// Adds rows.
    pub fn push(&mut self, rows: &Rows) -> Result<(), EncodeError> {
        match &mut self.writer {
            Writer::Csv => write_csv(&mut self.buffer, &self.columns, rows)?,
            Writer::Ndjson => write_ndjson(&mut self.buffer, &self.columns, rows)?,
            Writer::Parquet(writer, schema) => {
                writer.write(&batch(schema, &self.columns, rows)?)?;
                if writer.in_progress_size() > GROUP_BYTES_MAX {
                    writer.flush()?;
                }
            }
            Writer::Arrow(writer, schema) => writer.write(&batch(schema, &self.columns, rows)?).map_err(EncodeError::Arrow)?,
        }
        Ok(())
    }

    /// Takes the bytes that are ready.
    pub fn take(&mut self) -> Vec<u8> {
        self.buffer.take()
    }

    /// Ends the table; the bytes that were not taken yet.
    pub fn finish(self) -> Result<Vec<u8>, EncodeError> {
        match self.writer {
            Writer::Csv | Writer::Ndjson => {}
            Writer::Parquet(writer, _) => drop(writer.close()?),
            Writer::Arrow(mut writer, _) => writer.finish().map_err(EncodeError::Arrow)?,
        }
        Ok(self.buffer.take())
    }
}

fn csv_writer(buffer: &mut Buffer) -> csv::Writer<&mut Buffer> {
    csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(buffer)
}

fn write_csv(buffer: &mut Buffer, columns: &[TableColumn], rows: &Rows) -> Result<(), EncodeError> {
    let mut writer = csv_writer(buffer);
    match rows {
        Rows::Typed(rows) => {
            for row in rows {
                for (index, column) in columns.iter().enumerate() {
                    writer.write_field(cells::typed(row, index, column)?.csv(column.kind).as_bytes())?;
                }
                writer.write_record(None::<&[u8]>)?;
            }
        }
        Rows::Json(rows) => {
            for row in rows {
                let row: Value = serde_json::from_str(row).map_err(CellError::from)?;
                for column in columns {
                    writer.write_field(cells::of_json(row.get(&column.name), column)?.csv(column.kind).as_bytes())?;
                }
                writer.write_record(None::<&[u8]>)?;
            }
        }
    }
    writer.flush().map_err(|error| EncodeError::Csv(error.into()))
}

/// A line of JSON for each row, with its columns in order.
fn write_ndjson(buffer: &mut Buffer, columns: &[TableColumn], rows: &Rows) -> Result<(), EncodeError> {
    let mut text = Vec::new();
    let mut line = |cells: &mut dyn FnMut(usize, &TableColumn) -> Result<String, EncodeError>| -> Result<(), EncodeError> {
        for (index, column) in columns.iter().enumerate() {
            text.push(if index == 0 { b'{' } else { b',' });
            serde_json::to_writer(&mut text, &column.name)?;
            text.push(b':');
            text.extend_from_slice(cells(index, column)?.as_bytes());
        }
        text.extend_from_slice(if columns.is_empty() { b"{}\n" } else { b"}\n" });
        Ok(())
    };
    match rows {
        Rows::Typed(rows) => {
            for row in rows {
                line(&mut |index, column| Ok(cells::typed(row, index, column)?.json(column.kind)?))?;
            }
        }
        Rows::Json(rows) => {
            for row in rows {
                let row: Value = serde_json::from_str(row).map_err(CellError::from)?;
                line(&mut |_, column| Ok(cells::of_json(row.get(&column.name), column)?.json(column.kind)?))?;
            }
        }
    }
    buffer.write_all(&text).map_err(|error| EncodeError::Csv(error.into()))
}

/// Adds rows on a thread where that may take its time; answers the bytes that are ready.
pub async fn push(mut encoder: Encoder, rows: Rows) -> Result<(Encoder, Vec<u8>), TableError> {
    let pushed = tokio::task::spawn_blocking(move || {
        encoder.push(&rows)?;
        let bytes = encoder.take();
        Ok::<_, EncodeError>((encoder, bytes))
    });
    Ok(pushed.await??)
}

/// Ends a table on a thread where that may take its time; answers the last bytes.
pub async fn finish(encoder: Encoder) -> Result<Vec<u8>, TableError> {
    Ok(tokio::task::spawn_blocking(move || encoder.finish()).await??)
}

/// A small table as a whole answer.
pub fn whole(format: TableFormat, columns: Vec<TableColumn>, rows: &Rows) -> Result<Response, Problem> {
    let mut encoder = Encoder::start(format, columns.into(), &[])?;
    encoder.push(rows)?;
    let mut response = encoder.finish()?.into_response();
    response.headers_mut().insert(CONTENT_TYPE, format.content_type());
    response.headers_mut().insert(VARY, HeaderValue::from_static("accept"));
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::super::columns::CellKind;
    use super::*;

    fn columns(kinds: &[(&str, CellKind)]) -> Arc<[TableColumn]> {
        kinds.iter().map(|(name, kind)| TableColumn { name: (*name).to_owned(), kind: *kind, description: "A.".to_owned() }).collect()
    }

    fn table() -> (Arc<[TableColumn]>, Rows) {
        let columns = columns(&[("a", CellKind::Text), ("n", CellKind::Integer), ("at", CellKind::Timestamp), ("more", CellKind::Json)]);
        let rows = ["{\"a\":\"x, \\\"y\\\"\",\"n\":1,\"at\":\"2026-03-01T12:00:00Z\",\"more\":{\"b\": 1}}", "{\"a\":null,\"n\":-2}"];
        (columns, Rows::Json(rows.map(str::to_owned).to_vec()))
    }

    fn encoded(format: TableFormat, facts: &[(String, String)]) -> Vec<u8> {
        let (columns, rows) = table();
        let mut encoder = Encoder::start(format, columns, facts).unwrap();
        let mut bytes = encoder.take();
        for _ in 0..2 {
            encoder.push(&rows).unwrap();
            bytes.extend(encoder.take());
        }
        bytes.extend(encoder.finish().unwrap());
        bytes
    }

    #[test]
    fn csv_quotes_what_needs_it() {
        let rows = "\"x, \"\"y\"\"\",1,2026-03-01T12:00:00+00:00,\"{\"\"b\"\":1}\"\r\n,-2,,\r\n";
        assert_eq!(String::from_utf8(encoded(TableFormat::Csv, &[])).unwrap(), format!("a,n,at,more\r\n{rows}{rows}"));
    }

    #[test]
    fn ndjson_holds_an_object_a_line_with_every_column() {
        let rows = "{\"a\":\"x, \\\"y\\\"\",\"n\":1,\"at\":\"2026-03-01T12:00:00+00:00\",\"more\":{\"b\":1}}\n{\"a\":null,\"n\":-2,\"at\":null,\"more\":null}\n";
        assert_eq!(String::from_utf8(encoded(TableFormat::Ndjson, &[])).unwrap(), format!("{rows}{rows}"));
    }

    #[test]
    fn arrow_reads_back_with_types_and_facts() {
        let bytes = encoded(TableFormat::Arrow, &[("neuroops.as_of".to_owned(), "crm/1@7".to_owned())]);
        let reader = arrow_ipc::reader::StreamReader::try_new(bytes.as_slice(), None).unwrap();
        let schema = reader.schema();
        assert_eq!(schema.metadata()["neuroops.as_of"], "crm/1@7");
        assert_eq!(schema.field(2).data_type().to_string(), "Timestamp(µs, \"UTC\")");
        assert_eq!(schema.field(3).metadata()["ARROW:extension:name"], "arrow.json");
        let batches: Vec<_> = reader.map(Result::unwrap).collect();
        assert_eq!(batches.iter().map(arrow_array::RecordBatch::num_rows).collect::<Vec<_>>(), [2, 2]);
    }

    #[test]
    fn parquet_reads_back_with_types_and_facts() {
        use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

        let bytes = bytes::Bytes::from(encoded(TableFormat::Parquet, &[("neuroops.as_of".to_owned(), "crm/1@7".to_owned())]));
        let builder = ParquetRecordBatchReaderBuilder::try_new(bytes).unwrap();
        assert_eq!(builder.schema().field(1).data_type().to_string(), "Int64");
        let facts = builder.metadata().file_metadata().key_value_metadata().unwrap();
        assert!(facts.iter().any(|fact| fact.key == "neuroops.as_of" && fact.value.as_deref() == Some("crm/1@7")));
        let rows: usize = builder.build().unwrap().map(|batch| batch.unwrap().num_rows()).sum();
        assert_eq!(rows, 4);
    }

    #[test]
    fn row_groups_are_written_while_rows_come() {
        let columns = columns(&[("a", CellKind::Text)]);
        let mut encoder = Encoder::start(TableFormat::Parquet, columns, &[]).unwrap();
        let text = |n: usize| format!("{{\"a\":\"{:x}\"}}", u128::from(n as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835));
        let mut largest = 0;
        for start in (0..400_000).step_by(5000) {
            encoder.push(&Rows::Json((start..start + 5000).map(text).collect())).unwrap();
            let taken = encoder.take().len();
            largest = largest.max(taken);
        }
        assert!(largest > 0 && largest < 2 * GROUP_BYTES_MAX, "{largest} bytes at once");
    }

    #[test]
    fn a_value_of_another_type_is_told_by_its_column() {
        let columns = columns(&[("n", CellKind::Integer)]);
        for format in [TableFormat::Csv, TableFormat::Ndjson, TableFormat::Parquet, TableFormat::Arrow] {
            let mut encoder = Encoder::start(format, columns.clone(), &[]).unwrap();
            let error = encoder.push(&Rows::Json(vec!["{\"n\":\"x\"}".to_owned()])).unwrap_err();
            assert_eq!(Problem::from(error).code(), "value_does_not_fit");
        }
    }
}
