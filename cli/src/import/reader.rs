//! Reads rows: records of the file, turned into commands and judged.

use std::collections::{HashSet, VecDeque};
use std::fs::File;

use anyhow::Context as _;
use serde_json::Value;

use super::columns::Slot;
use super::convert::{Cells, Converter, Mapped, Remark};
use super::judge::Judge;
use super::sniff::{Encoding, Format, Sniffed};
use super::source::{Fault, Place, RECORD_BYTES_MAX, Record, Records, cells};
use super::usage;

/// Rows that are looked at for the order of days and months, and for the names in NDJSON.
const SAMPLE_ROWS: usize = 5_000;
/// Names of columns that an error message lists.
const NAMES_MAX: usize = 60;
/// Broken rows in a row behind which the rest of a record is looked for.
const BROKEN_MAX: usize = 100;

/// A row of the file.
pub struct Row {
    /// Its line.
    pub line: u64,
    /// Where the next one starts.
    pub next: Place,
    /// What is to be sent, or why it cannot be.
    pub content: Result<Mapped, Remark>,
    /// Hashes of the unique keys that it takes. Rows that share one are sent one after the other.
    pub keys: Vec<u64>,
}

/// Rows that are sent together.
pub struct Chunk {
    /// The rows, in order.
    pub rows: Vec<Row>,
    /// The keys of all of them.
    pub keys: HashSet<u64>,
}

/// The rows of a file.
pub struct Reader {
    file: File,
    records: Records<File>,
    converter: Converter,
    judge: Judge,
    format: Format,
    encoding: Encoding,
    delimiter: u8,
    /// The names of the columns of a CSV file.
    headers: Vec<String>,
    /// Where they go.
    slots: Vec<Option<Slot>>,
    /// Where the next record starts.
    place: Place,
    /// Rows that were read to see whether they go on with the record before them.
    ahead: VecDeque<Read>,
}

/// A row before it becomes a command.
struct Read {
    line: u64,
    next: Place,
    cells: Result<Cells, Remark>,
}

impl Reader {
    /// Reads the header and looks at the first rows.
    pub fn open(sniffed: &Sniffed, encoding: Encoding, converter: Converter, judge: Judge) -> anyhow::Result<Self> {
        let file = sniffed.file.try_clone()?;
        let (format, delimiter) = (sniffed.format, sniffed.delimiter);
        let start = Place { offset: sniffed.start, line: 1 };
        let records = Records::open(file.try_clone()?, start, format, encoding, delimiter)?;
        let mut reader = Self {
            file,
            records,
            converter,
            judge,
            format,
            encoding,
            delimiter,
            headers: Vec::new(),
            slots: Vec::new(),
            place: start,
            ahead: VecDeque::new(),
        };
        let (found, rows) = match format {
            Format::Csv => reader.read_header()?,
            Format::Ndjson => (Vec::new(), start),
        };
        let found = reader.sample(found)?;
        reader.converter.columns.check(&found)?;
        reader.seek(rows)?;
        Ok(reader)
    }

    /// Goes on at a place between two rows.
    pub fn seek(&mut self, place: Place) -> std::io::Result<()> {
        self.ahead.clear();
        self.place = place;
        self.records = Records::open(self.file.try_clone()?, place, self.format, self.encoding, self.delimiter)?;
        Ok(())
    }

    fn read_header(&mut self) -> anyhow::Result<(Vec<String>, Place)> {
        let header = self.records.next_record()?.context("the file has no header")?;
        let text = header.text.map_err(|fault| usage(format!("the header cannot be read: {}", of_fault(fault).detail)))?;
        let names = cells(&text, self.delimiter);
        self.slots = names.iter().map(|name| self.converter.columns.slot(name)).collect();
        self.headers = names.into_iter().map(|name| name.trim().to_owned()).collect();
        Ok((self.headers.clone(), header.next))
    }

    fn sample(&mut self, mut found: Vec<String>) -> anyhow::Result<Vec<String>> {
        for _ in 0..SAMPLE_ROWS {
            let Some(record) = self.records.next_record()? else { break };
            if let (Format::Ndjson, Ok(Ok(Value::Object(object)))) = (self.format, record.text.as_deref().map(serde_json::from_str)) {
                found.extend(object.keys().filter(|key| found.len() < NAMES_MAX && !found.contains(key)).cloned().collect::<Vec<_>>());
            }
            for cells in self.cells(record).into_iter().flatten() {
                self.converter.learn(&cells);
            }
        }
        found.truncate(NAMES_MAX);
        Ok(found)
    }

    /// The cells of a record; of several rows where it holds a list of them.
    fn cells(&mut self, record: Record) -> Result<Vec<Cells>, Remark> {
        let text = record.text.map_err(of_fault)?;
        let found = match self.format {
            Format::Csv => {
                let row = cells(&text, self.delimiter);
                let (cells, columns) = (row.len(), self.slots.len());
                let remark = |code: &str| Err(Remark::new(code, format!("The row has {cells} cells, the header has {columns}.")));
                match cells.cmp(&columns) {
                    std::cmp::Ordering::Less => remark("too_few_columns"),
                    std::cmp::Ordering::Greater => remark("too_many_columns"),
                    std::cmp::Ordering::Equal => Ok(self.converter.csv_cells(&self.headers, &self.slots, row)),
                }
            }
            Format::Ndjson => match serde_json::from_str(&text) {
                Ok(Value::Object(object)) => Ok(self.converter.json_cells(object)),
                Ok(_) => Err(Remark::new("broken_json", "The line is not a JSON object.")),
                Err(error) => {
                    let error = error.to_string().replace(" at line 1 column ", " at column ");
                    Err(Remark::new("broken_json", format!("The line is not valid JSON: {error}.")))
                }
            },
        }?;
        Ok(self.converter.rows(found))
    }

