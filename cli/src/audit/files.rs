//! Events in files: JSON lines, which are the same bytes wherever they are written, and Parquet.

use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use arrow_array::cast::AsArray as _;
use arrow_array::types::{Int32Type, Int64Type, UInt64Type};
use arrow_array::{Array as _, ArrayRef, Int32Array, Int64Array, RecordBatch, StringArray, UInt64Array};
use arrow_schema::{DataType, Field, Schema};
use bytes::Bytes;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use platform::proofs::record::Record;

use super::manifest::Encoding;

/// The columns of Parquet: name, type, and whether a value may be missing.
const COLUMNS: [(&str, DataType, bool); 16] = [
    ("index", DataType::UInt64, false),
    ("context", DataType::Utf8, false),
    ("partition", DataType::Int32, false),
    ("position", DataType::Int64, false),
    ("event_id", DataType::Utf8, false),
    ("aggregate_type", DataType::Utf8, false),
    ("aggregate_id", DataType::Utf8, false),
    ("sequence", DataType::Int64, false),
    ("event_type", DataType::Utf8, false),
    ("event_version", DataType::Utf8, false),
    ("recorded_at", DataType::Utf8, false),
    ("metadata", DataType::Utf8, false),
    ("payload", DataType::Utf8, true),
    ("payload_salt", DataType::Utf8, true),
    ("payload_digest", DataType::Utf8, false),
    ("leaf_hash", DataType::Utf8, false),
];

/// A file's bytes.
pub fn encode(records: &[Record], encoding: Encoding) -> Result<Vec<u8>> {
    match encoding {
        Encoding::Ndjson => lines(records),
        Encoding::Parquet => parquet(records),
    }
}

/// What is read from a file.
pub trait Take: FnMut(u64, Record) -> Result<()> {}
impl<F: FnMut(u64, Record) -> Result<()>> Take for F {}

/// Reads a file's records, each with its number in the file, from 1.
pub fn decode(bytes: Vec<u8>, encoding: Encoding, take: impl Take) -> Result<()> {
    match encoding {
        Encoding::Ndjson => read_lines(&bytes, take),
        Encoding::Parquet => read_parquet(bytes, take),
    }
}

fn lines(records: &[Record]) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    for record in records {
        serde_json::to_writer(&mut bytes, record)?;
        bytes.push(b'\n');
    }
    Ok(bytes)
}

fn read_lines(bytes: &[u8], mut take: impl Take) -> Result<()> {
    if bytes.is_empty() {
        return Ok(());
    }
    let Some(lines) = bytes.strip_suffix(b"\n") else { bail!("the last line has no end") };
    for (number, line) in (1..).zip(lines.split(|byte| *byte == b'\n')) {
        let record: Record = serde_json::from_slice(line).with_context(|| format!("line {number} is no event"))?;
        // One event has one line: what a reader may overlook, such as spaces, a field twice or escapes, must not be there.
        if serde_json::to_vec(&record)? != line {
            bail!("line {number} is not written as an export writes it");
        }
        take(number, record)?;
    }
    Ok(())
}

fn schema() -> Arc<Schema> {
    Arc::new(Schema::new(COLUMNS.map(|(name, kind, nullable)| Field::new(name, kind, nullable)).to_vec()))
}

fn parquet(records: &[Record]) -> Result<Vec<u8>> {
    let text = |value: fn(&Record) -> &str| -> ArrayRef { Arc::new(StringArray::from_iter_values(records.iter().map(value))) };
    let maybe = |value: fn(&Record) -> Option<&str>| -> ArrayRef { Arc::new(records.iter().map(value).collect::<StringArray>()) };
    let columns: Vec<ArrayRef> = vec![
        Arc::new(UInt64Array::from_iter_values(records.iter().map(|record| record.index))),
        text(|record| &record.context),
        Arc::new(Int32Array::from_iter_values(records.iter().map(|record| record.partition))),
        Arc::new(Int64Array::from_iter_values(records.iter().map(|record| record.position))),
        text(|record| &record.event_id),
        text(|record| &record.aggregate_type),
        text(|record| &record.aggregate_id),
        Arc::new(Int64Array::from_iter_values(records.iter().map(|record| record.sequence))),
        text(|record| &record.event_type),
        text(|record| &record.event_version),
        text(|record| &record.recorded_at),
        text(|record| &record.metadata),
        maybe(|record| record.payload.as_deref()),
        maybe(|record| record.payload_salt.as_deref()),
        text(|record| &record.payload_digest),
        text(|record| &record.leaf_hash),
    ];
    let properties = WriterProperties::builder().set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?)).build();
    let mut writer = ArrowWriter::try_new(Vec::new(), schema(), Some(properties))?;
    writer.write(&RecordBatch::try_new(schema(), columns)?)?;
    Ok(writer.into_inner()?)
}

fn read_parquet(bytes: Vec<u8>, mut take: impl Take) -> Result<()> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(bytes)).context("it is no Parquet file")?;
    if builder.schema().fields() != schema().fields() {
        bail!("its columns are not those of an export");
    }
    let mut number = 0;
    for batch in builder.build()? {
        let batch = batch?;
        for row in 0..batch.num_rows() {
            number += 1;
            take(number, record(&batch, row))?;
        }
    }
    Ok(())
}

/// A row of a batch with the columns of [`COLUMNS`].
fn record(batch: &RecordBatch, row: usize) -> Record {
    let text = |column: usize| batch.column(column).as_string::<i32>().value(row).to_owned();
    let maybe = |column: usize| batch.column(column).is_valid(row).then(|| text(column));
    Record {
        index: batch.column(0).as_primitive::<UInt64Type>().value(row),
        context: text(1),
        partition: batch.column(2).as_primitive::<Int32Type>().value(row),
        position: batch.column(3).as_primitive::<Int64Type>().value(row),
        event_id: text(4),
        aggregate_type: text(5),
        aggregate_id: text(6),
        sequence: batch.column(7).as_primitive::<Int64Type>().value(row),
        event_type: text(8),
        event_version: text(9),
        recorded_at: text(10),
        metadata: text(11),
        payload: maybe(12),
        payload_salt: maybe(13),
        payload_digest: text(14),
        leaf_hash: text(15),
    }
}