    fn read(&mut self) -> std::io::Result<Option<Read>> {
        if let Some(read) = self.ahead.pop_front() {
            return Ok(Some(read));
        }
        let Some(record) = self.records.next_record()? else { return Ok(None) };
        let (line, next) = (record.line, record.next);
        let start = std::mem::replace(&mut self.place, next);
        let mut rows = match self.cells(record) {
            // Whoever goes on after one of several rows reads the record again: what was sent before changes nothing.
            Ok(rows) => rows.into_iter().map(|cells| Read { line, next: start, cells: Ok(cells) }).collect(),
            Err(remark) => VecDeque::from([Read { line, next, cells: Err(remark) }]),
        };
        rows.back_mut().into_iter().for_each(|last| last.next = next);
        let first = rows.pop_front();
        self.ahead.append(&mut rows);
        Ok(first)
    }

    /// Adds the rows that follow to a record, as long as they go on with it; tells where the next record starts. A record of which one row
    /// cannot be read is refused as a whole: what is left of it may make sense, but it is not what the file says.
    fn extend(&mut self, first: &Cells, mapped: &mut Mapped, mut next: Place) -> std::io::Result<(Place, Option<Remark>)> {
        let (mut refused, mut broken) = (None, VecDeque::new());
        while let Some(read) = self.read()? {
            match read.cells {
                Ok(cells) if self.converter.continues(first, &cells) => {
                    next = read.next;
                    let unread = broken.drain(..).find_map(|row: Read| row.cells.err().map(|remark| (row.line, remark)));
                    let fault = unread.or_else(|| self.converter.extend(first, cells, mapped).err().map(|remark| (read.line, remark)));
                    let in_line = |(line, remark): (u64, Remark)| Remark::new(remark.code, format!("In line {line}: {}", remark.detail));
                    refused = refused.or(fault.map(in_line));
                }
                Err(_) if broken.len() < BROKEN_MAX => broken.push_back(read),
                _ => {
                    broken.push_back(read);
                    break;
                }
            }
        }
        broken.into_iter().rev().for_each(|read| self.ahead.push_front(read));
        Ok((next, refused))
    }

    /// What a row says, with the rows that go on with its record; nothing for an empty row.
    fn content(&mut self, read: Read) -> std::io::Result<Option<(Place, Result<Mapped, Remark>)>> {
        let Read { next, cells, .. } = read;
        let cells = match cells {
            Ok(cells) => cells,
            Err(remark) => return Ok(Some((next, Err(remark)))),
        };
        let first = self.converter.columns.list.is_some().then(|| cells.clone());
        // A row that is refused may still be the first of several.
        let (mut mapped, refused) = match self.converter.convert(cells) {
            Ok(None) => return Ok(None),
            Ok(Some(mapped)) => (mapped, None),
            Err(remark) => (Mapped::default(), Some(remark)),
        };
        let (next, refused) = match first {
            None => (next, refused),
            Some(first) => {
                let (next, fault) = self.extend(&first, &mut mapped, next)?;
                (next, refused.or(fault))
            }
        };
        Ok(Some((next, refused.map_or(Ok(mapped), Err))))
    }

    /// The next row that holds anything.
    pub fn next_row(&mut self) -> std::io::Result<Option<Row>> {
        loop {
            let Some(read) = self.read()? else { return Ok(None) };
            let line = read.line;
            let Some((next, content)) = self.content(read)? else { continue };
            let mut keys = Vec::new();
            if let Ok(mapped) = &content {
                // What the domain refuses here it refuses there too, in the words of the server's version.
                keys.extend(self.judge.judge(&mapped.body).unwrap_or_default().into_iter().map(|key| key.hash));
                keys.extend(mapped.id.as_deref().map(|id| self.judge.id_key(id).hash));
                keys.extend(self.judge.order_keys(&mapped.body, self.converter.columns.in_order).map(|key| key.hash));
            }
            return Ok(Some(Row { line, next, content, keys }));
        }
    }

    /// The next rows, at most `rows_max` and of a bounded size.
    pub fn next_chunk(&mut self, rows_max: usize) -> std::io::Result<Option<Chunk>> {
        let mut chunk = Chunk { rows: Vec::new(), keys: HashSet::new() };
        let mut start = None;
        while chunk.rows.len() < rows_max {
            let Some(row) = self.next_row()? else { break };
            let bytes = row.next.offset - *start.get_or_insert(row.next.offset);
            chunk.keys.extend(&row.keys);
            chunk.rows.push(row);
            if bytes > 4 * RECORD_BYTES_MAX as u64 {
                break;
            }
        }
        Ok(Some(chunk).filter(|chunk| !chunk.rows.is_empty()))
    }

    /// The columns that fill nothing, as far as the file is read.
    pub fn ignored(&self) -> Vec<String> {
        self.converter.columns.ignored()
    }
}

fn of_fault(fault: Fault) -> Remark {
    match fault {
        Fault::UnclosedQuote => Remark::new("unclosed_quote", "A quote is opened and never closed."),
        Fault::TooLong => Remark::new("row_too_long", format!("The row is longer than {} KiB.", RECORD_BYTES_MAX >> 10)),
        Fault::Encoding => Remark::new("invalid_utf8", "The row is not UTF-8."),
    }
}
